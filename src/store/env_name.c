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

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TURN_WAIT_NS 2000000L
#define LOCK_SUFFIX "-lock"

enum { TURN_TRIES = 500, NAME_BYTES = PATH_MAX + sizeof LOCK_SUFFIX };

static pl_status cannot(const char* path, const char* why, pl_error* err) {
  return pl_fail(err, PL_MSG_STORE_CANTOPEN, path, why);
}

/// Length of the folder part of a name, with its last slash.
static size_t folder_len(const char* path) {
  const char* const slash = strrchr(path, '/');
  return slash ? (size_t)(slash - path) + 1 : 0;
}

/// The name of a file that is yet to be made: its folder's real name, and its own.
static bool resolve_new(const char* path, char out[PATH_MAX]) {
  char folder[PATH_MAX];
  const size_t head = folder_len(path);
  const char* const name = path + head;
  if (head >= sizeof folder || name[0] == '\0') {
    return false;
  }
  memcpy(folder, path, head);
  folder[head] = '\0';
  if (!realpath(head ? folder : ".", out)) {
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
  char name[NAME_BYTES];
  struct stat st;
  const size_t head = folder_len(file), len = strlen(file);
  if (len >= PATH_MAX) {
    return -1;
  }
  memcpy(name, file, head);
  name[head] = '\0';
  const int turn = lock_folder(head ? name : ".");
  if (turn >= 0 && lstat(file, &st) != 0 && errno == ENOENT) {
    memcpy(name, file, len);
    memcpy(name + len, LOCK_SUFFIX, sizeof LOCK_SUFFIX);
    (void)unlink(name);  // mostly there is none
  }
  return turn;
}

void pl_env_turn_end(int turn) {
  if (turn >= 0) {
    (void)close(turn);
  }
}

bool pl_env_make_file(const char* file, unsigned mode) {
  const int turn = pl_env_turn_begin(file);
  const int fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
  const bool taken = fd < 0 && errno == EEXIST;
  if (fd >= 0) {
    (void)close(fd);
  }
  pl_env_turn_end(turn);
  return !taken;
}
