// Plans: the pipeline of a query as a tree of operators, then columns pruned from the root down. See plan.h.
#include "exec/plan.h"

#include "exec/lens.h"
#include "exec/support.h"

#define CLAUSES_MAX 2000u  ///< operators in a row: plans are opened and run recursively

const char* const pl_rule_names[] = {
#define PL_RULE(slug, name) name,
#include "opt/rules.def"
#undef PL_RULE
    NULL};

pl_status pl_node_make(pl_planner* planner, const pl_op_class* type, size_t size, pl_node* const* inputs,
                       uint32_t input_count, void* out) {
  pl_node* node = pl_arena_calloc(planner->arena, 1, size);
  if (!node) {
    return pl_planner_nomem(planner);
  }
  if (planner->plan->node_count >= PL_PLAN_NODES_MAX) {
    return pl_fail(planner->err, PL_MSG_PLAN_TOO_LARGE, "it needs too many operators");
  }
  node->type = type;
  node->index = planner->plan->node_count++;
  node->inputs = PL_ARENA_ARRAY(planner->arena, pl_node*, input_count + 1);
  if (!node->inputs) {
    return pl_planner_nomem(planner);
  }
  for (uint32_t i = 0; i < input_count; i++) {
    node->inputs[i] = inputs[i];
  }
  node->input_count = input_count;
  *(pl_node**)out = node;
  return pl_slots_make(planner->arena, planner->plan->slot_count, &node->out);
}

pl_status pl_node_prune(pl_planner* planner, pl_node* node, pl_slots needed) {
  if (pl_planner_rule(planner, PL_RULE_PRUNE_COLUMNS)) {
    return node->type->prune(planner, node, needed);
  }
  pl_slots all = {0};
  PL_TRY(pl_slots_copy(planner->arena, needed, &all));
  for (pl_slot slot = 0; slot < planner->query->slot_count; slot++) {
    pl_slots_add(all, slot);
  }
  return node->type->prune(planner, node, all);
}

pl_status pl_node_prune_through(pl_planner* planner, pl_node* node, pl_slots needed, const pl_slots* uses) {
  pl_slots below = {0};
  PL_TRY(pl_slots_copy(planner->arena, needed, &below));
  if (uses) {
    pl_slots_add_all(below, *uses);
  }
  PL_TRY(pl_node_prune(planner, node->inputs[0], below));
  pl_slots_keep(node->out, node->inputs[0]->out);
  return PL_OK;
}

pl_status pl_node_prune_one(pl_planner* planner, pl_node* node, pl_slots needed, pl_slot slot, bool bound, pl_slot read,
                            pl_carry* carry) {
  pl_slots below = {0};
  pl_slots_keep(node->out, needed);
  PL_TRY(pl_slots_copy(planner->arena, node->out, &below));
  if (!bound) {
    pl_slots_remove(below, slot);
  }
  pl_slots_keep(below, node->inputs[0]->out);
  PL_TRY(pl_carry_make(planner, below, carry));
  if (bound) {
    pl_slots_add(below, slot);
  }
  if (read != PL_SLOT_NONE) {
    pl_slots_add(below, read);
  }
  return pl_node_prune(planner, node->inputs[0], below);
}

pl_status pl_carry_make(pl_planner* planner, pl_slots set, pl_carry* out) {
  *out = (pl_carry){PL_ARENA_ARRAY(planner->arena, pl_slot, pl_slots_count(set) + 1), 0};
  if (!out->slots) {
    return pl_planner_nomem(planner);
  }
  for (pl_slot slot = pl_slots_from(set, 0); slot != PL_SLOT_NONE; slot = pl_slots_from(set, slot + 1)) {
    out->slots[out->count++] = slot;
  }
  return PL_OK;
}

/// The pipeline below an operator; NULL for leaves, unions, and those that start from one empty row.
static const pl_alg* input_of(const pl_alg* alg) {
  switch (alg->kind) {
    case PL_ALG_GROUP:
      return alg->group.input;
    case PL_ALG_MARK:
      return alg->mark.input;
    case PL_ALG_FILTER:
      return alg->filter.input;
    case PL_ALG_EXTEND:
      return alg->extend.input;
    case PL_ALG_UNNEST:
      return alg->unnest.input;
    case PL_ALG_AGGREGATE:
      return alg->aggregate.input;
    case PL_ALG_DISTINCT:
      return alg->distinct.input;
    case PL_ALG_ORDER:
      return alg->order.input;
    case PL_ALG_SLICE:
      return alg->slice.input;
    case PL_ALG_PRIOR:
      return alg->prior.input;
    case PL_ALG_PROJECT:
      return alg->project.input;
    case PL_ALG_GRAPH:
      return alg->graph.input;
    default:
      return NULL;
  }
}

static pl_status check_length(pl_planner* planner, const pl_alg* alg) {
  uint32_t length = 0;
  for (; alg; alg = input_of(alg)) {
    if (++length > CLAUSES_MAX) {
      return pl_fail(planner->err, PL_MSG_PLAN_TOO_LARGE, "it has too many clauses in a row");
    }
  }
  return PL_OK;
}

static pl_status plan_union(pl_planner* planner, const pl_alg* alg, pl_node** out) {
  const uint32_t count = alg->union_.count;
  pl_node** inputs = PL_ARENA_ARRAY(planner->arena, pl_node*, count + 1);
  if (!inputs) {
    return pl_planner_nomem(planner);
  }
  for (uint32_t i = 0; i < count; i++) {
    PL_TRY(check_length(planner, alg->union_.branches[i]));
    PL_TRY(pl_plan_alg(planner, alg->union_.branches[i], &inputs[i]));
  }
  PL_TRY(
      pl_node_union(planner, inputs, count, alg->union_.slots, alg->union_.slot_count, alg->union_.branch_slots, out));
  return alg->union_.distinct ? pl_node_distinct(planner, *out, alg->union_.slots, alg->union_.slot_count, out) : PL_OK;
}

static pl_status plan_mark(pl_planner* planner, const pl_alg* alg, pl_node* input, pl_node** out) {
  pl_node *sub = NULL, *argument = NULL;
  PL_TRY(pl_plan_nested(planner, alg->mark.group, input, &argument, &sub));
  PL_TRY(pl_node_apply(planner, PL_APPLY_MARK, input, &sub, &argument, 1, alg->mark.slot, out));
  pl_apply_span(*out, alg->mark.group->span);
  return PL_OK;
}

/// A part that stands alone in the pipeline: a group of one.
static pl_status plan_part(pl_planner* planner, const pl_alg* alg, pl_node* input, pl_node** out) {
  pl_alg** parts = PL_ARENA_ARRAY(planner->arena, pl_alg*, 1);
  pl_alg* copy = PL_ARENA_NEW(planner->arena, pl_alg);
  if (!parts || !copy) {
    return pl_planner_nomem(planner);
  }
  *copy = *alg;
  parts[0] = copy;
  const pl_alg_group group = {.required = parts, .required_count = 1};
  return pl_plan_group(planner, &group, input, out);
}

static pl_status plan_over(pl_planner* planner, const pl_alg* alg, pl_node* in, pl_node** out) {
  switch (alg->kind) {
    case PL_ALG_UNIT:
      *out = in;
      return PL_OK;
    case PL_ALG_SCAN:
    case PL_ALG_ANNOT:
    case PL_ALG_PATH:
    case PL_ALG_LABEL:
    case PL_ALG_TEXT:
    case PL_ALG_EITHER:
      return plan_part(planner, alg, in, out);
    case PL_ALG_MARK:
      return plan_mark(planner, alg, in, out);
    case PL_ALG_FILTER:
      return pl_node_filter(planner, in, alg->filter.expr, out);
    case PL_ALG_EXTEND:
      return pl_node_extend(planner, in, alg->extend.items, alg->extend.count, out);
    case PL_ALG_UNNEST:
      return pl_node_unnest(planner, in, alg->unnest.slot, alg->unnest.expr, out);
    case PL_ALG_AGGREGATE:
      return pl_node_aggregate(planner, in, alg, out);
    case PL_ALG_DISTINCT:
      return pl_node_distinct(planner, in, alg->distinct.slots, alg->distinct.count, out);
    case PL_ALG_ORDER:
      return pl_node_order(planner, in, alg->order.keys, alg->order.count, out);
    case PL_ALG_SLICE:
      return pl_node_slice(planner, in, alg->slice.skip, alg->slice.limit, out);
    case PL_ALG_PRIOR:
      return pl_node_prior(planner, in, alg->prior.items, alg->prior.count, out);
    case PL_ALG_PROJECT:
      return pl_node_project(planner, in, alg->project.slots, alg->project.count, out);
    case PL_ALG_GRAPH:
      return pl_node_graph(planner, in, &alg->graph, out);
    case PL_ALG_CONFLICTS:
      return pl_node_conflicts(planner, &alg->conflicts, out);
    default:
      return pl_fail(planner->err, PL_MSG_INTERNAL, "an operator that cannot be planned");
  }
}

/// Rows that are asked for of the input of an operator, if so many are asked for of itself; 0 = all.
static double limit_below(const pl_planner* planner, const pl_alg* alg, double limit) {
  if (alg->kind == PL_ALG_SLICE) {
    const double own = pl_slice_expected(planner, alg->slice.skip, alg->slice.limit);
    return own > 0 && (limit == 0 || own < limit) ? own : limit;
  }
  return alg->kind == PL_ALG_PROJECT || alg->kind == PL_ALG_EXTEND || alg->kind == PL_ALG_FILTER ? limit : 0;
}

pl_status pl_plan_alg(pl_planner* planner, const pl_alg* alg, pl_node** out) {
  if (!alg) {
    return pl_node_unit(planner, out);
  }
  if (alg->kind == PL_ALG_UNION) {
    return plan_union(planner, alg, out);
  }
  pl_alg_group group = {0};
  bool is_group = false;
  pl_node* input = NULL;
  PL_TRY(pl_flatten_group(planner->arena, planner->query, planner->txn, planner->options->rules_off, alg, &group,
                          &is_group));
  const double limit = planner->limit;
  planner->limit = is_group ? 0 : limit_below(planner, alg, limit);
  PL_TRY(pl_plan_alg(planner, is_group ? group.input : input_of(alg), &input));
  planner->limit = limit;
  return is_group ? pl_plan_group(planner, &group, input, out) : plan_over(planner, alg, input, out);
}

static void add_ref(const pl_ref* ref, pl_slots set) {
  if (ref->kind == PL_REF_SLOT) {
    pl_slots_add(set, ref->index);
  }
}

static void add_templates(const pl_alg_template* templates, uint32_t count, pl_slots set) {
  for (uint32_t i = 0; i < count; i++) {
    const pl_alg_template* t = &templates[i];
    add_ref(&t->subject, set);
    add_ref(&t->predicate, set);
    add_ref(&t->object, set);
    if (t->c != PL_SLOT_NONE) {
      pl_slots_add(set, t->c);
    }
    for (uint32_t a = 0; a < t->annotation_count; a++) {
      add_ref(&t->annotations[a].predicate, set);
      add_ref(&t->annotations[a].object, set);
    }
  }
}

/// Slots that the result reads.
static void result_slots(const pl_query* query, pl_slot why, pl_slots set) {
  for (uint32_t i = 0; query->kind == PL_QUERY_ROWS && i < query->column_count; i++) {
    pl_slots_add(set, query->columns[i].slot);
  }
  if (why != PL_SLOT_NONE) {
    pl_slots_add(set, why);
  }
  add_templates(query->deletes, query->delete_count, set);
  add_templates(query->inserts, query->insert_count, set);
}

static pl_status plan_root(pl_planner* planner) {
  pl_plan* plan = planner->plan;
  pl_slots needed = {0};
  PL_TRY(check_length(planner, planner->query->root));
  PL_TRY(pl_plan_lenses(planner));
  planner->limit = planner->query->kind == PL_QUERY_EXISTS;  // the first match is enough
  PL_TRY(pl_plan_alg(planner, planner->query->root, &plan->root));
  PL_TRY(pl_slots_copy(planner->arena, plan->root->out, &plan->bound));
  PL_TRY(pl_slots_make(planner->arena, plan->slot_count, &needed));
  result_slots(planner->query, plan->why, needed);
  PL_TRY(pl_node_prune(planner, plan->root, needed));
  return planner->est.status;
}

/// A graph is the support of its rows, so all of it must be there; what builds facts from templates shows the rows like any other query.
static void set_why(pl_plan* plan, const pl_query* query, const pl_plan_options* options) {
  const bool whole = query->graph && query->root->kind == PL_ALG_GRAPH && query->root->graph.template_count == 0;
  const bool asked = query->why || query->graph || (options && options->why);
  plan->why = asked && query->kind != PL_QUERY_UPDATE ? plan->hidden + PL_HIDDEN_WHY : PL_SLOT_NONE;
  plan->why_members = whole                             ? SIZE_MAX
                      : options && options->why_members ? options->why_members
                                                        : PL_WHY_MEMBERS_DEFAULT;
}

pl_status pl_plan_make(const pl_query* query, pl_txn* txn, const pl_plan_options* options, pl_arena* arena,
                       pl_error* err, pl_plan** out) {
  static const pl_plan_options none = {0};
  pl_plan* plan = PL_ARENA_NEW(arena, pl_plan);
  if (!plan) {
    return pl_mem_status(arena->mem);
  }
  plan->query = query;
  plan->arena = arena;
  plan->hidden = query->slot_count;
  set_why(plan, query, options);
  plan->slot_count = query->slot_count + PL_HIDDEN_DEPTH + PL_PLAN_DEPTH_MAX + 1;
  pl_planner planner = {
      .query = query, .txn = txn, .arena = arena, .err = err, .plan = plan, .options = options ? options : &none};
  PL_TRY(pl_estimator_init(&planner.est, query, txn, arena));
  planner.est.guard = planner.options->guard;
  planner.est.err = err;
  PL_TRY(plan_root(&planner));
  plan->slot_count = plan->hidden + PL_HIDDEN_DEPTH + planner.depth_max;  // every chunk has a table of that size
  *out = plan;
  return PL_OK;
}
