/// Inside of env: what the handles of one process share, and the look at a file before LMDB maps it.
#ifndef PL_STORE_ENV_INTERNAL_H
#define PL_STORE_ENV_INTERNAL_H

#include "store/env.h"

#include <limits.h>
#include <stdatomic.h>
#include <sys/types.h>

/// One open environment; every handle of this process on the same file shares it.
struct pl_env_shared {
  struct pl_env_shared* next;  ///< in the process's list
  dev_t device;                ///< identity of the file
  ino_t inode;                 ///< identity of the file
  pid_t pid;                   ///< process that opened it; a forked child must not use it
  size_t handles;              ///< stores using it
  MDB_env* env;                ///< the environment
  MDB_dbi dbs[PL_DB_COUNT];    ///< opened once
  bool dbs_open;               ///< dbs holds handles
  bool readonly;               ///< opened with MDB_RDONLY
  bool writable;               ///< some handle could write
  pthread_mutex_t lock;        ///< guards what follows
  pthread_cond_t changed;      ///< a writer of this process has ended
  bool writing;                ///< a thread of this process is the writer, or waits for another process to end
  pthread_t writer;            ///< which thread, while writing
  size_t active;               ///< transactions of this process (a map may be resized only at 0)
  size_t resting;              ///< read transactions kept without a snapshot; each has a reader slot
};

/// Look at the file with pread before LMDB maps it: a regular file, LMDB's magic, and every page that is in use
/// present. LMDB itself would meet a missing page as SIGBUS. *empty: nothing in it yet. Must not be called while this
/// process has the file open.
pl_status pl_env_file_check(const char* path, pl_mem* mem, bool* empty, pl_error* err);

/// Take the numbers of standard streams that are closed: a store that got one would receive whatever the process prints
/// there. The placeholders refuse to be read and written, as a closed stream does. *held goes to pl_env_streams_release;
/// false with errno if the system grants no descriptor, then too.
bool pl_env_streams_hold(unsigned* held);
void pl_env_streams_release(unsigned held);

/// The file's one name: absolute, without symbolic links. The file need not exist (env_name.c).
pl_status pl_env_resolve(const char* path, char out[PATH_MAX], pl_error* err);
/// Take turns with all who make a file in this folder. If `file` does not exist, a lock file left from an older one is
/// removed: the store that is made before the turn ends starts with its own. The result goes to pl_env_turn_end.
int pl_env_turn_begin(const char* file);
void pl_env_turn_end(int turn);
/// Make the file, empty, in a turn of our own. False if it exists; any other failure shows when the file is opened.
bool pl_env_make_file(const char* file, unsigned mode);

/// Become the only writer of the store, over threads and processes; waits unless options say otherwise.
pl_status pl_env_write_lock(pl_store* store, pl_error* err);
void pl_env_write_unlock(pl_store* store);

/// Begin without reading the header (which creation has yet to write).
pl_status pl_txn_begin_bare(pl_store* store, bool write, pl_error* err, pl_txn** out);

#endif
