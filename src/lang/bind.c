/// From text to algebra: parse, bind, pack. The tree and everything that only the binder needs live in an arena of their
/// own, gone when the query is made.
#include "lang/bind.h"

/* --- queries and unions --- */

typedef struct branch {
  pl_alg* root;        ///< the branch's operators
  pl_column* columns;  ///< its columns
  uint32_t count;      ///< how many
  bool united;         ///< root is a union of such branches
} branch;

static bool is_update(const pl_ast* single) {
  return pl_ast_child(single, PL_AST_DELETE) || pl_ast_child(single, PL_AST_INSERT);
}

static bool same_columns(const branch* a, const branch* c) {
  bool same = a->count == c->count;
  for (uint32_t i = 0; same && i < a->count; i++) {
    same = pl_str_eq(a->columns[i].name, c->columns[i].name);
  }
  return same;
}

/// `first union second`, over fresh slots.
static pl_status unite(pl_binder* b, branch* first, const branch* second, const pl_ast* node) {
  const uint32_t count = first->count;
  pl_alg* alg;
  PL_TRY(pl_bind_alg_new(b, PL_ALG_UNION, node->span, &alg));
  alg->union_.branches = PL_ARENA_ARRAY(b->arena, pl_alg*, 2);
  alg->union_.slots = PL_ARENA_ARRAY(b->arena, pl_slot, count + 1);
  alg->union_.branch_slots = PL_ARENA_ARRAY(b->arena, pl_slot, 2 * count + 1);
  if (!alg->union_.branches || !alg->union_.slots || !alg->union_.branch_slots) {
    return pl_bind_no_memory(b);
  }
  alg->union_.branches[0] = first->root;
  alg->union_.branches[1] = second->root;
  alg->union_.count = 2;
  alg->union_.slot_count = count;
  alg->union_.distinct = node->op == 0;
  for (uint32_t i = 0; i < count; i++) {
    pl_slot slot;
    PL_TRY(pl_bind_slot_new(
        b, b->slots.data[first->columns[i].slot].name,
        first->columns[i].slot < b->slots.count ? b->slots.data[first->columns[i].slot].span : node->span, &slot));
    b->slots.data[slot].maybe_null = true;
    alg->union_.branch_slots[i] = first->columns[i].slot;
    alg->union_.branch_slots[count + i] = second->columns[i].slot;
    alg->union_.slots[i] = slot;
    first->columns[i].slot = slot;
  }
  first->root = alg;
  return PL_OK;
}

/// A following part of the union with the same `all` joins the same operator.
static bool extends(const pl_alg* alg, const pl_ast* node) {
  return alg->kind == PL_ALG_UNION && alg->union_.distinct == (node->op == 0);
}

static pl_status unite_more(pl_binder* b, const branch* first, const branch* second) {
  pl_alg* const alg = first->root;
  const uint32_t count = alg->union_.count;
  const uint32_t columns = alg->union_.slot_count;
  // Doubling keeps a union of many parts linear.
  if ((count & (count - 1)) == 0) {
    pl_alg** const branches = PL_ARENA_ARRAY(b->arena, pl_alg*, 2 * count);
    pl_slot* const slots = PL_ARENA_ARRAY(b->arena, pl_slot, 2 * (size_t)count * columns + 1);
    if (!branches || !slots) {
      return pl_bind_no_memory(b);
    }
    memcpy(branches, alg->union_.branches, count * sizeof(*branches));
    memcpy(slots, alg->union_.branch_slots, (size_t)count * columns * sizeof(*slots));
    alg->union_.branches = branches;
    alg->union_.branch_slots = slots;
  }
  alg->union_.branches[count] = second->root;
  for (uint32_t i = 0; i < columns; i++) {
    alg->union_.branch_slots[count * columns + i] = second->columns[i].slot;
  }
  alg->union_.count++;
  return PL_OK;
}

static pl_status bind_branch(pl_binder* b, const pl_ast* single, branch* out) {
  PL_TRY(pl_bind_single(b, single, &out->root, &out->columns, &out->count));
  const pl_ast_kind last = single->last->kind;
  if (!is_update(single) && last != PL_AST_RETURN && last != PL_AST_RETURN_GRAPH) {
    PL_BIND_FAIL(b, ((pl_span){single->span.end, single->span.end}), NO_RETURN, 0);
  }
  return PL_OK;
}

static pl_status bind_union(pl_binder* b, const pl_ast* query, branch* first) {
  PL_TRY(bind_branch(b, query->first, first));
  for (const pl_ast* node = query->first->next; node; node = node->next) {
    branch next = {0};
    if (is_update(node) || is_update(query->first)) {
      PL_BIND_FAIL(b, node->span, UNION_UPDATE, 0);
      return PL_OK;
    }
    PL_TRY(bind_branch(b, node, &next));
    if (b->status != PL_OK) {
      continue;
    }
    if (!same_columns(first, &next)) {
      PL_BIND_FAIL(b, node->last->span, UNION_COLUMNS, 0);
      continue;
    }
    PL_TRY(extends(first->root, node) && first->united ? unite_more(b, first, &next) : unite(b, first, &next, node));
    first->united = true;
  }
  return PL_OK;
}

static pl_status bind_query(pl_binder* b, const pl_ast* node) {
  branch all = {0};
  PL_TRY(bind_union(b, node, &all));
  b->query->kind = PL_QUERY_ROWS;
  if (is_update(node->first)) {
    b->query->kind = PL_QUERY_UPDATE;
    PL_TRY(pl_bind_updates(b, node->first, &all.root));
  }
  b->query->root = all.root;
  b->query->columns = all.columns;
  b->query->column_count = all.count;
  return PL_OK;
}

static pl_status bind_exists(pl_binder* b, const pl_ast* node) {
  b->query->kind = PL_QUERY_EXISTS;
  b->query->columns = PL_ARENA_NEW(b->arena, pl_column);
  if (!b->query->columns) {
    return pl_bind_no_memory(b);
  }
  b->query->column_count = 1;
  b->query->columns->name = PL_STR("exists");
  PL_TRY(pl_bind_group(b, node->first, NULL, &b->query->root));
  return pl_bind_slot_new(b, (pl_str){0}, node->span, &b->query->columns->slot);
}

/* --- statements --- */

static pl_status bind_statement(pl_binder* b, const pl_ast* statement) {
  const pl_ast* const lenses = pl_ast_child(statement, PL_AST_LENSES);
  PL_TRY(pl_bind_names(b, pl_ast_child(statement, PL_AST_PROLOGUE)));
  if (statement->op == PL_AST_WHY) {
    pl_bind_later(b, statement->span, "why");
    return PL_OK;
  }
  b->query->mode = (pl_query_mode)statement->op;
  if (lenses) {
    PL_TRY(pl_bind_lenses(b, lenses, &b->lens));
  }
  for (const pl_ast* body = statement->first; body; body = body->next) {
    switch (body->kind) {
      case PL_AST_QUERY:
        return bind_query(b, body);
      case PL_AST_EXISTS:
        return bind_exists(b, body);
      case PL_AST_DESCRIBE:
        pl_bind_later(b, body->span, "describe");
        return PL_OK;
      case PL_AST_DEFINE:
        pl_bind_later(b, body->span, "define");
        return PL_OK;
      default:
        break;
    }
  }
  assert(!"a statement has a body");
  return PL_ERR_SYNTAX;
}

static pl_status pack(pl_binder* b) {
  pl_query* const q = b->query;
  q->slot_count = b->slots.count;
  q->term_count = b->terms.count;
  q->param_count = b->params.count;
  q->lens_count = b->lenses.count;
  PL_TRY(pl_bind_pack(b, &b->slots, &q->slots));
  PL_TRY(pl_bind_pack(b, &b->terms, &q->terms));
  PL_TRY(pl_bind_pack(b, &b->params, &q->params));
  return pl_bind_pack(b, &b->lenses, &q->lenses);
}

static pl_status compile(const pl_lang_context* context, pl_str text, pl_arena* arena, pl_arena* scratch,
                         pl_query** out) {
  pl_ast* root;
  PL_TRY(pl_parse(context, text, scratch, &root));
  if (!root) {
    return PL_NOT_FOUND;
  }
  pl_binder* const b = PL_ARENA_NEW(scratch, pl_binder);
  pl_query* const query = PL_ARENA_NEW(arena, pl_query);
  if (!b || !query) {
    return pl_mem_status(arena->mem);
  }
  const char* const name = context->source_name ? context->source_name : "query";
  *b = (pl_binder){.context = context,
                   .source = {.name = name, .text = text, .line_first = context->line_first},
                   .arena = arena,
                   .scratch = scratch,
                   .query = query,
                   .lens = PL_LENS_NONE};
  query->text = text;
  PL_TRY(bind_statement(b, root));
  PL_TRY(b->status);
  PL_TRY(pack(b));
#ifndef NDEBUG
  const char* broken = NULL;
  if (!pl_query_verify(query, &broken)) {
    return pl_fail(context->err, PL_MSG_INTERNAL, broken);
  }
#endif
  *out = query;
  return PL_OK;
}

pl_status pl_lang_compile(const pl_lang_context* context, pl_str text, pl_arena* arena, pl_query** out) {
  *out = NULL;
  const pl_str copy = pl_arena_str(arena, text);
  if (!copy.data) {
    return pl_mem_status(arena->mem);
  }
  pl_arena scratch;
  pl_arena_init(&scratch, arena->mem);
  const pl_status status = compile(context, copy, arena, &scratch, out);
  pl_arena_free(&scratch);
  return status;
}
