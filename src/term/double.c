/// Doubles as text. The canonical form is that of XSD ("1.5E0", "-0.0E0", "INF", "NaN") with the fewest digits that
/// read back.
///
/// Any text of at most 15 significant digits survives the way to a double of the normal range and back, and no two such
/// texts name the same double; so 15 digits are tried first, their trailing zeros dropped, and 16 and 17 only for the
/// rest. Subnormal doubles carry fewer digits and are tried from one digit up.
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "term/lexical.h"
#include "term/value.h"

bool pl_double_parse(pl_str s, double* out) {
  pl_numeral n;
  if (pl_numeral_scan(s, &n)) {
    *out = pl_numeral_to_double(&n);
    return true;
  }
  if (pl_str_eq(s, PL_STR("INF")) || pl_str_eq(s, PL_STR("+INF"))) {
    *out = (double)INFINITY;
  } else if (pl_str_eq(s, PL_STR("-INF"))) {
    *out = -(double)INFINITY;
  } else if (pl_str_eq(s, PL_STR("NaN"))) {
    *out = (double)NAN;
  } else {
    return false;
  }
  return true;
}

/// Decimal digits of a positive finite double, and the exponent of the first one.
typedef struct digits {
  char text[20];  ///< count digits, terminated
  int count;      ///< 1 to 17
  int exponent;   ///< of ten, of the first digit
} digits;

/// `count` digits of d; true if they read back as d. The locale's decimal separator, whatever it is, is skipped.
static bool digits_take(double d, int count, digits* out) {
  char text[48];
  snprintf(text, sizeof text, "%.*e", count - 1, d);
  const char* p = text;
  for (out->count = 0; *p != 'e'; p++) {
    if (*p >= '0' && *p <= '9' && out->count < count) {
      out->text[out->count++] = *p;
    }
  }
  out->text[out->count] = '\0';
  out->exponent = (int)strtol(p + 1, NULL, 10);
  snprintf(text, sizeof text, "%se%d", out->text, out->exponent - (out->count - 1));
  return strtod(text, NULL) == d;
}

static void digits_shortest(double d, digits* out) {
  int count = d >= DBL_MIN ? 15 : 1;
  while (!digits_take(d, count, out) && count < 17) {
    count++;
  }
  while (out->count > 1 && out->text[out->count - 1] == '0') {
    out->text[--out->count] = '\0';
  }
}

size_t pl_double_print(double d, char buf[48]) {
  if (isnan(d)) {
    return (size_t)snprintf(buf, 48, "NaN");
  }
  const char* sign = signbit(d) ? "-" : "";
  if (isinf(d)) {
    return (size_t)snprintf(buf, 48, "%sINF", sign);
  }
  if (d == 0) {
    return (size_t)snprintf(buf, 48, "%s0.0E0", sign);
  }
  digits ds;
  digits_shortest(fabs(d), &ds);
  return (size_t)snprintf(buf, 48, "%s%c.%sE%d", sign, ds.text[0], ds.count > 1 ? ds.text + 1 : "0", ds.exponent);
}

bool pl_double_is_canonical(pl_str s, double d) {
  pl_numeral n;
  const bool numeral = pl_numeral_scan(s, &n);
  if (numeral && (n.whole.len != 1 || n.fraction.len == 0 || n.fraction.len > 16 || n.plus || !n.exponent_normal)) {
    return false;
  }
  if (numeral && n.fraction.len <= 14 && n.whole.data[0] != '0' && fabs(d) >= DBL_MIN && isfinite(d)) {
    return n.fraction.len == 1 || n.fraction.data[n.fraction.len - 1] != '0';
  }
  char buf[48];
  const size_t len = pl_double_print(d, buf);
  return pl_str_eq(s, (pl_str){buf, len});
}
