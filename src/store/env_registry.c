/// What this process has open: the library's only global state.
///
/// LMDB must not open one file twice in a process: its reader table is kept by POSIX locks, and closing either
/// environment would drop those of both. So the open environments of a process stand in a list, found by the file's
/// device and inode and counted, and so do the files held exclusively. An entry of the parent process is not ours after
/// fork(): the pid tells.
#include "store/env_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct pl_env_exclusive {
  struct pl_env_exclusive* next;  ///< in the process's list
  char* file;                     ///< its one name
  pid_t pid;                      ///< process that took it
  int fd;                         ///< of the lock file
  pl_mem mem;                     ///< account of this and of the name
};

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct pl_env_shared* registry;      // guarded by registry_lock
static struct pl_env_exclusive* held_list;  // guarded by registry_lock

/// How many forks lie between this process and its first: cheaper to ask for than the number of the process.
static atomic_uint forks;

unsigned pl_env_forks(void) { return atomic_load_explicit(&forks, memory_order_relaxed); }

bool pl_store_forked(const pl_store* store) { return store->shared->forks != pl_env_forks(); }

/// A child forked while another thread was opening has a lock that nobody will ever give back. The lists themselves are
/// whole at any time: their entries are the parent's and are told by their pid.
static void renew_lock_in_child(void) {
  (void)pthread_mutex_init(&registry_lock, NULL);
  (void)atomic_fetch_add(&forks, 1);
}

static pthread_once_t fork_handler = PTHREAD_ONCE_INIT;
static void set_fork_handler(void) { (void)pthread_atfork(NULL, NULL, renew_lock_in_child); }

void pl_env_registry_lock(void) {
  (void)pthread_once(&fork_handler, set_fork_handler);
  (void)pthread_mutex_lock(&registry_lock);
}

void pl_env_registry_unlock(void) { (void)pthread_mutex_unlock(&registry_lock); }

struct pl_env_shared* pl_env_registry_find(const struct stat* st) {
  const pid_t pid = getpid();
  for (struct pl_env_shared* s = registry; s; s = s->next) {
    if (pl_env_is_file(s, st) && s->pid == pid) {
      return s;
    }
  }
  return NULL;
}

void pl_env_registry_add(struct pl_env_shared* shared) {
  shared->next = registry;
  registry = shared;
}

void pl_env_registry_remove(const struct pl_env_shared* shared) {
  for (struct pl_env_shared** at = &registry; *at; at = &(*at)->next) {
    if (*at == shared) {
      *at = shared->next;
      break;
    }
  }
}

bool pl_env_registry_holds(const char* file) {
  const pid_t pid = getpid();
  for (const struct pl_env_exclusive* h = held_list; h; h = h->next) {
    if (h->pid == pid && strcmp(h->file, file) == 0) {
      return true;
    }
  }
  return false;
}

// ---- exclusive use ------------------------------------------------------------------------------------------------

static void held_free(struct pl_env_exclusive* held) {
  if (held->file) {
    pl_mem_free(&held->mem, held->file, strlen(held->file) + 1);
  }
  pl_mem mem = held->mem;
  pl_mem_free(&mem, held, sizeof *held);
}

static struct pl_env_exclusive* held_new(const char* file) {
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  const size_t size = strlen(file) + 1;
  struct pl_env_exclusive* const held = pl_mem_calloc(&mem, 1, sizeof *held);
  if (!held) {
    return NULL;
  }
  held->mem = mem;
  held->file = pl_mem_alloc(&held->mem, size);
  if (!held->file) {
    held_free(held);
    return NULL;
  }
  memcpy(held->file, file, size);
  held->pid = getpid();
  return held;
}

/// Open the lock file and take its byte 0 as LMDB's first opener would.
static pl_status take_lock(const char* file, const char* path, pl_error* err, int* fd) {
  struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
  char name[PL_LOCK_NAME_BYTES];
  if (!pl_env_lock_name(file, name)) {
    return pl_fail(err, PL_MSG_STORE_CANTOPEN, path, strerror(ENAMETOOLONG));
  }
  PL_TRY(pl_env_lock_check(file, path, err, NULL));
  *fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, PL_FILE_MODE);
  if (*fd < 0) {
    return pl_fail(err, PL_MSG_STORE_CANTOPEN, path, strerror(errno));
  }
  int rc;
  do {
    rc = fcntl(*fd, F_SETLK, &range);
  } while (rc != 0 && errno == EINTR);
  if (rc == 0) {
    return PL_OK;
  }
  const int code = errno;
  (void)close(*fd);
  return code == EAGAIN || code == EACCES ? pl_fail(err, PL_MSG_STORE_IN_USE, path, "another process")
                                          : pl_fail(err, PL_MSG_STORE_CANTOPEN, path, strerror(code));
}

static pl_status exclusive_begin(const char* file, const char* path, pl_error* err, struct pl_env_exclusive* held) {
  struct stat st;
  if (stat(file, &st) != 0) {
    return errno == ENOENT ? pl_fail(err, PL_MSG_STORE_MISSING, path)
                           : pl_fail(err, PL_MSG_STORE_CANTOPEN, path, strerror(errno));
  }
  if (pl_env_registry_find(&st) || pl_env_registry_holds(file)) {
    return pl_fail(err, PL_MSG_STORE_IN_USE, path, "this process");
  }
  PL_TRY(take_lock(file, path, err, &held->fd));
  held->next = held_list;
  held_list = held;
  return PL_OK;
}

pl_status pl_env_exclusive_begin(const char* file, const char* path, pl_error* err, pl_env_exclusive** out) {
  *out = NULL;
  struct pl_env_exclusive* const held = held_new(file);
  if (!held) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  pl_env_registry_lock();
  const pl_status status = exclusive_begin(file, path, err, held);
  pl_env_registry_unlock();
  if (status != PL_OK) {
    held_free(held);
    return status;
  }
  *out = held;
  return PL_OK;
}

void pl_env_exclusive_end(pl_env_exclusive* held) {
  if (!held) {
    return;
  }
  pl_env_registry_lock();
  for (struct pl_env_exclusive** at = &held_list; *at; at = &(*at)->next) {
    if (*at == held) {
      *at = held->next;
      break;
    }
  }
  (void)close(held->fd);  // drops the lock; in a forked child it is the parent's and stays
  pl_env_registry_unlock();
  held_free(held);
}
