/// The campaign: every scene of scenes.c, each time with another fault, and after each fault the same questions.
///
///   fault alloc|threads|malloc|calls|sites [--quick] [--scene NAME] [--plan NAME] [--at N [--trap]]
///
/// --trap ends in a trap where an allocation of the library fails: a sanitizer or a debugger shows the place.
///
/// A fault must give its error with a message, or nothing wrong at all; the handle must work afterwards; after closing
/// no byte, descriptor, mapping, file or reader slot may be left; the store must be whole, with the old content or the
/// new, and with all that was acknowledged. A scene runs in a process of its own, so that a crash is a finding with a
/// number and the campaign goes on behind it.
#include "scene.h"
#include "shim.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <lmdb.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CRASHES_MAX = 10, REPORTS_MAX = 5, HANG_SECONDS = 120 };

/// What fails: the library's allocations through its hook, or calls of the shim.
typedef struct plan {
  const char* name;
  unsigned classes;  ///< SHIM_*; 0 = the hook
  int error;         ///< errno
  shim_mode mode;
} plan;

static const plan hook_plans[] = {{"once", 0, ENOMEM, SHIM_ONCE}, {"from then on", 0, ENOMEM, SHIM_FOREVER}};
static const plan malloc_plans[] = {{"once", SHIM_ALLOC, ENOMEM, SHIM_ONCE},
                                    {"from then on", SHIM_ALLOC, ENOMEM, SHIM_FOREVER}};
static const plan call_plans[] = {
    {"write ENOSPC", SHIM_WRITE, ENOSPC, SHIM_ONCE},
    {"write ENOSPC from then on", SHIM_WRITE, ENOSPC, SHIM_FOREVER},
    {"write EIO", SHIM_WRITE, EIO, SHIM_ONCE},
    {"write EDQUOT from then on", SHIM_WRITE, EDQUOT, SHIM_FOREVER},
    {"write EINTR", SHIM_WRITE, EINTR, SHIM_ONCE},
    {"write short", SHIM_WRITE, 0, SHIM_SHORT},
    {"sync EIO", SHIM_SYNC, EIO, SHIM_ONCE},
    {"sync EIO from then on", SHIM_SYNC, EIO, SHIM_FOREVER},
    {"sync ENOSPC", SHIM_SYNC, ENOSPC, SHIM_ONCE},
    {"size ENOSPC", SHIM_SIZE, ENOSPC, SHIM_ONCE},
    {"size EIO from then on", SHIM_SIZE, EIO, SHIM_FOREVER},
    {"name ENOSPC", SHIM_NAME, ENOSPC, SHIM_ONCE},
    {"name EIO from then on", SHIM_NAME, EIO, SHIM_FOREVER},
    {"map ENOMEM", SHIM_MAP, ENOMEM, SHIM_ONCE},
    {"map ENOMEM from then on", SHIM_MAP, ENOMEM, SHIM_FOREVER},
    {"open EMFILE", SHIM_OPEN, EMFILE, SHIM_ONCE},
    {"open EMFILE from then on", SHIM_OPEN, EMFILE, SHIM_FOREVER},
    {"open EACCES", SHIM_OPEN, EACCES, SHIM_ONCE},
    {"open EIO", SHIM_OPEN, EIO, SHIM_ONCE},
    {"read EIO", SHIM_READ, EIO, SHIM_ONCE},
    {"read EIO from then on", SHIM_READ, EIO, SHIM_FOREVER},
    {"read EINTR", SHIM_READ, EINTR, SHIM_ONCE},
    {"read short", SHIM_READ, 0, SHIM_SHORT},
    {"close EIO", SHIM_CLOSE, EIO, SHIM_ONCE},
    {"lock ENOLCK", SHIM_LOCK, ENOLCK, SHIM_ONCE},
    {"lock ENOLCK from then on", SHIM_LOCK, ENOLCK, SHIM_FOREVER},
    {"lock EINTR", SHIM_LOCK, EINTR, SHIM_ONCE},
    {"thread EAGAIN", SHIM_THREAD, EAGAIN, SHIM_ONCE},
    {"thread EAGAIN from then on", SHIM_THREAD, EAGAIN, SHIM_FOREVER},
    {"stat EIO", SHIM_STAT, EIO, SHIM_ONCE},
};

/// Each site in the code fails once, over all scenes: its first call that a scene meets.
#define SHIM_CALLS                                                                                              \
  (SHIM_WRITE | SHIM_SYNC | SHIM_SIZE | SHIM_NAME | SHIM_MAP | SHIM_OPEN | SHIM_READ | SHIM_CLOSE | SHIM_LOCK | \
   SHIM_STAT)
static const plan site_plans[] = {
    {"allocation", 0, ENOMEM, SHIM_SITE},
    {"LMDB EIO", SHIM_LMDB, EIO, SHIM_SITE},
    {"LMDB CORRUPTED", SHIM_LMDB, MDB_CORRUPTED, SHIM_SITE},
    {"call EIO", SHIM_CALLS, EIO, SHIM_SITE},
    {"value missing", SHIM_VALUE, SHIM_MISSING, SHIM_SITE},
    {"value cut", SHIM_VALUE, SHIM_CUT, SHIM_SITE},
    {"value empty", SHIM_VALUE, SHIM_EMPTY, SHIM_SITE},
    {"value zeros", SHIM_VALUE, SHIM_ZEROS, SHIM_SITE},
    {"value noise", SHIM_VALUE, SHIM_NOISE, SHIM_SITE},
    {"value of another end", SHIM_VALUE, SHIM_LAST, SHIM_SITE},
    {"key cut", SHIM_VALUE, SHIM_KEY_CUT, SHIM_SITE},
    {"key noise", SHIM_VALUE, SHIM_KEY_NOISE, SHIM_SITE},
};
static shim_sites* sites;

typedef struct campaign {
  const char* name;
  const plan* plans;
  size_t plan_count;
  unsigned threads;   ///< of the store
  bool quick;         ///< in strides
  const char* scene;  ///< only this one; NULL = all
  const char* plan;   ///< likewise
  long at;            ///< only this fault; -1 = all
} campaign;

/// Shared with the workers: where each is, and what came of it.
typedef struct board {
  size_t plan;             ///< being tried
  long n;                  ///< fault being tried
  unsigned long struck;    ///< runs in which something failed
  unsigned long told;      ///< of these, runs that ended with an error
  unsigned long failures;  ///< runs that broke a promise
  unsigned long known;     ///< runs that died within a library that is known for it
} board;
static board* shared;

/// Messages that only such a fault can give: a campaign over all calls must have met each.
/// PLY-0544 PLY-0558 PLY-0572 PLY-0573 PLY-0592 PLY-0603 PLY-0641
static const int codes_pinned[] = {544, 558, 572, 573, 592, 603, 641};
enum { CODES_MAX = 1000 };
static bool* codes_met;  // by number; shared with the workers
static bool trap;        // --trap

// ---- the hook -----------------------------------------------------------------------------------------------------

typedef struct heap {
  atomic_long left;  ///< allocations until one fails; negative = none
  atomic_int how;    ///< shim_mode
  atomic_bool armed;
  atomic_long seen;    ///< allocations since it was armed
  atomic_long failed;  ///< allocations that did fail
  atomic_long struck;  ///< number of the one that failed last
  atomic_long bytes;   ///< live
} heap;

static bool is_turn(heap* h) {
  enum { DEPTH = 8 };  // the allocator's own functions, and the callers beyond them
  if (atomic_load(&h->how) == SHIM_SITE) {
    return atomic_load(&h->failed) == 0 && shim_site_new(DEPTH);
  }
  const long turn = atomic_fetch_sub(&h->left, 1);
  return turn == 0 || (turn < 0 && atomic_load(&h->how) == SHIM_FOREVER);
}

static void* reallocate(void* user, void* ptr, size_t size_old, size_t size_new) {
  heap* const h = user;
  if (size_new > 0 && atomic_load(&h->armed)) {
    const long number = atomic_fetch_add(&h->seen, 1);
    if (is_turn(h)) {
      atomic_store(&h->struck, number);
      atomic_fetch_add(&h->failed, 1);
      if (trap) {
        __builtin_trap();
      }
      return NULL;
    }
  }
  void* const moved = size_new ? realloc(ptr, size_new) : (free(ptr), NULL);
  if (moved || size_new == 0) {
    atomic_fetch_add(&h->bytes, (long)size_new - (long)size_old);
  }
  return moved;
}

static void arm(heap* h, const plan* p, long n) {
  if (p->classes == 0) {
    atomic_store(&h->left, n);
    atomic_store(&h->how, (int)p->mode);
    atomic_store(&h->armed, true);
  } else {
    shim_arm(p->classes, n, p->error, p->mode);
  }
}

static long disarm(heap* h) {
  const long failed = shim_disarm();
  atomic_store(&h->armed, false);
  return failed + atomic_load(&h->failed);
}

// ---- what may be left behind --------------------------------------------------------------------------------------

static int count_descriptors(void) {
  int count = 0;
  DIR* const dir = opendir("/proc/self/fd");
  for (const struct dirent* e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
    count++;
  }
  if (dir) {
    (void)closedir(dir);
  }
  return count;
}

static int count_mappings(const char* folder) {
  char line[1024];
  int count = 0;
  FILE* const file = fopen("/proc/self/maps", "r");
  while (file && fgets(line, sizeof line, file)) {
    count += strstr(line, folder) != NULL;
  }
  if (file) {
    (void)fclose(file);
  }
  return count;
}

// ---- one run ------------------------------------------------------------------------------------------------------

/// What runs without faults gave.
typedef struct expectation {
  unsigned long long seen;
  unsigned long long content_old, content_new;
  unsigned long long facts_old, facts_new;
  long blocks;  ///< of the heap that a run leaves behind: caches of the C library
} expectation;

typedef struct outcome {
  long struck;  ///< faults that happened
  long at;      ///< number of the last
  bool bad;     ///< a promise was broken
  char why[700];
} outcome;

static void blame(outcome* out, const char* what, const char* detail) {
  if (!out->bad) {
    snprintf(out->why, sizeof out->why, "%s%s%s", what, *detail ? ": " : "", detail);
  }
  out->bad = true;
}

/// The handle works when the fault is over.
static void probe(scene_run* run, const plan* p, outcome* out) {
  parley_query* q = NULL;
  parley_status status = parley_prepare(run->db, "match Ada label ?x return ?x", SIZE_MAX, &q, NULL);
  while (status == PARLEY_OK || status == PARLEY_ROW) {
    status = parley_step(q);
  }
  // LMDB lets nobody go on once the header could not be written.
  parley_diagnostic d = {.code = 0};
  (void)parley_error_get(q ? parley_query_error(q) : parley_error(run->db), 0, &d);
  codes_met[d.code >= 0 && d.code < CODES_MAX ? d.code : 0] = true;
  const bool closed_needed = p->classes & SHIM_WRITE && status == PARLEY_IO && d.code == 558;  // PLY-0558
  if (status != PARLEY_DONE && !closed_needed) {
    blame(out, "the handle is of no use afterwards",
          parley_error_message(q ? parley_query_error(q) : parley_error(run->db)));
  }
  parley_finalize(q);
}

/// The error fits the fault: it tells the reason that the system gave. A second write after a short one has a reason of
/// its own; a thread that cannot be started is short of memory.
static void judge_error(const scene_run* run, const plan* p, outcome* out) {
  char text[512];
  if (p->classes == SHIM_VALUE) {
    if (!run->message[0]) {
      blame(out, "an error without a message", parley_status_name(run->status));
    }
    return;
  }
  snprintf(text, sizeof text, "%s, PLY-%04d %s", parley_status_name(run->status), run->code, run->message);
  const bool memory = (run->status == PARLEY_NOMEM || run->code == 1) && run->message[0];
  const bool finding = run->status == PARLEY_CORRUPT && run->code == 0;
  const bool system = run->status == PARLEY_IO || run->status == PARLEY_CANTOPEN || finding;
  // What cannot be read on the way in is told as a page, a header or a lock file that is wrong, without the reason.
  const bool unread = (p->classes & (SHIM_READ | SHIM_STAT | SHIM_LMDB)) && run->message[0] &&
                      (system || run->status == PARLEY_CORRUPT);
  const bool fits = p->error == ENOMEM          ? memory
                    : p->error == MDB_CORRUPTED ? unread
                    : p->mode == SHIM_SHORT     ? system && run->message[0]
                    : p->classes == SHIM_THREAD ? memory
                                                : unread || (system && strstr(run->message, strerror(p->error)));
  if (!fits) {
    blame(out, "an error of another kind", text);
  }
}

static void judge_store(const scene_run* run, const scene* what, const expectation* expected, outcome* out) {
  unsigned long long content = 0, facts = 0;
  char why[400];
  if (!scene_verify(run->store, what->traits & SCENE_NEW, &content, &facts, why)) {
    blame(out, "the store afterwards", why);
    return;
  }
  if (what->traits & SCENE_FRESH) {
    content = facts == expected->facts_new   ? expected->content_new
              : facts == expected->facts_old ? expected->content_old
                                             : 0;
  }
  if (what->traits & SCENE_STEPS) {
    if (facts < expected->facts_old + run->acknowledged || facts > expected->facts_new) {
      snprintf(why, sizeof why, "%llu facts, %llu acknowledged", facts, run->acknowledged);
      blame(out, "what was acknowledged is not there", why);
    }
  } else if (content != expected->content_new && (run->status == PARLEY_OK || content != expected->content_old)) {
    snprintf(why, sizeof why, "%llu facts after %s, %llu before, %llu intended", facts, parley_status_name(run->status),
             expected->facts_old, expected->facts_new);
    blame(out, "neither the old content nor the new", why);
  }
}

static void judge_copy(const scene_run* run, const expectation* expected, bool lossy, outcome* out) {
  unsigned long long content = 0, facts = 0;
  char why[400];
  if (!scene_verify(run->output, false, &content, &facts, why)) {
    blame(out, "the copy", why);
  } else if (content != (run->status == PARLEY_OK ? expected->content_old : 0) &&
             !(lossy && run->status == PARLEY_OK)) {
    blame(out, "the copy is neither whole nor absent", "");
  }
}

static void attempt(scene_run* run, const scene* what, const campaign* c, const plan* p, long n,
                    const expectation* expected, outcome* out) {
  heap h = {.left = 0};
  char name[256];
  *out = (outcome){0};
  scene_restore(run, what);
  const int descriptors = count_descriptors();
  const int mappings = count_mappings(run->folder);
  const long blocks = shim_blocks();
  run->options = (parley_options){.size = sizeof run->options,
                                  .threads = c->threads,
                                  .reallocate = reallocate,
                                  .user = &h,
                                  .flags = p->classes == 0 || p->classes == SHIM_ALLOC ? PARLEY_OPEN_NO_SYNC : 0};
  if (!(what->traits & SCENE_OWN) && !scene_open(run)) {
    blame(out, "cannot open the template", run->message);
    return;
  }
  if (n >= 0) {
    arm(&h, p, n);
  }
  what->run(run, what->text);
  out->struck = disarm(&h);
  out->at = p->mode != SHIM_SITE ? n : p->classes ? shim_struck() : atomic_load(&h.struck);
  if (run->db) {
    probe(run, p, out);
    scene_close(run);
  }
  const long blocks_left = shim_blocks() - blocks;
  if (atomic_load(&h.bytes) != 0) {
    snprintf(name, sizeof name, "%ld bytes", atomic_load(&h.bytes));
    blame(out, "memory of the allocator was not given back", name);
  }
  if (expected && blocks_left > expected->blocks) {
    snprintf(name, sizeof name, "%ld blocks", blocks_left - expected->blocks);
    blame(out, "memory of the heap was not given back", name);
  }
  if (count_descriptors() != descriptors) {
    blame(out, "a descriptor was left open", "");
  }
  if (count_mappings(run->folder) != mappings) {
    blame(out, "a mapping was left", "");
  }
  if (scene_leftover(run, name)) {
    blame(out, "a file was left", name);
  }
  if (!expected) {
    return;
  }
  codes_met[run->code >= 0 && run->code < CODES_MAX ? run->code : 0] = true;
  // Damage that nothing tells of (a bit of a text, a row that is gone) changes an answer.
  const bool lossy = p->classes == SHIM_VALUE || (what->traits & SCENE_SAVES && p->classes & (SHIM_READ | SHIM_STAT));
  if (run->status != PARLEY_OK) {
    judge_error(run, p, out);
  } else if (run->seen != expected->seen && !lossy) {
    blame(out, "a wrong answer without an error", "");
  }
  if (what->traits & SCENE_COPY) {
    judge_copy(run, expected, lossy, out);
  }
  // Making a store whose first page was cut short leaves a file that is no store; see README.md.
  const bool cut = p->mode == SHIM_SHORT && what->traits & SCENE_NEW && run->status != PARLEY_OK;
  if (what->traits & SCENE_WRITES && !cut) {
    judge_store(run, what, expected, out);
  }
}

/// Runs without faults, twice: what a run gives, and that it gives the same again.
static bool expect(scene_run* run, const scene* what, const campaign* c, expectation* e) {
  outcome out;
  char why[400];
  unsigned long long seen = 0;
  scene_restore(run, what);
  *e = (expectation){0};
  bool good = scene_verify(run->store, what->traits & SCENE_NEW, &e->content_old, &e->facts_old, why);
  for (int i = 0; good && i < 3; i++) {
    const long blocks = shim_blocks();
    attempt(run, what, c, &c->plans[0], -1, NULL, &out);
    e->blocks = shim_blocks() - blocks;
    if (run->status != PARLEY_OK || out.bad) {
      snprintf(why, sizeof why, "%.300s", out.bad ? out.why : run->message);
      good = false;
    } else if (i > 0 && run->seen != seen) {
      snprintf(why, sizeof why, "two runs differ");
      good = false;
    }
    seen = run->seen;
  }
  e->seen = seen;
  good = good && scene_verify(run->store, what->traits & SCENE_NEW, &e->content_new, &e->facts_new, why);
  if (!good) {
    printf("%s: `%s` without faults: %s\n", c->name, what->name, why);
  }
  return good;
}

// ---- a scene in a process of its own ------------------------------------------------------------------------------

static long stride(const campaign* c, const scene* what, long n) {
  return c->at >= 0                                                                      ? LONG_MAX
         : !c->quick || c->plans == site_plans || (what->traits & SCENE_SMALL && n < 40) ? 1
                                                                                         : 2 + n / 4;
}

/// All faults of all plans, from the place where an earlier worker ended.
static int work(scene_run* run, const scene* what, const campaign* c) {
  expectation e;
  outcome out;
  if (!expect(run, what, c, &e)) {
    shared->failures++;
    return 1;
  }
  for (; shared->plan < c->plan_count; shared->plan++, shared->n = c->at >= 0 ? c->at : 0) {
    plan chosen = c->plans[shared->plan];
    const plan* const p = &chosen;
    chosen.mode = c->at >= 0 && chosen.mode == SHIM_SITE ? SHIM_ONCE : chosen.mode;
    atomic_store(&sites->salt, shared->plan + 1);
    bool more = !c->plan || !strcmp(c->plan, p->name);
    // What is written on the ground of damage is damaged itself.
    more = more && !(p->classes == SHIM_VALUE && what->traits & (SCENE_WRITES | SCENE_COPY));
    while (more) {
      (void)alarm(HANG_SECONDS);
      attempt(run, what, c, p, shared->n, &e, &out);
      shared->struck += out.struck > 0;
      shared->told += out.struck > 0 && run->status != PARLEY_OK;
      if (out.bad && shared->failures++ < REPORTS_MAX) {
        printf("%s %s: `%s` at %ld: %s\n", c->name, p->name, what->name, out.at, out.why);
        (void)fflush(stdout);
      }
      const long step = stride(c, what, shared->n);
      more = out.struck > 0 && step != LONG_MAX;
      shared->n += more ? step : 0;
    }
  }
  (void)alarm(0);
  return 0;
}

/// One worker after another until the scene is through. Adds to the totals.
static void play(scene_run* run, const scene* what, const campaign* c, board* total) {
  *shared = (board){.n = c->at >= 0 ? c->at : 0};
  bool done = false;
  for (int crashes = 0; !done;) {
    int state = 0;
    (void)fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
      exit(work(run, what, c));
    }
    if (pid < 0 || waitpid(pid, &state, 0) != pid) {
      perror("fork");
      exit(2);
    }
    done = WIFEXITED(state) && (WEXITSTATUS(state) == 0 || shared->plan >= c->plan_count || WEXITSTATUS(state) == 1);
    if (WIFEXITED(state) && WEXITSTATUS(state) > 1) {
      printf("%s: `%s`: a sanitizer found something (exit %d)\n", c->name, what->name, WEXITSTATUS(state));
      shared->failures++;
    }
    const bool known = !done && c->plans[shared->plan].classes == SHIM_ALLOC && (what->traits & SCENE_FRAIL);
    if (known) {
      total->known++;
    } else if (!done) {
      printf("%s %s: `%s` at %ld: died of signal %d (%s)\n", c->name, c->plans[shared->plan].name, what->name,
             shared->n, WTERMSIG(state), strsignal(WTERMSIG(state)));
      shared->failures++;
    }
    if (!done) {
      shared->struck++;
      shared->n++;
      crashes += !known;
      done = crashes == CRASHES_MAX || c->at >= 0;
    }
  }
  total->struck += shared->struck;
  total->told += shared->told;
  total->failures += shared->failures;
}

static void usage(void) {
  fputs("usage: fault alloc|threads|malloc|calls|sites [--quick] [--scene NAME] [--plan NAME] [--at N [--trap]]\n",
        stderr);
  exit(2);
}

static campaign parse(int argc, char** argv) {
  campaign c = {.name = argc > 1 ? argv[1] : "", .plans = hook_plans, .plan_count = 2, .threads = 1, .at = -1};
  if (!strcmp(c.name, "threads")) {
    c.threads = 2;
  } else if (!strcmp(c.name, "malloc")) {
    c.plans = malloc_plans;
  } else if (!strcmp(c.name, "calls")) {
    c.plans = call_plans;
    c.plan_count = sizeof call_plans / sizeof *call_plans;
  } else if (!strcmp(c.name, "sites")) {
    c.plans = site_plans;
    c.plan_count = sizeof site_plans / sizeof *site_plans;
  } else if (strcmp(c.name, "alloc") != 0) {
    usage();
  }
  for (int i = 2; i < argc; i++) {
    if (!strcmp(argv[i], "--quick")) {
      c.quick = true;
    } else if (!strcmp(argv[i], "--trap")) {
      trap = true;
    } else if (!strcmp(argv[i], "--scene") && i + 1 < argc) {
      c.scene = argv[++i];
    } else if (!strcmp(argv[i], "--plan") && i + 1 < argc) {
      c.plan = argv[++i];
    } else if (!strcmp(argv[i], "--at") && i + 1 < argc) {
      c.at = atol(argv[++i]);
    } else {
      usage();
    }
  }
  return c;
}

static void* share(size_t size) {
  void* const at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) {
    perror("mmap");
    exit(2);
  }
  return at;
}

/// Of a whole campaign over calls.
static unsigned long count_missed(const campaign* c) {
  unsigned long missed = 0;
  for (size_t i = 0; i < sizeof codes_pinned / sizeof *codes_pinned; i++) {
    if (c->plans == call_plans && !c->scene && !c->plan && c->at < 0 && !codes_met[codes_pinned[i]]) {
      printf("%s: no fault gave PLY-%04d\n", c->name, codes_pinned[i]);
      missed++;
    }
  }
  return missed;
}

int main(int argc, char** argv) {
  const campaign c = parse(argc, argv);
  scene_run run = {.status = PARLEY_OK};
  board total = {0};
  size_t played = 0;
  shared = share(sizeof *shared);
  sites = share(sizeof *sites);
  shim_sites_use(sites);
  codes_met = share(CODES_MAX * sizeof *codes_met);
  scene_sandbox(&run);
  for (size_t i = 0; i < scene_count; i++) {
    const scene* const what = &scene_list[i];
    if (c.scene && strcmp(c.scene, what->name) != 0) {
      continue;
    }
    play(&run, what, &c, &total);
    played++;
  }
  scene_sandbox_end(&run);
  total.failures += count_missed(&c);
  printf(
      "fault %s: %zu scenes, %lu faults injected, %lu gave an error, %lu died within a known library, failures %lu\n",
      c.name, played, total.struck, total.told, total.known, total.failures);
  return total.failures > 0 || played == 0;
}
