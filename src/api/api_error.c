/// Error objects. Handles hold theirs inside; parley_open() and parley_build() give out one that stands alone and pays
/// for itself.
///
/// The printed report of a diagnostic is made when it is first asked for, so that a warning nobody reads costs nothing.
/// The store's own object may be read by several threads: it is sealed when it is filled.
#include "base/messages.h"

#include "api/api.h"

enum { REPORT_BYTES_MAX = 64 * 1024 };

/// Given out when there is no memory for an error object: known by its address.
static const parley_error_object no_memory;

static const char* const no_memory_text = "out of memory";

void pl_api_error_init(parley_error_object* error, pl_mem* mem) {
  *error = (parley_error_object){.own = error->own};
  pl_error_init(&error->diags, mem);
  pl_arena_init(&error->printed, mem);
}

void pl_api_error_clear(parley_error_object* error) {
  if (error->diags.count == 0) {
    return;
  }
  pl_error_clear(&error->diags);
  pl_arena_reset(&error->printed);
  memset(error->texts, 0, sizeof error->texts);
}

void pl_api_error_truncate(parley_error_object* error, size_t count) {
  if (error->diags.count > count) {
    pl_error_truncate(&error->diags, count);
    pl_arena_reset(&error->printed);
    memset(error->texts, 0, sizeof error->texts);
  }
}

void pl_api_error_free(parley_error_object* error) {
  pl_error_clear(&error->diags);
  pl_arena_free(&error->printed);
}

static const char* print(parley_error_object* error, size_t i) {
  pl_buf buf;
  pl_buf_init(&buf, error->diags.mem, REPORT_BYTES_MAX);
  if (pl_diag_print(&error->diags.items[i], &buf) == PL_OK) {
    error->texts[i] = pl_arena_str(&error->printed, pl_buf_view(&buf)).data;
  }
  pl_buf_free(&buf);
  return error->texts[i] ? error->texts[i] : error->diags.items[i].text;
}

void pl_api_error_seal(parley_error_object* error) {
  for (size_t i = 0; i < error->diags.count; i++) {
    (void)print(error, i);  // without memory the report is the bare message
  }
}

parley_error_object* pl_api_error_detach(pl_error* from) {
  pl_mem mem;
  pl_mem_init(&mem, from->mem->fn, from->mem->user, SIZE_MAX);
  parley_error_object* const error = pl_mem_calloc(&mem, 1, sizeof *error);
  if (!error) {
    pl_error_clear(from);
    return (parley_error_object*)(uintptr_t)&no_memory;
  }
  error->own = mem;
  pl_api_error_init(error, &error->own);
  pl_error_move(&error->diags, from);
  pl_api_error_seal(error);
  return error;
}

void pl_api_error_complete(pl_error* err, pl_status status) {
  if (err->error_count > 0) {
    return;
  }
  if (status == PL_ERR_NOMEM) {
    (void)pl_fail(err, PL_MSG_NOMEM);
  } else if (status == PL_ERR_INTERRUPTED) {
    (void)pl_fail(err, PL_MSG_INTERRUPTED);
  } else {
    (void)pl_fail(err, PL_MSG_API_FAILED, parley_status_name(pl_api_status(status)));
  }
}

void pl_api_diagnostic(const pl_diag* diag, const char* report, parley_diagnostic* out) {
  *out = (parley_diagnostic){.code = (int)diag->number,
                             .status = pl_api_status(diag->status),
                             .message = diag->text,
                             .hint = diag->hint,
                             .source = diag->source_name,
                             .line = diag->line,
                             .column = diag->column,
                             .length = diag->length,
                             .offset = diag->offset,
                             .text = report};
}

size_t parley_error_count(const parley_error_object* error) {
  return !error ? 0 : error == &no_memory ? 1 : error->diags.count;
}

parley_status parley_error_get(const parley_error_object* error, size_t i, parley_diagnostic* out) {
  if (!out) {
    return PARLEY_MISUSE;
  }
  if (i >= parley_error_count(error)) {
    return PARLEY_NOT_FOUND;
  }
  if (error == &no_memory) {
    *out = (parley_diagnostic){
        .code = PL_MSG_NOMEM, .status = PARLEY_NOMEM, .message = no_memory_text, .text = no_memory_text};
    return PARLEY_OK;
  }
  // All other error objects are ours and not constant: the report is kept in it once it is printed.
  const char* const text = error->texts[i] ? error->texts[i] : print((parley_error_object*)(uintptr_t)error, i);
  pl_api_diagnostic(&error->diags.items[i], text, out);
  return PARLEY_OK;
}

const char* parley_error_message(const parley_error_object* error) {
  if (error == &no_memory) {
    return no_memory_text;
  }
  for (size_t i = 0; i < parley_error_count(error); i++) {
    if (error->diags.items[i].status != PL_OK) {
      return error->diags.items[i].text;
    }
  }
  return "";
}

void parley_error_free(parley_error_object* error) {
  if (!error || error == &no_memory) {
    return;
  }
  pl_api_error_free(error);
  pl_mem mem = error->own;
  pl_mem_free(&mem, error, sizeof *error);
}

const char* parley_message_explain(int code) {
  const pl_message* const message = pl_message_find(code);
  return message ? message->explanation : NULL;
}
