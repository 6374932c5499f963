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
  size_t* facts;   // those of each term in order, term after term
  size_t* starts;  // by number: where its facts begin; one more for the end
  size_t* counts;  // by number: facts not shown yet
  bool* shown;     // by fact: on a card already
  size_t* heads;   // by count: a term that had so many facts left when it was put there, plus 1
  size_t* nexts;   // by number: the next one of that count, plus 1
  size_t cards;    // shown
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

static bool is_loop(const card* c, size_t fact) { return c->keys[fact * 2] == c->keys[fact * 2 + 1]; }

static void show(card* c, size_t fact) {
  if (!c->shown[fact]) {
    c->shown[fact] = true;
    c->counts[c->keys[fact * 2]]--;
    c->counts[c->keys[fact * 2 + 1]] -= !is_loop(c, fact);
  }
}

// Facts of the card whose subject (or object) is the term, the other two parts in columns.
static void put_side(card* c, size_t side, size_t first, size_t second) {
  FILE* const out = c->g->session->out;
  size_t widest = 0, count = 0;
  for (size_t pass = 0; pass < 2; pass++) {
    for (size_t at = c->starts[c->term]; at < c->starts[c->term + 1] && !cli_interrupted; at++) {
      const size_t i = c->facts[at];
      const graph_fact* const fact = &c->g->facts[i];
      if (c->keys[i * 2 + (side == OBJECT)] != c->term || (side == OBJECT && is_loop(c, i))) {
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
      show(c, i);
    }
  }
}

// A term as some fact holds it.
static const graph_term* term_of(const card* c, size_t number) {
  const size_t fact = c->facts[c->starts[number]];
  return &c->g->facts[fact].terms[c->keys[fact * 2] == number ? SUBJECT : OBJECT];
}

static void put_card(card* c, size_t number) {
  FILE* const out = c->g->session->out;
  const graph_term* const term = term_of(c, number);
  c->term = number;
  const char* const label = cli_names_of(c->g->names, &term->v)->label;
  fputs(c->cards++ ? "\n" : "", out);
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

// Put a term among those with as many facts left.
static void file_term(card* c, size_t term) {
  c->nexts[term] = c->heads[c->counts[term]];
  c->heads[c->counts[term]] = term + 1;
}

static int by_number(const void* a, const void* b) {
  const size_t x = *(const size_t*)a, y = *(const size_t*)b;
  return (x > y) - (x < y);
}

// Take the terms that were filed under a count; those that have fewer facts left by now are filed anew.
static size_t take_filed(card* c, size_t count, size_t* terms) {
  size_t taken = 0;
  for (size_t at = c->heads[count], next; at; at = next) {
    next = c->nexts[at - 1];
    if (c->counts[at - 1] == count) {
      terms[taken++] = at - 1;
    } else {
      file_term(c, at - 1);
    }
  }
  qsort(terms, taken, sizeof *terms, by_number);
  return taken;
}

// The terms described are those that the facts have in common: the one in most of the facts left comes next. Where that
// is not clear, the one that the statement names. What is left never grows, so the counts are gone through downwards.
static void put_cards(card* c) {
  size_t* const terms = cli_need(calloc(c->terms.count, sizeof *terms));
  for (size_t i = 0; i < c->terms.count; i++) {
    file_term(c, i);
  }
  for (size_t count = c->g->count; count > 0 && !cli_interrupted; count--) {
    const size_t taken = take_filed(c, count, terms);
    for (size_t pass = taken > 1 ? 0 : 1; pass < 2; pass++) {
      for (size_t i = 0; i < taken && !cli_interrupted; i++) {
        if (c->counts[terms[i]] == count && (pass == 1 || named(c, term_of(c, terms[i])))) {
          put_card(c, terms[i]);
        }
      }
    }
    for (size_t i = 0; i < taken; i++) {
      if (c->counts[terms[i]] > 0 && c->counts[terms[i]] < count) {
        file_term(c, terms[i]);
      }
    }
  }
  free(terms);
}

static void read_keys(card* c) {
  for (size_t i = 0; i < c->g->count * 2; i++) {
    char* const key = cli_nt_text(&c->g->facts[i / 2].terms[i % 2 ? OBJECT : SUBJECT].v);
    c->keys[i] = textset_add(&c->terms, key);
    free(key);
  }
}

// The facts of each term, counted, then placed.
static void index_facts(card* c) {
  for (size_t i = 0; i < c->g->count * 2; i++) {
    c->counts[c->keys[i]] += i % 2 == 0 || !is_loop(c, i / 2);
  }
  for (size_t i = 0; i < c->terms.count; i++) {
    c->starts[i + 1] = c->starts[i] + c->counts[i];
    c->nexts[i] = c->starts[i];
  }
  for (size_t i = 0; i < c->g->count * 2; i++) {
    if (i % 2 == 0 || !is_loop(c, i / 2)) {
      c->facts[c->nexts[c->keys[i]]++] = i / 2;
    }
  }
}

parley_status graph_print_card(graph* g) {
  parley_status status = graph_read_all(g, FACTS_MAX);
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
  c.facts = cli_need(calloc(g->count * 2, sizeof *c.facts));
  c.heads = cli_need(calloc(g->count + 1, sizeof *c.heads));
  c.starts = cli_need(calloc(c.terms.count + 1, sizeof *c.starts));
  c.counts = cli_need(calloc(c.terms.count, sizeof *c.counts));
  c.nexts = cli_need(calloc(c.terms.count, sizeof *c.nexts));
  index_facts(&c);
  put_cards(&c);
  if (cli_interrupted) {
    fputs("parley: interrupted\n", stderr);
    status = PARLEY_INTERRUPTED;
  }
  free(c.facts);
  free(c.heads);
  free(c.starts);
  free(c.counts);
  free(c.nexts);
  free(c.keys);
  free(c.shown);
  textset_free(&c.terms);
  return status;
}
