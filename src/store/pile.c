/// Piles (pile.h). The array serves the single statement and the small batch without a sorter's set-up.
#include "store/pile.h"

#define ARRAY_BYTES_MAX ((size_t)1 << 20)
#define ARRAY_BYTES_KEPT ((size_t)1 << 16)

static size_t array_bytes_max(const pl_pile* pile) {
  return pile->bytes_max < ARRAY_BYTES_MAX ? pile->bytes_max : ARRAY_BYTES_MAX;
}

static pl_status array_to_sort(pl_pile* pile) {
  if (!pile->sort) {
    const pl_rowsort_options options = {.columns = pile->columns,
                                        .bytes_max = pile->bytes_max,
                                        .pool = pl_store_pool(pile->txn->store),
                                        .guard = pile->guard};
    PL_TRY(pl_rowsort_new(&pile->txn->mem, &options, pile->txn->err, &pile->sort));
  }
  PL_TRY(pl_rowsort_add(pile->sort, pile->values.data, pile->values.count / pile->columns));
  pile->values.count = 0;
  return PL_OK;
}

pl_status pl_pile_add(pl_pile* pile, const uint64_t* row) {
  if ((pile->values.count + pile->columns) * sizeof *row > array_bytes_max(pile) && pile->values.count > 0) {
    PL_TRY(array_to_sort(pile));
  }
  const pl_status status = pl_vec_reserve(&pile->txn->mem, &pile->values, pile->values.count + pile->columns);
  if (status != PL_OK) {
    return pl_fail(pile->txn->err, PL_MSG_NOMEM);
  }
  memcpy(pile->values.data + pile->values.count, row, pile->columns * sizeof *row);
  pile->values.count += pile->columns;
  return PL_OK;
}

static bool rows_differ(const uint64_t* a, const uint64_t* b, uint32_t columns) {
  return memcmp(a, b, columns * sizeof *a) != 0;
}

static pl_status array_sort(pl_pile* pile) {
  const uint32_t columns = pile->columns;
  uint64_t* const rows = pile->values.data;
  const size_t count = pile->values.count / columns;
  if (count < 2) {
    return PL_OK;
  }
  const size_t bytes = pile->values.count * sizeof *rows;
  uint64_t* const scratch = pl_mem_alloc(&pile->txn->mem, bytes);
  if (!scratch) {
    return pl_fail(pile->txn->err, PL_MSG_NOMEM);
  }
  pl_rows_sort(rows, scratch, count, columns);
  pl_mem_free(&pile->txn->mem, scratch, bytes);
  size_t kept = 1;
  for (size_t i = 1; i < count; i++) {
    if (rows_differ(rows + i * columns, rows + (kept - 1) * columns, columns)) {
      memmove(rows + kept * columns, rows + i * columns, columns * sizeof *rows);
      kept++;
    }
  }
  pile->values.count = kept * columns;
  return PL_OK;
}

pl_status pl_pile_finish(pl_pile* pile) {
  pile->served = false;
  if (!pile->sort) {
    return array_sort(pile);
  }
  PL_TRY(array_to_sort(pile));
  return pl_rowsort_finish(pile->sort);
}

pl_status pl_pile_next(pl_pile* pile, const uint64_t** rows, size_t* count) {
  if (pile->sort) {
    return pl_rowsort_next(pile->sort, rows, count);
  }
  *rows = pile->values.data;
  *count = pile->served ? 0 : pile->values.count / pile->columns;
  pile->served = true;
  return PL_OK;
}

void pl_pile_reset(pl_pile* pile) {
  pl_rowsort_free(pile->sort);
  pile->sort = NULL;
  pile->values.count = 0;
  if (pile->values.capacity * sizeof *pile->values.data > ARRAY_BYTES_KEPT) {
    pl_vec_free(&pile->txn->mem, &pile->values);
  }
}

void pl_pile_free(pl_pile* pile) {
  pl_rowsort_free(pile->sort);
  pile->sort = NULL;
  pl_vec_free(&pile->txn->mem, &pile->values);
}
