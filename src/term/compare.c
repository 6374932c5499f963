/// Order and comparison of values.
///
/// Two things that look alike: pl_value_order is total and never fails, for sorting; pl_value_compare is the language's
/// `<` and `=`, with null. Across number types both go by the double nearest to an exact number, so that 0.1 = 1.0E-1;
/// the order breaks ties by exact before double, then by the exact value, which keeps it transitive because rounding is
/// monotone.
#include <math.h>

#include "term/lexical.h"
#include "term/value.h"

#define SIGN(a, b) (((a) > (b)) - ((a) < (b)))

static bool is_exact(const pl_value* v) { return v->kind == PL_VALUE_INTEGER || v->kind == PL_VALUE_DECIMAL; }
static bool is_number(const pl_value* v) { return is_exact(v) || v->kind == PL_VALUE_DOUBLE; }
static bool is_time(const pl_value* v) { return v->kind == PL_VALUE_DATE || v->kind == PL_VALUE_INTERVAL; }
static bool is_instant(const pl_value* v) { return v->kind == PL_VALUE_DATE && v->date.precision == PL_PRECISION_TIME; }

static pl_decimal exact_value(const pl_value* v) {
  return v->kind == PL_VALUE_INTEGER ? pl_decimal_from_int(v->integer) : v->decimal;
}

static double as_double(const pl_value* v) {
  return v->kind == PL_VALUE_DOUBLE ? v->real : pl_decimal_to_double(exact_value(v));
}

static int compare_exact(const pl_value* a, const pl_value* b) {
  if (a->kind == PL_VALUE_INTEGER && b->kind == PL_VALUE_INTEGER) {
    return SIGN(a->integer, b->integer);
  }
  return pl_decimal_cmp(exact_value(a), exact_value(b));
}

/* --- total order --- */

/// Place of a kind in the order across kinds.
static int kind_rank(pl_value_kind kind) {
  static const int ranks[] = {
      [PL_VALUE_NULL] = 0,     [PL_VALUE_BLANK] = 1,   [PL_VALUE_IRI] = 2,    [PL_VALUE_BOOLEAN] = 3,
      [PL_VALUE_INTEGER] = 4,  [PL_VALUE_DECIMAL] = 4, [PL_VALUE_DOUBLE] = 4, [PL_VALUE_DATE] = 5,
      [PL_VALUE_INTERVAL] = 5, [PL_VALUE_STRING] = 6,  [PL_VALUE_LANG] = 6,   [PL_VALUE_OTHER] = 7,
  };
  return ranks[kind];
}

/// NaN after every number.
static int order_doubles(double a, double b) {
  if (isnan(a) || isnan(b)) {
    return SIGN(isnan(a) != 0, isnan(b) != 0);
  }
  return SIGN(a, b);
}

static int order_numbers(const pl_value* a, const pl_value* b) {
  if (is_exact(a) && is_exact(b)) {
    return compare_exact(a, b);
  }
  const double x = as_double(a);
  const double y = as_double(b);
  const int c = order_doubles(x, y);
  if (c || is_exact(a) != is_exact(b)) {
    return c ? c : is_exact(a) ? -1 : 1;
  }
  return SIGN(signbit(x) == 0, signbit(y) == 0);  // -0.0 before 0.0
}

/// Start, coarser first, then what tells apart dates of one instant: zone and the part below a millisecond.
static int order_dates(const pl_date* a, const pl_date* b) {
  const int64_t start_a = pl_date_extent(a).start_ms;
  const int64_t start_b = pl_date_extent(b).start_ms;
  int c = SIGN(start_a, start_b);
  c = c ? c : SIGN(a->precision, b->precision);
  c = c ? c : SIGN(a->nanosecond % 1000000, b->nanosecond % 1000000);
  c = c ? c : SIGN(a->has_zone, b->has_zone);
  return c || !a->has_zone ? c : SIGN(a->zone_minutes, b->zone_minutes);
}

static int order_times(const pl_value* a, const pl_value* b) {
  const int c = order_dates(&a->date, &b->date);
  return c ? c
           : order_dates(a->kind == PL_VALUE_INTERVAL ? &a->date_end : &a->date,
                         b->kind == PL_VALUE_INTERVAL ? &b->date_end : &b->date);
}

static int order_same_rank(const pl_value* a, const pl_value* b) {
  if (a->kind == PL_VALUE_BOOLEAN) {
    return SIGN(a->boolean, b->boolean);
  }
  if (is_number(a)) {
    return order_numbers(a, b);
  }
  return is_time(a) ? order_times(a, b) : pl_str_cmp(a->text, b->text);
}

int pl_value_order(const pl_value* a, const pl_value* b) {
  int c = SIGN(kind_rank(a->kind), kind_rank(b->kind));
  c = c ? c : order_same_rank(a, b);
  c = c ? c : SIGN(a->kind, b->kind);
  c = c ? c : pl_str_cmp(a->lang, b->lang);
  c = c ? c : pl_str_cmp(a->datatype, b->datatype);
  return c || a->kind == PL_VALUE_NULL ? c : pl_str_cmp(a->text, b->text);
}

/* --- time --- */

/// The value as a time: an integer is a year. False for other kinds and for years beyond the calendar.
static bool time_of(const pl_value* v, pl_value* out) {
  if (v->kind == PL_VALUE_INTEGER && v->integer >= -PL_YEAR_MAX && v->integer <= PL_YEAR_MAX) {
    *out = (pl_value){.kind = PL_VALUE_DATE};
    out->date = (pl_date){.year = (int32_t)v->integer, .month = 1, .day = 1, .precision = PL_PRECISION_YEAR};
    return true;
  }
  *out = *v;
  return is_time(v);
}

bool pl_value_extent(const pl_value* v, pl_extent* out) {
  pl_value t;
  if (!time_of(v, &t)) {
    return false;
  }
  *out = pl_date_extent(&t.date);
  if (t.kind == PL_VALUE_INTERVAL) {
    out->end_ms = pl_date_extent(&t.date_end).end_ms;
  }
  return true;
}

pl_date pl_value_start(const pl_value* v) {
  pl_value t;
  const bool ok = time_of(v, &t);
  assert(ok);
  return pl_date_from_days(ok ? pl_date_days(&t.date) : 0);
}

pl_date pl_value_end(const pl_value* v) {
  pl_value t;
  const bool ok = time_of(v, &t);
  assert(ok);
  pl_date last = t.kind == PL_VALUE_INTERVAL ? t.date_end : t.date;
  last.has_zone = false;  // days as they were written, not those of UTC
  const int64_t after = ok ? pl_date_extent(&last).end_ms - 1 : 0;
  return pl_date_from_days(after / 86400000 - (after % 86400000 < 0));
}

pl_truth pl_value_within(const pl_value* a, const pl_value* b) {
  pl_extent x;
  pl_extent y;
  if (!pl_value_extent(a, &x) || !pl_value_extent(b, &y)) {
    return PL_UNKNOWN;
  }
  return x.start_ms >= y.start_ms && x.end_ms <= y.end_ms ? PL_TRUE : PL_FALSE;
}

pl_truth pl_value_overlaps(const pl_value* a, const pl_value* b) {
  pl_extent x;
  pl_extent y;
  if (!pl_value_extent(a, &x) || !pl_value_extent(b, &y)) {
    return PL_UNKNOWN;
  }
  return x.start_ms < y.end_ms && y.start_ms < x.end_ms ? PL_TRUE : PL_FALSE;
}

/* --- comparison --- */

/// How two values stand to each other: any of these, or none when they merely differ.
enum { LESS = 1, EQUAL = 2, GREATER = 4, UNORDERED = 8 };

static int relation_from_sign(int c) { return c < 0 ? LESS : c > 0 ? GREATER : EQUAL; }

static int relate_numbers(const pl_value* a, const pl_value* b) {
  if (is_exact(a) && is_exact(b)) {
    return relation_from_sign(compare_exact(a, b));
  }
  const double x = as_double(a);
  const double y = as_double(b);
  return isnan(x) || isnan(y) ? 0 : relation_from_sign(SIGN(x, y));
}

static bool same_date(const pl_date* a, const pl_date* b) {
  return a->precision == b->precision && pl_date_extent(a).start_ms == pl_date_extent(b).start_ms &&
         a->nanosecond % 1000000 == b->nanosecond % 1000000;
}

static bool same_time(const pl_value* a, const pl_value* b) {
  return a->kind == b->kind && same_date(&a->date, &b->date) &&
         (a->kind == PL_VALUE_DATE || same_date(&a->date_end, &b->date_end));
}

static int relate_times(const pl_value* a, const pl_value* b) {
  pl_value s;
  pl_value t;
  pl_extent x;
  pl_extent y;
  if (!time_of(a, &s) || !time_of(b, &t) || !pl_value_extent(&s, &x) || !pl_value_extent(&t, &y)) {
    return UNORDERED;
  }
  if (same_time(&s, &t)) {
    return EQUAL;
  }
  if (is_instant(&s) && is_instant(&t) && x.start_ms == y.start_ms) {
    return relation_from_sign(SIGN(s.date.nanosecond % 1000000, t.date.nanosecond % 1000000));
  }
  return x.end_ms <= y.start_ms ? LESS : y.end_ms <= x.start_ms ? GREATER : 0;
}

/// The strings and literals with a common order are those of one kind and language; nodes and unknown literals have
/// none.
static int relate_texts(const pl_value* a, const pl_value* b) {
  const bool same = a->kind == b->kind && pl_str_eq(a->lang, b->lang) && pl_str_eq(a->datatype, b->datatype);
  if (!same) {
    return UNORDERED;
  }
  if (a->kind == PL_VALUE_STRING || a->kind == PL_VALUE_LANG) {
    return relation_from_sign(pl_str_cmp(a->text, b->text));
  }
  return UNORDERED | (pl_str_eq(a->text, b->text) ? EQUAL : 0);
}

static int relate(const pl_value* a, const pl_value* b) {
  if (is_number(a) && is_number(b)) {
    return relate_numbers(a, b);
  }
  if (is_time(a) || is_time(b)) {
    return relate_times(a, b);
  }
  if (a->kind == PL_VALUE_BOOLEAN && b->kind == PL_VALUE_BOOLEAN) {
    return relation_from_sign(SIGN(a->boolean, b->boolean));
  }
  return is_number(a) || is_number(b) ? UNORDERED : relate_texts(a, b);
}

pl_truth pl_value_compare(pl_compare_op op, const pl_value* a, const pl_value* b) {
  static const int wanted[] = {
      [PL_CMP_EQ] = EQUAL,        [PL_CMP_NE] = EQUAL,   [PL_CMP_LT] = LESS,
      [PL_CMP_LE] = LESS | EQUAL, [PL_CMP_GT] = GREATER, [PL_CMP_GE] = GREATER | EQUAL,
  };
  if (a->kind == PL_VALUE_NULL || b->kind == PL_VALUE_NULL) {
    return PL_UNKNOWN;
  }
  const int relation = relate(a, b);
  const bool equality = op == PL_CMP_EQ || op == PL_CMP_NE;
  if ((relation & UNORDERED) && !equality) {
    return PL_UNKNOWN;
  }
  const bool holds = (relation & wanted[op]) != 0;
  return holds != (op == PL_CMP_NE) ? PL_TRUE : PL_FALSE;
}
