/// External sort of rows of 1 to 6 unsigned 64-bit columns, most significant first, duplicates removed.
///
/// Rows are collected up to a memory budget, radix-sorted (parallel on a pool when given), written as runs to anonymous temporary
/// files, and merged on reading. With everything in memory no file is made. Used by the bulk loader, large batches and export.
#ifndef PL_BASE_ROWSORT_H
#define PL_BASE_ROWSORT_H

#include "base/guard.h"
#include "base/mem.h"
#include "base/pool.h"

typedef struct pl_rowsort pl_rowsort;

/// Large blocks that a freed sorter leaves for the next one of the same row size and budget; zeroed at the start. Belongs to one
/// thread and to the account of the sorters that use it.
typedef struct pl_rowsort_spare {
  void* data[2];    ///< blocks; NULL if none
  size_t bytes[2];  ///< of them
} pl_rowsort_spare;

typedef struct pl_rowsort_options {
  uint32_t columns;  ///< 1 to 6
  uint32_t
      key_columns;  ///< 0 = columns; fewer: rows that are equal in the first of them are added in the order of the others
  size_t bytes_max;         ///< memory budget for rows, scratch included
  const char* temp_dir;     ///< for runs; NULL = default of tempfile.h
  pl_pool* pool;            ///< may be NULL
  pl_guard* guard;          ///< may be NULL
  bool keep_duplicates;     ///< false: equal rows come out once
  pl_rowsort_spare* spare;  ///< blocks to take and to leave; may be NULL
} pl_rowsort_options;

pl_status pl_rowsort_new(pl_mem* mem, const pl_rowsort_options* options, pl_error* err, pl_rowsort** out);
void pl_rowsort_free(pl_rowsort* sort);
/// Add `count` rows stored row after row (count * columns values).
pl_status pl_rowsort_add(pl_rowsort* sort, const uint64_t* rows, size_t count);
/// End of input. After it only pl_rowsort_next may be called.
pl_status pl_rowsort_finish(pl_rowsort* sort);
/// Next sorted rows, row after row, in an internal buffer valid until the next call. *count = 0 at the end.
pl_status pl_rowsort_next(pl_rowsort* sort, const uint64_t** rows, size_t* count);
void pl_rowsort_spare_free(pl_mem* mem, pl_rowsort_spare* spare);  ///< frees the blocks
uint64_t pl_rowsort_added(const pl_rowsort* sort);                 ///< rows added so far

/// Sort rows in memory (in place, stable): parted by the highest bits that vary, then radix-sorted part by part; scratch has the
/// same size. Columns most significant first.
void pl_rows_sort(uint64_t* rows, uint64_t* scratch, size_t count, uint32_t columns);
/// Sort values and keep each once; *count becomes what is left. Values that are so already are only looked at, for others scratch is taken
/// from `mem` (pl_mem_status if it fails: nothing has changed).
pl_status pl_values_unique(pl_mem* mem, uint64_t* values, size_t* count);

#endif
