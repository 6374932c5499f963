/// A worker's system calls on the files of its life's folder, in order.
#ifndef TESTS_CRASH_RECORD_H
#define TESTS_CRASH_RECORD_H

#include "crash.h"
#include "disk.h"

typedef struct record {
  disk_op* ops;                ///< what was done
  size_t count, room;          ///< of ops
  bool folders[DISK_OBJECTS];  ///< by object: a folder
  unsigned objects;            ///< how many; 0 is the life's folder, 1 the store it began with, if any
  unsigned char* first;        ///< bytes of that store
  size_t first_len;            ///< how many
  bool begins;                 ///< there was one
  uint64_t acked;              ///< at the end
  char problem[200];           ///< a call that the record cannot hold, or ""
} record;

/// Run the worker of the life and record it. False, with `problem`, if it failed or did what cannot be recorded. The
/// store of the life must be in place. LMDB's lock file is written through a map: it is not part of the record.
bool record_make(const life* l, record* r);
void record_free(record* r);
/// A disk as it was when the record begins.
disk* record_disk(const record* r);
bool record_is_lock(const char* name);  ///< name of a lock file

#endif
