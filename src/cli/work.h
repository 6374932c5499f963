/// Progress of a long operation: one line on the terminal of standard error, taken away again.
#ifndef CLI_WORK_H
#define CLI_WORK_H

#include "cli.h"

#include <time.h>

typedef struct cli_work_view {
  bool terminal;          ///< standard error is one
  bool shown;             ///< a line stands on it
  struct timespec start;  ///< of the operation
} cli_work_view;

void cli_work_start(cli_work_view* view);
/// Show how far it is; nothing where nobody looks.
void cli_work_show(cli_work_view* view, const parley_work* work);
void cli_work_clear(cli_work_view* view);            ///< before anything else is printed
double cli_work_seconds(const cli_work_view* view);  ///< since the start

#endif
