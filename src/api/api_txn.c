/// Transactions. What is written through one is collected by a writer and applied when somebody looks: a query, a
/// count, the commit. Scans do not survive a write, so nothing is written while a query of the transaction reads.
#include "api/api.h"

// ---- read transactions of one call --------------------------------------------------------------------------------

pl_status pl_api_read_begin(parley* store, pl_error* err, pl_txn** out) {
  pl_txn* txn = NULL;
  (void)pthread_mutex_lock(&store->lock);
  if (store->spare_count) {
    txn = store->spare[--store->spare_count];
  }
  (void)pthread_mutex_unlock(&store->lock);
  if (!txn) {
    return pl_txn_begin(store->store, false, err, out);
  }
  pl_txn_lend(txn, err);
  const pl_status status = pl_txn_renew(txn);
  if (status != PL_OK) {
    pl_txn_abort(txn);
    txn = NULL;
  }
  *out = txn;
  return status;
}

void pl_api_read_spare(parley* store, pl_txn* txn) {
  bool kept = false;
  if (txn && pl_txn_bytes(txn) <= PL_API_SPARE_BYTES) {
    pl_txn_lend(txn, NULL);
    (void)pthread_mutex_lock(&store->lock);
    kept = store->spare_count < PL_API_SPARE;
    if (kept) {
      store->spare[store->spare_count++] = txn;
    }
    (void)pthread_mutex_unlock(&store->lock);
  }
  if (!kept) {
    pl_txn_abort(txn);
  }
}

void pl_api_read_end(parley* store, pl_txn* txn) {
  if (txn && pl_txn_rest(txn)) {
    pl_api_read_spare(store, txn);
  } else {
    pl_txn_abort(txn);
  }
}

// ---- transactions of the caller -----------------------------------------------------------------------------------

pl_status pl_api_txn_flush(parley_txn* txn) { return txn->writer ? pl_writer_flush(txn->writer, NULL) : PL_OK; }

pl_status pl_api_txn_write(parley_txn* txn) {
  if (pl_store_forked(txn->store->store)) {
    return pl_fail(&txn->error.diags, PL_MSG_STORE_FORKED, pl_store_path(txn->store->store));
  }
  if (!pl_txn_is_write(txn->txn)) {
    return pl_fail(&txn->error.diags, PL_MSG_TXN_READONLY);
  }
  if (txn->reading > 0) {
    return pl_fail(&txn->error.diags, PL_MSG_TXN_READING);
  }
  return txn->writer ? PL_OK : pl_writer_open(txn->txn, 0, &txn->guard, &txn->writer);
}

void pl_api_txn_enter(parley_txn* txn) {
  pl_api_error_clear(&txn->error);
  pl_arena_reset(&txn->arena);
}

parley_status pl_api_txn_leave(parley_txn* txn, pl_status status) {
  if (status != PL_OK && status != PL_NOT_FOUND) {
    pl_api_error_complete(&txn->error.diags, status);
  }
  return pl_api_status(status);
}

parley_changes pl_api_changes(const pl_write_counts* counts) {
  return (parley_changes){.facts_new = counts->facts_new,
                          .facts_gone = counts->facts_gone,
                          .assertions_new = counts->assertions_new,
                          .assertions_gone = counts->assertions_gone};
}

static pl_status begin(parley* store, bool write, pl_error* err, parley_txn** out) {
  pl_mem mem;
  pl_api_mem_init(store, &mem, SIZE_MAX);
  parley_txn* const txn = pl_mem_calloc(&mem, 1, sizeof *txn);
  if (!txn) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  txn->store = store;
  txn->mem = mem;
  pl_api_error_init(&txn->error, &txn->mem);
  pl_arena_init(&txn->arena, &txn->mem);
  pl_guard_init(&txn->guard, &store->interrupt, 0);
  const pl_status status = write ? pl_txn_begin(store->store, true, &txn->error.diags, &txn->txn)
                                 : pl_api_read_begin(store, &txn->error.diags, &txn->txn);
  if (status != PL_OK) {
    pl_error_move(err, &txn->error.diags);
    pl_api_error_free(&txn->error);
    mem = txn->mem;
    pl_mem_free(&mem, txn, sizeof *txn);
    return status;
  }
  (void)atomic_fetch_add(&store->handles, 1);
  *out = txn;
  return PL_OK;
}

parley_status parley_begin(parley* store, int write, parley_txn** txn) {
  pl_api_call call;
  if (!store) {
    return PARLEY_MISUSE;
  }
  pl_api_call_begin(&call, store);
  if (!txn) {
    return pl_api_call_end(&call, pl_fail(&call.err, PL_MSG_API_NULL, "parley_begin", "txn"));
  }
  *txn = NULL;
  return pl_api_call_end(&call, begin(store, write != 0, &call.err, txn));
}

/// Everything of the transaction but LMDB's part.
static void txn_free(parley_txn* txn) {
  (void)atomic_fetch_sub(&txn->store->handles, 1);
  pl_arena_free(&txn->arena);
  pl_api_error_free(&txn->error);
  pl_mem mem = txn->mem;
  pl_mem_free(&mem, txn, sizeof *txn);
}

static void drop_queries(parley_txn* txn) {
  while (txn->queries) {
    pl_api_query_orphan(txn->queries);
  }
}

parley_status parley_commit(parley_txn* txn) {
  pl_api_call call;
  if (!txn) {
    return PARLEY_MISUSE;
  }
  pl_api_call_begin(&call, txn->store);
  pl_api_txn_enter(txn);
  pl_status status = pl_txn_may_end(txn->txn);
  if (status != PL_OK) {
    pl_error_move(&call.err, &txn->error.diags);
    return pl_api_call_end(&call, status);
  }
  drop_queries(txn);
  status = pl_api_txn_flush(txn);
  pl_writer_close(txn->writer);
  if (!pl_txn_is_write(txn->txn)) {
    pl_api_read_end(txn->store, txn->txn);
  } else if (status == PL_OK) {
    status = pl_txn_commit(txn->txn);
  } else {
    pl_txn_abort(txn->txn);
  }
  pl_error_move(&call.err, &txn->error.diags);  // the handle is gone: the store tells
  txn_free(txn);
  return pl_api_call_end(&call, status);
}

/// If not, it stays open and the store tells.
static bool may_roll_back(parley_txn* txn) {
  pl_api_call call;
  pl_api_txn_enter(txn);
  const pl_status status = pl_txn_may_end(txn->txn);
  if (status != PL_OK) {
    pl_api_call_begin(&call, txn->store);
    pl_error_move(&call.err, &txn->error.diags);
    (void)pl_api_call_end(&call, status);
  }
  return status == PL_OK;
}

void parley_rollback(parley_txn* txn) {
  if (!txn || !may_roll_back(txn)) {
    return;
  }
  drop_queries(txn);
  pl_writer_close(txn->writer);
  if (pl_txn_is_write(txn->txn)) {
    pl_txn_abort(txn->txn);
  } else {
    pl_api_read_end(txn->store, txn->txn);
  }
  txn_free(txn);
}

const parley_error_object* parley_txn_error(const parley_txn* txn) { return txn ? &txn->error : parley_error(NULL); }
