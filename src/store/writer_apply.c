/// Applying collected rows: one pass per order, each over sorted rows.
///
///     spo rows ──> insert into spo ──> the rows that are new ──> pso, pos, osp (and cspo where c != 0)
///     cpo rows ──> insert into cpo ──> the rows that are new ──> poc
///     identities ──> identity
///     string objects of indexed predicates that are new in pos ──> text
///
/// Deleting goes the same way. Counters need no second look at the indexes: an order tells for each row how many of its
/// leading columns it shares with a row that was there before (or stays). In spo fewer than 3 means a new fact, in pso
/// fewer than 2 a new subject of the predicate, in pos fewer than 2 a new object. pso and pos meet the same predicates
/// in the same order, so the second pass walks along the counters that the first one listed.
#include "store/index.h"
#include "store/stats.h"
#include "store/writer_internal.h"

#define SLICE_ROWS 4096u

pl_status pl_writer_nomem(pl_writer* writer) { return pl_fail(writer->txn->err, PL_MSG_NOMEM); }

static pl_status damaged(const pl_writer* writer, const char* what) {
  return pl_fail(writer->txn->err, PL_MSG_STORE_DAMAGED, what);
}

typedef pl_status (*slice_fn)(pl_writer* writer, pl_order order, const uint64_t* rows, size_t count);

/// Give all rows of a pile to fn, sorted, in slices.
static pl_status drain(pl_writer* writer, pl_pile* pile, pl_order order, slice_fn fn) {
  if (pl_pile_is_empty(pile)) {
    return PL_OK;
  }
  PL_TRY(pl_pile_finish(pile));
  for (;;) {
    const uint64_t* rows;
    size_t count;
    PL_TRY(pl_pile_next(pile, &rows, &count));
    if (count == 0) {
      break;
    }
    for (size_t at = 0; at < count; at += SLICE_ROWS) {
      const size_t n = count - at < SLICE_ROWS ? count - at : SLICE_ROWS;
      PL_TRY(pl_guard_check(writer->guard, writer->txn->err));
      PL_TRY(fn(writer, order, rows + at * pile->columns, n));
    }
  }
  pl_pile_reset(pile);
  return PL_OK;
}

/// Insert into or delete from one database.
static pl_status change(pl_writer* writer, pl_db db, const uint64_t* rows, size_t count, uint8_t* shared) {
  const pl_index index = pl_index_of(writer->txn, db);
  if (!writer->removing) {
    return pl_index_insert(index, rows, count, shared);
  }
  PL_TRY(pl_index_delete(index, rows, count, shared));
  for (size_t i = 0; i < count; i++) {
    if (shared[i] == UINT8_MAX) {
      return damaged(writer, "a row is missing from one of its orders");
    }
  }
  return PL_OK;
}

/// Move a counter of the totals up or down.
static pl_status count_total(const pl_writer* writer, uint64_t* total, uint64_t by) {
  if (!writer->removing) {
    *total += by;
  } else if (*total < by) {
    return damaged(writer, "a counter would fall below zero");
  } else {
    *total -= by;
  }
  writer->txn->totals_dirty = true;
  return PL_OK;
}

// ---- facts --------------------------------------------------------------------------------------------------------

static pl_status pass_on(pl_writer* writer, pl_order order, const uint64_t row[4]) {
  const uint8_t* const columns = pl_order_columns[order];
  const uint64_t turned[4] = {row[columns[0]], row[columns[1]], row[columns[2]], row[columns[3]]};
  return pl_pile_add(&writer->piles[order], turned);
}

static pl_status pass_on_row(pl_writer* writer, const uint64_t row[4]) {
  PL_TRY(pass_on(writer, PL_ORDER_POS, row));
  PL_TRY(pass_on(writer, PL_ORDER_OSP, row));
  PL_TRY(pass_on(writer, PL_ORDER_PSO, row));
  return row[PL_C] != 0 ? pass_on(writer, PL_ORDER_CSPO, row) : PL_OK;
}

static pl_status apply_spo(pl_writer* writer, pl_order order, const uint64_t* rows, size_t count) {
  uint8_t shared[SLICE_ROWS];
  uint64_t changed = 0, facts = 0, plain = 0, assertions = 0;
  PL_UNUSED(order);
  PL_TRY(change(writer, PL_DB_SPO, rows, count, shared));
  for (size_t i = 0; i < count; i++) {
    const uint64_t* const row = rows + 4 * i;
    if (shared[i] == 4) {
      continue;  // stated before: nothing new
    }
    changed++;
    facts += shared[i] < 3;
    plain += row[PL_C] == 0;
    assertions += pl_id_tag(row[PL_C]) == PL_TAG_ASSERTION;
    PL_TRY(pass_on_row(writer, row));
  }
  pl_write_counts* const counts = &writer->counts;
  *(writer->removing ? &counts->facts_gone : &counts->facts_new) += facts;
  *(writer->removing ? &counts->assertions_gone : &counts->assertions_new) += changed - plain;
  pl_totals* const totals = &writer->txn->totals;
  PL_TRY(count_total(writer, &totals->rows, changed));
  PL_TRY(count_total(writer, &totals->facts, facts));
  PL_TRY(count_total(writer, &totals->plain, plain));
  return count_total(writer, &totals->assertions, assertions);
}

/// osp and cspo count nothing.
static pl_status apply_rows(pl_writer* writer, pl_order order, const uint64_t* rows, size_t count) {
  uint8_t shared[SLICE_ROWS];
  return change(writer, (pl_db)order, rows, count, shared);
}

/// The counters of a predicate at the end of the list, which grows in order of predicates.
static pl_status last_change(pl_writer* writer, pl_id predicate, pl_predicate_stats** out) {
  pl_stats_list* const list = &writer->changes;
  if (list->count == 0 || list->data[list->count - 1].predicate != predicate) {
    const pl_predicate_stats fresh = {.predicate = predicate};
    if (pl_vec_push(&writer->txn->mem, list, fresh) != PL_OK) {
      return pl_writer_nomem(writer);
    }
  }
  *out = &list->data[list->count - 1];
  return PL_OK;
}

static pl_status apply_pso(pl_writer* writer, pl_order order, const uint64_t* rows, size_t count) {
  uint8_t shared[SLICE_ROWS];
  PL_TRY(change(writer, (pl_db)order, rows, count, shared));
  for (size_t i = 0; i < count; i++) {
    pl_predicate_stats* stats = NULL;
    PL_TRY(last_change(writer, rows[4 * i], &stats));
    stats->rows++;
    stats->facts += shared[i] < 3;
    stats->subjects += shared[i] < 2;
  }
  return PL_OK;
}

/// An object that an indexed predicate did not have before, or has no more.
static pl_status note_text(pl_writer* writer, const uint64_t row[4]) {
  if (!pl_text_takes(row[1]) || !pl_text_has_predicate(pl_txn_settings(writer->txn), row[0])) {
    return PL_OK;
  }
  return pl_pile_add(&writer->literals, &row[1]);
}

static pl_status apply_pos(pl_writer* writer, pl_order order, const uint64_t* rows, size_t count) {
  uint8_t shared[SLICE_ROWS];
  PL_TRY(change(writer, (pl_db)order, rows, count, shared));
  for (size_t i = 0; i < count; i++) {
    PL_TRY(shared[i] < 2 ? note_text(writer, rows + 4 * i) : PL_OK);
  }
  size_t low = 0;
  for (size_t i = 0; i < count; i++) {
    while (low < writer->changes.count && writer->changes.data[low].predicate != rows[4 * i]) {
      low++;
    }
    assert(low < writer->changes.count);
    writer->changes.data[low].objects += shared[i] < 2;
  }
  return PL_OK;
}

static pl_status keep_changes(pl_writer* writer, pl_stats_kind kind) {
  for (size_t i = 0; i < writer->changes.count; i++) {
    const pl_predicate_stats* const stats = &writer->changes.data[i];
    PL_TRY(writer->removing ? pl_stats_take(writer->txn, kind, stats) : pl_stats_add(writer->txn, kind, stats));
  }
  writer->changes.count = 0;
  return PL_OK;
}

static pl_status apply_facts(pl_writer* writer) {
  pl_pile* const piles = writer->piles;
  PL_TRY(drain(writer, &piles[PL_ORDER_SPO], PL_ORDER_SPO, apply_spo));
  PL_TRY(drain(writer, &piles[PL_ORDER_PSO], PL_ORDER_PSO, apply_pso));
  PL_TRY(drain(writer, &piles[PL_ORDER_POS], PL_ORDER_POS, apply_pos));
  PL_TRY(drain(writer, &piles[PL_ORDER_OSP], PL_ORDER_OSP, apply_rows));
  PL_TRY(drain(writer, &piles[PL_ORDER_CSPO], PL_ORDER_CSPO, apply_rows));
  return keep_changes(writer, PL_STATS_FACTS);
}

// ---- annotations and identities -----------------------------------------------------------------------------------

static pl_status apply_cpo(pl_writer* writer, pl_order order, const uint64_t* rows, size_t count) {
  uint8_t shared[SLICE_ROWS];
  uint64_t changed = 0;
  PL_TRY(change(writer, (pl_db)order, rows, count, shared));
  for (size_t i = 0; i < count; i++) {
    if (shared[i] == 3) {
      continue;
    }
    const uint64_t* const row = rows + 3 * i;
    const uint64_t turned[3] = {row[1], row[2], row[0]};
    PL_TRY(pl_pile_add(&writer->piles[PL_ORDER_POC], turned));
    changed++;
  }
  return count_total(writer, &writer->txn->totals.annotations, changed);
}

static pl_status apply_poc(pl_writer* writer, pl_order order, const uint64_t* rows, size_t count) {
  uint8_t shared[SLICE_ROWS];
  PL_TRY(change(writer, (pl_db)order, rows, count, shared));
  for (size_t i = 0; i < count; i++) {
    pl_predicate_stats* stats = NULL;
    PL_TRY(last_change(writer, rows[3 * i], &stats));
    stats->rows++;
    stats->facts++;
    stats->subjects++;
    stats->objects += shared[i] < 2;
  }
  return PL_OK;
}

static pl_status apply_identities(pl_writer* writer, pl_order order, const uint64_t* rows, size_t count) {
  uint8_t shared[SLICE_ROWS];
  PL_UNUSED(order);
  return change(writer, PL_DB_IDENTITY, rows, count, shared);
}

// ---- the text index -----------------------------------------------------------------------------------------------

/// Is the literal still the object of an indexed predicate?
static pl_status still_used(pl_writer* writer, pl_id literal, bool* used) {
  const pl_settings* const settings = pl_txn_settings(writer->txn);
  *used = false;
  for (size_t i = 0; i < settings->text_predicate_count && !*used; i++) {
    const uint64_t key[2] = {settings->text_predicates[i], literal};
    uint64_t row[4];
    const pl_status status = pl_index_first(pl_index_of(writer->txn, PL_DB_POS), key, 2, row);
    *used = status == PL_OK;
    PL_TRY(status == PL_NOT_FOUND ? PL_OK : status);
  }
  return PL_OK;
}

static pl_status add_text_row(void* user, const uint64_t row[2]) {
  pl_writer* const writer = user;
  return pl_pile_add(&writer->texts, row);
}

static pl_status apply_literals(pl_writer* writer, pl_order order, const uint64_t* rows, size_t count) {
  PL_UNUSED(order);
  for (size_t i = 0; i < count; i++) {
    bool used = false;
    PL_TRY(writer->removing ? still_used(writer, rows[i], &used) : PL_OK);
    if (!used) {
      PL_TRY(pl_text_rows(writer->txn, rows[i], &writer->room, writer->guard, add_text_row, writer));
    }
  }
  return PL_OK;
}

static pl_status apply_texts(pl_writer* writer, pl_order order, const uint64_t* rows, size_t count) {
  uint8_t shared[SLICE_ROWS];
  PL_UNUSED(order);
  return change(writer, PL_DB_TEXT, rows, count, shared);
}

static pl_status apply_all(pl_writer* writer) {
  PL_TRY(apply_facts(writer));
  PL_TRY(drain(writer, &writer->literals, PL_ORDER_COUNT, apply_literals));
  PL_TRY(drain(writer, &writer->texts, PL_ORDER_COUNT, apply_texts));
  PL_TRY(drain(writer, &writer->piles[PL_ORDER_CPO], PL_ORDER_CPO, apply_cpo));
  PL_TRY(drain(writer, &writer->piles[PL_ORDER_POC], PL_ORDER_POC, apply_poc));
  PL_TRY(keep_changes(writer, PL_STATS_ANNOTATIONS));
  return drain(writer, &writer->identities, PL_ORDER_COUNT, apply_identities);
}

pl_status pl_writer_apply(pl_writer* writer) {
  if (!writer->txn->write) {
    return pl_fail(writer->txn->err, PL_MSG_TXN_READONLY);
  }
  if (writer->txn->failed) {
    return pl_fail(writer->txn->err, PL_MSG_TXN_FAILED);
  }
  pl_txn_forget(writer->txn);
  const pl_status status = apply_all(writer);
  if (status != PL_OK) {
    writer->txn->failed = true;
    return status;
  }
  pl_rowset_clear(&writer->txn->mem, &writer->pending, writer->removing ? 4 : 2);
  return PL_OK;
}

pl_status pl_writer_turn(pl_writer* writer, bool removing) {
  if (writer->removing == removing) {
    return PL_OK;
  }
  PL_TRY(pl_writer_apply(writer));
  writer->removing = removing;
  pl_rowset_clear(&writer->txn->mem, &writer->pending, removing ? 4 : 2);
  return PL_OK;
}

pl_status pl_writer_relieve(pl_writer* writer) {
  return pl_rowset_bytes(&writer->pending) > writer->bytes_max / 4 ? pl_writer_apply(writer) : PL_OK;
}
