// HashJoin: rows of the input beside all rows of a second plan that agree on the slots both have; without such slots, every pair.
// The second plan does not depend on the input: it is read once per run into a hash table.
#include "exec/rowtable.h"
#include "exec/support.h"

typedef struct join_node {
  pl_node node;
  pl_carry keys;    ///< slots of both sides
  pl_carry made;    ///< further slots of the built side that are needed
  pl_carry carry;   ///< input slots copied to the output
  pl_slot why;      ///< of the supports of both sides, which are joined; PL_SLOT_NONE if they are not needed
  uint32_t why_at;  ///< its column in a row of the table
} join_node;

typedef struct join_op {
  pl_op op;
  pl_rowtable table;  ///< keys, made slots, multiplicity
  bool built;         ///< table is filled
  pl_id* row;         ///< space for one row of the table
  pl_chunk* in;       ///< current input chunk
  uint32_t in_at;     ///< next entry of its selection
  uint32_t in_row;    ///< current input row
  uint32_t at;        ///< next table row that matches it; PL_ROW_NONE = none left
} join_op;

static const join_node* node_of(const pl_op* op) { return (const join_node*)op->node; }

static pl_status join_open(pl_op* op) {
  join_op* st = (join_op*)op;
  const join_node* node = node_of(op);
  const uint32_t width = node->keys.count + node->made.count + 1;
  pl_rowtable_init(&st->table, &op->run->mem, op->run->guard, op->run->err, width, node->keys.count);
  st->at = PL_ROW_NONE;
  st->row = PL_ARENA_ARRAY(&op->run->arena, pl_id, width);
  return st->row ? pl_op_columns(op) : pl_run_nomem(op->run);
}

static void join_close(pl_op* op) { pl_rowtable_free(&((join_op*)op)->table); }

static pl_status join_again(pl_op* op) {
  join_op* st = (join_op*)op;
  pl_rowtable_clear(&st->table);
  st->built = false;
  st->in = NULL;
  st->at = PL_ROW_NONE;
  return PL_OK;
}

static pl_status join_rewind(pl_op* op) {
  join_op* st = (join_op*)op;
  st->in = NULL;
  st->at = PL_ROW_NONE;
  return pl_op_rewind(op->input);
}

/// Read slots of a row to st->row; false if one is null.
static bool read_key(join_op* st, const pl_carry* slots, const pl_chunk* chunk, uint32_t row) {
  bool whole = true;
  for (uint32_t i = 0; i < slots->count; i++) {
    st->row[i] = pl_chunk_id(chunk, slots->slots[i], row);
    whole &= st->row[i] != PL_ID_NULL;
  }
  return whole;
}

/// Add the row in st->row. Where nothing but the key is kept, rows of one key are one row that stands for several.
static pl_status add_row(join_op* st, uint64_t times) {
  const join_node* node = node_of(&st->op);
  const uint32_t at = node->keys.count + node->made.count;
  uint32_t index = 0;
  bool added = true;
  st->row[at] = times;
  PL_TRY(node->made.count ? pl_rowtable_add(&st->table, st->row, &index)
                          : pl_rowtable_put(&st->table, st->row, &index, &added));
  if (!added) {
    pl_id* sum = &st->table.rows[(size_t)index * st->table.width + at];
    *sum = pl_times_add(*sum, times);
  }
  return PL_OK;
}

static pl_status build_chunk(join_op* st, const pl_chunk* chunk) {
  const join_node* node = node_of(&st->op);
  for (uint32_t i = 0; i < chunk->selected; i++) {
    const uint32_t row = pl_chunk_row(chunk, i);
    if (!read_key(st, &node->keys, chunk, row)) {
      continue;
    }
    uint32_t at = node->keys.count;
    for (uint32_t c = 0; c < node->made.count; c++) {
      st->row[at++] = pl_chunk_id(chunk, node->made.slots[c], row);
    }
    PL_TRY(add_row(st, pl_chunk_times(chunk, row)));
  }
  return PL_OK;
}

static pl_status build(join_op* st) {
  for (;;) {
    pl_chunk* chunk = NULL;
    const pl_status status = pl_op_next(pl_op_of(&st->op, 1), &chunk);
    if (status == PL_DONE) {
      st->built = true;
      return PL_OK;
    }
    PL_TRY(status);
    PL_TRY(build_chunk(st, chunk));
  }
}

static pl_status next_row(join_op* st) {
  PL_TRY(pl_op_next_row(st->op.input, &st->in, &st->in_at, &st->in_row));
  const bool whole = read_key(st, &node_of(&st->op)->keys, st->in, st->in_row);
  st->at = whole ? pl_rowtable_find(&st->table, st->row) : PL_ROW_NONE;
  return PL_OK;
}

static pl_status emit(join_op* st, uint32_t at) {
  const join_node* node = node_of(&st->op);
  const pl_id* row = pl_rowtable_row(&st->table, st->at);
  pl_carry_row(&node->carry, st->in, st->in_row, &st->op.chunk, at, 1);
  for (uint32_t c = 0; c < node->made.count; c++) {
    st->op.chunk.columns[node->made.slots[c]][at] = row[node->keys.count + c];
  }
  if (node->why != PL_SLOT_NONE) {
    PL_TRY(pl_why_extend(st->op.run, st->in, st->in_row, &st->op.chunk, at, 1, row[node->why_at]));
  }
  const uint64_t times = row[node->keys.count + node->made.count];
  return pl_op_times(&st->op, at, 1, pl_times_mul(times, pl_chunk_times(st->in, st->in_row)));
}

static pl_status join_next(pl_op* op, pl_chunk** out) {
  join_op* st = (join_op*)op;
  if (!st->built) {
    PL_TRY(build(st));
  }
  pl_op_clear(op);
  uint32_t at = 0;
  while (at < PL_CHUNK_ROWS) {
    if (st->at == PL_ROW_NONE) {
      const pl_status status = st->table.count ? next_row(st) : PL_DONE;
      if (status == PL_DONE) {
        break;
      }
      PL_TRY(status);
      continue;
    }
    PL_TRY(emit(st, at++));
    st->at = pl_rowtable_next(&st->table, st->at);
  }
  pl_chunk_set(&op->chunk, at);
  *out = &op->chunk;
  return at ? PL_OK : PL_DONE;
}

static pl_status join_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  join_node* node = (join_node*)base;
  pl_slots keys = {0}, left = {0}, right = {0}, made = {0};
  pl_slots_keep(base->out, needed);
  PL_TRY(pl_slots_copy(planner->arena, base->inputs[0]->out, &keys));
  pl_slots_keep(keys, base->inputs[1]->out);
  const bool why = pl_why_in(planner, base->out);
  node->why = why ? planner->plan->why : PL_SLOT_NONE;
  if (pl_why_in(planner, keys)) {
    pl_slots_remove(keys, planner->plan->why);
  }
  PL_TRY(pl_slots_copy(planner->arena, base->out, &left));
  pl_slots_keep(left, base->inputs[0]->out);
  PL_TRY(pl_carry_make(planner, left, &node->carry));
  PL_TRY(pl_slots_copy(planner->arena, base->out, &made));
  pl_slots_remove_all(made, base->inputs[0]->out);
  if (why) {
    pl_slots_add(made, planner->plan->why);
  }
  pl_slots_add_all(left, keys);
  PL_TRY(pl_slots_copy(planner->arena, made, &right));
  pl_slots_add_all(right, keys);
  PL_TRY(pl_node_prune(planner, base->inputs[0], left));
  PL_TRY(pl_node_prune(planner, base->inputs[1], right));
  PL_TRY(pl_carry_make(planner, made, &node->made));
  PL_TRY(pl_carry_make(planner, keys, &node->keys));
  for (uint32_t i = 0; i < node->made.count; i++) {
    node->why_at = node->made.slots[i] == node->why ? node->keys.count + i : node->why_at;
  }
  return PL_OK;
}

static pl_status join_describe(const pl_node* base, pl_explain* explain) {
  const join_node* node = (const join_node*)base;
  return pl_explain_slots(explain, node->keys.slots, node->keys.count);
}

static const pl_op_class join_class = {.name = "HashJoin",
                                       .state_bytes = sizeof(join_op),
                                       .open = join_open,
                                       .next = join_next,
                                       .rewind = join_rewind,
                                       .again = join_again,
                                       .close = join_close,
                                       .prune = join_prune,
                                       .describe = join_describe};

pl_status pl_node_hash_join(pl_planner* planner, pl_node* input, pl_node* built, pl_node** out) {
  pl_node* inputs[2] = {input, built};
  PL_TRY(pl_node_make(planner, &join_class, sizeof(join_node), inputs, 2, out));
  pl_slots_add_all((*out)->out, input->out);
  pl_slots_add_all((*out)->out, built->out);
  return PL_OK;
}
