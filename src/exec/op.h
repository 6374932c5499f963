/// Operators of a running plan.
///
/// A node is the read-only plan part, an operator (pl_op) the state of one run. `next` hands on one chunk of rows, borrowed until the next
/// call, which its caller may narrow or widen in place: so filters and computed columns copy nothing. Everything goes through pl_op_next().
///
/// Correlation. The plan of an optional, a not, an exists or a branch starts with an Argument: its operator hands on a chunk of outer rows as it is,
/// with one hidden column, the number of the row. Joins extend these rows, and the operator above, an Apply, reads from the row numbers which
/// outer rows matched. One run of the inner plan so serves a whole chunk of outer rows.
#ifndef PL_EXEC_OP_H
#define PL_EXEC_OP_H

#include "exec/run.h"
#include "expr/expr.h"
#include "opt/slots.h"

typedef struct pl_node pl_node;
typedef struct pl_op pl_op;
typedef struct pl_planner pl_planner;
typedef struct pl_explain pl_explain;

typedef struct pl_op_class {
  const char* name;                              ///< as shown by explain
  size_t state_bytes;                            ///< of the state struct, whose first member is pl_op
  pl_status (*open)(pl_op* op);                  ///< once per run, inputs are open; may be NULL
  pl_status (*next)(pl_op* op, pl_chunk** out);  ///< PL_OK and a chunk (may be empty), or PL_DONE
  pl_status (*rewind)(pl_op* op);                ///< start again; NULL: rewind the input
  pl_status (*again)(pl_op* op);  ///< forget rows, parameters and snapshot, keep space; NULL: the run is not run again
  void (*close)(pl_op* op);       ///< also after a failed open; may be NULL
  pl_status (*prune)(pl_planner* planner, pl_node* node, pl_slots needed);  ///< see pl_node_prune
  pl_status (*describe)(const pl_node* node, pl_explain* explain);          ///< append the detail; may be NULL
  const char* (*title)(const pl_node* node);                                ///< name for explain; NULL: `name`
  bool keeps_rows;  ///< hands on every row of its input once, in order
} pl_op_class;

struct pl_node {
  const pl_op_class* type;  ///< what it does
  uint32_t index;           ///< number in the plan: its operator is run->ops[index]
  double rows_expected;     ///< estimate
  uint32_t position;        ///< of its pattern in the query text; 0 if it has none
  pl_slots out;             ///< slots that its chunks carry
  pl_node** inputs;         ///< first the pipeline it extends, then sub-plans
  uint32_t input_count;     ///< used
};

struct pl_op {
  const pl_node* node;  ///< plan part
  pl_run* run;          ///< the run it belongs to
  pl_op* input;         ///< operator of the first input; NULL for leaves
  pl_chunk chunk;       ///< output of those that make rows
  uint64_t* times;      ///< space for the output's multiplicities, made on first use
  uint64_t rows_seen;   ///< rows handed on, multiplicities counted
  uint64_t time_ns;     ///< time inside, inputs included; only when profiling
  int64_t bytes;        ///< memory taken and not given back inside, inputs excluded; only when profiling
  int64_t bytes_max;    ///< most of it
  bool ended;           ///< it said PL_DONE: all its rows were seen
};

struct pl_plan {
  const pl_query* query;            ///< as rewritten
  pl_arena* arena;                  ///< everything lives here
  pl_node* root;                    ///< top of the tree
  struct pl_lens_plan* lens_parts;  ///< by number of lens part; see lens.h
  pl_slots bound;                   ///< slots that rows could carry: others in an insert are fresh blank nodes
  uint32_t node_count;              ///< operators of a run
  uint32_t slot_count;              ///< the query's slots and hidden ones; while it is made, as many as there could be
  uint32_t hidden;                  ///< first hidden slot
  pl_slot why;                      ///< slot of a row's support (support.h); PL_SLOT_NONE unless it is asked for
  size_t why_members;               ///< rows of a group whose support is kept
};

/// Hidden slots, counted from plan->hidden.
enum {
  PL_HIDDEN_PLACE = 0 /* four places of a scan */,
  PL_HIDDEN_ROW = 4,
  PL_HIDDEN_EXISTS = 5,
  PL_HIDDEN_WHY = 6,
  PL_HIDDEN_KEY = 7 /* members of the nodes at places A, P and B (op_members.c) */,
  PL_HIDDEN_SAME_ROW = 10,
  PL_HIDDEN_CLASSES = 11,
  PL_HIDDEN_DEPTH = 12
};
#define PL_PLAN_DEPTH_MAX 250u     ///< nesting of correlated plans
#define PL_PLAN_NODES_MAX 100000u  ///< operators of one plan

typedef struct pl_lens_state pl_lens_state;

struct pl_run {
  const pl_plan* plan;
  pl_txn* txn;
  pl_guard* guard;
  pl_error* err;
  pl_mem mem;        ///< pays for everything of the run
  pl_arena arena;    ///< operator states and column space
  pl_arena scratch;  ///< reset before every operator call
  pl_termpool* pool;
  pl_eval eval;
  pl_op** ops;                    ///< by node index
  pl_id* terms;                   ///< ids of the query's constants
  pl_id* params;                  ///< ids of the parameters
  pl_lens_state* lenses;          ///< by lens number
  struct pl_support* support;     ///< why rows are there (support.h); NULL unless asked for
  const pl_op* working;           ///< operator whose `next` runs
  struct pl_same_state* classes;  ///< by lens number: identity (classes.h); NULL if no lens has it
  struct pl_preview* preview;     ///< changes listed instead of written (update.h); NULL until they are asked for
  uint64_t rows;                  ///< result rows so far
  uint64_t rows_max;              ///< limit; 0 = none
  bool profile;                   ///< measure time and memory
  int64_t bytes_below;            ///< memory taken inside the operators that the one at work has called
  bool done;                      ///< nothing more comes
  pl_status failed;               ///< a failure sticks
  uint64_t snapshot;              ///< of the transaction
  bool moved;                     ///< run again, and the snapshot or the ids of constants are others than before
  pl_chunk exists;                ///< result of an EXISTS query
  pl_id exists_id;                ///< its one value
  pl_id exists_why;               ///< and why it is so
  pl_id* row_ids;                 ///< 0, 1, 2 ...: the hidden column of all Arguments; made by the first
};

/// Make the operator of a node and of all below.
pl_status pl_op_open(pl_run* run, const pl_node* node, pl_op** out);
/// Next chunk with at least one row, or PL_DONE. Checks the guard, counts rows and time.
pl_status pl_op_next(pl_op* op, pl_chunk** out);
pl_status pl_op_rewind(pl_op* op);
/// Go to the next row of an input read row by row: *in is its current chunk (NULL at first), *at the next entry of the chunk's selection.
static inline pl_status pl_op_next_row(pl_op* input, pl_chunk** in, uint32_t* at, uint32_t* row) {
  while (!*in || *at == (*in)->selected) {
    PL_TRY(pl_op_next(input, in));
    *at = 0;
  }
  *row = pl_chunk_row(*in, (*at)++);
  return PL_OK;
}
/// `again` of operators that keep nothing between two chunks.
pl_status pl_op_again_plain(pl_op* op);
/// Tell that the memory limit was reached in `what`, unless an operator has told it. Returns `status`.
pl_status pl_run_tell_memory(pl_run* run, const char* what, pl_status status);
/// What the guard's time message names.
static inline void pl_run_say(const pl_run* run, const char* work) {
  if (run->guard) {
    run->guard->work = work;
  }
}
static inline pl_op* pl_op_of(const pl_op* op, uint32_t input) { return op->run->ops[op->node->inputs[input]->index]; }

/// A status for a failed allocation of a run.
static inline pl_status pl_run_nomem(const pl_run* run) { return pl_mem_status(&run->mem); }

// ---- output chunks ------------------------------------------------------------------------------------------------

/// Give op->chunk columns for all slots of its node's `out`.
pl_status pl_op_columns(pl_op* op);
/// Empty op->chunk for the next rows.
void pl_op_clear(pl_op* op);
/// Let row `at` stand for `times` rows; makes the multiplicities of the chunk on first use (earlier rows stand for one).
pl_status pl_op_times(pl_op* op, uint32_t at, uint32_t count, uint64_t times);
static inline uint64_t pl_chunk_times(const pl_chunk* chunk, uint32_t row) {
  return chunk->multiplicity ? chunk->multiplicity[row] : 1;
}
/// The chunk has `count` rows, all selected.
static inline void pl_chunk_set(pl_chunk* chunk, uint32_t count) {
  chunk->count = chunk->selected = count;
  chunk->selection = NULL;
}
/// One column of `chunk` set to NULL pointers for every slot; its table of columns comes from the run's arena.
pl_status pl_chunk_make(pl_run* run, pl_chunk* chunk);

/// Slots to copy from an input row to an output row.
typedef struct pl_carry {
  pl_slot* slots;  ///< which
  uint32_t count;  ///< used
} pl_carry;
/// Copy carried slots of in's row to out's rows [at, at + count).
void pl_carry_row(const pl_carry* carry, const pl_chunk* in, uint32_t row, pl_chunk* out, uint32_t at, uint32_t count);

#endif
