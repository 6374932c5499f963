// The parts of a group as the join order sees them, and what one more step costs: see joinorder_internal.h.
#include "opt/joinorder_internal.h"

#include "opt/cost.h"

/// Join slot by which the rows of a scan come sorted, if nothing is bound: the first free column of the order that is read.
static uint16_t order_of(const pl_alg* part, const pl_join_part* info) {
  if (part->kind != PL_ALG_SCAN || part->scan.verb_count != 1) {
    return PL_JOIN_SLOT_NONE;
  }
  const pl_verb* verb = &part->scan.verbs[0];
  const pl_ref* subject = verb->inverse ? &part->scan.object : &part->scan.subject;
  const pl_ref* object = verb->inverse ? &part->scan.subject : &part->scan.object;
  const bool known = subject->kind == PL_REF_TERM || subject->kind == PL_REF_PARAM;
  const pl_ref* first = known || info->ranged ? object : subject;
  if (first->kind != PL_REF_SLOT || verb->predicate.kind == PL_REF_SLOT || verb->predicate.kind == PL_REF_ANY) {
    return PL_JOIN_SLOT_NONE;
  }
  for (uint32_t i = 0; i < info->profile.slot_count; i++) {
    if (info->profile.slots[i] == first->index) {
      return info->join_slots[i];
    }
  }
  return PL_JOIN_SLOT_NONE;
}

/// What a part, or a branch of it, reads although it may bind it: arguments of a lens that a path or identity sees before it has matched, and the
/// ends of paths that may be empty.
static void add_reads(const pl_query* query, const pl_alg* part, pl_slots needs, pl_slots ends) {
  const bool path = part->kind == PL_ALG_PATH;
  for (uint32_t i = 0; part->kind == PL_ALG_EITHER && i < part->either.count; i++) {
    add_reads(query, part->either.branches[i], needs, ends);
  }
  for (uint32_t i = 0; part->kind == PL_ALG_GROUP && i < part->group.required_count; i++) {
    add_reads(query, part->group.required[i], needs, ends);
  }
  pl_slots_of_lens(query, path ? part->path.lens : pl_same_lens(query, part), needs);
  if (path && pl_path_may_be_empty(part->path.path)) {
    pl_slots_bound(part, ends);
  }
}

static pl_status make_part(pl_estimator* est, const pl_join_problem* problem, const pl_alg* part, pl_join_part* out) {
  const uint32_t slot_count = problem->bound.word_count * 64 - 1;
  pl_slots always = {0};
  PL_TRY(pl_slots_make(est->arena, slot_count, &out->binds));
  PL_TRY(pl_slots_make(est->arena, slot_count, &out->needs));
  PL_TRY(pl_slots_make(est->arena, slot_count, &out->ends));
  PL_TRY(pl_slots_make(est->arena, slot_count, &always));
  pl_estimate_profile(est, part, &out->profile);
  PL_TRY(est->status);
  pl_slots_bound(part, out->binds);
  pl_slots_of_alg(est->query, part, out->needs);
  PL_TRY(pl_slots_always(est->arena, part, always));
  pl_slots_remove_all(out->needs, always);
  add_reads(est->query, part, out->needs, out->ends);
  const uint32_t lens = part->kind == PL_ALG_SCAN ? part->scan.lens : pl_same_lens(est->query, part);
  const bool correlated = lens != PL_LENS_NONE && est->query->lenses[lens].correlated;
  out->filtered = 1;
  out->is_scan = part->kind == PL_ALG_SCAN || part->kind == PL_ALG_ANNOT;
  out->hashable = !problem->no_hash && out->is_scan && !correlated;
  return PL_OK;
}

/// Number the slots of the profiles.
static pl_status number_slots(pl_estimator* est, const pl_join_problem* problem, pl_join_graph* graph) {
  const uint32_t slot_count = problem->bound.word_count * 64;
  uint16_t* numbers = PL_ARENA_ARRAY(est->arena, uint16_t, slot_count);
  if (!numbers) {
    return pl_mem_status(est->arena->mem);
  }
  memset(numbers, 0xff, slot_count * sizeof(*numbers));
  for (uint32_t p = 0; p < problem->count; p++) {
    pl_join_part* part = &graph->parts[p];
    for (uint32_t i = 0; i < part->profile.slot_count; i++) {
      uint16_t* number = &numbers[part->profile.slots[i]];
      if (*number == PL_JOIN_SLOT_NONE && graph->join_slot_count < PL_JOIN_SLOT_NONE) {
        *number = (uint16_t)graph->join_slot_count++;
      }
      part->join_slots[i] = *number;
    }
    part->order_slot = order_of(problem->parts[p], part);
  }
  return PL_OK;
}

/// Set `out` to the slots that identity lets part k bind before i: not those that k needs itself.
static void identity_waits(const pl_join_problem* problem, const pl_join_part* infos, uint32_t i, uint32_t k,
                           pl_slots out) {
  pl_slots_clear(out);
  if (problem->raw.word_count) {
    pl_same_add_waits(&infos[i].same, &infos[k].same, i > k, out);
    pl_slots_remove_all(out, infos[k].needs);
  }
}

/// The empty path is at every node that another part binds: it waits for those that do not wait for it. `reverse` is working space.
static void wait_for_ends(const pl_join_problem* problem, pl_join_part* infos, uint32_t i, uint32_t k,
                          pl_slots reverse) {
  pl_join_part *info = &infos[i], *other = &infos[k];
  const bool mutual = pl_slots_count(other->ends) > 0;
  identity_waits(problem, infos, k, i, reverse);
  for (uint32_t w = 0; w < reverse.word_count; w++) {
    const uint64_t waits = info->ends.words[w] & other->binds.words[w] & ~reverse.words[w];
    info->waits.words[w] |= waits;
    info->must.words[w] |= mutual ? 0 : waits;
  }
}

/// A part waits for the slots it needs that another part can bind. (No part that binds a slot without a value is done, so what it waits for
/// is the same at every step.)
static pl_status set_waits(pl_estimator* est, const pl_join_problem* problem, pl_join_part* infos, bool* any) {
  pl_slots once = {0}, twice = {0}, space = {0};  // slots that at least so many parts bind
  const uint32_t slot_count = problem->bound.word_count * 64 - 1;
  PL_TRY(pl_slots_make(est->arena, slot_count, &once));
  PL_TRY(pl_slots_make(est->arena, slot_count, &twice));
  PL_TRY(pl_slots_make(est->arena, slot_count, &space));
  for (uint32_t i = 0; i < problem->count; i++) {
    for (uint32_t w = 0; w < once.word_count; w++) {
      twice.words[w] |= once.words[w] & infos[i].binds.words[w];
      once.words[w] |= infos[i].binds.words[w];
    }
  }
  for (uint32_t i = 0; i < problem->count; i++) {
    pl_join_part* info = &infos[i];
    const bool empty = pl_slots_count(info->ends) > 0;
    PL_TRY(pl_slots_make(est->arena, slot_count, &info->must));
    for (uint32_t w = 0; w < once.word_count; w++) {
      const uint64_t others = (once.words[w] & ~info->binds.words[w]) | twice.words[w];
      info->must.words[w] = info->needs.words[w] & others;
    }
    for (uint32_t k = 0; problem->raw.word_count && k < problem->count; k++) {
      PL_TRY(pl_guard_check(est->guard, est->err));
      if (k != i) {
        identity_waits(problem, infos, i, k, space);
        pl_slots_add_all(info->must, space);
      }
    }
    PL_TRY(pl_slots_copy(est->arena, info->must, &info->waits));
    for (uint32_t k = 0; empty && k < problem->count; k++) {
      if (k != i) {
        wait_for_ends(problem, infos, i, k, space);
      }
    }
    *any |= pl_slots_count(info->waits) > 0;
  }
  return PL_OK;
}

pl_status pl_join_graph_make(pl_estimator* est, const pl_join_problem* problem, pl_join_graph* out) {
  *out = (pl_join_graph){.problem = problem};
  out->parts = PL_ARENA_ARRAY(est->arena, pl_join_part, problem->count + 1);
  if (!out->parts) {
    return pl_mem_status(est->arena->mem);
  }
  for (uint32_t i = 0; i < problem->count; i++) {
    PL_TRY(make_part(est, problem, problem->parts[i], &out->parts[i]));
  }
  for (uint32_t i = 0; problem->raw.word_count && i < problem->count; i++) {
    pl_same_use* same = &out->parts[i].same;
    PL_TRY(pl_same_use_of(est->arena, est->query, est->txn, problem->parts[i], problem->raw, same));
  }
  PL_TRY(pl_join_use_filters(est, out));
  bool waits = false;
  PL_TRY(set_waits(est, problem, out->parts, &waits));
  out->free = !waits && problem->raw.word_count == 0;
  return number_slots(est, problem, out);
}

// ---- rows ---------------------------------------------------------------------------------------------------------

pl_status pl_join_rows_make(pl_arena* arena, const pl_join_graph* graph, pl_join_rows* out) {
  *out = (pl_join_rows){0};
  out->domain = PL_ARENA_ARRAY(arena, double, graph->join_slot_count + 1);
  out->done = PL_ARENA_ARRAY(arena, bool, graph->problem->count + 1);
  PL_TRY(pl_slots_copy(arena, graph->problem->bound, &out->bound));
  return out->domain && out->done ? PL_OK : pl_mem_status(arena->mem);
}

void pl_join_rows_start(const pl_join_graph* graph, pl_join_rows* rows) {
  const pl_join_problem* problem = graph->problem;
  rows->rows = problem->rows;
  rows->order_slot = PL_JOIN_SLOT_NONE;
  memset(rows->domain, 0, graph->join_slot_count * sizeof(double));
  memset(rows->done, 0, problem->count * sizeof(bool));
  memcpy(rows->bound.words, problem->bound.words, problem->bound.word_count * sizeof(uint64_t));
  for (uint32_t p = 0; p < problem->count; p++) {
    const pl_join_part* part = &graph->parts[p];
    for (uint32_t i = 0; i < part->profile.slot_count; i++) {
      if (part->join_slots[i] != PL_JOIN_SLOT_NONE && pl_slots_has(problem->bound, part->profile.slots[i])) {
        rows->domain[part->join_slots[i]] = 1;
      }
    }
  }
}

void pl_join_rows_add(const pl_join_graph* graph, pl_join_rows* rows, uint32_t number) {
  const pl_join_part* part = &graph->parts[number];
  for (uint32_t i = 0; i < part->profile.slot_count; i++) {
    const uint16_t slot = part->join_slots[i];
    if (slot != PL_JOIN_SLOT_NONE && (rows->domain[slot] == 0 || rows->domain[slot] > part->profile.domain[i])) {
      rows->domain[slot] = part->profile.domain[i];
    }
  }
  rows->done[number] = true;
  if (!graph->free) {
    pl_slots_add_all(rows->bound, part->binds);
  }
}

bool pl_join_is_ready(const pl_join_graph* graph, const pl_join_rows* rows, uint32_t part, uint32_t stuck) {
  return !rows->done[part] && (graph->free || part == stuck || pl_slots_within(graph->parts[part].waits, rows->bound));
}

/// How well a part would do although it waits: best a path that may be empty with a known end, worst one that needs a value.
static uint32_t stuck_rank(const pl_join_part* part, const pl_join_rows* rows) {
  return !pl_slots_within(part->must, rows->bound) ? 2 : pl_slots_meet(part->ends, rows->bound) ? 0 : 1;
}

uint32_t pl_join_stuck(const pl_join_graph* graph, const pl_join_rows* rows) {
  uint32_t best = UINT32_MAX;
  for (uint32_t p = graph->free ? 0 : graph->problem->count; p-- > 0;) {
    if (pl_join_is_ready(graph, rows, p, UINT32_MAX)) {
      return UINT32_MAX;
    }
  }
  for (uint32_t p = 0; !graph->free && p < graph->problem->count; p++) {
    const bool better =
        best == UINT32_MAX || stuck_rank(&graph->parts[p], rows) < stuck_rank(&graph->parts[best], rows);
    best = !rows->done[p] && better ? p : best;
  }
  return best;
}

// ---- cost ---------------------------------------------------------------------------------------------------------

/// Is every value of a slot the shown node of its class under the lens that `part` has? So it is if only leaves under that lens bind it.
static bool is_shown(const pl_join_problem* problem, const pl_join_part* infos, const bool* done, uint32_t part,
                     pl_slot slot) {
  bool shown = !pl_slots_has(problem->bound, slot);
  for (uint32_t i = 0; i < problem->count && shown; i++) {
    if (done[i] && pl_slots_has(infos[i].binds, slot)) {
      shown = problem->parts[i]->kind != PL_ALG_EITHER && infos[i].same.lens == infos[part].same.lens &&
              pl_slots_has(infos[i].same.classes, slot);
    }
  }
  return shown;
}

/// May a part be read by itself and joined on equal values? What it reads by itself are shown nodes.
static bool may_hash(const pl_join_problem* problem, const pl_join_part* infos, const bool* done, uint32_t part,
                     pl_slots bound) {
  const pl_join_part* info = &infos[part];
  if (!info->hashable || info->same.classes.word_count == 0 || info->same.lens == PL_LENS_NONE) {
    return info->hashable;
  }
  for (uint32_t w = 0; w < bound.word_count; w++) {
    for (uint64_t left = info->same.classes.words[w] & bound.words[w]; left; left &= left - 1) {
      if (!is_shown(problem, infos, done, part, w * 64 + (uint32_t)__builtin_ctzll(left))) {
        return false;
      }
    }
  }
  return true;
}

/// Matches of a part for a row.
static double fanout_of(const pl_join_part* part, const pl_join_rows* rows, bool* sorted, bool* joined) {
  double fanout = part->profile.rows;
  for (uint32_t i = 0; i < part->profile.slot_count; i++) {
    const uint16_t slot = part->join_slots[i];
    const double domain = slot == PL_JOIN_SLOT_NONE ? 0 : rows->domain[slot];
    if (domain > 0) {
      fanout /= domain > part->profile.domain[i] ? domain : part->profile.domain[i];
      *sorted |= slot == rows->order_slot;
      *joined = true;
    }
  }
  return fanout;
}

void pl_join_set_share(pl_join_graph* graph, pl_join_rows* rows) {
  bool sorted = false, joined = false;
  graph->share = 1;
  if (graph->problem->limit <= 0) {
    return;
  }
  pl_join_rows_start(graph, rows);
  for (uint32_t p = 0; p < graph->problem->count; p++) {
    rows->rows *= fanout_of(&graph->parts[p], rows, &sorted, &joined);
    pl_join_rows_add(graph, rows, p);
  }
  graph->share = pl_cost_share(graph->problem->limit, rows->rows);
}

bool pl_join_is_dense(const pl_join_graph* graph, uint32_t number, double rows) {
  const pl_join_part* part = &graph->parts[number];
  return part->is_scan && rows > 1 && pl_cost_made(rows, graph->share) * 2 >= part->profile.rows / PL_COST_BLOCK_ROWS;
}

/// Looking a part up row by row. The block at hand is often the right one: always where the rows come sorted, but for as many moves as there
/// are blocks.
static double lookup_cost(const pl_join_part* part, double rows, double made, bool sorted, bool joined) {
  const double blocks = part->profile.rows / PL_COST_BLOCK_ROWS + 1;
  double moves = rows;
  if (joined) {
    moves = !sorted ? rows * (1 - 1 / blocks) + 1 : rows < blocks ? rows : blocks;
  }
  return rows * PL_COST_NEAR + made * PL_COST_ROW + moves * PL_COST_SEEK;
}

pl_step_cost pl_join_cost(const pl_join_graph* graph, const pl_join_rows* rows, uint32_t number) {
  const pl_join_part* part = &graph->parts[number];
  bool sorted = false, joined = false;
  const double fanout = fanout_of(part, rows, &sorted, &joined);
  pl_step_cost best = {.rows = rows->rows * fanout};
  const double in = pl_cost_made(rows->rows, graph->share), made = pl_cost_made(best.rows, graph->share);
  best.cost = part->is_scan ? lookup_cost(part, in, made, sorted, joined) : in * PL_COST_APPLY + made * PL_COST_ROW;
  const double hash = part->profile.rows * (PL_COST_ROW + PL_COST_BUILD) + in * PL_COST_PROBE + made * PL_COST_EMIT;
  if (rows->rows > 1 && hash < best.cost && may_hash(graph->problem, graph->parts, rows->done, number, rows->bound)) {
    best.cost = hash;
    best.hash = true;
  }
  return best;
}
