/// Dates: calendar, extents, comparison, containment, shifting.
#include <stdlib.h>

#include "term_check.h"

static pl_value any(const char* text) {
  pl_value v = {.kind = PL_VALUE_DATE};
  if (strchr(text, '/')) {
    v.kind = PL_VALUE_INTERVAL;
    assert_true(pl_interval_parse(pl_str_c(text), &v.date, &v.date_end));
  } else if (text[0] == '#') {
    v = (pl_value){.kind = PL_VALUE_INTEGER, .integer = strtol(text + 1, NULL, 10)};
  } else {
    assert_true(pl_date_parse(pl_str_c(text), &v.date));
  }
  return v;
}

/// The days one by one over a leap cycle and some, against a calendar that only counts up.
static void test_calendar(void** state) {
  PL_UNUSED(state);
  static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int year = -401;
  int month = 1;
  int day = 1;
  const pl_date first = {.year = year, .month = 1, .day = 1, .precision = PL_PRECISION_DAY};
  const int64_t start = pl_date_days(&first);
  for (int64_t days = start; days < start + 1000 * 366; days++) {
    const pl_date d = pl_date_from_days(days);
    assert_true(d.year == year && d.month == month && d.day == day);
    assert_true(pl_date_days(&d) == days);
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (++day > lengths[month - 1] + (month == 2 && leap)) {
      day = 1;
      month = month == 12 ? 1 : month + 1;
      year += month == 1;
    }
  }
}

static void test_known_days(void** state) {
  PL_UNUSED(state);
  static const struct {
    const char* text;
    int64_t days;
    int weekday;
  } rows[] = {{"1970-01-01", 0, 4},
              {"1969-12-31", -1, 3},
              {"2023-09-05", 19605, 2},
              {"2000-02-29", 11016, 2},
              {"0001-01-01", -719162, 1}};
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    const pl_value v = any(rows[i].text);
    assert_int_equal(pl_date_days(&v.date), rows[i].days);
    assert_int_equal(pl_date_weekday(&v.date), rows[i].weekday);
  }
}

static void test_print(void** state) {
  PL_UNUSED(state);
  static const char* const rows[][2] = {
      {"2023", NULL},
      {"2023-09", NULL},
      {"2023-09-05", NULL},
      {"-0044-03-15", NULL},
      {"12345-01-01", NULL},
      {"2023-09-05T10:30", "2023-09-05T10:30:00"},
      {"2023-09-05T10:30:00.120", "2023-09-05T10:30:00.12"},
      {"2023-09-05T10:30:00.000000001Z", NULL},
      {"2023-09-05T10:30:00.0000000019", "2023-09-05T10:30:00.000000001"},
      {"2023-09-05T10:30:00-00:00", "2023-09-05T10:30:00Z"},
      {"2023-12-31T24:00:00.0", "2024-01-01T00:00:00"},
      {"2023-09-05T10:30:00-05:30", NULL},
      {"2023Z", NULL},
      {"2023-09-05+14:00", NULL},
  };
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    char buf[48];
    const pl_value v = any(rows[i][0]);
    check_text((pl_str){buf, pl_date_print(&v.date, buf)}, rows[i][1] ? rows[i][1] : rows[i][0]);
  }
  static const char* const bad[] = {"",
                                    "-",
                                    "202",
                                    "123456789",
                                    "2023-",
                                    "2023-00",
                                    "2023-1",
                                    "2023-09-00",
                                    "2023-09-31",
                                    "2023-09-05T",
                                    "2023-09-05T1:00",
                                    "2023-09-05T25:00:00",
                                    "2023-09-05T24:00:01",
                                    "2023-09-05T10:30:60",
                                    "2023-09-05T10:30:00 ",
                                    "2023-09-05T10:30:00+7:00",
                                    "2023-09-05T10:30:00+15:00",
                                    "2023-09-05 ",
                                    "+2023",
                                    "1900-02-29"};
  for (size_t i = 0; i < PL_COUNT_OF(bad); i++) {
    pl_date d;
    if (pl_date_parse(pl_str_c(bad[i]), &d)) {
      fail_msg("%s", bad[i]);
    }
  }
}

static void test_extent(void** state) {
  PL_UNUSED(state);
  static const char* const rows[][3] = {
      // value, first instant, first instant after it
      {"2023", "2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z"},
      {"2024-02", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"},
      {"2023-12-31", "2023-12-31T00:00:00Z", "2024-01-01T00:00:00Z"},
      {"2023-09-05+07:00", "2023-09-04T17:00:00Z", "2023-09-05T17:00:00Z"},
      {"2023-09-05T00:30:00+07:00", "2023-09-04T17:30:00Z", "2023-09-04T17:30:00.001Z"},
      {"2022-10/2023", "2022-10-01T00:00:00Z", "2024-01-01T00:00:00Z"},
      {"#1999", "1999-01-01T00:00:00Z", "2000-01-01T00:00:00Z"},
  };
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    const pl_value v = any(rows[i][0]);
    const pl_value from = any(rows[i][1]);
    const pl_value to = any(rows[i][2]);
    pl_extent e;
    assert_true(pl_value_extent(&v, &e));
    assert_int_equal(e.start_ms, pl_date_extent(&from.date).start_ms);
    assert_int_equal(e.end_ms, pl_date_extent(&to.date).start_ms);
  }
  const pl_value far = {.kind = PL_VALUE_INTEGER, .integer = INT64_MAX};
  pl_extent e;
  assert_false(pl_value_extent(&far, &e));
}

static void test_compare(void** state) {
  PL_UNUSED(state);
  static const struct {
    const char* a;
    const char* b;
    const char* truths;  // = != < <= > >=
  } rows[] = {
      {"2023", "2023-09-05", "FTFFFF"},
      {"2023", "2023", "TFFTFT"},
      {"#2023", "2023", "TFFTFT"},
      {"#2022", "2023-09-05", "FTTTFF"},
      {"2022", "2023-01", "FTTTFF"},
      {"2024", "2023-12-31", "FTFFTT"},
      {"2023-01", "2023-01-01/2023-01-31", "FTFFFF"},
      {"2023/2024", "2023/2024", "TFFTFT"},
      {"2023/2024", "2023-01/2024", "FTFFFF"},
      {"#2025", "2023/2024", "FTFFTT"},
      {"2023-09-05T10:30:00+07:00", "2023-09-05T03:30:00Z", "TFFTFT"},
      {"2023-09-05T10:30:00.0001", "2023-09-05T10:30:00.0002", "FTTTFF"},
      {"2023-09-05", "2023-09-05T10:30:00", "FTFFFF"},
      {"2023-09-05", "2023-09-06T00:00:00", "FTTTFF"},
  };
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    const pl_value a = any(rows[i].a);
    const pl_value b = any(rows[i].b);
    for (int op = PL_CMP_EQ; op <= PL_CMP_GE; op++) {
      if ((pl_value_compare((pl_compare_op)op, &a, &b) == PL_TRUE) != (rows[i].truths[op] == 'T')) {
        fail_msg("%s and %s, operator %d", rows[i].a, rows[i].b, op);
      }
    }
  }
  const pl_value date = any("2023");
  const pl_value text = {.kind = PL_VALUE_STRING, .text = PL_STR("2023")};
  assert_int_equal(pl_value_compare(PL_CMP_EQ, &date, &text), PL_FALSE);
  assert_int_equal(pl_value_compare(PL_CMP_LT, &date, &text), PL_UNKNOWN);
}

static void test_within(void** state) {
  PL_UNUSED(state);
  static const struct {
    const char* a;
    const char* b;
    pl_truth within;
    pl_truth overlaps;
  } rows[] = {
      {"2023-09-05", "#2023", PL_TRUE, PL_TRUE},
      {"2023", "2022-10/2023", PL_TRUE, PL_TRUE},
      {"2022", "2022-10/2023", PL_FALSE, PL_TRUE},
      {"2024", "2022-10/2023", PL_FALSE, PL_FALSE},
      {"2023-12-31T23:59:59.999", "2023", PL_TRUE, PL_TRUE},
      {"2024-01-01T00:00:00", "2023", PL_FALSE, PL_FALSE},
  };
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    const pl_value a = any(rows[i].a);
    const pl_value b = any(rows[i].b);
    assert_int_equal(pl_value_within(&a, &b), rows[i].within);
    assert_int_equal(pl_value_overlaps(&a, &b), rows[i].overlaps);
    assert_int_equal(pl_value_overlaps(&b, &a), rows[i].overlaps);
  }
  const pl_value null = {.kind = PL_VALUE_NULL};
  assert_int_equal(pl_value_within(&null, &null), PL_UNKNOWN);
}

static void check_day(pl_date d, const char* expected) {
  char buf[48];
  check_text((pl_str){buf, pl_date_print(&d, buf)}, expected);
}

static void test_ends(void** state) {
  PL_UNUSED(state);
  static const char* const rows[][3] = {
      {"2023", "2023-01-01", "2023-12-31"},
      {"2024-02", "2024-02-01", "2024-02-29"},
      {"2023-09-05T01:30:00+07:00", "2023-09-05", "2023-09-05"},
      {"2023-09-05-05:00", "2023-09-05", "2023-09-05"},
      {"1960/1960-02", "1960-01-01", "1960-02-29"},
      {"#1999", "1999-01-01", "1999-12-31"},
  };
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    const pl_value v = any(rows[i][0]);
    check_day(pl_value_start(&v), rows[i][1]);
    check_day(pl_value_end(&v), rows[i][2]);
  }
}

static void test_shift(void** state) {
  PL_UNUSED(state);
  bool overflow = true;
  const pl_value days = {.kind = PL_VALUE_INTEGER, .integer = 30};
  const pl_value day = any("2024-02-15");
  const pl_value instant = any("2023-12-31T23:00:00+07:00");
  pl_value r = pl_value_arith(PL_ARITH_ADD, &day, &days, &overflow);
  check_day(r.date, "2024-03-16");
  r = pl_value_arith(PL_ARITH_SUB, &day, &days, &overflow);
  check_day(r.date, "2024-01-16");
  r = pl_value_arith(PL_ARITH_ADD, &days, &instant, &overflow);
  check_day(r.date, "2024-01-30T23:00:00+07:00");
  assert_false(overflow);
  assert_int_equal(pl_value_arith(PL_ARITH_SUB, &days, &day, &overflow).kind, PL_VALUE_NULL);
  assert_int_equal(pl_value_arith(PL_ARITH_SUB, &day, &day, &overflow).kind, PL_VALUE_NULL);
  assert_int_equal(pl_value_arith(PL_ARITH_MUL, &day, &days, &overflow).kind, PL_VALUE_NULL);
  const pl_value many = {.kind = PL_VALUE_INTEGER, .integer = INT64_MIN};
  assert_int_equal(pl_value_arith(PL_ARITH_SUB, &day, &many, &overflow).kind, PL_VALUE_NULL);
  assert_true(overflow);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_calendar), cmocka_unit_test(test_known_days), cmocka_unit_test(test_print),
      cmocka_unit_test(test_extent),   cmocka_unit_test(test_compare),    cmocka_unit_test(test_within),
      cmocka_unit_test(test_ends),     cmocka_unit_test(test_shift),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
