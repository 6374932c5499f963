// Filter: keeps the rows for which an expression is true, by narrowing the selection of the input's chunk.
#include "exec/plan.h"

typedef struct filter_node {
  pl_node node;
  const pl_expr* expr;  ///< for explain
  pl_program* program;  ///< compiled
} filter_node;

typedef struct filter_op {
  pl_op op;
  uint16_t* selection;  ///< space for the narrowed selection
} filter_op;

static pl_status filter_open(pl_op* op) {
  filter_op* st = (filter_op*)op;
  st->selection = pl_arena_alloc(&op->run->arena, PL_CHUNK_ROWS * sizeof(uint16_t));
  return st->selection ? PL_OK : pl_run_nomem(op->run);
}

static pl_status filter_next(pl_op* op, pl_chunk** out) {
  PL_TRY(pl_op_next(op->input, out));
  return pl_program_filter(((const filter_node*)op->node)->program, &op->run->eval, *out, ((filter_op*)op)->selection);
}

static pl_status filter_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  pl_slots uses = {0};
  PL_TRY(pl_slots_make(planner->arena, planner->plan->slot_count, &uses));
  pl_slots_of_expr(((filter_node*)base)->expr, uses);
  return pl_node_prune_through(planner, base, needed, &uses);
}

static pl_status filter_describe(const pl_node* node, pl_explain* explain) {
  PL_TRY(pl_buf_char(explain->out, ' '));
  return pl_explain_expr(explain, ((const filter_node*)node)->expr);
}

static const pl_op_class filter_class = {.name = "Filter",
                                         .state_bytes = sizeof(filter_op),
                                         .open = filter_open,
                                         .next = filter_next,
                                         .again = pl_op_again_plain,
                                         .prune = filter_prune,
                                         .describe = filter_describe};

pl_status pl_node_filter(pl_planner* planner, pl_node* input, const pl_expr* expr, pl_node** out) {
  filter_node* node = NULL;
  PL_TRY(pl_node_make(planner, &filter_class, sizeof(*node), &input, 1, &node));
  node->expr = expr;
  PL_TRY(pl_expr_compile(planner->query, expr, planner->arena, planner->err, &node->program));
  pl_slots_add_all(node->node.out, input->out);
  node->node.rows_expected = input->rows_expected * pl_estimate_filter(expr);
  *out = &node->node;
  return PL_OK;
}
