/// The one name of a store file, and the making of a new one.
///
/// LMDB puts its lock file beside the name it is given. Two names of one file (a symbolic link and its target) would be
/// two lock files, each with its own writer mutex, readers and transaction number, and processes would lose each
/// other's commits. So LMDB is given the name without symbolic links, and a file with several hard links is refused.
///
/// A lock file belongs to one data file. One that was left by a removed store, which some process may still have open,
/// would hand its transaction number to a new store of that name. So whoever makes a file removes the lock file of that
/// name first; all who do so take turns by a lock on the folder, so that none removes the lock file of a store just
/// made.
#include "store/env_internal.h"
#include "store/pages_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TURN_WAIT_NS 2000000L

enum { TURN_TRIES = 500 };

static pl_status cannot(const char* path, const char* why, pl_error* err) {
  return pl_fail(err, PL_MSG_STORE_CANTOPEN, path, why);
}

/// The folder part of a name, with its last slash; "." if it has none. False if it is too long.
static bool folder_of(const char* path, char out[PATH_MAX]) {
  const char* const slash = strrchr(path, '/');
  const size_t len = slash ? (size_t)(slash - path) + 1 : 0;
  if (len >= PATH_MAX) {
    return false;
  }
  memcpy(out, path, len);
  memcpy(out + len, len ? "" : ".", len ? 1 : 2);
  return true;
}

/// The name of a file that is yet to be made: its folder's real name, and its own.
static bool resolve_new(const char* path, char out[PATH_MAX]) {
  char folder[PATH_MAX];
  const char* const cut = strrchr(path, '/');
  const char* const name = cut ? cut + 1 : path;
  if (name[0] == '\0' || !folder_of(path, folder) || !realpath(folder, out)) {
    return false;
  }
  const size_t len = strlen(out);
  const size_t slash = len > 0 && out[len - 1] == '/' ? 0 : 1;
  const size_t name_size = strlen(name) + 1;
  if (len + slash + name_size > PATH_MAX) {
    return false;
  }
  memcpy(out + len, "/", slash);
  memcpy(out + len + slash, name, name_size);
  return true;
}

pl_status pl_env_resolve(const char* path, char out[PATH_MAX], pl_error* err) {
  struct stat st;
  if (realpath(path, out)) {
    return PL_OK;
  }
  if (errno != ENOENT) {
    return cannot(path, strerror(errno), err);
  }
  if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
    return cannot(path, "it is a symbolic link to a file that is missing", err);
  }
  if (resolve_new(path, out)) {
    return PL_OK;
  }
  const size_t size = strlen(path) + 1;
  if (size > PATH_MAX) {
    return cannot(path, strerror(ENAMETOOLONG), err);
  }
  memcpy(out, path, size);  // there is no such folder: whoever uses the name will say so
  return PL_OK;
}

int pl_env_sync_folder(const char* file) {
  char folder[PATH_MAX];
  if (!folder_of(file, folder)) {
    return ENAMETOOLONG;
  }
  const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    return errno;
  }
  const int rc = fsync(fd) == 0 ? 0 : errno;
  (void)close(fd);  // nothing was written through it
  return rc;
}

// ---- new files ----------------------------------------------------------------------------------------------------

static int lock_folder(const char* folder) {
  const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    return -1;
  }
  // Somebody may hold the folder for purposes of his own and for long: after a second we go on without our turn.
  for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
    if (errno != EINTR && (errno != EWOULDBLOCK || i >= TURN_TRIES)) {
      (void)close(fd);
      return -1;
    }
    const struct timespec wait = {0, TURN_WAIT_NS};
    (void)nanosleep(&wait, NULL);
  }
  return fd;
}

int pl_env_turn_begin(const char* file) {
  char folder[PATH_MAX], lock[PL_LOCK_NAME_BYTES];
  struct stat st;
  if (!folder_of(file, folder) || !pl_env_lock_name(file, lock)) {
    return -1;
  }
  const int turn = lock_folder(folder);
  if (turn >= 0 && lstat(file, &st) != 0 && errno == ENOENT) {
    (void)unlink(lock);  // mostly there is none
  }
  return turn;
}

void pl_env_turn_end(int turn) {
  if (turn >= 0) {
    (void)close(turn);
  }
}

static bool write_metas(int fd) {
  const long page_bytes = sysconf(_SC_PAGESIZE);
  unsigned char pages[2 * 4096] = {0};
  if (page_bytes != 4096) {
    return false;  // LMDB takes the system's pages
  }
  pl_page_meta_draw(pages, 0, (uint32_t)page_bytes);
  pl_page_meta_draw(pages + page_bytes, 1, (uint32_t)page_bytes);
  return write(fd, pages, sizeof pages) == (ssize_t)sizeof pages;
}

/// Make the file without a name, put LMDB's first pages on the disk, and only then name it: lost power leaves no file,
/// or one that LMDB can open. 0, or an error; anything but EEXIST means that this file system cannot do it.
static int make_whole(const char* file, mode_t mode, bool sync) {
  char folder[PATH_MAX], self[64];
  if (!folder_of(file, folder)) {
    return ENAMETOOLONG;
  }
  const int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
  if (fd < 0) {
    return errno;
  }
  (void)snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
  int rc = write_metas(fd) && (!sync || fsync(fd) == 0) ? 0 : EIO;
  if (rc == 0 && linkat(AT_FDCWD, self, AT_FDCWD, file, AT_SYMLINK_FOLLOW) != 0) {
    rc = errno;
  }
  (void)close(fd);  // synced, or without a name
  return rc;
}

bool pl_env_make_file(const char* file, unsigned mode, bool sync) {
  const int turn = pl_env_turn_begin(file);
  int rc = make_whole(file, (mode_t)mode, sync);
  if (rc != 0 && rc != EEXIST) {
    const int fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    rc = fd < 0 ? errno : 0;
    if (fd >= 0) {
      (void)close(fd);  // empty
    }
  }
  pl_env_turn_end(turn);
  return rc != EEXIST;
}
