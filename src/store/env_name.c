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
#include <stdio.h>
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

/// One of the two meta pages of an LMDB file without any commit, as LMDB writes them (env_file.c draws them).
static void draw_meta(unsigned char* page, uint64_t number, uint32_t page_bytes) {
  enum { PAGE_META = 0x08, FREE_LIST_FLAGS = MDB_INTEGERKEY | MDB_NOSUBDIR };
  const uint16_t page_flags = PAGE_META, free_flags = FREE_LIST_FLAGS;
  const uint32_t magic = 0xBEEFC0DE, version = 1;
  const uint64_t map_bytes = 1 << 20, no_page = UINT64_MAX, last_page = 1;
  memcpy(page, &number, sizeof number);
  memcpy(page + 10, &page_flags, sizeof page_flags);
  memcpy(page + 16, &magic, sizeof magic);
  memcpy(page + 20, &version, sizeof version);
  memcpy(page + 32, &map_bytes, sizeof map_bytes);
  memcpy(page + 40, &page_bytes, sizeof page_bytes);
  memcpy(page + 44, &free_flags, sizeof free_flags);
  memcpy(page + 80, &no_page, sizeof no_page);   // root of the free list
  memcpy(page + 128, &no_page, sizeof no_page);  // root of the main tree
  memcpy(page + 136, &last_page, sizeof last_page);
}

static bool write_metas(int fd) {
  const long page_bytes = sysconf(_SC_PAGESIZE);
  unsigned char pages[2 * 4096] = {0};
  if (page_bytes != 4096) {
    return false;  // LMDB takes the system's pages
  }
  draw_meta(pages, 0, (uint32_t)page_bytes);
  draw_meta(pages + page_bytes, 1, (uint32_t)page_bytes);
  return write(fd, pages, sizeof pages) == (ssize_t)sizeof pages;
}

/// Make the file without a name, put LMDB's first pages on the disk, and only then name it: lost power leaves no file,
/// or one that LMDB can open. 0, or an error; anything but EEXIST means that this file system cannot do it.
static int make_whole(const char* file, mode_t mode, bool sync) {
  char folder[NAME_BYTES], self[64];
  const size_t head = folder_len(file);
  if (head >= sizeof folder) {
    return ENAMETOOLONG;
  }
  memcpy(folder, file, head);
  folder[head] = '\0';
  const int fd = open(head ? folder : ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
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
