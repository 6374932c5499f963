/// Evaluation, column by column over the selected rows. A node gives a vector: a column of the chunk as it stands, one
/// value for all rows (constants), or ids computed into a spare vector. Slots and constants thus cost nothing per row.
///
/// A call first has its arguments as vectors, the first of them in the place of the result, and then runs its
/// implementation row by row, through a small memo of argument ids so that a text is worked on once while it repeats.
/// `and`, `or`, `if` and `coalesce` narrow the rows for their later arguments instead.
#include "expr/expr_internal.h"

enum { MEMO_SLOTS = 128, MEMO_ARGS = 3, MEMO_ROWS_MIN = 8, GUARD_ROWS = 64 };

/// Vectors given back, linked through their first entry.
typedef struct spare {
  struct spare* next;  ///< older one
} spare;

typedef struct frame {
  pl_eval* eval;          ///< the run
  const pl_chunk* chunk;  ///< rows
  spare* spares;          ///< vectors to use again
} frame;

typedef struct vector {
  const pl_id* ids;  ///< by row; NULL = `single` for every row
  pl_id single;      ///< the one value
  pl_id* owned;      ///< to be given back; NULL if borrowed
} vector;

/// The rows to compute, ascending.
typedef struct row_set {
  const uint16_t* rows;  ///< row numbers
  uint32_t count;        ///< used
} row_set;

static inline pl_id vector_at(const vector* v, uint32_t row) { return v->ids ? v->ids[row] : v->single; }

static pl_status eval_node(frame* f, const pl_node* node, row_set rows, pl_id* space, vector* out);
static pl_status eval_call(frame* f, const pl_node* node, row_set rows, pl_id* out);

/* --- vectors --- */

static pl_status vector_take(frame* f, pl_id** out) {
  if (f->spares) {
    *out = (pl_id*)f->spares;
    f->spares = f->spares->next;
    return PL_OK;
  }
  const size_t rows = f->chunk->count ? f->chunk->count : 1;
  *out = pl_arena_alloc(f->eval->scratch, rows * sizeof(pl_id));
  return *out ? PL_OK : pl_mem_status(f->eval->scratch->mem);
}

static void vector_give(frame* f, pl_id* ids) {
  if (ids) {
    spare* const s = (spare*)ids;
    s->next = f->spares;
    f->spares = s;
  }
}

/// Evaluate into a vector of its own.
static pl_status eval_argument(frame* f, const pl_node* node, row_set rows, vector* out) {
  pl_id* space = NULL;
  if (node->kind == PL_EXPR_CALL && !node->constant) {
    PL_TRY(vector_take(f, &space));
  }
  PL_TRY(eval_node(f, node, rows, space, out));
  out->owned = space;
  return PL_OK;
}

static pl_status rows_copy(frame* f, row_set rows, uint16_t** out) {
  *out = pl_arena_alloc(f->eval->scratch, rows.count * sizeof **out);
  if (!*out) {
    return pl_mem_status(f->eval->scratch->mem);
  }
  if (rows.count) {
    memcpy(*out, rows.rows, rows.count * sizeof **out);
  }
  return PL_OK;
}

/* --- nodes --- */

/// Value of a node that reads no slot: computed once per run and kept in the pool.
static pl_status constant_value(frame* f, const pl_node* node, pl_id* out) {
  pl_termpool* const pool = f->eval->pool;
  const pl_id key = (pl_id)(uintptr_t)node;
  const uint64_t* const kept = pl_idmap_find(&pool->constants, key);
  if (kept) {
    *out = *kept;
    return PL_OK;
  }
  const uint16_t row = 0;
  const pl_chunk one = {.count = 1, .selected = 1};
  frame alone = {.eval = f->eval, .chunk = &one};
  PL_TRY(eval_call(&alone, node, (row_set){&row, 1}, out));
  return pl_idmap_put(&pool->constants, pool->mem, key, *out, NULL);
}

/// A constant or parameter; under identity (same N) the node that is shown for it, found once per run.
static pl_status shown_value(pl_eval* eval, const pl_node* node, pl_id id, pl_id* out) {
  *out = id;
  if (!node->same || !eval->shown) {
    return PL_OK;
  }
  const pl_id key = (pl_id)(uintptr_t)node;
  const uint64_t* const kept = pl_idmap_find(&eval->pool->constants, key);
  if (kept) {
    *out = *kept;
    return PL_OK;
  }
  PL_TRY(eval->shown(eval->shown_user, node->same - 1, id, out));
  return pl_idmap_put(&eval->pool->constants, eval->pool->mem, key, *out, NULL);
}

static pl_status eval_node(frame* f, const pl_node* node, row_set rows, pl_id* space, vector* out) {
  *out = (vector){.ids = NULL, .single = PL_ID_NULL};
  switch (node->kind) {
    case PL_EXPR_SLOT:
      out->ids = node->index < f->chunk->slot_count ? f->chunk->columns[node->index] : NULL;
      return PL_OK;
    case PL_EXPR_TERM:
      return shown_value(f->eval, node, f->eval->terms[node->index], &out->single);
    case PL_EXPR_PARAM:
      return shown_value(f->eval, node, f->eval->params[node->index], &out->single);
    case PL_EXPR_CALL:
      break;
  }
  if (node->constant) {
    return constant_value(f, node, &out->single);
  }
  out->ids = space;
  return eval_call(f, node, rows, space);
}

/* --- lazy functions --- */

/// and: false as soon as one argument is false, else null if one is null; or: the same with true.
static pl_status eval_logic(frame* f, const pl_node* node, row_set rows, pl_id* out) {
  const pl_truth decisive = node->fn == PL_FN_AND ? PL_FALSE : PL_TRUE;
  uint16_t* open;
  PL_TRY(rows_copy(f, rows, &open));
  row_set left = {open, rows.count};
  for (uint32_t i = 0; i < rows.count; i++) {
    out[open[i]] = pl_bool_id(decisive == PL_FALSE);
  }
  for (uint32_t a = 0; a < node->arg_count && left.count > 0; a++) {
    vector v;
    PL_TRY(eval_argument(f, node->args[a], left, &v));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < left.count; i++) {
      const uint16_t row = open[i];
      pl_truth truth;
      PL_TRY(pl_id_truth(f->eval, vector_at(&v, row), &truth));
      out[row] = truth == decisive ? pl_truth_id(truth) : truth == PL_UNKNOWN ? PL_ID_NULL : out[row];
      open[kept] = row;
      kept += truth != decisive;
    }
    left.count = kept;
    vector_give(f, v.owned);
  }
  return PL_OK;
}

static pl_status eval_into(frame* f, const pl_node* node, row_set rows, pl_id* out) {
  if (rows.count == 0) {
    return PL_OK;
  }
  vector v;
  PL_TRY(eval_argument(f, node, rows, &v));
  for (uint32_t i = 0; i < rows.count; i++) {
    out[rows.rows[i]] = vector_at(&v, rows.rows[i]);
  }
  vector_give(f, v.owned);
  return PL_OK;
}

/// A condition that is null takes the else branch, as in SQL's CASE.
static pl_status eval_if(frame* f, const pl_node* node, row_set rows, pl_id* out) {
  uint16_t* yes;
  uint16_t* no;
  PL_TRY(rows_copy(f, rows, &yes));
  PL_TRY(rows_copy(f, rows, &no));
  uint32_t yes_count = 0;
  uint32_t no_count = 0;
  vector v;
  PL_TRY(eval_argument(f, node->args[0], rows, &v));
  for (uint32_t i = 0; i < rows.count; i++) {
    const uint16_t row = rows.rows[i];
    pl_truth truth;
    PL_TRY(pl_id_truth(f->eval, vector_at(&v, row), &truth));
    if (truth == PL_TRUE) {
      yes[yes_count++] = row;
    } else {
      no[no_count++] = row;
    }
  }
  vector_give(f, v.owned);
  PL_TRY(eval_into(f, node->args[1], (row_set){yes, yes_count}, out));
  return eval_into(f, node->args[2], (row_set){no, no_count}, out);
}

static pl_status eval_coalesce(frame* f, const pl_node* node, row_set rows, pl_id* out) {
  uint16_t* open;
  PL_TRY(rows_copy(f, rows, &open));
  row_set left = {open, rows.count};
  for (uint32_t a = 0; a < node->arg_count && left.count > 0; a++) {
    PL_TRY(eval_into(f, node->args[a], left, out));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < left.count; i++) {
      open[kept] = open[i];
      kept += out[open[i]] == PL_ID_NULL;
    }
    left.count = kept;
  }
  return PL_OK;
}

/* --- calls row by row --- */

typedef struct memo_entry {
  pl_id args[MEMO_ARGS];  ///< arguments; unused ones 0
  pl_id out;              ///< result
  bool used;              ///< holds something
} memo_entry;

typedef struct row_call {
  pl_call call;        ///< for the implementation
  pl_fn_impl impl;     ///< what runs
  const vector* args;  ///< by argument
  pl_id* ids;          ///< arguments of the row
  memo_entry* memo;    ///< MEMO_SLOTS of them; NULL = none
  bool nulls;          ///< the function sees null arguments
} row_call;

static bool sees_nulls(pl_fn fn) {
  static const uint8_t flags[PL_FN_COUNT_] = {
#define PL_FUNCTION(slug, name, args_min, args_max, bits) [PL_FN_##slug] = (bits)&PL_FN_NULLS,
#include "algebra/functions.def"
#undef PL_FUNCTION
  };
  return flags[fn] != 0;
}

/// Functions cheaper than asking the memo.
static bool is_cheap(pl_fn fn) {
  return (fn >= PL_FN_ADD && fn <= PL_FN_MUL) || fn == PL_FN_NOT || fn == PL_FN_BOUND || fn == PL_FN_LIST ||
         (fn >= PL_FN_IS_NODE && fn <= PL_FN_IS_DATE);
}

static pl_status run_impl(const row_call* r, pl_id* out) {
  *out = PL_ID_NULL;
  const pl_status status = r->impl(&r->call, r->ids, out);
  if (status == PL_DONE) {
    *out = PL_ID_NULL;
    return PL_OK;
  }
  return status;
}

static pl_status run_memo(const row_call* r, pl_id* out) {
  pl_id key[MEMO_ARGS] = {0};
  uint64_t hash = 0;
  for (uint32_t i = 0; i < r->call.count; i++) {
    key[i] = r->ids[i];
    hash = (hash ^ key[i] ^ key[i] >> 29) * 0x9E3779B97F4A7C15u;
  }
  memo_entry* const entry = &r->memo[(hash >> 40) % MEMO_SLOTS];
  if (entry->used && !memcmp(entry->args, key, sizeof key)) {
    *out = entry->out;
    return PL_OK;
  }
  PL_TRY(run_impl(r, out));
  memcpy(entry->args, key, sizeof key);
  entry->out = *out;
  entry->used = true;
  return PL_OK;
}

static pl_status run_row(const row_call* r, uint32_t row, pl_id* out) {
  bool null_seen = false;
  for (uint32_t i = 0; i < r->call.count; i++) {
    r->ids[i] = vector_at(&r->args[i], row);
    null_seen = null_seen || r->ids[i] == PL_ID_NULL;
  }
  if (null_seen && !r->nulls) {
    *out = PL_ID_NULL;
    return PL_OK;
  }
  return r->memo ? run_memo(r, out) : run_impl(r, out);
}

static pl_status run_rows(frame* f, const pl_node* node, const vector* args, row_set rows, pl_id* out) {
  pl_arena* const scratch = f->eval->scratch;
  row_call r = {.call = {f->eval, node, node->arg_count}, .impl = pl_fn_impls[node->fn], .args = args};
  r.nulls = sees_nulls(node->fn);
  r.ids = PL_ARENA_ARRAY(scratch, pl_id, node->arg_count);
  if (!r.ids) {
    return pl_mem_status(scratch->mem);
  }
  const bool cheap = is_cheap(node->fn);
  if (rows.count >= MEMO_ROWS_MIN && node->arg_count >= 1 && node->arg_count <= MEMO_ARGS && !cheap) {
    r.memo = PL_ARENA_ARRAY(scratch, memo_entry, MEMO_SLOTS);
    if (!r.memo) {
      return pl_mem_status(scratch->mem);
    }
  }
  for (uint32_t i = 0; i < rows.count; i++) {
    if (!cheap && i % GUARD_ROWS == GUARD_ROWS - 1) {
      PL_TRY(pl_guard_check(f->eval->guard, f->eval->err));
    }
    PL_TRY(run_row(&r, rows.rows[i], &out[rows.rows[i]]));
  }
  return PL_OK;
}

static pl_status run_compare(frame* f, const pl_node* node, const vector* args, row_set rows, pl_id* out) {
  const pl_compare_op op = pl_fn_compare_op(node->fn);
  for (uint32_t i = 0; i < rows.count; i++) {
    const uint32_t row = rows.rows[i];
    const pl_id a = vector_at(&args[0], row);
    const pl_id b = vector_at(&args[1], row);
    pl_truth truth;
    if (!pl_ids_compare_fast(op, a, b, &truth)) {
      PL_TRY(pl_ids_compare(f->eval, op, a, b, &truth));
    }
    out[row] = pl_truth_id(truth);
  }
  return PL_OK;
}

/// Arguments first: the first one in the place of the result (each row reads before it writes), the others in vectors.
static pl_status eval_eager(frame* f, const pl_node* node, row_set rows, pl_id* out) {
  vector* const args = PL_ARENA_ARRAY(f->eval->scratch, vector, node->arg_count);
  if (!args) {
    return pl_mem_status(f->eval->scratch->mem);
  }
  for (uint32_t i = 0; i < node->arg_count; i++) {
    PL_TRY(i == 0 ? eval_node(f, node->args[i], rows, out, &args[i]) : eval_argument(f, node->args[i], rows, &args[i]));
  }
  const bool compare = node->fn >= PL_FN_EQ && node->fn <= PL_FN_GE;
  PL_TRY(compare ? run_compare(f, node, args, rows, out) : run_rows(f, node, args, rows, out));
  for (uint32_t i = 1; i < node->arg_count; i++) {
    vector_give(f, args[i].owned);
  }
  return PL_OK;
}

static pl_status eval_call(frame* f, const pl_node* node, row_set rows, pl_id* out) {
  switch (node->fn) {
    case PL_FN_AND:
    case PL_FN_OR:
      return eval_logic(f, node, rows, out);
    case PL_FN_IF:
      return eval_if(f, node, rows, out);
    case PL_FN_COALESCE:
      return eval_coalesce(f, node, rows, out);
    default:
      break;
  }
  if (pl_fn_impls[node->fn] || (node->fn >= PL_FN_EQ && node->fn <= PL_FN_GE)) {
    return eval_eager(f, node, rows, out);
  }
  for (uint32_t i = 0; i < rows.count; i++) {
    out[rows.rows[i]] = PL_ID_NULL;  // a function on paths: no value here is a path
  }
  return PL_OK;
}

/* --- programs --- */

static pl_status selected_rows(pl_eval* eval, const pl_chunk* chunk, row_set* out) {
  if (chunk->selection) {
    *out = (row_set){chunk->selection, chunk->selected};
    return PL_OK;
  }
  uint16_t* const all = pl_arena_alloc(eval->scratch, chunk->count * sizeof *all);
  if (!all) {
    return pl_mem_status(eval->scratch->mem);
  }
  for (uint32_t i = 0; i < chunk->count; i++) {
    all[i] = (uint16_t)i;
  }
  *out = (row_set){all, chunk->count};
  return PL_OK;
}

pl_status pl_program_eval(const pl_program* program, pl_eval* eval, const pl_chunk* chunk, pl_id* out) {
  frame f = {.eval = eval, .chunk = chunk};
  row_set rows = {0};
  vector v;
  PL_TRY(pl_guard_check(eval->guard, eval->err));
  PL_TRY(selected_rows(eval, chunk, &rows));
  if (rows.count == 0) {
    return PL_OK;
  }
  PL_TRY(eval_node(&f, program->root, rows, out, &v));
  for (uint32_t i = 0; i < rows.count && v.ids != out; i++) {
    out[rows.rows[i]] = vector_at(&v, rows.rows[i]);
  }
  return PL_OK;
}

pl_status pl_program_eval_const(const pl_program* program, pl_eval* eval, pl_id* out) {
  const pl_chunk none = {.count = 1, .selected = 1};
  return pl_program_eval(program, eval, &none, out);
}

pl_status pl_program_filter(const pl_program* program, pl_eval* eval, pl_chunk* chunk, uint16_t* selection_space) {
  frame f = {.eval = eval, .chunk = chunk};
  row_set rows = {0};
  vector v;
  PL_TRY(pl_guard_check(eval->guard, eval->err));
  PL_TRY(selected_rows(eval, chunk, &rows));
  uint32_t kept = 0;
  if (rows.count > 0) {
    PL_TRY(eval_argument(&f, program->root, rows, &v));
  }
  for (uint32_t i = 0; i < rows.count; i++) {
    const uint16_t row = rows.rows[i];
    pl_truth truth;
    PL_TRY(pl_id_truth(eval, vector_at(&v, row), &truth));
    selection_space[kept] = row;
    kept += truth == PL_TRUE;
  }
  chunk->selection = selection_space;
  chunk->selected = kept;
  return PL_OK;
}
