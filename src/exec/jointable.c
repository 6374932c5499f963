// The built side of a hash join: see jointable.h.
#include "exec/jointable.h"

#define ROWS_MAX ((size_t)UINT32_MAX - 1)
#define STEPS_BETWEEN_CHECKS (1u << 16)  ///< rows, well below a millisecond
#define SPARSE_MAX 16u                   ///< buckets for each row that a table addressed by id may have
#define BUCKETS_MIN 1024u                ///< but so many are always allowed

pl_status pl_jointable_init(pl_jointable* table, pl_arena* arena, pl_mem* mem, pl_guard* guard, pl_error* err,
                            uint32_t keys, uint32_t width) {
  *table = (pl_jointable){.mem = mem, .guard = guard, .err = err, .keys = keys, .width = width};
  table->columns = PL_ARENA_ARRAY(arena, pl_id*, width + (size_t)1);
  table->room = PL_ARENA_ARRAY(arena, size_t, width + (size_t)1);
  return table->columns && table->room ? PL_OK : pl_mem_status(mem);
}

static void free_columns(pl_jointable* table) {
  for (uint32_t c = 0; table->columns && table->room && c <= table->width; c++) {
    pl_mem_free(table->mem, table->columns[c], table->room[c] * sizeof(pl_id));
    table->columns[c] = NULL;
    table->room[c] = 0;
  }
}

void pl_jointable_free(pl_jointable* table) {
  if (!table->mem) {
    return;
  }
  free_columns(table);
  pl_mem_free(table->mem, table->starts, (table->buckets + 2) * sizeof(uint32_t));
  pl_mem_free(table->mem, table->sums, (table->buckets + 1) * sizeof(uint64_t));
  table->starts = NULL;
  table->sums = NULL;
  table->count = 0;
  table->buckets = 0;
}

// ---- adding -------------------------------------------------------------------------------------------------------

static pl_status reserve(pl_jointable* table, uint32_t column, size_t count) {
  return count <= table->room[column]
             ? PL_OK
             : pl_vec_grow(table->mem, (void**)&table->columns[column], &table->room[column], count, sizeof(pl_id));
}

/// Give each row a multiplicity; all rows so far are there once.
static pl_status make_times(pl_jointable* table) {
  PL_TRY(reserve(table, table->width, table->count + 1));
  for (size_t i = 0; i < table->count; i++) {
    table->columns[table->width][i] = 1;
  }
  return PL_OK;
}

/// Selected rows whose keys are not null, in `rows`.
static uint32_t whole_rows(const pl_jointable* table, const pl_chunk* chunk, const pl_slot* slots, uint16_t* rows) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < chunk->selected; i++) {
    rows[count++] = (uint16_t)pl_chunk_row(chunk, i);
  }
  for (uint32_t k = 0; k < table->keys; k++) {
    const pl_id* column = chunk->columns[slots[k]];
    uint32_t kept = 0;
    for (uint32_t i = 0; column && i < count; i++) {
      const uint16_t row = rows[i];
      rows[kept] = row;
      kept += column[row] != PL_ID_NULL;
    }
    count = kept;
  }
  return count;
}

static pl_status add_times(pl_jointable* table, const pl_chunk* chunk, const uint16_t* rows, uint32_t count) {
  if (chunk->multiplicity && !table->columns[table->width]) {
    PL_TRY(make_times(table));
  }
  if (table->columns[table->width]) {
    PL_TRY(reserve(table, table->width, table->count + count));
    for (uint32_t i = 0; i < count; i++) {
      table->columns[table->width][table->count + i] = chunk->multiplicity ? chunk->multiplicity[rows[i]] : 1;
    }
  }
  return PL_OK;
}

pl_status pl_jointable_add(pl_jointable* table, const pl_chunk* chunk, const pl_slot* slots) {
  uint16_t rows[PL_CHUNK_ROWS];
  const uint32_t count = whole_rows(table, chunk, slots, rows);
  if (count == 0 || table->count + count > ROWS_MAX) {
    return count ? PL_ERR_LIMIT : PL_OK;
  }
  for (uint32_t c = 0; c < table->width; c++) {
    const pl_id* from = chunk->columns[slots[c]];
    PL_TRY(reserve(table, c, table->count + count));
    pl_id* to = table->columns[c] + table->count;
    for (uint32_t i = 0; i < count; i++) {
      to[i] = from ? from[rows[i]] : PL_ID_NULL;
    }
  }
  PL_TRY(add_times(table, chunk, rows, count));
  table->count += count;
  return PL_OK;
}

// ---- sealing ------------------------------------------------------------------------------------------------------

static pl_status check_at(const pl_jointable* table, size_t row) {
  return row % STEPS_BETWEEN_CHECKS ? PL_OK : pl_guard_check(table->guard, table->err);
}

/// Range of the ids of the only key.
static void find_range(pl_jointable* table, uint64_t* range) {
  const pl_id* key = table->columns[0];
  pl_id least = UINT64_MAX, most = 0;
  for (size_t i = 0; i < table->count; i++) {
    least = key[i] < least ? key[i] : least;
    most = key[i] > most ? key[i] : most;
  }
  table->least = least;
  *range = table->count ? most - least : 0;
}

static void choose_buckets(pl_jointable* table) {
  uint64_t range = 0;
  table->exact = table->keys == 0;
  if (table->keys == 1) {
    find_range(table, &range);
    table->exact = (range / SPARSE_MAX < table->count && range < UINT32_MAX) || range < BUCKETS_MIN;
  }
  if (table->exact) {
    table->buckets = range + 1;
    return;
  }
  table->shift = 63;
  table->buckets = 2;
  while (table->buckets < table->count) {
    table->buckets *= 2;
    table->shift--;
  }
}

static pl_status sum_up(pl_jointable* table) {
  table->sums = pl_mem_calloc(table->mem, table->buckets + 1, sizeof(uint64_t));
  if (!table->sums) {
    return pl_mem_status(table->mem);
  }
  for (size_t i = 0; i < table->count; i++) {
    uint64_t* sum = &table->sums[table->keys ? table->columns[0][i] - table->least : 0];
    *sum = pl_times_add(*sum, pl_jointable_row_times(table, i));
    PL_TRY(check_at(table, i));
  }
  free_columns(table);
  return PL_OK;
}

/// The place of each row in the order of buckets, in order of adding within a bucket. There are at most 2^32 buckets.
static pl_status place_rows(pl_jointable* table, uint32_t* place) {
  const pl_id* const* keys = (const pl_id* const*)table->columns;
  uint32_t* starts = table->starts;
  for (size_t i = 0; i < table->count; i++) {
    place[i] = (uint32_t)pl_jointable_bucket(table, keys, (uint32_t)i);
    starts[place[i] + (size_t)1]++;
    PL_TRY(check_at(table, i));
  }
  for (uint64_t b = 0; b <= table->buckets; b++) {
    starts[b + 1] += starts[b];
    PL_TRY(check_at(table, b));
  }
  for (size_t i = 0; i < table->count; i++) {
    place[i] = starts[place[i]]++;
    PL_TRY(check_at(table, i));
  }
  // Each start has moved on to the next one.
  memmove(starts + 1, starts, (table->buckets + 1) * sizeof(*starts));
  starts[0] = 0;
  return PL_OK;
}

/// Bring a column into the order of buckets. Where the guard ends it, the column is as it was.
static pl_status scatter(pl_jointable* table, const uint32_t* place, uint32_t column) {
  pl_id* const from = table->columns[column];
  pl_id* const sorted = pl_mem_alloc(table->mem, table->count * sizeof(pl_id));
  pl_status status = sorted ? PL_OK : pl_mem_status(table->mem);
  for (size_t i = 0; i < table->count && status == PL_OK; i++) {
    sorted[place[i]] = from[i];
    status = check_at(table, i);
  }
  if (status != PL_OK) {
    pl_mem_free(table->mem, sorted, table->count * sizeof(pl_id));
    return status;
  }
  pl_mem_free(table->mem, from, table->room[column] * sizeof(pl_id));
  table->columns[column] = sorted;
  table->room[column] = table->count;
  return PL_OK;
}

static pl_status sort_rows(pl_jointable* table) {
  table->starts = pl_mem_calloc(table->mem, table->buckets + 2, sizeof(uint32_t));
  uint32_t* place = pl_mem_alloc(table->mem, (table->count + 1) * sizeof(uint32_t));
  pl_status status = table->starts && place ? PL_OK : pl_mem_status(table->mem);
  status = status == PL_OK ? place_rows(table, place) : status;
  for (uint32_t c = 0; c <= table->width && status == PL_OK && table->count; c++) {
    status = table->columns[c] ? scatter(table, place, c) : PL_OK;
  }
  pl_mem_free(table->mem, place, (table->count + 1) * sizeof(uint32_t));
  return status;
}

/// Of rows [first, at) that are left of a bucket the one with the key of row `from`; `at` if there is none.
static size_t find_kept(const pl_jointable* table, size_t first, size_t at, size_t from) {
  const pl_id* const* keys = (const pl_id* const*)table->columns;
  while (first < at && !pl_jointable_same(table, first, keys, (uint32_t)from)) {
    first++;
  }
  return first;
}

/// One row for each key, of a table of nothing but keys.
static pl_status merge_keys(pl_jointable* table) {
  uint64_t* const times = table->columns[table->width];
  size_t kept = 0;
  size_t steps = 0;
  for (uint64_t b = 0; b < table->buckets; b++) {
    const size_t first = kept;
    const size_t from = table->starts[b], end = table->starts[b + 1];
    table->starts[b] = (uint32_t)first;
    for (size_t i = from; i < end; i++) {
      const size_t same = find_kept(table, first, kept, i);
      steps += same - first + 1;
      for (uint32_t k = 0; k < table->keys && same == kept; k++) {
        table->columns[k][kept] = table->columns[k][i];
      }
      times[same] = same == kept ? times[i] : pl_times_add(times[same], times[i]);
      kept += same == kept;
      if (steps > STEPS_BETWEEN_CHECKS) {
        steps = 0;
        PL_TRY(pl_guard_check(table->guard, table->err));
      }
    }
  }
  table->starts[table->buckets] = table->starts[table->buckets + 1] = (uint32_t)kept;
  table->count = kept;
  return PL_OK;
}

pl_status pl_jointable_seal(pl_jointable* table) {
  choose_buckets(table);
  if (table->exact && table->width == table->keys) {
    return sum_up(table);
  }
  PL_TRY(sort_rows(table));
  if (table->width == table->keys && table->count) {
    PL_TRY(table->columns[table->width] ? PL_OK : make_times(table));
    PL_TRY(merge_keys(table));
  }
  return PL_OK;
}

uint64_t pl_jointable_times(const pl_jointable* table, const pl_id* const* keys, uint32_t row) {
  const uint64_t bucket = pl_jointable_bucket(table, keys, row);
  if (table->sums) {
    return table->sums[bucket];  // one too many is there, and 0
  }
  uint64_t times = 0;
  for (size_t i = table->starts[bucket]; i < table->starts[bucket + 1]; i++) {
    if (pl_jointable_same(table, i, keys, row)) {
      times = pl_times_add(times, pl_jointable_row_times(table, i));
    }
  }
  return times;
}
