/// Which ids may stand for a value beyond a bound: comparisons as ranges of ids, so that an index is read only where it can match.
///
/// Ids of one tag sort like their values, so each tag has one range. Ranges are wider than need be (rounding, time zones), and tags of the
/// dictionary are taken whole: what is found must still be compared.
#ifndef PL_TERM_RANGE_H
#define PL_TERM_RANGE_H

#include "term/value.h"

typedef struct pl_id_range {
  pl_id low;   ///< first id
  pl_id high;  ///< last id
} pl_id_range;

#define PL_ID_RANGES_MAX 7u  ///< tags that have numbers or dates

/// Disjoint, ascending, each within one tag.
typedef struct pl_id_ranges {
  pl_id_range items[PL_ID_RANGES_MAX];  ///< the ranges
  uint32_t count;                       ///< used
} pl_id_ranges;

/// Ids of values x for which `x op bound` may be true. With `whole`, a date as an upper bound counts to its end (x in a..bound), else to its
/// start. False, and nothing is set, if ranges cannot tell: a bound that is no number and no date, or PL_CMP_NE.
bool pl_id_ranges_of(pl_compare_op op, const pl_value* bound, bool whole, pl_id_ranges* out);
/// Keep what is in both.
void pl_id_ranges_keep(pl_id_ranges* ranges, const pl_id_ranges* other);

#endif
