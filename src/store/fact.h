/// What may stand where in a fact: one rule for all who store facts.
#ifndef PL_STORE_FACT_H
#define PL_STORE_FACT_H

#include "base/diag.h"
#include "term/id.h"

#define PL_ASSERTIONS_MAX ((uint64_t)UINT32_MAX)  ///< numbers of assertions are 32 bits wide

/// PL_OK, or PL_ERR_MISUSE (written to err): the subject is an IRI or a blank node, the predicate an IRI, the object any
/// term that is stored.
pl_status pl_fact_check(pl_error* err, pl_id s, pl_id p, pl_id o);
/// The same for an annotation: an IRI and any term that is stored.
pl_status pl_fact_check_note(pl_error* err, pl_id predicate, pl_id object);
/// The same for the name of a graph: an IRI or a blank node.
pl_status pl_fact_check_graph(pl_error* err, pl_id graph);
/// An assertion's set of annotations must not be empty.
pl_status pl_fact_check_notes(pl_error* err, size_t count);

#endif
