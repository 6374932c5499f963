/// The support of rows: walking it, misusing it, limits.
#include "help.h"

static const char facts[] =
    "{\"subject\":\"Ada\",\"predicate\":\"knows\",\"object\":\"Max\",\"source\":\"doc1\",\"span\":[3,9],"
    "\"confidence\":0.5,\"from\":\"2020\",\"until\":\"2021\"}\n"
    "{\"subject\":\"Ada\",\"predicate\":\"knows\",\"object\":\"Max\",\"source\":\"doc2\",\"on\":\"2022-03\","
    "\"confidence\":0.25}\n"
    "{\"subject\":\"Max\",\"predicate\":\"knows\",\"object\":\"Eve\"}\n";

static parley_support support(void) { return (parley_support){.size = sizeof(parley_support)}; }

/// The next line is of this kind, at this depth, with this text.
static void expect_line(parley_query* q, parley_support* s, parley_support_kind kind, unsigned depth,
                        const char* text) {
  *s = support();
  assert_int_equal(parley_why_next(q, s), PARLEY_OK);
  assert_int_equal(s->kind, kind);
  assert_int_equal(s->depth, depth);
  assert_string_equal(s->text, text);
}

static void expect_end(parley_query* q) {
  parley_support s = support();
  assert_int_equal(parley_why_next(q, &s), PARLEY_NOT_FOUND);
  assert_int_equal(parley_why_next(q, &s), PARLEY_NOT_FOUND);
}

static void expect_facts(parley_query* q) {
  parley_support s;
  expect_line(q, &s, PARLEY_SUPPORT_FACT, 0, "Ada knows Max");
  assert_string_equal(s.subject.text, "urn:parley:Ada");
  assert_string_equal(s.predicate.text, "urn:parley:knows");
  assert_string_equal(s.object.text, "urn:parley:Max");
  assert_int_equal(s.source.type, PARLEY_NULL);
  expect_line(q, &s, PARLEY_SUPPORT_ASSERTION, 1, "");
  assert_int_equal(s.assertion.type, PARLEY_BLANK);
  assert_string_equal(s.source.text, "urn:parley:doc1");
  assert_string_equal(s.span.text, "char=3,9");
  assert_true(s.confidence.real == 0.5);
  assert_string_equal(s.from.text, "2020");
  assert_string_equal(s.until.text, "2021");
  assert_int_equal(s.on.type, PARLEY_NULL);
  expect_line(q, &s, PARLEY_SUPPORT_ASSERTION, 1, "");
  assert_string_equal(s.source.text, "urn:parley:doc2");
  assert_string_equal(s.on.text, "2022-03");
  assert_int_equal(s.from.type, PARLEY_NULL);
  expect_line(q, &s, PARLEY_SUPPORT_FACT, 0, "Max knows Eve");
  expect_line(q, &s, PARLEY_SUPPORT_PLAIN, 1, "");
  assert_int_equal(s.assertion.type, PARLEY_NULL);
  expect_end(q);
}

static void support_is_walked(void** state) {
  fixture* const f = *state;
  double confidence = 0;
  help_load(f->store, "jsonl", facts);
  parley_query* const q = help_prepare(f->store, "match Ada knows ?x . ?x knows ?y return ?y");
  assert_false(parley_query_is_why(q));
  assert_int_equal(parley_query_ask_why(q, 0), PARLEY_OK);
  assert_true(parley_query_is_why(q));
  for (int run = 0; run < 2; run++) {
    assert_int_equal(parley_step(q), PARLEY_ROW);
    assert_int_equal(parley_why_confidence(q, &confidence), PARLEY_OK);
    assert_true(confidence == 0.5);
    expect_facts(q);
    assert_int_equal(parley_why_rewind(q), PARLEY_OK);
    expect_facts(q);
    assert_string_equal(parley_column_text(q, 0), "Eve");
    assert_int_equal(parley_step(q), PARLEY_DONE);
    assert_int_equal(parley_reset(q), PARLEY_OK);
  }
  parley_finalize(q);
}

/// A walk may be left anywhere; each row begins its own.
static void rows_begin_anew(void** state) {
  fixture* const f = *state;
  parley_support s;
  help_load(f->store, "jsonl", facts);
  parley_query* const q = help_prepare(f->store, "match ?a knows ?b return ?a, ?b order by ?a");
  assert_int_equal(parley_query_ask_why(q, 0), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_ROW);
  expect_line(q, &s, PARLEY_SUPPORT_FACT, 0, "Ada knows Max");
  assert_int_equal(parley_step(q), PARLEY_ROW);
  expect_line(q, &s, PARLEY_SUPPORT_FACT, 0, "Max knows Eve");
  assert_int_equal(parley_reset(q), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_ROW);
  expect_line(q, &s, PARLEY_SUPPORT_FACT, 0, "Ada knows Max");
  parley_finalize(q);
}

static void groups_have_members(void** state) {
  fixture* const f = *state;
  parley_support s;
  help_load(f->store, "jsonl", facts);
  parley_query* const q = help_prepare(f->store, "match ?a knows ?b with ?a, ?b order by ?a return count(*)");
  assert_int_equal(parley_query_ask_why(q, 1), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_ROW);
  expect_line(q, &s, PARLEY_SUPPORT_MEMBER, 0, "");
  assert_int_equal(s.count, 1);
  expect_line(q, &s, PARLEY_SUPPORT_FACT, 1, "Ada knows Max");
  expect_line(q, &s, PARLEY_SUPPORT_ASSERTION, 2, "");
  expect_line(q, &s, PARLEY_SUPPORT_ASSERTION, 2, "");
  expect_line(q, &s, PARLEY_SUPPORT_MORE, 0, "");
  assert_int_equal(s.count, 1);
  expect_end(q);
  parley_finalize(q);
}

/// Older callers know less of the struct.
static void sizes_are_kept(void** state) {
  fixture* const f = *state;
  parley_support s;
  help_load(f->store, "jsonl", facts);
  parley_query* const q = help_prepare(f->store, "match Max knows ?b return ?b");
  assert_int_equal(parley_query_ask_why(q, 0), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_ROW);
  memset(&s, 0x55, sizeof s);
  s.size = offsetof(parley_support, subject);
  assert_int_equal(parley_why_next(q, &s), PARLEY_OK);
  assert_string_equal(s.text, "Max knows Eve");
  assert_int_equal(s.size, offsetof(parley_support, subject));
  assert_int_equal(((const unsigned char*)&s)[offsetof(parley_support, subject)], 0x55);
  s.size = 0;
  assert_int_equal(parley_why_next(q, &s), PARLEY_MISUSE);
  parley_finalize(q);
}

/// The newest report begins like this.
static void expect_report(parley_query* q, const char* text) {
  parley_diagnostic d;
  const size_t count = parley_error_count(parley_query_error(q));
  assert_true(count > 0);
  assert_int_equal(parley_error_get(parley_query_error(q), count - 1, &d), PARLEY_OK);
  assert_string_equal(d.text, text);
}

static void misuse_is_refused(void** state) {
  fixture* const f = *state;
  parley_support s = support();
  double confidence;
  help_load(f->store, "jsonl", facts);
  parley_query* q = help_prepare(f->store, "match ?a knows ?b return ?a");
  assert_int_equal(parley_why_next(NULL, &s), PARLEY_MISUSE);
  assert_int_equal(parley_query_ask_why(NULL, 0), PARLEY_MISUSE);
  assert_int_equal(parley_why_rewind(NULL), PARLEY_MISUSE);
  assert_false(parley_query_is_why(NULL));
  assert_int_equal(parley_step(q), PARLEY_ROW);
  assert_int_equal(parley_why_next(q, &s), PARLEY_MISUSE);  // nobody asked
  expect_report(q, "PLY-0729: the query does not keep why its rows are there\n");
  assert_int_equal(parley_why_confidence(q, &confidence), PARLEY_MISUSE);
  assert_int_equal(parley_query_ask_why(q, 0), PARLEY_MISUSE);  // rows are being read
  assert_int_equal(parley_reset(q), PARLEY_OK);
  assert_int_equal(parley_query_ask_why(q, 0), PARLEY_OK);
  assert_int_equal(parley_why_next(q, &s), PARLEY_MISUSE);  // no row
  assert_int_equal(parley_step(q), PARLEY_ROW);
  assert_int_equal(parley_why_next(q, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_why_confidence(q, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_why_next(q, &s), PARLEY_OK);
  parley_finalize(q);
  q = help_prepare(f->store, "insert ( Ada knows Eve )");
  assert_int_equal(parley_query_ask_why(q, 0), PARLEY_MISUSE);
  expect_report(q, "PLY-0730: this statement has no rows that could say why they are there\n");
  parley_finalize(q);
  q = help_prepare(f->store, "explain match ?a knows ?b return ?a");
  assert_int_equal(parley_query_ask_why(q, 0), PARLEY_MISUSE);
  parley_finalize(q);
}

static void graphs_are_known(void** state) {
  fixture* const f = *state;
  parley_support s;
  help_load(f->store, "jsonl", facts);
  parley_query* q = help_prepare(f->store, "match Max knows ?b return graph");
  assert_true(parley_query_is_graph(q));
  assert_false(parley_query_is_describe(q));
  assert_true(parley_query_is_why(q));
  assert_int_equal(parley_column_count(q), 3);
  assert_string_equal(parley_column_name(q, 2), "object");
  assert_int_equal(parley_step(q), PARLEY_ROW);
  expect_line(q, &s, PARLEY_SUPPORT_FACT, 0, "Max knows Eve");
  expect_line(q, &s, PARLEY_SUPPORT_PLAIN, 1, "");
  parley_finalize(q);
  q = help_prepare(f->store, "describe Eve");
  assert_true(parley_query_is_graph(q));
  assert_true(parley_query_is_describe(q));
  parley_finalize(q);
}

/// Supports are paid from the run's account, and interrupts end a walk.
static void limits_hold(void** state) {
  fixture* const f = *state;
  char text[8192];
  size_t len = 0;
  for (int i = 0; i < 100; i++) {
    len += (size_t)snprintf(text + len, sizeof text - len, "<urn:parley:s%d> <urn:parley:p> <urn:parley:o> .\n", i);
  }
  help_load(f->store, "nt", text);
  const parley_limits limits = {.size = sizeof limits, .memory_bytes = (size_t)4 << 20};
  parley_query* const q = help_prepare(f->store, "match ?a p ?o . ?b p ?o . ?c p ?o return count(*)");
  assert_int_equal(parley_query_ask_why(q, 1000000), PARLEY_OK);
  assert_int_equal(parley_query_set_limits(q, &limits), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_LIMIT);
  parley_finalize(q);
}

/// Groups within groups within groups ...
static void depth_is_limited(void** state) {
  fixture* const f = *state;
  parley_support s = support();
  char text[4096];
  help_load(f->store, "jsonl", facts);
  size_t len = (size_t)snprintf(text, sizeof text, "match Max knows ?b with count(*) as ?n0 ");
  for (int i = 1; i < 70; i++) {
    len += (size_t)snprintf(text + len, sizeof text - len, "with max(?n%d) as ?n%d ", i - 1, i);
  }
  (void)snprintf(text + len, sizeof text - len, "return ?n69");
  parley_query* const q = help_prepare(f->store, text);
  assert_int_equal(parley_query_ask_why(q, 0), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_ROW);
  parley_status status = PARLEY_OK;
  for (int i = 0; i < 100 && status == PARLEY_OK; i++) {
    status = parley_why_next(q, &s);
  }
  assert_int_equal(status, PARLEY_LIMIT);
  expect_report(q, "PLY-0731: groups within groups are shown to a depth of 64\n");
  parley_finalize(q);
}

/// Definitions are updates without a count.
static void definitions_are_kept(void** state) {
  fixture* const f = *state;
  help_load(f->store, "jsonl", facts);
  parley_query* q = help_prepare(f->store, "define linked = knows|^knows");
  assert_true(parley_query_is_update(q));
  assert_int_equal(parley_column_count(q), 0);
  assert_int_equal(parley_step(q), PARLEY_DONE);
  assert_int_equal(parley_query_changes(q).facts_new, 0);
  parley_finalize(q);
  help_expect(f->store, "match Max linked ?x return ?x order by ?x", "Ada\nEve");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      HELP_TEST(support_is_walked), HELP_TEST(rows_begin_anew),   HELP_TEST(groups_have_members),
      HELP_TEST(sizes_are_kept),    HELP_TEST(misuse_is_refused), HELP_TEST(graphs_are_known),
      HELP_TEST(limits_hold),       HELP_TEST(depth_is_limited),  HELP_TEST(definitions_are_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
