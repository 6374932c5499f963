/// Identity (same N): classes of nodes that same_as and owl:sameAs facts link, as one lens sees them.
///
/// A link is followed when one and the same of its assertions has confidence >= N and passes the other parts of the lens. Classes are the
/// components of the followed links with two nodes or more; any other node stands for itself. They are computed once per snapshot and
/// arguments of the lens, and kept on the transaction.
#ifndef PL_EXEC_CLASSES_H
#define PL_EXEC_CLASSES_H

#include "exec/lens.h"
#include "expr/idmap.h"

#define PL_CLASS_NONE UINT32_MAX

/// A statement of a same_as fact that was followed; those of one fact are side by side.
typedef struct pl_link {
  pl_id s, o;
  pl_id c;   ///< assertion or graph; 0 = plain
  bool owl;  ///< owl:sameAs, not same_as
} pl_link;

typedef struct pl_classes {
  pl_mem mem;             ///< pays for all of it
  uint32_t users;         ///< runs and the transaction that hold it
  uint32_t count;         ///< classes
  pl_idmap numbers;       ///< node -> number of its class
  pl_id* shown;           ///< by class: its shown node
  pl_id* members;         ///< class after class, sorted in each
  size_t* member_starts;  ///< by class, and one more
  pl_link* links;         ///< class after class
  size_t* link_starts;    ///< by class, and one more
} pl_classes;

/// Classes under a lens of the query; *out is NULL where the lens is PL_LENS_NONE or has no identity part, or no fact links anything. Also NULL for a
/// correlated lens, whose classes differ from row to row: pl_classes_for.
pl_status pl_run_classes(pl_run* run, uint32_t lens, const pl_classes** out);
/// Classes under the parts of a lens with these arguments (one per part); NULL if nothing is linked. They live as long as the run. The
/// number is theirs in the run (pl_classes_number); 0 for NULL.
pl_status pl_classes_for(pl_run* run, uint32_t lens, const pl_lens_args* args, const pl_classes** out, pl_id* number);
const pl_classes* pl_classes_number(const pl_run* run, pl_id number);
/// Classes of all links whatever their confidence and lens: every class of a lens lies within one of them.
pl_status pl_classes_widest(pl_run* run, const pl_classes** out);

/// Number of a node's class, or PL_CLASS_NONE. classes may be NULL.
static inline uint32_t pl_classes_find(const pl_classes* classes, pl_id id) {
  const uint64_t* number = classes ? pl_idmap_find(&classes->numbers, id) : NULL;
  return number ? (uint32_t)*number : PL_CLASS_NONE;
}
/// The node shown for the class of `id` (id itself if it is in none). classes may be NULL.
pl_id pl_classes_shown(const pl_classes* classes, pl_id id);
/// All nodes of the class of *id, sorted; one, *id itself, if it is in none. *members is borrowed from the classes or is `id`.
size_t pl_classes_members(const pl_classes* classes, const pl_id* id, const pl_id** members);
/// Add the members of the classes of `ids` to them; sorted, distinct.
pl_status pl_classes_widen(pl_run* run, const pl_classes* classes, pl_ids* ids);
/// Visit the links of a shortest chain from `from` to `to`, two nodes of one class: of each fact all statements that were followed.
pl_status pl_classes_chain(pl_run* run, const pl_classes* classes, pl_id from, pl_id to,
                           pl_status (*fn)(void* user, const pl_link* link), void* user);
/// Lines `shown <- member, member`, at most `max` of them, for explain; `names` as in pl_term_write_name.
pl_status pl_classes_print(pl_run* run, const pl_classes* classes, const pl_names* names, uint32_t max, pl_buf* out);

pl_status pl_classes_open(pl_run* run);  ///< space in the run, if a lens has identity
void pl_classes_free(pl_run* run);       ///< what the run holds
/// pl_eval.shown: the node shown for a constant. `user` is the run.
pl_status pl_classes_eval(void* user, uint32_t lens, pl_id id, pl_id* out);

/// Inside of classes: compute the classes of a lens with these arguments (classes_build.c). `parts` NULL: all links.
pl_status pl_classes_build(pl_run* run, const pl_lens* parts, const pl_lens_args* args, pl_classes* out);

#endif
