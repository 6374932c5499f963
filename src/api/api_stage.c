/// What a query looks like at each stage, as text.
#include "api/api.h"

/// Printing has errors of its own (a text that does not parse): they are not the query's.
static pl_status print_text(parley_query* q, pl_txn* txn, parley_stage stage) {
  pl_error err;
  pl_arena arena;
  pl_error_init(&err, &q->mem);
  pl_arena_init(&arena, &q->mem);
  const pl_lang_context context = {.names = &pl_txn_settings(txn)->names, .err = &err};
  const pl_status status = stage == PARLEY_STAGE_TOKENS ? pl_lang_print_tokens(&context, q->text, &q->stage)
                                                        : pl_lang_print_ast(&context, q->text, &arena, &q->stage);
  pl_arena_free(&arena);
  pl_error_clear(&err);
  return status;
}

static pl_status print_in(parley_query* q, pl_txn* txn, parley_stage stage) {
  if (stage == PARLEY_STAGE_TOKENS || stage == PARLEY_STAGE_AST) {
    return print_text(q, txn, stage);
  }
  return stage == PARLEY_STAGE_ALGEBRA ? pl_query_print(q->query, &pl_txn_settings(txn)->names, &q->stage)
                                       : pl_api_query_explain(q, txn, stage == PARLEY_STAGE_PLAN_JSON, &q->stage);
}

/// The counts of the last run if they were kept, else of a run made for the purpose (never one that writes).
static pl_status print_profile(parley_query* q, bool json) {
  if (q->profile.len == 0) {
    if (q->state == PL_API_READING) {
      return pl_fail(pl_api_query_misuse(q), PL_MSG_QUERY_READING);
    }
    if (pl_api_query_writes(q)) {
      return PL_NOT_FOUND;
    }
    PL_TRY(pl_api_query_profile(q));
  }
  return pl_buf_str(&q->stage, pl_buf_view(json ? &q->profile_json : &q->profile));
}

static pl_status print(parley_query* q, parley_stage stage) {
  pl_txn* txn;
  bool begun;
  if (stage == PARLEY_STAGE_PROFILE || stage == PARLEY_STAGE_PROFILE_JSON) {
    return print_profile(q, stage == PARLEY_STAGE_PROFILE_JSON);
  }
  PL_TRY(pl_api_query_look(q, &txn, &begun));
  const pl_status status = print_in(q, txn, stage);
  if (begun) {
    pl_api_read_end(q->store, txn);
  }
  return status;
}

const char* parley_query_stage(parley_query* query, parley_stage stage) {
  if (!query) {
    return NULL;
  }
  if ((unsigned)stage > PARLEY_STAGE_PROFILE_JSON) {
    (void)pl_fail(pl_api_query_misuse(query), PL_MSG_QUERY_STAGE);
    return NULL;
  }
  const bool text_only = stage == PARLEY_STAGE_TOKENS || stage == PARLEY_STAGE_AST;
  if (query->orphan || (query->compiled != PL_OK && !text_only)) {
    return NULL;
  }
  pl_buf_clear(&query->stage);
  const pl_status status = print(query, stage);
  if (status != PL_OK) {
    if (status != PL_NOT_FOUND) {
      pl_api_error_complete(pl_api_query_misuse(query), status);
    }
    return NULL;
  }
  return query->stage.data ? query->stage.data : "";
}
