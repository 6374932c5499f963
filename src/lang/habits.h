/// Habits of people who come from other languages, and what to write instead: the hints of syntax errors.
#ifndef PL_LANG_HABITS_H
#define PL_LANG_HABITS_H

#include "lang/parse.h"

/// What could have stood at the place of an error.
typedef struct pl_expectation {
  const char* const* names;  ///< symbols that could come
  int count;                 ///< how many
} pl_expectation;
bool pl_expects(const pl_expectation* e, const char* name);
bool pl_is_clause_word(const char* name);

/// Give the hint for an unexpected `word` at `span` (`end`: the end of the text), if there is one.
void pl_hint_habit(pl_parser* parser, const pl_expectation* e, pl_span span, pl_str word, bool end);

#endif
