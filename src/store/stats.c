/// Counters per predicate, exact and in the same transaction as the rows they count (drawing in stats.h).
#include "store/stats.h"

#include "store/meta.h"

#define KEY_BYTES 9u
#define VALUE_BYTES 32u

static void key_make(uint8_t key[KEY_BYTES], pl_stats_kind kind, pl_id predicate) {
  key[0] = (uint8_t)kind;
  for (unsigned i = 0; i < 8; i++) {
    key[1 + i] = (uint8_t)(predicate >> (56 - 8 * i));
  }
}

static pl_id key_predicate(const uint8_t key[KEY_BYTES]) {
  pl_id id = 0;
  for (unsigned i = 0; i < 8; i++) {
    id = id << 8 | key[1 + i];
  }
  return id;
}

static pl_status value_read(pl_txn* txn, pl_id predicate, MDB_val value, pl_predicate_stats* out) {
  if (value.mv_size != VALUE_BYTES) {
    return pl_fail(txn->err, PL_MSG_STORE_DAMAGED, "a record of counters has the wrong size");
  }
  const uint8_t* const at = value.mv_data;
  *out = (pl_predicate_stats){.predicate = predicate,
                              .rows = pl_get_le64(at),
                              .facts = pl_get_le64(at + 8),
                              .subjects = pl_get_le64(at + 16),
                              .objects = pl_get_le64(at + 24)};
  return PL_OK;
}

static pl_status stats_get(pl_txn* txn, pl_stats_kind kind, pl_id predicate, pl_predicate_stats* out) {
  uint8_t bytes[KEY_BYTES];
  key_make(bytes, kind, predicate);
  MDB_val key = {sizeof bytes, bytes};
  MDB_val value;
  const int rc = mdb_get(txn->mdb, txn->store->dbs[PL_DB_STATS], &key, &value);
  if (rc == MDB_NOTFOUND) {
    *out = (pl_predicate_stats){.predicate = predicate};
    return PL_OK;
  }
  return rc == 0 ? value_read(txn, predicate, value, out) : pl_mdb_fail(txn->err, rc, "cannot read counters");
}

// ---- reading ------------------------------------------------------------------------------------------------------

enum { MEMO_SLOTS = 64 /* a power of two */ };

/// Counters that a read transaction has read: each query of its snapshot asks for those of its few predicates several times.
struct pl_memo {
  pl_predicate_stats stats[MEMO_SLOTS];  ///< by predicate and kind; predicate 0 = empty
  uint8_t kinds[MEMO_SLOTS];             ///< pl_stats_kind
};

void pl_stats_forget(pl_txn* txn) {
  pl_mem_free(&txn->mem, txn->stats, sizeof *txn->stats);
  txn->stats = NULL;
}

static pl_status stats_recall(pl_txn* txn, pl_stats_kind kind, pl_id predicate, pl_predicate_stats* out) {
  if (!txn->stats && !txn->write) {
    txn->stats = pl_mem_calloc(&txn->mem, 1, sizeof *txn->stats);
  }
  struct pl_memo* const memo = txn->stats;
  if (!memo || predicate == PL_ID_NULL) {
    return stats_get(txn, kind, predicate, out);  // it is only for speed
  }
  const size_t slot = (size_t)(predicate + kind) & (MEMO_SLOTS - 1);
  if (memo->stats[slot].predicate != predicate || memo->kinds[slot] != kind) {
    pl_predicate_stats stats;
    PL_TRY(stats_get(txn, kind, predicate, &stats));
    memo->stats[slot] = stats;
    memo->kinds[slot] = (uint8_t)kind;
  }
  *out = memo->stats[slot];
  return PL_OK;
}

pl_status pl_stats_predicate(pl_txn* txn, pl_id predicate, pl_predicate_stats* out) {
  return stats_recall(txn, PL_STATS_FACTS, predicate, out);
}

pl_status pl_stats_annotation(pl_txn* txn, pl_id predicate, pl_predicate_stats* out) {
  return stats_recall(txn, PL_STATS_ANNOTATIONS, predicate, out);
}

pl_status pl_stats_totals(pl_txn* txn, pl_totals* out) {
  *out = txn->totals;
  out->terms = txn->next_key - 1;  // keys are dense; those of this transaction count
  return PL_OK;
}

/// Read the records of facts, at most `max`; counts all.
static pl_status stats_walk(pl_txn* txn, MDB_cursor* cursor, pl_predicate_stats* to, size_t max, size_t* count) {
  uint8_t start[KEY_BYTES];
  key_make(start, PL_STATS_FACTS, 0);
  MDB_val key = {sizeof start, start};
  MDB_val value;
  size_t n = 0;
  int rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
  for (; rc == 0; rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
    if (key.mv_size != KEY_BYTES || *(const uint8_t*)key.mv_data != PL_STATS_FACTS) {
      break;
    }
    if (n < max) {
      PL_TRY(value_read(txn, key_predicate(key.mv_data), value, &to[n]));
    }
    n++;
  }
  *count = n;
  return rc == 0 || rc == MDB_NOTFOUND ? PL_OK : pl_mdb_fail(txn->err, rc, "cannot read counters");
}

pl_status pl_stats_predicates(pl_txn* txn, pl_arena* arena, pl_predicate_stats** out, size_t* count) {
  MDB_cursor* cursor;
  *out = NULL;
  *count = 0;
  const int rc = mdb_cursor_open(txn->mdb, txn->store->dbs[PL_DB_STATS], &cursor);
  if (rc != 0) {
    return pl_mdb_fail(txn->err, rc, "cannot read counters");
  }
  size_t n = 0;
  pl_status status = stats_walk(txn, cursor, NULL, 0, &n);
  if (status == PL_OK && n > 0) {
    pl_predicate_stats* const all = PL_ARENA_ARRAY(arena, pl_predicate_stats, n);
    size_t again = 0;
    status = all ? stats_walk(txn, cursor, all, n, &again) : pl_fail(txn->err, PL_MSG_NOMEM);
    *out = all;
    *count = again < n ? again : n;
  }
  mdb_cursor_close(cursor);
  return status;
}

// ---- writing ------------------------------------------------------------------------------------------------------

pl_status pl_stats_put(pl_txn* txn, pl_stats_kind kind, const pl_predicate_stats* stats) {
  uint8_t bytes[KEY_BYTES];
  uint8_t record[VALUE_BYTES];
  key_make(bytes, kind, stats->predicate);
  MDB_val key = {sizeof bytes, bytes};
  MDB_val value = {sizeof record, record};
  if (stats->rows == 0) {
    const int rc = pl_mdb_del(txn, txn->store->dbs[PL_DB_STATS], &key);
    return rc == 0 || rc == MDB_NOTFOUND ? PL_OK : pl_mdb_fail(txn->err, rc, "cannot write counters");
  }
  pl_put_le64(record, stats->rows);
  pl_put_le64(record + 8, stats->facts);
  pl_put_le64(record + 16, stats->subjects);
  pl_put_le64(record + 24, stats->objects);
  const int rc = pl_mdb_put(txn, txn->store->dbs[PL_DB_STATS], &key, &value, 0);
  return rc == 0 ? PL_OK : pl_mdb_fail(txn->err, rc, "cannot write counters");
}

pl_status pl_stats_add(pl_txn* txn, pl_stats_kind kind, const pl_predicate_stats* change) {
  pl_predicate_stats now;
  PL_TRY(stats_get(txn, kind, change->predicate, &now));
  if (kind == PL_STATS_FACTS && now.rows == 0 && change->rows > 0) {
    txn->totals.predicates++;
    txn->totals_dirty = true;
  }
  now.rows += change->rows;
  now.facts += change->facts;
  now.subjects += change->subjects;
  now.objects += change->objects;
  return pl_stats_put(txn, kind, &now);
}

pl_status pl_stats_take(pl_txn* txn, pl_stats_kind kind, const pl_predicate_stats* change) {
  pl_predicate_stats now;
  PL_TRY(stats_get(txn, kind, change->predicate, &now));
  if (now.rows < change->rows || now.facts < change->facts || now.subjects < change->subjects ||
      now.objects < change->objects ||
      (kind == PL_STATS_FACTS && now.rows == change->rows && txn->totals.predicates == 0)) {
    return pl_fail(txn->err, PL_MSG_STORE_DAMAGED, "a counter would fall below zero");
  }
  now.rows -= change->rows;
  now.facts -= change->facts;
  now.subjects -= change->subjects;
  now.objects -= change->objects;
  if (kind == PL_STATS_FACTS && now.rows == 0 && change->rows > 0) {
    txn->totals.predicates--;
    txn->totals_dirty = true;
  }
  return pl_stats_put(txn, kind, &now);
}
