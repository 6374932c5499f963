// Counting groups on all threads: see group_morsels.h.
//
//     part      0        1        2        3        4        5 ...
//     morsel    0        1        2        3        0        1        as soon as part 0 was taken, its morsel goes on with part 4
//
// A morsel's memory and errors are its own; its room is of fixed size, so that whatever a part turns out to hold, memory stays bounded. One that is
// full before its part ends goes on with it in the next turn.
#include "exec/group_morsels.h"

#define PART_BLOCKS (PL_CHUNK_ROWS / 16u + 1)  ///< of the store, at least, in a part: some 100 000 rows
#define PARTS_MIN 4u                           ///< fewer are read by one thread before another one is awake
#define PARTS_MAX 512u
#define MORSELS_PER_THREAD 8u  ///< so that threads seldom wait for each other
#define MORSELS_MAX 64u
#define ROOM_GROUPS (4u * PL_CHUNK_ROWS)
#define SCAN_BYTES ((size_t)1 << 20)  ///< memory of a scan and its errors, at most
#define TURN_FILLS 64u                ///< fills of runs before the guard of the run is asked

typedef struct morsel {
  pl_mem mem;                    ///< pays for the scan
  pl_error err;                  ///< its failures
  pl_scan* scan;                 ///< of a part
  pl_id* runs[4];                ///< columns read
  uint64_t* times;               ///< rows of each run
  size_t run_at, run_count;      ///< next run, and how many were read
  bool open;                     ///< a group is being counted:
  pl_id key[3];                  ///< its key,
  uint64_t rows, distinct;       ///< and what was counted of it
  pl_id* keys[3];                ///< columns of the complete groups: keys, where they are wanted,
  uint64_t* row_counts;          ///< rows,
  uint64_t* run_counts;          ///< distinct values
  size_t group_at, group_count;  ///< next to take, and how many there are
  bool reading;                  ///< it has a part that has not ended
} morsel;

struct pl_group_morsels {
  pl_run* run;           ///< whose
  pl_group_range range;  ///< what is read
  pl_pool* pool;         ///< who reads
  pl_id* ends;           ///< last value of each part but the last
  size_t part_count;     ///< parts
  size_t part_next;      ///< next to read
  morsel* morsels;       ///< all
  size_t count;          ///< used
  size_t part_at;        ///< part whose groups are taken
};

// ---- a task -------------------------------------------------------------------------------------------------------

static bool of_group(const morsel* m, unsigned keys, size_t run) {
  bool same = true;
  for (unsigned k = 0; k < keys; k++) {
    same = same && m->runs[k][run] == m->key[k];
  }
  return same;
}

static void begin_group(morsel* m, unsigned keys) {
  for (unsigned k = 0; k < keys; k++) {
    m->key[k] = m->runs[k][m->run_at];
  }
  m->rows = m->distinct = 0;
  m->open = true;
}

static void end_group(morsel* m) {
  for (unsigned k = 0; k < PL_COUNT_OF(m->keys); k++) {
    if (m->keys[k]) {
      m->keys[k][m->group_count] = m->key[k];
    }
  }
  m->row_counts[m->group_count] = m->rows;
  m->run_counts[m->group_count++] = m->distinct;
  m->open = false;
}

/// Add the runs at hand to groups, until there is no room.
static void fold(morsel* m, unsigned keys) {
  while (m->run_at < m->run_count && m->group_count < ROOM_GROUPS) {
    if (!m->open) {
      begin_group(m, keys);
    }
    size_t i = m->run_at;
    uint64_t rows = 0;
    while (i < m->run_count && of_group(m, keys, i)) {
      rows += m->times[i++];
    }
    m->rows += rows;
    m->distinct += i - m->run_at;
    m->run_at = i;
    if (i < m->run_count) {
      end_group(m);
    }
  }
}

/// Read until the part ends, the room is full, or the turn.
static pl_status fill(const pl_group_morsels* all, morsel* m, pl_guard* guard) {
  const pl_group_range* range = &all->range;
  pl_id* into[4] = {NULL, NULL, NULL, NULL};
  for (unsigned k = 0; k < range->key_count; k++) {
    into[range->prefix_n + k] = m->runs[k];
  }
  fold(m, range->key_count);
  for (unsigned turn = 0; turn < TURN_FILLS && m->group_count < ROOM_GROUPS; turn++) {
    PL_TRY(pl_guard_check(guard, NULL));
    m->run_at = 0;
    PL_TRY(pl_scan_fill_runs(m->scan, range->prefix_n + range->column_count, into, m->times, PL_CHUNK_ROWS,
                             &m->run_count));
    if (m->run_count == 0) {
      if (m->open) {
        end_group(m);
      }
      m->reading = false;
      return PL_OK;
    }
    fold(m, range->key_count);
  }
  return PL_OK;
}

/// One turn of a morsel that has something to read and nothing to be taken. It asks a guard of its own, without the callback, which belongs to the
/// thread of the run.
static pl_status task_run(void* user, size_t i) {
  pl_group_morsels* all = user;
  morsel* m = &all->morsels[i];
  if (!m->reading || m->group_at < m->group_count) {
    return PL_OK;
  }
  pl_guard own = {0};
  if (all->run->guard) {
    own = *all->run->guard;
    own.progress = NULL;
  }
  m->group_at = m->group_count = 0;
  return fill(all, m, &own);
}

// ---- the run ------------------------------------------------------------------------------------------------------

/// Give a morsel that has none the next part, if there is one.
static pl_status next_part(pl_group_morsels* all, morsel* m) {
  const pl_group_range* range = &all->range;
  m->run_at = m->run_count = m->group_at = m->group_count = 0;
  if (all->part_next == all->part_count) {
    return PL_OK;
  }
  const size_t part = all->part_next++;
  const pl_id low = part == 0 ? range->low : all->ends[part - 1] + 1;
  const pl_id high = part + 1 == all->part_count ? range->high : all->ends[part];
  m->reading = true;
  return pl_scan_range(m->scan, range->prefix, range->prefix_n, low, high);
}

/// What a failure says is told to the run.
static pl_status tell(pl_group_morsels* all, pl_status status) {
  pl_run* run = all->run;
  PL_TRY(pl_guard_check(run->guard, run->err));
  for (size_t i = 0; i < all->count; i++) {
    if (run->err->error_count == 0) {
      pl_error_move(run->err, &all->morsels[i].err);
    }
  }
  return status == PL_ERR_INTERRUPTED && run->err->error_count == 0 ? pl_fail(run->err, PL_MSG_INTERRUPTED) : status;
}

static pl_status take_turn(pl_group_morsels* all) {
  PL_TRY(pl_guard_check(all->run->guard, all->run->err));
  const pl_status status = pl_pool_run(all->pool, all->count, task_run, all);
  return status == PL_OK ? PL_OK : tell(all, status);
}

static void take_groups(morsel* m, size_t max, pl_group_counts* out) {
  const size_t at = m->group_at;
  const size_t left = m->group_count - at;
  *out = (pl_group_counts){.rows = m->row_counts + at, .runs = m->run_counts + at, .count = left < max ? left : max};
  for (size_t k = 0; k < PL_COUNT_OF(m->keys); k++) {
    out->key[k] = m->keys[k] ? m->keys[k] + at : NULL;
  }
  m->group_at += out->count;
}

pl_status pl_group_morsels_next(pl_group_morsels* all, size_t max, pl_group_counts* out) {
  while (all->part_at < all->part_count) {
    morsel* m = &all->morsels[all->part_at % all->count];
    if (m->group_at < m->group_count) {
      take_groups(m, max, out);
      return PL_OK;
    }
    if (m->reading) {
      PL_TRY(take_turn(all));
      continue;
    }
    all->part_at++;
    const pl_status status = next_part(all, m);
    PL_TRY(status == PL_OK ? PL_OK : tell(all, status));
  }
  return PL_DONE;
}

static pl_status morsel_open(pl_group_morsels* all, morsel* m) {
  pl_run* run = all->run;
  const pl_group_range* range = &all->range;
  for (unsigned k = 0; k < range->key_count; k++) {
    m->runs[k] = pl_mem_alloc(&run->mem, PL_CHUNK_ROWS * sizeof(pl_id));
    PL_TRY(m->runs[k] ? PL_OK : pl_run_nomem(run));
  }
  for (unsigned k = 0; k < range->key_count; k++) {
    m->keys[k] = range->wanted[k] ? pl_mem_alloc(&run->mem, ROOM_GROUPS * sizeof(pl_id)) : NULL;
    PL_TRY(m->keys[k] || !range->wanted[k] ? PL_OK : pl_run_nomem(run));
  }
  m->times = pl_mem_alloc(&run->mem, PL_CHUNK_ROWS * sizeof(*m->times));
  m->row_counts = pl_mem_alloc(&run->mem, ROOM_GROUPS * sizeof(*m->row_counts));
  m->run_counts = pl_mem_alloc(&run->mem, ROOM_GROUPS * sizeof(*m->run_counts));
  PL_TRY(m->times && m->row_counts && m->run_counts ? PL_OK : pl_run_nomem(run));
  pl_status status = pl_scan_open_apart(run->txn, range->order, range->mode, range->pass, &m->mem, &m->err, &m->scan);
  status = status == PL_OK ? next_part(all, m) : status;
  return status == PL_OK ? PL_OK : tell(all, status);
}

static void morsel_close(pl_group_morsels* all, morsel* m) {
  pl_mem* mem = &all->run->mem;
  pl_scan_close(m->scan);
  pl_error_clear(&m->err);
  for (size_t k = 0; k < PL_COUNT_OF(m->runs); k++) {
    pl_mem_free(mem, m->runs[k], PL_CHUNK_ROWS * sizeof(pl_id));
  }
  pl_mem_free(mem, m->times, PL_CHUNK_ROWS * sizeof(*m->times));
  for (size_t k = 0; k < PL_COUNT_OF(m->keys); k++) {
    pl_mem_free(mem, m->keys[k], ROOM_GROUPS * sizeof(pl_id));
  }
  pl_mem_free(mem, m->row_counts, ROOM_GROUPS * sizeof(*m->row_counts));
  pl_mem_free(mem, m->run_counts, ROOM_GROUPS * sizeof(*m->run_counts));
}

static pl_status make_morsels(pl_group_morsels* all, size_t count) {
  pl_run* run = all->run;
  all->morsels = pl_mem_calloc(&run->mem, count, sizeof(*all->morsels));
  PL_TRY(all->morsels ? PL_OK : pl_run_nomem(run));
  all->count = count;
  for (size_t i = 0; i < count; i++) {
    morsel* m = &all->morsels[i];
    pl_txn_mem_init(run->txn, &m->mem, SCAN_BYTES);
    pl_error_init(&m->err, &m->mem);
  }
  for (size_t i = 0; i < count; i++) {
    PL_TRY(morsel_open(all, &all->morsels[i]));
  }
  return PL_OK;
}

/// Part the range and see whether it pays. *pays is false where one thread does it as well.
static pl_status make_parts(pl_group_morsels* all, bool* pays) {
  pl_run* run = all->run;
  const pl_group_range* r = &all->range;
  size_t ends;
  *pays = false;
  all->ends = pl_mem_alloc(&run->mem, PARTS_MAX * sizeof(*all->ends));
  PL_TRY(all->ends ? PL_OK : pl_run_nomem(run));
  PL_TRY(pl_stats_split(run->txn, r->order, r->prefix, r->prefix_n, r->low, r->high, PART_BLOCKS, all->ends, PARTS_MAX,
                        &ends));
  all->part_count = ends + 1;
  const size_t threads = pl_pool_threads(all->pool);
  const size_t wanted = MORSELS_PER_THREAD * threads < MORSELS_MAX ? MORSELS_PER_THREAD * threads : MORSELS_MAX;
  const size_t count = wanted < all->part_count ? wanted : all->part_count;
  const size_t each = SCAN_BYTES + (5 * ROOM_GROUPS + 4 * PL_CHUNK_ROWS) * sizeof(uint64_t);
  *pays = all->part_count >= PARTS_MIN && count * each < (run->mem.bytes_max - run->mem.bytes_used) / 2;
  return *pays ? make_morsels(all, count) : PL_OK;
}

void pl_group_morsels_close(pl_group_morsels* all) {
  if (!all) {
    return;
  }
  pl_mem* mem = &all->run->mem;
  for (size_t i = 0; i < all->count; i++) {
    morsel_close(all, &all->morsels[i]);
  }
  pl_mem_free(mem, all->morsels, all->count * sizeof(*all->morsels));
  pl_mem_free(mem, all->ends, PARTS_MAX * sizeof(*all->ends));
  pl_mem_free(mem, all, sizeof(*all));
}

pl_status pl_group_morsels_open(pl_run* run, const pl_group_range* range, pl_group_morsels** out) {
  *out = NULL;
  // The pages of a write transaction belong to its thread.
  pl_pool* const pool = pl_txn_is_write(run->txn) ? NULL : pl_store_pool(pl_txn_store(run->txn));
  if (pl_pool_threads(pool) < 2) {
    return PL_OK;
  }
  pl_group_morsels* const all = pl_mem_calloc(&run->mem, 1, sizeof(*all));
  if (!all) {
    return pl_run_nomem(run);
  }
  *all = (pl_group_morsels){.run = run, .range = *range, .pool = pool};
  bool pays;
  const pl_status status = make_parts(all, &pays);
  if (status != PL_OK || !pays) {
    pl_group_morsels_close(all);
    return status;
  }
  *out = all;
  return PL_OK;
}
