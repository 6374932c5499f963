/// Properties of a store through the public interface: lists of predicates, what follows them, definitions.
#include "help.h"

static void append(void* user, const char* name) {
  char* const out = user;
  strcat(strcat(out, name), " ");
}

static void append_definition(void* user, const char* name, const char* path) {
  append(user, name);
  append(user, path);
}

static void check_list(fixture* f, parley_property property, const char* expected) {
  char names[512] = "";
  assert_int_equal(parley_get_property(f->store, property, append, names), PARLEY_OK);
  assert_string_equal(names, expected);
}

static void check_rows(fixture* f, const char* text, const char* expected) {
  parley_query* const query = help_prepare(f->store, text);
  char* const rows = help_rows(query);
  assert_string_equal(rows, expected);
  free(rows);
  parley_finalize(query);
}

static void fill(fixture* f) {
  help_load(f->store, "nt",
            "<urn:parley:a> <urn:parley:label> \"L\xC3\xAA Ho\xC3\xA0i Trung\" .\n"
            "<urn:parley:b> <urn:parley:title> \"Trung Qu\xE1\xBB\x91"
            "c\" .\n"
            "<urn:parley:c> <urn:parley:title> \"Praha\" .\n"
            "<urn:parley:d> <urn:parley:title> <urn:parley:trung> .\n"
            "<urn:parley:a> <urn:parley:knows> <urn:parley:b> .\n");
}

static void check_words(parley_query* query, const char* words, const char* expected) {
  const parley_value value = parley_string(words);
  assert_int_equal(parley_bind(query, "words", &value), PARLEY_OK);
  char* const rows = help_rows(query);
  assert_string_equal(rows, expected);
  free(rows);
  assert_int_equal(parley_reset(query), PARLEY_OK);
}

static void test_lists(void** state) {
  fixture* const f = *state;
  const parley_value list[] = {parley_name("title"), parley_name("label"), parley_name("title")};
  const parley_value wrong = parley_string("title");
  check_list(f, PARLEY_PROPERTY_LABELS,
             "label name rdfs:label skos:prefLabel foaf:name schema:name alias skos:altLabel ");
  check_list(f, PARLEY_PROPERTY_SINGLE, "");
  assert_int_equal(parley_set_property(f->store, PARLEY_PROPERTY_SINGLE, list, 3), PARLEY_OK);
  check_list(f, PARLEY_PROPERTY_SINGLE, "label title ");
  assert_int_equal(parley_set_property(f->store, PARLEY_PROPERTY_SINGLE, NULL, 0), PARLEY_OK);
  check_list(f, PARLEY_PROPERTY_SINGLE, "");
  assert_int_equal(parley_set_property(f->store, PARLEY_PROPERTY_SINGLE, &wrong, 1), PARLEY_MISUSE);
  assert_int_equal(parley_set_property(f->store, PARLEY_PROPERTY_SINGLE, NULL, 1), PARLEY_MISUSE);
  assert_int_equal(parley_set_property(NULL, PARLEY_PROPERTY_SINGLE, NULL, 0), PARLEY_MISUSE);
  assert_int_equal(parley_get_property(f->store, PARLEY_PROPERTY_SINGLE, NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_get_property(f->store, (parley_property)9, append, NULL), PARLEY_MISUSE);
}

/// Answers are the same whatever is indexed, also of a query prepared before.
static void test_text(void** state) {
  fixture* const f = *state;
  static const char* const words = "match ?x label|title ?l where ?l ~ \"trung\" return ?x order by ?x";
  const parley_value both[] = {parley_name("label"), parley_name("title")};
  fill(f);
  parley_query* const query = help_prepare(f->store, words);
  assert_int_equal(parley_set_property(f->store, PARLEY_PROPERTY_TEXT, both, 2), PARLEY_OK);
  parley_query* const asked = help_prepare(f->store, "match ?x label|title ?l where ?l ~ $words return ?x order by ?x");
  for (size_t count = 0; count <= 2; count++) {
    assert_int_equal(parley_set_property(f->store, PARLEY_PROPERTY_TEXT, both, 2 - count), PARLEY_OK);
    check_rows(f, words, "a\nb");
    check_rows(f, "match @\"le hoai trung\" knows ?y return ?y", "b");
    char* const rows = help_rows(query);
    assert_string_equal(rows, "a\nb");
    free(rows);
    assert_int_equal(parley_reset(query), PARLEY_OK);
    check_words(asked, "trung", "a\nb");
    check_words(asked, "prah", "c");
    check_words(asked, "", "a\nb\nc");
  }
  parley_finalize(query);
  parley_finalize(asked);
}

static void test_labels(void** state) {
  fixture* const f = *state;
  const parley_value title = parley_name("title");
  fill(f);
  check_rows(f, "match ?x knows @\"trung quoc\" return ?x", "");
  assert_int_equal(parley_set_property(f->store, PARLEY_PROPERTY_LABELS, &title, 1), PARLEY_OK);
  check_rows(f, "match ?x knows @\"trung quoc\" return ?x", "a");
  check_rows(f, "match @\"le hoai trung\" knows ?x return ?x", "");
}

static void run(fixture* f, const char* text, parley_status expected) {
  parley_query* const query = help_prepare(f->store, text);
  assert_int_equal(parley_step(query), expected);
  parley_finalize(query);
}

/// PLY-0557: a name that is too long to be kept.
static void test_definitions(void** state) {
  fixture* const f = *state;
  char out[256] = "";
  char text[600] = "define ";
  run(f, "define near = knows{1,2}", PARLEY_DONE);
  run(f, "define about = knows|likes", PARLEY_DONE);
  assert_int_equal(parley_definitions(f->store, append_definition, out), PARLEY_OK);
  assert_non_null(strstr(out, "about "));
  assert_non_null(strstr(out, "near "));
  assert_true(strstr(out, "about ") < strstr(out, "near "));
  memset(text + strlen(text), 'x', 450);
  strcat(text, " = knows+");
  run(f, text, PARLEY_LIMIT);
  assert_int_equal(parley_definitions(f->store, NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_definitions(NULL, append_definition, out), PARLEY_MISUSE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_lists, help_setup, help_teardown),
      cmocka_unit_test_setup_teardown(test_text, help_setup, help_teardown),
      cmocka_unit_test_setup_teardown(test_labels, help_setup, help_teardown),
      cmocka_unit_test_setup_teardown(test_definitions, help_setup, help_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
