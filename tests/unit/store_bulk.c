/// The bulk build: it makes the store that the writer makes, whole or not at all, and never over another file.
#include "store_statements.h"

#include "store/writer.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { BATCHES = 12, BATCH = 500 };

static void path_beside(const fixture* f, const char* name, char out[96]) {
  snprintf(out, 96, "%s/%s", f->folder, name);
}

static void build(fixture* f, size_t bytes_max, unsigned threads, pl_write_counts* counts) {
  const pl_bulk_options options = {.bytes_max = bytes_max, .threads = threads};
  pl_bulk* bulk;
  CHECK_OK(f, pl_bulk_open(f->path, &options, &f->err, &bulk));
  CHECK_OK(f, pl_bulk_set_prefix(bulk, PL_STR("ex"), PL_STR("http://example.org/")));
  uint64_t state = 7;
  for (unsigned i = 0; i < BATCHES; i++) {
    pl_batch batch;
    batch_make(&batch, &f->mem, BATCH, &state);
    CHECK_OK(f, pl_bulk_batch(bulk, &batch));
    batch_free(&batch);
  }
  CHECK_OK(f, pl_bulk_finish(bulk, counts));
}

static void write_same(fixture* f, pl_write_counts* counts) {
  pl_writer* writer;
  CHECK_OK(f, pl_writer_open(f->txn, 0, NULL, &writer));
  uint64_t state = 7;
  for (unsigned i = 0; i < BATCHES; i++) {
    pl_batch batch;
    batch_make(&batch, &f->mem, BATCH, &state);
    CHECK_OK(f, pl_writer_batch(writer, &batch));
    batch_free(&batch);
  }
  CHECK_OK(f, pl_writer_flush(writer, counts));
  pl_writer_close(writer);
}

static void assert_sound(fixture* f) {
  assert_int_equal(fixture_check(f, false), 0);
  assert_int_equal(fixture_check(f, true), 0);
}

/// The build equals the writer: the same statements again change nothing, and all counters are those of a store that
/// was written.
static void compare_with_writer(fixture* f, size_t bytes_max, unsigned threads) {
  pl_write_counts built, written, again;
  pl_totals of_build, of_writer;
  build(f, bytes_max, threads, &built);
  assert_int_equal(fixture_file_count(f), 1);
  fixture_open(f, (pl_str){0});
  fixture_begin(f, true);
  assert_sound(f);
  CHECK_OK(f, pl_stats_totals(f->txn, &of_build));
  assert_int_equal(pl_txn_settings(f->txn)->names.prefix_count, 1);
  write_same(f, &again);
  assert_int_equal(again.facts_new, 0);
  assert_int_equal(again.assertions_new, 0);
  assert_sound(f);
  fixture_abort(f);
  pl_store_close(f->store);
  f->store = NULL;
  assert_int_equal(unlink(f->path), 0);
  fixture_open(f, (pl_str){0});
  fixture_begin(f, true);
  write_same(f, &written);
  assert_sound(f);
  CHECK_OK(f, pl_stats_totals(f->txn, &of_writer));
  assert_memory_equal(&of_build, &of_writer, sizeof of_build);
  assert_memory_equal(&built, &written, sizeof built);
}

static void test_equals_writer(void** state) { compare_with_writer(*state, 0, 0); }
static void test_equals_writer_spilling(void** state) { compare_with_writer(*state, 4096, 2); }
static void test_equals_writer_one_thread(void** state) { compare_with_writer(*state, 0, 1); }

static void test_empty(void** state) {
  fixture* const f = *state;
  pl_bulk* bulk;
  pl_write_counts counts;
  CHECK_OK(f, pl_bulk_open(f->path, NULL, &f->err, &bulk));
  CHECK_OK(f, pl_bulk_finish(bulk, &counts));
  assert_int_equal(counts.facts_new, 0);
  fixture_open(f, (pl_str){0});
  fixture_begin(f, false);
  assert_int_equal(fixture_check(f, true), 0);
}

static uint64_t snapshot_of(fixture* f, pl_store* store) {
  pl_txn* txn = NULL;
  CHECK_OK(f, pl_txn_begin(store, false, &f->err, &txn));
  const uint64_t snapshot = pl_txn_snapshot(txn);
  pl_txn_abort(txn);
  return snapshot;
}

/// The lock file of a store that was removed while somebody has it open is not taken over with its transaction number.
static void test_stale_lock_file(void** state) {
  enum { ROUNDS = 100 };
  fixture* const f = *state;
  pl_store* old = NULL;
  fixture_open(f, (pl_str){0});
  old = f->store;
  for (int i = 0; i < ROUNDS; i++) {
    char name[16];
    const int len = snprintf(name, sizeof name, "n%d", i);
    fixture_begin(f, true);
    CHECK_OK(f, pl_txn_set_prefix(f->txn, (pl_str){name, (size_t)len}, PL_STR("http://example.org/")));
    fixture_commit(f);
  }
  assert_int_equal(unlink(f->path), 0);
  build(f, 0, 0, NULL);
  fixture_open(f, (pl_str){0});
  assert_true(snapshot_of(f, f->store) < ROUNDS);
  assert_true(snapshot_of(f, old) > ROUNDS);
  pl_store_close(old);
  fixture_begin(f, true);
  write_same(f, NULL);
  fixture_commit(f);
  fixture_begin(f, false);
  assert_sound(f);
}

static void touch(const char* path) {
  FILE* const file = fopen(path, "wb");
  assert_non_null(file);
  assert_true(fputs("mine", file) >= 0);
  assert_int_equal(fclose(file), 0);
}

static void test_existing_file_is_refused(void** state) {
  fixture* const f = *state;
  pl_bulk* bulk;
  touch(f->path);
  assert_int_equal(pl_bulk_open(f->path, NULL, &f->err, &bulk), PL_ERR_MISUSE);
  assert_null(bulk);
  assert_int_equal(fixture_file_count(f), 1);
}

static void test_file_that_comes_meanwhile_stays(void** state) {
  fixture* const f = *state;
  pl_bulk* bulk;
  struct stat st;
  CHECK_OK(f, pl_bulk_open(f->path, NULL, &f->err, &bulk));
  touch(f->path);
  assert_int_equal(pl_bulk_finish(bulk, NULL), PL_ERR_MISUSE);
  assert_int_equal(fixture_file_count(f), 1);
  assert_int_equal(stat(f->path, &st), 0);
  assert_int_equal(st.st_size, 4);
}

static void test_abort_leaves_nothing(void** state) {
  fixture* const f = *state;
  pl_bulk* bulk;
  uint64_t seed = 1;
  pl_batch batch;
  CHECK_OK(f, pl_bulk_open(f->path, NULL, &f->err, &bulk));
  batch_make(&batch, &f->mem, BATCH, &seed);
  CHECK_OK(f, pl_bulk_batch(bulk, &batch));
  batch_free(&batch);
  assert_int_equal(fixture_file_count(f), 1);
  pl_bulk_abort(bulk);
  assert_int_equal(fixture_file_count(f), 0);
}

/// A folder that nobody has locked was left by a killed build; one of a living build stays.
static void test_leftovers(void** state) {
  fixture* const f = *state;
  char folder[96], file[112];
  pl_bulk *first, *second;
  path_beside(f, "store.building-abcdef", folder);
  assert_int_equal(mkdir(folder, 0700), 0);
  snprintf(file, sizeof file, "%s/store", folder);
  touch(file);
  CHECK_OK(f, pl_bulk_open(f->path, NULL, &f->err, &first));
  assert_int_equal(fixture_file_count(f), 1);
  CHECK_OK(f, pl_bulk_open(f->path, NULL, &f->err, &second));
  assert_int_equal(fixture_file_count(f), 2);
  CHECK_OK(f, pl_bulk_finish(first, NULL));
  assert_int_equal(pl_bulk_finish(second, NULL), PL_ERR_MISUSE);
  assert_int_equal(fixture_file_count(f), 1);
}

static void test_bad_statement(void** state) {
  fixture* const f = *state;
  pl_bulk* bulk;
  pl_statement st = {.subject = pl_term_string(PL_STR("no subject")),
                     .predicate = pl_term_iri(PL_STR("http://example.org/p")),
                     .object = pl_term_string(PL_STR("o"))};
  const pl_batch batch = {.statements = &st, .count = 1, .capacity = 1};
  CHECK_OK(f, pl_bulk_open(f->path, NULL, &f->err, &bulk));
  assert_int_equal(pl_bulk_batch(bulk, &batch), PL_ERR_MISUSE);
  pl_bulk_abort(bulk);
}

static void test_interrupt(void** state) {
  fixture* const f = *state;
  atomic_int interrupt = 0;
  pl_guard guard;
  pl_guard_init(&guard, &interrupt, 0);
  const pl_bulk_options options = {.guard = &guard};
  pl_bulk* bulk;
  uint64_t seed = 1;
  pl_batch batch;
  CHECK_OK(f, pl_bulk_open(f->path, &options, &f->err, &bulk));
  batch_make(&batch, &f->mem, BATCH, &seed);
  CHECK_OK(f, pl_bulk_batch(bulk, &batch));
  batch_free(&batch);
  atomic_store(&interrupt, 1);
  assert_int_equal(pl_bulk_finish(bulk, NULL), PL_ERR_INTERRUPTED);
  assert_int_equal(fixture_file_count(f), 0);
}

/// A limit on file sizes stands for a full disk: an error, and nothing is left.
static void test_full_disk(void** state) {
  fixture* const f = *state;
  pl_bulk* bulk;
  struct rlimit old;
  uint64_t seed = 1;
  CHECK_OK(f, pl_bulk_open(f->path, NULL, &f->err, &bulk));
  for (unsigned i = 0; i < BATCHES; i++) {
    pl_batch batch;
    batch_make(&batch, &f->mem, BATCH, &seed);
    CHECK_OK(f, pl_bulk_batch(bulk, &batch));
    batch_free(&batch);
  }
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
  const struct rlimit small = {.rlim_cur = 128 << 10, .rlim_max = old.rlim_max};
  void (*const handler)(int) = signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  const pl_status status = pl_bulk_finish(bulk, NULL);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
  (void)signal(SIGXFSZ, handler);
  assert_int_equal(status, PL_ERR_IO);
  assert_true(f->err.count > 0);
  assert_int_equal(fixture_file_count(f), 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_equals_writer),
      TEST(test_equals_writer_spilling),
      TEST(test_equals_writer_one_thread),
      TEST(test_empty),
      TEST(test_stale_lock_file),
      TEST(test_existing_file_is_refused),
      TEST(test_file_that_comes_meanwhile_stays),
      TEST(test_abort_leaves_nothing),
      TEST(test_leftovers),
      TEST(test_bad_statement),
      TEST(test_interrupt),
      TEST(test_full_disk),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
