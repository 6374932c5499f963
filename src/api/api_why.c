/// why: the support of the current row, a line at a time.
#include "api/api.h"

parley_status parley_query_ask_why(parley_query* query, size_t members) {
  PL_UNUSED(members);
  return query ? PARLEY_OK : PARLEY_MISUSE;
}

int parley_query_is_why(const parley_query* query) { return query && query->query && query->query->why; }

parley_status parley_why_next(parley_query* query, parley_support* out) {
  return query && out ? PARLEY_NOT_FOUND : PARLEY_MISUSE;
}

parley_status parley_why_rewind(parley_query* query) { return query ? PARLEY_OK : PARLEY_MISUSE; }

parley_status parley_why_confidence(parley_query* query, double* confidence) {
  if (!query || !confidence) {
    return PARLEY_MISUSE;
  }
  *confidence = 1;
  return PARLEY_OK;
}

int parley_query_is_graph(const parley_query* query) { return query && query->query && query->query->graph; }

int parley_query_is_describe(const parley_query* query) { return query && query->query && query->query->describe; }
