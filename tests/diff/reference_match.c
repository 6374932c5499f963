/// Terms and rows of the reference, and matching single patterns.
#include "reference.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROWS_MAX = 4000 };

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

ref_id* ref_blank_row(ref_run* run) {
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
bool ref_is_raw(const ref_run* run, const pl_alg* part) {
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

void ref_match_scan(ref_run* run, const pl_alg* part, const ref_id* in, ref_rows* out) {
  const pl_alg_scan* scan = &part->scan;
  const ref_statements* facts = &run->graph->facts;
  const bool by_fact = scan->mode == PL_SCAN_FACTS, raw = ref_is_raw(run, part);
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

void ref_match_annot(ref_run* run, const pl_alg_annot* annot, const ref_id* in, ref_rows* out) {
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

void ref_match_label(ref_run* run, const pl_alg_label* label, const ref_id* in, ref_rows* out) {
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
