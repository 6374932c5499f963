/// Opening, decoding, reading single rows, and verifying. The layout is drawn in block.h.
#include "store/block_internal.h"

static bool open_column(pl_block* block, uint32_t k, const uint8_t* descriptor, const uint8_t** data,
                        const uint8_t* end) {
  const uint8_t code = descriptor[0];
  const uint32_t width = code & PL_CODE_WIDTH;
  const uint32_t runs = pl_load16(descriptor + 2);
  if ((code & PL_CODE_KIND) || width == 7 || width > 8 || descriptor[1] != 0) {
    return false;
  }
  const bool is_runs = code & PL_CODE_RUNS;
  if (is_runs ? runs == 0 || runs > block->rows : runs != 0) {
    return false;
  }
  const size_t bytes = is_runs ? (size_t)runs * (width + 2) : (size_t)block->rows * width;
  if (bytes > (size_t)(end - *data)) {
    return false;
  }
  block->column[k] = (pl_block_column){
      .data = *data,
      .ends = is_runs ? *data + (size_t)runs * width : NULL,
      .base = pl_load64(descriptor + 4),
      .mask = width ? UINT64_MAX : 0,
      .runs = (uint16_t)runs,
      .width = (uint8_t)width,
      .shift = (uint8_t)(width ? 64 - 8 * width : 0),
      .rotate = code & PL_CODE_ROTATED ? PL_BLOCK_ROTATE : 0,
  };
  *data += bytes;
  return true;
}

pl_status pl_block_open(const void* data, size_t len, uint32_t columns, pl_block* out) {
  const uint8_t* p = data;
  const size_t head = PL_BLOCK_HEADER_BYTES + (size_t)columns * PL_BLOCK_COLUMN_BYTES;
  if (columns < 2 || columns > PL_BLOCK_COLUMNS_MAX || len < head || len > PL_BLOCK_BYTES_MAX) {
    return PL_ERR_CORRUPT;
  }
  if (p[0] != PL_BLOCK_VERSION || p[1] != columns) {
    return PL_ERR_CORRUPT;
  }
  out->columns = columns;
  out->rows = pl_load16(p + 2);
  out->facts = pl_load16(p + 4);
  out->asserted = pl_load16(p + 6);
  if (out->rows == 0 || out->rows > PL_BLOCK_ROWS_MAX || out->facts == 0 || out->facts > out->rows ||
      out->asserted > out->rows) {
    return PL_ERR_CORRUPT;
  }
  const uint8_t* at = p + head;
  for (uint32_t k = 0; k < columns; k++) {
    if (!open_column(out, k, p + PL_BLOCK_HEADER_BYTES + (size_t)k * PL_BLOCK_COLUMN_BYTES, &at, p + len)) {
      return PL_ERR_CORRUPT;
    }
  }
  return at == p + len ? PL_OK : PL_ERR_CORRUPT;
}

/// Inner loops run over a constant count, so that the compiler unrolls and vectorises them at any optimisation level.
#define STRIDE 16

static inline uint64_t unframed(uint64_t framed, bool rotated) { return rotated ? pl_rotate_right(framed) : framed; }

static inline void decode_width(const uint8_t* restrict data, uint32_t count, uint64_t base, bool rotated,
                                uint32_t width, uint64_t* restrict out) {
  uint32_t i = 0;
  for (; i + STRIDE <= count; i += STRIDE) {
    for (uint32_t j = 0; j < STRIDE; j++) {
      out[i + j] = unframed(base + pl_block_offset_at(data, i + j, width), rotated);
    }
  }
  for (; i < count; i++) {
    out[i] = unframed(base + pl_block_offset_at(data, i, width), rotated);
  }
}

static inline void decode_offsets(const uint8_t* data, uint32_t count, uint64_t base, bool rotated, uint32_t width,
                                  uint64_t* out) {
  switch (width) {
    case 1:
      decode_width(data, count, base, rotated, 1, out);
      break;
    case 2:
      decode_width(data, count, base, rotated, 2, out);
      break;
    case 3:
      decode_width(data, count, base, rotated, 3, out);
      break;
    case 4:
      decode_width(data, count, base, rotated, 4, out);
      break;
    case 5:
      decode_width(data, count, base, rotated, 5, out);
      break;
    case 6:
      decode_width(data, count, base, rotated, 6, out);
      break;
    default:
      decode_width(data, count, base, rotated, 8, out);
      break;
  }
}

static void fill_value(uint64_t* restrict out, uint32_t count, uint64_t value) {
  uint32_t i = 0;
  for (; i + STRIDE <= count; i += STRIDE) {
    for (uint32_t j = 0; j < STRIDE; j++) {
      out[i + j] = value;
    }
  }
  for (; i < count; i++) {
    out[i] = value;
  }
}

static pl_status decode_runs(const pl_block_column* column, uint32_t rows, uint32_t first, uint32_t count,
                             uint64_t* out) {
  const uint32_t last = first + count;
  uint32_t at = first;
  for (uint32_t run = pl_block_run_of(column, first); at < last; run++) {
    if (run >= column->runs) {
      return PL_ERR_CORRUPT;
    }
    const uint32_t end = pl_block_run_end(column, run);
    if (end <= at || end > rows) {
      return PL_ERR_CORRUPT;
    }
    const uint32_t stop = end < last ? end : last;
    fill_value(out + (at - first), stop - at, pl_block_value_at(column, run));
    at = stop;
  }
  return PL_OK;
}

pl_status pl_block_decode(const pl_block* block, uint32_t column, uint32_t first, uint32_t count, uint64_t* out) {
  assert(column < block->columns && first <= block->rows && count <= block->rows - first);
  const pl_block_column* c = &block->column[column];
  if (count == 0) {
    return PL_OK;
  }
  if (c->ends) {
    return decode_runs(c, block->rows, first, count, out);
  }
  const uint8_t* data = c->data + (size_t)first * c->width;
  if (c->width == 0) {
    fill_value(out, count, pl_block_value_at(c, 0));
  } else if (c->rotate) {
    decode_offsets(data, count, c->base, true, c->width, out);
  } else {
    decode_offsets(data, count, c->base, false, c->width, out);
  }
  return PL_OK;
}

uint64_t pl_block_value(const pl_block* block, uint32_t column, uint32_t row) {
  assert(column < block->columns && row < block->rows);
  const pl_block_column* c = &block->column[column];
  return pl_block_value_at(c, c->ends ? pl_block_run_of(c, row) : row);
}

void pl_block_row(const pl_block* block, uint32_t row, uint64_t* out) {
  for (uint32_t k = 0; k < block->columns; k++) {
    out[k] = pl_block_value(block, k, row);
  }
}

int pl_block_compare(const pl_block* block, uint32_t row, const uint64_t* key, uint32_t n) {
  for (uint32_t k = 0; k < n; k++) {
    const uint64_t v = pl_block_value(block, k, row);
    if (v != key[k]) {
      return v < key[k] ? -1 : 1;
    }
  }
  return 0;
}

/// First index in [low, high) whose value is >= key (or > key, if after).
static uint32_t search(const pl_block_column* column, uint32_t low, uint32_t high, uint64_t key, bool after) {
  while (low < high) {
    const uint32_t mid = (low + high) / 2;
    const uint64_t v = pl_block_value_at(column, mid);
    if (v < key || (after && v == key)) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return low;
}

/// Upper end of the values equal to key that begin at low: mostly near, so gallop.
static uint32_t search_end(const pl_block_column* column, uint32_t low, uint32_t high, uint64_t key) {
  uint32_t step = 1;
  while (low + step < high && pl_block_value_at(column, low + step) <= key) {
    low += step;
    step *= 2;
  }
  return search(column, low, low + step < high ? low + step : high, key, true);
}

/// Narrow rows [*first, *end), in which the column ascends, to those with low <= value <= high.
static void narrow(const pl_block_column* column, uint64_t low, uint64_t high, uint32_t* first, uint32_t* end) {
  if (*first >= *end || (low == 0 && high == UINT64_MAX)) {
    return;
  }
  if (column->width == 0 && !column->ends) {  // one value in all rows
    const uint64_t value = pl_block_value_at(column, 0);
    *first = value < low ? *end : *first;
    *end = value > high ? *first : *end;
    return;
  }
  if (!column->ends) {
    const uint32_t at = search(column, *first, *end, low, false);
    *end = low == high ? search_end(column, at, *end, high) : search(column, at, *end, high, true);
    *first = at;
    return;
  }
  const uint32_t run_first = pl_block_run_of(column, *first);
  const uint32_t run_last = pl_block_run_of(column, *end - 1) + 1;
  const uint32_t run_low = search(column, run_first, run_last, low, false);
  const uint32_t run_high = low == high ? run_low + (run_low < run_last && pl_block_value_at(column, run_low) == low)
                                        : search(column, run_low, run_last, high, true);
  // Run ends come from disk: clamp, so that the result is a part of the range given whatever they say.
  const uint32_t at = run_low > run_first ? pl_block_run_end(column, run_low - 1) : *first;
  const uint32_t stop =
      run_high < run_last ? (run_high > run_first ? pl_block_run_end(column, run_high - 1) : *first) : *end;
  const uint32_t at_inside = at < *first ? *first : at > *end ? *end : at;
  *end = stop < at_inside ? at_inside : stop > *end ? *end : stop;
  *first = at_inside;
}

uint32_t pl_block_seek(const pl_block* block, const uint64_t* key, uint32_t n, uint32_t from) {
  assert(n <= block->columns && from <= block->rows);
  uint32_t first = from;
  uint32_t end = block->rows;
  for (uint32_t k = 0; k < n && first < end; k++) {
    uint32_t stop = end;
    narrow(&block->column[k], key[k], key[k], &first, &stop);
    if (first == stop) {
      break;
    }
    end = stop;
  }
  return first;
}

void pl_block_range(const pl_block* block, const uint64_t* low, const uint64_t* high, uint32_t n, uint32_t from,
                    uint32_t* first, uint32_t* end) {
  assert(n <= block->columns && from <= block->rows);
  *first = from;
  *end = block->rows;
  for (uint32_t k = 0; k < n; k++) {
    narrow(&block->column[k], low[k], high[k], first, end);
  }
}
