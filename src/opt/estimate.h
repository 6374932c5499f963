/// Cardinality: how many rows a pattern has, from the store's exact counters.
///
/// A part of a group is summed up in a profile: its rows given its constants, and for each slot how many distinct values these rows have.
/// The domain of a slot is how many values it has in facts of the same predicates, whatever the constants. Where two parts share a slot, the
/// values of the smaller domain are taken to be among those of the larger one, and constants to be independent of that: so a pair of rows
/// meets with a chance of one in the larger domain.
#ifndef PL_OPT_ESTIMATE_H
#define PL_OPT_ESTIMATE_H

#include "opt/slots.h"
#include "term/range.h"

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
  double rows;                      ///< with nothing bound but constants
  pl_slot slots[PL_PROFILE_SLOTS];  ///< slots of the part
  double domain[PL_PROFILE_SLOTS];  ///< of each, at least 1
  uint32_t slot_count;              ///< used
} pl_profile;

pl_status pl_estimator_init(pl_estimator* est, const pl_query* query, pl_txn* txn, pl_arena* arena);
/// Sum up a SCAN, ANNOT, EITHER or GROUP.
void pl_estimate_profile(pl_estimator* est, const pl_alg* part, pl_profile* out);
/// Facts of a scan of constant predicates whose object is in some ranges, subjects free; false if the store cannot tell.
bool pl_estimate_ranges(pl_estimator* est, const pl_alg_scan* scan, const pl_id_ranges* ranges, double* rows);
/// Share of rows that a filter keeps.
double pl_estimate_filter(const pl_expr* expr);

#endif
