/// Sorting rows in memory: pack, radix, unpack.
///
/// Columns of ids vary in few of their bits. Each column is cut to the range from its lowest to its highest varying
/// bit, and neighbouring columns whose ranges fit into 64 bits share a word, so that a row of four columns mostly
/// becomes one or two:
///
///     s ....xxxxxx  p ........xx  o ..xxxx....  c ..........      x varies, . is the same in all rows
///     packed        [ ssssss pp oooo ]
///
/// Packed rows compare like the rows, and hold all of them that is not constant: only they are moved by the passes of
/// the radix sort (least significant digit first, stable, constant digits skipped), and the rows are written again from
/// them.
#include "base/rows_internal.h"

enum { DIGIT_BITS = 8, DIGIT_VALUES = 1 << DIGIT_BITS, INSERTION_ROWS_MAX = 24, ROWS_BETWEEN_CHECKS = 1 << 16 };

/// Where one column is found in a packed row.
typedef struct field {
  uint64_t constant;  ///< the column's value outside of the range
  uint64_t mask;      ///< of the range, shifted down
  uint32_t word;      ///< of the packed row
  uint32_t low;       ///< lowest bit of the range in the column
  uint32_t at;        ///< lowest bit of the range in the word
} field;

typedef struct packing {
  field fields[PL_ROW_COLUMNS_MAX];      ///< one for each column
  uint64_t varying[PL_ROW_COLUMNS_MAX];  ///< for each packed word, the bits that vary
  uint32_t columns;                      ///< of a row
  uint32_t words;                        ///< of a packed row; 0 if all rows are equal
} packing;

typedef struct digit {
  uint32_t word;   ///< of the packed row
  uint32_t shift;  ///< lowest bit
} digit;

static void find_varying(const uint64_t* rows, size_t count, uint32_t columns, uint64_t* varying) {
  for (size_t i = 1; i < count; i++) {
    for (uint32_t c = 0; c < columns; c++) {
      varying[c] |= rows[i * columns + c] ^ rows[c];
    }
  }
}

/// Lay the columns into words, starting with the last column at the lowest bit of the last word.
static void plan_packing(packing* p, const uint64_t* first_row, const uint64_t* varying, uint32_t columns) {
  uint32_t words_back[PL_ROW_COLUMNS_MAX] = {0};
  uint32_t word = 0;
  uint32_t used = 0;
  *p = (packing){.columns = columns};
  for (uint32_t c = columns; c-- > 0;) {
    field* const f = &p->fields[c];
    f->constant = first_row[c];
    words_back[c] = word;
    if (!varying[c]) {
      continue;
    }
    f->low = (uint32_t)__builtin_ctzll(varying[c]);
    const uint32_t width = 64 - (uint32_t)__builtin_clzll(varying[c]) - f->low;
    if (used + width > 64) {
      words_back[c] = ++word;
      used = 0;
    }
    f->at = used;
    f->mask = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
    f->constant = first_row[c] & ~(f->mask << f->low);
    used += width;
  }
  p->words = word + (used > 0);
  for (uint32_t c = 0; c < columns; c++) {
    field* const f = &p->fields[c];
    f->word = f->mask ? p->words - 1 - words_back[c] : 0;
    p->varying[f->word] |= f->mask ? varying[c] >> f->low << f->at : 0;
  }
}

static void pack_rows(const packing* p, const uint64_t* rows, size_t count, uint64_t* packed) {
  for (size_t i = 0; i < count; i++, rows += p->columns, packed += p->words) {
    uint64_t words[PL_ROW_COLUMNS_MAX] = {0};
    for (uint32_t c = 0; c < p->columns; c++) {
      const field* const f = &p->fields[c];
      words[f->word] |= (rows[c] >> f->low & f->mask) << f->at;
    }
    memcpy(packed, words, p->words * sizeof(*words));
  }
}

static void unpack_row(const packing* p, const uint64_t* packed, uint64_t* row) {
  uint64_t words[PL_ROW_COLUMNS_MAX] = {0};
  memcpy(words, packed, p->words * sizeof(*words));
  for (uint32_t c = 0; c < p->columns; c++) {
    const field* const f = &p->fields[c];
    row[c] = f->constant | (words[f->word] >> f->at & f->mask) << f->low;
  }
}

/// `packed` may be the start of `rows`: a packed row is no longer than a row, so going backwards nothing is overwritten
/// unread.
static void unpack_rows(const packing* p, const uint64_t* packed, size_t count, uint64_t* rows) {
  for (size_t i = count; i-- > 0;) {
    unpack_row(p, packed + i * p->words, rows + i * p->columns);
  }
}

static bool stop_asked(const pl_guard* guard) {
  if (!guard) {
    return false;
  }
  const atomic_int* const flags[] = {guard->interrupt, guard->interrupt_query};
  for (size_t i = 0; i < PL_COUNT_OF(flags); i++) {
    if (flags[i] && atomic_load_explicit(flags[i], memory_order_relaxed) != 0) {
      return true;
    }
  }
  return guard->deadline_ns && pl_clock_ns() >= guard->deadline_ns;
}

/// One stable pass. `words` is a constant at every call, so that the copy of a row is a few moves.
__attribute__((always_inline)) static inline bool pass(const uint64_t* from, uint64_t* to, size_t count, uint32_t words,
                                                       digit d, const pl_guard* guard) {
  size_t next[DIGIT_VALUES] = {0};
  for (size_t i = 0; i < count; i++) {
    next[from[i * words + d.word] >> d.shift & (DIGIT_VALUES - 1)]++;
  }
  for (size_t v = 0, start = 0; v < DIGIT_VALUES; v++) {
    const size_t n = next[v];
    next[v] = start;
    start += n;
  }
  for (size_t done = 0; done < count;) {
    const size_t end = count - done < ROWS_BETWEEN_CHECKS ? count : done + ROWS_BETWEEN_CHECKS;
    for (; done < end; done++) {
      const uint64_t* const row = from + done * words;
      const size_t target = next[row[d.word] >> d.shift & (DIGIT_VALUES - 1)]++;
      memcpy(to + target * words, row, words * sizeof(*row));
    }
    if (stop_asked(guard)) {
      return false;
    }
  }
  return true;
}

static bool pass_of(const uint64_t* from, uint64_t* to, size_t count, uint32_t words, digit d, const pl_guard* guard) {
  switch (words) {
    case 1:
      return pass(from, to, count, 1, d, guard);
    case 2:
      return pass(from, to, count, 2, d, guard);
    case 3:
      return pass(from, to, count, 3, d, guard);
    case 4:
      return pass(from, to, count, 4, d, guard);
    case 5:
      return pass(from, to, count, 5, d, guard);
    default:
      return pass(from, to, count, 6, d, guard);
  }
}

/// Digits that cover all varying bits, least significant first.
static size_t plan_digits(const packing* p, digit* digits) {
  size_t count = 0;
  for (uint32_t word = p->words; word-- > 0;) {
    for (uint64_t left = p->varying[word]; left; count++) {
      const uint32_t shift = (uint32_t)__builtin_ctzll(left);
      digits[count] = (digit){word, shift};
      left = shift + DIGIT_BITS >= 64 ? 0 : left >> (shift + DIGIT_BITS) << (shift + DIGIT_BITS);
    }
  }
  return count;
}

static bool is_sorted(const uint64_t* rows, size_t count, uint32_t columns) {
  for (size_t i = 1; i < count; i++) {
    if (pl_row_cmp(rows + (i - 1) * columns, rows + i * columns, columns) > 0) {
      return false;
    }
  }
  return true;
}

static void sort_few(uint64_t* rows, size_t count, uint32_t columns) {
  const size_t row_bytes = columns * sizeof(*rows);
  for (size_t i = 1; i < count; i++) {
    uint64_t row[PL_ROW_COLUMNS_MAX];
    memcpy(row, rows + i * columns, row_bytes);
    size_t at = i;
    for (; at > 0 && pl_row_cmp(rows + (at - 1) * columns, row, columns) > 0; at--) {
      memcpy(rows + at * columns, rows + (at - 1) * columns, row_bytes);
    }
    memcpy(rows + at * columns, row, row_bytes);
  }
}

bool pl_rows_sort_until(uint64_t* rows, uint64_t* scratch, size_t count, uint32_t columns, const pl_guard* guard) {
  assert(columns >= 1 && columns <= PL_ROW_COLUMNS_MAX);
  if (count <= INSERTION_ROWS_MAX) {
    sort_few(rows, count, columns);
    return true;
  }
  if (is_sorted(rows, count, columns)) {
    return true;
  }
  uint64_t varying[PL_ROW_COLUMNS_MAX] = {0};
  find_varying(rows, count, columns, varying);
  packing p;
  plan_packing(&p, rows, varying, columns);
  digit digits[PL_ROW_COLUMNS_MAX * 64 / DIGIT_BITS];
  const size_t digit_count = plan_digits(&p, digits);
  pack_rows(&p, rows, count, scratch);
  uint64_t* from = scratch;
  uint64_t* to = rows;
  for (size_t i = 0; i < digit_count; i++) {
    if (!pass_of(from, to, count, p.words, digits[i], guard)) {
      return false;
    }
    uint64_t* const swapped = from;
    from = to;
    to = swapped;
  }
  unpack_rows(&p, from, count, rows);
  return true;
}

void pl_rows_sort(uint64_t* rows, uint64_t* scratch, size_t count, uint32_t columns) {
  (void)pl_rows_sort_until(rows, scratch, count, columns, NULL);
}

size_t pl_rows_unique(uint64_t* rows, size_t count, uint32_t columns) {
  assert(count > 0);
  size_t kept = 1;
  for (size_t i = 1; i < count; i++) {
    const uint64_t* const row = rows + i * columns;
    if (pl_row_cmp(rows + (kept - 1) * columns, row, columns) != 0) {
      if (kept != i) {
        memcpy(rows + kept * columns, row, columns * sizeof(*rows));
      }
      kept++;
    }
  }
  return kept;
}
