/// Saving what is readable of a damaged store.
#include "store/repair.h"

#include "api/api.h"

/// One repair: the caller's callbacks and what they become.
typedef struct repair_frame {
  parley_repair_options given;  ///< the caller's
  pl_api_progress progress;     ///< behind the guard
  pl_guard guard;               ///< stops it
} repair_frame;

static void on_finding(void* user, const char* line) {
  const repair_frame* const frame = user;
  pl_api_finding(frame->given.on_finding, frame->given.user, line);
}

static void tell(parley_repair_summary* to, const pl_repair_report* from) {
  to->facts = from->facts;
  to->assertions = from->assertions;
  to->annotations = from->annotations;
  to->terms = from->terms;
  to->rows_lost = from->rows_lost;
  to->terms_lost = from->terms_lost;
  to->findings = from->findings;
}

static pl_status repair(const char* path, const char* dest, const parley_options* open_options,
                        const parley_repair_options* options, const volatile int* interrupt,
                        parley_repair_summary* summary, pl_error* err) {
  repair_frame frame;
  parley_options open;
  parley_repair_summary told;
  pl_repair_report report;
  if (!path || !dest) {
    return pl_fail(err, PL_MSG_API_NULL, "parley_repair", path ? "dest" : "path");
  }
  PL_TRY(pl_api_options_copy(&open, sizeof open, open_options, "parley_repair", err));
  PL_TRY(pl_api_options_copy(&frame.given, sizeof frame.given, options, "parley_repair", err));
  PL_TRY(pl_api_options_copy(&told, sizeof told, summary, "parley_repair", err));
  frame.progress = (pl_api_progress){.fn = frame.given.on_progress, .user = frame.given.user};
  pl_guard_init(&frame.guard, (const atomic_int*)(uintptr_t)interrupt, 0);
  pl_api_progress_guard(&frame.progress, &frame.guard);
  const pl_repair_options repairing = {.bytes_max = frame.given.memory_bytes,
                                       .threads = open.threads,
                                       .guard = &frame.guard,
                                       .work = &frame.progress.work,
                                       .on_finding = on_finding,
                                       .user = &frame,
                                       .realloc_fn = open.reallocate,
                                       .realloc_user = open.user};
  const pl_status status = pl_repair(path, dest, &repairing, err, &report);
  tell(&told, &report);
  if (summary) {
    memcpy(summary, &told, told.size < sizeof told ? told.size : sizeof told);
  }
  return status;
}

parley_status parley_repair(const char* path, const char* dest, const parley_options* open_options,
                            const parley_repair_options* options, const volatile int* interrupt,
                            parley_repair_summary* summary, parley_error_object** error) {
  pl_mem mem;
  pl_error err;
  if (error) {
    *error = NULL;
  }
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&err, &mem);
  const pl_status status = repair(path, dest, open_options, options, interrupt, summary, &err);
  if (status != PL_OK && error) {
    pl_api_error_complete(&err, status);
    *error = pl_api_error_detach(&err);
  }
  pl_error_clear(&err);
  return pl_api_status(status);
}
