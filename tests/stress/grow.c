/// A store that outgrows the address space that a process reserved for it.
///
/// A bounded map that is full gives PARLEY_FULL and leaves the store as it was. When another process has reserved more
/// and made the store grow, the readers of a narrow process answer on: whoever is in the middle keeps its snapshot, and
/// the next to begin takes over the larger map when the others have ended. Children run this program again.
#include "place.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { NARROW = 1 << 20, WIDE = 64 << 20, GROUP = 1000, READERS = 4, GROUPS_MAX = 400 };

/// One group of facts in one transaction, beside the number of groups.
static parley_status add_group(parley* store, int64_t group) {
  parley_txn* txn = NULL;
  parley_status status = parley_begin(store, 1, &txn);
  const parley_value groups = parley_name("groups"), count = parley_name("count");
  const parley_value before = parley_integer(group), after = parley_integer(group + 1), p = parley_name("in_group");
  for (int i = 0; status == PARLEY_OK && i < GROUP; i++) {
    char name[64];
    (void)snprintf(name, sizeof name, "member_%lld_with_a_name_of_some_length_%d", (long long)group, i);
    const parley_value s = parley_name(name);
    status = parley_add(txn, &s, &p, &before, NULL, 0, NULL);
  }
  if (status == PARLEY_OK && group > 0) {
    status = parley_remove(txn, &groups, &count, &before, NULL, 0, NULL);
  }
  status = status == PARLEY_OK ? parley_add(txn, &groups, &count, &after, NULL, 0, NULL) : status;
  if (status != PARLEY_OK) {
    parley_rollback(txn);
    return status;
  }
  return parley_commit(txn);
}

/// The one number of a query; -1 when another transaction of this process kept the map from growing: try again.
static int64_t ask(parley* store, const char* text) {
  parley_query* q = NULL;
  parley_value value = {.type = PARLEY_NULL};
  parley_status status = parley_prepare(store, text, SIZE_MAX, &q, NULL);
  status = status == PARLEY_OK ? parley_step(q) : status;
  MUST(status == PARLEY_ROW || status == PARLEY_BUSY);
  if (status == PARLEY_ROW) {
    MUST(parley_column(q, 0, &value) == PARLEY_OK);
    MUST(value.type == PARLEY_INTEGER);
  }
  const int64_t result = status == PARLEY_ROW ? value.integer : -1;
  parley_finalize(q);
  return result;
}

static int64_t groups_in(parley* store) { return ask(store, "match groups count ?n return ?n"); }

/// How many members are missing or too many in one snapshot: 0, or -1 to try again.
static int64_t missing(parley* store, int held, int64_t* groups) {
  parley_txn* txn = NULL;
  const parley_status begun = parley_begin(store, 0, &txn);
  MUST(begun == PARLEY_OK || (held && begun == PARLEY_BUSY));
  if (begun == PARLEY_BUSY) {
    return -1;
  }
  static const char* const texts[] = {"match groups count ?n return ?n", "match ?m in_group ?g return count(*)"};
  int64_t numbers[2] = {0, 0};
  for (int i = 0; i < 2; i++) {
    parley_query* q = NULL;
    parley_value value = {.type = PARLEY_NULL};
    MUST(parley_prepare_in(txn, texts[i], SIZE_MAX, &q, NULL) == PARLEY_OK);
    MUST(parley_step(q) == PARLEY_ROW && parley_column(q, 0, &value) == PARLEY_OK);
    numbers[i] = value.integer;
    parley_finalize(q);
  }
  MUST(parley_commit(txn) == PARLEY_OK);
  *groups = numbers[0];
  return llabs(numbers[0] * GROUP - numbers[1]);
}

// ---- a bounded map ------------------------------------------------------------------------------------------------

static int64_t fill(parley* store) {
  int64_t group = 0;
  while (group < GROUPS_MAX) {
    const parley_status status = add_group(store, group);
    if (status != PARLEY_OK) {
      MUST(status == PARLEY_FULL);
      return group;
    }
    group++;
  }
  return group;
}

static void a_full_map_changes_nothing(void) {
  parley* const store = place_open(NARROW, PARLEY_OPEN_CREATE);
  int64_t groups = 0;
  const int64_t filled = fill(store);
  MUST(filled > 0 && filled < GROUPS_MAX);
  MUST(missing(store, 0, &groups) == 0 && groups == filled);
  MUST(add_group(store, filled) == PARLEY_FULL);
  MUST(missing(store, 0, &groups) == 0 && groups == filled);
  MUST(parley_close(store) == PARLEY_OK);
  parley* const wide = place_open(WIDE, 0);  // nothing needs to be done to it but to reserve more
  MUST(add_group(wide, filled) == PARLEY_OK);
  MUST(missing(wide, 0, &groups) == 0 && groups == filled + 1);
  MUST(parley_close(wide) == PARLEY_OK);
}

// ---- the usual map ------------------------------------------------------------------------------------------------

static uint64_t usual_map(void) {
  const parley_options options = {.size = sizeof options, .flags = PARLEY_OPEN_CREATE | PARLEY_OPEN_NO_SYNC};
  parley_stats stats = {.size = sizeof stats};
  parley* store = NULL;
  int64_t groups = 0;
  MUST(parley_open(path, &options, &store, NULL) == PARLEY_OK);
  MUST(parley_get_stats(store, &stats) == PARLEY_OK);
  if (stats.facts == 0) {
    MUST(add_group(store, 0) == PARLEY_OK);
  }
  MUST(missing(store, 0, &groups) == 0 && groups == 1);
  MUST(parley_close(store) == PARLEY_OK);
  return stats.map_bytes;
}

static int can_reserve(uint64_t bytes) {
  void* const at = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at != MAP_FAILED && munmap(at, bytes) == 0;
}

/// 1 TiB, and twice as much for a file that fills half of it; here by a hole behind its pages. Where the system does not
/// grant that (Valgrind, ThreadSanitizer), as much as it grants.
static void a_large_file_reserves_more(void) {
  const uint64_t usual = (uint64_t)1 << 40;
  const int normal = can_reserve(usual), large = can_reserve(4 * usual);
  const uint64_t before = usual_map();
  MUST(before == usual || (!normal && before < usual));
  if (truncate(path, (off_t)(usual / 2)) != 0 || usual_map() != before) {
    MUST(errno == EFBIG || errno == EINVAL);  // no such files here
    return;
  }
  MUST(truncate(path, (off_t)(usual / 2 + 4096)) == 0);
  MUST(usual_map() == 2 * usual || !large);
  MUST(truncate(path, (off_t)(usual + 4096)) == 0);
  MUST(usual_map() == 4 * usual || !large);
}

// ---- grown by another process -------------------------------------------------------------------------------------

typedef struct shared {
  parley* store;      ///< narrow
  int held;           ///< some thread stays in the middle of its rows, so beginning may give PARLEY_BUSY
  sem_t started;      ///< the holder has its first row
  atomic_int grown;   ///< the other process has ended
  atomic_llong seen;  ///< most groups that a reader saw
} shared;

static void* read_on(void* user) {
  shared* const s = user;
  int64_t last = 0, groups = 0, wrong = -1;
  for (int done = 0; !done || wrong != 0;) {
    done = atomic_load(&s->grown);
    wrong = missing(s->store, s->held, &groups);
    MUST(wrong <= 0);
    if (wrong == 0) {
      MUST(groups >= last);
      last = groups;
    }
  }
  long long seen = atomic_load(&s->seen);
  while (seen < last && !atomic_compare_exchange_weak(&s->seen, &seen, last)) {
  }
  return NULL;
}

/// In the middle of its rows while the store grows: all rows are those of its snapshot.
static void* hold(void* user) {
  shared* const s = user;
  parley_query* q = NULL;
  parley_query* second = NULL;
  int64_t rows = 1;
  const int64_t groups = groups_in(s->store);
  MUST(parley_prepare(s->store, "match ?m in_group ?g return ?m, ?g", SIZE_MAX, &q, NULL) == PARLEY_OK);
  MUST(parley_step(q) == PARLEY_ROW);
  MUST(sem_post(&s->started) == 0);
  while (!atomic_load(&s->grown)) {
    (void)sched_yield();
  }
  MUST(parley_prepare(s->store, "match groups count ?n return ?n", SIZE_MAX, &second, NULL) == PARLEY_BUSY);
  parley_finalize(second);  // its own query holds the old map
  for (parley_value value; parley_step(q) == PARLEY_ROW; rows++) {
    MUST(parley_column(q, 0, &value) == PARLEY_OK && value.type == PARLEY_IRI);
    MUST(parley_column(q, 1, &value) == PARLEY_OK && value.integer < groups);
  }
  MUST(rows == groups * GROUP);
  parley_finalize(q);
  MUST(groups_in(s->store) != 0);
  return NULL;
}

static pid_t start(const char* role) {
  const pid_t pid = fork();
  if (pid == 0) {
    (void)execl(program, "grow", role, path, (char*)NULL);
    _exit(127);
  }
  MUST(pid > 0);
  return pid;
}

static int grower(void) {
  parley* const store = place_open(WIDE, 0);
  const int64_t from = groups_in(store);
  MUST(from > 0);
  parley_stats stats = {.size = sizeof stats};
  for (int64_t group = from; stats.file_bytes < 3 * (uint64_t)NARROW; group++) {
    MUST(group < GROUPS_MAX && add_group(store, group) == PARLEY_OK);
    MUST(parley_get_stats(store, &stats) == PARLEY_OK);
  }
  MUST(parley_close(store) == PARLEY_OK);
  return 0;
}

/// With a thread that stays in the middle of its rows meanwhile, and without: then nobody is ever refused.
static void readers_answer_on(int held) {
  shared s = {.store = place_open(NARROW, PARLEY_OPEN_CREATE), .held = held};
  pthread_t holder, readers[READERS];
  int state = 0;
  int64_t groups = 0;
  MUST(add_group(s.store, 0) == PARLEY_OK && add_group(s.store, 1) == PARLEY_OK);
  MUST(sem_init(&s.started, 0, 0) == 0);
  if (held) {
    MUST(pthread_create(&holder, NULL, hold, &s) == 0);
    MUST(sem_wait(&s.started) == 0);
  }
  for (int i = 0; i < READERS; i++) {
    MUST(pthread_create(&readers[i], NULL, read_on, &s) == 0);
  }
  const pid_t other = start("reader");
  const pid_t writer = start("grow");
  MUST(waitpid(writer, &state, 0) == writer && state == 0);
  atomic_store(&s.grown, 1);
  MUST(!held || pthread_join(holder, NULL) == 0);
  for (int i = 0; i < READERS; i++) {
    MUST(pthread_join(readers[i], NULL) == 0);
  }
  MUST(waitpid(other, &state, 0) == other && state == 0);
  const int64_t seen = groups_in(s.store);
  MUST(seen > 2 && atomic_load(&s.seen) == seen);
  MUST(add_group(s.store, seen) == PARLEY_OK);  // and the narrow process writes into the larger map
  MUST(missing(s.store, 0, &groups) == 0 && groups == seen + 1);
  MUST(parley_close(s.store) == PARLEY_OK);
  (void)sem_destroy(&s.started);
}

/// A narrow process that reads until the store has grown beyond its map.
static int reader(void) {
  parley* const store = place_open(NARROW, PARLEY_OPEN_READONLY);
  parley_stats stats = {.size = sizeof stats};
  int64_t last = 0;
  while (stats.file_bytes < 3 * (uint64_t)NARROW) {
    int64_t groups = 0;
    MUST(missing(store, 0, &groups) == 0 && groups >= last);
    last = groups;
    MUST(parley_get_stats(store, &stats) == PARLEY_OK);
  }
  MUST(parley_close(store) == PARLEY_OK);
  return 0;
}

int main(int argc, char** argv) {
  if (argc == 3) {
    (void)snprintf(path, sizeof path, "%s", argv[2]);
    return strcmp(argv[1], "grow") == 0 ? grower() : reader();
  }
  place_make();
  a_large_file_reserves_more();
  place_clear();
  a_full_map_changes_nothing();
  place_clear();
  for (int held = 0; held <= 1; held++) {
    readers_answer_on(held);
    place_clear();
  }
  return place_end();
}
