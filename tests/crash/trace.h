/// A worker process under ptrace: it stops at the entry and at the exit of every system call.
#ifndef TESTS_CRASH_TRACE_H
#define TESTS_CRASH_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { TRACE_THREADS = 64 };

typedef struct trace {
  pid_t pid;             ///< the process
  pid_t at;              ///< thread that is stopped and goes on next; 0 = none
  pid_t others[4];       ///< children of the campaign that are not traced and ended meanwhile
  int other_status[4];   ///< how
  unsigned other_count;  ///< of them
  bool gone;             ///< the process has ended
  int status;            ///< how
} trace;

typedef struct trace_stop {
  pid_t tid;         ///< thread
  bool entry;        ///< before the call; else after it
  uint64_t number;   ///< of the system call
  uint64_t args[6];  ///< at entry
  int64_t result;    ///< at exit
} trace_stop;

/// False where the system does not allow ptrace.
bool trace_allowed(void);
/// Start fn(user) in a new process, stopped before its first instruction. False on failure.
bool trace_start(trace* t, void (*fn)(void* user), void* user);
/// Go on to the next entry or exit of a system call. False when the process has ended.
bool trace_next(trace* t, trace_stop* stop);
/// Let the stopped thread do up to `count` instructions. False when the process has ended.
bool trace_instructions(trace* t, unsigned count);
/// Kill the process and wait for its end.
void trace_kill(trace* t);
/// Wait for a child that is not traced; its wait status.
int trace_wait_other(trace* t, pid_t pid);
const char* trace_name(uint64_t number);  ///< of a system call

#endif
