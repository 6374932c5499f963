/// Evaluation over chunks: selections, lazy functions, filters, long chains, constants, limits. A random expression
/// must give the same column whatever the selection.
#include "expr_fixture.h"

enum { ROWS = 100 };

typedef struct numbers {
  pl_id cells[2][ROWS];  ///< slot 0: the row number; slot 1: null on every third row, else row % 7
  pl_id* columns[3];     ///< slot 2 is not present
  pl_chunk chunk;        ///< over them
} numbers;

static void numbers_make(expr_fixture* f, numbers* n) {
  for (uint32_t i = 0; i < ROWS; i++) {
    char text[16];
    snprintf(text, sizeof text, "%u", i);
    n->cells[0][i] = id_of(f, text);
    snprintf(text, sizeof text, "%u", i % 7);
    n->cells[1][i] = i % 3 ? id_of(f, text) : PL_ID_NULL;
  }
  n->columns[0] = n->cells[0];
  n->columns[1] = n->cells[1];
  n->columns[2] = NULL;
  n->chunk = (pl_chunk){.columns = n->columns, .slot_count = 3, .count = ROWS, .selected = ROWS};
}

static int64_t integer_of(pl_id id) {
  pl_value v;
  char buf[PL_INLINE_TEXT_MAX];
  pl_value_from_id(id, buf, &v);
  assert_int_equal(v.kind, PL_VALUE_INTEGER);
  return v.integer;
}

static void test_columns(void** state) {
  expr_fixture* const f = *state;
  numbers n;
  pl_id out[ROWS];
  numbers_make(f, &n);
  // ?0 * 10 + ?1
  const pl_program* const p =
      compile_expr(f, CALL(f, PL_FN_ADD, CALL(f, PL_FN_MUL, slot_expr(f, 0), term_expr(f, "10")), slot_expr(f, 1)));
  assert_int_equal(pl_program_eval(p, &f->eval, &n.chunk, out), PL_OK);
  for (uint32_t i = 0; i < ROWS; i++) {
    assert_true(i % 3 ? integer_of(out[i]) == i * 10 + i % 7 : out[i] == PL_ID_NULL);
  }
  assert_int_equal(pl_program_eval(compile_expr(f, slot_expr(f, 2)), &f->eval, &n.chunk, out), PL_OK);
  assert_true(out[5] == PL_ID_NULL);
  assert_int_equal(pl_program_eval(compile_expr(f, slot_expr(f, 0)), &f->eval, &n.chunk, out), PL_OK);
  assert_true(out[5] == n.cells[0][5]);
  assert_int_equal(pl_program_eval(compile_expr(f, term_expr(f, "7")), &f->eval, &n.chunk, out), PL_OK);
  assert_int_equal(integer_of(out[ROWS - 1]), 7);
}

static void test_selection(void** state) {
  expr_fixture* const f = *state;
  numbers n;
  pl_id out[ROWS] = {0};
  uint16_t chosen[] = {3, 4, 50, 99};
  uint16_t space[ROWS];
  numbers_make(f, &n);
  n.chunk.selection = chosen;
  n.chunk.selected = 4;
  const pl_program* const p = compile_expr(f, CALL(f, PL_FN_NEG, slot_expr(f, 0)));
  assert_int_equal(pl_program_eval(p, &f->eval, &n.chunk, out), PL_OK);
  assert_int_equal(integer_of(out[50]), -50);
  assert_true(out[51] == PL_ID_NULL);
  const pl_program* const q = compile_expr(f, CALL(f, PL_FN_GT, slot_expr(f, 0), term_expr(f, "3.5")));
  assert_int_equal(pl_program_filter(q, &f->eval, &n.chunk, space), PL_OK);
  assert_int_equal(n.chunk.selected, 3);
  assert_int_equal(pl_chunk_row(&n.chunk, 0), 4);
  const pl_program* const none = compile_expr(f, CALL(f, PL_FN_LT, slot_expr(f, 1), term_expr(f, "null")));
  assert_int_equal(pl_program_filter(none, &f->eval, &n.chunk, space), PL_OK);
  assert_int_equal(n.chunk.selected, 0);
  assert_int_equal(pl_program_filter(q, &f->eval, &n.chunk, space), PL_OK);
  assert_int_equal(n.chunk.selected, 0);
}

/// Arguments that would fail are not evaluated for rows that do not need them.
static void test_lazy(void** state) {
  expr_fixture* const f = *state;
  numbers n;
  pl_id out[ROWS];
  numbers_make(f, &n);
  pl_expr* const bad_pattern = CALL(f, PL_FN_CONCAT, term_expr(f, "\"(\""), slot_expr(f, 0));
  pl_expr* const fails = CALL(f, PL_FN_MATCHES, term_expr(f, "\"x\""), bad_pattern);
  pl_expr* const small = CALL(f, PL_FN_LT, slot_expr(f, 0), term_expr(f, "1000"));
  pl_expr* const large = CALL(f, PL_FN_GT, slot_expr(f, 0), term_expr(f, "1000"));
  pl_expr* const exprs[] = {
      CALL(f, PL_FN_OR, small, fails),
      CALL(f, PL_FN_AND, large, fails),
      CALL(f, PL_FN_IF, large, fails, term_expr(f, "1")),
      CALL(f, PL_FN_COALESCE, slot_expr(f, 0), fails),
  };
  for (size_t i = 0; i < PL_COUNT_OF(exprs); i++) {
    assert_int_equal(pl_program_eval(compile_expr(f, exprs[i]), &f->eval, &n.chunk, out), PL_OK);
  }
  assert_int_equal(pl_program_eval(compile_expr(f, fails), &f->eval, &n.chunk, out), PL_ERR_EVAL);
}

static void test_branches(void** state) {
  expr_fixture* const f = *state;
  numbers n;
  pl_id out[ROWS];
  numbers_make(f, &n);
  // if ?0 < 50 then coalesce(?1, -1) else ?0
  pl_expr* const e = CALL(f, PL_FN_IF, CALL(f, PL_FN_LT, slot_expr(f, 0), term_expr(f, "50")),
                          CALL(f, PL_FN_COALESCE, slot_expr(f, 1), term_expr(f, "-1")), slot_expr(f, 0));
  assert_int_equal(pl_program_eval(compile_expr(f, e), &f->eval, &n.chunk, out), PL_OK);
  for (uint32_t i = 0; i < ROWS; i++) {
    assert_int_equal(integer_of(out[i]), i >= 50 ? (int64_t)i : i % 3 ? (int64_t)i % 7 : -1);
  }
}

/// A chain of the same operator, written left to right.
static pl_expr* chain(expr_fixture* f, pl_fn fn, pl_expr* first, pl_expr* link, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    first = CALL(f, fn, first, link);
  }
  return first;
}

static void count_slot(void* user, pl_slot slot) { *(uint32_t*)user += slot == 0; }

static void test_long_chains(void** state) {
  expr_fixture* const f = *state;
  pl_expr* const no = term_expr(f, "false");
  assert_string_equal(value_of(f, chain(f, PL_FN_OR, no, no, 50000)), "false");
  assert_string_equal(value_of(f, chain(f, PL_FN_ADD, term_expr(f, "0"), term_expr(f, "1"), 1500)), "1500");
  pl_expr* const wide = chain(f, PL_FN_ADD, slot_expr(f, 0), slot_expr(f, 0), 100000);
  uint32_t slots = 0;
  pl_expr_slots(wide, count_slot, &slots);
  assert_int_equal(slots, 100001);
  pl_program* program;
  assert_int_equal(pl_expr_compile(&f->query, wide, &f->plan, &f->err, &program), PL_ERR_LIMIT);
  assert_int_equal(f->err.items[0].number, PL_MSG_EXPR_DEEP);
}

static void test_params(void** state) {
  expr_fixture* const f = *state;
  const pl_id params[] = {id_of(f, "41"), PL_ID_NULL};
  f->eval.params = params;
  pl_expr first = {.kind = PL_EXPR_PARAM, .index = 0};
  pl_expr second = {.kind = PL_EXPR_PARAM, .index = 1};
  assert_string_equal(value_of(f, CALL(f, PL_FN_ADD, &first, term_expr(f, "1"))), "42");
  assert_string_equal(value_of(f, CALL(f, PL_FN_ADD, &second, term_expr(f, "1"))), "null");
  assert_string_equal(value_of(f, slot_expr(f, 3)), "null");
}

static void test_interrupt(void** state) {
  expr_fixture* const f = *state;
  const atomic_int stop = 1;
  pl_guard guard;
  pl_id id;
  pl_guard_init(&guard, &stop, 0);
  f->eval.guard = &guard;
  assert_int_equal(pl_program_eval_const(compile_expr(f, term_expr(f, "1")), &f->eval, &id), PL_ERR_INTERRUPTED);
}

/// Allocator whose n-th request fails.
typedef struct failing {
  size_t left;   ///< requests until then
  bool reached;  ///< it failed
} failing;

static void* failing_realloc(void* user, void* ptr, size_t size_old, size_t size_new) {
  failing* const fail = user;
  PL_UNUSED(size_old);
  if (size_new == 0) {
    free(ptr);
    return NULL;
  }
  if (fail->left == 0) {
    fail->reached = true;
    return NULL;
  }
  fail->left--;
  return realloc(ptr, size_new);
}

static pl_status eval_in(expr_fixture* f, pl_mem* mem, const pl_program* p, const pl_chunk* chunk) {
  pl_id out[ROWS];
  pl_id ids[PL_COUNT_OF(f->ids)];
  pl_arena scratch;
  pl_eval eval = f->eval;
  PL_TRY(pl_termpool_new(f->store->txn, mem, &f->err, &eval.pool));
  pl_arena_init(&scratch, mem);
  eval.mem = mem;
  eval.scratch = &scratch;
  eval.terms = ids;
  pl_status status = PL_OK;
  for (uint32_t i = 0; i < f->query.term_count && status == PL_OK; i++) {
    status = pl_termpool_put_term(eval.pool, &f->terms[i], &ids[i]);
  }
  status = status == PL_OK ? pl_program_eval(p, &eval, chunk, out) : status;
  pl_termpool_free(eval.pool);
  pl_arena_free(&scratch);
  return status;
}

/// Whatever allocation fails, evaluation says so and leaks nothing.
static void test_memory(void** state) {
  expr_fixture* const f = *state;
  numbers n;
  numbers_make(f, &n);
  pl_expr* const text = CALL(f, PL_FN_CONCAT, term_expr(f, "\"a longer text \""), slot_expr(f, 0));
  pl_expr* const replaced = CALL(f, PL_FN_REPLACE, text, term_expr(f, "\"[0-9]\""), term_expr(f, "\"<$0>\""));
  pl_expr* const parts = CALL(f, PL_FN_SPLIT, CALL(f, PL_FN_FOLD, replaced), term_expr(f, "\" \""));
  pl_expr* const label = CALL(f, PL_FN_LABEL, term_expr(f, "Trung"));
  const pl_program* const p = compile_expr(f, CALL(f, PL_FN_LIST, parts, label, slot_expr(f, 1)));
  failing fail = {.reached = true};
  for (size_t i = 0; fail.reached; i++) {
    pl_mem mem;
    fail = (failing){.left = i};
    pl_mem_init(&mem, failing_realloc, &fail, SIZE_MAX);
    pl_error_clear(&f->err);
    const pl_status status = eval_in(f, &mem, p, &n.chunk);
    assert_int_equal(status, fail.reached ? PL_ERR_NOMEM : PL_OK);
    assert_int_equal(mem.bytes_used, 0);
    assert_true(i < 100000);
  }
}

/* --- random expressions --- */

typedef struct dice {
  uint64_t state;  ///< xorshift
} dice;

static uint32_t roll(dice* d, uint32_t sides) {
  d->state ^= d->state << 13;
  d->state ^= d->state >> 7;
  d->state ^= d->state << 17;
  return (uint32_t)(d->state >> 33) % sides;
}

static pl_expr* random_leaf(expr_fixture* f, dice* d) {
  static const char* const terms[] = {"1",       "2.5",      "-3e0",       "\"12\"",  "\"Lê Hoài Trung 3\"",
                                      "true",    "null",     "2023-05-06", "2022-07", "Trung",
                                      "\"a|.\"", "2021/2023"};
  if (roll(d, 2)) {
    return slot_expr(f, roll(d, 3));
  }
  f->query.term_count = f->query.term_count > 250 ? 0 : f->query.term_count;
  return term_expr(f, terms[roll(d, PL_COUNT_OF(terms))]);
}

/// Any function with any arguments: what makes no sense must be null, never a crash.
static pl_expr* random_expr(expr_fixture* f, dice* d, uint32_t depth) {
  if (depth == 0 || roll(d, 6) == 0) {
    return random_leaf(f, d);
  }
  pl_fn fn;
  do {
    fn = (pl_fn)roll(d, PL_FN_COUNT_);
  } while (pl_fn_table[fn].flags & PL_FN_AGGREGATE);
  pl_expr* args[4];
  const uint32_t least = pl_fn_table[fn].args_min;
  const uint32_t most = pl_fn_table[fn].args_max < 4 ? pl_fn_table[fn].args_max : 4;
  const uint32_t count = least + (most > least ? roll(d, most - least + 1) : 0);
  for (uint32_t i = 0; i < count; i++) {
    args[i] = random_expr(f, d, depth - 1);
  }
  return call_expr(f, fn, count, args);
}

/// One row at a time gives what the whole column gives, unless an argument was a bad pattern.
static void check_random(expr_fixture* f, numbers* n, dice* d) {
  pl_id all[ROWS];
  pl_id out[ROWS];
  pl_program* program;
  pl_error_clear(&f->err);
  f->query.term_count = 0;
  pl_status status = pl_expr_compile(&f->query, random_expr(f, d, 4), &f->plan, &f->err, &program);
  n->chunk.selection = NULL;
  n->chunk.selected = ROWS;
  status = status == PL_OK ? pl_program_eval(program, &f->eval, &n->chunk, all) : status;
  if (status != PL_OK) {
    assert_int_equal(status, PL_ERR_EVAL);
    return;
  }
  for (uint16_t row = 0; row < ROWS; row += 3) {
    n->chunk.selection = &row;
    n->chunk.selected = 1;
    assert_int_equal(pl_program_eval(program, &f->eval, &n->chunk, out), PL_OK);
    assert_true(out[row] == all[row]);
  }
}

static void test_random(void** state) {
  static const char* const stored[] = {"Trung", "M1",   "2023-05-06",        "\"ab\"",
                                       "2.5",   "true", "\"Lê Hoài Trung\"", "2023-05/2023-06",
                                       "1.0E0", "null", "\"Trung\"@vi"};
  expr_fixture* const f = *state;
  numbers n;
  dice d = {88172645463325252u};
  numbers_make(f, &n);
  pl_id mixed[ROWS];  // of kinds whose ids hold in every run
  for (uint32_t i = 0; i < ROWS; i++) {
    mixed[i] = id_of(f, stored[i % PL_COUNT_OF(stored)]);
  }
  n.columns[2] = mixed;
  for (int i = 0; i < 3000; i++) {
    check_random(f, &n, &d);
    pl_arena_reset(&f->scratch);
    pl_arena_reset(&f->plan);
    pl_termpool_free(f->pool);
    assert_int_equal(pl_termpool_new(f->store->txn, &f->mem, &f->err, &f->pool), PL_OK);
    f->eval.pool = f->pool;
  }
}

typedef struct late_stop {
  pl_guard guard;  ///< asks
  int asked;       ///< times
} late_stop;

static int stop_second(void* user) {
  late_stop* const s = user;
  s->guard.progress_next_ns = 0;
  return ++s->asked == 2;
}

/// A costly function is interrupted between two rows of one chunk: the look before the first row passes.
static void test_interrupt_within(void** state) {
  expr_fixture* const f = *state;
  numbers n;
  pl_id out[ROWS];
  late_stop stop = {.asked = 0};
  numbers_make(f, &n);
  pl_guard_init(&stop.guard, NULL, 0);
  stop.guard.progress = stop_second;
  stop.guard.progress_user = &stop;
  f->eval.guard = &stop.guard;
  const pl_program* const p = compile_expr(f, CALL(f, PL_FN_SQRT, slot_expr(f, 0)));
  assert_int_equal(pl_program_eval(p, &f->eval, &n.chunk, out), PL_ERR_INTERRUPTED);
  assert_int_equal(stop.asked, 2);
  f->eval.guard = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, expr_setup, expr_teardown)
int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_columns),     TEST(test_selection), TEST(test_lazy),      TEST(test_branches),
      TEST(test_long_chains), TEST(test_params),    TEST(test_interrupt), TEST(test_interrupt_within),
      TEST(test_memory),      TEST(test_random),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
