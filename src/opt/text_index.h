/// Rule text-index: a filter `?x ~ "words"` on the objects of indexed predicates brings the literals that match into the pattern, as a
/// part of its own. The filter stays, so that answers do not depend on the rule; the join order decides where the part is worth most.
#ifndef PL_OPT_TEXT_INDEX_H
#define PL_OPT_TEXT_INDEX_H

#include "opt/slots.h"

/// Add TEXT parts to a flattened group.
pl_status pl_rule_text_index(pl_arena* arena, const pl_query* query, pl_txn* txn, pl_alg_group* group);

#endif
