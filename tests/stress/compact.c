/// Several compacts of one store at once, by processes and by threads of one process, and a process that opens the store
/// and writes between them. Each compact replaces the store or is refused because the store is in use; nothing is lost,
/// and nothing is left in the folder. Children run this program again.
#include "place.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { ROUNDS = 5, AT_ONCE = 3, GROUP = 400, REFUSED = 3 };

/// A group of facts added, or all but each tenth of them removed, so that there is something to give back.
static void change_group(parley* store, int round, int add) {
  parley_txn* txn = NULL;
  MUST(parley_begin(store, 1, &txn) == PARLEY_OK);
  const parley_value p = parley_name("in_round"), o = parley_integer(round);
  for (int i = 0; i < GROUP; i++) {
    char name[64];
    (void)snprintf(name, sizeof name, "member_with_a_long_name_%d_of_round_%d", i, round);
    const parley_value s = parley_name(name);
    if (add) {
      MUST(parley_add(txn, &s, &p, &o, NULL, 0, NULL) == PARLEY_OK);
    } else if (i % 10 != 0) {
      MUST(parley_remove(txn, &s, &p, &o, NULL, 0, NULL) == PARLEY_OK);
    }
  }
  MUST(parley_commit(txn) == PARLEY_OK);
}

/// PARLEY_OK or PARLEY_BUSY, with a reason.
static parley_status compact_once(void) {
  const parley_options open = {.size = sizeof open, .flags = PARLEY_OPEN_NO_WAIT, .map_bytes = 64 << 20, .threads = 1};
  parley_error_object* error = NULL;
  parley_diagnostic d;
  const parley_status status = parley_compact(path, &open, NULL, NULL, NULL, &error);
  MUST(status == PARLEY_OK || status == PARLEY_BUSY);
  MUST(status == PARLEY_OK || (parley_error_get(error, 0, &d) == PARLEY_OK && strstr(d.text, "is in use by") != NULL));
  parley_error_free(error);
  return status;
}

// ---- children -----------------------------------------------------------------------------------------------------

static int child(const char* role) {
  char word;
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  MUST(read(STDIN_FILENO, &word, 1) == 0);  // all begin when the parent lets go of its end
  if (role[0] == 'c') {
    return compact_once() == PARLEY_OK ? 0 : REFUSED;
  }
  for (int i = 0; i < ROUNDS; i++) {  // whoever opens waits until a compact is done
    parley* const store = place_open((size_t)64 << 20, 0);
    change_group(store, -1, i % 2 == 0);
    MUST(parley_close(store) == PARLEY_OK);
  }
  return 0;
}

static pid_t start(const char* role, int from, int other) {
  const pid_t pid = fork();
  if (pid == 0) {
    (void)dup2(from, STDIN_FILENO);
    (void)close(from);
    (void)close(other);
    (void)execl(program, "compact", path, role, (char*)NULL);
    _exit(127);
  }
  MUST(pid > 0);
  return pid;
}

// ---- rounds -------------------------------------------------------------------------------------------------------

static void found(void* user, const parley_finding* finding) {
  (void)user;
  (void)fprintf(stderr, "compact: check: %s: %s\n", finding->part, finding->text);
}

/// The store is sound, holds what `rounds` rounds left, and stands alone in its folder.
static void look(int rounds, int others) {
  const parley_check_options deep = {.size = sizeof deep, .deep = 1, .on_finding = found};
  parley_check_report report = {.size = sizeof report};
  parley_stats stats = {.size = sizeof stats};
  parley* const store = place_open((size_t)64 << 20, 0);
  MUST(parley_check(store, &deep, &report) == PARLEY_OK && report.findings == 0);
  MUST(parley_get_stats(store, &stats) == PARLEY_OK);
  MUST(stats.facts == (uint64_t)(rounds * GROUP / 10 + others));
  MUST(parley_close(store) == PARLEY_OK);
  DIR* const dir = opendir(folder);
  MUST(dir != NULL);
  for (const struct dirent* entry = readdir(dir); entry; entry = readdir(dir)) {
    MUST(entry->d_name[0] == '.' || !strcmp(entry->d_name, "store") || !strcmp(entry->d_name, "store-lock"));
  }
  MUST(closedir(dir) == 0);
}

static void waste(int round) {
  parley* const store = place_open((size_t)64 << 20, PARLEY_OPEN_CREATE);
  change_group(store, round, 1);
  change_group(store, round, 0);
  MUST(parley_close(store) == PARLEY_OK);
}

/// Processes; with a writer that comes and goes, beside them.
static void processes(int round, int writer) {
  pid_t pids[AT_ONCE + 1];
  int gate[2];
  const int count = AT_ONCE + writer;
  MUST(pipe(gate) == 0);
  for (int i = 0; i < count; i++) {
    pids[i] = start(i < AT_ONCE ? "compact" : "write", gate[0], gate[1]);
  }
  MUST(close(gate[0]) == 0 && close(gate[1]) == 0);
  for (int i = 0; i < count; i++) {
    int state = 0;
    MUST(waitpid(pids[i], &state, 0) == pids[i] && WIFEXITED(state));
    MUST(WEXITSTATUS(state) == 0 || (i < AT_ONCE && WEXITSTATUS(state) == REFUSED));
  }
  look(round + 1, writer ? GROUP : 0);
  MUST(compact_once() == PARLEY_OK);  // nobody is left who has it open
  look(round + 1, writer ? GROUP : 0);
}

static void* in_thread(void* user) {
  *(parley_status*)user = compact_once();
  return NULL;
}

static void threads(int round) {
  pthread_t ids[AT_ONCE];
  parley_status statuses[AT_ONCE];
  int done = 0;
  for (int i = 0; i < AT_ONCE; i++) {
    MUST(pthread_create(&ids[i], NULL, in_thread, &statuses[i]) == 0);
  }
  for (int i = 0; i < AT_ONCE; i++) {
    MUST(pthread_join(ids[i], NULL) == 0);
    done += statuses[i] == PARLEY_OK;
  }
  MUST(done > 0);
  look(round + 1, 0);
}

int main(int argc, char** argv) {
  if (argc == 3) {
    (void)snprintf(path, sizeof path, "%s", argv[1]);
    return child(argv[2]);
  }
  place_make();
  int round = 0;
  for (; round < ROUNDS; round++) {
    waste(round);
    processes(round, 0);
    waste(++round);
    threads(round);
  }
  waste(round);
  processes(round, 1);
  return place_end();
}
