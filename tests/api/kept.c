/// What goes from one query to the next (read transactions, compiled lenses, remembered terms and counters) never shows: answers are those of the
/// newest snapshot and of the arguments of the run.
#include "help.h"

static void load(fixture* f, const char* subject, const char* source, const char* confidence) {
  char line[256];
  snprintf(line, sizeof line,
           "{\"subject\":\"%s\",\"predicate\":\"knows\",\"object\":\"x_%s\",\"source\":\"%s\",\"confidence\":%s}\n",
           subject, subject, source, confidence);
  help_load(f->store, "jsonl", line);
}

static void expect(parley_query* q, const char* rows) {
  char* const got = help_rows(q);
  assert_string_equal(got, rows);
  free(got);
  assert_int_equal(parley_reset(q), PARLEY_OK);
}

static void trust(parley_query* q, double confidence, const char* rows) {
  const parley_value value = parley_double(confidence);
  assert_int_equal(parley_bind(q, "trust", &value), PARLEY_OK);
  expect(q, rows);
}

/// One prepared query under a lens: other arguments, another snapshot, names that the store did not know before.
static void test_lens_again(void** state) {
  fixture* const f = *state;
  load(f, "ada", "a1", "0.9");
  load(f, "max", "a2", "0.4");
  parley_query* const q = help_prepare(f->store, "trust $trust match ?s knows ?o return ?s order by ?s");
  parley_query* const named = help_prepare(f->store, "according to a3 match eve knows ?o return ?o");
  trust(q, 0.5, "ada");
  trust(q, 0.1, "ada\nmax");
  trust(q, 0.95, "");
  trust(q, 0.5, "ada");
  expect(named, "");
  load(f, "eve", "a3", "0.8");
  load(f, "eve", "a4", "0.2");
  trust(q, 0.5, "ada\neve");
  expect(named, "x_eve");
  help_expect(f->store, "trust 0.5 match ?s knows ?o return ?s order by ?s", "ada\neve");
  parley_finalize(q);
  parley_finalize(named);
}

/// New texts, each with the transaction that the one before has left.
static void test_new_texts(void** state) {
  fixture* const f = *state;
  for (int i = 0; i < 40; i++) {
    char name[16], text[64], rows[16];
    snprintf(name, sizeof name, "n%d", i);
    snprintf(text, sizeof text, "match n%d knows ?o return ?o", i);
    snprintf(rows, sizeof rows, "x_n%d", i);
    help_expect(f->store, text, "");
    load(f, name, "a", "1");
    help_expect(f->store, text, rows);
    snprintf(rows, sizeof rows, "%d", i + 1);
    help_expect(f->store, "match ?s knows ?o return count(*)", rows);
    help_expect(f->store, "trust 0.5 match ?s knows ?o return count(*)", rows);
  }
}

/// More queries at once than transactions are kept for; each has its own snapshot while it reads.
static void test_many(void** state) {
  enum { COUNT = 40 };
  fixture* const f = *state;
  parley_query* queries[COUNT];
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < COUNT; i++) {
      char name[16];
      snprintf(name, sizeof name, "m%d_%d", round, i);
      load(f, name, "a", "1");
      queries[i] = help_prepare(f->store, "match ?s knows ?o return ?s");
      assert_int_equal(parley_step(queries[i]), PARLEY_ROW);
    }
    for (int i = 0; i < COUNT; i++) {
      int rows = 1;
      while (parley_step(queries[i]) == PARLEY_ROW) {
        rows++;
      }
      assert_int_equal(rows, round * COUNT + i + 1);
      parley_finalize(queries[i]);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {HELP_TEST(test_lens_again), HELP_TEST(test_new_texts), HELP_TEST(test_many)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
