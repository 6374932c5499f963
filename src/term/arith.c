/// Arithmetic on values. The wider operand decides: integer, decimal, double. What has no answer is null; an answer
/// that is too large for its kind is null too, and says so.
#include <math.h>

#include "term/value.h"

#define DAYS_MAX ((int64_t)PL_YEAR_MAX * 365)  // keeps every shifted date inside the calendar

static const pl_value null_value = {.kind = PL_VALUE_NULL};

static pl_value from_integer(int64_t i) { return (pl_value){.kind = PL_VALUE_INTEGER, .integer = i}; }
static pl_value from_double(double d) { return (pl_value){.kind = PL_VALUE_DOUBLE, .real = d}; }

static bool is_number(const pl_value* v) {
  return v->kind == PL_VALUE_INTEGER || v->kind == PL_VALUE_DECIMAL || v->kind == PL_VALUE_DOUBLE;
}
static bool is_time(const pl_value* v) { return v->kind == PL_VALUE_DATE || v->kind == PL_VALUE_INTERVAL; }

static pl_decimal to_decimal(const pl_value* v) {
  return v->kind == PL_VALUE_INTEGER ? pl_decimal_from_int(v->integer) : v->decimal;
}

static double to_double(const pl_value* v) {
  return v->kind == PL_VALUE_DOUBLE ? v->real : pl_decimal_to_double(to_decimal(v));
}

/// Pass a result on, or null with the overflow noted.
static pl_value checked(bool fits, pl_value v, bool* overflow) {
  *overflow = *overflow || !fits;
  return fits ? v : null_value;
}

static pl_value integer_arith(pl_arith_op op, int64_t a, int64_t b, bool* overflow) {
  int64_t r = 0;
  bool over = false;
  switch (op) {
    case PL_ARITH_ADD:
      over = __builtin_add_overflow(a, b, &r);
      break;
    case PL_ARITH_SUB:
      over = __builtin_sub_overflow(a, b, &r);
      break;
    case PL_ARITH_MUL:
      over = __builtin_mul_overflow(a, b, &r);
      break;
    case PL_ARITH_MOD:
      r = b == -1 ? 0 : a % b;
      break;  // INT64_MIN % -1 traps
    case PL_ARITH_DIV:
      assert(false);
      break;  // a decimal
  }
  return checked(!over, from_integer(r), overflow);
}

/// a - b * trunc(a / b), at the finer of both scales.
static bool decimal_mod(pl_decimal a, pl_decimal b, pl_decimal* out) {
  __int128 left = a.mantissa;
  __int128 right = b.mantissa;
  const uint32_t scale = a.scale > b.scale ? a.scale : b.scale;
  for (uint32_t i = a.scale; i < scale; i++) {
    if (__builtin_mul_overflow(left, 10, &left)) {
      return false;
    }
  }
  for (uint32_t i = b.scale; i < scale; i++) {
    if (__builtin_mul_overflow(right, 10, &right)) {
      return false;
    }
  }
  return pl_decimal_add((pl_decimal){left % right, scale}, (pl_decimal){.mantissa = 0}, out);
}

static pl_value decimal_arith(pl_arith_op op, pl_decimal a, pl_decimal b, bool* overflow) {
  pl_value r = {.kind = PL_VALUE_DECIMAL};
  bool fits = false;
  switch (op) {
    case PL_ARITH_ADD:
      fits = pl_decimal_add(a, b, &r.decimal);
      break;
    case PL_ARITH_SUB:
      fits = pl_decimal_sub(a, b, &r.decimal);
      break;
    case PL_ARITH_MUL:
      fits = pl_decimal_mul(a, b, &r.decimal);
      break;
    case PL_ARITH_DIV:
      fits = pl_decimal_div(a, b, &r.decimal);
      break;
    case PL_ARITH_MOD:
      fits = decimal_mod(a, b, &r.decimal);
      break;
  }
  return checked(fits, r, overflow);
}

static pl_value double_arith(pl_arith_op op, double a, double b) {
  switch (op) {
    case PL_ARITH_ADD:
      return from_double(a + b);
    case PL_ARITH_SUB:
      return from_double(a - b);
    case PL_ARITH_MUL:
      return from_double(a * b);
    case PL_ARITH_DIV:
      return from_double(a / b);
    case PL_ARITH_MOD:
      return from_double(fmod(a, b));
  }
  return null_value;
}

static bool is_zero(const pl_value* v) {
  switch (v->kind) {
    case PL_VALUE_INTEGER:
      return v->integer == 0;
    case PL_VALUE_DECIMAL:
      return v->decimal.mantissa == 0;
    default:
      return v->real == 0;
  }
}

static pl_value number_arith(pl_arith_op op, const pl_value* a, const pl_value* b, bool* overflow) {
  if ((op == PL_ARITH_DIV || op == PL_ARITH_MOD) && is_zero(b)) {
    return null_value;
  }
  if (a->kind == PL_VALUE_DOUBLE || b->kind == PL_VALUE_DOUBLE) {
    return double_arith(op, to_double(a), to_double(b));
  }
  if (a->kind == PL_VALUE_INTEGER && b->kind == PL_VALUE_INTEGER && op != PL_ARITH_DIV) {
    return integer_arith(op, a->integer, b->integer, overflow);
  }
  return decimal_arith(op, to_decimal(a), to_decimal(b), overflow);
}

/// The date `days` later; clock and zone stay. One coarser than a day counts from `from`, its first or last day.
static pl_date shifted(const pl_date* d, pl_date from, int64_t days) {
  const pl_date day = pl_date_from_days(pl_date_days(&from) + days);
  pl_date out = *d;
  out.year = day.year;
  out.month = day.month;
  out.day = day.day;
  out.precision = d->precision < PL_PRECISION_DAY ? PL_PRECISION_DAY : d->precision;
  return out;
}

static pl_value date_plus(const pl_value* date, int64_t days, bool* overflow) {
  if (days > DAYS_MAX || days < -DAYS_MAX) {
    return checked(false, null_value, overflow);
  }
  pl_value r = *date;
  r.text = r.datatype = (pl_str){NULL, 0};
  r.date = shifted(&date->date, pl_value_start(date), days);
  bool fits = r.date.year <= PL_YEAR_MAX && r.date.year >= -PL_YEAR_MAX;
  if (date->kind == PL_VALUE_INTERVAL) {
    r.date_end = shifted(&date->date_end, pl_value_end(date), days);
    fits = fits && r.date_end.year <= PL_YEAR_MAX && r.date_end.year >= -PL_YEAR_MAX;
  }
  return checked(fits, r, overflow);
}

pl_value pl_value_arith(pl_arith_op op, const pl_value* a, const pl_value* b, bool* overflow) {
  *overflow = false;
  if (is_number(a) && is_number(b)) {
    return number_arith(op, a, b, overflow);
  }
  if (is_time(a) && b->kind == PL_VALUE_INTEGER && (op == PL_ARITH_ADD || op == PL_ARITH_SUB)) {
    int64_t days = b->integer;
    const bool over = op == PL_ARITH_SUB && __builtin_sub_overflow(0, days, &days);
    return over ? checked(false, null_value, overflow) : date_plus(a, days, overflow);
  }
  if (is_time(b) && a->kind == PL_VALUE_INTEGER && op == PL_ARITH_ADD) {
    return date_plus(b, a->integer, overflow);
  }
  return null_value;
}

pl_value pl_value_negate(const pl_value* a, bool* overflow) {
  const pl_value zero = from_integer(0);
  *overflow = false;
  if (a->kind == PL_VALUE_DOUBLE) {
    return from_double(-a->real);
  }
  return is_number(a) ? number_arith(PL_ARITH_SUB, &zero, a, overflow) : null_value;
}
