/// The fast form: every block and every group of the dictionary is decoded and must be in order, and their counts must
/// be those of the totals. The databases are independent of each other, so each is a task of the store's pool.
///
/// A read transaction may be read by several threads as long as each has cursors, errors and memory of its own: a task
/// works on a view of the transaction that has them. Findings are kept by task and told in order of the databases.
#include "store/check_internal.h"
#include "store/dict_internal.h"

#include <pthread.h>

enum { FINDINGS_BYTES_MAX = 1 << 20 };

/// What the tasks share.
typedef struct values_run {
  pl_checker* check;          ///< of the check
  pthread_mutex_t lock;       ///< guards the checker's work and guard
  atomic_uint_fast64_t done;  ///< values looked at by all tasks
  atomic_int stopped;         ///< a task failed: the others end
} values_run;

typedef struct values_task {
  values_run* run;        ///< shared
  pl_db db;               ///< PL_DB_TERM or an index
  pl_txn view;            ///< the transaction, with its own error, account and caches
  pl_error err;           ///< of the view
  pl_buf findings;        ///< lines, each with a zero
  uint64_t damage_count;  ///< findings, those that found no room too
  uint64_t items;         ///< rows or terms
} values_task;

static void on_damage(void* user, const char* text) {
  values_task* const t = user;
  t->damage_count++;
  (void)pl_buf_append(&t->findings, text, strlen(text) + 1);  // without room it is counted
}

static pl_status stop(values_run* run, pl_status status) {
  if (status != PL_OK) {
    atomic_store(&run->stopped, 1);
  }
  return status;
}

/// Whoever finds the lock free asks for all.
static pl_status on_value(void* user, uint64_t items) {
  values_task* const t = user;
  values_run* const run = t->run;
  pl_checker* const check = run->check;
  t->items += items;
  const uint64_t done = atomic_fetch_add(&run->done, 1) + 1;
  if (atomic_load(&run->stopped)) {
    return PL_ERR_INTERRUPTED;
  }
  if (pthread_mutex_trylock(&run->lock) != 0) {
    return PL_OK;
  }
  check->work.done = done;
  if (check->options->work) {
    *check->options->work = check->work;
  }
  const pl_status status = pl_guard_check(check->guard, &t->err);
  (void)pthread_mutex_unlock(&run->lock);
  return stop(run, status);
}

static void task_init(values_task* t, values_run* run, pl_db db) {
  pl_txn* const txn = run->check->txn;
  *t = (values_task){.run = run, .db = db, .view = *txn};
  pl_txn_mem_init(txn, &t->view.mem, SIZE_MAX);
  pl_error_init(&t->err, &t->view.mem);
  pl_buf_init(&t->findings, &t->view.mem, FINDINGS_BYTES_MAX);
  t->view.err = &t->err;
  t->view.dict = NULL;
}

static pl_status task_run(void* user, size_t i) {
  values_task* const t = (values_task*)user + i;
  const pl_verifier verifier = {.on_damage = on_damage, .on_value = on_value, .user = t};
  pl_status status;
  if (t->db == PL_DB_TERM) {
    status = pl_dict_verify(&t->view, false, &verifier);
    pl_dict_release(&t->view);
  } else {
    status = pl_index_verify(pl_index_of(&t->view, t->db), &t->view.mem, &verifier);
  }
  return stop(t->run, status);
}

/// Tell what a task found, and give up what it holds. Its error, if nobody else had one, becomes that of the check.
static void task_end(values_task* t) {
  pl_checker* const check = t->run->check;
  const char* line = t->findings.data;
  uint64_t told = 0;
  for (; line && line < t->findings.data + t->findings.len; line += strlen(line) + 1, told++) {
    pl_check_forward(check, line);
  }
  if (told < t->damage_count) {
    pl_check_damage(check, "%s: %llu more findings", pl_db_names[t->db], (unsigned long long)(t->damage_count - told));
  }
  if (check->txn->err->error_count == 0) {
    pl_error_move(check->txn->err, &t->err);
  }
  pl_error_clear(&t->err);
  pl_buf_free(&t->findings);
}

static pl_status compare_stats(pl_checker* check, const pl_totals* kept) {
  pl_txn* const txn = check->txn;
  pl_predicate_stats* all;
  size_t count;
  pl_arena arena;
  pl_arena_init(&arena, &txn->mem);
  pl_status status = pl_stats_predicates(txn, &arena, &all, &count);
  if (status == PL_ERR_CORRUPT) {
    pl_error_clear(txn->err);
    pl_check_damage(check, "counters: they cannot be read");
    status = PL_OK;
  } else if (status == PL_OK) {
    pl_predicate_stats sum = {0};
    for (size_t i = 0; i < count; i++) {
      sum.rows += all[i].rows;
      sum.facts += all[i].facts;
    }
    pl_check_total(check, "rows of predicates", sum.rows, kept->rows);
    pl_check_total(check, "facts of predicates", sum.facts, kept->facts);
    pl_check_total(check, "predicates", count, kept->predicates);
  }
  pl_arena_free(&arena);
  return status;
}

static pl_status compare_totals(pl_checker* check, const uint64_t items[PL_DB_COUNT]) {
  pl_totals kept;
  PL_TRY(pl_stats_totals(check->txn, &kept));
  for (int db = PL_DB_SPO; db <= PL_DB_PSO; db++) {
    pl_check_total(check, pl_db_names[db], items[db], kept.rows);
  }
  pl_check_total(check, pl_db_names[PL_DB_CSPO], items[PL_DB_CSPO], kept.rows - kept.plain);
  pl_check_total(check, pl_db_names[PL_DB_CPO], items[PL_DB_CPO], kept.annotations);
  pl_check_total(check, pl_db_names[PL_DB_POC], items[PL_DB_POC], kept.annotations);
  pl_check_total(check, pl_db_names[PL_DB_IDENTITY], items[PL_DB_IDENTITY], kept.assertions);
  // A known term that repeats an earlier one's text has no hash.
  if (items[PL_DB_HASH] > kept.terms || kept.terms - items[PL_DB_HASH] >= PL_KNOWN_END_) {
    pl_check_total(check, pl_db_names[PL_DB_HASH], items[PL_DB_HASH], kept.terms);
  }
  return compare_stats(check, &kept);
}

static pl_status run_tasks(values_run* run, values_task* tasks, size_t count, uint64_t items[PL_DB_COUNT]) {
  pl_checker* const check = run->check;
  // The pages of a write transaction belong to its thread.
  pl_pool* const pool = check->txn->write ? NULL : pl_store_pool(check->txn->store);
  const pl_status status = pl_pool_run(pool, count, task_run, tasks);
  for (size_t i = 0; i < count; i++) {
    items[tasks[i].db] = tasks[i].items;
    task_end(&tasks[i]);
  }
  return status != PL_OK && check->txn->err->error_count > 0 ? check->txn->err->status : status;
}

pl_status pl_check_values(pl_checker* check) {
  pl_txn* const txn = check->txn;
  values_run run = {.check = check};
  values_task tasks[PL_DB_COUNT];
  uint64_t items[PL_DB_COUNT] = {0};
  size_t count = 0;
  if (txn->write) {
    PL_TRY(pl_dict_flush(txn));
  }
  if (pthread_mutex_init(&run.lock, NULL) != 0) {
    return pl_fail(txn->err, PL_MSG_NOMEM);
  }
  check->work.phase = "blocks";
  for (int db = 0; db < PL_DB_COUNT; db++) {
    if (txn->store->dbs[db] != 0 && (db == PL_DB_TERM || pl_db_columns((pl_db)db) > 0)) {
      task_init(&tasks[count++], &run, (pl_db)db);
    }
  }
  const pl_status status = run_tasks(&run, tasks, count, items);
  (void)pthread_mutex_destroy(&run.lock);
  for (int db = 0; db < PL_DB_COUNT; db++) {
    check->report.rows_checked += db == PL_DB_TERM || db == PL_DB_HASH ? 0 : items[db];
  }
  check->report.terms_checked = items[PL_DB_TERM];
  return status == PL_OK ? compare_totals(check, items) : status;
}
