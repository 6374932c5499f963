// What is next to what: steps of a path against the store. See path.h.
#include "exec/path.h"

#define BATCH 512u
#define ASK_EVERY 65536u  ///< links handled between questions to the guard
#define COST_LOOK 700.0   ///< placing a scan, in nanoseconds
#define COST_ROW 40.0     ///< a row, its node numbered
#define COST_BUILD 110.0  ///< a fact read into the arrays
#define BUILD_BYTES 40.0  ///< memory a fact needs while the arrays are made
#define FACTS_MAX 1e9     ///< more are not read into arrays

/// Rows of an order, the columns s, p, o wherever they stand there.
typedef struct pl_path_batch {
  pl_id s[BATCH], p[BATCH], o[BATCH], c[BATCH];
  size_t count;  ///< used
} batch;

// ---- nodes --------------------------------------------------------------------------------------------------------

pl_status pl_path_number(pl_path_graph* graph, pl_id id, pl_number* out) {
  pl_mem* mem = &graph->run->mem;
  const uint64_t* known = pl_idmap_find(&graph->map, id);
  if (known) {
    *out = (pl_number)(*known - 1);
    return PL_OK;
  }
  const pl_id shown = pl_classes_shown(graph->classes, id);
  if (shown != id) {
    PL_TRY(pl_path_number(graph, shown, out));
    return pl_idmap_put(&graph->map, mem, id, (uint64_t)*out + 1, NULL);
  }
  if (graph->ids.count >= UINT32_MAX - 1) {
    return pl_fail(graph->run->err, PL_MSG_INTERNAL, "too many nodes in one search");
  }
  *out = (pl_number)graph->ids.count;
  PL_TRY(pl_idmap_put(&graph->map, mem, id, (uint64_t)*out + 1, NULL));
  return pl_vec_push(mem, &graph->ids, id);
}

// ---- reading ------------------------------------------------------------------------------------------------------

static pl_status scan_of(pl_path_graph* graph, pl_order order, pl_scan** out) {
  if (!graph->scans[order]) {
    const pl_scan_mode mode = graph->check ? PL_SCAN_ROWS : PL_SCAN_FACTS;
    PL_TRY(pl_scan_open(graph->run->txn, order, mode, graph->pass, &graph->run->mem, &graph->scans[order]));
  }
  *out = graph->scans[order];
  return PL_OK;
}

/// Keep the rows whose assertion passes.
static pl_status check_rows(pl_path_graph* graph, batch* rows) {
  size_t kept = 0;
  for (size_t i = 0; i < rows->count; i++) {
    bool passes = false;
    PL_TRY(graph->check(graph->check_user, rows->c[i], &passes));
    if (passes) {
      rows->s[kept] = rows->s[i];
      rows->p[kept] = rows->p[i];
      rows->o[kept++] = rows->o[i];
    }
  }
  rows->count = kept;
  return PL_OK;
}

/// Next rows; *more is false at the end.
static pl_status read_rows(pl_path_graph* graph, pl_order order, pl_scan* scan, batch* rows, bool* more) {
  pl_id* const places[4] = {rows->s, rows->p, rows->o, graph->check ? rows->c : NULL};
  pl_id* into[4];
  for (int i = 0; i < 4; i++) {
    into[i] = places[pl_order_columns[order][i]];
  }
  PL_TRY(pl_guard_check(graph->run->guard, graph->run->err));
  PL_TRY(pl_scan_fill(scan, into, BATCH, &rows->count));
  *more = rows->count > 0;
  return graph->check ? check_rows(graph, rows) : PL_OK;
}

/// Does a hop take facts of this predicate?
static bool hop_takes(const pl_path_hop* hop, pl_id predicate) {
  return hop->predicate ? hop->predicate == predicate : !pl_ids_have(&hop->except, predicate);
}

/// All facts of a hop: `fn` gets each batch, without the predicates that are left out.
typedef pl_status (*rows_fn)(void* user, const batch* rows);
static pl_status each_fact(pl_path_graph* graph, const pl_path_hop* hop, rows_fn fn, void* user) {
  const pl_order order = hop->predicate ? PL_ORDER_PSO : PL_ORDER_SPO;
  pl_scan* scan = NULL;
  batch* const rows = graph->rows;
  bool more = true;
  PL_TRY(scan_of(graph, order, &scan));
  PL_TRY(pl_scan_range(scan, &hop->predicate, hop->predicate ? 1 : 0, 0, UINT64_MAX));
  for (;;) {
    PL_TRY(read_rows(graph, order, scan, rows, &more));
    if (!more) {
      return PL_OK;
    }
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
      rows->s[kept] = rows->s[i];
      rows->o[kept] = rows->o[i];
      kept += hop_takes(hop, rows->p[i]);
    }
    rows->count = kept;
    PL_TRY(fn(user, rows));
  }
}

// ---- arrays -------------------------------------------------------------------------------------------------------

typedef struct link {
  pl_number from;  ///< node
  pl_number to;    ///< node
} link;

typedef struct builder {
  pl_path_graph* graph;
  bool swap;           ///< objects come first
  PL_VEC(link) links;  ///< all
} builder;

static pl_status add_links(void* user, const batch* rows) {
  builder* b = user;
  link l = {0};
  for (size_t i = 0; i < rows->count; i++) {
    if (i == 0 || rows->s[i] != rows->s[i - 1]) {
      PL_TRY(pl_path_number(b->graph, rows->s[i], &l.from));
    }
    PL_TRY(pl_path_number(b->graph, rows->o[i], &l.to));
    const link stored = b->swap ? (link){l.to, l.from} : l;
    PL_TRY(pl_vec_push(&b->graph->run->mem, &b->links, stored));
  }
  return PL_OK;
}

/// Ask the guard once in so many links.
static pl_status ask(pl_path_graph* graph, size_t at) {
  return at % ASK_EVERY == 0 ? pl_guard_check(graph->run->guard, graph->run->err) : PL_OK;
}

static pl_status collect_links(builder* b, const pl_path_step* step, bool against) {
  const pl_path_links* other = &step->links[!against];
  if (!other->built) {
    for (size_t h = 0; h < step->hops.count; h++) {
      b->swap = step->hops.data[h].inverse != against;
      PL_TRY(each_fact(b->graph, &step->hops.data[h], add_links, b));
    }
    return PL_OK;
  }
  PL_TRY(pl_vec_reserve(&b->graph->run->mem, &b->links, other->at[other->count] + (size_t)1));
  for (pl_number node = 0; node < other->count; node++) {
    for (uint32_t i = other->at[node]; i < other->at[node + 1]; i++) {
      PL_TRY(ask(b->graph, b->links.count));
      b->links.data[b->links.count++] = (link){other->to[i], node};
    }
  }
  return PL_OK;
}

static void free_links(pl_mem* mem, pl_path_links* links) {
  const size_t to_count = links->at ? links->at[links->count] : 0;
  pl_mem_free(mem, links->to, (to_count + 1) * sizeof(pl_number));
  pl_mem_free(mem, links->at, links->at ? ((size_t)links->count + 1) * sizeof(uint32_t) : 0);
  *links = (pl_path_links){0};
}

/// Sort the links by their first node, by counting.
static pl_status sort_links(pl_path_graph* graph, const builder* b, uint32_t* at, pl_number* to) {
  const size_t nodes = graph->ids.count;
  for (size_t i = 0; i < b->links.count; i++) {
    PL_TRY(ask(graph, i));
    at[b->links.data[i].from + 1]++;
  }
  for (size_t i = 0; i < nodes; i++) {
    at[i + 1] += at[i];
  }
  for (size_t i = b->links.count; i-- > 0;) {  // from the back: at[n + 1] falls from the end of n to its start
    PL_TRY(ask(graph, i));
    to[--at[b->links.data[i].from + 1]] = b->links.data[i].to;
  }
  memmove(at, at + 1, nodes * sizeof(uint32_t));
  at[nodes] = at[nodes + 1] = (uint32_t)b->links.count;
  return PL_OK;
}

static pl_status compress(pl_path_graph* graph, const builder* b, pl_path_links* out) {
  pl_mem* mem = &graph->run->mem;
  const size_t nodes = graph->ids.count;
  uint32_t* at = pl_mem_calloc(mem, nodes + 2, sizeof(uint32_t));
  pl_number* to = pl_mem_alloc(mem, (b->links.count + 1) * sizeof(pl_number));
  const pl_status status = at && to ? sort_links(graph, b, at, to) : pl_mem_status(mem);
  if (status != PL_OK) {
    pl_mem_free(mem, at, at ? (nodes + 2) * sizeof(uint32_t) : 0);
    pl_mem_free(mem, to, to ? (b->links.count + 1) * sizeof(pl_number) : 0);
    return status;
  }
  *out = (pl_path_links){.built = true, .count = (uint32_t)nodes + 1, .at = at, .to = to};
  return PL_OK;
}

static bool has_room(const pl_path_graph* graph, double facts) {
  const pl_mem* mem = &graph->run->mem;
  const double left = (double)(mem->bytes_max - mem->bytes_used);
  return facts < FACTS_MAX && facts * BUILD_BYTES * 2 < left;
}

pl_status pl_path_prepare(pl_path_graph* graph, uint32_t number, bool against, size_t nodes, bool* looks) {
  pl_path_step* step = &graph->steps[number];
  pl_path_links* links = &step->links[against];
  *looks = !links->built;
  const double looking = links->cost + (double)nodes * (double)step->hops.count * COST_LOOK;
  if (links->built || links->refused || looking < step->facts * COST_BUILD) {
    return PL_OK;
  }
  if (graph->check || !has_room(graph, step->facts)) {
    links->refused = true;
    return PL_OK;
  }
  builder b = {.graph = graph};
  pl_status status = collect_links(&b, step, against);
  if (status == PL_OK) {
    status = compress(graph, &b, links);
  }
  pl_vec_free(&graph->run->mem, &b.links);
  *looks = !links->built;
  return status;
}

// ---- next to a node -----------------------------------------------------------------------------------------------

/// Add what one hop finds next to one id.
static pl_status look(pl_path_graph* graph, const pl_path_hop* hop, bool against, pl_id id, size_t* met) {
  const bool to_subject = hop->inverse != against;
  if (!to_subject && !pl_tag_is_node(pl_id_tag(id))) {
    return PL_OK;  // a literal has no facts
  }
  const pl_order any = to_subject ? PL_ORDER_OSP : PL_ORDER_SPO;
  const pl_order order = !hop->predicate ? any : to_subject ? PL_ORDER_POS : PL_ORDER_PSO;
  const pl_id prefix[2] = {hop->predicate ? hop->predicate : id, id};
  pl_scan* scan = NULL;
  batch* const rows = graph->rows;
  bool more = true;
  PL_TRY(scan_of(graph, order, &scan));
  PL_TRY(pl_scan_range(scan, prefix, hop->predicate ? 2 : 1, 0, UINT64_MAX));
  for (;;) {
    PL_TRY(read_rows(graph, order, scan, rows, &more));
    if (!more) {
      return PL_OK;
    }
    *met += rows->count;
    const pl_id* other = to_subject ? rows->s : rows->o;
    for (size_t i = 0; i < rows->count; i++) {
      pl_number number = 0;
      if (hop_takes(hop, rows->p[i])) {
        PL_TRY(pl_path_number(graph, other[i], &number));
        PL_TRY(pl_vec_push(&graph->run->mem, &graph->near, number));
      }
    }
  }
}

pl_status pl_path_near(pl_path_graph* graph, uint32_t number, bool against, pl_number node, const pl_number** out,
                       size_t* count) {
  pl_path_step* step = &graph->steps[number];
  pl_path_links* links = &step->links[against];
  if (++graph->countdown % 1024 == 0) {
    PL_TRY(pl_guard_check(graph->run->guard, graph->run->err));
  }
  if (links->built) {
    const bool known = node + 1 < links->count;
    *count = known ? links->at[node + 1] - links->at[node] : 0;
    *out = links->to + (known ? links->at[node] : 0);
    return PL_OK;
  }
  const pl_id id = graph->ids.data[node];
  const pl_id* members = NULL;
  const size_t member_count = pl_classes_members(graph->classes, &id, &members);
  size_t met = 0;
  graph->near.count = 0;
  for (size_t m = 0; m < member_count; m++) {
    for (size_t h = 0; h < step->hops.count; h++) {
      PL_TRY(look(graph, &step->hops.data[h], against, members[m], &met));
    }
  }
  links->cost += (double)(member_count * step->hops.count) * COST_LOOK + (double)met * COST_ROW;
  *out = graph->near.data;
  *count = graph->near.count;
  return PL_OK;
}

/// Add the facts between two ids that a hop finds.
static pl_status look_between(pl_path_graph* graph, const pl_path_hop* hop, pl_id from, pl_id to, pl_path_facts* out) {
  const pl_id s = hop->inverse ? to : from, o = hop->inverse ? from : to;
  const pl_id by_predicate[3] = {hop->predicate, s, o}, by_ends[2] = {o, s};
  const pl_order order = hop->predicate ? PL_ORDER_PSO : PL_ORDER_OSP;
  pl_scan* scan = NULL;
  batch* const rows = graph->rows;
  bool more = true;
  if (!pl_tag_is_node(pl_id_tag(s))) {
    return PL_OK;
  }
  PL_TRY(scan_of(graph, order, &scan));
  PL_TRY(pl_scan_range(scan, hop->predicate ? by_predicate : by_ends, hop->predicate ? 3 : 2, 0, UINT64_MAX));
  for (;;) {
    PL_TRY(read_rows(graph, order, scan, rows, &more));
    if (!more) {
      return PL_OK;
    }
    for (size_t i = 0; i < rows->count; i++) {
      const pl_path_fact fact = {s, rows->p[i], o, hop->inverse};
      if (hop_takes(hop, rows->p[i]) && (i == 0 || rows->p[i] != rows->p[i - 1])) {
        PL_TRY(pl_vec_push(&graph->run->mem, out, fact));
      }
    }
  }
}

pl_status pl_path_facts_between(pl_path_graph* graph, uint32_t number, pl_number from, pl_number to,
                                pl_path_facts* out) {
  const pl_path_step* step = &graph->steps[number];
  const pl_id from_id = graph->ids.data[from], to_id = graph->ids.data[to];
  const pl_id *froms = NULL, *tos = NULL;
  const size_t from_count = pl_classes_members(graph->classes, &from_id, &froms);
  const size_t to_count = pl_classes_members(graph->classes, &to_id, &tos);
  for (size_t i = 0; i < from_count; i++) {
    for (size_t k = 0; k < to_count; k++) {
      for (size_t h = 0; h < step->hops.count; h++) {
        PL_TRY(look_between(graph, &step->hops.data[h], froms[i], tos[k], out));
      }
    }
  }
  return PL_OK;
}

// ---- all nodes ----------------------------------------------------------------------------------------------------

/// Nodes met, each once.
typedef struct collector {
  pl_path_graph* graph;
  bool subjects, objects;  ///< which side of a fact
  PL_VEC(bool) seen;       ///< by number
  pl_numbers* out;         ///< receives the nodes
} collector;

static pl_status collect(collector* c, pl_number node) {
  pl_mem* mem = &c->graph->run->mem;
  while (c->seen.count <= node) {
    PL_TRY(pl_vec_push(mem, &c->seen, false));
  }
  if (c->seen.data[node]) {
    return PL_OK;
  }
  c->seen.data[node] = true;
  return pl_vec_push(mem, c->out, node);
}

static pl_status collect_rows(void* user, const batch* rows) {
  collector* c = user;
  pl_number node = 0;
  for (size_t i = 0; i < rows->count; i++) {
    if (c->subjects && (i == 0 || rows->s[i] != rows->s[i - 1])) {
      PL_TRY(pl_path_number(c->graph, rows->s[i], &node));
      PL_TRY(collect(c, node));
    }
    if (c->objects) {
      PL_TRY(pl_path_number(c->graph, rows->o[i], &node));
      PL_TRY(collect(c, node));
    }
  }
  return PL_OK;
}

pl_status pl_path_ends(pl_path_graph* graph, uint32_t number, bool against, pl_numbers* out) {
  const pl_path_step* step = &graph->steps[number];
  collector c = {.graph = graph, .out = out};
  pl_status status = PL_OK;
  for (size_t i = 0; i < out->count && status == PL_OK; i++) {  // what another step gave
    while (c.seen.count <= out->data[i] && status == PL_OK) {
      status = pl_vec_push(&graph->run->mem, &c.seen, false);
    }
    if (status == PL_OK) {
      c.seen.data[out->data[i]] = true;
    }
  }
  for (size_t h = 0; h < step->hops.count && status == PL_OK; h++) {
    c.objects = step->hops.data[h].inverse != against;
    c.subjects = !c.objects;
    status = each_fact(graph, &step->hops.data[h], collect_rows, &c);
  }
  pl_vec_free(&graph->run->mem, &c.seen);
  return status;
}

pl_status pl_path_all_nodes(pl_path_graph* graph, pl_numbers* out) {
  static const pl_path_hop any = {0};
  collector c = {.graph = graph, .subjects = true, .objects = true, .out = out};
  const pl_status status = each_fact(graph, &any, collect_rows, &c);
  pl_vec_free(&graph->run->mem, &c.seen);
  return status;
}

// ---- life ---------------------------------------------------------------------------------------------------------

static pl_status add_hop(pl_path_graph* graph, pl_path_step* step, pl_path_hop hop) {
  for (size_t i = 0; i < step->hops.count; i++) {
    const pl_path_hop* other = &step->hops.data[i];
    if (other->predicate == hop.predicate && other->inverse == hop.inverse && hop.predicate) {
      return PL_OK;
    }
  }
  if (step->hops.count >= PL_PATH_HOPS_MAX) {
    return pl_fail(graph->run->err, PL_MSG_ALTERNATIVES_LIMIT, (size_t)PL_PATH_HOPS_MAX);
  }
  pl_totals totals = {0};
  pl_predicate_stats stats = {0};
  PL_TRY(hop.predicate ? pl_stats_predicate(graph->run->txn, hop.predicate, &stats)
                       : pl_stats_totals(graph->run->txn, &totals));
  step->facts += (double)(hop.predicate ? stats.facts : totals.facts);
  step->ends[hop.inverse] += (double)(hop.predicate ? stats.subjects : totals.facts);
  step->ends[!hop.inverse] += (double)(hop.predicate ? stats.objects : totals.facts);
  return pl_vec_push(&graph->run->mem, &step->hops, hop);
}

/// Predicates that a verb stands for: under identity those of their classes too.
static pl_status verb_ids(pl_path_graph* graph, const pl_verb* verb, pl_ids* out) {
  pl_ids written = {0};
  pl_status status = pl_const_ids(graph->run, &verb->predicate, false, false, 0, &written);
  for (size_t i = 0; i < written.count && status == PL_OK; i++) {
    const pl_id* members = NULL;
    const size_t count = pl_classes_members(graph->classes, &written.data[i], &members);
    for (size_t m = 0; m < count && status == PL_OK; m++) {
      status = pl_vec_push(&graph->run->mem, out, members[m]);
    }
  }
  pl_vec_free(&graph->run->mem, &written);
  return status == PL_OK ? pl_ids_unique(graph->run, out) : status;
}

static pl_status resolve_verb(pl_path_graph* graph, const pl_verb* verb, pl_path_step* step) {
  if (verb->predicate.kind == PL_REF_ANY) {
    return add_hop(graph, step, (pl_path_hop){.inverse = verb->inverse});
  }
  pl_ids ids = {0};
  pl_status status = verb_ids(graph, verb, &ids);
  for (size_t i = 0; i < ids.count && status == PL_OK; i++) {
    status = add_hop(graph, step, (pl_path_hop){.predicate = ids.data[i], .inverse = verb->inverse});
  }
  pl_vec_free(&graph->run->mem, &ids);
  return status;
}

/// Facts with none of the predicates of one direction; no hop if none is written in that direction, or `_` is.
static pl_status resolve_except(pl_path_graph* graph, const pl_path* path, bool inverse, pl_path_step* step) {
  pl_mem* mem = &graph->run->mem;
  pl_path_hop hop = {.inverse = inverse};
  bool any = false, written = false;
  pl_status status = PL_OK;
  for (uint32_t v = 0; v < path->verb_count && status == PL_OK; v++) {
    pl_ids ids = {0};
    if (path->verbs[v].inverse != inverse) {
      continue;
    }
    written = true;
    any |= path->verbs[v].predicate.kind == PL_REF_ANY;
    status = any ? PL_OK : verb_ids(graph, &path->verbs[v], &ids);
    for (size_t i = 0; i < ids.count && status == PL_OK; i++) {
      status = pl_vec_push(mem, &hop.except, ids.data[i]);
    }
    pl_vec_free(mem, &ids);
  }
  status = status == PL_OK ? pl_ids_unique(graph->run, &hop.except) : status;
  const size_t before = step->hops.count;
  if (status == PL_OK && written && !any) {
    status = add_hop(graph, step, hop);
  }
  if (step->hops.count == before) {
    pl_vec_free(mem, &hop.except);
  }
  return status;
}

static pl_status resolve_step(pl_path_graph* graph, const pl_path* path, pl_path_step* step) {
  if (path->kind == PL_PATH_EXCEPT) {
    PL_TRY(resolve_except(graph, path, false, step));
    return resolve_except(graph, path, true, step);
  }
  for (uint32_t v = 0; v < path->verb_count; v++) {
    PL_TRY(resolve_verb(graph, &path->verbs[v], step));
  }
  return PL_OK;
}

pl_status pl_path_graph_init(pl_path_graph* graph, pl_run* run, const pl_path_nfa* nfa, const pl_classes* classes) {
  *graph = (pl_path_graph){.run = run, .classes = classes, .step_count = nfa->step_count};
  graph->steps = pl_mem_calloc(&run->mem, nfa->step_count + (size_t)1, sizeof(pl_path_step));
  graph->rows = pl_mem_alloc(&run->mem, sizeof(batch));
  if (!graph->steps || !graph->rows) {
    return pl_run_nomem(run);
  }
  for (uint32_t i = 0; i < nfa->step_count; i++) {
    PL_TRY(resolve_step(graph, nfa->steps[i], &graph->steps[i]));
  }
  return PL_OK;
}

void pl_path_graph_free(pl_path_graph* graph) {
  if (!graph->run) {
    return;
  }
  pl_mem* mem = &graph->run->mem;
  for (uint32_t i = 0; graph->steps && i < graph->step_count; i++) {
    pl_path_step* step = &graph->steps[i];
    for (size_t h = 0; h < step->hops.count; h++) {
      pl_vec_free(mem, &step->hops.data[h].except);
    }
    pl_vec_free(mem, &step->hops);
    free_links(mem, &step->links[0]);
    free_links(mem, &step->links[1]);
  }
  pl_mem_free(mem, graph->steps, graph->steps ? (graph->step_count + (size_t)1) * sizeof(pl_path_step) : 0);
  pl_mem_free(mem, graph->rows, graph->rows ? sizeof(batch) : 0);
  for (int i = 0; i < PL_ORDER_COUNT; i++) {
    pl_scan_close(graph->scans[i]);
  }
  pl_idmap_free(&graph->map, mem);
  pl_vec_free(mem, &graph->ids);
  pl_vec_free(mem, &graph->near);
  *graph = (pl_path_graph){0};
}
