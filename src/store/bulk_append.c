/// Appending an order on a thread of its own: while one slot of rows is encoded and put into LMDB, the caller merges the next
/// rows into the other, counts them and feeds the next sorter. Without a pool everything runs on the caller.
///
/// The thread has the account and the error object that the dictionary's thread had before; the transaction begins and ends on the
/// caller and is used by one thread at a time.
#include "store/bulk_internal.h"

struct pl_appender {
  pl_bulk* bulk;                          ///< builder
  pl_txn* txn;                            ///< of this order
  pl_index_append* append;                ///< target
  bool threaded;                          ///< thread runs
  pthread_t thread;                       ///< encodes and puts
  pthread_mutex_t lock;                   ///< guards what follows but rows
  pthread_cond_t changed;                 ///< a slot changed hands
  bool full[2];                           ///< slot waits for the thread, or is with it
  bool ended;                             ///< no more slots come
  size_t count[2];                        ///< rows in a slot
  pl_status status;                       ///< first failure of the thread
  unsigned at;                            ///< the caller's slot
  uint64_t rows[2][PL_APPENDER_ROWS][4];  ///< slots
};

/// Wait until the slot is full (true) or the end (false).
static bool await_slot(pl_appender* a, unsigned slot) {
  (void)pthread_mutex_lock(&a->lock);
  while (!a->full[slot] && !a->ended) {
    (void)pthread_cond_wait(&a->changed, &a->lock);
  }
  const bool full = a->full[slot];
  (void)pthread_mutex_unlock(&a->lock);
  return full;
}

static void give_back(pl_appender* a, unsigned slot, pl_status status) {
  (void)pthread_mutex_lock(&a->lock);
  a->full[slot] = false;
  a->status = a->status == PL_OK ? status : a->status;
  (void)pthread_cond_signal(&a->changed);
  (void)pthread_mutex_unlock(&a->lock);
}

static void* run(void* user) {
  pl_appender* const a = user;
  pl_status status = PL_OK;
  for (unsigned slot = 0; await_slot(a, slot); slot ^= 1) {
    if (status == PL_OK) {
      status = pl_index_append_rows(a->append, a->rows[slot][0], a->count[slot]);
    }
    give_back(a, slot, status);
  }
  return NULL;
}

pl_status pl_appender_open(pl_bulk* bulk, pl_db db, pl_appender** out) {
  *out = NULL;
  pl_appender* const a = pl_mem_calloc(&bulk->mem, 1, sizeof *a);
  if (!a) {
    return pl_bulk_nomem(bulk);
  }
  a->bulk = bulk;
  pl_status status = pl_txn_begin(bulk->store, true, &bulk->side_err, &a->txn);
  if (status == PL_OK) {
    status = pl_index_append_open(pl_index_of(a->txn, db), bulk->options.fill_percent, &bulk->side_mem, &a->append);
  }
  if (status != PL_OK) {
    pl_txn_abort(a->txn);
    pl_error_move(bulk->err, &bulk->side_err);
    pl_mem_free(&bulk->mem, a, sizeof *a);
    return status;
  }
  (void)pthread_mutex_init(&a->lock, NULL);  // with default attributes neither can fail
  (void)pthread_cond_init(&a->changed, NULL);
  a->threaded = bulk->pool && pthread_create(&a->thread, NULL, run, a) == 0;
  *out = a;
  return PL_OK;
}

pl_status pl_appender_slot(pl_appender* a, uint64_t (**rows)[4]) {
  (void)pthread_mutex_lock(&a->lock);
  while (a->full[a->at]) {
    (void)pthread_cond_wait(&a->changed, &a->lock);
  }
  const pl_status status = a->status;
  (void)pthread_mutex_unlock(&a->lock);
  *rows = a->rows[a->at];
  return status;
}

pl_status pl_appender_push(pl_appender* a, size_t count) {
  if (!a->threaded) {
    return pl_index_append_rows(a->append, a->rows[a->at][0], count);
  }
  (void)pthread_mutex_lock(&a->lock);
  a->count[a->at] = count;
  a->full[a->at] = true;
  (void)pthread_cond_signal(&a->changed);
  (void)pthread_mutex_unlock(&a->lock);
  a->at ^= 1;
  return PL_OK;
}

static void join(pl_appender* a) {
  if (a->threaded) {
    (void)pthread_mutex_lock(&a->lock);
    a->ended = true;
    (void)pthread_cond_signal(&a->changed);
    (void)pthread_mutex_unlock(&a->lock);
    (void)pthread_join(a->thread, NULL);  // a thread that was made can be joined
  }
  (void)pthread_cond_destroy(&a->changed);
  (void)pthread_mutex_destroy(&a->lock);
}

pl_status pl_appender_close(pl_appender* a, pl_status status) {
  pl_bulk* const bulk = a->bulk;
  join(a);
  status = status == PL_OK ? a->status : status;
  if (status == PL_OK) {
    status = pl_index_append_finish(a->append);
  } else {
    pl_index_append_abort(a->append);
  }
  status = pl_bulk_end_txn(a->txn, status);
  if (bulk->side_err.count > 0) {
    pl_error_move(bulk->err, &bulk->side_err);
  }
  pl_mem_free(&bulk->mem, a, sizeof *a);
  return status;
}
