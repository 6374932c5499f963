/// Groups that all threads count: answers and their order are those of one thread; stopped and out of memory they fail cleanly.
#include "../tools/failing.h"
#include "help.h"

#include <pthread.h>

enum { FACTS = 400000, SUBJECTS = 60000, OBJECTS = 90000, STOPS = 12 };

/// Everything is counted here in an order of its own: subjects, objects, pairs of predicate and object.
static const char* const texts[] = {
    "match ?s ?p ?o return count(distinct ?o) as ?n",
    "match ?s ?p ?o return count(*) as ?n, count(distinct ?s) as ?m",
    "match ?s ?p ?o with ?s, count(*) as ?n return ?n, count(*) as ?m",
    "match _ p1 ?o return ?o, count(*) as ?n",
    "match ?s ?p ?o with ?p, ?o, count(*) as ?n, count(distinct ?s) as ?m return ?p, sum(?n), sum(?m), max(?n), "
    "count(*)",
    "match ?s ?p ?o with ?o, ?p, count(*) as ?n where ?n > 4 return ?o, ?p, ?n",
    "match ?s ?p ?o with ?s, count(*) as ?n return ?s, ?n limit 5",
    "trust 0.5 match ?s ?p ?o return ?s, count(*) as ?n",
    "trust 0.5 match ?s ?p ?o return count(distinct ?s) as ?n, count(*) as ?m",
    "match _ p1 ?o return ?o as ?x, count(*) as ?n union all match ?x ?p ?y return ?x, count(*) as ?n",
};
enum { TEXTS = sizeof texts / sizeof *texts };

static char built[128];  ///< path of the store

static parley* open_with(unsigned threads, failing* h) {
  const parley_options options = {.size = sizeof options,
                                  .flags = PARLEY_OPEN_NO_SYNC,
                                  .threads = threads,
                                  .map_bytes = help_map(),
                                  .reallocate = h ? failing_reallocate : NULL,
                                  .user = h};
  parley* store = NULL;
  if (parley_open(built, &options, &store, NULL) != PARLEY_OK) {
    parley_close(store);
    return NULL;
  }
  return store;
}

/// Facts that repeat nothing regular, so that blocks hold few of them; some are told by assertions.
static int build(void** state) {
  const size_t room = (size_t)FACTS * 96;
  char* const text = malloc(room);
  size_t len = 0;
  uint64_t x = 88172645463325252u;
  if (help_setup(state) != 0 || !text) {
    return -1;
  }
  (void)snprintf(built, sizeof built, "%s/built", ((fixture*)*state)->folder);
  for (int i = 0; i < FACTS; i++) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    const unsigned s = (unsigned)(x % SUBJECTS);
    const unsigned o = (unsigned)(x >> 20) % OBJECTS;
    const unsigned p = (unsigned)(x >> 50) % 3;
    len += (size_t)snprintf(text + len, room - len, "<urn:parley:s%u> <urn:parley:p%u> <urn:parley:o%u> .\n", s, p, o);
  }
  const parley_input input = {.memory = text, .memory_len = len, .format = "nt"};
  assert_int_equal(parley_build(built, NULL, &input, 1, NULL, NULL, NULL, NULL), PARLEY_OK);
  free(text);
  parley* const store = open_with(1, NULL);
  help_expect(store,
              "insert ( s1 p0 t1 { confidence 0.2 } . s2 p0 t1 { confidence 0.8 } . t3 p1 t1 { confidence 0.3 } )", "");
  assert_int_equal(parley_close(store), PARLEY_OK);
  return 0;
}

/// A number made of all rows in their order; 0 if there are none.
static uint64_t digest(parley_query* q) {
  uint64_t hash = 0;
  parley_status status;
  while ((status = parley_step(q)) == PARLEY_ROW) {
    for (size_t c = 0; c < parley_column_count(q); c++) {
      for (const char* text = parley_column_text(q, c); *text; text++) {
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u + 1;
      }
      hash = hash * 31 + 7;
    }
  }
  assert_int_equal(status, PARLEY_DONE);
  return hash;
}

static void digests(unsigned threads, uint64_t out[TEXTS]) {
  parley* const store = open_with(threads, NULL);
  assert_non_null(store);
  for (int i = 0; i < TEXTS; i++) {
    parley_query* const q = help_prepare(store, texts[i]);
    out[i] = digest(q);
    parley_reset(q);
    assert_int_equal(digest(q), out[i]);
    parley_finalize(q);
  }
  assert_int_equal(parley_close(store), PARLEY_OK);
}

static void threads_change_nothing(void** state) {
  (void)state;
  uint64_t one[TEXTS];
  digests(1, one);
  for (unsigned threads = 2; threads <= 5; threads += 3) {
    uint64_t many[TEXTS];
    digests(threads, many);
    for (int i = 0; i < TEXTS; i++) {
      assert_int_not_equal(one[i], 0);
      assert_int_equal(many[i], one[i]);
    }
  }
}

static void a_little_memory_is_enough(void** state) {
  (void)state;
  const parley_limits limits = {.size = sizeof limits, .memory_bytes = (size_t)2 << 20};
  parley* const store = open_with(4, NULL);
  parley_query* const q = help_prepare(store, texts[0]);
  assert_int_equal(parley_query_set_limits(q, &limits), PARLEY_OK);
  char* const little = help_rows(q);
  help_expect(store, texts[0], little);
  free(little);
  parley_finalize(q);
  assert_int_equal(parley_close(store), PARLEY_OK);
}

static void* interrupt_soon(void* user) {
  (void)usleep(300);
  parley_query_interrupt(user);
  return NULL;
}

static void can_be_interrupted(void** state) {
  (void)state;
  parley* const store = open_with(4, NULL);
  for (int i = 0; i < STOPS; i++) {
    parley_query* const q = help_prepare(store, texts[i % TEXTS]);
    pthread_t thread;
    parley_status status;
    assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, q), 0);
    while ((status = parley_step(q)) == PARLEY_ROW) {
    }
    assert_true(status == PARLEY_DONE || status == PARLEY_INTERRUPTED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    parley_finalize(q);
  }
  help_expect(store, "match ?s p2 ?o with ?s, count(*) as ?n return count(*) > 1000 as ?many", "true");
  assert_int_equal(parley_close(store), PARLEY_OK);
}

static void survives_failing_allocations(void** state) {
  (void)state;
  int good = 0;
  for (long n = 0; !good; n += 1 + n / 16) {
    failing h = {.left = -1};
    atomic_init(&h.left, n);
    atomic_init(&h.bytes, 0);
    parley* const store = open_with(4, &h);
    parley_query* q = NULL;
    parley_status status = store ? parley_prepare(store, texts[2], SIZE_MAX, &q, NULL) : PARLEY_NOMEM;
    while (status == PARLEY_OK || status == PARLEY_ROW) {
      status = parley_step(q);
    }
    assert_true(status == PARLEY_DONE || status == PARLEY_NOMEM);
    good = status == PARLEY_DONE && atomic_load(&h.left) >= 0;
    parley_finalize(q);
    parley_close(store);
    assert_int_equal(atomic_load(&h.bytes), 0);
    assert_true(n < 100000);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(threads_change_nothing),
      cmocka_unit_test(a_little_memory_is_enough),
      cmocka_unit_test(can_be_interrupted),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, build, help_teardown);
}
