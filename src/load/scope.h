/// Blank node labels belong to their document: two files' `_:b0` are two nodes, and the same file twice names the same
/// nodes.
///
///   stored label = "x" + 16 hex digits + "_" + label          x93a1f0c2277b01de_b0
///
/// The digits are XXH3 of the document's first 64 KiB and, where it is known, its raw size. So two streams, whose size
/// nobody knows, are one document if they begin with the same 64 KiB; and of a stream that is committed in steps only
/// what has arrived with the first label counts, because its rows cannot wait for more. A label that already has
/// this form, or the form of a printed assertion (r + 32 hex digits) or of a node made by a query (n + 32 hex digits),
/// was written by an export and is kept, so that an export loads as what it was.
#ifndef PL_LOAD_SCOPE_H
#define PL_LOAD_SCOPE_H

#include "load/reader.h"

#define PL_SCOPE_BYTES 18  ///< "x", digits and "_"

typedef struct pl_scope {
  const pl_reader_context* context;  ///< its blank_scope, if any, is taken as it is
  char prefix[PL_SCOPE_BYTES + 1];   ///< made when the first label is met
  pl_str made;                       ///< the prefix in use; empty before
} pl_scope;

static inline void pl_scope_init(pl_scope* scope, const pl_reader_context* context) {
  *scope = (pl_scope){.context = context, .made = context->blank_scope};
}
/// The scoped form of a label, in the arena (or the label itself when it is kept).
pl_status pl_scope_label(pl_scope* scope, pl_arena* arena, pl_str label, pl_str* out);
bool pl_scope_keeps(pl_str label);
/// Is this a blank node label of N-Triples? Returns the length of the longest one at the start of s, 0 if there is
/// none.
size_t pl_blank_label_scan(pl_str s);

#endif
