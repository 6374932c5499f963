// Looking at a store: totals and sizes, what it holds.
#include "cli.h"
#include "printer.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

// Rows of texts, for cli_print_grid.
typedef struct grid {
  const char** cells;  // owned copies
  size_t count;        // cells
  size_t capacity;     // allocated
} grid;

static void grid_add(grid* g, const char* format, ...) {
  char* text = NULL;
  va_list args;
  va_start(args, format);
  if (vasprintf(&text, format, args) < 0) {
    text = NULL;
  }
  va_end(args);
  if (g->count == g->capacity) {
    g->capacity = g->capacity ? g->capacity * 2 : 64;
    g->cells = realloc(g->cells, g->capacity * sizeof *g->cells);
  }
  if (!text || !g->cells) {
    fputs("parley: out of memory\n", stderr);
    exit(CLI_ERROR);
  }
  g->cells[g->count++] = text;
}

static void grid_free(grid* g) {
  for (size_t i = 0; i < g->count; i++) {
    free((void*)(uintptr_t)g->cells[i]);
  }
  free(g->cells);
}

// ---- stats ----

typedef enum stat_kind { STAT_COUNT, STAT_BYTES, STAT_PERCENT } stat_kind;

typedef struct stat_line {
  const char* name;  // the JSON key; printed with spaces for its underscores
  uint64_t value;    // percent: in hundredths
  stat_kind kind;    // how it is printed
  bool always;       // printed in the table even if it is 0
} stat_line;

enum { STAT_LINES_MAX = 24 };

// Whole per cent of a whole, in hundredths.
static uint64_t share(uint64_t part, uint64_t whole) {
  return whole ? (uint64_t)(10000.0 * (double)part / (double)whole + 0.5) : 0;
}

static size_t stat_lines(const parley_stats* s, stat_line lines[STAT_LINES_MAX]) {
  const stat_line all[] = {
      {"facts", s->facts, STAT_COUNT, true},
      {"plain", s->plain, STAT_COUNT, true},
      {"assertions", s->assertions, STAT_COUNT, true},
      {"annotations", s->annotations, STAT_COUNT, true},
      {"rows", s->rows, STAT_COUNT, true},
      {"terms", s->terms, STAT_COUNT, true},
      {"predicates", s->predicates, STAT_COUNT, true},
      {"file_bytes", s->file_bytes, STAT_BYTES, true},
      {"used_bytes", s->used_bytes, STAT_BYTES, true},
      {"free_bytes", s->free_bytes, STAT_BYTES, true},
      {"fragmentation", share(s->free_bytes, s->file_bytes), STAT_PERCENT, true},
      {"page_bytes", s->page_bytes, STAT_BYTES, true},
      {"map_bytes", s->map_bytes, STAT_BYTES, true},
      {"last_transaction", s->last_transaction, STAT_COUNT, true},
      {"readers", s->readers, STAT_COUNT, true},
      {"oldest_reader_pid", s->oldest_reader_pid, STAT_COUNT, false},
      {"oldest_reader_transaction", s->oldest_reader_transaction, STAT_COUNT, false},
      {"oldest_reader_behind", s->readers ? s->last_transaction - s->oldest_reader_transaction : 0, STAT_COUNT, false},
      {"held_bytes", s->held_bytes, STAT_BYTES, false},
      {"format_version", s->format_version, STAT_COUNT, true}};
  memcpy(lines, all, sizeof all);
  return sizeof all / sizeof *all;
}

static void stats_json(const stat_line* lines, size_t count, parley* db, FILE* out) {
  fputs("{", out);
  for (size_t i = 0; i < count; i++) {
    fprintf(out, "%s\"%s\": ", i ? ", " : "", lines[i].name);
    if (lines[i].kind == STAT_PERCENT) {
      fprintf(out, "%.2f", (double)lines[i].value / 100);
    } else {
      fprintf(out, "%llu", (unsigned long long)lines[i].value);
    }
  }
  fputs(", \"parts\": [", out);
  parley_part part;
  for (size_t i = 0; parley_get_part(db, i, &part) == PARLEY_OK; i++) {
    fprintf(out,
            "%s{\"name\": \"%s\", \"entries\": %llu, \"bytes\": %llu, \"pages\": %llu, \"blocks\": %llu, "
            "\"block_bytes\": %llu}",
            i ? ", " : "", part.name, (unsigned long long)part.entries, (unsigned long long)part.bytes,
            (unsigned long long)part.pages, (unsigned long long)part.blocks, (unsigned long long)part.block_bytes);
  }
  fputs("]}\n", out);
}

// Pages, how full they are, and what a block holds, where it holds more than one entry.
static void stats_parts(parley* db, FILE* out) {
  static const char* const header[] = {"part", "entries", "size", "pages", "fill", "in a block"};
  static const bool right[] = {false, true, true, true, true, true};
  grid g = {0};
  parley_part part;
  for (size_t i = 0; parley_get_part(db, i, &part) == PARLEY_OK; i++) {
    char entries[32], size[32], pages[32];
    grid_add(&g, "%s", part.name);
    grid_add(&g, "%s", cli_thousands(part.entries, entries));
    grid_add(&g, "%s", cli_size(part.bytes, size));
    grid_add(&g, "%s", cli_thousands(part.pages, pages));
    grid_add(&g, part.bytes ? "%.0f %%" : "-", (double)share(part.block_bytes, part.bytes) / 100);
    grid_add(&g, part.blocks && part.entries != part.blocks ? "%.1f" : "-",
             part.blocks ? (double)part.entries / (double)part.blocks : 0);
  }
  fputc('\n', out);
  cli_print_grid(out, header, right, 6, g.cells, g.count / 6);
  grid_free(&g);
}

static void stats_line(const stat_line* line, FILE* out) {
  char buf[32], name[32];
  snprintf(name, sizeof name, "%s", line->name);
  for (char* p = name; (p = strchr(p, '_'));) {
    *p = ' ';
  }
  fprintf(out, "%-25s ", name);
  if (line->kind == STAT_PERCENT) {
    fprintf(out, "%.1f %%\n", (double)line->value / 100);
  } else {
    fprintf(out, "%s\n", line->kind == STAT_BYTES ? cli_size(line->value, buf) : cli_thousands(line->value, buf));
  }
}

cli_exit cli_print_stats(parley* db, const char* path, cli_format format, FILE* out) {
  stat_line lines[STAT_LINES_MAX];
  parley_stats s = {.size = sizeof s};
  const parley_status status = parley_get_stats(db, &s);
  if (status != PARLEY_OK) {
    cli_report(parley_error(db));
    return cli_exit_of(status);
  }
  const size_t count = stat_lines(&s, lines);
  if (format == CLI_JSON || format == CLI_JSONL) {
    stats_json(lines, count, db, out);
    return CLI_OK;
  }
  fprintf(out, "%-25s ", "store");
  cli_text_print(out, path, strlen(path), 0);
  fprintf(out, "\n%-25s ", "base");
  cli_text_print(out, parley_base(db), strlen(parley_base(db)), 0);
  fputc('\n', out);
  for (size_t i = 0; i < count; i++) {
    if (lines[i].always || s.readers) {
      stats_line(&lines[i], out);
    }
  }
  stats_parts(db, out);
  return CLI_OK;
}

// ---- schema ----

typedef struct schema_view {
  grid classes, links;
  cli_format format;
  FILE* out;
  size_t class_count, link_count;
  char last[256];  // predicate of the row before
} schema_view;

static void on_class(void* user, const parley_schema_class* row) {
  schema_view* v = user;
  if (v->format != CLI_TABLE) {
    fprintf(v->out, "%s", v->class_count++ ? ", " : "");
    fputs("{\"class\": ", v->out);
    cli_json_string(v->out, row->name);
    fprintf(v->out, ", \"count\": %llu}", (unsigned long long)row->count);
    return;
  }
  char buf[32];
  grid_add(&v->classes, "%s", row->name);
  grid_add(&v->classes, "%s", cli_thousands(row->count, buf));
}

static void link_json(schema_view* v, const parley_schema_link* row) {
  fputs(v->link_count++ ? ",\n  " : "],\n \"links\": [\n  ", v->out);
  fputs("{\"predicate\": ", v->out);
  cli_json_string(v->out, row->predicate);
  fprintf(v->out,
          ", \"facts\": %llu, \"subjects\": %llu, \"objects\": %llu, \"from\": ", (unsigned long long)row->facts,
          (unsigned long long)row->subjects, (unsigned long long)row->objects);
  cli_json_string(v->out, row->from);
  fputs(", \"to\": ", v->out);
  cli_json_string(v->out, row->to);
  fprintf(v->out, ", \"link_facts\": %llu, \"exact\": %s, \"example\": ", (unsigned long long)row->link_facts,
          row->exact ? "true" : "false");
  cli_json_string(v->out, row->example);
  fputs("}", v->out);
}

static void on_link(void* user, const parley_schema_link* row) {
  schema_view* v = user;
  char buf[32];
  if (v->format != CLI_TABLE) {
    link_json(v, row);
    return;
  }
  const bool again = !strcmp(v->last, row->predicate);
  snprintf(v->last, sizeof v->last, "%s", row->predicate);
  grid_add(&v->links, "%s", again ? "" : row->predicate);
  grid_add(&v->links, "%s", again ? "" : cli_thousands(row->facts, buf));
  grid_add(&v->links, "%s -> %s", row->from, row->to);
  grid_add(&v->links, "%s%s", row->exact ? "" : "~", cli_thousands(row->link_facts, buf));
  grid_add(&v->links, "%s", row->example);
}

cli_exit cli_print_schema(parley* db, cli_format format, FILE* out) {
  static const char* const class_header[] = {"class", "nodes"};
  static const char* const link_header[] = {"predicate", "facts", "links", "of them", "example"};
  static const bool class_right[] = {false, true};
  static const bool link_right[] = {false, true, false, true, false};
  schema_view v = {.format = format == CLI_JSON || format == CLI_JSONL ? CLI_JSON : CLI_TABLE, .out = out};
  const parley_schema_options options = {.size = sizeof options, .on_class = on_class, .on_link = on_link, .user = &v};
  fputs(v.format == CLI_JSON ? "{\"classes\": [" : "", out);
  cli_interrupt_route(db);
  const parley_status status = parley_schema(db, &options);
  cli_interrupt_route(NULL);
  if (v.format == CLI_JSON) {
    fputs(v.link_count ? "\n]}\n" : "],\n \"links\": []}\n", out);
  } else if (status == PARLEY_OK) {
    cli_print_grid(out, class_header, class_right, 2, v.classes.cells, v.classes.count / 2);
    fputc('\n', out);
    cli_print_grid(out, link_header, link_right, 5, v.links.cells, v.links.count / 5);
  }
  grid_free(&v.classes);
  grid_free(&v.links);
  if (status != PARLEY_OK) {
    cli_report(parley_error(db));
  }
  return cli_exit_of(status);
}
