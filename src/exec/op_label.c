// Label (`@"name"`): each row extended with the nodes that have a label, or, where the node is known already, kept if it is one of them.
// Under identity (same N) a node stands for its class, and each class counts once.
#include "base/sort.h"
#include "exec/classes.h"
#include "exec/support.h"
#include "expr/idsort.h"
#include "expr/label_nodes.h"

typedef struct label_node {
  pl_node node;
  const pl_alg_label* label;  ///< what to look up
  bool bound;                 ///< the input has the node
  pl_carry carry;             ///< input slots copied to the output
} label_node;

/// A node that the name stands for.
typedef struct label_hit {
  pl_id node;          ///< shown
  pl_label_fact fact;  ///< why
} label_hit;

typedef struct label_op {
  pl_op op;
  const pl_classes* classes;  ///< identity; NULL if none
  PL_VEC(label_hit) hits;     ///< of `name`, by node
  pl_id name;                 ///< last looked up
  bool has_hits;              ///< hits are those of name
  pl_chunk* in;               ///< current input chunk
  uint32_t in_at;             ///< next entry of its selection
  uint32_t row;               ///< current input row
  size_t hit_at;              ///< next to hand on
  size_t hit_end;             ///< behind the last one
} label_op;

static const label_node* node_of(const pl_op* op) { return (const label_node*)op->node; }

// ---- looking up ---------------------------------------------------------------------------------------------------

static int by_node(const void* a, const void* b, void* user) {
  PL_UNUSED(user);
  const label_hit* x = a;
  const label_hit* y = b;
  if (x->node != y->node) {
    return x->node < y->node ? -1 : 1;
  }
  return (x->fact.node > y->fact.node) - (x->fact.node < y->fact.node);
}

static pl_status take_hits(label_op* st, const pl_label_entry* entry) {
  static const pl_sort_order order = {.compare = by_node};
  pl_run* const run = st->op.run;
  size_t kept = 0;
  st->hits.count = 0;
  for (size_t i = 0; i < entry->count; i++) {
    const pl_label_fact fact = entry->facts[i];
    const label_hit hit = {pl_classes_shown(st->classes, fact.node), fact};
    PL_TRY(pl_vec_push(&run->mem, &st->hits, hit));
  }
  PL_TRY(pl_sort(st->hits.data, st->hits.count, sizeof(*st->hits.data), &order, &run->mem, run->guard, run->err));
  for (size_t i = 0; i < st->hits.count; i++) {
    if (kept == 0 || st->hits.data[kept - 1].node != st->hits.data[i].node) {
      st->hits.data[kept++] = st->hits.data[i];
    }
  }
  st->hits.count = kept;
  return PL_OK;
}

static pl_status list_hits(label_op* st, pl_id** out) {
  pl_id* nodes = pl_arena_alloc(&st->op.run->scratch, (st->hits.count + 1) * sizeof(*nodes));
  for (size_t i = 0; nodes && i < st->hits.count; i++) {
    nodes[i] = st->hits.data[i].node;
  }
  *out = nodes;
  return nodes ? pl_ids_sort(&st->op.run->eval, &st->op.run->mem, nodes, st->hits.count) : pl_run_nomem(st->op.run);
}

static pl_status refuse_several(label_op* st, const pl_id* nodes) {
  pl_run* run = st->op.run;
  const pl_source source = {.name = "query", .text = run->plan->query->text};
  pl_buf name, list;
  pl_buf_init(&name, &run->mem, SIZE_MAX / 2);
  pl_buf_init(&list, &run->mem, SIZE_MAX / 2);
  pl_status status = pl_label_quote(run->pool, st->name, &name);
  status = status == PL_OK ? pl_label_list(run->pool, nodes, st->hits.count, &list) : status;
  status = status == PL_OK ? pl_buf_char(&list, '\0') : status;
  if (status == PL_OK) {
    status = pl_fail_at(run->err, &source, node_of(&st->op)->label->name.span, PL_MSG_LABEL_ONE, (int)name.len,
                        name.data, list.data);
  }
  pl_buf_free(&list);
  pl_buf_free(&name);
  return status;
}

/// What a name written in the query finds is worth a word; so is more than one node where one is asked for.
static pl_status judge(label_op* st, pl_label_entry* entry) {
  const pl_alg_label* label = node_of(&st->op)->label;
  pl_id* nodes = NULL;
  if (st->hits.count == 1) {
    return PL_OK;
  }
  PL_TRY(list_hits(st, &nodes));
  if (label->one && st->hits.count > 1) {
    return refuse_several(st, nodes);
  }
  return label->name.kind == PL_REF_SLOT
             ? PL_OK
             : pl_label_warn(&st->op.run->eval, label->name.span, st->name, entry, nodes, st->hits.count);
}

static pl_status find(label_op* st, pl_id name) {
  pl_run* run = st->op.run;
  pl_label_entry* entry = NULL;
  if (st->has_hits && st->name == name) {
    return PL_OK;
  }
  st->has_hits = false;
  st->name = name;
  PL_TRY(pl_label_find(run->pool, run->guard, name, &entry));
  PL_TRY(take_hits(st, entry));
  PL_TRY(judge(st, entry));
  st->has_hits = true;
  return PL_OK;
}

static pl_id name_of(const label_op* st) {
  const pl_ref* ref = &node_of(&st->op)->label->name;
  switch (ref->kind) {
    case PL_REF_TERM:
      return st->op.run->terms[ref->index];
    case PL_REF_PARAM:
      return st->op.run->params[ref->index];
    default:
      return pl_chunk_id(st->in, ref->index, st->row);
  }
}

// ---- rows ---------------------------------------------------------------------------------------------------------

static pl_status label_open(pl_op* op) {
  label_op* st = (label_op*)op;
  PL_TRY(pl_run_classes(op->run, node_of(op)->label->lens, &st->classes));
  return pl_op_columns(op);
}

static void forget(label_op* st) {
  st->in = NULL;
  st->hit_at = st->hit_end = 0;
}

static pl_status label_rewind(pl_op* op) {
  forget((label_op*)op);
  return pl_op_rewind(op->input);
}

static pl_status label_again(pl_op* op) {
  label_op* st = (label_op*)op;
  forget(st);
  st->has_hits = false;
  return PL_OK;
}

static void label_close(pl_op* op) { pl_vec_free(&op->run->mem, &((label_op*)op)->hits); }

/// The hits of the current row: all, or the one that is its node.
static void choose(label_op* st) {
  const label_node* node = node_of(&st->op);
  st->hit_at = 0;
  st->hit_end = st->hits.count;
  if (!node->bound) {
    return;
  }
  const pl_id wanted = pl_chunk_id(st->in, node->label->node, st->row);
  size_t high = st->hits.count;
  while (st->hit_at < high) {
    const size_t mid = (st->hit_at + high) / 2;
    if (st->hits.data[mid].node < wanted) {
      st->hit_at = mid + 1;
    } else {
      high = mid;
    }
  }
  const bool found = st->hit_at < st->hits.count && st->hits.data[st->hit_at].node == wanted;
  st->hit_end = st->hit_at + found;
}

static pl_status next_row(label_op* st) {
  PL_TRY(pl_op_next_row(st->op.input, &st->in, &st->in_at, &st->row));
  PL_TRY(find(st, name_of(st)));
  choose(st);
  return PL_OK;
}

/// Support under construction for a row.
typedef struct label_support {
  label_op* st;  ///< operator
  pl_why why;    ///< the label's fact, and the identity facts met so far
} label_support;

static pl_status add_link(void* user, const pl_link* link) {
  label_support* support = user;
  pl_run* run = support->st->op.run;
  const pl_id predicate = link->owl ? PL_KNOWN(OWL_SAME_AS) : PL_KNOWN(SAME_AS);
  const uint32_t lens = node_of(&support->st->op)->label->lens;
  pl_why fact = 0;
  PL_TRY(pl_why_fact(run, PL_WHY_IDENTITY, link->s, predicate, link->o, pl_why_said(link->c), lens, &fact));
  return pl_why_join(run, support->why, fact, &support->why);
}

/// The fact that labels the node, and, where another node of its class has the label, what links the two.
static pl_status add_support(label_op* st, const label_hit* hit, uint32_t at) {
  pl_run* run = st->op.run;
  const pl_label_fact* fact = &hit->fact;
  label_support support = {.st = st};
  PL_TRY(pl_why_fact(run, PL_WHY_FACT, fact->node, fact->predicate, fact->literal, 0, PL_LENS_NONE, &support.why));
  if (fact->node != hit->node) {
    PL_TRY(pl_classes_chain(run, st->classes, fact->node, hit->node, add_link, &support));
  }
  return pl_why_extend(run, st->in, st->row, &st->op.chunk, at, 1, support.why);
}

static pl_status put_row(label_op* st, uint32_t at) {
  const label_node* node = node_of(&st->op);
  const label_hit* hit = &st->hits.data[st->hit_at];
  pl_chunk* out = &st->op.chunk;
  pl_carry_row(&node->carry, st->in, st->row, out, at, 1);
  if (out->columns[node->label->node]) {
    out->columns[node->label->node][at] = hit->node;
  }
  PL_TRY(pl_op_times(&st->op, at, 1, pl_chunk_times(st->in, st->row)));
  return pl_why_column(st->op.run, out) ? add_support(st, hit, at) : PL_OK;
}

static pl_status label_next(pl_op* op, pl_chunk** out) {
  label_op* st = (label_op*)op;
  uint32_t at = 0;
  pl_op_clear(op);
  while (at < PL_CHUNK_ROWS) {
    if (st->hit_at < st->hit_end) {
      PL_TRY(put_row(st, at++));
      st->hit_at++;
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

// ---- planning -----------------------------------------------------------------------------------------------------

static pl_status label_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  label_node* node = (label_node*)base;
  const pl_ref* name = &node->label->name;
  const pl_slot read = name->kind == PL_REF_SLOT ? name->index : PL_SLOT_NONE;
  return pl_node_prune_one(planner, base, needed, node->label->node, node->bound, read, &node->carry);
}

static pl_status label_describe(const pl_node* base, pl_explain* explain) {
  const label_node* node = (const label_node*)base;
  PL_TRY(pl_buf_char(explain->out, ' '));
  PL_TRY(pl_explain_slot(explain, node->label->node));
  PL_TRY(pl_buf_str(explain->out, PL_STR(" = @")));
  return pl_explain_ref(explain, &node->label->name);
}

static const pl_op_class label_class = {.name = "Label",
                                        .state_bytes = sizeof(label_op),
                                        .open = label_open,
                                        .next = label_next,
                                        .rewind = label_rewind,
                                        .again = label_again,
                                        .close = label_close,
                                        .prune = label_prune,
                                        .describe = label_describe};

pl_status pl_node_label(pl_planner* planner, pl_node* input, const pl_alg_label* label, pl_node** out) {
  label_node* node = NULL;
  PL_TRY(pl_node_make(planner, &label_class, sizeof(*node), &input, 1, &node));
  node->label = label;
  node->bound = pl_slots_has(input->out, label->node);
  pl_slots_add_all(node->node.out, input->out);
  pl_slots_add(node->node.out, label->node);
  pl_why_declare(planner, &node->node);
  node->node.rows_expected = input->rows_expected;
  *out = &node->node;
  return PL_OK;
}
