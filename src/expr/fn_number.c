/// Arithmetic and numeric functions. Inline integers are computed on their ids; the rest goes through values.
#include <math.h>

#include "expr/expr_internal.h"

#define HALF ((int64_t)1 << 58)  // inline integers carry their value with this added (id.h)

static bool inline_integers(const pl_id* args) {
  return pl_id_tag(args[0]) == PL_TAG_INTEGER && pl_id_tag(args[1]) == PL_TAG_INTEGER;
}

static int64_t inline_integer(pl_id id) { return (int64_t)pl_id_payload(id) - HALF; }

static bool put_inline(int64_t v, pl_id* out) {
  *out = pl_id_make(PL_TAG_INTEGER, (uint64_t)(v + HALF) & PL_ID_PAYLOAD_MAX);
  return v >= -HALF && v < HALF;
}

static pl_status arith(const pl_call* call, pl_arith_op op, const pl_id* args, pl_id* out) {
  pl_value a;
  pl_value b;
  bool overflow = false;
  PL_TRY(pl_call_value(call, args[0], &a));
  PL_TRY(pl_call_value(call, args[1], &b));
  const pl_value v = pl_value_arith(op, &a, &b, &overflow);
  return pl_call_put(call, &v, overflow, out);
}

pl_status pl_fn_add(const pl_call* call, const pl_id* args, pl_id* out) {
  // Inline integers have 59 bits, so the sum cannot pass 64.
  if (inline_integers(args) && put_inline(inline_integer(args[0]) + inline_integer(args[1]), out)) {
    return PL_OK;
  }
  return arith(call, PL_ARITH_ADD, args, out);
}

pl_status pl_fn_sub(const pl_call* call, const pl_id* args, pl_id* out) {
  if (inline_integers(args) && put_inline(inline_integer(args[0]) - inline_integer(args[1]), out)) {
    return PL_OK;
  }
  return arith(call, PL_ARITH_SUB, args, out);
}

pl_status pl_fn_mul(const pl_call* call, const pl_id* args, pl_id* out) {
  int64_t product;
  if (inline_integers(args) && !__builtin_mul_overflow(inline_integer(args[0]), inline_integer(args[1]), &product) &&
      product >= -HALF && product < HALF) {
    return put_inline(product, out) ? PL_OK : PL_DONE;
  }
  return arith(call, PL_ARITH_MUL, args, out);
}

pl_status pl_fn_div(const pl_call* call, const pl_id* args, pl_id* out) { return arith(call, PL_ARITH_DIV, args, out); }
pl_status pl_fn_mod(const pl_call* call, const pl_id* args, pl_id* out) { return arith(call, PL_ARITH_MOD, args, out); }

static pl_status negate(const pl_call* call, const pl_value* v, pl_id* out) {
  bool overflow = false;
  const pl_value negated = pl_value_negate(v, &overflow);
  return pl_call_put(call, &negated, overflow, out);
}

pl_status pl_fn_neg(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_value v;
  PL_TRY(pl_call_number(call, args[0], &v));
  return negate(call, &v, out);
}

static bool is_negative(const pl_value* v) {
  switch (v->kind) {
    case PL_VALUE_INTEGER:
      return v->integer < 0;
    case PL_VALUE_DECIMAL:
      return v->decimal.mantissa < 0;
    default:
      return signbit(v->real) != 0;
  }
}

pl_status pl_fn_abs(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_value v;
  PL_TRY(pl_call_number(call, args[0], &v));
  return is_negative(&v) ? negate(call, &v, out) : pl_termpool_put(call->eval->pool, &v, out);
}

/* --- rounding: the kind of number stays --- */

static pl_status round_integer(const pl_call* call, int64_t i, int digits, char mode, pl_id* out) {
  if (digits >= 0) {
    return pl_call_put_integer(call, i, out);
  }
  const pl_decimal d = pl_decimal_round(pl_decimal_from_int(i), digits, mode);
  const bool fits = d.scale == 0 && d.mantissa >= INT64_MIN && d.mantissa <= INT64_MAX;
  const pl_value v = {.kind = PL_VALUE_INTEGER, .integer = fits ? (int64_t)d.mantissa : 0};
  return pl_call_put(call, &v, !fits, out);
}

/// A double is rounded as it is printed: round(2.675e0, 2) is 2.68 although the nearest double lies a little below.
static double round_double(double d, int digits, char mode) {
  pl_decimal exact;
  if (digits == 0 || !pl_double_to_decimal(d, &exact)) {
    return digits > 0 ? d : mode == 'h' ? round(d) : mode == 'f' ? floor(d) : ceil(d);
  }
  return pl_decimal_to_double(pl_decimal_round(exact, digits, mode));
}

static pl_status round_number(const pl_call* call, pl_id id, int digits, char mode, pl_id* out) {
  pl_value v;
  PL_TRY(pl_call_number(call, id, &v));
  switch (v.kind) {
    case PL_VALUE_INTEGER:
      return round_integer(call, v.integer, digits, mode, out);
    case PL_VALUE_DECIMAL:
      return pl_call_put_decimal(call, pl_decimal_round(v.decimal, digits, mode), out);
    default:
      v.real = isfinite(v.real) ? round_double(v.real, digits, mode) : v.real;
      return pl_termpool_put(call->eval->pool, &v, out);
  }
}

pl_status pl_fn_ceil(const pl_call* call, const pl_id* args, pl_id* out) {
  return round_number(call, args[0], 0, 'c', out);
}

pl_status pl_fn_floor(const pl_call* call, const pl_id* args, pl_id* out) {
  return round_number(call, args[0], 0, 'f', out);
}

pl_status pl_fn_round(const pl_call* call, const pl_id* args, pl_id* out) {
  int64_t digits = 0;
  if (call->count > 1) {
    PL_TRY(pl_call_integer(call, args[1], &digits));
  }
  digits = digits > 400 ? 400 : digits < -400 ? -400 : digits;
  return round_number(call, args[0], (int)digits, 'h', out);
}

/* --- doubles --- */

static pl_status as_double(const pl_call* call, pl_id id, double* out) {
  pl_value v;
  PL_TRY(pl_call_number(call, id, &v));
  *out = v.kind == PL_VALUE_DOUBLE    ? v.real
         : v.kind == PL_VALUE_INTEGER ? (double)v.integer
                                      : pl_decimal_to_double(v.decimal);
  return PL_OK;
}

pl_status pl_fn_sqrt(const pl_call* call, const pl_id* args, pl_id* out) {
  double d;
  PL_TRY(as_double(call, args[0], &d));
  return d >= 0 ? pl_call_put_double(call, sqrt(d), out) : PL_DONE;
}

pl_status pl_fn_ln(const pl_call* call, const pl_id* args, pl_id* out) {
  double d;
  PL_TRY(as_double(call, args[0], &d));
  return d > 0 ? pl_call_put_double(call, log(d), out) : PL_DONE;
}

pl_status pl_fn_exp(const pl_call* call, const pl_id* args, pl_id* out) {
  double d;
  PL_TRY(as_double(call, args[0], &d));
  return pl_call_put_double(call, exp(d), out);
}
