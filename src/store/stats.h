/// Counters per predicate: the records of PL_DB_STATS.
///
///     key    0 kind: 'f' facts, 'a' annotations   1 predicate id, big-endian (8)
///     value  rows, facts, subjects, objects (8 each, little-endian)
/// A predicate without rows has no record. For annotations facts and subjects equal rows.
#ifndef PL_STORE_STATS_H
#define PL_STORE_STATS_H

#include "store/env.h"

typedef enum pl_stats_kind { PL_STATS_FACTS = 'f', PL_STATS_ANNOTATIONS = 'a' } pl_stats_kind;

/// Write a predicate's record, or remove it when rows is 0. Does not touch the totals (the bulk build sets those
/// itself).
pl_status pl_stats_put(pl_txn* txn, pl_stats_kind kind, const pl_predicate_stats* stats);
/// Add (or take away) counters of one predicate; keeps totals.predicates right. Falling below zero is PL_ERR_CORRUPT.
pl_status pl_stats_add(pl_txn* txn, pl_stats_kind kind, const pl_predicate_stats* change);
pl_status pl_stats_take(pl_txn* txn, pl_stats_kind kind, const pl_predicate_stats* change);
void pl_stats_forget(pl_txn* txn);  ///< drop what was read: the snapshot goes

#endif
