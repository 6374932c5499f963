/// Extras of the byte source beside reader.h: the document's head, and stopping a read that waits.
#ifndef PL_LOAD_BYTES_H
#define PL_LOAD_BYTES_H

#include "load/reader.h"

#include <stdatomic.h>

#define PL_HEAD_BYTES ((size_t)64 << 10)  ///< bytes of the document's head that are kept

/// The first 64 KiB of the document (decompressed, without byte order mark), or all of it if it is shorter. Reads
/// ahead; what was read is delivered later all the same. With `arrived` it waits for nothing: what has come so far.
pl_status pl_bytes_head(pl_bytes* bytes, bool arrived, pl_str* head);
/// End a document longer than so many bytes, unpacked, with PL_ERR_LIMIT; 0 = no limit.
void pl_bytes_limit(pl_bytes* bytes, uint64_t document_bytes_max);
/// Flags asked while a read waits for a pipe or terminal (both may be NULL): non-zero ends it with PL_ERR_INTERRUPTED.
void pl_bytes_set_stop(pl_bytes* bytes, const atomic_int* stop, const atomic_int* interrupt);

#endif
