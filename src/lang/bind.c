/// From text to algebra: parse, bind, pack. The tree and everything that only the binder needs live in an arena of their
/// own, gone when the query is made.
#include "lang/bind.h"

/* --- queries and unions --- */

typedef struct branch {
  pl_alg* root;                ///< the branch's operators
  pl_column* columns;          ///< its columns
  uint32_t count;              ///< how many
  bool united;                 ///< root is a union of such branches
  const pl_ast* graph;         ///< RETURN_GRAPH that ends it, or NULL
  pl_alg_template* templates;  ///< of the graph, if it has a pattern
  uint32_t template_count;     ///< how many
} branch;

static bool is_update(const pl_ast* single) {
  return pl_ast_child(single, PL_AST_DELETE) || pl_ast_child(single, PL_AST_INSERT);
}

static bool same_columns(const branch* a, const branch* c) {
  bool same = a->count == c->count && !a->graph == !c->graph;
  for (uint32_t i = 0; same && i < a->count; i++) {
    same = pl_str_eq(a->columns[i].name, c->columns[i].name);
  }
  return same;
}

/// Rows that only stand for their facts are all kept: the graph above them has each fact once.
static bool is_distinct(const branch* first, const pl_ast* node) { return node->op == 0 && !first->graph; }

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
  alg->union_.distinct = is_distinct(first, node);
  for (uint32_t i = 0; i < count; i++) {
    pl_slot slot;
    PL_TRY(pl_bind_slot_new(b, b->slots.data[first->columns[i].slot].name, b->slots.data[first->columns[i].slot].span,
                            &slot));
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
static bool extends(const branch* first, const pl_ast* node) {
  return first->united && first->root->union_.distinct == is_distinct(first, node);
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
  if (single->last->kind != PL_AST_RETURN_GRAPH) {
    return PL_OK;
  }
  out->graph = single->last;
  return out->graph->first
             ? pl_bind_graph_templates(b, out->graph->first, &out->root, &out->templates, &out->template_count)
             : PL_OK;
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
    if (first->template_count || next.template_count) {
      PL_BIND_FAIL(b, (first->template_count ? first : &next)->graph->span, GRAPH_UNION, 0);
      PL_BIND_HINT(b, "unite the patterns with `either ( ... ) or ( ... )`");
      continue;
    }
    PL_TRY(extends(first, node) ? unite_more(b, first, &next) : unite(b, first, &next, node));
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
  b->query->columns = all.columns;
  b->query->column_count = all.count;
  if (all.graph) {
    PL_TRY(pl_bind_graph(b, all.templates, all.template_count, all.graph->span, &all.root));
  }
  b->query->root = all.root;
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

/// What a statement is called in messages.
static const char* statement_word(const pl_ast* body) {
  switch (body->kind) {
    case PL_AST_EXISTS:
      return "`exists`";
    case PL_AST_DESCRIBE:
      return "`describe`";
    case PL_AST_DEFINE:
      return "`define`";
    case PL_AST_CONFLICTS:
      return "`conflicts`";
    default:
      return is_update(body->first) ? "an update" : "a query that changes nothing";
  }
}

/// `why` is for rows that facts were found for, `preview` for what would change, and a definition has no plan.
static void check_mode(pl_binder* b, uint32_t mode, const pl_ast* body) {
  const bool update = body->kind == PL_AST_QUERY && is_update(body->first);
  const char* word = NULL;
  if (mode == PL_AST_WHY && (update || (body->kind != PL_AST_QUERY && body->kind != PL_AST_DESCRIBE))) {
    word = "why";
  } else if (mode == PL_MODE_PREVIEW && !update) {
    word = "preview";
  } else if (body->kind == PL_AST_DEFINE && (mode == PL_MODE_EXPLAIN || mode == PL_MODE_PROFILE)) {
    word = mode == PL_MODE_EXPLAIN ? "explain" : "profile";
  }
  if (!word) {
    return;
  }
  PL_BIND_FAIL(b, body->span, MODE_PLACE, word, statement_word(body));
  if (mode == PL_AST_WHY && update) {
    PL_BIND_HINT(b, "`preview` lists what it would change");
  } else if (mode == PL_AST_WHY && body->kind == PL_AST_EXISTS) {
    PL_BIND_HINT(b, "write `why match ... return *`");
  }
}

static pl_status bind_body(pl_binder* b, const pl_ast* body) {
  switch (body->kind) {
    case PL_AST_EXISTS:
      return bind_exists(b, body);
    case PL_AST_DESCRIBE:
      return pl_bind_describe(b, body);
    case PL_AST_DEFINE:
      return pl_bind_define(b, body);
    case PL_AST_CONFLICTS:
      return pl_bind_conflicts(b, body);
    default:
      assert(body->kind == PL_AST_QUERY);
      return bind_query(b, body);
  }
}

static pl_status bind_statement(pl_binder* b, const pl_ast* statement) {
  static const char* const changes[] = {"change", "subject", "predicate", "object", "source"};
  const pl_ast* const lenses = pl_ast_child(statement, PL_AST_LENSES);
  const pl_ast* body = statement->first;
  while (body->kind == PL_AST_LENSES || body->kind == PL_AST_PROLOGUE) {
    body = body->next;
    assert(body);
  }
  PL_TRY(pl_bind_names(b, pl_ast_child(statement, PL_AST_PROLOGUE)));
  check_mode(b, statement->op, body);
  b->query->mode = statement->op == PL_AST_WHY ? PL_MODE_RUN : (pl_query_mode)statement->op;
  if (lenses) {
    PL_TRY(pl_bind_lenses(b, lenses, &b->lens));
  }
  PL_TRY(bind_body(b, body));
  b->query->why |= statement->op == PL_AST_WHY;
  pl_slot slots[PL_COUNT_OF(changes)];
  return b->query->mode == PL_MODE_PREVIEW ? pl_bind_columns(b, changes, PL_COUNT_OF(changes), body->span, slots)
                                           : PL_OK;
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
  *b = (pl_binder){.context = context,
                   .source = {.name = "query", .text = text},
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
