/// Names as people write them: prefixes, base, percent-encoding (language.md, section 1).
#ifndef PL_TERM_NAMES_H
#define PL_TERM_NAMES_H

#include "term/term.h"

typedef struct pl_prefix {
  pl_str prefix;  ///< without the colon; may be empty
  pl_str iri;     ///< namespace
} pl_prefix;

/// Base and prefixes. Lookups go from the last prefix to the first, so a later one of the same name wins.
typedef struct pl_names {
  pl_str base;                ///< base IRI of bare names
  const pl_prefix* prefixes;  ///< borrowed
  size_t prefix_count;        ///< used
} pl_names;

/// rdf, rdfs, xsd, owl, skos, foaf, schema, dc, dcterms, prov: always known (a query or store may override).
extern const pl_prefix pl_prefixes_builtin[];
extern const size_t pl_prefixes_builtin_count;

/// base + text, spaces as `_`, characters an IRI cannot hold percent-encoded (RFC 3987: controls, space, <>"{}|\^` and %), arena-allocated.
/// Other Unicode stays as it is. data NULL on allocation failure.
pl_str pl_name_to_iri(pl_arena* arena, pl_str base, pl_str text);
/// The readable text of an IRI below base: percent-decoded (when the result is valid UTF-8). `_` stays. False if not below base.
bool pl_name_from_iri(pl_buf* out, pl_str base, pl_str iri);
/// Expand "p:local" with names, then the builtin prefixes. False if the prefix is unknown.
bool pl_name_expand(pl_arena* arena, const pl_names* names, pl_str prefixed, pl_str* iri);
/// True if text may stand in a query as a bare name without backquotes (letters incl. Unicode, digits, _, -, inner dots; not reserved - `reserved` may be NULL).
bool pl_name_is_bare(pl_str text, bool (*reserved)(pl_str word));
/// Append the shortest form a query could write: bare name, `quoted name`, prefixed name, <IRI>, _:label, or a literal as in language.md.
pl_status pl_term_write_name(pl_buf* out, const pl_names* names, bool (*reserved)(pl_str word), const pl_term* term);
/// Check that an IRI is absolute and holds only characters RFC 3987 / N-Triples IRIREF allows; returns the offset of the first bad byte or len if good.
/// Without a scheme it is bad from the start: 0, or 1 for the empty IRI, so that the result differs from len.
size_t pl_iri_check(pl_str iri);

#endif
