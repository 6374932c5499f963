/// Queries: made from text, planned, given parameters, ended. Running them is in api_run.c.
///
/// Compiling takes a short read transaction, for warnings about unknown names and for the counts that order joins; the
/// plan is then good for any later transaction.
#include "api/api.h"

// ---- compiling ----------------------------------------------------------------------------------------------------

pl_status pl_api_query_plan(parley_query* q, pl_txn* txn) {
  pl_api_query_forget(q);
  q->plan = NULL;
  pl_arena_reset(&q->arena_plan);
  pl_api_query_guard(q);
  q->guard.work = "planning";
  q->plan_options.guard = &q->guard;
  return pl_plan_make(q->query, txn, &q->plan_options, &q->arena_plan, &q->error.diags, &q->plan);
}

pl_status pl_api_query_replan(parley_query* q) {
  pl_txn* txn;
  bool begun;
  pl_status status = pl_api_query_look(q, &txn, &begun);
  if (status == PL_OK) {
    status = pl_api_query_plan(q, txn);
    q->compiled = status;
    if (begun) {
      pl_api_read_end(q->store, txn);
    }
  }
  if (status != PL_OK) {
    pl_api_error_complete(&q->error.diags, status);
  }
  return status;
}

/// Reading the text, and planning, each have the time that a run has.
static pl_status compile_text(parley_query* q, pl_txn* txn) {
  pl_api_query_guard(q);
  q->guard.work = "reading the query";
  const pl_lang_context context = {
      .names = &pl_txn_settings(txn)->names, .txn = txn, .err = &q->error.diags, .guard = &q->guard};
  PL_TRY(pl_lang_compile(&context, q->text, &q->arena_query, &q->query));
  return pl_api_query_plan(q, txn);
}

/// Names of columns and parameters, terminated: the algebra's are slices.
static pl_status make_names(parley_query* q) {
  const pl_query* const query = q->query;
  pl_arena* const arena = &q->arena_query;
  q->column_names = pl_arena_calloc(arena, q->column_count + 1, sizeof *q->column_names);
  q->param_names = pl_arena_calloc(arena, query->param_count + 1, sizeof *q->param_names);
  bool good = q->column_names && q->param_names;
  for (size_t i = 0; good && i < q->column_count; i++) {
    const pl_str name = pl_api_query_lines(q) ? PL_STR("plan") : query->columns[i].name;
    q->column_names[i] = pl_arena_str(arena, name).data;
    good = q->column_names[i] != NULL;
  }
  for (uint32_t i = 0; good && i < query->param_count; i++) {
    q->param_names[i] = pl_arena_str(arena, query->params[i]).data;
    good = q->param_names[i] != NULL;
  }
  return good ? PL_OK : pl_fail(&q->error.diags, PL_MSG_NOMEM);
}

static pl_status make_room(parley_query* q) {
  const pl_query* const query = q->query;
  q->column_count = pl_api_query_lines(q) ? 1 : pl_api_query_writes(q) ? 0 : query->column_count;
  q->cells = PL_ARENA_ARRAY(&q->arena_query, pl_api_cell, q->column_count + 1);
  q->params = PL_ARENA_ARRAY(&q->arena_query, pl_param, query->param_count + 1);
  q->param_arenas = PL_ARENA_ARRAY(&q->arena_query, pl_arena, query->param_count + 1);
  if (!q->cells || !q->params || !q->param_arenas) {
    return pl_fail(&q->error.diags, PL_MSG_NOMEM);
  }
  for (uint32_t i = 0; i < query->param_count; i++) {
    pl_arena_init(&q->param_arenas[i], &q->mem);
  }
  return make_names(q);
}

static pl_status compile(parley_query* q) {
  pl_txn* txn;
  bool begun;
  PL_TRY(pl_api_query_look(q, &txn, &begun));
  pl_status status = compile_text(q, txn);
  if (begun) {
    pl_api_read_end(q->store, txn);
  }
  if (status == PL_OK) {
    status = make_room(q);
  }
  return status;
}

static void link_query(parley_query* q) {
  (void)atomic_fetch_add(&q->store->handles, 1);
  if (q->txn) {
    q->next = q->txn->queries;
    q->txn->queries = q;
    if (q->next) {
      q->next->previous = q;
    }
  }
}

static void unlink_query(parley_query* q) {
  if (!q->txn) {
    return;
  }
  if (q->previous) {
    q->previous->next = q->next;
  } else {
    q->txn->queries = q->next;
  }
  if (q->next) {
    q->next->previous = q->previous;
  }
  q->txn = NULL;
  q->next = q->previous = NULL;
}

void pl_api_query_orphan(parley_query* q) {
  pl_api_query_stop(q);
  pl_api_query_forget(q);
  unlink_query(q);
  q->orphan = true;
}

static parley_query* query_new(parley* store, parley_txn* txn, pl_str text) {
  pl_mem mem;
  pl_api_mem_init(store, &mem, SIZE_MAX);
  parley_query* const q = pl_mem_calloc(&mem, 1, sizeof *q);
  if (!q) {
    return NULL;
  }
  q->mem = mem;
  q->store = store;
  q->txn = txn;
  pl_api_error_init(&q->error, &q->mem);
  pl_arena_init(&q->arena_query, &q->mem);
  pl_arena_init(&q->arena_plan, &q->mem);
  pl_api_mem_init(store, &q->mem_row, SIZE_MAX);
  pl_arena_init(&q->arena_row, &q->mem_row);
  pl_arena_init(&q->arena_why, &q->mem_row);
  pl_buf_init(&q->lines, &q->mem, SIZE_MAX / 2);
  pl_buf_init(&q->stage, &q->mem, SIZE_MAX / 2);
  pl_buf_init(&q->profile, &q->mem, SIZE_MAX / 2);
  pl_buf_init(&q->profile_json, &q->mem, SIZE_MAX / 2);
  atomic_init(&q->interrupt, 0);
  (void)pthread_mutex_lock(&store->lock);
  q->limits = store->limits;
  (void)pthread_mutex_unlock(&store->lock);
  link_query(q);
  // One byte more than the longest text is enough to see that it is too long.
  const pl_str kept = {text.data, text.len > PL_QUERY_BYTES_MAX ? PL_QUERY_BYTES_MAX + 1 : text.len};
  q->text = pl_arena_str(&q->arena_query, kept);
  if (!q->text.data) {
    parley_finalize(q);
    return NULL;
  }
  return q;
}

/// What must be right before there can be a query.
static pl_status check_prepare(const char* text, const void* query, pl_error* err) {
  return !text    ? pl_fail(err, PL_MSG_API_NULL, "parley_prepare", "text")
         : !query ? pl_fail(err, PL_MSG_API_NULL, "parley_prepare", "query")
                  : PL_OK;
}

static pl_status prepare(parley* store, parley_txn* txn, const char* text, size_t len, pl_error* err,
                         parley_query** out, const char** tail) {
  if (out) {
    *out = NULL;
  }
  PL_TRY(check_prepare(text, out, err));
  bool ended = false;
  const pl_str script = {text, len == SIZE_MAX ? strlen(text) : len};
  const size_t length = pl_lang_statement(script, &ended);
  if (tail) {
    *tail = text + length;
  }
  parley_query* const q = query_new(store, txn, (pl_str){text, length});
  if (!q) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  q->compiled = compile(q);
  if (q->compiled == PL_NOT_FOUND) {
    parley_finalize(q);
    return PL_OK;
  }
  if (q->compiled != PL_OK) {
    if (txn && q->error.diags.error_count == 0) {
      pl_error_move(&q->error.diags, &txn->error.diags);
    }
    pl_api_error_complete(&q->error.diags, q->compiled);
  }
  q->compile_diags = q->error.diags.count;
  *out = q;
  return q->compiled;
}

parley_status parley_prepare(parley* store, const char* text, size_t len, parley_query** query, const char** tail) {
  pl_api_call call;
  if (!store) {
    return PARLEY_MISUSE;
  }
  pl_api_call_begin(&call, store);
  parley_query* made = NULL;
  const pl_status status = prepare(store, NULL, text, len, &call.err, query ? &made : NULL, tail);
  if (query) {
    *query = made;
  }
  if (made) {
    pl_error_clear(&call.err);  // what is wrong with the text, the query tells
    return pl_api_status(status);
  }
  return pl_api_call_end(&call, status);
}

parley_status parley_prepare_in(parley_txn* txn, const char* text, size_t len, parley_query** query,
                                const char** tail) {
  if (!txn) {
    return PARLEY_MISUSE;
  }
  pl_api_txn_enter(txn);
  const pl_status status = prepare(txn->store, txn, text, len, &txn->error.diags, query, tail);
  return query && *query ? pl_api_status(status) : pl_api_txn_leave(txn, status);
}

void parley_finalize(parley_query* q) {
  if (!q) {
    return;
  }
  pl_api_query_stop(q);
  pl_api_query_forget(q);
  unlink_query(q);
  (void)atomic_fetch_sub(&q->store->handles, 1);
  for (uint32_t i = 0; q->param_arenas && i < q->query->param_count; i++) {
    pl_arena_free(&q->param_arenas[i]);
  }
  pl_buf_free(&q->lines);
  pl_buf_free(&q->stage);
  pl_buf_free(&q->profile);
  pl_buf_free(&q->profile_json);
  pl_api_why_free(q);
  pl_arena_free(&q->arena_row);
  pl_arena_free(&q->arena_plan);
  pl_arena_free(&q->arena_query);
  pl_api_error_free(&q->error);
  pl_mem mem = q->mem;
  pl_mem_free(&mem, q, sizeof *q);
}

// ---- misuse -------------------------------------------------------------------------------------------------------

void pl_api_query_forgive(parley_query* q) {
  if (q->has_misuse) {
    pl_api_error_truncate(&q->error, q->misuse_from);
    q->has_misuse = false;
  }
}

pl_error* pl_api_query_misuse(parley_query* q) {
  pl_api_query_forgive(q);
  q->has_misuse = true;
  q->misuse_from = q->error.diags.count;
  return &q->error.diags;
}

// ---- parameters ---------------------------------------------------------------------------------------------------

static pl_status find_param(parley_query* q, const char* name, uint32_t* out) {
  pl_error* const err = pl_api_query_misuse(q);
  if (q->state == PL_API_READING) {
    return pl_fail(err, PL_MSG_QUERY_READING);
  }
  if (!name) {
    return pl_fail(err, PL_MSG_API_NULL, "parley_bind", "name");
  }
  for (uint32_t i = 0; q->params && i < q->query->param_count; i++) {
    if (pl_str_eq(q->query->params[i], pl_str_c(name))) {
      *out = i;
      return PL_OK;
    }
  }
  return pl_fail(err, PL_MSG_PARAM_UNKNOWN, name);
}

parley_status parley_bind(parley_query* query, const char* name, const parley_value* value) {
  uint32_t i;
  if (!query) {
    return PARLEY_MISUSE;
  }
  pl_status status = find_param(query, name, &i);
  if (status == PL_OK && !value) {
    status = pl_fail(&query->error.diags, PL_MSG_API_NULL, "parley_bind", "value");
  }
  if (status == PL_OK) {
    query->params[i] = (pl_param){0};
    pl_arena_reset(&query->param_arenas[i]);
    status = pl_api_value_in(value, pl_api_base(query->store), &query->param_arenas[i], &query->error.diags,
                             &query->params[i].term);
  }
  return pl_api_status(status);
}

static pl_status bind_list(parley_query* q, uint32_t i, const parley_value* values, size_t count) {
  pl_arena* const arena = &q->param_arenas[i];
  q->params[i] = (pl_param){0};
  pl_arena_reset(arena);
  pl_term* const terms = PL_ARENA_ARRAY(arena, pl_term, count + 1);
  if (!terms) {
    return pl_fail(&q->error.diags, PL_MSG_NOMEM);
  }
  for (size_t k = 0; k < count; k++) {
    PL_TRY(pl_api_value_in(&values[k], pl_api_base(q->store), arena, &q->error.diags, &terms[k]));
  }
  q->params[i].list = terms;
  q->params[i].list_count = count;
  return PL_OK;
}

parley_status parley_bind_list(parley_query* query, const char* name, const parley_value* values, size_t count) {
  uint32_t i;
  if (!query) {
    return PARLEY_MISUSE;
  }
  pl_status status = find_param(query, name, &i);
  if (status == PL_OK && !values && count > 0) {
    status = pl_fail(&query->error.diags, PL_MSG_API_NULL, "parley_bind_list", "values");
  }
  if (status == PL_OK) {
    status = bind_list(query, i, values, count);
  }
  return pl_api_status(status);
}

size_t parley_param_count(const parley_query* query) { return query && query->params ? query->query->param_count : 0; }

const char* parley_param_name(const parley_query* query, size_t i) {
  return i < parley_param_count(query) ? query->param_names[i] : NULL;
}

// ---- what it is ---------------------------------------------------------------------------------------------------

size_t parley_column_count(const parley_query* query) { return query ? query->column_count : 0; }

const char* parley_column_name(const parley_query* query, size_t column) {
  return column < parley_column_count(query) ? query->column_names[column] : NULL;
}

const parley_error_object* parley_query_error(const parley_query* query) {
  return query ? &query->error : parley_error(NULL);
}

int parley_query_is_update(const parley_query* query) { return query && query->query && pl_api_query_writes(query); }

int parley_query_is_explain(const parley_query* query) { return query && query->query && pl_api_query_lines(query); }

parley_changes parley_query_changes(const parley_query* query) { return query ? query->changes : (parley_changes){0}; }

void parley_query_interrupt(parley_query* query) {
  if (query) {
    atomic_store(&query->interrupt, 1);
  }
}

parley_status parley_query_on_progress(parley_query* query, int (*fn)(void* user), void* user) {
  if (!query) {
    return PARLEY_MISUSE;
  }
  if (query->state == PL_API_READING) {
    return pl_api_status(pl_fail(pl_api_query_misuse(query), PL_MSG_QUERY_READING));
  }
  query->progress = fn;
  query->progress_user = user;
  return PARLEY_OK;
}

parley_status parley_query_set_rules(parley_query* query, uint64_t rules_off, int join_order_off) {
  if (!query) {
    return PARLEY_MISUSE;
  }
  if (query->compiled != PL_OK) {
    return pl_api_status(query->compiled);
  }
  if (query->state == PL_API_READING) {
    return pl_api_status(pl_fail(pl_api_query_misuse(query), PL_MSG_QUERY_READING));
  }
  query->plan_options.rules_off = rules_off;
  query->plan_options.join_order_off = join_order_off != 0;
  return pl_api_status(pl_api_query_replan(query));
}
