/// Queries through parley.h: prepare, bind, step, columns, stages, limits, interrupts, updates, transactions.
#include "help.h"

static const char people[] =
    "<urn:parley:Ann> <urn:parley:knows> <urn:parley:Bob> .\n"
    "<urn:parley:Ann> <urn:parley:knows> <urn:parley:Cy%20d> .\n"
    "<urn:parley:Bob> <urn:parley:knows> <urn:parley:Ann> .\n"
    "<urn:parley:Ann> <urn:parley:age> \"41\"^^<http://www.w3.org/2001/XMLSchema#integer> .\n"
    "<urn:parley:Bob> <urn:parley:age> \"12\"^^<http://www.w3.org/2001/XMLSchema#integer> .\n"
    "<urn:parley:Ann> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:parley:Person> .\n";

static void gives_rows(void** state) {
  fixture* const f = *state;
  help_load(f->store, "nt", people);
  parley_query* const q = help_prepare(f->store, "match ?who knows ?whom return ?who, ?whom order by ?who, ?whom");
  parley_value v;
  assert_int_equal(parley_column_count(q), 2);
  assert_string_equal(parley_column_name(q, 0), "who");
  assert_null(parley_column_name(q, 2));
  assert_false(parley_query_is_update(q));
  assert_int_equal(parley_column(q, 0, &v), PARLEY_MISUSE);
  assert_null(parley_column_text(q, 0));
  assert_int_equal(parley_step(q), PARLEY_ROW);
  assert_int_equal(parley_column(q, 0, &v), PARLEY_OK);
  assert_int_equal(v.type, PARLEY_IRI);
  assert_string_equal(v.text, "urn:parley:Ann");
  assert_int_equal(v.text_len, strlen(v.text));
  assert_string_equal(parley_column_text(q, 0), "Ann");
  assert_ptr_equal(parley_column_text(q, 0), parley_column_text(q, 0));
  assert_int_equal(parley_column(q, 2, &v), PARLEY_MISUSE);
  assert_int_equal(parley_step(q), PARLEY_ROW);
  assert_string_equal(parley_column_source(q, 1), "<urn:parley:Cy%20d>");
  assert_int_equal(parley_step(q), PARLEY_ROW);
  assert_int_equal(parley_step(q), PARLEY_DONE);
  assert_int_equal(parley_step(q), PARLEY_DONE);
  assert_int_equal(parley_reset(q), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_ROW);
  parley_finalize(q);  // in the middle of its rows
}

static void binds_parameters(void** state) {
  fixture* const f = *state;
  help_load(f->store, "nt", people);
  parley_query* const q = help_prepare(f->store, "match $who age ?age return ?age");
  const parley_value names[] = {parley_name("Ann"), parley_name("Bob"), parley_name("nobody")};
  const char* const answers[] = {"41", "12", ""};
  assert_int_equal(parley_param_count(q), 1);
  assert_string_equal(parley_param_name(q, 0), "who");
  assert_null(parley_param_name(q, 1));
  for (int i = 0; i < 3; i++) {
    assert_int_equal(parley_bind(q, "who", &names[i]), PARLEY_OK);
    char* const rows = help_rows(q);
    assert_string_equal(rows, answers[i]);
    free(rows);
    assert_int_equal(parley_reset(q), PARLEY_OK);
  }
  assert_int_equal(parley_bind(q, "whom", &names[0]), PARLEY_NOT_FOUND);
  assert_int_equal(parley_bind(q, NULL, &names[0]), PARLEY_MISUSE);
  assert_int_equal(parley_bind(q, "who", NULL), PARLEY_MISUSE);
  assert_int_equal(parley_bind(q, "who", &names[0]), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_ROW);
  assert_int_equal(parley_bind(q, "who", &names[1]), PARLEY_MISUSE);
  parley_finalize(q);
}

static void binds_lists(void** state) {
  fixture* const f = *state;
  help_load(f->store, "nt", people);
  parley_query* const q = help_prepare(f->store, "for ?p in $list match ?p age ?age return ?age order by ?age");
  const parley_value list[] = {parley_name("Ann"), parley_name("Bob")};
  assert_int_equal(parley_bind_list(q, "list", list, 2), PARLEY_OK);
  char* const rows = help_rows(q);
  assert_string_equal(rows, "12\n41");
  free(rows);
  assert_int_equal(parley_reset(q), PARLEY_OK);
  assert_int_equal(parley_bind_list(q, "list", NULL, 2), PARLEY_MISUSE);
  assert_int_equal(parley_bind_list(q, "list", NULL, 0), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_DONE);
  parley_finalize(q);
}

/// A value, the type it comes back as, and what a table and a query show of it.
typedef struct value_case {
  parley_value in;
  parley_type type;
  const char* text;
  const char* source;
} value_case;

static void returns_values(void** state) {
  fixture* const f = *state;
  parley_query* const q = help_prepare(f->store, "return $x");
  const value_case cases[] = {
      {parley_integer(-42), PARLEY_INTEGER, "-42", "-42"},
      {parley_integer(INT64_MIN), PARLEY_INTEGER, "-9223372036854775808", NULL},
      {parley_double(0.1), PARLEY_DOUBLE, "0.1", "1.0E-1"},
      {parley_double(3), PARLEY_DOUBLE, "3", "3.0E0"},
      {parley_double(-1234.5), PARLEY_DOUBLE, "-1234.5", "-1.2345E3"},
      {parley_double(1e15), PARLEY_DOUBLE, "1000000000000000", NULL},
      {parley_double(1e300), PARLEY_DOUBLE, "1.0E300", "1.0E300"},
      {parley_double(0.00001234), PARLEY_DOUBLE, "0.00001234", NULL},
      {parley_double(0), PARLEY_DOUBLE, "0", NULL},
      {parley_boolean(7), PARLEY_BOOLEAN, "true", "true"},
      {parley_string("two words"), PARLEY_STRING, "two words", "\"two words\""},
      {parley_string(""), PARLEY_STRING, "", "\"\""},
      {parley_lang_string("ch\xc3\xa0o", "VI"), PARLEY_STRING, "ch\xc3\xa0o", "\"ch\xc3\xa0o\"@vi"},
      {parley_date("2023-09-05"), PARLEY_DATE, "2023-09-05", "2023-09-05"},
      {parley_date("2023"), PARLEY_DATE, "2023", "\"2023\"^^xsd:gYear"},
      {parley_date("2021-01/2025-12"), PARLEY_INTERVAL, "2021-01/2025-12", "2021-01..2025-12"},
      {parley_typed("P1D", "http://example.org/t"), PARLEY_LITERAL, "P1D", "\"P1D\"^^<http://example.org/t>"},
      {parley_typed("123456789012345678901234567890", "http://www.w3.org/2001/XMLSchema#integer"), PARLEY_INTEGER,
       "123456789012345678901234567890", NULL},
      {parley_iri("http://example.org/x"), PARLEY_IRI, "http://example.org/x", "<http://example.org/x>"},
      {parley_name("Le Hoai Trung"), PARLEY_IRI, "Le_Hoai_Trung", "Le_Hoai_Trung"},
      {parley_name("meeting:2022-04-19-video"), PARLEY_IRI, "meeting:2022-04-19-video", "`meeting:2022-04-19-video`"},
      {parley_name("match"), PARLEY_IRI, "match", "`match`"},
      {parley_iri("http://www.w3.org/2000/01/rdf-schema#label"), PARLEY_IRI, "rdfs:label", "rdfs:label"},
      {{.type = PARLEY_BLANK, .text = "b1", .text_len = 2}, PARLEY_BLANK, "_:b1", "_:b1"},
      {{.type = PARLEY_NULL}, PARLEY_NULL, "", "null"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    parley_value v;
    assert_int_equal(parley_bind(q, "x", &cases[i].in), PARLEY_OK);
    assert_int_equal(parley_step(q), PARLEY_ROW);
    assert_int_equal(parley_column(q, 0, &v), PARLEY_OK);
    assert_int_equal(v.type, cases[i].type);
    assert_non_null(v.text);
    assert_string_equal(parley_column_text(q, 0), cases[i].text);
    if (cases[i].source) {
      assert_string_equal(parley_column_source(q, 0), cases[i].source);
    }
    if (v.type == PARLEY_INTEGER && cases[i].in.type == PARLEY_INTEGER) {
      assert_true(v.integer == cases[i].in.integer);
    }
    assert_int_equal(parley_step(q), PARLEY_DONE);
    assert_int_equal(parley_reset(q), PARLEY_OK);
  }
  parley_finalize(q);
}

static void gives_lists(void** state) {
  fixture* const f = *state;
  parley_query* const q = help_prepare(f->store, "return [1, \"two\", [3]] as ?l, 4 as ?n");
  const parley_value* items;
  size_t count;
  parley_value v;
  assert_int_equal(parley_step(q), PARLEY_ROW);
  assert_int_equal(parley_column(q, 0, &v), PARLEY_OK);
  assert_int_equal(v.type, PARLEY_LIST);
  assert_string_equal(v.text, "[1, two, [3]]");
  assert_string_equal(parley_column_source(q, 0), "[1, \"two\", [3]]");
  assert_int_equal(parley_column_list(q, 0, &items, &count), PARLEY_OK);
  assert_int_equal(count, 3);
  assert_int_equal(items[0].integer, 1);
  assert_string_equal(items[1].text, "two");
  assert_int_equal(items[2].type, PARLEY_LIST);
  assert_int_equal(parley_column_list(q, 1, &items, &count), PARLEY_MISUSE);
  parley_finalize(q);
}

static void reports_errors(void** state) {
  fixture* const f = *state;
  parley_query* q = NULL;
  parley_diagnostic d;
  assert_int_equal(parley_prepare(f->store, "match ?a knows return ?a", SIZE_MAX, &q, NULL), PARLEY_SYNTAX);
  assert_non_null(q);
  assert_true(parley_error_count(parley_query_error(q)) >= 1);
  assert_int_equal(parley_error_get(parley_query_error(q), 0, &d), PARLEY_OK);
  assert_int_equal(d.status, PARLEY_SYNTAX);
  assert_int_equal(d.line, 1);
  assert_true(d.column > 10);
  assert_non_null(strchr(d.text, '^'));
  assert_int_equal(parley_step(q), PARLEY_SYNTAX);
  assert_int_equal(parley_reset(q), PARLEY_SYNTAX);
  assert_int_equal(parley_column_count(q), 0);
  assert_int_equal(parley_param_count(q), 0);
  assert_non_null(parley_query_stage(q, PARLEY_STAGE_TOKENS));
  assert_null(parley_query_stage(q, PARLEY_STAGE_PLAN));
  parley_finalize(q);
  assert_int_equal(parley_prepare(f->store, "return ?nowhere", SIZE_MAX, &q, NULL), PARLEY_BIND);
  parley_finalize(q);
  assert_int_equal(parley_prepare(f->store, NULL, 0, &q, NULL), PARLEY_MISUSE);
  assert_null(q);
}

static void walks_scripts(void** state) {
  fixture* const f = *state;
  const char* text = "return 1 ;\n# nothing\nreturn 2;  ";
  const char* tail = text;
  char got[16] = "";
  int complete;
  assert_int_equal(parley_statement_length(text, SIZE_MAX, &complete), 10);
  assert_true(complete);
  while (*tail) {
    parley_query* q;
    assert_int_equal(parley_prepare(f->store, tail, SIZE_MAX, &q, &tail), PARLEY_OK);
    if (q) {
      char* const rows = help_rows(q);
      strncat(got, rows, 4);
      free(rows);
      parley_finalize(q);
    }
  }
  assert_string_equal(got, "12");
}

static void shows_stages(void** state) {
  fixture* const f = *state;
  help_load(f->store, "nt", people);
  parley_query* const q = help_prepare(f->store, "match ?a knows ?b return ?a");
  for (int stage = PARLEY_STAGE_TOKENS; stage <= PARLEY_STAGE_PROFILE; stage++) {
    const char* const text = parley_query_stage(q, (parley_stage)stage);
    assert_non_null(text);
    assert_string_not_equal(text, "");
  }
  assert_null(parley_query_stage(q, (parley_stage)77));
  parley_finalize(q);
  for (int i = 0; i < 2; i++) {
    parley_query* const plan =
        help_prepare(f->store, i ? "profile match ?a knows ?b return ?a" : "explain match ?a knows ?b return ?a");
    parley_value v;
    assert_int_equal(parley_column_count(plan), 1);
    assert_string_equal(parley_column_name(plan, 0), "plan");
    assert_int_equal(parley_step(plan), PARLEY_ROW);
    assert_int_equal(parley_column(plan, 0, &v), PARLEY_OK);
    assert_int_equal(v.type, PARLEY_STRING);
    assert_string_equal(parley_column_text(plan, 0), v.text);
    assert_null(strchr(v.text, '\n'));
    while (parley_step(plan) == PARLEY_ROW) {
    }
    assert_int_equal(parley_step(plan), PARLEY_DONE);
    parley_finalize(plan);
  }
}

static void updates(void** state) {
  fixture* const f = *state;
  help_load(f->store, "nt", people);
  parley_query* q = help_prepare(f->store, "match ?a knows ?b insert ( ?b known_by ?a )");
  assert_true(parley_query_is_update(q));
  assert_int_equal(parley_column_count(q), 0);
  assert_int_equal(parley_step(q), PARLEY_DONE);
  assert_int_equal(parley_query_changes(q).facts_new, 3);
  assert_int_equal(parley_reset(q), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_DONE);
  assert_int_equal(parley_query_changes(q).facts_new, 0);
  parley_finalize(q);
  help_expect(f->store, "match Bob known_by ?a return ?a", "Ann");
  q = help_prepare(f->store, "delete ( Bob known_by Ann )");
  assert_int_equal(parley_step(q), PARLEY_DONE);
  assert_int_equal(parley_query_changes(q).facts_gone, 1);
  parley_finalize(q);
  help_expect(f->store, "match Bob known_by ?a return ?a", "");
}

static void works_in_transactions(void** state) {
  fixture* const f = *state;
  parley_txn* txn = NULL;
  parley_query* q = NULL;
  parley_query* insert = NULL;
  assert_int_equal(parley_begin(f->store, 1, &txn), PARLEY_OK);
  assert_int_equal(help_add(txn, "Ann", "knows", "Bob"), PARLEY_OK);
  assert_int_equal(parley_prepare_in(txn, "match ?a knows ?b return ?b order by ?b", SIZE_MAX, &q, NULL), PARLEY_OK);
  char* rows = help_rows(q);
  assert_string_equal(rows, "Bob");
  free(rows);
  assert_int_equal(parley_prepare_in(txn, "insert ( Ann knows Cyd )", SIZE_MAX, &insert, NULL), PARLEY_OK);
  assert_int_equal(parley_step(insert), PARLEY_DONE);
  parley_finalize(insert);
  assert_int_equal(help_add(txn, "Ann", "knows", "Dan"), PARLEY_OK);
  assert_int_equal(parley_reset(q), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_ROW);
  assert_int_equal(help_add(txn, "Ann", "knows", "Eve"), PARLEY_MISUSE);  // q is reading
  rows = help_rows(q);
  assert_string_equal(rows, "Cyd\nDan");
  free(rows);
  help_expect(f->store, "match ?a knows ?b return ?b", "");  // others do not see it
  assert_int_equal(parley_commit(txn), PARLEY_OK);
  assert_int_equal(parley_reset(q), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_MISUSE);  // its transaction is gone
  parley_finalize(q);
  help_expect(f->store, "match ?a knows ?b return ?b order by ?b", "Bob\nCyd\nDan");

  assert_int_equal(parley_begin(f->store, 0, &txn), PARLEY_OK);
  assert_int_equal(parley_prepare_in(txn, "insert ( Ann knows Fay )", SIZE_MAX, &q, NULL), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_READONLY);
  parley_rollback(txn);
  parley_finalize(q);
}

static int stop_now(void* user) {
  ++*(int*)user;
  return 1;
}

static void stops(void** state) {
  fixture* const f = *state;
  help_load(f->store, "nt", people);
  parley_query* const q = help_prepare(f->store, "match ?a ?p ?b . ?c ?q ?d . ?e ?r ?g return count(*) as ?n");
  parley_query_interrupt(q);
  assert_int_equal(parley_step(q), PARLEY_INTERRUPTED);
  assert_int_equal(parley_reset(q), PARLEY_OK);
  parley_interrupt(f->store);
  assert_int_equal(parley_step(q), PARLEY_INTERRUPTED);
  parley_clear_interrupt(f->store);
  assert_int_equal(parley_reset(q), PARLEY_OK);
  int calls = 0;
  assert_int_equal(parley_query_on_progress(q, stop_now, &calls), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_INTERRUPTED);
  assert_int_equal(calls, 1);
  assert_int_equal(parley_query_on_progress(q, NULL, NULL), PARLEY_OK);
  assert_int_equal(parley_reset(q), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_ROW);
  assert_string_equal(parley_column_text(q, 0), "216");
  parley_finalize(q);
}

static void keeps_limits(void** state) {
  fixture* const f = *state;
  help_load(f->store, "nt", people);
  parley_limits limits = {.size = sizeof limits, .rows = 2};
  assert_int_equal(parley_set_limits(f->store, &limits), PARLEY_OK);
  parley_query* const q = help_prepare(f->store, "match ?a ?p ?b return ?a");
  assert_int_equal(parley_step(q), PARLEY_ROW);
  assert_int_equal(parley_query_set_limits(q, &limits), PARLEY_MISUSE);
  parley_status status;
  while ((status = parley_step(q)) == PARLEY_ROW) {
  }
  assert_int_equal(status, PARLEY_LIMIT);
  assert_int_equal(parley_step(q), PARLEY_LIMIT);
  assert_int_equal(parley_error_count(parley_query_error(q)), 1);
  assert_int_equal(parley_reset(q), PARLEY_OK);
  assert_int_equal(parley_error_count(parley_query_error(q)), 0);
  limits.rows = 0;
  assert_int_equal(parley_query_set_limits(q, &limits), PARLEY_OK);
  char* const rows = help_rows(q);
  free(rows);
  limits.seconds = -1;
  assert_int_equal(parley_set_limits(f->store, &limits), PARLEY_MISUSE);
  assert_int_equal(parley_set_limits(f->store, NULL), PARLEY_MISUSE);
  parley_finalize(q);
}

static void answers_do_not_depend_on_rules(void** state) {
  fixture* const f = *state;
  help_load(f->store, "nt", people);
  parley_query* const q = help_prepare(f->store, "match ?a knows ?b . ?b age ?n where ?n > 20 return ?a, ?n");
  assert_int_equal(parley_query_set_rules(q, UINT64_MAX, 1), PARLEY_OK);
  char* const rows = help_rows(q);
  assert_string_equal(rows, "Bob|41");
  free(rows);
  parley_finalize(q);
}

static void count_word(void* user, const char* word) {
  assert_non_null(word);
  ++*(int*)user;
}

static void knows_its_words(void** state) {
  (void)state;
  int count = 0, reserved = 0, complete = 1;
  const char* help = NULL;
  assert_non_null(parley_keyword(0, &reserved, &help));
  assert_non_null(help);
  assert_null(parley_keyword(SIZE_MAX, NULL, NULL));
  assert_int_equal(parley_expected("match ?a knows ?b ", SIZE_MAX, count_word, &count), PARLEY_OK);
  assert_true(count > 0);
  assert_int_equal(parley_expected(NULL, 0, count_word, &count), PARLEY_MISUSE);
  assert_int_equal(parley_statement_length("return 1", SIZE_MAX, &complete), 8);
  assert_false(complete);
  assert_int_equal(parley_statement_length(NULL, 5, NULL), 0);
}

/// Patterns that form a cycle are not read as a whole where the first rows are enough.
static void limits_keep_from_reading_all(void** state) {
  enum { PEOPLE = 320 };
  static const struct {
    const char* text;
    int at_once;
  } cases[] = {{"explain match ?a knows ?b . ?b knows ?c . ?c knows ?a return count(*)", 1},
               {"explain match ?a knows ?b . ?b knows ?c . ?c knows ?a return ?a limit 10", 0},
               {"explain exists ( ?a knows ?b . ?b knows ?c . ?c knows ?a )", 0}};
  fixture* const f = *state;
  char list[PEOPLE * 6] = "";
  for (size_t i = 0, len = 0; i < PEOPLE; i++) {
    len += (size_t)snprintf(list + len, sizeof list - len, "%sn%zu", i ? ", " : "", i);
  }
  char insert[2 * sizeof list + 64];
  (void)snprintf(insert, sizeof insert, "for ?x in [%s] for ?y in [%s] insert ( ?x knows ?y )", list, list);
  help_expect(f->store, insert, "");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    parley_query* const q = help_prepare(f->store, cases[i].text);
    char* const plan = help_rows(q);
    assert_int_equal(strstr(plan, "MultiJoin") != NULL, cases[i].at_once);
    free(plan);
    parley_finalize(q);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      HELP_TEST(gives_rows),
      HELP_TEST(binds_parameters),
      HELP_TEST(binds_lists),
      HELP_TEST(returns_values),
      HELP_TEST(gives_lists),
      HELP_TEST(reports_errors),
      HELP_TEST(walks_scripts),
      HELP_TEST(shows_stages),
      HELP_TEST(updates),
      HELP_TEST(stops),
      HELP_TEST(works_in_transactions),
      HELP_TEST(keeps_limits),
      HELP_TEST(limits_keep_from_reading_all),
      HELP_TEST(answers_do_not_depend_on_rules),
      cmocka_unit_test(knows_its_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
