/// A new file has LMDB's first pages from the moment it has its name, so that lost power leaves no file in the way.
#include "store/env_internal.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { FILE_BYTES = 2 * 4096, MAP_SIZE_AT = 32, PAGE = 4096 };

static size_t read_all(const char* path, unsigned char bytes[FILE_BYTES]) {
  const int fd = open(path, O_RDONLY);
  assert_true(fd >= 0);
  const ssize_t n = read(fd, bytes, FILE_BYTES);
  assert_true(n >= 0);
  assert_int_equal(close(fd), 0);
  memset(bytes + MAP_SIZE_AT, 0, sizeof(uint64_t));  // how much may be mapped is set anew by whoever opens
  memset(bytes + PAGE + MAP_SIZE_AT, 0, sizeof(uint64_t));
  return (size_t)n;
}

static void make_by_lmdb(const char* path) {
  MDB_env* env;
  assert_int_equal(mdb_env_create(&env), 0);
  assert_int_equal(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOTLS, 0600), 0);
  mdb_env_close(env);
}

static void test_same_bytes(void** state) {
  (void)state;
  unsigned char ours[FILE_BYTES], theirs[FILE_BYTES];
  char folder[] = "/tmp/parley-make-XXXXXX";
  assert_non_null(mkdtemp(folder));
  char a[64], b[64], lock[72];
  (void)snprintf(a, sizeof a, "%s/a", folder);
  (void)snprintf(b, sizeof b, "%s/b", folder);
  (void)snprintf(lock, sizeof lock, "%s-lock", b);
  assert_true(pl_env_make_file(a, 0666, true));
  make_by_lmdb(b);
  const size_t len = read_all(a, ours);
  if (len > 0) {  // 0: this file system has no files without a name, or pages are not of 4096 bytes
    assert_int_equal(len, read_all(b, theirs));
    assert_memory_equal(ours, theirs, len);
  }
  struct stat st;
  const mode_t mask = umask(0);
  (void)umask(mask);
  assert_int_equal(stat(a, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0666 & ~mask);
  assert_int_equal(st.st_nlink, 1);
  assert_false(pl_env_make_file(a, 0666, true));
  assert_int_equal(unlink(a) | unlink(b) | unlink(lock) | rmdir(folder), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bytes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
