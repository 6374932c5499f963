/// Aggregates (language.md, section 6): a state per group, updated row by row. Nulls are skipped.
#ifndef PL_EXPR_AGGREGATE_H
#define PL_EXPR_AGGREGATE_H

#include "expr/expr.h"

typedef struct pl_agg_state pl_agg_state;  ///< fixed size per function, zeroed memory is the empty state

/// Bytes of one state of fn (a multiple of 16).
size_t pl_agg_state_bytes(pl_fn fn, bool distinct);
/// Add `times` equal rows with this value (PL_ID_NULL is skipped). Lists and sets allocate from `mem`. `row_order`: keep values in arrival order
/// for collect, join, first, last (else they are put in term order at the end); `distinct` drops repeats (first place kept).
pl_status pl_agg_update(pl_fn fn, bool distinct, bool row_order, pl_agg_state* state, pl_eval* eval, pl_mem* mem,
                        pl_id value, uint64_t times);
/// Rows of many groups: values[i] for times[i] rows goes to the state at groups[i] + offset.
typedef struct pl_agg_rows {
  char* const* groups;    ///< states of the group of each row
  size_t offset;          ///< of the aggregate's state in them
  const pl_id* values;    ///< NULL: the rows are only counted
  const uint64_t* times;  ///< rows each stands for; NULL = one
  uint32_t count;         ///< rows
} pl_agg_rows;
/// As pl_agg_update, row by row.
pl_status pl_agg_update_rows(pl_fn fn, bool distinct, bool row_order, const pl_agg_rows* rows, pl_eval* eval,
                             pl_mem* mem);
/// Id of a number of rows.
pl_status pl_agg_count(uint64_t count, pl_eval* eval, pl_id* out);
/// Result; `separator` for join (PL_ID_NULL = ", "). Empty groups: count 0, sum 0, collect [], others null.
pl_status pl_agg_result(pl_fn fn, bool distinct, bool row_order, pl_agg_state* state, pl_eval* eval, pl_mem* mem,
                        pl_id separator, pl_id* out);
/// Free what a state holds.
void pl_agg_release(pl_fn fn, bool distinct, pl_agg_state* state, pl_mem* mem);

#endif
