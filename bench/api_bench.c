// Figures of the C API: prepared point look-ups per second, and one-statement transactions per second with and without sync.
//
//   api_bench [STORE [SECONDS]]
//
// STORE is an existing store (its most used predicate is looked up) or is missing: then a temporary one of 200 000 facts is
// made. Transactions are always measured on a temporary store beside it. Only parley.h is used.
#include "bench.h"

#include <string.h>
#include <unistd.h>

enum { SUBJECTS = 40000, FACTS_PER_SUBJECT = 5, SAMPLE = 20000 };

static double now(void) { return seconds_of(CLOCK_MONOTONIC); }

// Processor time of this program: what its rates would be on cores of its own.
static double used(void) { return seconds_of(CLOCK_PROCESS_CPUTIME_ID); }

static parley* open_store(const char* path, unsigned flags) {
  parley* store = NULL;
  parley_error_object* error = NULL;
  const parley_options options = {.size = sizeof options, .flags = flags};
  if (parley_open(path, &options, &store, &error) != PARLEY_OK) {
    die(path, error);
  }
  return store;
}

// One statement of the generated store after the other, as N-Triples.
typedef struct generator {
  unsigned next;   // statement to make
  char line[160];  // what of it is not yet taken
  size_t at, len;
} generator;

static int generate(void* user, char* buf, size_t size, size_t* len) {
  generator* const g = user;
  *len = 0;
  while (*len < size) {
    if (g->at == g->len) {
      if (g->next == SUBJECTS * FACTS_PER_SUBJECT) {
        return 0;
      }
      const unsigned s = g->next / FACTS_PER_SUBJECT, k = g->next % FACTS_PER_SUBJECT;
      g->len = (size_t)snprintf(g->line, sizeof g->line, "<urn:parley:s%u> <urn:parley:p%u> <urn:parley:s%u> .\n", s, k,
                                (s * 7919u + k * 104729u) % SUBJECTS);
      g->at = 0;
      g->next++;
    }
    const size_t left = g->len - g->at, room = size - *len, n = left < room ? left : room;
    memcpy(buf + *len, g->line + g->at, n);
    g->at += n;
    *len += n;
  }
  return 0;
}

static void build(const char* path) {
  generator g = {0};
  parley_error_object* error = NULL;
  const parley_input input = {.read = generate, .user = &g, .name = "generated", .format = "nt"};
  if (parley_build(path, NULL, &input, 1, NULL, NULL, NULL, &error) != PARLEY_OK) {
    die("build", error);
  }
}

// ---- look-ups ------------------------------------------------------------------------------------------------------

typedef struct keys {
  char* subjects[SAMPLE];
  size_t count;
  char predicate[1024];  // as a query writes it
} keys;

static void keep_predicate(void* user, const parley_schema_link* row) {
  keys* const k = user;
  if (!k->predicate[0]) {
    snprintf(k->predicate, sizeof k->predicate, "%s", row->predicate);
  }
}

static parley_query* prepare(parley* store, parley_txn* txn, const char* text) {
  parley_query* q = NULL;
  const parley_status status =
      txn ? parley_prepare_in(txn, text, SIZE_MAX, &q, NULL) : parley_prepare(store, text, SIZE_MAX, &q, NULL);
  if (status != PARLEY_OK) {
    die(text, q ? parley_query_error(q) : parley_error(store));
  }
  return q;
}

static void collect_keys(parley* store, keys* k) {
  char text[1200];
  const parley_schema_options options = {.size = sizeof options, .on_link = keep_predicate, .user = k};
  if (parley_schema(store, &options) != PARLEY_OK || !k->predicate[0]) {
    die("schema", parley_error(store));
  }
  snprintf(text, sizeof text, "match ?s %s ?o return distinct ?s limit %d", k->predicate, SAMPLE);
  parley_query* q = prepare(store, NULL, text);
  parley_value v;
  while (parley_step(q) == PARLEY_ROW && parley_column(q, 0, &v) == PARLEY_OK) {
    if (v.type == PARLEY_IRI) {
      k->subjects[k->count++] = strdup(v.text);
    }
  }
  parley_finalize(q);
  if (k->count == 0) {
    die("no subjects", NULL);
  }
  unsigned seed = 1;
  for (size_t i = k->count - 1; i > 0; i--) {
    seed = seed * 1664525u + 1013904223u;
    const size_t j = seed % (i + 1);
    char* const t = k->subjects[i];
    k->subjects[i] = k->subjects[j];
    k->subjects[j] = t;
  }
}

static int bind_subject(parley_query* q, const char* subject) {
  const parley_value s = parley_iri(subject);
  return parley_bind(q, "s", &s) == PARLEY_OK;
}

static void look_up(parley* store, const keys* k, const char* format, const char* name, int in_txn, double seconds) {
  char text[3600];
  parley_txn* txn = NULL;
  uint64_t done = 0, rows = 0;
  snprintf(text, sizeof text, format, k->predicate, k->predicate);
  if (in_txn && parley_begin(store, 0, &txn) != PARLEY_OK) {
    die("begin", parley_error(store));
  }
  parley_query* q = prepare(store, txn, text);
  const double start = now(), used_before = used();
  double end = start;
  while (end - start < seconds) {
    for (int i = 0; i < 1000; i++, done++) {
      parley_value o;
      if (!bind_subject(q, k->subjects[done % k->count])) {
        die("bind", parley_query_error(q));
      }
      while (parley_step(q) == PARLEY_ROW) {
        rows += parley_column(q, 0, &o) == PARLEY_OK;
      }
      if (parley_reset(q) != PARLEY_OK) {
        die("step", parley_query_error(q));
      }
    }
    end = now();
  }
  const double rate_cpu = (double)done / (used() - used_before);
  parley_finalize(q);
  parley_rollback(txn);
  printf("| %-20s %-23s | %9.0f /s | %9.0f /s | %.1f rows each |\n", name,
         in_txn ? "in one read transaction" : "a transaction each", (double)done / (end - start), rate_cpu,
         (double)rows / (double)done);
}

// ---- transactions --------------------------------------------------------------------------------------------------

static void remove_store(const char* path) {
  char lock[300];
  snprintf(lock, sizeof lock, "%s-lock", path);
  unlink(path);
  unlink(lock);
}

static void write_one_by_one(const char* path, unsigned flags, const char* name, double seconds) {
  parley* store = open_store(path, PARLEY_OPEN_CREATE | flags);
  uint64_t done = 0;
  const double start = now(), used_before = used();
  double end = start;
  const parley_value p = parley_name("linked_to");
  while (end - start < seconds) {
    for (int i = 0; i < 20; i++, done++) {
      char subject[32], object[32];
      parley_txn* txn = NULL;
      snprintf(subject, sizeof subject, "n%llu", (unsigned long long)(done * 7919 % 100000));
      snprintf(object, sizeof object, "m%llu", (unsigned long long)done);
      const parley_value s = parley_name(subject), o = parley_name(object);
      if (parley_begin(store, 1, &txn) != PARLEY_OK || parley_add(txn, &s, &p, &o, NULL, 0, NULL) != PARLEY_OK ||
          parley_commit(txn) != PARLEY_OK) {
        die("write", parley_error(store));
      }
    }
    end = now();
  }
  printf("| %-20s %-23s | %9.0f /s | %9.0f /s | |\n", "transactions of one", name, (double)done / (end - start),
         (double)done / (used() - used_before));
  parley_close(store);
  remove_store(path);
}

int main(int argc, char** argv) {
  static keys k;
  char made[64] = "", scratch[256];
  const double seconds = argc > 2 ? atof(argv[2]) : 2.0;
  const char* path = argc > 1 ? argv[1] : made;
  if (argc < 2) {
    snprintf(made, sizeof made, "/tmp/api_bench-%ld.parley", (long)getpid());
    build(made);
  }
  snprintf(scratch, sizeof scratch, "%.200s.scratch", path);
  parley* store = open_store(path, PARLEY_OPEN_READONLY);
  collect_keys(store, &k);
  printf("| what | rate | per processor second | notes |\n|---|---|---|---|\n");
  for (int in_txn = 0; in_txn <= 1; in_txn++) {
    look_up(store, &k, "match $s %s ?o return ?o", "look-ups", in_txn, seconds);
    look_up(store, &k, "match $s %s ?x . ?x %s ?o return ?o", "two-pattern look-ups", in_txn, seconds);
  }
  parley_close(store);
  write_one_by_one(scratch, PARLEY_OPEN_NO_SYNC, "no sync", seconds);
  write_one_by_one(scratch, PARLEY_OPEN_FAST, "fast", seconds);
  write_one_by_one(scratch, 0, "full sync", seconds);
  for (size_t i = 0; i < k.count; i++) {
    free(k.subjects[i]);
  }
  if (made[0]) {
    remove_store(made);
  }
  return 0;
}
