/// Making plans: the planner's state and one constructor per operator. Operators are private to their files.
///
/// A plan is built from the leaves up; every constructor sets node->out to all slots its rows could carry. Then pl_node_prune() walks
/// from the root down, tells every node which slots are needed above it, and the node drops the others.
#ifndef PL_EXEC_PLAN_H
#define PL_EXEC_PLAN_H

#include "exec/op.h"
#include "opt/estimate.h"
#include "opt/flatten.h"

struct pl_planner {
  const pl_query* query;           ///< as rewritten
  pl_txn* txn;                     ///< for counts
  pl_arena* arena;                 ///< the plan's
  pl_error* err;                   ///< receives failures
  const pl_plan_options* options;  ///< never NULL
  pl_plan* plan;                   ///< being made
  pl_estimator est;                ///< cardinalities
  double limit;                    ///< rows that are asked for of the pipeline at hand; 0 = all
  double part_rows;                ///< rows expected of the scan or annotation at hand
  bool ranged;                     ///< it is read by the bounds of its objects, if nothing else is bound
  pl_expr* const* filters;         ///< required to be true of what it binds
  uint32_t filter_count;           ///< used
  bool dense;                      ///< its look-ups meet most blocks of its predicate
  uint32_t depth;                  ///< nesting of Arguments
  uint32_t depth_max;              ///< deepest so far
  uint32_t copies;                 ///< groups made by distributing either
};

static inline pl_status pl_planner_nomem(const pl_planner* planner) { return pl_mem_status(planner->arena->mem); }

/// Allocate a node of `size` bytes with inputs (NULL entries are skipped); out is an empty set.
pl_status pl_node_make(pl_planner* planner, const pl_op_class* type, size_t size, pl_node* const* inputs,
                       uint32_t input_count, void* out);
/// Tell a node which of its slots are needed; it narrows `out` and tells its inputs.
pl_status pl_node_prune(pl_planner* planner, pl_node* node, pl_slots needed);
/// For operators that hand on their input's chunk: the input must carry `needed` and what `uses` holds (may be empty words = NULL).
pl_status pl_node_prune_through(pl_planner* planner, pl_node* node, pl_slots needed, const pl_slots* uses);
/// For operators that add one slot to each input row, or, where the input has it (`bound`), keep the rows that fit: narrow `out`, prune the
/// input, which must also carry `read` (PL_SLOT_NONE: nothing), and list what is copied.
pl_status pl_node_prune_one(pl_planner* planner, pl_node* node, pl_slots needed, pl_slot slot, bool bound, pl_slot read,
                            pl_carry* carry);
/// List the slots of `set`.
pl_status pl_carry_make(pl_planner* planner, pl_slots set, pl_carry* out);
static inline bool pl_planner_rule(const pl_planner* planner, pl_rule rule) {
  return pl_rule_on(planner->options->rules_off, rule);
}
bool pl_node_is_unit(const pl_node* node);
bool pl_node_is_argument(const pl_node* node);

// ---- planning of algebra ------------------------------------------------------------------------------------------

/// Plan an operator of the pipeline.
pl_status pl_plan_alg(pl_planner* planner, const pl_alg* alg, pl_node** out);
/// Plan a group whose rows extend those of `left`.
pl_status pl_plan_group(pl_planner* planner, const pl_alg_group* group, pl_node* left, pl_node** out);
/// Plan a group without input under an Argument that hands on rows like those of `outer` (correlated). *argument is the leaf.
pl_status pl_plan_nested(pl_planner* planner, const pl_alg* group, const pl_node* outer, pl_node** argument,
                         pl_node** out);

// ---- operators ----------------------------------------------------------------------------------------------------

pl_status pl_node_unit(pl_planner* planner, pl_node** out);
/// Rows of an outer chunk with the row number in slot `row`.
pl_status pl_node_argument(pl_planner* planner, pl_slots slots, pl_slot row, pl_node** out);
void pl_argument_bind(pl_op* op, const pl_chunk* outer);
pl_slot pl_argument_row(const pl_node* node);

/// Extend each row with the matches of a scan or annotation. `raw`: rows of all assertions with places and input row number in the
/// hidden slots, for a lens filter above.
pl_status pl_node_lookup(pl_planner* planner, pl_node* input, const pl_alg* leaf, bool raw, pl_node** out);
/// Keep the rows whose assertion passes a correlated lens, one per fact (or pair of ends) unless `assertions`.
pl_status pl_node_lens(pl_planner* planner, pl_node* input, const pl_alg_scan* scan, pl_node** out);
/// Extend each row with the ends of a path (path.h).
pl_status pl_node_path(pl_planner* planner, pl_node* input, const pl_alg_path* path, pl_node** out);
/// Extend each row with the nodes that have a label.
pl_status pl_node_label(pl_planner* planner, pl_node* input, const pl_alg_label* label, pl_node** out);
/// Extend each row with the literals that the text index gives for a text.
pl_status pl_node_text(pl_planner* planner, pl_node* input, const pl_alg_text* text, pl_node** out);
/// A scan or annotation under identity (same N): each row extended with the matches of the nodes that its values stand for. `raw`: slots that
/// show nodes as they are stored (pl_same_raw_slots).
pl_status pl_node_same(pl_planner* planner, pl_node* input, const pl_alg* leaf, pl_slots raw, pl_node** out);
/// The facts behind the rows of the input, or built from them.
pl_status pl_node_graph(pl_planner* planner, pl_node* input, const pl_alg_graph* graph, pl_node** out);
pl_status pl_node_conflicts(pl_planner* planner, const pl_alg_conflicts* conflicts, pl_node** out);
/// Join with the rows of `build`, which does not depend on the input.
pl_status pl_node_hash_join(pl_planner* planner, pl_node* input, pl_node* build, pl_node** out);
/// Facts between two slots that take part in a multiway join.
typedef struct pl_multi_part {
  pl_node* node;     ///< reads them
  pl_slot slots[2];  ///< of subject and object
  uint32_t
      same;  ///< first part that reads the same facts, for other slots; its own number if there is none, else `node` is not used
} pl_multi_part;
/// Join parts that form a cycle, all at once; they do not depend on any input.
pl_status pl_node_multi_join(pl_planner* planner, const pl_multi_part* parts, uint32_t count, pl_node** out);
typedef enum pl_apply_kind { PL_APPLY_LEFT, PL_APPLY_ANTI, PL_APPLY_MARK, PL_APPLY_EITHER } pl_apply_kind;
/// `subs` with their arguments: one, or for EITHER one per branch. `slot` receives the truth for MARK.
pl_status pl_node_apply(pl_planner* planner, pl_apply_kind kind, pl_node* input, pl_node* const* subs,
                        pl_node* const* arguments, uint32_t sub_count, pl_slot slot, pl_node** out);
/// The pattern of a Not or Exists in the query text, for the support of rows where it finds nothing.
void pl_apply_span(pl_node* apply, pl_span span);
pl_status pl_node_filter(pl_planner* planner, pl_node* input, const pl_expr* expr, pl_node** out);
pl_status pl_node_extend(pl_planner* planner, pl_node* input, const pl_alg_item* items, uint32_t count, pl_node** out);
pl_status pl_node_unnest(pl_planner* planner, pl_node* input, pl_slot slot, const pl_expr* expr, pl_node** out);
pl_status pl_node_aggregate(pl_planner* planner, pl_node* input, const pl_alg* alg, pl_node** out);
pl_status pl_node_distinct(pl_planner* planner, pl_node* input, const pl_slot* slots, uint32_t count, pl_node** out);
pl_status pl_node_order(pl_planner* planner, pl_node* input, const pl_alg_key* keys, uint32_t count, pl_node** out);
/// Rows that a slice with a constant limit takes in; 0 if that is not known, or none.
double pl_slice_expected(const pl_planner* planner, const pl_expr* skip, const pl_expr* limit);
pl_status pl_node_slice(pl_planner* planner, pl_node* input, const pl_expr* skip, const pl_expr* limit, pl_node** out);
pl_status pl_node_prior(pl_planner* planner, pl_node* input, const pl_alg_item* items, uint32_t count, pl_node** out);
pl_status pl_node_project(pl_planner* planner, pl_node* input, const pl_slot* slots, uint32_t count, pl_node** out);
pl_status pl_node_union(pl_planner* planner, pl_node* const* inputs, uint32_t count, const pl_slot* slots,
                        uint32_t slot_count, const pl_slot* branch_slots, pl_node** out);

// ---- explain ------------------------------------------------------------------------------------------------------

struct pl_explain {
  const pl_query* query;  ///< names of slots and terms
  const pl_plan* plan;    ///< for hidden slots
  const pl_names* names;  ///< prefixes of the store
  pl_buf* out;            ///< receives the text
  pl_str order;           ///< pl_explain_order of the operator at hand
  char order_text[24];    ///< holds it
};
pl_status pl_explain_slot(pl_explain* explain, pl_slot slot);
pl_status pl_explain_slots(pl_explain* explain, const pl_slot* slots, uint32_t count);
pl_status pl_explain_ref(pl_explain* explain, const pl_ref* ref);
pl_status pl_explain_expr(pl_explain* explain, const pl_expr* expr);
/// `slot = expr`, the i-th of a list (from 0).
pl_status pl_explain_item(pl_explain* explain, uint32_t i, pl_slot slot, const pl_expr* expr);
/// Tell which order of the store is read, with how many leading columns fixed.
pl_status pl_explain_order(pl_explain* explain, pl_order order, unsigned prefix);
/// Print the tree as text or JSON; `run` (may be NULL) adds seen rows, time and memory. `within`: see pl_plan_explain.
pl_status pl_explain_tree(const pl_plan* plan, const pl_run* run, pl_txn* txn, const pl_explain_within* within,
                          bool json, pl_buf* out);

#endif
