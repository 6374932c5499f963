/// Copying a store into a new file: as it is (backup), or with full blocks and without free pages in its own place (compact).
///
/// Ids, totals, counters, settings and the text index are those of the snapshot that is copied; only blocks and pages differ.
#ifndef PL_STORE_COPY_H
#define PL_STORE_COPY_H

#include "base/work.h"
#include "store/env.h"

typedef struct pl_copy_options {
  bool skip_check;  ///< do not verify the copy before it gets its name
  pl_guard* guard;  ///< asked after each block; may be NULL
  pl_work* work;    ///< told how far the copy is, before the guard is asked; may be NULL
} pl_copy_options;

/// Copy the snapshot of a read transaction to `path`, which must not exist (PL_ERR_MISUSE). The new store appears whole, synced and, unless
/// that is skipped, verified (pl_check in its fast form), or not at all. Its mode is that of the source, less what the umask denies.
/// PL_ERR_CORRUPT if the source is damaged.
pl_status pl_copy_backup(pl_txn* from, const char* path, const pl_copy_options* options);

typedef struct pl_compact_summary {
  uint64_t bytes_before;  ///< size of the file
  uint64_t bytes_after;   ///< the same if there was nothing to gain: then the file was left alone
} pl_compact_summary;

/// Replace the store in file `path` by a copy without waste, atomically; mode and owner are kept as far as the process may. `open` gives threads,
/// address space and allocator. PL_ERR_BUSY while any process, this one included, has the store open; PL_ERR_READONLY if the file may not be
/// written. Whatever fails, the store is as it was.
pl_status pl_copy_compact(const char* path, const pl_store_options* open, const pl_copy_options* options, pl_error* err,
                          pl_compact_summary* summary);

/// Used by both: make the copy in an open place and verify it; nothing has it open afterwards.
struct pl_build_place;
pl_status pl_copy_make(pl_txn* from, const struct pl_build_place* place, bool repack, const pl_copy_options* options);

#endif
