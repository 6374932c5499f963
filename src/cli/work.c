// Progress of a long operation.
#include "work.h"

#include <unistd.h>

void cli_work_start(cli_work_view* view) {
  *view = (cli_work_view){.terminal = isatty(STDERR_FILENO)};
  clock_gettime(CLOCK_MONOTONIC, &view->start);
}

double cli_work_seconds(const cli_work_view* view) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)(t.tv_sec - view->start.tv_sec) + (double)(t.tv_nsec - view->start.tv_nsec) / 1e9;
}

void cli_work_clear(cli_work_view* view) {
  if (view->shown) {
    fputs("\r\033[K", stderr);
    view->shown = false;
  }
}

// One line, never longer than the terminal: a line that wraps could not be cleared again.
void cli_work_show(cli_work_view* view, const parley_work* work) {
  char line[128];
  const int width = cli_width(stderr);
  const double share = work->total ? (double)work->done / (double)work->total : 0;
  const double seconds = cli_work_seconds(view);
  if (!view->terminal) {
    return;
  }
  int n = snprintf(line, sizeof line, "%.60s", work->phase ? work->phase : "");
  if (work->total && work->done <= work->total) {
    n += snprintf(line + n, sizeof line - (size_t)n, " %.0f %%", 100 * share);
    if (share > 0.01 && seconds > 1) {
      const double left = seconds * (1 - share) / share;
      snprintf(line + n, sizeof line - (size_t)n, ", %d:%02d left", (int)left / 60, (int)left % 60);
    }
  }
  cli_work_clear(view);
  fprintf(stderr, "%.*s", width > 1 ? width - 1 : 79, line);
  fflush(stderr);
  view->shown = true;
}
