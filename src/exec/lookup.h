/// Reading facts and annotations: the plan part of a Lookup, shared by its files.
///
/// A pattern has four places: A (subject, or the annotated assertion), P, B (object) and C (the assertion). A verb reads them through an access:
/// an order of the store, the columns that are fixed (a prefix), and which place each column stands for; an inverse verb swaps A and B there.
/// The run turns constants and verbs into probes, one per combination of ids; each input row is looked up once per probe.
/// A scan of the whole store is a lookup for the one row of Unit.
#ifndef PL_EXEC_LOOKUP_H
#define PL_EXEC_LOOKUP_H

#include "exec/plan.h"
#include "opt/bounds.h"

enum { PL_PLACE_A = 0, PL_PLACE_P = 1, PL_PLACE_B = 2, PL_PLACE_C = 3, PL_PLACE_COUNT = 4 };

typedef enum pl_place_kind {
  PL_PLACE_ANY,     ///< not named
  PL_PLACE_NEW,     ///< a slot bound here
  PL_PLACE_REPEAT,  ///< the slot of an earlier place, bound here too
  PL_PLACE_BOUND,   ///< a slot of the input
  PL_PLACE_CONST    ///< a constant or parameter
} pl_place_kind;

typedef struct pl_place {
  pl_place_kind kind;
  pl_slot slot;       ///< for NEW, REPEAT, BOUND
  uint8_t first;      ///< for REPEAT: the earlier place
  const pl_ref* ref;  ///< for CONST
} pl_place;

/// One way to read: see above.
typedef struct pl_access {
  pl_order order;                 ///< which order
  pl_scan_mode mode;              ///< what counts as a row
  uint8_t width;                  ///< columns delivered
  uint8_t prefix;                 ///< leading columns that are fixed
  uint8_t place[PL_PLACE_COUNT];  ///< place of each column
  bool bound[PL_PLACE_COUNT];     ///< place has a known value (not P of `_`)
  bool graph;                     ///< annotations of named graphs: facts about A
  bool ranged;                    ///< the first column after the prefix is the object, which has bounds
  bool residual;                  ///< something is left to check after the scan
  bool inverse;                   ///< A is the object
} pl_access;

#define PL_ACCESS_MAX 8

typedef struct pl_lookup_node {
  pl_node node;
  const pl_alg* leaf;                 ///< SCAN or ANNOT
  pl_place places[PL_PLACE_COUNT];    ///< P is ANY when there are several verbs
  const pl_verb* verbs;               ///< of the leaf
  uint32_t verb_count;                ///< at least 1
  pl_access accesses[PL_ACCESS_MAX];  ///< in use: access_count
  uint32_t access_count;              ///< used
  const pl_bound* bounds;             ///< of place B; the filters they come from are checked above
  uint32_t bound_count;               ///< used
  bool annot;                         ///< leaf is an ANNOT
  bool pairs;                         ///< one row per distinct pair of ends
  bool raw;                           ///< see pl_node_lookup
  bool shows_places;                  ///< rows carry their places and the number of their input row in hidden slots
  uint32_t same;                      ///< lens whose identity widens constants to their classes; or PL_LENS_NONE
  bool raw_verbs;                     ///< but verbs stand for themselves
  const pl_alg* written;              ///< the leaf as explain shows it
  bool params;                        ///< a place or verb is a parameter
  bool counted;                       ///< no new slot is needed: rows are counted, not made
  uint8_t runs;    ///< rows that agree in so many leading columns are one row that stands for them; 0: not so
  uint32_t lens;   ///< compiled lens of the scan, or PL_LENS_NONE
  pl_carry carry;  ///< input slots copied to the output
} pl_lookup_node;

/// Access number of a verb; `graph` chooses the annotations of named graphs.
uint32_t pl_lookup_access(const pl_lookup_node* node, const pl_verb* verb, bool graph);

/// Read runs of rows if that is possible and `needed` leaves some new slot out: sets node->runs and the order.
void pl_lookup_choose_runs(pl_lookup_node* node, pl_slots needed);

/// Can a plan be told to read only rows with certain values of a slot? So can a scan whose first column after the prefix it is. Ask after pruning.
bool pl_lookup_can_restrict(const pl_node* node, pl_slot slot);
/// From now on, or from a rewind on, only rows with these values are read, in the order of always. The ids are sorted, distinct and borrowed until
/// others are given, NULL for all, or the operator is to start `again`.
void pl_lookup_restrict(pl_op* op, const pl_id* ids, size_t count);

/// How a lookup is made for a part under identity (op_same.c). Its rows show their places, one for each statement that matches; repeats of
/// a slot and of ends are not looked for.
typedef struct pl_lookup_same {
  uint32_t lens;          ///< whose identity holds
  bool raw;               ///< see pl_node_lookup
  bool raw_verbs;         ///< see pl_lookup_node
  const pl_alg* written;  ///< see pl_lookup_node
} pl_lookup_same;
pl_status pl_node_lookup_same(pl_planner* planner, pl_node* input, const pl_alg* leaf, const pl_lookup_same* how,
                              pl_node** out);

/// One combination of constants, tried for every input row.
typedef struct pl_probe {
  pl_id ids[PL_PLACE_COUNT];  ///< 0 = not a constant
  pl_id low, high;            ///< bounds of the first column after the prefix
  uint32_t access;            ///< in the node's accesses
  bool skip_loops;  ///< inverse of a verb that is also there forward: a fact that links a node to itself is met once
} pl_probe;
typedef PL_VEC(pl_probe) pl_probes;
typedef PL_VEC(pl_id) pl_ids;

/// Space that making probes uses, kept by the operator. Free each with pl_vec_free.
typedef struct pl_probe_room {
  pl_ids ids[3];  ///< of places A and B, and of a verb
} pl_probe_room;

/// Make the probes of a run in place of those in `out`; none if a constant is unknown to the store. Free with pl_vec_free.
pl_status pl_probes_make(pl_run* run, const pl_lookup_node* node, pl_probe_room* room, pl_probes* out);
/// Ids that a constant stands for: by value for numbers and dates at `object`, all elements of a list; sorted, distinct. `predicate` (0 =
/// unknown) narrows the search for equal values.
pl_status pl_const_ids(pl_run* run, const pl_ref* ref, bool object, bool annot, pl_id predicate, pl_ids* out);
/// Append the ids that a node written as a constant stands for; `out` is not sorted by it.
pl_status pl_const_add(pl_run* run, const pl_ref* ref, pl_ids* out);
/// Named graphs of the store, sorted.
pl_status pl_graphs_list(pl_run* run, pl_ids* out);
/// Sort and drop duplicates. A failure (of the guard, of memory) leaves all of them, in no order.
pl_status pl_ids_unique(pl_run* run, pl_ids* ids);
bool pl_ids_have(const pl_ids* ids, pl_id id);  ///< in sorted ids

#endif
