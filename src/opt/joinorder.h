/// Join order: in which order, and how, the required parts of a group are joined to the rows of its input.
#ifndef PL_OPT_JOINORDER_H
#define PL_OPT_JOINORDER_H

#include "opt/estimate.h"

typedef struct pl_join_step {
  uint32_t part;     ///< index of the part
  bool hash;         ///< read the part by itself into a hash table, instead of looking it up row by row
  bool ranged;       ///< filters leave so little of its objects that it is read by them, if nothing else is bound
  bool dense;        ///< look-ups row by row meet most blocks of the part
  double rows;       ///< expected after this step
  double part_rows;  ///< of the part by itself
} pl_join_step;

typedef struct pl_join_problem {
  pl_alg* const* parts;     ///< SCAN, ANNOT, EITHER
  uint32_t count;           ///< used
  pl_slots bound;           ///< slots of the input
  double rows;              ///< expected rows of the input
  bool as_written;          ///< keep the order of writing
  double limit;             ///< rows that are asked for, if a limit stops the group early; 0 = all
  bool no_hash;             ///< look-ups only
  bool no_ranges;           ///< filters do not tell what is read
  pl_expr* const* filters;  ///< required to be true of the rows
  uint32_t filter_count;    ///< used
  pl_slots raw;             ///< see pl_same_raw_slots; without words if no lens of the query has identity
} pl_join_problem;

/// Fill steps[count]: the cheapest left-deep order by dynamic programming up to 12 parts, greedily beyond. A part that reads a slot without
/// binding it (a filter of a branch, an argument of a lens, an end of a path that may be empty) comes after the parts that can bind the slot.
pl_status pl_join_order(pl_estimator* est, const pl_join_problem* problem, pl_join_step* steps);

#endif
