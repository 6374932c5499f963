// Computing classes: read the links that the lens follows, join their ends (union-find), choose the node to show. See classes.h.
//
// The work is proportional to the same_as facts of the store, not to its size: each of them is checked by itself, so no bitmap of a lens is
// needed. Only where several nodes of a class could be shown are facts counted.
#include "base/sort.h"
#include "exec/classes.h"

#define BATCH 256  ///< rows read at once

typedef PL_VEC(pl_link) link_list;

typedef struct builder {
  pl_run* run;
  const pl_lens* lens;         ///< NULL: all links
  const pl_lens_args* args;    ///< of its parts
  pl_classes* out;             ///< being made; its account pays
  pl_scan* cpo;                ///< annotations of assertions
  pl_scan* spo;                ///< facts: about named graphs, and counted
  pl_scan* osp;                ///< facts counted
  link_list links;             ///< followed
  pl_ids nodes;                ///< by index
  PL_VEC(uint32_t) parents;    ///< union-find over node indexes
  PL_VEC(uint32_t) out_links;  ///< followed links that leave a node
  uint32_t* class_of;          ///< by node index
} builder;

// ---- links --------------------------------------------------------------------------------------------------------

static pl_status row_passes(builder* b, pl_id c, bool* passes) {
  *passes = true;
  for (uint32_t i = 0; b->lens && i < b->lens->count && *passes; i++) {
    const pl_lens_part* part = &b->lens->parts[i];
    if (part->kind == PL_LENS_SAME) {
      PL_TRY(pl_lens_confident(b->run, &b->args[i], b->cpo, b->spo, c, passes));
    } else {
      PL_TRY(pl_lens_check(b->run, part, &b->args[i], b->cpo, b->spo, c, passes));
    }
  }
  return PL_OK;
}

/// A row is a link if it passes by itself.
static pl_status add_rows(builder* b, const pl_id* ss, const pl_id* os, const pl_id* cs, size_t count, bool owl) {
  for (size_t i = 0; i < count; i++) {
    const pl_link link = {.s = ss[i], .o = os[i], .c = cs[i], .owl = owl};
    bool passes = false;
    if (link.s == link.o || !pl_tag_is_node(pl_id_tag(link.o))) {
      continue;
    }
    if (i % 64 == 63) {
      PL_TRY(pl_guard_check(b->run->guard, b->run->err));
    }
    PL_TRY(row_passes(b, cs[i], &passes));
    if (passes) {
      PL_TRY(pl_vec_push(&b->out->mem, &b->links, link));
    }
  }
  return PL_OK;
}

static pl_status read_links(builder* b, pl_id predicate, bool owl) {
  pl_id ss[BATCH], os[BATCH], cs[BATCH];
  pl_id* const into[4] = {NULL, ss, os, cs};
  pl_scan* scan = NULL;
  PL_TRY(pl_scan_open(b->run->txn, PL_ORDER_PSO, PL_SCAN_ROWS, NULL, &b->out->mem, &scan));
  pl_status status = pl_scan_range(scan, &predicate, 1, 0, UINT64_MAX);
  while (status == PL_OK) {
    size_t count = 0;
    status = pl_guard_check(b->run->guard, b->run->err);
    if (status == PL_OK) {
      status = pl_scan_fill(scan, into, BATCH, &count);
    }
    if (status != PL_OK || count == 0) {
      break;
    }
    status = add_rows(b, ss, os, cs, count, owl);
  }
  pl_scan_close(scan);
  return status;
}

// ---- components ---------------------------------------------------------------------------------------------------

static pl_status node_index(builder* b, pl_id id, uint32_t* index) {
  pl_mem* mem = &b->out->mem;
  const uint64_t* known = pl_idmap_find(&b->out->numbers, id);
  if (known) {
    *index = (uint32_t)*known;
    return PL_OK;
  }
  *index = (uint32_t)b->nodes.count;
  PL_TRY(pl_idmap_put(&b->out->numbers, mem, id, *index, NULL));
  PL_TRY(pl_vec_push(mem, &b->nodes, id));
  PL_TRY(pl_vec_push(mem, &b->parents, *index));
  return pl_vec_push(mem, &b->out_links, 0);
}

static uint32_t root_of(builder* b, uint32_t node) {
  uint32_t* parents = b->parents.data;
  while (parents[node] != node) {
    parents[node] = parents[parents[node]];
    node = parents[node];
  }
  return node;
}

static pl_status join_ends(builder* b) {
  for (size_t i = 0; i < b->links.count; i++) {
    uint32_t s = 0, o = 0;
    PL_TRY(node_index(b, b->links.data[i].s, &s));
    PL_TRY(node_index(b, b->links.data[i].o, &o));
    b->out_links.data[s]++;
    const uint32_t x = root_of(b, s), y = root_of(b, o);
    b->parents.data[x > y ? x : y] = x > y ? y : x;
    if (i % 1024 == 1023) {
      PL_TRY(pl_guard_check(b->run->guard, b->run->err));
    }
  }
  return PL_OK;
}

/// Number the classes: a root is the smallest index of its class, so it comes first.
static pl_status number_classes(builder* b) {
  pl_classes* out = b->out;
  b->class_of = pl_mem_calloc(&out->mem, b->nodes.count, sizeof(uint32_t));
  if (!b->class_of) {
    return pl_mem_status(&out->mem);
  }
  for (uint32_t i = 0; i < b->nodes.count; i++) {
    const uint32_t root = root_of(b, i);
    b->class_of[i] = root == i ? out->count++ : b->class_of[root];
    *pl_idmap_find(&out->numbers, b->nodes.data[i]) = b->class_of[i];
  }
  return PL_OK;
}

/// Starts from counts: starts[c + 1] holds the count of class c.
static void add_up(size_t* starts, uint32_t count) {
  for (uint32_t c = 0; c < count; c++) {
    starts[c + 1] += starts[c];
  }
}

static int compare_ids(const void* a, const void* b, void* user) {
  PL_UNUSED(user);
  const pl_id x = *(const pl_id*)a, y = *(const pl_id*)b;
  return (x > y) - (x < y);
}

static pl_status place_all(builder* b, size_t* cursor) {
  static const pl_sort_order order = {.compare = compare_ids};
  pl_classes* out = b->out;
  memcpy(cursor, out->member_starts, out->count * sizeof(size_t));
  for (size_t i = 0; i < b->nodes.count; i++) {
    out->members[cursor[b->class_of[i]]++] = b->nodes.data[i];
  }
  memcpy(cursor, out->link_starts, out->count * sizeof(size_t));
  for (size_t i = 0; i < b->links.count; i++) {
    out->links[cursor[*pl_idmap_find(&out->numbers, b->links.data[i].s)]++] = b->links.data[i];
  }
  for (uint32_t c = 0; c < out->count; c++) {
    const size_t start = out->member_starts[c];
    PL_TRY(pl_sort(out->members + start, out->member_starts[c + 1] - start, sizeof(pl_id), &order, &b->run->mem,
                   b->run->guard, b->run->err));
    if (c % 1024 == 1023) {
      PL_TRY(pl_guard_check(b->run->guard, b->run->err));
    }
  }
  return PL_OK;
}

/// Members and links, class after class.
static pl_status fill_classes(builder* b) {
  pl_classes* out = b->out;
  const uint32_t count = out->count;
  out->count = 0;  // until all is there: see release
  pl_id* shown = pl_mem_calloc(&out->mem, count, sizeof(pl_id));
  pl_id* members = pl_mem_calloc(&out->mem, b->nodes.count, sizeof(pl_id));
  pl_link* links = pl_mem_calloc(&out->mem, b->links.count, sizeof(pl_link));
  size_t* member_starts = pl_mem_calloc(&out->mem, count + (size_t)1, sizeof(size_t));
  size_t* link_starts = pl_mem_calloc(&out->mem, count + (size_t)1, sizeof(size_t));
  size_t* cursor = pl_mem_calloc(&out->mem, count, sizeof(size_t));
  pl_status status = pl_mem_status(&out->mem);
  if (shown && members && links && member_starts && link_starts && cursor) {
    for (size_t i = 0; i < b->nodes.count; i++) {
      member_starts[b->class_of[i] + 1]++;
    }
    for (size_t i = 0; i < b->links.count; i++) {
      link_starts[*pl_idmap_find(&out->numbers, b->links.data[i].s) + 1]++;
    }
    add_up(member_starts, count);
    add_up(link_starts, count);
    out->count = count;
    out->shown = shown;
    out->members = members;
    out->links = links;
    out->member_starts = member_starts;
    out->link_starts = link_starts;
    status = place_all(b, cursor);
  } else {
    pl_mem_free(&out->mem, shown, count * sizeof(pl_id));
    pl_mem_free(&out->mem, members, b->nodes.count * sizeof(pl_id));
    pl_mem_free(&out->mem, links, b->links.count * sizeof(pl_link));
    pl_mem_free(&out->mem, member_starts, (count + (size_t)1) * sizeof(size_t));
    pl_mem_free(&out->mem, link_starts, (count + (size_t)1) * sizeof(size_t));
  }
  pl_mem_free(&out->mem, cursor, count * sizeof(size_t));
  return status;
}

// ---- the shown node -----------------------------------------------------------------------------------------------

static pl_status count_range(pl_scan* scan, const pl_id* prefix, unsigned n, uint64_t* count) {
  PL_TRY(pl_scan_range(scan, prefix, n, 0, UINT64_MAX));
  return pl_scan_count(scan, count);
}

/// Facts with the node as subject or object: one that links it to itself counts once.
static pl_status count_facts(builder* b, pl_id node, uint64_t* facts) {
  const pl_id both[2] = {node, node};
  uint64_t from = 0, to = 0, loops = 0;
  PL_TRY(pl_guard_check(b->run->guard, b->run->err));
  PL_TRY(count_range(b->spo, &node, 1, &from));
  PL_TRY(count_range(b->osp, &node, 1, &to));
  PL_TRY(count_range(b->osp, both, 2, &loops));
  *facts = from + to - loops;
  return PL_OK;
}

static uint32_t leaving(const builder* b, const pl_idmap* indexes, pl_id node) {
  return b->out_links.data[*pl_idmap_find(indexes, node)];
}

/// Of the members that no link leaves, or of all if there is none: the only one, or the one with most facts, then the smaller name.
static pl_status choose(builder* b, const pl_idmap* indexes, uint32_t c) {
  const pl_classes* out = b->out;
  const pl_id* members = out->members + out->member_starts[c];
  const size_t count = out->member_starts[c + 1] - out->member_starts[c];
  size_t ends = 0;
  for (size_t i = 0; i < count; i++) {
    ends += leaving(b, indexes, members[i]) == 0;
  }
  pl_id best = PL_ID_NULL;
  uint64_t best_facts = 0;
  for (size_t i = 0; i < count; i++) {
    uint64_t facts = 0;
    int order = 0;
    if (ends && leaving(b, indexes, members[i]) > 0) {
      continue;
    }
    PL_TRY(ends == 1 ? PL_OK : count_facts(b, members[i], &facts));
    if (best && facts == best_facts) {
      PL_TRY(pl_termpool_order(b->run->pool, members[i], best, &order));
    }
    if (best == PL_ID_NULL || facts > best_facts || (facts == best_facts && order < 0)) {
      best = members[i];
      best_facts = facts;
    }
  }
  out->shown[c] = best;
  return PL_OK;
}

static pl_status choose_all(builder* b) {
  pl_idmap indexes = {0};
  pl_mem* mem = &b->out->mem;
  pl_status status = PL_OK;
  for (size_t i = 0; i < b->nodes.count && status == PL_OK; i++) {
    status = pl_idmap_put(&indexes, mem, b->nodes.data[i], i, NULL);
  }
  for (uint32_t c = 0; c < b->out->count && status == PL_OK; c++) {
    status = c % 256 == 255 ? pl_guard_check(b->run->guard, b->run->err) : PL_OK;
    status = status == PL_OK ? choose(b, &indexes, c) : status;
  }
  pl_idmap_free(&indexes, mem);
  return status;
}

static pl_status build(builder* b) {
  pl_run* run = b->run;
  pl_mem* mem = &b->out->mem;
  PL_TRY(pl_scan_open(run->txn, PL_ORDER_CPO, PL_SCAN_ROWS, NULL, mem, &b->cpo));
  PL_TRY(pl_scan_open(run->txn, PL_ORDER_SPO, PL_SCAN_FACTS, NULL, mem, &b->spo));
  PL_TRY(pl_scan_open(run->txn, PL_ORDER_OSP, PL_SCAN_FACTS, NULL, mem, &b->osp));
  PL_TRY(read_links(b, PL_KNOWN(SAME_AS), false));
  PL_TRY(read_links(b, PL_KNOWN(OWL_SAME_AS), true));
  if (b->links.count == 0) {
    return PL_OK;
  }
  if (b->links.count > UINT32_MAX / 4) {
    return pl_fail_memory(run->err, "the classes of same", mem->bytes_max);
  }
  PL_TRY(join_ends(b));
  PL_TRY(number_classes(b));
  PL_TRY(fill_classes(b));
  return choose_all(b);
}

pl_status pl_classes_build(pl_run* run, const pl_lens* parts, const pl_lens_args* args, pl_classes* out) {
  builder b = {.run = run, .lens = parts, .args = args, .out = out};
  const pl_status status = build(&b);
  pl_scan_close(b.cpo);
  pl_scan_close(b.spo);
  pl_scan_close(b.osp);
  pl_mem_free(&out->mem, b.class_of, b.nodes.count * sizeof(uint32_t));
  pl_vec_free(&out->mem, &b.links);
  pl_vec_free(&out->mem, &b.nodes);
  pl_vec_free(&out->mem, &b.parents);
  pl_vec_free(&out->mem, &b.out_links);
  return status;
}
