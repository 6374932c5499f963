/// Small queries with huge answers: numbers of rows stop at their end, and whatever repeats can be stopped.
#include "help.h"

/// 100 facts of one predicate.
static void load_hundred(parley* store) {
  char text[8192];
  size_t len = 0;
  for (int i = 0; i < 100; i++) {
    len += (size_t)snprintf(text + len, sizeof text - len, "<urn:parley:s%d> <urn:parley:p> <urn:parley:o> .\n", i);
  }
  help_load(store, "nt", text);
}

/// `match`, and `count` patterns that share no variable: 100 to that power rows.
static const char* product(int count, const char* clause, char text[1024]) {
  size_t len = (size_t)sprintf(text, "match ");
  for (int i = 0; i < count; i++) {
    len += (size_t)snprintf(text + len, 1024 - len, "%s?a%d p ?b%d", i ? " . " : "", i, i);
  }
  (void)snprintf(text + len, 1024 - len, " %s", clause);
  return text;
}

static void counts_do_not_wrap(void** state) {
  fixture* const f = *state;
  char text[1024];
  parley_diagnostic d;
  load_hundred(f->store);
  help_expect(f->store, product(9, "return count(*)", text), "1000000000000000000");
  parley_query* const q = help_prepare(f->store, product(10, "return count(*)", text));
  char* const rows = help_rows(q);
  assert_string_equal(rows, "");
  free(rows);
  assert_int_equal(parley_error_get(parley_query_error(q), 0, &d), PARLEY_OK);
  assert_int_equal(d.code, 920);
  parley_finalize(q);
  help_expect(f->store, product(10, "return 1 as ?one skip 5 limit 2", text), "1\n1");
}

static void repeats_can_be_stopped(void** state) {
  fixture* const f = *state;
  char text[1024];
  load_hundred(f->store);
  parley_query* const q = help_prepare(f->store, product(9, "return 1 as ?one", text));
  assert_int_equal(parley_step(q), PARLEY_ROW);
  parley_query_interrupt(q);
  parley_status status = PARLEY_ROW;
  for (int i = 0; i < 2000 && status == PARLEY_ROW; i++) {
    status = parley_step(q);
  }
  assert_int_equal(status, PARLEY_INTERRUPTED);
  parley_finalize(q);
}

/// Equal rows write the same: they are not kept one by one.
static void updates_take_equal_rows_once(void** state) {
  fixture* const f = *state;
  char text[1024];
  const parley_limits limits = {.size = sizeof limits, .memory_bytes = (size_t)8 << 20};
  load_hundred(f->store);
  parley_query* q = help_prepare(f->store, product(6, "insert ( a0 knows a1 )", text));
  assert_int_equal(parley_query_set_limits(q, &limits), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_DONE);
  assert_int_equal(parley_query_changes(q).facts_new, 1);
  parley_finalize(q);
  q = help_prepare(f->store, product(1, "insert ( place has [ kind thing ] )", text));
  assert_int_equal(parley_step(q), PARLEY_DONE);
  assert_int_equal(parley_query_changes(q).facts_new, 200);  // a blank node for each row
  parley_finalize(q);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      HELP_TEST(counts_do_not_wrap),
      HELP_TEST(repeats_can_be_stopped),
      HELP_TEST(updates_take_equal_rows_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
