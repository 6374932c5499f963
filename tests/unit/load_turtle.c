/// Turtle and TriG: terms, bases, prefixes, places of errors, and going on behind a bad statement.
#include "load_help.h"

static const pl_load_options options = {.base = {"http://b/d/", 11}};

static void check_ttl(const char* text, const char* expected) {
  help_check(&pl_reader_turtle, &options, pl_str_c(text), expected);
}

static void test_terms(void** state) {
  PL_UNUSED(state);
  check_ttl("@prefix e: <http://e/> .\ne:a e:b e:c , \"x\"@EN ; a <rel> .",
            "<http://e/a> <http://e/b> <http://e/c> . #1\n<http://e/a> <http://e/b> \"x\"@en . #2\n"
            "<http://e/a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://b/d/rel> . #3\n");
  check_ttl(
      "<a:b> <c:d> 5, \"\"\"l\"o\n\"\"ng\"\"\" .",
      "<a:b> <c:d> \"5\"^^<http://www.w3.org/2001/XMLSchema#integer> . #1\n<a:b> <c:d> \"l\\\"o\\n\\\"\\\"ng\" . #2\n");
  check_ttl("", "");
  check_ttl("# nothing\n", "");
}

static void test_errors(void** state) {
  PL_UNUSED(state);
  check_ttl("<a:b> <c:d> <e:f> .\n<a:b> <c:d>\n  nope:x , <a:y> .\n<a:b> <c:d> <e:g> .\n",
            "<a:b> <c:d> <e:f> . #1\n<a:b> <c:d> <e:g> . #3\nbad #2:9 the prefix of `nope:x` is not declared\n");
}

/// IRIs against the base, and what no IRI can be.
static void test_iris(void** state) {
  PL_UNUSED(state);
  static const struct {
    const char* written;  ///< in <>
    const char* full;     ///< what it is
  } iris[] = {{"../x/./y?a/../b", "http://b/x/y?a/../b"},
              {"../../../x/..", "http://b/"},
              {"e/../..", "http://b/"},
              {".", "http://b/d/"},
              {"?q", "http://b/d/?q"},
              {"#f", "http://b/d/#f"},
              {"//h", "http://h"},
              {"a:b/../c", "a:b/../c"}};
  for (size_t i = 0; i < PL_COUNT_OF(iris); i++) {
    char text[96];
    char expected[96];
    (void)snprintf(text, sizeof(text), "<a:b> <c:d> <%s> .", iris[i].written);
    (void)snprintf(expected, sizeof(expected), "<a:b> <c:d> <%s> . #1\n", iris[i].full);
    check_ttl(text, expected);
  }
  static const pl_load_options none = {.base = {NULL, 0}};
  help_check(&pl_reader_turtle, &none,
             PL_STR("<a:b> <c:d> <e> .\n<a:b> <c:d> <e:f> .\n@base <m:o> . <a:b> <c:d> <e> .\n"),
             "<a:b> <c:d> <e:f> . #2\n<a:b> <c:d> <m:e> . #3\n"
             "bad #1:16 the IRI is not absolute: it has no scheme such as `http:`\n");
  check_ttl("@prefix e: <x:y z> .\n<a:b> <c:d> <e:f> .\n",
            "<a:b> <c:d> <e:f> . #2\nbad #1:18 invalid IRI character (escape %20)\n");
  check_ttl(
      "@prefix e: <x:\xFF> .\ne:a <c:d> <e:f> .\n<a:b> <c:d> <e:g> .\n",
      "<a:b> <c:d> <e:g> . #3\nbad #1:17 invalid UTF-8 start 0xFF\nbad #2:16 the prefix of `e:a` is not declared\n");
}

static void test_literals(void** state) {
  PL_UNUSED(state);
  check_ttl("<a:b> <c:d> 'x\\'y'@en-GB, \"s\"^^<http://www.w3.org/2001/XMLSchema#string>, '''l''m''', \"\" .",
            "<a:b> <c:d> \"x'y\"@en-gb . #1\n<a:b> <c:d> \"s\" . #2\n<a:b> <c:d> \"l''m\" . #3\n"
            "<a:b> <c:d> \"\" . #4\n");
  check_ttl("<a:b> <c:d> \"\\\\\\\\\" , \"(((\" . # ((( {\n<a:b> <c:d> \"[[\" .",
            "<a:b> <c:d> \"\\\\\\\\\" . #1\n<a:b> <c:d> \"(((\" . #2\n<a:b> <c:d> \"[[\" . #3\n");
  const pl_load_options limited = {.base = PL_STR("http://b/"), .literal_bytes_max = 20};
  help_check(&pl_reader_turtle, &limited,
             PL_STR("@prefix e: <http://e/0123456789> .\n<a:b> <c:d> \"123456789012345678901\" .\n<a:b> <c:d> e:abc .\n"
                    "<a:b> <c:d> <01234567890123456789> .\n<a:b> <c:d> \"12345678901234567890\" .\n"),
             "<a:b> <c:d> \"12345678901234567890\" . #4\nbad #1:36 the term is longer than 20 bytes\nbad #2:18 the "
             "term is longer than 20 bytes\nbad #3:35 the term is longer than 20 bytes\n");
}

static void test_bad_bytes(void** state) {
  PL_UNUSED(state);
  help_check(&pl_reader_turtle, &options, ((pl_str){"<a:b> <c:d> \0 <e:f> .\n<a:b> <c:d> <e:g> .\n", 42}),
             "<a:b> <c:d> <e:g> . #2\nbad #1:14 a zero byte cannot stand in a document\n");
  check_ttl("<a:b> <c:d> \"\xFF\" .\n<a:b> <c:d> <e:g> .\n",
            "<a:b> <c:d> <e:g> . #2\nbad #1:16 invalid UTF-8 start 0xFF\n");
  check_ttl("<a:b> \"p\" <e:f> .\n<a:b> <c:d> <e:g> .\n", "<a:b> <c:d> <e:g> . #2\nbad #1:8 bad verb\n");
  check_ttl("<a:b> <c:d> <e:f>", "bad #1:18 unexpected end of file\n");
  check_ttl("<a:b> <c:d> <e:f> . \"lit\" <c:d> <e:f> . \t\r\n<a:b> <c:d> <e:g> .\n",
            "<a:b> <c:d> <e:f> . #1\n<a:b> <c:d> <e:g> . #3\nbad #2:22 bad verb\n");
  help_check(&pl_reader_trig, &options,
             PL_STR("<a:g> { <a:b> <c:d> nope:x . <a:b> <c:d> <e:f> .\n}\n<a:b> <c:d> <e:g> .\n"),
             "<a:b> <c:d> <e:g> . #2\nbad #1:28 missing predicate object list\n");
  help_check(&pl_reader_trig, &options, PL_STR("_:g { <a:b> <c:d> <e:f> . }\n\"g\" { <a:b> <c:d> <e:f> . }\n"),
             "<a:b> <c:d> <e:f> _:" TEST_SCOPE "g . #1\nbad #2:1 bad verb\n");
}

static void test_graphs(void** state) {
  PL_UNUSED(state);
  help_check(&pl_reader_trig, &options, PL_STR("<a:g> { <a:b> <c:d> <e:f> . }\n<a:b> <c:d> <e:g> .\n"),
             "<a:b> <c:d> <e:f> <a:g> . #1\n<a:b> <c:d> <e:g> . #2\n");
}

static void test_nesting(void** state) {
  PL_UNUSED(state);
  enum { DEPTH = 100000 };
  char* const text = malloc(DEPTH + 64);
  assert_non_null(text);
  const int start = sprintf(text, "<a:b> <c:d> ");
  memset(text + start, '(', DEPTH);
  (void)sprintf(text + start + DEPTH, "\n<a:b> <c:d> <e:f> .\n");
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error err;
  pl_error_init(&err, &mem);
  const pl_input input = {.memory = pl_str_c(text), .name = "test"};
  read_result result = help_read_input(&pl_reader_turtle, &input, &options, &mem, &err, true);
  assert_int_equal(result.status, PL_DONE);
  assert_int_equal(result.bad, 1);
  pl_buf_free(&result.text);
  free(text);
  assert_int_equal(mem.bytes_used, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_terms),    cmocka_unit_test(test_errors),    cmocka_unit_test(test_iris),
      cmocka_unit_test(test_literals), cmocka_unit_test(test_bad_bytes), cmocka_unit_test(test_graphs),
      cmocka_unit_test(test_nesting),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
