/// One parse: the state that scanner, grammar and driver share, and the constructors that the grammar calls.
///
/// The driver (parse.c) pulls tokens from the scanner and pushes them into the parser, so it sees every token: it knows
/// the nesting, turns `graph` into a keyword where it is one, and asks the parser what could come next. Errors are
/// recorded at once; a parse that recorded one still goes on to find more, and fails at the end.
#ifndef PL_LANG_PARSE_H
#define PL_LANG_PARSE_H

#include "lang/ast.h"
#include "lang/lang.h"

/// What a token or a rule carries.
union pl_parse_value {
  pl_str text;   ///< tokens: decoded words
  pl_ast* node;  ///< rules
  uint32_t op;   ///< rules that only choose
};

typedef struct pl_parser {
  pl_arena* arena;                      ///< owns the tree and all state
  pl_error* err;                        ///< receives errors; may be NULL
  pl_source source;                     ///< the text, for messages
  pl_str text;                          ///< the statement
  pl_status status;                     ///< first failure; PL_OK while all is well
  bool stop;                            ///< the status is fatal: memory or a limit
  pl_ast* root;                         ///< the statement, once accepted
  uint32_t errors;                      ///< errors recorded
  bool quiet;                           ///< a token of this clause was already reported: what follows from it is not
  pl_ast placeholder;                   ///< what constructors return after a failure
  char* scanner_room;                   ///< scanner: what is left of the memory for its own state
  uint32_t offset;                      ///< scanner: bytes consumed
  uint32_t string_start;                ///< scanner: where the string at hand begins
  uint32_t string_open;                 ///< scanner: where its text begins
  bool string_escapes;                  ///< scanner: it holds a backslash
  bool string_label;                    ///< scanner: it began with `@`
  pl_span previous;                     ///< span of the token before the current one
  int previous_token;                   ///< its number; 0 at the start
  pl_span shouted;                      ///< first word of the language in capitals, read as a name; end = 0: none
  uint32_t depth;                       ///< open brackets and `if`s
  uint32_t depth_prefix;                ///< prefix operators in a row
  uint32_t open_count;                  ///< open brackets
  uint32_t open_depth[PL_NESTING_MAX];  ///< depth before each open bracket
  pl_span open_span[PL_NESTING_MAX];    ///< where it stands
  char open_char[PL_NESTING_MAX];       ///< which it is
} pl_parser;

/// Parse one statement. *root is NULL (and the status PL_OK) for an empty text.
pl_status pl_parse(const pl_lang_context* context, pl_str text, pl_arena* arena, pl_ast** root);

/// Its steps, for those that only look: check the text and begin to scan it; take the next token; push it.
pl_status pl_parse_begin(pl_parser* parser, const pl_lang_context* context, pl_str text, pl_arena* arena,
                         void** scanner);
int pl_parse_token(pl_parser* parser, void* scanner, union pl_parse_value* value, pl_span* span);
bool pl_parse_begins_clause(int token);

// ---- constructors (ast.c) -----------------------------------------------------------------------------------------

/// A node over `count` children; NULL children are left out. Returns a placeholder after a failure, never NULL.
pl_ast* pl_ast_node(pl_parser* parser, pl_ast_kind kind, pl_span span, uint32_t op, pl_ast* const* children,
                    size_t count);
/// A node with text and no children.
pl_ast* pl_ast_leaf(pl_parser* parser, pl_ast_kind kind, pl_span span, pl_str text);
/// Append `item` (which may be NULL) to a list, whose span grows.
pl_ast* pl_ast_add(pl_parser* parser, pl_ast* list, pl_ast* item);
/// `a op b` where the operator is associative: a chain of one operator is one flat node.
pl_ast* pl_ast_chain(pl_parser* parser, pl_ast_kind kind, uint32_t op, pl_span span, pl_ast* a, pl_ast* b);
/// Set op and span of a node just made.
pl_ast* pl_ast_set_op(pl_ast* node, uint32_t op, pl_span span);

// ---- scanner (grammar/parley.l; its helpers: scan.h)
// ---------------------------------------------------------------------------

/// Begin to scan parser->text; *scanner lives in the arena.
pl_status pl_scanner_new(pl_parser* parser, void** scanner);
/// Next token; 0 at the end of the text.
int pl_scanner_next(void* scanner, union pl_parse_value* value, pl_span* span);
// ---- generated parser (grammar/parley.y) --------------------------------------------------------------------------

/// A parser whose stacks live in the arena; NULL on failure.
struct pl_parse_pstate* pl_parse_new(pl_parser* parser);
/// Tokens that could come next as symbol numbers; returns how many (at most `max`).
int pl_parse_expected(struct pl_parse_pstate* state, int* symbols, int max);
/// Human name of a symbol.
const char* pl_parse_symbol(int symbol);
/// Human name of a token.
const char* pl_parse_token_name(int token);
/// Push one token; anything but YYPUSH_MORE means that the parser is done.
int pl_parse_push(pl_parser* parser, struct pl_parse_pstate* state, int token, union pl_parse_value* value,
                  pl_span* span);
/// Report that `symbol` at `span` was not expected (parse_error.c).
void pl_parse_unexpected(pl_parser* parser, const char* symbol, pl_span span, const char* const* expected, int count);

// ---- messages -----------------------------------------------------------------------------------------------------

/// Record a failure that is not about the text (memory), or a limit: the parse ends.
void pl_parse_stop(pl_parser* parser, pl_status status);
/// Report that the nesting limit was passed at `span`, and end the parse.
void pl_parse_too_deep(pl_parser* parser, pl_span span);
/// Note that an error about a token was recorded.
void pl_parse_failed(pl_parser* parser, pl_status status);

/// Line and column (in characters, from 1) of an offset.
void pl_parse_position(const pl_source* source, uint32_t offset, uint32_t* line, uint32_t* column);

#endif
