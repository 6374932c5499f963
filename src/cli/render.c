// Graphviz draws: `dot` from PATH, run directly with a file as its input and a pipe as its output. No shell sees
// anything.
#include "picture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

// Begin `dot -TTYPE` with `in` as its input; *pipe_end is where its output is read.
static int spawn(const char* type, int in, int* pipe_end, pid_t* child) {
  char option[16];
  char name[] = "dot";
  char* const argv[] = {name, option, NULL};
  int ends[2];
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t defaults;
  snprintf(option, sizeof option, "-T%s", type);
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return errno;
  }
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  sigaddset(&defaults, SIGXFSZ);
  int failure = posix_spawn_file_actions_init(&actions);
  if (failure == 0) {
    failure = posix_spawnattr_init(&attributes);
    if (failure == 0) {
      const bool ready = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO) == 0 &&
                         posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO) == 0 &&
                         posix_spawnattr_setsigdefault(&attributes, &defaults) == 0 &&
                         posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF) == 0;
      failure = ready ? posix_spawnp(child, "dot", &actions, &attributes, argv, environ) : ENOMEM;
      posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
  }
  close(ends[1]);
  if (failure != 0) {
    close(ends[0]);
  }
  *pipe_end = ends[0];
  return failure;
}

// Copy what comes through the pipe; an interrupt ends the child. False if that is nothing at all.
static bool pump(FILE* out, int pipe_end, pid_t child) {
  char buf[65536];
  bool any = false;
  for (;;) {
    const ssize_t n = read(pipe_end, buf, sizeof buf);
    if (cli_interrupted || (n < 0 && errno != EINTR) || ferror(out)) {
      kill(child, SIGTERM);
      return false;
    }
    if (n == 0) {
      return any;
    }
    if (n > 0) {
      any = true;
      fwrite(buf, 1, (size_t)n, out);
    }
  }
}

// What could not be written is told when the answer is flushed.
static parley_status finish(FILE* out, bool whole, pid_t child) {
  int state = 0;
  while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
  }
  if (cli_interrupted) {
    return PARLEY_INTERRUPTED;
  }
  if (ferror(out)) {
    return PARLEY_IO;
  }
  if (!whole || !WIFEXITED(state) || WEXITSTATUS(state) != 0) {
    fputs("parley: Graphviz could not draw the picture\n", stderr);
    return PARLEY_IO;
  }
  return PARLEY_OK;
}

parley_status picture_render(FILE* out, const char* type, const char* dot, size_t len) {
  FILE* const in = tmpfile();
  if (!in || fwrite(dot, 1, len, in) != len || fflush(in) != 0 || lseek(fileno(in), 0, SEEK_SET) != 0) {
    cli_system_error("a temporary file for Graphviz");
    if (in) {
      fclose(in);
    }
    return PARLEY_IO;
  }
  int pipe_end;
  pid_t child;
  const int failure = spawn(type, fileno(in), &pipe_end, &child);
  fclose(in);
  if (failure == ENOENT) {
    fprintf(stderr,
            "parley: %s pictures are drawn by Graphviz, whose `dot` is not in PATH; --format dot writes its input\n",
            type);
    return PARLEY_IO;
  }
  if (failure != 0) {
    errno = failure;
    cli_system_error("dot");
    return PARLEY_IO;
  }
  const bool whole = pump(out, pipe_end, child);
  close(pipe_end);
  return finish(out, whole, child);
}
