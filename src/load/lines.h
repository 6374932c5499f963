/// Whole lines of a document in blocks that live in the batch's arena: terms are then slices of the block, copied once.
#ifndef PL_LOAD_LINES_H
#define PL_LOAD_LINES_H

#include "load/reader.h"

typedef struct pl_lines {
  pl_mem* mem;            ///< account
  pl_error* err;          ///< for failures
  pl_bytes* bytes;        ///< input
  size_t line_bytes_max;  ///< a longer line is given as too long
  bool eager;             ///< hand over what has arrived rather than fill a block (a reader that commits in steps)
  char* rest;             ///< bytes read but not yet delivered
  size_t rest_len;        ///< used
  size_t rest_capacity;   ///< allocated
  uint64_t offset;        ///< document offset of the next byte to deliver
  bool end;               ///< the input has ended
} pl_lines;

typedef struct pl_line_block {
  char* data;       ///< whole lines, each followed by '\n' (also the last of the document, where it is not counted)
  size_t len;       ///< bytes, 0 at the end of the document
  uint64_t offset;  ///< of data in the document
  bool utf8;        ///< the whole block is valid UTF-8
  bool too_long;    ///< instead of lines: the start of one that is too long; the rest of it was skipped
} pl_line_block;

void pl_lines_init(pl_lines* lines, const pl_reader_context* context, size_t line_bytes_max);
void pl_lines_free(pl_lines* lines);
/// Next block. At the end of the document block->len is 0.
pl_status pl_lines_next(pl_lines* lines, pl_arena* arena, pl_line_block* block);
/// Give back the block's bytes from `used` on: the next block begins with them.
pl_status pl_lines_unread(pl_lines* lines, const pl_line_block* block, size_t used);
/// Longest row that the options allow.
size_t pl_row_bytes_max(const pl_reader_context* context);

#endif
