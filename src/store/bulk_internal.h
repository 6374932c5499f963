/// Inside of the bulk build: its place on disk, what it collects, and the writing of the orders.
#ifndef PL_STORE_BULK_INTERNAL_H
#define PL_STORE_BULK_INTERNAL_H

#include "base/rowsort.h"
#include "store/assertion.h"
#include "store/bulk.h"
#include "store/dict_internal.h"
#include "store/index.h"
#include "store/place.h"
#include "store/rowset.h"

/// Rows of facts on their way through the sorter: plain ones without a column for their zero c.
typedef struct pl_fact_rows {
  pl_rowsort* plain;   ///< three columns
  pl_rowsort* stated;  ///< four columns, c != 0; NULL until one comes
} pl_fact_rows;

/// Where a statement's terms stand in the batch's list of terms.
typedef struct pl_statement_terms {
  uint32_t s, p, o, g;  ///< indexes; g = UINT32_MAX without graph
  uint32_t notes;       ///< first annotation's predicate; each annotation takes two
} pl_statement_terms;

typedef PL_VEC(pl_predicate_stats) pl_predicate_list;

struct pl_bulk {
  pl_mem mem;                       ///< account of rows and lists
  pl_mem side_mem;                  ///< account of the dictionary and of the writing thread
  pl_error side_err;                ///< errors of the writing thread
  pl_error* err;                    ///< borrowed from the caller
  pl_arena arena;                   ///< strings
  pl_bulk_options options;          ///< with defaults filled in
  pl_guard no_guard;                ///< used if the caller gives none
  pl_build_place place;             ///< on disk
  pl_store* store;                  ///< being built
  pl_pool* pool;                    ///< for sorting; NULL with one thread
  const char* temp_dir;             ///< for sorted runs
  pl_dict_build* dict;              ///< all terms
  pl_fact_rows facts;               ///< rows (s, p, o[, c])
  pl_rowsort_spare spare;           ///< blocks of the sorters of plain rows
  pl_rowsort* notes;                ///< rows (c, p, o); NULL until one comes
  pl_rowsort* identities;           ///< rows (high, low, c); NULL until one comes
  pl_rowset assertions;             ///< identity -> c
  uint64_t next_assertion;          ///< counter
  pl_totals totals;                 ///< of the new store
  PL_VEC(pl_term) terms;            ///< of the batch at hand
  PL_VEC(pl_id) ids;                ///< of terms
  PL_VEC(pl_statement_terms) refs;  ///< per statement
  PL_VEC(uint64_t) rows;            ///< plain rows of the batch
  PL_VEC(pl_identity) pairs;        ///< of the assertion at hand
  PL_VEC(pl_identity) marks;        ///< of the batch's assertions, in their order
};

/// A sorter for `columns`, made with this share of the memory for rows.
pl_status pl_bulk_sorter(pl_bulk* bulk, uint32_t columns, unsigned share, pl_rowsort** out);
/// A sorter for plain rows in which those equal in the first key_columns come in the order of the others.
pl_status pl_bulk_plain_sorter(pl_bulk* bulk, uint32_t key_columns, pl_rowsort** out);
pl_status pl_bulk_nomem(pl_bulk* bulk);
/// Commit, or abort after a failure.
pl_status pl_bulk_end_txn(pl_txn* txn, pl_status status);

/// One order being appended, on a thread of its own if there is a pool (bulk_append.c).
typedef struct pl_appender pl_appender;
enum { PL_APPENDER_ROWS = 8192 };
pl_status pl_appender_open(pl_bulk* bulk, pl_db db, pl_appender** out);
/// Room for PL_APPENDER_ROWS rows; waits until there is. Also tells a failure of rows pushed before.
pl_status pl_appender_slot(pl_appender* appender, uint64_t (**rows)[4]);
/// Hand the slot over with `count` rows. It may be read, not written, until the next call of pl_appender_slot.
pl_status pl_appender_push(pl_appender* appender, size_t count);
/// Finish and commit, or abort if status is a failure; frees. Returns the first failure.
pl_status pl_appender_close(pl_appender* appender, pl_status status);

/// Sort and write dictionary, orders, counters and totals into the store.
pl_status pl_bulk_write(pl_bulk* bulk);

#endif
