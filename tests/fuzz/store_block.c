/// Arbitrary bytes as a block: an error or rows, never a read outside; rows that verify are encoded again and read
/// back. The first byte picks the number of columns, the rest is the block.
#include "store/block.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static void expect(bool holds) {
  if (!holds) {
    abort();
  }
}

/// Encode what was decoded, possibly into several blocks (a hostile frame may wrap around and be narrower than ours).
static void encode_again(const pl_block* block, const pl_block_rows* rows, uint64_t* scratch) {
  uint8_t bytes[PL_BLOCK_BYTES_MAX];
  for (uint32_t first = 0; first < block->rows;) {
    uint32_t len;
    const uint32_t fit =
        pl_block_encode(rows, block->columns, first, block->rows - first, PL_BLOCK_BYTES_MAX, bytes, &len);
    pl_block again;
    expect(fit > 0 && pl_block_open(bytes, len, block->columns, &again) == PL_OK && again.rows == fit);
    expect(pl_block_verify(&again) == NULL);
    for (uint32_t k = 0; k < block->columns; k++) {
      expect(pl_block_decode(&again, k, 0, fit, scratch) == PL_OK);
      expect(memcmp(scratch, rows->column[k] + first, fit * sizeof(*scratch)) == 0);
    }
    first += fit;
  }
}

/// Rows that begin a run of a column, and their values: no read outside, and as the column says where it can be decoded.
static void read_runs(const pl_block* block, uint32_t k, const uint64_t* column, uint64_t* scratch) {
  const uint32_t from = block->rows / 3;
  const uint32_t count = block->rows - from;
  uint64_t bits[PL_BLOCK_ROWS_MAX / 64] = {0};
  uint16_t starts[PL_BLOCK_ROWS_MAX];
  uint32_t found = 0;
  const pl_status status = pl_block_starts(block, k, from, count, bits);
  for (uint32_t i = 0; i < count; i++) {
    const bool begins = i > 0 && bits[i / 64] >> i % 64 & 1;
    expect(!column || (status == PL_OK && begins == (i > 0 && column[from + i] != column[from + i - 1])));
    if (i == 0 || begins) {
      starts[found++] = (uint16_t)i;
    }
  }
  const pl_status gathered = pl_block_gather(block, k, from, starts, found, scratch);
  for (uint32_t i = 0; i < found; i++) {
    expect(!column || (gathered == PL_OK && scratch[i] == column[from + starts[i]]));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  pl_block block;
  if (size == 0 || pl_block_open(data + 1, size - 1, 2 + data[0] % 3u, &block) != PL_OK) {
    return 0;
  }
  uint64_t* values = calloc((PL_BLOCK_COLUMNS_MAX + 1) * PL_BLOCK_ROWS_MAX, sizeof(*values));
  if (!values) {
    return 0;
  }
  pl_block_rows rows;
  bool whole = true;
  for (uint32_t k = 0; k < PL_BLOCK_COLUMNS_MAX; k++) {
    rows.column[k] = values + (size_t)k * PL_BLOCK_ROWS_MAX;
    whole = k < block.columns && whole ? pl_block_decode(&block, k, 0, block.rows, rows.column[k]) == PL_OK : whole;
  }
  uint64_t* const scratch = values + (size_t)PL_BLOCK_COLUMNS_MAX * PL_BLOCK_ROWS_MAX;
  for (uint32_t k = 0; k < block.columns; k++) {
    read_runs(&block, k, whole ? rows.column[k] : NULL, scratch);
  }
  uint64_t key[PL_BLOCK_COLUMNS_MAX];
  pl_block_row(&block, block.rows / 2, key);
  const uint32_t at = pl_block_seek(&block, key, block.columns, 0);
  uint32_t first;
  uint32_t end;
  pl_block_range(&block, key, key, block.columns, 0, &first, &end);
  expect(at <= block.rows && first <= end && end <= block.rows);
  if (pl_block_verify(&block) == NULL) {
    expect(whole && at == block.rows / 2 && first == at && end == at + 1);
    encode_again(&block, &rows, scratch);
  }
  free(values);
  return 0;
}
