// Contradictions.
#include "exec/plan.h"

pl_status pl_node_conflicts(pl_planner* planner, const pl_alg_conflicts* conflicts, pl_node** out) {
  PL_UNUSED(conflicts);
  PL_UNUSED(out);
  return pl_fail(planner->err, PL_MSG_INTERNAL, "conflicts cannot be planned yet");
}
