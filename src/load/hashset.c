/// Linear probing in a table at most half full. The hashes are XXH3 values, so their low bits serve as the slot.
#include "load/hashset.h"

enum { CAPACITY_MIN = 1024 };

void pl_hashset_free(pl_hashset* set) {
  pl_mem_free(set->mem, set->slots, set->capacity * sizeof(*set->slots));
  *set = (pl_hashset){.mem = set->mem, .count_max = set->count_max};
}

static size_t find_slot(const uint64_t* slots, size_t capacity, uint64_t hash) {
  size_t i = hash & (capacity - 1);
  while (slots[i] && slots[i] != hash) {
    i = (i + 1) & (capacity - 1);
  }
  return i;
}

static uint64_t usable(uint64_t hash) { return hash ? hash : 1; }

bool pl_hashset_has(const pl_hashset* set, uint64_t hash) {
  return set->capacity && set->slots[find_slot(set->slots, set->capacity, usable(hash))] != 0;
}

static pl_status grow(pl_hashset* set) {
  const size_t capacity = set->capacity ? 2 * set->capacity : CAPACITY_MIN;
  uint64_t* const slots = pl_mem_calloc(set->mem, capacity, sizeof(*slots));
  if (!slots) {
    return pl_mem_status(set->mem);
  }
  for (size_t i = 0; i < set->capacity; i++) {
    if (set->slots[i]) {
      slots[find_slot(slots, capacity, set->slots[i])] = set->slots[i];
    }
  }
  pl_mem_free(set->mem, set->slots, set->capacity * sizeof(*slots));
  set->slots = slots;
  set->capacity = capacity;
  return PL_OK;
}

pl_status pl_hashset_add(pl_hashset* set, uint64_t hash) {
  if (set->count_max && set->count >= set->count_max) {
    memset(set->slots, 0, set->capacity * sizeof(*set->slots));
    set->count = 0;
  }
  if (set->count >= set->capacity / 2) {
    PL_TRY(grow(set));
  }
  const size_t i = find_slot(set->slots, set->capacity, usable(hash));
  set->count += set->slots[i] == 0;
  set->slots[i] = usable(hash);
  return PL_OK;
}
