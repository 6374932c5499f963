/// Clauses: each takes the table of the ones before and hands on a new one.
#include "lang/bind.h"

void pl_bind_marks(pl_bind_site* site, pl_alg** input) {
  for (uint32_t i = 0; i < site->marks.count; i++) {
    site->marks.data[i]->mark.input = *input;
    *input = site->marks.data[i];
  }
  site->marks.count = 0;
}

static pl_status bind_where(pl_binder* b, const pl_ast* where, pl_alg** input) {
  pl_bind_site site = {0};
  pl_expr* expr;
  PL_TRY(pl_bind_expr(b, &site, where->first, &expr));
  pl_bind_marks(&site, input);
  pl_alg* filter;
  PL_TRY(pl_bind_alg_new(b, PL_ALG_FILTER, where->span, &filter));
  filter->filter.input = *input;
  filter->filter.expr = expr;
  *input = filter;
  return PL_OK;
}

static void check_new(pl_binder* b, const pl_ast* var) {
  if (pl_bind_find(b, var->text) != PL_SLOT_NONE) {
    PL_BIND_FAIL(b, var->span, BOUND_TWICE, (int)var->text.len, var->text.data);
    PL_BIND_HINT(b, "use another name, or `with ... as ?%.*s`", (int)var->text.len, var->text.data);
  }
}

static pl_status bind_column(pl_binder* b, const pl_ast* var, const pl_expr* expr, pl_slot* slot) {
  uint32_t symbol;
  PL_TRY(pl_bind_symbol(b, var->text, &symbol));
  PL_TRY(pl_bind_slot_new(b, b->symbols.data[symbol].name, var->span, slot));
  b->slots.data[*slot].maybe_null = true;
  b->lists.data[*slot] = expr && pl_bind_is_list(b, expr);
  b->paths.data[*slot] = expr && pl_bind_is_path(b, expr);
  return pl_bind_scope_set(b, var->text, *slot);
}

static pl_status flush_items(pl_binder* b, pl_item_list* items, pl_span span, pl_alg** input) {
  if (items->count == 0) {
    return PL_OK;
  }
  pl_alg* extend;
  PL_TRY(pl_bind_alg_new(b, PL_ALG_EXTEND, span, &extend));
  extend->extend.input = *input;
  extend->extend.count = items->count;
  PL_TRY(pl_bind_pack(b, items, &extend->extend.items));
  items->count = 0;
  *input = extend;
  return PL_OK;
}

static pl_status bind_let(pl_binder* b, const pl_ast* let, pl_alg** input) {
  pl_item_list items = {0};
  for (const pl_ast* node = let->first; node; node = node->next) {
    pl_bind_site site = {0};
    pl_alg_item item;
    PL_TRY(pl_bind_expr(b, &site, node->last, &item.expr));
    check_new(b, node->first);
    PL_TRY(bind_column(b, node->first, item.expr, &item.slot));
    if (site.marks.count) {
      // exists( ) may use the columns before it, so these are computed first.
      PL_TRY(flush_items(b, &items, let->span, input));
      pl_bind_marks(&site, input);
    }
    PL_TRY(pl_bind_push(b, &items, item));
  }
  return flush_items(b, &items, let->span, input);
}

static pl_status bind_for(pl_binder* b, const pl_ast* node, pl_alg** input) {
  pl_bind_site site = {0};
  pl_expr* list;
  PL_TRY(pl_bind_expr(b, &site, node->last, &list));
  pl_bind_marks(&site, input);
  pl_alg* unnest;
  PL_TRY(pl_bind_alg_new(b, PL_ALG_UNNEST, node->span, &unnest));
  check_new(b, node->first);
  PL_TRY(bind_column(b, node->first, NULL, &unnest->unnest.slot));
  unnest->unnest.input = *input;
  unnest->unnest.expr = list;
  *input = unnest;
  b->ordered = true;
  return PL_OK;
}

static pl_status bind_match(pl_binder* b, const pl_ast* match, pl_alg** input) {
  b->ordered = false;
  b->clause_slots = b->slots.count;
  return pl_bind_group(b, match->first, (*input)->kind == PL_ALG_UNIT ? NULL : *input, input);
}

pl_status pl_bind_single(pl_binder* b, const pl_ast* single, pl_alg** root, pl_column** columns, uint32_t* count) {
  *columns = NULL;
  *count = 0;
  b->ordered = false;
  PL_TRY(pl_bind_scope_hide(b));
  PL_TRY(pl_bind_alg_new(b, PL_ALG_UNIT, single->span, root));
  for (const pl_ast* clause = single->first; clause; clause = clause->next) {
    switch (clause->kind) {
      case PL_AST_MATCH:
        PL_TRY(bind_match(b, clause, root));
        break;
      case PL_AST_WHERE:
        PL_TRY(bind_where(b, clause, root));
        break;
      case PL_AST_LET:
        PL_TRY(bind_let(b, clause, root));
        break;
      case PL_AST_FOR:
        PL_TRY(bind_for(b, clause, root));
        break;
      case PL_AST_WITH:
      case PL_AST_RETURN:
        PL_TRY(pl_bind_project(b, clause, root, columns, count));
        break;
      default:
        break;  // updates and graphs are bound above (bind.c)
    }
  }
  return PL_OK;
}
