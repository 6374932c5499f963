/// Opening a store: a handle over the process's one environment for the file.
///
/// Before LMDB sees a file, its meta pages and its lock file are looked at (env_file.c, env_lock.c); before it follows
/// the file's trees, they are walked (pages.h). What the process has open stands in a list (env_registry.c).
#include "store/env_internal.h"
#include "store/meta.h"
#include "term/names.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define READERS_MAX 1024u
#define MAP_BYTES ((size_t)1 << 40)
#define MAP_BYTES_MIN ((size_t)1 << 24)
#define LOCK_FILE_BYTES ((off_t)READERS_MAX * 64 + 4096)  ///< a cache line for each reader, and LMDB's header
#define WAIT_STEP_NS 2000000L  ///< between two looks at a lock file that another process has for itself

enum { NO_WAIT_STEPS = 50, REPLACED_MAX = 16 };

const char* const pl_db_names[PL_DB_COUNT] = {
    [PL_DB_SPO] = "spo",     [PL_DB_POS] = "pos",   [PL_DB_OSP] = "osp",   [PL_DB_PSO] = "pso",
    [PL_DB_CSPO] = "cspo",   [PL_DB_CPO] = "cpo",   [PL_DB_POC] = "poc",   [PL_DB_IDENTITY] = "identity",
    [PL_DB_HASH] = "hash",   [PL_DB_TERM] = "term", [PL_DB_LONG] = "long", [PL_DB_AFFIX] = "affix",
    [PL_DB_STATS] = "stats", [PL_DB_META] = "meta", [PL_DB_TEXT] = "text"};

static char* copy_bytes(pl_mem* mem, const char* data, size_t len) {
  char* const copy = pl_mem_alloc(mem, len + 1);
  if (copy) {
    memcpy(copy, data, len);
    copy[len] = 0;
  }
  return copy;
}

// ---- the environment ----------------------------------------------------------------------------------------------

/// The system reads nothing ahead by itself; what is read in order is asked for (read_ahead.h).
static int env_try(const char* path, unsigned flags, size_t map_bytes, MDB_env** out) {
  MDB_env* env = NULL;
  int rc = mdb_env_create(&env);
  if (rc != 0) {
    return rc;
  }
  rc = mdb_env_set_maxreaders(env, READERS_MAX);
  rc = rc ? rc : mdb_env_set_maxdbs(env, PL_DB_COUNT);
  rc = rc ? rc : mdb_env_set_mapsize(env, map_bytes);
  rc = rc ? rc : mdb_env_open(env, path, flags | MDB_NOSUBDIR | MDB_NOTLS | MDB_NORDAHEAD, PL_FILE_MODE);
  if (rc != 0) {
    mdb_env_close(env);
    return rc;
  }
  *out = env;
  return 0;
}

/// Reserve as much address space as the system grants; one that knows no such sizes calls them invalid.
static int env_reserve(const char* path, unsigned flags, size_t map_bytes, MDB_env** out) {
  int rc = env_try(path, flags, map_bytes, out);
  for (size_t bytes = map_bytes / 2; (rc == ENOMEM || rc == EINVAL) && bytes >= MAP_BYTES_MIN; bytes /= 2) {
    rc = env_try(path, flags, bytes, out);
  }
  return rc;
}

/// True if there is no lock file and the folder does not let us make one: then no writer of ours can be at work either.
static bool lock_file_impossible(const pl_store* store) {
  char name[PL_LOCK_NAME_BYTES];
  return pl_env_lock_name(store->file, name) && access(name, F_OK) != 0 && errno == ENOENT;
}

/// LMDB maps the lock file and writes wherever a reader takes a slot. Where the disk has no room for that page the process
/// would die of it, so the file has all of its room before it is mapped. Nobody else in this process has it open: closing
/// it here drops no lock. 0, or the reason why there is no room.
static int reserve_lock_file(const pl_store* store) {
  char name[PL_LOCK_NAME_BYTES];
  if (!pl_env_lock_name(store->file, name)) {
    return ENAMETOOLONG;
  }
  const int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, PL_FILE_MODE);
  if (fd < 0) {
    return 0;  // LMDB will say why
  }
  int rc = 0;
  while (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, LOCK_FILE_BYTES) != 0 && rc == 0) {
    rc = errno == EINTR ? 0 : errno;
  }
  (void)close(fd);                                            // nothing was written
  return rc == ENOSPC || rc == EDQUOT || rc == EIO ? rc : 0;  // not every file system can reserve
}

static pl_status open_failed(const pl_store* store, int rc, pl_error* err) {
  switch (rc) {
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
      return pl_fail(err, PL_MSG_STORE_FOREIGN, store->path);
    case ENOENT:
      return pl_fail(err, PL_MSG_STORE_MISSING, store->path);
    case ENOMEM:
      return pl_fail(err, PL_MSG_NOMEM);
    default:
      return pl_fail(err, PL_MSG_STORE_CANTOPEN, store->path, mdb_strerror(rc));
  }
}

/// Address space for a store and its growth: what is usual, or twice a file that has come near to that.
static size_t room_for(const char* file) {
  struct stat st;
  size_t bytes = MAP_BYTES;
  while (stat(file, &st) == 0 && (size_t)st.st_size > bytes / 2 && bytes < SIZE_MAX / 4) {
    bytes *= 2;
  }
  return bytes;
}

/// A file that may be written is mapped for writing also for a read-only handle, so that a later handle can share it;
/// the handle refuses.
static pl_status env_open(pl_store* store, bool exists, pl_error* err) {
  struct pl_env_shared* const shared = store->shared;
  const size_t map_bytes = store->options.map_bytes ? store->options.map_bytes : room_for(store->file);
  const bool readonly = store->options.readonly;
  shared->readonly = store->options.unlocked || (readonly && exists && access(store->file, W_OK) != 0);
  const unsigned flags = store->options.unlocked ? MDB_RDONLY | MDB_NOLOCK : shared->readonly ? MDB_RDONLY : 0;
  int rc = flags & MDB_NOLOCK ? 0 : reserve_lock_file(store);
  rc = rc ? rc : env_reserve(store->file, flags, map_bytes, &shared->env);
  if (rc != 0 && readonly && !shared->readonly) {
    shared->readonly = true;
    rc = env_reserve(store->file, MDB_RDONLY, map_bytes, &shared->env);
  }
  if ((rc == EACCES || rc == EROFS || rc == EPERM) && readonly && lock_file_impossible(store)) {
    rc = env_reserve(store->file, MDB_RDONLY | MDB_NOLOCK, map_bytes, &shared->env);
  }
  if (rc != 0) {
    return open_failed(store, rc, err);
  }
  int dead = 0;
  rc = mdb_reader_check(shared->env, &dead);
  return rc == 0 ? PL_OK : open_failed(store, rc, err);
}

/// Where a store is whole (which the walk has told) but its last pages, taken and given back, were never written, give the file its full length,
/// so that the next opening need not look closer (env_file.c). fallocate never shortens a file that another process is
/// extending.
static void env_complete(const struct pl_env_shared* shared) {
  MDB_envinfo info;
  MDB_stat stat;
  struct stat st;
  int fd = -1;
  if (!shared->walked || !shared->writable || shared->readonly || mdb_env_get_fd(shared->env, &fd) != 0 ||
      mdb_env_info(shared->env, &info) != 0 || mdb_env_stat(shared->env, &stat) != 0 || fstat(fd, &st) != 0) {
    return;
  }
  const off_t length = (off_t)((info.me_last_pgno + 1) * stat.ms_psize);
  if (st.st_size < length) {
    (void)fallocate(fd, 0, length - 1, 1);  // only a convenience: a failure costs the next opening some time
  }
}

int pl_env_stat(MDB_env* env, struct stat* out) {
  int fd = -1;
  const int rc = mdb_env_get_fd(env, &fd);
  return rc ? rc : fstat(fd, out) == 0 ? 0 : errno;
}

// ---- the registry -------------------------------------------------------------------------------------------------

/// Shared parts outlive the handle that made them, so they come from the C heap and not from a handle's allocator.
static struct pl_env_shared* shared_new(void) {
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  struct pl_env_shared* const shared = pl_mem_calloc(&mem, 1, sizeof *shared);
  if (shared) {
    shared->pid = getpid();
    shared->forks = pl_env_forks();
    shared->handles = 1;
    (void)pthread_mutex_init(&shared->lock, NULL);  // cannot fail with default attributes on Linux
    (void)pthread_cond_init(&shared->changed, NULL);
  }
  return shared;
}

static void shared_free(struct pl_env_shared* shared) {
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  mem.bytes_used = sizeof *shared;
  if (shared->env) {
    env_complete(shared);
    mdb_env_close(shared->env);
  }
  (void)pthread_cond_destroy(&shared->changed);
  (void)pthread_mutex_destroy(&shared->lock);
  pl_mem_free(&mem, shared, sizeof *shared);
}

static void shared_release(struct pl_env_shared* shared) {
  if (shared->pid != getpid() || --shared->handles > 0) {
    return;  // an inherited environment belongs to the parent: touching it would release the parent's locks
  }
  pl_env_registry_remove(shared);
  shared_free(shared);
}

static pl_status shared_register(struct pl_env_shared* shared, const char* path, pl_error* err) {
  struct stat st;
  const int rc = pl_env_stat(shared->env, &st);
  if (rc != 0) {
    return pl_fail(err, PL_MSG_STORE_CANTOPEN, path, mdb_strerror(rc));
  }
  shared->device = st.st_dev;
  shared->inode = st.st_ino;
  pl_env_registry_add(shared);
  return PL_OK;
}

static pl_status join(pl_store* store, struct pl_env_shared* shared, pl_error* err) {
  if (shared->readonly && !store->options.readonly) {
    return pl_fail(err, PL_MSG_STORE_OPEN_READONLY, store->path);
  }
  shared->handles++;
  store->shared = shared;
  return PL_OK;
}

/// What stands under the name; a new file is made if that is asked for.
static pl_status look(pl_store* store, pl_error* err, struct stat* st, bool* exists) {
  const pl_store_options* const options = &store->options;
  *exists = stat(store->file, st) == 0;
  if (!*exists && (errno != ENOENT || !options->create || options->readonly)) {
    return errno == ENOENT ? pl_fail(err, PL_MSG_STORE_MISSING, store->path)
                           : pl_fail(err, PL_MSG_STORE_CANTOPEN, store->path, strerror(errno));
  }
  const bool sync = options->durability != PL_SYNC_NONE;
  if (!*exists && !options->private_folder && !pl_env_make_file(store->file, PL_FILE_MODE, sync)) {
    *exists = stat(store->file, st) == 0;  // another process was faster
  }
  if (*exists && options->create && options->exclusive) {
    return pl_fail(err, PL_MSG_STORE_EXISTS, store->path);
  }
  return *exists && S_ISREG(st->st_mode) && st->st_nlink > 1 ? pl_fail(err, PL_MSG_STORE_LINKED, store->path) : PL_OK;
}

/// The lock file is fit for LMDB. *again: another process had the store for itself and we have waited; what stands under
/// the name now may be another file.
static pl_status lock_ready(pl_store* store, pl_error* err, bool* again) {
  const pl_store_options* const options = &store->options;
  for (int step = 0;; step++) {
    bool busy = false;
    PL_TRY(pl_env_lock_check(store->file, store->path, err, &busy));
    *again = step > 0;
    if (!busy) {
      return PL_OK;
    }
    if (options->no_wait && step >= NO_WAIT_STEPS) {  // making a lock file takes others a moment
      return pl_fail(err, PL_MSG_STORE_IN_USE, store->path, "another process");
    }
    if (options->interrupt && atomic_load(options->interrupt) != 0) {
      return pl_fail(err, PL_MSG_INTERRUPTED);
    }
    if (step == NO_WAIT_STEPS && options->on_wait) {
      options->on_wait(options->on_wait_user);
    }
    const struct timespec wait = {0, WAIT_STEP_NS};
    pl_env_registry_unlock();
    (void)nanosleep(&wait, NULL);  // cut short by a signal: just look again
    pl_env_registry_lock();
  }
}

/// The file that LMDB has opened is the one that stands under the name, and the one that was there (`before`, if
/// `exists`) when the lock file was looked at. Else it was replaced meanwhile, and its lock file with it.
static bool is_current(const pl_store* store, bool exists, const struct stat* before) {
  struct stat named, opened;
  return pl_env_stat(store->shared->env, &opened) == 0 && stat(store->file, &named) == 0 &&
         pl_same_file(&named, &opened) && (!exists || pl_same_file(before, &opened));
}

/// One try for the environment of the file, new or shared, into store->shared. *again: the file was replaced.
static pl_status attach_once(pl_store* store, pl_error* err, bool* again) {
  const pl_store_options* const options = &store->options;
  struct stat st;
  bool exists = false;
  *again = false;
  PL_TRY(look(store, err, &st, &exists));
  if (!options->unlocked && pl_env_registry_holds(store->file)) {
    return pl_fail(err, PL_MSG_STORE_IN_USE, store->path, "this process");
  }
  struct pl_env_shared* const known = exists ? pl_env_registry_find(&st) : NULL;
  if (known) {
    return join(store, known, err);
  }
  if (!options->unlocked) {
    PL_TRY(lock_ready(store, err, again));
  }
  if (*again) {
    return PL_OK;
  }
  bool empty = true;
  if (exists) {
    PL_TRY(pl_env_file_check(store->path, &empty, err));
  }
  if (empty && !options->create) {
    return pl_fail(err, PL_MSG_STORE_EMPTY, store->path);
  }
  store->shared = shared_new();
  if (!store->shared) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  PL_TRY(env_open(store, exists, err));
  if (!is_current(store, exists, &st)) {
    shared_free(store->shared);
    store->shared = NULL;
    *again = true;
    return PL_OK;
  }
  return shared_register(store->shared, store->path, err);
}

static pl_status attach(pl_store* store, pl_error* err) {
  for (int i = 0; i < REPLACED_MAX; i++) {
    bool again;
    PL_TRY(attach_once(store, err, &again));
    if (!again) {
      return PL_OK;
    }
  }
  return pl_fail(err, PL_MSG_STORE_IN_USE, store->path, "another process");
}

// ---- databases ----------------------------------------------------------------------------------------------------

static int dbs_open(pl_store* store, MDB_txn* mdb, unsigned flags) {
  int rc = 0;
  for (int db = 0; rc == 0 && db < PL_DB_COUNT; db++) {
    store->dbs[db] = 0;
    rc = mdb_dbi_open(mdb, pl_db_names[db], flags, &store->dbs[db]);
    rc = rc == MDB_NOTFOUND && db == PL_DB_TEXT ? 0 : rc;  // files of earlier versions have none
  }
  return rc;
}

static void dbs_keep(pl_store* store) {
  memcpy(store->shared->dbs, store->dbs, sizeof store->dbs);
  store->shared->dbs_open = true;
}

static bool has_entries(MDB_txn* mdb, MDB_dbi dbi) {
  MDB_stat stat;
  return mdb_stat(mdb, dbi, &stat) != 0 || stat.ms_entries > 0;
}

/// Nothing in the file at all: making it was cut short before the first commit.
static bool is_blank(MDB_txn* mdb) {
  MDB_dbi main_db;
  return mdb_dbi_open(mdb, NULL, 0, &main_db) == 0 && !has_entries(mdb, main_db);
}

/// Make all databases, the header and the known terms, unless another thread or process did so while we waited for the
/// writer's lock. That may take long and calls the caller back, so the registry is free meanwhile. Nobody waits for a
/// writer while holding the registry, so taking it again waits only for other openings.
static pl_status create(pl_store* store, pl_error* err) {
  pl_txn* txn;
  pl_env_registry_unlock();
  const pl_status begun = pl_txn_begin_bare(store, true, err, &txn);
  pl_env_registry_lock();
  PL_TRY(begun);
  if (store->shared->dbs_open) {
    pl_txn_abort(txn);
    memcpy(store->dbs, store->shared->dbs, sizeof store->dbs);
    return PL_OK;
  }
  const int rc = dbs_open(store, txn->mdb, MDB_CREATE);
  pl_status status = rc == 0 ? PL_OK : pl_mdb_fail(err, rc, "cannot make the store");
  if (status == PL_OK && has_entries(txn->mdb, store->dbs[PL_DB_META])) {
    status = pl_meta_load(txn);
  } else if (status == PL_OK) {
    const pl_str base = store->options.base.len ? store->options.base : PL_STR(PL_BASE_DEFAULT);
    status = pl_meta_create(txn, base);
    status = status == PL_OK ? pl_dict_seed(txn, base) : status;
  }
  if (status != PL_OK) {
    pl_txn_abort(txn);
    return status;
  }
  PL_TRY(pl_txn_commit(txn));
  if (store->options.durability != PL_SYNC_NONE) {
    (void)pl_env_sync_folder(store->file);  // best effort: some file systems cannot sync a folder
  }
  dbs_keep(store);
  return PL_OK;
}

static pl_status dbs_missing(pl_store* store, bool blank, bool damaged, pl_error* err) {
  if (damaged) {
    return pl_fail(err, PL_MSG_STORE_DAMAGED, "one of its databases is missing");
  }
  if (!blank) {
    return pl_fail(err, PL_MSG_STORE_FOREIGN, store->path);
  }
  return store->options.create ? create(store, err) : pl_fail(err, PL_MSG_STORE_EMPTY, store->path);
}

/// Once for each environment: walk the trees before LMDB follows them.
static pl_status walk_once(pl_store* store, pl_error* err) {
  pl_txn* txn;
  if (store->shared->walked || store->options.trusted) {
    return PL_OK;
  }
  PL_TRY(pl_txn_begin_walkable(store, true, err, &txn));
  const pl_status status = pl_env_walk(txn, 0);
  pl_txn_abort(txn);
  store->shared->walked = status == PL_OK;
  return status;
}

static pl_status dbs_attach(pl_store* store, pl_error* err) {
  PL_TRY(walk_once(store, err));
  if (store->shared->dbs_open) {
    memcpy(store->dbs, store->shared->dbs, sizeof store->dbs);
    return PL_OK;
  }
  pl_txn* txn;
  PL_TRY(pl_txn_begin_bare(store, false, err, &txn));
  MDB_dbi meta;
  const int found = mdb_dbi_open(txn->mdb, pl_db_names[PL_DB_META], 0, &meta);
  const bool has_meta = found == 0;
  const bool blank = !has_meta && is_blank(txn->mdb);
  // The system's reasons are above 0; LMDB's own all say that there is no such database.
  const int rc = has_meta ? dbs_open(store, txn->mdb, 0) : found > 0 ? found : MDB_NOTFOUND;
  if (rc == MDB_NOTFOUND) {
    pl_txn_abort(txn);
    return dbs_missing(store, blank, has_meta, err);
  }
  pl_status status = rc == 0 ? PL_OK : pl_mdb_fail(err, rc, "cannot open the store's databases");
  if (status != PL_OK) {
    pl_txn_abort(txn);
    return status;
  }
  PL_TRY(pl_txn_commit(txn));  // handles last only if the transaction that opened them is committed
  if (store->dbs[PL_DB_TEXT] == 0 && !store->options.readonly && !store->shared->readonly) {
    return create(store, err);  // adds what is missing
  }
  dbs_keep(store);
  return PL_OK;
}

static pl_status validate(pl_store* store, pl_error* err) {
  pl_txn* txn;
  PL_TRY(pl_txn_begin_bare(store, false, err, &txn));
  pl_status status = pl_meta_header(txn, NULL);
  if (status == PL_OK) {
    status = pl_meta_load(txn);
  }
  pl_txn_abort(txn);
  return status;
}

// ---- handles ------------------------------------------------------------------------------------------------------

static void store_free(pl_store* store) {
  pl_mem mem = store->mem;
  if (store->path) {
    pl_mem_free(&mem, store->path, strlen(store->path) + 1);
  }
  if (store->file) {
    pl_mem_free(&mem, store->file, strlen(store->file) + 1);
  }
  if (store->options.base.data) {
    pl_mem_free(&mem, (char*)(uintptr_t)store->options.base.data, store->options.base.len + 1);
  }
  (void)pthread_mutex_destroy(&store->lock);
  pl_mem_free(&mem, store, sizeof *store);
}

static pl_store* store_new(const char* path, const char* file, const pl_store_options* options) {
  pl_mem mem;
  pl_mem_init(&mem, options->realloc_fn, options->realloc_user, SIZE_MAX);
  pl_store* const store = pl_mem_calloc(&mem, 1, sizeof *store);
  if (!store) {
    return NULL;
  }
  store->mem = mem;
  store->options = *options;
  store->options.base = (pl_str){NULL, 0};
  (void)pthread_mutex_init(&store->lock, NULL);  // cannot fail with default attributes on Linux
  store->path = copy_bytes(&store->mem, path, strlen(path));
  store->file = copy_bytes(&store->mem, file, strlen(file));
  if (store->path && options->base.len > 0) {
    store->options.base = (pl_str){copy_bytes(&store->mem, options->base.data, options->base.len), options->base.len};
  }
  if (!store->path || !store->file || (options->base.len > 0 && !store->options.base.data)) {
    store_free(store);
    return NULL;
  }
  return store;
}

/// None of the environment's descriptors is the number of a standard stream.
static pl_status attach_above_streams(pl_store* store, pl_error* err) {
  unsigned held;
  const pl_status status = pl_env_streams_hold(&held)
                               ? attach(store, err)
                               : pl_fail(err, PL_MSG_STORE_CANTOPEN, store->path, strerror(errno));
  pl_env_streams_release(held);
  return status;
}

static pl_status store_attach(pl_store* store, pl_error* err) {
  PL_TRY(attach_above_streams(store, err));
  store->env = store->shared->env;
  store->shared->writable |= !store->options.readonly;
  PL_TRY(dbs_attach(store, err));
  return validate(store, err);
}

pl_status pl_store_open(const char* path, const pl_store_options* options, pl_error* err, pl_store** out) {
  static const pl_store_options defaults = {0};
  const pl_store_options* const given = options ? options : &defaults;
  char file[PATH_MAX];
  *out = NULL;
  PL_TRY(pl_env_resolve(path, file, err));
  pl_store* const store = store_new(path, file, given);
  if (!store) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  if (given->base.len > 0 && pl_iri_check(store->options.base) != store->options.base.len) {
    const pl_status status = pl_fail(err, PL_MSG_STORE_BASE, store->options.base.data);
    store_free(store);
    return status;
  }
  pl_env_registry_lock();
  const pl_status status = store_attach(store, err);
  if (status != PL_OK && store->shared) {
    shared_release(store->shared);
  }
  pl_env_registry_unlock();
  if (status != PL_OK) {
    store_free(store);
    return status;
  }
  *out = store;
  return PL_OK;
}

void pl_store_close(pl_store* store) {
  if (!store) {
    return;
  }
  pl_pool_free(store->pool);
  pl_env_registry_lock();
  shared_release(store->shared);
  pl_env_registry_unlock();
  store_free(store);
}

const char* pl_store_path(const pl_store* store) { return store->path; }
pl_mem* pl_store_mem(pl_store* store) { return &store->mem; }

pl_pool* pl_store_pool(pl_store* store) {
  (void)pthread_mutex_lock(&store->lock);
  if (!store->pool && store->options.threads != 1 &&
      pl_pool_new(&store->mem, store->options.threads, &store->pool) != PL_OK) {
    store->pool = NULL;  // one thread does it all
  }
  pl_pool* const pool = store->pool;
  (void)pthread_mutex_unlock(&store->lock);
  return pool;
}
