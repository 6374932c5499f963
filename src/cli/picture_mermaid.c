// Mermaid flowcharts, as Markdown viewers draw them. Texts stand in double quotes; what Mermaid or the HTML behind it
// could read as its own is written as an entity code.
#include "picture.h"

#include <string.h>

// A text that begins with `-`, `+` or `1.` would be a list of Markdown, which Mermaid refuses to draw: where such a mark
// stands, else SIZE_MAX.
static size_t list_mark(const char* text) {
  const size_t digits = strspn(text, "0123456789");
  return *text && strchr("-+", *text) ? 0 : digits && text[digits] == '.' ? digits : SIZE_MAX;
}

static void put_text(FILE* out, const char* text) {
  const size_t len = strlen(text), mark = list_mark(text);
  char escape[12];
  for (size_t i = 0, n; i < len; i += n) {
    n = cli_text_next(text + i, len - i, escape);
    if (i == mark || (n == 1 && strchr("\"#<>&`\\[]{}()|;%*$", text[i]))) {
      fprintf(out, "#%u;", (unsigned char)text[i]);
    } else {
      picture_put(out, text + i, n, *escape);
    }
  }
}

static void put_node(FILE* out, const picture* p, size_t i) {
  const picture_node* const n = &p->nodes[i];
  fprintf(out, "  n%zu[\"", i);
  put_text(out, *n->label ? n->label : " ");
  for (size_t j = 0; j < n->line_count && j < PICTURE_LINES_MAX; j++) {
    fputs("<br/>", out);
    put_text(out, n->lines[j]);
  }
  if (n->line_count > PICTURE_LINES_MAX) {
    fprintf(out, "<br/>and %zu more", n->line_count - PICTURE_LINES_MAX);
  }
  fputs("\"]", out);
  if (n->color >= 0) {
    fprintf(out, ":::c%d", n->color);
  }
  fputc('\n', out);
}

void picture_write_mermaid(FILE* out, const picture* p) {
  fputs("flowchart LR\n", out);
  for (size_t i = 0; i < p->keys.count; i++) {
    if (!p->nodes[i].hidden) {
      put_node(out, p, i);
    }
  }
  for (size_t i = 0; i < p->edge_count; i++) {
    const picture_edge* const e = &p->edges[i];
    fprintf(out, "  n%zu %s|\"", e->from, e->fact->confidence < 0.5 ? "-.->" : "-->");
    put_text(out, e->label);
    fprintf(out, "\"| n%zu\n", e->to);
  }
  for (size_t i = 0; i < p->legend_count; i++) {
    fprintf(out, "  classDef c%zu fill:%s,stroke:#78828c,color:#000\n", i, picture_fills[i]);
  }
  if (p->legend_count) {
    fputs("  subgraph classes\n", out);
    for (size_t i = 0; i < p->legend_count; i++) {
      fprintf(out, "    k%zu[\"", i);
      put_text(out, p->legend[i]);
      fprintf(out, "\"]:::c%zu\n", i);
    }
    fputs("  end\n", out);
  }
}
