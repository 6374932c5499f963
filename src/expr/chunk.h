/// A chunk: up to PL_CHUNK_ROWS rows of ids, one column per slot, with a selection and, where rows stand for several, multiplicities.
#ifndef PL_EXPR_CHUNK_H
#define PL_EXPR_CHUNK_H

#include "algebra/algebra.h"

#ifndef PL_CHUNK_ROWS
#define PL_CHUNK_ROWS 2048
#endif

typedef struct pl_chunk {
  pl_id** columns;         ///< by slot; NULL = slot not present here (reads as null)
  uint32_t slot_count;     ///< entries of columns
  uint32_t count;          ///< rows stored, at most PL_CHUNK_ROWS
  uint16_t* selection;     ///< row numbers that count, ascending; NULL = all of [0, count)
  uint32_t selected;       ///< entries of selection (= count when it is NULL)
  uint64_t* multiplicity;  ///< how many equal rows row i stands for; NULL = 1 each
} pl_chunk;

// Multiplicities stop at PL_TIMES_MAX instead of wrapping: a number of rows that is there says "that many or more".
#define PL_TIMES_MAX UINT64_MAX
static inline uint64_t pl_times_mul(uint64_t a, uint64_t b) {
  uint64_t product;
  return __builtin_mul_overflow(a, b, &product) ? PL_TIMES_MAX : product;
}
static inline uint64_t pl_times_add(uint64_t a, uint64_t b) {
  uint64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? PL_TIMES_MAX : sum;
}

static inline uint32_t pl_chunk_row(const pl_chunk* chunk, uint32_t i) {
  return chunk->selection ? chunk->selection[i] : i;
}
static inline pl_id pl_chunk_id(const pl_chunk* chunk, pl_slot slot, uint32_t row) {
  return chunk->columns[slot] ? chunk->columns[slot][row] : PL_ID_NULL;
}

#endif
