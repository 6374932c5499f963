/// Casts. Text is read with the blanks around it left out; what cannot be read is null.
#include <math.h>

#include "expr/expr_internal.h"
#include "term/lexical.h"

static pl_str trimmed(pl_str s) {
  while (s.len && strchr(" \t\r\n", s.data[0]) && s.data[0]) {
    s.data++;
    s.len--;
  }
  while (s.len && strchr(" \t\r\n", s.data[s.len - 1]) && s.data[s.len - 1]) {
    s.len--;
  }
  return s;
}

/// The value to cast; *text is set for strings, with or without language.
static pl_status cast_value(const pl_call* call, pl_id id, pl_value* v, pl_str* text) {
  *text = (pl_str){NULL, 0};
  const pl_tag tag = pl_call_tag(call, id);
  if (tag == PL_TAG_TEMP || pl_tag_is_node(tag)) {
    return PL_DONE;
  }
  PL_TRY(pl_call_value(call, id, v));
  *text = v->kind == PL_VALUE_STRING || v->kind == PL_VALUE_LANG ? trimmed(v->text) : *text;
  return PL_OK;
}

static pl_status put_whole(const pl_call* call, pl_decimal d, pl_id* out) {
  const bool negative = d.mantissa < 0;
  d = pl_decimal_round(d, 0, negative ? 'c' : 'f');
  const bool fits = d.mantissa >= INT64_MIN && d.mantissa <= INT64_MAX;
  const pl_value v = {.kind = PL_VALUE_INTEGER, .integer = fits ? (int64_t)d.mantissa : 0};
  return pl_call_put(call, &v, !fits, out);
}

/// Numbers are cut towards zero.
pl_status pl_fn_to_integer(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_value v;
  pl_str text;
  bool fits = true;
  PL_TRY(cast_value(call, args[0], &v, &text));
  switch (v.kind) {
    case PL_VALUE_INTEGER:
      return pl_call_put_integer(call, v.integer, out);
    case PL_VALUE_BOOLEAN:
      return pl_call_put_integer(call, v.boolean, out);
    case PL_VALUE_DECIMAL:
      return put_whole(call, v.decimal, out);
    case PL_VALUE_DOUBLE:
      if (isnan(v.real)) {
        return PL_DONE;
      }
      fits = v.real >= -9223372036854775808.0 && v.real < 9223372036854775808.0;
      v = (pl_value){.kind = PL_VALUE_INTEGER, .integer = fits ? (int64_t)v.real : 0};
      return pl_call_put(call, &v, !fits, out);
    default:
      break;
  }
  int64_t i;
  if (!pl_integer_parse(text, &i, &fits)) {
    return PL_DONE;
  }
  v = (pl_value){.kind = PL_VALUE_INTEGER, .integer = i};
  return pl_call_put(call, &v, !fits, out);
}

bool pl_double_to_decimal(double d, pl_decimal* out) {
  char buf[48];
  if (!isfinite(d)) {
    return false;
  }
  const size_t len = pl_double_print(d, buf);
  const char* const mark = memchr(buf, 'E', len);
  bool fits = false;
  int64_t exponent = 0;
  if (!mark || !pl_decimal_parse((pl_str){buf, (size_t)(mark - buf)}, out) ||
      !pl_integer_parse((pl_str){mark + 1, len - (size_t)(mark - buf) - 1}, &exponent, &fits)) {
    return false;
  }
  const pl_decimal ten = pl_decimal_from_int(10);
  for (; exponent > 0 && exponent <= 37; exponent--) {
    if (!pl_decimal_mul(*out, ten, out)) {
      return false;
    }
  }
  exponent = exponent < -40 ? -40 : exponent;
  for (; exponent < 0; exponent++) {
    if (!pl_decimal_div(*out, ten, out)) {
      return false;
    }
  }
  return exponent == 0;
}

pl_status pl_fn_to_decimal(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_value v;
  pl_str text;
  PL_TRY(cast_value(call, args[0], &v, &text));
  pl_decimal d = v.decimal;
  switch (v.kind) {
    case PL_VALUE_INTEGER:
      return pl_call_put_decimal(call, pl_decimal_from_int(v.integer), out);
    case PL_VALUE_BOOLEAN:
      return pl_call_put_decimal(call, pl_decimal_from_int(v.boolean), out);
    case PL_VALUE_DECIMAL:
      return pl_call_put_decimal(call, d, out);
    case PL_VALUE_DOUBLE:
      if (!isfinite(v.real)) {
        return PL_DONE;
      }
      return pl_double_to_decimal(v.real, &d) ? pl_call_put_decimal(call, d, out) : pl_call_put(call, &v, true, out);
    default:
      return text.len && pl_decimal_parse(text, &d) ? pl_call_put_decimal(call, d, out) : PL_DONE;
  }
}

pl_status pl_fn_to_double(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_value v;
  pl_str text;
  PL_TRY(cast_value(call, args[0], &v, &text));
  pl_value d = {.kind = PL_VALUE_DOUBLE};
  switch (v.kind) {
    case PL_VALUE_INTEGER:
      d.real = (double)v.integer;
      break;
    case PL_VALUE_BOOLEAN:
      d.real = v.boolean;
      break;
    case PL_VALUE_DECIMAL:
      d.real = pl_decimal_to_double(v.decimal);
      break;
    case PL_VALUE_DOUBLE:
      d.real = v.real;
      break;
    default:
      if (!text.len || !pl_double_parse(text, &d.real)) {
        return PL_DONE;
      }
  }
  return pl_termpool_put(call->eval->pool, &d, out);
}

pl_status pl_fn_to_string(const pl_call* call, const pl_id* args, pl_id* out) { return pl_fn_str(call, args, out); }

static pl_status date_from_text(const pl_call* call, pl_str text, pl_id* out) {
  pl_value v = {.kind = PL_VALUE_DATE};
  if (text.len && pl_date_parse(text, &v.date)) {
    return pl_termpool_put(call->eval->pool, &v, out);
  }
  v.kind = PL_VALUE_INTERVAL;
  return text.len && pl_interval_parse(text, &v.date, &v.date_end) ? pl_termpool_put(call->eval->pool, &v, out)
                                                                   : PL_DONE;
}

/// A text of any precision or an interval, an integer as a year; of a date with a time of day its day.
pl_status pl_fn_to_date(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_value v;
  pl_str text;
  PL_TRY(cast_value(call, args[0], &v, &text));
  if (v.kind == PL_VALUE_STRING || v.kind == PL_VALUE_LANG) {
    return date_from_text(call, text, out);
  }
  PL_TRY(pl_call_time(call, args[0], &v));
  if (v.kind == PL_VALUE_DATE && v.date.precision == PL_PRECISION_TIME) {
    const pl_date d = v.date;
    v.date = (pl_date){.year = d.year, .month = d.month, .day = d.day, .precision = PL_PRECISION_DAY};
  }
  return pl_termpool_put(call->eval->pool, &v, out);
}
