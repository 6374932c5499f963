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
    assert_true(t.heads[i] <= t.count);
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

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_clear), cmocka_unit_test(test_no_key)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
