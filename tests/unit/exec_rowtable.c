/// Hashed rows: found by their keys, also after clearing tables that are full and tables that are nearly empty.
#include "exec/rowtable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void fill(pl_rowtable* t, uint32_t from, uint32_t count) {
  for (uint32_t i = from; i < from + count; i++) {
    const pl_id row[2] = {i, i * 2};
    uint32_t index;
    bool added;
    assert_int_equal(pl_rowtable_put(t, row, &index, &added), PL_OK);
    assert_true(added);
    assert_int_equal(pl_rowtable_put(t, row, &index, &added), PL_OK);
    assert_false(added);
  }
}

static uint32_t count_found(const pl_rowtable* t, uint32_t count) {
  uint32_t found = 0;
  for (uint32_t i = 0; i < count; i++) {
    const pl_id key = i;
    const uint32_t at = pl_rowtable_find(t, &key);
    found += at != PL_ROW_NONE && pl_rowtable_row(t, at)[1] == (pl_id)i * 2;
  }
  return found;
}

static void test_clear(void** state) {
  PL_UNUSED(state);
  static const uint32_t sizes[] = {0, 1, 5000, 3, 0, 400, 2000, 1, 7};
  pl_mem mem;
  pl_rowtable t;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_rowtable_init(&t, &mem, NULL, NULL, 2, 1);
  for (size_t i = 0; i < PL_COUNT_OF(sizes); i++) {
    pl_rowtable_clear(&t);
    assert_int_equal(count_found(&t, 6000), 0);
    fill(&t, 100, sizes[i]);
    assert_int_equal(count_found(&t, 6000), sizes[i]);
  }
  for (size_t i = 0; i < t.head_count; i++) {  // no head is left behind
    assert_true(t.heads[i].row <= t.count);
  }
  pl_rowtable_free(&t);
  assert_int_equal(mem.bytes_used, 0);
}

static void test_no_key(void** state) {
  PL_UNUSED(state);
  pl_mem mem;
  pl_rowtable t;
  uint32_t index;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_rowtable_init(&t, &mem, NULL, NULL, 1, 0);
  for (pl_id i = 0; i < 3; i++) {
    assert_int_equal(pl_rowtable_add(&t, &i, &index), PL_OK);
  }
  assert_int_equal(pl_rowtable_find(&t, NULL), 2);
  pl_rowtable_clear(&t);
  assert_int_equal(pl_rowtable_find(&t, NULL), PL_ROW_NONE);
  pl_rowtable_free(&t);
}

/// Many keys at once get the numbers that they get one by one, whatever stands between the selected rows.
static void test_columns(void** state) {
  PL_UNUSED(state);
  enum { ROWS = 700, ROUNDS = 60 };
  pl_mem mem;
  pl_rowtable many;
  pl_rowtable single;
  static pl_id a[ROWS];
  static pl_id b[ROWS];
  static uint16_t rows[ROWS];
  static uint32_t index[ROWS];
  uint64_t draw = 88172645463325252u;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_rowtable_init(&many, &mem, NULL, NULL, 3, 3);
  pl_rowtable_init(&single, &mem, NULL, NULL, 3, 3);
  for (uint32_t round = 0; round < ROUNDS; round++) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
      draw ^= draw << 13;
      draw ^= draw >> 7;
      draw ^= draw << 17;
      a[i] = i % 3 ? draw % (round * 20 + 1) : a[i ? i - 1 : 0];
      b[i] = i % 3 ? (draw >> 32) % 7 : b[i ? i - 1 : 0];
      rows[count] = (uint16_t)i;
      count += round % 2 || draw >> 60 > 5;
    }
    const pl_id* const columns[3] = {a, NULL, b};
    assert_int_equal(pl_rowtable_put_columns(&many, columns, round % 2 ? NULL : rows, count, index), PL_OK);
    for (uint32_t i = 0; i < count; i++) {
      const uint32_t row = round % 2 ? i : rows[i];
      const pl_id key[3] = {a[row], PL_ID_NULL, b[row]};
      uint32_t expected;
      bool added;
      assert_int_equal(pl_rowtable_put(&single, key, &expected, &added), PL_OK);
      assert_int_equal(index[i], expected);
    }
    assert_int_equal(many.count, single.count);
  }
  assert_true(many.count > 4096);
  pl_rowtable_free(&many);
  pl_rowtable_free(&single);
  assert_int_equal(mem.bytes_used, 0);
}

/// Rows of one key follow each other from the newest to the oldest, whatever else is added between.
static void test_same_keys(void** state) {
  PL_UNUSED(state);
  enum { KEYS = 97, ROWS = 5000 };
  pl_mem mem;
  pl_rowtable t;
  uint32_t index;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_rowtable_init(&t, &mem, NULL, NULL, 2, 1);
  for (pl_id i = 0; i < ROWS; i++) {
    const pl_id row[2] = {i * i % KEYS, i};
    assert_int_equal(pl_rowtable_add(&t, row, &index), PL_OK);
    assert_int_equal(index, i);
  }
  uint32_t found = 0;
  for (pl_id key = 0; key < KEYS; key++) {
    uint32_t last = UINT32_MAX;
    for (uint32_t at = pl_rowtable_find(&t, &key); at != PL_ROW_NONE; at = pl_rowtable_next(&t, at)) {
      assert_true(at < last && pl_rowtable_row(&t, at)[0] == key);
      last = at;
      found++;
    }
  }
  assert_int_equal(found, ROWS);
  pl_rowtable_free(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_clear), cmocka_unit_test(test_no_key),
                                     cmocka_unit_test(test_columns), cmocka_unit_test(test_same_keys)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
