/// Every function and operator on rows of arguments, once as constants and once as columns of a chunk: both must agree.
#include "expr_fixture.h"

typedef struct row {
  pl_fn fn;              ///< what is called
  const char* args;      ///< terms, spaces between
  const char* expected;  ///< result
} row;

enum { COPIES = 12 };  // rows of the chunk: enough for the memo to be used

static void check_constant(expr_fixture* f, const row* r, const pl_term* args, uint32_t count) {
  pl_expr* exprs[8];
  for (uint32_t i = 0; i < count; i++) {
    f->terms[i] = args[i];
    assert_int_equal(pl_termpool_put_term(f->pool, &args[i], &f->ids[i]), PL_OK);
    exprs[i] = PL_ARENA_NEW(&f->plan, pl_expr);
    *exprs[i] = (pl_expr){.kind = PL_EXPR_TERM, .index = i};
  }
  f->query.term_count = count;
  const char* const text = value_of(f, call_expr(f, r->fn, count, exprs));
  if (strcmp(text, r->expected)) {
    fail_msg("function %d (%s) gave %s, not %s", (int)r->fn, r->args, text, r->expected);
  }
}

/// Odd rows hold the arguments, even ones null.
static void check_columns(expr_fixture* f, const row* r, uint32_t count) {
  pl_id cells[8][COPIES];
  pl_id* columns[8];
  pl_expr* exprs[8];
  pl_id out[COPIES];
  for (uint32_t i = 0; i < count; i++) {
    for (uint32_t k = 0; k < COPIES; k++) {
      cells[i][k] = k % 2 ? f->ids[i] : PL_ID_NULL;
    }
    columns[i] = cells[i];
    exprs[i] = slot_expr(f, i);
  }
  const pl_chunk chunk = {.columns = columns, .slot_count = count, .count = COPIES, .selected = COPIES};
  const pl_program* const program = compile_expr(f, call_expr(f, r->fn, count, exprs));
  assert_int_equal(pl_program_eval(program, &f->eval, &chunk, out), PL_OK);
  for (uint32_t k = 1; k < COPIES; k += 2) {
    if (strcmp(text_of(f, out[k]), r->expected)) {
      fail_msg("function %d (%s) on columns gave %s, not %s", (int)r->fn, r->args, text_of(f, out[k]), r->expected);
    }
  }
}

static void check_rows(void** state, const row* rows, size_t count) {
  expr_fixture* const f = *state;
  for (size_t i = 0; i < count; i++) {
    const pl_str text = pl_str_c(rows[i].args);
    pl_term args[8];
    uint32_t arg_count = 0;
    for (size_t pos = 0; pos < text.len; arg_count++) {
      args[arg_count] = parse_term(f, text, &pos);
    }
    check_constant(f, &rows[i], args, arg_count);
    check_columns(f, &rows[i], arg_count);
    pl_arena_reset(&f->scratch);
    pl_termpool_trim(f->pool, 100);
  }
}
#define CHECK_ROWS(rows) check_rows(state, (rows), PL_COUNT_OF(rows))

#define INT_MAX_TEXT "9223372036854775807"
#define LONG_TEXT "\"a text that is longer than seven bytes\""

static void test_compare(void** state) {
  static const row rows[] = {
      {PL_FN_EQ, "1 1.0", "true"},
      {PL_FN_EQ, "1 1e0", "true"},
      {PL_FN_EQ, "\"007\"^^<" PL_XSD "integer> 7", "true"},
      {PL_FN_NE, "1 2", "true"},
      {PL_FN_LT, "1 2", "true"},
      {PL_FN_LE, "2 2", "true"},
      {PL_FN_GT, "-1 2", "false"},
      {PL_FN_GE, "2 2.5", "false"},
      {PL_FN_EQ, "0e0 -0e0", "true"},
      {PL_FN_EQ, "\"NaN\"^^<" PL_XSD "double> \"NaN\"^^<" PL_XSD "double>", "false"},
      {PL_FN_EQ, "Trung Trung", "true"},
      {PL_FN_EQ, "Trung Hanoi", "false"},
      {PL_FN_EQ, "Nowhere Nowhere", "true"},
      {PL_FN_EQ, "Nowhere Trung", "false"},
      {PL_FN_LT, "Trung Hanoi", "null"},
      {PL_FN_EQ, "Trung 1", "false"},
      {PL_FN_LT, "Trung 1", "null"},
      {PL_FN_EQ, "\"a\" \"a\"", "true"},
      {PL_FN_EQ, LONG_TEXT " " LONG_TEXT, "true"},
      {PL_FN_EQ, "\"Trung\" \"Trung\"@vi", "false"},
      {PL_FN_EQ, "\"Trung\"@vi \"Trung\"@vi", "true"},
      {PL_FN_EQ, "\"unknown to the store\" \"unknown to the store\"", "true"},
      {PL_FN_LT, "\"a\" \"b\"", "true"},
      {PL_FN_LT, "\"a\" \"aa\"", "true"},
      {PL_FN_LT, "\"abc\" " LONG_TEXT, "false"},
      {PL_FN_LT, "\"a\" 1", "null"},
      {PL_FN_EQ, "2023 2023-01-01", "false"},
      {PL_FN_LT, "2023-01-01 2023-01-02", "true"},
      {PL_FN_LT, "2022-12-31 2023", "true"},
      {PL_FN_LT, "2023-01-01 2023-01", "false"},
      {PL_FN_LE, "2023-01 2023-01", "true"},
      {PL_FN_EQ, "true \"1\"^^<" PL_XSD "boolean>", "true"},
      {PL_FN_EQ, "null 1", "null"},
      {PL_FN_NOT, "true", "false"},
      {PL_FN_NOT, "null", "null"},
      {PL_FN_NOT, "1", "null"},
      {PL_FN_AND, "true null", "null"},
      {PL_FN_AND, "null false", "false"},
      {PL_FN_AND, "true true", "true"},
      {PL_FN_OR, "null true", "true"},
      {PL_FN_OR, "false null", "null"},
      {PL_FN_OR, "false \"x\"", "null"},
      {PL_FN_IF, "true 1 2", "1"},
      {PL_FN_IF, "null 1 2", "2"},
      {PL_FN_COALESCE, "null null 3 4", "3"},
      {PL_FN_COALESCE, "null", "null"},
      {PL_FN_IN, "2023-05 2023-01/2024", "true"},
      {PL_FN_IN, "2023-05 2023", "true"},
      {PL_FN_IN, "5 6", "null"},
      {PL_FN_IN, "\"a\" \"b\"", "null"},
      {PL_FN_IN_RANGE, "5 1 10", "true"},
      {PL_FN_IN_RANGE, "10.5 1 10", "false"},
      {PL_FN_IN_RANGE, "2023-05-06 2022 2023", "true"},
      {PL_FN_IN_RANGE, "2023-05-06 2022-10 2023-04", "false"},
      {PL_FN_IN_RANGE, "5 \"a\" 10", "null"},
      {PL_FN_INTERVAL, "2021 2025-03", "2021..2025-03"},
      {PL_FN_INTERVAL, "2025-01 2024-01", "null"},
  };
  CHECK_ROWS(rows);
}

static void test_numbers(void** state) {
  static const row rows[] = {
      {PL_FN_ADD, "1 2", "3"},
      {PL_FN_ADD, "1 2.5", "3.5"},
      {PL_FN_ADD, "288230376151711743 1", "288230376151711744"},
      {PL_FN_ADD, INT_MAX_TEXT " 1", "null"},
      {PL_FN_SUB, "1 \"x\"", "null"},
      {PL_FN_MUL, "4000000000 4000000000", "null"},
      {PL_FN_MUL, "-4 5", "-20"},
      {PL_FN_DIV, "1 4", "0.25"},
      {PL_FN_DIV, "1 0", "null"},
      {PL_FN_MOD, "-7 3", "-1"},
      {PL_FN_NEG, "5", "-5"},
      {PL_FN_ADD, "2023-01-31 1", "2023-02-01"},
      {PL_FN_SUB, "2023-01-01 1", "2022-12-31"},
      {PL_FN_SUB, "2023-01-01 2022-01-01", "null"},
      {PL_FN_ABS, "-5", "5"},
      {PL_FN_ABS, "-2.5", "2.5"},
      {PL_FN_CEIL, "2.1", "3.0"},
      {PL_FN_FLOOR, "-2.1", "-3.0"},
      {PL_FN_FLOOR, "7", "7"},
      {PL_FN_ROUND, "2.5", "3.0"},
      {PL_FN_ROUND, "-2.5", "-3.0"},
      {PL_FN_ROUND, "2.345 2", "2.35"},
      {PL_FN_ROUND, "1234 -2", "1200"},
      {PL_FN_ROUND, "1250 -2", "1300"},
      {PL_FN_ROUND, "2.675e0 2", "2.68E0"},
      {PL_FN_ROUND, "2.5e0", "3.0E0"},
      {PL_FN_ROUND, "1e300 -2", "1.0E300"},
      {PL_FN_ROUND, "\"x\"", "null"},
      {PL_FN_SQRT, "9", "3.0E0"},
      {PL_FN_SQRT, "-1", "null"},
      {PL_FN_LN, "1", "0.0E0"},
      {PL_FN_LN, "0", "null"},
      {PL_FN_ADD, "288230376151711743 -288230376151711744", "-1"},
      {PL_FN_SUB, "-288230376151711744 1", "-288230376151711745"},
      {PL_FN_SUB, "288230376151711743 -1", "288230376151711744"},
      {PL_FN_MUL, "288230376151711743 2", "576460752303423486"},
      {PL_FN_MUL, "-288230376151711744 2", "-576460752303423488"},
      {PL_FN_ABS, "-9223372036854775808", "null"},
      {PL_FN_ABS, "-1e0", "1.0E0"},
      {PL_FN_ROUND, "-9223372036854775807 -30", "0"},
      {PL_FN_ROUND, "9223372036854775807 -1", "null"},
      {PL_FN_ROUND, "-9223372036854775807 -1", "null"},
      {PL_FN_ROUND, "1.5 1000", "1.5"},
      {PL_FN_ROUND, "1.5 -1000", "0.0"},
      {PL_FN_ROUND, "1e300 2", "1.0E300"},
      {PL_FN_ROUND, "1 \"x\"", "null"},
      {PL_FN_CEIL, "2.1e0", "3.0E0"},
      {PL_FN_FLOOR, "2.1e0", "2.0E0"},
      {PL_FN_ROUND, "\"INF\"^^<" PL_XSD "double>", "\"INF\"^^xsd:double"},
      {PL_FN_SQRT, "2.25", "1.5E0"},
      {PL_FN_EXP, "0", "1.0E0"},
      {PL_FN_EXP, "10000", "null"},
  };
  CHECK_ROWS(rows);
}

static void test_strings(void** state) {
  static const row rows[] = {
      {PL_FN_LOWER, "\"Đà NẴNG\"", "\"đà nẵng\""},
      {PL_FN_UPPER, "\"đà nẵng\"@vi", "\"ĐÀ NẴNG\""},
      {PL_FN_LOWER, "5", "null"},
      {PL_FN_LENGTH, "\"Đà\"", "2"},
      {PL_FN_LENGTH, "\"\"", "0"},
      {PL_FN_SUBSTR, "\"Hà Nội\" 4", "\"Nội\""},
      {PL_FN_SUBSTR, "\"Hà Nội\" 1 2", "\"Hà\""},
      {PL_FN_SUBSTR, "\"abc\" 0 2", "\"a\""},
      {PL_FN_SUBSTR, "\"abc\" 2 -1", "\"\""},
      {PL_FN_SUBSTR, "\"abc\" -9223372036854775807 " INT_MAX_TEXT, "\"\""},
      {PL_FN_SUBSTR, "\"abc\" 9 9", "\"\""},
      {PL_FN_SUBSTR, "\"abc\" 1.5", "null"},
      {PL_FN_CONCAT, "\"a\" 1 2.50 2023-05 true", "\"a12.502023-05true\""},
      {PL_FN_SUBSTR, "\"abc\" " INT_MAX_TEXT " 5", "\"\""},
      {PL_FN_SUBSTR, "\"abc\" -5 -9223372036854775807", "\"\""},
      {PL_FN_TRIM, "\"\\u0085\\u3000a\\u000B\"",
       "\"\xC2\x85\xE3\x80\x80"
       "a\""},
      {PL_FN_CONTAINS, "\"\" \"\"", "true"},
      {PL_FN_STARTS_WITH, "\"a\" \"ab\"", "false"},
      {PL_FN_STARTS_WITH, "\"\" \"\"", "true"},
      {PL_FN_MATCHES, "\"a\\nB\" \"a . b\" \"sxi\"", "true"},
      {PL_FN_MATCHES, "\"a\\nb\" \"^b\" \"m\"", "true"},
      {PL_FN_MATCHES, "\"a\\nb\" \"^b\"", "false"},
      {PL_FN_MATCHES, "\"\" \"\"", "true"},
      {PL_FN_REPLACE, "\"\" \"\" \"x\"", "\"x\""},
      {PL_FN_CONCAT, "\"a\" null", "null"},
      {PL_FN_CONCAT, "\"at \" Trung", "\"at urn:parley:Trung\""},
      {PL_FN_CONTAINS, "\"Hà Nội\" \"Nội\"", "true"},
      {PL_FN_CONTAINS, "\"Hà Nội\" \"\"", "true"},
      {PL_FN_CONTAINS, "\"\" \"x\"", "false"},
      {PL_FN_CONTAINS, "Trung \"x\"", "null"},
      {PL_FN_STARTS_WITH, "\"abc\" \"ab\"", "true"},
      {PL_FN_ENDS_WITH, "\"abc\" \"bc\"", "true"},
      {PL_FN_ENDS_WITH, "\"c\" \"bc\"", "false"},
      {PL_FN_SPLIT, "\"a, b,  c\" \", \"", "[\"a\" \"b\" \" c\"]"},
      {PL_FN_SPLIT, "\"Đà\" \"\"", "[\"Đ\" \"à\"]"},
      {PL_FN_SPLIT, "\"\" \",\"", "[\"\"]"},
      {PL_FN_SPLIT, "\"aXXb\" \"X\"", "[\"a\" \"\" \"b\"]"},
      {PL_FN_TRIM, "\" \\t a b\xC2\xA0\"", "\"a b\""},
      {PL_FN_TRIM, "\"  \"", "\"\""},
      {PL_FN_FOLD, "\"Lê Hoài Trung\"", "\"le hoai trung\""},
      {PL_FN_MATCH_TEXT, "\"Lê Hoài Trung\" \"trung le\"", "true"},
      {PL_FN_MATCH_TEXT, "\"Lê Hoài Trung\" \"ho\"", "true"},
      {PL_FN_MATCH_TEXT, "\"Lê Hoài Trung\" \"oai\"", "false"},
      {PL_FN_MATCHES, "\"Lê Hoài\" \"^L.\\\\b\"", "true"},
      {PL_FN_MATCHES, "\"ABC\" \"b\"", "false"},
      {PL_FN_MATCHES, "\"ABC\" \"b\" \"i\"", "true"},
      {PL_FN_MATCHES, "\"ĐÀ\" \"đ\" \"i\"", "true"},
      {PL_FN_MATCHES, "1 \"1\"", "null"},
      {PL_FN_REPLACE, "\"a-b-c\" \"-(.)\" \"+$1\"", "\"a+b+c\""},
      {PL_FN_REPLACE, "\"aaa\" \"a\" \"a long replacement, a long replacement\"",
       "\"a long replacement, a long replacementa long replacement, a long replacementa long replacement, a long "
       "replacement\""},
      {PL_FN_REPLACE, "\"Aa\" \"a\" \"\" \"i\"", "\"\""},
      {PL_FN_REPLACE, "\"x\" \"x\" \"$9\"", "\"\""},
  };
  CHECK_ROWS(rows);
}

static void test_terms(void** state) {
  static const row rows[] = {
      {PL_FN_LABEL, "Trung", "\"Lê Hoài Trung\""},
      {PL_FN_LABEL, "Hanoi", "\"Thăng Long\""},
      {PL_FN_LABEL, "M1", "\"M1\""},
      {PL_FN_LABEL, "Unknown_thing", "\"Unknown_thing\""},
      {PL_FN_LABEL, "<http://www.w3.org/2002/07/owl#Thing>", "\"owl:Thing\""},
      {PL_FN_LABEL, "2023-05", "\"2023-05\""},
      {PL_FN_LABEL, "_:b1", "\"_:b1\""},
      {PL_FN_STR, "Trung", "\"urn:parley:Trung\""},
      {PL_FN_STR, "\"x\"@vi", "\"x\""},
      {PL_FN_TO_STRING, "1.50", "\"1.50\""},
      {PL_FN_TO_STRING, "2023-05", "\"2023-05\""},
      {PL_FN_IRI, "\"http://example.org/x\"", "<http://example.org/x>"},
      {PL_FN_IRI, "\"Lê Hoài\"", "Lê_Hoài"},
      {PL_FN_IRI, "Trung", "Trung"},
      {PL_FN_IRI, "5", "null"},
      {PL_FN_LANG, "\"x\"@vi", "\"vi\""},
      {PL_FN_LANG, "\"x\"", "\"\""},
      {PL_FN_LANG, "Trung", "null"},
      {PL_FN_DATATYPE, "\"x\"", "xsd:string"},
      {PL_FN_DATATYPE, "5", "xsd:integer"},
      {PL_FN_DATATYPE, "\"x\"@vi", "rdf:langString"},
      {PL_FN_IS_NODE, "Trung", "true"},
      {PL_FN_IS_NODE, "Nowhere", "true"},
      {PL_FN_IS_NODE, "5", "false"},
      {PL_FN_IS_LITERAL, "\"computed by nobody\"", "true"},
      {PL_FN_IS_NUMBER, "\"007\"^^<" PL_XSD "integer>", "true"},
      {PL_FN_IS_NUMBER, "\"x\"^^<" PL_XSD "integer>", "false"},
      {PL_FN_IS_DATE, "2023/2024", "true"},
      {PL_FN_IS_DATE, "2023-05-06", "true"},
      {PL_FN_BOUND, "null", "false"},
      {PL_FN_BOUND, "1", "true"},
      {PL_FN_TO_INTEGER, "\" 42 \"", "42"},
      {PL_FN_TO_INTEGER, "-3.7", "-3"},
      {PL_FN_TO_INTEGER, "3.99e0", "3"},
      {PL_FN_TO_INTEGER, "1e30", "null"},
      {PL_FN_TO_INTEGER, "true", "1"},
      {PL_FN_TO_INTEGER, "\"x\"", "null"},
      {PL_FN_TO_INTEGER, "2023-05", "null"},
      {PL_FN_TO_DECIMAL, "\"1.5\"", "1.5"},
      {PL_FN_TO_DECIMAL, "0.1e0", "0.1"},
      {PL_FN_TO_DECIMAL, "12e5", "1200000.0"},
      {PL_FN_TO_DECIMAL, "1e-30", "0.0"},
      {PL_FN_TO_DECIMAL, "1e60", "null"},
      {PL_FN_TO_INTEGER, "99999999999999999999.5", "null"},
      {PL_FN_TO_INTEGER, "-99999999999999999999.5", "null"},
      {PL_FN_TO_INTEGER, "-1e30", "null"},
      {PL_FN_TO_INTEGER, "false", "0"},
      {PL_FN_TO_INTEGER, "\"NaN\"^^<" PL_XSD "double>", "null"},
      {PL_FN_TO_INTEGER, "\"99999999999999999999\"", "null"},
      {PL_FN_TO_INTEGER, "\"\\t\\r\\n\"", "null"},
      {PL_FN_TO_INTEGER, "Trung", "null"},
      {PL_FN_TO_DECIMAL, "true", "1.0"},
      {PL_FN_TO_DECIMAL, "5", "5.0"},
      {PL_FN_TO_DECIMAL, "\"INF\"^^<" PL_XSD "double>", "null"},
      {PL_FN_TO_DECIMAL, "1.2345678901234567e37", "null"},
      {PL_FN_TO_DECIMAL, "1e-300", "0.0"},
      {PL_FN_TO_DECIMAL, "\"\"", "null"},
      {PL_FN_TO_DECIMAL, "\"x\"", "null"},
      {PL_FN_TO_DECIMAL, "2023-05", "null"},
      {PL_FN_TO_DOUBLE, "true", "1.0E0"},
      {PL_FN_TO_DOUBLE, "5", "5.0E0"},
      {PL_FN_TO_DOUBLE, "2e0", "2.0E0"},
      {PL_FN_TO_DOUBLE, "\"x\"", "null"},
      {PL_FN_TO_DOUBLE, "2023-05", "null"},
      {PL_FN_HASH, "\"x\"@vi", "\"7fc784c154543ba0\""},
      {PL_FN_HASH, "\"x\"^^<http://t>", "\"433d5286d30c3b62\""},
      {PL_FN_TO_DOUBLE, "1.5", "1.5E0"},
      {PL_FN_TO_DOUBLE, "\"1e3\"", "1.0E3"},
      {PL_FN_TO_DOUBLE, "\"\"", "null"},
      {PL_FN_HASH, "Trung", "\"9d53242e2c9f52d5\""},
  };
  CHECK_ROWS(rows);
}

static void test_dates(void** state) {
  static const row rows[] = {
      {PL_FN_YEAR, "2023-05-06", "2023"},
      {PL_FN_MONTH, "2023-05", "5"},
      {PL_FN_DAY, "2023-05", "null"},
      {PL_FN_HOUR, "2023-05-06T10:30:00", "10"},
      {PL_FN_HOUR, "2023-05-06", "null"},
      {PL_FN_WEEKDAY, "2023-09-06", "3"},
      {PL_FN_YEAR, "\"x\"", "null"},
      {PL_FN_FORMAT, "2023-09-06 \"%A %d %B %Y, %a %e %b %y, %j, %F %% %q %\"",
       "\"Wednesday 06 September 2023, Wed  6 Sep 23, 249, 2023-09-06 % %q %\""},
      {PL_FN_FORMAT, "2023-09-06T01:02:03 \"%H-%M-%S %T\"", "\"01-02-03 01:02:03\""},
      {PL_FN_FORMAT, "2023-09 \"%d\"", "null"},
      {PL_FN_FORMAT, "2023-09 \"%m/%Y\"", "\"09/2023\""},
      {PL_FN_START, "2023", "2023-01-01"},
      {PL_FN_END, "2024-02", "2024-02-29"},
      {PL_FN_END, "2021/2025-03", "2025-03-31"},
      {PL_FN_START, "\"x\"", "null"},
      {PL_FN_DAYS_BETWEEN, "2023-01-01 2023-03-01", "59"},
      {PL_FN_DAYS_BETWEEN, "2023 2023-01-01", "0"},
      {PL_FN_OVERLAPS, "2023 2023-05/2024", "true"},
      {PL_FN_OVERLAPS, "2022-05 2023-05/2024", "false"},
      {PL_FN_TO_DATE, "\"2023-09\"", "2023-09"},
      {PL_FN_TO_DATE, "\"2023-09/2024\"", "2023-09..2024"},
      {PL_FN_FORMAT, "-5 \"%Y\"", "null"},
      {PL_FN_FORMAT, "\"-0044-03-15\"^^<" PL_XSD "date> \"%Y %F\"", "\"-0044 -0044-03-15\""},
      {PL_FN_TO_DATE, "\"\"", "null"},
      {PL_FN_TO_DATE, "2023", "\"2023\"^^xsd:gYear"},
      {PL_FN_TO_DATE, "999999999999", "null"},
      {PL_FN_TO_DATE, "-999999999999", "null"},
      {PL_FN_TO_DATE, "\"2023\"@vi", "\"2023\"^^xsd:gYear"},
      {PL_FN_TO_DATE, "\"2023-13\"", "null"},
      {PL_FN_TO_DATE, "2023-05-06T10:30:00", "2023-05-06"},
  };
  CHECK_ROWS(rows);
}

static void test_clock(void** state) {
  expr_fixture* const f = *state;
  assert_string_equal(value_of(f, call_expr(f, PL_FN_TODAY, 0, NULL)), "2023-09-06");
  assert_string_equal(value_of(f, call_expr(f, PL_FN_NOW, 0, NULL)), "2023-09-06T11:33:20.123Z");
  f->eval.now_ms = -1;
  assert_string_equal(value_of(f, call_expr(f, PL_FN_TODAY, 0, NULL)), "1969-12-31");
}

static void test_lists(void** state) {
  expr_fixture* const f = *state;
  pl_expr* const list =
      CALL(f, PL_FN_LIST, term_expr(f, "Trung"), term_expr(f, "2"), term_expr(f, "null"), term_expr(f, "2.0"));
  pl_expr* const nodes = CALL(f, PL_FN_LIST, term_expr(f, "Trung"), term_expr(f, "Hanoi"));
  pl_expr* const empty = call_expr(f, PL_FN_LIST, 0, NULL);
  assert_string_equal(value_of(f, list), "[Trung 2 null 2.0]");
  assert_string_equal(value_of(f, CALL(f, PL_FN_SIZE, list)), "4");
  assert_string_equal(value_of(f, CALL(f, PL_FN_INDEX, list, term_expr(f, "0"))), "Trung");
  assert_string_equal(value_of(f, CALL(f, PL_FN_INDEX, list, term_expr(f, "-1"))), "2.0");
  assert_string_equal(value_of(f, CALL(f, PL_FN_INDEX, list, term_expr(f, "4"))), "null");
  assert_string_equal(value_of(f, CALL(f, PL_FN_LIST_FIRST, list)), "Trung");
  assert_string_equal(value_of(f, CALL(f, PL_FN_LIST_LAST, list)), "2.0");
  assert_string_equal(value_of(f, CALL(f, PL_FN_LIST_FIRST, empty)), "null");
  assert_string_equal(value_of(f, CALL(f, PL_FN_LIST_JOIN, list, term_expr(f, "\"; \""))), "\"Lê Hoài Trung; 2; 2.0\"");
  assert_string_equal(value_of(f, CALL(f, PL_FN_CHAIN, nodes)), "\"Lê Hoài Trung > Thăng Long\"");
  assert_string_equal(value_of(f, CALL(f, PL_FN_LABEL, nodes)), "\"[Lê Hoài Trung, Thăng Long]\"");
  assert_string_equal(value_of(f, CALL(f, PL_FN_EQ, nodes, nodes)), "true");
  assert_string_equal(value_of(f, CALL(f, PL_FN_EQ, nodes, list)), "false");
  assert_string_equal(value_of(f, CALL(f, PL_FN_LT, nodes, list)), "null");
  assert_string_equal(value_of(f, CALL(f, PL_FN_LENGTH, nodes)), "null");
  assert_string_equal(value_of(f, CALL(f, PL_FN_NODES, nodes)), "null");
}

static void test_in_list(void** state) {
  expr_fixture* const f = *state;
  pl_expr* const mixed = CALL(f, PL_FN_LIST, term_expr(f, "Trung"), term_expr(f, "2"), term_expr(f, "null"));
  pl_expr* const nodes = CALL(f, PL_FN_LIST, term_expr(f, "Trung"), term_expr(f, "Nowhere"), term_expr(f, "\"x\""));
  pl_expr* const numbers = CALL(f, PL_FN_LIST, term_expr(f, "1"), term_expr(f, "3"));
  assert_string_equal(value_of(f, CALL(f, PL_FN_IN, term_expr(f, "Trung"), mixed)), "true");
  assert_string_equal(value_of(f, CALL(f, PL_FN_IN, term_expr(f, "2.0"), mixed)), "true");
  assert_string_equal(value_of(f, CALL(f, PL_FN_IN, term_expr(f, "Hanoi"), mixed)), "null");
  assert_string_equal(value_of(f, CALL(f, PL_FN_IN, term_expr(f, "Hanoi"), nodes)), "false");
  assert_string_equal(value_of(f, CALL(f, PL_FN_IN, term_expr(f, "Nowhere"), nodes)), "true");
  assert_string_equal(value_of(f, CALL(f, PL_FN_IN, term_expr(f, "\"x\""), nodes)), "true");
  assert_string_equal(value_of(f, CALL(f, PL_FN_IN, term_expr(f, "2"), numbers)), "false");
  assert_string_equal(value_of(f, CALL(f, PL_FN_IN, term_expr(f, "3.0"), numbers)), "true");
  assert_string_equal(value_of(f, CALL(f, PL_FN_IN, term_expr(f, "3"), call_expr(f, PL_FN_LIST, 0, NULL))), "false");
}

/// The assertion of a fact with this object.
static pl_id assertion_of(expr_fixture* f, const char* object) {
  pl_scan* scan = NULL;
  pl_id c = PL_ID_NULL;
  size_t count = 0;
  const pl_id prefix = id_of(f, object);
  pl_id* const columns[4] = {NULL, NULL, NULL, &c};
  assert_int_equal(pl_scan_open(f->store->txn, PL_ORDER_OSP, PL_SCAN_ASSERTIONS, NULL, &f->mem, &scan), PL_OK);
  assert_int_equal(pl_scan_range(scan, &prefix, 1, 0, UINT64_MAX), PL_OK);
  assert_int_equal(pl_scan_fill(scan, columns, 1, &count), PL_OK);
  assert_int_equal(count, 1);
  pl_scan_close(scan);
  return c;
}

static void check_assertion(expr_fixture* f, pl_id c, pl_fn fn, const char* expected) {
  pl_id* const columns[] = {&c};
  pl_id out;
  const pl_chunk chunk = {.columns = (pl_id**)(uintptr_t)columns, .slot_count = 1, .count = 1, .selected = 1};
  pl_program* const program = compile_expr(f, CALL(f, fn, slot_expr(f, 0)));
  assert_int_equal(pl_program_eval(program, &f->eval, &chunk, &out), PL_OK);
  assert_string_equal(text_of(f, out), expected);
}

static void test_assertions(void** state) {
  expr_fixture* const f = *state;
  const pl_id bounded = assertion_of(f, "M1");
  const pl_id attested = assertion_of(f, "M2");
  check_assertion(f, bounded, PL_FN_SOURCE, "a1");
  check_assertion(f, bounded, PL_FN_CONFIDENCE, "0.9");
  check_assertion(f, bounded, PL_FN_START, "2023");
  check_assertion(f, bounded, PL_FN_END, "2023-05-06");
  check_assertion(f, bounded, PL_FN_IS_NODE, "true");
  check_assertion(f, attested, PL_FN_SOURCE, "null");
  check_assertion(f, attested, PL_FN_CONFIDENCE, "null");
  check_assertion(f, attested, PL_FN_START, "2023-09-01");
  check_assertion(f, attested, PL_FN_END, "2023-09-30");
  const pl_id graph = id_of(f, "graph1");
  check_assertion(f, graph, PL_FN_SOURCE, "graph1");
  check_assertion(f, graph, PL_FN_END, "2024-05-13");
  check_assertion(f, graph, PL_FN_CONFIDENCE, "null");
}

/* --- errors --- */

static pl_status status_of(expr_fixture* f, pl_expr* expr) {
  pl_program* program = NULL;
  pl_id id;
  pl_error_clear(&f->err);
  PL_TRY(pl_expr_compile(&f->query, expr, &f->plan, &f->err, &program));
  return pl_program_eval_const(program, &f->eval, &id);
}

static void test_pattern_errors(void** state) {
  expr_fixture* const f = *state;
  pl_expr* const text = term_expr(f, "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"");
  assert_int_equal(status_of(f, CALL(f, PL_FN_MATCHES, text, term_expr(f, "\"(\""))), PL_ERR_EVAL);
  assert_int_equal(f->err.items[0].number, PL_MSG_REGEX_BAD);
  assert_int_equal(status_of(f, CALL(f, PL_FN_MATCHES, text, term_expr(f, "\"a\""), term_expr(f, "\"q\""))),
                   PL_ERR_EVAL);
  assert_int_equal(status_of(f, CALL(f, PL_FN_MATCHES, text, CALL(f, PL_FN_CONCAT, term_expr(f, "\"[\"")))),
                   PL_ERR_EVAL);
  assert_int_equal(status_of(f, CALL(f, PL_FN_MATCHES, text, term_expr(f, "\"^(a|aa)+$\""))), PL_ERR_EVAL);
  assert_int_equal(f->err.items[0].number, PL_MSG_REGEX_LIMIT);
  assert_int_equal(status_of(f, CALL(f, PL_FN_REPLACE, text, term_expr(f, "\"a\""), term_expr(f, "\"$\""))),
                   PL_ERR_EVAL);
  assert_int_equal(f->err.items[0].number, PL_MSG_REGEX_REPLACEMENT);
}

static void test_many_patterns(void** state) {
  expr_fixture* const f = *state;
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < 100; i++) {
      char pattern[32];
      snprintf(pattern, sizeof pattern, "\"^x%d$\"", i);
      f->query.term_count = 0;
      assert_string_equal(value_of(f, CALL(f, PL_FN_MATCHES, term_expr(f, "\"x42\""), term_expr(f, pattern))),
                          i == 42 ? "true" : "false");
    }
  }
}

static void test_overflow_warns_once(void** state) {
  expr_fixture* const f = *state;
  for (int i = 0; i < 3; i++) {
    assert_string_equal(value_of(f, CALL(f, PL_FN_ADD, term_expr(f, INT_MAX_TEXT), term_expr(f, "1"))), "null");
  }
  assert_int_equal(f->err.count, 1);
  assert_int_equal(f->err.error_count, 0);
  assert_int_equal(f->err.items[0].number, PL_MSG_OVERFLOW);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, expr_setup, expr_teardown)
int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_compare),    TEST(test_numbers),        TEST(test_strings),       TEST(test_terms),
      TEST(test_dates),      TEST(test_clock),          TEST(test_lists),         TEST(test_in_list),
      TEST(test_assertions), TEST(test_pattern_errors), TEST(test_many_patterns), TEST(test_overflow_warns_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
