/// Terms of a query: names resolved, literals given their datatypes, each constant kept once.
#include "lang/bind.h"
#include "term/date.h"
#include "term/value.h"

#include <xxhash.h>

/* --- prefixes and base --- */

/// Declare a prefix: in the place of one of that name, so that none is hidden, or behind the others.
static void declare_prefix(pl_binder* b, pl_prefix* prefixes, pl_prefix prefix) {
  size_t at = 0;
  while (at < b->names.prefix_count && !pl_str_eq(prefixes[at].prefix, prefix.prefix)) {
    at++;
  }
  prefixes[at] = prefix;
  b->names.prefix_count += at == b->names.prefix_count;
}

pl_status pl_bind_names(pl_binder* b, const pl_ast* prologue) {
  const pl_names* const outer = b->context->names;
  b->names = outer ? *outer : (pl_names){.base = PL_STR(PL_BASE_DEFAULT)};
  if (!prologue) {
    return PL_OK;
  }
  PL_TRY(pl_bind_check_count(b, prologue->count, prologue->span, "prefixes"));
  const size_t kept = b->names.prefix_count;
  pl_prefix* const prefixes = PL_ARENA_ARRAY(b->scratch, pl_prefix, kept + prologue->count);
  if (!prefixes) {
    return pl_bind_no_memory(b);
  }
  if (kept) {
    memcpy(prefixes, b->names.prefixes, kept * sizeof(*prefixes));
  }
  b->names.prefixes = prefixes;
  for (const pl_ast* node = prologue->first; node; node = node->next) {
    const pl_ast* const iri = node->first;
    if (pl_iri_check(iri->text) != iri->text.len) {
      PL_BIND_FAIL(b, iri->span, IRI, (int)iri->text.len, iri->text.data);
    } else if (node->kind == PL_AST_BASE) {
      b->names.base = iri->text;
    } else {
      // The prefix is the name up to its colon; what may follow was refused below.
      const char* const colon = memchr(node->text.data, ':', node->text.len);
      assert(colon);
      const size_t len = (size_t)(colon - node->text.data);
      if (len + 1 != node->text.len) {
        PL_BIND_FAIL(b, node->span, PREFIX_NAME, (int)node->text.len, node->text.data);
      }
      declare_prefix(b, prefixes, (pl_prefix){{node->text.data, len}, iri->text});
    }
  }
  return PL_OK;
}

/* --- constants --- */

static uint64_t term_hash(const pl_term* term) {
  const uint64_t type = XXH3_64bits_withSeed(term->datatype.data, term->datatype.len, (uint64_t)term->kind);
  const uint64_t lang = XXH3_64bits_withSeed(term->lang.data, term->lang.len, type);
  return XXH3_64bits_withSeed(term->text.data, term->text.len, lang);
}

static pl_status term_index_grow(pl_binder* b) {
  pl_bind_index* const index = &b->term_index;
  if (b->terms.count * 2 < index->capacity) {
    return PL_OK;
  }
  index->capacity = index->capacity ? index->capacity * 2 : 64;
  index->cells = pl_arena_calloc(b->scratch, index->capacity, sizeof(*index->cells));
  if (!index->cells) {
    return pl_bind_no_memory(b);
  }
  for (uint32_t i = 0; i < b->terms.count; i++) {
    uint32_t at = (uint32_t)term_hash(&b->terms.data[i]) & (index->capacity - 1);
    while (index->cells[at]) {
      at = (at + 1) & (index->capacity - 1);
    }
    index->cells[at] = i + 1;
  }
  return PL_OK;
}

static pl_status copy_str(pl_binder* b, pl_str* s) {
  if (s->len == 0) {
    *s = (pl_str){s->data ? "" : NULL, 0};
    return PL_OK;
  }
  *s = pl_arena_str(b->arena, *s);
  return s->data ? PL_OK : pl_bind_no_memory(b);
}

pl_status pl_bind_term(pl_binder* b, const pl_term* term, uint32_t* index) {
  PL_TRY(term_index_grow(b));
  pl_bind_index* const table = &b->term_index;
  uint32_t at = (uint32_t)term_hash(term) & (table->capacity - 1);
  for (; table->cells[at]; at = (at + 1) & (table->capacity - 1)) {
    if (pl_term_eq(&b->terms.data[table->cells[at] - 1], term)) {
      *index = table->cells[at] - 1;
      return PL_OK;
    }
  }
  pl_term copy = *term;
  PL_TRY(copy_str(b, &copy.text));
  PL_TRY(copy_str(b, &copy.datatype));
  PL_TRY(copy_str(b, &copy.lang));
  *index = b->terms.count;
  table->cells[at] = *index + 1;
  return pl_bind_push(b, &b->terms, copy);
}

static uint32_t param_hash(pl_str name) { return (uint32_t)XXH3_64bits(name.data, name.len); }

static pl_status param_index_grow(pl_binder* b) {
  pl_bind_index* const index = &b->param_index;
  if (b->params.count * 2 < index->capacity) {
    return PL_OK;
  }
  index->capacity = index->capacity ? index->capacity * 2 : 8;
  index->cells = pl_arena_calloc(b->scratch, index->capacity, sizeof(*index->cells));
  if (!index->cells) {
    return pl_bind_no_memory(b);
  }
  for (uint32_t i = 0; i < b->params.count; i++) {
    uint32_t at = param_hash(b->params.data[i]) & (index->capacity - 1);
    while (index->cells[at]) {
      at = (at + 1) & (index->capacity - 1);
    }
    index->cells[at] = i + 1;
  }
  return PL_OK;
}

pl_status pl_bind_param(pl_binder* b, pl_str name, pl_span span, uint32_t* index) {
  PL_TRY(param_index_grow(b));
  pl_bind_index* const table = &b->param_index;
  uint32_t at = param_hash(name) & (table->capacity - 1);
  for (; table->cells[at]; at = (at + 1) & (table->capacity - 1)) {
    if (pl_str_eq(b->params.data[table->cells[at] - 1], name)) {
      *index = table->cells[at] - 1;
      return PL_OK;
    }
  }
  PL_TRY(pl_bind_check_count(b, b->params.count + 1, span, "parameters"));
  *index = b->params.count;
  table->cells[at] = *index + 1;
  const pl_str copy = pl_arena_str(b->arena, name);
  return copy.data ? pl_bind_push(b, &b->params, copy) : pl_bind_no_memory(b);
}

static pl_status expand_prefixed(pl_binder* b, const pl_ast* node, pl_str* iri) {
  if (pl_name_expand(b->scratch, &b->names, node->text, iri)) {
    return iri->data ? PL_OK : pl_bind_no_memory(b);
  }
  const char* const colon = memchr(node->text.data, ':', node->text.len);
  assert(colon);
  const pl_str prefix = {node->text.data, (size_t)(colon - node->text.data)};
  PL_BIND_FAIL(b, node->span, PREFIX_UNKNOWN, (int)prefix.len, prefix.data);
  pl_bind_hint_prefix(b, prefix);
  *iri = PL_STR("urn:unknown");
  return PL_OK;
}

/// An IRI between angle brackets: it has a scheme, or it is an error.
static pl_status absolute_iri(pl_binder* b, const pl_ast* node, pl_str* iri) {
  *iri = node->text;
  if (pl_iri_check(*iri) != iri->len) {
    PL_BIND_FAIL(b, node->span, IRI, (int)(iri->len < 60 ? iri->len : 60), iri->data);
    PL_BIND_HINT(b, "a name below the base stands without brackets");
  }
  return PL_OK;
}

pl_status pl_bind_iri(pl_binder* b, const pl_ast* node, pl_str* iri) {
  switch (node->kind) {
    case PL_AST_IRI:
      return absolute_iri(b, node, iri);
    case PL_AST_PNAME:
      return expand_prefixed(b, node, iri);
    case PL_AST_VERB_TYPE:
      *iri = PL_STR(PL_RDF "type");
      return PL_OK;
    default:
      *iri = pl_name_to_iri(b->scratch, b->names.base, node->text);
      return iri->data ? PL_OK : pl_bind_no_memory(b);
  }
}

/// A number in its canonical form where it has a value, so that it can be found inline; else as it was written.
static pl_status bind_number(pl_binder* b, const pl_ast* node, pl_str datatype, pl_term* term) {
  pl_str text = node->text;
  if (node->op == PL_AST_NEGATED) {
    text = pl_arena_printf(b->scratch, "-%.*s", (int)text.len, text.data);
    if (!text.data) {
      return pl_bind_no_memory(b);
    }
  }
  *term = pl_term_typed(text, datatype);
  pl_value value;
  pl_value_from_term(term, &value);
  const bool valued = value.kind == PL_VALUE_INTEGER || value.kind == PL_VALUE_DECIMAL || value.kind == PL_VALUE_DOUBLE;
  pl_term canonical;
  if (!valued) {
    return PL_OK;
  }
  PL_TRY(pl_value_to_term(b->scratch, &value, &canonical));
  if (pl_str_eq(canonical.datatype, datatype)) {
    *term = canonical;
  }
  return PL_OK;
}

static pl_status bind_date(pl_binder* b, const pl_ast* node, pl_term* term) {
  pl_date date;
  char text[48];
  const bool valid = pl_date_parse(node->text, &date);
  assert(valid);  // the scanner checked it
  PL_UNUSED(valid);
  const pl_str copy = pl_arena_str(b->scratch, (pl_str){text, pl_date_print(&date, text)});
  *term = pl_term_typed(copy, pl_date_datatype(date.precision));
  return copy.data ? PL_OK : pl_bind_no_memory(b);
}

static pl_status bind_string(pl_binder* b, const pl_ast* node, pl_term* term) {
  *term = pl_term_string(node->text);
  const pl_ast* const tag = node->first;
  if (!tag) {
    return PL_OK;
  }
  if (tag->kind == PL_AST_LANG) {
    term->lang = tag->text;
    return PL_OK;
  }
  PL_TRY(pl_bind_iri(b, tag, &term->datatype));
  if (pl_str_eq(term->datatype, PL_STR(PL_XSD "string"))) {
    term->datatype = (pl_str){0};
  }
  return PL_OK;
}

bool pl_bind_is_constant(const pl_ast* node) {
  switch (node->kind) {
    case PL_AST_IRI:
    case PL_AST_PNAME:
    case PL_AST_NAME:
    case PL_AST_VERB_TYPE:
    case PL_AST_BNODE:
    case PL_AST_STRING:
    case PL_AST_INTEGER:
    case PL_AST_DECIMAL:
    case PL_AST_DOUBLE:
    case PL_AST_DATE:
    case PL_AST_TRUE:
    case PL_AST_FALSE:
    case PL_AST_NULL:
      return true;
    default:
      return false;
  }
}

static pl_status make_term(pl_binder* b, const pl_ast* node, pl_term* term) {
  *term = (pl_term){.kind = PL_TERM_IRI};
  switch (node->kind) {
    case PL_AST_BNODE:
      *term = (pl_term){.kind = PL_TERM_BLANK, .text = node->text};
      return PL_OK;
    case PL_AST_STRING:
      return bind_string(b, node, term);
    case PL_AST_INTEGER:
      return bind_number(b, node, PL_STR(PL_XSD "integer"), term);
    case PL_AST_DECIMAL:
      return bind_number(b, node, PL_STR(PL_XSD "decimal"), term);
    case PL_AST_DOUBLE:
      return bind_number(b, node, PL_STR(PL_XSD "double"), term);
    case PL_AST_DATE:
      return bind_date(b, node, term);
    case PL_AST_TRUE:
      *term = pl_term_typed(PL_STR("true"), PL_STR(PL_XSD "boolean"));
      return PL_OK;
    case PL_AST_FALSE:
      *term = pl_term_typed(PL_STR("false"), PL_STR(PL_XSD "boolean"));
      return PL_OK;
    case PL_AST_NULL:
      *term = (pl_term){.kind = PL_TERM_NONE};
      return PL_OK;
    default:
      return pl_bind_iri(b, node, &term->text);
  }
}

pl_status pl_bind_constant(pl_binder* b, const pl_ast* node, uint32_t* index) {
  pl_term term;
  PL_TRY(make_term(b, node, &term));
  return pl_bind_term(b, &term, index);
}

pl_status pl_bind_interval(pl_binder* b, const pl_ast* low, const pl_ast* high, pl_span span, uint32_t* index) {
  const pl_str text = pl_arena_printf(b->scratch, "%.*s/%.*s", (int)low->text.len, low->text.data, (int)high->text.len,
                                      high->text.data);
  if (!text.data) {
    return pl_bind_no_memory(b);
  }
  pl_date start;
  pl_date end;
  char printed[96];
  pl_term term = pl_term_typed(text, PL_STR(PL_INTERVAL_TYPE));
  if (!pl_interval_parse(text, &start, &end)) {
    PL_BIND_FAIL(b, span, INTERVAL, (int)text.len, text.data);
  } else {
    term.text = (pl_str){printed, pl_interval_print(&start, &end, printed)};
  }
  return pl_bind_term(b, &term, index);
}

void pl_bind_check_node(pl_binder* b, const pl_ast* var, pl_slot slot) {
  if (b->paths.data[slot]) {
    PL_BIND_FAIL(b, var->span, PATH_VALUE, (int)var->text.len, var->text.data);
    PL_BIND_HINT(b, "its nodes are `for ?node in nodes(?%.*s)`", (int)var->text.len, var->text.data);
  }
}

static pl_status bind_variable(pl_binder* b, const pl_ast* node, pl_ref* out) {
  out->kind = PL_REF_SLOT;
  PL_TRY(pl_bind_declare(b, node, &out->index));
  pl_bind_check_node(b, node, out->index);
  return PL_OK;
}

pl_status pl_bind_ref(pl_binder* b, const pl_ast* node, pl_ref* out) {
  *out = (pl_ref){.kind = PL_REF_ANY, .span = node->span};
  switch (node->kind) {
    case PL_AST_WILD:
      return PL_OK;
    case PL_AST_VAR:
      return bind_variable(b, node, out);
    case PL_AST_PARAM:
      out->kind = PL_REF_PARAM;
      return pl_bind_param(b, node->text, node->span, &out->index);
    case PL_AST_INTERVAL:
      out->kind = PL_REF_TERM;
      return pl_bind_interval(b, node->first, node->last, node->span, &out->index);
    default:
      assert(pl_bind_is_constant(node));
      out->kind = PL_REF_TERM;
      return pl_bind_constant(b, node, &out->index);
  }
}

/* --- labels --- */

bool pl_bind_is_label(const pl_ast* node) {
  return node->kind == PL_AST_LABEL || node->kind == PL_AST_LABEL_VAR || node->kind == PL_AST_LABEL_PARAM;
}

pl_status pl_bind_label_name(pl_binder* b, const pl_ast* node, pl_ref* out) {
  *out = (pl_ref){.kind = PL_REF_TERM, .span = node->span};
  if (node->kind == PL_AST_LABEL_VAR) {
    out->kind = PL_REF_SLOT;
    return pl_bind_use(b, node, &out->index);
  }
  if (node->kind == PL_AST_LABEL_PARAM) {
    out->kind = PL_REF_PARAM;
    return pl_bind_param(b, node->text, node->span, &out->index);
  }
  const pl_term text = pl_term_string(node->text);
  return pl_bind_term(b, &text, &out->index);
}
