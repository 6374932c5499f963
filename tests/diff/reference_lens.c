/// Lenses: which assertions count, and which nodes are one.
#include "reference.h"

/// Values of a predicate of c: annotations of an assertion, facts about a named graph.
typedef bool (*fits_fn)(ref_run* run, ref_id value, const void* want);
static void look(ref_run* run, ref_id c, const char* predicate, fits_fn fits, const void* want, bool* has, bool* fit) {
  const bool assertion = ref_entry_of(run, c)->term.kind == PL_TERM_ASSERTION;
  const ref_statements* list = assertion ? &run->graph->annotations : &run->graph->facts;
  const ref_id p = ref_known(run, predicate);
  *has = *fit = false;
  for (size_t i = 0; i < list->count; i++) {
    if (list->data[i].s == c && list->data[i].p == p) {
      *has = true;
      *fit |= fits(run, list->data[i].o, want);
    }
  }
}

// ---- the parts ----------------------------------------------------------------------------------------------------

typedef struct span {
  pl_extent extent;
  bool at;
} span;
static bool fits_from(ref_run* run, ref_id value, const void* want) {
  const span* s = want;
  pl_extent have;
  return pl_value_extent(&ref_entry_of(run, value)->value, &have) &&
         (s->at ? have.start_ms <= s->extent.start_ms : have.start_ms < s->extent.end_ms);
}
static bool fits_until(ref_run* run, ref_id value, const void* want) {
  const span* s = want;
  pl_extent have;
  return pl_value_extent(&ref_entry_of(run, value)->value, &have) &&
         (s->at ? have.end_ms >= s->extent.end_ms : have.end_ms > s->extent.start_ms);
}
static bool fits_on(ref_run* run, ref_id value, const void* want) {
  return fits_from(run, value, want) && fits_until(run, value, want);
}
static bool fits_trust(ref_run* run, ref_id value, const void* want) {
  return pl_value_compare(PL_CMP_GE, &ref_entry_of(run, value)->value, want) == PL_TRUE;
}
static bool fits_source(ref_run* run, ref_id value, const void* want) {
  (void)run;
  for (const ref_id* source = want; *source; source++) {
    if (*source == value) {
      return true;
    }
  }
  return false;
}

static bool passes_time(ref_run* run, const pl_lens_part* part, ref_id c, const ref_id* row) {
  const ref_id low = ref_eval(run, part->low, row), high = part->high ? ref_eval(run, part->high, row) : low;
  span want = {.at = part->kind == PL_LENS_AT};
  pl_extent last;
  if (!low || !high || !pl_value_extent(&ref_entry_of(run, low)->value, &want.extent) ||
      !pl_value_extent(&ref_entry_of(run, high)->value, &last)) {
    return false;
  }
  want.extent.end_ms = last.end_ms;
  if (c == 0) {
    return true;
  }
  bool has_from, has_until, has_on, from, until, on;
  look(run, c, "from", fits_from, &want, &has_from, &from);
  look(run, c, "until", fits_until, &want, &has_until, &until);
  look(run, c, "on", fits_on, &want, &has_on, &on);
  const bool valid = (has_from || has_until) && (!has_from || from) && (!has_until || until);
  return (!has_from && !has_until && !has_on) || valid || on;
}

static bool passes_trust(ref_run* run, const pl_lens_part* part, ref_id c, const ref_id* row) {
  const ref_id low = ref_eval(run, part->low, row);
  const pl_value number = ref_entry_of(run, low)->value;
  bool has = false, fit = false;
  if (low == 0 || number.kind < PL_VALUE_INTEGER || number.kind > PL_VALUE_DOUBLE) {
    return false;
  }
  if (c) {
    look(run, c, "confidence", fits_trust, &number, &has, &fit);
  }
  return !has || fit;
}

/// The sources, ended by 0; NULL if one of them is null.
static const ref_id* sources_of(ref_run* run, const pl_lens_part* part, const ref_id* row) {
  ref_rows found = {0};
  if (part->pattern) {
    ref_id* start = ref_copy(run, row);
    for (uint32_t i = 0; i < run->query->slot_count; i++) {
      start[i] = REF_UNBOUND;
    }
    ref_group(run, &part->pattern->group, start, &found);
  }
  ref_id* out = ref_alloc(&run->arena, (found.count + part->source_count + 1) * sizeof(ref_id));
  size_t count = 0;
  for (size_t i = 0; i < found.count; i++) {
    const ref_id id = found.data[i][part->pattern_slot];
    if (id && id != REF_UNBOUND) {
      out[count++] = id;
    }
  }
  for (uint32_t i = 0; i < part->source_count; i++) {
    const pl_ref* ref = &part->sources[i];
    const ref_id id = ref->kind == PL_REF_SLOT ? row[ref->index] : run->terms[ref->index];
    if (id == 0 || id == REF_UNBOUND) {
      return NULL;
    }
    out[count++] = id;
  }
  return out;
}

static bool passes_source(ref_run* run, const pl_lens_part* part, ref_id c, const ref_id* row) {
  const ref_id* sources = sources_of(run, part, row);
  bool has = false, fit = false;
  if (!sources) {
    return false;
  }
  if (c) {
    look(run, c, "source", fits_source, sources, &has, &fit);
    fit |= ref_entry_of(run, c)->term.kind != PL_TERM_ASSERTION && fits_source(run, c, sources);
  }
  return fit != part->negated;
}

static bool passes(ref_run* run, const pl_lens* lens, ref_id c, const ref_id* row) {
  bool all = true;
  for (uint32_t i = 0; i < lens->count && all; i++) {
    const pl_lens_part* part = &lens->parts[i];
    switch (part->kind) {
      case PL_LENS_TRUST:
        all = passes_trust(run, part, c, row);
        break;
      case PL_LENS_ACCORDING:
        all = passes_source(run, part, c, row);
        break;
      case PL_LENS_SAME:
        break;
      default:
        all = passes_time(run, part, c, row);
    }
  }
  return all;
}

bool ref_passes(ref_run* run, uint32_t lens, ref_id c, const ref_id* row) {
  if (lens == PL_LENS_NONE) {
    return true;
  }
  const pl_lens* l = &run->query->lenses[lens];
  if (l->correlated) {
    return passes(run, l, c, row);
  }
  if (!run->passes[lens]) {
    run->passes[lens] = ref_alloc(&run->arena, run->id_count);
  }
  uint8_t* known = &run->passes[lens][c];
  if (!*known) {
    *known = passes(run, l, c, row) ? 2 : 1;
  }
  return *known == 2;
}

static bool waits_for(const pl_expr* expr, const ref_id* row) {
  if (!expr || expr->kind == PL_EXPR_SLOT) {
    return expr && row[expr->index] == REF_UNBOUND;
  }
  for (uint32_t i = 0; expr->kind == PL_EXPR_CALL && i < expr->arg_count; i++) {
    if (waits_for(expr->args[i], row)) {
      return true;
    }
  }
  return false;
}

bool ref_lens_waits(ref_run* run, uint32_t lens, const ref_id* row) {
  for (uint32_t i = 0; lens != PL_LENS_NONE && i < run->query->lenses[lens].count; i++) {
    const pl_lens_part* part = &run->query->lenses[lens].parts[i];
    if (waits_for(part->low, row) || waits_for(part->high, row)) {
      return true;
    }
    for (uint32_t k = 0; k < part->source_count; k++) {
      if (part->sources[k].kind == PL_REF_SLOT && row[part->sources[k].index] == REF_UNBOUND) {
        return true;
      }
    }
  }
  return false;
}

// ---- identity -----------------------------------------------------------------------------------------------------

static uint32_t fact_count(const ref_run* run, ref_id node) {
  const ref_statements* facts = &run->graph->facts;
  uint32_t count = 0;
  for (size_t i = 0; i < facts->count; i++) {
    const ref_statement* f = &facts->data[i];
    bool repeated = false;
    for (size_t k = 0; k < i; k++) {
      repeated |= facts->data[k].s == f->s && facts->data[k].p == f->p && facts->data[k].o == f->o;
    }
    count += !repeated && (f->s == node || f->o == node);
  }
  return count;
}

/// Should `a` be shown rather than `b` of the same class?
static bool better(const ref_run* run, const bool* left, ref_id a, ref_id b) {
  if (left[a] != left[b]) {
    return !left[a];
  }
  const uint32_t x = fact_count(run, a), y = fact_count(run, b);
  return x != y ? x > y : ref_order(run, a, b) < 0;
}

/// Is a same_as statement by c confident enough?
static bool followed(ref_run* run, const pl_lens* lens, ref_id c, const ref_id* row) {
  bool all = true;
  for (uint32_t i = 0; i < lens->count; i++) {
    all &= lens->parts[i].kind != PL_LENS_SAME || passes_trust(run, &lens->parts[i], c, row);
  }
  return all;
}

const ref_id* ref_shown(ref_run* run, uint32_t lens, const ref_id* row) {
  bool same = false;
  for (uint32_t i = 0; lens != PL_LENS_NONE && i < run->query->lenses[lens].count; i++) {
    same |= run->query->lenses[lens].parts[i].kind == PL_LENS_SAME;
  }
  if (!same || (run->shown[lens] && !run->query->lenses[lens].correlated)) {
    return same ? run->shown[lens] : NULL;
  }
  const ref_statements* facts = &run->graph->facts;
  const ref_id own = run->same_as, owl = run->owl_same_as;
  const size_t n = run->id_count;
  ref_id* class_of = ref_alloc(&run->arena, n * sizeof(ref_id));
  ref_id* shown = ref_alloc(&run->arena, n * sizeof(ref_id));
  bool* left = ref_alloc(&run->arena, n);
  for (ref_id id = 0; id < n; id++) {
    class_of[id] = shown[id] = id;
  }
  for (size_t i = 0; i < facts->count; i++) {
    const ref_statement f = facts->data[i];
    if ((f.p != own && f.p != owl) || f.s == f.o || ref_entry_of(run, f.o)->term.kind == PL_TERM_LITERAL ||
        !followed(run, &run->query->lenses[lens], f.c, row) || !ref_passes(run, lens, f.c, row)) {
      continue;
    }
    left[f.s] = true;
    for (ref_id id = 0, from = class_of[f.s], to = class_of[f.o]; id < n; id++) {
      class_of[id] = class_of[id] == from ? to : class_of[id];
    }
  }
  for (ref_id id = 1; id < n; id++) {
    for (ref_id other = 1; other < n; other++) {
      shown[id] = class_of[other] == class_of[id] && better(run, left, other, shown[id]) ? other : shown[id];
    }
  }
  run->shown[lens] = shown;
  return shown;
}
