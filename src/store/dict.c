/// The dictionary's reading side: id -> term through groups (drawing in dict_group.h), term -> id through hash rows.
///
///     PL_DB_TERM   upper bound of a group's keys, 8 bytes big-endian (the last group: all 0xFF)  ->  group
///     PL_DB_LONG   key, 8 bytes big-endian  ->  payload of a term too long for a group
///     PL_DB_HASH   blocks of rows (hash, id); rows of one hash are candidates, compared with the text
///     PL_DB_AFFIX  dict_affix.c
///
/// One MDB_SET_RANGE finds the group of a key. Nothing read is trusted: what does not hold together is PL_ERR_CORRUPT.
#include "store/assertion.h"
#include "store/block.h"
#include "store/dict_internal.h"
#include "store/read_ahead.h"

/// A long text with what its head may spell out before it.
#define LONG_BYTES_MAX (PL_TERM_BYTES_MAX + PL_AFFIX_BYTES_MAX + 16)

MDB_dbi pl_dict_dbi(pl_txn* txn, pl_db db) { return txn->store->dbs[db]; }

pl_status pl_dict_damage(pl_txn* txn, uint64_t key, const char* what) {
  return pl_fail(txn->err, PL_MSG_DICT_DAMAGED, (unsigned long long)key, what);
}

pl_status pl_dict_cache_get(pl_txn* txn, pl_dict_cache** out) {
  if (!txn->dict) {
    pl_dict_cache* const cache = pl_mem_calloc(&txn->mem, 1, sizeof *cache);
    if (!cache) {
      return pl_fail(txn->err, PL_MSG_NOMEM);
    }
    pl_arena_init(&cache->affix_arena, &txn->mem);
    pl_arena_init(&cache->texts, &txn->mem);
    txn->dict = cache;
  }
  *out = txn->dict;
  return PL_OK;
}

static void cursor_close(pl_dict_cursor* kept) {
  if (kept->mdb) {
    mdb_cursor_close(kept->mdb);
    kept->mdb = NULL;
  }
}

void pl_dict_release(pl_txn* txn) {
  pl_dict_cache* const cache = txn->dict;
  if (!cache) {
    return;
  }
  cursor_close(&cache->terms);
  cursor_close(&cache->hashes);
  pl_vec_free(&txn->mem, &cache->affixes);
  pl_vec_free(&txn->mem, &cache->known);
  pl_vec_free(&txn->mem, &cache->pending);
  pl_mem_free(&txn->mem, cache->slots, cache->slot_count * sizeof *cache->slots);
  pl_arena_free(&cache->affix_arena);
  pl_arena_free(&cache->texts);
  pl_mem_free(&txn->mem, cache, sizeof *cache);
  txn->dict = NULL;
}

/// A cursor for one look-up: kept in a read transaction. Give it back with cursor_done().
static pl_status cursor_get(pl_txn* txn, pl_dict_cursor* kept, pl_db db, MDB_cursor** cursor) {
  *cursor = kept->mdb;
  if (kept->mdb && kept->renewals == txn->renewals) {
    return PL_OK;
  }
  const int rc =
      kept->mdb ? mdb_cursor_renew(txn->mdb, kept->mdb) : mdb_cursor_open(txn->mdb, pl_dict_dbi(txn, db), &kept->mdb);
  if (rc) {
    return pl_mdb_fail(txn->err, rc, "cannot read the dictionary");
  }
  kept->renewals = txn->renewals;
  *cursor = kept->mdb;
  return PL_OK;
}

static void cursor_done(const pl_txn* txn, pl_dict_cursor* kept) {
  if (txn->write) {
    cursor_close(kept);  // a write may move the pages under it
  }
}

static pl_status group_of(pl_txn* txn, uint64_t key, pl_group* group) {
  pl_dict_cache* cache = NULL;
  MDB_cursor* cursor = NULL;
  PL_TRY(pl_dict_cache_get(txn, &cache));
  PL_TRY(cursor_get(txn, &cache->terms, PL_DB_TERM, &cursor));
  uint8_t bytes[8];
  pl_key_put(bytes, key);
  MDB_val at = {sizeof bytes, bytes}, value;
  const int rc = mdb_cursor_get(cursor, &at, &value, MDB_SET_RANGE);
  cursor_done(txn, &cache->terms);
  if (rc == MDB_NOTFOUND) {
    return pl_dict_damage(txn, key, "is in no group");
  }
  if (rc) {
    return pl_mdb_fail(txn->err, rc, "cannot read the dictionary");
  }
  return pl_group_open(group, value.mv_data, value.mv_size) ? PL_OK
                                                            : pl_dict_damage(txn, key, "lies in a damaged group");
}

static pl_status long_payload(pl_txn* txn, uint64_t key, pl_str* payload) {
  uint8_t bytes[8];
  pl_key_put(bytes, key);
  MDB_val at = {sizeof bytes, bytes}, value;
  const int rc = mdb_get(txn->mdb, pl_dict_dbi(txn, PL_DB_LONG), &at, &value);
  if (rc == MDB_NOTFOUND) {
    return pl_dict_damage(txn, key, "lacks its long text");
  }
  if (rc) {
    return pl_mdb_fail(txn->err, rc, "cannot read the dictionary");
  }
  if (value.mv_size > LONG_BYTES_MAX) {
    return pl_dict_damage(txn, key, "is longer than a term may be");
  }
  *payload = (pl_str){value.mv_data, value.mv_size};
  return PL_OK;
}

pl_status pl_stored_decode(pl_txn* txn, uint64_t key, uint8_t head, pl_str payload, pl_stored_term* out) {
  if (head & PL_HEAD_LONG) {
    PL_TRY(long_payload(txn, key, &payload));
  }
  pl_payload parts;
  if (!pl_payload_parse(head, payload, &parts)) {
    return pl_dict_damage(txn, key, "cannot be decoded");
  }
  *out = (pl_stored_term){.tag = (pl_tag)(head & PL_HEAD_TAG), .affix = parts.affix, .rest = parts.rest};
  return parts.affix_number ? pl_affix_text(txn, parts.affix_number, &out->affix) : PL_OK;
}

pl_status pl_stored_get(pl_txn* txn, uint64_t key, pl_stored_term* out) {
  pl_group group;
  PL_TRY(group_of(txn, key, &group));
  uint8_t head;
  pl_str payload;
  if (!pl_group_get(&group, key, &head, &payload)) {
    return pl_dict_damage(txn, key, "is not in its group");
  }
  return pl_stored_decode(txn, key, head, payload, out);
}

static bool affix_is_text(pl_tag tag) { return tag == PL_TAG_IRI || tag == PL_TAG_BLANK; }

pl_status pl_stored_term_copy(const pl_stored_term* stored, pl_arena* arena, pl_term* out) {
  char* const text = pl_arena_alloc(arena, stored->affix.len + stored->rest.len + 1);
  if (!text) {
    return pl_mem_status(arena->mem);
  }
  if (stored->affix.len) {
    memcpy(text, stored->affix.data, stored->affix.len);
  }
  if (stored->rest.len) {
    memcpy(text + stored->affix.len, stored->rest.data, stored->rest.len);
  }
  text[stored->affix.len + stored->rest.len] = '\0';
  pl_entry entry = {.tag = stored->tag, .text = {text, stored->affix.len + stored->rest.len}};
  if (!affix_is_text(stored->tag)) {
    entry.qualifier = (pl_str){text, stored->affix.len};
    entry.text = (pl_str){text + stored->affix.len, stored->rest.len};
  }
  pl_entry_term(&entry, out);
  return PL_OK;
}

bool pl_stored_eq(const pl_stored_term* stored, const pl_entry* entry) {
  if (stored->tag != entry->tag) {
    return false;
  }
  if (!affix_is_text(stored->tag)) {
    return pl_str_eq(stored->rest, entry->text) && pl_str_eq(stored->affix, entry->qualifier);
  }
  return stored->affix.len + stored->rest.len == entry->text.len && pl_str_starts(entry->text, stored->affix) &&
         pl_str_eq(stored->rest, (pl_str){entry->text.data + stored->affix.len, stored->rest.len});
}

pl_status pl_inline_term(pl_id id, pl_arena* arena, pl_term* out) {
  char buf[PL_INLINE_TEXT_MAX];
  pl_id_to_term(id, buf, out);
  out->text = pl_arena_str(arena, out->text);
  return out->text.data ? PL_OK : pl_mem_status(arena->mem);
}

static pl_status assertion_term(pl_txn* txn, pl_id id, pl_arena* arena, pl_term* out) {
  pl_identity identity;
  PL_TRY(pl_assertion_identity_of(txn, id, &identity));
  char label[34];
  pl_assertion_label(identity, label);
  *out = (pl_term){.kind = PL_TERM_ASSERTION, .text = pl_arena_str(arena, pl_str_c(label))};
  return out->text.data ? PL_OK : pl_mem_status(arena->mem);
}

static pl_status pending_term(const pl_known_term* known, pl_arena* arena, pl_term* out) {
  pl_entry_term(&known->entry, out);
  const bool typed = out->datatype.len > 0, tagged = out->lang.len > 0;
  out->text = pl_arena_str(arena, out->text);
  out->datatype = typed ? pl_arena_str(arena, out->datatype) : out->datatype;
  out->lang = tagged ? pl_arena_str(arena, out->lang) : out->lang;
  const bool whole = out->text.data && (!typed || out->datatype.data) && (!tagged || out->lang.data);
  return whole ? PL_OK : pl_mem_status(arena->mem);
}

pl_status pl_dict_term(pl_txn* txn, pl_id id, pl_arena* arena, pl_term* out) {
  const pl_tag tag = pl_id_tag(id);
  if (pl_tag_is_inline(tag)) {
    return pl_inline_term(id, arena, out);
  }
  if (tag == PL_TAG_ASSERTION) {
    return assertion_term(txn, id, arena, out);
  }
  const uint64_t key = pl_id_payload(id);
  if (!pl_tag_in_dict(tag) || key == 0 || key >= txn->next_key) {
    return pl_fail(txn->err, PL_MSG_TERM_UNKNOWN, (unsigned long long)id);
  }
  const pl_known_term* const known = txn->dict ? pl_known_pending(txn->dict, key) : NULL;
  if (known) {
    return pending_term(known, arena, out);
  }
  pl_stored_term stored;
  PL_TRY(pl_stored_get(txn, key, &stored));
  if (stored.tag != tag) {
    return pl_fail(txn->err, PL_MSG_TERM_UNKNOWN, (unsigned long long)id);
  }
  return pl_stored_term_copy(&stored, arena, out);
}

/// Compare the candidates of one block from row `at` on. PL_DONE when the rows of this hash ended without a match.
static pl_status match_in_block(pl_txn* txn, const pl_block* block, uint32_t at, const pl_entry* entry, uint64_t hash,
                                pl_id* id) {
  for (; at < block->rows; at++) {
    if (pl_block_value(block, 0, at) != hash) {
      return PL_DONE;
    }
    const pl_id candidate = pl_block_value(block, 1, at);
    if (pl_id_tag(candidate) != entry->tag) {
      continue;
    }
    pl_stored_term stored;
    PL_TRY(pl_stored_get(txn, pl_id_payload(candidate), &stored));
    if (pl_stored_eq(&stored, entry)) {
      *id = candidate;
      return PL_OK;
    }
  }
  return PL_NOT_FOUND;
}

static pl_status lookup_at(pl_txn* txn, MDB_cursor* cursor, const pl_entry* entry, uint64_t hash, pl_id* id) {
  uint8_t bytes[16] = {0};
  pl_key_put(bytes, hash);
  MDB_val at = {sizeof bytes, bytes}, value;
  MDB_cursor_op op = MDB_SET_RANGE;
  for (;;) {
    const int rc = mdb_cursor_get(cursor, &at, &value, op);
    if (rc == MDB_NOTFOUND) {
      return PL_NOT_FOUND;
    }
    if (rc) {
      return pl_mdb_fail(txn->err, rc, "cannot read the dictionary");
    }
    pl_block block;
    if (pl_block_open(value.mv_data, value.mv_size, 2, &block) != PL_OK) {
      return pl_fail(txn->err, PL_MSG_DICT_DAMAGED, 0ull, "cannot be found: a block of hashes is damaged");
    }
    const pl_status status = match_in_block(txn, &block, pl_block_seek(&block, &hash, 1, 0), entry, hash, id);
    if (status != PL_NOT_FOUND) {
      return status == PL_DONE ? PL_NOT_FOUND : status;
    }
    op = MDB_NEXT;
  }
}

pl_status pl_dict_lookup(pl_txn* txn, const pl_entry* entry, uint64_t hash, pl_id* id) {
  pl_dict_cache* cache = NULL;
  MDB_cursor* cursor = NULL;
  PL_TRY(pl_dict_cache_get(txn, &cache));
  PL_TRY(cursor_get(txn, &cache->hashes, PL_DB_HASH, &cursor));
  const pl_status status = lookup_at(txn, cursor, entry, pl_hash_row(hash), id);
  cursor_done(txn, &cache->hashes);
  return status;
}

static pl_recent_term* recent_of(pl_txn* txn, uint64_t hash) {
  return txn->dict && !txn->write ? &txn->dict->recent[hash & (PL_RECENT_SLOTS - 1)] : NULL;
}

static bool recall(const pl_recent_term* recent, const pl_entry* entry, uint64_t hash) {
  return recent->id && recent->hash == hash && pl_id_tag(recent->id) == entry->tag &&
         pl_str_eq(entry->text, (pl_str){recent->bytes, recent->text_len}) &&
         pl_str_eq(entry->qualifier, (pl_str){recent->bytes + recent->text_len, recent->qualifier_len});
}

static void remember(pl_recent_term* recent, const pl_entry* entry, uint64_t hash, pl_id id) {
  const size_t text = entry->text.len, qualifier = entry->qualifier.len;
  if (text > PL_RECENT_BYTES || qualifier > PL_RECENT_BYTES - text) {
    return;
  }
  recent->hash = hash;
  recent->id = id;
  recent->text_len = (uint32_t)text;
  recent->qualifier_len = (uint32_t)qualifier;
  memcpy(recent->bytes, entry->text.data, text);
  if (qualifier) {
    memcpy(recent->bytes + text, entry->qualifier.data, qualifier);
  }
}

/// Id of an entry, through what was found lately.
static pl_status lookup(pl_txn* txn, const pl_entry* entry, pl_id* id) {
  const uint64_t hash = pl_entry_hash(entry);
  const pl_recent_term* const recent = recent_of(txn, hash);
  if (recent && recall(recent, entry, hash)) {
    *id = recent->id;
    return PL_OK;
  }
  *id = txn->dict ? pl_known_find(txn->dict, entry, hash) : PL_ID_NULL;
  if (*id != PL_ID_NULL) {
    return PL_OK;
  }
  PL_TRY(pl_dict_lookup(txn, entry, hash, id));
  pl_recent_term* const slot = recent_of(txn, hash);
  if (slot) {
    remember(slot, entry, hash, *id);
  }
  return PL_OK;
}

static bool is_blank(const pl_term* term) { return term->kind == PL_TERM_BLANK || term->kind == PL_TERM_ASSERTION; }

pl_status pl_dict_find(pl_txn* txn, const pl_term* term, pl_id* id) {
  *id = PL_ID_NULL;
  pl_identity identity;
  if (is_blank(term) && pl_assertion_label_parse(term->text, &identity)) {
    const pl_status status = pl_assertion_find(txn, identity, id);
    if (status != PL_NOT_FOUND || term->kind == PL_TERM_ASSERTION) {
      return status;
    }
  }
  const pl_tag tag = term->kind == PL_TERM_ASSERTION ? PL_TAG_NULL : pl_term_classify(term, id);
  if (*id != PL_ID_NULL) {
    return PL_OK;
  }
  if (!pl_tag_in_dict(tag)) {
    return PL_NOT_FOUND;
  }
  const pl_entry entry = pl_entry_of(term, tag);
  return lookup(txn, &entry, id);
}

static pl_status each_in_group(pl_txn* txn, const pl_group* group, pl_arena* scratch,
                               pl_status (*fn)(void* user, pl_id id, const pl_term* term), void* user) {
  for (uint64_t key = group->key_first; key < group->key_first + group->count; key++) {
    uint8_t head;
    pl_str payload;
    if (!pl_group_get(group, key, &head, &payload)) {
      return pl_dict_damage(txn, key, "is damaged");
    }
    pl_stored_term stored;
    pl_term term;
    PL_TRY(pl_stored_decode(txn, key, head, payload, &stored));
    PL_TRY(pl_stored_term_copy(&stored, scratch, &term));
    PL_TRY(fn(user, pl_id_make(stored.tag, key), &term));
    pl_arena_reset(scratch);
  }
  return PL_OK;
}

static pl_status each_at(pl_txn* txn, MDB_cursor* cursor, pl_arena* scratch,
                         pl_status (*fn)(void* user, pl_id id, const pl_term* term), void* user) {
  MDB_val key = {0}, value;
  pl_read_ahead ahead = {0};
  uint64_t key_next = 1;
  int rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
  for (; rc == 0; rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
    pl_group group;
    pl_read_ahead_at(&ahead, value.mv_data);
    if (!pl_group_open(&group, value.mv_data, value.mv_size) || group.key_first != key_next) {
      return pl_dict_damage(txn, key_next, "lies in a damaged group");
    }
    PL_TRY(each_in_group(txn, &group, scratch, fn, user));
    key_next += group.count;
  }
  if (rc != MDB_NOTFOUND) {
    return pl_mdb_fail(txn->err, rc, "cannot read the dictionary");
  }
  return key_next == txn->next_key ? PL_OK : pl_dict_damage(txn, key_next, "is missing");
}

pl_status pl_dict_each(pl_txn* txn, pl_status (*fn)(void* user, pl_id id, const pl_term* term), void* user) {
  if (txn->write) {
    PL_TRY(pl_dict_flush(txn));
  }
  MDB_cursor* cursor;
  const int rc = mdb_cursor_open(txn->mdb, pl_dict_dbi(txn, PL_DB_TERM), &cursor);
  if (rc) {
    return pl_mdb_fail(txn->err, rc, "cannot read the dictionary");
  }
  pl_arena scratch;
  pl_arena_init(&scratch, &txn->mem);
  const pl_status status = each_at(txn, cursor, &scratch, fn, user);
  pl_arena_free(&scratch);
  mdb_cursor_close(cursor);
  return status;
}
