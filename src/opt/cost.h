/// Cost units of the join order, in nanoseconds of the machine they were measured on; only their ratios matter.
#ifndef PL_OPT_COST_H
#define PL_OPT_COST_H

#define PL_COST_SEEK 250.0    ///< moving a scan to another block
#define PL_COST_NEAR 100.0    ///< placing a scan on a range, block at hand
#define PL_COST_ROW 6.0       ///< one row out of a scan, with its carried columns
#define PL_COST_BUILD 20.0    ///< one row into a hash table
#define PL_COST_PROBE 8.0     ///< one look-up in a hash table
#define PL_COST_EMIT 6.0      ///< one row out of a hash join
#define PL_COST_KEY 1000.0    ///< reading the few rows of one key, among others, with a scan that is placed for each
#define PL_COST_APPLY 2000.0  ///< one row through a sub-plan
#define PL_COST_BLOCK_ROWS 300.0  ///< rows of a block of an index

#define PL_COST_CHUNK 2048.0  ///< rows that an operator makes at once, whatever the limit

/// Share of `rows` that is made before a limit (<= 0: none) ends the group.
static inline double pl_cost_share(double limit, double rows) { return limit > 0 && limit < rows ? limit / rows : 1; }
/// Of the rows of a step, those that are made where that is the share of all.
static inline double pl_cost_made(double rows, double share) {
  const double made = rows * share;
  return rows < PL_COST_CHUNK ? rows : made < PL_COST_CHUNK ? PL_COST_CHUNK : made;
}

#endif
