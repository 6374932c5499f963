/// Verification of the dictionary: groups without gaps, every term decodable; in a deep one also found under its hash,
/// and no row without a term.
///
/// The hash rows must be exactly the rows that the texts give. Both sides are summed up independent of order (count and
/// 128-bit sum of mixed rows); only when the sums differ are the terms looked up one by one to say which.
#include "base/utf8.h"
#include "store/assertion.h"
#include "store/dict_internal.h"

#include <stdio.h>

typedef struct row_sum {
  uint64_t count;  ///< rows
  uint64_t low;    ///< sum of one mix
  uint64_t high;   ///< sum of another
} row_sum;

typedef struct verifying {
  pl_txn* txn;                  ///< store
  const pl_verifier* verifier;  ///< listens
  bool deep;                    ///< both directions
  row_sum wanted;               ///< rows the texts give
  row_sum found;                ///< rows in PL_DB_HASH
  uint64_t long_count;          ///< terms with a long text
  bool each_looked_up;          ///< second pass: find every term by its text
} verifying;

static void damage(const verifying* v, const char* format, ...) PL_PRINTF(2, 3);
static void damage(const verifying* v, const char* format, ...) {
  char text[256];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);  // a shortened line is still a finding
  va_end(args);
  v->verifier->on_damage(v->verifier->user, text);
}

static uint64_t mix(uint64_t a, uint64_t b) {
  uint64_t x = (a + 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u ^ (b * 0x94d049bb133111ebu);
  x = (x ^ (x >> 29)) * 0xd6e8feb86659fd93u;
  return x ^ (x >> 32);
}

static void sum_add(row_sum* sum, uint64_t hash, uint64_t id) {
  sum->count++;
  sum->low += mix(hash, id);
  sum->high += mix(id, hash);
}

static bool sum_eq(const row_sum* a, const row_sum* b) {
  return a->count == b->count && a->low == b->low && a->high == b->high;
}

/// A known term may repeat the text of an earlier one (pl_dict_seed); it is then found under the earlier key.
static pl_status is_shadow(pl_txn* txn, pl_id id, const pl_entry* entry, uint64_t hash, bool* shadow) {
  *shadow = false;
  if (pl_id_payload(id) >= PL_KNOWN_END_) {
    return PL_OK;
  }
  pl_id first;
  const pl_status status = pl_dict_lookup(txn, entry, hash, &first);
  *shadow = status == PL_OK && first < id;
  return status == PL_NOT_FOUND ? PL_OK : status;
}

static pl_status verify_term(verifying* v, pl_id id, const pl_term* term) {
  const unsigned long long key = pl_id_payload(id);
  pl_id inline_id;
  const pl_tag tag = term->kind == PL_TERM_BLANK ? PL_TAG_BLANK : pl_term_classify(term, &inline_id);
  if (tag != pl_id_tag(id)) {
    damage(v, "dictionary: term %llu is stored as kind %d but reads as kind %d", key, (int)pl_id_tag(id), (int)tag);
  }
  if (pl_utf8_check(term->text) != term->text.len) {
    damage(v, "dictionary: term %llu is not valid UTF-8", key);
  }
  const pl_entry entry = pl_entry_of(term, pl_id_tag(id));
  const uint64_t hash = pl_entry_hash(&entry);
  bool shadow;
  PL_TRY(is_shadow(v->txn, id, &entry, hash, &shadow));
  if (shadow) {
    return PL_OK;
  }
  sum_add(&v->wanted, pl_hash_row(hash), id);
  if (v->each_looked_up) {
    pl_id found;
    const pl_status status = pl_dict_lookup(v->txn, &entry, hash, &found);
    if (status == PL_NOT_FOUND || (status == PL_OK && found != id)) {
      damage(v, "dictionary: term %llu is not found by its text", key);
    } else if (status != PL_OK) {
      return status;
    }
  }
  return PL_OK;
}

static pl_status verify_entry(verifying* v, const pl_group* group, uint64_t key, pl_arena* scratch) {
  uint8_t head;
  pl_str payload;
  if (!pl_group_get(group, key, &head, &payload)) {
    damage(v, "dictionary: the entry of term %llu is damaged", (unsigned long long)key);
    return PL_OK;
  }
  v->long_count += (head & PL_HEAD_LONG) != 0;
  pl_stored_term stored;
  pl_term term;
  pl_status status = pl_stored_decode(v->txn, key, head, payload, &stored);
  if (status == PL_ERR_CORRUPT) {
    pl_error_clear(v->txn->err);
    damage(v, "dictionary: term %llu cannot be decoded", (unsigned long long)key);
    return PL_OK;
  }
  if (!v->deep) {
    return status;
  }
  if (status == PL_OK) {
    status = pl_stored_term_copy(&stored, scratch, &term);
  }
  if (status == PL_OK) {
    status = verify_term(v, pl_id_make(stored.tag, key), &term);
  }
  pl_arena_reset(scratch);
  return status;
}

static uint64_t bound_of(MDB_val key) { return key.mv_size == 8 ? pl_key_get(key.mv_data) : 0; }

static pl_status verify_group(verifying* v, MDB_val bound, MDB_val value, uint64_t* key_next, pl_arena* scratch) {
  pl_group group;
  if (!pl_group_open(&group, value.mv_data, value.mv_size)) {
    damage(v, "dictionary: the group of term %llu is damaged", (unsigned long long)*key_next);
    return PL_OK;
  }
  if (group.key_first != *key_next) {
    damage(v, "dictionary: a group begins with term %llu instead of %llu", (unsigned long long)group.key_first,
           (unsigned long long)*key_next);
  }
  *key_next = group.key_first + group.count;
  const uint64_t upper = bound_of(bound);
  if (upper != *key_next - 1 && upper != UINT64_MAX) {
    damage(v, "dictionary: the group ending with term %llu is filed under %llu", (unsigned long long)*key_next - 1,
           (unsigned long long)upper);
  }
  for (uint64_t key = group.key_first; key < *key_next; key++) {
    PL_TRY(verify_entry(v, &group, key, scratch));
  }
  return PL_OK;
}

static pl_status walk_groups(verifying* v, MDB_cursor* cursor, pl_arena* scratch) {
  MDB_val key = {0}, value;
  uint64_t key_next = 1;
  int rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
  for (; rc == 0; rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
    const uint64_t key_first = key_next;
    PL_TRY(verify_group(v, key, value, &key_next, scratch));
    if (v->verifier->on_value) {
      PL_TRY(v->verifier->on_value(v->verifier->user, v->each_looked_up ? 0 : key_next - key_first));
    }
  }
  if (rc != MDB_NOTFOUND) {
    return pl_mdb_fail(v->txn->err, rc, "cannot read the dictionary");
  }
  if (key_next != v->txn->next_key) {
    damage(v, "dictionary: holds %llu terms, the header says %llu", (unsigned long long)key_next - 1,
           (unsigned long long)v->txn->next_key - 1);
  }
  return PL_OK;
}

static pl_status verify_groups(verifying* v) {
  MDB_cursor* cursor;
  const int rc = mdb_cursor_open(v->txn->mdb, pl_dict_dbi(v->txn, PL_DB_TERM), &cursor);
  if (rc) {
    return pl_mdb_fail(v->txn->err, rc, "cannot read the dictionary");
  }
  v->wanted = (row_sum){0};
  v->long_count = 0;
  pl_arena scratch;
  pl_arena_init(&scratch, &v->txn->mem);
  const pl_status status = walk_groups(v, cursor, &scratch);
  pl_arena_free(&scratch);
  mdb_cursor_close(cursor);
  return status;
}

static pl_status on_hash_rows(void* user, const uint64_t* rows, size_t count) {
  verifying* const v = user;
  for (size_t i = 0; i < count; i++) {
    sum_add(&v->found, rows[2 * i], rows[2 * i + 1]);
  }
  return PL_OK;
}

static void forward(void* user, const char* text) {
  const verifying* const v = user;
  v->verifier->on_damage(v->verifier->user, text);
}

static pl_status forward_value(void* user, uint64_t rows) {
  const verifying* const v = user;
  return v->verifier->on_value ? v->verifier->on_value(v->verifier->user, rows) : PL_OK;
}

static pl_status count_entries(pl_txn* txn, pl_db db, uint64_t* entries) {
  MDB_stat stat;
  const int rc = mdb_stat(txn->mdb, pl_dict_dbi(txn, db), &stat);
  *entries = rc ? 0 : stat.ms_entries;
  return rc ? pl_mdb_fail(txn->err, rc, "cannot read the dictionary") : PL_OK;
}

static pl_status verify_counts(verifying* v) {
  uint64_t longs;
  PL_TRY(count_entries(v->txn, PL_DB_LONG, &longs));
  if (longs != v->long_count) {
    damage(v, "dictionary: %llu long texts for %llu terms that need one", (unsigned long long)longs,
           (unsigned long long)v->long_count);
  }
  return PL_OK;
}

pl_status pl_dict_verify(pl_txn* txn, bool deep, const pl_verifier* verifier) {
  verifying v = {.txn = txn, .deep = deep, .verifier = verifier};
  if (txn->write) {
    PL_TRY(pl_dict_flush(txn));
  }
  PL_TRY(verify_groups(&v));
  PL_TRY(verify_counts(&v));
  if (!deep) {
    return PL_OK;
  }
  const pl_verifier hashes = {.on_damage = forward, .on_value = forward_value, .on_rows = on_hash_rows, .user = &v};
  PL_TRY(pl_index_verify(pl_index_of(txn, PL_DB_HASH), &txn->mem, &hashes));
  if (sum_eq(&v.wanted, &v.found)) {
    return PL_OK;
  }
  damage(&v, "dictionary: %llu hash rows do not match %llu terms", (unsigned long long)v.found.count,
         (unsigned long long)v.wanted.count);
  v.each_looked_up = true;
  return verify_groups(&v);
}
