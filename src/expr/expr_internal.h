/// Inside of evaluation: the compiled node, the call that a function implementation sees, and the table of implementations.
///
/// An implementation computes one row from argument ids. It returns PL_OK with *out set, PL_DONE for a null result (so that helpers can say
/// "wrong type" by returning PL_DONE through PL_TRY), or a failure. The driver in eval.c has already dealt with null arguments.
#ifndef PL_EXPR_EXPR_INTERNAL_H
#define PL_EXPR_EXPR_INTERNAL_H

#include "expr/expr.h"
#include "expr/termpool_internal.h"

#define PL_EXPR_DEPTH_MAX 2000u  ///< deepest nesting of a compiled expression (a long chain of `+` nests too)

typedef struct pl_node pl_node;
struct pl_node {
  pl_expr_kind kind;     ///< as in the algebra
  pl_fn fn;              ///< for CALL
  bool constant;         ///< reads no slot: one value for a whole run
  uint32_t index;        ///< slot, term or parameter
  uint32_t same;         ///< as in pl_expr
  pl_span span;          ///< in the query text
  const pl_node** args;  ///< for CALL; and/or have two or more (chains are flattened)
  uint32_t arg_count;    ///< used
};

struct pl_program {
  const pl_node* root;  ///< in the plan's arena
};

/// What an implementation gets.
typedef struct pl_call {
  pl_eval* eval;        ///< the run
  const pl_node* node;  ///< which call, for spans
  uint32_t count;       ///< arguments
} pl_call;

typedef pl_status (*pl_fn_impl)(const pl_call* call, const pl_id* args, pl_id* out);
/// By function; NULL for those that eval.c handles itself (lazy ones) and for aggregates.
extern const pl_fn_impl pl_fn_impls[PL_FN_COUNT_];

// ---- call.c: arguments and results ----------------------------------------------------------------------------------

#define PL_ID_TRUE pl_id_make(PL_TAG_BOOLEAN, 1)
#define PL_ID_FALSE pl_id_make(PL_TAG_BOOLEAN, 0)
static inline pl_id pl_bool_id(bool b) { return pl_id_make(PL_TAG_BOOLEAN, b); }
static inline pl_id pl_truth_id(pl_truth t) { return t == PL_UNKNOWN ? PL_ID_NULL : pl_bool_id(t == PL_TRUE); }
/// A boolean value as truth; null and other kinds are unknown.
pl_status pl_id_truth(pl_eval* eval, pl_id id, pl_truth* out);

static inline pl_status pl_call_value(const pl_call* call, pl_id id, pl_value* out) {
  return pl_termpool_value(call->eval->pool, id, out);
}
static inline pl_tag pl_call_tag(const pl_call* call, pl_id id) { return pl_termpool_tag(call->eval->pool, id); }
// PL_DONE if the argument is of another kind:
pl_status pl_call_text(const pl_call* call, pl_id id, pl_str* out);      ///< a string, with or without language
pl_status pl_call_integer(const pl_call* call, pl_id id, int64_t* out);  ///< an integer
pl_status pl_call_number(const pl_call* call, pl_id id, pl_value* out);  ///< integer, decimal or double
pl_status pl_call_date(const pl_call* call, pl_id id, pl_date* out);     ///< a date (no interval)
pl_status pl_call_time(const pl_call* call, pl_id id, pl_value* out);  ///< a date, an interval, or an integer as a year
/// Text of any term as string() gives it; a blank node with its "_:". PL_DONE for lists.
pl_status pl_call_any_text(const pl_call* call, pl_id id, pl_str* out);
pl_buf* pl_call_buf(const pl_call* call);  ///< an empty buffer, valid until the next call of this
pl_status pl_call_put_string(const pl_call* call, pl_str s, pl_id* out);
pl_status pl_call_put_buf(const pl_call* call, pl_id* out);  ///< what the buffer holds, as a string; reports its errors
pl_status pl_call_put_integer(const pl_call* call, int64_t i, pl_id* out);
pl_status pl_call_put_double(const pl_call* call, double d, pl_id* out);  ///< PL_DONE unless finite
pl_status pl_call_put_decimal(const pl_call* call, pl_decimal d, pl_id* out);
pl_status pl_call_put_date(const pl_call* call, const pl_date* d, pl_id* out);
/// Put a computed value; with overflow a null, and one warning per run.
pl_status pl_call_put(const pl_call* call, const pl_value* v, bool overflow, pl_id* out);
void pl_eval_warn_overflow(pl_eval* eval, pl_span span);
/// Fail with the span of the call in the query's text.
pl_source pl_eval_source(const pl_eval* eval);

// ---- fn_compare.c ---------------------------------------------------------------------------------------------------

static inline pl_compare_op pl_fn_compare_op(pl_fn fn) { return (pl_compare_op)(PL_CMP_EQ + (int)(fn - PL_FN_EQ)); }
_Static_assert(PL_FN_GE - PL_FN_EQ == PL_CMP_GE - PL_CMP_EQ && PL_FN_LT - PL_FN_EQ == PL_CMP_LT - PL_CMP_EQ,
               "comparisons stand in the same order");
/// Compare two ids by value; null operands give unknown.
pl_status pl_ids_compare(pl_eval* eval, pl_compare_op op, pl_id a, pl_id b, pl_truth* out);

/// Sign of a comparison as the truth of an operator.
static inline bool pl_order_holds(pl_compare_op op, int sign) {
  static const uint8_t wanted[] = {2, 5, 1, 3, 4, 6};  // bits: less 1, equal 2, greater 4
  return (wanted[op] >> (sign + 1)) & 1;
}
/// Inline date of day precision without a zone: then ids compare like dates.
static inline bool pl_id_is_day(pl_id id) {
  return pl_id_tag(id) == PL_TAG_DATE && (id & (((uint64_t)1 << 35) - 1)) == 0 && ((id >> 35) & 31) != 0;
}
/// Inline integer or decimal in millionths. 2^58 * 10^6 needs 78 bits.
static inline __int128 pl_id_millionths(pl_id id) {
  const __int128 v = (int64_t)pl_id_payload(id) - ((int64_t)1 << 58);
  return pl_id_tag(id) == PL_TAG_INTEGER ? v * 1000000 : v;
}
static inline bool pl_tag_is_exact(pl_tag tag) { return tag == PL_TAG_INTEGER || tag == PL_TAG_DECIMAL; }
/// What can be said from the ids alone; false if values are needed.
static inline bool pl_ids_compare_fast(pl_compare_op op, pl_id a, pl_id b, pl_truth* out) {
  const pl_tag x = pl_id_tag(a);
  const pl_tag y = pl_id_tag(b);
  if (x == PL_TAG_NULL || y == PL_TAG_NULL) {
    *out = PL_UNKNOWN;
    return true;
  }
  if ((x == PL_TAG_INTEGER && y == PL_TAG_INTEGER) || (pl_id_is_day(a) && pl_id_is_day(b)) ||
      (x == PL_TAG_SHORT && y == PL_TAG_SHORT)) {
    *out = pl_order_holds(op, (a > b) - (a < b)) ? PL_TRUE : PL_FALSE;
    return true;
  }
  if (pl_tag_is_exact(x) && pl_tag_is_exact(y)) {
    const __int128 v = pl_id_millionths(a);
    const __int128 w = pl_id_millionths(b);
    *out = pl_order_holds(op, (v > w) - (v < w)) ? PL_TRUE : PL_FALSE;
    return true;
  }
  const bool by_id = (pl_tag_is_node(x) && pl_tag_is_node(y)) || (pl_tag_is_string(x) && pl_tag_is_string(y)) ||
                     (x == PL_TAG_LANG && y == PL_TAG_LANG);
  if (by_id && op <= PL_CMP_NE) {
    *out = (a == b) == (op == PL_CMP_EQ) ? PL_TRUE : PL_FALSE;
    return true;
  }
  return false;
}

// ---- implementations, by file ---------------------------------------------------------------------------------------

#define PL_FN_IMPLS(FN)                                                                                                \
  /* fn_compare.c */ FN(NOT, not ) FN(IN, in) FN(IN_RANGE, in_range) FN(INTERVAL, interval) /* fn_number.c */ FN(      \
      ADD, add) FN(SUB, sub) FN(MUL, mul) FN(DIV, div) FN(MOD, mod) FN(NEG, neg) FN(ABS, abs) FN(CEIL, ceil)           \
      FN(FLOOR, floor) FN(ROUND, round) FN(SQRT, sqrt) FN(LN, ln) FN(EXP, exp) /* fn_string.c */ FN(LOWER, lower)      \
          FN(UPPER, upper) FN(LENGTH, length) FN(SUBSTR, substr) FN(CONCAT, concat) FN(CONTAINS, contains) FN(         \
              STARTS_WITH, starts_with) FN(ENDS_WITH, ends_with) FN(SPLIT, split) FN(TRIM, trim) FN(FOLD, fold)        \
              FN(MATCH_TEXT, match_text) /* regex.c */ FN(MATCHES, matches) FN(REPLACE, replace) /* fn_term.c */ FN(   \
                  LABEL, label) FN(STR, str) FN(IRI, iri) FN(LANG, lang) FN(DATATYPE, datatype) FN(IS_NODE, is_node)   \
                  FN(IS_LITERAL, is_literal) FN(IS_NUMBER, is_number) FN(IS_DATE, is_date) FN(BOUND, bound)            \
                      FN(HASH, hash) /* fn_cast.c */ FN(TO_INTEGER, to_integer) FN(TO_DECIMAL, to_decimal)             \
                          FN(TO_DOUBLE, to_double) FN(TO_STRING, to_string)                                            \
                              FN(TO_DATE, to_date) /* fn_date.c */ FN(TODAY, today) FN(NOW, now) FN(YEAR, year)        \
                                  FN(MONTH, month) FN(DAY, day) FN(HOUR, hour) FN(WEEKDAY, weekday) FN(FORMAT, format) \
                                      FN(DAYS_BETWEEN, days_between)                                                   \
                                          FN(OVERLAPS, overlaps) /* fn_assertion.c */ FN(START, start) FN(END, end)    \
                                              FN(SOURCE, source) FN(CONFIDENCE, confidence) /* fn_label.c */ FN(       \
                                                  LABELLED, labelled) /* fn_list.c */ FN(LIST, list) FN(INDEX, index)  \
                                                  FN(SIZE, size) FN(CHAIN, chain) FN(LIST_JOIN, list_join)             \
                                                      FN(LIST_FIRST, list_first) FN(LIST_LAST, list_last)              \
                                                          FN(NODES, nodes) FN(FACTS, facts)

#define FN(slug, name) pl_status pl_fn_##name(const pl_call* call, const pl_id* args, pl_id* out);
PL_FN_IMPLS(FN)
#undef FN

// ---- regex.c --------------------------------------------------------------------------------------------------------

/// Check a pattern and flags known when the query is compiled; an error has the place of the pattern.
pl_status pl_regex_check(const pl_query* query, pl_span span, pl_str pattern, pl_str flags, pl_mem* mem, pl_error* err);
/// Convert a double to the decimal of its shortest text. False if it does not fit. (fn_cast.c)
bool pl_double_to_decimal(double d, pl_decimal* out);

#endif
