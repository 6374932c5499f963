/// Plans as JSON: what a program reads parses, is whole, and marks estimates that are far off.
#include "../api/help.h"

#include <jansson.h>
#include <stdbool.h>

static json_t* stage(parley_query* q, parley_stage which) {
  json_error_t error;
  const char* const text = parley_query_stage(q, which);
  assert_non_null(text);
  json_t* const out = json_loads(text, JSON_REJECT_DUPLICATES, &error);
  if (!out) {
    print_error("%s: %s\n", error.text, text);
  }
  assert_non_null(out);
  return out;
}

static const char* text_of(const json_t* node, const char* key) {
  const char* const text = json_string_value(json_object_get(node, key));
  return text ? text : "";
}

/// Check every operator; the number of them, and of those that are marked.
static void walk(const json_t* node, bool profiled, int* operators, int* marked) {
  const json_t* const children = json_object_get(node, "children");
  const bool real = strcmp(text_of(node, "operator"), "Query") != 0 &&
                    strcmp(text_of(node, "operator"), "Update") != 0 && strcmp(text_of(node, "operator"), "Lens") != 0;
  assert_string_not_equal(text_of(node, "operator"), "");
  assert_true(json_is_array(children));
  if (real) {
    assert_true(json_is_number(json_object_get(node, "expected")));
    assert_int_equal(json_is_number(json_object_get(node, "seen")), profiled);
    assert_int_equal(json_is_number(json_object_get(node, "ms")), profiled);
    assert_int_equal(json_is_number(json_object_get(node, "bytes")), profiled);
    ++*operators;
    *marked += json_object_get(node, "off_by") != NULL;
  }
  for (size_t i = 0; i < json_array_size(children); i++) {
    walk(json_array_get(children, i), profiled, operators, marked);
  }
}

static void check(parley* store, const char* text, int operators_wanted, bool marked_wanted) {
  parley_query* const q = help_prepare(store, text);
  for (int profiled = 0; profiled < 2; profiled++) {
    int operators = 0;
    int marked = 0;
    json_t* const plan = stage(q, profiled ? PARLEY_STAGE_PROFILE_JSON : PARLEY_STAGE_PLAN_JSON);
    walk(plan, profiled, &operators, &marked);
    assert_int_equal(operators, operators_wanted);
    assert_int_equal(marked > 0, profiled && marked_wanted);
    json_decref(plan);
  }
  const char* const profile = parley_query_stage(q, PARLEY_STAGE_PROFILE);
  assert_non_null(profile);
  assert_int_equal(strstr(profile, "\n! more than ten times") != NULL, marked_wanted);
  assert_non_null(strstr(profile, " ms"));
  parley_finalize(q);
}

static void test_plans(void** state) {
  fixture* const f = *state;
  help_load(f->store, "jsonl",
            "{\"subject\": \"a\", \"predicate\": \"says \\\"so\\\"\", \"object\": \"b\", \"source\": \"x\"}\n"
            "{\"subject\": \"b\", \"predicate\": \"knows\", \"object\": \"a\"}\n");
  check(f->store, "match ?s `says \"so\"` ?o return ?s, ?o", 2, false);
  check(f->store, "match ?s knows ?o where ?o != \"tab\\t\" return ?s limit 3", 4, false);
  check(f->store, "according to ( _ knows ?x ) match ?s ?p ?o return count(*)", 4, false);
  parley_query* const q =
      help_prepare(f->store, "match ?s knows ?o delete ( ?s knows ?o ) insert ( ?s likes _:n { source ?o } )");
  json_t* const plan = stage(q, PARLEY_STAGE_PLAN_JSON);
  assert_string_equal(text_of(plan, "operator"), "Update");
  assert_string_equal(json_string_value(json_array_get(json_object_get(plan, "delete"), 0)), "?s knows ?o");
  assert_non_null(strstr(json_string_value(json_array_get(json_object_get(plan, "insert"), 0)), "{ source ?o }"));
  assert_string_equal(text_of(json_array_get(json_object_get(plan, "children"), 0), "order"), "pso 1");
  assert_null(parley_query_stage(q, PARLEY_STAGE_PROFILE_JSON));
  json_decref(plan);
  parley_finalize(q);
}

/// One subject of a thousand has most of the facts of both predicates: their join is far larger than counts tell.
static void test_marks(void** state) {
  fixture* const f = *state;
  parley_txn* txn = NULL;
  char name[16];
  assert_int_equal(parley_begin(f->store, 1, &txn), PARLEY_OK);
  for (int i = 0; i < 1000; i++) {
    (void)snprintf(name, sizeof name, "n%d", i);
    assert_int_equal(help_add(txn, name, "knows", name), PARLEY_OK);
    assert_int_equal(help_add(txn, name, "likes", name), PARLEY_OK);
    if (i < 300) {
      assert_int_equal(help_add(txn, "n0", "knows", name), PARLEY_OK);
      assert_int_equal(help_add(txn, "n0", "likes", name), PARLEY_OK);
    }
  }
  assert_int_equal(parley_commit(txn), PARLEY_OK);
  check(f->store, "match ?x knows ?y ; likes ?z return ?x, ?y, ?z", 4, true);
  // Stopped early: fewer rows than expected are no mistake.
  check(f->store, "match ?x knows ?y return ?x limit 2", 3, false);
}

int main(void) {
  const struct CMUnitTest tests[] = {HELP_TEST(test_plans), HELP_TEST(test_marks)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
