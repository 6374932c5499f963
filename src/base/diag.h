/// Errors and warnings: what went wrong, where in which text, and what to write instead.
///
/// The lowest layer that knows writes the error with pl_fail(); layers above pass the status up and may add a note, never overwrite.
/// Messages are rows of messages.def: number (never reused), slug, status, format, explanation. A position is a byte span;
/// line, column, display width and caret are computed here when it is reported (text at hand) and copied, so an error outlives its source.
#ifndef PL_BASE_DIAG_H
#define PL_BASE_DIAG_H

#include "base/base.h"
#include "base/mem.h"

/// Message identity: PL_MSG_<slug> = number.
typedef enum pl_msg {
#define PL_MESSAGE(number, slug, status, format, explanation) PL_MSG_##slug = number,
#include "base/messages.def"
#undef PL_MESSAGE
  PL_MSG_END_ = 10000
} pl_msg;

/// One error or warning, complete in itself: owns copies of all it shows.
typedef struct pl_diag {
  pl_msg number;         ///< row of messages.def
  pl_status status;      ///< PL_OK for a warning
  char* text;            ///< one line, never NULL
  char* source_name;     ///< file or "query"; NULL if there is no text to point at
  char* source_line;     ///< the (possibly shortened) line of the source that holds the span; NULL if none
  uint64_t line;         ///< from 1; 0 = unknown
  uint32_t column;       ///< from 1, in code points of the whole line; 0 = unknown
  uint32_t length;       ///< code points under the caret, at least 1 when column is known
  uint32_t caret_skip;   ///< display cells before the caret in source_line (after shortening)
  uint32_t caret_cells;  ///< display cells of the caret, at least 1
  uint64_t offset;       ///< byte offset of the span in the source
  char* hint;            ///< NULL if none
} pl_diag;

#define PL_DIAG_ERRORS_MAX 5     ///< errors reported for one text (language.md, section 7)
#define PL_DIAG_WARNINGS_MAX 20  ///< warnings kept for one query

/// The error object of a handle: up to five errors, then up to twenty warnings, in the order they were found.
typedef struct pl_error {
  pl_mem* mem;                                               ///< pays for copies; falls back to static text if it fails
  pl_diag items[PL_DIAG_ERRORS_MAX + PL_DIAG_WARNINGS_MAX];  ///< errors and warnings mixed, in order found
  size_t count;                                              ///< items used
  size_t error_count;                                        ///< items that are errors
  pl_status status;                                          ///< status of the first error, else PL_OK
  bool truncated;                                            ///< more were found than are kept
  bool newest_dropped;  ///< the newest one was not kept, so a hint for it is not either
} pl_error;

/// Where a diagnostic points: a whole text in memory (line found by counting) or a known line of a stream.
typedef struct pl_source {
  const char* name;       ///< shown after "-->"; NULL for none
  pl_str text;            ///< whole text, or only the line if line_first is set
  uint64_t line_first;    ///< number of the first line of text (0 counts as 1)
  uint64_t offset_first;  ///< byte offset of text in the whole source
} pl_source;

void pl_error_init(pl_error* err, pl_mem* mem);
void pl_error_clear(pl_error* err);                   ///< frees all copies; ready for the next call
void pl_error_truncate(pl_error* err, size_t count);  ///< keeps the first `count` diagnostics, frees the others
/// Move everything from `from` to the end of `to`; `from` is then empty.
void pl_error_move(pl_error* to, pl_error* from);

/// Record message `number` without a place and return its status, so that callers write `return pl_fail(err, PL_MSG_X, ...);`.
/// `err` may be NULL: then only the status is returned. Arguments follow the row's format string.
pl_status pl_fail(pl_error* err, pl_msg number, ...);
/// Record that `what` (an operator, a step) passed the memory limit.
pl_status pl_fail_memory(pl_error* err, const char* what, size_t bytes_max);
/// The same with a place. `source` is borrowed for the call.
pl_status pl_fail_at(pl_error* err, const pl_source* source, pl_span span, pl_msg number, ...);
/// Set the hint of the newest diagnostic (printf style). No effect when err is NULL or empty.
void pl_error_hint(pl_error* err, const char* format, ...) PL_PRINTF(2, 3);
/// Record a warning (a row whose status is PL_OK).
void pl_warn(pl_error* err, pl_msg number, ...);
void pl_warn_at(pl_error* err, const pl_source* source, pl_span span, pl_msg number, ...);

/// Print one diagnostic as in language.md, section 7 (with caret and hint), no colour.
pl_status pl_diag_print(const pl_diag* diag, pl_buf* out);
pl_status pl_error_print(const pl_error* err, pl_buf* out);

/// The table's row for a number: slug, format, explanation. False if there is none.
bool pl_msg_lookup(int number, const char** slug, const char** format, const char** explanation);

/// Closest of `count` candidates to `word` (Damerau-Levenshtein, case-folded ASCII), or SIZE_MAX if none is near enough to suggest.
size_t pl_suggest(pl_str word, const pl_str* candidates, size_t count);
/// Edit distance used by it, capped at `distance_max` + 1.
uint32_t pl_edit_distance(pl_str a, pl_str b, uint32_t distance_max);

#endif
