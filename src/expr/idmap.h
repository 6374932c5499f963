/// A hash table from ids to 64-bit values: the caches, memos and sets of this folder. Zeroed memory is an empty table.
#ifndef PL_EXPR_IDMAP_H
#define PL_EXPR_IDMAP_H

#include "base/mem.h"
#include "term/id.h"

typedef struct pl_idmap_entry {
  pl_id key;       ///< 0 = free
  uint64_t value;  ///< the caller's
} pl_idmap_entry;

typedef struct pl_idmap {
  pl_idmap_entry* entries;  ///< linear probing; a power of two of them
  size_t capacity;          ///< entries allocated
  size_t count;             ///< keys in use
} pl_idmap;

/// Value of a key, or NULL. Valid until the next put.
uint64_t* pl_idmap_find(const pl_idmap* map, pl_id key);
/// Ask for the memory where a key would be found.
void pl_idmap_prefetch(const pl_idmap* map, pl_id key);
/// Set the value of a key (not 0). *added (may be NULL): the key was new.
pl_status pl_idmap_put(pl_idmap* map, pl_mem* mem, pl_id key, uint64_t value, bool* added);
void pl_idmap_free(pl_idmap* map, pl_mem* mem);  ///< the table is empty again

#endif
