/// Where a store is built: a folder `STORE.building-XXXXXX` beside its place, with the store and LMDB's lock file in
/// it.
///
/// The folder is locked (flock on the folder itself) as long as the build lives; the kernel drops the lock when the
/// process dies, whatever kills it. So the next build of the same store takes every such folder that it can lock for a
/// leftover and removes it. A folder and not a file, because LMDB's lock file must come and go with the store.
///
/// The whole store is moved to its name with RENAME_NOREPLACE, or with link() where the file system lacks it: an
/// existing file is never overwritten. Only compact, which holds the store exclusively, renames over it.
#include "store/place.h"

#include "store/env_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE_NAME "store"
#define LOCK_NAME "store-lock"
#define FOLDER_MARK ".building-"
#define FOLDER_RANDOM "XXXXXX"

enum { TRIES = 10 };

static pl_status folder_failed(const pl_build_place* place, pl_error* err) {
  return pl_fail(err, PL_MSG_BUILD_FOLDER, place->path, strerror(errno));
}

static void remove_contents(int folder_fd) {
  (void)unlinkat(folder_fd, STORE_NAME, 0);  // may be absent
  (void)unlinkat(folder_fd, LOCK_NAME, 0);
}

/// Remove a leftover folder unless its build lives.
static void remove_leftover(int parent_fd, const char* name) {
  const int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    return;
  }
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
    remove_contents(fd);
    (void)unlinkat(parent_fd, name, AT_REMOVEDIR);  // stays if there is something else in it
  }
  (void)close(fd);
}

static bool is_leftover(const char* name, pl_str store_name) {
  const pl_str entry = pl_str_c(name);
  const size_t mark = sizeof FOLDER_MARK - 1;
  return entry.len == store_name.len + mark + sizeof FOLDER_RANDOM - 1 && pl_str_starts(entry, store_name) &&
         memcmp(name + store_name.len, FOLDER_MARK, mark) == 0;
}

static void remove_leftovers(const pl_build_place* place) {
  DIR* const dir = opendir(place->parent);
  if (!dir) {
    return;  // making the folder will say why
  }
  const char* const slash = strrchr(place->path, '/');
  const pl_str store_name = pl_str_c(slash ? slash + 1 : place->path);
  for (const struct dirent* entry = readdir(dir); entry; entry = readdir(dir)) {
    if (is_leftover(entry->d_name, store_name)) {
      remove_leftover(dirfd(dir), entry->d_name);
    }
  }
  (void)closedir(dir);
}

/// Lock the new folder. Another build may have taken it for a leftover before it was locked: *gone.
static bool lock_folder(pl_build_place* place, bool* gone) {
  struct stat opened, named;
  *gone = false;
  place->lock_fd = open(place->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (place->lock_fd < 0) {
    *gone = errno == ENOENT;
    return false;
  }
  const bool locked = flock(place->lock_fd, LOCK_EX | LOCK_NB) == 0;
  const int reason = errno;
  *gone = locked
              ? fstat(place->lock_fd, &opened) != 0 || stat(place->folder, &named) != 0 || opened.st_ino != named.st_ino
              : reason == EWOULDBLOCK;
  if (!locked || *gone) {
    (void)close(place->lock_fd);
    place->lock_fd = -1;
    errno = reason;
  }
  return locked && !*gone;
}

static pl_status make_folder(pl_build_place* place, pl_arena* arena, pl_error* err) {
  for (int i = 0; i < TRIES; i++) {
    const pl_str folder = pl_arena_printf(arena, "%s" FOLDER_MARK FOLDER_RANDOM, place->path);
    if (!folder.data) {
      return pl_fail(err, PL_MSG_NOMEM);
    }
    char* const name = (char*)(uintptr_t)folder.data;
    if (!mkdtemp(name)) {
      return folder_failed(place, err);
    }
    place->folder = name;
    bool gone;
    if (lock_folder(place, &gone)) {
      return PL_OK;
    }
    (void)rmdir(name);
    place->folder = NULL;
    if (!gone) {
      return folder_failed(place, err);
    }
  }
  errno = EAGAIN;
  return folder_failed(place, err);
}

pl_status pl_place_open_beside(pl_build_place* place, const char* path, pl_arena* arena, pl_error* err) {
  *place = (pl_build_place){.lock_fd = -1};
  const char* const slash = strrchr(path, '/');
  const pl_str parent = slash == path ? PL_STR("/") : (pl_str){path, slash ? (size_t)(slash - path) : 0};
  place->path = pl_arena_str(arena, pl_str_c(path)).data;
  place->parent = pl_arena_str(arena, parent.len ? parent : PL_STR(".")).data;
  if (!place->path || !place->parent) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  remove_leftovers(place);
  PL_TRY(make_folder(place, arena, err));
  place->store_path = pl_arena_printf(arena, "%s/" STORE_NAME, place->folder).data;
  return place->store_path ? PL_OK : pl_fail(err, PL_MSG_NOMEM);
}

pl_status pl_place_open(pl_build_place* place, const char* path, pl_arena* arena, pl_error* err) {
  struct stat st;
  if (lstat(path, &st) == 0) {
    *place = (pl_build_place){.lock_fd = -1};
    return pl_fail(err, PL_MSG_BUILD_EXISTS, path);
  }
  return pl_place_open_beside(place, path, arena, err);
}

static int sync_store(const pl_build_place* place) {
  const int fd = open(place->store_path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return errno;
  }
  int rc = fsync(fd) == 0 ? 0 : errno;
  if (close(fd) != 0 && rc == 0) {
    rc = errno;
  }
  return rc;
}

static int move_into_place(const pl_build_place* place) {
  if (renameat2(AT_FDCWD, place->store_path, AT_FDCWD, place->path, RENAME_NOREPLACE) == 0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) {
    return errno;
  }
  return link(place->store_path, place->path) == 0 ? 0 : errno;  // the other name goes with the folder
}

void pl_place_start_writing(const pl_store* store) {
  int fd = -1;
  if (mdb_env_get_fd(store->env, &fd) == 0) {
    (void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
  }
}

pl_status pl_place_publish(pl_build_place* place, pl_error* err) {
  int rc = sync_store(place);
  if (rc) {
    return pl_fail(err, PL_MSG_BUILD_SYNC, place->path, strerror(rc));
  }
  const int turn = pl_env_turn_begin(place->path);  // no process can have the new file open yet
  rc = move_into_place(place);
  pl_env_turn_end(turn);
  if (rc == EEXIST) {
    return pl_fail(err, PL_MSG_BUILD_EXISTS, place->path);
  }
  if (rc == 0) {
    rc = pl_env_sync_folder(place->path);
    if (rc) {
      (void)unlink(place->path);  // not known to survive a power loss, so it is not there at all
    }
  }
  return rc ? pl_fail(err, PL_MSG_BUILD_PUBLISH, place->path, strerror(rc)) : PL_OK;
}

pl_status pl_place_replace(pl_build_place* place, bool* replaced, pl_error* err) {
  int rc = sync_store(place);
  *replaced = false;
  if (rc) {
    return pl_fail(err, PL_MSG_BUILD_SYNC, place->path, strerror(rc));
  }
  rc = rename(place->store_path, place->path) == 0 ? 0 : errno;
  *replaced = rc == 0;
  if (*replaced) {
    rc = pl_env_sync_folder(place->path);  // a power loss leaves one whole store or the other
  }
  return rc ? pl_fail(err, PL_MSG_BUILD_PUBLISH, place->path, strerror(rc)) : PL_OK;
}

void pl_place_discard(pl_build_place* place) {
  if (place->lock_fd >= 0) {
    remove_contents(place->lock_fd);
    (void)rmdir(place->folder);
    (void)close(place->lock_fd);
  }
  place->lock_fd = -1;
}
