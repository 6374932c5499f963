/// A block is read behind what the last one left over, cut after its last line end, and the rest kept for the next.
/// A line longer than a block makes it grow, up to the limit; beyond, the line is skipped and only its start given.
#include "load/lines.h"

#include "base/utf8.h"

enum { BLOCK_BYTES = 256 << 10, TOO_LONG_SHOWN = 4096, ROW_SLACK = 64 << 10 };

size_t pl_row_bytes_max(const pl_reader_context* context) {
  const uint64_t literal = context->options ? context->options->literal_bytes_max : 0;
  const uint64_t max = literal && literal < PL_TERM_BYTES_MAX ? literal : PL_TERM_BYTES_MAX;
  return (size_t)max + ROW_SLACK;
}

void pl_lines_init(pl_lines* lines, const pl_reader_context* context, size_t line_bytes_max) {
  *lines = (pl_lines){.mem = context->mem,
                      .err = context->err,
                      .bytes = context->bytes,
                      .line_bytes_max = line_bytes_max,
                      .eager = context->options && context->options->commit_every > 0};
}

void pl_lines_free(pl_lines* lines) {
  pl_mem_free(lines->mem, lines->rest, lines->rest_capacity);
  *lines = (pl_lines){0};
}

static pl_status nomem(pl_lines* lines) { return pl_fail(lines->err, PL_MSG_NOMEM); }

static pl_status rest_reserve(pl_lines* lines, size_t size) {
  if (size <= lines->rest_capacity) {
    return PL_OK;
  }
  const size_t grown = size < BLOCK_BYTES ? BLOCK_BYTES : size + size / 2;
  char* const data = pl_mem_realloc(lines->mem, lines->rest, lines->rest_capacity, grown);
  if (!data) {
    return nomem(lines);
  }
  lines->rest = data;
  lines->rest_capacity = grown;
  return PL_OK;
}

/// Read until `size` bytes are there, or, when eager, as soon as a whole line is. *len counts from `filled`.
static pl_status fill(pl_lines* lines, char* data, size_t size, size_t* filled) {
  while (*filled < size && !lines->end) {
    size_t len;
    PL_TRY(pl_bytes_read(lines->bytes, data + *filled, size - *filled, &len));
    lines->end = len == 0;
    const bool line_there = lines->eager && len && memchr(data + *filled, '\n', len);
    *filled += len;
    if (line_there) {
      break;
    }
  }
  return PL_OK;
}

/// Skip to the end of the line that is too long.
static pl_status skip_line(pl_lines* lines) {
  PL_TRY(rest_reserve(lines, BLOCK_BYTES));
  for (;;) {
    lines->offset += lines->rest_len;
    lines->rest_len = 0;
    size_t len;
    PL_TRY(pl_bytes_read(lines->bytes, lines->rest, BLOCK_BYTES, &len));
    lines->end = len == 0;
    const char* const newline = len ? memchr(lines->rest, '\n', len) : NULL;
    if (!len) {
      return PL_OK;
    }
    if (newline) {
      const size_t skipped = (size_t)(newline - lines->rest) + 1;
      lines->offset += skipped;
      lines->rest_len = len - skipped;
      memmove(lines->rest, newline + 1, lines->rest_len);
      return PL_OK;
    }
    lines->rest_len = len;
  }
}

/// The line did not end within a block: collect it in `rest`, whose growth is geometric, and copy it once it is whole.
static pl_status long_line(pl_lines* lines, pl_arena* arena, const char* data, size_t len, pl_line_block* block) {
  PL_TRY(rest_reserve(lines, 2 * len));
  memcpy(lines->rest, data, len);
  lines->rest_len = len;
  const char* newline = NULL;
  while (!newline && !lines->end && lines->rest_len <= lines->line_bytes_max) {
    PL_TRY(rest_reserve(lines, lines->rest_len + BLOCK_BYTES));
    size_t more;
    PL_TRY(pl_bytes_read(lines->bytes, lines->rest + lines->rest_len, BLOCK_BYTES, &more));
    lines->end = more == 0;
    newline = more ? memchr(lines->rest + lines->rest_len, '\n', more) : NULL;
    lines->rest_len += more;
  }
  block->too_long = !newline && lines->rest_len > lines->line_bytes_max;
  block->len = newline ? (size_t)(newline - lines->rest) + 1 : lines->rest_len;
  block->len = block->too_long ? TOO_LONG_SHOWN : block->len;
  block->data = pl_arena_alloc(arena, block->len + 1);
  if (!block->data) {
    return nomem(lines);
  }
  memcpy(block->data, lines->rest, block->len);
  block->data[block->len] = '\n';
  if (block->too_long) {
    return skip_line(lines);
  }
  lines->rest_len -= block->len;
  memmove(lines->rest, lines->rest + block->len, lines->rest_len);
  lines->offset += block->len;
  if (lines->rest_capacity > 16 * (size_t)BLOCK_BYTES && lines->rest_len <= BLOCK_BYTES) {
    char* const shrunk = pl_mem_realloc(lines->mem, lines->rest, lines->rest_capacity, BLOCK_BYTES);
    lines->rest_capacity = shrunk ? BLOCK_BYTES : lines->rest_capacity;
    lines->rest = shrunk ? shrunk : lines->rest;
  }
  return PL_OK;
}

/// Cut after the last line end; the bytes behind it wait in `rest`.
static pl_status cut(pl_lines* lines, char* data, size_t filled, pl_line_block* block) {
  const char* const newline = memrchr(data, '\n', filled);
  block->len = newline && !lines->end ? (size_t)(newline - data) + 1 : filled;
  const size_t rest = filled - block->len;
  PL_TRY(rest_reserve(lines, rest));
  if (rest) {
    memcpy(lines->rest, data + block->len, rest);
  }
  lines->rest_len = rest;
  lines->offset += block->len;
  data[block->len] = '\n';
  return PL_OK;
}

pl_status pl_lines_next(pl_lines* lines, pl_arena* arena, pl_line_block* block) {
  *block = (pl_line_block){.offset = lines->offset};
  const size_t room = lines->rest_len > BLOCK_BYTES ? lines->rest_len : BLOCK_BYTES;
  char* const data = pl_arena_alloc(arena, room + 1);
  if (!data) {
    return nomem(lines);
  }
  size_t filled = lines->rest_len;
  if (filled) {
    memcpy(data, lines->rest, filled);
  }
  const bool line_there = filled && memchr(data, '\n', filled);
  lines->rest_len = 0;
  if (!(lines->eager && line_there)) {
    PL_TRY(fill(lines, data, room, &filled));
  }
  block->data = data;
  if (filled && !lines->end && !memrchr(data, '\n', filled)) {
    PL_TRY(long_line(lines, arena, data, filled, block));
  } else {
    PL_TRY(cut(lines, data, filled, block));
  }
  block->utf8 = pl_utf8_check((pl_str){block->data, block->len}) == block->len;
  return PL_OK;
}

pl_status pl_lines_unread(pl_lines* lines, const pl_line_block* block, size_t used) {
  const size_t back = block->len - used;
  if (back == 0 || block->too_long) {
    return PL_OK;
  }
  PL_TRY(rest_reserve(lines, back + lines->rest_len));
  memmove(lines->rest + back, lines->rest, lines->rest_len);
  memcpy(lines->rest, block->data + used, back);
  lines->rest_len += back;
  lines->offset -= back;
  return PL_OK;
}
