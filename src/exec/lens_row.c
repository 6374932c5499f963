// A lens with variables, for one row at a time: see lens_row.h.
#include "exec/lens_row.h"

static const pl_lens* lens_of(const pl_lens_row* row) { return &row->op->run->plan->query->lenses[row->plan->lens]; }

pl_status pl_lens_row_make(pl_planner* planner, pl_node* input, uint32_t lens, pl_lens_row_plan* plan, pl_node** inputs,
                           uint32_t* count) {
  const pl_lens* l = &planner->query->lenses[lens];
  plan->lens = lens;
  plan->arguments = PL_ARENA_ARRAY(planner->arena, pl_node*, l->count + 1);
  plan->inputs = PL_ARENA_ARRAY(planner->arena, uint32_t, l->count + 1);
  if (!plan->arguments || !plan->inputs) {
    return pl_planner_nomem(planner);
  }
  for (uint32_t i = 0; i < l->count; i++) {
    if (l->parts[i].pattern) {
      PL_TRY(pl_plan_nested(planner, l->parts[i].pattern, input, &plan->arguments[i], &inputs[*count]));
      plan->inputs[i] = (*count)++;
    }
  }
  return PL_OK;
}

pl_status pl_lens_row_prune(pl_planner* planner, pl_node* node, const pl_lens_row_plan* plan, pl_slots uses) {
  pl_slots_of_lens(planner->query, plan->lens, uses);
  for (uint32_t i = 1; i < node->input_count; i++) {
    pl_slots below = {0};
    PL_TRY(pl_slots_copy(planner->arena, node->inputs[i]->out, &below));
    PL_TRY(pl_node_prune(planner, node->inputs[i], below));
  }
  return PL_OK;
}

pl_status pl_lens_row_open(pl_lens_row* row, const pl_lens_row_plan* plan, pl_op* op) {
  pl_run* run = op->run;
  *row = (pl_lens_row){.plan = plan, .op = op};
  row->args = PL_ARENA_ARRAY(&run->arena, pl_lens_args, lens_of(row)->count + 1);
  row->column = pl_arena_alloc(&run->arena, PL_CHUNK_ROWS * sizeof(pl_id));
  if (!row->args || !row->column) {
    return pl_run_nomem(run);
  }
  PL_TRY(pl_scan_open(run->txn, PL_ORDER_CPO, PL_SCAN_ROWS, NULL, &run->mem, &row->cpo));
  return pl_scan_open(run->txn, PL_ORDER_SPO, PL_SCAN_FACTS, NULL, &run->mem, &row->spo);
}

void pl_lens_row_close(pl_lens_row* row) {
  if (!row->op) {
    return;
  }
  pl_mem* mem = &row->op->run->mem;
  for (uint32_t i = 0; row->args && i < lens_of(row)->count; i++) {
    pl_vec_free(mem, &row->args[i].sources);
  }
  pl_idmap_free(&row->verdicts, mem);
  pl_scan_close(row->cpo);
  pl_scan_close(row->spo);
  *row = (pl_lens_row){0};
}

// ---- arguments ----------------------------------------------------------------------------------------------------

/// Values of the pattern of a part for the one row of `chunk`.
static pl_status add_pattern(pl_lens_row* row, uint32_t part, const pl_chunk* chunk, pl_ids* out) {
  pl_run* run = row->op->run;
  pl_op* sub = pl_op_of(row->op, row->plan->inputs[part]);
  const pl_slot slot = lens_of(row)->parts[part].pattern_slot;
  PL_TRY(pl_op_rewind(sub));
  pl_argument_bind(run->ops[row->plan->arguments[part]->index], chunk);
  for (;;) {
    pl_chunk* values = NULL;
    const pl_status status = pl_op_next(sub, &values);
    if (status != PL_OK) {
      return status == PL_DONE ? PL_OK : status;
    }
    for (uint32_t i = 0; i < values->selected; i++) {
      const pl_id id = pl_chunk_id(values, slot, pl_chunk_row(values, i));
      PL_TRY(id ? pl_vec_push(&run->mem, out, id) : PL_OK);
    }
  }
}

/// `not according to` something unknown passes nothing, as a comparison with null is never true.
static pl_status set_sources(pl_lens_row* row, uint32_t number, const pl_chunk* chunk, uint32_t at) {
  pl_run* run = row->op->run;
  const pl_lens_part* part = &lens_of(row)->parts[number];
  pl_lens_args* args = &row->args[number];
  args->sources.count = 0;
  args->null = false;
  for (uint32_t i = 0; i < part->source_count; i++) {
    const pl_ref* ref = &part->sources[i];
    const pl_id id = ref->kind == PL_REF_SLOT ? pl_chunk_id(chunk, ref->index, at) : PL_ID_NULL;
    if (ref->kind != PL_REF_SLOT) {
      PL_TRY(pl_const_add(run, ref, &args->sources));
    } else if (id) {
      PL_TRY(pl_vec_push(&run->mem, &args->sources, id));
    } else {
      args->null |= part->negated;
    }
  }
  PL_TRY(part->pattern ? add_pattern(row, number, chunk, &args->sources) : PL_OK);
  return pl_ids_unique(run, &args->sources);
}

static pl_status eval(pl_lens_row* row, const pl_program* program, const pl_chunk* chunk, uint32_t at, pl_value* out) {
  pl_run* run = row->op->run;
  *out = (pl_value){.kind = PL_VALUE_NULL};
  PL_TRY(program ? pl_program_eval(program, &run->eval, chunk, row->column) : PL_OK);
  return program && row->column[at] ? pl_termpool_value(run->pool, row->column[at], out) : PL_OK;
}

static pl_status set_part(pl_lens_row* row, uint32_t number, const pl_chunk* chunk, uint32_t at) {
  const pl_lens_part* part = &lens_of(row)->parts[number];
  const pl_plan* whole = row->op->run->plan;
  const pl_lens_plan* plan = &whole->lens_parts[pl_lens_part_number(whole->query, row->plan->lens, number)];
  pl_value low, high;
  if (part->kind == PL_LENS_ACCORDING) {
    return set_sources(row, number, chunk, at);
  }
  PL_TRY(eval(row, plan->low, chunk, at, &low));
  PL_TRY(eval(row, plan->high, chunk, at, &high));
  pl_lens_args_set(part, &low, plan->high ? &high : NULL, &row->args[number]);
  return PL_OK;
}

pl_status pl_lens_row_set(pl_lens_row* row, const pl_chunk* chunk, uint32_t number, const pl_classes** classes) {
  pl_run* run = row->op->run;
  const uint32_t parts = lens_of(row)->count;
  uint16_t only = (uint16_t)number;
  pl_chunk one = *chunk;
  one.selection = &only;
  one.selected = 1;
  *classes = NULL;
  pl_idmap_free(&row->verdicts, &run->mem);
  row->plain = 0;
  row->classes = 0;
  for (uint32_t i = 0; i < parts; i++) {
    PL_TRY(set_part(row, i, &one, number));
  }
  if (pl_lens_has_same(run->plan->query, row->plan->lens)) {
    PL_TRY(pl_classes_for(run, row->plan->lens, row->args, classes, &row->classes));
  }
  for (uint32_t i = 0; i < parts && *classes; i++) {
    PL_TRY(pl_classes_widen(run, *classes, &row->args[i].sources));
  }
  return PL_OK;
}

// ---- assertions ---------------------------------------------------------------------------------------------------

static pl_status judge(pl_lens_row* row, pl_id c, bool* passes) {
  const pl_lens* lens = lens_of(row);
  *passes = true;
  for (uint32_t i = 0; i < lens->count && *passes; i++) {
    if (lens->parts[i].kind != PL_LENS_SAME) {
      PL_TRY(pl_lens_check(row->op->run, &lens->parts[i], &row->args[i], row->cpo, row->spo, c, passes));
    }
  }
  return PL_OK;
}

pl_status pl_lens_row_check(void* user, pl_id c, bool* passes) {
  pl_lens_row* row = user;
  if (c == PL_ID_NULL) {
    PL_TRY(row->plain ? PL_OK : judge(row, c, passes));
    row->plain = row->plain ? row->plain : *passes ? 2 : 1;
    *passes = row->plain == 2;
    return PL_OK;
  }
  const uint64_t* known = pl_idmap_find(&row->verdicts, c);
  if (known) {
    *passes = *known != 0;
    return PL_OK;
  }
  PL_TRY(judge(row, c, passes));
  return pl_idmap_put(&row->verdicts, &row->op->run->mem, c, *passes, NULL);
}
