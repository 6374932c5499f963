/// Sets of small numbers as an array of bits.
#ifndef PL_BASE_BITS_H
#define PL_BASE_BITS_H

#include "base/mem.h"

typedef struct pl_bits {
  uint64_t* words;  ///< bit i % 64 of word i / 64; bits beyond `count` are 0
  uint64_t count;   ///< numbers below it can be in the set
} pl_bits;

static inline size_t pl_bits_words(uint64_t count) { return (size_t)(count / 64 + (count % 64 != 0)); }

/// An empty set of numbers below `count`. Free with pl_bits_free().
static inline pl_status pl_bits_make(pl_mem* mem, uint64_t count, pl_bits* out) {
  *out = (pl_bits){.words = pl_mem_calloc(mem, pl_bits_words(count) + 1, sizeof(uint64_t)), .count = count};
  return out->words ? PL_OK : pl_mem_status(mem);
}

static inline void pl_bits_free(pl_mem* mem, pl_bits* bits) {
  pl_mem_free(mem, bits->words, (pl_bits_words(bits->count) + 1) * sizeof(uint64_t));
  *bits = (pl_bits){NULL, 0};
}

/// Add all numbers below the set's count.
static inline void pl_bits_fill(pl_bits* bits) {
  memset(bits->words, 0xff, (size_t)(bits->count / 64) * sizeof(uint64_t));
  if (bits->count % 64) {
    bits->words[bits->count / 64] = ((uint64_t)1 << bits->count % 64) - 1;
  }
}

static inline bool pl_bits_have(const pl_bits* bits, uint64_t number) {
  return number < bits->count && (bits->words[number / 64] >> (number % 64) & 1);
}

/// Add a number; one that is too large is left out.
static inline void pl_bits_add(pl_bits* bits, uint64_t number) {
  if (number < bits->count) {
    bits->words[number / 64] |= (uint64_t)1 << (number % 64);
  }
}

#endif
