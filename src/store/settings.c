/// Settings kept in the store: base, prefixes, label predicates. Read once per transaction, on first use.
#include "store/meta.h"

/// What comes when the stored settings cannot be read.
static const pl_settings settings_default = {.names = {.base = {PL_BASE_DEFAULT, sizeof PL_BASE_DEFAULT - 1}}};

/// Prefix records, each {key, IRI}, counted when `to` is NULL.
static pl_status prefixes_walk(pl_txn* txn, MDB_cursor* cursor, pl_prefix* to, size_t* count) {
  const pl_str start = PL_STR(PL_META_PREFIX);
  MDB_val key = {start.len, (void*)(uintptr_t)start.data};
  MDB_val value;
  size_t n = 0;
  int rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
  for (; rc == 0; rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
    const pl_str name = {key.mv_data, key.mv_size};
    if (!pl_str_starts(name, start)) {
      break;
    }
    if (to) {
      to[n].prefix = pl_arena_str(&txn->arena, (pl_str){name.data + start.len, name.len - start.len});
      to[n].iri = pl_arena_str(&txn->arena, (pl_str){value.mv_data, value.mv_size});
      if (!to[n].prefix.data || !to[n].iri.data) {
        return pl_fail(txn->err, PL_MSG_NOMEM);
      }
    }
    n++;
  }
  *count = n;
  return rc == 0 || rc == MDB_NOTFOUND ? PL_OK : pl_mdb_fail(txn->err, rc, "cannot read the prefixes");
}

static pl_status prefixes_load(pl_txn* txn, pl_settings* settings) {
  MDB_cursor* cursor;
  const int rc = mdb_cursor_open(txn->mdb, txn->store->dbs[PL_DB_META], &cursor);
  if (rc != 0) {
    return pl_mdb_fail(txn->err, rc, "cannot read the prefixes");
  }
  size_t count = 0;
  pl_prefix* prefixes = NULL;
  pl_status status = prefixes_walk(txn, cursor, NULL, &count);
  if (status == PL_OK && count > 0) {
    prefixes = PL_ARENA_ARRAY(&txn->arena, pl_prefix, count);
    status = prefixes ? prefixes_walk(txn, cursor, prefixes, &count) : pl_fail(txn->err, PL_MSG_NOMEM);
  }
  mdb_cursor_close(cursor);
  settings->names.prefixes = prefixes;
  settings->names.prefix_count = prefixes ? count : 0;
  return status;
}

static pl_status labels_load(pl_txn* txn, pl_settings* settings) {
  MDB_val key = {sizeof PL_META_LABELS - 1, (void*)(uintptr_t)PL_META_LABELS};
  MDB_val value;
  const int rc = mdb_get(txn->mdb, txn->store->dbs[PL_DB_META], &key, &value);
  if (rc == MDB_NOTFOUND) {
    return PL_OK;
  }
  if (rc != 0) {
    return pl_mdb_fail(txn->err, rc, "cannot read the label predicates");
  }
  const size_t count = value.mv_size / 8;
  pl_id* const ids = PL_ARENA_ARRAY(&txn->arena, pl_id, count + 1);
  if (!ids) {
    return pl_fail(txn->err, PL_MSG_NOMEM);
  }
  for (size_t i = 0; i < count; i++) {
    ids[i] = pl_get_le64((const uint8_t*)value.mv_data + 8 * i);
    if (pl_id_tag(ids[i]) != PL_TAG_IRI) {
      return pl_fail(txn->err, PL_MSG_STORE_DAMAGED, "a label predicate is not an IRI");
    }
  }
  settings->label_predicates = ids;
  settings->label_predicate_count = count;
  return PL_OK;
}

static pl_status settings_load(pl_txn* txn, pl_settings* settings) {
  pl_str base;
  PL_TRY(pl_meta_header(txn, &base));
  settings->names.base = pl_arena_str(&txn->arena, base);
  if (!settings->names.base.data) {
    return pl_fail(txn->err, PL_MSG_NOMEM);
  }
  PL_TRY(prefixes_load(txn, settings));
  return labels_load(txn, settings);
}

const pl_settings* pl_txn_settings(pl_txn* txn) {
  if (!txn->settings) {
    pl_settings* const settings = PL_ARENA_NEW(&txn->arena, pl_settings);
    if (!settings) {
      (void)pl_fail(txn->err, PL_MSG_NOMEM);
      return &settings_default;
    }
    if (settings_load(txn, settings) != PL_OK) {
      return &settings_default;
    }
    txn->settings = settings;
  }
  return txn->settings;
}

pl_status pl_txn_set_prefix(pl_txn* txn, pl_str prefix, pl_str iri) {
  char name[sizeof PL_META_PREFIX - 1 + PL_PREFIX_BYTES_MAX];
  if (!txn->write) {
    return pl_fail(txn->err, PL_MSG_TXN_READONLY);
  }
  if (prefix.len > PL_PREFIX_BYTES_MAX) {
    return pl_fail(txn->err, PL_MSG_STORE_PREFIX, "...", "its name is too long");
  }
  if (iri.len == 0 || pl_iri_check(iri) != iri.len) {
    const pl_str shown = pl_arena_str(&txn->arena, prefix);
    return pl_fail(txn->err, PL_MSG_STORE_PREFIX, shown.data ? shown.data : "...", "its IRI is not valid");
  }
  memcpy(name, PL_META_PREFIX, sizeof PL_META_PREFIX - 1);
  if (prefix.len > 0) {
    memcpy(name + sizeof PL_META_PREFIX - 1, prefix.data, prefix.len);
  }
  MDB_val key = {sizeof PL_META_PREFIX - 1 + prefix.len, name};
  MDB_val value = {iri.len, (void*)(uintptr_t)iri.data};
  const int rc = mdb_put(txn->mdb, txn->store->dbs[PL_DB_META], &key, &value, 0);
  if (rc != 0) {
    return pl_mdb_fail(txn->err, rc, "cannot keep the prefix");
  }
  txn->settings = NULL;  // read again on next use; what was handed out stays valid in the arena
  return PL_OK;
}
