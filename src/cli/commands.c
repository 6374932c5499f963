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
  OPT_QUIET,
  OPT_ASSERTIONS,
  OPT_HELP
};

// One command line being read: getopt_long with our own messages.
typedef struct arguments {
  const char* command;
  int argc;
  char** argv;
  const struct option* options;
  const char* letters;
} arguments;

static cli_exit unknown_option(const arguments* a) {
  const char* names[32];
  size_t count = 0;
  const char* word = a->argv[optind - 1];
  for (const struct option* o = a->options; o->name && count < 31; o++) {
    names[count++] = o->name;
  }
  names[count] = NULL;
  char bare[64];
  snprintf(bare, sizeof bare, "%.*s", (int)strcspn(word + strspn(word, "-"), "="), word + strspn(word, "-"));
  const char* near = cli_closest(bare, names);
  if (near && !strcmp(near, bare)) {
    return cli_usage("option `--%s` of `parley %s` needs a value (see parley %s --help)", near, a->command, a->command);
  }
  return near ? cli_usage("`parley %s` has no option `%s`; did you mean `--%s`?", a->command, word, near)
              : cli_usage("`parley %s` has no option `%s` (see parley %s --help)", a->command, word, a->command);
}

static int next_option(const arguments* a) {
  opterr = 0;
  return getopt_long(a->argc, a->argv, a->letters, a->options, NULL);
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

// A value as people write it on a command line: numbers, dates, booleans and <iri> by their form, anything else a
// string.
static parley_value parse_value(char* text) {
  const size_t len = strlen(text);
  const size_t digits = strspn(text + (*text == '-'), "0123456789") + (*text == '-');
  if (len >= 2 && ((text[0] == '"' && text[len - 1] == '"') || (text[0] == '<' && text[len - 1] == '>'))) {
    const bool iri = text[0] == '<';
    text[len - 1] = '\0';
    return iri ? parley_iri(text + 1) : parley_string(text + 1);
  }
  if (!strcmp(text, "true") || !strcmp(text, "false")) {
    return parley_boolean(text[0] == 't');
  }
  if (len && digits == len && len < 19 && isdigit((unsigned char)text[len - 1])) {
    return parley_integer(strtoll(text, NULL, 10));
  }
  if (digits && text[digits] == '.' && isdigit((unsigned char)text[digits + 1]) &&
      digits + 1 + strspn(text + digits + 1, "0123456789") == len) {
    return parley_typed(text, "http://www.w3.org/2001/XMLSchema#decimal");
  }
  if (digits == 4 && text[4] == '-' && isdigit((unsigned char)text[5])) {
    return parley_date(text);
  }
  return parley_string(text);
}

static cli_exit add_param(cli_session* session, char* text, bool node) {
  char* equals = strchr(text, '=');
  if (!equals || equals == text) {
    return cli_usage("`%s` is not name=value", text);
  }
  *equals = '\0';
  cli_param* grown = realloc(session->params, (session->param_count + 1) * sizeof *grown);
  if (!grown) {
    return cli_system_error("parameters");
  }
  session->params = grown;
  session->params[session->param_count++] = (cli_param){text, node ? parley_name(equals + 1) : parse_value(equals + 1)};
  return CLI_OK;
}

static cli_exit bad_format(const char* word) {
  const char* near = cli_closest(word, cli_format_names);
  return cli_usage("there is no format `%s`%s%s%s", word,
                   near ? "; did you mean `" : " (table, csv, tsv, json, jsonl, markdown)", near ? near : "",
                   near ? "`?" : "");
}

// ---- query ----

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
  } while (*len == capacity && capacity < ((size_t)64 << 20));
  return ferror(in) ? cli_system_error(name) : CLI_OK;
}

static cli_exit run_text(cli_session* session, const char* path, const char* argument) {
  char* text = NULL;
  size_t len = 0;
  cli_exit code = CLI_OK;
  if (path || !strcmp(argument, "-")) {
    const bool standard = !path || !strcmp(path, "-");
    FILE* in = standard ? stdin : fopen(path, "r");
    session->source_name = standard ? NULL : path;
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
  free(text);
  cli_session_close(session);
  return code;
}

static cli_exit query_option(cli_session* session, int option, const char** file, bool* done) {
  uint64_t count = 0;
  char* end = NULL;
  switch (option) {
    case 'f':
      *file = optarg;
      return CLI_OK;
    case OPT_FORMAT:
      return cli_format_parse(optarg, &session->format) ? CLI_OK : bad_format(optarg);
    case OPT_PARAM:
      return add_param(session, optarg, false);
    case OPT_NODE:
      return add_param(session, optarg, true);
    case OPT_TIMER:
      session->timer = true;
      return CLI_OK;
    case OPT_NO_WAIT:
      session->no_wait = true;
      return CLI_OK;
    case OPT_MEMORY:
      if (!parse_count(optarg, &count) || count > SIZE_MAX >> 20) {
        return cli_usage("--memory takes MiB, not `%s`", optarg);
      }
      session->limits.memory_bytes = (size_t)count << 20;
      return CLI_OK;
    case OPT_ROWS:
      if (!parse_count(optarg, &session->limits.rows)) {
        return cli_usage("--max-rows takes a number, not `%s`", optarg);
      }
      return CLI_OK;
    case OPT_TIMEOUT:
      session->limits.seconds = strtod(optarg, &end);
      return *end || end == optarg || session->limits.seconds <= 0
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
                                          {"help", no_argument, NULL, OPT_HELP},
                                          {0}};
  const arguments a = {"query", argc, argv, options, "f:"};
  cli_session session = {.out = stdout, .limits = {.size = sizeof session.limits}};
  const char* file = NULL;
  bool done = false;
  cli_exit code = CLI_OK;
  for (int option; !done && code == CLI_OK && (option = next_option(&a)) != -1;) {
    code = option == '?' ? unknown_option(&a) : query_option(&session, option, &file, &done);
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
    case OPT_QUIET:
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
    case OPT_MEMORY: {
      uint64_t mib;
      if (!parse_count(optarg, &mib) || mib > SIZE_MAX >> 20) {
        return cli_usage("--memory takes MiB, not `%s`", optarg);
      }
      settings->options.memory_bytes = (size_t)mib << 20;
      return CLI_OK;
    }
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
                                          {"quiet", no_argument, NULL, OPT_QUIET},
                                          {"help", no_argument, NULL, OPT_HELP},
                                          {0}};
  const arguments a = {"load", argc, argv, options, "q"};
  cli_load_settings settings = {.options = {.size = sizeof settings.options}};
  bool done = false;
  cli_exit code = CLI_OK;
  for (int option; !done && code == CLI_OK && (option = next_option(&a)) != -1;) {
    code = option == '?' ? unknown_option(&a) : load_option(&settings, option == 'q' ? OPT_QUIET : option, &done);
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
  return fflush(stdout) != 0 && code == CLI_OK ? cli_system_error("standard output") : code;
}

cli_exit cli_export(int argc, char** argv) {
  static const struct option options[] = {{"format", required_argument, NULL, OPT_FORMAT},
                                          {"assertions", no_argument, NULL, OPT_ASSERTIONS},
                                          {"output", required_argument, NULL, 'o'},
                                          {"help", no_argument, NULL, OPT_HELP},
                                          {0}};
  const arguments a = {"export", argc, argv, options, "o:"};
  const char *format = "jsonl", *path = NULL;
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
        path = optarg;
        break;
      case OPT_HELP:
        return print_help("export");
      default:
        return unknown_option(&a);
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
      {"format", required_argument, NULL, OPT_FORMAT}, {"help", no_argument, NULL, OPT_HELP}, {0}};
  const arguments a = {command, argc, argv, options, ""};
  cli_format format = CLI_TABLE;
  for (int option; (option = next_option(&a)) != -1;) {
    if (option == OPT_HELP) {
      return print_help(command);
    }
    if (option != OPT_FORMAT) {
      return unknown_option(&a);
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
