// Ranges of ids: see range.h.
#include "term/range.h"

#include <math.h>

#define DAY_MS 86400000
#define ZONE_DAYS 2         ///< a date with a zone may begin so many days away from its id
#define DATE_DAY_SHIFT 35u  ///< bits of a date's payload below its day; an interval has its start in the same place
#define REAL_SLACK 1e-14    ///< relative; wider than what rounding to a double moves

/// A comparison as an interval of values; which side is open does not matter.
typedef struct sides {
  bool low;   ///< bounded below
  bool high;  ///< bounded above
} sides;

static void add(pl_id_ranges* out, pl_id low, pl_id high) {
  assert(out->count < PL_ID_RANGES_MAX);
  if (low <= high) {
    out->items[out->count++] = (pl_id_range){low, high};
  }
}

static void add_tag(pl_id_ranges* out, pl_tag tag) { add(out, pl_tag_first(tag), pl_tag_end(tag) - 1); }

/// Payload of a number that is stored as an offset from 2^58, clamped to the payloads there are.
static uint64_t payload_of(double value) {
  const int64_t offset = (int64_t)1 << 58;
  return value <= -0x1p58 ? 0 : value >= 0x1p58 ? PL_ID_PAYLOAD_MAX : (uint64_t)((int64_t)value + offset);
}

/// Numbers that are stored as value * scale + 2^58.
static void add_scaled(pl_id_ranges* out, pl_tag tag, double value, double scale, sides s) {
  const double slack = fabs(value) * scale * REAL_SLACK + 1;
  const uint64_t low = s.low ? payload_of(floor(value * scale - slack)) : 0;
  const uint64_t high = s.high ? payload_of(ceil(value * scale + slack)) : PL_ID_PAYLOAD_MAX;
  add(out, pl_id_make(tag, low), pl_id_make(tag, high));
}

/// Integers are exact, where the bound is one.
static void add_integers(pl_id_ranges* out, const pl_value* bound, double value, sides s) {
  pl_id id = 0;
  if (bound->kind != PL_VALUE_INTEGER || !pl_value_to_id(bound, &id)) {
    add_scaled(out, PL_TAG_INTEGER, value, 1, s);
    return;
  }
  add(out, s.low ? id : pl_tag_first(PL_TAG_INTEGER), s.high ? id : pl_tag_end(PL_TAG_INTEGER) - 1);
}

/// Id of a double that has one and is not above (or below) a value; the end of the tag if there is none.
static pl_id double_near(double value, bool below) {
  const pl_id none = below ? pl_tag_first(PL_TAG_DOUBLE) : pl_tag_end(PL_TAG_DOUBLE) - 1;
  const double slack = fabs(value) * REAL_SLACK + 0x1p-1000;
  pl_value near = {.kind = PL_VALUE_DOUBLE, .real = below ? value - slack : value + slack};
  uint64_t bits;
  pl_id id = 0;
  memcpy(&bits, &near.real, sizeof(bits));
  bits &= ~(uint64_t)31;  // moves by less than the slack
  memcpy(&near.real, &bits, sizeof(bits));
  return isfinite(near.real) && pl_value_to_id(&near, &id) ? id : none;
}

static void add_dates(pl_id_ranges* out, pl_extent bound, bool whole, sides s) {
  const pl_date first = pl_date_from_days(bound.start_ms / DAY_MS - ZONE_DAYS - 1);
  const pl_date last = pl_date_from_days((whole ? bound.end_ms : bound.start_ms) / DAY_MS + ZONE_DAYS + 1);
  pl_id low = 0, high = 0;
  uint64_t from = 0, to = PL_ID_PAYLOAD_MAX;
  if (s.low && pl_date_to_id(&first, &low)) {
    from = pl_id_payload(low) >> DATE_DAY_SHIFT << DATE_DAY_SHIFT;
  }
  if (s.high && pl_date_to_id(&last, &high)) {
    to = pl_id_payload(high) | (((uint64_t)1 << DATE_DAY_SHIFT) - 1);
  }
  add(out, pl_id_make(PL_TAG_DATE, from), pl_id_make(PL_TAG_DATE, to));
  add(out, pl_id_make(PL_TAG_INTERVAL, from), pl_id_make(PL_TAG_INTERVAL, to));
  add_tag(out, PL_TAG_TIME);
}

/// Integers beside dates are years, also those that are in the dictionary because of how they are written or of their type.
static void add_years(pl_id_ranges* out, pl_extent bound, bool whole, sides s) {
  const int64_t first = pl_date_from_days(bound.start_ms / DAY_MS - 1).year - 1;
  const int64_t last = pl_date_from_days((whole ? bound.end_ms : bound.start_ms) / DAY_MS + 1).year + 1;
  const pl_value low = {.kind = PL_VALUE_INTEGER, .integer = s.low ? first : -PL_YEAR_MAX};
  const pl_value high = {.kind = PL_VALUE_INTEGER, .integer = s.high ? last : PL_YEAR_MAX};
  pl_id from = 0, to = 0;
  if (pl_value_to_id(&low, &from) && pl_value_to_id(&high, &to)) {
    add(out, from, to);
  }
  add_tag(out, PL_TAG_NUMBER);
}

static bool number_of(const pl_value* value, double* out) {
  switch (value->kind) {
    case PL_VALUE_INTEGER:
      *out = (double)value->integer;
      return true;
    case PL_VALUE_DECIMAL:
      *out = pl_decimal_to_double(value->decimal);
      return true;
    case PL_VALUE_DOUBLE:
      *out = value->real;
      return isfinite(value->real);
    default:
      return false;
  }
}

bool pl_id_ranges_of(pl_compare_op op, const pl_value* bound, bool whole, pl_id_ranges* out) {
  const sides s = {.low = op == PL_CMP_EQ || op == PL_CMP_GT || op == PL_CMP_GE,
                   .high = op == PL_CMP_EQ || op == PL_CMP_LT || op == PL_CMP_LE};
  const bool date = bound->kind == PL_VALUE_DATE || bound->kind == PL_VALUE_INTERVAL;
  double value = 0;
  pl_extent extent;
  if (op == PL_CMP_NE || !(date || number_of(bound, &value))) {
    return false;
  }
  out->count = 0;
  const bool in_calendar = pl_value_extent(bound, &extent);
  if (date) {
    add_years(out, extent, whole, s);
  } else {
    add_integers(out, bound, value, s);
    add_scaled(out, PL_TAG_DECIMAL, value, 1e6, s);
    add(out, s.low ? double_near(value, true) : pl_tag_first(PL_TAG_DOUBLE),
        s.high ? double_near(value, false) : pl_tag_end(PL_TAG_DOUBLE) - 1);
    add_tag(out, PL_TAG_NUMBER);
  }
  if (in_calendar) {
    add_dates(out, extent, whole, s);
  }
  return true;
}

void pl_id_ranges_keep(pl_id_ranges* ranges, const pl_id_ranges* other) {
  const pl_id_ranges both = *ranges;
  ranges->count = 0;
  for (uint32_t i = 0; i < both.count; i++) {
    for (uint32_t k = 0; k < other->count; k++) {
      const pl_id_range *a = &both.items[i], *b = &other->items[k];
      add(ranges, a->low > b->low ? a->low : b->low, a->high < b->high ? a->high : b->high);
    }
  }
}
