// Who says so: ask a store a query and print, below each row, the facts behind it and their sources.
//
//   cc why.c -o why $(pkg-config --cflags --libs parley) && ./why talks.db 'match ?m held_in Beijing ; participant ?who return ?who'
#include <parley.h>

#include <stdio.h>

/// One line of the tree behind a row: facts, and below each who says it.
static void print_support(const parley_support* line) {
  printf("%*s", (int)(2 * line->depth + 2), "");
  switch (line->kind) {
    case PARLEY_SUPPORT_FACT:
      printf("%s\n", line->text);
      break;
    case PARLEY_SUPPORT_IDENTITY:
      printf("same: %s\n", line->text);
      break;
    case PARLEY_SUPPORT_ASSERTION:
      printf("%s", line->source.type == PARLEY_NULL ? "no source" : line->source.text);
      if (line->confidence.type != PARLEY_NULL) {
        printf(", confidence %g", line->confidence.real);
      }
      printf("\n");
      break;
    case PARLEY_SUPPORT_PLAIN:
      printf("stated plainly\n");
      break;
    case PARLEY_SUPPORT_MEMBER:
      printf("row %llu of the group\n", (unsigned long long)line->count);
      break;
    case PARLEY_SUPPORT_ABSENT:
      printf("nothing matches: %s\n", line->text);
      break;
    case PARLEY_SUPPORT_MORE:
      printf("and %llu more\n", (unsigned long long)line->count);
      break;
  }
}

static void print_row(parley_query* query) {
  double confidence = 1;
  parley_support line = {.size = sizeof line};
  for (size_t c = 0; c < parley_column_count(query); c++) {
    printf("%s%s", c ? "  " : "", parley_column_text(query, c));
  }
  if (parley_why_confidence(query, &confidence) == PARLEY_OK) {
    printf("  (%.4g)\n", confidence);
  }
  while (parley_why_next(query, &line) == PARLEY_OK) {
    print_support(&line);
  }
}

int main(int argc, char** argv) {
  parley* store = NULL;
  parley_query* query = NULL;
  parley_error_object* error = NULL;
  const parley_options options = {.size = sizeof options, .flags = PARLEY_OPEN_READONLY};
  if (argc != 3) {
    fprintf(stderr, "usage: why STORE QUERY\n");
    return 2;
  }
  if (parley_open(argv[1], &options, &store, &error) != PARLEY_OK) {
    fprintf(stderr, "%s\n", parley_error_message(error));
    parley_error_free(error);
    return 1;
  }
  parley_status status = parley_prepare(store, argv[2], SIZE_MAX, &query, NULL);
  if (status == PARLEY_OK && query) {
    status = parley_query_ask_why(query, 0);  // as if the query began with `why`; each group shows ten of its rows
  }
  while (status == PARLEY_OK || status == PARLEY_ROW) {
    status = query ? parley_step(query) : PARLEY_DONE;
    if (status == PARLEY_ROW) {
      print_row(query);
    }
  }
  if (status != PARLEY_DONE) {
    fprintf(stderr, "%s\n", parley_error_message(query ? parley_query_error(query) : parley_error(store)));
  }
  parley_finalize(query);
  return parley_close(store) == PARLEY_OK && status == PARLEY_DONE ? 0 : 1;
}
