/// Filling the text index from facts that are there already: for a predicate that is new in its list, and at the end of a bulk build.
///
/// The distinct objects of each predicate stand together in pos. They are gathered and sorted, so that the dictionary is read in the order
/// of its keys and a literal of several predicates is taken once; then the rows of all of them are sorted and written.
#include "base/rowsort.h"
#include "store/index.h"
#include "store/text.h"

enum { FILL = 1024, LITERALS_AT_ONCE = 64, SLICE_ROWS = 4096 };

#define SORT_BYTES_MAX ((size_t)64 << 20)

static pl_status sorter(pl_txn* txn, uint32_t columns, pl_guard* guard, pl_rowsort** out) {
  const pl_rowsort_options options = {
      .columns = columns, .bytes_max = SORT_BYTES_MAX, .pool = pl_store_pool(txn->store), .guard = guard};
  return pl_rowsort_new(&txn->mem, &options, txn->err, out);
}

// ---- literals of predicates ---------------------------------------------------------------------------------------

static pl_status gather(pl_txn* txn, pl_scan* scan, pl_id predicate, pl_guard* guard, pl_rowsort* literals) {
  pl_id objects[FILL];
  pl_id* const columns[4] = {NULL, objects, NULL, NULL};
  pl_id last = PL_ID_NULL;
  size_t count;
  PL_TRY(pl_scan_range(scan, &predicate, 1, 0, UINT64_MAX));
  do {
    size_t kept = 0;
    PL_TRY(pl_guard_check(guard, txn->err));
    PL_TRY(pl_scan_fill(scan, columns, FILL, &count));
    for (size_t i = 0; i < count; i++) {
      const pl_id object = objects[i];
      objects[kept] = object;
      kept += object != last && pl_text_takes(object);
      last = object;
    }
    PL_TRY(pl_rowsort_add(literals, objects, kept));
  } while (count > 0);
  return PL_OK;
}

static pl_status gather_all(pl_txn* txn, const pl_id* predicates, size_t count, pl_guard* guard, pl_rowsort* literals) {
  pl_scan* scan;
  pl_status status = pl_scan_open(txn, PL_ORDER_POS, PL_SCAN_FACTS, NULL, &txn->mem, &scan);
  for (size_t i = 0; i < count && status == PL_OK; i++) {
    status = gather(txn, scan, predicates[i], guard, literals);
  }
  pl_scan_close(scan);
  return status == PL_OK ? pl_rowsort_finish(literals) : status;
}

static pl_status give_literals(pl_txn* txn, pl_rowsort* literals, pl_guard* guard, pl_literal_fn fn, void* user) {
  const uint64_t* rows;
  size_t count;
  do {
    PL_TRY(pl_rowsort_next(literals, &rows, &count));
    for (size_t i = 0; i < count; i++) {
      PL_TRY(i % LITERALS_AT_ONCE == 0 ? pl_guard_check(guard, txn->err) : PL_OK);
      PL_TRY(fn(user, rows[i]));
    }
  } while (count > 0);
  return PL_OK;
}

pl_status pl_text_each_literal(pl_txn* txn, const pl_id* predicates, size_t count, pl_guard* guard, pl_literal_fn fn,
                               void* user) {
  pl_rowsort* literals;
  if (count == 0) {
    return PL_OK;
  }
  PL_TRY(sorter(txn, 1, guard, &literals));
  pl_status status = gather_all(txn, predicates, count, guard, literals);
  if (status == PL_OK) {
    status = give_literals(txn, literals, guard, fn, user);
  }
  pl_rowsort_free(literals);
  return status;
}

// ---- their rows ---------------------------------------------------------------------------------------------------

typedef struct build_state {
  pl_txn* txn;        ///< write transaction
  pl_guard* guard;    ///< may be NULL
  pl_rowsort* rows;   ///< of all literals
  pl_text_room room;  ///< for the literal at hand
} build_state;

static pl_status add_row(void* user, const uint64_t row[2]) {
  build_state* const s = user;
  return pl_rowsort_add(s->rows, row, 1);
}

static pl_status add_literal(void* user, pl_id literal) {
  build_state* const s = user;
  return pl_text_rows(s->txn, literal, &s->room, s->guard, add_row, s);
}

static pl_status insert_rows(build_state* s, const uint64_t* rows, size_t count) {
  uint8_t shared[SLICE_ROWS];
  for (size_t at = 0; at < count; at += SLICE_ROWS) {
    const size_t n = count - at < SLICE_ROWS ? count - at : SLICE_ROWS;
    PL_TRY(pl_guard_check(s->guard, s->txn->err));
    PL_TRY(pl_index_insert(pl_index_of(s->txn, PL_DB_TEXT), rows + 2 * at, n, shared));
  }
  return PL_OK;
}

static pl_status append_all(build_state* s) {
  pl_index_append* append;
  const uint64_t* rows;
  size_t count;
  PL_TRY(pl_index_append_open(pl_index_of(s->txn, PL_DB_TEXT), PL_INDEX_FILL_PERCENT, &s->txn->mem, &append));
  pl_status status;
  do {
    status = pl_rowsort_next(s->rows, &rows, &count);
    status = status == PL_OK ? pl_guard_check(s->guard, s->txn->err) : status;
    status = status == PL_OK && count > 0 ? pl_index_append_rows(append, rows, count) : status;
  } while (status == PL_OK && count > 0);
  if (status != PL_OK) {
    pl_index_append_abort(append);
    return status;
  }
  return pl_index_append_finish(append);
}

static pl_status insert_all(build_state* s) {
  const uint64_t* rows;
  size_t count;
  do {
    PL_TRY(pl_rowsort_next(s->rows, &rows, &count));
    PL_TRY(insert_rows(s, rows, count));
  } while (count > 0);
  return PL_OK;
}

static pl_status is_empty(pl_txn* txn, bool* out) {
  MDB_stat stat;
  const int rc = mdb_stat(txn->mdb, txn->store->dbs[PL_DB_TEXT], &stat);
  *out = rc == 0 && stat.ms_entries == 0;
  return rc == 0 ? PL_OK : pl_mdb_fail(txn->err, rc, "cannot read the text index");
}

pl_status pl_text_build(pl_txn* txn, const pl_id* predicates, size_t count, pl_guard* guard) {
  build_state s = {.txn = txn, .guard = guard};
  bool empty = false;
  if (count == 0) {
    return PL_OK;
  }
  PL_TRY(is_empty(txn, &empty));
  PL_TRY(sorter(txn, 2, guard, &s.rows));
  pl_text_room_init(&s.room, &txn->mem);
  pl_status status = pl_text_each_literal(txn, predicates, count, guard, add_literal, &s);
  status = status == PL_OK ? pl_rowsort_finish(s.rows) : status;
  if (status == PL_OK) {
    status = empty ? append_all(&s) : insert_all(&s);
  }
  pl_text_room_free(&s.room);
  pl_rowsort_free(s.rows);
  return status;
}

pl_status pl_text_clear(pl_txn* txn) {
  const int rc = pl_mdb_clear(txn, txn->store->dbs[PL_DB_TEXT]);
  return rc == 0 ? PL_OK : pl_mdb_fail(txn->err, rc, "cannot clear the text index");
}
