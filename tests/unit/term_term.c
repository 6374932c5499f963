/// Classification of terms, inline ids, N-Triples syntax.
#include "term_check.h"

static pl_tag tag_of(const char* text, const char* type) {
  const pl_term t = check_typed(text, type);
  pl_id id;
  const pl_tag tag = pl_term_classify(&t, &id);
  if (id) {
    assert_int_equal(pl_id_tag(id), tag);
    char buf[PL_INLINE_TEXT_MAX];
    pl_term back;
    pl_id_to_term(id, buf, &back);
    assert_true(pl_term_eq(&back, &t));
    check_id_round_trip(id);
  } else {
    assert_true(pl_tag_in_dict(tag));
  }
  return tag;
}

static void test_classify(void** state) {
  PL_UNUSED(state);
  static const struct {
    const char* text;
    const char* type;
    pl_tag tag;
  } rows[] = {
      {"0", "integer", PL_TAG_INTEGER},
      {"-1", "integer", PL_TAG_INTEGER},
      {"288230376151711743", "integer", PL_TAG_INTEGER},
      {"288230376151711744", "integer", PL_TAG_NUMBER},
      {"-288230376151711744", "integer", PL_TAG_INTEGER},
      {"-288230376151711745", "integer", PL_TAG_NUMBER},
      {"007", "integer", PL_TAG_NUMBER},
      {"-0", "integer", PL_TAG_NUMBER},
      {"+5", "integer", PL_TAG_NUMBER},
      {"99999999999999999999999999999999999999999999", "integer", PL_TAG_NUMBER},
      {"", "integer", PL_TAG_LITERAL},
      {"-", "integer", PL_TAG_LITERAL},
      {"1.0", "integer", PL_TAG_LITERAL},
      {"1e3", "integer", PL_TAG_LITERAL},
      {"x", "integer", PL_TAG_LITERAL},
      {" 1", "integer", PL_TAG_LITERAL},
      {"127", "byte", PL_TAG_NUMBER},
      {"128", "byte", PL_TAG_LITERAL},
      {"-128", "byte", PL_TAG_NUMBER},
      {"-129", "byte", PL_TAG_LITERAL},
      {"-0", "unsignedByte", PL_TAG_NUMBER},
      {"-1", "unsignedByte", PL_TAG_LITERAL},
      {"255", "unsignedByte", PL_TAG_NUMBER},
      {"256", "unsignedByte", PL_TAG_LITERAL},
      {"-9223372036854775808", "long", PL_TAG_NUMBER},
      {"-9223372036854775809", "long", PL_TAG_LITERAL},
      {"18446744073709551615", "unsignedLong", PL_TAG_NUMBER},
      {"18446744073709551616", "unsignedLong", PL_TAG_LITERAL},
      {"0", "negativeInteger", PL_TAG_LITERAL},
      {"-99999999999999999999999", "negativeInteger", PL_TAG_NUMBER},
      {"1", "nonPositiveInteger", PL_TAG_LITERAL},
      {"0", "nonPositiveInteger", PL_TAG_NUMBER},
      {"0", "positiveInteger", PL_TAG_LITERAL},
      {"99999999999999999999999", "positiveInteger", PL_TAG_NUMBER},
      {"0.0", "decimal", PL_TAG_DECIMAL},
      {"-0.0", "decimal", PL_TAG_NUMBER},
      {"3.14", "decimal", PL_TAG_DECIMAL},
      {"-0.000001", "decimal", PL_TAG_DECIMAL},
      {"0.0000001", "decimal", PL_TAG_NUMBER},
      {"1", "decimal", PL_TAG_NUMBER},
      {"1.", "decimal", PL_TAG_NUMBER},
      {".5", "decimal", PL_TAG_NUMBER},
      {"1.50", "decimal", PL_TAG_NUMBER},
      {"01.5", "decimal", PL_TAG_NUMBER},
      {"288230376151.711743", "decimal", PL_TAG_DECIMAL},
      {"288230376151.711744", "decimal", PL_TAG_NUMBER},
      {"-288230376151.711744", "decimal", PL_TAG_DECIMAL},
      {".", "decimal", PL_TAG_LITERAL},
      {"1e5", "decimal", PL_TAG_LITERAL},
      {"1.5E0", "double", PL_TAG_DOUBLE},
      {"-0.0E0", "double", PL_TAG_DOUBLE},
      {"0.0E0", "double", PL_TAG_DOUBLE},
      {"0.5E0", "double", PL_TAG_NUMBER},
      {"1.0E9", "double", PL_TAG_DOUBLE},
      {"1.0E09", "double", PL_TAG_NUMBER},
      {"1.0E+9", "double", PL_TAG_NUMBER},
      {"1.0e9", "double", PL_TAG_NUMBER},
      {"1.50E0", "double", PL_TAG_NUMBER},
      {"1.5", "double", PL_TAG_NUMBER},
      {"1.0E-1", "double", PL_TAG_NUMBER},
      {"1.0E999", "double", PL_TAG_NUMBER},
      {"INF", "double", PL_TAG_DOUBLE},
      {"-INF", "double", PL_TAG_DOUBLE},
      {"+INF", "double", PL_TAG_NUMBER},
      {"NaN", "double", PL_TAG_NUMBER},
      {"inf", "double", PL_TAG_LITERAL},
      {"1.5E", "double", PL_TAG_LITERAL},
      {"1.5E0", "float", PL_TAG_NUMBER},
      {"true", "boolean", PL_TAG_BOOLEAN},
      {"false", "boolean", PL_TAG_BOOLEAN},
      {"1", "boolean", PL_TAG_LITERAL},
      {"2023", "gYear", PL_TAG_DATE},
      {"-0044", "gYear", PL_TAG_DATE},
      {"0000", "gYear", PL_TAG_DATE},
      {"-0000", "gYear", PL_TAG_TIME},
      {"16383", "gYear", PL_TAG_DATE},
      {"16384", "gYear", PL_TAG_TIME},
      {"99999999", "gYear", PL_TAG_TIME},
      {"999", "gYear", PL_TAG_LITERAL},
      {"02023", "gYear", PL_TAG_LITERAL},
      {"2023Z", "gYear", PL_TAG_TIME},
      {"2023-05:00", "gYear", PL_TAG_TIME},
      {"2023-05", "gYear", PL_TAG_LITERAL},
      {"2023-05", "gYearMonth", PL_TAG_DATE},
      {"2023-13", "gYearMonth", PL_TAG_LITERAL},
      {"2023-05-05:00", "gYearMonth", PL_TAG_TIME},
      {"2024-02-29", "date", PL_TAG_DATE},
      {"2023-02-29", "date", PL_TAG_LITERAL},
      {"2023-02-28+07:00", "date", PL_TAG_TIME},
      {"2023-09-05T10:30:00", "dateTime", PL_TAG_DATE},
      {"2023-09-05T10:30:00+07:00", "dateTime", PL_TAG_DATE},
      {"2023-09-05T10:30:00.125-03:30", "dateTime", PL_TAG_DATE},
      {"2023-09-05T10:30:00Z", "dateTime", PL_TAG_DATE},
      {"2023-09-05T10:30:00+00:00", "dateTime", PL_TAG_TIME},
      {"2023-09-05T10:30:00+07:07", "dateTime", PL_TAG_TIME},
      {"2023-09-05T10:30:00.0001", "dateTime", PL_TAG_TIME},
      {"2023-09-05T10:30:00.10", "dateTime", PL_TAG_TIME},
      {"2023-09-05T24:00:00", "dateTime", PL_TAG_TIME},
      {"2023-09-05T24:00:01", "dateTime", PL_TAG_LITERAL},
      {"2023-09-05T10:30", "dateTime", PL_TAG_LITERAL},
      {"2023-09-05T10:60:00", "dateTime", PL_TAG_LITERAL},
      {"2023-09-05T10:30:00+14:01", "dateTime", PL_TAG_LITERAL},
      {"2023-09-05T10:30:00.", "dateTime", PL_TAG_LITERAL},
      {"2023-09-05", "dateTime", PL_TAG_LITERAL},
      {"2023-09-05T10:30:00Z", "dateTimeStamp", PL_TAG_TIME},
      {"2023-09-05T10:30:00", "dateTimeStamp", PL_TAG_LITERAL},
      {"2024-05-12/2024-05-13", "interval", PL_TAG_INTERVAL},
      {"2021/2025", "interval", PL_TAG_INTERVAL},
      {"2025/2021", "interval", PL_TAG_LITERAL},
      {"2021", "interval", PL_TAG_LITERAL},
      {"2021/", "interval", PL_TAG_LITERAL},
      {"2021Z/2025", "interval", PL_TAG_TIME},
      {"2023-09-05T10:30:00/2024", "interval", PL_TAG_TIME},
      {"", "string", PL_TAG_SHORT},
      {"1234567", "string", PL_TAG_SHORT},
      {"12345678", "string", PL_TAG_STRING},
      {"x", "token", PL_TAG_LITERAL},
  };
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    if (tag_of(rows[i].text, rows[i].type) != rows[i].tag) {
      fail_msg("\"%s\"^^%s: tag %d", rows[i].text, rows[i].type, (int)tag_of(rows[i].text, rows[i].type));
    }
  }
}

static void test_classify_other(void** state) {
  PL_UNUSED(state);
  pl_id id;
  const pl_term none = {.kind = PL_TERM_NONE};
  const pl_term lang = {.kind = PL_TERM_LITERAL, .text = PL_STR("a"), .lang = PL_STR("vi")};
  const pl_term zero = pl_term_string((pl_str){"a\0b", 3});
  const pl_term fake = {.kind = PL_TERM_BLANK, .text = PL_STR("st1")};
  assert_int_equal(pl_term_classify(&none, &id), PL_TAG_NULL);
  assert_int_equal(pl_term_classify(&lang, &id), PL_TAG_LANG);
  assert_int_equal(pl_term_classify(&zero, &id), PL_TAG_STRING);
  assert_int_equal(pl_term_classify(&fake, &id), PL_TAG_BLANK);
  check_id_round_trip(pl_id_make(PL_TAG_ASSERTION, 1));
  check_id_round_trip(pl_id_make(PL_TAG_ASSERTION, UINT32_MAX));
}

/// A random inline id of a kind; for dates and intervals made from fields.
static pl_id random_id(uint64_t* r, pl_tag tag) {
  const uint64_t x = check_random(r);
  pl_date a = pl_date_from_days((int64_t)(x % 1000));
  pl_date b = pl_date_from_days((int64_t)(x % 1000 + (x >> 20) % 800));
  pl_id id = 0;
  a.precision = (pl_precision)(1 + (x >> 40) % (tag == PL_TAG_DATE ? 4 : 3));
  b.precision = (pl_precision)(1 + (x >> 44) % 3);
  a.hour = (uint8_t)((x >> 48) % 24);
  a.has_zone = a.precision == PL_PRECISION_TIME && (x >> 53 & 1);
  a.zone_minutes = (int16_t)(((int)(x >> 54) % 113 - 56) * 15);
  switch (tag) {
    case PL_TAG_DATE:
      assert_true(pl_date_to_id(&a, &id));
      return id;
    case PL_TAG_INTERVAL:
      assert_true(pl_interval_to_id(&a, &b, &id));
      return id;
    case PL_TAG_SHORT: {
      const char text[] = {(char)('a' + x % 3), (char)('a' + (x >> 8) % 3), (char)(1 + (x >> 16) % 255)};
      const pl_term t = pl_term_string((pl_str){text, (x >> 32) % 4});
      assert_int_equal(pl_term_classify(&t, &id), PL_TAG_SHORT);
      return id;
    }
    case PL_TAG_DOUBLE: {
      // Every payload but the NaNs at both ends.
      const uint64_t nans = (uint64_t)1 << 47;
      return pl_id_make(tag, nans + x % (PL_ID_PAYLOAD_MAX - 2 * nans));
    }
    default:
      return pl_id_make(tag, x & PL_ID_PAYLOAD_MAX & (x % 3 ? UINT64_MAX : (uint64_t)0x3f << 52 | 0xffff));
  }
}

static void test_id_properties(void** state) {
  PL_UNUSED(state);
  static const pl_tag tags[] = {PL_TAG_INTEGER, PL_TAG_DECIMAL,  PL_TAG_DOUBLE,
                                PL_TAG_DATE,    PL_TAG_INTERVAL, PL_TAG_SHORT};
  uint64_t r = 1;
  for (size_t t = 0; t < PL_COUNT_OF(tags); t++) {
    pl_id last = random_id(&r, tags[t]);
    for (int i = 0; i < 5000; i++) {
      const pl_id id = random_id(&r, tags[t]);
      check_id_round_trip(id);
      check_id_order(last, id);
      last = id;
    }
  }
}

/// Any payload at all, as a damaged file may hold, prints within its buffer.
static void test_id_hostile(void** state) {
  PL_UNUSED(state);
  uint64_t r = 2;
  for (int i = 0; i < 50000; i++) {
    char buf[PL_INLINE_TEXT_MAX];
    pl_term term;
    pl_value v;
    const pl_id id = check_random(&r);
    pl_id_to_term(id, buf, &term);
    assert_true(term.text.len <= sizeof buf);
    pl_value_from_id(id, buf, &v);
    pl_extent e;
    PL_UNUSED(pl_value_extent(&v, &e));
  }
}

static void test_equal(void** state) {
  PL_UNUSED(state);
  const pl_term plain = pl_term_string(PL_STR("a"));
  const pl_term typed = check_typed("a", "string");
  const pl_term other = check_typed("a", "token");
  assert_true(pl_term_eq(&plain, &typed));
  assert_false(pl_term_eq(&plain, &other));
}

typedef struct fixture {
  pl_mem mem;      ///< account
  pl_arena arena;  ///< of the parser
  pl_buf buf;      ///< of the writer
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

static void test_nt_good(void** state) {
  PL_UNUSED(state);
  static const struct {
    const char* text;
    const char* printed;  // NULL: as it was
    size_t rest;          // bytes left over
  } rows[] = {
      {"<http://a/b>", NULL, 0},
      {"<http://a/\\u00e9\\U0001F600>", "<http://a/\xc3\xa9\xf0\x9f\x98\x80>", 0},
      {"<urn:x> .", "<urn:x>", 2},
      {"_:b1", NULL, 0},
      {"_:1.a.", "_:1.a", 1},
      {"_:a..b.. .", "_:a..b", 4},
      {"_:\xc3\xa9-\xc2\xb7", NULL, 0},
      {"\"\"", NULL, 0},
      {"\"a\\tb\\b\\n\\r\\f\\\"\\'\\\\\"", "\"a\\tb\\b\\n\\r\\f\\\"'\\\\\"", 0},
      {"\"\\u0001\\u007F\\u0041\"", "\"\\u0001\\u007FA\"", 0},
      {"\"x\"@en-GB .", "\"x\"@en-gb", 2},
      {"\"5\"^^<http://www.w3.org/2001/XMLSchema#byte>", NULL, 0},
      {"\"s\"^^<http://www.w3.org/2001/XMLSchema#string>", "\"s\"", 0},
      {"\"x\"@de-CH-1996 .", "\"x\"@de-ch-1996", 2},
      {"\"\\u00EA\\U0001f600\"", "\"\xc3\xaa\xf0\x9f\x98\x80\"", 0},
  };
  fixture f;
  begin(&f);
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    size_t pos = 0;
    pl_term term;
    const char* reason = NULL;
    pl_buf_clear(&f.buf);
    const pl_str s = pl_str_c(rows[i].text);
    if (pl_term_parse_nt(&f.arena, s, &pos, &term, &reason) != PL_OK) {
      fail_msg("%s: %s", rows[i].text, reason);
    }
    assert_int_equal(pos, s.len - rows[i].rest);
    assert_int_equal(pl_term_write_nt(&f.buf, &term), PL_OK);
    check_text(pl_buf_view(&f.buf), rows[i].printed ? rows[i].printed : rows[i].text);
  }
  end(&f);
}

static void test_nt_bad(void** state) {
  PL_UNUSED(state);
  static const struct {
    const char* text;
    size_t pos;
  } rows[] = {
      {"", 0},
      {"x", 0},
      {"<http://a b>", 9},
      {"<http://a", 9},
      {"<a>", 1},
      {"<>", 1},
      {"<http://\\u0020>", 1},
      {"<http://\\n>", 8},
      {"<http://a\\>", 9},
      {"<http://\\u00>", 8},
      {"_:", 2},
      {"_b", 0},
      {"_:-a", 2},
      {"_::a", 2},
      {"_:a:b", 3},
      {"\"a", 2},
      {"\"a\nb\"", 2},
      {"\"\\x\"", 1},
      {"\"\\u12\"", 1},
      {"\"\\uD800\"", 1},
      {"\"\\", 2},
      {"\"a\"@", 4},
      {"\"a\"@1", 4},
      {"\"a\"@en-", 7},
      {"\"a\"@en--ltr", 7},
      {"\"a\"^", 4},
      {"\"a\"^^", 5},
      {"\"a\"^^x", 5},
      {"\"\xff\"", 1},
      {"\"\\U00110000\"", 1},
      {"\"\\u00:1\"", 1},
      {"\"\\u00@1\"", 1},
      {"\"\\u00g1\"", 1},
      {"\"a\rb\"", 2},
      {"\"a\"@en-[", 7},
      {"\"a\"@en-{", 7},
      {"\"a\"@[", 4},
      {"<http://a\\", 10},
      {"<http://a\\\\>", 9},
      {"_", 0},
      {"_:\xff", 2},
  };
  fixture f;
  begin(&f);
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    size_t pos = 0;
    pl_term term;
    const char* reason = NULL;
    assert_int_equal(pl_term_parse_nt(&f.arena, pl_str_c(rows[i].text), &pos, &term, &reason), PL_ERR_FORMAT);
    if (pos != rows[i].pos || !reason) {
      fail_msg("%s: at %zu", rows[i].text, pos);
    }
  }
  end(&f);
}

/// What no reader makes is written all the same, as a line that can be read.
static void test_nt_written(void** state) {
  PL_UNUSED(state);
  const pl_term typed = check_typed("s", "string");
  const pl_term iri = pl_term_iri(PL_STR("urn:a b>"));
  const pl_term none = {.kind = PL_TERM_NONE};
  const pl_term assertion = {.kind = PL_TERM_ASSERTION, .text = PL_STR("st7")};
  fixture f;
  begin(&f);
  assert_int_equal(pl_term_write_nt(&f.buf, &typed), PL_OK);
  assert_int_equal(pl_term_write_nt(&f.buf, &iri), PL_OK);
  assert_int_equal(pl_term_write_nt(&f.buf, &none), PL_OK);
  assert_int_equal(pl_term_write_nt(&f.buf, &assertion), PL_OK);
  check_text(pl_buf_view(&f.buf), "\"s\"<urn:a\\u0020b\\u003E>_:st7");
  end(&f);
}

/// Only the labels that assertions are printed with are assertions.
static void test_assertion_labels(void** state) {
  PL_UNUSED(state);
  static const struct {
    const char* label;
    uint64_t counter;  // 0: a blank node
  } rows[] = {{"st1", 1},
              {"st4294967295", UINT32_MAX},
              {"st4294967296", 0},
              {"st0", 0},
              {"st-1", 0},
              {"st01", 0},
              {"stx", 0},
              {"b1", 0},
              {"st", 0}};
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    const pl_term t = {.kind = PL_TERM_ASSERTION, .text = pl_str_c(rows[i].label)};
    pl_id id;
    assert_int_equal(pl_term_classify(&t, &id), rows[i].counter ? PL_TAG_ASSERTION : PL_TAG_BLANK);
    assert_int_equal(id, rows[i].counter ? pl_id_make(PL_TAG_ASSERTION, rows[i].counter) : 0);
  }
}

/// Texts just outside of what stands inline, and of what is a value at all.
static void test_classify_edges(void** state) {
  PL_UNUSED(state);
  static const struct {
    const char* text;
    const char* type;
    pl_tag tag;
  } rows[] = {
      {"-0.0", "decimal", PL_TAG_NUMBER},
      {"00.1", "decimal", PL_TAG_NUMBER},
      {".5", "decimal", PL_TAG_NUMBER},
      {"999999999999.999999", "decimal", PL_TAG_NUMBER},
      {"-999999999999.999999", "decimal", PL_TAG_NUMBER},
      {"1e5", "decimal", PL_TAG_LITERAL},
      {"x", "dateTimeStamp", PL_TAG_LITERAL},
      {"2023-01-01T10:00:00", "dateTimeStamp", PL_TAG_LITERAL},
      {"2023-01-01T10:00:00Z", "dateTimeStamp", PL_TAG_TIME},
      {"2023-01-01T1", "dateTime", PL_TAG_LITERAL},
      {"2023-01-01T1x:00:00", "dateTime", PL_TAG_LITERAL},
      {"2023-01-01T10:6", "dateTime", PL_TAG_LITERAL},
      {"2023-01-01T10:61:00", "dateTime", PL_TAG_LITERAL},
      {"2023-01-01T24:01:00", "dateTime", PL_TAG_LITERAL},
      {"2023-01-01T24:00:01", "dateTime", PL_TAG_LITERAL},
      {"2023-01-01T24:00:00.5", "dateTime", PL_TAG_LITERAL},
      {"2023-01-01T10:00:00+14:01", "dateTime", PL_TAG_LITERAL},
      {"2023-01-01T10:00:00+14", "dateTime", PL_TAG_LITERAL},
      {"2023-01-01T10:00:00+14:6", "dateTime", PL_TAG_LITERAL},
      {"2023-01-01T10:00:00+x", "dateTime", PL_TAG_LITERAL},
      {"2023-01-01T10:00:00+01:00x", "dateTime", PL_TAG_LITERAL},
      {"", "interval", PL_TAG_LITERAL},
      {"2023", "interval", PL_TAG_LITERAL},
      {"x/2023", "interval", PL_TAG_LITERAL},
      {"2023/x", "interval", PL_TAG_LITERAL},
      {"2023/2020", "interval", PL_TAG_LITERAL},
      {"2023-01-01T10:00:00Z/2024", "interval", PL_TAG_TIME},
      {"2023Z/2024", "interval", PL_TAG_TIME},
      {"2023/2024Z", "interval", PL_TAG_TIME},
      {"99999/100000", "interval", PL_TAG_TIME},
      {"2023/100000", "interval", PL_TAG_TIME},
  };
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    const pl_term t = check_typed(rows[i].text, rows[i].type);
    pl_id id;
    const pl_tag tag = pl_term_classify(&t, &id);
    if (tag != rows[i].tag) {
      fail_msg("%s as %s: tag %d", rows[i].text, rows[i].type, (int)tag);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_classify),
      cmocka_unit_test(test_classify_other),
      cmocka_unit_test(test_id_properties),
      cmocka_unit_test(test_id_hostile),
      cmocka_unit_test(test_equal),
      cmocka_unit_test(test_nt_good),
      cmocka_unit_test(test_nt_bad),
      cmocka_unit_test(test_nt_written),
      cmocka_unit_test(test_assertion_labels),
      cmocka_unit_test(test_classify_edges),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
