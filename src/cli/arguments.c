// Reading options, with messages that say what was meant.
#include "arguments.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static cli_exit missing_value(const arguments* a) {
  for (const struct option* o = a->options; o->name; o++) {
    if (o->val == optopt) {
      return o->has_arg == no_argument ? cli_usage("`--%s` of `parley %s` takes no value", o->name, a->command)
                                       : cli_usage("`--%s` of `parley %s` needs a value (see parley %s --help)",
                                                   o->name, a->command, a->command);
    }
  }
  return cli_usage("`-%c` of `parley %s` needs a value (see parley %s --help)", optopt, a->command, a->command);
}

static cli_exit unknown_option(const arguments* a) {
  const char* names[32];
  size_t count = 0;
  for (const struct option* o = a->options; o->name; o++) {
    if (optopt == o->val) {
      return missing_value(a);  // a known option, written --flag=value
    }
  }
  if (optopt) {
    return cli_usage("`parley %s` has no option `-%c` (see parley %s --help)", a->command, optopt, a->command);
  }
  const char* word = a->argv[optind - 1];
  for (const struct option* o = a->options; o->name && count < 31; o++) {
    names[count++] = o->name;
  }
  names[count] = NULL;
  const char* bare = word + strspn(word, "-");
  char* name = strndup(bare, strcspn(bare, "="));
  const char* near = name ? cli_closest(name, names) : NULL;
  free(name);
  return near ? cli_usage("`parley %s` has no option `%s`; did you mean `--%s`?", a->command, word, near)
              : cli_usage("`parley %s` has no option `%s` (see parley %s --help)", a->command, word, a->command);
}

int cli_next_option(const arguments* a) {
  opterr = 0;
  const int option = getopt_long(a->argc, a->argv, a->letters, a->options, NULL);
  if (option == '?') {
    unknown_option(a);
    return OPT_PROBLEM;
  }
  if (option == ':') {
    missing_value(a);
    return OPT_PROBLEM;
  }
  return option;
}

cli_exit cli_print_help(const char* command) {
  fputs(cli_command_find(command)->help, stdout);
  return CLI_OK;
}

bool cli_parse_count(const char* text, uint64_t* out) {
  char* end;
  errno = 0;
  *out = strtoull(text, &end, 10);
  return errno == 0 && end != text && *end == '\0' && isdigit((unsigned char)*text);
}

cli_exit cli_parse_memory(const char* text, uint64_t least, size_t* bytes) {
  uint64_t mib;
  if (!cli_parse_count(text, &mib) || mib > SIZE_MAX >> 20 || mib < least) {
    return cli_usage("--memory takes MiB, not `%s`", text);
  }
  *bytes = (size_t)mib << 20;
  return CLI_OK;
}

cli_exit cli_bad_format(const char* word) {
  const char* near = cli_closest(word, cli_format_names);
  return near ? cli_usage("there is no format `%s`; did you mean `%s`?", word, near)
              : cli_usage(
                    "there is no format `%s` (table, csv, tsv, json, jsonl, markdown; of graphs also ttl, nt, nq, "
                    "dot, mermaid, svg, png)",
                    word);
}

cli_exit cli_open_for_reading(const char* path, cli_session* session) {
  *session = (cli_session){.path = path, .out = stdout, .limits = {.size = sizeof session->limits}};
  return cli_session_open(session, false);
}

cli_exit cli_finish(cli_session* session, cli_exit code) {
  cli_session_close(session);
  return cli_flush(stdout, "standard output", code);
}
