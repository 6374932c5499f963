/// The error object: formats a message, copies what it shows, keeps a bounded number, prints.
///
/// Copies are paid by the handle's account but may pass its limit, because "the memory limit was reached" must be
/// reportable; all texts are bounded, so the excess is too. When even that fails the text is a constant, which is never
/// freed.
#include "base/diag.h"
#include "base/diag_internal.h"
#include "base/messages.h"
#include "base/utf8.h"

#include <stdio.h>

enum { TEXT_BYTES_MAX = 1024 };

static const char text_no_memory[] = "out of memory while an error was being reported";

static char* constant_text(void) { return (char*)(uintptr_t)text_no_memory; }

static void text_free(pl_mem* mem, char* text) {
  if (text && text != text_no_memory) {
    pl_mem_free(mem, text, strlen(text) + 1);
  }
}

static char* text_copy(pl_mem* mem, const char* text) {
  if (!mem || !text) {
    return NULL;
  }
  const size_t size = strlen(text) + 1;
  const size_t bytes_max = mem->bytes_max;
  mem->bytes_max = SIZE_MAX;
  char* const copy = pl_mem_alloc(mem, size);
  mem->bytes_max = bytes_max;
  return copy ? memcpy(copy, text, size) : NULL;
}

/// Format into one clean line of at most TEXT_BYTES_MAX bytes and copy it. NULL if memory is short.
static char* text_format(pl_mem* mem, const char* format, va_list args) {
  char raw[TEXT_BYTES_MAX];
  const int wanted = vsnprintf(raw, sizeof(raw), format, args);
  if (wanted < 0) {
    return text_copy(mem, format);
  }
  const bool cut = (size_t)wanted >= sizeof(raw);
  const pl_str s = {raw, cut ? sizeof(raw) - 1 : (size_t)wanted};
  char clean[3 * TEXT_BYTES_MAX + 8];
  size_t len = 0;
  for (size_t pos = 0; pos < s.len;) {
    uint32_t cells;
    const uint32_t c = pl_utf8_next(s, &pos);
    if (c == UINT32_MAX && cut && s.len - pos < 3) {
      break;  // the cut went through a character
    }
    len += pl_shown_put(clean + len, c, &cells);
  }
  memcpy(clean + len, cut ? "…" : "", cut ? sizeof("…") : 1);
  return text_copy(mem, clean);
}

void pl_error_init(pl_error* err, pl_mem* mem) { *err = (pl_error){.mem = mem}; }

static void diag_free(pl_mem* mem, pl_diag* diag) {
  text_free(mem, diag->text);
  text_free(mem, diag->source_name);
  text_free(mem, diag->source_line);
  text_free(mem, diag->hint);
  *diag = (pl_diag){0};
}

void pl_error_clear(pl_error* err) {
  for (size_t i = 0; i < err->count; i++) {
    diag_free(err->mem, &err->items[i]);
  }
  *err = (pl_error){.mem = err->mem};
}

void pl_error_truncate(pl_error* err, size_t count) {
  if (count >= err->count) {
    return;
  }
  while (err->count > count) {
    pl_diag* const diag = &err->items[--err->count];
    err->error_count -= diag->status != PL_OK;
    diag_free(err->mem, diag);
  }
  err->status = PL_OK;
  for (size_t i = 0; err->status == PL_OK && i < err->count; i++) {
    err->status = err->items[i].status;
  }
  err->truncated = err->newest_dropped = false;
}

/// Room for one more of this kind, or NULL if enough are kept.
static pl_diag* item_new(pl_error* err, pl_status status) {
  const size_t warning_count = err->count - err->error_count;
  const bool full = status == PL_OK ? warning_count >= PL_DIAG_WARNINGS_MAX : err->error_count >= PL_DIAG_ERRORS_MAX;
  err->newest_dropped = full;
  err->truncated |= full;
  if (full) {
    return NULL;
  }
  if (status != PL_OK) {
    err->error_count++;
    err->status = err->error_count == 1 ? status : err->status;
  }
  assert(err->count < PL_COUNT_OF(err->items));
  pl_diag* const diag = &err->items[err->count++];
  *diag = (pl_diag){.status = status};
  return diag;
}

static void diag_set_place(pl_mem* mem, pl_diag* diag, const pl_source* source, pl_span span) {
  pl_place place;
  pl_place_find(source, span, &place);
  diag->source_name = text_copy(mem, source->name);
  diag->source_line = text_copy(mem, place.shown);
  diag->line = place.line;
  diag->column = place.column;
  diag->length = place.length;
  diag->caret_skip = place.caret_skip;
  diag->caret_cells = place.caret_cells;
  diag->offset = source->offset_first + span.start;
}

static pl_status record(pl_error* err, const pl_source* source, pl_span span, pl_msg number, va_list args) {
  const pl_message* const message = pl_message_find((int)number);
  assert(message);
  if (!message) {
    return PL_ERR_MISUSE;
  }
  pl_diag* const diag = err ? item_new(err, message->status) : NULL;
  if (!diag) {
    return message->status;
  }
  diag->number = number;
  char* const text = text_format(err->mem, message->format, args);
  diag->text = text ? text : constant_text();
  if (source) {
    diag_set_place(err->mem, diag, source, span);
  }
  return message->status;
}

pl_status pl_fail(pl_error* err, pl_msg number, ...) {
  va_list args;
  va_start(args, number);
  const pl_status status = record(err, NULL, (pl_span){0}, number, args);
  va_end(args);
  return status;
}

pl_status pl_fail_memory(pl_error* err, const char* what, size_t bytes_max) {
  const bool small = bytes_max < (size_t)1 << 20;
  return pl_fail(err, PL_MSG_MEMORY_LIMIT, what, small ? bytes_max >> 10 : bytes_max >> 20, small ? "KiB" : "MiB");
}

pl_status pl_fail_at(pl_error* err, const pl_source* source, pl_span span, pl_msg number, ...) {
  va_list args;
  va_start(args, number);
  const pl_status status = record(err, source, span, number, args);
  va_end(args);
  return status;
}

void pl_warn(pl_error* err, pl_msg number, ...) {
  va_list args;
  va_start(args, number);
  (void)record(err, NULL, (pl_span){0}, number, args);
  va_end(args);
}

void pl_warn_at(pl_error* err, const pl_source* source, pl_span span, pl_msg number, ...) {
  va_list args;
  va_start(args, number);
  (void)record(err, source, span, number, args);
  va_end(args);
}

void pl_error_hint(pl_error* err, const char* format, ...) {
  if (!err || err->count == 0 || err->newest_dropped) {
    return;
  }
  va_list args;
  va_start(args, format);
  char* const hint = text_format(err->mem, format, args);
  va_end(args);
  pl_diag* const diag = &err->items[err->count - 1];
  if (hint) {
    text_free(err->mem, diag->hint);
    diag->hint = hint;
  }
}

/// Give one text to another account: itself where both are the same, else a copy.
static char* text_move(pl_error* to, pl_error* from, char* text) {
  if (to->mem == from->mem || text == text_no_memory) {
    return text;
  }
  char* const copy = text_copy(to->mem, text);
  text_free(from->mem, text);
  return copy;
}

void pl_error_move(pl_error* to, pl_error* from) {
  assert(to != from);
  for (size_t i = 0; i < from->count; i++) {
    pl_diag* const source = &from->items[i];
    pl_diag* const target = item_new(to, source->status);
    if (!target) {
      diag_free(from->mem, source);
      continue;
    }
    *target = *source;
    char* const text = text_move(to, from, source->text);
    target->text = text ? text : constant_text();
    target->source_name = text_move(to, from, source->source_name);
    target->source_line = text_move(to, from, source->source_line);
    target->hint = text_move(to, from, source->hint);
  }
  to->truncated |= from->truncated;
  to->newest_dropped |= from->newest_dropped;
  *from = (pl_error){.mem = from->mem};
}

static void print_repeated(pl_buf* out, char c, size_t count) {
  for (size_t i = 0; i < count; i++) {
    (void)pl_buf_char(out, c);  // a failure sticks in the buffer
  }
}

static void print_place(const pl_diag* diag, pl_buf* out) {
  char number[24];
  const int digits = snprintf(number, sizeof(number), "%llu", (unsigned long long)diag->line);
  assert(digits > 0);
  const size_t gutter = (size_t)digits + 1;
  print_repeated(out, ' ', gutter);
  const char* const name = diag->source_name ? diag->source_name : "";
  (void)pl_buf_printf(out, "--> %s%s%s:%u\n", name, *name ? ":" : "", number, (unsigned)diag->column);
  if (!diag->source_line) {
    return;
  }
  (void)pl_buf_printf(out, "%s | %s\n", number, diag->source_line);
  print_repeated(out, ' ', gutter);
  (void)pl_buf_str(out, PL_STR("| "));
  print_repeated(out, ' ', diag->caret_skip);
  (void)pl_buf_char(out, '^');
  print_repeated(out, '~', diag->caret_cells > 1 ? diag->caret_cells - 1 : 0);
  (void)pl_buf_char(out, '\n');
}

pl_status pl_diag_print(const pl_diag* diag, pl_buf* out) {
  const char* const kind = diag->status == PL_OK ? "warning " : "";
  (void)pl_buf_printf(out, "%sPLY-%04d: %s\n", kind, (int)diag->number, diag->text);
  if (diag->line) {
    print_place(diag, out);
  }
  if (diag->hint) {
    (void)pl_buf_printf(out, "hint: %s\n", diag->hint);
  }
  return out->status;
}

pl_status pl_error_print(const pl_error* err, pl_buf* out) {
  for (size_t i = 0; i < err->count; i++) {
    PL_TRY(pl_diag_print(&err->items[i], out));
  }
  return out->status;
}
