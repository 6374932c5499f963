/// Memory that fails: the allocator of a store (parley_options.reallocate) whose n-th allocation gives NULL.
#ifndef TESTS_TOOLS_FAILING_H
#define TESTS_TOOLS_FAILING_H

#include <stdatomic.h>
#include <stdlib.h>

typedef struct failing {
  atomic_long left;    ///< allocations until one fails; negative = none does
  atomic_long failed;  ///< that did since failing_arm()
  atomic_long bytes;   ///< live
} failing;

static void* failing_reallocate(void* user, void* ptr, size_t size_old, size_t size_new) {
  failing* const f = user;
  if (size_new > 0 && atomic_load(&f->left) >= 0 && atomic_fetch_sub(&f->left, 1) == 0) {
    atomic_fetch_add(&f->failed, 1);
    return NULL;
  }
  void* const moved = size_new ? realloc(ptr, size_new) : (free(ptr), NULL);
  if (moved || size_new == 0) {
    atomic_fetch_add(&f->bytes, (long)size_new - (long)size_old);
  }
  return moved;
}

/// Of the allocations from now on, the one after `n` others fails.
static inline void failing_arm(failing* f, long n) {
  atomic_store(&f->failed, 0);
  atomic_store(&f->left, n);
}

/// All succeed again. Returns whether one had failed.
static inline int failing_disarm(failing* f) {
  atomic_store(&f->left, -1);
  return atomic_load(&f->failed) > 0;
}

#endif
