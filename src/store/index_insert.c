/// Inserting: rows are taken block by block. The block is decoded, the new rows that belong below its bound are merged
/// in, and it is written again as one or more blocks; the last part keeps the key, so nothing is ever re-keyed.
///
/// How much a row has in common with what was there is told by its two neighbours alone, since rows are sorted. Only at
/// the ends of a block does that mean a look into the block before or after.
#include "store/index_internal.h"

/// New rows merged into one block at a time: bounds memory; more simply find their block again.
#define PORTION_ROWS 2048u

typedef struct insert_state {
  pl_index_cursor cursor;                ///< on the block; closed before writing
  pl_index_rows rows;                    ///< the block's rows, then merged
  uint32_t old_rows;                     ///< rows of the block before
  uint64_t bound[PL_BLOCK_COLUMNS_MAX];  ///< of the block
  uint16_t at[PORTION_ROWS];             ///< old row before which a new row stands
  bool present[PORTION_ROWS];            ///< it was there
} insert_state;

/// Stand on the block of a row and decode it. An empty index counts as an empty last block.
static pl_status take_block(insert_state* s, const uint64_t* row) {
  const pl_status status = pl_index_cursor_find(&s->cursor, row);
  s->old_rows = 0;
  if (status == PL_NOT_FOUND) {
    memset(s->bound, 0xff, sizeof(s->bound));
    return PL_OK;
  }
  PL_TRY(status);
  memcpy(s->bound, s->cursor.bound, sizeof(s->bound));
  s->old_rows = s->cursor.block.rows;
  return pl_index_rows_decode(&s->rows, &s->cursor, 0);
}

static void old_row(const insert_state* s, uint32_t i, uint64_t* out) {
  for (uint32_t k = 0; k < s->rows.columns; k++) {
    out[k] = s->rows.rows.column[k][i];
  }
}

/// Place the new rows; returns how many were not there.
static uint32_t place(insert_state* s, const uint64_t* rows, uint32_t count) {
  const uint32_t columns = s->rows.columns;
  uint32_t from = 0;
  uint32_t fresh = 0;
  for (uint32_t i = 0; i < count; i++) {
    const uint64_t* row = rows + (size_t)i * columns;
    if (from < s->old_rows) {
      from = pl_block_seek(&s->cursor.block, row, columns, from);
    }
    s->at[i] = (uint16_t)from;
    s->present[i] = from < s->old_rows && pl_block_compare(&s->cursor.block, from, row, columns) == 0;
    fresh += !s->present[i];
  }
  return fresh;
}

/// A row of the neighbouring block, before or after the one the state stands on. PL_NOT_FOUND if there is none.
static pl_status neighbour(insert_state* s, bool after, uint64_t* out) {
  pl_index_cursor side = s->cursor;
  uint64_t start[PL_BLOCK_COLUMNS_MAX];
  memcpy(start, s->bound, sizeof(start));
  PL_TRY(pl_index_cursor_find(&side, start));
  PL_TRY(pl_index_cursor_move(&side, after ? MDB_NEXT : MDB_PREV));
  pl_block_row(&side.block, after ? 0 : side.block.rows - 1, out);
  return PL_OK;
}

static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

/// What new row i has in common with its neighbours. Rows of this call before it count, rows after it do not.
static pl_status share(insert_state* s, const uint64_t* rows, uint32_t i, uint8_t* shared) {
  const uint32_t columns = s->rows.columns;
  const uint64_t* row = rows + (size_t)i * columns;
  const uint32_t at = s->at[i];
  uint64_t other[PL_BLOCK_COLUMNS_MAX];
  uint32_t common = i > 0 ? pl_row_common(row, row - columns, columns) : 0;
  if (s->present[i]) {
    *shared = (uint8_t)columns;
    return PL_OK;
  }
  if (at > 0) {
    old_row(s, at - 1, other);
    common = larger(common, pl_row_common(row, other, columns));
  } else if (i == 0 && s->old_rows > 0) {
    const pl_status status = neighbour(s, false, other);
    if (status != PL_NOT_FOUND) {
      PL_TRY(status);
      common = larger(common, pl_row_common(row, other, columns));
    }
  }
  if (at < s->old_rows) {
    old_row(s, at, other);
    common = larger(common, pl_row_common(row, other, columns));
  } else if (pl_row_common(row, s->bound, columns) > common) {
    // The next row is beyond the bound, so it can have no more in common with this one than the bound has.
    const pl_status status = neighbour(s, true, other);
    if (status != PL_NOT_FOUND) {
      PL_TRY(status);
      common = larger(common, pl_row_common(row, other, columns));
    }
  }
  *shared = (uint8_t)common;
  return PL_OK;
}

/// Merge from the back, in place: every old row moves at most once.
static void merge(insert_state* s, const uint64_t* rows, uint32_t count, uint32_t fresh) {
  const uint32_t columns = s->rows.columns;
  uint32_t source = s->old_rows;
  uint32_t target = s->old_rows + fresh;
  s->rows.count = target;
  for (uint32_t i = count; i-- > 0;) {
    if (s->present[i]) {
      continue;
    }
    const uint32_t moved = source - s->at[i];
    source -= moved;
    target -= moved + 1;
    for (uint32_t k = 0; k < columns; k++) {
      uint64_t* column = s->rows.rows.column[k];
      memmove(column + target + 1, column + source, moved * sizeof(*column));
      column[target] = rows[(size_t)i * columns + k];
    }
  }
}

/// Insert the first rows, those of one block; *taken is how many.
static pl_status insert_portion(insert_state* s, const uint64_t* rows, size_t count, uint8_t* shared, uint32_t* taken) {
  const pl_index index = s->cursor.index;
  PL_TRY(take_block(s, rows));
  uint32_t n = 0;
  while (n < count && n < PORTION_ROWS &&
         pl_row_compare(rows + (size_t)n * index.columns, s->bound, index.columns) <= 0) {
    n++;
  }
  assert(n > 0);
  *taken = n;
  const uint32_t fresh = place(s, rows, n);
  for (uint32_t i = 0; shared && i < n; i++) {
    PL_TRY(share(s, rows, i, &shared[i]));
  }
  if (fresh == 0) {
    return PL_OK;
  }
  const bool append = s->at[0] == s->old_rows;
  pl_index_cursor_close(&s->cursor);
  merge(s, rows, n, fresh);
  return pl_index_write(index, &s->rows, s->bound, append);
}

pl_status pl_index_insert(pl_index index, const uint64_t* rows, size_t count, uint8_t* shared) {
  if (count == 0) {
    return PL_OK;
  }
  pl_mem* mem = &index.txn->mem;
  insert_state* s = pl_mem_alloc(mem, sizeof(*s));
  if (!s) {
    return pl_index_no_memory(index, mem);
  }
  s->cursor = (pl_index_cursor){.index = index};
  s->rows = (pl_index_rows){.mem = NULL};
  const uint32_t portion = count < PORTION_ROWS ? (uint32_t)count : PORTION_ROWS;
  pl_status status = pl_index_rows_init(&s->rows, mem, index, PL_BLOCK_ROWS_MAX + portion);
  for (size_t i = 0; i < count && status == PL_OK;) {
    uint32_t taken = 0;
    if (!s->cursor.mdb) {
      status = pl_index_cursor_open(index, &s->cursor);
    }
    if (status == PL_OK) {
      status = insert_portion(s, rows + i * index.columns, count - i, shared ? shared + i : NULL, &taken);
    }
    i += taken;
  }
  pl_index_cursor_close(&s->cursor);
  pl_index_rows_free(&s->rows);
  pl_mem_free(mem, s, sizeof(*s));
  return status;
}
