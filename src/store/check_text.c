/// Checking the text index: its rows are those that the facts of indexed predicates ask for, no more and no fewer.
#include "base/sort.h"
#include "store/check_internal.h"
#include "store/text.h"

/// The rows that should be there.
typedef struct wanted_rows {
  pl_checker* check;  ///< of the check
  pl_text_room room;  ///< for the literal at hand
  uint64_t* rows;     ///< keys of its words, to leave out repetitions
  size_t count;       ///< used
  size_t capacity;    ///< allocated
  pl_row_sum sum;     ///< of all rows
} wanted_rows;

static pl_status take_row(void* user, const uint64_t row[2]) {
  wanted_rows* const w = user;
  pl_mem* const mem = &w->check->txn->mem;
  if (w->count == w->capacity &&
      pl_vec_grow(mem, (void**)&w->rows, &w->capacity, w->count + 1, sizeof *w->rows) != PL_OK) {
    return pl_fail(w->check->txn->err, PL_MSG_NOMEM);
  }
  w->rows[w->count++] = row[0];
  return PL_OK;
}

static int by_key(const void* a, const void* b, void* user) {
  PL_UNUSED(user);
  const uint64_t x = *(const uint64_t*)a;
  const uint64_t y = *(const uint64_t*)b;
  return (x > y) - (x < y);
}

static pl_status on_literal(void* user, pl_id literal) {
  static const pl_sort_order order = {.compare = by_key};
  wanted_rows* const w = user;
  pl_txn* const txn = w->check->txn;
  w->count = 0;
  PL_TRY(pl_text_rows(txn, literal, &w->room, w->check->guard, take_row, w));
  const pl_status sorted = pl_sort(w->rows, w->count, sizeof *w->rows, &order, &txn->mem, w->check->guard, txn->err);
  if (sorted != PL_OK) {
    return sorted == PL_ERR_NOMEM ? pl_fail(txn->err, PL_MSG_NOMEM) : sorted;
  }
  for (size_t i = 0; i < w->count; i++) {
    if (i == 0 || w->rows[i] != w->rows[i - 1]) {
      const uint64_t row[4] = {w->rows[i], literal, 0, 0};
      pl_sum_add(&w->sum, row);
    }
  }
  return PL_OK;
}

static pl_status on_rows(void* user, const uint64_t* rows, size_t count) {
  pl_checker* const check = user;
  for (size_t i = 0; i < count; i++) {
    const uint64_t row[4] = {rows[2 * i], rows[2 * i + 1], 0, 0};
    if (!pl_text_takes(row[1]) || !pl_check_id(check, row[1])) {
      pl_check_damage(check, "text index: %016llx is no known text", (unsigned long long)row[1]);
    }
    pl_sum_add(&check->texts, row);
  }
  check->rows += count;
  return pl_guard_check(check->guard, check->txn->err);
}

pl_status pl_check_text(pl_checker* check) {
  pl_txn* const txn = check->txn;
  if (txn->store->dbs[PL_DB_TEXT] == 0) {
    return PL_OK;  // a file of an earlier version
  }
  const pl_settings* const settings = pl_txn_settings(txn);
  if (txn->err->error_count > 0) {
    pl_error_clear(txn->err);  // told already
    return PL_OK;
  }
  wanted_rows w = {.check = check};
  pl_text_room_init(&w.room, &txn->mem);
  pl_status status = pl_text_each_literal(txn, settings->text_predicates, settings->text_predicate_count, check->guard,
                                          on_literal, &w);
  if (status == PL_ERR_CORRUPT) {
    pl_error_clear(txn->err);
    pl_check_damage(check, "text index: the texts cannot be read to compare");
    status = PL_OK;
  } else if (status == PL_OK) {
    status = pl_check_walk(check, PL_DB_TEXT, on_rows);
    if (!pl_sum_eq(&check->texts, &w.sum)) {
      pl_check_damage(check, "text index: it holds other rows (%llu) than the facts ask for (%llu)",
                      (unsigned long long)check->texts.count, (unsigned long long)w.sum.count);
    }
  }
  pl_mem_free(&txn->mem, w.rows, w.capacity * sizeof *w.rows);
  pl_text_room_free(&w.room);
  return status;
}
