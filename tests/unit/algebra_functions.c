/// The table of functions: looked up by name, operators apart, and sound in itself.
#include "algebra/algebra.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_find(void** state) {
  PL_UNUSED(state);
  assert_int_equal(pl_fn_find(PL_STR("days_between")), PL_FN_DAYS_BETWEEN);
  assert_int_equal(pl_fn_find(PL_STR("count")), PL_FN_COUNT);
  assert_int_equal(pl_fn_find(PL_STR("and")), PL_FN_COUNT_);
  assert_int_equal(pl_fn_find(PL_STR("prior")), PL_FN_COUNT_);
  assert_int_equal(pl_fn_find(PL_STR("")), PL_FN_COUNT_);
}

static void test_table(void** state) {
  PL_UNUSED(state);
  for (int fn = 0; fn < PL_FN_COUNT_; fn++) {
    const pl_fn_info* const info = &pl_fn_table[fn];
    assert_true(info->args_min <= info->args_max);
    const bool operator_only = info->flags & PL_FN_OPERATOR;
    assert_int_equal(pl_fn_find(pl_str_c(info->name)), operator_only ? PL_FN_COUNT_ : fn);
    assert_false(operator_only && (info->flags & PL_FN_AGGREGATE));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_find),
      cmocka_unit_test(test_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
