/// Words of any text: slices in order, each found again by the words of the whole; a part of the words always matches.
/// The first byte says where the text is cut into the text and the words to look for.
#include "base/utf8.h"
#include "text/fold.h"
#include "text/token.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static void require(bool condition) {
  if (!condition) {
    abort();
  }
}

static size_t walk(pl_str folded, bool query) {
  pl_tokens tokens = pl_tokens_of(folded, query);
  pl_str word;
  size_t count = 0;
  const char* start = folded.data;
  while (pl_tokens_next(&tokens, &word)) {
    require(word.len > 0 && word.data >= start && word.data + word.len <= folded.data + folded.len);
    require(pl_utf8_check(word) == word.len);
    start = word.data;
    count++;
    require(count <= folded.len);
  }
  return count;
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  pl_mem mem;
  pl_buf folded;
  pl_words words;
  pl_mem_init(&mem, NULL, NULL, (size_t)64 << 20);
  pl_buf_init(&folded, &mem, SIZE_MAX);
  pl_words_init(&words, &mem);
  const pl_str all = {(const char*)data + 1, size - 1};
  const size_t cut = all.len * data[0] / 256;
  if (pl_utf8_check(all) == all.len && pl_fold(all, &folded) == PL_OK) {
    const pl_str text = pl_buf_view(&folded);
    require(walk(text, true) <= walk(text, false));
    bool found = false;
    require(pl_words_set(&words, all, NULL, NULL) == PL_OK);
    require(pl_words_match(&words, text, NULL, NULL, &found) == PL_OK && found);
    const pl_str part = {all.data, cut};
    if (pl_utf8_check(part) == part.len) {
      require(pl_words_set(&words, part, NULL, NULL) == PL_OK);
      require(pl_words_match(&words, text, NULL, NULL, &found) == PL_OK);
    }
  }
  pl_words_free(&words);
  pl_buf_free(&folded);
  require(mem.bytes_used == 0);
  return 0;
}
