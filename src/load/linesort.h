/// External sort of texts by their bytes, duplicates removed: what makes an export the same for equal stores.
///
/// Texts are collected up to a budget, sorted, written as runs to anonymous temporary files, and merged on reading.
#ifndef PL_LOAD_LINESORT_H
#define PL_LOAD_LINESORT_H

#include "base/guard.h"
#include "base/mem.h"

typedef struct pl_linesort pl_linesort;

/// bytes_max 0 = 256 MiB. guard is asked while texts are sorted and written; may be NULL.
pl_status pl_linesort_new(pl_mem* mem, size_t bytes_max, pl_guard* guard, pl_error* err, pl_linesort** out);
void pl_linesort_free(pl_linesort* sort);  ///< accepts NULL
/// Copies the text. At most 4 GiB - 1 long.
pl_status pl_linesort_add(pl_linesort* sort, pl_str text);
/// End of input.
pl_status pl_linesort_finish(pl_linesort* sort);
/// Next text in order, borrowed until the next call. PL_DONE at the end.
pl_status pl_linesort_next(pl_linesort* sort, pl_str* text);

#endif
