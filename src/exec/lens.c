// Compiling a lens without variables to a set of passing statements; checking single assertions. See lens.h.
//
// An assertion's validity counts when it has `from` or `until`, its attestation when it has `on`; with several values of one kind one that fits
// is enough. So passing = (no time) + (validity fits) + (attestation fits), all in bitmaps of assertion counters.
#include "exec/lens.h"

#include "exec/classes.h"

#define BATCH 1024  ///< rows read at once

typedef enum time_kind { TIME_FROM, TIME_UNTIL, TIME_ON, TIME_COUNT } time_kind;
static const pl_id time_predicates[TIME_COUNT] = {
    ((uint64_t)PL_TAG_IRI << PL_ID_PAYLOAD_BITS) | PL_KNOWN_FROM,
    ((uint64_t)PL_TAG_IRI << PL_ID_PAYLOAD_BITS) | PL_KNOWN_UNTIL,
    ((uint64_t)PL_TAG_IRI << PL_ID_PAYLOAD_BITS) | PL_KNOWN_ON,
};

static bool time_fits(pl_lens_kind lens, time_kind kind, pl_extent have, pl_extent want) {
  const bool at = lens == PL_LENS_AT;
  switch (kind) {
    case TIME_FROM:
      return at ? have.start_ms <= want.start_ms : have.start_ms < want.end_ms;
    case TIME_UNTIL:
      return at ? have.end_ms >= want.end_ms : have.end_ms > want.start_ms;
    default:
      return time_fits(lens, TIME_FROM, have, want) && time_fits(lens, TIME_UNTIL, have, want);
  }
}

/// Does annotation value `id` satisfy the part?
static pl_status value_fits(pl_run* run, const pl_lens_part* part, const pl_lens_args* args, time_kind kind, pl_id id,
                            bool* fits) {
  pl_value value;
  PL_TRY(pl_termpool_value(run->pool, id, &value));
  if (part->kind == PL_LENS_TRUST) {
    *fits = pl_value_compare(PL_CMP_GE, &value, &args->number) == PL_TRUE;
    return PL_OK;
  }
  pl_extent extent;
  *fits = pl_value_extent(&value, &extent) && time_fits(part->kind, kind, extent, args->extent);
  return PL_OK;
}

// ---- bitmaps ------------------------------------------------------------------------------------------------------

/// Assertions with an annotation of one predicate: all of them, and those whose value fits.
typedef struct annotated {
  roaring_bitmap_t* all;
  roaring_bitmap_t* fit;
} annotated;

static void annotated_free(annotated* a) {
  if (a->all) {
    roaring_bitmap_free(a->all);
  }
  if (a->fit) {
    roaring_bitmap_free(a->fit);
  }
  *a = (annotated){NULL, NULL};
}

static pl_status annotated_make(annotated* a) {
  *a = (annotated){roaring_bitmap_create(), roaring_bitmap_create()};
  return a->all && a->fit ? PL_OK : PL_ERR_NOMEM;
}

/// Add the rows read; the verdict on a value is kept while rows repeat it.
static pl_status add_rows(pl_run* run, const pl_lens_part* part, const pl_lens_args* args, time_kind kind,
                          const pl_id* objects, const pl_id* cs, size_t count, annotated* out) {
  uint32_t all[BATCH], fit[BATCH];
  size_t fit_count = 0;
  bool fits = false;
  for (size_t i = 0; i < count; i++) {
    if (i == 0 || objects[i] != objects[i - 1]) {
      PL_TRY(value_fits(run, part, args, kind, objects[i], &fits));
    }
    all[i] = (uint32_t)pl_id_payload(cs[i]);
    if (fits) {
      fit[fit_count++] = all[i];
    }
  }
  roaring_bitmap_add_many(out->all, count, all);
  roaring_bitmap_add_many(out->fit, fit_count, fit);
  return PL_OK;
}

static pl_status walk_predicate(pl_run* run, const pl_lens_part* part, const pl_lens_args* args, time_kind kind,
                                pl_id predicate, annotated* out) {
  pl_id objects[BATCH], cs[BATCH];
  pl_id* const into[4] = {NULL, objects, cs, NULL};
  pl_scan* scan = NULL;
  PL_TRY(annotated_make(out));
  PL_TRY(pl_scan_open(run->txn, PL_ORDER_POC, PL_SCAN_ROWS, NULL, &run->mem, &scan));
  pl_status status = pl_scan_range(scan, &predicate, 1, 0, UINT64_MAX);
  while (status == PL_OK) {
    size_t count = 0;
    status = pl_guard_check(run->guard, run->err);
    if (status == PL_OK) {
      status = pl_scan_fill(scan, into, BATCH, &count);
    }
    if (status != PL_OK || count == 0) {
      break;
    }
    status = add_rows(run, part, args, kind, objects, cs, count, out);
  }
  pl_scan_close(scan);
  return status;
}

/// bits = bits without those that have the annotation and do not fit.
static void drop_unfit(roaring_bitmap_t* bits, const annotated* a) {
  roaring_bitmap_t* unfit = roaring_bitmap_andnot(a->all, a->fit);
  roaring_bitmap_andnot_inplace(bits, unfit);
  roaring_bitmap_free(unfit);
}

static pl_status part_time(pl_run* run, const pl_lens_part* part, const pl_lens_args* args, roaring_bitmap_t* bits) {
  annotated times[TIME_COUNT] = {{NULL, NULL}};
  pl_status status = PL_OK;
  for (int k = 0; k < TIME_COUNT && status == PL_OK; k++) {
    status = walk_predicate(run, part, args, (time_kind)k, time_predicates[k], &times[k]);
  }
  if (status == PL_OK) {
    roaring_bitmap_t* timed = roaring_bitmap_or(times[TIME_FROM].all, times[TIME_UNTIL].all);
    roaring_bitmap_t* valid = roaring_bitmap_copy(timed);
    drop_unfit(valid, &times[TIME_FROM]);
    drop_unfit(valid, &times[TIME_UNTIL]);
    roaring_bitmap_or_inplace(valid, times[TIME_ON].fit);
    roaring_bitmap_or_inplace(timed, times[TIME_ON].all);
    roaring_bitmap_andnot_inplace(timed, valid);  // timed, and nothing fits
    roaring_bitmap_andnot_inplace(bits, timed);
    roaring_bitmap_free(timed);
    roaring_bitmap_free(valid);
  }
  for (int k = 0; k < TIME_COUNT; k++) {
    annotated_free(&times[k]);
  }
  return status;
}

static pl_status part_trust(pl_run* run, const pl_lens_part* part, const pl_lens_args* args, roaring_bitmap_t* bits) {
  annotated confident = {NULL, NULL};
  const pl_status status = walk_predicate(run, part, args, TIME_FROM, PL_KNOWN(CONFIDENCE), &confident);
  if (status == PL_OK) {
    drop_unfit(bits, &confident);
  }
  annotated_free(&confident);
  return status;
}

/// Add the assertions whose source is `source`.
static pl_status add_source(pl_run* run, pl_scan* scan, pl_id source, roaring_bitmap_t* bits) {
  const pl_id prefix[2] = {PL_KNOWN(SOURCE), source};
  pl_id cs[BATCH];
  uint32_t counters[BATCH];
  pl_id* const into[4] = {NULL, NULL, cs, NULL};
  PL_TRY(pl_scan_range(scan, prefix, 2, 0, UINT64_MAX));
  for (;;) {
    size_t count = 0;
    PL_TRY(pl_guard_check(run->guard, run->err));
    PL_TRY(pl_scan_fill(scan, into, BATCH, &count));
    for (size_t i = 0; i < count; i++) {
      counters[i] = (uint32_t)pl_id_payload(cs[i]);
    }
    if (count == 0) {
      return PL_OK;
    }
    roaring_bitmap_add_many(bits, count, counters);
  }
}

static pl_status part_according(pl_run* run, const pl_lens_part* part, const pl_lens_args* args,
                                roaring_bitmap_t* bits) {
  roaring_bitmap_t* sourced = roaring_bitmap_create();
  if (!sourced) {
    return PL_ERR_NOMEM;
  }
  pl_scan* scan = NULL;
  pl_status status = pl_scan_open(run->txn, PL_ORDER_POC, PL_SCAN_ROWS, NULL, &run->mem, &scan);
  for (size_t i = 0; i < args->sources.count && status == PL_OK; i++) {
    status = add_source(run, scan, args->sources.data[i], sourced);
  }
  pl_scan_close(scan);
  if (part->negated) {
    roaring_bitmap_andnot_inplace(bits, sourced);
  } else {
    roaring_bitmap_and_inplace(bits, sourced);
  }
  roaring_bitmap_free(sourced);
  return status;
}

/// Largest assertion counter in use, by bisection.
static pl_status counter_max(pl_run* run, uint32_t* max) {
  pl_scan* scan = NULL;
  PL_TRY(pl_scan_open(run->txn, PL_ORDER_CSPO, PL_SCAN_ROWS, NULL, &run->mem, &scan));
  uint64_t low = 0, high = UINT32_MAX;  // some counter is > low, or none is; none is > high
  pl_status status = PL_OK;
  while (low < high && status == PL_OK) {
    const uint64_t middle = low + (high - low) / 2;
    pl_id c = 0;
    pl_id* const into[4] = {&c, NULL, NULL, NULL};
    size_t count = 0;
    status = pl_scan_range(scan, NULL, 0, pl_id_make(PL_TAG_ASSERTION, middle + 1), pl_tag_end(PL_TAG_ASSERTION) - 1);
    if (status == PL_OK) {
      status = pl_scan_fill(scan, into, 1, &count);
    }
    if (count) {
      low = pl_id_payload(c);
    } else {
      high = middle;
    }
  }
  pl_scan_close(scan);
  *max = (uint32_t)low;
  return status;
}

// ---- one assertion ------------------------------------------------------------------------------------------------

/// Summary of c's annotations of one predicate: has some, and has one that fits.
static pl_status check_values(pl_run* run, const pl_lens_part* part, const pl_lens_args* args, time_kind kind,
                              pl_scan* scan, pl_id c, pl_id predicate, bool* has, bool* fits) {
  const pl_id prefix[2] = {c, predicate};
  *has = *fits = false;
  PL_TRY(pl_scan_range(scan, prefix, 2, 0, UINT64_MAX));
  for (;;) {
    pl_id objects[8];
    pl_id* const into[4] = {NULL, NULL, objects, NULL};
    size_t count = 0;
    PL_TRY(pl_scan_fill(scan, into, PL_COUNT_OF(objects), &count));
    for (size_t i = 0; i < count; i++) {
      bool one = false;
      if (part->kind == PL_LENS_ACCORDING) {
        one = pl_ids_have(&args->sources, objects[i]);
      } else {
        PL_TRY(value_fits(run, part, args, kind, objects[i], &one));
      }
      *has = true;
      *fits |= one;
    }
    if (count == 0) {
      return PL_OK;
    }
  }
}

static pl_status check_time(pl_run* run, const pl_lens_part* part, const pl_lens_args* args, pl_scan* scan, pl_id c,
                            bool* passes) {
  bool has[TIME_COUNT], fits[TIME_COUNT];
  for (int k = 0; k < TIME_COUNT; k++) {
    PL_TRY(check_values(run, part, args, (time_kind)k, scan, c, time_predicates[k], &has[k], &fits[k]));
  }
  const bool timed = has[TIME_FROM] || has[TIME_UNTIL];
  const bool valid = timed && (!has[TIME_FROM] || fits[TIME_FROM]) && (!has[TIME_UNTIL] || fits[TIME_UNTIL]);
  *passes = (!timed && !has[TIME_ON]) || valid || fits[TIME_ON];
  return PL_OK;
}

pl_status pl_lens_check(pl_run* run, const pl_lens_part* part, const pl_lens_args* args, pl_scan* cpo, pl_scan* spo,
                        pl_id c, bool* passes) {
  pl_scan* scan = pl_id_tag(c) == PL_TAG_ASSERTION ? cpo : spo;
  bool has = false, fits = false;
  *passes = false;
  if (args->null) {
    return PL_OK;
  }
  if (c == PL_ID_NULL) {
    *passes = part->kind != PL_LENS_ACCORDING || part->negated;
    return PL_OK;
  }
  switch (part->kind) {
    case PL_LENS_AT:
    case PL_LENS_DURING:
      return check_time(run, part, args, scan, c, passes);
    case PL_LENS_TRUST:
      PL_TRY(check_values(run, part, args, TIME_FROM, scan, c, PL_KNOWN(CONFIDENCE), &has, &fits));
      *passes = !has || fits;
      return PL_OK;
    case PL_LENS_ACCORDING:
      PL_TRY(check_values(run, part, args, TIME_FROM, scan, c, PL_KNOWN(SOURCE), &has, &fits));
      fits |= scan == spo && pl_ids_have(&args->sources, c);
      *passes = fits != part->negated;
      return PL_OK;
    default:
      *passes = true;
      return PL_OK;
  }
}

pl_status pl_lens_confident(pl_run* run, const pl_lens_args* args, pl_scan* cpo, pl_scan* spo, pl_id c, bool* passes) {
  static const pl_lens_part trust = {.kind = PL_LENS_TRUST};
  static const pl_value certain = {.kind = PL_VALUE_INTEGER, .integer = 1};
  bool has = false, fits = false;
  *passes = false;
  if (args->null) {
    return PL_OK;
  }
  if (c != PL_ID_NULL) {
    pl_scan* scan = pl_id_tag(c) == PL_TAG_ASSERTION ? cpo : spo;
    PL_TRY(check_values(run, &trust, args, TIME_FROM, scan, c, PL_KNOWN(CONFIDENCE), &has, &fits));
  }
  *passes = has ? fits : pl_value_compare(PL_CMP_GE, &certain, &args->number) == PL_TRUE;
  return PL_OK;
}

// ---- arguments ----------------------------------------------------------------------------------------------------

void pl_lens_args_set(const pl_lens_part* part, const pl_value* low, const pl_value* high, pl_lens_args* out) {
  if (part->kind == PL_LENS_TRUST || part->kind == PL_LENS_SAME) {
    out->number = *low;
    out->null = low->kind < PL_VALUE_INTEGER || low->kind > PL_VALUE_DOUBLE;
    return;
  }
  pl_extent end;
  out->null = !pl_value_extent(low, &out->extent);
  if (!out->null && high) {
    out->null = !pl_value_extent(high, &end);
    out->extent.end_ms = end.end_ms;
  }
}

uint32_t pl_lens_part_number(const pl_query* query, uint32_t lens, uint32_t part) {
  uint32_t number = part;
  for (uint32_t i = 0; i < lens; i++) {
    number += query->lenses[i].count;
  }
  return number;
}

static pl_status eval_const(pl_run* run, const pl_program* program, pl_value* out) {
  pl_id id = PL_ID_NULL;
  *out = (pl_value){.kind = PL_VALUE_NULL};
  PL_TRY(pl_program_eval_const(program, &run->eval, &id));
  return id ? pl_termpool_value(run->pool, id, out) : PL_OK;
}

/// Values of the first variable of `according to ( pattern )`.
static pl_status run_pattern(pl_run* run, const pl_lens_plan* plan, pl_slot slot, pl_ids* out) {
  pl_op* op = run->ops[plan->root->index];
  if (!op) {
    PL_TRY(pl_op_open(run, plan->root, &op));
  }
  PL_TRY(pl_op_rewind(op));
  for (;;) {
    pl_chunk* chunk = NULL;
    const pl_status status = pl_op_next(op, &chunk);
    if (status != PL_OK) {
      return status == PL_DONE ? PL_OK : status;
    }
    for (uint32_t i = 0; i < chunk->selected; i++) {
      const pl_id id = pl_chunk_id(chunk, slot, pl_chunk_row(chunk, i));
      PL_TRY(id ? pl_vec_push(&run->mem, out, id) : PL_OK);
    }
  }
}

static bool is_threshold(const pl_value* value) {
  const double x = value->kind == PL_VALUE_INTEGER   ? (double)value->integer
                   : value->kind == PL_VALUE_DECIMAL ? pl_decimal_to_double(value->decimal)
                   : value->kind == PL_VALUE_DOUBLE  ? value->real
                                                     : -1;
  return x >= 0 && x <= 1;
}

static pl_status args_of(pl_run* run, const pl_lens_part* part, const pl_lens_plan* plan, pl_lens_args* out) {
  if (part->kind == PL_LENS_ACCORDING) {
    for (uint32_t i = 0; i < part->source_count; i++) {
      PL_TRY(pl_const_add(run, &part->sources[i], &out->sources));
    }
    PL_TRY(plan->root ? run_pattern(run, plan, part->pattern_slot, &out->sources) : PL_OK);
    return pl_ids_unique(run, &out->sources);
  }
  pl_value low, high;
  PL_TRY(eval_const(run, plan->low, &low));
  PL_TRY(plan->high ? eval_const(run, plan->high, &high) : PL_OK);
  pl_lens_args_set(part, &low, plan->high ? &high : NULL, out);
  const bool threshold = part->kind == PL_LENS_TRUST || part->kind == PL_LENS_SAME;
  if (threshold ? is_threshold(&low) : !out->null) {
    return PL_OK;
  }
  const pl_source source = {.name = "query", .text = run->plan->query->text};
  return pl_fail_at(run->err, &source, part->span, PL_MSG_LENS_ARGUMENT,
                    part->kind == PL_LENS_TRUST  ? "trust"
                    : part->kind == PL_LENS_SAME ? "same"
                    : part->kind == PL_LENS_AT   ? "at"
                                                 : "during",
                    threshold ? "a number from 0 to 1" : "a date or an interval");
}

pl_status pl_lens_args_const(pl_run* run, uint32_t number, pl_lens_args* out) {
  const pl_query* query = run->plan->query;
  const pl_lens* lens = &query->lenses[number];
  for (uint32_t i = 0; i < lens->count; i++) {
    PL_TRY(args_of(run, &lens->parts[i], &run->plan->lens_parts[pl_lens_part_number(query, number, i)], &out[i]));
  }
  return PL_OK;
}

// ---- the whole lens -----------------------------------------------------------------------------------------------

static pl_status add_graphs(pl_run* run, const pl_lens* lens, const pl_lens_args* args, pl_lens_state* state) {
  pl_ids graphs = {0};
  pl_scan* spo = NULL;
  pl_status status = pl_graphs_list(run, &graphs);
  if (status == PL_OK && graphs.count) {
    status = pl_scan_open(run->txn, PL_ORDER_SPO, PL_SCAN_FACTS, NULL, &run->mem, &spo);
  }
  for (size_t g = 0; g < graphs.count && status == PL_OK; g++) {
    bool passes = true;
    status = pl_guard_check(run->guard, run->err);
    for (uint32_t i = 0; i < lens->count && passes && status == PL_OK; i++) {
      status = pl_lens_check(run, &lens->parts[i], &args[i], NULL, spo, graphs.data[g], &passes);
    }
    if (status == PL_OK && passes) {
      status = pl_vec_push(&run->mem, &state->graphs, graphs.data[g]);
    }
  }
  pl_scan_close(spo);
  pl_vec_free(&run->mem, &graphs);
  return status;
}

static pl_status apply_part(pl_run* run, const pl_lens_part* part, const pl_lens_args* args, roaring_bitmap_t* bits) {
  switch (part->kind) {
    case PL_LENS_AT:
    case PL_LENS_DURING:
      return part_time(run, part, args, bits);
    case PL_LENS_TRUST:
      return part_trust(run, part, args, bits);
    case PL_LENS_ACCORDING:
      return part_according(run, part, args, bits);
    default:
      return PL_OK;
  }
}

/// Under identity a source stands for its class.
static pl_status widen_sources(pl_run* run, uint32_t number, pl_lens_args* args) {
  const pl_classes* classes = NULL;
  PL_TRY(pl_run_classes(run, number, &classes));
  for (uint32_t i = 0; classes && i < run->plan->query->lenses[number].count; i++) {
    PL_TRY(pl_classes_widen(run, classes, &args[i].sources));
  }
  return PL_OK;
}

static pl_status compute(pl_run* run, uint32_t number, const pl_lens* lens, pl_lens_args* args, pl_lens_state* state) {
  uint32_t max = 0;
  PL_TRY(counter_max(run, &max));
  state->bits = max ? roaring_bitmap_from_range(1, (uint64_t)max + 1, 1) : roaring_bitmap_create();
  if (!state->bits) {
    return PL_ERR_NOMEM;
  }
  state->pass.plain = true;
  PL_TRY(pl_lens_args_const(run, number, args));
  PL_TRY(widen_sources(run, number, args));
  for (uint32_t i = 0; i < lens->count; i++) {
    const pl_lens_part* part = &lens->parts[i];
    PL_TRY(apply_part(run, part, &args[i], state->bits));
    state->pass.plain &= part->kind != PL_LENS_ACCORDING || part->negated;
  }
  PL_TRY(add_graphs(run, lens, args, state));
  state->pass.assertions = state->bits;
  state->pass.graphs = state->graphs.data;
  state->pass.graph_count = state->graphs.count;
  state->ready = true;
  return PL_OK;
}

bool pl_lens_restricts(const pl_query* query, uint32_t lens) {
  for (uint32_t i = 0; lens != PL_LENS_NONE && i < query->lenses[lens].count; i++) {
    if (query->lenses[lens].parts[i].kind != PL_LENS_SAME) {
      return true;
    }
  }
  return false;
}

pl_status pl_lens_pass(pl_run* run, uint32_t number, const pl_pass** out) {
  pl_lens_state* state = &run->lenses[number];
  *out = NULL;
  if (!pl_lens_restricts(run->plan->query, number)) {
    return PL_OK;
  }
  *out = &state->pass;
  if (state->ready) {
    return PL_OK;
  }
  const pl_lens* lens = &run->plan->query->lenses[number];
  pl_lens_args* args = PL_ARENA_ARRAY(&run->arena, pl_lens_args, lens->count + 1);
  if (!args) {
    return pl_run_nomem(run);
  }
  const pl_status status = compute(run, number, lens, args, state);
  for (uint32_t i = 0; i < lens->count; i++) {
    pl_vec_free(&run->mem, &args[i].sources);
  }
  return status;
}

void pl_lens_free(pl_run* run) {
  for (uint32_t i = 0; run->lenses && i < run->plan->query->lens_count; i++) {
    if (run->lenses[i].bits) {
      roaring_bitmap_free(run->lenses[i].bits);
    }
    pl_vec_free(&run->mem, &run->lenses[i].graphs);
  }
}
