/// Groups and clauses.
#include "reference.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROWS_MAX = 4000, PARTS_MAX = 256 };

// ---- terms and rows -----------------------------------------------------------------------------------------------

void* ref_alloc(pl_arena* arena, size_t size) {
  void* out = pl_arena_calloc(arena, 1, size ? size : 1);
  if (!out) {
    fprintf(stderr, "out of memory\n");
    abort();
  }
  return out;
}

static void grow(pl_arena* arena, void** data, size_t* capacity, size_t count, size_t size) {
  if (count < *capacity) {
    return;
  }
  void* bigger = ref_alloc(arena, (*capacity * 2 + 16) * size);
  if (count) {
    memcpy(bigger, *data, count * size);
  }
  *data = bigger;
  *capacity = *capacity * 2 + 16;
}

void ref_graph_init(ref_graph* graph) {
  *graph = (ref_graph){0};
  pl_mem_init(&graph->mem, NULL, NULL, SIZE_MAX);
  pl_arena_init(&graph->arena, &graph->mem);
  grow(&graph->arena, (void**)&graph->entries, &graph->entry_capacity, 0, sizeof(ref_entry));
  graph->entry_count = 1;  // null
}

void ref_graph_free(ref_graph* graph) { pl_arena_free(&graph->arena); }

static uint32_t hash_bytes(uint32_t hash, const void* data, size_t len) {
  for (size_t i = 0; i < len; i++) {
    hash = (hash ^ ((const unsigned char*)data)[i]) * 16777619u;
  }
  return hash;
}

static ref_id put_entry(ref_graph* graph, ref_entry entry) {
  for (ref_id id = 1; id < graph->entry_count; id++) {
    const ref_entry* e = &graph->entries[id];
    if (e->hash == entry.hash && e->kind == entry.kind && e->count == entry.count &&
        (entry.kind == REF_TERM ? pl_term_eq(&e->term, &entry.term)
                                : !entry.count || !memcmp(e->items, entry.items, entry.count * sizeof(ref_id)))) {
      return id;
    }
  }
  grow(&graph->arena, (void**)&graph->entries, &graph->entry_capacity, graph->entry_count, sizeof(ref_entry));
  if (entry.kind == REF_TERM) {
    entry.term.text = pl_arena_str(&graph->arena, entry.term.text);
    entry.term.datatype = pl_arena_str(&graph->arena, entry.term.datatype);
    entry.term.lang = pl_arena_str(&graph->arena, entry.term.lang);
    pl_value_from_term(&entry.term, &entry.value);
  } else {
    ref_id* items = ref_alloc(&graph->arena, entry.count * sizeof(ref_id));
    if (entry.count) {
      memcpy(items, entry.items, entry.count * sizeof(ref_id));
    }
    entry.items = items;
    entry.value = (pl_value){.kind = PL_VALUE_OTHER};
  }
  graph->entries[graph->entry_count] = entry;
  return (ref_id)graph->entry_count++;
}

ref_id ref_put(ref_graph* graph, const pl_term* term) {
  const uint32_t hash = hash_bytes(2166136261u, term->text.data, term->text.len);
  return term->kind == PL_TERM_NONE ? 0 : put_entry(graph, (ref_entry){.kind = REF_TERM, .term = *term, .hash = hash});
}

ref_id ref_put_items(ref_graph* graph, ref_kind kind, const ref_id* items, size_t count) {
  const uint32_t hash = hash_bytes(2166136261u, items, count * sizeof(ref_id));
  return put_entry(graph, (ref_entry){.kind = kind, .items = items, .count = count, .hash = hash});
}

void ref_state(ref_statements* list, ref_statement statement) {
  if (list->count == list->capacity) {
    list->capacity = list->capacity * 2 + 64;
    list->data = realloc(list->data, list->capacity * sizeof(ref_statement));
    if (!list->data) {
      abort();
    }
  }
  list->data[list->count++] = statement;
}

void ref_print(const ref_graph* graph, ref_id id, pl_buf* out) {
  const ref_entry* e = &graph->entries[id];
  if (id == 0 || id == REF_UNBOUND) {
    (void)pl_buf_str(out, PL_STR("null"));
  } else if (e->kind == REF_TERM) {
    (void)pl_term_write_nt(out, &e->term);
  } else {
    (void)pl_buf_str(out, PL_STR("["));
    for (size_t i = 0; i < e->count; i++) {
      (void)pl_buf_str(out, i ? PL_STR(" ") : PL_STR(""));
      if (e->kind == REF_PATH && i % 3 == 2) {
        (void)pl_buf_str(out, e->items[i] ? PL_STR("back") : PL_STR("forth"));
      } else {
        ref_print(graph, e->items[i], out);
      }
    }
    (void)pl_buf_str(out, PL_STR("]"));
  }
}

void ref_push(ref_run* run, ref_rows* rows, ref_id* row) {
  if (rows->count >= ROWS_MAX) {
    run->skip = "too many rows";
    return;
  }
  grow(&run->arena, (void**)&rows->data, &rows->capacity, rows->count, sizeof(ref_id*));
  rows->data[rows->count++] = row;
}

ref_id* ref_copy(ref_run* run, const ref_id* row) {
  const size_t size = (run->query->slot_count + 1) * sizeof(ref_id);
  return memcpy(ref_alloc(&run->arena, size), row, size);
}

void ref_reset(const ref_run* run, ref_id* row, const ref_id* to) {
  memcpy(row, to, run->query->slot_count * sizeof(ref_id));
}

static ref_id* blank_row(ref_run* run) {
  ref_id* row = ref_alloc(&run->arena, (run->query->slot_count + 1) * sizeof(ref_id));
  for (uint32_t i = 0; i < run->query->slot_count; i++) {
    row[i] = REF_UNBOUND;
  }
  return row;
}

ref_id ref_known(ref_run* run, const char* iri) {
  const pl_term term =
      pl_term_iri(strchr(iri, ':') ? pl_str_c(iri) : pl_arena_printf(&run->arena, "urn:parley:%s", iri));
  return ref_put(run->graph, &term);
}

// ---- patterns -----------------------------------------------------------------------------------------------------

/// A number or date as object is found by value, anything else by term.
static bool constant_meets(ref_run* run, ref_id constant, ref_id id, bool object, const ref_id* shown) {
  const pl_value* value = &ref_entry_of(run, constant)->value;
  if (object && value->kind >= PL_VALUE_INTEGER && value->kind <= PL_VALUE_INTERVAL) {
    return pl_value_compare(PL_CMP_EQ, value, &ref_entry_of(run, id)->value) == PL_TRUE;
  }
  return ref_shown_of(run, shown, constant) == ref_shown_of(run, shown, id);
}

bool ref_meet(ref_run* run, const pl_ref* ref, ref_id id, bool object, const ref_id* shown, ref_id* row) {
  if (ref->kind == PL_REF_ANY) {
    return true;
  }
  if (ref->kind == PL_REF_TERM) {
    return constant_meets(run, run->terms[ref->index], id, object, shown);
  }
  if (ref->kind == PL_REF_PARAM) {
    run->skip = "a parameter";
    return false;
  }
  ref_id* slot = &row[ref->index];
  if (*slot == REF_UNBOUND) {
    *slot = ref_shown_of(run, shown, id);
    return true;
  }
  return *slot != 0 && ref_shown_of(run, shown, *slot) == ref_shown_of(run, shown, id);
}

typedef struct seen_list {
  ref_statement* data;
  size_t count;
} seen_list;

static bool seen_before(seen_list* seen, ref_statement key) {
  for (size_t i = 0; i < seen->count; i++) {
    if (!memcmp(&seen->data[i], &key, sizeof key)) {
      return true;
    }
  }
  seen->data[seen->count++] = key;
  return false;
}

/// A pattern all of whose verbs are same_as: it shows nodes as stored.
static bool is_raw(const ref_run* run, const pl_alg* part) {
  bool raw = part->kind == PL_ALG_SCAN;
  for (uint32_t v = 0; raw && v < part->scan.verb_count; v++) {
    const pl_ref* verb = &part->scan.verbs[v].predicate;
    raw = verb->kind == PL_REF_TERM &&
          (run->terms[verb->index] == run->same_as || run->terms[verb->index] == run->owl_same_as);
  }
  return raw;
}

/// How an end of a scan sees nodes.
static const ref_id* classes_at(const ref_run* run, const pl_ref* end, bool raw, const ref_id* classes) {
  return raw && end->kind == PL_REF_SLOT && run->raw[end->index] ? NULL : classes;
}

static void match_scan(ref_run* run, const pl_alg* part, const ref_id* in, ref_rows* out) {
  const pl_alg_scan* scan = &part->scan;
  const ref_statements* facts = &run->graph->facts;
  const bool by_fact = scan->mode == PL_SCAN_FACTS, raw = is_raw(run, part);
  const bool pairs = by_fact && (scan->verb_count > 1 || scan->verbs[0].predicate.kind == PL_REF_ANY);
  const ref_id* classes = ref_shown(run, scan->lens, in);
  const ref_id* as_subject = classes_at(run, &scan->subject, raw, classes);
  const ref_id* as_object = classes_at(run, &scan->object, raw, classes);
  const ref_id* as_verb = raw ? NULL : classes;
  seen_list seen = {ref_alloc(&run->arena, facts->count * scan->verb_count * sizeof(ref_statement)), 0};
  ref_id* row = ref_copy(run, in);
  for (uint32_t v = 0; v < scan->verb_count; v++) {
    for (size_t i = 0; i < facts->count; i++) {
      const ref_statement f = facts->data[i];
      const bool inverse = scan->verbs[v].inverse;
      const ref_id a = ref_shown_of(run, as_subject, inverse ? f.o : f.s);
      const ref_id b = ref_shown_of(run, as_object, inverse ? f.s : f.o);
      const ref_id p = ref_shown_of(run, as_verb, f.p);
      // rows of facts differ in their ends; those of assertions in the fact, or in the way it is read
      const ref_statement ends = {a, pairs ? 0 : p, b, 0};
      const ref_statement said = {inverse ? b : a, p * 2 + (inverse && a != b), inverse ? a : b, f.c};
      const ref_statement key = by_fact ? ends : said;
      ref_reset(run, row, in);
      if ((!by_fact && f.c == 0) || !ref_passes(run, scan->lens, f.c, in) ||
          !ref_meet(run, &scan->subject, inverse ? f.o : f.s, inverse, as_subject, row) ||
          !ref_meet(run, &scan->verbs[v].predicate, f.p, false, as_verb, row) ||
          !ref_meet(run, &scan->object, inverse ? f.s : f.o, !inverse, as_object, row) || seen_before(&seen, key)) {
        continue;
      }
      if (scan->c == PL_SLOT_NONE ||
          ref_meet(run, &(pl_ref){.kind = PL_REF_SLOT, .index = scan->c}, f.c, false, NULL, row)) {
        ref_push(run, out, ref_copy(run, row));
      }
    }
  }
}

static void match_annot(ref_run* run, const pl_alg_annot* annot, const ref_id* in, ref_rows* out) {
  const ref_statements* lists[2] = {&run->graph->annotations, &run->graph->facts};
  const size_t total = lists[0]->count + lists[1]->count;
  const ref_id* shown = ref_shown(run, annot->lens, in);
  const bool pairs = annot->verb_count > 1 || annot->verbs[0].predicate.kind == PL_REF_ANY;
  seen_list seen = {ref_alloc(&run->arena, total * annot->verb_count * sizeof(ref_statement)), 0};
  ref_id* row = ref_copy(run, in);
  for (size_t i = 0; i < total * annot->verb_count; i++) {
    const pl_verb* verb = &annot->verbs[i / total];
    const size_t at = i % total;
    const ref_statement f = at < lists[0]->count ? lists[0]->data[at] : lists[1]->data[at - lists[0]->count];
    ref_reset(run, row, in);
    if (ref_meet(run, &annot->c, f.s, false, NULL, row) && ref_meet(run, &verb->predicate, f.p, false, shown, row) &&
        ref_meet(run, &annot->object, f.o, true, shown, row) &&
        !seen_before(
            &seen, (ref_statement){f.s, pairs ? 0 : ref_shown_of(run, shown, f.p), ref_shown_of(run, shown, f.o), 0})) {
      ref_push(run, out, ref_copy(run, row));
    }
  }
}

static void match_label(ref_run* run, const pl_alg_label* label, const ref_id* in, ref_rows* out) {
  const ref_id name = label->name.kind == PL_REF_SLOT ? in[label->name.index] : run->terms[label->name.index];
  const ref_statements* facts = &run->graph->facts;
  const ref_id* shown = ref_shown(run, label->lens, in);
  const pl_value_kind kind = name == REF_UNBOUND ? PL_VALUE_NULL : ref_entry_of(run, name)->value.kind;
  seen_list seen = {ref_alloc(&run->arena, facts->count * sizeof(ref_statement)), 0};
  for (size_t i = 0; i < facts->count && (kind == PL_VALUE_STRING || kind == PL_VALUE_LANG); i++) {
    const ref_statement f = facts->data[i];
    size_t rank;
    ref_id* row = ref_copy(run, in);
    if (ref_is_label(run, f.p, &rank) && ref_entry_of(run, f.o)->term.kind == PL_TERM_LITERAL &&
        ref_folded_equal(run, ref_entry_of(run, f.o)->term.text, ref_entry_of(run, name)->term.text) &&
        !seen_before(&seen, (ref_statement){ref_shown_of(run, shown, f.s), 0, 0, 0}) &&
        ref_meet(run, &(pl_ref){.kind = PL_REF_SLOT, .index = label->node}, f.s, false, shown, row)) {
      ref_push(run, out, row);
    }
  }
}

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
      match_scan(run, part, row, out);
      return;
    case PL_ALG_ANNOT:
      match_annot(run, &part->annot, row, out);
      return;
    case PL_ALG_PATH:
      ref_path(run, &part->path, row, out);
      return;
    case PL_ALG_LABEL:
      match_label(run, &part->label, row, out);
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
      for (int k = 0; k < 3 && has_same(run, lens) && is_raw(run, f->required[i]) == (pass == 0); k++) {
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
    ref_push(run, &in, blank_row(run));
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
    ref_id* row = blank_row(run);
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
  ref_id* row = blank_row(run);
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
    ref_id* row = blank_row(run);
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
      ref_id* row = blank_row(run);
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
    ref_push(run, &in, blank_row(run));
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
