/// What a query means, evaluated the slow way: the words of algebra.h followed row by row over a list of statements.
///
/// It shares nothing with planning, execution and storage: terms are numbered here, rows are plain arrays, every pattern is
/// matched against every statement. Only terms and single values (comparison, arithmetic, folding, words) come from the library.
#ifndef PL_TESTS_DIFF_REFERENCE_H
#define PL_TESTS_DIFF_REFERENCE_H

#include "algebra/algebra.h"
#include "terms.h"

/// Evaluation of one query.
typedef struct ref_run {
  ref_graph* graph;
  const pl_query* query;
  pl_arena arena;          ///< rows
  ref_id *terms, *params;  ///< by number in the query
  const uint8_t* raw;      ///< by slot: only same_as patterns of the group at hand use it, so it shows nodes as stored
  const char* skip;        ///< why the answer is not determined or not known here; NULL = it is
  bool ties;               ///< an order left rows of different contents equal
  uint8_t** passes;        ///< by lens, then by id of an assertion: 0 unknown, 1 no, 2 yes
  ref_id** shown;          ///< by lens: shown node by id; NULL = not computed yet
  struct {
    const pl_path* path;
    ref_rows pairs;
  } paths[32];  ///< met so far
  size_t path_count;
  size_t id_count;     ///< ids that stood in the store or the query when it began; later ones are computed
  size_t entry_count;  ///< of the graph before it began
} ref_run;

/// Rows of result columns (of exists: none, or some). `params` as the query numbers them. *ordered: their order is part of the answer. NULL, or why there is no answer.
const char* ref_answer(ref_run* run, ref_graph* graph, const pl_query* query, const pl_term* params, ref_rows* out,
                       bool* ordered);
void ref_run_free(ref_run* run);

// ---- between the files of the evaluator ---------------------------------------------------------------------------

ref_id ref_put_value(ref_run* run, const pl_value* value);
void ref_push(ref_run* run, ref_rows* rows, const ref_id* row);  ///< adds a row of slots
ref_id* ref_copy(ref_run* run, const ref_id* row);               ///< of slots; NULL: nothing bound
static inline const ref_entry* ref_entry_of(const ref_run* run, ref_id id) { return &run->graph->entries[id]; }

void ref_group(ref_run* run, const pl_alg_group* group, const ref_id* row, ref_rows* out);
void ref_match(ref_run* run, const pl_alg* part, const ref_id* row, ref_rows* out);  ///< of one leaf of a group
void ref_match_path(ref_run* run, const pl_alg* part, const ref_id* row, ref_rows* out);
bool ref_may_be_empty(ref_run* run, const pl_path* path);
/// Does `ref` accept `id` in this row? Binds. `shown` (may be NULL) holds the node each one stands for.
bool ref_meet(ref_run* run, const pl_ref* ref, ref_id id, bool object, const ref_id* shown, ref_id* row);
ref_id ref_of(const ref_run* run, const pl_ref* ref, const ref_id* row);  ///< REF_UNBOUND if it is free
bool ref_is_raw(const ref_run* run, const pl_alg* part);  ///< all its verbs are same_as: it shows nodes as stored

enum { REF_PARTS_MAX = 128 };
/// A group whose eithers are resolved: required parts of the branches at hand beside its own; the rest of each group, innermost first.
typedef struct ref_flat {
  const pl_alg* parts[REF_PARTS_MAX];
  size_t part_count;
  const pl_alg_group* rests[REF_PARTS_MAX];
  size_t rest_count;
} ref_flat;
/// Slots of a leaf: three that hold nodes, then its assertion or path. Gives its lens.
uint32_t ref_slots_of(const pl_alg* part, pl_slot slots[4]);
/// Slots of same_as patterns that nothing else under identity uses, and that have no value yet.
const uint8_t* ref_raw_slots(ref_run* run, const ref_flat* f, const ref_id* row);
/// The part to join next; part_count if all wait for arguments that the others bind.
size_t ref_turn(ref_run* run, const ref_flat* f, const ref_id* row);

ref_id ref_eval(ref_run* run, const pl_expr* expr, const ref_id* row);
bool ref_true(ref_run* run, const pl_expr* expr, const ref_id* row);
bool ref_expr_waits(const pl_expr* expr, const ref_id* row);  ///< for a slot
int ref_order(const ref_run* run, ref_id a, ref_id b);
ref_id ref_aggregate(ref_run* run, const pl_alg_agg* agg, bool row_order, const ref_rows* rows);
pl_str ref_fold(ref_run* run, pl_str text);

/// Does the statement by c count under the lens? NONE lets all pass.
bool ref_passes(ref_run* run, uint32_t lens, ref_id c, const ref_id* row);
bool ref_has_same(const ref_run* run, uint32_t lens);  ///< has it an identity part?
/// Shown nodes under the identity part of the lens, by id; NULL if it has none.
const ref_id* ref_shown(ref_run* run, uint32_t lens, const ref_id* row);
static inline ref_id ref_shown_of(const ref_run* run, const ref_id* shown, ref_id id) {
  return shown && id < run->id_count ? shown[id] : id;
}
bool ref_lens_waits(ref_run* run, uint32_t lens, const ref_id* row);  ///< for slots of its arguments?

#endif
