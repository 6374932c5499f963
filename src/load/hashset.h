/// A set of 64-bit hashes: who was met before. Used for labels already stated and reifiers already closed.
#ifndef PL_LOAD_HASHSET_H
#define PL_LOAD_HASHSET_H

#include "base/mem.h"

typedef struct pl_hashset {
  pl_mem* mem;       ///< account
  uint64_t* slots;   ///< open addressing; 0 = free
  size_t capacity;   ///< power of two, or 0
  size_t count;      ///< used
  size_t count_max;  ///< when reached the set is emptied; 0 = grows without limit
} pl_hashset;

static inline void pl_hashset_init(pl_hashset* set, pl_mem* mem, size_t count_max) {
  *set = (pl_hashset){.mem = mem, .count_max = count_max};
}
void pl_hashset_free(pl_hashset* set);
bool pl_hashset_has(const pl_hashset* set, uint64_t hash);
/// Add a hash; adding it twice changes nothing.
pl_status pl_hashset_add(pl_hashset* set, uint64_t hash);

#endif
