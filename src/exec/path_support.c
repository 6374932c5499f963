// Why a path is there: its facts, and under identity the links between the names at which one ends and the next begins. See path.h.
#include "exec/path.h"
#include "exec/support.h"

typedef struct chain {
  const pl_path_graph* graph;  ///< whose classes
  uint32_t lens;               ///< of the path
  pl_why why;                  ///< growing
} chain;

static pl_status add(chain* c, pl_why_kind kind, pl_id s, pl_id p, pl_id o) {
  pl_why fact = 0;
  PL_TRY(pl_why_fact(c->graph->run, kind, s, p, o, 0, c->lens, &fact));
  return pl_why_join(c->graph->run, c->why, fact, &c->why);
}

static pl_status add_link(void* user, const pl_link* link) {
  return add(user, PL_WHY_IDENTITY, link->s, link->owl ? PL_KNOWN(OWL_SAME_AS) : PL_KNOWN(SAME_AS), link->o);
}

/// The links between two names of a node; 0 asks for none.
static pl_status add_links(chain* c, pl_id from, pl_id to) {
  return from && to && from != to ? pl_classes_chain(c->graph->run, c->graph->classes, from, to, add_link, c) : PL_OK;
}

pl_status pl_path_why(const pl_path_graph* graph, uint32_t lens, const pl_path_found* path, const pl_path_names* names,
                      pl_why* out) {
  chain c = {.graph = graph, .lens = lens};
  pl_id at = names->subject;
  for (uint32_t i = 0; i < path->length; i++) {
    const pl_path_fact* f = &path->facts[i];
    const bool between = i > 0 && names->nodes_shown;
    const pl_id shown = between ? graph->ids.data[path->nodes[i]] : at;
    PL_TRY(add_links(&c, at, shown));
    PL_TRY(add_links(&c, shown, f->inverse ? f->o : f->s));
    PL_TRY(add(&c, PL_WHY_FACT, f->s, f->p, f->o));
    at = f->inverse ? f->s : f->o;
  }
  PL_TRY(add_links(&c, at, names->object));
  *out = c.why;
  return PL_OK;
}
