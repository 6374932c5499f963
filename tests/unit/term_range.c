/// Ranges of ids: an inline id whose value compares as true lies in them, at any bound; and they do keep others out.
#include <math.h>

#include "term/range.h"
#include "term_check.h"

#define CASES 200000u

static uint64_t seed = 1;

static uint64_t next(uint64_t below) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (seed >> 33) % below;
}

static int64_t some_integer(void) {
  const unsigned bits = (unsigned)next(60);
  const int64_t v = (int64_t)((next((uint64_t)1 << 31) << 31 | next((uint64_t)1 << 31)) >> (62 - bits - 1));
  return next(2) ? v : -v;
}

static pl_date some_date(void) {
  const pl_date d = {.year = next(8) ? 2000 + (int32_t)next(4) : (int32_t)next(40000) - 20000,
                     .month = (uint8_t)(1 + next(12)),
                     .day = (uint8_t)(1 + next(28)),
                     .hour = (uint8_t)next(24),
                     .minute = (uint8_t)next(60),
                     .nanosecond = next(3) ? 0 : (uint32_t)next(1000000000),
                     .has_zone = next(2),
                     .zone_minutes = (int16_t)((int)next(112) * 15 - 840),
                     .precision = (pl_precision)(PL_PRECISION_YEAR + next(4))};
  pl_date read;
  char text[48];
  const size_t len = pl_date_print(&d, text);  // as a store would hold it: fields below the precision gone
  assert_true(pl_date_parse((pl_str){text, len}, &read));
  return read;
}

static pl_value some_value(void) {
  pl_value v = {0};
  switch (next(6)) {
    case 0:
      v = (pl_value){.kind = PL_VALUE_INTEGER, .integer = some_integer()};
      break;
    case 1:
      v = (pl_value){.kind = PL_VALUE_INTEGER, .integer = 1995 + (int64_t)next(12)};
      break;
    case 2:
      v.kind = PL_VALUE_DECIMAL;
      v.decimal = pl_decimal_from_int((int64_t)next(3000) - 1500);
      break;
    case 3:
      v = (pl_value){.kind = PL_VALUE_DOUBLE, .real = ldexp((double)some_integer(), (int)next(80) - 70)};
      break;
    case 4:
      v = (pl_value){.kind = PL_VALUE_DATE, .date = some_date()};
      break;
    default:
      v = (pl_value){.kind = PL_VALUE_INTERVAL, .date = some_date(), .date_end = some_date()};
      v.kind = pl_date_extent(&v.date).start_ms < pl_date_extent(&v.date_end).end_ms ? v.kind : PL_VALUE_NULL;
      break;
  }
  return v;
}

static bool in_ranges(const pl_id_ranges* ranges, pl_id id) {
  bool found = false;
  for (uint32_t i = 0; i < ranges->count; i++) {
    assert_true(i == 0 || ranges->items[i - 1].high < ranges->items[i].low);
    found |= ranges->items[i].low <= id && id <= ranges->items[i].high;
  }
  return found;
}

/// `x op bound`, or with `whole` what x in ..bound asks of x.
static bool holds(pl_compare_op op, const pl_value* x, const pl_value* bound, bool whole) {
  pl_extent a, b;
  const bool dates = x->kind >= PL_VALUE_DATE || bound->kind >= PL_VALUE_DATE;
  if (whole && dates) {
    return pl_value_extent(x, &a) && pl_value_extent(bound, &b) && a.end_ms <= b.end_ms;
  }
  return pl_value_compare(op, x, bound) == PL_TRUE;
}

static void test_nothing_lost(void** state) {
  PL_UNUSED(state);
  unsigned met = 0, kept_out = 0;
  for (unsigned i = 0; i < CASES; i++) {
    const bool whole = next(4) == 0;
    const pl_compare_op op = whole ? PL_CMP_LE : (pl_compare_op)next(6);
    const pl_value bound = some_value(), value = next(4) ? some_value() : bound;
    pl_id_ranges ranges;
    pl_id id = 0;
    if (value.kind == PL_VALUE_NULL || !pl_value_to_id(&value, &id) || !pl_id_ranges_of(op, &bound, whole, &ranges)) {
      continue;
    }
    const bool inside = in_ranges(&ranges, id);
    assert_true(inside || !holds(op, &value, &bound, whole));
    met += inside;
    kept_out += !inside;
  }
  assert_true(met > CASES / 10 && kept_out > CASES / 10);
}

static pl_id_ranges ranges_of(pl_compare_op op, const char* text, pl_str datatype) {
  const pl_term term = {.kind = PL_TERM_LITERAL, .text = pl_str_c(text), .datatype = datatype};
  pl_id_ranges out = {0};
  pl_value value;
  pl_value_from_term(&term, &value);
  assert_true(pl_id_ranges_of(op, &value, false, &out));
  return out;
}

/// Both bounds at once; and bounds that exclude each other.
static void test_keep(void** state) {
  PL_UNUSED(state);
  const pl_str integer = PL_STR(PL_XSD "integer");
  pl_id_ranges both = ranges_of(PL_CMP_GE, "40", integer);
  const pl_id_ranges high = ranges_of(PL_CMP_LE, "42", integer);
  const pl_id_ranges beyond = ranges_of(PL_CMP_GT, "50", integer);
  pl_id_ranges_keep(&both, &high);
  for (int64_t i = 38; i < 45; i++) {
    const pl_value v = {.kind = PL_VALUE_INTEGER, .integer = i};
    pl_id id = 0;
    assert_true(pl_value_to_id(&v, &id));
    assert_int_equal(in_ranges(&both, id), i >= 40 && i <= 42);
  }
  pl_id_ranges_keep(&both, &beyond);
  for (uint32_t i = 0; i < both.count; i++) {
    assert_true(pl_id_tag(both.items[i].low) != PL_TAG_INTEGER);
  }
}

/// A year may be an integer of the dictionary, such as "2020"^^xsd:short.
static void test_dictionary_years(void** state) {
  PL_UNUSED(state);
  for (pl_tag tag = PL_TAG_NUMBER; tag <= PL_TAG_TIME; tag += PL_TAG_TIME - PL_TAG_NUMBER) {
    const pl_id_ranges date = ranges_of(PL_CMP_LE, "2023-12-28", PL_STR(PL_XSD "date"));
    const pl_id_ranges year = ranges_of(PL_CMP_GT, "2020", PL_STR(PL_XSD "integer"));
    assert_true(in_ranges(&date, pl_tag_first(tag)) && in_ranges(&date, pl_tag_end(tag) - 1));
    assert_true(in_ranges(&year, pl_tag_first(tag)) && in_ranges(&year, pl_tag_end(tag) - 1));
  }
}

/// What has no order of ids gives no ranges.
static void test_others(void** state) {
  PL_UNUSED(state);
  const pl_value values[] = {{.kind = PL_VALUE_NULL},
                             {.kind = PL_VALUE_STRING, .text = PL_STR("x")},
                             {.kind = PL_VALUE_BOOLEAN},
                             {.kind = PL_VALUE_DOUBLE, .real = NAN},
                             {.kind = PL_VALUE_DOUBLE, .real = INFINITY}};
  pl_id_ranges out;
  for (size_t i = 0; i < PL_COUNT_OF(values); i++) {
    assert_false(pl_id_ranges_of(PL_CMP_GE, &values[i], false, &out));
  }
  const pl_value one = {.kind = PL_VALUE_INTEGER, .integer = 1};
  assert_false(pl_id_ranges_of(PL_CMP_NE, &one, false, &out));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing_lost), cmocka_unit_test(test_keep),
                                     cmocka_unit_test(test_dictionary_years), cmocka_unit_test(test_others)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
