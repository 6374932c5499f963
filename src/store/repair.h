/// Saving what is readable of a damaged store into a new one.
///
/// LMDB never sees the damaged file: its pages are walked with pread (pages.h), damaged ones are left out, and what is found has to be proved:
/// a term by its hash, a row by the other orders that hold it, an assertion's annotations by their two orders or its identity. So much is
/// kept, and nothing is invented. The new store comes from the ordinary bulk build: it is sound by construction.
#ifndef PL_STORE_REPAIR_H
#define PL_STORE_REPAIR_H

#include "base/work.h"
#include "store/env.h"

typedef struct pl_repair_options {
  size_t bytes_max;  ///< memory for rows being sorted; 0 = 256 MiB
  unsigned threads;  ///< 0 = processors
  pl_guard* guard;   ///< may be NULL
  pl_work* work;     ///< told how far it is, before the guard is asked; may be NULL
  void (*on_finding)(
      void* user, const char* text);  ///< each finding, "part: what is wrong or lost"; at most 1000, then how many more
  void* user;                         ///< its argument
  pl_realloc_fn realloc_fn;           ///< allocator; NULL = C heap; called from several threads at once
  void* realloc_user;                 ///< passed to it
} pl_repair_options;

typedef struct pl_repair_report {
  uint64_t facts;        ///< saved
  uint64_t assertions;   ///< saved, rows of named graphs included
  uint64_t annotations;  ///< saved
  uint64_t terms;        ///< readable in the damaged store
  uint64_t rows_lost;    ///< statements that could not be saved, as far as can be known
  uint64_t terms_lost;   ///< dictionary entries that could not be read or proved
  uint64_t findings;     ///< all findings; 0 = the store was sound, as far as was looked
} pl_repair_report;

/// Save the store in file `path` into `dest`, which must not exist and appears whole or not at all. `path` is only read; no process may have it
/// open (PL_ERR_BUSY). PL_OK also when something was lost. PL_ERR_CORRUPT: there is nothing that leads to any data; PL_ERR_VERSION: a newer
/// format.
pl_status pl_repair(const char* path, const char* dest, const pl_repair_options* options, pl_error* err,
                    pl_repair_report* report);

#endif
