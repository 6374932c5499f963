/// Why a row is there: the facts behind it, kept only when a query asks (`why`, `return graph`, `describe`).
///
/// Each row then carries one more id, in slot plan->why: a node of an immutable graph that the run owns. 0 is no support; a FACT is
/// one match of a pattern; a JOIN holds two supports; a GROUP those of the rows that were grouped, up to a limit. Rows so hand on their
/// support like any other column: an operator that makes rows extends it, all others carry it. Nothing of this is made when plan->why
/// is PL_SLOT_NONE.
#ifndef PL_EXEC_SUPPORT_H
#define PL_EXEC_SUPPORT_H

#include "exec/plan.h"

#define PL_WHY_MEMBERS_DEFAULT 10u  ///< rows of a group whose support is kept

typedef pl_id pl_why;  ///< number of a node; 0 = nothing

typedef enum pl_why_kind {
  PL_WHY_FACT,      ///< a fact that a pattern matched: by one assertion (c) or by any that passes the lens (c = 0)
  PL_WHY_IDENTITY,  ///< a same_as fact that was followed
  PL_WHY_JOIN,      ///< all of its parts
  PL_WHY_GROUP,     ///< rows of a group or of a distinct: each a part; some may have been left out
  PL_WHY_ABSENT     ///< `not`: a pattern that found nothing
} pl_why_kind;

/// A node as read: see pl_why_get.
typedef struct pl_why_node {
  pl_why_kind kind;
  pl_id s, p, o, c;     ///< FACT, IDENTITY
  uint32_t lens;        ///< FACT, IDENTITY: which assertions count; or PL_LENS_NONE
  pl_span span;         ///< ABSENT: the pattern in the query text
  const pl_why* parts;  ///< JOIN, GROUP
  uint32_t part_count;  ///< used
  uint64_t left_out;    ///< GROUP: rows beyond the limit
} pl_why_node;

pl_status pl_why_fact(pl_run* run, pl_why_kind kind, pl_id s, pl_id p, pl_id o, pl_id c, uint32_t lens, pl_why* out);
/// Both; either may be 0.
pl_status pl_why_join(pl_run* run, pl_why a, pl_why b, pl_why* out);
pl_status pl_why_absent(pl_run* run, pl_span span, pl_why* out);
/// Another row of a group: *group is 0 at first.
pl_status pl_why_member(pl_run* run, pl_why* group, pl_why row);
/// Look at a node; borrowed until the next call that makes one.
void pl_why_get(const pl_run* run, pl_why why, pl_why_node* out);
void pl_why_free(pl_run* run);

static inline bool pl_why_asked(const pl_run* run) { return run->plan->why != PL_SLOT_NONE; }
/// For operators that make rows: rows [at, at + count) of `out` have the support of in's row and `more`. Does nothing unless it is asked for.
pl_status pl_why_extend(pl_run* run, const pl_chunk* in, uint32_t row, pl_chunk* out, uint32_t at, uint32_t count,
                        pl_why more);
/// For constructors of operators that extend the support: declare the slot.
static inline void pl_why_declare(pl_planner* planner, pl_node* node) {
  if (planner->plan->why != PL_SLOT_NONE) {
    pl_slots_add(node->out, planner->plan->why);
  }
}

#endif
