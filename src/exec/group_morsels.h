/// Groups of a scan counted on all threads of the store's pool.
///
/// The range is parted by values of its first free column, so that no group lies in two parts (without keys, no value). Each morsel, a part with a
/// scan of its own, turns the runs that it reads into groups until its room is full. Groups are taken morsel by morsel, in order of the parts: the
/// answer is that of one thread, whoever read what. Morsels are filled in turns, so that the thread of the run asks its guard in between.
#ifndef PL_EXEC_GROUP_MORSELS_H
#define PL_EXEC_GROUP_MORSELS_H

#include "exec/op.h"

/// What is read.
typedef struct pl_group_range {
  pl_order order;         ///< of the store
  pl_scan_mode mode;      ///< what counts as a row
  const pl_pass* pass;    ///< lens; NULL = everything
  const pl_id* prefix;    ///< fixed columns; borrowed
  unsigned prefix_n;      ///< used
  pl_id low, high;        ///< bounds of the column after them
  unsigned key_count;     ///< columns of a group's key, behind the prefix
  unsigned column_count;  ///< columns of a run behind the prefix: keys, and the value whose distinct ones are counted
  bool wanted[3];         ///< columns of the key that are handed on
} pl_group_range;

/// Groups by column, in order; without keys, shares of parts.
typedef struct pl_group_counts {
  const pl_id* key[3];   ///< columns behind the prefix; those that are wanted
  const uint64_t* rows;  ///< rows of each
  const uint64_t* runs;  ///< distinct values of each
  size_t count;          ///< used
} pl_group_counts;

typedef struct pl_group_morsels pl_group_morsels;

/// Begin; *out is NULL where one thread does it as well: there is only one, the range is small, the transaction writes or little memory is left.
pl_status pl_group_morsels_open(pl_run* run, const pl_group_range* range, pl_group_morsels** out);
/// At least one and up to `max` of the next groups, in order; good until the next call. PL_DONE at the end.
pl_status pl_group_morsels_next(pl_group_morsels* morsels, size_t max, pl_group_counts* out);
void pl_group_morsels_close(pl_group_morsels* morsels);  ///< accepts NULL

#endif
