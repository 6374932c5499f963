/// Temporary files that cannot outlive the process: created with O_TMPFILE, or made and unlinked at once.
#ifndef PL_BASE_TEMPFILE_H
#define PL_BASE_TEMPFILE_H

#include "base/diag.h"

/// Open an anonymous read-write file (mode 0600) in `dir` (NULL: $TMPDIR, else /tmp). Caller closes *fd.
pl_status pl_tempfile_open(const char* dir, int* fd, pl_error* err);

#endif
