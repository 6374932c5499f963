// Text: each row extended with the literals of the text index that match a text, or, where the literal is known already, kept if it is
// one of them. Made by the rule text-index in place of the filter.
#include "exec/lookup.h"

typedef struct text_node {
  pl_node node;
  const pl_alg_text* text;  ///< what to look for
  bool bound;               ///< the input has the literal
  pl_carry carry;           ///< input slots copied to the output
} text_node;

typedef struct text_op {
  pl_op op;
  pl_ids literals;  ///< sorted
  bool has_them;    ///< literals were looked up
  pl_chunk* in;     ///< current input chunk
  uint32_t in_at;   ///< next entry of its selection
  uint32_t row;     ///< current input row
  size_t at;        ///< next literal to hand on
  size_t end;       ///< behind the last one
} text_op;

static const text_node* node_of(const pl_op* op) { return (const text_node*)op->node; }

static pl_status text_open(pl_op* op) { return pl_op_columns(op); }

static void forget(text_op* st) {
  st->in = NULL;
  st->at = st->end = 0;
}

static pl_status text_rewind(pl_op* op) {
  forget((text_op*)op);
  return pl_op_rewind(op->input);
}

static pl_status text_again(pl_op* op) {
  text_op* st = (text_op*)op;
  forget(st);
  st->has_them = false;
  return PL_OK;
}

static void text_close(pl_op* op) { pl_vec_free(&op->run->mem, &((text_op*)op)->literals); }

static pl_status add_literal(void* user, pl_id literal) {
  text_op* st = user;
  return pl_vec_push(&st->op.run->mem, &st->literals, literal);
}

static pl_id verb_id(const text_op* st, uint32_t v) {
  return st->op.run->terms[node_of(&st->op)->text->verbs[v].predicate.index];
}

/// A plan may be older than the list of indexed predicates.
static bool still_indexed(const text_op* st) {
  bool indexed = true;
  for (uint32_t v = 0; v < node_of(&st->op)->text->verb_count; v++) {
    indexed = indexed && pl_text_indexed(st->op.run->txn, verb_id(st, v));
  }
  return indexed;
}

static pl_status add_objects(text_op* st, pl_scan* scan, pl_id predicate) {
  pl_id objects[256];
  pl_id* const columns[4] = {NULL, objects, NULL, NULL};
  size_t count = 0;
  PL_TRY(pl_scan_range(scan, &predicate, 1, 0, UINT64_MAX));
  do {
    PL_TRY(pl_guard_check(st->op.run->guard, st->op.run->err));
    PL_TRY(pl_scan_fill(scan, columns, PL_COUNT_OF(objects), &count));
    for (size_t i = 0; i < count; i++) {
      const bool again = st->literals.count && st->literals.data[st->literals.count - 1] == objects[i];
      PL_TRY(again ? PL_OK : add_literal(st, objects[i]));
    }
  } while (count > 0);
  return PL_OK;
}

/// Without the index, or without words, every object could match.
static pl_status all_objects(text_op* st, pl_str text) {
  pl_run* run = st->op.run;
  pl_scan* scan = NULL;
  pl_status status = pl_scan_open(run->txn, PL_ORDER_POS, PL_SCAN_FACTS, NULL, &run->mem, &scan);
  for (uint32_t v = 0; v < node_of(&st->op)->text->verb_count && status == PL_OK; v++) {
    status = add_objects(st, scan, verb_id(st, v));
  }
  pl_scan_close(scan);
  PL_TRY(status == PL_OK ? pl_ids_unique(run, &st->literals) : status);
  pl_ids all = st->literals;
  st->literals = (pl_ids){0};
  status = pl_text_among(run->txn, &run->mem, text, all.data, all.count, run->guard, add_literal, st);
  pl_vec_free(&run->mem, &all);
  return status;
}

/// Look up once. Without words the index would be read whole, and for more than these verbs. What is no string matches nothing.
static pl_status find(text_op* st) {
  pl_run* run = st->op.run;
  const pl_ref* ref = &node_of(&st->op)->text->text;
  const pl_id id = ref->kind == PL_REF_PARAM ? run->params[ref->index] : run->terms[ref->index];
  const pl_tag tag = pl_termpool_tag(run->pool, id);
  pl_term term;
  st->has_them = true;
  st->literals.count = 0;
  if (id == PL_ID_NULL || (!pl_tag_is_string(tag) && tag != PL_TAG_LANG)) {
    return PL_OK;
  }
  PL_TRY(pl_termpool_term(run->pool, id, &term));
  if (!still_indexed(st) || !pl_text_has_words(term.text)) {
    return all_objects(st, term.text);
  }
  return pl_text_match(run->txn, &run->mem, term.text, run->guard, add_literal, st);
}

static void choose(text_op* st) {
  const text_node* node = node_of(&st->op);
  st->at = 0;
  st->end = st->literals.count;
  if (!node->bound) {
    return;
  }
  const pl_id wanted = pl_chunk_id(st->in, node->text->literal, st->row);
  size_t high = st->literals.count;
  while (st->at < high) {
    const size_t mid = (st->at + high) / 2;
    if (st->literals.data[mid] < wanted) {
      st->at = mid + 1;
    } else {
      high = mid;
    }
  }
  st->end = st->at + (st->at < st->literals.count && st->literals.data[st->at] == wanted);
}

static pl_status next_row(text_op* st) {
  PL_TRY(st->has_them ? PL_OK : find(st));
  PL_TRY(pl_op_next_row(st->op.input, &st->in, &st->in_at, &st->row));
  choose(st);
  return PL_OK;
}

static pl_status put_row(text_op* st, uint32_t at) {
  const text_node* node = node_of(&st->op);
  pl_chunk* out = &st->op.chunk;
  pl_carry_row(&node->carry, st->in, st->row, out, at, 1);
  if (out->columns[node->text->literal]) {
    out->columns[node->text->literal][at] = st->literals.data[st->at];
  }
  return pl_op_times(&st->op, at, 1, pl_chunk_times(st->in, st->row));
}

static pl_status text_next(pl_op* op, pl_chunk** out) {
  text_op* st = (text_op*)op;
  uint32_t at = 0;
  pl_op_clear(op);
  while (at < PL_CHUNK_ROWS) {
    if (st->at < st->end) {
      PL_TRY(put_row(st, at++));
      st->at++;
      continue;
    }
    const pl_status status = next_row(st);
    if (status == PL_DONE) {
      break;
    }
    PL_TRY(status);
  }
  pl_chunk_set(&op->chunk, at);
  *out = &op->chunk;
  return at ? PL_OK : PL_DONE;
}

static pl_status text_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  text_node* node = (text_node*)base;
  return pl_node_prune_one(planner, base, needed, node->text->literal, node->bound, PL_SLOT_NONE, &node->carry);
}

static pl_status text_describe(const pl_node* base, pl_explain* explain) {
  const text_node* node = (const text_node*)base;
  PL_TRY(pl_buf_char(explain->out, ' '));
  PL_TRY(pl_explain_slot(explain, node->text->literal));
  PL_TRY(pl_buf_str(explain->out, PL_STR(" ~ ")));
  return pl_explain_ref(explain, &node->text->text);
}

static const pl_op_class text_class = {.name = "Text",
                                       .state_bytes = sizeof(text_op),
                                       .open = text_open,
                                       .next = text_next,
                                       .rewind = text_rewind,
                                       .again = text_again,
                                       .close = text_close,
                                       .prune = text_prune,
                                       .describe = text_describe};

pl_status pl_node_text(pl_planner* planner, pl_node* input, const pl_alg_text* text, pl_node** out) {
  text_node* node = NULL;
  PL_TRY(pl_node_make(planner, &text_class, sizeof(*node), &input, 1, &node));
  node->text = text;
  node->bound = pl_slots_has(input->out, text->literal);
  pl_slots_add_all(node->node.out, input->out);
  pl_slots_add(node->node.out, text->literal);
  node->node.rows_expected = input->rows_expected;
  *out = &node->node;
  return PL_OK;
}
