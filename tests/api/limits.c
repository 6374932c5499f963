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

/// The text of a list can be far longer than the list: it has the limit of a term, and stops when asked.
static void list_texts_end(void** state) {
  fixture* const f = *state;
  char text[2048];
  parley_value v;
  parley_diagnostic d;
  parley_limits limits = {.size = sizeof limits, .memory_bytes = (size_t)4 << 20};
  size_t len = (size_t)sprintf(text, "let ?l0 = [1, 1] ");
  for (int i = 1; i < 60; i++) {
    len += (size_t)snprintf(text + len, sizeof text - len, "let ?l%d = [?l%d, ?l%d] ", i, i - 1, i - 1);
  }
  (void)snprintf(text + len, sizeof text - len, "return ?l59, ?l3");
  parley_query* const q = help_prepare(f->store, text);
  assert_int_equal(parley_query_set_limits(q, &limits), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_ROW);
  assert_null(parley_column_text(q, 0));
  assert_int_equal(parley_error_get(parley_query_error(q), 0, &d), PARLEY_OK);
  assert_int_equal(d.code, 2);
  assert_int_equal(parley_column(q, 0, &v), PARLEY_LIMIT);
  assert_int_equal(parley_reset(q), PARLEY_OK);
  limits.memory_bytes = 0;
  assert_int_equal(parley_query_set_limits(q, &limits), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_ROW);
  assert_int_equal(parley_column(q, 1, &v), PARLEY_OK);
  assert_int_equal(v.type, PARLEY_LIST);
  assert_int_equal(v.text_len, strlen(v.text));
  parley_query_interrupt(q);
  assert_null(parley_column_text(q, 0));
  assert_int_equal(parley_error_get(parley_query_error(q), 0, &d), PARLEY_OK);
  assert_int_equal(d.status, PARLEY_INTERRUPTED);
  parley_finalize(q);
}

/// Under identity explain computes the classes: it stops when asked, like a run.
static void explain_can_be_stopped(void** state) {
  fixture* const f = *state;
  parley_query* q = help_prepare(f->store, "insert ( a same_as b . b knows c )");
  assert_int_equal(parley_step(q), PARLEY_DONE);
  parley_finalize(q);
  q = help_prepare(f->store, "explain same 0.5 match ?x knows ?y return ?x");
  parley_query_interrupt(q);
  assert_int_equal(parley_step(q), PARLEY_INTERRUPTED);
  assert_int_equal(parley_reset(q), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_ROW);
  parley_finalize(q);
}

/// Limits that change between two runs hold for the second.
static void limits_hold_for_the_next_run(void** state) {
  fixture* const f = *state;
  parley_diagnostic d;
  parley_limits limits = {.size = sizeof limits, .memory_bytes = (size_t)64 << 20};
  load_hundred(f->store);
  parley_query* const q = help_prepare(f->store, "match ?a p ?b return ?a order by ?a");
  assert_int_equal(parley_query_set_limits(q, &limits), PARLEY_OK);
  free(help_rows(q));
  limits.memory_bytes = 5000;
  assert_int_equal(parley_reset(q), PARLEY_OK);
  assert_int_equal(parley_query_set_limits(q, &limits), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_LIMIT);
  assert_int_equal(parley_error_get(parley_query_error(q), 0, &d), PARLEY_OK);
  assert_non_null(strstr(d.message, "4 KiB"));
  parley_finalize(q);
}

/// Texts may hold U+0000: their length says so.
static void texts_have_lengths(void** state) {
  fixture* const f = *state;
  parley_value v;
  parley_query* const q = help_prepare(f->store, "return \"a\\u0000b\" as ?x, [\"a\\u0000b\", \"c\"] as ?l");
  assert_int_equal(parley_column_text_len(q, 0), 0);
  assert_int_equal(parley_step(q), PARLEY_ROW);
  assert_int_equal(parley_column_text_len(q, 0), 3);
  assert_memory_equal(parley_column_text(q, 0), "a\0b", 4);
  assert_int_equal(parley_column(q, 1, &v), PARLEY_OK);
  assert_int_equal(v.text_len, 8);
  assert_memory_equal(v.text, "[a\0b, c]", 9);
  size_t len;
  assert_memory_equal(parley_column_item_text(q, 1, 0, &len), "a\0b", 4);
  assert_int_equal(len, 3);
  assert_string_equal(parley_column_item_text(q, 1, 1, NULL), "c");
  assert_null(parley_column_item_text(q, 1, 2, &len));
  assert_int_equal(len, 0);
  assert_null(parley_column_item_text(q, 0, 0, NULL));
  assert_null(parley_column_item_text(NULL, 0, 0, NULL));
  parley_finalize(q);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      HELP_TEST(counts_do_not_wrap),     HELP_TEST(repeats_can_be_stopped), HELP_TEST(updates_take_equal_rows_once),
      HELP_TEST(explain_can_be_stopped), HELP_TEST(list_texts_end),         HELP_TEST(limits_hold_for_the_next_run),
      HELP_TEST(texts_have_lengths),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
