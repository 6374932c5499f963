/// Syntax errors in words: what was met, what could have stood there (at most five things), and for slips that people
/// from other languages make, what to write instead.
#include "lang/keywords.h"
#include "lang/parse.h"
#include "lang/parser.gen.h"

#include <stdio.h>

enum { EXPECTED_SHOWN = 5, WORD_BYTES_MAX = 40 };

typedef struct expectation {
  const char* const* names;  ///< symbols that could come
  int count;                 ///< how many
} expectation;

static bool expects(const expectation* e, const char* name) {
  for (int i = 0; i < e->count; i++) {
    if (!strcmp(e->names[i], name)) {
      return true;
    }
  }
  return false;
}

/* --- what was expected --- */

static bool is_clause_word(const char* name) {
  static const char* const words[] = {"match", "where", "let", "for", "with", "return", "insert", "delete"};
  for (size_t i = 0; i < PL_COUNT_OF(words); i++) {
    if (!strcmp(name, words[i])) {
      return true;
    }
  }
  return false;
}

/// Symbols that only say again that a term, an operator or a clause could stand here.
typedef struct summary {
  bool term;       ///< a variable, a name or a value
  bool verb;       ///< a variable or a name, but no value
  bool operators;  ///< several of them
  bool clauses;    ///< several of them
} summary;

static summary summarize(const expectation* e) {
  int clauses = 0;
  for (int i = 0; i < e->count; i++) {
    clauses += is_clause_word(e->names[i]);
  }
  const bool name = expects(e, "a name") && expects(e, "a variable");
  return (summary){.term = name && expects(e, "a string"),
                   .verb = name && !expects(e, "a string"),
                   .operators = expects(e, "'<'") && expects(e, "'>'"),
                   .clauses = clauses > 2};
}

static bool is_term_symbol(const char* name) {
  static const char* const words[] = {"true", "false", "null", "exists", "if",  "not", "_",
                                      "'('",  "'['",   "'-'",  "'!'",    "'^'", "'~'"};
  const size_t i = pl_keyword_find(pl_str_c(name));
  if (!strncmp(name, "a ", 2) || !strncmp(name, "an ", 3) || (i != SIZE_MAX && !pl_keywords[i].reserved)) {
    return true;
  }
  for (size_t k = 0; k < PL_COUNT_OF(words); k++) {
    if (!strcmp(name, words[k])) {
      return true;
    }
  }
  return false;
}

static bool is_operator_symbol(const char* name) {
  static const char* const words[] = {"'='", "!=",  "'<'", "<=",  "'>'", ">=", "'~'", "in", "'+'",
                                      "'-'", "'*'", "'/'", "'%'", "'['", "..", "and", "or", "not"};
  for (size_t i = 0; i < PL_COUNT_OF(words); i++) {
    if (!strcmp(name, words[i])) {
      return true;
    }
  }
  return false;
}

/// The things expected, each once, most telling first.
static int list_expected(const expectation* e, char (*out)[48]) {
  const summary all = summarize(e);
  int count = 0;
  if (all.term || all.verb) {
    (void)snprintf(out[count++], sizeof(*out), "%s", all.term ? "a variable, name or value" : "a verb");
  }
  if (all.clauses) {
    (void)snprintf(out[count++], sizeof(*out), "a clause such as `match` or `return`");
  }
  for (int i = 0; i < e->count && count < EXPECTED_SHOWN; i++) {
    const char* const name = e->names[i];
    const bool covered = ((all.term || all.verb) && is_term_symbol(name)) ||
                         (all.operators && is_operator_symbol(name)) || (all.clauses && is_clause_word(name)) ||
                         !strcmp(name, "$undefined");
    if (covered) {
      continue;
    }
    const bool quoted = name[0] == '\'' || !strchr(name, ' ');
    const int len = (int)strlen(name) - (name[0] == '\'' ? 2 : 0);
    (void)snprintf(out[count++], sizeof(*out), quoted ? "`%.*s`" : "%.*s", len, name + (name[0] == '\''));
  }
  if (all.operators && count < EXPECTED_SHOWN) {
    (void)snprintf(out[count++], sizeof(*out), "an operator");
  }
  return count;
}

static void join_expected(const expectation* e, char* out, size_t size) {
  char things[EXPECTED_SHOWN + 1][48];
  const int count = list_expected(e, things);
  size_t len = 0;
  for (int i = 0; i < count; i++) {
    const char* const before = i == 0 ? "" : i + 1 == count ? " or " : ", ";
    const int written = snprintf(out + len, size - len, "%s%s", before, things[i]);
    len += written > 0 ? (size_t)written : 0;
    if (len >= size) {
      return;
    }
  }
}

/* --- hints --- */

typedef struct slip {
  const char* word;  ///< in lower case
  const char* hint;  ///< what to do instead
} slip;

static const slip slips[] = {
    {"select", "a query says first what to find, then what to show: `match ?x verb ?y return ?x`"},
    {"filter", "conditions are written `where ...`"},
    {"having", "a condition on groups is a `where` after `with`"},
    {"group", "grouping is implicit: items of `with` or `return` without an aggregate are the keys"},
    {"create", "facts are written with `insert ( ... )`"},
    {"merge", "facts are written with `insert ( ... )`; a fact that is there already stays one"},
    {"construct", "facts are given back with `return graph ( ... )`"},
    {"ask", "a yes or no question is `exists ( ... )`"},
    {"bind", "a value is named with `let ?x = ...`"},
    {"unwind", "lists are taken apart with `for ?x in ...`"},
    {"values", "lists are taken apart with `for ?x in [ ... ]`"},
    {"minus", "absence is written `not ( ... )`"},
    {"offset", "rows are skipped with `skip n`"},
    {"service", "only this store can be asked"},
    {"is", "missing values are found with `bound(?x)` or `not bound(?x)`"},
    {"like", "text is compared with `contains(?x, \"...\")`, `starts_with` or `matches`"},
    {"between", "ranges are written `?x in a..b`"},
};

static bool hint_slip(pl_parser* parser, pl_str word) {
  char lower[WORD_BYTES_MAX];
  if (word.len == 0 || word.len >= sizeof(lower)) {
    return false;
  }
  for (size_t i = 0; i < word.len; i++) {
    const char c = word.data[i];
    lower[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  }
  const pl_str folded = {lower, word.len};
  for (size_t i = 0; i < PL_COUNT_OF(slips); i++) {
    if (pl_str_eq(folded, pl_str_c(slips[i].word))) {
      pl_error_hint(parser->err, "%s", slips[i].hint);
      return true;
    }
  }
  if (pl_lang_reserved(folded) && !pl_str_eq(folded, word)) {
    pl_error_hint(parser->err, "words of the language are written in lower case: `%.*s`", (int)folded.len, lower);
    return true;
  }
  return false;
}

/// A word near one that could stand here.
static bool hint_near(pl_parser* parser, const expectation* e, pl_str word) {
  pl_str candidates[64];
  size_t count = 0;
  for (int i = 0; i < e->count && count < PL_COUNT_OF(candidates); i++) {
    if (pl_keyword_find(pl_str_c(e->names[i])) != SIZE_MAX && strlen(e->names[i]) > 1) {
      candidates[count++] = pl_str_c(e->names[i]);
    }
  }
  const size_t best = pl_suggest(word, candidates, count);
  if (best == SIZE_MAX) {
    return false;
  }
  pl_error_hint(parser->err, "did you mean `%s`?", candidates[best].data);
  return true;
}

static bool is_word_start(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }

static bool hint_open_bracket(pl_parser* parser, bool end, char met) {
  if (parser->open_count == 0 || (!end && met != ')' && met != ']' && met != '}')) {
    return false;
  }
  // A closing bracket was already taken off when it was counted.
  const uint32_t top = parser->open_count - 1;
  uint32_t line;
  uint32_t column;
  pl_parse_position(&parser->source, parser->open_span[top].start, &line, &column);
  pl_error_hint(parser->err, "the `%c` at %u:%u is not closed", parser->open_char[top], (unsigned)line,
                (unsigned)column);
  return true;
}

static bool hint_shape(pl_parser* parser, const expectation* e, pl_span span, pl_str word) {
  const pl_str text = parser->text;
  const char next = span.end < text.len ? text.data[span.end] : '\0';
  const char first = word.len ? word.data[0] : '\0';
  if (parser->previous_token == PL_TOK_VAR && first == '.' && parser->previous.end == span.start &&
      is_word_start(next)) {
    pl_error_hint(parser->err, "a property is read by matching it: `match ?x name ?value`");
    return true;
  }
  if (parser->previous_token == '-' && (first == '[' || first == '>')) {
    pl_error_hint(parser->err, "patterns are written without arrows: `?a verb ?b`");
    return true;
  }
  if (parser->previous_token == PL_TOK_MATCH && first == '(') {
    pl_error_hint(parser->err, "a pattern after `match` has no parentheses: `match ?a verb ?b . ?b verb ?c`");
    return true;
  }
  if (first == '{' && parser->previous_token != PL_TOK_VAR) {
    pl_error_hint(parser->err, "groups stand in parentheses; `{ }` holds the annotations of a fact");
    return true;
  }
  if (expects(e, "'.'") && (first == '?' || first == '$' || is_word_start(first)) && !pl_lang_reserved(word)) {
    pl_error_hint(parser->err, "put ` . ` between two patterns, `;` before another verb of the same subject");
    return true;
  }
  if (pl_lang_reserved(word) && expects(e, "a name")) {
    pl_error_hint(parser->err, "`%.*s` is a reserved word; as a name it stands between backquotes", (int)word.len,
                  word.data);
    return true;
  }
  return false;
}

static void hint(pl_parser* parser, const expectation* e, pl_span span, pl_str word, bool end) {
  char name[WORD_BYTES_MAX + 1] = "";
  memcpy(name, word.data, word.len < WORD_BYTES_MAX ? word.len : 0);
  const bool clause = is_clause_word(name);
  (void)(hint_open_bracket(parser, end || clause, word.len ? word.data[0] : '\0') || hint_slip(parser, word) ||
         (word.len && is_word_start(word.data[0]) && !expects(e, "a name") && hint_near(parser, e, word)) || clause ||
         hint_shape(parser, e, span, word));
}

/* --- the message --- */

void pl_parse_unexpected(pl_parser* parser, const char* symbol, pl_span span, const char* const* expected, int count) {
  const bool end = !strcmp(symbol, "end of query");
  const bool quiet = parser->quiet;
  if (quiet || parser->stop) {
    return;
  }
  if (count == 1 && !strcmp(expected[0], "end of query") && parser->previous_token == ';') {
    pl_parse_failed(parser, pl_fail_at(parser->err, &parser->source, span, PL_MSG_SECOND_STATEMENT));
    return;
  }
  const expectation e = {expected, count};
  const pl_str word = {parser->text.data + span.start, span.end - span.start};
  const int shown = word.len < WORD_BYTES_MAX ? (int)word.len : WORD_BYTES_MAX;
  char met[WORD_BYTES_MAX + 16];
  (void)snprintf(met, sizeof(met), end ? "end of the query" : "`%.*s%s`", shown, word.data,
                 (size_t)shown < word.len ? "..." : "");
  char things[EXPECTED_SHOWN * 48 + 32] = "";
  join_expected(&e, things, sizeof(things));
  pl_parse_failed(
      parser, pl_fail_at(parser->err, &parser->source, span, PL_MSG_SYNTAX, met, *things ? "; expected " : "", things));
  parser->quiet = false;  // the parser itself stays silent until it has found its feet again
  hint(parser, &e, span, word, end);
}
