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
      cmocka_unit_test(test_terms),
      cmocka_unit_test(test_errors),
      cmocka_unit_test(test_graphs),
      cmocka_unit_test(test_nesting),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
