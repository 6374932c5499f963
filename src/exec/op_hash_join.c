// HashJoin: rows of the input beside all rows of a second plan that agree on the slots both have; without such slots, every pair.
// The second plan does not depend on the input: it is read once per run into a table (jointable.h).
//
// A chunk of input is looked up as a whole, then the pairs (input row, table row) that agree are listed, then the output is copied column by
// column. Where nothing of the second plan is needed, rows are not copied at all: the input's chunk is handed on, each row standing for as many
// as it has matches.
//
// Estimates are wrong at times. Where a side is a scan in the order of the key, it is read only for the keys that the other side turns out to have, if
// these are few: a scan that is the input by the keys of the table; one that makes the table by the keys of the chunk at hand, anew for each chunk, until
// that has cost half of what the whole table costs. Rows and their order are the same.
#include "base/rowsort.h"
#include "exec/jointable.h"
#include "exec/lookup.h"
#include "exec/support.h"
#include "opt/cost.h"

#define STEPS_BETWEEN_CHECKS (1u << 20)  ///< table rows compared, some milliseconds
#define NO_KEY UINT32_MAX

typedef struct join_node {
  pl_node node;
  pl_carry keys;       ///< slots of both sides
  pl_carry built;      ///< the keys, then further slots of the built side that are needed
  pl_carry carry;      ///< input slots copied to the output
  bool times_only;     ///< nothing of the built side is needed
  pl_slot why;         ///< of the supports of both sides, which are joined; PL_SLOT_NONE if they are not needed
  uint32_t why_at;     ///< its column in the table
  uint32_t input_key;  ///< key by which the input can be restricted, or NO_KEY
  uint32_t built_key;  ///< likewise the built side
} join_node;

/// Table rows that may match an input row.
typedef struct match {
  uint32_t at;   ///< next
  uint32_t end;  ///< after the last
} match;

typedef struct join_op {
  pl_op op;
  pl_jointable table;  ///< keys, made slots
  bool built;          ///< table is filled
  const pl_id** keys;  ///< key columns of the current input chunk
  pl_chunk* in;        ///< current input chunk
  uint32_t in_at;      ///< next entry of its selection
  match* matches;      ///< by entry of its selection
  uint64_t steps;      ///< table rows compared since the guard was asked
  uint16_t* from;      ///< input row of each output row
  uint32_t* found;     ///< table row of each output row
  pl_chunk view;       ///< times_only: the input's chunk with a selection and multiplicities of its own
  pl_ids only;         ///< values of the key that one side is restricted to
  double left;         ///< cost of tables by chunk that is still worth while
  bool by_chunk;       ///< the table is that of the current chunk
} join_op;

static const join_node* node_of(const pl_op* op) { return (const join_node*)op->node; }

static pl_status join_open(pl_op* op) {
  join_op* st = (join_op*)op;
  const join_node* node = node_of(op);
  pl_run* run = op->run;
  pl_arena* arena = &run->arena;
  PL_TRY(pl_jointable_init(&st->table, arena, &run->mem, run->guard, run->err, node->keys.count, node->built.count));
  st->keys = PL_ARENA_ARRAY(arena, const pl_id*, node->keys.count + 1);
  st->from = pl_arena_alloc(arena, PL_CHUNK_ROWS * sizeof(*st->from));
  if (!st->keys || !st->from) {
    return pl_run_nomem(run);
  }
  if (node->times_only) {
    op->times = pl_arena_alloc(arena, PL_CHUNK_ROWS * sizeof(uint64_t));
    return op->times ? PL_OK : pl_run_nomem(run);
  }
  st->matches = pl_arena_alloc(arena, PL_CHUNK_ROWS * sizeof(*st->matches));
  st->found = pl_arena_alloc(arena, PL_CHUNK_ROWS * sizeof(*st->found));
  return st->matches && st->found ? pl_op_columns(op) : pl_run_nomem(run);
}

static void join_close(pl_op* op) {
  pl_jointable_free(&((join_op*)op)->table);
  pl_vec_free(&op->run->mem, &((join_op*)op)->only);
}

static pl_status join_again(pl_op* op) {
  join_op* st = (join_op*)op;
  pl_jointable_free(&st->table);
  st->built = st->by_chunk = false;
  st->in = NULL;
  return PL_OK;
}

static pl_status join_rewind(pl_op* op) {
  ((join_op*)op)->in = NULL;
  return pl_op_rewind(op->input);
}

// ---- reading both sides --------------------------------------------------------------------------------------------

/// Add the values of a column, those that come in a row once. *few is false once there are more than max.
static pl_status add_keys(join_op* st, const pl_chunk* chunk, pl_slot slot, double max, bool* few) {
  const pl_id* const column = chunk->columns[slot];
  for (uint32_t i = 0; column && *few && i < chunk->selected; i++) {
    const pl_id id = column[pl_chunk_row(chunk, i)];
    if (id != PL_ID_NULL && (st->only.count == 0 || st->only.data[st->only.count - 1] != id)) {
      PL_TRY(pl_vec_push(&st->op.run->mem, &st->only, id));
      *few = (double)st->only.count <= max;
    }
  }
  return PL_OK;
}

/// Read the built side into the table; `max` keys are collected, *few is false if there are more.
static pl_status build(join_op* st, double max, bool* few) {
  const join_node* node = node_of(&st->op);
  for (;;) {
    pl_chunk* chunk = NULL;
    const pl_status status = pl_op_next(pl_op_of(&st->op, 1), &chunk);
    if (status == PL_DONE) {
      return pl_jointable_seal(&st->table);
    }
    PL_TRY(status);
    PL_TRY(pl_jointable_add(&st->table, chunk, node->built.slots));
    if (*few) {
      PL_TRY(add_keys(st, chunk, node->keys.slots[node->input_key], max, few));
    }
  }
}

/// Make the table, or see that each chunk makes one.
static pl_status build_first(join_op* st) {
  const join_node* node = node_of(&st->op);
  st->only.count = 0;
  st->built = true;
  st->by_chunk = node->built_key != NO_KEY;
  if (st->by_chunk) {
    st->left = node->node.inputs[1]->rows_expected * (PL_COST_ROW + PL_COST_BUILD) / 2;
    return PL_OK;
  }
  bool few = node->input_key != NO_KEY;
  PL_TRY(build(st, few ? node->node.inputs[0]->rows_expected * (PL_COST_ROW + PL_COST_PROBE) / PL_COST_KEY : 0, &few));
  if (few && st->table.count > 0) {
    PL_TRY(pl_values_unique(&st->op.run->mem, st->only.data, &st->only.count));
    pl_lookup_restrict(st->op.input, st->only.data, st->only.count);
  }
  return PL_OK;
}

/// Make the table of the current chunk, or at last that of all rows.
static pl_status build_for_chunk(join_op* st) {
  const join_node* node = node_of(&st->op);
  pl_op* const side = pl_op_of(&st->op, 1);
  bool few = true, none = false;
  st->only.count = 0;
  PL_TRY(add_keys(st, st->in, node->keys.slots[node->built_key], st->left / PL_COST_KEY, &few));
  if (few) {
    PL_TRY(pl_values_unique(&st->op.run->mem, st->only.data, &st->only.count));
    st->left -= (double)st->only.count * PL_COST_KEY;
    static const pl_id nothing = 0;
    pl_lookup_restrict(side, st->only.count ? st->only.data : &nothing, st->only.count);
  } else {
    st->by_chunk = false;
    pl_lookup_restrict(side, NULL, 0);
  }
  pl_jointable_free(&st->table);
  PL_TRY(pl_op_rewind(side));
  return build(st, 0, &none);
}

/// Go to the next input chunk that has all key columns, and whose table is not empty.
static pl_status next_chunk(join_op* st) {
  const join_node* node = node_of(&st->op);
  bool whole = false;
  while (!whole) {
    PL_TRY(pl_op_next(st->op.input, &st->in));
    whole = true;
    for (uint32_t k = 0; k < node->keys.count; k++) {
      st->keys[k] = st->in->columns[node->keys.slots[k]];
      whole &= st->keys[k] != NULL;
    }
    if (whole && st->by_chunk) {
      PL_TRY(build_for_chunk(st));
      whole = st->table.count > 0;
    }
    st->in_at = st->in->selected;
    if (!st->by_chunk && st->table.count == 0) {
      return PL_DONE;
    }
  }
  st->in_at = 0;
  return PL_OK;
}

// ---- rows counted -------------------------------------------------------------------------------------------------

/// How often each row of the chunk matches, where the table has one sum for each id; those that do are listed.
static uint32_t find_sums(join_op* st) {
  const pl_chunk* in = st->in;
  const uint64_t* const sums = st->table.sums;
  const uint64_t buckets = st->table.buckets;
  const pl_id least = st->table.least;
  const pl_id* const keys = st->keys[0];
  uint64_t* const times = st->op.times;
  uint16_t* const from = st->from;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < in->selected; i++) {
    const uint32_t row = pl_chunk_row(in, i);
    const uint64_t at = keys[row] - least;
    times[row] = sums[at < buckets ? at : buckets];
    from[kept] = (uint16_t)row;
    kept += times[row] != 0;
  }
  return kept;
}

static uint32_t find_times(join_op* st) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < st->in->selected; i++) {
    const uint32_t row = pl_chunk_row(st->in, i);
    st->op.times[row] = pl_jointable_times(&st->table, st->keys, row);
    st->from[kept] = (uint16_t)row;
    kept += st->op.times[row] != 0;
  }
  return kept;
}

static pl_status next_counted(join_op* st, pl_chunk** out) {
  PL_TRY(next_chunk(st));
  const uint32_t kept = st->table.sums && st->table.keys ? find_sums(st) : find_times(st);
  st->view = *st->in;
  st->view.selection = kept < st->in->count ? st->from : NULL;
  st->view.selected = kept;
  st->view.multiplicity = st->op.times;
  const uint64_t* const more = st->in->multiplicity;
  for (uint32_t i = 0; more && i < kept; i++) {
    const uint32_t row = st->from[i];
    st->op.times[row] = pl_times_mul(st->op.times[row], more[row]);
  }
  *out = &st->view;
  return PL_OK;
}

// ---- rows made ----------------------------------------------------------------------------------------------------

/// Find the bucket of each input row.
static void find_matches(join_op* st) {
  const pl_jointable* table = &st->table;
  for (uint32_t i = 0; i < st->in->selected; i++) {
    const uint64_t bucket = pl_jointable_bucket(table, st->keys, pl_chunk_row(st->in, i));
    st->matches[i] = (match){table->starts[bucket], table->starts[bucket + 1]};
  }
}

/// List pairs that agree from row `at` of the output on, until it is full or the input chunk ends; *filled is the row after the last.
static pl_status list_pairs(join_op* st, uint32_t at, uint32_t* filled) {
  const pl_jointable* table = &st->table;
  for (; st->in_at < st->in->selected; st->in_at++) {
    const uint32_t row = pl_chunk_row(st->in, st->in_at);
    match* m = &st->matches[st->in_at];
    st->steps += m->end - m->at;
    for (; m->at < m->end && at < PL_CHUNK_ROWS; m->at++) {
      st->from[at] = (uint16_t)row;
      st->found[at] = m->at;
      at += table->exact || pl_jointable_same(table, m->at, st->keys, row);
    }
    if (m->at < m->end) {
      break;
    }
    if (st->steps > STEPS_BETWEEN_CHECKS) {
      st->steps = 0;
      PL_TRY(pl_guard_check(st->op.run->guard, st->op.run->err));
    }
  }
  *filled = at;
  return PL_OK;
}

/// Multiplicities of output rows [at, end).
static pl_status fill_times(join_op* st, uint32_t at, uint32_t end) {
  const uint64_t* in = st->in->multiplicity;
  const uint64_t* built = st->table.columns[st->table.width];
  if ((!in && !built && !st->op.chunk.multiplicity) || at == end) {
    return PL_OK;
  }
  if (!st->op.chunk.multiplicity) {
    PL_TRY(pl_op_times(&st->op, at, 1, 2));  // makes the column
  }
  for (uint32_t i = at; i < end; i++) {
    st->op.times[i] = pl_times_mul(in ? in[st->from[i]] : 1, built ? built[st->found[i]] : 1);
  }
  return PL_OK;
}

/// Copy the columns of output rows [at, end) from the listed pairs.
static pl_status fill_rows(join_op* st, uint32_t at, uint32_t end) {
  const join_node* node = node_of(&st->op);
  pl_chunk* out = &st->op.chunk;
  for (uint32_t c = 0; c < node->carry.count; c++) {
    const pl_id* from = st->in->columns[node->carry.slots[c]];
    pl_id* to = out->columns[node->carry.slots[c]];
    for (uint32_t i = at; i < end; i++) {
      to[i] = from ? from[st->from[i]] : PL_ID_NULL;
    }
  }
  for (uint32_t c = node->keys.count; c < node->built.count; c++) {
    const pl_id* from = st->table.columns[c];
    pl_id* to = out->columns[node->built.slots[c]];
    for (uint32_t i = at; i < end; i++) {
      to[i] = from[st->found[i]];
    }
  }
  for (uint32_t i = at; node->why != PL_SLOT_NONE && i < end; i++) {
    const pl_id why = st->table.columns[node->why_at][st->found[i]];
    PL_TRY(pl_why_extend(st->op.run, st->in, st->from[i], out, i, 1, why));
  }
  return fill_times(st, at, end);
}

static pl_status next_made(join_op* st, pl_chunk** out) {
  pl_op_clear(&st->op);
  uint32_t at = 0;
  while (at < PL_CHUNK_ROWS) {
    if (!st->in || st->in_at == st->in->selected) {
      const pl_status status = next_chunk(st);
      if (status == PL_DONE) {
        break;
      }
      PL_TRY(status);
      find_matches(st);
    }
    uint32_t end = at;
    PL_TRY(list_pairs(st, at, &end));
    PL_TRY(fill_rows(st, at, end));
    at = end;
  }
  pl_chunk_set(&st->op.chunk, at);
  *out = &st->op.chunk;
  return at ? PL_OK : PL_DONE;
}

static pl_status join_next(pl_op* op, pl_chunk** out) {
  join_op* st = (join_op*)op;
  if (!st->built) {
    PL_TRY(build_first(st));
  }
  if (st->table.count == 0 && !st->by_chunk) {
    return PL_DONE;
  }
  return node_of(op)->times_only ? next_counted(st, out) : next_made(st, out);
}

// ---- planning -----------------------------------------------------------------------------------------------------

/// Does a plan extend the rows of an outer one? Then it cannot be read once.
static bool is_correlated(const pl_node* node) {
  bool found = pl_node_is_argument(node);
  for (uint32_t i = 0; i < node->input_count && !found; i++) {
    found = is_correlated(node->inputs[i]);
  }
  return found;
}

/// Which side is read into the table? The one of which only keys are needed, else a scan that gives fewer rows.
static void choose_side(pl_node* base, pl_slots left_more, pl_slots right_more) {
  pl_node** inputs = base->inputs;
  const bool left_keys = pl_slots_count(left_more) == 0;
  const bool right_keys = pl_slots_count(right_more) == 0;
  const bool scan = inputs[0]->input_count == 1 && pl_node_is_unit(inputs[0]->inputs[0]);
  const bool fewer = scan && inputs[0]->rows_expected < inputs[1]->rows_expected;
  const bool swap = left_keys != right_keys ? left_keys : fewer;
  if (swap && !pl_node_is_unit(inputs[0]) && !is_correlated(inputs[0])) {
    pl_node* const left = inputs[0];
    inputs[0] = inputs[1];
    inputs[1] = left;
  }
}

/// Slots of a side that are needed above, beside the keys.
static pl_status more_slots(pl_planner* planner, const pl_node* base, uint32_t side, pl_slots keys, pl_slots* out) {
  PL_TRY(pl_slots_copy(planner->arena, base->out, out));
  pl_slots_keep(*out, base->inputs[side]->out);
  pl_slots_remove_all(*out, keys);
  return PL_OK;
}

/// Tell both sides what they must deliver.
static pl_status prune_sides(pl_planner* planner, pl_node* base, pl_slots keys, pl_slots made) {
  pl_slots left = {0}, right = {0};
  PL_TRY(pl_slots_copy(planner->arena, base->out, &left));
  pl_slots_keep(left, base->inputs[0]->out);
  PL_TRY(pl_carry_make(planner, left, &((join_node*)base)->carry));
  pl_slots_add_all(left, keys);
  PL_TRY(pl_slots_copy(planner->arena, made, &right));
  pl_slots_add_all(right, keys);
  PL_TRY(pl_node_prune(planner, base->inputs[0], left));
  return pl_node_prune(planner, base->inputs[1], right);
}

/// List the columns of the table: keys, then what else is needed.
static pl_status list_built(pl_planner* planner, join_node* node, pl_slots made) {
  pl_carry more = {0};
  PL_TRY(pl_carry_make(planner, made, &more));
  node->built.slots = PL_ARENA_ARRAY(planner->arena, pl_slot, node->keys.count + more.count + 1);
  if (!node->built.slots) {
    return pl_planner_nomem(planner);
  }
  memcpy(node->built.slots, node->keys.slots, node->keys.count * sizeof(pl_slot));
  node->built.count = node->keys.count + more.count;
  for (uint32_t i = 0; i < more.count; i++) {
    const uint32_t at = node->keys.count + i;
    node->built.slots[at] = more.slots[i];
    node->why_at = more.slots[i] == node->why ? at : node->why_at;
  }
  node->times_only = more.count == 0;
  return PL_OK;
}

/// Key by which a side can be restricted, if that is worth asking: the rows of some keys must be fewer than all.
static uint32_t key_of_side(const join_node* node, uint32_t side) {
  const pl_node* input = node->node.inputs[side];
  uint32_t k = 0;
  while (k < node->keys.count && !pl_lookup_can_restrict(input, node->keys.slots[k])) {
    k++;
  }
  return k < node->keys.count && input->rows_expected * (PL_COST_ROW + PL_COST_BUILD) > 2 * PL_COST_KEY ? k : NO_KEY;
}

static pl_status join_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  join_node* node = (join_node*)base;
  pl_slots keys = {0}, left_more = {0}, made = {0};
  pl_slots_keep(base->out, needed);
  PL_TRY(pl_slots_copy(planner->arena, base->inputs[0]->out, &keys));
  pl_slots_keep(keys, base->inputs[1]->out);
  const bool why = pl_why_in(planner, base->out);
  node->why = why ? planner->plan->why : PL_SLOT_NONE;
  if (pl_why_in(planner, keys)) {
    pl_slots_remove(keys, planner->plan->why);
  }
  PL_TRY(more_slots(planner, base, 0, keys, &left_more));
  PL_TRY(more_slots(planner, base, 1, keys, &made));
  if (!why) {
    choose_side(base, left_more, made);
    PL_TRY(more_slots(planner, base, 1, keys, &made));
  } else {
    pl_slots_add(made, planner->plan->why);
  }
  PL_TRY(pl_carry_make(planner, keys, &node->keys));
  PL_TRY(prune_sides(planner, base, keys, made));
  const bool rule = pl_planner_rule(planner, PL_RULE_JOIN_KEYS);
  node->input_key = rule ? key_of_side(node, 0) : NO_KEY;
  node->built_key = rule && node->input_key == NO_KEY ? key_of_side(node, 1) : NO_KEY;
  return list_built(planner, node, made);
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
