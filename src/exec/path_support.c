// Why a path is there: its facts, and under identity the links between the names at which one ends and the next begins. See path.h.
#include "exec/path.h"
#include "exec/support.h"

typedef struct chain {
  pl_path_graph* graph;  ///< whose classes
  uint32_t lens;         ///< of the path
  pl_why why;            ///< growing
} chain;

static pl_status add(chain* c, pl_why_kind kind, pl_id s, pl_id p, pl_id o, pl_id said) {
  pl_why fact = 0;
  PL_TRY(pl_why_fact(c->graph->run, kind, s, p, o, said, c->lens, &fact));
  return pl_why_join(c->graph->run, c->why, fact, &c->why);
}

static pl_status add_link(void* user, const pl_link* link) {
  return add(user, PL_WHY_IDENTITY, link->s, link->owl ? PL_KNOWN(OWL_SAME_AS) : PL_KNOWN(SAME_AS), link->o,
             pl_why_said(link->c));
}

/// Which statements of a fact count may differ from row to row: the passing ones are kept one by one.
static pl_status add_checked(chain* c, const pl_path_fact* f) {
  pl_path_graph* graph = c->graph;
  pl_run* run = graph->run;
  const pl_id fact[3] = {f->s, f->p, f->o};
  pl_scan** scan = &graph->scans[PL_ORDER_SPO];
  PL_TRY(*scan ? PL_OK : pl_scan_open(run->txn, PL_ORDER_SPO, PL_SCAN_ROWS, NULL, &run->mem, scan));
  PL_TRY(pl_scan_range(*scan, fact, 3, 0, UINT64_MAX));
  for (;;) {
    pl_id cs[64];
    pl_id* const into[4] = {NULL, NULL, NULL, cs};
    size_t count = 0;
    PL_TRY(pl_guard_check(run->guard, run->err));
    PL_TRY(pl_scan_fill(*scan, into, PL_COUNT_OF(cs), &count));
    for (size_t i = 0; i < count; i++) {
      bool passes = false;
      PL_TRY(graph->check(graph->check_user, cs[i], &passes));
      PL_TRY(passes ? add(c, PL_WHY_FACT, f->s, f->p, f->o, pl_why_said(cs[i])) : PL_OK);
    }
    if (count == 0) {
      return PL_OK;
    }
  }
}

static pl_status add_fact(chain* c, const pl_path_fact* f) {
  return c->graph->check ? add_checked(c, f) : add(c, PL_WHY_FACT, f->s, f->p, f->o, 0);
}

/// The links between two names of a node; 0 asks for none.
static pl_status add_links(chain* c, pl_id from, pl_id to) {
  return from && to && from != to ? pl_classes_chain(c->graph->run, c->graph->classes, from, to, add_link, c) : PL_OK;
}

pl_status pl_path_why(pl_path_graph* graph, uint32_t lens, const pl_path_found* path, const pl_path_names* names,
                      pl_why* out) {
  chain c = {.graph = graph, .lens = lens};
  pl_id at = names->subject;
  for (uint32_t i = 0; i < path->length; i++) {
    const pl_path_fact* f = &path->facts[i];
    const bool between = i > 0 && names->nodes_shown;
    const pl_id shown = between ? graph->ids.data[path->nodes[i]] : at;
    PL_TRY(add_links(&c, at, shown));
    PL_TRY(add_links(&c, shown, f->inverse ? f->o : f->s));
    PL_TRY(add_fact(&c, f));
    at = f->inverse ? f->s : f->o;
  }
  PL_TRY(add_links(&c, at, names->object));
  *out = c.why;
  return PL_OK;
}
