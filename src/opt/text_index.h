/// Rule text-index: a filter `?x ~ "words"` on the objects of indexed predicates becomes the literals that match, a part of the pattern whose
/// place the join order chooses. Under identity the filter stays as well: what a literal's slot holds then may change behind the part.
#ifndef PL_OPT_TEXT_INDEX_H
#define PL_OPT_TEXT_INDEX_H

#include "opt/slots.h"

/// Add TEXT parts to a flattened group, and take out the filters that they answer.
pl_status pl_rule_text_index(pl_arena* arena, const pl_query* query, pl_txn* txn, pl_alg_group* group);

#endif
