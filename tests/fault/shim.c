/// Each call counts itself and asks whether it is its turn to fail; else it goes to the C library's own.
#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

static atomic_uint armed;   // classes; 0 = nothing fails
static atomic_long left;    // calls until one fails
static atomic_long failed;  // calls that did
static atomic_long seen;    // calls of the armed classes
static atomic_int reason;   // errno
static atomic_int how;      // shim_mode
static atomic_long struck;  // number of the call that failed last
static atomic_long blocks;  // live blocks of the heap
static shim_sites* sites;   // that have failed; NULL = nobody asked

void shim_arm(unsigned classes, long n, int error, shim_mode mode) {
  atomic_store(&left, n);
  atomic_store(&failed, 0);
  atomic_store(&seen, 0);
  atomic_store(&reason, error);
  atomic_store(&how, (int)mode);
  atomic_store(&armed, classes);
}

long shim_disarm(void) {
  atomic_store(&armed, 0);
  return atomic_load(&failed);
}

long shim_seen(void) { return atomic_load(&seen); }
long shim_struck(void) { return atomic_load(&struck); }

void shim_sites_use(shim_sites* table) {
  void* frame[1];
  (void)backtrace(frame, 1);  // the first use allocates
  sites = table;
}

bool shim_site_new(unsigned depth) {
  enum { OWN = 2, DEPTH_MAX = 16 };
  void* frames[DEPTH_MAX + OWN];
  const int count = backtrace(frames, (int)(depth < DEPTH_MAX ? depth : DEPTH_MAX) + OWN);
  unsigned long long hash = 0xcbf29ce484222325u ^ atomic_load(&sites->salt);
  for (int i = OWN; i < count; i++) {
    hash = (hash ^ (uintptr_t)frames[i]) * 0x9e3779b97f4a7c15u;
    hash ^= hash >> 29;
  }
  hash |= 1;
  for (unsigned at = (unsigned)(hash >> 7) % SHIM_SITES_MAX, i = 0; i < SHIM_SITES_MAX; i++) {
    unsigned long long found = 0;
    if (atomic_compare_exchange_strong(&sites->hash[(at + i) % SHIM_SITES_MAX], &found, hash)) {
      return true;
    }
    if (found == hash) {
      return false;
    }
  }
  return false;
}
long shim_blocks(void) { return atomic_load(&blocks); }

static bool is_turn(void) {
  if (atomic_load(&how) == SHIM_SITE) {
    return atomic_load(&failed) == 0 && shim_site_new(5);
  }
  const long turn = atomic_fetch_sub(&left, 1);
  return turn == 0 || (turn < 0 && atomic_load(&how) == SHIM_FOREVER);
}

/// True if this call is the one; errno is set.
static bool strike(unsigned class_) {
  if (!(atomic_load(&armed) & class_)) {
    return false;
  }
  const long number = atomic_fetch_add(&seen, 1);
  if (!is_turn()) {
    return false;
  }
  atomic_fetch_add(&failed, 1);
  atomic_store(&struck, number);
  errno = atomic_load(&reason);
  return true;
}

static bool shortened(void) { return atomic_load(&how) == SHIM_SHORT; }

/// Programs that do not know of the shim are armed by the environment: FAULT=class:n:errno:mode, numbers all.
__attribute__((constructor)) static void arm_from_environment(void) {
  const char* const text = getenv("FAULT");
  unsigned classes;
  long n;
  int error, mode;
  if (text && sscanf(text, "%u:%ld:%d:%d", &classes, &n, &error, &mode) == 4) {
    shim_arm(classes, n, error, (shim_mode)mode);
  }
}

/// The C library's own function of that name, looked up once.
#define REAL(result, name, ...)                 \
  static result (*_Atomic real)(__VA_ARGS__);   \
  if (!real) {                                  \
    void* const found = dlsym(RTLD_NEXT, name); \
    result (*typed)(__VA_ARGS__);               \
    memcpy(&typed, &found, sizeof typed);       \
    real = typed;                               \
  }

// ---- reading and writing ------------------------------------------------------------------------------------------

ssize_t write(int fd, const void* data, size_t size) {
  REAL(ssize_t, "write", int, const void*, size_t)
  if (fd > STDERR_FILENO && strike(SHIM_WRITE)) {
    return shortened() ? real(fd, data, (size + 1) / 2) : -1;
  }
  return real(fd, data, size);
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  REAL(ssize_t, "pwrite", int, const void*, size_t, off_t)
  if (strike(SHIM_WRITE)) {
    return shortened() ? real(fd, data, (size + 1) / 2, at) : -1;
  }
  return real(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void* data, size_t size, off_t at) { return pwrite(fd, data, size, at); }

ssize_t writev(int fd, const struct iovec* parts, int count) {
  REAL(ssize_t, "writev", int, const struct iovec*, int)
  if (strike(SHIM_WRITE)) {
    return shortened() ? real(fd, parts, (count + 1) / 2) : -1;
  }
  return real(fd, parts, count);
}

ssize_t pwritev(int fd, const struct iovec* parts, int count, off_t at) {
  REAL(ssize_t, "pwritev", int, const struct iovec*, int, off_t)
  if (strike(SHIM_WRITE)) {
    return shortened() ? real(fd, parts, (count + 1) / 2, at) : -1;
  }
  return real(fd, parts, count, at);
}

ssize_t copy_file_range(int in, off64_t* from, int out, off64_t* to, size_t size, unsigned flags) {
  REAL(ssize_t, "copy_file_range", int, off64_t*, int, off64_t*, size_t, unsigned)
  if (strike(SHIM_WRITE)) {
    return shortened() ? real(in, from, out, to, (size + 1) / 2, flags) : -1;
  }
  return real(in, from, out, to, size, flags);
}

ssize_t sendfile(int out, int in, off_t* from, size_t size) {
  REAL(ssize_t, "sendfile", int, int, off_t*, size_t)
  if (strike(SHIM_WRITE)) {
    return shortened() ? real(out, in, from, (size + 1) / 2) : -1;
  }
  return real(out, in, from, size);
}

ssize_t read(int fd, void* data, size_t size) {
  REAL(ssize_t, "read", int, void*, size_t)
  if (strike(SHIM_READ)) {
    return shortened() ? real(fd, data, (size + 1) / 2) : -1;
  }
  return real(fd, data, size);
}

ssize_t pread(int fd, void* data, size_t size, off_t at) {
  REAL(ssize_t, "pread", int, void*, size_t, off_t)
  if (strike(SHIM_READ)) {
    return shortened() ? real(fd, data, (size + 1) / 2, at) : -1;
  }
  return real(fd, data, size, at);
}
ssize_t pread64(int fd, void* data, size_t size, off_t at) { return pread(fd, data, size, at); }

ssize_t readv(int fd, const struct iovec* parts, int count) {
  REAL(ssize_t, "readv", int, const struct iovec*, int)
  return strike(SHIM_READ) && !shortened() ? -1 : real(fd, parts, count);
}

// ---- calls that have no half --------------------------------------------------------------------------------------

/// `kind` fails with -1 and errno, or goes on.
#define PLAIN(class_, name, parameters, types, arguments)        \
  int name parameters {                                          \
    REAL(int, #name, UNPACK types)                               \
    return strike(class_) && !shortened() ? -1 : real arguments; \
  }
#define UNPACK(...) __VA_ARGS__

PLAIN(SHIM_SYNC, fsync, (int fd), (int), (fd))
PLAIN(SHIM_SYNC, fdatasync, (int fd), (int), (fd))
PLAIN(SHIM_SYNC, msync, (void* at, size_t size, int flags), (void*, size_t, int), (at, size, flags))
PLAIN(SHIM_SYNC, syncfs, (int fd), (int), (fd))
PLAIN(SHIM_SIZE, ftruncate, (int fd, off_t size), (int, off_t), (fd, size))
PLAIN(SHIM_SIZE, ftruncate64, (int fd, off_t size), (int, off_t), (fd, size))
PLAIN(SHIM_SIZE, fallocate, (int fd, int mode, off_t at, off_t size), (int, int, off_t, off_t), (fd, mode, at, size))
PLAIN(SHIM_NAME, rename, (const char* a, const char* b), (const char*, const char*), (a, b))
PLAIN(SHIM_NAME, renameat2, (int d, const char* a, int e, const char* b, unsigned flags),
      (int, const char*, int, const char*, unsigned), (d, a, e, b, flags))
PLAIN(SHIM_NAME, link, (const char* a, const char* b), (const char*, const char*), (a, b))
PLAIN(SHIM_NAME, linkat, (int d, const char* a, int e, const char* b, int flags),
      (int, const char*, int, const char*, int), (d, a, e, b, flags))
PLAIN(SHIM_OPEN, mkdir, (const char* path, mode_t mode), (const char*, mode_t), (path, mode))
PLAIN(SHIM_OPEN, mkstemp, (char* path), (char*), (path))
PLAIN(SHIM_OPEN, mkostemp, (char* path, int flags), (char*, int), (path, flags))
PLAIN(SHIM_LOCK, flock, (int fd, int what), (int, int), (fd, what))
PLAIN(SHIM_STAT, fstat, (int fd, struct stat* out), (int, struct stat*), (fd, out))
PLAIN(SHIM_STAT, fstatfs, (int fd, struct statfs* out), (int, struct statfs*), (fd, out))

char* mkdtemp(char* path) {
  REAL(char*, "mkdtemp", char*)
  return strike(SHIM_OPEN) && !shortened() ? NULL : real(path);
}

FILE* fopen(const char* path, const char* mode) {
  REAL(FILE*, "fopen", const char*, const char*)
  return strike(SHIM_OPEN) && !shortened() ? NULL : real(path, mode);
}

int close(int fd) {
  REAL(int, "close", int)
  const bool fails = strike(SHIM_CLOSE) && !shortened();
  const int rc = real(fd);
  if (fails) {
    errno = atomic_load(&reason);
    return -1;
  }
  return rc;
}

static mode_t mode_of(int flags, va_list args) {
  return flags & (O_CREAT | __O_TMPFILE) ? (mode_t)va_arg(args, int) : 0;
}

int open(const char* path, int flags, ...) {
  REAL(int, "open", const char*, int, ...)
  va_list args;
  va_start(args, flags);
  const mode_t mode = mode_of(flags, args);
  va_end(args);
  return strike(SHIM_OPEN) && !shortened() ? -1 : real(path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  REAL(int, "openat", int, const char*, int, ...)
  va_list args;
  va_start(args, flags);
  const mode_t mode = mode_of(flags, args);
  va_end(args);
  return strike(SHIM_OPEN) && !shortened() ? -1 : real(folder, path, flags, mode);
}

int fcntl(int fd, int command, ...) {
  REAL(int, "fcntl", int, int, ...)
  va_list args;
  va_start(args, command);
  void* const value = va_arg(args, void*);
  va_end(args);
  const bool lock = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK || command == F_OFD_SETLKW;
  return lock && strike(SHIM_LOCK) && !shortened() ? -1 : real(fd, command, value);
}

void* mmap(void* at, size_t size, int protection, int flags, int fd, off_t offset) {
  REAL(void*, "mmap", void*, size_t, int, int, int, off_t)
  return strike(SHIM_MAP) && !shortened() ? MAP_FAILED : real(at, size, protection, flags, fd, offset);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attr, void* (*run)(void*), void* user) {
  REAL(int, "pthread_create", pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)
  return strike(SHIM_THREAD) && !shortened() ? atomic_load(&reason) : real(thread, attr, run, user);
}

// ---- LMDB ---------------------------------------------------------------------------------------------------------

/// LMDB's calls of its own functions pass.
static _Thread_local int within;

/// A function of LMDB fails with the number of the fault and does nothing, or goes on. `instead` is what must be done
/// when it fails.
#define STORE(name, parameters, types, arguments, instead) \
  int name parameters {                                    \
    REAL(int, #name, UNPACK types)                         \
    if (within == 0 && strike(SHIM_LMDB)) {                \
      instead;                                             \
      return atomic_load(&reason);                         \
    }                                                      \
    within++;                                              \
    const int rc = real arguments;                         \
    within--;                                              \
    return rc;                                             \
  }

/// A commit that fails has ended the transaction.
static void mdb_txn_abort_real(MDB_txn* txn) {
  REAL(void, "mdb_txn_abort", MDB_txn*)
  real(txn);
}

STORE(mdb_env_create, (MDB_env * *env), (MDB_env**), (env), *env = NULL)
STORE(mdb_env_open, (MDB_env * env, const char* path, unsigned flags, mdb_mode_t mode),
      (MDB_env*, const char*, unsigned, mdb_mode_t), (env, path, flags, mode), (void)0)
STORE(mdb_env_stat, (MDB_env * env, MDB_stat* out), (MDB_env*, MDB_stat*), (env, out), (void)0)
STORE(mdb_env_info, (MDB_env * env, MDB_envinfo* out), (MDB_env*, MDB_envinfo*), (env, out), (void)0)
STORE(mdb_env_set_flags, (MDB_env * env, unsigned flags, int on), (MDB_env*, unsigned, int), (env, flags, on), (void)0)
STORE(mdb_env_get_flags, (MDB_env * env, unsigned* flags), (MDB_env*, unsigned*), (env, flags), (void)0)
STORE(mdb_env_get_fd, (MDB_env * env, int* fd), (MDB_env*, int*), (env, fd), (void)0)
STORE(mdb_env_set_mapsize, (MDB_env * env, size_t size), (MDB_env*, size_t), (env, size), (void)0)
STORE(mdb_env_set_maxreaders, (MDB_env * env, unsigned count), (MDB_env*, unsigned), (env, count), (void)0)
STORE(mdb_env_set_maxdbs, (MDB_env * env, MDB_dbi count), (MDB_env*, MDB_dbi), (env, count), (void)0)
STORE(mdb_txn_begin, (MDB_env * env, MDB_txn* parent, unsigned flags, MDB_txn** out),
      (MDB_env*, MDB_txn*, unsigned, MDB_txn**), (env, parent, flags, out), (void)0)
STORE(mdb_txn_renew, (MDB_txn * txn), (MDB_txn*), (txn), (void)0)
STORE(mdb_txn_commit, (MDB_txn * txn), (MDB_txn*), (txn), mdb_txn_abort_real(txn))
STORE(mdb_dbi_open, (MDB_txn * txn, const char* name, unsigned flags, MDB_dbi* out),
      (MDB_txn*, const char*, unsigned, MDB_dbi*), (txn, name, flags, out), (void)0)
STORE(mdb_stat, (MDB_txn * txn, MDB_dbi db, MDB_stat* out), (MDB_txn*, MDB_dbi, MDB_stat*), (txn, db, out), (void)0)
STORE(mdb_drop, (MDB_txn * txn, MDB_dbi db, int del), (MDB_txn*, MDB_dbi, int), (txn, db, del), (void)0)
STORE(mdb_put, (MDB_txn * txn, MDB_dbi db, MDB_val* key, MDB_val* data, unsigned flags),
      (MDB_txn*, MDB_dbi, MDB_val*, MDB_val*, unsigned), (txn, db, key, data, flags), (void)0)
STORE(mdb_del, (MDB_txn * txn, MDB_dbi db, MDB_val* key, MDB_val* data), (MDB_txn*, MDB_dbi, MDB_val*, MDB_val*),
      (txn, db, key, data), (void)0)
STORE(mdb_cursor_open, (MDB_txn * txn, MDB_dbi db, MDB_cursor** out), (MDB_txn*, MDB_dbi, MDB_cursor**), (txn, db, out),
      (void)0)
STORE(mdb_cursor_renew, (MDB_txn * txn, MDB_cursor* cursor), (MDB_txn*, MDB_cursor*), (txn, cursor), (void)0)
STORE(mdb_cursor_put, (MDB_cursor * cursor, MDB_val* key, MDB_val* data, unsigned flags),
      (MDB_cursor*, MDB_val*, MDB_val*, unsigned), (cursor, key, data, flags), (void)0)
STORE(mdb_reader_check, (MDB_env * env, int* dead), (MDB_env*, int*), (env, dead), (void)0)

/// Another text of the same length, valid until the next that is made.
static void replace(MDB_val* at, int how_) {
  enum { ROOM = 1 << 16 };
  static _Thread_local _Alignas(8) uint8_t room[ROOM];
  if (at->mv_size == 0 || at->mv_size > ROOM) {
    return;
  }
  memcpy(room, at->mv_data, at->mv_size);
  for (size_t i = 0; i < at->mv_size; i++) {
    room[i] = how_ == SHIM_ZEROS ? 0 : how_ == SHIM_LAST && i + 1 < at->mv_size ? room[i] : (uint8_t)(room[i] ^ 0x5a);
  }
  at->mv_data = room;
}

static int hurt(MDB_val* key, MDB_val* data) {
  const int what = atomic_load(&reason);
  switch (what) {
    case SHIM_MISSING:
      return MDB_NOTFOUND;
    case SHIM_CUT:
      data->mv_size /= 2;
      return 0;
    case SHIM_EMPTY:
      data->mv_size = 0;
      return 0;
    case SHIM_KEY_CUT:
      key->mv_size /= 2;
      return 0;
    case SHIM_KEY_NOISE:
      replace(key, what);
      return 0;
    default:
      replace(data, what);
      return 0;
  }
}

int mdb_get(MDB_txn* txn, MDB_dbi db, MDB_val* key, MDB_val* data) {
  REAL(int, "mdb_get", MDB_txn*, MDB_dbi, MDB_val*, MDB_val*)
  MDB_val copy = *key;  // the caller's own key stays
  if (within == 0 && strike(SHIM_LMDB)) {
    return atomic_load(&reason);
  }
  within++;
  const int rc = real(txn, db, key, data);
  within--;
  return rc == 0 && within == 0 && strike(SHIM_VALUE) ? hurt(&copy, data) : rc;
}

int mdb_cursor_get(MDB_cursor* cursor, MDB_val* key, MDB_val* data, MDB_cursor_op op) {
  REAL(int, "mdb_cursor_get", MDB_cursor*, MDB_val*, MDB_val*, MDB_cursor_op)
  if (within == 0 && strike(SHIM_LMDB)) {
    return atomic_load(&reason);
  }
  within++;
  const int rc = real(cursor, key, data, op);
  within--;
  return rc == 0 && within == 0 && strike(SHIM_VALUE) ? hurt(key, data) : rc;
}

// ---- the heap -----------------------------------------------------------------------------------------------------

#ifndef SHIM_NO_HEAP
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
void __libc_free(void*);

static void* counted(void* block) {
  if (block) {
    atomic_fetch_add(&blocks, 1);
  }
  return block;
}

static bool strike_heap(void) { return strike(SHIM_ALLOC) && !shortened(); }

void* malloc(size_t size) { return strike_heap() ? NULL : counted(__libc_malloc(size)); }
void* calloc(size_t count, size_t size) { return strike_heap() ? NULL : counted(__libc_calloc(count, size)); }
void* memalign(size_t alignment, size_t size) {
  return strike_heap() ? NULL : counted(__libc_memalign(alignment, size));
}
void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void** out, size_t alignment, size_t size) {
  void* const block = memalign(alignment, size);
  if (!block) {
    return ENOMEM;
  }
  *out = block;
  return 0;
}

void* realloc(void* block, size_t size) {
  if (size > 0 && strike_heap()) {
    return NULL;
  }
  void* const moved = __libc_realloc(block, size);
  if (!block) {
    return counted(moved);
  }
  if (size == 0) {
    atomic_fetch_sub(&blocks, 1);
  }
  return moved;
}

void free(void* block) {
  if (block) {
    atomic_fetch_sub(&blocks, 1);
  }
  __libc_free(block);
}

char* strdup(const char* text) {
  const size_t size = strlen(text) + 1;
  char* const copy = malloc(size);
  return copy ? memcpy(copy, text, size) : NULL;
}
#endif
