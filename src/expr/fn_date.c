/// Dates: parts, formatting, distances. A part finer than the date's precision is null. Names are English whatever the
/// locale.
#include "expr/expr_internal.h"

#define DAY_MS ((int64_t)86400000)

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

pl_status pl_fn_today(const pl_call* call, const pl_id* args, pl_id* out) {
  PL_UNUSED(args);
  const pl_date d = pl_date_from_days(floor_div(call->eval->now_ms, DAY_MS));
  return pl_call_put_date(call, &d, out);
}

pl_status pl_fn_now(const pl_call* call, const pl_id* args, pl_id* out) {
  PL_UNUSED(args);
  const int64_t days = floor_div(call->eval->now_ms, DAY_MS);
  const int64_t ms = call->eval->now_ms - days * DAY_MS;
  pl_date d = pl_date_from_days(days);
  d.precision = PL_PRECISION_TIME;
  d.has_zone = true;
  d.hour = (uint8_t)(ms / 3600000);
  d.minute = (uint8_t)(ms / 60000 % 60);
  d.second = (uint8_t)(ms / 1000 % 60);
  d.nanosecond = (uint32_t)(ms % 1000) * 1000000;
  return pl_call_put_date(call, &d, out);
}

/* --- parts --- */

/// A date that has at least this precision.
static pl_status date_with(const pl_call* call, pl_id id, pl_precision precision, pl_date* out) {
  PL_TRY(pl_call_date(call, id, out));
  return out->precision >= precision ? PL_OK : PL_DONE;
}

pl_status pl_fn_year(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_date d;
  PL_TRY(date_with(call, args[0], PL_PRECISION_YEAR, &d));
  return pl_call_put_integer(call, d.year, out);
}

pl_status pl_fn_month(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_date d;
  PL_TRY(date_with(call, args[0], PL_PRECISION_MONTH, &d));
  return pl_call_put_integer(call, d.month, out);
}

pl_status pl_fn_day(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_date d;
  PL_TRY(date_with(call, args[0], PL_PRECISION_DAY, &d));
  return pl_call_put_integer(call, d.day, out);
}

pl_status pl_fn_hour(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_date d;
  PL_TRY(date_with(call, args[0], PL_PRECISION_TIME, &d));
  return pl_call_put_integer(call, d.hour, out);
}

pl_status pl_fn_weekday(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_date d;
  PL_TRY(date_with(call, args[0], PL_PRECISION_DAY, &d));
  return pl_call_put_integer(call, pl_date_weekday(&d), out);
}

/* --- format --- */

static const char* const month_names[] = {"January", "February", "March",     "April",   "May",      "June",
                                          "July",    "August",   "September", "October", "November", "December"};
static const char* const weekday_names[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                            "Friday", "Saturday", "Sunday"};

/// Precision that a directive asks for; 0 for one that is not known.
static pl_precision directive_precision(char c) {
  switch (c) {
    case 'Y':
    case 'y':
    case '%':
      return PL_PRECISION_YEAR;
    case 'm':
    case 'B':
    case 'b':
      return PL_PRECISION_MONTH;
    case 'd':
    case 'e':
    case 'j':
    case 'A':
    case 'a':
    case 'F':
      return PL_PRECISION_DAY;
    case 'H':
    case 'M':
    case 'S':
    case 'T':
      return PL_PRECISION_TIME;
    default:
      return 0;
  }
}

static int day_of_year(const pl_date* d) {
  const pl_date first = {.year = d->year, .month = 1, .day = 1, .precision = PL_PRECISION_DAY};
  pl_date day = *d;
  day.precision = PL_PRECISION_DAY;
  day.has_zone = false;
  return (int)(pl_date_days(&day) - pl_date_days(&first)) + 1;
}

static pl_status format_directive(pl_buf* buf, const pl_date* d, char c) {
  switch (c) {
    case 'Y':
      return pl_buf_printf(buf, d->year < 0 ? "%05d" : "%04d", d->year);
    case 'y':
      return pl_buf_printf(buf, "%02d", ((d->year % 100) + 100) % 100);
    case 'm':
      return pl_buf_printf(buf, "%02u", d->month);
    case 'B':
      return pl_buf_printf(buf, "%s", month_names[d->month - 1]);
    case 'b':
      return pl_buf_printf(buf, "%.3s", month_names[d->month - 1]);
    case 'd':
      return pl_buf_printf(buf, "%02u", d->day);
    case 'e':
      return pl_buf_printf(buf, "%2u", d->day);
    case 'j':
      return pl_buf_printf(buf, "%03d", day_of_year(d));
    case 'A':
      return pl_buf_printf(buf, "%s", weekday_names[pl_date_weekday(d) - 1]);
    case 'a':
      return pl_buf_printf(buf, "%.3s", weekday_names[pl_date_weekday(d) - 1]);
    case 'F':
      return pl_buf_printf(buf, d->year < 0 ? "%05d-%02u-%02u" : "%04d-%02u-%02u", d->year, d->month, d->day);
    case 'H':
      return pl_buf_printf(buf, "%02u", d->hour);
    case 'M':
      return pl_buf_printf(buf, "%02u", d->minute);
    case 'S':
      return pl_buf_printf(buf, "%02u", d->second);
    case 'T':
      return pl_buf_printf(buf, "%02u:%02u:%02u", d->hour, d->minute, d->second);
    default:
      return pl_buf_char(buf, c);
  }
}

/// The directives of strftime named above; any other stays as it is written. One finer than the date makes the whole
/// null.
pl_status pl_fn_format(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_date d;
  pl_str format;
  PL_TRY(pl_call_date(call, args[0], &d));
  PL_TRY(pl_call_text(call, args[1], &format));
  pl_buf* const buf = pl_call_buf(call);
  for (size_t i = 0; i < format.len && buf->status == PL_OK; i++) {
    const char next = i + 1 < format.len ? format.data[i + 1] : '\0';
    const pl_precision precision = directive_precision(next);
    if (format.data[i] != '%' || precision == 0) {
      (void)pl_buf_char(buf, format.data[i]);
      continue;
    }
    if (precision > d.precision) {
      return PL_DONE;
    }
    (void)format_directive(buf, &d, next);
    i++;
  }
  return pl_call_put_buf(call, out);
}

/* --- two dates --- */

pl_status pl_fn_days_between(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_value a;
  pl_value b;
  PL_TRY(pl_call_time(call, args[0], &a));
  PL_TRY(pl_call_time(call, args[1], &b));
  const pl_date first = pl_value_start(&a);
  const pl_date second = pl_value_start(&b);
  return pl_call_put_integer(call, pl_date_days(&second) - pl_date_days(&first), out);
}

pl_status pl_fn_overlaps(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_value a;
  pl_value b;
  PL_TRY(pl_call_time(call, args[0], &a));
  PL_TRY(pl_call_time(call, args[1], &b));
  *out = pl_truth_id(pl_value_overlaps(&a, &b));
  return PL_OK;
}
