/// Aggregates. One group's state is one of four shapes, each empty when zeroed:
///
///     count                 rows so far
///     sum, avg              exact sums of integers (128 bits) and decimals, a compensated sum of doubles
///     min max first last any   the best value so far
///     collect, join         the values in arrival order; put in term order at the end unless row order is asked for
///
/// With `distinct` a set of the ids seen stands before the state, so a repeated value never reaches it.
#include "expr/aggregate.h"

#include <math.h>

#include "expr/expr_internal.h"
#include "expr/idsort.h"

typedef __int128 wide;

typedef struct sum_state {
  wide integers;        ///< sum of integers
  pl_decimal decimals;  ///< sum of decimals
  double doubles;       ///< sum of doubles
  double lost;          ///< what rounding took from it (Neumaier), so that the order of rows hardly shows
  uint64_t count;       ///< numbers added
  bool has_decimal;     ///< a decimal was added
  bool has_double;      ///< a double was added
  bool overflow;        ///< an exact sum passed its room
  bool not_number;      ///< something else was added: the result is null
} sum_state;

typedef struct id_vector {
  PL_VEC(pl_id) ids;  ///< in arrival order
} id_vector;

typedef union shape {
  uint64_t count;    ///< count
  sum_state sum;     ///< sum, avg
  pl_id best;        ///< min, max, first, last, any
  id_vector values;  ///< collect, join
} shape;

typedef struct distinct_part {
  pl_idmap seen;    ///< ids met
  uint64_t filler;  ///< keeps the shape behind it on 16 bytes
} distinct_part;

_Static_assert(sizeof(distinct_part) % 16 == 0, "the shape must stay aligned");

static size_t shape_bytes(pl_fn fn) {
  switch (fn) {
    case PL_FN_SUM:
    case PL_FN_AVG:
      return sizeof(sum_state);
    case PL_FN_COLLECT:
    case PL_FN_JOIN:
      return sizeof(id_vector);
    default:
      return sizeof(uint64_t);
  }
}

size_t pl_agg_state_bytes(pl_fn fn, bool distinct) {
  return (shape_bytes(fn) + (distinct ? sizeof(distinct_part) : 0) + 15) & ~(size_t)15;
}

static shape* shape_of(pl_agg_state* state, bool distinct) {
  return (shape*)(void*)((char*)state + (distinct ? sizeof(distinct_part) : 0));
}

/* --- sums --- */

static void add_integer(sum_state* s, int64_t i, uint64_t times) {
  // Fewer than 2^64 numbers, or `overflow` is set already, of at most 2^63 each.
  if (!s->overflow) {
    s->integers += (wide)i * (wide)times;
  }
}

static void add_decimal(sum_state* s, pl_decimal d, uint64_t times) {
  s->has_decimal = true;
  const pl_decimal factor = {.mantissa = (wide)times};
  s->overflow = s->overflow || !pl_decimal_mul(d, factor, &d) || !pl_decimal_add(s->decimals, d, &s->decimals);
}

static void add_double(sum_state* s, double d) {
  s->has_double = true;
  const double sum = s->doubles + d;
  s->lost += fabs(s->doubles) >= fabs(d) ? (s->doubles - sum) + d : (d - sum) + s->doubles;
  s->doubles = sum;
}

static void add_count(sum_state* s, uint64_t times) {
  s->count = pl_times_add(s->count, times);
  s->overflow = s->overflow || s->count == PL_TIMES_MAX;  // times itself may have stopped there
}

static pl_status add_number(sum_state* s, pl_eval* eval, pl_id value, uint64_t times) {
  if (!pl_tag_is_number(pl_termpool_tag(eval->pool, value))) {
    s->not_number = true;
    return PL_OK;
  }
  pl_value v;
  PL_TRY(pl_termpool_value(eval->pool, value, &v));
  add_count(s, times);
  if (v.kind == PL_VALUE_INTEGER) {
    add_integer(s, v.integer, times);
  } else if (v.kind == PL_VALUE_DECIMAL) {
    add_decimal(s, v.decimal, times);
  } else {
    add_double(s, v.real * (double)times);
  }
  return PL_OK;
}

/// The exact part as a decimal; false on overflow.
static bool exact_sum(const sum_state* s, pl_decimal* out) {
  const wide bound = (wide)1000000000000000000 * 1000000000000000000 * 10;  // 10^37
  const pl_decimal integers = {.mantissa = s->integers};
  return !s->overflow && s->integers < bound && s->integers > -bound && pl_decimal_add(integers, s->decimals, out);
}

static double double_sum(const sum_state* s, pl_decimal exact) {
  const double sum = isfinite(s->lost) ? s->doubles + s->lost : s->doubles;
  return sum + pl_decimal_to_double(exact);
}

static pl_status sum_result(pl_fn fn, const sum_state* s, pl_eval* eval, pl_id* out) {
  pl_value v = {.kind = PL_VALUE_DECIMAL};
  if (s->not_number || (fn == PL_FN_AVG && s->count == 0)) {
    return PL_OK;
  }
  if (!exact_sum(s, &v.decimal)) {
    pl_eval_warn_overflow(eval, (pl_span){0, 0});
    return PL_OK;
  }
  if (s->has_double) {
    v.kind = PL_VALUE_DOUBLE;
    v.real = double_sum(s, v.decimal) / (fn == PL_FN_AVG ? (double)s->count : 1);
  } else if (fn == PL_FN_AVG) {
    const pl_decimal count = {.mantissa = (wide)s->count};
    if (!pl_decimal_div(v.decimal, count, &v.decimal)) {
      pl_eval_warn_overflow(eval, (pl_span){0, 0});
      return PL_OK;
    }
  } else if (!s->has_decimal && s->integers >= INT64_MIN && s->integers <= INT64_MAX) {
    v = (pl_value){.kind = PL_VALUE_INTEGER, .integer = (int64_t)s->integers};
  }
  return pl_termpool_put(eval->pool, &v, out);
}

/// A count that an integer cannot hold is a decimal, as a sum would be.
pl_status pl_agg_count(uint64_t count, pl_eval* eval, pl_id* out) {
  const uint64_t inline_zero = (uint64_t)1 << (PL_ID_PAYLOAD_BITS - 1);
  pl_value v = {.kind = PL_VALUE_INTEGER};
  if (count < inline_zero) {
    *out = pl_id_make(PL_TAG_INTEGER, count + inline_zero);
    return PL_OK;
  }
  *out = PL_ID_NULL;
  if (count == PL_TIMES_MAX) {
    pl_eval_warn_overflow(eval, (pl_span){0, 0});
    return PL_OK;
  }
  if (count <= INT64_MAX) {
    v.integer = (int64_t)count;
  } else {
    v.kind = PL_VALUE_DECIMAL;
    v.decimal = (pl_decimal){.mantissa = (wide)count};
  }
  return pl_termpool_put(eval->pool, &v, out);
}

/* --- the best value --- */

static pl_status end_of(pl_eval* eval, pl_id id, int64_t* end_ms) {
  pl_value v;
  pl_extent extent;
  PL_TRY(pl_termpool_value(eval->pool, id, &v));
  *end_ms = pl_value_extent(&v, &extent) ? extent.end_ms : 0;
  return PL_OK;
}

/// For max: dates by their end, then as they sort.
static pl_status order_for_max(pl_eval* eval, pl_id a, pl_id b, int* order) {
  *order = 0;
  if (pl_tag_is_date(pl_termpool_tag(eval->pool, a)) && pl_tag_is_date(pl_termpool_tag(eval->pool, b))) {
    int64_t x;
    int64_t y;
    PL_TRY(end_of(eval, a, &x));
    PL_TRY(end_of(eval, b, &y));
    *order = (x > y) - (x < y);
  }
  return *order ? PL_OK : pl_termpool_order(eval->pool, a, b, order);
}

/// first and last mean arrival in row order, else the smallest and the largest.
static pl_status keep_best(pl_fn fn, bool row_order, pl_eval* eval, pl_id value, pl_id* best) {
  int order = 0;
  if (*best == PL_ID_NULL || (fn == PL_FN_LAST && row_order)) {
    *best = value;
    return PL_OK;
  }
  if (fn == PL_FN_FIRST && row_order) {
    return PL_OK;
  }
  PL_TRY(fn == PL_FN_MAX ? order_for_max(eval, value, *best, &order)
                         : pl_termpool_order(eval->pool, value, *best, &order));
  const bool largest = fn == PL_FN_MAX || fn == PL_FN_LAST;
  *best = (largest ? order > 0 : order < 0) ? value : *best;
  return PL_OK;
}

/* --- update --- */

static pl_status push_values(id_vector* values, pl_eval* eval, pl_mem* mem, pl_id value, uint64_t times) {
  for (uint64_t i = 0; i < times; i++) {
    if (i % 1024 == 1023) {
      PL_TRY(pl_guard_check(eval->guard, eval->err));
    }
    PL_TRY(pl_vec_push(mem, &values->ids, value));
  }
  return PL_OK;
}

static pl_status update(pl_fn fn, bool row_order, shape* s, pl_eval* eval, pl_mem* mem, pl_id value, uint64_t times) {
  if (value == PL_ID_NULL || times == 0) {
    return PL_OK;
  }
  switch (fn) {
    case PL_FN_COUNT:
      s->count = pl_times_add(s->count, times);
      return PL_OK;
    case PL_FN_SUM:
    case PL_FN_AVG:
      return add_number(&s->sum, eval, value, times);
    case PL_FN_COLLECT:
    case PL_FN_JOIN:
      return push_values(&s->values, eval, mem, value, times);
    default:
      return keep_best(fn, row_order, eval, value, &s->best);
  }
}

pl_status pl_agg_update(pl_fn fn, bool distinct, bool row_order, pl_agg_state* state, pl_eval* eval, pl_mem* mem,
                        pl_id value, uint64_t times) {
  bool added = true;
  if (distinct && value != PL_ID_NULL && times != 0) {
    distinct_part* const part = (distinct_part*)(void*)state;
    PL_TRY(pl_idmap_put(&part->seen, mem, value, 0, &added));
    times = 1;
  }
  return added ? update(fn, row_order, shape_of(state, distinct), eval, mem, value, times) : PL_OK;
}

/* --- many rows: small loops for what is common --- */

static shape* shape_at(const pl_agg_rows* rows, uint32_t i) { return (shape*)(void*)(rows->groups[i] + rows->offset); }

static uint64_t times_at(const pl_agg_rows* rows, uint32_t i) { return rows->times ? rows->times[i] : 1; }

static void count_rows(const pl_agg_rows* rows) {
  for (uint32_t i = 0; i < rows->count; i++) {
    shape* const s = shape_at(rows, i);
    s->count = pl_times_add(s->count, rows->values && rows->values[i] == PL_ID_NULL ? 0 : times_at(rows, i));
  }
}

static pl_status add_numbers(const pl_agg_rows* rows, pl_eval* eval) {
  const uint64_t zero = (uint64_t)1 << (PL_ID_PAYLOAD_BITS - 1);
  for (uint32_t i = 0; i < rows->count; i++) {
    const pl_id value = rows->values[i];
    const uint64_t times = times_at(rows, i);
    sum_state* const s = &shape_at(rows, i)->sum;
    if (pl_id_tag(value) == PL_TAG_INTEGER) {
      add_count(s, times);
      add_integer(s, (int64_t)(pl_id_payload(value) - zero), times);
    } else if (value != PL_ID_NULL && times != 0) {
      PL_TRY(add_number(s, eval, value, times));
    }
  }
  return PL_OK;
}

/// Kinds whose ids sort as their values do, so that comparing two of one kind needs no look at them.
static bool sorts_as_id(pl_tag tag) { return tag == PL_TAG_BOOLEAN || tag == PL_TAG_INTEGER || tag == PL_TAG_DECIMAL; }

static pl_status keep_ends(pl_fn fn, const pl_agg_rows* rows, pl_eval* eval) {
  for (uint32_t i = 0; i < rows->count; i++) {
    const pl_id value = rows->values[i];
    pl_id* const best = &shape_at(rows, i)->best;
    if (pl_id_tag(value) == pl_id_tag(*best) && sorts_as_id(pl_id_tag(value))) {
      *best = (fn == PL_FN_MIN ? value < *best : value > *best) ? value : *best;
    } else if (value != PL_ID_NULL) {
      PL_TRY(keep_best(fn, false, eval, value, best));
    }
  }
  return PL_OK;
}

static pl_status update_rows(pl_fn fn, bool row_order, const pl_agg_rows* rows, pl_eval* eval, pl_mem* mem) {
  if (fn == PL_FN_COUNT) {
    count_rows(rows);
    return PL_OK;
  }
  if (fn == PL_FN_SUM || fn == PL_FN_AVG) {
    return add_numbers(rows, eval);
  }
  if (fn == PL_FN_MIN || fn == PL_FN_MAX) {
    return keep_ends(fn, rows, eval);
  }
  for (uint32_t i = 0; i < rows->count; i++) {
    PL_TRY(update(fn, row_order, shape_at(rows, i), eval, mem, rows->values[i], times_at(rows, i)));
  }
  return PL_OK;
}

/// Of a few rows those whose value is new to their group; the places to look at are asked for beforehand, so that the waits for memory overlap.
static pl_status keep_new(const pl_agg_rows* rows, uint32_t from, uint32_t to, pl_mem* mem, char** groups,
                          pl_id* values, uint32_t* kept) {
  for (uint32_t i = from; i < to; i++) {
    pl_idmap_prefetch(&((distinct_part*)(void*)(rows->groups[i] + rows->offset))->seen, rows->values[i]);
  }
  *kept = 0;
  for (uint32_t i = from; i < to; i++) {
    distinct_part* const part = (distinct_part*)(void*)(rows->groups[i] + rows->offset);
    bool added = false;
    if (rows->values[i] != PL_ID_NULL && times_at(rows, i) != 0) {
      PL_TRY(pl_idmap_put(&part->seen, mem, rows->values[i], 0, &added));
    }
    groups[*kept] = rows->groups[i];
    values[*kept] = rows->values[i];
    *kept += added;
  }
  return PL_OK;
}

pl_status pl_agg_update_rows(pl_fn fn, bool distinct, bool row_order, const pl_agg_rows* rows, pl_eval* eval,
                             pl_mem* mem) {
  enum { FEW = 32 };
  char* groups[FEW];
  pl_id values[FEW];
  if (!distinct || !rows->values) {
    return update_rows(fn, row_order, rows, eval, mem);
  }
  pl_agg_rows fresh = {.groups = groups, .offset = rows->offset + sizeof(distinct_part), .values = values};
  for (uint32_t i = 0; i < rows->count; i += FEW) {
    PL_TRY(keep_new(rows, i, rows->count - i < FEW ? rows->count : i + FEW, mem, groups, values, &fresh.count));
    PL_TRY(update_rows(fn, row_order, &fresh, eval, mem));
  }
  return PL_OK;
}

/* --- results of lists --- */

static pl_status put_in_order(id_vector* values, bool row_order, pl_eval* eval, pl_mem* mem) {
  return row_order ? PL_OK : pl_ids_sort(eval, mem, values->ids.data, values->ids.count);
}

static pl_status join_result(const id_vector* values, pl_eval* eval, pl_id separator, pl_id* out) {
  static const pl_node nowhere = {.fn = PL_FN_JOIN};
  const pl_call call = {.eval = eval, .node = &nowhere};
  pl_str between = PL_STR(", ");
  if (values->ids.count == 0) {
    return PL_OK;
  }
  if (separator != PL_ID_NULL) {
    const pl_status status = pl_call_text(&call, separator, &between);
    if (status != PL_OK) {
      return status == PL_DONE ? PL_OK : status;
    }
  }
  pl_buf* const buf = pl_call_buf(&call);
  for (size_t i = 0; i < values->ids.count && buf->status == PL_OK; i++) {
    pl_str label;
    PL_TRY(i % 1024 ? PL_OK : pl_guard_check(eval->guard, eval->err));
    PL_TRY(pl_termpool_label(eval->pool, values->ids.data[i], &label));
    (void)pl_buf_str(buf, i ? between : PL_STR(""));
    (void)pl_buf_str(buf, label);
  }
  return pl_call_put_buf(&call, out);
}

pl_status pl_agg_result(pl_fn fn, bool distinct, bool row_order, pl_agg_state* state, pl_eval* eval, pl_mem* mem,
                        pl_id separator, pl_id* out) {
  shape* const s = shape_of(state, distinct);
  *out = PL_ID_NULL;
  switch (fn) {
    case PL_FN_COUNT:
      return pl_agg_count(s->count, eval, out);
    case PL_FN_SUM:
    case PL_FN_AVG:
      return sum_result(fn, &s->sum, eval, out);
    case PL_FN_COLLECT:
      PL_TRY(put_in_order(&s->values, row_order, eval, mem));
      return pl_termpool_put_list(eval->pool, s->values.ids.data, s->values.ids.count, out);
    case PL_FN_JOIN:
      PL_TRY(put_in_order(&s->values, row_order, eval, mem));
      return join_result(&s->values, eval, separator, out);
    default:
      *out = s->best;
      return PL_OK;
  }
}

void pl_agg_release(pl_fn fn, bool distinct, pl_agg_state* state, pl_mem* mem) {
  if (fn == PL_FN_COLLECT || fn == PL_FN_JOIN) {
    shape* const s = shape_of(state, distinct);
    pl_vec_free(mem, &s->values.ids);
  }
  if (distinct) {
    distinct_part* const part = (distinct_part*)(void*)state;
    pl_idmap_free(&part->seen, mem);
  }
}
