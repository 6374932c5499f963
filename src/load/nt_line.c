/// The line scanner: a table of byte classes, one pass, no copies. What is rare (escapes, labels beyond ASCII,
/// upper-case language tags) leaves the fast path and is decoded into the arena. The line ends with '\n', which belongs
/// to no class that a loop runs over, so the loops need no bound.
#include "load/nt_line.h"

#include "base/utf8.h"

enum { IRI = 1, TEXT = 2, SCHEME = 4, LABEL = 8, ALPHA = 16, DIGIT = 32 };

static const uint8_t classes[256] = {
    2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  0,  2,  2,  0,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
    2,  2,  2,  2,  3,  0,  3,  3,  3,  3,  3,  3,  3,  3,  7,  3,  15, 7,  3,  47, 47, 47, 47, 47, 47, 47, 47, 47, 47,
    3,  3,  2,  3,  2,  3,  3,  31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31,
    31, 31, 31, 31, 3,  0,  3,  2,  11, 2,  31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31,
    31, 31, 31, 31, 31, 31, 31, 2,  2,  2,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,
    3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,
    3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,
    3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,
    3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3};

static inline uint8_t class_of(char c) { return classes[(unsigned char)c]; }

static bool fail(pl_nt_line* l, const char* at, pl_msg msg, const char* reason) {
  l->bad = at;
  l->msg = msg;
  l->reason = reason;
  l->status = PL_ERR_FORMAT;
  return false;
}

static bool expected(pl_nt_line* l, const char* what) { return fail(l, l->p, PL_MSG_RDF_SYNTAX, what); }

static bool fail_status(pl_nt_line* l, pl_status status) {
  l->status = status;
  return false;
}

static inline void skip_blanks(pl_nt_line* l) {
  while (*l->p == ' ' || *l->p == '\t') {
    l->p++;
  }
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = (char)(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// UCHAR: \uXXXX or \UXXXXXXXX at p (the backslash). Returns bytes used, 0 if ill-formed.
static size_t decode_uchar(const char* p, char out[4], size_t* out_len) {
  const size_t digits = p[1] == 'u' ? 4 : 8;
  uint32_t code = 0;
  for (size_t i = 0; i < digits; i++) {
    const int v = hex_value(p[2 + i]);
    if (v < 0) {
      return 0;
    }
    code = code << 4 | (uint32_t)v;
  }
  *out_len = pl_utf8_put(out, code);
  return *out_len ? digits + 2 : 0;
}

/// ECHAR or UCHAR. Returns bytes used, 0 if ill-formed.
static size_t decode_escape(const char* p, bool in_iri, char out[4], size_t* out_len) {
  static const char names[] = "tbnrf\"'\\";
  static const char values[] = "\t\b\n\r\f\"'\\";
  if (p[1] == 'u' || p[1] == 'U') {
    return decode_uchar(p, out, out_len);
  }
  const char* const found = in_iri || p[1] == '\0' ? NULL : strchr(names, p[1]);
  if (!found) {
    return 0;
  }
  out[0] = values[found - names];
  *out_len = 1;
  return 2;
}

/// The rest of an IRI or string that holds escapes, from `start`; p stands on the first backslash. Decoding only
/// shrinks.
static bool decode_rest(pl_nt_line* l, const char* start, const char* p, char close, pl_str* out) {
  const uint8_t plain = close == '>' ? IRI : TEXT;
  char* const text = pl_arena_alloc(l->arena, (size_t)(l->end - start));
  if (!text) {
    return fail_status(l, pl_fail(l->scope->context->err, PL_MSG_NOMEM));
  }
  size_t len = (size_t)(p - start);
  memcpy(text, start, len);
  while (*p != close) {
    size_t used;
    size_t put;
    if (class_of(*p) & plain) {
      text[len++] = *p++;
    } else if (*p == '\\' && (used = decode_escape(p, close == '>', text + len, &put)) > 0) {
      // A character that an IRI cannot hold stays forbidden when it is escaped.
      if (close == '>' && put == 1 && !(class_of(text[len]) & IRI)) {
        return fail(l, p, PL_MSG_IRI_CHARACTER, NULL);
      }
      p += used;
      len += put;
    } else if (*p == '\\') {
      return fail(l, p, PL_MSG_RDF_SYNTAX, "this is not an escape sequence");
    } else {
      return p >= l->end || close == '"' ? fail(l, p, PL_MSG_RDF_SYNTAX, "the string or IRI does not end on this line")
                                         : fail(l, p, PL_MSG_IRI_CHARACTER, NULL);
    }
  }
  l->p = p + 1;
  *out = (pl_str){text, len};
  return true;
}

static inline bool has_scheme(pl_str iri) {
  const char* p = iri.data;
  const char* const end = iri.data + iri.len;
  if (p == end || !(class_of(*p) & ALPHA)) {
    return false;
  }
  while (p < end && (class_of(*p) & SCHEME)) {
    p++;
  }
  return p < end && *p == ':';
}

/// IRIREF, absolute.
static bool scan_iri(pl_nt_line* l, pl_str* out) {
  const char* const start = l->p + 1;
  const char* p = start;
  while (class_of(*p) & IRI) {
    p++;
  }
  *out = (pl_str){start, (size_t)(p - start)};
  if (PL_LIKELY(*p == '>')) {
    l->p = p + 1;
  } else if (*p == '\\') {
    if (!decode_rest(l, start, p, '>', out)) {
      return false;
    }
  } else if (p >= l->end) {
    return fail(l, start - 1, PL_MSG_RDF_SYNTAX, "the IRI does not end on this line");
  } else {
    return fail(l, p, PL_MSG_IRI_CHARACTER, NULL);
  }
  return has_scheme(*out) || fail(l, start - 1, PL_MSG_IRI_RELATIVE, NULL);
}

/// BLANK_NODE_LABEL; `raw` (may be NULL) gets it as written.
static bool scan_blank(pl_nt_line* l, pl_term* out, pl_str* raw) {
  if (l->p[1] != ':') {
    return expected(l, "a blank node is written `_:label`");
  }
  const char* const start = l->p + 2;
  const char* p = start;
  while (class_of(*p) & LABEL) {
    p++;
  }
  size_t len = (size_t)(p - start);
  if (*p == '.' || (unsigned char)*p >= 0x80 || len == 0 || *start == '-') {
    len = pl_blank_label_scan((pl_str){start, (size_t)(l->end - start)});
  }
  if (len == 0) {
    return expected(l, "a blank node is written `_:label`");
  }
  l->p = start + len;
  const pl_str label = {start, len};
  if (raw) {
    *raw = label;
  }
  *out = (pl_term){.kind = PL_TERM_BLANK};
  const pl_status status = pl_scope_label(l->scope, l->arena, label, &out->text);
  return status == PL_OK || fail_status(l, status);
}

/// LANGTAG, lower-cased because tags compare without case.
static bool scan_lang(pl_nt_line* l, pl_str* out) {
  const char* const start = ++l->p;
  while (class_of(*l->p) & ALPHA) {
    l->p++;
  }
  bool good = l->p > start;
  while (good && *l->p == '-') {
    const char* const part = ++l->p;
    while (class_of(*l->p) & (ALPHA | DIGIT)) {
      l->p++;
    }
    good = l->p > part;
  }
  if (!good) {
    return expected(l, "a language tag is letters, then groups of letters and digits joined with `-`");
  }
  *out = (pl_str){start, (size_t)(l->p - start)};
  bool upper = false;
  for (size_t i = 0; i < out->len; i++) {
    upper |= start[i] >= 'A' && start[i] <= 'Z';
  }
  if (!upper) {
    return true;
  }
  char* const text = pl_arena_alloc(l->arena, out->len);
  if (!text) {
    return fail_status(l, pl_fail(l->scope->context->err, PL_MSG_NOMEM));
  }
  for (size_t i = 0; i < out->len; i++) {
    text[i] = start[i] >= 'A' && start[i] <= 'Z' ? (char)(start[i] | 0x20) : start[i];
  }
  out->data = text;
  return true;
}

static bool scan_literal(pl_nt_line* l, pl_term* out) {
  const char* const start = l->p + 1;
  const char* p = start;
  while (class_of(*p) & TEXT) {
    p++;
  }
  *out = (pl_term){.kind = PL_TERM_LITERAL, .text = {start, (size_t)(p - start)}};
  if (PL_LIKELY(*p == '"')) {
    l->p = p + 1;
  } else if (*p != '\\') {
    return fail(l, start - 1, PL_MSG_RDF_SYNTAX, "the string does not end on this line");
  } else if (!decode_rest(l, start, p, '"', &out->text)) {
    return false;
  }
  if (*l->p == '@') {
    return scan_lang(l, &out->lang);
  }
  if (*l->p != '^') {
    return true;
  }
  if (l->p[1] != '^' || l->p[2] != '<') {
    return expected(l, "a datatype is written `^^<IRI>`");
  }
  l->p += 2;
  if (!scan_iri(l, &out->datatype)) {
    return false;
  }
  static const char xsd_string[] = PL_XSD "string";
  if (pl_str_eq(out->datatype, (pl_str){xsd_string, sizeof(xsd_string) - 1})) {
    out->datatype = (pl_str){NULL, 0};
  }
  return true;
}

static bool scan_node(pl_nt_line* l, pl_term* out, pl_str* raw, const char* what) {
  if (PL_LIKELY(*l->p == '<' && l->p[1] != '<')) {
    *out = (pl_term){.kind = PL_TERM_IRI};
    return scan_iri(l, &out->text);
  }
  return *l->p == '_' ? scan_blank(l, out, raw) : expected(l, what);
}

/// Subject and predicate often are those of the statement before: then its term stands already, and equal bytes need
/// no second proof that they are an IRI.
static bool scan_again(pl_nt_line* l, const pl_term* last) {
  const pl_str text = last->text;
  if (!l->again || last->kind != PL_TERM_IRI || *l->p != '<' || (size_t)(l->end - l->p) < text.len + 2 ||
      l->p[text.len + 1] != '>' || memcmp(l->p + 1, text.data, text.len) != 0) {
    return false;
  }
  l->p += text.len + 2;
  return true;
}

static bool scan_predicate(pl_nt_line* l, pl_term* out) {
  skip_blanks(l);
  if (*l->p != '<') {
    return expected(l, "expected the predicate, an IRI in <>");
  }
  *out = (pl_term){.kind = PL_TERM_IRI};
  return scan_iri(l, &out->text);
}

static bool scan_object(pl_nt_line* l, pl_term* out) {
  skip_blanks(l);
  if (*l->p == '"') {
    return scan_literal(l, out);
  }
  return scan_node(l, out, NULL, "expected the object: an IRI in <>, a blank node or a literal");
}

/// tripleTerm (RDF 1.2): `<<(` subject predicate object `)>>`, without another one inside.
static bool scan_triple_term(pl_nt_line* l) {
  l->p += 3;
  skip_blanks(l);
  if (!scan_node(l, &l->inner[0], NULL, "expected the subject of the triple term") ||
      !scan_predicate(l, &l->inner[1])) {
    return false;
  }
  skip_blanks(l);
  if (strncmp(l->p, "<<", 2) == 0) {
    return fail(l, l->p, PL_MSG_REIFIER_NODE, NULL);
  }
  if (!scan_object(l, &l->inner[2])) {
    return false;
  }
  skip_blanks(l);
  if (strncmp(l->p, ")>>", 3) != 0) {
    return expected(l, "expected `)>>` after the triple term");
  }
  l->p += 3;
  l->reified = true;
  return true;
}

/// A reifier is a blank node, in the default graph, and says rdf:reifies.
static bool check_reifier(pl_nt_line* l, const char* at) {
  static const char reifies[] = PL_RDF "reifies";
  const bool good = l->terms[0].kind == PL_TERM_BLANK && l->terms[3].kind == PL_TERM_NONE &&
                    pl_str_eq(l->terms[1].text, (pl_str){reifies, sizeof(reifies) - 1});
  return good || fail(l, at, PL_MSG_REIFIER_NODE, NULL);
}

static bool too_long(pl_nt_line* l) {
  // A term cannot be longer than its line, so that most lines pass with one comparison.
  for (int i = 0; i < 4; i++) {
    if (l->terms[i].text.len > l->term_bytes_max) {
      return !fail(l, l->p, PL_MSG_TERM_TOO_LONG, NULL);
    }
  }
  return false;
}

static bool scan_terms(pl_nt_line* l) {
  if (!scan_again(l, &l->terms[0]) &&
      !scan_node(l, &l->terms[0], &l->label, "expected the subject: an IRI in <> or a blank node")) {
    return false;
  }
  skip_blanks(l);
  if (!scan_again(l, &l->terms[1]) && !scan_predicate(l, &l->terms[1])) {
    return false;
  }
  skip_blanks(l);
  const char* const object = l->p;
  if (strncmp(object, "<<(", 3) == 0) {
    l->terms[2] = (pl_term){.kind = PL_TERM_NONE};
    if (!scan_triple_term(l)) {
      return false;
    }
  } else if (!scan_object(l, &l->terms[2])) {
    return false;
  }
  skip_blanks(l);
  if (l->quads && (*l->p == '<' || *l->p == '_')) {
    if (!scan_node(l, &l->terms[3], NULL, "expected the graph: an IRI in <> or a blank node")) {
      return false;
    }
    skip_blanks(l);
  }
  return !l->reified || check_reifier(l, object);
}

/// Go behind a comment and the end of the line.
static bool scan_line_end(pl_nt_line* l) {
  skip_blanks(l);
  if (*l->p == '#') {
    while (l->p < l->end && *l->p != '\r') {
      l->p++;
    }
  }
  if (l->p == l->end) {
    return true;
  }
  if (*l->p != '\r') {
    return expected(l, "expected nothing more on this line");
  }
  l->p++;
  return true;
}

/// versionDirective (RDF 1.2): VERSION "1.2"
static bool scan_version(pl_nt_line* l) {
  l->p += 7;
  skip_blanks(l);
  pl_term version;
  if (*l->p != '"' || !scan_literal(l, &version)) {
    return l->status != PL_OK ? false : expected(l, "expected a version such as \"1.2\"");
  }
  return scan_line_end(l);
}

static pl_nt_kind scan(pl_nt_line* l) {
  l->reified = false;
  l->status = PL_OK;
  l->terms[3].kind = PL_TERM_NONE;
  skip_blanks(l);
  const char c = *l->p;
  if (c == '#' || c == '\r' || l->p == l->end) {
    (void)scan_line_end(l);  // cannot fail here
    return PL_NT_NOTHING;
  }
  if (c == 'V' && strncmp(l->p, "VERSION", 7) == 0) {
    return scan_version(l) ? PL_NT_NOTHING : PL_NT_BAD;
  }
  if (!scan_terms(l)) {
    return PL_NT_BAD;
  }
  if (*l->p != '.') {
    (void)expected(l, l->quads ? "expected a graph or `.` at the end of the statement"
                               : "expected `.` at the end of the statement");
    return PL_NT_BAD;
  }
  l->p++;
  return !scan_line_end(l) || too_long(l) ? PL_NT_BAD : PL_NT_STATEMENT;
}

pl_nt_kind pl_nt_scan(pl_nt_line* l) {
  const pl_nt_kind kind = scan(l);
  l->again = kind == PL_NT_STATEMENT;
  return kind;
}
