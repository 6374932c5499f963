/// Lexical forms of the XSD datatypes that have a value here: which type an IRI names, and how its text is read.
/// Shared by the files of this folder; other layers use term.h and value.h.
#ifndef PL_TERM_LEXICAL_H
#define PL_TERM_LEXICAL_H

#include "base/base.h"

typedef enum pl_datatype_kind {
  PL_DATATYPE_OTHER = 0,  ///< a datatype without a value known here
  PL_DATATYPE_STRING,
  PL_DATATYPE_BOOLEAN,
  PL_DATATYPE_INTEGER,  ///< xsd:integer itself
  PL_DATATYPE_DERIVED,  ///< a type derived from xsd:integer, with bounds
  PL_DATATYPE_DECIMAL,
  PL_DATATYPE_DOUBLE,
  PL_DATATYPE_FLOAT,
  PL_DATATYPE_YEAR,
  PL_DATATYPE_MONTH,
  PL_DATATYPE_DAY,
  PL_DATATYPE_TIME,
  PL_DATATYPE_STAMP,  ///< xsd:dateTimeStamp: a dateTime that must have a zone
  PL_DATATYPE_INTERVAL
} pl_datatype_kind;

typedef struct pl_datatype {
  pl_str name;            ///< local name in the XSD namespace
  pl_datatype_kind kind;  ///< how to read the text
  int64_t min;            ///< smallest value of a derived integer type, if has_min
  uint64_t max;           ///< largest value of a derived integer type (0 with has_max: see negative), if has_max
  bool has_min;           ///< min holds
  bool has_max;           ///< max holds
  bool negative;          ///< xsd:negativeInteger: below zero
} pl_datatype;

/// The row of a datatype IRI; never NULL (kind OTHER for an unknown one). The empty IRI is xsd:string.
const pl_datatype* pl_datatype_find(pl_str iri);

/// A decimal numeral taken apart; slices borrow from the text.
typedef struct pl_numeral {
  pl_str whole;          ///< digits before the point
  pl_str fraction;       ///< digits after the point
  int32_t exponent;      ///< clamped to +-2^30
  bool negative;         ///< a minus sign stands first
  bool plus;             ///< a plus sign stands first
  bool point;            ///< a point was written
  bool scientific;       ///< an exponent was written
  bool exponent_normal;  ///< the exponent is `E`, then an integer without plus and leading zeros
} pl_numeral;

/// Take apart [+-] digits [. digits] [eE [+-] digits]; at least one digit. False if `s` is anything else.
bool pl_numeral_scan(pl_str s, pl_numeral* out);
/// The nearest double (round half to even), whatever the locale and the number of digits.
double pl_numeral_to_double(const pl_numeral* n);

/// Text of xsd:double or xsd:float, with INF and NaN.
bool pl_double_parse(pl_str s, double* out);
/// True if `s`, which reads as `d`, is what pl_double_print writes for it.
bool pl_double_is_canonical(pl_str s, double d);

/// Digits with optional sign, any length. False if ill-formed; *fits is false if the value is beyond int64.
bool pl_integer_parse(pl_str s, int64_t* out, bool* fits);
/// True if `s` is a well-formed integer within the bounds of `type` (kind INTEGER or DERIVED).
bool pl_integer_in_type(pl_str s, const pl_datatype* type);
/// The canonical integer forms within 18 digits, which are most: no sign but `-`, no leading zero, no `-0`.
bool pl_integer_canonical(pl_str s, int64_t* out);

#endif
