/// Words of a folded text, and the test whether one text holds the words of another.
///
/// Words follow the boundaries of Unicode (UAX #29) as far as searching wants them: letters, digits and marks join, an apostrophe between
/// letters and a dot or comma between digits too. Other than there, `.` `:` and `_` between letters part words, so that initials and
/// joined-up names are found. Chinese characters and Japanese syllables have no gaps: a run of n >= 2 of them is n - 1 overlapping pairs and the
/// last character, so that every character begins some word. In a query a run is its pairs only, and one character alone is the prefix of
/// the pairs it begins.
#ifndef PL_TEXT_TOKEN_H
#define PL_TEXT_TOKEN_H

#include "base/guard.h"
#include "base/mem.h"

/// A walk over the words of a text that is folded already (fold.h).
typedef struct pl_tokens {
  pl_str text;  ///< folded
  size_t pos;   ///< where to look for the next word
  size_t run;   ///< end of the run of unspaced characters that pos is in; 0 = in none
  bool query;   ///< no single character after the pairs of a run
} pl_tokens;

static inline pl_tokens pl_tokens_of(pl_str folded, bool query) { return (pl_tokens){.text = folded, .query = query}; }
/// The next word, a slice of the text. False at the end.
bool pl_tokens_next(pl_tokens* tokens, pl_str* word);

/// Words to look for. Zeroed, then pl_words_set any number of times, then pl_words_free.
typedef struct pl_words {
  pl_buf folded;         ///< the query, folded
  PL_VEC(pl_str) words;  ///< of it, sorted, each once
  PL_VEC(size_t) links;  ///< of each word the longest other one that begins it; its own number if there is none
  PL_VEC(bool) met;      ///< found in the text at hand
} pl_words;
void pl_words_init(pl_words* words, pl_mem* mem);
/// A text may be long: the guard (may be NULL) is asked now and then, and `err` told what it says.
pl_status pl_words_set(pl_words* words, pl_str text, pl_guard* guard, pl_error* err);
/// Does every word start or equal a word of the folded text? True if there is none. The guard as above.
pl_status pl_words_match(pl_words* words, pl_str folded, pl_guard* guard, pl_error* err, bool* found);
void pl_words_free(pl_words* words);

#endif
