/// Terms and their inline ids. A term is inline exactly when its text is the canonical form of a value that fits the
/// payload, so every branch of classify ends in a canonical check: by inspection where that is easy, else by printing
/// and comparing.
#include "term/term.h"

#include <math.h>
#include <stdio.h>

#include "term/lexical.h"
#include "term/value.h"

#define HALF ((int64_t)1 << 58)  // signed payloads are stored with this added, so that they sort as unsigned
#define SHORT_BYTES_MAX 7u

static pl_tag classify_string(pl_str s, pl_id* id) {
  if (s.len > SHORT_BYTES_MAX || (s.len && memchr(s.data, 0, s.len))) {
    return PL_TAG_STRING;
  }
  uint64_t bytes = 0;
  for (size_t i = 0; i < SHORT_BYTES_MAX; i++) {
    bytes = bytes << 8 | (i < s.len ? (uint8_t)s.data[i] : 0);
  }
  *id = pl_id_make(PL_TAG_SHORT, bytes << 3 | s.len);
  return PL_TAG_SHORT;
}

static pl_tag classify_boolean(pl_str s, pl_id* id) {
  const bool yes = pl_str_eq(s, PL_STR("true"));
  if (!yes && !pl_str_eq(s, PL_STR("false"))) {
    return PL_TAG_LITERAL;
  }
  *id = pl_id_make(PL_TAG_BOOLEAN, yes);
  return PL_TAG_BOOLEAN;
}

static pl_tag classify_integer(pl_str s, const pl_datatype* type, pl_id* id) {
  int64_t v = 0;
  if (type->kind == PL_DATATYPE_INTEGER && pl_integer_canonical(s, &v) && v >= -HALF && v < HALF) {
    *id = pl_id_make(PL_TAG_INTEGER, (uint64_t)(v + HALF));
    return PL_TAG_INTEGER;
  }
  return pl_integer_in_type(s, type) ? PL_TAG_NUMBER : PL_TAG_LITERAL;
}

/// Whole and fraction as the canonical decimal has them: both present, no superfluous zero, no minus zero.
static bool decimal_is_canonical(const pl_numeral* n) {
  const pl_str w = n->whole;
  const pl_str f = n->fraction;
  if (n->plus || w.len == 0 || f.len == 0 || (w.data[0] == '0' && w.len > 1)) {
    return false;
  }
  if (f.data[f.len - 1] == '0') {
    return f.len == 1 && !(n->negative && w.data[0] == '0');
  }
  return true;
}

static pl_tag classify_decimal(pl_str s, pl_id* id) {
  pl_numeral n;
  if (!pl_numeral_scan(s, &n) || n.scientific) {
    return PL_TAG_LITERAL;
  }
  if (n.fraction.len > 6 || n.whole.len > 12 || !decimal_is_canonical(&n)) {
    return PL_TAG_NUMBER;
  }
  int64_t v = 0;
  for (size_t i = 0; i < n.whole.len; i++) {
    v = v * 10 + (n.whole.data[i] - '0');
  }
  for (size_t i = 0; i < 6; i++) {
    v = v * 10 + (i < n.fraction.len ? n.fraction.data[i] - '0' : 0);
  }
  v = n.negative ? -v : v;
  if (v < -HALF || v >= HALF) {
    return PL_TAG_NUMBER;
  }
  *id = pl_id_make(PL_TAG_DECIMAL, (uint64_t)(v + HALF));
  return PL_TAG_DECIMAL;
}

static pl_tag classify_double(pl_str s, bool is_float, pl_id* id) {
  pl_value v = {.kind = PL_VALUE_DOUBLE};
  if (!pl_double_parse(s, &v.real)) {
    return PL_TAG_LITERAL;
  }
  pl_id made;
  if (is_float || !pl_value_to_id(&v, &made) || !pl_double_is_canonical(s, v.real)) {
    return PL_TAG_NUMBER;
  }
  *id = made;
  return PL_TAG_DOUBLE;
}

static pl_tag classify_date(pl_str s, pl_precision precision, pl_id* id) {
  pl_date d;
  pl_id made;
  char buf[48];
  if (!pl_date_parse_as(s, precision, &d)) {
    return PL_TAG_LITERAL;
  }
  if (!pl_date_to_id(&d, &made) || !pl_str_eq(s, (pl_str){buf, pl_date_print(&d, buf)})) {
    return PL_TAG_TIME;
  }
  *id = made;
  return PL_TAG_DATE;
}

static pl_tag classify_stamp(pl_str s) {
  pl_date d;
  return pl_date_parse_as(s, PL_PRECISION_TIME, &d) && d.has_zone ? PL_TAG_TIME : PL_TAG_LITERAL;
}

static pl_tag classify_interval(pl_str s, pl_id* id) {
  pl_date start;
  pl_date end;
  pl_id made;
  char buf[96];
  if (!pl_interval_parse(s, &start, &end)) {
    return PL_TAG_LITERAL;
  }
  if (!pl_interval_to_id(&start, &end, &made) || !pl_str_eq(s, (pl_str){buf, pl_interval_print(&start, &end, buf)})) {
    return PL_TAG_TIME;
  }
  *id = made;
  return PL_TAG_INTERVAL;
}

static pl_tag classify_literal(const pl_term* term, pl_id* id) {
  const pl_str s = term->text;
  if (term->lang.len > 0) {
    return PL_TAG_LANG;
  }
  const pl_datatype* type = pl_datatype_find(term->datatype);
  switch (type->kind) {
    case PL_DATATYPE_STRING:
      return classify_string(s, id);
    case PL_DATATYPE_BOOLEAN:
      return classify_boolean(s, id);
    case PL_DATATYPE_INTEGER:
      return classify_integer(s, type, id);
    case PL_DATATYPE_DERIVED:
      return classify_integer(s, type, id);
    case PL_DATATYPE_DECIMAL:
      return classify_decimal(s, id);
    case PL_DATATYPE_DOUBLE:
      return classify_double(s, false, id);
    case PL_DATATYPE_FLOAT:
      return classify_double(s, true, id);
    case PL_DATATYPE_YEAR:
      return classify_date(s, PL_PRECISION_YEAR, id);
    case PL_DATATYPE_MONTH:
      return classify_date(s, PL_PRECISION_MONTH, id);
    case PL_DATATYPE_DAY:
      return classify_date(s, PL_PRECISION_DAY, id);
    case PL_DATATYPE_TIME:
      return classify_date(s, PL_PRECISION_TIME, id);
    case PL_DATATYPE_STAMP:
      return classify_stamp(s);
    case PL_DATATYPE_INTERVAL:
      return classify_interval(s, id);
    case PL_DATATYPE_OTHER:
      return PL_TAG_LITERAL;
  }
  return PL_TAG_LITERAL;
}

/// The counter in an assertion's printed label; 0 if it is not one.
static uint64_t assertion_counter(pl_str label) {
  int64_t v = 0;
  const pl_str prefix = PL_STR(PL_ASSERTION_LABEL);
  if (!pl_str_starts(label, prefix) ||
      !pl_integer_canonical((pl_str){label.data + prefix.len, label.len - prefix.len}, &v)) {
    return 0;
  }
  return v > 0 && v <= UINT32_MAX ? (uint64_t)v : 0;
}

pl_tag pl_term_classify(const pl_term* term, pl_id* id) {
  *id = 0;
  switch (term->kind) {
    case PL_TERM_NONE:
      return PL_TAG_NULL;
    case PL_TERM_IRI:
      return PL_TAG_IRI;
    case PL_TERM_BLANK:
      return PL_TAG_BLANK;
    case PL_TERM_LITERAL:
      return classify_literal(term, id);
    case PL_TERM_ASSERTION:
      break;
  }
  const uint64_t counter = assertion_counter(term->text);
  *id = counter ? pl_id_make(PL_TAG_ASSERTION, counter) : 0;
  return counter ? PL_TAG_ASSERTION : PL_TAG_BLANK;
}

static size_t short_text(pl_id id, char* buf) {
  const uint64_t payload = pl_id_payload(id);
  const size_t len = payload & 7;
  for (size_t i = 0; i < len; i++) {
    buf[i] = (char)(payload >> (51 - 8 * i));
  }
  return len;
}

static size_t decimal_text(pl_id id, char* buf) {
  pl_value v;
  pl_value_from_id(id, buf, &v);
  return pl_decimal_print(v.decimal, buf);
}

static size_t double_text(pl_id id, char* buf) {
  pl_value v;
  pl_value_from_id(id, buf, &v);
  return pl_double_print(v.real, buf);
}

static size_t date_text(pl_id id, char* buf, pl_str* datatype) {
  pl_date d;
  pl_date_from_id(id, &d);
  *datatype = pl_date_datatype(d.precision);
  return pl_date_print(&d, buf);
}

static size_t interval_text(pl_id id, char* buf) {
  pl_date start;
  pl_date end;
  char wide[96];
  pl_interval_from_id(id, &start, &end);
  const size_t len = pl_interval_print(&start, &end, wide);
  assert(len <= PL_INLINE_TEXT_MAX);
  memcpy(buf, wide, len);
  return len;
}

static size_t print_inline(pl_id id, char* buf, pl_term* out) {
  const uint64_t payload = pl_id_payload(id);
  switch (pl_id_tag(id)) {
    case PL_TAG_ASSERTION:
      out->kind = PL_TERM_ASSERTION;
      return (size_t)snprintf(buf, PL_INLINE_TEXT_MAX, PL_ASSERTION_LABEL "%llu", (unsigned long long)payload);
    case PL_TAG_BOOLEAN:
      out->datatype = PL_STR(PL_XSD "boolean");
      return (size_t)snprintf(buf, PL_INLINE_TEXT_MAX, "%s", payload ? "true" : "false");
    case PL_TAG_INTEGER:
      out->datatype = PL_STR(PL_XSD "integer");
      return (size_t)snprintf(buf, PL_INLINE_TEXT_MAX, "%lld", (long long)payload - HALF);
    case PL_TAG_DECIMAL:
      out->datatype = PL_STR(PL_XSD "decimal");
      return decimal_text(id, buf);
    case PL_TAG_DOUBLE:
      out->datatype = PL_STR(PL_XSD "double");
      return double_text(id, buf);
    case PL_TAG_DATE:
      return date_text(id, buf, &out->datatype);
    case PL_TAG_INTERVAL:
      out->datatype = PL_STR(PL_INTERVAL_TYPE);
      return interval_text(id, buf);
    case PL_TAG_SHORT:
      return short_text(id, buf);
    default:
      out->kind = PL_TERM_NONE;
      return 0;
  }
}

void pl_id_to_term(pl_id id, char buf[PL_INLINE_TEXT_MAX], pl_term* out) {
  *out = (pl_term){.kind = PL_TERM_LITERAL};
  const size_t len = print_inline(id, buf, out);
  out->text = (pl_str){buf, len};
}

/// The datatype with the two that may be left out left out.
static pl_str effective_datatype(const pl_term* t) {
  const bool implied = t->lang.len ? pl_str_eq(t->datatype, PL_STR(PL_RDF "langString"))
                                   : pl_str_eq(t->datatype, PL_STR(PL_XSD "string"));
  return implied ? (pl_str){NULL, 0} : t->datatype;
}

bool pl_term_eq(const pl_term* a, const pl_term* b) {
  return a->kind == b->kind && pl_str_eq(a->text, b->text) && pl_str_eq(a->lang, b->lang) &&
         pl_str_eq(effective_datatype(a), effective_datatype(b));
}
