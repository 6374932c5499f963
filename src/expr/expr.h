/// Compiled expressions evaluated over chunks, column by column.
#ifndef PL_EXPR_EXPR_H
#define PL_EXPR_EXPR_H

#include "base/guard.h"
#include "expr/chunk.h"
#include "expr/termpool.h"

/// What evaluation needs; one per run.
typedef struct pl_eval {
  pl_txn* txn;
  pl_termpool* pool;
  pl_mem* mem;            ///< the run's account
  pl_arena* scratch;      ///< reset by the caller between chunks
  pl_error* err;          ///< warnings (overflow) and errors
  pl_guard* guard;        ///< may be NULL
  const pl_query* query;  ///< for spans
  const pl_id* terms;     ///< ids of pl_query.terms in this run (TEMP ids for those the dictionary does not know)
  const pl_id* params;    ///< ids of the parameters
  int64_t now_ms;         ///< one clock reading for the whole run: now(), today() in UTC
  bool overflow_warned;   ///< the overflow warning was given
  /// The node shown for a constant under an identity lens (pl_expr.same - 1); NULL = itself.
  pl_status (*shown)(void* user, uint32_t lens, pl_id id, pl_id* out);
  void* shown_user;  ///< passed to it
} pl_eval;

typedef struct pl_program pl_program;  ///< a compiled expression, read-only, lives in the plan's arena

/// Compile; constant parts that depend on nothing (not on the run) may be folded. A bad PCRE pattern given as a constant is an error here.
pl_status pl_expr_compile(const pl_query* query, const pl_expr* expr, pl_arena* arena, pl_error* err, pl_program** out);
/// Per-run state of programs (compiled regular expressions and the like) lives in `eval->scratch`-independent memory owned by the pool.
/// Evaluate for every selected row r: out[r] is set (other rows are untouched).
pl_status pl_program_eval(const pl_program* program, pl_eval* eval, const pl_chunk* chunk, pl_id* out);
/// Evaluate without a row (skip, limit, lens arguments): slots read as null.
pl_status pl_program_eval_const(const pl_program* program, pl_eval* eval, pl_id* out);
/// Keep the rows for which the program is true: narrows the selection (selection_space has PL_CHUNK_ROWS entries and becomes the selection).
pl_status pl_program_filter(const pl_program* program, pl_eval* eval, pl_chunk* chunk, uint16_t* selection_space);
/// Slots that the expression reads (for pushing filters and pruning columns): calls fn for each, maybe repeatedly.
void pl_expr_slots(const pl_expr* expr, void (*fn)(void* user, pl_slot slot), void* user);

#endif
