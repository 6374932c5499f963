/// Eight readers and a writer on one store handle in one process: everyone sees whole transactions, and two writers
/// take turns.
#include "store/writer.h"
#include "store_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#define READERS 8
#define WRITERS 2
#define ROUNDS 25
#define GROUP 20

typedef struct worker {
  pl_store* store;      ///< shared by all
  atomic_int* writers;  ///< still at work
  uint64_t first;       ///< number of its first object
  int result;           ///< 0 if all went well
} worker;

static pl_status add_group(pl_txn* txn, uint64_t first) {
  pl_writer* writer;
  PL_TRY(pl_writer_open(txn, 0, NULL, &writer));
  pl_status status = PL_OK;
  for (uint64_t i = 0; status == PL_OK && i < GROUP; i++) {
    status = pl_writer_fact(writer, PL_KNOWN(NAME), PL_KNOWN(TYPE), pl_id_make(PL_TAG_INTEGER, first + i), 0);
  }
  status = status == PL_OK ? pl_writer_flush(writer, NULL) : status;
  pl_writer_close(writer);
  return status;
}

static void* write_groups(void* user) {
  worker* const w = user;
  pl_mem mem;
  pl_error err;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&err, &mem);
  for (uint64_t round = 0; round < ROUNDS && w->result == 0; round++) {
    pl_txn* txn;
    if (pl_txn_begin(w->store, true, &err, &txn) != PL_OK) {
      w->result = 1;
    } else if (add_group(txn, w->first + round * GROUP) != PL_OK) {
      w->result = 2;
      pl_txn_abort(txn);
    } else if (pl_txn_commit(txn) != PL_OK) {
      w->result = 3;
    }
  }
  pl_error_clear(&err);
  atomic_fetch_sub(w->writers, 1);
  return NULL;
}

static int look(worker* w, pl_mem* mem, pl_error* err, uint64_t* last) {
  pl_txn* txn;
  pl_scan* scan;
  pl_totals totals;
  uint64_t count = 0;
  if (pl_txn_begin(w->store, false, err, &txn) != PL_OK) {
    return 1;
  }
  int result = 0;
  if (pl_stats_totals(txn, &totals) != PL_OK || totals.facts % GROUP != 0 || totals.facts < *last ||
      pl_scan_open(txn, PL_ORDER_POS, PL_SCAN_ROWS, NULL, mem, &scan) != PL_OK) {
    result = 2;
  } else {
    const bool good = pl_scan_range(scan, NULL, 0, 0, UINT64_MAX) == PL_OK && pl_scan_count(scan, &count) == PL_OK;
    result = good && count == totals.rows ? 0 : 3;
    pl_scan_close(scan);
  }
  *last = totals.facts;
  pl_txn_abort(txn);
  return result;
}

static void* read_all(void* user) {
  worker* const w = user;
  pl_mem mem;
  pl_error err;
  uint64_t last = 0;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&err, &mem);
  while (w->result == 0 && atomic_load(w->writers) > 0) {
    w->result = look(w, &mem, &err, &last);
  }
  pl_error_clear(&err);
  return NULL;
}

static void test_readers_and_writers(void** state) {
  fixture* const f = *state;
  pthread_t threads[READERS + WRITERS];
  worker workers[READERS + WRITERS];
  atomic_int writers = WRITERS;
  fixture_open(f, (pl_str){NULL, 0});
  for (size_t i = 0; i < READERS + WRITERS; i++) {
    workers[i] = (worker){.store = f->store, .writers = &writers, .first = i * 1000000};
    assert_int_equal(pthread_create(&threads[i], NULL, i < READERS ? read_all : write_groups, &workers[i]), 0);
  }
  for (size_t i = 0; i < READERS + WRITERS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(workers[i].result, 0);
  }
  fixture_begin(f, false);
  pl_totals totals;
  CHECK_OK(f, pl_stats_totals(f->txn, &totals));
  assert_int_equal(totals.facts, WRITERS * ROUNDS * GROUP);
  fixture_abort(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_readers_and_writers, fixture_setup, fixture_teardown)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
