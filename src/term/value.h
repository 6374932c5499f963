/// Values: what a term means in an expression. Numbers, dates, order and comparison (language.md, sections 1 and 6).
#ifndef PL_TERM_VALUE_H
#define PL_TERM_VALUE_H

#include "term/date.h"

typedef enum pl_value_kind {
  PL_VALUE_NULL = 0,
  PL_VALUE_BLANK,     ///< blank node or assertion: text
  PL_VALUE_IRI,       ///< text
  PL_VALUE_BOOLEAN,   ///< boolean
  PL_VALUE_INTEGER,   ///< integer (fits int64; larger xsd:integer literals are decimals with scale 0)
  PL_VALUE_DECIMAL,   ///< decimal
  PL_VALUE_DOUBLE,    ///< real
  PL_VALUE_DATE,      ///< date (start)
  PL_VALUE_INTERVAL,  ///< date = start, date_end = end
  PL_VALUE_STRING,    ///< text, no language
  PL_VALUE_LANG,      ///< text and lang
  PL_VALUE_OTHER      ///< literal without a value known here: text and datatype
} pl_value_kind;

/// mantissa / 10^scale, scale 0 to 18, |mantissa| < 10^37. Normalised: no trailing zero digit while scale > 0.
typedef struct pl_decimal {
  __int128 mantissa;  ///< signed
  uint32_t scale;     ///< fraction digits
} pl_decimal;

typedef struct pl_value {
  pl_value_kind kind;
  bool boolean;
  int64_t integer;
  double real;
  pl_decimal decimal;
  pl_date date;
  pl_date date_end;  ///< for intervals
  pl_str text;       ///< borrowed
  pl_str datatype;   ///< borrowed; for OTHER
  pl_str lang;       ///< borrowed
} pl_value;

/// Value of a term (XSD numeric types by value; ill-typed literals are OTHER). Slices are borrowed from the term.
void pl_value_from_term(const pl_term* term, pl_value* out);
/// Value of an inline id (same set as pl_id_to_term); short strings are put in buf.
void pl_value_from_id(pl_id id, char buf[PL_INLINE_TEXT_MAX], pl_value* out);
/// Canonical term of a value; text is put in the arena where it is not borrowed. NULL gives PL_TERM_NONE.
pl_status pl_value_to_term(pl_arena* arena, const pl_value* value, pl_term* out);
/// Inline id of a value without making text, if it has one (canonical forms only). False for those that need the dictionary or a pool.
bool pl_value_to_id(const pl_value* value, pl_id* id);

/// Total order for ORDER BY: null < blank < IRI < boolean < number < date < string < other; numbers by value; dates by start, coarser
/// first, then end; ties by kind and text so that the order is total.
int pl_value_order(const pl_value* a, const pl_value* b);

typedef enum pl_truth { PL_FALSE = 0, PL_TRUE = 1, PL_UNKNOWN = 2 } pl_truth;  ///< UNKNOWN is null
typedef enum pl_compare_op { PL_CMP_EQ, PL_CMP_NE, PL_CMP_LT, PL_CMP_LE, PL_CMP_GT, PL_CMP_GE } pl_compare_op;
/// = != < <= > >= with null for null or incomparable operands. Numbers by value across types; dates: = compares value and precision,
/// < and > when one lies wholly before the other, <= is (< or =); an integer beside a date is a year. Nodes: = by identity, no order.
/// = between kinds that cannot be equal is false, order between them null.
pl_truth pl_value_compare(pl_compare_op op, const pl_value* a, const pl_value* b);
/// Extent of a date, interval or (as a year) integer. False for other kinds.
bool pl_value_extent(const pl_value* v, pl_extent* out);
/// First and last day (language.md start(), end()): day-precision dates; a date with time gives its day.
pl_date pl_value_start(const pl_value* v);
pl_date pl_value_end(const pl_value* v);
/// a in b: containment of a's extent in b's. UNKNOWN if either has none.
pl_truth pl_value_within(const pl_value* a, const pl_value* b);
pl_truth pl_value_overlaps(const pl_value* a, const pl_value* b);

typedef enum pl_arith_op { PL_ARITH_ADD, PL_ARITH_SUB, PL_ARITH_MUL, PL_ARITH_DIV, PL_ARITH_MOD } pl_arith_op;
/// Arithmetic with promotion integer < decimal < double; integer division gives a decimal; % takes the sign of the dividend;
/// date +- integer days; date - date is null (use days_between). Type errors and division by zero give null; integer overflow gives null and sets *overflow.
pl_value pl_value_arith(pl_arith_op op, const pl_value* a, const pl_value* b, bool* overflow);
pl_value pl_value_negate(const pl_value* a, bool* overflow);

bool pl_decimal_parse(pl_str s, pl_decimal* out);  ///< digits with optional sign and point; false if it does not fit
size_t pl_decimal_print(pl_decimal d,
                        char buf[48]);  ///< without exponent; "1.0" for whole values (XSD canonical decimal)
pl_decimal pl_decimal_from_int(int64_t i);
int pl_decimal_cmp(pl_decimal a, pl_decimal b);
bool pl_decimal_add(pl_decimal a, pl_decimal b, pl_decimal* out);  ///< false on overflow
bool pl_decimal_sub(pl_decimal a, pl_decimal b, pl_decimal* out);
bool pl_decimal_mul(pl_decimal a, pl_decimal b, pl_decimal* out);  ///< rounded half-even at scale 18
bool pl_decimal_div(pl_decimal a, pl_decimal b,
                    pl_decimal* out);  ///< false for zero divisor; rounded half-even at scale 18
pl_decimal pl_decimal_round(pl_decimal a, int digits,
                            char mode);  ///< mode 'h' half away from zero (round), 'f' floor, 'c' ceil
double pl_decimal_to_double(pl_decimal d);
size_t pl_double_print(double d,
                       char buf[48]);  ///< shortest text that reads back; XSD canonical ("1.0E0", "INF", "NaN")

#endif
