/// Stopping work in time: one object that every long loop asks at least every few milliseconds.
#ifndef PL_BASE_GUARD_H
#define PL_BASE_GUARD_H

#include "base/base.h"
#include "base/diag.h"

#include <stdatomic.h>

typedef struct pl_guard {
  const atomic_int* interrupt;        ///< non-zero asks to stop; set from any thread or signal handler; may be NULL
  const atomic_int* interrupt_query;  ///< a second one, of the query itself; may be NULL
  uint64_t deadline_ns;               ///< CLOCK_MONOTONIC time to stop at; 0 = none
  double time_limit_s;                ///< for the message
  const char* work;                   ///< what is being done, for the message: an operator, "planning"; NULL = not said
  int (*progress)(void* user);        ///< called now and then; non-zero interrupts; may be NULL
  void* progress_user;                ///< passed to progress
  uint64_t progress_next_ns;          ///< when to call next (every 50 ms)
} pl_guard;

uint64_t pl_clock_ns(void);  ///< CLOCK_MONOTONIC in nanoseconds
void pl_guard_init(pl_guard* guard, const atomic_int* interrupt, double time_limit_s);
/// PL_OK, PL_ERR_INTERRUPTED or PL_ERR_LIMIT (written to err). Some nanoseconds: cheap
/// enough for once per chunk or per hundred rows. guard may be NULL.
pl_status pl_guard_check(pl_guard* guard, pl_error* err);

#endif
