// Given: keeps the rows of a raw lookup whose assertion passes a lens with variables, then one row per fact (or pair of ends).
//
// The lookup below hands on every row of the store that matches, with its places and the number of its input row in hidden slots. Rows of one
// input row come together, so repeats of a fact are found in a small table that is emptied when the input row changes.
#include "exec/classes.h"
#include "exec/rowtable.h"
#include "exec/support.h"

typedef struct given_node {
  pl_node node;
  uint32_t lens;        ///< which
  bool facts;           ///< one row per fact or pair
  bool pairs;           ///< one row per pair of ends
  pl_node** arguments;  ///< per part with a pattern: the leaf of its sub-plan; else NULL
  uint32_t* inputs;     ///< per part: number of the sub-plan among the inputs; 0 = none
} given_node;

typedef struct given_op {
  pl_op op;
  pl_scan* cpo;                       ///< annotations of assertions
  pl_scan* spo;                       ///< facts about named graphs
  pl_id* low;                         ///< column of a part's first argument
  pl_id* high;                        ///< and of its second
  pl_rowtable seen;                   ///< facts handed on for the current input row
  uint64_t row_number;                ///< of `seen`
  pl_rowtable found;                  ///< (row, value) of a part's pattern
  uint16_t selection[PL_CHUNK_ROWS];  ///< rows kept
  pl_id* whys;                        ///< supports of the rows; NULL if they are not asked for
} given_op;

#define SEEN_STATED 3  ///< column of `seen` after the fact: its statements that passed

static const given_node* node_of(const pl_op* op) { return (const given_node*)op->node; }

static pl_status given_open(pl_op* op) {
  given_op* st = (given_op*)op;
  pl_run* run = op->run;
  st->low = pl_arena_alloc(&run->arena, PL_CHUNK_ROWS * sizeof(pl_id));
  st->high = pl_arena_alloc(&run->arena, PL_CHUNK_ROWS * sizeof(pl_id));
  if (!st->low || !st->high) {
    return pl_run_nomem(run);
  }
  if (pl_why_asked(run) && pl_slots_has(op->node->out, run->plan->why)) {
    st->whys = pl_arena_alloc(&run->arena, PL_CHUNK_ROWS * sizeof(pl_id));
    PL_TRY(st->whys ? PL_OK : pl_run_nomem(run));
  }
  pl_rowtable_init(&st->seen, &run->mem, run->guard, run->err, SEEN_STATED + 1, SEEN_STATED);
  pl_rowtable_init(&st->found, &run->mem, run->guard, run->err, 2, 1);
  PL_TRY(pl_scan_open(run->txn, PL_ORDER_CPO, PL_SCAN_ROWS, NULL, &run->mem, &st->cpo));
  return pl_scan_open(run->txn, PL_ORDER_SPO, PL_SCAN_FACTS, NULL, &run->mem, &st->spo);
}

static void given_close(pl_op* op) {
  given_op* st = (given_op*)op;
  pl_scan_close(st->cpo);
  pl_scan_close(st->spo);
  pl_rowtable_free(&st->seen);
  pl_rowtable_free(&st->found);
}

static pl_status given_rewind(pl_op* op) {
  given_op* st = (given_op*)op;
  pl_rowtable_clear(&st->seen);
  st->row_number = 0;
  return pl_op_rewind(op->input);
}

/// Run the pattern of a part for all rows of the chunk.
static pl_status run_pattern(given_op* st, uint32_t part, const pl_chunk* chunk) {
  const given_node* node = node_of(&st->op);
  pl_run* run = st->op.run;
  pl_op* sub = pl_op_of(&st->op, node->inputs[part]);
  const pl_slot slot = run->plan->query->lenses[node->lens].parts[part].pattern_slot;
  const pl_slot row_slot = pl_argument_row(node->arguments[part]);
  pl_rowtable_clear(&st->found);
  PL_TRY(pl_op_rewind(sub));
  pl_argument_bind(run->ops[node->arguments[part]->index], chunk);
  for (;;) {
    pl_chunk* values = NULL;
    const pl_status status = pl_op_next(sub, &values);
    if (status != PL_OK) {
      return status == PL_DONE ? PL_OK : status;
    }
    for (uint32_t i = 0; i < values->selected; i++) {
      const uint32_t row = pl_chunk_row(values, i);
      const pl_id pair[2] = {values->columns[row_slot][row], pl_chunk_id(values, slot, row)};
      uint32_t index = 0;
      PL_TRY(pl_rowtable_add(&st->found, pair, &index));
    }
  }
}

static pl_status add_source(pl_run* run, const pl_ref* ref, const pl_chunk* chunk, uint32_t row, pl_ids* out) {
  if (ref->kind != PL_REF_SLOT) {
    return pl_const_add(run, ref, out);
  }
  const pl_id id = pl_chunk_id(chunk, ref->index, row);
  return id ? pl_vec_push(&run->mem, out, id) : PL_OK;
}

static pl_status row_sources(given_op* st, const pl_lens_part* part, const pl_chunk* chunk, uint32_t row, pl_ids* out) {
  out->count = 0;
  for (uint32_t i = 0; i < part->source_count; i++) {
    PL_TRY(add_source(st->op.run, &part->sources[i], chunk, row, out));
  }
  const pl_id key = row;
  for (uint32_t at = part->pattern ? pl_rowtable_find(&st->found, &key) : PL_ROW_NONE; at != PL_ROW_NONE;
       at = pl_rowtable_next(&st->found, at)) {
    const pl_id value = pl_rowtable_row(&st->found, at)[1];
    PL_TRY(value ? pl_vec_push(&st->op.run->mem, out, value) : PL_OK);
  }
  PL_TRY(pl_ids_unique(st->op.run, out));
  const pl_id* classes = chunk->columns[st->op.run->plan->hidden + PL_HIDDEN_CLASSES];
  return classes ? pl_classes_widen(st->op.run, pl_classes_number(st->op.run, classes[row]), out) : PL_OK;
}

/// `not according to` something unknown passes nothing, as a comparison with null is never true.
static bool unknown_source(const pl_lens_part* part, const pl_chunk* chunk, uint32_t row) {
  for (uint32_t i = 0; i < part->source_count; i++) {
    if (part->sources[i].kind == PL_REF_SLOT && !pl_chunk_id(chunk, part->sources[i].index, row)) {
      return true;
    }
  }
  return false;
}

static pl_status row_args(given_op* st, const pl_lens_part* part, const pl_chunk* chunk, uint32_t row, bool has_high,
                          pl_lens_args* args) {
  args->null = false;
  if (part->kind == PL_LENS_ACCORDING) {
    args->null = part->negated && unknown_source(part, chunk, row);
    return row_sources(st, part, chunk, row, &args->sources);
  }
  pl_value low = {.kind = PL_VALUE_NULL}, high = {.kind = PL_VALUE_NULL};
  PL_TRY(st->low[row] ? pl_termpool_value(st->op.run->pool, st->low[row], &low) : PL_OK);
  PL_TRY(has_high && st->high[row] ? pl_termpool_value(st->op.run->pool, st->high[row], &high) : PL_OK);
  pl_lens_args_set(part, &low, has_high ? &high : NULL, args);
  return PL_OK;
}

/// Narrow the chunk to the rows that pass one part.
static pl_status filter_part(given_op* st, uint32_t number, pl_chunk* chunk) {
  pl_run* run = st->op.run;
  const given_node* node = node_of(&st->op);
  const pl_query* query = run->plan->query;
  const pl_lens_part* part = &query->lenses[node->lens].parts[number];
  const pl_lens_plan* plan = &run->plan->lens_parts[pl_lens_part_number(query, node->lens, number)];
  const pl_id* cs = chunk->columns[run->plan->hidden + PL_HIDDEN_PLACE + PL_PLACE_C];
  PL_TRY(part->pattern ? run_pattern(st, number, chunk) : PL_OK);
  PL_TRY(plan->low ? pl_program_eval(plan->low, &run->eval, chunk, st->low) : PL_OK);
  PL_TRY(plan->high ? pl_program_eval(plan->high, &run->eval, chunk, st->high) : PL_OK);
  pl_lens_args args = {0};
  pl_status status = PL_OK;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < chunk->selected && status == PL_OK; i++) {
    const uint32_t row = pl_chunk_row(chunk, i);
    bool passes = false;
    status = row_args(st, part, chunk, row, plan->high != NULL, &args);
    if (status == PL_OK) {
      status = pl_lens_check(run, part, &args, st->cpo, st->spo, cs[row], &passes);
    }
    st->selection[kept] = (uint16_t)row;
    kept += passes;
  }
  pl_vec_free(&run->mem, &args.sources);
  chunk->selection = st->selection;
  chunk->selected = kept;
  return status;
}

/// The fact of a row, said by the one assertion that passed.
static pl_status make_fact(given_op* st, const pl_chunk* chunk, uint32_t row, pl_why* fact) {
  pl_run* run = st->op.run;
  pl_id* const* places = &chunk->columns[run->plan->hidden + PL_HIDDEN_PLACE];
  const bool inverse = chunk->columns[run->plan->hidden + PL_HIDDEN_ROW][row] & 1;
  const pl_id a = places[PL_PLACE_A][row], b = places[PL_PLACE_B][row], c = places[PL_PLACE_C][row];
  return pl_why_fact(run, PL_WHY_FACT, inverse ? b : a, places[PL_PLACE_P][row], inverse ? a : b, pl_why_said(c),
                     node_of(&st->op)->lens, fact);
}

/// An assertion adds its fact to the support of its row.
static pl_status support_assertion(given_op* st, const pl_chunk* chunk, uint32_t row) {
  pl_why fact = 0;
  PL_TRY(make_fact(st, chunk, row, &fact));
  return pl_why_join(st->op.run, pl_why_of(st->op.run, chunk, row), fact, &st->whys[row]);
}

/// A fact's row, which may be gone already, rests on all statements of the fact that pass.
static pl_status support_fact(given_op* st, const pl_chunk* chunk, uint32_t row, uint32_t index, bool added) {
  pl_why fact = 0;
  pl_why* stated = &st->seen.rows[(size_t)index * st->seen.width + SEEN_STATED];
  PL_TRY(make_fact(st, chunk, row, &fact));
  PL_TRY(pl_why_state(st->op.run, stated, fact));
  return added ? pl_why_join(st->op.run, pl_why_of(st->op.run, chunk, row), *stated, &st->whys[row]) : PL_OK;
}

/// Narrow the chunk to the first row of each fact (or pair) of an input row.
static pl_status drop_repeats(given_op* st, pl_chunk* chunk) {
  const given_node* node = node_of(&st->op);
  pl_id** places = &chunk->columns[st->op.run->plan->hidden + PL_HIDDEN_PLACE];
  const pl_id* rows = chunk->columns[st->op.run->plan->hidden + PL_HIDDEN_ROW];
  uint32_t kept = 0;
  for (uint32_t i = 0; i < chunk->selected; i++) {
    const uint32_t row = pl_chunk_row(chunk, i);
    if (rows[row] >> 1 != st->row_number) {
      pl_rowtable_clear(&st->seen);
      st->row_number = rows[row] >> 1;
    }
    const pl_id fact[SEEN_STATED + 1] = {places[PL_PLACE_A][row], node->pairs ? 0 : places[PL_PLACE_P][row],
                                         places[PL_PLACE_B][row]};
    uint32_t index = 0;
    bool added = false;
    PL_TRY(pl_rowtable_put(&st->seen, fact, &index, &added));
    PL_TRY(st->whys ? support_fact(st, chunk, row, index, added) : PL_OK);
    st->selection[kept] = (uint16_t)row;
    kept += added;
  }
  chunk->selection = st->selection;
  chunk->selected = kept;
  return PL_OK;
}

static void show_supports(given_op* st, pl_chunk* chunk) {
  if (st->whys) {
    chunk->columns[st->op.run->plan->why] = st->whys;
  }
}

static pl_status given_next(pl_op* op, pl_chunk** out) {
  given_op* st = (given_op*)op;
  const given_node* node = node_of(op);
  PL_TRY(pl_op_next(op->input, out));
  pl_why_renew(op, *out);
  const uint32_t parts = op->run->plan->query->lenses[node->lens].count;
  for (uint32_t i = 0; i < parts && (*out)->selected; i++) {
    const bool identity = op->run->plan->query->lenses[node->lens].parts[i].kind == PL_LENS_SAME;
    PL_TRY(identity ? PL_OK : filter_part(st, i, *out));
  }
  if (node->facts) {
    PL_TRY(drop_repeats(st, *out));
    show_supports(st, *out);
    return PL_OK;
  }
  pl_id** places = &(*out)->columns[op->run->plan->hidden + PL_HIDDEN_PLACE];
  uint32_t kept = 0;
  for (uint32_t i = 0; i < (*out)->selected; i++) {  // assertions: a plain statement is none
    const uint32_t row = pl_chunk_row(*out, i);
    st->selection[kept] = (uint16_t)row;
    kept += places[PL_PLACE_C][row] != PL_ID_NULL;
    PL_TRY(st->whys && places[PL_PLACE_C][row] ? support_assertion(st, *out, row) : PL_OK);
  }
  (*out)->selection = st->selection;
  (*out)->selected = kept;
  show_supports(st, *out);
  return PL_OK;
}

static pl_status given_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  const given_node* node = (const given_node*)base;
  pl_slots uses = {0};
  PL_TRY(pl_slots_make(planner->arena, planner->plan->slot_count, &uses));
  pl_slots_of_lens(planner->query, node->lens, uses);
  for (uint32_t i = 0; i <= PL_HIDDEN_ROW; i++) {
    pl_slots_add(uses, planner->plan->hidden + i);
  }
  for (uint32_t i = 1; i < base->input_count; i++) {
    pl_slots below = {0};
    PL_TRY(pl_slots_copy(planner->arena, base->inputs[i]->out, &below));
    PL_TRY(pl_node_prune(planner, base->inputs[i], below));
  }
  PL_TRY(pl_node_prune_through(planner, base, needed, &uses));
  for (uint32_t i = 0; i <= PL_HIDDEN_ROW; i++) {
    pl_slots_remove(base->out, planner->plan->hidden + i);
  }
  if (pl_why_in(planner, needed)) {
    pl_slots_add(base->out, planner->plan->why);
  }
  return PL_OK;
}

static const pl_op_class given_class = {.name = "Given",
                                        .state_bytes = sizeof(given_op),
                                        .open = given_open,
                                        .next = given_next,
                                        .rewind = given_rewind,
                                        .close = given_close,
                                        .prune = given_prune};

/// Plan the patterns of the lens's parts under the rows of `input`.
static pl_status plan_patterns(pl_planner* planner, pl_node* input, given_node* node, pl_node** inputs,
                               uint32_t* count) {
  const pl_lens* lens = &planner->query->lenses[node->lens];
  for (uint32_t i = 0; i < lens->count; i++) {
    if (lens->parts[i].pattern) {
      PL_TRY(pl_plan_nested(planner, lens->parts[i].pattern, input, &node->arguments[i], &inputs[*count]));
      node->inputs[i] = (*count)++;
    }
  }
  return PL_OK;
}

pl_status pl_node_lens(pl_planner* planner, pl_node* input, const pl_alg_scan* scan, pl_node** out) {
  const uint32_t parts = planner->query->lenses[scan->lens].count;
  pl_node** inputs = PL_ARENA_ARRAY(planner->arena, pl_node*, parts + 1);
  given_node draft = {.lens = scan->lens};
  draft.arguments = PL_ARENA_ARRAY(planner->arena, pl_node*, parts + 1);
  draft.inputs = PL_ARENA_ARRAY(planner->arena, uint32_t, parts + 1);
  if (!inputs || !draft.arguments || !draft.inputs) {
    return pl_planner_nomem(planner);
  }
  uint32_t count = 1;
  inputs[0] = input;
  PL_TRY(plan_patterns(planner, input, &draft, inputs, &count));
  given_node* node = NULL;
  PL_TRY(pl_node_make(planner, &given_class, sizeof(*node), inputs, count, &node));
  const pl_node base = node->node;
  *node = draft;
  node->node = base;
  node->facts = scan->mode == PL_SCAN_FACTS;
  node->pairs = node->facts && (scan->verb_count > 1 || scan->verbs[0].predicate.kind == PL_REF_ANY);
  pl_slots_add_all(node->node.out, input->out);
  for (uint32_t i = 0; i <= PL_HIDDEN_ROW; i++) {
    pl_slots_remove(node->node.out, planner->plan->hidden + i);
  }
  pl_why_declare(planner, &node->node);
  node->node.position = scan->object.span.end;
  node->node.rows_expected = input->rows_expected / 2;
  *out = &node->node;
  return PL_OK;
}
