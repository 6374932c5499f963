/// Assertion identity: the 128-bit hash (XXH3) of a fact and its whole set of annotations.
///
/// The hash is over term texts, not ids, so that it is the same in every store: equal stores print equal assertion labels.
#ifndef PL_STORE_ASSERTION_H
#define PL_STORE_ASSERTION_H

#include "store/dataset.h"
#include "store/statement.h"

typedef struct pl_identity {
  uint64_t high;  ///< first 64 bits
  uint64_t low;   ///< last 64 bits
} pl_identity;

/// Fingerprint of one term (kind, text, datatype, language), the same in every store.
pl_identity pl_term_fingerprint(const pl_term* term);
/// Identity of a fact with annotations from fingerprints: (s, p, o), then pairs sorted, duplicates dropped. `pairs` holds 2 per annotation and is sorted in place.
pl_identity pl_assertion_identity(const pl_identity fact[3], pl_identity (*pairs)[2], size_t count);
/// Printed label of an assertion: "r" and 32 hex digits. label has 34 bytes.
void pl_assertion_label(pl_identity identity, char label[34]);
bool pl_assertion_label_parse(pl_str label, pl_identity* out);
/// Identity of a stored assertion, recomputed from its rows.
pl_status pl_assertion_identity_of(pl_txn* txn, pl_id c, pl_identity* out);
/// The assertion with an identity; PL_NOT_FOUND if none.
pl_status pl_assertion_find(pl_txn* txn, pl_identity identity, pl_id* c);

#endif
