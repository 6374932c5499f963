/// Transactions: LMDB's, with the one writer found by a lock of our own.
///
/// LMDB's writer mutex can only be waited for, silently. So a writer first takes a lock that can be tried: within the
/// process a flag under the shared environment's mutex, between processes an open-file-description lock (F_OFD_SETLK)
/// on one byte far behind the end of the data file, through the descriptor LMDB already has. An OFD lock belongs to
/// that descriptor: unlike a POSIX lock it is not dropped when some other descriptor of the file is closed, it needs no
/// third file, and it ends with the process (a child forked without exec while a write transaction is open shares the
/// descriptor, so it would keep the lock of a parent that is killed). The byte lies where LMDB never locks (it uses the
/// lock file). LMDB's own mutex is then always free, and still protects against foreign LMDB programs.
#include "store/env_internal.h"
#include "store/meta.h"
#include "store/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#define WRITE_LOCK_OFFSET ((off_t)1 << 62)
#define WAIT_STEP_NS 2000000L  ///< between two tries for the lock of another process

/// Rounds of waiting (wait_for_change) for the other transactions of a process whose map must grow, and how often.
enum { ADOPT_WAITS = 100, ADOPT_TRIES = 8 };

pl_status pl_mdb_fail(pl_error* err, int rc, const char* doing) {
  switch (rc) {
    case EIO:
    case ENOSPC:
    case EFBIG:
    case EDQUOT:
      return pl_fail(err, PL_MSG_STORE_DISK, doing, strerror(rc));
    case ENOMEM:
      return pl_fail(err, PL_MSG_NOMEM);
    case EACCES:
    case EROFS:
      return pl_fail(err, PL_MSG_TXN_READONLY);
    case MDB_MAP_FULL:
      return pl_fail(err, PL_MSG_STORE_MAP_FULL);
    case MDB_READERS_FULL:
      return pl_fail(err, PL_MSG_STORE_READERS, doing);
    case MDB_PANIC:
      return pl_fail(err, PL_MSG_STORE_PANIC);
    case MDB_BAD_TXN:
      return pl_fail(err, PL_MSG_TXN_FAILED);
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_NOTFOUND:
      return pl_fail(err, PL_MSG_STORE_DAMAGED, mdb_strerror(rc));
    default:
      return pl_fail(err, PL_MSG_STORE_FAILED, doing, mdb_strerror(rc));
  }
}

// ---- the one writer -----------------------------------------------------------------------------------------------

static bool interrupted(const pl_store* store) {
  return store->options.interrupt && atomic_load(store->options.interrupt) != 0;
}

/// What a writer does before each round of waiting.
static pl_status wait_or_give_up(pl_store* store, bool* announced, pl_error* err) {
  if (store->options.no_wait) {
    return pl_fail(err, PL_MSG_STORE_BUSY, store->path);
  }
  if (interrupted(store)) {
    return pl_fail(err, PL_MSG_INTERRUPTED);
  }
  if (!*announced && store->options.on_wait) {
    store->options.on_wait(store->options.on_wait_user);
  }
  *announced = true;
  return PL_OK;
}

static void wait_for_change(struct pl_env_shared* shared) {
  struct timespec until;
  (void)clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 10 * WAIT_STEP_NS;
  if (until.tv_nsec >= 1000000000L) {
    until.tv_nsec -= 1000000000L;
    until.tv_sec++;
  }
  (void)pthread_cond_timedwait(&shared->changed, &shared->lock, &until);  // woken or not, the caller looks again
}

static pl_status lock_threads(pl_store* store, bool* announced, pl_error* err) {
  struct pl_env_shared* const shared = store->shared;
  pl_status status = PL_OK;
  (void)pthread_mutex_lock(&shared->lock);
  while (shared->writing) {
    if (pthread_equal(shared->writer, pthread_self())) {
      status = pl_fail(err, PL_MSG_STORE_NESTED, store->path);
      break;
    }
    status = wait_or_give_up(store, announced, err);
    if (status != PL_OK) {
      break;
    }
    wait_for_change(shared);
  }
  if (status == PL_OK) {
    shared->writing = true;
    shared->writer = pthread_self();
  }
  (void)pthread_mutex_unlock(&shared->lock);
  return status;
}

static void unlock_threads(struct pl_env_shared* shared) {
  (void)pthread_mutex_lock(&shared->lock);
  shared->writing = false;
  (void)pthread_cond_broadcast(&shared->changed);
  (void)pthread_mutex_unlock(&shared->lock);
}

/// Set or drop the lock between processes; 0 or errno.
static int lock_byte(MDB_env* env, short type) {
  struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = WRITE_LOCK_OFFSET, .l_len = 1};
  int fd = -1;
  int rc = mdb_env_get_fd(env, &fd);
  while (rc == 0 && fcntl(fd, F_OFD_SETLK, &range) != 0) {
    if (errno != EINTR) {
      rc = errno;
    }
  }
  return rc;
}

static pl_status lock_processes(pl_store* store, bool* announced, pl_error* err) {
  for (;;) {
    const int rc = lock_byte(store->env, F_WRLCK);
    if (rc == 0) {
      return PL_OK;
    }
    if (rc != EAGAIN && rc != EACCES) {
      return pl_fail(err, PL_MSG_STORE_FAILED, "cannot lock the store", mdb_strerror(rc));
    }
    PL_TRY(wait_or_give_up(store, announced, err));
    const struct timespec step = {0, WAIT_STEP_NS};
    (void)nanosleep(&step, NULL);  // cut short by a signal: just try again
  }
}

/// The store's name still leads to this file: what is written to one over which another was moved is lost at the end.
static pl_status check_named(const pl_store* store, pl_error* err) {
  struct stat named;
  const bool other = stat(store->file, &named) == 0 && !pl_env_is_file(store->shared, &named);
  return other ? pl_fail(err, PL_MSG_STORE_REPLACED, store->path) : PL_OK;
}

pl_status pl_env_write_lock(pl_store* store, pl_error* err) {
  bool announced = false;
  PL_TRY(lock_threads(store, &announced, err));
  pl_status status = lock_processes(store, &announced, err);
  if (status != PL_OK) {
    unlock_threads(store->shared);
    return status;
  }
  status = check_named(store, err);
  if (status != PL_OK) {
    pl_env_write_unlock(store);
  }
  return status;
}

void pl_env_write_unlock(pl_store* store) {
  (void)lock_byte(store->env, F_UNLCK);
  unlock_threads(store->shared);
}

// ---- begin --------------------------------------------------------------------------------------------------------

static void active_add(struct pl_env_shared* shared, int change) {
  (void)pthread_mutex_lock(&shared->lock);
  shared->active = change > 0 ? shared->active + 1 : shared->active - 1;
  if (change < 0) {
    (void)pthread_cond_broadcast(&shared->changed);
  }
  (void)pthread_mutex_unlock(&shared->lock);
}

/// Wait until all other transactions of this process have ended or another thread has taken over the map, but not for
/// ever: the caller, who does not count as active here, may hold one himself. Whoever begins meanwhile meets the grown
/// file as well and waits too, so the others become fewer. Called and left under the lock.
static void wait_until_alone(const pl_store* store, uint64_t maps) {
  struct pl_env_shared* const shared = store->shared;
  const int waits = store->options.no_wait ? 0 : ADOPT_WAITS;
  for (int i = 0; shared->active > 0 && shared->maps == maps && i < waits && !interrupted(store); i++) {
    wait_for_change(shared);
  }
}

/// Take over the larger map of another process. That moves it, so it is done only while no transaction of this process
/// is open.
static int adopt_map(const pl_store* store) {
  struct pl_env_shared* const shared = store->shared;
  (void)pthread_mutex_lock(&shared->lock);
  const uint64_t maps = shared->maps;
  int rc = MDB_MAP_RESIZED;
  shared->active--;
  wait_until_alone(store, maps);
  if (shared->maps != maps) {
    rc = 0;  // done by another thread
  } else if (shared->active == 0) {
    rc = mdb_env_set_mapsize(shared->env, 0);
    shared->maps += rc == 0;
    shared->map = NULL;  // found again by the next write's walk
    shared->walked_free = false;
  }
  shared->active++;
  (void)pthread_cond_broadcast(&shared->changed);
  (void)pthread_mutex_unlock(&shared->lock);
  return rc;
}

/// mdb_txn_begin with its two curable failures cured: a grown map, and reader slots of processes that have died.
static int begin_mdb(pl_store* store, unsigned flags, MDB_txn** out) {
  int rc = mdb_txn_begin(store->env, NULL, flags, out);
  for (int tries = 0; rc == MDB_MAP_RESIZED && tries < ADOPT_TRIES; tries++) {  // it may grow again meanwhile
    rc = adopt_map(store);
    rc = rc == 0 ? mdb_txn_begin(store->env, NULL, flags, out) : rc;
  }
  if (rc == MDB_READERS_FULL) {
    int dead = 0;
    rc = mdb_reader_check(store->env, &dead);
    rc = rc == 0 ? mdb_txn_begin(store->env, NULL, flags, out) : rc;
  }
  return rc;
}

/// A reader that was killed leaves its slot, whose snapshot keeps pages from being used again. The writers look for
/// such slots, about once a second: without that the file would grow as long as a writer lives.
static void reclaim_readers(pl_store* store) {
  struct pl_env_shared* const shared = store->shared;
  struct timespec now = {0};
  int dead = 0;
  (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  if (now.tv_sec != shared->reclaimed) {
    shared->reclaimed = now.tv_sec;
    (void)mdb_reader_check(store->env, &dead);  // a failure costs space until the next look
  }
}

static pl_status begin_failed(const pl_store* store, int rc, pl_error* err) {
  if (rc == MDB_MAP_RESIZED) {
    return pl_fail(err, PL_MSG_STORE_RESIZED, store->path);
  }
  return pl_mdb_fail(err, rc, "cannot begin a transaction");
}

/// How durable the next commit is. The flags belong to the environment; only the one writer sets them.
static int set_durability(pl_store* store) {
  static const unsigned flags[] = {[PL_SYNC_FULL] = 0, [PL_SYNC_FAST] = MDB_NOMETASYNC, [PL_SYNC_NONE] = MDB_NOSYNC};
  const unsigned wanted = flags[store->options.durability];
  unsigned now = 0;
  int rc = mdb_env_get_flags(store->env, &now);
  const unsigned wrong = (now & (MDB_NOSYNC | MDB_NOMETASYNC)) & ~wanted;
  if (rc == 0 && wrong != 0) {
    rc = mdb_env_set_flags(store->env, wrong, 0);
  }
  if (rc == 0 && (now & wanted) != wanted) {
    rc = mdb_env_set_flags(store->env, wanted, 1);
  }
  return rc;
}

static pl_status may_begin(const pl_store* store, bool write, pl_error* err) {
  if (store->shared->pid != getpid()) {
    return pl_fail(err, PL_MSG_STORE_FORKED, store->path);
  }
  if (write && (store->options.readonly || store->shared->readonly)) {
    return pl_fail(err, PL_MSG_STORE_READONLY, store->path);
  }
  return PL_OK;
}

static pl_txn* txn_new(pl_store* store, bool write, pl_error* err) {
  // The account of the transaction pays for the transaction itself, so that threads beginning at once share nothing.
  pl_mem mem;
  pl_mem_init(&mem, store->options.realloc_fn, store->options.realloc_user, SIZE_MAX);
  pl_txn* const txn = pl_mem_calloc(&mem, 1, sizeof *txn);
  if (txn) {
    *txn = (pl_txn){.store = store, .err = err, .mem = mem, .write = write, .next_key = 1, .next_assertion = 1};
    pl_arena_init(&txn->arena, &txn->mem);
    pl_arena_init(&txn->room, &txn->mem);
  }
  return txn;
}

static void txn_free(pl_txn* txn) {
  pl_arena_free(&txn->arena);
  pl_arena_free(&txn->room);
  pl_mem mem = txn->mem;
  pl_mem_free(&mem, txn, sizeof *txn);
}

/// Once for each map of the file, and before LMDB changes anything: the list of free pages it will write by.
static pl_status walk_free(pl_txn* txn) {
  struct pl_env_shared* const shared = txn->store->shared;
  if (shared->walked_free || txn->store->options.trusted) {
    return PL_OK;
  }
  PL_TRY(pl_env_walk(txn, PL_PAGES_FREE));
  shared->walked_free = true;
  return PL_OK;
}

pl_status pl_txn_begin_bare(pl_store* store, bool write, pl_error* err, pl_txn** out) {
  *out = NULL;
  PL_TRY(may_begin(store, write, err));
  pl_txn* const txn = txn_new(store, write, err);
  if (!txn) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  const pl_status status = write ? pl_env_write_lock(store, err) : PL_OK;
  if (status != PL_OK) {
    txn_free(txn);
    return status;
  }
  active_add(store->shared, 1);
  if (write) {
    reclaim_readers(store);
  }
  int rc = write ? set_durability(store) : 0;
  if (rc == 0) {
    rc = begin_mdb(store, write ? 0 : MDB_RDONLY, &txn->mdb);
  }
  if (rc != 0) {
    txn->mdb = NULL;
    pl_txn_abort(txn);
    return begin_failed(store, rc, err);
  }
  txn->snapshot = mdb_txn_id(txn->mdb);
  const pl_status sound = write ? walk_free(txn) : PL_OK;
  if (sound != PL_OK) {
    pl_txn_abort(txn);
    return sound;
  }
  *out = txn;
  return PL_OK;
}

/// What every transaction needs. Damaged settings keep nobody from reading what else there is.
static pl_status load(pl_txn* txn) {
  PL_TRY(pl_meta_load(txn));
  const pl_status status = pl_settings_load(txn);
  txn->told = status != PL_OK;
  return status == PL_ERR_CORRUPT && !txn->write ? PL_OK : status;
}

pl_status pl_txn_begin(pl_store* store, bool write, pl_error* err, pl_txn** out) {
  pl_txn* txn;
  *out = NULL;
  PL_TRY(pl_txn_begin_bare(store, write, err, &txn));
  const pl_status status = load(txn);
  if (status != PL_OK) {
    pl_txn_abort(txn);
    return status;
  }
  *out = txn;
  return PL_OK;
}

// ---- rest and renew -----------------------------------------------------------------------------------------------

/// A resting transaction keeps a slot of LMDB's reader table, which all processes share.
enum { RESTING_MAX = 32 };

static bool take_rest(struct pl_env_shared* shared) {
  (void)pthread_mutex_lock(&shared->lock);
  const bool room = shared->resting < RESTING_MAX;
  if (room) {
    shared->resting++;
    shared->active--;
    (void)pthread_cond_broadcast(&shared->changed);
  }
  (void)pthread_mutex_unlock(&shared->lock);
  return room;
}

static void leave_rest(pl_txn* txn, bool active) {
  struct pl_env_shared* const shared = txn->store->shared;
  (void)pthread_mutex_lock(&shared->lock);
  shared->resting--;
  shared->active += active;
  (void)pthread_mutex_unlock(&shared->lock);
  txn->resting = false;
}

bool pl_txn_rest(pl_txn* txn) {
  assert(!txn->resting);
  if (txn->write || txn->told) {
    return false;
  }
  mdb_txn_reset(txn->mdb);
  txn->resting = take_rest(txn->store->shared);
  return txn->resting;
}

/// What was read from the old snapshot goes, unless nothing was committed since.
static pl_status renew_caches(pl_txn* txn) {
  const uint64_t snapshot = mdb_txn_id(txn->mdb);
  if (snapshot == txn->snapshot) {
    return PL_OK;
  }
  pl_txn_forget(txn);
  pl_dict_release(txn);
  pl_stats_forget(txn);
  pl_arena_reset(&txn->arena);
  txn->snapshot = snapshot;
  return load(txn);
}

pl_status pl_txn_renew(pl_txn* txn) {
  assert(txn->resting);
  PL_TRY(may_begin(txn->store, false, txn->err));
  leave_rest(txn, true);
  int rc = mdb_txn_renew(txn->mdb);
  for (int tries = 0; rc == MDB_MAP_RESIZED && tries < ADOPT_TRIES; tries++) {
    rc = adopt_map(txn->store);
    rc = rc == 0 ? mdb_txn_renew(txn->mdb) : rc;
  }
  if (rc != 0) {
    return begin_failed(txn->store, rc, txn->err);
  }
  txn->renewals++;
  return renew_caches(txn);
}

// ---- end ----------------------------------------------------------------------------------------------------------

/// After LMDB's transaction has ended.
static void txn_end(pl_txn* txn) {
  pl_store* const store = txn->store;
  if (txn->resting) {
    leave_rest(txn, false);
  } else {
    active_add(store->shared, -1);
  }
  if (txn->write) {
    pl_env_write_unlock(store);
  }
  txn_free(txn);
}

void pl_txn_abort(pl_txn* txn) {
  if (!txn) {
    return;
  }
  if (pl_store_forked(txn->store)) {
    return;  // in a forked child: the place in the reader table is the parent's, and so are the locks
  }
  pl_txn_forget(txn);
  pl_dict_release(txn);
  pl_stats_forget(txn);
  mdb_txn_abort(txn->mdb);
  txn_end(txn);
}

pl_status pl_txn_may_end(const pl_txn* txn) {
  if (pl_store_forked(txn->store)) {
    return pl_fail(txn->err, PL_MSG_STORE_FORKED, txn->store->path);
  }
  // While the transaction is open nobody changes who the writer is, so the lock is not needed.
  return txn->write && !pthread_equal(txn->store->shared->writer, pthread_self()) ? pl_fail(txn->err, PL_MSG_TXN_THREAD)
                                                                                  : PL_OK;
}

static pl_status commit_mdb(pl_txn* txn) {
  if (txn->write) {
    if (txn->failed) {
      return pl_fail(txn->err, PL_MSG_TXN_FAILED);
    }
    PL_TRY(pl_dict_flush(txn));
    PL_TRY(pl_meta_save(txn));
  }
  MDB_txn* const mdb = txn->mdb;
  txn->mdb = NULL;  // LMDB frees it whatever it returns
  const int rc = mdb_txn_commit(mdb);
  return rc == 0 ? PL_OK : pl_mdb_fail(txn->err, rc, "cannot commit");
}

pl_status pl_txn_commit(pl_txn* txn) {
  const pl_status status = commit_mdb(txn);
  pl_txn_abort(txn);  // what is left of it
  return status;
}

void pl_txn_lend(pl_txn* txn, pl_error* err) { txn->err = err; }

size_t pl_txn_bytes(const pl_txn* txn) { return txn->mem.bytes_used + txn->kept_bytes; }

void pl_txn_lend_room(pl_txn* txn, pl_arena* arena) {
  enum { SHARE = 64 };  // a block that is a large part of a limit could be what makes the run reach it
  if (txn->room.mem->bytes_used <= arena->mem->bytes_max / SHARE) {
    (void)pl_arena_move(&txn->room, arena);
  }
}

void pl_txn_take_room(pl_txn* txn, pl_arena* arena) { (void)pl_arena_move(arena, &txn->room); }

pl_store* pl_txn_store(const pl_txn* txn) { return txn->store; }

void pl_txn_mem_init(const pl_txn* txn, pl_mem* mem, size_t bytes_max) {
  pl_mem_init(mem, txn->store->options.realloc_fn, txn->store->options.realloc_user, bytes_max);
}

bool pl_txn_is_write(const pl_txn* txn) { return txn->write; }
pl_error* pl_txn_error(const pl_txn* txn) { return txn->err; }
uint64_t pl_txn_snapshot(const pl_txn* txn) { return mdb_txn_id(txn->mdb); }
