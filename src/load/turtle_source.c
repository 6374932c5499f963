/// A window of 64 KiB and more behind the place read, filled in whole pages because serd 0.30 takes a short page for
/// the last of that size.
#include "load/turtle_source.h"

enum { KEPT_BYTES = 64 << 10, READ_BYTES = 64 << 10 };
enum { NORMAL, COMMENT, IRI, QUOTE_1, QUOTE_2, SHORT, LONG, LONG_1, LONG_2 };

pl_status pl_turtle_source_init(pl_turtle_source* s, const pl_reader_context* context) {
  *s = (pl_turtle_source){.mem = context->mem,
                          .err = context->err,
                          .bytes = context->bytes,
                          .line = 1,
                          .stream_line = 1,
                          .capacity = 2 * (size_t)KEPT_BYTES + READ_BYTES};
  s->window = pl_mem_alloc(s->mem, s->capacity);
  return s->window ? PL_OK : pl_fail(s->err, PL_MSG_NOMEM);
}

void pl_turtle_source_free(pl_turtle_source* s) {
  pl_mem_free(s->mem, s->window, s->window ? s->capacity : 0);
  s->window = NULL;
}

static uint64_t count_lines(const char* data, size_t len) {
  uint64_t count = 0;
  for (const char* p = data; (p = memchr(p, '\n', len - (size_t)(p - data))) != NULL; p++) {
    count++;
  }
  return count;
}

static void drop_old(pl_turtle_source* s) {
  if (s->pos <= KEPT_BYTES || s->capacity - s->len >= READ_BYTES) {
    return;
  }
  const size_t dropped = s->pos - KEPT_BYTES;
  s->line += count_lines(s->window, dropped);
  s->offset += dropped;
  s->len -= dropped;
  s->pos -= dropped;
  memmove(s->window, s->window + dropped, s->len);
}

static pl_status fill(pl_turtle_source* s) {
  drop_old(s);
  size_t len;
  PL_TRY(pl_bytes_read(s->bytes, s->window + s->len, s->capacity - s->len, &len));
  s->len += len;
  s->end = len == 0;
  return PL_OK;
}

static void watch_normal(pl_turtle_source* s, char c) {
  switch (c) {
    case '#':
      s->state = COMMENT;
      break;
    case '<':
      s->state = IRI;
      break;
    case '"':
    case '\'':
      s->state = QUOTE_1, s->quote = c;
      break;
    case '\\':
      s->escaped = true;
      break;
    case '[':
    case '(':
      s->depth++;
      break;
    case ']':
    case ')':
      s->depth -= s->depth > 0;
      break;
    case '{':
      s->braces++;
      break;
    case '}':
      s->braces -= s->braces > 0;
      break;
    default:
      break;
  }
}

static void watch_quoted(pl_turtle_source* s, char c) {
  const bool quote = c == s->quote;
  switch (s->state) {
    case QUOTE_1:
      s->state = quote ? QUOTE_2 : SHORT;
      break;
    case QUOTE_2:
      s->state = quote ? LONG : NORMAL;
      if (!quote) {
        watch_normal(s, c);
      }
      return;
    case SHORT:
      s->state = quote || c == '\n' ? NORMAL : SHORT;
      break;
    case LONG:
      s->state = quote ? LONG_1 : LONG;
      break;
    case LONG_1:
      s->state = quote ? LONG_2 : LONG;
      break;
    case LONG_2:
      s->state = quote ? NORMAL : LONG;
      break;
    default:
      break;
  }
  s->escaped = c == '\\';
}

/// Follow strings, IRIs and comments far enough to count brackets.
static void watch(pl_turtle_source* s, char c) {
  if (s->escaped) {
    s->escaped = false;
    s->state = s->state == QUOTE_1 ? SHORT : s->state;
  } else if (s->state == NORMAL) {
    watch_normal(s, c);
  } else if (s->state == COMMENT) {
    s->state = c == '\n' ? NORMAL : COMMENT;
  } else if (s->state == IRI) {
    s->state = c == '>' || c == '\n' || c == ' ' ? NORMAL : IRI;
  } else {
    watch_quoted(s, c);
  }
}

size_t pl_turtle_source_read(void* buf, size_t size, size_t count, void* source) {
  pl_turtle_source* const s = source;
  const size_t wanted = size * count;
  char* const out = buf;
  size_t given = 0;
  while (given < wanted && s->stop == PL_TURTLE_FINE) {
    if (s->pos == s->len && !s->end) {
      s->status = fill(s);
      s->stop = s->status == PL_OK ? PL_TURTLE_FINE : PL_TURTLE_IO;
      continue;
    }
    if (s->pos == s->len) {
      break;
    }
    const char c = s->window[s->pos];
    watch(s, c);
    // Inside a string a zero byte is a character like others.
    const bool zero = c == '\0' && s->state < QUOTE_1;
    if (zero || s->depth > PL_TURTLE_NESTING_MAX) {
      s->stop = zero ? PL_TURTLE_ZERO : PL_TURTLE_DEEP;
      break;
    }
    out[given++] = c;
    s->pos++;
  }
  return s->stop == PL_TURTLE_IO ? 0 : given;
}

int pl_turtle_source_error(void* source) {
  const pl_turtle_source* const s = source;
  return s->stop == PL_TURTLE_FINE ? 0 : 1;
}

/// Index in the window where a line begins; len if it is not there.
static size_t find_line(const pl_turtle_source* s, uint64_t line) {
  size_t at = 0;
  for (uint64_t n = s->line; n < line; n++) {
    const char* const newline = memchr(s->window + at, '\n', s->len - at);
    if (!newline) {
      return s->len;
    }
    at = (size_t)(newline - s->window) + 1;
  }
  return line < s->line ? s->len : at;
}

pl_str pl_turtle_source_line(const pl_turtle_source* s, uint64_t line, uint64_t* offset) {
  const size_t at = find_line(s, line);
  const char* const newline = s->len > at ? memchr(s->window + at, '\n', s->len - at) : NULL;
  *offset = s->offset + at;
  return (pl_str){s->window + at, newline ? (size_t)(newline - s->window) - at : s->len - at};
}

static bool ends_with(pl_str line, char end) {
  while (line.len &&
         (line.data[line.len - 1] == ' ' || line.data[line.len - 1] == '\r' || line.data[line.len - 1] == '\t')) {
    line.len--;
  }
  return line.len && line.data[line.len - 1] == end;
}

pl_status pl_turtle_source_recover(pl_turtle_source* s, uint64_t line) {
  const char end = s->braces ? '}' : '.';
  size_t at = find_line(s, line);
  uint64_t number = line;
  for (bool found = false; !found;) {
    const char* const newline = s->len > at ? memchr(s->window + at, '\n', s->len - at) : NULL;
    if (newline || s->end) {
      const size_t next = newline ? (size_t)(newline - s->window) + 1 : s->len;
      found = at >= s->len || ends_with((pl_str){s->window + at, next - at - (newline != NULL)}, end);
      number += newline != NULL;
      at = next;
      continue;
    }
    // Lines that were passed over may leave the window; a line longer than the window is passed over in parts.
    s->pos = at + KEPT_BYTES < s->len ? at + KEPT_BYTES : s->len;
    if (s->len == s->capacity && s->pos <= KEPT_BYTES) {
      s->pos = s->len;
    }
    const uint64_t offset_before = s->offset;
    PL_TRY(fill(s));
    const uint64_t dropped = s->offset - offset_before;
    at -= dropped < at ? (size_t)dropped : at;
  }
  s->pos = at;
  s->stream_line = number;
  s->stop = PL_TURTLE_FINE;
  s->state = NORMAL;
  s->escaped = false;
  s->depth = s->braces = 0;
  return PL_OK;
}
