/// Names as people write them. A name is shown in a short form only if that form, read again, is this very IRI: the
/// decoded text of a bare name is encoded once more and compared, and a prefix is used only if no later one of the same
/// name hides it.
#include "term/names.h"

#include "base/utf8.h"
#include "term/chars.h"
#include "term/lexical.h"
#include "term/text.h"
#include "term/value.h"

#define PREFIX(p, i) \
  { PL_STR(p), PL_STR(i) }

const pl_prefix pl_prefixes_builtin[] = {
    PREFIX("rdf", PL_RDF),
    PREFIX("rdfs", PL_RDFS),
    PREFIX("xsd", PL_XSD),
    PREFIX("owl", PL_OWL),
    PREFIX("skos", "http://www.w3.org/2004/02/skos/core#"),
    PREFIX("foaf", "http://xmlns.com/foaf/0.1/"),
    PREFIX("schema", "http://schema.org/"),
    PREFIX("dc", "http://purl.org/dc/elements/1.1/"),
    PREFIX("dcterms", "http://purl.org/dc/terms/"),
    PREFIX("prov", "http://www.w3.org/ns/prov#"),
};
const size_t pl_prefixes_builtin_count = PL_COUNT_OF(pl_prefixes_builtin);

/* --- base + text --- */

static const char hex_digits[] = "0123456789ABCDEF";

/// Bytes that one byte of a name's text takes in its IRI, written to `out`.
static size_t encode_byte(unsigned char c, char out[3]) {
  out[0] = c == ' ' ? '_' : (char)c;
  if (c == ' ' || (c != '%' && c != 0x7f && pl_char_in_iri(c))) {
    return 1;
  }
  out[0] = '%';
  out[1] = hex_digits[c >> 4];
  out[2] = hex_digits[c & 15];
  return 3;
}

pl_str pl_name_to_iri(pl_arena* arena, pl_str base, pl_str text) {
  char unit[3];
  size_t len = base.len;
  for (size_t i = 0; i < text.len; i++) {
    len += encode_byte((unsigned char)text.data[i], unit);
  }
  char* iri = pl_arena_alloc(arena, len + 1);
  if (!iri) {
    return (pl_str){NULL, 0};
  }
  if (base.len) {
    memcpy(iri, base.data, base.len);
  }
  size_t at = base.len;
  for (size_t i = 0; i < text.len; i++) {
    const size_t n = encode_byte((unsigned char)text.data[i], unit);
    memcpy(iri + at, unit, n);
    at += n;
  }
  assert(at == len);
  iri[len] = '\0';
  return (pl_str){iri, len};
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = (char)(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static void truncate_to(pl_buf* out, size_t len) {
  out->len = len;
  if (out->data) {
    out->data[len] = '\0';
  }
}

static pl_status decode_percent(pl_buf* out, pl_str s) {
  for (size_t i = 0; i < s.len; i++) {
    const bool escape =
        s.data[i] == '%' && s.len - i > 2 && hex_value(s.data[i + 1]) >= 0 && hex_value(s.data[i + 2]) >= 0;
    PL_TRY(pl_buf_char(out, escape ? (char)(hex_value(s.data[i + 1]) << 4 | hex_value(s.data[i + 2])) : s.data[i]));
    i += escape ? 2 : 0;
  }
  return PL_OK;
}

bool pl_name_from_iri(pl_buf* out, pl_str base, pl_str iri) {
  if (base.len == 0 || iri.len <= base.len || !pl_str_starts(iri, base)) {
    return false;
  }
  const pl_str rest = {iri.data + base.len, iri.len - base.len};
  const size_t mark = out->len;
  if (decode_percent(out, rest) != PL_OK) {
    return false;
  }
  const pl_str text = {out->data + mark, out->len - mark};
  if (pl_utf8_check(text) == text.len) {
    return true;
  }
  truncate_to(out, mark);
  return pl_buf_str(out, rest) == PL_OK;
}

/* --- prefixes --- */

/// The prefix of that name in force, or NULL.
static const pl_prefix* find_prefix(const pl_names* names, pl_str prefix) {
  for (size_t i = names ? names->prefix_count : 0; i > 0; i--) {
    if (pl_str_eq(names->prefixes[i - 1].prefix, prefix)) {
      return &names->prefixes[i - 1];
    }
  }
  for (size_t i = 0; i < pl_prefixes_builtin_count; i++) {
    if (pl_str_eq(pl_prefixes_builtin[i].prefix, prefix)) {
      return &pl_prefixes_builtin[i];
    }
  }
  return NULL;
}

bool pl_name_expand(pl_arena* arena, const pl_names* names, pl_str prefixed, pl_str* iri) {
  const char* colon = prefixed.len ? memchr(prefixed.data, ':', prefixed.len) : NULL;
  if (!colon) {
    return false;
  }
  const size_t split = (size_t)(colon - prefixed.data);
  const pl_prefix* p = find_prefix(names, (pl_str){prefixed.data, split});
  if (!p) {
    return false;
  }
  const size_t local = prefixed.len - split - 1;
  char* text = pl_arena_alloc(arena, p->iri.len + local + 1);
  *iri = (pl_str){text, text ? p->iri.len + local : 0};
  if (text) {
    memcpy(text, p->iri.data, p->iri.len);
    memcpy(text + p->iri.len, colon + 1, local);
    text[iri->len] = '\0';
  }
  return true;
}

/// Name characters with dots only inside; the first one a letter or `_`, or with `digit_first` a digit.
static bool is_plain_name(pl_str s, bool digit_first) {
  uint32_t last = 0;
  for (size_t i = 0; i < s.len;) {
    const bool first = i == 0;
    const uint32_t c = pl_utf8_next(s, &i);
    const bool digit = c >= '0' && c <= '9';
    if (c == UINT32_MAX || (first && !pl_char_is_name_start(c) && !(digit && digit_first))) {
      return false;
    }
    if (!first && !pl_char_is_name(c) && !(c == '.' && last != '.')) {
      return false;
    }
    last = c;
  }
  return s.len > 0 && last != '.' && last != '-';
}

bool pl_name_is_bare(pl_str text, bool (*reserved)(pl_str word)) {
  // `_` is the wildcard and `a` the verb rdf:type.
  if (pl_str_eq(text, PL_STR("_")) || pl_str_eq(text, PL_STR("a")) || !is_plain_name(text, false)) {
    return false;
  }
  return !reserved || !reserved(text);
}

/* --- writing --- */

static bool prefix_serves(const pl_names* names, const pl_prefix* p, pl_str iri) {
  return pl_str_starts(iri, p->iri) && find_prefix(names, p->prefix) == p &&
         is_plain_name((pl_str){iri.data + p->iri.len, iri.len - p->iri.len}, true);
}

static bool is_longer(const pl_prefix* p, const pl_prefix* best) { return !best || p->iri.len > best->iri.len; }

/// Of the prefixes that can write the IRI, the one with the longest namespace; NULL if none. Only a longer one is looked at closely, which
/// costs a walk over all prefixes.
static const pl_prefix* best_prefix(const pl_names* names, pl_str iri) {
  const pl_prefix* best = NULL;
  for (size_t i = names ? names->prefix_count : 0; i > 0; i--) {
    const pl_prefix* p = &names->prefixes[i - 1];
    best = is_longer(p, best) && prefix_serves(names, p, iri) ? p : best;
  }
  for (size_t i = 0; i < pl_prefixes_builtin_count; i++) {
    const pl_prefix* p = &pl_prefixes_builtin[i];
    best = is_longer(p, best) && prefix_serves(names, p, iri) ? p : best;
  }
  return best;
}

static pl_status write_prefixed_or_iri(pl_buf* out, const pl_names* names, pl_str iri) {
  const pl_prefix* p = best_prefix(names, iri);
  if (!p) {
    return pl_iri_write(out, iri);
  }
  PL_TRY(pl_buf_str(out, p->prefix));
  PL_TRY(pl_buf_char(out, ':'));
  return pl_buf_append(out, iri.data + p->iri.len, iri.len - p->iri.len);
}

/// True if base + text is written with exactly these bytes after the base, and `text` may stand between backquotes.
static bool name_reads_back(pl_str text, pl_str rest) {
  size_t at = 0;
  for (size_t i = 0; i < text.len; i++) {
    const unsigned char c = (unsigned char)text.data[i];
    char unit[3];
    const size_t n = encode_byte(c, unit);
    if (c < 0x20 || c == 0x7f || c == '`' || c == '\\' || rest.len - at < n || memcmp(rest.data + at, unit, n) != 0) {
      return false;
    }
    at += n;
  }
  return at == rest.len;
}

/// Append the name below the base, with backquotes where needed. *done is false, and nothing appended, if there is
/// none.
static pl_status write_base_name(pl_buf* out, pl_str base, bool (*reserved)(pl_str word), pl_str iri, bool* done) {
  const size_t mark = out->len;
  *done = false;
  PL_TRY(pl_buf_char(out, '`'));
  if (pl_name_from_iri(out, base, iri)) {
    const pl_str text = {out->data + mark + 1, out->len - mark - 1};
    const bool same = name_reads_back(text, (pl_str){iri.data + base.len, iri.len - base.len});
    *done = same;
    if (same && pl_name_is_bare(text, reserved)) {
      memmove(out->data + mark, out->data + mark + 1, text.len);
      truncate_to(out, mark + text.len);
      return PL_OK;
    }
    if (same) {
      return pl_buf_char(out, '`');
    }
  }
  if (out->status == PL_OK) {
    truncate_to(out, mark);
  }
  return out->status;
}

static pl_status write_iri_name(pl_buf* out, const pl_names* names, bool (*reserved)(pl_str word), pl_str iri) {
  bool done = false;
  if (names && names->base.len) {
    PL_TRY(write_base_name(out, names->base, reserved, iri, &done));
  }
  return done ? PL_OK : write_prefixed_or_iri(out, names, iri);
}

/// A query reads dates of four-digit years from the month on, and zones only after a time.
static bool date_is_bare(const pl_date* d) {
  return d->year >= 0 && d->year <= 9999 && (!d->has_zone || d->precision == PL_PRECISION_TIME);
}

static bool date_text_is_bare(pl_str s, pl_precision precision) {
  pl_date d;
  char buf[48];
  return pl_date_parse_as(s, precision, &d) && date_is_bare(&d) && pl_str_eq(s, (pl_str){buf, pl_date_print(&d, buf)});
}

static bool decimal_text_is_bare(pl_str s) {
  pl_decimal d;
  char buf[48];
  return pl_decimal_parse(s, &d) && pl_str_eq(s, (pl_str){buf, pl_decimal_print(d, buf)});
}

/// True if a query would read the bare text back as this very literal.
static bool literal_is_bare(pl_str s, pl_datatype_kind kind) {
  int64_t i;
  double d;
  switch (kind) {
    case PL_DATATYPE_BOOLEAN:
      return pl_str_eq(s, PL_STR("true")) || pl_str_eq(s, PL_STR("false"));
    case PL_DATATYPE_INTEGER:
      return pl_integer_canonical(s, &i);
    case PL_DATATYPE_DECIMAL:
      return decimal_text_is_bare(s);
    case PL_DATATYPE_DOUBLE:
      return pl_double_parse(s, &d) && s.data[s.len - 1] >= '0' && s.data[s.len - 1] <= '9' &&
             pl_double_is_canonical(s, d);
    case PL_DATATYPE_MONTH:
      return date_text_is_bare(s, PL_PRECISION_MONTH);
    case PL_DATATYPE_DAY:
      return date_text_is_bare(s, PL_PRECISION_DAY);
    case PL_DATATYPE_TIME:
      return date_text_is_bare(s, PL_PRECISION_TIME);
    default:
      return false;
  }
}

/// start..end, if a query would read that as this very interval: two bare years would be numbers.
static pl_status write_interval(pl_buf* out, pl_str s, bool* done) {
  pl_date start;
  pl_date end;
  char buf[96];
  *done = pl_interval_parse(s, &start, &end) && date_is_bare(&start) && date_is_bare(&end) &&
          (start.precision != PL_PRECISION_YEAR || end.precision != PL_PRECISION_YEAR) &&
          pl_str_eq(s, (pl_str){buf, pl_interval_print(&start, &end, buf)});
  if (!*done) {
    return PL_OK;
  }
  PL_TRY(pl_buf_append(out, buf, pl_date_print(&start, buf)));
  PL_TRY(pl_buf_str(out, PL_STR("..")));
  return pl_buf_append(out, buf, pl_date_print(&end, buf));
}

static pl_status write_literal_name(pl_buf* out, const pl_names* names, const pl_term* term) {
  const pl_datatype_kind kind = pl_datatype_find(term->datatype)->kind;
  bool done = false;
  if (term->lang.len == 0 && literal_is_bare(term->text, kind)) {
    return pl_buf_str(out, term->text);
  }
  if (term->lang.len == 0 && kind == PL_DATATYPE_INTERVAL) {
    PL_TRY(write_interval(out, term->text, &done));
    if (done) {
      return PL_OK;
    }
  }
  PL_TRY(pl_text_write_quoted(out, term->text));
  if (term->lang.len) {
    PL_TRY(pl_buf_char(out, '@'));
    return pl_buf_str(out, term->lang);
  }
  if (kind == PL_DATATYPE_STRING) {
    return PL_OK;
  }
  PL_TRY(pl_buf_str(out, PL_STR("^^")));
  return write_prefixed_or_iri(out, names, term->datatype);
}

pl_status pl_term_write_name(pl_buf* out, const pl_names* names, bool (*reserved)(pl_str word), const pl_term* term) {
  switch (term->kind) {
    case PL_TERM_IRI:
      return write_iri_name(out, names, reserved, term->text);
    case PL_TERM_LITERAL:
      return write_literal_name(out, names, term);
    default:
      return pl_term_write_nt(out, term);
  }
}

/* --- IRIs --- */

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

size_t pl_iri_check(pl_str iri) {
  size_t i = 0;
  while (i < iri.len &&
         (is_letter(iri.data[i]) || (i && ((iri.data[i] >= '0' && iri.data[i] <= '9') || iri.data[i] == '+' ||
                                           iri.data[i] == '-' || iri.data[i] == '.')))) {
    i++;
  }
  if (i == 0 || i == iri.len || iri.data[i] != ':') {
    return iri.len ? 0 : 1;
  }
  while (i < iri.len && pl_char_in_iri((unsigned char)iri.data[i])) {
    i++;
  }
  return i;
}
