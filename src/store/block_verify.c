/// Verifying a block: all that opening it cannot afford to look at.
#include "store/block_internal.h"

/// Rows are looked at in pieces, so that verifying needs no heap.
#define PIECE 64u

typedef struct verify_state {
  uint64_t last[PL_BLOCK_COLUMNS_MAX];  ///< row before the piece
  uint32_t facts;                       ///< counted so far
  uint32_t asserted;                    ///< counted so far
  bool started;                         ///< `last` holds a row
} verify_state;

static const char* verify_row(verify_state* state, const uint64_t* row, uint32_t columns) {
  const bool four = columns == 4;
  if (state->started && pl_row_compare(state->last, row, columns) >= 0) {
    return "rows do not ascend";
  }
  state->facts += !four || !state->started || pl_row_common(state->last, row, 3) < 3;
  state->asserted += four && row[3] != 0;
  memcpy(state->last, row, columns * sizeof(*row));
  state->started = true;
  return NULL;
}

static const char* verify_piece(const pl_block* block, uint32_t first, uint32_t count, verify_state* state) {
  uint64_t values[PL_BLOCK_COLUMNS_MAX][PIECE];
  for (uint32_t k = 0; k < block->columns; k++) {
    if (pl_block_decode(block, k, first, count, values[k]) != PL_OK) {
      return "run ends are wrong";
    }
  }
  for (uint32_t i = 0; i < count; i++) {
    uint64_t row[PL_BLOCK_COLUMNS_MAX];
    for (uint32_t k = 0; k < block->columns; k++) {
      row[k] = values[k][i];
    }
    const char* wrong = verify_row(state, row, block->columns);
    if (wrong) {
      return wrong;
    }
  }
  return NULL;
}

/// Every run at least one row long, of another value than the one before, the last one ending with the block.
static const char* verify_runs(const pl_block* block, uint32_t k) {
  const pl_block_column* column = &block->column[k];
  uint32_t before = 0;
  for (uint32_t run = 0; run < column->runs; run++) {
    const uint32_t end = pl_load16(column->ends + (size_t)run * 2);
    if (end <= before || end > block->rows) {
      return "run ends are wrong";
    }
    if (before > 0 && pl_block_value(block, k, before) == pl_block_value(block, k, before - 1)) {
      return "neighbouring runs are equal";
    }
    before = end;
  }
  return column->runs == 0 || before == block->rows ? NULL : "run ends are wrong";
}

const char* pl_block_verify(const pl_block* block) {
  for (uint32_t k = 0; k < block->columns; k++) {
    const char* wrong = verify_runs(block, k);
    if (wrong) {
      return wrong;
    }
  }
  verify_state state = {.started = false};
  for (uint32_t first = 0; first < block->rows; first += PIECE) {
    const uint32_t left = block->rows - first;
    const char* wrong = verify_piece(block, first, left < PIECE ? left : PIECE, &state);
    if (wrong) {
      return wrong;
    }
  }
  return state.facts != block->facts         ? "the count of facts is wrong"
         : state.asserted != block->asserted ? "the count of asserted rows is wrong"
                                             : NULL;
}
