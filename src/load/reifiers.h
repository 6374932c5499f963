/// Reifiers waiting for their annotations (RDF 1.2 in N-Triples and N-Quads).
///
///   _:r <rdf:reifies> <<( s p o )>> .      opens r
///   _:r <urn:parley:source> <...> .        annotates it
///
/// The lines of a reifier are kept as text and scanned again when it is closed: at the end of the file, or, oldest
/// first, when a million of them (or 512 MiB) are waiting. An export writes each group together, so that files of any
/// size load.
#ifndef PL_LOAD_REIFIERS_H
#define PL_LOAD_REIFIERS_H

#include "load/batch.h"
#include "load/hashset.h"
#include "load/nt_line.h"

#define PL_REIFIERS_MAX ((size_t)1 << 20)         ///< waiting at once
#define PL_REIFIER_BYTES_MAX ((size_t)512 << 20)  ///< text waiting at once

typedef struct pl_reifier pl_reifier;
typedef struct pl_reifiers {
  pl_mem* mem;         ///< account
  pl_error* err;       ///< for failures
  pl_reifier** slots;  ///< open addressing by hash of the label
  size_t capacity;     ///< power of two, or 0
  size_t count;        ///< waiting
  size_t bytes;        ///< text waiting
  pl_reifier* oldest;  ///< list in order of opening
  pl_reifier* newest;  ///< its end
  pl_hashset closed;   ///< hashes of labels already closed
} pl_reifiers;

void pl_reifiers_init(pl_reifiers* reifiers, pl_mem* mem, pl_error* err);
void pl_reifiers_free(pl_reifiers* reifiers);
/// Offer a scanned statement. *taken: it opens or annotates a reifier and was kept (`text` is its line). PL_ERR_FORMAT:
/// it came too late.
pl_status pl_reifiers_offer(pl_reifiers* reifiers, const pl_nt_line* line, pl_str text, uint64_t row, bool* taken);
/// First row of the oldest waiting reifier; 0 if none waits.
uint64_t pl_reifiers_row(const pl_reifiers* reifiers);
/// Close waiting reifiers into the batch: those over the limit, or with `all` every one, until the batch is full.
pl_status pl_reifiers_close(pl_reifiers* reifiers, pl_nt_line* line, pl_batch* batch, bool all);

#endif
