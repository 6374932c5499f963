/// Habits of people who come from other languages: see habits.h. Each hint shows the right form.
#include "lang/habits.h"

#include "lang/keywords.h"
#include "lang/parser.gen.h"

enum { WORD_BYTES_MAX = 40 };

/// What is known of the place of an error.
typedef struct place {
  pl_parser* parser;
  const pl_expectation* expected;
  pl_span span;   ///< of the word met
  pl_str word;    ///< as written
  pl_str folded;  ///< in lower case; empty if it is long
  char first;     ///< its first byte; 0 at the end of the text
  char next;      ///< first byte after the word and the spaces behind it
  bool end;       ///< the text ends here
} place;

#define SAY(p, ...) (pl_error_hint((p)->parser->err, __VA_ARGS__), true)

static bool is_word_start(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }

static bool is(const place* p, const char* word) { return pl_str_eq(p->folded, pl_str_c(word)); }

/// Text of the token before, in the query.
static pl_str before(const place* p) {
  const pl_span span = p->parser->previous;
  return (pl_str){p->parser->text.data + span.start, span.end - span.start};
}

/* --- words of other languages --- */

typedef struct slip {
  const char* word;  ///< in lower case
  const char* hint;  ///< what to do instead
} slip;

static const slip slips[] = {
    {"select", "a query says first what to find, then what to show: `match ?x verb ?y return ?x`"},
    {"filter", "conditions are written `where ...`"},
    {"having", "a condition on groups is a `where` after `with`: `with ?x, count(?y) as ?n where ?n > 1`"},
    {"group", "grouping is implicit: items of `with` or `return` without an aggregate are the keys"},
    {"create", "facts are written with `insert ( ... )`"},
    {"merge", "facts are written with `insert ( ... )`; a fact that is there already stays one"},
    {"construct", "facts are given back with `return graph ( ... )`"},
    {"ask", "a yes or no question is `exists ( ... )`"},
    {"bind", "a value is named with `let ?x = ...`"},
    {"unwind", "lists are taken apart with `for ?x in ...`"},
    {"values", "lists are taken apart with `for ?x in [ ... ]`"},
    {"minus", "absence is written `not ( ... )`"},
    {"offset", "rows are skipped with `skip n`, which stands before `limit`"},
    {"service", "only this store can be asked"},
    {"is", "missing values are found with `bound(?x)` or `not bound(?x)`"},
    {"like", "text is compared with `?x ~ \"word\"`, `contains(?x, \"...\")`, `starts_with` or `matches`"},
    {"contains", "it is a function: `contains(?x, \"...\")`"},
    {"between", "ranges are written `?x in a..b`"},
    {"from", "sources are a lens before the query: `according to SOURCE match ...`"},
    {"call", "functions stand in expressions: `let ?x = f(?y)`"},
    {"set", "facts are changed with `delete ( ... ) insert ( ... )` after a `match`"},
    {"remove", "facts are taken out with `delete ( ... )`"},
};

/// Words in capitals, with the form that usually follows them.
static bool hint_update_form(const place* p) {
  if (is(p, "insert")) {
    return SAY(p, "facts are written `insert ( Subject verb Object )`, in lower case and in parentheses");
  }
  if (is(p, "delete")) {
    return SAY(p, "facts are taken out with `match PATTERN delete ( Subject verb Object )`, in lower case");
  }
  if (is(p, "match") && p->next == '(') {
    return SAY(p, "patterns have no brackets and arrows: `match ?a verb ?b return ?a`, in lower case");
  }
  return false;
}

static bool hint_slip(const place* p) {
  for (size_t i = 0; i < PL_COUNT_OF(slips); i++) {
    if (is(p, slips[i].word)) {
      return SAY(p, "%s", slips[i].hint);
    }
  }
  if (!pl_lang_reserved(p->folded) || pl_str_eq(p->folded, p->word)) {
    return false;
  }
  return hint_update_form(p) ||
         SAY(p, "words of the language are written in lower case: `%.*s`", (int)p->folded.len, p->folded.data);
}

/// A word near one that could stand here.
static bool hint_near(const place* p) {
  pl_str candidates[64];
  size_t count = 0;
  if (!is_word_start(p->first) || pl_expects(p->expected, "a name")) {
    return false;
  }
  for (int i = 0; i < p->expected->count && count < PL_COUNT_OF(candidates); i++) {
    const char* const name = p->expected->names[i];
    if (pl_keyword_find(pl_str_c(name)) != SIZE_MAX && strlen(name) > 1) {
      candidates[count++] = pl_str_c(name);
    }
  }
  const size_t best = pl_suggest(p->word, candidates, count);
  return best != SIZE_MAX && SAY(p, "did you mean `%s`?", candidates[best].data);
}

/* --- brackets and arrows --- */

static bool hint_open_bracket(const place* p, bool clause) {
  pl_parser* const parser = p->parser;
  const bool closing = p->first == ')' || p->first == ']' || p->first == '}';
  if (parser->open_count == 0 || (!p->end && !clause && !closing)) {
    return false;
  }
  // A closing bracket was already taken off when it was counted.
  const uint32_t top = parser->open_count - 1;
  uint32_t line;
  uint32_t column;
  pl_parse_position(&parser->source, parser->open_span[top].start, &line, &column);
  return SAY(p, "the `%c` at %u:%u is not closed", parser->open_char[top], (unsigned)line, (unsigned)column);
}

static bool hint_brackets(const place* p) {
  const int previous = p->parser->previous_token;
  if (previous == '-' && (p->first == '[' || p->first == '>')) {
    return SAY(p, "patterns are written without arrows: `?a verb ?b`");
  }
  if (previous == PL_TOK_MATCH && p->first == '(') {
    return SAY(p, "a pattern after `match` has no parentheses: `match ?a verb ?b . ?b verb ?c`");
  }
  if (p->first == '{' && previous != PL_TOK_VAR) {
    return SAY(p, "groups stand in parentheses; `{ }` holds the annotations of a fact");
  }
  if (p->first == '[' && previous == PL_TOK_VAR) {
    return SAY(p, "a verb stands without brackets: `?a verb ?b`");
  }
  if (previous == PL_TOK_INSERT || previous == PL_TOK_DELETE) {
    return SAY(p, "what is written stands in parentheses: `%.*s ( Subject verb Object )`", (int)before(p).len,
               before(p).data);
  }
  if (p->first == '!') {
    return SAY(p, "write `not ( ... )`");
  }
  return false;
}

/* --- the order of things --- */

static bool hint_order(const place* p) {
  if ((is(p, "limit") || is(p, "skip") || is(p, "order")) && pl_expects(p->expected, "return")) {
    return SAY(p, "`%.*s` stands after the items of `return` or `with`", (int)p->word.len, p->word.data);
  }
  if (is(p, "skip")) {
    return SAY(p, "`skip` stands before `limit`");
  }
  if (is(p, "where") && pl_expects(p->expected, "limit")) {
    return SAY(p, "conditions come before `return`; on groups: `with ?x, count(?y) as ?n where ?n > 1 return ?x`");
  }
  if (is(p, "exists") && p->parser->previous_token == PL_TOK_NOT) {
    return SAY(p, "absence in a pattern is written `not ( ... )`; in a condition `not exists ( ... )`");
  }
  if (p->parser->previous_token == PL_TOK_AS && is_word_start(p->first)) {
    return SAY(p, "a new name is a variable: `as ?%.*s`", (int)p->word.len, p->word.data);
  }
  return false;
}

static bool is_term_start(const place* p) {
  return p->first == '?' || p->first == '$' || (is_word_start(p->first) && !pl_lang_reserved(p->word));
}

static bool hint_list(const place* p) {
  const pl_str text = p->parser->text;
  const char touching = p->span.end < text.len ? text.data[p->span.end] : '\0';
  const bool joined = p->parser->previous.end == p->span.start;
  if (p->parser->previous_token == PL_TOK_VAR && p->first == '.' && joined && is_word_start(touching)) {
    return SAY(p, "a property is read by matching it: `match ?x name ?value`");
  }
  if (pl_expects(p->expected, "'.'") && is_term_start(p)) {
    return SAY(p, "put ` . ` between two patterns, `;` before another verb of the same subject");
  }
  if (pl_expects(p->expected, "skip") && is_term_start(p)) {
    return SAY(p, "put `,` between the items: `return ?x, ?y`");
  }
  if (p->parser->previous_token == PL_TOK_VAR && is_term_start(p) && pl_expects(p->expected, "and")) {
    return SAY(p, "a pattern in a condition is written `exists ( ?x verb ?y )`; patterns belong to `match`");
  }
  return false;
}

/// A word of the language that stood in capitals earlier in the text, and was read as a name.
static bool hint_shouted(const place* p) {
  const pl_span shouted = p->parser->shouted;
  if (shouted.end == 0) {
    return false;
  }
  char lower[WORD_BYTES_MAX] = "";  // the scanner notes short words only
  for (uint32_t i = 0; i < shouted.end - shouted.start; i++) {
    lower[i] = (char)(p->parser->text.data[shouted.start + i] | 0x20);
  }
  return SAY(p, "words of the language are written in lower case: `%s`", lower);
}

static bool hint_reserved(const place* p) {
  return pl_lang_reserved(p->word) && pl_expects(p->expected, "a name") &&
         SAY(p, "`%.*s` is a reserved word; as a name it stands between backquotes", (int)p->word.len, p->word.data);
}

void pl_hint_habit(pl_parser* parser, const pl_expectation* expected, pl_span span, pl_str word, bool end) {
  char lower[WORD_BYTES_MAX + 1] = "";
  const size_t len = word.len < WORD_BYTES_MAX ? word.len : 0;
  for (size_t i = 0; i < len; i++) {
    const char c = word.data[i];
    lower[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  }
  place p = {.parser = parser, .expected = expected, .span = span, .word = word, .folded = {lower, len}, .end = end};
  p.first = word.len ? word.data[0] : '\0';
  size_t at = span.end;
  while (at < parser->text.len && (parser->text.data[at] == ' ' || parser->text.data[at] == '\n')) {
    at++;
  }
  p.next = at < parser->text.len ? parser->text.data[at] : '\0';
  const bool clause = pl_is_clause_word(lower) && pl_str_eq(p.folded, word);
  (void)(hint_open_bracket(&p, clause) || hint_brackets(&p) || hint_slip(&p) || hint_order(&p) || hint_shouted(&p) ||
         hint_near(&p) || clause || hint_list(&p) || hint_reserved(&p));
}
