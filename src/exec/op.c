// The wrapper around all operators, and space for their output: see op.h.
#include "exec/op.h"

pl_status pl_op_open(pl_run* run, const pl_node* node, pl_op** out) {
  pl_op* op = pl_arena_calloc(&run->arena, 1, node->type->state_bytes);
  if (!op) {
    return pl_run_nomem(run);
  }
  op->node = node;
  op->run = run;
  run->ops[node->index] = op;
  for (uint32_t i = 0; i < node->input_count; i++) {
    pl_op* input = NULL;
    PL_TRY(pl_op_open(run, node->inputs[i], &input));
    if (i == 0) {
      op->input = input;
    }
  }
  if (node->type->open) {
    PL_TRY(node->type->open(op));
  }
  *out = op;
  return PL_OK;
}

/// Name the operator in which the memory limit was reached; the innermost reports.
static pl_status memory_failure(pl_op* op, pl_status status) {
  pl_run* run = op->run;
  if (run->failed == PL_OK && run->mem.limit_hit && status == PL_ERR_LIMIT) {
    run->failed = status;
    return pl_fail_memory(run->err, op->node->type->name, run->mem.bytes_max);
  }
  if (run->failed == PL_OK) {
    run->failed = status;
  }
  return status;
}

static void count_rows(pl_op* op, const pl_chunk* chunk) {
  if (!chunk->multiplicity) {
    op->rows_seen += chunk->selected;
    return;
  }
  for (uint32_t i = 0; i < chunk->selected; i++) {
    op->rows_seen = pl_times_add(op->rows_seen, chunk->multiplicity[pl_chunk_row(chunk, i)]);
  }
}

#ifndef NDEBUG
static bool chunk_is_sound(const pl_chunk* chunk) {
  for (uint32_t i = 0; chunk->selection && i < chunk->selected; i++) {
    if (chunk->selection[i] >= chunk->count || (i && chunk->selection[i] <= chunk->selection[i - 1])) {
      return false;
    }
  }
  return chunk->count <= PL_CHUNK_ROWS && chunk->selected <= chunk->count &&
         (chunk->selection || chunk->selected == chunk->count);
}
#endif

/// What was taken while the operator worked, less what those below it took, is its own.
static void count_bytes(pl_op* op, size_t before, int64_t below) {
  const int64_t taken = (int64_t)op->run->mem.bytes_used - (int64_t)before;
  op->bytes += taken - op->run->bytes_below;
  op->bytes_max = op->bytes > op->bytes_max ? op->bytes : op->bytes_max;
  op->run->bytes_below = below + taken;
}

pl_status pl_op_next(pl_op* op, pl_chunk** out) {
  pl_run* run = op->run;
  const uint64_t start = run->profile ? pl_clock_ns() : 0;
  const pl_op* const caller = run->working;
  const char* const said = run->guard ? run->guard->work : NULL;
  const size_t bytes = run->mem.bytes_used;
  const int64_t below = run->bytes_below;
  pl_status status = PL_OK;
  run->working = op;
  pl_run_say(run, op->node->type->name);
  run->bytes_below = 0;
  do {
    status = pl_guard_check(run->guard, run->err);
    if (status == PL_OK) {
      pl_arena_reset(&run->scratch);
      status = op->node->type->next(op, out);
    }
  } while (status == PL_OK && (*out)->selected == 0);
  run->working = caller;
  pl_run_say(run, said);
  if (run->profile) {
    op->time_ns += pl_clock_ns() - start;
    count_bytes(op, bytes, below);
  }
  op->ended = op->ended || status == PL_DONE;
  if (status != PL_OK) {
    *out = NULL;  // callers keep the chunk they hold: an emptied one must not look half read
    return status == PL_DONE ? PL_DONE : memory_failure(op, status);
  }
  assert(chunk_is_sound(*out));
  count_rows(op, *out);
  return PL_OK;
}

pl_status pl_op_rewind(pl_op* op) {
  if (op->node->type->rewind) {
    return op->node->type->rewind(op);
  }
  return op->input ? pl_op_rewind(op->input) : PL_OK;
}

pl_status pl_op_again_plain(pl_op* op) {
  PL_UNUSED(op);
  return PL_OK;
}

pl_status pl_chunk_make(pl_run* run, pl_chunk* chunk) {
  memset(chunk, 0, sizeof(*chunk));
  chunk->slot_count = run->plan->slot_count;
  chunk->columns = PL_ARENA_ARRAY(&run->arena, pl_id*, chunk->slot_count);
  return chunk->columns ? PL_OK : pl_run_nomem(run);
}

pl_status pl_op_columns(pl_op* op) {
  PL_TRY(pl_chunk_make(op->run, &op->chunk));
  const pl_slots out = op->node->out;
  for (pl_slot slot = pl_slots_from(out, 0); slot != PL_SLOT_NONE; slot = pl_slots_from(out, slot + 1)) {
    op->chunk.columns[slot] = pl_arena_alloc(&op->run->arena, PL_CHUNK_ROWS * sizeof(pl_id));
    if (!op->chunk.columns[slot]) {
      return pl_run_nomem(op->run);
    }
  }
  return PL_OK;
}

void pl_op_clear(pl_op* op) {
  pl_chunk_set(&op->chunk, 0);
  op->chunk.multiplicity = NULL;
}

pl_status pl_op_times(pl_op* op, uint32_t at, uint32_t count, uint64_t times) {
  if (times == 1 && !op->chunk.multiplicity) {
    return PL_OK;
  }
  if (!op->times) {
    op->times = pl_arena_alloc(&op->run->arena, PL_CHUNK_ROWS * sizeof(uint64_t));
    if (!op->times) {
      return pl_run_nomem(op->run);
    }
  }
  if (!op->chunk.multiplicity) {
    op->chunk.multiplicity = op->times;
    for (uint32_t i = 0; i < at; i++) {
      op->times[i] = 1;
    }
  }
  for (uint32_t i = 0; i < count; i++) {
    op->times[at + i] = times;
  }
  return PL_OK;
}

void pl_carry_row(const pl_carry* carry, const pl_chunk* in, uint32_t row, pl_chunk* out, uint32_t at, uint32_t count) {
  for (uint32_t i = 0; i < carry->count; i++) {
    const pl_slot slot = carry->slots[i];
    const pl_id id = pl_chunk_id(in, slot, row);
    pl_id* to = out->columns[slot] + at;
    for (uint32_t k = 0; k < count; k++) {
      to[k] = id;
    }
  }
}
