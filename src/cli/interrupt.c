// Ctrl-C: the handler sets a flag and asks the store in use to stop; the work then ends by itself with everything
// undone.
#include "cli.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

volatile int cli_interrupted;
static parley* volatile current_db;

static void on_signal(int number) {
  (void)number;
  cli_interrupted = 1;
  parley* db = current_db;
  if (db) {
    parley_interrupt(db);
  }
}

void cli_interrupt_route(parley* db) {
  current_db = db;
  cli_interrupted = 0;
  if (db) {
    parley_clear_interrupt(db);
  }
}

void cli_interrupt_setup(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, NULL);
}
