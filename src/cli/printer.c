// Answers as CSV (RFC 4180), TSV, JSON, JSON Lines, Markdown, or as a table (table.c).
#include "printer.h"

#include <ctype.h>
#include <math.h>
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

static void csv_field(FILE* out, const char* text, bool null) {
  if (!null && (*text == '\0' || strpbrk(text, ",\"\r\n"))) {
    fputc('"', out);
    for (; *text; text++) {
      if (*text == '"') {
        fputc('"', out);
      }
      fputc(*text, out);
    }
    fputc('"', out);
  } else {
    fputs(null ? "" : text, out);
  }
}

static void tsv_field(FILE* out, const char* text) {
  for (; *text; text++) {
    const char* escape = *text == '\t'   ? "\\t"
                         : *text == '\n' ? "\\n"
                         : *text == '\r' ? "\\r"
                         : *text == '\\' ? "\\\\"
                                         : NULL;
    if (escape) {
      fputs(escape, out);
    } else {
      fputc(*text, out);
    }
  }
}

void cli_json_string(FILE* out, const char* text) {
  fputc('"', out);
  for (; *text; text++) {
    const unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\') {
      fprintf(out, "\\%c", c);
    } else if (c == '\n') {
      fputs("\\n", out);
    } else if (c < 0x20 || c == 0x7f) {
      fprintf(out, "\\u%04x", c);
    } else {
      fputc(c, out);
    }
  }
  fputc('"', out);
}

static void markdown_field(FILE* out, const char* text) {
  for (; *text; text++) {
    if (*text == '|' || *text == '\\') {
      fputc('\\', out);
    }
    fputc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
  }
}

static bool is_json_number(const parley_value* v) {
  return v->type == PARLEY_INTEGER || v->type == PARLEY_DECIMAL || (v->type == PARLEY_DOUBLE && isfinite(v->real));
}

static void json_value(FILE* out, parley_query* query, size_t column, const parley_value* v, const char* text) {
  const parley_value* items;
  size_t count;
  if (v->type == PARLEY_NULL) {
    fputs("null", out);
  } else if (v->type == PARLEY_BOOLEAN) {
    fputs(v->integer ? "true" : "false", out);
  } else if (is_json_number(v) && v->text_len && (isdigit((unsigned char)v->text[0]) || v->text[0] == '-')) {
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
        csv_field(p->out, name, false);
        break;
      case CLI_TSV:
        fputs(i ? "\t" : "", p->out);
        tsv_field(p->out, name);
        break;
      case CLI_MARKDOWN:
        fputs(i ? " | " : "| ", p->out);
        markdown_field(p->out, name);
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
      csv_field(p->out, text, v->type == PARLEY_NULL);
      break;
    case CLI_TSV:
      fputs(i ? "\t" : "", p->out);
      tsv_field(p->out, text);
      break;
    case CLI_MARKDOWN:
      fputs(i ? " | " : "| ", p->out);
      markdown_field(p->out, text);
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

static void footer(const printer* p, double seconds, bool timer) {
  const bool terminal = cli_width(p->out) > 0;
  if (parley_column_count(p->query) == 0) {
    if (timer) {
      fprintf(p->out, "(%.3f s)\n", seconds);
    }
  } else if (timer || terminal) {
    char buf[32];
    fprintf(p->out, "(%s row%s, %.3f s)\n", cli_thousands(p->rows, buf), p->rows == 1 ? "" : "s", seconds);
  }
}

parley_status cli_print_rows(parley_query* query, cli_format format, FILE* out, bool timer) {
  printer p = {.query = query, .format = format, .out = out};
  const double start = now();
  const bool plain = parley_query_is_explain(query);  // a plan is text, not a table
  parley_status status = PARLEY_OK;
  if (!plain && format != CLI_TABLE && parley_column_count(query)) {
    begin(&p);
  }
  while ((status = parley_step(query)) == PARLEY_ROW) {
    if (plain) {
      fprintf(out, "%s\n", parley_column_text(query, 0));
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
  if (!plain && format == CLI_JSON && parley_column_count(query)) {
    fputs(p.rows ? "\n]\n" : "]\n", out);
  }
  table_end(&p, status == PARLEY_DONE && !plain && format == CLI_TABLE);
  if (status == PARLEY_DONE && !plain && (format == CLI_TABLE || timer)) {
    footer(&p, now() - start, timer);
  }
  return status;
}
