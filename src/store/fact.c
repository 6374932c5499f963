/// The one table of what a statement may be made of. Assertions and computed values have ids, but none that is stored
/// as a term.
#include "store/fact.h"

static pl_status refuse(pl_error* err, const char* part, pl_id id) {
  const pl_tag tag = pl_id_tag(id);
  const char* const what = tag == PL_TAG_NULL        ? "empty"
                           : tag == PL_TAG_ASSERTION ? "an assertion"
                           : tag == PL_TAG_TEMP      ? "a computed value"
                           : tag == PL_TAG_BLANK     ? "a blank node"
                           : tag == PL_TAG_IRI       ? "an IRI"
                                                     : "a literal";
  return pl_fail(err, PL_MSG_STATEMENT_TERM, part, what);
}

static bool is_node(pl_id id) { return pl_id_tag(id) == PL_TAG_IRI || pl_id_tag(id) == PL_TAG_BLANK; }

static bool is_storable(pl_id id) {
  const pl_tag tag = pl_id_tag(id);
  return tag != PL_TAG_NULL && tag != PL_TAG_ASSERTION && tag < PL_TAG_TEMP;
}

pl_status pl_fact_check(pl_error* err, pl_id s, pl_id p, pl_id o) {
  if (!is_node(s)) {
    return refuse(err, "subject", s);
  }
  if (pl_id_tag(p) != PL_TAG_IRI) {
    return refuse(err, "predicate", p);
  }
  return is_storable(o) ? PL_OK : refuse(err, "object", o);
}

pl_status pl_fact_check_note(pl_error* err, pl_id predicate, pl_id object) {
  if (pl_id_tag(predicate) != PL_TAG_IRI) {
    return refuse(err, "annotation", predicate);
  }
  return is_storable(object) ? PL_OK : refuse(err, "annotation's value", object);
}

pl_status pl_fact_check_notes(pl_error* err, size_t count) {
  return count > 0 ? PL_OK : refuse(err, "annotations", PL_ID_NULL);
}

pl_status pl_fact_check_graph(pl_error* err, pl_id graph) {
  return is_node(graph) ? PL_OK : refuse(err, "graph", graph);
}
