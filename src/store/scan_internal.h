/// Shared by the files of the scan (scan.c, scan_pass.c, scan_runs.c): the cursor with its window, and what has to be done with the rows in it.
#ifndef PL_STORE_SCAN_INTERNAL_H
#define PL_STORE_SCAN_INTERNAL_H

#include "store/index_internal.h"

/// Columns of the window being filtered.
typedef struct pl_scan_scratch {
  uint64_t column[PL_BLOCK_ROWS_MAX];        ///< a decoded column of the window
  uint64_t statements[PL_BLOCK_ROWS_MAX];    ///< its decoded column c
  uint16_t selected[PL_BLOCK_ROWS_MAX + 1];  ///< rows of it that pass; first rows of runs, and the end of the last
  uint64_t starts[PL_BLOCK_ROWS_MAX / 64];   ///< bits: rows of it that begin a run
  uint64_t facts[PL_BLOCK_ROWS_MAX / 64];    ///< bits: rows of it that begin a fact
  uint64_t firsts[PL_BLOCK_ROWS_MAX / 64];   ///< bits: of each run the first row that counts
  uint64_t passing[PL_BLOCK_ROWS_MAX / 64];  ///< bits: rows of it that count, the rows that pass, of a fact the first
} pl_scan_scratch;

/// What has to be done with a window.
typedef enum pl_window {
  PL_WINDOW_ALL,    ///< every row is wanted
  PL_WINDOW_NONE,   ///< no row is
  PL_WINDOW_FILTER  ///< look at them
} pl_window;

struct pl_scan {
  pl_mem* mem;                             ///< pays
  pl_txn* apart;                           ///< view of the transaction that it reads; NULL if that itself
  pl_index_cursor cursor;                  ///< on the current block, if `loaded`
  pl_scan_mode mode;                       ///< as given; ASSERTIONS only where c is the last of four columns
  const pl_pass* pass;                     ///< NULL if everything passes
  uint32_t width;                          ///< columns
  uint32_t c_column;                       ///< where c stands
  bool loaded;                             ///< the cursor stands on a block
  uint64_t renewals;                       ///< of the transaction, when the cursor was opened or renewed
  bool more;                               ///< the range may go on in the next block
  uint32_t at;                             ///< window: first row
  uint32_t end;                            ///< window: after the last row
  uint32_t range_n;                        ///< columns that bound the range
  uint64_t low[PL_BLOCK_COLUMNS_MAX];      ///< first key of the range, padded with 0
  uint64_t high[PL_BLOCK_COLUMNS_MAX];     ///< last key of the range
  uint64_t emitted[PL_BLOCK_COLUMNS_MAX];  ///< fact delivered last
  bool has_emitted;                        ///< there is one in this range
  pl_scan_scratch* scratch;                ///< made when first needed
};

/// Go to the next window that has rows, or to the end.
pl_status pl_scan_advance(pl_scan* scan);
/// Judge the window by the block's header.
pl_window pl_scan_judge(const pl_scan* scan);
/// Make the scratch if there is none.
pl_status pl_scan_make_scratch(pl_scan* scan);
/// Is this row of the block the fact delivered last?
bool pl_scan_is_emitted(const pl_scan* scan, uint32_t row);
void pl_scan_set_emitted(pl_scan* scan, uint32_t row);  ///< the fact of this row was delivered
/// Stand behind the window's rows of the fact delivered last (in mode FACTS).
void pl_scan_skip_emitted(pl_scan* scan);

/// Have facts several rows in the block, of which one is wanted?
static inline bool pl_scan_facts_repeat(const pl_scan* scan) {
  return scan->mode == PL_SCAN_FACTS && scan->cursor.block.facts != scan->cursor.block.rows;
}
/// Mark in scratch->passing which of the window's first `count` rows (at least 1) pass; *any tells whether one does. Leaves the decoded column c in
/// scratch->statements.
pl_status pl_scan_mark_passing(pl_scan* scan, uint32_t count, bool* any);
/// Set the bits of those of the window's first `count` rows that differ from the row before in one of the columns [from, to).
pl_status pl_scan_mark_starts(pl_scan* scan, unsigned from, unsigned to, uint32_t count, uint64_t* bits);
/// `starts` marks where groups of the `count` rows begin; the first row does anyhow. Of the bits set in each group keep the first. True if the last group
/// has one.
bool pl_scan_keep_firsts(const uint64_t* starts, uint32_t count, uint64_t* bits);
/// Numbers of the bits set, ascending. Returns how many.
uint32_t pl_scan_list(const uint64_t* bits, uint32_t count, uint16_t* rows);
/// Values of a column of the window's first `count` rows.
pl_status pl_scan_decode(const pl_scan* scan, uint32_t column, uint32_t count, uint64_t* out);
/// Refuse ids that a query would take for its own among what was read of a column of the block.
pl_status pl_scan_prove(const pl_scan* scan, uint32_t column, const uint64_t* ids, uint32_t count);
pl_status pl_scan_damaged_runs(const pl_scan* scan);  ///< record that the block's run ends are wrong

#endif
