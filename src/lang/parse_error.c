/// Syntax errors in words: what was met, and what could have stood there (at most five things). What to write instead is
/// habits.c's business.
#include "lang/habits.h"
#include "lang/keywords.h"

#include <stdio.h>

enum { EXPECTED_SHOWN = 5, WORD_BYTES_MAX = 40 };

/* --- what was expected --- */

bool pl_expects(const pl_expectation* e, const char* name) {
  for (int i = 0; i < e->count; i++) {
    if (!strcmp(e->names[i], name)) {
      return true;
    }
  }
  return false;
}

bool pl_is_clause_word(const char* name) {
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

static summary summarize(const pl_expectation* e) {
  int clauses = 0;
  for (int i = 0; i < e->count; i++) {
    clauses += pl_is_clause_word(e->names[i]);
  }
  const bool name = pl_expects(e, "a name") && pl_expects(e, "a variable");
  return (summary){.term = name && pl_expects(e, "a string"),
                   .verb = name && !pl_expects(e, "a string"),
                   .operators = pl_expects(e, "'<'"),
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
static int list_expected(const pl_expectation* e, char (*out)[48]) {
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
                         (all.operators && is_operator_symbol(name)) || (all.clauses && pl_is_clause_word(name));
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

static void join_expected(const pl_expectation* e, char* out, size_t size) {
  char things[EXPECTED_SHOWN + 1][48];
  const int count = list_expected(e, things);
  size_t len = 0;
  for (int i = 0; i < count; i++) {
    const char* const before = i == 0 ? "" : i + 1 == count ? " or " : ", ";
    len += (size_t)snprintf(out + len, size - len, "%s%s", before, things[i]);
  }
}

/* --- the message --- */

void pl_parse_unexpected(pl_parser* parser, const char* symbol, pl_span span, const char* const* expected, int count) {
  const bool end = !strcmp(symbol, "end of query");
  if (parser->quiet || parser->stop) {
    return;
  }
  if (count == 1 && !strcmp(expected[0], "end of query")) {
    pl_parse_failed(parser, pl_fail_at(parser->err, &parser->source, span, PL_MSG_SECOND_STATEMENT));
    return;
  }
  const pl_expectation e = {expected, count};
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
  pl_hint_habit(parser, &e, span, word, end);
}
