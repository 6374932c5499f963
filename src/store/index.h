/// Sorted rows of 2 to 4 unsigned 64-bit columns in one LMDB database, as compressed blocks (block.h).
///
/// A value is one block of at most 4080 bytes (exactly one overflow page); its key is the big-endian upper bound of the block's rows
/// (8 bytes a column), the last block's key all 0xFF. One MDB_SET_RANGE finds the block of a row, and inserting never re-keys.
#ifndef PL_STORE_INDEX_H
#define PL_STORE_INDEX_H

#include "store/env.h"

typedef struct pl_index {
  pl_txn* txn;       ///< transaction
  pl_db db;          ///< which database
  uint32_t columns;  ///< 2, 3 or 4
} pl_index;

uint32_t pl_db_columns(pl_db db);  ///< columns of an index database
static inline pl_index pl_index_of(pl_txn* txn, pl_db db) { return (pl_index){txn, db, pl_db_columns(db)}; }

/// Insert `count` rows (row after row, sorted, distinct). shared[i] (may be NULL) receives how many leading columns row i has in common
/// with some row that was there before it: an old row or an earlier row of this call. shared[i] == columns: it was already there.
/// So counters need no second look: in pso, shared < 2 means a new subject of p. Splits blocks at the limit.
pl_status pl_index_insert(pl_index index, const uint64_t* rows, size_t count, uint8_t* shared);
/// Delete `count` sorted distinct rows. shared[i] receives how many leading columns row i has in common with some row that remains after
/// it: a kept row or a later row of this call; UINT8_MAX if the row was not there. Blocks left less than half full are merged with a neighbour.
pl_status pl_index_delete(pl_index index, const uint64_t* rows, size_t count, uint8_t* shared);
/// True in *found if the row is there.
pl_status pl_index_contains(pl_index index, const uint64_t* row, bool* found);
/// First row whose first n columns equal key: copied to row. PL_NOT_FOUND if none.
pl_status pl_index_first(pl_index index, const uint64_t* key, unsigned n, uint64_t* row);

/// Bulk append to an EMPTY database: rows must arrive sorted and distinct over all calls. fill_percent is how full blocks are made; the index does not change it later.
typedef struct pl_index_append pl_index_append;
/// What a store that will be written to is built with: of 380 to 1000 rows a block a twelfth more fits before it is split.
enum { PL_INDEX_FILL_PERCENT = 92 };
pl_status pl_index_append_open(pl_index index, unsigned fill_percent, pl_mem* mem, pl_index_append** out);
pl_status pl_index_append_rows(pl_index_append* append, const uint64_t* rows, size_t count);
/// Commit what has been written and go on in a new transaction, so that memory stays bounded. *txn is the transaction; NULL after a failure.
pl_status pl_index_append_commit(pl_index_append* append, pl_txn** txn);
pl_status pl_index_append_finish(pl_index_append* append);  ///< writes the last block; frees
void pl_index_append_abort(pl_index_append* append);        ///< frees; accepts NULL

/// Who listens to a verification. A failure that a function returns ends the walk.
typedef struct pl_verifier {
  void (*on_damage)(void* user, const char* text);  ///< gets each finding, "part: what is wrong"
  pl_status (*on_value)(void* user,
                        uint64_t items);  ///< after each block or group; rows or terms in it, 0 if damaged; may be NULL
  pl_status (*on_rows)(void* user, const uint64_t* rows,
                       size_t count);  ///< rows of each sound block of an index; may be NULL
  void* user;                          ///< argument of all three
} pl_verifier;

/// Walk all blocks and verify: keys ascending, rows within bounds and ascending, header counts right, no padding damage. Damage is reported
/// through on_damage, not as a failure; returns failure only if reading cannot go on.
pl_status pl_index_verify(pl_index index, pl_mem* mem, const pl_verifier* verifier);
/// Blocks and bytes, for stats.
typedef struct pl_index_size {
  uint64_t blocks, bytes, rows;
} pl_index_size;
pl_status pl_index_measure(pl_index index, pl_index_size* out);  ///< rows are counted from headers

#endif
