/// Batches: an arena for text, a growing array of statements, and the bad rows met on the way.
#include "load/batch.h"

pl_status pl_batch_init(pl_batch* batch, pl_mem* mem) {
  *batch = (pl_batch){0};
  pl_arena_init(&batch->arena, mem);
  batch->statements = pl_mem_alloc(mem, PL_BATCH_STATEMENTS * sizeof(*batch->statements));
  if (!batch->statements) {
    return pl_mem_status(mem);
  }
  batch->capacity = PL_BATCH_STATEMENTS;
  return PL_OK;
}

void pl_batch_clear(pl_batch* batch) {
  pl_arena_reset(&batch->arena);
  batch->count = 0;
  batch->bad = NULL;
  batch->bad_count = 0;
  batch->rows = 0;
  batch->waiting_within = batch->waiting_after = 0;
}

void pl_batch_free(pl_batch* batch) {
  pl_mem* const mem = batch->arena.mem;
  if (mem) {
    pl_mem_free(mem, batch->statements, batch->capacity * sizeof(*batch->statements));
    pl_arena_free(&batch->arena);
  }
  *batch = (pl_batch){0};
}

pl_status pl_batch_reserve(pl_batch* batch) {
  if (PL_LIKELY(batch->count < batch->capacity)) {
    return PL_OK;
  }
  void* data = batch->statements;
  const pl_status status =
      pl_vec_grow(batch->arena.mem, &data, &batch->capacity, batch->count + 1, sizeof(*batch->statements));
  batch->statements = data;
  return status;
}

pl_status pl_batch_push(pl_batch* batch, const pl_statement* statement) {
  PL_TRY(pl_batch_reserve(batch));
  batch->statements[batch->count++] = *statement;
  return PL_OK;
}

/// The array doubles in the arena whenever its count is a power of two.
static pl_status bad_reserve(pl_batch* batch) {
  const size_t count = batch->bad_count;
  if (count & (count - 1)) {
    return PL_OK;
  }
  pl_bad_row* const grown = PL_ARENA_ARRAY(&batch->arena, pl_bad_row, count ? 2 * count : 1);
  if (!grown) {
    return pl_mem_status(batch->arena.mem);
  }
  if (count) {
    memcpy(grown, batch->bad, count * sizeof(*grown));
  }
  batch->bad = grown;
  return PL_OK;
}

static char* copy_text(pl_batch* batch, const char* text, bool* failed) {
  if (!text) {
    return NULL;
  }
  char* const copy = (char*)(uintptr_t)pl_arena_str(&batch->arena, pl_str_c(text)).data;
  *failed |= !copy;
  return copy;
}

pl_status pl_batch_bad(pl_batch* batch, pl_error* err, uint64_t row, pl_str text) {
  assert(err->count > 0);
  bool failed = bad_reserve(batch) != PL_OK;
  pl_bad_row bad = {.row = row, .diag = err->items[0]};
  text.len = text.len > PL_BAD_TEXT_MAX ? PL_BAD_TEXT_MAX : text.len;
  bad.text = pl_arena_str(&batch->arena, text);
  bad.diag.text = copy_text(batch, bad.diag.text, &failed);
  bad.diag.source_name = copy_text(batch, bad.diag.source_name, &failed);
  bad.diag.source_line = copy_text(batch, bad.diag.source_line, &failed);
  bad.diag.hint = copy_text(batch, bad.diag.hint, &failed);
  pl_error_clear(err);
  if (failed || !bad.text.data) {
    return pl_mem_status(batch->arena.mem);
  }
  batch->bad[batch->bad_count++] = bad;
  return PL_OK;
}
