/// The dictionary's writing side inside an ordinary transaction.
///
/// A write transaction keeps the terms it has met (new ones and found ones) in a hash table, so that a source or
/// predicate named a thousand times is looked up once. New ones are pending until pl_dict_flush: their hash rows are
/// inserted sorted, their texts appended to the last group, which alone is written again.
#include "store/assertion.h"
#include "store/dict_internal.h"

enum { SLOTS_MIN = 64, SHORT_PAYLOAD = 256 };

static size_t slot_of(const pl_dict_cache* cache, const pl_entry* entry, uint64_t hash) {
  size_t at = hash & (cache->slot_count - 1);
  for (; cache->slots[at]; at = (at + 1) & (cache->slot_count - 1)) {
    const pl_known_term* const known = &cache->known.data[cache->slots[at] - 1];
    if (known->hash == hash && pl_entry_eq(&known->entry, entry)) {
      break;
    }
  }
  return at;
}

pl_id pl_known_find(const pl_dict_cache* cache, const pl_entry* entry, uint64_t hash) {
  if (cache->known.count == 0) {
    return PL_ID_NULL;
  }
  const uint32_t index = cache->slots[slot_of(cache, entry, hash)];
  return index ? cache->known.data[index - 1].id : PL_ID_NULL;
}

const pl_known_term* pl_known_pending(const pl_dict_cache* cache, uint64_t key) {
  if (cache->pending.count == 0) {
    return NULL;
  }
  const uint64_t key_first = pl_id_payload(cache->known.data[cache->pending.data[0]].id);
  if (key < key_first || key - key_first >= cache->pending.count) {
    return NULL;
  }
  return &cache->known.data[cache->pending.data[key - key_first]];
}

static pl_status no_memory(pl_txn* txn) { return pl_fail(txn->err, PL_MSG_NOMEM); }

static pl_status grow_slots(pl_txn* txn, pl_dict_cache* cache) {
  const size_t count = cache->slot_count ? cache->slot_count * 2 : SLOTS_MIN;
  uint32_t* const slots = pl_mem_calloc(&txn->mem, count, sizeof *slots);
  if (!slots) {
    return no_memory(txn);
  }
  pl_mem_free(&txn->mem, cache->slots, cache->slot_count * sizeof *slots);
  cache->slots = slots;
  cache->slot_count = count;
  for (size_t i = 0; i < cache->known.count; i++) {
    size_t at = cache->known.data[i].hash & (count - 1);
    while (slots[at]) {
      at = (at + 1) & (count - 1);
    }
    slots[at] = (uint32_t)i + 1;
  }
  return PL_OK;
}

/// Remember a term under its id; the entry is copied.
static pl_status remember(pl_txn* txn, pl_dict_cache* cache, const pl_entry* entry, uint64_t hash, pl_id id,
                          bool shadow) {
  if (2 * (cache->known.count + 1) > cache->slot_count) {
    PL_TRY(grow_slots(txn, cache));
  }
  pl_known_term known = {.entry = *entry, .hash = hash, .id = id, .shadow = shadow};
  known.entry.text = pl_arena_str(&cache->texts, entry->text);
  known.entry.qualifier = pl_arena_str(&cache->texts, entry->qualifier);
  if (!known.entry.text.data || !known.entry.qualifier.data || pl_vec_push(&txn->mem, &cache->known, known) != PL_OK) {
    return no_memory(txn);
  }
  cache->texts_bytes += entry->text.len + entry->qualifier.len + sizeof known;
  if (!shadow) {
    cache->slots[slot_of(cache, entry, hash)] = (uint32_t)cache->known.count;
  }
  return PL_OK;
}

static void forget(pl_dict_cache* cache) {
  pl_arena_reset(&cache->texts);
  memset(cache->slots, 0, cache->slot_count * sizeof *cache->slots);
  cache->known.count = 0;
  cache->texts_bytes = 0;
}

static pl_status add_new(pl_txn* txn, pl_dict_cache* cache, const pl_entry* entry, uint64_t hash, bool shadow,
                         pl_id* id) {
  *id = pl_id_make(entry->tag, txn->next_key);
  // Room first: nothing may fail between remembering the id and taking it.
  if (pl_vec_reserve(&txn->mem, &cache->pending, cache->pending.count + 1) != PL_OK) {
    return no_memory(txn);
  }
  PL_TRY(remember(txn, cache, entry, hash, *id, shadow));
  cache->pending.data[cache->pending.count++] = (uint32_t)(cache->known.count - 1);
  txn->next_key++;
  txn->totals.terms++;
  txn->totals_dirty = true;
  return PL_OK;
}

static pl_status intern_entry(pl_txn* txn, const pl_entry* entry, pl_id* id) {
  pl_dict_cache* cache;
  PL_TRY(pl_dict_cache_get(txn, &cache));
  const uint64_t hash = pl_entry_hash(entry);
  *id = pl_known_find(cache, entry, hash);
  if (*id != PL_ID_NULL) {
    return PL_OK;
  }
  if (cache->texts_bytes > PL_KNOWN_BYTES_MAX) {
    PL_TRY(pl_dict_flush(txn));
    forget(cache);
  }
  const pl_status status = pl_dict_lookup(txn, entry, hash, id);
  if (status == PL_OK) {
    return remember(txn, cache, entry, hash, *id, false);
  }
  return status == PL_NOT_FOUND ? add_new(txn, cache, entry, hash, false, id) : status;
}

pl_status pl_dict_intern(pl_txn* txn, const pl_term* term, pl_id* id) {
  *id = PL_ID_NULL;
  pl_identity identity;
  const bool blank = term->kind == PL_TERM_BLANK || term->kind == PL_TERM_ASSERTION;
  if (blank && pl_assertion_label_parse(term->text, &identity)) {
    const pl_status status = pl_assertion_find(txn, identity, id);
    if (status != PL_NOT_FOUND) {
      return status;
    }
  }
  const pl_tag tag = blank ? PL_TAG_BLANK : pl_term_classify(term, id);
  if (*id != PL_ID_NULL) {
    return PL_OK;
  }
  if (!pl_tag_in_dict(tag)) {
    return pl_fail(txn->err, PL_MSG_TERM_NONE);
  }
  const pl_entry entry = pl_entry_of(term, tag);
  if (entry.text.len > PL_TERM_BYTES_MAX || entry.qualifier.len > PL_TERM_BYTES_MAX) {
    return pl_fail(txn->err, PL_MSG_TERM_LONG, entry.text.len, (size_t)PL_TERM_BYTES_MAX);
  }
  const pl_status status = intern_entry(txn, &entry, id);
  txn->failed = txn->failed || status != PL_OK;
  return status;
}

// ---- writing groups -----------------------------------------------------------------------------------------------

static pl_status put_group(pl_txn* txn, pl_group_builder* builder, uint64_t key) {
  uint8_t bytes[8];
  pl_key_put(bytes, key);
  const size_t len = pl_group_finish(builder);
  MDB_val at = {sizeof bytes, bytes}, value = {len, builder->bytes};
  const int rc = pl_mdb_put(txn, pl_dict_dbi(txn, PL_DB_TERM), &at, &value, 0);
  return rc ? pl_mdb_fail(txn->err, rc, "cannot write the dictionary") : PL_OK;
}

pl_status pl_group_put_last(pl_txn* txn, pl_group_builder* builder) { return put_group(txn, builder, UINT64_MAX); }

static pl_status put_long(pl_txn* txn, uint64_t key, pl_str payload) {
  uint8_t bytes[8];
  pl_key_put(bytes, key);
  MDB_val at = {sizeof bytes, bytes}, value = {payload.len, NULL};
  const int rc = mdb_put(txn->mdb, pl_dict_dbi(txn, PL_DB_LONG), &at, &value, MDB_RESERVE);
  if (rc) {
    return pl_mdb_fail(txn->err, rc, "cannot write the dictionary");
  }
  memcpy(value.mv_data, payload.data, payload.len);
  return PL_OK;
}

/// Head and payload of an entry. The payload is put together in scratch.
static pl_status encode(pl_txn* txn, const pl_entry* entry, pl_buf* scratch, uint8_t* head) {
  *head = (uint8_t)entry->tag;
  pl_buf_clear(scratch);
  pl_str rest = entry->text, affix = entry->qualifier;
  if (pl_tag_has_affix(entry->tag)) {
    const size_t len = pl_entry_affix_len(entry);
    if (len) {
      affix = (pl_str){rest.data, len};
    }
    uint32_t number;
    uint8_t leb[5];
    PL_TRY(pl_affix_number(txn, affix, &number));
    if (number || affix.len == 0) {
      PL_TRY(pl_buf_append(scratch, leb, pl_leb_put(leb, number)));
    } else if (len) {  // a namespace is worth spelling out only as part of the text
      affix.len = 0;
      PL_TRY(pl_buf_char(scratch, 0));
    } else {
      *head |= PL_HEAD_INLINE;
      PL_TRY(pl_buf_append(scratch, leb, pl_leb_put(leb, (uint32_t)affix.len)));
      PL_TRY(pl_buf_str(scratch, affix));
    }
    const size_t skip = len ? affix.len : 0;
    rest = (pl_str){rest.data + skip, rest.len - skip};
  }
  return pl_buf_str(scratch, rest);
}

pl_status pl_group_append(pl_txn* txn, pl_group_builder* builder, const pl_entry* entry, pl_buf* scratch) {
  uint8_t head;
  PL_TRY(encode(txn, entry, scratch, &head));
  pl_str payload = pl_buf_view(scratch);
  if (payload.len > PL_GROUP_PAYLOAD_MAX) {
    PL_TRY(put_long(txn, pl_group_key_next(builder), payload));
    head |= PL_HEAD_LONG;
    payload.len = 0;
  }
  if (pl_group_add(builder, head, payload)) {
    return PL_OK;
  }
  PL_TRY(put_group(txn, builder, pl_group_key_next(builder) - 1));
  pl_group_start(builder, pl_group_key_next(builder));
  const bool added = pl_group_add(builder, head, payload);
  assert(added);
  PL_UNUSED(added);
  return PL_OK;
}

/// Go on with the last group, or start the first.
static pl_status resume_last(pl_txn* txn, uint64_t key_next, pl_group_builder* builder) {
  uint8_t bytes[8];
  pl_key_put(bytes, UINT64_MAX);
  MDB_val at = {sizeof bytes, bytes}, value;
  const int rc = mdb_get(txn->mdb, pl_dict_dbi(txn, PL_DB_TERM), &at, &value);
  pl_group group;
  if (rc == MDB_NOTFOUND) {
    pl_group_start(builder, 1);
  } else if (rc) {
    return pl_mdb_fail(txn->err, rc, "cannot read the dictionary");
  } else if (!pl_group_open(&group, value.mv_data, value.mv_size) || !pl_group_resume(builder, &group)) {
    return pl_dict_damage(txn, key_next, "cannot be added: the last group is damaged");
  }
  return pl_group_key_next(builder) == key_next
             ? PL_OK
             : pl_dict_damage(txn, key_next, "is not the next one of the last group");
}

static pl_status flush_texts(pl_txn* txn, pl_dict_cache* cache) {
  pl_group_builder builder;
  PL_TRY(resume_last(txn, pl_id_payload(cache->known.data[cache->pending.data[0]].id), &builder));
  pl_buf scratch;
  pl_buf_init(&scratch, &txn->mem, SIZE_MAX);
  pl_status status = pl_buf_reserve(&scratch, SHORT_PAYLOAD);
  for (size_t i = 0; i < cache->pending.count && status == PL_OK; i++) {
    status = pl_group_append(txn, &builder, &cache->known.data[cache->pending.data[i]].entry, &scratch);
  }
  pl_buf_free(&scratch);
  PL_TRY(status);
  return pl_group_put_last(txn, &builder);
}

static pl_status flush_hashes(pl_txn* txn, pl_dict_cache* cache) {
  uint64_t few[2 * 2 * 16];
  const size_t bytes = 4 * cache->pending.count * sizeof(uint64_t);
  uint64_t* const rows = bytes <= sizeof few ? few : pl_mem_alloc(&txn->mem, bytes);
  if (!rows) {
    return no_memory(txn);
  }
  size_t count = 0;
  for (size_t i = 0; i < cache->pending.count; i++) {
    const pl_known_term* const known = &cache->known.data[cache->pending.data[i]];
    if (!known->shadow) {
      rows[2 * count] = pl_hash_row(known->hash);
      rows[2 * count++ + 1] = known->id;
    }
  }
  pl_rows_sort(rows, rows + 2 * count, count, 2);
  const pl_status status = count ? pl_index_insert(pl_index_of(txn, PL_DB_HASH), rows, count, NULL) : PL_OK;
  if (rows != few) {
    pl_mem_free(&txn->mem, rows, bytes);
  }
  return status;
}

pl_status pl_dict_flush(pl_txn* txn) {
  pl_dict_cache* const cache = txn->dict;
  if (!cache || cache->pending.count == 0) {
    return PL_OK;
  }
  pl_status status = flush_hashes(txn, cache);
  if (status == PL_OK) {
    status = flush_texts(txn, cache);
  }
  cache->pending.count = 0;
  txn->failed = txn->failed || status != PL_OK;
  return status;
}

// ---- known terms --------------------------------------------------------------------------------------------------

typedef struct known_row {
  pl_str text;      ///< IRI or name
  bool below_base;  ///< text is appended to the base
} known_row;

static const known_row known_terms[] = {
#define KNOWN(slug, name, below) {{name, sizeof(name) - 1}, below},
    PL_KNOWN_TERMS(KNOWN)
#undef KNOWN
};

pl_status pl_dict_known(pl_arena* arena, pl_str base, size_t index, pl_str* iri) {
  const known_row* const row = &known_terms[index];
  base = base.len ? base : PL_STR(PL_BASE_DEFAULT);
  *iri = row->below_base
             ? pl_arena_printf(arena, "%.*s%.*s", (int)base.len, base.data, (int)row->text.len, row->text.data)
             : row->text;
  return iri->data ? PL_OK : pl_mem_status(arena->mem);
}

/// A base such as http://schema.org/ makes two known terms one text: the first is found, the second keeps its key
/// unfound.
pl_status pl_dict_seed(pl_txn* txn, pl_str base) {
  pl_dict_cache* cache;
  PL_TRY(pl_dict_cache_get(txn, &cache));
  txn->next_key = 1;
  for (size_t i = 0; i < PL_COUNT_OF(known_terms); i++) {
    pl_entry entry = {.tag = PL_TAG_IRI};
    PL_TRY(pl_dict_known(&txn->arena, base, i, &entry.text));
    const uint64_t hash = pl_entry_hash(&entry);
    pl_id id;
    const bool shadow = pl_known_find(cache, &entry, hash) != PL_ID_NULL;
    PL_TRY(add_new(txn, cache, &entry, hash, shadow, &id));
    assert(id == pl_id_make(PL_TAG_IRI, i + 1));
  }
  return pl_dict_flush(txn);
}
