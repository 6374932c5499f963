/// Opening, closing and interrupting stores, their limits, and the frame of every call on a store.
///
/// A call on a store keeps its errors to itself until it fails; then they replace the store's, under its lock. So a
/// call that succeeds costs no lock, and threads disturb each other's errors only where both fail.
#include "api/api.h"

#include <math.h>
#include <unistd.h>

// ---- calls --------------------------------------------------------------------------------------------------------

void pl_api_mem_init(const parley* store, pl_mem* mem, size_t bytes_max) {
  pl_mem_init(mem, store->mem.fn, store->mem.user, bytes_max);
}

void pl_api_call_begin(pl_api_call* call, parley* store) {
  call->store = store;
  pl_api_mem_init(store, &call->mem, SIZE_MAX);
  pl_error_init(&call->err, &call->mem);
}

parley_status pl_api_call_end(pl_api_call* call, pl_status status) {
  parley* const store = call->store;
  if (status == PL_OK || status == PL_NOT_FOUND) {
    pl_error_clear(&call->err);
    return pl_api_status(status);
  }
  pl_api_error_complete(&call->err, status);
  (void)pthread_mutex_lock(&store->lock);
  pl_api_error_clear(&store->error);
  pl_error_move(&store->error.diags, &call->err);
  pl_api_error_seal(&store->error);
  (void)pthread_mutex_unlock(&store->lock);
  return pl_api_status(status);
}

pl_status pl_api_options_copy(void* to, size_t size, const void* from, const char* function, pl_error* err) {
  size_t given = 0;
  memset(to, 0, size);
  if (!from) {
    return PL_OK;
  }
  memcpy(&given, from, sizeof given);
  if (given < sizeof given) {
    return pl_fail(err, PL_MSG_API_SIZE, function);
  }
  memcpy(to, from, given < size ? given : size);
  return PL_OK;
}

// ---- opening ------------------------------------------------------------------------------------------------------

static pl_status check_flags(unsigned flags, pl_error* err) {
  if ((flags & PARLEY_OPEN_READONLY) && (flags & PARLEY_OPEN_CREATE)) {
    return pl_fail(err, PL_MSG_API_FLAGS, "PARLEY_OPEN_READONLY and PARLEY_OPEN_CREATE");
  }
  if ((flags & PARLEY_OPEN_FAST) && (flags & PARLEY_OPEN_NO_SYNC)) {
    return pl_fail(err, PL_MSG_API_FLAGS, "PARLEY_OPEN_FAST and PARLEY_OPEN_NO_SYNC");
  }
  return PL_OK;
}

static pl_store_options store_options(const parley_options* given, const atomic_int* interrupt) {
  const unsigned flags = given->flags;
  return (pl_store_options){.readonly = flags & PARLEY_OPEN_READONLY,
                            .create = flags & PARLEY_OPEN_CREATE,
                            .trusted = flags & PARLEY_OPEN_TRUSTED,
                            .no_wait = flags & PARLEY_OPEN_NO_WAIT,
                            .durability = flags & PARLEY_OPEN_NO_SYNC ? PL_SYNC_NONE
                                          : flags & PARLEY_OPEN_FAST  ? PL_SYNC_FAST
                                                                      : PL_SYNC_FULL,
                            .on_wait = given->on_wait,
                            .on_wait_user = given->user,
                            .interrupt = interrupt,
                            .base = pl_str_c(given->base),
                            .map_bytes = given->map_bytes,
                            .threads = given->threads,
                            .realloc_fn = given->reallocate,
                            .realloc_user = given->user};
}

static pl_status read_base(parley* store, pl_error* err) {
  pl_txn* txn;
  PL_TRY(pl_txn_begin(store->store, false, err, &txn));
  const pl_str base = pl_txn_settings(txn)->names.base;
  pl_status status = err->error_count ? err->status : PL_OK;
  if (status == PL_OK) {
    store->base = pl_mem_alloc(&store->mem, base.len + 1);
    status = store->base ? PL_OK : pl_fail(err, PL_MSG_NOMEM);
  }
  if (status == PL_OK) {
    memcpy(store->base, base.data, base.len);
    store->base[base.len] = '\0';
  }
  pl_api_read_end(store, txn);
  return status;
}

static void store_free(parley* store) {
  while (store->spare_count) {
    pl_txn_abort(store->spare[--store->spare_count]);
  }
  pl_store_close(store->store);
  pl_api_error_free(&store->error);
  if (store->base) {
    pl_mem_free(&store->mem, store->base, strlen(store->base) + 1);
  }
  (void)pthread_mutex_destroy(&store->lock);
  pl_mem mem = store->mem;
  pl_mem_free(&mem, store, sizeof *store);
}

static pl_status open_store(const char* path, const parley_options* given, pl_mem* mem, pl_error* err, parley** out) {
  if (!path) {
    return pl_fail(err, PL_MSG_API_NULL, "parley_open", "path");
  }
  PL_TRY(check_flags(given->flags, err));
  parley* const store = pl_mem_calloc(mem, 1, sizeof *store);
  if (!store) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  store->mem = *mem;
  pl_mem_init(mem, mem->fn, mem->user, SIZE_MAX);  // the handle's account has moved into it
  store->pid = getpid();
  store->limits.size = sizeof store->limits;
  atomic_init(&store->interrupt, 0);
  atomic_init(&store->handles, 0);
  (void)pthread_mutex_init(&store->lock, NULL);  // cannot fail with default attributes on Linux
  pl_api_error_init(&store->error, &store->mem);
  const pl_store_options options = store_options(given, &store->interrupt);
  pl_status status = pl_store_open(path, &options, err, &store->store);
  if (status == PL_OK) {
    status = read_base(store, err);
  }
  if (status != PL_OK) {
    store_free(store);
    return status;
  }
  *out = store;
  return PL_OK;
}

parley_status parley_open(const char* path, const parley_options* options, parley** store,
                          parley_error_object** error) {
  parley_options given;
  pl_mem heap;
  pl_mem mem;
  pl_error err;
  if (error) {
    *error = NULL;
  }
  if (!store) {
    return PARLEY_MISUSE;
  }
  *store = NULL;
  pl_mem_init(&heap, NULL, NULL, SIZE_MAX);
  pl_error_init(&err, &heap);
  pl_status status = pl_api_options_copy(&given, sizeof given, options, "parley_open", &err);
  if (status == PL_OK) {
    pl_mem_init(&mem, given.reallocate, given.user, SIZE_MAX);
    status = open_store(path, &given, &mem, &err, store);
  }
  if (status != PL_OK && error) {
    pl_api_error_complete(&err, status);
    *error = pl_api_error_detach(&err);
  }
  pl_error_clear(&err);
  return pl_api_status(status);
}

parley_status parley_close(parley* store) {
  pl_api_call call;
  if (!store) {
    return PARLEY_OK;
  }
  if (store->pid != getpid()) {
    return PARLEY_MISUSE;  // a lock of the parent may be held for ever here: nothing is touched
  }
  const size_t handles = atomic_load(&store->handles);
  if (handles > 0) {
    pl_api_call_begin(&call, store);
    return pl_api_call_end(&call, pl_fail(&call.err, PL_MSG_API_IN_USE, handles));
  }
  store_free(store);
  return PARLEY_OK;
}

// ---- the rest -----------------------------------------------------------------------------------------------------

const parley_error_object* parley_error(const parley* store) {
  static const parley_error_object none;
  if (!store) {
    return &none;
  }
  // Waiting for the lock makes what another thread has just published visible here.
  parley* const shared = (parley*)(uintptr_t)store;
  (void)pthread_mutex_lock(&shared->lock);
  (void)pthread_mutex_unlock(&shared->lock);
  return &store->error;
}

void parley_interrupt(parley* store) {
  if (store) {
    atomic_store(&store->interrupt, 1);
  }
}

void parley_clear_interrupt(parley* store) {
  if (store) {
    atomic_store(&store->interrupt, 0);
  }
}

const char* parley_base(const parley* store) { return store ? store->base : ""; }

/// A private copy of the caller's limits, checked.
static pl_status take_limits(const parley_limits* given, const char* function, pl_error* err, parley_limits* out) {
  if (!given) {
    return pl_fail(err, PL_MSG_API_NULL, function, "limits");
  }
  PL_TRY(pl_api_options_copy(out, sizeof *out, given, function, err));
  return isnan(out->seconds) || out->seconds < 0 ? pl_fail(err, PL_MSG_API_LIMIT) : PL_OK;
}

parley_status parley_set_limits(parley* store, const parley_limits* limits) {
  pl_api_call call;
  parley_limits copy;
  if (!store) {
    return PARLEY_MISUSE;
  }
  pl_api_call_begin(&call, store);
  const pl_status status = take_limits(limits, "parley_set_limits", &call.err, &copy);
  if (status == PL_OK) {
    (void)pthread_mutex_lock(&store->lock);
    store->limits = copy;
    (void)pthread_mutex_unlock(&store->lock);
  }
  return pl_api_call_end(&call, status);
}

parley_status parley_query_set_limits(parley_query* query, const parley_limits* limits) {
  parley_limits copy;
  if (!query) {
    return PARLEY_MISUSE;
  }
  pl_error* const err = pl_api_query_misuse(query);
  if (query->state == PL_API_READING) {
    return pl_api_status(pl_fail(err, PL_MSG_QUERY_READING));
  }
  const pl_status status = take_limits(limits, "parley_query_set_limits", err, &copy);
  if (status == PL_OK) {
    query->limits = copy;
    pl_api_query_forget(query);  // a run that is kept has the limits of its beginning
  }
  return pl_api_status(status);
}
