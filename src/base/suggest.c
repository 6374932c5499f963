/// "Did you mean": optimal string alignment distance (insert, delete, replace, swap of neighbours) over code points,
/// ASCII case folded. Three rows of the usual table are enough, on the stack, because a word longer than a line of text
/// has no typo in it.
#include "base/diag.h"
#include "base/utf8.h"

enum { WORD_POINTS_MAX = 128 };

typedef struct word {
  uint32_t points[WORD_POINTS_MAX];  ///< folded code points
  size_t count;                      ///< how many; WORD_POINTS_MAX + 1 if the text is longer
} word;

static void word_read(pl_str s, word* w) {
  w->count = 0;
  for (size_t pos = 0; pos < s.len; w->count++) {
    if (w->count == WORD_POINTS_MAX) {
      w->count = WORD_POINTS_MAX + 1;
      return;
    }
    const uint32_t c = pl_utf8_next(s, &pos);
    w->points[w->count] = c >= 'A' && c <= 'Z' ? c + 32 : c;
  }
}

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

/// Fill row i of the table from the two before it; returns its smallest value.
static uint32_t next_row(const word* a, const word* b, size_t i, const uint32_t* before, const uint32_t* above,
                         uint32_t* row) {
  uint32_t smallest = row[0] = (uint32_t)i;
  for (size_t j = 1; j <= b->count; j++) {
    const bool same = a->points[i - 1] == b->points[j - 1];
    uint32_t d = least(above[j - 1] + !same, least(above[j], row[j - 1]) + 1);
    if (i > 1 && j > 1 && a->points[i - 1] == b->points[j - 2] && a->points[i - 2] == b->points[j - 1]) {
      d = least(d, before[j - 2] + 1);
    }
    row[j] = d;
    smallest = least(smallest, d);
  }
  return smallest;
}

static uint32_t word_distance(const word* a, const word* b, uint32_t distance_max) {
  const size_t gap = a->count > b->count ? a->count - b->count : b->count - a->count;
  if (a->count > WORD_POINTS_MAX || b->count > WORD_POINTS_MAX || gap > distance_max) {
    return distance_max + 1;
  }
  uint32_t rows[3][WORD_POINTS_MAX + 1];
  for (size_t j = 0; j <= b->count; j++) {
    rows[0][j] = (uint32_t)j;
  }
  for (size_t i = 1; i <= a->count; i++) {
    // Every value of a later row is at least the smallest of this one.
    if (next_row(a, b, i, rows[(i + 1) % 3], rows[(i + 2) % 3], rows[i % 3]) > distance_max) {
      return distance_max + 1;
    }
  }
  return least(rows[a->count % 3][b->count], distance_max + 1);
}

uint32_t pl_edit_distance(pl_str a, pl_str b, uint32_t distance_max) {
  word words[2];
  distance_max = least(distance_max, UINT32_MAX - 1);
  word_read(a, &words[0]);
  word_read(b, &words[1]);
  return word_distance(&words[0], &words[1], distance_max);
}

size_t pl_suggest(pl_str text, const pl_str* candidates, size_t count) {
  word wanted;
  word candidate;
  word_read(text, &wanted);
  uint32_t distance_max = wanted.count / 3 > 1 ? (uint32_t)(wanted.count / 3) : 1;
  if (wanted.count > WORD_POINTS_MAX) {
    return SIZE_MAX;
  }
  size_t best = SIZE_MAX;
  for (size_t i = 0; i < count; i++) {
    if (pl_str_eq(text, candidates[i])) {
      continue;
    }
    word_read(candidates[i], &candidate);
    const uint32_t distance = word_distance(&wanted, &candidate, distance_max);
    // A word of which no letter stays is no suggestion.
    if (distance > distance_max || distance >= wanted.count) {
      continue;
    }
    best = i;
    if (distance == 0) {
      break;
    }
    distance_max = distance - 1;  // from here on only nearer ones count, so that a tie goes to the first
  }
  return best;
}
