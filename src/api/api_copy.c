/// Keeping a store: backup and compact.
#include "store/copy.h"

#include "api/api.h"

/// One copy: the caller's options, what they become, and its progress.
typedef struct copy_frame {
  parley_copy_options given;  ///< the caller's
  pl_copy_options options;    ///< ours
  pl_api_progress progress;   ///< behind the guard
  pl_guard guard;             ///< stops the copy
} copy_frame;

static pl_status frame_begin(copy_frame* frame, const parley_copy_options* options, const char* function,
                             const atomic_int* interrupt, pl_error* err) {
  PL_TRY(pl_api_options_copy(&frame->given, sizeof frame->given, options, function, err));
  frame->progress = (pl_api_progress){.fn = frame->given.on_progress, .user = frame->given.user};
  pl_guard_init(&frame->guard, interrupt, 0);
  pl_api_progress_guard(&frame->progress, &frame->guard);
  frame->options = (pl_copy_options){
      .skip_check = frame->given.skip_check != 0, .guard = &frame->guard, .work = &frame->progress.work};
  return pl_guard_check(&frame->guard, err);
}

// ---- backup -------------------------------------------------------------------------------------------------------

static pl_status backup(parley* store, const char* path, const parley_copy_options* options, pl_error* err) {
  copy_frame frame;
  pl_txn* txn;
  if (!path) {
    return pl_fail(err, PL_MSG_API_NULL, "parley_backup", "path");
  }
  PL_TRY(frame_begin(&frame, options, "parley_backup", &store->interrupt, err));
  PL_TRY(pl_txn_begin(store->store, false, err, &txn));
  const pl_status status = pl_copy_backup(txn, path, &frame.options);
  pl_txn_abort(txn);
  return status;
}

parley_status parley_backup(parley* store, const char* path, const parley_copy_options* options) {
  pl_api_call call;
  if (!store) {
    return PARLEY_MISUSE;
  }
  pl_api_call_begin(&call, store);
  return pl_api_call_end(&call, backup(store, path, options, &call.err));
}

// ---- compact ------------------------------------------------------------------------------------------------------

static pl_status compact(const char* path, const parley_options* open, const parley_copy_options* options,
                         const atomic_int* interrupt, pl_error* err, pl_compact_summary* made) {
  copy_frame frame;
  const pl_store_options store_options = {.map_bytes = open->map_bytes,
                                          .threads = open->threads,
                                          .realloc_fn = open->reallocate,
                                          .realloc_user = open->user};
  if (!path) {
    return pl_fail(err, PL_MSG_API_NULL, "parley_compact", "path");
  }
  PL_TRY(frame_begin(&frame, options, "parley_compact", interrupt, err));
  return pl_copy_compact(path, &store_options, &frame.options, err, made);
}

static pl_status compact_checked(const char* path, const parley_options* open_options,
                                 const parley_copy_options* options, const volatile int* interrupt,
                                 parley_compact_summary* summary, pl_error* err) {
  parley_options open;
  parley_compact_summary told;
  pl_compact_summary made;
  PL_TRY(pl_api_options_copy(&open, sizeof open, open_options, "parley_compact", err));
  PL_TRY(pl_api_options_copy(&told, sizeof told, summary, "parley_compact", err));
  PL_TRY(compact(path, &open, options, (const atomic_int*)(uintptr_t)interrupt, err, &made));
  told.bytes_before = made.bytes_before;
  told.bytes_after = made.bytes_after;
  if (summary) {
    memcpy(summary, &told, told.size < sizeof told ? told.size : sizeof told);
  }
  return PL_OK;
}

parley_status parley_compact(const char* path, const parley_options* open_options, const parley_copy_options* options,
                             const volatile int* interrupt, parley_compact_summary* summary,
                             parley_error_object** error) {
  pl_mem mem;
  pl_error err;
  if (error) {
    *error = NULL;
  }
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&err, &mem);
  const pl_status status = compact_checked(path, open_options, options, interrupt, summary, &err);
  if (status != PL_OK && error) {
    pl_api_error_complete(&err, status);
    *error = pl_api_error_detach(&err);
  }
  pl_error_clear(&err);
  return pl_api_status(status);
}
