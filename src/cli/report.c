// Errors for people: the library's own reports in colour, usage errors with a suggestion, and exit codes.
#include "cli.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void cli_report_text(const char* text, bool warning) {
  const bool color = cli_color(stderr);
  for (const char* style = warning ? "33" : "1;31"; *text; style = "2") {
    const size_t len = strcspn(text, "\n");
    const bool styled = color && (*style != '2' || !strncmp(text, "hint: ", 6));
    if (styled) {
      fprintf(stderr, "\033[%sm", style);
    }
    cli_text_print(stderr, text, len, 0);
    fputs(styled ? "\033[0m\n" : "\n", stderr);
    text += len + (text[len] == '\n');
  }
}

void cli_report(const parley_error_object* error) {
  parley_diagnostic d;
  for (size_t i = 0; parley_error_get(error, i, &d) == PARLEY_OK; i++) {
    cli_report_text(d.text, d.status == PARLEY_OK);
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

void* cli_need(void* p) {
  if (!p) {
    fputs("parley: out of memory\n", stderr);
    exit(CLI_ERROR);
  }
  return p;
}

cli_exit cli_usage(const char* format, ...) {
  char* text = NULL;
  va_list args;
  va_start(args, format);
  const int len = vasprintf(&text, format, args);
  va_end(args);
  fputs("parley: ", stderr);
  if (len >= 0) {
    cli_text_print(stderr, text, (size_t)len, 0);
    free(text);
  }
  fputc('\n', stderr);
  return CLI_USAGE;
}

cli_exit cli_system_error(const char* what) {
  const char* reason = strerror(errno);
  fputs("parley: ", stderr);
  cli_text_print(stderr, what, strlen(what), 0);
  fprintf(stderr, ": %s\n", reason);
  return CLI_IO;
}

cli_exit cli_flush(FILE* out, const char* what, cli_exit code) {
  const bool failed = ferror(out) != 0;
  clearerr(out);
  errno = failed ? EIO : 0;
  if (fflush(out) == 0 && !failed) {  // what could not be written is tried again, which tells why
    return code;
  }
  clearerr(out);
  const int reason = errno;
  struct pollfd p = {.fd = fileno(out), .events = POLLOUT};
  const bool left = reason == EPIPE || (poll(&p, 1, 0) == 1 && (p.revents & POLLERR));
  errno = reason;
  if (code != CLI_OK) {
    return code;
  }
  return left ? CLI_IO : cli_system_error(what);
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
