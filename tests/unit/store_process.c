/// Several processes on one store: readers see whole transactions only, writers take turns, a killed writer leaves
/// nothing behind.
///
/// Children run this program again (fork and exec, so that nothing is inherited) and talk through pipes, one byte a
/// step.
#include "store/writer.h"
#include "store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#define GROUP 50  ///< facts in each transaction
#define ROUNDS 40

typedef struct child {
  pid_t pid;  ///< process
  int to;     ///< we write, it reads from its standard input
  int from;   ///< it writes to its standard output, we read
} child;

static child start(const char* mode, const char* path) {
  int down[2], up[2];
  assert_int_equal(pipe2(down, O_CLOEXEC), 0);
  assert_int_equal(pipe2(up, O_CLOEXEC), 0);
  const pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    (void)dup2(down[0], 0);
    (void)dup2(up[1], 1);
    (void)execl("/proc/self/exe", "store_process", mode, path, (char*)NULL);
    _exit(127);
  }
  (void)close(down[0]);
  (void)close(up[1]);
  return (child){pid, down[1], up[0]};
}

static void say(const child* c, char word) { assert_int_equal(write(c->to, &word, 1), 1); }

static char hear(const child* c) {
  char word = 0;
  assert_int_equal(read(c->from, &word, 1), 1);
  return word;
}

static int finish(child* c) {
  int status = 0;
  (void)close(c->to);
  (void)close(c->from);
  assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
  return status;
}

static void add_group(fixture* f, pl_writer* writer, uint64_t first) {
  const pl_term s = pl_term_iri(PL_STR("urn:parley:s")), p = pl_term_iri(PL_STR("urn:parley:p"));
  pl_id ids[2];
  CHECK_OK(f, pl_writer_term(writer, &s, &ids[0]));
  CHECK_OK(f, pl_writer_term(writer, &p, &ids[1]));
  for (uint64_t i = 0; i < GROUP; i++) {
    CHECK_OK(f, pl_writer_fact(writer, ids[0], ids[1], pl_id_make(PL_TAG_INTEGER, first + i), 0));
  }
  CHECK_OK(f, pl_writer_flush(writer, NULL));
}

static void write_group(fixture* f, uint64_t first) {
  pl_writer* writer;
  fixture_begin(f, true);
  CHECK_OK(f, pl_writer_open(f->txn, 0, NULL, &writer));
  add_group(f, writer, first);
  pl_writer_close(writer);
  fixture_commit(f);
}

static uint64_t facts_in(pl_txn* txn) {
  pl_totals totals;
  return pl_stats_totals(txn, &totals) == PL_OK ? totals.facts : UINT64_MAX;
}

// ---- children -----------------------------------------------------------------------------------------------------

typedef struct self {
  pl_mem mem;       ///< account
  pl_error err;     ///< of all calls
  pl_store* store;  ///< opened
} self;

static bool self_open(self* me, const char* path, bool readonly) {
  pl_mem_init(&me->mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&me->err, &me->mem);
  const pl_store_options options = {.readonly = readonly, .no_wait = true, .durability = PL_SYNC_NONE};
  return pl_store_open(path, &options, &me->err, &me->store) == PL_OK;
}

/// Rows that a scan meets, or UINT64_MAX.
static uint64_t count_rows(self* me, pl_txn* txn, pl_order order) {
  pl_scan* scan;
  uint64_t count = 0;
  if (pl_scan_open(txn, order, PL_SCAN_ROWS, NULL, &me->mem, &scan) != PL_OK) {
    return UINT64_MAX;
  }
  const bool good = pl_scan_range(scan, NULL, 0, 0, UINT64_MAX) == PL_OK && pl_scan_count(scan, &count) == PL_OK;
  pl_scan_close(scan);
  return good ? count : UINT64_MAX;
}

/// Look again and again: totals and every order must agree on a whole number of groups that never falls.
static int read_until_told(self* me) {
  uint64_t last = 0;
  (void)fcntl(0, F_SETFL, O_NONBLOCK);
  for (;;) {
    pl_txn* txn;
    char word;
    if (pl_txn_begin(me->store, false, &me->err, &txn) != PL_OK) {
      return 1;
    }
    const uint64_t facts = facts_in(txn);
    const bool whole = facts % GROUP == 0 && facts >= last && count_rows(me, txn, PL_ORDER_SPO) == facts &&
                       count_rows(me, txn, PL_ORDER_POS) == facts && count_rows(me, txn, PL_ORDER_PSO) == facts;
    pl_txn_abort(txn);
    if (!whole) {
      return 2;
    }
    last = facts;
    if (read(0, &word, 1) == 1) {
      return 0;
    }
  }
}

static int child_reader(const char* path) {
  self me;
  if (!self_open(&me, path, true) || write(1, "r", 1) != 1) {
    return 3;
  }
  const int result = read_until_told(&me);
  pl_store_close(me.store);
  return result;
}

/// Hold a write transaction with a group of facts in it until told to commit or killed.
static int child_writer(const char* path) {
  fixture f = {.store = NULL};
  self me;
  char word = 0;
  if (!self_open(&me, path, false)) {
    return 3;
  }
  f.store = me.store;
  pl_writer* writer;
  if (pl_txn_begin(f.store, true, &me.err, &f.txn) != PL_OK || pl_writer_open(f.txn, 0, NULL, &writer) != PL_OK) {
    return 4;
  }
  add_group(&f, writer, 1000000);
  pl_writer_close(writer);
  if (write(1, "w", 1) != 1 || read(0, &word, 1) != 1) {
    return 5;
  }
  const pl_status status = pl_txn_commit(f.txn);
  pl_store_close(f.store);
  return status == PL_OK ? 0 : 6;
}

// ---- tests --------------------------------------------------------------------------------------------------------

static void test_readers_see_whole_transactions(void** state) {
  fixture* const f = *state;
  fixture_open(f, (pl_str){NULL, 0});
  write_group(f, 0);
  child readers[3];
  for (unsigned i = 0; i < 3; i++) {
    readers[i] = start("reader", f->path);
    assert_int_equal(hear(&readers[i]), 'r');
  }
  for (uint64_t round = 1; round < ROUNDS; round++) {
    write_group(f, round * GROUP);
  }
  for (unsigned i = 0; i < 3; i++) {
    say(&readers[i], 'q');
    assert_int_equal(finish(&readers[i]), 0);
  }
}

static void test_writers_take_turns(void** state) {
  fixture* const f = *state;
  fixture_open(f, (pl_str){NULL, 0});
  write_group(f, 0);
  pl_store* hasty = NULL;
  CHECK_OK(f, pl_store_open(f->path, &(pl_store_options){.no_wait = true}, &f->err, &hasty));
  child writer = start("writer", f->path);
  assert_int_equal(hear(&writer), 'w');
  pl_txn* txn = NULL;
  assert_int_equal(pl_txn_begin(hasty, true, &f->err, &txn), PL_ERR_BUSY);
  pl_error_clear(&f->err);
  fixture_begin(f, false);  // a reader is not in anyone's way
  assert_int_equal(facts_in(f->txn), GROUP);
  fixture_abort(f);
  say(&writer, 'c');
  assert_int_equal(finish(&writer), 0);
  CHECK_OK(f, pl_txn_begin(hasty, true, &f->err, &txn));
  assert_int_equal(facts_in(txn), 2 * GROUP);
  pl_txn_abort(txn);
  pl_store_close(hasty);
}

static void tell_to_commit(void* user) { say(user, 'c'); }

static void test_second_writer_waits(void** state) {
  fixture* const f = *state;
  fixture_open(f, (pl_str){NULL, 0});
  write_group(f, 0);
  child writer = start("writer", f->path);
  pl_store* patient = NULL;
  const pl_store_options options = {.on_wait = tell_to_commit, .on_wait_user = &writer};
  CHECK_OK(f, pl_store_open(f->path, &options, &f->err, &patient));
  assert_int_equal(hear(&writer), 'w');
  pl_txn* txn = NULL;
  CHECK_OK(f, pl_txn_begin(patient, true, &f->err, &txn));
  assert_int_equal(facts_in(txn), 2 * GROUP);
  pl_txn_abort(txn);
  pl_store_close(patient);
  assert_int_equal(finish(&writer), 0);
}

static void test_killed_writer(void** state) {
  fixture* const f = *state;
  fixture_open(f, (pl_str){NULL, 0});
  write_group(f, 0);
  child writer = start("writer", f->path);
  assert_int_equal(hear(&writer), 'w');
  assert_int_equal(kill(writer.pid, SIGKILL), 0);
  const int status = finish(&writer);
  assert_true(WIFSIGNALED(status));
  fixture_begin(f, true);  // LMDB takes its mutex back from the dead
  assert_int_equal(facts_in(f->txn), GROUP);
  fixture_abort(f);
  write_group(f, GROUP);
}

/// A symbolic link is no second store: one lock file, and each process sees what the other commits.
static void test_symbolic_link(void** state) {
  fixture* const f = *state;
  char link[128];
  fixture_open(f, (pl_str){NULL, 0});
  write_group(f, 0);
  (void)snprintf(link, sizeof link, "%s-too", f->path);
  assert_int_equal(symlink("store", link), 0);
  child writer = start("writer", link);
  assert_int_equal(hear(&writer), 'w');
  say(&writer, 'c');
  assert_int_equal(finish(&writer), 0);
  write_group(f, GROUP);
  fixture_begin(f, false);
  assert_int_equal(facts_in(f->txn), 3 * GROUP);
  fixture_abort(f);
  assert_int_equal(unlink(link), 0);
  assert_int_equal(fixture_file_count(f), 2);  // the store and its one lock file
}

int main(int argc, char** argv) {
  if (argc == 3) {
    return strcmp(argv[1], "reader") == 0 ? child_reader(argv[2]) : child_writer(argv[2]);
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_readers_see_whole_transactions, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_writers_take_turns, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_second_writer_waits, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_killed_writer, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_symbolic_link, fixture_setup, fixture_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
