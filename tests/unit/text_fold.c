/// Folding by language: what people type is found whatever diacritics, case and width the text has.
#include "text/fold.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check(const char* text, const char* expected) {
  pl_mem mem;
  pl_buf buf;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_buf_init(&buf, &mem, SIZE_MAX);
  assert_int_equal(pl_fold(pl_str_c(text), &buf), PL_OK);
  assert_string_equal(buf.data ? buf.data : "", expected);
  pl_buf_free(&buf);
  assert_int_equal(mem.bytes_used, 0);
}

static void test_latin(void** state) {
  PL_UNUSED(state);
  check("", "");
  check("Plain ASCII, 42!", "plain ascii, 42!");
  check("Lê Hoài Trung", "le hoai trung");
  check("Le\xCC\x82 Hoa\xCC\x80i Trung", "le hoai trung");
  check("Nguyễn Phú Trọng, Đà Nẵng, ơƠưƯ", "nguyen phu trong, da nang, oouu");
  check("Straße Größe ẞ", "strasse grosse ss");
  check("İstanbul IĞDIR ıI", "istanbul igdir ii");
  check("Łódź Øresund Æsop Œuvre Þór Ŋ Ħal", "lodz oresund aesop oeuvre thor n hal");
  check("ﬁn Ⅷ ½", "fin viii 1⁄2");
}

static void test_other_scripts(void** state) {
  PL_UNUSED(state);
  check("ΌΔΥΣΣΕΎΣ όδυσσεύς", "οδυσσευσ οδυσσευσ");
  check("مُحَمَّد", "محمد");
  check("محـــمد أحمد ٱلله", "محمد احمد الله");
  check("ＡＢＣ１２３　ｱ", "abc123 ア");
  check("習近平", "習近平");
  check("على علی کابل", "علي علي كابل");
  check("a\xE2\x83\x9D 1\xEF\xB8\x8F\xE2\x83\xA3", "a 1");
  check("שָׁלוֹם", "שלום");
  check("Ёлка", "елка");
}

/// Marks that tell words apart stay.
static void test_marks_kept(void** state) {
  PL_UNUSED(state);
  check("की", "की");
  check("कि", "कि");
  check("กู", "กู");
  check("が", "か\xE3\x82\x99");
}

static void test_hostile(void** state) {
  PL_UNUSED(state);
  check(
      "a\xFF"
      "b",
      "a\xEF\xBF\xBD"
      "b");
  check("\xE2\x80\x8D\xC2\xAD", "");
  pl_mem mem;
  pl_buf buf;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_buf_init(&buf, &mem, 4);
  assert_int_equal(pl_fold(PL_STR("Đà Nẵng"), &buf), PL_ERR_LIMIT);
  pl_buf_free(&buf);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_latin),
      cmocka_unit_test(test_other_scripts),
      cmocka_unit_test(test_marks_kept),
      cmocka_unit_test(test_hostile),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
