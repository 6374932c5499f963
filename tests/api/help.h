/// What the tests of the public interface share: a store in a temporary folder, and short forms of common calls.
/// Only parley.h is used, as a program would.
#ifndef TESTS_API_HELP_H
#define TESTS_API_HELP_H

#include <parley.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct fixture {
  char folder[64];  ///< temporary
  char path[96];    ///< of the store in it
  parley* store;    ///< open
} fixture;

static inline void help_report(const parley_error_object* error) {
  parley_diagnostic d;
  for (size_t i = 0; parley_error_get(error, i, &d) == PARLEY_OK; i++) {
    print_error("%s\n", d.text);
  }
}

/// Address space for a store: the usual, or what the environment says (Valgrind keeps a shadow of all of it).
static inline size_t help_map(void) {
  const char* const bytes = getenv("PARLEY_TEST_MAP");
  return bytes ? strtoull(bytes, NULL, 10) : 0;
}

static inline void help_open(fixture* f, unsigned flags) {
  const parley_options options = {
      .size = sizeof options, .flags = flags | PARLEY_OPEN_NO_SYNC, .map_bytes = help_map()};
  parley_error_object* error = NULL;
  const parley_status status = parley_open(f->path, &options, &f->store, &error);
  help_report(error);
  parley_error_free(error);
  assert_int_equal(status, PARLEY_OK);
}

static inline int help_setup(void** state) {
  fixture* const f = calloc(1, sizeof *f);
  assert_non_null(f);
  strcpy(f->folder, "/tmp/parley-api-XXXXXX");
  assert_non_null(mkdtemp(f->folder));
  (void)snprintf(f->path, sizeof f->path, "%s/store", f->folder);
  help_open(f, PARLEY_OPEN_CREATE);
  *state = f;
  return 0;
}

static inline int help_teardown(void** state) {
  fixture* const f = *state;
  char command[128];
  assert_int_equal(parley_close(f->store), PARLEY_OK);
  (void)snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
  assert_int_equal(system(command), 0);
  free(f);
  return 0;
}

static inline parley_status help_add(parley_txn* txn, const char* s, const char* p, const char* o) {
  const parley_value subject = parley_name(s);
  const parley_value predicate = parley_name(p);
  const parley_value object = parley_name(o);
  return parley_add(txn, &subject, &predicate, &object, NULL, 0, NULL);
}

/// Load N-Triples text.
static inline void help_load(parley* store, const char* format, const char* text) {
  const parley_input input = {.memory = text, .memory_len = strlen(text), .format = format};
  const parley_status status = parley_load(store, &input, 1, NULL, NULL);
  if (status != PARLEY_OK) {
    help_report(parley_error(store));
  }
  assert_int_equal(status, PARLEY_OK);
}

static inline parley_query* help_prepare(parley* store, const char* text) {
  parley_query* query = NULL;
  const parley_status status = parley_prepare(store, text, SIZE_MAX, &query, NULL);
  if (status != PARLEY_OK) {
    help_report(query ? parley_query_error(query) : parley_error(store));
  }
  assert_int_equal(status, PARLEY_OK);
  assert_non_null(query);
  return query;
}

/// All rows of a query, columns joined by "|", rows by "\n"; the caller frees.
static inline char* help_rows(parley_query* query) {
  size_t len = 0;
  char* out = calloc(1, 1);
  parley_status status;
  while ((status = parley_step(query)) == PARLEY_ROW) {
    for (size_t c = 0; c < parley_column_count(query); c++) {
      const char* const text = parley_column_text(query, c);
      assert_non_null(text);
      out = realloc(out, len + strlen(text) + 3);
      assert_non_null(out);
      len += (size_t)sprintf(out + len, "%s%s", c ? "|" : len ? "\n" : "", text);
    }
  }
  if (status != PARLEY_DONE) {
    help_report(parley_query_error(query));
  }
  assert_int_equal(status, PARLEY_DONE);
  return out;
}

static inline void help_expect(parley* store, const char* text, const char* rows) {
  parley_query* const query = help_prepare(store, text);
  char* const got = help_rows(query);
  assert_string_equal(got, rows);
  free(got);
  parley_finalize(query);
}

#define HELP_TEST(name) cmocka_unit_test_setup_teardown(name, help_setup, help_teardown)

#endif
