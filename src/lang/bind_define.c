/// Definitions: names that the store keeps for paths. A stored path is text with full IRIs and without further defined
/// names, so it means the same whatever prefixes a query has and whatever is defined later, and cannot be about itself.
#include "lang/bind.h"

/* --- looking up --- */

static const pl_definition* find(const pl_settings* settings, pl_str iri) {
  size_t low = 0;
  size_t high = settings->definition_count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    const int order = pl_str_cmp(settings->definitions[middle].name, iri);
    if (order == 0) {
      return &settings->definitions[middle];
    }
    low = order < 0 ? middle + 1 : low;
    high = order < 0 ? high : middle;
  }
  return NULL;
}

/// The path of a definition, read as the statement that would make it.
static pl_status parse_definition(pl_binder* b, const pl_definition* definition, const pl_ast** path) {
  pl_error err;  // what is wrong with the stored text is no matter of the query's
  pl_ast* root = NULL;
  const pl_str text = pl_arena_printf(b->scratch, "define x = %.*s", (int)definition->path.len, definition->path.data);
  if (!text.data) {
    return pl_bind_no_memory(b);
  }
  pl_error_init(&err, b->scratch->mem);
  const pl_status status = pl_parse(&(pl_lang_context){.err = &err}, text, b->scratch, &root);
  pl_error_clear(&err);
  if (status == PL_ERR_NOMEM || b->scratch->mem->limit_hit) {
    return pl_bind_no_memory(b);
  }
  const pl_ast* const define = status == PL_OK && root ? pl_ast_child(root, PL_AST_DEFINE) : NULL;
  if (!define || define->last->kind == PL_AST_NULL) {
    return pl_fail(b->context->err, PL_MSG_DEFINITION_DAMAGED, (int)definition->name.len, definition->name.data);
  }
  *path = define->last;
  return PL_OK;
}

/// Each definition is read once for a query.
static pl_status read_definition(pl_binder* b, const pl_settings* settings, const pl_definition* definition,
                                 const pl_ast** path) {
  if (!b->definitions) {
    b->definitions = PL_ARENA_ARRAY(b->scratch, const pl_ast*, settings->definition_count);
  }
  if (!b->definitions) {
    return pl_bind_no_memory(b);
  }
  const pl_ast** const kept = &b->definitions[definition - settings->definitions];
  if (!*kept) {
    PL_TRY(parse_definition(b, definition, kept));
  }
  *path = *kept;
  return PL_OK;
}

pl_status pl_bind_definition(pl_binder* b, const pl_ast* node, const pl_ast** path) {
  *path = NULL;
  const bool name = node->kind == PL_AST_NAME || node->kind == PL_AST_PNAME || node->kind == PL_AST_IRI;
  if (!name || !b->context->txn || b->definition.end > b->definition.start) {
    return PL_OK;
  }
  const pl_settings* const settings = pl_txn_settings(b->context->txn);
  if (settings->definition_count == 0) {
    return PL_OK;
  }
  pl_str iri;
  PL_TRY(pl_bind_iri(b, node, &iri));
  const pl_definition* const definition = find(settings, iri);
  return definition ? read_definition(b, settings, definition, path) : PL_OK;
}

/* --- printing --- */

typedef struct printer {
  pl_binder* b;
  pl_buf* out;  ///< failures stick in it
} printer;

static void print_verbs(printer* p, const pl_path* path) {
  for (uint32_t i = 0; i < path->verb_count; i++) {
    const pl_verb* const verb = &path->verbs[i];
    (void)pl_buf_printf(p->out, "%s%s", i ? "|" : "", verb->inverse ? "^" : "");
    if (verb->predicate.kind == PL_REF_TERM) {
      const pl_str iri = p->b->terms.data[verb->predicate.index].text;
      (void)pl_buf_printf(p->out, "<%.*s>", (int)iri.len, iri.data);
    } else if (verb->predicate.kind == PL_REF_ANY) {
      (void)pl_buf_char(p->out, '_');
    } else if (verb->predicate.kind == PL_REF_PARAM) {
      PL_BIND_FAIL(p->b, verb->predicate.span, DEFINE_PARAM, 0);
    }
  }
}

static void print_times(printer* p, const pl_path* path) {
  if (path->max == PL_PATH_NO_END && path->min <= 1) {
    (void)pl_buf_char(p->out, path->min ? '+' : '*');
  } else if (path->min == 0 && path->max == 1) {
    (void)pl_buf_char(p->out, '?');
  } else if (path->max == PL_PATH_NO_END) {
    (void)pl_buf_printf(p->out, "{%u,}", path->min);
  } else {
    (void)pl_buf_printf(p->out, "{%u,%u}", path->min, path->max);
  }
}

/// What is not a single verb stands in parentheses below another.
static void print_path(printer* p, const pl_path* path, bool inside) {
  const bool single = path->kind == PL_PATH_STEP && path->verb_count == 1 && !path->verbs[0].inverse;
  const bool open = inside && !single && path->kind != PL_PATH_EXCEPT && path->kind != PL_PATH_REPEAT;
  (void)pl_buf_str(p->out, open ? PL_STR("(") : (pl_str){"", 0});
  if (path->kind == PL_PATH_EXCEPT) {
    (void)pl_buf_str(p->out, PL_STR("!("));
  }
  print_verbs(p, path);
  for (uint32_t i = 0; i < path->part_count; i++) {
    if (i) {
      (void)pl_buf_char(p->out, path->kind == PL_PATH_SEQ ? '/' : '|');
    }
    print_path(p, path->parts[i], true);
  }
  if (path->kind == PL_PATH_REPEAT) {
    print_times(p, path);
  }
  (void)pl_buf_str(p->out, open || path->kind == PL_PATH_EXCEPT ? PL_STR(")") : (pl_str){"", 0});
}

/* --- statements --- */

pl_status pl_bind_define(pl_binder* b, const pl_ast* node) {
  pl_query* const query = b->query;
  pl_str iri;
  query->kind = PL_QUERY_DEFINE;
  PL_TRY(pl_bind_iri(b, node->first, &iri));
  query->define_name = pl_arena_str(b->arena, iri);
  if (!query->define_name.data) {
    return pl_bind_no_memory(b);
  }
  if (node->last->kind == PL_AST_NULL) {
    return PL_OK;
  }
  pl_path* path;
  pl_buf out;
  PL_TRY(pl_bind_path(b, node->last, false, &path));
  pl_buf_init(&out, b->arena->mem, PL_QUERY_BYTES_MAX);
  print_path(&(printer){b, &out}, path, false);
  pl_status status = out.status;
  if (status == PL_OK) {
    query->define_path = pl_arena_str(b->arena, (pl_str){out.data, out.len});
    status = query->define_path.data ? PL_OK : pl_bind_no_memory(b);
  }
  pl_buf_free(&out);
  return status;
}

pl_status pl_bind_defined_set(pl_binder* b, const pl_ast* node, pl_expr** out) {
  const pl_ast* meaning;
  *out = NULL;
  PL_TRY(pl_bind_definition(b, node, &meaning));
  if (!meaning) {
    return PL_OK;
  }
  pl_path* path;
  PL_TRY(pl_bind_path(b, node, true, &path));
  pl_expr** const args = PL_ARENA_ARRAY(b->arena, pl_expr*, path->verb_count + 1);
  if (!args) {
    return pl_bind_no_memory(b);
  }
  bool plain = path->kind == PL_PATH_STEP;
  for (uint32_t i = 0; i < path->verb_count; i++) {
    const pl_verb* const verb = &path->verbs[i];
    plain = plain && verb->predicate.kind == PL_REF_TERM && !verb->inverse;
    PL_TRY(pl_bind_expr_new(b, PL_EXPR_TERM, node->span, verb->predicate.index, &args[i]));
  }
  if (!plain) {
    PL_BIND_FAIL(b, node->span, DEFINITION_PATH, (int)(node->span.end - node->span.start),
                 b->source.text.data + node->span.start);
  }
  return pl_bind_call(b, PL_FN_LIST, node->span, args, plain ? path->verb_count : 0, out);
}
