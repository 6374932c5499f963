/// Patterns. The elements of a group are a set, so their variables get slots before anything is built, and what depends
/// on the others (optionals, conditions, nots) waits until the required parts stand.
#include "lang/bind.h"

pl_status pl_bind_alg_new(pl_binder* b, pl_alg_kind kind, pl_span span, pl_alg** out) {
  *out = PL_ARENA_NEW(b->arena, pl_alg);
  if (!*out) {
    return pl_bind_no_memory(b);
  }
  (*out)->kind = kind;
  (*out)->span = span;
  return PL_OK;
}

/* --- declaring --- */

static pl_status declare_alias(pl_binder* b, const pl_ast* alias) {
  pl_slot slot;
  PL_TRY(pl_bind_declare(b, alias->first, &slot));
  b->slots.data[slot].assertion = true;
  return PL_OK;
}

/// Variables of triples, or of the optional parts of their annotations.
static pl_status declare_triples(pl_binder* b, const pl_ast* node, bool optional) {
  pl_slot slot;
  switch (node->kind) {
    case PL_AST_VAR:
      return optional ? PL_OK : pl_bind_declare(b, node, &slot);
    case PL_AST_COMPARE:
      return node->count > 1 && !optional ? pl_bind_declare(b, node->last, &slot) : PL_OK;
    case PL_AST_ALIAS:
      return optional ? PL_OK : declare_alias(b, node);
    case PL_AST_PO:
      if ((node->op != 0) != optional && node->op != 0) {
        return PL_OK;
      }
      optional = optional && node->op == 0;
      break;
    default:
      break;
  }
  for (const pl_ast* child = node->first; child; child = child->next) {
    PL_TRY(declare_triples(b, child, optional));
  }
  return PL_OK;
}

/// The name of a path gets its value here and nowhere else in the pattern.
static pl_status declare_path(pl_binder* b, const pl_ast* alias) {
  const pl_ast* const var = alias->first;
  const pl_slot before = pl_bind_find(b, var->text);
  pl_slot slot;
  if (before != PL_SLOT_NONE && (!b->paths.data[before] || before < b->clause_slots)) {
    PL_BIND_FAIL(b, var->span, BOUND_TWICE, (int)var->text.len, var->text.data);
    PL_BIND_HINT(b, "give the path a name of its own");
    return PL_OK;
  }
  PL_TRY(pl_bind_declare(b, var, &slot));
  b->paths.data[slot] = true;
  return PL_OK;
}

static pl_status declare_shortest(pl_binder* b, const pl_ast* node) {
  for (const pl_ast* child = node->first; child; child = child->next) {
    PL_TRY(child->kind == PL_AST_ALIAS ? declare_path(b, child) : declare_triples(b, child, false));
  }
  return PL_OK;
}

pl_status pl_bind_declare_all(pl_binder* b, const pl_ast* node) { return declare_triples(b, node, false); }

static const pl_ast* pattern_of(const pl_ast* group) { return group->kind == PL_AST_GROUP ? group->first : group; }

static pl_status declare_required(pl_binder* b, const pl_ast* pattern);
static pl_status declare_optional(pl_binder* b, const pl_ast* pattern);

static pl_status declare_maybe(pl_binder* b, const pl_ast* pattern) {
  const bool outer = b->maybe;
  b->maybe = true;
  pl_status status = declare_required(b, pattern);
  status = status == PL_OK ? declare_optional(b, pattern) : status;
  b->maybe = outer;
  return status;
}

static pl_status declare_required(pl_binder* b, const pl_ast* pattern) {
  for (const pl_ast* node = pattern->first; node; node = node->next) {
    switch (node->kind) {
      case PL_AST_TRIPLES:
        PL_TRY(declare_triples(b, node, false));
        break;
      case PL_AST_SHORTEST:
        PL_TRY(declare_shortest(b, node));
        break;
      case PL_AST_GIVEN:
        PL_TRY(declare_required(b, pattern_of(node->last)));
        break;
      case PL_AST_EITHER:
        for (const pl_ast* branch = node->first; branch; branch = branch->next) {
          PL_TRY(declare_maybe(b, pattern_of(branch)));
        }
        break;
      default:
        break;
    }
  }
  return PL_OK;
}

static pl_status declare_optional(pl_binder* b, const pl_ast* pattern) {
  const bool outer = b->maybe;
  pl_status status = PL_OK;
  for (const pl_ast* node = pattern->first; node && status == PL_OK; node = node->next) {
    b->maybe = true;
    if (node->kind == PL_AST_OPTIONAL) {
      status = declare_maybe(b, pattern_of(node->first));
    } else if (node->kind == PL_AST_TRIPLES) {
      status = declare_triples(b, node, true);
    } else if (node->kind == PL_AST_GIVEN) {
      status = declare_optional(b, pattern_of(node->last));
    }
    b->maybe = outer;
  }
  return status;
}

/* --- triples --- */

/// What a list of verbs and objects hangs on.
typedef struct edge_from {
  pl_ref subject;   ///< subject, or the assertion
  bool annotation;  ///< rows of an assertion, not facts
} edge_from;

static pl_status add_po(pl_binder* b, pl_parts* parts, const edge_from* from, const pl_ast* po);

static pl_status hidden_ref(pl_binder* b, pl_span span, pl_ref* out) {
  *out = (pl_ref){.kind = PL_REF_SLOT, .span = span};
  return pl_bind_slot_new(b, (pl_str){0}, span, &out->index);
}

/// A bracket is a variable without a name and its own verbs and objects.
static pl_status add_bracket(pl_binder* b, pl_parts* parts, const pl_ast* bracket, pl_ref* out) {
  PL_TRY(hidden_ref(b, bracket->span, out));
  const edge_from from = {.subject = *out};
  for (const pl_ast* po = bracket->first; po; po = po->next) {
    PL_TRY(add_po(b, parts, &from, po));
  }
  return PL_OK;
}

static pl_status add_compare(pl_binder* b, pl_parts* parts, const pl_ast* compare, pl_ref* out) {
  if (compare->count > 1) {
    PL_TRY(pl_bind_ref(b, compare->last, out));
  } else {
    PL_TRY(hidden_ref(b, compare->span, out));
  }
  return pl_bind_push(b, &parts->filters_later, ((pl_later){compare, b->lens, out->index}));
}

pl_status pl_bind_label(pl_binder* b, pl_parts* parts, const pl_ast* node, pl_ref* out) {
  pl_ref name;
  pl_alg* alg;
  const uint32_t lens = pl_bind_identity(b);
  PL_TRY(pl_bind_label_name(b, node, &name));
  if (name.kind == PL_REF_SLOT && name.index >= parts->optional_slots && name.index < parts->optional_end) {
    PL_BIND_FAIL(b, node->span, LABEL_OPTIONAL, (int)node->text.len, node->text.data);
  }
  for (uint32_t i = 0; i < parts->labels.count; i++) {
    const pl_alg_label* const label = parts->labels.data[i];
    if (label->name.kind == name.kind && label->name.index == name.index && label->lens == lens) {
      *out = (pl_ref){.kind = PL_REF_SLOT, .index = label->node, .span = node->span};
      return PL_OK;
    }
  }
  PL_TRY(hidden_ref(b, node->span, out));
  PL_TRY(pl_bind_alg_new(b, PL_ALG_LABEL, node->span, &alg));
  alg->label = (pl_alg_label){.name = name, .node = out->index, .lens = lens};
  PL_TRY(pl_bind_push(b, &parts->labels, &alg->label));
  return pl_bind_push(b, &parts->required, alg);
}

static pl_status bind_end(pl_binder* b, pl_parts* parts, const pl_ast* node, pl_ref* out) {
  switch (node->kind) {
    case PL_AST_BRACKET:
      return add_bracket(b, parts, node, out);
    case PL_AST_COMPARE:
      return add_compare(b, parts, node, out);
    case PL_AST_LABEL:
    case PL_AST_LABEL_VAR:
    case PL_AST_LABEL_PARAM:
      return pl_bind_label(b, parts, node, out);
    default:
      return pl_bind_ref(b, node, out);
  }
}

static pl_status add_annotation_edge(pl_binder* b, pl_parts* parts, const edge_from* from, pl_verb* verbs,
                                     uint32_t verb_count, pl_ref object, const pl_ast* node) {
  for (uint32_t i = 0; i < verb_count; i++) {
    if (verbs[i].inverse) {
      PL_BIND_FAIL(b, verbs[i].predicate.span, ANNOTATION_INVERSE, 0);
      break;
    }
  }
  if (node->count > 1) {
    PL_BIND_FAIL(b, node->first->next->span, ANNOTATION_PLACE, 0);
  }
  pl_alg* annot;
  PL_TRY(pl_bind_alg_new(b, PL_ALG_ANNOT, node->span, &annot));
  annot->annot.c = from->subject;
  annot->annot.object = object;
  annot->annot.verbs = verbs;
  annot->annot.verb_count = verb_count;
  annot->annot.lens = pl_bind_identity(b);
  return pl_bind_push(b, &parts->required, annot);
}

static pl_status add_scan(pl_binder* b, pl_parts* parts, const edge_from* from, pl_verb* verbs, uint32_t verb_count,
                          pl_ref object, const pl_ast* node) {
  const pl_ast* const annotation = pl_ast_child(node, PL_AST_ANNOTATION);
  const pl_ast* const alias = pl_ast_child(node, PL_AST_ALIAS);
  pl_alg* scan;
  PL_TRY(pl_bind_alg_new(b, PL_ALG_SCAN, (pl_span){from->subject.span.start, node->span.end}, &scan));
  scan->scan.subject = from->subject;
  scan->scan.object = object;
  scan->scan.verbs = verbs;
  scan->scan.verb_count = verb_count;
  scan->scan.lens = b->lens;
  scan->scan.c = PL_SLOT_NONE;
  scan->scan.mode = annotation || alias ? PL_SCAN_ASSERTIONS : PL_SCAN_FACTS;
  if (alias) {
    PL_TRY(pl_bind_declare(b, alias->first, &scan->scan.c));
  } else if (annotation) {
    PL_TRY(pl_bind_slot_new(b, (pl_str){0}, annotation->span, &scan->scan.c));
  }
  if (scan->scan.c != PL_SLOT_NONE) {
    b->slots.data[scan->scan.c].assertion = true;
  }
  PL_TRY(pl_bind_push(b, &parts->required, scan));
  return annotation ? pl_bind_annotation(b, parts, scan->scan.c, annotation) : PL_OK;
}

static bool is_type_verb(const pl_binder* b, const pl_verb* verb) {
  return verb->predicate.kind == PL_REF_TERM && !verb->inverse &&
         pl_str_eq(b->terms.data[verb->predicate.index].text, PL_STR(PL_RDF "type"));
}

static pl_status add_path(pl_binder* b, pl_parts* parts, pl_alg_path made, pl_span span) {
  pl_alg* alg;
  PL_TRY(pl_bind_alg_new(b, PL_ALG_PATH, span, &alg));
  alg->path = made;
  alg->path.lens = b->lens;
  return pl_bind_push(b, &parts->required, alg);
}

/// `subject path object`, where many facts may lie between the two.
static pl_status add_path_edge(pl_binder* b, pl_parts* parts, const edge_from* from, pl_path* path, pl_ref object,
                               const pl_ast* node) {
  if (node->count > 1) {
    PL_BIND_FAIL(b, node->first->next->span, PATH_ASSERTION, 0);
    PL_BIND_HINT(b, "write the steps as patterns: `?a p ?x { ... } . ?x q ?b`");
  }
  const pl_alg_path made = {from->subject, object, path, PL_PATH_PAIRS, PL_SLOT_NONE, PL_LENS_NONE};
  return add_path(b, parts, made, (pl_span){from->subject.span.start, node->span.end});
}

static pl_status bind_verbs(pl_binder* b, const edge_from* from, const pl_ast* node, pl_path** path) {
  PL_TRY(pl_bind_path(b, node, true, path));
  if (from->annotation && (*path)->kind != PL_PATH_STEP) {
    PL_BIND_FAIL(b, node->span, ANNOTATION_PATH, 0);
    PL_BIND_HINT(b, "write the steps as patterns: `?st source ?x . ?x published_on ?date`");
    return PL_NOT_FOUND;
  }
  return PL_OK;
}

static pl_status add_po(pl_binder* b, pl_parts* parts, const edge_from* from, const pl_ast* po) {
  pl_path* path;
  const pl_status status = bind_verbs(b, from, po->first, &path);
  if (status != PL_OK) {
    return status == PL_NOT_FOUND ? PL_OK : status;
  }
  const bool class = path->verb_count == 1 && path->kind == PL_PATH_STEP && is_type_verb(b, &path->verbs[0]);
  for (const pl_ast* node = po->first->next; node; node = node->next) {
    pl_ref object;
    PL_TRY(bind_end(b, parts, node->first, &object));
    if (class) {
      PL_TRY(pl_bind_check_class(b, &object));
    }
    if (path->kind != PL_PATH_STEP) {
      PL_TRY(add_path_edge(b, parts, from, path, object, node));
    } else if (from->annotation) {
      PL_TRY(add_annotation_edge(b, parts, from, path->verbs, path->verb_count, object, node));
    } else {
      PL_TRY(add_scan(b, parts, from, path->verbs, path->verb_count, object, node));
    }
  }
  return PL_OK;
}

pl_status pl_bind_annotation(pl_binder* b, pl_parts* parts, pl_slot c, const pl_ast* annotation) {
  const edge_from from = {.subject = {PL_REF_SLOT, c, annotation->span}, .annotation = true};
  for (const pl_ast* po = annotation->first; po; po = po->next) {
    if (po->op) {
      PL_TRY(pl_bind_push(b, &parts->optionals_later, ((pl_later){po, b->lens, c})));
    } else {
      PL_TRY(add_po(b, parts, &from, po));
    }
  }
  return PL_OK;
}

/// An end that is a literal can only be the object.
static void check_subject(pl_binder* b, const pl_ref* subject) {
  if (subject->kind == PL_REF_TERM && b->terms.data[subject->index].kind == PL_TERM_LITERAL) {
    PL_BIND_FAIL(b, subject->span, SUBJECT, 0);
    PL_BIND_HINT(b, "a name stands without quotes");
  }
}

static pl_status add_triples(pl_binder* b, pl_parts* parts, const pl_ast* triples) {
  edge_from from = {.annotation = false};
  PL_TRY(bind_end(b, parts, triples->first, &from.subject));
  check_subject(b, &from.subject);
  from.annotation = from.subject.kind == PL_REF_SLOT && b->slots.data[from.subject.index].assertion;
  for (const pl_ast* po = triples->first->next; po; po = po->next) {
    PL_TRY(add_po(b, parts, &from, po));
  }
  return PL_OK;
}

/* --- elements --- */

static pl_status add_either(pl_binder* b, pl_parts* parts, const pl_ast* node) {
  pl_alg* either;
  pl_alg_list branches = {0};
  PL_TRY(pl_bind_alg_new(b, PL_ALG_EITHER, node->span, &either));
  for (const pl_ast* branch = node->first; branch; branch = branch->next) {
    pl_alg* group;
    PL_TRY(pl_bind_group(b, branch, NULL, &group));
    PL_TRY(pl_bind_push(b, &branches, group));
  }
  either->either.count = branches.count;
  PL_TRY(pl_bind_pack(b, &branches, &either->either.branches));
  return pl_bind_push(b, &parts->required, either);
}

/// Two paths of one group cannot have one name.
static bool path_is_named(const pl_parts* parts, pl_slot slot) {
  for (uint32_t i = 0; i < parts->required.count; i++) {
    const pl_alg* const part = parts->required.data[i];
    if (part->kind == PL_ALG_PATH && part->path.as == slot) {
      return true;
    }
  }
  return false;
}

static pl_status add_shortest(pl_binder* b, pl_parts* parts, const pl_ast* node) {
  const pl_ast* const path = node->first->next;
  const pl_ast* const alias = pl_ast_child(node, PL_AST_ALIAS);
  pl_alg_path made = {.mode = node->op ? PL_PATH_SHORTEST_ALL : PL_PATH_SHORTEST, .as = PL_SLOT_NONE};
  PL_TRY(bind_end(b, parts, node->first, &made.subject));
  check_subject(b, &made.subject);
  PL_TRY(pl_bind_path(b, path, false, &made.path));
  PL_TRY(bind_end(b, parts, path->next, &made.object));
  if (alias) {
    const pl_ast* const var = alias->first;
    made.as = pl_bind_find(b, var->text);
    if (made.as == PL_SLOT_NONE || path_is_named(parts, made.as)) {
      PL_BIND_FAIL(b, var->span, BOUND_TWICE, (int)var->text.len, var->text.data);
      PL_BIND_HINT(b, "give the path a name of its own");
    }
  }
  return add_path(b, parts, made, node->span);
}

static pl_status add_elements(pl_binder* b, pl_parts* parts, const pl_ast* pattern);

/// The group's elements join the enclosing group under their own lens.
static pl_status add_given(pl_binder* b, pl_parts* parts, const pl_ast* given) {
  const uint32_t outer = b->lens;
  PL_TRY(pl_bind_lenses(b, given->first, &b->lens));
  const pl_ast* const where = pl_ast_child(given->last, PL_AST_WHERE);
  pl_status status = add_elements(b, parts, pattern_of(given->last));
  if (status == PL_OK && where) {
    status = pl_bind_push(b, &parts->filters_later, ((pl_later){where->first, b->lens, PL_SLOT_NONE}));
  }
  b->lens = outer;
  return status;
}

static pl_status add_element(pl_binder* b, pl_parts* parts, const pl_ast* node) {
  const pl_later later = {node, b->lens, PL_SLOT_NONE};
  switch (node->kind) {
    case PL_AST_TRIPLES:
      return add_triples(b, parts, node);
    case PL_AST_EITHER:
      return add_either(b, parts, node);
    case PL_AST_GIVEN:
      return add_given(b, parts, node);
    case PL_AST_OPTIONAL:
      return pl_bind_push(b, &parts->optionals_later, later);
    case PL_AST_WITHOUT:
      return pl_bind_push(b, &parts->nots_later, later);
    default:
      assert(node->kind == PL_AST_SHORTEST);
      return add_shortest(b, parts, node);
  }
}

static pl_status add_elements(pl_binder* b, pl_parts* parts, const pl_ast* pattern) {
  for (const pl_ast* node = pattern->first; node; node = node->next) {
    PL_TRY(add_element(b, parts, node));
  }
  return PL_OK;
}

/* --- what waited --- */

/// `{ optional verb object }`: a group of its own over the same assertion.
static pl_status optional_annotation(pl_binder* b, const pl_later* later, pl_alg** out) {
  pl_parts* const parts = PL_ARENA_NEW(b->scratch, pl_parts);
  if (!parts) {
    return pl_bind_no_memory(b);
  }
  const edge_from from = {.subject = {PL_REF_SLOT, later->c, later->node->span}, .annotation = true};
  const bool outer = b->maybe;
  b->maybe = true;
  pl_status status = add_po(b, parts, &from, later->node);
  status = status == PL_OK ? pl_bind_parts_finish(b, parts, later->node->span, NULL, out) : status;
  b->maybe = outer;
  return status;
}

static pl_status finish_optional(pl_binder* b, pl_parts* parts, const pl_later* later) {
  pl_alg* group;
  b->lens = later->lens;
  if (later->node->kind == PL_AST_PO) {
    PL_TRY(optional_annotation(b, later, &group));
  } else {
    PL_TRY(pl_bind_group(b, later->node->first, NULL, &group));
  }
  return pl_bind_push(b, &parts->optionals, group);
}

static pl_status finish_filter(pl_binder* b, pl_parts* parts, const pl_later* later) {
  b->lens = later->lens;
  if (later->node->kind != PL_AST_COMPARE) {
    return pl_bind_condition(b, &parts->site, later->node, &parts->filters);
  }
  pl_expr* filter;
  PL_TRY(pl_bind_compare(b, &parts->site, later->node, later->c, &filter));
  return pl_bind_push(b, &parts->filters, filter);
}

static pl_status finish_not(pl_binder* b, pl_parts* parts, const pl_later* later) {
  pl_alg* group;
  b->lens = later->lens;
  PL_TRY(pl_bind_group_inside(b, later->node->first, &group));
  return pl_bind_push(b, &parts->nots, group);
}

static pl_status finish_all(pl_binder* b, pl_parts* parts) {
  for (uint32_t i = 0; i < parts->optionals_later.count; i++) {
    PL_TRY(finish_optional(b, parts, &parts->optionals_later.data[i]));
  }
  for (uint32_t i = 0; i < parts->filters_later.count; i++) {
    PL_TRY(finish_filter(b, parts, &parts->filters_later.data[i]));
  }
  for (uint32_t i = 0; i < parts->nots_later.count; i++) {
    PL_TRY(finish_not(b, parts, &parts->nots_later.data[i]));
  }
  return PL_OK;
}

pl_status pl_bind_parts_finish(pl_binder* b, pl_parts* parts, pl_span span, pl_alg* input, pl_alg** out) {
  const uint32_t lens = b->lens;
  const pl_status status = finish_all(b, parts);
  b->lens = lens;
  PL_TRY(status);
  PL_TRY(pl_bind_alg_new(b, PL_ALG_GROUP, span, out));
  pl_alg_group* const group = &(*out)->group;
  *group = (pl_alg_group){.input = input,
                          .required_count = parts->required.count,
                          .optional_count = parts->optionals.count,
                          .mark_count = parts->site.marks.count,
                          .not_count = parts->nots.count,
                          .filter_count = parts->filters.count};
  PL_TRY(pl_bind_pack(b, &parts->required, &group->required));
  PL_TRY(pl_bind_pack(b, &parts->optionals, &group->optionals));
  PL_TRY(pl_bind_pack(b, &parts->site.marks, &group->marks));
  PL_TRY(pl_bind_pack(b, &parts->nots, &group->nots));
  return pl_bind_pack(b, &parts->filters, &group->filters);
}

pl_status pl_bind_group(pl_binder* b, const pl_ast* node, pl_alg* input, pl_alg** out) {
  const pl_ast* const pattern = pattern_of(node);
  const pl_ast* const where = node->kind == PL_AST_GROUP ? pl_ast_child(node, PL_AST_WHERE) : NULL;
  pl_parts* const parts = PL_ARENA_NEW(b->scratch, pl_parts);
  if (!parts) {
    return pl_bind_no_memory(b);
  }
  PL_TRY(declare_required(b, pattern));
  parts->optional_slots = b->slots.count;
  PL_TRY(declare_optional(b, pattern));
  parts->optional_end = b->slots.count;
  PL_TRY(add_elements(b, parts, pattern));
  if (where) {
    PL_TRY(pl_bind_push(b, &parts->filters_later, ((pl_later){where->first, b->lens, PL_SLOT_NONE})));
  }
  return pl_bind_parts_finish(b, parts, node->span, input, out);
}

pl_status pl_bind_group_inside(pl_binder* b, const pl_ast* node, pl_alg** out) {
  const uint32_t mark = pl_bind_scope_enter(b);
  const uint32_t clause_slots = b->clause_slots;
  b->clause_slots = b->slots.count;
  const pl_status status = pl_bind_group(b, node, NULL, out);
  b->clause_slots = clause_slots;
  pl_bind_scope_leave(b, mark);
  return status;
}
