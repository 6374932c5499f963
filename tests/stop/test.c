/// Every case of cases.c over a small store, stopped at the first question of the library, the second, and so on (in growing steps): by an
/// interrupt, by a time limit, and by a memory limit that gets smaller and smaller. Each time the call says so, the store is as it was, and the
/// next run works. No clock is read: see watch.h. An operator of the executor that no case opens fails the test.
#include "cases.h"
#include "watch.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NODES = 40, TEXT_BYTES = 1500, ALL_UP_TO = 3 };

static stop_place place;
static const char* operators_folder;

typedef struct picture {
  char* text;  ///< the store as JSON Lines
  size_t len;
  parley_stats stats;
} picture;

static picture before;

static int keep(void* user, const char* data, size_t len) { return fwrite(data, 1, len, user) == len ? 0 : 1; }

static picture look(void) {
  picture p = {.stats = {.size = sizeof p.stats}};
  FILE* const f = open_memstream(&p.text, &p.len);
  assert_non_null(f);
  const parley_export_options options = {.size = sizeof options, .write = keep, .user = f};
  assert_int_equal(parley_export(place.store, &options), PARLEY_OK);
  assert_int_equal(fclose(f), 0);
  assert_int_equal(parley_get_stats(place.store, &p.stats), PARLEY_OK);
  return p;
}

static void assert_unchanged(void) {
  picture now = look();
  assert_int_equal(now.len, before.len);
  assert_memory_equal(now.text, before.text, now.len);
  assert_int_equal(now.stats.facts, before.stats.facts);
  assert_int_equal(now.stats.rows, before.stats.rows);
  assert_int_equal(now.stats.assertions, before.stats.assertions);
  assert_int_equal(now.stats.annotations, before.stats.annotations);
  assert_int_equal(now.stats.terms, before.stats.terms);
  free(now.text);
}

/// Each of the first few questions, then at steps that double.
static uint64_t next_stop(uint64_t at) { return at < ALL_UP_TO ? at + 1 : at * 2; }

/// How a case ends when nothing stops it. A pattern that would search for ever is an error by itself.
static parley_status run_whole(const stop_case* c) {
  watch_count(0, NULL, NULL);
  const parley_status status = c->run(&place, c, NULL);
  if (status != PARLEY_OK && status != PARLEY_EVAL) {
    print_error("%s: %s\n", c->name, stop_message());
  }
  assert_true(status == PARLEY_OK || status == PARLEY_EVAL);
  return status;
}

static void assert_stopped(const stop_case* c, uint64_t at, parley_status status, parley_status wanted) {
  // Threads of a build ask in any order: a run may ask a little less often than the one that was counted.
  if (status != wanted && watch_asked() >= at) {
    print_error("%s, stopped at question %lu: %s (%s)\n", c->name, (unsigned long)at, parley_status_name(status),
                stop_message());
    fail();
  }
  if (c->writes) {
    assert_unchanged();
  }
}

static void stop_everywhere(const stop_case* c) {
  const parley_status whole = run_whole(c);
  const uint64_t asked = watch_asked();
  if (asked == 0) {
    print_error("%s never asks whether to stop\n", c->name);
    fail();
  }
  for (uint64_t at = 1; at <= asked; at = next_stop(at)) {
    watch_count(at, stop_now, &place);
    const parley_status status = c->run(&place, c, NULL);
    stop_clear(&place);
    assert_stopped(c, at, status, PARLEY_INTERRUPTED);
  }
  assert_int_equal(run_whole(c), whole);
  assert_unchanged();
}

static void interrupts(void** state) {
  (void)state;
  for (size_t i = 0; i < stop_case_count; i++) {
    if (strcmp(stop_cases[i].name, "stats") != 0) {  // over at once
      stop_everywhere(&stop_cases[i]);
    }
  }
}

static void set_limits(const parley_limits* limits) {
  assert_int_equal(parley_set_limits(place.store, limits), PARLEY_OK);
}

static void time_limits(void** state) {
  (void)state;
  const parley_limits limits = {.size = sizeof limits, .seconds = 100000};
  const parley_limits none = {.size = sizeof none};
  for (size_t i = 0; i < stop_case_count; i++) {
    const stop_case* const c = &stop_cases[i];
    if (!c->limits) {
      continue;
    }
    set_limits(&none);
    (void)run_whole(c);
    const uint64_t asked = watch_asked();
    set_limits(&limits);
    for (uint64_t at = 1; at <= asked; at = next_stop(at)) {
      watch_deadline(at);
      assert_stopped(c, at, c->run(&place, c, &limits), PARLEY_LIMIT);
    }
  }
  set_limits(&none);
  watch_count(0, NULL, NULL);
  assert_unchanged();
}

static void memory_limits(void** state) {
  (void)state;
  for (size_t i = 0; i < stop_case_count; i++) {
    const stop_case* const c = &stop_cases[i];
    bool stopped = false;
    for (size_t bytes = (size_t)8 << 20; c->limits && bytes > 0; bytes = bytes / 3 * 2) {
      const parley_limits limits = {.size = sizeof limits, .memory_bytes = bytes};
      const parley_status status = c->run(&place, c, &limits);
      stopped = stopped || status == PARLEY_LIMIT;
      if (status != PARLEY_LIMIT && (stopped || (status != PARLEY_OK && status != PARLEY_EVAL))) {
        print_error("%s with %zu bytes: %s (%s)\n", c->name, bytes, parley_status_name(status), stop_message());
        fail();
      }
      if (status == PARLEY_LIMIT && !strstr(stop_message(), "needs more than the memory limit")) {
        print_error("%s with %zu bytes: %s\n", c->name, bytes, stop_message());
        fail();
      }
    }
    if (c->limits && !stopped && strncmp(c->text, "explain", 7) != 0) {  // which runs nothing
      print_error("%s needs no memory\n", c->name);
      fail();
    }
  }
  assert_unchanged();
}

/// Every operator that the sources of the executor name was opened by some case.
static void operators(void** state) {
  (void)state;
  static const char* const marks[] = {"op_class = {.name = \"", "_class = {.name = \"", "APPLY_CLASS(\""};
  size_t found = 0, unseen = 0;
  char path[600], line[400];
  DIR* const folder = opendir(operators_folder);
  assert_non_null(folder);
  for (struct dirent* e = readdir(folder); e; e = readdir(folder)) {
    (void)snprintf(path, sizeof path, "%s/%s", operators_folder, e->d_name);
    FILE* const f = strncmp(e->d_name, "op_", 3) == 0 ? fopen(path, "r") : NULL;
    while (f && fgets(line, sizeof line, f)) {
      for (size_t m = 0; m < sizeof marks / sizeof *marks; m++) {
        char* const at = strstr(line, marks[m]);
        char* const name = at ? at + strlen(marks[m]) : NULL;
        char* const end = name ? strchr(name, '"') : NULL;
        if (end) {
          *end = '\0';
          found++;
          if (!watch_operator_seen(name)) {
            print_error("no case of tests/stop/cases.def uses the operator %s\n", name);
            unseen++;
          }
          break;
        }
      }
    }
    if (f) {
      (void)fclose(f);
    }
  }
  (void)closedir(folder);
  assert_true(found >= 27);
  assert_int_equal(unseen, 0);
}

static int make(void** state) {
  (void)state;
  if (!stop_place_make(&place, NODES, TEXT_BYTES)) {
    return -1;
  }
  before = look();
  return 0;
}

static int clear(void** state) {
  (void)state;
  free(before.text);
  stop_place_free(&place);
  return 0;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    (void)fprintf(stderr, "usage: stop_test FOLDER-OF-OPERATORS\n");
    return 2;
  }
  operators_folder = argv[1];
  const struct CMUnitTest tests[] = {cmocka_unit_test(interrupts), cmocka_unit_test(time_limits),
                                     cmocka_unit_test(memory_limits), cmocka_unit_test(operators)};
  return cmocka_run_group_tests(tests, make, clear);
}
