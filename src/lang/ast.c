/// Building and printing the tree. A constructor that cannot allocate, or that would make the tree too deep, records
/// the failure and returns a static placeholder, so the grammar's actions need no checks.
#include "lang/ast.h"

#include "lang/parse.h"

static const char* const kind_names[] = {
#define AST(kind) #kind,
    PL_AST_KINDS(AST)
#undef AST
};

const char* pl_ast_kind_name(pl_ast_kind kind) {
  assert(kind < PL_AST_KIND_COUNT_);
  return kind_names[kind];
}

/* --- building --- */

static pl_ast* node_new(pl_parser* parser, pl_ast_kind kind, pl_span span) {
  pl_ast* node = PL_ARENA_NEW(parser->arena, pl_ast);
  if (!node) {
    pl_parse_stop(parser, pl_mem_status(parser->arena->mem));
    return &parser->placeholder;
  }
  *node = (pl_ast){.kind = kind, .span = span, .depth = 1};
  return node;
}

static void append(pl_parser* parser, pl_ast* list, pl_ast* item) {
  if (!item || item == &parser->placeholder || list == &parser->placeholder) {
    return;
  }
  assert(!item->next);
  if (list->last) {
    list->last->next = item;
  } else {
    list->first = item;
  }
  list->last = item;
  list->count++;
  list->depth = list->depth > item->depth ? list->depth : item->depth + 1;
  if (list->depth > PL_AST_DEPTH_MAX) {
    pl_parse_too_deep(parser, item->span);
  }
}

pl_ast* pl_ast_node(pl_parser* parser, pl_ast_kind kind, pl_span span, uint32_t op, pl_ast* const* children,
                    size_t count) {
  pl_ast* const node = node_new(parser, kind, span);
  node->op = op;
  for (size_t i = 0; i < count; i++) {
    append(parser, node, children[i]);
  }
  return node;
}

pl_ast* pl_ast_leaf(pl_parser* parser, pl_ast_kind kind, pl_span span, pl_str text) {
  pl_ast* const node = node_new(parser, kind, span);
  node->text = text;
  return node;
}

pl_ast* pl_ast_add(pl_parser* parser, pl_ast* list, pl_ast* item) {
  append(parser, list, item);
  if (item) {
    list->span.start = list->span.start < item->span.start ? list->span.start : item->span.start;
    list->span.end = list->span.end > item->span.end ? list->span.end : item->span.end;
  }
  return list;
}

/// Append `item`, or its children if it is a node of the same kind.
static void append_flat(pl_parser* parser, pl_ast* list, pl_ast* item) {
  if (item->kind != list->kind || item->op != list->op) {
    append(parser, list, item);
    return;
  }
  for (pl_ast *child = item->first, *next; child; child = next) {
    next = child->next;
    child->next = NULL;
    append(parser, list, child);
  }
}

pl_ast* pl_ast_chain(pl_parser* parser, pl_ast_kind kind, uint32_t op, pl_span span, pl_ast* a, pl_ast* b) {
  if (a->kind == kind && a->op == op) {
    append_flat(parser, a, b);
    a->span = span;
    return a;
  }
  pl_ast* const node = pl_ast_node(parser, kind, span, op, &a, 1);
  append_flat(parser, node, b);
  return node;
}

pl_ast* pl_ast_set_op(pl_ast* node, uint32_t op, pl_span span) {
  node->op = op;
  node->span = span;
  return node;
}

/* --- reading --- */

const pl_ast* pl_ast_child(const pl_ast* node, pl_ast_kind kind) {
  for (const pl_ast* child = node->first; child; child = child->next) {
    if (child->kind == kind) {
      return child;
    }
  }
  return NULL;
}

const pl_ast* pl_ast_at(const pl_ast* node, uint32_t index) {
  const pl_ast* child = node->first;
  while (child && index--) {
    child = child->next;
  }
  return child;
}

/* --- printing --- */

static void print_node(const pl_ast* node, uint32_t depth, pl_buf* out) {
  for (uint32_t i = 0; i < depth; i++) {
    (void)pl_buf_str(out, PL_STR("  "));
  }
  for (const char* c = kind_names[node->kind]; *c; c++) {
    (void)pl_buf_char(out, (char)(*c == '_' ? ' ' : *c | 0x20));
  }
  if (node->kind == PL_AST_OP || node->kind == PL_AST_COMPARE) {
    assert(node->op < PL_FN_COUNT_);
    (void)pl_buf_printf(out, " %s", pl_fn_table[node->op].name);
  } else if (node->op) {
    (void)pl_buf_printf(out, " %u", (unsigned)node->op);
  }
  if (node->text.data) {
    (void)pl_buf_str(out, PL_STR(" "));
    (void)pl_buf_str(out, node->text);
  }
  (void)pl_buf_printf(out, " @%u-%u\n", (unsigned)node->span.start, (unsigned)node->span.end);
}

static void print_tree(const pl_ast* node, uint32_t depth, pl_buf* out) {
  print_node(node, depth, out);
  for (const pl_ast* child = node->first; child; child = child->next) {
    print_tree(child, depth + 1, out);
  }
}

pl_status pl_ast_print(const pl_ast* root, pl_buf* out) {
  assert(root->depth <= PL_AST_DEPTH_MAX);
  print_tree(root, 0, out);  // failures stick in the buffer
  return out->status;
}
