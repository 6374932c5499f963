/// Shared by the files of the diagnostics: how text is made fit to show, and how a span is placed in its line.
#ifndef PL_BASE_DIAG_INTERNAL_H
#define PL_BASE_DIAG_INTERNAL_H

#include "base/diag.h"

/// Cells of a source line that are shown around the span.
#define PL_DIAG_LINE_CELLS 120
/// Bytes that these cells can take: per cell one code point and a few combining ones, two marks, the terminator.
#define PL_DIAG_LINE_BYTES (PL_DIAG_LINE_CELLS * 36 + 64)

/// A span found in its text: everything of a pl_diag that comes from the source.
typedef struct pl_place {
  uint64_t line;                   ///< from 1
  uint32_t column;                 ///< from 1, code points
  uint32_t length;                 ///< code points under the caret, at least 1
  uint32_t caret_skip;             ///< cells before the caret in `shown`
  uint32_t caret_cells;            ///< cells of the caret, at least 1
  char shown[PL_DIAG_LINE_BYTES];  ///< the line, shortened, terminated
} pl_place;

void pl_place_find(const pl_source* source, pl_span span, pl_place* place);

/// Encode a code point so that it is safe on one line of a terminal: control characters become a space, an invalid byte
/// (UINT32_MAX) U+FFFD. Returns the bytes written; *cells gets the width.
size_t pl_shown_put(char out[4], uint32_t code_point, uint32_t* cells);

#endif
