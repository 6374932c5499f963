/// Words by one pass over code points, and their matching by binary search.
///
/// Whether each of q words begins a word of a text takes one step per word of the text: among the sorted words of the query, all that
/// begin w are prefixes of the last one that is not greater than w, or are it. So it is found by binary search, and from it a chain of
/// links leads to the others; what was met ends the chain, since all behind it were met too.
#include "text/token.h"

#include "base/sort.h"
#include "base/utf8.h"
#include "text/fold.h"

#include <utf8proc.h>

enum { WORDS_BETWEEN_CHECKS = 4096 };

typedef enum char_kind {
  CHAR_GAP,         ///< parts words
  CHAR_LETTER,      ///< of a word
  CHAR_DIGIT,       ///< of a word
  CHAR_MARK,        ///< goes with what is before it
  CHAR_UNSPACED,    ///< Chinese character, Japanese syllable
  CHAR_APOSTROPHE,  ///< joins letters
  CHAR_POINT        ///< joins digits
} char_kind;

typedef struct char_range {
  uint32_t first, last;  ///< inclusive
} char_range;

/// Scripts written without gaps between words whose characters mean something alone: Han, Hiragana, Katakana. Ascending.
static const char_range unspaced[] = {
    {0x2E80, 0x2FD5}, {0x3005, 0x3007},   {0x3021, 0x3029},   {0x3031, 0x3035},   {0x3038, 0x303C},   {0x3041, 0x3096},
    {0x309D, 0x309F}, {0x30A1, 0x30FA},   {0x30FC, 0x30FF},   {0x31F0, 0x31FF},   {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},
    {0xF900, 0xFAFF}, {0x1AFF0, 0x1AFFE}, {0x1B000, 0x1B167}, {0x20000, 0x2FA1F}, {0x30000, 0x323AF},
};

static bool is_unspaced(uint32_t c) {
  for (size_t i = 0; c >= unspaced[0].first && i < PL_COUNT_OF(unspaced); i++) {
    if (c <= unspaced[i].last) {
      return c >= unspaced[i].first;
    }
  }
  return false;
}

static char_kind ascii_kind(uint32_t c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
    return CHAR_LETTER;
  }
  if (c >= '0' && c <= '9') {
    return CHAR_DIGIT;
  }
  return c == '\'' ? CHAR_APOSTROPHE : c == '.' || c == ',' ? CHAR_POINT : CHAR_GAP;
}

static char_kind kind_of(uint32_t c) {
  if (c < 0x80) {
    return ascii_kind(c);
  }
  if (is_unspaced(c)) {
    return CHAR_UNSPACED;
  }
  if (c == UINT32_MAX) {
    return CHAR_GAP;
  }
  const int category = utf8proc_category((utf8proc_int32_t)c);
  switch (category) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_NL:
      return CHAR_LETTER;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NO:
      return CHAR_DIGIT;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
      return CHAR_MARK;
    default:
      return CHAR_GAP;
  }
}

/// Kind of the character at `pos`; *end is behind it. A gap at the end of the text.
static char_kind kind_at(pl_str text, size_t pos, size_t* end) {
  *end = pos;
  return pos < text.len ? kind_of(pl_utf8_next(text, end)) : CHAR_GAP;
}

/// End of the marks from pos on.
static size_t skip_marks(pl_str text, size_t pos) {
  size_t end;
  while (kind_at(text, pos, &end) == CHAR_MARK) {
    pos = end;
  }
  return pos;
}

/// A word of letters and digits that begins with a character of kind `last` and goes on at pos. Its end.
static size_t word_end(pl_str text, size_t pos, char_kind last) {
  for (;;) {
    size_t end, after;
    const char_kind kind = kind_at(text, pos, &end);
    const bool joins = (kind == CHAR_APOSTROPHE && last == CHAR_LETTER) || (kind == CHAR_POINT && last == CHAR_DIGIT);
    if (kind == CHAR_LETTER || kind == CHAR_DIGIT) {
      last = kind;
      pos = end;
    } else if (kind == CHAR_MARK) {
      pos = end;
    } else if (joins && kind_at(text, end, &after) == last) {
      pos = after;
    } else {
      return pos;
    }
  }
}

/// End of a run of unspaced characters with their marks.
static size_t run_end(pl_str text, size_t pos) {
  size_t end;
  while (kind_at(text, pos, &end) == CHAR_UNSPACED) {
    pos = skip_marks(text, end);
  }
  return pos;
}

/// The next pair of a run, or its last character.
static bool next_of_run(pl_tokens* t, pl_str* word) {
  size_t end;
  const size_t start = t->pos;
  (void)kind_at(t->text, start, &end);
  const size_t middle = skip_marks(t->text, end);
  size_t last = middle;
  if (middle < t->run) {
    (void)kind_at(t->text, middle, &end);
    last = skip_marks(t->text, end);
  }
  *word = (pl_str){t->text.data + start, last - start};
  t->pos = t->query && last == t->run ? last : middle;
  t->run = t->pos < t->run ? t->run : 0;
  return true;
}

bool pl_tokens_next(pl_tokens* t, pl_str* word) {
  if (t->run) {
    return next_of_run(t, word);
  }
  while (t->pos < t->text.len) {
    size_t end;
    const char_kind kind = kind_at(t->text, t->pos, &end);
    if (kind == CHAR_LETTER || kind == CHAR_DIGIT) {
      const size_t start = t->pos;
      t->pos = word_end(t->text, end, kind);
      *word = (pl_str){t->text.data + start, t->pos - start};
      return true;
    }
    if (kind == CHAR_UNSPACED) {
      t->run = run_end(t->text, t->pos);
      return next_of_run(t, word);
    }
    t->pos = end;
  }
  return false;
}

// ---- words to look for --------------------------------------------------------------------------------------------

void pl_words_init(pl_words* words, pl_mem* mem) {
  *words = (pl_words){0};
  pl_buf_init(&words->folded, mem, SIZE_MAX / 2);
}

void pl_words_free(pl_words* words) {
  pl_mem* const mem = words->folded.mem;
  if (mem) {
    pl_vec_free(mem, &words->words);
    pl_vec_free(mem, &words->links);
    pl_vec_free(mem, &words->met);
    pl_buf_free(&words->folded);
  }
}

static int by_bytes(const void* a, const void* b, void* user) {
  PL_UNUSED(user);
  return pl_str_cmp(*(const pl_str*)a, *(const pl_str*)b);
}

/// Ask the guard at every WORDS_BETWEEN_CHECKS-th of many words.
static pl_status ask(size_t at, pl_guard* guard, pl_error* err) {
  return at % WORDS_BETWEEN_CHECKS == WORDS_BETWEEN_CHECKS - 1 ? pl_guard_check(guard, err) : PL_OK;
}

static pl_status sort_words(pl_words* words, pl_guard* guard, pl_error* err) {
  static const pl_sort_order order = {.compare = by_bytes};
  size_t kept = 0;
  if (words->words.count > 0) {
    PL_TRY(pl_sort(words->words.data, words->words.count, sizeof(pl_str), &order, words->folded.mem, guard, err));
  }
  for (size_t i = 0; i < words->words.count; i++) {
    if (kept == 0 || !pl_str_eq(words->words.data[kept - 1], words->words.data[i])) {
      words->words.data[kept++] = words->words.data[i];
    }
    PL_TRY(ask(i, guard, err));
  }
  words->words.count = kept;
  return PL_OK;
}

/// Sorted, a word's prefixes stand before it, on the chain of the word next to it.
static pl_status link_words(pl_words* words, pl_guard* guard, pl_error* err) {
  const pl_str* const list = words->words.data;
  for (size_t i = 0; i < words->words.count; i++) {
    size_t at = i == 0 ? i : i - 1;
    while (at != i && !pl_str_starts(list[i], list[at])) {
      at = words->links.data[at] == at ? i : words->links.data[at];
    }
    words->links.data[i] = at;
    PL_TRY(ask(i, guard, err));
  }
  return PL_OK;
}

pl_status pl_words_set(pl_words* words, pl_str text, pl_guard* guard, pl_error* err) {
  pl_mem* const mem = words->folded.mem;
  pl_str word;
  words->words.count = 0;
  pl_buf_clear(&words->folded);
  PL_TRY(pl_fold_within(text, guard, err, &words->folded));
  pl_tokens tokens = pl_tokens_of(pl_buf_view(&words->folded), true);
  while (pl_tokens_next(&tokens, &word)) {
    PL_TRY(pl_vec_push(mem, &words->words, word));
    PL_TRY(ask(words->words.count, guard, err));
  }
  PL_TRY(sort_words(words, guard, err));
  PL_TRY(pl_vec_reserve(mem, &words->links, words->words.count));
  PL_TRY(pl_vec_reserve(mem, &words->met, words->words.count));
  return link_words(words, guard, err);
}

/// The last word of the query that is not greater than `word`; SIZE_MAX if there is none.
static size_t last_before(const pl_words* words, pl_str word) {
  size_t low = 0;
  size_t high = words->words.count;
  while (low < high) {
    const size_t mid = (low + high) / 2;
    if (pl_str_cmp(words->words.data[mid], word) <= 0) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return low - 1;
}

/// Mark what begins `word`; returns how many were new.
static size_t meet(pl_words* words, pl_str word) {
  size_t at = last_before(words, word);
  size_t fresh = 0;
  while (at != SIZE_MAX && !words->met.data[at]) {
    if (pl_str_starts(word, words->words.data[at])) {
      words->met.data[at] = true;
      fresh++;
    }
    at = words->links.data[at] == at ? SIZE_MAX : words->links.data[at];
  }
  return fresh;
}

pl_status pl_words_match(pl_words* words, pl_str folded, pl_guard* guard, pl_error* err, bool* found) {
  size_t missing = words->words.count;
  size_t seen = 0;
  pl_str word;
  if (missing > 0) {
    memset(words->met.data, 0, missing * sizeof *words->met.data);
  }
  pl_tokens tokens = pl_tokens_of(folded, false);
  while (missing > 0 && pl_tokens_next(&tokens, &word)) {
    missing -= meet(words, word);
    PL_TRY(ask(seen++, guard, err));
  }
  *found = missing == 0;
  return PL_OK;
}
