/// Encoding: measure how many rows fit, choose each column's code, write.
///
/// Measuring keeps five numbers a column (smallest and largest value as it is and rotated, runs), which is all that
/// every code's size depends on. Rotated values are looked at only in columns that mix kinds of ids: where the high bits
/// are equal, rotating makes no offset narrower. Rows are added in steps that halve when one does not fit, so the cost
/// per row is one pass of plain loops.
#include "store/block_internal.h"

/// What decides the size of a column.
typedef struct column_stats {
  uint64_t min;          ///< of the values
  uint64_t max;          ///< of the values
  uint64_t rotated_min;  ///< of the rotated values, if mixed
  uint64_t rotated_max;  ///< of the rotated values, if mixed
  uint32_t runs;         ///< runs of equal values
  bool mixed;            ///< the high bits that rotating moves are not the same in all values
} column_stats;

/// The code chosen for a column.
typedef struct column_plan {
  uint64_t base;   ///< frame
  uint32_t bytes;  ///< of the data
  uint32_t runs;   ///< 0 if not run-length
  uint8_t width;   ///< of an offset
  bool rotated;    ///< frame over rotated values
} column_plan;

static uint8_t width_of(uint64_t range) {
  const uint32_t bytes = range == 0 ? 0 : (71u - (uint32_t)__builtin_clzll(range)) / 8u;
  return (uint8_t)(bytes == 7 ? 8 : bytes);
}

static column_plan plan_column(const column_stats* stats, uint32_t rows) {
  const uint8_t plain = width_of(stats->max - stats->min);
  const uint8_t rotated = stats->mixed ? width_of(stats->rotated_max - stats->rotated_min) : plain;
  column_plan plan = {.base = stats->min, .width = plain};
  if (rotated < plain) {
    plan = (column_plan){.base = stats->rotated_min, .width = rotated, .rotated = true};
  }
  const uint32_t as_runs = stats->runs * (plan.width + 2u);
  plan.bytes = rows * plan.width;
  if (as_runs < plan.bytes) {
    plan.bytes = as_runs;
    plan.runs = stats->runs;
  }
  return plan;
}

static uint32_t bytes_of(const column_stats* stats, uint32_t columns, uint32_t rows) {
  uint32_t bytes = PL_BLOCK_HEADER_BYTES + columns * PL_BLOCK_COLUMN_BYTES;
  for (uint32_t k = 0; k < columns; k++) {
    bytes += plan_column(&stats[k], rows).bytes;
  }
  return bytes;
}

static void rotated_extend(column_stats* stats, const uint64_t* values, uint32_t count) {
  uint64_t min = stats->rotated_min;
  uint64_t max = stats->rotated_max;
  for (uint32_t i = 0; i < count; i++) {
    const uint64_t r = pl_rotate_left(values[i]);
    min = r < min ? r : min;
    max = r > max ? r : max;
  }
  stats->rotated_min = min;
  stats->rotated_max = max;
}

/// Do the values differ from the one before them? A constant inner loop, so that the compiler vectorises it.
static bool vary(const uint64_t* values, uint32_t count) {
  enum { STRIDE = 8 };
  const uint64_t before = values[-1];
  uint64_t differ[STRIDE] = {0};
  uint32_t i = 0;
  for (; i + STRIDE <= count; i += STRIDE) {
    for (uint32_t j = 0; j < STRIDE; j++) {
      differ[j] |= values[i + j] ^ before;
    }
  }
  for (; i < count; i++) {
    differ[0] |= values[i] ^ before;
  }
  for (uint32_t j = 1; j < STRIDE; j++) {
    differ[0] |= differ[j];
  }
  return differ[0] != 0;
}

/// Add values [have, have + count) of a column of which `have`, at least one, are measured.
static void stats_extend(column_stats* stats, const uint64_t* values, uint32_t have, uint32_t count) {
  uint64_t min = stats->min;
  uint64_t max = stats->max;
  uint32_t runs = stats->runs;
  if (!vary(values + have, count)) {
    return;
  }
  for (uint32_t i = have; i < have + count; i++) {
    const uint64_t v = values[i];
    min = v < min ? v : min;
    max = v > max ? v : max;
    runs += v != values[i - 1];
  }
  stats->min = min;
  stats->max = max;
  stats->runs = runs;
  if (stats->mixed) {
    rotated_extend(stats, values + have, count);
  } else if ((min ^ max) >> (64 - PL_BLOCK_ROTATE)) {
    stats->mixed = true;
    stats->rotated_min = stats->rotated_max = pl_rotate_left(values[0]);
    rotated_extend(stats, values, have + count);
  }
}

/// Measure: returns the rows that fit and their statistics.
static uint32_t measure(const pl_block_rows* rows, uint32_t columns, uint32_t first, uint32_t count, uint32_t bytes_max,
                        column_stats* stats) {
  for (uint32_t k = 0; k < columns; k++) {
    const uint64_t v = rows->column[k][first];
    stats[k] = (column_stats){.min = v, .max = v, .runs = 1};
  }
  const uint32_t limit = count < PL_BLOCK_ROWS_MAX ? count : PL_BLOCK_ROWS_MAX;
  uint32_t fit = 1;
  uint32_t step = 256;
  while (fit < limit && step > 0) {
    const uint32_t add = step < limit - fit ? step : limit - fit;
    column_stats next[PL_BLOCK_COLUMNS_MAX];
    for (uint32_t k = 0; k < columns; k++) {
      next[k] = stats[k];
      stats_extend(&next[k], rows->column[k] + first, fit, add);
    }
    if (bytes_of(next, columns, fit + add) <= bytes_max) {
      memcpy(stats, next, columns * sizeof(*stats));
      fit += add;
    } else {
      step = add / 2;
    }
  }
  return fit;
}

static inline void store_offset(uint8_t* p, uint64_t offset, uint32_t width) {
  const uint64_t word = htole64(offset);
  memcpy(p, &word, width);
}

static inline uint64_t framed(uint64_t value, bool rotated) { return rotated ? pl_rotate_left(value) : value; }

static inline void write_width(uint8_t* out, const uint64_t* values, uint32_t count, uint64_t base, bool rotated,
                               uint32_t width) {
  // A word is stored whole where the offsets behind it, written next, cover what is too much.
  const uint32_t covered = count > 8 ? count - 8 : 0;
  uint32_t i = 0;
  for (; i < covered; i++) {
    const uint64_t word = htole64(framed(values[i], rotated) - base);
    memcpy(out + (size_t)i * width, &word, sizeof word);
  }
  for (; i < count; i++) {
    store_offset(out + (size_t)i * width, framed(values[i], rotated) - base, width);
  }
}

static void write_offsets(uint8_t* out, const uint64_t* values, uint32_t count, const column_plan* plan) {
  switch (plan->width) {
    case 1:
      write_width(out, values, count, plan->base, plan->rotated, 1);
      break;
    case 2:
      write_width(out, values, count, plan->base, plan->rotated, 2);
      break;
    case 3:
      write_width(out, values, count, plan->base, plan->rotated, 3);
      break;
    case 4:
      write_width(out, values, count, plan->base, plan->rotated, 4);
      break;
    case 5:
      write_width(out, values, count, plan->base, plan->rotated, 5);
      break;
    case 6:
      write_width(out, values, count, plan->base, plan->rotated, 6);
      break;
    case 8:
      write_width(out, values, count, plan->base, plan->rotated, 8);
      break;
    default:
      break;  // width 0: a constant column has no data
  }
}

static void write_runs(uint8_t* out, const uint64_t* values, uint32_t count, const column_plan* plan) {
  uint8_t* ends = out + (size_t)plan->runs * plan->width;
  uint32_t run = 0;
  for (uint32_t i = 1; i <= count; i++) {
    if (i == count || values[i] != values[i - 1]) {
      store_offset(out + (size_t)run * plan->width, framed(values[i - 1], plan->rotated) - plan->base, plan->width);
      pl_store16(ends + (size_t)run * 2, i);
      run++;
    }
  }
  assert(run == plan->runs);
}

static uint32_t count_facts(const pl_block_rows* rows, uint32_t first, uint32_t count) {
  const uint64_t* a = rows->column[0] + first;
  const uint64_t* b = rows->column[1] + first;
  const uint64_t* c = rows->column[2] + first;
  uint32_t facts = 1;
  for (uint32_t i = 1; i < count; i++) {
    facts += ((a[i] ^ a[i - 1]) | (b[i] ^ b[i - 1]) | (c[i] ^ c[i - 1])) != 0;
  }
  return facts;
}

static uint32_t count_asserted(const uint64_t* c, uint32_t count) {
  uint32_t asserted = 0;
  for (uint32_t i = 0; i < count; i++) {
    asserted += c[i] != 0;
  }
  return asserted;
}

/// Rows are distinct, so with one value in the fourth column their facts are too.
static void write_header(uint8_t* out, const pl_block_rows* rows, uint32_t columns, uint32_t first, uint32_t count,
                         const column_stats* stats) {
  const bool one = columns < 4 || stats[3].runs == 1;
  const uint64_t* const c = columns < 4 ? NULL : rows->column[3] + first;
  out[0] = PL_BLOCK_VERSION;
  out[1] = (uint8_t)columns;
  pl_store16(out + 2, count);
  pl_store16(out + 4, one ? count : count_facts(rows, first, count));
  pl_store16(out + 6, !c ? 0 : one ? (c[0] ? count : 0) : count_asserted(c, count));
}

uint32_t pl_block_fit(const pl_block_rows* rows, uint32_t columns, uint32_t first, uint32_t count, uint32_t bytes_max,
                      uint32_t* bytes) {
  assert(count > 0 && bytes_max >= PL_BLOCK_BYTES_MIN);
  column_stats stats[PL_BLOCK_COLUMNS_MAX];
  const uint32_t fit = measure(rows, columns, first, count, bytes_max, stats);
  if (bytes) {
    *bytes = bytes_of(stats, columns, fit);
  }
  return fit;
}

uint32_t pl_block_encode(const pl_block_rows* rows, uint32_t columns, uint32_t first, uint32_t count,
                         uint32_t bytes_max, uint8_t* out, uint32_t* bytes) {
  assert(count > 0 && bytes_max >= PL_BLOCK_BYTES_MIN && columns >= 2 && columns <= PL_BLOCK_COLUMNS_MAX);
  column_stats stats[PL_BLOCK_COLUMNS_MAX];
  const uint32_t fit = measure(rows, columns, first, count, bytes_max, stats);
  write_header(out, rows, columns, first, fit, stats);
  uint8_t* data = out + PL_BLOCK_HEADER_BYTES + columns * PL_BLOCK_COLUMN_BYTES;
  for (uint32_t k = 0; k < columns; k++) {
    const column_plan plan = plan_column(&stats[k], fit);
    uint8_t* descriptor = out + PL_BLOCK_HEADER_BYTES + k * PL_BLOCK_COLUMN_BYTES;
    descriptor[0] = (uint8_t)(plan.width | (plan.runs ? PL_CODE_RUNS : 0) | (plan.rotated ? PL_CODE_ROTATED : 0));
    descriptor[1] = 0;
    pl_store16(descriptor + 2, plan.runs);
    pl_store64(descriptor + 4, plan.base);
    if (plan.runs) {
      write_runs(data, rows->column[k] + first, fit, &plan);
    } else {
      write_offsets(data, rows->column[k] + first, fit, &plan);
    }
    data += plan.bytes;
  }
  *bytes = (uint32_t)(data - out);
  assert(*bytes <= bytes_max);
  return fit;
}
