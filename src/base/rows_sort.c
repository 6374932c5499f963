/// Sorting rows in memory: pack, part by the leading digit, radix-sort each part, unpack.
///
/// Columns of ids vary in few of their bits. Each column is cut to the range from its lowest to its highest varying
/// bit, and neighbouring columns whose ranges fit into 64 bits share a word, so that a row of four columns mostly
/// becomes one or two:
///
///     s ....xxxxxx  p ........xx  o ..xxxx....  c ..........      x varies, . is the same in all rows
///     packed        [ ssssss pp oooo ]
///
/// Packed rows compare like the rows, and hold all of them that is not constant: only they are moved, and the rows are
/// written again from them.
///
///     rows ──pack, by the highest 8 bits that vary──> scratch [bucket 0 | bucket 1 | ...]
///     each bucket: scratch ──> room in rows ──> scratch   one stable pass for each digit that varies in it, lowest first
///     rows <──unpack, duplicates dropped── scratch
///
/// The first pass parts the kinds of ids from each other, so that the many digits of an inlined string are not sorted
/// in the rows that hold a short key. With a pool every pass over many rows is made by all threads: each counts and
/// moves its share, in the places that follow those of the shares before it, so that passes stay stable. Small buckets
/// are sorted one a thread.
#include "base/rows_internal.h"

enum {
  DIGIT_BITS = 8,
  DIGIT_VALUES = 1 << DIGIT_BITS,
  INSERTION_ROWS_MAX = 24,
  ROWS_BETWEEN_CHECKS = 1 << 16,
  SHARE_ROWS_MIN = 1 << 14,
  SHARES_MAX = 16
};

/// Where one column is found in a packed row.
typedef struct field {
  uint64_t constant;  ///< the column's value outside of the range
  uint64_t mask;      ///< of the range, shifted down
  uint32_t word;      ///< of the packed row
  uint32_t low;       ///< lowest bit of the range in the column
  uint32_t at;        ///< lowest bit of the range in the word
} field;

typedef struct packing {
  field fields[PL_ROW_COLUMNS_MAX];  ///< one for each column
  uint64_t key[PL_ROW_COLUMNS_MAX];  ///< for each packed word, the bits that vary and are sorted by
  uint32_t columns;                  ///< of a row
  uint32_t words;                    ///< of a packed row; 0 if all rows are equal
} packing;

typedef struct digit {
  uint32_t word;   ///< of the packed row
  uint32_t shift;  ///< lowest bit
} digit;

/// One sort. A share is a consecutive part of the rows at hand.
typedef struct rows_job {
  const pl_rows_job* given;                          ///< as asked for
  packing packing;                                   ///< of all rows
  size_t shares;                                     ///< of all rows
  uint64_t varying[SHARES_MAX][PL_ROW_COLUMNS_MAX];  ///< bits that vary, by share
  bool sorted[SHARES_MAX];                           ///< rows ascend, by share
  size_t kept[SHARES_MAX];                           ///< rows that are no duplicates, by share; then where they go
  digit first;                                       ///< that makes the buckets
  size_t ends[DIGIT_VALUES];                         ///< of the buckets
  uint32_t places[SHARES_MAX][DIGIT_VALUES];         ///< of a pass: where the next row goes, by share
} rows_job;

/// A pass over the rows of a bucket.
typedef struct rows_pass {
  const rows_job* job;               ///< that it is a part of
  uint32_t (*places)[DIGIT_VALUES];  ///< where the next row goes, by share
  const uint64_t* from;              ///< packed rows
  uint64_t* to;                      ///< packed rows
  size_t count;                      ///< rows
  size_t shares;                     ///< of them
  digit digit;                       ///< sorted by
} rows_pass;

static size_t share_start(size_t count, size_t shares, size_t i) {
  return count / shares * i + (i < count % shares ? i : count % shares);
}

static size_t share_count(const pl_pool* pool, size_t count) {
  const size_t threads = pl_pool_threads(pool), worth = count / SHARE_ROWS_MIN;
  const size_t shares = threads < worth ? threads : worth;
  return shares < 1 ? 1 : shares > SHARES_MAX ? SHARES_MAX : shares;
}

static pl_status stop_asked(const pl_guard* guard) {
  if (!guard) {
    return PL_OK;
  }
  const atomic_int* const flags[] = {guard->interrupt, guard->interrupt_query};
  for (size_t i = 0; i < PL_COUNT_OF(flags); i++) {
    if (flags[i] && atomic_load_explicit(flags[i], memory_order_relaxed) != 0) {
      return PL_ERR_INTERRUPTED;
    }
  }
  return guard->deadline_ns && pl_clock_ns() >= guard->deadline_ns ? PL_ERR_INTERRUPTED : PL_OK;
}

static inline pl_status stop_asked_at(const pl_guard* guard, size_t row) {
  return row % ROWS_BETWEEN_CHECKS == 0 ? stop_asked(guard) : PL_OK;
}

// ---- packing ------------------------------------------------------------------------------------------------------

/// Which bits vary, and whether the rows ascend up to and with the first of the next share.
static pl_status look_at(void* user, size_t share) {
  rows_job* const job = user;
  const pl_rows_job* const g = job->given;
  const uint32_t columns = g->columns;
  const size_t start = share_start(g->count, job->shares, share);
  const size_t end = share_start(g->count, job->shares, share + 1);
  uint64_t varying[PL_ROW_COLUMNS_MAX] = {0};
  bool sorted = start == 0 || pl_row_cmp(g->rows + (start - 1) * columns, g->rows + start * columns, columns) <= 0;
  for (size_t i = start; i < end; i++) {
    const uint64_t* const row = g->rows + i * columns;
    for (uint32_t c = 0; c < columns; c++) {
      varying[c] |= row[c] ^ g->rows[c];
    }
    sorted = sorted && (i == start || pl_row_cmp(row - columns, row, columns) <= 0);
    PL_TRY(stop_asked_at(g->guard, i));
  }
  memcpy(job->varying[share], varying, sizeof varying);
  job->sorted[share] = sorted;
  return PL_OK;
}

/// Lay the columns into words, starting with the last column at the lowest bit of the last word.
static void plan_packing(packing* p, const uint64_t* first_row, const uint64_t* varying, uint32_t columns,
                         uint32_t key_columns) {
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
    p->key[f->word] |= f->mask && c < key_columns ? varying[c] >> f->low << f->at : 0;
  }
}

__attribute__((always_inline)) static inline void pack_row(const packing* p, const uint64_t* row, uint32_t columns,
                                                           uint64_t* words) {
  for (uint32_t c = 0; c < columns; c++) {
    const field* const f = &p->fields[c];
    words[f->word] |= (row[c] >> f->low & f->mask) << f->at;
  }
}

static void unpack_row(const packing* p, const uint64_t* words, uint64_t* row) {
  for (uint32_t c = 0; c < p->columns; c++) {
    const field* const f = &p->fields[c];
    row[c] = f->constant | (words[f->word] >> f->at & f->mask) << f->low;
  }
}

// ---- passes -------------------------------------------------------------------------------------------------------

/// Counts by digit and share become places: digits ascend, and within a digit the shares.
static void place(uint32_t (*places)[DIGIT_VALUES], size_t shares, size_t* ends) {
  uint32_t start = 0;
  for (size_t v = 0; v < DIGIT_VALUES; v++) {
    for (size_t i = 0; i < shares; i++) {
      const uint32_t n = places[i][v];
      places[i][v] = start;
      start += n;
    }
    if (ends) {
      ends[v] = start;
    }
  }
}

static pl_status run_shares(const rows_job* job, size_t shares, pl_status (*fn)(void* user, size_t i), void* user) {
  return pl_pool_run(shares > 1 ? job->given->pool : NULL, shares, fn, user);
}

__attribute__((always_inline)) static inline size_t digit_of(const uint64_t* words, digit d) {
  return words[d.word] >> d.shift & (DIGIT_VALUES - 1);
}

static pl_status count_first(void* user, size_t share) {
  rows_job* const job = user;
  const pl_rows_job* const g = job->given;
  const size_t end = share_start(g->count, job->shares, share + 1);
  uint32_t* const counts = job->places[share];
  memset(counts, 0, sizeof job->places[share]);
  for (size_t i = share_start(g->count, job->shares, share); i < end; i++) {
    uint64_t words[PL_ROW_COLUMNS_MAX] = {0};
    pack_row(&job->packing, g->rows + i * g->columns, g->columns, words);
    counts[digit_of(words, job->first)]++;
    PL_TRY(stop_asked_at(g->guard, i));
  }
  return PL_OK;
}

__attribute__((always_inline)) static inline pl_status move_first_of(rows_job* job, size_t share, uint32_t columns,
                                                                     uint32_t words_count) {
  const pl_rows_job* const g = job->given;
  const size_t end = share_start(g->count, job->shares, share + 1);
  uint32_t* const places = job->places[share];
  for (size_t i = share_start(g->count, job->shares, share); i < end; i++) {
    uint64_t words[PL_ROW_COLUMNS_MAX] = {0};
    pack_row(&job->packing, g->rows + i * columns, columns, words);
    memcpy(g->scratch + places[digit_of(words, job->first)]++ * (size_t)words_count, words,
           words_count * sizeof(*words));
    PL_TRY(stop_asked_at(g->guard, i));
  }
  return PL_OK;
}

static pl_status move_first(void* user, size_t share) {
  rows_job* const job = user;
  const uint32_t columns = job->given->columns, words = job->packing.words;
  if (columns == 3) {
    return words == 1   ? move_first_of(job, share, 3, 1)
           : words == 2 ? move_first_of(job, share, 3, 2)
                        : move_first_of(job, share, 3, 3);
  }
  return move_first_of(job, share, columns, words);
}

/// Count a share's digits. `words` is a constant at every call of the two, so that the copy of a row is a few moves.
__attribute__((always_inline)) static inline void count_rows(const uint64_t* row, const uint64_t* end, uint32_t words,
                                                             digit d, uint32_t* counts) {
  for (; row < end; row += words) {
    counts[digit_of(row, d)]++;
  }
}

__attribute__((always_inline)) static inline void move_rows(const uint64_t* row, const uint64_t* end, uint32_t words,
                                                            digit d, uint32_t* places, uint64_t* to) {
  for (; row < end; row += words) {
    memcpy(to + places[digit_of(row, d)]++ * (size_t)words, row, words * sizeof(*row));
  }
}

static void count_piece(const rows_pass* pass, const uint64_t* row, const uint64_t* end, uint32_t* counts) {
  switch (pass->job->packing.words) {
    case 1:
      count_rows(row, end, 1, pass->digit, counts);
      break;
    case 2:
      count_rows(row, end, 2, pass->digit, counts);
      break;
    default:
      count_rows(row, end, pass->job->packing.words, pass->digit, counts);
      break;
  }
}

static void move_piece(const rows_pass* pass, const uint64_t* row, const uint64_t* end, uint32_t* places) {
  switch (pass->job->packing.words) {
    case 1:
      move_rows(row, end, 1, pass->digit, places, pass->to);
      break;
    case 2:
      move_rows(row, end, 2, pass->digit, places, pass->to);
      break;
    case 3:
      move_rows(row, end, 3, pass->digit, places, pass->to);
      break;
    default:
      move_rows(row, end, pass->job->packing.words, pass->digit, places, pass->to);
      break;
  }
}

/// Call fn for the rows of a share, in pieces between which the guard is asked.
__attribute__((always_inline)) static inline pl_status each_piece(const rows_pass* pass, size_t share,
                                                                  void (*fn)(const rows_pass* pass, const uint64_t* row,
                                                                             const uint64_t* end, uint32_t* numbers)) {
  const uint32_t words = pass->job->packing.words;
  const size_t end = share_start(pass->count, pass->shares, share + 1);
  for (size_t i = share_start(pass->count, pass->shares, share); i < end;) {
    const size_t stop = end - i < ROWS_BETWEEN_CHECKS ? end : i + ROWS_BETWEEN_CHECKS;
    fn(pass, pass->from + i * words, pass->from + stop * words, pass->places[share]);
    PL_TRY(stop_asked(pass->job->given->guard));
    i = stop;
  }
  return PL_OK;
}

static pl_status count_share(void* user, size_t share) {
  const rows_pass* const pass = user;
  memset(pass->places[share], 0, sizeof pass->places[share]);
  return each_piece(pass, share, count_piece);
}

static pl_status move_share(void* user, size_t share) { return each_piece(user, share, move_piece); }

/// Remove equal neighbours of at least one row; returns the rows left.
static size_t unique(uint64_t* rows, size_t count, uint32_t columns) {
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

// ---- buckets ------------------------------------------------------------------------------------------------------

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

/// Digits that cover all bits that vary in the bucket and are sorted by, least significant first.
static size_t plan_digits(const packing* p, const uint64_t* rows, size_t count, digit* digits) {
  uint64_t varying[PL_ROW_COLUMNS_MAX] = {0};
  for (size_t i = 1; i < count; i++) {
    for (uint32_t w = 0; w < p->words; w++) {
      varying[w] |= rows[i * p->words + w] ^ rows[w];
    }
  }
  size_t planned = 0;
  for (uint32_t word = p->words; word-- > 0;) {
    for (uint64_t left = varying[word] & p->key[word]; left; planned++) {
      const uint32_t shift = (uint32_t)__builtin_ctzll(left);
      digits[planned] = (digit){word, shift};
      left = shift + DIGIT_BITS >= 64 ? 0 : left >> (shift + DIGIT_BITS) << (shift + DIGIT_BITS);
    }
  }
  return planned;
}

/// Sort a bucket with as many threads as its shares. Its rows lie in the scratch and end there.
static pl_status sort_bucket(rows_job* job, size_t bucket, size_t shares, uint32_t (*places)[DIGIT_VALUES]) {
  const packing* const p = &job->packing;
  const size_t start = bucket ? job->ends[bucket - 1] : 0;
  const size_t count = job->ends[bucket] - start;
  uint64_t* const rows = job->given->scratch + start * p->words;
  uint64_t* const room = job->given->rows + start * p->words;
  if (count <= INSERTION_ROWS_MAX) {
    sort_few(rows, count, p->words);
    return PL_OK;
  }
  digit digits[PL_ROW_COLUMNS_MAX * 64 / DIGIT_BITS];
  const size_t digit_count = plan_digits(p, rows, count, digits);
  rows_pass pass = {.job = job, .places = places, .from = rows, .to = room, .count = count, .shares = shares};
  for (size_t i = 0; i < digit_count; i++) {
    pass.digit = digits[i];
    PL_TRY(run_shares(job, shares, count_share, &pass));
    place(places, shares, NULL);
    PL_TRY(run_shares(job, shares, move_share, &pass));
    pass.from = pass.to;
    pass.to = pass.from == rows ? room : rows;
  }
  if (pass.from != rows) {
    memcpy(rows, room, count * p->words * sizeof *rows);
  }
  return PL_OK;
}

static size_t bucket_shares(const rows_job* job, size_t bucket) {
  const size_t count = job->ends[bucket] - (bucket ? job->ends[bucket - 1] : 0);
  return count > job->given->count / job->shares / 4 ? share_count(job->given->pool, count) : 1;
}

static pl_status sort_small_bucket(void* user, size_t bucket) {
  rows_job* const job = user;
  uint32_t places[1][DIGIT_VALUES];
  return bucket_shares(job, bucket) > 1 ? PL_OK : sort_bucket(job, bucket, 1, places);
}

static pl_status sort_buckets(rows_job* job) {
  for (size_t i = 0; i < DIGIT_VALUES; i++) {
    const size_t shares = bucket_shares(job, i);
    PL_TRY(shares > 1 ? sort_bucket(job, i, shares, job->places) : PL_OK);
  }
  return pl_pool_run(job->shares > 1 ? job->given->pool : NULL, DIGIT_VALUES, sort_small_bucket, job);
}

// ---- unpacking ----------------------------------------------------------------------------------------------------

static bool is_kept(const rows_job* job, size_t i) {
  const uint32_t words = job->packing.words;
  const uint64_t* const row = job->given->scratch + i * words;
  return job->given->keep_duplicates || i == 0 || pl_row_cmp(row - words, row, words) != 0;
}

static pl_status count_kept(void* user, size_t share) {
  rows_job* const job = user;
  const size_t end = share_start(job->given->count, job->shares, share + 1);
  size_t kept = 0;
  for (size_t i = share_start(job->given->count, job->shares, share); i < end; i++) {
    kept += is_kept(job, i);
    PL_TRY(stop_asked_at(job->given->guard, i));
  }
  job->kept[share] = kept;
  return PL_OK;
}

static pl_status unpack_share(void* user, size_t share) {
  rows_job* const job = user;
  const pl_rows_job* const g = job->given;
  const size_t end = share_start(g->count, job->shares, share + 1);
  uint64_t* to = g->rows + job->kept[share] * g->columns;
  for (size_t i = share_start(g->count, job->shares, share); i < end; i++) {
    if (is_kept(job, i)) {
      unpack_row(&job->packing, g->scratch + i * job->packing.words, to);
      to += g->columns;
    }
    PL_TRY(stop_asked_at(g->guard, i));
  }
  return PL_OK;
}

static pl_status unpack(rows_job* job, size_t* kept) {
  PL_TRY(run_shares(job, job->shares, count_kept, job));
  *kept = 0;
  for (size_t i = 0; i < job->shares; i++) {
    const size_t n = job->kept[i];
    job->kept[i] = *kept;
    *kept += n;
  }
  return run_shares(job, job->shares, unpack_share, job);
}

// ---- all of it ----------------------------------------------------------------------------------------------------

/// The highest bits that vary and are sorted by.
static digit first_digit(const packing* p) {
  uint32_t word = 0;
  while (p->key[word] == 0) {
    word++;
  }
  const uint32_t top = 64 - (uint32_t)__builtin_clzll(p->key[word]);
  return (digit){word, top < DIGIT_BITS ? 0 : top - DIGIT_BITS};
}

static pl_status sort_varying(rows_job* job, const uint64_t* varying, size_t* kept) {
  const pl_rows_job* const g = job->given;
  plan_packing(&job->packing, g->rows, varying, g->columns, g->key_columns);
  job->first = first_digit(&job->packing);
  PL_TRY(run_shares(job, job->shares, count_first, job));
  place(job->places, job->shares, job->ends);
  PL_TRY(run_shares(job, job->shares, move_first, job));
  PL_TRY(sort_buckets(job));
  return unpack(job, kept);
}

pl_status pl_rows_sort_job(const pl_rows_job* given, size_t* kept) {
  assert(given->columns >= 1 && given->columns <= PL_ROW_COLUMNS_MAX && given->key_columns <= given->columns);
  assert(given->count < UINT32_MAX);
  *kept = given->count;
  if (given->count <= INSERTION_ROWS_MAX) {
    sort_few(given->rows, given->count, given->columns);
  } else {
    rows_job job;
    job.given = given;
    job.shares = share_count(given->pool, given->count);
    PL_TRY(run_shares(&job, job.shares, look_at, &job));
    uint64_t varying[PL_ROW_COLUMNS_MAX] = {0};
    bool sorted = true;
    for (size_t i = 0; i < job.shares; i++) {
      for (uint32_t c = 0; c < given->columns; c++) {
        varying[c] |= job.varying[i][c];
      }
      sorted = sorted && job.sorted[i];
    }
    if (!sorted) {
      return sort_varying(&job, varying, kept);
    }
  }
  *kept =
      given->keep_duplicates || given->count == 0 ? given->count : unique(given->rows, given->count, given->columns);
  return PL_OK;
}

void pl_rows_sort(uint64_t* rows, uint64_t* scratch, size_t count, uint32_t columns) {
  size_t kept;
  const pl_rows_job job = {.rows = rows,
                           .scratch = scratch,
                           .count = count,
                           .columns = columns,
                           .key_columns = columns,
                           .keep_duplicates = true};
  (void)pl_rows_sort_job(&job, &kept);  // without a guard nothing stops it
}

pl_status pl_values_unique(pl_mem* mem, uint64_t* values, size_t* count) {
  const size_t all = *count;
  size_t kept = 1;
  while (kept < all && values[kept - 1] < values[kept]) {
    kept++;
  }
  if (kept >= all) {
    return PL_OK;
  }
  uint64_t* const scratch = pl_mem_alloc(mem, all * sizeof *scratch);
  if (!scratch) {
    return pl_mem_status(mem);
  }
  pl_rows_sort(values, scratch, all, 1);
  pl_mem_free(mem, scratch, all * sizeof *scratch);
  kept = 1;
  for (size_t i = 1; i < all; i++) {
    if (values[i] != values[kept - 1]) {
      values[kept++] = values[i];
    }
  }
  *count = kept;
  return PL_OK;
}
