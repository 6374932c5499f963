/// The driver: tokens from the scanner are pushed into the parser one by one. What needs a view of the whole is done
/// here: limits on length and nesting, `graph` that is a word of the language only after `return`, statement ends.
#include "lang/parse.h"

#include "base/utf8.h"
#include "lang/keywords.h"
#include "lang/parser.gen.h"

void pl_parse_stop(pl_parser* parser, pl_status status) {
  parser->status = parser->status == PL_OK ? status : parser->status;
  parser->stop = true;
}

void pl_parse_failed(pl_parser* parser, pl_status status) {
  parser->status = parser->status == PL_OK ? status : parser->status;
  parser->quiet = true;
  parser->errors++;
  parser->stop |= parser->errors >= PL_DIAG_ERRORS_MAX;
}

void pl_parse_too_deep(pl_parser* parser, pl_span span) {
  if (!parser->stop) {
    pl_parse_stop(parser, pl_fail_at(parser->err, &parser->source, span, PL_MSG_NESTING, PL_NESTING_MAX));
    pl_error_hint(parser->err, "split the query, or pass the values as a list parameter");
  }
}

void pl_parse_position(const pl_source* source, uint32_t offset, uint32_t* line, uint32_t* column) {
  const pl_str text = source->text;
  size_t start = 0;
  *line = 1;
  for (size_t i = 0; i < offset; i++) {
    if (text.data[i] == '\n') {
      start = i + 1;
      ++*line;
    }
  }
  *column = (uint32_t)pl_utf8_count((pl_str){text.data + start, offset - start}) + 1;
}

/* --- nesting --- */

static bool is_prefix_operator(int token) {
  return token == PL_TOK_NOT || token == '-' || token == '^' || token == '~' || token == '!';
}

static void open_bracket(pl_parser* parser, int token, pl_span span) {
  if (parser->open_count == PL_NESTING_MAX) {
    pl_parse_too_deep(parser, span);
    return;
  }
  parser->open_depth[parser->open_count] = parser->depth;
  parser->open_span[parser->open_count] = span;
  parser->open_char[parser->open_count++] = (char)token;
  parser->depth++;
}

/// Depth outside the innermost open bracket's `if`s.
static uint32_t bracket_depth(const pl_parser* parser) {
  return parser->open_count ? parser->open_depth[parser->open_count - 1] + 1 : 0;
}

/// Count open brackets, prefix operators in a row and `if`s, so that neither the parser's stack nor a recursive reader
/// of the tree meets more than the limit.
static void count_nesting(pl_parser* parser, int token, pl_span span) {
  parser->depth_prefix = is_prefix_operator(token) ? parser->depth_prefix + 1 : 0;
  if (token == '(' || token == '[' || token == '{') {
    open_bracket(parser, token, span);
  } else if ((token == ')' || token == ']' || token == '}') && parser->open_count) {
    parser->depth = parser->open_depth[--parser->open_count];
  } else if (token == PL_TOK_IF) {
    parser->depth++;
  } else if (token == ',' || token == '.' || token == ';' || pl_parse_begins_clause(token)) {
    parser->depth = bracket_depth(parser);
  }
  if (parser->depth + parser->depth_prefix > PL_NESTING_MAX) {
    pl_parse_too_deep(parser, span);
  }
}

/* --- tokens --- */

bool pl_parse_begins_clause(int token) {
  switch (token) {
    case PL_TOK_MATCH:
    case PL_TOK_WHERE:
    case PL_TOK_LET:
    case PL_TOK_FOR:
    case PL_TOK_WITH:
    case PL_TOK_RETURN:
    case PL_TOK_INSERT:
    case PL_TOK_DELETE:
    case PL_TOK_UNION:
      return true;
    default:
      return false;
  }
}

/// Next token as the grammar wants it.
int pl_parse_token(pl_parser* parser, void* scanner, union pl_parse_value* value, pl_span* span) {
  *value = (union pl_parse_value){0};
  const int token = pl_scanner_next(scanner, value, span);
  if (token == 0) {
    const uint32_t end = (uint32_t)parser->text.len;
    *span = (pl_span){end, end};
  }
  if (token == PL_TOK_GRAPH && parser->previous_token != PL_TOK_RETURN) {
    value->text = PL_STR("graph");
    return PL_TOK_NAME;
  }
  if (pl_parse_begins_clause(token)) {
    parser->quiet = false;
  }
  return token;
}

static pl_status check_text(const pl_parser* parser) {
  if (parser->text.len > PL_QUERY_BYTES_MAX) {
    return pl_fail(parser->err, PL_MSG_QUERY_BYTES, PL_QUERY_BYTES_MAX >> 20);
  }
  const size_t valid = pl_utf8_check(parser->text);
  if (valid == parser->text.len) {
    return PL_OK;
  }
  const pl_span span = {(uint32_t)valid, (uint32_t)valid + 1};
  return pl_fail_at(parser->err, &parser->source, span, PL_MSG_UTF8);
}

pl_status pl_parse_begin(pl_parser* parser, const pl_lang_context* context, pl_str text, pl_arena* arena,
                         void** scanner) {
  *parser = (pl_parser){.arena = arena, .err = context->err, .text = text};
  parser->source = (pl_source){.name = "query", .text = text};
  PL_TRY(check_text(parser));
  return pl_scanner_new(parser, scanner);
}

/// Push one token; anything but YYPUSH_MORE means that the parser is done.
int pl_parse_push(pl_parser* parser, struct pl_parse_pstate* state, int token, union pl_parse_value* value,
                  pl_span* span) {
  count_nesting(parser, token, *span);
  if (parser->stop) {
    return YYPUSH_MORE;
  }
  const int result = pl_parse_push_parse(state, token, value, span, parser);
  parser->previous = *span;
  parser->previous_token = token;
  return result;
}

/// Push tokens until the parser is done or the parse is stopped. *tokens counts those before the end.
static pl_status push_all(pl_parser* parser, void* scanner, struct pl_parse_pstate* state, size_t* tokens) {
  int result = YYPUSH_MORE;
  for (int token = -1; token != 0 && result == YYPUSH_MORE && !parser->stop;) {
    union pl_parse_value value;
    pl_span span;
    token = pl_parse_token(parser, scanner, &value, &span);
    if (*tokens == 0 && (token == 0 || token == ';')) {
      continue;  // nothing before the end, or an empty statement
    }
    ++*tokens;
    result = pl_parse_push(parser, state, token, &value, &span);
  }
  return parser->status;
}

pl_status pl_parse(const pl_lang_context* context, pl_str text, pl_arena* arena, pl_ast** root) {
  *root = NULL;
  pl_parser* const parser = PL_ARENA_NEW(arena, pl_parser);
  if (!parser) {
    return pl_mem_status(arena->mem);
  }
  void* scanner = NULL;
  PL_TRY(pl_parse_begin(parser, context, text, arena, &scanner));
  struct pl_parse_pstate* const state = pl_parse_new(parser);
  if (!state) {
    return pl_mem_status(arena->mem);
  }
  size_t tokens = 0;
  PL_TRY(push_all(parser, scanner, state, &tokens));
  assert(parser->root || tokens == 0);
  *root = parser->root;
  return PL_OK;
}
