/// Backup and compact as a program meets them: while others write, stopped, misused; and what the statistics say.
#include "help.h"

#include <pthread.h>
#include <stdatomic.h>

enum { GROUP = 20, GROUPS = 60 };

typedef struct writing {
  parley* store;        ///< shared handle
  atomic_int groups;    ///< committed
  atomic_int finished;  ///< the backups are made
} writing;

/// Commit groups of facts until the backups are made.
static void* write_groups(void* user) {
  writing* const w = user;
  for (int g = 0; g < GROUPS || !atomic_load(&w->finished); g++) {
    parley_txn* txn = NULL;
    char s[32], o[32];
    if (parley_begin(w->store, 1, &txn) != PARLEY_OK) {
      return w;
    }
    for (int i = 0; i < GROUP; i++) {
      (void)snprintf(s, sizeof s, "s%d", g);
      (void)snprintf(o, sizeof o, "o%d", i);
      if (help_add(txn, s, "p", o) != PARLEY_OK) {
        parley_rollback(txn);
        return w;
      }
    }
    if (parley_commit(txn) != PARLEY_OK) {
      return w;
    }
    atomic_store(&w->groups, g + 1);
  }
  return NULL;
}

static uint64_t facts_of(parley* store) {
  parley_stats stats = {.size = sizeof stats};
  assert_int_equal(parley_get_stats(store, &stats), PARLEY_OK);
  return stats.facts;
}

/// A backup is one moment between two commits, and moments come one after the other.
static void backup_beside_a_writer(void** state) {
  fixture* const f = *state;
  writing w = {.store = f->store};
  pthread_t thread;
  void* failed;
  uint64_t last = 0;
  assert_int_equal(pthread_create(&thread, NULL, write_groups, &w), 0);
  for (int i = 0; i < 10; i++) {
    char path[128];
    parley* copy = NULL;
    const int before = atomic_load(&w.groups);
    (void)snprintf(path, sizeof path, "%s/copy%d", f->folder, i);
    assert_int_equal(parley_backup(f->store, path, NULL), PARLEY_OK);
    const int after = atomic_load(&w.groups) + 1;
    assert_int_equal(parley_open(path, NULL, &copy, NULL), PARLEY_OK);
    const uint64_t facts = facts_of(copy);
    assert_int_equal(facts % GROUP, 0);
    assert_true(facts >= last && facts / GROUP >= (uint64_t)before && facts / GROUP <= (uint64_t)after);
    last = facts;
    parley_check_report report = {.size = sizeof report};
    const parley_check_options deep = {.size = sizeof deep, .deep = 1};
    assert_int_equal(parley_check(copy, &deep, &report), PARLEY_OK);
    assert_int_equal(report.findings, 0);
    assert_int_equal(parley_close(copy), PARLEY_OK);
  }
  atomic_store(&w.finished, 1);
  assert_int_equal(pthread_join(thread, &failed), 0);
  assert_null(failed);
}

static int stop_at_once(void* user, const parley_work* work) {
  ++*(int*)user;
  return work->phase != NULL;
}

/// Both kinds of stopping, before and while it copies; nothing is left.
static void stopped(void** state) {
  fixture* const f = *state;
  char path[128];
  (void)snprintf(path, sizeof path, "%s/copy", f->folder);
  help_load(f->store, "nt", "<urn:a> <urn:b> <urn:c> .\n");
  parley_interrupt(f->store);
  assert_int_equal(parley_backup(f->store, path, NULL), PARLEY_INTERRUPTED);
  parley_clear_interrupt(f->store);
  assert_int_not_equal(access(path, F_OK), 0);
  assert_int_equal(parley_close(f->store), PARLEY_OK);
  f->store = NULL;
  const volatile int interrupt = 1;
  parley_error_object* error = NULL;
  assert_int_equal(parley_compact(f->path, NULL, NULL, &interrupt, NULL, &error), PARLEY_INTERRUPTED);
  assert_true(parley_error_count(error) > 0);
  parley_error_free(error);
  help_open(f, 0);
}

static void misuse(void** state) {
  fixture* const f = *state;
  const parley_copy_options no_size = {.skip_check = 1};
  parley_compact_summary no_summary_size = {0};
  assert_int_equal(parley_backup(NULL, "x", NULL), PARLEY_MISUSE);
  assert_int_equal(parley_backup(f->store, NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_backup(f->store, "x", &no_size), PARLEY_MISUSE);
  assert_int_equal(parley_backup(f->store, f->path, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_compact(NULL, NULL, NULL, NULL, NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_compact("x", NULL, &no_size, NULL, NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_compact("x", NULL, NULL, NULL, &no_summary_size, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_compact(f->path, NULL, NULL, NULL, NULL, NULL), PARLEY_BUSY);  // this process has it open
}

/// The oldest reader, what it keeps, and what compact gives back.
static void statistics(void** state) {
  fixture* const f = *state;
  parley_stats s = {.size = sizeof s};
  parley_txn* reader = NULL;
  int calls = 0;
  help_load(f->store, "nt", "<urn:a> <urn:b> <urn:c> .\n");
  assert_int_equal(parley_get_stats(f->store, &s), PARLEY_OK);
  assert_int_equal(s.readers, 0);
  assert_int_equal(s.oldest_reader_pid, 0);
  assert_int_equal(s.held_bytes, 0);
  assert_true(s.page_bytes >= 4096 && s.map_bytes >= s.file_bytes);
  const uint64_t transaction = s.last_transaction;
  assert_int_equal(parley_begin(f->store, 0, &reader), PARLEY_OK);
  for (int i = 0; i < 5; i++) {
    char line[64];
    (void)snprintf(line, sizeof line, "<urn:a> <urn:b> <urn:c%d> .\n", i);
    help_load(f->store, "nt", line);
  }
  assert_int_equal(parley_get_stats(f->store, &s), PARLEY_OK);
  assert_int_equal(s.readers, 1);
  assert_int_equal(s.oldest_reader_pid, getpid());
  assert_int_equal(s.oldest_reader_transaction, transaction);
  assert_int_equal(s.last_transaction, transaction + 5);
  assert_true(s.held_bytes > 0 && s.held_bytes <= s.free_bytes);
  parley_rollback(reader);
  uint64_t bytes = 0;
  parley_part part;
  for (size_t i = 0; parley_get_part(f->store, i, &part) == PARLEY_OK; i++) {
    assert_true(part.block_bytes <= part.bytes && part.bytes == part.pages * s.page_bytes);
    bytes += part.bytes;
  }
  assert_true(bytes <= s.used_bytes && s.used_bytes + s.free_bytes <= s.file_bytes);
  assert_int_equal(parley_close(f->store), PARLEY_OK);
  f->store = NULL;
  const parley_copy_options options = {.size = sizeof options, .on_progress = stop_at_once, .user = &calls};
  parley_compact_summary summary = {.size = sizeof summary};
  assert_int_equal(parley_compact(f->path, NULL, NULL, NULL, &summary, NULL), PARLEY_OK);
  assert_true(summary.bytes_after < summary.bytes_before);
  // So small a store is copied before progress is told; a callback that would stop changes nothing then.
  assert_int_equal(parley_compact(f->path, NULL, &options, NULL, &summary, NULL),
                   calls ? PARLEY_INTERRUPTED : PARLEY_OK);
  help_open(f, 0);
  assert_int_equal(parley_get_stats(f->store, &s), PARLEY_OK);
  assert_int_equal(s.facts, facts_of(f->store));
  help_expect(f->store, "match <urn:a> <urn:b> ?o return count(*) as ?n", "6");
}

int main(void) {
  const struct CMUnitTest tests[] = {HELP_TEST(backup_beside_a_writer), HELP_TEST(stopped), HELP_TEST(misuse),
                                     HELP_TEST(statistics)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
