// Graph: the distinct facts behind the rows of its input, or built from them by templates, in order of their terms.
//
// Without templates the rows' supports are what is read: each fact that a pattern matched, and each identity fact that was followed. A row of
// the result has its fact as support, under the lens of its pattern, so that whoever reads the graph finds who says it.
#include "exec/rowtable.h"
#include "exec/sort.h"
#include "exec/support.h"

typedef struct graph_node {
  pl_node node;
  const pl_alg_graph* graph;  ///< slots and templates
} graph_node;

typedef struct graph_op {
  pl_op op;
  pl_rowtable asks;   ///< s, p, o, c, lens: each once
  pl_rowtable facts;  ///< s, p, o, support
  pl_sorter sorter;   ///< of the facts
  bool* descending;   ///< its keys: none is
  bool built;         ///< input was read
  size_t at;          ///< next fact to hand on
} graph_op;

static const graph_node* node_of(const pl_op* op) { return (const graph_node*)op->node; }

static pl_status graph_open(pl_op* op) {
  graph_op* st = (graph_op*)op;
  st->descending = PL_ARENA_ARRAY(&op->run->arena, bool, 3);
  pl_rowtable_init(&st->asks, &op->run->mem, op->run->guard, op->run->err, 5, 5);
  pl_rowtable_init(&st->facts, &op->run->mem, op->run->guard, op->run->err, 4, 3);
  pl_sorter_init(&st->sorter, op->run, 4, 3, st->descending);
  return st->descending ? pl_op_columns(op) : pl_run_nomem(op->run);
}

static void graph_close(pl_op* op) {
  graph_op* st = (graph_op*)op;
  pl_rowtable_free(&st->asks);
  pl_rowtable_free(&st->facts);
  pl_sorter_free(&st->sorter);
}

static pl_status graph_again(pl_op* op) {
  graph_op* st = (graph_op*)op;
  pl_rowtable_clear(&st->asks);
  pl_rowtable_clear(&st->facts);
  pl_sorter_clear(&st->sorter);
  st->built = false;
  st->at = 0;
  return PL_OK;
}

static pl_status graph_rewind(pl_op* op) {
  PL_TRY(graph_again(op));
  return pl_op_rewind(op->input);
}

// ---- facts --------------------------------------------------------------------------------------------------------

/// One more reason to have a fact: under another lens, other assertions count too.
static pl_status add_fact(graph_op* st, pl_id s, pl_id p, pl_id o, pl_id c, uint32_t lens) {
  pl_run* run = st->op.run;
  const pl_id ask[5] = {s, p, o, c, lens};
  pl_id fact[4] = {s, p, o, 0};
  pl_why why = 0;
  uint32_t index = 0;
  bool added = false;
  PL_TRY(pl_rowtable_put(&st->asks, ask, &index, &added));
  if (!added) {
    return PL_OK;
  }
  PL_TRY(pl_why_fact(run, PL_WHY_FACT, s, p, o, c, lens, &why));
  PL_TRY(pl_rowtable_put(&st->facts, fact, &index, &added));
  pl_id* all = &st->facts.rows[(size_t)index * st->facts.width + 3];
  return pl_why_join(run, *all, why, all);
}

/// A fact that a pattern matched comes with all assertions that its lens lets pass, whichever of them the row is about.
static pl_status add_matched(graph_op* st, const pl_why_node* node) {
  const pl_query* query = st->op.run->plan->query;
  const bool fixed = node->lens != PL_LENS_NONE && query->lenses[node->lens].correlated;
  return add_fact(st, node->s, node->p, node->o, fixed ? node->c : PL_ID_NULL, node->lens);
}

/// All facts of a support, those of group members too.
static pl_status add_support(graph_op* st, pl_why why, pl_whys* todo) {
  pl_run* run = st->op.run;
  PL_TRY(why ? pl_vec_push(&run->mem, todo, why) : PL_OK);
  for (uint32_t looked = 1; todo->count; looked++) {
    pl_why_node node;
    if (looked % 1024 == 0) {
      PL_TRY(pl_guard_check(run->guard, run->err));
    }
    pl_why_get(run, todo->data[--todo->count], &node);
    for (uint32_t i = 0; i < node.part_count; i++) {
      PL_TRY(pl_vec_push(&run->mem, todo, node.parts[i]));
    }
    PL_TRY(node.kind == PL_WHY_FACT || node.kind == PL_WHY_IDENTITY ? add_matched(st, &node) : PL_OK);
  }
  return PL_OK;
}

static pl_id place_id(const pl_run* run, const pl_ref* ref, const pl_chunk* chunk, uint32_t row) {
  return ref->kind == PL_REF_SLOT   ? pl_chunk_id(chunk, ref->index, row)
         : ref->kind == PL_REF_TERM ? run->terms[ref->index]
                                    : run->params[ref->index];
}

/// Build the fact of a template. What cannot be a fact (a null, a literal as subject, a list) makes none.
static pl_status add_built(graph_op* st, const pl_alg_template* t, const pl_chunk* chunk, uint32_t row) {
  pl_run* run = st->op.run;
  const pl_id s = place_id(run, &t->subject, chunk, row);
  const pl_id p = place_id(run, &t->predicate, chunk, row);
  const pl_id o = place_id(run, &t->object, chunk, row);
  const pl_tag object = pl_termpool_tag(run->pool, o);
  const bool good = pl_tag_is_node(pl_termpool_tag(run->pool, s)) && pl_termpool_tag(run->pool, p) == PL_TAG_IRI &&
                    object != PL_TAG_NULL && object != PL_TAG_TEMP;
  return good ? add_fact(st, s, p, o, PL_ID_NULL, t->lens) : PL_OK;
}

static pl_status add_row(graph_op* st, const pl_chunk* chunk, uint32_t row, pl_whys* todo) {
  const pl_alg_graph* graph = node_of(&st->op)->graph;
  for (uint32_t i = 0; i < graph->template_count; i++) {
    PL_TRY(add_built(st, &graph->templates[i], chunk, row));
  }
  return graph->template_count ? PL_OK : add_support(st, pl_why_of(st->op.run, chunk, row), todo);
}

static pl_status read_input(graph_op* st, pl_whys* todo) {
  for (;;) {
    pl_chunk* chunk = NULL;
    const pl_status status = pl_op_next(st->op.input, &chunk);
    if (status != PL_OK) {
      return status == PL_DONE ? PL_OK : status;
    }
    for (uint32_t i = 0; i < chunk->selected; i++) {
      PL_TRY(add_row(st, chunk, pl_chunk_row(chunk, i), todo));
    }
  }
}

static pl_status build(graph_op* st) {
  pl_whys todo = {0};
  pl_status status = read_input(st, &todo);
  pl_vec_free(&st->op.run->mem, &todo);
  for (uint32_t i = 0; i < st->facts.count && status == PL_OK; i++) {
    pl_id* row = NULL;
    status = pl_sorter_add(&st->sorter, &row);
    if (status == PL_OK) {
      memcpy(row, pl_rowtable_row(&st->facts, i), 4 * sizeof(*row));
    }
  }
  st->built = status == PL_OK;
  return status == PL_OK ? pl_sorter_sort(&st->sorter) : status;
}

static pl_status graph_next(pl_op* op, pl_chunk** out) {
  graph_op* st = (graph_op*)op;
  const pl_alg_graph* graph = node_of(op)->graph;
  if (!st->built) {
    PL_TRY(build(st));
  }
  pl_op_clear(op);
  pl_id* whys = pl_why_column(op->run, &op->chunk);
  uint32_t at = 0;
  for (; at < PL_CHUNK_ROWS && st->at < st->sorter.count; at++, st->at++) {
    const pl_id* row = pl_sorter_row(&st->sorter, st->at);
    for (int i = 0; i < 3; i++) {
      pl_id* column = op->chunk.columns[graph->slots[i]];
      if (column) {
        column[at] = row[i];
      }
    }
    if (whys) {
      whys[at] = row[3];
    }
  }
  pl_chunk_set(&op->chunk, at);
  *out = &op->chunk;
  return at ? PL_OK : PL_DONE;
}

// ---- plan ---------------------------------------------------------------------------------------------------------

static void add_ref(const pl_ref* ref, pl_slots set) {
  if (ref->kind == PL_REF_SLOT) {
    pl_slots_add(set, ref->index);
  }
}

static pl_status graph_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  const pl_alg_graph* graph = ((const graph_node*)base)->graph;
  pl_slots below = {0};
  pl_slots_keep(base->out, needed);
  PL_TRY(pl_slots_make(planner->arena, planner->plan->slot_count, &below));
  for (uint32_t i = 0; i < graph->template_count; i++) {
    add_ref(&graph->templates[i].subject, below);
    add_ref(&graph->templates[i].predicate, below);
    add_ref(&graph->templates[i].object, below);
  }
  if (graph->template_count == 0) {
    pl_slots_add(below, planner->plan->why);
  }
  return pl_node_prune(planner, base->inputs[0], below);
}

static pl_status graph_describe(const pl_node* base, pl_explain* explain) {
  const pl_alg_graph* graph = ((const graph_node*)base)->graph;
  return graph->template_count ? pl_buf_printf(explain->out, " of %u templates", graph->template_count) : PL_OK;
}

static const pl_op_class graph_class = {.name = "Graph",
                                        .state_bytes = sizeof(graph_op),
                                        .open = graph_open,
                                        .next = graph_next,
                                        .rewind = graph_rewind,
                                        .again = graph_again,
                                        .close = graph_close,
                                        .prune = graph_prune,
                                        .describe = graph_describe};

pl_status pl_node_graph(pl_planner* planner, pl_node* input, const pl_alg_graph* graph, pl_node** out) {
  graph_node* node = NULL;
  assert(planner->plan->why != PL_SLOT_NONE);
  PL_TRY(pl_node_make(planner, &graph_class, sizeof(*node), &input, 1, &node));
  node->graph = graph;
  for (int i = 0; i < 3; i++) {
    pl_slots_add(node->node.out, graph->slots[i]);
  }
  pl_why_declare(planner, &node->node);
  node->node.rows_expected = input->rows_expected;
  *out = &node->node;
  return PL_OK;
}
