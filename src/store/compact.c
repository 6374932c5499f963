/// Compacting: a repacked copy takes the place of the store.
///
/// The store is held exclusively (pl_env_exclusive_begin), so nobody reads or writes it and whoever opens it waits. The
/// old file is only read, and rename is atomic: killed at any moment, the name leads to one whole store or the other,
/// and what stands in the building folder is removed by whoever builds there next.
#include "store/copy.h"
#include "store/env_internal.h"
#include "store/place.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct compaction {
  const char* path;                ///< as given, for messages
  const char* file;                ///< the file's one name
  const pl_copy_options* options;  ///< the caller's
  pl_store_options open;           ///< how to open the store
  pl_error* err;                   ///< borrowed
  pl_arena arena;                  ///< names of the place
  struct stat old;                 ///< the file
  struct stat made;                ///< its copy
} compaction;

/// Mode and owner of the old file. Who may not give a file away keeps it; the group is then tried alone.
static int take_over(const compaction* c, const char* made) {
  if (chown(made, c->old.st_uid, c->old.st_gid) != 0 && chown(made, (uid_t)-1, c->old.st_gid) != 0 && errno != EPERM) {
    return errno;
  }
  return chmod(made, c->old.st_mode & 0777) == 0 ? 0 : errno;  // after chown, which may clear bits
}

static pl_status copy(compaction* c, const pl_build_place* place) {
  pl_store* store;
  pl_txn* txn;
  PL_TRY(pl_store_open(c->file, &c->open, c->err, &store));
  pl_status status = pl_txn_begin(store, false, c->err, &txn);
  if (status == PL_OK) {
    status = pl_copy_make(txn, place, true, c->options);
    pl_txn_abort(txn);
  }
  pl_store_close(store);
  return status;
}

/// The lock file has the transaction number of the old file, so it goes with it. Who waits for its lock sees that the
/// store was replaced, and opens anew (env.c).
static void drop_lock_file(const compaction* c) {
  char name[PL_LOCK_NAME_BYTES];
  if (pl_env_lock_name(c->file, name)) {
    (void)unlink(name);
  }
}

static pl_status replace(compaction* c, pl_build_place* place) {
  bool replaced;
  PL_TRY(copy(c, place));
  if (stat(place->store_path, &c->made) != 0) {
    return pl_fail(c->err, PL_MSG_BUILD_PUBLISH, c->path, strerror(errno));
  }
  if (c->made.st_size >= c->old.st_size) {
    c->made.st_size = c->old.st_size;  // nothing to gain: the file stays
    return PL_OK;
  }
  const int rc = take_over(c, place->store_path);
  if (rc) {
    return pl_fail(c->err, PL_MSG_BUILD_PUBLISH, c->path, strerror(rc));
  }
  PL_TRY(pl_guard_check(c->options->guard, c->err));
  const pl_status status = pl_place_replace(place, &replaced, c->err);
  if (replaced) {
    drop_lock_file(c);
  }
  return status;
}

static pl_status compact_held(compaction* c) {
  pl_build_place place;
  if (stat(c->file, &c->old) != 0) {
    return pl_fail(c->err, PL_MSG_STORE_CANTOPEN, c->path, strerror(errno));
  }
  pl_status status = pl_place_open_beside(&place, c->file, &c->arena, c->err);
  if (status == PL_OK) {
    status = replace(c, &place);
  }
  pl_place_discard(&place);
  return status;
}

/// Is it a store, and may we write it? Opened once as everybody would, so that the messages are those of opening.
static pl_status look(const compaction* c) {
  pl_store* store;
  pl_store_options open = c->open;
  open.unlocked = false;
  open.no_wait = true;
  if (access(c->file, F_OK) == 0 && access(c->file, W_OK) != 0) {
    return pl_fail(c->err, PL_MSG_COMPACT_READONLY, c->path);
  }
  PL_TRY(pl_store_open(c->path, &open, c->err, &store));
  pl_store_close(store);
  return PL_OK;
}

pl_status pl_copy_compact(const char* path, const pl_store_options* open, const pl_copy_options* options, pl_error* err,
                          pl_compact_summary* summary) {
  char file[PATH_MAX];
  pl_mem mem;
  pl_env_exclusive* held;
  compaction c = {.path = path, .file = file, .options = options, .open = *open, .err = err};
  *summary = (pl_compact_summary){0};
  c.open.readonly = c.open.unlocked = true;
  PL_TRY(pl_env_resolve(path, file, err));
  PL_TRY(look(&c));
  PL_TRY(pl_env_exclusive_begin(file, path, err, &held));
  pl_mem_init(&mem, open->realloc_fn, open->realloc_user, SIZE_MAX);
  pl_arena_init(&c.arena, &mem);
  const pl_status status = compact_held(&c);
  pl_arena_free(&c.arena);
  pl_env_exclusive_end(held);
  if (status == PL_OK) {
    *summary = (pl_compact_summary){(uint64_t)c.old.st_size, (uint64_t)c.made.st_size};
  }
  return status;
}
