/// Changing a value, with a look at what LMDB believes when it does.
///
/// To replace or delete a value on overflow pages LMDB reads their header: how many pages to free, and whether they are
/// its own, to be written in place. These headers are in every page of the file, so they are not walked before (see
/// env_file.c) but looked at one by one, here. A value that lies in the map, behind a page's header, is one of an earlier
/// transaction; pages of this transaction are elsewhere in memory and are LMDB's own work.
#include "store/block_internal.h"
#include "store/env_internal.h"
#include "store/pages_internal.h"

static bool sound(const pl_txn* txn, const MDB_val* value) {
  const struct pl_env_shared* const shared = txn->store->shared;
  const uint8_t* const data = value->mv_data;
  if (!shared || !shared->map || data < shared->map || data >= shared->map + shared->map_bytes) {
    return true;
  }
  const size_t offset = (size_t)(data - shared->map);
  if (offset % shared->page_bytes != PL_PAGE_HEADER) {
    return true;  // in a leaf
  }
  const uint8_t* const header = data - PL_PAGE_HEADER;
  return pl_load64(header) == offset / shared->page_bytes && pl_load16(header + 10) == PL_PAGE_OVERFLOW &&
         pl_load32(header + 12) == pl_page_overflow_count(shared->page_bytes, value->mv_size);
}

/// The value under the key may be replaced: it is sound, or there is none. *bytes: its length, 0 if there is none.
static int look(const pl_txn* txn, MDB_dbi dbi, const MDB_val* key, size_t* bytes) {
  MDB_val at = *key;
  MDB_val value;
  *bytes = 0;
  const int rc = mdb_get(txn->mdb, dbi, &at, &value);
  if (rc != 0) {
    return rc == MDB_NOTFOUND ? 0 : rc;
  }
  *bytes = value.mv_size;
  return sound(txn, &value) ? 0 : MDB_CORRUPTED;
}

int pl_mdb_put(const pl_txn* txn, MDB_dbi dbi, MDB_val* key, MDB_val* value, unsigned flags) {
  const uint32_t page_bytes = txn->store->shared ? txn->store->shared->page_bytes : 0;
  size_t old;
  int rc = look(txn, dbi, key, &old);
  // A shorter value put onto pages of this transaction would keep them all, and their count would no longer be its own.
  if (rc == 0 && page_bytes > 0 && old > value->mv_size &&
      pl_page_overflow_count(page_bytes, old) != pl_page_overflow_count(page_bytes, value->mv_size)) {
    rc = mdb_del(txn->mdb, dbi, key, NULL);
  }
  return rc == 0 ? mdb_put(txn->mdb, dbi, key, value, flags) : rc;
}

int pl_mdb_del(const pl_txn* txn, MDB_dbi dbi, MDB_val* key) {
  size_t old;
  const int rc = look(txn, dbi, key, &old);
  return rc == 0 ? mdb_del(txn->mdb, dbi, key, NULL) : rc;
}

int pl_mdb_clear(const pl_txn* txn, MDB_dbi dbi) {
  MDB_cursor* cursor;
  MDB_val key;
  MDB_val value;
  int rc = mdb_cursor_open(txn->mdb, dbi, &cursor);
  if (rc != 0) {
    return rc;
  }
  rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
  while (rc == 0) {
    rc = sound(txn, &value) ? mdb_cursor_get(cursor, &key, &value, MDB_NEXT) : MDB_CORRUPTED;
  }
  mdb_cursor_close(cursor);
  return rc == MDB_NOTFOUND ? mdb_drop(txn->mdb, dbi, 0) : rc;
}
