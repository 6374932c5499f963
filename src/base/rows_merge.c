/// Merging sorted runs with a tree of losers: one path of log2(runs) comparisons for a row.
///
///     tree[0] winner          A node i > 0 holds the loser of its match. Run r enters at the leaf count + r, whose
///     parent is tree[1] final           half of that. When the winner moves on to its next row only the matches on its
///     way up change. tree[2] tree[3] ...
#include "base/rows_internal.h"

#include <errno.h>
#include <unistd.h>

enum { WINDOW_BYTES_MIN = 4096, WINDOW_BYTES_MAX = 4 << 20 };

static pl_status read_all(const pl_merge* merge, void* data, size_t len, uint64_t offset) {
  for (size_t done = 0; done < len;) {
    const ssize_t n = pread(merge->fd, (char*)data + done, len - done, (off_t)(offset + done));
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return pl_fail(merge->err, PL_MSG_TEMP_READ,
                     n < 0 ? strerror(errno) : "the file is shorter than what was written");
    }
    done += (size_t)n;
  }
  return PL_OK;
}

/// Called when the rows at hand are used up: get more, or mark the run as exhausted.
static pl_status run_refill(const pl_merge* merge, pl_run* run) {
  if (run->file_rows == 0) {
    run->head = NULL;
    return PL_OK;
  }
  const size_t rows = run->file_rows < merge->window_rows ? (size_t)run->file_rows : merge->window_rows;
  const size_t bytes = rows * merge->columns * sizeof(*run->window);
  PL_TRY(read_all(merge, run->window, bytes, run->file_offset));
  run->file_offset += bytes;
  run->file_rows -= rows;
  run->head = run->window;
  run->end = run->window + rows * merge->columns;
  return PL_OK;
}

static inline bool before(const pl_merge* merge, size_t a, size_t b) {
  const uint64_t* const row_a = merge->runs[a].head;
  const uint64_t* const row_b = merge->runs[b].head;
  if (!row_a || !row_b) {
    return row_a != NULL;
  }
  return pl_row_cmp(row_a, row_b, merge->columns) < 0;
}

/// Play run r up from its leaf against the losers that stand on its way.
static inline void replay(const pl_merge* merge, size_t r) {
  for (size_t node = (merge->count + r) / 2; node > 0; node /= 2) {
    const size_t other = merge->tree[node];
    if (before(merge, other, r)) {
      merge->tree[node] = r;
      r = other;
    }
  }
  merge->tree[0] = r;
}

/// Winner of the subtree below a node, leaving the losers behind. Depth is log2 of the runs.
static size_t play(const pl_merge* merge, size_t node) {
  if (node >= merge->count) {
    return node - merge->count;
  }
  const size_t left = play(merge, node * 2);
  const size_t right = play(merge, node * 2 + 1);
  const bool right_wins = before(merge, right, left);
  merge->tree[node] = right_wins ? left : right;
  return right_wins ? right : left;
}

static size_t file_run_count(const pl_merge* merge) {
  size_t count = 0;
  for (size_t i = 0; i < merge->count; i++) {
    count += merge->runs[i].file_rows > 0;
  }
  return count;
}

static pl_status open_windows(pl_merge* merge, size_t bytes_max) {
  const size_t file_runs = file_run_count(merge);
  if (file_runs == 0) {
    return PL_OK;
  }
  const size_t row_bytes = merge->columns * sizeof(*merge->windows);
  size_t window_bytes = bytes_max / file_runs;
  window_bytes = window_bytes < WINDOW_BYTES_MIN ? WINDOW_BYTES_MIN : window_bytes;
  window_bytes = window_bytes > WINDOW_BYTES_MAX ? WINDOW_BYTES_MAX : window_bytes;
  merge->window_rows = window_bytes / row_bytes;
  merge->windows_bytes = file_runs * merge->window_rows * row_bytes;
  merge->windows = pl_mem_alloc(merge->mem, merge->windows_bytes);
  if (!merge->windows) {
    return pl_mem_status(merge->mem);
  }
  uint64_t* window = merge->windows;
  for (size_t i = 0; i < merge->count; i++) {
    if (merge->runs[i].file_rows > 0) {
      merge->runs[i].window = window;
      window += merge->window_rows * merge->columns;
      PL_TRY(run_refill(merge, &merge->runs[i]));
    }
  }
  return PL_OK;
}

pl_status pl_merge_start(pl_merge* merge, size_t bytes_max) {
  assert(merge->count > 1);
  merge->tree = pl_mem_calloc(merge->mem, merge->count, sizeof(*merge->tree));
  if (!merge->tree) {
    return pl_mem_status(merge->mem);
  }
  PL_TRY(open_windows(merge, bytes_max));
  merge->tree[0] = play(merge, 1);
  return PL_OK;
}

void pl_merge_free(pl_merge* merge) {
  pl_mem_free(merge->mem, merge->windows, merge->windows_bytes);
  pl_mem_free(merge->mem, merge->tree, merge->count * sizeof(*merge->tree));
  merge->windows = NULL;
  merge->tree = NULL;
}

pl_status pl_merge_next(pl_merge* merge, uint64_t* out, size_t capacity, bool keep_duplicates, size_t* count) {
  const uint32_t columns = merge->columns;
  size_t rows = 0;
  // Rows equal to the one just written stand at the heads of runs and are the next winners, so they are passed over at
  // once.
  while (merge->runs[merge->tree[0]].head && rows < capacity) {
    uint64_t* const row = out + rows * columns;
    memcpy(row, merge->runs[merge->tree[0]].head, columns * sizeof(*row));
    rows++;
    do {
      pl_run* const run = &merge->runs[merge->tree[0]];
      run->head += columns;
      if (run->head == run->end) {
        PL_TRY(run_refill(merge, run));
      }
      replay(merge, merge->tree[0]);
    } while (!keep_duplicates && merge->runs[merge->tree[0]].head &&
             pl_row_cmp(merge->runs[merge->tree[0]].head, row, columns) == 0);
  }
  *count = rows;
  return PL_OK;
}
