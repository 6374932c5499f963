// The leaves of plans: Unit, one row without columns; Argument, the rows of an outer chunk (see op.h).
#include "exec/plan.h"

typedef struct unit_op {
  pl_op op;
  bool done;  ///< the row was handed on
} unit_op;

static pl_status unit_open(pl_op* op) { return pl_op_columns(op); }

static pl_status unit_next(pl_op* op, pl_chunk** out) {
  unit_op* st = (unit_op*)op;
  if (st->done) {
    return PL_DONE;
  }
  st->done = true;
  pl_op_clear(op);
  pl_chunk_set(&op->chunk, 1);
  *out = &op->chunk;
  return PL_OK;
}

static pl_status unit_rewind(pl_op* op) {
  ((unit_op*)op)->done = false;
  return PL_OK;
}

static pl_status leaf_prune(pl_planner* planner, pl_node* node, pl_slots needed) {
  PL_UNUSED(planner);
  pl_slots_keep(node->out, needed);
  return PL_OK;
}

static const pl_op_class unit_class = {.name = "Unit",
                                       .state_bytes = sizeof(unit_op),
                                       .open = unit_open,
                                       .next = unit_next,
                                       .rewind = unit_rewind,
                                       .again = unit_rewind,
                                       .prune = leaf_prune};

pl_status pl_node_unit(pl_planner* planner, pl_node** out) {
  PL_TRY(pl_node_make(planner, &unit_class, sizeof(pl_node), NULL, 0, out));
  (*out)->rows_expected = 1;
  return PL_OK;
}

bool pl_node_is_unit(const pl_node* node) { return node->type == &unit_class; }

typedef struct argument_node {
  pl_node node;
  pl_slot row;  ///< receives the row number
} argument_node;

typedef struct argument_op {
  pl_op op;
  const pl_chunk* outer;  ///< bound chunk
  uint16_t* selection;    ///< own copy of its selection, which operators above may narrow
  bool done;              ///< handed on
} argument_op;

static pl_status make_row_ids(pl_run* run) {
  run->row_ids = pl_arena_alloc(&run->arena, PL_CHUNK_ROWS * sizeof(pl_id));
  for (uint32_t i = 0; run->row_ids && i < PL_CHUNK_ROWS; i++) {
    run->row_ids[i] = i;
  }
  return run->row_ids ? PL_OK : pl_run_nomem(run);
}

static pl_status argument_open(pl_op* op) {
  argument_op* st = (argument_op*)op;
  PL_TRY(op->run->row_ids ? PL_OK : make_row_ids(op->run));
  PL_TRY(pl_chunk_make(op->run, &op->chunk));
  st->selection = pl_arena_alloc(&op->run->arena, PL_CHUNK_ROWS * sizeof(uint16_t));
  return st->selection ? PL_OK : pl_run_nomem(op->run);
}

void pl_argument_bind(pl_op* op, const pl_chunk* outer) {
  ((argument_op*)op)->outer = outer;
  ((argument_op*)op)->done = false;
}

static pl_status argument_next(pl_op* op, pl_chunk** out) {
  argument_op* st = (argument_op*)op;
  if (st->done || !st->outer) {
    return PL_DONE;
  }
  st->done = true;
  memcpy(op->chunk.columns, st->outer->columns, op->chunk.slot_count * sizeof(pl_id*));
  op->chunk.columns[((const argument_node*)op->node)->row] = op->run->row_ids;
  op->chunk.multiplicity = NULL;
  pl_chunk_set(&op->chunk, st->outer->count);
  if (st->outer->selection) {
    memcpy(st->selection, st->outer->selection, st->outer->selected * sizeof(uint16_t));
    op->chunk.selection = st->selection;
    op->chunk.selected = st->outer->selected;
  }
  *out = &op->chunk;
  return PL_OK;
}

static pl_status argument_rewind(pl_op* op) {
  ((argument_op*)op)->done = false;
  return PL_OK;
}

static pl_status argument_again(pl_op* op) {
  ((argument_op*)op)->outer = NULL;
  return PL_OK;
}

static const pl_op_class argument_class = {.name = "Argument",
                                           .state_bytes = sizeof(argument_op),
                                           .open = argument_open,
                                           .next = argument_next,
                                           .rewind = argument_rewind,
                                           .again = argument_again,
                                           .prune = leaf_prune};

pl_status pl_node_argument(pl_planner* planner, pl_slots slots, pl_slot row, pl_node** out) {
  argument_node* node = NULL;
  PL_TRY(pl_node_make(planner, &argument_class, sizeof(*node), NULL, 0, &node));
  node->row = row;
  pl_slots_add_all(node->node.out, slots);
  pl_slots_add(node->node.out, row);
  *out = &node->node;
  return PL_OK;
}

bool pl_node_is_argument(const pl_node* node) { return node->type == &argument_class; }

pl_slot pl_argument_row(const pl_node* node) { return ((const argument_node*)node)->row; }
