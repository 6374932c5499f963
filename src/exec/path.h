/// Paths: reading what is linked to what by a path expression.
///
/// A path expression becomes an automaton without empty moves (Glushkov): one state for each step as written out, state 0 before the first. A move
/// into state j is one fact that fits the step of j, so a search runs over pairs (state, node), and each half of it needs only the nodes next to
/// a node by one step, in either direction:
///
///     p/q+      0 --p--> 1 --q--> 2 --q--> 2          accepting: 2
///
/// Nodes have dense numbers in order of discovery, so that what is remembered of a small search is small; under identity (same) a number stands
/// for a class of nodes. What is next to a node is looked up in the store at first; once the look-ups of a step have cost as much as reading all
/// its facts would, these are read into an array (compressed sparse rows), if memory allows.
#ifndef PL_EXEC_PATH_H
#define PL_EXEC_PATH_H

#include "exec/classes.h"
#include "exec/lens.h"
#include "expr/idmap.h"

#define PL_PATH_STATES_MAX 1000u             ///< steps of a path with its repetitions written out
#define PL_PATH_MOVES_MAX ((size_t)1 << 18)  ///< moves between them
#define PL_PATH_HOPS_MAX 4096u               ///< verbs of one step, lists of parameters spread

// ---- automaton (path_nfa.c) ---------------------------------------------------------------------------------------

typedef struct pl_path_moves {
  uint32_t* at;  ///< of state i: to[at[i]] to to[at[i + 1] - 1]
  uint32_t* to;  ///< states, ascending
} pl_path_moves;

typedef struct pl_path_nfa {
  uint32_t state_count;    ///< with state 0
  uint32_t* step;          ///< step of a state; state 0 has none
  const pl_path** steps;   ///< distinct: STEP or EXCEPT
  uint32_t step_count;     ///< used
  bool* final;             ///< accepting states; final[0]: the empty path will do
  pl_path_moves forward;   ///< states after one
  pl_path_moves backward;  ///< states before one
} pl_path_nfa;

/// Build; a path too long is an error at its span.
pl_status pl_path_nfa_make(pl_arena* arena, const pl_query* query, const pl_path* path, pl_error* err,
                           pl_path_nfa* out);
/// Print as a query would write it.
pl_status pl_path_explain(pl_explain* explain, const pl_path* path);

// ---- graph (path_graph.c) -----------------------------------------------------------------------------------------

typedef uint32_t pl_number;  ///< of a node; see above
typedef PL_VEC(pl_number) pl_numbers;

/// Facts that one verb of a step matches.
typedef struct pl_path_hop {
  pl_id predicate;  ///< 0 = any, but for `except`
  bool inverse;     ///< from object to subject
  pl_ids except;    ///< sorted
} pl_path_hop;

/// What is next to nodes by one step in one direction.
typedef struct pl_path_links {
  double cost;     ///< of look-ups so far, in nanoseconds
  bool refused;    ///< no memory to read all facts
  bool built;      ///< the arrays are there
  uint32_t count;  ///< nodes of `at`
  uint32_t* at;    ///< count + 1
  pl_number* to;   ///< at[count]
} pl_path_links;

typedef struct pl_path_step {
  PL_VEC(pl_path_hop) hops;  ///< verbs, constants resolved
  double facts;              ///< that reading all of them meets
  double ends[2];            ///< distinct nodes where it starts, where it ends; about
  pl_path_links links[2];    ///< along the step, against it
} pl_path_step;

/// A stored fact as part of a path.
typedef struct pl_path_fact {
  pl_id s, p, o;  ///< as stored
  bool inverse;   ///< walked from object to subject
} pl_path_fact;
typedef PL_VEC(pl_path_fact) pl_path_facts;

/// Decides about assertion or graph `c` of a fact for the current row.
typedef pl_status (*pl_path_check)(void* user, pl_id c, bool* passes);

typedef struct pl_path_graph {
  pl_run* run;
  const pl_pass* pass;             ///< lens; NULL = everything passes
  pl_path_check check;             ///< lens that depends on the row; or NULL
  void* check_user;                ///< passed to it
  const pl_classes* classes;       ///< identity; NULL = none
  pl_idmap map;                    ///< id -> number + 1
  pl_ids ids;                      ///< by number; of a class the node shown
  pl_path_step* steps;             ///< by step of the automaton
  uint32_t step_count;             ///< used
  pl_scan* scans[PL_ORDER_COUNT];  ///< opened on first use
  struct pl_path_batch* rows;      ///< read last
  pl_numbers near;                 ///< answer of the last look-up
  uint32_t countdown;              ///< look-ups until the guard is asked again
} pl_path_graph;

/// Resolve the steps of `nfa` in the run; `classes` (NULL = none) says which nodes are one.
pl_status pl_path_graph_init(pl_path_graph* graph, pl_run* run, const pl_path_nfa* nfa, const pl_classes* classes);
void pl_path_graph_free(pl_path_graph* graph);
/// Number of a node.
pl_status pl_path_number(pl_path_graph* graph, pl_id id, pl_number* out);
/// Nodes next to one, perhaps repeated; borrowed until the next call.
pl_status pl_path_near(pl_path_graph* graph, uint32_t step, bool against, pl_number node, const pl_number** out,
                       size_t* count);
/// Be told that pl_path_near will be asked for `nodes` nodes: reads all facts of the step if that is cheaper. *looks: it will still look into the
/// store, and asking in order of ids is then better.
pl_status pl_path_prepare(pl_path_graph* graph, uint32_t step, bool against, size_t nodes, bool* looks);
/// Append the facts that lead from one node to another by a step.
pl_status pl_path_facts_between(pl_path_graph* graph, uint32_t step, pl_number from, pl_number to, pl_path_facts* out);
/// Nodes that the step can leave (against: reach), each once.
pl_status pl_path_ends(pl_path_graph* graph, uint32_t step, bool against, pl_numbers* out);
/// All nodes that are subject or object of a fact, each once.
pl_status pl_path_all_nodes(pl_path_graph* graph, pl_numbers* out);

// ---- search (path_search.c) ---------------------------------------------------------------------------------------

typedef struct pl_path_place {
  uint32_t state;  ///< of the automaton
  pl_number node;  ///< where
} pl_path_place;
typedef PL_VEC(pl_path_place) pl_path_places;

/// Places reached from one end, level by level.
typedef struct pl_path_side {
  bool against;           ///< from the end of the path to its start
  pl_path_places places;  ///< in order of discovery
  size_t level_start;     ///< first place of the newest level
  uint32_t level;         ///< its distance
  uint32_t** depth;       ///< by state: distance + 1 of a node; 0 = not reached
  size_t* depth_count;    ///< by state: nodes there is space for
} pl_path_side;

typedef struct pl_path_search {
  pl_path_graph* graph;    ///< where
  const pl_path_nfa* nfa;  ///< what
  pl_path_side sides[2];   ///< from the start, from the end
  pl_numbers found;        ///< ends found
  PL_VEC(bool) seen;       ///< by number: in `found`
  pl_path_places meet;     ///< where both sides met, or where the marking of the end begins
  pl_path_places order;    ///< the newest level in order of ids
  size_t* coming;          ///< by step: nodes that a level asks for
  uint32_t total;          ///< facts of a shortest path between two ends
} pl_path_search;

pl_status pl_path_search_init(pl_path_search* search, pl_path_graph* graph, const pl_path_nfa* nfa);
void pl_path_search_free(pl_path_search* search);
static inline uint32_t pl_path_depth(const pl_path_side* side, uint32_t state, pl_number node) {
  return node < side->depth_count[state] ? side->depth[state][node] : 0;
}
/// search->found: all ends that paths from `node` have (against: all starts of paths to it). `empty`: the empty path counts.
pl_status pl_path_reach(pl_path_search* search, pl_number node, bool against, bool empty);
/// Is there a path between two nodes? search->total is the length of the shortest.
pl_status pl_path_connect(pl_path_search* search, pl_number from, pl_number to, bool empty, bool* found);
/// After pl_path_connect: reach back to the start on the side of the end, along shortest paths only.
pl_status pl_path_mark(pl_path_search* search);
/// After pl_path_reach forward: fill the side of the end with the places of shortest paths to `to`, and set search->total.
pl_status pl_path_mark_end(pl_path_search* search, pl_number to, bool empty);

// ---- shortest paths (path_walk.c) ---------------------------------------------------------------------------------

/// A path found: facts in order; nodes[i] is before facts[i].
typedef struct pl_path_found {
  const pl_number* nodes;     ///< length + 1
  const pl_path_fact* facts;  ///< length
  uint32_t length;
} pl_path_found;

typedef struct pl_path_walk pl_path_walk;
pl_status pl_path_walk_new(pl_path_search* search, pl_path_walk** out);
void pl_path_walk_free(pl_path_walk* walk);  ///< accepts NULL
/// Shortest paths from `from` to the end whose places are marked, smaller names first: nodes along the path in term order, then predicates, forward before
/// inverse. `all`: each of them, else the first.
pl_status pl_path_walk_begin(pl_path_walk* walk, pl_number from, bool all);
/// The next one, borrowed until the next call; PL_DONE after the last. The search must be as it was at the beginning.
pl_status pl_path_walk_next(pl_path_walk* walk, pl_path_found* out);

// ---- why (path_support.c) -----------------------------------------------------------------------------------------

/// How a row names the nodes of a path.
typedef struct pl_path_names {
  pl_id subject;     ///< or 0: it does not
  pl_id object;      ///< likewise
  bool nodes_shown;  ///< the nodes between are seen as the shown ones of their classes
} pl_path_names;

/// The support of a path: facts, and the links between the names where they meet.
pl_status pl_path_why(pl_path_graph* graph, uint32_t lens, const pl_path_found* path, const pl_path_names* names,
                      uint64_t* out);

#endif
