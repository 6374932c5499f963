// Aggregate over a scan, without a hash table: where an order of the store begins with what is fixed, then the keys, then the one value that is
// aggregated, its runs of equal columns are the groups, and a group's distinct values, one after the other.
//
//     match ?s ?p ?o return ?p, count(distinct ?s)         pso:  | p | s | o ...    a run of (p, s) is one distinct subject of p
//     match ?s price ?v return sum(?v)                     pos:  | p | v | s ...    a run of (p, v) is a price and how many have it
//
// The Scan below is not asked for rows; it says what is read and in which order. What the store counts anyway, facts, subjects and objects of
// each predicate, is not read at all. Where rows are many and only counted, all threads of the store's pool count (group_morsels.h).
#include "exec/aggregate.h"
#include "exec/group_morsels.h"
#include "exec/lens.h"
#include "exec/support.h"
#include "expr/aggregate.h"

#define MORSELS_FROM_ROWS (50.0 * PL_CHUNK_ROWS)  ///< fewer are counted before another thread is awake

extern const pl_op_class pl_lookup_class;

typedef enum group_agg_kind {
  GROUP_ROWS,   ///< counts rows
  GROUP_RUNS,   ///< counts distinct values
  GROUP_VALUES  ///< looks at values
} group_agg_kind;

typedef struct group_agg {
  pl_slot slot;           ///< receives the result
  const pl_alg_agg* agg;  ///< what it is
  group_agg_kind kind;    ///< see above
  size_t offset;          ///< of the state in the group's states
} group_agg;

typedef struct group_node {
  pl_node node;
  const pl_alg* alg;           ///< as the query has it
  const pl_lookup_node* scan;  ///< what is read
  const pl_alg_item* keys;     ///< group keys
  uint8_t key_column[3];       ///< column of each key, from the first one that is not fixed
  uint8_t key_count;           ///< used
  uint8_t value_place;         ///< place of the value; PL_PLACE_COUNT = none
  pl_access access;            ///< how it is read
  bool from_counters;          ///< the store's counters say it, unless there is a lens
  bool counts;                 ///< no aggregate looks at values
  group_agg* aggs;             ///< aggregates
  uint32_t agg_count;          ///< used
  size_t state_bytes;          ///< of a group's states
} group_node;

typedef struct group_op {
  pl_op op;
  pl_probes probes;              ///< the constants: one probe, or none if the store does not know them
  pl_probe_room room;            ///< space to make it in
  const pl_pass* pass;           ///< compiled lens; NULL = everything passes
  pl_scan* scan;                 ///< opened on first use
  pl_group_morsels* morsels;     ///< counting on all threads; NULL if one does it
  pl_id prefix[PL_PLACE_COUNT];  ///< fixed columns
  bool placed;                   ///< the scan is on its range, or the counters were read
  bool ended;                    ///< no more groups
  pl_id* column[4];              ///< runs read: keys and value; NULL = not wanted
  uint64_t* times;               ///< rows of each
  size_t at, count;              ///< next run, and how many there are
  bool open;                     ///< a group is being read:
  pl_id key[3];                  ///< its key,
  uint64_t rows, runs;           ///< what was counted of it,
  char* states;                  ///< and the states of its other aggregates
  char** groups;                 ///< that group for each of a chunk of rows
  pl_arena arena;                ///< holds
  pl_predicate_stats* stats;     ///< the counters
  size_t stat_at, stat_count;    ///< next, and how many there are
} group_op;

static const group_node* node_of(const group_op* st) { return (const group_node*)st->op.node; }

static pl_agg_state* state_of(const group_op* st, const group_agg* agg) {
  return (pl_agg_state*)(void*)(st->states + agg->offset);
}

// ---- run ----------------------------------------------------------------------------------------------------------

/// Constants and lens of the run.
static pl_status make_probe(group_op* st) {
  pl_run* run = st->op.run;
  const pl_lookup_node* scan = node_of(st)->scan;
  st->pass = NULL;
  PL_TRY(pl_probes_make(run, scan, &st->room, &st->probes));
  return scan->lens != PL_LENS_NONE && st->probes.count ? pl_lens_pass(run, scan->lens, &st->pass) : PL_OK;
}

static pl_status group_open(pl_op* op) {
  group_op* st = (group_op*)op;
  const group_node* node = node_of(st);
  pl_run* run = op->run;
  pl_arena_init(&st->arena, &run->mem);
  const uint8_t columns = (uint8_t)(node->key_count + (node->value_place != PL_PLACE_COUNT));
  for (uint8_t k = 0; k < columns; k++) {
    st->column[k] = pl_arena_alloc(&run->arena, PL_CHUNK_ROWS * sizeof(pl_id));
    PL_TRY(st->column[k] ? PL_OK : pl_run_nomem(run));
  }
  st->times = pl_arena_alloc(&run->arena, PL_CHUNK_ROWS * sizeof(*st->times));
  st->states = pl_arena_calloc(&run->arena, 1, node->state_bytes + 16);
  st->groups = pl_arena_alloc(&run->arena, PL_CHUNK_ROWS * sizeof(*st->groups));
  PL_TRY(st->times && st->states && st->groups ? PL_OK : pl_run_nomem(run));
  for (uint32_t i = 0; i < PL_CHUNK_ROWS; i++) {
    st->groups[i] = st->states;
  }
  PL_TRY(make_probe(st));
  return pl_op_columns(op);
}

static void clear_states(group_op* st) {
  const group_node* node = node_of(st);
  memset(st->states, 0, node->state_bytes);  // none of those used here holds memory
  st->rows = st->runs = 0;
}

static void restart(group_op* st) {
  pl_group_morsels_close(st->morsels);
  st->morsels = NULL;
  st->placed = st->ended = st->open = false;
  st->at = st->count = 0;
  st->stat_at = st->stat_count = 0;
  pl_arena_reset(&st->arena);
  clear_states(st);
}

static void group_close(pl_op* op) {
  group_op* st = (group_op*)op;
  pl_group_morsels_close(st->morsels);
  pl_scan_close(st->scan);
  pl_vec_free(&op->run->mem, &st->probes);
  for (size_t i = 0; i < PL_COUNT_OF(st->room.ids); i++) {
    pl_vec_free(&op->run->mem, &st->room.ids[i]);
  }
  pl_arena_free(&st->arena);
}

static pl_status group_rewind(pl_op* op) {
  restart((group_op*)op);
  return PL_OK;
}

static pl_status group_again(pl_op* op) {
  group_op* st = (group_op*)op;
  restart(st);
  pl_scan_close(st->scan);
  st->scan = NULL;
  return make_probe(st);
}

/// Counters of the one predicate that is fixed, or of all.
static pl_status read_counters(group_op* st) {
  pl_txn* txn = st->op.run->txn;
  if (node_of(st)->access.prefix == 0) {
    return pl_stats_predicates(txn, &st->arena, &st->stats, &st->stat_count);
  }
  st->stats = PL_ARENA_NEW(&st->arena, pl_predicate_stats);
  if (!st->stats) {
    return pl_run_nomem(st->op.run);
  }
  st->stat_count = 1;
  return pl_stats_predicate(txn, st->probes.data[0].ids[PL_PLACE_P], st->stats);
}

static unsigned run_columns(const group_node* node) { return node->key_count + (node->value_place != PL_PLACE_COUNT); }

/// Count on all threads, if that pays.
static pl_status open_morsels(group_op* st, const pl_probe* probe) {
  const group_node* node = node_of(st);
  pl_group_range range = {.order = node->access.order,
                          .mode = node->access.mode,
                          .pass = st->pass,
                          .prefix = st->prefix,
                          .prefix_n = node->access.prefix,
                          .low = probe->low,
                          .high = probe->high,
                          .key_count = node->key_count,
                          .column_count = run_columns(node)};
  for (uint8_t k = 0; k < node->key_count; k++) {
    range.wanted[node->key_column[k]] = st->op.chunk.columns[node->keys[k].slot] != NULL;
  }
  const bool many = node->scan->node.rows_expected >= MORSELS_FROM_ROWS;
  return many ? pl_group_morsels_open(st->op.run, &range, &st->morsels) : PL_OK;
}

/// Place the scan on what is fixed.
static pl_status place(group_op* st) {
  const group_node* node = node_of(st);
  pl_run* run = st->op.run;
  const pl_access* access = &node->access;
  st->placed = true;
  if (st->probes.count == 0) {
    return PL_OK;
  }
  if (node->from_counters && !st->pass) {
    return read_counters(st);
  }
  const pl_probe* probe = &st->probes.data[0];
  for (uint8_t i = 0; i < access->prefix; i++) {
    st->prefix[i] = probe->ids[access->place[i]];
  }
  PL_TRY(node->counts ? open_morsels(st, probe) : PL_OK);
  if (st->morsels) {
    return PL_OK;
  }
  if (!st->scan) {
    PL_TRY(pl_scan_open(run->txn, access->order, access->mode, st->pass, &run->mem, &st->scan));
  }
  return pl_scan_range(st->scan, st->prefix, access->prefix, probe->low, probe->high);
}

/// Read the next runs; st->count = 0 at the end.
static pl_status read_runs(group_op* st) {
  const group_node* node = node_of(st);
  const unsigned prefix = node->access.prefix;
  const unsigned columns = run_columns(node);
  st->at = st->count = 0;
  if (!st->scan || st->probes.count == 0) {
    return PL_OK;
  }
  PL_TRY(pl_guard_check(st->op.run->guard, st->op.run->err));
  pl_id* into[4] = {NULL, NULL, NULL, NULL};
  for (unsigned k = 0; k < columns; k++) {
    into[prefix + k] = st->column[k];
  }
  PL_TRY(pl_scan_fill_runs(st->scan, prefix + columns, into, st->times, PL_CHUNK_ROWS, &st->count));
  for (size_t i = 0; i < st->count; i++) {
    st->op.input->rows_seen += st->times[i];
  }
  return PL_OK;
}

static bool of_group(const group_op* st, size_t i) {
  bool same = true;
  for (uint8_t k = 0; k < node_of(st)->key_count; k++) {
    same = same && st->column[k][i] == st->key[k];
  }
  return same;
}

/// Add the runs [from, to), all of the open group.
static pl_status add_runs(group_op* st, size_t from, size_t to) {
  const group_node* node = node_of(st);
  pl_run* run = st->op.run;
  st->runs += to - from;
  for (size_t i = from; i < to; i++) {
    st->rows += st->times[i];
  }
  for (uint32_t a = 0; a < node->agg_count; a++) {
    const group_agg* agg = &node->aggs[a];
    if (agg->kind == GROUP_VALUES) {
      const pl_agg_rows rows = {.groups = st->groups,
                                .offset = agg->offset,
                                .values = st->column[node->key_count] + from,
                                .times = agg->agg->distinct ? NULL : st->times + from,
                                .count = (uint32_t)(to - from)};
      PL_TRY(pl_agg_update_rows(agg->agg->fn, false, false, &rows, &run->eval, &run->mem));
    }
  }
  return PL_OK;
}

/// A group from the counters of a predicate.
static void take_counters(group_op* st, const pl_predicate_stats* stats) {
  const group_node* node = node_of(st);
  const uint8_t column = node->value_place == PL_PLACE_COUNT ? PL_C : pl_order_columns[node->access.order][1];
  st->key[0] = stats->predicate;
  st->rows = stats->facts;
  st->runs = column == PL_S ? stats->subjects : stats->objects;
  st->ended = st->stat_at == st->stat_count;
}

/// Read the next group. PL_DONE at the end.
static pl_status next_group(group_op* st) {
  const group_node* node = node_of(st);
  if (st->stat_at < st->stat_count) {
    take_counters(st, &st->stats[st->stat_at++]);
    return PL_OK;
  }
  for (;;) {
    if (st->at == st->count) {
      PL_TRY(read_runs(st));
      if (st->count == 0) {
        break;
      }
      pl_termpool_trim(st->op.run->pool, (size_t)64 << 20);
    }
    if (!st->open) {
      st->open = true;
      for (uint8_t k = 0; k < node->key_count; k++) {
        st->key[k] = st->column[k][st->at];
      }
    }
    const size_t from = st->at;
    while (st->at < st->count && of_group(st, st->at)) {
      st->at++;
    }
    PL_TRY(add_runs(st, from, st->at));
    if (st->at < st->count) {
      return PL_OK;
    }
  }
  st->ended = true;
  return st->open || node->key_count == 0 ? PL_OK : PL_DONE;
}

/// Write the group as row `at` and forget it.
static pl_status emit(group_op* st, uint32_t at) {
  const group_node* node = node_of(st);
  pl_run* run = st->op.run;
  pl_id** columns = st->op.chunk.columns;
  for (uint8_t k = 0; k < node->key_count; k++) {
    if (columns[node->keys[k].slot]) {
      columns[node->keys[k].slot][at] = st->key[node->key_column[k]];
    }
  }
  for (uint32_t a = 0; a < node->agg_count; a++) {
    const group_agg* agg = &node->aggs[a];
    pl_id* const to = columns[agg->slot] ? &columns[agg->slot][at] : NULL;
    if (to && agg->kind == GROUP_VALUES) {
      PL_TRY(pl_agg_result(agg->agg->fn, false, false, state_of(st, agg), &run->eval, &run->mem, PL_ID_NULL, to));
    } else if (to) {
      PL_TRY(pl_agg_count(agg->kind == GROUP_ROWS ? st->rows : st->runs, &run->eval, to));
    }
  }
  clear_states(st);
  st->open = false;
  return PL_OK;
}

/// Write groups from row `at` on.
static pl_status emit_counts(group_op* st, uint32_t at, const pl_group_counts* groups) {
  const group_node* node = node_of(st);
  pl_id** columns = st->op.chunk.columns;
  for (uint8_t k = 0; k < node->key_count; k++) {
    if (columns[node->keys[k].slot]) {
      memcpy(columns[node->keys[k].slot] + at, groups->key[node->key_column[k]], groups->count * sizeof(pl_id));
    }
  }
  for (uint32_t a = 0; a < node->agg_count; a++) {
    const uint64_t* counts = node->aggs[a].kind == GROUP_ROWS ? groups->rows : groups->runs;
    pl_id* const to = columns[node->aggs[a].slot];
    for (size_t i = 0; to && i < groups->count; i++) {
      PL_TRY(pl_agg_count(counts[i], &st->op.run->eval, &to[at + i]));
    }
  }
  return PL_OK;
}

/// The next groups that the threads have counted; without keys, all shares as one group.
static pl_status emit_counted(group_op* st, uint32_t* at) {
  const group_node* node = node_of(st);
  while (*at < PL_CHUNK_ROWS) {
    pl_group_counts groups;
    const pl_status status = pl_group_morsels_next(st->morsels, PL_CHUNK_ROWS - *at, &groups);
    if (status == PL_DONE) {
      pl_group_morsels_close(st->morsels);
      st->morsels = NULL;
      st->ended = true;
      return node->key_count == 0 ? emit(st, (*at)++) : PL_OK;
    }
    PL_TRY(status);
    for (size_t i = 0; i < groups.count; i++) {
      st->op.input->rows_seen += groups.rows[i];
    }
    if (node->key_count > 0) {
      PL_TRY(emit_counts(st, *at, &groups));
      *at += (uint32_t)groups.count;
    }
    for (size_t i = 0; node->key_count == 0 && i < groups.count; i++) {
      st->rows += groups.rows[i];
      st->runs += groups.runs[i];
    }
  }
  return PL_OK;
}

static pl_status group_next(pl_op* op, pl_chunk** out) {
  group_op* st = (group_op*)op;
  pl_op_clear(op);
  PL_TRY(st->placed ? PL_OK : place(st));
  uint32_t at = 0;
  PL_TRY(st->morsels ? emit_counted(st, &at) : PL_OK);
  while (at < PL_CHUNK_ROWS && !st->morsels && !st->ended) {
    const pl_status status = next_group(st);
    if (status == PL_DONE) {
      break;
    }
    PL_TRY(status);
    PL_TRY(emit(st, at++));
  }
  pl_chunk_set(&op->chunk, at);
  *out = &op->chunk;
  return at ? PL_OK : PL_DONE;
}

// ---- plan ---------------------------------------------------------------------------------------------------------

static pl_status group_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  group_node* node = (group_node*)base;
  pl_lookup_node* scan = (pl_lookup_node*)base->inputs[0];
  pl_slots none = {0};
  pl_slots_keep(base->out, needed);
  PL_TRY(pl_slots_make(planner->arena, planner->plan->slot_count, &none));
  PL_TRY(scan->node.type->prune(planner, &scan->node, none));
  scan->accesses[0] = node->access;
  scan->counted = false;
  return PL_OK;
}

static pl_status group_describe(const pl_node* base, pl_explain* explain) {
  const group_node* node = (const group_node*)base;
  const pl_alg* alg = node->alg;
  PL_TRY(pl_aggregate_describe(alg, explain));
  return pl_buf_str(explain->out, pl_str_c(node->from_counters ? " counters" : " runs"));
}

static const pl_op_class group_class = {.name = "Aggregate",
                                        .state_bytes = sizeof(group_op),
                                        .open = group_open,
                                        .next = group_next,
                                        .rewind = group_rewind,
                                        .again = group_again,
                                        .close = group_close,
                                        .prune = group_prune,
                                        .describe = group_describe};

/// Place of a slot that the scan binds; PL_PLACE_COUNT if it is none.
static uint8_t place_of(const pl_lookup_node* scan, const pl_expr* expr) {
  for (uint8_t i = 0; i < PL_PLACE_C && expr->kind == PL_EXPR_SLOT; i++) {
    if (scan->places[i].kind == PL_PLACE_NEW && scan->places[i].slot == expr->index) {
      return i;
    }
  }
  return PL_PLACE_COUNT;
}

bool pl_is_plain_scan(const pl_planner* planner, const pl_node* input) {
  const pl_lookup_node* scan = (const pl_lookup_node*)input;
  if (input->type != &pl_lookup_class || !pl_node_is_unit(input->inputs[0]) || planner->plan->why != PL_SLOT_NONE) {
    return false;
  }
  bool plain = !scan->annot && !scan->raw && !scan->pairs && !scan->shows_places && scan->same == PL_LENS_NONE &&
               scan->access_count == 1 && scan->verb_count == 1 && scan->bound_count == 0 &&
               !scan->accesses[0].residual && scan->accesses[0].mode == PL_SCAN_FACTS;
  for (uint8_t i = 0; i < PL_PLACE_COUNT; i++) {
    const pl_place* place = &scan->places[i];
    const bool given = place->kind == PL_PLACE_CONST && i != PL_PLACE_B && place->ref->kind == PL_REF_TERM;
    plain = plain && (given || place->kind == PL_PLACE_NEW || place->kind == PL_PLACE_ANY);
  }
  return plain;
}

bool pl_scan_is_distinct(const pl_planner* planner, const pl_node* input, const pl_slot* slots, uint32_t count) {
  if (!pl_planner_rule(planner, PL_RULE_DISTINCT_FACTS) || !pl_is_plain_scan(planner, input)) {
    return false;
  }
  const pl_lookup_node* scan = (const pl_lookup_node*)input;
  bool all = true;
  for (uint8_t i = 0; i < PL_PLACE_C; i++) {
    const pl_place* place = &scan->places[i];
    bool found = place->kind == PL_PLACE_CONST;
    for (uint32_t k = 0; k < count && place->kind == PL_PLACE_NEW; k++) {
      found = found || slots[k] == place->slot;
    }
    all = all && found;
  }
  return all;
}

/// Keys that are different slots of the scan.
static bool take_keys(group_node* node, const pl_alg* alg, uint8_t places[3]) {
  if (alg->aggregate.key_count > 3) {
    return false;
  }
  node->keys = alg->aggregate.keys;
  for (uint32_t k = 0; k < alg->aggregate.key_count; k++) {
    const uint8_t place = place_of(node->scan, node->keys[k].expr);
    for (uint8_t i = 0; i < node->key_count; i++) {
      if (places[i] == place) {
        return false;
      }
    }
    if (place == PL_PLACE_COUNT) {
      return false;
    }
    places[node->key_count++] = place;
  }
  return true;
}

/// How an aggregate is computed from runs of the value's place.
static bool take_agg(group_node* node, const pl_alg_agg* agg) {
  group_agg* to = &node->aggs[node->agg_count++];
  *to = (group_agg){.slot = agg->slot, .agg = agg, .kind = GROUP_ROWS, .offset = node->state_bytes};
  if (agg->star) {
    return true;
  }
  const bool count = agg->fn == PL_FN_COUNT;
  const bool knows =
      count || agg->fn == PL_FN_SUM || agg->fn == PL_FN_AVG || agg->fn == PL_FN_MIN || agg->fn == PL_FN_MAX;
  const uint8_t place = agg->arg_count == 1 && knows ? place_of(node->scan, agg->args[0]) : PL_PLACE_COUNT;
  if (place == PL_PLACE_COUNT || (count && !agg->distinct)) {
    return place != PL_PLACE_COUNT;
  }
  if (node->value_place != PL_PLACE_COUNT && node->value_place != place) {
    return false;
  }
  node->value_place = place;
  to->kind = count ? GROUP_RUNS : GROUP_VALUES;
  node->state_bytes += to->kind == GROUP_VALUES ? pl_agg_state_bytes(agg->fn, false) : 0;
  return true;
}

/// Column of the order at which a place stands.
static uint8_t column_of(const pl_lookup_node* scan, pl_order order, uint8_t place) {
  const bool inverse = scan->accesses[0].inverse;
  const uint8_t what = place == PL_PLACE_P ? PL_P : (place == PL_PLACE_A) != inverse ? PL_S : PL_O;
  uint8_t column = 0;
  while (pl_order_columns[order][column] != what) {
    column++;
  }
  return column;
}

/// Does the order begin with the fixed places, then the keys, then the value? Notes the columns of the keys.
static bool fits(group_node* node, pl_order order, const uint8_t places[3]) {
  const pl_lookup_node* scan = node->scan;
  uint8_t fixed = 0;
  for (uint8_t i = 0; i < PL_PLACE_C; i++) {
    fixed += scan->places[i].kind == PL_PLACE_CONST;
  }
  for (uint8_t i = 0; i < PL_PLACE_C; i++) {
    if (scan->places[i].kind == PL_PLACE_CONST && column_of(scan, order, i) >= fixed) {
      return false;
    }
  }
  for (uint8_t k = 0; k < node->key_count; k++) {
    const uint8_t column = column_of(scan, order, places[k]);
    if (column < fixed || column >= fixed + node->key_count) {
      return false;
    }
    node->key_column[k] = (uint8_t)(column - fixed);
  }
  if (node->value_place != PL_PLACE_COUNT && column_of(scan, order, node->value_place) != fixed + node->key_count) {
    return false;
  }
  node->access.order = order;
  node->access.prefix = fixed;
  return true;
}

static void set_columns(group_node* node) {
  pl_access* access = &node->access;
  for (uint8_t place = 0; place < PL_PLACE_C; place++) {
    access->place[column_of(node->scan, access->order, place)] = place;
  }
}

/// Facts, subjects and objects of one predicate or of each one.
static bool known_to_counters(const group_node* node) {
  const pl_access* access = &node->access;
  const bool by_predicate = access->place[0] == PL_PLACE_P && access->prefix + node->key_count == 1;
  return node->counts && by_predicate;
}

static pl_status choose(pl_planner* planner, group_node* node, const uint8_t places[3], bool* found) {
  static const pl_order orders[] = {PL_ORDER_SPO, PL_ORDER_PSO, PL_ORDER_POS, PL_ORDER_OSP};
  *found = false;
  node->access = node->scan->accesses[0];
  for (size_t i = 0; i < PL_COUNT_OF(orders) && !*found; i++) {
    *found = fits(node, orders[i], places);
  }
  if (*found) {
    set_columns(node);
    node->counts = true;
    for (uint32_t a = 0; a < node->agg_count; a++) {
      node->counts = node->counts && node->aggs[a].kind != GROUP_VALUES;
    }
    node->from_counters = pl_planner_rule(planner, PL_RULE_GROUP_COUNTERS) && known_to_counters(node);
  }
  return PL_OK;
}

pl_status pl_node_group_scan(pl_planner* planner, pl_node* input, const pl_alg* alg, pl_node** out) {
  group_node* node = NULL;
  uint8_t places[3] = {0};
  *out = NULL;
  if (!pl_planner_rule(planner, PL_RULE_GROUP_RUNS) || !pl_is_plain_scan(planner, input)) {
    return PL_OK;
  }
  group_node draft = {.scan = (const pl_lookup_node*)input, .value_place = PL_PLACE_COUNT, .alg = alg};
  draft.aggs = PL_ARENA_ARRAY(planner->arena, group_agg, alg->aggregate.agg_count + 1);
  if (!draft.aggs) {
    return pl_planner_nomem(planner);
  }
  bool found = take_keys(&draft, alg, places);
  for (uint32_t a = 0; a < alg->aggregate.agg_count && found; a++) {
    found = take_agg(&draft, &alg->aggregate.aggs[a]);
  }
  if (!found || draft.key_count + (draft.value_place != PL_PLACE_COUNT) == 0) {
    return PL_OK;
  }
  PL_TRY(choose(planner, &draft, places, &found));
  if (!found) {
    return PL_OK;
  }
  PL_TRY(pl_node_make(planner, &group_class, sizeof(*node), &input, 1, &node));
  draft.node = node->node;
  *node = draft;
  for (uint32_t k = 0; k < node->key_count; k++) {
    pl_slots_add(node->node.out, node->keys[k].slot);
  }
  for (uint32_t a = 0; a < node->agg_count; a++) {
    pl_slots_add(node->node.out, node->aggs[a].slot);
  }
  node->node.rows_expected = node->key_count ? input->rows_expected / 10 + 1 : 1;
  *out = &node->node;
  return PL_OK;
}
