// Keeping a store: a copy that is one moment of it, and the store without the room it no longer needs.
#include "arguments.h"
#include "printer.h"
#include "work.h"

#include <sys/stat.h>

typedef struct keep_settings {
  bool json;      // one closing object for machines
  bool no_check;  // do not verify the copy
  char** words;   // the other arguments
} keep_settings;

// The options that both commands have, and exactly `count` other words. *done: help was printed.
static cli_exit read_arguments(const char* command, int argc, char** argv, int count, keep_settings* settings,
                               bool* done) {
  static const struct option options[] = {{"no-check", no_argument, NULL, OPT_NO_CHECK},
                                          {"json", no_argument, NULL, OPT_JSON},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
  const arguments a = {command, argc, argv, options, ":h"};
  *settings = (keep_settings){.json = false};
  *done = false;
  for (int option; (option = cli_next_option(&a)) != -1;) {
    switch (option) {
      case OPT_NO_CHECK:
        settings->no_check = true;
        break;
      case OPT_JSON:
        settings->json = true;
        break;
      case 'h':
        *done = true;
        return cli_print_help(command);
      default:
        return CLI_USAGE;
    }
  }
  settings->words = argv + optind;
  return argc - optind == count ? CLI_OK
                                : cli_usage("parley %s takes %s (see parley %s --help)", command,
                                            count == 1 ? "one store" : "a store and the file to make", command);
}

static int on_progress(void* user, const parley_work* work) {
  cli_work_show(user, work);
  return cli_interrupted;
}

static parley_copy_options copy_options(const keep_settings* settings, cli_work_view* view) {
  cli_work_start(view);
  return (parley_copy_options){
      .size = sizeof(parley_copy_options), .skip_check = settings->no_check, .on_progress = on_progress, .user = view};
}

// ---- backup ----

static cli_exit print_backup(const char* store, const char* path, const keep_settings* settings, double seconds) {
  struct stat st;
  char size[32];
  if (stat(path, &st) != 0) {
    return cli_system_error(path);
  }
  if (settings->json) {
    fputs("{\"store\": ", stdout);
    cli_json_string(stdout, store);
    fputs(", \"backup\": ", stdout);
    cli_json_string(stdout, path);
    printf(", \"bytes\": %llu, \"checked\": %s, \"seconds\": %.3f}\n", (unsigned long long)st.st_size,
           settings->no_check ? "false" : "true", seconds);
    return CLI_OK;
  }
  printf("copied %s%s, %.2f s\n", cli_size((uint64_t)st.st_size, size), settings->no_check ? "" : " and checked it",
         seconds);
  return CLI_OK;
}

static cli_exit backup_to(parley* db, const char* store, const char* path, const keep_settings* settings) {
  cli_work_view view;
  const parley_copy_options options = copy_options(settings, &view);
  cli_interrupt_route(db);
  const parley_status status = parley_backup(db, path, &options);
  cli_interrupt_route(NULL);
  cli_work_clear(&view);
  if (status != PARLEY_OK) {
    cli_report(parley_error(db));
    return cli_exit_of(status);
  }
  return print_backup(store, path, settings, cli_work_seconds(&view));
}

cli_exit cli_backup_file(parley* db, const char* store, const char* path) {
  const keep_settings settings = {.json = false};
  return backup_to(db, store, path, &settings);
}

cli_exit cli_backup(int argc, char** argv) {
  keep_settings settings;
  cli_session session;
  bool done;
  cli_exit code = read_arguments("backup", argc, argv, 2, &settings, &done);
  if (code != CLI_OK || done) {
    return code;
  }
  code = cli_open_for_reading(settings.words[0], &session);
  if (code == CLI_OK) {
    code = backup_to(session.db, settings.words[0], settings.words[1], &settings);
  }
  return cli_finish(&session, code);
}

// ---- compact ----

static void print_compact(const char* store, const parley_compact_summary* s, bool json, double seconds) {
  char before[32], after[32];
  if (json) {
    fputs("{\"store\": ", stdout);
    cli_json_string(stdout, store);
    printf(", \"bytes_before\": %llu, \"bytes_after\": %llu, \"seconds\": %.3f}\n", (unsigned long long)s->bytes_before,
           (unsigned long long)s->bytes_after, seconds);
  } else if (s->bytes_after == s->bytes_before) {
    printf("nothing to gain: %s, %.2f s\n", cli_size(s->bytes_before, before), seconds);
  } else {
    printf("compacted %s to %s, %.2f s\n", cli_size(s->bytes_before, before), cli_size(s->bytes_after, after), seconds);
  }
}

cli_exit cli_compact(int argc, char** argv) {
  keep_settings settings;
  cli_work_view view;
  bool done;
  parley_error_object* error = NULL;
  parley_compact_summary summary = {.size = sizeof summary};
  const cli_exit code = read_arguments("compact", argc, argv, 1, &settings, &done);
  if (code != CLI_OK || done) {
    return code;
  }
  const parley_copy_options options = copy_options(&settings, &view);
  const parley_status status = parley_compact(settings.words[0], NULL, &options, &cli_interrupted, &summary, &error);
  cli_work_clear(&view);
  if (status != PARLEY_OK) {
    cli_report(error);
    parley_error_free(error);
    return cli_exit_of(status);
  }
  print_compact(settings.words[0], &summary, settings.json, cli_work_seconds(&view));
  return cli_flush(stdout, "standard output", CLI_OK);
}
