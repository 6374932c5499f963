// Relations of a multiway join in memory: values numbered densely, neighbours of each number sorted. See multijoin.h.
//
// Numbers follow the order of ids where the ids lie close together (a bitmap of those that occur, and how many lie before each word of it), else the
// order of first sight (a hash table). Lists are made by counting sorts: by the second column, then by the first.
#include "exec/multijoin.h"

#include "expr/idmap.h"

#include <string.h>

#define PAIRS_MAX ((size_t)UINT32_MAX - 1)
#define PAIRS_BETWEEN_CHECKS ((size_t)1 << 16)  ///< about a millisecond where each is a wait for memory
#define SPARSE_MAX 64u                          ///< bits of a bitmap for each pair

pl_status pl_mj_add(pl_mj_data* data, uint32_t table, const pl_chunk* chunk, const pl_slot slots[2]) {
  pl_mj_table* t = &data->tables[table];
  const pl_id* a = chunk->columns[slots[0]];
  const pl_id* b = chunk->columns[slots[1]];
  if (t->count + chunk->selected > PAIRS_MAX) {
    return PL_ERR_LIMIT;
  }
  PL_TRY(pl_vec_reserve(data->mem, &t->ids[0], t->count + chunk->selected));
  PL_TRY(pl_vec_reserve(data->mem, &t->ids[1], t->count + chunk->selected));
  for (uint32_t i = 0; a && b && i < chunk->selected; i++) {
    const uint32_t row = chunk->selection ? chunk->selection[i] : i;
    t->ids[0].data[t->count] = a[row];
    t->ids[1].data[t->count] = b[row];
    t->count += a[row] != PL_ID_NULL && b[row] != PL_ID_NULL;
  }
  return PL_OK;
}

static pl_status check_at(const pl_mj_data* data, size_t pair) {
  return pair % PAIRS_BETWEEN_CHECKS ? PL_OK : pl_guard_check(data->guard, data->err);
}

// ---- numbers ------------------------------------------------------------------------------------------------------

/// How ids become numbers.
typedef struct numbering {
  pl_id least;       ///< smallest id
  uint64_t words;    ///< of the bitmap; 0: by hash table
  uint64_t* bits;    ///< ids that occur, from the least on
  uint32_t* before;  ///< bits set before each word
  pl_idmap map;      ///< id -> number
} numbering;

static void numbering_free(numbering* n, pl_mem* mem) {
  pl_mem_free(mem, n->bits, n->words * sizeof(uint64_t));
  pl_mem_free(mem, n->before, n->words * sizeof(uint32_t));
  pl_idmap_free(&n->map, mem);
}

static void find_range(const pl_mj_data* data, numbering* n) {
  pl_id least = UINT64_MAX, most = 0;
  size_t pairs = 0;
  for (uint32_t t = 0; t < data->table_count; t++) {
    pairs += data->tables[t].count;
    for (size_t c = 0; c < 2; c++) {
      const pl_id* ids = data->tables[t].ids[c].data;
      for (size_t i = 0; i < data->tables[t].count; i++) {
        least = ids[i] < least ? ids[i] : least;
        most = ids[i] > most ? ids[i] : most;
      }
    }
  }
  n->least = least;
  const uint64_t range = pairs ? most - least : 0;
  n->words = range / SPARSE_MAX <= pairs ? range / 64 + 1 : 0;
}

static pl_status number_by_bits(pl_mj_data* data, numbering* n) {
  n->bits = pl_mem_calloc(data->mem, n->words, sizeof(uint64_t));
  n->before = pl_mem_alloc(data->mem, n->words * sizeof(uint32_t));
  if (!n->bits || !n->before) {
    return pl_mem_status(data->mem);
  }
  for (uint32_t t = 0; t < data->table_count; t++) {
    for (size_t c = 0; c < 2; c++) {
      const pl_id* ids = data->tables[t].ids[c].data;
      for (size_t i = 0; i < data->tables[t].count; i++) {
        n->bits[(ids[i] - n->least) / 64] |= (uint64_t)1 << (ids[i] - n->least) % 64;
        PL_TRY(check_at(data, i));
      }
    }
  }
  uint64_t count = 0;
  for (uint64_t w = 0; w < n->words; w++) {
    n->before[w] = (uint32_t)count;
    count += (uint64_t)__builtin_popcountll(n->bits[w]);
  }
  if (count > PAIRS_MAX) {
    return PL_ERR_LIMIT;
  }
  data->numbers = (uint32_t)count;
  data->ids = pl_mem_alloc(data->mem, (count + 1) * sizeof(pl_id));
  if (!data->ids) {
    return pl_mem_status(data->mem);
  }
  for (uint64_t w = 0, at = 0; w < n->words; w++) {
    for (uint64_t left = n->bits[w]; left; left &= left - 1) {
      data->ids[at++] = n->least + w * 64 + (uint64_t)__builtin_ctzll(left);
    }
  }
  return PL_OK;
}

static pl_status number_by_map(pl_mj_data* data, numbering* n) {
  PL_VEC(pl_id) ids = {0};
  pl_status status = PL_OK;
  for (uint32_t t = 0; t < data->table_count; t++) {
    for (size_t i = 0; i < 2 * data->tables[t].count && status == PL_OK; i++) {
      const pl_id id = data->tables[t].ids[i % 2].data[i / 2];
      status = check_at(data, i);
      if (status == PL_OK && !pl_idmap_find(&n->map, id)) {
        status = ids.count < PAIRS_MAX ? pl_vec_push(data->mem, &ids, id) : PL_ERR_LIMIT;
        status = status == PL_OK ? pl_idmap_put(&n->map, data->mem, id, ids.count - 1, NULL) : status;
      }
    }
  }
  if (status == PL_OK) {
    data->ids = pl_mem_alloc(data->mem, (ids.count + 1) * sizeof(pl_id));
    status = data->ids ? PL_OK : pl_mem_status(data->mem);
  }
  if (status == PL_OK && ids.count) {
    memcpy(data->ids, ids.data, ids.count * sizeof(pl_id));
  }
  data->numbers = (uint32_t)ids.count;
  pl_vec_free(data->mem, &ids);
  return status;
}

static uint32_t number_of(const numbering* n, pl_id id) {
  if (n->words == 0) {
    return (uint32_t)*pl_idmap_find(&n->map, id);
  }
  const uint64_t at = id - n->least;
  return n->before[at / 64] + (uint32_t)__builtin_popcountll(n->bits[at / 64] & (((uint64_t)1 << at % 64) - 1));
}

/// Replace the ids of a table by numbers.
static pl_status number_table(pl_mj_data* data, pl_mj_table* t, const numbering* n) {
  for (size_t c = 0; c < 2; c++) {
    PL_TRY(pl_vec_reserve(data->mem, &t->at[c], t->count + 1));
    for (size_t i = 0; i < t->count; i++) {
      t->at[c].data[i] = number_of(n, t->ids[c].data[i]);
      PL_TRY(check_at(data, i));
    }
    pl_vec_free(data->mem, &t->ids[c]);
  }
  return PL_OK;
}

// ---- lists --------------------------------------------------------------------------------------------------------

static void free_lists(pl_mj_data* data, pl_mj_lists* lists, size_t count) {
  pl_mem_free(data->mem, lists->starts, (data->numbers + (size_t)2) * sizeof(uint32_t));
  pl_mem_free(data->mem, lists->values, (count + 1) * sizeof(uint32_t));
  *lists = (pl_mj_lists){0};
}

static pl_status make_room(pl_mj_data* data, pl_mj_lists* lists, size_t count) {
  lists->starts = pl_mem_calloc(data->mem, data->numbers + (size_t)2, sizeof(uint32_t));
  lists->values = pl_mem_alloc(data->mem, (count + 1) * sizeof(uint32_t));
  return lists->starts && lists->values ? PL_OK : pl_mem_status(data->mem);
}

/// Of counts, starts[n + 1] that of n, make where each list begins.
static void sum_counts(const pl_mj_data* data, pl_mj_lists* lists) {
  for (size_t n = 0; n < data->numbers; n++) {
    const uint32_t count = lists->starts[n + 1];
    lists->longest = count > lists->longest ? count : lists->longest;
    lists->starts[n + 1] = lists->starts[n] + count;
  }
}

/// While values were put, each start moved on to the next one.
static void move_back(const pl_mj_data* data, pl_mj_lists* lists) {
  memmove(lists->starts + 1, lists->starts, data->numbers * sizeof(*lists->starts));
  lists->starts[0] = 0;
}

/// Lists by `key`, values in order of the pairs.
static pl_status lists_of_pairs(pl_mj_data* data, const uint32_t* key, const uint32_t* value, size_t count,
                                pl_mj_lists* out) {
  PL_TRY(make_room(data, out, count));
  uint32_t* starts = out->starts;
  for (size_t i = 0; i < count; i++) {
    starts[key[i] + (size_t)1]++;
    PL_TRY(check_at(data, i));
  }
  sum_counts(data, out);
  for (size_t i = 0; i < count; i++) {
    out->values[starts[key[i]]++] = value[i];
    PL_TRY(check_at(data, i));
  }
  move_back(data, out);
  return PL_OK;
}

/// The other way round: for each value its keys, sorted.
static pl_status turn_lists(pl_mj_data* data, const pl_mj_lists* from, size_t count, pl_mj_lists* out) {
  PL_TRY(make_room(data, out, count));
  uint32_t* starts = out->starts;
  for (size_t i = 0; i < count; i++) {
    starts[from->values[i] + (size_t)1]++;
    PL_TRY(check_at(data, i));
  }
  sum_counts(data, out);
  for (uint32_t n = 0; n < data->numbers; n++) {
    for (uint32_t i = from->starts[n]; i < from->starts[n + 1]; i++) {
      out->values[starts[from->values[i]]++] = n;
      PL_TRY(check_at(data, i));
    }
  }
  move_back(data, out);
  return PL_OK;
}

/// Are all lists sorted, without repeats?
static bool are_sorted(const pl_mj_data* data, const pl_mj_lists* lists) {
  bool sorted = true;
  for (uint32_t n = 0; n < data->numbers; n++) {
    for (uint32_t i = lists->starts[n] + 1; i < lists->starts[n + 1]; i++) {
      sorted &= lists->values[i - 1] < lists->values[i];
    }
  }
  return sorted;
}

static pl_status make_lists(pl_mj_data* data, pl_mj_table* t) {
  pl_mj_lists* lists = t->lists;
  PL_TRY(lists_of_pairs(data, t->at[0].data, t->at[1].data, t->count, &lists[0]));
  pl_vec_free(data->mem, &t->at[0]);
  pl_vec_free(data->mem, &t->at[1]);
  const bool sorted = are_sorted(data, &lists[0]);
  if (t->wanted[1] || !sorted) {
    PL_TRY(turn_lists(data, &lists[0], t->count, &lists[1]));
  }
  if (!sorted) {
    free_lists(data, &lists[0], t->count);
    PL_TRY(turn_lists(data, &lists[1], t->count, &lists[0]));
    if (!are_sorted(data, &lists[0])) {
      return pl_fail(data->err, PL_MSG_INTERNAL, "a relation with equal pairs");
    }
  }
  for (size_t c = 0; c < 2; c++) {
    if (!t->wanted[c]) {
      free_lists(data, &lists[c], t->count);
    }
  }
  return PL_OK;
}

pl_status pl_mj_seal(pl_mj_data* data) {
  numbering n = {0};
  find_range(data, &n);
  pl_status status = n.words ? number_by_bits(data, &n) : number_by_map(data, &n);
  for (uint32_t t = 0; t < data->table_count && status == PL_OK; t++) {
    status = number_table(data, &data->tables[t], &n);
  }
  numbering_free(&n, data->mem);
  for (uint32_t t = 0; t < data->table_count && status == PL_OK; t++) {
    status = make_lists(data, &data->tables[t]);
  }
  return status;
}

void pl_mj_free(pl_mj_data* data) {
  for (uint32_t t = 0; t < data->table_count; t++) {
    pl_mj_table* table = &data->tables[t];
    for (size_t c = 0; c < 2; c++) {
      pl_vec_free(data->mem, &table->ids[c]);
      pl_vec_free(data->mem, &table->at[c]);
      free_lists(data, &table->lists[c], table->count);
    }
    table->count = 0;
  }
  pl_mem_free(data->mem, data->ids, (data->numbers + (size_t)1) * sizeof(pl_id));
  data->ids = NULL;
  data->numbers = 0;
}
