// Commands about properties of a store and about what is said in it: set, describe, remove, diff.
#include "arguments.h"

#include <stdlib.h>
#include <string.h>

static cli_exit open_session(cli_session* session, const char* path, bool write, bool no_wait) {
  *session = (cli_session){.path = path, .out = stdout, .no_wait = no_wait, .limits = {.size = sizeof session->limits}};
  return cli_session_open(session, write);
}

// ---- set ----

static cli_exit set(cli_session* session, char** words, int count, cli_property_edit* edits, size_t edit_count) {
  parley_property property = PARLEY_PROPERTY_LABELS;
  while (cli_property_names[property] && strcmp(cli_property_names[property], words[0])) {
    property++;
  }
  if (!cli_property_names[property]) {
    return cli_usage("parley set knows labels, text and single, not `%s`", words[0]);
  }
  if (count > 1 && edit_count > 0) {
    return cli_usage("--add and --drop change the list, predicates alone replace it: give one or the other");
  }
  for (int i = 1; i < count; i++) {
    edits[edit_count++] = (cli_property_edit){'=', words[i]};
  }
  return cli_property_run(session, property, edits, edit_count);
}

cli_exit cli_set(int argc, char** argv) {
  static const struct option options[] = {{"add", required_argument, NULL, OPT_ADD},
                                          {"drop", required_argument, NULL, OPT_DROP},
                                          {"no-wait", no_argument, NULL, OPT_NO_WAIT},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
  const arguments a = {"set", argc, argv, options, ":h"};
  cli_property_edit* const edits = cli_need(calloc((size_t)argc + 1, sizeof *edits));
  size_t count = 0;
  bool no_wait = false;
  for (int option; (option = cli_next_option(&a)) != -1;) {
    if (option == OPT_ADD || option == OPT_DROP) {
      edits[count++] = (cli_property_edit){option == OPT_ADD ? '+' : '-', optarg};
    } else if (option == OPT_NO_WAIT) {
      no_wait = true;
    } else {
      free(edits);
      return option == 'h' ? cli_print_help("set") : CLI_USAGE;
    }
  }
  cli_exit code;
  if (argc - optind < 2) {
    code = cli_usage("parley set takes a store and one of labels, text, single (see parley set --help)");
  } else {
    cli_session session;
    code = open_session(&session, argv[optind], false, no_wait);  // a store that is not there is not made
    code = code == CLI_OK ? set(&session, argv + optind + 1, argc - optind - 1, edits, count) : code;
    code = cli_finish(&session, code);
  }
  free(edits);
  return code;
}

// ---- describe ----

static cli_exit describe(cli_session* session, char* name) {
  char* param = NULL;
  cli_need(asprintf(&param, "x=%s", name) < 0 ? NULL : param);
  session->param_count = 0;
  cli_exit code = cli_param_add(session, param, true);
  code = code == CLI_OK ? cli_session_run(session, "describe $x", strlen("describe $x"), false, NULL) : code;
  free(param);
  return code;
}

cli_exit cli_describe(int argc, char** argv) {
  static const struct option options[] = {{"format", required_argument, NULL, OPT_FORMAT},
                                          {"assertions", no_argument, NULL, OPT_ASSERTIONS},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
  const arguments a = {"describe", argc, argv, options, ":h"};
  cli_format format = CLI_TABLE;
  bool assertions = false;
  for (int option; (option = cli_next_option(&a)) != -1;) {
    if (option == OPT_ASSERTIONS) {
      assertions = true;
    } else if (option != OPT_FORMAT) {
      return option == 'h' ? cli_print_help("describe") : CLI_USAGE;
    } else if (!cli_format_parse(optarg, &format)) {
      return cli_bad_format(optarg);
    }
  }
  if (argc - optind < 2) {
    return cli_usage("parley describe takes a store and the names of nodes (see parley describe --help)");
  }
  cli_session session;
  cli_exit code = open_session(&session, argv[optind], false, false);
  session.format = format;
  session.assertions = assertions;
  for (int i = optind + 1; code == CLI_OK && i < argc; i++) {
    code = describe(&session, argv[i]);
  }
  free(session.params);
  return cli_finish(&session, code);
}

// ---- remove ----

cli_exit cli_remove(int argc, char** argv) {
  static const struct option options[] = {{"source", required_argument, NULL, OPT_SOURCE},
                                          {"dry-run", no_argument, NULL, OPT_DRY_RUN},
                                          {"format", required_argument, NULL, OPT_FORMAT},
                                          {"no-wait", no_argument, NULL, OPT_NO_WAIT},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
  const arguments a = {"remove", argc, argv, options, ":h"};
  const char* source = NULL;
  bool dry_run = false, no_wait = false;
  cli_format format = CLI_TABLE;
  for (int option; (option = cli_next_option(&a)) != -1;) {
    if (option == OPT_SOURCE && !source) {
      source = optarg;
    } else if (option == OPT_DRY_RUN) {
      dry_run = true;
    } else if (option == OPT_NO_WAIT) {
      no_wait = true;
    } else if (option == OPT_SOURCE) {
      return cli_usage("parley remove takes one --source at a time");
    } else if (option != OPT_FORMAT) {
      return option == 'h' ? cli_print_help("remove") : CLI_USAGE;
    } else if (!cli_format_parse(optarg, &format) || format >= CLI_TTL) {
      return cli_bad_format(optarg);
    }
  }
  if (argc - optind != 1 || !source) {
    return cli_usage("parley remove takes a store and --source NAME (see parley remove --help)");
  }
  cli_session session;
  cli_exit code = open_session(&session, argv[optind], false, no_wait);
  session.format = format;
  code = code == CLI_OK ? cli_remove_source(&session, source, dry_run) : code;
  return cli_finish(&session, code);
}

// ---- diff ----

static cli_exit diff(char** stores, int count, char** sources, size_t source_count, bool json) {
  cli_session a, b = {.db = NULL};
  cli_exit code = open_session(&a, stores[0], false, false);
  if (code == CLI_OK && count == 2) {
    code = open_session(&b, stores[1], false, false);
  }
  if (code == CLI_OK) {
    code = cli_print_differences(a.db, count == 2 ? b.db : a.db, sources[0], sources[source_count == 2], json);
  } else {
    code = CLI_USAGE;
  }
  cli_session_close(&b);
  const cli_exit flushed = cli_finish(&a, CLI_OK);
  return flushed == CLI_OK ? code : CLI_USAGE;
}

cli_exit cli_diff(int argc, char** argv) {
  static const struct option options[] = {{"source", required_argument, NULL, OPT_SOURCE},
                                          {"format", required_argument, NULL, OPT_FORMAT},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
  const arguments a = {"diff", argc, argv, options, ":h"};
  char* sources[2] = {NULL, NULL};
  size_t count = 0;
  bool json = false;
  for (int option; (option = cli_next_option(&a)) != -1;) {
    if (option == OPT_SOURCE && count < 2) {
      sources[count++] = optarg;
    } else if (option == OPT_FORMAT && (!strcmp(optarg, "jsonl") || !strcmp(optarg, "text"))) {
      json = !strcmp(optarg, "jsonl");
    } else if (option == OPT_SOURCE || option == OPT_FORMAT) {
      return option == OPT_SOURCE ? cli_usage("parley diff compares two sources, not more")
                                  : cli_usage("parley diff prints text or jsonl, not `%s`", optarg);
    } else {
      return option == 'h' ? cli_print_help("diff") : CLI_USAGE;
    }
  }
  const int stores = argc - optind;
  if (stores < 1 || stores > 2 || (stores == 1 && count != 2)) {
    return cli_usage("parley diff takes two stores, or one and two --source NAME (see parley diff --help)");
  }
  return diff(argv + optind, stores, sources, count, json);
}
