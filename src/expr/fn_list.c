/// Lists: ids in an order, kept in the term pool. A path is a list of its nodes wherever a list is expected.
#include "expr/expr_internal.h"

pl_status pl_fn_list(const pl_call* call, const pl_id* args, pl_id* out) {
  return pl_termpool_put_list(call->eval->pool, args, call->count, out);
}

static pl_status items_of(const pl_call* call, pl_id id, const pl_id** items, size_t* count) {
  return pl_termpool_list(call->eval->pool, id, items, count) ? PL_OK : PL_DONE;
}

/// From 0; a negative place counts from the end; one outside is null.
pl_status pl_fn_index(const pl_call* call, const pl_id* args, pl_id* out) {
  const pl_id* items;
  size_t count;
  int64_t at;
  PL_TRY(items_of(call, args[0], &items, &count));
  PL_TRY(pl_call_integer(call, args[1], &at));
  at = at < 0 ? at + (int64_t)count : at;
  if (at < 0 || at >= (int64_t)count) {
    return PL_DONE;
  }
  *out = items[at];
  return PL_OK;
}

pl_status pl_fn_size(const pl_call* call, const pl_id* args, pl_id* out) {
  const pl_id* items;
  size_t count;
  PL_TRY(items_of(call, args[0], &items, &count));
  return pl_call_put_integer(call, (int64_t)count, out);
}

pl_status pl_fn_list_first(const pl_call* call, const pl_id* args, pl_id* out) {
  const pl_id* items;
  size_t count;
  PL_TRY(items_of(call, args[0], &items, &count));
  *out = count ? items[0] : PL_ID_NULL;
  return PL_OK;
}

pl_status pl_fn_list_last(const pl_call* call, const pl_id* args, pl_id* out) {
  const pl_id* items;
  size_t count;
  PL_TRY(items_of(call, args[0], &items, &count));
  *out = count ? items[count - 1] : PL_ID_NULL;
  return PL_OK;
}

/// Labels of the elements that are not null, with a separator between.
static pl_status join_labels(const pl_call* call, pl_id list, pl_str separator, pl_id* out) {
  const pl_id* items;
  size_t count;
  bool any = false;
  PL_TRY(items_of(call, list, &items, &count));
  pl_buf* const buf = pl_call_buf(call);
  for (size_t i = 0; i < count && buf->status == PL_OK; i++) {
    pl_str label;
    if (items[i] == PL_ID_NULL) {
      continue;
    }
    PL_TRY(pl_termpool_label(call->eval->pool, items[i], &label));
    (void)pl_buf_str(buf, any ? separator : PL_STR(""));
    (void)pl_buf_str(buf, label);
    any = true;
  }
  return pl_call_put_buf(call, out);
}

pl_status pl_fn_list_join(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_str separator = PL_STR(", ");
  if (call->count > 1) {
    PL_TRY(pl_call_text(call, args[1], &separator));
  }
  return join_labels(call, args[0], separator, out);
}

pl_status pl_fn_chain(const pl_call* call, const pl_id* args, pl_id* out) {
  return join_labels(call, args[0], PL_STR(" > "), out);
}

/// The nodes of a path as a list.
pl_status pl_fn_nodes(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_path_value path;
  if (!pl_termpool_path(call->eval->pool, args[0], &path)) {
    return PL_DONE;
  }
  return pl_termpool_put_list(call->eval->pool, path.nodes, path.length + 1, out);
}

/// The facts of a path in order, each as a list of subject, predicate and object as the store has it.
pl_status pl_fn_facts(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_path_value path;
  pl_eval* const eval = call->eval;
  if (!pl_termpool_path(eval->pool, args[0], &path)) {
    return PL_DONE;
  }
  pl_id* const facts = pl_mem_alloc(eval->mem, (path.length + 1) * sizeof *facts);
  if (!facts) {
    return pl_mem_status(eval->mem);
  }
  pl_status status = PL_OK;
  for (size_t i = 0; i < path.length && status == PL_OK; i++) {
    const pl_id s = path.nodes[path.inverse[i] ? i + 1 : i];
    const pl_id o = path.nodes[path.inverse[i] ? i : i + 1];
    const pl_id fact[3] = {s, path.predicates[i], o};
    status = pl_termpool_put_list(eval->pool, fact, 3, &facts[i]);
  }
  if (status == PL_OK) {
    status = pl_termpool_put_list(eval->pool, facts, path.length, out);
  }
  pl_mem_free(eval->mem, facts, (path.length + 1) * sizeof *facts);
  return status;
}
