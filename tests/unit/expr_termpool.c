/// The term pool: one id per term, order over all kinds, lists, labels, trimming.
#include "expr_fixture.h"

static void test_one_id_per_term(void** state) {
  expr_fixture* const f = *state;
  static const char* const texts[] = {"Trung",
                                      "Nowhere",
                                      "\"a text that is longer than seven bytes\"",
                                      "\"another such text, computed\"",
                                      "\"short\"",
                                      "\"Trung\"@vi",
                                      "\"none\"@en",
                                      "42",
                                      "9223372036854775807",
                                      "0.1e0",
                                      "2023-05",
                                      "\"x\"^^<http://example.org/t>",
                                      "_:b9"};
  pl_id first[PL_COUNT_OF(texts)];
  for (size_t i = 0; i < PL_COUNT_OF(texts); i++) {
    first[i] = id_of(f, texts[i]);
    for (size_t k = 0; k < i; k++) {
      assert_true(first[k] != first[i]);
    }
  }
  for (size_t i = 0; i < PL_COUNT_OF(texts); i++) {
    assert_true(first[i] == id_of(f, texts[i]));
  }
  assert_int_equal(pl_id_tag(first[0]), PL_TAG_IRI);
  assert_int_equal(pl_id_tag(first[1]), PL_TAG_TEMP);
  assert_int_equal(pl_termpool_tag(f->pool, first[1]), PL_TAG_IRI);
  assert_int_equal(pl_id_tag(first[2]), PL_TAG_STRING);
  assert_int_equal(pl_id_tag(first[3]), PL_TAG_TEMP);
  assert_int_equal(pl_id_tag(first[4]), PL_TAG_SHORT);
  // An explicit xsd:string is the same term as none.
  const pl_term typed = pl_term_typed(PL_STR("another such text, computed"), PL_STR(PL_XSD "string"));
  pl_id id;
  assert_int_equal(pl_termpool_put_term(f->pool, &typed, &id), PL_OK);
  assert_true(id == first[3]);
}

static void test_values(void** state) {
  expr_fixture* const f = *state;
  pl_id id;
  pl_value v;
  const pl_value third = {.kind = PL_VALUE_DOUBLE, .real = 1.0 / 3};
  assert_int_equal(pl_termpool_put(f->pool, &third, &id), PL_OK);
  assert_int_equal(pl_termpool_value(f->pool, id, &v), PL_OK);
  assert_true(v.kind == PL_VALUE_DOUBLE && v.real == 1.0 / 3);
  const pl_value none = {.kind = PL_VALUE_NULL};
  assert_int_equal(pl_termpool_put(f->pool, &none, &id), PL_OK);
  assert_true(id == PL_ID_NULL);
  assert_int_equal(pl_termpool_value(f->pool, PL_ID_NULL, &v), PL_OK);
  assert_int_equal(v.kind, PL_VALUE_NULL);
}

static void test_order(void** state) {
  expr_fixture* const f = *state;
  static const char* const ascending[] = {"null",
                                          "_:a",
                                          "<http://example.org/>",
                                          "Hanoi",
                                          "Nowhere",
                                          "Trung",
                                          "false",
                                          "true",
                                          "-5",
                                          "0.5",
                                          "0.6e0",
                                          "2",
                                          "9223372036854775807",
                                          "1e300",
                                          "\"2022\"^^<" PL_XSD "gYear>",
                                          "2022/2023",
                                          "2022-01",
                                          "2022-01-01",
                                          "\"2023\"^^<" PL_XSD "gYear>",
                                          "\"\"",
                                          "\"a\"",
                                          "\"a text that is longer than seven bytes\"",
                                          "\"ab\"",
                                          "\"ab\"@en",
                                          "\"x\"^^<http://example.org/t>"};
  for (size_t i = 0; i < PL_COUNT_OF(ascending); i++) {
    for (size_t k = 0; k < PL_COUNT_OF(ascending); k++) {
      int order;
      assert_int_equal(pl_termpool_order(f->pool, id_of(f, ascending[i]), id_of(f, ascending[k]), &order), PL_OK);
      if (((order > 0) - (order < 0)) != ((i > k) - (i < k))) {
        fail_msg("%s against %s: %d", ascending[i], ascending[k], order);
      }
    }
  }
}

static void test_lists(void** state) {
  expr_fixture* const f = *state;
  const pl_id items[] = {id_of(f, "2"), id_of(f, "1"), id_of(f, "Trung")};
  pl_id a;
  pl_id b;
  pl_id c;
  pl_id empty;
  int order;
  assert_int_equal(pl_termpool_put_list(f->pool, items, 3, &a), PL_OK);
  assert_int_equal(pl_termpool_put_list(f->pool, items, 3, &b), PL_OK);
  assert_int_equal(pl_termpool_put_list(f->pool, items, 2, &c), PL_OK);
  assert_int_equal(pl_termpool_put_list(f->pool, NULL, 0, &empty), PL_OK);
  assert_true(a == b && a != c && empty != c);
  assert_int_equal(pl_termpool_order(f->pool, a, c, &order), PL_OK);
  assert_true(order > 0);
  assert_int_equal(pl_termpool_order(f->pool, empty, c, &order), PL_OK);
  assert_true(order < 0);
  assert_int_equal(pl_termpool_order(f->pool, empty, id_of(f, "\"x\"^^<http://example.org/t>"), &order), PL_OK);
  assert_true(order > 0);
  pl_term term;
  assert_int_equal(pl_termpool_term(f->pool, a, &term), PL_NOT_FOUND);
  assert_true(pl_termpool_is_list(f->pool, a));
  assert_false(pl_termpool_is_list(f->pool, id_of(f, "Nowhere")));
  assert_string_equal(text_of(f, a), "[2 1 Trung]");
}

static void check_label(expr_fixture* f, const char* text, const char* expected) {
  pl_str label;
  assert_int_equal(pl_termpool_label(f->pool, id_of(f, text), &label), PL_OK);
  assert_true(pl_str_eq(label, pl_str_c(expected)));
}

static void test_labels(void** state) {
  expr_fixture* const f = *state;
  for (int i = 0; i < 2; i++) {
    check_label(f, "Trung", "Lê Hoài Trung");  // smaller than "Trung"@vi; `name` comes after `label`
    check_label(f, "Hanoi", "Thăng Long");
    check_label(f, "M1", "M1");
    check_label(f, "Nowhere", "Nowhere");
    check_label(f, "42", "42");
    check_label(f, "\"x\"", "x");
    pl_termpool_trim(f->pool, 0);
  }
  pl_str label;
  assert_int_equal(pl_termpool_label(f->pool, PL_ID_NULL, &label), PL_OK);
  assert_int_equal(label.len, 0);
}

/// Temporary terms outlive a trim; cached ones come back.
static void test_trim(void** state) {
  expr_fixture* const f = *state;
  const pl_id computed = id_of(f, "\"computed, and longer than seven bytes\"");
  const pl_id known = id_of(f, "Trung");
  const char* const before = text_of(f, known);
  pl_termpool_trim(f->pool, 0);
  assert_string_equal(text_of(f, computed), "\"computed, and longer than seven bytes\"");
  assert_string_equal(text_of(f, known), before);
  assert_true(computed == id_of(f, "\"computed, and longer than seven bytes\""));
}

static void test_many(void** state) {
  expr_fixture* const f = *state;
  enum { COUNT = 5000 };
  static pl_id ids[COUNT];
  char text[64];
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < COUNT; i++) {
      snprintf(text, sizeof text, "computed text number %d", i);
      const pl_value v = {.kind = PL_VALUE_STRING, .text = pl_str_c(text)};
      pl_id id;
      assert_int_equal(pl_termpool_put(f->pool, &v, &id), PL_OK);
      assert_true(round == 0 || id == ids[i]);
      ids[i] = id;
    }
  }
  pl_term term;
  assert_int_equal(pl_termpool_term(f->pool, ids[4321], &term), PL_OK);
  assert_true(pl_str_eq(term.text, PL_STR("computed text number 4321")));
}

static void test_damaged_id(void** state) {
  expr_fixture* const f = *state;
  pl_value v;
  assert_int_equal(pl_termpool_value(f->pool, pl_id_make(PL_TAG_IRI, 123456789), &v), PL_ERR_CORRUPT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, expr_setup, expr_teardown)
int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_one_id_per_term), TEST(test_values), TEST(test_order), TEST(test_lists),
      TEST(test_labels),          TEST(test_trim),   TEST(test_many),  TEST(test_damaged_id),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
