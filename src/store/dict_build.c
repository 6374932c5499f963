/// The dictionary of a bulk build: in memory, made for speed.
///
/// Terms lie as records in chunks of 32 MiB, in key order, so that writing the dictionary is one walk:
///
///     | hash (8) | key (4) | text length (4) | qualifier (4) | tag (1) | text ... |
///
/// The table has one 8-byte slot a term: 24 bits of the hash and the 40-bit address of the record (chunk * 2^25 +
/// offset), so a look-up is two cache misses: slot, record. A batch is looked up in rounds of 64 terms - hash all and
/// prefetch their slots, then prefetch the records, then compare - so that the misses overlap. Chunks and table ask for
/// huge pages.
///
/// Qualifiers (datatypes, languages) are few and held once in a table of their own.
#include "base/rows_internal.h"
#include "store/dict_internal.h"

#include <sys/mman.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
  CHUNK_BITS = 25,
  CHUNK_BYTES = 1 << CHUNK_BITS,
  ADDRESS_BITS = 40,
  ROUND = 64,
  SLOTS_FIRST = 1 << 16,
  REHASHED_BETWEEN_CHECKS = 1 << 16,
  RECORD_HEADER = 21
};
#define HUGE_PAGE ((size_t)2 << 20)
#define KEYS_MAX ((uint64_t)UINT32_MAX - 1)

typedef struct chunk {
  uint8_t* data;    ///< records
  size_t capacity;  ///< CHUNK_BYTES, or more for one long term
  size_t used;      ///< bytes
} chunk;

typedef struct record {
  uint64_t hash;       ///< of the entry
  uint32_t key;        ///< dictionary key
  uint32_t len;        ///< of the text
  uint32_t qualifier;  ///< index into qualifiers; 0 = none
  uint8_t tag;         ///< of the id
  pl_str text;         ///< in the chunk
} record;

struct pl_dict_build {
  pl_mem* mem;                  ///< account
  pl_error* err;                ///< borrowed
  pl_guard* guard;              ///< borrowed; may be NULL
  PL_VEC(chunk) chunks;         ///< all records
  uint64_t* slots;              ///< 0 = empty
  size_t slot_count;            ///< power of two
  uint64_t count;               ///< terms; keys are 1 to count
  pl_arena qualifier_arena;     ///< texts of qualifiers
  PL_VEC(pl_str) qualifiers;    ///< by number; [0] is empty
  uint32_t* qualifier_slots;    ///< hash table of qualifiers: number, 0 = empty
  size_t qualifier_slot_count;  ///< power of two
};

/// A term of the round at hand.
typedef struct probe {
  pl_entry entry;      ///< the term
  uint64_t hash;       ///< of it
  uint32_t qualifier;  ///< number
  size_t at;           ///< where it goes in ids
} probe;

// ---- memory -------------------------------------------------------------------------------------------------------

/// Ask for huge pages under a large allocation; only speed depends on it.
static void ask_huge(void* ptr, size_t bytes) {
  const uintptr_t first = ((uintptr_t)ptr + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
  const uintptr_t end = ((uintptr_t)ptr + bytes) & ~(uintptr_t)(HUGE_PAGE - 1);
  if (first < end) {
    (void)madvise((void*)first, end - first, MADV_HUGEPAGE);
  }
}

static pl_status fail_memory(pl_dict_build* build) {
  return build->mem->limit_hit ? PL_ERR_LIMIT : pl_fail(build->err, PL_MSG_NOMEM);
}

static pl_status chunk_add(pl_dict_build* build, size_t bytes) {
  if (build->chunks.count >= (size_t)1 << (ADDRESS_BITS - CHUNK_BITS)) {
    return pl_fail(build->err, PL_MSG_DICT_KEYS, (unsigned long long)build->count);
  }
  const size_t capacity = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
  if (pl_vec_reserve(build->mem, &build->chunks, build->chunks.count + 1) != PL_OK) {
    return fail_memory(build);
  }
  uint8_t* const data = pl_mem_alloc(build->mem, capacity);
  if (!data) {
    return fail_memory(build);
  }
  ask_huge(data, capacity);
  build->chunks.data[build->chunks.count++] = (chunk){.data = data, .capacity = capacity};
  return PL_OK;
}

static void slot_put(uint64_t* slots, size_t count, uint64_t hash, uint64_t address) {
  size_t at = hash & (count - 1);
  while (slots[at]) {
    at = (at + 1) & (count - 1);
  }
  slots[at] = (hash >> ADDRESS_BITS << ADDRESS_BITS) | (address + 1);
}

// ---- records ------------------------------------------------------------------------------------------------------

static record record_read(const uint8_t* at) {
  record r;
  memcpy(&r.hash, at, 8);
  memcpy(&r.key, at + 8, 4);
  memcpy(&r.len, at + 12, 4);
  memcpy(&r.qualifier, at + 16, 4);
  r.tag = at[20];
  r.text = (pl_str){(const char*)at + RECORD_HEADER, r.len};
  return r;
}

static const uint8_t* record_at(const pl_dict_build* build, uint64_t address) {
  return build->chunks.data[address >> CHUNK_BITS].data + (address & (CHUNK_BYTES - 1));
}

static pl_status record_add(pl_dict_build* build, const probe* p, uint64_t* address) {
  const size_t bytes = RECORD_HEADER + p->entry.text.len;
  const chunk* const newest = build->chunks.count ? &build->chunks.data[build->chunks.count - 1] : NULL;
  if (!newest || newest->capacity - newest->used < bytes) {
    PL_TRY(chunk_add(build, bytes));
  }
  chunk* const c = &build->chunks.data[build->chunks.count - 1];
  uint8_t* const at = c->data + c->used;
  const uint32_t key = (uint32_t)++build->count, len = (uint32_t)p->entry.text.len;
  memcpy(at, &p->hash, 8);
  memcpy(at + 8, &key, 4);
  memcpy(at + 12, &len, 4);
  memcpy(at + 16, &p->qualifier, 4);
  at[20] = (uint8_t)p->entry.tag;
  if (len) {
    memcpy(at + RECORD_HEADER, p->entry.text.data, len);
  }
  *address = ((uint64_t)(build->chunks.count - 1) << CHUNK_BITS) + c->used;
  c->used += bytes;
  return PL_OK;
}

/// Call fn for every record in key order.
static pl_status each_record(const pl_dict_build* build, pl_status (*fn)(void* user, const record* r, uint64_t address),
                             void* user) {
  for (size_t i = 0; i < build->chunks.count; i++) {
    const chunk* const c = &build->chunks.data[i];
    for (size_t at = 0; at < c->used;) {
      const record r = record_read(c->data + at);
      PL_TRY(fn(user, &r, ((uint64_t)i << CHUNK_BITS) + at));
      at += RECORD_HEADER + r.len;
    }
  }
  return PL_OK;
}

/// A second known term of the same text: the only records of known keys with hash 0.
static bool is_shadow(const record* r) { return r->hash == 0 && r->key < PL_KNOWN_END_; }

typedef struct rehash {
  uint64_t* slots;             ///< new table
  size_t count;                ///< of slots
  const pl_dict_build* build;  ///< whose guard is asked
} rehash;

static pl_status rehash_one(void* user, const record* r, uint64_t address) {
  const rehash* const to = user;
  if (!is_shadow(r)) {
    slot_put(to->slots, to->count, r->hash, address);
  }
  return r->key % REHASHED_BETWEEN_CHECKS == 0 ? pl_guard_check(to->build->guard, to->build->err) : PL_OK;
}

static pl_status grow_slots(pl_dict_build* build) {
  const size_t count = build->slot_count ? build->slot_count * 2 : SLOTS_FIRST;
  uint64_t* const slots = pl_mem_alloc(build->mem, count * sizeof *slots);
  if (!slots) {
    return fail_memory(build);
  }
  ask_huge(slots, count * sizeof *slots);
  memset(slots, 0, count * sizeof *slots);
  rehash to = {slots, count, build};
  const pl_status status = each_record(build, rehash_one, &to);
  if (status != PL_OK) {
    pl_mem_free(build->mem, slots, count * sizeof *slots);
    return status;
  }
  pl_mem_free(build->mem, build->slots, build->slot_count * sizeof *slots);
  build->slots = slots;
  build->slot_count = count;
  return PL_OK;
}

// ---- qualifiers ---------------------------------------------------------------------------------------------------

static size_t qualifier_slot(const pl_dict_build* build, pl_str text) {
  size_t at = XXH3_64bits(text.data, text.len) & (build->qualifier_slot_count - 1);
  while (build->qualifier_slots[at] && !pl_str_eq(build->qualifiers.data[build->qualifier_slots[at]], text)) {
    at = (at + 1) & (build->qualifier_slot_count - 1);
  }
  return at;
}

static pl_status grow_qualifiers(pl_dict_build* build) {
  const size_t count_old = build->qualifier_slot_count, count = count_old ? count_old * 2 : 64;
  uint32_t* const slots = pl_mem_calloc(build->mem, count, sizeof *slots);
  if (!slots) {
    return fail_memory(build);
  }
  pl_mem_free(build->mem, build->qualifier_slots, count_old * sizeof *slots);
  build->qualifier_slots = slots;
  build->qualifier_slot_count = count;
  for (uint32_t i = 1; i < build->qualifiers.count; i++) {
    slots[qualifier_slot(build, build->qualifiers.data[i])] = i;
  }
  return PL_OK;
}

static pl_status qualifier_number(pl_dict_build* build, pl_str text, uint32_t* number) {
  *number = 0;
  if (text.len == 0) {
    return PL_OK;
  }
  if (2 * (build->qualifiers.count + 1) > build->qualifier_slot_count) {
    PL_TRY(grow_qualifiers(build));
  }
  const size_t at = qualifier_slot(build, text);
  *number = build->qualifier_slots[at];
  if (*number) {
    return PL_OK;
  }
  const pl_str copy = pl_arena_str(&build->qualifier_arena, text);
  if (!copy.data || pl_vec_push(build->mem, &build->qualifiers, copy) != PL_OK) {
    return fail_memory(build);
  }
  *number = build->qualifier_slots[at] = (uint32_t)(build->qualifiers.count - 1);
  return PL_OK;
}

// ---- interning ----------------------------------------------------------------------------------------------------

static bool record_matches(const record* r, const probe* p) {
  return r->hash == p->hash && r->tag == p->entry.tag && r->qualifier == p->qualifier &&
         pl_str_eq(r->text, p->entry.text);
}

static pl_status intern_one(pl_dict_build* build, const probe* p, pl_id* id) {
  const uint64_t mark = p->hash >> ADDRESS_BITS << ADDRESS_BITS;
  const uint64_t address_mask = ((uint64_t)1 << ADDRESS_BITS) - 1;
  size_t at = p->hash & (build->slot_count - 1);
  for (; build->slots[at]; at = (at + 1) & (build->slot_count - 1)) {
    const uint64_t slot = build->slots[at];
    if ((slot & ~address_mask) != mark) {
      continue;
    }
    const record r = record_read(record_at(build, (slot & address_mask) - 1));
    if (record_matches(&r, p)) {
      *id = pl_id_make(p->entry.tag, r.key);
      return PL_OK;
    }
  }
  if (build->count >= KEYS_MAX) {
    return pl_fail(build->err, PL_MSG_DICT_KEYS, (unsigned long long)KEYS_MAX);
  }
  uint64_t address;
  PL_TRY(record_add(build, p, &address));
  build->slots[at] = mark | (address + 1);
  *id = pl_id_make(p->entry.tag, build->count);
  return PL_OK;
}

static void prefetch_record(const pl_dict_build* build, const probe* p) {
  const uint64_t slot = build->slots[p->hash & (build->slot_count - 1)];
  const uint64_t mark = p->hash >> ADDRESS_BITS << ADDRESS_BITS;
  if ((slot ^ mark) >> ADDRESS_BITS == 0 && slot) {
    const uint8_t* const at = record_at(build, (slot ^ mark) - 1);
    __builtin_prefetch(at);
    __builtin_prefetch(at + 63);
  }
}

static pl_status intern_round(pl_dict_build* build, const probe* probes, size_t count, pl_id* ids) {
  while (2 * (build->count + count) > build->slot_count) {
    PL_TRY(grow_slots(build));
  }
  for (size_t i = 0; i < count; i++) {
    prefetch_record(build, &probes[i]);
  }
  for (size_t i = 0; i < count; i++) {
    PL_TRY(intern_one(build, &probes[i], &ids[probes[i].at]));
  }
  return PL_OK;
}

static pl_status probe_make(pl_dict_build* build, const pl_term* term, pl_tag tag, probe* p) {
  p->entry = pl_entry_of(term, tag);
  if (p->entry.text.len > PL_TERM_BYTES_MAX || p->entry.qualifier.len > PL_TERM_BYTES_MAX) {
    return pl_fail(build->err, PL_MSG_TERM_LONG, p->entry.text.len, (size_t)PL_TERM_BYTES_MAX);
  }
  PL_TRY(qualifier_number(build, p->entry.qualifier, &p->qualifier));
  p->hash = pl_entry_hash(&p->entry);
  if (build->slot_count) {
    __builtin_prefetch(&build->slots[p->hash & (build->slot_count - 1)]);
  }
  return PL_OK;
}

pl_status pl_dict_build_intern(pl_dict_build* build, const pl_term* terms, size_t count, pl_id* ids) {
  probe probes[ROUND];
  size_t used = 0;
  for (size_t i = 0; i < count; i++) {
    const bool blank = terms[i].kind == PL_TERM_BLANK || terms[i].kind == PL_TERM_ASSERTION;
    ids[i] = PL_ID_NULL;
    const pl_tag tag = blank ? PL_TAG_BLANK : pl_term_classify(&terms[i], &ids[i]);
    if (ids[i] != PL_ID_NULL || tag == PL_TAG_NULL) {
      continue;
    }
    probes[used].at = i;
    PL_TRY(probe_make(build, &terms[i], tag, &probes[used]));
    if (++used == ROUND) {
      PL_TRY(intern_round(build, probes, used, ids));
      used = 0;
    }
  }
  return intern_round(build, probes, used, ids);
}

// ---- life ---------------------------------------------------------------------------------------------------------

pl_status pl_dict_build_new(pl_mem* mem, pl_error* err, pl_dict_build** out) {
  *out = NULL;
  pl_dict_build* const build = pl_mem_calloc(mem, 1, sizeof *build);
  if (!build) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  build->mem = mem;
  build->err = err;
  pl_arena_init(&build->qualifier_arena, mem);
  pl_status status = pl_vec_push(mem, &build->qualifiers, ((pl_str){0}));
  if (status == PL_OK) {
    status = grow_slots(build);
  }
  if (status != PL_OK) {
    pl_dict_build_free(build);
    return status;
  }
  *out = build;
  return PL_OK;
}

void pl_dict_build_lend(pl_dict_build* build, pl_guard* guard, pl_error* err) {
  build->guard = guard;
  build->err = err;
}

void pl_dict_build_free(pl_dict_build* build) {
  if (!build) {
    return;
  }
  for (size_t i = 0; i < build->chunks.count; i++) {
    pl_mem_free(build->mem, build->chunks.data[i].data, build->chunks.data[i].capacity);
  }
  pl_mem* const mem = build->mem;
  pl_vec_free(mem, &build->chunks);
  pl_vec_free(mem, &build->qualifiers);
  pl_mem_free(mem, build->slots, build->slot_count * sizeof *build->slots);
  pl_mem_free(mem, build->qualifier_slots, build->qualifier_slot_count * sizeof *build->qualifier_slots);
  pl_arena_free(&build->qualifier_arena);
  pl_mem_free(mem, build, sizeof *build);
}

/// A known term whose text an earlier one has (see pl_dict_seed) gets its key and record, but no slot and no hash row.
pl_status pl_dict_build_seed(pl_dict_build* build, pl_str base) {
  pl_arena scratch;
  pl_arena_init(&scratch, build->mem);
  pl_status status = PL_OK;
  for (uint64_t key = PL_KNOWN_NONE_ + 1; key < PL_KNOWN_END_ && status == PL_OK; key++) {
    pl_term term = {.kind = PL_TERM_IRI};
    pl_id id = PL_ID_NULL;
    status = pl_dict_known(&scratch, base, (size_t)key - 1, &term.text);
    if (status == PL_OK) {
      status = pl_dict_build_intern(build, &term, 1, &id);
    }
    if (status == PL_OK && pl_id_payload(id) != key) {
      uint64_t address;
      const probe shadow = {.entry = {.tag = PL_TAG_IRI, .text = term.text}};
      status = record_add(build, &shadow, &address);
      assert(build->count == key);
    }
  }
  pl_arena_free(&scratch);
  return status;
}

// ---- writing ------------------------------------------------------------------------------------------------------

typedef struct writing {
  const pl_dict_build* build;  ///< source
  pl_txn* txn;                 ///< target
  pl_group_builder group;      ///< last group
  pl_buf scratch;              ///< payload of one term
  uint64_t* rows;              ///< (hash, id) of every term
  size_t count;                ///< rows filled
} writing;

static pl_status write_one(void* user, const record* r, uint64_t address) {
  writing* const w = user;
  PL_UNUSED(address);
  const pl_entry entry = {.tag = (pl_tag)r->tag, .text = r->text, .qualifier = w->build->qualifiers.data[r->qualifier]};
  if (!is_shadow(r)) {
    w->rows[2 * w->count] = pl_hash_row(r->hash);
    w->rows[2 * w->count++ + 1] = pl_id_make(entry.tag, r->key);
  }
  if (r->key % 1024 == 0) {
    PL_TRY(pl_guard_check(w->build->guard, w->txn->err));
  }
  return pl_group_append(w->txn, &w->group, &entry, &w->scratch);
}

static pl_status sort_rows(writing* w) {
  pl_guard* const guard = w->build->guard;
  const pl_rows_job job = {.rows = w->rows,
                           .scratch = w->rows + 2 * w->build->count,
                           .count = w->count,
                           .columns = 2,
                           .key_columns = 2,
                           .keep_duplicates = true,
                           .guard = guard};
  size_t kept;
  if (pl_rows_sort_job(&job, &kept) == PL_OK) {
    return PL_OK;
  }
  const pl_status status =
      pl_guard_check(guard, w->txn->err);  // what stopped the sorting stands: this writes the message
  return status == PL_OK ? pl_fail(w->txn->err, PL_MSG_INTERRUPTED) : status;
}

static pl_status write_rows(pl_txn* txn, const uint64_t* rows, size_t count, pl_mem* mem) {
  pl_index_append* append = NULL;
  PL_TRY(pl_index_append_open(pl_index_of(txn, PL_DB_HASH), PL_INDEX_FILL_PERCENT, mem, &append));
  const pl_status status = pl_index_append_rows(append, rows, count);
  if (status != PL_OK) {
    pl_index_append_abort(append);
    return status;
  }
  return pl_index_append_finish(append);
}

/// Creation wrote the known terms; they are the first keys here too, so what is there may go.
static pl_status clear_dictionary(pl_txn* txn) {
  static const pl_db dbs[] = {PL_DB_TERM, PL_DB_HASH, PL_DB_LONG, PL_DB_AFFIX};
  pl_dict_release(txn);
  for (size_t i = 0; i < PL_COUNT_OF(dbs); i++) {
    const int rc = mdb_drop(txn->mdb, pl_dict_dbi(txn, dbs[i]), 0);
    if (rc) {
      return pl_mdb_fail(txn->err, rc, "cannot write the dictionary");
    }
  }
  return PL_OK;
}

/// (hash, id) rows come in key order, which is no order of hashes; the table and its scratch are as large as the slots
/// they replace.
pl_status pl_dict_build_write(pl_dict_build* build, pl_txn* txn) {
  PL_TRY(clear_dictionary(txn));
  writing* const w = pl_mem_calloc(build->mem, 1, sizeof *w);
  const size_t bytes = (size_t)build->count * 2 * sizeof(uint64_t);
  uint64_t* const rows = pl_mem_alloc(build->mem, 2 * bytes);
  pl_status status = w && rows ? PL_OK : fail_memory(build);
  if (status == PL_OK) {
    *w = (writing){.build = build, .txn = txn, .rows = rows};
    pl_buf_init(&w->scratch, build->mem, SIZE_MAX);
    pl_group_start(&w->group, 1);
    status = each_record(build, write_one, w);
    pl_buf_free(&w->scratch);
  }
  if (status == PL_OK) {
    status = pl_group_put_last(txn, &w->group);
  }
  if (status == PL_OK) {
    status = sort_rows(w);
  }
  if (status == PL_OK) {
    status = write_rows(txn, rows, w->count, build->mem);
  }
  txn->next_key = build->count + 1;
  txn->totals.terms = build->count;
  txn->totals_dirty = true;
  pl_mem_free(build->mem, rows, 2 * bytes);
  pl_mem_free(build->mem, w, sizeof *w);
  return status;
}
