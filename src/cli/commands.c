// The commands: options of each, read with getopt_long, and what they call.
#include "arguments.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
  const cli_exit open = cli_transaction_abandon(session);
  cli_session_close(session);
  return code != CLI_OK ? code : open;
}

static cli_exit query_option(cli_session* session, int option, const char** file, bool* done) {
  char* end = NULL;
  switch (option) {
    case 'f':
      *file = optarg;
      return CLI_OK;
    case OPT_FORMAT:
      return cli_format_parse(optarg, &session->format) ? CLI_OK : cli_bad_format(optarg);
    case OPT_PARAM:
      return cli_param_add(session, optarg, false);
    case OPT_NODE:
      return cli_param_add(session, optarg, true);
    case OPT_ASSERTIONS:
      session->assertions = true;
      return CLI_OK;
    case OPT_TIMER:
      session->timer = true;
      return CLI_OK;
    case OPT_NO_WAIT:
      session->no_wait = true;
      return CLI_OK;
    case OPT_READ_ONLY:
      session->read_only = true;
      return CLI_OK;
    case OPT_MEMORY:
      return cli_parse_memory(optarg, 1, &session->limits.memory_bytes);
    case OPT_ROWS:
      if (!cli_parse_count(optarg, &session->limits.rows) || session->limits.rows == 0) {
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
      return cli_print_help("query");
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
                                          {"assertions", no_argument, NULL, OPT_ASSERTIONS},
                                          {"timer", no_argument, NULL, OPT_TIMER},
                                          {"no-wait", no_argument, NULL, OPT_NO_WAIT},
                                          {"read-only", no_argument, NULL, OPT_READ_ONLY},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
  const arguments a = {"query", argc, argv, options, ":hf:"};
  cli_session session = {.out = stdout, .limits = {.size = sizeof session.limits}};
  const char* file = NULL;
  bool done = false;
  cli_exit code = CLI_OK;
  for (int option; !done && code == CLI_OK && (option = cli_next_option(&a)) != -1;) {
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
      return cli_parse_count(optarg, &settings->options.skip_bad)
                 ? CLI_OK
                 : cli_usage("--skip-bad takes a number, not `%s`", optarg);
    case OPT_COMMIT:
      if (!cli_parse_count(optarg, &settings->options.commit_every) || settings->options.commit_every == 0) {
        return cli_usage("--commit-every takes a number of rows, not `%s`", optarg);
      }
      return CLI_OK;
    case OPT_MEMORY:
      return cli_parse_memory(optarg, 0, &settings->options.memory_bytes);
    default:
      *done = true;
      return cli_print_help("load");
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
  for (int option; !done && code == CLI_OK && (option = cli_next_option(&a)) != -1;) {
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

// ---- export, stats, schema: one store, few options ----

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
  for (int option; (option = cli_next_option(&a)) != -1;) {
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
        return cli_print_help("export");
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
  cli_exit code = cli_open_for_reading(argv[optind], &session);
  if (code == CLI_OK) {
    code = cli_export_to(session.db, format, assertions, path, stdout);
  }
  return cli_finish(&session, code);
}

// stats and schema differ in what they print only.
static cli_exit inspect(const char* command, int argc, char** argv) {
  static const struct option options[] = {{"help", no_argument, NULL, 'h'},
                                          {"format", required_argument, NULL, OPT_FORMAT},
                                          {"json", no_argument, NULL, OPT_JSON},
                                          {0}};
  const arguments a = {command, argc, argv, options, ":h"};
  cli_format format = CLI_TABLE;
  for (int option; (option = cli_next_option(&a)) != -1;) {
    if (option == 'h') {
      return cli_print_help(command);
    }
    if (option == OPT_JSON) {
      format = CLI_JSON;
    } else if (option != OPT_FORMAT) {
      return CLI_USAGE;
    } else if (!cli_format_parse(optarg, &format)) {
      return cli_bad_format(optarg);
    }
  }
  if (format != CLI_TABLE && format != CLI_JSON) {
    return cli_usage("parley %s prints table or json, not `%s`", command, cli_format_names[format]);
  }
  if (argc - optind != 1) {
    return cli_usage("parley %s takes one store (see parley %s --help)", command, command);
  }
  cli_session session;
  cli_exit code = cli_open_for_reading(argv[optind], &session);
  if (code == CLI_OK) {
    code = !strcmp(command, "stats") ? cli_print_stats(session.db, argv[optind], format, stdout)
                                     : cli_print_schema(session.db, format, stdout);
  }
  return cli_finish(&session, code);
}

cli_exit cli_stats(int argc, char** argv) { return inspect("stats", argc, argv); }
cli_exit cli_schema(int argc, char** argv) { return inspect("schema", argc, argv); }
