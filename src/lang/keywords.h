/// Looking up the words of the language.
#ifndef PL_LANG_KEYWORDS_H
#define PL_LANG_KEYWORDS_H

#include "lang/lang.h"

/// Row of pl_keywords, or SIZE_MAX.
size_t pl_keyword_find(pl_str word);
/// The token that the scanner gives for a word; that of a name for any other word.
int pl_keyword_token(pl_str word);

#endif
