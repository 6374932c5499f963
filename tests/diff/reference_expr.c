/// Expressions (the functions that the generator writes) and aggregates.
#include "reference.h"

#include "text/fold.h"

#include <stdlib.h>

static const char* const label_predicates[] = {"label",
                                               "name",
                                               PL_RDFS "label",
                                               "http://www.w3.org/2004/02/skos/core#prefLabel",
                                               "http://xmlns.com/foaf/0.1/name",
                                               "http://schema.org/name",
                                               "alias",
                                               "http://www.w3.org/2004/02/skos/core#altLabel"};

bool ref_is_label(ref_run* run, ref_id predicate, size_t* rank) {
  for (*rank = 0; *rank < PL_COUNT_OF(label_predicates); ++*rank) {
    if (ref_known(run, label_predicates[*rank]) == predicate) {
      return true;
    }
  }
  return false;
}

static pl_str fold(ref_run* run, pl_str text) {
  pl_buf buf;
  pl_buf_init(&buf, &run->graph->mem, SIZE_MAX);
  (void)pl_fold(text, &buf);
  const pl_str out = pl_arena_str(&run->arena, pl_buf_view(&buf));
  pl_buf_free(&buf);
  return out;
}

bool ref_folded_equal(ref_run* run, pl_str a, pl_str b) { return pl_str_eq(fold(run, a), fold(run, b)); }

ref_id ref_put_value(ref_run* run, const pl_value* value) {
  pl_term term = {.kind = PL_TERM_NONE};
  (void)pl_value_to_term(&run->graph->arena, value, &term);
  return ref_put(run->graph, &term);
}

static ref_id put_truth(ref_run* run, pl_truth truth) {
  const pl_value value = {.kind = PL_VALUE_BOOLEAN, .boolean = truth == PL_TRUE};
  return truth == PL_UNKNOWN ? 0 : ref_put_value(run, &value);
}
static ref_id put_integer(ref_run* run, int64_t i) {
  return ref_put_value(run, &(pl_value){.kind = PL_VALUE_INTEGER, .integer = i});
}
static ref_id put_text(ref_run* run, pl_str text) {
  const pl_term term = pl_term_string(text);
  return ref_put(run->graph, &term);
}
static pl_truth truth_of(const ref_run* run, ref_id id) {
  const pl_value* v = &ref_entry_of(run, id)->value;
  return id == 0 || v->kind != PL_VALUE_BOOLEAN ? PL_UNKNOWN : v->boolean ? PL_TRUE : PL_FALSE;
}
bool ref_true(ref_run* run, const pl_expr* expr, const ref_id* row) {
  return truth_of(run, ref_eval(run, expr, row)) == PL_TRUE;
}

/// Nodes along the path, then predicates, then forth before back.
int ref_order_paths(const ref_run* run, const ref_id* a, size_t a_count, const ref_id* b, size_t b_count) {
  for (size_t part = 0; part < 3; part++) {
    for (size_t i = part; i < a_count && i < b_count; i += 3) {
      const int c = part == 2 ? (int)a[i] - (int)b[i] : ref_order(run, a[i], b[i]);
      if (c) {
        return c;
      }
    }
    if (a_count != b_count) {
      return a_count < b_count ? -1 : 1;
    }
  }
  return 0;
}

int ref_order(const ref_run* run, ref_id a, ref_id b) {
  const ref_entry *x = ref_entry_of(run, a), *y = ref_entry_of(run, b);
  if (x->kind == REF_TERM && y->kind == REF_TERM) {
    return pl_value_order(&x->value, &y->value);
  }
  if (x->kind != y->kind) {
    return x->kind < y->kind ? -1 : 1;
  }
  if (x->kind == REF_PATH) {
    return ref_order_paths(run, x->items, x->count, y->items, y->count);
  }
  for (size_t i = 0; i < x->count && i < y->count; i++) {
    const int c = ref_order(run, x->items[i], y->items[i]);
    if (c) {
      return c;
    }
  }
  return (x->count > y->count) - (x->count < y->count);
}

// ---- functions of nodes -------------------------------------------------------------------------------------------

/// Smallest object of (s, p) among facts or annotations; 0 if there is none.
static ref_id object_of(ref_run* run, const ref_statements* list, ref_id s, ref_id p) {
  ref_id best = 0;
  for (size_t i = 0; i < list->count; i++) {
    const ref_statement* f = &list->data[i];
    if (f->s == s && f->p == p && (!best || ref_order(run, f->o, best) < 0)) {
      best = f->o;
    }
  }
  return best;
}

static ref_id label_of(ref_run* run, ref_id id) {
  const pl_term term = ref_entry_of(run, id)->term;
  for (size_t i = 0; i < PL_COUNT_OF(label_predicates) && (term.kind == PL_TERM_IRI || term.kind == PL_TERM_BLANK);
       i++) {
    const ref_id found = object_of(run, &run->graph->facts, id, ref_known(run, label_predicates[i]));
    if (found) {
      return put_text(run, ref_entry_of(run, found)->term.text);
    }
  }
  if (term.kind == PL_TERM_LITERAL) {
    return put_text(run, term.text);
  }
  pl_buf buf;
  const pl_names names = {.base = PL_STR(PL_BASE_DEFAULT)};
  pl_buf_init(&buf, &run->graph->mem, SIZE_MAX);
  (void)pl_term_write_name(&buf, &names, NULL, &term);
  const ref_id out = put_text(run, pl_buf_view(&buf));
  pl_buf_free(&buf);
  return out;
}

/// start(x), end(x): of an assertion from / until, else a day of `on`; of a date its first or last day.
static ref_id bound_of(ref_run* run, ref_id id, bool start) {
  const ref_entry* e = ref_entry_of(run, id);
  if (e->kind == REF_TERM && e->term.kind != PL_TERM_LITERAL) {
    const bool assertion = e->term.kind == PL_TERM_ASSERTION;
    const ref_statements* list = assertion ? &run->graph->annotations : &run->graph->facts;
    const ref_id own = object_of(run, list, id, ref_known(run, start ? "from" : "until"));
    const ref_id on = object_of(run, list, id, ref_known(run, "on"));
    return own ? own : on ? bound_of(run, on, start) : 0;
  }
  pl_extent extent;
  if (e->kind != REF_TERM || !pl_value_extent(&e->value, &extent)) {
    return 0;
  }
  const pl_value day = {.kind = PL_VALUE_DATE, .date = start ? pl_value_start(&e->value) : pl_value_end(&e->value)};
  return ref_put_value(run, &day);
}

static bool next_word(pl_str text, size_t* at, pl_str* word) {
  size_t start = *at;
  const unsigned char* s = (const unsigned char*)text.data;
  while (start < text.len && s[start] < 128 && !(s[start] >= 'a' && s[start] <= 'z') &&
         !(s[start] >= '0' && s[start] <= '9')) {
    start++;
  }
  size_t end = start;
  while (end < text.len && (s[end] >= 128 || (s[end] >= 'a' && s[end] <= 'z') || (s[end] >= '0' && s[end] <= '9'))) {
    end++;
  }
  *word = (pl_str){text.data + start, end - start};
  *at = end;
  return end > start;
}

/// Every word of `text` starts a word of x.
static ref_id text_matches(ref_run* run, ref_id x, ref_id text) {
  const pl_value *a = &ref_entry_of(run, x)->value, *b = &ref_entry_of(run, text)->value;
  if ((a->kind != PL_VALUE_STRING && a->kind != PL_VALUE_LANG) ||
      (b->kind != PL_VALUE_STRING && b->kind != PL_VALUE_LANG)) {
    return 0;
  }
  const pl_str have = fold(run, a->text), want = fold(run, b->text);
  pl_str w, h;
  for (size_t i = 0; next_word(want, &i, &w);) {
    bool found = false;
    for (size_t k = 0; !found && next_word(have, &k, &h);) {
      found = pl_str_starts(h, w);
    }
    if (!found) {
      return put_truth(run, PL_FALSE);
    }
  }
  return put_truth(run, PL_TRUE);
}

static ref_id path_items(ref_run* run, const ref_entry* path, bool nodes) {
  ref_id* items = ref_alloc(&run->arena, (path->count + 1) * sizeof(ref_id));
  size_t count = 0;
  for (size_t i = 0; i < path->count; i += nodes ? 3 : 1) {
    items[count++] = path->items[i];
  }
  return ref_put_items(run->graph, REF_LIST, items, count);
}

// ---- calls --------------------------------------------------------------------------------------------------------

static ref_id member(ref_run* run, ref_id x, ref_id list) {
  const ref_entry *e = ref_entry_of(run, list), *item = ref_entry_of(run, x);
  if (e->kind != REF_LIST) {
    return put_truth(run, pl_value_within(&item->value, &e->value));
  }
  bool unknown = false;
  for (size_t i = 0; i < e->count; i++) {
    const pl_truth t = pl_value_compare(PL_CMP_EQ, &item->value, &ref_entry_of(run, e->items[i])->value);
    unknown |= t == PL_UNKNOWN;
    if (t == PL_TRUE) {
      return put_truth(run, PL_TRUE);
    }
  }
  return put_truth(run, unknown ? PL_UNKNOWN : PL_FALSE);
}

static pl_truth in_range(const pl_value* x, const pl_value* low, const pl_value* high) {
  pl_extent a, b, c;
  const bool dates = x->kind >= PL_VALUE_DATE || low->kind >= PL_VALUE_DATE || high->kind >= PL_VALUE_DATE;
  if (dates && pl_value_extent(x, &a) && pl_value_extent(low, &b) && pl_value_extent(high, &c)) {
    return a.start_ms >= b.start_ms && a.end_ms <= c.end_ms ? PL_TRUE : PL_FALSE;
  }
  const pl_truth p = pl_value_compare(PL_CMP_GE, x, low), q = pl_value_compare(PL_CMP_LE, x, high);
  return p == PL_FALSE || q == PL_FALSE ? PL_FALSE : p == PL_TRUE && q == PL_TRUE ? PL_TRUE : PL_UNKNOWN;
}

static ref_id arith(ref_run* run, pl_arith_op op, ref_id a, ref_id b) {
  bool overflow = false;
  const pl_value v = pl_value_arith(op, &ref_entry_of(run, a)->value, &ref_entry_of(run, b)->value, &overflow);
  return ref_put_value(run, &v);
}

static ref_id logic(ref_run* run, const pl_expr* expr, const ref_id* row, pl_truth decides) {
  const pl_truth a = truth_of(run, ref_eval(run, expr->args[0], row));
  const pl_truth b = truth_of(run, ref_eval(run, expr->args[1], row));
  const pl_truth other = decides == PL_TRUE ? PL_FALSE : PL_TRUE;
  return put_truth(run, a == decides || b == decides ? decides : a == other && b == other ? other : PL_UNKNOWN);
}

/// Calls that see null arguments.
static bool lazy_call(ref_run* run, const pl_expr* expr, const ref_id* row, ref_id* out) {
  ref_id items[64];
  *out = 0;
  switch (expr->fn) {
    case PL_FN_AND:
      *out = logic(run, expr, row, PL_FALSE);
      return true;
    case PL_FN_OR:
      *out = logic(run, expr, row, PL_TRUE);
      return true;
    case PL_FN_IF:
      *out = ref_eval(run, expr->args[ref_true(run, expr->args[0], row) ? 1 : 2], row);
      return true;
    case PL_FN_COALESCE:
      for (uint32_t i = 0; i < expr->arg_count && !*out; i++) {
        *out = ref_eval(run, expr->args[i], row);
      }
      return true;
    case PL_FN_BOUND:
      *out = put_truth(run, ref_eval(run, expr->args[0], row) ? PL_TRUE : PL_FALSE);
      return true;
    case PL_FN_LIST:
      for (uint32_t i = 0; i < expr->arg_count && i < PL_COUNT_OF(items); i++) {
        items[i] = ref_eval(run, expr->args[i], row);
      }
      *out = ref_put_items(run->graph, REF_LIST, items, expr->arg_count);
      return true;
    default:
      return false;
  }
}

static ref_id call(ref_run* run, pl_fn fn, const ref_id* args) {
  const ref_entry e = *ref_entry_of(run, args[0]), f = *ref_entry_of(run, args[1]);
  const bool node = e.kind == REF_TERM && e.term.kind != PL_TERM_LITERAL;
  const bool assertion = e.kind == REF_TERM && e.term.kind == PL_TERM_ASSERTION;
  const ref_statements* own = assertion ? &run->graph->annotations : &run->graph->facts;
  switch (fn) {
    case PL_FN_NOT:
      return truth_of(run, args[0]) == PL_UNKNOWN
                 ? 0
                 : put_truth(run, truth_of(run, args[0]) == PL_TRUE ? PL_FALSE : PL_TRUE);
    case PL_FN_EQ:
    case PL_FN_NE:
    case PL_FN_LT:
    case PL_FN_LE:
    case PL_FN_GT:
    case PL_FN_GE:
      if (e.kind != REF_TERM || f.kind != REF_TERM) {
        run->skip = "a comparison of lists";
      }
      return put_truth(run, pl_value_compare((pl_compare_op)(PL_CMP_EQ + (fn - PL_FN_EQ)), &e.value, &f.value));
    case PL_FN_IN:
      return member(run, args[0], args[1]);
    case PL_FN_IN_RANGE:
      return put_truth(run, in_range(&e.value, &f.value, &ref_entry_of(run, args[2])->value));
    case PL_FN_MATCH_TEXT:
      return text_matches(run, args[0], args[1]);
    case PL_FN_ADD:
    case PL_FN_SUB:
    case PL_FN_MUL:
      return arith(run, (pl_arith_op)(PL_ARITH_ADD + (fn - PL_FN_ADD)), args[0], args[1]);
    case PL_FN_IS_NODE:
      return put_truth(run, node ? PL_TRUE : PL_FALSE);
    case PL_FN_IS_LITERAL:
      return put_truth(run, e.kind == REF_TERM && !node ? PL_TRUE : PL_FALSE);
    case PL_FN_LABEL:
      return label_of(run, args[0]);
    case PL_FN_SOURCE: {  // a named graph without one is its own
      const ref_id found = node ? object_of(run, own, args[0], ref_known(run, "source")) : 0;
      return found || assertion || !node ? found : args[0];
    }
    case PL_FN_CONFIDENCE:
      return node ? object_of(run, own, args[0], ref_known(run, "confidence")) : 0;
    case PL_FN_START:
    case PL_FN_END:
      return bound_of(run, args[0], fn == PL_FN_START);
    case PL_FN_SIZE:
      return e.kind == REF_LIST ? put_integer(run, (int64_t)e.count) : 0;
    case PL_FN_LENGTH:
      return e.kind == REF_PATH ? put_integer(run, (int64_t)e.count / 3) : 0;
    case PL_FN_NODES:
      return e.kind == REF_PATH ? path_items(run, &e, true) : 0;
    default:
      run->skip = "an unknown function";
      return 0;
  }
}

ref_id ref_eval(ref_run* run, const pl_expr* expr, const ref_id* row) {
  ref_id args[4] = {0}, out = 0;
  if (expr->kind == PL_EXPR_SLOT) {
    return row[expr->index] == REF_UNBOUND ? 0 : row[expr->index];
  }
  if (expr->kind == PL_EXPR_TERM) {
    const ref_id id = run->terms[expr->index];
    return expr->same ? ref_shown_of(run, ref_shown(run, expr->same - 1, row), id) : id;
  }
  if (expr->kind == PL_EXPR_PARAM) {
    run->skip = "a parameter";
    return 0;
  }
  if (lazy_call(run, expr, row, &out)) {
    return out;
  }
  for (uint32_t i = 0; i < expr->arg_count && i < PL_COUNT_OF(args); i++) {
    args[i] = ref_eval(run, expr->args[i], row);
    if (!args[i]) {
      return 0;
    }
  }
  return call(run, expr->fn, args);
}

// ---- aggregates ---------------------------------------------------------------------------------------------------

static bool is_number(const pl_value* v) { return v->kind >= PL_VALUE_INTEGER && v->kind <= PL_VALUE_DOUBLE; }

static ref_id sum_of(ref_run* run, pl_fn fn, const ref_id* values, size_t count) {
  ref_id sum = put_integer(run, 0);
  for (size_t i = 0; i < count; i++) {
    if (!is_number(&ref_entry_of(run, values[i])->value)) {
      return 0;
    }
    sum = arith(run, PL_ARITH_ADD, sum, values[i]);
  }
  if (fn == PL_FN_SUM) {
    return sum;
  }
  return count ? arith(run, PL_ARITH_DIV, sum, put_integer(run, (int64_t)count)) : 0;
}

static int order_for_max(const ref_run* run, ref_id a, ref_id b) {
  const pl_value *x = &ref_entry_of(run, a)->value, *y = &ref_entry_of(run, b)->value;
  pl_extent p, q;
  if (x->kind >= PL_VALUE_DATE && x->kind <= PL_VALUE_INTERVAL && y->kind >= PL_VALUE_DATE &&
      y->kind <= PL_VALUE_INTERVAL && pl_value_extent(x, &p) && pl_value_extent(y, &q) && p.end_ms != q.end_ms) {
    return p.end_ms < q.end_ms ? -1 : 1;
  }
  return ref_order(run, a, b);
}

static void sort_values(const ref_run* run, ref_id* values, size_t count) {
  for (size_t i = 1; i < count; i++) {
    for (size_t k = i; k > 0 && ref_order(run, values[k - 1], values[k]) > 0; k--) {
      const ref_id moved = values[k];
      values[k] = values[k - 1];
      values[k - 1] = moved;
    }
  }
}

static ref_id largest(const ref_run* run, const ref_id* values, size_t count) {
  ref_id best = values[0];
  for (size_t i = 1; i < count; i++) {
    best = order_for_max(run, values[i], best) > 0 ? values[i] : best;
  }
  return best;
}

ref_id ref_aggregate(ref_run* run, const pl_alg_agg* agg, bool row_order, const ref_rows* rows) {
  ref_id* values = ref_alloc(&run->arena, (rows->count + 1) * sizeof(ref_id));
  size_t count = 0;
  if (agg->star) {
    return put_integer(run, (int64_t)rows->count);
  }
  for (size_t i = 0; i < rows->count; i++) {
    const ref_id v = ref_eval(run, agg->args[0], rows->data[i]);
    bool skip = v == 0;
    for (size_t k = 0; k < count && agg->distinct; k++) {
      skip |= values[k] == v;
    }
    if (!skip) {
      values[count++] = v;
    }
  }
  if (agg->fn == PL_FN_COUNT) {
    return put_integer(run, (int64_t)count);
  }
  if (agg->fn == PL_FN_SUM || agg->fn == PL_FN_AVG) {
    return sum_of(run, agg->fn, values, count);
  }
  if (agg->fn == PL_FN_MAX) {
    return count ? largest(run, values, count) : 0;
  }
  if (!row_order || agg->fn == PL_FN_MIN) {
    sort_values(run, values, count);
  }
  switch (agg->fn) {
    case PL_FN_MIN:
    case PL_FN_FIRST:
      return count ? values[0] : 0;
    case PL_FN_LAST:
      return count ? values[count - 1] : 0;
    case PL_FN_COLLECT:
      return ref_put_items(run->graph, REF_LIST, values, count);
    default:
      run->skip = "an unknown aggregate";
      return 0;
  }
}
