/// Filters that bound the values of a slot: `?n > 3`, `?d in 2019..2020`, `?x = 5`. A scan whose object the slot is need not be read beyond them.
/// The filter stays, because ranges of ids are wider than need be.
#ifndef PL_OPT_BOUNDS_H
#define PL_OPT_BOUNDS_H

#include "algebra/algebra.h"
#include "term/range.h"

typedef struct pl_bound {
  pl_compare_op op;  ///< slot op value
  bool whole;        ///< see pl_id_ranges_of
  pl_ref value;      ///< constant or parameter
} pl_bound;

#define PL_BOUNDS_OF_FILTER 2u  ///< most that one filter gives

/// Does a filter bound a slot by constants?
bool pl_bounds_some(const pl_expr* filter);
/// Bounds that a filter, required to be true, sets for a slot: how many, in `out`.
uint32_t pl_bounds_of(const pl_expr* filter, pl_slot slot, pl_bound out[PL_BOUNDS_OF_FILTER]);

#endif
