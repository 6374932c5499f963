/// Nodes by label: what @"name" and labelled() look up. Kept per run by the id of the name, so that a second look-up costs nothing.
///
/// A node has a label when a label predicate of the store links it to a string that folds to the same text. Label predicates in the text
/// index are asked there; the others are walked once per run, and the folded forms of their objects kept as hashes.
#ifndef PL_EXPR_LABEL_NODES_H
#define PL_EXPR_LABEL_NODES_H

#include "expr/expr.h"

/// The fact that labels a node.
typedef struct pl_label_fact {
  pl_id node;       ///< subject
  pl_id predicate;  ///< a label predicate
  pl_id literal;    ///< its object
} pl_label_fact;

typedef struct pl_label_entry {
  const pl_label_fact* facts;  ///< one for each node, by node
  size_t count;                ///< nodes
  bool warned;                 ///< pl_label_warn was called for it
} pl_label_entry;

struct pl_label_state;

/// Nodes of a label, borrowed until the next run. None if `name` is no string.
pl_status pl_label_find(pl_termpool* pool, pl_guard* guard, pl_id name, pl_label_entry** out);
/// Warn, once for each name and run, that a name written in the query stands for no node or for several: `nodes` are those that it
/// stands for.
pl_status pl_label_warn(pl_eval* eval, pl_span span, pl_id name, pl_label_entry* entry, const pl_id* nodes,
                        size_t count);
/// The first five nodes as a query would write them, and how many more: `A, B and 3 more`.
pl_status pl_label_list(pl_termpool* pool, const pl_id* nodes, size_t count, pl_buf* out);

/// A name as a query would write it after `@`; "..." for a long one.
pl_status pl_label_quote(pl_termpool* pool, pl_id name, pl_buf* out);

#define PL_LABEL_SUGGESTIONS 3u
/// Labels like one that no node has, nearest first; their texts live in the arena. The search is bounded.
pl_status pl_label_suggest(pl_termpool* pool, pl_guard* guard, pl_str name, pl_arena* arena,
                           pl_str out[PL_LABEL_SUGGESTIONS], size_t* count);

/// Forget names; with `moved` also what was read from the store.
void pl_label_again(pl_termpool* pool, bool moved);
void pl_label_free(struct pl_label_state* state, pl_mem* mem);  ///< accepts NULL

#endif
