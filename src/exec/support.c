// Why rows are there: see support.h.
#include "exec/support.h"

pl_status pl_why_fact(pl_run* run, pl_why_kind kind, pl_id s, pl_id p, pl_id o, pl_id c, uint32_t lens, pl_why* out) {
  PL_UNUSED(run);
  PL_UNUSED(kind);
  PL_UNUSED(s);
  PL_UNUSED(p);
  PL_UNUSED(o);
  PL_UNUSED(c);
  PL_UNUSED(lens);
  *out = 0;
  return PL_OK;
}

pl_status pl_why_join(pl_run* run, pl_why a, pl_why b, pl_why* out) {
  PL_UNUSED(run);
  *out = a ? a : b;
  return PL_OK;
}

pl_status pl_why_extend(pl_run* run, const pl_chunk* in, uint32_t row, pl_chunk* out, uint32_t at, uint32_t count,
                        pl_why more) {
  PL_UNUSED(run);
  PL_UNUSED(in);
  PL_UNUSED(row);
  PL_UNUSED(out);
  PL_UNUSED(at);
  PL_UNUSED(count);
  PL_UNUSED(more);
  return PL_OK;
}
