/// Affixes: namespaces, datatypes and languages held once. PL_DB_AFFIX has two kinds of keys:
///
///     'h' + 8 bytes  XXH3-64 of the text, big-endian  ->  number (4 bytes)
///     'n' + 4 bytes  number, big-endian, from 1       ->  text
///
/// Of two texts with one hash only the first gets a number; the other is spelt out in its terms, as are all texts past
/// the limits. So a hostile file costs room but neither memory nor correctness. Numbers are read when first needed and
/// kept for the transaction.
#include "store/dict_internal.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { KEY_MAX = 9 };

static MDB_val number_key(uint8_t key[KEY_MAX], uint32_t number) {
  const uint32_t big = __builtin_bswap32(number);
  key[0] = 'n';
  memcpy(key + 1, &big, sizeof big);
  return (MDB_val){.mv_size = 5, .mv_data = key};
}

static MDB_val hash_key(uint8_t key[KEY_MAX], uint64_t hash) {
  key[0] = 'h';
  pl_key_put(key + 1, hash);
  return (MDB_val){.mv_size = 9, .mv_data = key};
}

/// Keep a text under its number; it is copied, because a write may move the page it lies on.
static pl_status remember(pl_txn* txn, pl_dict_cache* cache, uint32_t number, pl_str* text) {
  if (cache->affixes.count <= number) {
    const size_t count = cache->affixes.count;
    PL_TRY(pl_vec_reserve(&txn->mem, &cache->affixes, (size_t)number + 1));
    memset(cache->affixes.data + count, 0, (number + 1 - count) * sizeof(pl_str));
    cache->affixes.count = (size_t)number + 1;
  }
  *text = pl_arena_str(&cache->affix_arena, *text);
  if (!text->data) {
    return pl_mem_status(&txn->mem);
  }
  cache->affixes.data[number] = *text;
  return PL_OK;
}

pl_status pl_affix_text(pl_txn* txn, uint32_t number, pl_str* out) {
  if (number == 0) {
    *out = (pl_str){0};
    return PL_OK;
  }
  pl_dict_cache* cache;
  PL_TRY(pl_dict_cache_get(txn, &cache));
  if (number < cache->affixes.count && cache->affixes.data[number].data) {
    *out = cache->affixes.data[number];
    return PL_OK;
  }
  uint8_t bytes[KEY_MAX];
  MDB_val key = number_key(bytes, number), value;
  const int rc =
      number <= PL_AFFIX_COUNT_MAX ? mdb_get(txn->mdb, pl_dict_dbi(txn, PL_DB_AFFIX), &key, &value) : MDB_NOTFOUND;
  if (rc == MDB_NOTFOUND || (rc == 0 && value.mv_size > PL_AFFIX_BYTES_MAX)) {
    return pl_fail(txn->err, PL_MSG_AFFIX_DAMAGED, number);
  }
  if (rc) {
    return pl_mdb_fail(txn->err, rc, "cannot read the dictionary");
  }
  *out = (pl_str){value.mv_data, value.mv_size};
  return remember(txn, cache, number, out);
}

static pl_status last_number(pl_txn* txn, pl_dict_cache* cache) {
  if (cache->affix_last_known) {
    return PL_OK;
  }
  MDB_cursor* cursor;
  int rc = mdb_cursor_open(txn->mdb, pl_dict_dbi(txn, PL_DB_AFFIX), &cursor);
  if (rc) {
    return pl_mdb_fail(txn->err, rc, "cannot read the dictionary");
  }
  MDB_val key = {0}, value;
  rc = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
  cache->affix_last = 0;
  if (rc == 0 && key.mv_size == 5 && ((const uint8_t*)key.mv_data)[0] == 'n') {
    uint32_t big;
    memcpy(&big, (const uint8_t*)key.mv_data + 1, sizeof big);
    cache->affix_last = __builtin_bswap32(big);
  }
  mdb_cursor_close(cursor);
  cache->affix_last_known = rc == 0 || rc == MDB_NOTFOUND;
  return cache->affix_last_known ? PL_OK : pl_mdb_fail(txn->err, rc, "cannot read the dictionary");
}

static pl_status put(pl_txn* txn, MDB_val key, MDB_val value) {
  const int rc = pl_mdb_put(txn, pl_dict_dbi(txn, PL_DB_AFFIX), &key, &value, 0);
  return rc ? pl_mdb_fail(txn->err, rc, "cannot write the dictionary") : PL_OK;
}

static pl_status make(pl_txn* txn, pl_dict_cache* cache, pl_str* text, uint64_t hash, uint32_t* number) {
  *number = 0;
  PL_TRY(last_number(txn, cache));
  if (cache->affix_last >= PL_AFFIX_COUNT_MAX) {
    return PL_OK;
  }
  *number = ++cache->affix_last;
  PL_TRY(remember(txn, cache, *number, text));
  uint8_t bytes[KEY_MAX];
  PL_TRY(put(txn, number_key(bytes, *number), (MDB_val){text->len, (void*)(uintptr_t)text->data}));
  return put(txn, hash_key(bytes, hash), (MDB_val){sizeof *number, number});
}

static pl_status lookup(pl_txn* txn, pl_dict_cache* cache, pl_str* text, uint64_t hash, uint32_t* number) {
  uint8_t bytes[KEY_MAX];
  MDB_val key = hash_key(bytes, hash), value;
  const int rc = mdb_get(txn->mdb, pl_dict_dbi(txn, PL_DB_AFFIX), &key, &value);
  if (rc == MDB_NOTFOUND) {
    return make(txn, cache, text, hash, number);
  }
  if (rc) {
    return pl_mdb_fail(txn->err, rc, "cannot read the dictionary");
  }
  uint32_t found = 0;
  if (value.mv_size == sizeof found) {
    memcpy(&found, value.mv_data, sizeof found);
  }
  pl_str stored;
  PL_TRY(pl_affix_text(txn, found, &stored));
  *number = pl_str_eq(stored, *text) ? found : 0;
  *text = stored;
  return PL_OK;
}

pl_status pl_affix_number(pl_txn* txn, pl_str text, uint32_t* number) {
  *number = 0;
  if (text.len == 0 || text.len > PL_AFFIX_BYTES_MAX) {
    return PL_OK;
  }
  pl_dict_cache* cache;
  PL_TRY(pl_dict_cache_get(txn, &cache));
  const uint64_t hash = XXH3_64bits(text.data, text.len);
  pl_affix_slot* const slot = &cache->affix_slots[hash % PL_AFFIX_SLOTS];
  if (slot->number && slot->hash == hash && pl_str_eq(slot->text, text)) {
    *number = slot->number;
    return PL_OK;
  }
  PL_TRY(lookup(txn, cache, &text, hash, number));
  if (*number) {
    *slot = (pl_affix_slot){.hash = hash, .number = *number, .text = text};
  }
  return PL_OK;
}
