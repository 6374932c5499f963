// MultiJoin: patterns that form a cycle, joined at once. Their facts are read once per run into arrays; see multijoin.h.
//
// Where no column is needed rows are only counted, on all threads of the store's pool: each takes values of the first walked variable from the
// numbers that are left. What they read is in memory, no transaction is touched, and sums do not depend on who counted what.
#include "exec/lookup.h"
#include "exec/multijoin.h"

#include <stdatomic.h>

#define POOL_FROM_PAIRS (10u * PL_CHUNK_ROWS)  ///< fewer are counted by one thread before another one is awake
#define MORSEL 16u                             ///< numbers that a thread takes at once
#define SLICE_FIRST 256u  ///< numbers that all threads count before the guard is asked with its callback
#define SLICE_NS (20 * UINT64_C(1000000))  ///< about how long that should take

extern const pl_op_class pl_lookup_class;

typedef struct multi_node {
  pl_node node;
  pl_mj_shape shape;                        ///< which variables are walked
  pl_slot columns[PL_MJ_RELATIONS_MAX][2];  ///< slots of each input's rows
  bool fixed;                               ///< what is read is the same in every run on a snapshot
} multi_node;

typedef struct multi_op {
  pl_op op;
  pl_mj_data data;              ///< the relations
  bool built;                   ///< they were read
  bool empty;                   ///< one of them has no pair
  bool done;                    ///< all was handed on
  pl_mj_walker* walkers;        ///< one for each thread
  uint32_t walker_count;        ///< used
  uint32_t* first;              ///< what the first walked variable may be
  uint32_t first_count;         ///< used
  uint8_t level;                ///< walked variable at hand
  uint32_t at[PL_MJ_VARS_MAX];  ///< next entry of each level's set
  uint32_t next;                ///< counting: numbers before this one were counted
  uint32_t slice;               ///< and so many are counted together
  _Atomic uint32_t taken;       ///< of these
} multi_op;

static const multi_node* node_of(const pl_op* op) { return (const multi_node*)op->node; }

static bool needs_rows(const pl_mj_shape* shape) {
  bool needs = false;
  for (uint8_t v = 0; v < shape->var_count; v++) {
    needs |= shape->vars[v].needed;
  }
  return needs;
}

static pl_status multi_open(pl_op* op) {
  multi_op* st = (multi_op*)op;
  const multi_node* node = node_of(op);
  const pl_mj_shape* shape = &node->shape;
  st->data = (pl_mj_data){.mem = &op->run->mem, .guard = op->run->guard, .err = op->run->err};
  st->data.table_count = op->node->input_count;
  for (uint8_t v = 0; v < shape->var_count; v++) {
    const pl_mj_var* var = &shape->vars[v];
    for (uint8_t i = 0; i < var->list_count; i++) {
      st->data.tables[var->lists[i].table].wanted[var->lists[i].column] = true;
    }
    if (var->parent != PL_MJ_NONE) {
      st->data.tables[var->up.table].wanted[var->up.column] = true;
    }
  }
  return pl_op_columns(op);
}

/// Let go of everything that was read.
static void forget(multi_op* st) {
  pl_mem* mem = &st->op.run->mem;
  for (uint32_t w = 0; w < st->walker_count; w++) {
    pl_mj_walker_free(&st->walkers[w]);
  }
  pl_mem_free(mem, st->walkers, st->walker_count * sizeof(*st->walkers));
  pl_mem_free(mem, st->first, (st->data.numbers + (size_t)1) * sizeof(uint32_t));
  st->walkers = NULL;
  st->walker_count = 0;
  st->first = NULL;
  pl_mj_free(&st->data);
  st->built = st->empty = false;
}

static void multi_close(pl_op* op) {
  if (((multi_op*)op)->data.mem) {
    forget((multi_op*)op);
  }
}

static void start(multi_op* st) {
  st->level = 0;
  st->at[0] = 0;
  st->done = false;
}

static pl_status multi_again(pl_op* op) {
  if (op->run->moved || !node_of(op)->fixed) {
    forget((multi_op*)op);
  }
  start((multi_op*)op);
  return PL_OK;
}

/// The relations do not depend on anything outside: they are read once.
static pl_status multi_rewind(pl_op* op) {
  start((multi_op*)op);
  return PL_OK;
}

// ---- building -----------------------------------------------------------------------------------------------------

static pl_status read_table(multi_op* st, uint32_t table) {
  for (;;) {
    pl_chunk* chunk = NULL;
    const pl_status status = pl_op_next(pl_op_of(&st->op, table), &chunk);
    if (status != PL_OK) {
      return status == PL_DONE ? PL_OK : status;
    }
    PL_TRY(pl_mj_add(&st->data, table, chunk, node_of(&st->op)->columns[table]));
  }
}

static pl_status make_walkers(multi_op* st) {
  pl_run* run = st->op.run;
  const bool rows = needs_rows(&node_of(&st->op)->shape);
  size_t pairs = 0;
  for (uint32_t t = 0; t < st->data.table_count; t++) {
    pairs += st->data.tables[t].count;
  }
  const bool many = !rows && pairs >= POOL_FROM_PAIRS;
  const uint32_t count = many ? pl_pool_threads(pl_store_pool(pl_txn_store(run->txn))) : 1;
  st->walkers = pl_mem_calloc(&run->mem, count, sizeof(*st->walkers));
  if (!st->walkers) {
    return pl_run_nomem(run);
  }
  st->walker_count = count;
  for (uint32_t w = 0; w < count; w++) {
    PL_TRY(pl_mj_walker_init(&st->walkers[w], &node_of(&st->op)->shape, &st->data, &run->mem, run->guard, run->err));
  }
  return PL_OK;
}

static pl_status build(multi_op* st) {
  for (uint32_t t = 0; t < st->data.table_count && !st->empty; t++) {
    PL_TRY(read_table(st, t));
    st->empty = st->data.tables[t].count == 0;
  }
  if (!st->empty) {
    PL_TRY(pl_mj_seal(&st->data));
    st->first = pl_mem_alloc(&st->op.run->mem, (st->data.numbers + (size_t)1) * sizeof(uint32_t));
    if (!st->first) {
      return pl_run_nomem(st->op.run);
    }
    st->first_count = pl_mj_first(&node_of(&st->op)->shape, &st->data, st->first);
    PL_TRY(make_walkers(st));
  }
  st->built = true;
  return PL_OK;
}

// ---- counting -----------------------------------------------------------------------------------------------------

static pl_status take_morsels(multi_op* st, pl_mj_walker* walker) {
  for (;;) {
    const uint32_t from = atomic_fetch_add(&st->taken, MORSEL);
    if (from >= st->slice) {
      return PL_OK;
    }
    const uint32_t count = st->slice - from < MORSEL ? st->slice - from : MORSEL;
    PL_TRY(pl_mj_count(walker, st->first + st->next + from, count));
  }
}

/// A thread counts morsels until none of the slice is left. It asks a guard of its own, without the callback, which belongs to the thread of the run.
static pl_status count_morsels(void* user, size_t thread) {
  multi_op* st = user;
  pl_mj_walker* walker = &st->walkers[thread];
  pl_guard own = {0};
  if (st->op.run->guard) {
    own = *st->op.run->guard;
    own.progress = NULL;
  }
  walker->guard = &own;
  walker->err = NULL;
  const pl_status status = take_morsels(st, walker);
  walker->guard = NULL;
  return status;
}

/// Count the next slice on all threads; *size is adapted to the time it took.
static pl_status count_slice(multi_op* st, uint32_t* size) {
  pl_run* run = st->op.run;
  const uint64_t from = pl_clock_ns();
  const uint32_t left = st->first_count - st->next;
  st->slice = left < *size ? left : *size;
  st->taken = 0;
  if (st->walker_count > 1) {
    PL_TRY(pl_guard_check(run->guard, run->err));
    const pl_status status = pl_pool_run(pl_store_pool(pl_txn_store(run->txn)), st->walker_count, count_morsels, st);
    if (status != PL_OK) {
      PL_TRY(pl_guard_check(run->guard, run->err));  // says why
      return status == PL_ERR_INTERRUPTED ? pl_fail(run->err, PL_MSG_INTERRUPTED) : status;
    }
  } else {
    st->walkers[0].guard = run->guard;
    PL_TRY(pl_mj_count(&st->walkers[0], st->first + st->next, st->slice));
  }
  st->next += st->slice;
  const uint64_t took = pl_clock_ns() - from;
  *size = took < SLICE_NS / 2 && *size < UINT32_MAX / 2 ? *size * 2 : took > SLICE_NS * 2 ? *size / 2 + 1 : *size;
  return PL_OK;
}

static pl_status next_counted(multi_op* st, uint32_t* filled) {
  uint32_t size = SLICE_FIRST;
  uint64_t total = 0;
  for (uint32_t w = 0; w < st->walker_count; w++) {
    st->walkers[w].total = 0;
  }
  for (st->next = 0; st->next < st->first_count;) {
    PL_TRY(count_slice(st, &size));
  }
  for (uint32_t w = 0; w < st->walker_count; w++) {
    total = pl_times_add(total, st->walkers[w].total);
  }
  st->done = true;
  *filled = total > 0;
  return total ? pl_op_times(&st->op, 0, 1, total) : PL_OK;
}

// ---- rows ---------------------------------------------------------------------------------------------------------

static pl_mj_set set_at(const multi_op* st, uint8_t level) {
  return level == 0 ? (pl_mj_set){st->first, st->first_count} : pl_mj_allowed(&st->walkers[0], level);
}

/// Write rows [at, at + count): the last walked variable is each of `numbers`, those before it are as given.
static pl_status put_rows(multi_op* st, uint32_t at, const uint32_t* numbers, uint32_t count, uint64_t times) {
  const pl_mj_shape* shape = &node_of(&st->op)->shape;
  const pl_mj_walker* w = &st->walkers[0];
  for (uint8_t level = 0; level < shape->walk_count; level++) {
    const pl_mj_var* var = &shape->vars[shape->walk[level]];
    pl_id* column = var->needed ? st->op.chunk.columns[var->slot] : NULL;
    const bool last = level + 1 == shape->walk_count;
    for (uint32_t i = 0; column && i < count; i++) {
      column[at + i] = st->data.ids[last ? numbers[i] : w->given[level]];
    }
  }
  return pl_op_times(&st->op, at, count, times);
}

/// Go on from where the walk stands until the chunk is full or the walk ends.
static pl_status next_rows(multi_op* st, uint32_t* filled) {
  const pl_mj_shape* shape = &node_of(&st->op)->shape;
  pl_mj_walker* w = &st->walkers[0];
  uint32_t at = 0;
  while (at < PL_CHUNK_ROWS && !st->done && w->failed == PL_OK) {
    const pl_mj_set set = set_at(st, st->level);
    uint32_t* next = &st->at[st->level];
    const bool last = st->level + 1 == shape->walk_count;
    if (*next == set.count) {
      st->done = st->level == 0;
      st->level -= !st->done;
    } else if (last && shape->root_count == 0) {
      const uint32_t left = set.count - *next, room = PL_CHUNK_ROWS - at;
      const uint32_t count = left < room ? left : room;
      PL_TRY(put_rows(st, at, set.values + *next, count, 1));
      *next += count;
      at += count;
    } else if (pl_mj_give(w, st->level, set.values[(*next)++])) {
      const uint64_t ways = last ? pl_mj_ways(w) : 0;
      PL_TRY(ways && w->failed == PL_OK ? put_rows(st, at, &set.values[*next - 1], 1, ways) : PL_OK);
      at += ways != 0;
      st->level += !last;
      st->at[st->level] = last ? st->at[st->level] : 0;
    }
    if ((w->steps += 1) > (1u << 17)) {
      w->steps = 0;
      PL_TRY(pl_guard_check(st->op.run->guard, st->op.run->err));
    }
  }
  *filled = at;
  return w->failed;
}

static pl_status multi_next(pl_op* op, pl_chunk** out) {
  multi_op* st = (multi_op*)op;
  uint32_t filled = 0;
  pl_op_clear(op);
  if (!st->built) {
    PL_TRY(build(st));
  }
  if (!st->empty && !st->done) {
    PL_TRY(needs_rows(&node_of(op)->shape) ? next_rows(st, &filled) : next_counted(st, &filled));
  }
  pl_chunk_set(&op->chunk, filled);
  *out = &op->chunk;
  return filled ? PL_OK : PL_DONE;
}

// ---- planning -----------------------------------------------------------------------------------------------------

static pl_status multi_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  multi_node* node = (multi_node*)base;
  pl_slots below = {0};
  pl_slots_keep(base->out, needed);
  for (uint8_t v = 0; v < node->shape.var_count; v++) {
    node->shape.vars[v].needed = pl_slots_has(base->out, node->shape.vars[v].slot);
  }
  pl_mj_shape_make(&node->shape);
  for (uint32_t i = 0; i < base->input_count; i++) {
    PL_TRY(pl_slots_make(planner->arena, planner->plan->slot_count, &below));
    pl_slots_add(below, node->columns[i][0]);
    pl_slots_add(below, node->columns[i][1]);
    PL_TRY(pl_node_prune(planner, base->inputs[i], below));
  }
  return PL_OK;
}

/// The walked variables in order, then each tree: `?a: ?b > ?c`.
static pl_status multi_describe(const pl_node* base, pl_explain* explain) {
  const pl_mj_shape* shape = &((const multi_node*)base)->shape;
  for (uint8_t level = 0; level < shape->walk_count; level++) {
    PL_TRY(pl_buf_char(explain->out, ' '));
    PL_TRY(pl_explain_slot(explain, shape->vars[shape->walk[level]].slot));
  }
  const char* between = ": ";
  for (uint8_t v = 0; v < shape->var_count; v++) {
    if (shape->vars[v].level == PL_MJ_NONE) {
      PL_TRY(pl_buf_str(explain->out, pl_str_c(between)));
      PL_TRY(pl_explain_slot(explain, shape->vars[v].slot));
      between = " ";
    }
  }
  return pl_buf_str(explain->out, pl_str_c(shape->root_count ? " counted" : ""));
}

static const pl_op_class multi_class = {.name = "MultiJoin",
                                        .state_bytes = sizeof(multi_op),
                                        .open = multi_open,
                                        .next = multi_next,
                                        .rewind = multi_rewind,
                                        .again = multi_again,
                                        .close = multi_close,
                                        .prune = multi_prune,
                                        .describe = multi_describe};

/// Does a part give the same in every run on a snapshot? Filters and lenses may depend on parameters and on the time.
static bool is_fixed(const pl_node* input) {
  const pl_lookup_node* lookup = (const pl_lookup_node*)input;
  return input->type == &pl_lookup_class && !lookup->params && lookup->lens == PL_LENS_NONE;
}

/// Number of the variable of a slot, made if it is new.
static uint8_t var_of(pl_mj_shape* shape, pl_slot slot) {
  uint8_t v = 0;
  while (v < shape->var_count && shape->vars[v].slot != slot) {
    v++;
  }
  shape->vars[v].slot = slot;
  shape->var_count = v == shape->var_count ? v + 1 : shape->var_count;
  return v;
}

pl_status pl_node_multi_join(pl_planner* planner, const pl_multi_part* parts, uint32_t count, pl_node** out) {
  multi_node* node = NULL;
  pl_node* inputs[PL_MJ_RELATIONS_MAX] = {NULL};
  uint32_t input_count = 0;
  bool fixed = true;
  for (uint32_t i = 0; i < count; i++) {
    if (parts[i].same == i) {
      inputs[input_count++] = parts[i].node;
      fixed = fixed && is_fixed(parts[i].node);
    }
  }
  PL_TRY(pl_node_make(planner, &multi_class, sizeof(*node), inputs, input_count, &node));
  node->fixed = fixed;
  pl_mj_shape* shape = &node->shape;
  uint8_t table_of[PL_MJ_RELATIONS_MAX];
  uint8_t tables = 0;
  for (uint32_t i = 0; i < count; i++) {
    const pl_multi_part* part = &parts[i];
    table_of[i] = part->same == i ? tables : table_of[part->same];
    if (part->same == i) {
      node->columns[tables][0] = part->slots[0];
      node->columns[tables++][1] = part->slots[1];
    }
    pl_mj_relation* rel = &shape->relations[shape->relation_count++];
    rel->table = table_of[i];
    rel->var[0] = var_of(shape, part->slots[0]);
    rel->var[1] = var_of(shape, part->slots[1]);
    pl_slots_add(node->node.out, part->slots[0]);
    pl_slots_add(node->node.out, part->slots[1]);
  }
  *out = &node->node;
  return PL_OK;
}
