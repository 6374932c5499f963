// Runs: opening a plan in a transaction, handing on its chunks, closing everything. See run.h.
#include "exec/lens.h"
#include "store/env.h"

#include <time.h>

#define POOL_BYTES_KEPT ((size_t)64 << 20)  ///< decoded terms kept between chunks

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

static pl_status put_constants(pl_run* run, const pl_param* params) {
  const pl_query* query = run->plan->query;
  run->terms = PL_ARENA_ARRAY(&run->arena, pl_id, query->term_count + 1);
  run->params = PL_ARENA_ARRAY(&run->arena, pl_id, query->param_count + 1);
  if (!run->terms || !run->params) {
    return pl_run_nomem(run);
  }
  for (uint32_t i = 0; i < query->term_count; i++) {
    if (query->terms[i].kind != PL_TERM_NONE) {
      PL_TRY(pl_termpool_put_term(run->pool, &query->terms[i], &run->terms[i]));
    }
  }
  for (uint32_t i = 0; params && i < query->param_count; i++) {
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
  if (!run->ops || !run->lenses) {
    return pl_run_nomem(run);
  }
  return pl_chunk_make(run, &run->exists);
}

static pl_status open_run(pl_run* run, const pl_param* params) {
  PL_TRY(pl_termpool_new(run->txn, &run->mem, run->err, &run->pool));
  PL_TRY(make_state(run));
  PL_TRY(put_constants(run, params));
  run->eval = (pl_eval){.txn = run->txn,
                        .pool = run->pool,
                        .mem = &run->mem,
                        .scratch = &run->scratch,
                        .err = run->err,
                        .guard = run->guard,
                        .query = run->plan->query,
                        .terms = run->terms,
                        .params = run->params,
                        .now_ms = now_ms()};
  pl_op* root = NULL;
  return pl_op_open(run, run->plan->root, &root);
}

pl_status pl_run_open(const pl_plan* plan, pl_txn* txn, const pl_param* params, const pl_run_limits* limits,
                      pl_guard* guard, pl_error* err, pl_run** out) {
  const pl_mem* store_mem = pl_store_mem(pl_txn_store(txn));
  pl_mem mem;
  pl_mem_init(&mem, store_mem->fn, store_mem->user, limits && limits->memory_bytes ? limits->memory_bytes : SIZE_MAX);
  pl_run* run = pl_mem_calloc(&mem, 1, sizeof(*run));
  if (!run) {
    return pl_mem_status(&mem);
  }
  run->mem = mem;
  run->plan = plan;
  run->txn = txn;
  run->guard = guard;
  run->err = err;
  run->rows_max = limits ? limits->rows : 0;
  run->profile = plan->query->mode == PL_MODE_PROFILE;
  pl_arena_init(&run->arena, &run->mem);
  pl_arena_init(&run->scratch, &run->mem);
  const pl_status status = open_run(run, params);
  if (status != PL_OK) {
    if (status == PL_ERR_LIMIT && run->mem.limit_hit && err && err->error_count == 0) {
      (void)pl_fail(err, PL_MSG_MEMORY_LIMIT, "preparing the query", run->mem.bytes_max >> 20);
    }
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
  pl_lens_free(run);
  pl_termpool_free(run->pool);
  pl_arena_free(&run->scratch);
  pl_arena_free(&run->arena);
  pl_mem mem = run->mem;
  pl_mem_free(&mem, run, sizeof(*run));
}

static pl_op* root_of(const pl_run* run) { return run->ops[run->plan->root->index]; }

pl_slot pl_run_slot(const pl_run* run, uint32_t column) {
  const pl_query* query = run->plan->query;
  const pl_slot slot = column < query->column_count ? query->columns[column].slot : PL_SLOT_NONE;
  return query->kind == PL_QUERY_EXISTS && slot >= query->slot_count ? run->plan->hidden + PL_HIDDEN_EXISTS : slot;
}

pl_termpool* pl_run_pool(pl_run* run) { return run->pool; }

static pl_status next_exists(pl_run* run, const pl_chunk** chunk) {
  pl_chunk* found = NULL;
  const pl_status status = pl_op_next(root_of(run), &found);
  if (status != PL_OK && status != PL_DONE) {
    return status;
  }
  run->exists_id = pl_id_make(PL_TAG_BOOLEAN, status == PL_OK);
  run->exists.columns[pl_run_slot(run, 0)] = &run->exists_id;
  pl_chunk_set(&run->exists, 1);
  run->done = true;
  *chunk = &run->exists;
  return PL_OK;
}

/// Count result rows against the limit.
static pl_status count_result(pl_run* run, const pl_chunk* chunk) {
  for (uint32_t i = 0; i < chunk->selected; i++) {
    run->rows += pl_chunk_times(chunk, pl_chunk_row(chunk, i));
  }
  if (run->rows_max && run->rows > run->rows_max) {
    return pl_fail(run->err, PL_MSG_ROW_LIMIT, (unsigned long long)run->rows_max);
  }
  return PL_OK;
}

pl_status pl_run_next(pl_run* run, const pl_chunk** chunk) {
  if (run->failed != PL_OK || run->done) {
    return run->failed != PL_OK ? run->failed : PL_DONE;
  }
  if (run->plan->query->kind == PL_QUERY_EXISTS) {
    return next_exists(run, chunk);
  }
  pl_termpool_trim(run->pool, POOL_BYTES_KEPT);
  pl_chunk* out = NULL;
  pl_status status = pl_op_next(root_of(run), &out);
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
