// Paths: see path.h.
#include "exec/plan.h"

pl_status pl_node_path(pl_planner* planner, pl_node* input, const pl_alg_path* path, pl_node** out) {
  PL_UNUSED(input);
  PL_UNUSED(path);
  PL_UNUSED(out);
  return pl_fail(planner->err, PL_MSG_INTERNAL, "paths cannot be planned yet");
}
