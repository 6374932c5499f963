// Taking back what a source said. An assertion that names further sources stays with them: it is its annotations, so it
// is stated anew without this source before the old one goes. A named graph that has further sources only loses the
// fact that this is one. All of it is one transaction.
#include "cli.h"

#include <stdlib.h>
#include <string.h>

#define SHARED \
  "match ?s ?p ?o as ?st . ?st source $source . ?st source ?other where ?other != $source and ?st != $source "

// The fact and its node, then an annotation.
enum { NODE = 3, KEY, VALUE, COLUMNS };

// Annotations of shared assertions, those of one side by side.
typedef struct notes {
  parley_value* cells;  // COLUMNS a row, texts owned
  size_t count;         // rows
  size_t capacity;      // rows there is room for
} notes;

static char* copy(const char* text, size_t len) {
  char* const owned = cli_need(malloc(len + 1));
  memcpy(owned, text, len);
  owned[len] = '\0';
  return owned;
}

static void take_cell(parley_value* cell) {
  cell->text = copy(cell->text, cell->text_len);
  cell->datatype = cell->datatype ? copy(cell->datatype, strlen(cell->datatype)) : NULL;
  cell->lang = cell->lang ? copy(cell->lang, strlen(cell->lang)) : NULL;
}

static parley_status take_row(notes* list, parley_query* query) {
  if (list->count == list->capacity) {
    list->capacity = list->capacity ? list->capacity * 2 : 64;
    list->cells = cli_need(realloc(list->cells, list->capacity * COLUMNS * sizeof *list->cells));
  }
  parley_value* const row = list->cells + list->count * COLUMNS;
  for (size_t i = 0; i < COLUMNS; i++) {
    const parley_status status = parley_column(query, i, &row[i]);
    if (status != PARLEY_OK) {
      return status;
    }
  }
  for (size_t i = 0; i < COLUMNS; i++) {
    take_cell(&row[i]);
  }
  list->count++;
  return PARLEY_OK;
}

static void notes_free(notes* list) {
  for (size_t i = 0; i < list->count * COLUMNS; i++) {
    free((void*)(uintptr_t)list->cells[i].text);
    free((void*)(uintptr_t)list->cells[i].datatype);
    free((void*)(uintptr_t)list->cells[i].lang);
  }
  free(list->cells);
}

// Prepare a statement about $source.
static parley_status prepare(cli_session* session, const char* text, const parley_value* source, parley_query** query) {
  const parley_status status = cli_session_prepare(session, text, SIZE_MAX, query);
  return status == PARLEY_OK ? parley_bind(*query, "source", source) : status;
}

// Run a statement about $source to its end; its rows go to `list`. *gone counts facts that it takes back.
static parley_status run(cli_session* session, const char* text, const parley_value* source, notes* list,
                         uint64_t* gone) {
  parley_query* query = NULL;
  parley_status status = prepare(session, text, source, &query);
  while (status == PARLEY_OK && (status = parley_step(query)) == PARLEY_ROW) {
    status = take_row(list, query);
  }
  if (status == PARLEY_DONE) {
    *gone += parley_query_changes(query).facts_gone;
  } else {
    cli_report(query ? parley_query_error(query) : cli_session_error(session));
  }
  parley_finalize(query);
  return status;
}

// ---- stating anew ----

// insert ( $a $b $c { $k0 $v0 ; $k1 $v1 ... } )
static parley_status prepare_insert(cli_session* session, size_t count, parley_query** query) {
  char* text = NULL;
  size_t len = 0;
  FILE* const out = cli_need(open_memstream(&text, &len));
  fputs("insert ( $a $b $c {", out);
  for (size_t i = 0; i < count; i++) {
    fprintf(out, "%s $k%zu $v%zu", i ? " ;" : "", i, i);
  }
  fputs(" } )", out);
  fclose(out);
  parley_finalize(*query);
  *query = NULL;
  const parley_status status = cli_session_prepare(session, cli_need(text), len, query);
  free(text);
  return status;
}

static parley_status insert(parley_query* query, const parley_value* rows, size_t count) {
  static const char* const names[] = {"a", "b", "c"};
  parley_status status = parley_reset(query);
  for (size_t i = 0; status == PARLEY_OK && i < NODE; i++) {
    status = parley_bind(query, names[i], &rows[i]);
  }
  for (size_t i = 0; status == PARLEY_OK && i < count; i++) {
    char name[32];
    snprintf(name, sizeof name, "k%zu", i);
    status = parley_bind(query, name, &rows[i * COLUMNS + KEY]);
    snprintf(name, sizeof name, "v%zu", i);
    status = status == PARLEY_OK ? parley_bind(query, name, &rows[i * COLUMNS + VALUE]) : status;
  }
  return status == PARLEY_OK ? parley_step(query) : status;
}

// State every assertion of the list; *stated counts them.
static parley_status state_anew(cli_session* session, const notes* list, uint64_t* stated) {
  parley_query* query = NULL;
  size_t prepared = 0;
  parley_status status = PARLEY_DONE;
  for (size_t at = 0, end; at < list->count && status == PARLEY_DONE; at = end) {
    const parley_value* const rows = list->cells + at * COLUMNS;
    for (end = at + 1; end < list->count && !strcmp(rows[NODE].text, list->cells[end * COLUMNS + NODE].text);) {
      end++;
    }
    status = cli_interrupted ? PARLEY_INTERRUPTED : PARLEY_OK;
    if (status == PARLEY_OK && prepared != end - at) {
      prepared = end - at;
      status = prepare_insert(session, prepared, &query);
    }
    status = status == PARLEY_OK ? insert(query, rows, prepared) : status;
    ++*stated;
  }
  if (status == PARLEY_INTERRUPTED && cli_interrupted) {
    fputs("parley: interrupted\n", stderr);
  } else if (status != PARLEY_DONE) {
    cli_report(query ? parley_query_error(query) : cli_session_error(session));
  }
  parley_finalize(query);
  return status;
}

static parley_status keep_shared(cli_session* session, const parley_value* source, uint64_t* kept) {
  static const char graphs[] = SHARED "delete ( ?st source $source )";  // an assertion does not change by that
  static const char assertions[] =
      "match ?s ?p ?o as ?st . ?st source $source . ?st source ?other . ?st ?k ?v "
      "where ?other != $source and ?st != $source and not (?k = source and ?v = $source) "
      "return distinct ?s, ?p, ?o, ?st, ?k, ?v order by ?st, ?k, ?v";
  notes list = {.cells = NULL};
  parley_status status = run(session, graphs, source, &list, kept);
  status = status == PARLEY_DONE ? run(session, assertions, source, &list, kept) : status;
  status = status == PARLEY_DONE ? state_anew(session, &list, kept) : status;
  notes_free(&list);
  return status;
}

// ---- the command ----

static cli_exit list(cli_session* session, const parley_value* source) {
  static const char alone[] =
      "preview according to $source match ?s ?p ?o as ?st . "
      "not ( ?st source ?other . where ?other != $source and ?st != $source ) delete ( ?s ?p ?o as ?st )";
  static const char shared[] = SHARED
      "return distinct \"source gone\" as ?change, ?s as ?subject, ?p as ?predicate, ?o as ?object, "
      "$source as ?source order by ?subject, ?predicate, ?object";
  parley_query* query = NULL;
  cli_interrupt_route(session->db);
  parley_status status = prepare(session, alone, source, &query);
  status = status == PARLEY_OK ? prepare(session, shared, source, &session->then) : status;
  status = status == PARLEY_OK ? cli_print_rows(session, query) : status;
  const cli_exit flushed = cli_flush(session->out, "writing the answer", CLI_OK);
  cli_report(query ? parley_query_error(query) : cli_session_error(session));
  if (session->then) {
    cli_report(parley_query_error(session->then));
  }
  parley_finalize(query);
  parley_finalize(session->then);
  session->then = NULL;
  cli_interrupt_route(NULL);
  const cli_exit code = cli_exit_of(status);
  return code != CLI_OK ? code : flushed;
}

// In the open transaction: state anew what is shared, then take back what the source says.
static cli_exit take_back(cli_session* session, const parley_value* source) {
  static const char whole[] = "according to $source match ?s ?p ?o as ?st delete ( ?s ?p ?o as ?st )";
  uint64_t kept = 0;
  cli_interrupt_route(session->db);
  const parley_status status = keep_shared(session, source, &kept);
  cli_interrupt_route(NULL);
  cli_exit code = cli_exit_of(status);
  code = code == CLI_OK ? cli_session_run(session, whole, strlen(whole), false, NULL) : code;
  if (code == CLI_OK && kept) {
    char buf[64];
    session->rows += kept;
    fprintf(stderr, "%s kept with other sources\n", cli_count(kept, "statement", buf));
  }
  return code;
}

cli_exit cli_remove_source(cli_session* session, const char* source, bool dry_run) {
  char* param = NULL;
  cli_need(asprintf(&param, "source=%s", source) < 0 ? NULL : param);
  cli_exit code = cli_session_open(session, !dry_run);
  code = code == CLI_OK ? cli_param_add(session, param, true) : code;
  if (code == CLI_OK && dry_run) {
    code = list(session, &session->params[0].value);
  } else if (code == CLI_OK) {
    code = cli_transaction_run(session, "begin", strlen("begin"));
    code = code == CLI_OK ? take_back(session, &session->params[0].value) : code;
    if (session->txn) {
      const char* const end = code == CLI_OK ? "commit" : "rollback";
      const cli_exit ended = cli_transaction_run(session, end, strlen(end));
      code = code == CLI_OK ? ended : code;
    }
  }
  if (code == CLI_OK && session->rows == 0) {
    fprintf(stderr, "parley: nothing is said by `%s`\n", source);
  }
  free(session->params);
  session->params = NULL;
  session->param_count = 0;
  free(param);
  return code;
}
