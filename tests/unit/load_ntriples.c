/// N-Triples and N-Quads: terms, line ends, bad lines, reifiers, long lines, and every way of cutting the input into
/// reads.
#include "load_help.h"

static const pl_load_options no_options;

static void check_nt(const char* text, const char* expected) {
  help_check(&pl_reader_ntriples, &no_options, pl_str_c(text), expected);
}

static void test_terms(void** state) {
  PL_UNUSED(state);
  check_nt("<http://a> <b:c> <http://d> .\n", "<http://a> <b:c> <http://d> . #1\n");
  check_nt("_:x <b:c> _:y.z .", "_:" TEST_SCOPE "x <b:c> _:" TEST_SCOPE "y.z . #1\n");
  check_nt("<a:b><b:c>\"x\\ty\\u00e9\"@EN-us.#end", "<a:b> <b:c> \"x\\ty\xC3\xA9\"@en-us . #1\n");
  check_nt("<a:b> <b:c> \"5\"^^<http://www.w3.org/2001/XMLSchema#integer> .",
           "<a:b> <b:c> \"5\"^^<http://www.w3.org/2001/XMLSchema#integer> . #1\n");
  check_nt("<a:b> <b:c> \"s\"^^<http://www.w3.org/2001/XMLSchema#string> .", "<a:b> <b:c> \"s\" . #1\n");
  check_nt("<a:\\u00e9> <b:c> \"\" .", "<a:\xC3\xA9> <b:c> \"\" . #1\n");
  check_nt("VERSION \"1.2\"\n<a:b> <b:c> <d:e> .", "<a:b> <b:c> <d:e> . #2\n");
}

static void test_kept_labels(void** state) {
  PL_UNUSED(state);
  check_nt("_:xfedcba9876543210_q <b:c> _:r0123456789abcdef0123456789abcdef .",
           "_:xfedcba9876543210_q <b:c> _:r0123456789abcdef0123456789abcdef . #1\n");
}

static void test_line_ends(void** state) {
  PL_UNUSED(state);
  check_nt("\xEF\xBB\xBF# comment\r\n\r\n  <a:b> <b:c> <d:e> .  # more\r\n<a:b> <b:c> <d:f> .\r<a:b> <b:c> <d:g> .",
           "<a:b> <b:c> <d:e> . #3\n<a:b> <b:c> <d:f> . #4\n<a:b> <b:c> <d:g> . #4\n");
  check_nt("", "");
  check_nt("\n\n", "");
}

static void test_bad_lines(void** state) {
  PL_UNUSED(state);
  check_nt("<a:b> <b:c> <d:e> \n<a:b> <b:c> <d:e> .",
           "<a:b> <b:c> <d:e> . #2\n"
           "bad #1:19 expected `.` at the end of the statement\n");
  check_nt("<a:b> <b:c> <d e> .", "bad #1:15 this character cannot stand in an IRI\n");
  check_nt("<a:b> <b:c> <d\\u0020e> .", "bad #1:15 this character cannot stand in an IRI\n");
  check_nt("<ab> <b:c> <d:e> .", "bad #1:1 the IRI is not absolute: it has no scheme such as `http:`\n");
  check_nt("<a:b> <b:c> \"x .", "bad #1:13 the string does not end on this line\n");
  check_nt("<a:b> <b:c> \"\\q\" .", "bad #1:14 this is not an escape sequence\n");
  check_nt("<a:b> <b:c> \"\\uD800\" .", "bad #1:14 this is not an escape sequence\n");
  check_nt("\"x\" <b:c> <d:e> .", "bad #1:1 expected the subject: an IRI in <> or a blank node\n");
  check_nt("<a:b> <b:c> <d:e> . <f:g>", "bad #1:21 expected nothing more on this line\n");
  check_nt("<a:b> <b:c> \"\xFF\" .", "bad #1:14 invalid UTF-8\n");
  check_nt("<a:b> <b:c> <d:e> <g:h> .", "bad #1:19 expected `.` at the end of the statement\n");
  check_nt("<a:b", "bad #1:1 the IRI does not end on this line\n");
  check_nt("<a:b> <b:c> \"\\", "bad #1:14 this is not an escape sequence\n");
}

static void test_quads(void** state) {
  PL_UNUSED(state);
  help_check(&pl_reader_nquads, &no_options, PL_STR("<a:b> <b:c> \"x\" <g:h> .\n<a:b> <b:c> \"x\" _:g .\n"),
             "<a:b> <b:c> \"x\" <g:h> . #1\n<a:b> <b:c> \"x\" _:" TEST_SCOPE "g . #2\n");
}

#define REIFIES "<http://www.w3.org/1999/02/22-rdf-syntax-ns#reifies>"

static void test_reifiers(void** state) {
  PL_UNUSED(state);
  check_nt("_:r " REIFIES " <<( <a:b> <b:c> \"x\" )>> .\n_:q <b:c> <d:e> .\n_:r <s:p> \"1\" .\n_:r <s:q> \"2\" .\n",
           "_:" TEST_SCOPE "q <b:c> <d:e> . #2\n<a:b> <b:c> \"x\" { <s:p> \"1\" ; <s:q> \"2\" ; } . #4\n");
  check_nt("_:r " REIFIES " <<( <a:b> <b:c> <d:e> )>> .\n", "<a:b> <b:c> <d:e> . #1\n");
  check_nt("<a:r> " REIFIES " <<( <a:b> <b:c> <d:e> )>> .\n",
           "bad #1:60 a triple term may only be what a blank node reifies\n");
}

/// A literal much longer than a block, and a limit that it passes.
static void test_long_line(void** state) {
  PL_UNUSED(state);
  enum { LEN = 3000000 };
  char* const text = malloc(LEN + 64);
  assert_non_null(text);
  const int start = sprintf(text, "<a:b> <b:c> \"");
  memset(text + start, 'x', LEN);
  const int tail = sprintf(text + start + LEN, "\" .\n<a:b> <b:c> <d:e> .\n");
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error err;
  pl_error_init(&err, &mem);
  const pl_input input = {.memory = {text, (size_t)(start + LEN + tail)}, .name = "test"};
  read_result result = help_read_input(&pl_reader_ntriples, &input, &no_options, &mem, &err, false);
  assert_int_equal(result.status, PL_DONE);
  assert_int_equal(result.statements, 2);
  const pl_load_options limited = {.literal_bytes_max = 1000000};
  result = help_read_input(&pl_reader_ntriples, &input, &limited, &mem, &err, true);
  assert_int_equal(result.status, PL_DONE);
  assert_int_equal(result.statements, 1);
  assert_int_equal(result.bad, 1);
  assert_int_equal(result.rows, 2);
  pl_buf_free(&result.text);
  free(text);
  assert_int_equal(mem.bytes_used, 0);
}

typedef struct pieces {
  pl_str text;   ///< document
  size_t pos;    ///< delivered
  size_t piece;  ///< bytes a read gives
} pieces;

static int read_piece(void* user, char* buf, size_t size, size_t* len) {
  pieces* const p = user;
  *len = p->text.len - p->pos < p->piece ? p->text.len - p->pos : p->piece;
  *len = *len < size ? *len : size;
  memcpy(buf, p->text.data + p->pos, *len);
  p->pos += *len;
  return 0;
}

/// However the bytes arrive, the statements are the same.
static void test_pieces(void** state) {
  PL_UNUSED(state);
  const pl_str text = PL_STR("<a:b> <b:c> \"one\" .\n# two\n<a:b> <b:c> \"three\" .\n<a:b> <b:c> \"four\" .");
  for (size_t piece = 1; piece < text.len; piece++) {
    for (uint64_t every = 0; every < 2; every++) {
      pl_mem mem;
      pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
      pl_error err;
      pl_error_init(&err, &mem);
      pieces p = {.text = text, .piece = piece};
      const pl_input input = {.read = read_piece, .user = &p, .name = "test"};
      const pl_load_options options = {.commit_every = every};
      read_result result = help_read_input(&pl_reader_ntriples, &input, &options, &mem, &err, true);
      assert_int_equal(result.status, PL_DONE);
      assert_string_equal(result.text.data,
                          "<a:b> <b:c> \"one\" . #1\n<a:b> <b:c> \"three\" . #3\n<a:b> <b:c> \"four\" . #4\n");
      assert_int_equal(result.rows, 4);
      pl_buf_free(&result.text);
      assert_int_equal(mem.bytes_used, 0);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_terms),     cmocka_unit_test(test_kept_labels), cmocka_unit_test(test_line_ends),
      cmocka_unit_test(test_bad_lines), cmocka_unit_test(test_quads),       cmocka_unit_test(test_reifiers),
      cmocka_unit_test(test_long_line), cmocka_unit_test(test_pieces),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
