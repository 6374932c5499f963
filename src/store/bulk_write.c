/// Writing the new store: the dictionary on a thread of its own while the rows are sorted, then one order after the
/// other.
///
///     spo ──> osp ──> pos ──> pso        each order is appended while its rows are fed to the sorter of the next
///      └────> cspo                       rows with c != 0
///     cpo ──> poc                        annotations
///     pos ──> text                       words of the objects of indexed predicates
///
/// So no more than two sorters hold rows at a time, and memory does not grow with the file. Every order is a
/// transaction: the file is not visible yet, and LMDB keeps the dirty pages of one order only. pos and pso bring the
/// rows of each predicate together, and with them its counters.
#include "store/bulk_internal.h"
#include "store/stats.h"
#include "store/text.h"

enum { FEED_ROWS = PL_APPENDER_ROWS };

/// Sorted rows of facts, plain and stated ones merged: four columns a row.
typedef struct fact_stream {
  pl_fact_rows from;       ///< finished sorters
  const uint64_t* plain;   ///< window of plain rows
  size_t plain_count;      ///< left in it
  const uint64_t* stated;  ///< window of stated rows
  size_t stated_count;     ///< left in it
} fact_stream;

static pl_status refill(pl_rowsort* sort, const uint64_t** rows, size_t* count) {
  return sort && *count == 0 ? pl_rowsort_next(sort, rows, count) : PL_OK;
}

static bool plain_first(const fact_stream* f) {
  if (f->stated_count == 0 || f->plain_count == 0) {
    return f->stated_count == 0;
  }
  for (unsigned i = 0; i < 3; i++) {
    if (f->plain[i] != f->stated[i]) {
      return f->plain[i] < f->stated[i];
    }
  }
  return true;
}

static void take_plain(fact_stream* f, uint64_t row[4]) {
  memcpy(row, f->plain, 3 * sizeof *row);
  row[3] = 0;
  f->plain += 3;
  f->plain_count--;
}

static void take_stated(fact_stream* f, uint64_t row[4]) {
  memcpy(row, f->stated, 4 * sizeof *row);
  f->stated += 4;
  f->stated_count--;
}

static void take_all_plain(fact_stream* f, uint64_t (*rows)[4], size_t count) {
  for (size_t i = 0; i < count; i++) {
    take_plain(f, rows[i]);
  }
}

/// The next FEED_ROWS rows; *count = 0 at the end.
static pl_status stream_next(fact_stream* f, uint64_t (*rows)[4], size_t* count) {
  size_t n = 0;
  while (n < FEED_ROWS) {
    PL_TRY(refill(f->from.plain, &f->plain, &f->plain_count));
    PL_TRY(refill(f->from.stated, &f->stated, &f->stated_count));
    if (f->plain_count + f->stated_count == 0) {
      break;
    }
    if (!f->from.stated) {
      const size_t some = f->plain_count < FEED_ROWS - n ? f->plain_count : FEED_ROWS - n;
      take_all_plain(f, rows + n, some);
      n += some;
    } else if (plain_first(f)) {
      take_plain(f, rows[n++]);
    } else {
      take_stated(f, rows[n++]);
    }
  }
  *count = n;
  return PL_OK;
}

static void rows_free(pl_fact_rows* rows) {
  pl_rowsort_free(rows->plain);
  pl_rowsort_free(rows->stated);
  *rows = (pl_fact_rows){0};
}

static pl_status rows_finish(const pl_fact_rows* rows) {
  PL_TRY(pl_rowsort_finish(rows->plain));
  return rows->stated ? pl_rowsort_finish(rows->stated) : PL_OK;
}

static pl_status rows_new(pl_bulk* bulk, bool stated, uint32_t key_columns, pl_fact_rows* rows) {
  *rows = (pl_fact_rows){0};
  PL_TRY(pl_bulk_plain_sorter(bulk, key_columns, &rows->plain));
  return stated ? pl_bulk_sorter(bulk, 4, 4, &rows->stated) : PL_OK;
}

// ---- one order ----------------------------------------------------------------------------------------------------

/// A pass over one order: append, count, feed the next order.
typedef struct order_write {
  pl_bulk* bulk;                ///< builder
  pl_order order;               ///< being written
  pl_order next;                ///< order fed, if feed.plain
  pl_fact_rows feed;            ///< its sorters
  pl_rowsort* cspo;             ///< fed by the first pass; NULL without stated rows
  uint64_t last[4];             ///< the row before
  uint64_t fed[FEED_ROWS * 3];  ///< plain rows for the next order
  pl_predicate_list* stats;     ///< counters per predicate, in order
  size_t stats_at;              ///< in pso: which predicate; SIZE_MAX before the first
} order_write;

static void count_totals(order_write* w, const uint64_t (*rows)[4], size_t count) {
  pl_totals* const t = &w->bulk->totals;
  for (size_t i = 0; i < count; i++) {
    const uint64_t* const row = rows[i];
    t->facts += row[0] != w->last[0] || row[1] != w->last[1] || row[2] != w->last[2];
    t->plain += row[3] == 0;
    memcpy(w->last, row, sizeof w->last);
  }
  t->rows += count;
}

/// pos: rows, facts and distinct objects of every predicate.
static pl_status count_objects(order_write* w, const uint64_t (*rows)[4], size_t count) {
  for (size_t i = 0; i < count; i++) {
    const uint64_t* const row = rows[i];
    const bool predicate_new = row[0] != w->last[0], object_new = predicate_new || row[1] != w->last[1];
    if (predicate_new && pl_vec_push(&w->bulk->mem, w->stats, ((pl_predicate_stats){.predicate = row[0]})) != PL_OK) {
      return pl_bulk_nomem(w->bulk);
    }
    pl_predicate_stats* const s = &w->stats->data[w->stats->count - 1];
    s->rows++;
    s->facts += object_new || row[2] != w->last[2];
    s->objects += object_new;
    memcpy(w->last, row, sizeof w->last);
  }
  return PL_OK;
}

/// pso comes after pos and has the same predicates in the same order: distinct subjects.
static void count_subjects(order_write* w, const uint64_t (*rows)[4], size_t count) {
  for (size_t i = 0; i < count; i++) {
    const uint64_t* const row = rows[i];
    const bool predicate_new = row[0] != w->last[0];
    w->stats_at += predicate_new;
    assert(w->stats_at < w->stats->count && w->stats->data[w->stats_at].predicate == row[0]);
    w->stats->data[w->stats_at].subjects += predicate_new || row[1] != w->last[1];
    memcpy(w->last, row, sizeof w->last);
  }
}

/// Column of the present order in which each column of the next one stands.
static void permutation(pl_order from, pl_order to, unsigned at[3]) {
  for (unsigned i = 0; i < 3; i++) {
    for (unsigned k = 0; k < 3; k++) {
      if (pl_order_columns[from][k] == pl_order_columns[to][i]) {
        at[i] = k;
      }
    }
  }
}

static pl_status feed_next(order_write* w, const uint64_t (*rows)[4], size_t count) {
  unsigned at[3] = {0};
  permutation(w->order, w->next, at);
  size_t n = 0;
  for (size_t i = 0; i < count; i++) {
    const uint64_t row[4] = {rows[i][at[0]], rows[i][at[1]], rows[i][at[2]], rows[i][3]};
    if (row[3] == 0) {
      memcpy(w->fed + n, row, 3 * sizeof *row);
      n += 3;
    } else {
      PL_TRY(pl_rowsort_add(w->feed.stated, row, 1));
    }
  }
  return pl_rowsort_add(w->feed.plain, w->fed, n / 3);
}

static pl_status feed_cspo(order_write* w, const uint64_t (*rows)[4], size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (rows[i][3] != 0) {
      const uint64_t row[4] = {rows[i][3], rows[i][0], rows[i][1], rows[i][2]};
      PL_TRY(pl_rowsort_add(w->cspo, row, 1));
    }
  }
  return PL_OK;
}

static pl_status on_rows(order_write* w, const uint64_t (*rows)[4], size_t count) {
  if (w->order == PL_ORDER_SPO) {
    count_totals(w, rows, count);
  } else if (w->order == PL_ORDER_POS) {
    PL_TRY(count_objects(w, rows, count));
  } else if (w->order == PL_ORDER_PSO) {
    count_subjects(w, rows, count);
  }
  if (w->cspo) {
    PL_TRY(feed_cspo(w, rows, count));
  }
  return w->feed.plain ? feed_next(w, rows, count) : PL_OK;
}

static pl_status append_stream(order_write* w, fact_stream* stream, pl_appender* appender) {
  for (;;) {
    uint64_t(*rows)[4];
    size_t count;
    PL_TRY(pl_guard_check(w->bulk->options.guard, w->bulk->err));
    PL_TRY(pl_appender_slot(appender, &rows));
    PL_TRY(stream_next(stream, rows, &count));
    if (count == 0) {
      return PL_OK;
    }
    PL_TRY(pl_appender_push(appender, count));
    PL_TRY(on_rows(w, (const uint64_t(*)[4])rows, count));
  }
}

/// Append the sorted rows of an order; they are freed.
static pl_status write_order(order_write* w, pl_fact_rows* rows) {
  fact_stream stream = {.from = *rows};
  pl_appender* appender;
  memset(w->last, 0, sizeof w->last);
  pl_status status = pl_appender_open(w->bulk, (pl_db)w->order, &appender);
  if (status == PL_OK) {
    status = pl_appender_close(appender, append_stream(w, &stream, appender));
  }
  rows_free(rows);
  return status;
}

pl_status pl_bulk_end_txn(pl_txn* txn, pl_status status) {
  pl_store* const store = txn->store;
  if (status != PL_OK) {
    pl_txn_abort(txn);
    return status;
  }
  PL_TRY(pl_txn_commit(txn));
  pl_place_start_writing(store);
  return PL_OK;
}

// ---- rows of assertions -------------------------------------------------------------------------------------------

/// Append a sorter's rows as they are. on_rows (may be NULL) sees them too.
static pl_status write_sorted(pl_bulk* bulk, pl_rowsort* sort, pl_db db,
                              pl_status (*fn)(void* user, const uint64_t* rows, size_t count), void* user) {
  if (!sort) {
    return PL_OK;
  }
  pl_txn* txn;
  pl_index_append* append;
  PL_TRY(pl_rowsort_finish(sort));
  PL_TRY(pl_txn_begin(bulk->store, true, bulk->err, &txn));
  pl_status status = pl_index_append_open(pl_index_of(txn, db), bulk->options.fill_percent, &bulk->mem, &append);
  if (status != PL_OK) {
    pl_txn_abort(txn);
    return status;
  }
  size_t count = 1;
  while (status == PL_OK && count > 0) {
    const uint64_t* rows;
    status = pl_rowsort_next(sort, &rows, &count);
    status = status == PL_OK ? pl_guard_check(bulk->options.guard, bulk->err) : status;
    status = status == PL_OK ? pl_index_append_rows(append, rows, count) : status;
    status = status == PL_OK && fn ? fn(user, rows, count) : status;
  }
  if (status == PL_OK) {
    status = pl_index_append_finish(append);
  } else {
    pl_index_append_abort(append);
  }
  return pl_bulk_end_txn(txn, status);
}

typedef struct note_pass {
  pl_bulk* bulk;            ///< builder
  pl_rowsort* poc;          ///< fed while cpo is written
  pl_predicate_list stats;  ///< counters per annotation predicate, filled while poc is written
  pl_id object_last;        ///< object of the row before
} note_pass;

static pl_status on_cpo(void* user, const uint64_t* rows, size_t count) {
  note_pass* const pass = user;
  pass->bulk->totals.annotations += count;
  for (size_t i = 0; i < count; i++) {
    const uint64_t row[3] = {rows[3 * i + 1], rows[3 * i + 2], rows[3 * i]};
    PL_TRY(pl_rowsort_add(pass->poc, row, 1));
  }
  return PL_OK;
}

static pl_status on_poc(void* user, const uint64_t* rows, size_t count) {
  note_pass* const pass = user;
  for (size_t i = 0; i < count; i++) {
    const uint64_t predicate = rows[3 * i];
    if ((pass->stats.count == 0 || pass->stats.data[pass->stats.count - 1].predicate != predicate) &&
        pl_vec_push(&pass->bulk->mem, &pass->stats, ((pl_predicate_stats){.predicate = predicate})) != PL_OK) {
      return pl_bulk_nomem(pass->bulk);
    }
    pl_predicate_stats* const s = &pass->stats.data[pass->stats.count - 1];
    s->objects += s->rows == 0 || pass->object_last != rows[3 * i + 1];
    s->rows = s->facts = s->subjects = s->rows + 1;
    pass->object_last = rows[3 * i + 1];
  }
  return PL_OK;
}

static pl_status write_notes(pl_bulk* bulk, pl_predicate_list* stats) {
  if (!bulk->notes) {
    return PL_OK;
  }
  note_pass pass = {.bulk = bulk};
  pl_status status = pl_bulk_sorter(bulk, 3, 8, &pass.poc);
  if (status == PL_OK) {
    status = write_sorted(bulk, bulk->notes, PL_DB_CPO, on_cpo, &pass);
  }
  if (status == PL_OK) {
    status = write_sorted(bulk, pass.poc, PL_DB_POC, on_poc, &pass);
  }
  pl_rowsort_free(pass.poc);
  *stats = pass.stats;
  return status;
}

// ---- the dictionary, on its thread --------------------------------------------------------------------------------

typedef struct dict_thread {
  pl_bulk* bulk;     ///< builder
  pl_guard guard;    ///< a copy without progress calls: guards belong to one thread
  pl_status status;  ///< result
} dict_thread;

static void* dict_run(void* user) {
  dict_thread* const t = user;
  pl_txn* txn;
  t->status = pl_txn_begin(t->bulk->store, true, &t->bulk->side_err, &txn);
  if (t->status == PL_OK) {
    pl_dict_build_lend(t->bulk->dict, &t->guard, &t->bulk->side_err);
    t->status = pl_bulk_end_txn(txn, pl_dict_build_write(t->bulk->dict, txn));
  }
  pl_dict_build_free(t->bulk->dict);
  t->bulk->dict = NULL;
  return NULL;
}

/// Write the dictionary and sort the facts at once; then the dictionary is gone from memory.
static pl_status write_dictionary(pl_bulk* bulk) {
  dict_thread t = {.bulk = bulk, .guard = *bulk->options.guard};
  t.guard.progress = NULL;
  pthread_t thread;
  const bool started = bulk->pool && pthread_create(&thread, NULL, dict_run, &t) == 0;
  pl_status status = rows_finish(&bulk->facts);
  if (started) {
    (void)pthread_join(thread, NULL);  // a thread that was made can be joined
  } else {
    (void)dict_run(&t);
  }
  if (t.status != PL_OK) {
    pl_error_move(bulk->err, &bulk->side_err);
    status = status == PL_OK ? t.status : status;
  }
  return status;
}

// ---- all of it ----------------------------------------------------------------------------------------------------

static pl_status write_facts(pl_bulk* bulk, order_write* w) {
  // Rows of an order come to the next one sorted by its last columns: osp has only o to sort by, pos p, pso p and s.
  static const pl_order chain[] = {PL_ORDER_SPO, PL_ORDER_OSP, PL_ORDER_POS, PL_ORDER_PSO};
  static const uint32_t key_columns[] = {3, 1, 1, 2};
  const bool stated = bulk->facts.stated != NULL;
  pl_fact_rows rows = bulk->facts;
  bulk->facts = (pl_fact_rows){0};
  pl_status status = PL_OK;
  for (size_t i = 0; i < PL_COUNT_OF(chain) && status == PL_OK; i++) {
    const bool last = i + 1 == PL_COUNT_OF(chain);
    w->order = chain[i];
    w->feed = (pl_fact_rows){0};
    w->next = last ? chain[i] : chain[i + 1];
    status = last ? PL_OK : rows_new(bulk, stated, key_columns[i + 1], &w->feed);
    if (status == PL_OK && i == 0 && stated) {
      status = pl_bulk_sorter(bulk, 4, 8, &w->cspo);
    }
    status = status == PL_OK ? write_order(w, &rows) : status;
    rows_free(&rows);
    rows = w->feed;
    status = status == PL_OK && !last ? rows_finish(&rows) : status;
    status = status == PL_OK && w->cspo ? write_sorted(bulk, w->cspo, PL_DB_CSPO, NULL, NULL) : status;
    pl_rowsort_free(w->cspo);
    w->cspo = NULL;
  }
  rows_free(&rows);
  return status;
}

static pl_status put_stats(pl_txn* txn, pl_stats_kind kind, const pl_predicate_list* stats) {
  for (size_t i = 0; i < stats->count; i++) {
    PL_TRY(pl_stats_put(txn, kind, &stats->data[i]));
  }
  return PL_OK;
}

static pl_status write_counters(pl_bulk* bulk, const pl_predicate_list* facts, const pl_predicate_list* notes) {
  pl_txn* txn;
  PL_TRY(pl_txn_begin(bulk->store, true, bulk->err, &txn));
  pl_status status = put_stats(txn, PL_STATS_FACTS, facts);
  if (status == PL_OK) {
    status = put_stats(txn, PL_STATS_ANNOTATIONS, notes);
  }
  bulk->totals.terms = txn->totals.terms;
  bulk->totals.assertions = bulk->next_assertion - 1;
  bulk->totals.predicates = facts->count;
  txn->totals = bulk->totals;
  txn->next_assertion = bulk->next_assertion;
  txn->totals_dirty = true;
  return pl_bulk_end_txn(txn, status);
}

static pl_status write_texts(pl_bulk* bulk) {
  pl_txn* txn;
  PL_TRY(pl_txn_begin(bulk->store, true, bulk->err, &txn));
  const pl_settings* const settings = pl_txn_settings(txn);
  const pl_status status =
      pl_text_build(txn, settings->text_predicates, settings->text_predicate_count, bulk->options.guard);
  return pl_bulk_end_txn(txn, status);
}

static pl_status write_all(pl_bulk* bulk, order_write* w, pl_predicate_list* notes) {
  PL_TRY(write_dictionary(bulk));
  PL_TRY(write_facts(bulk, w));
  PL_TRY(write_sorted(bulk, bulk->identities, PL_DB_IDENTITY, NULL, NULL));
  PL_TRY(write_notes(bulk, notes));
  PL_TRY(write_counters(bulk, w->stats, notes));
  return write_texts(bulk);
}

pl_status pl_bulk_write(pl_bulk* bulk) {
  pl_predicate_list facts = {0}, notes = {0};
  order_write* const w = pl_mem_calloc(&bulk->mem, 1, sizeof *w);
  if (!w) {
    return pl_bulk_nomem(bulk);
  }
  w->bulk = bulk;
  w->stats = &facts;
  w->stats_at = SIZE_MAX;
  const pl_status status = write_all(bulk, w, &notes);
  pl_vec_free(&bulk->mem, &facts);
  pl_vec_free(&bulk->mem, &notes);
  pl_mem_free(&bulk->mem, w, sizeof *w);
  return status;
}
