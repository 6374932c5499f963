/// Statements as text, in batches: what readers make and what the writer and the bulk build take.
#ifndef PL_STORE_STATEMENT_H
#define PL_STORE_STATEMENT_H

#include "term/term.h"

typedef struct pl_annotation {
  pl_term predicate;  ///< an IRI
  pl_term object;     ///< any term
} pl_annotation;

/// One statement. With `asserted` its annotations (perhaps none that a reader would call empty: at least one) make an assertion; else it is plain,
/// or, with graph set, stated by that named graph.
typedef struct pl_statement {
  pl_term subject;                   ///< IRI or blank
  pl_term predicate;                 ///< IRI
  pl_term object;                    ///< any
  pl_term graph;                     ///< PL_TERM_NONE, IRI or blank
  const pl_annotation* annotations;  ///< in the batch's arena; order and duplicates do not matter
  uint32_t annotation_count;         ///< used
  bool asserted;                     ///< has its own assertion
  uint64_t row;  ///< input row (line, object, document statement) from 1; several statements may share one
} pl_statement;

#define PL_BATCH_STATEMENTS 4096  ///< statements a reader puts in one batch (a row's statements are never split)

/// A bad input row, kept with its place (diag.h's line, column, text).
typedef struct pl_bad_row {
  uint64_t row;  ///< input row from 1
  pl_diag diag;  ///< complete message (its strings in the batch's arena)
  pl_str text;   ///< the row's raw bytes, shortened to 64 KiB, for --bad-rows
} pl_bad_row;

/// Statements with the memory their slices point to. Filled by one reader call, then handed on; reused after pl_batch_clear.
typedef struct pl_batch {
  pl_arena arena;            ///< owns all text
  pl_statement* statements;  ///< capacity at least PL_BATCH_STATEMENTS
  size_t count;              ///< used
  size_t capacity;           ///< allocated
  pl_bad_row* bad;           ///< bad rows met while filling (in the arena)
  size_t bad_count;          ///< used
  uint64_t rows;             ///< input rows consumed by this batch, bad ones included
  uint64_t waiting_within;   ///< first row of which something waited in the reader while this was filled; 0 = none
  uint64_t waiting_after;    ///< first row of which something still waits in the reader; 0 = none
  uint64_t bytes_offset;     ///< input bytes (uncompressed) consumed when the batch was done
} pl_batch;

/// What a write did, for the user.
typedef struct pl_write_counts {
  uint64_t facts_new;        ///< facts that did not exist
  uint64_t facts_gone;       ///< facts that no longer exist
  uint64_t assertions_new;   ///< assertions that did not exist (named graph rows count too)
  uint64_t assertions_gone;  ///< assertions that no longer exist
} pl_write_counts;

#endif
