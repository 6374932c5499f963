/// What the scanner's rules call: decoding and checking of one token's text.
#ifndef PL_LANG_SCAN_H
#define PL_LANG_SCAN_H

#include "lang/parse.h"

/// Token of a word: a keyword's, or that of a name, whose characters are checked.
int pl_scan_word(pl_parser* parser, pl_str word, uint32_t start);
/// Check the characters of a name that stands at `start`; an error points at the first that cannot stand in one.
void pl_scan_check_name(pl_parser* parser, pl_str name, uint32_t start);
/// Text of a name between backquotes; it may hold anything but controls, and is not empty.
pl_str pl_scan_quoted_name(pl_parser* parser, pl_str name, pl_span span);
/// Check that a date's fields are a date's.
void pl_scan_check_date(pl_parser* parser, pl_str date, pl_span span);
void pl_scan_bad_number(pl_parser* parser, pl_str number, pl_span span);
/// An operator of another language; `instead` is ours.
void pl_scan_slip(pl_parser* parser, pl_span span, const char* instead);
/// A character that begins no token.
void pl_scan_bad_char(pl_parser* parser, uint32_t start);
void pl_scan_unterminated(pl_parser* parser, pl_span span, const char* what, const char* end);
/// IRI between its angle brackets, with \u escapes decoded.
pl_str pl_scan_iri(pl_parser* parser, pl_str raw, uint32_t start);
/// Language tag in lower case.
pl_str pl_scan_lang(pl_parser* parser, pl_str tag);

/// A string begins; `span` is that of its opening quotes.
void pl_scan_string(pl_parser* parser, pl_span span, bool label);
/// It ends with `quotes` quote characters: set value and span, return the token.
int pl_scan_string_end(pl_parser* parser, uint32_t quotes, union pl_parse_value* value, pl_span* span);
/// It never ends: report, and give what there is as its value.
int pl_scan_string_open(pl_parser* parser, union pl_parse_value* value, pl_span* span);

#endif
