/// The pool runs every index once, reports the lowest failure, and serves several callers at a time.
#include "base/pool.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>

#include <cmocka.h>

enum { COUNT = 1000, CALLERS = 4 };

typedef struct work {
  pl_pool* pool;           ///< used by call_often
  atomic_int seen[COUNT];  ///< runs per index
  size_t fail_from;        ///< indices from here on fail
} work;

static pl_status task(void* user, size_t i) {
  work* const w = user;
  atomic_fetch_add(&w->seen[i], 1);
  return i < w->fail_from ? PL_OK : i == w->fail_from ? PL_ERR_IO : PL_ERR_CORRUPT;
}

static void test_run(void** state) {
  PL_UNUSED(state);
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  for (unsigned threads = 0; threads < 6; threads++) {
    pl_pool* pool = NULL;
    if (threads > 0) {
      assert_int_equal(pl_pool_new(&mem, threads, &pool), PL_OK);
      assert_int_equal(pl_pool_threads(pool), threads);
    }
    work w = {.fail_from = COUNT};
    assert_int_equal(pl_pool_run(pool, COUNT, task, &w), PL_OK);
    for (size_t i = 0; i < COUNT; i++) {
      assert_int_equal(atomic_load(&w.seen[i]), 1);
    }
    w.fail_from = 17;
    assert_int_equal(pl_pool_run(pool, COUNT, task, &w), PL_ERR_IO);
    assert_int_equal(pl_pool_run(pool, 0, task, &w), PL_OK);
    assert_int_equal(pl_pool_run(pool, 1, task, &w), PL_OK);
    pl_pool_free(pool);
  }
  assert_int_equal(pl_pool_threads(NULL), 1);
  pl_pool* pool;
  assert_int_equal(pl_pool_new(&mem, 0, &pool), PL_OK);
  assert_true(pl_pool_threads(pool) >= 1);
  pl_pool_free(pool);
  assert_int_equal(pl_pool_new(&mem, 100000, &pool), PL_OK);
  assert_true(pl_pool_threads(pool) <= 256);
  pl_pool_free(pool);
  mem.bytes_max = 0;
  assert_int_equal(pl_pool_new(&mem, 2, &pool), PL_ERR_LIMIT);
  assert_int_equal(mem.bytes_used, 0);
}

static void* call_often(void* arg) {
  work* const w = arg;
  for (int i = 0; i < 50; i++) {
    if (pl_pool_run(w->pool, COUNT, task, w) != PL_OK) {
      return w;
    }
  }
  return NULL;
}

static void test_callers(void** state) {
  PL_UNUSED(state);
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  static const size_t no_failure = COUNT;
  work works[CALLERS];
  memset(works, 0, sizeof(works));
  pl_pool* pool;
  assert_int_equal(pl_pool_new(&mem, 3, &pool), PL_OK);
  pthread_t threads[CALLERS];
  for (size_t i = 0; i < CALLERS; i++) {
    works[i].pool = pool;
    works[i].fail_from = no_failure;
    assert_int_equal(pthread_create(&threads[i], NULL, call_often, &works[i]), 0);
  }
  for (size_t i = 0; i < CALLERS; i++) {
    void* failed;
    assert_int_equal(pthread_join(threads[i], &failed), 0);
    assert_null(failed);
    assert_int_equal(atomic_load(&works[i].seen[COUNT - 1]), 50);
  }
  pl_pool_free(pool);
  assert_int_equal(mem.bytes_used, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_run), cmocka_unit_test(test_callers)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
