/// skip and limit of a clause: constants or parameters, read once per run.
#ifndef PL_EXEC_SLICE_H
#define PL_EXEC_SLICE_H

#include "exec/plan.h"

typedef struct pl_slice {
  const pl_expr* skip;        ///< NULL = none
  const pl_expr* limit;       ///< NULL = none
  pl_program* skip_program;   ///< compiled
  pl_program* limit_program;  ///< compiled
} pl_slice;

pl_status pl_slice_compile(pl_planner* planner, const pl_expr* skip, const pl_expr* limit, pl_slice* out);
/// Values in a run; an error if they are not integers from 0.
pl_status pl_slice_eval(const pl_slice* slice, pl_run* run, uint64_t* skip, uint64_t* limit);
/// Rows that a sort below must keep: skip + limit, or SIZE_MAX.
pl_status pl_slice_rows(const pl_slice* slice, pl_run* run, size_t* rows);
/// Let a sort know the slice above it, through operators that keep rows; no effect on others.
void pl_node_order_limit(pl_node* order, const pl_slice* slice);

#endif
