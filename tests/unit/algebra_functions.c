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

static void test_verify(void** state) {
  PL_UNUSED(state);
  const char* broken = NULL;
  pl_query query = {.kind = PL_QUERY_ROWS};
  assert_false(pl_query_verify(&query, &broken));
  assert_non_null(broken);
  pl_alg unit = {.kind = PL_ALG_UNIT};
  query.root = &unit;
  assert_true(pl_query_verify(&query, &broken));
  pl_verb verb = {.inverse = false};
  pl_alg scan = {.kind = PL_ALG_SCAN};
  scan.scan =
      (pl_alg_scan){.verbs = &verb, .verb_count = 1, .c = PL_SLOT_NONE, .mode = PL_SCAN_FACTS, .lens = PL_LENS_NONE};
  query.root = &scan;
  assert_true(pl_query_verify(&query, &broken));
  scan.scan.subject = (pl_ref){.kind = PL_REF_SLOT, .index = 0};  // there is no slot
  assert_false(pl_query_verify(&query, &broken));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_find),
      cmocka_unit_test(test_table),
      cmocka_unit_test(test_verify),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
