/// Any text compiles, or gives an error with a place; what compiles satisfies the algebra's invariants and prints, and
/// a definition is kept as text that means the same.
#include "lang/lang.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static void require(bool condition) {
  if (!condition) {
    abort();
  }
}

/// A definition read again gives the same one.
static void define_again(const pl_query* query, const pl_names* names, pl_arena* arena) {
  pl_error err;
  pl_error_init(&err, arena->mem);
  const pl_lang_context context = {.names = names, .err = &err};
  const pl_str text = pl_arena_printf(arena, "define x = %.*s", (int)query->define_path.len, query->define_path.data);
  pl_query* again = NULL;
  require(text.data && pl_lang_compile(&context, text, arena, &again) == PL_OK);
  require(pl_str_eq(again->define_path, query->define_path));
  pl_error_clear(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_arena arena;
  pl_arena_init(&arena, &mem);
  pl_error err;
  pl_error_init(&err, &mem);
  pl_buf out;
  pl_buf_init(&out, &mem, SIZE_MAX);
  const pl_str text = {(const char*)data, size};
  const pl_names names = {.base = PL_STR("urn:parley:")};
  const pl_lang_context context = {.names = &names, .err = &err};
  pl_query* query;
  const pl_status status = pl_lang_compile(&context, text, &arena, &query);
  require(status == err.status || status == PL_NOT_FOUND);
  if (status == PL_OK) {
    const char* broken;
    require(pl_query_verify(query, &broken));
    require(pl_query_print(query, &names, &out) == PL_OK);
    if (query->kind == PL_QUERY_DEFINE && query->define_path.len) {
      define_again(query, &names, &arena);
    }
  }
  for (size_t i = 0; i < err.count; i++) {
    require(err.items[i].text && (err.items[i].line > 0 || err.items[i].number == PL_MSG_QUERY_BYTES));
  }
  bool complete;
  require(pl_lang_statement(text, &complete) <= size);
  pl_str* words;
  size_t count;
  require(pl_lang_expected(text, &arena, &words, &count) == PL_OK);
  pl_buf_free(&out);
  pl_error_clear(&err);
  pl_arena_free(&arena);
  require(mem.bytes_used == 0);
  return 0;
}
