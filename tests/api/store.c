/// Stores and transactions through parley.h: opening, refusing, closing, errors, statements without the language.
#include "help.h"

#include <sys/wait.h>

static void opens_and_reopens(void** state) {
  fixture* const f = *state;
  assert_string_equal(parley_base(f->store), "urn:parley:");
  assert_int_equal(parley_close(f->store), PARLEY_OK);
  help_open(f, PARLEY_OPEN_READONLY);
  parley_txn* txn = NULL;
  assert_int_equal(parley_begin(f->store, 1, &txn), PARLEY_READONLY);
  assert_null(txn);
  assert_int_equal(parley_error_count(parley_error(f->store)), 1);
  assert_string_not_equal(parley_error_message(parley_error(f->store)), "");
}

static void tells_why_it_cannot_open(void** state) {
  fixture* const f = *state;
  parley* store = (parley*)f;
  parley_error_object* error = NULL;
  parley_diagnostic d;
  char path[128];
  (void)snprintf(path, sizeof path, "%s/missing", f->folder);
  assert_int_equal(parley_open(path, NULL, &store, &error), PARLEY_CANTOPEN);
  assert_null(store);
  assert_int_equal(parley_error_count(error), 1);
  assert_int_equal(parley_error_get(error, 0, &d), PARLEY_OK);
  assert_int_equal(d.status, PARLEY_CANTOPEN);
  assert_non_null(strstr(d.message, "missing"));
  assert_non_null(strstr(d.text, "PLY-0530"));
  assert_non_null(parley_message_explain(d.code));
  assert_int_equal(parley_error_get(error, 1, &d), PARLEY_NOT_FOUND);
  parley_error_free(error);
  assert_int_equal(parley_open(f->folder, NULL, &store, NULL), PARLEY_CANTOPEN);
  assert_int_equal(parley_open(NULL, NULL, &store, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_open(f->path, NULL, NULL, NULL), PARLEY_MISUSE);
  const parley_options unsized = {.flags = PARLEY_OPEN_CREATE};
  assert_int_equal(parley_open(f->path, &unsized, &store, NULL), PARLEY_MISUSE);
  const parley_options both = {.size = sizeof both, .flags = PARLEY_OPEN_CREATE | PARLEY_OPEN_READONLY};
  assert_int_equal(parley_open(f->path, &both, &store, NULL), PARLEY_MISUSE);
}

static void takes_options_of_other_sizes(void** state) {
  fixture* const f = *state;
  struct {
    parley_options known;
    char later[64];
  } larger;
  memset(&larger, 0xff, sizeof larger);
  larger.known = (parley_options){.size = sizeof larger};
  parley* store = NULL;
  assert_int_equal(parley_open(f->path, &larger.known, &store, NULL), PARLEY_OK);
  assert_int_equal(parley_close(store), PARLEY_OK);
  parley_options smaller = {.size = offsetof(parley_options, base), .base = "not looked at"};
  assert_int_equal(parley_open(f->path, &smaller, &store, NULL), PARLEY_OK);
  assert_int_equal(parley_close(store), PARLEY_OK);
}

static void keeps_the_base(void** state) {
  fixture* const f = *state;
  char path[128];
  parley* store = NULL;
  (void)snprintf(path, sizeof path, "%s/other", f->folder);
  parley_options options = {.size = sizeof options, .flags = PARLEY_OPEN_CREATE, .base = "http://example.org/"};
  assert_int_equal(parley_open(path, &options, &store, NULL), PARLEY_OK);
  assert_string_equal(parley_base(store), "http://example.org/");
  assert_int_equal(parley_close(store), PARLEY_OK);
  options.base = "no base at all";
  (void)snprintf(path, sizeof path, "%s/third", f->folder);
  assert_int_equal(parley_open(path, &options, &store, NULL), PARLEY_MISUSE);
}

static void refuses_to_close_in_use(void** state) {
  fixture* const f = *state;
  parley_txn* txn = NULL;
  assert_int_equal(parley_begin(f->store, 0, &txn), PARLEY_OK);
  assert_int_equal(parley_close(f->store), PARLEY_MISUSE);
  assert_non_null(strstr(parley_error_message(parley_error(f->store)), "cannot be closed"));
  assert_int_equal(parley_commit(txn), PARLEY_OK);
}

static void counts_what_changes(void** state) {
  fixture* const f = *state;
  parley_txn* txn = NULL;
  parley_changes c;
  const parley_value ann = parley_name("Ann Lee");
  const parley_value knows = parley_name("knows");
  const parley_value bob = parley_name("Bob");
  const parley_annotation notes[] = {{"source", parley_name("article-1")},
                                     {"http://example.org/weight", parley_double(0.5)}};
  assert_int_equal(parley_begin(f->store, 1, &txn), PARLEY_OK);
  assert_int_equal(parley_contains(txn, &ann, &knows, &bob), PARLEY_NOT_FOUND);
  assert_int_equal(parley_add(txn, &ann, &knows, &bob, NULL, 0, &c), PARLEY_OK);
  assert_int_equal(c.facts_new, 1);
  assert_int_equal(parley_add(txn, &ann, &knows, &bob, NULL, 0, &c), PARLEY_OK);
  assert_int_equal(c.facts_new, 0);
  assert_int_equal(parley_add(txn, &ann, &knows, &bob, notes, 2, &c), PARLEY_OK);
  assert_int_equal(c.facts_new, 0);
  assert_int_equal(c.assertions_new, 1);
  assert_int_equal(parley_contains(txn, &ann, &knows, &bob), PARLEY_OK);
  assert_int_equal(parley_commit(txn), PARLEY_OK);

  assert_int_equal(parley_begin(f->store, 1, &txn), PARLEY_OK);
  assert_int_equal(parley_remove(txn, &ann, &knows, &bob, notes, 1, &c), PARLEY_NOT_FOUND);
  assert_int_equal(parley_remove(txn, &ann, &knows, &bob, notes, 2, &c), PARLEY_OK);
  assert_int_equal(c.assertions_gone, 1);
  assert_int_equal(c.facts_gone, 0);
  assert_int_equal(parley_remove(txn, &ann, &knows, &bob, NULL, 0, &c), PARLEY_OK);
  assert_int_equal(c.facts_gone, 1);
  assert_int_equal(parley_remove(txn, &ann, &knows, &bob, NULL, 0, &c), PARLEY_NOT_FOUND);
  parley_rollback(txn);
  assert_int_equal(parley_begin(f->store, 0, &txn), PARLEY_OK);
  assert_int_equal(parley_contains(txn, &ann, &knows, &bob), PARLEY_OK);
  assert_int_equal(parley_commit(txn), PARLEY_OK);
}

static void expect_misuse(parley_txn* txn, const parley_value* s, const parley_value* p, const parley_value* o) {
  assert_int_equal(parley_add(txn, s, p, o, NULL, 0, NULL), PARLEY_MISUSE);
  assert_string_not_equal(parley_error_message(parley_txn_error(txn)), "");
}

static void refuses_bad_statements(void** state) {
  fixture* const f = *state;
  parley_txn* txn = NULL;
  const parley_value a = parley_name("a b");
  const parley_value text = parley_string("text");
  const parley_value null = {0};
  const parley_value broken = parley_string("\xff");
  const parley_value relative = parley_iri("no scheme");
  const parley_value undated = parley_date("yesterday");
  const parley_value lang = parley_lang_string("x", "not a tag");
  const parley_value blank = {.type = PARLEY_BLANK, .text = "b c", .text_len = 3};
  const parley_value list = {.type = PARLEY_LIST};
  const parley_value unknown = {.type = (parley_type)99};
  const parley_annotation unnamed = {NULL, parley_integer(1)};
  assert_int_equal(parley_begin(f->store, 1, &txn), PARLEY_OK);
  expect_misuse(txn, &text, &a, &a);
  expect_misuse(txn, &a, &text, &a);
  expect_misuse(txn, &null, &a, &a);
  expect_misuse(txn, &a, &a, &null);
  expect_misuse(txn, NULL, &a, &a);
  expect_misuse(txn, &a, &a, &broken);
  expect_misuse(txn, &a, &a, &relative);
  expect_misuse(txn, &a, &a, &undated);
  expect_misuse(txn, &a, &a, &lang);
  expect_misuse(txn, &a, &a, &blank);
  expect_misuse(txn, &a, &a, &list);
  expect_misuse(txn, &a, &a, &unknown);
  assert_int_equal(parley_add(txn, &a, &a, &a, &unnamed, 1, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_add(txn, &a, &a, &a, NULL, 1, NULL), PARLEY_MISUSE);
  assert_int_equal(help_add(txn, "a", "b", "c"), PARLEY_OK);  // a refused value leaves the transaction whole
  assert_int_equal(parley_commit(txn), PARLEY_OK);
  assert_int_equal(parley_begin(f->store, 0, &txn), PARLEY_OK);
  assert_int_equal(help_add(txn, "a", "b", "d"), PARLEY_READONLY);
  parley_rollback(txn);
}

static void lets_one_write_at_a_time(void** state) {
  fixture* const f = *state;
  parley_txn* txn = NULL;
  parley_txn* second = NULL;
  assert_int_equal(parley_begin(f->store, 1, &txn), PARLEY_OK);
  assert_int_equal(parley_begin(f->store, 1, &second), PARLEY_MISUSE);
  assert_null(second);
  parley_rollback(txn);
  parley_rollback(NULL);
  assert_int_equal(parley_commit(NULL), PARLEY_MISUSE);
}

static void is_not_for_children(void** state) {
  fixture* const f = *state;
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    parley_txn* txn = NULL;
    const int good =
        parley_begin(f->store, 0, &txn) == PARLEY_MISUSE && !txn && parley_close(f->store) == PARLEY_MISUSE;
    _exit(good ? 0 : 1);
  }
  int status = 1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void stands_null(void** state) {
  (void)state;
  parley_diagnostic d;
  assert_int_equal(parley_close(NULL), PARLEY_OK);
  assert_int_equal(parley_error_count(NULL), 0);
  assert_string_equal(parley_error_message(NULL), "");
  assert_int_equal(parley_error_get(NULL, 0, &d), PARLEY_NOT_FOUND);
  assert_int_equal(parley_error_count(parley_error(NULL)), 0);
  assert_int_equal(parley_begin(NULL, 0, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_prepare(NULL, "", 0, NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_step(NULL), PARLEY_MISUSE);
  assert_int_equal(parley_reset(NULL), PARLEY_MISUSE);
  assert_null(parley_column_text(NULL, 0));
  assert_int_equal(parley_load(NULL, NULL, 0, NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_export(NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_check(NULL, NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_schema(NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_get_stats(NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_set_limits(NULL, NULL), PARLEY_MISUSE);
  parley_interrupt(NULL);
  parley_clear_interrupt(NULL);
  parley_query_interrupt(NULL);
  parley_finalize(NULL);
  parley_error_free(NULL);
  assert_null(parley_message_explain(9999));
  assert_string_equal(parley_version(), PARLEY_VERSION);
  assert_int_equal(parley_version_number(), PARLEY_VERSION_NUMBER);
  assert_string_equal(parley_status_name(PARLEY_READONLY), "read-only");
  assert_non_null(parley_status_name((parley_status)1234));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      HELP_TEST(opens_and_reopens),      HELP_TEST(tells_why_it_cannot_open), HELP_TEST(takes_options_of_other_sizes),
      HELP_TEST(keeps_the_base),         HELP_TEST(refuses_to_close_in_use),  HELP_TEST(counts_what_changes),
      HELP_TEST(refuses_bad_statements), HELP_TEST(lets_one_write_at_a_time), HELP_TEST(is_not_for_children),
      cmocka_unit_test(stands_null),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
