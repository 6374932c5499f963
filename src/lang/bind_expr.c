/// Expressions. What is not an expression in the algebra is taken out: exists( ) becomes a mark, an aggregate and
/// prior( ) a hidden slot that the clause computes.
#include "lang/bind.h"

#include <stdio.h>

static pl_status bind_exprs(pl_binder* b, pl_bind_site* site, const pl_ast* first, uint32_t count, pl_expr*** out) {
  *out = PL_ARENA_ARRAY(b->arena, pl_expr*, count ? count : 1);
  if (!*out) {
    return pl_bind_no_memory(b);
  }
  for (uint32_t i = 0; i < count; i++, first = first->next) {
    PL_TRY(pl_bind_expr(b, site, first, &(*out)[i]));
  }
  return PL_OK;
}

pl_status pl_bind_expr_new(pl_binder* b, pl_expr_kind kind, pl_span span, uint32_t index, pl_expr** out) {
  *out = PL_ARENA_NEW(b->arena, pl_expr);
  if (!*out) {
    return pl_bind_no_memory(b);
  }
  **out = (pl_expr){.kind = kind, .span = span, .index = index};
  return PL_OK;
}

pl_status pl_bind_call(pl_binder* b, pl_fn fn, pl_span span, pl_expr* const* args, uint32_t count, pl_expr** out) {
  PL_TRY(pl_bind_expr_new(b, PL_EXPR_CALL, span, 0, out));
  (*out)->fn = fn;
  (*out)->arg_count = count;
  return pl_bind_copy(b->arena, args, count, sizeof(*args), (void**)&(*out)->args);
}

/// A stand-in after an error.
static pl_status bind_nothing(pl_binder* b, pl_span span, pl_expr** out) {
  const pl_term none = {.kind = PL_TERM_NONE};
  uint32_t index;
  PL_TRY(pl_bind_term(b, &none, &index));
  return pl_bind_expr_new(b, PL_EXPR_TERM, span, index, out);
}

/* --- labels --- */

static bool is_labelled(const pl_expr* expr) { return expr->kind == PL_EXPR_CALL && expr->fn == PL_FN_LABELLED; }

/// `@...` is the list of the nodes so labelled.
static pl_status bind_label(pl_binder* b, const pl_ast* node, pl_expr** out) {
  pl_ref name;
  pl_expr* arg;
  PL_TRY(pl_bind_label_name(b, node, &name));
  const pl_expr_kind kind = name.kind == PL_REF_SLOT    ? PL_EXPR_SLOT
                            : name.kind == PL_REF_PARAM ? PL_EXPR_PARAM
                                                        : PL_EXPR_TERM;
  PL_TRY(pl_bind_expr_new(b, kind, node->span, name.index, &arg));
  PL_TRY(pl_bind_call(b, PL_FN_LABELLED, node->span, &arg, 1, out));
  (*out)->same = pl_bind_identity(b) + 1;
  return PL_OK;
}

static void refuse_label(pl_binder* b, pl_fn fn, pl_span span) {
  PL_BIND_FAIL(b, span, LABEL_PLACE, (int)(span.end - span.start), b->source.text.data + span.start,
               pl_fn_table[fn].name);
  PL_BIND_HINT(b, "match it first: `match @\"...\" verb ?x`, or compare a node with it: `?x = @\"...\"`");
}

/// `x = @...`: x is one of them.
static pl_status equal_label(pl_binder* b, pl_fn fn, pl_expr* const* args, pl_span span, pl_expr** out) {
  const bool first = is_labelled(args[0]);
  pl_expr* const sides[2] = {args[first ? 1 : 0], args[first ? 0 : 1]};
  if (is_labelled(sides[0])) {
    refuse_label(b, fn, sides[0]->span);
  }
  pl_expr* in;
  PL_TRY(pl_bind_call(b, PL_FN_IN, span, sides, 2, &in));
  *out = in;
  return fn == PL_FN_NE ? pl_bind_call(b, PL_FN_NOT, span, &in, 1, out) : PL_OK;
}

/* --- facts about expressions --- */

bool pl_bind_is_list(const pl_binder* b, const pl_expr* expr) {
  if (expr->kind == PL_EXPR_SLOT) {
    return b->lists.data[expr->index];
  }
  return expr->kind == PL_EXPR_CALL && (expr->fn == PL_FN_LIST || expr->fn == PL_FN_SPLIT || expr->fn == PL_FN_NODES ||
                                        expr->fn == PL_FN_FACTS || expr->fn == PL_FN_LABELLED);
}

bool pl_bind_is_path(const pl_binder* b, const pl_expr* expr) {
  return expr->kind == PL_EXPR_SLOT && b->paths.data[expr->index];
}

bool pl_bind_expr_eq(const pl_expr* a, const pl_expr* c) {
  if (a->kind != c->kind || a->index != c->index || a->fn != c->fn || a->same != c->same ||
      a->arg_count != c->arg_count) {
    return false;
  }
  for (uint32_t i = 0; i < a->arg_count; i++) {
    if (!pl_bind_expr_eq(a->args[i], c->args[i])) {
      return false;
    }
  }
  return true;
}

bool pl_bind_varies(const pl_expr* expr) {
  if (expr->kind == PL_EXPR_SLOT) {
    return true;
  }
  for (uint32_t i = 0; i < expr->arg_count; i++) {
    if (pl_bind_varies(expr->args[i])) {
      return true;
    }
  }
  return false;
}

static bool is_null(const pl_binder* b, const pl_expr* expr) {
  return expr->kind == PL_EXPR_TERM && b->terms.data[expr->index].kind == PL_TERM_NONE;
}

/* --- operators --- */

static bool is_comparison(pl_fn fn) { return fn >= PL_FN_EQ && fn <= PL_FN_GE; }
static bool is_arithmetic(pl_fn fn) { return (fn >= PL_FN_ADD && fn <= PL_FN_MOD) || fn == PL_FN_NEG; }

/// Errors in the operands that can be seen before anything runs.
static void check_operands(pl_binder* b, pl_fn fn, pl_expr* const* args, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (b->status == PL_OK && is_comparison(fn) && is_null(b, args[i])) {
      pl_warn_at(b->context->err, &b->source, args[i]->span, PL_MSG_NULL_COMPARED);
      PL_BIND_HINT(b, fn == PL_FN_NE ? "write `bound(?x)`" : "write `not bound(?x)`");
    }
    if (is_labelled(args[i]) && fn != PL_FN_NOT && fn != PL_FN_INDEX) {
      refuse_label(b, fn, args[i]->span);
    }
    const bool name = args[i]->kind == PL_EXPR_TERM && b->terms.data[args[i]->index].kind == PL_TERM_IRI;
    if (is_arithmetic(fn) && name) {
      const pl_span span = args[i]->span;
      PL_BIND_FAIL(b, span, NODE_ARITHMETIC, (int)(span.end - span.start), b->source.text.data + span.start);
      PL_BIND_HINT(b, "a variable begins with `?`, a text stands in quotes");
    }
  }
}

/// A chain `x op y op z ...` as a balanced tree, so that its depth is the logarithm of its length.
static pl_status bind_chain(pl_binder* b, pl_fn fn, pl_expr* const* args, uint32_t count, pl_expr** out) {
  if (count == 1) {
    *out = args[0];
    return PL_OK;
  }
  pl_expr* halves[2];
  PL_TRY(bind_chain(b, fn, args, count / 2, &halves[0]));
  PL_TRY(bind_chain(b, fn, args + count / 2, count - count / 2, &halves[1]));
  return pl_bind_call(b, fn, (pl_span){halves[0]->span.start, halves[1]->span.end}, halves, 2, out);
}

static bool is_date_or_year(const pl_ast* node) { return node->kind == PL_AST_DATE || node->kind == PL_AST_INTEGER; }

/// `a..b` as a value.
static pl_status bind_interval(pl_binder* b, pl_bind_site* site, const pl_ast* node, pl_expr** out) {
  if (is_date_or_year(node->first) && is_date_or_year(node->last)) {
    uint32_t index;
    PL_TRY(pl_bind_interval(b, node->first, node->last, node->span, &index));
    return pl_bind_expr_new(b, PL_EXPR_TERM, node->span, index, out);
  }
  pl_expr** args;
  PL_TRY(bind_exprs(b, site, node->first, 2, &args));
  return pl_bind_call(b, PL_FN_INTERVAL, node->span, args, 2, out);
}

/// Elements of a list written after `in`: the nodes of its labels are members of their own.
static pl_status bind_members(pl_binder* b, pl_bind_site* site, pl_expr* x, const pl_ast* list, pl_expr** out) {
  pl_expr_list members = {0};
  pl_expr_list tests = {0};
  pl_expr* args[2] = {x};
  for (const pl_ast* node = list->first; node; node = node->next) {
    pl_expr* member;
    PL_TRY(pl_bind_expr(b, site, node, &member));
    if (!is_labelled(member)) {
      PL_TRY(pl_bind_push(b, &members, member));
      continue;
    }
    args[1] = member;
    PL_TRY(pl_bind_call(b, PL_FN_IN, list->span, args, 2, &member));
    PL_TRY(pl_bind_push(b, &tests, member));
  }
  if (members.count || tests.count == 0) {
    PL_TRY(pl_bind_call(b, PL_FN_LIST, list->span, members.data, members.count, &args[1]));
    PL_TRY(pl_bind_call(b, PL_FN_IN, list->span, args, 2, out));
    PL_TRY(pl_bind_push(b, &tests, *out));
  }
  return bind_chain(b, PL_FN_OR, tests.data, tests.count, out);
}

/// `x in y`, with x bound already.
static pl_status bind_in(pl_binder* b, pl_bind_site* site, pl_expr* x, const pl_ast* y, pl_span span, pl_expr** out) {
  pl_expr* args[3] = {x};
  if (is_labelled(x)) {
    refuse_label(b, PL_FN_IN, x->span);
  }
  if (y->kind == PL_AST_RANGE) {
    PL_TRY(pl_bind_expr(b, site, y->first, &args[1]));
    PL_TRY(pl_bind_expr(b, site, y->last, &args[2]));
    return pl_bind_call(b, PL_FN_IN_RANGE, span, args, 3, out);
  }
  if (y->kind == PL_AST_LIST && y->count <= PL_LIST_MAX) {
    PL_TRY(bind_members(b, site, x, y, out));
    (*out)->span = span;
    return PL_OK;
  }
  PL_TRY(pl_bind_defined_set(b, y, &args[1]));
  if (!args[1]) {
    PL_TRY(pl_bind_expr(b, site, y, &args[1]));
  }
  return pl_bind_call(b, PL_FN_IN, span, args, 2, out);
}

/// `x fn y` and operators of one operand, all bound.
static pl_status bind_applied(pl_binder* b, pl_fn fn, pl_expr* const* args, uint32_t count, pl_span span,
                              pl_expr** out) {
  if ((fn == PL_FN_EQ || fn == PL_FN_NE) && (is_labelled(args[0]) || is_labelled(args[1]))) {
    return equal_label(b, fn, args, span, out);
  }
  check_operands(b, fn, args, count);
  if (fn == PL_FN_OR || fn == PL_FN_AND) {
    return bind_chain(b, fn, args, count, out);
  }
  return pl_bind_call(b, fn, span, args, count, out);
}

static pl_status bind_operator(pl_binder* b, pl_bind_site* site, const pl_ast* node, pl_expr** out) {
  const pl_fn fn = (pl_fn)node->op;
  if (fn == PL_FN_IN) {
    pl_expr* x;
    PL_TRY(pl_bind_expr(b, site, node->first, &x));
    return bind_in(b, site, x, node->last, node->span, out);
  }
  pl_expr** args;
  PL_TRY(bind_exprs(b, site, node->first, node->count, &args));
  return bind_applied(b, fn, args, node->count, node->span, out);
}

pl_status pl_bind_compare(pl_binder* b, pl_bind_site* site, const pl_ast* compare, pl_slot slot, pl_expr** out) {
  pl_expr* args[2];
  PL_TRY(pl_bind_expr_new(b, PL_EXPR_SLOT, compare->span, slot, &args[0]));
  const pl_fn fn = (pl_fn)compare->op;
  if (fn == PL_FN_IN) {
    return bind_in(b, site, args[0], compare->first, compare->span, out);
  }
  PL_TRY(pl_bind_expr(b, site, compare->first, &args[1]));
  return bind_applied(b, fn, args, 2, compare->span, out);
}

pl_status pl_bind_condition(pl_binder* b, pl_bind_site* site, const pl_ast* node, pl_expr_list* filters) {
  const bool chain = node->kind == PL_AST_OP && node->op == PL_FN_AND;
  const pl_ast* part = chain ? node->first : node;
  while (part) {
    pl_expr* expr;
    PL_TRY(pl_bind_expr(b, site, part, &expr));
    PL_TRY(pl_bind_push(b, filters, expr));
    part = chain ? part->next : NULL;
  }
  return PL_OK;
}

/* --- calls --- */

static void fail_argument_count(pl_binder* b, const pl_ast* node, pl_fn fn, uint32_t count) {
  const pl_fn_info* const info = &pl_fn_table[fn];
  const char* const plural = info->args_max == 1 ? "" : "s";
  char wanted[48];
  if (info->args_max == 255) {
    (void)snprintf(wanted, sizeof(wanted), "at least %u argument%s", info->args_min, info->args_min == 1 ? "" : "s");
  } else if (info->args_min == info->args_max) {
    (void)snprintf(wanted, sizeof(wanted), "%u argument%s", info->args_min, plural);
  } else {
    (void)snprintf(wanted, sizeof(wanted), "%u to %u argument%s", info->args_min, info->args_max, plural);
  }
  PL_BIND_FAIL(b, node->span, ARGUMENT_COUNT, info->name, wanted, (unsigned)count);
}

/// The aggregate's result stands in a hidden slot.
static pl_status bind_aggregate(pl_binder* b, pl_bind_site* site, const pl_ast* node, pl_fn fn, pl_expr** args,
                                uint32_t count, pl_expr** out) {
  pl_slot slot;
  PL_TRY(pl_bind_slot_new(b, (pl_str){0}, node->span, &slot));
  b->lists.data[slot] = fn == PL_FN_COLLECT;
  b->slots.data[slot].maybe_null = fn != PL_FN_COUNT && fn != PL_FN_COLLECT;
  const pl_alg_agg agg = {.slot = slot,
                          .fn = fn,
                          .distinct = node->op == PL_AST_DISTINCT,
                          .star = node->op == PL_AST_STAR_ARGUMENT,
                          .args = args,
                          .arg_count = count,
                          .span = node->span};
  PL_TRY(pl_bind_push(b, site->aggs, agg));
  return pl_bind_expr_new(b, PL_EXPR_SLOT, node->span, slot, out);
}

static pl_fn list_function(pl_fn fn) {
  switch (fn) {
    case PL_FN_JOIN:
      return PL_FN_LIST_JOIN;
    case PL_FN_FIRST:
      return PL_FN_LIST_FIRST;
    case PL_FN_LAST:
      return PL_FN_LIST_LAST;
    default:
      return PL_FN_COUNT_;
  }
}

/// join, first and last work on the values of a group, or on the elements of a list where the argument is one.
static pl_status bind_aggregate_call(pl_binder* b, pl_bind_site* site, const pl_ast* node, pl_fn fn, pl_expr** out) {
  const bool star = node->op == PL_AST_STAR_ARGUMENT;
  const pl_ast* const list = pl_ast_child(node, PL_AST_LIST);
  const uint32_t count = list ? list->count : 0;
  pl_agg_list* const aggs = site->aggs;
  pl_expr** args;
  site->aggs = NULL;  // no aggregates inside each other
  const pl_status status = bind_exprs(b, site, list ? list->first : NULL, count, &args);
  site->aggs = aggs;
  PL_TRY(status);
  if (star ? fn != PL_FN_COUNT : count == 0 || count > pl_fn_table[fn].args_max) {
    fail_argument_count(b, node, fn, count);
    return bind_nothing(b, node->span, out);
  }
  const pl_fn of_list = star || node->op == PL_AST_DISTINCT ? PL_FN_COUNT_ : list_function(fn);
  if (of_list != PL_FN_COUNT_ && (!aggs || pl_bind_is_list(b, args[0]))) {
    return pl_bind_call(b, of_list, node->span, args, count, out);
  }
  for (uint32_t i = 0; i < count; i++) {
    if (is_labelled(args[i])) {
      refuse_label(b, fn, args[i]->span);
    }
  }
  if (aggs) {
    return bind_aggregate(b, site, node, fn, args, count, out);
  }
  PL_BIND_FAIL(b, node->span, AGGREGATE_PLACE, pl_fn_table[fn].name);
  PL_BIND_HINT(b, "compute it in a `with` first: `with ?key, %s(...) as ?value where ?value > 1`",
               pl_fn_table[fn].name);
  return bind_nothing(b, node->span, out);
}

static pl_status bind_prior(pl_binder* b, pl_bind_site* site, const pl_ast* node, pl_expr** out) {
  const pl_ast* const list = pl_ast_child(node, PL_AST_LIST);
  if (!list || list->count != 1) {
    fail_argument_count(b, node, PL_FN_PRIOR, list ? list->count : 0);
    return bind_nothing(b, node->span, out);
  }
  pl_item_list* const priors = site->priors;
  if (!priors) {
    PL_BIND_FAIL(b, node->span, PRIOR_PLACE, 0);
    return bind_nothing(b, node->span, out);
  }
  pl_alg_item item;
  site->priors = NULL;
  const pl_status status = pl_bind_expr(b, site, list->first, &item.expr);
  site->priors = priors;
  PL_TRY(status);
  PL_TRY(pl_bind_slot_new(b, (pl_str){0}, node->span, &item.slot));
  b->slots.data[item.slot].maybe_null = true;
  PL_TRY(pl_bind_push(b, priors, item));
  return pl_bind_expr_new(b, PL_EXPR_SLOT, node->span, item.slot, out);
}

static pl_status bind_function(pl_binder* b, pl_bind_site* site, const pl_ast* node, pl_expr** out) {
  const pl_ast* const name = node->first;
  if (pl_str_eq(name->text, PL_STR("prior"))) {
    return bind_prior(b, site, node, out);
  }
  const pl_fn fn = pl_fn_find(name->text);
  if (fn == PL_FN_COUNT_) {
    PL_BIND_FAIL(b, name->span, FUNCTION_UNKNOWN, (int)name->text.len, name->text.data);
    pl_bind_hint_function(b, name->text);
    return bind_nothing(b, node->span, out);
  }
  if (pl_fn_table[fn].flags & PL_FN_AGGREGATE) {
    return bind_aggregate_call(b, site, node, fn, out);
  }
  if (node->op == PL_AST_DISTINCT) {
    PL_BIND_FAIL(b, node->span, DISTINCT_PLACE, pl_fn_table[fn].name);
    return bind_nothing(b, node->span, out);
  }
  const pl_ast* const list = pl_ast_child(node, PL_AST_LIST);
  const uint32_t count = list ? list->count : 0;
  if (node->op == PL_AST_STAR_ARGUMENT || count < pl_fn_table[fn].args_min ||
      (count > pl_fn_table[fn].args_max && pl_fn_table[fn].args_max != 255)) {
    fail_argument_count(b, node, fn, count);
    return bind_nothing(b, node->span, out);
  }
  pl_expr** args;
  PL_TRY(bind_exprs(b, site, list ? list->first : NULL, count, &args));
  return pl_bind_call(b, fn, node->span, args, count, out);
}

/* --- all of them --- */

static pl_status bind_exists(pl_binder* b, pl_bind_site* site, const pl_ast* node, pl_expr** out) {
  pl_alg* mark;
  PL_TRY(pl_bind_alg_new(b, PL_ALG_MARK, node->span, &mark));
  PL_TRY(pl_bind_slot_new(b, (pl_str){0}, node->span, &mark->mark.slot));
  PL_TRY(pl_bind_group_inside(b, node->first, &mark->mark.group));
  PL_TRY(pl_bind_push(b, &site->marks, mark));
  return pl_bind_expr_new(b, PL_EXPR_SLOT, node->span, mark->mark.slot, out);
}

static pl_status bind_list(pl_binder* b, pl_bind_site* site, const pl_ast* node, pl_expr** out) {
  if (node->count > PL_LIST_MAX) {
    return pl_fail_at(b->context->err, &b->source, node->span, PL_MSG_LIST_LONG, PL_LIST_MAX);
  }
  pl_expr** args;
  PL_TRY(bind_exprs(b, site, node->first, node->count, &args));
  return pl_bind_call(b, PL_FN_LIST, node->span, args, node->count, out);
}

pl_status pl_bind_expr(pl_binder* b, pl_bind_site* site, const pl_ast* node, pl_expr** out) {
  uint32_t index;
  pl_expr** args;
  switch (node->kind) {
    case PL_AST_VAR:
      PL_TRY(pl_bind_use(b, node, &index));
      return pl_bind_expr_new(b, PL_EXPR_SLOT, node->span, index, out);
    case PL_AST_PARAM:
      PL_TRY(pl_bind_param(b, node->text, node->span, &index));
      PL_TRY(pl_bind_expr_new(b, PL_EXPR_PARAM, node->span, index, out));
      (*out)->same = pl_bind_identity(b) + 1;
      return PL_OK;
    case PL_AST_OP:
      return bind_operator(b, site, node, out);
    case PL_AST_RANGE:
      return bind_interval(b, site, node, out);
    case PL_AST_IF:
      PL_TRY(bind_exprs(b, site, node->first, 3, &args));
      return pl_bind_call(b, PL_FN_IF, node->span, args, 3, out);
    case PL_AST_LIST:
      return bind_list(b, site, node, out);
    case PL_AST_CALL:
      return bind_function(b, site, node, out);
    case PL_AST_EXISTS:
      return bind_exists(b, site, node, out);
    case PL_AST_LABEL:
    case PL_AST_LABEL_VAR:
    case PL_AST_LABEL_PARAM:
      return bind_label(b, node, out);
    default:
      assert(pl_bind_is_constant(node));
      PL_TRY(pl_bind_constant(b, node, &index));
      if (node->kind == PL_AST_NAME || node->kind == PL_AST_PNAME) {
        PL_TRY(pl_bind_check_name(b, index, node->span));
      }
      PL_TRY(pl_bind_expr_new(b, PL_EXPR_TERM, node->span, index, out));
      if (b->terms.data[index].kind == PL_TERM_IRI || b->terms.data[index].kind == PL_TERM_BLANK) {
        (*out)->same = pl_bind_identity(b) + 1;
      }
      return PL_OK;
  }
}
