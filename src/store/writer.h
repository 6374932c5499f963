/// Changing a store inside a write transaction: intern terms, collect rows, apply them sorted.
///
/// Rows are collected up to a memory budget and spilled to sorted runs beyond it (rowsort.h), so that one ordinary transaction can take
/// a file of any size; pl_writer_flush applies them to every order, the counters and the totals. Deletes flush what was inserted before.
#ifndef PL_STORE_WRITER_H
#define PL_STORE_WRITER_H

#include "store/dataset.h"
#include "store/statement.h"

typedef struct pl_writer pl_writer;

typedef struct pl_annotation_id {
  pl_id predicate;  ///< an IRI
  pl_id object;     ///< any term
} pl_annotation_id;

/// bytes_max 0 = 256 MiB. guard may be NULL.
pl_status pl_writer_open(pl_txn* txn, size_t bytes_max, pl_guard* guard, pl_writer** out);
void pl_writer_close(pl_writer* writer);  ///< drops what was not flushed; accepts NULL

/// Id of a term, adding it to the dictionary if it is new.
pl_status pl_writer_term(pl_writer* writer, const pl_term* term, pl_id* id);
/// State a fact plainly (graph 0) or in a named graph (graph = IRI or blank id). s must be a node, p an IRI.
pl_status pl_writer_fact(pl_writer* writer, pl_id s, pl_id p, pl_id o, pl_id graph);
/// Assert a fact with annotations (any order, duplicates dropped; count >= 1). The same fact with the same set is the same assertion. *c may be NULL.
pl_status pl_writer_assert(pl_writer* writer, pl_id s, pl_id p, pl_id o, const pl_annotation_id* annotations,
                           size_t count, pl_id* c);
/// A whole batch of statements.
pl_status pl_writer_batch(pl_writer* writer, const pl_batch* batch);

/// Delete a fact with all its assertions and their annotations. PL_NOT_FOUND (no error) if it is not there.
pl_status pl_writer_delete(pl_writer* writer, pl_id s, pl_id p, pl_id o);
/// Take back one row: a plain statement (c = 0), one assertion with its annotations, or one named graph's statement. PL_NOT_FOUND if not there.
pl_status pl_writer_retract(pl_writer* writer, pl_id s, pl_id p, pl_id o, pl_id c);

/// Apply everything collected. Counts are added to what earlier flushes did; *counts may be NULL.
pl_status pl_writer_flush(pl_writer* writer, pl_write_counts* counts);

#endif
