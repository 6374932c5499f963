/// How many rows a range holds, for planning: exact while it spans few blocks, then by counting blocks, then by how ids
/// spread.
///
/// Counting blocks reads keys only, no block: about 20 ns each. Beyond BLOCKS_COUNTED the rest of the range is taken to
/// be as dense in its leading free column as what was counted, but never more than the whole index.
#include "store/index_internal.h"

#define BLOCKS_EXACT 16u
#define BLOCKS_COUNTED 600u
#define BLOCKS_SPLIT (1u << 20)  ///< what comes after so many is one part

typedef struct estimate {
  pl_index_cursor cursor;               ///< walks the range
  uint32_t n;                           ///< columns that bound the range
  uint64_t low[PL_BLOCK_COLUMNS_MAX];   ///< first key, padded with 0
  uint64_t high[PL_BLOCK_COLUMNS_MAX];  ///< last key, padded with all ones
  uint64_t rows;                        ///< rows of the blocks read
  uint64_t blocks;                      ///< blocks read
  bool done;                            ///< the range ended
} estimate;

static bool ends_here(const estimate* e, const uint64_t* bound) {
  return pl_row_compare(bound, e->high, e->n) > 0 || pl_index_bound_is_last(bound, e->cursor.index.columns);
}

/// Read the first blocks: exact if the range ends in them.
static pl_status count_exactly(estimate* e) {
  pl_status status = pl_index_cursor_find(&e->cursor, e->low);
  while (status == PL_OK) {
    uint32_t first;
    uint32_t end;
    pl_block_range(&e->cursor.block, e->low, e->high, e->n, 0, &first, &end);
    e->rows += end - first;
    e->blocks++;
    if (ends_here(e, e->cursor.bound)) {
      e->done = true;
      return PL_OK;
    }
    if (e->blocks == BLOCKS_EXACT) {
      return PL_OK;
    }
    status = pl_index_cursor_move(&e->cursor, MDB_NEXT);
  }
  e->done = status == PL_NOT_FOUND;
  return e->done ? PL_OK : status;
}

/// Walk on over keys alone. *blocks counts; bound is where it stopped.
static pl_status count_blocks(estimate* e, uint64_t* blocks, uint64_t* bound) {
  const pl_index index = e->cursor.index;
  while (*blocks < BLOCKS_COUNTED) {
    MDB_val key;
    const int rc = mdb_cursor_get(e->cursor.mdb, &key, NULL, MDB_NEXT);
    if (rc == MDB_NOTFOUND) {
      e->done = true;
      return PL_OK;
    }
    if (rc) {
      return pl_mdb_fail(index.txn->err, rc, "reading an index");
    }
    if (key.mv_size != (size_t)index.columns * 8) {
      return pl_index_damaged(index, bound, "the key after it has a wrong length");
    }
    pl_index_key_read(key.mv_data, index.columns, bound);
    ++*blocks;
    if (ends_here(e, bound)) {
      e->done = true;
      return PL_OK;
    }
  }
  return PL_OK;
}

/// The last row of the range, or near it: ids end there, whatever the upper bound asked for.
static pl_status find_last(estimate* e, uint64_t* row) {
  PL_TRY(pl_index_cursor_find(&e->cursor, e->high));
  uint32_t first;
  uint32_t end;
  pl_block_range(&e->cursor.block, e->low, e->high, e->n, 0, &first, &end);
  if (end == 0) {
    PL_TRY(pl_index_cursor_move(&e->cursor, MDB_PREV));
    end = e->cursor.block.rows;
  }
  pl_block_row(&e->cursor.block, end - 1, row);
  return PL_OK;
}

/// True if the range is the whole index.
static bool is_everything(const estimate* e) { return e->n == 1 && e->low[0] == 0 && e->high[0] == UINT64_MAX; }

/// Scale what was counted up to `bound` to the whole range, by the column that varies in it.
static pl_status extrapolate(estimate* e, uint64_t blocks, const uint64_t* bound, uint64_t entries, double* out) {
  *out = (double)entries;
  if (is_everything(e)) {
    return PL_OK;
  }
  uint64_t last[PL_BLOCK_COLUMNS_MAX];
  uint64_t start[PL_BLOCK_COLUMNS_MAX];
  PL_TRY(find_last(e, last));
  PL_TRY(pl_index_cursor_find(&e->cursor, e->low));
  pl_block_row(&e->cursor.block, 0, start);
  const uint32_t columns = e->cursor.index.columns;
  if (pl_row_compare(start, e->low, columns) < 0) {
    memcpy(start, e->low, sizeof(start));
  }
  uint32_t k = pl_row_common(start, last, columns);
  k = k < columns ? k : columns - 1;
  const double seen = (double)(bound[k] - start[k]) + 1.0;
  const double all = (double)(last[k] - start[k]) + 1.0;
  const double scaled = (double)blocks * (bound[k] < start[k] || seen > all ? 1.0 : all / seen);
  *out = scaled < (double)entries ? scaled : (double)entries;
  return PL_OK;
}

static pl_status estimate_rows(estimate* e, uint64_t* rows) {
  PL_TRY(count_exactly(e));
  *rows = e->rows;
  if (e->done) {
    return PL_OK;
  }
  const pl_index index = e->cursor.index;
  uint64_t bound[PL_BLOCK_COLUMNS_MAX];
  memcpy(bound, e->cursor.bound, sizeof(bound));
  const double rows_per_block = (double)e->rows / (double)e->blocks;
  uint64_t blocks = e->blocks;
  PL_TRY(count_blocks(e, &blocks, bound));
  double all = (double)blocks;
  if (!e->done) {
    MDB_stat stat;
    const int rc = mdb_stat(index.txn->mdb, index.txn->store->dbs[index.db], &stat);
    if (rc) {
      return pl_mdb_fail(index.txn->err, rc, "reading an index");
    }
    const pl_status status = extrapolate(e, blocks, bound, stat.ms_entries, &all);
    if (status != PL_OK && status != PL_NOT_FOUND) {
      return status;
    }
  }
  *rows = (uint64_t)(all * rows_per_block);
  return PL_OK;
}

static void set_range(estimate* e, uint32_t width, const pl_id* prefix, unsigned n, pl_id low, pl_id high) {
  *e = (estimate){.n = n < width ? n + 1 : n};
  memset(e->high, 0xff, sizeof(e->high));
  for (unsigned k = 0; k < n; k++) {
    e->low[k] = e->high[k] = prefix[k];
  }
  if (n < width) {
    e->low[n] = low;
    e->high[n] = high;
  }
}

pl_status pl_stats_range(pl_txn* txn, pl_order order, const pl_id* prefix, unsigned n, pl_id low, pl_id high,
                         uint64_t* rows) {
  const uint32_t width = pl_order_width[order];
  assert(n <= width);
  *rows = 0;
  if (n < width && low > high) {
    return PL_OK;
  }
  estimate e;
  set_range(&e, width, prefix, n, low, high);
  PL_TRY(pl_index_cursor_open(pl_index_of(txn, (pl_db)order), &e.cursor));
  const pl_status status = estimate_rows(&e, rows);
  pl_index_cursor_close(&e.cursor);
  return status;
}

// ---- parts of a range ---------------------------------------------------------------------------------------------

/// Every so many blocks a part ends.
typedef struct split {
  pl_id* ends;      ///< where
  size_t max;       ///< room
  size_t count;     ///< used
  uint64_t step;    ///< blocks of a part
  uint64_t blocks;  ///< of the part at hand
} split;

/// A block ends at this value. Where there is no room for another end, every second one goes.
static void add_block(split* s, pl_id value) {
  const bool known = s->count > 0 && s->ends[s->count - 1] >= value;
  if (++s->blocks < s->step || known) {
    return;
  }
  s->blocks = 0;
  s->ends[s->count++] = value;
  if (s->count == s->max) {
    s->count /= 2;
    for (size_t i = 0; i < s->count; i++) {
      s->ends[i] = s->ends[2 * i + 1];
    }
    s->step *= 2;
  }
}

/// Walk over the keys of the range.
static pl_status split_range(estimate* e, split* s) {
  uint64_t steps = BLOCKS_SPLIT;
  pl_status status = pl_index_cursor_find(&e->cursor, e->low);
  uint64_t bound[PL_BLOCK_COLUMNS_MAX];
  memcpy(bound, e->cursor.bound, sizeof(bound));
  while (status == PL_OK && !ends_here(e, bound) && steps-- > 0) {
    if (bound[e->n - 1] < e->high[e->n - 1]) {
      add_block(s, bound[e->n - 1]);
    }
    uint64_t one = BLOCKS_COUNTED - 1;
    status = count_blocks(e, &one, bound);
    if (e->done) {
      break;
    }
  }
  return status == PL_NOT_FOUND ? PL_OK : status;
}

pl_status pl_stats_split(pl_txn* txn, pl_order order, const pl_id* prefix, unsigned n, pl_id low, pl_id high,
                         uint64_t blocks, pl_id* ends, size_t max, size_t* count) {
  assert(n < pl_order_width[order] && max >= 2 && blocks > 0);
  *count = 0;
  if (low >= high) {
    return PL_OK;
  }
  estimate e;
  split s = {.ends = ends, .max = max, .step = blocks};
  set_range(&e, pl_order_width[order], prefix, n, low, high);
  PL_TRY(pl_index_cursor_open(pl_index_of(txn, (pl_db)order), &e.cursor));
  const pl_status status = split_range(&e, &s);
  pl_index_cursor_close(&e.cursor);
  *count = status == PL_OK ? s.count : 0;
  return status;
}
