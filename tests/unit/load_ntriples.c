/// N-Triples and N-Quads: terms, line ends, bad lines, reifiers, long lines, and every way of cutting the input into
/// reads.
#include "load_help.h"

static const pl_load_options no_options;
#define REIFIES "<http://www.w3.org/1999/02/22-rdf-syntax-ns#reifies>"

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

/// An IRI that comes again is taken without scanning it; one that only begins alike, or was bad, is not.
static void test_again(void** state) {
  PL_UNUSED(state);
  check_nt("<a:b> <b:c> <d:e> .\n<a:b> <b:c> <d:f> .\n<a:bc> <b:cd> <d:g> .\n<a:b> <b:c> <d:h> .\n<a:b",
           "<a:b> <b:c> <d:e> . #1\n<a:b> <b:c> <d:f> . #2\n<a:bc> <b:cd> <d:g> . #3\n<a:b> <b:c> <d:h> . #4\n"
           "bad #5:1 the IRI does not end on this line\n");
  check_nt("<ab> <b:c> <d:e> .\n<ab> <b:c> <d:e> .",
           "bad #1:1 the IRI is not absolute: it has no scheme such as `http:`\n"
           "bad #2:1 the IRI is not absolute: it has no scheme such as `http:`\n");
  check_nt("<a:b> <b:c d> <d:e> .\n<a:b> <b:c> <d:e> .\n_:x <b:c> <d:e> .\n<a:b> <b:c> \"1\" .",
           "<a:b> <b:c> <d:e> . #2\n_:" TEST_SCOPE
           "x <b:c> <d:e> . #3\n<a:b> <b:c> \"1\" . #4\n"
           "bad #1:11 this character cannot stand in an IRI\n");
  check_nt("<a:\\u00e9> <b:c> <d:e> .\n<a:\xC3\xA9> <b:c> <d:f> .\n<a:\\u00e9> <b:c> <d:g> .",
           "<a:\xC3\xA9> <b:c> <d:e> . #1\n<a:\xC3\xA9> <b:c> <d:f> . #2\n<a:\xC3\xA9> <b:c> <d:g> . #3\n");
}

/// What stands where, and what does not, token by token.
static void test_bad_tokens(void** state) {
  PL_UNUSED(state);
  static const struct {
    const char* line;  ///< the only one
    const char* what;  ///< is told
  } lines[] = {
      {"_x <b:c> <d:e> .", "1 a blank node is written `_:label`"},
      {"_: <b:c> <d:e> .", "1 a blank node is written `_:label`"},
      {"_:-x <b:c> <d:e> .", "1 a blank node is written `_:label`"},
      {"_:\xC3\x97 <b:c> <d:e> .", "1 a blank node is written `_:label`"},
      {"<a:b> \"p\" <d:e> .", "7 expected the predicate, an IRI in <>"},
      {"<> <b:c> <d:e> .", "1 the IRI is not absolute: it has no scheme such as `http:`"},
      {"<1a:b> <b:c> <d:e> .", "1 the IRI is not absolute: it has no scheme such as `http:`"},
      {"<a/b> <b:c> <d:e> .", "1 the IRI is not absolute: it has no scheme such as `http:`"},
      {"<a:\\u00e9 b> <b:c> <d:e> .", "10 this character cannot stand in an IRI"},
      {"<a:\\u00e9", "10 the string or IRI does not end on this line"},
      {"<a:\\u00eg> <b:c> <d:e> .", "4 this is not an escape sequence"},
      {"<a:\\u00e:> <b:c> <d:e> .", "4 this is not an escape sequence"},
      {"<a:\\u00e!> <b:c> <d:e> .", "4 this is not an escape sequence"},
      {"<a:\\t> <b:c> <d:e> .", "4 this is not an escape sequence"},
      {"<a:b> <b:c> \"x\\n .", "19 the string or IRI does not end on this line"},
      {"<a:b> <b:c> \"x\\U0011FFFF\" .", "15 this is not an escape sequence"},
      {"<a:b> <b:c> \"x\"^<d:t> .", "16 a datatype is written `^^<IRI>`"},
      {"<a:b> <b:c> \"x\"^^d:t .", "16 a datatype is written `^^<IRI>`"},
      {"<a:b> <b:c> \"x\"^^<dt> .", "18 the IRI is not absolute: it has no scheme such as `http:`"},
      {"<a:b> <b:c> \"x\"@1 .", "17 a language tag is letters, then groups of letters and digits joined with `-`"},
      {"<a:b> <b:c> \"x\"@en- .", "20 a language tag is letters, then groups of letters and digits joined with `-`"},
      {"VERSION 1.2", "9 expected a version such as \"1.2\""},
      {"VERSION \"1.2", "9 the string does not end on this line"},
      {"VERSION \"1.2\" x", "15 expected nothing more on this line"},
      {"VISION", "1 expected the subject: an IRI in <> or a blank node"},
      {"_:r " REIFIES " <<( \"x\" <b:c> <d:e> )>> .", "62 expected the subject of the triple term"},
      {"_:r " REIFIES " <<( <a:b> _:p <d:e> )>> .", "68 expected the predicate, an IRI in <>"},
      {"_:r " REIFIES " <<( <a:b> <b:c> <<( <a:b> <b:c> <d:e> )>> )>> .",
       "74 a triple term may only be what a blank node reifies"},
      {"_:r " REIFIES " <<( <a:b> <b:c> x )>> .", "74 expected the object: an IRI in <>, a blank node or a literal"},
      {"_:r " REIFIES " <<( <a:b> <b:c> <d:e> >> .", "80 expected `)>>` after the triple term"},
      {"_:r <s:p> <<( <a:b> <b:c> <d:e> )>> .", "11 a triple term may only be what a blank node reifies"},
  };
  for (size_t i = 0; i < PL_COUNT_OF(lines); i++) {
    char expected[160];
    (void)snprintf(expected, sizeof(expected), "bad #1:%s\n", lines[i].what);
    check_nt(lines[i].line, expected);
  }
  help_check(&pl_reader_nquads, &no_options, PL_STR("<a:b> <b:c> \"x\" <g h> .\n<a:b> <b:c> \"x\" g .\n"),
             "bad #1:19 this character cannot stand in an IRI\n"
             "bad #2:17 expected a graph or `.` at the end of the statement\n");
  help_check(&pl_reader_nquads, &no_options, PL_STR("_:r " REIFIES " <<( <a:b> <b:c> <d:e> )>> <g:h> .\n"),
             "bad #1:58 a triple term may only be what a blank node reifies\n");
}

static void test_labels(void** state) {
  PL_UNUSED(state);
  check_nt("_:x.y.<b:c> _:\xC3\xA9\xCC\x80 .", "bad #1:6 expected the predicate, an IRI in <>\n");
  check_nt("_:a-b <b:c> _:\xC3\xA9\xC2\xB7\xE2\x80\xBF.1.",
           "_:" TEST_SCOPE "a-b <b:c> _:" TEST_SCOPE "\xC3\xA9\xC2\xB7\xE2\x80\xBF.1 . #1\n");
  check_nt("<a:b> <b:c> _:\xC3\xA9\xC3\x97 .", "bad #1:16 expected `.` at the end of the statement\n");
  // Labels that look as if they were scoped but are not.
  check_nt(
      "_:xfedcba987654321g_q <b:c> _:n0123456789abcdef0123456789abcdeG .\n"
      "_:xfedcba9876543210aq <b:c> _:m0123456789abcdef0123456789abcdef .\n"
      "_:xfedcba987654321-_q <b:c> _:n0123456789abcdef0123456789abcde- .\n",
      "_:" TEST_SCOPE "xfedcba987654321g_q <b:c> _:" TEST_SCOPE
      "n0123456789abcdef0123456789abcdeG . #1\n"
      "_:" TEST_SCOPE "xfedcba9876543210aq <b:c> _:" TEST_SCOPE
      "m0123456789abcdef0123456789abcdef . #2\n"
      "_:" TEST_SCOPE "xfedcba987654321-_q <b:c> _:" TEST_SCOPE "n0123456789abcdef0123456789abcde- . #3\n");
}

/// Terms longer than the limit on lines that are not.
static void test_long_terms(void** state) {
  PL_UNUSED(state);
  const pl_load_options limited = {.literal_bytes_max = 5};
  help_check(&pl_reader_ntriples, &limited, PL_STR("<a:b> <b:c> \"12345\" .\n<a:b> <b:c> \"123456\" .\n"),
             "<a:b> <b:c> \"12345\" . #1\nbad #2:23 the term is longer than 5 bytes\n");
}

static void test_quads(void** state) {
  PL_UNUSED(state);
  help_check(&pl_reader_nquads, &no_options, PL_STR("<a:b> <b:c> \"x\" <g:h> .\n<a:b> <b:c> \"x\" _:g .\n"),
             "<a:b> <b:c> \"x\" <g:h> . #1\n<a:b> <b:c> \"x\" _:" TEST_SCOPE "g . #2\n");
}

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
      cmocka_unit_test(test_long_line), cmocka_unit_test(test_pieces),      cmocka_unit_test(test_bad_tokens),
      cmocka_unit_test(test_labels),    cmocka_unit_test(test_long_terms),  cmocka_unit_test(test_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
