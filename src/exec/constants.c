// Constants of a pattern as ids of the store, and the probes made of them.
//
// Names and strings stand for one id. A number or date stands for every id of an equal value: the inline forms, and those
// dictionary numbers and times that compare equal, found by walking the distinct objects of that kind.
#include <stdio.h>

#include "base/sort.h"
#include "exec/classes.h"

#define PROBES_MAX ((size_t)1 << 20)  ///< combinations of constants in one pattern

static int compare_ids(const void* a, const void* b, void* user) {
  PL_UNUSED(user);
  const pl_id x = *(const pl_id*)a, y = *(const pl_id*)b;
  return (x > y) - (x < y);
}

pl_status pl_ids_unique(pl_run* run, pl_ids* ids) {
  static const pl_sort_order order = {.compare = compare_ids};
  if (ids->count < 2) {
    return PL_OK;
  }
  PL_TRY(pl_sort(ids->data, ids->count, sizeof(pl_id), &order, &run->mem, run->guard, run->err));
  size_t kept = 1;
  for (size_t i = 1; i < ids->count; i++) {
    if (ids->data[i] != ids->data[kept - 1]) {
      ids->data[kept++] = ids->data[i];
    }
  }
  ids->count = kept;
  return PL_OK;
}

bool pl_ids_have(const pl_ids* ids, pl_id id) {
  size_t low = 0;
  size_t high = ids->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (ids->data[middle] < id) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < ids->count && ids->data[low] == id;
}

pl_status pl_graphs_list(pl_run* run, pl_ids* out) {
  static const pl_tag tags[] = {PL_TAG_BLANK, PL_TAG_IRI};
  pl_scan* scan = NULL;
  PL_TRY(pl_scan_open(run->txn, PL_ORDER_CSPO, PL_SCAN_ROWS, NULL, &run->mem, &scan));
  pl_status status = PL_OK;
  for (size_t t = 0; t < PL_COUNT_OF(tags) && status == PL_OK; t++) {
    status = pl_scan_range(scan, NULL, 0, pl_tag_first(tags[t]), pl_tag_end(tags[t]) - 1);
    while (status == PL_OK) {
      pl_id c = 0;
      pl_id* const into[4] = {&c, NULL, NULL, NULL};
      size_t count = 0;
      status = pl_scan_fill(scan, into, 1, &count);
      if (status != PL_OK || count == 0) {
        break;
      }
      status = pl_vec_push(&run->mem, out, c);
      if (status == PL_OK) {
        c++;
        status = pl_scan_seek(scan, &c, 1);
      }
    }
  }
  pl_scan_close(scan);
  return status;
}

/// Where the objects of a pattern are found in order: after a prefix of one predicate, or first.
typedef struct object_walk {
  bool annot;       ///< walk annotations, not facts
  pl_scan* scan;    ///< order whose column `prefix` is the object; opened when first needed
  pl_id predicate;  ///< the prefix
  unsigned prefix;  ///< 0 or 1 columns
} object_walk;

static pl_status walk_open(pl_run* run, object_walk* walk) {
  const pl_order order = walk->annot ? PL_ORDER_POC : walk->predicate ? PL_ORDER_POS : PL_ORDER_OSP;
  return pl_scan_open(run->txn, order, walk->annot ? PL_SCAN_ROWS : PL_SCAN_FACTS, NULL, &run->mem, &walk->scan);
}

/// Add the distinct objects in [low, high] that equal `value`.
static pl_status walk_range(pl_run* run, object_walk* walk, pl_id low, pl_id high, const pl_value* value, pl_ids* out) {
  PL_TRY(walk->scan ? PL_OK : walk_open(run, walk));
  PL_TRY(pl_scan_range(walk->scan, &walk->predicate, walk->prefix, low, high));
  for (;;) {
    pl_id key[4] = {walk->predicate};
    pl_id* into[4] = {NULL, NULL, NULL, NULL};
    into[walk->prefix] = &key[walk->prefix];
    size_t count = 0;
    PL_TRY(pl_scan_fill(walk->scan, into, 1, &count));
    if (count == 0) {
      return PL_OK;
    }
    pl_value other;
    PL_TRY(pl_guard_check(run->guard, run->err));
    PL_TRY(pl_termpool_value(run->pool, key[walk->prefix], &other));
    if (pl_value_compare(PL_CMP_EQ, value, &other) == PL_TRUE) {
      PL_TRY(pl_vec_push(&run->mem, out, key[walk->prefix]));
    }
    key[walk->prefix]++;
    PL_TRY(pl_scan_seek(walk->scan, key, walk->prefix + 1));
  }
}

/// Inline ids of the same number in other types, and of a year.
static pl_status add_inline_numbers(pl_run* run, const pl_value* value, pl_ids* out) {
  pl_value forms[5] = {*value};
  size_t count = 1;
  double real = value->real;
  if (value->kind == PL_VALUE_INTEGER) {
    real = (double)value->integer;
    forms[count++] = (pl_value){.kind = PL_VALUE_DECIMAL, .decimal = pl_decimal_from_int(value->integer)};
    if (value->integer >= -PL_YEAR_MAX && value->integer <= PL_YEAR_MAX) {
      forms[count++] =
          (pl_value){.kind = PL_VALUE_DATE, .date = {.year = (int32_t)value->integer, .precision = PL_PRECISION_YEAR}};
    }
  } else if (value->kind == PL_VALUE_DECIMAL) {
    real = pl_decimal_to_double(value->decimal);
  }
  forms[count++] = (pl_value){.kind = PL_VALUE_DOUBLE, .real = real};
  if (real == 0) {
    forms[count++] = (pl_value){.kind = PL_VALUE_DOUBLE, .real = -real};  // the other zero
  }
  if (value->kind != PL_VALUE_INTEGER && real > -0x1p59 && real < 0x1p59 && real == (double)(int64_t)real) {
    PL_TRY(add_inline_numbers(run, &(pl_value){.kind = PL_VALUE_INTEGER, .integer = (int64_t)real}, out));
  }
  for (size_t i = 0; i < count; i++) {
    pl_id id = 0;
    if (pl_value_compare(PL_CMP_EQ, value, &forms[i]) == PL_TRUE && pl_value_to_id(&forms[i], &id)) {
      PL_TRY(pl_vec_push(&run->mem, out, id));
    }
  }
  return PL_OK;
}

/// A double that equals a decimal of few digits: found by printing.
static pl_status add_decimal_of_double(pl_run* run, const pl_value* value, pl_ids* out) {
  char text[48];
  pl_value form = {.kind = PL_VALUE_DECIMAL};
  const int len = snprintf(text, sizeof(text), "%.15g", value->real);
  pl_id id = 0;
  if (len > 0 && (size_t)len < sizeof(text) && pl_decimal_parse((pl_str){text, (size_t)len}, &form.decimal) &&
      pl_value_compare(PL_CMP_EQ, value, &form) == PL_TRUE && pl_value_to_id(&form, &id)) {
    PL_TRY(pl_vec_push(&run->mem, out, id));
  }
  return PL_OK;
}

static pl_status add_equal_values(pl_run* run, const pl_value* value, object_walk* walk, pl_ids* out) {
  const bool date = value->kind == PL_VALUE_DATE || value->kind == PL_VALUE_INTERVAL;
  if (!date) {
    PL_TRY(add_inline_numbers(run, value, out));
    if (value->kind == PL_VALUE_DOUBLE) {
      PL_TRY(add_decimal_of_double(run, value, out));
    }
    return walk_range(run, walk, pl_tag_first(PL_TAG_NUMBER), pl_tag_end(PL_TAG_NUMBER) - 1, value, out);
  }
  pl_id id = 0;
  if (pl_value_to_id(value, &id)) {
    PL_TRY(pl_vec_push(&run->mem, out, id));
  }
  if (value->kind == PL_VALUE_DATE && value->date.precision == PL_PRECISION_YEAR) {
    const pl_value year = {.kind = PL_VALUE_INTEGER, .integer = value->date.year};
    if (pl_value_compare(PL_CMP_EQ, value, &year) == PL_TRUE && pl_value_to_id(&year, &id)) {
      PL_TRY(pl_vec_push(&run->mem, out, id));
    }
  }
  if (value->kind == PL_VALUE_DATE && value->date.precision == PL_PRECISION_TIME && pl_value_to_id(value, &id)) {
    PL_TRY(walk_range(run, walk, id & ~(pl_id)0xff, id | 0xff, value, out));  // the same instant in other zones
  }
  return walk_range(run, walk, pl_tag_first(PL_TAG_TIME), pl_tag_end(PL_TAG_TIME) - 1, value, out);
}

static bool by_value(pl_value_kind kind) { return kind >= PL_VALUE_INTEGER && kind <= PL_VALUE_INTERVAL; }

static pl_status add_constant(pl_run* run, pl_id id, bool object, object_walk* walk, pl_ids* out) {
  if (id == PL_ID_NULL) {
    return PL_OK;
  }
  if (object) {
    pl_value value;
    PL_TRY(pl_termpool_value(run->pool, id, &value));
    if (by_value(value.kind)) {
      return add_equal_values(run, &value, walk, out);
    }
  }
  return pl_id_tag(id) == PL_TAG_TEMP ? PL_OK : pl_vec_push(&run->mem, out, id);
}

pl_status pl_const_ids(pl_run* run, const pl_ref* ref, bool object, bool annot, pl_id predicate, pl_ids* out) {
  const pl_id id = ref->kind == PL_REF_TERM ? run->terms[ref->index] : run->params[ref->index];
  const pl_id* items = &id;
  size_t count = 1;
  if (pl_id_tag(id) == PL_TAG_TEMP && pl_termpool_is_list(run->pool, id)) {
    (void)pl_termpool_list(run->pool, id, &items, &count);
  }
  pl_status status = PL_OK;
  for (int annotations = 0; annotations <= (annot && predicate ? 1 : 0) && status == PL_OK; annotations++) {
    object_walk walk = {.annot = annotations != 0, .predicate = predicate, .prefix = predicate ? 1 : 0};
    for (size_t i = 0; i < count && status == PL_OK; i++) {
      status = add_constant(run, items[i], object, &walk, out);
    }
    pl_scan_close(walk.scan);
  }
  return status == PL_OK ? pl_ids_unique(run, out) : status;
}

pl_status pl_const_add(pl_run* run, const pl_ref* ref, pl_ids* out) {
  pl_ids more = {0};
  pl_status status = pl_const_ids(run, ref, false, false, 0, &more);
  for (size_t i = 0; i < more.count && status == PL_OK; i++) {
    status = pl_vec_push(&run->mem, out, more.data[i]);
  }
  pl_vec_free(&run->mem, &more);
  return status;
}

// ---- probes -------------------------------------------------------------------------------------------------------

typedef struct probe_maker {
  pl_run* run;
  const pl_lookup_node* node;
  pl_probes* out;
  pl_ids* a;                  ///< ids of place A
  pl_ids* b;                  ///< ids of place B for the predicate at hand
  pl_id_ranges ranges;        ///< of objects, if `bounded`
  bool bounded;               ///< the objects have bounds
  pl_ids* predicates;         ///< ids of the verb at hand
  const pl_classes* classes;  ///< constants stand for their classes; NULL = for themselves
} probe_maker;

static pl_status too_many(const pl_run* run) { return pl_fail(run->err, PL_MSG_ALTERNATIVES_LIMIT, PROBES_MAX); }

/// Ids of a place, or one 0 when it is not a constant.
static pl_status place_ids(probe_maker* maker, uint8_t place, pl_id predicate, pl_ids* ids) {
  const pl_place* p = &maker->node->places[place];
  ids->count = 0;
  if (p->kind != PL_PLACE_CONST) {
    return pl_vec_push(&maker->run->mem, ids, 0);
  }
  PL_TRY(pl_const_ids(maker->run, p->ref, place == PL_PLACE_B, maker->node->annot, predicate, ids));
  return pl_classes_widen(maker->run, maker->classes, ids);
}

static bool same_probe(const pl_probe* a, const pl_probe* b) {
  return a->access == b->access && a->low == b->low && !memcmp(a->ids, b->ids, sizeof(a->ids));
}

/// One probe for each range of its column, if it has bounds.
static pl_status add_probe(probe_maker* maker, pl_probe probe) {
  const bool ranged = maker->bounded && maker->node->accesses[probe.access].ranged;
  for (uint32_t i = 0; i < (ranged ? maker->ranges.count : 1); i++) {
    probe.low = ranged ? maker->ranges.items[i].low : 0;
    probe.high = ranged ? maker->ranges.items[i].high : UINT64_MAX;
    if (maker->out->count >= PROBES_MAX) {
      return too_many(maker->run);
    }
    PL_TRY(pl_vec_push(&maker->run->mem, maker->out, probe));
  }
  return PL_OK;
}

static pl_status add_probes(probe_maker* maker, uint32_t access, pl_id predicate) {
  for (size_t a = 0; a < maker->a->count; a++) {
    for (size_t b = 0; b < maker->b->count; b++) {
      PL_TRY(
          add_probe(maker, (pl_probe){.ids = {maker->a->data[a], predicate, maker->b->data[b], 0}, .access = access}));
    }
  }
  return PL_OK;
}

/// The ranges that all bounds of the objects leave. Values that are no numbers or dates have none, and leave all.
static pl_status find_ranges(probe_maker* maker) {
  const pl_lookup_node* node = maker->node;
  pl_run* run = maker->run;
  for (uint32_t i = 0; i < node->bound_count; i++) {
    const pl_ref* ref = &node->bounds[i].value;
    const pl_id id = ref->kind == PL_REF_TERM ? run->terms[ref->index] : run->params[ref->index];
    pl_id_ranges more;
    pl_value value;
    PL_TRY(pl_termpool_value(run->pool, id, &value));
    if (!pl_id_ranges_of(node->bounds[i].op, &value, node->bounds[i].whole, &more)) {
      continue;
    }
    if (maker->bounded) {
      pl_id_ranges_keep(&maker->ranges, &more);
    } else {
      maker->ranges = more;
    }
    maker->bounded = true;
  }
  return PL_OK;
}

static pl_status verb_probes(probe_maker* maker, const pl_verb* verb) {
  const pl_lookup_node* node = maker->node;
  pl_ids* predicates = maker->predicates;
  predicates->count = 0;
  if (verb->predicate.kind == PL_REF_TERM || verb->predicate.kind == PL_REF_PARAM) {
    PL_TRY(pl_const_ids(maker->run, &verb->predicate, false, false, 0, predicates));
    PL_TRY(node->raw_verbs ? PL_OK : pl_classes_widen(maker->run, maker->classes, predicates));
  } else {
    PL_TRY(pl_vec_push(&maker->run->mem, predicates, 0));
  }
  for (size_t i = 0; i < predicates->count; i++) {
    const pl_id predicate = predicates->data[i];
    PL_TRY(place_ids(maker, PL_PLACE_B, predicate, maker->b));
    for (int graph = 0; graph <= (node->annot ? 1 : 0); graph++) {
      PL_TRY(add_probes(maker, pl_lookup_access(node, verb, graph != 0), predicate));
    }
  }
  return PL_OK;
}

static int compare_probes(const void* a, const void* b, void* user) {
  PL_UNUSED(user);
  const pl_probe *x = a, *y = b;
  if (x->access != y->access) {
    return x->access < y->access ? -1 : 1;
  }
  for (int i = 0; i < PL_PLACE_COUNT; i++) {
    if (x->ids[i] != y->ids[i]) {
      return x->ids[i] < y->ids[i] ? -1 : 1;
    }
  }
  return (x->low > y->low) - (x->low < y->low);
}

/// Sorted, without repeats (p|p).
static pl_status tidy_probes(pl_run* run, pl_probes* probes) {
  static const pl_sort_order order = {.compare = compare_probes};
  size_t kept = 0;
  PL_TRY(pl_sort(probes->data, probes->count, sizeof(pl_probe), &order, &run->mem, run->guard, run->err));
  for (size_t i = 0; i < probes->count; i++) {
    if (kept == 0 || !same_probe(&probes->data[kept - 1], &probes->data[i])) {
      probes->data[kept++] = probes->data[i];
    }
  }
  probes->count = kept;
  return PL_OK;
}

/// Mark the inverse probes whose predicate is also read forward.
static pl_status mark_loops(pl_run* run, const pl_lookup_node* node, pl_probes* probes) {
  pl_ids forward = {0};
  pl_status status = PL_OK;
  for (size_t i = 0; i < probes->count && status == PL_OK; i++) {
    const pl_id predicate = probes->data[i].ids[PL_PLACE_P];
    const bool repeats = forward.count && forward.data[forward.count - 1] == predicate;
    if (!node->accesses[probes->data[i].access].inverse && !repeats) {
      status = pl_vec_push(&run->mem, &forward, predicate);
    }
  }
  status = status == PL_OK ? pl_ids_unique(run, &forward) : status;
  for (size_t i = 0; i < probes->count && status == PL_OK; i++) {
    pl_probe* probe = &probes->data[i];
    if (node->accesses[probe->access].inverse) {
      probe->skip_loops = pl_ids_have(&forward, probe->ids[PL_PLACE_P]) || pl_ids_have(&forward, 0);
    }
  }
  pl_vec_free(&run->mem, &forward);
  return status;
}

/// Classes of an identity that differs from row to row are parts of the widest ones; what is too much is dropped above.
static pl_status find_classes(probe_maker* maker) {
  const uint32_t lens = maker->node->same;
  if (lens == PL_LENS_NONE) {
    return PL_OK;
  }
  return maker->run->plan->query->lenses[lens].correlated ? pl_classes_widest(maker->run, &maker->classes)
                                                          : pl_run_classes(maker->run, lens, &maker->classes);
}

pl_status pl_probes_make(pl_run* run, const pl_lookup_node* node, pl_probe_room* room, pl_probes* out) {
  probe_maker maker = {
      .run = run, .node = node, .out = out, .a = &room->ids[0], .b = &room->ids[1], .predicates = &room->ids[2]};
  out->count = 0;
  pl_status status = find_classes(&maker);
  status = status == PL_OK ? find_ranges(&maker) : status;
  status = status == PL_OK ? place_ids(&maker, PL_PLACE_A, 0, maker.a) : status;
  for (uint32_t v = 0; v < node->verb_count && status == PL_OK; v++) {
    status = verb_probes(&maker, &node->verbs[v]);
  }
  if (status == PL_OK && out->count > 1) {
    status = tidy_probes(run, out);
    status = status == PL_OK && node->verb_count > 1 ? mark_loops(run, node, out) : status;
  }
  return status;
}
