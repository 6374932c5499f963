/// Multiway joins over random relations, against every assignment tried; tables of hash joins against a list of rows.
#include "exec/jointable.h"
#include "exec/multijoin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { NODES = 48, FEW_NODES = 6, VARS = 6, ROUNDS = 3000 };

static uint64_t state;

static uint32_t below(uint32_t n) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 33) % n;
}

/// A join to be tried: relations as matrices.
typedef struct trial {
  pl_mj_shape shape;
  uint32_t tables;
  uint32_t nodes;  ///< many only where there are few variables, for long lists beside short ones
  bool pairs[PL_MJ_RELATIONS_MAX][NODES][NODES];
  pl_id ids[NODES];
} trial;

/// Variables in a tree of relations, and some more relations, so that all are connected.
static void make_trial(trial* t) {
  memset(t, 0, sizeof *t);
  pl_mj_shape* s = &t->shape;
  s->var_count = (uint8_t)(2 + below(VARS - 1));
  t->tables = 1 + below(3);
  t->nodes = s->var_count <= 3 && below(4) == 0 ? NODES : FEW_NODES;
  const uint64_t spread = below(2) ? 1 : 1u << 20;  // ids close together, or far apart
  for (uint32_t n = 0; n < t->nodes; n++) {
    t->ids[n] = 100 + n * spread + below(2) * spread / 2;
  }
  for (uint32_t i = 0; i < t->tables; i++) {
    for (uint32_t a = 0; a < t->nodes; a++) {
      const uint32_t dense = below(2) ? 1 + below(4) * 5 : 19;
      for (uint32_t b = 0; b < t->nodes; b++) {
        t->pairs[i][a][b] = below(20) < dense;
      }
    }
  }
  const uint32_t more = below(5);
  for (uint8_t v = 0; v < s->var_count; v++) {
    s->vars[v].slot = v;
    s->vars[v].needed = below(4) == 0;
  }
  for (uint32_t r = 0; r < s->var_count - 1u + more; r++) {
    const uint8_t a = (uint8_t)(r + 1 < s->var_count ? r + 1 : below(s->var_count));
    const uint8_t b = (uint8_t)(r + 1 < s->var_count ? below(r + 1) : below(s->var_count));
    if (a != b) {
      const bool turned = below(2);
      s->relations[s->relation_count++] = (pl_mj_relation){(uint8_t)below(t->tables), {turned ? b : a, turned ? a : b}};
    }
  }
}

/// A leaf of a tree that no walked variable restricts has no set: the planner leaves no such variable in.
static bool is_closed(const pl_mj_shape* s) {
  bool closed = true;
  for (uint8_t v = 0; v < s->var_count; v++) {
    closed &= s->vars[v].level != PL_MJ_NONE || s->vars[v].list_count || s->vars[v].child_count;
  }
  return closed;
}

static void fill(const trial* t, pl_mj_data* data) {
  data->table_count = t->tables;
  for (uint32_t i = 0; i < t->tables; i++) {
    data->tables[i].wanted[0] = data->tables[i].wanted[1] = true;
    for (uint32_t p = t->nodes * t->nodes; p-- > 0;) {  // not in order
      pl_id a = t->ids[p / t->nodes], b = t->ids[p % t->nodes];
      pl_id* columns[2] = {&a, &b};
      const pl_chunk chunk = {.columns = columns, .slot_count = 2, .count = 1, .selected = 1};
      const pl_slot slots[2] = {0, 1};
      if (t->pairs[i][p / t->nodes][p % t->nodes]) {
        assert_int_equal(pl_mj_add(data, i, &chunk, slots), PL_OK);
      }
    }
  }
  assert_int_equal(pl_mj_seal(data), PL_OK);
}

/// In how many ways the variables from `var` on fit, where the first `fixed` are as in `at`: walked ones are compared with the walker.
static uint64_t try_all(const trial* t, uint8_t var, uint32_t* at, const uint32_t* given) {
  const pl_mj_shape* s = &t->shape;
  if (var == s->var_count) {
    for (uint8_t r = 0; r < s->relation_count; r++) {
      if (!t->pairs[s->relations[r].table][at[s->relations[r].var[0]]][at[s->relations[r].var[1]]]) {
        return 0;
      }
    }
    return 1;
  }
  uint64_t ways = 0;
  for (uint32_t n = 0; n < t->nodes; n++) {
    if (!given || given[var] == UINT32_MAX || given[var] == n) {
      at[var] = n;
      ways += try_all(t, (uint8_t)(var + 1), at, given);
    }
  }
  return ways;
}

static uint32_t node_of(const trial* t, pl_id id) {
  uint32_t n = 0;
  while (t->ids[n] != id) {
    n++;
  }
  return n;
}

/// Walk to the end, comparing the ways of each assignment of the walked variables with all tried.
static uint64_t walk(const trial* t, pl_mj_walker* w, uint8_t level, pl_mj_set set, uint32_t* given) {
  const pl_mj_shape* s = &t->shape;
  uint64_t total = 0;
  for (uint32_t i = 0; i < set.count; i++) {
    assert_true(i == 0 || set.values[i - 1] < set.values[i]);
    given[s->walk[level]] = node_of(t, w->data->ids[set.values[i]]);
    if (!pl_mj_give(w, level, set.values[i])) {
      continue;
    }
    if (level + 1 < s->walk_count) {
      total += walk(t, w, (uint8_t)(level + 1), pl_mj_allowed(w, (uint8_t)(level + 1)), given);
    } else {
      uint32_t at[PL_MJ_VARS_MAX];
      const uint64_t ways = pl_mj_ways(w);
      assert_int_equal(ways, try_all(t, 0, at, given));
      total += ways;
    }
  }
  given[s->walk[level]] = UINT32_MAX;
  return total;
}

static bool check_trial(trial* t, pl_mem* mem) {
  pl_mj_shape_make(&t->shape);
  if (!is_closed(&t->shape)) {
    return false;
  }
  pl_mj_data data = {.mem = mem};
  pl_mj_walker walker;
  uint32_t at[PL_MJ_VARS_MAX], given[PL_MJ_VARS_MAX], first[NODES];
  memset(given, 0xff, sizeof given);
  fill(t, &data);
  assert_int_equal(pl_mj_walker_init(&walker, &t->shape, &data, mem, NULL, NULL), PL_OK);
  const uint32_t count = pl_mj_first(&t->shape, &data, first);
  const uint64_t expected = try_all(t, 0, at, NULL);
  assert_int_equal(walk(t, &walker, 0, (pl_mj_set){first, count}, given), expected);
  assert_int_equal(pl_mj_count(&walker, first, count), PL_OK);
  assert_int_equal(walker.total, expected);
  pl_mj_walker_free(&walker);
  pl_mj_free(&data);
  return true;
}

static void test_random_joins(void** unused) {
  PL_UNUSED(unused);
  pl_mem mem;
  uint32_t checked = 0;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  for (uint32_t round = 0; round < ROUNDS; round++) {
    trial t;
    state = round;
    make_trial(&t);
    checked += check_trial(&t, &mem);
    assert_int_equal(mem.bytes_used, 0);
  }
  assert_true(checked > ROUNDS / 3);
}

/// A relation that says a pair twice is refused: counts would be wrong.
static void test_equal_pairs(void** unused) {
  PL_UNUSED(unused);
  pl_mem mem;
  pl_id a[3] = {5, 6, 5}, b[3] = {7, 7, 7};
  pl_id* columns[2] = {a, b};
  const pl_chunk chunk = {.columns = columns, .slot_count = 2, .count = 3, .selected = 3};
  const pl_slot slots[2] = {0, 1};
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_mj_data data = {.mem = &mem, .table_count = 1};
  data.tables[0].wanted[0] = true;
  assert_int_equal(pl_mj_add(&data, 0, &chunk, slots), PL_OK);
  assert_int_not_equal(pl_mj_seal(&data), PL_OK);
  pl_mj_free(&data);
  assert_int_equal(mem.bytes_used, 0);
}

// ---- tables of hash joins -----------------------------------------------------------------------------------------

enum { TABLE_ROWS = 400 };

/// Rows with keys from few values, sometimes null, sometimes standing for several; found again by each key.
static void check_table(pl_mem* mem, uint32_t keys, bool counted) {
  pl_arena arena;
  pl_jointable table;
  pl_id values[3][TABLE_ROWS];
  uint64_t times[TABLE_ROWS];
  const uint32_t width = keys + (counted ? 0 : 1), kinds = 1 + below(40);
  const uint64_t spread = below(2) ? 1 : (uint64_t)1 << 40;
  const bool many = below(2);
  pl_arena_init(&arena, mem);
  assert_int_equal(pl_jointable_init(&table, &arena, mem, NULL, NULL, keys, width), PL_OK);
  const uint32_t rows = below(TABLE_ROWS);
  for (uint32_t i = 0; i < rows; i++) {
    pl_id* columns[3] = {&values[0][i], &values[1][i], &values[2][i]};
    const pl_slot slots[3] = {0, 1, 2};
    for (uint32_t c = 0; c < 3; c++) {
      values[c][i] = below(kinds) * spread;  // 0 is null
    }
    times[i] = many ? 1 + below(3) : 1;
    const pl_chunk chunk = {.columns = columns,
                            .slot_count = 3,
                            .count = 1,
                            .selected = 1,
                            .multiplicity = many && times[i] > 1 ? &times[i] : NULL};
    assert_int_equal(pl_jointable_add(&table, &chunk, slots), PL_OK);
  }
  assert_int_equal(pl_jointable_seal(&table), PL_OK);
  for (uint32_t i = 0; i < rows; i++) {
    const pl_id* key[2] = {values[0], values[1]};
    uint64_t expected = 0;
    bool whole = true;
    for (uint32_t k = 0; k < keys; k++) {
      whole &= values[k][i] != PL_ID_NULL;
    }
    for (uint32_t j = 0; j < rows && whole; j++) {
      bool same = true;
      for (uint32_t k = 0; k < keys; k++) {
        same &= values[k][i] == values[k][j];
      }
      expected += same ? times[j] : 0;
    }
    assert_int_equal(pl_jointable_times(&table, key, i), expected);
  }
  pl_jointable_free(&table);
  pl_arena_free(&arena);
  assert_int_equal(mem->bytes_used, 0);
}

static void test_tables(void** unused) {
  PL_UNUSED(unused);
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  for (uint32_t round = 0; round < 300; round++) {
    state = round;
    check_table(&mem, round % 3, (round / 3) % 2);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_joins),
      cmocka_unit_test(test_equal_pairs),
      cmocka_unit_test(test_tables),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
