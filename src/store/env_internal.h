/// Inside of env: what the handles of one process share, and the look at a file before LMDB maps it.
#ifndef PL_STORE_ENV_INTERNAL_H
#define PL_STORE_ENV_INTERNAL_H

#include "store/env.h"
#include "store/pages.h"

#include <limits.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#define PL_FILE_MODE 0666  ///< of stores and lock files, less the umask

/// One open environment; every handle of this process on the same file shares it.
struct pl_env_shared {
  struct pl_env_shared* next;  ///< in the process's list
  dev_t device;                ///< identity of the file
  ino_t inode;                 ///< identity of the file
  unsigned forks;              ///< pl_env_forks() when it was opened
  pid_t pid;                   ///< process that opened it; a forked child must not use it
  size_t handles;              ///< stores using it
  MDB_env* env;                ///< the environment
  MDB_dbi dbs[PL_DB_COUNT];    ///< opened once
  bool dbs_open;               ///< dbs holds handles
  bool walked;                 ///< the trees were walked: LMDB may read
  bool walked_free;            ///< also the list of free pages: LMDB may write
  const uint8_t* map;          ///< where LMDB has mapped the file; NULL = unknown. Set by a walk, changed with the map
  size_t map_bytes;            ///< its length, with what may yet be written
  uint32_t page_bytes;         ///< page size; 0 = unknown
  bool readonly;               ///< opened with MDB_RDONLY
  bool writable;               ///< some handle could write
  pthread_mutex_t lock;        ///< guards what follows
  pthread_cond_t changed;      ///< a transaction of this process has ended
  bool writing;                ///< a thread of this process is the writer, or waits for another process to end
  pthread_t writer;            ///< which thread, while writing
  size_t active;               ///< transactions of this process (a map may be resized only at 0)
  uint64_t maps;               ///< times the map was taken over from another process that had grown it
  time_t reclaimed;            ///< second in which the one writer last looked for slots of dead readers
  size_t resting;              ///< read transactions kept without a snapshot; each has a reader slot
};

/// Is the file of `st` the one that the environment has open?
static inline bool pl_env_is_file(const struct pl_env_shared* shared, const struct stat* st) {
  return shared->device == st->st_dev && shared->inode == st->st_ino;
}
static inline bool pl_same_file(const struct stat* a, const struct stat* b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/// Length and identity of the file that LMDB has open. 0, or an error number of LMDB or the system.
int pl_env_stat(MDB_env* env, struct stat* out);

/// Look at the file with pread before LMDB maps it: a regular file, both meta pages sound. *empty: nothing in it yet.
pl_status pl_env_file_check(const char* path, bool* empty, pl_error* err);
/// The meta page a transaction started from, and LMDB's descriptor. False if it is damaged or, but for
/// pl_txn_begin_walkable, gone (two commits later).
bool pl_env_snapshot_meta(const pl_txn* txn, int* fd, pl_page_meta* out);
/// Walk the trees as of the transaction, before LMDB does; flags of pl_pages_flags.
pl_status pl_env_walk(pl_txn* txn, unsigned flags);
/// Walk the trees and the list of free pages, before a reader lets LMDB read that list. Any number of threads may do so at
/// once. Nothing for a store that is trusted.
pl_status pl_env_walk_free(pl_txn* txn);

/// Take the numbers of standard streams that are closed: a store that got one would receive whatever the process prints
/// there. The placeholders refuse to be read and written, as a closed stream does. *held goes to pl_env_streams_release;
/// false with errno if the system grants no descriptor, then too.
bool pl_env_streams_hold(unsigned* held);
void pl_env_streams_release(unsigned held);

/// The file's one name: absolute, without symbolic links. The file need not exist (env_name.c).
pl_status pl_env_resolve(const char* path, char out[PATH_MAX], pl_error* err);
/// A name is on the disk when its folder is: sync the folder of `file`. 0 or errno; some file systems cannot.
int pl_env_sync_folder(const char* file);
/// Take turns with all who make a file in this folder. If `file` does not exist, a lock file left from an older one is
/// removed: the store that is made before the turn ends starts with its own. The result goes to pl_env_turn_end.
int pl_env_turn_begin(const char* file);
void pl_env_turn_end(int turn);
/// Make the file in a turn of our own, with LMDB's first pages (on the disk: `sync`), or empty where that is impossible.
/// False if it exists; any other failure shows when the file is opened.
bool pl_env_make_file(const char* file, unsigned mode, bool sync);

/// What this process has open (env_registry.c). All but the first two are called with the registry locked.
void pl_env_registry_lock(void);
void pl_env_registry_unlock(void);
struct pl_env_shared* pl_env_registry_find(const struct stat* st);  ///< NULL if this process has it not open
void pl_env_registry_add(struct pl_env_shared* shared);
void pl_env_registry_remove(const struct pl_env_shared* shared);
bool pl_env_registry_holds(const char* file);  ///< taken with pl_env_exclusive_begin by this process

/// The lock file's name (env_lock.c). False if it is too long.
enum { PL_LOCK_NAME_BYTES = PATH_MAX + 8 };
bool pl_env_lock_name(const char* file, char out[PL_LOCK_NAME_BYTES]);
/// Refuse a lock file that LMDB must not use. *busy: another process is making it or has the store for itself; wait and
/// look again. NULL if the store is wanted exclusively: then any use by another process is PL_ERR_BUSY, also where the
/// lock file may only be read. For a store that this process does not have open, with the registry locked.
pl_status pl_env_lock_check(const char* file, const char* path, pl_error* err, bool* busy);

/// Take a store file for oneself, without LMDB: no process, this one included, has it open, and none can open it until
/// the end. LMDB's protocol: whoever has a store open holds a shared lock on byte 0 of STORE-lock, and who opens one
/// takes that lock before it opens the data file (read-only openers: before they read from it). Here it is held
/// exclusively, so openers wait; the file may be replaced by rename meanwhile, and those that waited find the new one
/// (env.c looks again). Nothing of the lock file's content is touched: the next opener, being alone, makes it anew from
/// the data file that it finds then, so transaction numbers may differ freely. The lock file is made if it is missing.
/// `file` is a name from pl_env_resolve; `path` is for messages. While it is held, this process must not open any
/// descriptor of STORE-lock (closing it would drop the lock) and other openings in this process wait.
/// PL_ERR_BUSY if some process has the store open or holds it like this. The result goes to pl_env_exclusive_end, which
/// accepts NULL.
typedef struct pl_env_exclusive pl_env_exclusive;
pl_status pl_env_exclusive_begin(const char* file, const char* path, pl_error* err, pl_env_exclusive** out);
void pl_env_exclusive_end(pl_env_exclusive* held);

/// Forks between this process and its first ancestor that used the library.
unsigned pl_env_forks(void);

/// Become the only writer of the store, over threads and processes; waits unless options say otherwise.
pl_status pl_env_write_lock(pl_store* store, pl_error* err);
void pl_env_write_unlock(pl_store* store);

/// Begin without reading the header (which creation has yet to write).
pl_status pl_txn_begin_bare(pl_store* store, bool write, pl_error* err, pl_txn** out);

#endif
