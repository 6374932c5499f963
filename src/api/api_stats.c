/// Looking at a store: counters, and what takes the room in its file.
#include "store/space.h"

#include "api/api.h"

// ---- parts --------------------------------------------------------------------------------------------------------

/// What an entry of a database is, for people.
typedef enum entry_kind {
  ENTRY_ROWS,
  ENTRY_ASSERTED,
  ENTRY_ANNOTATIONS,
  ENTRY_ASSERTIONS,
  ENTRY_TERMS,
  ENTRY_RECORDS
} entry_kind;

typedef struct part_info {
  const char* name;  ///< shown
  entry_kind kind;   ///< how its entries are counted
} part_info;

static const part_info parts[PL_DB_COUNT] = {
    [PL_DB_SPO] = {"facts by subject", ENTRY_ROWS},
    [PL_DB_POS] = {"facts by predicate and object", ENTRY_ROWS},
    [PL_DB_OSP] = {"facts by object", ENTRY_ROWS},
    [PL_DB_PSO] = {"facts by predicate and subject", ENTRY_ROWS},
    [PL_DB_CSPO] = {"facts by assertion", ENTRY_ASSERTED},
    [PL_DB_CPO] = {"annotations by assertion", ENTRY_ANNOTATIONS},
    [PL_DB_POC] = {"annotations by predicate and object", ENTRY_ANNOTATIONS},
    [PL_DB_IDENTITY] = {"assertion identities", ENTRY_ASSERTIONS},
    [PL_DB_HASH] = {"dictionary: text to id", ENTRY_TERMS},
    [PL_DB_TERM] = {"dictionary: id to text", ENTRY_TERMS},
    [PL_DB_LONG] = {"dictionary: long texts", ENTRY_RECORDS},
    [PL_DB_AFFIX] = {"dictionary: namespaces", ENTRY_RECORDS},
    [PL_DB_STATS] = {"counters of predicates", ENTRY_RECORDS},
    [PL_DB_META] = {"settings", ENTRY_RECORDS},
    [PL_DB_TEXT] = {"words of texts", ENTRY_RECORDS},
};

static uint64_t entries_of(entry_kind kind, const pl_totals* totals, const pl_part_space* space) {
  switch (kind) {
    case ENTRY_ROWS:
      return totals->rows;
    case ENTRY_ASSERTED:
      return totals->rows - totals->plain;
    case ENTRY_ANNOTATIONS:
      return totals->annotations;
    case ENTRY_ASSERTIONS:
      return totals->assertions;
    case ENTRY_TERMS:
      return totals->terms;
    case ENTRY_RECORDS:
      break;
  }
  return space->values;
}

static pl_status measure(pl_txn* txn, pl_db db, parley_part* out) {
  pl_totals totals;
  pl_part_space space;
  PL_TRY(pl_stats_totals(txn, &totals));
  PL_TRY(pl_space_part(txn, db, &space));
  *out = (parley_part){.name = parts[db].name,
                       .entries = entries_of(parts[db].kind, &totals, &space),
                       .bytes = space.bytes,
                       .pages = space.pages,
                       .blocks = space.values,
                       .block_bytes = space.value_bytes};
  return PL_OK;
}

parley_status parley_get_part(parley* store, size_t i, parley_part* out) {
  pl_api_call call;
  pl_txn* txn;
  if (!store || !out) {
    return PARLEY_MISUSE;
  }
  if (i >= PL_DB_COUNT) {
    return PARLEY_NOT_FOUND;
  }
  pl_api_call_begin(&call, store);
  pl_status status = pl_txn_begin(store->store, false, &call.err, &txn);
  if (status == PL_OK) {
    status = measure(txn, (pl_db)i, out);
    pl_txn_abort(txn);
  }
  return pl_api_call_end(&call, status);
}

// ---- stats --------------------------------------------------------------------------------------------------------

static pl_status collect(pl_txn* txn, const pl_readers* readers, parley_stats* out) {
  pl_totals totals;
  pl_space space;
  PL_TRY(pl_space_measure(txn, readers, &space));
  PL_TRY(pl_stats_totals(txn, &totals));
  *out = (parley_stats){.size = out->size,
                        .facts = totals.facts,
                        .rows = totals.rows,
                        .plain = totals.plain,
                        .assertions = totals.assertions,
                        .annotations = totals.annotations,
                        .terms = totals.terms,
                        .predicates = totals.predicates,
                        .file_bytes = space.file_bytes,
                        .used_bytes = space.used_pages * space.page_bytes,
                        .readers = readers->count,
                        .format_version = PL_FORMAT_VERSION,
                        .page_bytes = (uint32_t)space.page_bytes,
                        .free_bytes = space.free_pages * space.page_bytes,
                        .held_bytes = space.held_pages * space.page_bytes,
                        .map_bytes = space.map_bytes,
                        .last_transaction = space.last_transaction,
                        .oldest_reader_pid = readers->oldest_pid,
                        .oldest_reader_transaction = readers->transaction};
  return PL_OK;
}

static pl_status get_stats(parley* store, pl_error* err, parley_stats* out) {
  pl_readers readers;
  pl_txn* txn;
  pl_space_readers(store->store, &readers);  // before our own transaction takes a slot
  PL_TRY(pl_txn_begin_walkable(store->store, false, err, &txn));
  const pl_status status = collect(txn, &readers, out);
  pl_txn_abort(txn);
  return status;
}

parley_status parley_get_stats(parley* store, parley_stats* out) {
  pl_api_call call;
  parley_stats stats;
  if (!store) {
    return PARLEY_MISUSE;
  }
  pl_api_call_begin(&call, store);
  if (!out) {
    return pl_api_call_end(&call, pl_fail(&call.err, PL_MSG_API_NULL, "parley_get_stats", "out"));
  }
  pl_status status = pl_api_options_copy(&stats, sizeof stats, out, "parley_get_stats", &call.err);
  if (status == PL_OK) {
    const size_t size = stats.size;
    stats = (parley_stats){.size = size};
    status = get_stats(store, &call.err, &stats);
    if (status == PL_OK) {
      memcpy(out, &stats, size < sizeof stats ? size : sizeof stats);
    }
  }
  return pl_api_call_end(&call, status);
}
