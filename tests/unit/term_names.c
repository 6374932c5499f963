/// Names: base and prefixes, percent-encoding, the text a query would write.
#include <stdlib.h>

#include "term_check.h"

typedef struct fixture {
  pl_mem mem;      ///< account
  pl_arena arena;  ///< of made IRIs
  pl_buf buf;      ///< of written names
} fixture;

static void begin(fixture* f) {
  pl_mem_init(&f->mem, NULL, NULL, SIZE_MAX);
  pl_arena_init(&f->arena, &f->mem);
  pl_buf_init(&f->buf, &f->mem, 1 << 20);
}

static void end(fixture* f) {
  pl_buf_free(&f->buf);
  pl_arena_free(&f->arena);
  assert_int_equal(f->mem.bytes_used, 0);
}

static bool reserved(pl_str word) { return pl_str_eq(word, PL_STR("order")); }

static const pl_prefix prefixes[] = {
    {PL_STR("ex"), PL_STR("http://example.org/")}, {PL_STR("ns"), PL_STR("http://example.org/ns/")},
    {PL_STR("foaf"), PL_STR("http://other/")},     {PL_STR("old"), PL_STR("http://old/")},
    {PL_STR("old"), PL_STR("http://new/")},
};
static const pl_names names = {
    .base = PL_STR(PL_BASE_DEFAULT), .prefixes = prefixes, .prefix_count = PL_COUNT_OF(prefixes)};

static void test_to_iri(void** state) {
  PL_UNUSED(state);
  static const char* const rows[][3] = {
      // text, IRI, readable text of the IRI
      {"Le Hoai Trung", "urn:parley:Le_Hoai_Trung", "Le_Hoai_Trung"},
      {"L\xc3\xaa 100%", "urn:parley:L\xc3\xaa_100%25", "L\xc3\xaa_100%"},
      {"a<b>\"{}|\\^`\n", "urn:parley:a%3Cb%3E%22%7B%7D%7C%5C%5E%60%0A", "a<b>\"{}|\\^`\n"},
  };
  fixture f;
  begin(&f);
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    const pl_str iri = pl_name_to_iri(&f.arena, names.base, pl_str_c(rows[i][0]));
    check_text(iri, rows[i][1]);
    assert_int_equal(pl_iri_check(iri), iri.len);
    pl_buf_clear(&f.buf);
    assert_true(pl_name_from_iri(&f.buf, names.base, iri));
    check_text(pl_buf_view(&f.buf), rows[i][2]);
  }
  pl_buf_clear(&f.buf);
  assert_true(pl_name_from_iri(&f.buf, names.base, PL_STR("urn:parley:a%FFb%4")));
  check_text(pl_buf_view(&f.buf), "a%FFb%4");
  pl_buf_clear(&f.buf);
  assert_true(pl_name_from_iri(&f.buf, names.base, PL_STR("urn:parley:%:1%1:%@1%1@%g1%1g%c3%AA%")));
  check_text(pl_buf_view(&f.buf), "%:1%1:%@1%1@%g1%1g\xc3\xaa%");
  check_text(pl_name_to_iri(&f.arena, (pl_str){0}, PL_STR("a b")), "a_b");
  assert_false(pl_name_from_iri(&f.buf, names.base, PL_STR("urn:other:a")));
  assert_false(pl_name_from_iri(&f.buf, names.base, names.base));
  end(&f);
}

static void test_expand(void** state) {
  PL_UNUSED(state);
  static const char* const rows[][2] = {
      {"ex:a", "http://example.org/a"}, {"old:a", "http://new/a"}, {"foaf:x", "http://other/x"},
      {"rdf:type", PL_RDF "type"},      {"xsd:", PL_XSD},
  };
  fixture f;
  begin(&f);
  pl_str iri;
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    assert_true(pl_name_expand(&f.arena, &names, pl_str_c(rows[i][0]), &iri));
    check_text(iri, rows[i][1]);
  }
  assert_false(pl_name_expand(&f.arena, &names, PL_STR("nope:a"), &iri));
  assert_false(pl_name_expand(&f.arena, NULL, PL_STR("a"), &iri));
  assert_false(pl_name_expand(&f.arena, &names, PL_STR(""), &iri));
  assert_false(pl_name_expand(&f.arena, NULL, PL_STR("ex:a"), &iri));
  assert_true(pl_name_expand(&f.arena, NULL, PL_STR("rdf:type"), &iri));
  check_text(iri, PL_RDF "type");
  end(&f);
}

static void test_bare(void** state) {
  PL_UNUSED(state);
  static const char* const good[] = {"x", "Le_Hoai_Trung", "L\xc3\xaa", "a1", "U.S.A", "_x", "a-b"};
  static const char* const bad[] = {"",   "_",  "a",   "1a",  "a.",  ".a",    "a..b",
                                    "a-", "-a", "a b", "a:b", "a/b", "order", "\xff"};
  for (size_t i = 0; i < PL_COUNT_OF(good); i++) {
    assert_true(pl_name_is_bare(pl_str_c(good[i]), reserved));
  }
  for (size_t i = 0; i < PL_COUNT_OF(bad); i++) {
    assert_false(pl_name_is_bare(pl_str_c(bad[i]), reserved));
  }
  assert_true(pl_name_is_bare(PL_STR("order"), NULL));
}

static void check_name(fixture* f, const pl_term* term, const char* expected) {
  pl_buf_clear(&f->buf);
  assert_int_equal(pl_term_write_name(&f->buf, &names, reserved, term), PL_OK);
  check_text(pl_buf_view(&f->buf), expected);
}

static void test_write_iri(void** state) {
  PL_UNUSED(state);
  static const char* const rows[][2] = {
      {"urn:parley:Le_Hoai_Trung", "Le_Hoai_Trung"},
      {"urn:parley:L\xc3\xaa_100%25", "`L\xc3\xaa_100%`"},
      {"urn:parley:order", "`order`"},
      {"urn:parley:a", "`a`"},
      {"urn:parley:a/b", "`a/b`"},
      {"urn:parley:a%2Fb", "<urn:parley:a%2Fb>"},
      {"urn:parley:a%20b", "<urn:parley:a%20b>"},
      {"urn:parley:a%60b", "<urn:parley:a%60b>"},
      {"urn:parley:", "<urn:parley:>"},
      {"urn:parley:%01", "<urn:parley:%01>"},
      {"urn:parley:%7F", "<urn:parley:%7F>"},
      {"urn:parley:a%5Cb", "<urn:parley:a%5Cb>"},
      {"urn:parley:%41", "<urn:parley:%41>"},
      {"urn:parley:a%", "<urn:parley:a%>"},
      {"http://example.org/a", "ex:a"},
      {"http://example.org/ns/42", "ns:42"},
      {"http://example.org/a/b", "<http://example.org/a/b>"},
      {"http://example.org/", "<http://example.org/>"},
      {"http://old/a", "<http://old/a>"},
      {"http://xmlns.com/foaf/0.1/name", "<http://xmlns.com/foaf/0.1/name>"},
      {PL_RDF "type", "rdf:type"},
  };
  fixture f;
  begin(&f);
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    const pl_term t = pl_term_iri(pl_str_c(rows[i][0]));
    check_name(&f, &t, rows[i][1]);
  }
  const pl_term blank = {.kind = PL_TERM_BLANK, .text = PL_STR("b1")};
  check_name(&f, &blank, "_:b1");
  end(&f);
}

static void test_write_literal(void** state) {
  PL_UNUSED(state);
  static const char* const rows[][3] = {
      {"42", "integer", "42"},
      {"-42", "integer", "-42"},
      {"042", "integer", "\"042\"^^xsd:integer"},
      {"5", "byte", "\"5\"^^xsd:byte"},
      {"3.14", "decimal", "3.14"},
      {"3.140", "decimal", "\"3.140\"^^xsd:decimal"},
      {"1.0E9", "double", "1.0E9"},
      {"1.0E-1", "double", "1.0E-1"},
      {"1e9", "double", "\"1e9\"^^xsd:double"},
      {"INF", "double", "\"INF\"^^xsd:double"},
      {"true", "boolean", "true"},
      {"1", "boolean", "\"1\"^^xsd:boolean"},
      {"2023", "gYear", "\"2023\"^^xsd:gYear"},
      {"2023-09", "gYearMonth", "2023-09"},
      {"2023-09-05", "date", "2023-09-05"},
      {"2023-09-05Z", "date", "\"2023-09-05Z\"^^xsd:date"},
      {"-0044-03-15", "date", "\"-0044-03-15\"^^xsd:date"},
      {"2023-09-05T10:30:00+07:00", "dateTime", "2023-09-05T10:30:00+07:00"},
      {"2024-05-12/2024-05-13", "interval", "2024-05-12..2024-05-13"},
      {"2022-10/2023", "interval", "2022-10..2023"},
      {"2021/2025", "interval", "\"2021/2025\"^^<urn:parley:type:interval>"},
      {"abc", "date", "\"abc\"^^xsd:date"},
      {"abc", "decimal", "\"abc\"^^xsd:decimal"},
      {"abc", "double", "\"abc\"^^xsd:double"},
      {"NaN", "double", "\"NaN\"^^xsd:double"},
      {"abc", "interval", "\"abc\"^^<urn:parley:type:interval>"},
      {"10000-01", "gYearMonth", "\"10000-01\"^^xsd:gYearMonth"},
      {"2023-09-05T10:30:00.100Z", "dateTime", "\"2023-09-05T10:30:00.100Z\"^^xsd:dateTime"},
      {"-0044-01/2023-01", "interval", "\"-0044-01/2023-01\"^^<urn:parley:type:interval>"},
      {"2022-01/10000-01", "interval", "\"2022-01/10000-01\"^^<urn:parley:type:interval>"},
      {"2022-01-01T10:00:00.10Z/2023", "interval", "\"2022-01-01T10:00:00.10Z/2023\"^^<urn:parley:type:interval>"},
      {"a \"b\"\n\t\\", "string", "\"a \\\"b\\\"\\n\\t\\\\\""},
  };
  fixture f;
  begin(&f);
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    const pl_term t = check_typed(rows[i][0], rows[i][1]);
    check_name(&f, &t, rows[i][2]);
  }
  const pl_term lang = {.kind = PL_TERM_LITERAL, .text = PL_STR("xin ch\xc3\xa0o"), .lang = PL_STR("vi")};
  check_name(&f, &lang, "\"xin ch\xc3\xa0o\"@vi");
  pl_buf_clear(&f.buf);
  const pl_term iri = pl_term_iri(PL_STR("urn:parley:x"));
  const pl_names none = {0};
  assert_int_equal(pl_term_write_name(&f.buf, NULL, NULL, &iri), PL_OK);
  assert_int_equal(pl_term_write_name(&f.buf, &none, NULL, &iri), PL_OK);
  check_text(pl_buf_view(&f.buf), "<urn:parley:x><urn:parley:x>");
  end(&f);
}

static void test_iri_check(void** state) {
  PL_UNUSED(state);
  static const struct {
    const char* iri;
    size_t bad;
  } rows[] = {{"http://a", 8}, {"urn:x", 5}, {"a+b-c.1:", 8}, {"a", 0},      {"", 1},
              {"1a:b", 0},     {"/x:y", 0},  {"urn:a b", 5},  {"urn:a>", 5}, {"urn:\xc3\xaa", 6}};
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    assert_int_equal(pl_iri_check(pl_str_c(rows[i].iri)), rows[i].bad);
  }
}

/// Every allocation may fail; what was given back is a status, and nothing leaks.
static void* refuse_after(void* user, void* ptr, size_t size_old, size_t size_new) {
  int* left = user;
  PL_UNUSED(size_old);
  if (size_new == 0) {
    free(ptr);
    return NULL;
  }
  return (*left)-- > 0 ? realloc(ptr, size_new) : NULL;
}

static void test_out_of_memory(void** state) {
  PL_UNUSED(state);
  const pl_term t = pl_term_iri(PL_STR("urn:parley:some_long_name_that_makes_the_buffer_grow_a_few_times_over_100%25"));
  bool done = false;
  for (int allowed = 0; !done; allowed++) {
    int left = allowed;
    pl_mem mem;
    pl_buf buf;
    pl_mem_init(&mem, refuse_after, &left, SIZE_MAX);
    pl_buf_init(&buf, &mem, 1 << 20);
    const pl_status status = pl_term_write_name(&buf, &names, reserved, &t);
    done = status == PL_OK;
    assert_true(done || status == PL_ERR_NOMEM);
    pl_buf_free(&buf);
    assert_int_equal(mem.bytes_used, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_to_iri),        cmocka_unit_test(test_expand),        cmocka_unit_test(test_bare),
      cmocka_unit_test(test_write_iri),     cmocka_unit_test(test_write_literal), cmocka_unit_test(test_iri_check),
      cmocka_unit_test(test_out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
