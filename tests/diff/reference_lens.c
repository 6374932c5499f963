/// Lenses: which assertions count, and which nodes are one.
#include "reference.h"

/// What a lens asks of the values of a predicate.
typedef struct wanted {
  bool at;                 ///< the whole of
  pl_extent extent;        ///< a time
  const pl_value* number;  ///< a confidence
  ref_rows sources;        ///< one of these
} wanted;

static bool fits(ref_run* run, ref_known what, ref_id id, const wanted* want) {
  const pl_value* value = &ref_entry_of(run, id)->value;
  pl_extent have;
  if (what == REF_CONFIDENCE) {
    return pl_value_compare(PL_CMP_GE, value, want->number) == PL_TRUE;
  }
  if (what == REF_SOURCE) {
    ref_rows sources = want->sources;
    return !ref_add_new(&run->arena, &sources, &id, 1);
  }
  if (!pl_value_extent(value, &have)) {
    return false;
  }
  const bool begun = want->at ? have.start_ms <= want->extent.start_ms : have.start_ms < want->extent.end_ms;
  const bool lasts = want->at ? have.end_ms >= want->extent.end_ms : have.end_ms > want->extent.start_ms;
  return (what == REF_UNTIL || begun) && (what == REF_FROM || lasts);
}

typedef enum look { NONE, MISSES, FITS } look;

/// Does a value of the predicate fit? Of annotations of an assertion, of facts about a named graph.
static look look_at(ref_run* run, ref_known what, ref_id c, const wanted* want) {
  look best = NONE;
  for (size_t i = 0; i < run->graph->statements.count && c; i++) {
    const ref_id* f = run->graph->statements.data[i];
    if (f[REF_S] == c && f[REF_P] == run->graph->known[what] && best != FITS) {
      best = fits(run, what, f[REF_O], want) ? FITS : MISSES;
    }
  }
  return best;
}

static bool passes_time(ref_run* run, const pl_lens_part* part, ref_id c, const ref_id* row) {
  const ref_id low = ref_eval(run, part->low, row), high = part->high ? ref_eval(run, part->high, row) : low;
  wanted want = {.at = part->kind == PL_LENS_AT};
  pl_extent last;
  if (!low || !high || !pl_value_extent(&ref_entry_of(run, low)->value, &want.extent) ||
      !pl_value_extent(&ref_entry_of(run, high)->value, &last)) {
    return false;
  }
  want.extent.end_ms = last.end_ms;
  const look from = look_at(run, REF_FROM, c, &want), until = look_at(run, REF_UNTIL, c, &want);
  const look on = look_at(run, REF_ON, c, &want);
  return (!from && !until && !on) || on == FITS || ((from || until) && from != MISSES && until != MISSES);
}

static bool passes_trust(ref_run* run, const pl_lens_part* part, ref_id c, const ref_id* row) {
  const ref_id low = ref_eval(run, part->low, row);
  const pl_value number = ref_entry_of(run, low)->value;
  return low && number.kind >= PL_VALUE_INTEGER && number.kind <= PL_VALUE_DOUBLE &&
         look_at(run, REF_CONFIDENCE, c, &(wanted){.number = &number}) != MISSES;
}

static bool passes_source(ref_run* run, const pl_lens_part* part, ref_id c, const ref_id* row) {
  wanted want = {.sources = {0}};
  ref_rows found = {0};
  if (part->pattern) {
    ref_group(run, &part->pattern->group, ref_copy(run, NULL), &found);
  }
  for (size_t i = 0; i < found.count; i++) {
    ref_add(&run->arena, &want.sources, &found.data[i][part->pattern_slot], 1);
  }
  for (uint32_t i = 0; i < part->source_count; i++) {
    const ref_id id = ref_of(run, &part->sources[i], row);
    if (id == 0 || id == REF_UNBOUND) {
      return false;
    }
    ref_add(&run->arena, &want.sources, &id, 1);
  }
  const bool graph = c && ref_entry_of(run, c)->term.kind != PL_TERM_ASSERTION;
  const bool fit = look_at(run, REF_SOURCE, c, &want) == FITS || (graph && fits(run, REF_SOURCE, c, &want));
  return fit != part->negated;
}

static bool passes(ref_run* run, const pl_lens* lens, ref_id c, const ref_id* row) {
  bool all = true;
  for (uint32_t i = 0; i < lens->count && all; i++) {
    const pl_lens_part* part = &lens->parts[i];
    all = part->kind == PL_LENS_SAME        ? true
          : part->kind == PL_LENS_TRUST     ? passes_trust(run, part, c, row)
          : part->kind == PL_LENS_ACCORDING ? passes_source(run, part, c, row)
                                            : passes_time(run, part, c, row);
  }
  return all;
}

bool ref_passes(ref_run* run, uint32_t lens, ref_id c, const ref_id* row) {
  if (lens == PL_LENS_NONE || run->query->lenses[lens].correlated) {
    return lens == PL_LENS_NONE || passes(run, &run->query->lenses[lens], c, row);
  }
  if (!run->passes[lens]) {
    run->passes[lens] = ref_alloc(&run->arena, run->id_count);
  }
  uint8_t* known = &run->passes[lens][c];
  if (!*known) {
    *known = passes(run, &run->query->lenses[lens], c, row) ? 2 : 1;
  }
  return *known == 2;
}

bool ref_lens_waits(ref_run* run, uint32_t lens, const ref_id* row) {
  bool waits = false;
  for (uint32_t i = 0; lens != PL_LENS_NONE && i < run->query->lenses[lens].count; i++) {
    const pl_lens_part* part = &run->query->lenses[lens].parts[i];
    waits |= ref_expr_waits(part->low, row) || ref_expr_waits(part->high, row);
    for (uint32_t k = 0; k < part->source_count; k++) {
      waits |= ref_of(run, &part->sources[k], row) == REF_UNBOUND;
    }
  }
  return waits;
}

bool ref_has_same(const ref_run* run, uint32_t lens) {
  bool same = false;
  for (uint32_t i = 0; lens != PL_LENS_NONE && i < run->query->lenses[lens].count; i++) {
    same |= run->query->lenses[lens].parts[i].kind == PL_LENS_SAME;
  }
  return same;
}

/// Is it a same_as statement that the lens follows?
static bool links(ref_run* run, uint32_t lens, const ref_id* f, const ref_id* row) {
  bool all = (f[REF_P] == run->graph->known[REF_SAME_AS] || f[REF_P] == run->graph->known[REF_OWL_SAME_AS]) &&
             f[REF_S] != f[REF_O] && !ref_is_literal(run->graph, f[REF_O]) && ref_passes(run, lens, f[REF_C], row);
  for (uint32_t i = 0; i < run->query->lenses[lens].count && all; i++) {
    const pl_lens_part* part = &run->query->lenses[lens].parts[i];
    all = part->kind != PL_LENS_SAME || passes_trust(run, part, f[REF_C], row);
  }
  return all;
}

const ref_id* ref_shown(ref_run* run, uint32_t lens, const ref_id* row) {
  if (!ref_has_same(run, lens) || (run->shown[lens] && !run->query->lenses[lens].correlated)) {
    return ref_has_same(run, lens) ? run->shown[lens] : NULL;
  }
  const size_t n = run->id_count;
  ref_id* class_of = ref_alloc(&run->arena, n * sizeof(ref_id));
  ref_id* shown = ref_alloc(&run->arena, n * sizeof(ref_id));
  uint32_t* facts = ref_alloc(&run->arena, n * sizeof *facts);  // about it
  bool* left = ref_alloc(&run->arena, n);                       // subject of a link
  ref_rows seen = {0};
  for (ref_id id = 0; id < n; id++) {
    class_of[id] = shown[id] = id;
  }
  for (size_t i = 0; i < run->graph->fact_count; i++) {
    const ref_id* f = run->graph->statements.data[i];
    const uint32_t one = ref_add_new(&run->arena, &seen, f, 3);
    facts[f[REF_S]] += one;
    facts[f[REF_O]] += f[REF_O] == f[REF_S] ? 0 : one;
    const bool link = links(run, lens, f, row);
    left[f[REF_S]] |= link;
    for (ref_id id = 0, from = class_of[f[REF_S]], to = class_of[f[REF_O]]; id < n && link; id++) {
      class_of[id] = class_of[id] == from ? to : class_of[id];
    }
  }
  for (ref_id id = 1; id < n; id++) {
    for (ref_id other = 1; other < n; other++) {
      const ref_id best = shown[id];
      const bool better = left[other] != left[best]     ? left[best]
                          : facts[other] != facts[best] ? facts[other] > facts[best]
                                                        : ref_order(run, other, best) < 0;
      shown[id] = class_of[other] == class_of[id] && better ? other : best;
    }
  }
  return run->shown[lens] = shown;
}
