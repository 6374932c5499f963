/// What the files of the dictionary share: a term taken apart, its hash, affixes, the caches of a transaction.
#ifndef PL_STORE_DICT_INTERNAL_H
#define PL_STORE_DICT_INTERNAL_H

#include "base/rowsort.h"
#include "store/dict.h"
#include "store/dict_group.h"

/// A dictionary term as it is compared and hashed: an empty and an explicit xsd:string datatype are one by now.
typedef struct pl_entry {
  pl_tag tag;        ///< a dictionary tag
  pl_str text;       ///< IRI, label or lexical form
  pl_str qualifier;  ///< datatype or language; empty for IRIs, blank nodes and strings
} pl_entry;

/// Take a term apart. `tag` is what pl_term_classify said.
pl_entry pl_entry_of(const pl_term* term, pl_tag tag);
void pl_entry_term(const pl_entry* entry, pl_term* out);  ///< borrows the entry's slices
bool pl_entry_eq(const pl_entry* a, const pl_entry* b);
uint64_t pl_entry_hash(const pl_entry* entry);
/// The column of PL_DB_HASH.
static inline uint64_t pl_hash_row(uint64_t hash) { return hash >> 24; }
/// Length of the part of the text that is held as an affix (namespace, document part of a label); 0 if none.
size_t pl_entry_affix_len(const pl_entry* entry);

enum {
  PL_AFFIX_COUNT_MAX = 65536,    ///< affixes kept; hostile data gets whole texts after that
  PL_AFFIX_BYTES_MAX = 512,      ///< a longer one is spelt out
  PL_AFFIX_SLOTS = 256,          ///< direct-mapped cache text -> number
  PL_KNOWN_BYTES_MAX = 64 << 20  ///< texts remembered in a write transaction before it flushes by itself
};

typedef struct pl_affix_slot {
  uint64_t hash;    ///< of the text
  uint32_t number;  ///< 0 = slot empty
  pl_str text;      ///< in the cache's arena
} pl_affix_slot;

/// A term that this write transaction has met.
typedef struct pl_known_term {
  pl_entry entry;  ///< in the arena `texts`
  uint64_t hash;   ///< of the entry
  pl_id id;        ///< given
  bool shadow;     ///< a known term whose text an earlier one has: gets no hash row
} pl_known_term;

/// An LMDB cursor kept in read transactions.
typedef struct pl_dict_cursor {
  MDB_cursor* mdb;    ///< NULL = not open
  uint64_t renewals;  ///< of the transaction, when it was opened or renewed
} pl_dict_cursor;

/// A term found lately by a read transaction: queries ask for their few constants again and again.
enum { PL_RECENT_SLOTS = 64 /* a power of two */, PL_RECENT_BYTES = 104 };
typedef struct pl_recent_term {
  uint64_t hash;                ///< of the entry
  pl_id id;                     ///< 0 = empty
  uint32_t text_len;            ///< bytes of its text
  uint32_t qualifier_len;       ///< bytes of its qualifier
  char bytes[PL_RECENT_BYTES];  ///< text, qualifier
} pl_recent_term;

typedef struct pl_dict_cache {
  pl_arena affix_arena;                       ///< texts of affixes
  PL_VEC(pl_str) affixes;                     ///< by number; data NULL = not loaded
  pl_affix_slot affix_slots[PL_AFFIX_SLOTS];  ///< see above
  uint32_t affix_last;                        ///< highest number; valid if affix_last_known
  bool affix_last_known;                      ///< affix_last was read
  pl_dict_cursor terms;                       ///< on the groups
  pl_dict_cursor hashes;                      ///< on the rows of hashes
  pl_recent_term recent[PL_RECENT_SLOTS];     ///< by hash
  pl_arena texts;                             ///< of known
  size_t texts_bytes;                         ///< about its size
  PL_VEC(pl_known_term) known;                ///< terms met by pl_dict_intern
  PL_VEC(uint32_t) pending;                   ///< those not written yet, in key order: indexes into known
  uint32_t* slots;                            ///< hash table of known: index + 1, 0 = empty
  size_t slot_count;                          ///< power of two, or 0
} pl_dict_cache;

pl_status pl_dict_cache_get(pl_txn* txn, pl_dict_cache** out);
MDB_dbi pl_dict_dbi(pl_txn* txn, pl_db db);
pl_status pl_dict_damage(pl_txn* txn, uint64_t key, const char* what);

/// Text of an affix, valid as long as the transaction. PL_ERR_CORRUPT if there is none of that number.
pl_status pl_affix_text(pl_txn* txn, uint32_t number, pl_str* out);
/// Number of an affix, made if new; 0 if it is to be spelt out (too long, or too many).
pl_status pl_affix_number(pl_txn* txn, pl_str text, uint32_t* number);

/// Append a term to the groups: builder is the last group, written when full. `scratch` is reused between calls.
pl_status pl_group_append(pl_txn* txn, pl_group_builder* builder, const pl_entry* entry, pl_buf* scratch);
/// Write the builder as the last group (upper bound all 0xFF).
pl_status pl_group_put_last(pl_txn* txn, pl_group_builder* builder);

/// A stored term: its tag, and its text as affix + rest; for literals the affix is the qualifier. Valid until the next
/// write.
typedef struct pl_stored_term {
  pl_tag tag;    ///< of its id
  pl_str affix;  ///< namespace or qualifier
  pl_str rest;   ///< rest of the text
} pl_stored_term;
pl_status pl_stored_decode(pl_txn* txn, uint64_t key, uint8_t head, pl_str payload, pl_stored_term* out);
pl_status pl_stored_get(pl_txn* txn, uint64_t key, pl_stored_term* out);
/// Put a stored term together in the arena.
pl_status pl_stored_term_copy(const pl_stored_term* stored, pl_arena* arena, pl_term* out);
bool pl_stored_eq(const pl_stored_term* stored, const pl_entry* entry);

/// Id of an entry written earlier; PL_NOT_FOUND.
pl_status pl_dict_lookup(pl_txn* txn, const pl_entry* entry, uint64_t hash, pl_id* id);
/// Id of an entry among those met by this write transaction; 0 if none.
pl_id pl_known_find(const pl_dict_cache* cache, const pl_entry* entry, uint64_t hash);
/// The pending term of a key; NULL if that key is not pending.
const pl_known_term* pl_known_pending(const pl_dict_cache* cache, uint64_t key);

/// IRI of the known term with key index + 1 under a base; in the arena or static.
pl_status pl_dict_known(pl_arena* arena, pl_str base, size_t index, pl_str* iri);

/// Give an empty in-memory dictionary the known terms as its first keys.
pl_status pl_dict_build_seed(pl_dict_build* build, pl_str base);
/// The guard to ask and the error object to tell from now on, those of the thread that works; both borrowed.
void pl_dict_build_lend(pl_dict_build* build, pl_guard* guard, pl_error* err);

static inline void pl_key_put(uint8_t out[8], uint64_t key) {
  const uint64_t big = __builtin_bswap64(key);
  memcpy(out, &big, sizeof big);
}
static inline uint64_t pl_key_get(const uint8_t key[8]) {
  uint64_t big;
  memcpy(&big, key, sizeof big);
  return __builtin_bswap64(big);
}

/// Term of an id that is its own value, in the arena.
pl_status pl_inline_term(pl_id id, pl_arena* arena, pl_term* out);

#endif
