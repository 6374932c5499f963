/// Labels, and the objects of one subject and predicate: small look-ups through scans that stay open for the whole run.
#include "expr/termpool_internal.h"

enum { OBJECTS_AT_ONCE = 16 };

/// The scan that knows subjects of this kind: annotations for assertions, facts for other nodes.
static pl_status scan_for(pl_termpool* pool, pl_id s, pl_scan** out) {
  const bool assertion = pl_id_tag(s) == PL_TAG_ASSERTION;
  pl_scan** const scan = assertion ? &pool->scan_annotations : &pool->scan_facts;
  if (!*scan) {
    PL_TRY(pl_scan_open(pool->txn, assertion ? PL_ORDER_CPO : PL_ORDER_SPO, assertion ? PL_SCAN_ROWS : PL_SCAN_FACTS,
                        NULL, pool->mem, scan));
  }
  *out = *scan;
  return PL_OK;
}

pl_status pl_termpool_object(pl_termpool* pool, pl_id s, pl_id p, pl_id* object) {
  *object = PL_ID_NULL;
  if (!pl_tag_is_node(pl_id_tag(s))) {
    return PL_OK;
  }
  pl_scan* scan = NULL;
  PL_TRY(scan_for(pool, s, &scan));
  const pl_id prefix[2] = {s, p};
  PL_TRY(pl_scan_range(scan, prefix, 2, 0, UINT64_MAX));
  for (;;) {
    pl_id found[OBJECTS_AT_ONCE];
    size_t count = 0;
    pl_id* const columns[4] = {NULL, NULL, found, NULL};
    PL_TRY(pl_scan_fill(scan, columns, OBJECTS_AT_ONCE, &count));
    for (size_t i = 0; i < count; i++) {
      int order = -1;
      if (*object != PL_ID_NULL) {
        PL_TRY(pl_termpool_order(pool, found[i], *object, &order));
      }
      *object = order < 0 ? found[i] : *object;
    }
    if (count == 0) {
      return PL_OK;
    }
  }
}

static pl_status label_object(pl_termpool* pool, pl_id id, pl_id* object) {
  const pl_settings* const settings = pl_txn_settings(pool->txn);
  *object = PL_ID_NULL;
  if (pl_id_tag(id) != PL_TAG_IRI && pl_id_tag(id) != PL_TAG_BLANK) {
    return PL_OK;
  }
  for (size_t i = 0; i < settings->label_predicate_count && *object == PL_ID_NULL; i++) {
    PL_TRY(pl_termpool_object(pool, id, settings->label_predicates[i], object));
  }
  return PL_OK;
}

/// The name as a query would write it.
static pl_status name_text(pl_termpool* pool, const pl_term* term, pl_str* out) {
  pl_buf buf;
  pl_buf_init(&buf, pool->mem, SIZE_MAX);
  pl_status status = pl_term_write_name(&buf, &pl_txn_settings(pool->txn)->names, NULL, term);
  if (status == PL_OK) {
    *out = pl_arena_str(&pool->cache, pl_buf_view(&buf));
    status = out->data ? PL_OK : pl_mem_status(pool->mem);
  }
  pl_buf_free(&buf);
  return status;
}

static pl_status node_label(pl_termpool* pool, pl_id id, const pl_term* term, pl_str* out) {
  pl_id object;
  PL_TRY(label_object(pool, id, &object));
  if (object == PL_ID_NULL) {
    return name_text(pool, term, out);
  }
  pl_term label;
  PL_TRY(pl_termpool_term(pool, object, &label));
  *out = label.text;
  return PL_OK;
}

/// [a, b]: lists have no label of their own. Nesting is as deep as the expression that built the list.
static pl_status list_label(pl_termpool* pool, pl_id id, pl_str* out) {
  const pl_temp* const list = pl_termpool_temp(pool, id);
  pl_buf buf;
  pl_buf_init(&buf, pool->mem, PL_TERM_BYTES_MAX);
  (void)pl_buf_char(&buf, '[');
  pl_status status = PL_OK;
  for (size_t i = 0; i < list->count && status == PL_OK; i++) {
    pl_str item = {NULL, 0};
    status = pl_termpool_label(pool, list->items[i], &item);
    (void)pl_buf_str(&buf, i ? PL_STR(", ") : PL_STR(""));
    (void)pl_buf_str(&buf, item);
  }
  (void)pl_buf_char(&buf, ']');
  status = status == PL_OK ? buf.status : status;
  if (status == PL_OK) {
    *out = pl_arena_str(&pool->cache, pl_buf_view(&buf));
    status = out->data ? PL_OK : pl_mem_status(pool->mem);
  }
  pl_buf_free(&buf);
  return status;
}

static pl_status make_label(pl_termpool* pool, pl_id id, pl_str* out) {
  if (pl_termpool_is_list(pool, id)) {
    return list_label(pool, id, out);
  }
  pl_term term;
  PL_TRY(pl_termpool_term(pool, id, &term));
  if (term.kind != PL_TERM_LITERAL) {
    return node_label(pool, id, &term, out);
  }
  *out = term.text;
  return PL_OK;
}

pl_status pl_termpool_label(pl_termpool* pool, pl_id id, pl_str* out) {
  *out = (pl_str){NULL, 0};
  if (id == PL_ID_NULL) {
    return PL_OK;
  }
  const uint64_t* const kept = pl_idmap_find(&pool->labels, id);
  if (kept) {
    *out = *(const pl_str*)(uintptr_t)*kept;
    return PL_OK;
  }
  PL_TRY(make_label(pool, id, out));
  pl_str* const entry = pl_arena_alloc(&pool->cache, sizeof *entry);
  if (!entry) {
    return pl_mem_status(pool->mem);
  }
  *entry = *out;
  pool->cached_bytes += sizeof *entry + out->len + 2 * sizeof(pl_idmap_entry);
  return pl_idmap_put(&pool->labels, pool->mem, id, (uint64_t)(uintptr_t)entry, NULL);
}
