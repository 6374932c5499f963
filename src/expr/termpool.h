/// Terms of a running query: decode ids to values with a cache, and give ids to computed values.
///
/// One value has one id inside a run: a computed term that is inline or in the dictionary gets that id, anything else a PL_TAG_TEMP id found
/// again by content; so joins, grouping and distinct compare ids only. Lists and paths are TEMP objects, equal when their elements are.
#ifndef PL_EXPR_TERMPOOL_H
#define PL_EXPR_TERMPOOL_H

#include "store/dataset.h"
#include "term/value.h"

typedef struct pl_termpool pl_termpool;

pl_status pl_termpool_new(pl_txn* txn, pl_mem* mem, pl_error* err, pl_termpool** out);
void pl_termpool_free(pl_termpool* pool);
pl_txn* pl_termpool_txn(const pl_termpool* pool);
/// Value of any id. Slices stay valid until the pool is freed or trimmed. Lists and paths give PL_VALUE_OTHER.
pl_status pl_termpool_value(pl_termpool* pool, pl_id id, pl_value* out);
/// Term of any id but lists and paths (PL_NOT_FOUND); slices as above.
pl_status pl_termpool_term(pl_termpool* pool, pl_id id, pl_term* out);
/// Id of a value / term (see above). The text is copied if need be. NULL values give PL_ID_NULL.
pl_status pl_termpool_put(pl_termpool* pool, const pl_value* value, pl_id* id);
pl_status pl_termpool_put_term(pl_termpool* pool, const pl_term* term, pl_id* id);
pl_status pl_termpool_put_list(pl_termpool* pool, const pl_id* items, size_t count, pl_id* id);
bool pl_termpool_is_list(const pl_termpool* pool, pl_id id);  ///< also for paths
/// Kind of the term behind any id: that of the content for PL_TAG_TEMP ids; lists and paths stay PL_TAG_TEMP.
pl_tag pl_termpool_tag(const pl_termpool* pool, pl_id id);
/// Elements of a list, or the nodes of a path (borrowed until the pool is freed).
bool pl_termpool_list(const pl_termpool* pool, pl_id id, const pl_id** items, size_t* count);
/// A path of `length` facts: length + 1 nodes; fact i has predicates[i] and leads from node i to i + 1, or back where inverse[i].
typedef struct pl_path_value {
  const pl_id* nodes;       ///< length + 1
  const pl_id* predicates;  ///< length
  const bool* inverse;      ///< length
  size_t length;            ///< facts
} pl_path_value;
pl_status pl_termpool_put_path(pl_termpool* pool, const pl_path_value* path, pl_id* id);
/// False if `id` is no path. Borrowed until the pool is freed.
bool pl_termpool_path(const pl_termpool* pool, pl_id id, pl_path_value* out);
/// label(x) of language.md section 6: text of the first label predicate's smallest value, else the name as a query writes it, else the literal's text.
pl_status pl_termpool_label(pl_termpool* pool, pl_id id, pl_str* out);
/// ORDER BY order of two ids (pl_value_order with fast paths for inline ids; lists last, by elements).
pl_status pl_termpool_order(pl_termpool* pool, pl_id a, pl_id b, int* order);
/// Ready for another run in the same transaction: drops what runs compute, and, if the snapshot has `moved`, what was read. *kept: the ids
/// given so far hold on; else constants must be put again.
void pl_termpool_again(pl_termpool* pool, bool moved, bool* kept);
/// Drop cached (not TEMP) terms when they exceed `bytes`; called between chunks.
void pl_termpool_trim(pl_termpool* pool, size_t bytes);

#endif
