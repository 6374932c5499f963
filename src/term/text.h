/// Pieces of text output that the writers of this folder share.
#ifndef PL_TERM_TEXT_H
#define PL_TERM_TEXT_H

#include "base/mem.h"

/// Append "s" in double quotes, escaped as N-Triples (and JSON) does it.
pl_status pl_text_write_quoted(pl_buf* out, pl_str s);
/// Append <iri>.
pl_status pl_iri_write(pl_buf* out, pl_str iri);

#endif
