// Path: each row of the input extended with the ends of a path, one row per pair of ends (or per shortest path). See path.h.
//
// An end is known (a constant, or a slot of the input) or free. From the known one all others are searched; with both known the search goes from both;
// with none known the nodes that the cheaper side can begin with are taken in turn. Answers for one start are kept for other rows.
#include "exec/lens_row.h"
#include "exec/path.h"
#include "exec/support.h"

#define MEMO_IDS_MAX ((size_t)1 << 20)  ///< ends kept for starts that come again

typedef enum end_kind { END_ANY, END_NEW, END_BOUND, END_CONST } end_kind;
typedef struct path_end {
  end_kind kind;
  const pl_ref* ref;  ///< slot of NEW and BOUND, constant
} path_end;

typedef struct path_node {
  pl_node node;
  const pl_alg_path* path;  ///< as in the algebra
  pl_path_nfa nfa;          ///< the automaton
  path_end ends[2];         ///< subject, object
  bool loop;                ///< both ends are the same new slot
  bool walks;               ///< paths are listed, not only their ends
  bool named;               ///< rows have the path
  bool counted;             ///< no new slot is needed: rows are counted, not made
  bool correlated;          ///< the lens has variables
  pl_lens_row_plan given;   ///< for such a lens
  pl_carry carry;           ///< input slots copied to the output
} path_node;

typedef struct answer {
  pl_id end;   ///< the other end
  pl_id path;  ///< or 0
  pl_why why;  ///< or 0
} answer;
typedef PL_VEC(answer) answers;

/// A node to search from (or to).
typedef struct start {
  pl_id id;    ///< as bound, or shown
  bool empty;  ///< the empty path may begin here
} start;
typedef PL_VEC(start) starts;

/// Where the answers for a start are kept.
typedef struct memo_span {
  size_t at;     ///< in memo_answers
  size_t count;  ///< answers
} memo_span;

typedef struct path_op {
  pl_op op;
  pl_path_graph graph;      ///< what is next to what
  pl_path_search search;    ///< in it
  pl_lens_row given;        ///< a lens with variables, for the current row
  pl_path_walk* walk;       ///< made when first needed
  bool why;                 ///< rows carry their support
  starts known[2];          ///< of each end: its nodes in the current row; constants stay
  starts all[2];            ///< nodes that a side can begin with when both are free
  bool listed[2];           ///< `all` is filled
  pl_chunk* in;             ///< current input chunk
  uint32_t in_at;           ///< next entry of its selection
  uint32_t row;             ///< current input row
  bool against;             ///< the current row is searched from its object
  const starts* from;       ///< nodes to search from
  size_t from_at;           ///< next
  pl_id from_id;            ///< the one at hand
  const starts* to;         ///< nodes at the other end; NULL = free
  size_t to_at;             ///< next of the ends found, or of `to`
  bool walking;             ///< there are more paths to the end at hand
  pl_id walk_end;           ///< this end
  answers own;              ///< of the start at hand: all, or as many as go into a chunk
  const answer* found;      ///< answers to hand on: `own`, or kept ones
  size_t found_count;       ///< used
  size_t found_at;          ///< next
  pl_idmap memo[2];         ///< by side: start -> number of its span
  PL_VEC(memo_span) spans;  ///< of memo_answers
  answers memo_answers;     ///< kept
  pl_ids spare;             ///< working space
  PL_VEC(bool) flags;       ///< inverse flags of a path value
} path_op;

static const path_node* node_of(const path_op* st) { return (const path_node*)st->op.node; }
static bool is_known(const path_end* end) { return end->kind == END_BOUND || end->kind == END_CONST; }

// ---- life ---------------------------------------------------------------------------------------------------------

static pl_status add_known(path_op* st, int side, pl_id id, bool empty) {
  return pl_vec_push(&st->op.run->mem, &st->known[side], ((start){id, empty}));
}

/// The nodes that a constant end stands for: equal numbers and dates too, but the empty path is only at what is written.
static pl_status resolve_constant(path_op* st, int side) {
  pl_run* run = st->op.run;
  const pl_ref* ref = node_of(st)->ends[side].ref;
  const pl_id given = ref->kind == PL_REF_TERM ? run->terms[ref->index] : run->params[ref->index];
  const pl_id* items = &given;
  size_t count = 1;
  (void)pl_termpool_list(run->pool, given, &items, &count);
  st->known[side].count = 0;
  st->spare.count = 0;
  PL_TRY(pl_const_ids(run, ref, true, false, 0, &st->spare));
  const size_t stored = st->spare.count;
  for (size_t i = 0; i < count; i++) {
    if (items[i] && !pl_termpool_is_list(run->pool, items[i])) {
      PL_TRY(pl_vec_push(&run->mem, &st->spare, items[i]));
    }
  }
  if (st->spare.count == 0) {
    return PL_OK;
  }
  const pl_ids own = {st->spare.data + stored, st->spare.count - stored, 0};
  pl_ids sorted = own;
  PL_TRY(pl_ids_unique(run, &sorted));
  for (size_t i = 0; i < sorted.count; i++) {
    PL_TRY(add_known(st, side, sorted.data[i], true));
  }
  for (size_t i = 0; i < stored; i++) {
    PL_TRY(pl_ids_have(&sorted, st->spare.data[i]) ? PL_OK : add_known(st, side, st->spare.data[i], false));
  }
  return PL_OK;
}

/// Under identity several constants may be one node.
static pl_status drop_same_nodes(path_op* st, starts* list) {
  pl_mem* mem = &st->op.run->mem;
  pl_idmap seen = {0};
  size_t kept = 0;
  pl_status status = PL_OK;
  if (!st->graph.classes) {
    return PL_OK;
  }
  for (size_t i = 0; i < list->count && status == PL_OK; i++) {
    bool added = false;
    status = pl_idmap_put(&seen, mem, pl_classes_shown(st->graph.classes, list->data[i].id), 0, &added);
    list->data[kept] = list->data[i];
    kept += added;
  }
  list->count = kept;
  pl_idmap_free(&seen, mem);
  return status;
}

static void restart(path_op* st) {
  st->in = NULL;
  st->from = NULL;
  st->walking = false;
  st->found_count = st->found_at = 0;
}

/// Begin in a graph as the lens shows it; for a lens with variables these are its classes in the current row.
static pl_status begin(path_op* st, const pl_classes* classes) {
  pl_run* run = st->op.run;
  const path_node* node = node_of(st);
  if (!node->correlated && node->path->lens != PL_LENS_NONE) {
    PL_TRY(pl_run_classes(run, node->path->lens, &classes));
  }
  PL_TRY(pl_path_graph_init(&st->graph, run, &node->nfa, classes));
  if (node->correlated) {
    st->graph.check = pl_lens_row_check;
    st->graph.check_user = &st->given;
  } else if (node->path->lens != PL_LENS_NONE) {
    PL_TRY(pl_lens_pass(run, node->path->lens, &st->graph.pass));
  }
  PL_TRY(pl_path_search_init(&st->search, &st->graph, &node->nfa));
  for (int side = 0; side < 2; side++) {
    if (node->ends[side].kind == END_CONST) {
      PL_TRY(resolve_constant(st, side));
      PL_TRY(drop_same_nodes(st, &st->known[side]));
    }
  }
  return PL_OK;
}

/// Give back all that was found out.
static void forget(path_op* st) {
  pl_mem* mem = &st->op.run->mem;
  pl_path_walk_free(st->walk);
  st->walk = NULL;
  pl_path_search_free(&st->search);
  pl_path_graph_free(&st->graph);
  for (int side = 0; side < 2; side++) {
    pl_vec_free(mem, &st->known[side]);
    pl_vec_free(mem, &st->all[side]);
    pl_idmap_free(&st->memo[side], mem);
    st->listed[side] = false;
  }
  pl_vec_free(mem, &st->own);
  pl_vec_free(mem, &st->spans);
  pl_vec_free(mem, &st->memo_answers);
  pl_vec_free(mem, &st->spare);
  pl_vec_free(mem, &st->flags);
}

static pl_status path_open(pl_op* op) {
  path_op* st = (path_op*)op;
  st->why = pl_why_asked(op->run) && pl_slots_has(op->node->out, op->run->plan->why);
  PL_TRY(pl_op_columns(op));
  PL_TRY(node_of(st)->correlated ? pl_lens_row_open(&st->given, &node_of(st)->given, op) : PL_OK);
  return begin(st, NULL);
}

static pl_status path_again(pl_op* op) {
  forget((path_op*)op);
  restart((path_op*)op);
  return begin((path_op*)op, NULL);
}

static pl_status path_rewind(pl_op* op) {
  restart((path_op*)op);
  return pl_op_rewind(op->input);
}

static void path_close(pl_op* op) {
  forget((path_op*)op);
  pl_lens_row_close(&((path_op*)op)->given);
}

// ---- the ends of a row --------------------------------------------------------------------------------------------

static pl_status list_side(path_op* st, bool against) {
  const path_node* node = node_of(st);
  const pl_path_nfa* nfa = &node->nfa;
  pl_numbers numbers = {0};
  pl_status status = nfa->final[0] ? pl_path_all_nodes(&st->graph, &numbers) : PL_OK;
  for (uint32_t s = 1; s < nfa->state_count && !nfa->final[0] && status == PL_OK; s++) {
    bool begins = against && nfa->final[s];
    for (uint32_t m = nfa->forward.at[0]; m < nfa->forward.at[1] && !against; m++) {
      begins |= nfa->forward.to[m] == s;
    }
    status = begins ? pl_path_ends(&st->graph, nfa->step[s], against, &numbers) : PL_OK;
  }
  for (size_t i = 0; i < numbers.count && status == PL_OK; i++) {
    status = pl_vec_push(&st->op.run->mem, &st->all[against], ((start){st->graph.ids.data[numbers.data[i]], true}));
  }
  pl_vec_free(&st->op.run->mem, &numbers);
  st->listed[against] = status == PL_OK;
  return status;
}

/// Nodes that a side can begin with, about.
static double side_nodes(const path_op* st, bool against) {
  const pl_path_nfa* nfa = &node_of(st)->nfa;
  double nodes = 0;
  if (!against) {
    for (uint32_t m = nfa->forward.at[0]; m < nfa->forward.at[1]; m++) {
      nodes += st->graph.steps[nfa->step[nfa->forward.to[m]]].ends[0];
    }
    return nodes;
  }
  for (uint32_t s = 1; s < nfa->state_count; s++) {
    nodes += nfa->final[s] ? st->graph.steps[nfa->step[s]].ends[1] : 0;
  }
  return nodes;
}

/// The nodes of an end in the current row; false if it is null.
static pl_status take_end(path_op* st, int side, bool* some) {
  const path_end* end = &node_of(st)->ends[side];
  if (end->kind == END_BOUND) {
    const pl_id id = pl_chunk_id(st->in, end->ref->index, st->row);
    st->known[side].count = 0;
    if (id && !pl_termpool_is_list(st->op.run->pool, id)) {
      PL_TRY(add_known(st, side, id, true));
    }
  }
  *some = !is_known(end) || st->known[side].count > 0;
  return PL_OK;
}

/// Look through a lens with variables as it is in the current row: nothing found before holds.
static pl_status set_lens(path_op* st) {
  const pl_classes* classes = NULL;
  PL_TRY(pl_lens_row_set(&st->given, st->in, st->row, &classes));
  for (int side = 0; side < 2; side++) {
    st->listed[side] = false;
    st->all[side].count = 0;
  }
  if (classes == st->graph.classes) {
    return PL_OK;
  }
  forget(st);
  return begin(st, classes);
}

/// Decide where to search from.
static pl_status begin_row(path_op* st) {
  const path_node* node = node_of(st);
  PL_TRY(node->correlated ? set_lens(st) : PL_OK);
  const bool known[2] = {is_known(&node->ends[0]), is_known(&node->ends[1])};
  bool some[2] = {false, false};
  st->from = NULL;
  st->to = NULL;
  st->from_at = 0;
  for (int side = 0; side < 2; side++) {
    PL_TRY(take_end(st, side, &some[side]));
    if (!some[side]) {
      return PL_OK;
    }
  }
  if (known[0] || known[1]) {
    st->against = !known[0] || (known[1] && st->known[1].count < st->known[0].count);
    st->from = &st->known[st->against];
    st->to = known[!st->against] ? &st->known[!st->against] : NULL;
    return PL_OK;
  }
  // Paths are read towards the end, so its distances are needed: found at once when the search comes from there.
  st->against = !node->loop && (node->walks || st->why || side_nodes(st, true) < side_nodes(st, false));
  PL_TRY(st->listed[st->against] ? PL_OK : list_side(st, st->against));
  st->from = &st->all[st->against];
  return PL_OK;
}

// ---- answers ------------------------------------------------------------------------------------------------------

static pl_status path_value(path_op* st, const pl_path_found* path, pl_id* out) {
  pl_mem* mem = &st->op.run->mem;
  st->spare.count = st->flags.count = 0;
  for (uint32_t i = 0; i <= path->length; i++) {
    PL_TRY(pl_vec_push(mem, &st->spare, st->graph.ids.data[path->nodes[i]]));
  }
  for (uint32_t i = 0; i < path->length; i++) {
    PL_TRY(pl_vec_push(mem, &st->spare, path->facts[i].p));
    PL_TRY(pl_vec_push(mem, &st->flags, path->facts[i].inverse));
  }
  const pl_path_value value = {.nodes = st->spare.data,
                               .predicates = st->spare.data + path->length + 1,
                               .inverse = st->flags.data,
                               .length = path->length};
  return pl_termpool_put_path(st->op.run->pool, &value, out);
}

/// How rows name an end; 0 if they do not.
static pl_id name_of(const path_op* st, int side, pl_id id) {
  const end_kind kind = node_of(st)->ends[side].kind;
  return kind == END_ANY ? PL_ID_NULL : kind == END_NEW ? pl_classes_shown(st->graph.classes, id) : id;
}

static pl_status add_path(path_op* st, const pl_path_found* path) {
  const path_node* node = node_of(st);
  answer a = {.end = st->walk_end};
  if (node->named) {
    PL_TRY(path_value(st, path, &a.path));
  }
  if (st->why) {
    const pl_path_names names = {.subject = name_of(st, 0, st->against ? st->walk_end : st->from_id),
                                 .object = name_of(st, 1, st->against ? st->from_id : st->walk_end),
                                 .nodes_shown = node->named};
    PL_TRY(pl_path_why(&st->graph, node->path->lens, path, &names, &a.why));
  }
  return pl_vec_push(&st->op.run->mem, &st->own, a);
}

/// Paths to the end at hand, until there are enough for a chunk.
static pl_status walk_on(path_op* st) {
  pl_path_found path;
  while (st->walking && st->own.count < PL_CHUNK_ROWS) {
    const pl_status status = pl_path_walk_next(st->walk, &path);
    st->walking = status != PL_DONE;
    PL_TRY(status == PL_DONE ? PL_OK : status);
    PL_TRY(st->walking ? add_path(st, &path) : PL_OK);
  }
  return PL_OK;
}

/// An end was found: hand it on, or the paths to it. `connected`: from both ends.
static pl_status add_end(path_op* st, pl_number from, pl_number to, pl_id end, bool empty, bool connected) {
  const path_node* node = node_of(st);
  pl_path_search* search = &st->search;
  if (!node->walks && !st->why) {
    return pl_vec_push(&st->op.run->mem, &st->own, ((answer){.end = end}));
  }
  pl_number begin_node = from;
  if (connected) {
    PL_TRY(pl_path_mark(search));
  } else if (!st->against) {
    PL_TRY(pl_path_mark_end(search, to, empty));
  } else {
    begin_node = to;
    const bool at_start = empty && from == to && node->nfa.final[0];
    search->total = at_start ? 0 : pl_path_depth(&search->sides[1], 0, to) - 1;
  }
  PL_TRY(st->walk ? PL_OK : pl_path_walk_new(search, &st->walk));
  const bool all = node->path->mode == PL_PATH_SHORTEST_ALL;
  st->walking = true;
  st->walk_end = end;
  PL_TRY(pl_path_walk_begin(st->walk, begin_node, all));
  return walk_on(st);
}

/// All ends from a start, from the next one on, until there are enough for a chunk.
static pl_status free_ends(path_op* st, const start* from, pl_number number) {
  while (st->to_at < st->search.found.count && !st->walking) {
    const pl_number other = st->search.found.data[st->to_at++];
    PL_TRY(add_end(st, number, other, st->graph.ids.data[other], from->empty, false));
  }
  return PL_OK;
}

/// From a start to one other end, from both.
static pl_status search_pair(path_op* st, const start* from, pl_number number, pl_id to) {
  pl_number other = 0;
  bool found = false;
  PL_TRY(pl_path_number(&st->graph, to, &other));
  const pl_number subject = st->against ? other : number, object = st->against ? number : other;
  PL_TRY(pl_path_connect(&st->search, subject, object, from->empty, &found));
  return found ? add_end(st, subject, object, to, from->empty, true) : PL_OK;
}

/// From a start to those of several ends that it reaches, likewise.
static pl_status some_ends(path_op* st, const start* from, pl_number number) {
  while (st->to_at < st->to->count && !st->walking) {
    const pl_id id = st->to->data[st->to_at++].id;
    pl_number other = 0;
    PL_TRY(pl_path_number(&st->graph, id, &other));
    if (other < st->search.seen.count && st->search.seen.data[other]) {
      PL_TRY(add_end(st, number, other, id, from->empty, false));
    }
  }
  return PL_OK;
}

static bool memo_find(path_op* st, pl_id id) {
  const uint64_t* span = pl_idmap_find(&st->memo[st->against], id);
  if (span) {
    st->found = st->memo_answers.data + st->spans.data[*span].at;
    st->found_count = st->spans.data[*span].count;
  }
  return span != NULL;
}

/// Keep the answers for a start, while there is room.
static pl_status memo_keep(path_op* st, pl_id id) {
  pl_mem* mem = &st->op.run->mem;
  const size_t at = st->memo_answers.count, count = st->own.count;
  if (at + count > MEMO_IDS_MAX || st->spans.count >= MEMO_IDS_MAX) {
    return PL_OK;
  }
  PL_TRY(pl_vec_reserve(mem, &st->memo_answers, at + count + 1));
  if (count) {
    memcpy(st->memo_answers.data + at, st->own.data, count * sizeof(answer));
  }
  st->memo_answers.count += count;
  PL_TRY(pl_vec_push(mem, &st->spans, ((memo_span){at, count})));
  return pl_idmap_put(&st->memo[st->against], mem, id, st->spans.count - 1, NULL);
}

/// Search from a start, or go on with it.
static pl_status search_from(path_op* st, const start* from, bool fresh) {
  const bool loop = node_of(st)->loop;
  pl_number number = 0;
  PL_TRY(pl_path_number(&st->graph, from->id, &number));
  PL_TRY(fresh ? PL_OK : walk_on(st));
  if (loop || (st->to && st->to->count == 1)) {
    return fresh ? search_pair(st, from, number, loop ? from->id : st->to->data[0].id) : PL_OK;
  }
  PL_TRY(fresh ? pl_path_reach(&st->search, number, st->against, from->empty) : PL_OK);
  return st->to ? some_ends(st, from, number) : free_ends(st, from, number);
}

/// Answers for the next start of the row, or further ones of the last.
static pl_status search_next(path_op* st) {
  const bool fresh = !st->walking;
  const start* from = &st->from->data[fresh ? st->from_at++ : st->from_at - 1];
  const bool keeps =
      fresh && st->to == NULL && !node_of(st)->loop && !st->graph.check && st->from == &st->known[st->against];
  st->from_id = from->id;
  st->to_at = fresh ? 0 : st->to_at;
  st->own.count = st->found_count = st->found_at = 0;
  if (keeps && memo_find(st, from->id)) {
    return PL_OK;
  }
  PL_TRY(search_from(st, from, fresh));
  st->found = st->own.data;
  st->found_count = st->own.count;
  return keeps && !st->walking ? memo_keep(st, from->id) : PL_OK;
}

// ---- rows ---------------------------------------------------------------------------------------------------------

static pl_status next_row(path_op* st) {
  PL_TRY(pl_op_next_row(st->op.input, &st->in, &st->in_at, &st->row));
  return begin_row(st);
}

/// Go on until there are answers; PL_DONE at the end.
static pl_status find_answers(path_op* st) {
  while (st->found_at == st->found_count) {
    if (st->walking || (st->from && st->from_at < st->from->count)) {
      PL_TRY(search_next(st));
    } else {
      PL_TRY(next_row(st));
    }
  }
  return PL_OK;
}

static pl_id* column_of(path_op* st, int side) {
  const path_end* end = &node_of(st)->ends[side];
  return end->kind == END_NEW ? st->op.chunk.columns[end->ref->index] : NULL;
}

/// `count` answers as rows from `at` on.
static pl_status write_rows(path_op* st, uint32_t at, uint32_t count) {
  const path_node* node = node_of(st);
  pl_chunk* out = &st->op.chunk;
  pl_id* near = column_of(st, st->against);
  pl_id* far = column_of(st, !st->against);
  pl_id* path = node->path->as == PL_SLOT_NONE ? NULL : out->columns[node->path->as];
  pl_carry_row(&node->carry, st->in, st->row, out, at, count);
  for (uint32_t i = 0; i < count; i++) {
    const answer* a = &st->found[st->found_at + i];
    if (far) {
      far[at + i] = a->end;
    }
    if (near) {
      near[at + i] = pl_classes_shown(st->graph.classes, st->from_id);
    }
    if (path) {
      path[at + i] = a->path;
    }
    PL_TRY(st->why ? pl_why_extend(st->op.run, st->in, st->row, out, at + i, 1, a->why) : PL_OK);
  }
  return PL_OK;
}

static pl_status path_next(pl_op* op, pl_chunk** out) {
  path_op* st = (path_op*)op;
  uint32_t at = 0;
  pl_op_clear(op);
  while (at < PL_CHUNK_ROWS) {
    const pl_status status = find_answers(st);
    if (status == PL_DONE) {
      break;
    }
    PL_TRY(status);
    const size_t left = st->found_count - st->found_at;
    const bool counted = node_of(st)->counted;
    const uint32_t space = PL_CHUNK_ROWS - at;
    const uint32_t rows = counted ? 1 : left < space ? (uint32_t)left : space;
    const uint64_t times = pl_times_mul(counted ? left : 1, pl_chunk_times(st->in, st->row));
    PL_TRY(write_rows(st, at, rows));
    PL_TRY(pl_op_times(op, at, rows, times));
    st->found_at += counted ? left : rows;
    at += rows;
  }
  if (at == 0) {
    return PL_DONE;
  }
  pl_chunk_set(&op->chunk, at);
  *out = &op->chunk;
  return PL_OK;
}

// ---- plan ---------------------------------------------------------------------------------------------------------

static pl_status path_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  path_node* node = (path_node*)base;
  pl_slots below = {0}, carried = {0};
  pl_slots_keep(base->out, needed);
  node->named = node->path->as != PL_SLOT_NONE && pl_slots_has(base->out, node->path->as);
  node->walks = node->named || node->path->mode == PL_PATH_SHORTEST_ALL;
  node->counted = pl_planner_rule(planner, PL_RULE_COUNT_MATCHES) && !node->named &&
                  !(planner->plan->why != PL_SLOT_NONE && pl_slots_has(base->out, planner->plan->why));
  PL_TRY(pl_slots_copy(planner->arena, base->out, &below));
  pl_slots_keep(below, base->inputs[0]->out);
  PL_TRY(pl_slots_copy(planner->arena, below, &carried));
  for (int side = 0; side < 2; side++) {
    const path_end* end = &node->ends[side];
    if (end->kind == END_BOUND) {
      pl_slots_add(below, end->ref->index);
    }
    node->counted &= end->kind != END_NEW || !pl_slots_has(base->out, end->ref->index);
  }
  PL_TRY(node->correlated ? pl_lens_row_prune(planner, base, &node->given, below) : PL_OK);
  pl_slots_keep(below, base->inputs[0]->out);
  PL_TRY(pl_node_prune(planner, base->inputs[0], below));
  return pl_carry_make(planner, carried, &node->carry);
}

static pl_status path_describe(const pl_node* base, pl_explain* explain) {
  const path_node* node = (const path_node*)base;
  const bool known[2] = {is_known(&node->ends[0]), is_known(&node->ends[1])};
  PL_TRY(pl_buf_char(explain->out, ' '));
  PL_TRY(pl_explain_ref(explain, &node->path->subject));
  PL_TRY(pl_buf_char(explain->out, ' '));
  PL_TRY(pl_path_explain(explain, node->path->path));
  PL_TRY(pl_buf_char(explain->out, ' '));
  PL_TRY(pl_explain_ref(explain, &node->path->object));
  if (node->path->as != PL_SLOT_NONE) {
    PL_TRY(pl_buf_str(explain->out, PL_STR(" as ")));
    PL_TRY(pl_explain_slot(explain, node->path->as));
  }
  static const char* const ways[2][2] = {{" [all pairs]", " [from its end]"},
                                         {" [from its start]", " [from both ends]"}};
  PL_TRY(pl_buf_str(explain->out, pl_str_c(node->loop ? " [loops]" : ways[known[0]][known[1]])));
  PL_TRY(pl_buf_str(explain->out, pl_str_c(node->path->lens != PL_LENS_NONE ? " lens" : "")));
  return pl_buf_str(explain->out, pl_str_c(node->counted ? " counted" : ""));
}

static const char* path_title(const pl_node* base) {
  static const char* const titles[] = {"Path", "Shortest", "All shortest"};
  return titles[((const path_node*)base)->path->mode];
}

static const pl_op_class path_class = {.name = "Path",
                                       .state_bytes = sizeof(path_op),
                                       .open = path_open,
                                       .next = path_next,
                                       .rewind = path_rewind,
                                       .again = path_again,
                                       .close = path_close,
                                       .prune = path_prune,
                                       .describe = path_describe,
                                       .title = path_title};

static void set_end(path_end* end, const pl_ref* ref, pl_slots bound) {
  static const end_kind kinds[] = {
      [PL_REF_ANY] = END_ANY, [PL_REF_SLOT] = END_NEW, [PL_REF_TERM] = END_CONST, [PL_REF_PARAM] = END_CONST};
  *end = (path_end){kinds[ref->kind], ref};
  if (ref->kind == PL_REF_SLOT && pl_slots_has(bound, ref->index)) {
    end->kind = END_BOUND;
  }
}

pl_status pl_node_path(pl_planner* planner, pl_node* input, const pl_alg_path* path, pl_node** out) {
  path_node* node = NULL;
  pl_lens_row_plan given = {0};
  const bool correlated = path->lens != PL_LENS_NONE && planner->query->lenses[path->lens].correlated;
  uint32_t count = 1;
  pl_node** inputs =
      PL_ARENA_ARRAY(planner->arena, pl_node*, correlated ? planner->query->lenses[path->lens].count + 1 : 1);
  if (!inputs) {
    return pl_planner_nomem(planner);
  }
  inputs[0] = input;
  PL_TRY(correlated ? pl_lens_row_make(planner, input, path->lens, &given, inputs, &count) : PL_OK);
  PL_TRY(pl_node_make(planner, &path_class, sizeof(*node), inputs, count, &node));
  PL_TRY(pl_path_nfa_make(planner->arena, planner->query, path->path, planner->err, &node->nfa));
  node->path = path;
  node->correlated = correlated;
  node->given = given;
  set_end(&node->ends[0], &path->subject, input->out);
  set_end(&node->ends[1], &path->object, input->out);
  node->loop =
      node->ends[0].kind == END_NEW && node->ends[1].kind == END_NEW && path->subject.index == path->object.index;
  pl_slots_add_all(node->node.out, input->out);
  for (int side = 0; side < 2; side++) {
    if (node->ends[side].kind == END_NEW) {
      pl_slots_add(node->node.out, node->ends[side].ref->index);
    }
  }
  if (path->as != PL_SLOT_NONE) {
    pl_slots_add(node->node.out, path->as);
  }
  pl_why_declare(planner, &node->node);
  node->node.rows_expected = input->rows_expected;
  *out = &node->node;
  return PL_OK;
}
