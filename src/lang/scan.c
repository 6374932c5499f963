/// Decoding and checking of single tokens. An error is recorded and the token goes on as what it was meant to be, so
/// that one slip does not make others out of what follows.
#include "lang/scan.h"

#include "base/utf8.h"
#include "lang/keywords.h"
#include "lang/parser.gen.h"
#include "term/chars.h"
#include "term/date.h"

#include <stdio.h>

/// Record an error at a span. It is the last word on this token, but not on the text.
#define FAIL(parser, span, number, ...) \
  pl_parse_failed(parser, pl_fail_at((parser)->err, &(parser)->source, span, PL_MSG_##number, __VA_ARGS__))

/* --- characters --- */

/// A character as a message shows it.
typedef struct shown_char {
  char text[24];
} shown_char;

static shown_char show_char(uint32_t c, pl_str bytes) {
  shown_char shown;
  const bool plain = c != UINT32_MAX && c >= 0x20 && c != 0x7f;
  if (plain) {
    (void)snprintf(shown.text, sizeof(shown.text), "`%.*s`", (int)bytes.len, bytes.data);
  } else {
    (void)snprintf(shown.text, sizeof(shown.text), "U+%04X", (unsigned)c);
  }
  return shown;
}

static void hint_char(pl_parser* parser, uint32_t c) {
  if ((c >= 0x201C && c <= 0x201F) || c == 0xAB || c == 0xBB) {
    pl_error_hint(parser->err, "strings are written with straight quotes: \"...\"");
  } else if (c >= 0x2018 && c <= 0x201B) {
    pl_error_hint(parser->err, "strings are written with straight quotes: '...'");
  } else if (c == 0xA0 || c == 0x3000 || (c >= 0x2000 && c <= 0x200B) || c == 0x202F) {
    pl_error_hint(parser->err, "it looks like a space; write an ordinary one");
  } else if (c == 0x2013 || c == 0x2014 || c == 0x2212) {
    pl_error_hint(parser->err, "write `-`");
  } else if (c == 0x2260) {
    pl_error_hint(parser->err, "write `!=`");
  } else if (c == 0x2264 || c == 0x2265) {
    pl_error_hint(parser->err, c == 0x2264 ? "write `<=`" : "write `>=`");
  } else if (c == '&') {
    pl_error_hint(parser->err, "write `and`");
  } else if (c > 0x7f) {
    pl_error_hint(parser->err, "a name with other characters stands between backquotes, as in `any text`");
  }
}

void pl_scan_bad_char(pl_parser* parser, uint32_t start) {
  size_t pos = start;
  const uint32_t c = pl_utf8_next(parser->text, &pos);
  const pl_span span = {start, (uint32_t)pos};
  FAIL(parser, span, CHARACTER, show_char(c, (pl_str){parser->text.data + start, pos - start}).text);
  hint_char(parser, c);
}

void pl_scan_check_name(pl_parser* parser, pl_str name, uint32_t start) {
  for (size_t pos = 0; pos < name.len;) {
    const size_t at = pos;
    const uint32_t c = pl_utf8_next(name, &pos);
    if (c < 0x80 || pl_char_is_name(c)) {
      continue;
    }
    const pl_span span = {start + (uint32_t)at, start + (uint32_t)pos};
    FAIL(parser, span, NAME_CHARACTER, show_char(c, (pl_str){name.data + at, pos - at}).text);
    hint_char(parser, c);
    return;
  }
}

/// Remember the first word of the language that stands in capitals: alone it is a name, but an error after it is likely its doing.
static void note_shouted(pl_parser* parser, pl_str word, uint32_t start) {
  char lower[16];
  if (parser->shouted.end || word.len < 2 || word.len >= sizeof(lower)) {
    return;
  }
  for (size_t i = 0; i < word.len; i++) {
    if (word.data[i] < 'A' || word.data[i] > 'Z') {
      return;
    }
    lower[i] = (char)(word.data[i] | 0x20);
  }
  if (pl_lang_reserved((pl_str){lower, word.len})) {
    parser->shouted = (pl_span){start, start + (uint32_t)word.len};
  }
}

int pl_scan_word(pl_parser* parser, pl_str word, uint32_t start) {
  pl_scan_check_name(parser, word, start);
  note_shouted(parser, word, start);
  return pl_keyword_token(word);
}

void pl_scan_slip(pl_parser* parser, pl_span span, const char* instead) {
  FAIL(parser, span, FOREIGN_OPERATOR, (int)(span.end - span.start), parser->text.data + span.start);
  pl_error_hint(parser->err, "write `%s`", instead);
}

void pl_scan_unterminated(pl_parser* parser, pl_span span, const char* what, const char* end) {
  FAIL(parser, span, UNTERMINATED, what, end);
}

/* --- names, numbers, dates --- */

pl_str pl_scan_quoted_name(pl_parser* parser, pl_str name, pl_span span) {
  if (name.len == 0) {
    pl_parse_failed(parser, pl_fail_at(parser->err, &parser->source, span, PL_MSG_NAME_EMPTY));
  }
  for (size_t i = 0; i < name.len; i++) {
    const unsigned char c = (unsigned char)name.data[i];
    if (c < 0x20 || c == 0x7f) {
      pl_scan_bad_char(parser, span.start + 1 + (uint32_t)i);
      break;
    }
  }
  return name;
}

enum { WORD_SHOWN_MAX = 60 };
static int shown_len(pl_str s) { return s.len < WORD_SHOWN_MAX ? (int)s.len : WORD_SHOWN_MAX; }

void pl_scan_bad_number(pl_parser* parser, pl_str number, pl_span span) {
  FAIL(parser, span, NUMBER, shown_len(number), number.data);
  pl_error_hint(parser->err, "a name that begins with a digit is written between backquotes");
}

void pl_scan_check_date(pl_parser* parser, pl_str date, pl_span span) {
  pl_date parsed;
  if (!pl_date_parse(date, &parsed)) {
    FAIL(parser, span, DATE, shown_len(date), date.data);
    pl_error_hint(
        parser->err,
        "dates are written 2023-09, 2023-09-05 or 2023-09-05T10:30:00Z; for a difference put spaces around `-`");
  }
}

pl_str pl_scan_lang(pl_parser* parser, pl_str tag) {
  char* const lower = pl_arena_alloc(parser->arena, tag.len + 1);
  if (!lower) {
    pl_parse_stop(parser, pl_mem_status(parser->arena->mem));
    return tag;
  }
  for (size_t i = 0; i < tag.len; i++) {
    const char c = tag.data[i];
    lower[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  }
  return (pl_str){lower, tag.len};
}

/* --- escapes --- */

/// Value of `count` hexadecimal digits at s[pos], or UINT32_MAX.
static uint32_t read_hex(pl_str s, size_t pos, size_t count) {
  uint32_t value = 0;
  if (s.len - pos < count) {
    return UINT32_MAX;
  }
  for (size_t i = pos; i < pos + count; i++) {
    const char c = s.data[i];
    const char lower = (char)(c | 0x20);
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (lower < 'a' || lower > 'f')) {
      return UINT32_MAX;
    }
    value = value << 4 | (uint32_t)(digit ? c - '0' : lower - 'a' + 10);
  }
  return value;
}

/// Decode the escape whose backslash stands at s[pos]. Returns its length in the source, 0 if it is none.
static size_t read_escape(pl_str s, size_t pos, bool iri, char out[4], size_t* written) {
  static const char letters[] = "tnrbf\"'\\";
  static const char values[] = "\t\n\r\b\f\"'\\";
  const char c = s.len - pos > 1 ? s.data[pos + 1] : '\0';
  const char* const letter = c && !iri ? strchr(letters, c) : NULL;
  if (letter) {
    out[0] = values[letter - letters];
    *written = 1;
    return 2;
  }
  const size_t digits = c == 'u' ? 4 : c == 'U' ? 8 : 0;
  const uint32_t code = digits ? read_hex(s, pos + 2, digits) : UINT32_MAX;
  *written = code == UINT32_MAX ? 0 : pl_utf8_put(out, code);
  return *written ? digits + 2 : 0;
}

/// Decode all escapes; `start` is the place of raw in the text.
static pl_str unescape(pl_parser* parser, pl_str raw, uint32_t start, bool iri) {
  char* const text = pl_arena_alloc(parser->arena, raw.len + 1);
  if (!text) {
    pl_parse_stop(parser, pl_mem_status(parser->arena->mem));
    return raw;
  }
  size_t len = 0;
  for (size_t pos = 0; pos < raw.len;) {
    if (raw.data[pos] != '\\') {
      text[len++] = raw.data[pos++];
      continue;
    }
    size_t written;
    const size_t used = read_escape(raw, pos, iri, text + len, &written);
    if (used == 0) {
      const uint32_t at = start + (uint32_t)pos;
      const uint32_t end = at + (raw.len - pos > 1 ? 2 : 1);
      char shown[16];
      (void)snprintf(shown, sizeof(shown), "`%.*s`", (int)(end - at), raw.data + pos);
      FAIL(parser, ((pl_span){at, end}), ESCAPE, shown);
      pl_error_hint(parser->err, "write `\\\\` for a backslash");
      return raw;
    }
    pos += used;
    len += written;
  }
  text[len] = '\0';
  return (pl_str){text, len};
}

pl_str pl_scan_iri(pl_parser* parser, pl_str raw, uint32_t start) {
  return memchr(raw.data, '\\', raw.len) ? unescape(parser, raw, start, true) : raw;
}

/* --- strings --- */

void pl_scan_string(pl_parser* parser, pl_span span, bool label) {
  parser->string_start = span.start;
  parser->string_open = span.end;
  parser->string_label = label;
  parser->string_escapes = false;
}

static int string_token(pl_parser* parser, uint32_t end, union pl_parse_value* value) {
  const uint32_t start = parser->string_open;
  const pl_str raw = {parser->text.data + start, end - start};
  value->text = parser->string_escapes ? unescape(parser, raw, start, false) : raw;
  return parser->string_label ? PL_TOK_LABEL : PL_TOK_STRING;
}

int pl_scan_string_end(pl_parser* parser, uint32_t quotes, union pl_parse_value* value, pl_span* span) {
  *span = (pl_span){parser->string_start, parser->offset};
  return string_token(parser, parser->offset - quotes, value);
}

int pl_scan_string_open(pl_parser* parser, union pl_parse_value* value, pl_span* span) {
  const char* const quotes = parser->text.data + parser->string_start + (parser->string_label ? 1 : 0);
  const bool newline = parser->offset > parser->string_open && parser->text.data[parser->offset - 1] == '\n';
  const uint32_t end = newline ? parser->offset - 1 : parser->offset;
  const uint32_t count = parser->string_open - (uint32_t)(quotes - parser->text.data);
  *span = (pl_span){parser->string_start, end};
  char closing[8];
  (void)snprintf(closing, sizeof(closing), "%.*s", (int)count, quotes);
  FAIL(parser, ((pl_span){parser->string_start, parser->string_open}), UNTERMINATED, "string", closing);
  const bool failed = parser->string_escapes;
  parser->string_escapes = false;  // one error is enough
  const int token = string_token(parser, end, value);
  parser->string_escapes = failed;
  return token;
}
