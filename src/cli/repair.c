// Saving what is readable of a damaged store into a new one.
#include "arguments.h"
#include "printer.h"
#include "work.h"

#include <string.h>

typedef struct repair_view {
  bool json;              // one object
  cli_work_view waiting;  // on a terminal
  uint64_t findings;      // told
} repair_view;

static void on_finding(void* user, const parley_finding* finding) {
  repair_view* const view = user;
  cli_work_clear(&view->waiting);
  if (view->json) {
    fputs(view->findings++ ? ",\n  {\"part\": " : "\n  {\"part\": ", stdout);
    cli_json_string(stdout, finding->part);
    fputs(", \"text\": ", stdout);
    cli_json_string(stdout, finding->text);
    fputs("}", stdout);
    return;
  }
  cli_text_print(stdout, finding->part, strlen(finding->part), 0);
  fputs(*finding->part ? ": " : "", stdout);
  cli_text_print(stdout, finding->text, strlen(finding->text), 0);
  fputc('\n', stdout);
}

static int on_progress(void* user, const parley_work* work) {
  repair_view* const view = user;
  cli_work_show(&view->waiting, work);
  return cli_interrupted;
}

static void print_json(const repair_view* view, const parley_repair_summary* s, const char* verdict) {
  printf(
      "%s], \"facts\": %llu, \"assertions\": %llu, \"annotations\": %llu, \"terms\": %llu, \"rows_lost\": %llu, "
      "\"terms_lost\": %llu, \"finding_count\": %llu, \"seconds\": %.3f, \"verdict\": \"%s\"}\n",
      view->findings ? "\n " : "", (unsigned long long)s->facts, (unsigned long long)s->assertions,
      (unsigned long long)s->annotations, (unsigned long long)s->terms, (unsigned long long)s->rows_lost,
      (unsigned long long)s->terms_lost, (unsigned long long)s->findings, cli_work_seconds(&view->waiting), verdict);
}

static void print_line(const repair_view* view, const parley_repair_summary* s) {
  char facts[64], assertions[64], rows[64], terms[64];
  printf("saved %s and %s in %.2f s", cli_count(s->facts, "fact", facts),
         cli_count(s->assertions, "assertion", assertions), cli_work_seconds(&view->waiting));
  if (s->rows_lost || s->terms_lost) {
    printf("; lost %s and %s\n", cli_count(s->rows_lost, "statement", rows), cli_count(s->terms_lost, "term", terms));
  } else {
    puts(s->findings ? "; the store was damaged, and no statement is known to be lost" : "; nothing was lost");
  }
}

static cli_exit repair(const char* path, const char* dest, bool json) {
  repair_view view = {.json = json};
  parley_repair_summary summary = {.size = sizeof summary};
  parley_error_object* error = NULL;
  const parley_repair_options options = {
      .size = sizeof options, .on_finding = on_finding, .on_progress = on_progress, .user = &view};
  cli_work_start(&view.waiting);
  if (json) {
    fputs("{\"store\": ", stdout);
    cli_json_string(stdout, path);
    fputs(", \"saved_to\": ", stdout);
    cli_json_string(stdout, dest);
    fputs(", \"findings\": [", stdout);
  }
  const parley_status status = parley_repair(path, dest, NULL, &options, &cli_interrupted, &summary, &error);
  cli_work_clear(&view.waiting);
  if (status != PARLEY_OK) {
    cli_report(error);
  }
  const bool lost = summary.rows_lost || summary.terms_lost || summary.findings;
  if (json) {
    print_json(&view, &summary, status != PARLEY_OK ? "failed" : lost ? "damaged" : "sound");
  } else if (status == PARLEY_OK) {
    print_line(&view, &summary);
  }
  parley_error_free(error);
  return cli_flush(stdout, "standard output", status != PARLEY_OK ? cli_exit_of(status) : lost ? CLI_DAMAGE : CLI_OK);
}

cli_exit cli_repair(int argc, char** argv) {
  static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {"json", no_argument, NULL, OPT_JSON}, {0}};
  const arguments a = {"repair", argc, argv, options, ":h"};
  bool json = false;
  for (int option; (option = cli_next_option(&a)) != -1;) {
    if (option == 'h') {
      return cli_print_help("repair");
    }
    if (option != OPT_JSON) {
      return CLI_USAGE;
    }
    json = true;
  }
  if (argc - optind != 2) {
    return cli_usage("parley repair takes a store and the name of a new one (see parley repair --help)");
  }
  return repair(argv[optind], argv[optind + 1], json);
}
