// Members: each row for all combinations of the nodes that its values stand for; see same.h.
//
// A chunk none of whose nodes is in a class is handed on as it is: its key columns are the columns of the values themselves.
#include "exec/same.h"

typedef struct members_node {
  pl_node node;
  pl_members members;  ///< what is wanted
  pl_carry carry;      ///< input slots copied to the output
} members_node;

/// The members that one value stands for.
typedef struct choice {
  const pl_id* ids;  ///< members
  size_t count;      ///< how many
  pl_id own;         ///< the value itself, where it is in no class
} choice;

typedef struct members_op {
  pl_op op;
  const pl_classes* classes;       ///< unless they differ from row to row
  pl_chunk plain;                  ///< an input chunk with the hidden columns
  pl_id* numbers;                  ///< column of row numbers for `plain`
  pl_id* class_numbers;            ///< column of classes by input row
  pl_id* low;                      ///< column of an argument of the lens
  pl_id* high;                     ///< and of a second one
  pl_lens_args* args;              ///< of one row
  pl_ids* sources;                 ///< by part: values of its pattern
  bool sources_ready;              ///< they were read
  pl_chunk* in;                    ///< current input chunk
  uint32_t at;                     ///< next entry of its selection
  choice choices[PL_SAME_PLACES];  ///< of the current row
  size_t total;                    ///< combinations of the current row; 0 = not begun
  size_t next;                     ///< next of them
  uint64_t row_number;             ///< input rows so far
} members_op;

static const members_node* node_of(const members_op* st) { return (const members_node*)st->op.node; }

static pl_id* column(members_op* st) { return pl_arena_alloc(&st->op.run->arena, PL_CHUNK_ROWS * sizeof(pl_id)); }

static pl_status open_args(members_op* st) {
  pl_run* run = st->op.run;
  const uint32_t parts = run->plan->query->lenses[node_of(st)->members.lens].count;
  st->low = column(st);
  st->high = column(st);
  st->class_numbers = column(st);
  st->args = PL_ARENA_ARRAY(&run->arena, pl_lens_args, parts + 1);
  st->sources = PL_ARENA_ARRAY(&run->arena, pl_ids, parts + 1);
  return st->low && st->high && st->class_numbers && st->args && st->sources ? PL_OK : pl_run_nomem(run);
}

static pl_status members_open(pl_op* op) {
  members_op* st = (members_op*)op;
  PL_TRY(pl_op_columns(op));
  PL_TRY(pl_chunk_make(op->run, &st->plain));
  st->numbers = column(st);
  if (!st->numbers) {
    return pl_run_nomem(op->run);
  }
  return node_of(st)->members.correlated ? open_args(st)
                                         : pl_run_classes(op->run, node_of(st)->members.lens, &st->classes);
}

static void members_close(pl_op* op) {
  members_op* st = (members_op*)op;
  const uint32_t parts = st->sources ? op->run->plan->query->lenses[node_of(st)->members.lens].count : 0;
  for (uint32_t i = 0; i < parts; i++) {
    pl_vec_free(&op->run->mem, &st->args[i].sources);
    pl_vec_free(&op->run->mem, &st->sources[i]);
  }
}

static pl_status members_rewind(pl_op* op) {
  members_op* st = (members_op*)op;
  st->in = NULL;
  st->total = 0;
  return pl_op_rewind(op->input);
}

// ---- classes that differ from row to row --------------------------------------------------------------------------

static pl_status row_sources(members_op* st, uint32_t number, const pl_lens_part* part, uint32_t row) {
  pl_run* run = st->op.run;
  pl_lens_args* args = &st->args[number];
  args->sources.count = 0;
  args->null = false;
  for (uint32_t i = 0; i < part->source_count; i++) {
    const pl_ref* ref = &part->sources[i];
    pl_ids more = {0};
    pl_status status = PL_OK;
    if (ref->kind == PL_REF_SLOT) {
      const pl_id id = pl_chunk_id(st->in, ref->index, row);
      args->null |= id == PL_ID_NULL && part->negated;
      status = id && pl_id_tag(id) != PL_TAG_TEMP ? pl_vec_push(&run->mem, &more, id) : PL_OK;
    } else {
      status = pl_const_ids(run, ref, false, false, 0, &more);
    }
    for (size_t k = 0; k < more.count && status == PL_OK; k++) {
      status = pl_vec_push(&run->mem, &args->sources, more.data[k]);
    }
    pl_vec_free(&run->mem, &more);
    PL_TRY(status);
  }
  for (size_t i = 0; i < st->sources[number].count; i++) {
    PL_TRY(pl_vec_push(&run->mem, &args->sources, st->sources[number].data[i]));
  }
  pl_ids_unique(&args->sources);
  return PL_OK;
}

/// Arguments of one part for one row. Programs of the chunk have been computed by column where the part has them.
static pl_status row_args(members_op* st, uint32_t number, const pl_lens_part* part, uint32_t row) {
  pl_run* run = st->op.run;
  const uint32_t lens = node_of(st)->members.lens;
  const pl_lens_plan* plan = &run->plan->lens_parts[pl_lens_part_number(run->plan->query, lens, number)];
  uint16_t only = (uint16_t)row;
  pl_chunk one = *st->in;
  pl_value low = {.kind = PL_VALUE_NULL}, high = {.kind = PL_VALUE_NULL};
  if (part->kind == PL_LENS_ACCORDING) {
    return row_sources(st, number, part, row);
  }
  one.selection = &only;
  one.selected = 1;
  PL_TRY(plan->low ? pl_program_eval(plan->low, &run->eval, &one, st->low) : PL_OK);
  PL_TRY(plan->high ? pl_program_eval(plan->high, &run->eval, &one, st->high) : PL_OK);
  PL_TRY(plan->low && st->low[row] ? pl_termpool_value(run->pool, st->low[row], &low) : PL_OK);
  PL_TRY(plan->high && st->high[row] ? pl_termpool_value(run->pool, st->high[row], &high) : PL_OK);
  pl_lens_args_set(part, &low, plan->high ? &high : NULL, &st->args[number]);
  return PL_OK;
}

static pl_status row_classes(members_op* st, uint32_t row) {
  pl_run* run = st->op.run;
  const uint32_t number = node_of(st)->members.lens;
  const pl_lens* lens = &run->plan->query->lenses[number];
  for (uint32_t i = 0; i < lens->count; i++) {
    if (!st->sources_ready && lens->parts[i].pattern) {
      PL_TRY(pl_lens_sources(run, number, i, &st->sources[i]));
    }
    PL_TRY(row_args(st, i, &lens->parts[i], row));
  }
  st->sources_ready = true;
  return pl_classes_for(run, number, st->args, &st->classes, &st->class_numbers[row]);
}

// ---- rows ---------------------------------------------------------------------------------------------------------

/// Is a value of the chunk in a class? Rows whose classes are their own are always repeated one by one.
static bool is_touched(const members_op* st, const pl_chunk* in) {
  const pl_members* members = &node_of(st)->members;
  if (members->correlated) {
    return true;
  }
  for (uint32_t p = 0; p < PL_SAME_PLACES && st->classes; p++) {
    for (uint32_t i = 0; members->keys[p] != PL_SLOT_NONE && i < in->selected; i++) {
      if (pl_classes_find(st->classes, pl_chunk_id(in, members->keys[p], pl_chunk_row(in, i))) != PL_CLASS_NONE) {
        return true;
      }
    }
  }
  return false;
}

/// The input chunk as it is, with the hidden columns.
static void hand_on(members_op* st, pl_chunk* in, pl_chunk** out) {
  const pl_members* members = &node_of(st)->members;
  const pl_slot hidden = st->op.run->plan->hidden;
  pl_id** columns = st->plain.columns;
  st->plain = *in;
  st->plain.columns = columns;
  memcpy(columns, in->columns, in->slot_count * sizeof(pl_id*));
  for (uint32_t p = 0; p < PL_SAME_PLACES; p++) {
    columns[hidden + PL_HIDDEN_KEY + p] = members->keys[p] != PL_SLOT_NONE ? in->columns[members->keys[p]] : NULL;
  }
  columns[hidden + PL_HIDDEN_SAME_ROW] = st->numbers;
  for (uint32_t i = 0; i < in->selected; i++) {
    st->numbers[pl_chunk_row(in, i)] = ++st->row_number;
  }
  *out = &st->plain;
}

static pl_status begin_row(members_op* st, uint32_t row) {
  const pl_members* members = &node_of(st)->members;
  PL_TRY(members->correlated ? row_classes(st, row) : PL_OK);
  st->total = 1;
  st->next = 0;
  st->row_number++;
  for (uint32_t p = 0; p < PL_SAME_PLACES; p++) {
    choice* c = &st->choices[p];
    c->own = members->keys[p] != PL_SLOT_NONE ? pl_chunk_id(st->in, members->keys[p], row) : PL_ID_NULL;
    c->ids = &c->own;
    c->count = c->own ? pl_classes_members(st->classes, &c->own, &c->ids) : 1;
    if (__builtin_mul_overflow(st->total, c->count, &st->total)) {
      st->total = SIZE_MAX;
    }
  }
  return PL_OK;
}

/// The next combination of the current row.
static pl_status emit(members_op* st, uint32_t row, uint32_t at) {
  const members_node* node = node_of(st);
  const pl_slot hidden = st->op.run->plan->hidden;
  pl_chunk* out = &st->op.chunk;
  size_t rest = st->next++;
  pl_carry_row(&node->carry, st->in, row, out, at, 1);
  for (uint32_t p = 0; p < PL_SAME_PLACES; p++) {
    if (out->columns[hidden + PL_HIDDEN_KEY + p]) {
      out->columns[hidden + PL_HIDDEN_KEY + p][at] = st->choices[p].ids[rest % st->choices[p].count];
    }
    rest /= st->choices[p].count;
  }
  out->columns[hidden + PL_HIDDEN_SAME_ROW][at] = st->row_number;
  if (node->members.correlated) {
    out->columns[hidden + PL_HIDDEN_CLASSES][at] = st->class_numbers[row];
  }
  return pl_op_times(&st->op, at, 1, pl_chunk_times(st->in, row));
}

static pl_status members_next(pl_op* op, pl_chunk** out) {
  members_op* st = (members_op*)op;
  if (!st->in || st->at == st->in->selected) {
    PL_TRY(pl_op_next(op->input, &st->in));
    st->at = 0;
    if (!is_touched(st, st->in)) {
      hand_on(st, st->in, out);
      st->at = st->in->selected;
      return PL_OK;
    }
  }
  uint32_t at = 0;
  pl_op_clear(op);
  while (st->at < st->in->selected && at < PL_CHUNK_ROWS) {
    const uint32_t row = pl_chunk_row(st->in, st->at);
    PL_TRY(st->total ? PL_OK : begin_row(st, row));
    PL_TRY(emit(st, row, at++));
    if (st->next == st->total) {
      st->total = 0;
      st->at++;
    }
  }
  pl_chunk_set(&op->chunk, at);
  *out = &op->chunk;
  return PL_OK;
}

// ---- plan ---------------------------------------------------------------------------------------------------------

static pl_status members_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  members_node* node = (members_node*)base;
  pl_slots below = {0}, carried = {0};
  const pl_slot hidden = planner->plan->hidden;
  pl_slots_keep(base->out, needed);
  pl_slots_add(base->out, hidden + PL_HIDDEN_SAME_ROW);
  if (node->members.correlated) {
    pl_slots_add(base->out, hidden + PL_HIDDEN_CLASSES);
  }
  PL_TRY(pl_slots_copy(planner->arena, base->out, &below));
  pl_slots_keep(below, base->inputs[0]->out);
  PL_TRY(pl_slots_copy(planner->arena, below, &carried));
  for (uint32_t p = 0; p < PL_SAME_PLACES; p++) {
    if (node->members.keys[p] != PL_SLOT_NONE) {
      pl_slots_add(below, node->members.keys[p]);
    }
  }
  if (node->members.correlated) {
    pl_slots_of_lens(planner->query, node->members.lens, below);
  }
  PL_TRY(pl_node_prune(planner, base->inputs[0], below));
  return pl_carry_make(planner, carried, &node->carry);
}

static pl_status members_describe(const pl_node* base, pl_explain* explain) {
  const members_node* node = (const members_node*)base;
  for (uint32_t p = 0; p < PL_SAME_PLACES; p++) {
    if (node->members.keys[p] != PL_SLOT_NONE) {
      PL_TRY(pl_explain_slots(explain, &node->members.keys[p], 1));
    }
  }
  return PL_OK;
}

static const pl_op_class members_class = {.name = "Members",
                                          .state_bytes = sizeof(members_op),
                                          .open = members_open,
                                          .next = members_next,
                                          .rewind = members_rewind,
                                          .close = members_close,
                                          .prune = members_prune,
                                          .describe = members_describe};

pl_status pl_node_members(pl_planner* planner, pl_node* input, const pl_members* members, pl_node** out) {
  members_node* node = NULL;
  const pl_slot hidden = planner->plan->hidden;
  PL_TRY(pl_node_make(planner, &members_class, sizeof(*node), &input, 1, &node));
  node->members = *members;
  pl_slots_add_all(node->node.out, input->out);
  for (uint32_t p = 0; p < PL_SAME_PLACES; p++) {
    if (members->keys[p] != PL_SLOT_NONE) {
      pl_slots_add(node->node.out, hidden + PL_HIDDEN_KEY + p);
    }
  }
  pl_slots_add(node->node.out, hidden + PL_HIDDEN_SAME_ROW);
  if (members->correlated) {
    pl_slots_add(node->node.out, hidden + PL_HIDDEN_CLASSES);
  }
  node->node.rows_expected = input->rows_expected;
  *out = &node->node;
  return PL_OK;
}
