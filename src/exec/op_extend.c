// Extend: computes expressions into new columns beside those of the input's chunk, in order, each seeing the ones before.
#include "exec/plan.h"

typedef struct extend_item {
  pl_slot slot;         ///< receives the value
  const pl_expr* expr;  ///< for explain
  pl_program* program;  ///< compiled
} extend_item;

typedef struct extend_node {
  pl_node node;
  extend_item* items;  ///< in order
  uint32_t count;      ///< used
} extend_node;

typedef struct extend_op {
  pl_op op;
  pl_id** columns;  ///< by item
} extend_op;

static pl_status extend_open(pl_op* op) {
  extend_op* st = (extend_op*)op;
  const extend_node* node = (const extend_node*)op->node;
  st->columns = PL_ARENA_ARRAY(&op->run->arena, pl_id*, node->count + 1);
  for (uint32_t i = 0; st->columns && i < node->count; i++) {
    st->columns[i] = pl_arena_alloc(&op->run->arena, PL_CHUNK_ROWS * sizeof(pl_id));
    if (!st->columns[i]) {
      return pl_run_nomem(op->run);
    }
  }
  return st->columns ? PL_OK : pl_run_nomem(op->run);
}

static pl_status extend_next(pl_op* op, pl_chunk** out) {
  extend_op* st = (extend_op*)op;
  const extend_node* node = (const extend_node*)op->node;
  PL_TRY(pl_op_next(op->input, out));
  for (uint32_t i = 0; i < node->count; i++) {
    PL_TRY(pl_program_eval(node->items[i].program, &op->run->eval, *out, st->columns[i]));
    (*out)->columns[node->items[i].slot] = st->columns[i];
  }
  return PL_OK;
}

/// Items that nobody needs are dropped; they have no effect but their value.
static pl_status extend_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  extend_node* node = (extend_node*)base;
  pl_slots uses = {0};
  PL_TRY(pl_slots_copy(planner->arena, needed, &uses));
  uint32_t kept = node->count;
  for (uint32_t i = node->count; i-- > 0;) {
    if (pl_slots_has(uses, node->items[i].slot)) {
      pl_slots_of_expr(node->items[i].expr, uses);
      node->items[--kept] = node->items[i];
    }
  }
  node->items += kept;
  node->count -= kept;
  PL_TRY(pl_node_prune_through(planner, base, needed, &uses));
  for (uint32_t i = 0; i < node->count; i++) {
    pl_slots_add(base->out, node->items[i].slot);
  }
  return PL_OK;
}

static pl_status extend_describe(const pl_node* base, pl_explain* explain) {
  const extend_node* node = (const extend_node*)base;
  for (uint32_t i = 0; i < node->count; i++) {
    PL_TRY(pl_explain_item(explain, i, node->items[i].slot, node->items[i].expr));
  }
  return PL_OK;
}

static const pl_op_class extend_class = {.name = "Extend",
                                         .state_bytes = sizeof(extend_op),
                                         .open = extend_open,
                                         .next = extend_next,
                                         .again = pl_op_again_plain,
                                         .prune = extend_prune,
                                         .keeps_rows = true,
                                         .describe = extend_describe};

pl_status pl_node_extend(pl_planner* planner, pl_node* input, const pl_alg_item* items, uint32_t count, pl_node** out) {
  extend_node* node = NULL;
  PL_TRY(pl_node_make(planner, &extend_class, sizeof(*node), &input, 1, &node));
  node->items = PL_ARENA_ARRAY(planner->arena, extend_item, count + 1);
  if (!node->items) {
    return pl_planner_nomem(planner);
  }
  node->count = count;
  pl_slots_add_all(node->node.out, input->out);
  for (uint32_t i = 0; i < count; i++) {
    node->items[i] = (extend_item){.slot = items[i].slot, .expr = items[i].expr};
    PL_TRY(pl_expr_compile(planner->query, items[i].expr, planner->arena, planner->err, &node->items[i].program));
    pl_slots_add(node->node.out, items[i].slot);
  }
  node->node.rows_expected = input->rows_expected;
  *out = &node->node;
  return PL_OK;
}
