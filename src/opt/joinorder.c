// Join order by dynamic programming over sets of parts: see joinorder.h.
#include "opt/joinorder.h"

#include "opt/cost.h"
#include "opt/identity.h"

#define DP_PARTS_MAX 12u

/// What is known of one part.
typedef struct part_info {
  pl_profile profile;  ///< rows
  pl_slots binds;      ///< slots it may bind
  pl_slots needs;      ///< slots it reads but does not bind by itself
  pl_slots waits;      ///< slots that must have values before it: needed ones that other parts bind, and for identity
  bool hashable;       ///< can be read by itself; under identity only where it joins shown nodes
  pl_same_use same;    ///< how it sees nodes; empty where no part of the group is under identity
} part_info;

typedef struct step_cost {
  double cost;  ///< of the step
  double rows;  ///< after it
  bool hash;    ///< how
} step_cost;

/// Can a path be empty?
static bool may_be_empty(const pl_path* path) {
  bool every = true, some = false;
  for (uint32_t i = 0; i < path->part_count; i++) {
    const bool one = may_be_empty(path->parts[i]);
    every &= one;
    some |= one;
  }
  switch (path->kind) {
    case PL_PATH_SEQ:
      return every;
    case PL_PATH_ALT:
      return some;
    case PL_PATH_REPEAT:
      return some || path->min == 0;
    default:
      return false;
  }
}

static pl_status make_info(pl_estimator* est, const pl_alg* part, uint32_t slot_count, bool no_hash, part_info* out) {
  pl_slots always = {0};
  PL_TRY(pl_slots_make(est->arena, slot_count, &out->binds));
  PL_TRY(pl_slots_make(est->arena, slot_count, &out->needs));
  PL_TRY(pl_slots_make(est->arena, slot_count, &always));
  pl_estimate_profile(est, part, &out->profile);
  PL_TRY(est->status);
  pl_slots_bound(part, out->binds);
  pl_slots_of_alg(est->query, part, out->needs);
  PL_TRY(pl_slots_always(est->arena, part, always));
  if (part->kind != PL_ALG_PATH || !may_be_empty(part->path.path)) {
    pl_slots_remove_all(out->needs, always);
  }  // the empty path is at every node that another part binds: these come first
  const uint32_t lens = part->kind == PL_ALG_SCAN ? part->scan.lens : pl_same_lens(est->query, part);
  const bool correlated = lens != PL_LENS_NONE && est->query->lenses[lens].correlated;
  out->hashable = !no_hash && (part->kind == PL_ALG_SCAN || part->kind == PL_ALG_ANNOT) && !correlated;
  return PL_OK;
}

/// Is every value of a slot the shown node of its class under the lens that `part` has? So it is if only leaves under that lens bind it.
static bool is_shown(const pl_join_problem* problem, const part_info* infos, const bool* done, uint32_t part,
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
static bool may_hash(const pl_join_problem* problem, const part_info* infos, const bool* done, uint32_t part,
                     pl_slots bound) {
  const part_info* info = &infos[part];
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

/// A part waits for the slots it needs that another part can bind. (No part that binds a slot without a value is done, so what it waits for
/// is the same at every step.)
static pl_status set_waits(pl_estimator* est, const pl_join_problem* problem, part_info* infos) {
  pl_slots once = {0}, twice = {0};  // slots that at least so many parts bind
  PL_TRY(pl_slots_make(est->arena, problem->bound.word_count * 64 - 1, &once));
  PL_TRY(pl_slots_make(est->arena, problem->bound.word_count * 64 - 1, &twice));
  for (uint32_t i = 0; i < problem->count; i++) {
    for (uint32_t w = 0; w < once.word_count; w++) {
      twice.words[w] |= once.words[w] & infos[i].binds.words[w];
      once.words[w] |= infos[i].binds.words[w];
    }
  }
  for (uint32_t i = 0; i < problem->count; i++) {
    part_info* info = &infos[i];
    PL_TRY(pl_slots_make(est->arena, problem->bound.word_count * 64 - 1, &info->waits));
    for (uint32_t w = 0; w < once.word_count; w++) {
      const uint64_t others = (once.words[w] & ~info->binds.words[w]) | twice.words[w];
      info->waits.words[w] = info->needs.words[w] & others;
    }
    for (uint32_t k = 0; problem->raw.word_count && k < problem->count; k++) {
      PL_TRY(pl_guard_check(est->guard, est->err));
      if (k != i) {
        pl_same_add_waits(&info->same, &infos[k].same, i > k, info->waits);
      }
    }
  }
  return PL_OK;
}

static bool is_ready(const part_info* info, pl_slots bound) { return pl_slots_within(info->waits, bound); }

/// Where all that is left waits for each other the first in order of writing goes on: its number, else UINT32_MAX.
static uint32_t stuck(const part_info* infos, uint32_t count, const bool* done, pl_slots bound) {
  uint32_t first = UINT32_MAX;
  for (uint32_t p = count; p-- > 0;) {
    if (!done[p] && is_ready(&infos[p], bound)) {
      return UINT32_MAX;
    }
    first = done[p] ? first : p;
  }
  return first;
}

static step_cost cost_step(const pl_join_problem* problem, const part_info* infos, const bool* done, uint32_t number,
                           double rows, pl_slots bound) {
  const part_info* info = &infos[number];
  const pl_alg* part = problem->parts[number];
  const double fanout = pl_profile_fanout(&info->profile, bound);
  const double seek = part->kind == PL_ALG_EITHER ? PL_COST_APPLY : PL_COST_SEEK;
  step_cost best = {rows * (seek + fanout * PL_COST_ROW), rows * fanout, false};
  const double hash =
      info->profile.rows * (PL_COST_ROW + PL_COST_BUILD) + rows * (PL_COST_PROBE + fanout * PL_COST_EMIT);
  if (rows > 1 && hash < best.cost && may_hash(problem, infos, done, number, bound)) {
    best.cost = hash;
    best.hash = true;
  }
  return best;
}

/// Best way to have joined one set of parts.
typedef struct dp_state {
  double cost;   ///< of all steps; < 0 = not reached
  double rows;   ///< after them
  uint8_t last;  ///< part joined last
  bool hash;     ///< how
} dp_state;

static void bound_of(const pl_join_problem* problem, const part_info* infos, uint32_t set, pl_slots bound, bool* done) {
  memcpy(bound.words, problem->bound.words, bound.word_count * sizeof(uint64_t));
  for (uint32_t i = 0; i < problem->count; i++) {
    done[i] = (set >> i & 1) != 0;
    if (done[i]) {
      pl_slots_add_all(bound, infos[i].binds);
    }
  }
}

static void relax(const pl_join_problem* problem, const part_info* infos, dp_state* states, uint32_t set,
                  pl_slots bound, const bool* done) {
  const uint32_t forced = stuck(infos, problem->count, done, bound);
  for (uint32_t p = 0; p < problem->count; p++) {
    if (done[p] || (p != forced && !is_ready(&infos[p], bound))) {
      continue;
    }
    const step_cost step = cost_step(problem, infos, done, p, states[set].rows, bound);
    dp_state* to = &states[set | (uint32_t)1 << p];
    if (to->cost < 0 || states[set].cost + step.cost < to->cost) {
      *to = (dp_state){states[set].cost + step.cost, step.rows, (uint8_t)p, step.hash};
    }
  }
}

static pl_status order_dp(pl_estimator* est, const pl_join_problem* problem, const part_info* infos,
                          pl_join_step* steps) {
  const uint32_t full = ((uint32_t)1 << problem->count) - 1;
  dp_state* states = PL_ARENA_ARRAY(est->arena, dp_state, (size_t)full + 1);
  pl_slots bound = {0};
  bool done[DP_PARTS_MAX];
  PL_TRY(pl_slots_copy(est->arena, problem->bound, &bound));
  if (!states) {
    return pl_mem_status(est->arena->mem);
  }
  for (uint32_t set = 1; set <= full; set++) {
    states[set].cost = -1;
  }
  states[0].rows = problem->rows;
  for (uint32_t set = 0; set < full; set++) {
    PL_TRY(pl_guard_check(est->guard, est->err));
    if (states[set].cost >= 0) {
      bound_of(problem, infos, set, bound, done);
      relax(problem, infos, states, set, bound, done);
    }
  }
  uint32_t set = full;
  for (uint32_t at = problem->count; at-- > 0;) {
    steps[at] = (pl_join_step){states[set].last, states[set].hash, states[set].rows};
    set &= ~((uint32_t)1 << states[set].last);
  }
  return PL_OK;
}

/// One step after the other: the first ready part in order of writing, or the cheapest.
static pl_status order_greedy(pl_estimator* est, const pl_join_problem* problem, const part_info* infos,
                              pl_join_step* steps) {
  pl_slots bound = {0};
  bool* done = PL_ARENA_ARRAY(est->arena, bool, problem->count + 1);
  PL_TRY(pl_slots_copy(est->arena, problem->bound, &bound));
  if (!done) {
    return pl_mem_status(est->arena->mem);
  }
  double rows = problem->rows;
  for (uint32_t at = 0; at < problem->count; at++) {
    uint32_t best = UINT32_MAX;
    step_cost best_cost = {0};
    const uint32_t forced = stuck(infos, problem->count, done, bound);
    for (uint32_t p = 0; p < problem->count; p++) {
      PL_TRY(pl_guard_check(est->guard, est->err));
      if (done[p] || (p != forced && !is_ready(&infos[p], bound))) {
        continue;
      }
      const step_cost cost = cost_step(problem, infos, done, p, rows, bound);
      if (best == UINT32_MAX || (!problem->as_written && cost.cost + cost.rows * PL_COST_SEEK <
                                                             best_cost.cost + best_cost.rows * PL_COST_SEEK)) {
        best = p;
        best_cost = cost;
      }
    }
    steps[at] = (pl_join_step){best, best_cost.hash && !problem->as_written, best_cost.rows};
    rows = best_cost.rows;
    done[best] = true;
    pl_slots_add_all(bound, infos[best].binds);
  }
  return PL_OK;
}

pl_status pl_join_order(pl_estimator* est, const pl_join_problem* problem, pl_join_step* steps) {
  part_info* infos = PL_ARENA_ARRAY(est->arena, part_info, problem->count + 1);
  if (!infos) {
    return pl_mem_status(est->arena->mem);
  }
  for (uint32_t i = 0; i < problem->count; i++) {
    PL_TRY(make_info(est, problem->parts[i], problem->bound.word_count * 64 - 1, problem->no_hash, &infos[i]));
  }
  for (uint32_t i = 0; problem->raw.word_count && i < problem->count; i++) {
    PL_TRY(pl_same_use_of(est->arena, est->query, est->txn, problem->parts[i], problem->raw, &infos[i].same));
  }
  PL_TRY(set_waits(est, problem, infos));
  if (problem->as_written || problem->count > DP_PARTS_MAX) {
    return order_greedy(est, problem, infos, steps);
  }
  return problem->count ? order_dp(est, problem, infos, steps) : PL_OK;
}
