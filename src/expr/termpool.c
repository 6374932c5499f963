/// The term pool: a cache from ids to terms that may be dropped at any time between chunks, and a table of temporary
/// terms and lists that lives as long as the run.
///
///     id --terms--> pl_term (arena `cache`)          content --temp_slots--> pl_temp (arena `texts`) <--temps-- TEMP
///     id
///
/// A term once given a TEMP id keeps it for the whole run, so the temporary table is asked before the dictionary.
#include "expr/termpool.h"

#include <stdlib.h>
#include <xxhash.h>

#include "base/sort.h"
#include "expr/label_nodes.h"
#include "expr/termpool_internal.h"

#define LIST_TYPE "urn:parley:type:list"     // only to give lists a value apart from all literals
#define CACHE_BYTES_KEPT ((size_t)16 << 10)  // of terms, from run to run: more would push the store out of the cache
#define TEMPS_MAX ((size_t)UINT32_MAX - 1)

/* --- life --- */

pl_status pl_termpool_new(pl_txn* txn, pl_mem* mem, pl_error* err, pl_termpool** out) {
  pl_termpool* const pool = pl_mem_calloc(mem, 1, sizeof *pool);
  if (!pool) {
    return pl_mem_status(mem);
  }
  *pool = (pl_termpool){.txn = txn, .mem = mem, .err = err};
  pl_arena_init(&pool->cache, mem);
  pl_arena_init(&pool->texts, mem);
  pl_arena_init(&pool->scratch, mem);
  pl_buf_init(&pool->buf, mem, PL_TERM_BYTES_MAX);
  pl_words_init(&pool->words, mem);
  *out = pool;
  return PL_OK;
}

void pl_termpool_free(pl_termpool* pool) {
  if (!pool) {
    return;
  }
  pl_mem* const mem = pool->mem;
  pl_scan_close(pool->scan_facts);
  pl_scan_close(pool->scan_annotations);
  pl_regex_cache_free(pool->regexes, mem);
  pl_label_free(pool->label_state, mem);
  pl_words_free(&pool->words);
  pl_idmap_free(&pool->terms, mem);
  pl_idmap_free(&pool->labels, mem);
  pl_idmap_free(&pool->constants, mem);
  pl_vec_free(mem, &pool->temps);
  pl_mem_free(mem, pool->temp_slots, pool->temp_slot_count * sizeof *pool->temp_slots);
  pl_arena_free(&pool->cache);
  pl_arena_free(&pool->texts);
  pl_arena_free(&pool->scratch);
  pl_buf_free(&pool->buf);
  pl_mem_free(mem, pool, sizeof *pool);
}

pl_txn* pl_termpool_txn(const pl_termpool* pool) { return pool->txn; }

void pl_termpool_trim(pl_termpool* pool, size_t bytes) {
  if (pool->cached_bytes <= bytes) {
    return;
  }
  pl_idmap_free(&pool->terms, pool->mem);
  pl_idmap_free(&pool->labels, pool->mem);
  pl_arena_reset(&pool->cache);
  pool->cached_bytes = 0;
}

/// Temporary ids may be what anything else kept here is named by.
static void drop_temps(pl_termpool* pool) {
  pl_regex_cache_free(pool->regexes, pool->mem);
  pool->regexes = NULL;
  pool->words_of = PL_ID_NULL;
  pool->temps.count = 0;
  pl_mem_free(pool->mem, pool->temp_slots, pool->temp_slot_count * sizeof *pool->temp_slots);
  pool->temp_slots = NULL;
  pool->temp_slot_count = 0;
  pl_idmap_free(&pool->labels, pool->mem);
  pl_arena_reset(&pool->texts);
}

void pl_termpool_again(pl_termpool* pool, bool moved, bool* kept) {
  *kept = !moved && pool->temps.count == 0;
  pl_idmap_free(&pool->constants, pool->mem);
  pl_label_again(pool, moved);
  if (!*kept) {
    drop_temps(pool);
  }
  pl_termpool_trim(pool, moved ? 0 : CACHE_BYTES_KEPT);
}

/* --- ids to terms --- */

pl_temp* pl_termpool_temp(const pl_termpool* pool, pl_id id) {
  const uint64_t place = pl_id_payload(id);
  assert(pl_id_tag(id) == PL_TAG_TEMP && place >= 1 && place <= pool->temps.count);
  return pool->temps.data[place - 1];
}

pl_tag pl_termpool_tag(const pl_termpool* pool, pl_id id) {
  const pl_tag tag = pl_id_tag(id);
  return tag == PL_TAG_TEMP ? pl_termpool_temp(pool, id)->tag : tag;
}

static pl_status cache_term(pl_termpool* pool, pl_id id, pl_term* out) {
  PL_TRY(pl_dict_term(pool->txn, id, &pool->cache, out));
  pl_term* const kept = pl_arena_alloc(&pool->cache, sizeof *kept);
  if (!kept) {
    return pl_mem_status(pool->mem);
  }
  *kept = *out;
  pool->cached_bytes += sizeof *kept + out->text.len + 3 * sizeof(pl_idmap_entry);
  return pl_idmap_put(&pool->terms, pool->mem, id, (uint64_t)(uintptr_t)kept, NULL);
}

pl_status pl_termpool_term(pl_termpool* pool, pl_id id, pl_term* out) {
  if (id == PL_ID_NULL) {
    *out = (pl_term){.kind = PL_TERM_NONE};
    return PL_OK;
  }
  if (pl_id_tag(id) == PL_TAG_TEMP) {
    const pl_temp* const temp = pl_termpool_temp(pool, id);
    *out = temp->term;
    return temp->tag == PL_TAG_TEMP ? PL_NOT_FOUND : PL_OK;
  }
  const uint64_t* const kept = pl_idmap_find(&pool->terms, id);
  if (kept) {
    *out = *(const pl_term*)(uintptr_t)*kept;
    return PL_OK;
  }
  return cache_term(pool, id, out);
}

/// Inline kinds whose value has no text to keep.
static bool value_needs_no_text(pl_tag tag) {
  return tag == PL_TAG_NULL || tag == PL_TAG_BOOLEAN || (tag >= PL_TAG_INTEGER && tag <= PL_TAG_DOUBLE) ||
         tag == PL_TAG_DATE || tag == PL_TAG_INTERVAL;
}

pl_status pl_termpool_value(pl_termpool* pool, pl_id id, pl_value* out) {
  if (value_needs_no_text(pl_id_tag(id))) {
    char buf[PL_INLINE_TEXT_MAX];
    pl_value_from_id(id, buf, out);
    return PL_OK;
  }
  if (pl_termpool_is_list(pool, id)) {
    *out = (pl_value){.kind = PL_VALUE_OTHER, .datatype = PL_STR(LIST_TYPE)};
    return PL_OK;
  }
  pl_term term;
  PL_TRY(pl_termpool_term(pool, id, &term));
  pl_value_from_term(&term, out);
  return PL_OK;
}

/* --- the table of temporary objects --- */

/// Ids that a list or path is made of.
static size_t items_of(const pl_temp* temp) { return temp->path ? 2 * temp->count - 1 : temp->count; }

static bool same_content(const pl_temp* a, const pl_temp* b) {
  if (a->hash != b->hash || a->tag != b->tag) {
    return false;
  }
  if (a->tag != PL_TAG_TEMP) {
    return pl_term_eq(&a->term, &b->term);
  }
  const size_t count = items_of(a);
  if (a->path != b->path || a->count != b->count || (count && memcmp(a->items, b->items, count * sizeof *a->items))) {
    return false;
  }
  return !a->path || a->count < 2 || !memcmp(a->inverse, b->inverse, (a->count - 1) * sizeof *a->inverse);
}

static size_t temp_slot(const pl_termpool* pool, const pl_temp* wanted) {
  size_t at = (size_t)wanted->hash & (pool->temp_slot_count - 1);
  while (pool->temp_slots[at] && !same_content(pool->temps.data[pool->temp_slots[at] - 1], wanted)) {
    at = (at + 1) & (pool->temp_slot_count - 1);
  }
  return at;
}

static bool temp_find(const pl_termpool* pool, const pl_temp* wanted, pl_id* id) {
  if (pool->temps.count == 0) {
    return false;
  }
  const uint32_t place = pool->temp_slots[temp_slot(pool, wanted)];
  *id = place ? pl_id_make(PL_TAG_TEMP, place) : PL_ID_NULL;
  return place != 0;
}

static pl_status temp_slots_grow(pl_termpool* pool) {
  if (pool->temps.count + 1 <= pool->temp_slot_count / 4 * 3) {
    return PL_OK;
  }
  const size_t count = pool->temp_slot_count ? pool->temp_slot_count * 2 : 64;
  uint32_t* const slots = pl_mem_calloc(pool->mem, count, sizeof *slots);
  if (!slots) {
    return pl_mem_status(pool->mem);
  }
  pl_mem_free(pool->mem, pool->temp_slots, pool->temp_slot_count * sizeof *slots);
  pool->temp_slots = slots;
  pool->temp_slot_count = count;
  for (size_t i = 0; i < pool->temps.count; i++) {
    size_t at = (size_t)pool->temps.data[i]->hash & (count - 1);
    while (slots[at]) {
      at = (at + 1) & (count - 1);
    }
    slots[at] = (uint32_t)(i + 1);
  }
  return PL_OK;
}

/// Copy the content of `temp` and give it the next id.
static pl_status temp_add(pl_termpool* pool, const pl_temp* temp, pl_id* id) {
  if (pool->temps.count >= TEMPS_MAX) {
    return pl_fail(pool->err, PL_MSG_TEMPS_FULL);
  }
  PL_TRY(temp_slots_grow(pool));
  pl_temp* const kept = pl_arena_alloc(&pool->texts, sizeof *kept);
  if (!kept) {
    return pl_mem_status(pool->mem);
  }
  *kept = *temp;
  kept->term.text = pl_arena_str(&pool->texts, temp->term.text);
  kept->term.datatype = temp->term.datatype.len ? pl_arena_str(&pool->texts, temp->term.datatype) : (pl_str){NULL, 0};
  kept->term.lang = temp->term.lang.len ? pl_arena_str(&pool->texts, temp->term.lang) : (pl_str){NULL, 0};
  const size_t count = items_of(temp);
  pl_id* const items = pl_arena_alloc(&pool->texts, count * sizeof *items);
  bool* const inverse = temp->path ? pl_arena_alloc(&pool->texts, temp->count * sizeof *inverse) : NULL;
  if (!kept->term.text.data || !items || (temp->path && !inverse) ||
      (temp->term.datatype.len && !kept->term.datatype.data) || (temp->term.lang.len && !kept->term.lang.data)) {
    return pl_mem_status(pool->mem);
  }
  if (count) {
    memcpy(items, temp->items, count * sizeof *items);
  }
  if (temp->path && temp->count > 1) {
    memcpy(inverse, temp->inverse, (temp->count - 1) * sizeof *inverse);
  }
  kept->items = items;
  kept->inverse = inverse;
  PL_TRY(pl_vec_push(pool->mem, &pool->temps, kept));
  pool->temp_slots[temp_slot(pool, kept)] = (uint32_t)pool->temps.count;
  *id = pl_id_make(PL_TAG_TEMP, pool->temps.count);
  return PL_OK;
}

/* --- terms and values to ids --- */

static uint64_t term_hash(const pl_term* t) {
  const uint64_t text = XXH3_64bits_withSeed(t->text.data, t->text.len, (uint64_t)t->kind);
  const uint64_t type = t->datatype.len ? XXH3_64bits_withSeed(t->datatype.data, t->datatype.len, text) : text;
  return t->lang.len ? XXH3_64bits_withSeed(t->lang.data, t->lang.len, type) : type;
}

/// Without the datatype that a plain or tagged string has anyway, so that equal terms have equal bytes.
static pl_term without_implied_type(const pl_term* term) {
  pl_term t = *term;
  if (t.lang.len || pl_str_eq(t.datatype, PL_STR(PL_XSD "string"))) {
    t.datatype = (pl_str){NULL, 0};
  }
  return t;
}

pl_status pl_termpool_put_term(pl_termpool* pool, const pl_term* term, pl_id* id) {
  *id = PL_ID_NULL;
  pl_temp wanted = {.term = without_implied_type(term)};
  wanted.tag = term->kind == PL_TERM_ASSERTION ? PL_TAG_BLANK : pl_term_classify(&wanted.term, id);
  if (*id != PL_ID_NULL || wanted.tag == PL_TAG_NULL) {
    return PL_OK;
  }
  wanted.hash = term_hash(&wanted.term);
  if (temp_find(pool, &wanted, id)) {
    return PL_OK;
  }
  const pl_status status = pl_dict_find(pool->txn, &wanted.term, id);
  return status == PL_NOT_FOUND ? temp_add(pool, &wanted, id) : status;
}

pl_status pl_termpool_put(pl_termpool* pool, const pl_value* value, pl_id* id) {
  if (pl_value_to_id(value, id)) {
    return PL_OK;
  }
  pl_term term;
  pl_arena_reset(&pool->scratch);
  PL_TRY(pl_value_to_term(&pool->scratch, value, &term));
  return pl_termpool_put_term(pool, &term, id);
}

/* --- lists --- */

pl_status pl_termpool_put_list(pl_termpool* pool, const pl_id* items, size_t count, pl_id* id) {
  pl_temp wanted = {.tag = PL_TAG_TEMP, .items = items, .count = count};
  wanted.hash = XXH3_64bits_withSeed(items, count * sizeof *items, 0x4C495354);
  return temp_find(pool, &wanted, id) ? PL_OK : temp_add(pool, &wanted, id);
}

bool pl_termpool_is_list(const pl_termpool* pool, pl_id id) {
  return pl_id_tag(id) == PL_TAG_TEMP && pl_termpool_temp(pool, id)->tag == PL_TAG_TEMP;
}

bool pl_termpool_list(const pl_termpool* pool, pl_id id, const pl_id** items, size_t* count) {
  if (!pl_termpool_is_list(pool, id)) {
    return false;
  }
  const pl_temp* const temp = pl_termpool_temp(pool, id);
  *items = temp->items;
  *count = temp->count;
  return true;
}

/* --- paths --- */

pl_status pl_termpool_put_path(pl_termpool* pool, const pl_path_value* path, pl_id* id) {
  const size_t nodes = path->length + 1;
  pl_arena_reset(&pool->scratch);
  pl_id* const items = pl_arena_alloc(&pool->scratch, (nodes + path->length) * sizeof *items);
  if (!items) {
    return pl_mem_status(pool->mem);
  }
  memcpy(items, path->nodes, nodes * sizeof *items);
  if (path->length) {
    memcpy(items + nodes, path->predicates, path->length * sizeof *items);
  }
  pl_temp wanted = {.tag = PL_TAG_TEMP, .items = items, .count = nodes, .path = true, .inverse = path->inverse};
  wanted.hash = XXH3_64bits_withSeed(items, (nodes + path->length) * sizeof *items, 0x50415448);
  return temp_find(pool, &wanted, id) ? PL_OK : temp_add(pool, &wanted, id);
}

bool pl_termpool_path(const pl_termpool* pool, pl_id id, pl_path_value* out) {
  if (!pl_termpool_is_list(pool, id) || !pl_termpool_temp(pool, id)->path) {
    return false;
  }
  const pl_temp* const temp = pl_termpool_temp(pool, id);
  *out = (pl_path_value){.nodes = temp->items,
                         .predicates = temp->items + temp->count,
                         .inverse = temp->inverse,
                         .length = temp->count - 1};
  return true;
}

/// Kinds where equal terms, and only those, are equal values.
static bool equal_means_same_id(pl_tag tag) {
  return pl_tag_is_node(tag) || pl_tag_is_string(tag) || tag == PL_TAG_LANG;
}

static int compare_ids(const void* a, const void* b) {
  pl_id x;
  pl_id y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return (x > y) - (x < y);
}

static int order_ids(const void* a, const void* b, void* user) {
  PL_UNUSED(user);
  return compare_ids(a, b);
}

static pl_status sort_items(pl_termpool* pool, pl_guard* guard, pl_temp* list) {
  static const pl_sort_order order = {.compare = order_ids};
  pl_id* const sorted = pl_arena_alloc(&pool->texts, list->count * sizeof *sorted);
  if (!sorted) {
    return pl_mem_status(pool->mem);
  }
  list->all_by_id = list->all_integers = true;
  for (size_t i = 0; i < list->count; i++) {
    const pl_tag tag = pl_id_tag(list->items[i]);
    sorted[i] = list->items[i];
    list->all_by_id = list->all_by_id && (equal_means_same_id(tag) || tag == PL_TAG_NULL);
    list->all_integers = list->all_integers && tag == PL_TAG_INTEGER;
  }
  PL_TRY(pl_sort(sorted, list->count, sizeof *sorted, &order, pool->mem, guard, pool->err));
  list->sorted = sorted;
  return PL_OK;
}

pl_status pl_termpool_list_has(pl_termpool* pool, pl_guard* guard, pl_id id, pl_id x, bool* has, bool* certain) {
  pl_temp* const list = pl_termpool_temp(pool, id);
  const pl_tag tag = pl_id_tag(x);
  if (!list->sorted) {
    PL_TRY(sort_items(pool, guard, list));
  }
  const bool nulls = list->count && list->sorted[0] == PL_ID_NULL;
  *has = list->count && bsearch(&x, list->sorted, list->count, sizeof x, compare_ids) != NULL;
  *certain =
      *has ? equal_means_same_id(tag) || tag == PL_TAG_INTEGER
           : !nulls && ((list->all_by_id && equal_means_same_id(tag)) || (list->all_integers && tag == PL_TAG_INTEGER));
  return PL_OK;
}

/* --- order --- */

/// Place of a kind in the order across kinds (pl_value_order); lists come last.
static int rank_of(pl_tag tag) {
  switch (tag) {
    case PL_TAG_NULL:
      return 0;
    case PL_TAG_BLANK:
    case PL_TAG_ASSERTION:
      return 1;
    case PL_TAG_IRI:
      return 2;
    case PL_TAG_BOOLEAN:
      return 3;
    case PL_TAG_TEMP:
      return 8;
    default:
      break;
  }
  if (pl_tag_is_number(tag)) {
    return 4;
  }
  return pl_tag_is_date(tag) ? 5 : pl_tag_is_string(tag) || tag == PL_TAG_LANG ? 6 : 7;
}

static bool sorts_like_its_value(pl_tag tag) { return value_needs_no_text(tag) || tag == PL_TAG_SHORT; }

/// Two paths over the same nodes: by predicates, then forward before inverse.
static pl_status order_facts(pl_termpool* pool, const pl_temp* x, const pl_temp* y, int* order) {
  const size_t length = x->count - 1;
  for (size_t i = 0; i < length && *order == 0; i++) {
    PL_TRY(pl_termpool_order(pool, x->items[x->count + i], y->items[y->count + i], order));
  }
  for (size_t i = 0; i < length && *order == 0; i++) {
    *order = (int)x->inverse[i] - (int)y->inverse[i];
  }
  return PL_OK;
}

static pl_status order_lists(pl_termpool* pool, pl_id a, pl_id b, int* order) {
  const pl_temp* const x = pl_termpool_temp(pool, a);
  const pl_temp* const y = pl_termpool_temp(pool, b);
  for (size_t i = 0; i < x->count && i < y->count; i++) {
    PL_TRY(pl_termpool_order(pool, x->items[i], y->items[i], order));
    if (*order) {
      return PL_OK;
    }
  }
  *order = (x->count > y->count) - (x->count < y->count);
  if (*order == 0) {
    *order = (int)x->path - (int)y->path;
  }
  return *order == 0 && x->path ? order_facts(pool, x, y, order) : PL_OK;
}

pl_status pl_termpool_order(pl_termpool* pool, pl_id a, pl_id b, int* order) {
  const pl_tag x = pl_termpool_tag(pool, a);
  const pl_tag y = pl_termpool_tag(pool, b);
  if (a == b || (x == y && sorts_like_its_value(x))) {
    *order = (a > b) - (a < b);
    return PL_OK;
  }
  const int rank_a = rank_of(x);
  const int rank_b = rank_of(y);
  // A literal such as "1"^^xsd:boolean stands beside true although its tag says "other".
  if (rank_a != rank_b && x != PL_TAG_LITERAL && y != PL_TAG_LITERAL) {
    *order = rank_a < rank_b ? -1 : 1;
    return PL_OK;
  }
  if (x == PL_TAG_TEMP && y == PL_TAG_TEMP) {
    return order_lists(pool, a, b, order);
  }
  if (x == PL_TAG_TEMP || y == PL_TAG_TEMP) {
    *order = rank_a < rank_b ? -1 : 1;
    return PL_OK;
  }
  pl_value v;
  pl_value w;
  PL_TRY(pl_termpool_value(pool, a, &v));
  PL_TRY(pl_termpool_value(pool, b, &w));
  *order = pl_value_order(&v, &w);
  return PL_OK;
}
