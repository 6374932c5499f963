/// The clock is read only every few calls: a check between two readings is one atomic load and one decrement.
#include "base/guard.h"

#include <time.h>

enum { GUARD_CALLS_PER_CLOCK = 16 };
static const uint64_t PROGRESS_EVERY_NS = 50 * UINT64_C(1000000);

uint64_t pl_clock_ns(void) {
  struct timespec now;
  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
    return 0;
  }
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

void pl_guard_init(pl_guard* guard, const atomic_int* interrupt, double time_limit_s) {
  *guard = (pl_guard){.interrupt = interrupt};
  // Beyond about thirty years a limit is no limit, and would not fit the clock's range either. NaN fails both
  // comparisons.
  if (time_limit_s > 0 && time_limit_s < 1e9) {
    guard->time_limit_s = time_limit_s;
    guard->deadline_ns = pl_clock_ns() + (uint64_t)(time_limit_s * 1e9);
  }
}

static pl_status check_clock(pl_guard* guard, pl_error* err) {
  const uint64_t now = pl_clock_ns();
  if (guard->deadline_ns && now >= guard->deadline_ns) {
    const char* const work = guard->work ? guard->work : "";
    return pl_fail(err, PL_MSG_TIME_LIMIT, work, *work ? ": " : "", guard->time_limit_s);
  }
  if (guard->progress && now >= guard->progress_next_ns) {
    guard->progress_next_ns = now + PROGRESS_EVERY_NS;
    if (guard->progress(guard->progress_user) != 0) {
      return pl_fail(err, PL_MSG_INTERRUPTED);
    }
  }
  return PL_OK;
}

static bool is_asked(const atomic_int* interrupt) {
  return interrupt && atomic_load_explicit(interrupt, memory_order_relaxed) != 0;
}

pl_status pl_guard_check(pl_guard* guard, pl_error* err) {
  if (!guard) {
    return PL_OK;
  }
  if (is_asked(guard->interrupt) || is_asked(guard->interrupt_query)) {
    return pl_fail(err, PL_MSG_INTERRUPTED);
  }
  if (guard->countdown > 0) {
    guard->countdown--;
    return PL_OK;
  }
  guard->countdown = GUARD_CALLS_PER_CLOCK - 1;
  return guard->deadline_ns || guard->progress ? check_clock(guard, err) : PL_OK;
}

pl_status pl_guard_check_now(pl_guard* guard, pl_error* err) {
  if (guard) {
    guard->countdown = 0;
  }
  return pl_guard_check(guard, err);
}
