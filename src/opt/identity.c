// Identity in groups: see identity.h.
#include "opt/identity.h"

#define SEVERAL (PL_LENS_NONE - 1)

uint32_t pl_same_lens(const pl_query* query, const pl_alg* part) {
  uint32_t lens = PL_LENS_NONE;
  switch (part->kind) {
    case PL_ALG_SCAN:
      lens = part->scan.lens;
      break;
    case PL_ALG_ANNOT:
      lens = part->annot.lens;
      break;
    case PL_ALG_PATH:
      lens = part->path.lens;
      break;
    case PL_ALG_LABEL:
      lens = part->label.lens;
      break;
    default:
      break;
  }
  return pl_lens_has_same(query, lens) ? lens : PL_LENS_NONE;
}

bool pl_same_is_raw(const pl_query* query, pl_txn* txn, const pl_alg* part) {
  bool raw = part->kind == PL_ALG_SCAN && pl_same_lens(query, part) != PL_LENS_NONE;
  for (uint32_t v = 0; raw && v < part->scan.verb_count; v++) {
    const pl_ref* verb = &part->scan.verbs[v].predicate;
    pl_id id = PL_ID_NULL;
    raw = verb->kind == PL_REF_TERM && pl_dict_find(txn, &query->terms[verb->index], &id) == PL_OK &&
          (id == PL_KNOWN(SAME_AS) || id == PL_KNOWN(OWL_SAME_AS));
  }
  return raw;
}

static void add_ref(const pl_ref* ref, pl_slots set) {
  if (ref->kind == PL_REF_SLOT) {
    pl_slots_add(set, ref->index);
  }
}

/// Slots of a leaf that hold nodes: ends and verbs. An assertion is itself.
static void node_slots(const pl_alg* part, pl_slots set) {
  switch (part->kind) {
    case PL_ALG_SCAN:
      add_ref(&part->scan.subject, set);
      add_ref(&part->scan.object, set);
      add_ref(&part->scan.verbs[0].predicate, set);
      break;
    case PL_ALG_ANNOT:
      add_ref(&part->annot.object, set);
      add_ref(&part->annot.verbs[0].predicate, set);
      break;
    case PL_ALG_PATH:
      add_ref(&part->path.subject, set);
      add_ref(&part->path.object, set);
      break;
    case PL_ALG_LABEL:
      pl_slots_add(set, part->label.node);
      break;
    default:
      break;
  }
}

/// Slots of leaves under identity: those of same_as patterns of the group itself, and those of other patterns, in branches of its eithers too.
static void raw_and_others(const pl_query* query, pl_txn* txn, const pl_alg_group* group, bool inner, pl_slots raw,
                           pl_slots others) {
  for (uint32_t i = 0; i < group->required_count; i++) {
    const pl_alg* part = group->required[i];
    for (uint32_t b = 0; part->kind == PL_ALG_EITHER && b < part->either.count; b++) {
      raw_and_others(query, txn, &part->either.branches[b]->group, true, raw, others);
    }
    const bool is_raw = pl_same_is_raw(query, txn, part);
    if (pl_same_lens(query, part) != PL_LENS_NONE && !(inner && is_raw)) {
      node_slots(part, is_raw ? raw : others);
    }
  }
}

pl_status pl_same_raw_slots(pl_arena* arena, const pl_query* query, pl_txn* txn, const pl_alg_group* group,
                            pl_slots bound, pl_slots* out) {
  pl_slots others = {0};
  const uint32_t slot_count = bound.word_count * 64 - 1;
  PL_TRY(pl_slots_make(arena, slot_count, out));
  PL_TRY(pl_slots_make(arena, slot_count, &others));
  raw_and_others(query, txn, group, false, *out, others);
  pl_slots_remove_all(*out, others);
  pl_slots_remove_all(*out, bound);
  return PL_OK;
}

// ---- order --------------------------------------------------------------------------------------------------------

static void use_leaf(const pl_query* query, pl_txn* txn, const pl_alg* part, bool inner, pl_same_use* use) {
  const uint32_t lens = pl_same_lens(query, part);
  if (lens == PL_LENS_NONE) {
    node_slots(part, use->plain);
    return;
  }
  if (inner && pl_same_is_raw(query, txn, part)) {
    node_slots(part, use->inner);
    return;
  }
  node_slots(part, use->classes);
  use->lens = use->lens == PL_LENS_NONE || use->lens == lens ? lens : SEVERAL;
}

static void use_part(const pl_query* query, pl_txn* txn, const pl_alg* part, bool inner, pl_same_use* use) {
  if (part->kind == PL_ALG_EITHER) {
    for (uint32_t i = 0; i < part->either.count; i++) {
      use_part(query, txn, part->either.branches[i], true, use);
    }
  } else if (part->kind == PL_ALG_GROUP) {
    for (uint32_t i = 0; i < part->group.required_count; i++) {
      use_part(query, txn, part->group.required[i], inner, use);
    }
    for (uint32_t i = 0; i < part->group.optional_count; i++) {
      use_part(query, txn, part->group.optionals[i], inner, use);
    }
  } else {
    use_leaf(query, txn, part, inner, use);
  }
}

pl_status pl_same_use_of(pl_arena* arena, const pl_query* query, pl_txn* txn, const pl_alg* part, pl_slots raw,
                         pl_same_use* out) {
  const uint32_t slot_count = raw.word_count * 64 - 1;
  out->lens = PL_LENS_NONE;
  PL_TRY(pl_slots_make(arena, slot_count, &out->classes));
  PL_TRY(pl_slots_make(arena, slot_count, &out->plain));
  PL_TRY(pl_slots_make(arena, slot_count, &out->inner));
  use_part(query, txn, part, false, out);
  if (pl_same_is_raw(query, txn, part)) {
    pl_slots_remove_all(out->classes, raw);
  }
  return PL_OK;
}

static void add_common(pl_slots a, pl_slots b, pl_slots out) {
  for (uint32_t w = 0; w < out.word_count; w++) {
    out.words[w] |= a.words[w] & b.words[w];
  }
}

void pl_same_add_waits(const pl_same_use* a, const pl_same_use* b, bool written_after, pl_slots out) {
  add_common(a->classes, b->plain, out);
  add_common(a->inner, b->classes, out);
  if (written_after && (a->lens != b->lens || a->lens == SEVERAL)) {
    add_common(a->classes, b->classes, out);
  }
}

// ---- merging ------------------------------------------------------------------------------------------------------

/// The one lens of all leaves of a group, PL_LENS_NONE for none; SEVERAL if they differ or one is raw, where that matters for identity.
static void sum_up(const pl_query* query, pl_txn* txn, const pl_alg_group* group, bool* any, bool* plain,
                   uint32_t* lens) {
  for (uint32_t i = 0; i < group->required_count; i++) {
    const pl_alg* part = group->required[i];
    const uint32_t own = pl_same_lens(query, part);
    if (part->kind == PL_ALG_EITHER) {
      for (uint32_t b = 0; b < part->either.count; b++) {
        sum_up(query, txn, &part->either.branches[b]->group, any, plain, lens);
      }
    } else if (own == PL_LENS_NONE) {
      *plain |= part->kind != PL_ALG_TEXT;
    } else {
      *lens = (*any && *lens != own) || pl_same_is_raw(query, txn, part) ? SEVERAL : own;
      *any = true;
    }
  }
}

bool pl_same_mergeable(const pl_query* query, pl_txn* txn, const pl_alg_group* first, const pl_alg_group* second) {
  bool any = false, plain = false;
  uint32_t lens = PL_LENS_NONE;
  sum_up(query, txn, first, &any, &plain, &lens);
  sum_up(query, txn, second, &any, &plain, &lens);
  return !any || (!plain && lens != SEVERAL);
}
