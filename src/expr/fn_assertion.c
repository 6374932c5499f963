/// What an assertion (a node bound by `as`) says about itself; start() and end() are also functions of dates.
///
/// A named graph is an assertion too: what is said about it are ordinary facts.
#include "expr/expr_internal.h"

static bool is_assertion(const pl_call* call, pl_id id) { return pl_tag_is_node(pl_call_tag(call, id)); }

/// The annotation's value; the smallest of several; PL_DONE if there is none.
static pl_status annotation(const pl_call* call, pl_id st, pl_id predicate, pl_id* out) {
  PL_TRY(pl_termpool_object(call->eval->pool, st, predicate, out));
  return *out != PL_ID_NULL ? PL_OK : PL_DONE;
}

/// The source; a named graph without one is its own source, as for the lens `according to`.
pl_status pl_fn_source(const pl_call* call, const pl_id* args, pl_id* out) {
  if (!is_assertion(call, args[0])) {
    return PL_DONE;
  }
  const pl_status status = annotation(call, args[0], PL_KNOWN(SOURCE), out);
  const bool graph = pl_id_tag(args[0]) != PL_TAG_ASSERTION;
  if (status == PL_DONE && graph) {
    *out = args[0];
    return PL_OK;
  }
  return status;
}

/// Null when none is stated: counting a missing one as 1 is the business of the lens `trust`.
pl_status pl_fn_confidence(const pl_call* call, const pl_id* args, pl_id* out) {
  return is_assertion(call, args[0]) ? annotation(call, args[0], PL_KNOWN(CONFIDENCE), out) : PL_DONE;
}

static pl_status put_edge(const pl_call* call, pl_id id, bool first, pl_id* out) {
  pl_value v;
  PL_TRY(pl_call_time(call, id, &v));
  const pl_date d = first ? pl_value_start(&v) : pl_value_end(&v);
  return pl_call_put_date(call, &d, out);
}

/// Of a date its first or last day; of an assertion `from` or `until` as it stands, else the first or last day of `on`.
static pl_status edge(const pl_call* call, pl_id id, bool first, pl_id* out) {
  if (!is_assertion(call, id)) {
    return put_edge(call, id, first, out);
  }
  const pl_status status = annotation(call, id, first ? PL_KNOWN(FROM) : PL_KNOWN(UNTIL), out);
  if (status != PL_DONE) {
    return status;
  }
  pl_id on;
  PL_TRY(annotation(call, id, PL_KNOWN(ON), &on));
  return put_edge(call, on, first, out);
}

pl_status pl_fn_start(const pl_call* call, const pl_id* args, pl_id* out) { return edge(call, args[0], true, out); }
pl_status pl_fn_end(const pl_call* call, const pl_id* args, pl_id* out) { return edge(call, args[0], false, out); }
