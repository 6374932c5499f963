/// Sorting that can be stopped: a merge sort that asks the guard, and takes its space from an account. Stable.
#ifndef PL_BASE_SORT_H
#define PL_BASE_SORT_H

#include "base/guard.h"
#include "base/mem.h"

typedef struct pl_sort_order {
  int (*compare)(const void* a, const void* b, void* user);  ///< like that of qsort_r
  void* user;                                                ///< passed to it
} pl_sort_order;

/// Sort `count` elements of `size` bytes. A second array of that size is taken from `mem` while it works, if they are many.
/// PL_OK; a failed allocation (pl_mem_status); what the guard says: the elements are then all there, in no particular order. guard may be NULL.
pl_status pl_sort(void* elements, size_t count, size_t size, const pl_sort_order* order, pl_mem* mem, pl_guard* guard,
                  pl_error* err);

#endif
