/// Assertion identity (assertion.h): XXH3-128 over texts, in steps of fixed width so that no two lists of texts run
/// together.
///
///     fingerprint   hash of  kind (8)  hash of the text (16)  hash of the datatype (16)  hash of the language (16)
///     identity      hash of  the fingerprints of s, p, o (16 each)  number of pairs (8); then, for each distinct pair
///     in order,
///                   hash of  the hash so far (16)  the pair's fingerprints (16 each)
/// Numbers are little-endian; a hash is its high half, then its low half. Changing any of this changes every label ever
/// printed.
#include "store/assertion.h"

#include "store/index.h"
#include "store/meta.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define FILL_ROWS 64u

static pl_identity hash_bytes(const void* data, size_t size) {
  const XXH128_hash_t hash = XXH3_128bits(size > 0 ? data : "", size);
  return (pl_identity){.high = hash.high64, .low = hash.low64};
}

static void identity_bytes(uint8_t bytes[16], pl_identity identity) {
  pl_put_le64(bytes, identity.high);
  pl_put_le64(bytes + 8, identity.low);
}

pl_identity pl_term_fingerprint(const pl_term* term) {
  const bool literal = term->kind == PL_TERM_LITERAL;
  const pl_str none = {NULL, 0};
  const pl_str lang = literal ? term->lang : none;
  // xsd:string is written or not, and a language implies its datatype: one literal, one fingerprint.
  const bool typed = literal && lang.len == 0 && !pl_str_eq(term->datatype, PL_STR(PL_XSD "string"));
  const pl_str parts[3] = {term->text, typed ? term->datatype : none, lang};
  uint8_t bytes[8 + 3 * 16];
  pl_put_le64(bytes, (uint64_t)term->kind);
  for (unsigned i = 0; i < 3; i++) {
    identity_bytes(bytes + 8 + 16 * i, hash_bytes(parts[i].data, parts[i].len));
  }
  return hash_bytes(bytes, sizeof bytes);
}

static int identity_cmp(pl_identity a, pl_identity b) {
  const int high = (a.high > b.high) - (a.high < b.high);
  return high ? high : (a.low > b.low) - (a.low < b.low);
}

static int pair_cmp(const void* a, const void* b) {
  const pl_identity* const x = a;
  const pl_identity* const y = b;
  const int first = identity_cmp(x[0], y[0]);
  return first ? first : identity_cmp(x[1], y[1]);
}

static size_t pairs_unique(pl_identity (*pairs)[2], size_t count) {
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    if (kept == 0 || pair_cmp(pairs[kept - 1], pairs[i]) != 0) {
      memmove(pairs[kept++], pairs[i], sizeof pairs[i]);
    }
  }
  return kept;
}

pl_identity pl_assertion_identity(const pl_identity fact[3], pl_identity (*pairs)[2], size_t count) {
  uint8_t bytes[3 * 16 + 8];
  if (count > 1) {
    qsort(pairs, count, sizeof *pairs, pair_cmp);
    count = pairs_unique(pairs, count);
  }
  for (unsigned i = 0; i < 3; i++) {
    identity_bytes(bytes + 16 * i, fact[i]);
  }
  pl_put_le64(bytes + 48, count);
  pl_identity hash = hash_bytes(bytes, sizeof bytes);
  for (size_t i = 0; i < count; i++) {
    identity_bytes(bytes, hash);
    identity_bytes(bytes + 16, pairs[i][0]);
    identity_bytes(bytes + 32, pairs[i][1]);
    hash = hash_bytes(bytes, 48);
  }
  return hash;
}

// ---- labels -------------------------------------------------------------------------------------------------------

void pl_assertion_label(pl_identity identity, char label[34]) {
  static const char digits[] = "0123456789abcdef";
  label[0] = 'r';
  for (unsigned i = 0; i < 16; i++) {
    label[1 + i] = digits[identity.high >> (60 - 4 * i) & 15];
    label[17 + i] = digits[identity.low >> (60 - 4 * i) & 15];
  }
  label[33] = 0;
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool pl_assertion_label_parse(pl_str label, pl_identity* out) {
  if (label.len != 33 || label.data[0] != 'r') {
    return false;
  }
  uint64_t halves[2] = {0, 0};
  for (unsigned i = 0; i < 32; i++) {
    const int digit = hex_value(label.data[1 + i]);
    if (digit < 0) {
      return false;
    }
    halves[i / 16] = halves[i / 16] << 4 | (uint64_t)digit;
  }
  *out = (pl_identity){.high = halves[0], .low = halves[1]};
  return true;
}

// ---- stored assertions --------------------------------------------------------------------------------------------

typedef PL_VEC(pl_identity) identities;  // two a pair

static pl_status id_fingerprint(pl_txn* txn, pl_arena* arena, pl_id id, pl_identity* out) {
  if (pl_id_tag(id) == PL_TAG_ASSERTION) {
    return pl_fail(txn->err, PL_MSG_STORE_DAMAGED, "a statement is about an assertion");
  }
  pl_term term;
  PL_TRY(pl_dict_term(txn, id, arena, &term));
  *out = pl_term_fingerprint(&term);
  return PL_OK;
}

static pl_status pairs_of(pl_txn* txn, pl_arena* arena, pl_scan* scan, pl_id c, identities* out) {
  pl_id predicates[FILL_ROWS];
  pl_id objects[FILL_ROWS];
  pl_id* const columns[4] = {NULL, predicates, objects, NULL};
  size_t count = 0;
  PL_TRY(pl_scan_range(scan, &c, 1, 0, UINT64_MAX));
  do {
    PL_TRY(pl_scan_fill(scan, columns, FILL_ROWS, &count));
    for (size_t i = 0; i < count; i++) {
      pl_identity pair[2];
      PL_TRY(id_fingerprint(txn, arena, predicates[i], &pair[0]));
      PL_TRY(id_fingerprint(txn, arena, objects[i], &pair[1]));
      PL_TRY(pl_vec_push(&txn->mem, out, pair[0]));
      PL_TRY(pl_vec_push(&txn->mem, out, pair[1]));
    }
  } while (count > 0);
  return PL_OK;
}

static pl_status fact_of(pl_txn* txn, pl_arena* arena, pl_id c, pl_identity fact[3]) {
  uint64_t row[4];
  const pl_status status = pl_index_first(pl_index_of(txn, PL_DB_CSPO), &c, 1, row);
  if (status == PL_NOT_FOUND) {
    return pl_fail(txn->err, PL_MSG_STORE_DAMAGED, "an assertion has no fact");
  }
  PL_TRY(status);
  for (unsigned i = 0; i < 3; i++) {
    PL_TRY(id_fingerprint(txn, arena, row[1 + i], &fact[i]));
  }
  return PL_OK;
}

pl_status pl_assertion_identity_of(pl_txn* txn, pl_id c, pl_identity* out) {
  pl_arena arena;
  pl_scan* scan = NULL;
  identities pairs = {NULL, 0, 0};
  pl_identity fact[3];
  pl_arena_init(&arena, &txn->mem);
  pl_status status = fact_of(txn, &arena, c, fact);
  if (status != PL_OK) {
    goto out;
  }
  status = pl_scan_open(txn, PL_ORDER_CPO, PL_SCAN_ROWS, NULL, &txn->mem, &scan);
  if (status != PL_OK) {
    goto out;
  }
  status = pairs_of(txn, &arena, scan, c, &pairs);
  if (status == PL_OK) {
    *out = pl_assertion_identity(fact, (pl_identity(*)[2])pairs.data, pairs.count / 2);
  }
out:
  pl_scan_close(scan);
  pl_vec_free(&txn->mem, &pairs);
  pl_arena_free(&arena);
  return status;
}

pl_status pl_assertion_find(pl_txn* txn, pl_identity identity, pl_id* c) {
  const uint64_t key[2] = {identity.high, identity.low};
  uint64_t row[4];
  PL_TRY(pl_index_first(pl_index_of(txn, PL_DB_IDENTITY), key, 2, row));
  *c = row[2];
  return PL_OK;
}
