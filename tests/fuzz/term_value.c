/// Two literals of any type: reading their values, comparing, ordering and computing agree with each other and end; a
/// value that prints reads as the same.
///
/// Input: a byte for both types, a byte for the length of the first text, the two texts.
#include "base/utf8.h"
#include "term/value.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static void require(bool condition) {
  if (!condition) {
    abort();
  }
}

static pl_term literal(uint8_t type, pl_str text) {
  static const char* const types[] = {PL_XSD "integer", PL_XSD "decimal",  PL_XSD "double",       PL_XSD "float",
                                      PL_XSD "date",    PL_XSD "dateTime", PL_XSD "gYear",        PL_XSD "gYearMonth",
                                      PL_XSD "boolean", PL_XSD "int",      PL_XSD "unsignedByte", "urn:t"};
  pl_term term = {.kind = PL_TERM_LITERAL, .text = text};
  if (type % 16 < PL_COUNT_OF(types)) {
    term.datatype = pl_str_c(types[type % 16]);
  } else if (type % 16 == PL_COUNT_OF(types)) {
    term.lang = PL_STR("en");
  }
  return term;
}

static void check_alone(const pl_value* v, pl_arena* arena) {
  pl_term term;
  pl_term term_again;
  pl_value again;
  pl_extent extent;
  bool overflow = false;
  require(pl_value_order(v, v) == 0);
  require(pl_value_to_term(arena, v, &term) == PL_OK);
  pl_value_from_term(&term, &again);
  require(pl_value_to_term(arena, &again, &term_again) == PL_OK && pl_term_eq(&term, &term_again));
  (void)pl_value_negate(v, &overflow);
  if (pl_value_extent(v, &extent)) {
    const pl_date start = pl_value_start(v);
    const pl_date end = pl_value_end(v);
    require(extent.end_ms > extent.start_ms && pl_date_days(&start) <= pl_date_days(&end));
    require(pl_value_within(v, v) == PL_TRUE && pl_value_overlaps(v, v) == PL_TRUE);
  }
}

static void check_pair(const pl_value* a, const pl_value* b, pl_arena* arena) {
  const int order = pl_value_order(a, b);
  const int back = pl_value_order(b, a);
  require((order > 0) == (back < 0) && (order == 0) == (back == 0));
  const pl_truth equal = pl_value_compare(PL_CMP_EQ, a, b);
  const pl_truth less = pl_value_compare(PL_CMP_LT, a, b);
  require(equal == pl_value_compare(PL_CMP_EQ, b, a) && less == pl_value_compare(PL_CMP_GT, b, a));
  require(equal != PL_TRUE || less != PL_TRUE);
  require(pl_value_overlaps(a, b) == pl_value_overlaps(b, a));
  for (pl_arith_op op = PL_ARITH_ADD; op <= PL_ARITH_MOD; op++) {
    bool overflow = false;
    const pl_value result = pl_value_arith(op, a, b, &overflow);
    check_alone(&result, arena);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) {
    return 0;
  }
  pl_mem mem;
  pl_arena arena;
  pl_value a;
  pl_value b;
  const size_t room = size - 2;
  const size_t len = data[1] < room ? data[1] : room;
  const pl_str first = {(const char*)data + 2, len};
  const pl_str second = {(const char*)data + 2 + len, room - len};
  if (pl_utf8_check(first) != first.len || pl_utf8_check(second) != second.len) {
    return 0;
  }
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_arena_init(&arena, &mem);
  const pl_term terms[] = {literal(data[0] % 16, first), literal(data[0] / 16, second)};
  pl_value_from_term(&terms[0], &a);
  pl_value_from_term(&terms[1], &b);
  check_alone(&a, &arena);
  check_pair(&a, &b, &arena);
  pl_arena_free(&arena);
  require(mem.bytes_used == 0);
  return 0;
}
