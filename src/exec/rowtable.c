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
  pl_mem_free(table->mem, table->heads, table->head_count * sizeof(pl_rowhead));
  pl_rowtable_init(table, table->mem, table->guard, table->err, table->width, table->keys);
}

/// Linear probing needs a hash whose low bits depend on all of the key: each value is mixed by two multiplications.
static uint64_t hash_key(const pl_id* key, uint32_t count) {
  uint64_t hash = 0x9e3779b97f4a7c15u;
  for (uint32_t i = 0; i < count; i++) {
    hash = (hash ^ key[i]) * 0xff51afd7ed558ccdu;
    hash = (hash ^ hash >> 32) * 0xc4ceb9fe1a85ec53u;
    hash ^= hash >> 29;
  }
  return hash;
}

/// First place to look for a hash.
static size_t home_of(const pl_rowtable* table, uint64_t hash) { return (uint32_t)hash & (table->head_count - 1); }

/// A table that was large once and holds little now is cleared row by row: it may be cleared for every row of an input. As all rows go, so does
/// all that stands behind the home of one, up to the next free place.
void pl_rowtable_clear(pl_rowtable* table) {
  if (table->count > table->head_count / 16) {
    memset(table->heads, 0, table->head_count * sizeof(pl_rowhead));
  } else {
    for (uint32_t i = 0; i < table->count; i++) {
      size_t at = home_of(table, hash_key(pl_rowtable_row(table, i), table->keys));
      for (; table->heads[at].row; at = (at + 1) & (table->head_count - 1)) {
        table->heads[at] = (pl_rowhead){0};
      }
    }
  }
  table->count = 0;
}

static bool same_key(const pl_rowtable* table, uint32_t index, const pl_id* key) {
  const pl_id* const row = pl_rowtable_row(table, index);
  for (uint32_t k = 0; k < table->keys; k++) {
    if (row[k] != key[k]) {
      return false;
    }
  }
  return true;
}

/// The head of a key: its own, or the free one where it would stand.
static pl_rowhead* head_of(const pl_rowtable* table, const pl_id* key, uint64_t hash) {
  size_t at = home_of(table, hash);
  for (;; at = (at + 1) & (table->head_count - 1)) {
    pl_rowhead* const head = &table->heads[at];
    if (!head->row || (head->hash == (uint32_t)hash && same_key(table, head->row - 1, key))) {
      return head;
    }
  }
}

/// Twice as many heads. They move without a look at their rows.
static pl_status grow_heads(pl_rowtable* table) {
  const size_t count = table->head_count ? table->head_count * 2 : HEADS_MIN;
  pl_rowhead* const heads = pl_mem_calloc(table->mem, count, sizeof(*heads));
  if (!heads) {
    return pl_mem_status(table->mem);
  }
  pl_rowhead* const old = table->heads;
  const size_t old_count = table->head_count;
  table->heads = heads;
  table->head_count = count;
  pl_status status = PL_OK;
  for (size_t i = 0; i < old_count && status == PL_OK; i++) {
    status = i % GROWN_BETWEEN_CHECKS ? PL_OK : pl_guard_check(table->guard, table->err);
    if (old[i].row) {
      size_t at = home_of(table, old[i].hash);
      while (heads[at].row) {
        at = (at + 1) & (count - 1);
      }
      heads[at] = old[i];
    }
  }
  pl_mem_free(table->mem, old, old_count * sizeof(*old));
  return status;
}

static pl_status add_hashed(pl_rowtable* table, const pl_id* row, uint64_t hash, uint32_t* index) {
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
  if (table->count >= table->head_count / 4 * 3) {
    PL_TRY(grow_heads(table));
  }
  if (table->width) {
    memcpy(table->rows + (size_t)table->count * table->width, row, table->width * sizeof(pl_id));
  }
  pl_rowhead* const head = head_of(table, row, hash);
  table->next[table->count] = head->row;
  *index = table->count++;
  *head = (pl_rowhead){(uint32_t)hash, table->count};
  return PL_OK;
}

pl_status pl_rowtable_add(pl_rowtable* table, const pl_id* row, uint32_t* index) {
  return add_hashed(table, row, hash_key(row, table->keys), index);
}

static uint32_t find_hashed(const pl_rowtable* table, const pl_id* key, uint64_t hash) {
  return table->count ? head_of(table, key, hash)->row - 1 : PL_ROW_NONE;  // none: 0 - 1
}

uint32_t pl_rowtable_find(const pl_rowtable* table, const pl_id* key) {
  return find_hashed(table, key, hash_key(key, table->keys));
}

uint32_t pl_rowtable_next(const pl_rowtable* table, uint32_t index) { return table->next[index] - 1; }

pl_status pl_rowtable_put(pl_rowtable* table, const pl_id* row, uint32_t* index, bool* added) {
  *index = pl_rowtable_find(table, row);
  *added = *index == PL_ROW_NONE;
  return *added ? pl_rowtable_add(table, row, index) : PL_OK;
}

// ---- many keys at once --------------------------------------------------------------------------------------------

#define KEYS_AHEAD 32u         ///< keys whose memory is asked for before they are looked up
#define KEYS_PREFETCHED 4096u  ///< a table of fewer rows lies in the cache

/// Keys are looked up a few dozen at a time: first their hashes, then the rows that have them, so that the waits for memory overlap.
typedef struct key_batch {
  const pl_id* const* columns;  ///< of the keys
  const uint16_t* rows;         ///< where they stand; NULL = from 0 on
} key_batch;

static void read_key(const pl_rowtable* table, const key_batch* keys, uint32_t i, pl_id* key) {
  const uint32_t row = keys->rows ? keys->rows[i] : i;
  for (uint32_t k = 0; k < table->keys; k++) {
    key[k] = keys->columns[k] ? keys->columns[k][row] : PL_ID_NULL;
  }
}

static void prefetch_heads(const pl_rowtable* table, const uint64_t* hashes, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    __builtin_prefetch(&table->heads[home_of(table, hashes[i])]);
  }
}

static void prefetch_rows(const pl_rowtable* table, const uint64_t* hashes, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    const pl_rowhead* const head = &table->heads[home_of(table, hashes[i])];
    if (head->row && head->hash == (uint32_t)hashes[i]) {
      __builtin_prefetch(pl_rowtable_row(table, head->row - 1));
    }
  }
}

static pl_status put_hashed(pl_rowtable* table, const pl_id* key, uint64_t hash, uint32_t* index) {
  *index = find_hashed(table, key, hash);
  return *index == PL_ROW_NONE ? add_hashed(table, key, hash, index) : PL_OK;
}

/// Keys [from, to) of the batch. A key like the one before it, as in a sorted input, is not looked up.
static pl_status put_some(pl_rowtable* table, const key_batch* keys, uint32_t from, uint32_t to, pl_id* key,
                          uint32_t* index) {
  uint64_t hashes[KEYS_AHEAD];
  for (uint32_t i = from; i < to; i++) {
    read_key(table, keys, i, key);
    hashes[i - from] = hash_key(key, table->keys);
  }
  if (table->count > KEYS_PREFETCHED) {
    prefetch_heads(table, hashes, to - from);
    prefetch_rows(table, hashes, to - from);
  }
  for (uint32_t i = from; i < to; i++) {
    read_key(table, keys, i, key);
    if (i > from && hashes[i - from] == hashes[i - from - 1] && same_key(table, index[i - 1], key)) {
      index[i] = index[i - 1];
    } else {
      PL_TRY(put_hashed(table, key, hashes[i - from], &index[i]));
    }
  }
  return PL_OK;
}

pl_status pl_rowtable_put_columns(pl_rowtable* table, const pl_id* const* columns, const uint16_t* rows, uint32_t count,
                                  uint32_t* index) {
  assert(table->width == table->keys);
  pl_id few[8];
  const key_batch keys = {columns, rows};
  pl_id* key = table->keys <= PL_COUNT_OF(few) ? few : pl_mem_alloc(table->mem, table->keys * sizeof(pl_id));
  pl_status status = key ? PL_OK : pl_mem_status(table->mem);
  for (uint32_t i = 0; i < count && status == PL_OK; i += KEYS_AHEAD) {
    status = put_some(table, &keys, i, count - i < KEYS_AHEAD ? count : i + KEYS_AHEAD, key, index);
  }
  if (key != few) {
    pl_mem_free(table->mem, key, table->keys * sizeof(pl_id));
  }
  return status;
}
