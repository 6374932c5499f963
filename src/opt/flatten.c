// Rules on groups: see flatten.h.
#include "opt/flatten.h"

#include "opt/identity.h"

/// Room for `extra` more entries after `count` old ones, copied.
static void* grown(pl_arena* arena, const void* items, size_t count, size_t extra, size_t size) {
  char* out = pl_arena_calloc(arena, count + extra + 1, size);
  if (out && count) {
    memcpy(out, items, count * size);
  }
  return out;
}

static pl_status add_filters(pl_arena* arena, pl_alg_group* group, pl_expr* const* filters, uint32_t count) {
  pl_expr** all = grown(arena, group->filters, group->filter_count, count, sizeof(pl_expr*));
  if (!all) {
    return pl_mem_status(arena->mem);
  }
  for (uint32_t i = 0; i < count; i++) {
    all[group->filter_count++] = filters[i];
  }
  group->filters = all;
  return PL_OK;
}

static pl_status split_filters(pl_arena* arena, pl_alg_group* group) {
  for (uint32_t i = 0; i < group->filter_count;) {
    pl_expr* filter = group->filters[i];
    if (filter->kind != PL_EXPR_CALL || filter->fn != PL_FN_AND) {
      i++;
      continue;
    }
    PL_TRY(add_filters(arena, group, &filter->args[1], filter->arg_count - 1));
    group->filters[i] = filter->args[0];
  }
  return PL_OK;
}

/// Does a part mean something else once another part binds its slots before it? So does a path that may be empty and neither of whose ends has a
/// value, and a lens on what only its own pattern binds.
static pl_status stands_alone(pl_arena* arena, const pl_query* query, const pl_alg_group* group, uint32_t at,
                              bool* alone) {
  const pl_alg* part = group->required[at];
  const bool path = part->kind == PL_ALG_PATH;
  pl_slots own = {0}, others = {0}, args = {0};
  PL_TRY(pl_slots_make(arena, query->slot_count, &own));
  PL_TRY(pl_slots_make(arena, query->slot_count, &others));
  PL_TRY(pl_slots_make(arena, query->slot_count, &args));
  pl_slots_bound(part, own);
  for (uint32_t i = 0; i < group->required_count; i++) {
    if (i != at) {
      pl_slots_bound(group->required[i], others);
    }
  }
  pl_slots_of_lens(query, path ? part->path.lens : pl_same_lens(query, part), args);
  pl_slots_remove_all(args, others);
  *alone =
      pl_slots_meet(args, own) || (path && pl_path_may_be_empty(part->path.path) && !pl_slots_meet(own, others) &&
                                   part->path.subject.kind == PL_REF_SLOT && part->path.object.kind == PL_REF_SLOT);
  return PL_OK;
}

/// Only required parts that bind all their slots, whatever else is joined with them, and filters.
static pl_status is_plain(pl_arena* arena, const pl_query* query, const pl_alg_group* group, bool* plain) {
  *plain = group->optional_count == 0 && group->mark_count == 0 && group->not_count == 0;
  for (uint32_t i = 0; i < group->required_count && *plain; i++) {
    bool alone = false;
    PL_TRY(stands_alone(arena, query, group, i, &alone));
    *plain = group->required[i]->kind != PL_ALG_EITHER && !alone;
  }
  return PL_OK;
}

static pl_status merge_input(pl_arena* arena, pl_alg_group* group, const pl_alg_group* input) {
  pl_alg** all = grown(arena, input->required, input->required_count, group->required_count, sizeof(pl_alg*));
  if (!all) {
    return pl_mem_status(arena->mem);
  }
  for (uint32_t i = 0; i < group->required_count; i++) {
    all[input->required_count + i] = group->required[i];
  }
  group->required = all;
  group->required_count += input->required_count;
  group->input = input->input;
  return add_filters(arena, group, input->filters, input->filter_count);
}

pl_status pl_flatten_group(pl_arena* arena, const pl_query* query, pl_txn* txn, uint64_t rules_off, const pl_alg* alg,
                           pl_alg_group* out, bool* is_group) {
  const pl_alg* base = alg;
  while (base && base->kind == PL_ALG_FILTER && pl_rule_on(rules_off, PL_RULE_PUSH_FILTERS)) {
    base = base->filter.input;
  }
  *is_group = base && base->kind == PL_ALG_GROUP;
  if (!*is_group) {
    return PL_OK;
  }
  *out = base->group;
  for (; alg != base; alg = alg->filter.input) {
    PL_TRY(add_filters(arena, out, (pl_expr* const*)&alg->filter.expr, 1));
  }
  while (out->input && pl_rule_on(rules_off, PL_RULE_MERGE_GROUPS)) {
    pl_alg_group input = {0};
    bool mergeable = false;
    PL_TRY(pl_flatten_group(arena, query, txn, rules_off, out->input, &input, &mergeable));
    if (mergeable) {
      PL_TRY(is_plain(arena, query, &input, &mergeable));
    }
    if (!mergeable || !pl_same_mergeable(query, txn, &input, out)) {
      break;
    }
    PL_TRY(merge_input(arena, out, &input));
  }
  return pl_rule_on(rules_off, PL_RULE_SPLIT_FILTERS) ? split_filters(arena, out) : PL_OK;
}

// ---- distribution -------------------------------------------------------------------------------------------------

/// Slots that the branches of an either use after what they require.
static void add_rests(const pl_query* query, const pl_alg* either, pl_slots set) {
  for (uint32_t b = 0; b < either->either.count; b++) {
    pl_alg rest = *either->either.branches[b];
    rest.group.required_count = 0;
    pl_slots_of_alg(query, &rest, set);
  }
}

/// Slots that some branch of an either leaves unbound and others bind.
static pl_status partial_slots(pl_arena* arena, pl_slots bound, const pl_alg* either, pl_slots* out) {
  pl_slots always = {0};
  PL_TRY(pl_slots_make(arena, bound.word_count * 64 - 1, out));
  PL_TRY(pl_slots_make(arena, bound.word_count * 64 - 1, &always));
  pl_slots_bound(either, *out);
  PL_TRY(pl_slots_always(arena, either, always));
  pl_slots_remove_all(*out, always);
  pl_slots_remove_all(*out, bound);
  return PL_OK;
}

/// Does another required part use such slots?
static pl_status must_distribute(pl_arena* arena, const pl_query* query, pl_slots bound, const pl_alg_group* group,
                                 uint32_t at, bool* must) {
  pl_slots partial = {0}, others = {0};
  PL_TRY(partial_slots(arena, bound, group->required[at], &partial));
  PL_TRY(pl_slots_make(arena, bound.word_count * 64 - 1, &others));
  for (uint32_t i = 0; i < group->required_count; i++) {
    if (i != at) {
      pl_slots_of_alg(query, group->required[i], others);
    }
  }
  *must = pl_slots_meet(partial, others);
  return PL_OK;
}

/// Does the rest of a branch of either `at` use slots of either `other` that only some of its branches bind, and no part but eithers always?
static pl_status rest_uses(pl_arena* arena, const pl_query* query, pl_slots bound, const pl_alg_group* group,
                           uint32_t at, uint32_t other, bool* uses) {
  pl_slots partial = {0}, rests = {0}, always = {0};
  *uses = false;
  if (at == other || group->required[at]->kind != PL_ALG_EITHER || group->required[other]->kind != PL_ALG_EITHER) {
    return PL_OK;
  }
  PL_TRY(partial_slots(arena, bound, group->required[other], &partial));
  PL_TRY(pl_slots_make(arena, bound.word_count * 64 - 1, &rests));
  PL_TRY(pl_slots_make(arena, bound.word_count * 64 - 1, &always));
  for (uint32_t i = 0; i < group->required_count; i++) {
    PL_TRY(group->required[i]->kind == PL_ALG_EITHER ? PL_OK : pl_slots_always(arena, group->required[i], always));
  }
  pl_slots_remove_all(partial, always);
  add_rests(query, group->required[at], rests);
  *uses = pl_slots_meet(partial, rests);
  return PL_OK;
}

/// The either to distribute before all others: the rest of another's branch uses its slots, and its own uses those of no other, if there is one
/// like that. None: required_count.
static pl_status first_for_rests(pl_arena* arena, const pl_query* query, pl_slots bound, const pl_alg_group* group,
                                 uint32_t* out) {
  const uint32_t count = group->required_count;
  *out = count;
  for (uint32_t i = 0; i < count; i++) {
    bool used = false, uses = false, one = false;
    for (uint32_t k = 0; k < count; k++) {
      PL_TRY(rest_uses(arena, query, bound, group, k, i, &one));
      used |= one;
      PL_TRY(rest_uses(arena, query, bound, group, i, k, &one));
      uses |= one;
    }
    *out = used && *out == count ? i : *out;
    if (used && !uses) {
      *out = i;
      break;
    }
  }
  return PL_OK;
}

/// One branch with the other required parts: what it requires is joined with them, the rest of it comes after.
static pl_alg* branch_group(pl_arena* arena, const pl_alg_group* group, uint32_t at, uint32_t branch) {
  const pl_alg* one = group->required[at]->either.branches[branch];
  const uint32_t count = group->required_count, own = one->group.required_count;
  pl_alg* out = PL_ARENA_NEW(arena, pl_alg);
  pl_alg** required = grown(arena, group->required, count, own, sizeof(pl_alg*));
  if (!out || !required) {
    return NULL;
  }
  memmove(required + at + own, required + at + 1, (count - at - 1) * sizeof(pl_alg*));
  if (own) {
    memcpy(required + at, one->group.required, own * sizeof(pl_alg*));
  }
  *out = *one;
  out->group.required = required;
  out->group.required_count = count - 1 + own;
  return out;
}

static pl_status distribute(pl_arena* arena, pl_alg_group* group, uint32_t at) {
  const pl_alg* either = group->required[at];
  pl_alg* out = PL_ARENA_NEW(arena, pl_alg);
  pl_alg** required = PL_ARENA_ARRAY(arena, pl_alg*, 2);
  pl_alg** branches = PL_ARENA_ARRAY(arena, pl_alg*, either->either.count + 1);
  if (!out || !required || !branches) {
    return pl_mem_status(arena->mem);
  }
  for (uint32_t b = 0; b < either->either.count; b++) {
    branches[b] = branch_group(arena, group, at, b);
    if (!branches[b]) {
      return pl_mem_status(arena->mem);
    }
  }
  *out = *either;
  out->either.branches = branches;
  required[0] = out;
  group->required = required;
  group->required_count = 1;
  return PL_OK;
}

pl_status pl_distribute_either(pl_arena* arena, const pl_query* query, pl_slots bound, pl_alg_group* group,
                               bool* changed) {
  // first those whose slots the rest of another's branch uses: it must see them free, not null, whichever is written first
  uint32_t at = 0;
  PL_TRY(first_for_rests(arena, query, bound, group, &at));
  *changed = at < group->required_count;
  for (uint32_t i = 0; i < group->required_count && !*changed; i++) {
    if (group->required[i]->kind == PL_ALG_EITHER) {
      at = i;
      PL_TRY(must_distribute(arena, query, bound, group, i, changed));
    }
  }
  return *changed ? distribute(arena, group, at) : PL_OK;
}
