/// Building a new store file from a stream of statements: dictionary in memory, rows sorted (on disk beyond a budget), blocks appended.
///
/// The file is built under a temporary name in the target's directory without syncing, then synced and renamed, so that a store appears
/// whole or not at all. Leftovers of a killed build are removed by the next one (their names say whose they are and a lock shows if it lives).
#ifndef PL_STORE_BULK_H
#define PL_STORE_BULK_H

#include "store/env.h"
#include "store/statement.h"

typedef struct pl_bulk pl_bulk;

typedef struct pl_bulk_options {
  pl_str base;               ///< base of the new store; empty = default
  size_t bytes_max;          ///< memory for rows being sorted; 0 = 1 GiB
  unsigned threads;          ///< 0 = processors
  pl_guard* guard;           ///< may be NULL
  unsigned fill_percent;     ///< 0 = PL_INDEX_FILL_PERCENT
  pl_realloc_fn realloc_fn;  ///< allocator; NULL = C heap; called from several threads at once
  void* realloc_user;        ///< passed to it
  pl_status (*on_written)(
      void* user,
      pl_txn* txn);  ///< called in a write transaction on the finished store, before it gets its name; may be NULL
  void* user;        ///< passed to it
} pl_bulk_options;

/// `path` must not exist (PL_ERR_MISUSE).
pl_status pl_bulk_open(const char* path, const pl_bulk_options* options, pl_error* err, pl_bulk** out);
/// Take a batch: terms are interned and rows collected before it returns.
pl_status pl_bulk_batch(pl_bulk* bulk, const pl_batch* batch);
pl_status pl_bulk_set_prefix(pl_bulk* bulk, pl_str prefix, pl_str iri);
/// Sort, write, sync, rename. Frees the builder whatever it returns; on failure nothing is left behind.
pl_status pl_bulk_finish(pl_bulk* bulk, pl_write_counts* counts);
void pl_bulk_abort(pl_bulk* bulk);  ///< removes the temporary file; frees; accepts NULL

#endif
