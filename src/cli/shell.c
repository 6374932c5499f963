// The shell: collects lines until a statement is whole (`;` or an empty line), runs it, shows the answer. No
// transaction is held between prompts, unless `begin` opened one.
#include "shell.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void pending_clear(shell* sh) {
  free(sh->pending);
  sh->pending = NULL;
  sh->pending_len = sh->pending_size = 0;
}

static cli_exit pending_add(shell* sh, const char* line, size_t len) {
  if (len > SIZE_MAX / 4 - sh->pending_len) {
    return CLI_STOPPED;
  }
  if (sh->pending_len + len + 1 > sh->pending_size) {
    const size_t size = (sh->pending_len + len + 1) * 2;  // doubled, so that long statements cost linear time
    char* grown = realloc(sh->pending, size);
    if (!grown) {
      return cli_system_error("statement");
    }
    sh->pending = grown;
    sh->pending_size = size;
  }
  memcpy(sh->pending + sh->pending_len, line, len);
  sh->pending_len += len;
  sh->pending[sh->pending_len] = '\0';
  return CLI_OK;
}

static bool blank(const char* line, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (!memchr(" \t\r\n", line[i], 4)) {
      return false;
    }
  }
  return true;
}

// True for space and comments only.
static bool empty(const char* text, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (text[i] == '#') {
      const char* end = memchr(text + i, '\n', len - i);
      i = end ? (size_t)(end - text) : len;
    } else if (!blank(text + i, 1)) {
      return false;
    }
  }
  return true;
}

// True when the text holds nothing but whole statements, comments and space.
static bool whole(const char* text, size_t len) {
  int complete = 1;
  while (complete && !empty(text, len)) {
    const size_t n = parley_statement_length(text, len, &complete);
    text += n;
    len -= n;
    if (n == 0) {
      return false;
    }
  }
  return complete;
}

// Does a statement change anything? Asked while there is no store yet, of an empty one made for the question.
static bool would_update(const char* text, size_t len) {
  const char* folder = getenv("TMPDIR");
  char* path = NULL;
  bool updates = false;
  if (asprintf(&path, "%s/parley.XXXXXX", folder && *folder ? folder : "/tmp") < 0) {
    return false;
  }
  if (mkdtemp(path)) {
    char *file = NULL, *lock = NULL;
    if (asprintf(&file, "%s/store", path) >= 0 && asprintf(&lock, "%s-lock", file) >= 0) {
      const parley_options options = {.size = sizeof options, .flags = PARLEY_OPEN_CREATE | PARLEY_OPEN_NO_SYNC};
      parley* db = NULL;
      parley_query* query = NULL;
      if (parley_open(file, &options, &db, NULL) == PARLEY_OK &&
          parley_prepare(db, text, len, &query, NULL) == PARLEY_OK && query) {
        updates = parley_query_is_update(query);
      }
      parley_finalize(query);
      parley_close(db);
      unlink(file);
      unlink(lock);
    }
    free(file);
    free(lock);
    rmdir(path);
  }
  free(path);
  return updates;
}

// Open the store for what is to run. One that does not exist is made by the first statement that changes it.
static cli_exit open_for(shell* sh, const char* text, size_t len) {
  if (sh->session.db || access(sh->session.path, F_OK) == 0) {
    return cli_session_open(&sh->session, false);
  }
  if (cli_transaction_length(text, len) > 0 || would_update(text, len)) {
    return cli_session_open(&sh->session, true);
  }
  fputs("parley: the store ", stderr);
  cli_text_print(stderr, sh->session.path, strlen(sh->session.path), 0);
  fputs(" does not exist yet; .load or an insert makes it\n", stderr);
  return CLI_IO;
}

static cli_exit run_pending(shell* sh) {
  bool updated = false;
  char* text = sh->pending;
  const size_t len = sh->pending_len;
  sh->pending = NULL;
  sh->pending_len = sh->pending_size = 0;
  cli_exit code = CLI_OK;
  if (!empty(text, len)) {
    shell_editor_remember(sh, text);
    code = open_for(sh, text, len);
    if (code == CLI_OK) {
      sh->session.prompting = sh->interactive && sh->depth == 0;
      code = cli_session_run(&sh->session, text, len, sh->session.prompting, &updated);
    }
  }
  if (updated) {
    shell_names_forget(sh);
  }
  free(text);
  return code;
}

// Take one line: a dot command at the start of a statement, or a part of a statement. `blank_ends`: an empty line ends
// the statement.
static cli_exit take_line(shell* sh, const char* line, size_t len, bool blank_ends) {
  const bool nothing = blank(line, len);
  if (!sh->pending && !nothing && line[strspn(line, " \t")] == '.') {
    char* copy = strdup(line + strspn(line, " \t"));
    if (!copy) {
      return cli_system_error("command");
    }
    shell_editor_remember(sh, copy);
    const cli_exit code = shell_command_run(sh, copy);
    free(copy);
    return code;
  }
  if (!sh->pending && nothing) {
    return CLI_OK;
  }
  const size_t boundary_len = sh->pending ? 0 : cli_transaction_length(line, len);
  const bool boundary = boundary_len > 0 && empty(line + boundary_len, len - boundary_len);
  cli_exit code = pending_add(sh, line, len);
  if (code == CLI_OK && (len == 0 || line[len - 1] != '\n')) {
    code = pending_add(sh, "\n", 1);
  }
  if (code != CLI_OK) {
    return code;
  }
  // Only a line with a `;` can make it whole: long statements are not read again for each of their lines.
  const bool ends = boundary || (nothing ? blank_ends : memchr(line, ';', len) && whole(sh->pending, sh->pending_len));
  return ends ? run_pending(sh) : CLI_OK;
}

cli_exit shell_read(shell* sh, FILE* in, const char* name) {
  char* line = NULL;
  size_t size = 0;
  uint64_t lines = 0;
  cli_exit code = CLI_OK;
  const char* const outer_name = sh->session.source_name;
  const uint64_t outer_line = sh->session.source_line;
  sh->session.source_name = name;
  for (ssize_t n; !sh->quit && code == CLI_OK && !cli_interrupted && (n = getline(&line, &size, in)) > 0; lines++) {
    if (!sh->pending) {
      sh->session.source_line = lines;
    }
    code = take_line(sh, line, (size_t)n, false);
  }
  if (code == CLI_OK && cli_interrupted) {
    code = CLI_STOPPED;
  } else if (ferror(in) && code == CLI_OK) {
    code = cli_system_error(name);
  } else if (code == CLI_OK && sh->pending) {
    code = run_pending(sh);
  }
  pending_clear(sh);
  free(line);
  sh->session.source_name = outer_name;
  sh->session.source_line = outer_line;
  return code;
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
      if (cli_terminated) {
        return;
      }
      continue;
    }
    take_line(sh, line, strlen(line), true);  // failures were reported; the shell goes on
    fflush(stdout);
  }
  if (!sh->quit) {
    fputs("\n", stdout);
  }
}

static cli_exit run_shell(shell* sh) {
  sh->interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
  if (access(sh->session.path, F_OK) == 0) {
    const cli_exit code = cli_session_open(&sh->session, false);
    if (code != CLI_OK) {
      return code;
    }
  }
  if (!sh->interactive) {
    return shell_read(sh, stdin, "standard input");
  }
  shell_editor_open(sh);
  interact(sh);
  shell_editor_close(sh);
  return cli_terminated ? CLI_STOPPED : CLI_OK;
}

cli_exit cli_shell(int argc, char** argv) {
  const bool named = argc > 1 && !strcmp(argv[0], "shell");
  if (argc == 2 && named && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
    fputs(cli_command_find("shell")->help, stdout);
    return CLI_OK;
  }
  if (argc != 2 || argv[1][0] == '-') {
    return cli_usage("the shell takes one store (see parley --help)");
  }
  shell sh = {.session = {.path = argv[1], .out = stdout, .limits = {.size = sizeof sh.session.limits}}};
  const cli_exit code = run_shell(&sh);
  pending_clear(&sh);
  shell_names_forget(&sh);
  const cli_exit closed = shell_output_reset(&sh);
  const cli_exit open = cli_transaction_abandon(&sh.session);
  cli_session_close(&sh.session);
  return code != CLI_OK ? code : closed != CLI_OK ? closed : sh.interactive ? CLI_OK : open;
}
