/// RDF terms (RDF 1.1 Concepts, section 3) as borrowed slices, and their inline ids.
#ifndef PL_TERM_TERM_H
#define PL_TERM_TERM_H

#include "base/diag.h"
#include "base/mem.h"
#include "term/id.h"

#define PL_RDF "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
#define PL_RDFS "http://www.w3.org/2000/01/rdf-schema#"
#define PL_XSD "http://www.w3.org/2001/XMLSchema#"
#define PL_OWL "http://www.w3.org/2002/07/owl#"
#define PL_INTERVAL_TYPE \
  "urn:parley:type:interval"  ///< datatype of an interval literal; lexical form: ISO 8601 "start/end"
#define PL_BASE_DEFAULT "urn:parley:"
#define PL_ASSERTION_LABEL "st"              ///< an assertion is printed as _:st1, _:st2 ...
#define PL_TERM_BYTES_MAX ((size_t)1 << 30)  ///< longest text of one term

typedef enum pl_term_kind {
  PL_TERM_NONE = 0,   ///< no term
  PL_TERM_IRI,        ///< text = IRI without brackets, escapes decoded
  PL_TERM_BLANK,      ///< text = label without "_:"
  PL_TERM_ASSERTION,  ///< an assertion node; text = its printed label without "_:"; only ever comes out of a store
  PL_TERM_LITERAL     ///< text = lexical form, decoded
} pl_term_kind;

typedef struct pl_term {
  pl_term_kind kind;  ///< what it is
  pl_str text;        ///< IRI, label or lexical form (UTF-8, validated by whoever read it)
  pl_str datatype;    ///< datatype IRI of a literal; empty means xsd:string, or rdf:langString when lang is set
  pl_str lang;        ///< language tag, lower-cased by readers; empty if none
} pl_term;

static inline pl_term pl_term_iri(pl_str iri) { return (pl_term){.kind = PL_TERM_IRI, .text = iri}; }
static inline pl_term pl_term_string(pl_str s) { return (pl_term){.kind = PL_TERM_LITERAL, .text = s}; }
static inline pl_term pl_term_typed(pl_str s, pl_str datatype) {
  return (pl_term){.kind = PL_TERM_LITERAL, .text = s, .datatype = datatype};
}

/// Space for the text of an inline term.
#define PL_INLINE_TEXT_MAX 80

/// The tag of a term. If the term is inline, *id is its id; otherwise *id is 0 and the term belongs in the dictionary under the tag returned.
/// An explicit xsd:string datatype equals none. Never fails; an ill-typed literal ("x"^^xsd:integer) is PL_TAG_LITERAL.
pl_tag pl_term_classify(const pl_term* term, pl_id* id);
/// Write an inline id (not BLANK, IRI, dictionary or TEMP tags) as a term. Text is put in buf; datatype slices are static.
void pl_id_to_term(pl_id id, char buf[PL_INLINE_TEXT_MAX], pl_term* out);

bool pl_term_eq(const pl_term* a, const pl_term* b);

/// Append in N-Triples syntax (canonical form of RDF 1.2 N-Triples: \t \b \n \r \f \" \\ escaped, other controls as \uXXXX).
pl_status pl_term_write_nt(pl_buf* out, const pl_term* term);
/// Parse exactly one term in N-Triples syntax from s[*pos], advance *pos. Escapes are decoded into the arena; without escapes slices of s.
/// On failure *pos is where it went wrong and *reason a static text.
pl_status pl_term_parse_nt(pl_arena* arena, pl_str s, size_t* pos, pl_term* out, const char** reason);

#endif
