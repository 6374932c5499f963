// The shell: collects lines until a statement is whole (`;` or an empty line), runs it, shows the answer. No
// transaction is held between prompts.
#include "shell.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void pending_clear(shell* sh) {
  free(sh->pending);
  sh->pending = NULL;
  sh->pending_len = 0;
}

static cli_exit pending_add(shell* sh, const char* line) {
  const size_t len = strlen(line);
  char* grown = realloc(sh->pending, sh->pending_len + len + 1);
  if (!grown) {
    return cli_system_error("statement");
  }
  memcpy(grown + sh->pending_len, line, len + 1);
  sh->pending = grown;
  sh->pending_len += len;
  return CLI_OK;
}

static bool blank(const char* line) { return line[strspn(line, " \t\r\n")] == '\0'; }

// True when the text holds nothing but whole statements, comments and space.
static bool whole(const char* text, size_t len) {
  int complete = 0;
  while (len > 0) {
    const size_t n = parley_statement_length(text, len, &complete);
    if (n == 0) {
      break;
    }
    text += n;
    len -= n;
    if (!complete) {
      return false;
    }
    while (len > 0 && isspace((unsigned char)*text)) {
      text++;
      len--;
    }
  }
  return complete;
}

static cli_exit run_pending(shell* sh) {
  bool updated = false;
  cli_exit code = CLI_OK;
  char* text = sh->pending;
  const size_t len = sh->pending_len;
  sh->pending = NULL;
  sh->pending_len = 0;
  shell_editor_remember(sh, text);
  // A store that does not exist is made by the first statement that changes it; a question before that is an error of
  // its own.
  const bool exists = access(sh->session.path, F_OK) == 0;
  code = cli_session_open(&sh->session, !exists);
  if (code == CLI_OK) {
    code = cli_session_run(&sh->session, text, len, sh->interactive, &updated);
  }
  if (updated) {
    shell_names_forget(sh);
  }
  free(text);
  return code;
}

// Take one line: a dot command at the start of a statement, or a part of a statement.
static cli_exit take_line(shell* sh, const char* line) {
  if (!sh->pending && line[strspn(line, " \t")] == '.') {
    char* copy = strdup(line + strspn(line, " \t"));
    if (!copy) {
      return cli_system_error("command");
    }
    shell_editor_remember(sh, copy);
    const cli_exit code = shell_command_run(sh, copy);
    free(copy);
    return code;
  }
  if (!sh->pending && blank(line)) {
    return CLI_OK;
  }
  const bool ends = blank(line);
  cli_exit code = pending_add(sh, line);
  if (code == CLI_OK && line[strlen(line) - 1] != '\n') {
    code = pending_add(sh, "\n");
  }
  return code == CLI_OK && (ends || whole(sh->pending, sh->pending_len)) ? run_pending(sh) : code;
}

cli_exit shell_read(shell* sh, FILE* in) {
  char* line = NULL;
  size_t size = 0;
  cli_exit code = CLI_OK;
  while (!sh->quit && code == CLI_OK && getline(&line, &size, in) > 0) {
    code = take_line(sh, line);
  }
  if (code == CLI_OK && sh->pending) {
    code = run_pending(sh);
  }
  pending_clear(sh);
  free(line);
  return ferror(in) && code == CLI_OK ? cli_system_error("reading the script") : code;
}

static void interact(shell* sh) {
  bool interrupted = false;
  const char* line;
  printf("Parley %s, store %s. Statements end with ; or an empty line; .help for help, Ctrl-D to leave.\n",
         parley_version(), sh->session.path);
  if (access(sh->session.path, F_OK) != 0) {
    printf("The store does not exist yet: the first change or .load makes it.\n");
  }
  while (!sh->quit && ((line = shell_editor_line(sh, &interrupted)) || interrupted)) {
    if (interrupted) {
      pending_clear(sh);
      fputs("\n", stdout);
      continue;
    }
    take_line(sh, line);  // failures were reported; the shell goes on
    fflush(stdout);
  }
  if (!sh->quit) {
    fputs("\n", stdout);
  }
}

cli_exit cli_shell(int argc, char** argv) {
  const bool named = argc > 1 && !strcmp(argv[0], "shell");
  if (argc == 2 && named && !strcmp(argv[1], "--help")) {
    fputs(cli_command_find("shell")->help, stdout);
    return CLI_OK;
  }
  if (argc != 2) {
    return cli_usage("the shell takes one store (see parley --help)");
  }
  shell sh = {.session = {.path = argv[1], .out = stdout, .limits = {.size = sizeof sh.session.limits}}};
  sh.interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
  cli_exit code = CLI_OK;
  if (access(argv[1], F_OK) == 0) {
    code = cli_session_open(&sh.session, false);
    if (code != CLI_OK) {
      return code;
    }
  }
  if (sh.interactive) {
    shell_editor_open(&sh);
    interact(&sh);
    shell_editor_close(&sh);
  } else {
    code = shell_read(&sh, stdin);
  }
  pending_clear(&sh);
  shell_names_forget(&sh);
  const cli_exit closed = shell_output_reset(&sh);
  cli_session_close(&sh.session);
  return code != CLI_OK ? code : closed;
}
