/// Inside of the repair: what is gathered from the damaged file.
#ifndef PL_STORE_REPAIR_INTERNAL_H
#define PL_STORE_REPAIR_INTERNAL_H

#include "base/rowsort.h"
#include "store/block.h"
#include "store/dict_internal.h"
#include "store/pages.h"
#include "store/repair.h"

/// Where a group of terms stands in the file.
typedef struct pl_repair_group {
  uint64_t key_first;  ///< key of its first term
  uint64_t offset;     ///< in the file
  uint64_t base;       ///< number of its first term among all that were found
  uint32_t bytes;      ///< length
  uint16_t count;      ///< terms
  bool doubtful;       ///< found beside the tree, or one of its terms is not what its hash says: each term needs proof
} pl_repair_group;

/// Where a long text stands.
typedef struct pl_repair_long {
  uint64_t key;     ///< of the term
  uint64_t offset;  ///< in the file
  uint64_t bytes;   ///< length
} pl_repair_long;

/// The rows up to `high` from `low` on are those of a block that was read.
typedef struct pl_repair_span {
  uint64_t low[PL_BLOCK_COLUMNS_MAX];   ///< first row that would be in it
  uint64_t high[PL_BLOCK_COLUMNS_MAX];  ///< upper bound
} pl_repair_span;

typedef PL_VEC(pl_repair_span) pl_repair_spans;

/// A setting as it stands in the file.
typedef struct pl_repair_setting {
  pl_str key;    ///< as in PL_DB_META
  pl_str value;  ///< bytes
} pl_repair_setting;

enum {
  PL_REPAIR_FINDINGS_MAX = 1000,
  PL_REPAIR_CACHE = 4096,  ///< groups kept in memory
};

/// What is known of a term beside its hash (40 bits).
#define PL_REPAIR_PROVED ((uint64_t)1 << 63)    ///< its hash was found under its id
#define PL_REPAIR_REFUTED ((uint64_t)1 << 62)   ///< another hash was
#define PL_REPAIR_READABLE ((uint64_t)1 << 61)  ///< it could be decoded

typedef struct pl_repair_state {
  const pl_repair_options* options;    ///< of the call
  pl_repair_report* report;            ///< result
  pl_error* err;                       ///< of the call
  pl_mem mem;                          ///< account
  pl_arena arena;                      ///< settings, affixes
  pl_pool* pool;                       ///< for sorting; may be NULL
  pl_work work;                        ///< how far it is
  int fd;                              ///< the damaged file
  pl_page_meta meta;                   ///< as of which transaction
  pl_str base;                         ///< of the store
  bool has_header;                     ///< base is known
  bool has_totals;                     ///< the record of totals was readable
  uint64_t totals[9];                  ///< the record
  PL_VEC(pl_repair_setting) settings;  ///< all others
  PL_VEC(pl_repair_group) groups;      ///< by key once read
  PL_VEC(pl_repair_long) longs;        ///< by key once read
  pl_str* affixes;                     ///< by number; data NULL = unknown
  uint64_t* hashes;                    ///< by number of the term: hash and PL_REPAIR_*
  uint64_t term_count;                 ///< length of hashes
  uint8_t* cache;                      ///< PL_REPAIR_CACHE groups
  uint32_t* cached;                    ///< which; index + 1, 0 = none
  pl_buf text;                         ///< a long text
  pl_rowsort* rows;                    ///< (s, p, o, c, order)
  pl_rowsort* stated;                  ///< (c, s, p, o) of assertions
  pl_rowsort* notes;                   ///< (c, p, o, order)
  pl_rowsort* identities;              ///< (c, high, low)
  pl_repair_spans spans[PL_DB_HASH];   ///< by order: what was readable
  uint64_t last[PL_DB_COUNT][4];       ///< bound of the block before
  bool gap[PL_DB_COUNT];               ///< damage since that block
  bool met[PL_DB_COUNT];               ///< a block was met
  uint64_t only_one[PL_DB_COUNT];      ///< rows that this order alone has though others were readable there
  uint64_t rows_found;                 ///< rows that are believed
  uint64_t notes_found;                ///< annotations that are believed
} pl_repair_state;

void pl_repair_finding(pl_repair_state* r, const char* format, ...) PL_PRINTF(2, 3);
pl_status pl_repair_nomem(const pl_repair_state* r);
/// Something was done: tell, and ask whether to go on.
pl_status pl_repair_step(pl_repair_state* r, const char* phase);
/// The entry's value in memory: in the leaf, or read into `room` (bytes long). NULL if it is longer or cannot be read.
const uint8_t* pl_repair_value(const pl_repair_state* r, const pl_page_entry* entry, uint8_t* room, size_t bytes);

// ---- repair_terms.c ----
/// Entries of `term`, `long` and `affix`.
pl_status pl_repair_take_group(pl_repair_state* r, const pl_page_entry* entry);
pl_status pl_repair_take_long(pl_repair_state* r, const pl_page_entry* entry);
pl_status pl_repair_take_affix(pl_repair_state* r, const pl_page_entry* entry);
/// All were taken: look for groups beside the tree where terms are missing, order them, hash every term.
pl_status pl_repair_terms_ready(pl_repair_state* r);
/// A row of `hash`.
void pl_repair_take_hash(pl_repair_state* r, uint64_t hash, pl_id id);
/// All hashes were taken: tell what is lost.
pl_status pl_repair_terms_judge(pl_repair_state* r);
/// Term of an id, in the arena. PL_NOT_FOUND: lost.
pl_status pl_repair_term(pl_repair_state* r, pl_id id, pl_arena* arena, pl_term* out);

// ---- repair_rows.c ----
/// An entry of an index.
pl_status pl_repair_take_block(pl_repair_state* r, pl_db db, const pl_page_entry* entry);
/// Was this row of an order (columns in its order) in the part of the order that could be read?
bool pl_repair_covers(const pl_repair_state* r, pl_db db, const uint64_t* row);

// ---- repair_write.c ----
/// Build the new store.
pl_status pl_repair_write(pl_repair_state* r, const char* dest);

#endif
