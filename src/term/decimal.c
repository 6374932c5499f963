/// Decimals: a 128-bit mantissa and a scale, exact wherever the result fits; products and quotients are rounded half to
/// even at scale 18. Their intermediate values need up to 245 bits (10^37 * 10^36), so both go through one 256-bit
/// dividend and one long division by a 128-bit divisor; it is short and slow, and used only where 128 bits do not
/// suffice.
#include "term/lexical.h"
#include "term/value.h"

#define SCALE_MAX 18u
#define DIGITS_MAX 37u

typedef unsigned __int128 u128;

static u128 power_of_ten(uint32_t exponent) {
  assert(exponent <= 38);
  u128 p = 1;
  while (exponent--) {
    p *= 10;
  }
  return p;
}

static u128 magnitude(__int128 v) { return v < 0 ? 0 - (u128)v : (u128)v; }

static bool in_bounds(u128 m) { return m < power_of_ten(DIGITS_MAX); }

static pl_decimal normalise(pl_decimal d) {
  while (d.scale > 0 && d.mantissa % 10 == 0) {
    d.mantissa /= 10;
    d.scale--;
  }
  return d;
}

pl_decimal pl_decimal_from_int(int64_t i) { return (pl_decimal){.mantissa = i}; }

static bool push_digits(pl_str digits, u128* m) {
  for (size_t i = 0; i < digits.len; i++) {
    if (*m >= power_of_ten(DIGITS_MAX - 1)) {
      return false;
    }
    *m = *m * 10 + (u128)(digits.data[i] - '0');
  }
  return true;
}

bool pl_decimal_parse(pl_str s, pl_decimal* out) {
  pl_numeral n;
  if (!pl_numeral_scan(s, &n) || n.scientific) {
    return false;
  }
  while (n.fraction.len && n.fraction.data[n.fraction.len - 1] == '0') {
    n.fraction.len--;
  }
  u128 m = 0;
  if (n.fraction.len > SCALE_MAX || !push_digits(n.whole, &m) || !push_digits(n.fraction, &m)) {
    return false;
  }
  *out = (pl_decimal){n.negative ? -(__int128)m : (__int128)m, (uint32_t)n.fraction.len};
  return true;
}

size_t pl_decimal_print(pl_decimal d, char buf[48]) {
  const pl_decimal v = normalise(d);
  char digits[48];
  size_t count = 0;
  u128 m = magnitude(v.mantissa);
  while (m || count <= v.scale) {
    digits[count++] = (char)('0' + (int)(m % 10));
    m /= 10;
  }
  size_t len = 0;
  if (v.mantissa < 0) {
    buf[len++] = '-';
  }
  while (count > v.scale) {
    buf[len++] = digits[--count];
  }
  buf[len++] = '.';
  if (v.scale == 0) {
    buf[len++] = '0';
  }
  while (count) {
    buf[len++] = digits[--count];
  }
  assert(len < 48);
  buf[len] = '\0';
  return len;
}

static int compare(__int128 a, __int128 b) { return (a > b) - (a < b); }

/// Whole parts first, then fractions brought to scale 18: nothing can overflow.
int pl_decimal_cmp(pl_decimal a, pl_decimal b) {
  const __int128 unit_a = (__int128)power_of_ten(a.scale);
  const __int128 unit_b = (__int128)power_of_ten(b.scale);
  const int whole = compare(a.mantissa / unit_a, b.mantissa / unit_b);
  if (whole) {
    return whole;
  }
  return compare(a.mantissa % unit_a * (__int128)power_of_ten(SCALE_MAX - a.scale),
                 b.mantissa % unit_b * (__int128)power_of_ten(SCALE_MAX - b.scale));
}

bool pl_decimal_add(pl_decimal a, pl_decimal b, pl_decimal* out) {
  const uint32_t scale = a.scale > b.scale ? a.scale : b.scale;
  __int128 left;
  __int128 right;
  __int128 sum;
  if (__builtin_mul_overflow(a.mantissa, (__int128)power_of_ten(scale - a.scale), &left) ||
      __builtin_mul_overflow(b.mantissa, (__int128)power_of_ten(scale - b.scale), &right) ||
      __builtin_add_overflow(left, right, &sum)) {
    return false;
  }
  *out = normalise((pl_decimal){sum, scale});
  return in_bounds(magnitude(out->mantissa));
}

bool pl_decimal_sub(pl_decimal a, pl_decimal b, pl_decimal* out) {
  return pl_decimal_add(a, (pl_decimal){-b.mantissa, b.scale}, out);
}

/* --- 256 bits --- */

typedef struct u256 {
  u128 high;  ///< bits 128 to 255
  u128 low;   ///< bits 0 to 127
} u256;

static u256 multiply(u128 a, u128 b) {
  const u128 mask = UINT64_MAX;
  const u128 low = (a & mask) * (b & mask);
  const u128 mid_a = (a >> 64) * (b & mask);
  const u128 mid_b = (a & mask) * (b >> 64);
  const u128 mid = (low >> 64) + (mid_a & mask) + (mid_b & mask);
  return (u256){(a >> 64) * (b >> 64) + (mid_a >> 64) + (mid_b >> 64) + (mid >> 64), mid << 64 | (low & mask)};
}

/// n / d by shift and subtract; d < 2^127 keeps the remainder from overflowing.
static u256 divide(u256 n, u128 d, u128* remainder) {
  assert(d > 0 && d >> 127 == 0);
  if (n.high == 0) {
    *remainder = n.low % d;
    return (u256){0, n.low / d};
  }
  u256 q = {0, 0};
  u128 r = 0;
  for (int bit = 255; bit >= 0; bit--) {
    const u128 word = bit >= 128 ? n.high : n.low;
    r = r << 1 | (word >> (bit & 127) & 1);
    q.high = q.high << 1 | q.low >> 127;
    q.low <<= 1;
    if (r >= d) {
      r -= d;
      q.low |= 1;
    }
  }
  *remainder = r;
  return q;
}

/// n / d rounded half to even, as a decimal of that scale and sign; false if it does not fit.
static bool quotient(u256 n, u128 d, uint32_t scale, bool negative, pl_decimal* out) {
  u128 rest;
  u256 q = divide(n, d, &rest);
  const u128 doubled = rest << 1;
  q.low += doubled > d || (doubled == d && (q.low & 1));
  // Trailing zeros may bring a large result back into bounds.
  while (scale > 0 && (q.high || !in_bounds(q.low))) {
    const u256 shorter = divide(q, 10, &rest);
    if (rest) {
      return false;
    }
    q = shorter;
    scale--;
  }
  if (q.high || !in_bounds(q.low)) {
    return false;
  }
  *out = normalise((pl_decimal){negative ? -(__int128)q.low : (__int128)q.low, scale});
  return true;
}

bool pl_decimal_mul(pl_decimal a, pl_decimal b, pl_decimal* out) {
  const uint32_t scale = a.scale + b.scale;
  const uint32_t excess = scale > SCALE_MAX ? scale - SCALE_MAX : 0;
  return quotient(multiply(magnitude(a.mantissa), magnitude(b.mantissa)), power_of_ten(excess), scale - excess,
                  (a.mantissa < 0) != (b.mantissa < 0), out);
}

bool pl_decimal_div(pl_decimal a, pl_decimal b, pl_decimal* out) {
  if (b.mantissa == 0) {
    return false;
  }
  const u128 shift = power_of_ten(SCALE_MAX + b.scale - a.scale);
  return quotient(multiply(magnitude(a.mantissa), shift), magnitude(b.mantissa), SCALE_MAX,
                  (a.mantissa < 0) != (b.mantissa < 0), out);
}

pl_decimal pl_decimal_round(pl_decimal a, int digits, char mode) {
  if (digits >= (int)a.scale) {
    return a;
  }
  const int drop = digits < -(int)DIGITS_MAX ? (int)(DIGITS_MAX + 1) : (int)a.scale - digits;
  if (drop > (int)DIGITS_MAX) {
    return (pl_decimal){.mantissa = 0};  // a unit beyond every decimal
  }
  const __int128 unit = (__int128)power_of_ten((uint32_t)drop);
  __int128 q = a.mantissa / unit;
  const __int128 rest = a.mantissa % unit;
  if (mode == 'f') {
    q -= rest < 0;
  } else if (mode == 'c') {
    q += rest > 0;
  } else if (magnitude(rest) >= magnitude(unit) / 2) {
    q += a.mantissa < 0 ? -1 : 1;
  }
  if (digits >= 0) {
    return normalise((pl_decimal){q, (uint32_t)digits});
  }
  __int128 whole;
  const bool overflow = __builtin_mul_overflow(q, (__int128)power_of_ten((uint32_t)-digits), &whole);
  return overflow || !in_bounds(magnitude(whole)) ? a : (pl_decimal){.mantissa = whole};
}

double pl_decimal_to_double(pl_decimal d) {
  char buf[48];
  pl_numeral n;
  const u128 exact = (u128)1 << 53;
  if (d.scale == 0 && magnitude(d.mantissa) <= exact) {
    return (double)(int64_t)d.mantissa;
  }
  const bool ok = pl_numeral_scan((pl_str){buf, pl_decimal_print(d, buf)}, &n);
  assert(ok);
  PL_UNUSED(ok);
  return pl_numeral_to_double(&n);
}
