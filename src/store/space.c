/// Room in the file: LMDB's own counts, its list of free pages, its table of readers.
///
/// LMDB keeps the pages that a transaction freed as a record of the database 0: the transaction's number, then how many
/// pages and which. They may be used again when nobody reads a snapshot older than that transaction.
#include "store/space.h"

#include "store/env_internal.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum { FREE_LIST = 0, MAIN_TREE = 1 };  // LMDB's own databases; the main one names the others

static pl_status cannot(const pl_txn* txn, int rc) { return pl_mdb_fail(txn->err, rc, "cannot measure the store"); }

// ---- readers ------------------------------------------------------------------------------------------------------

/// LMDB tells of its readers in text, a line each: "pid thread txnid", the last "-" for a slot that is not in use now.
static int take_reader(const char* line, void* user) {
  pl_readers* const readers = user;
  unsigned long pid;
  unsigned long thread;
  unsigned long long snapshot;
  if (sscanf(line, "%lu %lx %llu", &pid, &thread, &snapshot) == 3) {
    if (readers->count == 0 || snapshot < readers->transaction) {
      readers->transaction = snapshot;
      readers->oldest_pid = pid;
    }
    readers->count++;
  }
  return 0;
}

void pl_space_readers(const pl_store* store, pl_readers* out) {
  *out = (pl_readers){0};
  (void)mdb_reader_list(store->env, take_reader, out);
}

// ---- pages --------------------------------------------------------------------------------------------------------

static uint64_t pages_of(const MDB_stat* stat) {
  return stat->ms_branch_pages + stat->ms_leaf_pages + stat->ms_overflow_pages;
}

static pl_status count_used(const pl_txn* txn, pl_space* out) {
  MDB_stat stat;
  int rc = mdb_stat(txn->mdb, MAIN_TREE, &stat);
  out->page_bytes = rc ? 0 : stat.ms_psize;
  out->used_pages = rc ? 0 : 2 + pages_of(&stat);  // with the two headers
  rc = rc ? rc : mdb_stat(txn->mdb, FREE_LIST, &stat);
  out->used_pages += rc ? 0 : pages_of(&stat);
  for (int db = 0; rc == 0 && db < PL_DB_COUNT; db++) {
    if (txn->store->dbs[db] == 0) {
      continue;  // a file of an earlier version lacks it
    }
    rc = mdb_stat(txn->mdb, txn->store->dbs[db], &stat);
    out->used_pages += rc ? 0 : pages_of(&stat);
  }
  return rc ? cannot(txn, rc) : PL_OK;
}

static pl_status count_free(const pl_txn* txn, const pl_readers* readers, pl_space* out) {
  MDB_cursor* cursor;
  MDB_val key, value;
  int rc = mdb_cursor_open(txn->mdb, FREE_LIST, &cursor);
  if (rc) {
    return cannot(txn, rc);
  }
  while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
    size_t freed_by, count;
    if (key.mv_size != sizeof freed_by || value.mv_size < sizeof count) {
      rc = MDB_CORRUPTED;
      break;
    }
    memcpy(&freed_by, key.mv_data, sizeof freed_by);
    memcpy(&count, value.mv_data, sizeof count);
    if (count > value.mv_size / sizeof(size_t)) {
      rc = MDB_CORRUPTED;
      break;
    }
    const bool held = readers && readers->count > 0 && freed_by >= readers->transaction;
    out->free_pages += count;
    out->held_pages += held && readers->transaction < out->last_transaction ? count : 0;
  }
  mdb_cursor_close(cursor);
  return rc == MDB_NOTFOUND ? PL_OK : cannot(txn, rc);
}

pl_status pl_space_measure(pl_txn* txn, const pl_readers* readers, pl_space* out) {
  MDB_envinfo info;
  struct stat st;
  *out = (pl_space){0};
  PL_TRY(pl_env_walk_free(txn));
  out->last_transaction = mdb_txn_id(txn->mdb);
  int rc = mdb_env_info(txn->store->env, &info);
  rc = rc ? rc : pl_env_stat(txn->store->env, &st);
  if (rc != 0) {
    return cannot(txn, rc);
  }
  out->map_bytes = info.me_mapsize;
  out->file_bytes = (uint64_t)st.st_size;
  PL_TRY(count_used(txn, out));
  return count_free(txn, readers, out);
}

pl_status pl_space_part(pl_txn* txn, pl_db db, pl_part_space* out) {
  MDB_stat stat;
  MDB_cursor* cursor;
  MDB_val key, value;
  const MDB_dbi dbi = txn->store->dbs[db];
  *out = (pl_part_space){0};
  if (dbi == 0) {
    return PL_OK;
  }
  int rc = mdb_stat(txn->mdb, dbi, &stat);
  rc = rc ? rc : mdb_cursor_open(txn->mdb, dbi, &cursor);
  if (rc) {
    return cannot(txn, rc);
  }
  out->pages = pages_of(&stat);
  out->bytes = out->pages * stat.ms_psize;
  while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
    out->values++;
    out->value_bytes += value.mv_size;
  }
  mdb_cursor_close(cursor);
  return rc == MDB_NOTFOUND ? PL_OK : cannot(txn, rc);
}
