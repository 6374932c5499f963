/// What the tests of layer term share: a fixed random sequence and the ways between text, term, id and value.
#ifndef TESTS_UNIT_TERM_CHECK_H
#define TESTS_UNIT_TERM_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

// cmocka wants the three headers above it.
#include <cmocka.h>

#include "term/names.h"
#include "term/value.h"

/// splitmix64.
static inline uint64_t check_random(uint64_t* state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static inline pl_term check_typed(const char* text, const char* xsd_name) {
  static const char* const names[] = {PL_XSD "integer",
                                      PL_XSD "decimal",
                                      PL_XSD "double",
                                      PL_XSD "float",
                                      PL_XSD "boolean",
                                      PL_XSD "gYear",
                                      PL_XSD "gYearMonth",
                                      PL_XSD "date",
                                      PL_XSD "dateTime",
                                      PL_XSD "string",
                                      PL_XSD "byte",
                                      PL_XSD "unsignedByte",
                                      PL_XSD "long",
                                      PL_XSD "unsignedLong",
                                      PL_XSD "negativeInteger",
                                      PL_XSD "nonPositiveInteger",
                                      PL_XSD "positiveInteger",
                                      PL_XSD "nonNegativeInteger",
                                      PL_XSD "dateTimeStamp",
                                      PL_XSD "token"};
  pl_str datatype = pl_str_c(PL_INTERVAL_TYPE);
  for (size_t i = 0; i < PL_COUNT_OF(names); i++) {
    if (!strcmp(names[i] + sizeof(PL_XSD) - 1, xsd_name)) {
      datatype = pl_str_c(names[i]);
    }
  }
  return pl_term_typed(pl_str_c(text), datatype);
}

static inline pl_value check_value(const char* text, const char* xsd_name) {
  const pl_term t = check_typed(text, xsd_name);
  pl_value v;
  pl_value_from_term(&t, &v);
  return v;
}

static inline void check_text(pl_str s, const char* expected) {
  assert_int_equal(s.len, strlen(expected));
  assert_memory_equal(s.data ? s.data : "", expected, s.len);
}

/// id -> term -> classify gives the id again, and the term's value has that id too.
static inline void check_id_round_trip(pl_id id) {
  char buf[PL_INLINE_TEXT_MAX];
  char buf_value[PL_INLINE_TEXT_MAX];
  pl_term term;
  pl_id again;
  pl_value v;
  pl_id_to_term(id, buf, &term);
  assert_int_equal(pl_term_classify(&term, &again), pl_id_tag(id));
  assert_int_equal(again, id);
  if (pl_id_tag(id) == PL_TAG_ASSERTION) {
    return;
  }
  pl_value_from_term(&term, &v);
  assert_true(pl_value_to_id(&v, &again));
  assert_int_equal(again, id);
  pl_value_from_id(id, buf_value, &v);
  assert_true(pl_value_to_id(&v, &again));
  assert_int_equal(again, id);
}

/// Ids of one kind stand to each other as their values do.
static inline void check_id_order(pl_id a, pl_id b) {
  char buf_a[PL_INLINE_TEXT_MAX];
  char buf_b[PL_INLINE_TEXT_MAX];
  pl_value x;
  pl_value y;
  pl_value_from_id(a, buf_a, &x);
  pl_value_from_id(b, buf_b, &y);
  const int order = pl_value_order(&x, &y);
  assert_int_equal((order > 0) - (order < 0), (a > b) - (a < b));
}

#endif
