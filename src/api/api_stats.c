/// Looking at a store: counters, and what takes the room in its file.
#include "api/api.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

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

static uint64_t stat_bytes(const MDB_stat* stat) {
  return (uint64_t)stat->ms_psize * (stat->ms_branch_pages + stat->ms_leaf_pages + stat->ms_overflow_pages);
}

static uint64_t entries_of(entry_kind kind, const pl_totals* totals, const MDB_stat* stat) {
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
  return stat->ms_entries;
}

static pl_status measure(pl_txn* txn, size_t db, pl_error* err, parley_part* out) {
  pl_totals totals;
  MDB_stat stat = {0};
  PL_TRY(pl_stats_totals(txn, &totals));
  // A file of an earlier version may lack a database: then it holds nothing.
  const int rc = txn->store->dbs[db] ? mdb_stat(txn->mdb, txn->store->dbs[db], &stat) : 0;
  if (rc != 0) {
    return pl_mdb_fail(err, rc, "cannot measure the store");
  }
  *out = (parley_part){
      .name = parts[db].name, .entries = entries_of(parts[db].kind, &totals, &stat), .bytes = stat_bytes(&stat)};
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
    status = measure(txn, i, &call.err, out);
    pl_txn_abort(txn);
  }
  return pl_api_call_end(&call, status);
}

// ---- stats --------------------------------------------------------------------------------------------------------

/// LMDB tells of its readers in text, a line each: "pid thread txnid", the last "-" for a slot that is not in use now.
static int count_reader(const char* line, void* user) {
  uint64_t* const readers = user;
  unsigned long pid;
  unsigned long thread;
  unsigned long long snapshot;
  *readers += sscanf(line, "%lu %lx %llu", &pid, &thread, &snapshot) == 3;
  return 0;
}

static pl_status used_bytes(pl_txn* txn, pl_error* err, uint64_t* out) {
  MDB_stat stat;
  int rc = mdb_env_stat(txn->store->env, &stat);
  if (rc != 0) {
    return pl_mdb_fail(err, rc, "cannot measure the store");
  }
  uint64_t bytes = stat_bytes(&stat) + 2 * (uint64_t)stat.ms_psize;  // the main database and the two headers
  for (size_t db = 0; db < PL_DB_COUNT; db++) {
    if (txn->store->dbs[db] == 0) {
      continue;  // a file of an earlier version lacks it
    }
    rc = mdb_stat(txn->mdb, txn->store->dbs[db], &stat);
    if (rc != 0) {
      return pl_mdb_fail(err, rc, "cannot measure the store");
    }
    bytes += stat_bytes(&stat);
  }
  *out = bytes;
  return PL_OK;
}

static pl_status file_size(const parley* store, pl_error* err, uint64_t* out) {
  struct stat st;
  int fd = -1;
  const int rc = mdb_env_get_fd(store->store->env, &fd);
  if (rc != 0) {
    return pl_mdb_fail(err, rc, "cannot measure the store");
  }
  if (fstat(fd, &st) != 0) {
    return pl_mdb_fail(err, errno, "cannot measure the store");
  }
  *out = (uint64_t)st.st_size;
  return PL_OK;
}

static pl_status collect(parley* store, pl_txn* txn, pl_error* err, parley_stats* out) {
  pl_totals totals;
  PL_TRY(pl_stats_totals(txn, &totals));
  out->facts = totals.facts;
  out->rows = totals.rows;
  out->plain = totals.plain;
  out->assertions = totals.assertions;
  out->annotations = totals.annotations;
  out->terms = totals.terms;
  out->predicates = totals.predicates;
  out->format_version = PL_FORMAT_VERSION;
  PL_TRY(file_size(store, err, &out->file_bytes));
  return used_bytes(txn, err, &out->used_bytes);
}

static pl_status get_stats(parley* store, pl_error* err, parley_stats* out) {
  pl_txn* txn;
  // Counted before our own transaction takes a slot; without a lock table there is nothing to count.
  (void)mdb_reader_list(store->store->env, count_reader, &out->readers);
  PL_TRY(pl_txn_begin(store->store, false, err, &txn));
  const pl_status status = collect(store, txn, err, out);
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
