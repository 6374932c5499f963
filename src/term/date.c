/// Partial dates. All arithmetic goes through the count of days since 1970-01-01 in the proleptic Gregorian calendar;
/// the two conversions count from 1 March, so that the leap day is the last of its year, and in eras of 400 years
/// (146097 days). Printing is by hand, because the loader prints each date it meets to see whether it was canonical.
#include "term/date.h"

#define DAY_MS 86400000
#define YEAR_BIAS 16384
#define ZONE_BIAS 64
#define ZONE_MINUTES_MAX (14 * 60)

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

static int64_t days_from_civil(int64_t year, unsigned month, unsigned day) {
  const int64_t y = year - (month <= 2);
  const int64_t era = floor_div(y, 400);
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, pl_date* out) {
  const int64_t z = days + 719468;
  const int64_t era = floor_div(z, 146097);
  const int64_t doe = z - era * 146097;
  const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const int64_t mp = (5 * doy + 2) / 153;
  out->day = (uint8_t)(doy - (153 * mp + 2) / 5 + 1);
  out->month = (uint8_t)(mp < 10 ? mp + 3 : mp - 9);
  out->year = (int32_t)(yoe + era * 400 + (out->month <= 2));
}

static unsigned days_in_month(int64_t year, unsigned month) {
  static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  assert(month >= 1 && month <= 12);
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return days[month - 1] + (month == 2 && leap);
}

/* --- parsing --- */

typedef struct cursor {
  const char* p;    ///< next byte
  const char* end;  ///< after the last
} cursor;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool take_char(cursor* c, char wanted) {
  if (c->p < c->end && *c->p == wanted) {
    c->p++;
    return true;
  }
  return false;
}

static bool take_two(cursor* c, unsigned max, uint8_t* out) {
  if (c->end - c->p < 2 || !is_digit(c->p[0]) || !is_digit(c->p[1])) {
    return false;
  }
  *out = (uint8_t)((c->p[0] - '0') * 10 + (c->p[1] - '0'));
  c->p += 2;
  return *out <= max;
}

/// yearFrag: at least four digits, more only without a leading zero.
static bool take_year(cursor* c, pl_date* out) {
  const bool negative = take_char(c, '-');
  const char* start = c->p;
  int32_t year = 0;
  while (c->p < c->end && is_digit(*c->p)) {
    if (c->p - start == 8) {
      return false;  // beyond PL_YEAR_MAX
    }
    year = year * 10 + (*c->p++ - '0');
  }
  const size_t count = (size_t)(c->p - start);
  out->year = negative ? -year : year;
  return count >= 4 && (count == 4 || *start != '0');
}

/// timezoneFrag as the whole rest; nothing at all is a zone too.
static bool take_zone_to_end(cursor* c, pl_date* out) {
  uint8_t hours = 0;
  uint8_t minutes = 0;
  if (c->p == c->end) {
    return true;
  }
  out->has_zone = true;
  if (take_char(c, 'Z')) {
    return c->p == c->end;
  }
  const bool negative = take_char(c, '-');
  if ((!negative && !take_char(c, '+')) || !take_two(c, 14, &hours) || !take_char(c, ':') ||
      !take_two(c, 59, &minutes)) {
    return false;
  }
  const int total = hours * 60 + minutes;
  out->zone_minutes = (int16_t)(negative ? -total : total);
  return c->p == c->end && total <= ZONE_MINUTES_MAX;
}

/// A further field follows: `-` and two digits that do not begin a zone such as -05:00.
static bool field_follows(const cursor* c) {
  return c->p < c->end && *c->p == '-' && !(c->end - c->p == 6 && c->p[3] == ':');
}

static bool take_fraction(cursor* c, pl_date* out) {
  const char* start = c->p;
  uint32_t scale = 100000000;
  while (c->p < c->end && is_digit(*c->p)) {
    out->nanosecond += (uint32_t)(*c->p++ - '0') * scale;  // digits past the ninth are worth nothing
    scale /= 10;
  }
  return c->p > start;
}

/// Everything after the T. 24:00:00 is the first instant of the next day.
static bool take_time(cursor* c, bool seconds_required, pl_date* out) {
  out->precision = PL_PRECISION_TIME;
  if (!take_two(c, 24, &out->hour) || !take_char(c, ':') || !take_two(c, 59, &out->minute)) {
    return false;
  }
  if (take_char(c, ':')) {
    if (!take_two(c, 59, &out->second) || (take_char(c, '.') && !take_fraction(c, out))) {
      return false;
    }
  } else if (seconds_required) {
    return false;
  }
  if (out->hour == 24) {
    if (out->minute || out->second || out->nanosecond) {
      return false;
    }
    civil_from_days(days_from_civil(out->year, out->month, out->day) + 1, out);
    out->hour = 0;
  }
  return take_zone_to_end(c, out);
}

static bool parse(pl_str s, bool seconds_required, pl_date* out) {
  *out = (pl_date){.month = 1, .day = 1, .precision = PL_PRECISION_YEAR};
  cursor c = {s.data, s.data + s.len};
  if (s.len == 0 || !take_year(&c, out)) {
    return false;
  }
  if (!field_follows(&c)) {
    return take_zone_to_end(&c, out);
  }
  c.p++;
  out->precision = PL_PRECISION_MONTH;
  if (!take_two(&c, 12, &out->month) || out->month == 0) {
    return false;
  }
  if (!field_follows(&c)) {
    return take_zone_to_end(&c, out);
  }
  c.p++;
  out->precision = PL_PRECISION_DAY;
  if (!take_two(&c, days_in_month(out->year, out->month), &out->day) || out->day == 0) {
    return false;
  }
  return take_char(&c, 'T') ? take_time(&c, seconds_required, out) : take_zone_to_end(&c, out);
}

bool pl_date_parse(pl_str s, pl_date* out) { return parse(s, false, out); }

bool pl_date_parse_as(pl_str s, pl_precision precision, pl_date* out) {
  return parse(s, true, out) && out->precision == precision;
}

bool pl_interval_parse(pl_str s, pl_date* start, pl_date* end) {
  const char* slash = s.len ? memchr(s.data, '/', s.len) : NULL;
  if (!slash) {
    return false;
  }
  const size_t left = (size_t)(slash - s.data);
  return parse((pl_str){s.data, left}, true, start) && parse((pl_str){slash + 1, s.len - left - 1}, true, end) &&
         pl_date_extent(start).start_ms < pl_date_extent(end).end_ms;
}

/* --- printing --- */

static char* put_two(char* p, unsigned v) {
  assert(v < 100);
  *p++ = (char)('0' + v / 10);
  *p++ = (char)('0' + v % 10);
  return p;
}

static char* put_year(char* p, int32_t year) {
  char digits[12];
  size_t count = 0;
  uint32_t v = year < 0 ? 0 - (uint32_t)year : (uint32_t)year;
  do {
    digits[count++] = (char)('0' + v % 10);
    v /= 10;
  } while (v || count < 4);
  if (year < 0) {
    *p++ = '-';
  }
  while (count) {
    *p++ = digits[--count];
  }
  return p;
}

static char* put_fraction(char* p, uint32_t nanosecond) {
  if (nanosecond == 0) {
    return p;
  }
  *p++ = '.';
  for (uint32_t scale = 100000000; scale && nanosecond; scale /= 10) {
    *p++ = (char)('0' + nanosecond / scale % 10);
    nanosecond %= scale;
  }
  return p;
}

static char* put_zone(char* p, int zone_minutes) {
  if (zone_minutes == 0) {
    *p++ = 'Z';
    return p;
  }
  const unsigned v = (unsigned)(zone_minutes < 0 ? -zone_minutes : zone_minutes);
  *p++ = zone_minutes < 0 ? '-' : '+';
  p = put_two(p, v / 60);
  *p++ = ':';
  return put_two(p, v % 60);
}

size_t pl_date_print(const pl_date* d, char buf[48]) {
  char* p = put_year(buf, d->year);
  if (d->precision >= PL_PRECISION_MONTH) {
    *p++ = '-';
    p = put_two(p, d->month);
  }
  if (d->precision >= PL_PRECISION_DAY) {
    *p++ = '-';
    p = put_two(p, d->day);
  }
  if (d->precision >= PL_PRECISION_TIME) {
    *p++ = 'T';
    p = put_two(p, d->hour);
    *p++ = ':';
    p = put_two(p, d->minute);
    *p++ = ':';
    p = put_two(p, d->second);
    p = put_fraction(p, d->nanosecond);
  }
  p = d->has_zone ? put_zone(p, d->zone_minutes) : p;
  *p = '\0';
  return (size_t)(p - buf);
}

size_t pl_interval_print(const pl_date* start, const pl_date* end, char buf[96]) {
  const size_t left = pl_date_print(start, buf);
  buf[left] = '/';
  return left + 1 + pl_date_print(end, buf + left + 1);
}

pl_str pl_date_datatype(pl_precision precision) {
  switch (precision) {
    case PL_PRECISION_YEAR:
      return PL_STR(PL_XSD "gYear");
    case PL_PRECISION_MONTH:
      return PL_STR(PL_XSD "gYearMonth");
    case PL_PRECISION_DAY:
      return PL_STR(PL_XSD "date");
    case PL_PRECISION_TIME:
      break;
  }
  return PL_STR(PL_XSD "dateTime");
}

/* --- days and extents --- */

int64_t pl_date_days(const pl_date* d) {
  const unsigned month = d->precision >= PL_PRECISION_MONTH ? d->month : 1;
  return days_from_civil(d->year, month, d->precision >= PL_PRECISION_DAY ? d->day : 1);
}

pl_date pl_date_from_days(int64_t days) {
  pl_date d = {.precision = PL_PRECISION_DAY};
  civil_from_days(days, &d);
  return d;
}

int pl_date_weekday(const pl_date* d) {
  const int64_t days = pl_date_days(d) + 3;  // 1970-01-01 was a Thursday
  return (int)(days - floor_div(days, 7) * 7) + 1;
}

pl_extent pl_date_extent(const pl_date* d) {
  const int64_t first = pl_date_days(d);
  const int64_t zone_ms = d->has_zone ? (int64_t)d->zone_minutes * 60000 : 0;
  int64_t start_ms = first * DAY_MS - zone_ms;
  int64_t length_ms = DAY_MS;
  switch (d->precision) {
    case PL_PRECISION_YEAR:
      length_ms = (days_from_civil((int64_t)d->year + 1, 1, 1) - first) * DAY_MS;
      break;
    case PL_PRECISION_MONTH:
      length_ms = (int64_t)days_in_month(d->year, d->month) * DAY_MS;
      break;
    case PL_PRECISION_DAY:
      break;
    case PL_PRECISION_TIME:
      start_ms += ((d->hour * 60 + d->minute) * 60 + d->second) * (int64_t)1000 + d->nanosecond / 1000000;
      length_ms = 1;
      break;
  }
  return (pl_extent){start_ms, start_ms + length_ms};
}

/* --- ids --- */

/// The date with its clock turned from zone `from` to zone `to` (minutes).
static pl_date shift_zone(const pl_date* d, int from, int to) {
  pl_date out = *d;
  const int minutes = d->hour * 60 + d->minute - from + to;
  const int64_t days = floor_div(minutes, 1440);
  const int rest = (int)(minutes - days * 1440);
  if (days) {
    civil_from_days(days_from_civil(d->year, d->month, d->day) + days, &out);
  }
  out.hour = (uint8_t)(rest / 60);
  out.minute = (uint8_t)(rest % 60);
  return out;
}

static uint64_t day_bits(const pl_date* d) {
  const uint64_t month = d->precision >= PL_PRECISION_MONTH ? d->month : 0;
  const uint64_t day = d->precision >= PL_PRECISION_DAY ? d->day : 0;
  return (uint64_t)(d->year + YEAR_BIAS) << 9 | month << 5 | day;
}

static bool year_fits(const pl_date* d) { return d->year >= -YEAR_BIAS && d->year < YEAR_BIAS; }

bool pl_date_to_id(const pl_date* d, pl_id* id) {
  const bool timed = d->precision == PL_PRECISION_TIME;
  if ((d->has_zone && (!timed || d->zone_minutes % 15)) || (timed && d->nanosecond % 1000000)) {
    return false;
  }
  const pl_date utc = d->has_zone ? shift_zone(d, d->zone_minutes, 0) : *d;
  if (!year_fits(&utc)) {
    return false;
  }
  uint64_t clock = 0;
  if (timed) {
    clock = ((uint64_t)utc.hour + 1) << 30 | (uint64_t)utc.minute << 24 | (uint64_t)utc.second << 18 |
            (uint64_t)(utc.nanosecond / 1000000) << 8 |
            (d->has_zone ? (uint64_t)(d->zone_minutes / 15 + ZONE_BIAS) : 0);
  }
  *id = pl_id_make(PL_TAG_DATE, day_bits(&utc) << 35 | clock);
  return true;
}

static unsigned at_most(uint64_t v, unsigned max) { return v > max ? max : (unsigned)v; }

/// Fields out of range, which only a damaged file can hold, are brought into it.
static void day_from_bits(uint64_t bits, pl_date* out) {
  const unsigned month = at_most(bits >> 5 & 15, 12);
  const unsigned day = at_most(bits & 31, 31);
  *out = (pl_date){
      .year = (int32_t)(bits >> 9 & 0x7fff) - YEAR_BIAS, .month = 1, .day = 1, .precision = PL_PRECISION_YEAR};
  if (month) {
    out->month = (uint8_t)month;
    out->precision = PL_PRECISION_MONTH;
  }
  if (month && day) {
    out->day = (uint8_t)day;
    out->precision = PL_PRECISION_DAY;
  }
}

void pl_date_from_id(pl_id id, pl_date* out) {
  const uint64_t bits = pl_id_payload(id);
  const unsigned hour = at_most(bits >> 30 & 31, 24);
  day_from_bits(bits >> 35, out);
  if (hour == 0 || out->precision != PL_PRECISION_DAY) {
    return;
  }
  out->precision = PL_PRECISION_TIME;
  out->hour = (uint8_t)(hour - 1);
  out->minute = (uint8_t)at_most(bits >> 24 & 63, 59);
  out->second = (uint8_t)at_most(bits >> 18 & 63, 59);
  out->nanosecond = at_most(bits >> 8 & 1023, 999) * 1000000;
  const unsigned zone = at_most(bits & 255, ZONE_BIAS + ZONE_MINUTES_MAX / 15);
  if (zone) {
    const int minutes = ((int)zone - ZONE_BIAS) * 15;
    *out = shift_zone(out, 0, minutes);
    out->has_zone = true;
    out->zone_minutes = (int16_t)minutes;
  }
}

bool pl_interval_to_id(const pl_date* start, const pl_date* end, pl_id* id) {
  const bool coarse = start->precision <= PL_PRECISION_DAY && end->precision <= PL_PRECISION_DAY;
  if (!coarse || start->has_zone || end->has_zone || !year_fits(start) || !year_fits(end) ||
      pl_date_extent(start).start_ms >= pl_date_extent(end).end_ms) {
    return false;
  }
  *id = pl_id_make(PL_TAG_INTERVAL, day_bits(start) << 35 | day_bits(end) << 6);
  return true;
}

void pl_interval_from_id(pl_id id, pl_date* start, pl_date* end) {
  day_from_bits(pl_id_payload(id) >> 35, start);
  day_from_bits(pl_id_payload(id) >> 6 & 0xffffff, end);
}
