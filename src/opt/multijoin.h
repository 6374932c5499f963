/// Finding patterns that form a cycle, and whether a multiway join of them costs less than one part after the other.
#ifndef PL_OPT_MULTIJOIN_H
#define PL_OPT_MULTIJOIN_H

#include "opt/joinorder.h"

#define PL_MJ_VARS_MAX 8u        ///< variables of one multiway join
#define PL_MJ_RELATIONS_MAX 12u  ///< patterns of one

/// Choose the parts of a group to be joined at once: scans of facts between two variables that are left when every part is taken away that
/// hangs on the others by one variable only (GYO reduction), as far as they are connected. `steps` is the order of pl_join_order. chosen[part] is set,
/// *count is 0 if there is no cycle or the steps cost less, unless `always`.
pl_status pl_multi_join_find(pl_estimator* est, const pl_join_problem* problem, const pl_join_step* steps, bool always,
                             bool* chosen, uint32_t* count);

/// Do two scans between slots read the same facts?
bool pl_multi_join_same(const pl_alg_scan* a, const pl_alg_scan* b);

#endif
