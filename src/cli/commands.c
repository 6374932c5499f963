// The commands: options of each, read with getopt_long, and what they call.
#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  OPT_FORMAT = 256,
  OPT_PARAM,
  OPT_NODE,
  OPT_MEMORY,
  OPT_TIMEOUT,
  OPT_ROWS,
  OPT_TIMER,
  OPT_NO_WAIT,
  OPT_SKIP_BAD,
  OPT_BAD_ROWS,
  OPT_COMMIT,
  OPT_MAP,
  OPT_COLUMNS,
  OPT_BASE,
  OPT_ASSERTIONS,
  OPT_PROBLEM
};

// One command line being read: getopt_long with our own messages.
typedef struct arguments {
  const char* command;
  int argc;
  char** argv;
  const struct option* options;
  const char* letters;
} arguments;

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

// The next option; PROBLEM when it was a wrong one, which has been reported.
static int next_option(const arguments* a) {
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

static cli_exit print_help(const char* command) {
  fputs(cli_command_find(command)->help, stdout);
  return CLI_OK;
}

static bool parse_count(const char* text, uint64_t* out) {
  char* end;
  errno = 0;
  *out = strtoull(text, &end, 10);
  return errno == 0 && end != text && *end == '\0' && isdigit((unsigned char)*text);
}

// A --memory argument: MiB, at least `least`, as bytes.
static cli_exit parse_memory(const char* text, uint64_t least, size_t* bytes) {
  uint64_t mib;
  if (!parse_count(text, &mib) || mib > SIZE_MAX >> 20 || mib < least) {
    return cli_usage("--memory takes MiB, not `%s`", text);
  }
  *bytes = (size_t)mib << 20;
  return CLI_OK;
}

static cli_exit bad_format(const char* word) {
  const char* near = cli_closest(word, cli_format_names);
  return cli_usage("there is no format `%s`%s%s%s", word,
                   near ? "; did you mean `" : " (table, csv, tsv, json, jsonl, markdown)", near ? near : "",
                   near ? "`?" : "");
}

// ---- query ----

#define TEXT_BYTES_MAX ((size_t)64 << 20)

static cli_exit read_all(FILE* in, const char* name, char** text, size_t* len) {
  size_t capacity = 0;
  *text = NULL;
  *len = 0;
  do {
    capacity = capacity ? capacity * 2 : 65536;
    char* grown = realloc(*text, capacity);
    if (!grown) {
      return cli_system_error(name);
    }
    *text = grown;
    *len += fread(*text + *len, 1, capacity - *len, in);
  } while (*len == capacity && capacity <= TEXT_BYTES_MAX);
  if (*len > TEXT_BYTES_MAX) {
    cli_usage("%s is longer than 64 MiB; large data is loaded, not written into a query", name);
    return CLI_STOPPED;
  }
  if (cli_interrupted) {
    return CLI_STOPPED;
  }
  return ferror(in) ? cli_system_error(name) : CLI_OK;
}

static cli_exit run_text(cli_session* session, const char* path, const char* argument) {
  char* text = NULL;
  size_t len = 0;
  cli_exit code = CLI_OK;
  if (path || !strcmp(argument, "-")) {
    const bool standard = !path || !strcmp(path, "-");
    FILE* in = standard ? stdin : fopen(path, "r");
    session->source_name = standard ? "standard input" : path;
    code = in ? read_all(in, standard ? "standard input" : path, &text, &len) : cli_system_error(path);
    if (in && !standard) {
      fclose(in);
    }
  }
  if (code == CLI_OK) {
    code = cli_session_open(session, false);
  }
  if (code == CLI_OK) {
    code = cli_session_run(session, text ? text : argument, text ? len : strlen(argument), false, NULL);
  }
  for (size_t i = 0; code == CLI_OK && i < session->param_count; i++) {
    if (!session->params[i].used) {
      code = cli_usage("no statement uses $%s", session->params[i].name);
    }
  }
  free(text);
  cli_session_close(session);
  return code;
}

static cli_exit query_option(cli_session* session, int option, const char** file, bool* done) {
  char* end = NULL;
  switch (option) {
    case 'f':
      *file = optarg;
      return CLI_OK;
    case OPT_FORMAT:
      return cli_format_parse(optarg, &session->format) ? CLI_OK : bad_format(optarg);
    case OPT_PARAM:
      return cli_param_add(session, optarg, false);
    case OPT_NODE:
      return cli_param_add(session, optarg, true);
    case OPT_TIMER:
      session->timer = true;
      return CLI_OK;
    case OPT_NO_WAIT:
      session->no_wait = true;
      return CLI_OK;
    case OPT_MEMORY:
      return parse_memory(optarg, 1, &session->limits.memory_bytes);
    case OPT_ROWS:
      if (!parse_count(optarg, &session->limits.rows) || session->limits.rows == 0) {
        return cli_usage("--max-rows takes a number, not `%s`", optarg);
      }
      return CLI_OK;
    case OPT_TIMEOUT:
      session->limits.seconds = strtod(optarg, &end);
      return *end || end == optarg || !(session->limits.seconds > 0)
                 ? cli_usage("--timeout takes seconds, not `%s`", optarg)
                 : CLI_OK;
    default:
      *done = true;
      return print_help("query");
  }
}

cli_exit cli_query(int argc, char** argv) {
  static const struct option options[] = {{"file", required_argument, NULL, 'f'},
                                          {"format", required_argument, NULL, OPT_FORMAT},
                                          {"param", required_argument, NULL, OPT_PARAM},
                                          {"node", required_argument, NULL, OPT_NODE},
                                          {"memory", required_argument, NULL, OPT_MEMORY},
                                          {"timeout", required_argument, NULL, OPT_TIMEOUT},
                                          {"max-rows", required_argument, NULL, OPT_ROWS},
                                          {"timer", no_argument, NULL, OPT_TIMER},
                                          {"no-wait", no_argument, NULL, OPT_NO_WAIT},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
  const arguments a = {"query", argc, argv, options, ":hf:"};
  cli_session session = {.out = stdout, .limits = {.size = sizeof session.limits}};
  const char* file = NULL;
  bool done = false;
  cli_exit code = CLI_OK;
  for (int option; !done && code == CLI_OK && (option = next_option(&a)) != -1;) {
    code = option == OPT_PROBLEM ? CLI_USAGE : query_option(&session, option, &file, &done);
  }
  if (code == CLI_OK && !done) {
    if (argc - optind != (file ? 1 : 2)) {
      code = cli_usage("parley query takes a store and a query text, or -f FILE (see parley query --help)");
    } else {
      session.path = argv[optind];
      code = run_text(&session, file, file ? "" : argv[optind + 1]);
    }
  }
  free(session.params);
  return code;
}

// ---- load ----

static cli_exit load_option(cli_load_settings* settings, int option, bool* done) {
  switch (option) {
    case OPT_FORMAT:
      settings->format = optarg;
      return CLI_OK;
    case OPT_BAD_ROWS:
      settings->bad_rows_path = optarg;
      return CLI_OK;
    case OPT_MAP:
      settings->options.csv_map = optarg;
      return CLI_OK;
    case OPT_COLUMNS:
      settings->options.csv_columns = optarg;
      return CLI_OK;
    case OPT_BASE:
      settings->base = optarg;
      settings->options.base = optarg;
      return CLI_OK;
    case 'q':
      settings->quiet = true;
      return CLI_OK;
    case OPT_NO_WAIT:
      settings->no_wait = true;
      return CLI_OK;
    case OPT_SKIP_BAD:
      return parse_count(optarg, &settings->options.skip_bad)
                 ? CLI_OK
                 : cli_usage("--skip-bad takes a number, not `%s`", optarg);
    case OPT_COMMIT:
      if (!parse_count(optarg, &settings->options.commit_every) || settings->options.commit_every == 0) {
        return cli_usage("--commit-every takes a number of rows, not `%s`", optarg);
      }
      return CLI_OK;
    case OPT_MEMORY:
      return parse_memory(optarg, 0, &settings->options.memory_bytes);
    default:
      *done = true;
      return print_help("load");
  }
}

cli_exit cli_load(int argc, char** argv) {
  static const struct option options[] = {{"format", required_argument, NULL, OPT_FORMAT},
                                          {"skip-bad", required_argument, NULL, OPT_SKIP_BAD},
                                          {"bad-rows", required_argument, NULL, OPT_BAD_ROWS},
                                          {"commit-every", required_argument, NULL, OPT_COMMIT},
                                          {"map", required_argument, NULL, OPT_MAP},
                                          {"columns", required_argument, NULL, OPT_COLUMNS},
                                          {"base", required_argument, NULL, OPT_BASE},
                                          {"memory", required_argument, NULL, OPT_MEMORY},
                                          {"no-wait", no_argument, NULL, OPT_NO_WAIT},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
  const arguments a = {"load", argc, argv, options, ":hq"};
  cli_load_settings settings = {.options = {.size = sizeof settings.options}};
  bool done = false;
  cli_exit code = CLI_OK;
  for (int option; !done && code == CLI_OK && (option = next_option(&a)) != -1;) {
    code = option == OPT_PROBLEM ? CLI_USAGE : load_option(&settings, option, &done);
  }
  if (code != CLI_OK || done) {
    return code;
  }
  if (argc - optind < 2) {
    return cli_usage("parley load takes a store and at least one file (see parley load --help)");
  }
  return cli_load_files(argv[optind], NULL, argv + optind + 1, (size_t)(argc - optind - 1), &settings);
}

// ---- export, check, stats, schema: one store, few options ----

static cli_exit open_for_reading(const char* path, cli_session* session) {
  *session = (cli_session){.path = path, .out = stdout, .limits = {.size = sizeof session->limits}};
  return cli_session_open(session, false);
}

static cli_exit finish(cli_session* session, cli_exit code) {
  cli_session_close(session);
  return cli_flush(stdout, "standard output", code);
}

cli_exit cli_export(int argc, char** argv) {
  static const struct option options[] = {{"format", required_argument, NULL, OPT_FORMAT},
                                          {"assertions", no_argument, NULL, OPT_ASSERTIONS},
                                          {"output", required_argument, NULL, 'o'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
  const arguments a = {"export", argc, argv, options, ":ho:"};
  const char* format = "jsonl";
  const char* path = NULL;
  bool assertions = false;
  for (int option; (option = next_option(&a)) != -1;) {
    switch (option) {
      case OPT_FORMAT:
        format = optarg;
        break;
      case OPT_ASSERTIONS:
        assertions = true;
        break;
      case 'o':
        path = strcmp(optarg, "-") ? optarg : NULL;
        break;
      case 'h':
        return print_help("export");
      default:
        return CLI_USAGE;
    }
  }
  static const char* const formats[] = {"nt", "nq", "ttl", "jsonl", NULL};
  const char* near = cli_closest(format, formats);
  if (!near || strcmp(near, format)) {
    return cli_usage("export writes nt, nq, ttl or jsonl, not `%s`", format);
  }
  if (argc - optind != 1) {
    return cli_usage("parley export takes one store (see parley export --help)");
  }
  cli_session session;
  cli_exit code = open_for_reading(argv[optind], &session);
  if (code == CLI_OK) {
    code = cli_export_to(session.db, format, assertions, path, stdout);
  }
  return finish(&session, code);
}

// check, stats and schema differ in what they print only.
static cli_exit inspect(const char* command, int argc, char** argv) {
  static const struct option options[] = {
      {"help", no_argument, NULL, 'h'}, {"format", required_argument, NULL, OPT_FORMAT}, {0}};
  static const struct option help_only[] = {{"help", no_argument, NULL, 'h'}, {0}};
  const arguments a = {command, argc, argv, strcmp(command, "check") ? options : help_only, ":h"};
  cli_format format = CLI_TABLE;
  for (int option; (option = next_option(&a)) != -1;) {
    if (option == 'h') {
      return print_help(command);
    }
    if (option != OPT_FORMAT) {
      return CLI_USAGE;
    }
    if (!cli_format_parse(optarg, &format) || (format != CLI_TABLE && format != CLI_JSON)) {
      return cli_usage("parley %s prints table or json, not `%s`", command, optarg);
    }
  }
  if (argc - optind != 1) {
    return cli_usage("parley %s takes one store (see parley %s --help)", command, command);
  }
  cli_session session;
  cli_exit code = open_for_reading(argv[optind], &session);
  if (code == CLI_OK) {
    code = !strcmp(command, "check")   ? cli_print_check(session.db, stdout)
           : !strcmp(command, "stats") ? cli_print_stats(session.db, argv[optind], format, stdout)
                                       : cli_print_schema(session.db, format, stdout);
  }
  return finish(&session, code);
}

cli_exit cli_check(int argc, char** argv) { return inspect("check", argc, argv); }
cli_exit cli_stats(int argc, char** argv) { return inspect("stats", argc, argv); }
cli_exit cli_schema(int argc, char** argv) { return inspect("schema", argc, argv); }
