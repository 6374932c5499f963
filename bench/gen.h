/// What the data generators share: seeded random numbers, skewed draws, and N-Triples written fast.
///
/// The same seed gives the same bytes on every machine with IEEE doubles. Generators are short programs: memory that
/// runs out ends them with a message, and nothing is freed before the end.
#ifndef PL_BENCH_GEN_H
#define PL_BENCH_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct gen_random {
  uint64_t state;  ///< any value; the next one is the state plus a constant (splitmix64)
} gen_random;

/// Cumulated weights 1, 1/2, 1/3 ... of n items.
typedef struct gen_zipf {
  double* upto;    ///< share of items 0 to i
  uint32_t count;  ///< items
} gen_zipf;

typedef struct gen_out {
  FILE* file;          ///< where the bytes go
  char* bytes;         ///< not yet written
  size_t len;          ///< how many they are
  bool failed;         ///< a write did not succeed
  uint64_t lines;      ///< begun
  uint64_t lines_max;  ///< those after so many are dropped
  size_t kept;         ///< bytes of the last line kept end here, once lines are dropped
} gen_out;

/// Memory or the end of the program.
void* gen_memory(size_t bytes);
void* gen_grow(void* old, size_t bytes);
/// Message on standard error and exit code 2.
_Noreturn void gen_die(const char* format, ...) __attribute__((format(printf, 1, 2)));

uint64_t gen_next(gen_random* r);
/// A number from 0 to n - 1; n > 0.
uint64_t gen_below(gen_random* r, uint64_t n);
/// 0 <= x < 1
double gen_uniform(gen_random* r);
/// Mean 0.5, three standard deviations on either side fill 0 to 1; what is beyond becomes 0 or 1.
double gen_normal(gen_random* r);

void gen_zipf_make(gen_zipf* z, uint32_t count);
void gen_zipf_free(gen_zipf* z);
/// Item 0 most often.
uint32_t gen_zipf_draw(const gen_zipf* z, gen_random* r);

void gen_out_open(gen_out* out, FILE* file);
/// Write what is left; false if any byte was lost.
bool gen_out_close(gen_out* out);
/// Begin a line of at most 8192 bytes.
void gen_line(gen_out* out);

static inline void gen_put(gen_out* out, const char* text, size_t len) {
  __builtin_memcpy(out->bytes + out->len, text, len);
  out->len += len;
}
/// Decimal digits.
void gen_put_number(gen_out* out, uint64_t n);
/// The n-th day since 1970-01-01 as YYYY-MM-DD.
void gen_put_date(gen_out* out, uint32_t day);
/// Days since 1970-01-01 of a date not before that; dies if text is no date.
uint32_t gen_day(const char* text);

#define GEN_PUT(out, literal) gen_put((out), "" literal, sizeof(literal) - 1)

#endif
