/// What the files of the join order share: the parts of a group, and the rows that a set of them makes.
///
/// Slots that parts join on are numbered anew (join slots), so that a state of the search is a short array: for each join slot the domain its
/// values come from, 0 while nothing binds it. How many rows a set of parts makes then does not depend on the order they were joined in:
/// the product of their rows, over all domains of each slot but the smallest.
#ifndef PL_OPT_JOINORDER_INTERNAL_H
#define PL_OPT_JOINORDER_INTERNAL_H

#include "opt/identity.h"
#include "opt/joinorder.h"

#define PL_JOIN_SLOT_NONE UINT16_MAX

typedef struct pl_join_part {
  pl_profile profile;                     ///< rows
  uint16_t join_slots[PL_PROFILE_SLOTS];  ///< of the profile's slots
  uint16_t order_slot;                    ///< join slot that its rows are sorted by, read by itself
  pl_slots binds;                         ///< slots it may bind
  pl_slots needs;                         ///< slots it reads but does not bind by itself
  pl_slots ends;     ///< ends of paths that may be empty, of a branch too: not needed, but better known
  pl_slots must;     ///< slots that must have values before it: needed ones that other parts bind, and for identity
  pl_slots waits;    ///< these, and ends that other parts bind: paths that may be empty can wait for each other
  double filtered;   ///< share of its rows that filters keep which do not tell what is read
  bool ranged;       ///< see pl_join_step
  bool is_scan;      ///< SCAN or ANNOT: looked up in an order of the store
  bool hashable;     ///< can be read by itself; under identity only where it joins shown nodes
  pl_same_use same;  ///< how it sees nodes; empty where no part of the group is under identity
} pl_join_part;

typedef struct pl_join_graph {
  const pl_join_problem* problem;  ///< as given
  pl_join_part* parts;             ///< by number
  double share;                    ///< of all rows that will be made before a limit ends the group
  uint32_t join_slot_count;        ///< join slots
  bool free;                       ///< no part waits for another: any order will do
} pl_join_graph;

/// Rows that some parts made.
typedef struct pl_join_rows {
  double rows;          ///< how many
  double* domain;       ///< by join slot; 0 = not bound
  uint16_t order_slot;  ///< they are sorted by
  pl_slots bound;       ///< slots with values; kept only where the graph is not free
  bool* done;           ///< parts joined so far; likewise
} pl_join_rows;

typedef struct pl_step_cost {
  double cost;  ///< of the step
  double rows;  ///< after it
  bool hash;    ///< how
} pl_step_cost;

pl_status pl_join_graph_make(pl_estimator* est, const pl_join_problem* problem, pl_join_graph* out);
/// Let filters count that read slots of one part only.
pl_status pl_join_use_filters(pl_estimator* est, pl_join_graph* graph);
/// The rows of the input.
pl_status pl_join_rows_make(pl_arena* arena, const pl_join_graph* graph, pl_join_rows* out);
void pl_join_rows_start(const pl_join_graph* graph, pl_join_rows* rows);
/// Note that a part was joined; `rows->rows` is the caller's.
void pl_join_rows_add(const pl_join_graph* graph, pl_join_rows* rows, uint32_t part);
/// May a part come next? `stuck` is the one to go on with where all that is left waits for each other, else UINT32_MAX.
bool pl_join_is_ready(const pl_join_graph* graph, const pl_join_rows* rows, uint32_t part, uint32_t stuck);
uint32_t pl_join_stuck(const pl_join_graph* graph, const pl_join_rows* rows);
/// See how much a limit leaves to do; `rows` is working space.
void pl_join_set_share(pl_join_graph* graph, pl_join_rows* rows);
/// Do so many rows look a part up that they meet most of its blocks?
bool pl_join_is_dense(const pl_join_graph* graph, uint32_t part, double rows);
pl_step_cost pl_join_cost(const pl_join_graph* graph, const pl_join_rows* rows, uint32_t part);

#endif
