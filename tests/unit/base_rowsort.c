/// The row sorter against qsort: all widths, kinds of values, with and without runs on disk, pool and duplicates.
#include "base/rowsort.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROWS_MAX = 60000 };

static uint64_t next_random(uint64_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

/// Values like those of real columns: constant, few, dense, tagged in the high bits, anything.
static uint64_t random_value(uint64_t* state, unsigned kind) {
  const uint64_t r = next_random(state);
  switch (kind % 5) {
    case 0:
      return 0x1234567800000042;
    case 1:
      return (r % 5) << 20;
    case 2:
      return r % 3000;
    case 3:
      return (r & 3) << 60 | (r >> 8) % 1000;
    default:
      return r;
  }
}

#define COMPARE_ROWS(columns)                                  \
  static int compare_##columns(const void* a, const void* b) { \
    const uint64_t* const x = a;                               \
    const uint64_t* const y = b;                               \
    for (int i = 0; i < (columns); i++) {                      \
      if (x[i] != y[i]) {                                      \
        return x[i] < y[i] ? -1 : 1;                           \
      }                                                        \
    }                                                          \
    return 0;                                                  \
  }
COMPARE_ROWS(1)
COMPARE_ROWS(2)
COMPARE_ROWS(3)
COMPARE_ROWS(4)
COMPARE_ROWS(5)
COMPARE_ROWS(6)
static int (*const compare[])(const void*, const void*) = {NULL,      compare_1, compare_2, compare_3,
                                                           compare_4, compare_5, compare_6};

static uint64_t* make_rows(uint64_t* state, size_t count, uint32_t columns) {
  uint64_t* const rows = malloc((count + 1) * columns * sizeof(*rows));
  assert_non_null(rows);
  const unsigned kinds = (unsigned)next_random(state);
  for (size_t i = 0; i < count * columns; i++) {
    const bool repeat = i >= columns && i % columns == 0 && next_random(state) % 4 == 0;
    if (repeat) {  // the whole row once more
      const size_t from = next_random(state) % (i / columns);
      memcpy(rows + i, rows + from * columns, columns * sizeof(*rows));
      i += columns - 1;
    } else {
      rows[i] = random_value(state, kinds >> (i % columns * 3));
    }
  }
  return rows;
}

static void test_in_memory(void** state) {
  PL_UNUSED(state);
  uint64_t random = 88172645463325252;
  static const size_t counts[] = {0, 1, 2, 24, 25, 300, 5000};
  for (uint32_t columns = 1; columns <= 6; columns++) {
    for (size_t round = 0; round < PL_COUNT_OF(counts) * 8; round++) {
      const size_t count = counts[round % PL_COUNT_OF(counts)];
      const size_t row_bytes = columns * sizeof(uint64_t);
      uint64_t* const rows = make_rows(&random, count, columns);
      uint64_t* const scratch = malloc((count + 1) * row_bytes);
      uint64_t* const wanted = malloc((count + 1) * row_bytes);
      assert_true(scratch && wanted);
      memcpy(wanted, rows, count * row_bytes);
      qsort(wanted, count, row_bytes, compare[columns]);
      pl_rows_sort(rows, scratch, count, columns);
      assert_memory_equal(rows, wanted, count * row_bytes);
      pl_rows_sort(rows, scratch, count, columns);  // sorted already
      assert_memory_equal(rows, wanted, count * row_bytes);
      free(wanted);
      free(scratch);
      free(rows);
    }
  }
}

static size_t unique(uint64_t* rows, size_t count, uint32_t columns) {
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    if (kept == 0 || compare[columns](rows + (kept - 1) * columns, rows + i * columns) != 0) {
      memmove(rows + kept++ * columns, rows + i * columns, columns * sizeof(*rows));
    }
  }
  return kept;
}

static void check_sort(pl_pool* pool, uint64_t* random, size_t count, uint32_t columns, size_t bytes_max, bool keep) {
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  const size_t row_bytes = columns * sizeof(uint64_t);
  uint64_t* const wanted = make_rows(random, count, columns);
  const pl_rowsort_options options = {
      .columns = columns, .bytes_max = bytes_max, .pool = pool, .keep_duplicates = keep};
  pl_rowsort* sort;
  assert_int_equal(pl_rowsort_new(&mem, &options, NULL, &sort), PL_OK);
  for (size_t done = 0; done < count;) {
    size_t step = next_random(random) % 3000;
    step = step > count - done ? count - done : step;
    assert_int_equal(pl_rowsort_add(sort, wanted + done * columns, step), PL_OK);
    done += step;
  }
  assert_int_equal(pl_rowsort_added(sort), count);
  assert_int_equal(pl_rowsort_finish(sort), PL_OK);
  qsort(wanted, count, row_bytes, compare[columns]);
  const size_t wanted_count = keep ? count : unique(wanted, count, columns);
  size_t seen = 0;
  for (;;) {
    const uint64_t* rows;
    size_t got;
    assert_int_equal(pl_rowsort_next(sort, &rows, &got), PL_OK);
    if (got == 0) {
      break;
    }
    assert_true(got <= wanted_count - seen);
    assert_memory_equal(rows, wanted + seen * columns, got * row_bytes);
    seen += got;
  }
  assert_int_equal(seen, wanted_count);
  pl_rowsort_free(sort);
  assert_int_equal(mem.bytes_used, 0);
  free(wanted);
}

static void test_external(void** state) {
  PL_UNUSED(state);
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_pool* pool;
  assert_int_equal(pl_pool_new(&mem, 2, &pool), PL_OK);
  uint64_t random = 1234567;
  static const size_t budgets[] = {0, 200000, 2000000, SIZE_MAX};
  for (uint32_t columns = 1; columns <= 6; columns++) {
    for (unsigned variant = 0; variant < 16; variant++) {
      const size_t count = variant % 4 == 3 ? ROWS_MAX : next_random(&random) % ROWS_MAX;
      check_sort(variant & 4 ? pool : NULL, &random, count, columns, budgets[variant % 4], variant & 8);
    }
    check_sort(pool, &random, 0, columns, 0, false);
    check_sort(pool, &random, 1, columns, 0, true);
  }
  pl_pool_free(pool);
  assert_int_equal(mem.bytes_used, 0);
}

/// Feed rows in falling order until something fails or all came back.
static pl_status sort_many(pl_mem* mem, pl_rowsort_options options, pl_error* err) {
  pl_rowsort* sort = NULL;
  pl_status status = pl_rowsort_new(mem, &options, err, &sort);
  for (uint64_t i = 0; i < 20000 && status == PL_OK; i++) {
    const uint64_t row[2] = {20000 - i, i};
    status = pl_rowsort_add(sort, row, 1);
  }
  if (status == PL_OK) {
    status = pl_rowsort_finish(sort);
  }
  for (size_t count = 1; status == PL_OK && count > 0;) {
    const uint64_t* rows;
    status = pl_rowsort_next(sort, &rows, &count);
  }
  pl_rowsort_free(sort);
  return status;
}

static void test_stop(void** state) {
  PL_UNUSED(state);
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  atomic_int interrupt = 1;
  pl_guard guard;
  pl_guard_init(&guard, &interrupt, 0);
  pl_error err;
  pl_error_init(&err, &mem);
  assert_int_equal(sort_many(&mem, (pl_rowsort_options){.columns = 2, .guard = &guard}, &err), PL_ERR_INTERRUPTED);
  assert_int_equal(err.items[0].number, PL_MSG_INTERRUPTED);
  pl_error_clear(&err);
  pl_guard_init(&guard, NULL, 0);
  guard.deadline_ns = 1;
  assert_int_equal(sort_many(&mem, (pl_rowsort_options){.columns = 2, .guard = &guard}, &err), PL_ERR_LIMIT);
  assert_int_equal(err.items[0].number, PL_MSG_TIME_LIMIT);
  pl_error_clear(&err);

  // Interrupted between the last row and the sort.
  pl_rowsort* sort;
  interrupt = 0;
  pl_guard_init(&guard, &interrupt, 0);
  const pl_rowsort_options options = {.columns = 1, .bytes_max = SIZE_MAX, .guard = &guard};
  assert_int_equal(pl_rowsort_new(&mem, &options, &err, &sort), PL_OK);
  for (uint64_t i = 100000; i > 0; i--) {
    assert_int_equal(pl_rowsort_add(sort, &i, 1), PL_OK);
  }
  interrupt = 1;
  assert_int_equal(pl_rowsort_finish(sort), PL_ERR_INTERRUPTED);
  assert_int_equal(err.count, 1);
  pl_rowsort_free(sort);
  pl_error_clear(&err);
  assert_int_equal(mem.bytes_used, 0);
}

static void test_disk_trouble(void** state) {
  PL_UNUSED(state);
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error err;
  pl_error_init(&err, &mem);
  const pl_rowsort_options nowhere = {.columns = 2, .temp_dir = "/nowhere/at/all"};
  assert_int_equal(sort_many(&mem, nowhere, &err), PL_ERR_IO);
  assert_int_equal(err.items[0].number, PL_MSG_TEMP_OPEN);
  pl_error_clear(&err);

  struct rlimit old;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
  const struct rlimit small = {.rlim_cur = 50000, .rlim_max = old.rlim_max};
  void (*const handler)(int) = signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  const pl_status status = sort_many(&mem, (pl_rowsort_options){.columns = 2}, &err);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
  (void)signal(SIGXFSZ, handler);
  assert_int_equal(status, PL_ERR_IO);
  assert_int_equal(err.items[0].number, PL_MSG_TEMP_WRITE);
  pl_error_clear(&err);
  assert_int_equal(mem.bytes_used, 0);
}

static void* fail_at(void* user, void* ptr, size_t size_old, size_t size_new) {
  long* const left = user;
  PL_UNUSED(size_old);
  if (size_new == 0) {
    free(ptr);
    return NULL;
  }
  return (*left)-- == 0 ? NULL : realloc(ptr, size_new);
}

static void test_failing_allocations(void** state) {
  PL_UNUSED(state);
  pl_status status = PL_ERR_NOMEM;
  for (long n = 0; status != PL_OK; n++) {
    long left = n;
    pl_mem mem;
    pl_mem_init(&mem, fail_at, &left, SIZE_MAX);
    status = sort_many(&mem, (pl_rowsort_options){.columns = 2, .bytes_max = 100000}, NULL);
    assert_true(status == PL_OK || status == PL_ERR_NOMEM);
    assert_int_equal(mem.bytes_used, 0);
    assert_true(n < 1000);
  }
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, 100000);
  pl_error err;
  pl_error_init(&err, &mem);
  assert_int_equal(sort_many(&mem, (pl_rowsort_options){.columns = 2, .bytes_max = SIZE_MAX}, &err), PL_ERR_LIMIT);
  assert_int_equal(err.items[0].number, PL_MSG_MEMORY_LIMIT);
  pl_error_clear(&err);
  assert_int_equal(mem.bytes_used, 0);
}

/// Rows in falling order that leave runs on disk, and windows as large as they may be: every row comes back, in order.
static void test_large_windows(void** state) {
  PL_UNUSED(state);
  enum { ROWS = 1500000 };
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_rowsort* sort;
  const pl_rowsort_options options = {.columns = 1, .bytes_max = (size_t)16 << 20};
  assert_int_equal(pl_rowsort_new(&mem, &options, NULL, &sort), PL_OK);
  for (uint64_t i = ROWS; i > 0; i--) {
    assert_int_equal(pl_rowsort_add(sort, &i, 1), PL_OK);
  }
  assert_int_equal(pl_rowsort_finish(sort), PL_OK);
  uint64_t wanted = 1;
  for (size_t count = 1; count > 0;) {
    const uint64_t* rows;
    assert_int_equal(pl_rowsort_next(sort, &rows, &count), PL_OK);
    for (size_t i = 0; i < count; i++) {
      assert_int_equal(rows[i], wanted);
      wanted++;
    }
  }
  assert_int_equal(wanted, ROWS + 1);
  pl_rowsort_free(sort);
  assert_int_equal(mem.bytes_used, 0);
}

/// One order after the other, each made of the rows of the one before as they come, so that only its first columns are
/// sorted by; blocks go from sorter to sorter.
static void check_chain(pl_pool* pool, uint64_t* random, size_t count, size_t bytes_max) {
  static const struct {
    uint32_t key_columns, from[3];
  } steps[] = {{3, {0, 1, 2}}, {1, {2, 0, 1}}, {1, {2, 0, 1}}, {2, {0, 2, 1}}};  // spo osp pos pso
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_rowsort_spare spare = {0};
  size_t left = count;
  uint64_t* const wanted = make_rows(random, count, 3);
  for (size_t i = 0; i < PL_COUNT_OF(steps); i++) {
    pl_rowsort_options options = {.columns = 3, .bytes_max = bytes_max, .pool = pool, .spare = &spare};
    options.key_columns = steps[i].key_columns;
    pl_rowsort* sort;
    assert_int_equal(pl_rowsort_new(&mem, &options, NULL, &sort), PL_OK);
    for (size_t k = 0; k < left; k++) {
      const uint64_t* const row = wanted + 3 * k;
      const uint64_t turned[3] = {row[steps[i].from[0]], row[steps[i].from[1]], row[steps[i].from[2]]};
      memcpy(wanted + 3 * k, turned, sizeof turned);
    }
    assert_int_equal(pl_rowsort_add(sort, wanted, left), PL_OK);
    assert_int_equal(pl_rowsort_finish(sort), PL_OK);
    qsort(wanted, left, sizeof(uint64_t[3]), compare_3);
    left = unique(wanted, left, 3);
    size_t got = 1;
    for (size_t seen = 0; got > 0; seen += got) {
      const uint64_t* rows;
      assert_int_equal(pl_rowsort_next(sort, &rows, &got), PL_OK);
      assert_true(got ? got <= left - seen : seen == left);
      assert_memory_equal(rows, wanted + 3 * seen, got * sizeof(uint64_t[3]));
    }
    pl_rowsort_free(sort);
  }
  const bool kept = spare.data[0] || spare.data[1];
  assert_int_equal(mem.bytes_used, spare.data[0] ? spare.bytes[0] + (spare.data[1] ? spare.bytes[1] : 0) : 0);
  assert_true(kept || count * 24 < bytes_max / 2);
  pl_rowsort_spare_free(&mem, &spare);
  assert_int_equal(mem.bytes_used, 0);
  free(wanted);
}

static void test_chain(void** state) {
  PL_UNUSED(state);
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_pool* pool;
  assert_int_equal(pl_pool_new(&mem, 3, &pool), PL_OK);
  uint64_t random = 987654321;
  for (unsigned round = 0; round < 40; round++) {
    check_chain(round & 1 ? pool : NULL, &random, 50 + next_random(&random) % ROWS_MAX, round & 2 ? 400000 : 64 << 20);
  }
  enum { MANY = 800000 };  // more than 16 MiB: the whole budget is asked for
  check_chain(pool, &random, MANY, 48 << 20);
  check_chain(pool, &random, MANY, 30 << 20);
  pl_pool_free(pool);
  assert_int_equal(mem.bytes_used, 0);
}

/// The descriptor of the newest file without a name: the runs of a sort.
static int newest_runs(void) {
  int newest = -1;
  for (int fd = 3; fd < 100; fd++) {
    char link[64];
    char target[256];
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    const ssize_t len = readlink(link, target, sizeof(target) - 1);
    target[len > 0 ? len : 0] = '\0';
    newest = strstr(target, "(deleted)") ? fd : newest;
  }
  return newest;
}

/// Runs that were cut behind our back, or cannot be read any more.
static void test_lost_runs(void** state) {
  PL_UNUSED(state);
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error err;
  pl_error_init(&err, &mem);
  for (int closed = 0; closed < 2; closed++) {
    pl_rowsort* sort;
    const pl_rowsort_options options = {.columns = 1};
    assert_int_equal(pl_rowsort_new(&mem, &options, &err, &sort), PL_OK);
    for (uint64_t i = 50000; i > 0; i--) {
      assert_int_equal(pl_rowsort_add(sort, &i, 1), PL_OK);
    }
    const int fd = newest_runs();
    assert_true(fd >= 0);
    assert_int_equal(closed ? close(fd) : ftruncate(fd, 1001), 0);
    pl_status status = pl_rowsort_finish(sort);
    for (size_t count = 1; status == PL_OK && count > 0;) {
      const uint64_t* rows;
      status = pl_rowsort_next(sort, &rows, &count);
    }
    assert_int_equal(status, PL_ERR_IO);
    assert_int_equal(err.items[0].number, PL_MSG_TEMP_READ);
    assert_non_null(strstr(err.items[0].text, closed ? "Bad file descriptor" : "shorter than what was written"));
    pl_error_clear(&err);
    pl_rowsort_free(sort);
  }
  assert_int_equal(mem.bytes_used, 0);
}

static bool has(const uint64_t* values, size_t count, uint64_t value) {
  size_t at = 0;
  while (at < count && values[at] != value) {
    at++;
  }
  return at < count;
}

/// Each value once and in order, nothing lost, nothing made; values that are so already need no memory, others leave all when there is none.
static void test_values(void** state) {
  PL_UNUSED(state);
  enum { MOST = 400 };
  uint64_t random = 2463534242, values[MOST], before[MOST];
  pl_mem mem, none;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_mem_init(&none, NULL, NULL, 0);
  for (unsigned round = 0; round < 300; round++) {
    const size_t all = next_random(&random) % MOST;
    size_t count = all;
    for (size_t i = 0; i < all; i++) {
      before[i] = values[i] = random_value(&random, round);
    }
    assert_int_equal(pl_values_unique(&mem, values, &count), PL_OK);
    assert_true(count <= all && (count > 0) == (all > 0));
    for (size_t i = 0; i < count; i++) {
      assert_true((i == 0 || values[i - 1] < values[i]) && has(before, all, values[i]));
    }
    for (size_t i = 0; i < all; i++) {
      assert_true(has(values, count, before[i]));
    }
    assert_int_equal(pl_values_unique(&none, values, &count), PL_OK);
  }
  uint64_t two[] = {2, 1};
  size_t count = 2;
  assert_int_equal(pl_values_unique(&none, two, &count), PL_ERR_LIMIT);
  assert_true(count == 2 && two[0] == 2 && two[1] == 1);
  assert_int_equal(mem.bytes_used, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_in_memory),
      cmocka_unit_test(test_external),
      cmocka_unit_test(test_stop),
      cmocka_unit_test(test_disk_trouble),
      cmocka_unit_test(test_failing_allocations),
      cmocka_unit_test(test_large_windows),
      cmocka_unit_test(test_lost_runs),
      cmocka_unit_test(test_chain),
      cmocka_unit_test(test_values),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
