/// Term ids: 64 bits that name a term, ordered so that kinds, and the inline values of one kind, are contiguous and sorted.
///
///   63      59 58                                                        0
///  +----------+-----------------------------------------------------------+
///  | tag (5)  | payload (59): inline value, or dictionary key, or counter  |
///  +----------+-----------------------------------------------------------+
///
/// Inline kinds never touch the dictionary. A term has exactly one id: it is inline if and only if its lexical form is the canonical
/// form of a value that fits; everything else (big numbers, "007"^^xsd:integer, xsd:byte ...) gets a dictionary kind. Tags follow the
/// order across kinds of language.md, section 6: null < blank < IRI < boolean < number < date < string < other literals.
#ifndef PL_TERM_ID_H
#define PL_TERM_ID_H

#include "base/base.h"

typedef uint64_t pl_id;

#define PL_ID_NULL ((pl_id)0)  ///< no term: an unbound variable; in column c a plainly stated fact
#define PL_ID_PAYLOAD_BITS 59u
#define PL_ID_PAYLOAD_MAX (((uint64_t)1 << PL_ID_PAYLOAD_BITS) - 1)

/// Gaps are kept for later kinds. Never renumber: tags are on disk (except TEMP).
typedef enum pl_tag {
  PL_TAG_NULL = 0,
  PL_TAG_BLANK = 2,      ///< dictionary: blank node, text = label
  PL_TAG_ASSERTION = 3,  ///< dense counter from 1, below 2^32; no dictionary entry
  PL_TAG_IRI = 5,        ///< dictionary: IRI
  PL_TAG_BOOLEAN = 7,    ///< inline: 0 or 1
  PL_TAG_INTEGER = 9,    ///< inline: xsd:integer, value + 2^58
  PL_TAG_DECIMAL = 10,   ///< inline: xsd:decimal, value * 10^6 + 2^58, at most 6 fraction digits
  PL_TAG_DOUBLE =
      11,  ///< inline: xsd:double whose low 5 mantissa bits are 0 and that is not NaN; order-preserving bits >> 5
  PL_TAG_NUMBER =
      12,  ///< dictionary: any other literal with a numeric value (all XSD numeric types, non-canonical forms, NaN)
  PL_TAG_DATE = 14,      ///< inline: gYear, gYearMonth, date, dateTime; see date.h for the bits
  PL_TAG_INTERVAL = 15,  ///< inline: interval of two dates of day precision or coarser; 29 bits each
  PL_TAG_TIME = 16,      ///< dictionary: any other valid date, dateTime or interval literal
  PL_TAG_SHORT =
      18,  ///< inline: xsd:string of at most 7 bytes, without zero bytes: 7 bytes big-endian, then 3 bits length
  PL_TAG_STRING = 19,   ///< dictionary: xsd:string
  PL_TAG_LANG = 21,     ///< dictionary: language-tagged string
  PL_TAG_LITERAL = 22,  ///< dictionary: any other literal
  PL_TAG_TEMP = 31      ///< a term, list or path computed by a running query; payload indexes its pool; never stored
} pl_tag;

static inline pl_id pl_id_make(pl_tag tag, uint64_t payload) { return ((uint64_t)tag << PL_ID_PAYLOAD_BITS) | payload; }
static inline pl_tag pl_id_tag(pl_id id) { return (pl_tag)(id >> PL_ID_PAYLOAD_BITS); }
static inline uint64_t pl_id_payload(pl_id id) { return id & PL_ID_PAYLOAD_MAX; }
/// Half-open id range of one tag: [first, end).
static inline pl_id pl_tag_first(pl_tag tag) { return (uint64_t)tag << PL_ID_PAYLOAD_BITS; }
static inline pl_id pl_tag_end(pl_tag tag) { return ((uint64_t)tag + 1) << PL_ID_PAYLOAD_BITS; }

static inline bool pl_tag_in_dict(pl_tag t) {
  return t == PL_TAG_BLANK || t == PL_TAG_IRI || t == PL_TAG_NUMBER || t == PL_TAG_TIME || t == PL_TAG_STRING ||
         t == PL_TAG_LANG || t == PL_TAG_LITERAL;
}
/// Ids that are their own value.
static inline bool pl_tag_is_inline(pl_tag t) {
  return t == PL_TAG_BOOLEAN || t == PL_TAG_INTEGER || t == PL_TAG_DECIMAL || t == PL_TAG_DOUBLE || t == PL_TAG_DATE ||
         t == PL_TAG_INTERVAL || t == PL_TAG_SHORT;
}
static inline bool pl_tag_is_node(pl_tag t) { return t == PL_TAG_BLANK || t == PL_TAG_ASSERTION || t == PL_TAG_IRI; }
static inline bool pl_tag_is_number(pl_tag t) { return t >= PL_TAG_INTEGER && t <= PL_TAG_NUMBER; }
static inline bool pl_tag_is_date(pl_tag t) { return t >= PL_TAG_DATE && t <= PL_TAG_TIME; }
static inline bool pl_tag_is_string(pl_tag t) { return t == PL_TAG_SHORT || t == PL_TAG_STRING; }

#endif
