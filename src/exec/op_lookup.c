// Lookup: each row of the input extended with the rows of the store that match a pattern; see lookup.h.
//
// Scans write straight into the output columns; what they cannot restrict themselves is checked in place afterwards. Output follows the order of
// the input's rows.
#include "base/sort.h"
#include "exec/lens.h"
#include "exec/support.h"

extern const pl_op_class pl_lookup_class;

typedef struct pair {
  pl_id a;       ///< end A
  pl_id b;       ///< end B
  pl_id p;       ///< predicate, and
  bool inverse;  ///< whether B is the subject: of the fact behind it, where support is asked for
} pair;

typedef struct lookup_op {
  pl_op op;
  pl_probes probes;               ///< combinations of constants
  pl_probe_room probe_room;       ///< space to make them in
  pl_scan* scans[PL_ACCESS_MAX];  ///< by access, opened on first use
  const pl_pass* pass;            ///< compiled lens; NULL = everything passes
  bool why;                       ///< rows get the support of their fact
  pl_ids graphs;                  ///< named graphs, for annotations of unknown c
  bool graphs_listed;             ///< graphs is filled
  pl_id* target[PL_PLACE_COUNT];  ///< where a place's values are written: output column or own space; NULL = not wanted
  bool wanted[PL_PLACE_COUNT];    ///< the place's values are needed even where known from the input
  pl_chunk* in;                   ///< current input chunk
  uint32_t in_at;                 ///< next entry of its selection
  uint32_t row;                   ///< current input row
  uint64_t row_number;            ///< input rows so far
  size_t probe_at;                ///< next probe for the current row
  const pl_probe* probe;          ///< being scanned; NULL = none
  pl_scan* scan;                  ///< of the probe
  pl_id key[PL_PLACE_COUNT];      ///< known values of the probe
  PL_VEC(pair) pairs;             ///< distinct ends of the current row
  size_t pair_at;                 ///< next to hand on
  uint32_t countdown;             ///< probes until the guard is asked again
  const pl_id* only;  ///< borrowed: values of the first column after the prefix that are read, sorted; NULL = all
  size_t only_count;  ///< of them
  size_t only_at;     ///< next to place the scan on
} lookup_op;

static const pl_lookup_node* node_of(const lookup_op* st) { return (const pl_lookup_node*)st->op.node; }

static pl_status make_targets(lookup_op* st) {
  const pl_lookup_node* node = node_of(st);
  for (uint8_t i = 0; i < PL_PLACE_COUNT; i++) {
    const pl_place* place = &node->places[i];
    bool wanted = node->shows_places || st->why || (node->pairs && (i == PL_PLACE_A || i == PL_PLACE_B));
    for (uint32_t a = 0; a < node->access_count; a++) {
      const pl_access* access = &node->accesses[a];
      wanted |= access->residual || (access->inverse && node->access_count > 1);
    }
    if (place->kind == PL_PLACE_NEW && !node->pairs) {
      st->target[i] = st->op.chunk.columns[place->slot];
    }
    if (!st->target[i] && wanted) {
      st->target[i] = pl_arena_alloc(&st->op.run->arena, PL_CHUNK_ROWS * sizeof(pl_id));
      if (!st->target[i]) {
        return pl_run_nomem(st->op.run);
      }
    }
  }
  return PL_OK;
}

static pl_status lookup_open(pl_op* op) {
  lookup_op* st = (lookup_op*)op;
  const pl_lookup_node* node = node_of(st);
  PL_TRY(pl_op_columns(op));
  st->why = !node->annot && !node->raw && pl_why_column(op->run, &op->chunk);
  PL_TRY(make_targets(st));
  PL_TRY(pl_probes_make(op->run, node, &st->probe_room, &st->probes));
  if (node->lens != PL_LENS_NONE && st->probes.count) {
    PL_TRY(pl_lens_pass(op->run, node->lens, &st->pass));
  }
  st->probe_at = st->probes.count;
  return PL_OK;
}

static void lookup_close(pl_op* op) {
  lookup_op* st = (lookup_op*)op;
  for (uint32_t i = 0; i < PL_ACCESS_MAX; i++) {
    pl_scan_close(st->scans[i]);
  }
  pl_vec_free(&op->run->mem, &st->probes);
  for (size_t i = 0; i < PL_COUNT_OF(st->probe_room.ids); i++) {
    pl_vec_free(&op->run->mem, &st->probe_room.ids[i]);
  }
  pl_vec_free(&op->run->mem, &st->graphs);
  pl_vec_free(&op->run->mem, &st->pairs);
}

static void restart(lookup_op* st) {
  st->in = NULL;
  st->probe = NULL;
  st->probe_at = st->probes.count;
  st->pairs.count = st->pair_at = 0;
  st->only_at = st->only_count;
}

static pl_status lookup_rewind(pl_op* op) {
  restart((lookup_op*)op);
  return pl_op_rewind(op->input);
}

/// Scans stay open: they go to a range of their own before they are read.
static pl_status lookup_again(pl_op* op) {
  lookup_op* st = (lookup_op*)op;
  const pl_lookup_node* node = node_of(st);
  if (op->run->moved || node->params) {
    PL_TRY(pl_probes_make(op->run, node, &st->probe_room, &st->probes));
  }
  if (node->lens != PL_LENS_NONE && st->probes.count) {
    PL_TRY(pl_lens_pass(op->run, node->lens, &st->pass));
  }
  if (op->run->moved) {
    st->graphs.count = 0;
    st->graphs_listed = false;
  }
  st->row_number = 0;
  st->only = NULL;
  st->only_count = 0;
  restart(st);
  return PL_OK;
}

/// Go to the next input row.
static pl_status next_row(lookup_op* st) {
  PL_TRY(pl_op_next_row(st->op.input, &st->in, &st->in_at, &st->row));
  st->row_number++;
  st->probe_at = 0;
  return PL_OK;
}

static bool row_key(lookup_op* st, const pl_probe* probe, const pl_access* access) {
  const pl_lookup_node* node = node_of(st);
  for (uint8_t i = 0; i < PL_PLACE_COUNT; i++) {
    st->key[i] = probe->ids[i];
    if (node->places[i].kind == PL_PLACE_BOUND) {
      st->key[i] = pl_chunk_id(st->in, node->places[i].slot, st->row);
      if (st->key[i] == PL_ID_NULL) {
        return false;  // a null matches nothing
      }
    }
  }
  if (node->annot && access->bound[PL_PLACE_A]) {
    return (pl_id_tag(st->key[PL_PLACE_A]) != PL_TAG_ASSERTION) == access->graph;
  }
  return true;
}

static pl_status open_scan(lookup_op* st, const pl_probe* probe) {
  const pl_access* access = &node_of(st)->accesses[probe->access];
  if (access->graph && !access->bound[PL_PLACE_A] && !st->graphs_listed) {
    PL_TRY(pl_graphs_list(st->op.run, &st->graphs));
    st->graphs_listed = true;
  }
  pl_run* run = st->op.run;
  return pl_scan_open(run->txn, access->order, access->mode, st->pass, &run->mem, &st->scans[probe->access]);
}

/// Place a scan on the range of a probe, or on that of the next value that is wanted. *any is false if there is none.
static pl_status place_scan(lookup_op* st, const pl_probe* probe, pl_scan* scan, bool* any) {
  const pl_access* access = &node_of(st)->accesses[probe->access];
  pl_id prefix[PL_PLACE_COUNT];
  pl_id low = probe->low, high = probe->high;
  if (st->only) {
    while (st->only_at < st->only_count && st->only[st->only_at] < low) {
      st->only_at++;
    }
    *any = st->only_at < st->only_count && st->only[st->only_at] <= high;
    if (!*any) {
      return PL_OK;
    }
    low = high = st->only[st->only_at++];
  }
  for (uint8_t i = 0; i < access->prefix; i++) {
    prefix[i] = st->key[access->place[i]];
  }
  st->scan = scan;
  st->probe = probe;
  return pl_scan_range(scan, prefix, access->prefix, low, high);
}

/// Begin with a probe, or go on with it for the next value. *any is false if there can be no rows.
static pl_status start_probe(lookup_op* st, const pl_probe* probe, bool* any) {
  const pl_access* access = &node_of(st)->accesses[probe->access];
  if (++st->countdown % 512 == 0) {
    PL_TRY(pl_guard_check(st->op.run->guard, st->op.run->err));
  }
  *any = row_key(st, probe, access);
  if (!*any) {
    return PL_OK;
  }
  if (!st->scans[probe->access]) {
    PL_TRY(open_scan(st, probe));
  }
  if (access->graph && !access->bound[PL_PLACE_A] && st->graphs.count == 0) {
    *any = false;
    return PL_OK;
  }
  return place_scan(st, probe, st->scans[probe->access], any);
}

/// Value of a place in stored row `i`: read, or known.
static pl_id place_value(const lookup_op* st, const pl_access* access, uint8_t place, uint32_t i) {
  return access->bound[place] || !st->target[place] ? st->key[place] : st->target[place][i];
}

static bool row_passes(const lookup_op* st, const pl_access* access, pl_id* const* read, uint32_t i) {
  const pl_lookup_node* node = node_of(st);
  for (uint8_t column = access->prefix; column < access->width; column++) {
    const uint8_t place = access->place[column];
    if (access->bound[place] && read[place][i] != st->key[place]) {
      return false;
    }
    if (node->places[place].kind == PL_PLACE_REPEAT &&
        read[place][i] != place_value(st, access, node->places[place].first, i)) {
      return false;
    }
  }
  if (access->graph && !access->bound[PL_PLACE_A] && !pl_ids_have(&st->graphs, read[PL_PLACE_A][i])) {
    return false;
  }
  return !st->probe->skip_loops || place_value(st, access, PL_PLACE_A, i) != place_value(st, access, PL_PLACE_B, i);
}

/// Drop rows [at, at + count) that do not pass; returns how many are left.
static uint32_t keep_passing(lookup_op* st, const pl_access* access, uint32_t at, uint32_t count) {
  uint32_t kept = at;
  for (uint32_t i = at; i < at + count; i++) {
    if (row_passes(st, access, st->target, i)) {
      for (uint8_t p = 0; p < PL_PLACE_COUNT; p++) {
        if (st->target[p]) {
          st->target[p][kept] = st->target[p][i];
        }
      }
      kept++;
    }
  }
  return kept - at;
}

/// Read rows of the current probe to row `at` on; the probe ends when nothing came.
static pl_status read_rows(lookup_op* st, uint32_t at, uint32_t* added) {
  const pl_access* access = &node_of(st)->accesses[st->probe->access];
  pl_id* into[4] = {NULL, NULL, NULL, NULL};
  for (uint8_t column = 0; column < access->width; column++) {
    pl_id* target = st->target[access->place[column]];
    into[column] = target ? target + at : NULL;
  }
  size_t count = 0;
  const uint8_t runs = node_of(st)->runs;
  if (runs) {
    PL_TRY(pl_op_times(&st->op, at, 0, 2));  // makes the column
    PL_TRY(pl_scan_fill_runs(st->scan, runs, into, st->op.times + at, PL_CHUNK_ROWS - at, &count));
  } else {
    PL_TRY(pl_scan_fill(st->scan, into, PL_CHUNK_ROWS - at, &count));
  }
  *added = (uint32_t)count;
  if (count == 0) {
    st->probe = NULL;
  } else if (access->residual || st->probe->skip_loops) {
    *added = keep_passing(st, access, at, (uint32_t)count);
  }
  return PL_OK;
}

/// Support of a row: that of its input row and the fact.
static pl_status add_support(lookup_op* st, uint32_t at, pl_id a, pl_id p, pl_id b, pl_id c, bool inverse) {
  pl_run* run = st->op.run;
  pl_why fact = 0;
  PL_TRY(pl_why_fact(run, PL_WHY_FACT, inverse ? b : a, p, inverse ? a : b, c, node_of(st)->lens, &fact));
  return pl_why_extend(run, st->in, st->row, &st->op.chunk, at, 1, fact);
}

static pl_status add_supports(lookup_op* st, uint32_t at, uint32_t count) {
  const pl_access* access = &node_of(st)->accesses[st->probe->access];
  for (uint32_t i = at; i < at + count; i++) {
    const pl_id c = access->mode == PL_SCAN_ASSERTIONS ? place_value(st, access, PL_PLACE_C, i) : PL_ID_NULL;
    PL_TRY(add_support(st, i, place_value(st, access, PL_PLACE_A, i), place_value(st, access, PL_PLACE_P, i),
                       place_value(st, access, PL_PLACE_B, i), c, access->inverse));
  }
  return PL_OK;
}

/// Copy the input row and the hidden slots beside `count` new rows.
static pl_status finish_rows(lookup_op* st, uint32_t at, uint32_t count) {
  const pl_lookup_node* node = node_of(st);
  pl_chunk* out = &st->op.chunk;
  pl_carry_row(&node->carry, st->in, st->row, out, at, count);
  const pl_slot hidden = st->op.run->plan->hidden;
  for (uint32_t i = at; node->shows_places && i < at + count; i++) {
    const pl_access* access = &node->accesses[st->probe->access];
    for (uint8_t p = 0; p < PL_PLACE_COUNT; p++) {
      const bool read = p != PL_PLACE_C || access->width == 4;
      out->columns[hidden + PL_HIDDEN_PLACE + p][i] = read ? place_value(st, access, p, i) : st->key[p];
    }
    out->columns[hidden + PL_HIDDEN_ROW][i] = st->row_number << 1 | access->inverse;
  }
  const uint64_t times = pl_chunk_times(st->in, st->row);
  for (uint32_t i = at; node->runs && times > 1 && i < at + count; i++) {
    st->op.times[i] = pl_times_mul(st->op.times[i], times);
  }
  return node->runs ? PL_OK : pl_op_times(&st->op, at, count, times);
}

static pl_status next_plain(lookup_op* st, uint32_t* filled) {
  uint32_t at = 0;
  while (at < PL_CHUNK_ROWS) {
    if (!st->probe) {
      const bool same = st->only_at < st->only_count;
      if (!same && st->probe_at == st->probes.count) {
        const pl_status status = next_row(st);
        if (status == PL_DONE) {
          break;
        }
        PL_TRY(status);
      }
      bool any = false;
      st->only_at = same ? st->only_at : 0;
      st->probe_at += !same;
      PL_TRY(start_probe(st, &st->probes.data[st->probe_at - 1], &any));
      if (!any) {
        st->only_at = st->only_count;
        continue;
      }
    }
    uint32_t added = 0;
    PL_TRY(read_rows(st, at, &added));
    if (added) {
      PL_TRY(finish_rows(st, at, added));
      PL_TRY(st->why ? add_supports(st, at, added) : PL_OK);
      at += added;
    }
  }
  *filled = at;
  return PL_OK;
}

/// Count the rows of a probe from the store's counters, where they say it: facts of one predicate, or all facts.
static pl_status count_known(lookup_op* st, const pl_probe* probe, bool* known, uint64_t* count) {
  const pl_lookup_node* node = node_of(st);
  const pl_access* access = &node->accesses[probe->access];
  const bool by_predicate = access->prefix == 1 && access->place[0] == PL_PLACE_P;
  *known = !node->annot && !st->pass && access->mode == PL_SCAN_FACTS && (by_predicate || access->prefix == 0) &&
           probe->low == 0 && probe->high == UINT64_MAX && !probe->skip_loops;
  if (!*known) {
    return PL_OK;
  }
  if (!by_predicate) {
    pl_totals totals;
    PL_TRY(pl_stats_totals(st->op.run->txn, &totals));
    *count = totals.facts;
    return PL_OK;
  }
  pl_predicate_stats stats = {0};
  *known = row_key(st, probe, access);
  PL_TRY(*known ? pl_stats_predicate(st->op.run->txn, st->key[PL_PLACE_P], &stats) : PL_OK);
  *count = stats.facts;
  return PL_OK;
}

static pl_status count_probe(lookup_op* st, const pl_probe* probe, uint64_t* count) {
  bool known = false;
  bool any = false;
  *count = 0;
  PL_TRY(count_known(st, probe, &known, count));
  if (known) {
    return PL_OK;
  }
  PL_TRY(start_probe(st, probe, &any));
  return any ? pl_scan_count(st->scan, count) : PL_OK;
}

/// Rows are only counted: one output row for each input row that has matches.
static pl_status next_counted(lookup_op* st, uint32_t* filled) {
  uint32_t at = 0;
  while (at < PL_CHUNK_ROWS) {
    const pl_status status = next_row(st);
    if (status == PL_DONE) {
      break;
    }
    PL_TRY(status);
    uint64_t total = 0;
    for (size_t i = 0; i < st->probes.count; i++) {
      uint64_t count = 0;
      PL_TRY(count_probe(st, &st->probes.data[i], &count));
      total = pl_times_add(total, count);
    }
    if (total) {
      pl_carry_row(&node_of(st)->carry, st->in, st->row, &st->op.chunk, at, 1);
      PL_TRY(pl_op_times(&st->op, at, 1, pl_times_mul(total, pl_chunk_times(st->in, st->row))));
      at++;
    }
  }
  st->probe = NULL;
  *filled = at;
  return PL_OK;
}

static int compare_pairs(const void* x, const void* y, void* user) {
  PL_UNUSED(user);
  const pair *a = x, *b = y;
  return a->a != b->a   ? (a->a < b->a ? -1 : 1)
         : a->b != b->b ? (a->b < b->b ? -1 : 1)
         : a->p != b->p ? (a->p < b->p ? -1 : 1)
                        : a->inverse - b->inverse;
}

/// All distinct ends of the current row; those of several facts once for each of them where support is asked for.
static pl_status collect_pairs(lookup_op* st) {
  st->pairs.count = st->pair_at = 0;
  for (size_t i = 0; i < st->probes.count; i++) {
    bool any = false;
    PL_TRY(start_probe(st, &st->probes.data[i], &any));
    const pl_access* access = &node_of(st)->accesses[st->probes.data[i].access];
    while (any && st->probe) {
      uint32_t added = 0;
      PL_TRY(read_rows(st, 0, &added));
      PL_TRY(pl_guard_check(st->op.run->guard, st->op.run->err));
      for (uint32_t k = 0; k < added; k++) {
        const pair ends = {.a = place_value(st, access, PL_PLACE_A, k),
                           .b = place_value(st, access, PL_PLACE_B, k),
                           .p = st->why ? place_value(st, access, PL_PLACE_P, k) : PL_ID_NULL,
                           .inverse = st->why && access->inverse};
        PL_TRY(pl_vec_push(&st->op.run->mem, &st->pairs, ends));
      }
    }
  }
  if (st->pairs.count > 1) {
    static const pl_sort_order order = {.compare = compare_pairs};
    pl_run* const run = st->op.run;
    PL_TRY(pl_sort(st->pairs.data, st->pairs.count, sizeof(pair), &order, &run->mem, run->guard, run->err));
  }
  size_t kept = 0;
  for (size_t i = 0; i < st->pairs.count; i++) {
    if (kept == 0 || compare_pairs(&st->pairs.data[kept - 1], &st->pairs.data[i], NULL)) {
      st->pairs.data[kept++] = st->pairs.data[i];
    }
  }
  st->pairs.count = kept;
  return PL_OK;
}

static void write_pair(lookup_op* st, uint32_t at, pair ends) {
  const pl_place* places = node_of(st)->places;
  pl_id** columns = st->op.chunk.columns;
  if (places[PL_PLACE_A].kind == PL_PLACE_NEW && columns[places[PL_PLACE_A].slot]) {
    columns[places[PL_PLACE_A].slot][at] = ends.a;
  }
  if (places[PL_PLACE_B].kind == PL_PLACE_NEW && columns[places[PL_PLACE_B].slot]) {
    columns[places[PL_PLACE_B].slot][at] = ends.b;
  }
}

/// The support of a pair: any of its facts. Steps over all of them but the first.
static pl_status support_pair(lookup_op* st, uint32_t at, const pair* first) {
  pl_run* run = st->op.run;
  pl_why any = 0, fact = 0;
  for (st->pair_at--; st->pair_at < st->pairs.count; st->pair_at++) {
    const pair* ends = &st->pairs.data[st->pair_at];
    if (ends->a != first->a || ends->b != first->b) {
      break;
    }
    PL_TRY(pl_why_fact(run, PL_WHY_FACT, ends->inverse ? ends->b : ends->a, ends->p, ends->inverse ? ends->a : ends->b,
                       0, node_of(st)->lens, &fact));
    PL_TRY(pl_why_alternative(run, &any, fact));
  }
  return pl_why_extend(run, st->in, st->row, &st->op.chunk, at, 1, any);
}

static pl_status next_pairs(lookup_op* st, uint32_t* filled) {
  uint32_t at = 0;
  while (at < PL_CHUNK_ROWS) {
    if (st->pair_at == st->pairs.count) {
      const pl_status status = next_row(st);
      if (status == PL_DONE) {
        break;
      }
      PL_TRY(status);
      PL_TRY(collect_pairs(st));
      continue;
    }
    const pair ends = st->pairs.data[st->pair_at++];
    write_pair(st, at, ends);
    PL_TRY(finish_rows(st, at, 1));
    PL_TRY(st->why ? support_pair(st, at, &ends) : PL_OK);
    at++;
  }
  *filled = at;
  return PL_OK;
}

static pl_status lookup_next(pl_op* op, pl_chunk** out) {
  lookup_op* st = (lookup_op*)op;
  const pl_lookup_node* node = node_of(st);
  if (st->probes.count == 0) {
    return PL_DONE;  // a constant that the store does not know
  }
  pl_op_clear(op);
  uint32_t filled = 0;
  PL_TRY(node->counted ? next_counted(st, &filled) : node->pairs ? next_pairs(st, &filled) : next_plain(st, &filled));
  if (filled == 0) {
    return PL_DONE;
  }
  pl_chunk_set(&op->chunk, filled);
  *out = &op->chunk;
  return PL_OK;
}

bool pl_lookup_can_restrict(const pl_node* base, pl_slot slot) {
  const pl_lookup_node* node = (const pl_lookup_node*)base;
  if (base->type != &pl_lookup_class || !pl_node_is_unit(base->inputs[0]) || node->annot || node->pairs ||
      node->counted || node->shows_places || node->access_count != 1) {
    return false;
  }
  const pl_access* access = &node->accesses[0];
  const pl_place* first = &node->places[access->place[access->prefix]];
  return access->prefix < access->width && first->kind == PL_PLACE_NEW && first->slot == slot;
}

void pl_lookup_restrict(pl_op* op, const pl_id* ids, size_t count) {
  lookup_op* st = (lookup_op*)op;
  st->only = ids;
  st->only_count = st->only_at = count;
}

/// Slots that lookups read from the input.
static void add_keys(const pl_lookup_node* node, pl_slots set) {
  for (uint8_t i = 0; i < PL_PLACE_COUNT; i++) {
    if (node->places[i].kind == PL_PLACE_BOUND) {
      pl_slots_add(set, node->places[i].slot);
    }
  }
}

static bool can_count(const pl_lookup_node* node, pl_slots needed) {
  bool can = !node->pairs && !node->shows_places;
  for (uint8_t i = 0; i < PL_PLACE_COUNT; i++) {
    can &= node->places[i].kind != PL_PLACE_REPEAT;
    can &= node->places[i].kind != PL_PLACE_NEW || !pl_slots_has(needed, node->places[i].slot);
  }
  for (uint32_t a = 0; a < node->access_count; a++) {
    can &= !node->accesses[a].residual && !(node->accesses[a].inverse && node->access_count > 1);
  }
  return can;
}

static pl_status lookup_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  pl_lookup_node* node = (pl_lookup_node*)base;
  pl_slots below = {0}, carried = {0};
  if (!node->raw) {
    pl_slots_keep(base->out, needed);
  }
  for (uint32_t i = 0; node->shows_places && i <= PL_HIDDEN_ROW; i++) {
    pl_slots_add(base->out, planner->plan->hidden + i);
  }
  node->counted = pl_planner_rule(planner, PL_RULE_COUNT_MATCHES) && can_count(node, base->out) &&
                  (node->annot || !pl_why_in(planner, base->out));
  if (pl_planner_rule(planner, PL_RULE_COUNT_MATCHES) && !node->counted && !pl_why_in(planner, base->out)) {
    pl_lookup_choose_runs(node, base->out);
  }
  PL_TRY(pl_slots_copy(planner->arena, base->out, &below));
  pl_slots_keep(below, base->inputs[0]->out);
  PL_TRY(pl_slots_copy(planner->arena, below, &carried));
  add_keys(node, below);
  PL_TRY(pl_node_prune(planner, base->inputs[0], below));
  return pl_carry_make(planner, carried, &node->carry);
}

static pl_status describe_verbs(const pl_lookup_node* node, pl_explain* explain) {
  for (uint32_t v = 0; v < node->verb_count; v++) {
    PL_TRY(pl_buf_str(explain->out, pl_str_c(v ? "|" : " ")));
    PL_TRY(pl_buf_str(explain->out, pl_str_c(node->verbs[v].inverse ? "^" : "")));
    PL_TRY(pl_explain_ref(explain, &node->verbs[v].predicate));
  }
  return PL_OK;
}

static pl_status lookup_describe(const pl_node* base, pl_explain* explain) {
  const pl_lookup_node* node = (const pl_lookup_node*)base;
  const pl_alg* leaf = node->written;
  PL_TRY(pl_buf_char(explain->out, ' '));
  PL_TRY(pl_explain_ref(explain, node->annot ? &leaf->annot.c : &leaf->scan.subject));
  PL_TRY(describe_verbs(node, explain));
  PL_TRY(pl_buf_char(explain->out, ' '));
  PL_TRY(pl_explain_ref(explain, node->annot ? &leaf->annot.object : &leaf->scan.object));
  if (!node->annot && leaf->scan.c != PL_SLOT_NONE) {
    PL_TRY(pl_buf_str(explain->out, PL_STR(" as ")));
    PL_TRY(pl_explain_slot(explain, leaf->scan.c));
  }
  PL_TRY(pl_explain_order(explain, node->accesses[0].order, node->accesses[0].prefix));
  PL_TRY(pl_buf_str(explain->out, pl_str_c(node->lens != PL_LENS_NONE ? " lens" : "")));
  return pl_buf_str(explain->out, pl_str_c(node->counted ? " counted" : node->runs ? " runs" : ""));
}

static const char* lookup_title(const pl_node* node) {
  if (((const pl_lookup_node*)node)->annot) {
    return "Annotation";
  }
  return pl_node_is_unit(node->inputs[0]) ? "Scan" : "Lookup";
}

const pl_op_class pl_lookup_class = {.name = "Lookup",
                                     .state_bytes = sizeof(lookup_op),
                                     .open = lookup_open,
                                     .next = lookup_next,
                                     .rewind = lookup_rewind,
                                     .again = lookup_again,
                                     .close = lookup_close,
                                     .prune = lookup_prune,
                                     .describe = lookup_describe,
                                     .title = lookup_title};
