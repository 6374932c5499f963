// Parley inside a program: make a store, add statements with their sources, ask with a parameter, read rows, handle errors.
//
//   cc embed.c -o embed $(pkg-config --cflags --libs parley) && ./embed people.parley
#include <parley.h>

#include <stdio.h>
#include <stdlib.h>

// Print the reports of an error object and leave.
static void fail(const parley_error_object* error) {
  parley_diagnostic d;
  for (size_t i = 0; parley_error_get(error, i, &d) == PARLEY_OK; i++) {
    fprintf(stderr, "%s", d.text);
  }
  exit(1);
}

// One statement, as `source` reports it. Names become nodes; saying the same twice changes nothing.
static void say(parley_txn* txn, const char* who, const char* verb, const char* what, const char* source,
                double trust) {
  const parley_value subject = parley_name(who);
  const parley_value predicate = parley_name(verb);
  const parley_value object = parley_name(what);
  const parley_annotation annotations[] = {{"source", parley_name(source)}, {"confidence", parley_double(trust)}};
  if (parley_add(txn, &subject, &predicate, &object, annotations, 2, NULL) != PARLEY_OK) {
    fail(parley_txn_error(txn));
  }
}

static void fill(parley* store) {
  parley_txn* txn;
  if (parley_begin(store, 1, &txn) != PARLEY_OK) {
    fail(parley_error(store));
  }
  say(txn, "Ada Lovelace", "worked_with", "Charles Babbage", "letters 1843", 1.0);
  say(txn, "Ada Lovelace", "worked_with", "Michael Faraday", "a rumour", 0.3);
  say(txn, "Charles Babbage", "designed", "Analytical Engine", "letters 1843", 0.9);
  if (parley_commit(txn) != PARLEY_OK) {
    fail(parley_error(store));
  }
}

// Print every row of the query for one person: columns joined by tabs.
static void ask(parley_query* query, const char* who) {
  const parley_value person = parley_name(who);
  parley_status status = parley_bind(query, "who", &person);
  while (status == PARLEY_OK || status == PARLEY_ROW) {
    status = parley_step(query);
    for (size_t c = 0; status == PARLEY_ROW && c < parley_column_count(query); c++) {
      printf("%s%s", parley_column_text(query, c), c + 1 < parley_column_count(query) ? "\t" : "\n");
    }
  }
  if (status != PARLEY_DONE) {
    fail(parley_query_error(query));
  }
  parley_reset(query);
}

int main(int argc, char** argv) {
  parley* store;
  parley_query* query;
  parley_error_object* error;
  const parley_options options = {.size = sizeof options, .flags = PARLEY_OPEN_CREATE};
  const char* const text =
      "match $who ?verb ?what { source ?source ; confidence ?trust } return ?verb, ?what, ?source, ?trust order by "
      "?trust desc";
  if (parley_open(argc > 1 ? argv[1] : "embed.parley", &options, &store, &error) != PARLEY_OK) {
    fail(error);
  }
  fill(store);
  if (parley_prepare(store, text, SIZE_MAX, &query, NULL) != PARLEY_OK) {
    fail(parley_query_error(query));
  }
  ask(query, "Ada Lovelace");
  ask(query, "Charles Babbage");
  parley_finalize(query);
  return parley_close(store) == PARLEY_OK ? 0 : 1;
}
