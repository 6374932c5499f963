/// Linear probing at a load of at most 3/4. Keys are never removed singly, so there are no tombstones.
#include "expr/idmap.h"

enum { CAPACITY_MIN = 16 };

static size_t home_of(const pl_idmap* map, pl_id key) {
  const uint64_t mixed = (key ^ key >> 32) * 0x9E3779B97F4A7C15u;
  return (size_t)(mixed >> 32) & (map->capacity - 1);
}

static size_t slot_of(const pl_idmap* map, pl_id key) {
  size_t at = home_of(map, key);
  while (map->entries[at].key && map->entries[at].key != key) {
    at = (at + 1) & (map->capacity - 1);
  }
  return at;
}

uint64_t* pl_idmap_find(const pl_idmap* map, pl_id key) {
  if (map->count == 0) {
    return NULL;
  }
  pl_idmap_entry* const entry = &map->entries[slot_of(map, key)];
  return entry->key ? &entry->value : NULL;
}

void pl_idmap_prefetch(const pl_idmap* map, pl_id key) {
  if (map->capacity) {
    __builtin_prefetch(&map->entries[home_of(map, key)]);
  }
}

static pl_status grow(pl_idmap* map, pl_mem* mem) {
  pl_idmap grown = {.capacity = map->capacity ? map->capacity * 2 : CAPACITY_MIN, .count = map->count};
  grown.entries = pl_mem_calloc(mem, grown.capacity, sizeof *grown.entries);
  if (!grown.entries) {
    return pl_mem_status(mem);
  }
  for (size_t i = 0; i < map->capacity; i++) {
    if (map->entries[i].key) {
      grown.entries[slot_of(&grown, map->entries[i].key)] = map->entries[i];
    }
  }
  pl_mem_free(mem, map->entries, map->capacity * sizeof *map->entries);
  *map = grown;
  return PL_OK;
}

pl_status pl_idmap_put(pl_idmap* map, pl_mem* mem, pl_id key, uint64_t value, bool* added) {
  assert(key);
  if (map->count + 1 > map->capacity / 4 * 3) {
    PL_TRY(grow(map, mem));
  }
  pl_idmap_entry* const entry = &map->entries[slot_of(map, key)];
  if (added) {
    *added = entry->key == 0;
  }
  map->count += entry->key == 0;
  *entry = (pl_idmap_entry){key, value};
  return PL_OK;
}

void pl_idmap_free(pl_idmap* map, pl_mem* mem) {
  pl_mem_free(mem, map->entries, map->capacity * sizeof *map->entries);
  *map = (pl_idmap){.entries = NULL};
}
