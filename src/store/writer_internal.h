/// Inside of writer: what is collected, and its application to the orders.
#ifndef PL_STORE_WRITER_INTERNAL_H
#define PL_STORE_WRITER_INTERNAL_H

#include "store/assertion.h"
#include "store/pile.h"
#include "store/rowset.h"
#include "store/text.h"
#include "store/writer.h"

#define PL_FINGERPRINT_SLOTS 512u  ///< fingerprints remembered by id; a power of two

typedef struct pl_fingerprint_slot {
  pl_id id;              ///< 0 = empty
  pl_identity identity;  ///< its fingerprint
} pl_fingerprint_slot;

typedef PL_VEC(pl_predicate_stats) pl_stats_list;

struct pl_writer {
  pl_txn* txn;                        ///< owner
  pl_guard* guard;                    ///< may be NULL
  size_t bytes_max;                   ///< memory for everything collected
  bool removing;                      ///< what is collected is to be deleted, else to be inserted
  pl_pile piles[PL_ORDER_COUNT];      ///< rows of each order: spo and cpo while collecting, the others while applying
  pl_pile identities;                 ///< (hash high, hash low, c)
  pl_pile literals;                   ///< objects that indexed predicates gained or lost, while applying
  pl_pile texts;                      ///< their rows of the text index
  pl_text_room room;                  ///< for the literal at hand
  pl_rowset pending;                  ///< inserting: identities by hash; removing: rows (s, p, o, c)
  pl_stats_list changes;              ///< counters of the predicates met while applying, by id
  pl_write_counts counts;             ///< since open
  pl_fingerprint_slot* fingerprints;  ///< direct-mapped; NULL until used
  PL_VEC(pl_identity) pairs;          ///< of the assertion at hand, two each
  PL_VEC(pl_annotation_id) notes;     ///< of the assertion at hand
};

/// Apply everything collected to every order, the counters and the totals. On failure the transaction is marked: it can
/// only be aborted.
pl_status pl_writer_apply(pl_writer* writer);
/// Apply what was collected the other way before collecting this way.
pl_status pl_writer_turn(pl_writer* writer, bool removing);
/// Apply early when the set of pending rows has grown past its share of memory.
pl_status pl_writer_relieve(pl_writer* writer);
/// Record an allocation failure.
pl_status pl_writer_nomem(pl_writer* writer);

#endif
