/// `with` and `return`: grouping, order, `prior`, distinct, projection, slice - in the order they work in:
///
///     marks . AGGREGATE . EXTEND . ORDER . PRIOR . EXTEND . PROJECT . SLICE          (each only where it is needed)
///     marks . AGGREGATE . EXTEND . DISTINCT . ORDER . PROJECT . SLICE                with `distinct`
///
/// Items that hold an aggregate make the others keys. After grouping only keys and aggregates have values: whatever else
/// an expression uses is an error, and a part of it that equals a key is that key.
#include "lang/bind.h"

#include <stdlib.h>

typedef struct item {
  const pl_ast* node;  ///< ITEM; NULL for one that `*` stands for
  pl_str name;         ///< of the column; empty if it has none
  pl_span span;        ///< for messages
  pl_expr* expr;       ///< its value
  pl_slot slot;        ///< where the value is at the end
  bool aggregate;      ///< its expression holds aggregates
  bool prior;          ///< its expression holds prior( )
  bool kept;           ///< a variable that keeps its slot
} item;

typedef PL_BIND_LIST(item) item_list;
typedef PL_BIND_LIST(pl_alg_key) key_list;

typedef struct project {
  pl_binder* b;
  const pl_ast* clause;
  item_list items;
  key_list order;
  pl_agg_list aggs;
  pl_item_list priors;
  pl_bind_site site;        ///< of the items
  pl_bind_site order_site;  ///< of the order
  uint32_t slots_before;    ///< slots of the clause's input are below this
  bool grouped, distinct;
} project;

/* --- items --- */

static pl_status new_column(project* p, item* it, pl_str name) {
  pl_binder* const b = p->b;
  PL_TRY(pl_bind_slot_new(b, name, it->span, &it->slot));
  b->slots.data[it->slot].maybe_null = true;
  b->lists.data[it->slot] = pl_bind_is_list(b, it->expr);
  b->paths.data[it->slot] = pl_bind_is_path(b, it->expr);
  if (it->expr->kind == PL_EXPR_SLOT) {
    b->slots.data[it->slot].assertion = b->slots.data[it->expr->index].assertion;
    b->slots.data[it->slot].maybe_null = b->slots.data[it->expr->index].maybe_null;
  }
  return PL_OK;
}

static bool is_hidden_result(const project* p, const item* it) {
  return it->expr->kind == PL_EXPR_SLOT && it->expr->index >= p->slots_before &&
         p->b->slots.data[it->expr->index].name.len == 0;
}

/// Name and slot of an item whose value is bound.
static pl_status name_item(project* p, item* it, const pl_ast* alias) {
  pl_binder* const b = p->b;
  const pl_ast* const value = it->node->first;
  const pl_str text = {b->source.text.data + value->span.start, it->node->span.end - value->span.start};
  const pl_ast* const named = alias ? alias : value->kind == PL_AST_VAR ? value : NULL;
  pl_str name = {0};
  if (named) {
    uint32_t symbol;
    PL_TRY(pl_bind_symbol(b, named->text, &symbol));
    name = b->symbols.data[symbol].name;
  }
  it->name = named ? name : pl_arena_str(b->arena, text);
  if (!it->name.data) {
    return pl_bind_no_memory(b);
  }
  it->kept = value->kind == PL_AST_VAR && pl_str_eq(value->text, name);
  if (it->kept) {
    it->slot = it->expr->index;
    return PL_OK;
  }
  if (is_hidden_result(p, it)) {
    // The aggregate or prior( ) alone: its slot becomes the column's.
    it->slot = it->expr->index;
    it->kept = true;
    b->slots.data[it->slot].name = name;
    return PL_OK;
  }
  return new_column(p, it, name);
}

static pl_status bind_item(project* p, const pl_ast* node) {
  pl_binder* const b = p->b;
  const pl_ast* const alias = node->count > 1 ? node->last : NULL;
  const uint32_t aggs = p->aggs.count;
  const uint32_t priors = p->priors.count;
  item it = {.node = node, .span = alias ? alias->span : node->span};
  PL_TRY(pl_bind_expr(b, &p->site, node->first, &it.expr));
  it.aggregate = p->aggs.count > aggs;
  it.prior = p->priors.count > priors;
  if (p->clause->kind == PL_AST_WITH && !alias && node->first->kind != PL_AST_VAR) {
    PL_BIND_FAIL(b, node->span, ITEM_UNNAMED, 0);
    PL_BIND_HINT(b, "add `as ?name`");
  }
  PL_TRY(name_item(p, &it, alias));
  return pl_bind_push(b, &p->items, it);
}

static int compare_items(const void* x, const void* y) {
  const item* const a = x;
  const item* const c = y;
  return (a->span.start > c->span.start) - (a->span.start < c->span.start);
}

/// `*`: all named variables in the order they were first written.
static pl_status bind_star(project* p, pl_span span) {
  pl_binder* const b = p->b;
  for (uint32_t i = 0; i < b->symbols.count; i++) {
    const pl_symbol* const symbol = &b->symbols.data[i];
    if (symbol->slot == PL_SLOT_NONE) {
      continue;
    }
    item it = {.name = symbol->name, .span = b->slots.data[symbol->slot].span, .slot = symbol->slot, .kept = true};
    PL_TRY(pl_bind_expr_new(b, PL_EXPR_SLOT, span, it.slot, &it.expr));
    PL_TRY(pl_bind_push(b, &p->items, it));
  }
  if (p->items.count == 0) {
    PL_BIND_FAIL(b, span, STAR_EMPTY, 0);
    return PL_OK;
  }
  qsort(p->items.data, p->items.count, sizeof(*p->items.data), compare_items);
  return PL_OK;
}

static int compare_names(const void* x, const void* y) {
  const item* const a = *(const item* const*)x;
  const item* const c = *(const item* const*)y;
  const int names = pl_str_cmp(a->name, c->name);
  return names ? names : (a->span.start > c->span.start) - (a->span.start < c->span.start);
}

static pl_status check_names(project* p) {
  const uint32_t count = p->items.count;
  const item** const sorted = PL_ARENA_ARRAY(p->b->scratch, const item*, count + 1);
  if (!sorted) {
    return pl_bind_no_memory(p->b);
  }
  for (uint32_t i = 0; i < count; i++) {
    sorted[i] = &p->items.data[i];
  }
  qsort(sorted, count, sizeof(*sorted), compare_names);
  for (uint32_t i = 1; i < count; i++) {
    if (pl_str_eq(sorted[i - 1]->name, sorted[i]->name)) {
      PL_BIND_FAIL(p->b, sorted[i]->span, COLUMN_TWICE, (int)sorted[i]->name.len, sorted[i]->name.data);
      PL_BIND_HINT(p->b, "name one of them with `as ?name`");
      break;
    }
  }
  return PL_OK;
}

/* --- order --- */

/// Item written with the same words as the key, or NULL.
static const item* same_words(const project* p, const pl_ast* node) {
  const char* const text = p->b->source.text.data;
  const pl_str words = {text + node->span.start, node->span.end - node->span.start};
  for (uint32_t i = 0; i < p->items.count; i++) {
    const item* const it = &p->items.data[i];
    const pl_span span = it->node ? it->node->first->span : (pl_span){0, 0};
    if (node->kind != PL_AST_VAR && pl_str_eq(words, (pl_str){text + span.start, span.end - span.start})) {
      return it;
    }
  }
  return NULL;
}

static bool uses_prior(const project* p, const pl_expr* expr) {
  if (expr->kind == PL_EXPR_SLOT) {
    for (uint32_t i = 0; i < p->items.count; i++) {
      if (p->items.data[i].prior && p->items.data[i].slot == expr->index) {
        return true;
      }
    }
  }
  for (uint32_t i = 0; i < expr->arg_count; i++) {
    if (uses_prior(p, expr->args[i])) {
      return true;
    }
  }
  return false;
}

static pl_status bind_key(project* p, const pl_ast* node) {
  pl_binder* const b = p->b;
  pl_alg_key key = {.descending = node->op != 0};
  const item* const it = same_words(p, node->first);
  if (it) {
    PL_TRY(pl_bind_expr_new(b, PL_EXPR_SLOT, node->span, it->slot, &key.expr));
  } else {
    PL_TRY(pl_bind_expr(b, &p->order_site, node->first, &key.expr));
  }
  if (uses_prior(p, key.expr)) {
    PL_BIND_FAIL(b, node->span, PRIOR_PLACE, 0);
  }
  return pl_bind_push(b, &p->order, key);
}

/// The order sees the aliases, and below them what the clause saw.
static pl_status bind_order(project* p, const pl_ast* order) {
  PL_TRY(pl_bind_check_count(p->b, order->count, order->span, "order keys"));
  const uint32_t mark = pl_bind_scope_enter(p->b);
  pl_status status = PL_OK;
  p->order_site.aggs = p->grouped ? &p->aggs : NULL;
  for (uint32_t i = 0; i < p->items.count && status == PL_OK; i++) {
    if (p->b->slots.data[p->items.data[i].slot].name.len) {
      status = pl_bind_scope_set(p->b, p->items.data[i].name, p->items.data[i].slot);
    }
  }
  for (const pl_ast* key = order->first; key && status == PL_OK; key = key->next) {
    status = bind_key(p, key);
  }
  pl_bind_scope_leave(p->b, mark);
  return status;
}

/* --- grouping --- */

static bool is_key(const project* p, const item* it) { return p->grouped && !it->aggregate && !it->prior; }

/// True if the slot has a value after grouping.
static bool slot_survives(const project* p, pl_slot slot) {
  for (uint32_t i = 0; i < p->items.count; i++) {
    if (p->items.data[i].slot == slot) {
      return true;
    }
  }
  for (uint32_t i = 0; !p->distinct && i < p->aggs.count; i++) {
    if (p->aggs.data[i].slot == slot) {
      return true;
    }
  }
  for (uint32_t i = 0; i < p->priors.count; i++) {
    if (p->priors.data[i].slot == slot) {
      return true;
    }
  }
  return false;
}

/// Item that an expression used after the grouping stands for. Keys are looked for by value; with `distinct` all items.
static const item* item_of(const project* p, const pl_expr* expr, bool all) {
  for (uint32_t i = 0; i < p->items.count; i++) {
    const item* const it = &p->items.data[i];
    if ((all || is_key(p, it)) && pl_bind_expr_eq(it->expr, expr)) {
      return it;
    }
  }
  return NULL;
}

static bool uses_agg(const project* p, pl_slot slot) {
  for (uint32_t i = 0; i < p->aggs.count; i++) {
    if (p->aggs.data[i].slot == slot) {
      return true;
    }
  }
  return false;
}

/// Rewrite an expression so that it only uses what there is after the grouping.
static void regroup(project* p, pl_expr* expr, bool after_distinct) {
  const item* const it = item_of(p, expr, after_distinct);
  if (it) {
    *expr = (pl_expr){.kind = PL_EXPR_SLOT, .span = expr->span, .index = it->slot};
    return;
  }
  if (expr->kind == PL_EXPR_SLOT && !slot_survives(p, expr->index) && !(uses_agg(p, expr->index) && !after_distinct)) {
    const pl_span span = expr->span;
    PL_BIND_FAIL(p->b, span, NOT_GROUPED, (int)(span.end - span.start), p->b->source.text.data + span.start);
    PL_BIND_HINT(p->b, "make it an item of its own, or put it in an aggregate such as any(...)");
  }
  for (uint32_t i = 0; i < expr->arg_count; i++) {
    regroup(p, expr->args[i], after_distinct);
  }
}

static void regroup_all(project* p) {
  for (uint32_t i = 0; p->grouped && i < p->items.count; i++) {
    item* const it = &p->items.data[i];
    if (!is_key(p, it)) {
      regroup(p, it->expr, false);
    }
  }
  for (uint32_t i = 0; p->grouped && i < p->priors.count; i++) {
    regroup(p, p->priors.data[i].expr, false);
  }
  for (uint32_t i = 0; (p->grouped || p->distinct) && i < p->order.count; i++) {
    regroup(p, p->order.data[i].expr, p->distinct);
  }
}

/* --- operators --- */

static pl_status add_aggregate(project* p, pl_alg** input) {
  pl_binder* const b = p->b;
  pl_alg* node;
  pl_item_list keys = {0};
  PL_TRY(pl_bind_alg_new(b, PL_ALG_AGGREGATE, p->clause->span, &node));
  for (uint32_t i = 0; i < p->items.count; i++) {
    const item* const it = &p->items.data[i];
    if (is_key(p, it)) {
      PL_TRY(pl_bind_push(b, &keys, ((pl_alg_item){it->slot, it->expr})));
    }
  }
  node->aggregate.input = *input;
  node->aggregate.key_count = keys.count;
  node->aggregate.agg_count = p->aggs.count;
  node->aggregate.row_order = b->ordered;
  PL_TRY(pl_bind_pack(b, &keys, &node->aggregate.keys));
  PL_TRY(pl_bind_pack(b, &p->aggs, &node->aggregate.aggs));
  *input = node;
  return PL_OK;
}

/// Compute the items that are not there yet: those with prior( ) after the others.
static pl_status add_extend(project* p, bool prior, pl_alg** input) {
  pl_binder* const b = p->b;
  pl_item_list items = {0};
  for (uint32_t i = 0; i < p->items.count; i++) {
    const item* const it = &p->items.data[i];
    if (!it->kept && !is_key(p, it) && it->prior == prior) {
      PL_TRY(pl_bind_push(b, &items, ((pl_alg_item){it->slot, it->expr})));
    }
  }
  if (items.count == 0) {
    return PL_OK;
  }
  pl_alg* node;
  PL_TRY(pl_bind_alg_new(b, PL_ALG_EXTEND, p->clause->span, &node));
  node->extend.input = *input;
  node->extend.count = items.count;
  *input = node;
  return pl_bind_pack(b, &items, &node->extend.items);
}

static pl_status item_slots(project* p, pl_slot** slots) {
  *slots = PL_ARENA_ARRAY(p->b->arena, pl_slot, p->items.count + 1);
  for (uint32_t i = 0; *slots && i < p->items.count; i++) {
    (*slots)[i] = p->items.data[i].slot;
  }
  return *slots ? PL_OK : pl_bind_no_memory(p->b);
}

static pl_status add_distinct(project* p, pl_alg** input) {
  pl_alg* node;
  PL_TRY(pl_bind_alg_new(p->b, PL_ALG_DISTINCT, p->clause->span, &node));
  node->distinct.input = *input;
  node->distinct.count = p->items.count;
  *input = node;
  return item_slots(p, &node->distinct.slots);
}

static pl_status add_order(project* p, pl_alg** input) {
  if (p->order.count == 0) {
    return PL_OK;
  }
  pl_bind_marks(&p->order_site, input);
  pl_alg* node;
  PL_TRY(pl_bind_alg_new(p->b, PL_ALG_ORDER, p->clause->span, &node));
  node->order.input = *input;
  node->order.count = p->order.count;
  *input = node;
  return pl_bind_pack(p->b, &p->order, &node->order.keys);
}

static pl_status add_prior(project* p, pl_alg** input) {
  if (p->priors.count == 0) {
    return PL_OK;
  }
  pl_alg* node;
  PL_TRY(pl_bind_alg_new(p->b, PL_ALG_PRIOR, p->clause->span, &node));
  node->prior.input = *input;
  node->prior.count = p->priors.count;
  PL_TRY(pl_bind_pack(p->b, &p->priors, &node->prior.items));
  *input = node;
  return add_extend(p, true, input);
}

static pl_status add_project(project* p, pl_alg** input) {
  pl_alg* node;
  PL_TRY(pl_bind_alg_new(p->b, PL_ALG_PROJECT, p->clause->span, &node));
  node->project.input = *input;
  node->project.count = p->items.count;
  *input = node;
  return item_slots(p, &node->project.slots);
}

/* --- slice --- */

static bool is_count(const pl_binder* b, const pl_expr* expr) {
  if (expr->kind != PL_EXPR_TERM) {
    return !pl_bind_varies(expr);
  }
  const pl_term* const term = &b->terms.data[expr->index];
  return term->kind == PL_TERM_LITERAL && pl_str_eq(term->datatype, PL_STR(PL_XSD "integer")) &&
         !pl_str_starts(term->text, PL_STR("-"));
}

static pl_status bind_count(pl_binder* b, const pl_ast* node, const char* word, pl_expr** out) {
  *out = NULL;
  if (!node) {
    return PL_OK;
  }
  pl_bind_site site = {0};
  PL_TRY(pl_bind_expr(b, &site, node->first, out));
  if (!is_count(b, *out)) {
    PL_BIND_FAIL(b, node->first->span, NOT_CONSTANT, word);
  }
  return PL_OK;
}

static pl_status add_slice(project* p, pl_alg** input) {
  const pl_ast* const skip = pl_ast_child(p->clause, PL_AST_SKIP);
  const pl_ast* const limit = pl_ast_child(p->clause, PL_AST_LIMIT);
  if (!skip && !limit) {
    return PL_OK;
  }
  pl_alg* node;
  PL_TRY(pl_bind_alg_new(p->b, PL_ALG_SLICE, p->clause->span, &node));
  PL_TRY(bind_count(p->b, skip, "skip", &node->slice.skip));
  PL_TRY(bind_count(p->b, limit, "limit", &node->slice.limit));
  node->slice.input = *input;
  *input = node;
  return PL_OK;
}

/* --- the whole clause --- */

static pl_status bind_items(project* p) {
  const pl_ast* const order = pl_ast_child(p->clause, PL_AST_ORDER);
  const pl_ast* const first = p->clause->first;
  p->site.aggs = &p->aggs;
  p->site.priors = order && !p->distinct ? &p->priors : NULL;
  if (first->kind == PL_AST_STAR) {
    PL_TRY(bind_star(p, first->span));
  }
  PL_TRY(pl_bind_check_count(p->b, first->count, first->span, "items"));
  for (const pl_ast* node = first->first; node; node = node->next) {
    PL_TRY(bind_item(p, node));
  }
  PL_TRY(check_names(p));
  p->grouped = p->aggs.count > 0;
  return order ? bind_order(p, order) : PL_OK;
}

static pl_status add_operators(project* p, pl_alg** input) {
  pl_bind_marks(&p->site, input);
  if (p->grouped) {
    PL_TRY(add_aggregate(p, input));
  }
  PL_TRY(add_extend(p, false, input));
  if (p->distinct) {
    PL_TRY(add_distinct(p, input));
  }
  PL_TRY(add_order(p, input));
  PL_TRY(add_prior(p, input));
  PL_TRY(add_project(p, input));
  return add_slice(p, input);
}

static pl_status set_scope(project* p) {
  PL_TRY(pl_bind_scope_hide(p->b));
  for (uint32_t i = 0; i < p->items.count; i++) {
    const item* const it = &p->items.data[i];
    if (it->slot < p->b->slots.count && p->b->slots.data[it->slot].name.len) {
      PL_TRY(pl_bind_scope_set(p->b, it->name, it->slot));
    }
  }
  return PL_OK;
}

static pl_status make_columns(const project* p, pl_column** columns, uint32_t* count) {
  *count = p->items.count;
  *columns = PL_ARENA_ARRAY(p->b->arena, pl_column, p->items.count + 1);
  for (uint32_t i = 0; *columns && i < p->items.count; i++) {
    (*columns)[i] = (pl_column){p->items.data[i].name, p->items.data[i].slot};
  }
  return *columns ? PL_OK : pl_bind_no_memory(p->b);
}

pl_status pl_bind_project(pl_binder* b, const pl_ast* clause, pl_alg** input, pl_column** columns, uint32_t* count) {
  project* const p = PL_ARENA_NEW(b->scratch, project);
  if (!p) {
    return pl_bind_no_memory(b);
  }
  *p = (project){.b = b, .clause = clause, .slots_before = b->slots.count, .distinct = clause->op == PL_AST_DISTINCT};
  PL_TRY(bind_items(p));
  regroup_all(p);
  PL_TRY(add_operators(p, input));
  b->ordered = p->order.count > 0;
  PL_TRY(set_scope(p));
  return clause->kind == PL_AST_RETURN ? make_columns(p, columns, count) : PL_OK;
}
