// Commands about what is said: contradictions and differences.
#include "cli.h"
#include "names.h"
#include "printer.h"
#include "textset.h"

#include <stdlib.h>
#include <string.h>

// ---- contradictions ----

/// Columns of `conflicts`.
enum { KIND = 2, SIDES, SIDE_COLUMNS = 6, COLUMNS = SIDES + 2 * SIDE_COLUMNS };

// True if the two objects read the same: texts of different languages, or a text and a node of that name.
static bool alike(parley_query* query) {
  const char* const one = parley_column_text(query, SIDES);
  const char* const other = parley_column_text(query, SIDES + SIDE_COLUMNS);
  return one && other && !strcmp(one, other);
}

// One side: the object, as a query writes it where only that tells the two apart, then what is known of who says so.
static void print_side(FILE* out, parley_query* query, size_t first, bool exact) {
  static const char* const before[SIDE_COLUMNS] = {"", "", "confidence ", "from ", "until ", "on "};
  fputs("  ", out);
  for (size_t i = 0; i < SIDE_COLUMNS; i++) {
    const char* const text =
        i == 0 && exact ? parley_column_source(query, first) : parley_column_text(query, first + i);
    if (i == 1 && (!text || !*text)) {
      fputs("  no source", out);
    } else if (text && *text) {
      fprintf(out, "%s%s", i == 1 ? "  " : i > 1 ? ", " : "", before[i]);
      cli_text_print(out, text, strlen(text), 0);
    }
  }
  fputc('\n', out);
}

static void print_conflict(FILE* out, parley_query* query) {
  const char* const kind = parley_column_text(query, KIND);
  for (size_t i = SUBJECT; i <= PREDICATE; i++) {
    const char* const text = parley_column_text(query, i);
    cli_text_print(out, text ? text : "", text ? strlen(text) : 0, 0);
    fputc(i == SUBJECT ? ' ' : ':', out);
  }
  fprintf(out, " %s\n", kind && !strcmp(kind, "time") ? "at overlapping times" : "by different sources");
  const bool exact = alike(query);
  print_side(out, query, SIDES, exact);
  print_side(out, query, SIDES + SIDE_COLUMNS, exact);
}

// Two assertions of one article may differ in their spans only, which are not shown: what reads the same is told once.
static parley_status print_conflicts(cli_session* session, parley_query* query) {
  textset told = {.count = 0};
  parley_status status;
  while ((status = parley_step(query)) == PARLEY_ROW && !ferror(session->out)) {
    char* text = NULL;
    size_t len = 0;
    FILE* const block = cli_need(open_memstream(&text, &len));
    print_conflict(block, query);
    fclose(block);
    const size_t before = told.count;
    if (textset_add(&told, cli_need(text)) == before) {
      fputs(text, session->out);
    }
    free(text);
  }
  session->rows = told.count;
  textset_free(&told);
  if (status == PARLEY_DONE) {
    char buf[64];
    fprintf(session->out, "%s\n", cli_count(session->rows, "contradiction", buf));
  }
  return status;
}

cli_exit cli_print_conflicts(cli_session* session) {
  parley_query* query = NULL;
  cli_interrupt_route(session->db);
  parley_status status = cli_session_prepare(session, "conflicts", SIZE_MAX, &query);
  if (status == PARLEY_OK) {
    const bool readable = session->format == CLI_TABLE && parley_column_count(query) == COLUMNS;
    status = readable ? print_conflicts(session, query) : cli_print_rows(session, query);
  }
  cli_report(query ? parley_query_error(query) : cli_session_error(session));
  parley_finalize(query);
  cli_interrupt_route(NULL);
  const cli_exit code = cli_flush(session->out, "writing the answer", cli_exit_of(status));
  return code == CLI_OK && session->rows ? CLI_ERROR : code;
}

// ---- differences ----

typedef struct diff_view {
  FILE* out;
  bool json;
  uint64_t count;
} diff_view;

static int on_difference(void* user, const parley_difference* d) {
  diff_view* const view = user;
  view->count++;
  if (view->json) {
    fprintf(view->out, "{\"side\": %d, \"assertion\": %s, \"row\": %.*s}\n", d->side, d->assertion ? "true" : "false",
            (int)d->json_len, d->json);
  } else {
    fputs(d->side < 0 ? "- " : "+ ", view->out);
    cli_text_print(view->out, d->text, strlen(d->text), 0);
    fputc('\n', view->out);
  }
  return ferror(view->out);
}

cli_exit cli_print_differences(parley* a, parley* b, char* source_a, char* source_b, bool json) {
  diff_view view = {.out = stdout, .json = json};
  const parley_value values[2] = {source_a ? cli_node_value(source_a) : parley_string(""),
                                  source_b ? cli_node_value(source_b) : parley_string("")};
  const parley_diff_options options = {.size = sizeof options,
                                       .source_a = source_a ? &values[0] : NULL,
                                       .source_b = source_b ? &values[1] : NULL,
                                       .on_difference = on_difference,
                                       .user = &view};
  cli_interrupt_route(a);
  const parley_status status = parley_diff(a, b, &options);
  cli_interrupt_route(NULL);
  if (status != PARLEY_OK && !ferror(view.out)) {
    cli_report(parley_error(a));
  }
  return status != PARLEY_OK ? CLI_USAGE : view.count ? CLI_ERROR : CLI_OK;
}
