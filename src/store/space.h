/// What takes the room in a store's file, and who keeps free pages from being used again.
#ifndef PL_STORE_SPACE_H
#define PL_STORE_SPACE_H

#include "store/env.h"

typedef struct pl_space {
  uint64_t page_bytes;        ///< size of a page
  uint64_t map_bytes;         ///< address space reserved
  uint64_t file_bytes;        ///< size of the file
  uint64_t used_pages;        ///< in trees, headers and the list of free pages itself
  uint64_t free_pages;        ///< on that list
  uint64_t held_pages;        ///< of these, not to be used again while the oldest reader reads
  uint64_t last_transaction;  ///< number of the newest commit
} pl_space;

typedef struct pl_readers {
  uint64_t count;        ///< reading now, over all processes
  uint64_t oldest_pid;   ///< process of the one with the oldest snapshot; 0 = nobody reads
  uint64_t transaction;  ///< that snapshot
} pl_readers;

/// One database.
typedef struct pl_part_space {
  uint64_t pages;        ///< of its tree and its values
  uint64_t bytes;        ///< of these pages
  uint64_t values;       ///< blocks, groups, records
  uint64_t value_bytes;  ///< of these
} pl_part_space;

/// Who reads now; a reader of this process counts too. Ask before beginning a transaction only to measure. Nobody where
/// the store is open without a lock table.
void pl_space_readers(const pl_store* store, pl_readers* out);
/// The snapshot's pages. `readers` (may be NULL) tells what is held. The transaction is one of
/// pl_txn_begin_walkable, or nothing is committed meanwhile. PL_ERR_CORRUPT if the list of free pages is damaged.
pl_status pl_space_measure(pl_txn* txn, const pl_readers* readers, pl_space* out);
/// One database; reads its branch and leaf pages, not the values. Zero if the file lacks it.
pl_status pl_space_part(pl_txn* txn, pl_db db, pl_part_space* out);

#endif
