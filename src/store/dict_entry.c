/// Taking terms apart: qualifier, hash, and which part of a text is worth holding once.
#include "store/dict_internal.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

pl_entry pl_entry_of(const pl_term* term, pl_tag tag) {
  pl_entry entry = {.tag = tag, .text = term->text};
  if (tag == PL_TAG_LANG) {
    entry.qualifier = term->lang;
  } else if (tag == PL_TAG_NUMBER || tag == PL_TAG_TIME || tag == PL_TAG_LITERAL) {
    entry.qualifier = term->datatype;
  }
  return entry;
}

void pl_entry_term(const pl_entry* entry, pl_term* out) {
  const bool iri = entry->tag == PL_TAG_IRI, blank = entry->tag == PL_TAG_BLANK;
  *out = (pl_term){.kind = iri ? PL_TERM_IRI : (blank ? PL_TERM_BLANK : PL_TERM_LITERAL), .text = entry->text};
  if (entry->tag == PL_TAG_LANG) {
    out->lang = entry->qualifier;
  } else {
    out->datatype = entry->qualifier;
  }
}

bool pl_entry_eq(const pl_entry* a, const pl_entry* b) {
  return a->tag == b->tag && pl_str_eq(a->text, b->text) && pl_str_eq(a->qualifier, b->qualifier);
}

uint64_t pl_entry_hash(const pl_entry* entry) {
  uint64_t hash = XXH3_64bits(entry->text.data, entry->text.len) + (uint64_t)entry->tag * 0x9e3779b97f4a7c15u;
  if (entry->qualifier.len) {
    hash ^= XXH3_64bits(entry->qualifier.data, entry->qualifier.len);
  }
  hash = (hash ^ (hash >> 32)) * 0xd6e8feb86659fd93u;
  return hash ^ (hash >> 32);
}

static size_t namespace_len(pl_str iri) {
  size_t len = iri.len < PL_AFFIX_BYTES_MAX ? iri.len : PL_AFFIX_BYTES_MAX;
  while (len > 0 && iri.data[len - 1] != '/' && iri.data[len - 1] != '#' && iri.data[len - 1] != ':') {
    len--;
  }
  return len;
}

/// Labels of loaded documents begin with an 18-byte mark of the document ("x", 16 digits, "_").
static size_t label_affix_len(pl_str label) {
  enum { MARK = 18 };
  return label.len > MARK && label.data[0] == 'x' && label.data[MARK - 1] == '_' ? MARK : 0;
}

size_t pl_entry_affix_len(const pl_entry* entry) {
  if (entry->tag == PL_TAG_IRI) {
    return namespace_len(entry->text);
  }
  return entry->tag == PL_TAG_BLANK ? label_affix_len(entry->text) : 0;
}
