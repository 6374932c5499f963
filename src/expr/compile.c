/// From expression trees of the algebra to nodes ready for evaluation: chains of `and` and `or` become one node with
/// many arguments, nodes that read no slot are marked, constant patterns are checked.
///
/// Chains of left-associative operators may be very long, so every walk here goes down the first argument in a loop and
/// calls itself only for the others.
#include "expr/expr_internal.h"

typedef struct compiler {
  const pl_query* query;  ///< for constants and spans
  pl_arena* arena;        ///< of the plan
  pl_error* err;          ///< for messages
} compiler;

static pl_status compile(const compiler* c, const pl_expr* expr, uint32_t depth, const pl_node** out);

static pl_status too_deep(const compiler* c, const pl_expr* expr) {
  const pl_source source = {.name = "query", .text = c->query->text};
  return pl_fail_at(c->err, &source, expr->span, PL_MSG_EXPR_DEEP, PL_EXPR_DEPTH_MAX);
}

static bool is_chain(const pl_expr* expr) {
  return expr->kind == PL_EXPR_CALL && (expr->fn == PL_FN_AND || expr->fn == PL_FN_OR);
}

/// Arguments of a and b and c: links of the chain down the first argument.
static uint32_t chain_length(const pl_expr* expr) {
  uint32_t count = expr->arg_count;
  for (const pl_expr* e = expr->args[0]; is_chain(e) && e->fn == expr->fn; e = e->args[0]) {
    count += e->arg_count - 1;
  }
  return count;
}

/// Fill from the right, walking down to the left end of the chain.
static pl_status compile_chain(const compiler* c, const pl_expr* expr, uint32_t depth, pl_node* node) {
  uint32_t at = node->arg_count;
  const pl_expr* e = expr;
  for (;;) {
    for (uint32_t i = e->arg_count; i-- > 1;) {
      PL_TRY(compile(c, e->args[i], depth + 1, &node->args[--at]));
    }
    if (!is_chain(e->args[0]) || e->args[0]->fn != expr->fn) {
      break;
    }
    e = e->args[0];
  }
  assert(at == 1);
  return compile(c, e->args[0], depth + 1, &node->args[0]);
}

/// The text of a constant string, or false.
static bool constant_text(const compiler* c, const pl_expr* expr, pl_str* out) {
  if (expr->kind != PL_EXPR_TERM) {
    return false;
  }
  const pl_term* const term = &c->query->terms[expr->index];
  *out = term->text;
  return term->kind == PL_TERM_LITERAL;
}

static pl_status check_pattern(const compiler* c, const pl_expr* expr) {
  const uint32_t flags_at = expr->fn == PL_FN_MATCHES ? 2 : 3;
  pl_str pattern;
  pl_str flags = {NULL, 0};
  if (!constant_text(c, expr->args[1], &pattern)) {
    return PL_OK;
  }
  if (expr->arg_count > flags_at && !constant_text(c, expr->args[flags_at], &flags)) {
    return PL_OK;
  }
  return pl_regex_check(c->query, expr->args[1]->span, pattern, flags, c->arena->mem, c->err);
}

static pl_status compile_call(const compiler* c, const pl_expr* expr, uint32_t depth, pl_node* node) {
  const bool chain = is_chain(expr);
  node->arg_count = chain ? chain_length(expr) : expr->arg_count;
  node->args = PL_ARENA_ARRAY(c->arena, const pl_node*, node->arg_count);
  if (!node->args) {
    return pl_mem_status(c->arena->mem);
  }
  if (expr->fn == PL_FN_MATCHES || expr->fn == PL_FN_REPLACE) {
    PL_TRY(check_pattern(c, expr));
  }
  if (chain) {
    PL_TRY(compile_chain(c, expr, depth, node));
  } else {
    for (uint32_t i = 0; i < expr->arg_count; i++) {
      PL_TRY(compile(c, expr->args[i], depth + 1, &node->args[i]));
    }
  }
  node->constant = true;
  for (uint32_t i = 0; i < node->arg_count; i++) {
    node->constant = node->constant && node->args[i]->constant;
  }
  return PL_OK;
}

static pl_status compile(const compiler* c, const pl_expr* expr, uint32_t depth, const pl_node** out) {
  if (depth > PL_EXPR_DEPTH_MAX) {
    return too_deep(c, expr);
  }
  pl_node* const node = PL_ARENA_NEW(c->arena, pl_node);
  if (!node) {
    return pl_mem_status(c->arena->mem);
  }
  *node = (pl_node){.kind = expr->kind, .fn = expr->fn, .index = expr->index, .same = expr->same, .span = expr->span};
  node->constant = expr->kind == PL_EXPR_TERM || expr->kind == PL_EXPR_PARAM;
  *out = node;
  return expr->kind == PL_EXPR_CALL ? compile_call(c, expr, depth, node) : PL_OK;
}

pl_status pl_expr_compile(const pl_query* query, const pl_expr* expr, pl_arena* arena, pl_error* err,
                          pl_program** out) {
  const compiler c = {.query = query, .arena = arena, .err = err};
  pl_program* const program = PL_ARENA_NEW(arena, pl_program);
  if (!program) {
    return pl_mem_status(arena->mem);
  }
  PL_TRY(compile(&c, expr, 0, &program->root));
  *out = program;
  return PL_OK;
}

void pl_expr_slots(const pl_expr* expr, void (*fn)(void* user, pl_slot slot), void* user) {
  while (expr->kind == PL_EXPR_CALL && expr->arg_count > 0) {
    for (uint32_t i = 1; i < expr->arg_count; i++) {
      pl_expr_slots(expr->args[i], fn, user);
    }
    expr = expr->args[0];
  }
  if (expr->kind == PL_EXPR_SLOT) {
    fn(user, expr->index);
  }
}
