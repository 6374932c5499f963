/// Sets of slots, and which slots a piece of algebra reads or binds.
#ifndef PL_OPT_SLOTS_H
#define PL_OPT_SLOTS_H

#include "algebra/algebra.h"

/// A bitmap over slot numbers. Copies of the struct share the words.
typedef struct pl_slots {
  uint64_t* words;      ///< bits, in an arena
  uint32_t word_count;  ///< words allocated
} pl_slots;

/// An empty set for slots below `slot_count`.
pl_status pl_slots_make(pl_arena* arena, uint32_t slot_count, pl_slots* out);
pl_status pl_slots_copy(pl_arena* arena, pl_slots from, pl_slots* out);

static inline bool pl_slots_has(pl_slots set, pl_slot slot) {
  return slot / 64 < set.word_count && (set.words[slot / 64] >> (slot % 64) & 1);
}
static inline void pl_slots_add(pl_slots set, pl_slot slot) {
  assert(slot / 64 < set.word_count);
  set.words[slot / 64] |= (uint64_t)1 << (slot % 64);
}
static inline void pl_slots_remove(pl_slots set, pl_slot slot) {
  assert(slot / 64 < set.word_count);
  set.words[slot / 64] &= ~((uint64_t)1 << (slot % 64));
}
/// The least slot of the set that is at least `slot`; PL_SLOT_NONE if there is none.
static inline pl_slot pl_slots_from(pl_slots set, pl_slot slot) {
  for (uint32_t w = slot / 64; w < set.word_count; w++) {
    const uint64_t left = w == slot / 64 ? set.words[w] & (UINT64_MAX << (slot % 64)) : set.words[w];
    if (left) {
      return w * 64 + (pl_slot)__builtin_ctzll(left);
    }
  }
  return PL_SLOT_NONE;
}
void pl_slots_clear(pl_slots set);
void pl_slots_add_all(pl_slots set, pl_slots more);     ///< set |= more
void pl_slots_keep(pl_slots set, pl_slots other);       ///< set &= other
void pl_slots_remove_all(pl_slots set, pl_slots less);  ///< set &= ~less
bool pl_slots_meet(pl_slots a, pl_slots b);             ///< some slot in both
bool pl_slots_within(pl_slots a, pl_slots b);           ///< all of a in b
uint32_t pl_slots_count(pl_slots set);

/// Add the slots that an expression reads.
void pl_slots_of_expr(const pl_expr* expr, pl_slots set);
/// Add every slot that a pattern mentions, lens arguments included.
void pl_slots_of_alg(const pl_query* query, const pl_alg* alg, pl_slots set);
/// Add the slots that a lens reads from its row.
void pl_slots_of_lens(const pl_query* query, uint32_t lens, pl_slots set);
/// Add the slots that a pattern may bind for what follows it (nots bind nothing).
void pl_slots_bound(const pl_alg* alg, pl_slots set);
/// Add the slots that every row of a pattern binds (an either: those of all branches; optionals do not count).
pl_status pl_slots_always(pl_arena* arena, const pl_alg* alg, pl_slots set);

/// May the path be of no facts at all?
bool pl_path_may_be_empty(const pl_path* path);

#endif
