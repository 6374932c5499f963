/// Open addressing with linear probing, at most half full.
#include "store/rowset.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define CAPACITY_MIN 16u
#define CAPACITY_KEPT 1024u

static size_t slot_of(const pl_rowset* set, const uint64_t* key) {
  return (size_t)XXH3_64bits(key, set->key_columns * sizeof *key) & (set->capacity - 1);
}

static bool is_free(const uint64_t row[4]) { return (row[0] | row[1] | row[2] | row[3]) == 0; }

/// Where the key stands, or the free slot where it would.
static size_t probe(const pl_rowset* set, const uint64_t* key) {
  size_t at = slot_of(set, key);
  while (!is_free(set->slots[at]) && memcmp(set->slots[at], key, set->key_columns * sizeof *key) != 0) {
    at = (at + 1) & (set->capacity - 1);
  }
  return at;
}

void pl_rowset_prefetch(const pl_rowset* set, const uint64_t* key) {
  if (set->count > 0) {
    __builtin_prefetch(set->slots[slot_of(set, key)]);
  }
}

const uint64_t* pl_rowset_find(const pl_rowset* set, const uint64_t* key) {
  if (set->count == 0) {
    return NULL;
  }
  const size_t at = probe(set, key);
  return is_free(set->slots[at]) ? NULL : set->slots[at];
}

static pl_status grow(pl_mem* mem, pl_rowset* set) {
  pl_rowset larger = *set;
  larger.capacity = set->capacity ? set->capacity * 2 : CAPACITY_MIN;
  larger.slots = pl_mem_calloc(mem, larger.capacity, sizeof *larger.slots);
  if (!larger.slots) {
    return pl_mem_status(mem);
  }
  for (size_t i = 0; i < set->capacity; i++) {
    if (!is_free(set->slots[i])) {
      memcpy(larger.slots[probe(&larger, set->slots[i])], set->slots[i], sizeof *set->slots);
    }
  }
  pl_mem_free(mem, set->slots, pl_rowset_bytes(set));
  *set = larger;
  return PL_OK;
}

pl_status pl_rowset_put(pl_mem* mem, pl_rowset* set, const uint64_t row[4]) {
  assert(!is_free(row));
  if (2 * (set->count + 1) > set->capacity) {
    PL_TRY(grow(mem, set));
  }
  memcpy(set->slots[probe(set, row)], row, sizeof *set->slots);
  set->count++;
  return PL_OK;
}

void pl_rowset_clear(pl_mem* mem, pl_rowset* set, uint32_t key_columns) {
  if (set->capacity > CAPACITY_KEPT) {
    pl_rowset_free(mem, set);
  } else if (set->count > 0) {
    memset(set->slots, 0, pl_rowset_bytes(set));
  }
  set->count = 0;
  set->key_columns = key_columns;
}

void pl_rowset_free(pl_mem* mem, pl_rowset* set) {
  pl_mem_free(mem, set->slots, pl_rowset_bytes(set));
  set->slots = NULL;
  set->capacity = set->count = 0;
}
