/// What only one of two sides says: two stores, or two sources of one store.
///
/// The unit is the statement: a fact stated plainly, by an assertion, or in a named graph. Each has a key of text that is the same in every store:
///
///   subject 01 predicate 01 object 01 | annotation 01 annotation 01 ... 00        terms as in N-Triples, annotations sorted
///   `--------- fact ---------------'  `-- nothing for a plain fact ------'
///
/// Both sides are sorted by their keys (linesort.h) and compared in one merge, so memory does not grow with the stores.
#ifndef PL_LOAD_DIFF_H
#define PL_LOAD_DIFF_H

#include "load/load.h"

typedef struct pl_difference {
  int side;        ///< -1 or +1: which side alone has it
  bool fact_kept;  ///< the other side has the fact, or an earlier difference told that it has not
  pl_str json;     ///< a line of JSON Lines, without its end
  pl_str text;     ///< as a query writes it
} pl_difference;

typedef struct pl_diff_options {
  const pl_term* source[2];                                   ///< only what this source says; NULL = everything
  bool (*reserved)(pl_str word);                              ///< for names in texts; may be NULL
  int (*write)(void* user, const pl_difference* difference);  ///< non-zero stops with PL_ERR_INTERRUPTED
  void* user;                                                 ///< for write
  pl_guard* guard;                                            ///< may be NULL
  size_t sort_bytes;                                          ///< memory for sorting, by side; 0 = a default
} pl_diff_options;

/// Give the differences in order of their keys. With two sources neither the sources nor the places in them (source, span, the name of a graph)
/// are compared. The transactions may be one and the same.
pl_status pl_diff(pl_txn* a, pl_txn* b, const pl_diff_options* options, pl_error* err);

#endif
