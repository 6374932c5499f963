/// Values of terms, and terms and inline ids of values.
///
/// A number too long for its kind steps down: xsd:integer beyond 64 bits is a decimal, a decimal beyond 37 digits (or
/// 18 after the point) the nearest double. The term keeps its text; only arithmetic and order see the value.
#include "term/value.h"

#include <math.h>

#include "term/lexical.h"

#define HALF ((int64_t)1 << 58)
#define MICRO 1000000

/* --- terms to values --- */

static bool number_beyond_int64(pl_str s, pl_value* out) {
  if (pl_decimal_parse(s, &out->decimal)) {
    out->kind = PL_VALUE_DECIMAL;
    return true;
  }
  out->kind = PL_VALUE_DOUBLE;
  return pl_double_parse(s, &out->real);
}

static bool integer_value(pl_str s, const pl_datatype* type, pl_value* out) {
  bool fits = false;
  if (!pl_integer_in_type(s, type) || !pl_integer_parse(s, &out->integer, &fits)) {
    return false;
  }
  out->kind = PL_VALUE_INTEGER;
  return fits || number_beyond_int64(s, out);
}

static bool decimal_value(pl_str s, pl_value* out) {
  pl_numeral n;
  return pl_numeral_scan(s, &n) && !n.scientific && number_beyond_int64(s, out);
}

static bool double_value(pl_str s, bool is_float, pl_value* out) {
  if (!pl_double_parse(s, &out->real)) {
    return false;
  }
  out->kind = PL_VALUE_DOUBLE;
  out->real = is_float ? (double)(float)out->real : out->real;
  return true;
}

static bool boolean_value(pl_str s, pl_value* out) {
  out->boolean = pl_str_eq(s, PL_STR("true")) || pl_str_eq(s, PL_STR("1"));
  out->kind = PL_VALUE_BOOLEAN;
  return out->boolean || pl_str_eq(s, PL_STR("false")) || pl_str_eq(s, PL_STR("0"));
}

static bool date_value(pl_str s, pl_precision precision, bool zone_required, pl_value* out) {
  out->kind = PL_VALUE_DATE;
  return pl_date_parse_as(s, precision, &out->date) && (out->date.has_zone || !zone_required);
}

static bool interval_value(pl_str s, pl_value* out) {
  out->kind = PL_VALUE_INTERVAL;
  return pl_interval_parse(s, &out->date, &out->date_end);
}

static bool string_value(pl_value* out) {
  out->kind = PL_VALUE_STRING;
  out->datatype = (pl_str){NULL, 0};
  return true;
}

static bool literal_value(pl_str s, pl_str datatype, pl_value* out) {
  const pl_datatype* type = pl_datatype_find(datatype);
  switch (type->kind) {
    case PL_DATATYPE_STRING:
      return string_value(out);
    case PL_DATATYPE_BOOLEAN:
      return boolean_value(s, out);
    case PL_DATATYPE_INTEGER:
      return integer_value(s, type, out);
    case PL_DATATYPE_DERIVED:
      return integer_value(s, type, out);
    case PL_DATATYPE_DECIMAL:
      return decimal_value(s, out);
    case PL_DATATYPE_DOUBLE:
      return double_value(s, false, out);
    case PL_DATATYPE_FLOAT:
      return double_value(s, true, out);
    case PL_DATATYPE_YEAR:
      return date_value(s, PL_PRECISION_YEAR, false, out);
    case PL_DATATYPE_MONTH:
      return date_value(s, PL_PRECISION_MONTH, false, out);
    case PL_DATATYPE_DAY:
      return date_value(s, PL_PRECISION_DAY, false, out);
    case PL_DATATYPE_TIME:
      return date_value(s, PL_PRECISION_TIME, false, out);
    case PL_DATATYPE_STAMP:
      return date_value(s, PL_PRECISION_TIME, true, out);
    case PL_DATATYPE_INTERVAL:
      return interval_value(s, out);
    case PL_DATATYPE_OTHER:
      return false;
  }
  return false;
}

void pl_value_from_term(const pl_term* term, pl_value* out) {
  *out = (pl_value){.kind = PL_VALUE_NULL};
  if (term->kind == PL_TERM_NONE) {
    return;
  }
  out->text = term->text;
  if (term->kind != PL_TERM_LITERAL) {
    out->kind = term->kind == PL_TERM_IRI ? PL_VALUE_IRI : PL_VALUE_BLANK;
    return;
  }
  out->datatype = term->datatype;
  out->lang = term->lang;
  if (term->lang.len) {
    out->kind = PL_VALUE_LANG;
    out->datatype = (pl_str){NULL, 0};
  } else if (!literal_value(term->text, term->datatype, out)) {
    *out = (pl_value){.kind = PL_VALUE_OTHER, .text = term->text, .datatype = term->datatype};
  }
}

/* --- inline ids --- */

static uint64_t bits_from_double(double d) {
  uint64_t bits;
  memcpy(&bits, &d, sizeof bits);
  return bits;
}

/// Bits that sort as unsigned like the doubles do: negatives inverted, others above them.
static uint64_t ordered_from_double(double d) {
  const uint64_t bits = bits_from_double(d);
  return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static double double_from_payload(uint64_t payload) {
  const uint64_t ordered = payload << 5;
  const uint64_t bits = ordered >> 63 ? ordered & ~((uint64_t)1 << 63) : ~ordered & ~(uint64_t)31;
  double d;
  memcpy(&d, &bits, sizeof d);
  return d;
}

static void decimal_from_payload(uint64_t payload, pl_value* out) {
  pl_decimal d = {(int64_t)payload - HALF, 6};
  while (d.scale > 0 && d.mantissa % 10 == 0) {
    d.mantissa /= 10;
    d.scale--;
  }
  out->decimal = d;
}

static void text_from_id(pl_id id, char* buf, pl_value* out) {
  pl_term term;
  pl_id_to_term(id, buf, &term);
  out->text = term.text;
}

void pl_value_from_id(pl_id id, char buf[PL_INLINE_TEXT_MAX], pl_value* out) {
  const uint64_t payload = pl_id_payload(id);
  *out = (pl_value){.kind = PL_VALUE_NULL};
  switch (pl_id_tag(id)) {
    case PL_TAG_ASSERTION:
      out->kind = PL_VALUE_BLANK;
      text_from_id(id, buf, out);
      break;
    case PL_TAG_BOOLEAN:
      out->kind = PL_VALUE_BOOLEAN;
      out->boolean = payload != 0;
      break;
    case PL_TAG_INTEGER:
      out->kind = PL_VALUE_INTEGER;
      out->integer = (int64_t)payload - HALF;
      break;
    case PL_TAG_DECIMAL:
      out->kind = PL_VALUE_DECIMAL;
      decimal_from_payload(payload, out);
      break;
    case PL_TAG_DOUBLE:
      out->kind = PL_VALUE_DOUBLE;
      out->real = double_from_payload(payload);
      break;
    case PL_TAG_DATE:
      out->kind = PL_VALUE_DATE;
      pl_date_from_id(id, &out->date);
      break;
    case PL_TAG_INTERVAL:
      out->kind = PL_VALUE_INTERVAL;
      pl_interval_from_id(id, &out->date, &out->date_end);
      break;
    case PL_TAG_SHORT:
      out->kind = PL_VALUE_STRING;
      text_from_id(id, buf, out);
      break;
    default:
      break;
  }
}

static bool integer_to_id(int64_t v, pl_id* id) {
  *id = pl_id_make(PL_TAG_INTEGER, (uint64_t)v + (uint64_t)HALF);
  return v >= -HALF && v < HALF;
}

static bool decimal_to_id(pl_decimal d, pl_id* id) {
  if (d.scale > 6 || d.mantissa >= HALF || d.mantissa < -HALF) {
    return false;
  }
  __int128 v = d.mantissa;
  for (uint32_t i = d.scale; i < 6; i++) {
    v *= 10;
  }
  *id = pl_id_make(PL_TAG_DECIMAL, (uint64_t)(int64_t)v + (uint64_t)HALF);
  return v >= -HALF && v < HALF;
}

static bool double_to_id(double d, pl_id* id) {
  *id = pl_id_make(PL_TAG_DOUBLE, ordered_from_double(d) >> 5);
  return !isnan(d) && (bits_from_double(d) & 31) == 0;
}

static bool string_to_id(pl_str s, pl_id* id) {
  const pl_term term = pl_term_string(s);
  return pl_term_classify(&term, id) == PL_TAG_SHORT;
}

bool pl_value_to_id(const pl_value* value, pl_id* id) {
  bool made = false;
  *id = PL_ID_NULL;
  switch (value->kind) {
    case PL_VALUE_NULL:
      return true;
    case PL_VALUE_BOOLEAN:
      *id = pl_id_make(PL_TAG_BOOLEAN, value->boolean);
      return true;
    case PL_VALUE_INTEGER:
      made = integer_to_id(value->integer, id);
      break;
    case PL_VALUE_DECIMAL:
      made = decimal_to_id(value->decimal, id);
      break;
    case PL_VALUE_DOUBLE:
      made = double_to_id(value->real, id);
      break;
    case PL_VALUE_DATE:
      made = pl_date_to_id(&value->date, id);
      break;
    case PL_VALUE_INTERVAL:
      made = pl_interval_to_id(&value->date, &value->date_end, id);
      break;
    case PL_VALUE_STRING:
      made = string_to_id(value->text, id);
      break;
    default:
      break;
  }
  *id = made ? *id : PL_ID_NULL;
  return made;
}

/* --- values to terms --- */

static size_t print_integer(int64_t v, char* buf) {
  const size_t len = pl_decimal_print(pl_decimal_from_int(v), buf);
  return len - 2;  // without the ".0" of a decimal
}

/// Text and datatype of a value whose text is made; 0 for the kinds that borrow theirs.
static size_t print_value(const pl_value* v, char buf[96], pl_str* datatype) {
  switch (v->kind) {
    case PL_VALUE_BOOLEAN:
      *datatype = PL_STR(PL_XSD "boolean");
      memcpy(buf, v->boolean ? "true" : "false", 5);
      return v->boolean ? 4 : 5;
    case PL_VALUE_INTEGER:
      *datatype = PL_STR(PL_XSD "integer");
      return print_integer(v->integer, buf);
    case PL_VALUE_DECIMAL:
      *datatype = PL_STR(PL_XSD "decimal");
      return pl_decimal_print(v->decimal, buf);
    case PL_VALUE_DOUBLE:
      *datatype = PL_STR(PL_XSD "double");
      return pl_double_print(v->real, buf);
    case PL_VALUE_DATE:
      *datatype = pl_date_datatype(v->date.precision);
      return pl_date_print(&v->date, buf);
    case PL_VALUE_INTERVAL:
      *datatype = PL_STR(PL_INTERVAL_TYPE);
      return pl_interval_print(&v->date, &v->date_end, buf);
    default:
      return 0;
  }
}

pl_status pl_value_to_term(pl_arena* arena, const pl_value* value, pl_term* out) {
  char buf[96];
  *out = (pl_term){.kind = PL_TERM_LITERAL, .text = value->text};
  switch (value->kind) {
    case PL_VALUE_NULL:
      *out = (pl_term){.kind = PL_TERM_NONE};
      return PL_OK;
    case PL_VALUE_BLANK:
      out->kind = PL_TERM_BLANK;
      return PL_OK;
    case PL_VALUE_IRI:
      out->kind = PL_TERM_IRI;
      return PL_OK;
    case PL_VALUE_STRING:
      return PL_OK;
    case PL_VALUE_LANG:
      out->lang = value->lang;
      return PL_OK;
    case PL_VALUE_OTHER:
      out->datatype = value->datatype;
      return PL_OK;
    default:
      break;
  }
  out->text = pl_arena_str(arena, (pl_str){buf, print_value(value, buf, &out->datatype)});
  return out->text.data ? PL_OK : pl_mem_status(arena->mem);
}
