/// The words of the language as data (grammar/keywords.def), for the scanner, completion, colours and the manual.
#include "lang/keywords.h"

#include "lang/parser.gen.h"

const pl_keyword pl_keywords[] = {
#define PL_KEYWORD(word, token, reserved, help) {word, reserved, help},
#include "../../grammar/keywords.def"
#undef PL_KEYWORD
};
const size_t pl_keyword_count = PL_COUNT_OF(pl_keywords);

static const int keyword_tokens[] = {
#define PL_KEYWORD(word, token, reserved, help) PL_TOK_##token,
#include "../../grammar/keywords.def"
#undef PL_KEYWORD
};
_Static_assert(PL_COUNT_OF(keyword_tokens) == PL_COUNT_OF(pl_keywords), "one token for each word");

size_t pl_keyword_find(pl_str word) {
  for (size_t i = 0; i < PL_COUNT_OF(pl_keywords); i++) {
    const char* const s = pl_keywords[i].word;
    if (word.len && s[0] == word.data[0] && pl_str_eq(pl_str_c(s), word)) {
      return i;
    }
  }
  return SIZE_MAX;
}

int pl_keyword_token(pl_str word) {
  const size_t i = pl_keyword_find(word);
  return i == SIZE_MAX ? PL_TOK_NAME : keyword_tokens[i];
}

bool pl_lang_reserved(pl_str word) {
  const size_t i = pl_keyword_find(word);
  return i != SIZE_MAX && pl_keywords[i].reserved;
}
