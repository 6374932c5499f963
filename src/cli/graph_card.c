// A fact with its sources in few words or as JSON; `describe` as a card for each term.
#include "graph.h"
#include "printer.h"
#include "textset.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

char* graph_fact_sources(const graph_fact* fact) {
  char* text = NULL;
  size_t len = 0;
  bool first = true;
  FILE* const out = cli_need(open_memstream(&text, &len));
  for (size_t i = 0; i < fact->said_count; i++) {
    const char* const source = fact->said[i].source;
    bool again = source == NULL;
    for (size_t j = 0; j < i && !again; j++) {
      again = fact->said[j].source && !strcmp(fact->said[j].source, source);
    }
    if (!again) {
      fprintf(out, "%s%s", first ? "" : ", ", source);
      first = false;
    }
  }
  fclose(out);
  return cli_need(text);
}

static void json_fact(graph* g, const graph_fact* fact) {
  FILE* const out = g->session->out;
  static const char* const keys[] = {"{\"subject\": ", ", \"predicate\": ", ", \"object\": "};
  for (size_t i = 0; i < 3; i++) {
    fputs(keys[i], out);
    cli_json_value(out, &fact->terms[i].v, fact->terms[i].name);
  }
  fprintf(out, ", \"confidence\": %.6g, \"assertions\": [", fact->confidence);
  for (size_t i = 0; i < fact->said_count; i++) {
    fprintf(out, "%s%s", i ? ", " : "", fact->said[i].json);
  }
  fputs(fact->plain ? fact->said_count ? ", {\"plain\": true}]}" : "{\"plain\": true}]}" : "]}", out);
}

parley_status graph_print_json(graph* g) {
  FILE* const out = g->session->out;
  parley_status status;
  fputc('[', out);
  while ((status = parley_step(g->query)) == PARLEY_ROW && !ferror(out)) {
    graph_fact fact;
    const parley_status read = graph_fact_read(g, &fact);
    if (read != PARLEY_OK) {
      return read;
    }
    fputs(g->session->rows ? ",\n " : "\n ", out);
    json_fact(g, &fact);
    graph_fact_free(&fact);
    g->session->rows++;
  }
  if (status == PARLEY_DONE) {  // else left open: cut off
    fputs(g->session->rows ? "\n]\n" : "]\n", out);
  }
  return status;
}

// ---- cards ----

enum { FACTS_MAX = 100000 };

typedef struct card {
  graph* g;
  textset terms;   // subjects and objects as N-Triples
  size_t term;     // number of the one described
  size_t* keys;    // two numbers by fact: subject, object
  size_t* counts;  // by number: facts not shown yet
  bool* shown;     // by fact: on a card already
  size_t width;    // of the terminal, 0 if there is none
} card;

static void put_line(const card* c, size_t indent, const char* text) {
  fprintf(c->g->session->out, "%*s", (int)indent, "");
  cli_text_print(c->g->session->out, text, strlen(text), c->width > indent + 20 ? c->width - indent : 0);
  fputc('\n', c->g->session->out);
}

static void put_said(const card* c, const graph_fact* fact) {
  for (size_t i = 0; i < fact->said_count; i++) {
    put_line(c, 6, fact->said[i].text);
  }
}

// Facts of the card whose subject (or object) is the term, the other two parts in columns.
static void put_side(const card* c, size_t side, size_t first, size_t second) {
  FILE* const out = c->g->session->out;
  size_t widest = 0, count = 0;
  for (size_t pass = 0; pass < 2; pass++) {
    for (size_t i = 0; i < c->g->count; i++) {
      const graph_fact* const fact = &c->g->facts[i];
      const bool loop = c->keys[i * 2] == c->keys[i * 2 + 1];
      if (c->keys[i * 2 + (side == OBJECT)] != c->term || (side == OBJECT && loop)) {
        continue;
      }
      const char *a = fact->terms[first].name, *b = fact->terms[second].name;
      const size_t cells = cli_text_width(a, strlen(a));
      if (pass == 0) {
        widest = cells > widest && cells <= 40 ? cells : widest;
        continue;
      }
      fputs(count++ ? "" : side == SUBJECT ? "  facts from it\n" : "  facts to it\n", out);
      fputs("    ", out);
      cli_text_print(out, a, strlen(a), 0);
      fprintf(out, "%*s", cells < widest ? (int)(widest - cells) + 2 : 2, "");
      cli_text_print(out, b, strlen(b), c->width > widest + 26 ? c->width - widest - 6 : 0);
      fputc('\n', out);
      put_said(c, fact);
      c->shown[i] = true;
    }
  }
}

static void put_card(card* c, const graph_term* term, size_t number) {
  FILE* const out = c->g->session->out;
  const char* const label = cli_names_of(c->g->names, &term->v)->label;
  fputs(number ? "\n" : "", out);
  cli_text_print(out, term->name, strlen(term->name), 0);
  if (strcmp(label, term->name)) {
    fputs("  ", out);
    cli_text_print(out, label, strlen(label), 0);
  }
  fputc('\n', out);
  put_side(c, SUBJECT, PREDICATE, OBJECT);
  put_side(c, OBJECT, SUBJECT, PREDICATE);
}

static bool inside_word(char c) { return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || strchr("_-:.", c); }

// True if the text holds the name as a word of its own; a space and `_` are the same.
static bool holds(const char* text, size_t len, const char* name) {
  const size_t n = strlen(name);
  for (size_t i = 0; n > 0 && i + n <= len; i++) {
    size_t same = 0;
    while (same < n && (text[i + same] == name[same] || (text[i + same] == ' ' && name[same] == '_'))) {
      same++;
    }
    if (same == n && (i == 0 || !inside_word(text[i - 1])) && (i + n == len || !inside_word(text[i + n]))) {
      return true;
    }
  }
  return false;
}

// True if the statement, or a parameter, names the term.
static bool named(card* c, const graph_term* term) {
  const cli_session* const session = c->g->session;
  const char* const label = cli_names_of(c->g->names, &term->v)->label;
  bool found = holds(session->text, session->text_len, term->name) || holds(session->text, session->text_len, label);
  for (size_t i = 0; i < session->param_count && !found; i++) {
    const parley_value* const v = &session->params[i].value;
    found = v->text && (!strcmp(v->text, term->v.text) || holds(v->text, strlen(v->text), term->name));
  }
  return found;
}

// The terms described are those that the facts have in common: the one in most of the facts left comes next. Where that
// is not clear, the one that the statement names.
static const graph_term* next_term(card* c) {
  const graph_term* best = NULL;
  size_t best_count = 0;
  bool best_named = false;
  memset(c->counts, 0, c->terms.count * sizeof *c->counts);
  for (size_t i = 0; i < c->g->count * 2; i++) {
    c->counts[c->keys[i]] += !c->shown[i / 2] && (i % 2 == 0 || c->keys[i] != c->keys[i - 1]);
  }
  for (size_t i = 0; i < c->g->count * 2; i++) {
    const graph_term* const term = &c->g->facts[i / 2].terms[i % 2 ? OBJECT : SUBJECT];
    const size_t count = c->counts[c->keys[i]];
    if (c->shown[i / 2] || count < best_count || (best && c->keys[i] == c->term)) {
      continue;
    }
    const bool is_named = count == best_count && best_named ? false : named(c, term);
    if (count > best_count || (is_named && !best_named)) {
      best_count = count;
      best_named = is_named;
      best = term;
      c->term = c->keys[i];
    }
  }
  return best;
}

static void read_keys(card* c) {
  for (size_t i = 0; i < c->g->count * 2; i++) {
    char* const key = cli_nt_text(&c->g->facts[i / 2].terms[i % 2 ? OBJECT : SUBJECT].v);
    c->keys[i] = textset_add(&c->terms, key);
    free(key);
  }
}

parley_status graph_print_card(graph* g) {
  const parley_status status = graph_read_all(g, FACTS_MAX);
  card c = {.g = g, .width = (size_t)cli_width(g->session->out)};
  if (status != PARLEY_DONE) {
    return status;
  }
  if (g->count == 0) {
    fputs("no facts\n", g->session->out);
    return status;
  }
  c.shown = cli_need(calloc(g->count, sizeof *c.shown));
  c.keys = cli_need(calloc(g->count * 2, sizeof *c.keys));
  read_keys(&c);
  c.counts = cli_need(calloc(c.terms.count, sizeof *c.counts));
  size_t number = 0;
  for (const graph_term* term; (term = next_term(&c)); number++) {
    put_card(&c, term, number);
  }
  free(c.counts);
  free(c.keys);
  free(c.shown);
  textset_free(&c.terms);
  return status;
}
