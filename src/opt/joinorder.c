// Join order by dynamic programming over sets of parts: see joinorder.h.
//
// The greedy order comes first. Its cost is a bound: a set of parts that costs as much is not looked at again, so that most of the 2^n sets are
// never met.
#include "opt/joinorder_internal.h"

#include "opt/cost.h"

#define DP_PARTS_MAX 12u

/// One step after the other: the first ready part in order of writing, or the cheapest.
static pl_status order_greedy(pl_estimator* est, const pl_join_graph* graph, pl_join_rows* rows, pl_join_step* steps,
                              double* total) {
  const pl_join_problem* problem = graph->problem;
  pl_join_rows_start(graph, rows);
  *total = 0;
  for (uint32_t at = 0; at < problem->count; at++) {
    uint32_t best = UINT32_MAX;
    pl_step_cost best_cost = {0};
    const uint32_t stuck = pl_join_stuck(graph, rows);
    PL_TRY(pl_guard_check(est->guard, est->err));
    for (uint32_t p = 0; p < problem->count; p++) {
      if (!pl_join_is_ready(graph, rows, p, stuck)) {
        continue;
      }
      const pl_step_cost cost = pl_join_cost(graph, rows, p);
      if (best == UINT32_MAX || (!problem->as_written && cost.cost + cost.rows * PL_COST_SEEK <
                                                             best_cost.cost + best_cost.rows * PL_COST_SEEK)) {
        best = p;
        best_cost = cost;
      }
    }
    steps[at] = (pl_join_step){.part = best,
                               .hash = best_cost.hash && !problem->as_written,
                               .ranged = graph->parts[best].ranged,
                               .dense = pl_join_is_dense(graph, best, rows->rows),
                               .rows = best_cost.rows / graph->parts[best].filtered,
                               .part_rows = graph->parts[best].profile.rows};
    *total += best_cost.cost;
    if (at == 0 && problem->rows <= 1) {
      rows->order_slot = graph->parts[best].order_slot;
    }
    rows->rows = best_cost.rows;
    pl_join_rows_add(graph, rows, best);
  }
  return PL_OK;
}

/// Best way to have joined one set of parts.
typedef struct dp_state {
  double cost;          ///< of all steps
  double rows;          ///< after them
  uint16_t order_slot;  ///< they are sorted by
  uint8_t last;         ///< part joined last
  bool hash;            ///< how
  bool reached;         ///< there is a way that costs less than the bound
} dp_state;

static void load_state(const pl_join_graph* graph, const dp_state* state, uint32_t set, pl_join_rows* rows) {
  pl_join_rows_start(graph, rows);
  for (uint32_t left = set; left; left &= left - 1) {
    pl_join_rows_add(graph, rows, (uint32_t)__builtin_ctz(left));
  }
  rows->rows = state->rows;
  rows->order_slot = state->order_slot;
}

/// All ways to go on from a set.
static void relax(const pl_join_graph* graph, dp_state* states, uint32_t set, pl_join_rows* rows, double bound) {
  const uint32_t stuck = pl_join_stuck(graph, rows);
  for (uint32_t p = 0; p < graph->problem->count; p++) {
    if (!pl_join_is_ready(graph, rows, p, stuck)) {
      continue;
    }
    const pl_step_cost step = pl_join_cost(graph, rows, p);
    const double cost = states[set].cost + step.cost;
    dp_state* to = &states[set | (uint32_t)1 << p];
    if (cost < bound && (!to->reached || cost < to->cost)) {
      const bool first = set == 0 && graph->problem->rows <= 1;
      *to = (dp_state){cost,       step.rows, first ? graph->parts[p].order_slot : rows->order_slot,
                       (uint8_t)p, step.hash, true};
    }
  }
}

static void read_steps(const pl_join_graph* graph, const dp_state* states, pl_join_step* steps) {
  uint32_t set = ((uint32_t)1 << graph->problem->count) - 1;
  for (uint32_t at = graph->problem->count; at-- > 0;) {
    const dp_state* state = &states[set];
    const pl_join_part* part = &graph->parts[state->last];
    set &= ~((uint32_t)1 << state->last);
    steps[at] = (pl_join_step){.part = state->last,
                               .hash = state->hash,
                               .ranged = part->ranged,
                               .dense = pl_join_is_dense(graph, state->last, states[set].rows),
                               .rows = state->rows / part->filtered,
                               .part_rows = part->profile.rows};
  }
}

/// Replace the steps by cheaper ones than `bound`, if there are any.
static pl_status order_dp(pl_estimator* est, const pl_join_graph* graph, pl_join_rows* rows, double bound,
                          pl_join_step* steps) {
  const uint32_t full = ((uint32_t)1 << graph->problem->count) - 1;
  dp_state* states = PL_ARENA_ARRAY(est->arena, dp_state, (size_t)full + 1);
  if (!states) {
    return pl_mem_status(est->arena->mem);
  }
  states[0].reached = true;
  states[0].rows = graph->problem->rows;
  states[0].order_slot = PL_JOIN_SLOT_NONE;
  for (uint32_t set = 0; set < full; set++) {
    if (states[set].reached) {
      PL_TRY(pl_guard_check(est->guard, est->err));
      load_state(graph, &states[set], set, rows);
      relax(graph, states, set, rows, bound);
    }
  }
  if (states[full].reached) {
    read_steps(graph, states, steps);
  }
  return PL_OK;
}

pl_status pl_join_order(pl_estimator* est, const pl_join_problem* problem, pl_join_step* steps) {
  pl_join_graph graph;
  pl_join_rows rows;
  double bound = 0;
  PL_TRY(pl_join_graph_make(est, problem, &graph));
  PL_TRY(pl_join_rows_make(est->arena, &graph, &rows));
  pl_join_set_share(&graph, &rows);
  PL_TRY(order_greedy(est, &graph, &rows, steps, &bound));
  const bool search = !problem->as_written && problem->count > 1 && problem->count <= DP_PARTS_MAX;
  return search ? order_dp(est, &graph, &rows, bound, steps) : PL_OK;
}
