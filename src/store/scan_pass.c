/// Rows of a window that count: those that a lens or the kind of row lets pass and, of the rows of one fact, the first of them. Only the column of
/// statements is read for the first; the others say for the second where facts begin, and only in blocks where facts repeat.
#include "store/scan_internal.h"

/// One row; c = 0 is the fact stated plainly.
static bool passes(const pl_scan* scan, pl_id c) {
  return !(scan->mode == PL_SCAN_ASSERTIONS && c == 0) && (!scan->pass || pl_pass_c(scan->pass, c));
}

/// Bits of the rows that pass; what is no assertion of the range of the lens's set is asked of the lens. False: none does.
static bool mark_passing(const pl_scan* scan, const uint64_t* c, uint32_t count, uint64_t* bits) {
  const uint64_t* const set = scan->pass ? scan->pass->assertions : NULL;
  const uint64_t set_count = set ? scan->pass->assertion_count : 0;
  const uint64_t first = pl_id_make(PL_TAG_ASSERTION, 0);
  uint64_t any = 0;
  for (uint32_t word = 0; word * 64 < count; word++) {
    const uint32_t end = count - word * 64 < 64 ? count - word * 64 : 64;
    uint64_t passing = 0;
    for (uint32_t j = 0; j < end; j++) {
      const uint64_t number = c[word * 64 + j] - first;
      const uint64_t pass =
          PL_LIKELY(number < set_count) ? set[number / 64] >> (number % 64) : (uint64_t)passes(scan, c[word * 64 + j]);
      passing = passing >> 1 | pass << 63;
    }
    bits[word] = passing >> (64 - end);
    any |= bits[word];
  }
  return any != 0;
}

/// A word at a time: with the last row of each piece of a group set, taking one from each piece at its start changes the bits up to its first one,
/// and never those of the next piece. The piece that goes on from the word before has a first one already if `seen`.
bool pl_scan_keep_firsts(const uint64_t* starts, uint32_t count, uint64_t* bits) {
  bool seen = false;
  for (uint32_t word = 0; word * 64 < count; word++) {
    const uint64_t begin = starts[word];
    const uint64_t set = bits[word];
    const uint64_t pieces = begin | 1;
    const uint64_t closed = set | pieces >> 1 | (uint64_t)1 << 63;
    const uint64_t firsts = set & closed & ~(closed - pieces);
    const uint64_t before = begin ? (begin & -begin) - 1 : UINT64_MAX;
    bits[word] = seen ? firsts & ~before : firsts;
    seen = begin ? set >> (63 - __builtin_clzll(begin)) != 0 : seen || set != 0;
  }
  return seen;
}

pl_status pl_scan_mark_starts(pl_scan* scan, unsigned from, unsigned to, uint32_t count, uint64_t* bits) {
  for (unsigned k = from; k < to; k++) {
    if (pl_block_starts(&scan->cursor.block, k, scan->at, count, bits) != PL_OK) {
      return pl_scan_damaged_runs(scan);
    }
  }
  return PL_OK;
}

pl_status pl_scan_mark_passing(pl_scan* scan, uint32_t count, bool* any) {
  pl_scan_scratch* const s = scan->scratch;
  PL_TRY(pl_scan_decode(scan, scan->c_column, count, s->statements));
  *any = mark_passing(scan, s->statements, count, s->passing);
  return PL_OK;
}

uint32_t pl_scan_list(const uint64_t* bits, uint32_t count, uint16_t* rows) {
  uint32_t n = 0;
  for (uint32_t word = 0; word * 64 < count; word++) {
    for (uint64_t left = bits[word]; left; left &= left - 1) {
      rows[n++] = (uint16_t)(word * 64 + (uint32_t)__builtin_ctzll(left));
    }
  }
  return n;
}
