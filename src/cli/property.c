// Lists of predicates that belong to a store: shown, and changed by rewriting the whole list.
#include "cli.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 4096 };  // as many as the library takes

const char* const cli_property_names[] = {"labels", "text", "single", NULL};

// A list of IRIs with the names that were written for them.
typedef struct names {
  char* iris[NAMES_MAX];
  size_t count;
  parley* db;
  bool failed;  // what was said; nothing is changed
  bool full;    // so much has been said
} names;

// The IRI of a name that the language must read: prefixed, in backquotes or in angle brackets.
static char* resolved(parley* db, const char* name) {
  char *text = NULL, *iri = NULL;
  parley_query* query = NULL;
  parley_value v;
  if (asprintf(&text, "return %s as ?x", name) < 0) {
    return NULL;
  }
  if (parley_prepare(db, text, SIZE_MAX, &query, NULL) == PARLEY_OK && query && !parley_query_is_update(query) &&
      parley_column_count(query) == 1 && parley_step(query) == PARLEY_ROW && parley_column(query, 0, &v) == PARLEY_OK &&
      v.type == PARLEY_IRI) {
    iri = strdup(v.text);
  }
  parley_finalize(query);
  free(text);
  return iri;
}

// The IRI of a bare name, which may hold any characters.
static char* bare(parley* db, const char* name) {
  char* iri = NULL;
  parley_query* query = NULL;
  parley_value v = parley_name(name);
  if (parley_prepare(db, "return $x as ?x", SIZE_MAX, &query, NULL) == PARLEY_OK &&
      parley_bind(query, "x", &v) == PARLEY_OK && parley_step(query) == PARLEY_ROW &&
      parley_column(query, 0, &v) == PARLEY_OK && v.type == PARLEY_IRI) {
    iri = strdup(v.text);
  }
  parley_finalize(query);
  return iri;
}

static char* iri_of(parley* db, const char* name) {
  if (strstr(name, "://") && *name != '<') {
    return strdup(name);
  }
  return strpbrk(name, ":`<") ? resolved(db, name) : bare(db, name);
}

static size_t position(const names* list, const char* iri) {
  size_t i = 0;
  while (i < list->count && strcmp(list->iris[i], iri)) {
    i++;
  }
  return i;
}

static void add(names* list, const char* name) {
  char* const iri = iri_of(list->db, name);
  const bool known = iri && position(list, iri) < list->count;
  if (iri && !known && list->count < NAMES_MAX) {
    list->iris[list->count++] = iri;
    return;
  }
  if (!iri) {
    cli_usage("`%s` names no predicate: its prefix is unknown, or it is no name at all", name);
  } else if (!known && !list->full) {
    cli_usage("a list holds at most %d predicates", NAMES_MAX);
    list->full = true;
  }
  list->failed = list->failed || !known;
  free(iri);
}

static void drop(names* list, const char* name) {
  char* const iri = iri_of(list->db, name);
  const size_t i = iri ? position(list, iri) : list->count;
  if (i == list->count) {
    cli_usage("`%s` is not in the list", name);
    list->failed = true;
  } else {
    free(list->iris[i]);
    memmove(&list->iris[i], &list->iris[i + 1], (list->count - i - 1) * sizeof *list->iris);
    list->count--;
  }
  free(iri);
}

static void clear(names* list) {
  while (list->count > 0) {
    free(list->iris[--list->count]);
  }
}

static void on_name(void* user, const char* name) { add(user, name); }

static void print_name(void* user, const char* name) {
  cli_text_print(user, name, strlen(name), 0);
  fputc('\n', user);
}

static void apply(names* list, const cli_property_edit* edits, size_t count) {
  bool replaced = false;
  for (size_t i = 0; i < count; i++) {
    if (edits[i].op == '=' && !replaced) {
      clear(list);
      replaced = true;
    }
    if (edits[i].op == '-') {
      drop(list, edits[i].name);
    } else if (*edits[i].name) {
      add(list, edits[i].name);
    }
  }
}

static parley_status store(const names* list, parley_property property) {
  parley_value* const values = cli_need(calloc(list->count + 1, sizeof *values));
  for (size_t i = 0; i < list->count; i++) {
    values[i] = parley_iri(list->iris[i]);
  }
  cli_interrupt_route(list->db);
  const parley_status status = parley_set_property(list->db, property, values, list->count);
  cli_interrupt_route(NULL);
  free(values);
  return status;
}

static cli_exit change(cli_session* session, parley_property property, const cli_property_edit* edits, size_t count) {
  if (session->txn) {
    cli_usage("this list has a transaction of its own; commit or rollback first");
    return CLI_ERROR;
  }
  const cli_exit code = cli_session_open(session, true);
  if (code != CLI_OK) {
    return code;
  }
  names* const list = cli_need(calloc(1, sizeof *list));
  list->db = session->db;
  parley_status status = parley_get_property(session->db, property, on_name, list);
  apply(list, edits, count);
  const bool failed = list->failed;
  if (status == PARLEY_OK && !failed) {
    status = store(list, property);
  }
  if (status != PARLEY_OK) {
    cli_report(parley_error(session->db));
  }
  clear(list);
  free(list);
  return failed ? CLI_ERROR : cli_exit_of(status);
}

cli_exit cli_property_run(cli_session* session, parley_property property, const cli_property_edit* edits,
                          size_t count) {
  if (count > 0) {
    return change(session, property, edits, count);
  }
  cli_exit code = cli_session_open(session, false);
  if (code == CLI_OK) {
    const parley_status status = parley_get_property(session->db, property, print_name, session->out);
    if (status != PARLEY_OK) {
      cli_report(parley_error(session->db));
    }
    code = cli_exit_of(status);
  }
  return code;
}

static void print_definition(void* user, const char* name, const char* path) {
  cli_text_print(user, name, strlen(name), 0);
  fputs(" = ", user);
  cli_text_print(user, path, strlen(path), 0);
  fputc('\n', user);
}

cli_exit cli_print_definitions(cli_session* session) {
  const cli_exit code = cli_session_open(session, false);
  if (code != CLI_OK) {
    return code;
  }
  const parley_status status = parley_definitions(session->db, print_definition, session->out);
  if (status != PARLEY_OK) {
    cli_report(parley_error(session->db));
  }
  return cli_exit_of(status);
}
