/// What a store holds, for a stranger: its classes, its predicates, and what each predicate links.
///
/// Classes come from one scan of the type facts, which stand grouped by class. They are ranked by name, so that the
/// class of a node with several is the one of lowest rank. Each predicate is then scanned once in subject order; up to
/// 200 000 of its facts, evenly spread, are looked at: the class of subject and object is looked up (with a
/// direct-mapped cache, as subjects come in runs) and the kinds of link are counted in a small hash table. rdf:type
/// itself links nothing that the classes do not say, and is left out.
#include "api/api.h"
#include "base/sort.h"

enum { SAMPLE_FACTS = 200000, CACHE_SLOTS = 1 << 16, FILL = 1024, FACTS_BETWEEN_CHECKS = 64 };

#define NO_CLASS UINT32_MAX

typedef struct class_row {
  pl_id id;          ///< the class
  uint64_t count;    ///< instances
  const char* name;  ///< as a query writes it
} class_row;

typedef struct rank_slot {
  pl_id node;     ///< 0 = empty
  uint32_t rank;  ///< of its class, or NO_CLASS
} rank_slot;

/// One kind of link of a predicate.
typedef struct link_row {
  const char* from;  ///< class name or "-"
  const char* to;    ///< class name, literal kind or "-"
  uint64_t count;    ///< facts looked at; 0 = empty slot
  pl_id s;           ///< of the first one
  pl_id o;           ///< of the first one
} link_row;

typedef struct schema {
  pl_txn* txn;                    ///< read transaction
  pl_error* err;                  ///< of the call
  pl_mem* mem;                    ///< of the call
  pl_guard guard;                 ///< stops it
  parley_schema_options options;  ///< the caller's
  pl_arena arena;                 ///< classes and their names
  pl_arena scratch;               ///< of one link
  const pl_names* names;          ///< of the store
  PL_VEC(class_row) classes;      ///< by name
  rank_slot* ranks_by_id;         ///< hash table of classes
  size_t ranks_mask;              ///< its slots - 1
  rank_slot* cache;               ///< classes of nodes met lately
  pl_scan* types;                 ///< (s, rdf:type, ?)
  link_row* links;                ///< hash table of the predicate at hand
  size_t links_count;             ///< used
  size_t links_capacity;          ///< slots, a power of two
} schema;

static size_t slot_of(uint64_t key, size_t mask) { return (size_t)(key * 0x9E3779B97F4A7C15u >> 20) & mask; }

static pl_status nomem(schema* sc) { return pl_fail(sc->err, PL_MSG_NOMEM); }

typedef int (*compare_fn)(const void* a, const void* b, void* user);

static pl_status sort(schema* sc, void* rows, size_t count, size_t size, compare_fn compare) {
  const pl_sort_order order = {.compare = compare};
  const pl_status status = pl_sort(rows, count, size, &order, sc->mem, &sc->guard, sc->err);
  return status == PL_ERR_NOMEM ? nomem(sc) : status;
}

static pl_status name_of(schema* sc, pl_arena* arena, pl_id id, const char** out) {
  pl_term term;
  pl_buf buf;
  PL_TRY(pl_dict_term(sc->txn, id, arena, &term));
  pl_buf_init(&buf, sc->mem, SIZE_MAX / 2);
  pl_status status = pl_api_write_source(&buf, sc->names, &term);
  if (status == PL_OK) {
    *out = pl_arena_str(arena, pl_buf_view(&buf)).data;
  }
  pl_buf_free(&buf);
  return status == PL_OK && *out ? PL_OK : nomem(sc);
}

// ---- classes ------------------------------------------------------------------------------------------------------

static pl_status add_instances(schema* sc, const pl_id* objects, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (sc->classes.count == 0 || sc->classes.data[sc->classes.count - 1].id != objects[i]) {
      const class_row row = {.id = objects[i]};
      if (pl_vec_push(sc->mem, &sc->classes, row) != PL_OK) {
        return nomem(sc);
      }
    }
    sc->classes.data[sc->classes.count - 1].count++;
  }
  return PL_OK;
}

static pl_status count_classes(schema* sc, pl_scan* scan) {
  const pl_id type = PL_KNOWN(TYPE);
  pl_id objects[FILL];
  pl_id* const columns[4] = {NULL, objects, NULL, NULL};
  size_t count = 0;
  PL_TRY(pl_scan_range(scan, &type, 1, 0, UINT64_MAX));
  do {
    PL_TRY(pl_guard_check(&sc->guard, sc->err));
    PL_TRY(pl_scan_fill(scan, columns, FILL, &count));
    PL_TRY(add_instances(sc, objects, count));
  } while (count > 0);
  return PL_OK;
}

static int by_class_name(const void* a, const void* b, void* user) {
  PL_UNUSED(user);
  return strcmp(((const class_row*)a)->name, ((const class_row*)b)->name);
}

static pl_status rank_classes(schema* sc) {
  size_t slots = 16;
  for (size_t i = 0; i < sc->classes.count; i++) {
    PL_TRY(i % FACTS_BETWEEN_CHECKS == 0 ? pl_guard_check(&sc->guard, sc->err) : PL_OK);
    PL_TRY(name_of(sc, &sc->arena, sc->classes.data[i].id, &sc->classes.data[i].name));
  }
  if (sc->classes.count > 0) {
    PL_TRY(sort(sc, sc->classes.data, sc->classes.count, sizeof *sc->classes.data, by_class_name));
  }
  while (slots < 2 * sc->classes.count) {
    slots *= 2;
  }
  sc->ranks_by_id = PL_ARENA_ARRAY(&sc->arena, rank_slot, slots);
  sc->ranks_mask = slots - 1;
  if (!sc->ranks_by_id) {
    return nomem(sc);
  }
  for (size_t i = 0; i < sc->classes.count; i++) {
    size_t at = slot_of(sc->classes.data[i].id, sc->ranks_mask);
    while (sc->ranks_by_id[at].node != 0) {
      at = (at + 1) & sc->ranks_mask;
    }
    sc->ranks_by_id[at] = (rank_slot){sc->classes.data[i].id, (uint32_t)i};
  }
  return PL_OK;
}

static pl_status read_classes(schema* sc) {
  pl_scan* scan;
  PL_TRY(pl_scan_open(sc->txn, PL_ORDER_POS, PL_SCAN_FACTS, NULL, sc->mem, &scan));
  const pl_status status = count_classes(sc, scan);
  pl_scan_close(scan);
  PL_TRY(status);
  return rank_classes(sc);
}

static int by_instances(const void* a, const void* b, void* user) {
  PL_UNUSED(user);
  const class_row* const x = *(const class_row* const*)a;
  const class_row* const y = *(const class_row* const*)b;
  return x->count != y->count ? (x->count < y->count ? 1 : -1) : strcmp(x->name, y->name);
}

static pl_status tell_classes(schema* sc) {
  const size_t count = sc->classes.count;
  if (!sc->options.on_class || count == 0) {
    return PL_OK;
  }
  const class_row** const order = pl_arena_calloc(&sc->arena, count, sizeof *order);
  if (!order) {
    return nomem(sc);
  }
  for (size_t i = 0; i < count; i++) {
    order[i] = &sc->classes.data[i];
  }
  PL_TRY(sort(sc, order, count, sizeof *order, by_instances));
  for (size_t i = 0; i < count; i++) {
    const parley_schema_class row = {.name = order[i]->name, .count = order[i]->count};
    sc->options.on_class(sc->options.user, &row);
  }
  return PL_OK;
}

// ---- the class of a node ------------------------------------------------------------------------------------------

static uint32_t rank_of_class(const schema* sc, pl_id id) {
  for (size_t at = slot_of(id, sc->ranks_mask); sc->ranks_by_id[at].node != 0; at = (at + 1) & sc->ranks_mask) {
    if (sc->ranks_by_id[at].node == id) {
      return sc->ranks_by_id[at].rank;
    }
  }
  return NO_CLASS;
}

static pl_status rank_of_node(schema* sc, pl_id node, uint32_t* out) {
  rank_slot* const slot = &sc->cache[slot_of(node, CACHE_SLOTS - 1)];
  if (slot->node == node) {
    *out = slot->rank;
    return PL_OK;
  }
  const pl_id prefix[2] = {node, PL_KNOWN(TYPE)};
  pl_id objects[16];
  pl_id* const columns[4] = {NULL, NULL, objects, NULL};
  size_t count = 0;
  uint32_t best = NO_CLASS;
  PL_TRY(pl_scan_range(sc->types, prefix, 2, 0, UINT64_MAX));
  do {
    PL_TRY(pl_scan_fill(sc->types, columns, PL_COUNT_OF(objects), &count));
    for (size_t i = 0; i < count; i++) {
      const uint32_t rank = rank_of_class(sc, objects[i]);
      best = rank < best ? rank : best;
    }
  } while (count > 0);
  *slot = (rank_slot){node, best};
  *out = best;
  return PL_OK;
}

static const char* literal_kind(pl_tag tag) {
  switch (tag) {
    case PL_TAG_BOOLEAN:
      return "boolean";
    case PL_TAG_INTEGER:
      return "integer";
    case PL_TAG_DECIMAL:
      return "decimal";
    case PL_TAG_DOUBLE:
      return "double";
    case PL_TAG_NUMBER:
      return "number";
    case PL_TAG_INTERVAL:
      return "interval";
    case PL_TAG_DATE:
    case PL_TAG_TIME:
      return "date";
    case PL_TAG_SHORT:
    case PL_TAG_STRING:
    case PL_TAG_LANG:
      return "string";
    default:
      return "literal";
  }
}

static pl_status kind_of(schema* sc, pl_id id, const char** out) {
  uint32_t rank;
  if (!pl_tag_is_node(pl_id_tag(id))) {
    *out = literal_kind(pl_id_tag(id));
    return PL_OK;
  }
  PL_TRY(rank_of_node(sc, id, &rank));
  *out = rank == NO_CLASS ? "-" : sc->classes.data[rank].name;
  return PL_OK;
}

// ---- links of one predicate ---------------------------------------------------------------------------------------

/// Names are made once each, so equal names are equal pointers.
static link_row* link_find(link_row* links, size_t capacity, const char* from, const char* to) {
  size_t at = slot_of((uint64_t)(uintptr_t)from ^ ((uint64_t)(uintptr_t)to << 1), capacity - 1);
  while (links[at].count != 0 && (links[at].from != from || links[at].to != to)) {
    at = (at + 1) & (capacity - 1);
  }
  return &links[at];
}

static pl_status links_grow(schema* sc) {
  const size_t capacity = sc->links_capacity ? 2 * sc->links_capacity : 64;
  link_row* const grown = pl_mem_calloc(sc->mem, capacity, sizeof *grown);
  if (!grown) {
    return nomem(sc);
  }
  for (size_t i = 0; i < sc->links_capacity; i++) {
    const link_row* const row = &sc->links[i];
    if (row->count > 0) {
      *link_find(grown, capacity, row->from, row->to) = *row;
    }
  }
  pl_mem_free(sc->mem, sc->links, sc->links_capacity * sizeof *sc->links);
  sc->links = grown;
  sc->links_capacity = capacity;
  return PL_OK;
}

static pl_status add_link(schema* sc, pl_id s, pl_id o) {
  const char* from;
  const char* to;
  PL_TRY(kind_of(sc, s, &from));
  PL_TRY(kind_of(sc, o, &to));
  if (2 * (sc->links_count + 1) > sc->links_capacity) {
    PL_TRY(links_grow(sc));
  }
  link_row* const row = link_find(sc->links, sc->links_capacity, from, to);
  if (row->count == 0) {
    *row = (link_row){.from = from, .to = to, .s = s, .o = o};
    sc->links_count++;
  }
  row->count++;
  return PL_OK;
}

/// Look at every `step`-th fact.
static pl_status scan_links(schema* sc, pl_scan* scan, pl_id predicate, uint64_t step, uint64_t* looked) {
  pl_id subjects[FILL];
  pl_id objects[FILL];
  pl_id* const columns[4] = {NULL, subjects, objects, NULL};
  size_t count = 0;
  uint64_t wait = 0;
  *looked = 0;
  PL_TRY(pl_scan_range(scan, &predicate, 1, 0, UINT64_MAX));
  do {
    PL_TRY(pl_scan_fill(scan, columns, FILL, &count));
    for (size_t i = 0; i < count; i++) {
      PL_TRY(i % FACTS_BETWEEN_CHECKS == 0 ? pl_guard_check(&sc->guard, sc->err) : PL_OK);
      if (wait == 0) {
        PL_TRY(add_link(sc, subjects[i], objects[i]));
        ++*looked;
      }
      wait = wait == 0 ? step - 1 : wait - 1;
    }
  } while (count > 0);
  return PL_OK;
}

static int by_link_facts(const void* a, const void* b, void* user) {
  PL_UNUSED(user);
  const link_row* const x = a;
  const link_row* const y = b;
  if (x->count != y->count) {
    return x->count < y->count ? 1 : -1;
  }
  if (x->count == 0) {
    return 0;  // empty slots have no names
  }
  const int from = strcmp(x->from, y->from);
  return from ? from : strcmp(x->to, y->to);
}

static pl_status example_of(schema* sc, const link_row* row, const char* predicate, const char** out) {
  const char* s = NULL;
  const char* o = NULL;
  PL_TRY(name_of(sc, &sc->scratch, row->s, &s));
  PL_TRY(name_of(sc, &sc->scratch, row->o, &o));
  *out = pl_arena_printf(&sc->scratch, "%s %s %s", s, predicate, o).data;
  return *out ? PL_OK : nomem(sc);
}

static pl_status tell_links(schema* sc, const pl_predicate_stats* stats, uint64_t step, uint64_t looked) {
  const char* name = NULL;
  PL_TRY(name_of(sc, &sc->arena, stats->predicate, &name));
  // Rows move to the front of the table, which is cleared for the next predicate anyway.
  PL_TRY(sort(sc, sc->links, sc->links_capacity, sizeof *sc->links, by_link_facts));
  for (size_t i = 0; i < sc->links_count; i++) {
    PL_TRY(i % FACTS_BETWEEN_CHECKS == 0 ? pl_guard_check(&sc->guard, sc->err) : PL_OK);
    const link_row* const row = &sc->links[i];
    parley_schema_link link = {.predicate = name,
                               .facts = stats->facts,
                               .subjects = stats->subjects,
                               .objects = stats->objects,
                               .from = row->from,
                               .to = row->to,
                               .exact = step == 1};
    link.link_facts = step == 1 ? row->count : (uint64_t)((double)row->count * (double)stats->facts / (double)looked);
    pl_arena_reset(&sc->scratch);
    PL_TRY(example_of(sc, row, name, &link.example));
    sc->options.on_link(sc->options.user, &link);
  }
  return PL_OK;
}

static void clear_links(schema* sc) {
  if (sc->links_capacity > 0) {
    memset(sc->links, 0, sc->links_capacity * sizeof *sc->links);
  }
  sc->links_count = 0;
}

static pl_status describe_predicate(schema* sc, pl_scan* scan, const pl_predicate_stats* stats) {
  const uint64_t step = (stats->facts + SAMPLE_FACTS - 1) / SAMPLE_FACTS;
  uint64_t looked = 0;
  if (step == 0 || stats->predicate == PL_KNOWN(TYPE)) {
    return PL_OK;
  }
  clear_links(sc);
  PL_TRY(scan_links(sc, scan, stats->predicate, step, &looked));
  return sc->links_count > 0 ? tell_links(sc, stats, step, looked) : PL_OK;
}

// ---- all predicates -----------------------------------------------------------------------------------------------

static int by_facts(const void* a, const void* b, void* user) {
  PL_UNUSED(user);
  const pl_predicate_stats* const x = a;
  const pl_predicate_stats* const y = b;
  return x->facts != y->facts ? (x->facts < y->facts ? 1 : -1)
                              : (x->predicate > y->predicate) - (x->predicate < y->predicate);
}

static pl_status describe_all(schema* sc) {
  pl_predicate_stats* all;
  size_t count;
  pl_scan* scan = NULL;
  if (!sc->options.on_link) {
    return PL_OK;
  }
  PL_TRY(pl_stats_predicates(sc->txn, &sc->arena, &all, &count));
  sc->cache = PL_ARENA_ARRAY(&sc->arena, rank_slot, CACHE_SLOTS);
  if (!sc->cache) {
    return nomem(sc);
  }
  if (count > 0) {
    PL_TRY(sort(sc, all, count, sizeof *all, by_facts));
  }
  PL_TRY(pl_scan_open(sc->txn, PL_ORDER_SPO, PL_SCAN_FACTS, NULL, sc->mem, &sc->types));
  pl_status status = pl_scan_open(sc->txn, PL_ORDER_PSO, PL_SCAN_FACTS, NULL, sc->mem, &scan);
  for (size_t i = 0; status == PL_OK && i < count; i++) {
    status = describe_predicate(sc, scan, &all[i]);
  }
  pl_scan_close(scan);
  pl_scan_close(sc->types);
  return status;
}

static pl_status run(schema* sc) {
  sc->names = &pl_txn_settings(sc->txn)->names;
  PL_TRY(read_classes(sc));
  PL_TRY(tell_classes(sc));
  return describe_all(sc);
}

static pl_status schema_of(pl_api_call* call, const parley_schema_options* options) {
  schema sc = {.err = &call->err, .mem = &call->mem};
  if (!options) {
    return pl_fail(&call->err, PL_MSG_API_NULL, "parley_schema", "options");
  }
  PL_TRY(pl_api_options_copy(&sc.options, sizeof sc.options, options, "parley_schema", &call->err));
  PL_TRY(pl_txn_begin(call->store->store, false, &call->err, &sc.txn));
  pl_guard_init(&sc.guard, &call->store->interrupt, 0);
  pl_arena_init(&sc.arena, &call->mem);
  pl_arena_init(&sc.scratch, &call->mem);
  const pl_status status = run(&sc);
  pl_mem_free(&call->mem, sc.links, sc.links_capacity * sizeof *sc.links);
  pl_vec_free(&call->mem, &sc.classes);
  pl_arena_free(&sc.scratch);
  pl_arena_free(&sc.arena);
  pl_txn_abort(sc.txn);
  return status;
}

parley_status parley_schema(parley* store, const parley_schema_options* options) {
  pl_api_call call;
  if (!store) {
    return PARLEY_MISUSE;
  }
  pl_api_call_begin(&call, store);
  return pl_api_call_end(&call, schema_of(&call, options));
}
