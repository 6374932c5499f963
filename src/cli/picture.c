// From facts to a picture: a fact between two nodes is an edge, a literal is a line inside its node, a class is a
// colour. What is drawn too small to read helps nobody, so a picture has a limit.
#include "picture.h"

#include <stdlib.h>
#include <string.h>

#define TYPE "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

enum { PICTURE_FACTS_MAX = 2000, VALUE_CHARS = 44 };

// Light fills that black text is read on, told apart also with the usual kinds of colour blindness.
const char* const picture_fills[PICTURE_COLORS + 1] = {"#cfe3f7", "#fde2b8", "#d3ecd0", "#f6d0d6", "#e2d6f2",
                                                       "#fbf3b4", "#cdeceb", "#e8d9c8", "#eeeeee"};

static char* copy(const char* text) { return cli_need(strdup(text)); }

// ---- nodes ----

static size_t node_of(picture* p, const graph_term* term) {
  char* const key = cli_nt_text(&term->v);
  const size_t before = p->keys.count;
  const size_t number = textset_add(&p->keys, key);
  free(key);
  if (p->keys.count == before) {
    return number;
  }
  if (number == p->capacity) {
    p->capacity = p->capacity ? p->capacity * 2 : 64;
    p->nodes = cli_need(realloc(p->nodes, p->capacity * sizeof *p->nodes));
  }
  p->nodes[number] =
      (picture_node){.term = &term->v, .label = copy(cli_names_of(p->g->names, &term->v)->label), .color = -1};
  return number;
}

size_t picture_wrap(const char* text, size_t cells) {
  size_t space = 0, joint = 0, chars = 0, i = 0;
  for (; text[i]; i++) {
    if (((unsigned char)text[i] & 0xC0) == 0x80) {
      continue;
    }
    if (chars++ == cells) {
      return space ? space : joint ? joint : i;
    }
    space = text[i] == ' ' ? i + 1 : space;
    joint = strchr("-_:/@", text[i]) && chars > cells / 2 ? i + 1 : joint;
  }
  return i;
}

// "predicate: value", the value shortened.
static void add_line(picture* p, size_t node, const graph_fact* fact) {
  picture_node* const n = &p->nodes[node];
  const char* const value = fact->terms[OBJECT].name;
  if (!strcmp(value, n->label)) {
    return;
  }
  if (n->line_count < PICTURE_LINES_MAX) {
    const char* const predicate = cli_names_of(p->g->names, &fact->terms[PREDICATE].v)->label;
    const size_t shown = picture_wrap(value, VALUE_CHARS);
    char* line = NULL;
    cli_need(asprintf(&line, "%s: %.*s%s", predicate, (int)shown, value, value[shown] ? "…" : "") < 0 ? NULL : line);
    n->lines[n->line_count] = line;
  }
  n->line_count++;
}

static void add_class(picture* p, size_t node, const char* name) {
  picture_node* const n = &p->nodes[node];
  if (!n->class_name || strcmp(name, n->class_name) < 0) {
    free(n->class_name);
    n->class_name = copy(name);
  }
}

static void add_edge(picture* p, size_t from, size_t to, const graph_fact* fact) {
  p->nodes[from].joined = p->nodes[to].joined = true;
  p->edges = cli_need(realloc(p->edges, (p->edge_count + 1) * sizeof *p->edges));
  p->edges[p->edge_count++] = (picture_edge){
      .from = from, .to = to, .label = copy(cli_names_of(p->g->names, &fact->terms[PREDICATE].v)->label), .fact = fact};
}

static void add_fact(picture* p, const graph_fact* fact) {
  const size_t subject = node_of(p, &fact->terms[SUBJECT]);
  if (!graph_is_node(&fact->terms[OBJECT])) {
    add_line(p, subject, fact);
  } else if (!strcmp(fact->terms[PREDICATE].v.text, TYPE)) {
    add_class(p, subject, cli_names_of(p->g->names, &fact->terms[OBJECT].v)->label);
  } else {
    const size_t object = node_of(p, &fact->terms[OBJECT]);
    add_edge(p, subject, object, fact);
  }
}

// ---- classes ----

// Classes of nodes that the graph itself gives none, from the store.
static void ask_classes(picture* p) {
  static const char text[] = "match $x a ?c return label(?c) as ?c order by ?c limit 1";
  cli_session* const session = p->g->session;
  parley_query* query = NULL;
  const parley_status status = session->txn ? parley_prepare_in(session->txn, text, SIZE_MAX, &query, NULL)
                                            : parley_prepare(session->db, text, SIZE_MAX, &query, NULL);
  for (size_t i = 0; status == PARLEY_OK && i < p->keys.count; i++) {
    if (!p->nodes[i].class_name && parley_reset(query) == PARLEY_OK &&
        parley_bind(query, "x", p->nodes[i].term) == PARLEY_OK && parley_step(query) == PARLEY_ROW) {
      const char* const name = parley_column_text(query, 0);
      add_class(p, i, name ? name : "");
    }
  }
  parley_finalize(query);
}

// A class whose own facts show nothing but its name is in the legend already.
static void hide_classes(picture* p) {
  for (size_t i = 0; i < p->g->count; i++) {
    const graph_fact* const fact = &p->g->facts[i];
    if (strcmp(fact->terms[PREDICATE].v.text, TYPE) || !graph_is_node(&fact->terms[OBJECT])) {
      continue;
    }
    char* const key = cli_nt_text(&fact->terms[OBJECT].v);
    const size_t number = textset_find(&p->keys, key);
    free(key);
    if (number < p->keys.count) {
      picture_node* const n = &p->nodes[number];
      n->hidden = !n->joined && n->line_count == 0 && !n->class_name;
    }
  }
}

typedef struct class_count {
  const char* name;
  size_t nodes;
} class_count;

static int by_nodes(const void* a, const void* b) {
  const class_count *x = a, *y = b;
  return x->nodes != y->nodes ? (x->nodes < y->nodes ? 1 : -1) : strcmp(x->name, y->name);
}

// The most frequent classes have the colours.
static void choose_colors(picture* p) {
  textset names = {0};
  class_count* const counts = cli_need(calloc(p->keys.count + 1, sizeof *counts));
  for (size_t i = 0; i < p->keys.count; i++) {
    if (p->nodes[i].class_name) {
      class_count* const c = &counts[textset_add(&names, p->nodes[i].class_name)];
      c->name = p->nodes[i].class_name;
      c->nodes++;
    }
  }
  qsort(counts, names.count, sizeof *counts, by_nodes);
  for (size_t c = 0; c < names.count && c < PICTURE_COLORS; c++) {
    p->legend[p->legend_count++] = counts[c].name;
    for (size_t i = 0; i < p->keys.count; i++) {
      const char* const name = p->nodes[i].class_name;
      p->nodes[i].color = name && !strcmp(name, counts[c].name) ? (int)c : p->nodes[i].color;
    }
  }
  free(counts);
  textset_free(&names);
}

// ---- all of it ----

static void picture_free(picture* p) {
  for (size_t i = 0; i < p->keys.count; i++) {
    picture_node* const n = &p->nodes[i];
    free(n->label);
    free(n->class_name);
    for (size_t j = 0; j < n->line_count && j < PICTURE_LINES_MAX; j++) {
      free(n->lines[j]);
    }
  }
  for (size_t i = 0; i < p->edge_count; i++) {
    free(p->edges[i].label);
  }
  free(p->nodes);
  free(p->edges);
  textset_free(&p->keys);
}

static parley_status render(const picture* p, const char* type) {
  char* text = NULL;
  size_t len = 0;
  FILE* const dot = cli_need(open_memstream(&text, &len));
  picture_write_dot(dot, p);
  fclose(dot);
  const parley_status status = picture_render(p->g->session->out, type, cli_need(text), len);
  free(text);
  return status;
}

parley_status graph_print_picture(graph* g) {
  FILE* const out = g->session->out;
  const cli_format format = g->session->format;
  if (format == CLI_PNG && cli_width(out)) {
    cli_usage("a PNG picture is not for a terminal; send it to a file");
    return PARLEY_MISUSE;
  }
  parley_status status = graph_read_all(g, PICTURE_FACTS_MAX);
  if (status != PARLEY_DONE) {
    return status;
  }
  picture p = {.g = g};
  for (size_t i = 0; i < g->count; i++) {
    add_fact(&p, &g->facts[i]);
  }
  hide_classes(&p);
  ask_classes(&p);
  choose_colors(&p);
  if (format == CLI_DOT) {
    picture_write_dot(out, &p);
  } else if (format == CLI_MERMAID) {
    picture_write_mermaid(out, &p);
  } else {
    const parley_status rendered = render(&p, cli_format_names[format]);
    status = rendered == PARLEY_OK ? status : rendered;
  }
  picture_free(&p);
  return status;
}
