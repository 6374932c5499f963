/// Verifying and measuring an index: a walk over all its blocks.
#include "store/index_internal.h"

#include <stdio.h>

typedef struct verify_walk {
  pl_index index;                       ///< which
  const pl_verifier* verifier;          ///< listens
  pl_index_rows rows;                   ///< of the block
  uint64_t* flat;                       ///< the same, row after row
  uint64_t last[PL_BLOCK_COLUMNS_MAX];  ///< upper bound of the blocks before
  bool started;                         ///< `last` holds a bound
} verify_walk;

static void report(const verify_walk* w, const uint64_t* bound, const char* what) {
  char key[80];
  char text[256];
  pl_index_key_text(bound, w->index.columns, key);
  snprintf(text, sizeof(text), "index %s: block %s: %s", pl_db_names[w->index.db], key, what);
  w->verifier->on_damage(w->verifier->user, text);
}

/// All that can be wrong with one block; NULL if nothing is. Opens it into `block`.
static const char* examine(const verify_walk* w, const uint64_t* bound, const MDB_val* data, pl_block* block) {
  const uint32_t columns = w->index.columns;
  if (pl_block_open(data->mv_data, data->mv_size, columns, block) != PL_OK) {
    return "its header is wrong";
  }
  const char* wrong = pl_block_verify(block);
  if (wrong) {
    return wrong;
  }
  if (pl_block_compare(block, block->rows - 1, bound, columns) > 0) {
    return "a row lies beyond the block's upper bound";
  }
  if (w->started && pl_block_compare(block, 0, w->last, columns) <= 0) {
    return "a row belongs to an earlier block";
  }
  return NULL;
}

static pl_status hand_on(verify_walk* w, const pl_block* block) {
  if (!w->verifier->on_rows) {
    return PL_OK;
  }
  const uint32_t columns = w->index.columns;
  for (uint32_t k = 0; k < columns; k++) {
    PL_TRY(pl_block_decode(block, k, 0, block->rows, w->rows.rows.column[k]));
    for (uint32_t i = 0; i < block->rows; i++) {
      w->flat[(size_t)i * columns + k] = w->rows.rows.column[k][i];
    }
  }
  return w->verifier->on_rows(w->verifier->user, w->flat, block->rows);
}

static pl_status verify_block(verify_walk* w, const MDB_val* key, const MDB_val* data, uint64_t* rows) {
  uint64_t bound[PL_BLOCK_COLUMNS_MAX] = {0};
  *rows = 0;
  if (key->mv_size != (size_t)w->index.columns * 8) {
    report(w, bound, "its key has a wrong length");
    return PL_OK;
  }
  pl_index_key_read(key->mv_data, w->index.columns, bound);
  if (w->started && pl_row_compare(w->last, bound, w->index.columns) >= 0) {
    report(w, bound, "its key does not come after the one before");
  }
  pl_block block;
  const char* wrong = examine(w, bound, data, &block);
  memcpy(w->last, bound, sizeof(bound));
  w->started = true;
  if (wrong) {
    report(w, bound, wrong);
    return PL_OK;
  }
  *rows = block.rows;
  return hand_on(w, &block);
}

static pl_status walk(verify_walk* w, MDB_cursor* mdb) {
  MDB_val key;
  MDB_val data;
  int rc;
  for (rc = mdb_cursor_get(mdb, &key, &data, MDB_FIRST); rc == 0; rc = mdb_cursor_get(mdb, &key, &data, MDB_NEXT)) {
    uint64_t rows;
    PL_TRY(verify_block(w, &key, &data, &rows));
    if (w->verifier->on_value) {
      PL_TRY(w->verifier->on_value(w->verifier->user, rows));
    }
  }
  if (rc != MDB_NOTFOUND) {
    return pl_mdb_fail(w->index.txn->err, rc, "reading an index");
  }
  if (w->started && !pl_index_bound_is_last(w->last, w->index.columns)) {
    report(w, w->last, "it stands last and its key does not say so");
  }
  return PL_OK;
}

pl_status pl_index_verify(pl_index index, pl_mem* mem, const pl_verifier* verifier) {
  pl_error* err = index.txn->err;
  verify_walk w = {.index = index, .verifier = verifier};
  const size_t flat_bytes = (size_t)index.columns * PL_BLOCK_ROWS_MAX * sizeof(uint64_t);
  PL_TRY(pl_index_rows_init(&w.rows, mem, index, PL_BLOCK_ROWS_MAX));
  w.flat = pl_mem_alloc(mem, flat_bytes);
  MDB_cursor* mdb = NULL;
  pl_status status = PL_OK;
  if (!w.flat) {
    status = pl_index_no_memory(index, mem);
    goto out;
  }
  const int rc = mdb_cursor_open(index.txn->mdb, index.txn->store->dbs[index.db], &mdb);
  if (rc) {
    status = pl_mdb_fail(err, rc, "opening an index");
    goto out;
  }
  status = walk(&w, mdb);
  mdb_cursor_close(mdb);
out:
  pl_mem_free(mem, w.flat, flat_bytes);
  pl_index_rows_free(&w.rows);
  return status;
}

pl_status pl_index_measure(pl_index index, pl_index_size* out) {
  *out = (pl_index_size){0};
  MDB_stat stat;
  const int rc = mdb_stat(index.txn->mdb, index.txn->store->dbs[index.db], &stat);
  if (rc) {
    return pl_mdb_fail(index.txn->err, rc, "measuring an index");
  }
  out->blocks = stat.ms_entries;
  out->bytes = (uint64_t)(stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) * stat.ms_psize;
  pl_index_cursor cursor;
  PL_TRY(pl_index_cursor_open(index, &cursor));
  pl_status status = pl_index_cursor_move(&cursor, MDB_FIRST);
  while (status == PL_OK) {
    out->rows += cursor.block.rows;
    status = pl_index_cursor_move(&cursor, MDB_NEXT);
  }
  pl_index_cursor_close(&cursor);
  return status == PL_NOT_FOUND ? PL_OK : status;
}
