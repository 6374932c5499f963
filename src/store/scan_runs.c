/// Runs of a scan: rows that agree in the first columns of the order, each run with the number of rows it stands for.
///
/// A window becomes runs in one of three ways. Where every row is wanted, the rows that begin a run are found column by column (block_runs.c): a
/// constant column says nothing, a run-length column says it by its run ends. Where some facts have several rows, the rows that begin a fact are
/// found in the same way, and a run counts those. Where a lens or the kind of row decides, the rows are decoded and selected first.
///
/// The scan stops before the first run that it has no room for, so nothing is kept between two calls; the last run taken goes on in
/// the next window if that begins with the same values.
#include "store/scan_internal.h"

/// What a call has delivered.
typedef struct run_sink {
  pl_id* const* out;                    ///< columns; NULL = not wanted
  uint64_t* times;                      ///< rows of each run
  size_t max;                           ///< room
  size_t count;                         ///< runs
  unsigned n;                           ///< columns that a run agrees in
  uint64_t last[PL_BLOCK_COLUMNS_MAX];  ///< values of the last run
} run_sink;

/// The runs of a window.
typedef struct run_window {
  const uint16_t* first;  ///< first rows, from scan->at on
  uint32_t count;         ///< runs
  uint32_t taken;         ///< runs that were delivered: fewer if there was no room
  bool extends;           ///< the first one goes on with the sink's last
} run_window;

static uint32_t runs_to_take(const run_sink* sink, uint32_t count, bool extends) {
  const size_t room = sink->max - sink->count + extends;
  return room < count ? (uint32_t)room : count;
}

static uint32_t list_bits(const uint64_t* bits, uint32_t count, uint16_t* out) {
  uint32_t n = 0;
  for (uint32_t word = 0; word * 64 < count; word++) {
    for (uint64_t left = bits[word]; left; left &= left - 1) {
      out[n++] = (uint16_t)(word * 64 + (uint32_t)__builtin_ctzll(left));
    }
  }
  return n;
}

static uint32_t bits_between(const uint64_t* bits, uint32_t from, uint32_t to) {
  uint32_t n = 0;
  for (uint32_t i = from; i < to;) {
    const uint32_t end = (i | 63) + 1 < to ? (i | 63) + 1 : to;
    const uint64_t mask = (end - i == 64 ? UINT64_MAX : ((uint64_t)1 << (end - i)) - 1) << i % 64;
    n += (uint32_t)__builtin_popcountll(bits[i / 64] & mask);
    i = end;
  }
  return n;
}

/// Mark rows of the window that differ from the row before in one of the columns [from, to).
static pl_status mark_starts(pl_scan* scan, unsigned from, unsigned to, uint64_t* bits) {
  const uint32_t count = scan->end - scan->at;
  for (unsigned k = from; k < to; k++) {
    if (pl_block_starts(&scan->cursor.block, k, scan->at, count, scan->scratch->column[0], bits) != PL_OK) {
      return pl_scan_damaged_runs(scan);
    }
  }
  return PL_OK;
}

/// The values of the runs taken, from the block.
static pl_status gather(const pl_scan* scan, run_sink* sink, const run_window* w) {
  const pl_block* const block = &scan->cursor.block;
  const uint32_t skip = w->extends;
  const uint32_t count = w->taken - skip;
  for (unsigned k = 0; k < sink->n && count > 0; k++) {
    if (sink->out[k]) {
      uint64_t* const to = sink->out[k] + sink->count;
      if (pl_block_gather(block, k, scan->at, w->first + skip, count, to) != PL_OK) {
        return pl_scan_damaged_runs(scan);
      }
      PL_TRY(pl_scan_prove(scan, k, to, count));
    }
    sink->last[k] = pl_block_value(block, k, scan->at + w->first[w->taken - 1]);
  }
  return PL_OK;
}

/// Number of rows of each run taken; `facts` (may be NULL) marks the rows that count.
static void add_times(run_sink* sink, const run_window* w, const uint64_t* facts) {
  for (uint32_t i = 0; i < w->taken; i++) {
    const uint32_t from = w->first[i];
    const uint32_t to = w->first[i + 1];
    const uint64_t rows = facts ? bits_between(facts, from, to) : to - from;
    if (i == 0 && w->extends) {
      sink->times[sink->count - 1] += rows;
    } else {
      sink->times[sink->count + i - w->extends] = rows;
    }
  }
}

static bool goes_on(const pl_scan* scan, const run_sink* sink, uint32_t row) {
  return sink->count > 0 && pl_block_compare(&scan->cursor.block, row, sink->last, sink->n) == 0;
}

/// Stand behind the rows of the fact delivered last. True if there were some.
static bool skip_emitted(pl_scan* scan) {
  const uint32_t from = scan->at;
  while (scan->mode == PL_SCAN_FACTS && scan->at < scan->end && pl_scan_is_emitted(scan, scan->at)) {
    scan->at++;
  }
  return scan->at > from;
}

/// All rows of the window count or, where facts repeat, those that begin a fact.
static pl_status take_window(pl_scan* scan, run_sink* sink, bool repeats) {
  pl_scan_scratch* const s = scan->scratch;
  const uint32_t rows = scan->end - scan->at;
  const size_t bytes = (rows + 63) / 64 * sizeof(*s->starts);
  memset(s->starts, 0, bytes);
  PL_TRY(mark_starts(scan, 0, sink->n, s->starts));
  s->starts[0] |= 1;
  if (repeats) {
    memcpy(s->facts, s->starts, bytes);
    PL_TRY(mark_starts(scan, sink->n, 3, s->facts));
  }
  run_window w = {.first = s->selected, .extends = goes_on(scan, sink, scan->at)};
  w.count = list_bits(s->starts, rows, s->selected);
  s->selected[w.count] = (uint16_t)rows;
  w.taken = runs_to_take(sink, w.count, w.extends);
  if (w.taken == 0) {
    return PL_DONE;
  }
  add_times(sink, &w, repeats ? s->facts : NULL);
  PL_TRY(gather(scan, sink, &w));
  sink->count += w.taken - w.extends;
  scan->at += s->selected[w.taken];
  if (scan->mode == PL_SCAN_FACTS) {
    pl_scan_set_emitted(scan, scan->at - 1);
  }
  return w.taken < w.count ? PL_DONE : PL_OK;
}

/// Add a selected row. False if it begins a run that there is no room for.
static bool take_row(const pl_scan_scratch* s, run_sink* sink, uint32_t row) {
  bool same = sink->count > 0;
  for (unsigned k = 0; k < sink->n; k++) {
    same = same && s->column[k][row] == sink->last[k];
  }
  if (same) {
    sink->times[sink->count - 1]++;
    return true;
  }
  if (sink->count == sink->max) {
    return false;
  }
  for (unsigned k = 0; k < sink->n; k++) {
    sink->last[k] = s->column[k][row];
    if (sink->out[k]) {
      sink->out[k][sink->count] = sink->last[k];
    }
  }
  sink->times[sink->count++] = 1;
  return true;
}

/// Take the rows of the window that pass.
static pl_status take_selected(pl_scan* scan, run_sink* sink) {
  uint64_t emitted[PL_BLOCK_COLUMNS_MAX];
  const bool has_emitted = scan->has_emitted;
  memcpy(emitted, scan->emitted, sizeof(emitted));
  uint32_t selected;
  PL_TRY(pl_scan_select(scan, ((uint32_t)1 << sink->n) - 1, scan->end - scan->at, &selected));
  const uint16_t* const rows = scan->scratch->selected;
  uint32_t i = 0;
  while (i < selected && take_row(scan->scratch, sink, rows[i])) {
    i++;
  }
  if (i == selected) {
    scan->at = scan->end;
    return PL_OK;
  }
  if (i > 0 && scan->mode == PL_SCAN_FACTS) {
    pl_scan_set_emitted(scan, scan->at + rows[i - 1]);
  } else {
    scan->has_emitted = has_emitted;
    memcpy(scan->emitted, emitted, sizeof(emitted));
  }
  scan->at += rows[i];
  return PL_DONE;
}

/// Take runs of the window at hand. PL_DONE: there is no room for the next one.
static pl_status take(pl_scan* scan, run_sink* sink) {
  const pl_block* const block = &scan->cursor.block;
  const pl_window kind = pl_scan_judge(scan);
  if (kind == PL_WINDOW_NONE) {
    scan->at = scan->end;
    return PL_OK;
  }
  if (skip_emitted(scan)) {
    return PL_OK;
  }
  if (kind == PL_WINDOW_ALL) {
    return take_window(scan, sink, false);
  }
  const bool every_c = !scan->pass || (scan->c_column == 3 && block->asserted == 0);
  return every_c && scan->mode == PL_SCAN_FACTS ? take_window(scan, sink, true) : take_selected(scan, sink);
}

pl_status pl_scan_fill_runs(pl_scan* scan, unsigned n, pl_id* const out[4], uint64_t* times, size_t max,
                            size_t* count) {
  assert(n > 0 && n <= (scan->mode == PL_SCAN_FACTS ? 3 : scan->width));
  run_sink sink = {.out = out, .times = times, .max = max, .n = n};
  pl_status status = pl_scan_make_scratch(scan);
  while (status == PL_OK && max > 0) {
    PL_TRY(pl_scan_advance(scan));
    if (scan->at == scan->end) {
      break;
    }
    status = take(scan, &sink);
  }
  *count = sink.count;
  return status == PL_DONE ? PL_OK : status;
}
