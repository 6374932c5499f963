/// UTF-8 against every code point and against the boundary cases of the standard's table of well-formed sequences.
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_round_trip(void** state) {
  PL_UNUSED(state);
  for (uint32_t c = 0; c < 0x110400; c++) {
    char out[4];
    const size_t len = pl_utf8_put(out, c);
    const bool valid = c <= 0x10FFFF && !(c >= 0xD800 && c <= 0xDFFF);
    assert_int_equal(len != 0, valid);
    if (valid) {
      size_t pos = 0;
      assert_int_equal(pl_utf8_next((pl_str){out, len}, &pos), c);
      assert_int_equal(pos, len);
      assert_int_equal(pl_utf8_check((pl_str){out, len}), len);
      assert_int_equal(pl_utf8_check((pl_str){out, len - 1}), 0);
    }
  }
}

static void test_malformed(void** state) {
  PL_UNUSED(state);
  static const pl_str bad[] = {
      PL_STR("\x80"),
      PL_STR("\xC0\x80"),
      PL_STR("\xC1\xBF"),
      PL_STR("\xE0\x9F\xBF"),
      PL_STR("\xED\xA0\x80"),
      PL_STR("\xF0\x8F\xBF\xBF"),
      PL_STR("\xF4\x90\x80\x80"),
      PL_STR("\xF5\x80\x80\x80"),
      PL_STR("\xC3"),
      PL_STR("\xE2\x82"),
      PL_STR("\xF0\x9F\x92"),
      PL_STR("\xC3\x28"),
      PL_STR("\xFE"),
      PL_STR("\xFF"),
      PL_STR("\xE2\x28\xA1"),
  };
  for (size_t i = 0; i < PL_COUNT_OF(bad); i++) {
    assert_int_equal(pl_utf8_check(bad[i]), 0);
    size_t pos = 0;
    assert_int_equal(pl_utf8_next(bad[i], &pos), UINT32_MAX);
    assert_int_equal(pos, 1);
  }
}

static void test_ascii_runs(void** state) {
  PL_UNUSED(state);
  char text[100];
  for (size_t len = 0; len <= sizeof(text); len++) {
    memset(text, 'a', sizeof(text));
    assert_int_equal(pl_utf8_check((pl_str){text, len}), len);
    for (size_t bad = 0; bad < len; bad++) {
      text[bad] = (char)0xFF;
      assert_int_equal(pl_utf8_check((pl_str){text, len}), bad);
      text[bad] = 'a';
    }
  }
  assert_int_equal(pl_utf8_check((pl_str){NULL, 0}), 0);
}

static void test_measures(void** state) {
  PL_UNUSED(state);
  assert_int_equal(pl_utf8_count(PL_STR("xin ch\u00e0o")), 8);
  assert_int_equal(pl_utf8_count(PL_STR("a\xFF\xFE")), 3);
  assert_int_equal(pl_utf8_width(PL_STR("\u4e2d\u6587")), 4);
  assert_int_equal(pl_utf8_width(PL_STR("e\u0301")), 1);
  assert_int_equal(pl_utf8_width(PL_STR("a\tb\x7F\xFF")), 3);
  assert_int_equal(pl_utf8_width(PL_STR("")), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_malformed),
      cmocka_unit_test(test_ascii_runs),
      cmocka_unit_test(test_measures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
