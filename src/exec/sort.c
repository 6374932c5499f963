// A bottom-up merge sort of row numbers: stable, and able to stop when a comparison fails or the guard says so.
#include "exec/sort.h"

#define RUN_ROWS ((size_t)8)  ///< sorted by insertion before merging begins

void pl_sorter_init(pl_sorter* sorter, pl_run* run, uint32_t width, uint32_t keys, const bool* descending) {
  *sorter = (pl_sorter){.run = run, .width = width, .keys = keys, .descending = descending};
}

void pl_sorter_free(pl_sorter* sorter) {
  if (!sorter->run) {
    return;
  }
  pl_mem* mem = &sorter->run->mem;
  pl_mem_free(mem, sorter->rows, sorter->row_capacity * sizeof(pl_id));
  pl_mem_free(mem, sorter->order, sorter->order_capacity * sizeof(size_t));
  pl_mem_free(mem, sorter->spare, sorter->order_capacity * sizeof(size_t));
  pl_sorter_init(sorter, sorter->run, sorter->width, sorter->keys, sorter->descending);
}

void pl_sorter_clear(pl_sorter* sorter) { sorter->count = 0; }

pl_status pl_sorter_add(pl_sorter* sorter, pl_id** row) {
  const size_t ids = (sorter->count + 1) * sorter->width;
  if (ids > sorter->row_capacity) {
    PL_TRY(pl_vec_grow(&sorter->run->mem, (void**)&sorter->rows, &sorter->row_capacity, ids, sizeof(pl_id)));
  }
  *row = sorter->rows + sorter->count++ * sorter->width;
  return PL_OK;
}

static pl_status compare(pl_sorter* sorter, size_t a, size_t b, int* order) {
  if (++sorter->compared % 1024 == 0) {
    PL_TRY(pl_guard_check(sorter->run->guard, sorter->run->err));
  }
  const pl_id* x = sorter->rows + a * sorter->width;
  const pl_id* y = sorter->rows + b * sorter->width;
  *order = 0;
  for (uint32_t k = 0; k < sorter->keys && *order == 0; k++) {
    if (x[k] != y[k]) {
      PL_TRY(pl_termpool_order(sorter->run->pool, x[k], y[k], order));
      *order = sorter->descending[k] ? -*order : *order;
    }
  }
  return PL_OK;
}

static pl_status sort_run(pl_sorter* sorter, size_t from, size_t to) {
  for (size_t i = from + 1; i < to; i++) {
    const size_t row = sorter->order[i];
    size_t at = i;
    while (at > from) {
      int order = 0;
      PL_TRY(compare(sorter, sorter->order[at - 1], row, &order));
      if (order <= 0) {
        break;
      }
      sorter->order[at] = sorter->order[at - 1];
      at--;
    }
    sorter->order[at] = row;
  }
  return PL_OK;
}

static pl_status merge(pl_sorter* sorter, size_t from, size_t middle, size_t to) {
  size_t a = from, b = middle, at = from;
  while (a < middle && b < to) {
    int order = 0;
    PL_TRY(compare(sorter, sorter->order[a], sorter->order[b], &order));
    sorter->spare[at++] = order <= 0 ? sorter->order[a++] : sorter->order[b++];
  }
  while (a < middle) {
    sorter->spare[at++] = sorter->order[a++];
  }
  while (b < to) {
    sorter->spare[at++] = sorter->order[b++];
  }
  return PL_OK;
}

static pl_status merge_level(pl_sorter* sorter, size_t run) {
  for (size_t from = 0; from < sorter->count; from += 2 * run) {
    const size_t middle = from + run < sorter->count ? from + run : sorter->count;
    const size_t to = middle + run < sorter->count ? middle + run : sorter->count;
    PL_TRY(merge(sorter, from, middle, to));
  }
  size_t* swapped = sorter->order;
  sorter->order = sorter->spare;
  sorter->spare = swapped;
  return PL_OK;
}

static pl_status reserve_order(pl_sorter* sorter) {
  if (sorter->count <= sorter->order_capacity) {
    return PL_OK;
  }
  pl_mem* mem = &sorter->run->mem;
  pl_mem_free(mem, sorter->order, sorter->order_capacity * sizeof(size_t));
  pl_mem_free(mem, sorter->spare, sorter->order_capacity * sizeof(size_t));
  sorter->order_capacity = sorter->count;
  sorter->order = pl_mem_alloc(mem, sorter->count * sizeof(size_t));
  sorter->spare = pl_mem_alloc(mem, sorter->count * sizeof(size_t));
  if (sorter->order && sorter->spare) {
    return PL_OK;
  }
  pl_mem_free(mem, sorter->order, sorter->count * sizeof(size_t));
  pl_mem_free(mem, sorter->spare, sorter->count * sizeof(size_t));
  sorter->order = sorter->spare = NULL;
  sorter->order_capacity = 0;
  return pl_mem_status(mem);
}

pl_status pl_sorter_sort(pl_sorter* sorter) {
  PL_TRY(reserve_order(sorter));
  for (size_t i = 0; i < sorter->count; i++) {
    sorter->order[i] = i;
  }
  for (size_t from = 0; from < sorter->count; from += RUN_ROWS) {
    PL_TRY(sort_run(sorter, from, from + RUN_ROWS < sorter->count ? from + RUN_ROWS : sorter->count));
  }
  for (size_t run = RUN_ROWS; run < sorter->count; run *= 2) {
    PL_TRY(merge_level(sorter, run));
  }
  return PL_OK;
}

pl_status pl_sorter_keep(pl_sorter* sorter, size_t rows) {
  PL_TRY(pl_sorter_sort(sorter));
  if (rows >= sorter->count) {
    return PL_OK;
  }
  pl_id* kept = NULL;
  const size_t bytes = (rows + 1) * sorter->width * sizeof(pl_id);
  kept = pl_mem_alloc(&sorter->run->mem, bytes);
  if (!kept) {
    return pl_mem_status(&sorter->run->mem);
  }
  for (size_t i = 0; i < rows; i++) {
    memcpy(kept + i * sorter->width, pl_sorter_row(sorter, i), sorter->width * sizeof(pl_id));
  }
  memcpy(sorter->rows, kept, rows * sorter->width * sizeof(pl_id));
  pl_mem_free(&sorter->run->mem, kept, bytes);
  sorter->count = rows;
  return PL_OK;
}
