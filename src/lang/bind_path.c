/// Verbs and paths. A path is brought into the form that the algebra asks for while it is built: inverses stand at the
/// verbs, alternatives of plain verbs are one step, and sequences and alternatives are flat. So a verb that means no more
/// than a set of plain ones always ends as a single STEP, however it was written. A name that the store holds a
/// definition for is the path that it stands for.
#include "lang/bind.h"

#include <stdlib.h>

typedef PL_BIND_LIST(pl_verb) verb_list;
typedef PL_BIND_LIST(pl_path*) path_list;

/// Where a part is shown in messages: inside a definition, where its name stands in the query.
static pl_span span_of(const pl_binder* b, const pl_ast* node) {
  return b->definition.end > b->definition.start ? b->definition : node->span;
}

static pl_status path_new(pl_binder* b, pl_path_kind kind, pl_span span, pl_path** out) {
  PL_TRY(pl_guard_check(b->context->guard, b->context->err));
  PL_TRY(pl_bind_check_count(b, ++b->path_parts, span, "parts of a path"));
  *out = PL_ARENA_NEW(b->arena, pl_path);
  if (!*out) {
    return pl_bind_no_memory(b);
  }
  **out = (pl_path){.kind = kind, .span = span};
  return PL_OK;
}

static pl_status step_new(pl_binder* b, pl_path_kind kind, pl_span span, const verb_list* verbs, pl_path** out) {
  b->path_parts += verbs->count;
  PL_TRY(path_new(b, kind, span, out));
  (*out)->verb_count = verbs->count;
  return pl_bind_pack(b, verbs, &(*out)->verbs);
}

static pl_status parts_new(pl_binder* b, pl_path_kind kind, pl_span span, const path_list* parts, pl_path** out) {
  if (parts->count == 1) {
    *out = parts->data[0];
    return PL_OK;
  }
  PL_TRY(path_new(b, kind, span, out));
  (*out)->part_count = parts->count;
  return pl_bind_pack(b, parts, &(*out)->parts);
}

/// Defined names may make many verbs out of few words.
static pl_status count_verbs(pl_binder* b, uint32_t count, pl_span span) {
  b->verbs += count;
  return b->verbs <= PL_VERBS_MAX ? PL_OK
                                  : pl_fail_at(b->context->err, &b->source, span, PL_MSG_PARTS, PL_VERBS_MAX, "verbs");
}

/* --- alternatives --- */

typedef struct alternatives {
  verb_list verbs;  ///< of all plain ones
  path_list parts;  ///< the others; a place is kept for the step before them
} alternatives;

static pl_status add_alternative(pl_binder* b, alternatives* all, pl_path* part) {
  if (part->kind == PL_PATH_STEP) {
    for (uint32_t i = 0; i < part->verb_count; i++) {
      PL_TRY(pl_bind_push(b, &all->verbs, part->verbs[i]));
    }
    return PL_OK;
  }
  if (part->kind != PL_PATH_ALT) {
    return pl_bind_push(b, &all->parts, part);
  }
  for (uint32_t i = 0; i < part->part_count; i++) {
    PL_TRY(add_alternative(b, all, part->parts[i]));
  }
  return PL_OK;
}

static pl_status join_alternatives(pl_binder* b, const alternatives* all, pl_span span, pl_path** out) {
  path_list parts = {0};
  if (all->verbs.count) {
    PL_TRY(step_new(b, PL_PATH_STEP, span, &all->verbs, out));
    PL_TRY(pl_bind_push(b, &parts, *out));
  }
  for (uint32_t i = 0; i < all->parts.count; i++) {
    PL_TRY(pl_bind_push(b, &parts, all->parts.data[i]));
  }
  return parts_new(b, PL_PATH_ALT, span, &parts, out);
}

/* --- each kind --- */

static pl_status build(pl_binder* b, const pl_ast* node, bool inverse, pl_path** out);

static pl_status build_alternatives(pl_binder* b, const pl_ast* node, bool inverse, pl_path** out) {
  alternatives all = {0};
  for (const pl_ast* child = node->first; child; child = child->next) {
    PL_TRY(build(b, child, inverse, out));
    PL_TRY(add_alternative(b, &all, *out));
  }
  return join_alternatives(b, &all, span_of(b, node), out);
}

static void reverse_parts(path_list* parts) {
  for (uint32_t i = 0, k = parts->count; i + 1 < k; i++) {
    pl_path* const part = parts->data[i];
    parts->data[i] = parts->data[--k];
    parts->data[k] = part;
  }
}

/// ^(p/q) = ^q/^p
static pl_status build_sequence(pl_binder* b, const pl_ast* node, bool inverse, pl_path** out) {
  path_list parts = {0};
  for (const pl_ast* child = node->first; child; child = child->next) {
    PL_TRY(build(b, child, inverse, out));
    PL_TRY(pl_bind_push(b, &parts, *out));
  }
  if (inverse) {
    reverse_parts(&parts);
  }
  path_list flat = {0};
  for (uint32_t i = 0; i < parts.count; i++) {
    pl_path* const part = parts.data[i];
    const bool nested = part->kind == PL_PATH_SEQ;
    for (uint32_t k = 0; k < (nested ? part->part_count : 1); k++) {
      PL_TRY(pl_bind_push(b, &flat, nested ? part->parts[k] : part));
    }
  }
  return parts_new(b, PL_PATH_SEQ, span_of(b, node), &flat, out);
}

/// A copy read from the other end.
static pl_status reversed(pl_binder* b, const pl_path* path, pl_path** out) {
  b->path_parts += path->verb_count;
  PL_TRY(count_verbs(b, path->verb_count, path->span));
  PL_TRY(path_new(b, path->kind, path->span, out));
  pl_path* const copy = *out;
  *copy = *path;
  copy->verbs = PL_ARENA_ARRAY(b->arena, pl_verb, path->verb_count + 1);
  copy->parts = PL_ARENA_ARRAY(b->arena, pl_path*, path->part_count + 1);
  if (!copy->verbs || !copy->parts) {
    return pl_bind_no_memory(b);
  }
  for (uint32_t i = 0; i < path->verb_count; i++) {
    copy->verbs[i] = (pl_verb){path->verbs[i].predicate, !path->verbs[i].inverse};
  }
  for (uint32_t i = 0; i < path->part_count; i++) {
    const uint32_t from = path->kind == PL_PATH_SEQ ? path->part_count - 1 - i : i;
    PL_TRY(reversed(b, path->parts[from], &copy->parts[i]));
  }
  return PL_OK;
}

/// ~p = p|^p
static pl_status build_either_way(pl_binder* b, const pl_ast* node, pl_path** out) {
  while (node->first->kind == PL_AST_PATH_EITHER_WAY || node->first->kind == PL_AST_PATH_INVERSE) {
    node = node->first;
  }
  alternatives all = {0};
  pl_path* back;
  PL_TRY(build(b, node->first, false, out));
  PL_TRY(add_alternative(b, &all, *out));
  PL_TRY(reversed(b, *out, &back));
  PL_TRY(add_alternative(b, &all, back));
  return join_alternatives(b, &all, span_of(b, node), out);
}

static bool has_any(const pl_path* path) {
  for (uint32_t i = 0; i < path->verb_count; i++) {
    if (path->verbs[i].predicate.kind == PL_REF_ANY) {
      return true;
    }
  }
  return false;
}

static pl_status build_except(pl_binder* b, const pl_ast* node, bool inverse, pl_path** out) {
  PL_TRY(build(b, node->first, inverse, out));
  if ((*out)->kind != PL_PATH_STEP || has_any(*out)) {
    PL_BIND_FAIL(b, span_of(b, node), PATH_EXCEPT, 0);
    return PL_OK;
  }
  (*out)->kind = PL_PATH_EXCEPT;
  return PL_OK;
}

/// A number of a repetition; one too large for the limit is only known to be so.
static uint32_t limit_of(const pl_ast* integer) {
  const unsigned long long value = integer->text.len < 10 ? strtoull(integer->text.data, NULL, 10) : PL_PATH_NO_END;
  return value < PL_PATH_NO_END ? (uint32_t)value : PL_PATH_NO_END;
}

static void read_limits(const pl_ast* node, uint32_t* min, uint32_t* max) {
  const char sign = node->text.len ? node->text.data[0] : '{';
  const pl_ast* const low = node->first->next;
  if (sign == '{') {
    *min = limit_of(low);
    *max = low->next ? limit_of(low->next) : node->op ? PL_PATH_NO_END : *min;
    return;
  }
  *min = sign == '+';
  *max = sign == '?' ? 1 : PL_PATH_NO_END;
}

static pl_status build_repeat(pl_binder* b, const pl_ast* node, bool inverse, pl_path** out) {
  pl_path* part;
  uint32_t min;
  uint32_t max;
  read_limits(node, &min, &max);
  PL_TRY(build(b, node->first, inverse, &part));
  const bool open = max == PL_PATH_NO_END && (node->text.len || node->op);
  if (min > PL_PATH_TIMES_MAX || (!open && (max > PL_PATH_TIMES_MAX || max < min || max == 0))) {
    PL_BIND_FAIL(b, span_of(b, node), PATH_TIMES, PL_PATH_TIMES_MAX);
    *out = part;
    return PL_OK;
  }
  if (min == 1 && max == 1) {
    *out = part;
    return PL_OK;
  }
  PL_TRY(path_new(b, PL_PATH_REPEAT, span_of(b, node), out));
  (*out)->min = min;
  (*out)->max = max;
  (*out)->part_count = 1;
  return pl_bind_copy(b->arena, &part, 1, sizeof(pl_path*), (void**)&(*out)->parts);
}

static pl_status build_verb(pl_binder* b, const pl_ast* node, bool inverse, pl_path** out) {
  const pl_ast* meaning;
  PL_TRY(pl_bind_definition(b, node, &meaning));
  if (meaning) {
    b->definition = node->span;
    const pl_status status = build(b, meaning, inverse, out);
    b->definition = (pl_span){0, 0};
    return status;
  }
  verb_list verbs = {0};
  pl_verb verb = {.inverse = inverse};
  PL_TRY(count_verbs(b, 1, span_of(b, node)));
  PL_TRY(pl_bind_ref(b, node, &verb.predicate));
  verb.predicate.span = span_of(b, node);
  PL_TRY(pl_bind_check_verb(b, &verb.predicate));
  PL_TRY(pl_bind_push(b, &verbs, verb));
  return step_new(b, PL_PATH_STEP, verb.predicate.span, &verbs, out);
}

static pl_status build(pl_binder* b, const pl_ast* node, bool inverse, pl_path** out) {
  switch (node->kind) {
    case PL_AST_PATH_ALT:
      return build_alternatives(b, node, inverse, out);
    case PL_AST_PATH_SEQ:
      return build_sequence(b, node, inverse, out);
    case PL_AST_PATH_INVERSE:
      return build(b, node->first, !inverse, out);
    case PL_AST_PATH_EITHER_WAY:
      return build_either_way(b, node, out);
    case PL_AST_PATH_EXCEPT:
      return build_except(b, node, inverse, out);
    case PL_AST_PATH_REPEAT:
      return build_repeat(b, node, inverse, out);
    default:
      return build_verb(b, node, inverse, out);
  }
}

/* --- the whole path --- */

/// Facts that a path may have to look for one after the other: repetitions written out.
static uint64_t steps_of(const pl_path* path) {
  uint64_t steps = path->part_count ? 0 : 1;
  for (uint32_t i = 0; i < path->part_count; i++) {
    steps += steps_of(path->parts[i]);
  }
  if (path->kind == PL_PATH_REPEAT) {
    const uint32_t times = path->max == PL_PATH_NO_END ? path->min : path->max;
    steps *= times ? times : 1;
  }
  return steps <= PL_PATH_STEPS_MAX ? steps : PL_PATH_STEPS_MAX + 1;
}

static const pl_verb* find_variable(const pl_path* path) {
  for (uint32_t i = 0; i < path->verb_count; i++) {
    if (path->verbs[i].predicate.kind == PL_REF_SLOT) {
      return &path->verbs[i];
    }
  }
  const pl_verb* found = NULL;
  for (uint32_t i = 0; i < path->part_count && !found; i++) {
    found = find_variable(path->parts[i]);
  }
  return found;
}

pl_status pl_bind_path(pl_binder* b, const pl_ast* node, bool alone, pl_path** out) {
  b->path_parts = 0;
  PL_TRY(build(b, node, false, out));
  const pl_path* const path = *out;
  const pl_verb* const variable = find_variable(path);
  if (variable && path->kind == PL_PATH_STEP && path->verb_count > 1) {
    PL_BIND_FAIL(b, variable->predicate.span, VERB_VARIABLE, 0);
  } else if (variable && !(alone && path->kind == PL_PATH_STEP)) {
    PL_BIND_FAIL(b, variable->predicate.span, PATH_VARIABLE, 0);
  }
  if (steps_of(path) > PL_PATH_STEPS_MAX) {
    return pl_fail_at(b->context->err, &b->source, node->span, PL_MSG_PATH_STEPS, PL_PATH_STEPS_MAX);
  }
  return PL_OK;
}
