// Slice: skip and limit. A row that stands for several may be cut in the middle.
#include "exec/slice.h"

typedef struct slice_node {
  pl_node node;
  pl_slice slice;  ///< what is cut
} slice_node;

typedef struct slice_op {
  pl_op op;
  uint64_t skip, limit;  ///< of the run
  uint64_t skip_left;    ///< rows still to drop
  uint64_t limit_left;   ///< rows still to hand on
  uint16_t* selection;   ///< rows kept
} slice_op;

pl_status pl_slice_compile(pl_planner* planner, const pl_expr* skip, const pl_expr* limit, pl_slice* out) {
  *out = (pl_slice){.skip = skip, .limit = limit};
  if (skip) {
    PL_TRY(pl_expr_compile(planner->query, skip, planner->arena, planner->err, &out->skip_program));
  }
  if (limit) {
    PL_TRY(pl_expr_compile(planner->query, limit, planner->arena, planner->err, &out->limit_program));
  }
  return PL_OK;
}

static pl_status eval_count(pl_run* run, const pl_program* program, const pl_expr* expr, const char* what,
                            uint64_t* out) {
  pl_id id = PL_ID_NULL;
  pl_value value = {.kind = PL_VALUE_NULL};
  PL_TRY(pl_program_eval_const(program, &run->eval, &id));
  PL_TRY(id ? pl_termpool_value(run->pool, id, &value) : PL_OK);
  if (value.kind != PL_VALUE_INTEGER || value.integer < 0) {
    const pl_source source = {.name = "query", .text = run->plan->query->text};
    return pl_fail_at(run->err, &source, expr->span, PL_MSG_SLICE_ARGUMENT, what);
  }
  *out = (uint64_t)value.integer;
  return PL_OK;
}

pl_status pl_slice_eval(const pl_slice* slice, pl_run* run, uint64_t* skip, uint64_t* limit) {
  *skip = 0;
  *limit = UINT64_MAX;
  PL_TRY(slice->skip ? eval_count(run, slice->skip_program, slice->skip, "skip", skip) : PL_OK);
  return slice->limit ? eval_count(run, slice->limit_program, slice->limit, "limit", limit) : PL_OK;
}

pl_status pl_slice_rows(const pl_slice* slice, pl_run* run, size_t* rows) {
  uint64_t skip = 0, limit = 0;
  *rows = SIZE_MAX;
  if (!slice->limit) {
    return PL_OK;
  }
  PL_TRY(pl_slice_eval(slice, run, &skip, &limit));
  if (skip <= SIZE_MAX / 4 && limit <= SIZE_MAX / 4) {
    *rows = (size_t)(skip + limit);
  }
  return PL_OK;
}

static void restart(slice_op* st) {
  st->skip_left = st->skip;
  st->limit_left = st->limit;
}

static pl_status slice_again(pl_op* op) {
  slice_op* st = (slice_op*)op;
  PL_TRY(pl_slice_eval(&((const slice_node*)op->node)->slice, op->run, &st->skip, &st->limit));
  restart(st);
  return PL_OK;
}

static pl_status slice_open(pl_op* op) {
  slice_op* st = (slice_op*)op;
  st->selection = pl_arena_alloc(&op->run->arena, PL_CHUNK_ROWS * sizeof(uint16_t));
  op->times = pl_arena_alloc(&op->run->arena, PL_CHUNK_ROWS * sizeof(uint64_t));
  if (!st->selection || !op->times) {
    return pl_run_nomem(op->run);
  }
  return slice_again(op);
}

static pl_status slice_rewind(pl_op* op) {
  restart((slice_op*)op);
  return pl_op_rewind(op->input);
}

static pl_status slice_next(pl_op* op, pl_chunk** out) {
  slice_op* st = (slice_op*)op;
  if (st->limit_left == 0) {
    return PL_DONE;
  }
  PL_TRY(pl_op_next(op->input, out));
  uint32_t kept = 0;
  for (uint32_t i = 0; i < (*out)->selected && st->limit_left; i++) {
    const uint32_t row = pl_chunk_row(*out, i);
    uint64_t times = pl_chunk_times(*out, row);
    const uint64_t dropped = times < st->skip_left ? times : st->skip_left;
    st->skip_left -= dropped;
    times -= times == PL_TIMES_MAX ? 0 : dropped;  // that many or more: still so after a skip
    times = times < st->limit_left ? times : st->limit_left;
    st->limit_left -= times;
    op->times[row] = times;
    st->selection[kept] = (uint16_t)row;
    kept += times > 0;
  }
  (*out)->selection = st->selection;
  (*out)->selected = kept;
  (*out)->multiplicity = (*out)->multiplicity ? op->times : NULL;
  return PL_OK;
}

static pl_status slice_prune(pl_planner* planner, pl_node* node, pl_slots needed) {
  return pl_node_prune_through(planner, node, needed, NULL);
}

static pl_status slice_describe(const pl_node* base, pl_explain* explain) {
  const pl_slice* slice = &((const slice_node*)base)->slice;
  if (slice->skip) {
    PL_TRY(pl_buf_str(explain->out, PL_STR(" skip ")));
    PL_TRY(pl_explain_expr(explain, slice->skip));
  }
  if (slice->limit) {
    PL_TRY(pl_buf_str(explain->out, PL_STR(" limit ")));
    PL_TRY(pl_explain_expr(explain, slice->limit));
  }
  return PL_OK;
}

static const pl_op_class slice_class = {.name = "Slice",
                                        .state_bytes = sizeof(slice_op),
                                        .open = slice_open,
                                        .next = slice_next,
                                        .rewind = slice_rewind,
                                        .again = slice_again,
                                        .prune = slice_prune,
                                        .describe = slice_describe};

/// The number that a constant skip or limit is; `otherwise` for parameters and none.
static double constant(const pl_planner* planner, const pl_expr* expr, double otherwise) {
  pl_value value = {.kind = PL_VALUE_NULL};
  if (expr && expr->kind == PL_EXPR_TERM) {
    pl_value_from_term(&planner->query->terms[expr->index], &value);
  }
  return value.kind == PL_VALUE_INTEGER ? (double)value.integer : otherwise;
}

static double rows_left(const pl_planner* planner, double rows, const pl_expr* skip, const pl_expr* limit) {
  const double behind = rows - constant(planner, skip, 0);
  const double left = behind > 0 ? behind : 0;
  const double most = constant(planner, limit, left);
  return most < left ? most : left;
}

double pl_slice_expected(const pl_planner* planner, const pl_expr* skip, const pl_expr* limit) {
  const double rows = constant(planner, limit, 0);
  return rows > 0 ? rows + constant(planner, skip, 0) : 0;
}

pl_status pl_node_slice(pl_planner* planner, pl_node* input, const pl_expr* skip, const pl_expr* limit, pl_node** out) {
  slice_node* node = NULL;
  PL_TRY(pl_node_make(planner, &slice_class, sizeof(*node), &input, 1, &node));
  PL_TRY(pl_slice_compile(planner, skip, limit, &node->slice));
  if (limit && pl_planner_rule(planner, PL_RULE_TOP_K)) {
    pl_node_order_limit(input, &node->slice);
  }
  pl_slots_add_all(node->node.out, input->out);
  node->node.rows_expected = rows_left(planner, input->rows_expected, skip, limit);
  *out = &node->node;
  return PL_OK;
}
