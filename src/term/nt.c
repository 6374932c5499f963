/// One term in N-Triples syntax: the parser and its exact inverse.
///
/// The parser looks for the end of a token first and copies nothing when it met no backslash; with one it decodes into
/// the arena, where the token's own length is always room enough, because an escape is longer than what it stands for.
#include "base/utf8.h"
#include "term/chars.h"
#include "term/names.h"
#include "term/text.h"

/* --- writing --- */

static pl_status write_escape(pl_buf* out, unsigned char c) {
  switch (c) {
    case '\t':
      return pl_buf_str(out, PL_STR("\\t"));
    case '\b':
      return pl_buf_str(out, PL_STR("\\b"));
    case '\n':
      return pl_buf_str(out, PL_STR("\\n"));
    case '\r':
      return pl_buf_str(out, PL_STR("\\r"));
    case '\f':
      return pl_buf_str(out, PL_STR("\\f"));
    case '"':
      return pl_buf_str(out, PL_STR("\\\""));
    case '\\':
      return pl_buf_str(out, PL_STR("\\\\"));
    default:
      return pl_buf_printf(out, "\\u%04X", c);
  }
}

static bool string_needs_escape(unsigned char c) { return c < 0x20 || c == 0x7f || c == '"' || c == '\\'; }

pl_status pl_text_write_quoted(pl_buf* out, pl_str s) {
  PL_TRY(pl_buf_char(out, '"'));
  size_t done = 0;
  for (size_t i = 0; i < s.len; i++) {
    if (string_needs_escape((unsigned char)s.data[i])) {
      PL_TRY(pl_buf_append(out, s.data + done, i - done));
      PL_TRY(write_escape(out, (unsigned char)s.data[i]));
      done = i + 1;
    }
  }
  PL_TRY(pl_buf_append(out, s.data + done, s.len - done));
  return pl_buf_char(out, '"');
}

/// Characters that no valid IRI holds are escaped all the same, so that the line stays well-formed.
pl_status pl_iri_write(pl_buf* out, pl_str iri) {
  PL_TRY(pl_buf_char(out, '<'));
  size_t done = 0;
  for (size_t i = 0; i < iri.len; i++) {
    if (!pl_char_in_iri((unsigned char)iri.data[i])) {
      PL_TRY(pl_buf_append(out, iri.data + done, i - done));
      PL_TRY(pl_buf_printf(out, "\\u%04X", (unsigned)(unsigned char)iri.data[i]));
      done = i + 1;
    }
  }
  PL_TRY(pl_buf_append(out, iri.data + done, iri.len - done));
  return pl_buf_char(out, '>');
}

static pl_status write_literal(pl_buf* out, const pl_term* term) {
  PL_TRY(pl_text_write_quoted(out, term->text));
  if (term->lang.len) {
    PL_TRY(pl_buf_char(out, '@'));
    return pl_buf_str(out, term->lang);
  }
  if (term->datatype.len == 0 || pl_str_eq(term->datatype, PL_STR(PL_XSD "string"))) {
    return PL_OK;
  }
  PL_TRY(pl_buf_str(out, PL_STR("^^")));
  return pl_iri_write(out, term->datatype);
}

pl_status pl_term_write_nt(pl_buf* out, const pl_term* term) {
  switch (term->kind) {
    case PL_TERM_IRI:
      return pl_iri_write(out, term->text);
    case PL_TERM_BLANK:
    case PL_TERM_ASSERTION:
      PL_TRY(pl_buf_str(out, PL_STR("_:")));
      return pl_buf_str(out, term->text);
    case PL_TERM_LITERAL:
      return write_literal(out, term);
    case PL_TERM_NONE:
      break;
  }
  return PL_OK;
}

/* --- parsing --- */

typedef struct reader {
  pl_arena* arena;     ///< for decoded text
  pl_str s;            ///< whole input
  size_t pos;          ///< next byte
  const char* reason;  ///< why it failed
} reader;

static pl_status refuse(reader* r, size_t pos, const char* reason) {
  r->pos = pos;
  r->reason = reason;
  return PL_ERR_FORMAT;
}

static bool at(const reader* r, char c) { return r->pos < r->s.len && r->s.data[r->pos] == c; }

static int hex_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = (char)(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// UCHAR at the backslash `pos`: the code point and the bytes it takes; 0 bytes if ill-formed.
static size_t read_uchar(pl_str s, size_t pos, uint32_t* code_point) {
  const size_t digits = s.data[pos + 1] == 'u' ? 4 : 8;
  if (s.len - pos < 2 + digits) {
    return 0;
  }
  *code_point = 0;
  for (size_t i = 0; i < digits; i++) {
    const int v = hex_value(s.data[pos + 2 + i]);
    if (v < 0) {
      return 0;
    }
    *code_point = *code_point << 4 | (uint32_t)v;
  }
  return 2 + digits;
}

/// ECHAR: what the letter after a backslash stands for, or 0.
static char echar(char c) {
  static const char letters[] = "tbnrf\"'\\";
  static const char meanings[] = "\t\b\n\r\f\"'\\";
  const char* p = c ? strchr(letters, c) : NULL;
  return p ? meanings[p - letters] : '\0';
}

/// Decode the escapes of a token [start, end) into the arena.
static pl_status decode(reader* r, size_t start, size_t end, bool is_iri, pl_str* out) {
  const pl_str s = {r->s.data, end};
  char* text = pl_arena_alloc(r->arena, end - start);
  if (!text) {
    return pl_mem_status(r->arena->mem);
  }
  size_t len = 0;
  for (size_t i = start; i < end;) {
    if (s.data[i] != '\\') {
      text[len++] = s.data[i++];
      continue;
    }
    if (s.data[i + 1] != 'u' && s.data[i + 1] != 'U') {
      const char c = is_iri ? '\0' : echar(s.data[i + 1]);
      if (!c) {
        return refuse(r, i, is_iri ? "only \\u and \\U escapes are allowed in an IRI" : "unknown escape sequence");
      }
      text[len++] = c;
      i += 2;
      continue;
    }
    uint32_t code_point = 0;
    const size_t used = read_uchar(s, i, &code_point);
    char utf8[4];
    const size_t bytes = used ? pl_utf8_put(utf8, code_point) : 0;
    if (bytes == 0) {
      return refuse(r, i,
                    used ? "escape is not a Unicode character" : "\\u needs 4 and \\U needs 8 hexadecimal digits");
    }
    memcpy(text + len, utf8, bytes);
    len += bytes;
    i += used;
  }
  *out = (pl_str){text, len};
  return PL_OK;
}

static pl_status check_text(reader* r, size_t start, size_t end) {
  if (end - start > PL_TERM_BYTES_MAX) {
    return refuse(r, start, "term is longer than 1 GiB");
  }
  const size_t bad = pl_utf8_check((pl_str){r->s.data + start, end - start});
  return bad < end - start ? refuse(r, start + bad, "invalid UTF-8") : PL_OK;
}

/// IRIREF, the position on its `<`.
static pl_status read_iri(reader* r, pl_str* out) {
  const size_t start = r->pos + 1;
  size_t end = start;
  bool escaped = false;
  while (end < r->s.len && (pl_char_in_iri((unsigned char)r->s.data[end]) || r->s.data[end] == '\\')) {
    const bool backslash = r->s.data[end] == '\\';
    escaped = escaped || backslash;
    end += backslash && end + 1 < r->s.len && r->s.data[end + 1] == '\\' ? 2 : 1;
  }
  if (end == r->s.len || r->s.data[end] != '>') {
    return refuse(r, end, end == r->s.len ? "IRI is not closed with `>`" : "character is not allowed in an IRI");
  }
  PL_TRY(check_text(r, start, end));
  *out = (pl_str){r->s.data + start, end - start};
  if (escaped) {
    PL_TRY(decode(r, start, end, true, out));
  }
  const size_t bad = pl_iri_check(*out);
  if (bad != out->len) {
    const bool inside = bad > 0 && bad < out->len;
    return refuse(r, inside && !escaped ? start + bad : start,
                  inside ? "character is not allowed in an IRI" : "IRI is not absolute");
  }
  r->pos = end + 1;
  return PL_OK;
}

/// BLANK_NODE_LABEL, the position on its `_`. A dot is part of the label only inside it.
static pl_status read_blank(reader* r, pl_str* out) {
  const size_t start = r->pos + 2;
  if (r->s.len < start || r->s.data[r->pos + 1] != ':') {
    return refuse(r, r->pos, "expected `_:` and a label");
  }
  size_t end = start;
  for (size_t next = start; next < r->s.len;) {
    const bool first = next == start;
    const bool dot = !first && r->s.data[next] == '.';
    const bool digit = r->s.data[next] >= '0' && r->s.data[next] <= '9';
    const uint32_t c = pl_utf8_next(r->s, &next);
    if (!dot && !digit && (c == UINT32_MAX || !(first ? pl_char_is_name_start(c) : pl_char_is_name(c)))) {
      break;
    }
    end = dot ? end : next;
  }
  if (end == start) {
    return refuse(r, start, "blank node label is missing or begins with a character it may not");
  }
  if (end < r->s.len && r->s.data[end] == ':') {
    return refuse(r, end, "character is not allowed in a blank node label");
  }
  PL_TRY(check_text(r, start, end));
  *out = (pl_str){r->s.data + start, end - start};
  r->pos = end;
  return PL_OK;
}

/// STRING_LITERAL_QUOTE, the position on its quote.
static pl_status read_quoted(reader* r, pl_str* out) {
  const size_t start = r->pos + 1;
  size_t end = start;
  bool escaped = false;
  while (end < r->s.len && r->s.data[end] != '"' && r->s.data[end] != '\n' && r->s.data[end] != '\r') {
    const bool backslash = r->s.data[end] == '\\';
    escaped = escaped || backslash;
    end += 1 + (backslash && end + 1 < r->s.len);
  }
  if (end == r->s.len || r->s.data[end] != '"') {
    return refuse(r, end, end == r->s.len ? "string is not closed with `\"`" : "line break inside a string");
  }
  PL_TRY(check_text(r, start, end));
  *out = (pl_str){r->s.data + start, end - start};
  if (escaped) {
    PL_TRY(decode(r, start, end, false, out));
  }
  r->pos = end + 1;
  return PL_OK;
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static pl_status lower_tag(reader* r, size_t start, size_t end, pl_str* out) {
  bool upper = false;
  for (size_t i = start; i < end; i++) {
    upper = upper || (r->s.data[i] >= 'A' && r->s.data[i] <= 'Z');
  }
  *out = (pl_str){r->s.data + start, end - start};
  if (!upper) {
    return PL_OK;
  }
  char* text = pl_arena_alloc(r->arena, end - start);
  if (!text) {
    return pl_mem_status(r->arena->mem);
  }
  for (size_t i = start; i < end; i++) {
    const char c = r->s.data[i];
    text[i - start] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  }
  out->data = text;
  return PL_OK;
}

/// LANGTAG, the position after its `@`.
static pl_status read_lang(reader* r, pl_str* out) {
  const size_t start = r->pos;
  size_t end = start;
  while (end < r->s.len && is_letter(r->s.data[end])) {
    end++;
  }
  if (end == start) {
    return refuse(r, start, "language tag must begin with a letter");
  }
  while (end < r->s.len && r->s.data[end] == '-') {
    const size_t part = ++end;
    while (end < r->s.len && (is_letter(r->s.data[end]) || (r->s.data[end] >= '0' && r->s.data[end] <= '9'))) {
      end++;
    }
    if (end == part) {
      const bool direction = end < r->s.len && r->s.data[end] == '-';
      return refuse(r, part, direction ? "base direction of a string is not supported" : "language tag ends with `-`");
    }
  }
  PL_TRY(lower_tag(r, start, end, out));
  r->pos = end;
  return PL_OK;
}

static pl_status read_literal(reader* r, pl_term* out) {
  PL_TRY(read_quoted(r, &out->text));
  if (at(r, '@')) {
    r->pos++;
    return read_lang(r, &out->lang);
  }
  if (!at(r, '^')) {
    return PL_OK;
  }
  r->pos++;
  if (!at(r, '^')) {
    return refuse(r, r->pos, "expected `^^` before a datatype");
  }
  r->pos++;
  if (!at(r, '<')) {
    return refuse(r, r->pos, "expected the IRI of a datatype");
  }
  PL_TRY(read_iri(r, &out->datatype));
  if (pl_str_eq(out->datatype, PL_STR(PL_XSD "string"))) {
    out->datatype = (pl_str){NULL, 0};
  }
  return PL_OK;
}

static pl_status read_term(reader* r, pl_term* out) {
  if (at(r, '<')) {
    out->kind = PL_TERM_IRI;
    return read_iri(r, &out->text);
  }
  if (at(r, '_')) {
    out->kind = PL_TERM_BLANK;
    return read_blank(r, &out->text);
  }
  if (at(r, '"')) {
    out->kind = PL_TERM_LITERAL;
    return read_literal(r, out);
  }
  return refuse(r, r->pos, "expected an IRI, a blank node or a literal");
}

pl_status pl_term_parse_nt(pl_arena* arena, pl_str s, size_t* pos, pl_term* out, const char** reason) {
  reader r = {.arena = arena, .s = s, .pos = *pos, .reason = "out of memory"};
  *out = (pl_term){.kind = PL_TERM_NONE};
  const pl_status status = read_term(&r, out);
  *pos = r.pos;
  if (status != PL_OK) {
    *reason = r.reason;
  }
  return status;
}
