/// The look at what a crash left: the store opens at once, is sound, holds what was promised, and can be written to.
#include "crash.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TIME_LIMIT = 60 };

static void show_finding(void* user, const parley_finding* finding) {
  (void)fprintf(stderr, "%s: %s: %s\n", (const char*)user, finding->part, finding->text);
}

/// State of the store; LOOK_OK, or why not. `quiet`: damage is no surprise.
static int read_state(parley* store, bool quiet, state* got) {
  static char name[] = "check";
  const parley_check_options options = {
      .size = sizeof options, .deep = 1, .on_finding = quiet ? NULL : show_finding, .user = name};
  parley_check_report report = {.size = sizeof report};
  const parley_status status = parley_check(store, &options, &report);
  if (status != PARLEY_OK || report.findings > 0) {
    if (!quiet) {
      (void)fprintf(stderr, "check: %s, %llu findings\n", parley_status_name(status),
                    (unsigned long long)report.findings);
    }
    return LOOK_DAMAGED;
  }
  return model_read(store, got) ? LOOK_OK : LOOK_FAILED;
}

/// Take the waiting process's statement out of the state, if it is there.
static bool without_waiting(parley* store, const promise* p, state* got) {
  char text[64];
  const model alone = {.has = {[MODEL_WAITING] = 1}};
  const state one = model_state(&alone);
  parley_query* q = NULL;
  (void)snprintf(text, sizeof text, "match ?s knows o%d return ?s", MODEL_WAITING);
  if (parley_prepare(store, text, SIZE_MAX, &q, NULL) != PARLEY_OK) {
    parley_finalize(q);
    return false;
  }
  const bool there = parley_step(q) == PARLEY_ROW;
  parley_finalize(q);
  if (there) {
    got->hash -= one.hash;
    got->lines -= one.lines;
  }
  return there || !p->must_wait;
}

static bool find(const life* l, const state states[COMMITS_MAX + 1], const promise* p, const state* got) {
  for (unsigned k = p->least; k <= p->most && k <= l->job->commits; k++) {
    if (model_same(&states[k], got)) {
      l->box->found = k;
      return true;
    }
  }
  (void)fprintf(stderr, "the store holds %llu lines, which is none of the states %u to %u",
                (unsigned long long)got->lines, p->least, p->most);
  for (unsigned k = 0; k <= l->job->commits; k++) {
    if (model_same(&states[k], got)) {
      (void)fprintf(stderr, " but state %u", k);
      break;
    }
  }
  (void)fputc('\n', stderr);
  return false;
}

/// A second life: write, close, open, find.
static bool write_on(const char* path, parley* store, const parley_options* options) {
  parley_txn* txn = NULL;
  parley_status status = parley_begin(store, 1, &txn);
  status = status == PARLEY_OK ? model_add(txn, MODEL_SECOND) : status;
  status = status == PARLEY_OK ? parley_commit(txn) : status;
  if (status != PARLEY_OK || parley_close(store) != PARLEY_OK) {
    (void)fprintf(stderr, "writing on: %s\n", parley_status_name(status));
    return false;
  }
  state got;
  if (parley_open(path, options, &store, NULL) != PARLEY_OK) {
    (void)fprintf(stderr, "cannot be opened again after writing on\n");
    return false;
  }
  const bool good = read_state(store, false, &got) == LOOK_OK;
  return parley_close(store) == PARLEY_OK && good;
}

static int look_open(const life* l, const state states[COMMITS_MAX + 1], const promise* p, parley* store,
                     const parley_options* options) {
  state got;
  const int read = read_state(store, p->nothing, &got);
  if (p->nothing) {
    (void)parley_close(store);
    return read;
  }
  const bool good = read == LOOK_OK && (!p->may_wait || without_waiting(store, p, &got)) && find(l, states, p, &got);
  return good && write_on(l->store, store, options) && (!l->job->look || l->job->look(l)) ? LOOK_OK : LOOK_FAILED;
}

int look_at(const life* l, const state states[COMMITS_MAX + 1], const promise* p) {
  const bool absent_allowed = l->job->makes && p->least == 0;
  parley_options options = {.size = sizeof options, .flags = PARLEY_OPEN_NO_WAIT | PARLEY_OPEN_NO_SYNC, .threads = 1};
  parley* store = NULL;
  parley_error_object* error = NULL;
  if (absent_allowed && !file_exists(l->store)) {
    l->box->found = 0;
    return !l->job->look || l->job->look(l) ? LOOK_OK : LOOK_FAILED;
  }
  promise made = *p;
  if (absent_allowed && !l->job->look) {  // opening it as the worker did makes it, if that was not done yet
    options.flags |= PARLEY_OPEN_CREATE;
    made.least = 1;
  }
  const parley_status status = parley_open(l->store, &options, &store, &error);
  if (status != PARLEY_OK) {
    if (!p->nothing) {
      (void)fprintf(stderr, "open: %s\n", parley_error_message(error));
    }
    parley_error_free(error);
    return p->nothing ? LOOK_REFUSED : LOOK_FAILED;
  }
  return look_open(l, states, &made, store, &options);
}

int look_apart(const life* l, const state states[COMMITS_MAX + 1], const promise* p) {
  const pid_t pid = fork();
  if (pid == 0) {
    (void)alarm(TIME_LIMIT);
    _exit(look_at(l, states, p));
  }
  int status = 0;
  if (pid < 0 || waitpid(pid, &status, 0) != pid) {
    (void)fprintf(stderr, "cannot start a process\n");
    return LOOK_FAILED;
  }
  if (WIFSIGNALED(status)) {
    if (!p->nothing) {
      (void)fprintf(stderr, "the look ended with signal %d\n", WTERMSIG(status));
    }
    return LOOK_FAILED;
  }
  return WEXITSTATUS(status);
}
