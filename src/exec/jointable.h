/// Rows read once and found by key: the built side of a hash join.
///
/// Rows are added as columns. Sealing sorts them into buckets, so that the rows of a bucket lie side by side:
///
///   starts:  bucket b holds rows [starts[b], starts[b + 1])
///
/// Where there is one key column and its ids lie close together, bucket = id - least: a row is found with one load and needs no comparison
/// (`exact`). Otherwise bucket = hash of the key. A table of nothing but keys keeps how often each key occurs: `sums` by bucket where
/// buckets are exact, else one row for each key.
#ifndef PL_EXEC_JOINTABLE_H
#define PL_EXEC_JOINTABLE_H

#include "base/guard.h"
#include "base/mem.h"
#include "expr/chunk.h"

typedef struct pl_jointable {
  pl_mem* mem;       ///< pays
  pl_guard* guard;   ///< asked while rows are added and sealed; may be NULL
  pl_error* err;     ///< told by it
  uint32_t keys;     ///< leading columns that are the key
  uint32_t width;    ///< columns
  size_t count;      ///< rows; below 2^32 - 1
  pl_id** columns;   ///< `width` of them, and one more: how often each row is there; NULL there: once each
  size_t* room;      ///< rows that each column has room for
  pl_id least;       ///< exact with a key: smallest id
  uint64_t buckets;  ///< number of buckets, 0 before sealing
  unsigned shift;    ///< hashed: bits that a hash loses
  bool exact;        ///< all rows of a bucket have the same key
  uint32_t* starts;  ///< see above; NULL where there are sums
  uint64_t* sums;    ///< see above
} pl_jointable;

/// Start a table; its column pointers lie in `arena`.
pl_status pl_jointable_init(pl_jointable* table, pl_arena* arena, pl_mem* mem, pl_guard* guard, pl_error* err,
                            uint32_t keys, uint32_t width);
void pl_jointable_free(pl_jointable* table);  ///< also frees for the next rows: the table is empty again
/// Append the selected rows of a chunk, but those with a null key; column i is slot slots[i]. PL_ERR_LIMIT beyond 2^32 - 2 rows.
pl_status pl_jointable_add(pl_jointable* table, const pl_chunk* chunk, const pl_slot* slots);
/// Nothing more comes: rows can be found from now on.
pl_status pl_jointable_seal(pl_jointable* table);

static inline uint64_t pl_jointable_hash(pl_id key, uint64_t hash) {
  hash = (hash ^ key) * 0x9e3779b97f4a7c15u;
  return hash ^ hash >> 29;
}
/// Bucket of the key in row `row` of key columns; `buckets` (one too many) where no row can have it.
static inline uint64_t pl_jointable_bucket(const pl_jointable* table, const pl_id* const* keys, uint32_t row) {
  if (table->exact) {
    const uint64_t at = table->keys ? keys[0][row] - table->least : 0;
    return at < table->buckets ? at : table->buckets;
  }
  uint64_t hash = 0;
  for (uint32_t k = 0; k < table->keys; k++) {
    hash = pl_jointable_hash(keys[k][row], hash);
  }
  return hash * 0x9e3779b97f4a7c15u >> table->shift;
}
/// Has row `at` of the table the key in row `row` of key columns?
static inline bool pl_jointable_same(const pl_jointable* table, size_t at, const pl_id* const* keys, uint32_t row) {
  for (uint32_t k = 0; k < table->keys; k++) {
    if (table->columns[k][at] != keys[k][row]) {
      return false;
    }
  }
  return true;
}
/// How often row `at` is there.
static inline uint64_t pl_jointable_row_times(const pl_jointable* table, size_t at) {
  return table->columns[table->width] ? table->columns[table->width][at] : 1;
}
/// How many rows have this key, multiplicities counted.
uint64_t pl_jointable_times(const pl_jointable* table, const pl_id* const* keys, uint32_t row);

#endif
