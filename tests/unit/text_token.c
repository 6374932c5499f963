/// Words: what the rules of Unicode part and join, in several scripts, and which texts hold the words of others.
#include "text/fold.h"
#include "text/token.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/// Words of a folded text, joined by `|`.
static void check_words(const char* text, bool query, const char* expected) {
  pl_mem mem;
  pl_buf folded, out;
  pl_str word;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_buf_init(&folded, &mem, SIZE_MAX);
  pl_buf_init(&out, &mem, SIZE_MAX);
  assert_int_equal(pl_fold(pl_str_c(text), &folded), PL_OK);
  pl_tokens tokens = pl_tokens_of(pl_buf_view(&folded), query);
  while (pl_tokens_next(&tokens, &word)) {
    assert_true(word.len > 0);
    assert_int_equal(pl_buf_str(&out, out.len ? PL_STR("|") : PL_STR("")), PL_OK);
    assert_int_equal(pl_buf_str(&out, word), PL_OK);
  }
  assert_int_equal(pl_buf_append(&out, "", 1), PL_OK);
  assert_string_equal(out.data, expected);
  pl_buf_free(&folded);
  pl_buf_free(&out);
  assert_int_equal(mem.bytes_used, 0);
}

static void check_match(const char* text, const char* query, bool expected) {
  pl_mem mem;
  pl_words words;
  pl_buf folded;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_words_init(&words, &mem);
  pl_buf_init(&folded, &mem, SIZE_MAX);
  assert_int_equal(pl_fold(pl_str_c(text), &folded), PL_OK);
  assert_int_equal(pl_words_set(&words, pl_str_c(query), NULL, NULL), PL_OK);
  for (int i = 0; i < 2; i++) {  // words can be used again
    bool found;
    assert_int_equal(pl_words_match(&words, pl_buf_view(&folded), NULL, NULL, &found), PL_OK);
    if (found != expected) {
      fail_msg("`%s` ~ `%s` is not %d", text, query, expected);
    }
  }
  pl_buf_free(&folded);
  pl_words_free(&words);
  assert_int_equal(mem.bytes_used, 0);
}

static void test_words(void** state) {
  PL_UNUSED(state);
  check_words("", false, "");
  check_words(" .,-!? ", false, "");
  check_words("Hello, World-Wide (web)", false, "hello|world|wide|web");
  check_words(
      "don't O\xE2\x80\x99"
      "Brien 'quoted' rock'",
      false, "don't|o'brien|quoted|rock");
  check_words("3.14 1,000,000 1. 2,", false, "3.14|1,000,000|1|2");
  check_words("J.K. Rowling snake_case a.b", false, "j|k|rowling|snake|case|a|b");
  check_words("B2B 4x4 C++", false, "b2b|4x4|c");
}

static void test_scripts(void** state) {
  PL_UNUSED(state);
  check_words("Nguyễn Phú Trọng, Đà Nẵng", false, "nguyen|phu|trong|da|nang");
  check_words("Le\xCC\x82 Hoa\xCC\x80i", false, "le|hoai");
  check_words("مُحَمَّد بن سلمان، الرياض", false, "محمد|بن|سلمان|الرياض");
  check_words("İstanbul ve IĞDIR", false, "istanbul|ve|igdir");
  check_words("ısı", false, "isi");
  check_words("Straße, Größe", false, "strasse|grosse");
  check_words("Ὀδυσσεύς, Αθήνα", false, "οδυσσευσ|αθηνα");
  check_words("Ольга Ёлкина", false, "ольга|елкина");
  check_words("हिन्दी भाषा", false, "हिन्दी|भाषा");
  check_words("٣٤ م²", false, "٣٤|م2");
  check_words("ʘa ꙮ \xE2\x84\xAF\xCA\xBC", false, "ʘa|ꙮ|e");
  check_words("1.a a'1 2,b", false, "1|a|a|1|2|b");
  check_words(
      "a\xFF"
      "b",
      false, "a|b");
}

static void test_unspaced(void** state) {
  PL_UNUSED(state);
  check_words("習近平", false, "習近|近平|平");
  check_words("習近平", true, "習近|近平");
  check_words("習", false, "習");
  check_words("習", true, "習");
  check_words("中国 2023年9月", false, "中国|国|2023|年|9|月");
  check_words("iPhone手机", false, "iphone|手机|机");
  check_words("東京タワー", false, "東京|京タ|タワ|ワー|ー");
  check_words("ひらがな", true, "ひら|らか\xE3\x82\x99|か\xE3\x82\x99な");
  check_words("𠀀𠀁", false, "𠀀𠀁|𠀁");
}

static void test_match(void** state) {
  PL_UNUSED(state);
  check_match("Lê Hoài Trung", "trung le", true);
  check_match("Le Hoai Trung", "Lê Hoài", true);
  check_match("Le Hoai Trung", "run", false);
  check_match("Le Hoai Trung", "trungs", false);
  check_match("digital economy", "DIGI", true);
  check_match("anything", "", true);
  check_match("", "", true);
  check_match("", "a", false);
  check_match("Straße", "strass", true);
  check_match("STRASSE", "straße", true);
  check_match("IĞDIR", "ığdır", true);
  check_match("ΟΔΥΣΣΕΥΣ", "όδυσσεύς", true);
  check_match("O'Brien",
              "O\xE2\x80\x99"
              "Brien",
              true);
  check_match("中华人民共和国", "人民", true);
  check_match("中华人民共和国", "国", true);
  check_match("中华人民共和国", "华共", false);
  check_match("中华人民共和国", "共和国 中", true);
}

/// Words of the query that begin each other are all met by one word, and each alone by its own.
static void test_nested_words(void** state) {
  PL_UNUSED(state);
  check_match("abcdef", "a ab abc abcd abcdef", true);
  check_match("abcx", "a ab abc abcd", false);
  check_match("ab b", "a b ab ba", false);
  check_match("ba ab", "a b ab ba a", true);
  check_match("abd", "a ab abc", false);
  check_match("abd abcz", "a ab abc", true);
}

/// Against a plain reading of the definition, on random words of two letters.
static void test_against_definition(void** state) {
  PL_UNUSED(state);
  uint64_t seed = 7;
  for (unsigned round = 0; round < 20000; round++) {
    char texts[2][24];
    for (unsigned t = 0; t < 2; t++) {
      const size_t len = (seed = seed * 6364136223846793005u + 1442695040888963407u) >> 60;
      for (size_t i = 0; i < len; i++) {
        texts[t][i] = "aab "[(seed = seed * 6364136223846793005u + 1442695040888963407u) >> 62];
      }
      texts[t][len] = '\0';
    }
    bool all = true;
    pl_str q, x;
    pl_tokens query = pl_tokens_of(pl_str_c(texts[1]), true);
    while (pl_tokens_next(&query, &q)) {
      bool some = false;
      pl_tokens text = pl_tokens_of(pl_str_c(texts[0]), false);
      while (pl_tokens_next(&text, &x)) {
        some |= pl_str_starts(x, q);
      }
      all &= some;
    }
    check_match(texts[0], texts[1], all);
  }
}

static void test_hostile(void** state) {
  PL_UNUSED(state);
  check_words("\xFF\xFE", false, "");
  check_words(
      "a\xFF"
      "b",
      false, "a|b");
  check_words("\xCC\x81\xCC\x81", false, "");
  check_words("\xE3\x82\x99", false, "");
  check_match("\xE4\xB9", "a", false);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_words),   cmocka_unit_test(test_scripts),      cmocka_unit_test(test_unspaced),
      cmocka_unit_test(test_match),   cmocka_unit_test(test_nested_words), cmocka_unit_test(test_against_definition),
      cmocka_unit_test(test_hostile),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
