// Hashed rows of ids: see rowtable.h.
#include "exec/rowtable.h"

#define HEADS_MIN 16
#define GROWN_BETWEEN_CHECKS (1u << 16)  ///< rows, a few milliseconds

void pl_rowtable_init(pl_rowtable* table, pl_mem* mem, pl_guard* guard, pl_error* err, uint32_t width, uint32_t keys) {
  *table = (pl_rowtable){.mem = mem, .guard = guard, .err = err, .width = width, .keys = keys};
}

void pl_rowtable_free(pl_rowtable* table) {
  if (!table->mem) {
    return;
  }
  pl_mem_free(table->mem, table->rows, table->row_capacity * sizeof(pl_id));
  pl_mem_free(table->mem, table->next, table->next_capacity * sizeof(uint32_t));
  pl_mem_free(table->mem, table->heads, table->head_count * sizeof(uint32_t));
  pl_rowtable_init(table, table->mem, table->guard, table->err, table->width, table->keys);
}

static uint64_t hash_key(const pl_id* key, uint32_t count) {
  uint64_t hash = 0x9e3779b97f4a7c15u;
  for (uint32_t i = 0; i < count; i++) {
    hash = (hash ^ key[i]) * 0xff51afd7ed558ccdu;
    hash ^= hash >> 32;
  }
  return hash;
}

/// A table that was large once and holds little now is cleared row by row: it may be cleared for every row of an input.
void pl_rowtable_clear(pl_rowtable* table) {
  if (table->count > table->head_count / 16) {
    memset(table->heads, 0, table->head_count * sizeof(uint32_t));
  } else {
    for (uint32_t i = 0; i < table->count; i++) {
      table->heads[hash_key(pl_rowtable_row(table, i), table->keys) & (table->head_count - 1)] = 0;
    }
  }
  table->count = 0;
}

static bool same_key(const pl_rowtable* table, uint32_t index, const pl_id* key) {
  return table->keys == 0 || !memcmp(pl_rowtable_row(table, index), key, table->keys * sizeof(pl_id));
}

static pl_status grow_heads(pl_rowtable* table) {
  const size_t count = table->head_count ? table->head_count * 2 : HEADS_MIN;
  uint32_t* heads = pl_mem_calloc(table->mem, count, sizeof(uint32_t));
  if (!heads) {
    return pl_mem_status(table->mem);
  }
  pl_mem_free(table->mem, table->heads, table->head_count * sizeof(uint32_t));
  table->heads = heads;
  table->head_count = count;
  for (uint32_t i = 0; i < table->count; i++) {
    PL_TRY(i % GROWN_BETWEEN_CHECKS ? PL_OK : pl_guard_check(table->guard, table->err));
    uint32_t* head = &heads[hash_key(pl_rowtable_row(table, i), table->keys) & (count - 1)];
    table->next[i] = *head;
    *head = i + 1;
  }
  return PL_OK;
}

pl_status pl_rowtable_add(pl_rowtable* table, const pl_id* row, uint32_t* index) {
  const size_t ids = ((size_t)table->count + 1) * table->width;
  if (table->count == UINT32_MAX - 1) {
    return PL_ERR_LIMIT;
  }
  if (ids > table->row_capacity) {
    PL_TRY(pl_vec_grow(table->mem, (void**)&table->rows, &table->row_capacity, ids, sizeof(pl_id)));
  }
  if (table->count + (size_t)1 > table->next_capacity) {
    PL_TRY(pl_vec_grow(table->mem, (void**)&table->next, &table->next_capacity, table->count + (size_t)1,
                       sizeof(uint32_t)));
  }
  if (table->count >= table->head_count && table->keys) {
    PL_TRY(grow_heads(table));
  } else if (!table->head_count) {
    PL_TRY(grow_heads(table));
  }
  if (table->width) {
    memcpy(table->rows + (size_t)table->count * table->width, row, table->width * sizeof(pl_id));
  }
  uint32_t* head = &table->heads[hash_key(row, table->keys) & (table->head_count - 1)];
  table->next[table->count] = *head;
  *index = table->count++;
  *head = table->count;
  return PL_OK;
}

static uint32_t first_equal(const pl_rowtable* table, uint32_t link, const pl_id* key) {
  while (link && !same_key(table, link - 1, key)) {
    link = table->next[link - 1];
  }
  return link ? link - 1 : PL_ROW_NONE;
}

uint32_t pl_rowtable_find(const pl_rowtable* table, const pl_id* key) {
  if (table->count == 0) {
    return PL_ROW_NONE;
  }
  return first_equal(table, table->heads[hash_key(key, table->keys) & (table->head_count - 1)], key);
}

uint32_t pl_rowtable_next(const pl_rowtable* table, uint32_t index) {
  return first_equal(table, table->next[index], pl_rowtable_row(table, index));
}

pl_status pl_rowtable_put(pl_rowtable* table, const pl_id* row, uint32_t* index, bool* added) {
  *index = pl_rowtable_find(table, row);
  *added = *index == PL_ROW_NONE;
  return *added ? pl_rowtable_add(table, row, index) : PL_OK;
}
