// Run a program and send it a signal at its system calls number FROM to FROM + TIMES - 1, counted on its first thread, before each is made: every
// moment of a command can be met without a clock. Prints `exit N` or `signal N`, then `: COUNT` system calls, to descriptor 3.
//
// usage: signal_at SIGNAL FROM TIMES PROGRAM ARGUMENTS...   (exit code 77 where tracing is forbidden)
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SKIPPED = 77, TRACED_CALL = SIGTRAP | 0x80 };

static void run(char** argv) {
  if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) {
    _exit(SKIPPED);
  }
  (void)close(3);
  (void)raise(SIGSTOP);
  (void)execv(argv[0], argv);
  _exit(127);
}

// Go on to the next stop, handing on `signal`; false when the program has ended.
static int next_stop(pid_t pid, int signal, int* status) {
  if (ptrace(PTRACE_SYSCALL, pid, NULL, (void*)(long)signal) != 0 || waitpid(pid, status, 0) != pid) {
    return 0;
  }
  return WIFSTOPPED(*status);
}

int main(int argc, char** argv) {
  if (argc < 5) {
    fputs("usage: signal_at SIGNAL FROM TIMES PROGRAM ARGUMENTS...\n", stderr);
    return 2;
  }
  const int number = atoi(argv[1]);
  const unsigned long from = strtoul(argv[2], NULL, 10), times = strtoul(argv[3], NULL, 10);
  const pid_t pid = fork();
  if (pid == 0) {
    run(argv + 4);
  }
  int status = 0, inside = 0, pass = 0;
  unsigned long calls = 0;
  if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
      ptrace(PTRACE_SETOPTIONS, pid, NULL, (void*)(long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) != 0) {
    return SKIPPED;
  }
  while (next_stop(pid, pass, &status)) {
    const int stop = WSTOPSIG(status);
    pass = stop == TRACED_CALL || stop == SIGTRAP ? 0 : stop;
    if (stop == TRACED_CALL) {
      inside = !inside;
      calls += inside ? 1 : 0;
      if (inside && calls >= from && calls - from < times && kill(pid, number) != 0) {
        return 1;
      }
    }
  }
  (void)dprintf(3, "%s %d: %lu\n", WIFEXITED(status) ? "exit" : "signal",
                WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), calls);
  return 0;
}
