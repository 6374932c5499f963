/// Header and totals of a store: the records of PL_DB_META that every transaction starts from.
///
///     key "header"     0 "PARLEY\r\n"   8 format (4)   12 base length (4)   16 writer's version (16)   32 base
///                      then XXH3-64 of all before
///     key "totals"     nine counters (8 each), then XXH3-64 of them
///     key "labels"     label predicates, ids (8 each), in order of preference
///     key "text"       predicates in the text index, ids, sorted
///     key "single"     single-valued predicates, ids, sorted
///     key "prefix:" p  IRI of prefix p
///     key "define:" n  path that a query gave the name (an IRI) n, as a query writes it
/// Numbers are little-endian.
#ifndef PL_STORE_META_H
#define PL_STORE_META_H

#include "store/env.h"

#include <endian.h>

#define PL_META_PREFIX "prefix:"
#define PL_META_LABELS "labels"
#define PL_META_TEXT "text"
#define PL_META_SINGLE "single"
#define PL_META_DEFINE "define:"
#define PL_PREFIX_BYTES_MAX 400u  ///< longest prefix name (LMDB keys have at most 511 bytes)
#define PL_DEFINE_BYTES_MAX 400u  ///< longest IRI of a definition

static inline void pl_put_le64(uint8_t* to, uint64_t value) {
  const uint64_t word = htole64(value);
  memcpy(to, &word, sizeof word);
}
static inline uint64_t pl_get_le64(const uint8_t* from) {
  uint64_t word;
  memcpy(&word, from, sizeof word);
  return le64toh(word);
}

/// Write header, lists of predicates and totals of a new store; next_key and next_assertion start at 1.
pl_status pl_meta_create(pl_txn* txn, pl_str base);
/// Validate the bytes of a header; *base borrows from them. PL_ERR_CANTOPEN: not a store's; PL_ERR_VERSION; PL_ERR_CORRUPT.
pl_status pl_meta_header_parse(pl_str record, const char* path, pl_error* err, pl_str* base);
/// Read the bytes of the record of totals. False if they are damaged.
bool pl_meta_totals_parse(pl_str record, uint64_t values[9]);
/// Validate the header: magic, format version, checksum. *base (may be NULL) is borrowed from LMDB until the
/// transaction ends.
pl_status pl_meta_header(pl_txn* txn, pl_str* base);
/// Read the totals record into the transaction / write it back if it differs.
pl_status pl_meta_load(pl_txn* txn);
pl_status pl_meta_save(pl_txn* txn);
/// Read the settings into the transaction (settings.c).
pl_status pl_settings_load(pl_txn* txn);

#endif
