/// What may stand where in a fact.
#include "store/fact.h"

// cmocka wants these before its own header
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_places(void** state) {
  PL_UNUSED(state);
  static const pl_tag tags[] = {PL_TAG_NULL, PL_TAG_IRI, PL_TAG_BLANK, PL_TAG_INTEGER, PL_TAG_ASSERTION, PL_TAG_TEMP};
  static const bool nodes[] = {false, true, true, false, false, false};
  static const bool predicates[] = {false, true, false, false, false, false};
  static const bool objects[] = {false, true, true, true, false, false};
  const pl_id iri = pl_id_make(PL_TAG_IRI, 1);
  for (size_t i = 0; i < PL_COUNT_OF(tags); i++) {
    const pl_id id = tags[i] == PL_TAG_NULL ? PL_ID_NULL : pl_id_make(tags[i], 1);
    assert_int_equal(pl_fact_check(NULL, id, iri, iri) == PL_OK, nodes[i]);
    assert_int_equal(pl_fact_check(NULL, iri, id, iri) == PL_OK, predicates[i]);
    assert_int_equal(pl_fact_check(NULL, iri, iri, id) == PL_OK, objects[i]);
    assert_int_equal(pl_fact_check_note(NULL, id, iri) == PL_OK, predicates[i]);
    assert_int_equal(pl_fact_check_note(NULL, iri, id) == PL_OK, objects[i]);
    assert_int_equal(pl_fact_check_graph(NULL, id) == PL_OK, nodes[i]);
  }
  assert_int_equal(pl_fact_check_notes(NULL, 0), PL_ERR_MISUSE);
  assert_int_equal(pl_fact_check_notes(NULL, 1), PL_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_places)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
