/// A merge sort from the bottom up. Comparing may read the store and can fail, and a million texts take a while: unlike
/// qsort this ends with the first failure and can be interrupted.
#include "expr/idsort.h"

typedef struct sorter {
  pl_eval* eval;       ///< knows the order
  uint32_t unchecked;  ///< comparisons since the guard was asked
} sorter;

static pl_status compare(sorter* s, pl_id a, pl_id b, int* order) {
  if (++s->unchecked % 1024 == 0) {
    PL_TRY(pl_guard_check(s->eval->guard, s->eval->err));
  }
  return pl_termpool_order(s->eval->pool, a, b, order);
}

/// Merge [from, middle) and [middle, to) into `out`.
static pl_status merge(sorter* s, const pl_id* ids, size_t from, size_t middle, size_t to, pl_id* out) {
  size_t a = from;
  size_t b = middle;
  for (size_t at = from; at < to; at++) {
    int order = a < middle ? -1 : 1;
    if (a < middle && b < to) {
      PL_TRY(compare(s, ids[a], ids[b], &order));
    }
    out[at] = order <= 0 ? ids[a++] : ids[b++];
  }
  return PL_OK;
}

static pl_status merge_all(sorter* s, pl_id* ids, pl_id* spare, size_t count) {
  pl_id* from = ids;
  pl_id* to = spare;
  for (size_t run = 1; run < count; run *= 2) {
    for (size_t at = 0; at < count; at += 2 * run) {
      const size_t middle = run < count - at ? at + run : count;
      const size_t end = run < count - middle ? middle + run : count;
      PL_TRY(merge(s, from, at, middle, end, to));
    }
    pl_id* const sorted = to;
    to = from;
    from = sorted;
  }
  if (from != ids) {
    memcpy(ids, from, count * sizeof *ids);
  }
  return PL_OK;
}

pl_status pl_ids_sort(pl_eval* eval, pl_mem* mem, pl_id* ids, size_t count) {
  sorter s = {.eval = eval};
  if (count < 2) {
    return PL_OK;
  }
  pl_id* const spare = pl_mem_alloc(mem, count * sizeof *spare);
  if (!spare) {
    return pl_mem_status(mem);
  }
  const pl_status status = merge_all(&s, ids, spare, count);
  pl_mem_free(mem, spare, count * sizeof *spare);
  return status;
}
