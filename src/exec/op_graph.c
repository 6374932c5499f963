// Facts as rows.
#include "exec/plan.h"

pl_status pl_node_graph(pl_planner* planner, pl_node* input, const pl_alg_graph* graph, pl_node** out) {
  PL_UNUSED(input);
  PL_UNUSED(graph);
  PL_UNUSED(out);
  return pl_fail(planner->err, PL_MSG_INTERNAL, "graphs cannot be planned yet");
}
