/// Prepared queries run again: whatever a query keeps between its runs, each run answers like a fresh one, with the
/// parameters and in the snapshot of its own.
#include "help.h"

enum { MANY = 40 };  // more than may keep a transaction at rest

static const char* const texts[] = {
    "match $s knows ?o return ?o order by ?o",
    "match ?o knows $s return ?o order by ?o",
    "match $s knows ?x . ?x knows ?o return ?x, ?o order by ?x, ?o",
    "match $s knows ?o return count(*), count(distinct ?o), min(?o)",
    "match ?s knows ?o where ?s = $s or ?o = $s return ?s, ?o order by ?s, ?o",
    "match ?s knows ?o . optional ( ?o knows $s ) return ?s, ?o order by ?s desc, ?o limit 3",
    "match ?s knows ?o . not ( ?o knows $s ) return distinct ?o order by ?o",
    "match ?s knows ?o where exists ( ?o knows $s ) return ?s, ?o order by ?s, ?o",
    "match either ( $s knows ?o ) or ( ?o knows $s ) return ?o order by ?o",
    "match $s knows|likes ?o return ?o order by ?o",
    "match $s ?p ?o return ?p, ?o order by ?p, ?o",
    "match ?s knows ?o with ?s, count(*) as ?n where ?n > 1 return ?s, ?n, $s order by ?s",
    "match $s knows ?o return label(?o) as ?l union match ?o knows $s return label(?o) as ?l",
    "match ?s knows ?o { source ?w } where ?s = $s return ?o, ?w order by ?o",
    "match ?s knows ?o return concat(str($s), 'a text of some length'), ?s order by ?s limit 1",
    "for ?x in [$s, Bob] match ?x knows ?o return ?x, ?o order by ?x, ?o",
    "match ?a knows ?b . ?b knows ?c . ?c knows ?a where ?a != $s return count(*)",
    "exists ( $s knows ?o )",
    "at 2020 match $s knows ?o return ?o order by ?o",
};
static const char* const subjects[] = {"Ann", "Bob", "Nobody", "Ann", "Dan"};

static parley_query* prepare(fixture* f, parley_txn* txn, const char* text) {
  parley_query* q = NULL;
  if (!txn) {
    return help_prepare(f->store, text);
  }
  assert_int_equal(parley_prepare_in(txn, text, SIZE_MAX, &q, NULL), PARLEY_OK);
  return q;
}

static char* rows_for(parley_query* q, const char* subject) {
  const parley_value s = parley_name(subject);
  assert_int_equal(parley_reset(q), PARLEY_OK);
  assert_int_equal(parley_bind(q, "s", &s), PARLEY_OK);
  return help_rows(q);
}

/// The query and a fresh one give the same for every subject.
static void expect_like_fresh(fixture* f, parley_txn* txn, parley_query* q, const char* text) {
  for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
    parley_query* const fresh = prepare(f, txn, text);
    char* const got = rows_for(q, subjects[i]);
    char* const wanted = rows_for(fresh, subjects[i]);
    if (strcmp(got, wanted) != 0) {
      print_error("%s, $s = %s\n", text, subjects[i]);
    }
    assert_string_equal(got, wanted);
    free(got);
    free(wanted);
    parley_finalize(fresh);
  }
}

static void add(parley_txn* txn, const char* s, const char* p, const char* o) {
  assert_int_equal(help_add(txn, s, p, o), PARLEY_OK);
}

static void commit_fact(fixture* f, const char* s, const char* o) {
  parley_txn* txn = NULL;
  assert_int_equal(parley_begin(f->store, 1, &txn), PARLEY_OK);
  add(txn, s, "knows", o);
  assert_int_equal(parley_commit(txn), PARLEY_OK);
}

static void fill(fixture* f) {
  parley_txn* txn = NULL;
  assert_int_equal(parley_begin(f->store, 1, &txn), PARLEY_OK);
  add(txn, "Ann", "knows", "Bob");
  add(txn, "Ann", "knows", "Cyd");
  add(txn, "Bob", "knows", "Ann");
  add(txn, "Bob", "likes", "Cyd");
  add(txn, "Cyd", "knows", "Ann");
  assert_int_equal(parley_commit(txn), PARLEY_OK);
}

static void answers_like_a_fresh_query(void** state) {
  fixture* const f = *state;
  fill(f);
  for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
    char name[32];
    parley_query* const q = prepare(f, NULL, texts[t]);
    expect_like_fresh(f, NULL, q, texts[t]);
    (void)snprintf(name, sizeof name, "Friend%zu", t);
    commit_fact(f, "Dan", name);
    commit_fact(f, name, "Ann");
    expect_like_fresh(f, NULL, q, texts[t]);
    parley_finalize(q);
  }
}

static void stays_in_its_transaction(void** state) {
  fixture* const f = *state;
  fill(f);
  for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
    char name[32];
    parley_txn* txn = NULL;
    assert_int_equal(parley_begin(f->store, 0, &txn), PARLEY_OK);
    parley_query* const q = prepare(f, txn, texts[t]);
    char* const before = rows_for(q, "Ann");
    (void)snprintf(name, sizeof name, "Friend%zu", t);
    commit_fact(f, "Ann", name);
    char* const after = rows_for(q, "Ann");
    assert_string_equal(before, after);
    expect_like_fresh(f, txn, q, texts[t]);
    parley_rollback(txn);
    assert_int_equal(parley_reset(q), PARLEY_OK);
    assert_int_equal(parley_step(q), PARLEY_MISUSE);
    parley_finalize(q);
    free(before);
    free(after);
  }
}

static void sees_the_writes_of_its_transaction(void** state) {
  fixture* const f = *state;
  fill(f);
  parley_txn* txn = NULL;
  assert_int_equal(parley_begin(f->store, 1, &txn), PARLEY_OK);
  for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
    char name[32];
    parley_query* const q = prepare(f, txn, texts[t]);
    expect_like_fresh(f, txn, q, texts[t]);
    (void)snprintf(name, sizeof name, "Friend%zu", t);
    assert_int_equal(parley_reset(q), PARLEY_OK);
    add(txn, "Ann", "knows", name);
    expect_like_fresh(f, txn, q, texts[t]);
    parley_finalize(q);
  }
  parley_rollback(txn);
}

static void begins_anew_in_the_middle(void** state) {
  fixture* const f = *state;
  fill(f);
  const parley_value ann = parley_name("Ann");
  parley_query* const q = help_prepare(f->store, "match $s knows ?o return ?o order by ?o");
  assert_int_equal(parley_bind(q, "s", &ann), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_ROW);
  assert_string_equal(parley_column_text(q, 0), "Bob");
  commit_fact(f, "Ann", "Abe");
  assert_int_equal(parley_step(q), PARLEY_ROW);  // still the snapshot it began in
  assert_string_equal(parley_column_text(q, 0), "Cyd");
  char* const rows = rows_for(q, "Ann");
  assert_string_equal(rows, "Abe\nBob\nCyd");
  free(rows);
  const parley_value list[] = {parley_name("Bob"), parley_name("Cyd")};
  assert_int_equal(parley_reset(q), PARLEY_OK);
  assert_int_equal(parley_bind_list(q, "s", list, 2), PARLEY_OK);
  char* const both = help_rows(q);
  assert_string_equal(both, "Ann\nAnn");
  free(both);
  assert_int_equal(parley_reset(q), PARLEY_OK);
  const parley_value null = {.type = PARLEY_NULL};
  assert_int_equal(parley_bind(q, "s", &null), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_DONE);
  parley_finalize(q);
}

static void many_rest_at_once(void** state) {
  fixture* const f = *state;
  fill(f);
  parley_query* q[MANY];
  for (int i = 0; i < MANY; i++) {
    q[i] = help_prepare(f->store, texts[0]);
  }
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < MANY; i++) {
      char* const rows = rows_for(q[i], "Bob");
      assert_string_equal(rows, round == 2 ? "Abe\nAnn" : "Ann");
      free(rows);
    }
    if (round == 1) {
      commit_fact(f, "Bob", "Abe");
    }
  }
  for (int i = 0; i < MANY; i++) {
    parley_finalize(q[i]);
  }
}

static void rules_may_change_between_runs(void** state) {
  fixture* const f = *state;
  fill(f);
  parley_query* const q = help_prepare(f->store, texts[2]);
  char* const rows = rows_for(q, "Ann");
  assert_int_equal(parley_reset(q), PARLEY_OK);
  assert_int_equal(parley_query_set_rules(q, UINT64_MAX, 1), PARLEY_OK);
  char* const plain = rows_for(q, "Ann");
  assert_string_equal(rows, plain);
  free(rows);
  free(plain);
  parley_finalize(q);
}

// ---- cycles -------------------------------------------------------------------------------------------------------

enum { PEOPLE = 40 };

/// Everybody knows about half of all others, some of it since 2020 only.
static void fill_cycles(fixture* f) {
  size_t len = 0, size = (size_t)PEOPLE * PEOPLE * 96;
  char* const text = malloc(size);
  assert_non_null(text);
  for (int a = 0; a < PEOPLE; a++) {
    for (int b = 0; b < PEOPLE; b++) {
      if (a != b && (a * 7 + b * 3) % 5 < 3) {
        len += (size_t)snprintf(text + len, size - len,
                                "{\"subject\":\"m%d\",\"predicate\":\"meets\",\"object\":\"m%d\",\"from\":\"%d\"}\n", a,
                                b, 2018 + (a + b) % 4);
      }
    }
  }
  help_load(f->store, "jsonl", text);
  free(text);
}

static char* answer_for(parley_query* q, const parley_value* value) {
  assert_int_equal(parley_reset(q), PARLEY_OK);
  assert_int_equal(parley_bind(q, "v", value), PARLEY_OK);
  return help_rows(q);
}

/// What a join at once has read stays good for other parameters only where none of them decided what was read.
static void cycles_follow_their_parameters(void** state) {
  fixture* const f = *state;
  static const struct {
    const char* text;
    const char* values[3];
  } cases[] = {
      {"match ?a meets ?b . ?b meets ?c . ?c meets ?a where ?a != $v return count(*)", {"m1", "m2", "nobody"}},
      {"match ?a meets ?b . ?b meets ?c . ?c meets ?a return count(*), $v", {"m1", "m2", "m3"}},
      {"match ?a meets ?b . ?b meets ?c . ?c meets ?a where ?b = $v return ?a, ?c order by ?a, ?c", {"m1", "m2", "m3"}},
      {"at $v match ?a meets ?b . ?b meets ?c . ?c meets ?a return count(*)", {"2018", "2019", "2021"}},
      {"at $v match ?a meets ?b . ?b meets ?c . ?c meets ?a return ?a, count(*) order by ?a", {"2018", "2020", "2021"}},
  };
  fill_cycles(f);
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    parley_query* const q = help_prepare(f->store, cases[c].text);
    for (size_t i = 0; i < 6; i++) {
      if (i == 4) {
        help_expect(f->store, "insert ( m0 meets m3 . m3 meets m39 . m39 meets m0 )", "");
      }
      const char* const word = cases[c].values[i % 3];
      const parley_value value = *word == '2' ? parley_integer(atoi(word)) : parley_name(word);
      parley_query* const fresh = help_prepare(f->store, cases[c].text);
      char* const got = answer_for(q, &value);
      char* const wanted = answer_for(fresh, &value);
      assert_string_equal(got, wanted);
      free(got);
      free(wanted);
      parley_finalize(fresh);
    }
    parley_finalize(q);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      HELP_TEST(answers_like_a_fresh_query),
      HELP_TEST(stays_in_its_transaction),
      HELP_TEST(sees_the_writes_of_its_transaction),
      HELP_TEST(begins_anew_in_the_middle),
      HELP_TEST(many_rest_at_once),
      HELP_TEST(rules_may_change_between_runs),
      HELP_TEST(cycles_follow_their_parameters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
