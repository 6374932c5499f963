/// Fingerprints, identities and labels of assertions: what must make a difference and what must not.
#include "store/assertion.h"

#include <setjmp.h>
#include <stdarg.h>
// cmocka wants these before its own header
#include <cmocka.h>

static bool same(pl_identity a, pl_identity b) { return a.high == b.high && a.low == b.low; }

static void test_fingerprints(void** state) {
  (void)state;
  const pl_term terms[] = {
      pl_term_iri(PL_STR("abc")),
      {.kind = PL_TERM_BLANK, .text = PL_STR("abc")},
      pl_term_string(PL_STR("abc")),
      pl_term_string(PL_STR("")),
      pl_term_typed(PL_STR("abc"), PL_STR(PL_XSD "token")),
      pl_term_typed(PL_STR("ab"), PL_STR("c" PL_XSD "token")),
      {.kind = PL_TERM_LITERAL, .text = PL_STR("abc"), .lang = PL_STR("en")},
      {.kind = PL_TERM_LITERAL, .text = PL_STR("abce"), .lang = PL_STR("n")},
  };
  for (size_t i = 0; i < PL_COUNT_OF(terms); i++) {
    for (size_t k = 0; k < PL_COUNT_OF(terms); k++) {
      assert_int_equal(same(pl_term_fingerprint(&terms[i]), pl_term_fingerprint(&terms[k])), i == k);
    }
  }
  const pl_term string = pl_term_typed(PL_STR("abc"), PL_STR(PL_XSD "string"));
  assert_true(same(pl_term_fingerprint(&string), pl_term_fingerprint(&terms[2])));
  const pl_term tagged = {
      .kind = PL_TERM_LITERAL, .text = PL_STR("abc"), .datatype = PL_STR(PL_RDF "langString"), .lang = PL_STR("en")};
  assert_true(same(pl_term_fingerprint(&tagged), pl_term_fingerprint(&terms[6])));
}

static pl_identity number(uint64_t n) { return (pl_identity){n, n * 3}; }

static void test_identity_is_a_set(void** state) {
  (void)state;
  const pl_identity fact[3] = {number(1), number(2), number(3)};
  const pl_identity turned[3] = {number(3), number(2), number(1)};
  pl_identity ab[2][2] = {{number(4), number(5)}, {number(6), number(7)}};
  pl_identity ba[3][2] = {{number(6), number(7)}, {number(4), number(5)}, {number(6), number(7)}};
  pl_identity crossed[2][2] = {{number(4), number(7)}, {number(6), number(5)}};
  const pl_identity both = pl_assertion_identity(fact, ab, 2);
  assert_true(same(both, pl_assertion_identity(fact, ba, 3)));
  assert_false(same(both, pl_assertion_identity(fact, ab, 1)));
  assert_false(same(both, pl_assertion_identity(fact, crossed, 2)));
  assert_false(same(both, pl_assertion_identity(turned, ab, 2)));
  assert_false(same(both, pl_assertion_identity(fact, NULL, 0)));
}

/// Printed labels are kept outside the store (exports, notes of a user): they must never change.
static void test_identity_is_pinned(void** state) {
  (void)state;
  const pl_term terms[5] = {pl_term_iri(PL_STR("urn:parley:a")), pl_term_iri(PL_STR("urn:parley:knows")),
                            pl_term_iri(PL_STR("urn:parley:b")), pl_term_iri(PL_STR("urn:parley:source")),
                            pl_term_typed(PL_STR("0.9"), PL_STR(PL_XSD "decimal"))};
  pl_identity prints[5];
  for (unsigned i = 0; i < 5; i++) {
    prints[i] = pl_term_fingerprint(&terms[i]);
  }
  pl_identity pairs[1][2] = {{prints[3], prints[4]}};
  char label[34];
  pl_assertion_label(pl_assertion_identity(prints, pairs, 1), label);
  assert_string_equal(label, "rcb2d6bb27238440baa9811957656ab2b");
}

static void test_labels(void** state) {
  (void)state;
  const pl_identity identity = {0x0123456789abcdefu, 0xfedcba9876543210u};
  pl_identity back;
  char label[34];
  pl_assertion_label(identity, label);
  assert_string_equal(label, "r0123456789abcdeffedcba9876543210");
  assert_true(pl_assertion_label_parse(pl_str_c(label), &back));
  assert_true(same(identity, back));
  static const char* const bad[] = {"",
                                    "r",
                                    "x0123456789abcdeffedcba9876543210",
                                    "r0123456789abcdeffedcba987654321",
                                    "r0123456789abcdeffedcba98765432100",
                                    "r0123456789ABCDEFfedcba9876543210",
                                    "r0123456789abcdeg fedcba987654321"};
  for (size_t i = 0; i < PL_COUNT_OF(bad); i++) {
    assert_false(pl_assertion_label_parse(pl_str_c(bad[i]), &back));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fingerprints),
      cmocka_unit_test(test_identity_is_a_set),
      cmocka_unit_test(test_identity_is_pinned),
      cmocka_unit_test(test_labels),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
