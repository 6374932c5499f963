/// The driver: takes batches from the feed, applies the one policy for bad rows, and writes them to one of three sinks:
/// an open store (own transactions), a transaction of the caller, or a bulk build. Commits in steps if asked; asks the
/// guard at least every 50 ms.
#include "load/load.h"

#include "load/feed.h"

#include <sys/stat.h>

enum { WAIT_MS = 50 };
static const uint64_t COMMIT_NS = UINT64_C(1000000000);
static const uint64_t PROGRESS_NS = UINT64_C(100000000);

typedef struct load_run {
  const pl_load_options* options;  ///< never NULL
  pl_error* err;                   ///< of the caller
  pl_load_summary* summary;        ///< never NULL
  pl_guard guard;                  ///< interrupt and progress
  pl_feed feed;                    ///< batches
  const pl_input* inputs;          ///< for names
  pl_store* store;                 ///< sink 1: transactions of our own
  pl_txn* txn;                     ///< sinks 1 and 2; NULL between commits
  pl_writer* writer;               ///< sinks 1 and 2; NULL between commits
  pl_bulk* bulk;                   ///< sink 3
  size_t prefixes_told;            ///< of the feed
  size_t input;                    ///< input of the batch at hand
  uint64_t row_base;               ///< rows of the inputs before it
  uint64_t row_step;               ///< rows read at the last commit
  uint64_t row_waiting;            ///< first row of which something waits in the reader; 0 = none
  uint64_t commit_last_ns;         ///< clock of the last commit
  uint64_t progress_next_ns;       ///< clock of the next call
  pl_load_progress progress;       ///< what to tell
} load_run;

static int on_guard_progress(void* user) {
  load_run* const run = user;
  const uint64_t now = pl_clock_ns();
  if (now < run->progress_next_ns) {
    return 0;
  }
  run->progress_next_ns = now + PROGRESS_NS;
  run->progress.rows = run->summary->rows;
  run->progress.committed_row = run->summary->committed_row;
  return run->options->on_progress(run->options->user, &run->progress);
}

static pl_status check_guard(load_run* run) { return pl_guard_check(&run->guard, run->err); }

static pl_status ensure_writer(load_run* run) {
  if (run->writer || run->bulk) {
    return PL_OK;
  }
  if (!run->txn) {
    PL_TRY(pl_txn_begin(run->store, true, run->err, &run->txn));
  }
  return pl_writer_open(run->txn, run->options->bytes_max, &run->guard, &run->writer);
}

static pl_status flush(load_run* run) {
  if (!run->writer) {
    return PL_OK;
  }
  run->progress.phase = "writing";
  pl_write_counts counts = {0};
  const pl_status status = pl_writer_flush(run->writer, &counts);
  run->progress.phase = "reading";
  pl_write_counts* const total = &run->summary->counts;
  total->facts_new += counts.facts_new;
  total->facts_gone += counts.facts_gone;
  total->assertions_new += counts.assertions_new;
  total->assertions_gone += counts.assertions_gone;
  return status;
}

static pl_status tell_prefix(void* user, pl_str prefix, pl_str iri) {
  load_run* const run = user;
  PL_TRY(ensure_writer(run));
  return run->bulk ? pl_bulk_set_prefix(run->bulk, prefix, iri) : pl_txn_set_prefix(run->txn, prefix, iri);
}

/// Make what was written so far durable: all of `row` and of those before it, but for what waits in the reader.
static pl_status commit(load_run* run, uint64_t row) {
  PL_TRY(pl_feed_prefixes(&run->feed, &run->prefixes_told, tell_prefix, run));
  const pl_write_counts before = run->summary->counts;
  pl_status status = flush(run);
  pl_writer_close(run->writer);
  run->writer = NULL;
  if (run->txn) {
    pl_txn* const txn = run->txn;
    run->txn = NULL;
    if (status == PL_OK) {
      status = pl_txn_commit(txn);
    } else {
      pl_txn_abort(txn);
    }
  }
  if (status != PL_OK) {
    run->summary->counts = before;
    return status;
  }
  run->commit_last_ns = pl_clock_ns();
  run->row_step = row;
  run->summary->committed_row = run->row_waiting && run->row_waiting <= row ? run->row_waiting - 1 : row;
  return PL_OK;
}

static pl_status write_batch(load_run* run, const pl_batch* batch) {
  if (batch->count == 0) {
    return PL_OK;
  }
  PL_TRY(ensure_writer(run));
  return run->bulk ? pl_bulk_batch(run->bulk, batch) : pl_writer_batch(run->writer, batch);
}

/// Write a batch in pieces that end where a commit is due. Statements of one row are never parted.
static pl_status write_in_steps(load_run* run, const pl_batch* batch) {
  const uint64_t every = run->options->commit_every;
  size_t start = 0;
  while (start < batch->count) {
    const uint64_t row_due = run->row_step + every;
    size_t end = start;
    while (end < batch->count && run->row_base + batch->statements[end].row <= row_due) {
      end++;
    }
    pl_batch part = *batch;
    part.statements = batch->statements + start;
    part.count = end - start;
    PL_TRY(write_batch(run, &part));
    if (end < batch->count) {
      PL_TRY(commit(run, row_due));
    }
    start = end;
  }
  return PL_OK;
}

static char* duplicate(pl_mem* mem, const char* text) {
  const size_t size = text ? strlen(text) + 1 : 0;
  char* const copy = size ? pl_mem_alloc(mem, size) : NULL;
  return copy ? memcpy(copy, text, size) : NULL;
}

/// The bad row that ends the load becomes the load's error.
static pl_status fail_bad(load_run* run, const pl_bad_row* bad) {
  pl_mem* const mem = run->err ? run->err->mem : NULL;
  if (!mem) {
    return PL_ERR_FORMAT;
  }
  pl_error one;
  pl_error_init(&one, mem);
  one.items[0] = bad->diag;
  one.items[0].text = duplicate(mem, bad->diag.text);
  one.items[0].source_name = duplicate(mem, bad->diag.source_name);
  one.items[0].source_line = duplicate(mem, bad->diag.source_line);
  one.items[0].hint = duplicate(mem, bad->diag.hint);
  one.count = one.error_count = 1;
  one.status = PL_ERR_FORMAT;
  if (!one.items[0].text) {
    pl_error_clear(&one);
    return pl_fail(run->err, PL_MSG_NOMEM);
  }
  pl_error_move(run->err, &one);
  if (run->options->skip_bad) {
    pl_error_hint(run->err, "%llu bad rows were skipped before this one", (unsigned long long)run->options->skip_bad);
  }
  return PL_ERR_FORMAT;
}

static pl_status take_bad(load_run* run, const pl_slot* slot) {
  const pl_input* const input = &run->inputs[slot->input];
  const char* const name = input->name ? input->name : input->path;
  for (size_t i = 0; i < slot->batch.bad_count; i++) {
    const pl_bad_row* const bad = &slot->batch.bad[i];
    if (run->summary->rows_bad >= run->options->skip_bad) {
      return fail_bad(run, bad);
    }
    run->summary->rows_bad++;
    if (run->options->on_bad) {
      run->options->on_bad(run->options->user, bad, name ? name : "input");
    }
  }
  return PL_OK;
}

/// The bad row of this batch that ends the load, or NULL.
static const pl_bad_row* fatal_row(const load_run* run, const pl_slot* slot) {
  const uint64_t allowed = run->options->skip_bad - run->summary->rows_bad;
  return slot->batch.bad_count > allowed ? &slot->batch.bad[allowed] : NULL;
}

/// Loading in steps, a row that ends the load takes back no step that was due before it.
static pl_status write_before(load_run* run, const pl_slot* slot, const pl_bad_row* fatal) {
  pl_batch part = slot->batch;
  part.count = 0;
  while (part.count < slot->batch.count && slot->batch.statements[part.count].row < fatal->row) {
    part.count++;
  }
  PL_TRY(write_in_steps(run, &part));
  const uint64_t row = run->row_base + fatal->row - 1;
  return row - run->row_step >= run->options->commit_every ? commit(run, row) : PL_OK;
}

static pl_status consume(load_run* run, const pl_slot* slot) {
  if (slot->input != run->input) {
    run->input = slot->input;
    run->row_base = run->summary->rows;
  }
  run->progress.bytes_read = slot->raw_bytes;
  if (slot->batch.waiting_within && !run->row_waiting) {
    run->row_waiting = run->row_base + slot->batch.waiting_within;
  }
  const uint64_t every = run->options->commit_every;
  const pl_bad_row* const fatal = every ? fatal_row(run, slot) : NULL;
  if (fatal) {
    PL_TRY(write_before(run, slot, fatal));
  }
  PL_TRY(take_bad(run, slot));
  PL_TRY(every ? write_in_steps(run, &slot->batch) : write_batch(run, &slot->batch));
  run->summary->rows += slot->batch.rows;
  run->row_waiting = slot->batch.waiting_after ? run->row_base + slot->batch.waiting_after : 0;
  return PL_OK;
}

/// A commit is due after N rows, and a second after the last one while rows came since.
static pl_status commit_if_due(load_run* run) {
  const uint64_t pending = run->summary->rows - run->row_step;
  if (!run->options->commit_every || pending == 0) {
    return PL_OK;
  }
  const bool due = pending >= run->options->commit_every || pl_clock_ns() - run->commit_last_ns >= COMMIT_NS;
  return due ? commit(run, run->summary->rows) : PL_OK;
}

static pl_status run_loop(load_run* run) {
  run->commit_last_ns = pl_clock_ns();
  for (;;) {
    pl_slot* slot;
    pl_status status = pl_feed_take(&run->feed, WAIT_MS, run->err, &slot);
    if (status == PL_DONE) {
      return PL_OK;
    }
    if (status == PL_OK) {
      status = consume(run, slot);
      pl_feed_give(&run->feed, slot);
    }
    if (status != PL_OK && status != PL_NOT_FOUND) {
      return status;
    }
    PL_TRY(commit_if_due(run));
    PL_TRY(check_guard(run));
  }
}

static uint64_t size_of_inputs(const pl_input* inputs, size_t count) {
  uint64_t total = 0;
  for (size_t i = 0; i < count; i++) {
    struct stat info = {0};
    const bool by_path = inputs[i].path && strcmp(inputs[i].path, "-") != 0;
    if (inputs[i].memory.data) {
      total += inputs[i].memory.len;
    } else if (by_path && stat(inputs[i].path, &info) == 0 && S_ISREG(info.st_mode)) {
      total += (uint64_t)info.st_size;
    } else {
      return 0;
    }
  }
  return total;
}

/// The last look before what was read is taken for whole: an interrupt that also ended the input (Ctrl-C in a pipe ends
/// both sides) must not leave a part of it behind.
static pl_status check_whole(load_run* run) {
  run->guard.progress_next_ns = run->progress_next_ns = 0;
  return check_guard(run);
}

/// Read all inputs into the sink and finish it: `last` commits or, for the caller's transaction, only flushes.
static pl_status run_load(load_run* run, const pl_mem* account, const pl_input* inputs, size_t count, pl_str base,
                          pl_status (*last)(load_run*)) {
  const uint64_t start_ns = pl_clock_ns();
  run->inputs = inputs;
  *run->summary = (pl_load_summary){0};
  run->progress = (pl_load_progress){.bytes_total = size_of_inputs(inputs, count), .phase = "reading"};
  pl_guard_init(&run->guard, run->options->interrupt, 0);
  if (run->options->on_progress) {
    run->guard.progress = on_guard_progress;
    run->guard.progress_user = run;
  }
  // Committing in steps needs to look at the clock while the input is silent.
  const bool threaded = run->options->threads != 1 || run->options->commit_every > 0;
  PL_TRY(pl_feed_open(&run->feed, account, inputs, count, run->options, base, threaded, run->err));
  pl_status status = run_loop(run);
  if (status == PL_OK) {
    status = check_whole(run);
  }
  if (status == PL_OK) {
    status = pl_feed_prefixes(&run->feed, &run->prefixes_told, tell_prefix, run);
  }
  if (status == PL_OK) {
    status = last(run);
  }
  pl_feed_close(&run->feed);
  run->summary->seconds = (double)(pl_clock_ns() - start_ns) / 1e9;
  return status;
}

static const pl_load_options no_options;

static pl_status last_commit(load_run* run) { return commit(run, run->summary->rows); }

static pl_status last_flush(load_run* run) {
  PL_TRY(flush(run));
  run->summary->committed_row = run->summary->rows;
  return PL_OK;
}

static pl_status last_bulk(load_run* run) {
  pl_bulk* const bulk = run->bulk;
  run->bulk = NULL;
  run->progress.phase = "writing";
  PL_TRY(pl_bulk_finish(bulk, &run->summary->counts));
  run->summary->committed_row = run->summary->rows;
  return PL_OK;
}

/// The store's base, copied out of a short read transaction.
static pl_status store_base(pl_store* store, pl_error* err, pl_arena* arena, pl_str* base) {
  pl_txn* txn;
  PL_TRY(pl_txn_begin(store, false, err, &txn));
  const pl_settings* const settings = pl_txn_settings(txn);
  pl_status status = PL_OK;
  if (!settings) {
    status = pl_fail(err, PL_MSG_NOMEM);
  } else {
    *base = pl_arena_str(arena, settings->names.base);
    status = base->data ? PL_OK : pl_fail(err, PL_MSG_NOMEM);
  }
  pl_txn_abort(txn);
  return status;
}

pl_status pl_load_into(pl_store* store, const pl_input* inputs, size_t count, const pl_load_options* options,
                       pl_error* err, pl_load_summary* summary) {
  pl_load_summary local;
  load_run run = {
      .options = options ? options : &no_options, .err = err, .summary = summary ? summary : &local, .store = store};
  const pl_mem* const account = pl_store_mem(store);
  pl_mem mem;
  pl_arena arena;
  pl_mem_init(&mem, account->fn, account->user, SIZE_MAX);
  pl_arena_init(&arena, &mem);
  pl_str base;
  pl_status status = store_base(store, err, &arena, &base);
  if (status == PL_OK) {
    status = run_load(&run, account, inputs, count, base, last_commit);
  }
  pl_writer_close(run.writer);
  pl_txn_abort(run.txn);
  pl_arena_free(&arena);
  return status;
}

pl_status pl_load_txn(pl_txn* txn, const pl_input* inputs, size_t count, const pl_load_options* options,
                      pl_load_summary* summary) {
  pl_load_summary local;
  pl_error* const err = pl_txn_error(txn);
  load_run run = {
      .options = options ? options : &no_options, .err = err, .summary = summary ? summary : &local, .txn = txn};
  if (run.options->commit_every) {
    return pl_fail(err, PL_MSG_LOAD_COMMIT_EVERY);
  }
  const pl_settings* const settings = pl_txn_settings(txn);
  if (!settings) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  const pl_mem* const account = pl_store_mem(pl_txn_store(txn));
  pl_totals before, after;
  PL_TRY(pl_stats_totals(txn, &before));
  const pl_status status = run_load(&run, account, inputs, count, settings->names.base, last_flush);
  pl_writer_close(run.writer);
  // A large load is applied in parts as it comes. What stands of a failed one cannot be told from what was before.
  if (status != PL_OK && (run.prefixes_told > 0 || pl_stats_totals(txn, &after) != PL_OK || after.rows != before.rows ||
                          after.annotations != before.annotations)) {
    txn->failed = true;
  }
  return status;
}

pl_status pl_load_new(const char* path, const pl_bulk_options* bulk, const pl_input* inputs, size_t count,
                      const pl_load_options* options, pl_error* err, pl_load_summary* summary) {
  pl_load_summary local;
  load_run run = {.options = options ? options : &no_options, .err = err, .summary = summary ? summary : &local};
  if (run.options->commit_every) {
    return pl_fail(err, PL_MSG_LOAD_COMMIT_EVERY);
  }
  pl_bulk_options bulk_options = bulk ? *bulk : (pl_bulk_options){0};
  bulk_options.guard = &run.guard;
  pl_guard_init(&run.guard, run.options->interrupt, 0);
  PL_TRY(pl_bulk_open(path, &bulk_options, err, &run.bulk));
  pl_mem account;
  pl_mem_init(&account, bulk_options.realloc_fn, bulk_options.realloc_user, SIZE_MAX);
  const pl_str base = bulk_options.base.len ? bulk_options.base : PL_STR(PL_BASE_DEFAULT);
  const pl_status status = run_load(&run, &account, inputs, count, base, last_bulk);
  pl_bulk_abort(run.bulk);
  return status;
}
