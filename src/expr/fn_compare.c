/// Comparison, membership and containment.
#include "expr/expr_internal.h"

pl_status pl_ids_compare(pl_eval* eval, pl_compare_op op, pl_id a, pl_id b, pl_truth* out) {
  if (pl_ids_compare_fast(op, a, b, out)) {
    return PL_OK;
  }
  const bool list_a = pl_termpool_is_list(eval->pool, a);
  const bool list_b = pl_termpool_is_list(eval->pool, b);
  if (list_a || list_b) {
    // Lists are equal when their elements are; they have no order.
    *out = op > PL_CMP_NE ? PL_UNKNOWN : (a == b) == (op == PL_CMP_EQ) ? PL_TRUE : PL_FALSE;
    return PL_OK;
  }
  pl_value x;
  pl_value y;
  PL_TRY(pl_termpool_value(eval->pool, a, &x));
  PL_TRY(pl_termpool_value(eval->pool, b, &y));
  *out = pl_value_compare(op, &x, &y);
  return PL_OK;
}

pl_status pl_fn_not(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_truth truth;
  PL_TRY(pl_id_truth(call->eval, args[0], &truth));
  *out = truth == PL_UNKNOWN ? PL_ID_NULL : pl_bool_id(truth == PL_FALSE);
  return PL_OK;
}

/// True if an element equals x by value, else null if an element is null, else false.
static pl_status in_list(const pl_call* call, pl_id x, pl_id list, pl_id* out) {
  bool has;
  bool certain;
  PL_TRY(pl_termpool_list_has(call->eval->pool, call->eval->guard, list, x, &has, &certain));
  if (certain) {
    *out = pl_bool_id(has);
    return PL_OK;
  }
  const pl_temp* const temp = pl_termpool_temp(call->eval->pool, list);
  pl_truth found = PL_FALSE;
  for (size_t i = 0; i < temp->count && found != PL_TRUE; i++) {
    pl_truth truth;
    PL_TRY(pl_ids_compare(call->eval, PL_CMP_EQ, x, temp->items[i], &truth));
    found = truth == PL_FALSE ? found : truth;
  }
  *out = pl_truth_id(found);
  return PL_OK;
}

pl_status pl_fn_in(const pl_call* call, const pl_id* args, pl_id* out) {
  if (pl_termpool_is_list(call->eval->pool, args[1])) {
    return in_list(call, args[0], args[1], out);
  }
  pl_value x;
  pl_value y;
  PL_TRY(pl_call_time(call, args[0], &x));
  PL_TRY(pl_call_time(call, args[1], &y));
  // An integer is a year only beside a date.
  if (!pl_tag_is_date(pl_call_tag(call, args[0])) && !pl_tag_is_date(pl_call_tag(call, args[1]))) {
    return PL_DONE;
  }
  *out = pl_truth_id(pl_value_within(&x, &y));
  return PL_OK;
}

static pl_truth both(pl_truth a, pl_truth b) {
  return a == PL_FALSE || b == PL_FALSE ? PL_FALSE : a == PL_TRUE && b == PL_TRUE ? PL_TRUE : PL_UNKNOWN;
}

/// x in a..b for dates: from the start of a to the end of b.
static pl_status in_dates(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_value v[3];
  pl_extent e[3];
  for (size_t i = 0; i < 3; i++) {
    PL_TRY(pl_call_time(call, args[i], &v[i]));
    if (!pl_value_extent(&v[i], &e[i])) {
      return PL_DONE;
    }
  }
  *out = pl_bool_id(e[0].start_ms >= e[1].start_ms && e[0].end_ms <= e[2].end_ms);
  return PL_OK;
}

pl_status pl_fn_in_range(const pl_call* call, const pl_id* args, pl_id* out) {
  for (size_t i = 0; i < 3; i++) {
    if (pl_tag_is_date(pl_call_tag(call, args[i]))) {
      return in_dates(call, args, out);
    }
  }
  pl_truth low;
  pl_truth high;
  PL_TRY(pl_ids_compare(call->eval, PL_CMP_LE, args[1], args[0], &low));
  PL_TRY(pl_ids_compare(call->eval, PL_CMP_LE, args[0], args[2], &high));
  *out = pl_truth_id(both(low, high));
  return PL_OK;
}

/// a..b as a value: from the start of a to the end of b; null if it ends before it starts.
pl_status pl_fn_interval(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_value a;
  pl_value b;
  PL_TRY(pl_call_time(call, args[0], &a));
  PL_TRY(pl_call_time(call, args[1], &b));
  pl_value v = {.kind = PL_VALUE_INTERVAL, .date = a.date};
  v.date_end = b.kind == PL_VALUE_INTERVAL ? b.date_end : b.date;
  if (pl_date_extent(&v.date).start_ms >= pl_date_extent(&v.date_end).end_ms) {
    return PL_DONE;
  }
  return pl_termpool_put(call->eval->pool, &v, out);
}
