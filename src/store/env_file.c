/// A look at an LMDB file before it is mapped, and at its trees before LMDB follows them.
///
/// LMDB believes its file. Opening it reads the two meta pages only, so they are judged with pread before. Then, in a
/// read transaction, whose pages nobody uses anew, the trees of that snapshot are walked (pages.h): all that LMDB follows
/// when it reads. Before the first write of the process the list of free pages is walked as well. What is not looked at
/// here are the headers of overflow pages, which LMDB reads only when it replaces or deletes a value: that would be a
/// read of every page of the file. Whoever does that to a value looks at its header first (pl_env_value_sound).
#include "store/env_internal.h"
#include "store/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SNAPSHOT_TRIES = 64 };

/// Whether this is LMDB's file at all: then a damaged meta page is damage, and else the file is something else.
static pl_status metas_wrong(const char* path, const pl_page_meta metas[2], const char* const why[2], pl_error* err) {
  char text[128];
  if (metas[0].page_bytes == 0 && metas[1].page_bytes == 0) {
    return pl_fail(err, PL_MSG_STORE_FOREIGN, path);
  }
  (void)snprintf(text, sizeof text, "page %d %s", why[0] ? 0 : 1, why[0] ? why[0] : why[1]);
  return pl_fail(err, PL_MSG_STORE_PAGES, path, text);
}

static pl_status check_metas(int fd, const struct stat* st, const char* path, pl_error* err) {
  pl_page_meta metas[2];
  const char* why[2];
  if (!pl_page_metas(fd, metas, why)) {
    if (!why[0] && (uint64_t)st->st_size < 2 * (uint64_t)metas[0].page_bytes) {
      return pl_fail(err, PL_MSG_STORE_SHORT, path,
                     (unsigned long long)(2 * (uint64_t)metas[0].page_bytes - (uint64_t)st->st_size));
    }
    return metas_wrong(path, metas, why, err);
  }
  // Address space is reserved for all pages that are counted, so a count that cannot be is refused before.
  for (int i = 0; i < 2; i++) {
    const uint64_t pages = (uint64_t)st->st_size / metas[i].page_bytes;
    if (!pl_page_count_possible(&metas[i], pages)) {
      return pl_fail(err, PL_MSG_STORE_SHORT, path,
                     (unsigned long long)((metas[i].last_page + 1) * metas[i].page_bytes - (uint64_t)st->st_size));
    }
  }
  return PL_OK;
}

static pl_status check_open_file(int fd, const char* path, bool* empty, pl_error* err) {
  struct stat st;
  if (fstat(fd, &st) != 0) {
    return pl_fail(err, PL_MSG_STORE_CANTOPEN, path, strerror(errno));
  }
  if (!S_ISREG(st.st_mode)) {
    return pl_fail(err, PL_MSG_STORE_NOT_FILE, path, S_ISDIR(st.st_mode) ? "a directory" : "a device or pipe");
  }
  *empty = st.st_size == 0;
  return *empty ? PL_OK : check_metas(fd, &st, path, err);
}

pl_status pl_env_file_check(const char* path, bool* empty, pl_error* err) {
  // O_NONBLOCK: a pipe without a writer must not hang us.
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) {
    return errno == ENOENT ? pl_fail(err, PL_MSG_STORE_MISSING, path)
                           : pl_fail(err, PL_MSG_STORE_CANTOPEN, path, strerror(errno));
  }
  const pl_status status = check_open_file(fd, path, empty, err);
  (void)close(fd);  // read only: nothing can be lost
  return status;
}

// ---- the trees ----------------------------------------------------------------------------------------------------

bool pl_env_snapshot_meta(const pl_txn* txn, int* fd, pl_page_meta* out) {
  pl_page_meta metas[2];
  const char* why[2];
  if (mdb_env_get_fd(txn->store->env, fd) != 0) {
    return false;
  }
  if (txn->has_meta) {
    *out = txn->meta;
    return true;
  }
  const uint64_t number = mdb_txn_id(txn->mdb) - (txn->write ? 1 : 0);  // a writer starts from the one before its own
  (void)pl_page_metas(*fd, metas, why);
  for (int i = 0; i < 2; i++) {
    if (!why[i] && metas[i].number == number) {
      *out = metas[i];
      return true;
    }
  }
  return false;
}

static pl_status no_meta(const pl_store* store, pl_error* err) {
  return pl_fail(err, PL_MSG_STORE_LOCK_FILE, store->path, "it counts other transactions than the store");
}

pl_status pl_txn_begin_walkable(pl_store* store, bool bare, pl_error* err, pl_txn** out) {
  for (int i = 0; i < SNAPSHOT_TRIES; i++) {
    int fd;
    PL_TRY(bare ? pl_txn_begin_bare(store, false, err, out) : pl_txn_begin(store, false, err, out));
    (*out)->has_meta = pl_env_snapshot_meta(*out, &fd, &(*out)->meta);
    if ((*out)->has_meta) {
      return PL_OK;
    }
    pl_txn_abort(*out);  // two commits since it began have written both meta pages
    *out = NULL;
  }
  return no_meta(store, err);
}

static pl_status walk_failed(const pl_store* store, const pl_page_meta* meta, const pl_pages_report* report,
                             pl_error* err) {
  if (report->foreign) {
    return pl_fail(err, PL_MSG_STORE_FOREIGN, store->path);
  }
  const uint64_t counted = meta->last_page + 1;
  if (report->missing && counted > report->file_pages) {
    return pl_fail(err, PL_MSG_STORE_SHORT, store->path,
                   (unsigned long long)((counted - report->file_pages) * meta->page_bytes));
  }
  return pl_fail(err, PL_MSG_STORE_PAGES, store->path, report->first);
}

/// Where the header record lies in the file: with where it lies in memory it tells where the file is mapped.
static pl_status note_header(void* user, const pl_page_entry* entry) {
  uint64_t* const offset = user;
  if (*offset == 0 && entry->value && entry->key_bytes == strlen("header") &&
      memcmp(entry->key, "header", entry->key_bytes) == 0) {
    *offset = entry->offset;
  }
  return PL_OK;
}

static void note_map(const pl_txn* txn, const pl_page_meta* meta, uint64_t header) {
  struct pl_env_shared* const shared = txn->store->shared;
  char name[] = "header";
  MDB_val key = {strlen(name), name};
  MDB_val value;
  MDB_envinfo info;
  MDB_dbi dbi;
  shared->page_bytes = meta->page_bytes;
  shared->map = NULL;
  if (header != 0 && mdb_dbi_open(txn->mdb, pl_db_names[PL_DB_META], 0, &dbi) == 0 &&
      mdb_get(txn->mdb, dbi, &key, &value) == 0 && mdb_env_info(txn->store->env, &info) == 0) {
    shared->map = (const uint8_t*)value.mv_data - header;
    shared->map_bytes = info.me_mapsize;
  }
}

/// *header: where the header record lies in the file, 0 = not in a leaf.
static pl_status walk(pl_txn* txn, unsigned flags, pl_page_meta* meta, uint64_t* header) {
  pl_pages_report report;
  pl_pages_options options = {.meta = meta,
                              .mem = &txn->mem,
                              .flags = flags,
                              .on_entry = note_header,
                              .only = pl_db_names[PL_DB_META],
                              .user = header};
  if (!pl_env_snapshot_meta(txn, &options.fd, meta)) {
    return no_meta(txn->store, txn->err);
  }
  PL_TRY(pl_pages_walk(&options, &report, txn->err));
  return report.damage > 0 ? walk_failed(txn->store, meta, &report, txn->err) : PL_OK;
}

pl_status pl_env_walk(pl_txn* txn, unsigned flags) {
  pl_page_meta meta;
  uint64_t header = 0;
  PL_TRY(walk(txn, flags, &meta, &header));
  note_map(txn, &meta, header);
  return PL_OK;
}

pl_status pl_env_walk_free(pl_txn* txn) {
  pl_page_meta meta;
  uint64_t header = 0;
  return txn->store->options.trusted ? PL_OK : walk(txn, PL_PAGES_FREE, &meta, &header);
}

// ---- standard streams ---------------------------------------------------------------------------------------------

bool pl_env_streams_hold(unsigned* held) {
  *held = 0;
  for (;;) {
    const int fd = open("/", O_PATH | O_CLOEXEC);
    if (fd < 0) {
      return false;
    }
    if (fd > STDERR_FILENO) {
      return close(fd) == 0;
    }
    *held |= 1U << fd;
  }
}

void pl_env_streams_release(unsigned held) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if ((held & 1U << fd) != 0) {
      (void)close(fd);  // refers to no file's content
    }
  }
}
