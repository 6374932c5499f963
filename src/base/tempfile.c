/// O_TMPFILE gives a file without a name; where the file system lacks it, a name exists only between mkostemp and
/// unlink.
#include "base/tempfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int open_unlinked(const char* dir) {
  char path[PATH_MAX];
  const int len = snprintf(path, sizeof(path), "%s/parley-XXXXXX", dir);
  if (len < 0 || (size_t)len >= sizeof(path)) {
    errno = ENAMETOOLONG;
    return -1;
  }
  const int fd = mkostemp(path, O_CLOEXEC);
  if (fd >= 0 && unlink(path) != 0) {
    const int reason = errno;
    (void)close(fd);
    errno = reason;
    return -1;
  }
  return fd;
}

pl_status pl_tempfile_open(const char* dir, int* fd, pl_error* err) {
  if (!dir || !*dir) {
    dir = getenv("TMPDIR");
  }
  if (!dir || !*dir) {
    dir = "/tmp";
  }
  *fd = -1;
#ifdef O_TMPFILE
  *fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
#endif
  if (*fd < 0) {
    *fd = open_unlinked(dir);
  }
  if (*fd < 0) {
    return pl_fail(err, PL_MSG_TEMP_OPEN, dir, strerror(errno));
  }
  return PL_OK;
}
