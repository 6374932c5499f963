// Patterns under identity.
#include "exec/plan.h"

pl_status pl_node_same(pl_planner* planner, pl_node* input, const pl_alg* leaf, pl_node** out) {
  PL_UNUSED(input);
  PL_UNUSED(leaf);
  PL_UNUSED(out);
  return pl_fail(planner->err, PL_MSG_INTERNAL, "same cannot be planned yet");
}
