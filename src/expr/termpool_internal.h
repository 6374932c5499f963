/// Inside of the term pool: shared by termpool.c, label.c, regex.c and the evaluation that keeps per-run state here.
#ifndef PL_EXPR_TERMPOOL_INTERNAL_H
#define PL_EXPR_TERMPOOL_INTERNAL_H

#include "expr/idmap.h"
#include "expr/termpool.h"
#include "text/token.h"

/// A term, list or path that the dictionary does not know. Its id is PL_TAG_TEMP with its place in `temps` + 1. A path is a list of its nodes with
/// count - 1 predicates behind them.
typedef struct pl_temp {
  uint64_t hash;        ///< of the content
  pl_tag tag;           ///< kind the term would have in the dictionary; PL_TAG_TEMP for a list or path
  pl_term term;         ///< for a term
  const pl_id* items;   ///< for a list; for a path nodes, then predicates
  size_t count;         ///< of items
  bool path;            ///< it is a path
  const bool* inverse;  ///< for a path: facts that lead backward
  pl_id* sorted;        ///< items ascending, made when membership is first asked
  bool all_by_id;       ///< with sorted: all items are of kinds where equal means same id
  bool all_integers;    ///< with sorted: all items are inline integers
} pl_temp;

struct pl_termpool {
  pl_txn* txn;                         ///< where ids are looked up
  pl_mem* mem;                         ///< pays for all
  pl_error* err;                       ///< for messages
  pl_arena cache;                      ///< cached terms and labels; dropped by trim
  pl_idmap terms;                      ///< id -> pl_term* in cache
  pl_idmap labels;                     ///< id -> pl_str* in cache
  size_t cached_bytes;                 ///< about what cache holds
  pl_arena texts;                      ///< content of temps; lives as long as the pool
  pl_arena scratch;                    ///< short-lived texts
  PL_VEC(pl_temp*) temps;              ///< by payload - 1
  uint32_t* temp_slots;                ///< hash table of temps by content: place + 1, 0 = free
  size_t temp_slot_count;              ///< a power of two
  pl_scan* scan_facts;                 ///< spo, kept open for labels and named graphs
  pl_scan* scan_annotations;           ///< cpo, kept open for assertions
  pl_idmap constants;                  ///< program node -> its value in this run (nodes without slots)
  struct pl_regex_cache* regexes;      ///< compiled patterns; NULL until needed
  pl_words words;                      ///< of the right side of `~` at hand
  pl_id words_of;                      ///< whose they are; PL_ID_NULL = nobody's
  struct pl_label_state* label_state;  ///< nodes by label; NULL until needed
  pl_buf buf;                          ///< text under construction by a function
};

pl_temp* pl_termpool_temp(const pl_termpool* pool, pl_id id);  ///< id of PL_TAG_TEMP
/// The smallest object (ORDER BY order) of facts (s, p, ?) for an IRI or blank node, of annotations for an assertion; PL_ID_NULL if none.
pl_status pl_termpool_object(pl_termpool* pool, pl_id s, pl_id p, pl_id* object);
/// Membership of x in a list by id alone. *certain false: elements must be compared by value.
pl_status pl_termpool_list_has(pl_termpool* pool, pl_guard* guard, pl_id list, pl_id x, bool* has, bool* certain);
void pl_regex_cache_free(struct pl_regex_cache* cache, pl_mem* mem);  ///< regex.c; accepts NULL

#endif
