// Members: each row for all combinations of the nodes that its values stand for; see same.h.
//
// A chunk none of whose nodes is in a class is handed on as it is: its key columns are the columns of the values themselves.
#include "exec/lens_row.h"
#include "exec/same.h"

typedef struct members_node {
  pl_node node;
  pl_members members;      ///< what is wanted
  pl_lens_row_plan given;  ///< where the classes differ from row to row
  pl_carry carry;          ///< input slots copied to the output
} members_node;

/// The members that one value stands for.
typedef struct choice {
  const pl_id* ids;  ///< members
  size_t count;      ///< how many
  pl_id own;         ///< the value itself, where it is in no class
} choice;

typedef struct members_op {
  pl_op op;
  const pl_classes* classes;       ///< of the current row where they differ from row to row
  pl_lens_row given;               ///< for those
  pl_chunk plain;                  ///< an input chunk with the hidden columns
  pl_id* numbers;                  ///< column of row numbers for `plain`
  pl_chunk* in;                    ///< current input chunk
  uint32_t at;                     ///< next entry of its selection
  choice choices[PL_SAME_PLACES];  ///< of the current row
  size_t total;                    ///< combinations of the current row; 0 = not begun
  size_t next;                     ///< next of them
  uint64_t row_number;             ///< input rows so far
} members_op;

static const members_node* node_of(const members_op* st) { return (const members_node*)st->op.node; }

static pl_id* column(members_op* st) { return pl_arena_alloc(&st->op.run->arena, PL_CHUNK_ROWS * sizeof(pl_id)); }

static pl_status members_open(pl_op* op) {
  members_op* st = (members_op*)op;
  PL_TRY(pl_op_columns(op));
  PL_TRY(pl_chunk_make(op->run, &st->plain));
  st->numbers = column(st);
  if (!st->numbers) {
    return pl_run_nomem(op->run);
  }
  return node_of(st)->members.correlated ? pl_lens_row_open(&st->given, &node_of(st)->given, op)
                                         : pl_run_classes(op->run, node_of(st)->members.lens, &st->classes);
}

static void members_close(pl_op* op) { pl_lens_row_close(&((members_op*)op)->given); }

static pl_status members_rewind(pl_op* op) {
  members_op* st = (members_op*)op;
  st->in = NULL;
  st->total = 0;
  return pl_op_rewind(op->input);
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
  PL_TRY(members->correlated ? pl_lens_row_set(&st->given, st->in, row, &st->classes) : PL_OK);
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
    out->columns[hidden + PL_HIDDEN_CLASSES][at] = st->given.classes;
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
    PL_TRY(pl_lens_row_prune(planner, base, &node->given, below));
    pl_slots_keep(below, base->inputs[0]->out);
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
  pl_lens_row_plan given = {0};
  const pl_slot hidden = planner->plan->hidden;
  uint32_t count = 1;
  pl_node** inputs = PL_ARENA_ARRAY(planner->arena, pl_node*, planner->query->lenses[members->lens].count + 1);
  if (!inputs) {
    return pl_planner_nomem(planner);
  }
  inputs[0] = input;
  PL_TRY(members->correlated ? pl_lens_row_make(planner, input, members->lens, &given, inputs, &count) : PL_OK);
  PL_TRY(pl_node_make(planner, &members_class, sizeof(*node), inputs, count, &node));
  node->members = *members;
  node->given = given;
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
