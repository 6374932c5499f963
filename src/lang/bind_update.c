/// `delete ( ... )` and `insert ( ... )`: templates that every row fills.
///
/// What a delete template does not find in its rows (a new variable, `_`, a bracket, an annotation) is matched: those
/// triples also join the rows as an optional group, so the template itself is always plain, and a row for which nothing
/// is to be deleted still inserts. In an insert, a bracket or `_:name` is a new node for each row.
#include "lang/bind.h"

typedef PL_BIND_LIST(pl_alg_template) template_list;
typedef struct annotation_pair {
  pl_ref predicate;  ///< as in pl_alg_template
  pl_ref object;     ///< as in pl_alg_template
} annotation_pair;
typedef PL_BIND_LIST(annotation_pair) pair_list;

typedef enum template_use { TEMPLATE_INSERT, TEMPLATE_DELETE, TEMPLATE_GRAPH } template_use;
typedef struct update {
  pl_binder* b;
  template_use use;
  template_list templates;  ///< made so far
  pl_parts* parts;          ///< what is to be matched
  bool match;               ///< delete: something is
} update;

static const char* clause_word(const update* u) {
  static const char* const words[] = {"insert", "delete", "return graph"};
  return words[u->use];
}

static void refuse(const update* u, pl_span span, const char* what) {
  PL_BIND_FAIL(u->b, span, TEMPLATE, what, clause_word(u));
}

static pl_status fresh(update* u, pl_span span, pl_ref* out) {
  *out = (pl_ref){.kind = PL_REF_SLOT, .span = span};
  u->match |= u->use == TEMPLATE_DELETE;
  return pl_bind_slot_new(u->b, (pl_str){0}, span, &out->index);
}

/// `_:name` in an insert: one new node for each row, the same wherever the name is used.
static pl_status labelled_node(update* u, const pl_ast* node, pl_ref* out) {
  const pl_str key = pl_arena_printf(u->b->scratch, "_:%.*s", (int)node->text.len, node->text.data);
  if (!key.data) {
    return pl_bind_no_memory(u->b);
  }
  *out = (pl_ref){.kind = PL_REF_SLOT, .index = pl_bind_find(u->b, key), .span = node->span};
  if (out->index != PL_SLOT_NONE) {
    return PL_OK;
  }
  PL_TRY(pl_bind_slot_new(u->b, (pl_str){0}, node->span, &out->index));
  return pl_bind_scope_set(u->b, key, out->index);
}

static pl_status variable(update* u, const pl_ast* node, pl_ref* out) {
  *out = (pl_ref){.kind = PL_REF_SLOT, .index = pl_bind_find(u->b, node->text), .span = node->span};
  if (out->index != PL_SLOT_NONE) {
    pl_bind_check_node(u->b, node, out->index);
    return PL_OK;
  }
  if (u->use != TEMPLATE_DELETE) {
    PL_BIND_FAIL(u->b, node->span, UNBOUND, (int)node->text.len, node->text.data);
  }
  if (u->use == TEMPLATE_INSERT) {
    PL_BIND_HINT(u->b, "a new node is written `[ ... ]` or `_:%.*s`", (int)node->text.len, node->text.data);
  } else if (u->use == TEMPLATE_GRAPH) {
    pl_bind_hint_variable(u->b, node->text);
  }
  u->match = true;
  return pl_bind_declare(u->b, node, &out->index);
}

static pl_status add_po(update* u, pl_ref subject, const pl_ast* po);

static pl_status label(update* u, const pl_ast* node, pl_ref* out) {
  const uint32_t before = u->parts->labels.count;
  u->match |= u->use == TEMPLATE_DELETE;
  PL_TRY(pl_bind_label(u->b, u->parts, node, out));
  if (u->parts->labels.count > before) {
    u->parts->labels.data[before]->one = u->use == TEMPLATE_INSERT;
  }
  return PL_OK;
}

static pl_status bracket(update* u, const pl_ast* node, pl_ref* out) {
  if (u->use == TEMPLATE_GRAPH) {
    refuse(u, node->span, "a new node");
  }
  PL_TRY(fresh(u, node->span, out));
  for (const pl_ast* po = node->first; po; po = po->next) {
    PL_TRY(add_po(u, *out, po));
  }
  return PL_OK;
}

static pl_status end_ref(update* u, const pl_ast* node, pl_ref* out) {
  *out = (pl_ref){.kind = PL_REF_ANY, .span = node->span};
  switch (node->kind) {
    case PL_AST_VAR:
      return variable(u, node, out);
    case PL_AST_BRACKET:
      return bracket(u, node, out);
    case PL_AST_BNODE:
      return u->use == TEMPLATE_INSERT ? labelled_node(u, node, out) : pl_bind_ref(u->b, node, out);
    case PL_AST_LABEL:
    case PL_AST_LABEL_VAR:
    case PL_AST_LABEL_PARAM:
      return label(u, node, out);
    case PL_AST_COMPARE:
      refuse(u, node->span, "a comparison");
      return PL_OK;
    case PL_AST_WILD:
      if (u->use == TEMPLATE_DELETE) {
        return fresh(u, node->span, out);
      }
      refuse(u, node->span, "`_`");
      return PL_OK;
    default:
      return pl_bind_ref(u->b, node, out);
  }
}

static pl_status verb_ref(update* u, const pl_ast* path, pl_ref* out) {
  const pl_ast* meaning;
  PL_TRY(pl_bind_definition(u->b, path, &meaning));
  if (meaning) {
    refuse(u, path->span, "a defined name");
  }
  switch (path->kind) {
    case PL_AST_PATH_ALT:
    case PL_AST_PATH_SEQ:
    case PL_AST_PATH_INVERSE:
    case PL_AST_PATH_EITHER_WAY:
    case PL_AST_PATH_EXCEPT:
    case PL_AST_PATH_REPEAT:
      *out = (pl_ref){.kind = PL_REF_ANY, .span = path->span};
      refuse(u, path->span, "a path");
      return PL_OK;
    default:
      return end_ref(u, path, out);
  }
}

/* --- annotations of an insert --- */

static pl_status insert_annotation(update* u, const pl_ast* annotation, pair_list* pairs) {
  for (const pl_ast* po = annotation->first; po; po = po->next) {
    if (po->op) {
      refuse(u, po->span, "`optional`");
    }
    annotation_pair pair;
    PL_TRY(verb_ref(u, po->first, &pair.predicate));
    for (const pl_ast* object = po->first->next; object; object = object->next) {
      if (object->count > 1) {
        PL_BIND_FAIL(u->b, object->span, ANNOTATION_PLACE, 0);
      }
      PL_TRY(end_ref(u, object->first, &pair.object));
      PL_TRY(pl_bind_push(u->b, pairs, pair));
    }
  }
  return PL_OK;
}

/// Give the pairs to the template, whose array has a type of its own.
static pl_status set_annotations(update* u, const pair_list* pairs, pl_alg_template* t) {
  t->annotations = pl_arena_calloc(u->b->arena, pairs->count ? pairs->count : 1, sizeof(*t->annotations));
  if (!t->annotations) {
    return pl_bind_no_memory(u->b);
  }
  for (uint32_t i = 0; i < pairs->count; i++) {
    t->annotations[i].predicate = pairs->data[i].predicate;
    t->annotations[i].object = pairs->data[i].object;
  }
  t->annotation_count = pairs->count;
  return PL_OK;
}

static pl_status insert_object(update* u, pl_alg_template t, const pl_ast* object) {
  const pl_ast* const annotation = pl_ast_child(object, PL_AST_ANNOTATION);
  const pl_ast* const alias = pl_ast_child(object, PL_AST_ALIAS);
  if (alias) {
    refuse(u, alias->span, "`as`");
  }
  if (annotation && u->use == TEMPLATE_GRAPH) {
    refuse(u, annotation->span, "an annotation");
    PL_BIND_HINT(u->b, "the assertions of each fact come with the graph");
  } else if (annotation) {
    pair_list pairs = {0};
    PL_TRY(insert_annotation(u, annotation, &pairs));
    PL_TRY(set_annotations(u, &pairs, &t));
  }
  return pl_bind_push(u->b, &u->templates, t);
}

/* --- matching for a delete --- */

static pl_status match_triple(update* u, const pl_alg_template* t) {
  pl_alg* scan;
  PL_TRY(pl_bind_alg_new(u->b, PL_ALG_SCAN, t->span, &scan));
  scan->scan.verbs = PL_ARENA_NEW(u->b->arena, pl_verb);
  if (!scan->scan.verbs) {
    return pl_bind_no_memory(u->b);
  }
  scan->scan.verbs->predicate = t->predicate;
  scan->scan.verb_count = 1;
  scan->scan.subject = t->subject;
  scan->scan.object = t->object;
  scan->scan.c = t->c;
  scan->scan.mode = t->c == PL_SLOT_NONE ? PL_SCAN_FACTS : PL_SCAN_ASSERTIONS;
  scan->scan.lens = u->b->lens;
  return pl_bind_push(u->b, &u->parts->required, scan);
}

static pl_status delete_alias(update* u, const pl_ast* alias, pl_slot* c) {
  pl_ref ref;
  PL_TRY(variable(u, alias->first, &ref));
  pl_variable* const v = &u->b->slots.data[ref.index];
  if (!u->match && !v->assertion) {
    PL_BIND_FAIL(u->b, alias->first->span, ASSERTION_NEEDED, (int)v->name.len, v->name.data);
  }
  v->assertion = true;
  *c = ref.index;
  return PL_OK;
}

static pl_status delete_object(update* u, pl_alg_template t, const pl_ast* object) {
  const pl_ast* const annotation = pl_ast_child(object, PL_AST_ANNOTATION);
  const pl_ast* const alias = pl_ast_child(object, PL_AST_ALIAS);
  if (alias) {
    PL_TRY(delete_alias(u, alias, &t.c));
  } else if (annotation) {
    PL_TRY(pl_bind_slot_new(u->b, (pl_str){0}, annotation->span, &t.c));
    u->b->slots.data[t.c].assertion = true;
  }
  if (annotation) {
    u->match = true;
    PL_TRY(pl_bind_declare_all(u->b, annotation));
    PL_TRY(pl_bind_annotation(u->b, u->parts, t.c, annotation));
  }
  if (u->match) {
    PL_TRY(match_triple(u, &t));
  }
  return pl_bind_push(u->b, &u->templates, t);
}

/* --- both --- */

static pl_status add_po(update* u, pl_ref subject, const pl_ast* po) {
  const bool subject_new = u->match;
  pl_ref verb;
  PL_TRY(verb_ref(u, po->first, &verb));
  const bool verb_new = u->match;
  for (const pl_ast* object = po->first->next; object; object = object->next) {
    u->match = subject_new || verb_new;
    pl_alg_template t = {.subject = subject,
                         .predicate = verb,
                         .c = PL_SLOT_NONE,
                         .lens = u->use == TEMPLATE_DELETE ? u->b->lens : PL_LENS_NONE,
                         .span = {subject.span.start, object->span.end}};
    PL_TRY(end_ref(u, object->first, &t.object));
    PL_TRY(u->use == TEMPLATE_DELETE ? delete_object(u, t, object) : insert_object(u, t, object));
  }
  return PL_OK;
}

static pl_status add_triples(update* u, const pl_ast* triples) {
  pl_ref subject;
  u->match = false;
  PL_TRY(end_ref(u, triples->first, &subject));
  if (subject.kind == PL_REF_TERM && u->b->terms.data[subject.index].kind == PL_TERM_LITERAL) {
    PL_BIND_FAIL(u->b, subject.span, SUBJECT, 0);
  }
  const bool subject_new = u->match;
  for (const pl_ast* po = triples->first->next; po; po = po->next) {
    u->match = subject_new;
    PL_TRY(add_po(u, subject, po));
  }
  return PL_OK;
}

static const char* element_word(pl_ast_kind kind) {
  switch (kind) {
    case PL_AST_OPTIONAL:
      return "`optional`";
    case PL_AST_WITHOUT:
      return "`not`";
    case PL_AST_EITHER:
      return "`either`";
    case PL_AST_GIVEN:
      return "`given`";
    default:
      return "`shortest`";
  }
}

static pl_status bind_update(update* u, const pl_ast* pattern) {
  u->parts = PL_ARENA_NEW(u->b->scratch, pl_parts);
  if (!u->parts) {
    return pl_bind_no_memory(u->b);
  }
  for (const pl_ast* node = pattern->first; node; node = node->next) {
    if (node->kind == PL_AST_TRIPLES) {
      PL_TRY(add_triples(u, node));
    } else {
      refuse(u, node->span, element_word(node->kind));
    }
  }
  return PL_OK;
}

/// The matched triples, as an optional group of the rows.
static pl_status join_matched(pl_binder* b, const pl_ast* clause, pl_parts* matched, pl_alg** root) {
  pl_alg* const input = (*root)->kind == PL_ALG_UNIT ? NULL : *root;
  pl_parts* const parts = PL_ARENA_NEW(b->scratch, pl_parts);
  pl_alg* group;
  if (!parts) {
    return pl_bind_no_memory(b);
  }
  PL_TRY(pl_bind_parts_finish(b, matched, clause->span, NULL, &group));
  PL_TRY(pl_bind_push(b, &parts->optionals, group));
  return pl_bind_parts_finish(b, parts, clause->span, input, root);
}

static pl_status bind_delete(pl_binder* b, const pl_ast* clause, pl_alg** root) {
  update u = {.b = b, .use = TEMPLATE_DELETE};
  const bool outer = b->maybe;
  b->maybe = true;
  pl_status status = bind_update(&u, clause->first);
  if (status == PL_OK && u.parts->required.count) {
    status = join_matched(b, clause, u.parts, root);
  }
  b->maybe = outer;
  PL_TRY(status);
  b->query->delete_count = u.templates.count;
  return pl_bind_pack(b, &u.templates, &b->query->deletes);
}

/// Labels join the rows.
static pl_status join_labels(pl_binder* b, pl_parts* parts, pl_span span, pl_alg** root) {
  if (parts->required.count == 0) {
    return PL_OK;
  }
  return pl_bind_parts_finish(b, parts, span, (*root)->kind == PL_ALG_UNIT ? NULL : *root, root);
}

static pl_status bind_insert(pl_binder* b, const pl_ast* clause, pl_alg** root) {
  update u = {.b = b, .use = TEMPLATE_INSERT};
  PL_TRY(bind_update(&u, clause->first));
  PL_TRY(join_labels(b, u.parts, clause->span, root));
  b->query->insert_count = u.templates.count;
  return pl_bind_pack(b, &u.templates, &b->query->inserts);
}

pl_status pl_bind_graph_templates(pl_binder* b, const pl_ast* pattern, pl_alg** root, pl_alg_template** templates,
                                  uint32_t* count) {
  update u = {.b = b, .use = TEMPLATE_GRAPH};
  PL_TRY(bind_update(&u, pattern));
  PL_TRY(join_labels(b, u.parts, pattern->span, root));
  *count = u.templates.count;
  return pl_bind_pack(b, &u.templates, templates);
}

pl_status pl_bind_updates(pl_binder* b, const pl_ast* single, pl_alg** root) {
  const pl_ast* const deletes = pl_ast_child(single, PL_AST_DELETE);
  const pl_ast* const inserts = pl_ast_child(single, PL_AST_INSERT);
  if (deletes) {
    PL_TRY(bind_delete(b, deletes, root));
  }
  return inserts ? bind_insert(b, inserts, root) : PL_OK;
}
