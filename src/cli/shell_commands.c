// The dot commands.
#include "arguments.h"
#include "shell.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Next word of *rest (quoted with " or ' if it holds spaces), or NULL. Cuts the text in place.
static char* next_word(char** rest) {
  char* p = *rest + strspn(*rest, " \t\n");
  if (!*p) {
    return NULL;
  }
  const char quote = *p == '"' || *p == '\'' ? *p : '\0';
  char* start = quote ? p + 1 : p;
  char* end = quote ? strchr(start, quote) : start + strcspn(start, " \t\n");
  if (!end) {
    end = start + strlen(start);
  }
  *rest = *end ? end + 1 : end;
  *end = '\0';
  return start;
}

static cli_exit help_message(const char* digits) {
  const int code = (int)strtol(digits, NULL, 10);
  const char* text = parley_message_explain(code);
  if (!text) {
    return cli_usage("there is no message PLY-%04d", code);
  }
  printf("PLY-%04d: %s\n", code, text);
  return CLI_OK;
}

static void help_line(const shell_command* c) {
  char usage[64];
  snprintf(usage, sizeof usage, "%s %s", c->name, c->arguments);
  printf("%-24s %s\n", usage, c->summary);
}

// A dot command, with or without its dot.
static bool help_command(const char* word) {
  for (const shell_command* c = shell_commands; c->name; c++) {
    if (!strcmp(c->name + (*word != '.'), word)) {
      help_line(c);
      return true;
    }
  }
  return false;
}

static bool help_keyword(const char* argument) {
  int reserved;
  const char *word, *help;
  for (size_t i = 0; (word = parley_keyword(i, &reserved, &help)); i++) {
    if (!strcasecmp(word, argument)) {
      printf("%s: %s%s\n", word, help ? help : "", reserved ? " (reserved)" : "");
      return true;
    }
  }
  return false;
}

static cli_exit run_help(shell* sh, char* argument) {
  (void)sh;
  if (!strncasecmp(argument, "PLY-", 4)) {
    return help_message(argument + 4);
  }
  if (*argument) {
    const bool word = help_keyword(argument);
    const bool command = help_command(argument);
    return word || command ? CLI_OK : cli_usage("`%s` is no word of the language and no command", argument);
  }
  for (const shell_command* c = shell_commands; c->name; c++) {
    help_line(c);
  }
  fputs(
      "Statements end with ; or an empty line; begin, commit and rollback hold several together. .help WORD explains a "
      "word of the language, .help PLY-0214 a message.\n",
      stdout);
  return CLI_OK;
}

static cli_exit run_load(shell* sh, char* argument) {
  char* files[64];
  size_t count = 0;
  cli_load_settings settings = {.options = {.size = sizeof settings.options}};
  for (char* word; (word = next_word(&argument));) {
    if (count == sizeof files / sizeof *files) {
      return cli_usage(".load takes at most %zu files at once", count);
    }
    files[count++] = word;
  }
  if (count == 0) {
    return cli_usage(".load takes files");
  }
  if (sh->session.txn) {
    cli_usage(".load has a transaction of its own; commit or rollback first");
    return CLI_ERROR;
  }
  cli_session_close(&sh->session);  // the load opens the store for writing, or builds it
  const cli_exit code = cli_load_files(sh->session.path, NULL, files, count, &settings);
  shell_names_forget(sh);
  if (access(sh->session.path, F_OK) == 0) {
    const cli_exit opened = cli_session_open(&sh->session, false);
    return code != CLI_OK ? code : opened;
  }
  return code;
}

// Commands that look at the store need it open.
static cli_exit open_store(shell* sh) { return cli_session_open(&sh->session, false); }

static const char* const export_formats[] = {"jsonl", "nt", "nq", "ttl", NULL};

// The format of that name, or NULL.
static const char* export_format(const char* word) {
  for (size_t i = 0; export_formats[i]; i++) {
    if (!strcmp(export_formats[i], word)) {
      return export_formats[i];
    }
  }
  return NULL;
}

// `.export`, `.export nt`, `.export nt FILE`; `.export FILE.nt` takes the format from the name.
static cli_exit run_export(shell* sh, char* argument) {
  const char* first = next_word(&argument);
  const char* path = next_word(&argument);
  const char* format = first ? export_format(first) : "jsonl";
  if (!format && !path) {
    const char* dot = strrchr(first, '.');
    format = dot ? export_format(dot + 1) : NULL;
    path = first;
  }
  if (!format) {
    return cli_usage(".export writes jsonl, nt, nq or ttl, not `%s`", first);
  }
  const cli_exit code = open_store(sh);
  return code != CLI_OK ? code : cli_export_to(sh->session.db, format, false, path, sh->session.out);
}

static cli_exit run_backup(shell* sh, char* argument) {
  const char* path = next_word(&argument);
  if (!path || next_word(&argument)) {
    return cli_usage(".backup takes the file to make");
  }
  const cli_exit code = open_store(sh);
  return code != CLI_OK ? code : cli_backup_file(sh->session.db, sh->session.path, path);
}

static cli_exit run_schema(shell* sh, char* argument) {
  (void)argument;
  const cli_exit code = open_store(sh);
  return code != CLI_OK ? code : cli_print_schema(sh->session.db, sh->session.format, sh->session.out);
}

static cli_exit run_stats(shell* sh, char* argument) {
  (void)argument;
  const cli_exit code = open_store(sh);
  return code != CLI_OK ? code : cli_print_stats(sh->session.db, sh->session.path, sh->session.format, sh->session.out);
}

// `.check` and `.check deep` look at the file, `.check facts` at what is said in it.
static cli_exit run_check(shell* sh, char* argument) {
  const bool facts = !strcmp(argument, "facts");
  const bool deep = !strcmp(argument, "deep");
  if (*argument && !facts && !deep) {
    return cli_usage(".check takes nothing, deep or facts");
  }
  const cli_exit code = open_store(sh);
  if (code != CLI_OK) {
    return code;
  }
  return facts ? cli_print_conflicts(&sh->session)
               : cli_print_check(sh->session.db, sh->session.path, deep, false, sh->session.out);
}

static cli_exit run_mode(shell* sh, char* argument) {
  if (!*argument) {
    printf("%s\n", cli_format_names[sh->session.format]);
    return CLI_OK;
  }
  return cli_format_parse(argument, &sh->session.format) ? CLI_OK : cli_bad_format(argument);
}

static cli_exit run_assertions(shell* sh, char* argument) {
  if (strcmp(argument, "on") && strcmp(argument, "off")) {
    return cli_usage(".assertions takes on or off");
  }
  sh->session.assertions = !strcmp(argument, "on");
  return CLI_OK;
}

// `.text`, `.text add P...`, `.text drop P...`, `.text set P...`; the same for the other lists.
static cli_exit run_property(shell* sh, char* argument, parley_property property) {
  static const char* const verbs[] = {"add", "drop", "set", NULL};
  cli_property_edit edits[64];
  size_t count = 0;
  const char* const name = cli_property_names[property];
  const char* const verb = next_word(&argument);
  if (!verb) {
    return cli_property_run(&sh->session, property, NULL, 0);
  }
  size_t v = 0;
  while (verbs[v] && strcmp(verbs[v], verb)) {
    v++;
  }
  if (!verbs[v]) {
    return cli_usage(".%s takes add, drop or set, and predicates; alone it prints the list", name);
  }
  for (const char* word; (word = next_word(&argument)); count++) {
    if (count == sizeof edits / sizeof *edits) {
      return cli_usage(".%s takes at most %zu predicates at once", name, count);
    }
    edits[count] = (cli_property_edit){"+-="[v], word};
  }
  if (count == 0) {
    return cli_usage(".%s %s takes predicates", name, verb);
  }
  return cli_property_run(&sh->session, property, edits, count);
}

static cli_exit run_labels(shell* sh, char* argument) { return run_property(sh, argument, PARLEY_PROPERTY_LABELS); }
static cli_exit run_text(shell* sh, char* argument) { return run_property(sh, argument, PARLEY_PROPERTY_TEXT); }
static cli_exit run_single(shell* sh, char* argument) { return run_property(sh, argument, PARLEY_PROPERTY_SINGLE); }

static cli_exit run_definitions(shell* sh, char* argument) {
  (void)argument;
  return cli_print_definitions(&sh->session);
}

static cli_exit run_timer(shell* sh, char* argument) {
  if (strcmp(argument, "on") && strcmp(argument, "off")) {
    return cli_usage(".timer takes on or off");
  }
  sh->session.timer = !strcmp(argument, "on");
  return CLI_OK;
}

cli_exit shell_output_reset(shell* sh) {
  cli_exit code = CLI_OK;
  if (sh->session.out != stdout && fclose(sh->session.out) != 0) {
    code = cli_system_error(sh->output_path ? sh->output_path : ".output");
  }
  sh->session.out = stdout;
  sh->session.printed = false;
  free(sh->output_path);
  sh->output_path = NULL;
  return code;
}

static cli_exit run_output(shell* sh, char* argument) {
  const char* path = next_word(&argument);
  const cli_exit code = shell_output_reset(sh);
  if (code != CLI_OK || !path || !strcmp(path, "-")) {
    return code;
  }
  FILE* out = fopen(path, "w");
  if (!out) {
    return cli_system_error(path);
  }
  sh->session.out = out;
  sh->output_path = strdup(path);
  if (!sh->output_path) {
    return shell_output_reset(sh);
  }
  return CLI_OK;
}

static cli_exit run_read(shell* sh, char* argument) {
  const char* path = next_word(&argument);
  if (!path) {
    return cli_usage(".read takes a file");
  }
  if (sh->depth >= 10) {
    return cli_usage(".read is nested more than ten deep");
  }
  FILE* in = fopen(path, "r");
  if (!in) {
    return cli_system_error(path);
  }
  sh->depth++;
  const cli_exit code = shell_read(sh, in, path);
  sh->depth--;
  fclose(in);
  return code;
}

static cli_exit run_stage(shell* sh, char* text, parley_stage stage) {
  parley_query* query = NULL;
  cli_exit code = open_store(sh);
  if (code != CLI_OK) {
    return code;
  }
  const parley_status status = cli_session_prepare(&sh->session, text, SIZE_MAX, &query);
  if (query) {
    cli_report(parley_query_error(query));
  }
  const char* printed = query ? parley_query_stage(query, stage) : NULL;
  if (printed && status == PARLEY_OK) {
    fputs(printed, sh->session.out);
    fputs(*printed && printed[strlen(printed) - 1] != '\n' ? "\n" : "", sh->session.out);
  }
  parley_finalize(query);
  code = cli_exit_of(status);
  return code;
}

static cli_exit run_tokens(shell* sh, char* text) { return run_stage(sh, text, PARLEY_STAGE_TOKENS); }
static cli_exit run_ast(shell* sh, char* text) { return run_stage(sh, text, PARLEY_STAGE_AST); }
static cli_exit run_algebra(shell* sh, char* text) { return run_stage(sh, text, PARLEY_STAGE_ALGEBRA); }
static cli_exit run_plan(shell* sh, char* text) { return run_stage(sh, text, PARLEY_STAGE_PLAN); }

static cli_exit run_quit(shell* sh, char* argument) {
  (void)argument;
  sh->quit = true;
  return CLI_OK;
}

const shell_command shell_commands[] = {
    {".help", "[WORD]", "this list; a word of the language; a message (PLY-0214)", run_help},
    {".load", "FILE...", "load files, making the store if need be", run_load},
    {".export", "[FORMAT] [FILE]", "write the store out: jsonl, nt, nq, ttl", run_export},
    {".backup", "FILE", "copy the store to a new file", run_backup},
    {".schema", "", "classes, predicates and what they link", run_schema},
    {".stats", "", "counts and sizes", run_stats},
    {".mode", "[FORMAT]", "table, csv, tsv, json, jsonl, markdown; for graphs also ttl, nt, nq, dot, mermaid, svg, png",
     run_mode},
    {".format", "[FORMAT]", "the same as .mode", run_mode},
    {".assertions", "on|off", "graphs as ttl, nt, nq: with their assertions", run_assertions},
    {".timer", "on|off", "say how long each statement takes", run_timer},
    {".output", "[FILE]", "send answers to a file; without one, back here", run_output},
    {".read", "FILE", "run the statements and commands of a file", run_read},
    {".check", "[deep|facts]", "verify the store; list contradictions of single-valued predicates", run_check},
    {".labels", "[add|drop|set P]", "predicates that name things, in order of preference", run_labels},
    {".text", "[add|drop|set P]", "predicates in the text index", run_text},
    {".single", "[add|drop|set P]", "predicates with one value at a time", run_single},
    {".definitions", "", "names given by define", run_definitions},
    {".tokens", "QUERY", "what the scanner sees", run_tokens},
    {".ast", "QUERY", "what the parser sees", run_ast},
    {".algebra", "QUERY", "what the query means", run_algebra},
    {".plan", "QUERY", "how it would run", run_plan},
    {".quit", "", "leave (also Ctrl-D)", run_quit},
    {0}};

cli_exit shell_command_run(shell* sh, char* line) {
  const char* names[32];
  size_t count = 0;
  char* rest = line + strcspn(line, " \t\n");
  size_t len;
  if (*rest) {
    *rest++ = '\0';
  }
  rest += strspn(rest, " \t\n");
  for (len = strlen(rest); len > 0 && isspace((unsigned char)rest[len - 1]); len--) {
    rest[len - 1] = '\0';
  }
  for (const shell_command* c = shell_commands; c->name; c++) {
    if (!strcmp(c->name, line)) {
      const cli_exit code = c->run(sh, rest);
      return cli_flush(sh->session.out, sh->output_path ? sh->output_path : "standard output", code);
    }
    names[count++] = c->name;
  }
  names[count] = NULL;
  const char* near = cli_closest(line, names);
  return near ? cli_usage("there is no command `%s`; did you mean `%s`?", line, near)
              : cli_usage("there is no command `%s`; .help lists them", line);
}
