// Unnest (`for ?x in LIST`): one row for each element of a list; a value that is no list counts as a list of one, null as an empty one.
#include "exec/plan.h"

typedef struct unnest_node {
  pl_node node;
  pl_slot slot;         ///< receives the element
  const pl_expr* expr;  ///< the list
  pl_program* program;  ///< compiled
  pl_carry carry;       ///< input slots copied to the output
} unnest_node;

typedef struct unnest_op {
  pl_op op;
  pl_chunk* in;        ///< current input chunk
  pl_id* lists;        ///< its column of lists
  uint32_t in_at;      ///< next entry of its selection
  uint32_t row;        ///< current input row
  const pl_id* items;  ///< elements of the current list
  size_t item_count;   ///< used
  size_t item_at;      ///< next to hand on
} unnest_op;

static const unnest_node* node_of(const pl_op* op) { return (const unnest_node*)op->node; }

static pl_status unnest_open(pl_op* op) {
  unnest_op* st = (unnest_op*)op;
  st->lists = pl_arena_alloc(&op->run->arena, PL_CHUNK_ROWS * sizeof(pl_id));
  return st->lists ? pl_op_columns(op) : pl_run_nomem(op->run);
}

static pl_status unnest_rewind(pl_op* op) {
  unnest_op* st = (unnest_op*)op;
  st->in = NULL;
  st->item_count = st->item_at = 0;
  return pl_op_rewind(op->input);
}

static pl_status next_row(unnest_op* st) {
  while (!st->in || st->in_at == st->in->selected) {
    PL_TRY(pl_op_next(st->op.input, &st->in));
    PL_TRY(pl_program_eval(node_of(&st->op)->program, &st->op.run->eval, st->in, st->lists));
    st->in_at = 0;
  }
  st->row = pl_chunk_row(st->in, st->in_at++);
  const pl_id list = st->lists[st->row];
  st->item_at = 0;
  if (pl_id_tag(list) != PL_TAG_TEMP || !pl_termpool_list(st->op.run->pool, list, &st->items, &st->item_count)) {
    st->items = &st->lists[st->row];
    st->item_count = list != PL_ID_NULL;
  }
  return PL_OK;
}

static pl_status unnest_next(pl_op* op, pl_chunk** out) {
  unnest_op* st = (unnest_op*)op;
  const unnest_node* node = node_of(op);
  pl_op_clear(op);
  uint32_t at = 0;
  while (at < PL_CHUNK_ROWS) {
    if (st->item_at == st->item_count) {
      const pl_status status = next_row(st);
      if (status == PL_DONE) {
        break;
      }
      PL_TRY(status);
      continue;
    }
    pl_carry_row(&node->carry, st->in, st->row, &op->chunk, at, 1);
    if (op->chunk.columns[node->slot]) {
      op->chunk.columns[node->slot][at] = st->items[st->item_at];
    }
    PL_TRY(pl_op_times(op, at, 1, pl_chunk_times(st->in, st->row)));
    st->item_at++;
    at++;
  }
  pl_chunk_set(&op->chunk, at);
  *out = &op->chunk;
  return at ? PL_OK : PL_DONE;
}

static pl_status unnest_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  unnest_node* node = (unnest_node*)base;
  pl_slots below = {0};
  pl_slots_keep(base->out, needed);
  PL_TRY(pl_slots_copy(planner->arena, base->out, &below));
  pl_slots_remove(below, node->slot);
  pl_slots_keep(below, base->inputs[0]->out);
  PL_TRY(pl_carry_make(planner, below, &node->carry));
  pl_slots_of_expr(node->expr, below);
  return pl_node_prune(planner, base->inputs[0], below);
}

static pl_status unnest_describe(const pl_node* base, pl_explain* explain) {
  const unnest_node* node = (const unnest_node*)base;
  PL_TRY(pl_buf_char(explain->out, ' '));
  PL_TRY(pl_explain_slot(explain, node->slot));
  PL_TRY(pl_buf_str(explain->out, PL_STR(" in ")));
  return pl_explain_expr(explain, node->expr);
}

static const pl_op_class unnest_class = {.name = "Unnest",
                                         .state_bytes = sizeof(unnest_op),
                                         .open = unnest_open,
                                         .next = unnest_next,
                                         .rewind = unnest_rewind,
                                         .prune = unnest_prune,
                                         .describe = unnest_describe};

pl_status pl_node_unnest(pl_planner* planner, pl_node* input, pl_slot slot, const pl_expr* expr, pl_node** out) {
  unnest_node* node = NULL;
  PL_TRY(pl_node_make(planner, &unnest_class, sizeof(*node), &input, 1, &node));
  node->slot = slot;
  node->expr = expr;
  PL_TRY(pl_expr_compile(planner->query, expr, planner->arena, planner->err, &node->program));
  pl_slots_add_all(node->node.out, input->out);
  pl_slots_add(node->node.out, slot);
  node->node.rows_expected = input->rows_expected * 10;
  *out = &node->node;
  return PL_OK;
}
