/// Finding blocks and rows in an index, and writing rows as blocks. Inserting, deleting, appending and verifying have
/// files of their own.
///
/// Writing never holds an LMDB cursor open: what is to change is decoded first, so no page is read after it was
/// touched.
#include "store/index.h"

#include "store/index_internal.h"

#include <endian.h>
#include <stdio.h>

/// Appended blocks leave a little room, so that later changes do not split every one of them.
#define APPEND_BYTES_MAX (PL_BLOCK_BYTES_MAX / 100 * 92)

uint32_t pl_db_columns(pl_db db) {
  switch (db) {
    case PL_DB_SPO:
    case PL_DB_POS:
    case PL_DB_OSP:
    case PL_DB_PSO:
    case PL_DB_CSPO:
      return 4;
    case PL_DB_CPO:
    case PL_DB_POC:
    case PL_DB_IDENTITY:
      return 3;
    case PL_DB_HASH:
    case PL_DB_TEXT:
      return 2;
    default:
      return 0;
  }
}

void pl_index_key_write(const uint64_t* row, uint32_t columns, uint8_t* out) {
  for (uint32_t k = 0; k < columns; k++) {
    const uint64_t v = htobe64(row[k]);
    memcpy(out + (size_t)k * 8, &v, 8);
  }
}

void pl_index_key_read(const uint8_t* key, uint32_t columns, uint64_t* out) {
  for (uint32_t k = 0; k < columns; k++) {
    uint64_t v;
    memcpy(&v, key + (size_t)k * 8, 8);
    out[k] = be64toh(v);
  }
}

bool pl_index_bound_is_last(const uint64_t* bound, uint32_t columns) {
  uint64_t all = UINT64_MAX;
  for (uint32_t k = 0; k < columns; k++) {
    all &= bound[k];
  }
  return all == UINT64_MAX;
}

void pl_index_key_text(const uint64_t* bound, uint32_t columns, char out[80]) {
  if (pl_index_bound_is_last(bound, columns)) {
    snprintf(out, 80, "the last one");
    return;
  }
  int at = 0;
  for (uint32_t k = 0; k < columns; k++) {
    at += snprintf(out + at, 80 - (size_t)at, "%s%016llx", k ? "-" : "", (unsigned long long)bound[k]);
  }
}

pl_status pl_index_damaged(pl_index index, const uint64_t* bound, const char* what) {
  char text[80];
  pl_index_key_text(bound, index.columns, text);
  return pl_fail(index.txn->err, PL_MSG_BLOCK_DAMAGED, pl_db_names[index.db], text, what);
}

pl_status pl_index_no_memory(pl_index index, const pl_mem* mem) {
  pl_error* err = index.txn->err;
  return pl_mem_status(mem) == PL_ERR_LIMIT ? pl_fail_memory(err, "reading or changing an index", mem->bytes_max)
                                            : pl_fail(err, PL_MSG_NOMEM);
}

// ---- cursor -------------------------------------------------------------------------------------------------------

pl_status pl_index_cursor_open(pl_index index, pl_index_cursor* out) {
  assert(index.columns >= 2);
  *out = (pl_index_cursor){.index = index};
  const int rc = mdb_cursor_open(index.txn->mdb, index.txn->store->dbs[index.db], &out->mdb);
  return rc ? pl_mdb_fail(index.txn->err, rc, "opening an index") : PL_OK;
}

pl_status pl_index_cursor_renew(pl_index_cursor* cursor) {
  pl_txn* const txn = cursor->index.txn;
  const int rc = mdb_cursor_renew(txn->mdb, cursor->mdb);
  return rc ? pl_mdb_fail(txn->err, rc, "opening an index") : PL_OK;
}

void pl_index_cursor_close(pl_index_cursor* cursor) {
  if (cursor->mdb) {
    mdb_cursor_close(cursor->mdb);
    cursor->mdb = NULL;
  }
}

static pl_status cursor_load(pl_index_cursor* cursor, const MDB_val* key, const MDB_val* data) {
  const pl_index index = cursor->index;
  if (key->mv_size != (size_t)index.columns * 8) {
    memset(cursor->bound, 0, sizeof(cursor->bound));
    return pl_index_damaged(index, cursor->bound, "its key has a wrong length");
  }
  pl_index_key_read(key->mv_data, index.columns, cursor->bound);
  cursor->bytes = (uint32_t)data->mv_size;
  if (pl_block_open(data->mv_data, data->mv_size, index.columns, &cursor->block) != PL_OK) {
    return pl_index_damaged(index, cursor->bound, "its header is wrong");
  }
  return PL_OK;
}

static pl_status cursor_get(pl_index_cursor* cursor, MDB_val* key, MDB_cursor_op op) {
  MDB_val data;
  const int rc = mdb_cursor_get(cursor->mdb, key, &data, op);
  if (rc == MDB_NOTFOUND) {
    return PL_NOT_FOUND;
  }
  if (rc != 0) {
    return pl_mdb_fail(cursor->index.txn->err, rc, "reading an index");
  }
  if (op == MDB_NEXT) {
    pl_read_ahead_at(&cursor->read_ahead, data.mv_data);
  }
  return cursor_load(cursor, key, &data);
}

pl_status pl_index_cursor_find(pl_index_cursor* cursor, const uint64_t* row) {
  uint8_t bytes[PL_INDEX_KEY_BYTES_MAX];
  pl_index_key_write(row, cursor->index.columns, bytes);
  MDB_val key = {cursor->index.columns * 8u, bytes};
  return cursor_get(cursor, &key, MDB_SET_RANGE);
}

pl_status pl_index_cursor_move(pl_index_cursor* cursor, MDB_cursor_op op) {
  MDB_val key;
  return cursor_get(cursor, &key, op);
}

// ---- single rows --------------------------------------------------------------------------------------------------

pl_status pl_index_contains(pl_index index, const uint64_t* row, bool* found) {
  uint64_t at[PL_BLOCK_COLUMNS_MAX];
  const pl_status status = pl_index_first(index, row, index.columns, at);
  *found = status == PL_OK;
  return status == PL_NOT_FOUND ? PL_OK : status;
}

/// The first row at or after the cursor's block that is >= key.
static pl_status first_from(pl_index_cursor* cursor, const uint64_t* key, unsigned n, uint64_t* row) {
  uint32_t at = pl_block_seek(&cursor->block, key, n, 0);
  if (at == cursor->block.rows) {
    PL_TRY(pl_index_cursor_move(cursor, MDB_NEXT));
    at = 0;
  }
  pl_block_row(&cursor->block, at, row);
  return pl_row_common(row, key, n) == n ? PL_OK : PL_NOT_FOUND;
}

pl_status pl_index_first(pl_index index, const uint64_t* key, unsigned n, uint64_t* row) {
  assert(n <= index.columns);
  uint64_t low[PL_BLOCK_COLUMNS_MAX] = {0};
  memcpy(low, key, n * sizeof(*low));
  pl_index_cursor cursor;
  PL_TRY(pl_index_cursor_open(index, &cursor));
  pl_status status = pl_index_cursor_find(&cursor, low);
  if (status == PL_OK) {
    status = first_from(&cursor, low, n, row);
  }
  pl_index_cursor_close(&cursor);
  return status;
}

// ---- rows as columns ----------------------------------------------------------------------------------------------

pl_status pl_index_rows_init(pl_index_rows* rows, pl_mem* mem, pl_index index, uint32_t capacity) {
  const uint32_t columns = index.columns;
  *rows = (pl_index_rows){.mem = mem, .columns = columns, .capacity = capacity};
  uint64_t* values = pl_mem_alloc(mem, (size_t)columns * capacity * sizeof(uint64_t));
  if (!values) {
    return pl_index_no_memory(index, mem);
  }
  for (uint32_t k = 0; k < columns; k++) {
    rows->rows.column[k] = values + (size_t)k * capacity;
  }
  return PL_OK;
}

void pl_index_rows_free(pl_index_rows* rows) {
  if (rows->mem) {
    pl_mem_free(rows->mem, rows->rows.column[0], (size_t)rows->columns * rows->capacity * sizeof(uint64_t));
  }
}

pl_status pl_index_rows_decode(pl_index_rows* rows, const pl_index_cursor* cursor, uint32_t at) {
  assert(at + cursor->block.rows <= rows->capacity);
  for (uint32_t k = 0; k < rows->columns; k++) {
    if (pl_block_decode(&cursor->block, k, 0, cursor->block.rows, rows->rows.column[k] + at) != PL_OK) {
      return pl_index_damaged(cursor->index, cursor->bound, "its run ends are wrong");
    }
  }
  return PL_OK;
}

// ---- writing ------------------------------------------------------------------------------------------------------

pl_status pl_index_put(pl_index index, const uint64_t* bound, const uint8_t* bytes, uint32_t len) {
  uint8_t key_bytes[PL_INDEX_KEY_BYTES_MAX];
  pl_index_key_write(bound, index.columns, key_bytes);
  MDB_val key = {index.columns * 8u, key_bytes};
  MDB_val data;
  data.mv_size = len;
  const int rc = pl_mdb_put(index.txn, index.txn->store->dbs[index.db], &key, &data, MDB_RESERVE);
  if (rc) {
    return pl_mdb_fail(index.txn->err, rc, "writing an index");
  }
  memcpy(data.mv_data, bytes, len);
  return PL_OK;
}

pl_status pl_index_remove(pl_index index, const uint64_t* bound) {
  uint8_t key_bytes[PL_INDEX_KEY_BYTES_MAX];
  pl_index_key_write(bound, index.columns, key_bytes);
  MDB_val key = {index.columns * 8u, key_bytes};
  const int rc = pl_mdb_del(index.txn, index.txn->store->dbs[index.db], &key);
  return rc ? pl_mdb_fail(index.txn->err, rc, "writing an index") : PL_OK;
}

/// True if row `i` begins a new value of the first column.
static bool begins_group(const pl_index_rows* rows, uint32_t i) {
  return rows->rows.column[0][i] != rows->rows.column[0][i - 1];
}

/// Put an encoded block that ends before row `end` of the rows. The last one keeps `bound`; others get their last row,
/// or, where a value of the first column ends, the end of that value: what is added to it later then lands at the end
/// of this block.
static pl_status put_part(pl_index index, const pl_index_rows* rows, uint32_t end, const uint64_t* bound,
                          const uint8_t* bytes, uint32_t len) {
  if (end == rows->count) {
    return pl_index_put(index, bound, bytes, len);
  }
  const bool group = begins_group(rows, end);
  uint64_t last[PL_BLOCK_COLUMNS_MAX];
  for (uint32_t k = 0; k < index.columns; k++) {
    last[k] = group && k > 0 ? UINT64_MAX : rows->rows.column[k][end - 1];
  }
  return pl_index_put(index, last, bytes, len);
}

/// The row nearest to `middle`, and less than `reach` from it, that begins a new value of the first column; else
/// `middle`.
static uint32_t split_near(const pl_index_rows* rows, uint32_t middle, uint32_t reach) {
  for (uint32_t d = 0; d < reach; d++) {
    if (middle + d < rows->count && begins_group(rows, middle + d)) {
      return middle + d;
    }
    if (middle > d && begins_group(rows, middle - d)) {
      return middle - d;
    }
  }
  return middle;
}

/// Write rows [first, end) as one block, or, while they do not fit, as halves.
static pl_status write_halves(pl_index index, const pl_index_rows* rows, uint32_t first, uint32_t end,
                              const uint64_t* bound) {
  while (first < end) {
    uint32_t count = end - first;
    uint8_t bytes[PL_BLOCK_BYTES_MAX];
    uint32_t len;
    while (pl_block_encode(&rows->rows, index.columns, first, count, PL_BLOCK_BYTES_MAX, bytes, &len) < count) {
      count = (count + 1) / 2;
    }
    PL_TRY(put_part(index, rows, first + count, bound, bytes, len));
    first += count;
  }
  return PL_OK;
}

static pl_status write_nearly_full(pl_index index, const pl_index_rows* rows, const uint64_t* bound) {
  for (uint32_t first = 0; first < rows->count;) {
    uint8_t bytes[PL_BLOCK_BYTES_MAX];
    uint32_t len;
    first += pl_block_encode(&rows->rows, index.columns, first, rows->count - first, APPEND_BYTES_MAX, bytes, &len);
    PL_TRY(put_part(index, rows, first, bound, bytes, len));
  }
  return PL_OK;
}

static pl_status write_evenly(pl_index index, const pl_index_rows* rows, uint32_t fit, const uint64_t* bound) {
  uint32_t parts = 1;
  for (uint32_t next = fit; next < rows->count; parts++) {
    next += pl_block_fit(&rows->rows, index.columns, next, rows->count - next, PL_BLOCK_BYTES_MAX, NULL);
  }
  // Two parts have room to spare; more are as full as they can be.
  const uint32_t reach = rows->count / parts / (parts == 2 ? 4 : 16);
  uint32_t first = 0;
  for (uint32_t i = 1; i <= parts; i++) {
    const uint32_t even = (uint32_t)((uint64_t)rows->count * i / parts);
    const uint32_t end = i < parts ? split_near(rows, even, reach) : even;
    PL_TRY(write_halves(index, rows, first, end, bound));
    first = end;
  }
  return PL_OK;
}

pl_status pl_index_write(pl_index index, const pl_index_rows* rows, const uint64_t* bound, bool append) {
  assert(rows->count > 0);
  uint8_t bytes[PL_BLOCK_BYTES_MAX];
  uint32_t len;
  const uint32_t fit = pl_block_encode(&rows->rows, index.columns, 0, rows->count, PL_BLOCK_BYTES_MAX, bytes, &len);
  if (fit == rows->count) {
    return pl_index_put(index, bound, bytes, len);
  }
  return append ? write_nearly_full(index, rows, bound) : write_evenly(index, rows, fit, bound);
}
