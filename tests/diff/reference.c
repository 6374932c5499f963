/// Groups and clauses.
#include "reference.h"

// ---- groups -------------------------------------------------------------------------------------------------------

static void settle(const pl_alg* alg, ref_id* row);
static void settle_all(pl_alg* const* parts, uint32_t count, ref_id* row) {
  for (uint32_t i = 0; i < count; i++) {
    settle(parts[i], row);
  }
}

/// What `alg` might have bound and did not is null from now on.
static void settle(const pl_alg* alg, ref_id* row) {
  pl_slot slots[4];
  if (alg->kind == PL_ALG_EITHER) {
    settle_all(alg->either.branches, alg->either.count, row);
  } else if (alg->kind == PL_ALG_GROUP) {
    settle_all(alg->group.required, alg->group.required_count, row);
    settle_all(alg->group.optionals, alg->group.optional_count, row);
  } else {
    (void)ref_slots_of(alg, slots);
    for (int i = 0; i < 4; i++) {
      if (slots[i] != PL_SLOT_NONE && row[slots[i]] == REF_UNBOUND) {
        row[slots[i]] = 0;
      }
    }
  }
}

/// Join the row with the required parts that are left.
static void join(ref_run* run, const ref_flat* f, const ref_id* row, ref_rows* out) {
  if (f->part_count == 0) {
    ref_push(run, out, row);
    return;
  }
  ref_flat rest = *f;
  ref_rows found = {0};
  const size_t turn = ref_turn(run, f, row);
  if (turn == f->part_count) {
    run->skip = "arguments of lenses that wait for each other";
    return;
  }
  memmove(rest.parts + turn, rest.parts + turn + 1, (--rest.part_count - turn) * sizeof rest.parts[0]);
  ref_match(run, f->parts[turn], row, &found);
  for (size_t i = 0; i < found.count && !run->skip; i++) {
    join(run, &rest, found.data[i], out);
  }
}

static bool has_row(ref_run* run, const pl_alg* group, const ref_id* row) {
  ref_rows found = {0};
  ref_group(run, &group->group, row, &found);
  return found.count > 0;
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
      settle(optional, out.data[k]);
    }
  }
  *rows = out;
}

static void mark(ref_run* run, const pl_alg* alg, ref_id* row) {
  const pl_value found = {.kind = PL_VALUE_BOOLEAN, .boolean = has_row(run, alg->mark.group, row)};
  row[alg->mark.slot] = ref_put_value(run, &found);
}

/// Optionals, marks, nots and filters of one group.
static void add_rest(ref_run* run, const pl_alg_group* group, ref_rows* rows) {
  ref_rows out = {0};
  for (size_t k = 0; k < rows->count; k++) {
    settle_all(group->required, group->required_count, rows->data[k]);
  }
  for (uint32_t i = 0; i < group->optional_count; i++) {
    add_optional(run, group->optionals[i], rows);
  }
  for (size_t k = 0; k < rows->count && !run->skip; k++) {
    ref_id* row = rows->data[k];
    bool keep = true;
    for (uint32_t i = 0; i < group->mark_count; i++) {
      mark(run, group->marks[i], row);
    }
    for (uint32_t i = 0; i < group->not_count && keep; i++) {
      keep = !has_row(run, group->nots[i], row);
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

/// Put the group into the place `at` of `f`, and join.
static void resolve(ref_run* run, ref_flat f, size_t at, const pl_alg_group* group, const ref_id* row, ref_rows* out) {
  if (f.part_count + group->required_count > REF_PARTS_MAX || f.rest_count == REF_PARTS_MAX) {
    run->skip = "a large group";
    return;
  }
  memmove(f.parts + at + group->required_count, f.parts + at, (f.part_count - at) * sizeof f.parts[0]);
  memcpy(f.parts + at, group->required, group->required_count * sizeof f.parts[0]);
  f.part_count += group->required_count;
  memmove(f.rests + 1, f.rests, f.rest_count++ * sizeof f.rests[0]);
  f.rests[0] = group;
  for (size_t i = 0; i < f.part_count; i++) {
    const pl_alg* part = f.parts[i];
    if (part->kind == PL_ALG_EITHER) {
      memmove(f.parts + i, f.parts + i + 1, (--f.part_count - i) * sizeof f.parts[0]);
      for (uint32_t b = 0; b < part->either.count && !run->skip; b++) {
        resolve(run, f, i, &part->either.branches[b]->group, row, out);
      }
      return;
    }
  }
  ref_rows rows = {0};
  const uint8_t* outer = run->raw;
  run->raw = ref_raw_slots(run, &f, row);
  join(run, &f, row, &rows);
  run->raw = outer;
  for (size_t i = 0; i < f.rest_count; i++) {
    add_rest(run, f.rests[i], &rows);
  }
  for (size_t i = 0; i < rows.count; i++) {
    ref_push(run, out, rows.data[i]);
  }
}

void ref_group(ref_run* run, const pl_alg_group* group, const ref_id* row, ref_rows* out) {
  resolve(run, (ref_flat){.part_count = 0}, 0, group, row, out);
}

// ---- clauses ------------------------------------------------------------------------------------------------------

/// What a clause works on; NULL if it begins.
static const pl_alg* input_of(const pl_alg* alg) {
  return alg->kind >= PL_ALG_GROUP && alg->kind <= PL_ALG_PROJECT ? alg->filter.input : NULL;  // all have it first
}

/// Rows come in an order that was asked for: an order below clauses that keep it.
static bool is_ordered(const pl_alg* alg) {
  while (alg && (alg->kind == PL_ALG_PROJECT || alg->kind == PL_ALG_SLICE || alg->kind == PL_ALG_PRIOR ||
                 alg->kind == PL_ALG_EXTEND || alg->kind == PL_ALG_FILTER)) {
    alg = input_of(alg);
  }
  return alg && alg->kind == PL_ALG_ORDER;
}

/// The values of some slots, null where they are not bound, moved to others of an empty row.
static ref_id* narrow(ref_run* run, const ref_id* row, const pl_slot* from, const pl_slot* to, uint32_t count) {
  ref_id* out = ref_copy(run, NULL);
  for (uint32_t i = 0; i < count; i++) {
    out[to[i]] = row[from[i]] == REF_UNBOUND ? 0 : row[from[i]];
  }
  return out;
}

static void do_aggregate(ref_run* run, const pl_alg* alg, const ref_rows* in, ref_rows* out) {
  ref_rows* members = ref_alloc(&run->arena, (in->count + 1) * sizeof *members);
  for (size_t i = 0; i < in->count; i++) {
    ref_id* row = ref_copy(run, NULL);
    for (uint32_t k = 0; k < alg->aggregate.key_count; k++) {
      row[alg->aggregate.keys[k].slot] = ref_eval(run, alg->aggregate.keys[k].expr, in->data[i]);
    }
    (void)ref_add_new(&run->arena, out, row, run->query->slot_count);
    size_t g = 0;
    while (memcmp(out->data[g], row, run->query->slot_count * sizeof(ref_id)) != 0) {
      g++;
    }
    ref_push(run, &members[g], in->data[i]);
  }
  if (in->count == 0 && alg->aggregate.key_count == 0) {
    ref_push(run, out, ref_copy(run, NULL));
  }
  for (size_t g = 0; g < out->count && !run->skip; g++) {
    for (uint32_t i = 0; i < alg->aggregate.agg_count; i++) {
      const pl_alg_agg* agg = &alg->aggregate.aggs[i];
      out->data[g][agg->slot] = ref_aggregate(run, agg, alg->aggregate.row_order, &members[g]);
    }
  }
}

static int compare_keys(ref_run* run, const pl_alg* alg, const ref_id* a, const ref_id* b) {
  int c = 0;
  for (uint32_t k = 0; k < alg->order.count && !c; k++) {
    const pl_alg_key* key = &alg->order.keys[k];
    c = ref_order(run, ref_eval(run, key->expr, a), ref_eval(run, key->expr, b)) * (key->descending ? -1 : 1);
  }
  return c;
}

static void do_order(ref_run* run, const pl_alg* alg, const ref_rows* in, ref_rows* out) {
  run->ties = false;
  for (size_t i = 0; i < in->count; i++) {
    ref_push(run, out, in->data[i]);
    for (size_t k = i, done = 0; k > 0 && !done; k--) {
      ref_id *before = out->data[k - 1], *row = out->data[k];
      const int c = compare_keys(run, alg, before, row);
      run->ties |= c == 0 && memcmp(before, row, run->query->slot_count * sizeof(ref_id)) != 0;
      done = c <= 0;
      out->data[k - 1] = done ? before : row;
      out->data[k] = done ? row : before;
    }
  }
}

static size_t number(ref_run* run, const pl_expr* expr) {
  return (size_t)ref_entry_of(run, ref_eval(run, expr, NULL))->value.integer;
}

static void do_slice(ref_run* run, const pl_alg* alg, const ref_rows* in, ref_rows* out) {
  const size_t skip = alg->slice.skip ? number(run, alg->slice.skip) : 0;
  for (size_t i = skip; i < in->count && (!alg->slice.limit || i - skip < number(run, alg->slice.limit)); i++) {
    ref_push(run, out, in->data[i]);
  }
}

static ref_rows clause(ref_run* run, const pl_alg* alg);

static void do_union(ref_run* run, const pl_alg* alg, ref_rows* seen, ref_rows* out) {
  const uint32_t width = alg->union_.slot_count;
  for (uint32_t b = 0; b < alg->union_.count; b++) {
    const ref_rows in = clause(run, alg->union_.branches[b]);
    for (size_t i = 0; i < in.count; i++) {
      ref_id* row = narrow(run, in.data[i], alg->union_.branch_slots + (size_t)b * width, alg->union_.slots, width);
      if (!alg->union_.distinct || ref_add_new(&run->arena, seen, row, run->query->slot_count)) {
        ref_push(run, out, row);
      }
    }
  }
}

/// Clauses that look at one row, or at it and those before.
static void do_row(ref_run* run, const pl_alg* alg, const ref_rows* in, size_t at, ref_rows* seen, ref_rows* out) {
  ref_id *row = ref_copy(run, in->data[at]), list = 0;
  switch (alg->kind) {
    case PL_ALG_GROUP:
      ref_group(run, &alg->group, row, out);
      return;
    case PL_ALG_FILTER:
      row = ref_true(run, alg->filter.expr, row) ? row : NULL;
      break;
    case PL_ALG_MARK:
      mark(run, alg, row);
      break;
    case PL_ALG_EXTEND:
      for (uint32_t k = 0; k < alg->extend.count; k++) {
        row[alg->extend.items[k].slot] = ref_eval(run, alg->extend.items[k].expr, row);
      }
      break;
    case PL_ALG_PRIOR:
      for (uint32_t k = 0; k < alg->prior.count; k++) {
        row[alg->prior.items[k].slot] = at ? ref_eval(run, alg->prior.items[k].expr, in->data[at - 1]) : 0;
      }
      break;
    case PL_ALG_UNNEST:
      list = ref_eval(run, alg->unnest.expr, row);
      for (size_t k = 0; ref_entry_of(run, list)->kind == REF_LIST && k < ref_entry_of(run, list)->count; k++) {
        row[alg->unnest.slot] = ref_entry_of(run, list)->items[k];
        ref_push(run, out, row);
      }
      return;
    case PL_ALG_DISTINCT: {
      const ref_id* key = narrow(run, row, alg->distinct.slots, alg->distinct.slots, alg->distinct.count);
      row = ref_add_new(&run->arena, seen, key, run->query->slot_count) ? row : NULL;
      break;
    }
    case PL_ALG_PROJECT:
      row = narrow(run, row, alg->project.slots, alg->project.slots, alg->project.count);
      break;
    default:
      run->skip = alg->kind == PL_ALG_UNIT ? NULL : "an unknown clause";
  }
  if (row) {
    ref_push(run, out, row);
  }
}

static ref_rows clause(ref_run* run, const pl_alg* alg) {
  ref_rows in = {0}, out = {0}, seen = {0};
  if (input_of(alg)) {
    in = clause(run, input_of(alg));
  } else {
    ref_push(run, &in, ref_copy(run, NULL));
  }
  const bool reads_order = alg->kind == PL_ALG_SLICE || alg->kind == PL_ALG_PRIOR ||
                           (alg->kind == PL_ALG_AGGREGATE && alg->aggregate.row_order);
  if ((run->ties && reads_order) || (alg->kind == PL_ALG_SLICE && !is_ordered(alg))) {
    run->skip = "an order that leaves a choice";
  }
  run->ties |= alg->kind == PL_ALG_UNNEST && in.count > 1 && !is_ordered(alg->unnest.input);
  switch (alg->kind) {
    case PL_ALG_AGGREGATE:
      do_aggregate(run, alg, &in, &out);
      break;
    case PL_ALG_ORDER:
      do_order(run, alg, &in, &out);
      break;
    case PL_ALG_SLICE:
      do_slice(run, alg, &in, &out);
      break;
    case PL_ALG_UNION:
      do_union(run, alg, &seen, &out);
      break;
    default:
      for (size_t i = 0; i < in.count && !run->skip; i++) {
        do_row(run, alg, &in, i, &seen, &out);
      }
  }
  return out;
}

const char* ref_answer(ref_run* run, ref_graph* graph, const pl_query* query, const pl_term* params, ref_rows* out,
                       bool* ordered) {
  *run = (ref_run){.graph = graph, .query = query, .entry_count = graph->entry_count};
  *out = (ref_rows){0};
  pl_arena_init(&run->arena, &graph->mem);
  run->terms = ref_alloc(&run->arena, query->term_count * sizeof(ref_id));
  run->params = ref_alloc(&run->arena, query->param_count * sizeof(ref_id));
  for (uint32_t i = 0; i < query->term_count; i++) {
    run->terms[i] = ref_put(graph, &query->terms[i]);
  }
  for (uint32_t i = 0; i < query->param_count; i++) {
    run->params[i] = ref_put(graph, &params[i]);
  }
  run->id_count = graph->entry_count;
  run->passes = ref_alloc(&run->arena, query->lens_count * sizeof(uint8_t*));
  run->shown = ref_alloc(&run->arena, query->lens_count * sizeof(ref_id*));
  if ((query->kind != PL_QUERY_ROWS && query->kind != PL_QUERY_EXISTS) || query->graph) {
    return "another kind of query";
  }
  const ref_rows all = clause(run, query->root);
  *ordered = is_ordered(query->root) && !run->ties;
  for (size_t i = 0; i < all.count; i++) {
    ref_id* row = ref_alloc(&run->arena, query->column_count * sizeof(ref_id));
    for (uint32_t c = 0; c < query->column_count; c++) {
      row[c] = all.data[i][query->columns[c].slot];
    }
    ref_add(&run->arena, out, row, query->column_count);
  }
  return run->skip;
}

void ref_run_free(ref_run* run) {
  run->graph->entry_count = run->entry_count;
  pl_arena_free(&run->arena);
}
