// Running statements against a store: open it as little as needed, bind parameters, step, print.
#include "cli.h"

#include <string.h>
#include <unistd.h>

static void say_waiting(void* user) {
  (void)user;
  if (isatty(STDERR_FILENO)) {
    fputs("waiting for another writer of this store ...\n", stderr);
  }
}

cli_exit cli_session_open(cli_session* session, bool write) {
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
  cli_interrupt_route(NULL);
  if (session->db && parley_close(session->db) != PARLEY_OK) {
    cli_report(parley_error(session->db));
  }
  session->db = NULL;
}

// Bind every --param whose name the statement uses; one given several times is a list.
static parley_status bind_params(const cli_session* session, parley_query* query) {
  for (size_t i = 0; i < parley_param_count(query); i++) {
    const char* name = parley_param_name(query, i);
    parley_value values[64];
    size_t count = 0;
    for (size_t j = 0; j < session->param_count && count < 64; j++) {
      if (!strcmp(session->params[j].name, name)) {
        values[count++] = session->params[j].value;
      }
    }
    const parley_status status = count == 0   ? PARLEY_OK
                                 : count == 1 ? parley_bind(query, name, values)
                                              : parley_bind_list(query, name, values, count);
    if (status != PARLEY_OK) {
      return status;
    }
  }
  return PARLEY_OK;
}

static void print_changes(FILE* out, parley_changes c) {
  if (c.facts_gone || c.assertions_gone) {
    fprintf(out, "%llu facts and %llu assertions deleted, ", (unsigned long long)c.facts_gone,
            (unsigned long long)c.assertions_gone);
  }
  fprintf(out, "%llu new facts, %llu new assertions\n", (unsigned long long)c.facts_new,
          (unsigned long long)c.assertions_new);
}

// Prepare, reopening for writing when the statement turns out to be an update.
static parley_status prepare(cli_session* session, const char* text, size_t len, parley_query** query, cli_exit* code) {
  parley_status status = parley_prepare(session->db, text, len, query, NULL);
  if (status == PARLEY_OK && *query && parley_query_is_update(*query) && !session->writable) {
    parley_finalize(*query);
    *query = NULL;
    *code = cli_session_open(session, true);
    if (*code != CLI_OK) {
      return PARLEY_CANTOPEN;
    }
    status = parley_prepare(session->db, text, len, query, NULL);
  }
  return status;
}

static cli_exit run_one(cli_session* session, const char* text, size_t len, bool* updated) {
  parley_query* query = NULL;
  cli_exit code = CLI_OK;
  parley_status status = prepare(session, text, len, &query, &code);
  if (code != CLI_OK || (status == PARLEY_OK && !query)) {
    return code;
  }
  cli_interrupt_route(session->db);
  if (status == PARLEY_OK) {
    status = bind_params(session, query);
  }
  if (status == PARLEY_OK) {
    status = cli_print_rows(query, session->format, session->out, session->timer);
  }
  if (status == PARLEY_DONE && parley_query_is_update(query)) {
    print_changes(session->out, parley_query_changes(query));
    if (updated) {
      *updated = true;
    }
  }
  cli_report(query ? parley_query_error(query) : parley_error(session->db));
  parley_finalize(query);
  cli_interrupt_route(NULL);
  return cli_exit_of(status);
}

cli_exit cli_session_run(cli_session* session, const char* text, size_t len, bool go_on, bool* updated) {
  cli_exit code = CLI_OK;
  while (len > 0) {
    int complete;
    const size_t n = parley_statement_length(text, len, &complete);
    if (n == 0) {
      break;
    }
    const cli_exit one = run_one(session, text, n, updated);
    code = one != CLI_OK ? one : code;
    if ((one != CLI_OK && !go_on) || !session->db) {
      break;
    }
    text += n;
    len -= n;
  }
  if (fflush(session->out) != 0) {
    return cli_system_error("writing the answer");
  }
  return code;
}
