/// A small thread pool for scans, sorts, builds and the loader. Created by a store handle on first use; threads sleep when idle.
#ifndef PL_BASE_POOL_H
#define PL_BASE_POOL_H

#include "base/base.h"
#include "base/mem.h"

typedef struct pl_pool pl_pool;

/// Create a pool that runs up to `threads` tasks at once, the calling thread included (so threads - 1 are started). 0 = number of processors.
pl_status pl_pool_new(pl_mem* mem, unsigned threads, pl_pool** out);
void pl_pool_free(pl_pool* pool);               ///< waits for running tasks; accepts NULL
unsigned pl_pool_threads(const pl_pool* pool);  ///< 1 for NULL
/// Run fn(user, i) for i in [0, count) and wait for all; the caller takes part. Returns the failure of the lowest i, else PL_OK.
/// With pool NULL everything runs on the caller. Safe to call from several threads at once; not from inside a task.
pl_status pl_pool_run(pl_pool* pool, size_t count, pl_status (*fn)(void* user, size_t i), void* user);

#endif
