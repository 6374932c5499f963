// Answers as CSV (RFC 4180), TSV, JSON, JSON Lines, Markdown, or as a table (table.c).
#include "printer.h"

#include "why.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

const char* const cli_format_names[] = {"table", "csv", "tsv", "json",    "jsonl", "markdown", "ttl",
                                        "nt",    "nq",  "dot", "mermaid", "svg",   "png",      NULL};

bool cli_format_parse(const char* word, cli_format* out) {
  for (size_t i = 0; cli_format_names[i]; i++) {
    if (!strcmp(word, cli_format_names[i])) {
      *out = (cli_format)i;
      return true;
    }
  }
  return false;
}

// Part of a field. What goes to a terminal is shown safely there; a file gets every byte as it is.
static void put(FILE* out, bool terminal, const char* text, size_t len) {
  if (terminal) {
    cli_text_print(out, text, len, 0);
  } else {
    fwrite(text, 1, len, out);
  }
}

static cell_text text_of(const char* s) { return (cell_text){s, strlen(s)}; }

// Why a text could not be made: what the query reports, else memory.
static parley_status text_failure(const parley_query* query) {
  const parley_error_object* error = parley_query_error(query);
  parley_diagnostic d;
  for (size_t i = parley_error_count(error); i > 0; i--) {
    if (parley_error_get(error, i - 1, &d) == PARLEY_OK && d.status != PARLEY_OK) {
      return d.status;
    }
  }
  return PARLEY_NOMEM;
}

parley_status cli_column(parley_query* query, size_t column, parley_value* v, cell_text* text) {
  const parley_status status = parley_column(query, column, v);
  if (status != PARLEY_OK) {
    return status;
  }
  text->data = parley_column_text(query, column);
  text->len = parley_column_text_len(query, column);
  return text->data ? PARLEY_OK : text_failure(query);
}

// The row's own columns keep their names; what `why` adds gives way.
static const char* added_name(const printer* p, const char* name, const char* other) {
  for (size_t i = 0; i < parley_column_count(p->query); i++) {
    if (!strcmp(parley_column_name(p->query, i), name)) {
      return other;
    }
  }
  return name;
}

const char* printer_column_name(const printer* p, size_t column) {
  if (p->graph && column > OBJECT) {
    return column == OBJECT + 1 ? "confidence" : "sources";
  }
  return column < parley_column_count(p->query) ? parley_column_name(p->query, column)
                                                : added_name(p, "confidence", "row_confidence");
}

parley_status printer_column(printer* p, size_t column, parley_value* v, cell_text* text, char* buf) {
  if (column < parley_column_count(p->query)) {
    return cli_column(p->query, column, v, text);
  }
  if (column > parley_column_count(p->query)) {
    *v = (parley_value){.type = PARLEY_STRING, .text = p->sources, .text_len = strlen(p->sources)};
    *text = text_of(p->sources);
    return PARLEY_OK;
  }
  double confidence = p->fact.confidence;
  const parley_status status = p->graph ? PARLEY_OK : parley_why_confidence(p->query, &confidence);
  snprintf(buf, 32, "%.4g", confidence);
  *v = (parley_value){.type = PARLEY_DOUBLE, .text = buf, .text_len = strlen(buf)};
  *text = text_of(buf);
  return status;
}

// Text with some characters written as `escape` says (NULL: as they are).
static void put_escaped(const printer* p, cell_text text, const char* (*escape)(char c)) {
  const char* const end = text.data + text.len;
  const char* start = text.data;
  for (const char* at = start; at < end; at++) {
    const char* escaped = escape(*at);
    if (escaped) {
      put(p->out, p->width > 0, start, (size_t)(at - start));
      fputs(escaped, p->out);
      start = at + 1;
    }
  }
  put(p->out, p->width > 0, start, (size_t)(end - start));
}

static const char* csv_escape(char c) { return c == '"' ? "\"\"" : NULL; }

static const char* tsv_escape(char c) {
  return c == '\t' ? "\\t" : c == '\n' ? "\\n" : c == '\r' ? "\\r" : c == '\\' ? "\\\\" : c == '\0' ? "\\u0000" : NULL;
}

static const char* markdown_escape(char c) {
  return c == '|' ? "\\|" : c == '\\' ? "\\\\" : c == '\n' || c == '\r' ? " " : c == '\0' ? "\\u0000" : NULL;
}

// CSV has no escapes: every byte stands there as it is, U+0000 too.
static void csv_field(const printer* p, cell_text text, bool null) {
  bool quoted = !null && text.len == 0;
  for (size_t i = 0; i < text.len && !null && !quoted; i++) {
    quoted = memchr(",\"\r\n", text.data[i], 5) != NULL;  // its end counts too: a field with U+0000
  }
  fputs(quoted ? "\"" : "", p->out);
  put_escaped(p, null ? text_of("") : text, csv_escape);
  fputs(quoted ? "\"" : "", p->out);
}

// Characters that could drive a terminal are escapes in JSON too: the same text for a program, safe for a person.
static void json_string(FILE* out, cell_text s) {
  const char* const text = s.data;
  char escape[12];
  fputc('"', out);
  for (size_t i = 0, n; i < s.len; i += n) {
    n = cli_text_next(text + i, s.len - i, escape);
    if (text[i] == '"' || text[i] == '\\') {
      fprintf(out, "\\%c", text[i]);
    } else if (escape[0] == '\\' && escape[1] == 'U') {
      const unsigned c = (unsigned)strtoul(escape + 2, NULL, 16) - 0x10000;
      fprintf(out, "\\u%04x\\u%04x", 0xd800 + (c >> 10), 0xdc00 + (c & 0x3ff));
    } else if (escape[0] == '\\' && escape[1] == 'x') {
      fputs("\\ufffd", out);
    } else if (escape[0]) {
      fputs(escape, out);  // \n \t \r \uXXXX are JSON's as well
    } else {
      fwrite(text + i, 1, n, out);
    }
  }
  fputc('"', out);
}

void cli_json_string(FILE* out, const char* text) { json_string(out, text_of(text)); }
void cli_json_text(FILE* out, const char* text, size_t len) { json_string(out, (cell_text){text, len}); }

// A number as JSON writes it (RFC 8259, section 6).
static bool is_json_number(const char* p) {
  static const char digits[] = "0123456789";
  p += *p == '-';
  size_t n = strspn(p, digits);
  if (n == 0 || (n > 1 && *p == '0')) {
    return false;
  }
  p += n;
  if (*p == '.') {
    n = strspn(p + 1, digits);
    if (n == 0) {
      return false;
    }
    p += n + 1;
  }
  if (*p == 'e' || *p == 'E') {
    p += 1 + (p[1] == '+' || p[1] == '-');
    n = strspn(p, digits);
    return n > 0 && p[n] == '\0';
  }
  return *p == '\0';
}

static bool is_number(const parley_value* v) {
  return v->type == PARLEY_INTEGER || v->type == PARLEY_DECIMAL || v->type == PARLEY_DOUBLE;
}

static void json_scalar(FILE* out, const parley_value* v, cell_text text) {
  if (v->type == PARLEY_NULL) {
    fputs("null", out);
  } else if (v->type == PARLEY_BOOLEAN) {
    fputs(v->integer ? "true" : "false", out);
  } else if (is_number(v) && is_json_number(v->text)) {
    fputs(v->text, out);
  } else {
    json_string(out, text);
  }
}

void cli_json_value(FILE* out, const parley_value* v, const char* text) { json_scalar(out, v, text_of(text)); }

// A list in a list is a text.
static parley_status json_list(FILE* out, parley_query* query, size_t column) {
  const parley_value* items;
  size_t count;
  const parley_status status = parley_column_list(query, column, &items, &count);
  if (status != PARLEY_OK) {
    return status;
  }
  fputc('[', out);
  for (size_t i = 0; i < count; i++) {
    cell_text text = {NULL, 0};
    text.data = parley_column_item_text(query, column, i, &text.len);
    if (!text.data) {
      return text_failure(query);
    }
    fputs(i ? ", " : "", out);
    json_scalar(out, &items[i], text);
  }
  fputc(']', out);
  return PARLEY_OK;
}

// A field of a row or of the header, with what stands before it; nothing in the other formats.
static void delimited_field(printer* p, size_t i, cell_text text, bool null) {
  switch (p->format) {
    case CLI_CSV:
      fputs(i ? "," : "", p->out);
      csv_field(p, text, null);
      break;
    case CLI_TSV:
      fputs(i ? "\t" : "", p->out);
      put_escaped(p, text, tsv_escape);
      break;
    case CLI_MARKDOWN:
      fputs(i ? " | " : "| ", p->out);
      put_escaped(p, text, markdown_escape);
      break;
    default:
      break;
  }
}

static void begin(printer* p) {
  const size_t columns = p->columns;
  for (size_t i = 0; i < columns; i++) {
    delimited_field(p, i, text_of(printer_column_name(p, i)), false);
  }
  switch (p->format) {
    case CLI_CSV:
      fputs("\r\n", p->out);
      break;
    case CLI_TSV:
      fputs("\n", p->out);
      break;
    case CLI_JSON:
      fputs("[", p->out);
      break;
    case CLI_MARKDOWN:
      fputs(" |\n", p->out);
      for (size_t i = 0; i < columns; i++) {
        fputs(i ? " --- |" : "| --- |", p->out);
      }
      fputs("\n", p->out);
      break;
    default:
      break;
  }
}

static parley_status field(printer* p, size_t i, const parley_value* v, cell_text text) {
  switch (p->format) {
    case CLI_CSV:
    case CLI_TSV:
    case CLI_MARKDOWN:
      delimited_field(p, i, text, v->type == PARLEY_NULL);
      break;
    default:
      fputs(i ? ", " : "{", p->out);
      cli_json_string(p->out, printer_column_name(p, i));
      fputs(": ", p->out);
      if (v->type == PARLEY_LIST) {
        return json_list(p->out, p->query, i);
      }
      json_scalar(p->out, v, text);
      break;
  }
  return PARLEY_OK;
}

// JSON: the support behind the columns.
static parley_status why_field(printer* p) {
  fprintf(p->out, ", \"%s\": ", added_name(p, "why", "row_why"));
  return cli_why_json(p->out, p->names, p->query);
}

static parley_status row(printer* p) {
  const bool json = p->format == CLI_JSON || p->format == CLI_JSONL;
  parley_status status = PARLEY_OK;
  if (p->format == CLI_JSON) {
    fputs(p->session->rows ? ",\n " : "\n ", p->out);
  }
  for (size_t i = 0; status == PARLEY_OK && i < p->columns; i++) {
    parley_value v;
    cell_text text;
    char buf[32];
    status = printer_column(p, i, &v, &text, buf);
    status = status == PARLEY_OK ? field(p, i, &v, text) : status;
  }
  if (status == PARLEY_OK && json && p->why) {
    status = why_field(p);
  }
  static const char* const ends[] = {"", "\r\n", "\n", "}", "}\n", " |\n"};
  fputs(status == PARLEY_OK ? ends[p->format] : "", p->out);
  return status;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// On a terminal how many rows and how long; elsewhere only when asked, and never among the answers for a program.
static void footer(const cli_session* session, parley_query* query, double seconds) {
  const bool rows = parley_column_count(query) > 0 && !parley_query_is_explain(query);
  const bool table = session->format == CLI_TABLE, terminal = cli_width(session->out) > 0;
  FILE* out = terminal || table ? session->out : stderr;
  char buf[64];
  if (rows && (session->timer || (table && terminal))) {
    fprintf(out, "(%s, %.3f s)\n", cli_count(session->rows, parley_query_is_graph(query) ? "fact" : "row", buf),
            seconds);
  } else if (session->timer) {
    fprintf(out, "(%.3f s)\n", seconds);
  }
}

// The row that the query stands on.
static parley_status take_row(printer* p) {
  if (p->graph) {
    const parley_status read = graph_fact_read(p->graph, &p->fact);
    if (read != PARLEY_OK) {
      return read;
    }
    p->sources = graph_fact_sources(&p->fact);
  }
  const parley_status status = p->format == CLI_TABLE ? table_row(p) : row(p);
  if (p->graph) {
    graph_fact_free(&p->fact);
    free(p->sources);
    p->sources = NULL;
  }
  return status;
}

// Every row of the query at hand. PARLEY_ROW if the output takes no more.
static parley_status take_rows(printer* p) {
  parley_status status;
  while ((status = parley_step(p->query)) == PARLEY_ROW) {
    const parley_status printed = take_row(p);
    if (printed != PARLEY_OK) {
      return printed;
    }
    p->session->rows++;
    if (ferror(p->out)) {
      return status;  // a closed pipe: nobody reads on
    }
  }
  return status;
}

parley_status printer_run(cli_session* session, parley_query* query, graph* g) {
  printer p = {.session = session, .query = query, .format = session->format, .out = session->out, .graph = g};
  const size_t columns = parley_column_count(query);
  p.width = (size_t)cli_width(p.out);
  p.why = columns > 0 && !g && parley_query_is_why(query);
  p.columns = columns + (g ? 2 : p.why);
  p.names = p.why ? cli_names_new(session, NULL) : NULL;
  if (p.format != CLI_TABLE && columns) {
    begin(&p);
  }
  parley_status status = take_rows(&p);
  if (status == PARLEY_DONE && session->then) {
    p.query = session->then;
    status = take_rows(&p);
  }
  if (status == PARLEY_DONE && p.format == CLI_JSON && columns) {  // else left open: cut off
    fputs(session->rows ? "\n]\n" : "]\n", p.out);
  }
  table_end(&p, status == PARLEY_DONE && p.format == CLI_TABLE);
  cli_names_free(p.names);
  return status;
}

// A plan is text, not a table; as JSON its stages.
static parley_status print_plan(cli_session* session, parley_query* query) {
  const bool json = session->format == CLI_JSON || session->format == CLI_JSONL;
  const bool terminal = cli_width(session->out) > 0;
  parley_status status;
  while ((status = parley_step(query)) == PARLEY_ROW && !ferror(session->out)) {
    const char* line = parley_column_text(query, 0);
    if (!json && line) {
      put(session->out, terminal, line, parley_column_text_len(query, 0));
      fputc('\n', session->out);
    }
  }
  if (status == PARLEY_DONE && json) {
    const parley_stage stage = session->profiling ? PARLEY_STAGE_PROFILE_JSON : PARLEY_STAGE_PLAN_JSON;
    const char* text = parley_query_stage(query, stage);
    fputs(text ? text : "", session->out);
    fputs(text && *text && text[strlen(text) - 1] != '\n' ? "\n" : "", session->out);
    return text ? status : text_failure(query);
  }
  return status;
}

parley_status cli_print_rows(cli_session* session, parley_query* query) {
  const double start = now();
  const bool table = session->format == CLI_TABLE && parley_column_count(query) > 0;
  session->rows = 0;
  if (table && session->printed && !session->prompting) {
    fputc('\n', session->out);
  }
  session->printed = session->printed || table;
  parley_status status;
  if (parley_query_is_explain(query)) {
    status = print_plan(session, query);
  } else if (parley_query_is_graph(query) && parley_column_count(query)) {
    status = cli_graph_print(session, query);
  } else if (session->format >= CLI_TTL && parley_column_count(query)) {
    cli_usage("--format %s is for graphs: `return graph` and `describe`", cli_format_names[session->format]);
    return PARLEY_MISUSE;
  } else {
    status = printer_run(session, query, NULL);
  }
  if (status == PARLEY_DONE && !parley_query_is_explain(query)) {
    footer(session, query, now() - start);
  }
  return status;
}
