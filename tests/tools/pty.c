// Drive a program through a pseudo terminal, for tests of what only happens on one. Standard input is a script:
//
//   wait TEXT      read what the program prints until TEXT has come (20 s at most, then the test fails)
//   prompt TEXT    the same, and then until the program reads keys one by one (a line editor is ready for Ctrl-D and Tab)
//   not TEXT       fail if TEXT has come since the last wait
//   send TEXT      type TEXT; \n is Enter, \t Tab, \e Escape, \^C Ctrl-C (any letter), \\ a backslash
//   signal N       send the program signal number N
//   size ROWS COLUMNS
//   end N          close nothing, wait until the program ends and expect exit code N
//
// usage: pty [--show] PROGRAM ARGUMENTS... <SCRIPT   (--show: print everything the program printed to standard output)
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define WAIT_SECONDS 20

typedef struct terminal {
  int fd;           // our end
  pid_t pid;        // the program
  char* seen;       // all that was printed, zero-terminated
  size_t len;       // bytes of it
  size_t capacity;  // allocated
  size_t mark;      // just behind the text last waited for
  bool closed;      // the program's end is closed
  bool ended;       // its exit code was taken
} terminal;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(terminal* t, const char* what, const char* text) {
  fprintf(stderr, "pty: %s: %s\n--- seen:\n%s\n---\n", what, text, t->seen);
  kill(t->pid, SIGKILL);
  exit(1);
}

// Take what has been printed; false when nothing came for `seconds`, or the program's end is closed.
static bool take(terminal* t, double seconds) {
  if (t->capacity - t->len < 4096) {
    t->capacity = t->capacity * 2 + 8192;
    t->seen = realloc(t->seen, t->capacity);
    if (!t->seen) {
      abort();
    }
  }
  struct pollfd p = {.fd = t->fd, .events = POLLIN};
  if (t->closed || poll(&p, 1, (int)(seconds * 1000)) <= 0) {
    return false;
  }
  const ssize_t n = read(t->fd, t->seen + t->len, t->capacity - t->len - 1);
  t->closed = n == 0 || (n < 0 && errno != EINTR);  // EIO: the other end is closed
  t->len += n > 0 ? (size_t)n : 0;
  t->seen[t->len] = '\0';
  return n > 0;
}

static void wait_for(terminal* t, const char* text) {
  const double limit = now() + WAIT_SECONDS;
  for (;;) {
    const char* found = memmem(t->seen + t->mark, t->len - t->mark, text, strlen(text));
    if (found) {
      t->mark = (size_t)(found - t->seen) + strlen(text);
      return;
    }
    const double left = limit - now();
    if (left <= 0 || (!take(t, left) && t->closed)) {
      fail(t, "this never came", text);
    }
  }
}

static void wait_for_keys(terminal* t, const char* text) {
  const double limit = now() + WAIT_SECONDS;
  struct termios mode;
  wait_for(t, text);
  while (tcgetattr(t->fd, &mode) == 0 && (mode.c_lflag & ICANON)) {
    if (now() > limit || (!take(t, 0.005) && t->closed)) {
      fail(t, "no line editor after", text);
    }
  }
}

static void send_text(terminal* t, const char* text) {
  char out[4096];
  size_t n = 0;
  for (const char* p = text; *p && n < sizeof out; p++) {
    if (*p != '\\' || !p[1]) {
      out[n++] = *p;
      continue;
    }
    p++;
    if (*p == '^' && p[1]) {
      out[n++] = (char)(*++p & 0x1f);
    } else {
      out[n++] = *p == 'n' ? '\r' : *p == 't' ? '\t' : *p == 'e' ? '\033' : *p;
    }
  }
  if (write(t->fd, out, n) != (ssize_t)n) {
    fail(t, "cannot type", text);
  }
}

static void resize(terminal* t, const char* text) {
  unsigned rows, columns;
  if (sscanf(text, "%u %u", &rows, &columns) != 2) {
    fail(t, "not a size", text);
  }
  const struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
  ioctl(t->fd, TIOCSWINSZ, &size);
}

static void expect_end(terminal* t, const char* text) {
  const double limit = now() + WAIT_SECONDS;
  while (!t->closed) {
    if (!take(t, limit - now()) && !t->closed) {
      fail(t, "the program did not end", "");
    }
  }
  int status;
  if (waitpid(t->pid, &status, 0) != t->pid || !WIFEXITED(status) || WEXITSTATUS(status) != atoi(text)) {
    fail(t, "another exit code than", text);
  }
  t->ended = true;
}

static void step(terminal* t, char* line) {
  line[strcspn(line, "\n")] = '\0';
  char* text = line + strcspn(line, " ");
  text += *text == ' ';
  if (!strncmp(line, "wait ", 5)) {
    wait_for(t, text);
  } else if (!strncmp(line, "prompt ", 7)) {
    wait_for_keys(t, text);
  } else if (!strncmp(line, "not ", 4)) {
    if (memmem(t->seen + t->mark, t->len - t->mark, text, strlen(text))) {
      fail(t, "this should not have come", text);
    }
  } else if (!strncmp(line, "send ", 5)) {
    send_text(t, text);
  } else if (!strncmp(line, "signal ", 7)) {
    kill(t->pid, atoi(text));
  } else if (!strncmp(line, "size ", 5)) {
    resize(t, text);
  } else if (!strncmp(line, "end ", 4)) {
    expect_end(t, text);
  } else if (*line && *line != '#') {
    fail(t, "no such step", line);
  }
}

int main(int argc, char** argv) {
  const bool show = argc > 1 && !strcmp(argv[1], "--show");
  char** program = argv + 1 + show;
  const struct winsize size = {.ws_row = 24, .ws_col = 100};
  terminal t = {.capacity = 8192, .seen = calloc(1, 8192)};
  if (!*program || !t.seen) {
    fputs("usage: pty [--show] PROGRAM ARGUMENTS... <SCRIPT\n", stderr);
    return 2;
  }
  t.pid = forkpty(&t.fd, NULL, NULL, &size);
  if (t.pid < 0) {
    perror("pty");
    return 77;
  }
  if (t.pid == 0) {
    execvp(*program, program);
    _exit(127);
  }
  char* line = NULL;
  for (size_t room = 0; getline(&line, &room, stdin) > 0;) {
    step(&t, line);
  }
  free(line);
  if (show) {
    fwrite(t.seen, 1, t.len, stdout);
  }
  if (!t.ended) {
    kill(t.pid, SIGKILL);
    waitpid(t.pid, NULL, 0);
  }
  close(t.fd);
  free(t.seen);
  return 0;
}
