/// Character classes of names and IRIs, as RDF 1.1 N-Triples and Turtle define them.
#ifndef PL_TERM_CHARS_H
#define PL_TERM_CHARS_H

#include "base/base.h"

bool pl_char_is_name_start(uint32_t c);  ///< PN_CHARS_U: PN_CHARS_BASE or `_`
bool pl_char_is_name(uint32_t c);        ///< PN_CHARS: PN_CHARS_U, `-`, digits and combining marks
bool pl_char_in_iri(uint32_t c);         ///< what an IRIREF may hold without escapes

#endif
