/// Guards and temporary files.
#include "base/guard.h"
#include "base/tempfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/// Ask often enough that the clock is read.
static pl_status check_often(pl_guard* guard) {
  for (int i = 0; i < 100; i++) {
    PL_TRY(pl_guard_check(guard, NULL));
  }
  return PL_OK;
}

static int count_calls(void* user) {
  int* const calls = user;
  return ++*calls >= 2;
}

static void test_guard(void** state) {
  PL_UNUSED(state);
  atomic_int interrupt = 0;
  pl_guard guard;
  assert_int_equal(pl_guard_check(NULL, NULL), PL_OK);
  pl_guard_init(&guard, &interrupt, 0);
  assert_int_equal(check_often(&guard), PL_OK);
  atomic_store(&interrupt, 1);
  assert_int_equal(pl_guard_check(&guard, NULL), PL_ERR_INTERRUPTED);
  pl_guard_init(&guard, NULL, 3600);
  assert_int_equal(check_often(&guard), PL_OK);
  guard.deadline_ns = 1;
  assert_int_equal(check_often(&guard), PL_ERR_LIMIT);
  pl_guard_init(&guard, NULL, 1e300);
  assert_int_equal(guard.deadline_ns, 0);
  int calls = 0;
  guard.progress = count_calls;
  guard.progress_user = &calls;
  assert_int_equal(check_often(&guard), PL_OK);
  assert_int_equal(calls, 1);
  guard.progress_next_ns = 0;
  assert_int_equal(check_often(&guard), PL_ERR_INTERRUPTED);
}

static void test_tempfile(void** state) {
  PL_UNUSED(state);
  int fd = -1;
  assert_int_equal(pl_tempfile_open(NULL, &fd, NULL), PL_OK);
  struct stat st;
  assert_int_equal(fstat(fd, &st), 0);
  assert_int_equal(st.st_nlink, 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  assert_int_equal(write(fd, "x", 1), 1);
  assert_int_equal(close(fd), 0);
  assert_int_equal(pl_tempfile_open("/nowhere/at/all", &fd, NULL), PL_ERR_IO);
  assert_int_equal(fd, -1);
}

/// The folder that is named, else $TMPDIR, else /tmp; a name too long for a path has its own reason.
static void test_tempfile_folders(void** state) {
  PL_UNUSED(state);
  char longer[5000];
  int fd = -1;
  assert_int_equal(setenv("TMPDIR", "/nowhere/at/all", 1), 0);
  assert_int_equal(pl_tempfile_open("", &fd, NULL), PL_ERR_IO);
  assert_int_equal(pl_tempfile_open("/tmp", &fd, NULL), PL_OK);
  assert_int_equal(close(fd), 0);
  assert_int_equal(setenv("TMPDIR", "", 1), 0);
  assert_int_equal(pl_tempfile_open(NULL, &fd, NULL), PL_OK);
  assert_int_equal(close(fd), 0);
  assert_int_equal(unsetenv("TMPDIR"), 0);
  assert_int_equal(pl_tempfile_open("", &fd, NULL), PL_OK);
  assert_int_equal(close(fd), 0);
  memset(longer, 'x', sizeof(longer));
  longer[sizeof(longer) - 1] = '\0';
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error err;
  pl_error_init(&err, &mem);
  assert_int_equal(pl_tempfile_open(longer, &fd, &err), PL_ERR_IO);
  assert_int_equal(err.items[0].number, PL_MSG_TEMP_OPEN);
  pl_error_clear(&err);
  assert_int_equal(mem.bytes_used, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_guard), cmocka_unit_test(test_tempfile),
                                     cmocka_unit_test(test_tempfile_folders)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
