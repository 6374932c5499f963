/// Values: the caller's terms checked on their way in, the store's terms made readable on their way out.
///
/// What comes in is checked as strictly as what a loader reads, because the store trusts its terms afterwards. A value
/// made by parley_name() carries a marker of ours in place of a datatype: its text becomes an IRI only where the base
/// is known.
#include "base/utf8.h"
#include "term/lexical.h"
#include "term/names.h"
#include "term/value.h"

#include "api/api.h"

#include <stdlib.h>

enum { SHOWN_BYTES_MAX = 200 };  ///< of a refused text in a message

/// Doubles from 0.000001 up to 16 digits are shown without exponent.
enum { PLAIN_EXPONENT_MIN = -6, PLAIN_EXPONENT_MAX = 15 };
static const char zeros[] = "0000000000000000";

static const char name_marker[] = "a name below the base of the store";

// ---- constructors -------------------------------------------------------------------------------------------------

static parley_value make(parley_type type, const char* text) {
  return (parley_value){.type = text ? type : PARLEY_NULL, .text = text, .text_len = text ? strlen(text) : 0};
}

parley_value parley_iri(const char* iri) { return make(PARLEY_IRI, iri); }
parley_value parley_string(const char* text) { return make(PARLEY_STRING, text); }
parley_value parley_integer(int64_t i) {
  return (parley_value){.type = PARLEY_INTEGER, .integer = i, .real = (double)i};
}
parley_value parley_double(double d) { return (parley_value){.type = PARLEY_DOUBLE, .real = d}; }
parley_value parley_boolean(int b) { return (parley_value){.type = PARLEY_BOOLEAN, .integer = b != 0}; }
parley_value parley_date(const char* text) {
  return make(text && strchr(text, '/') ? PARLEY_INTERVAL : PARLEY_DATE, text);
}

parley_value parley_typed(const char* text, const char* datatype_iri) {
  parley_value value = make(PARLEY_LITERAL, text);
  value.datatype = datatype_iri;
  return value;
}

parley_value parley_lang_string(const char* text, const char* lang) {
  parley_value value = make(PARLEY_STRING, text);
  value.lang = lang;
  return value;
}

parley_value parley_name(const char* text) {
  parley_value value = make(PARLEY_IRI, text);
  value.datatype = name_marker;
  return value;
}

// ---- in -----------------------------------------------------------------------------------------------------------

static int shown(pl_str s) { return (int)(s.len < SHOWN_BYTES_MAX ? s.len : SHOWN_BYTES_MAX); }

static pl_status copy(pl_arena* arena, pl_str s, pl_error* err, pl_str* out) {
  *out = pl_arena_str(arena, s);
  return out->data ? PL_OK : pl_fail(err, PL_MSG_NOMEM);
}

static pl_status check_text(pl_str s, pl_error* err) {
  if (!s.data) {
    return pl_fail(err, PL_MSG_VALUE_TEXT);
  }
  if (s.len > PL_TERM_BYTES_MAX) {
    return pl_fail(err, PL_MSG_VALUE_LONG, s.len, PL_TERM_BYTES_MAX);
  }
  const size_t bad = pl_utf8_check(s);
  return bad == s.len ? PL_OK : pl_fail(err, PL_MSG_VALUE_UTF8, bad);
}

static pl_status iri_in(pl_str s, pl_arena* arena, pl_error* err, pl_str* out) {
  PL_TRY(check_text(s, err));
  if (pl_iri_check(s) != s.len) {
    return pl_fail(err, PL_MSG_VALUE_IRI, shown(s), s.data);
  }
  return copy(arena, s, err, out);
}

static pl_status node_in(const parley_value* value, pl_str s, pl_str base, pl_arena* arena, pl_error* err,
                         pl_term* out) {
  out->kind = PL_TERM_IRI;
  if (value->datatype != name_marker) {
    return iri_in(s, arena, err, &out->text);
  }
  PL_TRY(check_text(s, err));
  out->text = pl_name_to_iri(arena, base, s);
  return out->text.data ? PL_OK : pl_fail(err, PL_MSG_NOMEM);
}

/// A label is good if N-Triples would read it, and nothing after it.
static pl_status blank_in(pl_str s, pl_arena* arena, pl_error* err, pl_term* out) {
  size_t pos = 0;
  const char* reason;
  PL_TRY(check_text(s, err));
  const pl_str written = pl_arena_printf(arena, "_:%.*s", (int)(s.len < INT32_MAX ? s.len : 0), s.data);
  if (!written.data) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  const pl_status status = pl_term_parse_nt(arena, written, &pos, out, &reason);
  if (status == PL_ERR_NOMEM) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  const bool good = status == PL_OK && pos == written.len && written.len == s.len + 2;
  return good ? PL_OK : pl_fail(err, PL_MSG_VALUE_BLANK, shown(s), s.data);
}

static pl_status lang_in(const char* lang, pl_arena* arena, pl_error* err, pl_str* out) {
  const size_t len = strlen(lang);
  char* const lower = pl_arena_alloc(arena, len + 1);
  size_t part = 0;
  bool good = len > 0;
  if (!lower) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  bool first = true;
  for (size_t i = 0; i < len; i++) {
    const char c = lang[i] >= 'A' && lang[i] <= 'Z' ? (char)(lang[i] | 0x20) : lang[i];
    const bool letter = c >= 'a' && c <= 'z';
    const bool digit = c >= '0' && c <= '9';
    good = good && (c == '-' ? part > 0 && i + 1 < len : letter || (digit && !first));
    part = c == '-' ? 0 : part + 1;
    first = first && c != '-';
    lower[i] = c;
  }
  lower[len] = '\0';
  *out = (pl_str){lower, len};
  return good ? PL_OK : pl_fail(err, PL_MSG_VALUE_LANG, lang);
}

/// A literal as given: text, datatype, language.
static pl_status literal_in(const parley_value* value, pl_str s, pl_str datatype, pl_arena* arena, pl_error* err,
                            pl_term* out) {
  out->kind = PL_TERM_LITERAL;
  PL_TRY(check_text(s, err));
  PL_TRY(copy(arena, s, err, &out->text));
  if (value->lang) {
    return lang_in(value->lang, arena, err, &out->lang);
  }
  return datatype.len ? iri_in(datatype, arena, err, &out->datatype) : PL_OK;
}

static pl_status canonical(const pl_value* value, pl_arena* arena, pl_error* err, pl_term* out) {
  return pl_value_to_term(arena, value, out) == PL_OK ? PL_OK : pl_fail(err, PL_MSG_NOMEM);
}

static pl_status number_in(const parley_value* value, pl_str s, pl_arena* arena, pl_error* err, pl_term* out) {
  if (s.data) {
    const pl_str type = value->type == PARLEY_BOOLEAN   ? PL_STR(PL_XSD "boolean")
                        : value->type == PARLEY_INTEGER ? PL_STR(PL_XSD "integer")
                        : value->type == PARLEY_DECIMAL ? PL_STR(PL_XSD "decimal")
                                                        : PL_STR(PL_XSD "double");
    return literal_in(value, s, value->datatype ? pl_str_c(value->datatype) : type, arena, err, out);
  }
  switch (value->type) {
    case PARLEY_BOOLEAN:
      return canonical(&(pl_value){.kind = PL_VALUE_BOOLEAN, .boolean = value->integer != 0}, arena, err, out);
    case PARLEY_INTEGER:
      return canonical(&(pl_value){.kind = PL_VALUE_INTEGER, .integer = value->integer}, arena, err, out);
    case PARLEY_DOUBLE:
      return canonical(&(pl_value){.kind = PL_VALUE_DOUBLE, .real = value->real}, arena, err, out);
    default:
      return pl_fail(err, PL_MSG_VALUE_TEXT);
  }
}

static pl_status date_in(const parley_value* value, pl_str s, pl_arena* arena, pl_error* err, pl_term* out) {
  pl_value v = {0};
  if (value->datatype) {
    return literal_in(value, s, pl_str_c(value->datatype), arena, err, out);
  }
  PL_TRY(check_text(s, err));
  if (pl_date_parse(s, &v.date)) {
    v.kind = PL_VALUE_DATE;
  } else if (pl_interval_parse(s, &v.date, &v.date_end)) {
    v.kind = PL_VALUE_INTERVAL;
  } else {
    return pl_fail(err, PL_MSG_VALUE_DATE, shown(s), s.data);
  }
  return canonical(&v, arena, err, out);
}

pl_status pl_api_value_in(const parley_value* value, pl_str base, pl_arena* arena, pl_error* err, pl_term* out) {
  const pl_str s = {value->text, value->text ? value->text_len : 0};
  const pl_str datatype = value->type == PARLEY_STRING ? (pl_str){NULL, 0} : pl_str_c(value->datatype);
  *out = (pl_term){.kind = PL_TERM_NONE};
  switch (value->type) {
    case PARLEY_NULL:
      return PL_OK;
    case PARLEY_IRI:
      return node_in(value, s, base, arena, err, out);
    case PARLEY_BLANK:
      return blank_in(s, arena, err, out);
    case PARLEY_BOOLEAN:
    case PARLEY_INTEGER:
    case PARLEY_DECIMAL:
    case PARLEY_DOUBLE:
      return number_in(value, s, arena, err, out);
    case PARLEY_DATE:
    case PARLEY_INTERVAL:
      return date_in(value, s, arena, err, out);
    case PARLEY_STRING:
    case PARLEY_LITERAL:
      return literal_in(value, s, datatype, arena, err, out);
    case PARLEY_LIST:
      return pl_fail(err, PL_MSG_VALUE_TYPE, "a single value", "a list");
  }
  return pl_fail(err, PL_MSG_VALUE_TYPE, "a value", "of an unknown type");
}

// ---- out ----------------------------------------------------------------------------------------------------------

/// True for types whose every value is an integer, whether or not it fits.
static bool is_integer_type(pl_str datatype) {
  const pl_datatype_kind kind = pl_datatype_find(datatype)->kind;
  return kind == PL_DATATYPE_INTEGER || kind == PL_DATATYPE_DERIVED;
}

static void number_out(const pl_value* v, parley_value* out) {
  switch (v->kind) {
    case PL_VALUE_BOOLEAN:
      out->type = PARLEY_BOOLEAN;
      out->integer = v->boolean;
      return;
    case PL_VALUE_INTEGER:
      out->type = PARLEY_INTEGER;
      out->integer = v->integer;
      out->real = (double)v->integer;
      return;
    case PL_VALUE_DECIMAL:
      out->type = is_integer_type(pl_str_c(out->datatype)) ? PARLEY_INTEGER : PARLEY_DECIMAL;
      out->real = pl_decimal_to_double(v->decimal);
      return;
    default:
      out->type = PARLEY_DOUBLE;
      out->real = v->real;
      return;
  }
}

static parley_type literal_type(pl_value_kind kind) {
  return kind == PL_VALUE_DATE                              ? PARLEY_DATE
         : kind == PL_VALUE_INTERVAL                        ? PARLEY_INTERVAL
         : kind == PL_VALUE_STRING || kind == PL_VALUE_LANG ? PARLEY_STRING
                                                            : PARLEY_LITERAL;
}

static pl_status literal_out(const pl_term* term, pl_arena* arena, parley_value* out) {
  pl_value v;
  pl_value_from_term(term, &v);
  if (term->datatype.len) {
    out->datatype = pl_arena_str(arena, term->datatype).data;
  }
  if (term->lang.len) {
    out->lang = pl_arena_str(arena, term->lang).data;
  }
  if ((term->datatype.len && !out->datatype) || (term->lang.len && !out->lang)) {
    return pl_mem_status(arena->mem);
  }
  if (v.kind >= PL_VALUE_BOOLEAN && v.kind <= PL_VALUE_DOUBLE) {
    number_out(&v, out);
  } else {
    out->type = literal_type(v.kind);
  }
  return PL_OK;
}

pl_status pl_api_value_out(const pl_term* term, pl_arena* arena, parley_value* out) {
  *out = (parley_value){.type = PARLEY_NULL, .text = ""};
  if (term->kind == PL_TERM_NONE) {
    return PL_OK;
  }
  const pl_str text = pl_arena_str(arena, term->text);
  if (!text.data) {
    return pl_mem_status(arena->mem);
  }
  out->text = text.data;
  out->text_len = text.len;
  if (term->kind == PL_TERM_LITERAL) {
    return literal_out(term, arena, out);
  }
  out->type = term->kind == PL_TERM_IRI ? PARLEY_IRI : PARLEY_BLANK;
  return PL_OK;
}

/// A name is shown without the backquotes or brackets that a query needs around it.
static void strip(pl_buf* out, size_t mark) {
  if (out->status != PL_OK || out->len < mark + 2) {
    return;
  }
  char* const text = out->data + mark;
  const size_t len = out->len - mark;
  if ((text[0] == '`' && text[len - 1] == '`') || (text[0] == '<' && text[len - 1] == '>')) {
    memmove(text, text + 1, len - 2);
    out->len -= 2;
    out->data[out->len] = '\0';
  }
}

/// The digits of a canonical double ("1.25E1") with the point where it belongs ("12.5"); very large and very small ones
/// keep their exponent.
static pl_status write_double(pl_buf* out, double d) {
  char canonical_text[48];
  char digits[48];
  size_t count = 0;
  const pl_str s = {canonical_text, pl_double_print(d, canonical_text)};
  const char* const e = memchr(s.data, 'E', s.len);
  const int exponent = e ? atoi(e + 1) : PLAIN_EXPONENT_MAX + 1;
  if (!e || exponent < PLAIN_EXPONENT_MIN || exponent > PLAIN_EXPONENT_MAX) {
    return pl_buf_str(out, s);
  }
  for (const char* p = s.data; p < e; p++) {
    if (*p >= '0' && *p <= '9') {
      digits[count++] = *p;
    }
  }
  while (count > 1 && digits[count - 1] == '0') {
    count--;
  }
  PL_TRY(pl_buf_str(out, s.data[0] == '-' ? PL_STR("-") : PL_STR("")));
  if (exponent < 0) {
    PL_TRY(pl_buf_printf(out, "0.%.*s", -exponent - 1, zeros));
    return pl_buf_append(out, digits, count);
  }
  const size_t whole = (size_t)exponent + 1;
  PL_TRY(pl_buf_append(out, digits, count < whole ? count : whole));
  if (count <= whole) {
    return pl_buf_append(out, zeros, whole - count);
  }
  PL_TRY(pl_buf_char(out, '.'));
  return pl_buf_append(out, digits + whole, count - whole);
}

static pl_status write_literal(pl_buf* out, const pl_term* term) {
  double d;
  const bool is_double = term->datatype.len && pl_datatype_find(term->datatype)->kind == PL_DATATYPE_DOUBLE;
  return is_double && pl_double_parse(term->text, &d) ? write_double(out, d) : pl_buf_str(out, term->text);
}

pl_status pl_api_write_text(pl_buf* out, const pl_names* names, const pl_term* term) {
  switch (term->kind) {
    case PL_TERM_NONE:
      return PL_OK;
    case PL_TERM_LITERAL:
      return write_literal(out, term);
    case PL_TERM_IRI: {
      const size_t mark = out->len;
      PL_TRY(pl_term_write_name(out, names, NULL, term));
      strip(out, mark);
      return PL_OK;
    }
    default:
      return pl_term_write_nt(out, term);
  }
}

pl_status pl_api_write_source(pl_buf* out, const pl_names* names, const pl_term* term) {
  return term->kind == PL_TERM_NONE ? pl_buf_str(out, PL_STR("null"))
                                    : pl_term_write_name(out, names, pl_lang_reserved, term);
}
