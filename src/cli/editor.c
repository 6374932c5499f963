// Line editing and history (libedit). The history file is kept across sessions in $XDG_STATE_HOME/parley (else
// ~/.local/state/parley), mode 0600.
#include "shell.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#define HISTORY_MAX 2000

static char* prompt(EditLine* editor) {
  static char first[] = "parley> ";
  static char within[] = "parley*> ";  // a transaction is open
  static char more[] = "   ...> ";
  shell* sh = NULL;
  edit.el_get(editor, EL_CLIENTDATA, &sh);
  return sh && sh->pending ? more : sh && sh->session.txn ? within : first;
}

// Wait for a key. Signals come in only while waiting, so that none slips in between the look at the flag and the wait.
// False when a signal asks for the line to end.
static bool wait_for_key(void) {
  sigset_t held, before;
  struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
  sigemptyset(&held);
  sigaddset(&held, SIGINT);
  sigaddset(&held, SIGTERM);
  sigaddset(&held, SIGHUP);
  if (sigprocmask(SIG_BLOCK, &held, &before) != 0) {
    return true;
  }
  int n = -1;
  errno = EINTR;
  while (!cli_interrupted && n < 0 && errno == EINTR) {  // also cut short by a resized window
    n = ppoll(&p, 1, NULL, &before);
  }
  const bool asked = cli_interrupted != 0;
  sigprocmask(SIG_SETMASK, &before, NULL);
  return !asked;
}

// Read one character; unlike libedit's own, an interrupt ends the line at once.
static int read_char(EditLine* editor, wchar_t* out) {
  (void)editor;
  mbstate_t state;
  memset(&state, 0, sizeof state);
  for (;;) {
    char byte;
    if (!wait_for_key()) {
      return -1;
    }
    const ssize_t n = read(STDIN_FILENO, &byte, 1);
    if (n == 0) {
      return 0;
    }
    if (n < 0) {
      if (errno == EINTR && !cli_interrupted) {
        continue;  // a resized window
      }
      return -1;
    }
    const size_t used = mbrtowc(out, &byte, 1, &state);
    if (used == (size_t)-2) {
      continue;
    }
    if (used == (size_t)-1) {
      *out = L'?';
    }
    return 1;
  }
}

// Make the folders of a path, each private; an existing one is fine.
static bool make_folders(char* path) {
  for (char* p = path + 1; *p; p++) {
    if (*p == '/') {
      *p = '\0';
      const int made = mkdir(path, 0700);
      *p = '/';
      if (made != 0 && errno != EEXIST) {
        return false;
      }
    }
  }
  return true;
}

static char* history_file(void) {
  const char* state = getenv("XDG_STATE_HOME");
  const char* home = getenv("HOME");
  char* path = NULL;
  const bool given = state && *state == '/';
  if (!given && !(home && *home == '/')) {
    return NULL;
  }
  if (asprintf(&path, "%s%s/parley/history", given ? state : home, given ? "" : "/.local/state") < 0) {
    return NULL;
  }
  if (!make_folders(path)) {
    free(path);
    return NULL;
  }
  return path;
}

void shell_editor_open(shell* sh) {
  HistEvent event;
  // Text is UTF-8 here whatever the environment says; without this, the line editor would refuse it in a bare container.
  if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
    setlocale(LC_CTYPE, "C.UTF-8");
  }
  sh->editor = edit_load() ? edit.el_init("parley", stdin, stdout, stderr) : NULL;
  if (!sh->editor) {
    return;
  }
  edit.el_set(sh->editor, EL_CLIENTDATA, sh);
  edit.el_set(sh->editor, EL_PROMPT, prompt);
  edit.el_set(sh->editor, EL_EDITOR, "emacs");
  edit.el_set(sh->editor, EL_GETCFN, read_char);
  edit.el_set(sh->editor, EL_ADDFN, "parley-complete", "complete the word", shell_complete);
  edit.el_set(sh->editor, EL_BIND, "^I", "parley-complete", NULL);
  sh->history = edit.history_init();
  if (sh->history) {
    edit.history(sh->history, &event, H_SETSIZE, HISTORY_MAX);
    edit.history(sh->history, &event, H_SETUNIQUE, 1);
    edit.el_set(sh->editor, EL_HIST, edit.history, sh->history);
    sh->history_path = history_file();
    if (sh->history_path) {
      edit.history(sh->history, &event, H_LOAD, sh->history_path);
    }
  }
  edit.el_source(sh->editor, NULL);
}

void shell_editor_close(shell* sh) {
  HistEvent event;
  if (sh->history && sh->history_path) {
    const mode_t mask = umask(0077);
    edit.history(sh->history, &event, H_SAVE, sh->history_path);
    umask(mask);
  }
  if (sh->history) {
    edit.history_end(sh->history);
  }
  if (sh->editor) {
    edit.el_end(sh->editor);
  }
  free(sh->history_path);
  sh->editor = NULL;
  sh->history = NULL;
  sh->history_path = NULL;
}

const char* shell_editor_line(shell* sh, bool* interrupted) {
  int count = 0;
  cli_interrupt_route(NULL);
  cli_interrupt_clear(sh->session.db);
  *interrupted = false;
  if (!sh->editor) {
    static char* line;
    static size_t size;
    fputs(sh->pending ? "   ...> " : sh->session.txn ? "parley*> " : "parley> ", stdout);
    fflush(stdout);
    return getline(&line, &size, stdin) > 0 ? line : NULL;
  }
  edit.el_resize(sh->editor);  // the window may have changed since the last prompt
  const char* line = edit.el_gets(sh->editor, &count);
  if (cli_interrupted) {
    *interrupted = true;
    edit.el_reset(sh->editor);
    return NULL;
  }
  return count > 0 ? line : NULL;
}

void shell_editor_remember(shell* sh, const char* statement) {
  HistEvent event;
  if (!sh->history || !statement) {
    return;
  }
  // One entry a statement: its lines are joined, so that it comes back whole.
  char* copy = strdup(statement);
  if (!copy) {
    return;
  }
  size_t len = strlen(copy);
  while (len > 0 && (copy[len - 1] == '\n' || copy[len - 1] == ' ')) {
    copy[--len] = '\0';
  }
  if (!strchr(copy, '#')) {  // a comment would swallow the lines after it
    for (char* p = copy; *p; p++) {
      *p = *p == '\n' ? ' ' : *p;
    }
  }
  if (len > 0) {
    edit.history(sh->history, &event, H_ENTER, copy);
  }
  free(copy);
}
