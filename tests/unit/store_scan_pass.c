/// The first row that passes in each group, found a word of bits at a time, against a plain loop: groups of one row and groups of several words, with few
/// rows that pass and with many.
#include "store/scan_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
//
#include <cmocka.h>

enum { WORDS = PL_BLOCK_ROWS_MAX / 64, ROUNDS = 20000 };

static uint64_t seed = 20231;

static uint64_t draw(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

static bool has(const uint64_t* bits, uint32_t i) { return bits[i / 64] >> i % 64 & 1; }

/// `count` bits, about one of `every` set.
static void fill(uint64_t* bits, uint32_t count, uint64_t every) {
  memset(bits, 0, WORDS * sizeof *bits);
  for (uint32_t i = 0; i < count; i++) {
    bits[i / 64] |= (uint64_t)(draw() % every == 0) << i % 64;
  }
}

static void check(uint32_t count, uint64_t starts_every, uint64_t bits_every) {
  uint64_t starts[WORDS], bits[WORDS], kept[WORDS];
  uint16_t rows[PL_BLOCK_ROWS_MAX];
  fill(starts, count, starts_every);
  fill(bits, count, bits_every);
  memcpy(kept, bits, sizeof kept);
  const bool last = pl_scan_keep_firsts(starts, count, kept);
  const uint32_t listed = pl_scan_list(kept, count, rows);
  bool seen = false;
  uint32_t at = 0;
  for (uint32_t i = 0; i < count; i++) {
    seen = seen && !has(starts, i);
    const bool first = has(bits, i) && !seen;
    assert_int_equal(has(kept, i), first);
    if (first) {
      assert_true(at < listed);
      assert_int_equal(rows[at++], i);
    }
    seen = seen || has(bits, i);
  }
  assert_int_equal(at, listed);
  assert_int_equal(last, seen);
}

static void test_firsts(void** state) {
  (void)state;
  static const uint64_t every[] = {1, 2, 7, 60, 300, 3000};
  for (int round = 0; round < ROUNDS; round++) {
    const uint32_t count = round % 2 ? 1 + (uint32_t)(draw() % PL_BLOCK_ROWS_MAX) : 1 + (uint32_t)(draw() % 200);
    check(count, every[draw() % PL_COUNT_OF(every)], every[draw() % PL_COUNT_OF(every)]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_firsts)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
