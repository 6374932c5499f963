/// Verification of a whole store, in two forms.
///
/// Fast: one pass over everything that can be verified on its own: LMDB's pages, header and settings, every block and every group of
/// the dictionary decoded and in order, the counts of all of them against the totals. Deep: also everything against everything else: the
/// orders, the dictionary both ways, ids, assertions and their identities, the text index, the counters of each predicate.
#ifndef PL_STORE_CHECK_H
#define PL_STORE_CHECK_H

#include "base/work.h"
#include "store/env.h"

typedef struct pl_check_options {
  bool deep;        ///< see above
  pl_guard* guard;  ///< asked after each value of LMDB, never by two threads at once; may be NULL
  pl_work* work;    ///< told how far the check is, before the guard is asked; may be NULL
  void (*on_damage)(void* user, const char* text);  ///< gets findings, "part: what is wrong", on the calling thread
  void* user;                                       ///< its argument
} pl_check_options;

typedef struct pl_check_report {
  uint64_t damage_count;   ///< findings
  uint64_t pages_checked;  ///< pages of LMDB in use
  uint64_t rows_checked;   ///< rows read over all orders
  uint64_t terms_checked;  ///< dictionary entries read
} pl_check_report;

/// Verify; each finding is one line given to on_damage (at most 1000, then a last one says how many more there were).
/// Returns PL_OK also when damage was found; a failure only when the check itself could not go on. The report is filled in any case.
pl_status pl_check(pl_txn* txn, const pl_check_options* options, pl_check_report* out);

#endif
