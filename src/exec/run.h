/// Plans and runs: the only door of the executor for the API.
///
/// A plan is made from a query in a transaction (counts decide join order) and then read-only: several runs may share it, also in later
/// transactions. A run belongs to one thread and one transaction.
#ifndef PL_EXEC_RUN_H
#define PL_EXEC_RUN_H

#include "base/guard.h"
#include "expr/chunk.h"
#include "expr/termpool.h"
#include "store/statement.h"

typedef struct pl_plan pl_plan;
typedef struct pl_run pl_run;

/// Switches for tests: answers must not depend on any of them.
typedef struct pl_plan_options {
  uint64_t rules_off;   ///< bit n switches rewrite rule n off
  bool join_order_off;  ///< join in order of writing
  bool cycles_at_once;  ///< a multiway join wherever there can be one, whatever it costs
  bool why;             ///< keep the support of each row, as `why` asks
  size_t why_members;   ///< rows of a group whose support is kept; 0 = default
  pl_guard* guard;      ///< ends planning in time; may be NULL
} pl_plan_options;

typedef struct pl_run_limits {
  size_t memory_bytes;  ///< 0 = none
  uint64_t rows;        ///< result rows after which PL_ERR_LIMIT is given; 0 = none
  unsigned threads;     ///< 0 = the store's
  bool profile;         ///< measure time and memory also where the query does not ask for it
} pl_run_limits;

/// Names of the rewrite rules by bit number; NULL ends the table.
extern const char* const pl_rule_names[];

/// Plan a query. Everything lives in `arena` (the plan's). options may be NULL.
pl_status pl_plan_make(const pl_query* query, pl_txn* txn, const pl_plan_options* options, pl_arena* arena,
                       pl_error* err, pl_plan** out);
/// Text of the plan (explain): one tree, one operator a line, expected rows, order used. Under identity the classes are computed for it,
/// within the limits and the guard of `within`; NULL = none.
typedef struct pl_explain_within {
  const pl_run_limits* limits;  ///< may be NULL
  pl_guard* guard;              ///< may be NULL
  pl_error* err;                ///< receives failures of the run; NULL = the transaction's
} pl_explain_within;
pl_status pl_plan_explain(const pl_plan* plan, pl_txn* txn, const pl_explain_within* within, pl_buf* out);
/// The same as one JSON object: operator, detail, order, expected, children; after a run also seen, ms, bytes and, if the estimate was wrong by
/// more than ten times, off_by.
pl_status pl_plan_explain_json(const pl_plan* plan, pl_txn* txn, const pl_explain_within* within, pl_buf* out);

/// Start. `params` holds one per pl_query.params: a term (PL_TERM_NONE = null) or, where `list` is set, the terms of a list.
typedef struct pl_param {
  pl_term term;         ///< single value
  const pl_term* list;  ///< elements; NULL = single value
  size_t list_count;    ///< used
} pl_param;
pl_status pl_run_open(const pl_plan* plan, pl_txn* txn, const pl_param* params, const pl_run_limits* limits,
                      pl_guard* guard, pl_error* err, pl_run** out);
/// Next chunk of result rows (ROWS and EXISTS queries; EXISTS gives one row with one boolean in column 0). *chunk is borrowed until the next call.
/// PL_DONE at the end. Column i of the result is slot pl_run_slot(run, i). Multiplicity is honoured by the caller.
pl_status pl_run_next(pl_run* run, const pl_chunk** chunk);
/// Lay a run aside, ended or not, so that it can be run again. False if it is not to be kept (its operators cannot begin anew, it failed,
/// holds much memory, or belongs to a write transaction): close it.
bool pl_run_rest(pl_run* run);
/// Run again with other parameters, in the same transaction object, which may have been renewed meanwhile. After a failure close it.
pl_status pl_run_again(pl_run* run, const pl_param* params);
pl_slot pl_run_slot(const pl_run* run, uint32_t column);
const char* pl_run_maker(const pl_run* run);  ///< operator that hands on the result rows, for messages; static text
/// UPDATE queries: run to the end and apply through the transaction's writer. All rows are collected before anything is written.
pl_status pl_run_update(pl_run* run, pl_write_counts* counts);
pl_termpool* pl_run_pool(pl_run* run);  ///< terms of the result ids
/// Text of the plan with seen rows and time per operator (profile); call after the run is done.
pl_status pl_run_profile(const pl_run* run, pl_buf* out);
pl_status pl_run_profile_json(const pl_run* run, pl_buf* out);
void pl_run_close(pl_run* run);  ///< accepts NULL

#endif
