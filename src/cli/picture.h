/// A graph to be drawn: nodes with their classes and values, edges with what was said of them.
#ifndef CLI_PICTURE_H
#define CLI_PICTURE_H

#include "graph.h"
#include "textset.h"

enum { PICTURE_COLORS = 8, PICTURE_LINES_MAX = 8 };

typedef struct picture_node {
  const parley_value* term;        ///< of some fact
  char* label;                     ///< owned
  char* class_name;                ///< owned; NULL: none
  int color;                       ///< of the palette; -1: the neutral one
  bool joined;                     ///< an edge has it
  bool hidden;                     ///< a class that is seen as a colour only
  char* lines[PICTURE_LINES_MAX];  ///< literals, "predicate: value"; owned
  size_t line_count;               ///< of them, those left out included
} picture_node;

typedef struct picture_edge {
  size_t from, to;         ///< nodes
  char* label;             ///< of the predicate; owned
  const graph_fact* fact;  ///< with its assertions
} picture_edge;

typedef struct picture {
  graph* g;
  textset keys;  ///< nodes as N-Triples; their numbers are those of the nodes
  picture_node* nodes;
  size_t capacity;  ///< of nodes
  picture_edge* edges;
  size_t edge_count;
  const char* legend[PICTURE_COLORS];  ///< class of each colour, the most frequent first; borrowed of nodes
  size_t legend_count;                 ///< colours in use
} picture;

extern const char* const picture_fills[PICTURE_COLORS + 1];  ///< the last is the neutral one

void picture_write_dot(FILE* out, const picture* p);
void picture_write_mermaid(FILE* out, const picture* p);
/// Let Graphviz turn DOT text into `type` ("svg", "png"). PARLEY_IO, said on stderr, if it cannot.
parley_status picture_render(FILE* out, const char* type, const char* dot, size_t len);
/// The next piece of a text for a line of at most `cells` characters, cut at a space, else at a joint such as `-`, where there is one; 0 at the end.
size_t picture_wrap(const char* text, size_t cells);

/// One character of a text from data: what cannot be shown as it is (controls, marks that turn the writing around, bytes that are no UTF-8), which
/// `hostile` tells, is a space.
static inline void picture_put(FILE* out, const char* character, size_t bytes, bool hostile) {
  fwrite(hostile ? " " : character, 1, hostile ? 1 : bytes, out);
}

static inline const char* picture_fill(const picture_node* n) {
  return picture_fills[n->color < 0 ? PICTURE_COLORS : n->color];
}

#endif
