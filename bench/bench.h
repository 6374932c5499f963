// What the programs over parley.h share: an end with a reason, a clock. The program's own name stands before the reason.
#pragma once
#include <parley.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/// End the process: what failed, and why where an error tells (NULL: none does).
static inline void die(const char* what, const parley_error_object* error) {
  fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, parley_error_message(error));
  exit(1);
}

/// Seconds of a clock: CLOCK_MONOTONIC, or CLOCK_PROCESS_CPUTIME_ID for processor time of this program.
static inline double seconds_of(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
