/// ptrace, as far as the campaigns need it. One traced process at a time; its threads are followed, other children of
/// the campaign are let be.
#include "trace.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

enum { OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE };

static void be_traced(void (*fn)(void*), void* user) {
  if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) {
    _exit(77);
  }
  (void)raise(SIGSTOP);
  fn(user);
  _exit(0);
}

bool trace_start(trace* t, void (*fn)(void* user), void* user) {
  int status;
  *t = (trace){.pid = fork()};
  if (t->pid == 0) {
    be_traced(fn, user);
  }
  if (t->pid < 0 || waitpid(t->pid, &status, 0) != t->pid || !WIFSTOPPED(status) ||
      ptrace(PTRACE_SETOPTIONS, t->pid, NULL, (void*)(uintptr_t)OPTIONS) != 0) {
    return false;
  }
  t->at = t->pid;
  return true;
}

static void nothing(void* user) { (void)user; }

bool trace_allowed(void) {
  trace t;
  trace_stop stop;
  if (!trace_start(&t, nothing, NULL)) {
    return false;
  }
  const bool good = trace_next(&t, &stop);
  trace_kill(&t);
  return good;
}

static void note_other(trace* t, pid_t pid, int status) {
  if (t->other_count < sizeof t->others / sizeof *t->others) {
    t->others[t->other_count] = pid;
    t->other_status[t->other_count++] = status;
  }
}

/// What a stop of a thread asks for: the signal to hand on, or -1 if it is the stop of a system call.
static int signal_of(int status) {
  const int signal = WSTOPSIG(status);
  if (signal == (SIGTRAP | 0x80)) {
    return -1;
  }
  const bool ours = signal == SIGTRAP || signal == SIGSTOP;  // of a new thread
  return ours ? 0 : signal;
}

static bool describe(pid_t tid, trace_stop* stop) {
  struct ptrace_syscall_info info;
  if (ptrace((enum __ptrace_request)PTRACE_GET_SYSCALL_INFO, tid, (void*)sizeof info, &info) <= 0) {
    return false;
  }
  stop->tid = tid;
  stop->entry = info.op == PTRACE_SYSCALL_INFO_ENTRY;
  if (stop->entry) {
    stop->number = info.entry.nr;
    for (size_t i = 0; i < 6; i++) {
      stop->args[i] = info.entry.args[i];
    }
  } else {
    stop->result = info.exit.rval;
  }
  return true;
}

bool trace_next(trace* t, trace_stop* stop) {
  if (t->gone) {
    return false;
  }
  if (t->at && ptrace(PTRACE_SYSCALL, t->at, NULL, NULL) != 0 && errno != ESRCH) {
    return false;
  }
  t->at = 0;
  for (;;) {
    int status;
    const pid_t tid = waitpid(-1, &status, __WALL);
    if (tid < 0) {
      t->gone = true;
      return false;
    }
    if (!WIFSTOPPED(status)) {
      if (tid == t->pid) {
        t->gone = true;
        t->status = status;
        return false;
      }
      note_other(t, tid, status);  // a thread of the worker, or a child that is not traced
      continue;
    }
    const int signal = signal_of(status);
    if (signal < 0 && describe(tid, stop)) {
      t->at = tid;
      return true;
    }
    (void)ptrace(PTRACE_SYSCALL, tid, NULL, (void*)(uintptr_t)(signal > 0 ? signal : 0));  // ESRCH: it has ended
  }
}

bool trace_instructions(trace* t, unsigned count) {
  for (unsigned i = 0; i < count && !t->gone; i++) {
    int status;
    if (ptrace(PTRACE_SINGLESTEP, t->at, NULL, NULL) != 0 || waitpid(t->at, &status, __WALL) != t->at) {
      return false;
    }
    if (!WIFSTOPPED(status)) {
      t->gone = true;
      t->status = status;
    }
  }
  return !t->gone;
}

void trace_kill(trace* t) {
  if (t->gone) {
    return;
  }
  (void)kill(t->pid, SIGKILL);
  while (!t->gone) {
    int status;
    const pid_t tid = waitpid(-1, &status, __WALL);
    if (tid < 0 || (tid == t->pid && !WIFSTOPPED(status))) {
      t->gone = true;
      t->status = status;
    } else if (!WIFSTOPPED(status)) {
      note_other(t, tid, status);
    }
  }
}

int trace_wait_other(trace* t, pid_t pid) {
  for (unsigned i = 0; i < t->other_count; i++) {
    if (t->others[i] == pid) {
      return t->other_status[i];
    }
  }
  int status = -1;
  return waitpid(pid, &status, 0) == pid ? status : -1;
}

const char* trace_name(uint64_t number) {
  static const struct {
    long number;
    const char* name;
  } names[] = {
      {SYS_read, "read"},
      {SYS_pread64, "pread"},
      {SYS_write, "write"},
      {SYS_pwrite64, "pwrite"},
      {SYS_pwritev, "pwritev"},
      {SYS_writev, "writev"},
      {SYS_fsync, "fsync"},
      {SYS_fdatasync, "fdatasync"},
      {SYS_msync, "msync"},
      {SYS_ftruncate, "ftruncate"},
      {SYS_fallocate, "fallocate"},
      {SYS_lseek, "lseek"},
      {SYS_openat, "open"},
      {SYS_close, "close"},
      {SYS_fcntl, "fcntl"},
      {SYS_flock, "flock"},
      {SYS_mmap, "mmap"},
      {SYS_munmap, "munmap"},
      {SYS_mprotect, "mprotect"},
      {SYS_madvise, "madvise"},
      {SYS_mremap, "mremap"},
      {SYS_brk, "brk"},
      {SYS_futex, "futex"},
      {SYS_newfstatat, "stat"},
      {SYS_readlink, "readlink"},
      {SYS_getdents64, "getdents"},
      {SYS_getpid, "getpid"},
      {SYS_clone3, "clone"},
      {SYS_set_robust_list, "set_robust_list"},
      {SYS_rt_sigprocmask, "sigprocmask"},
      {SYS_rt_sigaction, "sigaction"},
      {SYS_getrandom, "getrandom"},
      {SYS_sched_getaffinity, "getaffinity"},
      {SYS_sysinfo, "sysinfo"},
      {SYS_uname, "uname"},
      {SYS_renameat2, "rename"},
      {SYS_linkat, "link"},
      {SYS_unlinkat, "unlink"},
      {SYS_copy_file_range, "copy_file_range"},
      {SYS_fchmod, "fchmod"},
      {SYS_fchown, "fchown"},
      {SYS_clock_nanosleep, "nanosleep"},
      {SYS_exit, "exit"},
      {SYS_exit_group, "exit_group"},
      {SYS_rseq, "rseq"},
      {SYS_gettid, "gettid"},
      {SYS_umask, "umask"},
      {SYS_ioctl, "ioctl"},
      {SYS_prlimit64, "prlimit"},
      {SYS_pwritev2, "pwritev"},
      {SYS_mkdirat, "mkdir"},
      {SYS_fstat, "stat"},
      {SYS_sched_yield, "yield"},
      {SYS_clock_gettime, "clock"},
      {SYS_statfs, "statfs"},
      {SYS_fstatfs, "statfs"},
      {SYS_dup, "dup"},
      {SYS_nanosleep, "nanosleep"},
      {SYS_getuid, "getuid"},
      {SYS_geteuid, "getuid"},
      {SYS_clone, "clone"},
#ifdef SYS_open
      {SYS_open, "open"},
      {SYS_access, "access"},
      {SYS_stat, "stat"},
      {SYS_rename, "rename"},
      {SYS_unlink, "unlink"},
      {SYS_mkdir, "mkdir"},
      {SYS_rmdir, "rmdir"},
      {SYS_link, "link"},
      {SYS_chmod, "chmod"},
      {SYS_lstat, "stat"},
#endif
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if ((uint64_t)names[i].number == number) {
      return names[i].name;
    }
  }
  return "other";
}
