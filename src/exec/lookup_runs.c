// Choosing to read runs: where some new slots of a pattern of facts are not needed, rows that agree in all others are read as one row that stands
// for them, in an order of the store that has those columns first.
//
//   ?a knows ?b, only ?b needed:   (knows, b) in pos, each with the number of its ?a, instead of all pairs in pso
#include "exec/lookup.h"

/// Do columns [from, from + count) of an order stand for the places of `set`?
static bool columns_are(pl_order order, unsigned from, unsigned count, unsigned set) {
  unsigned found = 0;
  for (unsigned i = from; i < from + count; i++) {
    found |= 1u << pl_order_columns[order][i];
  }
  return found == set;
}

/// Place of column PL_S, PL_P or PL_O.
static uint8_t place_of(const pl_access* access, unsigned column) {
  const bool subject = (column == PL_S) != access->inverse;
  return column == PL_P ? PL_PLACE_P : subject ? PL_PLACE_A : PL_PLACE_B;
}

static void reorder(pl_lookup_node* node, pl_order order) {
  pl_access* access = &node->accesses[0];
  access->order = order;
  for (unsigned i = 0; i < 3; i++) {
    access->place[i] = place_of(access, pl_order_columns[order][i]);
  }
}

void pl_lookup_choose_runs(pl_lookup_node* node, pl_slots needed) {
  static const pl_order orders[] = {PL_ORDER_SPO, PL_ORDER_PSO, PL_ORDER_POS, PL_ORDER_OSP};
  const pl_access* was = &node->accesses[0];
  unsigned known = 0, wanted = 0;
  if (node->annot || node->pairs || node->shows_places || node->access_count > 1 || was->residual ||
      was->bound[PL_PLACE_C] || pl_slots_has(needed, node->places[PL_PLACE_C].slot)) {
    return;
  }
  for (unsigned column = 0; column < 3; column++) {
    const uint8_t place = place_of(was, column);
    known |= (unsigned)was->bound[place] << column;
    const bool is_new = node->places[place].kind == PL_PLACE_NEW;
    wanted |= (unsigned)(is_new && pl_slots_has(needed, node->places[place].slot)) << column;
  }
  const unsigned more = (unsigned)__builtin_popcount(wanted);
  const bool objects_first =
      pl_order_columns[was->order][was->prefix] == PL_O;  // perhaps read by bounds: stay with them
  for (size_t i = 0; i < PL_COUNT_OF(orders) && more && was->prefix + more < was->width; i++) {
    if (objects_first && pl_order_columns[orders[i]][was->prefix] != PL_O) {
      continue;
    }
    if (columns_are(orders[i], 0, was->prefix, known) && columns_are(orders[i], was->prefix, more, wanted)) {
      node->runs = (uint8_t)(was->prefix + more);
      reorder(node, orders[i]);
      return;
    }
  }
}
