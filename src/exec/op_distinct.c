// Distinct: hands on the first row of each combination of its slots, by narrowing the input's selection.
#include "exec/plan.h"
#include "exec/rowtable.h"

typedef struct distinct_node {
  pl_node node;
  const pl_slot* slots;  ///< compared
  uint32_t count;        ///< used
} distinct_node;

typedef struct distinct_op {
  pl_op op;
  pl_rowtable seen;     ///< combinations handed on
  pl_id* row;           ///< space for one
  uint16_t* selection;  ///< rows kept
} distinct_op;

static pl_status distinct_open(pl_op* op) {
  distinct_op* st = (distinct_op*)op;
  const uint32_t count = ((const distinct_node*)op->node)->count;
  pl_rowtable_init(&st->seen, &op->run->mem, count, count);
  st->row = PL_ARENA_ARRAY(&op->run->arena, pl_id, count + 1);
  st->selection = pl_arena_alloc(&op->run->arena, PL_CHUNK_ROWS * sizeof(uint16_t));
  return st->row && st->selection ? PL_OK : pl_run_nomem(op->run);
}

static void distinct_close(pl_op* op) { pl_rowtable_free(&((distinct_op*)op)->seen); }

static pl_status distinct_again(pl_op* op) {
  pl_rowtable_clear(&((distinct_op*)op)->seen);
  return PL_OK;
}

static pl_status distinct_rewind(pl_op* op) {
  PL_TRY(distinct_again(op));
  return pl_op_rewind(op->input);
}

static pl_status distinct_next(pl_op* op, pl_chunk** out) {
  distinct_op* st = (distinct_op*)op;
  const distinct_node* node = (const distinct_node*)op->node;
  PL_TRY(pl_op_next(op->input, out));
  uint32_t kept = 0;
  for (uint32_t i = 0; i < (*out)->selected; i++) {
    const uint32_t row = pl_chunk_row(*out, i);
    for (uint32_t s = 0; s < node->count; s++) {
      st->row[s] = pl_chunk_id(*out, node->slots[s], row);
    }
    uint32_t index = 0;
    bool added = false;
    PL_TRY(pl_rowtable_put(&st->seen, st->row, &index, &added));
    st->selection[kept] = (uint16_t)row;
    kept += added;
  }
  (*out)->selection = st->selection;
  (*out)->selected = kept;
  (*out)->multiplicity = NULL;
  return PL_OK;
}

static pl_status distinct_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  const distinct_node* node = (const distinct_node*)base;
  pl_slots uses = {0};
  PL_TRY(pl_slots_make(planner->arena, planner->plan->slot_count, &uses));
  for (uint32_t i = 0; i < node->count; i++) {
    pl_slots_add(uses, node->slots[i]);
  }
  return pl_node_prune_through(planner, base, needed, &uses);
}

static pl_status distinct_describe(const pl_node* base, pl_explain* explain) {
  const distinct_node* node = (const distinct_node*)base;
  return pl_explain_slots(explain, node->slots, node->count);
}

static const pl_op_class distinct_class = {.name = "Distinct",
                                           .state_bytes = sizeof(distinct_op),
                                           .open = distinct_open,
                                           .next = distinct_next,
                                           .rewind = distinct_rewind,
                                           .again = distinct_again,
                                           .close = distinct_close,
                                           .prune = distinct_prune,
                                           .describe = distinct_describe};

pl_status pl_node_distinct(pl_planner* planner, pl_node* input, const pl_slot* slots, uint32_t count, pl_node** out) {
  distinct_node* node = NULL;
  PL_TRY(pl_node_make(planner, &distinct_class, sizeof(*node), &input, 1, &node));
  node->slots = slots;
  node->count = count;
  pl_slots_add_all(node->node.out, input->out);
  node->node.rows_expected = input->rows_expected / 2 + 1;
  *out = &node->node;
  return PL_OK;
}
