/// Numbers, total order, comparison and arithmetic.
#include <math.h>
#include <stdlib.h>

#include "term_check.h"

static pl_decimal dec(const char* text) {
  pl_decimal d;
  assert_true(pl_decimal_parse(pl_str_c(text), &d));
  return d;
}

static void check_decimal(pl_decimal d, const char* expected) {
  char buf[48];
  check_text((pl_str){buf, pl_decimal_print(d, buf)}, expected);
}

static void test_decimal_text(void** state) {
  PL_UNUSED(state);
  static const char* const rows[][2] = {
      {"0", "0.0"},
      {"-0", "0.0"},
      {"+1.50", "1.5"},
      {".5", "0.5"},
      {"5.", "5.0"},
      {"-0.001", "-0.001"},
      {"000123.000", "123.0"},
      {"9999999999999999999999999999999999999", "9999999999999999999999999999999999999.0"},
      {"-9999999999999999999.999999999999999999", "-9999999999999999999.999999999999999999"},
      {"0.000000000000000001", "0.000000000000000001"},
  };
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    check_decimal(dec(rows[i][0]), rows[i][1]);
  }
  static const char* const bad[] = {
      "", ".", "1e5", "x", "10000000000000000000000000000000000000", "0.0000000000000000001", "1.2.3"};
  for (size_t i = 0; i < PL_COUNT_OF(bad); i++) {
    pl_decimal d;
    assert_false(pl_decimal_parse(pl_str_c(bad[i]), &d));
  }
}

/// A random decimal of at most 9 digits and scale at most 4, and its mantissa at scale 4.
static pl_decimal random_decimal(uint64_t* r, int64_t* at_scale_4) {
  const uint64_t x = check_random(r);
  int64_t m = (int64_t)(x % 2000000000) - 1000000000;
  uint32_t scale = (uint32_t)(x >> 40) % 5;
  *at_scale_4 = m;
  for (uint32_t i = scale; i < 4; i++) {
    *at_scale_4 *= 10;
  }
  while (scale > 0 && m % 10 == 0) {
    m /= 10;
    scale--;
  }
  return (pl_decimal){m, scale};
}

static bool equals(pl_decimal d, __int128 mantissa, uint32_t scale) {
  return pl_decimal_cmp(d, (pl_decimal){mantissa, scale}) == 0;
}

/// Quotient rounded half to even, by definition.
static __int128 divide_even(__int128 n, __int128 d) {
  if (d < 0) {
    n = -n;
    d = -d;
  }
  __int128 q = n / d;
  const __int128 rest = n % d < 0 ? -(n % d) : n % d;
  const int away = n < 0 ? -1 : 1;
  return rest * 2 > d || (rest * 2 == d && q % 2 != 0) ? q + away : q;
}

static void test_decimal_model(void** state) {
  PL_UNUSED(state);
  uint64_t r = 3;
  for (int i = 0; i < 20000; i++) {
    int64_t m;
    int64_t n;
    pl_decimal out;
    const pl_decimal a = random_decimal(&r, &m);
    const pl_decimal b = random_decimal(&r, &n);
    assert_int_equal(pl_decimal_cmp(a, b), (m > n) - (m < n));
    assert_true(pl_decimal_add(a, b, &out) && equals(out, (__int128)m + n, 4));
    assert_true(pl_decimal_sub(a, b, &out) && equals(out, (__int128)m - n, 4));
    assert_true(pl_decimal_mul(a, b, &out) && equals(out, (__int128)m * n, 8));
    assert_true(pl_decimal_div(a, b, &out) == (n != 0));
    assert_true(n == 0 || equals(out, divide_even((__int128)m * 1000000000000000000, n), 18));
    char buf[48];
    pl_decimal again;
    assert_true(pl_decimal_parse((pl_str){buf, pl_decimal_print(a, buf)}, &again));
    assert_true(again.mantissa == a.mantissa && again.scale == a.scale);
  }
}

static void test_decimal_large(void** state) {
  PL_UNUSED(state);
  pl_decimal out;
  const pl_decimal top = dec("9999999999999999999999999999999999999");
  assert_false(pl_decimal_add(top, dec("1"), &out));
  assert_false(pl_decimal_mul(top, dec("2"), &out));
  assert_false(pl_decimal_add(top, dec("0.5"), &out));
  assert_false(pl_decimal_div(top, dec("0.1"), &out));
  assert_false(pl_decimal_div(top, dec("3.1"), &out));
  assert_true(pl_decimal_div(top, top, &out));
  check_decimal(out, "1.0");
  assert_true(pl_decimal_mul(dec("1000000000000000000.5"), dec("0.000000000000000001"), &out));
  check_decimal(out, "1.0");
  assert_true(pl_decimal_mul(dec("1.5"), dec("0.000000000000000001"), &out));
  check_decimal(out, "0.000000000000000002");
  assert_true(pl_decimal_mul(dec("2.5"), dec("-0.000000000000000001"), &out));
  check_decimal(out, "-0.000000000000000002");
  assert_true(pl_decimal_mul(dec("4000000000000000000000000000000000000"), dec("0.25"), &out));
  check_decimal(out, "1000000000000000000000000000000000000.0");
  assert_true(pl_decimal_div(dec("2"), dec("3"), &out));
  check_decimal(out, "0.666666666666666667");
  assert_int_equal(pl_decimal_cmp(top, dec("0.000000000000000001")), 1);
}

static void test_round(void** state) {
  PL_UNUSED(state);
  static const struct {
    const char* text;
    int digits;
    char mode;
    const char* expected;
  } rows[] = {
      {"2.5", 0, 'h', "3.0"},      {"-2.5", 0, 'h', "-3.0"}, {"2.4", 0, 'h', "2.0"},   {"2.345", 2, 'h', "2.35"},
      {"-2.1", 0, 'f', "-3.0"},    {"2.9", 0, 'f', "2.0"},   {"-2.9", 0, 'c', "-2.0"}, {"2.1", 0, 'c', "3.0"},
      {"1250", -2, 'h', "1300.0"}, {"7", -1, 'h', "10.0"},   {"3.5", 5, 'h', "3.5"},   {"4", -50, 'h', "0.0"},
      {"0.999", 2, 'h', "1.0"},
  };
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    check_decimal(pl_decimal_round(dec(rows[i].text), rows[i].digits, rows[i].mode), rows[i].expected);
  }
}

static void test_double_text(void** state) {
  PL_UNUSED(state);
  static const struct {
    double d;
    const char* text;
  } rows[] = {{0.1, "1.0E-1"},
              {-1.5, "-1.5E0"},
              {1e9, "1.0E9"},
              {1.0 / 3, "3.333333333333333E-1"},
              {5e-324, "5.0E-324"},
              {1e23, "1.0E23"},
              {0.0, "0.0E0"},
              {-0.0, "-0.0E0"},
              {123456.789, "1.23456789E5"},
              {1.7976931348623157e308, "1.7976931348623157E308"},
              {0.3, "3.0E-1"},
              {0.1 + 0.2, "3.0000000000000004E-1"}};
  char buf[48];
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    check_text((pl_str){buf, pl_double_print(rows[i].d, buf)}, rows[i].text);
  }
  check_text((pl_str){buf, pl_double_print((double)NAN, buf)}, "NaN");
  check_text((pl_str){buf, pl_double_print(-(double)INFINITY, buf)}, "-INF");
}

static void test_double_round_trip(void** state) {
  PL_UNUSED(state);
  uint64_t r = 4;
  for (int i = 0; i < 20000; i++) {
    const uint64_t bits = check_random(&r);
    double d;
    memcpy(&d, &bits, sizeof d);
    if (isnan(d)) {
      continue;
    }
    char buf[48];
    const size_t len = pl_double_print(d, buf);
    const pl_term t = pl_term_typed((pl_str){buf, len}, PL_STR(PL_XSD "double"));
    pl_value v;
    pl_value_from_term(&t, &v);
    assert_int_equal(v.kind, PL_VALUE_DOUBLE);
    assert_memory_equal(&v.real, &d, sizeof d);
    pl_id id;
    assert_int_equal(pl_term_classify(&t, &id) == PL_TAG_DOUBLE, (bits & 31) == 0);
  }
}

/// Numerals of any length, read without regard to how many digits a buffer holds.
static void test_long_numerals(void** state) {
  PL_UNUSED(state);
  enum { LENGTH = 5000 };
  char text[LENGTH + 8];
  memset(text, '9', LENGTH);
  text[1] = '.';
  memcpy(text + LENGTH, "E10", 4);
  assert_true(check_value(text, "double").real == 1e11);
  memset(text, '0', LENGTH);
  memcpy(text + LENGTH, "1", 2);
  assert_int_equal(check_value(text, "integer").integer, 1);
  text[0] = '7';
  const pl_value v = check_value(text, "integer");
  assert_true(v.kind == PL_VALUE_DOUBLE && isinf(v.real));
  assert_true(check_value("0.1234567890123456789", "decimal").kind == PL_VALUE_DOUBLE);
  assert_true(check_value("1E99999999999999999999", "double").real > 1e308);
  assert_true(check_value("1E-99999999999999999999", "double").real == 0);
}

static void test_from_term(void** state) {
  PL_UNUSED(state);
  assert_int_equal(check_value("-9223372036854775808", "integer").integer, INT64_MIN);
  assert_int_equal(check_value("9223372036854775808", "integer").kind, PL_VALUE_DECIMAL);
  assert_int_equal(check_value("007", "byte").integer, 7);
  assert_int_equal(check_value("300", "byte").kind, PL_VALUE_OTHER);
  assert_int_equal(check_value("1", "boolean").kind, PL_VALUE_BOOLEAN);
  assert_int_equal(check_value("yes", "boolean").kind, PL_VALUE_OTHER);
  assert_true(check_value("0.1", "float").real == (double)0.1f);
  assert_int_equal(check_value("2023-02-30", "date").kind, PL_VALUE_OTHER);
  assert_int_equal(check_value("2021/2025", "interval").kind, PL_VALUE_INTERVAL);
}

static void test_to_term(void** state) {
  PL_UNUSED(state);
  static const char* const rows[][2] = {
      {"-9223372036854775808", "integer"},
      {"12.5", "decimal"},
      {"3.0E0", "double"},
      {"NaN", "double"},
      {"true", "boolean"},
      {"false", "boolean"},
      {"2023", "gYear"},
      {"2023-09-05T10:30:00+07:00", "dateTime"},
      {"2021/2025-06", "interval"},
      {"text", "string"},
      {"x", "token"},
  };
  pl_mem mem;
  pl_arena arena;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_arena_init(&arena, &mem);
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    const pl_term t = check_typed(rows[i][0], rows[i][1]);
    const pl_value v = check_value(rows[i][0], rows[i][1]);
    pl_term back;
    assert_int_equal(pl_value_to_term(&arena, &v, &back), PL_OK);
    assert_true(pl_term_eq(&t, &back));
  }
  pl_arena_free(&arena);
}

/// Each stands before the next.
static void test_order(void** state) {
  PL_UNUSED(state);
  const pl_term blank = {.kind = PL_TERM_BLANK, .text = PL_STR("b")};
  const pl_term iri = pl_term_iri(PL_STR("urn:a"));
  const pl_term lang = {.kind = PL_TERM_LITERAL, .text = PL_STR("b"), .lang = PL_STR("vi")};
  pl_value v[32] = {{.kind = PL_VALUE_NULL}};
  size_t n = 1;
  pl_value_from_term(&blank, &v[n++]);
  pl_value_from_term(&iri, &v[n++]);
  static const char* const rows[][2] = {{"false", "boolean"},
                                        {"true", "boolean"},
                                        {"-INF", "double"},
                                        {"-5", "integer"},
                                        {"-0.5", "decimal"},
                                        {"0.1", "decimal"},
                                        {"0.1", "double"},
                                        {"1", "integer"},
                                        {"9007199254740992", "integer"},
                                        {"9007199254740993", "integer"},
                                        {"9007199254740993", "double"},
                                        {"1e300", "double"},
                                        {"NaN", "double"},
                                        {"2022-12-31", "date"},
                                        {"2023", "gYear"},
                                        {"2023/2023-06", "interval"},
                                        {"2023-01", "gYearMonth"},
                                        {"2023-01-01", "date"},
                                        {"2023-01-01/2023-01-02", "interval"},
                                        {"2023-01-01T00:00:00", "dateTime"},
                                        {"2023-01-01T07:00:00+07:00", "dateTime"},
                                        {"2023-02", "gYearMonth"},
                                        {"a", "string"},
                                        {"b", "string"}};
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    v[n++] = check_value(rows[i][0], rows[i][1]);
  }
  pl_value_from_term(&lang, &v[n++]);
  v[n++] = check_value("a", "token");
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) {
      const int c = pl_value_order(&v[i], &v[j]);
      if ((c > 0) - (c < 0) != (i > j) - (i < j)) {
        fail_msg("values %zu and %zu: %d", i, j, c);
      }
    }
  }
}

static pl_truth compare(pl_compare_op op, const char* a, const char* a_type, const char* b, const char* b_type) {
  const pl_value x = check_value(a, a_type);
  const pl_value y = check_value(b, b_type);
  return pl_value_compare(op, &x, &y);
}

static void test_compare(void** state) {
  PL_UNUSED(state);
  assert_int_equal(compare(PL_CMP_EQ, "1500000", "integer", "1500000.0", "decimal"), PL_TRUE);
  assert_int_equal(compare(PL_CMP_EQ, "0.1", "decimal", "0.1", "double"), PL_TRUE);
  assert_int_equal(compare(PL_CMP_LT, "2", "integer", "10", "byte"), PL_TRUE);
  assert_int_equal(compare(PL_CMP_EQ, "NaN", "double", "NaN", "double"), PL_FALSE);
  assert_int_equal(compare(PL_CMP_NE, "NaN", "double", "NaN", "double"), PL_TRUE);
  assert_int_equal(compare(PL_CMP_LE, "NaN", "double", "1", "integer"), PL_FALSE);
  assert_int_equal(compare(PL_CMP_LT, "false", "boolean", "true", "boolean"), PL_TRUE);
  assert_int_equal(compare(PL_CMP_LT, "a", "string", "b", "string"), PL_TRUE);
  assert_int_equal(compare(PL_CMP_EQ, "1", "integer", "1", "string"), PL_FALSE);
  assert_int_equal(compare(PL_CMP_NE, "1", "integer", "1", "string"), PL_TRUE);
  assert_int_equal(compare(PL_CMP_LT, "1", "integer", "1", "string"), PL_UNKNOWN);
  assert_int_equal(compare(PL_CMP_EQ, "x", "token", "x", "token"), PL_TRUE);
  assert_int_equal(compare(PL_CMP_LE, "x", "token", "x", "token"), PL_UNKNOWN);
  const pl_value null = {.kind = PL_VALUE_NULL};
  const pl_value a = {.kind = PL_VALUE_IRI, .text = PL_STR("urn:a")};
  const pl_value b = {.kind = PL_VALUE_BLANK, .text = PL_STR("urn:a")};
  assert_int_equal(pl_value_compare(PL_CMP_EQ, &null, &null), PL_UNKNOWN);
  assert_int_equal(pl_value_compare(PL_CMP_EQ, &a, &a), PL_TRUE);
  assert_int_equal(pl_value_compare(PL_CMP_EQ, &a, &b), PL_FALSE);
  assert_int_equal(pl_value_compare(PL_CMP_LT, &a, &a), PL_UNKNOWN);
}

static void check_arith(pl_arith_op op, const char* a, const char* a_type, const char* b, const char* b_type,
                        const char* result, const char* type) {
  const pl_value x = check_value(a, a_type);
  const pl_value y = check_value(b, b_type);
  const pl_value expected = check_value(result, type);
  bool overflow = true;
  const pl_value r = pl_value_arith(op, &x, &y, &overflow);
  assert_int_equal(r.kind, expected.kind);
  assert_int_equal(pl_value_compare(PL_CMP_EQ, &r, &expected), PL_TRUE);
  assert_false(overflow);
}

static void test_arith(void** state) {
  PL_UNUSED(state);
  check_arith(PL_ARITH_ADD, "2", "integer", "3", "byte", "5", "integer");
  check_arith(PL_ARITH_DIV, "6", "integer", "3", "integer", "2.0", "decimal");
  check_arith(PL_ARITH_DIV, "1", "integer", "8", "integer", "0.125", "decimal");
  check_arith(PL_ARITH_MOD, "-7", "integer", "3", "integer", "-1", "integer");
  check_arith(PL_ARITH_MOD, "7", "integer", "-3", "integer", "1", "integer");
  check_arith(PL_ARITH_MOD, "-7.5", "decimal", "2", "integer", "-1.5", "decimal");
  check_arith(PL_ARITH_MOD, "-9223372036854775808", "integer", "-1", "integer", "0", "integer");
  check_arith(PL_ARITH_MUL, "1.5", "decimal", "2", "integer", "3.0", "decimal");
  check_arith(PL_ARITH_SUB, "1.5", "decimal", "0.5E0", "double", "1.0E0", "double");
  check_arith(PL_ARITH_DIV, "-9223372036854775808", "integer", "-1", "integer", "9223372036854775808.0", "decimal");
}

/// Integers against 128 bits.
static void test_arith_model(void** state) {
  PL_UNUSED(state);
  uint64_t r = 5;
  for (int i = 0; i < 20000; i++) {
    const int64_t a = (int64_t)(check_random(&r) << (i % 64)) >> (i % 63);
    const int64_t b = (int64_t)check_random(&r) >> (i % 61);
    const pl_value x = {.kind = PL_VALUE_INTEGER, .integer = a};
    const pl_value y = {.kind = PL_VALUE_INTEGER, .integer = b};
    const __int128 models[] = {(__int128)a + b, (__int128)a - b, (__int128)a * b};
    for (int op = PL_ARITH_ADD; op <= PL_ARITH_MUL; op++) {
      bool overflow = true;
      const pl_value v = pl_value_arith((pl_arith_op)op, &x, &y, &overflow);
      const bool fits = models[op] >= INT64_MIN && models[op] <= INT64_MAX;
      assert_true(overflow == !fits && (v.kind == PL_VALUE_INTEGER) == fits);
      assert_true(!fits || v.integer == (int64_t)models[op]);
    }
  }
}

static void test_arith_null(void** state) {
  PL_UNUSED(state);
  const pl_value zero = {.kind = PL_VALUE_INTEGER};
  const pl_value one = {.kind = PL_VALUE_DOUBLE, .real = 1};
  const pl_value text = {.kind = PL_VALUE_STRING, .text = PL_STR("1")};
  const pl_value lowest = {.kind = PL_VALUE_INTEGER, .integer = INT64_MIN};
  bool overflow = true;
  assert_int_equal(pl_value_arith(PL_ARITH_DIV, &one, &zero, &overflow).kind, PL_VALUE_NULL);
  assert_int_equal(pl_value_arith(PL_ARITH_MOD, &zero, &zero, &overflow).kind, PL_VALUE_NULL);
  assert_int_equal(pl_value_arith(PL_ARITH_ADD, &one, &text, &overflow).kind, PL_VALUE_NULL);
  assert_false(overflow);
  assert_int_equal(pl_value_negate(&lowest, &overflow).kind, PL_VALUE_NULL);
  assert_true(overflow);
  assert_true(pl_value_negate(&one, &overflow).real == -1.0);
}

/// What does not fit is null, with the overflow told; what is no number or date is null without.
static void test_arith_edges(void** state) {
  PL_UNUSED(state);
  static const struct {
    pl_arith_op op;
    const char* a;
    const char* a_type;
    const char* b;
    const char* b_type;
    bool overflow;
  } rows[] = {
      {PL_ARITH_MOD, "999999999999999999999999999999", "decimal", "0.000000000000001", "decimal", true},
      {PL_ARITH_MOD, "0.000000000000001", "decimal", "999999999999999999999999999999", "decimal", true},
      {PL_ARITH_ADD, "999999999999999999999999999999", "decimal", "0.000000000000001", "decimal", true},
      {PL_ARITH_ADD, "0.000000000000001", "decimal", "999999999999999999999999999999", "decimal", true},
      {PL_ARITH_ADD, "2023-01-01", "date", "9223372036854775807", "integer", true},
      {PL_ARITH_ADD, "2023-01-01", "date", "-9223372036854775807", "integer", true},
      {PL_ARITH_SUB, "2023-01-01", "date", "-9223372036854775808", "integer", true},
      {PL_ARITH_ADD, "2022/2023", "interval", "9223372036854775807", "integer", true},
      {PL_ARITH_MUL, "2023-01-01", "date", "2", "integer", false},
      {PL_ARITH_SUB, "2", "integer", "2023-01-01", "date", false},
      {PL_ARITH_ADD, "2023-01-01", "date", "1.5", "decimal", false},
  };
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    const pl_value a = check_value(rows[i].a, rows[i].a_type);
    const pl_value b = check_value(rows[i].b, rows[i].b_type);
    bool overflow = !rows[i].overflow;
    const pl_value r = pl_value_arith(rows[i].op, &a, &b, &overflow);
    if (r.kind != PL_VALUE_NULL || overflow != rows[i].overflow) {
      fail_msg("%s, %s: kind %d, overflow %d", rows[i].a, rows[i].b, (int)r.kind, overflow);
    }
  }
  bool overflow = true;
  const pl_value text = {.kind = PL_VALUE_STRING, .text = PL_STR("1")};
  assert_int_equal(pl_value_negate(&text, &overflow).kind, PL_VALUE_NULL);
  assert_false(overflow);
}

/// A time is within and overlaps times only; a text has the order of its own kind.
static void test_compare_edges(void** state) {
  PL_UNUSED(state);
  const pl_value day = check_value("2023-01-01", "date");
  const pl_value year = check_value("2023", "gYear");
  const pl_value text = check_value("2023", "string");
  assert_int_equal(pl_value_within(&day, &year), PL_TRUE);
  assert_int_equal(pl_value_within(&day, &text), PL_UNKNOWN);
  assert_int_equal(pl_value_within(&text, &year), PL_UNKNOWN);
  assert_int_equal(pl_value_overlaps(&day, &text), PL_UNKNOWN);
  assert_int_equal(pl_value_overlaps(&text, &day), PL_UNKNOWN);
  const pl_value english = {.kind = PL_VALUE_LANG, .text = PL_STR("a"), .lang = PL_STR("en")};
  const pl_value french = {.kind = PL_VALUE_LANG, .text = PL_STR("b"), .lang = PL_STR("fr")};
  assert_int_equal(pl_value_compare(PL_CMP_LT, &english, &french), PL_UNKNOWN);
  assert_int_equal(pl_value_compare(PL_CMP_EQ, &english, &french), PL_FALSE);
  assert_int_equal(compare(PL_CMP_EQ, "x", "token", "x", "anything"), PL_FALSE);
  assert_int_equal(compare(PL_CMP_EQ, "2022/2023", "interval", "2022/2023", "interval"), PL_TRUE);
  assert_int_equal(compare(PL_CMP_EQ, "2022/2023", "interval", "2022/2024", "interval"), PL_FALSE);
  const pl_value null = {.kind = PL_VALUE_NULL};
  assert_int_equal(pl_value_compare(PL_CMP_EQ, &day, &null), PL_UNKNOWN);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_decimal_text),  cmocka_unit_test(test_decimal_model),
      cmocka_unit_test(test_decimal_large), cmocka_unit_test(test_round),
      cmocka_unit_test(test_double_text),   cmocka_unit_test(test_double_round_trip),
      cmocka_unit_test(test_long_numerals), cmocka_unit_test(test_from_term),
      cmocka_unit_test(test_to_term),       cmocka_unit_test(test_order),
      cmocka_unit_test(test_compare),       cmocka_unit_test(test_arith),
      cmocka_unit_test(test_arith_model),   cmocka_unit_test(test_arith_null),
      cmocka_unit_test(test_arith_edges),   cmocka_unit_test(test_compare_edges),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
