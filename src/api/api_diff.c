/// Differences of two stores, or of two sources: see load/diff.h.
#include "load/diff.h"

#include "api/api.h"

typedef struct diff_frame {
  parley_diff_options given;  ///< the caller's
  pl_arena arena;             ///< terms of the sources
  pl_term sources[2];         ///< of the sides
  pl_guard guard;             ///< either store may be interrupted
} diff_frame;

static int on_difference(void* user, const pl_difference* from) {
  const diff_frame* const frame = user;
  const parley_difference difference = {.side = from->side,
                                        .assertion = from->fact_kept,
                                        .json = from->json.data,
                                        .json_len = from->json.len,
                                        .text = from->text.data};
  return frame->given.on_difference(frame->given.user, &difference);
}

static pl_status source_in(diff_frame* frame, const parley* store, const parley_value* value, pl_error* err, int side,
                           pl_diff_options* out) {
  if (value) {
    PL_TRY(pl_api_value_in(value, pl_api_base(store), &frame->arena, err, &frame->sources[side]));
    out->source[side] = &frame->sources[side];
  }
  return PL_OK;
}

static pl_status diff_in(diff_frame* frame, parley* a, parley* b, pl_error* err) {
  pl_diff_options mapped = {
      .reserved = pl_lang_reserved, .write = on_difference, .user = frame, .guard = &frame->guard};
  pl_txn* txns[2] = {NULL, NULL};
  PL_TRY(source_in(frame, a, frame->given.source_a, err, 0, &mapped));
  PL_TRY(source_in(frame, b, frame->given.source_b, err, 1, &mapped));
  PL_TRY(pl_guard_check(&frame->guard, err));
  pl_status status = pl_txn_begin(a->store, false, err, &txns[0]);
  if (status == PL_OK && a != b) {
    status = pl_txn_begin(b->store, false, err, &txns[1]);
  }
  if (status == PL_OK) {
    status = pl_diff(txns[0], a == b ? txns[0] : txns[1], &mapped, err);
  }
  pl_txn_abort(txns[1]);
  pl_txn_abort(txns[0]);
  return status;
}

static pl_status diff(parley* a, parley* b, const parley_diff_options* options, pl_api_call* call) {
  diff_frame frame = {.guard = {0}};
  if (!b || !options) {
    return pl_fail(&call->err, PL_MSG_API_NULL, "parley_diff", b ? "options" : "b");
  }
  PL_TRY(pl_api_options_copy(&frame.given, sizeof frame.given, options, "parley_diff", &call->err));
  if (!frame.given.on_difference) {
    return pl_fail(&call->err, PL_MSG_API_NULL, "parley_diff", "on_difference");
  }
  pl_guard_init(&frame.guard, &a->interrupt, 0);
  frame.guard.interrupt_query = &b->interrupt;
  pl_arena_init(&frame.arena, &call->mem);
  const pl_status status = diff_in(&frame, a, b, &call->err);
  pl_arena_free(&frame.arena);
  return status;
}

parley_status parley_diff(parley* a, parley* b, const parley_diff_options* options) {
  pl_api_call call;
  if (!a) {
    return PARLEY_MISUSE;
  }
  pl_api_call_begin(&call, a);
  return pl_api_call_end(&call, diff(a, b, options, &call));
}
