/// The kill campaign: a worker is killed at every system call of every job, before and after the call, then at random
/// moments; each time what is left must be a whole store with all that was acknowledged.
///
/// usage: crash_kill [--kills N] [--seed N] [--every N] [--job NAME]
///
/// `--every 7` takes each seventh moment of the sweep (the short form). With --kills the rest up to N are random: half
/// of them a random number of instructions after a random system call, half of them at a random time.
#include "crash.h"
#include "trace.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { INSTRUCTIONS_MAX = 4000, FAILURES_MAX = 5, CALLS_MAX = 512, JOBS_MAX = 32, SKIPPED = 77 };

typedef enum moment { AT_CALL, AT_INSTRUCTION, AT_TIME, AT_END } moment;

typedef struct tally {
  uint64_t kills[3];            ///< by kind of moment
  uint64_t by_job[JOBS_MAX];    ///< kills
  uint64_t by_call[CALLS_MAX];  ///< kills at entry or exit of a call
  uint64_t lives;               ///< looked at
  uint64_t ahead;               ///< the commit under way had happened
  uint64_t failures;            ///< looks that failed
} tally;

typedef struct campaign {
  char root[64];       ///< folder
  char first[96];      ///< the store that lives of the current job begin with
  mailbox* box;        ///< shared memory
  uint64_t seed;       ///< of the next life's moment
  uint64_t data_seed;  ///< of the statements
  unsigned lives;      ///< so far, for names
  tally tally;         ///< figures
} campaign;

/// One death: where the worker is to be stopped.
typedef struct death {
  moment kind;
  uint64_t stop;          ///< number of the stop, from 1
  unsigned instructions;  ///< after it
  uint64_t ns;            ///< after the start
} death;

/// What was there when it happened.
typedef struct report {
  bool killed;     ///< else the worker came to its end
  uint64_t stops;  ///< entries and exits passed
  uint64_t call;   ///< last system call
  bool entry;      ///< stopped before it
  uint64_t ns;     ///< time the worker had
} report;

static volatile sig_atomic_t asked_to_end;

static void on_interrupt(int signal) {
  (void)signal;
  asked_to_end = 1;
}

static uint64_t now_ns(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void enter_worker(void* user) { job_worker(user); }

static report die_traced(life* l, const death* d, trace* t) {
  report r = {0};
  trace_stop stop = {0};
  if (!trace_start(t, enter_worker, l)) {
    return r;
  }
  while (trace_next(t, &stop)) {
    r.call = stop.entry ? stop.number : r.call;
    r.entry = stop.entry;
    r.stops += l->box->started ? 1 : 0;
    if (d->kind != AT_END && r.stops >= d->stop) {
      r.killed = d->kind == AT_CALL || trace_instructions(t, d->instructions);
      break;
    }
  }
  trace_kill(t);
  return r;
}

/// Killed by the clock, untraced: also in the middle of a call.
static report die_in_time(life* l, const death* d, trace* t) {
  report r = {0};
  *t = (trace){.gone = true};
  const uint64_t start = now_ns();
  const pid_t pid = fork();
  if (pid == 0) {
    job_worker(l);
  }
  const struct timespec pause = {(time_t)(d->ns / 1000000000u), (long)(d->ns % 1000000000u)};
  if (d->kind == AT_TIME) {
    (void)nanosleep(&pause, NULL);
    (void)kill(pid, SIGKILL);
  }
  int status = 0;
  (void)waitpid(pid, &status, 0);
  r.killed = WIFSIGNALED(status);
  r.ns = now_ns() - start;
  t->status = status;
  return r;
}

// ---- one life -------------------------------------------------------------------------------------------------------

typedef struct company {
  pid_t pid;  ///< of the waiting process or bystander; 0 = none
  int until;  ///< closing this ends the bystander; -1 = none
} company;

static company company_begin(const life* l) {
  company c = {.until = -1};
  int ends[2];
  if ((!l->job->waiting && !l->job->reader) || pipe(ends) != 0) {
    return c;
  }
  c.pid = fork();
  if (c.pid == 0) {
    (void)close(ends[1]);
    (void)alarm(60);
    if (l->job->reader) {
      job_bystander(l, ends[0]);
    }
    job_waiter(l);
  }
  (void)close(ends[0]);
  c.until = ends[1];
  while (c.pid > 0 && !l->box->waited && kill(c.pid, 0) == 0) {
    (void)usleep(100);
  }
  return c;
}

/// The waiting process goes on as soon as the worker is dead; the bystander is let go after the look.
static bool company_end(company* c, trace* t, bool now) {
  if (c->pid <= 0 || !now) {
    return true;
  }
  (void)close(c->until);
  const bool good = trace_wait_other(t, c->pid) == 0;
  if (!good) {
    (void)fprintf(stderr, "the other process did not end well\n");
  }
  c->pid = 0;
  return good;
}

static promise promise_of(const life* l) {
  promise p = {.least = (unsigned)l->box->acked, .may_wait = l->job->waiting, .must_wait = l->job->waiting};
  p.most = l->job->loose || p.least == l->job->commits ? l->job->commits : p.least + 1;
  return p;
}

static void count(campaign* c, const life* l, const death* d, const report* r, bool good) {
  tally* const t = &c->tally;
  t->lives++;
  t->failures += !good;
  t->ahead += good && l->box->found > l->box->acked;
  if (r->killed) {
    t->kills[d->kind]++;
    t->by_job[l->job - jobs]++;
    if (d->kind == AT_CALL && r->call < CALLS_MAX) {
      t->by_call[r->call]++;
    }
  }
}

static void explain(const life* l, const death* d, const report* r, const trace* t) {
  static const char* const kinds[] = {"system call", "instruction", "time", "end"};
  (void)fprintf(stderr,
                "FAILED: job %s seed %llu, killed at %s: stop %llu (%s of %s) + %u instructions, %llu ns; acknowledged "
                "%llu; worker status %#x; kept in %s\n",
                l->job->name, (unsigned long long)l->seed, kinds[d->kind], (unsigned long long)r->stops,
                r->entry ? "entry" : "exit", trace_name(r->call), d->instructions, (unsigned long long)d->ns,
                (unsigned long long)l->box->acked, (unsigned)t->status, l->folder);
}

/// Live, die, be looked at.
static report live(campaign* c, const job* j, const state states[], const death* d) {
  life l = {.job = j, .seed = c->data_seed, .box = c->box};
  memset(c->box, 0, sizeof *c->box);
  report r = {0};
  trace t = {.gone = true};
  if (!folder_make(&l, c->root, c->lives++) || (j->initial && !file_copy(c->first, l.store))) {
    c->tally.failures++;
    return r;
  }
  company with = company_begin(&l);
  r = d->kind == AT_TIME || (d->kind == AT_END && d->ns) ? die_in_time(&l, d, &t) : die_traced(&l, d, &t);
  const promise p = promise_of(&l);
  bool good = r.killed || (WIFEXITED(t.status) && WEXITSTATUS(t.status) == 0);
  l.box->started = 1;  // for a process that waits for a worker killed before its first step
  good = company_end(&with, &t, j->waiting) && good;
  good = good && look_apart(&l, states, &p) == LOOK_OK;
  good = company_end(&with, &t, true) && good;
  count(c, &l, d, &r, good);
  if (good) {
    folder_remove(l.folder);
  } else {
    explain(&l, d, &r, &t);
  }
  return r;
}

// ---- the campaign ---------------------------------------------------------------------------------------------------

static bool prepare(campaign* c, const job* j, state states[COMMITS_MAX + 1]) {
  const life l = {.job = j, .seed = c->data_seed, .box = c->box};
  (void)snprintf(c->first, sizeof c->first, "%.60s/first", c->root);
  (void)unlink(c->first);
  job_states(&l, states);
  return job_prepare(&l, c->first);
}

/// No further life: too many failures, or asked to end (Ctrl-C still gives the figures).
static bool enough(const campaign* c) { return c->tally.failures >= FAILURES_MAX || asked_to_end; }

/// Every stop in turn; how many there are, and the time a free run takes.
static report sweep(campaign* c, const job* j, const state states[], unsigned every, unsigned phase) {
  const death end = {.kind = AT_END};
  const death timed = {.kind = AT_END, .ns = 1};
  report whole = live(c, j, states, &end);
  whole.ns = live(c, j, states, &timed).ns;
  for (uint64_t n = 1 + phase % every; n <= whole.stops && !enough(c); n += every) {
    const death d = {.kind = AT_CALL, .stop = n};
    (void)live(c, j, states, &d);
  }
  return whole;
}

/// Kills at random moments of one job.
static void strike(campaign* c, const job* j, const state states[], const report* whole, uint64_t kills) {
  for (uint64_t i = 0; i < kills && !enough(c); i++) {
    death d = {.kind = j->threads || i % 2 ? AT_TIME : AT_INSTRUCTION};
    d.stop = 1 + crash_random(&c->seed) % (whole->stops + 1);
    d.instructions = (unsigned)(crash_random(&c->seed) % INSTRUCTIONS_MAX);
    d.ns = crash_random(&c->seed) % (whole->ns + 1);
    (void)live(c, j, states, &d);
  }
}

static uint64_t kills_of(const tally* t) { return t->kills[AT_CALL] + t->kills[AT_INSTRUCTION] + t->kills[AT_TIME]; }

static void summary(const campaign* c, double seconds) {
  const tally* const t = &c->tally;
  (void)printf("by job:");
  for (size_t i = 0; i < jobs_count; i++) {
    if (t->by_job[i]) {
      (void)printf(" %s %llu", jobs[i].name, (unsigned long long)t->by_job[i]);
    }
  }
  (void)printf("\nat system calls:");
  for (size_t i = 0; i < CALLS_MAX; i++) {
    if (t->by_call[i]) {
      (void)printf(" %s %llu", trace_name(i), (unsigned long long)t->by_call[i]);
    }
  }
  (void)printf(
      "\nkill: %llu kills (%llu at system calls, %llu between instructions, %llu by the clock), %llu lives looked at, "
      "%llu with the commit under way, %llu failures, %.0f s\n",
      (unsigned long long)kills_of(t), (unsigned long long)t->kills[AT_CALL],
      (unsigned long long)t->kills[AT_INSTRUCTION], (unsigned long long)t->kills[AT_TIME], (unsigned long long)t->lives,
      (unsigned long long)t->ahead, (unsigned long long)t->failures, seconds);
}

typedef struct settings {
  uint64_t kills, seed;
  unsigned every;
  const char* job;
} settings;

static bool wanted(const settings* s, const job* j) { return !s->job || strcmp(s->job, j->name) == 0; }

static unsigned jobs_wanted(const settings* s) {
  unsigned n = 0;
  for (size_t i = 0; i < jobs_count; i++) {
    n += wanted(s, &jobs[i]);
  }
  return n ? n : 1;
}

/// A round: every job swept, then struck until its share of the kills is reached.
static void campaign_round(campaign* c, const settings* s, uint64_t share) {
  for (size_t i = 0; i < jobs_count && !enough(c); i++) {
    state states[COMMITS_MAX + 1];
    if (!wanted(s, &jobs[i])) {
      continue;
    }
    if (!prepare(c, &jobs[i], states)) {
      (void)fprintf(stderr, "cannot prepare the store of job %s\n", jobs[i].name);
      c->tally.failures++;
      return;
    }
    const uint64_t before = kills_of(&c->tally);
    const report whole = sweep(c, &jobs[i], states, s->every, (unsigned)c->data_seed);
    const uint64_t killed = kills_of(&c->tally) - before;
    strike(c, &jobs[i], states, &whole, killed < share ? share - killed : 0);
    (void)fprintf(stderr, "%s: %llu stops, %llu kills\n", jobs[i].name, (unsigned long long)whole.stops,
                  (unsigned long long)(kills_of(&c->tally) - before));
  }
}

static bool parse(int argc, char** argv, settings* s) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const char* const value = argv[i + 1];
    if (strcmp(argv[i], "--kills") == 0) {
      s->kills = strtoull(value, NULL, 10);
    } else if (strcmp(argv[i], "--seed") == 0) {
      s->seed = strtoull(value, NULL, 10);
    } else if (strcmp(argv[i], "--every") == 0) {
      s->every = (unsigned)strtoul(value, NULL, 10);
    } else if (strcmp(argv[i], "--job") == 0) {
      s->job = value;
    } else {
      return false;
    }
  }
  return argc % 2 == 1 && s->every > 0;
}

int main(int argc, char** argv) {
  settings s = {.seed = 1, .every = 1};
  if (!parse(argc, argv, &s)) {
    (void)fprintf(stderr, "usage: crash_kill [--kills N] [--seed N] [--every N] [--job NAME]\n");
    return 2;
  }
  if (!trace_allowed()) {
    (void)printf("skipped: crash_kill: ptrace is not permitted here\n");
    return SKIPPED;
  }
  campaign c = {.seed = s.seed, .data_seed = s.seed};
  c.box = mmap(NULL, sizeof *c.box, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (c.box == MAP_FAILED || !folder_root(c.root)) {
    return 2;
  }
  (void)signal(SIGINT, on_interrupt);
  const uint64_t start = now_ns();
  campaign_round(&c, &s, s.kills / jobs_wanted(&s) + 1);
  while (kills_of(&c.tally) < s.kills && c.tally.failures == 0 && !asked_to_end) {
    c.data_seed++;
    campaign_round(&c, &s, 0);
  }
  summary(&c, (double)(now_ns() - start) / 1e9);
  if (c.tally.failures == 0) {
    folder_remove(c.root);
  }
  return c.tally.failures == 0 ? 0 : 1;
}
