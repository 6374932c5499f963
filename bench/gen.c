/// Random numbers, skewed draws and fast output (gen.h).
#include "gen.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { OUT_BYTES = 1 << 20, LINE_BYTES_MAX = 8192 };

void* gen_grow(void* old, size_t bytes) {
  void* memory = realloc(old, bytes ? bytes : 1);
  if (memory == NULL) {
    gen_die("no memory for %zu bytes", bytes);
  }
  return memory;
}

void* gen_memory(size_t bytes) { return gen_grow(NULL, bytes); }

void gen_die(const char* format, ...) {
  va_list args;
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
  exit(2);
}

uint64_t gen_next(gen_random* r) {
  uint64_t x = r->state += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

uint64_t gen_below(gen_random* r, uint64_t n) { return (uint64_t)(((unsigned __int128)gen_next(r) * n) >> 64); }

double gen_uniform(gen_random* r) { return (double)(gen_next(r) >> 11) / 9007199254740992.0; }

/// The sum of twelve uniform numbers has variance 1 and, unlike a logarithm, the same bits on every machine.
double gen_normal(gen_random* r) {
  double sum = -6;
  for (unsigned i = 0; i < 12; i++) {
    sum += gen_uniform(r);
  }
  return fmin(fmax(0.5 + sum / 6, 0), 1);
}

void gen_zipf_make(gen_zipf* z, uint32_t count) {
  *z = (gen_zipf){.upto = gen_memory(count * sizeof *z->upto), .count = count};
  double sum = 0;
  for (uint32_t i = 0; i < count; i++) {
    z->upto[i] = sum += 1.0 / (i + 1.0);
  }
  for (uint32_t i = 0; i < count; i++) {
    z->upto[i] /= sum;
  }
}

void gen_zipf_free(gen_zipf* z) {
  free(z->upto);
  *z = (gen_zipf){0};
}

uint32_t gen_zipf_draw(const gen_zipf* z, gen_random* r) {
  const double u = gen_uniform(r);
  uint32_t low = 0, high = z->count - 1;
  while (low < high) {
    const uint32_t mid = low + (high - low) / 2;
    if (z->upto[mid] < u) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return low;
}

void gen_out_open(gen_out* out, FILE* file) {
  *out = (gen_out){.file = file, .bytes = gen_memory(OUT_BYTES + LINE_BYTES_MAX), .lines_max = UINT64_MAX};
}

static void flush(gen_out* out) {
  out->failed = out->failed || fwrite(out->bytes, 1, out->len, out->file) != out->len;
  out->len = 0;
}

bool gen_out_close(gen_out* out) {
  out->len = out->lines > out->lines_max ? out->kept : out->len;
  flush(out);
  free(out->bytes);
  out->bytes = NULL;
  return !out->failed && fflush(out->file) == 0;
}

void gen_line(gen_out* out) {
  if (out->lines++ >= out->lines_max) {
    out->kept = out->lines == out->lines_max + 1 ? out->len : out->kept;
    out->len = out->kept;
  } else if (out->len >= OUT_BYTES) {
    flush(out);
    if (out->failed) {
      gen_die("cannot write");
    }
  }
}

void gen_put_number(gen_out* out, uint64_t n) {
  char digits[20];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + n % 10);
    n /= 10;
  } while (n > 0);
  gen_put(out, digits + at, sizeof digits - at);
}

static bool leap(unsigned year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

static unsigned days_of_month(unsigned year, unsigned month) {
  static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return days[month - 1] + (month == 2 && leap(year));
}

void gen_put_date(gen_out* out, uint32_t day) {
  unsigned year = 1970, month = 1;
  for (unsigned days = 365; day >= days; days = 365 + leap(year)) {
    day -= days;
    year++;
  }
  for (; day >= days_of_month(year, month); month++) {
    day -= days_of_month(year, month);
  }
  const unsigned d = day + 1;
  const char text[10] = {(char)('0' + year / 1000),
                         (char)('0' + year / 100 % 10),
                         (char)('0' + year / 10 % 10),
                         (char)('0' + year % 10),
                         '-',
                         (char)('0' + month / 10),
                         (char)('0' + month % 10),
                         '-',
                         (char)('0' + d / 10),
                         (char)('0' + d % 10)};
  gen_put(out, text, sizeof text);
}

uint32_t gen_day(const char* text) {
  unsigned year = 0, month = 0, day = 0;
  char rest = 0;
  if (sscanf(text, "%4u-%2u-%2u%c", &year, &month, &day, &rest) != 3 || year < 1970 || year > 2200 || month < 1 ||
      month > 12 || day < 1 || day > days_of_month(year, month)) {
    gen_die("%s is no date from 1970 on", text);
  }
  uint32_t days = day - 1;
  for (unsigned y = 1970; y < year; y++) {
    days += 365 + leap(y);
  }
  for (unsigned m = 1; m < month; m++) {
    days += days_of_month(year, m);
  }
  return days;
}
