// Project: states which slots go on; rows pass as they are, since results are read by slot. Union: chunks of each input in turn, with the
// branch's columns under the slots of the whole.
#include "exec/support.h"

typedef struct project_node {
  pl_node node;
  const pl_slot* slots;  ///< in order of columns
  uint32_t count;        ///< used
} project_node;

static pl_status project_next(pl_op* op, pl_chunk** out) { return pl_op_next(op->input, out); }

static pl_status project_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  const project_node* node = (const project_node*)base;
  pl_slots own = {0};
  PL_TRY(pl_slots_make(planner->arena, planner->plan->slot_count, &own));
  for (uint32_t i = 0; i < node->count; i++) {
    if (pl_slots_has(needed, node->slots[i])) {
      pl_slots_add(own, node->slots[i]);
    }
  }
  if (pl_why_in(planner, needed)) {
    pl_slots_add(own, planner->plan->why);
  }
  PL_TRY(pl_node_prune(planner, base->inputs[0], own));
  pl_slots_keep(base->out, own);
  return PL_OK;
}

static pl_status project_describe(const pl_node* base, pl_explain* explain) {
  const project_node* node = (const project_node*)base;
  return pl_explain_slots(explain, node->slots, node->count);
}

static const pl_op_class project_class = {.name = "Project",
                                          .state_bytes = sizeof(pl_op),
                                          .next = project_next,
                                          .again = pl_op_again_plain,
                                          .prune = project_prune,
                                          .keeps_rows = true,
                                          .describe = project_describe};

pl_status pl_node_project(pl_planner* planner, pl_node* input, const pl_slot* slots, uint32_t count, pl_node** out) {
  project_node* node = NULL;
  PL_TRY(pl_node_make(planner, &project_class, sizeof(*node), &input, 1, &node));
  node->slots = slots;
  node->count = count;
  for (uint32_t i = 0; i < count; i++) {
    if (pl_slots_has(input->out, slots[i])) {
      pl_slots_add(node->node.out, slots[i]);
    }
  }
  pl_why_declare(planner, &node->node);
  node->node.rows_expected = input->rows_expected;
  *out = &node->node;
  return PL_OK;
}

typedef struct union_node {
  pl_node node;
  const pl_slot* slots;         ///< of the result
  uint32_t slot_count;          ///< used
  const pl_slot* branch_slots;  ///< see algebra.h
} union_node;

typedef struct union_op {
  pl_op op;
  uint32_t branch;  ///< being read
} union_op;

static pl_status union_open(pl_op* op) { return pl_chunk_make(op->run, &op->chunk); }

static pl_status union_again(pl_op* op) {
  ((union_op*)op)->branch = 0;
  return PL_OK;
}

static pl_status union_rewind(pl_op* op) {
  ((union_op*)op)->branch = 0;
  for (uint32_t i = 0; i < op->node->input_count; i++) {
    PL_TRY(pl_op_rewind(pl_op_of(op, i)));
  }
  return PL_OK;
}

static pl_status union_next(pl_op* op, pl_chunk** out) {
  union_op* st = (union_op*)op;
  const union_node* node = (const union_node*)op->node;
  for (; st->branch < node->node.input_count; st->branch++) {
    pl_chunk* in = NULL;
    const pl_status status = pl_op_next(pl_op_of(op, st->branch), &in);
    if (status == PL_DONE) {
      continue;
    }
    PL_TRY(status);
    pl_id** columns = op->chunk.columns;
    op->chunk = *in;
    op->chunk.columns = columns;
    for (uint32_t i = 0; i < node->slot_count; i++) {
      columns[node->slots[i]] = in->columns[node->branch_slots[(size_t)st->branch * node->slot_count + i]];
    }
    if (pl_why_asked(op->run)) {
      columns[op->run->plan->why] = in->columns[op->run->plan->why];
    }
    *out = &op->chunk;
    return PL_OK;
  }
  return PL_DONE;
}

static pl_status union_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  const union_node* node = (const union_node*)base;
  pl_slots_keep(base->out, needed);
  for (uint32_t b = 0; b < base->input_count; b++) {
    pl_slots below = {0};
    PL_TRY(pl_slots_make(planner->arena, planner->plan->slot_count, &below));
    for (uint32_t i = 0; i < node->slot_count; i++) {
      if (pl_slots_has(base->out, node->slots[i])) {
        pl_slots_add(below, node->branch_slots[(size_t)b * node->slot_count + i]);
      }
    }
    if (pl_why_in(planner, base->out)) {
      pl_slots_add(below, planner->plan->why);
    }
    PL_TRY(pl_node_prune(planner, base->inputs[b], below));
  }
  return PL_OK;
}

static const pl_op_class union_class = {.name = "Union",
                                        .state_bytes = sizeof(union_op),
                                        .open = union_open,
                                        .next = union_next,
                                        .again = union_again,
                                        .rewind = union_rewind,
                                        .prune = union_prune};

pl_status pl_node_union(pl_planner* planner, pl_node* const* inputs, uint32_t count, const pl_slot* slots,
                        uint32_t slot_count, const pl_slot* branch_slots, pl_node** out) {
  union_node* node = NULL;
  PL_TRY(pl_node_make(planner, &union_class, sizeof(*node), inputs, count, &node));
  node->slots = slots;
  node->slot_count = slot_count;
  node->branch_slots = branch_slots;
  for (uint32_t i = 0; i < slot_count; i++) {
    pl_slots_add(node->node.out, slots[i]);
  }
  pl_why_declare(planner, &node->node);
  for (uint32_t i = 0; i < count; i++) {
    node->node.rows_expected += inputs[i]->rows_expected;
  }
  *out = &node->node;
  return PL_OK;
}
