/// Shared by the files of the index and by the scan: keys, a cursor over blocks, rows held as columns while they are
/// changed.
#ifndef PL_STORE_INDEX_INTERNAL_H
#define PL_STORE_INDEX_INTERNAL_H

#include "store/block.h"
#include "store/index.h"
#include "store/read_ahead.h"

#define PL_INDEX_KEY_BYTES_MAX 32u

/// A cursor over the blocks of one index; `block`, `bound` and `bytes` describe the block it stands on.
typedef struct pl_index_cursor {
  pl_index index;                        ///< which
  MDB_cursor* mdb;                       ///< LMDB's; NULL when closed
  pl_block block;                        ///< borrowed from the map until the next write
  uint64_t bound[PL_BLOCK_COLUMNS_MAX];  ///< upper bound of the block's rows: its key
  uint32_t bytes;                        ///< size of the block
  pl_read_ahead read_ahead;              ///< of moves to the next block
} pl_index_cursor;

pl_status pl_index_cursor_open(pl_index index, pl_index_cursor* out);
/// Good again after its transaction was renewed; it stands nowhere.
pl_status pl_index_cursor_renew(pl_index_cursor* cursor);
void pl_index_cursor_close(pl_index_cursor* cursor);  ///< may be called twice
/// Stand on the block whose rows may include `row` (all columns). PL_NOT_FOUND if the index ends before it.
pl_status pl_index_cursor_find(pl_index_cursor* cursor, const uint64_t* row);
/// Stand on the first or last block, or the one after or before. PL_NOT_FOUND if there is none.
pl_status pl_index_cursor_move(pl_index_cursor* cursor, MDB_cursor_op op);

/// Keys are the columns, big-endian.
void pl_index_key_write(const uint64_t* row, uint32_t columns, uint8_t* out);
void pl_index_key_read(const uint8_t* key, uint32_t columns, uint64_t* out);
bool pl_index_bound_is_last(const uint64_t* bound, uint32_t columns);  ///< all 0xFF: the last block
/// The key for people: hexadecimal columns, or "the last one".
void pl_index_key_text(const uint64_t* bound, uint32_t columns, char out[80]);
/// Record that the block with this key is damaged.
pl_status pl_index_damaged(pl_index index, const uint64_t* bound, const char* what);

/// Record that an allocation from `mem` failed: no memory, or its limit was reached.
pl_status pl_index_no_memory(pl_index index, const pl_mem* mem);

/// Rows as columns in one allocation, with room for `capacity` rows.
typedef struct pl_index_rows {
  pl_mem* mem;         ///< pays
  pl_block_rows rows;  ///< columns, each `capacity` long
  uint32_t columns;    ///< used
  uint32_t capacity;   ///< rows
  uint32_t count;      ///< rows used
} pl_index_rows;

pl_status pl_index_rows_init(pl_index_rows* rows, pl_mem* mem, pl_index index, uint32_t capacity);
void pl_index_rows_free(pl_index_rows* rows);  ///< accepts a zeroed struct
/// Decode the whole block the cursor stands on to row `at`.
pl_status pl_index_rows_decode(pl_index_rows* rows, const pl_index_cursor* cursor, uint32_t at);

pl_status pl_index_put(pl_index index, const uint64_t* bound, const uint8_t* bytes, uint32_t len);
pl_status pl_index_remove(pl_index index, const uint64_t* bound);
/// Write all rows as the blocks up to `bound`: one if they fit, else several equally full ones, or, with `append`,
/// nearly full ones and a rest. No cursor may be open.
pl_status pl_index_write(pl_index index, const pl_index_rows* rows, const uint64_t* bound, bool append);

#endif
