/// Running queries: step, reset, the transaction around a run.
///
/// A run is READY, READING its rows, or ENDED; only READING holds a transaction of its own. `explain` and `profile`
/// have rows too: the lines of the plan.
#include "api/api.h"

#define REPEATS_UNCHECKED 1024  ///< repeats of one row between two looks at interrupts and limits
#define ROWS_UNCHECKED 64       ///< rows of a chunk, whose texts a caller may read, between two looks

// ---- the transaction around it ------------------------------------------------------------------------------------

/// Failures of the storage below a caller's transaction are written in its error object: bring them here.
static void take_errors(parley_query* q, pl_status status) {
  if (status == PL_OK || status == PL_DONE || status == PL_ROW) {
    return;
  }
  if (q->txn && q->error.diags.error_count == 0) {
    pl_error_move(&q->error.diags, &q->txn->error.diags);
  }
  pl_api_error_complete(&q->error.diags, status);
}

pl_status pl_api_query_look(parley_query* q, pl_txn** txn, bool* begun) {
  *begun = false;
  if (q->orphan) {
    return pl_fail(&q->error.diags, PL_MSG_QUERY_ORPHAN);
  }
  if (q->txn) {
    *txn = q->txn->txn;
    return q->txn->reading == 0 ? pl_api_txn_flush(q->txn) : PL_OK;
  }
  if (q->own) {
    *txn = q->own;
    return PL_OK;
  }
  *begun = true;
  return pl_api_read_begin(q->store, &q->error.diags, txn);
}

/// End the run, which may be kept for the next one; its own transaction stays.
static void end_run(parley_query* q) {
  if (!q->run) {
    return;
  }
  pl_api_why_end(q);
  if (pl_run_rest(q->run)) {
    q->kept = q->run;
  } else {
    pl_run_close(q->run);
  }
  q->run = NULL;
  q->chunk = NULL;
  if (q->txn) {
    q->txn->reading--;
  }
}

/// End the query's own transaction. At rest it holds no snapshot, and renewing it is cheaper than beginning another.
static void end_own(parley_query* q) {
  if (!q->own) {
    return;
  }
  if (pl_txn_rest(q->own)) {
    q->rested = q->own;
  } else {
    pl_run_close(q->kept);
    q->kept = NULL;
    pl_txn_abort(q->own);
  }
  q->own = NULL;
}

void pl_api_query_forget(parley_query* q) {
  pl_run_close(q->kept);
  pl_api_read_spare(q->store, q->rested);
  q->kept = NULL;
  q->rested = NULL;
}

void pl_api_query_stop(parley_query* q) {
  end_run(q);
  end_own(q);
  q->has_row = false;
  if (q->state == PL_API_READING) {
    q->state = PL_API_ENDED;
    q->last = PL_DONE;
  }
}

/// Run a kept run again, or open one.
static pl_status start_run(parley_query* q, pl_txn* txn) {
  const pl_run_limits limits = {.memory_bytes = q->limits.memory_bytes, .profile = q->keep_profile};
  if (q->keep_profile) {
    pl_run_close(q->kept);
    q->kept = NULL;
  }
  pl_run* const kept = q->kept;
  q->kept = NULL;
  if (!kept) {
    return pl_run_open(q->plan, txn, q->params, &limits, &q->guard, &q->error.diags, &q->run);
  }
  const pl_status status = pl_run_again(kept, q->params);
  if (status == PL_OK) {
    q->run = kept;
  } else {
    pl_run_close(kept);
  }
  return status;
}

void pl_api_query_guard(parley_query* q) {
  pl_guard_init(&q->guard, &q->store->interrupt, q->limits.seconds);
  q->guard.interrupt_query = &q->interrupt;
  q->guard.progress = q->progress;
  q->guard.progress_user = q->progress_user;
}

static pl_status open_run(parley_query* q, pl_txn* txn) {
  pl_api_query_guard(q);
  q->guard.work = "preparing the query";
  PL_TRY(pl_guard_check(&q->guard, &q->error.diags));
  q->mem_row.bytes_max = q->limits.memory_bytes ? q->limits.memory_bytes : SIZE_MAX;
  PL_TRY(start_run(q, txn));
  q->chunk = NULL;
  q->chunk_next = 0;
  q->row_repeats = 0;
  q->rows_given = 0;
  if (q->txn) {
    q->txn->reading++;
  }
  return PL_OK;
}

/// A read transaction for one run, in q->own.
static pl_status begin_own(parley_query* q) {
  q->own = q->rested;
  q->rested = NULL;
  if (!q->own) {
    return pl_api_read_begin(q->store, &q->error.diags, &q->own);
  }
  const pl_status status = pl_txn_renew(q->own);
  if (status != PL_OK) {
    pl_run_close(q->kept);
    q->kept = NULL;
    pl_txn_abort(q->own);
    q->own = NULL;
  }
  return status;
}

static pl_status begin_rows(parley_query* q) {
  if (q->txn) {
    if (q->txn->reading == 0) {
      PL_TRY(pl_api_txn_flush(q->txn));
    }
    return open_run(q, q->txn->txn);
  }
  PL_TRY(begin_own(q));
  return open_run(q, q->own);
}

static pl_status keep_profile(parley_query* q) {
  pl_buf_clear(&q->profile);
  pl_buf_clear(&q->profile_json);
  PL_TRY(q->keep_profile ? pl_run_profile(q->run, &q->profile) : PL_OK);
  return q->keep_profile ? pl_run_profile_json(q->run, &q->profile_json) : PL_OK;
}

// ---- rows ---------------------------------------------------------------------------------------------------------

static pl_status next_chunk(parley_query* q) {
  q->chunk_next = 0;
  q->chunk = NULL;
  return pl_run_next(q->run, &q->chunk);
}

static pl_status next_row(parley_query* q) {
  if (q->row_repeats > 0) {
    q->row_repeats--;
    if (q->row_repeats % REPEATS_UNCHECKED == 0) {
      PL_TRY(pl_guard_check(&q->guard, &q->error.diags));
    }
    return PL_ROW;
  }
  for (;;) {
    while (!q->chunk || q->chunk_next >= q->chunk->selected) {
      PL_TRY(next_chunk(q));
    }
    if (q->chunk_next % ROWS_UNCHECKED == ROWS_UNCHECKED - 1) {
      PL_TRY(pl_guard_check(&q->guard, &q->error.diags));
    }
    q->row = pl_chunk_row(q->chunk, q->chunk_next++);
    const uint64_t times = q->chunk->multiplicity ? q->chunk->multiplicity[q->row] : 1;
    if (times > 0) {
      q->row_repeats = times - 1;
      return PL_ROW;
    }
  }
}

static void forget_row(parley_query* q) {
  q->has_row = false;
  pl_api_why_end(q);
  if (q->column_count > 0) {
    memset(q->cells, 0, q->column_count * sizeof *q->cells);
    pl_arena_reset(&q->arena_row);
    q->mem_row.limit_hit = false;
  }
}

static pl_status step_rows(parley_query* q) {
  if (q->state == PL_API_READY) {
    q->state = PL_API_READING;
    PL_TRY(begin_rows(q));
  }
  const pl_status status = next_row(q);
  if (status == PL_DONE) {
    PL_TRY(keep_profile(q));
  }
  // Counted here and not in the executor, so that the rows up to the limit are given whatever the size of chunks.
  if (status == PL_ROW && q->limits.rows && q->rows_given++ == q->limits.rows) {
    return pl_fail(&q->error.diags, PL_MSG_ROW_LIMIT, pl_run_maker(q->run), (unsigned long long)q->limits.rows);
  }
  return status;
}

// ---- updates ------------------------------------------------------------------------------------------------------

/// Everything is collected before anything is written, so that a failure of the query itself leaves a caller's
/// transaction as it was.
static pl_status run_update(parley_query* q, pl_txn* txn) {
  pl_write_counts counts = {0};
  PL_TRY(open_run(q, txn));
  pl_status status = pl_run_update(q->run, &counts);
  if (status == PL_OK || status == PL_DONE) {
    status = keep_profile(q);
    q->changes = pl_api_changes(&counts);
  }
  end_run(q);
  return status;
}

/// Keep a definition, or forget it; there is nothing to run.
static pl_status run_define(parley_query* q, pl_txn* txn) {
  const pl_status status = pl_txn_set_definition(txn, q->query->define_name, q->query->define_path);
  return status == PL_NOT_FOUND ? PL_OK : status;
}

static pl_status write_in(parley_query* q, pl_txn* txn) {
  return q->query->kind == PL_QUERY_DEFINE ? run_define(q, txn) : run_update(q, txn);
}

static pl_status update_own(parley_query* q) {
  PL_TRY(pl_txn_begin(q->store->store, true, &q->error.diags, &q->own));
  PL_TRY(write_in(q, q->own));
  pl_txn* const txn = q->own;
  q->own = NULL;
  return pl_txn_commit(txn);
}

static pl_status update_in(parley_query* q) {
  parley_txn* const txn = q->txn;
  if (!pl_txn_is_write(txn->txn)) {
    return pl_fail(&q->error.diags, PL_MSG_TXN_READONLY);
  }
  if (txn->reading > 0) {
    return pl_fail(&q->error.diags, PL_MSG_TXN_READING);
  }
  PL_TRY(pl_api_txn_flush(txn));
  return write_in(q, txn->txn);
}

static pl_status step_update(parley_query* q) {
  q->changes = (parley_changes){0};
  const pl_status status = q->txn ? update_in(q) : update_own(q);
  if (status != PL_OK) {
    q->changes = (parley_changes){0};
    return status;
  }
  return PL_DONE;
}

// ---- explain and profile ------------------------------------------------------------------------------------------

static pl_status run_through(parley_query* q) {
  if (pl_api_query_writes(q)) {
    const pl_status status = step_update(q);
    return status == PL_DONE ? PL_OK : status;
  }
  PL_TRY(begin_rows(q));
  pl_status status;
  do {
    status = next_chunk(q);
  } while (status == PL_OK);
  return status == PL_DONE ? keep_profile(q) : status;
}

pl_status pl_api_query_profile(parley_query* q) {
  q->keep_profile = true;
  pl_api_error_truncate(&q->error, q->compile_diags);
  const pl_status status = run_through(q);
  q->keep_profile = false;
  take_errors(q, status);
  pl_api_query_stop(q);
  return status;
}

pl_status pl_api_query_explain(parley_query* q, pl_txn* txn, bool json, pl_buf* out) {
  const pl_guard reading = q->guard;  // of the rows being read meanwhile
  const pl_run_limits limits = {.memory_bytes = q->limits.memory_bytes};
  const pl_explain_within within = {.limits = &limits, .guard = &q->guard, .err = &q->error.diags};
  pl_api_query_guard(q);
  const pl_status status =
      json ? pl_plan_explain_json(q->plan, txn, &within, out) : pl_plan_explain(q->plan, txn, &within, out);
  q->guard = reading;
  return status;
}

static pl_status explain(parley_query* q) {
  pl_txn* txn;
  bool begun;
  PL_TRY(pl_api_query_look(q, &txn, &begun));
  const pl_status status = pl_api_query_explain(q, txn, false, &q->lines);
  if (begun) {
    pl_api_read_end(q->store, txn);
  }
  return status;
}

static pl_status profile(parley_query* q) {
  q->keep_profile = true;
  const pl_status status = run_through(q);
  q->keep_profile = false;
  PL_TRY(status);
  PL_TRY(pl_buf_str(&q->lines, pl_buf_view(&q->profile)));
  end_run(q);
  end_own(q);
  return PL_OK;
}

static pl_status step_lines(parley_query* q) {
  if (q->state == PL_API_READY) {
    q->state = PL_API_READING;
    q->line_next = 0;
    pl_buf_clear(&q->lines);
    PL_TRY(q->query->mode == PL_MODE_EXPLAIN ? explain(q) : profile(q));
  }
  if (q->line_next >= q->lines.len) {
    return PL_DONE;
  }
  q->line_start = q->line_next;
  const char* const from = q->lines.data + q->line_start;
  const char* const end = memchr(from, '\n', q->lines.len - q->line_start);
  q->line_next = end ? (size_t)(end - q->lines.data) + 1 : q->lines.len + 1;
  return PL_ROW;
}

// ---- step and reset -----------------------------------------------------------------------------------------------

static pl_status step(parley_query* q) {
  if (q->state == PL_API_READY) {
    pl_api_error_truncate(&q->error, q->compile_diags);
  }
  if (q->orphan) {
    return pl_fail(&q->error.diags, PL_MSG_QUERY_ORPHAN);
  }
  if (pl_store_forked(q->store->store)) {
    return pl_fail(&q->error.diags, PL_MSG_STORE_FORKED, pl_store_path(q->store->store));
  }
  return pl_api_query_lines(q) ? step_lines(q) : pl_api_query_writes(q) ? step_update(q) : step_rows(q);
}

parley_status parley_step(parley_query* query) {
  if (!query) {
    return PARLEY_MISUSE;
  }
  if (query->compiled != PL_OK) {
    return pl_api_status(query->compiled);
  }
  if (query->state == PL_API_ENDED) {
    return pl_api_status(query->last);
  }
  pl_api_query_forgive(query);
  forget_row(query);
  const pl_status status = step(query);
  query->has_row = status == PL_ROW;
  if (status != PL_ROW) {
    take_errors(query, status);
    pl_api_query_stop(query);
    query->state = PL_API_ENDED;
    query->last = status;
  }
  return pl_api_status(status);
}

parley_status parley_reset(parley_query* query) {
  if (!query) {
    return PARLEY_MISUSE;
  }
  pl_api_query_stop(query);
  query->has_misuse = false;
  pl_api_error_truncate(&query->error, query->compile_diags);
  if (query->compiled != PL_OK) {
    return pl_api_status(query->compiled);
  }
  forget_row(query);
  atomic_store(&query->interrupt, 0);
  query->state = PL_API_READY;
  query->last = PL_OK;
  return PARLEY_OK;
}
