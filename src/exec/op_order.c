// Order: reads all rows, sorts them stably, hands them on. Where only the first k rows are wanted (a limit stands above), rows beyond 2k are
// sorted away as they come, so that memory stays at O(k). The k best first keys seen so far stand in a heap, the last of them on top: of a row whose
// first key comes after that one the other keys are not even computed.
//
// A row is kept as | key values | carried slots | multiplicity | in one array; the sort moves row numbers.
#include "exec/slice.h"
#include "exec/sort.h"

#define BEST_MOST \
  ((size_t)4096)  ///< first keys in the heap: where more rows are wanted, the bound is only known when rows are sorted away

typedef struct order_node {
  pl_node node;
  const pl_alg_key* keys;  ///< in order of importance
  pl_program** programs;   ///< compiled
  uint32_t key_count;      ///< used
  pl_carry carry;          ///< slots handed on
  pl_slice slice;          ///< of the limit above
} order_node;

typedef struct order_op {
  pl_op op;
  pl_sorter sorter;     ///< rows
  pl_id** key_columns;  ///< values of the keys for a chunk
  bool built;           ///< input was read and sorted
  size_t at;            ///< next row to hand on
  size_t rows_max;      ///< rows wanted; SIZE_MAX = all
  uint16_t* selection;  ///< rows of a chunk that may be wanted
  PL_VEC(pl_id) best;   ///< the best first keys: from rows_max on a heap, the last in order on top
  bool bounded;         ///< so many were kept that
  pl_id bound;          ///< rows whose first key comes after this one are not wanted
} order_op;

static const order_node* node_of(const pl_op* op) { return (const order_node*)op->node; }

static pl_status order_open(pl_op* op) {
  order_op* st = (order_op*)op;
  const order_node* node = node_of(op);
  pl_arena* arena = &op->run->arena;
  bool* descending = PL_ARENA_ARRAY(arena, bool, node->key_count + 1);
  st->key_columns = PL_ARENA_ARRAY(arena, pl_id*, node->key_count + 1);
  st->selection = pl_arena_alloc(arena, PL_CHUNK_ROWS * sizeof(*st->selection));
  if (!descending || !st->key_columns || !st->selection) {
    return pl_run_nomem(op->run);
  }
  for (uint32_t i = 0; i < node->key_count; i++) {
    descending[i] = node->keys[i].descending;
    st->key_columns[i] = pl_arena_alloc(arena, PL_CHUNK_ROWS * sizeof(pl_id));
    if (!st->key_columns[i]) {
      return pl_run_nomem(op->run);
    }
  }
  pl_sorter_init(&st->sorter, op->run, node->key_count + node->carry.count + 1, node->key_count, descending);
  PL_TRY(pl_slice_rows(&node->slice, op->run, &st->rows_max));
  return pl_op_columns(op);
}

static void order_close(pl_op* op) {
  order_op* st = (order_op*)op;
  pl_sorter_free(&st->sorter);
  pl_vec_free(&op->run->mem, &st->best);
}

static void restart(order_op* st) {
  pl_sorter_clear(&st->sorter);
  st->best.count = 0;
  st->built = false;
  st->bounded = false;
  st->at = 0;
}

static pl_status order_rewind(pl_op* op) {
  restart((order_op*)op);
  return pl_op_rewind(op->input);
}

static pl_status order_again(pl_op* op) {
  order_op* st = (order_op*)op;
  restart(st);
  return pl_slice_rows(&node_of(op)->slice, op->run, &st->rows_max);
}

/// Does first key `a` come after `b`?
static pl_status comes_after(order_op* st, pl_id a, pl_id b, bool* after) {
  int order = 0;
  PL_TRY(pl_termpool_order(st->op.run->pool, a, b, &order));
  *after = node_of(&st->op)->keys[0].descending ? order < 0 : order > 0;
  return PL_OK;
}

/// Let the key at `at` of the heap sink until none below comes after it.
static pl_status sink(order_op* st, size_t at) {
  pl_id* const best = st->best.data;
  const size_t count = st->best.count;
  for (size_t below = 2 * at + 1; below < count; below = 2 * at + 1) {
    bool after = false;
    if (below + 1 < count) {
      PL_TRY(comes_after(st, best[below + 1], best[below], &after));
      below += after;
    }
    PL_TRY(comes_after(st, best[below], best[at], &after));
    if (!after) {
      break;
    }
    const pl_id key = best[at];
    best[at] = best[below];
    best[below] = key;
    at = below;
  }
  return PL_OK;
}

/// Take a first key among the best, if it is one of them.
static pl_status add_best(order_op* st, pl_id key) {
  if (st->best.count < st->rows_max) {
    PL_TRY(pl_vec_push(&st->op.run->mem, &st->best, key));
    for (size_t at = st->best.count / 2; st->best.count == st->rows_max && at > 0; at--) {
      PL_TRY(sink(st, at - 1));
    }
    return PL_OK;
  }
  bool better = false;
  PL_TRY(comes_after(st, st->best.data[0], key, &better));
  if (better) {
    st->best.data[0] = key;
    PL_TRY(sink(st, 0));
  }
  return PL_OK;
}

/// Know the bound from the first keys of a chunk and all before.
static pl_status find_bound(order_op* st, const pl_chunk* chunk) {
  if (st->rows_max == 0 || st->rows_max > BEST_MOST) {
    return PL_OK;
  }
  for (uint32_t i = 0; i < chunk->selected; i++) {
    PL_TRY(add_best(st, st->key_columns[0][pl_chunk_row(chunk, i)]));
  }
  st->bounded = st->best.count == st->rows_max;
  st->bound = st->bounded ? st->best.data[0] : PL_ID_NULL;
  return PL_OK;
}

/// Narrow a chunk to the rows that may be wanted by their first key.
static pl_status drop_beyond(order_op* st, pl_chunk* chunk) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < chunk->selected; i++) {
    const uint32_t row = pl_chunk_row(chunk, i);
    bool after = false;
    PL_TRY(comes_after(st, st->key_columns[0][row], st->bound, &after));
    st->selection[kept] = (uint16_t)row;
    kept += !after;
  }
  chunk->selection = st->selection;
  chunk->selected = kept;
  return PL_OK;
}

/// Leave out what comes after the bound; what is left may move it.
static pl_status drop_unwanted(order_op* st, pl_chunk* chunk) {
  PL_TRY(st->bounded ? drop_beyond(st, chunk) : PL_OK);
  PL_TRY(find_bound(st, chunk));
  return st->bounded ? drop_beyond(st, chunk) : PL_OK;
}

/// Keep the wanted rows of those read so far.
static pl_status keep_wanted(order_op* st) {
  PL_TRY(pl_sorter_keep(&st->sorter, st->rows_max));
  if (st->rows_max > BEST_MOST) {
    st->bounded = true;
    st->bound = st->sorter.rows[(st->rows_max - 1) * st->sorter.width];
  }
  return PL_OK;
}

/// Keys behind the first one are only computed of rows that it does not leave out.
static pl_status add_chunk(order_op* st, const pl_chunk* read) {
  const order_node* node = node_of(&st->op);
  pl_chunk chunk = *read;
  for (uint32_t k = 0; k < node->key_count; k++) {
    PL_TRY(pl_program_eval(node->programs[k], &st->op.run->eval, &chunk, st->key_columns[k]));
    PL_TRY(k == 0 ? drop_unwanted(st, &chunk) : PL_OK);
  }
  for (uint32_t i = 0; i < chunk.selected; i++) {
    const uint32_t row = pl_chunk_row(&chunk, i);
    pl_id* to = NULL;
    PL_TRY(pl_sorter_add(&st->sorter, &to));
    for (uint32_t k = 0; k < node->key_count; k++) {
      *to++ = st->key_columns[k][row];
    }
    for (uint32_t c = 0; c < node->carry.count; c++) {
      *to++ = pl_chunk_id(&chunk, node->carry.slots[c], row);
    }
    *to = pl_chunk_times(&chunk, row);
  }
  return PL_OK;
}

static pl_status build(order_op* st) {
  const size_t rows_most = st->rows_max > SIZE_MAX / 4 ? SIZE_MAX : st->rows_max * 2 + PL_CHUNK_ROWS;
  for (;;) {
    pl_chunk* chunk = NULL;
    const pl_status status = pl_op_next(st->op.input, &chunk);
    if (status == PL_DONE) {
      break;
    }
    PL_TRY(status);
    PL_TRY(add_chunk(st, chunk));
    if (st->sorter.count > rows_most) {
      PL_TRY(keep_wanted(st));
    }
  }
  st->built = true;
  return pl_sorter_sort(&st->sorter);
}

static pl_status order_next(pl_op* op, pl_chunk** out) {
  order_op* st = (order_op*)op;
  const order_node* node = node_of(op);
  if (!st->built) {
    PL_TRY(build(st));
  }
  pl_op_clear(op);
  uint32_t at = 0;
  while (at < PL_CHUNK_ROWS && st->at < st->sorter.count && st->at < st->rows_max) {
    const pl_id* row = pl_sorter_row(&st->sorter, st->at++) + node->key_count;
    for (uint32_t c = 0; c < node->carry.count; c++) {
      op->chunk.columns[node->carry.slots[c]][at] = row[c];
    }
    PL_TRY(pl_op_times(op, at, 1, row[node->carry.count]));
    at++;
  }
  pl_chunk_set(&op->chunk, at);
  *out = &op->chunk;
  return at ? PL_OK : PL_DONE;
}

static pl_status order_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  order_node* node = (order_node*)base;
  pl_slots below = {0};
  pl_slots_keep(base->out, needed);
  PL_TRY(pl_slots_copy(planner->arena, base->out, &below));
  PL_TRY(pl_carry_make(planner, below, &node->carry));
  for (uint32_t i = 0; i < node->key_count; i++) {
    pl_slots_of_expr(node->keys[i].expr, below);
  }
  return pl_node_prune(planner, base->inputs[0], below);
}

static pl_status order_describe(const pl_node* base, pl_explain* explain) {
  const order_node* node = (const order_node*)base;
  for (uint32_t i = 0; i < node->key_count; i++) {
    PL_TRY(pl_buf_str(explain->out, pl_str_c(i ? ", " : " ")));
    PL_TRY(pl_explain_expr(explain, node->keys[i].expr));
    PL_TRY(pl_buf_str(explain->out, pl_str_c(node->keys[i].descending ? " desc" : "")));
  }
  return pl_buf_str(explain->out, pl_str_c(node->slice.limit ? " top" : ""));
}

static const pl_op_class order_class = {.name = "Order",
                                        .state_bytes = sizeof(order_op),
                                        .open = order_open,
                                        .next = order_next,
                                        .rewind = order_rewind,
                                        .again = order_again,
                                        .close = order_close,
                                        .prune = order_prune,
                                        .describe = order_describe};

pl_status pl_node_order(pl_planner* planner, pl_node* input, const pl_alg_key* keys, uint32_t count, pl_node** out) {
  order_node* node = NULL;
  PL_TRY(pl_node_make(planner, &order_class, sizeof(*node), &input, 1, &node));
  node->keys = keys;
  node->key_count = count;
  node->programs = PL_ARENA_ARRAY(planner->arena, pl_program*, count + 1);
  if (!node->programs) {
    return pl_planner_nomem(planner);
  }
  for (uint32_t i = 0; i < count; i++) {
    PL_TRY(pl_expr_compile(planner->query, keys[i].expr, planner->arena, planner->err, &node->programs[i]));
  }
  pl_slots_add_all(node->node.out, input->out);
  node->node.rows_expected = input->rows_expected;
  *out = &node->node;
  return PL_OK;
}

void pl_node_order_limit(pl_node* base, const pl_slice* slice) {
  while (base->type->keeps_rows) {
    base = base->inputs[0];
  }
  if (base->type == &order_class) {
    ((order_node*)base)->slice = *slice;
  }
}
