/// Settings kept in the store: base, prefixes, definitions, lists of predicates. Read when a transaction begins, so that
/// nobody behind it meets a failure, and again when it changes them.
#include "store/meta.h"
#include "store/text.h"

#include <stdlib.h>

/// What a damaged store has, opened for reading, and one that is being made.
static const pl_settings settings_default = {.names = {.base = {PL_BASE_DEFAULT, sizeof PL_BASE_DEFAULT - 1}}};

/// Called with the rest of a record's key and its value, both borrowed.
typedef pl_status (*record_fn)(pl_txn* txn, pl_settings* settings, pl_str name, pl_str value);

/// Walk the records whose keys start with `start`.
static pl_status records_walk(pl_txn* txn, pl_str start, record_fn fn, pl_settings* settings, size_t* count) {
  MDB_cursor* cursor;
  MDB_val key = {start.len, (void*)(uintptr_t)start.data};
  MDB_val value;
  int rc = mdb_cursor_open(txn->mdb, txn->store->dbs[PL_DB_META], &cursor);
  if (rc != 0) {
    return pl_mdb_fail(txn->err, rc, "cannot read the settings");
  }
  pl_status status = PL_OK;
  *count = 0;
  rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
  for (; status == PL_OK && rc == 0; rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
    const pl_str name = {key.mv_data, key.mv_size};
    if (!pl_str_starts(name, start)) {
      break;
    }
    ++*count;
    if (fn) {
      status = fn(txn, settings, (pl_str){name.data + start.len, name.len - start.len},
                  (pl_str){value.mv_data, value.mv_size});
    }
  }
  mdb_cursor_close(cursor);
  PL_TRY(status);
  return rc == 0 || rc == MDB_NOTFOUND ? PL_OK : pl_mdb_fail(txn->err, rc, "cannot read the settings");
}

static pl_status copy_text(pl_txn* txn, pl_str text, pl_str* out) {
  *out = pl_arena_str(&txn->arena, text);
  return out->data ? PL_OK : pl_fail(txn->err, PL_MSG_NOMEM);
}

static pl_status on_prefix(pl_txn* txn, pl_settings* settings, pl_str name, pl_str value) {
  pl_prefix* const to = (pl_prefix*)(uintptr_t)&settings->names.prefixes[settings->names.prefix_count++];
  PL_TRY(copy_text(txn, name, &to->prefix));
  return copy_text(txn, value, &to->iri);
}

static pl_status prefixes_load(pl_txn* txn, pl_settings* settings) {
  size_t count;
  PL_TRY(records_walk(txn, PL_STR(PL_META_PREFIX), NULL, NULL, &count));
  settings->names.prefixes = PL_ARENA_ARRAY(&txn->arena, pl_prefix, count + 1);
  if (!settings->names.prefixes) {
    return pl_fail(txn->err, PL_MSG_NOMEM);
  }
  return records_walk(txn, PL_STR(PL_META_PREFIX), on_prefix, settings, &count);
}

static pl_status on_definition(pl_txn* txn, pl_settings* settings, pl_str name, pl_str value) {
  pl_definition* const to = (pl_definition*)(uintptr_t)&settings->definitions[settings->definition_count++];
  PL_TRY(copy_text(txn, name, &to->name));
  return copy_text(txn, value, &to->path);
}

static pl_status definitions_load(pl_txn* txn, pl_settings* settings) {
  size_t count;
  PL_TRY(records_walk(txn, PL_STR(PL_META_DEFINE), NULL, NULL, &count));
  settings->definitions = PL_ARENA_ARRAY(&txn->arena, pl_definition, count + 1);
  if (!settings->definitions) {
    return pl_fail(txn->err, PL_MSG_NOMEM);
  }
  return records_walk(txn, PL_STR(PL_META_DEFINE), on_definition, settings, &count);
}

// ---- lists of predicates ------------------------------------------------------------------------------------------

static const char* const property_keys[PL_PROPERTY_COUNT] = {
    [PL_PROPERTY_LABELS] = PL_META_LABELS, [PL_PROPERTY_TEXT] = PL_META_TEXT, [PL_PROPERTY_SINGLE] = PL_META_SINGLE};

static pl_status property_load(pl_txn* txn, pl_property property, const pl_id** out, size_t* out_count) {
  MDB_val key = {strlen(property_keys[property]), (void*)(uintptr_t)property_keys[property]};
  MDB_val value;
  const int rc = mdb_get(txn->mdb, txn->store->dbs[PL_DB_META], &key, &value);
  if (rc == MDB_NOTFOUND) {
    return PL_OK;
  }
  if (rc != 0) {
    return pl_mdb_fail(txn->err, rc, "cannot read the settings");
  }
  const size_t count = value.mv_size / 8;
  pl_id* const ids = PL_ARENA_ARRAY(&txn->arena, pl_id, count + 1);
  if (!ids) {
    return pl_fail(txn->err, PL_MSG_NOMEM);
  }
  for (size_t i = 0; i < count; i++) {
    ids[i] = pl_get_le64((const uint8_t*)value.mv_data + 8 * i);
    if (pl_id_tag(ids[i]) != PL_TAG_IRI) {
      return pl_fail(txn->err, PL_MSG_STORE_DAMAGED, "a predicate in its settings is not an IRI");
    }
    if (property != PL_PROPERTY_LABELS && i > 0 && ids[i - 1] >= ids[i]) {
      return pl_fail(txn->err, PL_MSG_STORE_DAMAGED, "a list of predicates in its settings is not sorted");
    }
  }
  *out = ids;
  *out_count = count;
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
  PL_TRY(definitions_load(txn, settings));
  PL_TRY(property_load(txn, PL_PROPERTY_LABELS, &settings->label_predicates, &settings->label_predicate_count));
  PL_TRY(property_load(txn, PL_PROPERTY_TEXT, &settings->text_predicates, &settings->text_predicate_count));
  PL_TRY(property_load(txn, PL_PROPERTY_SINGLE, &settings->single_predicates, &settings->single_predicate_count));
  if (txn->store->dbs[PL_DB_TEXT] == 0) {
    settings->text_predicate_count = 0;  // a file of an earlier version, opened for reading
  }
  return PL_OK;
}

pl_status pl_settings_load(pl_txn* txn) {
  pl_settings* const settings = PL_ARENA_NEW(&txn->arena, pl_settings);
  txn->settings = NULL;
  if (!settings) {
    return pl_fail(txn->err, PL_MSG_NOMEM);
  }
  PL_TRY(settings_load(txn, settings));
  txn->settings = settings;
  return PL_OK;
}

const pl_settings* pl_txn_settings(pl_txn* txn) {
  return txn->settings || pl_settings_load(txn) == PL_OK ? txn->settings : &settings_default;
}

/// Read them again after a change; what was handed out stays valid in the arena. Where that fails, nothing may go on by
/// the old ones, nor by none.
static pl_status changed(pl_txn* txn) {
  const pl_status status = pl_settings_load(txn);
  txn->failed |= status != PL_OK;
  return status;
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
  const int rc = pl_mdb_put(txn, txn->store->dbs[PL_DB_META], &key, &value, 0);
  if (rc != 0) {
    return pl_mdb_fail(txn->err, rc, "cannot keep the prefix");
  }
  return changed(txn);
}

// ---- changing lists and definitions -------------------------------------------------------------------------------

static int by_id(const void* a, const void* b) {
  const pl_id x = *(const pl_id*)a;
  const pl_id y = *(const pl_id*)b;
  return (x > y) - (x < y);
}

/// Each once; in order of ids, or, for labels, of preference.
static size_t make_list(pl_property property, pl_id* ids, size_t count) {
  size_t kept = 0;
  if (property != PL_PROPERTY_LABELS && count > 0) {
    qsort(ids, count, sizeof *ids, by_id);
  }
  for (size_t i = 0; i < count; i++) {
    bool before = false;
    for (size_t k = 0; k < kept && !before; k++) {
      before = ids[k] == ids[i];
    }
    ids[kept] = ids[i];
    kept += !before;
  }
  return kept;
}

static pl_status list_put(pl_txn* txn, pl_property property, const pl_id* ids, size_t count) {
  uint8_t* const bytes = PL_ARENA_ARRAY(&txn->arena, uint8_t, 8 * count + 1);
  if (!bytes) {
    return pl_fail(txn->err, PL_MSG_NOMEM);
  }
  for (size_t i = 0; i < count; i++) {
    pl_put_le64(bytes + 8 * i, ids[i]);
  }
  MDB_val key = {strlen(property_keys[property]), (void*)(uintptr_t)property_keys[property]};
  MDB_val value = {8 * count, bytes};
  const int rc = pl_mdb_put(txn, txn->store->dbs[PL_DB_META], &key, &value, 0);
  return rc == 0 ? changed(txn) : pl_mdb_fail(txn->err, rc, "cannot keep the settings");
}

static bool list_has(const pl_id* ids, size_t count, pl_id id) {
  for (size_t i = 0; i < count; i++) {
    if (ids[i] == id) {
      return true;
    }
  }
  return false;
}

/// The text index after its list has changed: what is new is added; if anything goes, all is made again.
static pl_status text_follow(pl_txn* txn, const pl_settings* old, const pl_id* ids, size_t count, pl_guard* guard) {
  bool gone = false;
  for (size_t i = 0; i < old->text_predicate_count; i++) {
    gone |= !list_has(ids, count, old->text_predicates[i]);
  }
  if (gone) {
    PL_TRY(pl_text_clear(txn));
    return pl_text_build(txn, ids, count, guard);
  }
  pl_id* const added = PL_ARENA_ARRAY(&txn->arena, pl_id, count + 1);
  size_t added_count = 0;
  if (!added) {
    return pl_fail(txn->err, PL_MSG_NOMEM);
  }
  for (size_t i = 0; i < count; i++) {
    if (!list_has(old->text_predicates, old->text_predicate_count, ids[i])) {
      added[added_count++] = ids[i];
    }
  }
  return pl_text_build(txn, added, added_count, guard);
}

static pl_status set_property(pl_txn* txn, pl_property property, const pl_id* predicates, size_t count,
                              pl_guard* guard) {
  const pl_settings* const old = pl_txn_settings(txn);
  pl_id* const ids = PL_ARENA_ARRAY(&txn->arena, pl_id, count + 1);
  if (!ids) {
    return pl_fail(txn->err, PL_MSG_NOMEM);
  }
  if (count > 0) {
    memcpy(ids, predicates, count * sizeof *ids);
  }
  count = make_list(property, ids, count);
  PL_TRY(list_put(txn, property, ids, count));
  return property == PL_PROPERTY_TEXT ? text_follow(txn, old, ids, count, guard) : PL_OK;
}

pl_status pl_txn_set_property(pl_txn* txn, pl_property property, const pl_id* predicates, size_t count,
                              pl_guard* guard) {
  if (!txn->write) {
    return pl_fail(txn->err, PL_MSG_TXN_READONLY);
  }
  for (size_t i = 0; i < count; i++) {
    if (pl_id_tag(predicates[i]) != PL_TAG_IRI) {
      return pl_fail(txn->err, PL_MSG_STATEMENT_TERM, "predicate", "anything but an IRI");
    }
  }
  const pl_status status = set_property(txn, property, predicates, count, guard);
  txn->failed |= status != PL_OK;
  return status;
}

pl_status pl_txn_set_definition(pl_txn* txn, pl_str name, pl_str path) {
  char bytes[sizeof PL_META_DEFINE - 1 + PL_DEFINE_BYTES_MAX];
  if (!txn->write) {
    return pl_fail(txn->err, PL_MSG_TXN_READONLY);
  }
  if (name.len > PL_DEFINE_BYTES_MAX) {
    return pl_fail(txn->err, PL_MSG_STORE_DEFINE, (unsigned)PL_DEFINE_BYTES_MAX);
  }
  memcpy(bytes, PL_META_DEFINE, sizeof PL_META_DEFINE - 1);
  if (name.len > 0) {
    memcpy(bytes + sizeof PL_META_DEFINE - 1, name.data, name.len);
  }
  MDB_val key = {sizeof PL_META_DEFINE - 1 + name.len, bytes};
  MDB_val value = {path.len, (void*)(uintptr_t)path.data};
  const int rc = path.len > 0 ? pl_mdb_put(txn, txn->store->dbs[PL_DB_META], &key, &value, 0)
                              : pl_mdb_del(txn, txn->store->dbs[PL_DB_META], &key);
  if (rc == MDB_NOTFOUND) {
    return PL_NOT_FOUND;
  }
  return rc == 0 ? changed(txn) : pl_mdb_fail(txn->err, rc, "cannot keep the definition");
}
