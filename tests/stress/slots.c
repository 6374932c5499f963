/// The table of readers, which all processes share: 1024 places.
///
/// A reader that is killed leaves its place, and the snapshot in it keeps pages from being used again. A writer that
/// lives on must take such places back by itself, and whoever finds the table full must do so before giving up. Children
/// run this program again and hold places until they are killed.
#include "place.h"

#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

enum { SLOTS = 1024, CHILD_SLOTS = 600, DEAD = 3, GROUP = 200, ROUNDS = 40, GIVE_UP_SECONDS = 60 };

/// Replace one group of facts by another: the pages of the old one are free, unless somebody still reads them.
static void write_group(parley* store, unsigned round) {
  parley_txn* txn = NULL;
  MUST(parley_begin(store, 1, &txn) == PARLEY_OK);
  const parley_value p = parley_name("in_round");
  const parley_value before = parley_integer(round), after = parley_integer(round + 1);
  for (int i = 0; i < GROUP; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "member_%d", i);
    const parley_value s = parley_name(name);
    MUST(round == 0 || parley_remove(txn, &s, &p, &before, NULL, 0, NULL) == PARLEY_OK);
    MUST(parley_add(txn, &s, &p, &after, NULL, 0, NULL) == PARLEY_OK);
  }
  MUST(parley_commit(txn) == PARLEY_OK);
}

static parley_stats stats_of(parley* store) {
  parley_stats stats = {.size = sizeof stats};
  MUST(parley_get_stats(store, &stats) == PARLEY_OK);
  return stats;
}

// ---- children -----------------------------------------------------------------------------------------------------

/// Hold `count` places until killed.
static _Noreturn void hold(int count) {
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  parley* const store = place_open((size_t)64 << 20, PARLEY_OPEN_READONLY);
  for (int i = 0; i < count; i++) {
    parley_txn* txn = NULL;
    MUST(parley_begin(store, 0, &txn) == PARLEY_OK);
  }
  MUST(write(STDOUT_FILENO, "r", 1) == 1);
  for (;;) {
    (void)pause();
  }
}

static pid_t start(int count) {
  int up[2];
  char number[16], word = 0;
  MUST(pipe(up) == 0);
  (void)snprintf(number, sizeof number, "%d", count);
  const pid_t pid = fork();
  if (pid == 0) {
    (void)dup2(up[1], STDOUT_FILENO);
    (void)close(up[0]);
    (void)close(up[1]);
    (void)execl(program, "slots", path, number, (char*)NULL);
    _exit(127);
  }
  MUST(pid > 0 && close(up[1]) == 0);
  MUST(read(up[0], &word, 1) == 1 && close(up[0]) == 0);
  return pid;
}

static void slay(pid_t pid) {
  int state = 0;
  MUST(kill(pid, SIGKILL) == 0 && waitpid(pid, &state, 0) == pid && WIFSIGNALED(state));
}

// ---- a writer that lives on ---------------------------------------------------------------------------------------

static double now(void) {
  struct timespec t;
  MUST(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/// The dead keep pages only until the writer looks for them, about once a second while it writes. Then the file stops
/// growing. Who lives keeps his place.
static void a_writer_takes_back_places(void) {
  parley* const store = place_open((size_t)64 << 20, PARLEY_OPEN_CREATE);
  pid_t pids[DEAD];
  unsigned round = 0;
  write_group(store, round++);
  for (int i = 0; i < DEAD; i++) {
    pids[i] = start(1);
  }
  MUST(stats_of(store).readers == DEAD);
  for (int i = 0; i < ROUNDS; i++) {
    write_group(store, round++);
  }
  const parley_stats held = stats_of(store);
  MUST(held.readers == DEAD && held.held_bytes > 0);
  MUST(held.oldest_reader_pid >= 1 && held.oldest_reader_transaction + ROUNDS == held.last_transaction);
  for (int i = 0; i < DEAD; i++) {
    slay(pids[i]);
  }
  const pid_t alive = start(1);
  const double from = now();
  while (stats_of(store).readers > 1 && now() - from < GIVE_UP_SECONDS) {
    write_group(store, round++);
  }
  const parley_stats left = stats_of(store);
  MUST(left.readers == 1 && left.oldest_reader_pid == (uint64_t)alive);
  slay(alive);
  while (stats_of(store).readers > 0 && now() - from < GIVE_UP_SECONDS) {
    write_group(store, round++);
  }
  MUST(stats_of(store).readers == 0 && stats_of(store).held_bytes == 0);
  write_group(store, round++);
  const uint64_t bytes = stats_of(store).file_bytes;
  for (int i = 0; i < ROUNDS; i++) {
    write_group(store, round++);
  }
  MUST(stats_of(store).file_bytes == bytes);
  MUST(parley_close(store) == PARLEY_OK);
}

// ---- a full table -------------------------------------------------------------------------------------------------

static void expect_full(parley* store) {
  parley_txn* txn = NULL;
  parley_diagnostic d;
  MUST(parley_begin(store, 0, &txn) == PARLEY_LIMIT && txn == NULL);
  MUST(parley_error_get(parley_error(store), 0, &d) == PARLEY_OK);
  MUST(strstr(d.text, "1024 readers are using the store already") != NULL);
}

static void begin_all(parley* store, parley_txn** txns, int from, int to) {
  for (int i = from; i < to; i++) {
    MUST(parley_begin(store, 0, &txns[i]) == PARLEY_OK);
  }
}

/// Full is full, for readers only, and says so; places of the dead are taken back before that.
static void a_full_table(void) {
  static parley_txn* txns[SLOTS];
  parley* const store = place_open((size_t)64 << 20, PARLEY_OPEN_CREATE);
  write_group(store, 0);
  const pid_t pid = start(CHILD_SLOTS);
  begin_all(store, txns, 0, SLOTS - CHILD_SLOTS);
  expect_full(store);
  write_group(store, 1);  // a writer needs no place
  parley_rollback(txns[0]);
  begin_all(store, txns, 0, 1);
  expect_full(store);
  slay(pid);
  begin_all(store, txns, SLOTS - CHILD_SLOTS, SLOTS);
  expect_full(store);
  for (int i = 0; i < SLOTS; i++) {
    parley_rollback(txns[i]);
  }
  MUST(stats_of(store).readers == 0);
  MUST(parley_close(store) == PARLEY_OK);
}

int main(int argc, char** argv) {
  if (argc == 3) {
    (void)snprintf(path, sizeof path, "%s", argv[1]);
    hold((int)strtol(argv[2], NULL, 10));
  }
  place_make();
  a_writer_takes_back_places();
  place_clear();
  a_full_table();
  return place_end();
}
