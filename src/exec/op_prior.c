// Prior: adds the value that an expression had in the row before. Rows that stand for several are written out, since each but the first
// of them follows an equal one.
#include "exec/plan.h"

typedef struct prior_node {
  pl_node node;
  const pl_alg_item* items;  ///< slot and expression each
  pl_program** programs;     ///< compiled
  uint32_t count;            ///< used
  pl_carry carry;            ///< input slots copied to the output
} prior_node;

typedef struct prior_op {
  pl_op op;
  pl_chunk* in;     ///< current input chunk
  uint32_t in_at;   ///< current entry of its selection
  uint64_t copies;  ///< how often the current row was handed on
  pl_id** columns;  ///< values of the expressions for the chunk
  pl_id* before;    ///< values in the row before
} prior_op;

static const prior_node* node_of(const pl_op* op) { return (const prior_node*)op->node; }

static pl_status prior_open(pl_op* op) {
  prior_op* st = (prior_op*)op;
  const uint32_t count = node_of(op)->count;
  st->columns = PL_ARENA_ARRAY(&op->run->arena, pl_id*, count + 1);
  st->before = PL_ARENA_ARRAY(&op->run->arena, pl_id, count + 1);
  for (uint32_t i = 0; st->columns && i < count; i++) {
    st->columns[i] = pl_arena_alloc(&op->run->arena, PL_CHUNK_ROWS * sizeof(pl_id));
    if (!st->columns[i]) {
      return pl_run_nomem(op->run);
    }
  }
  return st->columns && st->before ? pl_op_columns(op) : pl_run_nomem(op->run);
}

static pl_status prior_rewind(pl_op* op) {
  prior_op* st = (prior_op*)op;
  st->in = NULL;
  memset(st->before, 0, (node_of(op)->count + 1) * sizeof(pl_id));
  return pl_op_rewind(op->input);
}

static pl_status fetch(prior_op* st) {
  const prior_node* node = node_of(&st->op);
  PL_TRY(pl_op_next(st->op.input, &st->in));
  st->in_at = 0;
  st->copies = 0;
  for (uint32_t i = 0; i < node->count; i++) {
    PL_TRY(pl_program_eval(node->programs[i], &st->op.run->eval, st->in, st->columns[i]));
  }
  return PL_OK;
}

static void emit(prior_op* st, uint32_t at) {
  const prior_node* node = node_of(&st->op);
  const uint32_t row = pl_chunk_row(st->in, st->in_at);
  pl_carry_row(&node->carry, st->in, row, &st->op.chunk, at, 1);
  for (uint32_t i = 0; i < node->count; i++) {
    pl_id* column = st->op.chunk.columns[node->items[i].slot];
    if (column) {
      column[at] = st->before[i];
    }
    st->before[i] = st->columns[i][row];
  }
  if (++st->copies == pl_chunk_times(st->in, row)) {
    st->copies = 0;
    st->in_at++;
  }
}

static pl_status prior_next(pl_op* op, pl_chunk** out) {
  prior_op* st = (prior_op*)op;
  pl_op_clear(op);
  uint32_t at = 0;
  while (at < PL_CHUNK_ROWS) {
    if (!st->in || st->in_at == st->in->selected) {
      const pl_status status = fetch(st);
      if (status == PL_DONE) {
        break;
      }
      PL_TRY(status);
    }
    emit(st, at++);
  }
  pl_chunk_set(&op->chunk, at);
  *out = &op->chunk;
  return at ? PL_OK : PL_DONE;
}

static pl_status prior_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  prior_node* node = (prior_node*)base;
  pl_slots below = {0};
  pl_slots_keep(base->out, needed);
  PL_TRY(pl_slots_copy(planner->arena, base->out, &below));
  pl_slots_keep(below, base->inputs[0]->out);
  for (uint32_t i = 0; i < node->count; i++) {
    pl_slots_remove(below, node->items[i].slot);
  }
  PL_TRY(pl_carry_make(planner, below, &node->carry));
  for (uint32_t i = 0; i < node->count; i++) {
    pl_slots_of_expr(node->items[i].expr, below);
  }
  return pl_node_prune(planner, base->inputs[0], below);
}

static pl_status prior_describe(const pl_node* base, pl_explain* explain) {
  const prior_node* node = (const prior_node*)base;
  for (uint32_t i = 0; i < node->count; i++) {
    PL_TRY(pl_explain_item(explain, i, node->items[i].slot, node->items[i].expr));
  }
  return PL_OK;
}

static const pl_op_class prior_class = {.name = "Prior",
                                        .state_bytes = sizeof(prior_op),
                                        .open = prior_open,
                                        .next = prior_next,
                                        .rewind = prior_rewind,
                                        .prune = prior_prune,
                                        .describe = prior_describe};

pl_status pl_node_prior(pl_planner* planner, pl_node* input, const pl_alg_item* items, uint32_t count, pl_node** out) {
  prior_node* node = NULL;
  PL_TRY(pl_node_make(planner, &prior_class, sizeof(*node), &input, 1, &node));
  node->items = items;
  node->count = count;
  node->programs = PL_ARENA_ARRAY(planner->arena, pl_program*, count + 1);
  if (!node->programs) {
    return pl_planner_nomem(planner);
  }
  pl_slots_add_all(node->node.out, input->out);
  for (uint32_t i = 0; i < count; i++) {
    PL_TRY(pl_expr_compile(planner->query, items[i].expr, planner->arena, planner->err, &node->programs[i]));
    pl_slots_add(node->node.out, items[i].slot);
  }
  node->node.rows_expected = input->rows_expected;
  *out = &node->node;
  return PL_OK;
}
