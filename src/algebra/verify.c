/// The invariants of algebra.h, checked after binding and after each rewrite rule in debug builds.
#include "algebra/algebra.h"

typedef struct verifier {
  const pl_query* query;
  const char* broken;  ///< first invariant found broken
} verifier;

static bool require(verifier* v, bool condition, const char* what) {
  if (!condition && !v->broken) {
    v->broken = what;
  }
  return !v->broken;
}

static void check_slot(verifier* v, pl_slot slot) {
  (void)require(v, slot < v->query->slot_count, "a slot is beyond the query's slots");
}

static void check_ref(verifier* v, const pl_ref* ref) {
  switch (ref->kind) {
    case PL_REF_ANY:
      break;
    case PL_REF_SLOT:
      check_slot(v, ref->index);
      break;
    case PL_REF_TERM:
      (void)require(v, ref->index < v->query->term_count, "a term is beyond the query's constants");
      break;
    case PL_REF_PARAM:
      (void)require(v, ref->index < v->query->param_count, "a parameter is beyond the query's parameters");
      break;
  }
}

static void check_call(verifier* v, const pl_expr* e);

static void check_expr(verifier* v, const pl_expr* e) {
  if (!require(v, e != NULL, "an expression is missing")) {
    return;
  }
  switch (e->kind) {
    case PL_EXPR_SLOT:
      check_slot(v, e->index);
      break;
    case PL_EXPR_TERM:
      (void)require(v, e->index < v->query->term_count, "a term is beyond the query's constants");
      break;
    case PL_EXPR_PARAM:
      (void)require(v, e->index < v->query->param_count, "a parameter is beyond the query's parameters");
      break;
    case PL_EXPR_CALL:
      check_call(v, e);
      break;
  }
}

static void check_call(verifier* v, const pl_expr* e) {
  if ((unsigned)e->fn >= PL_FN_COUNT_) {
    (void)require(v, false, "a call of no function");
    return;
  }
  const pl_fn_info* const info = &pl_fn_table[e->fn];
  (void)require(v, !(info->flags & PL_FN_AGGREGATE) && e->fn != PL_FN_PRIOR, "an aggregate inside an expression");
  (void)require(v, e->arg_count >= info->args_min && (info->args_max == 255 || e->arg_count <= info->args_max),
                "a call with a wrong number of arguments");
  for (uint32_t i = 0; i < e->arg_count && !v->broken; i++) {
    check_expr(v, e->args[i]);
  }
}

static void check_verbs(verifier* v, const pl_verb* verbs, uint32_t count, bool inverse_allowed) {
  (void)require(v, count > 0, "a scan without a verb");
  for (uint32_t i = 0; i < count && !v->broken; i++) {
    check_ref(v, &verbs[i].predicate);
    (void)require(v, inverse_allowed || !verbs[i].inverse, "an annotation read backwards");
    (void)require(v, count == 1 || verbs[i].predicate.kind != PL_REF_SLOT, "a variable verb beside others");
  }
}

static void check_tree(verifier* v, const pl_alg* a);

static void check_trees(verifier* v, pl_alg* const* list, uint32_t count, int kind) {
  for (uint32_t i = 0; i < count && !v->broken; i++) {
    (void)require(v, kind < 0 || list[i]->kind == (pl_alg_kind)kind, "an operator stands where another kind belongs");
    if (list[i]->kind == PL_ALG_GROUP && kind == PL_ALG_GROUP) {
      (void)require(v, list[i]->group.input == NULL, "a nested group has an input");
    }
    check_tree(v, list[i]);
  }
}

static void check_lens(verifier* v, uint32_t lens) {
  (void)require(v, lens == PL_LENS_NONE || lens < v->query->lens_count, "a lens is beyond the query's lenses");
}

static void check_scan(verifier* v, const pl_alg_scan* s) {
  check_ref(v, &s->subject);
  check_ref(v, &s->object);
  check_verbs(v, s->verbs, s->verb_count, true);
  (void)require(v, (s->mode == PL_SCAN_ASSERTIONS) == (s->c != PL_SLOT_NONE), "assertion mode without its slot");
  if (s->c != PL_SLOT_NONE) {
    check_slot(v, s->c);
  }
  check_lens(v, s->lens);
}

static void check_path(verifier* v, const pl_path* path) {
  if (path->kind == PL_PATH_STEP || path->kind == PL_PATH_EXCEPT) {
    check_verbs(v, path->verbs, path->verb_count, true);
    return;
  }
  (void)require(v, path->part_count >= (path->kind == PL_PATH_REPEAT ? 1 : 2), "a path without parts");
  (void)require(v, path->kind != PL_PATH_REPEAT || path->min <= path->max, "a repetition that ends before it begins");
  for (uint32_t i = 0; i < path->part_count && !v->broken; i++) {
    check_path(v, path->parts[i]);
  }
}

static void check_path_part(verifier* v, const pl_alg_path* p) {
  check_ref(v, &p->subject);
  check_ref(v, &p->object);
  check_lens(v, p->lens);
  check_path(v, p->path);
  if (p->as != PL_SLOT_NONE) {
    check_slot(v, p->as);
    (void)require(v, p->mode != PL_PATH_PAIRS, "a path value without shortest");
  }
}

static void check_templates(verifier* v, const pl_alg_template* list, uint32_t count);

static void check_group(verifier* v, const pl_alg_group* g) {
  for (uint32_t i = 0; i < g->required_count && !v->broken; i++) {
    const pl_alg_kind kind = g->required[i]->kind;
    (void)require(v, (kind >= PL_ALG_SCAN && kind <= PL_ALG_TEXT) || kind == PL_ALG_EITHER,
                  "a required part is no leaf and no either");
  }
  check_trees(v, g->required, g->required_count, -1);
  check_trees(v, g->optionals, g->optional_count, PL_ALG_GROUP);
  check_trees(v, g->marks, g->mark_count, PL_ALG_MARK);
  check_trees(v, g->nots, g->not_count, PL_ALG_GROUP);
  for (uint32_t i = 0; i < g->filter_count && !v->broken; i++) {
    check_expr(v, g->filters[i]);
  }
}

static void check_items(verifier* v, const pl_alg_item* items, uint32_t count) {
  for (uint32_t i = 0; i < count && !v->broken; i++) {
    check_slot(v, items[i].slot);
    check_expr(v, items[i].expr);
  }
}

static void check_slots(verifier* v, const pl_slot* slots, uint32_t count) {
  for (uint32_t i = 0; i < count && !v->broken; i++) {
    check_slot(v, slots[i]);
  }
}

static void check_aggregate(verifier* v, const pl_alg* a) {
  check_items(v, a->aggregate.keys, a->aggregate.key_count);
  for (uint32_t i = 0; i < a->aggregate.agg_count && !v->broken; i++) {
    const pl_alg_agg* const agg = &a->aggregate.aggs[i];
    check_slot(v, agg->slot);
    (void)require(v, pl_fn_table[agg->fn].flags & PL_FN_AGGREGATE, "an aggregate that is none");
    (void)require(v, agg->star == (agg->arg_count == 0), "an aggregate without a value");
    for (uint32_t k = 0; k < agg->arg_count && !v->broken; k++) {
      check_expr(v, agg->args[k]);
    }
  }
}

static void check_order(verifier* v, const pl_alg* a) {
  for (uint32_t i = 0; i < a->order.count && !v->broken; i++) {
    check_expr(v, a->order.keys[i].expr);
  }
}

static void check_slice(verifier* v, const pl_alg* a) {
  (void)require(v, a->slice.skip || a->slice.limit, "a slice without skip and limit");
  if (a->slice.skip) {
    check_expr(v, a->slice.skip);
  }
  if (a->slice.limit) {
    check_expr(v, a->slice.limit);
  }
}

static void check_union(verifier* v, const pl_alg* a) {
  (void)require(v, a->union_.count > 1, "a union of one");
  check_slots(v, a->union_.slots, a->union_.slot_count);
  check_slots(v, a->union_.branch_slots, a->union_.count * a->union_.slot_count);
  check_trees(v, a->union_.branches, a->union_.count, -1);
}

static void check_mark(verifier* v, const pl_alg* a) {
  check_slot(v, a->mark.slot);
  (void)require(v, a->mark.group && a->mark.group->kind == PL_ALG_GROUP && !a->mark.group->group.input,
                "a mark without a plain group");
  if (!v->broken) {
    check_tree(v, a->mark.group);
  }
}

/// Check one operator and what hangs below it, its input apart, which is returned.
static const pl_alg* check_operator(verifier* v, const pl_alg* a) {
  switch (a->kind) {
    case PL_ALG_UNIT:
      return NULL;
    case PL_ALG_SCAN:
      check_scan(v, &a->scan);
      return NULL;
    case PL_ALG_ANNOT:
      (void)require(v, a->annot.c.kind == PL_REF_SLOT, "an annotation of no assertion");
      check_ref(v, &a->annot.c);
      check_ref(v, &a->annot.object);
      check_verbs(v, a->annot.verbs, a->annot.verb_count, false);
      check_lens(v, a->annot.lens);
      return NULL;
    case PL_ALG_PATH:
      check_path_part(v, &a->path);
      return NULL;
    case PL_ALG_LABEL:
      check_ref(v, &a->label.name);
      check_slot(v, a->label.node);
      check_lens(v, a->label.lens);
      return NULL;
    case PL_ALG_TEXT:
      check_ref(v, &a->text.text);
      check_slot(v, a->text.literal);
      return NULL;
    case PL_ALG_CONFLICTS:
      check_slots(v, a->conflicts.slots, PL_CONFLICT_COLUMNS);
      check_lens(v, a->conflicts.lens);
      return NULL;
    case PL_ALG_GRAPH:
      check_slots(v, a->graph.slots, 3);
      check_templates(v, a->graph.templates, a->graph.template_count);
      return a->graph.input;
    case PL_ALG_EITHER:
      check_trees(v, a->either.branches, a->either.count, PL_ALG_GROUP);
      return NULL;
    case PL_ALG_GROUP:
      check_group(v, &a->group);
      return a->group.input;
    case PL_ALG_MARK:
      check_mark(v, a);
      return a->mark.input;
    case PL_ALG_FILTER:
      check_expr(v, a->filter.expr);
      return a->filter.input;
    case PL_ALG_EXTEND:
      check_items(v, a->extend.items, a->extend.count);
      return a->extend.input;
    case PL_ALG_UNNEST:
      check_slot(v, a->unnest.slot);
      check_expr(v, a->unnest.expr);
      return a->unnest.input;
    case PL_ALG_AGGREGATE:
      check_aggregate(v, a);
      return a->aggregate.input;
    case PL_ALG_DISTINCT:
      check_slots(v, a->distinct.slots, a->distinct.count);
      return a->distinct.input;
    case PL_ALG_ORDER:
      check_order(v, a);
      return a->order.input;
    case PL_ALG_SLICE:
      check_slice(v, a);
      return a->slice.input;
    case PL_ALG_PRIOR:
      check_items(v, a->prior.items, a->prior.count);
      return a->prior.input;
    case PL_ALG_PROJECT:
      check_slots(v, a->project.slots, a->project.count);
      return a->project.input;
    case PL_ALG_UNION:
      check_union(v, a);
      return NULL;
    case PL_ALG_KIND_COUNT_:
      break;
  }
  (void)require(v, false, "an operator of no kind");
  return NULL;
}

static void check_tree(verifier* v, const pl_alg* a) {
  while (a && !v->broken) {
    a = check_operator(v, a);
  }
}

static void check_templates(verifier* v, const pl_alg_template* list, uint32_t count) {
  for (uint32_t i = 0; i < count && !v->broken; i++) {
    check_ref(v, &list[i].subject);
    check_ref(v, &list[i].predicate);
    check_ref(v, &list[i].object);
    for (uint32_t k = 0; k < list[i].annotation_count && !v->broken; k++) {
      check_ref(v, &list[i].annotations[k].predicate);
      check_ref(v, &list[i].annotations[k].object);
    }
  }
}

static void check_lenses(verifier* v) {
  for (uint32_t i = 0; i < v->query->lens_count; i++) {
    for (uint32_t k = 0; k < v->query->lenses[i].count && !v->broken; k++) {
      const pl_lens_part* const part = &v->query->lenses[i].parts[k];
      (void)require(v, part->low || part->pattern || part->source_count, "a lens part without an argument");
      for (uint32_t n = 0; n < part->source_count && !v->broken; n++) {
        check_ref(v, &part->sources[n]);
      }
      if (part->pattern) {
        check_slot(v, part->pattern_slot);
        check_tree(v, part->pattern);
      }
    }
  }
}

bool pl_query_verify(const pl_query* query, const char** broken) {
  verifier v = {.query = query};
  if (query->kind == PL_QUERY_DEFINE) {
    *broken = NULL;
    return true;
  }
  (void)require(&v, query->root != NULL, "a query without operators");
  (void)require(&v, query->kind != PL_QUERY_EXISTS || (query->root && query->root->kind == PL_ALG_GROUP),
                "exists over no group");
  (void)require(&v, query->kind != PL_QUERY_UPDATE || query->delete_count + query->insert_count > 0,
                "an update without templates");
  check_lenses(&v);
  check_tree(&v, query->root);
  check_templates(&v, query->deletes, query->delete_count);
  check_templates(&v, query->inserts, query->insert_count);
  for (uint32_t i = 0; i < query->column_count && !v.broken; i++) {
    check_slot(&v, query->columns[i].slot);
  }
  *broken = v.broken;
  return !v.broken;
}
