/// The power-loss campaign: the calls of every job are recorded; at every place in the record disks are made as they
/// may be when the power goes there, and each must hold a whole store with all that was acknowledged.
///
/// usage: crash_power [--seed N] [--every N] [--random N] [--job NAME]
///
/// `--every 7` looks at each seventh image (the short form); `--random` images of each place are chosen at random.
#include "crash.h"
#include "record.h"
#include "trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FAILURES_MAX = 5, SKIPPED = 77, SEEN_BITS = 20 };

typedef struct settings {
  uint64_t seed, every, random;
  const char* job;
} settings;

typedef struct tally {
  uint64_t jobs, operations, failures;
  uint64_t possible, made, looked;                             ///< images; of different ones
  uint64_t ahead;                                              ///< held the commit under way
  uint64_t lost;                                               ///< FAST: the last commit was lost
  uint64_t none_whole, none_damaged, none_refused, none_died;  ///< NO_SYNC: what was left
} tally;

typedef struct campaign {
  settings s;
  char root[64];
  char first[96];
  mailbox* box;
  uint64_t* seen;       ///< hashes of images looked at; open addressing
  uint64_t seen_count;  ///< of them
  unsigned folders;     ///< for names
  tally tally;
} campaign;

/// True if the image with these promises was not met before.
static bool is_new(campaign* c, uint64_t hash) {
  const uint64_t mask = (1u << SEEN_BITS) - 1;
  hash += hash == 0;
  for (uint64_t i = hash & mask;; i = (i + 1) & mask) {
    if (c->seen[i] == hash) {
      return false;
    }
    if (c->seen[i] == 0) {
      if (c->seen_count < mask / 2) {
        c->seen[i] = hash;
        c->seen_count++;
      }
      return true;
    }
  }
}

/// What must hold when the power goes with that many commits acknowledged.
static promise promise_of(const job* j, uint64_t acked) {
  promise p = {.least = (unsigned)acked, .nothing = (j->flags & PARLEY_OPEN_NO_SYNC) != 0};
  p.most = j->loose || acked >= j->commits ? j->commits : (unsigned)acked + 1;
  if ((j->flags & PARLEY_OPEN_FAST) != 0 && p.least > 0) {
    p.least--;
  }
  return p;
}

static void count_unsynced(tally* t, int result) {
  t->none_whole += result == LOOK_OK;
  t->none_damaged += result == LOOK_DAMAGED;
  t->none_refused += result == LOOK_REFUSED;
  t->none_died += result == LOOK_FAILED;
}

static void look(campaign* c, life* l, const disk* d, const state states[], uint64_t acked, const char* what) {
  const promise p = promise_of(l->job, acked);
  life image = *l;
  if (!folder_make(&image, c->root, c->folders++) || !disk_write(d, image.folder, NULL)) {
    (void)fprintf(stderr, "cannot write an image: %s\n", strerror(errno));
    c->tally.failures++;
    return;
  }
  l->box->acked = p.least;
  const int result = look_apart(&image, states, &p);
  c->tally.looked++;
  if (p.nothing) {
    count_unsynced(&c->tally, result);
  } else if (result == LOOK_OK) {
    c->tally.ahead += l->box->found > acked;
    c->tally.lost += l->box->found < acked;
  } else {
    (void)fprintf(stderr, "FAILED: job %s seed %llu, %s, %llu acknowledged; kept in %s\n", l->job->name,
                  (unsigned long long)l->seed, what, (unsigned long long)acked, image.folder);
    c->tally.failures++;
    return;
  }
  folder_remove(image.folder);
}

/// One image, unless it was met before.
static void consider(campaign* c, life* l, disk* d, const state states[], uint64_t acked, size_t at, disk_choice choice,
                     uint64_t which) {
  static const char* const names[] = {"none", "all", "all but", "only", "at random"};
  char what[80];
  if (++c->tally.possible % c->s.every != 0 || c->tally.failures >= FAILURES_MAX) {
    return;
  }
  c->tally.made++;
  if (is_new(c, disk_choose(d, choice, which) ^ (acked * 0x9E3779B97F4A7C15u))) {
    (void)snprintf(what, sizeof what, "operation %zu, pending: %s %llu", at, names[choice], (unsigned long long)which);
    look(c, l, d, states, acked, what);
  }
}

static void at_place(campaign* c, life* l, disk* d, const state states[], uint64_t acked, size_t at) {
  const unsigned pending = disk_pending(d);
  consider(c, l, d, states, acked, at, DISK_NONE, 0);
  consider(c, l, d, states, acked, at, DISK_ALL, 0);
  for (unsigned i = 0; pending > 1 && i < pending; i++) {
    consider(c, l, d, states, acked, at, DISK_DROP, i);
    consider(c, l, d, states, acked, at, DISK_ONLY, i);
  }
  for (uint64_t i = 0; pending > 0 && i < c->s.random; i++) {
    consider(c, l, d, states, acked, at, DISK_RANDOM, c->s.seed * 1000003u + at * 1009u + i);
  }
}

static void replay(campaign* c, life* l, const record* r, const state states[]) {
  disk* const d = record_disk(r);
  for (size_t i = 0; i <= r->count && c->tally.failures < FAILURES_MAX; i++) {
    at_place(c, l, d, states, i < r->count ? r->ops[i].acked : r->acked, i);
    if (i < r->count) {
      disk_apply(d, &r->ops[i]);
    }
  }
  disk_free(d);
}

static void run_job(campaign* c, const job* j) {
  life l = {.job = j, .seed = c->s.seed, .box = c->box};
  state states[COMMITS_MAX + 1];
  record r = {0};
  memset(c->box, 0, sizeof *c->box);
  (void)snprintf(c->first, sizeof c->first, "%.60s/first", c->root);
  (void)unlink(c->first);
  job_states(&l, states);
  const bool good = job_prepare(&l, c->first) && folder_make(&l, c->root, c->folders++) &&
                    (!j->initial || file_copy(c->first, l.store)) && record_make(&l, &r);
  if (!good) {
    (void)fprintf(stderr, "FAILED: job %s cannot be recorded: %s\n", j->name, r.problem);
    c->tally.failures++;
  } else {
    const uint64_t before = c->tally.looked;
    folder_remove(l.folder);
    replay(c, &l, &r, states);
    c->tally.jobs++;
    c->tally.operations += r.count;
    (void)fprintf(stderr, "%s: %zu operations, %llu images\n", j->name, r.count,
                  (unsigned long long)(c->tally.looked - before));
  }
  record_free(&r);
}

static bool parse(int argc, char** argv, settings* s) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const char* const value = argv[i + 1];
    if (strcmp(argv[i], "--seed") == 0) {
      s->seed = strtoull(value, NULL, 10);
    } else if (strcmp(argv[i], "--every") == 0) {
      s->every = strtoull(value, NULL, 10);
    } else if (strcmp(argv[i], "--random") == 0) {
      s->random = strtoull(value, NULL, 10);
    } else if (strcmp(argv[i], "--job") == 0) {
      s->job = value;
    } else {
      return false;
    }
  }
  return argc % 2 == 1 && s->every > 0;
}

static void summary(const campaign* c, double seconds) {
  const tally* const t = &c->tally;
  (void)printf(
      "without any sync (nothing promised): %llu images whole, %llu damage found, %llu refused, %llu ended the "
      "process\n",
      (unsigned long long)t->none_whole, (unsigned long long)t->none_damaged, (unsigned long long)t->none_refused,
      (unsigned long long)t->none_died);
  (void)printf(
      "power: %llu jobs, %llu operations, %llu images made, %llu different ones looked at, %llu with the commit "
      "under way, %llu without the last (fast), %llu failures, %.0f s\n",
      (unsigned long long)t->jobs, (unsigned long long)t->operations, (unsigned long long)t->made,
      (unsigned long long)t->looked, (unsigned long long)t->ahead, (unsigned long long)t->lost,
      (unsigned long long)t->failures, seconds);
}

int main(int argc, char** argv) {
  campaign c = {.s = {.seed = 1, .every = 1, .random = 8}};
  if (!parse(argc, argv, &c.s)) {
    (void)fprintf(stderr, "usage: crash_power [--seed N] [--every N] [--random N] [--job NAME]\n");
    return 2;
  }
  if (!trace_allowed()) {
    (void)printf("skipped: crash_power: ptrace is not permitted here\n");
    return SKIPPED;
  }
  struct timespec start, end;
  c.seen = calloc(1u << SEEN_BITS, sizeof *c.seen);
  c.box = mmap(NULL, sizeof *c.box, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (!c.seen || c.box == MAP_FAILED || !folder_root(c.root)) {
    return 2;
  }
  (void)clock_gettime(CLOCK_MONOTONIC, &start);
  for (size_t i = 0; i < jobs_count && c.tally.failures < FAILURES_MAX; i++) {
    if (jobs[i].power && (!c.s.job || strcmp(c.s.job, jobs[i].name) == 0)) {
      run_job(&c, &jobs[i]);
    }
  }
  (void)clock_gettime(CLOCK_MONOTONIC, &end);
  summary(&c, (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9);
  free(c.seen);
  if (c.tally.failures == 0) {
    folder_remove(c.root);
  }
  return c.tally.failures == 0 ? 0 : 1;
}
