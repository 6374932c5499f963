/// Partial dates and intervals: a date of any precision is the interval of the days (or milliseconds) it covers.
///
/// Inline bits of PL_TAG_DATE, most significant first, so that ids sort by start, coarser first:
///   year + 16384 (15) | month (4, 0 = none) | day (5, 0 = none) | hour + 1 (5, 0 = none) | minute (6) | second (6) |
///   millisecond (10) | zone (8): 0 = none, else offset in quarter hours + 64
/// dateTimes with a zone are stored in UTC, the zone kept in the last bits to print them as written. PL_TAG_INTERVAL: two times
/// year (15), month (4), day (5) and 5 bits kept for later use = 29 bits, start then end, and then one bit (below all) that is kept too.
#ifndef PL_TERM_DATE_H
#define PL_TERM_DATE_H

#include "term/term.h"

typedef enum pl_precision {
  PL_PRECISION_YEAR = 1,
  PL_PRECISION_MONTH,
  PL_PRECISION_DAY,
  PL_PRECISION_TIME
} pl_precision;

#define PL_YEAR_MAX \
  99999999  ///< largest year that is a date, either sign; a longer one makes a literal without a value

typedef struct pl_date {
  int32_t year;            ///< astronomical, may be negative
  uint8_t month;           ///< 1 to 12
  uint8_t day;             ///< 1 to 31
  uint8_t hour;            ///< 0 to 23; local time as written
  uint8_t minute;          ///< 0 to 59
  uint8_t second;          ///< 0 to 59
  uint32_t nanosecond;     ///< 0 to 999999999
  bool has_zone;           ///< zone_minutes is meaningful
  int16_t zone_minutes;    ///< offset from UTC
  pl_precision precision;  ///< finest field that is given
} pl_date;

/// [start, end) in milliseconds since 1970-01-01T00:00:00 UTC (proleptic Gregorian; no zone counts as UTC). end > start.
typedef struct pl_extent {
  int64_t start_ms;  ///< first millisecond covered
  int64_t end_ms;    ///< first one after
} pl_extent;

/// Parse YYYY, YYYY-MM, YYYY-MM-DD, YYYY-MM-DDThh:mm[:ss[.fff]][zone] (XSD 1.1 lexical forms; also negative and longer years; day checked).
bool pl_date_parse(pl_str s, pl_date* out);
/// Parse exactly the lexical form of the XSD type of that precision (seconds required in a dateTime).
bool pl_date_parse_as(pl_str s, pl_precision precision, pl_date* out);
/// Canonical text (as the four XSD types print it); returns length. buf has 48 bytes.
size_t pl_date_print(const pl_date* d, char buf[48]);
pl_extent pl_date_extent(const pl_date* d);
/// Inline id, or false if a field does not fit.
bool pl_date_to_id(const pl_date* d, pl_id* id);
void pl_date_from_id(pl_id id, pl_date* out);  ///< id of PL_TAG_DATE
bool pl_interval_to_id(const pl_date* start, const pl_date* end, pl_id* id);
void pl_interval_from_id(pl_id id, pl_date* start, pl_date* end);  ///< id of PL_TAG_INTERVAL
/// Parse "start/end", two dates of any precision; false also if the end lies before the start.
bool pl_interval_parse(pl_str s, pl_date* start, pl_date* end);
/// Canonical text "start/end"; returns length.
size_t pl_interval_print(const pl_date* start, const pl_date* end, char buf[96]);
/// XSD datatype IRI of a date's precision.
pl_str pl_date_datatype(pl_precision precision);
int64_t pl_date_days(const pl_date* d);   ///< days since 1970-01-01 of its first day
pl_date pl_date_from_days(int64_t days);  ///< day precision
int pl_date_weekday(const pl_date* d);    ///< 1 = Monday

#endif
