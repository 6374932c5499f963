/// The algebra as an indented tree, one operator a line: what `.algebra` shows and golden tests compare. Hidden slots are
/// printed as ?_n. The depth of the tree is bounded by the binder (PL_NESTING_MAX), so printing may recurse.
#include "algebra/algebra.h"

typedef struct printer {
  const pl_query* query;
  const pl_names* names;
  pl_buf* out;  ///< failures stick in it
} printer;

static void word(printer* p, const char* s) { (void)pl_buf_str(p->out, pl_str_c(s)); }

static void indent(printer* p, unsigned depth) {
  for (unsigned i = 0; i < depth; i++) {
    word(p, "  ");
  }
}

/* --- values --- */

static void slot(printer* p, pl_slot s) {
  const pl_str name = s < p->query->slot_count ? p->query->slots[s].name : (pl_str){0};
  if (name.len) {
    (void)pl_buf_printf(p->out, "?%.*s", (int)name.len, name.data);
  } else {
    (void)pl_buf_printf(p->out, "?_%u", (unsigned)s);
  }
}

static void term(printer* p, uint32_t index) {
  const pl_term* const t = &p->query->terms[index];
  if (t->kind == PL_TERM_NONE) {
    word(p, "null");
  } else {
    (void)pl_term_write_name(p->out, p->names, NULL, t);
  }
}

static void param(printer* p, uint32_t index) {
  (void)pl_buf_char(p->out, '$');
  (void)pl_buf_str(p->out, p->query->params[index]);
}

static void ref(printer* p, const pl_ref* r) {
  switch (r->kind) {
    case PL_REF_ANY:
      word(p, "_");
      break;
    case PL_REF_SLOT:
      slot(p, r->index);
      break;
    case PL_REF_TERM:
      term(p, r->index);
      break;
    case PL_REF_PARAM:
      param(p, r->index);
      break;
  }
}

static void verbs(printer* p, const pl_verb* v, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    word(p, i ? "|" : "");
    word(p, v[i].inverse ? "^" : "");
    ref(p, &v[i].predicate);
  }
}

static void expr(printer* p, const pl_expr* e);

static void call(printer* p, const pl_expr* e) {
  const bool infix = (e->fn <= PL_FN_IN && e->arg_count == 2) || (e->fn >= PL_FN_ADD && e->fn <= PL_FN_MOD);
  if (!infix) {
    word(p, pl_fn_table[e->fn].name);
  }
  word(p, "(");
  for (uint32_t i = 0; i < e->arg_count; i++) {
    if (i && infix) {
      (void)pl_buf_printf(p->out, " %s ", pl_fn_table[e->fn].name);
    } else {
      word(p, i ? ", " : "");
    }
    expr(p, e->args[i]);
  }
  word(p, ")");
}

static void expr(printer* p, const pl_expr* e) {
  switch (e->kind) {
    case PL_EXPR_SLOT:
      slot(p, e->index);
      break;
    case PL_EXPR_TERM:
      term(p, e->index);
      break;
    case PL_EXPR_PARAM:
      param(p, e->index);
      break;
    case PL_EXPR_CALL:
      call(p, e);
      break;
  }
}

static void items(printer* p, const pl_alg_item* list, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    word(p, i ? ", " : " ");
    slot(p, list[i].slot);
    word(p, " = ");
    expr(p, list[i].expr);
  }
}

static void slots(printer* p, const pl_slot* list, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    word(p, " ");
    slot(p, list[i]);
  }
}

/* --- operators --- */

static void tree(printer* p, const pl_alg* a, unsigned depth);

static void trees(printer* p, const char* title, pl_alg* const* list, uint32_t count, unsigned depth) {
  for (uint32_t i = 0; i < count; i++) {
    unsigned deeper = depth;
    if (title) {
      indent(p, depth);
      word(p, title);
      word(p, "\n");
      deeper++;
    }
    tree(p, list[i], deeper);
  }
}

static void scan(printer* p, const pl_alg_scan* s) {
  word(p, "Scan ");
  ref(p, &s->subject);
  word(p, " ");
  verbs(p, s->verbs, s->verb_count);
  word(p, " ");
  ref(p, &s->object);
  if (s->c != PL_SLOT_NONE) {
    word(p, " as ");
    slot(p, s->c);
  }
  if (s->lens != PL_LENS_NONE) {
    (void)pl_buf_printf(p->out, " lens %u", (unsigned)s->lens);
  }
}

static void annot(printer* p, const pl_alg_annot* a) {
  word(p, "Annotation ");
  ref(p, &a->c);
  word(p, " ");
  verbs(p, a->verbs, a->verb_count);
  word(p, " ");
  ref(p, &a->object);
}

/// Repetition as it is written: + * ? {m,n}.
static void repetition(printer* p, const pl_path* path) {
  if (path->max == PL_PATH_NO_END && path->min <= 1) {
    word(p, path->min ? "+" : "*");
  } else if (path->min == 0 && path->max == 1) {
    word(p, "?");
  } else if (path->max == PL_PATH_NO_END) {
    (void)pl_buf_printf(p->out, "{%u,}", (unsigned)path->min);
  } else {
    (void)pl_buf_printf(p->out, "{%u,%u}", (unsigned)path->min, (unsigned)path->max);
  }
}

/// As it is written; below another path, what is more than one verb stands in parentheses.
static void path_text(printer* p, const pl_path* path, bool inside) {
  const bool single = path->kind == PL_PATH_STEP && path->verb_count == 1 && !path->verbs[0].inverse;
  const bool open = inside && !single && path->kind != PL_PATH_REPEAT;
  const bool except = path->kind == PL_PATH_EXCEPT;
  word(p, except ? "!(" : open ? "(" : "");
  verbs(p, path->verbs, path->verb_count);
  for (uint32_t i = 0; i < path->part_count; i++) {
    word(p, i ? (path->kind == PL_PATH_SEQ ? "/" : "|") : "");
    path_text(p, path->parts[i], true);
  }
  word(p, open || except ? ")" : "");
  if (path->kind == PL_PATH_REPEAT) {
    repetition(p, path);
  }
}

static void path_part(printer* p, const pl_alg_path* a) {
  static const char* const modes[] = {"Path ", "Shortest ", "All shortest "};
  word(p, modes[a->mode]);
  ref(p, &a->subject);
  word(p, " ");
  path_text(p, a->path, false);
  word(p, " ");
  ref(p, &a->object);
  if (a->as != PL_SLOT_NONE) {
    word(p, " as ");
    slot(p, a->as);
  }
  if (a->lens != PL_LENS_NONE) {
    (void)pl_buf_printf(p->out, " lens %u", (unsigned)a->lens);
  }
}

static void label_part(printer* p, const pl_alg_label* a) {
  word(p, a->one ? "Label of one " : "Label ");
  ref(p, &a->name);
  word(p, " -> ");
  slot(p, a->node);
}

static void graph(printer* p, const pl_alg_graph* a) {
  word(p, "Graph");
  slots(p, a->slots, 3);
  for (uint32_t i = 0; i < a->template_count; i++) {
    word(p, i ? " . " : " of ");
    ref(p, &a->templates[i].subject);
    word(p, " ");
    ref(p, &a->templates[i].predicate);
    word(p, " ");
    ref(p, &a->templates[i].object);
  }
}

static void aggregate(printer* p, const pl_alg* a) {
  word(p, a->aggregate.row_order ? "Aggregate in row order" : "Aggregate");
  items(p, a->aggregate.keys, a->aggregate.key_count);
  for (uint32_t i = 0; i < a->aggregate.agg_count; i++) {
    const pl_alg_agg* const agg = &a->aggregate.aggs[i];
    word(p, i || a->aggregate.key_count ? "; " : " ");
    slot(p, agg->slot);
    (void)pl_buf_printf(p->out, " = %s(%s%s", pl_fn_table[agg->fn].name, agg->distinct ? "distinct " : "",
                        agg->star ? "*" : "");
    for (uint32_t k = 0; k < agg->arg_count; k++) {
      word(p, k ? ", " : "");
      expr(p, agg->args[k]);
    }
    word(p, ")");
  }
}

static void order(printer* p, const pl_alg* a) {
  word(p, "Order");
  for (uint32_t i = 0; i < a->order.count; i++) {
    word(p, i ? ", " : " ");
    expr(p, a->order.keys[i].expr);
    word(p, a->order.keys[i].descending ? " desc" : "");
  }
}

static void slice(printer* p, const pl_alg* a) {
  word(p, "Slice");
  if (a->slice.skip) {
    word(p, " skip ");
    expr(p, a->slice.skip);
  }
  if (a->slice.limit) {
    word(p, " limit ");
    expr(p, a->slice.limit);
  }
}

static void group_parts(printer* p, const pl_alg_group* g, unsigned depth) {
  trees(p, NULL, g->required, g->required_count, depth);
  trees(p, "Optional", g->optionals, g->optional_count, depth);
  trees(p, NULL, g->marks, g->mark_count, depth);
  trees(p, "Not", g->nots, g->not_count, depth);
  for (uint32_t i = 0; i < g->filter_count; i++) {
    indent(p, depth);
    word(p, "Filter ");
    expr(p, g->filters[i]);
    word(p, "\n");
  }
}

/// The operator's own line, without its end.
static void line(printer* p, const pl_alg* a) {
  switch (a->kind) {
    case PL_ALG_UNIT:
      word(p, "Unit");
      break;
    case PL_ALG_SCAN:
      scan(p, &a->scan);
      break;
    case PL_ALG_ANNOT:
      annot(p, &a->annot);
      break;
    case PL_ALG_PATH:
      path_part(p, &a->path);
      break;
    case PL_ALG_LABEL:
      label_part(p, &a->label);
      break;
    case PL_ALG_TEXT:
      word(p, "Text ");
      ref(p, &a->text.text);
      word(p, " -> ");
      slot(p, a->text.literal);
      break;
    case PL_ALG_GRAPH:
      graph(p, &a->graph);
      break;
    case PL_ALG_CONFLICTS:
      word(p, "Conflicts");
      for (uint32_t i = 0; i < a->conflicts.predicate_count; i++) {
        word(p, i ? ", " : " ");
        ref(p, &a->conflicts.predicates[i]);
      }
      if (a->conflicts.lens != PL_LENS_NONE) {
        (void)pl_buf_printf(p->out, " lens %u", (unsigned)a->conflicts.lens);
      }
      break;
    case PL_ALG_EITHER:
      word(p, "Either");
      break;
    case PL_ALG_GROUP:
      word(p, "Group");
      break;
    case PL_ALG_MARK:
      word(p, "Mark ");
      slot(p, a->mark.slot);
      break;
    case PL_ALG_FILTER:
      word(p, "Filter ");
      expr(p, a->filter.expr);
      break;
    case PL_ALG_EXTEND:
      word(p, "Extend");
      items(p, a->extend.items, a->extend.count);
      break;
    case PL_ALG_UNNEST:
      word(p, "Unnest ");
      slot(p, a->unnest.slot);
      word(p, " in ");
      expr(p, a->unnest.expr);
      break;
    case PL_ALG_AGGREGATE:
      aggregate(p, a);
      break;
    case PL_ALG_DISTINCT:
      word(p, "Distinct");
      slots(p, a->distinct.slots, a->distinct.count);
      break;
    case PL_ALG_ORDER:
      order(p, a);
      break;
    case PL_ALG_SLICE:
      slice(p, a);
      break;
    case PL_ALG_PRIOR:
      word(p, "Prior");
      items(p, a->prior.items, a->prior.count);
      break;
    case PL_ALG_PROJECT:
      word(p, "Project");
      slots(p, a->project.slots, a->project.count);
      break;
    case PL_ALG_UNION:
      word(p, a->union_.distinct ? "Union" : "Union all");
      slots(p, a->union_.slots, a->union_.slot_count);
      break;
    case PL_ALG_KIND_COUNT_:
      break;
  }
}

/// The input of an operator that has one.
static const pl_alg* input_of(const pl_alg* a) {
  switch (a->kind) {
    case PL_ALG_GROUP:
      return a->group.input;
    case PL_ALG_MARK:
      return a->mark.input;
    case PL_ALG_FILTER:
      return a->filter.input;
    case PL_ALG_EXTEND:
      return a->extend.input;
    case PL_ALG_UNNEST:
      return a->unnest.input;
    case PL_ALG_AGGREGATE:
      return a->aggregate.input;
    case PL_ALG_DISTINCT:
      return a->distinct.input;
    case PL_ALG_ORDER:
      return a->order.input;
    case PL_ALG_SLICE:
      return a->slice.input;
    case PL_ALG_PRIOR:
      return a->prior.input;
    case PL_ALG_PROJECT:
      return a->project.input;
    case PL_ALG_GRAPH:
      return a->graph.input;
    default:
      return NULL;
  }
}

/// A pipeline of many clauses is a long list of inputs: it is walked in a loop, each under the one that reads it.
static void tree(printer* p, const pl_alg* a, unsigned depth) {
  for (; a && p->out->status == PL_OK; a = input_of(a)) {
    indent(p, depth);
    line(p, a);
    word(p, "\n");
    if (a->kind == PL_ALG_GROUP) {
      group_parts(p, &a->group, depth + 1);
    } else if (a->kind == PL_ALG_MARK) {
      tree(p, a->mark.group, depth + 1);
    } else if (a->kind == PL_ALG_EITHER) {
      trees(p, NULL, a->either.branches, a->either.count, depth + 1);
    } else if (a->kind == PL_ALG_UNION) {
      trees(p, "Branch", a->union_.branches, a->union_.count, depth + 1);
    }
  }
}

/* --- the query --- */

static void lens_part(printer* p, const pl_lens_part* part) {
  static const char* const kinds[] = {"at", "during", "according to", "trust", "same"};
  (void)pl_buf_printf(p->out, "  %s%s", part->negated ? "not " : "", kinds[part->kind]);
  if (part->low) {
    word(p, " ");
    expr(p, part->low);
  }
  if (part->high) {
    word(p, " .. ");
    expr(p, part->high);
  }
  for (uint32_t i = 0; i < part->source_count; i++) {
    word(p, i ? ", " : " ");
    ref(p, &part->sources[i]);
  }
  if (part->pattern) {
    word(p, " ");
    slot(p, part->pattern_slot);
    word(p, "\n");
    tree(p, part->pattern, 2);
    return;
  }
  word(p, "\n");
}

static void lenses(printer* p) {
  for (uint32_t i = 0; i < p->query->lens_count; i++) {
    const pl_lens* const lens = &p->query->lenses[i];
    (void)pl_buf_printf(p->out, "Lens %u%s\n", (unsigned)i, lens->correlated ? " per row" : "");
    for (uint32_t k = 0; k < lens->count; k++) {
      lens_part(p, &lens->parts[k]);
    }
  }
}

static void templates(printer* p, const char* title, const pl_alg_template* list, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    const pl_alg_template* const t = &list[i];
    word(p, title);
    word(p, " ");
    ref(p, &t->subject);
    word(p, " ");
    ref(p, &t->predicate);
    word(p, " ");
    ref(p, &t->object);
    for (uint32_t k = 0; k < t->annotation_count; k++) {
      word(p, k ? " ; " : " { ");
      ref(p, &t->annotations[k].predicate);
      word(p, " ");
      ref(p, &t->annotations[k].object);
    }
    word(p, t->annotation_count ? " }" : "");
    if (t->c != PL_SLOT_NONE) {
      word(p, " as ");
      slot(p, t->c);
    }
    if (t->lens != PL_LENS_NONE) {
      (void)pl_buf_printf(p->out, " lens %u", (unsigned)t->lens);
    }
    word(p, "\n");
  }
}

pl_status pl_query_print(const pl_query* query, const pl_names* names, pl_buf* out) {
  printer p = {query, names, out};
  if (query->kind == PL_QUERY_DEFINE) {
    const pl_str path = query->define_path.len ? query->define_path : PL_STR("null");
    return pl_buf_printf(out, "Define %.*s = %.*s\n", (int)query->define_name.len, query->define_name.data,
                         (int)path.len, path.data);
  }
  word(&p, query->why ? "Why\n" : "");
  word(&p, query->mode == PL_MODE_PREVIEW ? "Preview\n" : "");
  lenses(&p);
  word(&p, query->kind == PL_QUERY_EXISTS ? "Exists\n" : "");
  templates(&p, "Delete", query->deletes, query->delete_count);
  templates(&p, "Insert", query->inserts, query->insert_count);
  for (uint32_t i = 0; i < query->column_count && query->kind == PL_QUERY_ROWS; i++) {
    (void)pl_buf_printf(out, "%s%.*s = ", i ? ", " : "Columns ", (int)query->columns[i].name.len,
                        query->columns[i].name.data);
    slot(&p, query->columns[i].slot);
  }
  word(&p, query->column_count && query->kind == PL_QUERY_ROWS ? "\n" : "");
  tree(&p, query->root, 0);
  return out->status;
}

pl_status pl_expr_print(const pl_query* query, const pl_names* names, const pl_expr* e, pl_buf* out) {
  printer p = {query, names, out};
  expr(&p, e);
  return out->status;
}
