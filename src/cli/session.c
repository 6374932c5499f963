// Running statements against a store: open it as little as needed, bind parameters, step, print.
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say_waiting(void* user) {
  (void)user;
  if (isatty(STDERR_FILENO)) {
    fputs("waiting for another writer of this store ...\n", stderr);
  }
}

cli_exit cli_session_open(cli_session* session, bool write) {
  write = write && !session->read_only;  // the library then refuses what would change the store
  if (session->db && (session->writable || !write)) {
    return CLI_OK;
  }
  cli_session_close(session);
  parley_options options = {.size = sizeof options, .on_wait = say_waiting};
  options.flags = write ? PARLEY_OPEN_CREATE : PARLEY_OPEN_READONLY;
  if (session->no_wait) {
    options.flags |= PARLEY_OPEN_NO_WAIT;
  }
  parley_error_object* error = NULL;
  const parley_status status = parley_open(session->path, &options, &session->db, &error);
  if (status != PARLEY_OK) {
    cli_report(error);
    parley_error_free(error);
    session->db = NULL;
    return cli_exit_of(status);
  }
  session->writable = write;
  if (parley_set_limits(session->db, &session->limits) != PARLEY_OK) {
    cli_report(parley_error(session->db));
  }
  return CLI_OK;
}

void cli_session_close(cli_session* session) {
  cli_transaction_abandon(session);
  cli_interrupt_route(NULL);
  if (session->db && parley_close(session->db) != PARLEY_OK) {
    cli_report(parley_error(session->db));
  }
  session->db = NULL;
}

// Bind `$name` to every value given for it: one, or a list.
static parley_status bind_param(const cli_session* session, parley_query* query, const char* name, cli_exit* code) {
  parley_value* values = calloc(session->param_count + 1, sizeof *values);
  size_t count = 0;
  if (!values) {
    *code = cli_system_error("parameters");
    return PARLEY_NOMEM;
  }
  for (size_t i = 0; i < session->param_count; i++) {
    if (!strcmp(session->params[i].name, name)) {
      values[count++] = session->params[i].value;
      session->params[i].used = true;
    }
  }
  parley_status status = PARLEY_MISUSE;
  if (count == 0 && parley_query_is_explain(query)) {
    status = PARLEY_OK;  // a plan can be shown without
  } else if (count == 0) {
    *code = cli_usage("$%s has no value; parley query gives it one with --param %s=VALUE", name, name);
  } else if (count == 1) {
    status = parley_bind(query, name, values);
  } else {
    status = parley_bind_list(query, name, values, count);
  }
  free(values);
  return status;
}

static parley_status bind_params(const cli_session* session, parley_query* query, cli_exit* code) {
  parley_status status = PARLEY_OK;
  for (size_t i = 0; status == PARLEY_OK && i < parley_param_count(query); i++) {
    status = bind_param(session, query, parley_param_name(query, i), code);
  }
  return status;
}

// Changes are told beside the answers, except where the answers are for a program.
static void print_changes(cli_session* session, parley_changes c) {
  FILE* out = session->format == CLI_TABLE ? session->out : stderr;
  char facts[64], assertions[64];
  if (c.facts_gone || c.assertions_gone) {
    fprintf(out, "%s and %s deleted, ", cli_count(c.facts_gone, "fact", facts),
            cli_count(c.assertions_gone, "assertion", assertions));
  }
  session->printed = session->format == CLI_TABLE;
  session->rows = c.facts_gone + c.assertions_gone + c.facts_new + c.assertions_new;
  fprintf(out, "%s, %s\n", cli_count(c.facts_new, "new fact", facts),
          cli_count(c.assertions_new, "new assertion", assertions));
}

parley_status cli_session_prepare(cli_session* session, const char* text, size_t len, parley_query** query) {
  return session->txn ? parley_prepare_in(session->txn, text, len, query, NULL)
                      : parley_prepare(session->db, text, len, query, NULL);
}

const parley_error_object* cli_session_error(const cli_session* session) {
  return session->txn ? parley_txn_error(session->txn) : parley_error(session->db);
}

// Prepare, reopening for writing when the statement turns out to be an update.
static parley_status prepare(cli_session* session, const char* text, size_t len, parley_query** query, cli_exit* code) {
  parley_status status = cli_session_prepare(session, text, len, query);
  if (status == PARLEY_OK && *query && parley_query_is_update(*query) && !session->writable) {
    parley_finalize(*query);
    *query = NULL;
    *code = cli_session_open(session, true);
    if (*code != CLI_OK) {
      return PARLEY_CANTOPEN;
    }
    status = cli_session_prepare(session, text, len, query);
  }
  return status;
}

// Line of the first error that has a place, or 0.
static uint64_t error_line(const parley_error_object* error) {
  parley_diagnostic d;
  for (size_t i = 0; parley_error_get(error, i, &d) == PARLEY_OK; i++) {
    if (d.status != PARLEY_OK && d.line) {
      return d.line;
    }
  }
  return 0;
}

// True if a statement is of this kind: the word stands behind nothing but `prefix` and `base` lines.
static bool begins_with(const char* text, size_t len, const char* word) {
  for (size_t i = cli_leading(text, len); i < len; i += cli_leading(text + i, len - i)) {
    size_t n = 0;
    while (i + n < len && !memchr(" \t\r\n#", text[i + n], 5)) {
      n++;
    }
    if (n == strlen(word) && !memcmp(text + i, word, n)) {
      return true;
    }
    const bool prologue = (n == 6 && !memcmp(text + i, "prefix", n)) || (n == 4 && !memcmp(text + i, "base", n));
    if (!prologue && text[i + n - 1] != ':' && text[i] != '<') {
      return false;
    }
    i += n;
  }
  return false;
}

static cli_exit run_one(cli_session* session, const char* text, size_t len, bool* updated, uint64_t* line) {
  parley_query* query = NULL;
  cli_exit code = CLI_OK;
  session->profiling = begins_with(text, len, "profile");
  session->text = text;
  session->text_len = len;
  cli_interrupt_route(session->db);
  parley_status status = prepare(session, text, len, &query, &code);
  if (code != CLI_OK || (status == PARLEY_OK && !query)) {
    return code;
  }
  cli_interrupt_route(session->db);  // prepare may have opened the store anew
  if (status == PARLEY_OK) {
    status = bind_params(session, query, &code);
  }
  if (status == PARLEY_OK) {
    status = cli_print_rows(session, query);
  }
  if (status == PARLEY_DONE && parley_query_is_update(query)) {
    if (!begins_with(text, len, "define") && !begins_with(text, len, "explain")) {
      print_changes(session, parley_query_changes(query));
    }
    if (updated) {
      *updated = true;
    }
  }
  const cli_exit flushed = cli_flush(session->out, "writing the answer", CLI_OK);  // answers before reports
  const parley_error_object* error = query ? parley_query_error(query) : cli_session_error(session);
  cli_report(error);
  *line = error_line(error);
  parley_finalize(query);
  cli_interrupt_route(NULL);
  code = code != CLI_OK ? code : cli_exit_of(status);
  return code != CLI_OK ? code : flushed;
}

static uint64_t count_lines(const char* text, size_t len) {
  uint64_t lines = 0;
  for (const char* end = text + len; (text = memchr(text, '\n', (size_t)(end - text))); text++) {
    lines++;
  }
  return lines;
}

// Bytes of space and comments before a statement.
size_t cli_leading(const char* text, size_t len) {
  size_t i = 0;
  while (i < len) {
    if (text[i] == '#') {
      while (i < len && text[i] != '\n') {
        i++;
      }
    } else if (!memchr(" \t\r\n", text[i], 4)) {
      break;
    } else {
      i++;
    }
  }
  return i;
}

// Places in reports count from the start of a statement's text: say where that is in a script.
static void print_place(const cli_session* session, const char* script, const char* text, size_t len, uint64_t line) {
  if (text == script && !session->source_name) {
    return;
  }
  const char* name = session->source_name ? session->source_name : "the script";
  const uint64_t before = session->source_line + count_lines(script, (size_t)(text - script));
  const uint64_t start = before + count_lines(text, cli_leading(text, len)) + 1;
  fprintf(stderr, "note: line %llu of ", (unsigned long long)(line ? before + line : start));
  cli_text_print(stderr, name, strlen(name), 0);
  if (line && before + line != start) {
    fprintf(stderr, ", in the statement that begins at line %llu", (unsigned long long)start);
  }
  fputc('\n', stderr);
}

// Length of the next statement; 0 at the end.
static size_t next_length(const char* text, size_t len) {
  int complete;
  const size_t boundary = cli_transaction_length(text, len);
  return boundary ? boundary : parley_statement_length(text, len, &complete);
}

cli_exit cli_session_run(cli_session* session, const char* text, size_t len, bool go_on, bool* updated) {
  const char* const script = text;
  cli_exit code = CLI_OK;
  for (size_t n; (n = next_length(text, len)) > 0; text += n, len -= n) {
    if (cli_interrupted) {  // between two statements, or before the first
      fputs(code == CLI_STOPPED ? "" : "parley: interrupted\n", stderr);
      return CLI_STOPPED;
    }
    uint64_t line = 0;
    const bool boundary = cli_transaction_length(text, n) > 0;
    const cli_exit one = boundary ? cli_transaction_run(session, text, n) : run_one(session, text, n, updated, &line);
    if (one != CLI_OK && one != CLI_IO) {
      print_place(session, script, text, n, line);
    }
    if (one != CLI_OK && session->txn && session->prompting) {
      fputs("note: the transaction stays open: commit keeps what its statements did before, rollback undoes it\n",
            stderr);
    }
    code = one != CLI_OK ? one : code;
    if ((one != CLI_OK && !go_on) || !session->db) {
      break;
    }
  }
  return code;
}
