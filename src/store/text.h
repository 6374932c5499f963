/// The text index: which literals hold a word.
///
///     row       first 8 bytes of a folded word, as one big-endian number (shorter words end in zeros) | literal
///
/// A literal has one row for each of its words (text/token.h), or, without any word, one row under 0. Rows exist for every string literal,
/// with or without language, that is the object of at least one fact with an indexed predicate; which predicates that are is a property
/// of the store. Words that begin alike stand together, so a search for a prefix reads one range; 8 bytes narrow enough: they prove a
/// beginning of up to 8 bytes, and what a longer one finds is verified by folding the literal's text. Rows are written in the transaction of the facts they come from.
#ifndef PL_STORE_TEXT_H
#define PL_STORE_TEXT_H

#include "store/env.h"

/// Receives rows in the order of the words, with repetitions.
typedef pl_status (*pl_text_row_fn)(void* user, const uint64_t row[2]);
/// Space for the text of a literal, used again and again.
typedef struct pl_text_room {
  pl_arena arena;  ///< as stored
  pl_buf folded;   ///< folded
} pl_text_room;
void pl_text_room_init(pl_text_room* room, pl_mem* mem);
void pl_text_room_free(pl_text_room* room);
/// Rows of one literal.
pl_status pl_text_rows(pl_txn* txn, pl_id literal, pl_text_room* room, pl_guard* guard, pl_text_row_fn fn, void* user);
/// Literals that the index takes.
static inline bool pl_text_takes(pl_id id) {
  const pl_tag tag = pl_id_tag(id);
  return tag == PL_TAG_SHORT || tag == PL_TAG_STRING || tag == PL_TAG_LANG;
}
bool pl_text_has_predicate(const pl_settings* settings, pl_id predicate);

/// Call fn for each string literal that is an object of one of the predicates, sorted, each once.
pl_status pl_text_each_literal(pl_txn* txn, const pl_id* predicates, size_t count, pl_guard* guard, pl_literal_fn fn,
                               void* user);
/// Add the rows of all objects of the predicates (write transaction).
pl_status pl_text_build(pl_txn* txn, const pl_id* predicates, size_t count, pl_guard* guard);
pl_status pl_text_clear(pl_txn* txn);  ///< drop all rows (write transaction)

/// Words of one text as first-8-bytes keys.
uint64_t pl_text_key(pl_str word);

#endif
