/// Joins whose sides turn out to have few keys: what is read is little, rows and their order are those of the plain way, run after run.
#include "help.h"

#include <stdbool.h>

enum { NODES = 3000, OBJECTS = 5, FOUND = 5 };

/// Half of the nodes have p; all have some r. How many names hold a text is nothing that an estimate can know.
static void fill(fixture* f) {
  char* text = NULL;
  size_t len = 0;
  FILE* const out = open_memstream(&text, &len);
  assert_non_null(out);
  for (int i = 0; i < NODES; i++) {
    for (int o = 0; o < OBJECTS; o++) {
      (void)fprintf(out, "<urn:parley:n%d> <urn:parley:r> <urn:parley:n%d> .\n", i, (i + 1 + o) % NODES);
    }
    if (i % 2 == 0) {
      (void)fprintf(out, "<urn:parley:n%d> <urn:parley:p> <urn:parley:n%d> .\n", i, i / 2);
    }
  }
  assert_int_equal(fclose(out), 0);
  help_load(f->store, "nt", text);
  free(text);
}

/// The rows of a query, twice with the same prepared one.
static char* rows_of(fixture* f, const char* text) {
  parley_query* const query = help_prepare(f->store, text);
  char* const first = help_rows(query);
  assert_int_equal(parley_reset(query), PARLEY_OK);
  char* const again = help_rows(query);
  assert_string_equal(first, again);
  free(again);
  parley_finalize(query);
  return first;
}

static unsigned lines_of(const char* rows) {
  unsigned count = *rows != 0;
  for (; *rows; rows++) {
    count += *rows == '\n';
  }
  return count;
}

/// The rows are these: ?x is called so, ?c is one of the objects of its ?a; with ?a or without.
static void check_rows(fixture* f, const char* text, bool with_a) {
  char* const rows = rows_of(f, text);
  unsigned expected = 0;
  for (int i = 0; i < NODES; i++) {
    for (int o = 0; (i == 77 || i / 10 == 77) && (i % 2 == 0) && o < OBJECTS; o++, expected++) {
      char line[96], a[32] = "";
      (void)snprintf(a, sizeof a, "|n%d", i / 2);
      (void)snprintf(line, sizeof line, "n%d%s|n%d", i, with_a ? a : "", (i / 2 + 1 + o) % NODES);
      assert_non_null(strstr(rows, line));
    }
  }
  assert_int_equal(lines_of(rows), expected);
  free(rows);
}

/// Rows that the last line with `what` in a profile saw.
static long seen(fixture* f, const char* text, const char* what) {
  parley_query* const query = help_prepare(f->store, text);
  char* const rows = help_rows(query);
  const char* const line = strstr(rows, what);
  assert_non_null(line);
  const char* const comma = strstr(line, "  (~");
  assert_non_null(comma);
  const long count = strtol(strchr(comma, ',') + 1, NULL, 10);
  free(rows);
  parley_finalize(query);
  return count;
}

static void test_few_keys(void** state) {
  fixture* const f = *state;
  fill(f);
  check_rows(f, "match ?x p ?a . ?a r ?c where contains(str(?x), 'n77') return ?x, ?c", false);
  check_rows(f, "match ?x p ?a . ?a r ?c where contains(str(?x), 'n77') return ?x, ?a, ?c", true);
  help_expect(f->store, "match ?x p ?a . ?a r ?c where contains(str(?x), 'n77') return count(*)", "25");
  assert_true(seen(f, "profile match ?x p ?a . ?a r ?c where contains(str(?x), 'n77') return ?x, ?c", "?a r ?c") <=
              2 * FOUND * OBJECTS);
  assert_true(seen(f, "profile match ?x p ?a . ?a r ?c where contains(str(?x), 'n77') return ?x, ?a, ?c", "?a r ?c") <=
              2 * FOUND * OBJECTS);
  assert_true(seen(f, "profile match ?x p ?a . ?a r ?c where contains(str(?x), 'n77') return ?x, ?a", "?a r ?c") <=
              2 * FOUND * OBJECTS);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_few_keys, help_setup, help_teardown)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
