// Loading and export: progress on a terminal, bad rows as they are met, a summary at the end; files that appear whole
// or not at all.
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef struct load_view {
  bool terminal;          // progress is shown
  bool shown;             // a progress line stands on the terminal
  FILE* bad_rows;         // file for skipped rows, or NULL
  struct timespec start;  // of the load
  bool failed;            // writing bad_rows failed
} load_view;

static double seconds_since(const struct timespec* start) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)(t.tv_sec - start->tv_sec) + (double)(t.tv_nsec - start->tv_nsec) / 1e9;
}

static void clear_line(load_view* view) {
  if (view->shown) {
    fputs("\r\033[K", stderr);
    view->shown = false;
  }
}

// One line, never longer than the terminal: a line that wraps could not be cleared again.
static void print_progress(load_view* view, const parley_progress* p) {
  char line[256], total[32], rows[64], rate[32];
  const double seconds = seconds_since(&view->start);
  const double speed = seconds > 0.01 ? (double)p->rows / seconds : 0;
  const int width = cli_width(stderr);
  int n = snprintf(line, sizeof line, "%s %s", p->phase, cli_size(p->bytes_read, rows));
  if (p->bytes_total) {
    n += snprintf(line + n, sizeof line - (size_t)n, " of %s (%.0f %%)", cli_size(p->bytes_total, total),
                  100.0 * (double)p->bytes_read / (double)p->bytes_total);
  }
  n += snprintf(line + n, sizeof line - (size_t)n, ", %s, %s rows/s", cli_count(p->rows, "row", rows),
                cli_thousands((uint64_t)speed, rate));
  if (p->bytes_total > p->bytes_read && p->bytes_read && seconds > 1) {
    const double left = seconds * (double)(p->bytes_total - p->bytes_read) / (double)p->bytes_read;
    snprintf(line + n, sizeof line - (size_t)n, ", %d:%02d left", (int)left / 60, (int)left % 60);
  }
  clear_line(view);
  fprintf(stderr, "%.*s", width > 1 ? width - 1 : 79, line);
  fflush(stderr);
  view->shown = true;
}

static int on_progress(void* user, const parley_progress* p) {
  load_view* view = user;
  if (view->terminal) {
    print_progress(view, p);
  }
  return cli_interrupted || view->failed;
}

static void on_bad_row(void* user, const parley_bad_row* row) {
  load_view* view = user;
  clear_line(view);
  fputs("skipped ", stderr);
  cli_report_text(row->diagnostic->text, true);
  if (view->bad_rows) {
    if (fwrite(row->text, 1, row->text_len, view->bad_rows) != row->text_len || fputc('\n', view->bad_rows) == EOF) {
      view->failed = true;
    }
  }
}

static void say_waiting(void* user) {
  (void)user;
  if (isatty(STDERR_FILENO)) {
    fputs("waiting for another writer of this store ...\n", stderr);
  }
}

static void print_summary(const parley_load_summary* s, const parley_load_options* options, bool ok) {
  char rows[64], facts[64], assertions[64], rate[32];
  if (ok) {
    printf("loaded %s: %s, %s, %.2f s, %s rows/s\n", cli_count(s->rows - s->rows_bad, "row", rows),
           cli_count(s->changes.facts_new, "new fact", facts),
           cli_count(s->changes.assertions_new, "new assertion", assertions), s->seconds,
           cli_thousands(s->seconds > 0 ? (uint64_t)((double)s->rows / s->seconds) : 0, rate));
  }
  if (s->rows_bad) {
    printf("%s skipped\n", cli_count(s->rows_bad, "bad row", rows));
  }
  if (options->commit_every) {
    printf("last row committed: %llu\n", (unsigned long long)s->committed_row);
  } else if (!ok) {
    fputs("nothing was changed\n", stderr);
  }
}

// A store that does not exist is built at full speed; with commit_every, or when it exists, rows go through ordinary
// transactions.
static parley_status load(const char* store, parley* db, const parley_input* inputs, size_t count,
                          const cli_load_settings* settings, const parley_load_options* options,
                          parley_load_summary* summary, cli_exit* code) {
  parley_options open = {
      .size = sizeof open, .flags = PARLEY_OPEN_CREATE, .base = settings->base, .on_wait = say_waiting};
  parley_error_object* error = NULL;
  parley* own = NULL;
  if (settings->no_wait) {
    open.flags |= PARLEY_OPEN_NO_WAIT;
  }
  parley_status status;
  cli_interrupt_route(NULL);
  if (!db && !options->commit_every && access(store, F_OK) != 0 && errno == ENOENT) {
    status = parley_build(store, &open, inputs, count, options, &cli_interrupted, summary, &error);
  } else {
    status = db ? PARLEY_OK : parley_open(store, &open, &own, &error);
    parley* target = db ? db : own;
    if (status == PARLEY_OK) {
      cli_interrupt_route(target);
      status = parley_load(target, inputs, count, options, summary);
      if (status != PARLEY_OK) {
        fputs(isatty(STDERR_FILENO) ? "\r\033[K" : "", stderr);
        cli_report(parley_error(target));
      }
      cli_interrupt_route(NULL);
    }
  }
  if (error) {
    fputs(isatty(STDERR_FILENO) ? "\r\033[K" : "", stderr);
    cli_report(error);
  }
  parley_error_free(error);
  parley_close(own);
  *code = cli_exit_of(status);
  return status;
}

cli_exit cli_load_files(const char* store, parley* db, char** files, size_t count, const cli_load_settings* settings) {
  load_view view = {.terminal = !settings->quiet && isatty(STDERR_FILENO)};
  parley_load_options options = settings->options;
  parley_load_summary summary = {0};
  cli_exit code = CLI_OK;
  parley_input* inputs = calloc(count, sizeof *inputs);
  if (!inputs) {
    return cli_system_error("load");
  }
  for (size_t i = 0; i < count; i++) {
    inputs[i] = (parley_input){.path = files[i], .format = settings->format};
  }
  clock_gettime(CLOCK_MONOTONIC, &view.start);
  options.size = sizeof options;
  options.on_progress = on_progress;
  options.on_bad_row = on_bad_row;
  options.user = &view;
  if (settings->bad_rows_path) {
    view.bad_rows = fopen(settings->bad_rows_path, "w");
    if (!view.bad_rows) {
      free(inputs);
      return cli_system_error(settings->bad_rows_path);
    }
  }
  const parley_status status = load(store, db, inputs, count, settings, &options, &summary, &code);
  clear_line(&view);
  if (view.bad_rows && (fclose(view.bad_rows) != 0 || view.failed)) {
    code = cli_system_error(settings->bad_rows_path);
  }
  if (!settings->quiet) {
    print_summary(&summary, &options, status == PARLEY_OK);
  }
  free(inputs);
  return code;
}

// Where an export goes, and why it could not: a stream forgets that.
typedef struct export_sink {
  FILE* stream;
  int reason;  // errno of the write that failed, or 0
} export_sink;

static int write_stream(void* user, const char* data, size_t len) {
  export_sink* sink = user;
  errno = 0;
  if (fwrite(data, 1, len, sink->stream) != len) {
    sink->reason = errno;
    return 1;
  }
  return 0;
}

// A device or a pipe is written to; only a file can be replaced.
static bool replaceable(const char* path) {
  struct stat info;
  return stat(path, &info) != 0 || S_ISREG(info.st_mode);
}

// Write to PATH.XXXXXX beside it, then rename: the file appears whole or not at all.
static FILE* temporary(const char* path, char** name) {
  const mode_t mask = umask(0);
  umask(mask);
  *name = malloc(strlen(path) + 8);
  if (!*name) {
    return NULL;
  }
  sprintf(*name, "%s.XXXXXX", path);
  const int fd = mkstemp(*name);
  FILE* file = fd >= 0 && fchmod(fd, 0666 & ~mask) == 0 ? fdopen(fd, "w") : NULL;
  if (!file && fd >= 0) {
    const int reason = errno;
    unlink(*name);
    close(fd);
    errno = reason;
  }
  return file;
}

// Export to an open stream.
static cli_exit export_stream(parley* db, parley_export_options* options, FILE* stream, const char* what) {
  export_sink sink = {.stream = stream};
  options->user = &sink;
  cli_interrupt_route(db);
  const parley_status status = parley_export(db, options);
  cli_interrupt_route(NULL);
  if (status != PARLEY_OK && !ferror(stream)) {
    cli_report(parley_error(db));
    return cli_exit_of(status);
  }
  if (sink.reason != 0 && sink.reason != EPIPE) {
    clearerr(stream);
    errno = sink.reason;
    return cli_system_error(what);
  }
  return cli_flush(stream, what, CLI_OK);
}

cli_exit cli_export_to(parley* db, const char* format, bool assertions, const char* path, FILE* out) {
  parley_export_options options = {
      .size = sizeof options, .format = format, .assertions = assertions, .write = write_stream};
  if (!path) {
    return export_stream(db, &options, out, "writing the export");
  }
  char* real = realpath(path, NULL);  // through a link, the file that it names
  const char* target = real ? real : path;
  char* name = NULL;
  const bool direct = !replaceable(target);
  FILE* stream = direct ? fopen(target, "w") : temporary(target, &name);
  cli_exit code = stream ? export_stream(db, &options, stream, path) : cli_system_error(path);
  if (stream && code == CLI_OK && !direct && fsync(fileno(stream)) != 0) {
    code = cli_system_error(path);
  }
  if (stream && fclose(stream) != 0 && code == CLI_OK) {
    code = cli_system_error(path);
  }
  if (stream && name && code == CLI_OK && rename(name, target) != 0) {
    code = cli_system_error(path);
  }
  if (stream && name && code != CLI_OK) {
    unlink(name);
  }
  free(name);
  free(real);
  return code;
}
