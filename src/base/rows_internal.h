/// Shared by the files of the row sorter.
#ifndef PL_BASE_ROWS_INTERNAL_H
#define PL_BASE_ROWS_INTERNAL_H

#include "base/guard.h"
#include "base/rowsort.h"

#define PL_ROW_COLUMNS_MAX 6

/// Rows to be sorted in memory.
typedef struct pl_rows_job {
  uint64_t* rows;         ///< row after row; fewer than 2^32
  uint64_t* scratch;      ///< room for as many; holds nothing afterwards
  size_t count;           ///< rows
  uint32_t columns;       ///< 1 to PL_ROW_COLUMNS_MAX
  uint32_t key_columns;   ///< fewer: rows that are equal in these come in the order of the others already
  bool keep_duplicates;   ///< false: of equal rows one stays
  pl_pool* pool;          ///< may be NULL
  const pl_guard* guard;  ///< only its flags and clock are read: safe in tasks; may be NULL
} pl_rows_job;

/// Sort in place; *kept rows are left. Gives up with PL_ERR_INTERRUPTED, rows then in no order, once the guard asks to stop.
pl_status pl_rows_sort_job(const pl_rows_job* job, size_t* kept);

/// Negative, zero or positive as row a sorts before, with or after row b.
static inline int pl_row_cmp(const uint64_t* a, const uint64_t* b, uint32_t columns) {
  for (uint32_t i = 0; i < columns; i++) {
    if (a[i] != b[i]) {
      return a[i] < b[i] ? -1 : 1;
    }
  }
  return 0;
}

/// Sorted rows, in memory or in a temporary file behind a small window.
typedef struct pl_run {
  const uint64_t* head;  ///< next row; NULL when exhausted
  const uint64_t* end;   ///< after the last row at hand
  uint64_t* window;      ///< where rows of the file are read to; NULL for a run in memory
  uint64_t file_offset;  ///< bytes: next row to read
  uint64_t file_rows;    ///< rows not yet read
} pl_run;

/// Tournament of losers over `count` runs: item 0 of the tree is the winner, the others are the losers of the matches
/// above.
typedef struct pl_merge {
  pl_mem* mem;           ///< pays for tree and windows
  pl_run* runs;          ///< borrowed
  size_t count;          ///< runs, at least two
  uint32_t columns;      ///< of a row
  size_t* tree;          ///< count items; tree[0] is the winner
  uint64_t* windows;     ///< all windows, one after the other
  size_t window_rows;    ///< rows of one window
  size_t windows_bytes;  ///< bytes of all windows
  int fd;                ///< the file of the runs, or -1
  pl_error* err;         ///< where failures are written
} pl_merge;

/// Start merging; file runs share about `bytes_max` for their windows.
pl_status pl_merge_start(pl_merge* merge, size_t bytes_max);
void pl_merge_free(pl_merge* merge);
/// Write up to `capacity` next rows to `out`. *count = 0 at the end.
pl_status pl_merge_next(pl_merge* merge, uint64_t* out, size_t capacity, bool keep_duplicates, size_t* count);

#endif
