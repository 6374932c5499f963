// Cardinality from exact counters: see estimate.h.
#include "opt/estimate.h"

#define FACTS_PER_SUBJECT 6.0  ///< guess where no predicate is known
#define FACTS_PER_OBJECT 3.0   ///< likewise
#define LENS_SHARE 0.5         ///< of facts that pass a lens

pl_status pl_estimator_init(pl_estimator* est, const pl_query* query, pl_txn* txn, pl_arena* arena) {
  *est = (pl_estimator){.query = query, .txn = txn, .arena = arena};
  return pl_stats_totals(txn, &est->totals);
}

static double at_least(double x, double least) { return x > least ? x : least; }

static void note(pl_estimator* est, pl_status status) {
  if (est->status == PL_OK && status != PL_OK && status != PL_NOT_FOUND) {
    est->status = status;
  }
}

/// Every part of a pattern asks here, so this is where planning ends in time. False: do not ask the store any more.
static bool go_on(pl_estimator* est) {
  if (est->status == PL_OK) {
    est->status = pl_guard_check(est->guard, est->err);
  }
  return est->status == PL_OK;
}

/// Id of a constant; false if the store does not know it. Parameters are unknown at planning: *id = 0.
static bool const_id(pl_estimator* est, const pl_ref* ref, pl_id* id) {
  *id = 0;
  if (ref->kind != PL_REF_TERM) {
    return true;
  }
  if (!go_on(est)) {
    return false;
  }
  const pl_status status = pl_dict_find(est->txn, &est->query->terms[ref->index], id);
  note(est, status);
  return status == PL_OK;
}

static double range_rows(pl_estimator* est, pl_order order, pl_id first, pl_id second) {
  const pl_id prefix[2] = {first, second};
  uint64_t rows = 0;
  if (!go_on(est)) {
    return 0;
  }
  note(est, pl_stats_range(est->txn, order, prefix, second ? 2 : 1, 0, UINT64_MAX, &rows));
  return (double)rows;
}

static bool is_const(const pl_ref* ref) { return ref->kind == PL_REF_TERM || ref->kind == PL_REF_PARAM; }

/// What is known of a set of facts: how many, distinct subjects and objects.
typedef struct counts {
  double rows;
  double subjects;
  double objects;
} counts;

static counts facts_of(pl_estimator* est, const pl_ref* predicate, pl_id* id, bool* known) {
  const double facts = (double)est->totals.facts;
  *known = const_id(est, predicate, id);
  if (*id == 0) {
    const double share = is_const(predicate) ? at_least((double)est->totals.predicates, 1) : 1;
    return (counts){facts / share, at_least(facts / share / FACTS_PER_SUBJECT, 1),
                    at_least(facts / share / FACTS_PER_OBJECT, 1)};
  }
  pl_predicate_stats stats = {0};
  note(est, pl_stats_predicate(est->txn, *id, &stats));
  return (counts){(double)stats.facts, (double)stats.subjects, (double)stats.objects};
}

/// Rows left by constant ends.
static double narrow(pl_estimator* est, const pl_ref* subject, const pl_ref* object, pl_id predicate, const counts* c) {
  pl_id s = 0, o = 0;
  if (!const_id(est, subject, &s) || !const_id(est, object, &o)) {
    return 0;
  }
  double rows = c->rows;
  if (is_const(subject)) {
    rows = s ? range_rows(est, PL_ORDER_SPO, s, predicate) : rows / at_least(c->subjects, 1);
  } else if (o) {
    return predicate ? range_rows(est, PL_ORDER_POS, predicate, o) : range_rows(est, PL_ORDER_OSP, o, 0);
  }
  return is_const(object) ? rows / at_least(c->objects, 1) : rows;
}

static void add_slot(pl_profile* out, const pl_ref* ref, double domain) {
  for (uint32_t i = 0; ref->kind == PL_REF_SLOT && i < out->slot_count; i++) {
    if (out->slots[i] == ref->index) {
      return;
    }
  }
  if (ref->kind == PL_REF_SLOT && out->slot_count < PL_PROFILE_SLOTS) {
    out->slots[out->slot_count] = ref->index;
    out->domain[out->slot_count++] = at_least(domain, 1);
  }
}

/// Does a lens keep facts out? Identity alone does not.
static bool restricts(const pl_query* query, uint32_t lens) {
  bool some = false;
  for (uint32_t i = 0; lens != PL_LENS_NONE && i < query->lenses[lens].count; i++) {
    some |= query->lenses[lens].parts[i].kind != PL_LENS_SAME;
  }
  return some;
}

static void profile_scan(pl_estimator* est, const pl_alg_scan* scan, pl_profile* out) {
  double subjects = 0, objects = 0;
  for (uint32_t v = 0; v < scan->verb_count; v++) {
    const pl_verb* verb = &scan->verbs[v];
    pl_id predicate = 0;
    bool known = true;
    const counts c = facts_of(est, &verb->predicate, &predicate, &known);
    const pl_ref* subject = verb->inverse ? &scan->object : &scan->subject;
    const pl_ref* object = verb->inverse ? &scan->subject : &scan->object;
    out->rows += known ? narrow(est, subject, object, predicate, &c) : 0;
    subjects += verb->inverse ? c.objects : c.subjects;
    objects += verb->inverse ? c.subjects : c.objects;
  }
  out->rows *= restricts(est->query, scan->lens) ? LENS_SHARE : 1;
  add_slot(out, &scan->subject, subjects);
  add_slot(out, &scan->object, objects);
  add_slot(out, &scan->verbs[0].predicate, (double)est->totals.predicates);
  if (scan->c != PL_SLOT_NONE) {
    add_slot(out, &(pl_ref){.kind = PL_REF_SLOT, .index = scan->c}, out->rows);
  }
}

bool pl_estimate_ranges(pl_estimator* est, const pl_alg_scan* scan, const pl_id_ranges* ranges, double* rows) {
  *rows = 0;
  for (uint32_t v = 0; v < scan->verb_count; v++) {
    const pl_verb* verb = &scan->verbs[v];
    pl_id predicate = 0;
    if (verb->inverse || is_const(&scan->subject) || verb->predicate.kind != PL_REF_TERM) {
      return false;
    }
    for (uint32_t i = 0; i < ranges->count && const_id(est, &verb->predicate, &predicate) && go_on(est); i++) {
      uint64_t count = 0;
      note(est,
           pl_stats_range(est->txn, PL_ORDER_POS, &predicate, 1, ranges->items[i].low, ranges->items[i].high, &count));
      *rows += (double)count;
    }
  }
  *rows *= restricts(est->query, scan->lens) ? LENS_SHARE : 1;
  return true;
}

static void profile_annot(pl_estimator* est, const pl_alg_annot* annot, pl_profile* out) {
  double objects = 0;
  for (uint32_t v = 0; v < annot->verb_count; v++) {
    pl_id predicate = 0, object = 0;
    pl_predicate_stats stats = {0};
    const bool known = const_id(est, &annot->verbs[v].predicate, &predicate) && const_id(est, &annot->object, &object);
    if (predicate) {
      note(est, pl_stats_annotation(est->txn, predicate, &stats));
    } else {
      stats.rows = est->totals.annotations;
      stats.objects = est->totals.annotations / 3;
    }
    double rows = (double)stats.rows;
    if (is_const(&annot->object)) {
      rows = object && predicate ? range_rows(est, PL_ORDER_POC, predicate, object)
                                 : rows / at_least((double)stats.objects, 1);
    }
    out->rows += known ? rows : 0;
    objects += (double)stats.objects;
  }
  add_slot(out, &annot->c, at_least((double)est->totals.assertions, out->rows));
  add_slot(out, &annot->object, objects);
}

#define PATH_REACH 64.0   ///< ends that a repetition reaches from one start, beyond one step
#define LABEL_NODES 1.5   ///< nodes of one name
#define TEXT_LITERALS 20  ///< literals that match a text

/// Facts of the steps of a path, and the share of all ends a start reaches: a rough guess, enough to bind ends first.
static void path_counts(pl_estimator* est, const pl_path* path, counts* c, double* reach) {
  for (uint32_t v = 0; v < path->verb_count && path->kind == PL_PATH_STEP; v++) {
    pl_id predicate = 0;
    bool known = true;
    const counts one = facts_of(est, &path->verbs[v].predicate, &predicate, &known);
    c->rows += known ? one.rows : 0;
    c->subjects += path->verbs[v].inverse ? one.objects : one.subjects;
    c->objects += path->verbs[v].inverse ? one.subjects : one.objects;
  }
  if (path->kind == PL_PATH_EXCEPT) {
    c->rows += (double)est->totals.facts;
    c->subjects += (double)est->totals.facts / FACTS_PER_SUBJECT;
    c->objects += (double)est->totals.facts / FACTS_PER_OBJECT;
  }
  for (uint32_t i = 0; i < path->part_count; i++) {
    path_counts(est, path->parts[i], c, reach);
  }
  *reach *= path->kind == PL_PATH_REPEAT && path->max > 1 ? PATH_REACH : 1;
}

static void profile_path(pl_estimator* est, const pl_alg_path* path, pl_profile* out) {
  counts c = {0};
  double reach = 1;
  path_counts(est, path->path, &c, &reach);
  const double starts = at_least(c.subjects, 1);
  const double ends = at_least(c.objects, 1);
  const double fanout = at_least(c.rows / starts, 1) * reach;
  out->rows = starts * (fanout < ends ? fanout : ends);
  if (is_const(&path->subject)) {
    out->rows /= starts;
  }
  if (is_const(&path->object)) {
    out->rows /= ends;
  }
  add_slot(out, &path->subject, starts);
  add_slot(out, &path->object, ends);
}

static void profile_label(const pl_alg_label* label, pl_profile* out) {
  out->rows = LABEL_NODES;
  add_slot(out, &(pl_ref){.kind = PL_REF_SLOT, .index = label->node}, 1e6);
}

static void profile_text(pl_estimator* est, const pl_alg_text* text, pl_profile* out) {
  uint64_t literals = TEXT_LITERALS;
  if (text->text.kind == PL_REF_TERM) {
    note(est, pl_text_estimate(est->txn, est->query->terms[text->text.index].text, &literals));
  }
  out->rows = (double)literals;
  add_slot(out, &(pl_ref){.kind = PL_REF_SLOT, .index = text->literal}, out->rows);
}

static void add_profile(pl_profile* out, const pl_profile* more, bool joined) {
  out->rows = joined ? out->rows * at_least(more->rows, 1e-3) : out->rows + more->rows;
  for (uint32_t i = 0; i < more->slot_count; i++) {
    add_slot(out, &(pl_ref){.kind = PL_REF_SLOT, .index = more->slots[i]}, more->domain[i]);
  }
}

/// A group nested in an either: its most selective part stands for it.
static void profile_group(pl_estimator* est, const pl_alg_group* group, pl_profile* out) {
  out->rows = 1;
  double least = -1;
  for (uint32_t i = 0; i < group->required_count; i++) {
    pl_profile part;
    pl_estimate_profile(est, group->required[i], &part);
    add_profile(out, &part, true);
    least = least < 0 || part.rows < least ? part.rows : least;
  }
  out->rows = least < 0 ? 1 : least;
}

void pl_estimate_profile(pl_estimator* est, const pl_alg* part, pl_profile* out) {
  *out = (pl_profile){0};
  switch (part->kind) {
    case PL_ALG_SCAN:
      profile_scan(est, &part->scan, out);
      break;
    case PL_ALG_ANNOT:
      profile_annot(est, &part->annot, out);
      break;
    case PL_ALG_PATH:
      profile_path(est, &part->path, out);
      break;
    case PL_ALG_LABEL:
      profile_label(&part->label, out);
      break;
    case PL_ALG_TEXT:
      profile_text(est, &part->text, out);
      break;
    case PL_ALG_GROUP:
      profile_group(est, &part->group, out);
      break;
    case PL_ALG_EITHER:
      for (uint32_t i = 0; i < part->either.count; i++) {
        pl_profile branch;
        pl_estimate_profile(est, part->either.branches[i], &branch);
        add_profile(out, &branch, false);
      }
      break;
    default:
      out->rows = 1;
      break;
  }
}

double pl_estimate_filter(const pl_expr* expr) {
  if (expr->kind != PL_EXPR_CALL) {
    return 0.5;
  }
  switch (expr->fn) {
    case PL_FN_EQ:
      return 0.1;
    case PL_FN_NE:
      return 0.9;
    case PL_FN_AND:
      return pl_estimate_filter(expr->args[0]) * pl_estimate_filter(expr->args[1]);
    case PL_FN_NOT:
      return 1 - pl_estimate_filter(expr->args[0]);
    case PL_FN_LT:
    case PL_FN_LE:
    case PL_FN_GT:
    case PL_FN_GE:
    case PL_FN_IN_RANGE:
      return 0.3;
    default:
      return 0.5;
  }
}
