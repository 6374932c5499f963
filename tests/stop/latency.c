/// stop_latency [--nodes N] [--text BYTES] [--rounds N] [--gaps] [--at-most MS] [CASE]: how long after an interrupt a call returns.
///
/// Each case of cases.c runs over a large store and is interrupted from another thread at random moments; measured is the time from the
/// interrupt to the return of the call, everything undone and freed. Queries are also ended by a time limit; measured is how much later than
/// that they end. `--gaps` measures instead the longest time between two moments at which the library asks whether to stop, in one whole run.
/// Ends with 1 if a maximum is beyond `--at-most`.
#include "cases.h"
#include "watch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS_MAX = 1000 };
static const double FULL_RUN_S = 4;  ///< a case is stopped for the first time after this

typedef struct settings {
  size_t nodes, text, rounds;  ///< size of the data; interrupts of each case
  double at_most;              ///< milliseconds
  bool gaps;                   ///< measure gaps instead
  const char* only;            ///< cases whose names contain this; NULL = all
} settings;

typedef struct shot {
  stop_place* place;  ///< to stop
  double after;       ///< seconds
  double at;          ///< when it was fired
  pthread_mutex_t lock;
  pthread_cond_t ended;
  bool over;  ///< the call returned
} shot;

static double now(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void* shoot(void* user) {
  shot* const s = user;
  const double end = now() + s->after;
  const struct timespec until = {(time_t)end, (long)((end - (double)(time_t)end) * 1e9)};
  (void)pthread_mutex_lock(&s->lock);
  while (!s->over && now() < end) {
    (void)pthread_cond_timedwait(&s->ended, &s->lock, &until);
  }
  if (!s->over) {
    s->at = now();
    stop_now(s->place);
  }
  (void)pthread_mutex_unlock(&s->lock);
  return NULL;
}

/// Run a case and interrupt it after `after` seconds; *late receives the seconds from there to its end, *took all of it.
static parley_status run_shot(stop_place* place, const stop_case* c, double after, double* late, double* took) {
  shot s = {.place = place, .after = after, .lock = PTHREAD_MUTEX_INITIALIZER};
  pthread_condattr_t attr;
  pthread_t thread;
  if (pthread_condattr_init(&attr) != 0 || pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) != 0 ||
      pthread_cond_init(&s.ended, &attr) != 0 || pthread_create(&thread, NULL, shoot, &s) != 0) {
    return PARLEY_NOMEM;
  }
  const double start = now();
  const parley_status status = c->run(place, c, NULL);
  const double end = now();
  (void)pthread_mutex_lock(&s.lock);
  s.over = true;
  (void)pthread_cond_signal(&s.ended);
  (void)pthread_mutex_unlock(&s.lock);
  (void)pthread_join(thread, NULL);
  *late = end - s.at;
  *took = end - start;
  stop_clear(place);
  return status;
}

static int by_size(const void* a, const void* b) {
  const double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

static double most(double* times, size_t count, double* median) {
  qsort(times, count, sizeof *times, by_size);
  *median = count ? times[count / 2] * 1e3 : 0;
  return count ? times[count - 1] * 1e3 : 0;
}

static double part(double of) { return of * (double)(rand() % 1000 + 1) / 1001; }

static size_t interrupts(stop_place* place, const stop_case* c, size_t rounds, double whole, double* late) {
  size_t count = 0;
  for (size_t tries = 0; count < rounds && tries < 2 * rounds; tries++) {
    double took = 0;
    if (run_shot(place, c, part(whole), &late[count], &took) == PARLEY_INTERRUPTED) {
      count++;
    }
  }
  return count;
}

static size_t time_limits(stop_place* place, const stop_case* c, size_t rounds, double whole, double* late) {
  size_t count = 0;
  for (size_t tries = 0; c->limits && count < rounds && tries < 2 * rounds; tries++) {
    const parley_limits limits = {.size = sizeof limits, .seconds = part(whole)};
    if (parley_set_limits(place->store, &limits) != PARLEY_OK) {
      break;
    }
    const double start = now();
    if (c->run(place, c, &limits) == PARLEY_LIMIT) {
      late[count++] = now() - start - limits.seconds;
    }
  }
  const parley_limits none = {.size = sizeof none};
  (void)parley_set_limits(place->store, &none);
  return count;
}

/// One line of the table. Gives the largest time in milliseconds.
static double measure(stop_place* place, const stop_case* c, const settings* how) {
  double late[ROUNDS_MAX], limited[ROUNDS_MAX], first = 0, whole = 0, median = 0, median_limited = 0;
  (void)run_shot(place, c, FULL_RUN_S, &first, &whole);
  const size_t n = interrupts(place, c, how->rounds, whole, late);
  const size_t m = time_limits(place, c, how->rounds, whole, limited);
  const double max = most(late, n, &median), max_limited = most(limited, m, &median_limited);
  (void)printf("| %-32s | %6.2f | %3zu | %7.2f | %7.2f | ", c->name, whole, n, median, max);
  (void)(c->limits ? printf("%7.2f | %7.2f |\n", median_limited, max_limited) : printf("%7s | %7s |\n", "", ""));
  (void)fflush(stdout);
  return max > max_limited ? max : max_limited;
}

static double measure_gap(stop_place* place, const stop_case* c) {
  double late = 0, whole = 0;
  watch_count(0, NULL, NULL);
  watch_gaps(true);
  const parley_status status = run_shot(place, c, FULL_RUN_S, &late, &whole);
  watch_pulse();
  const watch_gap gap = watch_longest();
  watch_gaps(false);
  (void)printf("%8.2f ms  %-34s %6.2f s %-12s %p %p\n", (double)gap.ns * 1e-6, c->name, whole,
               parley_status_name(status), gap.before, gap.after);
  (void)fflush(stdout);
  return (double)gap.ns * 1e-6;
}

static bool read_settings(int argc, char** argv, settings* s) {
  for (int i = 1; i < argc; i++) {
    const char* const value = i + 1 < argc ? argv[i + 1] : "";
    if (strcmp(argv[i], "--gaps") == 0) {
      s->gaps = true;
    } else if (strcmp(argv[i], "--nodes") == 0) {
      s->nodes = strtoull(value, NULL, 10), i++;
    } else if (strcmp(argv[i], "--text") == 0) {
      s->text = strtoull(value, NULL, 10), i++;
    } else if (strcmp(argv[i], "--rounds") == 0) {
      s->rounds = strtoull(value, NULL, 10), i++;
    } else if (strcmp(argv[i], "--at-most") == 0) {
      s->at_most = strtod(value, NULL), i++;
    } else {
      s->only = argv[i];
    }
  }
  return s->nodes >= 50 && s->rounds <= ROUNDS_MAX;
}

int main(int argc, char** argv) {
  settings how = {.nodes = 200000, .text = (size_t)16 << 20, .rounds = 20, .at_most = 100};
  stop_place place;
  double worst = 0;
  size_t count = 0, late = 0;
  if (!read_settings(argc, argv, &how) || !stop_place_make(&place, how.nodes, how.text)) {
    (void)fprintf(stderr,
                  "usage: stop_latency [--nodes N] [--text BYTES] [--rounds N] [--gaps] [--at-most MS] [CASE]\n");
    return 2;
  }
  if (!how.gaps) {
    (void)printf(
        "| case | seconds | interrupts | median ms | maximum ms | late by, median ms | maximum ms "
        "|\n|---|---|---|---|---|---|---|\n");
  }
  for (size_t i = 0; i < stop_case_count; i++) {
    if (how.only && !strstr(stop_cases[i].name, how.only)) {
      continue;
    }
    const double ms = how.gaps ? measure_gap(&place, &stop_cases[i]) : measure(&place, &stop_cases[i], &how);
    worst = ms > worst ? ms : worst;
    late += ms > how.at_most;
    count++;
  }
  (void)printf("%zu cases, worst %.1f ms, %zu beyond %.0f ms\n", count, worst, late, how.at_most);
  stop_place_free(&place);
  return late ? 1 : 0;
}
