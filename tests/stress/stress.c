/// One writer process, readers in processes of their own and in threads of one process, killed at random and replaced.
///
///     stress --seconds N [--processes P] [--threads T] [--seed S] [--folder F]     the campaign, with random kills
///     stress --short                                                              a fixed course without timers
///
/// The supervisor starts this program again in the roles `writer` and `readers` (fork and exec: nothing is inherited).
/// Whoever is killed dies where it happens to be; the next writer must find everything that was acknowledged, and the
/// slots of dead readers must not keep the file growing. At the end the store is checked.
#include "world.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHILDREN_MAX = 128, PATH_BYTES = 256, KILLED = -SIGKILL, FIRST_READER = 3 };

static char folder[PATH_BYTES];
static char store_path[PATH_BYTES + 16];
static char program[PATH_MAX];  // this one, by its name: under Valgrind /proc/self/exe itself is another
static board* shared;

/// Where a role of the short course ends its own life.
typedef enum fate { LIVE, DIE_INSIDE, DIE_UNACKNOWLEDGED } fate;

static void die(void) { (void)raise(SIGKILL); }

static void name_paths(const char* in) {
  char path[PATH_BYTES + 16];
  (void)snprintf(folder, sizeof folder, "%s", in);
  (void)snprintf(store_path, sizeof store_path, "%s/store", folder);
  (void)snprintf(path, sizeof path, "%s/board", folder);
  shared = board_open(path);
  if (!shared) {
    perror(path);
    exit(2);
  }
}

// ---- roles --------------------------------------------------------------------------------------------------------

static int close_world(world* w) {
  const bool ok = parley_close(w->store) == PARLEY_OK;
  if (!ok) {
    violation(shared, "close: %s", parley_error_message(parley_error(w->store)));
  }
  return ok ? 0 : 1;
}

/// `commits` transactions (0: until told), then the end that fate wants.
static int writer_role(uint64_t seed, unsigned long commits, fate end) {
  world w = {.board = shared};
  if (!world_open(&w, store_path, 0)) {
    return 1;
  }
  for (unsigned long i = 0; commits ? i < commits : !atomic_load(&shared->stop); i++) {
    if (!world_step(&w, &seed, NULL, NULL)) {
      return 1;
    }
  }
  while (end != LIVE) {  // a transaction that is rolled back does not come to its acknowledgement: try another
    if (!world_step(&w, &seed, end == DIE_INSIDE ? die : NULL, end == DIE_UNACKNOWLEDGED ? die : NULL)) {
      return 1;
    }
  }
  return close_world(&w);
}

typedef struct task {
  world* world;         ///< its process
  unsigned long looks;  ///< at least
  fate end;             ///< dies inside its last look
  bool ok;              ///< nothing failed
} task;

static void* read_on(void* user) {
  task* const t = user;
  reader r;
  t->ok = reader_open(&r, t->world);
  for (unsigned long i = 1; t->ok && (i <= t->looks || !atomic_load(&shared->stop)); i++) {
    t->ok = reader_look(&r, t->end == DIE_INSIDE && i == t->looks ? die : NULL);
  }
  reader_close(&r);
  return NULL;
}

static int readers_role(unsigned long looks, unsigned threads, fate end) {
  world w = {.board = shared};
  task tasks[CHILDREN_MAX];
  pthread_t ids[CHILDREN_MAX];
  if (setpriority(PRIO_PROCESS, 0, 10) != 0) {  // the writer shall come to write
    return 1;
  }
  if (threads > CHILDREN_MAX || !world_open(&w, store_path, threads > 1 ? 0 : PARLEY_OPEN_READONLY)) {
    return 1;
  }
  for (unsigned i = 0; i < threads; i++) {
    tasks[i] = (task){&w, looks, end, false};
    if (pthread_create(&ids[i], NULL, read_on, &tasks[i]) != 0) {
      return 1;
    }
  }
  bool ok = true;
  for (unsigned i = 0; i < threads; i++) {
    ok = pthread_join(ids[i], NULL) == 0 && tasks[i].ok && ok;
  }
  return close_world(&w) == 0 && ok ? 0 : 1;
}

/// Copy the store again and again while it is read and written; every copy proves itself.
static int backups_role(unsigned long copies) {
  char copy[PATH_BYTES + 16], lock[PATH_BYTES + 24];
  world w = {.board = shared};
  (void)snprintf(copy, sizeof copy, "%s/copy", folder);
  (void)snprintf(lock, sizeof lock, "%s-lock", copy);
  if (!world_open(&w, store_path, PARLEY_OPEN_READONLY)) {
    return 1;
  }
  bool ok = true;
  for (unsigned long i = 0; ok && (copies ? i < copies : !atomic_load(&shared->stop)); i++) {
    const unsigned long long acknowledged = atomic_load(&shared->acknowledged);
    (void)unlink(copy);  // of one that was killed
    (void)unlink(lock);
    ok = parley_backup(w.store, copy, NULL) == PARLEY_OK;
    if (!ok) {
      violation(shared, "backup: %s", parley_error_message(parley_error(w.store)));
    }
    ok = ok && world_prove(shared, copy, acknowledged);
    (void)atomic_fetch_add(&shared->backups, ok);
  }
  (void)unlink(copy);
  (void)unlink(lock);
  return close_world(&w) == 0 && ok ? 0 : 1;
}

static int role(char** argv) {
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);  // a supervisor that is stopped leaves nobody behind
  name_paths(argv[2]);
  const unsigned long first = strtoul(argv[3], NULL, 10), second = strtoul(argv[4], NULL, 10);
  const fate end = (fate)strtoul(argv[5], NULL, 10);
  return strcmp(argv[1], "writer") == 0    ? writer_role(first, second, end)
         : strcmp(argv[1], "backups") == 0 ? backups_role(first)
                                           : readers_role(first, (unsigned)second, end);
}

// ---- the supervisor -----------------------------------------------------------------------------------------------

typedef struct child {
  pid_t pid;                 ///< 0: none
  const char* role;          ///< of this program
  unsigned long numbers[3];  ///< its arguments
  bool killed;               ///< by us: it is replaced
} child;

static void start(child* c) {
  char numbers[3][24];
  for (int i = 0; i < 3; i++) {
    (void)snprintf(numbers[i], sizeof numbers[i], "%lu", c->numbers[i]);
  }
  c->killed = false;
  c->pid = fork();
  if (c->pid == 0) {
    (void)execl(program, "stress", c->role, folder, numbers[0], numbers[1], numbers[2], (char*)NULL);
    _exit(127);
  }
  if (c->pid < 0) {
    violation(shared, "fork: %s", strerror(errno));
    c->pid = 0;
  }
}

/// Wait for the end of a child: its exit code, or minus its signal.
static int finish(child* c) {
  int state = 0;
  while (waitpid(c->pid, &state, 0) < 0 && errno == EINTR) {
  }
  c->pid = 0;
  return WIFEXITED(state) ? WEXITSTATUS(state) : -WTERMSIG(state);
}

static void expect(child* c, int wanted) {
  const pid_t pid = c->pid;
  const int got = c->pid > 0 ? finish(c) : wanted;
  if (got != wanted) {
    violation(shared, "%s %d ended with %d, not %d", c->role, (int)pid, got, wanted);
  }
}

static void found(void* user, const parley_finding* finding) {
  (void)user;
  violation(shared, "check: %s: %s", finding->part, finding->text);
}

/// The store after all that: checked, nothing acknowledged missing, no slots of the dead.
static void check_store(void) {
  world w = {.board = shared};
  reader r;
  const parley_check_options options = {.size = sizeof options, .deep = 1, .on_finding = found};
  parley_stats stats = {.size = sizeof stats};
  if (!world_open(&w, store_path, 0) || !reader_open(&r, &w)) {
    return;
  }
  (void)reader_look(&r, NULL);
  reader_close(&r);
  if (parley_check(w.store, &options, NULL) != PARLEY_OK || parley_get_stats(w.store, &stats) != PARLEY_OK) {
    violation(shared, "check: %s", parley_error_message(parley_error(w.store)));
  }
  if (stats.readers > 2) {
    violation(shared, "%llu reader slots are taken at the end", (unsigned long long)stats.readers);
  }
  (void)close_world(&w);
}

static long long file_bytes(void) {
  struct stat st;
  return stat(store_path, &st) == 0 ? (long long)st.st_size : 0;
}

static int summary(double seconds, unsigned long kills) {
  const unsigned long long violations = atomic_load(&shared->violations);
  printf(
      "stress: %.0f seconds, %llu commits, %llu rolled back, %llu snapshots and %llu backups proved, %lu kills, file "
      "%.1f MB, "
      "violations %llu\n",
      seconds, atomic_load(&shared->commits), atomic_load(&shared->rollbacks), atomic_load(&shared->snapshots),
      atomic_load(&shared->backups), kills, (double)file_bytes() / 1e6, violations);
  if (violations > 0) {
    printf("first: %s\n", shared->first);
  }
  return violations > 0;
}

static void make_store(void) {
  world w = {.board = shared};
  if (!world_open(&w, store_path, PARLEY_OPEN_CREATE) || !world_create(&w) || close_world(&w) != 0) {
    exit(summary(0, 0));
  }
}

/// Four reader processes and a process of four threads watch three writers, of which two die; three readers die as well.
static int short_course(void) {
  enum { PROCESSES = 4, THREADS = 4, COMMITS = 25, LOOKS = 8 };
  child readers[PROCESSES + 1];
  make_store();
  for (unsigned long i = 0; i <= PROCESSES; i++) {
    readers[i] =
        (child){.role = "readers", .numbers = {LOOKS, i == PROCESSES ? THREADS : 1, i < 2 ? DIE_INSIDE : LIVE}};
    start(&readers[i]);
  }
  child writer = {.role = "writer", .numbers = {11, COMMITS, DIE_INSIDE}};
  start(&writer);
  expect(&writer, KILLED);
  for (int i = 0; i < 2; i++) {
    expect(&readers[i], KILLED);
    readers[i].numbers[2] = LIVE;
    start(&readers[i]);
  }
  writer.numbers[0] = 12;
  writer.numbers[2] = DIE_UNACKNOWLEDGED;
  start(&writer);
  expect(&writer, KILLED);
  writer.numbers[0] = 13;
  writer.numbers[2] = LIVE;
  start(&writer);
  child backups = {.role = "backups", .numbers = {3, 0, LIVE}};
  start(&backups);
  expect(&backups, 0);
  expect(&writer, 0);
  atomic_store(&shared->stop, 1);
  for (int i = 0; i <= PROCESSES; i++) {
    expect(&readers[i], 0);
  }
  check_store();
  return summary(0, 4);
}

// ---- the campaign -------------------------------------------------------------------------------------------------

typedef struct campaign {
  double seconds;                ///< length
  unsigned processes, threads;   ///< of readers
  uint64_t seed;                 ///< of kills and writers
  child children[CHILDREN_MAX];  ///< writer, threads, backups, processes
  unsigned count;                ///< of them
  unsigned long kills;           ///< so far
  long long file_max;            ///< largest size seen in the first quarter
} campaign;

static double now(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void kill_one(campaign* c, unsigned which) {
  child* const victim = &c->children[which];
  if (victim->pid > 0 && !victim->killed && kill(victim->pid, SIGKILL) == 0) {
    victim->killed = true;
    c->kills++;
  }
}

/// Replace whoever is gone. Who ended without being killed by us has failed.
static void replace_gone(campaign* c) {
  for (unsigned i = 0; i < c->count; i++) {
    child* const one = &c->children[i];
    int state = 0;
    if (waitpid(one->pid, &state, WNOHANG) != one->pid) {
      continue;
    }
    if (!one->killed) {
      violation(shared, "%s %d ended by itself: %d", one->role, (int)one->pid, state);
    }
    if (i == 0) {
      one->numbers[0] = (unsigned long)draw(&c->seed, 1000000) + 1;
    }
    start(one);
  }
}

static void enlist(campaign* c) {
  c->children[c->count++] = (child){.role = "writer", .numbers = {(unsigned long)c->seed, 0, LIVE}};
  c->children[c->count++] = (child){.role = "readers", .numbers = {0, c->threads, LIVE}};
  c->children[c->count++] = (child){.role = "backups", .numbers = {0, 0, LIVE}};
  for (unsigned i = 0; i < c->processes; i++) {
    c->children[c->count++] = (child){.role = "readers", .numbers = {0, 1, LIVE}};
  }
  for (unsigned i = 0; i < c->count; i++) {
    start(&c->children[i]);
  }
}

/// About ten times a second somebody dies: mostly a reader, now and then the writer, the process with the threads, or a backup.
static void kill_at_random(campaign* c) {
  const uint64_t lot = draw(&c->seed, 100);
  if (lot < 20) {
    kill_one(c, FIRST_READER + (unsigned)draw(&c->seed, c->processes));
  } else if (lot < 22) {
    kill_one(c, 0);
  } else if (lot == 22) {
    kill_one(c, 1);
  } else if (lot == 23) {
    kill_one(c, 2);
  }
}

static int run(campaign* c) {
  const double begun = now();
  make_store();
  enlist(c);
  long long file_end = 0;
  while (now() - begun < c->seconds && atomic_load(&shared->violations) == 0) {
    const struct timespec step = {0, 20000000L};
    (void)nanosleep(&step, NULL);
    kill_at_random(c);
    replace_gone(c);
    file_end = file_bytes();
    if (now() - begun < c->seconds / 4 && file_end > c->file_max) {
      c->file_max = file_end;
    }
  }
  atomic_store(&shared->stop, 1);
  for (unsigned i = 0; i < c->count; i++) {
    if (c->children[i].killed) {
      (void)finish(&c->children[i]);
    } else {
      expect(&c->children[i], 0);
    }
  }
  if (file_end > 2 * c->file_max + (32LL << 20)) {
    violation(shared, "the file grew from %lld bytes in the first quarter to %lld", c->file_max, file_end);
  }
  check_store();
  return summary(now() - begun, c->kills);
}

// ---- main ---------------------------------------------------------------------------------------------------------

static int usage(void) {
  (void)fputs("usage: stress --short | --seconds N [--processes P] [--threads T] [--seed S]\n", stderr);
  return 2;
}

static void remove_folder(void) {
  static const char* const names[] = {"store", "store-lock", "board", "copy", "copy-lock"};
  char path[PATH_BYTES + 16];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    (void)unlink(path);
  }
  (void)rmdir(folder);
}

int main(int argc, char** argv) {
  if (argc == 6 && argv[1][0] != '-') {
    return role(argv);
  }
  if (readlink("/proc/self/exe", program, sizeof program - 1) < 0) {
    return 2;
  }
  campaign c = {.processes = 16, .threads = 16, .seed = 1};
  for (int i = 1; i + 1 < argc; i += 2) {
    const double n = strtod(argv[i + 1], NULL);
    if (!strcmp(argv[i], "--seconds")) {
      c.seconds = n;
    } else if (!strcmp(argv[i], "--processes")) {
      c.processes = (unsigned)n;
    } else if (!strcmp(argv[i], "--threads")) {
      c.threads = (unsigned)n;
    } else if (!strcmp(argv[i], "--seed")) {
      c.seed = (uint64_t)n;
    } else {
      return usage();
    }
  }
  const bool is_short = argc == 2 && !strcmp(argv[1], "--short");
  if ((!is_short && !(c.seconds > 0)) || c.processes < 1 || c.processes > CHILDREN_MAX - FIRST_READER ||
      c.threads < 1 || c.seed < 1) {
    return usage();
  }
  const char* const temp = getenv("TMPDIR");
  char path[PATH_BYTES];
  (void)snprintf(path, sizeof path, "%s/parley-stress-XXXXXX", temp && *temp ? temp : "/tmp");
  if (!mkdtemp(path)) {
    perror(path);
    return 2;
  }
  name_paths(path);
  const int result = is_short ? short_course() : run(&c);
  remove_folder();
  return result;
}
