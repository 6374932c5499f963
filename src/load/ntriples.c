/// N-Triples and N-Quads (RDF 1.1, and the reifiers of RDF 1.2 that Parley's own export writes): blocks of lines, one
/// scan per line, statements whose terms are slices of the block.
#include "base/utf8.h"
#include "load/lines.h"
#include "load/reifiers.h"

typedef struct nt_reader {
  pl_reader base;             ///< class
  pl_reader_context context;  ///< copy
  pl_lines lines;             ///< input
  pl_scope scope;             ///< of blank nodes
  pl_reifiers reifiers;       ///< waiting for annotations
  pl_nt_line line;            ///< the line at hand
  uint64_t row;               ///< lines begun
  bool end;                   ///< the input has ended; reifiers are being closed
} nt_reader;

static pl_status nt_open(const pl_reader_context* context, bool quads, const pl_reader_class* class_, pl_reader** out) {
  nt_reader* const r = pl_mem_calloc(context->mem, 1, sizeof(*r));
  if (!r) {
    return pl_fail(context->err, PL_MSG_NOMEM);
  }
  r->base.class_ = class_;
  r->context = *context;
  const size_t row_bytes_max = pl_row_bytes_max(context);
  pl_lines_init(&r->lines, context, row_bytes_max);
  pl_scope_init(&r->scope, &r->context);
  pl_reifiers_init(&r->reifiers, context->mem, context->err);
  r->line = (pl_nt_line){.scope = &r->scope, .quads = quads, .term_bytes_max = row_bytes_max - ((size_t)64 << 10)};
  *out = &r->base;
  return PL_OK;
}

static pl_status ntriples_open(const pl_reader_context* context, pl_reader** out) {
  return nt_open(context, false, &pl_reader_ntriples, out);
}

static pl_status nquads_open(const pl_reader_context* context, pl_reader** out) {
  return nt_open(context, true, &pl_reader_nquads, out);
}

static void nt_close(pl_reader* reader) {
  nt_reader* const r = (nt_reader*)reader;
  if (r) {
    pl_lines_free(&r->lines);
    pl_reifiers_free(&r->reifiers);
    pl_mem_free(r->context.mem, r, sizeof(*r));
  }
}

/// Length of what is marked as wrong: to the next blank.
static uint32_t bad_length(const char* bad, const char* end) {
  const char* p = bad;
  while (p < end && *p != ' ' && *p != '\t' && *p != '\r' && p - bad < 1 << 20) {
    p++;
  }
  return (uint32_t)(p - bad);
}

static pl_status bad_line(nt_reader* r, pl_batch* batch, pl_str text, uint64_t offset, pl_msg msg, const char* bad) {
  pl_error err;
  pl_error_init(&err, batch->arena.mem);
  // Spans are 32 bits: of a longer line the part around the error is shown.
  const size_t before = (size_t)(bad - text.data);
  const size_t skipped = before > UINT32_MAX / 2 ? before - 1024 : 0;
  const pl_source source = {.name = pl_bytes_name(r->context.bytes),
                            .text = {text.data + skipped, text.len - skipped},
                            .line_first = r->row,
                            .offset_first = offset + skipped};
  const uint32_t start = (uint32_t)(before - skipped);
  const pl_span span = {start, start + bad_length(bad, text.data + text.len)};
  if (msg == PL_MSG_RDF_SYNTAX) {
    (void)pl_fail_at(&err, &source, span, msg, r->line.reason);
  } else {
    (void)pl_fail_at(&err, &source, span, msg, r->line.term_bytes_max);
  }
  const pl_status status = pl_batch_bad(batch, &err, r->row, text);
  return status == PL_OK ? PL_OK : pl_fail(r->context.err, PL_MSG_NOMEM);
}

/// What stands on one line: one statement, or several where a lone carriage return ends lines.
static pl_status read_line(nt_reader* r, pl_batch* batch, pl_str text, uint64_t offset, bool utf8) {
  pl_nt_line* const l = &r->line;
  if (PL_UNLIKELY(!utf8)) {
    const size_t valid = pl_utf8_check(text);
    if (valid < text.len) {
      return bad_line(r, batch, text, offset, PL_MSG_ROW_UTF8, text.data + valid);
    }
  }
  l->p = text.data;
  l->end = text.data + text.len;
  do {
    const char* const start = l->p;
    const pl_nt_kind kind = pl_nt_scan(l);
    if (kind == PL_NT_NOTHING) {
      continue;
    }
    if (kind == PL_NT_BAD) {
      return l->status == PL_ERR_FORMAT ? bad_line(r, batch, text, offset, l->msg, l->bad) : l->status;
    }
    bool taken;
    const pl_status status =
        pl_reifiers_offer(&r->reifiers, l, (pl_str){start, (size_t)(l->p - start)}, r->row, &taken);
    if (status == PL_ERR_FORMAT) {
      return bad_line(r, batch, text, offset, PL_MSG_REIFIER_LATE, start);
    }
    PL_TRY(status);
    if (taken) {
      continue;
    }
    if (pl_batch_reserve(batch) != PL_OK) {
      return pl_fail(r->context.err, PL_MSG_NOMEM);
    }
    batch->statements[batch->count++] = (pl_statement){
        .subject = l->terms[0], .predicate = l->terms[1], .object = l->terms[2], .graph = l->terms[3], .row = r->row};
  } while (l->p < l->end);
  return PL_OK;
}

static pl_status read_too_long(nt_reader* r, pl_batch* batch, const pl_line_block* block) {
  r->row++;
  batch->rows++;
  pl_error err;
  pl_error_init(&err, batch->arena.mem);
  const pl_source source = {.name = pl_bytes_name(r->context.bytes),
                            .text = {block->data, block->len},
                            .line_first = r->row,
                            .offset_first = block->offset};
  (void)pl_fail_at(&err, &source, (pl_span){0, 1}, PL_MSG_ROW_TOO_LONG, r->lines.line_bytes_max);
  const pl_status status = pl_batch_bad(batch, &err, r->row, source.text);
  return status == PL_OK ? PL_OK : pl_fail(r->context.err, PL_MSG_NOMEM);
}

static pl_status read_block(nt_reader* r, pl_batch* batch, const pl_line_block* block) {
  const char* p = block->data;
  const char* const end = block->data + block->len;
  while (p < end && !pl_batch_full(batch)) {
    const char* const found = memchr(p, '\n', (size_t)(end - p));
    const char* const newline = found ? found : end;
    r->row++;
    batch->rows++;
    const pl_str text = {p, (size_t)(newline - p)};
    PL_TRY(read_line(r, batch, text, block->offset + (uint64_t)(p - block->data), block->utf8));
    p = newline < end ? newline + 1 : end;
  }
  return pl_lines_unread(&r->lines, block, (size_t)(p - block->data));
}

static pl_status nt_next(pl_reader* reader, pl_batch* batch) {
  nt_reader* const r = (nt_reader*)reader;
  r->line.arena = &batch->arena;
  r->line.again = false;
  if (!r->end) {
    pl_line_block block;
    PL_TRY(pl_lines_next(&r->lines, &batch->arena, &block));
    if (block.too_long) {
      PL_TRY(read_too_long(r, batch, &block));
    } else {
      PL_TRY(read_block(r, batch, &block));
    }
    batch->bytes_offset = r->lines.offset;
    r->end = block.len == 0;
  }
  batch->waiting_within = batch->waiting_within ? batch->waiting_within : pl_reifiers_row(&r->reifiers);
  PL_TRY(pl_reifiers_close(&r->reifiers, &r->line, batch, r->end));
  batch->waiting_after = pl_reifiers_row(&r->reifiers);
  return r->end && !r->reifiers.oldest ? PL_DONE : PL_OK;
}

const pl_reader_class pl_reader_ntriples = {
    .name = "N-Triples", .open = ntriples_open, .next = nt_next, .close = nt_close};
const pl_reader_class pl_reader_nquads = {.name = "N-Quads", .open = nquads_open, .next = nt_next, .close = nt_close};
