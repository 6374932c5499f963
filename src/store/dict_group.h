/// Groups: how consecutive dictionary terms lie in one value of PL_DB_TERM. A codec without LMDB, like block.h.
///
///     0        2        4                12          12+body             12+body+2*count
///     +--------+--------+----------------+- ... -----+-----+-----+- ... -+
///     | count  | body   | key of first   | entries   | end | end |       |   numbers of 2 and 8 bytes, little-endian
///     +--------+--------+----------------+- ... -----+-----+-----+- ... -+
///
/// Entry k belongs to key first + k and lies in the entries from end[k - 1] (0 for the first) to end[k]:
///
///     +------+-------------------------------------------+
///     | head | payload                                   |     head: bits 0-4 tag, bit 6 INLINE, bit 7 LONG
///     +------+-------------------------------------------+
///
/// Payload of a string: its text. Of every other kind: an affix, then the rest of the text. The affix is a number
/// (LEB128; 0 = empty) of PL_DB_AFFIX, or, with INLINE, a length (LEB128) and the bytes themselves. It is the namespace
/// of an IRI, the document part of a blank node's label, the datatype or language of a literal. With LONG the payload
/// is not here but in PL_DB_LONG under the key.
///
/// Example: key 18, the IRI http://schema.org/name with http://schema.org/ as affix 7, is the 6 bytes 05 07 6e 61
/// 6d 65.
///
/// Every term is found without decoding the ones before it, and appending moves only the table of ends.
#ifndef PL_STORE_DICT_GROUP_H
#define PL_STORE_DICT_GROUP_H

#include "term/term.h"

enum {
  PL_GROUP_BYTES_MAX = 4080,                                        ///< a value: one overflow page
  PL_GROUP_HEADER = 12,                                             ///< count, body, first key
  PL_GROUP_TERMS_MAX = (PL_GROUP_BYTES_MAX - PL_GROUP_HEADER) / 3,  ///< an entry takes at least a head and an end
  PL_GROUP_PAYLOAD_MAX = 1536,                                      ///< longer payloads go to PL_DB_LONG
  PL_HEAD_TAG = 0x1f,                                               ///< bits of the tag
  PL_HEAD_INLINE = 0x40,                                            ///< affix spelt out
  PL_HEAD_LONG = 0x80                                               ///< payload in PL_DB_LONG
};

/// A group being read; borrowed bytes.
typedef struct pl_group {
  const uint8_t* entries;  ///< first entry
  const uint8_t* ends;     ///< table
  uint64_t key_first;      ///< key of entry 0
  uint32_t count;          ///< entries
  uint32_t body;           ///< bytes of entries
} pl_group;

/// View a value. False if it cannot be a group.
bool pl_group_open(pl_group* group, const void* data, size_t len);
/// Entry of a key: its head and payload. False if the key is not here or the entry is damaged.
bool pl_group_get(const pl_group* group, uint64_t key, uint8_t* head, pl_str* payload);

/// A group being filled.
typedef struct pl_group_builder {
  uint64_t key_first;                 ///< key of entry 0
  uint32_t count;                     ///< entries
  uint32_t body;                      ///< bytes of entries
  uint16_t ends[PL_GROUP_TERMS_MAX];  ///< table
  uint8_t bytes[PL_GROUP_BYTES_MAX];  ///< header, entries, room for the table
} pl_group_builder;

void pl_group_start(pl_group_builder* builder, uint64_t key_first);
/// Go on with an existing group. False if it is damaged.
bool pl_group_resume(pl_group_builder* builder, const pl_group* group);
/// Add the next key's entry; len at most PL_GROUP_PAYLOAD_MAX. False if there is no room.
bool pl_group_add(pl_group_builder* builder, uint8_t head, pl_str payload);
/// Write header and table; returns the length of builder->bytes. Adding may go on afterwards.
size_t pl_group_finish(pl_group_builder* builder);
static inline uint64_t pl_group_key_next(const pl_group_builder* builder) {
  return builder->key_first + builder->count;
}

/// A payload taken apart.
typedef struct pl_payload {
  uint32_t affix_number;  ///< 0 = no affix, or it is spelt out
  pl_str affix;           ///< spelt-out affix; empty if numbered
  pl_str rest;            ///< rest of the text
} pl_payload;
/// False if damaged. `head` says which tag and form.
bool pl_payload_parse(uint8_t head, pl_str payload, pl_payload* out);

/// LEB128 of at most 5 bytes.
size_t pl_leb_put(uint8_t* out, uint32_t value);
bool pl_leb_get(pl_str* in, uint32_t* value);

static inline bool pl_tag_has_affix(pl_tag tag) { return tag != PL_TAG_STRING; }

#endif
