// Apply: runs sub-plans for a chunk of outer rows at a time; see op.h on correlation.
//
//   Optional  outer rows with their matches, those without any once, with nulls
//   Not       outer rows without a match
//   Exists    outer rows with a truth in a new column
//   Either    outer rows with the matches of each branch in turn
#include "exec/support.h"

enum { IDLE_CHUNKS = 4 };  // without a new match, before outer rows that have one are left out

typedef struct apply_node {
  pl_node node;
  pl_apply_kind kind;
  pl_node** arguments;  ///< leaf of each sub-plan
  pl_slot slot;         ///< for MARK
  pl_carry carry;       ///< slots copied from the outer row
  pl_carry made;        ///< slots that sub-plans add
  pl_span span;         ///< of the pattern, for NOT and MARK
} apply_node;

typedef struct apply_op {
  pl_op op;
  pl_chunk* outer;                    ///< chunk being served; NULL = fetch the next
  uint32_t sub;                       ///< sub-plan that runs; past the last: unmatched rows follow
  bool matched[PL_CHUNK_ROWS];        ///< outer rows with a match
  uint16_t selection[PL_CHUNK_ROWS];  ///< rows that a Not keeps
  pl_chunk rest;                      ///< of Not and Exists: outer rows still without a match
  pl_id* truth;                       ///< column of an Exists
  pl_id* whys;                        ///< supports of the rows of a Not or Exists; NULL if they are not asked for
} apply_op;

static const apply_node* node_of(const pl_op* op) { return (const apply_node*)op->node; }

static pl_status apply_open(pl_op* op) {
  apply_op* st = (apply_op*)op;
  const pl_apply_kind kind = node_of(op)->kind;
  if (kind == PL_APPLY_LEFT || kind == PL_APPLY_EITHER) {
    return pl_op_columns(op);
  }
  const bool why = pl_why_asked(op->run) && pl_slots_has(op->node->out, op->run->plan->why);
  st->truth = pl_arena_alloc(&op->run->arena, PL_CHUNK_ROWS * sizeof(pl_id));
  st->whys = why ? pl_arena_alloc(&op->run->arena, PL_CHUNK_ROWS * sizeof(pl_id)) : NULL;
  return st->truth && (st->whys || !why) ? PL_OK : pl_run_nomem(op->run);
}

static pl_status apply_again(pl_op* op) {
  ((apply_op*)op)->outer = NULL;
  return PL_OK;
}

static pl_status apply_rewind(pl_op* op) {
  ((apply_op*)op)->outer = NULL;
  return pl_op_rewind(op->input);
}

/// Set sub-plan `sub` going on the outer chunk.
static pl_status start_sub(apply_op* st, uint32_t sub) {
  pl_run* run = st->op.run;
  st->sub = sub;
  if (sub + 1 >= st->op.node->input_count) {
    return PL_OK;
  }
  PL_TRY(pl_op_rewind(pl_op_of(&st->op, sub + 1)));
  pl_argument_bind(run->ops[node_of(&st->op)->arguments[sub]->index], st->outer);
  return PL_OK;
}

static pl_status next_outer(apply_op* st) {
  PL_TRY(pl_op_next(st->op.input, &st->outer));
  pl_why_renew(&st->op, st->outer);
  memset(st->matched, 0, st->outer->count * sizeof(bool));
  return start_sub(st, 0);
}

/// A row of the sub-plan of Exists found its outer row: that has its support, which extends the outer row's own.
static void take_witness(apply_op* st, const pl_chunk* chunk, uint32_t row, uint32_t outer) {
  if (st->whys && !st->matched[outer]) {
    st->whys[outer] = pl_why_of(st->op.run, chunk, row);
  }
}

/// Outer rows without a match rest on the pattern's absence too.
static pl_status take_absence(apply_op* st) {
  pl_run* run = st->op.run;
  pl_why absent = 0;
  for (uint32_t i = 0; st->whys && i < st->outer->selected; i++) {
    const uint32_t row = pl_chunk_row(st->outer, i);
    if (st->matched[row]) {
      continue;
    }
    PL_TRY(absent ? PL_OK : pl_why_absent(run, node_of(&st->op)->span, &absent));
    PL_TRY(pl_why_join(run, pl_why_of(run, st->outer, row), absent, &st->whys[row]));
  }
  if (st->whys) {
    st->outer->columns[run->plan->why] = st->whys;
  }
  return PL_OK;
}

/// Begin the sub-plan of Not or Exists anew for the outer rows without a match.
static pl_status start_unmatched(apply_op* st) {
  uint32_t left = 0;
  for (uint32_t i = 0; i < st->outer->selected; i++) {
    const uint32_t row = pl_chunk_row(st->outer, i);
    if (!st->matched[row]) {
      st->selection[left++] = (uint16_t)row;
    }
  }
  st->rest = *st->outer;
  st->rest.selection = st->selection;
  st->rest.selected = left;
  PL_TRY(pl_op_rewind(pl_op_of(&st->op, 1)));
  pl_argument_bind(st->op.run->ops[node_of(&st->op)->arguments[0]->index], &st->rest);
  return PL_OK;
}

/// Run the one sub-plan of Not or Exists until every outer row has a match or no more rows come. One outer row may have millions of matches, of
/// which the first is enough: when several chunks have brought only rows like that, those outer rows are left out.
static pl_status find_matches(apply_op* st) {
  const pl_slot row_slot = pl_argument_row(node_of(&st->op)->arguments[0]);
  uint32_t unmatched = st->outer->selected;
  uint32_t idle = 0;
  while (unmatched) {
    pl_chunk* chunk = NULL;
    const uint32_t before = unmatched;
    const pl_status status = pl_op_next(pl_op_of(&st->op, 1), &chunk);
    if (status == PL_DONE) {
      return PL_OK;
    }
    PL_TRY(status);
    for (uint32_t i = 0; i < chunk->selected; i++) {
      const uint32_t row = (uint32_t)chunk->columns[row_slot][pl_chunk_row(chunk, i)];
      unmatched -= !st->matched[row];
      take_witness(st, chunk, pl_chunk_row(chunk, i), row);
      st->matched[row] = true;
    }
    idle = unmatched < before ? 0 : idle + 1;
    if (idle == IDLE_CHUNKS) {
      PL_TRY(start_unmatched(st));
      idle = 0;
    }
  }
  return PL_OK;
}

static pl_status anti_next(apply_op* st, pl_chunk** out) {
  PL_TRY(next_outer(st));
  PL_TRY(find_matches(st));
  PL_TRY(take_absence(st));
  uint32_t kept = 0;
  for (uint32_t i = 0; i < st->outer->selected; i++) {
    const uint32_t row = pl_chunk_row(st->outer, i);
    if (!st->matched[row]) {
      st->selection[kept++] = (uint16_t)row;
    }
  }
  st->outer->selection = st->selection;
  st->outer->selected = kept;
  *out = st->outer;
  return PL_OK;
}

static pl_status mark_next(apply_op* st, pl_chunk** out) {
  PL_TRY(next_outer(st));
  PL_TRY(find_matches(st));
  PL_TRY(take_absence(st));
  for (uint32_t i = 0; i < st->outer->selected; i++) {
    const uint32_t row = pl_chunk_row(st->outer, i);
    st->truth[row] = pl_id_make(PL_TAG_BOOLEAN, st->matched[row]);
  }
  st->outer->columns[node_of(&st->op)->slot] = st->truth;
  *out = st->outer;
  return PL_OK;
}

/// Hand on matches: new slots and the support from the sub-plan's rows, the others from their outer rows.
static pl_status emit_matches(apply_op* st, const pl_chunk* chunk) {
  const apply_node* node = node_of(&st->op);
  const pl_id* rows = chunk->columns[pl_argument_row(node->arguments[st->sub])];
  pl_chunk* to = &st->op.chunk;
  for (uint32_t c = 0; c < node->carry.count; c++) {
    const pl_slot slot = node->carry.slots[c];
    const pl_id* from = st->outer->columns[slot];
    for (uint32_t i = 0; i < chunk->selected; i++) {
      to->columns[slot][i] = from ? from[rows[pl_chunk_row(chunk, i)]] : PL_ID_NULL;
    }
  }
  for (uint32_t c = 0; c < node->made.count; c++) {
    const pl_slot slot = node->made.slots[c];
    const pl_id* from = pl_slots_has(st->op.node->inputs[st->sub + 1]->out, slot) ? chunk->columns[slot] : NULL;
    for (uint32_t i = 0; i < chunk->selected; i++) {
      to->columns[slot][i] = from ? from[pl_chunk_row(chunk, i)] : PL_ID_NULL;
    }
  }
  for (uint32_t i = 0; i < chunk->selected; i++) {
    const uint32_t row = pl_chunk_row(chunk, i);
    st->matched[rows[row]] = true;
    const uint64_t outer_times = pl_chunk_times(st->outer, (uint32_t)rows[row]);
    PL_TRY(pl_op_times(&st->op, i, 1, pl_times_mul(pl_chunk_times(chunk, row), outer_times)));
  }
  pl_chunk_set(to, chunk->selected);
  return PL_OK;
}

/// The outer rows of an Optional that nothing matched.
static pl_status emit_unmatched(apply_op* st) {
  const apply_node* node = node_of(&st->op);
  pl_chunk* to = &st->op.chunk;
  uint32_t at = 0;
  for (uint32_t i = 0; i < st->outer->selected; i++) {
    const uint32_t row = pl_chunk_row(st->outer, i);
    if (st->matched[row]) {
      continue;
    }
    for (uint32_t c = 0; c < node->made.count; c++) {
      to->columns[node->made.slots[c]][at] = PL_ID_NULL;
    }
    pl_carry_row(&node->carry, st->outer, row, to, at, 1);
    PL_TRY(pl_op_times(&st->op, at, 1, pl_chunk_times(st->outer, row)));
    at++;
  }
  pl_chunk_set(to, at);
  return PL_OK;
}

static pl_status join_next(apply_op* st, pl_chunk** out) {
  pl_op_clear(&st->op);
  *out = &st->op.chunk;
  for (;;) {
    if (!st->outer) {
      PL_TRY(next_outer(st));
    }
    while (st->sub + 1 < st->op.node->input_count) {
      pl_chunk* chunk = NULL;
      const pl_status status = pl_op_next(pl_op_of(&st->op, st->sub + 1), &chunk);
      if (status == PL_OK) {
        return emit_matches(st, chunk);
      }
      if (status != PL_DONE) {
        return status;
      }
      PL_TRY(start_sub(st, st->sub + 1));
    }
    pl_status status = PL_OK;
    if (node_of(&st->op)->kind == PL_APPLY_LEFT) {
      status = emit_unmatched(st);
    }
    st->outer = NULL;
    if (status != PL_OK || st->op.chunk.selected) {
      return status;
    }
  }
}

static pl_status apply_next(pl_op* op, pl_chunk** out) {
  apply_op* st = (apply_op*)op;
  switch (node_of(op)->kind) {
    case PL_APPLY_ANTI:
      return anti_next(st, out);
    case PL_APPLY_MARK:
      return mark_next(st, out);
    default:
      return join_next(st, out);
  }
}

/// A sub-plan must hand on the row number and its own slots that are needed; its Argument then needs what the outer rows give it.
static pl_status prune_subs(pl_planner* planner, apply_node* node, pl_slots needed, pl_slots from_outer) {
  for (uint32_t i = 1; i < node->node.input_count; i++) {
    pl_node* sub = node->node.inputs[i];
    const pl_node* argument = node->arguments[i - 1];
    pl_slots below = {0};
    PL_TRY(pl_slots_copy(planner->arena, needed, &below));
    pl_slots_keep(below, sub->out);
    pl_slots_add(below, pl_argument_row(argument));
    PL_TRY(pl_node_prune(planner, sub, below));
    pl_slots_add_all(from_outer, argument->out);
  }
  pl_slots_keep(from_outer, node->node.inputs[0]->out);
  return PL_OK;
}

static pl_status apply_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  apply_node* node = (apply_node*)base;
  pl_slots made = {0}, carried = {0}, from_outer = {0};
  PL_TRY(pl_slots_make(planner->arena, planner->plan->slot_count, &from_outer));
  const bool joins = node->kind == PL_APPLY_LEFT || node->kind == PL_APPLY_EITHER;
  pl_slots_keep(base->out, needed);
  PL_TRY(pl_slots_copy(planner->arena, base->out, &made));
  pl_slots_remove_all(made, base->inputs[0]->out);
  PL_TRY(pl_slots_copy(planner->arena, base->out, &carried));
  pl_slots_keep(carried, base->inputs[0]->out);
  const bool why = pl_why_in(planner, base->out);
  if (!joins) {
    pl_slots_clear(made);
  }
  if (why && node->kind != PL_APPLY_ANTI) {
    pl_slots_add(made, planner->plan->why);  // the sub-plan's rows extend the support of their outer rows
  }
  PL_TRY(prune_subs(planner, node, made, from_outer));
  if (joins) {
    PL_TRY(pl_carry_make(planner, made, &node->made));
    PL_TRY(pl_carry_make(planner, carried, &node->carry));
  }
  pl_slots_add_all(carried, from_outer);
  return pl_node_prune(planner, base->inputs[0], carried);
}

static pl_status apply_describe(const pl_node* base, pl_explain* explain) {
  const apply_node* node = (const apply_node*)base;
  if (node->kind != PL_APPLY_MARK) {
    return PL_OK;
  }
  PL_TRY(pl_buf_char(explain->out, ' '));
  return pl_explain_slot(explain, node->slot);
}

#define APPLY_CLASS(text)                                                                                          \
  {                                                                                                                \
    .name = text, .state_bytes = sizeof(apply_op), .open = apply_open, .next = apply_next, .rewind = apply_rewind, \
    .again = apply_again, .prune = apply_prune, .describe = apply_describe                                         \
  }
static const pl_op_class apply_classes[] = {
    [PL_APPLY_LEFT] = APPLY_CLASS("Optional"),
    [PL_APPLY_ANTI] = APPLY_CLASS("Not"),
    [PL_APPLY_MARK] = APPLY_CLASS("Exists"),
    [PL_APPLY_EITHER] = APPLY_CLASS("Either"),
};

void pl_apply_span(pl_node* apply, pl_span span) { ((apply_node*)apply)->span = span; }

static double expected_rows(pl_apply_kind kind, const pl_node* input, pl_node* const* subs, uint32_t count) {
  double rows = 0;
  for (uint32_t i = 0; i < count; i++) {
    rows += subs[i]->rows_expected;
  }
  switch (kind) {
    case PL_APPLY_LEFT:
      return rows > input->rows_expected ? rows : input->rows_expected;
    case PL_APPLY_ANTI:
      return input->rows_expected / 2;
    case PL_APPLY_MARK:
      return input->rows_expected;
    default:
      return rows;
  }
}

pl_status pl_node_apply(pl_planner* planner, pl_apply_kind kind, pl_node* input, pl_node* const* subs,
                        pl_node* const* arguments, uint32_t sub_count, pl_slot slot, pl_node** out) {
  apply_node* node = NULL;
  pl_node** inputs = PL_ARENA_ARRAY(planner->arena, pl_node*, sub_count + 1);
  if (!inputs) {
    return pl_planner_nomem(planner);
  }
  inputs[0] = input;
  memcpy(inputs + 1, subs, sub_count * sizeof(pl_node*));
  PL_TRY(pl_node_make(planner, &apply_classes[kind], sizeof(*node), inputs, sub_count + 1, &node));
  node->kind = kind;
  node->slot = slot;
  node->arguments = PL_ARENA_ARRAY(planner->arena, pl_node*, sub_count + 1);
  if (!node->arguments) {
    return pl_planner_nomem(planner);
  }
  memcpy(node->arguments, arguments, sub_count * sizeof(pl_node*));
  pl_slots_add_all(node->node.out, input->out);
  for (uint32_t i = 0; i < sub_count && kind != PL_APPLY_ANTI && kind != PL_APPLY_MARK; i++) {
    pl_slots_add_all(node->node.out, subs[i]->out);
    pl_slots_remove(node->node.out, pl_argument_row(arguments[i]));
  }
  if (kind == PL_APPLY_MARK) {
    pl_slots_add(node->node.out, slot);
  }
  pl_why_declare(planner, &node->node);
  node->node.rows_expected = expected_rows(kind, input, subs, sub_count);
  *out = &node->node;
  return PL_OK;
}
