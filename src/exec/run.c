// Runs: opening a plan in a transaction, handing on its chunks, closing everything. See run.h.
#include "exec/classes.h"
#include "exec/support.h"
#include "exec/update.h"

#include <time.h>

#define POOL_BYTES_KEPT ((size_t)64 << 20)  ///< decoded terms kept between chunks
#define RUN_BYTES_KEPT ((size_t)2 << 20)    ///< a run that holds more is not kept for another

// What a run does outside its operators, for messages.
static const char PREPARING[] = "preparing the query";
static const char RESULT[] = "handing on rows";

static int64_t now_ms(void) {
  struct timespec now = {0};
  (void)clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static pl_status put_list(pl_run* run, const pl_param* param, pl_id* out) {
  pl_id* items = pl_arena_calloc(&run->arena, param->list_count + 1, sizeof(pl_id));
  if (!items) {
    return pl_run_nomem(run);
  }
  for (size_t i = 0; i < param->list_count; i++) {
    if (param->list[i].kind != PL_TERM_NONE) {
      PL_TRY(pl_termpool_put_term(run->pool, &param->list[i], &items[i]));
    }
  }
  return pl_termpool_put_list(run->pool, items, param->list_count, out);
}

static pl_status put_constants(pl_run* run) {
  const pl_query* query = run->plan->query;
  for (uint32_t i = 0; i < query->term_count; i++) {
    if (query->terms[i].kind != PL_TERM_NONE) {
      PL_TRY(pl_termpool_put_term(run->pool, &query->terms[i], &run->terms[i]));
    }
  }
  return PL_OK;
}

static pl_status put_params(pl_run* run, const pl_param* params) {
  const pl_query* query = run->plan->query;
  for (uint32_t i = 0; params && i < query->param_count; i++) {
    run->params[i] = PL_ID_NULL;
    if (params[i].list) {
      PL_TRY(put_list(run, &params[i], &run->params[i]));
    } else if (params[i].term.kind != PL_TERM_NONE) {
      PL_TRY(pl_termpool_put_term(run->pool, &params[i].term, &run->params[i]));
    }
  }
  return PL_OK;
}

static pl_status make_state(pl_run* run) {
  const pl_query* query = run->plan->query;
  run->ops = PL_ARENA_ARRAY(&run->arena, pl_op*, run->plan->node_count + 1);
  run->lenses = PL_ARENA_ARRAY(&run->arena, pl_lens_state, query->lens_count + 1);
  run->terms = PL_ARENA_ARRAY(&run->arena, pl_id, query->term_count + 1);
  run->params = PL_ARENA_ARRAY(&run->arena, pl_id, query->param_count + 1);
  if (!run->ops || !run->lenses || !run->terms || !run->params) {
    return pl_run_nomem(run);
  }
  return pl_chunk_make(run, &run->exists);
}

static pl_status open_run(pl_run* run, const pl_param* params) {
  PL_TRY(pl_termpool_new(run->txn, &run->mem, run->err, &run->pool));
  PL_TRY(make_state(run));
  PL_TRY(put_constants(run));
  PL_TRY(put_params(run, params));
  run->eval = (pl_eval){.txn = run->txn,
                        .pool = run->pool,
                        .mem = &run->mem,
                        .scratch = &run->scratch,
                        .err = run->err,
                        .guard = run->guard,
                        .query = run->plan->query,
                        .terms = run->terms,
                        .params = run->params,
                        .now_ms = now_ms(),
                        .shown = pl_classes_eval,
                        .shown_user = run};
  PL_TRY(pl_classes_open(run));
  pl_op* root = NULL;
  return pl_op_open(run, run->plan->root, &root);
}

pl_status pl_run_tell_memory(pl_run* run, const char* what, pl_status status) {
  if (status == PL_ERR_LIMIT && run->mem.limit_hit && run->err && run->err->error_count == 0) {
    return pl_fail_memory(run->err, what, run->mem.bytes_max);
  }
  return status;
}

pl_status pl_run_open(const pl_plan* plan, pl_txn* txn, const pl_param* params, const pl_run_limits* limits,
                      pl_guard* guard, pl_error* err, pl_run** out) {
  pl_mem mem;
  pl_txn_mem_init(txn, &mem, limits && limits->memory_bytes ? limits->memory_bytes : SIZE_MAX);
  pl_run* run = pl_mem_calloc(&mem, 1, sizeof(*run));
  if (!run) {
    return mem.limit_hit ? pl_fail_memory(err, PREPARING, mem.bytes_max) : PL_ERR_NOMEM;
  }
  run->mem = mem;
  run->plan = plan;
  run->txn = txn;
  run->snapshot = pl_txn_snapshot(txn);
  run->guard = guard;
  run->err = err;
  run->rows_max = limits ? limits->rows : 0;
  run->profile = plan->query->mode == PL_MODE_PROFILE || (limits && limits->profile);
  pl_arena_init(&run->arena, &run->mem);
  pl_arena_init(&run->scratch, &run->mem);
  if (!run->profile) {  // which tells what each operator takes
    pl_txn_lend_room(txn, &run->arena);
  }
  pl_run_say(run, PREPARING);
  const pl_status status = open_run(run, params);
  pl_run_say(run, RESULT);
  if (status != PL_OK) {
    (void)pl_run_tell_memory(run, PREPARING, status);
    pl_run_close(run);
    return status;
  }
  *out = run;
  return PL_OK;
}

void pl_run_close(pl_run* run) {
  if (!run) {
    return;
  }
  for (uint32_t i = 0; run->ops && i < run->plan->node_count; i++) {
    if (run->ops[i] && run->ops[i]->node->type->close) {
      run->ops[i]->node->type->close(run->ops[i]);
    }
  }
  pl_preview_free(run);
  pl_lens_free(run);
  pl_classes_free(run);
  pl_why_free(run);
  pl_termpool_free(run->pool);
  pl_arena_free(&run->scratch);
  pl_txn_take_room(run->txn, &run->arena);
  pl_arena_free(&run->arena);
  pl_mem mem = run->mem;
  pl_mem_free(&mem, run, sizeof(*run));
}

// ---- again --------------------------------------------------------------------------------------------------------

bool pl_run_rest(pl_run* run) {
  const pl_query* query = run->plan->query;
  bool keep = run->failed == PL_OK && !run->profile && pl_lens_stays(query) && query->kind != PL_QUERY_UPDATE &&
              !pl_txn_is_write(run->txn) && run->mem.bytes_used <= RUN_BYTES_KEPT;
  for (uint32_t i = 0; keep && i < run->plan->node_count; i++) {
    keep = !run->ops[i] || run->ops[i]->node->type->again;  // some nodes are not part of the plan that was made
  }
  if (keep) {
    pl_lens_free(run);  // the transaction keeps them; a later snapshot has others
  }
  return keep;
}

/// Constants and parameters of the new run.
static pl_status renew_terms(pl_run* run, const pl_param* params) {
  bool kept = false;
  pl_termpool_again(run->pool, run->moved, &kept);
  if (!kept) {
    run->moved = true;
    PL_TRY(put_constants(run));
  }
  return put_params(run, params);
}

pl_status pl_run_again(pl_run* run, const pl_param* params) {
  const uint64_t snapshot = pl_txn_snapshot(run->txn);
  run->moved = snapshot != run->snapshot;
  run->snapshot = snapshot;
  run->done = false;
  run->rows = 0;
  run->eval.now_ms = now_ms();
  run->eval.overflow_warned = false;
  pl_why_clear(run);
  pl_run_say(run, PREPARING);
  PL_TRY(renew_terms(run, params));
  for (uint32_t i = 0; i < run->plan->node_count; i++) {
    pl_op* op = run->ops[i];
    if (op) {
      op->rows_seen = 0;
      PL_TRY(op->node->type->again(op));
    }
  }
  pl_run_say(run, RESULT);
  return PL_OK;
}

static pl_op* root_of(const pl_run* run) { return run->ops[run->plan->root->index]; }

pl_slot pl_run_slot(const pl_run* run, uint32_t column) {
  const pl_query* query = run->plan->query;
  const pl_slot slot = column < query->column_count ? query->columns[column].slot : PL_SLOT_NONE;
  return query->kind == PL_QUERY_EXISTS && slot >= query->slot_count ? run->plan->hidden + PL_HIDDEN_EXISTS : slot;
}

const char* pl_run_maker(const pl_run* run) { return run->plan->root->type->name; }

pl_termpool* pl_run_pool(pl_run* run) { return run->pool; }

/// The first match, or that there is none.
static pl_status support_exists(pl_run* run, const pl_chunk* found) {
  if (!pl_why_asked(run)) {
    return PL_OK;
  }
  run->exists.columns[run->plan->why] = &run->exists_why;
  if (found) {
    run->exists_why = pl_why_of(run, found, pl_chunk_row(found, 0));
    return PL_OK;
  }
  return pl_why_absent(run, run->plan->query->root->span, &run->exists_why);
}

static pl_status next_exists(pl_run* run, const pl_chunk** chunk) {
  pl_chunk* found = NULL;
  const pl_status status = pl_op_next(root_of(run), &found);
  if (status != PL_OK && status != PL_DONE) {
    return status;
  }
  run->exists_id = pl_id_make(PL_TAG_BOOLEAN, status == PL_OK);
  run->exists.columns[pl_run_slot(run, 0)] = &run->exists_id;
  PL_TRY(support_exists(run, found));
  pl_chunk_set(&run->exists, 1);
  run->done = true;
  *chunk = &run->exists;
  return PL_OK;
}

/// Count result rows against the limit.
static pl_status count_result(pl_run* run, const pl_chunk* chunk) {
  for (uint32_t i = 0; i < chunk->selected; i++) {
    run->rows = pl_times_add(run->rows, pl_chunk_times(chunk, pl_chunk_row(chunk, i)));
  }
  if (run->rows_max && run->rows > run->rows_max) {
    return pl_fail(run->err, PL_MSG_ROW_LIMIT, pl_run_maker(run), (unsigned long long)run->rows_max);
  }
  return PL_OK;
}

static pl_status next_rows(pl_run* run, const pl_chunk** out) {
  pl_chunk* chunk = NULL;
  if (run->plan->query->mode == PL_MODE_PREVIEW) {
    return pl_run_tell_memory(run, "the preview", pl_run_preview(run, out));
  }
  const pl_status status = pl_op_next(root_of(run), &chunk);
  *out = chunk;
  return status;
}

pl_status pl_run_next(pl_run* run, const pl_chunk** chunk) {
  if (run->failed != PL_OK || run->done) {
    return run->failed != PL_OK ? run->failed : PL_DONE;
  }
  if (run->plan->query->kind == PL_QUERY_EXISTS) {
    return next_exists(run, chunk);
  }
  pl_termpool_trim(run->pool, POOL_BYTES_KEPT);
  const pl_chunk* out = NULL;
  pl_status status = next_rows(run, &out);
  if (status == PL_OK) {
    status = count_result(run, out);
    *chunk = out;
  }
  run->done = status == PL_DONE;
  if (status != PL_OK && status != PL_DONE) {
    run->failed = status;
  }
  return status;
}
