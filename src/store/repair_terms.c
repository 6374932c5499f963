/// Terms of a damaged store. Only where their groups stand is remembered; a group is read when one of its terms is asked for.
///
/// A term is believed when the hash of its text was found under its id in `hash`. One whose hash was not found at all
/// (its block is lost) is believed if nothing speaks against its group. Where keys are missing, every page of the file is
/// looked at: a group says itself which keys it holds, and the proof by hash tells old from current.
#include "base/utf8.h"
#include "store/pages_internal.h"
#include "store/repair_internal.h"

#include <stdlib.h>
#include <unistd.h>

#define HASH_MASK (((uint64_t)1 << 40) - 1)

enum { UNPROVED_STEPS = 8 };

static pl_status add_group(pl_repair_state* r, const pl_group* group, uint64_t offset, size_t bytes, bool doubtful) {
  const pl_repair_group found = {.key_first = group->key_first,
                                 .offset = offset,
                                 .bytes = (uint32_t)bytes,
                                 .count = (uint16_t)group->count,
                                 .doubtful = doubtful};
  return pl_vec_push(&r->mem, &r->groups, found) == PL_OK ? PL_OK : pl_repair_nomem(r);
}

/// A group of sensible keys.
static bool group_good(pl_group* group, const uint8_t* bytes, size_t len) {
  return pl_group_open(group, bytes, len) && group->key_first > 0 && group->key_first < PL_ID_PAYLOAD_MAX;
}

pl_status pl_repair_take_group(pl_repair_state* r, const pl_page_entry* entry) {
  uint8_t room[PL_GROUP_BYTES_MAX];
  const bool in_tree = *entry->db != 0;
  const uint8_t* const bytes = pl_repair_value(r, entry, room, sizeof room);
  pl_group group;
  if (entry->key_bytes != 8 || !bytes || !group_good(&group, bytes, entry->value_bytes)) {
    if (in_tree && !entry->doubtful) {
      pl_repair_finding(r, "dictionary: the group of terms in page %llu cannot be read",
                        (unsigned long long)(entry->offset / r->meta.page_bytes));
    }
    return PL_OK;
  }
  const uint64_t bound = pl_key_get(entry->key);
  const bool placed = bound == UINT64_MAX || bound == group.key_first + group.count - 1;
  if (!placed && !in_tree) {
    return PL_OK;
  }
  return add_group(r, &group, entry->offset, entry->value_bytes, entry->doubtful || !placed || !in_tree);
}

pl_status pl_repair_take_long(pl_repair_state* r, const pl_page_entry* entry) {
  if (entry->key_bytes != 8 || entry->value_bytes > PL_TERM_BYTES_MAX + (uint64_t)PL_AFFIX_BYTES_MAX + 16) {
    return PL_OK;
  }
  const pl_repair_long found = {pl_key_get(entry->key), entry->offset, entry->value_bytes};
  return pl_vec_push(&r->mem, &r->longs, found) == PL_OK ? PL_OK : pl_repair_nomem(r);
}

pl_status pl_repair_take_affix(pl_repair_state* r, const pl_page_entry* entry) {
  uint8_t room[PL_AFFIX_BYTES_MAX];
  uint32_t big;
  if (entry->key_bytes != 5 || entry->key[0] != 'n') {
    return PL_OK;
  }
  memcpy(&big, entry->key + 1, sizeof big);
  const uint32_t number = __builtin_bswap32(big);
  const uint8_t* const bytes = pl_repair_value(r, entry, room, sizeof room);
  if (number == 0 || number > PL_AFFIX_COUNT_MAX || !bytes || (r->affixes && r->affixes[number].data)) {
    return PL_OK;
  }
  if (!r->affixes) {
    r->affixes = pl_mem_calloc(&r->mem, PL_AFFIX_COUNT_MAX + 1, sizeof *r->affixes);
  }
  if (!r->affixes) {
    return pl_repair_nomem(r);
  }
  r->affixes[number] = pl_arena_str(&r->arena, (pl_str){(const char*)bytes, entry->value_bytes});
  return r->affixes[number].data ? PL_OK : pl_repair_nomem(r);
}

// ---- groups -------------------------------------------------------------------------------------------------------

/// By key; of two with the same first key the longer one of the tree first.
static int by_key(const void* a, const void* b) {
  const pl_repair_group *const x = a, *const y = b;
  if (x->key_first != y->key_first) {
    return x->key_first < y->key_first ? -1 : 1;
  }
  if (x->doubtful != y->doubtful) {
    return x->doubtful ? 1 : -1;
  }
  return x->count == y->count ? 0 : x->count > y->count ? -1 : 1;
}

static int by_long_key(const void* a, const void* b) {
  const pl_repair_long *const x = a, *const y = b;
  return (x->key > y->key) - (x->key < y->key);
}

/// Sort; groups that hold nothing new are dropped.
static void order_groups(pl_repair_state* r) {
  size_t kept = 0;
  uint64_t end = 1;
  r->term_count = 0;
  if (r->groups.count > 0) {
    qsort(r->groups.data, r->groups.count, sizeof *r->groups.data, by_key);
  }
  for (size_t i = 0; i < r->groups.count; i++) {
    pl_repair_group group = r->groups.data[i];
    if (group.key_first + group.count <= end) {
      continue;
    }
    end = group.key_first + group.count;
    group.base = r->term_count;
    r->term_count += group.count;
    r->groups.data[kept++] = group;
  }
  r->groups.count = kept;
}

static bool complete(const pl_repair_state* r) {
  uint64_t next = 1;
  for (size_t i = 0; i < r->groups.count; i++) {
    if (r->groups.data[i].key_first > next || r->groups.data[i].doubtful) {
      return false;
    }
    next = r->groups.data[i].key_first + r->groups.data[i].count;
  }
  return r->has_totals && next >= r->totals[7];
}

/// Groups stand alone in overflow pages: 16 bytes of header, then the value, whose length it says itself.
static pl_status search_file(pl_repair_state* r) {
  const size_t page_bytes = r->meta.page_bytes;
  uint8_t* const page = pl_mem_alloc(&r->mem, page_bytes);
  pl_status status = page ? PL_OK : pl_repair_nomem(r);
  for (uint64_t n = 2; status == PL_OK; n++) {
    if (pread(r->fd, page, page_bytes, (off_t)(n * page_bytes)) < (ssize_t)page_bytes) {
      break;
    }
    const uint8_t* const value = page + PL_PAGE_HEADER;
    const size_t bytes = PL_GROUP_HEADER + (size_t)pl_load16(value + 2) + 2 * (size_t)pl_load16(value);
    pl_group group;
    if (pl_load64(page) == n && (pl_load16(page + 10) & PL_PAGE_OVERFLOW) && bytes <= page_bytes - PL_PAGE_HEADER &&
        group_good(&group, value, bytes)) {
      status = add_group(r, &group, n * page_bytes + PL_PAGE_HEADER, bytes, true);
    }
    if (status == PL_OK && n % 256 == 0) {
      status = pl_repair_step(r, "searching for terms");
    }
  }
  pl_mem_free(&r->mem, page, page_bytes);
  return status;
}

// ---- single terms -------------------------------------------------------------------------------------------------

/// The group's bytes, valid until the next call; NULL if they cannot be read any more.
static const uint8_t* group_bytes(pl_repair_state* r, size_t index) {
  const pl_repair_group* const group = &r->groups.data[index];
  const size_t slot = index % PL_REPAIR_CACHE;
  uint8_t* const bytes = r->cache + slot * PL_GROUP_BYTES_MAX;
  if (r->cached[slot] != index + 1) {
    r->cached[slot] = 0;
    if (pread(r->fd, bytes, group->bytes, (off_t)group->offset) != (ssize_t)group->bytes) {
      return NULL;
    }
    r->cached[slot] = (uint32_t)index + 1;
  }
  return bytes;
}

/// The last group that begins at or before the key, if it holds it.
static bool find_group(const pl_repair_state* r, uint64_t key, size_t* out) {
  size_t low = 0, high = r->groups.count;
  while (low < high) {
    const size_t mid = (low + high) / 2;
    if (r->groups.data[mid].key_first <= key) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  for (unsigned step = 0; low > 0 && step < UNPROVED_STEPS; step++) {
    const pl_repair_group* const group = &r->groups.data[--low];
    if (key - group->key_first < group->count) {
      *out = low;
      return true;
    }
  }
  return false;
}

static bool long_text(pl_repair_state* r, uint64_t key, pl_str* payload) {
  const pl_repair_long wanted = {.key = key};
  const pl_repair_long* const found =
      r->longs.count ? bsearch(&wanted, r->longs.data, r->longs.count, sizeof *r->longs.data, by_long_key) : NULL;
  pl_buf_clear(&r->text);
  if (!found || pl_buf_reserve(&r->text, found->bytes + 1) != PL_OK) {
    return false;
  }
  const pl_page_entry entry = {.value_bytes = found->bytes, .offset = found->offset};
  *payload = (pl_str){r->text.data, found->bytes};
  return pl_page_value(r->fd, &entry, (uint8_t*)r->text.data);
}

/// Decode a term that its group holds. False if that cannot be; r->text.status tells if only for want of memory.
static bool decode(pl_repair_state* r, size_t index, uint64_t key, pl_stored_term* out) {
  const uint8_t* const bytes = group_bytes(r, index);
  pl_group group;
  pl_payload parts;
  uint8_t head;
  pl_str payload;
  if (!bytes || !pl_group_open(&group, bytes, r->groups.data[index].bytes) ||
      !pl_group_get(&group, key, &head, &payload) || ((head & PL_HEAD_LONG) && !long_text(r, key, &payload)) ||
      !pl_payload_parse(head, payload, &parts)) {
    return false;
  }
  *out = (pl_stored_term){.tag = (pl_tag)(head & PL_HEAD_TAG), .affix = parts.affix, .rest = parts.rest};
  if (parts.affix_number) {
    if (!r->affixes || parts.affix_number > PL_AFFIX_COUNT_MAX || !r->affixes[parts.affix_number].data) {
      return false;
    }
    out->affix = r->affixes[parts.affix_number];
  }
  return true;
}

/// Is the term what its tag says, in UTF-8?
static bool sensible(const pl_term* term, pl_tag tag) {
  pl_id id;
  const pl_tag reads = term->kind == PL_TERM_BLANK ? PL_TAG_BLANK : pl_term_classify(term, &id);
  return reads == tag && pl_utf8_check(term->text) == term->text.len;
}

static pl_status hash_term(pl_repair_state* r, size_t index, uint64_t key, pl_arena* arena) {
  const pl_repair_group* const group = &r->groups.data[index];
  uint64_t* const mark = &r->hashes[group->base + (key - group->key_first)];
  pl_stored_term stored;
  pl_term term;
  if (!decode(r, index, key, &stored)) {
    return r->text.status == PL_OK ? PL_OK : pl_repair_nomem(r);
  }
  if (pl_stored_term_copy(&stored, arena, &term) != PL_OK) {
    return pl_repair_nomem(r);
  }
  if (sensible(&term, stored.tag)) {
    const pl_entry entry = pl_entry_of(&term, stored.tag);
    *mark = PL_REPAIR_READABLE | (uint64_t)stored.tag << 40 | pl_hash_row(pl_entry_hash(&entry));
  }
  pl_arena_reset(arena);
  return PL_OK;
}

static pl_status hash_terms(pl_repair_state* r) {
  pl_arena arena;
  pl_arena_init(&arena, &r->mem);
  pl_status status = PL_OK;
  for (size_t i = 0; status == PL_OK && i < r->groups.count; i++) {
    const pl_repair_group group = r->groups.data[i];
    for (uint64_t k = 0; status == PL_OK && k < group.count; k++) {
      status = hash_term(r, i, group.key_first + k, &arena);
    }
    if (status == PL_OK) {
      status = pl_repair_step(r, "terms");
    }
  }
  pl_arena_free(&arena);
  return status;
}

pl_status pl_repair_terms_ready(pl_repair_state* r) {
  order_groups(r);
  if (!complete(r)) {
    PL_TRY(search_file(r));
    order_groups(r);
  }
  if (r->longs.count > 0) {
    qsort(r->longs.data, r->longs.count, sizeof *r->longs.data, by_long_key);
  }
  r->cache = pl_mem_alloc(&r->mem, (size_t)PL_REPAIR_CACHE * PL_GROUP_BYTES_MAX);
  r->cached = pl_mem_calloc(&r->mem, PL_REPAIR_CACHE, sizeof *r->cached);
  r->hashes = r->term_count ? pl_mem_calloc(&r->mem, r->term_count, sizeof *r->hashes) : NULL;
  if (!r->cache || !r->cached || (r->term_count && !r->hashes)) {
    return pl_repair_nomem(r);
  }
  return hash_terms(r);
}

void pl_repair_take_hash(pl_repair_state* r, uint64_t hash, pl_id id) {
  size_t index;
  if (!pl_tag_in_dict(pl_id_tag(id)) || !find_group(r, pl_id_payload(id), &index)) {
    return;
  }
  const pl_repair_group* const group = &r->groups.data[index];
  uint64_t* const mark = &r->hashes[group->base + (pl_id_payload(id) - group->key_first)];
  const bool same = (*mark & HASH_MASK) == hash && (*mark >> 40 & PL_HEAD_TAG) == (uint64_t)pl_id_tag(id);
  *mark |= same && (*mark & PL_REPAIR_READABLE) ? PL_REPAIR_PROVED : PL_REPAIR_REFUTED;
}

static bool believed(const pl_repair_group* group, uint64_t mark) {
  return (mark & PL_REPAIR_READABLE) &&
         ((mark & PL_REPAIR_PROVED) || (!group->doubtful && !(mark & PL_REPAIR_REFUTED)));
}

static void judge_group(pl_repair_state* r, pl_repair_group* group, uint64_t* unproved) {
  const uint64_t* const marks = r->hashes + group->base;
  for (uint32_t i = 0; i < group->count; i++) {
    group->doubtful |= (marks[i] & (PL_REPAIR_PROVED | PL_REPAIR_REFUTED)) == PL_REPAIR_REFUTED;
  }
  for (uint32_t i = 0; i < group->count; i++) {
    if (believed(group, marks[i])) {
      r->report->terms++;
      *unproved += !(marks[i] & PL_REPAIR_PROVED) && group->key_first + i >= PL_KNOWN_END_;
    }
  }
}

pl_status pl_repair_terms_judge(pl_repair_state* r) {
  uint64_t unproved = 0, end = 1;
  for (size_t i = 0; i < r->groups.count; i++) {
    judge_group(r, &r->groups.data[i], &unproved);
    end = r->groups.data[i].key_first + r->groups.data[i].count;
  }
  end = r->has_totals && r->totals[7] > end ? r->totals[7] : end;
  r->report->terms_lost = end - 1 > r->report->terms ? end - 1 - r->report->terms : 0;
  if (r->report->terms_lost > 0) {
    pl_repair_finding(r, "dictionary: %llu of %llu terms are lost", (unsigned long long)r->report->terms_lost,
                      (unsigned long long)(end - 1));
  }
  if (unproved > 0) {
    pl_repair_finding(r, "dictionary: %llu terms could not be compared with their hash", (unsigned long long)unproved);
  }
  return PL_OK;
}

pl_status pl_repair_term(pl_repair_state* r, pl_id id, pl_arena* arena, pl_term* out) {
  const pl_tag tag = pl_id_tag(id);
  const uint64_t key = pl_id_payload(id);
  size_t index;
  pl_stored_term stored;
  if (pl_tag_is_inline(tag)) {
    return pl_inline_term(id, arena, out) == PL_OK ? PL_OK : pl_repair_nomem(r);
  }
  if (!pl_tag_in_dict(tag) || !find_group(r, key, &index)) {
    return PL_NOT_FOUND;
  }
  const pl_repair_group* const group = &r->groups.data[index];
  if (!believed(group, r->hashes[group->base + (key - group->key_first)])) {
    return PL_NOT_FOUND;
  }
  if (!decode(r, index, key, &stored) || stored.tag != tag) {
    return r->text.status == PL_OK ? PL_NOT_FOUND : pl_repair_nomem(r);
  }
  return pl_stored_term_copy(&stored, arena, out) == PL_OK ? PL_OK : pl_repair_nomem(r);
}
