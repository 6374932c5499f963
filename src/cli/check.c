// Is the file sound? What the check finds, as lines or as one report for machines.
#include "arguments.h"
#include "printer.h"
#include "work.h"

#include <string.h>

typedef struct check_view {
  FILE* out;              // receives findings
  bool json;              // as one object
  const char* path;       // of the store
  cli_work_view waiting;  // on a terminal
  uint64_t findings;      // told
} check_view;

static void tell(check_view* view, const char* part, const char* text) {
  cli_work_clear(&view->waiting);
  if (view->json) {
    fputs(view->findings ? ",\n  {\"part\": " : "\n  {\"part\": ", view->out);
    cli_json_string(view->out, part);
    fputs(", \"text\": ", view->out);
    cli_json_string(view->out, text);
    fputs("}", view->out);
  } else {  // a damaged file can hold anything
    cli_text_print(view->out, part, strlen(part), 0);
    fputs(*part ? ": " : "", view->out);
    cli_text_print(view->out, text, strlen(text), 0);
    fputc('\n', view->out);
  }
  view->findings++;
}

static void on_finding(void* user, const parley_finding* finding) { tell(user, finding->part, finding->text); }

static int on_progress(void* user, const parley_work* work) {
  check_view* const view = user;
  cli_work_show(&view->waiting, work);
  return 0;  // an interrupt reaches the store by itself
}

static void json_begin(check_view* view, bool deep) {
  fputs("{\"store\": ", view->out);
  cli_json_string(view->out, view->path);
  fprintf(view->out, ", \"mode\": \"%s\", \"findings\": [", deep ? "deep" : "fast");
}

static void json_end(const check_view* view, parley* db, const parley_check_report* report, double seconds,
                     const char* verdict) {
  parley_stats stats = {.size = sizeof stats};
  fputs(view->findings ? "\n ], \"format\": " : "], \"format\": ", view->out);
  if (db && parley_get_stats(db, &stats) == PARLEY_OK) {
    fprintf(view->out, "%u", (unsigned)stats.format_version);
  } else {
    fputs("null", view->out);
  }
  fprintf(view->out,
          ", \"pages\": %llu, \"rows\": %llu, \"terms\": %llu, \"seconds\": %.3f, \"finding_count\": %llu, "
          "\"verdict\": \"%s\"}\n",
          (unsigned long long)report->pages, (unsigned long long)report->rows, (unsigned long long)report->terms,
          seconds, (unsigned long long)report->findings, verdict);
}

static void lines_end(const check_view* view, const parley_check_report* report, double seconds, bool deep) {
  char pages[64], rows[64], terms[64], findings[64];
  if (report->findings) {
    fprintf(view->out, "%s: the store is damaged\n", cli_count(report->findings, "finding", findings));
    return;
  }
  fputs("ok\n", view->out);
  if (view->waiting.terminal) {
    fprintf(stderr, "%s, %s, %s in %.2f s%s\n", cli_count(report->pages, "page", pages),
            cli_count(report->rows, "row", rows), cli_count(report->terms, "term", terms), seconds,
            deep ? "" : "; the deep form compares them with each other");
  }
}

cli_exit cli_print_check(parley* db, const char* path, bool deep, bool json, FILE* out) {
  check_view view = {.out = out, .json = json, .path = path};
  parley_check_report report = {.size = sizeof report};
  const parley_check_options options = {
      .size = sizeof options, .deep = deep, .on_finding = on_finding, .on_progress = on_progress, .user = &view};
  cli_work_start(&view.waiting);
  if (json) {
    json_begin(&view, deep);
  }
  cli_interrupt_route(db);
  const parley_status status = parley_check(db, &options, &report);
  cli_interrupt_route(NULL);
  const double seconds = cli_work_seconds(&view.waiting);
  cli_work_clear(&view.waiting);
  if (status != PARLEY_OK) {
    cli_report(parley_error(db));
  }
  if (json) {
    json_end(&view, db, &report, seconds, report.findings ? "damaged" : status == PARLEY_OK ? "sound" : "unfinished");
  } else if (status == PARLEY_OK) {
    lines_end(&view, &report, seconds, deep);
  }
  return status != PARLEY_OK ? cli_exit_of(status) : report.findings ? CLI_DAMAGE : CLI_OK;
}

// What keeps the file from being opened is the finding.
static cli_exit damaged(const char* path, bool deep, bool json, const parley_error_object* error) {
  check_view view = {.out = stdout, .json = json, .path = path};
  const parley_check_report report = {.findings = 1};
  parley_diagnostic d;
  if (!json) {
    cli_report(error);
    return CLI_DAMAGE;
  }
  json_begin(&view, deep);
  tell(&view, "file", parley_error_get(error, 0, &d) == PARLEY_OK ? d.message : "it cannot be opened");
  json_end(&view, NULL, &report, 0, "damaged");
  return CLI_DAMAGE;
}

static cli_exit check_file(const char* path, bool deep, bool json) {
  const parley_options options = {.size = sizeof options, .flags = PARLEY_OPEN_READONLY};
  parley_error_object* error = NULL;
  parley* db = NULL;
  cli_exit code;
  const parley_status status = parley_open(path, &options, &db, &error);
  if (status == PARLEY_CORRUPT) {
    code = damaged(path, deep, json, error);
  } else if (status != PARLEY_OK) {
    cli_report(error);
    code = cli_exit_of(status);
  } else {
    code = cli_print_check(db, path, deep, json, stdout);
  }
  parley_error_free(error);
  parley_close(db);
  return cli_flush(stdout, "standard output", code);
}

static cli_exit check_facts(const char* path, cli_format format) {
  cli_session session;
  cli_exit code = cli_open_for_reading(path, &session);
  session.format = format;
  if (code == CLI_OK) {
    code = cli_print_conflicts(&session);
  }
  return cli_finish(&session, code);
}

// `check` looks at the file; `check --facts` at what is said, in any format.
cli_exit cli_check(int argc, char** argv) {
  static const struct option options[] = {{"help", no_argument, NULL, 'h'},
                                          {"deep", no_argument, NULL, OPT_DEEP},
                                          {"json", no_argument, NULL, OPT_JSON},
                                          {"facts", no_argument, NULL, OPT_FACTS},
                                          {"format", required_argument, NULL, OPT_FORMAT},
                                          {0}};
  const arguments a = {"check", argc, argv, options, ":h"};
  cli_format format = CLI_TABLE;
  bool facts = false, deep = false;
  for (int option; (option = cli_next_option(&a)) != -1;) {
    switch (option) {
      case 'h':
        return cli_print_help("check");
      case OPT_FACTS:
        facts = true;
        break;
      case OPT_DEEP:
        deep = true;
        break;
      case OPT_JSON:
        format = CLI_JSON;
        break;
      case OPT_FORMAT:
        if (!cli_format_parse(optarg, &format)) {
          return cli_bad_format(optarg);
        }
        break;
      default:
        return CLI_USAGE;
    }
  }
  if (facts && deep) {
    return cli_usage("parley check takes --deep, for the file, or --facts, for what it says");
  }
  if (facts ? format >= CLI_TTL : format != CLI_TABLE && format != CLI_JSON) {
    return cli_usage("parley check prints table or json%s, not `%s`",
                     facts ? ", csv, tsv, jsonl or markdown" : "; with --facts also csv, tsv, jsonl or markdown",
                     cli_format_names[format]);
  }
  if (argc - optind != 1) {
    return cli_usage("parley check takes one store (see parley check --help)");
  }
  return facts ? check_facts(argv[optind], format) : check_file(argv[optind], deep, format == CLI_JSON);
}
