/// See watch.h. The wrapped functions are called by several threads; what they share is atomic or under one lock.
#include "watch.h"

#include "base/guard.h"
#include "exec/op.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

pl_status __real_pl_guard_check(pl_guard* guard, pl_error* err);
pl_status __wrap_pl_guard_check(pl_guard* guard, pl_error* err);
pl_status __real_pl_op_open(pl_run* run, const pl_node* node, pl_op** out);
pl_status __wrap_pl_op_open(pl_run* run, const pl_node* node, pl_op** out);

enum { NAMES_MAX = 64 };

static atomic_uint_fast64_t asked;
static uint64_t fire_at;
static bool by_deadline;
static void (*fire_fn)(void* user);
static void* fire_user;

static atomic_bool measuring;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t last_ns;
static void* last_caller;
static watch_gap longest;

static const char* names[NAMES_MAX];
static size_t name_count;

void watch_count(uint64_t at, void (*fire)(void* user), void* user) {
  fire_at = at;
  fire_fn = fire;
  fire_user = user;
  by_deadline = false;
  atomic_store(&asked, 0);
}

void watch_deadline(uint64_t at) {
  watch_count(at, NULL, NULL);
  by_deadline = true;
}

uint64_t watch_asked(void) { return atomic_load(&asked); }

/// Processor time of all threads: a busy machine does not lengthen it.
static uint64_t work_ns(void) {
  struct timespec t;
  return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0 ? (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec : 0;
}

static void note(void* caller) {
  if (!atomic_load(&measuring)) {
    return;
  }
  (void)pthread_mutex_lock(&lock);
  const uint64_t now = work_ns();
  if (now - last_ns > longest.ns) {
    longest = (watch_gap){now - last_ns, last_caller, caller};
  }
  last_ns = now;
  last_caller = caller;
  (void)pthread_mutex_unlock(&lock);
}

void watch_gaps(bool on) {
  (void)pthread_mutex_lock(&lock);
  longest = (watch_gap){0};
  last_ns = work_ns();
  last_caller = NULL;
  (void)pthread_mutex_unlock(&lock);
  atomic_store(&measuring, on);
}

void watch_pulse(void) { note(NULL); }

watch_gap watch_longest(void) { return longest; }

static void meet(pl_guard* guard, void* caller) {
  note(caller);
  const uint64_t n = atomic_fetch_add(&asked, 1) + 1;
  if (fire_at && by_deadline && n >= fire_at && guard->deadline_ns) {
    guard->deadline_ns = 1;
  } else if (fire_at && n == fire_at && fire_fn) {
    fire_fn(fire_user);
  }
}

pl_status __wrap_pl_guard_check(pl_guard* guard, pl_error* err) {
  if (guard) {
    meet(guard, __builtin_return_address(0));
  }
  return __real_pl_guard_check(guard, err);
}

static void see(const pl_node* node) {
  for (uint32_t i = 0; i < node->input_count; i++) {
    see(node->inputs[i]);
  }
  if (!watch_operator_seen(node->type->name) && name_count < NAMES_MAX) {
    names[name_count++] = node->type->name;
  }
}

pl_status __wrap_pl_op_open(pl_run* run, const pl_node* node, pl_op** out) {
  see(node);
  return __real_pl_op_open(run, node, out);
}

bool watch_operator_seen(const char* name) {
  for (size_t i = 0; i < name_count; i++) {
    if (strcmp(names[i], name) == 0) {
      return true;
    }
  }
  return false;
}
