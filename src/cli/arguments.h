/// Command lines: getopt_long with our own messages, shared by the files of commands.
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include "cli.h"

#include <getopt.h>

/// Values of long options.
enum {
  OPT_FORMAT = 256,
  OPT_PARAM,
  OPT_NODE,
  OPT_MEMORY,
  OPT_TIMEOUT,
  OPT_ROWS,
  OPT_TIMER,
  OPT_NO_WAIT,
  OPT_READ_ONLY,
  OPT_SKIP_BAD,
  OPT_BAD_ROWS,
  OPT_COMMIT,
  OPT_MAP,
  OPT_COLUMNS,
  OPT_BASE,
  OPT_ASSERTIONS,
  OPT_ADD,
  OPT_DROP,
  OPT_SOURCE,
  OPT_DRY_RUN,
  OPT_FACTS,
  OPT_DEEP,
  OPT_JSON,
  OPT_NO_CHECK,
  OPT_PROBLEM
};

/// One command line being read.
typedef struct arguments {
  const char* command;
  int argc;
  char** argv;
  const struct option* options;
  const char* letters;
} arguments;

/// The next option; OPT_PROBLEM when it was a wrong one, which has been reported.
int cli_next_option(const arguments* a);
/// Text of `parley COMMAND --help`.
cli_exit cli_print_help(const char* command);
bool cli_parse_count(const char* text, uint64_t* out);
/// A --memory argument: MiB, at least `least`, as bytes.
cli_exit cli_parse_memory(const char* text, uint64_t least, size_t* bytes);
/// Say that there is no such format of answers.
cli_exit cli_bad_format(const char* word);
/// Open a store to be read by one command.
cli_exit cli_open_for_reading(const char* path, cli_session* session);
/// Close it and flush standard output.
cli_exit cli_finish(cli_session* session, cli_exit code);

#endif
