/// Filling a batch: what the readers share.
#ifndef PL_LOAD_BATCH_H
#define PL_LOAD_BATCH_H

#include "load/reader.h"

#define PL_BAD_TEXT_MAX ((size_t)64 << 10)  ///< bytes kept of a bad row

/// Make room for one more statement.
pl_status pl_batch_reserve(pl_batch* batch);
/// Append a copy of a statement.
pl_status pl_batch_push(pl_batch* batch, const pl_statement* statement);
/// Append a bad row: the first diagnostic of `err` is copied into the batch's arena and `err` is cleared. `text` is
/// copied, shortened.
pl_status pl_batch_bad(pl_batch* batch, pl_error* err, uint64_t row, pl_str text);

static inline bool pl_batch_full(const pl_batch* batch) { return batch->count >= PL_BATCH_STATEMENTS; }

#endif
