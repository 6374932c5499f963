/// Runs of equal values: where the rows of a block begin to differ, and the values of some of its rows. A constant column costs nothing and a
/// run-length column costs its runs; only a column of single offsets is looked at row by row.
#include "store/block_internal.h"

static bool is_constant(const pl_block_column* column) { return !column->ends && column->width == 0; }

static void set_bit(uint64_t* bits, uint32_t i) { bits[i / 64] |= (uint64_t)1 << i % 64; }

/// Run ends come from disk, and two runs that follow each other may hold the same value.
static pl_status starts_of_runs(const pl_block_column* column, uint32_t rows, uint32_t first, uint32_t count,
                                uint64_t* bits) {
  uint32_t at = first;
  uint32_t run = pl_block_run_of(column, first);
  uint64_t value = pl_block_value_at(column, run);
  for (;;) {
    const uint32_t end = pl_block_run_end(column, run);
    if (end <= at || end > rows) {
      return PL_ERR_CORRUPT;
    }
    if (end >= first + count) {
      return PL_OK;
    }
    if (++run >= column->runs) {
      return PL_ERR_CORRUPT;
    }
    const uint64_t next = pl_block_value_at(column, run);
    if (next != value) {
      set_bit(bits, end - first);
    }
    value = next;
    at = end;
  }
}

/// Bits enter at the top and move down, which needs no shift by a variable.
static inline void starts_of_width(const uint8_t* data, uint32_t count, uint32_t width, uint64_t* bits) {
  uint64_t before = pl_block_offset_at(data, 0, width);
  for (uint32_t word = 0; word * 64 < count; word++) {
    const uint32_t from = word * 64;
    const uint32_t end = count - from < 64 ? count - from : 64;
    uint64_t starts = 0;
    for (uint32_t j = 0; j < end; j++) {
      const uint64_t offset = pl_block_offset_at(data, from + j, width);
      starts = starts >> 1 | (uint64_t)(offset != before) << 63;
      before = offset;
    }
    bits[word] |= starts >> (64 - end);
  }
}

/// Offsets of one frame differ where the values do.
static void starts_of_rows(const uint8_t* data, uint32_t count, uint32_t width, uint64_t* bits) {
  switch (width) {
    case 1:
      starts_of_width(data, count, 1, bits);
      break;
    case 2:
      starts_of_width(data, count, 2, bits);
      break;
    case 3:
      starts_of_width(data, count, 3, bits);
      break;
    case 4:
      starts_of_width(data, count, 4, bits);
      break;
    case 5:
      starts_of_width(data, count, 5, bits);
      break;
    case 6:
      starts_of_width(data, count, 6, bits);
      break;
    default:
      starts_of_width(data, count, 8, bits);
      break;
  }
}

pl_status pl_block_starts(const pl_block* block, uint32_t column, uint32_t first, uint32_t count, uint64_t* bits) {
  assert(column < block->columns && first + count <= block->rows && count > 0);
  const pl_block_column* const c = &block->column[column];
  if (is_constant(c)) {
    return PL_OK;
  }
  if (c->ends) {
    return starts_of_runs(c, block->rows, first, count, bits);
  }
  starts_of_rows(c->data + (size_t)first * c->width, count, c->width, bits);
  return PL_OK;
}

/// The rows ascend, so the run of each is at or after that of the one before.
static pl_status gather_runs(const pl_block_column* column, uint32_t first, const uint16_t* rows, uint32_t count,
                             uint64_t* out) {
  uint32_t run = pl_block_run_of(column, first + rows[0]);
  for (uint32_t i = 0; i < count; i++) {
    while (pl_block_run_end(column, run) <= first + rows[i]) {
      if (++run >= column->runs) {
        return PL_ERR_CORRUPT;
      }
    }
    out[i] = pl_block_value_at(column, run);
  }
  return PL_OK;
}

pl_status pl_block_gather(const pl_block* block, uint32_t column, uint32_t first, const uint16_t* rows, uint32_t count,
                          uint64_t* out) {
  assert(column < block->columns);
  const pl_block_column* const c = &block->column[column];
  if (count == 0) {
    return PL_OK;
  }
  if (c->ends) {
    return gather_runs(c, first, rows, count, out);
  }
  for (uint32_t i = 0; i < count; i++) {
    out[i] = pl_block_value_at(c, first + rows[i]);
  }
  return PL_OK;
}
