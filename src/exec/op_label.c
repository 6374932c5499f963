// Nodes by label.
#include "exec/plan.h"

pl_status pl_node_label(pl_planner* planner, pl_node* input, const pl_alg_label* label, pl_node** out) {
  PL_UNUSED(input);
  PL_UNUSED(label);
  PL_UNUSED(out);
  return pl_fail(planner->err, PL_MSG_INTERNAL, "labels cannot be planned yet");
}
