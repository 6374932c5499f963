// Literals by text.
#include "exec/plan.h"

pl_status pl_node_text(pl_planner* planner, pl_node* input, const pl_alg_text* text, pl_node** out) {
  PL_UNUSED(input);
  PL_UNUSED(text);
  PL_UNUSED(out);
  return pl_fail(planner->err, PL_MSG_INTERNAL, "text look-up cannot be planned yet");
}
