/// Shared by the files of the export: the run, and what a format has to give.
#ifndef PL_LOAD_EXPORT_INTERNAL_H
#define PL_LOAD_EXPORT_INTERNAL_H

#include "load/export.h"
#include "load/linesort.h"

typedef struct pl_export_row {
  pl_id ids[4];      ///< s, p, o, c
  pl_term terms[3];  ///< s, p, o
  pl_term graph;     ///< of a named graph; NONE else
  bool asserted;     ///< c is an assertion
} pl_export_row;

typedef struct pl_annotation_row {
  pl_id predicate;      ///< id
  pl_annotation terms;  ///< its terms
} pl_annotation_row;

typedef struct pl_export_run {
  pl_txn* txn;                       ///< what is written
  const pl_export_options* options;  ///< how
  pl_error* err;                     ///< of the transaction
  pl_mem mem;                        ///< account
  pl_arena arena;                    ///< of the row at hand
  pl_arena arena_fact;               ///< terms of the row at hand that the next may share
  pl_export_row row;                 ///< the row at hand
  pl_scan* annotations;              ///< over cpo
  pl_linesort* sort;                 ///< records
  pl_buf record;                     ///< being made
  pl_buf out;                        ///< to be written
  struct pl_node_cache* nodes;       ///< jsonl: forms of nodes
} pl_export_run;

/// Make a run ready; also after a failure it is ended with pl_export_end. sort_bytes and guard as in linesort.h.
pl_status pl_export_begin(pl_export_run* run, pl_txn* txn, size_t sort_bytes, pl_guard* guard);
void pl_export_end(pl_export_run* run);
/// Make (s, p, o, c) the row at hand. Terms equal to the last row's are kept.
pl_status pl_export_read(pl_export_run* run, const pl_id ids[4]);
/// Annotations of the row's assertion, in the row's arena, in no order.
pl_status pl_export_annotations(pl_export_run* run, pl_id c, pl_annotation_row** out, size_t* count);
/// Label of an assertion without "_:".
pl_status pl_export_label(pl_export_run* run, pl_id c, char label[34]);
/// Append to the output; hands it on when there is enough.
pl_status pl_export_put(pl_export_run* run, pl_str text);
pl_status pl_export_nomem(pl_export_run* run);

/// N-Triples and N-Quads: make the row's record (one line, or the lines of a reifier).
pl_status pl_export_nt_record(pl_export_run* run);
/// Turtle: the record is one line in N-Triples terms; written grouped by subject with prefixes.
pl_status pl_export_ttl_record(pl_export_run* run);
pl_status pl_export_ttl_write(pl_export_run* run);
/// JSON Lines: the record is the line.
pl_status pl_export_jsonl_record(pl_export_run* run);
void pl_export_jsonl_free(pl_export_run* run);

#endif
