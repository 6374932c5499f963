/// Folders and files of a campaign: small, in memory where there is a file system for that, gone at the end.
#include "crash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool folder_root(char root[64]) {
  const char* const asked = getenv("TMPDIR");
  const char* const place = asked && *asked ? asked : access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  if (snprintf(root, 64, "%s/parley-crash-XXXXXX", place) >= 64 || !mkdtemp(root)) {
    (void)fprintf(stderr, "cannot make a folder in %s: %s\n", place, strerror(errno));
    return false;
  }
  return true;
}

bool folder_make(life* l, const char* root, unsigned number) {
  (void)snprintf(l->folder, sizeof l->folder, "%.63s/%u", root, number);
  (void)snprintf(l->store, sizeof l->store, "%s/store", l->folder);
  (void)snprintf(l->other, sizeof l->other, "%s/other", l->folder);
  return mkdir(l->folder, 0700) == 0;
}

static void remove_in(int parent, const char* name) {
  if (unlinkat(parent, name, 0) == 0 || (errno != EISDIR && errno != EPERM)) {
    return;
  }
  const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR* const dir = fd >= 0 ? fdopendir(fd) : NULL;
  if (!dir) {
    return;
  }
  for (const struct dirent* e = readdir(dir); e; e = readdir(dir)) {
    if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
      remove_in(dirfd(dir), e->d_name);
    }
  }
  (void)closedir(dir);
  (void)unlinkat(parent, name, AT_REMOVEDIR);
}

void folder_remove(const char* path) { remove_in(AT_FDCWD, path); }

bool file_exists(const char* path) { return access(path, F_OK) == 0; }

bool file_copy(const char* from, const char* to) {
  const int in = open(from, O_RDONLY | O_CLOEXEC);
  const int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  static char buffer[1 << 16];
  ssize_t n = in >= 0 && out >= 0 ? 1 : -1;
  while (n > 0) {
    n = read(in, buffer, sizeof buffer);
    if (n > 0 && write(out, buffer, (size_t)n) != n) {
      n = -1;
    }
  }
  if (in >= 0) {
    (void)close(in);
  }
  return out >= 0 && close(out) == 0 && n == 0;
}

bool folder_leftover(const life* l, const char* path) {
  DIR* const dir = opendir(l->folder);
  char mark[160];
  bool found = false;
  (void)snprintf(mark, sizeof mark, "%s.building-", strrchr(path, '/') + 1);
  for (const struct dirent* e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
    found |= strncmp(e->d_name, mark, strlen(mark)) == 0;
  }
  if (dir) {
    (void)closedir(dir);
  }
  return found;
}
