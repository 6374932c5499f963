/// Version, names of statuses, and what the language says about a text without a store.
#include "api/api.h"

#define SAME(slug, number) _Static_assert((int)PARLEY_##slug == (int)(number), "parley_status " #slug)
SAME(OK, PL_OK);
SAME(ROW, PL_ROW);
SAME(DONE, PL_DONE);
SAME(NOT_FOUND, PL_NOT_FOUND);
SAME(NOMEM, PL_ERR_NOMEM);
SAME(LIMIT, PL_ERR_LIMIT);
SAME(INTERRUPTED, PL_ERR_INTERRUPTED);
SAME(MISUSE, PL_ERR_MISUSE);
SAME(SYNTAX, PL_ERR_SYNTAX);
SAME(BIND, PL_ERR_BIND);
SAME(EVAL, PL_ERR_EVAL);
SAME(FORMAT, PL_ERR_FORMAT);
SAME(IO, PL_ERR_IO);
SAME(CANTOPEN, PL_ERR_CANTOPEN);
SAME(CORRUPT, PL_ERR_CORRUPT);
SAME(NEWER, PL_ERR_VERSION);
SAME(BUSY, PL_ERR_BUSY);
SAME(READONLY, PL_ERR_READONLY);
SAME(FULL, PL_ERR_FULL);

const char* parley_version(void) { return PARLEY_VERSION_TEXT; }
int parley_version_number(void) { return PARLEY_VERSION_NUMBER; }

const char* parley_status_name(parley_status status) {
  switch (status) {
    case PARLEY_OK:
      return "ok";
    case PARLEY_ROW:
      return "row";
    case PARLEY_DONE:
      return "done";
    case PARLEY_NOT_FOUND:
      return "not found";
    case PARLEY_NOMEM:
      return "out of memory";
    case PARLEY_LIMIT:
      return "limit reached";
    case PARLEY_INTERRUPTED:
      return "interrupted";
    case PARLEY_MISUSE:
      return "misuse";
    case PARLEY_SYNTAX:
      return "syntax error";
    case PARLEY_BIND:
      return "meaningless query";
    case PARLEY_EVAL:
      return "evaluation error";
    case PARLEY_FORMAT:
      return "bad format";
    case PARLEY_IO:
      return "input/output error";
    case PARLEY_CANTOPEN:
      return "cannot open";
    case PARLEY_CORRUPT:
      return "damaged store";
    case PARLEY_NEWER:
      return "newer format";
    case PARLEY_BUSY:
      return "busy";
    case PARLEY_READONLY:
      return "read-only";
    case PARLEY_FULL:
      return "full";
  }
  return "unknown status";
}

size_t parley_statement_length(const char* text, size_t len, int* complete) {
  bool ended = false;
  const size_t bytes = !text ? 0 : len == SIZE_MAX ? strlen(text) : len;
  const size_t statement = bytes ? pl_lang_statement((pl_str){text, bytes}, &ended) : 0;
  if (complete) {
    *complete = ended;
  }
  return statement;
}

parley_status parley_expected(const char* text, size_t len, void (*fn)(void* user, const char* word), void* user) {
  if (!text || !fn) {
    return PARLEY_MISUSE;
  }
  pl_mem mem;
  pl_arena arena;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_arena_init(&arena, &mem);
  pl_str* words = NULL;
  size_t count = 0;
  pl_status status = pl_lang_expected((pl_str){text, len == SIZE_MAX ? strlen(text) : len}, &arena, &words, &count);
  for (size_t i = 0; status == PL_OK && i < count; i++) {
    const pl_str word = pl_arena_str(&arena, words[i]);
    if (word.data) {
      fn(user, word.data);
    } else {
      status = PL_ERR_NOMEM;
    }
  }
  pl_arena_free(&arena);
  return pl_api_status(status);
}

const char* parley_keyword(size_t i, int* reserved, const char** help) {
  if (i >= pl_keyword_count) {
    return NULL;
  }
  if (reserved) {
    *reserved = pl_keywords[i].reserved;
  }
  if (help) {
    *help = pl_keywords[i].help;
  }
  return pl_keywords[i].word;
}
