// Graphviz DOT. Labels are HTML-like, for a bold name above small values; every text from data is escaped for the place
// where it stands.
#include "picture.h"

#include <string.h>

enum { LABEL_CHARS = 28 };

// Text inside an HTML-like label or attribute.
static void put_html(FILE* out, const char* text, size_t len) {
  static const char* const entities[] = {['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;"};
  char escape[12];
  for (size_t i = 0, n; i < len; i += n) {
    n = cli_text_next(text + i, len - i, escape);
    const unsigned char c = (unsigned char)text[i];
    if (c < sizeof entities / sizeof *entities && entities[c]) {
      fputs(entities[c], out);
    } else {
      picture_put(out, text + i, n, *escape);
    }
  }
}

// Text inside a quoted DOT string, which Graphviz reads with escapes of its own and as XML for its entities.
static void put_quoted(FILE* out, const char* text) {
  const size_t len = strlen(text);
  char escape[12];
  for (size_t i = 0, n; i < len; i += n) {
    n = cli_text_next(text + i, len - i, escape);
    if (text[i] == '"' || text[i] == '\\') {
      fprintf(out, "\\%c", text[i]);
    } else if (text[i] == '&') {
      fputs("&amp;", out);
    } else {
      picture_put(out, text + i, n, *escape);
    }
  }
}

static void put_wrapped(FILE* out, const char* text) {
  for (size_t n; (n = picture_wrap(text, LABEL_CHARS)) > 0; text += n) {
    put_html(out, text, n);
    fputs(text[n] ? "<br/>" : "", out);
  }
}

static void put_node(FILE* out, const picture* p, size_t i) {
  const picture_node* const n = &p->nodes[i];
  fprintf(out, "  n%zu [fillcolor=\"%s\", tooltip=\"", i, picture_fill(n));
  put_quoted(out, n->term->text);
  fputs("\", label=<<b>", out);
  put_wrapped(out, *n->label ? n->label : " ");
  fputs("</b>", out);
  for (size_t j = 0; j < n->line_count && j < PICTURE_LINES_MAX; j++) {
    fputs("<br/><font point-size=\"9\">", out);
    put_html(out, n->lines[j], strlen(n->lines[j]));
    fputs("</font>", out);
  }
  if (n->line_count > PICTURE_LINES_MAX) {
    fprintf(out, "<br/><font point-size=\"9\">and %zu more</font>", n->line_count - PICTURE_LINES_MAX);
  }
  fputs(">];\n", out);
}

// What was said of an edge: the fact, then a line for each assertion.
static void put_tooltip(FILE* out, const picture* p, const picture_edge* e) {
  put_quoted(out, p->nodes[e->from].label);
  fputc(' ', out);
  put_quoted(out, e->label);
  fputc(' ', out);
  put_quoted(out, p->nodes[e->to].label);
  for (size_t i = 0; i < e->fact->said_count; i++) {
    fputs("\\n", out);
    put_quoted(out, e->fact->said[i].text);
  }
  fputs(e->fact->said_count == 0 ? "\\nstated plainly" : "", out);
}

// Surer facts have stronger lines; below a half they are dashed.
static void put_edge(FILE* out, const picture* p, const picture_edge* e) {
  const double confidence = e->fact->confidence < 0 ? 0 : e->fact->confidence > 1 ? 1 : e->fact->confidence;
  fprintf(out, "  n%zu -> n%zu [label=\"", e->from, e->to);
  put_quoted(out, e->label);
  fprintf(out, "\", penwidth=%.1f, style=%s, tooltip=\"", 0.5 + 1.1 * confidence,
          confidence < 0.5 ? "dashed" : "solid");
  put_tooltip(out, p, e);
  fputs("\", labeltooltip=\"", out);
  put_tooltip(out, p, e);
  fputs("\"];\n", out);
}

static void put_legend(FILE* out, const picture* p) {
  if (p->legend_count == 0) {
    return;
  }
  fputs(
      "  legend [shape=plain, style=\"\", tooltip=\"classes\", label=<<table border=\"0\" cellborder=\"0\" "
      "cellspacing=\"4\">",
      out);
  for (size_t i = 0; i < p->legend_count; i++) {
    fprintf(out, "<tr><td bgcolor=\"%s\" width=\"18\"> </td><td align=\"left\"><font point-size=\"9\">",
            picture_fills[i]);
    put_html(out, p->legend[i], strlen(p->legend[i]));
    fputs("</font></td></tr>", out);
  }
  fputs("</table>>];\n", out);
}

void picture_write_dot(FILE* out, const picture* p) {
  fputs(
      "digraph parley {\n"
      "  graph [rankdir=LR, ranksep=0.8, nodesep=0.22, fontname=\"Helvetica\", charset=\"UTF-8\"];\n"
      "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11, color=\"#78828c\", "
      "margin=\"0.14,0.07\", height=0.3];\n"
      "  edge [fontname=\"Helvetica\", fontsize=9, color=\"#5b6670\", fontcolor=\"#39424a\", arrowsize=0.6];\n",
      out);
  for (size_t i = 0; i < p->keys.count; i++) {
    if (!p->nodes[i].hidden) {
      put_node(out, p, i);
    }
  }
  for (size_t i = 0; i < p->edge_count; i++) {
    put_edge(out, p, &p->edges[i]);
  }
  put_legend(out, p);
  fputs("}\n", out);
}
