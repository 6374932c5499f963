/// Verifying a store, and the progress of long operations.
#include "store/check.h"

#include "api/api.h"

#include <stdio.h>

#define PROGRESS_EVERY_NS 100000000u

int pl_api_progress_call(void* user) {
  pl_api_progress* const progress = user;
  const uint64_t now = pl_clock_ns();
  if (now < progress->next_ns) {
    return 0;
  }
  progress->next_ns = now + PROGRESS_EVERY_NS;
  const parley_work work = {progress->work.phase, progress->work.done, progress->work.total};
  return progress->fn(progress->user, &work);
}

void pl_api_progress_guard(pl_api_progress* progress, pl_guard* guard) {
  if (progress->fn) {
    progress->next_ns = pl_clock_ns() + PROGRESS_EVERY_NS;
    guard->progress = pl_api_progress_call;
    guard->progress_user = progress;
  }
}

void pl_api_finding(void (*fn)(void* user, const parley_finding* finding), void* user, const char* line) {
  char part[64];
  const char* const text = strstr(line, ": ");
  const size_t len = text ? (size_t)(text - line) : 0;
  if (fn) {
    (void)snprintf(part, sizeof part, "%.*s", (int)(len < sizeof part ? len : sizeof part - 1), line);
    const parley_finding finding = {part, len > 0 ? text + 2 : line};
    fn(user, &finding);
  }
}

static void on_damage(void* user, const char* line) {
  const parley_check_options* const options = user;
  pl_api_finding(options->on_finding, options->user, line);
}

static pl_status check(parley* store, parley_check_options* options, pl_error* err, parley_check_report* out) {
  pl_check_report report = {0};
  pl_api_progress progress = {.fn = options->on_progress, .user = options->user};
  pl_guard guard;
  pl_txn* txn;
  const pl_check_options checking = {
      .deep = options->deep, .guard = &guard, .work = &progress.work, .on_damage = on_damage, .user = options};
  pl_guard_init(&guard, &store->interrupt, 0);
  pl_api_progress_guard(&progress, &guard);
  PL_TRY(pl_guard_check(&guard, err));
  PL_TRY(pl_txn_begin_walkable(store->store, false, err, &txn));
  const pl_status status = pl_check(txn, &checking, &report);
  pl_txn_abort(txn);
  out->findings = report.damage_count;
  out->pages = report.pages_checked;
  out->rows = report.rows_checked;
  out->terms = report.terms_checked;
  return status;
}

parley_status parley_check(parley* store, const parley_check_options* options, parley_check_report* report) {
  pl_api_call call;
  parley_check_options o = {0};
  parley_check_report r = {0};
  if (!store) {
    return PARLEY_MISUSE;
  }
  pl_api_call_begin(&call, store);
  pl_status status = options ? pl_api_options_copy(&o, sizeof o, options, "parley_check", &call.err) : PL_OK;
  if (status == PL_OK && report) {
    status = pl_api_options_copy(&r, sizeof r, report, "parley_check", &call.err);
  }
  if (status == PL_OK) {
    const size_t size = r.size;
    status = check(store, &o, &call.err, &r);
    if (report) {
      memcpy(report, &r, size < sizeof r ? size : sizeof r);
    }
  }
  return pl_api_call_end(&call, status);
}
