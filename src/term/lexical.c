/// Lexical forms of XSD datatypes. Nothing here allocates, and nothing depends on the process locale: a text is brought
/// to digits and an exponent before strtod sees it, so that no decimal separator is ever looked at.
#include "term/lexical.h"

#include <stdio.h>
#include <stdlib.h>

#include "term/term.h"

#define EXPONENT_MAX (1 << 30)
#define DIGITS_KEPT_MAX 800  // 768 digits and a sticky one decide the rounding of any double

#define ROW(n, k) \
  { .name = PL_STR(n), .kind = (k) }
#define BOUNDED(n, lo, hi) \
  { .name = PL_STR(n), .kind = PL_DATATYPE_DERIVED, .min = (lo), .max = (hi), .has_min = true, .has_max = true }

// Commonest first: the search is linear, and lengths decide most comparisons.
static const pl_datatype datatypes[] = {
    ROW("integer", PL_DATATYPE_INTEGER),
    ROW("string", PL_DATATYPE_STRING),
    ROW("date", PL_DATATYPE_DAY),
    ROW("dateTime", PL_DATATYPE_TIME),
    ROW("double", PL_DATATYPE_DOUBLE),
    ROW("decimal", PL_DATATYPE_DECIMAL),
    ROW("gYear", PL_DATATYPE_YEAR),
    ROW("boolean", PL_DATATYPE_BOOLEAN),
    ROW("gYearMonth", PL_DATATYPE_MONTH),
    ROW("float", PL_DATATYPE_FLOAT),
    {.name = PL_STR("nonNegativeInteger"), .kind = PL_DATATYPE_DERIVED, .has_min = true},
    {.name = PL_STR("positiveInteger"), .kind = PL_DATATYPE_DERIVED, .min = 1, .has_min = true},
    {.name = PL_STR("nonPositiveInteger"), .kind = PL_DATATYPE_DERIVED, .has_max = true},
    {.name = PL_STR("negativeInteger"), .kind = PL_DATATYPE_DERIVED, .has_max = true, .negative = true},
    BOUNDED("int", INT32_MIN, INT32_MAX),
    BOUNDED("long", INT64_MIN, INT64_MAX),
    BOUNDED("short", INT16_MIN, INT16_MAX),
    BOUNDED("byte", INT8_MIN, INT8_MAX),
    BOUNDED("unsignedLong", 0, UINT64_MAX),
    BOUNDED("unsignedInt", 0, UINT32_MAX),
    BOUNDED("unsignedShort", 0, UINT16_MAX),
    BOUNDED("unsignedByte", 0, UINT8_MAX),
    ROW("dateTimeStamp", PL_DATATYPE_STAMP),
};
static const pl_datatype datatype_string = ROW("string", PL_DATATYPE_STRING);
static const pl_datatype datatype_interval = ROW("", PL_DATATYPE_INTERVAL);
static const pl_datatype datatype_other = ROW("", PL_DATATYPE_OTHER);

const pl_datatype* pl_datatype_find(pl_str iri) {
  const pl_str xsd = PL_STR(PL_XSD);
  if (iri.len == 0) {
    return &datatype_string;
  }
  if (!pl_str_starts(iri, xsd)) {
    return pl_str_eq(iri, PL_STR(PL_INTERVAL_TYPE)) ? &datatype_interval : &datatype_other;
  }
  const pl_str name = {iri.data + xsd.len, iri.len - xsd.len};
  for (size_t i = 0; i < PL_COUNT_OF(datatypes); i++) {
    if (pl_str_eq(name, datatypes[i].name)) {
      return &datatypes[i];
    }
  }
  return &datatype_other;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static pl_str take_digits(const char** p, const char* end) {
  const char* start = *p;
  while (*p < end && is_digit(**p)) {
    ++*p;
  }
  return (pl_str){start, (size_t)(*p - start)};
}

/// The exponent from its letter on; false if ill-formed.
static bool scan_exponent(const char* p, const char* end, pl_numeral* out) {
  const bool upper = *p++ == 'E';
  const bool plus = p < end && *p == '+';
  const bool minus = p < end && *p == '-';
  p += plus || minus;
  const pl_str digits = take_digits(&p, end);
  if (digits.len == 0 || p != end) {
    return false;
  }
  int64_t e = 0;
  for (size_t i = 0; i < digits.len && e < EXPONENT_MAX; i++) {
    e = e * 10 + (digits.data[i] - '0');
  }
  e = e > EXPONENT_MAX ? EXPONENT_MAX : e;
  out->exponent = (int32_t)(minus ? -e : e);
  out->scientific = true;
  out->exponent_normal = upper && !plus && (digits.data[0] != '0' || (digits.len == 1 && !minus));
  return true;
}

bool pl_numeral_scan(pl_str s, pl_numeral* out) {
  *out = (pl_numeral){.exponent = 0};
  if (s.len == 0) {
    return false;
  }
  const char* p = s.data;
  const char* const end = s.data + s.len;
  out->plus = *p == '+';
  out->negative = *p == '-';
  p += out->plus || out->negative;
  out->whole = take_digits(&p, end);
  if (p < end && *p == '.') {
    out->point = true;
    p++;
    out->fraction = take_digits(&p, end);
  }
  if (out->whole.len + out->fraction.len == 0) {
    return false;
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    return scan_exponent(p, end, out);
  }
  return p == end;
}

/// Significant digits of a numeral: value = digits * 10^exponent.
typedef struct significand {
  char digits[DIGITS_KEPT_MAX + 24];  ///< without leading zeros; room for an exponent
  size_t count;                       ///< digits kept
  int64_t exponent;                   ///< of ten
} significand;

static void take_significand(const pl_numeral* n, significand* out) {
  const size_t total = n->whole.len + n->fraction.len;
  size_t dropped = 0;
  bool sticky = false;
  out->count = 0;
  for (size_t i = 0; i < total; i++) {
    const char c = i < n->whole.len ? n->whole.data[i] : n->fraction.data[i - n->whole.len];
    if (out->count == DIGITS_KEPT_MAX) {
      dropped++;
      sticky = sticky || c != '0';
    } else if (out->count > 0 || c != '0') {
      out->digits[out->count++] = c;
    }
  }
  if (sticky) {
    out->digits[out->count++] = '1';
    dropped--;
  }
  out->exponent = (int64_t)n->exponent - (int64_t)n->fraction.len + (int64_t)dropped;
}

static const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

double pl_numeral_to_double(const pl_numeral* n) {
  significand s;
  take_significand(n, &s);
  double d = 0.0;
  if (s.count > 0 && s.count <= 15 && s.exponent >= -22 && s.exponent <= 22) {
    // Both factors are exact doubles, so one operation rounds once.
    for (size_t i = 0; i < s.count; i++) {
      d = d * 10 + (s.digits[i] - '0');
    }
    d = s.exponent < 0 ? d / powers_of_ten[-s.exponent] : d * powers_of_ten[s.exponent];
  } else if (s.count > 0) {
    const int64_t e = s.exponent > 99999 ? 99999 : s.exponent < -99999 ? -99999 : s.exponent;
    snprintf(s.digits + s.count, sizeof s.digits - s.count, "e%d", (int)e);
    d = strtod(s.digits, NULL);
  }
  return n->negative ? -d : d;
}

bool pl_integer_parse(pl_str s, int64_t* out, bool* fits) {
  pl_numeral n;
  if (!pl_numeral_scan(s, &n) || n.point || n.scientific) {
    return false;
  }
  int64_t v = 0;
  *fits = true;
  for (size_t i = 0; i < n.whole.len && *fits; i++) {
    const int digit = n.whole.data[i] - '0';
    *fits = !__builtin_mul_overflow(v, 10, &v) && !__builtin_sub_overflow(v, digit, &v);
  }
  // The sum is kept negative, because int64 reaches one further there.
  *fits = *fits && (n.negative || !__builtin_sub_overflow(0, v, &v));
  *out = *fits ? v : 0;
  return true;
}

bool pl_integer_in_type(pl_str s, const pl_datatype* type) {
  pl_numeral n;
  if (!pl_numeral_scan(s, &n) || n.point || n.scientific) {
    return false;
  }
  uint64_t magnitude = 0;
  bool huge = false;
  for (size_t i = 0; i < n.whole.len && !huge; i++) {
    huge = __builtin_mul_overflow(magnitude, 10, &magnitude) ||
           __builtin_add_overflow(magnitude, (uint64_t)(n.whole.data[i] - '0'), &magnitude);
  }
  const bool below = n.negative && (huge || magnitude > 0);
  const uint64_t depth = type->min < 0 ? 0 - (uint64_t)type->min : 0;
  if (type->has_min &&
      (below ? huge || magnitude > depth : !huge && type->min > 0 && magnitude < (uint64_t)type->min)) {
    return false;
  }
  if (type->has_max && !below && (huge || magnitude > type->max)) {
    return false;
  }
  return !type->negative || below;
}

bool pl_integer_canonical(pl_str s, int64_t* out) {
  const size_t sign = s.len > 0 && s.data[0] == '-';
  const size_t count = s.len - sign;
  if (count == 0 || count > 18 || (s.data[sign] == '0' && s.len > 1)) {
    return false;
  }
  int64_t v = 0;
  for (size_t i = sign; i < s.len; i++) {
    if (!is_digit(s.data[i])) {
      return false;
    }
    v = v * 10 + (s.data[i] - '0');
  }
  *out = sign ? -v : v;
  return true;
}
