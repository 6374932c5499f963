/// What function implementations share: taking arguments by kind, giving results, warning once.
#include "expr/expr_internal.h"

#define FN(slug, name) [PL_FN_##slug] = pl_fn_##name,
const pl_fn_impl pl_fn_impls[PL_FN_COUNT_] = {PL_FN_IMPLS(FN)};
#undef FN

pl_source pl_eval_source(const pl_eval* eval) {
  return (pl_source){.name = "query", .text = eval->query ? eval->query->text : (pl_str){NULL, 0}};
}

void pl_eval_warn_overflow(pl_eval* eval, pl_span span) {
  if (eval->overflow_warned) {
    return;
  }
  eval->overflow_warned = true;
  const pl_source source = pl_eval_source(eval);
  if (source.text.len) {
    pl_warn_at(eval->err, &source, span, PL_MSG_OVERFLOW);
  } else {
    pl_warn(eval->err, PL_MSG_OVERFLOW);
  }
}

pl_status pl_id_truth(pl_eval* eval, pl_id id, pl_truth* out) {
  *out = PL_UNKNOWN;
  const pl_tag tag = pl_id_tag(id);
  if (tag == PL_TAG_BOOLEAN) {
    *out = pl_id_payload(id) ? PL_TRUE : PL_FALSE;
    return PL_OK;
  }
  if (pl_termpool_tag(eval->pool, id) != PL_TAG_LITERAL) {
    return PL_OK;
  }
  pl_value v;  // a boolean written otherwise, as "1"
  PL_TRY(pl_termpool_value(eval->pool, id, &v));
  *out = v.kind != PL_VALUE_BOOLEAN ? PL_UNKNOWN : v.boolean ? PL_TRUE : PL_FALSE;
  return PL_OK;
}

/* --- arguments --- */

pl_status pl_call_text(const pl_call* call, pl_id id, pl_str* out) {
  const pl_tag tag = pl_call_tag(call, id);
  if (!pl_tag_is_string(tag) && tag != PL_TAG_LANG) {
    return PL_DONE;
  }
  pl_term term;
  PL_TRY(pl_termpool_term(call->eval->pool, id, &term));
  *out = term.text;
  return PL_OK;
}

pl_status pl_call_number(const pl_call* call, pl_id id, pl_value* out) {
  if (!pl_tag_is_number(pl_call_tag(call, id))) {
    return PL_DONE;
  }
  return pl_call_value(call, id, out);
}

pl_status pl_call_integer(const pl_call* call, pl_id id, int64_t* out) {
  pl_value v;
  PL_TRY(pl_call_number(call, id, &v));
  *out = v.integer;
  return v.kind == PL_VALUE_INTEGER ? PL_OK : PL_DONE;
}

pl_status pl_call_date(const pl_call* call, pl_id id, pl_date* out) {
  if (!pl_tag_is_date(pl_call_tag(call, id))) {
    return PL_DONE;
  }
  pl_value v;
  PL_TRY(pl_call_value(call, id, &v));
  *out = v.date;
  return v.kind == PL_VALUE_DATE ? PL_OK : PL_DONE;
}

static pl_status year_value(pl_value* v) {
  if (v->kind != PL_VALUE_INTEGER || v->integer < -PL_YEAR_MAX || v->integer > PL_YEAR_MAX) {
    return PL_DONE;
  }
  const pl_date year = {.year = (int32_t)v->integer, .month = 1, .day = 1, .precision = PL_PRECISION_YEAR};
  *v = (pl_value){.kind = PL_VALUE_DATE, .date = year};
  return PL_OK;
}

pl_status pl_call_time(const pl_call* call, pl_id id, pl_value* out) {
  const pl_tag tag = pl_call_tag(call, id);
  if (!pl_tag_is_date(tag) && !pl_tag_is_number(tag)) {
    return PL_DONE;
  }
  PL_TRY(pl_call_value(call, id, out));
  return out->kind == PL_VALUE_DATE || out->kind == PL_VALUE_INTERVAL ? PL_OK : year_value(out);
}

pl_status pl_call_any_text(const pl_call* call, pl_id id, pl_str* out) {
  pl_term term;
  const pl_status status = pl_termpool_term(call->eval->pool, id, &term);
  if (status == PL_NOT_FOUND) {
    return PL_DONE;
  }
  PL_TRY(status);
  *out = term.text;
  if (term.kind == PL_TERM_BLANK || term.kind == PL_TERM_ASSERTION) {
    *out = pl_arena_printf(call->eval->scratch, "_:%.*s", (int)term.text.len, term.text.data);
  }
  return out->data || out->len == 0 ? PL_OK : pl_mem_status(call->eval->mem);
}

/* --- results --- */

pl_buf* pl_call_buf(const pl_call* call) {
  pl_buf* const buf = &call->eval->pool->buf;
  pl_buf_clear(buf);
  return buf;
}

pl_status pl_call_put_string(const pl_call* call, pl_str s, pl_id* out) {
  const pl_value v = {.kind = PL_VALUE_STRING, .text = s};
  return pl_termpool_put(call->eval->pool, &v, out);
}

pl_status pl_call_put_buf(const pl_call* call, pl_id* out) {
  const pl_buf* const buf = &call->eval->pool->buf;
  if (buf->status == PL_ERR_LIMIT && !buf->mem->limit_hit) {
    const pl_source source = pl_eval_source(call->eval);
    return pl_fail_at(call->eval->err, &source, call->node->span, PL_MSG_TEXT_LONG, buf->bytes_max);
  }
  PL_TRY(buf->status);
  return pl_call_put_string(call, pl_buf_view(buf), out);
}

pl_status pl_call_put_integer(const pl_call* call, int64_t i, pl_id* out) {
  const pl_value v = {.kind = PL_VALUE_INTEGER, .integer = i};
  return pl_termpool_put(call->eval->pool, &v, out);
}

pl_status pl_call_put_double(const pl_call* call, double d, pl_id* out) {
  const pl_value v = {.kind = PL_VALUE_DOUBLE, .real = d};
  return __builtin_isfinite(d) ? pl_termpool_put(call->eval->pool, &v, out) : PL_DONE;
}

pl_status pl_call_put_decimal(const pl_call* call, pl_decimal d, pl_id* out) {
  const pl_value v = {.kind = PL_VALUE_DECIMAL, .decimal = d};
  return pl_termpool_put(call->eval->pool, &v, out);
}

pl_status pl_call_put_date(const pl_call* call, const pl_date* d, pl_id* out) {
  const pl_value v = {.kind = PL_VALUE_DATE, .date = *d};
  return pl_termpool_put(call->eval->pool, &v, out);
}

pl_status pl_call_put(const pl_call* call, const pl_value* v, bool overflow, pl_id* out) {
  if (overflow) {
    pl_eval_warn_overflow(call->eval, call->node->span);
    return PL_DONE;
  }
  return pl_termpool_put(call->eval->pool, v, out);
}
