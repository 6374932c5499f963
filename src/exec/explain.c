// explain and profile: the plan as an indented tree, one operator a line.
#include "exec/lens.h"

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

static pl_status print_node(pl_explain* explain, const pl_run* run, const pl_node* node, unsigned indent) {
  const char* name = node->type->title ? node->type->title(node) : node->type->name;
  PL_TRY(pl_buf_printf(explain->out, "%*s%s", (int)(2 * indent), "", name));
  PL_TRY(node->type->describe ? node->type->describe(node, explain) : PL_OK);
  PL_TRY(pl_buf_printf(explain->out, "  (~%.0f", node->rows_expected));
  const pl_op* op = run ? run->ops[node->index] : NULL;
  if (op) {
    PL_TRY(pl_buf_printf(explain->out, ", %llu seen", (unsigned long long)op->rows_seen));
    if (run->profile) {
      PL_TRY(pl_buf_printf(explain->out, ", %.2f ms", (double)op->time_ns / 1e6));
    }
  }
  PL_TRY(pl_buf_str(explain->out, PL_STR(")\n")));
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (!pl_node_is_unit(node->inputs[i])) {
      PL_TRY(print_node(explain, run, node->inputs[i], indent + 1));
    }
  }
  return PL_OK;
}

pl_status pl_explain_tree(const pl_plan* plan, const pl_run* run, pl_txn* txn, pl_buf* out) {
  pl_explain explain = {.query = plan->query, .plan = plan, .names = &pl_txn_settings(txn)->names, .out = out};
  const pl_query* query = plan->query;
  PL_TRY(print_node(&explain, run, plan->root, 0));
  for (uint32_t l = 0; l < query->lens_count; l++) {
    for (uint32_t p = 0; p < query->lenses[l].count; p++) {
      const pl_lens_plan* part = &plan->lens_parts[pl_lens_part_number(query, l, p)];
      if (part->root) {
        PL_TRY(pl_buf_str(out, PL_STR("Lens\n")));
        PL_TRY(print_node(&explain, run, part->root, 1));
      }
    }
  }
  return PL_OK;
}

pl_status pl_plan_explain(const pl_plan* plan, pl_txn* txn, pl_buf* out) {
  return pl_explain_tree(plan, NULL, txn, out);
}

pl_status pl_run_profile(const pl_run* run, pl_buf* out) { return pl_explain_tree(run->plan, run, run->txn, out); }
