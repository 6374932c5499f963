/// Groups and clauses.
#include "reference.h"

enum { PARTS_MAX = 256 };

// ---- groups -------------------------------------------------------------------------------------------------------

static void settle_slot(ref_run* run, pl_slot slot, ref_id* row) {
  (void)run;
  if (slot != PL_SLOT_NONE && row[slot] == REF_UNBOUND) {
    row[slot] = 0;
  }
}
static void settle_ref(ref_run* run, const pl_ref* ref, ref_id* row) {
  if (ref->kind == PL_REF_SLOT) {
    settle_slot(run, ref->index, row);
  }
}

/// What `alg` might have bound and did not is null from now on.
static void settle(ref_run* run, const pl_alg* alg, ref_id* row) {
  switch (alg->kind) {
    case PL_ALG_EITHER:
      for (uint32_t i = 0; i < alg->either.count; i++) {
        settle(run, alg->either.branches[i], row);
      }
      return;
    case PL_ALG_GROUP:
      for (uint32_t i = 0; i < alg->group.required_count; i++) {
        settle(run, alg->group.required[i], row);
      }
      for (uint32_t i = 0; i < alg->group.optional_count; i++) {
        settle(run, alg->group.optionals[i], row);
      }
      return;
    case PL_ALG_SCAN:
      settle_ref(run, &alg->scan.subject, row);
      settle_ref(run, &alg->scan.object, row);
      settle_ref(run, &alg->scan.verbs[0].predicate, row);
      settle_slot(run, alg->scan.c, row);
      return;
    case PL_ALG_ANNOT:
      settle_ref(run, &alg->annot.object, row);
      settle_ref(run, &alg->annot.verbs[0].predicate, row);
      return;
    case PL_ALG_PATH:
      settle_ref(run, &alg->path.subject, row);
      settle_ref(run, &alg->path.object, row);
      settle_slot(run, alg->path.as, row);
      return;
    case PL_ALG_LABEL:
      settle_slot(run, alg->label.node, row);
      return;
    default:
      run->skip = "an unknown part of a group";
  }
}

/// A group whose eithers are resolved: the branches' required parts beside its own, the rest of each group innermost first.
typedef struct origin {
  const pl_alg_group* group;
  const pl_alg* either;         ///< whose branch it is; NULL: the outermost group
  const struct origin* parent;  ///< the group of the either
} origin;
typedef struct flat {
  const pl_alg* required[PARTS_MAX];
  const origin* from[PARTS_MAX];  ///< where a required part stood
  size_t required_count;
  const origin* rests[PARTS_MAX];
  size_t rest_count;
} flat;

static void flat_add(ref_run* run, flat* f, const pl_alg_group* group, const pl_alg* either, const origin* parent) {
  if (f->required_count + group->required_count > PARTS_MAX || f->rest_count == PARTS_MAX) {
    run->skip = "a large group";
    return;
  }
  origin* own = ref_alloc(&run->arena, sizeof *own);
  *own = (origin){group, either, parent};
  for (uint32_t i = 0; i < group->required_count; i++) {
    f->from[f->required_count] = own;
    f->required[f->required_count++] = group->required[i];
  }
  memmove(f->rests + 1, f->rests, f->rest_count++ * sizeof f->rests[0]);
  f->rests[0] = own;
}

/// The rest of a branch beside another either whose branch at hand leaves something unbound: free there, or null? Not said.
static bool leaves_a_choice(ref_run* run, const origin* o, const ref_id* row) {
  const pl_alg_group* g = o->group;
  ref_id* settled = ref_copy(run, row);
  for (; o->parent; o = o->parent) {
    for (uint32_t i = 0; i < o->parent->group->required_count; i++) {
      if (o->parent->group->required[i] != o->either) {
        settle(run, o->parent->group->required[i], settled);
      }
    }
  }
  return g->optional_count + g->not_count + g->mark_count &&
         memcmp(settled, row, run->query->slot_count * sizeof(ref_id)) != 0;
}

static bool waits(ref_run* run, const pl_alg* part, const ref_id* row) {
  switch (part->kind) {
    case PL_ALG_SCAN:
      return ref_lens_waits(run, part->scan.lens, row);
    case PL_ALG_PATH:
      return ref_lens_waits(run, part->path.lens, row);
    case PL_ALG_ANNOT:
      return row[part->annot.c.index] == REF_UNBOUND;
    case PL_ALG_LABEL:
      return part->label.name.kind == PL_REF_SLOT && row[part->label.name.index] == REF_UNBOUND;
    default:
      return false;
  }
}

static void match_part(ref_run* run, const pl_alg* part, const ref_id* row, ref_rows* out) {
  switch (part->kind) {
    case PL_ALG_SCAN:
      ref_match_scan(run, part, row, out);
      return;
    case PL_ALG_ANNOT:
      ref_match_annot(run, &part->annot, row, out);
      return;
    case PL_ALG_PATH:
      ref_path(run, &part->path, row, out);
      return;
    case PL_ALG_LABEL:
      ref_match_label(run, &part->label, row, out);
      return;
    default:
      run->skip = "an unknown part of a group";
  }
}

/// Lens of a part, and the slots of nodes in it.
static uint32_t slots_of(const pl_alg* part, pl_slot slots[3]) {
  const pl_ref* refs[3] = {NULL, NULL, NULL};
  uint32_t lens = PL_LENS_NONE;
  slots[0] = slots[1] = slots[2] = PL_SLOT_NONE;
  if (part->kind == PL_ALG_SCAN) {
    refs[0] = &part->scan.subject, refs[1] = &part->scan.object, refs[2] = &part->scan.verbs[0].predicate;
    lens = part->scan.lens;
  } else if (part->kind == PL_ALG_ANNOT) {
    refs[0] = &part->annot.object, refs[1] = &part->annot.verbs[0].predicate;
    lens = part->annot.lens;
  } else if (part->kind == PL_ALG_PATH) {
    refs[0] = &part->path.subject, refs[1] = &part->path.object;
    lens = part->path.lens;
  } else if (part->kind == PL_ALG_LABEL) {
    slots[0] = part->label.node;
    lens = part->label.lens;
  }
  for (int i = 0; i < 3; i++) {
    slots[i] = refs[i] && refs[i]->kind == PL_REF_SLOT ? refs[i]->index : slots[i];
  }
  return lens;
}

static bool has_same(const ref_run* run, uint32_t lens) {
  bool same = false;
  for (uint32_t i = 0; lens != PL_LENS_NONE && i < run->query->lenses[lens].count; i++) {
    same |= run->query->lenses[lens].parts[i].kind == PL_LENS_SAME;
  }
  return same;
}

/// A part under identity lets those without it bind their slots first.
static bool lets_go_first(const ref_run* run, const pl_alg* part, const pl_alg* other, const ref_id* row) {
  pl_slot own[3], others[3];
  bool meet = false;
  const uint32_t lens = slots_of(part, own), other_lens = slots_of(other, others);
  for (int i = 0; i < 9; i++) {
    meet |= own[i / 3] != PL_SLOT_NONE && own[i / 3] == others[i % 3] && row[own[i / 3]] == REF_UNBOUND;
  }
  return meet && has_same(run, lens) && !has_same(run, other_lens);
}

/// Slots of same_as patterns that nothing else under identity uses, and that have no value yet.
static const uint8_t* raw_slots(ref_run* run, const flat* f, const ref_id* row) {
  uint8_t* raw = ref_alloc(&run->arena, run->query->slot_count + 1);
  for (int pass = 0; pass < 2; pass++) {
    for (size_t i = 0; i < f->required_count; i++) {
      pl_slot slots[3];
      const uint32_t lens = slots_of(f->required[i], slots);
      for (int k = 0; k < 3 && has_same(run, lens) && ref_is_raw(run, f->required[i]) == (pass == 0); k++) {
        if (slots[k] != PL_SLOT_NONE) {
          raw[slots[k]] = pass == 0 && row[slots[k]] == REF_UNBOUND;
        }
      }
    }
  }
  return raw;
}

/// Join the row with the required parts that are left.
static void join(ref_run* run, const pl_alg* const* parts, size_t count, const ref_id* row, ref_rows* out) {
  if (count == 0) {
    ref_push(run, out, ref_copy(run, row));
    return;
  }
  size_t pick = 0;
  for (; pick < count; pick++) {
    bool ready = !waits(run, parts[pick], row);
    for (size_t i = 0; i < count && ready; i++) {
      ready = !lets_go_first(run, parts[pick], parts[i], row);
    }
    if (ready) {
      break;
    }
  }
  pick = pick < count ? pick : 0;
  const pl_alg* rest[PARTS_MAX];
  memcpy(rest, parts, pick * sizeof parts[0]);
  memcpy(rest + pick, parts + pick + 1, (count - pick - 1) * sizeof parts[0]);
  ref_rows found = {0};
  match_part(run, parts[pick], row, &found);
  for (size_t i = 0; i < found.count && !run->skip; i++) {
    join(run, rest, count - 1, found.data[i], out);
  }
}

static void add_optional(ref_run* run, const pl_alg* optional, ref_rows* rows) {
  ref_rows out = {0};
  for (size_t i = 0; i < rows->count; i++) {
    const size_t before = out.count;
    ref_group(run, &optional->group, rows->data[i], &out);
    if (out.count == before) {
      ref_push(run, &out, rows->data[i]);
    }
    for (size_t k = before; k < out.count; k++) {
      settle(run, optional, out.data[k]);
    }
  }
  *rows = out;
}

static ref_id exists(ref_run* run, const pl_alg_group* group, const ref_id* row) {
  ref_rows found = {0};
  ref_group(run, group, row, &found);
  return ref_put_value(run, &(pl_value){.kind = PL_VALUE_BOOLEAN, .boolean = found.count > 0});
}

/// Optionals, marks, nots and filters of one group.
static void add_rest(ref_run* run, const pl_alg_group* group, ref_rows* rows) {
  for (size_t k = 0; k < rows->count; k++) {
    for (uint32_t i = 0; i < group->required_count; i++) {
      settle(run, group->required[i], rows->data[k]);
    }
  }
  for (uint32_t i = 0; i < group->optional_count; i++) {
    add_optional(run, group->optionals[i], rows);
  }
  ref_rows out = {0};
  for (size_t k = 0; k < rows->count && !run->skip; k++) {
    ref_id* row = rows->data[k];
    bool keep = true;
    for (uint32_t i = 0; i < group->mark_count; i++) {
      row[group->marks[i]->mark.slot] = exists(run, &group->marks[i]->mark.group->group, row);
    }
    for (uint32_t i = 0; i < group->not_count && keep; i++) {
      ref_rows found = {0};
      ref_group(run, &group->nots[i]->group, row, &found);
      keep = found.count == 0;
    }
    for (uint32_t i = 0; i < group->filter_count && keep; i++) {
      keep = ref_true(run, group->filters[i], row);
    }
    if (keep) {
      ref_push(run, &out, row);
    }
  }
  *rows = out;
}

static void resolve(ref_run* run, const flat* f, const ref_id* row, ref_rows* out) {
  for (size_t i = 0; i < f->required_count; i++) {
    const pl_alg* either = f->required[i];
    for (uint32_t b = 0; either->kind == PL_ALG_EITHER && b < either->either.count && !run->skip; b++) {
      flat* one = ref_alloc(&run->arena, sizeof *one);
      *one = *f;
      memmove(one->required + i, one->required + i + 1, (--one->required_count - i) * sizeof one->required[0]);
      memmove(one->from + i, one->from + i + 1, (one->required_count - i) * sizeof one->from[0]);
      flat_add(run, one, &either->either.branches[b]->group, either, f->from[i]);
      resolve(run, one, row, out);
    }
    if (either->kind == PL_ALG_EITHER) {
      return;
    }
  }
  ref_rows rows = {0};
  const uint8_t* outer = run->raw;
  run->raw = raw_slots(run, f, row);
  join(run, f->required, f->required_count, row, &rows);
  run->raw = outer;
  for (size_t i = 0; i < f->rest_count; i++) {
    for (size_t k = 0; k < rows.count && !run->skip; k++) {
      run->skip = leaves_a_choice(run, f->rests[i], rows.data[k]) ? "a variable of another either" : NULL;
    }
    add_rest(run, f->rests[i]->group, &rows);
  }
  for (size_t i = 0; i < rows.count; i++) {
    ref_push(run, out, rows.data[i]);
  }
}

void ref_group(ref_run* run, const pl_alg_group* group, const ref_id* row, ref_rows* out) {
  flat* f = ref_alloc(&run->arena, sizeof *f);
  flat_add(run, f, group, NULL, NULL);
  if (!run->skip) {
    resolve(run, f, row, out);
  }
}

// ---- clauses ------------------------------------------------------------------------------------------------------

static void clause(ref_run* run, const pl_alg* alg, ref_rows* out);

static void do_group(ref_run* run, const pl_alg* alg, ref_rows* out) {
  ref_rows in = {0};
  if (alg->group.input) {
    clause(run, alg->group.input, &in);
  } else {
    ref_push(run, &in, ref_blank_row(run));
  }
  for (size_t i = 0; i < in.count && !run->skip; i++) {
    ref_group(run, &alg->group, in.data[i], out);
  }
}

static bool is_ordered(const pl_alg* alg);

static void do_unnest(ref_run* run, const pl_alg* alg, const ref_rows* in, ref_rows* out) {
  run->ties |= in->count > 1 && !is_ordered(alg->unnest.input);
  for (size_t i = 0; i < in->count; i++) {
    const ref_id list = ref_eval(run, alg->unnest.expr, in->data[i]);
    const ref_entry* entry = ref_entry_of(run, list);
    for (size_t k = 0; list && entry->kind == REF_LIST && k < entry->count; k++) {
      ref_id* row = ref_copy(run, in->data[i]);
      row[alg->unnest.slot] = entry->items[k];
      ref_push(run, out, row);
      entry = ref_entry_of(run, list);
    }
  }
}

static void do_aggregate(ref_run* run, const pl_alg* alg, const ref_rows* in, ref_rows* out) {
  const uint32_t key_count = alg->aggregate.key_count;
  ref_rows* members = ref_alloc(&run->arena, (in->count + 1) * sizeof *members);
  for (size_t i = 0; i < in->count + (key_count == 0); i++) {
    ref_id* row = ref_blank_row(run);
    size_t g = 0;
    bool same = false;
    for (uint32_t k = 0; i < in->count && k < key_count; k++) {
      row[alg->aggregate.keys[k].slot] = ref_eval(run, alg->aggregate.keys[k].expr, in->data[i]);
    }
    for (; g < out->count; g++) {
      same = true;
      for (uint32_t k = 0; k < key_count; k++) {
        same &= out->data[g][alg->aggregate.keys[k].slot] == row[alg->aggregate.keys[k].slot];
      }
      if (same) {
        break;
      }
    }
    if (!same) {
      ref_push(run, out, row);
    }
    if (i < in->count) {
      ref_push(run, &members[g], in->data[i]);
    }
  }
  for (size_t g = 0; g < out->count && !run->skip; g++) {
    for (uint32_t i = 0; i < alg->aggregate.agg_count; i++) {
      const pl_alg_agg* agg = &alg->aggregate.aggs[i];
      out->data[g][agg->slot] = ref_aggregate(run, agg, alg->aggregate.row_order, &members[g]);
    }
  }
}

static void do_distinct(ref_run* run, const pl_slot* slots, uint32_t count, const ref_rows* in, ref_rows* out) {
  for (size_t i = 0; i < in->count; i++) {
    bool repeated = false;
    for (size_t k = 0; k < out->count && !repeated; k++) {
      repeated = true;
      for (uint32_t s = 0; s < count; s++) {
        const ref_id a = in->data[i][slots[s]], b = out->data[k][slots[s]];
        repeated &= (a == REF_UNBOUND ? 0 : a) == (b == REF_UNBOUND ? 0 : b);
      }
    }
    if (!repeated) {
      ref_push(run, out, in->data[i]);
    }
  }
}

static int compare_keys(ref_run* run, const pl_alg* alg, const ref_id* a, const ref_id* b) {
  for (uint32_t k = 0; k < alg->order.count; k++) {
    const pl_alg_key* key = &alg->order.keys[k];
    const int c = ref_order(run, ref_eval(run, key->expr, a), ref_eval(run, key->expr, b));
    if (c) {
      return key->descending ? -c : c;
    }
  }
  return 0;
}

static void do_order(ref_run* run, const pl_alg* alg, const ref_rows* in, ref_rows* out) {
  run->ties = false;
  for (size_t i = 0; i < in->count; i++) {
    ref_push(run, out, in->data[i]);
    for (size_t k = i; k > 0; k--) {
      const int c = compare_keys(run, alg, out->data[k - 1], out->data[k]);
      const size_t size = run->query->slot_count * sizeof(ref_id);
      run->ties |= c == 0 && memcmp(out->data[k - 1], out->data[k], size) != 0;
      if (c <= 0) {
        break;
      }
      ref_id* moved = out->data[k];
      out->data[k] = out->data[k - 1];
      out->data[k - 1] = moved;
    }
  }
}

static void do_slice(ref_run* run, const pl_alg* alg, const ref_rows* in, ref_rows* out) {
  ref_id* row = ref_blank_row(run);
  const ref_id skip = alg->slice.skip ? ref_eval(run, alg->slice.skip, row) : 0;
  const ref_id limit = alg->slice.limit ? ref_eval(run, alg->slice.limit, row) : 0;
  const size_t from = skip ? (size_t)ref_entry_of(run, skip)->value.integer : 0;
  const size_t count = limit ? (size_t)ref_entry_of(run, limit)->value.integer : SIZE_MAX;
  for (size_t i = from; i < in->count && i - from < count; i++) {
    ref_push(run, out, in->data[i]);
  }
}

static void do_prior(ref_run* run, const pl_alg* alg, const ref_rows* in, ref_rows* out) {
  for (size_t i = 0; i < in->count; i++) {
    ref_id* row = ref_copy(run, in->data[i]);
    for (uint32_t k = 0; k < alg->prior.count; k++) {
      row[alg->prior.items[k].slot] = i ? ref_eval(run, alg->prior.items[k].expr, in->data[i - 1]) : 0;
    }
    ref_push(run, out, row);
  }
}

static void do_project(ref_run* run, const pl_alg* alg, const ref_rows* in, ref_rows* out) {
  for (size_t i = 0; i < in->count; i++) {
    ref_id* row = ref_blank_row(run);
    for (uint32_t s = 0; s < alg->project.count; s++) {
      const ref_id v = in->data[i][alg->project.slots[s]];
      row[alg->project.slots[s]] = v == REF_UNBOUND ? 0 : v;
    }
    ref_push(run, out, row);
  }
}

static void do_union(ref_run* run, const pl_alg* alg, ref_rows* out) {
  ref_rows all = {0};
  const uint32_t width = alg->union_.slot_count;
  for (uint32_t b = 0; b < alg->union_.count; b++) {
    ref_rows in = {0};
    clause(run, alg->union_.branches[b], &in);
    for (size_t i = 0; i < in.count; i++) {
      ref_id* row = ref_blank_row(run);
      for (uint32_t s = 0; s < width; s++) {
        row[alg->union_.slots[s]] = in.data[i][alg->union_.branch_slots[b * width + s]];
      }
      ref_push(run, &all, row);
    }
  }
  if (alg->union_.distinct) {
    do_distinct(run, alg->union_.slots, width, &all, out);
  } else {
    *out = all;
  }
}

static const pl_alg* input_of(const pl_alg* alg) {
  switch (alg->kind) {
    case PL_ALG_MARK:
      return alg->mark.input;
    case PL_ALG_FILTER:
      return alg->filter.input;
    case PL_ALG_EXTEND:
      return alg->extend.input;
    case PL_ALG_UNNEST:
      return alg->unnest.input;
    case PL_ALG_AGGREGATE:
      return alg->aggregate.input;
    case PL_ALG_DISTINCT:
      return alg->distinct.input;
    case PL_ALG_ORDER:
      return alg->order.input;
    case PL_ALG_SLICE:
      return alg->slice.input;
    case PL_ALG_PRIOR:
      return alg->prior.input;
    case PL_ALG_PROJECT:
      return alg->project.input;
    default:
      return NULL;
  }
}

static void do_row(ref_run* run, const pl_alg* alg, const ref_id* in, ref_rows* out) {
  ref_id* row = ref_copy(run, in);
  if (alg->kind == PL_ALG_FILTER && !ref_true(run, alg->filter.expr, row)) {
    return;
  }
  if (alg->kind == PL_ALG_MARK) {
    row[alg->mark.slot] = exists(run, &alg->mark.group->group, row);
  }
  for (uint32_t k = 0; alg->kind == PL_ALG_EXTEND && k < alg->extend.count; k++) {
    row[alg->extend.items[k].slot] = ref_eval(run, alg->extend.items[k].expr, row);
  }
  ref_push(run, out, row);
}

static void clause(ref_run* run, const pl_alg* alg, ref_rows* out) {
  ref_rows in = {0};
  const pl_alg* input = input_of(alg);
  if (input) {
    clause(run, input, &in);
  } else if (alg->kind == PL_ALG_MARK || alg->kind == PL_ALG_UNIT) {
    ref_push(run, &in, ref_blank_row(run));
  }
  if (run->ties && (alg->kind == PL_ALG_SLICE || alg->kind == PL_ALG_PRIOR ||
                    (alg->kind == PL_ALG_AGGREGATE && alg->aggregate.row_order))) {
    run->skip = "an order that leaves a choice";
  }
  switch (alg->kind) {
    case PL_ALG_GROUP:
      do_group(run, alg, out);
      return;
    case PL_ALG_UNIT:
    case PL_ALG_FILTER:
    case PL_ALG_MARK:
    case PL_ALG_EXTEND:
      for (size_t i = 0; i < in.count && !run->skip; i++) {
        do_row(run, alg, in.data[i], out);
      }
      return;
    case PL_ALG_UNNEST:
      do_unnest(run, alg, &in, out);
      return;
    case PL_ALG_AGGREGATE:
      do_aggregate(run, alg, &in, out);
      return;
    case PL_ALG_DISTINCT:
      do_distinct(run, alg->distinct.slots, alg->distinct.count, &in, out);
      return;
    case PL_ALG_ORDER:
      do_order(run, alg, &in, out);
      return;
    case PL_ALG_SLICE:
      do_slice(run, alg, &in, out);
      return;
    case PL_ALG_PRIOR:
      do_prior(run, alg, &in, out);
      return;
    case PL_ALG_PROJECT:
      do_project(run, alg, &in, out);
      return;
    case PL_ALG_UNION:
      do_union(run, alg, out);
      return;
    default:
      run->skip = "an unknown clause";
  }
}

/// Rows come in an order that was asked for: an order below clauses that keep it.
static bool is_ordered(const pl_alg* alg) {
  while (alg && alg->kind != PL_ALG_ORDER) {
    const bool keeps = alg->kind == PL_ALG_PROJECT || alg->kind == PL_ALG_SLICE || alg->kind == PL_ALG_PRIOR ||
                       alg->kind == PL_ALG_EXTEND || alg->kind == PL_ALG_FILTER;
    alg = keeps ? input_of(alg) : NULL;
  }
  return alg != NULL;
}

static bool has_unordered_slice(const pl_alg* alg) {
  for (; alg; alg = input_of(alg)) {
    if (alg->kind == PL_ALG_SLICE && !is_ordered(alg)) {
      return true;
    }
    for (uint32_t i = 0; alg->kind == PL_ALG_UNION && i < alg->union_.count; i++) {
      if (has_unordered_slice(alg->union_.branches[i])) {
        return true;
      }
    }
    if (alg->kind == PL_ALG_GROUP && alg->group.input) {
      return has_unordered_slice(alg->group.input);
    }
  }
  return false;
}

const char* ref_answer(ref_run* run, ref_graph* graph, const pl_query* query, ref_rows* out, bool* ordered) {
  ref_rows all = {0};
  *run = (ref_run){.graph = graph, .query = query};
  *out = (ref_rows){0};
  *ordered = false;
  pl_arena_init(&run->arena, &graph->mem);
  run->terms = ref_alloc(&run->arena, (query->term_count + 1) * sizeof(ref_id));
  for (uint32_t i = 0; i < query->term_count; i++) {
    run->terms[i] = ref_put(graph, &query->terms[i]);
  }
  if ((query->kind != PL_QUERY_ROWS && query->kind != PL_QUERY_EXISTS) || query->graph) {
    return "another kind of query";
  }
  run->same_as = ref_known(run, "same_as");
  run->owl_same_as = ref_known(run, PL_OWL "sameAs");
  run->id_count = graph->entry_count;
  run->passes = ref_alloc(&run->arena, (query->lens_count + 1) * sizeof(uint8_t*));
  run->shown = ref_alloc(&run->arena, (query->lens_count + 1) * sizeof(ref_id*));
  run->skip = has_unordered_slice(query->root) ? "a limit without order" : NULL;
  clause(run, query->root, &all);
  *ordered = is_ordered(query->root) && !run->ties;
  for (size_t i = 0; i < all.count && query->kind == PL_QUERY_ROWS; i++) {
    ref_id* row = ref_alloc(&run->arena, (query->column_count + 1) * sizeof(ref_id));
    for (uint32_t c = 0; c < query->column_count; c++) {
      row[c] = all.data[i][query->columns[c].slot];
    }
    ref_push(run, out, row);
  }
  if (query->kind == PL_QUERY_EXISTS) {
    ref_id* row = ref_alloc(&run->arena, sizeof(ref_id));
    *row = ref_put_value(run, &(pl_value){.kind = PL_VALUE_BOOLEAN, .boolean = all.count > 0});
    ref_push(run, out, row);
  }
  return run->skip;
}

void ref_run_free(ref_run* run) { pl_arena_free(&run->arena); }
