/// Which part of a group comes next, where that matters: arguments of lenses, identity, and paths that may be empty.
#include "reference.h"

uint32_t ref_slots_of(const pl_alg* part, pl_slot slots[4]) {
  const pl_ref node = {.kind = part->kind == PL_ALG_LABEL ? PL_REF_SLOT : PL_REF_ANY, .index = part->label.node};
  const bool scan = part->kind == PL_ALG_SCAN, annot = part->kind == PL_ALG_ANNOT, path = part->kind == PL_ALG_PATH;
  const pl_ref* refs[3] = {scan   ? &part->scan.subject
                           : path ? &part->path.subject
                                  : &node,
                           scan    ? &part->scan.object
                           : path  ? &part->path.object
                           : annot ? &part->annot.object
                                   : &node,
                           scan    ? &part->scan.verbs[0].predicate
                           : annot ? &part->annot.verbs[0].predicate
                                   : &node};
  for (int i = 0; i < 3; i++) {
    slots[i] = refs[i]->kind == PL_REF_SLOT ? refs[i]->index : PL_SLOT_NONE;
  }
  slots[3] = scan ? part->scan.c : path ? part->path.as : PL_SLOT_NONE;
  return scan                         ? part->scan.lens
         : path                       ? part->path.lens
         : annot                      ? part->annot.lens
         : part->kind == PL_ALG_LABEL ? part->label.lens
                                      : PL_LENS_NONE;
}

/// A part needs a value of an argument that the row does not bind. A scan without identity sees the values that it binds itself.
static bool waits(ref_run* run, const pl_alg* part, const ref_id* row) {
  pl_slot slots[4];
  const pl_ref* name = &part->label.name;
  const uint32_t lens = ref_slots_of(part, slots);
  ref_id* after = ref_copy(run, row);
  for (int i = 0; i < 4 && part->kind == PL_ALG_SCAN && !ref_has_same(run, lens); i++) {
    if (slots[i] != PL_SLOT_NONE) {
      after[slots[i]] = 0;
    }
  }
  return part->kind == PL_ALG_ANNOT   ? row[part->annot.c.index] == REF_UNBOUND
         : part->kind == PL_ALG_LABEL ? name->kind == PL_REF_SLOT && row[name->index] == REF_UNBOUND
                                      : ref_lens_waits(run, lens, after);
}

/// A path that may be empty, neither of whose ends is known: what else binds them comes first.
static bool floats(ref_run* run, const pl_alg* part, const ref_id* row) {
  return part->kind == PL_ALG_PATH && ref_of(run, &part->path.subject, row) == REF_UNBOUND &&
         ref_of(run, &part->path.object, row) == REF_UNBOUND && ref_may_be_empty(run, part->path.path);
}

/// A part that sees a slot as a class lets those that see it as it is bind it first; a path that floats, those that do not.
static bool lets_go_first(ref_run* run, const pl_alg* part, const pl_alg* other, const ref_id* row) {
  pl_slot own[4], others[4];
  bool first = false;
  const uint32_t lens = ref_slots_of(part, own), other_lens = ref_slots_of(other, others);
  const bool path = floats(run, part, row) && !floats(run, other, row);
  for (int i = 0; i < 12; i++) {
    const pl_slot slot = own[i / 4];
    if (slot != PL_SLOT_NONE && slot == others[i % 4] && row[slot] == REF_UNBOUND) {
      const bool class = ref_has_same(run, lens) && !run->raw[slot];
      const bool other_class = ref_has_same(run, other_lens) && !run->raw[slot];
      first |= (class && !other_class) || (path && class == other_class && (!class || lens == other_lens));
    }
  }
  return first;
}

/// Does a part wait for an argument that parts of the group bind? Those that nothing binds are null.
static bool waits_for_others(ref_run* run, const ref_flat* f, size_t at, const ref_id* row) {
  ref_id* after = ref_copy(run, row);
  for (size_t i = 0; i < f->part_count; i++) {
    pl_slot slots[4];
    (void)ref_slots_of(f->parts[i], slots);
    for (int k = 0; k < 4; k++) {
      if (slots[k] != PL_SLOT_NONE) {
        after[slots[k]] = 0;
      }
    }
  }
  return waits(run, f->parts[at], row) && !waits(run, f->parts[at], after);
}

size_t ref_turn(ref_run* run, const ref_flat* f, const ref_id* row) {
  for (size_t pick = 0; pick < f->part_count; pick++) {
    bool ready = !waits(run, f->parts[pick], row);
    for (size_t i = 0; i < f->part_count && ready; i++) {
      ready = !lets_go_first(run, f->parts[pick], f->parts[i], row);
    }
    if (ready) {
      return pick;
    }
  }
  size_t first = 0;
  while (first < f->part_count && waits_for_others(run, f, first, row)) {
    first++;
  }
  return first;
}

const uint8_t* ref_raw_slots(ref_run* run, const ref_flat* f, const ref_id* row) {
  uint8_t* raw = ref_alloc(&run->arena, run->query->slot_count);
  for (size_t i = 0; i < f->part_count * 2; i++) {  // the second time round all others take theirs away
    const pl_alg* part = f->parts[i % f->part_count];
    const bool first = i < f->part_count;
    pl_slot slots[4];
    const uint32_t lens = ref_slots_of(part, slots);
    for (int k = 0; k < 3 && ref_has_same(run, lens) && ref_is_raw(run, part) == first; k++) {
      if (slots[k] != PL_SLOT_NONE) {
        raw[slots[k]] = first && row[slots[k]] == REF_UNBOUND;
      }
    }
  }
  return raw;
}
