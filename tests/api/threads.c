/// One handle, eight readers and a writer. The writer changes two counters in one transaction; whoever reads must see
/// both or neither, through queries, and through transactions of several queries. Meant for ThreadSanitizer.
#include "help.h"

#include <pthread.h>
#include <stdatomic.h>

enum { READERS = 8, ROUNDS = 40, READS_MIN = 20 };

typedef struct shared {
  parley* store;        ///< one handle for all
  atomic_int done;      ///< the writer has finished
  atomic_int failures;  ///< of any thread; 0 in the end
} shared;

static void expect(shared* s, int good, const char* what) {
  if (!good) {
    (void)fprintf(stderr, "threads: %s\n", what);
    (void)atomic_fetch_add(&s->failures, 1);
  }
}

static parley_status set_counter(parley_txn* txn, const char* who, int64_t from, int64_t to) {
  const parley_value subject = parley_name(who);
  const parley_value predicate = parley_name("counter");
  const parley_value old = parley_integer(from);
  const parley_value now = parley_integer(to);
  const parley_status status = from ? parley_remove(txn, &subject, &predicate, &old, NULL, 0, NULL) : PARLEY_OK;
  return status == PARLEY_OK ? parley_add(txn, &subject, &predicate, &now, NULL, 0, NULL) : status;
}

static void* write_pairs(void* user) {
  shared* const s = user;
  for (int64_t round = 1; round <= ROUNDS; round++) {
    parley_txn* txn = NULL;
    expect(s, parley_begin(s->store, 1, &txn) == PARLEY_OK, "begin");
    expect(s, set_counter(txn, "left", round - 1, round) == PARLEY_OK, "left");
    expect(s, set_counter(txn, "right", round - 1, round) == PARLEY_OK, "right");
    if (round % 5 == 0) {
      parley_rollback(txn);
      round--;
      expect(s, parley_begin(s->store, 1, &txn) == PARLEY_OK, "begin again");
      expect(s, set_counter(txn, "left", round, round + 1) == PARLEY_OK, "left again");
      expect(s, set_counter(txn, "right", round, round + 1) == PARLEY_OK, "right again");
      round++;
    }
    expect(s, parley_commit(txn) == PARLEY_OK, "commit");
  }
  atomic_store(&s->done, 1);
  return NULL;
}

/// Both counters by one query: one row with equal numbers, or none before the first commit.
static int64_t read_pair(shared* s, parley_query* q) {
  int64_t seen = 0;
  parley_value left, right;
  parley_status status = parley_step(q);
  if (status == PARLEY_ROW) {
    expect(s, parley_column(q, 0, &left) == PARLEY_OK && parley_column(q, 1, &right) == PARLEY_OK, "columns");
    expect(s, left.integer == right.integer, "half a transaction was seen");
    seen = left.integer;
    status = parley_step(q);
  }
  expect(s, status == PARLEY_DONE, "one row");
  expect(s, parley_reset(q) == PARLEY_OK, "reset");
  return seen;
}

/// The counters one after the other, in one transaction.
static void read_in_transaction(shared* s) {
  parley_txn* txn = NULL;
  parley_query* q = NULL;
  static const char* const names[] = {"left", "right"};
  int64_t seen[2] = {0, 0};
  expect(s, parley_begin(s->store, 0, &txn) == PARLEY_OK, "begin read");
  expect(s, parley_prepare_in(txn, "match $who counter ?n return ?n", SIZE_MAX, &q, NULL) == PARLEY_OK, "prepare in");
  for (int i = 0; i < 2; i++) {
    const parley_value who = parley_name(names[i]);
    parley_value n = {.type = PARLEY_NULL};
    expect(s, parley_bind(q, "who", &who) == PARLEY_OK, "bind");
    if (parley_step(q) == PARLEY_ROW) {
      expect(s, parley_column(q, 0, &n) == PARLEY_OK, "column");
    }
    seen[i] = n.integer;
    expect(s, parley_reset(q) == PARLEY_OK, "reset in");
  }
  expect(s, seen[0] == seen[1], "two snapshots in one transaction");
  parley_finalize(q);
  expect(s, parley_commit(txn) == PARLEY_OK, "end read");
}

static void* read_pairs(void* user) {
  shared* const s = user;
  parley_query* q = NULL;
  int64_t last = 0;
  expect(s,
         parley_prepare(s->store, "match left counter ?l . right counter ?r return ?l, ?r", SIZE_MAX, &q, NULL) ==
             PARLEY_OK,
         "prepare");
  for (int i = 0; i < READS_MIN || !atomic_load(&s->done); i++) {
    const int64_t seen = read_pair(s, q);
    expect(s, seen >= last, "time ran backwards");
    last = seen;
    read_in_transaction(s);
  }
  expect(s, read_pair(s, q) == ROUNDS, "the last state");
  parley_finalize(q);
  return NULL;
}

/// Always a new text, with and without a lens: the transaction it reads by, with all that this one knows, may come from another thread.
static void* ask_anew(void* user) {
  shared* const s = user;
  int64_t last = 0;
  for (int i = 0; i < READS_MIN || !atomic_load(&s->done); i++) {
    char text[128];
    parley_query* q = NULL;
    (void)snprintf(text, sizeof text, "%s match left counter ?l . right counter ?r return ?l, ?r limit %d",
                   i % 2 ? "trust 0.5" : "", i % 7 + 1);
    expect(s, parley_prepare(s->store, text, SIZE_MAX, &q, NULL) == PARLEY_OK, "prepare anew");
    const int64_t seen = read_pair(s, q);
    expect(s, seen >= last, "time ran backwards between two texts");
    last = seen;
    parley_finalize(q);
  }
  return NULL;
}

static void see_whole_states(fixture* f, void* (*read)(void* user)) {
  shared s = {.store = f->store};
  pthread_t writer, readers[READERS];
  help_load(f->store, "nt",
            "<urn:parley:left> <urn:parley:kind> \"x\" .\n<urn:parley:right> <urn:parley:kind> \"y\" .\n");
  for (int i = 0; i < READERS; i++) {
    assert_int_equal(pthread_create(&readers[i], NULL, read, &s), 0);
  }
  assert_int_equal(pthread_create(&writer, NULL, write_pairs, &s), 0);
  assert_int_equal(pthread_join(writer, NULL), 0);
  for (int i = 0; i < READERS; i++) {
    assert_int_equal(pthread_join(readers[i], NULL), 0);
  }
  assert_int_equal(atomic_load(&s.failures), 0);
}

static void readers_see_whole_states(void** state) { see_whole_states(*state, read_pairs); }
static void new_texts_see_whole_states(void** state) { see_whole_states(*state, ask_anew); }

/// Failures of two threads on one handle do not get in each other's way.
static void* fail_often(void* user) {
  shared* const s = user;
  for (int i = 0; i < 50; i++) {
    parley_query* q = NULL;
    expect(s, parley_prepare(s->store, "match match", SIZE_MAX, &q, NULL) == PARLEY_SYNTAX, "syntax");
    expect(s, parley_error_count(parley_query_error(q)) > 0, "told");
    parley_finalize(q);
    expect(s, parley_load(s->store, NULL, 1, NULL, NULL) == PARLEY_MISUSE, "misuse");
  }
  return NULL;
}

static void errors_are_kept_apart(void** state) {
  fixture* const f = *state;
  shared s = {.store = f->store};
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, fail_often, &s), 0);
  }
  for (int i = 0; i < 2; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
  }
  assert_int_equal(atomic_load(&s.failures), 0);
  assert_int_equal(parley_error_count(parley_error(f->store)), 1);
}

/// Two stores of one process know nothing of each other.
static void stores_are_apart(void** state) {
  fixture* const f = *state;
  char path[128];
  parley* other = NULL;
  (void)snprintf(path, sizeof path, "%s/other", f->folder);
  const parley_options options = {.size = sizeof options, .flags = PARLEY_OPEN_CREATE, .base = "http://example.org/"};
  assert_int_equal(parley_open(path, &options, &other, NULL), PARLEY_OK);
  parley_interrupt(other);
  help_load(f->store, "nt", "<urn:a> <urn:b> <urn:c> .\n");
  parley_txn* here = NULL;
  parley_txn* there = NULL;
  assert_int_equal(parley_begin(f->store, 1, &here), PARLEY_OK);
  parley_clear_interrupt(other);
  assert_int_equal(parley_begin(other, 1, &there), PARLEY_OK);
  parley_rollback(there);
  parley_rollback(here);
  assert_int_equal(parley_close(other), PARLEY_OK);
}

typedef struct handed {
  parley* store;    ///< of the transaction
  parley_txn* txn;  ///< begun by another thread
} handed;

static void* end_for_another(void* user) {
  handed* const h = user;
  const int refused = parley_commit(h->txn) == PARLEY_MISUSE &&
                      strstr(parley_error_message(parley_error(h->store)), "thread that began it") != NULL;
  parley_rollback(h->txn);
  return refused && strstr(parley_error_message(parley_error(h->store)), "thread that began it") ? h : NULL;
}

/// A write transaction is ended by its own thread; another one changes nothing, and the next writer begins as always.
static void writers_end_their_own(void** state) {
  fixture* const f = *state;
  handed h = {.store = f->store};
  pthread_t other;
  void* good = NULL;
  assert_int_equal(parley_begin(f->store, 1, &h.txn), PARLEY_OK);
  assert_int_equal(help_add(h.txn, "Ann", "knows", "Bob"), PARLEY_OK);
  assert_int_equal(pthread_create(&other, NULL, end_for_another, &h), 0);
  assert_int_equal(pthread_join(other, &good), 0);
  assert_ptr_equal(good, &h);
  assert_int_equal(help_add(h.txn, "Bob", "knows", "Ann"), PARLEY_OK);
  assert_int_equal(parley_commit(h.txn), PARLEY_OK);
  parley_stats stats = {.size = sizeof stats};
  assert_int_equal(parley_get_stats(f->store, &stats), PARLEY_OK);
  assert_int_equal(stats.facts, 2);
  assert_int_equal(parley_begin(f->store, 1, &h.txn), PARLEY_OK);
  parley_rollback(h.txn);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      HELP_TEST(readers_see_whole_states), HELP_TEST(new_texts_see_whole_states), HELP_TEST(errors_are_kept_apart),
      HELP_TEST(stores_are_apart),         HELP_TEST(writers_end_their_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
