/// Inside of the public interface: what the handles of parley.h are, and what its files share.
///
/// Every function of parley.h checks its arguments, converts them, calls down and converts back; no query or storage
/// logic lives here. A handle has an account of memory and an error object of its own, so that handles of different
/// threads share nothing but the store.
#ifndef PL_API_API_H
#define PL_API_API_H

#include "base/guard.h"
#include "base/work.h"
#include "exec/run.h"
#include "lang/lang.h"
#include "store/env.h"
#include "store/writer.h"

#include "parley.h"

#include <stdatomic.h>
#include <sys/types.h>

#define PL_API_DIAGS (PL_DIAG_ERRORS_MAX + PL_DIAG_WARNINGS_MAX)

static inline parley_status pl_api_status(pl_status status) { return (parley_status)status; }

// ---- errors -------------------------------------------------------------------------------------------------------

/// Diagnostics and, made when first asked for, their printed reports.
struct parley_error {
  pl_error diags;                   ///< what happened
  pl_arena printed;                 ///< owns texts
  const char* texts[PL_API_DIAGS];  ///< by diagnostic; NULL = not printed yet
  pl_mem own;                       ///< account of an object without a handle
};

void pl_api_error_init(parley_error_object* error, pl_mem* mem);
void pl_api_error_clear(parley_error_object* error);  ///< ready for the next call
/// Keep the first `count` diagnostics.
void pl_api_error_truncate(parley_error_object* error, size_t count);
void pl_api_error_free(parley_error_object* error);
/// Print all reports now, so that reading the object no longer changes it.
void pl_api_error_seal(parley_error_object* error);
/// An object without a handle that takes over `from`; the caller frees it with parley_error_free(). Never NULL.
parley_error_object* pl_api_error_detach(pl_error* from);
/// Fill a public diagnostic; `report` is its printed text.
void pl_api_diagnostic(const pl_diag* diag, const char* report, parley_diagnostic* out);
/// Make sure that a failure has at least one diagnostic.
void pl_api_error_complete(pl_error* err, pl_status status);

// ---- the store ----------------------------------------------------------------------------------------------------

#define PL_API_SPARE 4                         ///< read transactions kept for the next queries
#define PL_API_SPARE_BYTES ((size_t)16 << 20)  ///< one that holds more is not kept

struct parley {
  pl_mem mem;                   ///< account of the handle; under lock once it is open
  pthread_mutex_t lock;         ///< guards mem, limits, error
  pl_store* store;              ///< the store
  pid_t pid;                    ///< process that opened it
  atomic_int interrupt;         ///< parley_interrupt
  atomic_size_t handles;        ///< live queries and transactions
  parley_limits limits;         ///< of queries prepared from now on
  parley_error_object error;    ///< of the last failed call
  char* base;                   ///< base IRI
  pl_txn* spare[PL_API_SPARE];  ///< read transactions at rest, for whoever needs one next; under lock
  size_t spare_count;           ///< used
};

static inline pl_str pl_api_base(const parley* store) { return pl_str_c(store->base); }
/// An account like the store's own, for one handle or one call.
void pl_api_mem_init(const parley* store, pl_mem* mem, size_t bytes_max);

/// A read transaction that sees the newest snapshot and tells `err`: a spare one, renewed, or a new one. What it knows of the store (names,
/// terms, compiled lenses) it knows still unless something was committed. End it with pl_api_read_end() or pl_txn_abort().
pl_status pl_api_read_begin(parley* store, pl_error* err, pl_txn** out);
void pl_api_read_end(parley* store, pl_txn* txn);    ///< it rests, or ends; accepts NULL
void pl_api_read_spare(parley* store, pl_txn* txn);  ///< for a transaction that rests already; accepts NULL

/// One call on a store: its errors stay here until it fails, then they become the store's.
typedef struct pl_api_call {
  parley* store;  ///< whose
  pl_mem mem;     ///< account of the call
  pl_error err;   ///< its errors
} pl_api_call;
void pl_api_call_begin(pl_api_call* call, parley* store);
parley_status pl_api_call_end(pl_api_call* call, pl_status status);
/// Copy a caller's struct whose first field is its size: what it lacks is zero, what it has beyond ours is ignored.
pl_status pl_api_options_copy(void* to, size_t size, const void* from, const char* function, pl_error* err);

/// A caller's progress callback behind a guard.
typedef struct pl_api_progress {
  int (*fn)(void* user, const parley_work* work);  ///< the caller's; NULL = none
  void* user;                                      ///< its argument
  pl_work work;                                    ///< how far it is, kept by the operation
  uint64_t next_ns;                                ///< when to call next (every 100 ms)
} pl_api_progress;
/// Let the guard call fn. `progress` must live as long as the guard is asked.
void pl_api_progress_guard(pl_api_progress* progress, pl_guard* guard);
int pl_api_progress_call(void* user);  ///< a `progress` of pl_guard
/// Hand a finding, "part: text", to a caller's callback, which may be NULL.
void pl_api_finding(void (*fn)(void* user, const parley_finding* finding), void* user, const char* line);

// ---- transactions -------------------------------------------------------------------------------------------------

struct parley_txn {
  parley* store;              ///< owner
  pl_mem mem;                 ///< account
  parley_error_object error;  ///< of the last failed call
  pl_txn* txn;                ///< the transaction
  pl_writer* writer;          ///< NULL until something is written
  pl_guard guard;             ///< stops writing when the store is interrupted
  pl_arena arena;             ///< terms of one call
  parley_query* queries;      ///< prepared in it, linked
  size_t reading;             ///< of these, in the middle of their rows
};

/// Apply what was written, so that it is seen.
pl_status pl_api_txn_flush(parley_txn* txn);
/// The same, and no query may be reading: what a write needs first. The writer is open after it.
pl_status pl_api_txn_write(parley_txn* txn);
/// Start a call on the transaction / end it with a status.
void pl_api_txn_enter(parley_txn* txn);
parley_status pl_api_txn_leave(parley_txn* txn, pl_status status);
parley_changes pl_api_changes(const pl_write_counts* counts);

// ---- values -------------------------------------------------------------------------------------------------------

/// Term of a value: checked, canonical, copied into the arena. NULL gives PL_TERM_NONE.
pl_status pl_api_value_in(const parley_value* value, pl_str base, pl_arena* arena, pl_error* err, pl_term* out);
/// Value of a term, its texts copied into the arena.
pl_status pl_api_value_out(const pl_term* term, pl_arena* arena, parley_value* out);
/// What a table shows for a term / what a query would write for it.
pl_status pl_api_write_text(pl_buf* out, const pl_names* names, const pl_term* term);
pl_status pl_api_write_source(pl_buf* out, const pl_names* names, const pl_term* term);

// ---- queries ------------------------------------------------------------------------------------------------------

typedef enum pl_api_state {
  PL_API_READY,    ///< the next step begins a run
  PL_API_READING,  ///< in the middle of its rows
  PL_API_ENDED     ///< done or failed; `last` says which
} pl_api_state;

/// What was made of one column of the current row.
typedef struct pl_api_cell {
  bool has_value;       ///< value holds
  parley_value value;   ///< as parley_column gives it
  pl_str text;          ///< data NULL = not made
  pl_str source;        ///< data NULL = not made
  parley_value* items;  ///< of a list; NULL = not made
  size_t item_count;    ///< used
} pl_api_cell;

typedef struct pl_api_walk pl_api_walk;  ///< over the support of the current row; in api_why.c

struct parley_query {
  parley* store;                 ///< owner
  parley_txn* txn;               ///< prepared in it; NULL = has its own for each run
  parley_query* previous;        ///< of the same transaction
  parley_query* next;            ///< of the same transaction
  bool orphan;                   ///< its transaction has ended
  pl_mem mem;                    ///< account
  pl_mem mem_row;                ///< account of what is made of the current row, under the run's limit
  parley_error_object error;     ///< errors and warnings
  size_t compile_diags;          ///< of these, made by compiling
  bool has_misuse;               ///< the newest diagnostic is of a misused call, and goes with the next call
  size_t misuse_from;            ///< diagnostics before it
  pl_status compiled;            ///< of compiling
  pl_arena arena_query;          ///< text, algebra, parameters' room: as long as the query
  pl_arena arena_plan;           ///< the plan
  pl_arena arena_row;            ///< texts of the current row
  pl_str text;                   ///< the statement
  pl_query* query;               ///< NULL if it does not compile
  pl_plan* plan;                 ///< NULL if it does not compile
  pl_plan_options plan_options;  ///< switches
  pl_param* params;              ///< by parameter
  pl_arena* param_arenas;        ///< what each is made of
  pl_api_cell* cells;            ///< by column
  size_t column_count;           ///< columns of a row
  const char** column_names;     ///< by column
  const char** param_names;      ///< by parameter
  parley_limits limits;          ///< of its runs
  atomic_int interrupt;          ///< parley_query_interrupt
  int (*progress)(void*);        ///< may be NULL
  void* progress_user;           ///< passed to progress
  pl_guard guard;                ///< of the run
  pl_api_state state;            ///< where it is
  pl_status last;                ///< of the last step
  bool has_row;                  ///< columns can be read
  pl_txn* own;                   ///< transaction of the run, if txn is NULL
  pl_run* run;                   ///< NULL outside a run
  pl_txn* rested;                ///< transaction of an earlier run, without a snapshot, to be renewed; may be NULL
  pl_run* kept;                  ///< earlier run in txn or rested, to be run again; may be NULL
  const pl_chunk* chunk;         ///< rows at hand
  uint32_t chunk_next;           ///< next entry of its selection
  uint32_t row;                  ///< current row in it
  uint64_t row_repeats;          ///< how often the current row comes again
  uint64_t rows_given;           ///< by this run, for the limit
  pl_buf lines;                  ///< explain, profile: the plan, a line a row
  size_t line_start;             ///< of the current line
  size_t line_next;              ///< of the one after it
  pl_buf stage;                  ///< text given out by parley_query_stage
  pl_buf profile;                ///< plan with counts of the last run that kept it
  pl_buf profile_json;           ///< the same as JSON
  bool keep_profile;             ///< this run is to keep it
  parley_changes changes;        ///< of the last run
  pl_api_walk* walk;             ///< NULL until support is read
  pl_arena arena_why;            ///< texts of the current line of support
};

/// Are its rows lines of text, explain or profile?
static inline bool pl_api_query_lines(const parley_query* query) {
  return query->query->mode == PL_MODE_EXPLAIN || query->query->mode == PL_MODE_PROFILE;
}
/// Does running it change the store? A preview only reads.
static inline bool pl_api_query_writes(const parley_query* query) {
  return (query->query->kind == PL_QUERY_UPDATE && query->query->mode != PL_MODE_PREVIEW) ||
         query->query->kind == PL_QUERY_DEFINE;
}

/// End the walk over the current row's support: before the row goes.
void pl_api_why_end(parley_query* query);
void pl_api_why_free(parley_query* query);

/// Make the plan (again) in a transaction.
pl_status pl_api_query_plan(parley_query* query, pl_txn* txn);
/// The same in the transaction that the query sees now, after an option changed. If that fails, the query can no longer run: every later
/// call gives the same status.
pl_status pl_api_query_replan(parley_query* query);
/// Begin the time that the query may take, for planning or a run.
void pl_api_query_guard(parley_query* query);
/// Print the plan. Under identity that computes classes, within the limits of the query.
pl_status pl_api_query_explain(parley_query* query, pl_txn* txn, bool json, pl_buf* out);
/// The transaction that the query sees now; begins a short one if need be (then *begun is set and the caller aborts
/// it).
pl_status pl_api_query_look(parley_query* query, pl_txn** txn, bool* begun);
/// Where to write that a call was misused: it replaces what an earlier misuse left, so that it never crowds out errors of the run.
pl_error* pl_api_query_misuse(parley_query* query);
/// Drop what a misused call left.
void pl_api_query_forgive(parley_query* query);
/// Drop what is kept of earlier runs. Before its transaction or its plan goes.
void pl_api_query_forget(parley_query* query);
/// End the run, if any, with its transaction.
void pl_api_query_stop(parley_query* query);
/// Its transaction ends before it: stop, and refuse all further steps.
void pl_api_query_orphan(parley_query* query);
/// Run to the end without giving rows, keeping the profile.
pl_status pl_api_query_profile(parley_query* query);

#endif
