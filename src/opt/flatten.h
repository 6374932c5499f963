/// Rules on groups: what one group holds after merging, splitting and distributing. The given algebra is never changed.
#ifndef PL_OPT_FLATTEN_H
#define PL_OPT_FLATTEN_H

#include "opt/slots.h"

/// Bits of the rules, in order of rules.def.
typedef enum pl_rule {
#define PL_RULE(slug, name) PL_RULE_##slug,
#include "opt/rules.def"
#undef PL_RULE
  PL_RULE_COUNT_
} pl_rule;
static inline bool pl_rule_on(uint64_t rules_off, pl_rule rule) { return !(rules_off >> rule & 1); }

/// A group that means the same as `alg` (a GROUP, or FILTERs over one): filters above taken in, an input group without optionals, marks, nots
/// and eithers merged (where identity allows it), conjunctions split. False in *is_group if alg is not of this shape.
pl_status pl_flatten_group(pl_arena* arena, const pl_query* query, pl_txn* txn, uint64_t rules_off, const pl_alg* alg,
                           pl_alg_group* out, bool* is_group);

/// Needed for correctness, never switched off. A slot bound by only some branches of an either, and used by another required part, counts
/// as unbound where a branch does not bind it: (A or B) . C becomes (A . C) or (B . C). *changed tells whether `group` was rewritten;
/// call again on the groups of the new branches. `bound` are the slots of the input.
pl_status pl_distribute_either(pl_arena* arena, const pl_query* query, pl_slots bound, pl_alg_group* group,
                               bool* changed);

#endif
