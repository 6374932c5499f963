/// parley_diff: what only one of two stores, or of two sources, says.
#include "help.h"

typedef struct listing {
  char text[8192];  ///< a line for each difference
  char json[8192];  ///< lines of the second side
  int stop_after;   ///< 0 = never
  int seen;         ///< differences
} listing;

static int list(void* user, const parley_difference* d) {
  listing* const l = user;
  assert_int_equal(strlen(d->json), d->json_len);
  const size_t used = strlen(l->text);
  (void)snprintf(l->text + used, sizeof l->text - used, "%s%s %s\n", d->side < 0 ? "-" : "+", d->assertion ? " " : "!",
                 d->text);
  if (d->side > 0) {
    strcat(strcat(l->json, d->json), "\n");
  }
  return ++l->seen == l->stop_after;
}

static void expect(parley* a, parley* b, const parley_value* source_a, const parley_value* source_b, const char* text) {
  listing l = {.seen = 0};
  const parley_diff_options options = {
      .size = sizeof options, .source_a = source_a, .source_b = source_b, .on_difference = list, .user = &l};
  const parley_status status = parley_diff(a, b, &options);
  help_report(parley_error(a));
  assert_int_equal(status, PARLEY_OK);
  assert_string_equal(l.text, text);
}

static parley* open_second(const fixture* f) {
  fixture second = *f;
  (void)snprintf(second.path, sizeof second.path, "%s/second", f->folder);
  help_open(&second, PARLEY_OPEN_CREATE);
  return second.store;
}

static const char first_text[] =
    "{\"subject\": \"an\", \"predicate\": \"knows\", \"object\": \"bo\"}\n"
    "{\"subject\": \"an\", \"predicate\": \"knows\", \"object\": \"cy\", \"source\": \"x\", \"confidence\": 0.9}\n"
    "{\"subject\": \"an\", \"predicate\": \"knows\", \"object\": \"cy\", \"source\": \"y\"}\n"
    "{\"subject\": \"an\", \"predicate\": \"age\", \"object\": 30, \"source\": \"x\"}\n"
    "{\"subject\": \"an\", \"predicate\": \"age\", \"object\": 30, \"source\": \"y\"}\n";
static const char second_text[] =
    "{\"subject\": \"an\", \"predicate\": \"says\", \"object\": {\"value\": \"a\\u0001b\", \"lang\": \"en\"}}\n"
    "{\"subject\": \"an\", \"predicate\": \"knows\", \"object\": \"bo\", \"source\": \"x\", \"span\": [3, 9]}\n"
    "{\"subject\": \"an\", \"predicate\": \"knows\", \"object\": \"cy\", \"source\": \"y\"}\n"
    "{\"subject\": \"an\", \"predicate\": \"age\", \"object\": 30, \"source\": \"x\"}\n"
    "{\"subject\": \"an\", \"predicate\": \"age\", \"object\": 31, \"source\": \"x\"}\n";

static void labels_drop(parley* store) {
  parley_query* const q = help_prepare(store, "match ?x label ?y delete ( ?x label ?y )");
  assert_int_equal(parley_step(q), PARLEY_DONE);
  parley_finalize(q);
}

/// Facts and assertions of either side; what the second has, loaded into the first, leaves nothing that only the second has.
static void test_stores(void** state) {
  fixture* const f = *state;
  parley* const second = open_second(f);
  help_load(f->store, "jsonl", first_text);
  help_load(second, "jsonl", second_text);
  labels_drop(f->store);
  labels_drop(second);
  expect(f->store, f->store, NULL, NULL, "");
  expect(f->store, second, NULL, NULL,
         "-  an age 30 { source y }\n"
         "+! an age 31 { source x }\n"
         "-  an knows bo\n"
         "+  an knows bo { source x ; span \"char=3,9\" }\n"
         "-  an knows cy { source x ; confidence 0.9 }\n"
         "+! an says \"a\\u0001b\"@en\n");
  listing l = {.seen = 0};
  parley_diff_options options = {.size = sizeof options, .on_difference = list, .user = &l};
  assert_int_equal(parley_diff(f->store, second, &options), PARLEY_OK);
  help_load(f->store, "jsonl", l.json);
  expect(f->store, second, NULL, NULL,
         "-  an age 30 { source y }\n"
         "-  an knows bo\n"
         "-  an knows cy { source x ; confidence 0.9 }\n");
  assert_int_equal(parley_close(second), PARLEY_OK);
}

/// Several statements of a fact that one side lacks: the first tells of the fact.
static void test_first(void** state) {
  fixture* const f = *state;
  parley* const second = open_second(f);
  help_load(f->store, "jsonl", first_text);
  labels_drop(f->store);
  expect(second, f->store, NULL, NULL,
         "+! an age 30 { source x }\n"
         "+  an age 30 { source y }\n"
         "+! an knows bo\n"
         "+! an knows cy { source x ; confidence 0.9 }\n"
         "+  an knows cy { source y }\n");
  assert_int_equal(parley_close(second), PARLEY_OK);
}

/// Two sources of one store: neither the source nor the place in it counts. Graphs are sources by their own facts.
static void test_sources(void** state) {
  fixture* const f = *state;
  const parley_value x = parley_name("x");
  const parley_value y = parley_name("y");
  const parley_value nobody = parley_name("nobody");
  help_load(f->store, "jsonl", first_text);
  help_load(f->store, "jsonl", second_text);
  expect(f->store, f->store, &x, &y,
         "-! an age 31 { source x }\n"
         "-! an knows bo { source x ; span \"char=3,9\" }\n"
         "+  an knows cy { source y }\n"
         "-  an knows cy { source x ; confidence 0.9 }\n");
  expect(f->store, f->store, &x, &nobody,
         "-! an age 30 { source x }\n"
         "-! an age 31 { source x }\n"
         "-! an knows bo { source x ; span \"char=3,9\" }\n"
         "-! an knows cy { source x ; confidence 0.9 }\n");
  help_load(f->store, "trig",
            "<urn:g> { <urn:parley:an> <urn:parley:age> 31 . <urn:parley:an> <urn:parley:is> <urn:parley:tall> . }\n"
            "<urn:g> <urn:parley:source> <urn:parley:z> .\n");
  const parley_value z = parley_name("z");
  expect(f->store, f->store, &z, &y,
         "+! an age 30 { source y }\n"
         "-! an age 31 as <urn:g>\n"
         "-! an is tall as <urn:g>\n"
         "+! an knows cy { source y }\n");
  const parley_value graph = parley_iri("urn:g");
  expect(f->store, f->store, &z, &graph, "");
}

static void test_misuse(void** state) {
  fixture* const f = *state;
  parley_diff_options options = {.size = sizeof options};
  assert_int_equal(parley_diff(NULL, f->store, &options), PARLEY_MISUSE);
  assert_int_equal(parley_diff(f->store, NULL, &options), PARLEY_MISUSE);
  assert_int_equal(parley_diff(f->store, f->store, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_diff(f->store, f->store, &options), PARLEY_MISUSE);
}

/// Stopped by the callback, or before it begins.
static void test_stop(void** state) {
  fixture* const f = *state;
  parley* const second = open_second(f);
  listing l = {.stop_after = 2};
  const parley_diff_options options = {.size = sizeof options, .on_difference = list, .user = &l};
  help_load(f->store, "jsonl", first_text);
  assert_int_equal(parley_diff(f->store, second, &options), PARLEY_INTERRUPTED);
  assert_int_equal(l.seen, 2);
  parley_interrupt(second);
  assert_int_equal(parley_diff(f->store, second, &options), PARLEY_INTERRUPTED);
  parley_clear_interrupt(second);
  assert_int_equal(parley_close(second), PARLEY_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {HELP_TEST(test_stores), HELP_TEST(test_first), HELP_TEST(test_sources),
                                     HELP_TEST(test_misuse), HELP_TEST(test_stop)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
