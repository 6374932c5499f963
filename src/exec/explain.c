// Pieces that operators describe themselves with.
#include "exec/plan.h"

#include <stdio.h>

pl_status pl_explain_slot(pl_explain* explain, pl_slot slot) {
  const pl_query* query = explain->query;
  if (slot < query->slot_count && query->slots[slot].name.len) {
    PL_TRY(pl_buf_char(explain->out, '?'));
    return pl_buf_str(explain->out, query->slots[slot].name);
  }
  return pl_buf_printf(explain->out, "?_%u", slot);
}

pl_status pl_explain_slots(pl_explain* explain, const pl_slot* slots, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    PL_TRY(pl_buf_char(explain->out, ' '));
    PL_TRY(pl_explain_slot(explain, slots[i]));
  }
  return PL_OK;
}

pl_status pl_explain_ref(pl_explain* explain, const pl_ref* ref) {
  switch (ref->kind) {
    case PL_REF_SLOT:
      return pl_explain_slot(explain, ref->index);
    case PL_REF_TERM:
      return pl_term_write_name(explain->out, explain->names, NULL, &explain->query->terms[ref->index]);
    case PL_REF_PARAM:
      PL_TRY(pl_buf_char(explain->out, '$'));
      return pl_buf_str(explain->out, explain->query->params[ref->index]);
    default:
      return pl_buf_char(explain->out, '_');
  }
}

pl_status pl_explain_expr(pl_explain* explain, const pl_expr* expr) {
  return pl_expr_print(explain->query, explain->names, expr, explain->out);
}

pl_status pl_explain_item(pl_explain* explain, uint32_t i, pl_slot slot, const pl_expr* expr) {
  PL_TRY(pl_buf_str(explain->out, pl_str_c(i ? ", " : " ")));
  PL_TRY(pl_explain_slot(explain, slot));
  PL_TRY(pl_buf_str(explain->out, PL_STR(" = ")));
  return pl_explain_expr(explain, expr);
}

pl_status pl_explain_order(pl_explain* explain, pl_order order, unsigned prefix) {
  const int len = snprintf(explain->order_text, sizeof(explain->order_text), "%s %u", pl_order_names[order], prefix);
  explain->order = (pl_str){explain->order_text, (size_t)len};
  return PL_OK;
}
