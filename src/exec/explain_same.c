// The classes that a query under identity uses, below its plan: their number, and the first of them by name.
#include "exec/same.h"

#define CLASSES_SHOWN 20u  ///< classes listed by name

/// Does some part of the lens wait for a parameter? Then explain, which has none, cannot know the classes.
static bool needs_params(const pl_lens* lens) {
  bool needs = false;
  for (uint32_t i = 0; i < lens->count; i++) {
    const pl_lens_part* part = &lens->parts[i];
    needs |= (part->low && part->low->kind != PL_EXPR_TERM) || (part->high && part->high->kind != PL_EXPR_TERM);
    for (uint32_t s = 0; s < part->source_count; s++) {
      needs |= part->sources[s].kind == PL_REF_PARAM;
    }
    needs |= part->pattern != NULL;
  }
  return needs;
}

static pl_status print_lens(pl_run* run, const pl_names* names, uint32_t lens, bool json, pl_buf* out) {
  const pl_classes* classes = NULL;
  PL_TRY(pl_run_classes(run, lens, &classes));
  const uint32_t count = classes ? classes->count : 0;
  const size_t nodes = classes ? classes->member_starts[count] : 0;
  if (json) {
    return pl_buf_printf(out, ", {\"operator\": \"Classes\", \"classes\": %u, \"nodes\": %zu}", count, nodes);
  }
  PL_TRY(pl_buf_printf(out, "Classes  (%u of %zu nodes)\n", count, nodes));
  return pl_classes_print(run, classes, names, CLASSES_SHOWN, out);
}

pl_status pl_explain_classes(const pl_plan* plan, const pl_run* run, pl_txn* txn, const pl_explain_within* within,
                             bool json, pl_buf* out) {
  const pl_query* query = plan->query;
  pl_run* own = NULL;
  const pl_explain_within use = within ? *within : (pl_explain_within){0};
  pl_error* const err = use.err ? use.err : pl_txn_error(txn);
  pl_status status = PL_OK;
  for (uint32_t l = 0; l < query->lens_count && status == PL_OK; l++) {
    const pl_lens* lens = &query->lenses[l];
    if (!pl_lens_has_same(query, l) || lens->correlated || (!run && needs_params(lens))) {
      continue;
    }
    if (!run && !own) {
      status = pl_run_open(plan, txn, NULL, use.limits, use.guard, err, &own);
    }
    if (status == PL_OK) {
      status = print_lens(run ? (pl_run*)(uintptr_t)run : own, &pl_txn_settings(txn)->names, l, json, out);
    }
  }
  status = own ? pl_run_tell_memory(own, "the classes of same", status) : status;
  pl_run_close(own);
  return status;
}
