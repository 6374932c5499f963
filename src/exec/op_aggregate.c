// Aggregate: groups rows by their keys in a hash table, in order of first sight, and keeps a state per group and aggregate.
// Without keys there is always one group.
#include "exec/aggregate.h"
#include "exec/rowtable.h"
#include "exec/support.h"
#include "expr/aggregate.h"

#define SLAB_GROUPS 64u  ///< groups whose states are allocated together

typedef struct agg_plan {
  pl_slot slot;           ///< receives the result
  const pl_alg_agg* agg;  ///< what it is
  pl_program* value;      ///< NULL for count(*)
  pl_program* separator;  ///< of join; NULL = default
  size_t offset;          ///< of the state in a group's states
} agg_plan;

typedef struct aggregate_node {
  pl_node node;
  const pl_alg* alg;          ///< as the query has it
  bool row_order;             ///< see algebra.h
  const pl_alg_item* keys;    ///< group keys
  pl_program** key_programs;  ///< compiled
  uint32_t key_count;         ///< used
  agg_plan* aggs;             ///< aggregates
  uint32_t agg_count;         ///< used
  size_t group_bytes;         ///< states of one group
} aggregate_node;

typedef struct aggregate_op {
  pl_op op;
  pl_rowtable groups;   ///< key rows
  PL_VEC(char*) slabs;  ///< states of SLAB_GROUPS groups each
  pl_id** key_columns;  ///< values of the keys for a chunk
  uint32_t* group_of;   ///< group of each selected row of a chunk
  char** group;         ///< its states
  pl_id* values;        ///< values of one aggregate's argument, by row
  pl_id* packed;        ///< of the selected rows
  uint64_t* times;      ///< rows they stand for
  bool built;           ///< input was read
  uint32_t at;          ///< next group to hand on
  pl_whys whys;         ///< supports of the groups, where they are asked for
} aggregate_op;

static const aggregate_node* node_of(const pl_op* op) { return (const aggregate_node*)op->node; }

static pl_status aggregate_open(pl_op* op) {
  aggregate_op* st = (aggregate_op*)op;
  const aggregate_node* node = node_of(op);
  pl_run* run = op->run;
  pl_arena* arena = &run->arena;
  pl_rowtable_init(&st->groups, &run->mem, run->guard, run->err, node->key_count, node->key_count);
  st->key_columns = PL_ARENA_ARRAY(arena, pl_id*, node->key_count + 1);
  st->group_of = pl_arena_alloc(arena, PL_CHUNK_ROWS * sizeof(*st->group_of));
  st->group = pl_arena_alloc(arena, PL_CHUNK_ROWS * sizeof(*st->group));
  st->values = pl_arena_alloc(arena, PL_CHUNK_ROWS * sizeof(pl_id));
  st->packed = pl_arena_alloc(arena, PL_CHUNK_ROWS * sizeof(pl_id));
  st->times = pl_arena_alloc(arena, PL_CHUNK_ROWS * sizeof(*st->times));
  if (!st->key_columns || !st->group_of || !st->group || !st->values || !st->packed || !st->times) {
    return pl_run_nomem(run);
  }
  for (uint32_t i = 0; i < node->key_count; i++) {
    st->key_columns[i] = pl_arena_alloc(arena, PL_CHUNK_ROWS * sizeof(pl_id));
    if (!st->key_columns[i]) {
      return pl_run_nomem(run);
    }
  }
  return pl_op_columns(op);
}

static char* states_of(const aggregate_op* st, uint32_t group) {
  const size_t bytes = node_of(&st->op)->group_bytes;
  return bytes ? st->slabs.data[group / SLAB_GROUPS] + (group % SLAB_GROUPS) * bytes : NULL;
}

static pl_agg_state* state_of(const aggregate_op* st, uint32_t group, const agg_plan* agg) {
  return (pl_agg_state*)(void*)(states_of(st, group) + agg->offset);
}

static void aggregate_reset(aggregate_op* st) {
  const aggregate_node* node = node_of(&st->op);
  pl_mem* mem = &st->op.run->mem;
  for (uint32_t g = 0; g < st->groups.count && g / SLAB_GROUPS < st->slabs.count; g++) {
    for (uint32_t a = 0; a < node->agg_count; a++) {
      pl_agg_release(node->aggs[a].agg->fn, node->aggs[a].agg->distinct, state_of(st, g, &node->aggs[a]), mem);
    }
  }
  for (size_t i = 0; i < st->slabs.count; i++) {
    pl_mem_free(mem, st->slabs.data[i], SLAB_GROUPS * node->group_bytes);
  }
  st->slabs.count = 0;
  st->whys.count = 0;
  pl_rowtable_clear(&st->groups);
  st->built = false;
  st->at = 0;
}

static void aggregate_close(pl_op* op) {
  aggregate_op* st = (aggregate_op*)op;
  aggregate_reset(st);
  pl_vec_free(&op->run->mem, &st->slabs);
  pl_vec_free(&op->run->mem, &st->whys);
  pl_rowtable_free(&st->groups);
}

static pl_status aggregate_again(pl_op* op) {
  aggregate_reset((aggregate_op*)op);
  return PL_OK;
}

static pl_status aggregate_rewind(pl_op* op) {
  aggregate_reset((aggregate_op*)op);
  return pl_op_rewind(op->input);
}

/// Room for the states of all groups.
static pl_status make_states(aggregate_op* st) {
  const aggregate_node* node = node_of(&st->op);
  pl_mem* mem = &st->op.run->mem;
  while (st->slabs.count * SLAB_GROUPS < st->groups.count && node->group_bytes) {
    PL_TRY(pl_vec_reserve(mem, &st->slabs, st->slabs.count + 1));
    char* slab = pl_mem_calloc(mem, SLAB_GROUPS, node->group_bytes);
    if (!slab) {
      return pl_mem_status(mem);
    }
    st->slabs.data[st->slabs.count++] = slab;
  }
  return PL_OK;
}

static pl_status find_groups(aggregate_op* st, const pl_chunk* chunk) {
  const aggregate_node* node = node_of(&st->op);
  for (uint32_t k = 0; k < node->key_count; k++) {
    PL_TRY(pl_program_eval(node->key_programs[k], &st->op.run->eval, chunk, st->key_columns[k]));
  }
  PL_TRY(pl_rowtable_put_columns(&st->groups, (const pl_id* const*)st->key_columns, chunk->selection, chunk->selected,
                                 st->group_of));
  PL_TRY(make_states(st));
  for (uint32_t i = 0; i < chunk->selected; i++) {
    st->group[i] = states_of(st, st->group_of[i]);
  }
  for (uint32_t i = 0; chunk->multiplicity && i < chunk->selected; i++) {
    st->times[i] = chunk->multiplicity[pl_chunk_row(chunk, i)];
  }
  return PL_OK;
}

/// The rows of a chunk are members of their groups.
static pl_status add_supports(aggregate_op* st, const pl_chunk* chunk) {
  pl_run* run = st->op.run;
  for (uint32_t i = 0; i < chunk->selected; i++) {
    const uint32_t row = pl_chunk_row(chunk, i);
    const uint32_t group = st->group_of[i];
    while (st->whys.count <= group) {
      PL_TRY(pl_vec_push(&run->mem, &st->whys, 0));
    }
    PL_TRY(pl_why_member(run, &st->whys.data[group], pl_why_of(run, chunk, row)));
  }
  return PL_OK;
}

static pl_status update(aggregate_op* st, const agg_plan* agg, const pl_chunk* chunk) {
  pl_run* run = st->op.run;
  pl_agg_rows rows = {.groups = st->group,
                      .offset = agg->offset,
                      .times = chunk->multiplicity ? st->times : NULL,
                      .count = chunk->selected};
  if (!agg->agg->star && agg->value) {
    PL_TRY(pl_program_eval(agg->value, &run->eval, chunk, st->values));
    for (uint32_t i = 0; i < chunk->selected; i++) {
      st->packed[i] = st->values[pl_chunk_row(chunk, i)];
    }
    rows.values = st->packed;
  }
  return pl_agg_update_rows(agg->agg->fn, agg->agg->distinct, node_of(&st->op)->row_order, &rows, &run->eval,
                            &run->mem);
}

/// Without keys there is a group before there are rows.
static pl_status make_single(aggregate_op* st) {
  if (node_of(&st->op)->key_count > 0) {
    return PL_OK;
  }
  uint32_t group;
  PL_TRY(pl_rowtable_put_columns(&st->groups, NULL, NULL, 1, &group));
  return make_states(st);
}

static pl_status build(aggregate_op* st) {
  const aggregate_node* node = node_of(&st->op);
  PL_TRY(make_single(st));
  for (;;) {
    pl_chunk* chunk = NULL;
    const pl_status status = pl_op_next(st->op.input, &chunk);
    if (status == PL_DONE) {
      st->built = true;
      return PL_OK;
    }
    PL_TRY(status);
    PL_TRY(find_groups(st, chunk));
    PL_TRY(pl_why_column(st->op.run, &st->op.chunk) ? add_supports(st, chunk) : PL_OK);
    for (uint32_t a = 0; a < node->agg_count; a++) {
      PL_TRY(update(st, &node->aggs[a], chunk));
    }
    pl_termpool_trim(st->op.run->pool, (size_t)64 << 20);
  }
}

static pl_status emit(aggregate_op* st, uint32_t at) {
  const aggregate_node* node = node_of(&st->op);
  pl_run* run = st->op.run;
  pl_id** columns = st->op.chunk.columns;
  pl_id* why = pl_why_column(run, &st->op.chunk);
  if (why) {
    why[at] = st->at < st->whys.count ? st->whys.data[st->at] : 0;
  }
  const pl_id* key = pl_rowtable_row(&st->groups, st->at);
  for (uint32_t k = 0; k < node->key_count; k++) {
    if (columns[node->keys[k].slot]) {
      columns[node->keys[k].slot][at] = key[k];
    }
  }
  for (uint32_t a = 0; a < node->agg_count; a++) {
    const agg_plan* agg = &node->aggs[a];
    pl_id separator = PL_ID_NULL;
    if (agg->separator) {
      PL_TRY(pl_program_eval_const(agg->separator, &run->eval, &separator));
    }
    if (columns[agg->slot]) {
      PL_TRY(pl_agg_result(agg->agg->fn, agg->agg->distinct, node->row_order, state_of(st, st->at, agg), &run->eval,
                           &run->mem, separator, &columns[agg->slot][at]));
    }
  }
  return PL_OK;
}

static pl_status aggregate_next(pl_op* op, pl_chunk** out) {
  aggregate_op* st = (aggregate_op*)op;
  if (!st->built) {
    PL_TRY(build(st));
  }
  pl_op_clear(op);
  uint32_t at = 0;
  while (at < PL_CHUNK_ROWS && st->at < st->groups.count) {
    PL_TRY(emit(st, at++));
    st->at++;
  }
  pl_chunk_set(&op->chunk, at);
  *out = &op->chunk;
  return at ? PL_OK : PL_DONE;
}

static pl_status aggregate_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  aggregate_node* node = (aggregate_node*)base;
  pl_slots below = {0};
  pl_slots_keep(base->out, needed);
  PL_TRY(pl_slots_make(planner->arena, planner->plan->slot_count, &below));
  for (uint32_t k = 0; k < node->key_count; k++) {
    pl_slots_of_expr(node->keys[k].expr, below);
  }
  for (uint32_t a = 0; a < node->agg_count; a++) {
    for (uint32_t i = 0; i < node->aggs[a].agg->arg_count; i++) {
      pl_slots_of_expr(node->aggs[a].agg->args[i], below);
    }
  }
  if (pl_why_in(planner, base->out)) {
    pl_slots_add(below, planner->plan->why);
  }
  return pl_node_prune(planner, base->inputs[0], below);
}

static pl_status describe_agg(const pl_alg_agg* agg, pl_explain* explain) {
  PL_TRY(pl_explain_slot(explain, agg->slot));
  PL_TRY(pl_buf_printf(explain->out, " = %s(%s", pl_fn_table[agg->fn].name, agg->distinct ? "distinct " : ""));
  if (agg->star) {
    PL_TRY(pl_buf_char(explain->out, '*'));
  }
  for (uint32_t i = 0; i < agg->arg_count; i++) {
    PL_TRY(pl_buf_str(explain->out, pl_str_c(i ? ", " : "")));
    PL_TRY(pl_explain_expr(explain, agg->args[i]));
  }
  return pl_buf_char(explain->out, ')');
}

pl_status pl_aggregate_describe(const pl_alg* alg, pl_explain* explain) {
  const uint32_t key_count = alg->aggregate.key_count;
  const uint32_t agg_count = alg->aggregate.agg_count;
  for (uint32_t k = 0; k < key_count; k++) {
    PL_TRY(pl_buf_str(explain->out, pl_str_c(k ? ", " : " ")));
    PL_TRY(pl_explain_expr(explain, alg->aggregate.keys[k].expr));
  }
  PL_TRY(pl_buf_str(explain->out, pl_str_c(key_count && agg_count ? ":" : "")));
  for (uint32_t a = 0; a < agg_count; a++) {
    PL_TRY(pl_buf_str(explain->out, pl_str_c(a ? ", " : " ")));
    PL_TRY(describe_agg(&alg->aggregate.aggs[a], explain));
  }
  return PL_OK;
}

static pl_status aggregate_describe(const pl_node* base, pl_explain* explain) {
  return pl_aggregate_describe(((const aggregate_node*)base)->alg, explain);
}

static const pl_op_class aggregate_class = {.name = "Aggregate",
                                            .state_bytes = sizeof(aggregate_op),
                                            .open = aggregate_open,
                                            .next = aggregate_next,
                                            .rewind = aggregate_rewind,
                                            .again = aggregate_again,
                                            .close = aggregate_close,
                                            .prune = aggregate_prune,
                                            .describe = aggregate_describe};

static pl_status add_aggs(pl_planner* planner, aggregate_node* node, const pl_alg* alg) {
  for (uint32_t a = 0; a < alg->aggregate.agg_count; a++) {
    const pl_alg_agg* agg = &alg->aggregate.aggs[a];
    agg_plan* to = &node->aggs[a];
    *to = (agg_plan){.slot = agg->slot, .agg = agg, .offset = node->group_bytes};
    node->group_bytes += pl_agg_state_bytes(agg->fn, agg->distinct);
    if (!agg->star && agg->arg_count > 0) {
      PL_TRY(pl_expr_compile(planner->query, agg->args[0], planner->arena, planner->err, &to->value));
    }
    if (agg->arg_count > 1) {
      PL_TRY(pl_expr_compile(planner->query, agg->args[1], planner->arena, planner->err, &to->separator));
    }
    pl_slots_add(node->node.out, agg->slot);
  }
  return PL_OK;
}

pl_status pl_node_aggregate(pl_planner* planner, pl_node* input, const pl_alg* alg, pl_node** out) {
  aggregate_node* node = NULL;
  PL_TRY(pl_node_group_scan(planner, input, alg, out));
  if (*out) {
    return PL_OK;
  }
  PL_TRY(pl_node_make(planner, &aggregate_class, sizeof(*node), &input, 1, &node));
  node->alg = alg;
  node->row_order = alg->aggregate.row_order;
  node->keys = alg->aggregate.keys;
  node->key_count = alg->aggregate.key_count;
  node->agg_count = alg->aggregate.agg_count;
  node->aggs = PL_ARENA_ARRAY(planner->arena, agg_plan, node->agg_count + 1);
  node->key_programs = PL_ARENA_ARRAY(planner->arena, pl_program*, node->key_count + 1);
  if (!node->aggs || !node->key_programs) {
    return pl_planner_nomem(planner);
  }
  for (uint32_t k = 0; k < node->key_count; k++) {
    PL_TRY(pl_expr_compile(planner->query, node->keys[k].expr, planner->arena, planner->err, &node->key_programs[k]));
    pl_slots_add(node->node.out, node->keys[k].slot);
  }
  PL_TRY(add_aggs(planner, node, alg));
  pl_why_declare(planner, &node->node);
  node->node.rows_expected = node->key_count ? input->rows_expected / 10 + 1 : 1;
  *out = &node->node;
  return PL_OK;
}
