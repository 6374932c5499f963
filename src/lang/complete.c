/// What the shell asks of the parser: where a statement ends, what could come next, how the text was read.
#include "lang/keywords.h"
#include "lang/parse.h"
#include "lang/parser.gen.h"

/* --- the end of a statement --- */

typedef struct statement_end {
  size_t offset;  ///< after the `;`
  bool found;     ///< a `;` ended it
} statement_end;

/// A `;` ends the statement outside brackets, unless it continues a pattern without brackets: those go from `match` to
/// the next clause.
static pl_status find_end(pl_str text, pl_arena* arena, statement_end* end) {
  void* scanner = NULL;
  pl_parser* const parser = PL_ARENA_NEW(arena, pl_parser);
  if (!parser) {
    return pl_mem_status(arena->mem);
  }
  *parser = (pl_parser){.arena = arena, .text = text, .source = {.text = text}};
  PL_TRY(pl_scanner_new(parser, &scanner));
  size_t depth = 0;
  bool pattern = false;
  for (int token = -1; token != 0 && !end->found;) {
    union pl_parse_value value;
    pl_span span;
    token = pl_parse_token(parser, scanner, &value, &span);
    depth += token == '(' || token == '[' || token == '{';
    depth -= depth && (token == ')' || token == ']' || token == '}');
    if (depth == 0 && pl_parse_begins_clause(token)) {
      pattern = token == PL_TOK_MATCH;
    }
    if (token == ';' && depth == 0 && !pattern) {
      *end = (statement_end){span.end, true};
    }
    parser->previous_token = token;
  }
  return PL_OK;
}

/// The script is read through a window that grows, so that many short statements of a long script cost little each. A
/// `;` near the end of a window may belong to a token that was cut, and is looked at again through the next.
size_t pl_lang_statement(pl_str script, bool* complete) {
  enum { WINDOW_BYTES = 1 << 16, TOKEN_BYTES = 1 << 14 };
  const size_t len_max = script.len < PL_QUERY_BYTES_MAX ? script.len : PL_QUERY_BYTES_MAX;
  statement_end end = {script.len, false};
  if (!script.len || !memchr(script.data, ';', len_max)) {
    *complete = false;
    return script.len;
  }
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  for (size_t window = WINDOW_BYTES;; window *= 4) {
    const bool whole = window >= len_max;
    const pl_str text = {script.data, whole ? len_max : window};
    pl_arena arena;
    pl_arena_init(&arena, &mem);
    end = (statement_end){script.len, false};
    const pl_status status = find_end(text, &arena, &end);
    pl_arena_free(&arena);
    if (status != PL_OK || whole || (end.found && end.offset + TOKEN_BYTES < window)) {
      break;
    }
  }
  *complete = end.found;
  return end.offset;
}

/* --- stages --- */

static pl_status print_token(const pl_parser* parser, int token, pl_span span, pl_buf* out) {
  const pl_str text = {parser->text.data + span.start, span.end - span.start};
  const bool word = pl_keyword_find(text) != SIZE_MAX && token != PL_TOK_NAME;
  (void)pl_buf_printf(out, "%u-%u %s ", (unsigned)span.start, (unsigned)span.end,
                      word || token < 256 ? "word" : pl_parse_token_name(token));
  (void)pl_buf_str(out, text);
  return pl_buf_char(out, '\n');
}

pl_status pl_lang_print_tokens(const pl_lang_context* context, pl_str text, pl_buf* out) {
  pl_arena arena;
  pl_arena_init(&arena, out->mem);
  pl_status status = PL_OK;
  void* scanner = NULL;
  pl_parser* const parser = PL_ARENA_NEW(&arena, pl_parser);
  if (!parser) {
    status = pl_mem_status(out->mem);
    goto out;
  }
  status = pl_parse_begin(parser, context, text, &arena, &scanner);
  for (int token = -1; status == PL_OK && token != 0;) {
    union pl_parse_value value;
    pl_span span;
    token = pl_parse_token(parser, scanner, &value, &span);
    status = token ? print_token(parser, token, span, out) : PL_OK;
    parser->previous_token = token;
  }
  status = status == PL_OK ? parser->status : status;
out:
  pl_arena_free(&arena);
  return status;
}

pl_status pl_lang_print_ast(const pl_lang_context* context, pl_str text, pl_arena* arena, pl_buf* out) {
  pl_ast* root;
  PL_TRY(pl_parse(context, text, arena, &root));
  return root ? pl_ast_print(root, out) : PL_NOT_FOUND;
}

/* --- completion --- */

/// Word that a symbol stands for in completion; NULL for punctuation and values.
static const char* completion_word(const char* name) {
  if (!strcmp(name, "a variable")) {
    return "?";
  }
  if (!strcmp(name, "a name")) {
    return "<name>";
  }
  return pl_keyword_find(pl_str_c(name)) != SIZE_MAX ? name : NULL;
}

static pl_status collect_words(struct pl_parse_pstate* state, pl_arena* arena, pl_str** words, size_t* count) {
  enum { SYMBOLS_MAX = 256 };
  int symbols[SYMBOLS_MAX];
  const int found = pl_parse_expected(state, symbols, SYMBOLS_MAX);
  *words = PL_ARENA_ARRAY(arena, pl_str, SYMBOLS_MAX);
  if (!*words || found < 0) {
    return pl_mem_status(arena->mem);
  }
  for (int i = 0; i < found; i++) {
    const char* const word = completion_word(pl_parse_symbol(symbols[i]));
    if (word) {
      (*words)[(*count)++] = pl_str_c(word);
    }
  }
  return PL_OK;
}

/// A text that is wrong has no continuation, which is no error; being out of memory is.
static pl_status only_memory(pl_status status, const pl_mem* mem) {
  return status == PL_ERR_NOMEM || mem->limit_hit ? pl_mem_status(mem) : PL_OK;
}

pl_status pl_lang_expected(pl_str text, pl_arena* arena, pl_str** words, size_t* count) {
  *words = NULL;
  *count = 0;
  pl_parser* const parser = PL_ARENA_NEW(arena, pl_parser);
  if (!parser) {
    return pl_mem_status(arena->mem);
  }
  const pl_lang_context context = {0};
  void* scanner = NULL;
  const pl_status status = pl_parse_begin(parser, &context, text, arena, &scanner);
  if (status != PL_OK) {
    return only_memory(status, arena->mem);
  }
  struct pl_parse_pstate* const state = pl_parse_new(parser);
  if (!state) {
    return pl_mem_status(arena->mem);
  }
  for (;;) {
    union pl_parse_value value;
    pl_span span;
    const int token = pl_parse_token(parser, scanner, &value, &span);
    if (token == 0) {
      return collect_words(state, arena, words, count);
    }
    if (pl_parse_push(parser, state, token, &value, &span) != YYPUSH_MORE || parser->errors || parser->stop) {
      return only_memory(parser->status, arena->mem);
    }
  }
}
