/// Verification of a whole store: block order and counts, all orders equal, dictionary both ways, assertions, counters, settings.
#ifndef PL_STORE_CHECK_H
#define PL_STORE_CHECK_H

#include "store/env.h"

typedef struct pl_check_report {
  uint64_t damage_count;   ///< findings
  uint64_t rows_checked;   ///< rows read over all orders
  uint64_t terms_checked;  ///< dictionary entries read
} pl_check_report;

/// Verify everything; each finding is one line given to on_damage (at most 1000, then a last one says how many more there were).
/// Returns PL_OK also when damage was found; a failure only when the check itself could not go on. guard may be NULL.
pl_status pl_check(pl_txn* txn, pl_guard* guard, void (*on_damage)(void* user, const char* text), void* user,
                   pl_check_report* out);

#endif
