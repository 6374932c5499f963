/// Every call looks at the clock, at first at the coarse one, which costs 3 ns where the exact one costs 25 and is behind it by no more than a
/// tick: as long as the deadline is further away than that, no other is needed.
#include "base/guard.h"

#include <time.h>

static const uint64_t TICK_NS = 20 * UINT64_C(1000000);  ///< twice the longest of common kernels
static const uint64_t PROGRESS_EVERY_NS = 50 * UINT64_C(1000000);

static uint64_t clock_ns(clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now) != 0) {
    return 0;
  }
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

uint64_t pl_clock_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

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
  const uint64_t now = clock_ns(CLOCK_MONOTONIC_COARSE);
  if (guard->deadline_ns && now + TICK_NS >= guard->deadline_ns && pl_clock_ns() >= guard->deadline_ns) {
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
  return guard->deadline_ns || guard->progress ? check_clock(guard, err) : PL_OK;
}
