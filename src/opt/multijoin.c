// Finding patterns that form a cycle: see multijoin.h.
#include "opt/multijoin.h"

#include "opt/cost.h"

#define COST_READ 20.0    ///< one pair out of a scan into numbered lists, in nanoseconds as in cost.h
#define COST_STEP 3.0     ///< one value looked at while the cycle is walked
#define COST_OPEN 1000.0  ///< making the arrays
#define TOO_LOW \
  4.0  ///< so many times too low are the steps' costs taken to be: neighbours are linked more often than by chance

/// A pattern between two variables.
typedef struct edge {
  pl_slot slot[2];  ///< its ends
  bool left;        ///< not yet taken away
} edge;

/// Is a part a set of pairs of values of two new slots, each once?
static bool make_edge(const pl_estimator* est, const pl_join_problem* problem, const pl_alg* part, edge* out) {
  if (part->kind != PL_ALG_SCAN || part->scan.mode != PL_SCAN_FACTS || part->scan.c != PL_SLOT_NONE ||
      part->scan.subject.kind != PL_REF_SLOT || part->scan.object.kind != PL_REF_SLOT) {
    return false;
  }
  const pl_alg_scan* scan = &part->scan;
  *out = (edge){.slot = {scan->subject.index, scan->object.index}, .left = true};
  bool is = out->slot[0] != out->slot[1] && !pl_slots_has(problem->bound, out->slot[0]) &&
            !pl_slots_has(problem->bound, out->slot[1]);
  is &= scan->lens == PL_LENS_NONE || !est->query->lenses[scan->lens].correlated;
  for (uint32_t v = 0; v < scan->verb_count; v++) {
    is &= scan->verbs[v].predicate.kind == PL_REF_TERM || scan->verbs[v].predicate.kind == PL_REF_ANY;
  }
  return is;
}

static bool same_ends(const edge* a, const edge* b) {
  return (a->slot[0] == b->slot[0] && a->slot[1] == b->slot[1]) ||
         (a->slot[0] == b->slot[1] && a->slot[1] == b->slot[0]);
}

/// Does an edge hang on the others by one end only? Edges with the same ends as it are no others.
static bool hangs(const edge* edges, uint32_t count, uint32_t e) {
  bool met[2] = {false, false};
  for (uint32_t i = 0; i < count; i++) {
    if (edges[i].left && !same_ends(&edges[i], &edges[e])) {
      for (size_t end = 0; end < 2; end++) {
        met[end] |= edges[e].slot[end] == edges[i].slot[0] || edges[e].slot[end] == edges[i].slot[1];
      }
    }
  }
  return !met[0] || !met[1];
}

/// Take away what hangs until nothing does.
static pl_status peel(pl_estimator* est, edge* edges, uint32_t count) {
  for (bool changed = true; changed;) {
    changed = false;
    for (uint32_t e = 0; e < count; e++) {
      PL_TRY(pl_guard_check(est->guard, est->err));
      if (edges[e].left && hangs(edges, count, e)) {
        edges[e].left = false;
        changed = true;
      }
    }
  }
  return PL_OK;
}

/// Slots of the edges connected with the first that is left; false if there is none, or too many.
static bool connect(const edge* edges, uint32_t count, pl_slot* slots, uint32_t* slot_count) {
  *slot_count = 0;
  for (bool grew = true; grew;) {
    grew = false;
    for (uint32_t e = 0; e < count; e++) {
      bool in[2] = {false, false};
      for (uint32_t s = 0; s < *slot_count; s++) {
        in[0] |= slots[s] == edges[e].slot[0];
        in[1] |= slots[s] == edges[e].slot[1];
      }
      if (!edges[e].left || (in[0] && in[1]) || (*slot_count && !in[0] && !in[1])) {
        continue;
      }
      for (size_t end = 0; end < 2; end++) {
        if (!in[end] && *slot_count == PL_MJ_VARS_MAX) {
          return false;
        }
        if (!in[end]) {
          slots[(*slot_count)++] = edges[e].slot[end];
        }
      }
      grew = true;
    }
  }
  return *slot_count > 0;
}

static bool is_among(const pl_slot* slots, uint32_t count, pl_slot slot) {
  for (uint32_t s = 0; s < count; s++) {
    if (slots[s] == slot) {
      return true;
    }
  }
  return false;
}

bool pl_multi_join_same(const pl_alg_scan* a, const pl_alg_scan* b) {
  bool same = a->verb_count == b->verb_count && a->lens == b->lens;
  for (uint32_t v = 0; same && v < a->verb_count; v++) {
    same = a->verbs[v].inverse == b->verbs[v].inverse && a->verbs[v].predicate.kind == b->verbs[v].predicate.kind &&
           a->verbs[v].predicate.index == b->verbs[v].predicate.index;
  }
  return same;
}

/// Is it the first of the chosen parts that reads these facts? Others read them from there.
static bool reads_first(const pl_join_problem* problem, const bool* chosen, uint32_t part) {
  for (uint32_t i = 0; i < part; i++) {
    if (chosen[i] && pl_multi_join_same(&problem->parts[i]->scan, &problem->parts[part]->scan)) {
      return false;
    }
  }
  return true;
}

/// Does it cost less than the steps, one after the other? Steps that a limit ends make no more rows if their share was taken to be too low.
static bool is_cheaper(pl_estimator* est, const pl_join_problem* problem, const pl_join_step* steps,
                       const bool* chosen) {
  const double share = pl_cost_share(problem->limit, steps[problem->count - 1].rows);
  double together = COST_OPEN, apart = 0, before = problem->rows, most = 0;
  for (uint32_t i = 0; i < problem->count; i++) {
    const double rows = pl_cost_made(steps[i].rows, share);
    pl_profile profile;
    pl_estimate_profile(est, problem->parts[steps[i].part], &profile);
    const double read = steps[i].hash ? profile.rows * PL_COST_BUILD + before * PL_COST_PROBE : before * PL_COST_SEEK;
    apart += read + rows * PL_COST_EMIT;
    if (chosen[steps[i].part]) {
      together += reads_first(problem, chosen, steps[i].part) ? profile.rows * COST_READ : 0;
      most = rows > most ? rows : most;
    }
    before = rows;
  }
  return together + most * COST_STEP < apart * (share < 1 ? 1 : TOO_LOW);
}

pl_status pl_multi_join_find(pl_estimator* est, const pl_join_problem* problem, const pl_join_step* steps, bool always,
                             bool* chosen, uint32_t* count) {
  *count = 0;
  edge* edges = PL_ARENA_ARRAY(est->arena, edge, problem->count + (size_t)1);
  if (!edges) {
    return pl_mem_status(est->arena->mem);
  }
  pl_slot slots[PL_MJ_VARS_MAX];
  uint32_t slot_count = 0;
  for (uint32_t i = 0; i < problem->count; i++) {
    edge made = {0};
    edges[i] = make_edge(est, problem, problem->parts[i], &made) ? made : (edge){{PL_SLOT_NONE, PL_SLOT_NONE}, false};
    chosen[i] = false;
  }
  PL_TRY(peel(est, edges, problem->count));
  if (problem->count < 3 || !connect(edges, problem->count, slots, &slot_count)) {
    return PL_OK;
  }
  for (uint32_t i = 0; i < problem->count; i++) {
    chosen[i] = edges[i].left && is_among(slots, slot_count, edges[i].slot[0]);
    *count += chosen[i];
  }
  if (*count > PL_MJ_RELATIONS_MAX || !(always || is_cheaper(est, problem, steps, chosen))) {
    *count = 0;
  }
  return est->status;
}
