/// Copying a store: one loop over the databases, each as its values are or, to compact, as rows that are appended anew.
///
/// The copy is written in key order into an empty environment without syncing, and committed every few megabytes, so
/// that memory does not grow with the store and the disk is busy from the beginning. Nobody sees it before it is whole:
/// it stands in a building folder (place.h).
///
/// The dictionary is copied as it is in both ways: keys are dense and never given back, so its groups are full.
#include "store/copy.h"

#include "store/check.h"
#include "store/dict_group.h"
#include "store/env_internal.h"
#include "store/index_internal.h"
#include "store/place.h"
#include "store/read_ahead.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

enum { COMMIT_BYTES = 16 << 20, FINDING_BYTES = 200 };

typedef struct copier {
  pl_txn* from;                    ///< snapshot that is copied; its error object is told
  pl_store* to;                    ///< the copy
  pl_txn* txn;                     ///< open on the copy; NULL between two
  bool repack;                     ///< append rows anew instead of copying blocks
  const pl_copy_options* options;  ///< the caller's
  pl_work no_work;                 ///< used if the caller wants none
  pl_work* work;                   ///< progress
  size_t uncommitted;              ///< bytes put since the last commit, about
} copier;

// ---- transactions on the copy -------------------------------------------------------------------------------------

static pl_status commit(copier* c) {
  pl_txn* const txn = c->txn;
  c->txn = NULL;
  c->uncommitted = 0;
  PL_TRY(pl_txn_commit(txn));
  pl_place_start_writing(c->to);
  return PL_OK;
}

/// An entry of the source of that many bytes has been copied. *full: time to commit.
static pl_status copied(copier* c, size_t bytes, bool* full) {
  c->work->done++;
  c->uncommitted += bytes;
  *full = c->uncommitted >= COMMIT_BYTES;
  return pl_guard_check(c->options->guard, c->from->err);
}

// ---- values as they are -------------------------------------------------------------------------------------------

/// What can be told of one value by itself.
static pl_status look_at(copier* c, pl_db db, const MDB_val* key, const MDB_val* value) {
  const uint32_t columns = pl_db_columns(db);
  pl_block block;
  pl_group group;
  const bool good =
      columns ? key->mv_size == columns * 8u && pl_block_open(value->mv_data, value->mv_size, columns, &block) == PL_OK
              : db != PL_DB_TERM || pl_group_open(&group, value->mv_data, value->mv_size);
  return good ? PL_OK : pl_fail(c->from->err, PL_MSG_COPY_VALUE, pl_db_names[db], "a value is damaged");
}

static pl_status put(copier* c, pl_db db, MDB_val* key, MDB_val* value) {
  const int rc = mdb_put(c->txn->mdb, c->to->dbs[db], key, value, MDB_APPEND);
  if (rc == MDB_KEYEXIST || rc == MDB_BAD_VALSIZE) {
    return pl_fail(c->from->err, PL_MSG_COPY_VALUE, pl_db_names[db], "its keys are out of order");
  }
  return rc ? pl_mdb_fail(c->from->err, rc, "cannot write the copy") : PL_OK;
}

static pl_status copy_value(copier* c, pl_db db, MDB_val* key, MDB_val* value) {
  bool full;
  PL_TRY(look_at(c, db, key, value));
  PL_TRY(put(c, db, key, value));
  PL_TRY(copied(c, key->mv_size + value->mv_size, &full));
  if (!full) {
    return PL_OK;
  }
  PL_TRY(commit(c));
  return pl_txn_begin(c->to, true, c->from->err, &c->txn);
}

static pl_status copy_values(copier* c, pl_db db) {
  MDB_cursor* cursor;
  MDB_val key, value;
  pl_read_ahead ahead = {0};
  pl_status status = PL_OK;
  int rc = mdb_cursor_open(c->from->mdb, c->from->store->dbs[db], &cursor);
  if (rc) {
    return pl_mdb_fail(c->from->err, rc, "cannot read the store");
  }
  for (rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST); rc == 0 && status == PL_OK;
       rc = status == PL_OK ? mdb_cursor_get(cursor, &key, &value, MDB_NEXT) : 0) {
    pl_read_ahead_at(&ahead, value.mv_data);
    status = copy_value(c, db, &key, &value);
  }
  mdb_cursor_close(cursor);
  return status == PL_OK && rc != MDB_NOTFOUND ? pl_mdb_fail(c->from->err, rc, "cannot read the store") : status;
}

// ---- rows appended anew -------------------------------------------------------------------------------------------

/// Room for the rows of one block, as columns and row after row.
typedef struct block_room {
  pl_index_rows rows;                                       ///< as columns
  uint64_t flat[PL_BLOCK_ROWS_MAX * PL_BLOCK_COLUMNS_MAX];  ///< row after row
} block_room;

static pl_status append_block(copier* c, const pl_index_cursor* cursor, block_room* room, pl_index_append* append) {
  const uint32_t columns = cursor->index.columns;
  bool full;
  PL_TRY(pl_index_rows_decode(&room->rows, cursor, 0));
  for (uint32_t k = 0; k < columns; k++) {
    const uint64_t* const column = room->rows.rows.column[k];
    for (uint32_t i = 0; i < cursor->block.rows; i++) {
      room->flat[i * columns + k] = column[i];
    }
  }
  PL_TRY(pl_index_append_rows(append, room->flat, cursor->block.rows));
  PL_TRY(copied(c, cursor->bytes, &full));
  if (!full) {
    return PL_OK;
  }
  c->uncommitted = 0;
  PL_TRY(pl_index_append_commit(append, &c->txn));
  pl_place_start_writing(c->to);
  return PL_OK;
}

static pl_status append_blocks(copier* c, pl_index_cursor* cursor, block_room* room, pl_index_append* append) {
  pl_status status = pl_index_cursor_move(cursor, MDB_FIRST);
  while (status == PL_OK) {
    PL_TRY(append_block(c, cursor, room, append));
    status = pl_index_cursor_move(cursor, MDB_NEXT);
  }
  return status == PL_NOT_FOUND ? PL_OK : status;
}

static pl_status repack(copier* c, pl_db db) {
  const pl_index index = pl_index_of(c->from, db);
  pl_mem* const mem = &c->from->mem;
  pl_index_cursor cursor = {.mdb = NULL};
  pl_index_append* append = NULL;
  block_room* const room = pl_mem_calloc(mem, 1, sizeof *room);
  pl_status status =
      room ? pl_index_rows_init(&room->rows, mem, index, PL_BLOCK_ROWS_MAX) : pl_fail(c->from->err, PL_MSG_NOMEM);
  if (status == PL_OK) {
    status = pl_index_cursor_open(index, &cursor);
  }
  if (status == PL_OK) {
    status = pl_index_append_open(pl_index_of(c->txn, db), PL_INDEX_FILL_PERCENT, mem, &append);
  }
  if (status == PL_OK) {
    status = append_blocks(c, &cursor, room, append);
  }
  if (status == PL_OK) {
    status = pl_index_append_finish(append);
  } else {
    pl_index_append_abort(append);
  }
  pl_index_cursor_close(&cursor);
  if (room) {
    pl_index_rows_free(&room->rows);
  }
  pl_mem_free(mem, room, sizeof *room);
  return status;
}

// ---- the whole store ----------------------------------------------------------------------------------------------

/// Empty the new store, which has the known terms and settings of every new one, and give it the settings and totals of
/// the source: each later transaction starts from these.
static pl_status start(copier* c) {
  PL_TRY(pl_txn_begin(c->to, true, c->from->err, &c->txn));
  for (int db = 0; db < PL_DB_COUNT; db++) {
    const int rc = mdb_drop(c->txn->mdb, c->to->dbs[db], 0);
    if (rc) {
      return pl_mdb_fail(c->from->err, rc, "cannot write the copy");
    }
  }
  PL_TRY(copy_values(c, PL_DB_META));
  c->txn->totals = c->from->totals;
  c->txn->next_key = c->from->next_key;
  c->txn->next_assertion = c->from->next_assertion;
  return commit(c);
}

static pl_status copy_databases(copier* c) {
  PL_TRY(start(c));
  for (pl_db db = 0; db < PL_DB_COUNT; db++) {
    if (db == PL_DB_META || c->from->store->dbs[db] == 0) {
      continue;  // copied; or not there in a file of an earlier version
    }
    PL_TRY(pl_txn_begin(c->to, true, c->from->err, &c->txn));
    PL_TRY(c->repack && pl_db_columns(db) ? repack(c, db) : copy_values(c, db));
    PL_TRY(commit(c));
  }
  return PL_OK;
}

static pl_status count_entries(copier* c) {
  *c->work = (pl_work){.phase = "copying"};
  for (int db = 0; db < PL_DB_COUNT; db++) {
    MDB_stat stat;
    const MDB_dbi dbi = c->from->store->dbs[db];
    const int rc = dbi ? mdb_stat(c->from->mdb, dbi, &stat) : 0;
    if (rc) {
      return pl_mdb_fail(c->from->err, rc, "cannot read the store");
    }
    c->work->total += dbi ? stat.ms_entries : 0;
  }
  return PL_OK;
}

static pl_status copy_all(copier* c) {
  PL_TRY(count_entries(c));
  const pl_status status = copy_databases(c);
  pl_txn_abort(c->txn);  // what a failure left open
  c->txn = NULL;
  return status;
}

/// Keeps the first finding.
static void on_damage(void* user, const char* text) {
  char* const first = user;
  if (!first[0]) {
    (void)snprintf(first, FINDING_BYTES, "%s", text);
  }
}

static pl_status verify(copier* c) {
  char first[FINDING_BYTES] = "";
  const pl_check_options checking = {
      .guard = c->options->guard, .work = c->options->work, .on_damage = on_damage, .user = first};
  pl_check_report report;
  pl_txn* txn;
  PL_TRY(pl_txn_begin(c->to, false, c->from->err, &txn));
  const pl_status status = pl_check(txn, &checking, &report);
  pl_txn_abort(txn);
  return status == PL_OK && report.damage_count > 0 ? pl_fail(c->from->err, PL_MSG_COPY_DAMAGED, first) : status;
}

pl_status pl_copy_make(pl_txn* from, const pl_build_place* place, bool repacked, const pl_copy_options* options) {
  const pl_store_options* const like = &from->store->options;
  const pl_store_options making = {.create = true,
                                   .exclusive = true,
                                   .private_folder = true,
                                   .durability = PL_SYNC_NONE,
                                   .threads = like->threads,
                                   .realloc_fn = like->realloc_fn,
                                   .realloc_user = like->realloc_user};
  copier c = {.from = from, .repack = repacked, .options = options};
  c.work = options->work ? options->work : &c.no_work;
  PL_TRY(pl_store_open(place->store_path, &making, from->err, &c.to));
  pl_status status = copy_all(&c);
  if (status == PL_OK && !options->skip_check) {
    status = verify(&c);
  }
  pl_store_close(c.to);
  *c.work = (pl_work){.phase = "syncing"};
  return status;
}

// ---- backup -------------------------------------------------------------------------------------------------------

/// A copy is not readable for more people than the store itself.
static pl_status keep_mode(const pl_txn* from, const pl_build_place* place) {
  struct stat source, made;
  const int rc = pl_env_stat(from->store->env, &source);
  if (rc != 0 || stat(place->store_path, &made) != 0 ||
      chmod(place->store_path, source.st_mode & made.st_mode & 0777) != 0) {
    return pl_fail(from->err, PL_MSG_BUILD_PUBLISH, place->path, mdb_strerror(rc ? rc : errno));
  }
  return PL_OK;
}

pl_status pl_copy_backup(pl_txn* from, const char* path, const pl_copy_options* options) {
  pl_build_place place;
  pl_status status = pl_place_open(&place, path, &from->arena, from->err);
  if (status == PL_OK) {
    status = pl_copy_make(from, &place, false, options);
  }
  if (status == PL_OK) {
    status = keep_mode(from, &place);
  }
  if (status == PL_OK) {
    status = pl_guard_check(options->guard, from->err);
  }
  if (status == PL_OK) {
    status = pl_place_publish(&place, from->err);
  }
  pl_place_discard(&place);
  return status;
}
