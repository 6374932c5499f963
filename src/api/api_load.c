/// Loading, building and exporting: the structs of parley.h mapped to those of src/load, field by field.
///
/// Callbacks are wrapped, because what a reader hands on (diagnostics, slices) is not what parley.h promises.
#include "load/export.h"
#include "load/load.h"

#include "api/api.h"

// ---- inputs -------------------------------------------------------------------------------------------------------

static pl_status input_map(const parley_input* from, pl_error* err, pl_input* to) {
  const int given = (from->path != NULL) + (from->memory != NULL) + (from->read != NULL);
  *to = (pl_input){.path = from->path, .name = from->name, .read = from->read, .user = from->user};
  if (given != 1) {
    return pl_fail(err, PL_MSG_INPUT_NONE);
  }
  if (from->memory) {
    to->memory = (pl_str){from->memory, from->memory_len};
  }
  if (from->format && !pl_format_parse(pl_str_c(from->format), &to->format)) {
    return pl_fail(err, PL_MSG_FORMAT_UNKNOWN, from->format);
  }
  if (!to->name && !to->path) {
    to->name = from->memory ? "memory" : "input";
  }
  return PL_OK;
}

static pl_status inputs_map(const parley_input* inputs, size_t count, const char* function, pl_arena* arena,
                            pl_error* err, pl_input** out) {
  if (!inputs && count > 0) {
    return pl_fail(err, PL_MSG_API_NULL, function, "inputs");
  }
  pl_input* const mapped = PL_ARENA_ARRAY(arena, pl_input, count + 1);
  if (!mapped) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  for (size_t i = 0; i < count; i++) {
    PL_TRY(input_map(&inputs[i], err, &mapped[i]));
  }
  *out = mapped;
  return PL_OK;
}

// ---- options ------------------------------------------------------------------------------------------------------

/// What the wrapped callbacks need.
typedef struct load_frame {
  parley_load_options given;  ///< the caller's
  pl_load_options options;    ///< ours
  pl_mem mem;                 ///< pays for reports and inputs
  pl_arena arena;             ///< inputs
} load_frame;

static int on_progress(void* user, const pl_load_progress* p) {
  const load_frame* const frame = user;
  const parley_progress progress = {.bytes_read = p->bytes_read,
                                    .bytes_total = p->bytes_total,
                                    .rows = p->rows,
                                    .committed_row = p->committed_row,
                                    .phase = p->phase};
  return frame->given.on_progress(frame->given.user, &progress);
}

static void on_bad(void* user, const pl_bad_row* bad, const char* input_name) {
  load_frame* const frame = user;
  parley_diagnostic diagnostic;
  pl_buf report;
  pl_buf_init(&report, &frame->mem, SIZE_MAX / 2);
  const bool printed = pl_diag_print(&bad->diag, &report) == PL_OK;
  pl_api_diagnostic(&bad->diag, printed ? report.data : bad->diag.text, &diagnostic);
  const parley_bad_row row = {.input = input_name,
                              .row = bad->row,
                              .diagnostic = &diagnostic,
                              .text = bad->text.data ? bad->text.data : "",
                              .text_len = bad->text.len};
  frame->given.on_bad_row(frame->given.user, &row);
  pl_buf_free(&report);
}

static pl_status frame_begin(load_frame* frame, const parley_load_options* options, const char* function,
                             const pl_mem* like, pl_error* err) {
  pl_mem_init(&frame->mem, like->fn, like->user, SIZE_MAX);
  pl_arena_init(&frame->arena, &frame->mem);
  PL_TRY(pl_api_options_copy(&frame->given, sizeof frame->given, options, function, err));
  const parley_load_options* const given = &frame->given;
  frame->options = (pl_load_options){.base = pl_str_c(given->base),
                                     .skip_bad = given->skip_bad,
                                     .on_bad = given->on_bad_row ? on_bad : NULL,
                                     .commit_every = given->commit_every,
                                     .on_progress = given->on_progress ? on_progress : NULL,
                                     .user = frame,
                                     .csv_map = pl_str_c(given->csv_map),
                                     .csv_columns = pl_str_c(given->csv_columns),
                                     .bytes_max = given->memory_bytes,
                                     .document_bytes_max = given->document_bytes_max};
  return PL_OK;
}

static void frame_end(load_frame* frame) { pl_arena_free(&frame->arena); }

static void summary_map(const pl_load_summary* from, parley_load_summary* to) {
  if (to) {
    *to = (parley_load_summary){.rows = from->rows,
                                .rows_bad = from->rows_bad,
                                .committed_row = from->committed_row,
                                .changes = pl_api_changes(&from->counts),
                                .seconds = from->seconds};
  }
}

// ---- load ---------------------------------------------------------------------------------------------------------

parley_status parley_load(parley* store, const parley_input* inputs, size_t count, const parley_load_options* options,
                          parley_load_summary* summary) {
  pl_api_call call;
  load_frame frame;
  pl_load_summary made = {0};
  pl_input* mapped = NULL;
  summary_map(&made, summary);
  if (!store) {
    return PARLEY_MISUSE;
  }
  pl_api_call_begin(&call, store);
  pl_status status = frame_begin(&frame, options, "parley_load", &store->mem, &call.err);
  if (status == PL_OK) {
    status = inputs_map(inputs, count, "parley_load", &frame.arena, &call.err, &mapped);
  }
  if (status == PL_OK) {
    frame.options.interrupt = &store->interrupt;
    frame.options.threads = store->store->options.threads;
    status = pl_load_into(store->store, mapped, count, &frame.options, &call.err, &made);
  }
  summary_map(&made, summary);
  frame_end(&frame);
  return pl_api_call_end(&call, status);
}

parley_status parley_load_in(parley_txn* txn, const parley_input* inputs, size_t count,
                             const parley_load_options* options, parley_load_summary* summary) {
  load_frame frame;
  pl_load_summary made = {0};
  pl_input* mapped = NULL;
  summary_map(&made, summary);
  if (!txn) {
    return PARLEY_MISUSE;
  }
  pl_api_txn_enter(txn);
  pl_error* const err = &txn->error.diags;
  pl_status status = frame_begin(&frame, options, "parley_load_in", &txn->mem, err);
  if (status == PL_OK) {
    status = inputs_map(inputs, count, "parley_load_in", &frame.arena, err, &mapped);
  }
  if (status == PL_OK) {
    status = pl_api_txn_write(txn);
  }
  if (status == PL_OK) {
    status = pl_api_txn_flush(txn);
  }
  if (status == PL_OK) {
    frame.options.interrupt = &txn->store->interrupt;
    frame.options.threads = txn->store->store->options.threads;
    status = pl_load_txn(txn->txn, mapped, count, &frame.options, &made);
  }
  summary_map(&made, summary);
  frame_end(&frame);
  return pl_api_txn_leave(txn, status);
}

// ---- build --------------------------------------------------------------------------------------------------------

// The interrupt of parley_build() is a plain int, because parley.h is also read as C++. An atomic int that needs no lock
// is the same int to the machine, so all that looks at interrupts can look at the caller's, from any thread.
_Static_assert(sizeof(atomic_int) == sizeof(int) && ATOMIC_INT_LOCK_FREE == 2, "an atomic int is an int");

static pl_status build(const char* path, const parley_options* open, const parley_input* inputs, size_t count,
                       load_frame* frame, pl_error* err, pl_load_summary* made) {
  pl_input* mapped = NULL;
  if (!path) {
    return pl_fail(err, PL_MSG_API_NULL, "parley_build", "path");
  }
  PL_TRY(inputs_map(inputs, count, "parley_build", &frame->arena, err, &mapped));
  frame->options.threads = open->threads;
  const pl_bulk_options bulk = {.base = pl_str_c(open->base),
                                .bytes_max = frame->given.memory_bytes,
                                .threads = open->threads,
                                .realloc_fn = open->reallocate,
                                .realloc_user = open->user};
  return pl_load_new(path, &bulk, mapped, count, &frame->options, err, made);
}

static pl_status build_framed(const char* path, const parley_options* open, const parley_input* inputs, size_t count,
                              const parley_load_options* options, const volatile int* interrupt, pl_error* err,
                              pl_load_summary* made) {
  load_frame frame;
  pl_mem like;
  pl_mem_init(&like, open->reallocate, open->user, SIZE_MAX);
  pl_status status = frame_begin(&frame, options, "parley_build", &like, err);
  if (status == PL_OK) {
    frame.options.interrupt = (const atomic_int*)(uintptr_t)interrupt;
    status = build(path, open, inputs, count, &frame, err, made);
  }
  frame_end(&frame);
  return status;
}

parley_status parley_build(const char* path, const parley_options* open_options, const parley_input* inputs,
                           size_t count, const parley_load_options* options, const volatile int* interrupt,
                           parley_load_summary* summary, parley_error_object** error) {
  parley_options open;
  pl_mem mem;
  pl_error err;
  pl_load_summary made = {0};
  summary_map(&made, summary);
  if (error) {
    *error = NULL;
  }
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&err, &mem);
  pl_status status = pl_api_options_copy(&open, sizeof open, open_options, "parley_build", &err);
  if (status == PL_OK) {
    status = build_framed(path, &open, inputs, count, options, interrupt, &err, &made);
  }
  summary_map(&made, summary);
  if (status != PL_OK && error) {
    pl_api_error_complete(&err, status);
    *error = pl_api_error_detach(&err);
  }
  pl_error_clear(&err);
  return pl_api_status(status);
}

// ---- export -------------------------------------------------------------------------------------------------------

static pl_status export_options(const parley_export_options* given, pl_guard* guard, pl_error* err,
                                pl_export_options* out) {
  *out = (pl_export_options){.format = PL_FORMAT_JSONL,
                             .assertions = given->assertions != 0,
                             .write = given->write,
                             .user = given->user,
                             .guard = guard};
  if (!given->write) {
    return pl_fail(err, PL_MSG_API_NULL, "parley_export", "write");
  }
  if (given->format && !pl_format_parse(pl_str_c(given->format), &out->format)) {
    return pl_fail(err, PL_MSG_EXPORT_FORMAT, given->format);
  }
  return PL_OK;
}

static pl_status export_store(parley* store, const parley_export_options* options, pl_error* err) {
  parley_export_options given;
  pl_export_options mapped;
  pl_guard guard;
  pl_txn* txn;
  if (!options) {
    return pl_fail(err, PL_MSG_API_NULL, "parley_export", "options");
  }
  pl_guard_init(&guard, &store->interrupt, 0);
  PL_TRY(pl_api_options_copy(&given, sizeof given, options, "parley_export", err));
  PL_TRY(export_options(&given, &guard, err, &mapped));
  PL_TRY(pl_guard_check(&guard, err));
  PL_TRY(pl_txn_begin(store->store, false, err, &txn));
  const pl_status status = pl_export(txn, &mapped);
  pl_txn_abort(txn);
  return status;
}

parley_status parley_export(parley* store, const parley_export_options* options) {
  pl_api_call call;
  if (!store) {
    return PARLEY_MISUSE;
  }
  pl_api_call_begin(&call, store);
  return pl_api_call_end(&call, export_store(store, options, &call.err));
}
