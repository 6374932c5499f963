/// Expressions (the functions that the generator writes) and aggregates.
#include "reference.h"

#include "text/fold.h"
#include "text/token.h"

pl_str ref_fold(ref_run* run, pl_str text) {
  pl_buf buf;
  pl_buf_init(&buf, &run->graph->mem, SIZE_MAX);
  (void)pl_fold(text, &buf);
  const pl_str out = pl_arena_str(&run->arena, pl_buf_view(&buf));
  pl_buf_free(&buf);
  return out;
}

ref_id ref_put_value(ref_run* run, const pl_value* value) {
  pl_term term = {.kind = PL_TERM_NONE};
  (void)pl_value_to_term(&run->arena, value, &term);
  return ref_put(run->graph, &term);
}

static ref_id put_truth(ref_run* run, pl_truth truth) {
  const pl_value value = {.kind = PL_VALUE_BOOLEAN, .boolean = truth == PL_TRUE};
  return truth == PL_UNKNOWN ? 0 : ref_put_value(run, &value);
}
static ref_id put_integer(ref_run* run, size_t i) {
  return ref_put_value(run, &(pl_value){.kind = PL_VALUE_INTEGER, .integer = (int64_t)i});
}
static ref_id put_text(ref_run* run, pl_str text) {
  const pl_term term = pl_term_string(text);
  return ref_put(run->graph, &term);
}
static pl_truth truth_of(const ref_run* run, ref_id id) {
  const pl_value* v = &ref_entry_of(run, id)->value;
  return v->kind != PL_VALUE_BOOLEAN ? PL_UNKNOWN : v->boolean ? PL_TRUE : PL_FALSE;
}
bool ref_true(ref_run* run, const pl_expr* expr, const ref_id* row) {
  return truth_of(run, ref_eval(run, expr, row)) == PL_TRUE;
}

int ref_order(const ref_run* run, ref_id a, ref_id b) {
  const ref_entry *x = ref_entry_of(run, a), *y = ref_entry_of(run, b);
  if (x->kind != y->kind || x->kind == REF_TERM) {
    return x->kind == y->kind ? pl_value_order(&x->value, &y->value) : x->kind < y->kind ? -1 : 1;
  }
  // of paths first the nodes, then their number, then predicates, then forth before back
  const size_t stride = x->kind == REF_PATH ? 3 : 1;
  for (size_t part = 0; part < stride; part++) {
    for (size_t i = part; i < x->count && i < y->count; i += stride) {
      const ref_id p = x->items[i], q = y->items[i];
      const int c = part == 2 ? (p > q) - (p < q) : ref_order(run, p, q);
      if (c) {
        return c;
      }
    }
    if (x->count != y->count) {
      return x->count < y->count ? -1 : 1;
    }
  }
  return 0;
}

// ---- functions of nodes and texts ---------------------------------------------------------------------------------

/// Smallest object of (s, p), of an assertion among its annotations; 0 if there is none.
static ref_id object_of(ref_run* run, ref_id s, int known) {
  ref_id best = 0;
  for (size_t i = 0; i < run->graph->statements.count; i++) {
    const ref_id* f = run->graph->statements.data[i];
    if (f[REF_S] == s && f[REF_P] == run->graph->known[known] && (!best || ref_order(run, f[REF_O], best) < 0)) {
      best = f[REF_O];
    }
  }
  return best;
}

static ref_id label_of(ref_run* run, ref_id id) {
  const pl_term* term = &ref_entry_of(run, id)->term;
  const pl_names names = {.base = PL_STR(PL_BASE_DEFAULT)};
  pl_buf buf;
  for (int i = REF_LABELS; i < REF_KNOWN_COUNT && term->kind != PL_TERM_LITERAL; i++) {
    const ref_id found = object_of(run, id, i);
    if (found) {
      return put_text(run, ref_entry_of(run, found)->term.text);
    }
  }
  if (term->kind == PL_TERM_LITERAL) {
    return put_text(run, term->text);
  }
  pl_buf_init(&buf, &run->graph->mem, SIZE_MAX);
  (void)pl_term_write_name(&buf, &names, NULL, term);
  const ref_id out = put_text(run, pl_buf_view(&buf));
  pl_buf_free(&buf);
  return out;
}

/// start(x), end(x): of an assertion from / until, else a day of `on`; of a date its first or last day.
static ref_id bound_of(ref_run* run, ref_id id, bool start) {
  pl_extent extent;
  if (!ref_is_literal(run->graph, id)) {
    const ref_id own = object_of(run, id, start ? REF_FROM : REF_UNTIL), on = object_of(run, id, REF_ON);
    return own || !on ? own : bound_of(run, on, start);
  }
  const pl_value* v = &ref_entry_of(run, id)->value;
  const bool has = pl_value_extent(v, &extent);
  const pl_value day = {.kind = PL_VALUE_DATE, .date = start ? pl_value_start(v) : pl_value_end(v)};
  return has ? ref_put_value(run, &day) : 0;
}

/// Every word of `text` starts a word of x.
static pl_truth text_matches(ref_run* run, const pl_value* x, const pl_value* text) {
  if ((x->kind != PL_VALUE_STRING && x->kind != PL_VALUE_LANG) ||
      (text->kind != PL_VALUE_STRING && text->kind != PL_VALUE_LANG)) {
    return PL_UNKNOWN;
  }
  pl_tokens want = pl_tokens_of(ref_fold(run, text->text), true);
  for (pl_str wanted; pl_tokens_next(&want, &wanted);) {
    pl_tokens have = pl_tokens_of(ref_fold(run, x->text), false);
    bool found = false;
    for (pl_str word; !found && pl_tokens_next(&have, &word);) {
      found = pl_str_starts(word, wanted);
    }
    if (!found) {
      return PL_FALSE;
    }
  }
  return PL_TRUE;
}

// ---- calls --------------------------------------------------------------------------------------------------------

static pl_truth both(pl_truth a, pl_truth b) {
  return a == PL_FALSE || b == PL_FALSE ? PL_FALSE : a == PL_TRUE && b == PL_TRUE ? PL_TRUE : PL_UNKNOWN;
}
static pl_truth opposite(pl_truth a) { return a == PL_UNKNOWN ? a : a == PL_TRUE ? PL_FALSE : PL_TRUE; }

static pl_truth member(const ref_run* run, const pl_value* x, const ref_entry* list) {
  pl_truth none = PL_TRUE;
  for (size_t i = 0; i < list->count; i++) {
    none = both(none, opposite(pl_value_compare(PL_CMP_EQ, x, &ref_entry_of(run, list->items[i])->value)));
  }
  return list->kind == REF_LIST ? opposite(none) : pl_value_within(x, &list->value);
}

static pl_truth in_range(const pl_value* x, const pl_value* low, const pl_value* high) {
  pl_extent a, b, c;
  const bool dates = x->kind >= PL_VALUE_DATE || low->kind >= PL_VALUE_DATE || high->kind >= PL_VALUE_DATE;
  if (dates && pl_value_extent(x, &a) && pl_value_extent(low, &b) && pl_value_extent(high, &c)) {
    return a.start_ms >= b.start_ms && a.end_ms <= c.end_ms ? PL_TRUE : PL_FALSE;
  }
  return both(pl_value_compare(PL_CMP_GE, x, low), pl_value_compare(PL_CMP_LE, x, high));
}

static ref_id arith(ref_run* run, pl_arith_op op, ref_id a, ref_id b) {
  bool overflow = false;
  const pl_value v = pl_value_arith(op, &ref_entry_of(run, a)->value, &ref_entry_of(run, b)->value, &overflow);
  return ref_put_value(run, &v);
}

/// Calls that see null arguments. False: another function.
static bool call_with_nulls(ref_run* run, const pl_expr* expr, const ref_id* args, ref_id* out) {
  const pl_truth a = truth_of(run, args[0]), b = truth_of(run, args[1]);
  switch (expr->fn) {
    case PL_FN_AND:
      *out = put_truth(run, both(a, b));
      return true;
    case PL_FN_OR:
      *out = put_truth(run, opposite(both(opposite(a), opposite(b))));
      return true;
    case PL_FN_IF:
      *out = args[a == PL_TRUE ? 1 : 2];
      return true;
    case PL_FN_COALESCE:
      for (uint32_t i = 0; i < expr->arg_count && !*out; i++) {
        *out = args[i];
      }
      return true;
    case PL_FN_BOUND:
      *out = put_truth(run, args[0] ? PL_TRUE : PL_FALSE);
      return true;
    case PL_FN_LIST:
      *out = ref_put_items(run->graph, REF_LIST, args, expr->arg_count);
      return true;
    default:
      return false;
  }
}

static ref_id call(ref_run* run, pl_fn fn, const ref_id* args) {
  const ref_entry a = *ref_entry_of(run, args[0]), b = *ref_entry_of(run, args[1]);
  const bool node = a.kind == REF_TERM && a.term.kind != PL_TERM_LITERAL;
  switch (fn) {
    case PL_FN_NOT:
      return put_truth(run, opposite(truth_of(run, args[0])));
    case PL_FN_EQ:
    case PL_FN_NE:
    case PL_FN_LT:
    case PL_FN_LE:
    case PL_FN_GT:
    case PL_FN_GE:
      if (a.kind != REF_TERM || b.kind != REF_TERM) {
        run->skip = "a comparison of lists";
      }
      return put_truth(run, pl_value_compare((pl_compare_op)(PL_CMP_EQ + (fn - PL_FN_EQ)), &a.value, &b.value));
    case PL_FN_IN:
      return put_truth(run, member(run, &a.value, &b));
    case PL_FN_IN_RANGE:
      return put_truth(run, in_range(&a.value, &b.value, &ref_entry_of(run, args[2])->value));
    case PL_FN_MATCH_TEXT:
      return put_truth(run, text_matches(run, &a.value, &b.value));
    case PL_FN_ADD:
    case PL_FN_SUB:
    case PL_FN_MUL:
      return arith(run, (pl_arith_op)(PL_ARITH_ADD + (fn - PL_FN_ADD)), args[0], args[1]);
    case PL_FN_LABEL:
      return a.kind == REF_TERM ? label_of(run, args[0]) : 0;
    case PL_FN_SOURCE: {  // a named graph without one is its own
      const ref_id found = node ? object_of(run, args[0], REF_SOURCE) : 0;
      return found || !node || a.term.kind == PL_TERM_ASSERTION ? found : args[0];
    }
    case PL_FN_CONFIDENCE:
      return node ? object_of(run, args[0], REF_CONFIDENCE) : 0;
    case PL_FN_START:
    case PL_FN_END:
      return bound_of(run, args[0], fn == PL_FN_START);
    case PL_FN_LENGTH:
      return a.kind == REF_PATH ? put_integer(run, a.count / 3) : 0;
    default:
      run->skip = "an unknown function";
      return 0;
  }
}

ref_id ref_eval(ref_run* run, const pl_expr* expr, const ref_id* row) {
  ref_id args[64] = {0}, out = 0;
  bool any_null = false;
  switch (expr->kind) {
    case PL_EXPR_SLOT:
      return row[expr->index] == REF_UNBOUND ? 0 : row[expr->index];
    case PL_EXPR_TERM:
    case PL_EXPR_PARAM:
      out = (expr->kind == PL_EXPR_TERM ? run->terms : run->params)[expr->index];
      return expr->same && !run->query->lenses[expr->same - 1].correlated
                 ? ref_shown_of(run, ref_shown(run, expr->same - 1, row), out)
                 : out;
    default:
      break;
  }
  for (uint32_t i = 0; i < expr->arg_count && i < PL_COUNT_OF(args); i++) {
    args[i] = ref_eval(run, expr->args[i], row);
    any_null |= args[i] == 0;
  }
  return call_with_nulls(run, expr, args, &out) || any_null ? out : call(run, expr->fn, args);
}

bool ref_expr_waits(const pl_expr* expr, const ref_id* row) {
  bool waits = expr && expr->kind == PL_EXPR_SLOT && row[expr->index] == REF_UNBOUND;
  for (uint32_t i = 0; expr && expr->kind == PL_EXPR_CALL && i < expr->arg_count; i++) {
    waits |= ref_expr_waits(expr->args[i], row);
  }
  return waits;
}

// ---- aggregates ---------------------------------------------------------------------------------------------------

static ref_id sum_of(ref_run* run, pl_fn fn, const ref_rows* values) {
  ref_id sum = put_integer(run, 0);
  for (size_t i = 0; i < values->count; i++) {
    const pl_value_kind kind = ref_entry_of(run, values->data[i][0])->value.kind;
    if (kind < PL_VALUE_INTEGER || kind > PL_VALUE_DOUBLE) {
      return 0;
    }
    sum = arith(run, PL_ARITH_ADD, sum, values->data[i][0]);
  }
  return fn == PL_FN_SUM ? sum : values->count ? arith(run, PL_ARITH_DIV, sum, put_integer(run, values->count)) : 0;
}

/// Of dates the one that ends last is the largest.
static ref_id largest(const ref_run* run, const ref_rows* values) {
  ref_id best = values->count ? values->data[0][0] : 0;
  for (size_t i = 1; i < values->count; i++) {
    const pl_value *x = &ref_entry_of(run, values->data[i][0])->value, *y = &ref_entry_of(run, best)->value;
    const bool dates = x->kind >= PL_VALUE_DATE && x->kind <= PL_VALUE_INTERVAL && y->kind >= PL_VALUE_DATE &&
                       y->kind <= PL_VALUE_INTERVAL;
    pl_extent p, q;
    const bool ends = dates && pl_value_extent(x, &p) && pl_value_extent(y, &q) && p.end_ms != q.end_ms;
    const bool larger = ends ? p.end_ms > q.end_ms : ref_order(run, values->data[i][0], best) > 0;
    best = larger ? values->data[i][0] : best;
  }
  return best;
}

static ref_rows values_of(ref_run* run, const pl_alg_agg* agg, bool sorted, const ref_rows* rows) {
  ref_rows values = {0};
  for (size_t i = 0; i < rows->count; i++) {
    const ref_id v = ref_eval(run, agg->args[0], rows->data[i]);
    if (v && agg->distinct) {
      (void)ref_add_new(&run->arena, &values, &v, 1);
    } else if (v) {
      ref_add(&run->arena, &values, &v, 1);
    }
  }
  for (size_t i = 1; i < values.count && sorted; i++) {
    for (size_t k = i; k > 0 && ref_order(run, values.data[k - 1][0], values.data[k][0]) > 0; k--) {
      ref_id* moved = values.data[k];
      values.data[k] = values.data[k - 1];
      values.data[k - 1] = moved;
    }
  }
  return values;
}

ref_id ref_aggregate(ref_run* run, const pl_alg_agg* agg, bool row_order, const ref_rows* rows) {
  if (agg->star) {
    return put_integer(run, rows->count);
  }
  const ref_rows values = values_of(run, agg, !row_order || agg->fn == PL_FN_MIN, rows);
  ref_id* list = ref_alloc(&run->arena, values.count * sizeof(ref_id));
  for (size_t i = 0; i < values.count; i++) {
    list[i] = values.data[i][0];
  }
  switch (agg->fn) {
    case PL_FN_COUNT:
      return put_integer(run, values.count);
    case PL_FN_SUM:
    case PL_FN_AVG:
      return sum_of(run, agg->fn, &values);
    case PL_FN_MIN:
    case PL_FN_FIRST:
      return values.count ? list[0] : 0;
    case PL_FN_MAX:
      return largest(run, &values);
    case PL_FN_LAST:
      return values.count ? list[values.count - 1] : 0;
    case PL_FN_COLLECT:
      return ref_put_items(run->graph, REF_LIST, list, values.count);
    default:
      run->skip = "an unknown aggregate";
      return 0;
  }
}
