/// Deleting: like inserting block by block. A block left less than half full joins the block before or after it if both
/// fit into one; the joined block keeps the higher key. An emptied block goes; if it was the last, the one before takes
/// over its key.
#include "store/index_internal.h"

#define SMALL_BYTES (PL_BLOCK_BYTES_MAX / 2)
/// Where no row is near: no old row stands there.
#define NO_ROW UINT32_MAX

typedef struct delete_state {
  pl_index_cursor cursor;                ///< on the block; closed before writing
  pl_index_rows rows;                    ///< the block's rows, then what is left of them
  uint64_t bound[PL_BLOCK_COLUMNS_MAX];  ///< of the block
  uint64_t side[PL_BLOCK_COLUMNS_MAX];   ///< row of a neighbouring block
  bool gone[PL_BLOCK_ROWS_MAX];          ///< rows to delete
  uint32_t gone_count;                   ///< how many
} delete_state;

/// Read a neighbour of the block the state stands on.
static pl_status beside(delete_state* s, MDB_cursor_op op) {
  PL_TRY(pl_index_cursor_find(&s->cursor, s->bound));
  return pl_index_cursor_move(&s->cursor, op);
}

/// Leading columns that `row` has in common with the row at the near edge of a neighbouring block.
static pl_status share_beside(delete_state* s, const uint64_t* row, bool after, uint32_t* common) {
  const pl_status status = beside(s, after ? MDB_NEXT : MDB_PREV);
  if (status == PL_NOT_FOUND) {
    return PL_OK;
  }
  PL_TRY(status);
  pl_block_row(&s->cursor.block, after ? 0 : s->cursor.block.rows - 1, s->side);
  const uint32_t n = pl_row_common(row, s->side, s->rows.columns);
  *common = n > *common ? n : *common;
  return PL_OK;
}

static uint32_t share_old(const delete_state* s, const uint64_t* row, uint32_t i) {
  uint32_t k = 0;
  while (k < s->rows.columns && row[k] == s->rows.rows.column[k][i]) {
    k++;
  }
  return k;
}

/// What old row `at` has in common with the kept row before it (`kept`) and the row after it.
static pl_status share(delete_state* s, const uint64_t* row, uint32_t at, uint32_t kept, uint8_t* shared) {
  uint32_t common = 0;
  if (kept != NO_ROW) {
    common = share_old(s, row, kept);
  } else {
    PL_TRY(share_beside(s, row, false, &common));
  }
  if (at + 1 < s->rows.count) {
    const uint32_t n = share_old(s, row, at + 1);
    common = n > common ? n : common;
  } else if (pl_row_common(row, s->bound, s->rows.columns) > common) {
    // Rows beyond the bound can have no more in common with this one than the bound has.
    PL_TRY(share_beside(s, row, true, &common));
  }
  *shared = (uint8_t)common;
  return PL_OK;
}

/// First old row at or after `from` that is >= row.
static uint32_t seek_old(const delete_state* s, const uint64_t* row, uint32_t from) {
  uint32_t low = from;
  uint32_t high = s->rows.count;
  while (low < high) {
    const uint32_t mid = (low + high) / 2;
    const uint32_t k = share_old(s, row, mid);
    if (k < s->rows.columns && s->rows.rows.column[k][mid] < row[k]) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return low;
}

/// Mark the rows to delete that stand in the block.
static pl_status mark(delete_state* s, const uint64_t* rows, size_t count, uint8_t* shared) {
  const uint32_t columns = s->rows.columns;
  memset(s->gone, 0, sizeof(s->gone));
  s->gone_count = 0;
  uint32_t from = 0;
  uint32_t kept = NO_ROW;
  for (size_t i = 0; i < count; i++) {
    const uint64_t* row = rows + i * columns;
    const uint32_t at = seek_old(s, row, from);
    if (at > from) {
      kept = at - 1;
    }
    from = at;
    const bool found = at < s->rows.count && share_old(s, row, at) == columns;
    if (shared) {
      shared[i] = UINT8_MAX;
    }
    if (found) {
      if (shared) {
        PL_TRY(share(s, row, at, kept, &shared[i]));
      }
      s->gone[at] = true;
      s->gone_count++;
      from = at + 1;
    }
  }
  return PL_OK;
}

static void drop_gone(delete_state* s) {
  uint32_t left = 0;
  for (uint32_t i = 0; i < s->rows.count; i++) {
    for (uint32_t k = 0; k < s->rows.columns; k++) {
      s->rows.rows.column[k][left] = s->rows.rows.column[k][i];
    }
    left += !s->gone[i];
  }
  s->rows.count = left;
}

/// Put the rows of the block before in front of those left. They are then written under the block's key.
static pl_status take_before(delete_state* s) {
  const uint32_t added = s->cursor.block.rows;
  for (uint32_t k = 0; k < s->rows.columns; k++) {
    uint64_t* column = s->rows.rows.column[k];
    memmove(column + added, column, s->rows.count * sizeof(*column));
  }
  s->rows.count += added;
  return pl_index_rows_decode(&s->rows, &s->cursor, 0);
}

static bool fits(const delete_state* s) {
  return pl_block_fit(&s->rows.rows, s->rows.columns, 0, s->rows.count, PL_BLOCK_BYTES_MAX, NULL) == s->rows.count;
}

/// Try to join the neighbour that `op` leads to. On success *joined holds and the lower of both keys was removed; the
/// rows are to be written under s->bound, which is the higher one.
static pl_status join(delete_state* s, uint32_t bytes, MDB_cursor_op op, bool* joined) {
  *joined = false;
  const uint32_t count = s->rows.count;
  const uint32_t overhead = PL_BLOCK_HEADER_BYTES + s->rows.columns * PL_BLOCK_COLUMN_BYTES;
  PL_TRY(pl_index_cursor_open(s->cursor.index, &s->cursor));
  pl_status status = beside(s, op);
  if (status != PL_OK || s->cursor.bytes + bytes - overhead > PL_BLOCK_BYTES_MAX ||
      s->cursor.block.rows + count > PL_BLOCK_ROWS_MAX) {
    pl_index_cursor_close(&s->cursor);
    return status == PL_NOT_FOUND ? PL_OK : status;
  }
  const uint32_t added = s->cursor.block.rows;
  uint64_t low[PL_BLOCK_COLUMNS_MAX];
  memcpy(low, op == MDB_PREV ? s->cursor.bound : s->bound, sizeof(low));
  if (op == MDB_PREV) {
    status = take_before(s);
  } else {
    status = pl_index_rows_decode(&s->rows, &s->cursor, count);
    s->rows.count += added;
  }
  *joined = status == PL_OK && fits(s);
  if (*joined && op == MDB_NEXT) {
    memcpy(s->bound, s->cursor.bound, sizeof(s->bound));
  }
  pl_index_cursor_close(&s->cursor);
  if (*joined) {
    return pl_index_remove(s->cursor.index, low);
  }
  for (uint32_t k = 0; k < s->rows.columns && op == MDB_PREV; k++) {
    uint64_t* column = s->rows.rows.column[k];
    memmove(column, column + added, count * sizeof(*column));
  }
  s->rows.count = count;
  return status;
}

/// The block has no rows left: remove it. If it was the last, the one before becomes the last.
static pl_status remove_block(delete_state* s) {
  const pl_index index = s->cursor.index;
  if (!pl_index_bound_is_last(s->bound, index.columns)) {
    return pl_index_remove(index, s->bound);
  }
  PL_TRY(pl_index_cursor_open(index, &s->cursor));
  pl_status status = beside(s, MDB_PREV);
  uint64_t before[PL_BLOCK_COLUMNS_MAX];
  memcpy(before, s->cursor.bound, sizeof(before));
  if (status == PL_OK) {
    status = take_before(s);
  }
  pl_index_cursor_close(&s->cursor);
  if (status == PL_NOT_FOUND) {
    return pl_index_remove(index, s->bound);
  }
  PL_TRY(status);
  PL_TRY(pl_index_remove(index, before));
  return pl_index_write(index, &s->rows, s->bound, false);
}

static pl_status write_left(delete_state* s) {
  const pl_index index = s->cursor.index;
  if (s->rows.count == 0) {
    return remove_block(s);
  }
  uint32_t bytes;
  const uint32_t fit = pl_block_fit(&s->rows.rows, index.columns, 0, s->rows.count, PL_BLOCK_BYTES_MAX, &bytes);
  if (fit == s->rows.count && bytes < SMALL_BYTES) {
    bool joined;
    PL_TRY(join(s, bytes, MDB_PREV, &joined));
    if (!joined) {
      PL_TRY(join(s, bytes, MDB_NEXT, &joined));
    }
  }
  return pl_index_write(index, &s->rows, s->bound, false);
}

static void mark_absent(uint8_t* shared, size_t count) {
  if (shared) {
    memset(shared, UINT8_MAX, count);
  }
}

/// Delete the first rows, those of one block; *taken is how many.
static pl_status delete_portion(delete_state* s, const uint64_t* rows, size_t count, uint8_t* shared, size_t* taken) {
  const pl_index index = s->cursor.index;
  PL_TRY(pl_index_cursor_open(index, &s->cursor));
  const pl_status status = pl_index_cursor_find(&s->cursor, rows);
  if (status == PL_NOT_FOUND) {
    mark_absent(shared, count);
    *taken = count;
    return PL_OK;
  }
  PL_TRY(status);
  memcpy(s->bound, s->cursor.bound, sizeof(s->bound));
  s->rows.count = s->cursor.block.rows;
  PL_TRY(pl_index_rows_decode(&s->rows, &s->cursor, 0));
  size_t n = 0;
  while (n < count && pl_row_compare(rows + n * index.columns, s->bound, index.columns) <= 0) {
    n++;
  }
  *taken = n;
  PL_TRY(mark(s, rows, n, shared));
  pl_index_cursor_close(&s->cursor);
  if (s->gone_count == 0) {
    return PL_OK;
  }
  drop_gone(s);
  return write_left(s);
}

pl_status pl_index_delete(pl_index index, const uint64_t* rows, size_t count, uint8_t* shared) {
  pl_mem* mem = &index.txn->mem;
  delete_state* s = pl_mem_alloc(mem, sizeof(*s));
  if (!s) {
    return pl_index_no_memory(index, mem);
  }
  s->cursor = (pl_index_cursor){.index = index};
  s->rows = (pl_index_rows){.mem = NULL};
  pl_status status = pl_index_rows_init(&s->rows, mem, index, 2 * PL_BLOCK_ROWS_MAX);
  for (size_t i = 0; i < count && status == PL_OK;) {
    size_t taken = 0;
    status = delete_portion(s, rows + i * index.columns, count - i, shared ? shared + i : NULL, &taken);
    pl_index_cursor_close(&s->cursor);
    i += taken;
  }
  pl_index_rows_free(&s->rows);
  pl_mem_free(mem, s, sizeof(*s));
  return status;
}
