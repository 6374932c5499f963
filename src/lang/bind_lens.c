/// Lenses: what is in force is a list of parts, each of which must pass; an inner lens replaces the outer ones of its kind. Of `same` there is
/// one, as classes have one threshold.
#include "lang/bind.h"
#include "term/value.h"

typedef PL_BIND_LIST(pl_lens_part) part_list;

uint32_t pl_bind_identity(const pl_binder* b) {
  const pl_lens* const lens = b->lens == PL_LENS_NONE ? NULL : &b->lenses.data[b->lens];
  for (uint32_t i = 0; lens && i < lens->count; i++) {
    if (lens->parts[i].kind == PL_LENS_SAME) {
      return b->lens;
    }
  }
  return PL_LENS_NONE;
}

static pl_lens_kind kind_of(const pl_ast* node) {
  switch (node->kind) {
    case PL_AST_LENS_AT:
      return PL_LENS_AT;
    case PL_AST_LENS_DURING:
      return PL_LENS_DURING;
    case PL_AST_LENS_ACCORDING:
      return PL_LENS_ACCORDING;
    case PL_AST_LENS_TRUST:
      return PL_LENS_TRUST;
    default:
      return PL_LENS_SAME;
  }
}

/// `at` and `during` both say when, so one replaces the other.
static bool same_kind(pl_lens_kind a, pl_lens_kind c) {
  const bool when_a = a == PL_LENS_AT || a == PL_LENS_DURING;
  const bool when_c = c == PL_LENS_AT || c == PL_LENS_DURING;
  return a == c || (when_a && when_c);
}

static pl_status bind_argument(pl_binder* b, const pl_ast* node, pl_expr** out) {
  pl_bind_site site = {0};
  PL_TRY(pl_bind_expr(b, &site, node, out));
  if (site.marks.count) {
    PL_BIND_FAIL(b, node->span, LENS_EXISTS, 0);
  }
  return PL_OK;
}

static pl_status bind_source(pl_binder* b, const pl_ast* node, pl_ref* ref) {
  pl_slot slot;
  if (node->kind == PL_AST_VAR) {
    PL_TRY(pl_bind_use(b, node, &slot));
  }
  PL_TRY(pl_bind_ref(b, node, ref));
  return ref->kind == PL_REF_TERM ? pl_bind_check_name(b, ref->index, node->span) : PL_OK;
}

/// A group whose one variable is every node that the label names.
static pl_status label_group(pl_binder* b, const pl_ast* node, pl_slot slot, pl_alg** out) {
  pl_parts* const parts = PL_ARENA_NEW(b->scratch, pl_parts);
  pl_alg* alg;
  if (!parts) {
    return pl_bind_no_memory(b);
  }
  PL_TRY(pl_bind_alg_new(b, PL_ALG_LABEL, node->span, &alg));
  alg->label = (pl_alg_label){.node = slot, .lens = PL_LENS_NONE};
  PL_TRY(pl_bind_label_name(b, node, &alg->label.name));
  PL_TRY(pl_bind_push(b, &parts->required, alg));
  return pl_bind_parts_finish(b, parts, node->span, NULL, out);
}

/// Labels among the sources are a pattern: either of them.
static pl_status bind_labels(pl_binder* b, const pl_ast* terms, pl_lens_part* part) {
  pl_alg_list groups = {0};
  for (const pl_ast* node = terms->first; node; node = node->next) {
    if (!pl_bind_is_label(node)) {
      continue;
    }
    if (groups.count == 0) {
      PL_TRY(pl_bind_slot_new(b, (pl_str){0}, node->span, &part->pattern_slot));
    }
    pl_alg* group;
    PL_TRY(label_group(b, node, part->pattern_slot, &group));
    PL_TRY(pl_bind_push(b, &groups, group));
  }
  if (groups.count < 2) {
    part->pattern = groups.count ? groups.data[0] : NULL;
    return PL_OK;
  }
  pl_alg* either;
  pl_parts* const parts = PL_ARENA_NEW(b->scratch, pl_parts);
  if (!parts) {
    return pl_bind_no_memory(b);
  }
  PL_TRY(pl_bind_alg_new(b, PL_ALG_EITHER, terms->span, &either));
  either->either.count = groups.count;
  PL_TRY(pl_bind_pack(b, &groups, &either->either.branches));
  PL_TRY(pl_bind_push(b, &parts->required, either));
  return pl_bind_parts_finish(b, parts, terms->span, NULL, &part->pattern);
}

static pl_status bind_sources(pl_binder* b, const pl_ast* terms, pl_lens_part* part) {
  part->sources = PL_ARENA_ARRAY(b->arena, pl_ref, terms->count);
  if (!part->sources) {
    return pl_bind_no_memory(b);
  }
  for (const pl_ast* node = terms->first; node; node = node->next) {
    if (!pl_bind_is_label(node)) {
      PL_TRY(bind_source(b, node, &part->sources[part->source_count++]));
    }
  }
  return bind_labels(b, terms, part);
}

/// The first variable of the pattern as it was written.
static pl_slot first_variable(const pl_binder* b, uint32_t first_slot, uint32_t end_slot) {
  pl_slot best = PL_SLOT_NONE;
  for (uint32_t i = first_slot; i < end_slot; i++) {
    const pl_variable* const v = &b->slots.data[i];
    if (v->name.len && (best == PL_SLOT_NONE || v->span.start < b->slots.data[best].span.start)) {
      best = i;
    }
  }
  return best;
}

/// The pattern is a query of its own: no lens, and no variables from outside.
static pl_status bind_pattern(pl_binder* b, const pl_ast* group, pl_lens_part* part) {
  const uint32_t lens = b->lens;
  const uint32_t first_slot = b->slots.count;
  const uint32_t mark = pl_bind_scope_enter(b);
  b->lens = PL_LENS_NONE;
  pl_status status = pl_bind_scope_hide(b);
  status = status == PL_OK ? pl_bind_group(b, group, NULL, &part->pattern) : status;
  pl_bind_scope_leave(b, mark);
  b->lens = lens;
  part->pattern_slot = first_variable(b, first_slot, b->slots.count);
  if (status == PL_OK && part->pattern_slot == PL_SLOT_NONE) {
    PL_BIND_FAIL(b, group->span, LENS_PATTERN, 0);
  }
  return status;
}

static bool in_unit(double x) { return x >= 0 && x <= 1; }

static bool is_threshold(const pl_term* term) {
  pl_value value;
  pl_value_from_term(term, &value);
  switch (value.kind) {
    case PL_VALUE_INTEGER:
      return value.integer == 0 || value.integer == 1;
    case PL_VALUE_DECIMAL:
      return in_unit(pl_decimal_to_double(value.decimal));
    case PL_VALUE_DOUBLE:
      return in_unit(value.real);
    default:
      return false;
  }
}

/// What can be seen now of a threshold. Identities are worked out once for a query, so theirs is never a variable.
static void check_threshold(pl_binder* b, pl_lens_kind kind, const pl_expr* expr, pl_span span) {
  const bool known = expr->kind == PL_EXPR_TERM;
  const bool good = !known || is_threshold(&b->terms.data[expr->index]);
  if (kind == PL_LENS_SAME && (!good || (!known && expr->kind != PL_EXPR_PARAM))) {
    PL_BIND_FAIL(b, span, SAME_NUMBER, 0);
  } else if (kind == PL_LENS_TRUST && !good) {
    PL_BIND_FAIL(b, span, TRUST_NUMBER, 0);
  }
}

static pl_status bind_part(pl_binder* b, const pl_ast* node, pl_lens_part* part) {
  *part = (pl_lens_part){.kind = kind_of(node), .span = node->span, .pattern_slot = PL_SLOT_NONE};
  part->negated = part->kind == PL_LENS_ACCORDING && node->op == PL_AST_NEGATED;
  if (part->kind == PL_LENS_ACCORDING) {
    return node->first->kind == PL_AST_TERMS ? bind_sources(b, node->first, part) : bind_pattern(b, node->first, part);
  }
  PL_TRY(bind_argument(b, node->first, &part->low));
  check_threshold(b, part->kind, part->low, node->first->span);
  return node->count > 1 ? bind_argument(b, node->last, &part->high) : PL_OK;
}

/// True if a label of the pattern is the value of a variable.
static bool label_varies(const pl_alg* group) {
  for (uint32_t i = 0; i < group->group.required_count; i++) {
    const pl_alg* const part = group->group.required[i];
    if (part->kind == PL_ALG_LABEL && part->label.name.kind == PL_REF_SLOT) {
      return true;
    }
    for (uint32_t k = 0; part->kind == PL_ALG_EITHER && k < part->either.count; k++) {
      if (label_varies(part->either.branches[k])) {
        return true;
      }
    }
  }
  return false;
}

static bool part_varies(const pl_lens_part* part) {
  bool varies = (part->low && pl_bind_varies(part->low)) || (part->high && pl_bind_varies(part->high));
  for (uint32_t i = 0; i < part->source_count; i++) {
    varies |= part->sources[i].kind == PL_REF_SLOT;
  }
  // What a written pattern looks up by a label is its own; only terms name a label by the rows outside.
  return varies || (part->sources && part->pattern && label_varies(part->pattern));
}

/// Keep of the outer lens what the new parts do not replace.
static pl_status add_outer(pl_binder* b, uint32_t outer, part_list* parts) {
  const uint32_t own = parts->count;
  if (outer == PL_LENS_NONE) {
    return PL_OK;
  }
  for (uint32_t i = 0; i < b->lenses.data[outer].count; i++) {
    const pl_lens_part part = b->lenses.data[outer].parts[i];
    bool replaced = false;
    for (uint32_t k = 0; k < own; k++) {
      replaced |= same_kind(parts->data[k].kind, part.kind);
    }
    if (!replaced) {
      PL_TRY(pl_bind_push(b, parts, part));
    }
  }
  return PL_OK;
}

pl_status pl_bind_lenses(pl_binder* b, const pl_ast* lenses, uint32_t* lens) {
  const uint32_t outer = b->lens;
  part_list parts = {0};
  for (const pl_ast* node = lenses->first; node; node = node->next) {
    pl_lens_part part;
    PL_TRY(bind_part(b, node, &part));
    for (uint32_t i = 0; part.kind == PL_LENS_SAME && i < parts.count; i++) {
      if (parts.data[i].kind == PL_LENS_SAME) {
        PL_BIND_FAIL(b, part.span, SAME_TWICE, 0);
        break;
      }
    }
    PL_TRY(pl_bind_push(b, &parts, part));
  }
  PL_TRY(add_outer(b, outer, &parts));
  pl_lens made = {.count = parts.count};
  for (uint32_t i = 0; i < parts.count; i++) {
    made.correlated |= part_varies(&parts.data[i]);
  }
  PL_TRY(pl_bind_pack(b, &parts, &made.parts));
  *lens = b->lenses.count;
  return pl_bind_push(b, &b->lenses, made);
}
