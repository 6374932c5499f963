/// Aggregates on short sequences of values, with and without distinct, in row order and in term order.
#include "expr_fixture.h"

typedef struct agg_row {
  pl_fn fn;              ///< aggregate
  bool distinct;         ///< with distinct
  bool row_order;        ///< keep the order of the rows
  const char* values;    ///< terms, spaces between
  const char* expected;  ///< result
} agg_row;

static const char* aggregate(expr_fixture* f, const agg_row* r, uint64_t times, const char* separator) {
  const size_t bytes = pl_agg_state_bytes(r->fn, r->distinct);
  assert_int_equal(bytes % 16, 0);
  pl_agg_state* const state = pl_arena_calloc(&f->plan, 1, bytes);
  const pl_str text = pl_str_c(r->values);
  for (size_t pos = 0; pos < text.len;) {
    const pl_term term = parse_term(f, text, &pos);
    pl_id id;
    assert_int_equal(pl_termpool_put_term(f->pool, &term, &id), PL_OK);
    assert_int_equal(pl_agg_update(r->fn, r->distinct, r->row_order, state, &f->eval, &f->mem, id, times), PL_OK);
  }
  pl_id out;
  const pl_id between = separator ? id_of(f, separator) : PL_ID_NULL;
  assert_int_equal(pl_agg_result(r->fn, r->distinct, r->row_order, state, &f->eval, &f->mem, between, &out), PL_OK);
  pl_agg_release(r->fn, r->distinct, state, &f->mem);
  return text_of(f, out);
}

#define YEAR(y) "\"" #y "\"^^<" PL_XSD "gYear>"

static void test_rows(void** state) {
  expr_fixture* const f = *state;
  static const agg_row rows[] = {
      {PL_FN_COUNT, false, false, "", "0"},
      {PL_FN_COUNT, false, false, "1 null 1 Trung", "3"},
      {PL_FN_COUNT, true, false, "1 null 1 Trung", "2"},
      {PL_FN_SUM, false, false, "", "0"},
      {PL_FN_SUM, false, false, "1 2 null 3", "6"},
      {PL_FN_SUM, true, false, "2 2 3", "5"},
      {PL_FN_SUM, false, false, "1 2.5", "3.5"},
      {PL_FN_SUM, false, false, "1 2.5 1e0", "4.5E0"},
      {PL_FN_SUM, false, false, "1 \"x\"", "null"},
      {PL_FN_SUM, false, false, "9223372036854775807 9223372036854775807", "18446744073709551614.0"},
      {PL_FN_SUM, false, false, "9223372036854775806 1 -1", "\"9223372036854775806\"^^xsd:integer"},
      {PL_FN_SUM, false, false, "1e100 1e0 -1e100", "1.0E0"},
      {PL_FN_AVG, false, false, "", "null"},
      {PL_FN_AVG, false, false, "1 2", "1.5"},
      {PL_FN_AVG, true, false, "1 1 2", "1.5"},
      {PL_FN_AVG, false, false, "1 2e0", "1.5E0"},
      {PL_FN_MIN, false, false, "", "null"},
      {PL_FN_MIN, false, false, "3 1.5 2", "1.5"},
      {PL_FN_MAX, false, false, "3 1.5 2.0E1", "2.0E1"},
      {PL_FN_MIN, false, false, "2023-05 " YEAR(2023) " " YEAR(2024), "\"2023\"^^xsd:gYear"},
      {PL_FN_MAX, false, false, "2023-05 " YEAR(2023) " 2022-12-31", "\"2023\"^^xsd:gYear"},
      {PL_FN_MAX, false, false, "2023-11/2025 2024-12", "2023-11..2025"},
      {PL_FN_MIN, false, false, "\"b\" \"a\" Trung", "Trung"},
      {PL_FN_ANY, false, true, "3 1 2", "1"},
      {PL_FN_FIRST, false, true, "null 3 1 2", "3"},
      {PL_FN_FIRST, false, false, "3 1 2", "1"},
      {PL_FN_LAST, false, true, "3 1 2 null", "2"},
      {PL_FN_LAST, true, true, "3 1 3", "1"},
      {PL_FN_LAST, false, false, "3 1 2", "3"},
      {PL_FN_COLLECT, false, false, "", "[]"},
      {PL_FN_COLLECT, false, false, "3 1 null 3 2", "[1 2 3 3]"},
      {PL_FN_COLLECT, false, true, "3 1 null 3 2", "[3 1 3 2]"},
      {PL_FN_COLLECT, true, true, "3 1 3 2", "[3 1 2]"},
      {PL_FN_COLLECT, true, false, "3 1 3 2", "[1 2 3]"},
      {PL_FN_JOIN, false, false, "", "null"},
      {PL_FN_JOIN, false, true, "Trung 5 M1", "\"Lê Hoài Trung, 5, M1\""},
      {PL_FN_JOIN, true, false, "\"b\" \"a\" \"b\"", "\"a, b\""},
  };
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    const char* const text = aggregate(f, &rows[i], 1, NULL);
    if (strcmp(text, rows[i].expected)) {
      fail_msg("aggregate %d (%s) gave %s, not %s", (int)rows[i].fn, rows[i].values, text, rows[i].expected);
    }
  }
}

static void test_times(void** state) {
  expr_fixture* const f = *state;
  static const agg_row rows[] = {
      {PL_FN_COUNT, false, false, "1 2", "6"},
      {PL_FN_COUNT, true, false, "1 2", "2"},
      {PL_FN_SUM, false, false, "1 2.5", "10.5"},
      {PL_FN_AVG, false, false, "1 2", "1.5"},
      {PL_FN_SUM, false, false, "9223372036854775807", "27670116110564327421.0"},
      {PL_FN_SUM, false, false, "-9223372036854775807", "-27670116110564327421.0"},
      {PL_FN_COLLECT, false, true, "1", "[1 1 1]"},
      {PL_FN_JOIN, true, true, "\"a\" \"b\"", "\"a/b\""},
  };
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    assert_string_equal(aggregate(f, &rows[i], 3, "\"/\""), rows[i].expected);
  }
}

/// Many rows of several groups at once give what they give one by one.
static void test_many_groups(void** state) {
  expr_fixture* const f = *state;
  static const pl_fn fns[] = {PL_FN_COUNT, PL_FN_SUM, PL_FN_AVG, PL_FN_MIN, PL_FN_MAX, PL_FN_FIRST, PL_FN_LAST};
  static const char* const terms[] = {"1",     "-7",      "2.5",  "true", "false", "null",
                                      "\"b\"", "2023-05", "2023", "1e0",  "40"};
  enum { GROUPS = 5, ROWS = 300 };
  pl_id values[ROWS];
  uint64_t times[ROWS];
  char* groups[ROWS];
  for (size_t n = 0; n < PL_COUNT_OF(fns) * 8; n++) {
    const pl_fn fn = fns[n / 8];
    const bool distinct = n % 8 > 3;
    const size_t bytes = pl_agg_state_bytes(fn, distinct);
    char* const many = pl_arena_calloc(&f->plan, GROUPS, bytes + 16);
    char* const single = pl_arena_calloc(&f->plan, GROUPS, bytes + 16);
    const size_t kinds = n % 2 ? PL_COUNT_OF(terms) : 2;
    for (uint32_t i = 0; i < ROWS; i++) {
      const uint32_t group = (i * 7 + i / 11) % GROUPS;
      values[i] = id_of(f, terms[(i * 31 + i / 3) % kinds]);
      times[i] = n % 4 < 2 ? 1 : 1 + i % 3;
      groups[i] = many + group * (bytes + 16);
      assert_int_equal(pl_agg_update(fn, distinct, true, (pl_agg_state*)(void*)(single + group * (bytes + 16) + 16),
                                     &f->eval, &f->mem, values[i], times[i]),
                       PL_OK);
    }
    const pl_agg_rows rows = {groups, 16, values, n % 4 < 2 ? NULL : times, ROWS};
    assert_int_equal(pl_agg_update_rows(fn, distinct, true, &rows, &f->eval, &f->mem), PL_OK);
    for (uint32_t g = 0; g < GROUPS; g++) {
      pl_id a;
      pl_id b;
      const size_t at = g * (bytes + 16) + 16;
      assert_int_equal(
          pl_agg_result(fn, distinct, true, (pl_agg_state*)(void*)(many + at), &f->eval, &f->mem, PL_ID_NULL, &a),
          PL_OK);
      assert_int_equal(
          pl_agg_result(fn, distinct, true, (pl_agg_state*)(void*)(single + at), &f->eval, &f->mem, PL_ID_NULL, &b),
          PL_OK);
      assert_int_equal(a, b);
      pl_agg_release(fn, distinct, (pl_agg_state*)(void*)(many + at), &f->mem);
      pl_agg_release(fn, distinct, (pl_agg_state*)(void*)(single + at), &f->mem);
    }
  }
}

static void test_star(void** state) {
  expr_fixture* const f = *state;
  char* const s = pl_arena_calloc(&f->plan, 1, pl_agg_state_bytes(PL_FN_COUNT, false));
  char* const groups[] = {s, s};
  const uint64_t times[] = {3, 4};
  const pl_agg_rows rows = {groups, 0, NULL, times, 2};
  pl_id out;
  assert_int_equal(pl_agg_update_rows(PL_FN_COUNT, false, false, &rows, &f->eval, &f->mem), PL_OK);
  assert_int_equal(
      pl_agg_result(PL_FN_COUNT, false, false, (pl_agg_state*)(void*)s, &f->eval, &f->mem, PL_ID_NULL, &out), PL_OK);
  assert_string_equal(text_of(f, out), "7");
}

static void test_overflow(void** state) {
  expr_fixture* const f = *state;
  const agg_row huge = {PL_FN_SUM, false, false,
                        "9999999999999999999999999999999999999.0 9999999999999999999999999999999999999.0", "null"};
  assert_string_equal(aggregate(f, &huge, 1, NULL), huge.expected);
  assert_int_equal(f->err.items[0].number, PL_MSG_OVERFLOW);
}

/// Numbers of rows stop at their end instead of wrapping.
static void test_many_rows(void** state) {
  expr_fixture* const f = *state;
  static const agg_row rows[] = {
      {PL_FN_COUNT, false, false, "1", "10000000000000000000.0"},
      {PL_FN_SUM, false, false, "2", "20000000000000000000.0"},
      {PL_FN_AVG, false, false, "2", "2.0"},
      {PL_FN_COUNT, false, false, "1 2", "null"},
      {PL_FN_SUM, false, false, "1 2", "null"},
      {PL_FN_AVG, false, false, "1 2", "null"},
      {PL_FN_AVG, false, false, "1e0 2e0", "null"},
      {PL_FN_MAX, false, false, "1 2", "2"},
      {PL_FN_SUM, false, false, "9223372036854775807", "null"},
      {PL_FN_SUM, false, false, "-9223372036854775807", "null"},
      {PL_FN_SUM, false, false, "9999999999999999999999999999999999999.0", "null"},
  };
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    assert_string_equal(aggregate(f, &rows[i], 10000000000000000000u, NULL), rows[i].expected);
  }
  assert_int_equal(f->err.items[0].number, PL_MSG_OVERFLOW);
}

/// Equal rows are collected one by one: that can be interrupted.
static void test_interrupt(void** state) {
  expr_fixture* const f = *state;
  const pl_id id = id_of(f, "1");
  atomic_int stop = 1;
  pl_guard guard;
  pl_guard_init(&guard, &stop, 0);
  f->eval.guard = &guard;
  pl_agg_state* const s = pl_arena_calloc(&f->plan, 1, pl_agg_state_bytes(PL_FN_COLLECT, false));
  const pl_status status = pl_agg_update(PL_FN_COLLECT, false, false, s, &f->eval, &f->mem, id, 1 << 24);
  f->eval.guard = NULL;
  assert_int_equal(status, PL_ERR_INTERRUPTED);
  pl_agg_release(PL_FN_COLLECT, false, s, &f->mem);
}

/// Putting values in order gives up when asked, and keeps nothing.
static void test_order_interrupt(void** state) {
  expr_fixture* const f = *state;
  atomic_int stop = 1;
  pl_guard guard;
  pl_guard_init(&guard, &stop, 0);
  pl_agg_state* const s = pl_arena_calloc(&f->plan, 1, pl_agg_state_bytes(PL_FN_COLLECT, false));
  for (int i = 0; i < 5000; i++) {
    const pl_value v = {.kind = PL_VALUE_INTEGER, .integer = (i * 7919) % 5000};
    pl_id id;
    assert_int_equal(pl_termpool_put(f->pool, &v, &id), PL_OK);
    assert_int_equal(pl_agg_update(PL_FN_COLLECT, false, false, s, &f->eval, &f->mem, id, 1), PL_OK);
  }
  pl_id out;
  const pl_id* items;
  size_t count;
  f->eval.guard = &guard;
  assert_int_equal(pl_agg_result(PL_FN_COLLECT, false, false, s, &f->eval, &f->mem, PL_ID_NULL, &out),
                   PL_ERR_INTERRUPTED);
  f->eval.guard = NULL;
  assert_int_equal(pl_agg_result(PL_FN_COLLECT, false, false, s, &f->eval, &f->mem, PL_ID_NULL, &out), PL_OK);
  pl_agg_release(PL_FN_COLLECT, false, s, &f->mem);
  assert_true(pl_termpool_list(f->pool, out, &items, &count));
  assert_int_equal(count, 5000);
  for (size_t i = 1; i < count; i++) {
    assert_true(items[i - 1] < items[i]);
  }
}

static void test_memory_limit(void** state) {
  expr_fixture* const f = *state;
  const pl_id id = id_of(f, "1");
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, 10000);
  pl_agg_state* const s = pl_arena_calloc(&f->plan, 1, pl_agg_state_bytes(PL_FN_COLLECT, false));
  assert_int_equal(pl_agg_update(PL_FN_COLLECT, false, false, s, &f->eval, &mem, id, 1000000), PL_ERR_LIMIT);
  pl_agg_release(PL_FN_COLLECT, false, s, &mem);
  assert_int_equal(mem.bytes_used, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, expr_setup, expr_teardown)
int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_rows),        TEST(test_times),           TEST(test_star),
      TEST(test_many_groups), TEST(test_overflow),        TEST(test_many_rows),
      TEST(test_interrupt),   TEST(test_order_interrupt), TEST(test_memory_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
