/// What may go on at the same time on one handle, beyond readers and a writer (threads.c) and backups (copy.c): loads and
/// builds with threads of their own, checks that share the work among threads, statistics, an interrupt from another
/// thread, and an attempt to close while another thread is at work. Meant for ThreadSanitizer.
#include "help.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

enum { ROWS = 3000, LINE = 80, READERS = 3, LOADS = 4 };

/// `rows` lines, distinct for each `first`.
static char* lines(int first, int rows) {
  char* const text = malloc((size_t)rows * LINE + 1);
  size_t len = 0;
  assert_non_null(text);
  for (int i = first; i < first + rows; i++) {
    len += (size_t)snprintf(text + len, LINE, "<urn:parley:s%d> <urn:parley:p%d> \"text number %d\" .\n", i % 700,
                            i % 7, i);
  }
  return text;
}

// ---- loads beside readers, statistics and checks --------------------------------------------------------------------

typedef struct shared {
  parley* store;        ///< one handle for all
  atomic_int done;      ///< the loads have ended
  atomic_int failures;  ///< of any thread
} shared;

static void expect(shared* s, int good, const char* what) {
  if (!good) {
    (void)fprintf(stderr, "together: %s\n", what);
    (void)atomic_fetch_add(&s->failures, 1);
  }
}

static void* count_on(void* user) {
  shared* const s = user;
  int64_t last = 0;
  for (int ended = 0; !ended;) {
    ended = atomic_load(&s->done);
    parley_query* q = NULL;
    parley_value n = {.type = PARLEY_NULL};
    expect(s, parley_prepare(s->store, "match ?s ?p ?o return count(*)", SIZE_MAX, &q, NULL) == PARLEY_OK, "prepare");
    expect(s, parley_step(q) == PARLEY_ROW && parley_column(q, 0, &n) == PARLEY_OK, "count");
    expect(s, n.integer >= last && n.integer % ROWS == 0, "a part of a load was seen");
    last = n.integer;
    parley_finalize(q);
  }
  return NULL;
}

static void* look_on(void* user) {
  shared* const s = user;
  for (int ended = 0; !ended;) {
    ended = atomic_load(&s->done);
    parley_stats stats = {.size = sizeof stats};
    parley_part part;
    parley_check_report report = {.size = sizeof report};
    const parley_check_options deep = {.size = sizeof deep, .deep = ended};
    expect(s, parley_get_stats(s->store, &stats) == PARLEY_OK && stats.facts % ROWS == 0, "statistics");
    expect(s, parley_get_part(s->store, 0, &part) == PARLEY_OK, "part");
    expect(s, parley_check(s->store, &deep, &report) == PARLEY_OK && report.findings == 0, "check");
  }
  return NULL;
}

static void loads_beside_everything(void** state) {
  fixture* const f = *state;
  shared s = {.store = f->store};
  pthread_t readers[READERS], watcher;
  for (int i = 0; i < READERS; i++) {
    assert_int_equal(pthread_create(&readers[i], NULL, count_on, &s), 0);
  }
  assert_int_equal(pthread_create(&watcher, NULL, look_on, &s), 0);
  for (int i = 0; i < LOADS; i++) {
    char* const text = lines(i * ROWS, ROWS);
    help_load(f->store, "nt", text);
    free(text);
  }
  atomic_store(&s.done, 1);
  for (int i = 0; i < READERS; i++) {
    assert_int_equal(pthread_join(readers[i], NULL), 0);
  }
  assert_int_equal(pthread_join(watcher, NULL), 0);
  assert_int_equal(atomic_load(&s.failures), 0);
}

// ---- builds and checks with threads ---------------------------------------------------------------------------------

/// A build that sorts in several runs, from two inputs at once, and checks of both forms, all with four threads.
static void builds_with_threads(void** state) {
  fixture* const f = *state;
  char path[128];
  char* const texts[] = {lines(0, ROWS), lines(ROWS, ROWS)};
  const parley_input inputs[] = {{.memory = texts[0], .memory_len = strlen(texts[0]), .format = "nt"},
                                 {.memory = texts[1], .memory_len = strlen(texts[1]), .format = "nt"}};
  const parley_options open = {
      .size = sizeof open, .flags = PARLEY_OPEN_NO_SYNC, .map_bytes = help_map(), .threads = 4};
  const parley_load_options options = {.size = sizeof options, .memory_bytes = 1 << 20};
  parley* store = NULL;
  (void)snprintf(path, sizeof path, "%s/built", f->folder);
  assert_int_equal(parley_build(path, &open, inputs, 2, &options, NULL, NULL, NULL), PARLEY_OK);
  assert_int_equal(parley_open(path, &open, &store, NULL), PARLEY_OK);
  for (int deep = 0; deep < 2; deep++) {
    const parley_check_options check = {.size = sizeof check, .deep = deep};
    parley_check_report report = {.size = sizeof report};
    assert_int_equal(parley_check(store, &check, &report), PARLEY_OK);
    assert_int_equal(report.findings, 0);
  }
  help_expect(store, "match ?s ?p ?o return count(*)", "6000");
  assert_int_equal(parley_close(store), PARLEY_OK);
  free(texts[0]);
  free(texts[1]);
}

// ---- interrupt, close -----------------------------------------------------------------------------------------------

typedef struct work {
  parley* store;         ///< shared handle
  sem_t started;         ///< the first row is there
  parley_status status;  ///< of the end
} work;

/// Rows of a product without end.
static void* step_on(void* user) {
  work* const w = user;
  parley_query* q = NULL;
  w->status = parley_prepare(w->store, "match ?a ?b ?c . ?d ?e ?f . ?g ?h ?i return ?a, ?d, ?g", SIZE_MAX, &q, NULL);
  w->status = w->status == PARLEY_OK ? parley_step(q) : w->status;
  (void)sem_post(&w->started);
  while (w->status == PARLEY_ROW) {
    w->status = parley_step(q);
  }
  parley_finalize(q);
  return NULL;
}

/// While another thread steps, closing is refused and harms nothing; an interrupt from here ends the thread's work.
static void closes_only_at_rest(void** state) {
  fixture* const f = *state;
  char* const text = lines(0, ROWS);
  work w = {.store = f->store};
  pthread_t thread;
  help_load(f->store, "nt", text);
  free(text);
  assert_int_equal(sem_init(&w.started, 0, 0), 0);
  assert_int_equal(pthread_create(&thread, NULL, step_on, &w), 0);
  assert_int_equal(sem_wait(&w.started), 0);
  for (int i = 0; i < 20; i++) {
    assert_int_equal(parley_close(f->store), PARLEY_MISUSE);
  }
  parley_interrupt(f->store);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_int_equal(w.status, PARLEY_INTERRUPTED);
  parley_clear_interrupt(f->store);
  help_expect(f->store, "match ?s ?p ?o return count(*)", "3000");
  assert_int_equal(sem_destroy(&w.started), 0);
}

typedef struct interrupter {
  parley* store;     ///< whose load is to end
  pthread_t thread;  ///< that interrupts it
  int started;       ///< there is one
} interrupter;

static void* interrupt_it(void* user) {
  parley_interrupt(user);
  return NULL;
}

static int start_interrupter(void* user, const parley_progress* progress) {
  interrupter* const other = user;
  (void)progress;
  if (!other->started) {
    other->started = pthread_create(&other->thread, NULL, interrupt_it, other->store) == 0;
  }
  return 0;
}

/// A load, interrupted by a thread that is started in its middle, changes nothing; if it was faster, everything.
static void interrupts_a_load(void** state) {
  fixture* const f = *state;
  interrupter other = {.store = f->store};
  char* const text = lines(0, 10 * ROWS);
  const parley_input input = {.memory = text, .memory_len = strlen(text), .format = "nt"};
  const parley_load_options options = {.size = sizeof options, .on_progress = start_interrupter, .user = &other};
  const parley_status status = parley_load(f->store, &input, 1, &options, NULL);
  if (other.started) {
    assert_int_equal(pthread_join(other.thread, NULL), 0);
  }
  parley_clear_interrupt(f->store);
  assert_true(status == PARLEY_INTERRUPTED || status == PARLEY_OK);
  help_expect(f->store, "match ?s ?p ?o return count(*)", status == PARLEY_OK ? "30000" : "0");
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {HELP_TEST(loads_beside_everything), HELP_TEST(builds_with_threads),
                                     HELP_TEST(closes_only_at_rest), HELP_TEST(interrupts_a_load)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
