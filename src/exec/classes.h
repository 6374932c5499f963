/// Identity (same N): classes of nodes that same_as facts link, as one lens sees them.
///
/// Computed once per transaction and threshold, cached there. A node in no class stands for itself.
#ifndef PL_EXEC_CLASSES_H
#define PL_EXEC_CLASSES_H

#include "exec/op.h"

typedef struct pl_classes pl_classes;

/// Classes under a lens of the query; *out is NULL where the lens has no identity part, or no fact links anything.
pl_status pl_run_classes(pl_run* run, uint32_t lens, const pl_classes** out);
/// The node shown for the class of `id` (id itself if it is in none). classes may be NULL.
pl_id pl_classes_shown(const pl_classes* classes, pl_id id);
/// All nodes of the class of *id, sorted; one, *id itself, if it is in none. *members is borrowed from the classes or is `id`.
size_t pl_classes_members(const pl_classes* classes, const pl_id* id, const pl_id** members);
void pl_classes_free(pl_run* run);  ///< what the run holds

#endif
