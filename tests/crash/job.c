/// The work that is cut short. Each job says what it does twice: to the store, through parley.h, and to the model.
///
/// What commit number k does follows from the seed and k alone, given the model before it, so that worker and campaign
/// come to the same without talking.
#include "crash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH_ADDS = 80, BATCH_REMOVES = 30, LOAD_ROWS = 240, LOAD_STEP = 40, BUILD_ROWS = 400 };

// ---- the worker's calls ---------------------------------------------------------------------------------------------

static void must(parley_status status, const char* what, const parley_error_object* error) {
  if (status != PARLEY_OK) {
    (void)fprintf(stderr, "worker: %s: %s: %s\n", what, parley_status_name(status), parley_error_message(error));
    _exit(3);
  }
}

static parley* open_store(const char* path, unsigned flags) {
  const parley_options options = {.size = sizeof options, .flags = flags, .threads = 1};
  parley* store = NULL;
  parley_error_object* error = NULL;
  must(parley_open(path, &options, &store, &error), "open", error);
  return store;
}

static void close_store(parley* store) { must(parley_close(store), "close", parley_error(store)); }

/// Apply to the store what parts two models, in one transaction.
static void write_difference(parley* store, const model* before, const model* after) {
  parley_txn* txn = NULL;
  must(parley_begin(store, 1, &txn), "begin", parley_error(store));
  for (unsigned i = 0; i < MODEL_BASE; i++) {
    if (before->has[i] && !after->has[i]) {
      must(model_remove(txn, i), "remove", parley_txn_error(txn));
    } else if (!before->has[i] && after->has[i]) {
      must(model_add(txn, i), "add", parley_txn_error(txn));
    }
  }
  must(parley_commit(txn), "commit", parley_error(store));
}

static void run_query(parley* store, const char* text) {
  parley_query* q = NULL;
  must(parley_prepare(store, text, SIZE_MAX, &q, NULL), text, q ? parley_query_error(q) : parley_error(store));
  const parley_status status = parley_step(q);
  must(status == PARLEY_DONE ? PARLEY_OK : status, text, parley_query_error(q));
  parley_finalize(q);
}

static void done(const life* l, uint64_t commits) { l->box->acked = commits; }

static model model_begin(const life* l) {
  model m = {.absent = l->job->initial == 0};
  uint64_t seed = l->seed;
  for (unsigned i = 0; i < l->job->initial; i++) {
    m.has[crash_random(&seed) % MODEL_FREE] = 1;
  }
  return m;
}

// ---- single statements, batches -------------------------------------------------------------------------------------

static unsigned pick(const model* m, uint64_t* seed, bool present) {
  unsigned i = (unsigned)(crash_random(seed) % MODEL_FREE);
  while ((m->has[i] != 0) != present) {
    i = (i + 1) % MODEL_FREE;
  }
  return i;
}

static void step_single(model* m, const life* l, unsigned commit) {
  uint64_t seed = l->seed * 31 + commit;
  const bool remove = commit % 3 == 2;
  m->has[pick(m, &seed, remove)] = !remove;
}

static void step_batch(model* m, const life* l, unsigned commit) {
  uint64_t seed = l->seed * 37 + commit;
  for (unsigned i = 0; i < BATCH_REMOVES; i++) {
    m->has[pick(m, &seed, true)] = 0;
  }
  for (unsigned i = 0; i < BATCH_ADDS; i++) {
    m->has[pick(m, &seed, false)] = 1;
  }
}

static void write_commits(const life* l, parley* store, model* m, unsigned from) {
  for (unsigned k = from; k < l->job->commits; k++) {
    const model before = *m;
    l->job->step(m, l, k);
    write_difference(store, &before, m);
    done(l, k + 1);
  }
}

static void run_commits(const life* l) {
  model m = model_begin(l);
  parley* const store = open_store(l->store, l->job->flags);
  write_commits(l, store, &m, 0);
  close_store(store);
}

/// A store closed and opened again between the commits.
static void run_reopen(const life* l) {
  model m = model_begin(l);
  for (unsigned k = 0; k < l->job->commits; k++) {
    parley* const store = open_store(l->store, l->job->flags);
    const model before = m;
    l->job->step(&m, l, k);
    write_difference(store, &before, &m);
    done(l, k + 1);
    close_store(store);
  }
}

static void step_create(model* m, const life* l, unsigned commit) {
  m->absent = false;
  if (commit > 0) {
    step_single(m, l, commit == 2 ? 3 : commit);
  }
}

static void run_create(const life* l) {
  model m = model_begin(l);
  parley* const store = open_store(l->store, l->job->flags | PARLEY_OPEN_CREATE);
  l->job->step(&m, l, 0);
  done(l, 1);
  write_commits(l, store, &m, 1);
  close_store(store);
}

// ---- updates by query -----------------------------------------------------------------------------------------------

/// Derive facts from all facts, take back what they came from, and the same backwards.
static void step_update(model* m, const life* l, unsigned commit) {
  (void)l;
  for (unsigned i = 0; i < MODEL_BASE; i += 4) {
    unsigned char* const knows = &m->has[i];
    unsigned char* const knew = &m->has[MODEL_BASE + i];
    switch (commit) {
      case 0:
        *knew |= *knows;
        break;
      case 1:
        *knows = 0;
        break;
      case 2:
        *knows = *knew, *knew = 0;
        break;
      default:
        *knew = *knows;
        break;
    }
  }
}

static void run_update(const life* l) {
  static const char* const texts[] = {
      "match ?s knows ?o insert ( ?s knew ?o )", "match ?s knows ?o delete ( ?s knows ?o )",
      "match ?s knew ?o delete ( ?s knew ?o ) insert ( ?s knows ?o )", "match ?s knows ?o insert ( ?s knew ?o )"};
  parley* const store = open_store(l->store, l->job->flags);
  for (unsigned k = 0; k < l->job->commits; k++) {
    run_query(store, texts[k]);
    done(l, k + 1);
  }
  close_store(store);
}

// ---- loads and builds -----------------------------------------------------------------------------------------------

static unsigned load_row(const life* l, unsigned row) {
  return (unsigned)((l->seed % MODEL_FREE + 7u * row) % MODEL_FREE);
}

static void step_load(model* m, const life* l, unsigned commit) {
  for (unsigned row = commit * LOAD_STEP; row < (commit + 1) * LOAD_STEP; row++) {
    m->has[load_row(l, row)] = 1;
  }
}

static char* document(const life* l, unsigned rows, size_t* len) {
  char* const text = malloc((size_t)rows * LINE_BYTES);
  *len = 0;
  for (unsigned row = 0; text && row < rows; row++) {
    *len += model_line(load_row(l, row), text + *len);
    text[(*len)++] = '\n';
  }
  return text;
}

static int on_load_progress(void* user, const parley_progress* progress) {
  done(user, progress->committed_row / LOAD_STEP);
  return 0;
}

static void run_load(const life* l) {
  size_t len;
  char* const text = document(l, LOAD_ROWS, &len);
  parley* const store = open_store(l->store, l->job->flags);
  const parley_input input = {.memory = text, .memory_len = len, .format = "jsonl"};
  life copy = *l;
  const parley_load_options options = {
      .size = sizeof options, .commit_every = LOAD_STEP, .on_progress = on_load_progress, .user = &copy};
  must(parley_load(store, &input, 1, &options, NULL), "load", parley_error(store));
  done(l, l->job->commits);
  close_store(store);
  free(text);
}

static void step_build(model* m, const life* l, unsigned commit) {
  (void)commit;
  m->absent = false;
  for (unsigned row = 0; row < BUILD_ROWS; row++) {
    m->has[load_row(l, row)] = 1;
  }
}

static parley_status build(const life* l, parley_error_object** error) {
  size_t len;
  char* const text = document(l, BUILD_ROWS, &len);
  const parley_input input = {.memory = text, .memory_len = len, .format = "jsonl"};
  const parley_status status = parley_build(l->store, NULL, &input, 1, NULL, NULL, NULL, error);
  free(text);
  return status;
}

static void run_build(const life* l) {
  parley_error_object* error = NULL;
  must(build(l, &error), "build", error);
  done(l, 1);
}

/// The next build of the store removes what a killed one left.
static bool look_build(const life* l) {
  (void)unlink(l->store);
  parley_error_object* error = NULL;
  const bool built = build(l, &error) == PARLEY_OK;
  if (!built) {
    (void)fprintf(stderr, "the next build: %s\n", parley_error_message(error));
  }
  parley_error_free(error);
  return built && !folder_leftover(l, l->store);
}

// ---- the text index -------------------------------------------------------------------------------------------------

static void step_text(model* m, const life* l, unsigned commit) {
  (void)l;
  m->text = commit % 2 == 0;
}

static void run_text(const life* l) {
  parley* const store = open_store(l->store, l->job->flags);
  const parley_value wrote = parley_name("wrote");
  for (unsigned k = 0; k < l->job->commits; k++) {
    must(parley_set_property(store, PARLEY_PROPERTY_TEXT, &wrote, k % 2 == 0), "text index", parley_error(store));
    done(l, k + 1);
  }
  close_store(store);
}

// ---- backup, compact ------------------------------------------------------------------------------------------------

static void step_nothing(model* m, const life* l, unsigned commit) { (void)m, (void)l, (void)commit; }

static void run_backup(const life* l) {
  parley* const store = open_store(l->store, l->job->flags);
  must(parley_backup(store, l->other, NULL), "backup", parley_error(store));
  done(l, 1);
  close_store(store);
}

/// The copy is absent or whole; whole for certain when the backup was done. The next one removes what is left of this.
static bool look_backup(const life* l) {
  const bool there = file_exists(l->other);
  if (!there && l->box->acked > 0) {
    (void)fprintf(stderr, "the backup that was done is not there\n");
    return false;
  }
  if (!there) {
    parley* const store = open_store(l->store, 0);
    must(parley_backup(store, l->other, NULL), "the next backup", parley_error(store));
    close_store(store);
    if (folder_leftover(l, l->other)) {
      (void)fprintf(stderr, "the next backup left the folder of the first\n");
      return false;
    }
  }
  const model m = model_begin(l);
  const state wanted = model_state(&m);
  state got;
  parley* const copy = open_store(l->other, 0);
  parley_check_options options = {.size = sizeof options, .deep = 1};
  parley_check_report report = {.size = sizeof report};
  must(parley_check(copy, &options, &report), "check of the backup", parley_error(copy));
  const bool good = report.findings == 0 && model_read(copy, &got) &&
                    (!there || model_same(&wanted, &got));  // a copy made just now holds what the look wrote as well
  close_store(copy);
  if (!good) {
    (void)fprintf(stderr, "the backup is not what the store was\n");
  }
  return good;
}

static void run_compact(const life* l) {
  parley_error_object* error = NULL;
  must(parley_compact(l->store, NULL, NULL, NULL, NULL, &error), "compact", error);
  done(l, 1);
}

static bool look_compact(const life* l) {
  parley_error_object* error = NULL;
  const bool good = parley_compact(l->store, NULL, NULL, NULL, NULL, &error) == PARLEY_OK;
  if (!good) {
    (void)fprintf(stderr, "the next compact: %s\n", parley_error_message(error));
  }
  parley_error_free(error);
  return good && !folder_leftover(l, l->store);
}

// ---- readers, other processes ---------------------------------------------------------------------------------------

static void run_reader(const life* l) {
  parley* const store = open_store(l->store, l->job->flags);
  parley_query* q = NULL;
  must(parley_prepare(store, "match ?s knows ?o return ?s, ?o", SIZE_MAX, &q, NULL), "prepare", parley_error(store));
  parley_txn* txn = NULL;
  must(parley_begin(store, 0, &txn), "begin", parley_error(store));
  for (unsigned i = 0; i < 3; i++) {
    parley_status status = PARLEY_ROW;
    for (unsigned rows = 0; status == PARLEY_ROW && rows < 20; rows++) {
      status = parley_step(q);
    }
    must(parley_reset(q), "reset", parley_query_error(q));
    state got;
    must(model_read(store, &got) ? PARLEY_OK : PARLEY_IO, "read", parley_error(store));
  }
  must(parley_commit(txn), "end", parley_error(store));
  parley_finalize(q);
  close_store(store);
}

/// While a bystander keeps the lock file alive, the dead reader's places are given back at the next opening, so that a
/// writer finds free pages again: the file stops growing.
static bool look_reader(const life* l) {
  parley* const store = open_store(l->store, 0);
  parley_stats stats = {.size = sizeof stats};
  must(parley_get_stats(store, &stats), "stats", parley_error(store));
  const uint64_t first = stats.file_bytes;
  model m = {0};
  bool good = stats.readers <= 1;
  for (unsigned i = 0; i < 12; i++) {
    model after = m;
    after.has[MODEL_SECOND + 1] = !m.has[MODEL_SECOND + 1];
    write_difference(store, &m, &after);
    m = after;
  }
  must(parley_get_stats(store, &stats), "stats", parley_error(store));
  good = good && stats.file_bytes < first + (1U << 19);
  close_store(store);
  if (!good) {
    (void)fprintf(stderr, "places of a killed reader are still taken\n");
  }
  return good;
}

void job_bystander(const life* l, int until) {
  parley* const store = open_store(l->store, PARLEY_OPEN_READONLY);
  l->box->waited = 1;
  char byte;
  (void)!read(until, &byte, 1);
  close_store(store);
  _exit(0);
}

/// Opens the store, lets the worker begin, and writes when it comes to its turn.
void job_waiter(const life* l) {
  parley* const store = open_store(l->store, 0);
  l->box->waited = 1;
  while (!l->box->started) {
    (void)usleep(100);
  }
  parley_txn* txn = NULL;
  must(parley_begin(store, 1, &txn), "begin after waiting", parley_error(store));
  must(model_add(txn, MODEL_WAITING), "add after waiting", parley_txn_error(txn));
  must(parley_commit(txn), "commit after waiting", parley_error(store));
  close_store(store);
  _exit(0);
}

// ---- all jobs -------------------------------------------------------------------------------------------------------

const job jobs[] = {
    {"single", 6, 60, 0, run_commits, step_single, .power = true},
    {"batch", 4, 150, 0, run_commits, step_batch, .power = true},
    {"update", 4, 200, 0, run_update, step_update, .power = true},
    {"load", LOAD_ROWS / LOAD_STEP, 40, 0, run_load, step_load, .loose = true, .threads = true, .power = true},
    {"build", 1, 0, 0, run_build, step_build, .threads = true, .makes = true, .look = look_build, .power = true},
    {"text", 3, 200, 0, run_text, step_text, .power = true},
    {"create", 4, 0, 0, run_create, step_create, .makes = true, .power = true},
    {"reopen", 4, 80, 0, run_reopen, step_batch, .power = true},
    {"backup", 1, 150, 0, run_backup, step_nothing, .threads = true, .look = look_backup, .power = true},
    {"compact", 1, 150, 0, run_compact, step_nothing, .threads = true, .look = look_compact, .power = true},
    {"reader", 0, 60, PARLEY_OPEN_READONLY, run_reader, step_nothing, .reader = true, .look = look_reader},
    {"waited-for", 4, 60, 0, run_commits, step_single, .waiting = true},
    {"fast", 6, 60, PARLEY_OPEN_FAST, run_commits, step_batch, .power = true},
    {"no-sync", 4, 60, PARLEY_OPEN_NO_SYNC, run_commits, step_batch, .power = true},
};
const size_t jobs_count = sizeof jobs / sizeof *jobs;

void job_states(const life* l, state states[COMMITS_MAX + 1]) {
  model m = model_begin(l);
  states[0] = model_state(&m);
  for (unsigned k = 0; k < l->job->commits; k++) {
    l->job->step(&m, l, k);
    states[k + 1] = model_state(&m);
  }
}

bool job_prepare(const life* l, const char* path) {
  if (l->job->initial == 0) {
    return true;
  }
  const pid_t pid = fork();
  if (pid == 0) {
    const model none = {0};
    const model m = model_begin(l);
    model more = m;
    for (unsigned i = 0; i < MODEL_FREE / 2; i++) {
      more.has[2 * i] = 1;  // taken back below: so there are free pages and blocks that are half full
    }
    parley* const store = open_store(path, PARLEY_OPEN_CREATE | PARLEY_OPEN_NO_SYNC);
    write_difference(store, &none, &more);
    write_difference(store, &more, &m);
    close_store(store);
    _exit(0);
  }
  int status = 1;
  return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

void job_worker(const life* l) {
  l->box->started = 1;
  l->job->run(l);
  l->box->finished = 1;
  _exit(0);
}
