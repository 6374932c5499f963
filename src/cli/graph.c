// A graph's rows are its facts; the support of a row is what was said of it.
#include "graph.h"

#include "printer.h"
#include "why.h"

#include <stdlib.h>
#include <string.h>

static char* copy(const char* text, size_t len) {
  char* const owned = cli_need(malloc(len + 1));
  memcpy(owned, text ? text : "", text ? len : 0);
  owned[text ? len : 0] = '\0';
  return owned;
}

parley_value graph_value_copy(const parley_value* v) {
  parley_value owned = *v;
  owned.text = copy(v->text, v->text_len);
  owned.datatype = v->datatype ? copy(v->datatype, strlen(v->datatype)) : NULL;
  owned.lang = v->lang ? copy(v->lang, strlen(v->lang)) : NULL;
  return owned;
}

void graph_value_free(const parley_value* v) {
  free((void*)(uintptr_t)v->text);
  free((void*)(uintptr_t)v->datatype);
  free((void*)(uintptr_t)v->lang);
}

void graph_fact_free(graph_fact* fact) {
  for (size_t i = 0; i < 3; i++) {
    graph_value_free(&fact->terms[i].v);
    free(fact->terms[i].name);
  }
  for (size_t i = 0; i < fact->said_count; i++) {
    graph_value_free(&fact->said[i].node);
    free(fact->said[i].source);
    free(fact->said[i].text);
    free(fact->said[i].json);
  }
  free(fact->said);
  *fact = (graph_fact){.said = NULL};
}

static char* rendered(graph* g, const parley_support* s, void (*render)(FILE*, cli_names*, const parley_support*)) {
  char* text = NULL;
  size_t len = 0;
  FILE* const out = cli_need(open_memstream(&text, &len));
  render(out, g->names, s);
  fclose(out);
  return cli_need(text);
}

static void take_said(graph* g, graph_fact* fact, const parley_support* s) {
  fact->said = cli_need(realloc(fact->said, (fact->said_count + 1) * sizeof *fact->said));
  graph_said* const said = &fact->said[fact->said_count++];
  *said = (graph_said){.node = graph_value_copy(&s->assertion)};
  if (s->source.type != PARLEY_NULL) {
    const char* const name = cli_names_of(g->names, &s->source)->name;
    said->source = copy(name, strlen(name));
  }
  said->text = rendered(g, s, cli_assertion_text);
  if (g->session->format == CLI_JSON) {
    said->json = rendered(g, s, cli_assertion_json);
  }
}

static parley_status take_support(graph* g, graph_fact* fact) {
  parley_support s = {.size = sizeof s};
  parley_status status;
  while ((status = parley_why_next(g->query, &s)) == PARLEY_OK) {
    if (s.kind == PARLEY_SUPPORT_ASSERTION) {
      take_said(g, fact, &s);
    } else if (s.kind == PARLEY_SUPPORT_PLAIN) {
      fact->plain = true;
    }
  }
  fact->plain = fact->plain || fact->said_count == 0;
  return status == PARLEY_NOT_FOUND ? parley_why_confidence(g->query, &fact->confidence) : status;
}

parley_status graph_fact_read(graph* g, graph_fact* fact) {
  *fact = (graph_fact){.said = NULL};
  parley_status status = PARLEY_OK;
  for (size_t i = 0; status == PARLEY_OK && i < 3; i++) {
    parley_value v;
    cell_text text;
    status = cli_column(g->query, i, &v, &text);
    if (status == PARLEY_OK) {
      fact->terms[i] = (graph_term){graph_value_copy(&v), copy(text.data, text.len)};
    }
  }
  status = status == PARLEY_OK ? take_support(g, fact) : status;
  if (status != PARLEY_OK) {
    graph_fact_free(fact);
  }
  return status;
}

parley_status graph_read_all(graph* g, size_t limit) {
  size_t capacity = 0;
  parley_status status;
  while ((status = parley_step(g->query)) == PARLEY_ROW) {
    if (limit && g->count == limit) {
      fprintf(stderr, "parley: more than %zu facts are too many for a reader; narrow the match, or take ttl or jsonl\n",
              limit);
      return PARLEY_LIMIT;
    }
    if (g->count == capacity) {
      capacity = capacity ? capacity * 2 : 64;
      g->facts = cli_need(realloc(g->facts, capacity * sizeof *g->facts));
    }
    const parley_status read = graph_fact_read(g, &g->facts[g->count]);
    if (read != PARLEY_OK) {
      return read;
    }
    g->count++;
  }
  g->session->rows = g->count;
  return status;
}

static parley_status print(graph* g) {
  switch (g->session->format) {
    case CLI_TTL:
    case CLI_NT:
    case CLI_NQ:
    case CLI_JSONL:
      return graph_print_rdf(g);
    case CLI_DOT:
    case CLI_MERMAID:
    case CLI_SVG:
    case CLI_PNG:
      return graph_print_picture(g);
    case CLI_JSON:
      return graph_print_json(g);
    default:
      return g->session->format == CLI_TABLE && parley_query_is_describe(g->query)
                 ? graph_print_card(g)
                 : printer_run(g->session, g->query, g);
  }
}

parley_status cli_graph_print(cli_session* session, parley_query* query) {
  graph g = {.session = session, .query = query, .names = cli_names_new(session, NULL)};
  const parley_status status = print(&g);
  for (size_t i = 0; i < g.count; i++) {
    graph_fact_free(&g.facts[i]);
  }
  free(g.facts);
  cli_names_free(g.names);
  return status;
}
