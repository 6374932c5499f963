// Choosing how a scan or annotation is read: places, orders, prefixes. See lookup.h.
#include "exec/support.h"

extern const pl_op_class pl_lookup_class;

/// Best order by which of s, p, o are known (bits 1, 2, 4), and how many of its columns that fixes.
static const struct {
  pl_order order;  ///< whose prefix holds the known columns
  uint8_t prefix;  ///< how many they are
} fact_orders[8] = {
    {PL_ORDER_SPO, 0}, {PL_ORDER_SPO, 1}, {PL_ORDER_PSO, 1}, {PL_ORDER_SPO, 2},
    {PL_ORDER_OSP, 1}, {PL_ORDER_OSP, 2}, {PL_ORDER_POS, 2}, {PL_ORDER_SPO, 3},
};

static void set_place(pl_place* place, const pl_ref* ref, pl_slots bound) {
  *place = (pl_place){.kind = PL_PLACE_ANY, .slot = PL_SLOT_NONE, .ref = ref};
  if (ref->kind == PL_REF_SLOT) {
    place->slot = ref->index;
    place->kind = pl_slots_has(bound, ref->index) ? PL_PLACE_BOUND : PL_PLACE_NEW;
  } else if (ref->kind != PL_REF_ANY) {
    place->kind = PL_PLACE_CONST;
  }
}

static void find_repeats(pl_place* places) {
  for (uint8_t i = 1; i < PL_PLACE_COUNT; i++) {
    for (uint8_t k = 0; k < i && places[i].kind == PL_PLACE_NEW; k++) {
      if (places[k].kind == PL_PLACE_NEW && places[k].slot == places[i].slot) {
        places[i].kind = PL_PLACE_REPEAT;
        places[i].first = k;
      }
    }
  }
}

static void set_places(pl_lookup_node* node, pl_slots bound) {
  static const pl_ref any = {.kind = PL_REF_ANY};
  const pl_alg* leaf = node->leaf;
  set_place(&node->places[PL_PLACE_A], node->annot ? &leaf->annot.c : &leaf->scan.subject, bound);
  set_place(&node->places[PL_PLACE_P], node->verb_count == 1 ? &node->verbs[0].predicate : &any, bound);
  set_place(&node->places[PL_PLACE_B], node->annot ? &leaf->annot.object : &leaf->scan.object, bound);
  pl_place* c = &node->places[PL_PLACE_C];
  *c = (pl_place){.kind = PL_PLACE_ANY, .slot = PL_SLOT_NONE};
  if (!node->annot && leaf->scan.c != PL_SLOT_NONE) {
    c->slot = leaf->scan.c;
    c->kind = pl_slots_has(bound, c->slot) ? PL_PLACE_BOUND : PL_PLACE_NEW;
  }
  find_repeats(node->places);
}

/// Order and prefix of an annotation access: c, p, o known?
static void choose_annotation(pl_access* access, const bool* bound) {
  const bool by_c = bound[PL_PLACE_A] || !bound[PL_PLACE_P];
  access->order = by_c ? PL_ORDER_CPO : PL_ORDER_POC;
  access->mode = PL_SCAN_ROWS;
  access->width = 3;
  if (!by_c) {
    access->prefix = bound[PL_PLACE_B] ? 2 : 1;
  } else if (bound[PL_PLACE_A]) {
    access->prefix = (uint8_t)(1 + (bound[PL_PLACE_P] ? 1 + bound[PL_PLACE_B] : 0));
  }
}

/// Both orders hold the facts of a known subject and predicate in one place. Those of one subject are together in spo; those of one
/// predicate are in pso (and those with one object in pos), where look-ups for many subjects soon meet the same blocks again.
static void choose_dense(const pl_lookup_node* node, pl_access* access, unsigned known) {
  const pl_place* b = &node->places[access->inverse ? PL_PLACE_A : PL_PLACE_B];
  if (known == 3) {
    access->order = PL_ORDER_PSO;
  } else if (known == 7 && b->kind == PL_PLACE_CONST) {
    access->order = PL_ORDER_POS;
  }
}

static void choose_fact(const pl_lookup_node* node, pl_access* access, bool dense, pl_scan_mode mode) {
  const bool* bound = access->bound;
  const bool s = bound[access->inverse ? PL_PLACE_B : PL_PLACE_A];
  const bool o = bound[access->inverse ? PL_PLACE_A : PL_PLACE_B];
  const bool p = bound[PL_PLACE_P];
  access->mode = mode;
  access->width = mode == PL_SCAN_FACTS ? 3 : 4;
  if (bound[PL_PLACE_C] && !(s && p && o)) {
    access->order = PL_ORDER_CSPO;
    access->prefix = (uint8_t)(1 + (s ? 1 + (p ? 1 : 0) : 0));
    return;
  }
  const unsigned known = (unsigned)s | (unsigned)p << 1 | (unsigned)o << 2;
  access->order = fact_orders[known].order;
  access->prefix = (uint8_t)(fact_orders[known].prefix + (bound[PL_PLACE_C] ? 1 : 0));
  if (dense) {
    choose_dense(node, access, known);
  }
}

/// Place of column `column` (PL_S ...) of a row.
static uint8_t place_of(const pl_access* access, uint8_t column) {
  switch (column) {
    case PL_S:
      return access->inverse ? PL_PLACE_B : PL_PLACE_A;
    case PL_P:
      return PL_PLACE_P;
    case PL_O:
      return access->inverse ? PL_PLACE_A : PL_PLACE_B;
    default:
      return access->width == 3 ? PL_PLACE_A : PL_PLACE_C;
  }
}

static void set_columns(const pl_lookup_node* node, pl_access* access) {
  for (uint8_t i = 0; i < access->width; i++) {
    const uint8_t place = place_of(access, pl_order_columns[access->order][i]);
    access->place[i] = place;
    const bool beyond = i >= access->prefix;
    if (beyond && (access->bound[place] || node->places[place].kind == PL_PLACE_REPEAT)) {
      access->residual = true;
    }
  }
  if (access->graph && !access->bound[PL_PLACE_A]) {
    access->residual = true;
  }
}

/// Read by the bounds of objects where nothing but the predicate is known, or not even that.
static void choose_ranged(pl_access* access) {
  if (access->order == PL_ORDER_PSO && access->prefix == 1) {
    access->order = PL_ORDER_POS;
  } else if (access->order == PL_ORDER_SPO && access->prefix == 0) {
    access->order = PL_ORDER_OSP;
  }
}

/// How a lookup meets its rows, told by the join order.
typedef struct manner {
  bool dense;   ///< see pl_join_step
  bool ranged;  ///< likewise
} manner;

static void add_access(pl_lookup_node* node, manner how, bool inverse, bool any, bool graph) {
  pl_access access = {.graph = graph, .inverse = inverse};
  for (uint8_t i = 0; i < PL_PLACE_COUNT; i++) {
    access.bound[i] = node->places[i].kind == PL_PLACE_BOUND || node->places[i].kind == PL_PLACE_CONST;
  }
  access.bound[PL_PLACE_P] |= node->verb_count > 1 && !any;
  const pl_scan_mode mode = node->raw ? PL_SCAN_ROWS : node->annot ? PL_SCAN_FACTS : node->leaf->scan.mode;
  if (node->annot && !graph) {
    choose_annotation(&access, access.bound);
  } else {
    choose_fact(node, &access, how.dense, mode);
    if (how.ranged && !inverse && node->bound_count) {
      choose_ranged(&access);
    }
  }
  set_columns(node, &access);
  access.ranged = node->bound_count && access.prefix < access.width && access.place[access.prefix] == PL_PLACE_B &&
                  pl_order_columns[access.order][access.prefix] == PL_O;
  node->accesses[node->access_count++] = access;
}

uint32_t pl_lookup_access(const pl_lookup_node* node, const pl_verb* verb, bool graph) {
  const bool p_bound = verb->predicate.kind != PL_REF_ANY &&
                       (verb->predicate.kind != PL_REF_SLOT || node->places[PL_PLACE_P].kind == PL_PLACE_BOUND);
  for (uint32_t i = 0; i < node->access_count; i++) {
    const pl_access* access = &node->accesses[i];
    if (access->inverse == verb->inverse && access->graph == graph && access->bound[PL_PLACE_P] == p_bound) {
      return i;
    }
  }
  return UINT32_MAX;
}

static void set_accesses(pl_lookup_node* node, manner how) {
  for (uint32_t v = 0; v < node->verb_count; v++) {
    const pl_verb* verb = &node->verbs[v];
    for (int graph = 0; graph <= (node->annot ? 1 : 0); graph++) {
      if (pl_lookup_access(node, verb, graph != 0) == UINT32_MAX) {
        const bool any = verb->predicate.kind == PL_REF_ANY;
        const bool one = verb->predicate.kind == PL_REF_TERM || verb->predicate.kind == PL_REF_PARAM;
        add_access(node, (manner){how.dense && one, how.ranged}, verb->inverse, any, graph != 0);
      }
    }
  }
  assert(node->access_count <= PL_ACCESS_MAX);
}

static bool has_params(const pl_lookup_node* node) {
  bool found = false;
  for (uint8_t i = 0; i < PL_PLACE_COUNT; i++) {
    found |= node->places[i].kind == PL_PLACE_CONST && node->places[i].ref->kind == PL_REF_PARAM;
  }
  for (uint32_t v = 0; v < node->verb_count; v++) {
    found |= node->verbs[v].predicate.kind == PL_REF_PARAM;
  }
  for (uint32_t i = 0; i < node->bound_count; i++) {
    found |= node->bounds[i].value.kind == PL_REF_PARAM;
  }
  return found;
}

/// Bounds of place B, where it is bound here. They hold for values as they are stored, not for classes.
static pl_status find_bounds(pl_planner* planner, pl_lookup_node* node) {
  const pl_place* b = &node->places[PL_PLACE_B];
  const uint32_t count = b->kind == PL_PLACE_NEW && !node->shows_places ? planner->filter_count : 0;
  pl_bound* bounds = PL_ARENA_ARRAY(planner->arena, pl_bound, (size_t)count * PL_BOUNDS_OF_FILTER + 1);
  if (!bounds) {
    return pl_planner_nomem(planner);
  }
  for (uint32_t i = 0; i < count; i++) {
    node->bound_count += pl_bounds_of(planner->filters[i], b->slot, &bounds[node->bound_count]);
  }
  node->bounds = bounds;
  return PL_OK;
}

static pl_status make_lookup(pl_planner* planner, pl_node* input, const pl_alg* leaf, bool raw, bool shows_places,
                             pl_lookup_node** out) {
  pl_lookup_node* node = NULL;
  PL_TRY(pl_node_make(planner, &pl_lookup_class, sizeof(*node), &input, 1, &node));
  node->leaf = leaf;
  node->annot = leaf->kind == PL_ALG_ANNOT;
  node->written = leaf;
  node->same = PL_LENS_NONE;
  node->raw = raw;
  node->shows_places = shows_places;
  node->verbs = node->annot ? leaf->annot.verbs : leaf->scan.verbs;
  node->verb_count = node->annot ? leaf->annot.verb_count : leaf->scan.verb_count;
  node->lens = node->annot || raw ? PL_LENS_NONE : leaf->scan.lens;
  const bool several = node->verb_count > 1 || node->verbs[0].predicate.kind == PL_REF_ANY;
  node->pairs = several && !shows_places && (node->annot || leaf->scan.mode == PL_SCAN_FACTS);
  set_places(node, input->out);
  PL_TRY(find_bounds(planner, node));
  set_accesses(node, (manner){planner->dense, planner->ranged});
  node->params = has_params(node);
  pl_slots_add_all(node->node.out, input->out);
  for (uint8_t i = 0; i < PL_PLACE_COUNT; i++) {
    if (node->places[i].kind == PL_PLACE_NEW) {
      pl_slots_add(node->node.out, node->places[i].slot);
    }
    if (shows_places) {
      pl_slots_add(node->node.out, planner->plan->hidden + PL_HIDDEN_PLACE + i);
    }
  }
  if (shows_places) {
    pl_slots_add(node->node.out, planner->plan->hidden + PL_HIDDEN_ROW);
  }
  if (!raw && !node->annot) {
    pl_why_declare(planner, &node->node);
  }
  node->node.position = leaf->span.end;
  node->node.rows_expected = planner->part_rows;
  *out = node;
  return PL_OK;
}

pl_status pl_node_lookup(pl_planner* planner, pl_node* input, const pl_alg* leaf, bool raw, pl_node** out) {
  pl_lookup_node* node = NULL;
  PL_TRY(make_lookup(planner, input, leaf, raw, raw, &node));
  *out = &node->node;
  return PL_OK;
}

pl_status pl_node_lookup_same(pl_planner* planner, pl_node* input, const pl_alg* leaf, const pl_lookup_same* how,
                              pl_node** out) {
  pl_lookup_node* node = NULL;
  PL_TRY(make_lookup(planner, input, leaf, how->raw, true, &node));
  node->written = how->written;
  node->same = how->lens;
  node->raw_verbs = how->raw_verbs;
  *out = &node->node;
  return PL_OK;
}
