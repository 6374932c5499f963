// Arguments of lenses, and single assertions checked against them. See lens.h; whole lenses are compiled in lens_compile.c.
//
// An assertion's validity counts when it has `from` or `until`, its attestation when it has `on`; with several values of one kind one that fits
// is enough. So passing = (no time) + (validity fits) + (attestation fits).
#include "exec/lens_internal.h"

const pl_id pl_lens_time_predicates[PL_TIME_COUNT] = {
    ((uint64_t)PL_TAG_IRI << PL_ID_PAYLOAD_BITS) | PL_KNOWN_FROM,
    ((uint64_t)PL_TAG_IRI << PL_ID_PAYLOAD_BITS) | PL_KNOWN_UNTIL,
    ((uint64_t)PL_TAG_IRI << PL_ID_PAYLOAD_BITS) | PL_KNOWN_ON,
};

static bool time_fits(pl_lens_kind lens, pl_lens_time kind, pl_extent have, pl_extent want) {
  const bool at = lens == PL_LENS_AT;
  switch (kind) {
    case PL_TIME_FROM:
      return at ? have.start_ms <= want.start_ms : have.start_ms < want.end_ms;
    case PL_TIME_UNTIL:
      return at ? have.end_ms >= want.end_ms : have.end_ms > want.start_ms;
    default:
      return time_fits(lens, PL_TIME_FROM, have, want) && time_fits(lens, PL_TIME_UNTIL, have, want);
  }
}

pl_status pl_lens_value_fits(pl_run* run, const pl_lens_part* part, const pl_lens_args* args, pl_lens_time kind,
                             pl_id id, bool* fits) {
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

// ---- one assertion ------------------------------------------------------------------------------------------------

/// Summary of c's annotations of one predicate: has some, and has one that fits.
static pl_status check_values(pl_run* run, const pl_lens_part* part, const pl_lens_args* args, pl_lens_time kind,
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
        PL_TRY(pl_lens_value_fits(run, part, args, kind, objects[i], &one));
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
  bool has[PL_TIME_COUNT], fits[PL_TIME_COUNT];
  for (int k = 0; k < PL_TIME_COUNT; k++) {
    PL_TRY(check_values(run, part, args, (pl_lens_time)k, scan, c, pl_lens_time_predicates[k], &has[k], &fits[k]));
  }
  const bool timed = has[PL_TIME_FROM] || has[PL_TIME_UNTIL];
  const bool valid =
      timed && (!has[PL_TIME_FROM] || fits[PL_TIME_FROM]) && (!has[PL_TIME_UNTIL] || fits[PL_TIME_UNTIL]);
  *passes = (!timed && !has[PL_TIME_ON]) || valid || fits[PL_TIME_ON];
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
      PL_TRY(check_values(run, part, args, PL_TIME_FROM, scan, c, PL_KNOWN(CONFIDENCE), &has, &fits));
      *passes = !has || fits;
      return PL_OK;
    case PL_LENS_ACCORDING:
      PL_TRY(check_values(run, part, args, PL_TIME_FROM, scan, c, PL_KNOWN(SOURCE), &has, &fits));
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
    PL_TRY(check_values(run, &trust, args, PL_TIME_FROM, scan, c, PL_KNOWN(CONFIDENCE), &has, &fits));
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

bool pl_lens_restricts(const pl_query* query, uint32_t lens) {
  for (uint32_t i = 0; lens != PL_LENS_NONE && i < query->lenses[lens].count; i++) {
    if (query->lenses[lens].parts[i].kind != PL_LENS_SAME) {
      return true;
    }
  }
  return false;
}
