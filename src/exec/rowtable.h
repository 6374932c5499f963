/// Rows of ids in one array with a hash over their first columns: groups, distinct rows, facts by their ends.
///
///   rows:   | key .. key value .. value | key .. key value .. value | ...   row i starts at i * width
///   heads:  newest row of each key, by its hash (linear probing; 32 bits of the hash stand beside the row, so that rows of other keys are hardly
///           ever looked at);  next: older row of the same key. Row numbers are kept from 1, 0 is none.
#ifndef PL_EXEC_ROWTABLE_H
#define PL_EXEC_ROWTABLE_H

#include "base/guard.h"
#include "base/mem.h"
#include "term/id.h"

#define PL_ROW_NONE UINT32_MAX

typedef struct pl_rowhead {
  uint32_t hash;  ///< lower half of the key's hash
  uint32_t row;   ///< newest row of the key, from 1; 0 = free
} pl_rowhead;

typedef struct pl_rowtable {
  pl_mem* mem;           ///< pays
  pl_guard* guard;       ///< asked while a large table grows; may be NULL
  pl_error* err;         ///< told by it
  uint32_t width;        ///< columns of a row
  uint32_t keys;         ///< leading columns that are hashed
  uint32_t count;        ///< rows
  size_t row_capacity;   ///< ids allocated
  size_t next_capacity;  ///< links allocated
  size_t head_count;     ///< a power of two; 0 before the first row
  pl_id* rows;           ///< see above
  uint32_t* next;        ///< see above
  pl_rowhead* heads;     ///< see above
} pl_rowtable;

void pl_rowtable_init(pl_rowtable* table, pl_mem* mem, pl_guard* guard, pl_error* err, uint32_t width, uint32_t keys);
void pl_rowtable_free(pl_rowtable* table);
void pl_rowtable_clear(pl_rowtable* table);  ///< drop the rows, keep the memory
/// Append a row, also when its key is there already. After a failure of the guard the table can only be cleared or freed.
pl_status pl_rowtable_add(pl_rowtable* table, const pl_id* row, uint32_t* index);
/// Newest row with this key, or PL_ROW_NONE.
uint32_t pl_rowtable_find(const pl_rowtable* table, const pl_id* key);
/// Next older row with the key of row `index`, or PL_ROW_NONE.
uint32_t pl_rowtable_next(const pl_rowtable* table, uint32_t index);
/// Find the key of `row` or append the row.
pl_status pl_rowtable_put(pl_rowtable* table, const pl_id* row, uint32_t* index, bool* added);
/// Find or append `count` keys of a table without values: key i stands in row rows[i] (rows NULL: row i) of the
/// columns, one for each key column (NULL: nulls). index[i] receives its row number: appended rows are numbered on from table->count, so that those
/// new here are told by that.
pl_status pl_rowtable_put_columns(pl_rowtable* table, const pl_id* const* columns, const uint16_t* rows, uint32_t count,
                                  uint32_t* index);
static inline const pl_id* pl_rowtable_row(const pl_rowtable* table, uint32_t index) {
  const size_t at = (size_t)index * table->width;
  return at ? table->rows + at : table->rows;  // rows without columns have no memory
}

#endif
