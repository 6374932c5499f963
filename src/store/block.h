/// A block: a few hundred sorted rows of 2 to 4 unsigned 64-bit columns in at most 4080 bytes. No LMDB in here.
///
/// All numbers are little-endian. A block is a header, one descriptor a column, then the columns' data one after the
/// other:
///
///   offset 0  1        version, 1
///          1  1        columns
///          2  2        rows, 1 to 2048
///          4  2        facts: distinct values of the first three columns (= rows with fewer than four columns)
///          6  2        asserted: rows whose fourth column is not 0 (0 with fewer than four columns)
///          8  12 each  descriptor: code (1), zero (1), runs (2), base (8)
///             ...      data of column 0, of column 1, ...
///
///   code   7 6 | 5       | 4          | 3 2 1 0
///          kind| rotated | run-length | bytes of an offset: 0 to 6 or 8
///          kind 0 is frame of reference; 1 is kept for bit-packing; 2 and 3 are not used
///
/// A column is a frame of reference: value = base + offset, offsets of one width each. Sorted or not, any row's value
/// is one load. `rotated` says that the frame was laid over the values rotated left by 5 bits: ids carry their kind in
/// the high 5 bits, so a column that mixes kinds would need 8 bytes an offset; rotated, the kind stands in the low bits
/// and costs at most one byte. `run-length` says that the data is `runs` offsets, one a run of equal values, then
/// `runs` 16-bit run ends (the row after the run's last). The encoder takes what is smallest; a constant column has
/// width 0 and no data.
///
/// An offset of w bytes is read as the 8-byte word that *ends* with it: at least 32 header bytes stand before it, so no
/// padding is needed and no read leaves the block.
///
/// Example: the rows (7, 1, 300), (7, 2, 301), (9, 1, 300) with three columns take 44 + 2 + 3 + 3 = 52 bytes:
///
///   01 03 0300 0300 0000
///   01 00 0000 0700000000000000     column 0: one byte, base 7; as two runs it would take 6 bytes
///   01 00 0000 0100000000000000     column 1: one byte, base 1
///   01 00 0000 2c01000000000000     column 2: one byte, base 300
///   00 00 02  00 01 00  00 01 00
///
/// Why not bit-packing: 19 % smaller, but scans 20 % slower and inserts 35 % slower. Why not delta-varint: no random
/// access.
#ifndef PL_STORE_BLOCK_H
#define PL_STORE_BLOCK_H

#include "base/base.h"

#define PL_BLOCK_BYTES_MAX 4080u   ///< one LMDB overflow page of 4096 bytes less its header
#define PL_BLOCK_ROWS_MAX 2048u    ///< bounds the work of one change where nearly all columns are constant
#define PL_BLOCK_COLUMNS_MAX 4u    ///< and at least 2
#define PL_BLOCK_HEADER_BYTES 8u   ///< before the descriptors
#define PL_BLOCK_COLUMN_BYTES 12u  ///< one descriptor
#define PL_BLOCK_ROTATE 5u         ///< bits of the kind tag of an id
#define PL_BLOCK_BYTES_MIN 256u    ///< smallest ceiling the encoder takes; any single row fits in it

/// Rows as columns: column[k][i] is column k of row i. What the codec reads and writes.
typedef struct pl_block_rows {
  uint64_t* column[PL_BLOCK_COLUMNS_MAX];  ///< borrowed
} pl_block_rows;

/// One column of an opened block.
typedef struct pl_block_column {
  const uint8_t* data;  ///< first offset
  const uint8_t* ends;  ///< 16-bit run ends; NULL if not run-length
  uint64_t base;        ///< added to every offset
  uint64_t mask;        ///< 0 for width 0, else all ones
  uint16_t runs;        ///< 0 if not run-length
  uint8_t width;        ///< bytes of an offset
  uint8_t shift;        ///< drops the bytes before the offset from its word
  uint8_t rotate;       ///< 0 or PL_BLOCK_ROTATE
} pl_block_column;

/// An opened block; borrows the bytes it was opened on.
typedef struct pl_block {
  uint32_t columns;                              ///< 2 to 4
  uint32_t rows;                                 ///< at least 1
  uint32_t facts;                                ///< see above
  uint32_t asserted;                             ///< see above
  pl_block_column column[PL_BLOCK_COLUMNS_MAX];  ///< `columns` used
} pl_block;

/// Check the header against the length and describe the columns; trusts nothing, costs O(columns). PL_ERR_CORRUPT if it
/// is no block of that many columns. What only the data can tell (run ends, row order, counts) is left to decode and
/// verify; reads are safe without.
pl_status pl_block_open(const void* data, size_t len, uint32_t columns, pl_block* out);
/// Copy `count` values of a column from row `first` on. PL_ERR_CORRUPT if run ends do not ascend to the row count.
pl_status pl_block_decode(const pl_block* block, uint32_t column, uint32_t first, uint32_t count, uint64_t* out);
/// Set bit i of `bits` for each row first + i, i > 0, whose value differs from that of the row before it; at least 1 row. PL_ERR_CORRUPT as
/// pl_block_decode.
pl_status pl_block_starts(const pl_block* block, uint32_t column, uint32_t first, uint32_t count, uint64_t* bits);
/// Values of the rows first + rows[i], which ascend. PL_ERR_CORRUPT as pl_block_decode.
pl_status pl_block_gather(const pl_block* block, uint32_t column, uint32_t first, const uint16_t* rows, uint32_t count,
                          uint64_t* out);
/// One value, one row. The row must be below the row count.
uint64_t pl_block_value(const pl_block* block, uint32_t column, uint32_t row);
void pl_block_row(const pl_block* block, uint32_t row, uint64_t* out);
/// Compare the first n columns of a row with key: negative, 0 or positive.
int pl_block_compare(const pl_block* block, uint32_t row, const uint64_t* key, uint32_t n);
/// First row at or after `from` whose first n columns are >= key; the row count if there is none.
uint32_t pl_block_seek(const pl_block* block, const uint64_t* key, uint32_t n, uint32_t from);
/// Rows [*first, *end) at or after `from` that lie in [low, high] by their first n columns, of which low and high have
/// the first n - 1 in common.
void pl_block_range(const pl_block* block, const uint64_t* low, const uint64_t* high, uint32_t n, uint32_t from,
                    uint32_t* first, uint32_t* end);
/// Check all that pl_block_open does not: run ends, rows ascending and distinct, header counts, narrowest widths not
/// required. Returns NULL or what is wrong.
const char* pl_block_verify(const pl_block* block);

/// How many of the sorted rows [first, first + count) fit into bytes_max bytes (PL_BLOCK_BYTES_MIN to
/// PL_BLOCK_BYTES_MAX); at least 1 if count is. *bytes (may be NULL) receives the size of that block.
uint32_t pl_block_fit(const pl_block_rows* rows, uint32_t columns, uint32_t first, uint32_t count, uint32_t bytes_max,
                      uint32_t* bytes);
/// Encode as many of them as fit into out (bytes_max bytes). Returns how many; *bytes is the block's size.
uint32_t pl_block_encode(const pl_block_rows* rows, uint32_t columns, uint32_t first, uint32_t count,
                         uint32_t bytes_max, uint8_t* out, uint32_t* bytes);

/// Lexicographic comparison of the first n columns of two rows.
static inline int pl_row_compare(const uint64_t* a, const uint64_t* b, uint32_t n) {
  for (uint32_t k = 0; k < n; k++) {
    if (a[k] != b[k]) {
      return a[k] < b[k] ? -1 : 1;
    }
  }
  return 0;
}
/// Number of leading columns that two rows have in common.
static inline uint32_t pl_row_common(const uint64_t* a, const uint64_t* b, uint32_t n) {
  uint32_t k = 0;
  while (k < n && a[k] == b[k]) {
    k++;
  }
  return k;
}

#endif
