/// A look at the lock file before LMDB uses it.
///
/// LMDB maps STORE-lock, writes to it and believes it. It follows a symbolic link, takes a directory for a failure
/// without a name, writes over whatever stands in a file that nobody has locked, and meets a file that was cut short
/// while others use it as SIGBUS. So the file is looked at first:
///
///     missing, empty, or zeros           of worth to nobody: LMDB makes it
///     LMDB's magic in front              ours
///     anything else, or other names      refused: LMDB would write over it
///     locked by others                   must be ours and have room for its header and readers
///     locked exclusively by another      being made, or the store is being replaced: wait, then look anew
///
/// A POSIX lock ends when the process closes any descriptor of the file. So this is for stores that the process does
/// not have open, under the registry's lock.
#include "store/env_internal.h"
#include "store/pages_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_SUFFIX "-lock"

/// The header of the lock file has two cache lines with a mutex each; readers follow.
enum { LOCK_BYTES_MIN = 256 };

bool pl_env_lock_name(const char* file, char out[PL_LOCK_NAME_BYTES]) {
  const size_t len = strlen(file);
  if (len >= PATH_MAX) {
    return false;
  }
  memcpy(out, file, len);
  memcpy(out + len, LOCK_SUFFIX, sizeof LOCK_SUFFIX);
  return true;
}

static pl_status refuse(const char* path, const char* why, pl_error* err) {
  return pl_fail(err, PL_MSG_STORE_LOCK_FILE, path, why);
}

/// How others have locked byte 0: F_UNLCK, F_RDLCK or F_WRLCK; F_UNLCK where the system knows no locks.
static short lock_of_others(int fd) {
  struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
  return fcntl(fd, F_GETLK, &range) == 0 ? range.l_type : F_UNLCK;
}

static pl_status check_open(int fd, const char* path, pl_error* err, bool* busy) {
  struct stat st;
  uint8_t magic[4] = {0};
  if (fstat(fd, &st) != 0) {
    return refuse(path, strerror(errno), err);
  }
  if (!S_ISREG(st.st_mode)) {
    return refuse(path, "it is not a regular file", err);
  }
  if (st.st_nlink > 1) {
    return refuse(path, "it has other names (hard links)", err);
  }
  const short lock = lock_of_others(fd);
  if (lock != F_UNLCK && !busy) {
    return pl_fail(err, PL_MSG_STORE_IN_USE, path, "another process");
  }
  if (lock == F_WRLCK) {
    *busy = true;
    return PL_OK;
  }
  const ssize_t n = pread(fd, magic, sizeof magic, 0);
  if (n < 0) {
    return refuse(path, strerror(errno), err);
  }
  const bool ours = n == (ssize_t)sizeof magic && pl_load32(magic) == PL_LMDB_MAGIC;
  if (lock == F_RDLCK && (!ours || st.st_size < LOCK_BYTES_MIN)) {
    return refuse(path, "it was damaged while the store is in use", err);
  }
  const bool blank = (magic[0] | magic[1] | magic[2] | magic[3]) == 0;
  return ours || blank ? PL_OK : refuse(path, "it is a file of something else", err);
}

pl_status pl_env_lock_check(const char* file, const char* path, pl_error* err, bool* busy) {
  char name[PL_LOCK_NAME_BYTES];
  if (busy) {
    *busy = false;
  }
  if (!pl_env_lock_name(file, name)) {
    return pl_fail(err, PL_MSG_STORE_CANTOPEN, path, strerror(ENAMETOOLONG));
  }
  const int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
  if (fd < 0) {
    // A lock file that may not be read may not be written either: LMDB will say so, or needs none.
    return errno == ELOOP ? refuse(path, "it is a symbolic link", err) : PL_OK;
  }
  const pl_status status = check_open(fd, path, err, busy);
  (void)close(fd);
  return status;
}
