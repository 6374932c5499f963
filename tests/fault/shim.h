/// Failing system calls and failing third-party allocations: a shared object that stands before the C library.
///
/// A test program that is linked with it arms it around a piece of work; any other program is run with it in
/// LD_PRELOAD and FAULT=class:n:errno:mode in the environment. Nothing fails unless it is armed.
#ifndef TESTS_FAULT_SHIM_H
#define TESTS_FAULT_SHIM_H

#include <stdatomic.h>
#include <stdbool.h>

/// What can fail. A call belongs to one class.
enum {
  SHIM_WRITE = 1 << 0,   ///< write, pwrite, writev, pwritev, copy_file_range, sendfile
  SHIM_SYNC = 1 << 1,    ///< fsync, fdatasync, msync, sync_file_range
  SHIM_SIZE = 1 << 2,    ///< ftruncate, fallocate, posix_fallocate
  SHIM_NAME = 1 << 3,    ///< rename, renameat, renameat2, link, linkat
  SHIM_MAP = 1 << 4,     ///< mmap, mremap
  SHIM_OPEN = 1 << 5,    ///< open, openat, creat, mkdir, mkdtemp, mkstemp, mkostemp, fopen
  SHIM_READ = 1 << 6,    ///< read, pread, readv, preadv
  SHIM_CLOSE = 1 << 7,   ///< close: the descriptor is gone, the error is told
  SHIM_LOCK = 1 << 8,    ///< fcntl with a lock command, flock
  SHIM_THREAD = 1 << 9,  ///< pthread_create
  SHIM_STAT = 1 << 10,   ///< fstat, fstatfs
  SHIM_LMDB = 1 << 11,   ///< the calls of LMDB that give an error number, those of the library, not LMDB's own
  SHIM_VALUE = 1 << 13,  ///< what mdb_get and mdb_cursor_get find is changed; the error is a shim_hurt
  SHIM_ALLOC = 1 << 12   ///< malloc, calloc, realloc, posix_memalign, strdup; not in a sanitizer build
};

typedef enum shim_mode {
  SHIM_ONCE,     ///< the n-th call fails
  SHIM_FOREVER,  ///< the n-th and all later ones fail
  SHIM_SHORT,    ///< the n-th call moves half of what it was asked for (reads and writes only; others pass)
  SHIM_SITE      ///< the first call from a site that has not failed before fails
} shim_mode;

/// How a key or value that was found is changed, as damage of the file would.
typedef enum shim_hurt {
  SHIM_MISSING = 1,  ///< not found
  SHIM_CUT,          ///< half of the value is gone
  SHIM_EMPTY,        ///< all of it
  SHIM_ZEROS,        ///< zeros instead of the value
  SHIM_NOISE,        ///< its bytes are others
  SHIM_LAST,         ///< its last byte is another
  SHIM_KEY_CUT,      ///< half of the key is gone
  SHIM_KEY_NOISE     ///< its bytes are others
} shim_hurt;

/// Sites that have failed: hashes of the stack above a call, zero where there is none. Shared by processes.
enum { SHIM_SITES_MAX = 1 << 16 };
typedef struct shim_sites {
  atomic_ullong salt;  ///< sites are told apart by it too: 1 for the first kind of fault, ...
  atomic_ullong hash[SHIM_SITES_MAX];
} shim_sites;

/// Where SHIM_SITE keeps its sites; zeroed; must outlive all faults.
void shim_sites_use(shim_sites* sites);
/// Whether no call with these `depth` (at most 16) callers has failed before; it counts as failed from now on.
bool shim_site_new(unsigned depth);
/// Number of the call that failed last since shim_arm(), as SHIM_ONCE counts.
long shim_struck(void);

/// From now on the n-th call (from 0) of the classes fails with `error`. Calls are counted over all threads.
void shim_arm(unsigned classes, long n, int error, shim_mode mode);
/// Nothing fails any more. Number of calls that failed or were shortened since shim_arm().
long shim_disarm(void);
/// Calls of the armed classes seen since shim_arm().
long shim_seen(void);
/// Blocks of the C heap that live now; 0 in a sanitizer build, which looks for leaks itself.
long shim_blocks(void);

#endif
