/// Rows of ids in memory, sorted stably by their leading columns in the order of ORDER BY.
#ifndef PL_EXEC_SORT_H
#define PL_EXEC_SORT_H

#include "exec/plan.h"

typedef struct pl_sorter {
  pl_run* run;             ///< pays, and knows the terms
  uint32_t width;          ///< columns of a row
  uint32_t keys;           ///< leading columns compared
  const bool* descending;  ///< by key
  pl_id* rows;             ///< count * width
  size_t row_capacity;     ///< ids allocated
  size_t count;            ///< rows
  size_t* order;           ///< row numbers, sorted after pl_sorter_sort
  size_t* spare;           ///< space for merging
  size_t order_capacity;   ///< entries of order and spare
  uint32_t compared;       ///< comparisons: the guard is asked every thousand
} pl_sorter;

void pl_sorter_init(pl_sorter* sorter, pl_run* run, uint32_t width, uint32_t keys, const bool* descending);
void pl_sorter_free(pl_sorter* sorter);
void pl_sorter_clear(pl_sorter* sorter);
/// Append a row for the caller to fill.
pl_status pl_sorter_add(pl_sorter* sorter, pl_id** row);
pl_status pl_sorter_sort(pl_sorter* sorter);
/// Sort and keep the first `rows` rows.
pl_status pl_sorter_keep(pl_sorter* sorter, size_t rows);
/// Row at place `i` of the sorted order.
static inline const pl_id* pl_sorter_row(const pl_sorter* sorter, size_t i) {
  return sorter->rows + sorter->order[i] * sorter->width;
}

#endif
