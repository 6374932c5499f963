// Sets of slots: see slots.h. The walks follow the scope rules of algebra.h.
#include "opt/slots.h"

pl_status pl_slots_make(pl_arena* arena, uint32_t slot_count, pl_slots* out) {
  out->word_count = slot_count / 64 + 1;
  out->words = PL_ARENA_ARRAY(arena, uint64_t, out->word_count);
  return out->words ? PL_OK : pl_mem_status(arena->mem);
}

pl_status pl_slots_copy(pl_arena* arena, pl_slots from, pl_slots* out) {
  PL_TRY(pl_slots_make(arena, from.word_count * 64 - 1, out));
  memcpy(out->words, from.words, from.word_count * sizeof(uint64_t));
  return PL_OK;
}

void pl_slots_clear(pl_slots set) { memset(set.words, 0, set.word_count * sizeof(uint64_t)); }

void pl_slots_add_all(pl_slots set, pl_slots more) {
  for (uint32_t i = 0; i < set.word_count && i < more.word_count; i++) {
    set.words[i] |= more.words[i];
  }
}

void pl_slots_keep(pl_slots set, pl_slots other) {
  for (uint32_t i = 0; i < set.word_count; i++) {
    set.words[i] &= i < other.word_count ? other.words[i] : 0;
  }
}

void pl_slots_remove_all(pl_slots set, pl_slots less) {
  for (uint32_t i = 0; i < set.word_count && i < less.word_count; i++) {
    set.words[i] &= ~less.words[i];
  }
}

bool pl_slots_meet(pl_slots a, pl_slots b) {
  for (uint32_t i = 0; i < a.word_count && i < b.word_count; i++) {
    if (a.words[i] & b.words[i]) {
      return true;
    }
  }
  return false;
}

bool pl_slots_within(pl_slots a, pl_slots b) {
  for (uint32_t i = 0; i < a.word_count; i++) {
    if (a.words[i] & ~(i < b.word_count ? b.words[i] : 0)) {
      return false;
    }
  }
  return true;
}

uint32_t pl_slots_count(pl_slots set) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < set.word_count; i++) {
    count += (uint32_t)__builtin_popcountll(set.words[i]);
  }
  return count;
}

void pl_slots_of_expr(const pl_expr* expr, pl_slots set) {
  if (!expr) {
    return;
  }
  if (expr->kind == PL_EXPR_SLOT) {
    pl_slots_add(set, expr->index);
  }
  for (uint32_t i = 0; expr->kind == PL_EXPR_CALL && i < expr->arg_count; i++) {
    pl_slots_of_expr(expr->args[i], set);
  }
}

static void add_ref(const pl_ref* ref, pl_slots set) {
  if (ref->kind == PL_REF_SLOT) {
    pl_slots_add(set, ref->index);
  }
}

static void add_verbs(const pl_verb* verbs, uint32_t count, pl_slots set) {
  for (uint32_t i = 0; i < count; i++) {
    add_ref(&verbs[i].predicate, set);
  }
}

void pl_slots_of_lens(const pl_query* query, uint32_t lens, pl_slots set) {
  if (lens == PL_LENS_NONE) {
    return;
  }
  for (uint32_t i = 0; i < query->lenses[lens].count; i++) {
    const pl_lens_part* part = &query->lenses[lens].parts[i];
    pl_slots_of_expr(part->low, set);
    pl_slots_of_expr(part->high, set);
    for (uint32_t s = 0; s < part->source_count; s++) {
      add_ref(&part->sources[s], set);
    }
    if (part->pattern) {
      pl_slots_of_alg(query, part->pattern, set);
    }
  }
}

static void slots_of_group(const pl_query* query, const pl_alg_group* group, pl_slots set) {
  pl_alg* const* lists[] = {group->required, group->optionals, group->marks, group->nots};
  const uint32_t counts[] = {group->required_count, group->optional_count, group->mark_count, group->not_count};
  for (size_t l = 0; l < PL_COUNT_OF(lists); l++) {
    for (uint32_t i = 0; i < counts[l]; i++) {
      pl_slots_of_alg(query, lists[l][i], set);
    }
  }
  for (uint32_t i = 0; i < group->filter_count; i++) {
    pl_slots_of_expr(group->filters[i], set);
  }
}

/// What a leaf binds if nothing else has: ends, verbs and assertion of a scan, and so on. (The name of a label is read, not bound.)
static void add_leaf(const pl_alg* alg, pl_slots set) {
  if (alg->kind == PL_ALG_PATH) {
    add_ref(&alg->path.subject, set);
    add_ref(&alg->path.object, set);
    if (alg->path.as != PL_SLOT_NONE) {
      pl_slots_add(set, alg->path.as);
    }
  } else if (alg->kind == PL_ALG_LABEL) {
    pl_slots_add(set, alg->label.node);
  } else if (alg->kind == PL_ALG_TEXT) {
    pl_slots_add(set, alg->text.literal);
  } else if (alg->kind == PL_ALG_SCAN) {
    add_ref(&alg->scan.subject, set);
    add_ref(&alg->scan.object, set);
    add_verbs(alg->scan.verbs, alg->scan.verb_count, set);
    if (alg->scan.c != PL_SLOT_NONE) {
      pl_slots_add(set, alg->scan.c);
    }
  } else {
    add_ref(&alg->annot.c, set);
    add_ref(&alg->annot.object, set);
    add_verbs(alg->annot.verbs, alg->annot.verb_count, set);
  }
}

void pl_slots_of_alg(const pl_query* query, const pl_alg* alg, pl_slots set) {
  switch (alg->kind) {
    case PL_ALG_SCAN:
      pl_slots_of_lens(query, alg->scan.lens, set);
      add_leaf(alg, set);
      break;
    case PL_ALG_PATH:
      pl_slots_of_lens(query, alg->path.lens, set);
      add_leaf(alg, set);
      break;
    case PL_ALG_LABEL:
      add_ref(&alg->label.name, set);
      add_leaf(alg, set);
      break;
    case PL_ALG_ANNOT:
    case PL_ALG_TEXT:
      add_leaf(alg, set);
      break;
    case PL_ALG_EITHER:
      for (uint32_t i = 0; i < alg->either.count; i++) {
        pl_slots_of_alg(query, alg->either.branches[i], set);
      }
      break;
    case PL_ALG_GROUP:
      slots_of_group(query, &alg->group, set);
      break;
    case PL_ALG_MARK:
      pl_slots_add(set, alg->mark.slot);
      pl_slots_of_alg(query, alg->mark.group, set);
      break;
    default:
      break;
  }
}

void pl_slots_bound(const pl_alg* alg, pl_slots set) {
  switch (alg->kind) {
    case PL_ALG_SCAN:
    case PL_ALG_ANNOT:
    case PL_ALG_PATH:
    case PL_ALG_LABEL:
    case PL_ALG_TEXT:
      add_leaf(alg, set);
      break;
    case PL_ALG_EITHER:
      for (uint32_t i = 0; i < alg->either.count; i++) {
        pl_slots_bound(alg->either.branches[i], set);
      }
      break;
    case PL_ALG_GROUP:
      for (uint32_t i = 0; i < alg->group.required_count; i++) {
        pl_slots_bound(alg->group.required[i], set);
      }
      for (uint32_t i = 0; i < alg->group.optional_count; i++) {
        pl_slots_bound(alg->group.optionals[i], set);
      }
      for (uint32_t i = 0; i < alg->group.mark_count; i++) {
        pl_slots_bound(alg->group.marks[i], set);
      }
      break;
    case PL_ALG_MARK:
      pl_slots_add(set, alg->mark.slot);
      break;
    default:
      break;
  }
}

pl_status pl_slots_always(pl_arena* arena, const pl_alg* alg, pl_slots set) {
  if (alg->kind >= PL_ALG_SCAN && alg->kind <= PL_ALG_TEXT) {
    add_leaf(alg, set);
  } else if (alg->kind == PL_ALG_GROUP) {
    for (uint32_t i = 0; i < alg->group.required_count; i++) {
      PL_TRY(pl_slots_always(arena, alg->group.required[i], set));
    }
  } else if (alg->kind == PL_ALG_EITHER && alg->either.count) {
    pl_slots common = {0};
    PL_TRY(pl_slots_make(arena, set.word_count * 64 - 1, &common));
    PL_TRY(pl_slots_always(arena, alg->either.branches[0], common));
    for (uint32_t i = 1; i < alg->either.count; i++) {
      pl_slots branch = {0};
      PL_TRY(pl_slots_make(arena, set.word_count * 64 - 1, &branch));
      PL_TRY(pl_slots_always(arena, alg->either.branches[i], branch));
      pl_slots_keep(common, branch);
    }
    pl_slots_add_all(set, common);
  }
  return PL_OK;
}

bool pl_path_may_be_empty(const pl_path* path) {
  bool every = true, some = false;
  for (uint32_t i = 0; i < path->part_count; i++) {
    const bool one = pl_path_may_be_empty(path->parts[i]);
    every &= one;
    some |= one;
  }
  switch (path->kind) {
    case PL_PATH_SEQ:
      return every;
    case PL_PATH_ALT:
      return some;
    case PL_PATH_REPEAT:
      return some || path->min == 0;
    default:
      return false;
  }
}
