/// Runs of a scan: rows that agree in the first columns of the order, each run with the number of rows it stands for.
///
/// The rows that begin a run are found column by column (block_runs.c): a constant column says nothing, a run-length column says it by its run ends.
/// Where some facts have several rows, the rows that begin a fact are found in the same way, and a run counts those. Where a lens or the kind of row
/// decides, the rows that count are marked first (scan_pass.c); a run begins with the first of its own and counts them, and is none without any.
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
  const uint16_t* first;    ///< first rows that count, from scan->at on; then the end
  uint32_t count;           ///< runs
  uint32_t taken;           ///< runs that were delivered: fewer if there was no room
  const uint64_t* counted;  ///< bits: rows that count; NULL = all
  bool last;                ///< the last row's fact has a row that counts
  bool extends;             ///< the first one goes on with the sink's last
} run_window;

static uint32_t runs_to_take(const run_sink* sink, uint32_t count, bool extends) {
  const size_t room = sink->max - sink->count + extends;
  return room < count ? (uint32_t)room : count;
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

/// Number of rows of each run taken.
static void add_times(run_sink* sink, const run_window* w) {
  for (uint32_t i = 0; i < w->taken; i++) {
    const uint32_t from = w->first[i];
    const uint32_t to = w->first[i + 1];
    const uint64_t rows = w->counted ? bits_between(w->counted, from, to) : to - from;
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

/// Does every row pass?
static bool all_pass(const pl_scan* scan) {
  const bool every_c = !scan->pass || (scan->c_column == 3 && scan->cursor.block.asserted == 0);
  return pl_scan_judge(scan) == PL_WINDOW_ALL || (every_c && scan->mode == PL_SCAN_FACTS);
}

/// Find the window's runs. Under a lens the rows that pass are marked already.
static pl_status mark(pl_scan* scan, unsigned n, uint32_t rows, bool lens, run_window* w) {
  pl_scan_scratch* const s = scan->scratch;
  const size_t bytes = (rows + 63) / 64 * sizeof(*s->starts);
  memset(s->starts, 0, bytes);
  s->starts[0] = 1;
  PL_TRY(pl_scan_mark_starts(scan, 0, n, rows, s->starts));
  w->counted = lens ? s->passing : NULL;
  w->last = !lens || (s->passing[(rows - 1) / 64] >> (rows - 1) % 64 & 1);
  if (pl_scan_facts_repeat(scan)) {
    memcpy(s->facts, s->starts, bytes);
    PL_TRY(pl_scan_mark_starts(scan, n, 3, rows, s->facts));
    w->counted = lens ? s->passing : s->facts;
    w->last = !lens || pl_scan_keep_firsts(s->facts, rows, s->passing);
  }
  if (lens) {
    memcpy(s->firsts, s->passing, bytes);
    (void)pl_scan_keep_firsts(s->starts, rows, s->firsts);
  }
  w->count = pl_scan_list(lens ? s->firsts : s->starts, rows, s->selected);
  s->selected[w->count] = (uint16_t)rows;
  w->first = s->selected;
  return PL_OK;
}

/// Deliver those of the window's runs that there is room for. PL_DONE if some were left.
static pl_status deliver(pl_scan* scan, run_sink* sink, run_window* w) {
  w->extends = goes_on(scan, sink, scan->at + w->first[0]);
  w->taken = runs_to_take(sink, w->count, w->extends);
  if (w->taken == 0) {
    return PL_DONE;
  }
  add_times(sink, w);
  PL_TRY(gather(scan, sink, w));
  sink->count += w->taken - w->extends;
  scan->at += w->first[w->taken];
  if (w->taken < w->count) {
    return PL_DONE;
  }
  if (scan->mode == PL_SCAN_FACTS && w->last) {
    pl_scan_set_emitted(scan, scan->at - 1);
  }
  return PL_OK;
}

/// Take runs of the window at hand. PL_DONE: there is no room for the next one.
static pl_status take(pl_scan* scan, run_sink* sink) {
  pl_scan_skip_emitted(scan);
  const uint32_t rows = scan->end - scan->at;
  const bool lens = !all_pass(scan);
  bool any = rows > 0 && pl_scan_judge(scan) != PL_WINDOW_NONE;
  if (any && lens) {
    PL_TRY(pl_scan_mark_passing(scan, rows, &any));
  }
  if (!any) {
    scan->at = scan->end;
    return PL_OK;
  }
  run_window w = {0};
  PL_TRY(mark(scan, sink->n, rows, lens, &w));
  return deliver(scan, sink, &w);
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
