/// Header and totals records (drawing in meta.h).
///
/// The totals live in one record that is read at begin and written at commit when it differs, so that a counter costs
/// nothing while a transaction works and is never out of step with the rows.
#include "store/meta.h"

#include "store/fact.h"

#include <xxhash.h>

#define MAGIC "PARLEY\r\n"
#define MAGIC_BYTES 8u
#define HEADER_BYTES 32u
#define VERSION_BYTES 16u
#define CHECKSUM_BYTES 8u
#define TOTALS_COUNT 9u
#define TOTALS_BYTES ((size_t)(TOTALS_COUNT * 8 + CHECKSUM_BYTES))
#define NEXT_KEY_MAX ((PL_ID_PAYLOAD_MAX >> 1) + 1)  ///< leaves more keys than any file has room for

/// Keys of the known terms that label a node, in order of preference.
static const uint64_t default_labels[] = {PL_KNOWN_LABEL,           PL_KNOWN_NAME,          PL_KNOWN_RDFS_LABEL,
                                          PL_KNOWN_SKOS_PREF_LABEL, PL_KNOWN_FOAF_NAME,     PL_KNOWN_SCHEMA_NAME,
                                          PL_KNOWN_ALIAS,           PL_KNOWN_SKOS_ALT_LABEL};

static MDB_val key_of(const char* name) { return (MDB_val){strlen(name), (void*)(uintptr_t)name}; }

static void put_le32(uint8_t* to, uint32_t value) {
  for (unsigned i = 0; i < 4; i++) {
    to[i] = (uint8_t)(value >> (8 * i));
  }
}

static uint32_t get_le32(const uint8_t* from) {
  uint32_t value = 0;
  for (unsigned i = 0; i < 4; i++) {
    value |= (uint32_t)from[i] << (8 * i);
  }
  return value;
}

static pl_status put(pl_txn* txn, const char* name, const void* data, size_t size) {
  MDB_val key = key_of(name);
  MDB_val value = {size, (void*)(uintptr_t)data};
  const int rc = pl_mdb_put(txn, txn->store->dbs[PL_DB_META], &key, &value, 0);
  return rc == 0 ? PL_OK : pl_mdb_fail(txn->err, rc, "cannot write the store's header");
}

static void checksum_put(uint8_t* record, size_t size) {
  pl_put_le64(record + size - CHECKSUM_BYTES, XXH3_64bits(record, size - CHECKSUM_BYTES));
}

static bool checksum_good(const uint8_t* record, size_t size) {
  return pl_get_le64(record + size - CHECKSUM_BYTES) == XXH3_64bits(record, size - CHECKSUM_BYTES);
}

// ---- header -------------------------------------------------------------------------------------------------------

static pl_status header_write(pl_txn* txn, pl_str base) {
  const size_t size = HEADER_BYTES + base.len + CHECKSUM_BYTES;
  uint8_t* const record = PL_ARENA_ARRAY(&txn->arena, uint8_t, size);
  if (!record || base.len > UINT32_MAX) {
    return pl_fail(txn->err, PL_MSG_NOMEM);
  }
  const size_t version_len = strlen(PARLEY_VERSION_TEXT);
  memcpy(record, MAGIC, MAGIC_BYTES);
  put_le32(record + 8, PL_FORMAT_VERSION);
  put_le32(record + 12, (uint32_t)base.len);
  memcpy(record + 16, PARLEY_VERSION_TEXT, version_len < VERSION_BYTES ? version_len : VERSION_BYTES);
  memcpy(record + HEADER_BYTES, base.data, base.len);
  checksum_put(record, size);
  return put(txn, "header", record, size);
}

pl_status pl_meta_create(pl_txn* txn, pl_str base) {
  uint8_t labels[sizeof default_labels];
  for (size_t i = 0; i < PL_COUNT_OF(default_labels); i++) {
    pl_put_le64(labels + 8 * i, pl_id_make(PL_TAG_IRI, default_labels[i]));
  }
  txn->next_key = 1;
  txn->next_assertion = 1;
  PL_TRY(header_write(txn, base));
  PL_TRY(put(txn, PL_META_LABELS, labels, sizeof labels));
  PL_TRY(put(txn, PL_META_TEXT, labels, sizeof labels));  // ids of known terms ascend with the order of preference
  return pl_meta_save(txn);
}

pl_status pl_meta_header_parse(pl_str value, const char* path, pl_error* err, pl_str* base) {
  const uint8_t* const record = (const uint8_t*)value.data;
  if (value.len < HEADER_BYTES + CHECKSUM_BYTES || memcmp(record, MAGIC, MAGIC_BYTES) != 0) {
    return pl_fail(err, PL_MSG_STORE_FOREIGN, path);
  }
  const uint32_t format = get_le32(record + 8);
  if (format > PL_FORMAT_VERSION) {
    return pl_fail(err, PL_MSG_STORE_NEWER, path, (unsigned)format, PL_FORMAT_VERSION);
  }
  const uint32_t base_len = get_le32(record + 12);
  if (value.len != (size_t)HEADER_BYTES + base_len + CHECKSUM_BYTES || !checksum_good(record, value.len)) {
    return pl_fail(err, PL_MSG_STORE_DAMAGED, "its header has a wrong checksum");
  }
  *base = (pl_str){(const char*)record + HEADER_BYTES, base_len};
  return PL_OK;
}

pl_status pl_meta_header(pl_txn* txn, pl_str* base) {
  MDB_val key = key_of("header");
  MDB_val value;
  pl_str found;
  const int rc = mdb_get(txn->mdb, txn->store->dbs[PL_DB_META], &key, &value);
  if (rc == MDB_NOTFOUND) {
    return pl_fail(txn->err, PL_MSG_STORE_FOREIGN, txn->store->path);
  }
  if (rc != 0) {
    return pl_mdb_fail(txn->err, rc, "cannot read the store's header");
  }
  PL_TRY(pl_meta_header_parse((pl_str){value.mv_data, value.mv_size}, txn->store->path, txn->err, &found));
  if (base) {
    *base = found;
  }
  return PL_OK;
}

// ---- totals -------------------------------------------------------------------------------------------------------

static void totals_encode(const pl_txn* txn, uint8_t record[TOTALS_BYTES]) {
  const pl_totals* const t = &txn->totals;
  // Keys are dense and never reused, so the terms need no counter of their own.
  const uint64_t values[TOTALS_COUNT] = {t->facts,      t->rows,        t->plain,
                                         t->assertions, t->annotations, txn->next_key - 1,
                                         t->predicates, txn->next_key,  txn->next_assertion};
  for (size_t i = 0; i < TOTALS_COUNT; i++) {
    pl_put_le64(record + 8 * i, values[i]);
  }
  checksum_put(record, TOTALS_BYTES);
}

static pl_status totals_get(pl_txn* txn, const uint8_t** record) {
  MDB_val key = key_of("totals");
  MDB_val value;
  const int rc = mdb_get(txn->mdb, txn->store->dbs[PL_DB_META], &key, &value);
  if (rc != 0 && rc != MDB_NOTFOUND) {
    return pl_mdb_fail(txn->err, rc, "cannot read the store's totals");
  }
  *record = rc == 0 && value.mv_size == TOTALS_BYTES ? value.mv_data : NULL;
  return PL_OK;
}

bool pl_meta_totals_parse(pl_str value, uint64_t values[9]) {
  const uint8_t* const record = (const uint8_t*)value.data;
  if (value.len != TOTALS_BYTES || !checksum_good(record, TOTALS_BYTES)) {
    return false;
  }
  for (size_t i = 0; i < TOTALS_COUNT; i++) {
    values[i] = pl_get_le64(record + 8 * i);
  }
  return true;
}

/// A checksum proves no goodwill. Of these numbers ids are made, so they must fit into one; the others are only told.
static bool next_possible(uint64_t key, uint64_t assertion) {
  return key > 0 && key <= NEXT_KEY_MAX && assertion > 0 && assertion <= PL_ASSERTIONS_MAX + 1;
}

pl_status pl_meta_load(pl_txn* txn) {
  const uint8_t* record = NULL;
  uint64_t values[TOTALS_COUNT];
  PL_TRY(totals_get(txn, &record));
  if (!record || !pl_meta_totals_parse((pl_str){(const char*)record, TOTALS_BYTES}, values)) {
    return pl_fail(txn->err, PL_MSG_STORE_DAMAGED, "its record of totals is missing or has a wrong checksum");
  }
  if (!next_possible(values[7], values[8])) {
    return pl_fail(txn->err, PL_MSG_STORE_DAMAGED, "its record of totals holds numbers that cannot be");
  }
  txn->totals = (pl_totals){.facts = values[0],
                            .rows = values[1],
                            .plain = values[2],
                            .assertions = values[3],
                            .annotations = values[4],
                            .terms = values[5],
                            .predicates = values[6]};
  txn->next_key = values[7];
  txn->next_assertion = values[8];
  txn->totals_dirty = false;
  return PL_OK;
}

pl_status pl_meta_save(pl_txn* txn) {
  uint8_t record[TOTALS_BYTES];
  const uint8_t* old = NULL;
  totals_encode(txn, record);
  PL_TRY(totals_get(txn, &old));
  if (old && memcmp(old, record, TOTALS_BYTES) == 0) {
    return PL_OK;
  }
  PL_TRY(put(txn, "totals", record, sizeof record));
  txn->totals_dirty = false;
  return PL_OK;
}
