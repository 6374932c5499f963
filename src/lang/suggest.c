/// "Did you mean": names near one that nothing knows, and warnings about names that no fact uses.
#include "lang/bind.h"
#include "lang/keywords.h"

#include <stdio.h>

enum { WARNINGS_MAX = 5, SUGGESTIONS_MAX = 3, CLASSES_MAX = 1000 };

/// Names of the store that could be meant.
typedef struct name_set {
  bool read;      ///< looked up already
  pl_str* names;  ///< as a query writes them
  size_t count;   ///< used
} name_set;

typedef struct pl_bind_hints {
  name_set predicates;  ///< in use
  name_set classes;     ///< objects of rdf:type
} pl_bind_hints;

/* --- names of the query --- */

void pl_bind_hint_variable(pl_binder* b, pl_str name) {
  if (!pl_bind_hints_shown(b)) {
    return;
  }
  pl_str* const names = PL_ARENA_ARRAY(b->scratch, pl_str, b->symbols.count + 1);
  pl_slot* const slots = PL_ARENA_ARRAY(b->scratch, pl_slot, b->symbols.count + 1);
  size_t count = 0;
  for (uint32_t i = 0; names && slots && i < b->symbols.count; i++) {
    if (b->symbols.data[i].slot != PL_SLOT_NONE) {
      names[count] = b->symbols.data[i].name;
      slots[count++] = b->symbols.data[i].slot;
    }
  }
  if (b->slots.count == 0) {
    PL_BIND_HINT(b, "nothing is bound yet: a query begins with a pattern, `match ?%.*s verb ?y`", (int)name.len,
                 name.data);
    return;
  }
  const size_t best = count ? pl_suggest(name, names, count) : SIZE_MAX;
  if (best == SIZE_MAX) {
    return;
  }
  uint32_t line;
  uint32_t column;
  pl_parse_position(&b->source, b->slots.data[slots[best]].span.start, &line, &column);
  PL_BIND_HINT(b, "did you mean `?%.*s` (bound at %u:%u)?", (int)names[best].len, names[best].data, (unsigned)line,
               (unsigned)column);
}

void pl_bind_hint_prefix(pl_binder* b, pl_str prefix) {
  if (!pl_bind_hints_shown(b)) {
    return;
  }
  const size_t total = b->names.prefix_count + pl_prefixes_builtin_count;
  pl_str* const names = PL_ARENA_ARRAY(b->scratch, pl_str, total + 1);
  size_t count = 0;
  for (size_t i = 0; names && i < total; i++) {
    const bool own = i < b->names.prefix_count;
    names[count++] = own ? b->names.prefixes[i].prefix : pl_prefixes_builtin[i - b->names.prefix_count].prefix;
  }
  const size_t best = count ? pl_suggest(prefix, names, count) : SIZE_MAX;
  if (best != SIZE_MAX) {
    PL_BIND_HINT(b, "did you mean `%.*s:`?", (int)names[best].len, names[best].data);
  } else {
    PL_BIND_HINT(b, "declare it with `prefix %.*s: <...>`; a name with a colon in it stands between backquotes",
                 (int)prefix.len, prefix.data);
  }
}

/// Functions of other languages.
static const struct {
  const char* name;  ///< in lower case
  const char* hint;  ///< what to write instead
} foreign_functions[] = {
    {"desc", "an order is written `order by ?x desc`"},
    {"asc", "an order is written `order by ?x asc`"},
    {"ucase", "write `upper(?x)`"},
    {"toupper", "write `upper(?x)`"},
    {"lcase", "write `lower(?x)`"},
    {"tolower", "write `lower(?x)`"},
    {"strlen", "write `length(?x)`"},
    {"len", "write `length(?x)` for texts, `size(?x)` for lists"},
    {"substring", "write `substr(?x, from, count)`, counted from 1"},
    {"regex", "write `matches(?x, \"pattern\")`"},
    {"ifnull", "write `coalesce(?x, instead)`"},
    {"group_concat", "write `join(?x, \", \")`"},
    {"string_agg", "write `join(?x, \", \")`"},
    {"strstarts", "write `starts_with(?x, \"...\")`"},
    {"strends", "write `ends_with(?x, \"...\")`"},
    {"isiri", "write `is_node(?x)`"},
    {"isliteral", "write `is_literal(?x)`"},
    {"type", "the class of a node is matched: `?x a ?class`"},
    {"labels", "the class of a node is matched: `?x a ?class`"},
    {"properties", "facts of a node are matched: `?x ?verb ?value`, or shown with `describe`"},
};

static bool hint_foreign_function(pl_binder* b, pl_str name) {
  char lower[32] = "";
  for (size_t i = 0; i < name.len && name.len < sizeof(lower); i++) {
    lower[i] = (char)(name.data[i] >= 'A' && name.data[i] <= 'Z' ? name.data[i] | 0x20 : name.data[i]);
  }
  for (size_t i = 0; i < PL_COUNT_OF(foreign_functions); i++) {
    if (!strcmp(lower, foreign_functions[i].name)) {
      PL_BIND_HINT(b, "%s", foreign_functions[i].hint);
      return true;
    }
  }
  return false;
}

void pl_bind_hint_function(pl_binder* b, pl_str name) {
  if (!pl_bind_hints_shown(b) || hint_foreign_function(b, name)) {
    return;
  }
  pl_str names[PL_FN_COUNT_ + 1];
  size_t count = 0;
  for (int fn = 0; fn < PL_FN_COUNT_; fn++) {
    if (!(pl_fn_table[fn].flags & PL_FN_OPERATOR)) {
      names[count++] = pl_str_c(pl_fn_table[fn].name);
    }
  }
  names[count++] = PL_STR("prior");
  const size_t best = pl_suggest(name, names, count);
  if (best != SIZE_MAX) {
    PL_BIND_HINT(b, "did you mean `%s`?", names[best].data);
  }
}

/* --- names of the store --- */

static pl_status hints_of(pl_binder* b, pl_bind_hints** out) {
  if (!b->hints) {
    b->hints = PL_ARENA_NEW(b->scratch, pl_bind_hints);
  }
  *out = b->hints;
  return *out ? PL_OK : pl_bind_no_memory(b);
}

static pl_status name_of(pl_binder* b, const pl_term* term, pl_str* out) {
  pl_buf buf;
  pl_buf_init(&buf, b->scratch->mem, SIZE_MAX);
  pl_status status = pl_term_write_name(&buf, &b->names, pl_lang_reserved, term);
  *out = (pl_str){0};
  if (status == PL_OK) {
    *out = pl_arena_str(b->scratch, pl_buf_view(&buf));
    status = out->data ? PL_OK : pl_bind_no_memory(b);
  }
  pl_buf_free(&buf);
  return status;
}

static pl_status add_name(pl_binder* b, name_set* set, pl_id id) {
  pl_term term;
  PL_TRY(pl_dict_term(b->context->txn, id, b->scratch, &term));
  return name_of(b, &term, &set->names[set->count++]);
}

static pl_status read_predicates(pl_binder* b, name_set* set) {
  pl_predicate_stats* stats;
  size_t count;
  PL_TRY(pl_stats_predicates(b->context->txn, b->scratch, &stats, &count));
  set->names = PL_ARENA_ARRAY(b->scratch, pl_str, count + 1);
  if (!set->names) {
    return pl_bind_no_memory(b);
  }
  for (size_t i = 0; i < count; i++) {
    PL_TRY(add_name(b, set, stats[i].predicate));
  }
  return PL_OK;
}

/// The first classes in use; the cursor jumps from one to the next.
static pl_status read_classes_scan(pl_binder* b, name_set* set, pl_scan* scan) {
  const pl_id type = PL_KNOWN(TYPE);
  PL_TRY(pl_scan_range(scan, &type, 1, 0, UINT64_MAX));
  while (set->count < CLASSES_MAX) {
    pl_id object;
    size_t count;
    pl_id* const out[4] = {NULL, &object, NULL, NULL};
    PL_TRY(pl_scan_fill(scan, out, 1, &count));
    if (count == 0) {
      break;
    }
    PL_TRY(add_name(b, set, object));
    const pl_id next[2] = {type, object + 1};
    PL_TRY(pl_scan_seek(scan, next, 2));
  }
  return PL_OK;
}

static pl_status read_classes(pl_binder* b, name_set* set) {
  set->names = PL_ARENA_ARRAY(b->scratch, pl_str, CLASSES_MAX);
  if (!set->names) {
    return pl_bind_no_memory(b);
  }
  pl_scan* scan;
  PL_TRY(pl_scan_open(b->context->txn, PL_ORDER_POS, PL_SCAN_FACTS, NULL, b->scratch->mem, &scan));
  const pl_status status = read_classes_scan(b, set, scan);
  pl_scan_close(scan);
  return status;
}

/// Up to three of the set's names that are near.
static void hint_names(pl_binder* b, name_set* set, pl_str name) {
  char hint[512] = "";
  size_t len = 0;
  size_t found = 0;
  for (; found < SUGGESTIONS_MAX && set->count; found++) {
    const size_t best = pl_suggest(name, set->names, set->count);
    if (best == SIZE_MAX) {
      break;
    }
    const pl_str s = set->names[best];
    if (s.len + len + 8 > sizeof(hint)) {
      break;
    }
    len += (size_t)snprintf(hint + len, sizeof(hint) - len, "%s`%.*s`", found ? ", " : "", (int)s.len, s.data);
    // Taken out for this round only: the order of the rest does not matter.
    set->names[best] = set->names[--set->count];
    set->names[set->count] = s;
  }
  set->count += found;
  if (found) {
    PL_BIND_HINT(b, "did you mean %s?", hint);
  }
}

static pl_status warn(pl_binder* b, pl_msg message, name_set* set, const pl_term* term, pl_span span) {
  pl_str name;
  PL_TRY(name_of(b, term, &name));
  pl_warn_at(b->context->err, &b->source, span, message, (int)name.len, name.data);
  b->warnings++;
  if (set) {
    hint_names(b, set, name);
  }
  return PL_OK;
}

/// True if the term at `index` is an IRI worth asking the store about.
/// After an error warnings would only say again what it said.
static bool can_check(const pl_binder* b, uint32_t index) {
  return b->status == PL_OK && b->context->txn && b->warnings < WARNINGS_MAX &&
         b->terms.data[index].kind == PL_TERM_IRI;
}

pl_status pl_bind_check_verb(pl_binder* b, const pl_ref* verb) {
  if (verb->kind != PL_REF_TERM || !can_check(b, verb->index)) {
    return PL_OK;
  }
  pl_id id;
  pl_bind_hints* hints;
  const pl_term term = b->terms.data[verb->index];
  const pl_status found = pl_dict_find(b->context->txn, &term, &id);
  if (found == PL_OK) {
    pl_predicate_stats facts;
    pl_predicate_stats annotations;
    PL_TRY(pl_stats_predicate(b->context->txn, id, &facts));
    if (facts.rows) {
      return PL_OK;
    }
    PL_TRY(pl_stats_annotation(b->context->txn, id, &annotations));
    if (annotations.rows) {
      return PL_OK;
    }
  } else if (found != PL_NOT_FOUND) {
    return found;
  }
  PL_TRY(hints_of(b, &hints));
  if (!hints->predicates.read) {
    hints->predicates.read = true;
    PL_TRY(read_predicates(b, &hints->predicates));
  }
  return warn(b, PL_MSG_PREDICATE_UNUSED, &hints->predicates, &term, verb->span);
}

pl_status pl_bind_check_class(pl_binder* b, const pl_ref* object) {
  if (object->kind != PL_REF_TERM || !can_check(b, object->index)) {
    return PL_OK;
  }
  pl_id id;
  pl_bind_hints* hints;
  const pl_term term = b->terms.data[object->index];
  const pl_status found = pl_dict_find(b->context->txn, &term, &id);
  if (found == PL_OK) {
    uint64_t rows;
    const pl_id prefix[2] = {PL_KNOWN(TYPE), id};
    PL_TRY(pl_stats_range(b->context->txn, PL_ORDER_POS, prefix, 2, 0, UINT64_MAX, &rows));
    if (rows) {
      return PL_OK;
    }
  } else if (found != PL_NOT_FOUND) {
    return found;
  }
  PL_TRY(hints_of(b, &hints));
  if (!hints->classes.read) {
    hints->classes.read = true;
    PL_TRY(read_classes(b, &hints->classes));
  }
  return warn(b, PL_MSG_CLASS_UNUSED, &hints->classes, &term, object->span);
}

pl_status pl_bind_check_name(pl_binder* b, uint32_t index, pl_span span) {
  if (!can_check(b, index)) {
    return PL_OK;
  }
  pl_id id;
  const pl_term term = b->terms.data[index];
  const pl_status found = pl_dict_find(b->context->txn, &term, &id);
  if (found != PL_NOT_FOUND) {
    return found;
  }
  PL_TRY(warn(b, PL_MSG_NAME_UNKNOWN, NULL, &term, span));
  const pl_str written = {b->source.text.data + span.start, span.end - span.start};
  const pl_fn fn = pl_fn_find(written);
  if (fn != PL_FN_COUNT_) {
    PL_BIND_HINT(b, "the function is written `%s(...)`", pl_fn_table[fn].name);
  }
  return PL_OK;
}
