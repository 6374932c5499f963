/// Ids sorted in term order.
#ifndef PL_EXPR_IDSORT_H
#define PL_EXPR_IDSORT_H

#include "expr/expr.h"

/// Sort `count` ids by pl_termpool_order; equal ones keep their order. Asks the guard; space for a second array is taken from `mem`.
pl_status pl_ids_sort(pl_eval* eval, pl_mem* mem, pl_id* ids, size_t count);

#endif
