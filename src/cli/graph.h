/// Answers that are graphs: facts with their assertions, as RDF, JSON, a card or a picture.
#ifndef CLI_GRAPH_H
#define CLI_GRAPH_H

#include "names.h"

enum { SUBJECT, PREDICATE, OBJECT };

/// One assertion of a fact with one of its sources: those of one assertion stand side by side. Texts are owned.
typedef struct graph_said {
  parley_value node;  ///< the assertion, or the named graph; text owned
  char* source;       ///< name of its source, or NULL
  char* text;         ///< as a line for people
  char* json;         ///< as an object
} graph_said;

typedef struct graph_term {
  parley_value v;  ///< texts owned
  char* name;      ///< as a query writes it; a literal's text
} graph_term;

typedef struct graph_fact {
  graph_term terms[3];  ///< by SUBJECT, PREDICATE, OBJECT
  graph_said* said;     ///< its assertions
  size_t said_count;    ///< of them
  bool plain;           ///< stated plainly, or not in the store at all
  double confidence;    ///< of the best assertion; 1 if stated plainly
} graph_fact;

typedef struct graph {
  cli_session* session;
  parley_query* query;
  cli_names* names;
  graph_fact* facts;  ///< those kept
  size_t count;       ///< of them
} graph;

/// Print the graph that a query gives, in the session's format. Returns the query's last status.
parley_status cli_graph_print(cli_session* session, parley_query* query);

/// Take the current row. Free with graph_fact_free().
parley_status graph_fact_read(graph* g, graph_fact* fact);
void graph_fact_free(graph_fact* fact);
/// A value with texts of its own.
parley_value graph_value_copy(const parley_value* v);
void graph_value_free(const parley_value* v);
/// Names of a fact's sources, each once, separated by ", ". The caller frees it.
char* graph_fact_sources(const graph_fact* fact);
/// Keep every fact, at most `limit` (0 = all); PARLEY_LIMIT, said on stderr, if there are more. Returns PARLEY_DONE.
parley_status graph_read_all(graph* g, size_t limit);

parley_status graph_print_rdf(graph* g);      ///< ttl, nt, nq and jsonl, row by row
parley_status graph_print_json(graph* g);     ///< an array of facts
parley_status graph_print_card(graph* g);     ///< describe for people
parley_status graph_print_picture(graph* g);  ///< dot, mermaid, svg, png

static inline bool graph_is_node(const graph_term* t) { return t->v.type == PARLEY_IRI || t->v.type == PARLEY_BLANK; }

#endif
