// Planning a group: required parts in the order that costs least, each filter as soon as its slots are bound, then optionals, exists,
// nots. See algebra.h for what a group means.
#include "exec/classes.h"
#include "exec/support.h"
#include "opt/bounds.h"
#include "opt/identity.h"
#include "opt/multijoin.h"
#include "opt/text_index.h"

#define COPIES_MAX 4096u  ///< branches made by distributing either

typedef struct group_planner {
  pl_planner* planner;
  const pl_alg_group* group;
  pl_node* node;      ///< rows so far
  pl_slots later;     ///< slots that what is still to come may bind
  bool* filter_done;  ///< by filter
  pl_slots raw;       ///< slots that show nodes as they are stored (opt/identity.h)
} group_planner;

pl_status pl_plan_nested(pl_planner* planner, const pl_alg* alg, const pl_node* outer, pl_node** argument,
                         pl_node** out) {
  if (++planner->depth > PL_PLAN_DEPTH_MAX) {
    return pl_fail(planner->err, PL_MSG_PLAN_TOO_LARGE, "its patterns are nested too deeply");
  }
  planner->depth_max = planner->depth > planner->depth_max ? planner->depth : planner->depth_max;
  const pl_slot row = planner->plan->hidden + PL_HIDDEN_DEPTH + planner->depth - 1;
  pl_alg_group group = {0};
  bool is_group = false;
  PL_TRY(pl_node_argument(planner, outer->out, row, argument));
  (*argument)->rows_expected = outer->rows_expected;
  PL_TRY(pl_flatten_group(planner->arena, planner->query, planner->txn, planner->options->rules_off, alg, &group,
                          &is_group));
  assert(is_group);
  PL_TRY(pl_plan_group(planner, &group, *argument, out));
  planner->depth--;
  return PL_OK;
}

/// Set gp->later to the slots that steps from `step` on, optionals from `optional` on and marks may bind.
static void set_later(group_planner* gp, const pl_join_step* steps, uint32_t step, uint32_t optional, bool marks) {
  const pl_alg_group* group = gp->group;
  pl_slots_clear(gp->later);
  for (uint32_t i = step; i < group->required_count; i++) {
    pl_slots_bound(group->required[steps[i].part], gp->later);
  }
  for (uint32_t i = optional; i < group->optional_count; i++) {
    pl_slots_bound(group->optionals[i], gp->later);
  }
  for (uint32_t i = 0; marks && i < group->mark_count; i++) {
    pl_slots_bound(group->marks[i], gp->later);
  }
}

/// Put the filters here whose slots nothing later binds.
static pl_status place_filters(group_planner* gp, bool last) {
  pl_planner* planner = gp->planner;
  if (!last && !pl_planner_rule(planner, PL_RULE_PUSH_FILTERS)) {
    return PL_OK;
  }
  pl_slots_remove_all(gp->later, gp->node->out);
  for (uint32_t i = 0; i < gp->group->filter_count; i++) {
    pl_slots uses = {0};
    PL_TRY(pl_slots_make(planner->arena, planner->plan->slot_count, &uses));
    pl_slots_of_expr(gp->group->filters[i], uses);
    if (!gp->filter_done[i] && (last || !pl_slots_meet(uses, gp->later))) {
      gp->filter_done[i] = true;
      const double rows = gp->node->rows_expected;
      PL_TRY(pl_node_filter(planner, gp->node, gp->group->filters[i], &gp->node));
      if (pl_bounds_some(gp->group->filters[i])) {
        gp->node->rows_expected = rows;  // the join order has counted it
      }
    }
  }
  return PL_OK;
}

static pl_status add_either(group_planner* gp, const pl_alg* either) {
  pl_planner* planner = gp->planner;
  const uint32_t count = either->either.count;
  pl_node** subs = PL_ARENA_ARRAY(planner->arena, pl_node*, count + 1);
  pl_node** arguments = PL_ARENA_ARRAY(planner->arena, pl_node*, count + 1);
  if (!subs || !arguments) {
    return pl_planner_nomem(planner);
  }
  for (uint32_t i = 0; i < count; i++) {
    PL_TRY(pl_plan_nested(planner, either->either.branches[i], gp->node, &arguments[i], &subs[i]));
  }
  return pl_node_apply(planner, PL_APPLY_EITHER, gp->node, subs, arguments, count, PL_SLOT_NONE, &gp->node);
}

/// Put filters that read only the slots of `built` on top of it: fewer rows go into the hash table.
static pl_status filter_built(group_planner* gp, pl_node** built) {
  pl_planner* planner = gp->planner;
  for (uint32_t i = 0; i < gp->group->filter_count && pl_planner_rule(planner, PL_RULE_PUSH_FILTERS); i++) {
    pl_slots uses = {0};
    PL_TRY(pl_slots_make(planner->arena, planner->plan->slot_count, &uses));
    pl_slots_of_expr(gp->group->filters[i], uses);
    if (!gp->filter_done[i] && pl_slots_count(uses) && pl_slots_within(uses, (*built)->out)) {
      gp->filter_done[i] = true;
      PL_TRY(pl_node_filter(planner, *built, gp->group->filters[i], built));
    }
  }
  return PL_OK;
}

/// The matches of a scan or annotation beside the rows of `input`.
static pl_status plan_leaf(group_planner* gp, const pl_alg* part, pl_node* input, pl_node** out) {
  pl_planner* planner = gp->planner;
  if (pl_same_lens(planner->query, part) != PL_LENS_NONE) {
    return pl_node_same(planner, input, part, gp->raw, out);
  }
  const bool given = part->kind == PL_ALG_SCAN && part->scan.lens != PL_LENS_NONE &&
                     planner->query->lenses[part->scan.lens].correlated;
  planner->filters = gp->group->filters;
  planner->filter_count = pl_planner_rule(planner, PL_RULE_FILTER_RANGES) ? gp->group->filter_count : 0;
  PL_TRY(pl_node_lookup(planner, input, part, given, out));
  PL_TRY(given ? pl_node_lens(planner, *out, &part->scan, out) : PL_OK);
  const bool grows = given && planner->plan->why != PL_SLOT_NONE && part->scan.mode == PL_SCAN_FACTS;
  return grows ? pl_node_gather(planner, *out, PL_HIDDEN_ROW, out) : PL_OK;
}

static pl_status add_leaf(group_planner* gp, const pl_alg* part, bool hash) {
  pl_planner* planner = gp->planner;
  pl_node *unit = NULL, *built = NULL;
  if (!hash) {
    return plan_leaf(gp, part, gp->node, &gp->node);
  }
  PL_TRY(pl_node_unit(planner, &unit));
  PL_TRY(plan_leaf(gp, part, unit, &built));
  PL_TRY(filter_built(gp, &built));
  return pl_node_hash_join(planner, gp->node, built, &gp->node);
}

static pl_status add_part(group_planner* gp, const pl_alg* part, bool hash) {
  pl_planner* planner = gp->planner;
  switch (part->kind) {
    case PL_ALG_EITHER:
      return add_either(gp, part);
    case PL_ALG_PATH:
      return pl_node_path(planner, gp->node, &part->path, &gp->node);
    case PL_ALG_LABEL:
      return pl_node_label(planner, gp->node, &part->label, &gp->node);
    case PL_ALG_TEXT:
      return pl_node_text(planner, gp->node, &part->text, &gp->node);
    default:
      return add_leaf(gp, part, hash);
  }
}

/// Does a filter read only the slots of a part?
static pl_status has_filter(group_planner* gp, const pl_alg* part, bool* has) {
  pl_slots uses = {0}, slots = {0};
  PL_TRY(pl_slots_make(gp->planner->arena, gp->planner->plan->slot_count, &slots));
  PL_TRY(pl_slots_make(gp->planner->arena, gp->planner->plan->slot_count, &uses));
  pl_slots_bound(part, slots);
  *has = false;
  for (uint32_t i = 0; i < gp->group->filter_count; i++) {
    pl_slots_clear(uses);
    pl_slots_of_expr(gp->group->filters[i], uses);
    *has |= pl_slots_count(uses) && pl_slots_within(uses, slots);
  }
  return PL_OK;
}

/// Join the chosen parts at once. Those that read the same facts read them once, but for filters.
static pl_status add_multi_join(group_planner* gp, const bool* chosen) {
  pl_planner* planner = gp->planner;
  pl_multi_part parts[PL_MJ_RELATIONS_MAX];
  const pl_alg* algs[PL_MJ_RELATIONS_MAX];
  bool filtered[PL_MJ_RELATIONS_MAX];
  uint32_t count = 0;
  for (uint32_t i = 0; i < gp->group->required_count; i++) {
    const pl_alg* alg = gp->group->required[i];
    if (!chosen[i]) {
      continue;
    }
    pl_multi_part* part = &parts[count];
    *part = (pl_multi_part){.slots = {alg->scan.subject.index, alg->scan.object.index}, .same = 0};
    algs[count] = alg;
    PL_TRY(has_filter(gp, alg, &filtered[count]));
    while (part->same < count && (filtered[part->same] || filtered[count] || parts[part->same].same != part->same ||
                                  !pl_multi_join_same(&algs[part->same]->scan, &alg->scan))) {
      part->same++;
    }
    if (part->same == count) {
      pl_profile profile;
      pl_node* unit = NULL;
      pl_estimate_profile(&planner->est, alg, &profile);
      planner->part_rows = profile.rows;
      planner->dense = planner->ranged = false;
      PL_TRY(pl_node_unit(planner, &unit));
      PL_TRY(plan_leaf(gp, alg, unit, &part->node));
      PL_TRY(filter_built(gp, &part->node));
    }
    count++;
  }
  return pl_node_multi_join(planner, parts, count, &gp->node);
}

/// Join a cycle of parts before all others, if there is one and that costs less: their steps come first then, *joined is how many they are.
static pl_status join_cycle(group_planner* gp, const pl_join_problem* problem, pl_join_step* steps, uint32_t* joined) {
  pl_planner* planner = gp->planner;
  const uint32_t count = problem->count;
  bool* chosen = PL_ARENA_ARRAY(planner->arena, bool, count + 1);
  uint32_t* part_of = PL_ARENA_ARRAY(planner->arena, uint32_t, count + 1);
  pl_alg** rest = PL_ARENA_ARRAY(planner->arena, pl_alg*, count + 1);
  pl_slots bound = {0};
  if (!chosen || !part_of || !rest) {
    return pl_planner_nomem(planner);
  }
  PL_TRY(pl_multi_join_find(&planner->est, problem, steps, planner->options->cycles_at_once, chosen, joined));
  if (*joined == 0) {
    return PL_OK;
  }
  double rows = 0;
  PL_TRY(pl_slots_copy(planner->arena, problem->bound, &bound));
  for (uint32_t i = 0; i < count; i++) {
    rows = chosen[steps[i].part] ? steps[i].rows : rows;  // after the last of them
  }
  uint32_t rest_count = 0, at = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (chosen[i]) {
      pl_slots_bound(problem->parts[i], bound);
      steps[at++] = (pl_join_step){.part = i, .rows = rows};
    } else {
      rest[rest_count] = problem->parts[i];
      part_of[rest_count++] = i;
    }
  }
  PL_TRY(add_multi_join(gp, chosen));
  gp->node->rows_expected = rows;
  pl_join_problem more = *problem;
  more.parts = rest;
  more.count = rest_count;
  more.bound = bound;
  more.rows = rows;
  PL_TRY(pl_join_order(&planner->est, &more, steps + at));
  for (uint32_t i = at; i < count; i++) {
    steps[i].part = part_of[steps[i].part];
  }
  return PL_OK;
}

static pl_status join_required(group_planner* gp, pl_join_step* steps) {
  pl_planner* planner = gp->planner;
  const pl_alg_group* group = gp->group;
  const pl_join_problem problem = {
      .parts = group->required,
      .count = group->required_count,
      .bound = gp->node->out,
      .rows = gp->node->rows_expected,
      .as_written = planner->options->join_order_off,
      .limit = planner->limit,
      .no_hash = !pl_planner_rule(planner, PL_RULE_HASH_JOIN),
      .no_ranges = !pl_planner_rule(planner, PL_RULE_FILTER_RANGES),
      .filters = group->filters,
      .filter_count = group->filter_count,
      .raw = gp->raw,
  };
  PL_TRY(pl_join_order(&planner->est, &problem, steps));
  uint32_t joined = 0;
  const bool cycles = pl_planner_rule(planner, PL_RULE_MULTI_JOIN) && !problem.as_written &&
                      planner->plan->why == PL_SLOT_NONE && gp->raw.word_count == 0 && pl_node_is_unit(gp->node);
  if (cycles && group->required_count > 2) {
    PL_TRY(join_cycle(gp, &problem, steps, &joined));
  }
  for (uint32_t i = joined; i < group->required_count; i++) {
    PL_TRY(pl_guard_check(planner->est.guard, planner->err));
    set_later(gp, steps, i, 0, true);
    PL_TRY(place_filters(gp, false));
    const pl_alg* part = group->required[steps[i].part];
    planner->part_rows = steps[i].hash ? steps[i].part_rows : steps[i].rows;
    planner->ranged = steps[i].ranged;
    planner->dense = steps[i].dense;
    PL_TRY(add_part(gp, part, steps[i].hash));
    if (part->kind != PL_ALG_EITHER) {
      gp->node->position = part->span.end;
      gp->node->rows_expected = steps[i].rows;
    }
  }
  return PL_OK;
}

static pl_status add_apply(group_planner* gp, pl_apply_kind kind, const pl_alg* alg) {
  pl_node *sub = NULL, *argument = NULL;
  const pl_alg* pattern = kind == PL_APPLY_MARK ? alg->mark.group : alg;
  const pl_slot slot = kind == PL_APPLY_MARK ? alg->mark.slot : PL_SLOT_NONE;
  PL_TRY(pl_plan_nested(gp->planner, pattern, gp->node, &argument, &sub));
  PL_TRY(pl_node_apply(gp->planner, kind, gp->node, &sub, &argument, 1, slot, &gp->node));
  pl_apply_span(gp->node, pattern->span);
  return PL_OK;
}

static pl_status add_rest(group_planner* gp, const pl_join_step* steps) {
  const pl_alg_group* group = gp->group;
  const uint32_t all = group->required_count;
  for (uint32_t i = 0; i < group->optional_count; i++) {
    set_later(gp, steps, all, i, true);
    PL_TRY(place_filters(gp, false));
    PL_TRY(add_apply(gp, PL_APPLY_LEFT, group->optionals[i]));
  }
  set_later(gp, steps, all, group->optional_count, true);
  PL_TRY(place_filters(gp, false));
  for (uint32_t i = 0; i < group->mark_count; i++) {
    PL_TRY(add_apply(gp, PL_APPLY_MARK, group->marks[i]));
  }
  PL_TRY(place_filters(gp, true));
  for (uint32_t i = 0; i < group->not_count; i++) {
    PL_TRY(add_apply(gp, PL_APPLY_ANTI, group->nots[i]));
  }
  return PL_OK;
}

static pl_status find_raw(group_planner* gp, pl_slots bound) {
  const pl_query* query = gp->planner->query;
  bool same = false;
  for (uint32_t l = 0; l < query->lens_count; l++) {
    same |= pl_lens_has_same(query, l);
  }
  return same ? pl_same_raw_slots(gp->planner->arena, query, gp->planner->txn, gp->group, bound, &gp->raw) : PL_OK;
}

pl_status pl_plan_group(pl_planner* planner, const pl_alg_group* given, pl_node* left, pl_node** out) {
  pl_alg_group group = *given;
  bool distributed = false;
  PL_TRY(pl_distribute_either(planner->arena, planner->query, left->out, &group, &distributed));
  if (distributed) {
    planner->copies += group.required[0]->either.count;
    if (planner->copies > COPIES_MAX) {
      return pl_fail(planner->err, PL_MSG_PLAN_TOO_LARGE, "its `either` patterns have too many combinations");
    }
  }
  if (pl_planner_rule(planner, PL_RULE_TEXT_INDEX)) {
    PL_TRY(pl_rule_text_index(planner->arena, planner->query, planner->txn, &group));
  }
  group_planner gp = {.planner = planner, .group = &group, .node = left};
  pl_join_step* steps = PL_ARENA_ARRAY(planner->arena, pl_join_step, group.required_count + 1);
  gp.filter_done = PL_ARENA_ARRAY(planner->arena, bool, group.filter_count + 1);
  if (!steps || !gp.filter_done) {
    return pl_planner_nomem(planner);
  }
  PL_TRY(pl_slots_make(planner->arena, planner->plan->slot_count, &gp.later));
  PL_TRY(find_raw(&gp, left->out));
  PL_TRY(join_required(&gp, steps));
  PL_TRY(add_rest(&gp, steps));
  *out = gp.node;
  return PL_OK;
}

/// A pattern is planned by itself where the lens does not differ from row to row.
static pl_status plan_lens_part(pl_planner* planner, const pl_lens* lens, const pl_lens_part* part, pl_lens_plan* out) {
  if (part->low) {
    PL_TRY(pl_expr_compile(planner->query, part->low, planner->arena, planner->err, &out->low));
  }
  if (part->high) {
    PL_TRY(pl_expr_compile(planner->query, part->high, planner->arena, planner->err, &out->high));
  }
  if (!part->pattern || lens->correlated) {
    return PL_OK;
  }
  pl_slots needed = {0};
  PL_TRY(pl_slots_make(planner->arena, planner->plan->slot_count, &needed));
  pl_slots_add(needed, part->pattern_slot);
  PL_TRY(pl_plan_alg(planner, part->pattern, &out->root));
  return pl_node_prune(planner, out->root, needed);
}

pl_status pl_plan_lenses(pl_planner* planner) {
  const pl_query* query = planner->query;
  const uint32_t total = pl_lens_part_number(query, query->lens_count, 0);
  planner->plan->lens_parts = PL_ARENA_ARRAY(planner->arena, pl_lens_plan, total + 1);
  if (!planner->plan->lens_parts) {
    return pl_planner_nomem(planner);
  }
  for (uint32_t l = 0; l < query->lens_count; l++) {
    for (uint32_t p = 0; p < query->lenses[l].count; p++) {
      PL_TRY(plan_lens_part(planner, &query->lenses[l], &query->lenses[l].parts[p],
                            &planner->plan->lens_parts[pl_lens_part_number(query, l, p)]));
    }
  }
  return PL_OK;
}
