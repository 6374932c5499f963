/// What the operators that group share.
#ifndef PL_EXEC_AGGREGATE_H
#define PL_EXEC_AGGREGATE_H

#include "exec/plan.h"

/// Aggregate by the runs of a scan (op_group_scan.c); *out is NULL if the input is no scan whose order has the groups as runs.
pl_status pl_node_group_scan(pl_planner* planner, pl_node* input, const pl_alg* alg, pl_node** out);
/// Is this a scan of facts for one row, by one verb, of which at most subject and predicate are given, as single nodes?
bool pl_is_plain_scan(const pl_planner* planner, const pl_node* input);
/// Are the rows of the input facts that differ in these slots, so that `distinct` has nothing to do?
bool pl_scan_is_distinct(const pl_planner* planner, const pl_node* input, const pl_slot* slots, uint32_t count);
/// Append keys and aggregates to an explained line.
pl_status pl_aggregate_describe(const pl_alg* alg, pl_explain* explain);

#endif
