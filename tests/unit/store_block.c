/// Blocks against plain arrays: what was encoded is read back in every way, and bytes that are no block are refused.
#include "store/block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROWS_MAX 3000u

/// How values of a column are drawn.
typedef enum shape {
  SHAPE_CONSTANT,
  SHAPE_FEW,
  SHAPE_SKEWED,
  SHAPE_WIDE,
  SHAPE_KINDS,
  SHAPE_EXTREME,
  SHAPE_COUNT
} shape;

typedef struct fixture {
  uint64_t seed;                      ///< of the generator
  uint64_t rows[ROWS_MAX][4];         ///< sorted, distinct
  uint64_t columns[4][ROWS_MAX];      ///< the same as columns
  uint32_t count;                     ///< rows
  uint32_t width;                     ///< columns
  uint8_t bytes[PL_BLOCK_BYTES_MAX];  ///< the block
} fixture;

static fixture fix;

static uint64_t draw(void) {
  fix.seed ^= fix.seed << 13;
  fix.seed ^= fix.seed >> 7;
  fix.seed ^= fix.seed << 17;
  return fix.seed;
}

static uint64_t draw_value(shape s) {
  const uint64_t r = draw();
  switch (s) {
    case SHAPE_CONSTANT:
      return 0x2800000000000007u;
    case SHAPE_FEW:
      return 0x2800000000000000u + r % 5;
    case SHAPE_SKEWED:
      return 0x2800000000000000u + (r >> 8) % (1u << (r % 20));
    case SHAPE_WIDE:
      return r >> (r % 64);
    case SHAPE_KINDS:
      return (r % 3 ? 5ull : 19ull) << 59 | (r >> 8) % 50000;
    case SHAPE_EXTREME:
      return (r & 3) == 0 ? 0 : (r & 3) == 1 ? UINT64_MAX : UINT64_MAX / 2 + r % 3;
    default:
      return 0;
  }
}

static int by_row(const void* a, const void* b) { return pl_row_compare(a, b, 4); }

static void make_rows(uint32_t count, uint32_t width, const shape* shapes) {
  memset(fix.rows, 0, sizeof(fix.rows));
  for (uint32_t i = 0; i < count; i++) {
    for (uint32_t k = 0; k < width; k++) {
      fix.rows[i][k] = draw_value(shapes[k]);
    }
  }
  qsort(fix.rows, count, sizeof(fix.rows[0]), by_row);
  fix.count = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (fix.count == 0 || by_row(fix.rows[fix.count - 1], fix.rows[i])) {
      memmove(fix.rows[fix.count++], fix.rows[i], sizeof(fix.rows[0]));
    }
  }
  fix.width = width;
  for (uint32_t i = 0; i < fix.count; i++) {
    for (uint32_t k = 0; k < 4; k++) {
      fix.columns[k][i] = fix.rows[i][k];
    }
  }
}

static pl_block_rows view_rows(void) {
  return (pl_block_rows){{fix.columns[0], fix.columns[1], fix.columns[2], fix.columns[3]}};
}

static void check_values(const pl_block* block, uint32_t first) {
  uint64_t out[PL_BLOCK_ROWS_MAX];
  for (uint32_t k = 0; k < fix.width; k++) {
    const uint32_t from = (uint32_t)(draw() % block->rows);
    assert_int_equal(pl_block_decode(block, k, from, block->rows - from, out), PL_OK);
    assert_memory_equal(out, fix.columns[k] + first + from, (block->rows - from) * sizeof(*out));
    assert_int_equal(pl_block_decode(block, k, 0, block->rows, out), PL_OK);
    for (uint32_t i = 0; i < block->rows; i++) {
      assert_int_equal(out[i], fix.columns[k][first + i]);
      assert_int_equal(pl_block_value(block, k, i), out[i]);
    }
  }
}

static void check_header(const pl_block* block, uint32_t first) {
  uint32_t facts = 0;
  uint32_t asserted = 0;
  for (uint32_t i = 0; i < block->rows; i++) {
    const uint64_t* row = fix.rows[first + i];
    facts += fix.width < 4 || i == 0 || pl_row_common(row - 4, row, 3) < 3;
    asserted += fix.width == 4 && row[3] != 0;
  }
  assert_int_equal(block->facts, facts);
  assert_int_equal(block->asserted, asserted);
}

static void check_seeks(const pl_block* block, uint32_t first, const shape* shapes) {
  for (uint32_t round = 0; round < 40; round++) {
    uint64_t key[4];
    const uint32_t from = (uint32_t)(draw() % block->rows);
    const uint32_t n = (uint32_t)(draw() % (fix.width + 1));
    memcpy(key, fix.rows[first + draw() % block->rows], sizeof(key));
    if (n > 0 && round % 2) {
      key[draw() % n] = draw_value(shapes[n - 1]);
    }
    uint32_t expected = from;
    while (expected < block->rows && pl_row_compare(fix.rows[first + expected], key, n) < 0) {
      expected++;
    }
    assert_int_equal(pl_block_seek(block, key, n, from), expected);
    if (n == 0) {
      continue;
    }
    uint64_t high[4];
    memcpy(high, key, sizeof(high));
    high[n - 1] = round % 3 ? high[n - 1] : draw_value(shapes[n - 1]);
    if (high[n - 1] < key[n - 1]) {
      continue;
    }
    uint32_t expected_end = expected;
    while (expected_end < block->rows && pl_row_compare(fix.rows[first + expected_end], high, n) <= 0) {
      expected_end++;
    }
    uint32_t at;
    uint32_t end;
    pl_block_range(block, key, high, n, from, &at, &end);
    assert_int_equal(at, end == at ? at : expected);
    assert_int_equal(end - at, expected_end - expected);
  }
}

static void test_round_trip(void** state) {
  PL_UNUSED(state);
  fix.seed = 88172645463325252u;
  for (uint32_t round = 0; round < 300; round++) {
    shape shapes[4];
    for (uint32_t k = 0; k < 4; k++) {
      shapes[k] = (shape)(draw() % SHAPE_COUNT);
    }
    make_rows(1 + (uint32_t)(draw() % (round % 4 ? 60 : ROWS_MAX)), 2 + round % 3, shapes);
    const pl_block_rows rows = view_rows();
    for (uint32_t first = 0; first < fix.count;) {
      const uint32_t bytes_max = draw() % 2 ? PL_BLOCK_BYTES_MAX : PL_BLOCK_BYTES_MIN + (uint32_t)(draw() % 2000);
      uint32_t bytes = 0;
      uint32_t bytes_fit = 0;
      const uint32_t fit = pl_block_fit(&rows, fix.width, first, fix.count - first, bytes_max, &bytes_fit);
      assert_int_equal(pl_block_encode(&rows, fix.width, first, fix.count - first, bytes_max, fix.bytes, &bytes), fit);
      assert_int_equal(bytes, bytes_fit);
      assert_true(fit >= 1 && bytes <= bytes_max);
      pl_block block;
      assert_int_equal(pl_block_open(fix.bytes, bytes, fix.width, &block), PL_OK);
      assert_int_equal(block.rows, fit);
      assert_null(pl_block_verify(&block));
      check_values(&block, first);
      check_header(&block, first);
      check_seeks(&block, first, shapes);
      first += fit;
    }
  }
}

/// The encoder stops only where one more row would not fit.
static void test_filled_by_bytes(void** state) {
  PL_UNUSED(state);
  fix.seed = 42;
  const shape shapes[4] = {SHAPE_SKEWED, SHAPE_FEW, SHAPE_KINDS, SHAPE_CONSTANT};
  make_rows(ROWS_MAX, 4, shapes);
  const pl_block_rows rows = view_rows();
  uint32_t bytes;
  const uint32_t fit = pl_block_fit(&rows, 4, 0, fix.count, PL_BLOCK_BYTES_MAX, &bytes);
  assert_true(fit < fix.count);
  assert_true(bytes > PL_BLOCK_BYTES_MAX - 16);
  assert_int_equal(pl_block_fit(&rows, 4, 0, fit, PL_BLOCK_BYTES_MAX, NULL), fit);
}

static void test_example(void** state) {
  PL_UNUSED(state);
  uint64_t a[] = {7, 7, 9};
  uint64_t b[] = {1, 2, 1};
  uint64_t c[] = {300, 301, 300};
  const pl_block_rows rows = {{a, b, c, NULL}};
  static const uint8_t expected[] = {1, 3, 3, 0, 3, 0, 0, 0, 1, 0,    0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0,
                                     0, 0, 0, 0, 0, 1, 0, 0, 0, 0x2c, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0, 1, 0};
  uint32_t bytes;
  assert_int_equal(pl_block_encode(&rows, 3, 0, 3, PL_BLOCK_BYTES_MAX, fix.bytes, &bytes), 3);
  assert_int_equal(bytes, sizeof(expected));
  assert_memory_equal(fix.bytes, expected, sizeof(expected));
}

/// Change bytes of good blocks: opening and reading must stay inside the block (the sanitizers watch), whatever they
/// say.
static void test_damage(void** state) {
  PL_UNUSED(state);
  fix.seed = 7;
  const shape shapes[4] = {SHAPE_FEW, SHAPE_SKEWED, SHAPE_KINDS, SHAPE_FEW};
  make_rows(500, 4, shapes);
  const pl_block_rows rows = view_rows();
  uint32_t bytes;
  pl_block_encode(&rows, 4, 0, fix.count, PL_BLOCK_BYTES_MAX, fix.bytes, &bytes);
  uint64_t out[PL_BLOCK_ROWS_MAX];
  for (uint32_t round = 0; round < 4000; round++) {
    const uint32_t len = round % 10 ? bytes : (uint32_t)(draw() % bytes);
    uint8_t* copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, fix.bytes, len);
    for (uint32_t hits = 1 + round % 3; hits > 0 && len > 0; hits--) {
      copy[draw() % (draw() % 2 ? len : len < 56 ? len : 56)] = (uint8_t)draw();
    }
    pl_block block;
    if (pl_block_open(copy, len, 4, &block) == PL_OK) {
      (void)pl_block_verify(&block);
      for (uint32_t k = 0; k < 4; k++) {
        (void)pl_block_decode(&block, k, 0, block.rows, out);
        (void)pl_block_value(&block, k, block.rows - 1);
      }
      uint32_t at;
      uint32_t end;
      pl_block_range(&block, fix.rows[20], fix.rows[20], 4, 0, &at, &end);
      assert_true(at <= end && end <= block.rows);
      assert_true(pl_block_seek(&block, fix.rows[30], 4, 0) <= block.rows);
    }
    free(copy);
  }
  assert_int_equal(pl_block_open(fix.bytes, bytes - 1, 4, &(pl_block){0}), PL_ERR_CORRUPT);
  assert_int_equal(pl_block_open(fix.bytes, bytes, 3, &(pl_block){0}), PL_ERR_CORRUPT);
  assert_int_equal(pl_block_open(fix.bytes, 0, 4, &(pl_block){0}), PL_ERR_CORRUPT);
}

static void test_verify_finds(void** state) {
  PL_UNUSED(state);
  uint64_t a[] = {1, 2, 3};
  uint64_t b[] = {1, 1, 1};
  uint64_t c[] = {9, 9, 9};
  uint64_t d[] = {0, 0, 5};
  const pl_block_rows rows = {{a, b, c, d}};
  uint32_t bytes;
  pl_block block;
  pl_block_encode(&rows, 4, 0, 3, PL_BLOCK_BYTES_MAX, fix.bytes, &bytes);
  fix.bytes[4] = 2;
  assert_int_equal(pl_block_open(fix.bytes, bytes, 4, &block), PL_OK);
  assert_string_equal(pl_block_verify(&block), "the count of facts is wrong");
  fix.bytes[4] = 3;
  fix.bytes[6] = 0;
  assert_int_equal(pl_block_open(fix.bytes, bytes, 4, &block), PL_OK);
  assert_string_equal(pl_block_verify(&block), "the count of asserted rows is wrong");
  a[1] = 0;
  pl_block_encode(&rows, 4, 0, 3, PL_BLOCK_BYTES_MAX, fix.bytes, &bytes);
  assert_int_equal(pl_block_open(fix.bytes, bytes, 4, &block), PL_OK);
  assert_string_equal(pl_block_verify(&block), "rows do not ascend");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_example), cmocka_unit_test(test_round_trip),   cmocka_unit_test(test_filled_by_bytes),
      cmocka_unit_test(test_damage),  cmocka_unit_test(test_verify_finds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
