/// The check finds each kind of damage that is put into a sound store, and nothing in a sound one.
#include "store_statements.h"

#include "store/stats.h"
#include "store/writer.h"

#include "store/index.h"

static void fill(fixture* f) {
  fixture_open(f, (pl_str){0});
  fixture_begin(f, true);
  pl_writer* writer;
  pl_batch batch;
  uint64_t state = 3;
  CHECK_OK(f, pl_writer_open(f->txn, 0, NULL, &writer));
  batch_make(&batch, &f->mem, 800, &state);
  CHECK_OK(f, pl_writer_batch(writer, &batch));
  CHECK_OK(f, pl_writer_flush(writer, NULL));
  batch_free(&batch);
  pl_writer_close(writer);
  fixture_commit(f);
  fixture_begin(f, true);
}

static uint64_t findings(fixture* f) { return fixture_check(f, true); }

static void test_sound(void** state) {
  fixture* const f = *state;
  fill(f);
  assert_int_equal(findings(f), 0);
}

/// Take the first row of an order away.
static void drop_row(fixture* f, pl_db db) {
  uint64_t row[4] = {0};
  uint8_t shared;
  const pl_index index = pl_index_of(f->txn, db);
  CHECK_OK(f, pl_index_first(index, row, 0, row));
  CHECK_OK(f, pl_index_delete(index, row, 1, &shared));
}

static void test_missing_rows(void** state) {
  static const pl_db dbs[] = {PL_DB_SPO, PL_DB_POS, PL_DB_OSP,      PL_DB_PSO, PL_DB_CSPO,
                              PL_DB_CPO, PL_DB_POC, PL_DB_IDENTITY, PL_DB_HASH};
  fixture* const f = *state;
  fill(f);
  for (size_t i = 0; i < PL_COUNT_OF(dbs); i++) {
    drop_row(f, dbs[i]);
    assert_true(findings(f) > 0);
    fixture_abort(f);
    fixture_begin(f, true);
  }
  assert_int_equal(findings(f), 0);
}

static void test_unknown_ids(void** state) {
  fixture* const f = *state;
  fill(f);
  const pl_id unknown = pl_id_make(PL_TAG_IRI, 999999);
  for (unsigned column = 0; column < 4; column++) {
    uint64_t row[4] = {PL_KNOWN(TYPE), PL_KNOWN(TYPE), PL_KNOWN(TYPE), 0};
    row[column] = unknown;
    CHECK_OK(f, pl_index_insert(pl_index_of(f->txn, PL_DB_SPO), row, 1, NULL));
    assert_true(findings(f) > 0);
    fixture_abort(f);
    fixture_begin(f, true);
  }
}

/// An id of the tag that belongs to running queries, alone in its block and among others, is damage to a scan.
static void test_computed_ids(void** state) {
  fixture* const f = *state;
  fill(f);
  for (unsigned column = 0; column < 4; column++) {
    uint64_t row[4] = {PL_KNOWN(TYPE), PL_KNOWN(TYPE), PL_KNOWN(TYPE), 0};
    row[column] = pl_id_make(PL_TAG_TEMP, 7);
    CHECK_OK(f, pl_index_insert(pl_index_of(f->txn, PL_DB_SPO), row, 1, NULL));
    pl_id ids[4][64];
    pl_id* const out[4] = {ids[0], ids[1], ids[2], ids[3]};
    pl_scan* scan;
    size_t count = 0;
    CHECK_OK(f, pl_scan_open(f->txn, PL_ORDER_SPO, PL_SCAN_ROWS, NULL, &f->mem, &scan));
    pl_status status;
    do {
      status = pl_scan_fill(scan, out, PL_COUNT_OF(ids[0]), &count);
    } while (status == PL_OK && count > 0);
    assert_int_equal(status, PL_ERR_CORRUPT);
    pl_scan_close(scan);
    pl_error_clear(&f->err);
    fixture_abort(f);
    fixture_begin(f, true);
  }
}

static void test_counters_and_totals(void** state) {
  fixture* const f = *state;
  fill(f);
  const pl_predicate_stats wrong = {.predicate = PL_KNOWN(TYPE), .rows = 5, .facts = 5, .subjects = 5, .objects = 5};
  CHECK_OK(f, pl_stats_put(f->txn, PL_STATS_FACTS, &wrong));
  assert_true(findings(f) > 0);
  fixture_abort(f);
  fixture_begin(f, true);
  f->txn->totals.facts++;
  assert_int_equal(findings(f), 1);
}

static void test_wrong_identity(void** state) {
  fixture* const f = *state;
  fill(f);
  const pl_index index = pl_index_of(f->txn, PL_DB_IDENTITY);
  uint64_t row[3] = {0};
  uint8_t shared;
  CHECK_OK(f, pl_index_first(index, row, 0, row));
  CHECK_OK(f, pl_index_delete(index, row, 1, &shared));
  row[1] ^= 1;
  CHECK_OK(f, pl_index_insert(index, row, 1, NULL));
  assert_int_equal(findings(f), 1);
}

/// Bytes changed in any block of any index: findings, never a crash.
static void test_damaged_blocks(void** state) {
  fixture* const f = *state;
  fill(f);
  for (unsigned round = 0; round < 7 * 12; round++) {
    const MDB_dbi dbi = f->store->dbs[round % 7];
    MDB_cursor* cursor;
    MDB_val key, value;
    uint8_t copy[4080], key_copy[64];
    assert_int_equal(mdb_cursor_open(f->txn->mdb, dbi, &cursor), 0);
    assert_int_equal(mdb_cursor_get(cursor, &key, &value, round % 2 ? MDB_FIRST : MDB_LAST), 0);
    memcpy(copy, value.mv_data, value.mv_size);
    memcpy(key_copy, key.mv_data, key.mv_size);
    mdb_cursor_close(cursor);
    copy[(size_t)round * 131 % value.mv_size] ^= (uint8_t)(1 + round);
    key.mv_data = key_copy;
    value.mv_data = copy;
    assert_int_equal(mdb_put(f->txn->mdb, dbi, &key, &value, 0), 0);
    assert_true(findings(f) > 0);
    fixture_abort(f);
    fixture_begin(f, true);
  }
}

/// The fast form finds rows and blocks that are missing by their counts, and damaged blocks by themselves.
static void test_fast(void** state) {
  static const pl_db dbs[] = {PL_DB_SPO, PL_DB_POS, PL_DB_OSP,      PL_DB_PSO, PL_DB_CSPO,
                              PL_DB_CPO, PL_DB_POC, PL_DB_IDENTITY, PL_DB_HASH};
  fixture* const f = *state;
  fill(f);
  assert_int_equal(fixture_check(f, false), 0);
  for (size_t i = 0; i + 1 < PL_COUNT_OF(dbs); i++) {
    drop_row(f, dbs[i]);
    assert_int_equal(fixture_check(f, false), 1);
    fixture_abort(f);
    fixture_begin(f, true);
  }
  assert_int_equal(mdb_drop(f->txn->mdb, f->store->dbs[PL_DB_HASH], 0), 0);
  assert_int_equal(fixture_check(f, false), 1);
  fixture_abort(f);
  fixture_begin(f, true);
  f->txn->totals.rows++;
  assert_int_equal(fixture_check(f, false), 6);  // four orders, cspo, and the sum of the counters
  fixture_abort(f);
  fixture_begin(f, true);
  const pl_predicate_stats wrong = {.predicate = PL_KNOWN(TYPE), .rows = 5, .facts = 5, .subjects = 5, .objects = 5};
  CHECK_OK(f, pl_stats_put(f->txn, PL_STATS_FACTS, &wrong));
  assert_int_equal(fixture_check(f, false), 3);
  fixture_abort(f);
  fixture_begin(f, false);
  assert_int_equal(fixture_check(f, false), 0);  // and with threads
}

/// A counter in a totals record that a hostile file made large asks for no memory.
static void test_hostile_counters(void** state) {
  fixture* const f = *state;
  fill(f);
  fixture_abort(f);
  fixture_begin(f, false);
  f->txn->next_key = (uint64_t)1 << 58;
  assert_true(fixture_check(f, true) > 0);
}

typedef struct waiting {
  pl_work work;    ///< told by the check
  pl_guard guard;  ///< asks
  uint64_t last;   ///< done when last asked
  unsigned asked;  ///< times
} waiting;

static int stop_third(void* user) {
  waiting* const w = user;
  assert_true(w->work.phase != NULL && w->work.done >= w->last && w->work.done <= w->work.total);
  w->last = w->work.done;
  w->guard.progress_next_ns = 0;  // ask at the next value
  return ++w->asked == 3;
}

/// Progress grows and stays below the total; a callback stops the check in the middle.
static void check_stops(fixture* f) {
  for (int deep = 0; deep < 2; deep++) {
    waiting w = {.asked = 0};
    pl_check_report report;
    pl_guard_init(&w.guard, NULL, 0);
    w.guard.progress = stop_third;
    w.guard.progress_user = &w;
    const pl_check_options options = {
        .deep = deep, .guard = &w.guard, .work = &w.work, .on_damage = fixture_on_damage, .user = f};
    assert_int_equal(pl_check(f->txn, &options, &report), PL_ERR_INTERRUPTED);
    assert_int_equal(w.asked, 3);
    pl_error_clear(&f->err);
  }
}

static void test_progress(void** state) {
  fixture* const f = *state;
  fill(f);
  check_stops(f);
}

/// The same while the pages are walked, which only a read transaction does: what they hold is not looked at then.
static void test_progress_in_pages(void** state) {
  fixture* const f = *state;
  fill(f);
  fixture_commit(f);
  fixture_begin(f, false);
  check_stops(f);
}

/// Too little memory is an error of the check, never a finding.
static void test_no_memory(void** state) {
  fixture* const f = *state;
  fill(f);
  for (int deep = 0; deep < 2; deep++) {
    for (size_t limit = 1000; limit < 400000; limit += limit / 4) {
      const pl_check_options options = {.deep = deep, .on_damage = fixture_on_damage, .user = f};
      pl_check_report report;
      f->txn->mem.bytes_max = f->txn->mem.bytes_used + limit;
      const pl_status status = pl_check(f->txn, &options, &report);
      f->txn->mem.bytes_max = SIZE_MAX;
      assert_true(status == PL_OK || status == PL_ERR_LIMIT || status == PL_ERR_NOMEM);
      assert_int_equal(report.damage_count, 0);
      pl_error_clear(&f->err);
    }
  }
}

static void test_interrupt(void** state) {
  fixture* const f = *state;
  atomic_int interrupt = 1;
  pl_guard guard;
  pl_guard_init(&guard, &interrupt, 0);
  fill(f);
  for (int deep = 0; deep < 2; deep++) {
    const pl_check_options options = {.deep = deep, .guard = &guard, .on_damage = fixture_on_damage, .user = f};
    pl_check_report report;
    assert_int_equal(pl_check(f->txn, &options, &report), PL_ERR_INTERRUPTED);
    pl_error_clear(&f->err);
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_sound),
      TEST(test_missing_rows),
      TEST(test_unknown_ids),
      TEST(test_computed_ids),
      TEST(test_counters_and_totals),
      TEST(test_wrong_identity),
      TEST(test_damaged_blocks),
      TEST(test_interrupt),
      TEST(test_fast),
      TEST(test_hostile_counters),
      TEST(test_progress),
      TEST(test_progress_in_pages),
      TEST(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
