// Ask a store a question that a stranger wrote: the store is opened read-only, and time, memory and rows have limits.
//
//   cc stranger.c -o stranger $(pkg-config --cflags --libs parley) && ./stranger people.parley 'match ?s ?p ?o return ?s, ?p, ?o'
//
// A question that asks for too much, or for a change, ends with an error; the store and this program are unharmed. Values go in as
// parameters, never pasted into the text. What is promised: SECURITY.md.
#include <parley.h>

#include <stdio.h>
#include <string.h>

static void report(const parley_error_object* error) {
  parley_diagnostic d;
  for (size_t i = 0; parley_error_get(error, i, &d) == PARLEY_OK; i++) {
    fprintf(stderr, "%s", d.text);
  }
}

static parley* open_for_strangers(const char* path) {
  const parley_options options = {.size = sizeof options, .flags = PARLEY_OPEN_READONLY, .threads = 1};
  const parley_limits limits = {.size = sizeof limits, .memory_bytes = 64 << 20, .seconds = 2.0, .rows = 1000};
  parley* store = NULL;
  parley_error_object* error = NULL;
  if (parley_open(path, &options, &store, &error) != PARLEY_OK) {
    report(error);
    parley_error_free(error);
    return NULL;
  }
  if (parley_set_limits(store, &limits) != PARLEY_OK) {
    report(parley_error(store));
  }
  return store;
}

// One statement and no more: what stands behind the first is not looked at. 0 if it was answered whole.
static int answer(parley* store, const char* text, size_t len) {
  parley_query* query = NULL;
  parley_status status = parley_prepare(store, text, len, &query, NULL);
  while (query && (status == PARLEY_OK || status == PARLEY_ROW)) {
    status = parley_step(query);
    for (size_t c = 0; status == PARLEY_ROW && c < parley_column_count(query); c++) {
      printf("%s%s", parley_column_source(query, c), c + 1 < parley_column_count(query) ? "\t" : "\n");
    }
  }
  if (status != PARLEY_DONE) {
    report(query ? parley_query_error(query) : parley_error(store));
  }
  parley_finalize(query);
  return status == PARLEY_DONE ? 0 : 1;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: stranger STORE QUESTION\n");
    return 2;
  }
  parley* const store = open_for_strangers(argv[1]);
  if (!store) {
    return 3;
  }
  const int result = answer(store, argv[2], strlen(argv[2]));
  parley_close(store);
  return result;
}
