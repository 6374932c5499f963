// Graphs as files that can be loaded again: row by row, never held. What an assertion holds besides the fields of its
// support is asked from the store by one prepared statement.
#include "graph.h"
#include "printer.h"
#include "textset.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define TYPE "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
#define REIFIES "<http://www.w3.org/1999/02/22-rdf-syntax-ns#reifies>"

// One annotation; texts are owned.
typedef struct note {
  size_t node;     // number of its assertion
  parley_value k;  // predicate
  parley_value v;  // object
} note;

typedef struct rdf_writer {
  graph* g;
  cli_format format;
  bool assertions;  // written too
  FILE* out;
  parley_query* query;  // annotations of a fact's assertions
  bool read;            // those of the fact at hand were
  textset nodes;        // its assertions that have any
  note* notes;          // in order of the nodes' numbers
  size_t count;         // of notes
  size_t capacity;      // room for them
  char* subject;        // ttl: of the line before, or NULL
  char* predicate;      // ttl: the same; jsonl: of the value before
  size_t noted;         // ttl: annotations written of an assertion
} rdf_writer;

static parley_status open_query(rdf_writer* w) {
  static const char text[] = "match $s $p $o as ?st . ?st ?k ?v return ?st, ?k, ?v order by ?st, ?k, ?v";
  if (w->query) {
    return parley_reset(w->query);
  }
  return w->g->session->txn ? parley_prepare_in(w->g->session->txn, text, SIZE_MAX, &w->query, NULL)
                            : parley_prepare(w->g->session->db, text, SIZE_MAX, &w->query, NULL);
}

static parley_status bind_notes(rdf_writer* w, const graph_fact* fact) {
  static const char* const params[] = {"s", "p", "o"};
  parley_status status = open_query(w);
  for (size_t i = 0; status == PARLEY_OK && i < 3; i++) {
    status = parley_bind(w->query, params[i], &fact->terms[i].v);
  }
  return status;
}

// Assertions of our own carry a label of 33 characters; any other node is a named graph.
static bool is_assertion(const parley_value* node) {
  return node->type == PARLEY_BLANK && node->text_len == 33 && node->text[0] == 'r' &&
         strspn(node->text + 1, "0123456789abcdef") == 32;
}

static void forget_notes(rdf_writer* w) {
  for (size_t i = 0; i < w->count; i++) {
    graph_value_free(&w->notes[i].k);
    graph_value_free(&w->notes[i].v);
  }
  textset_free(&w->nodes);
  w->nodes = (textset){.count = 0};
  w->count = 0;
  w->read = false;
}

// Those of all assertions of a fact, each with its own in order.
static parley_status read_notes(rdf_writer* w, const graph_fact* fact) {
  parley_status status = bind_notes(w, fact);
  while (status == PARLEY_OK && (status = parley_step(w->query)) == PARLEY_ROW) {
    parley_value st, k, v;
    status = parley_column(w->query, 0, &st);
    status = status == PARLEY_OK ? parley_column(w->query, 1, &k) : status;
    status = status == PARLEY_OK ? parley_column(w->query, 2, &v) : status;
    if (status == PARLEY_OK) {
      if (w->count == w->capacity) {
        w->capacity = w->capacity ? w->capacity * 2 : 64;
        w->notes = cli_need(realloc(w->notes, w->capacity * sizeof *w->notes));
      }
      w->notes[w->count++] = (note){textset_add(&w->nodes, st.text), graph_value_copy(&k), graph_value_copy(&v)};
    }
  }
  w->read = true;
  return status == PARLEY_DONE ? PARLEY_OK : status;
}

// The first annotation of an assertion: their numbers never fall.
static size_t first_note(const rdf_writer* w, size_t node) {
  size_t low = 0, high = w->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (w->notes[middle].node < node) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// Call `fn` for each annotation of one assertion, in order. A value that is equal as a number may have another form: a
// fact of its own, whose assertions are read with these and not asked for.
static parley_status each_note(rdf_writer* w, const graph_fact* fact, const graph_said* said,
                               void (*fn)(rdf_writer*, const graph_said*, const parley_value* k,
                                          const parley_value* v)) {
  const parley_status status = w->read ? PARLEY_OK : read_notes(w, fact);
  const size_t node = textset_find(&w->nodes, said->node.text);
  for (size_t i = first_note(w, node); status == PARLEY_OK && i < w->count && w->notes[i].node == node; i++) {
    fn(w, said, &w->notes[i].k, &w->notes[i].v);
  }
  return status;
}

// True if the assertion was written for another of its sources.
static bool written(const graph_fact* fact, size_t i) {
  return i > 0 && fact->said[i].node.type == fact->said[i - 1].node.type &&
         !strcmp(fact->said[i].node.text, fact->said[i - 1].node.text);
}

// ---- N-Triples, N-Quads ----

static void put_triple(rdf_writer* w, const graph_fact* fact) {
  for (size_t i = 0; i < 3; i++) {
    cli_nt_term(w->out, &fact->terms[i].v);
    fputs(i < 2 ? " " : "", w->out);
  }
}

static void nt_note(rdf_writer* w, const graph_said* said, const parley_value* k, const parley_value* v) {
  cli_nt_term(w->out, &said->node);
  fputc(' ', w->out);
  cli_nt_term(w->out, k);
  fputc(' ', w->out);
  cli_nt_term(w->out, v);
  fputs(" .\n", w->out);
}

static parley_status nt_said(rdf_writer* w, const graph_fact* fact, const graph_said* said) {
  if (w->assertions && is_assertion(&said->node)) {
    cli_nt_term(w->out, &said->node);
    fputs(" " REIFIES " <<( ", w->out);
    put_triple(w, fact);
    fputs(" )>> .\n", w->out);
    return each_note(w, fact, said, nt_note);
  }
  if (w->format == CLI_NQ && !is_assertion(&said->node)) {
    put_triple(w, fact);
    fputc(' ', w->out);
    cli_nt_term(w->out, &said->node);
    fputs(" .\n", w->out);
  }
  return PARLEY_OK;
}

// True if the bare triple stands there too.
static bool bare(const rdf_writer* w, const graph_fact* fact) {
  bool other = fact->plain;
  for (size_t i = 0; i < fact->said_count; i++) {
    const bool own = is_assertion(&fact->said[i].node);
    other = other || (own ? !w->assertions : w->format != CLI_NQ);
  }
  return other;
}

static parley_status nt_fact(rdf_writer* w, const graph_fact* fact) {
  parley_status status = PARLEY_OK;
  if (bare(w, fact)) {
    put_triple(w, fact);
    fputs(" .\n", w->out);
  }
  for (size_t i = 0; status == PARLEY_OK && i < fact->said_count; i++) {
    status = written(fact, i) ? status : nt_said(w, fact, &fact->said[i]);
  }
  return status;
}

// ---- Turtle ----

static void ttl_note(rdf_writer* w, const graph_said* said, const parley_value* k, const parley_value* v) {
  (void)said;
  fputs(w->noted++ ? " ; " : " ", w->out);
  cli_nt_term(w->out, k);
  fputc(' ', w->out);
  cli_nt_term(w->out, v);
}

static parley_status ttl_fact(rdf_writer* w, const graph_fact* fact) {
  char* const subject = cli_nt_text(&fact->terms[SUBJECT].v);
  char* const predicate = cli_nt_text(&fact->terms[PREDICATE].v);
  const bool same = w->subject && !strcmp(w->subject, subject);
  if (same && !strcmp(w->predicate, predicate)) {
    fputs(" , ", w->out);
  } else {
    if (!same) {
      fprintf(w->out, "%s%s ", w->subject ? " .\n\n" : "", subject);
    } else {
      fputs(" ;\n  ", w->out);
    }
    fprintf(w->out, "%s ", strcmp(predicate, TYPE) ? predicate : "a");
  }
  cli_nt_term(w->out, &fact->terms[OBJECT].v);
  free(w->subject);
  free(w->predicate);
  w->subject = subject;
  w->predicate = predicate;
  parley_status status = PARLEY_OK;
  for (size_t i = 0; status == PARLEY_OK && w->assertions && i < fact->said_count; i++) {
    if (is_assertion(&fact->said[i].node) && !written(fact, i)) {
      fprintf(w->out, " ~ _:%s {|", fact->said[i].node.text);
      w->noted = 0;
      status = each_note(w, fact, &fact->said[i], ttl_note);
      fputs(" |}", w->out);
    }
  }
  return status;
}

// ---- JSON Lines ----

// A predicate below the base is written by its bare name where that is free of doubt.
static void put_key(rdf_writer* w, const parley_value* k) {
  static const char* const taken[] = {"subject", "predicate", "object", "graph", "subject_type", "object_type", NULL};
  const char* const base = parley_base(w->g->session->db);
  const char* name = k->text;
  if (!strncmp(name, base, strlen(base)) && isalpha((unsigned char)name[strlen(base)])) {
    name += strlen(base);
    for (const char* p = name; *p; p++) {
      name = isalnum((unsigned char)*p) || *p == '_' ? name : k->text;
    }
    for (size_t i = 0; taken[i]; i++) {
      name = strcmp(name, taken[i]) ? name : k->text;
    }
  }
  cli_json_string(w->out, name);
}

// Values of one key stand together: a list if there are several. `predicate` holds the key of the value before.
static void json_note(rdf_writer* w, const graph_said* said, const parley_value* k, const parley_value* v) {
  (void)said;
  const bool same = w->predicate && !strcmp(w->predicate, k->text);
  if (!same) {
    fputs(w->predicate ? "], " : ", ", w->out);
    put_key(w, k);
    fputs(": [", w->out);
    free(w->predicate);
    w->predicate = cli_need(strdup(k->text));
  } else {
    fputs(", ", w->out);
  }
  cli_json_term(w->out, v);
}

static parley_status json_line(rdf_writer* w, const graph_fact* fact, const graph_said* said) {
  static const char* const keys[] = {"{\"subject\": ", ", \"predicate\": ", ", \"object\": "};
  parley_status status = PARLEY_OK;
  for (size_t i = 0; i < 3; i++) {
    fputs(keys[i], w->out);
    cli_json_term(w->out, &fact->terms[i].v);
  }
  if (said && is_assertion(&said->node)) {
    status = each_note(w, fact, said, json_note);
    fputs(w->predicate ? "]" : "", w->out);
    free(w->predicate);
    w->predicate = NULL;
  } else if (said) {
    fputs(", \"graph\": ", w->out);
    cli_json_term(w->out, &said->node);
  }
  fputs("}\n", w->out);
  return status;
}

static parley_status json_fact(rdf_writer* w, const graph_fact* fact) {
  parley_status status = fact->plain ? json_line(w, fact, NULL) : PARLEY_OK;
  for (size_t i = 0; status == PARLEY_OK && i < fact->said_count; i++) {
    status = written(fact, i) ? status : json_line(w, fact, &fact->said[i]);
  }
  return status;
}

parley_status graph_print_rdf(graph* g) {
  rdf_writer w = {.g = g, .format = g->session->format, .assertions = g->session->assertions, .out = g->session->out};
  parley_status status;
  while ((status = parley_step(g->query)) == PARLEY_ROW && !ferror(w.out)) {
    graph_fact fact;
    parley_status written = graph_fact_read(g, &fact);
    if (written == PARLEY_OK) {
      written = w.format == CLI_TTL     ? ttl_fact(&w, &fact)
                : w.format == CLI_JSONL ? json_fact(&w, &fact)
                                        : nt_fact(&w, &fact);
      graph_fact_free(&fact);
      forget_notes(&w);
      g->session->rows++;
    }
    if (written != PARLEY_OK) {
      status = written;
      break;
    }
  }
  fputs(w.format == CLI_TTL && w.subject ? " .\n" : "", w.out);
  if (status != PARLEY_DONE && status != PARLEY_ROW && w.query) {
    cli_report(parley_query_error(w.query));
  }
  parley_finalize(w.query);
  free(w.notes);
  free(w.subject);
  free(w.predicate);
  return status;
}
