// `begin`, `commit` and `rollback`: one write transaction over several statements. They are statements of the tool, not
// of the language, and may stand without `;` at the end of a line.
#include "cli.h"

#include <string.h>

typedef enum boundary { NONE, BEGIN, COMMIT, ROLLBACK } boundary;

// The word at the start of a text, and where the statement ends.
static boundary read_boundary(const char* text, size_t len, size_t* end) {
  static const char* const words[] = {"", "begin", "commit", "rollback"};
  const size_t start = cli_leading(text, len);
  for (boundary b = BEGIN; b <= ROLLBACK; b++) {
    size_t i = start + strlen(words[b]);
    if (i > len || strncasecmp(text + start, words[b], i - start) != 0) {
      continue;
    }
    while (i < len && memchr(" \t\r", text[i], 3)) {
      i++;
    }
    if (i == len || memchr(";\n#", text[i], 3)) {
      *end = i < len && text[i] == ';' ? i + 1 : i;
      return b;
    }
  }
  return NONE;
}

size_t cli_transaction_length(const char* text, size_t len) {
  size_t end = 0;
  return read_boundary(text, len, &end) == NONE ? 0 : end;
}

static cli_exit begin(cli_session* session) {
  if (session->txn) {
    cli_usage("a transaction is open already; commit or rollback ends it");
    return CLI_ERROR;
  }
  const cli_exit code = cli_session_open(session, true);
  if (code != CLI_OK) {
    return code;
  }
  cli_interrupt_route(session->db);  // it may have to wait for another writer
  const parley_status status = parley_begin(session->db, 1, &session->txn);
  cli_interrupt_route(NULL);
  if (status != PARLEY_OK) {
    session->txn = NULL;
    cli_report(parley_error(session->db));
  }
  return cli_exit_of(status);
}

static cli_exit end(cli_session* session, bool commit) {
  parley_txn* const txn = session->txn;
  if (!txn) {
    cli_usage("no transaction is open; begin opens one");
    return CLI_ERROR;
  }
  session->txn = NULL;
  if (!commit) {
    parley_rollback(txn);
    return CLI_OK;
  }
  const parley_status status = parley_commit(txn);
  if (status != PARLEY_OK) {
    cli_report(parley_error(session->db));
  }
  return cli_exit_of(status);
}

cli_exit cli_transaction_run(cli_session* session, const char* text, size_t len) {
  size_t stop;
  const boundary b = read_boundary(text, len, &stop);
  return b == BEGIN ? begin(session) : end(session, b == COMMIT);
}

cli_exit cli_transaction_abandon(cli_session* session) {
  if (!session->txn) {
    return CLI_OK;
  }
  parley_rollback(session->txn);
  session->txn = NULL;
  fputs("parley: the transaction was not committed: rolled back\n", stderr);
  return CLI_ERROR;
}
