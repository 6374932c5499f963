// Distinct: hands on the first row of each combination of its slots, by narrowing the input's selection. Where support is asked for, it first
// reads all rows, since each equal one is another reason for the first (Merge).
#include "exec/aggregate.h"
#include "exec/rowtable.h"
#include "exec/support.h"

typedef struct distinct_node {
  pl_node node;
  const pl_slot* slots;  ///< compared
  uint32_t count;        ///< used
  pl_carry carry;        ///< of a merge: slots handed on
} distinct_node;

typedef struct distinct_op {
  pl_op op;
  pl_rowtable seen;       ///< combinations handed on
  const pl_id** columns;  ///< of a chunk
  uint32_t* place;        ///< of each row in `seen`
  uint16_t* selection;    ///< rows kept
} distinct_op;

static pl_status distinct_open(pl_op* op) {
  distinct_op* st = (distinct_op*)op;
  const uint32_t count = ((const distinct_node*)op->node)->count;
  pl_rowtable_init(&st->seen, &op->run->mem, op->run->guard, op->run->err, count, count);
  st->columns = PL_ARENA_ARRAY(&op->run->arena, const pl_id*, count + 1);
  st->place = pl_arena_alloc(&op->run->arena, PL_CHUNK_ROWS * sizeof(*st->place));
  st->selection = pl_arena_alloc(&op->run->arena, PL_CHUNK_ROWS * sizeof(uint16_t));
  return st->columns && st->place && st->selection ? PL_OK : pl_run_nomem(op->run);
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
  for (uint32_t s = 0; s < node->count; s++) {
    st->columns[s] = (*out)->columns[node->slots[s]];
  }
  uint32_t next = st->seen.count;
  uint32_t kept = 0;
  PL_TRY(pl_rowtable_put_columns(&st->seen, st->columns, (*out)->selection, (*out)->selected, st->place));
  for (uint32_t i = 0; i < (*out)->selected; i++) {
    st->selection[kept] = (uint16_t)pl_chunk_row(*out, i);
    if (st->place[i] == next) {
      next++;
      kept++;
    }
  }
  (*out)->selection = st->selection;
  (*out)->selected = kept;
  (*out)->multiplicity = NULL;
  return PL_OK;
}

// ---- merge --------------------------------------------------------------------------------------------------------

/// Support of a row that was read. It is looked into when all are read: until then a choice in it may grow (op_same.c).
typedef struct reason {
  uint32_t row;  ///< of merge_op.rows
  pl_why why;
} reason;

typedef struct merge_op {
  pl_op op;
  pl_rowtable rows;        ///< compared slots, then those handed on, of the first row
  PL_VEC(reason) reasons;  ///< of all rows read
  pl_whys whys;            ///< support of each of `rows`
  pl_id* row;              ///< space for one
  bool built;              ///< input was read
  uint32_t at;             ///< next row to hand on
} merge_op;

static pl_status merge_open(pl_op* op) {
  merge_op* st = (merge_op*)op;
  const distinct_node* node = (const distinct_node*)op->node;
  const uint32_t width = node->count + node->carry.count;
  pl_rowtable_init(&st->rows, &op->run->mem, op->run->guard, op->run->err, width, node->count);
  st->row = PL_ARENA_ARRAY(&op->run->arena, pl_id, width + 1);
  return st->row ? pl_op_columns(op) : pl_run_nomem(op->run);
}

static void merge_close(pl_op* op) {
  pl_rowtable_free(&((merge_op*)op)->rows);
  pl_vec_free(&op->run->mem, &((merge_op*)op)->reasons);
  pl_vec_free(&op->run->mem, &((merge_op*)op)->whys);
}

static pl_status merge_again(pl_op* op) {
  merge_op* st = (merge_op*)op;
  pl_rowtable_clear(&st->rows);
  st->reasons.count = 0;
  st->whys.count = 0;
  st->built = false;
  st->at = 0;
  return PL_OK;
}

static pl_status merge_rewind(pl_op* op) {
  PL_TRY(merge_again(op));
  return pl_op_rewind(op->input);
}

static pl_status merge_row(merge_op* st, const pl_chunk* chunk, uint32_t row) {
  const distinct_node* node = (const distinct_node*)st->op.node;
  pl_run* run = st->op.run;
  for (uint32_t s = 0; s < node->count; s++) {
    st->row[s] = pl_chunk_id(chunk, node->slots[s], row);
  }
  for (uint32_t c = 0; c < node->carry.count; c++) {
    st->row[node->count + c] = pl_chunk_id(chunk, node->carry.slots[c], row);
  }
  uint32_t index = 0;
  bool added = false;
  PL_TRY(pl_rowtable_put(&st->rows, st->row, &index, &added));
  PL_TRY(added ? pl_vec_push(&run->mem, &st->whys, 0) : PL_OK);
  const reason why = {index, pl_why_of(run, chunk, row)};
  return pl_vec_push(&run->mem, &st->reasons, why);
}

static pl_status merge_whys(merge_op* st) {
  for (size_t i = 0; i < st->reasons.count; i++) {
    const reason* from = &st->reasons.data[i];
    if (i % 1024 == 1023) {
      PL_TRY(pl_guard_check(st->op.run->guard, st->op.run->err));
    }
    PL_TRY(pl_why_alternative(st->op.run, &st->whys.data[from->row], from->why));
  }
  return PL_OK;
}

static pl_status merge_build(merge_op* st) {
  for (;;) {
    pl_chunk* chunk = NULL;
    const pl_status status = pl_op_next(st->op.input, &chunk);
    if (status == PL_DONE) {
      st->built = true;
      return merge_whys(st);
    }
    PL_TRY(status);
    for (uint32_t i = 0; i < chunk->selected; i++) {
      PL_TRY(merge_row(st, chunk, pl_chunk_row(chunk, i)));
    }
  }
}

static pl_status merge_next(pl_op* op, pl_chunk** out) {
  merge_op* st = (merge_op*)op;
  const distinct_node* node = (const distinct_node*)op->node;
  if (!st->built) {
    PL_TRY(merge_build(st));
  }
  pl_op_clear(op);
  uint32_t at = 0;
  for (; at < PL_CHUNK_ROWS && st->at < st->rows.count; at++, st->at++) {
    const pl_id* row = pl_rowtable_row(&st->rows, st->at) + node->count;
    for (uint32_t c = 0; c < node->carry.count; c++) {
      op->chunk.columns[node->carry.slots[c]][at] = row[c];
    }
    pl_why_column(op->run, &op->chunk)[at] = st->whys.data[st->at];
  }
  pl_chunk_set(&op->chunk, at);
  *out = &op->chunk;
  return at ? PL_OK : PL_DONE;
}

static const pl_op_class merge_class;

/// Support is needed: the operator becomes a merge.
static pl_status merge_prune(pl_planner* planner, pl_node* base) {
  pl_slots carried = {0};
  base->type = &merge_class;
  PL_TRY(pl_slots_copy(planner->arena, base->out, &carried));
  pl_slots_remove(carried, planner->plan->why);
  return pl_carry_make(planner, carried, &((distinct_node*)base)->carry);
}

static pl_status distinct_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  const distinct_node* node = (const distinct_node*)base;
  pl_slots uses = {0};
  PL_TRY(pl_slots_make(planner->arena, planner->plan->slot_count, &uses));
  for (uint32_t i = 0; i < node->count; i++) {
    pl_slots_add(uses, node->slots[i]);
  }
  PL_TRY(pl_node_prune_through(planner, base, needed, &uses));
  return pl_why_in(planner, base->out) ? merge_prune(planner, base) : PL_OK;
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

static const pl_op_class merge_class = {.name = "Merge",
                                        .state_bytes = sizeof(merge_op),
                                        .open = merge_open,
                                        .next = merge_next,
                                        .rewind = merge_rewind,
                                        .again = merge_again,
                                        .close = merge_close,
                                        .prune = distinct_prune,
                                        .describe = distinct_describe};

pl_status pl_node_distinct(pl_planner* planner, pl_node* input, const pl_slot* slots, uint32_t count, pl_node** out) {
  distinct_node* node = NULL;
  if (pl_scan_is_distinct(planner, input, slots, count)) {
    *out = input;
    return PL_OK;
  }
  PL_TRY(pl_node_make(planner, &distinct_class, sizeof(*node), &input, 1, &node));
  node->slots = slots;
  node->count = count;
  pl_slots_add_all(node->node.out, input->out);
  node->node.rows_expected = input->rows_expected / 2 + 1;
  *out = &node->node;
  return PL_OK;
}

pl_status pl_node_gather(pl_planner* planner, pl_node* input, uint32_t row, pl_node** out) {
  const pl_slot hidden = planner->plan->hidden;
  pl_slot* slots = PL_ARENA_ARRAY(planner->arena, pl_slot, PL_PLACE_COUNT + 1);
  if (!slots) {
    return pl_planner_nomem(planner);
  }
  for (uint32_t p = 0; p < PL_PLACE_COUNT; p++) {
    slots[p] = hidden + PL_HIDDEN_PLACE + p;
  }
  slots[PL_PLACE_COUNT] = hidden + row;
  PL_TRY(pl_node_distinct(planner, input, slots, PL_PLACE_COUNT + 1, out));
  (*out)->rows_expected = input->rows_expected;
  (*out)->position = input->position;
  return PL_OK;
}
