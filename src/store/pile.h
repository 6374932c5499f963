/// A pile of rows: collected in any order, taken back sorted and distinct. A few rows stay in one array; beyond that a
/// rowsort takes over.
#ifndef PL_STORE_PILE_H
#define PL_STORE_PILE_H

#include "base/rowsort.h"
#include "store/env.h"

typedef struct pl_pile {
  pl_txn* txn;              ///< whose account pays and whose error object is told
  pl_guard* guard;          ///< may be NULL
  size_t bytes_max;         ///< memory for rows
  uint32_t columns;         ///< 1 to 4
  bool served;              ///< the array was handed out
  PL_VEC(uint64_t) values;  ///< rows, row after row, while they are few
  pl_rowsort* sort;         ///< takes over when they are many; NULL until then
} pl_pile;

static inline bool pl_pile_is_empty(const pl_pile* pile) { return pile->values.count == 0 && !pile->sort; }
pl_status pl_pile_add(pl_pile* pile, const uint64_t* row);
/// No more rows come; then take them with pl_pile_next until *count is 0. Rows are borrowed until the next call.
pl_status pl_pile_finish(pl_pile* pile);
pl_status pl_pile_next(pl_pile* pile, const uint64_t** rows, size_t* count);
void pl_pile_reset(pl_pile* pile);  ///< empty and ready again
void pl_pile_free(pl_pile* pile);

#endif
