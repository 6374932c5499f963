/// Sorted texts without repeats, in memory and merged from runs on disk, against a naive sort; and temporary files that
/// fail.
#include "load/linesort.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct box {
  pl_mem mem;         ///< account
  pl_error err;       ///< errors
  pl_linesort* sort;  ///< under test
} box;

static void box_open(box* b, size_t bytes_max) {
  pl_mem_init(&b->mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&b->err, &b->mem);
  assert_int_equal(pl_linesort_new(&b->mem, bytes_max, NULL, &b->err, &b->sort), PL_OK);
}

static void box_close(box* b) {
  pl_linesort_free(b->sort);
  pl_error_clear(&b->err);
  assert_int_equal(b->mem.bytes_used, 0);
}

enum { TEXTS = 500, LONG = 300 << 10 };  // LONG: more than a run reads at once

/// Text i of the test: short ones with many repeats, empty ones, and now and then one longer than a buffer.
static pl_str make_text(char* buf, size_t i) {
  const size_t n = i * 7919 % 150;
  if (n == 77) {
    memset(buf, 'a' + (int)(i % 3), LONG);
    return (pl_str){buf, LONG};
  }
  return (pl_str){buf, n == 0 ? 0 : (size_t)snprintf(buf, 64, "text %zu", n)};
}

static int compare(const void* a, const void* b) { return pl_str_cmp(*(const pl_str*)a, *(const pl_str*)b); }

static void check_sorted(size_t bytes_max) {
  static pl_str texts[TEXTS];
  static char buf[LONG];
  box b;
  box_open(&b, bytes_max);
  for (size_t i = 0; i < TEXTS; i++) {
    const pl_str text = make_text(buf, i);
    assert_int_equal(pl_linesort_add(b.sort, text), PL_OK);
    texts[i] = (pl_str){memcpy(malloc(text.len + 1), text.data, text.len), text.len};
  }
  assert_int_equal(pl_linesort_finish(b.sort), PL_OK);
  qsort(texts, TEXTS, sizeof(*texts), compare);
  pl_str text;
  for (size_t i = 0; i < TEXTS; i++) {
    if (i == 0 || !pl_str_eq(texts[i], texts[i - 1])) {
      assert_int_equal(pl_linesort_next(b.sort, &text), PL_OK);
      assert_true(pl_str_eq(text, texts[i]));
    }
  }
  assert_int_equal(pl_linesort_next(b.sort, &text), PL_DONE);
  assert_int_equal(pl_linesort_next(b.sort, &text), PL_DONE);
  for (size_t i = 0; i < TEXTS; i++) {
    free((char*)(uintptr_t)texts[i].data);
  }
  box_close(&b);
}

static void test_sorted(void** state) {
  PL_UNUSED(state);
  static const size_t budgets[] = {0, 1, 2000, 700 << 10};
  for (size_t i = 0; i < PL_COUNT_OF(budgets); i++) {
    check_sorted(budgets[i]);
  }
}

static void test_empty(void** state) {
  PL_UNUSED(state);
  box b;
  box_open(&b, 1);
  assert_int_equal(pl_linesort_finish(b.sort), PL_OK);
  pl_str text;
  assert_int_equal(pl_linesort_next(b.sort, &text), PL_DONE);
  box_close(&b);
}

/// A disk that takes only so much: the reason is told.
static void test_write_fails(void** state) {
  PL_UNUSED(state);
  struct rlimit before;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  const struct rlimit small = {.rlim_cur = 1, .rlim_max = before.rlim_max};
  (void)signal(SIGXFSZ, SIG_IGN);
  box b;
  box_open(&b, 1);
  assert_int_equal(pl_linesort_add(b.sort, PL_STR("one")), PL_OK);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  const pl_status status = pl_linesort_add(b.sort, PL_STR("two"));
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_int_equal(status, PL_ERR_IO);
  assert_int_equal(b.err.items[0].number, PL_MSG_TEMP_WRITE);
  box_close(&b);
}

/// The descriptor of the newest file without a name; such files are the runs.
static int newest_run(void) {
  int newest = -1;
  DIR* const dir = opendir("/proc/self/fd");
  assert_non_null(dir);
  for (const struct dirent* entry; (entry = readdir(dir)) != NULL;) {
    char link[64];
    char target[256];
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%.20s", entry->d_name);
    const ssize_t len = readlink(link, target, sizeof(target) - 1);
    target[len > 0 ? len : 0] = '\0';
    const int fd = atoi(entry->d_name);
    newest = strstr(target, "(deleted)") && fd > newest ? fd : newest;
  }
  (void)closedir(dir);
  return newest;
}

/// A run that is cut behind our back, in a length or in a text, has ended early.
static void test_read_fails(void** state) {
  PL_UNUSED(state);
  for (off_t len = 1; len < 7; len++) {
    box b;
    box_open(&b, 1);
    assert_int_equal(pl_linesort_add(b.sort, PL_STR("one")), PL_OK);
    assert_int_equal(pl_linesort_add(b.sort, PL_STR("two")), PL_OK);  // writes the run of "one"
    assert_int_equal(ftruncate(newest_run(), len), 0);
    assert_int_equal(pl_linesort_finish(b.sort), PL_ERR_IO);
    assert_int_equal(b.err.items[0].number, PL_MSG_TEMP_READ);
    assert_non_null(strstr(b.err.items[0].text, "it ended early"));
    box_close(&b);
  }
}

static void test_too_long(void** state) {
  PL_UNUSED(state);
  box b;
  box_open(&b, 0);
  assert_int_equal(pl_linesort_add(b.sort, (pl_str){"", (size_t)UINT32_MAX + 1}), PL_ERR_NOMEM);
  box_close(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sorted),     cmocka_unit_test(test_empty),    cmocka_unit_test(test_write_fails),
      cmocka_unit_test(test_read_fails), cmocka_unit_test(test_too_long),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
