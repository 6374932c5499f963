// Ctrl-C: the handler sets a flag and asks the store in use to stop; the work then ends by itself with everything
// undone. The flag stays up until a shell begins its next prompt, so that a signal between two statements of a script
// is not lost.
#include "cli.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

volatile int cli_interrupted;
volatile int cli_terminated;
static parley* volatile current_db;

static void on_signal(int number) {
  cli_interrupted = 1;
  if (number != SIGINT) {
    cli_terminated = 1;
  }
  parley* db = current_db;
  if (db) {
    parley_interrupt(db);
  }
}

void cli_interrupt_route(parley* db) {
  current_db = db;
  if (db && cli_interrupted) {
    parley_interrupt(db);
  }
}

void cli_interrupt_clear(parley* db) {
  if (cli_terminated) {
    return;  // asked to end: nothing more is begun
  }
  cli_interrupted = 0;
  if (db) {
    parley_clear_interrupt(db);
  }
}

// A signal that the parent had ignored (nohup, a background job) stays ignored.
static void handle(int number, const struct sigaction* action) {
  struct sigaction old;
  if (sigaction(number, NULL, &old) == 0 && old.sa_handler != SIG_IGN) {
    sigaction(number, action, NULL);
  }
}

void cli_interrupt_setup(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  handle(SIGINT, &action);
  handle(SIGTERM, &action);
  handle(SIGHUP, &action);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, NULL);
  sigaction(SIGXFSZ, &action, NULL);  // a limit on file sizes is an error of the write
}
