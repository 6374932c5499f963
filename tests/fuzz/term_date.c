/// Dates, intervals, decimals and doubles: what is read prints, and what is printed reads as the same; ids too.
#include "term/value.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static void require(bool condition) {
  if (!condition) {
    abort();
  }
}

static bool same_date(const pl_date* a, const pl_date* b) {
  char text[2][48];
  const size_t len = pl_date_print(a, text[0]);
  return len == pl_date_print(b, text[1]) && memcmp(text[0], text[1], len) == 0;
}

static void check_date(const pl_date* date) {
  char buf[48];
  pl_date again;
  pl_id id;
  const size_t len = pl_date_print(date, buf);
  require(len < sizeof buf && pl_date_parse((pl_str){buf, len}, &again) && same_date(date, &again));
  const pl_extent extent = pl_date_extent(date);
  require(extent.end_ms > extent.start_ms);
  const int weekday = pl_date_weekday(date);
  require(weekday >= 1 && weekday <= 7);
  const int64_t days = pl_date_days(date);
  const pl_date day = pl_date_from_days(days);
  require(pl_date_days(&day) == days);
  if (pl_date_to_id(date, &id)) {
    pl_date_from_id(id, &again);
    require(same_date(date, &again));
  }
}

static void check_interval(const pl_date* start, const pl_date* end) {
  char buf[96];
  pl_date again[2];
  pl_id id;
  const size_t len = pl_interval_print(start, end, buf);
  require(len < sizeof buf && pl_interval_parse((pl_str){buf, len}, &again[0], &again[1]));
  require(same_date(start, &again[0]) && same_date(end, &again[1]));
  if (pl_interval_to_id(start, end, &id)) {
    pl_interval_from_id(id, &again[0], &again[1]);
    require(same_date(start, &again[0]) && same_date(end, &again[1]));
  }
}

static void check_decimal(pl_decimal d) {
  char buf[48];
  pl_decimal again = {0};
  pl_decimal sum;
  const size_t len = pl_decimal_print(d, buf);
  require(len < sizeof buf && pl_decimal_parse((pl_str){buf, len}, &again) && pl_decimal_cmp(d, again) == 0);
  require(!pl_decimal_sub(d, again, &sum) || sum.mantissa == 0);
  (void)pl_decimal_mul(d, d, &sum);
  (void)pl_decimal_div(d, again, &sum);
  for (int digits = -20; digits <= 20; digits += 4) {
    (void)pl_decimal_round(d, digits, 'h');
    (void)pl_decimal_round(d, digits, 'f');
    (void)pl_decimal_round(d, digits, 'c');
  }
}

static void check_double(double d) {
  char buf[48];
  char number[49] = "";
  const size_t len = pl_double_print(d, buf);
  require(len < sizeof buf);
  memcpy(number, buf, len);
  require(isnan(d) || isinf(d) || strtod(number, NULL) == d);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const pl_str s = {(const char*)data, size};
  pl_date date;
  pl_date end;
  pl_decimal decimal;
  double real;
  if (pl_date_parse(s, &date)) {
    check_date(&date);
  }
  if (pl_interval_parse(s, &date, &end)) {
    check_interval(&date, &end);
  }
  for (pl_precision p = PL_PRECISION_YEAR; p <= PL_PRECISION_TIME; p++) {
    require(!pl_date_parse_as(s, p, &date) || date.precision == p);
  }
  if (pl_decimal_parse(s, &decimal)) {
    check_decimal(decimal);
  }
  if (size == sizeof real) {
    memcpy(&real, data, sizeof real);
    check_double(real);
  }
  return 0;
}
