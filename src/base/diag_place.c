/// From a byte span to line, column, caret and the piece of the line worth showing.
///
///     line:   aaaaaaaaaaaaaaaa(span)bbbbbbbbbbbbbbbbbbbbbbb      any length, walked once
///     shown:          …aaaaaaa(span)bbbbbbb…                     at most about 120 cells
///
/// All widths are display cells of the code points as they are shown, so carets stand right under CJK and combining
/// characters.
#include "base/diag_internal.h"
#include "base/utf8.h"

#include <utf8proc.h>

enum { CELLS_BEFORE_SPAN = 40, ZERO_WIDTH_RUN_MAX = 7 };

size_t pl_shown_put(char out[4], uint32_t code_point, uint32_t* cells) {
  if (code_point == UINT32_MAX) {
    code_point = 0xFFFD;
  }
  const bool control = code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0);
  if (control || code_point == 0x2028 || code_point == 0x2029) {
    code_point = ' ';
  }
  if (code_point < 0x80) {
    *cells = 1;
  } else {
    const int width = utf8proc_charwidth((utf8proc_int32_t)code_point);
    *cells = width > 0 ? (uint32_t)width : 0;
  }
  return pl_utf8_put(out, code_point);
}

/// A stretch of text measured both ways.
typedef struct extent {
  uint64_t points;  ///< code points
  uint64_t cells;   ///< display cells
} extent;

static extent measure(pl_str s) {
  extent e = {0};
  for (size_t pos = 0; pos < s.len; e.points++) {
    char out[4];
    uint32_t cells;
    (void)pl_shown_put(out, pl_utf8_next(s, &pos), &cells);
    e.cells += cells;
  }
  return e;
}

static uint32_t saturate(uint64_t n) { return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX; }

static size_t put_mark(char* out) {
  static const char mark[] = "…";
  memcpy(out, mark, sizeof(mark) - 1);
  return sizeof(mark) - 1;
}

/// Copy the code points whose cells lie in [cell_first, cell_end) of the line.
static void copy_window(pl_str line, uint64_t cell_first, uint64_t cell_end, bool cut_end, char* out) {
  size_t len = cell_first > 0 ? put_mark(out) : 0;
  uint64_t cell = 0;
  uint32_t zero_width_run = 0;
  for (size_t pos = 0; pos < line.len && cell < cell_end;) {
    char bytes[4];
    uint32_t cells;
    const size_t size = pl_shown_put(bytes, pl_utf8_next(line, &pos), &cells);
    zero_width_run = cells ? 0 : zero_width_run + 1;
    // A wide character that the left edge cuts in half is shown whole, as its cell count was kept by window_start().
    if (cell >= cell_first && cell + cells <= cell_end && zero_width_run <= ZERO_WIDTH_RUN_MAX) {
      memcpy(out + len, bytes, size);
      len += size;
    }
    cell += cells;
  }
  len += cut_end ? put_mark(out + len) : 0;
  assert(len < PL_DIAG_LINE_BYTES);
  out[len] = '\0';
}

/// Cell at which a code point begins, at or after `wanted`.
static uint64_t window_start(pl_str line, uint64_t wanted) {
  uint64_t cell = 0;
  for (size_t pos = 0; pos < line.len && cell < wanted;) {
    char bytes[4];
    uint32_t cells;
    (void)pl_shown_put(bytes, pl_utf8_next(line, &pos), &cells);
    cell += cells;
  }
  return cell;
}

static void place_caret(pl_str line, uint64_t cells_before, uint64_t cells_span, pl_place* place) {
  const uint64_t cells_total = measure(line).cells;
  uint64_t first = 0;
  uint64_t end = cells_total;
  if (cells_total > PL_DIAG_LINE_CELLS) {
    const uint64_t wanted = cells_before > CELLS_BEFORE_SPAN ? cells_before - CELLS_BEFORE_SPAN : 0;
    const uint64_t latest = cells_total - PL_DIAG_LINE_CELLS;
    first = window_start(line, wanted < latest ? wanted : latest);
    end = first + PL_DIAG_LINE_CELLS < cells_total ? first + PL_DIAG_LINE_CELLS : cells_total;
  }
  copy_window(line, first, end, end < cells_total, place->shown);
  place->caret_skip = (uint32_t)(cells_before - first + (first > 0));
  const uint64_t room = end > cells_before ? end - cells_before : 1;
  const uint64_t cells = cells_span < room ? cells_span : room;
  place->caret_cells = cells ? (uint32_t)cells : 1;
}

static uint64_t count_newlines(const char* data, size_t len) {
  uint64_t count = 0;
  for (const char* p = data; len && (p = memchr(p, '\n', len - (size_t)(p - data))); p++) {
    count++;
  }
  return count;
}

/// The end of input is shown behind the last thing written, not on the empty line after it.
static size_t end_of_content(pl_str text) {
  size_t end = text.len;
  while (end > 0 && (text.data[end - 1] == '\n' || text.data[end - 1] == '\r')) {
    end--;
  }
  return end;
}

void pl_place_find(const pl_source* source, pl_span span, pl_place* place) {
  const pl_str text = source->text;
  const size_t start = span.start < text.len ? span.start : end_of_content(text);
  const char* const newline_before = start ? memrchr(text.data, '\n', start) : NULL;
  const size_t line_start = newline_before ? (size_t)(newline_before - text.data) + 1 : 0;
  const char* const newline_after = start < text.len ? memchr(text.data + start, '\n', text.len - start) : NULL;
  size_t line_end = newline_after ? (size_t)(newline_after - text.data) : text.len;
  if (line_end > line_start && line_end > start && text.data[line_end - 1] == '\r') {
    line_end--;
  }
  const size_t stop = span.end < start ? start : span.end > line_end ? line_end : span.end;
  const pl_str line = {text.data ? text.data + line_start : "", line_end - line_start};
  const extent before = measure((pl_str){line.data, start - line_start});
  const extent under = measure((pl_str){line.data + (start - line_start), stop > start ? stop - start : 0});
  place->line = (source->line_first ? source->line_first : 1) + count_newlines(text.data, line_start);
  place->column = saturate(before.points + 1);
  place->length = under.points ? saturate(under.points) : 1;
  place_caret(line, before.cells, under.cells, place);
}
