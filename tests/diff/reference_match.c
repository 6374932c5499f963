/// Matching of single patterns.
#include "reference.h"

enum { ROWS_MAX = 4000 };

void ref_push(ref_run* run, ref_rows* rows, const ref_id* row) {
  if (rows->count >= ROWS_MAX) {
    run->skip = "too many rows";
  } else {
    ref_add(&run->arena, rows, row, run->query->slot_count);
  }
}

ref_id* ref_copy(ref_run* run, const ref_id* row) {
  const size_t size = run->query->slot_count * sizeof(ref_id);
  ref_id* out = ref_alloc(&run->arena, size);
  return row ? memcpy(out, row, size) : memset(out, 0xff, size);
}

ref_id ref_of(const ref_run* run, const pl_ref* ref, const ref_id* row) {
  return ref->kind == PL_REF_SLOT    ? row[ref->index]
         : ref->kind == PL_REF_TERM  ? run->terms[ref->index]
         : ref->kind == PL_REF_PARAM ? run->params[ref->index]
                                     : REF_UNBOUND;
}

bool ref_meet(ref_run* run, const pl_ref* ref, ref_id id, bool object, const ref_id* shown, ref_id* row) {
  const ref_id want = ref_of(run, ref, row), node = ref_shown_of(run, shown, id);
  if (want == REF_UNBOUND && ref->kind == PL_REF_SLOT) {
    row[ref->index] = node;
  }
  if (want == REF_UNBOUND || want == 0) {
    return want != 0;
  }
  const pl_value* value = &ref_entry_of(run, want)->value;
  if (ref->kind != PL_REF_SLOT && object && value->kind >= PL_VALUE_INTEGER && value->kind <= PL_VALUE_INTERVAL) {
    return pl_value_compare(PL_CMP_EQ, value, &ref_entry_of(run, id)->value) == PL_TRUE;  // constants, by value
  }
  return ref_shown_of(run, shown, want) == node;
}

bool ref_is_raw(const ref_run* run, const pl_alg* part) {
  bool raw = part->kind == PL_ALG_SCAN;
  for (uint32_t v = 0; raw && v < part->scan.verb_count; v++) {
    const pl_ref* verb = &part->scan.verbs[v].predicate;
    raw = verb->kind == PL_REF_TERM && (run->terms[verb->index] == run->graph->known[REF_SAME_AS] ||
                                        run->terms[verb->index] == run->graph->known[REF_OWL_SAME_AS]);
  }
  return raw;
}

static void match_scan(ref_run* run, const pl_alg* part, const ref_id* in, ref_rows* out) {
  const pl_alg_scan* scan = &part->scan;
  const bool by_fact = scan->mode == PL_SCAN_FACTS, raw = ref_is_raw(run, part);
  const bool pairs = by_fact && (scan->verb_count > 1 || scan->verbs[0].predicate.kind == PL_REF_ANY);
  const ref_id* classes = ref_shown(run, scan->lens, in);
  const ref_id* as_subject = raw && scan->subject.kind == PL_REF_SLOT && run->raw[scan->subject.index] ? NULL : classes;
  const ref_id* as_object = raw && scan->object.kind == PL_REF_SLOT && run->raw[scan->object.index] ? NULL : classes;
  const ref_id* as_verb = raw ? NULL : classes;
  const pl_ref assertion = {.kind = PL_REF_SLOT, .index = scan->c};
  ref_rows seen = {0};
  for (size_t i = 0; i < run->graph->fact_count * scan->verb_count; i++) {
    const pl_verb* verb = &scan->verbs[i / run->graph->fact_count];
    const ref_id* f = run->graph->statements.data[i % run->graph->fact_count];
    const bool inverse = verb->inverse;
    const ref_id from = f[inverse ? REF_O : REF_S], to = f[inverse ? REF_S : REF_O];
    const ref_id a = ref_shown_of(run, as_subject, from), b = ref_shown_of(run, as_object, to);
    const ref_id p = ref_shown_of(run, as_verb, f[REF_P]);
    // rows of facts differ in their ends; those of assertions in the fact, or in the way it is read
    const ref_id ends[] = {a, pairs ? 0 : p, b, 0};
    const ref_id said[] = {inverse ? b : a, p * 2 + (inverse && a != b), inverse ? a : b, f[REF_C]};
    ref_id* row = ref_copy(run, in);
    if ((by_fact || f[REF_C]) && ref_meet(run, &scan->subject, from, inverse, as_subject, row) &&
        ref_meet(run, &verb->predicate, f[REF_P], false, as_verb, row) &&
        ref_meet(run, &scan->object, to, !inverse, as_object, row) && ref_passes(run, scan->lens, f[REF_C], row) &&
        ref_add_new(&run->arena, &seen, by_fact ? ends : said, REF_STATEMENT) &&
        (scan->c == PL_SLOT_NONE || ref_meet(run, &assertion, f[REF_C], false, NULL, row))) {
      ref_push(run, out, row);
    }
  }
}

static void match_annot(ref_run* run, const pl_alg* part, const ref_id* in, ref_rows* out) {
  const pl_alg_annot* annot = &part->annot;
  const ref_rows* all = &run->graph->statements;
  const ref_id* shown = ref_shown(run, annot->lens, in);
  const bool pairs = annot->verb_count > 1 || annot->verbs[0].predicate.kind == PL_REF_ANY;
  ref_rows seen = {0};
  for (size_t i = 0; i < all->count * annot->verb_count; i++) {
    const pl_verb* verb = &annot->verbs[i / all->count];
    const ref_id* f = all->data[i % all->count];
    const ref_id key[] = {f[REF_S], pairs ? 0 : ref_shown_of(run, shown, f[REF_P]), ref_shown_of(run, shown, f[REF_O])};
    ref_id* row = ref_copy(run, in);
    if (ref_meet(run, &annot->c, f[REF_S], false, NULL, row) &&
        ref_meet(run, &verb->predicate, f[REF_P], false, shown, row) &&
        ref_meet(run, &annot->object, f[REF_O], true, shown, row) && ref_add_new(&run->arena, &seen, key, 3)) {
      ref_push(run, out, row);
    }
  }
}

static void match_label(ref_run* run, const pl_alg* part, const ref_id* in, ref_rows* out) {
  const pl_alg_label* label = &part->label;
  const ref_id name = ref_of(run, &label->name, in);
  const pl_value_kind kind = name == REF_UNBOUND ? PL_VALUE_NULL : ref_entry_of(run, name)->value.kind;
  const ref_id* shown = ref_shown(run, label->lens, in);
  const pl_ref node = {.kind = PL_REF_SLOT, .index = label->node};
  ref_rows seen = {0};
  for (size_t i = 0; i < run->graph->fact_count && (kind == PL_VALUE_STRING || kind == PL_VALUE_LANG); i++) {
    const ref_id* f = run->graph->statements.data[i];
    const ref_id key = ref_shown_of(run, shown, f[REF_S]);
    ref_id* row = ref_copy(run, in);
    bool names = false;
    for (int k = REF_LABELS; k < REF_KNOWN_COUNT; k++) {
      names |= run->graph->known[k] == f[REF_P];
    }
    if (names && ref_is_literal(run->graph, f[REF_O]) &&
        pl_str_eq(ref_fold(run, ref_entry_of(run, f[REF_O])->term.text),
                  ref_fold(run, ref_entry_of(run, name)->term.text)) &&
        ref_add_new(&run->arena, &seen, &key, 1) && ref_meet(run, &node, f[REF_S], false, shown, row)) {
      ref_push(run, out, row);
    }
  }
}

void ref_match(ref_run* run, const pl_alg* part, const ref_id* row, ref_rows* out) {
  static void (*const by_kind[PL_ALG_KIND_COUNT_])(ref_run*, const pl_alg*, const ref_id*, ref_rows*) = {
      [PL_ALG_SCAN] = match_scan,
      [PL_ALG_ANNOT] = match_annot,
      [PL_ALG_PATH] = ref_match_path,
      [PL_ALG_LABEL] = match_label};
  if (by_kind[part->kind]) {
    by_kind[part->kind](run, part, row, out);
  } else {
    run->skip = "an unknown part of a group";
  }
}
