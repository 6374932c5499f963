/// A hash set of rows that waits in a writer: assertions added, or rows to be deleted, that the indexes do not show
/// yet.
#ifndef PL_STORE_ROWSET_H
#define PL_STORE_ROWSET_H

#include "base/mem.h"

typedef struct pl_rowset {
  uint64_t (*slots)[4];  ///< a row each; all zero = free (no stored row is all zero)
  size_t capacity;       ///< slots, a power of two; 0 until the first put
  size_t count;          ///< rows held
  uint32_t key_columns;  ///< leading columns that make a row what it is
} pl_rowset;

static inline size_t pl_rowset_bytes(const pl_rowset* set) { return set->capacity * sizeof *set->slots; }
/// The row with this key, borrowed until the next put; NULL if none.
const uint64_t* pl_rowset_find(const pl_rowset* set, const uint64_t* key);
/// Have the row with this key brought near, as it will be looked for soon.
void pl_rowset_prefetch(const pl_rowset* set, const uint64_t* key);
/// Add a row whose key is not in the set. PL_ERR_NOMEM or PL_ERR_LIMIT as the account says.
pl_status pl_rowset_put(pl_mem* mem, pl_rowset* set, const uint64_t row[4]);
/// Forget all rows; a large table is given back.
void pl_rowset_clear(pl_mem* mem, pl_rowset* set, uint32_t key_columns);
void pl_rowset_free(pl_mem* mem, pl_rowset* set);

#endif
