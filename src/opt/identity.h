/// Which parts of a group see nodes as classes (same N), and at which slots.
///
/// A part under identity finds a bound slot under any identity of its value, and binds a new one to the shown node. So that answers do not depend on
/// the order of joining, a part that binds a slot without identity comes before those that use it under identity, and of parts under two
/// different identities the one written first comes first.
///
/// A pattern all of whose verbs are same_as or owl:sameAs is raw: at the slots that no other part under its lens uses it shows nodes as they
/// are stored.
#ifndef PL_OPT_IDENTITY_H
#define PL_OPT_IDENTITY_H

#include "opt/slots.h"

/// Lens of a SCAN, ANNOT, PATH or LABEL whose identity part holds there; PL_LENS_NONE for all others.
uint32_t pl_same_lens(const pl_query* query, const pl_alg* part);
/// Is a part under identity a raw scan?
bool pl_same_is_raw(const pl_query* query, pl_txn* txn, const pl_alg* part);
/// The slots that only raw scans bind: not the input (`bound`), nor another part under identity.
pl_status pl_same_raw_slots(pl_arena* arena, const pl_query* query, pl_txn* txn, const pl_alg_group* group,
                            pl_slots bound, pl_slots* out);

/// How a part uses slots of nodes.
typedef struct pl_same_use {
  pl_slots classes;  ///< as classes
  pl_slots plain;    ///< as stored
  pl_slots inner;    ///< as stored or as classes, whichever is found: by a raw scan in a branch
  uint32_t lens;     ///< of the identity; PL_LENS_NONE: none; PL_LENS_NONE - 1: several
} pl_same_use;
pl_status pl_same_use_of(pl_arena* arena, const pl_query* query, pl_txn* txn, const pl_alg* part, pl_slots raw,
                         pl_same_use* out);
/// Add the slots that must have values before a part with use `a`, written before or after one with use `b`.
void pl_same_add_waits(const pl_same_use* a, const pl_same_use* b, bool written_after, pl_slots out);
/// May two groups in a row be taken for one? Not if that would change which part binds a slot first.
bool pl_same_mergeable(const pl_query* query, pl_txn* txn, const pl_alg_group* first, const pl_alg_group* second);

#endif
