// Shortest paths read off the distances to their end: see path.h.
//
// From a place `d` facts away from the end every shortest path goes on to a place d - 1 away. So paths are listed depth first, without any dead end: first
// the nodes, each time the smaller names first, with the set of states that a run of the automaton could be in; then, for one list of nodes,
// the predicates in the same way. Both are loops over a stack of choices: paths may be long.
#include "base/sort.h"
#include "exec/path.h"

/// A choice: a node (or fact) with one of the states it can be reached in. Those of the same node stand together: a group.
typedef struct option {
  pl_number node;     ///< for nodes
  pl_path_fact fact;  ///< for facts
  uint32_t state;     ///< after it
  bool alive;         ///< the states after it go on to the end of the nodes at hand
} option;

/// Options of one position and the group that is taken.
typedef struct frame {
  size_t first, end;              ///< in options
  size_t group_first, group_end;  ///< taken
} frame;

typedef struct stack {
  PL_VEC(option) options;
  PL_VEC(frame) frames;
} stack;

struct pl_path_walk {
  pl_path_search* search;
  stack nodes;          ///< position i: the node after i facts
  stack facts;          ///< position i: the fact after node i
  pl_numbers way;       ///< nodes taken
  pl_path_facts taken;  ///< facts taken
  pl_path_facts found;  ///< facts between two nodes
  bool all;             ///< not only the first
  bool begun;           ///< a path was handed on
  pl_status failed;     ///< while sorting
};

static pl_mem* mem_of(const pl_path_walk* walk) { return &walk->search->graph->run->mem; }

pl_status pl_path_walk_new(pl_path_search* search, pl_path_walk** out) {
  pl_mem* mem = &search->graph->run->mem;
  *out = pl_mem_calloc(mem, 1, sizeof(pl_path_walk));
  if (!*out) {
    return pl_mem_status(mem);
  }
  (*out)->search = search;
  return PL_OK;
}

void pl_path_walk_free(pl_path_walk* walk) {
  if (!walk) {
    return;
  }
  pl_mem* mem = mem_of(walk);
  pl_vec_free(mem, &walk->nodes.options);
  pl_vec_free(mem, &walk->nodes.frames);
  pl_vec_free(mem, &walk->facts.options);
  pl_vec_free(mem, &walk->facts.frames);
  pl_vec_free(mem, &walk->way);
  pl_vec_free(mem, &walk->taken);
  pl_vec_free(mem, &walk->found);
  pl_mem_free(mem, walk, sizeof(*walk));
}

// ---- order --------------------------------------------------------------------------------------------------------

/// Term order of two ids, then their ids.
static int compare_terms(pl_path_walk* walk, pl_id a, pl_id b) {
  int order = 0;
  if (a == b) {
    return 0;
  }
  const pl_status status = pl_termpool_order(walk->search->graph->run->pool, a, b, &order);
  walk->failed = walk->failed == PL_OK ? status : walk->failed;
  return order ? order : (a > b) - (a < b);
}

static bool same_node(const option* a, const option* b) { return a->node == b->node; }
static int compare_nodes(const void* a, const void* b, void* user) {
  pl_path_walk* walk = user;
  const option *x = a, *y = b;
  const pl_id* ids = walk->search->graph->ids.data;
  const int order = same_node(x, y) ? 0 : compare_terms(walk, ids[x->node], ids[y->node]);
  return order ? order : (x->state > y->state) - (x->state < y->state);
}

static bool same_fact(const option* a, const option* b) {
  return a->fact.p == b->fact.p && a->fact.inverse == b->fact.inverse;
}
static int compare_facts(const void* a, const void* b, void* user) {
  const option *x = a, *y = b;
  int order = compare_terms(user, x->fact.p, y->fact.p);
  order = order ? order : (int)x->fact.inverse - (int)y->fact.inverse;
  order = order ? order : compare_terms(user, x->fact.s, y->fact.s);
  order = order ? order : compare_terms(user, x->fact.o, y->fact.o);
  return order ? order : (x->state > y->state) - (x->state < y->state);
}

typedef bool (*same_fn)(const option* a, const option* b);
typedef int (*compare_fn)(const void* a, const void* b, void* walk);

static void take_group(const stack* s, frame* f, size_t first, same_fn same) {
  f->group_first = f->group_end = first;
  while (f->group_end < f->end && same(&s->options.data[first], &s->options.data[f->group_end])) {
    f->group_end++;
  }
}

/// Of equal options, side by side from `first` on, one is enough: as many ways may lead to a place as there are paths.
static void drop_equal(pl_path_walk* walk, stack* s, size_t first, compare_fn compare) {
  size_t kept = first + 1;
  for (size_t i = first + 1; i < s->options.count; i++) {
    if (compare(&s->options.data[kept - 1], &s->options.data[i], walk) != 0) {
      s->options.data[kept++] = s->options.data[i];
    }
  }
  s->options.count = kept;
}

/// The options from `first` on become a position whose first group is taken.
static pl_status push_frame(pl_path_walk* walk, stack* s, size_t first, same_fn same, compare_fn compare) {
  assert(s->options.count > first);
  if (s->options.count - first > 1) {
    pl_run* const run = walk->search->graph->run;
    const pl_sort_order order = {compare, walk};
    PL_TRY(pl_sort(s->options.data + first, s->options.count - first, sizeof(option), &order, &run->mem, run->guard,
                   run->err));
    drop_equal(walk, s, first, compare);
    PL_TRY(walk->failed);
  }
  frame f = {.first = first, .end = s->options.count};
  take_group(s, &f, first, same);
  return pl_vec_push(mem_of(walk), &s->frames, f);
}

/// Take the next group of the last position that has one; positions after it go. False if there is none.
static bool next_group(stack* s, same_fn same) {
  while (s->frames.count) {
    frame* f = &s->frames.data[s->frames.count - 1];
    s->options.count = f->end;
    if (f->group_end < f->end) {
      take_group(s, f, f->group_end, same);
      return true;
    }
    s->options.count = f->first;
    s->frames.count--;
  }
  return false;
}

// ---- facts between the nodes at hand ------------------------------------------------------------------------------

static bool group_has(const stack* s, const frame* f, uint32_t state) {
  for (size_t i = f->group_first; i < f->group_end; i++) {
    if (s->options.data[i].state == state && s->options.data[i].alive) {
      return true;
    }
  }
  return false;
}

/// Which states of each position have a run of the automaton to the end, through the nodes taken.
static void find_alive(pl_path_walk* walk) {
  stack* s = &walk->nodes;
  const pl_path_moves* moves = &walk->search->nfa->forward;
  for (size_t k = s->frames.count; k-- > 0;) {
    const frame* f = &s->frames.data[k];
    for (size_t i = f->group_first; i < f->group_end; i++) {
      option* o = &s->options.data[i];
      o->alive = k + 1 == s->frames.count;
      for (uint32_t m = moves->at[o->state]; m < moves->at[o->state + 1] && !o->alive; m++) {
        o->alive = group_has(s, &s->frames.data[k + 1], moves->to[m]);
      }
    }
  }
}

/// Can the state be followed by `to`?
static bool has_move(const pl_path_moves* moves, uint32_t from, uint32_t to) {
  for (uint32_t m = moves->at[from]; m < moves->at[from + 1]; m++) {
    if (moves->to[m] == to) {
      return true;
    }
  }
  return false;
}

/// Can a state of the last fact taken (before the first: state 0) be followed by `to`?
static bool can_follow(const pl_path_walk* walk, uint32_t to) {
  const stack* s = &walk->facts;
  const pl_path_moves* moves = &walk->search->nfa->forward;
  if (s->frames.count == 0) {
    return has_move(moves, 0, to);
  }
  const frame* f = &s->frames.data[s->frames.count - 1];
  for (size_t i = f->group_first; i < f->group_end; i++) {
    if (has_move(moves, s->options.data[i].state, to)) {
      return true;
    }
  }
  return false;
}

/// Options for the fact after node `at`.
static pl_status push_facts(pl_path_walk* walk, size_t at) {
  const stack* nodes = &walk->nodes;
  const frame* next = &nodes->frames.data[at + 1];
  const size_t first = walk->facts.options.count;
  for (size_t i = next->group_first; i < next->group_end; i++) {
    const option* o = &nodes->options.data[i];
    if (!o->alive || !can_follow(walk, o->state)) {
      continue;
    }
    walk->found.count = 0;
    PL_TRY(pl_path_facts_between(walk->search->graph, walk->search->nfa->step[o->state], walk->way.data[at],
                                 walk->way.data[at + 1], &walk->found));
    for (size_t k = 0; k < walk->found.count; k++) {
      const option fact = {.fact = walk->found.data[k], .state = o->state};
      PL_TRY(pl_vec_push(mem_of(walk), &walk->facts.options, fact));
    }
  }
  return push_frame(walk, &walk->facts, first, same_fact, compare_facts);
}

/// The nodes taken, with nothing yet between them.
static pl_status take_way(pl_path_walk* walk) {
  walk->way.count = 0;
  for (size_t i = 0; i < walk->nodes.frames.count; i++) {
    const frame* f = &walk->nodes.frames.data[i];
    PL_TRY(pl_vec_push(mem_of(walk), &walk->way, walk->nodes.options.data[f->group_first].node));
  }
  find_alive(walk);
  walk->facts.options.count = walk->facts.frames.count = 0;
  return PL_OK;
}

static pl_status take_facts(pl_path_walk* walk) {
  const stack* s = &walk->facts;
  walk->taken.count = 0;
  for (size_t i = 0; i < s->frames.count; i++) {
    PL_TRY(pl_vec_push(mem_of(walk), &walk->taken, s->options.data[s->frames.data[i].group_first].fact));
  }
  return PL_OK;
}

// ---- nodes --------------------------------------------------------------------------------------------------------

/// Options for the next node, from the group taken last; only those of the smallest node if one path is wanted.
static pl_status push_nodes(pl_path_walk* walk) {
  stack* s = &walk->nodes;
  pl_path_search* search = walk->search;
  const frame from = s->frames.data[s->frames.count - 1];
  const uint32_t depth = search->total - (uint32_t)s->frames.count + 1;  // distance + 1 of the next node
  const size_t first = s->options.count;
  for (size_t g = from.group_first; g < from.group_end; g++) {
    const option at = s->options.data[g];
    for (uint32_t m = search->nfa->forward.at[at.state]; m < search->nfa->forward.at[at.state + 1]; m++) {
      const uint32_t to = search->nfa->forward.to[m];
      const pl_number* near = NULL;
      size_t count = 0;
      PL_TRY(pl_path_near(search->graph, search->nfa->step[to], false, at.node, &near, &count));
      for (size_t i = 0; i < count; i++) {
        if (pl_path_depth(&search->sides[1], to, near[i]) == depth) {
          PL_TRY(pl_vec_push(mem_of(walk), &s->options, ((option){.node = near[i], .state = to})));
        }
      }
    }
  }
  return push_frame(walk, s, first, same_node, compare_nodes);
}

pl_status pl_path_walk_begin(pl_path_walk* walk, pl_number from, bool all) {
  stack* s = &walk->nodes;
  walk->all = all;
  walk->begun = false;
  s->options.count = s->frames.count = 0;
  PL_TRY(pl_vec_push(mem_of(walk), &s->options, ((option){.node = from})));
  return push_frame(walk, s, 0, same_node, compare_nodes);
}

pl_status pl_path_walk_next(pl_path_walk* walk, pl_path_found* out) {
  const uint32_t total = walk->search->total;
  const bool same_way = walk->begun && walk->all && next_group(&walk->facts, same_fact);
  if (walk->begun && !same_way && (!walk->all || !next_group(&walk->nodes, same_node))) {
    return PL_DONE;
  }
  walk->begun = true;
  PL_TRY(pl_guard_check(walk->search->graph->run->guard, walk->search->graph->run->err));
  while (!same_way && walk->nodes.frames.count <= total) {
    PL_TRY(push_nodes(walk));
  }
  PL_TRY(same_way ? PL_OK : take_way(walk));
  while (walk->facts.frames.count < total) {
    PL_TRY(push_facts(walk, walk->facts.frames.count));
  }
  PL_TRY(take_facts(walk));
  *out = (pl_path_found){walk->way.data, walk->taken.data, total};
  return PL_OK;
}
