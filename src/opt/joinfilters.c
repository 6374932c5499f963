// Filters in the join order: a filter that reads slots of one part makes its rows fewer.
//
// Bounds of a scan's object (bounds.h) are counted in the store. Other filters are guessed at, and count for the last part that binds their
// slots: a text that the index finds stands there. Filters that read slots of several parts do not count.
#include "opt/bounds.h"
#include "opt/joinorder_internal.h"

#define PARAM_SHARE 0.3   ///< kept by a bound that is a parameter
#define EQUAL_SHARE 0.1   ///< kept by an equality whose rows the store does not count
#define LEAST_SHARE 1e-9  ///< that any number of filters together is taken to keep

typedef struct filter_use {
  pl_slots slots;  ///< it reads
  bool counted;    ///< for some part
} filter_use;

/// What the filters say of the objects of a scan.
typedef struct object_bounds {
  pl_id_ranges ranges;  ///< ids, if `some`
  bool some;            ///< there are ranges
  double guess;         ///< share left by bounds that ranges do not show
} object_bounds;

static void add_bound(const pl_query* query, const pl_bound* bound, object_bounds* out) {
  pl_id_ranges more;
  pl_value value;
  if (bound->value.kind == PL_REF_TERM) {
    pl_value_from_term(&query->terms[bound->value.index], &value);
    if (pl_id_ranges_of(bound->op, &value, bound->whole, &more)) {
      if (out->some) {
        pl_id_ranges_keep(&out->ranges, &more);
      } else {
        out->ranges = more;
      }
      out->some = true;
      return;
    }
  }
  out->guess *= bound->op == PL_CMP_EQ ? EQUAL_SHARE : PARAM_SHARE;
}

/// The slot of a scan that bounds narrow.
static bool object_slot(const pl_join_problem* problem, const pl_alg* part, pl_slot* slot) {
  *slot = part->kind == PL_ALG_SCAN && part->scan.object.kind == PL_REF_SLOT ? part->scan.object.index : PL_SLOT_NONE;
  return *slot != PL_SLOT_NONE && !pl_slots_has(problem->bound, *slot);
}

static void use_bounds(pl_estimator* est, const pl_join_problem* problem, const pl_alg* part, filter_use* uses,
                       pl_join_part* out) {
  object_bounds bounds = {.guess = 1};
  pl_bound found[PL_BOUNDS_OF_FILTER];
  pl_slot slot;
  double rows = out->profile.rows;
  for (uint32_t i = 0; object_slot(problem, part, &slot) && i < problem->filter_count; i++) {
    const uint32_t count = pl_bounds_of(problem->filters[i], slot, found);
    for (uint32_t k = 0; k < count; k++) {
      add_bound(est->query, &found[k], &bounds);
    }
    uses[i].counted |= count > 0;
  }
  if (bounds.some && !pl_estimate_ranges(est, &part->scan, &bounds.ranges, &rows)) {
    rows = out->profile.rows * PARAM_SHARE;
  }
  rows *= bounds.guess;
  out->ranged = !problem->no_ranges && rows * 2 < out->profile.rows;
  out->profile.rows = rows < out->profile.rows ? rows : out->profile.rows;
}

static void use_others(const pl_join_problem* problem, filter_use* uses, pl_join_part* out) {
  for (uint32_t i = 0; i < problem->filter_count; i++) {
    if (!uses[i].counted && pl_slots_within(uses[i].slots, out->binds) &&
        !pl_slots_meet(uses[i].slots, problem->bound)) {
      uses[i].counted = true;
      out->filtered *= pl_estimate_filter(problem->filters[i]);
    }
  }
  out->filtered = out->filtered < LEAST_SHARE ? LEAST_SHARE : out->filtered;
  out->profile.rows *= out->filtered;
}

pl_status pl_join_use_filters(pl_estimator* est, pl_join_graph* graph) {
  const pl_join_problem* problem = graph->problem;
  filter_use* uses = PL_ARENA_ARRAY(est->arena, filter_use, problem->filter_count + 1);
  if (!uses) {
    return pl_mem_status(est->arena->mem);
  }
  for (uint32_t i = 0; i < problem->filter_count; i++) {
    PL_TRY(pl_slots_make(est->arena, problem->bound.word_count * 64 - 1, &uses[i].slots));
    pl_slots_of_expr(problem->filters[i], uses[i].slots);
    uses[i].counted = pl_slots_count(uses[i].slots) == 0;
  }
  for (uint32_t p = 0; problem->filter_count && p < problem->count; p++) {
    PL_TRY(pl_guard_check(est->guard, est->err));
    use_bounds(est, problem, problem->parts[p], uses, &graph->parts[p]);
    PL_TRY(est->status);
  }
  for (uint32_t p = problem->filter_count ? problem->count : 0; p-- > 0;) {
    PL_TRY(pl_guard_check(est->guard, est->err));
    use_others(problem, uses, &graph->parts[p]);
  }
  return PL_OK;
}
