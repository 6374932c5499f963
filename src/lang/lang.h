/// From query text to algebra: scanner and parser (grammar/), AST, binder.
#ifndef PL_LANG_LANG_H
#define PL_LANG_LANG_H

#include "algebra/algebra.h"

#define PL_QUERY_BYTES_MAX ((size_t)16 << 20)  ///< longest query text
#define PL_NESTING_MAX 200u                    ///< deepest nesting of parentheses, brackets and expressions
#define PL_SLOTS_MAX 4096u                     ///< variables of one query, hidden ones included
#define PL_PARTS_MAX 4096u                     ///< prefixes, parameters of a query; items, order keys of a clause
#define PL_VERBS_MAX 100000u                   ///< verbs of all paths of one query, those of defined names included
#define PL_LIST_MAX 100000u                    ///< elements of one written list

/// What the binder may ask; all borrowed.
typedef struct pl_lang_context {
  const pl_names* names;  ///< base and prefixes of the store
  pl_txn* txn;      ///< for warnings about unknown predicates and classes with suggestions; NULL = no such warnings
  pl_error* err;    ///< receives errors (up to five) and warnings
  pl_guard* guard;  ///< ends binding in time; may be NULL
} pl_lang_context;

/// Parse and bind ONE statement. Everything of the result lives in `arena`. An empty text (blank, comments) gives
/// PL_NOT_FOUND and no error.
pl_status pl_lang_compile(const pl_lang_context* context, pl_str text, pl_arena* arena, pl_query** out);

/// Length in bytes of the first statement of a script, its `;` included; *complete false if no `;` ended it. Comments
/// and strings are respected. Never fails; linear time.
size_t pl_lang_statement(pl_str script, bool* complete);

/// Print stages for `.tokens` and `.ast`, and for golden tests.
pl_status pl_lang_print_tokens(const pl_lang_context* context, pl_str text, pl_buf* out);
pl_status pl_lang_print_ast(const pl_lang_context* context, pl_str text, pl_arena* arena, pl_buf* out);

/// True for words reserved everywhere (language.md, section 7).
bool pl_lang_reserved(pl_str word);
/// For completion: words that could come after `text` (keywords, from the parser itself); names of kinds "variable",
/// "name" are given as "?" and "<name>".
pl_status pl_lang_expected(pl_str text, pl_arena* arena, pl_str** words, size_t* count);
/// All words of the language with a one-line explanation (completion, help, docs): rows of keywords.def.
typedef struct pl_keyword {
  const char* word;
  bool reserved;
  const char* help;
} pl_keyword;
extern const pl_keyword pl_keywords[];
extern const size_t pl_keyword_count;

#endif
