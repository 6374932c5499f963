/// Shared by the files of the block codec: words as they stand on disk, the bits of a column's code, single values
/// and runs.
#ifndef PL_STORE_BLOCK_INTERNAL_H
#define PL_STORE_BLOCK_INTERNAL_H

#include "store/block.h"

#include <endian.h>

#define PL_BLOCK_VERSION 1u
#define PL_CODE_WIDTH 0x0fu    ///< bytes of an offset
#define PL_CODE_RUNS 0x10u     ///< run-length
#define PL_CODE_ROTATED 0x20u  ///< frame over rotated values
#define PL_CODE_KIND 0xc0u     ///< 0 = frame of reference

static inline uint64_t pl_load64(const uint8_t* p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return le64toh(v);
}
static inline uint32_t pl_load32(const uint8_t* p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return le32toh(v);
}
static inline uint32_t pl_load16(const uint8_t* p) {
  uint16_t v;
  memcpy(&v, p, 2);
  return le16toh(v);
}
static inline void pl_store16(uint8_t* p, uint32_t value) {
  const uint16_t v = htole16((uint16_t)value);
  memcpy(p, &v, 2);
}
static inline void pl_store64(uint8_t* p, uint64_t value) {
  const uint64_t v = htole64(value);
  memcpy(p, &v, 8);
}
static inline uint64_t pl_rotate_left(uint64_t v) { return v << PL_BLOCK_ROTATE | v >> (64 - PL_BLOCK_ROTATE); }
static inline uint64_t pl_rotate_right(uint64_t v) { return v >> PL_BLOCK_ROTATE | v << (64 - PL_BLOCK_ROTATE); }

/// Offset i of a column whose offsets have `width` bytes, which is a constant where it is fast.
static inline uint64_t pl_block_offset_at(const uint8_t* data, uint32_t i, uint32_t width) {
  switch (width) {
    case 1:
      return data[i];
    case 2:
      return pl_load16(data + (size_t)i * 2);
    case 4:
      return pl_load32(data + (size_t)i * 4);
    case 8:
      return pl_load64(data + (size_t)i * 8);
    default:
      return pl_load64(data + (size_t)i * width + width - 8) >> (64 - 8 * width);
  }
}

/// The offset of value i (a row, or a run of a run-length column), unframed.
static inline uint64_t pl_block_value_at(const pl_block_column* column, uint32_t i) {
  const uint64_t word = pl_load64(column->data + (size_t)i * column->width + column->width - 8);
  const uint64_t framed = column->base + (word >> column->shift & column->mask);
  return column->rotate ? pl_rotate_right(framed) : framed;
}

static inline uint32_t pl_block_run_end(const pl_block_column* column, uint32_t run) {
  return pl_load16(column->ends + (size_t)run * 2);
}

/// Run that holds a row: the first that ends after it, and never beyond the last.
static inline uint32_t pl_block_run_of(const pl_block_column* column, uint32_t row) {
  uint32_t low = 0;
  uint32_t high = column->runs - 1u;
  if (row == 0 || (high > 0 && pl_block_run_end(column, high - 1) <= row)) {  // the ends of a block are asked for most
    return row == 0 ? 0 : high;
  }
  while (low < high) {
    const uint32_t mid = (low + high) / 2;
    if (pl_block_run_end(column, mid) <= row) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return low;
}

#endif
