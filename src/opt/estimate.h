/// Cardinality: how many rows a pattern has, from the store's exact counters.
///
/// A part of a group is summed up in a profile: its rows given its constants, and for each slot how many distinct values these rows have.
/// With slots already bound, a row then meets rows / (product of their distinct values) matches (independence assumed).
#ifndef PL_OPT_ESTIMATE_H
#define PL_OPT_ESTIMATE_H

#include "opt/slots.h"

typedef struct pl_estimator {
  const pl_query* query;  ///< constants
  pl_txn* txn;            ///< counters
  pl_arena* arena;        ///< for working space
  pl_guard* guard;        ///< ends planning in time; may be NULL
  pl_error* err;          ///< receives what it says
  pl_totals totals;       ///< of the store
  pl_status status;       ///< first failure of the store or the guard; estimates go on with guesses
} pl_estimator;

#define PL_PROFILE_SLOTS 8u  ///< slots a profile keeps

typedef struct pl_profile {
  double rows;                        ///< with nothing bound but constants
  pl_slot slots[PL_PROFILE_SLOTS];    ///< slots of the part
  double distinct[PL_PROFILE_SLOTS];  ///< their distinct values, at least 1
  uint32_t slot_count;                ///< used
} pl_profile;

pl_status pl_estimator_init(pl_estimator* est, const pl_query* query, pl_txn* txn, pl_arena* arena);
/// Sum up a SCAN, ANNOT, EITHER or GROUP.
void pl_estimate_profile(pl_estimator* est, const pl_alg* part, pl_profile* out);
/// Matches per row when the slots of `bound` are known.
double pl_profile_fanout(const pl_profile* profile, pl_slots bound);
double pl_estimate_fanout(pl_estimator* est, const pl_alg* part, pl_slots bound);
/// Share of rows that a filter keeps.
double pl_estimate_filter(const pl_expr* expr);

#endif
