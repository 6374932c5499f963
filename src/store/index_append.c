/// Bulk append: rows that arrive sorted become blocks filled to a given share, written at the end of the database one
/// after the other.
#include "store/index_internal.h"

/// A block is encoded once more rows wait than it could ever take, so that only the very last one is short.
#define WAITING_ROWS (PL_BLOCK_ROWS_MAX * 4u)

struct pl_index_append {
  pl_mem* mem;                          ///< pays
  pl_index index;                       ///< target
  pl_index_rows rows;                   ///< rows not yet written
  MDB_cursor* mdb;                      ///< at the end
  uint64_t last[PL_BLOCK_COLUMNS_MAX];  ///< newest row
  uint32_t bytes_max;                   ///< of a block
  bool started;                         ///< `last` holds a row
};

pl_status pl_index_append_open(pl_index index, unsigned fill_percent, pl_mem* mem, pl_index_append** out) {
  pl_error* err = index.txn->err;
  *out = NULL;
  pl_index_append* a = pl_mem_calloc(mem, 1, sizeof(*a));
  if (!a) {
    return pl_index_no_memory(index, mem);
  }
  a->mem = mem;
  a->index = index;
  const uint32_t bytes = PL_BLOCK_BYTES_MAX * (fill_percent > 100 ? 100 : fill_percent) / 100;
  a->bytes_max = bytes < PL_BLOCK_BYTES_MIN ? PL_BLOCK_BYTES_MIN : bytes;
  MDB_stat stat;
  pl_status status = pl_index_rows_init(&a->rows, mem, index, WAITING_ROWS);
  if (status == PL_OK) {
    const MDB_dbi dbi = index.txn->store->dbs[index.db];
    int rc = mdb_stat(index.txn->mdb, dbi, &stat);
    rc = rc ? rc : mdb_cursor_open(index.txn->mdb, dbi, &a->mdb);
    status = rc                ? pl_mdb_fail(err, rc, "opening an index")
             : stat.ms_entries ? pl_fail(err, PL_MSG_INDEX_NOT_EMPTY, pl_db_names[index.db])
                               : PL_OK;
  }
  if (status != PL_OK) {
    pl_index_append_abort(a);
    return status;
  }
  *out = a;
  return PL_OK;
}

static pl_status append_block(pl_index_append* a, const uint64_t* bound, uint8_t* bytes, uint32_t len) {
  uint8_t key_bytes[PL_INDEX_KEY_BYTES_MAX];
  pl_index_key_write(bound, a->index.columns, key_bytes);
  MDB_val key = {a->index.columns * 8u, key_bytes};
  MDB_val data = {len, bytes};
  const int rc = mdb_cursor_put(a->mdb, &key, &data, MDB_APPEND);
  return rc ? pl_mdb_fail(a->index.txn->err, rc, "writing an index") : PL_OK;
}

/// Write blocks until no more than `rest` rows wait, and move those to the front.
static pl_status write_blocks(pl_index_append* a, uint32_t rest) {
  const uint32_t columns = a->index.columns;
  uint32_t first = 0;
  while (a->rows.count - first > rest) {
    uint8_t bytes[PL_BLOCK_BYTES_MAX];
    uint64_t bound[PL_BLOCK_COLUMNS_MAX];
    uint32_t len;
    first += pl_block_encode(&a->rows.rows, columns, first, a->rows.count - first, a->bytes_max, bytes, &len);
    memset(bound, 0xff, sizeof(bound));
    for (uint32_t k = 0; k < columns && (rest > 0 || first < a->rows.count); k++) {
      bound[k] = a->rows.rows.column[k][first - 1];
    }
    PL_TRY(append_block(a, bound, bytes, len));
  }
  a->rows.count -= first;
  for (uint32_t k = 0; k < columns && first > 0; k++) {
    uint64_t* column = a->rows.rows.column[k];
    memmove(column, column + first, a->rows.count * sizeof(*column));
  }
  return PL_OK;
}

/// Take rows as columns; false if one does not come after the one before.
static bool take(pl_index_append* a, const uint64_t* rows, uint32_t count) {
  const uint32_t columns = a->index.columns;
  const uint64_t* before = a->started ? a->last : NULL;
  for (uint32_t i = 0; i < count; i++) {
    const uint64_t* row = rows + (size_t)i * columns;
    if (before && pl_row_compare(before, row, columns) >= 0) {
      return false;
    }
    for (uint32_t k = 0; k < columns; k++) {
      a->rows.rows.column[k][a->rows.count + i] = row[k];
    }
    before = row;
  }
  memcpy(a->last, before, columns * sizeof(*before));
  a->started = true;
  a->rows.count += count;
  return true;
}

pl_status pl_index_append_rows(pl_index_append* a, const uint64_t* rows, size_t count) {
  while (count > 0) {
    if (a->rows.count == a->rows.capacity) {
      PL_TRY(write_blocks(a, PL_BLOCK_ROWS_MAX));
    }
    const uint32_t room = a->rows.capacity - a->rows.count;
    const uint32_t n = count < room ? (uint32_t)count : room;
    if (!take(a, rows, n)) {
      return pl_fail(a->index.txn->err, PL_MSG_INDEX_UNSORTED, pl_db_names[a->index.db]);
    }
    rows += (size_t)n * a->index.columns;
    count -= n;
  }
  return PL_OK;
}

pl_status pl_index_append_commit(pl_index_append* a, pl_txn** txn) {
  pl_txn* const old = *txn;
  pl_store* const store = old->store;
  pl_error* const err = old->err;
  mdb_cursor_close(a->mdb);
  a->mdb = NULL;
  *txn = NULL;
  PL_TRY(pl_txn_commit(old));
  PL_TRY(pl_txn_begin(store, true, err, txn));
  a->index.txn = *txn;
  const int rc = mdb_cursor_open((*txn)->mdb, store->dbs[a->index.db], &a->mdb);
  return rc ? pl_mdb_fail(err, rc, "opening an index") : PL_OK;
}

pl_status pl_index_append_finish(pl_index_append* a) {
  const pl_status status = write_blocks(a, 0);
  pl_index_append_abort(a);
  return status;
}

void pl_index_append_abort(pl_index_append* a) {
  if (!a) {
    return;
  }
  if (a->mdb) {
    mdb_cursor_close(a->mdb);
  }
  pl_index_rows_free(&a->rows);
  pl_mem_free(a->mem, a, sizeof(*a));
}
