/// Answers that are facts: `return graph`, `describe`, and what contradicts itself: `conflicts`.
#include "lang/bind.h"

/// Hidden slots with a column for each.
pl_status pl_bind_columns(pl_binder* b, const char* const* names, uint32_t count, pl_span span, pl_slot* slots) {
  pl_query* const query = b->query;
  query->column_count = count;
  query->columns = PL_ARENA_ARRAY(b->arena, pl_column, count);
  if (!query->columns) {
    return pl_bind_no_memory(b);
  }
  for (uint32_t i = 0; i < count; i++) {
    PL_TRY(pl_bind_slot_new(b, (pl_str){0}, span, &slots[i]));
    b->slots.data[slots[i]].maybe_null = i >= 3;
    query->columns[i] = (pl_column){pl_str_c(names[i]), slots[i]};
  }
  return PL_OK;
}

pl_status pl_bind_graph(pl_binder* b, pl_alg_template* templates, uint32_t count, pl_span span, pl_alg** root) {
  static const char* const names[] = {"subject", "predicate", "object"};
  pl_alg* graph;
  PL_TRY(pl_bind_alg_new(b, PL_ALG_GRAPH, span, &graph));
  graph->graph.input = *root;
  graph->graph.templates = templates;
  graph->graph.template_count = count;
  PL_TRY(pl_bind_columns(b, names, PL_COUNT_OF(names), span, graph->graph.slots));
  b->query->graph = true;
  b->query->why = true;
  *root = graph;
  return PL_OK;
}

/* --- describe --- */

/// A group of its own for the facts that have the term at one end.
static pl_status facts_of(pl_binder* b, const pl_ast* term, bool inverse, pl_alg** out) {
  pl_parts* const parts = PL_ARENA_NEW(b->scratch, pl_parts);
  pl_verb* const verb = PL_ARENA_NEW(b->arena, pl_verb);
  pl_alg* scan;
  pl_ref end;
  pl_ref other = {.kind = PL_REF_SLOT, .span = term->span};
  if (!parts || !verb) {
    return pl_bind_no_memory(b);
  }
  PL_TRY(pl_bind_is_label(term) ? pl_bind_label(b, parts, term, &end) : pl_bind_ref(b, term, &end));
  verb->predicate = other;
  PL_TRY(pl_bind_slot_new(b, (pl_str){0}, term->span, &verb->predicate.index));
  PL_TRY(pl_bind_slot_new(b, (pl_str){0}, term->span, &other.index));
  PL_TRY(pl_bind_alg_new(b, PL_ALG_SCAN, term->span, &scan));
  scan->scan = (pl_alg_scan){.subject = inverse ? other : end,
                             .object = inverse ? end : other,
                             .verbs = verb,
                             .verb_count = 1,
                             .c = PL_SLOT_NONE,
                             .mode = PL_SCAN_FACTS,
                             .lens = b->lens};
  PL_TRY(pl_bind_push(b, &parts->required, scan));
  return pl_bind_parts_finish(b, parts, term->span, NULL, out);
}

static pl_status check_term(pl_binder* b, const pl_ast* term) {
  pl_slot slot;
  if (term->kind == PL_AST_VAR) {
    return pl_bind_use(b, term, &slot);
  }
  uint32_t index;
  if (!pl_bind_is_constant(term)) {
    return PL_OK;
  }
  PL_TRY(pl_bind_constant(b, term, &index));
  return pl_bind_check_name(b, index, term->span);
}

#define DESCRIBE_MAX (PL_SLOTS_MAX / 6)  ///< terms: each end of a label has three hidden variables

pl_status pl_bind_describe(pl_binder* b, const pl_ast* node) {
  pl_alg* either;
  pl_alg_list branches = {0};
  pl_parts* const parts = PL_ARENA_NEW(b->scratch, pl_parts);
  if (!parts) {
    return pl_bind_no_memory(b);
  }
  if (node->first->count > DESCRIBE_MAX) {
    return pl_fail_at(b->context->err, &b->source, node->span, PL_MSG_PARTS, DESCRIBE_MAX, "terms to describe");
  }
  for (const pl_ast* term = node->first->first; term; term = term->next) {
    PL_TRY(check_term(b, term));
    for (int inverse = 0; inverse < 2; inverse++) {
      pl_alg* group;
      PL_TRY(facts_of(b, term, inverse != 0, &group));
      PL_TRY(pl_bind_push(b, &branches, group));
    }
  }
  PL_TRY(pl_bind_alg_new(b, PL_ALG_EITHER, node->span, &either));
  either->either.count = branches.count;
  PL_TRY(pl_bind_pack(b, &branches, &either->either.branches));
  PL_TRY(pl_bind_push(b, &parts->required, either));
  PL_TRY(pl_bind_parts_finish(b, parts, node->span, NULL, &b->query->root));
  b->query->kind = PL_QUERY_ROWS;
  b->query->describe = true;
  return pl_bind_graph(b, NULL, 0, node->span, &b->query->root);
}

/* --- conflicts --- */

typedef PL_BIND_LIST(pl_ref) ref_list;

/// A predicate, or those that its name is defined for.
static pl_status add_predicate(pl_binder* b, const pl_ast* term, ref_list* refs) {
  const bool name = term->kind == PL_AST_NAME || term->kind == PL_AST_PNAME || term->kind == PL_AST_IRI;
  pl_ref ref;
  pl_expr* set;
  if (!name && term->kind != PL_AST_PARAM) {
    PL_BIND_FAIL(b, term->span, CONFLICTS_TERM, 0);
    return PL_OK;
  }
  PL_TRY(pl_bind_defined_set(b, term, &set));
  for (uint32_t i = 0; set && i < set->arg_count; i++) {
    ref = (pl_ref){PL_REF_TERM, set->args[i]->index, term->span};
    PL_TRY(pl_bind_push(b, refs, ref));
  }
  if (set) {
    return PL_OK;
  }
  PL_TRY(pl_bind_ref(b, term, &ref));
  PL_TRY(pl_bind_check_verb(b, &ref));
  return pl_bind_push(b, refs, ref);
}

pl_status pl_bind_conflicts(pl_binder* b, const pl_ast* node) {
  static const char* const names[PL_CONFLICT_COLUMNS] = {
      "subject", "predicate", "kind",     "object_1",     "source_1", "confidence_1", "from_1", "until_1",
      "on_1",    "object_2",  "source_2", "confidence_2", "from_2",   "until_2",      "on_2"};
  pl_alg* alg;
  ref_list refs = {0};
  PL_TRY(pl_bind_alg_new(b, PL_ALG_CONFLICTS, node->span, &alg));
  PL_TRY(pl_bind_check_count(b, node->first ? node->first->count : 0, node->span, "terms"));
  for (const pl_ast* term = node->first ? node->first->first : NULL; term; term = term->next) {
    PL_TRY(add_predicate(b, term, &refs));
  }
  alg->conflicts.lens = b->lens;
  alg->conflicts.predicate_count = refs.count;
  PL_TRY(pl_bind_pack(b, &refs, &alg->conflicts.predicates));
  b->query->kind = PL_QUERY_ROWS;
  b->query->root = alg;
  return pl_bind_columns(b, names, PL_CONFLICT_COLUMNS, node->span, alg->conflicts.slots);
}
