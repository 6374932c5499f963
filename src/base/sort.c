/// Blocks are sorted by qsort, which takes a millisecond for each, and merged from the bottom up.
#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 4096, MERGED_BETWEEN_CHECKS = 8192 };

typedef struct sorter {
  const pl_sort_order* order;  ///< of the elements
  size_t size;                 ///< bytes of one
  pl_guard* guard;             ///< asked; may be NULL
  pl_error* err;               ///< told
} sorter;

/// Merge [from, middle) and [middle, to) of `in` into the same places of `out`.
static pl_status merge(const sorter* s, const char* in, char* out, size_t from, size_t middle, size_t to) {
  size_t a = from;
  size_t b = middle;
  for (size_t at = from; at < to; at++) {
    const char* const left = in + a * s->size;
    const char* const right = in + b * s->size;
    const bool first = a < middle && (b == to || s->order->compare(left, right, s->order->user) <= 0);
    memcpy(out + at * s->size, first ? left : right, s->size);
    a += first ? 1 : 0;
    b += first ? 0 : 1;
    if ((at + 1) % MERGED_BETWEEN_CHECKS == 0) {
      PL_TRY(pl_guard_check(s->guard, s->err));
    }
  }
  return PL_OK;
}

static pl_status merge_level(const sorter* s, const char* in, char* out, size_t count, size_t run) {
  for (size_t from = 0; from < count; from += 2 * run) {
    const size_t middle = run < count - from ? from + run : count;
    const size_t to = run < count - middle ? middle + run : count;
    PL_TRY(merge(s, in, out, from, middle, to));
  }
  return PL_OK;
}

/// Elements are always whole in `elements` when this returns: a level that was stopped has only written to the other array.
static pl_status merge_all(const sorter* s, char* elements, char* spare, size_t count) {
  char* from = elements;
  char* to = spare;
  pl_status status = PL_OK;
  for (size_t run = BLOCK; run < count && status == PL_OK; run *= 2) {
    status = merge_level(s, from, to, count, run);
    if (status == PL_OK) {
      char* const merged = to;
      to = from;
      from = merged;
    }
  }
  if (from != elements) {
    memcpy(elements, from, count * s->size);
  }
  return status;
}

pl_status pl_sort(void* elements, size_t count, size_t size, const pl_sort_order* order, pl_mem* mem, pl_guard* guard,
                  pl_error* err) {
  const sorter s = {order, size, guard, err};
  char* const bytes = elements;
  for (size_t at = 0; at < count; at += BLOCK) {
    const size_t block = count - at < BLOCK ? count - at : BLOCK;
    qsort_r(bytes + at * size, block, size, order->compare, order->user);
    PL_TRY(count > BLOCK ? pl_guard_check(guard, err) : PL_OK);
  }
  if (count <= BLOCK) {
    return PL_OK;
  }
  char* const spare = pl_mem_alloc(mem, count * size);
  if (!spare) {
    return pl_mem_status(mem);
  }
  const pl_status status = merge_all(&s, bytes, spare, count);
  pl_mem_free(mem, spare, count * size);
  return status;
}
