/// Sorting more rows than fit: collect, sort, write as a run, merge.
///
///     add ──> rows   full: sort ──> a run in the temporary file, behind the one before
///                    finish: sort ──> a run in memory
///     next <── merge of all runs (a single run in memory is handed out as it lies)
///
/// Half of the budget holds rows, half is scratch of the sort and later the windows onto the runs in the file. Rows grow
/// by doubling while they are few; then the whole half is asked for at once, as memory that is not touched costs
/// nothing and rows need not move again. Blocks of that size go from sorter to sorter through the spare ones
/// (`pl_rowsort_spare`): a system zeroes every page that it gives, which costs about as much as a pass over the rows.
#include "base/rowsort.h"
#include "base/rows_internal.h"
#include "base/tempfile.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
  ROWS_CAPACITY_MIN = 1024,
  OUT_ROWS = 4096,
  SLICE_ROWS = 1 << 16,
  WRITE_BYTES = 8 << 20,
  LARGE_BYTES = 16 << 20,
  WHOLE_BYTES_MAX = 1 << 30,
};

struct pl_rowsort {
  pl_mem* mem;                 ///< account
  pl_error* err;               ///< where failures are written
  pl_rowsort_options options;  ///< as given
  size_t row_bytes;            ///< bytes of a row
  size_t rows_max;             ///< rows held before a spill
  uint64_t* rows;              ///< collected rows
  size_t rows_count;           ///< of them
  size_t rows_capacity;        ///< allocated
  PL_VEC(pl_run) runs;         ///< sorted
  int fd;                      ///< temporary file, or -1
  uint64_t file_bytes;         ///< written to it
  uint64_t added;              ///< rows
  bool finished;               ///< no more rows come
  pl_merge merge;              ///< of runs, after finish
  uint64_t* out;               ///< OUT_ROWS rows, when merging
  pl_status status;            ///< first failure; it sticks
};

static pl_status fail(pl_rowsort* sort, pl_status status) {
  sort->status = status;
  return status;
}

static pl_status fail_memory(pl_rowsort* sort) {
  if (pl_mem_status(sort->mem) == PL_ERR_LIMIT) {
    return fail(sort, pl_fail_memory(sort->err, "Sort", sort->mem->bytes_max));
  }
  return fail(sort, pl_fail(sort->err, PL_MSG_NOMEM));
}

/// Scattered writes over many megabytes live from few page table entries. Only a hint, so the answer does not matter.
static void advise_huge_pages(void* data, size_t bytes) {
  const uintptr_t page = 2 << 20;
  const uintptr_t start = ((uintptr_t)data + page - 1) & ~(page - 1);
  const uintptr_t end = ((uintptr_t)data + bytes) & ~(page - 1);
  if (bytes >= LARGE_BYTES && end > start) {
    (void)madvise((void*)start, end - start, MADV_HUGEPAGE);
  }
}

pl_status pl_rowsort_new(pl_mem* mem, const pl_rowsort_options* options, pl_error* err, pl_rowsort** out) {
  assert(options->columns >= 1 && options->columns <= PL_ROW_COLUMNS_MAX);
  pl_rowsort* const sort = pl_mem_calloc(mem, 1, sizeof(*sort));
  if (!sort) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  sort->mem = mem;
  sort->err = err;
  sort->options = *options;
  sort->row_bytes = options->columns * sizeof(uint64_t);
  sort->rows_max = options->bytes_max / 2 / sort->row_bytes;
  sort->rows_max = sort->rows_max < ROWS_CAPACITY_MIN ? ROWS_CAPACITY_MIN : sort->rows_max;
  sort->rows_max = sort->rows_max >= UINT32_MAX ? UINT32_MAX - 1 : sort->rows_max;
  sort->fd = -1;
  *out = sort;
  return PL_OK;
}

/// A block for `rows` rows: a spare one if it fits.
static uint64_t* block_take(pl_rowsort* sort, size_t rows) {
  const size_t bytes = rows * sort->row_bytes;
  pl_rowsort_spare* const spare = sort->options.spare;
  for (size_t i = 0; spare && i < PL_COUNT_OF(spare->data); i++) {
    if (spare->data[i] && spare->bytes[i] == bytes) {
      uint64_t* const data = spare->data[i];
      spare->data[i] = NULL;
      return data;
    }
  }
  uint64_t* const data = pl_mem_alloc(sort->mem, bytes);
  if (data) {
    advise_huge_pages(data, bytes);
  }
  return data;
}

/// Blocks of full size are kept for the next sorter.
static void block_give(pl_rowsort* sort, uint64_t* data, size_t rows) {
  const size_t bytes = rows * sort->row_bytes;
  pl_rowsort_spare* const spare = sort->options.spare;
  for (size_t i = 0; data && spare && rows == sort->rows_max && i < PL_COUNT_OF(spare->data); i++) {
    if (!spare->data[i]) {
      spare->data[i] = data;
      spare->bytes[i] = bytes;
      return;
    }
  }
  pl_mem_free(sort->mem, data, bytes);
}

void pl_rowsort_spare_free(pl_mem* mem, pl_rowsort_spare* spare) {
  for (size_t i = 0; i < PL_COUNT_OF(spare->data); i++) {
    pl_mem_free(mem, spare->data[i], spare->bytes[i]);
    spare->data[i] = NULL;
  }
}

void pl_rowsort_free(pl_rowsort* sort) {
  if (!sort) {
    return;
  }
  block_give(sort, sort->rows, sort->rows_capacity);
  if (sort->merge.mem) {
    pl_merge_free(&sort->merge);
  }
  pl_mem_free(sort->mem, sort->out, OUT_ROWS * sort->row_bytes);
  pl_vec_free(sort->mem, &sort->runs);
  if (sort->fd >= 0) {
    (void)close(sort->fd);
  }
  pl_mem_free(sort->mem, sort, sizeof(*sort));
}

/// Why a task gave up: the guard's flags stand still set, so asking again writes the message.
static pl_status report_stop(pl_rowsort* sort) {
  const pl_status status = pl_guard_check(sort->options.guard, sort->err);
  return status == PL_OK ? pl_fail(sort->err, PL_MSG_INTERRUPTED) : status;
}

static pl_status sort_rows(pl_rowsort* sort) {
  const size_t room = sort->options.spare ? sort->rows_capacity : sort->rows_count;
  uint64_t* const scratch = block_take(sort, room);
  if (!scratch) {
    return fail_memory(sort);
  }
  const pl_rows_job job = {.rows = sort->rows,
                           .scratch = scratch,
                           .count = sort->rows_count,
                           .columns = sort->options.columns,
                           .key_columns = sort->options.key_columns ? sort->options.key_columns : sort->options.columns,
                           .keep_duplicates = sort->options.keep_duplicates,
                           .pool = sort->options.pool,
                           .guard = sort->options.guard};
  const pl_status status = pl_rows_sort_job(&job, &sort->rows_count);
  block_give(sort, scratch, room);
  return status == PL_OK ? PL_OK : fail(sort, report_stop(sort));
}

static pl_status write_all(pl_rowsort* sort, const void* data, size_t len) {
  for (size_t done = 0; done < len;) {
    const size_t size = len - done < WRITE_BYTES ? len - done : WRITE_BYTES;
    const ssize_t n = pwrite(sort->fd, (const char*)data + done, size, (off_t)(sort->file_bytes + done));
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return fail(sort, pl_fail(sort->err, PL_MSG_TEMP_WRITE, strerror(n < 0 ? errno : ENOSPC)));
    }
    done += (size_t)n;
    const pl_status status = pl_guard_check(sort->options.guard, sort->err);
    if (status != PL_OK) {
      return fail(sort, status);
    }
  }
  sort->file_bytes += len;
  return PL_OK;
}

static pl_status push_run(pl_rowsort* sort, pl_run run) {
  return pl_vec_push(sort->mem, &sort->runs, run) == PL_OK ? PL_OK : fail_memory(sort);
}

static pl_status spill(pl_rowsort* sort) {
  PL_TRY(sort_rows(sort));
  if (sort->fd < 0) {
    const pl_status status = pl_tempfile_open(sort->options.temp_dir, &sort->fd, sort->err);
    if (status != PL_OK) {
      return fail(sort, status);
    }
  }
  PL_TRY(push_run(sort, (pl_run){.file_offset = sort->file_bytes, .file_rows = sort->rows_count}));
  PL_TRY(write_all(sort, sort->rows, sort->rows_count * sort->row_bytes));
  sort->rows_count = 0;
  return PL_OK;
}

static uint64_t* rows_of(pl_rowsort* sort, size_t capacity) {
  if (capacity < sort->rows_max || !sort->rows) {
    return pl_mem_realloc(sort->mem, sort->rows, sort->rows_capacity * sort->row_bytes, capacity * sort->row_bytes);
  }
  uint64_t* const rows = block_take(sort, capacity);
  if (rows) {
    memcpy(rows, sort->rows, sort->rows_count * sort->row_bytes);
    block_give(sort, sort->rows, sort->rows_capacity);
  }
  return rows;
}

static pl_status grow_rows(pl_rowsort* sort, size_t wanted) {
  size_t capacity = sort->rows_capacity ? sort->rows_capacity * 2 : ROWS_CAPACITY_MIN;
  capacity = capacity < wanted ? wanted : capacity;
  const size_t bytes_max = sort->rows_max * sort->row_bytes, left = sort->mem->bytes_max - sort->mem->bytes_used;
  const bool large = capacity * sort->row_bytes > LARGE_BYTES && bytes_max <= left && bytes_max <= WHOLE_BYTES_MAX;
  capacity = large || capacity > sort->rows_max ? sort->rows_max : capacity;
  uint64_t* const rows = rows_of(sort, capacity);
  if (!rows) {
    return fail_memory(sort);
  }
  sort->rows = rows;
  sort->rows_capacity = capacity;
  return PL_OK;
}

pl_status pl_rowsort_add(pl_rowsort* sort, const uint64_t* rows, size_t count) {
  assert(!sort->finished);
  PL_TRY(sort->status);
  const pl_status stopped = pl_guard_check(sort->options.guard, sort->err);
  if (stopped != PL_OK) {
    return fail(sort, stopped);
  }
  sort->added += count;
  while (count > 0) {
    if (sort->rows_count == sort->rows_max) {
      PL_TRY(spill(sort));
    }
    const size_t room = sort->rows_max - sort->rows_count;
    const size_t taken = count < room ? count : room;
    if (sort->rows_count + taken > sort->rows_capacity) {
      PL_TRY(grow_rows(sort, sort->rows_count + taken));
    }
    memcpy(sort->rows + sort->rows_count * sort->options.columns, rows, taken * sort->row_bytes);
    sort->rows_count += taken;
    rows += taken * sort->options.columns;
    count -= taken;
  }
  return PL_OK;
}

static pl_status start_merge(pl_rowsort* sort) {
  sort->merge = (pl_merge){
      .mem = sort->mem,
      .runs = sort->runs.data,
      .count = sort->runs.count,
      .columns = sort->options.columns,
      .fd = sort->fd,
      .err = sort->err,
  };
  sort->out = pl_mem_alloc(sort->mem, OUT_ROWS * sort->row_bytes);
  if (!sort->out) {
    return fail_memory(sort);
  }
  const pl_status status = pl_merge_start(&sort->merge, sort->options.bytes_max / 2);
  if (status == PL_ERR_NOMEM || status == PL_ERR_LIMIT) {
    return fail_memory(sort);
  }
  return status == PL_OK ? PL_OK : fail(sort, status);
}

pl_status pl_rowsort_finish(pl_rowsort* sort) {
  assert(!sort->finished);
  PL_TRY(sort->status);
  sort->finished = true;
  if (sort->rows_count == 0) {
    return PL_OK;
  }
  PL_TRY(sort_rows(sort));
  PL_TRY(push_run(sort, (pl_run){.head = sort->rows, .end = sort->rows + sort->rows_count * sort->options.columns}));
  return sort->runs.count > 1 ? start_merge(sort) : PL_OK;
}

/// Hand out the only run as it lies in memory.
static size_t next_slice(pl_rowsort* sort, const uint64_t** rows) {
  if (sort->runs.count == 0) {
    return 0;
  }
  pl_run* const run = &sort->runs.data[0];
  const size_t left = (size_t)(run->end - run->head) / sort->options.columns;
  const size_t count = left < SLICE_ROWS ? left : SLICE_ROWS;
  *rows = run->head;
  run->head += count * sort->options.columns;
  return count;
}

pl_status pl_rowsort_next(pl_rowsort* sort, const uint64_t** rows, size_t* count) {
  assert(sort->finished);
  *rows = NULL;
  *count = 0;
  PL_TRY(sort->status);
  pl_status status = pl_guard_check(sort->options.guard, sort->err);
  if (status == PL_OK && sort->out) {
    *rows = sort->out;
    status = pl_merge_next(&sort->merge, sort->out, OUT_ROWS, sort->options.keep_duplicates, count);
  } else if (status == PL_OK) {
    *count = next_slice(sort, rows);
  }
  return status == PL_OK ? PL_OK : fail(sort, status);
}

uint64_t pl_rowsort_added(const pl_rowsort* sort) { return sort->added; }
