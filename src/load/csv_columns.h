/// What the columns of a CSV or TSV file mean.
///
/// A column is named as the JSON key it stands for: subject, predicate, object (required), graph, subject_type,
/// object_type, source, span, confidence, from, until, on; any other name is an annotation. `name:type` says how its
/// cells are read: `object:string`, `object:date`, `weight:decimal`, `event:node`, `subject:iri` (an exact IRI). A
/// column named `_` is left out. Without a type an object names a node, and an annotation cell is read by its form: integer, decimal, boolean, date or interval when canonical, else a
/// string. `head` of the file becomes `subject` with the mapping "subject=head", and a type may follow there too:
/// "object=tail:string".
#ifndef PL_LOAD_CSV_COLUMNS_H
#define PL_LOAD_CSV_COLUMNS_H

#include "load/maker.h"

typedef enum pl_column_kind {
  PL_COLUMN_SUBJECT,
  PL_COLUMN_PREDICATE,
  PL_COLUMN_OBJECT,
  PL_COLUMN_GRAPH,
  PL_COLUMN_SUBJECT_TYPE,
  PL_COLUMN_OBJECT_TYPE,
  PL_COLUMN_SOURCE,
  PL_COLUMN_SPAN,
  PL_COLUMN_CONFIDENCE,
  PL_COLUMN_FROM,
  PL_COLUMN_UNTIL,
  PL_COLUMN_ON,
  PL_COLUMN_NONE,  ///< left out
  PL_COLUMN_OTHER
} pl_column_kind;

typedef struct pl_column {
  pl_column_kind kind;  ///< what it stands for
  const char* key;      ///< its name, terminated
  pl_str type;          ///< type of its cells; empty = by kind
} pl_column;

typedef struct pl_columns {
  pl_column* items;  ///< in the arena
  size_t count;      ///< used
} pl_columns;

/// Columns for the names of a header row. `map` is "subject=head,...", may be empty. Fails if a required one is missing
/// or one stands twice.
pl_status pl_columns_make(pl_arena* arena, const pl_str* names, size_t count, pl_str map, const char* input_name,
                          pl_error* err, pl_columns* out);
/// Hand one cell that is not empty to the maker.
pl_status pl_column_take(pl_maker* maker, const pl_column* column, pl_str cell);

#endif
