// Answers as CSV (RFC 4180), TSV, JSON, JSON Lines, Markdown, or as a table (table.c).
#include "printer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

const char* const cli_format_names[] = {"table", "csv", "tsv", "json", "jsonl", "markdown", NULL};

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
static void put(const printer* p, const char* text, size_t len) {
  if (p->width) {
    cli_text_print(p->out, text, len, 0);
  } else {
    fwrite(text, 1, len, p->out);
  }
}

// Text with some characters written as `escape` says (NULL: as they are).
static void put_escaped(const printer* p, const char* text, const char* (*escape)(char c)) {
  const char* start = text;
  for (; *text; text++) {
    const char* escaped = escape(*text);
    if (escaped) {
      put(p, start, (size_t)(text - start));
      fputs(escaped, p->out);
      start = text + 1;
    }
  }
  put(p, start, (size_t)(text - start));
}

static const char* csv_escape(char c) { return c == '"' ? "\"\"" : NULL; }

static const char* tsv_escape(char c) {
  return c == '\t' ? "\\t" : c == '\n' ? "\\n" : c == '\r' ? "\\r" : c == '\\' ? "\\\\" : NULL;
}

static const char* markdown_escape(char c) {
  return c == '|' ? "\\|" : c == '\\' ? "\\\\" : c == '\n' || c == '\r' ? " " : NULL;
}

static void csv_field(const printer* p, const char* text, bool null) {
  const bool quoted = !null && (*text == '\0' || strpbrk(text, ",\"\r\n"));
  fputs(quoted ? "\"" : "", p->out);
  put_escaped(p, null ? "" : text, csv_escape);
  fputs(quoted ? "\"" : "", p->out);
}

// Characters that could drive a terminal are escapes in JSON too: the same text for a program, safe for a person.
void cli_json_string(FILE* out, const char* text) {
  char escape[12];
  fputc('"', out);
  for (size_t i = 0, len = strlen(text), n; i < len; i += n) {
    n = cli_text_next(text + i, len - i, escape);
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

static void json_value(FILE* out, parley_query* query, size_t column, const parley_value* v, const char* text) {
  const parley_value* items;
  size_t count;
  if (v->type == PARLEY_NULL) {
    fputs("null", out);
  } else if (v->type == PARLEY_BOOLEAN) {
    fputs(v->integer ? "true" : "false", out);
  } else if (is_number(v) && is_json_number(v->text)) {
    fputs(v->text, out);
  } else if (v->type == PARLEY_LIST && query && parley_column_list(query, column, &items, &count) == PARLEY_OK) {
    fputc('[', out);
    for (size_t i = 0; i < count; i++) {
      fputs(i ? ", " : "", out);
      json_value(out, NULL, 0, &items[i], items[i].text);
    }
    fputc(']', out);
  } else {
    cli_json_string(out, text);
  }
}

static void begin(printer* p) {
  const size_t columns = parley_column_count(p->query);
  for (size_t i = 0; i < columns; i++) {
    const char* name = parley_column_name(p->query, i);
    switch (p->format) {
      case CLI_CSV:
        fputs(i ? "," : "", p->out);
        csv_field(p, name, false);
        break;
      case CLI_TSV:
        fputs(i ? "\t" : "", p->out);
        put_escaped(p, name, tsv_escape);
        break;
      case CLI_MARKDOWN:
        fputs(i ? " | " : "| ", p->out);
        put_escaped(p, name, markdown_escape);
        break;
      default:
        break;
    }
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

static void field(printer* p, size_t i, const parley_value* v, const char* text) {
  switch (p->format) {
    case CLI_CSV:
      fputs(i ? "," : "", p->out);
      csv_field(p, text, v->type == PARLEY_NULL);
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
      fputs(i ? ", " : "{", p->out);
      cli_json_string(p->out, parley_column_name(p->query, i));
      fputs(": ", p->out);
      json_value(p->out, p->query, i, v, text);
      break;
  }
}

static parley_status row(printer* p) {
  const size_t columns = parley_column_count(p->query);
  if (p->format == CLI_JSON) {
    fputs(p->rows ? ",\n " : "\n ", p->out);
  }
  for (size_t i = 0; i < columns; i++) {
    parley_value v;
    const parley_status status = parley_column(p->query, i, &v);
    if (status != PARLEY_OK) {
      return status;
    }
    field(p, i, &v, parley_column_text(p->query, i));
  }
  static const char* const ends[] = {"", "\r\n", "\n", "}", "}\n", " |\n"};
  fputs(ends[p->format], p->out);
  return PARLEY_OK;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// On a terminal how many rows and how long; elsewhere only when asked, and never among the answers for a program.
static void footer(const printer* p, double seconds, bool timer) {
  const bool rows = parley_column_count(p->query) > 0;
  FILE* out = p->width || p->format == CLI_TABLE ? p->out : stderr;
  char buf[64];
  if (rows && (timer || (p->format == CLI_TABLE && p->width))) {
    fprintf(out, "(%s, %.3f s)\n", cli_count(p->rows, "row", buf), seconds);
  } else if (timer) {
    fprintf(out, "(%.3f s)\n", seconds);
  }
}

parley_status cli_print_rows(parley_query* query, cli_format format, FILE* out, bool timer) {
  printer p = {.query = query, .format = format, .out = out, .width = (size_t)cli_width(out)};
  const double start = now();
  const bool plain = parley_query_is_explain(query);  // a plan is text, not a table
  parley_status status = PARLEY_OK;
  if (!plain && format != CLI_TABLE && parley_column_count(query)) {
    begin(&p);
  }
  while ((status = parley_step(query)) == PARLEY_ROW) {
    if (plain) {
      put(&p, parley_column_text(query, 0), strlen(parley_column_text(query, 0)));
      fputc('\n', out);
    } else {
      const parley_status printed = format == CLI_TABLE ? table_row(&p) : row(&p);
      if (printed != PARLEY_OK) {
        status = printed;
        break;
      }
    }
    p.rows++;
    if (ferror(out)) {
      break;  // a closed pipe: nobody reads on
    }
  }
  if (status == PARLEY_DONE && !plain && format == CLI_JSON && parley_column_count(query)) {  // else left open: cut off
    fputs(p.rows ? "\n]\n" : "]\n", out);
  }
  table_end(&p, status == PARLEY_DONE && !plain && format == CLI_TABLE);
  if (status == PARLEY_DONE && !plain) {
    footer(&p, now() - start, timer);
  }
  return status;
}
