/// Literals of rows: types by name, dates by form, numbers by how they print.
#include "base/utf8.h"
#include "load/bytes.h"
#include "load/maker.h"
#include "term/date.h"
#include "term/lexical.h"
#include "term/value.h"

#include <stdio.h>

enum { DECIMAL_DIGITS_MAX = 15 };

static bool lang_good(pl_str lang) {
  size_t part = 0;
  for (size_t i = 0; i <= lang.len; i++) {
    const char c = i < lang.len ? (char)(lang.data[i] | 0x20) : '-';
    if (i == lang.len || lang.data[i] == '-') {
      if (part == 0) {
        return false;
      }
      part = 0;
      continue;
    }
    const bool first_part = memchr(lang.data, '-', i) == NULL;
    const bool digit = lang.data[i] >= '0' && lang.data[i] <= '9';
    if (!(c >= 'a' && c <= 'z') && !(digit && !first_part)) {
      return false;
    }
    part++;
  }
  return true;
}

pl_status pl_maker_string(pl_maker* m, const char* key, pl_str text, pl_str lang, pl_term* out) {
  *out = pl_term_string(pl_arena_str(&m->batch->arena, text));
  if (!out->text.data) {
    return pl_maker_nomem(m);
  }
  if (lang.len == 0) {
    return PL_OK;
  }
  if (!lang_good(lang)) {
    return PL_ROW_FAIL(m, lang, PL_MSG_ROW_VALUE, key, "given a language tag such as \"en\" or \"zh-hans\"");
  }
  char* const lower = pl_arena_alloc(&m->batch->arena, lang.len);
  if (!lower) {
    return pl_maker_nomem(m);
  }
  for (size_t i = 0; i < lang.len; i++) {
    lower[i] = lang.data[i] >= 'A' && lang.data[i] <= 'Z' ? (char)(lang.data[i] | 0x20) : lang.data[i];
  }
  out->lang = (pl_str){lower, lang.len};
  return PL_OK;
}

static pl_status lexical(pl_maker* m, pl_str text, pl_str type) {
  const pl_str shown = pl_arena_printf(&m->batch->arena, "%.*s", (int)(text.len < 80 ? text.len : 80), text.data);
  const pl_str kind = pl_arena_str(&m->batch->arena, type);
  if (!shown.data || !kind.data) {
    return pl_maker_nomem(m);
  }
  return PL_ROW_FAIL(m, text, PL_MSG_ROW_LEXICAL, shown.data, kind.data);
}

/// The first XSD type whose form the text has; else, where only seconds are missing, the canonical text.
static bool date_term(pl_arena* arena, pl_str text, pl_term* out) {
  pl_date date;
  for (pl_precision p = PL_PRECISION_YEAR; p <= PL_PRECISION_TIME; p++) {
    if (pl_date_parse_as(text, p, &date)) {
      *out = pl_term_typed(pl_arena_str(arena, text), pl_date_datatype(p));
      return true;
    }
  }
  if (!pl_date_parse(text, &date)) {
    return false;
  }
  char printed[48];
  const size_t len = pl_date_print(&date, printed);
  *out = pl_term_typed(pl_arena_str(arena, (pl_str){printed, len}), pl_date_datatype(date.precision));
  return true;
}

/// "start/end" or "start..end".
static bool interval_term(pl_arena* arena, pl_str text, pl_term* out) {
  char slashed[128];
  pl_date start;
  pl_date end;
  const char* const dots = text.len < sizeof(slashed) ? memmem(text.data, text.len, "..", 2) : NULL;
  if (dots) {
    const size_t before = (size_t)(dots - text.data);
    memcpy(slashed, text.data, before);
    slashed[before] = '/';
    memcpy(slashed + before + 1, dots + 2, text.len - before - 2);
    text = (pl_str){slashed, text.len - 1};
  }
  if (!pl_interval_parse(text, &start, &end)) {
    return false;
  }
  *out = pl_term_typed(pl_arena_str(arena, text), PL_STR(PL_INTERVAL_TYPE));
  return true;
}

static pl_status check_copied(pl_maker* m, const pl_term* term) { return term->text.data ? PL_OK : pl_maker_nomem(m); }

pl_status pl_maker_date(pl_maker* m, const char* key, pl_str text, pl_term* out) {
  PL_UNUSED(key);
  pl_arena* const arena = &m->batch->arena;
  if (!date_term(arena, text, out) && !interval_term(arena, text, out)) {
    return lexical(m, text, PL_STR("date or interval"));
  }
  return check_copied(m, out);
}

pl_str pl_type_short_to_iri(pl_str name) {
  static const struct {
    pl_str name;
    pl_str iri;
  } names[] = {{{"year", 4}, {PL_XSD "gYear", sizeof(PL_XSD "gYear") - 1}},
               {{"month", 5}, {PL_XSD "gYearMonth", sizeof(PL_XSD "gYearMonth") - 1}},
               {{"interval", 8}, {PL_INTERVAL_TYPE, sizeof(PL_INTERVAL_TYPE) - 1}},
               {{"period", 6}, {PL_INTERVAL_TYPE, sizeof(PL_INTERVAL_TYPE) - 1}}};
  for (size_t i = 0; i < PL_COUNT_OF(names); i++) {
    if (pl_str_eq(name, names[i].name)) {
      return names[i].iri;
    }
  }
  return (pl_str){NULL, 0};
}

/// An XSD datatype that has a value here.
static pl_status xsd_name(pl_maker* m, pl_str name, pl_str* iri) {
  *iri = pl_arena_printf(&m->batch->arena, PL_XSD "%.*s", (int)(name.len < 64 ? name.len : 64), name.data);
  if (!iri->data) {
    return pl_maker_nomem(m);
  }
  return pl_datatype_find(*iri)->kind != PL_DATATYPE_OTHER ? PL_OK : PL_NOT_FOUND;
}

/// IRI of a type, and whether the text must be checked against it.
static pl_status find_type(pl_maker* m, const char* key, pl_str type, pl_str* iri, bool* checked) {
  pl_term term;
  pl_str inner;
  *checked = false;
  if (pl_text_in_brackets(type, &inner) || pl_type_text_is_iri(type)) {
    PL_TRY(pl_maker_iri(m, key, inner, &term));
    *iri = term.text;
    return PL_OK;
  }
  if (type.len == 0) {
    return PL_ROW_FAIL(m, pl_str_c(key), PL_MSG_ROW_VALUE, key, "given a type that is not empty");
  }
  *checked = true;
  if (memchr(type.data, ':', type.len)) {
    if (pl_name_expand(&m->batch->arena, &(pl_names){0}, type, iri)) {
      return iri->data ? pl_maker_iri(m, key, *iri, &term) : pl_maker_nomem(m);
    }
    const pl_str shown = pl_arena_str(&m->batch->arena, type);
    return shown.data ? PL_ROW_FAIL(m, type, PL_MSG_ROW_TYPE, shown.data) : pl_maker_nomem(m);
  }
  *iri = pl_type_short_to_iri(type);
  if (iri->len) {
    return PL_OK;
  }
  const pl_status status = xsd_name(m, type, iri);
  if (status != PL_NOT_FOUND) {
    return status;
  }
  *iri = pl_name_to_iri(&m->batch->arena, m->context->base, type);
  return iri->data ? PL_OK : pl_maker_nomem(m);
}

pl_status pl_maker_typed(pl_maker* m, const char* key, pl_str text, pl_str type, pl_term* out) {
  pl_arena* const arena = &m->batch->arena;
  if (pl_str_eq(type, PL_STR("date"))) {
    return date_term(arena, text, out) ? check_copied(m, out) : lexical(m, text, type);
  }
  pl_str iri = {NULL, 0};
  bool checked;
  PL_TRY(find_type(m, key, type, &iri, &checked));
  if (pl_str_eq(iri, PL_STR(PL_XSD "string"))) {
    return pl_maker_string(m, key, text, (pl_str){NULL, 0}, out);
  }
  if (checked && pl_str_eq(iri, PL_STR(PL_INTERVAL_TYPE))) {
    return interval_term(arena, text, out) ? check_copied(m, out) : lexical(m, text, type);
  }
  *out = pl_term_typed(pl_arena_str(arena, text), iri);
  PL_TRY(check_copied(m, out));
  pl_id id;
  const bool known = pl_datatype_find(iri)->kind != PL_DATATYPE_OTHER;
  return checked && known && pl_term_classify(out, &id) == PL_TAG_LITERAL ? lexical(m, text, type) : PL_OK;
}

pl_status pl_maker_integer(pl_maker* m, int64_t value, pl_term* out) {
  *out = pl_term_typed(pl_arena_printf(&m->batch->arena, "%lld", (long long)value), PL_STR(PL_XSD "integer"));
  return check_copied(m, out);
}

/// pl_double_print gives "d.dddE[-]x": its digits and exponent say how it looks without exponent.
size_t pl_real_decimal(double value, char buf[48]) {
  char printed[48];
  const size_t printed_len = pl_double_print(value == 0 ? 0.0 : value, printed);  // a decimal has no negative zero
  pl_numeral n;
  if (!pl_numeral_scan((pl_str){printed, printed_len}, &n) || !n.scientific) {
    return 0;
  }
  const bool fraction_zero = n.fraction.len == 1 && n.fraction.data[0] == '0';
  char digits[48];
  const size_t fraction = fraction_zero ? 0 : n.fraction.len;
  const size_t count = n.whole.len + fraction;
  const int point = (int)n.whole.len + n.exponent;  // digits before the point; may be negative
  if (count > DECIMAL_DIGITS_MAX || point > DECIMAL_DIGITS_MAX || point < -5) {
    return 0;
  }
  memcpy(digits, n.whole.data, n.whole.len);
  memcpy(digits + n.whole.len, n.fraction.data, fraction);
  // Walk the places from the one before the point, or the first digit, to the last digit and one behind the point.
  const int first = point < 1 ? point - 1 : 0;
  const int last = (int)count - 1 > point ? (int)count - 1 : point;
  size_t len = 0;
  if (n.negative) {
    buf[len++] = '-';
  }
  for (int i = first; i <= last; i++) {
    if (i == point) {
      buf[len++] = '.';
    }
    buf[len++] = i >= 0 && i < (int)count ? digits[i] : '0';
  }
  return len;
}

pl_status pl_maker_real(pl_maker* m, double value, pl_term* out) {
  char text[48];
  const size_t decimal_len = pl_real_decimal(value, text);
  const size_t len = decimal_len ? decimal_len : pl_double_print(value, text);
  *out = pl_term_typed(pl_arena_str(&m->batch->arena, (pl_str){text, len}),
                       decimal_len ? PL_STR(PL_XSD "decimal") : PL_STR(PL_XSD "double"));
  return check_copied(m, out);
}

void pl_maker_boolean(bool value, pl_term* out) {
  *out = pl_term_typed(value ? PL_STR("true") : PL_STR("false"), PL_STR(PL_XSD "boolean"));
}

pl_status pl_maker_span(pl_maker* m, uint64_t start, uint64_t end, pl_term* out) {
  *out = pl_term_string(
      pl_arena_printf(&m->batch->arena, "char=%llu,%llu", (unsigned long long)start, (unsigned long long)end));
  return check_copied(m, out);
}
