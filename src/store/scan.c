/// Scans: a cursor over the blocks of one order, restricted to a range, that fills vectors of ids.
///
/// The cursor stands on a window of rows [at, end) of one block. Where every row of the window is wanted, which the
/// block's header tells (no duplicates of facts, nothing asserted), the wanted columns are decoded straight into the
/// caller's vectors. Otherwise the columns that decide are decoded first, the rows that pass are selected, and the
/// wanted columns are gathered by the selection.
///
/// A fact is delivered with the first of its rows that passes; later rows of it are recognised by the fact delivered
/// last, also when they stand in the next block.
#include "store/scan_internal.h"

const uint8_t pl_order_columns[PL_ORDER_COUNT][4] = {
    [PL_ORDER_SPO] = {PL_S, PL_P, PL_O, PL_C},      [PL_ORDER_POS] = {PL_P, PL_O, PL_S, PL_C},
    [PL_ORDER_OSP] = {PL_O, PL_S, PL_P, PL_C},      [PL_ORDER_PSO] = {PL_P, PL_S, PL_O, PL_C},
    [PL_ORDER_CSPO] = {PL_C, PL_S, PL_P, PL_O},     [PL_ORDER_CPO] = {PL_C, PL_P, PL_O, UINT8_MAX},
    [PL_ORDER_POC] = {PL_P, PL_O, PL_C, UINT8_MAX},
};
const uint8_t pl_order_width[PL_ORDER_COUNT] = {4, 4, 4, 4, 4, 3, 3};
const char* const pl_order_names[PL_ORDER_COUNT] = {"spo", "pos", "osp", "pso", "cspo", "cpo", "poc"};

static bool passes_all(const pl_pass* pass) { return !pass || (!pass->assertions && pass->all_graphs && pass->plain); }

pl_status pl_scan_open(pl_txn* txn, pl_order order, pl_scan_mode mode, const pl_pass* pass, pl_mem* mem,
                       pl_scan** out) {
  *out = NULL;
  pl_scan* scan = pl_mem_calloc(mem, 1, sizeof(*scan));
  if (!scan) {
    return pl_index_no_memory(pl_index_of(txn, (pl_db)order), mem);
  }
  scan->mem = mem;
  scan->width = pl_order_width[order];
  while (pl_order_columns[order][scan->c_column] != PL_C) {
    scan->c_column++;
  }
  scan->mode = mode == PL_SCAN_ASSERTIONS && scan->c_column != 3 ? PL_SCAN_ROWS : mode;
  scan->pass = passes_all(pass) ? NULL : pass;
  scan->renewals = txn->renewals;
  const pl_status status = pl_index_cursor_open(pl_index_of(txn, (pl_db)order), &scan->cursor);
  if (status != PL_OK) {
    pl_scan_close(scan);
    return status;
  }
  const pl_status ranged = pl_scan_range(scan, NULL, 0, 0, UINT64_MAX);
  if (ranged != PL_OK) {
    pl_scan_close(scan);
    return ranged;
  }
  *out = scan;
  return PL_OK;
}

/// A read transaction may be read by several threads as long as each has cursors, errors and memory of its own. What LMDB knows of the database
/// is complete once a cursor was opened on it, which happens here.
pl_status pl_scan_open_apart(pl_txn* txn, pl_order order, pl_scan_mode mode, const pl_pass* pass, pl_mem* mem,
                             pl_error* err, pl_scan** out) {
  assert(!txn->write);
  *out = NULL;
  pl_txn* const view = pl_mem_alloc(mem, sizeof(*view));
  if (!view) {
    return pl_mem_status(mem) == PL_ERR_LIMIT ? pl_fail_memory(err, "reading an index", mem->bytes_max)
                                              : pl_fail(err, PL_MSG_NOMEM);
  }
  *view = *txn;
  view->err = err;
  view->dict = NULL;
  view->stats = NULL;
  view->kept = NULL;
  const pl_status status = pl_scan_open(view, order, mode, pass, mem, out);
  if (status != PL_OK) {
    pl_mem_free(mem, view, sizeof(*view));
    return status;
  }
  (*out)->apart = view;
  return PL_OK;
}

void pl_scan_close(pl_scan* scan) {
  if (!scan) {
    return;
  }
  pl_index_cursor_close(&scan->cursor);
  pl_mem_free(scan->mem, scan->apart, sizeof(*scan->apart));
  pl_mem_free(scan->mem, scan->scratch, sizeof(*scan->scratch));
  pl_mem_free(scan->mem, scan, sizeof(*scan));
}

// ---- position -----------------------------------------------------------------------------------------------------

/// Window = the rows of the current block that lie in the range.
static void set_window(pl_scan* scan) {
  const pl_block* block = &scan->cursor.block;
  const bool bound_inside = pl_row_compare(scan->cursor.bound, scan->high, scan->range_n) <= 0;
  pl_block_range(block, scan->low, scan->high, scan->range_n, 0, &scan->at, &scan->end);
  scan->more = bound_inside && !pl_index_bound_is_last(scan->cursor.bound, scan->width);
}

static void set_end(pl_scan* scan) {
  scan->at = scan->end = 0;
  scan->more = false;
}

/// Take what a cursor call returned: a new window, or the end.
static pl_status arrive(pl_scan* scan, pl_status status) {
  scan->loaded = status == PL_OK;
  if (status != PL_OK) {
    set_end(scan);
    return status == PL_NOT_FOUND ? PL_OK : status;
  }
  set_window(scan);
  return PL_OK;
}

pl_status pl_scan_advance(pl_scan* scan) {
  while (scan->at == scan->end && scan->more) {
    PL_TRY(arrive(scan, pl_index_cursor_move(&scan->cursor, MDB_NEXT)));
  }
  return PL_OK;
}

/// True if the current block is the one where `key` (all columns) would be found.
static bool here(const pl_scan* scan, const uint64_t* key) {
  return scan->loaded && pl_row_compare(key, scan->cursor.bound, scan->width) <= 0 &&
         pl_block_compare(&scan->cursor.block, 0, key, scan->width) <= 0;
}

/// The transaction was renewed: the block at hand is gone.
static pl_status renew(pl_scan* scan) {
  scan->renewals = scan->cursor.index.txn->renewals;
  scan->loaded = false;
  set_end(scan);
  return pl_index_cursor_renew(&scan->cursor);
}

pl_status pl_scan_range(pl_scan* scan, const pl_id* prefix, unsigned n, pl_id low, pl_id high) {
  assert(n <= scan->width);
  if (scan->renewals != scan->cursor.index.txn->renewals) {
    PL_TRY(renew(scan));
  }
  memset(scan->low, 0, sizeof(scan->low));
  memset(scan->high, 0xff, sizeof(scan->high));
  for (unsigned k = 0; k < n; k++) {
    scan->low[k] = scan->high[k] = prefix[k];
  }
  scan->range_n = n;
  if (n < scan->width) {
    scan->low[n] = low;
    scan->high[n] = high;
    scan->range_n = n + 1;
  }
  scan->has_emitted = false;
  if (n < scan->width && low > high) {
    set_end(scan);
    return PL_OK;
  }
  // In a write transaction the block may have changed since it was opened: look it up again.
  if (!scan->cursor.index.txn->write && here(scan, scan->low)) {
    set_window(scan);
    return PL_OK;
  }
  return arrive(scan, pl_index_cursor_find(&scan->cursor, scan->low));
}

pl_status pl_scan_seek(pl_scan* scan, const pl_id* key, unsigned n) {
  assert(n <= scan->width);
  if (scan->at == scan->end && !scan->more) {
    return PL_OK;
  }
  if (pl_row_compare(key, scan->high, n < scan->range_n ? n : scan->range_n) > 0) {
    set_end(scan);
    return PL_OK;
  }
  uint64_t full[PL_BLOCK_COLUMNS_MAX] = {0};
  memcpy(full, key, n * sizeof(*full));
  if (pl_row_compare(full, scan->cursor.bound, scan->width) > 0) {
    if (!scan->more) {
      set_end(scan);
      return PL_OK;
    }
    PL_TRY(arrive(scan, pl_index_cursor_find(&scan->cursor, full)));
  }
  if (scan->at < scan->end) {
    const uint32_t at = pl_block_seek(&scan->cursor.block, full, n, scan->at);
    scan->at = at < scan->end ? at : scan->end;
  }
  return PL_OK;
}

// ---- filling ------------------------------------------------------------------------------------------------------

/// Could a damaged column hold an id of the tag TEMP, which a running query takes for one of its own? Told by the frame
/// for columns of one kind, so that only those that mix kinds are looked at.
static bool may_be_computed(const pl_block_column* column) {
  const uint64_t widest = column->width ? UINT64_MAX >> (64 - 8 * column->width) : 0;
  const uint64_t first = pl_tag_first(PL_TAG_TEMP);
  return column->rotate || widest >= first || column->base >= first - widest;
}

/// A constant inner loop, so that the compiler vectorises it.
static bool holds_computed(const uint64_t* ids, uint32_t count) {
  enum { STRIDE = 8 };
  uint64_t carry[STRIDE] = {0};
  uint32_t i = 0;
  for (; i + STRIDE <= count; i += STRIDE) {
    for (uint32_t j = 0; j < STRIDE; j++) {
      carry[j] |= (ids[i + j] >> PL_ID_PAYLOAD_BITS) + 1;  // 32 only after 31, the highest tag
    }
  }
  for (; i < count; i++) {
    carry[0] |= (ids[i] >> PL_ID_PAYLOAD_BITS) + 1;
  }
  for (uint32_t j = 1; j < STRIDE; j++) {
    carry[0] |= carry[j];
  }
  return carry[0] & (PL_TAG_TEMP + 1);
}

pl_status pl_scan_damaged_runs(const pl_scan* scan) {
  return pl_index_damaged(scan->cursor.index, scan->cursor.bound, "its run ends are wrong");
}

pl_status pl_scan_prove(const pl_scan* scan, uint32_t column, const uint64_t* ids, uint32_t count) {
  const bool wrong = may_be_computed(&scan->cursor.block.column[column]) && holds_computed(ids, count);
  return wrong ? pl_index_damaged(scan->cursor.index, scan->cursor.bound, "it holds an id of no kind") : PL_OK;
}

pl_status pl_scan_decode(const pl_scan* scan, uint32_t column, uint32_t count, uint64_t* out) {
  if (pl_block_decode(&scan->cursor.block, column, scan->at, count, out) != PL_OK) {
    return pl_scan_damaged_runs(scan);
  }
  return pl_scan_prove(scan, column, out, count);
}

/// Counts of asserted rows say something only where c is the fourth column.
pl_window pl_scan_judge(const pl_scan* scan) {
  const pl_block* block = &scan->cursor.block;
  const bool none_asserted = scan->c_column == 3 && block->asserted == 0;
  if (none_asserted && (scan->mode == PL_SCAN_ASSERTIONS || (scan->pass && !scan->pass->plain))) {
    return PL_WINDOW_NONE;
  }
  if (scan->pass && !none_asserted) {
    return PL_WINDOW_FILTER;
  }
  if (scan->mode == PL_SCAN_ASSERTIONS) {
    return block->asserted == block->rows ? PL_WINDOW_ALL : PL_WINDOW_FILTER;
  }
  return scan->mode == PL_SCAN_FACTS && block->facts != block->rows ? PL_WINDOW_FILTER : PL_WINDOW_ALL;
}

bool pl_scan_is_emitted(const pl_scan* scan, uint32_t row) {
  return scan->has_emitted && pl_block_compare(&scan->cursor.block, row, scan->emitted, 3) == 0;
}

void pl_scan_set_emitted(pl_scan* scan, uint32_t row) {
  for (uint32_t k = 0; k < 3; k++) {
    scan->emitted[k] = pl_block_value(&scan->cursor.block, k, row);
  }
  scan->has_emitted = true;
}

void pl_scan_skip_emitted(pl_scan* scan) {
  while (scan->mode == PL_SCAN_FACTS && scan->at < scan->end && pl_scan_is_emitted(scan, scan->at)) {
    scan->at++;
  }
}

/// In a window of distinct facts only the first can be the one delivered last, and only the block's last can go on in
/// the next block.
static pl_status fill_all(pl_scan* scan, pl_id* const out[4], size_t filled, size_t max, uint32_t* added) {
  const bool facts = scan->mode == PL_SCAN_FACTS;
  if (facts && pl_scan_is_emitted(scan, scan->at)) {
    scan->at++;
  }
  const uint32_t left = scan->end - scan->at;
  const uint32_t count = left < max ? left : (uint32_t)max;
  for (uint32_t k = 0; k < scan->width && count > 0; k++) {
    if (out[k]) {
      PL_TRY(pl_scan_decode(scan, k, count, out[k] + filled));
    }
  }
  scan->at += count;
  if (facts && count > 0 && scan->at == scan->cursor.block.rows) {
    pl_scan_set_emitted(scan, scan->at - 1);
  }
  *added = count;
  return PL_OK;
}

pl_status pl_scan_make_scratch(pl_scan* scan) {
  if (!scan->scratch) {
    scan->scratch = pl_mem_alloc(scan->mem, sizeof(*scan->scratch));
  }
  return scan->scratch ? PL_OK : pl_index_no_memory(scan->cursor.index, scan->mem);
}

/// Mark in scratch->passing the rows that pass and, in mode FACTS, of those of each fact the first. *last tells whether the last row's fact has one.
static pl_status mark_wanted(pl_scan* scan, uint32_t count, bool* any, bool* last) {
  pl_scan_scratch* const s = scan->scratch;
  PL_TRY(pl_scan_mark_passing(scan, count, any));
  *last = s->passing[(count - 1) / 64] >> (count - 1) % 64 & 1;
  if (*any && pl_scan_facts_repeat(scan)) {
    memset(s->facts, 0, (count + 63) / 64 * sizeof(*s->facts));
    PL_TRY(pl_scan_mark_starts(scan, 0, 3, count, s->facts));
    *last = pl_scan_keep_firsts(s->facts, count, s->passing);
  }
  return PL_OK;
}

/// Values of the rows selected, of which there are fewer than `count`. Single values are looked up where few of many rows are wanted, or where the
/// column holds few values.
static pl_status pick(const pl_scan* scan, uint32_t column, uint32_t count, uint32_t selected, uint64_t* out) {
  const pl_block_column* const c = &scan->cursor.block.column[column];
  pl_scan_scratch* const s = scan->scratch;
  if (column != scan->c_column && (c->ends || c->width == 0 || selected < count / 2)) {
    if (pl_block_gather(&scan->cursor.block, column, scan->at, s->selected, selected, out) != PL_OK) {
      return pl_scan_damaged_runs(scan);
    }
    return pl_scan_prove(scan, column, out, selected);
  }
  const uint64_t* from = s->statements;
  if (column != scan->c_column) {
    PL_TRY(pl_scan_decode(scan, column, count, s->column));
    from = s->column;
  }
  for (uint32_t i = 0; i < selected; i++) {
    out[i] = from[s->selected[i]];
  }
  return PL_OK;
}

static pl_status fill_filtered(pl_scan* scan, pl_id* const out[4], size_t filled, size_t max, uint32_t* added) {
  PL_TRY(pl_scan_make_scratch(scan));
  pl_scan_skip_emitted(scan);
  const uint32_t left = scan->end - scan->at;
  const uint32_t count = left < max ? left : (uint32_t)max;
  *added = 0;
  if (count == 0) {
    return PL_OK;
  }
  bool any;
  bool last;
  PL_TRY(mark_wanted(scan, count, &any, &last));
  const uint32_t selected = any ? pl_scan_list(scan->scratch->passing, count, scan->scratch->selected) : 0;
  for (uint32_t k = 0; k < scan->width && selected > 0; k++) {
    if (out[k]) {
      PL_TRY(selected == count ? pl_scan_decode(scan, k, count, out[k] + filled)
                               : pick(scan, k, count, selected, out[k] + filled));
    }
  }
  scan->at += count;
  if (scan->mode == PL_SCAN_FACTS && last) {
    pl_scan_set_emitted(scan, scan->at - 1);
  }
  *added = selected;
  return PL_OK;
}

pl_status pl_scan_fill(pl_scan* scan, pl_id* const out[4], size_t max, size_t* count) {
  size_t filled = 0;
  while (filled < max) {
    PL_TRY(pl_scan_advance(scan));
    if (scan->at == scan->end) {
      break;
    }
    uint32_t added = 0;
    switch (pl_scan_judge(scan)) {
      case PL_WINDOW_ALL:
        PL_TRY(fill_all(scan, out, filled, max - filled, &added));
        break;
      case PL_WINDOW_FILTER:
        PL_TRY(fill_filtered(scan, out, filled, max - filled, &added));
        break;
      case PL_WINDOW_NONE:
        scan->at = scan->end;
        break;
    }
    filled += added;
  }
  *count = filled;
  return PL_OK;
}

// ---- counting -----------------------------------------------------------------------------------------------------

/// Count the rest of the window.
static pl_status count_window(pl_scan* scan, uint64_t* count) {
  static pl_id* const nothing[4] = {NULL, NULL, NULL, NULL};
  const pl_block* block = &scan->cursor.block;
  const pl_window kind = pl_scan_judge(scan);
  const bool whole = scan->at == 0 && scan->end == block->rows;
  uint32_t added = 0;
  if (kind == PL_WINDOW_ALL) {
    PL_TRY(fill_all(scan, nothing, 0, PL_BLOCK_ROWS_MAX, &added));
  } else if (kind == PL_WINDOW_FILTER && whole && !scan->pass && scan->mode == PL_SCAN_FACTS) {
    added = block->facts - pl_scan_is_emitted(scan, 0);
    pl_scan_set_emitted(scan, block->rows - 1);
    scan->at = scan->end;
  } else if (kind == PL_WINDOW_FILTER && whole && !scan->pass && scan->mode == PL_SCAN_ASSERTIONS) {
    added = block->asserted;
    scan->at = scan->end;
  } else if (kind == PL_WINDOW_FILTER) {
    PL_TRY(fill_filtered(scan, nothing, 0, PL_BLOCK_ROWS_MAX, &added));
  } else {
    scan->at = scan->end;
  }
  *count += added;
  return PL_OK;
}

pl_status pl_scan_count(pl_scan* scan, uint64_t* count) {
  *count = 0;
  for (;;) {
    PL_TRY(pl_scan_advance(scan));
    if (scan->at == scan->end) {
      return PL_OK;
    }
    PL_TRY(count_window(scan, count));
  }
}
