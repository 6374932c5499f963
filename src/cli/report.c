// Errors for people: the library's own reports in colour, usage errors with a suggestion, and exit codes.
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void cli_report(const parley_error_object* error) {
  const bool color = cli_color(stderr);
  parley_diagnostic d;
  for (size_t i = 0; parley_error_get(error, i, &d) == PARLEY_OK; i++) {
    const size_t first = strcspn(d.text, "\n");
    if (color) {
      fprintf(stderr, "\033[%sm", d.status == PARLEY_OK ? "33" : "1;31");
    }
    cli_text_print(stderr, d.text, first, 0);
    fputs(color ? "\033[0m\n" : "\n", stderr);
    // The library's report is made of whole lines, its quoted source already free of control characters.
    const char* rest = d.text + first + (d.text[first] == '\n');
    fputs(rest, stderr);
    if (*rest && rest[strlen(rest) - 1] != '\n') {
      fputc('\n', stderr);
    }
  }
}

cli_exit cli_exit_of(parley_status status) {
  switch (status) {
    case PARLEY_OK:
    case PARLEY_ROW:
    case PARLEY_DONE:
      return CLI_OK;
    case PARLEY_LIMIT:
    case PARLEY_INTERRUPTED:
      return CLI_STOPPED;
    case PARLEY_CORRUPT:
      return CLI_DAMAGE;
    case PARLEY_IO:
    case PARLEY_CANTOPEN:
    case PARLEY_NEWER:
    case PARLEY_BUSY:
    case PARLEY_READONLY:
    case PARLEY_FULL:
      return CLI_IO;
    default:
      return CLI_ERROR;
  }
}

cli_exit cli_usage(const char* format, ...) {
  va_list args;
  va_start(args, format);
  fputs("parley: ", stderr);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  return CLI_USAGE;
}

cli_exit cli_system_error(const char* what) {
  fprintf(stderr, "parley: %s: %s\n", what, strerror(errno));
  return CLI_IO;
}

// Levenshtein distance of two short words.
static size_t distance(const char* a, const char* b) {
  size_t row[64];
  const size_t n = strlen(b);
  if (n >= 64) {
    return SIZE_MAX;
  }
  for (size_t j = 0; j <= n; j++) {
    row[j] = j;
  }
  for (size_t i = 1; a[i - 1]; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= n; j++) {
      const size_t replace = diagonal + (a[i - 1] != b[j - 1]);
      const size_t insert = row[j - 1] + 1;
      diagonal = row[j];
      row[j] = row[j] + 1 < replace ? row[j] + 1 : replace;
      row[j] = insert < row[j] ? insert : row[j];
    }
  }
  return row[n];
}

const char* cli_closest(const char* word, const char* const* words) {
  const char* best = NULL;
  size_t best_distance = strlen(word) / 3 + 2;
  for (size_t i = 0; words[i]; i++) {
    const size_t d = distance(word, words[i]);
    if (d < best_distance) {
      best_distance = d;
      best = words[i];
    }
  }
  return best;
}
