/// What the small stress programs share: a condition that must hold, and one store in a temporary folder of its own.
#ifndef TESTS_STRESS_PLACE_H
#define TESTS_STRESS_PLACE_H

#include <parley.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];         ///< of the store
static char path[96];           ///< of the store; children get it as an argument
static char program[PATH_MAX];  ///< this one, by its name: under Valgrind /proc/self/exe itself is another

/// End the process, child or parent, with the place of a condition that does not hold.
#define MUST(condition) must(condition, #condition, __LINE__)
static inline void must(int good, const char* what, int line) {
  if (!good) {
    (void)fprintf(stderr, "%s: line %d: %s\n", program_invocation_short_name, line, what);
    (void)fflush(stderr);
    _exit(1);
  }
}

/// Make the folder and name the store in it.
static inline void place_make(void) {
  MUST(readlink("/proc/self/exe", program, sizeof program - 1) > 0);
  (void)snprintf(folder, sizeof folder, "/tmp/parley-stress-XXXXXX");
  MUST(mkdtemp(folder) != NULL);
  (void)snprintf(path, sizeof path, "%s/store", folder);
}

/// Remove the store and its lock file.
static inline void place_clear(void) {
  char lock[112];
  (void)snprintf(lock, sizeof lock, "%s-lock", path);
  (void)unlink(path);
  (void)unlink(lock);
}

/// Remove the folder too: the program's exit status, 1 if something else was left in it.
static inline int place_end(void) {
  place_clear();
  return rmdir(folder) == 0 ? 0 : 1;
}

/// Open the store with a map of `map_bytes` (0 = the usual one), without syncs.
static inline parley* place_open(size_t map_bytes, unsigned flags) {
  const parley_options options = {
      .size = sizeof options, .flags = flags | PARLEY_OPEN_NO_SYNC, .map_bytes = map_bytes, .threads = 1};
  parley* store = NULL;
  MUST(parley_open(path, &options, &store, NULL) == PARLEY_OK);
  return store;
}

#endif
