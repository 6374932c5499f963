/// fork() in the middle: a process with an open store, a running query and a transaction makes children that end, that
/// try to use what they inherited, or that open the store themselves. The parent goes on unharmed.
#include "place.h"

#include <sys/wait.h>

enum { FACTS = 500 };

typedef struct parent {
  parley* store;        ///< open
  parley_query* query;  ///< in the middle of its rows
  parley_query* rest;   ///< prepared, at rest after a run
  parley_txn* txn;      ///< reading or writing
} parent;

static parley_status add(parley_txn* txn, int64_t number) {
  const parley_value s = parley_name("root"), p = parley_name("member"), o = parley_integer(number);
  return parley_add(txn, &s, &p, &o, NULL, 0, NULL);
}

static int64_t rows_of(parley_query* q) {
  int64_t rows = 0;
  parley_status status;
  while ((status = parley_step(q)) == PARLEY_ROW) {
    rows++;
  }
  return status == PARLEY_DONE ? rows : -(int64_t)status;
}

static int64_t count(parley* store) {
  parley_query* q = NULL;
  MUST(parley_prepare(store, "match root member ?n return ?n", SIZE_MAX, &q, NULL) == PARLEY_OK);
  const int64_t rows = rows_of(q);
  parley_finalize(q);
  return rows;
}

/// Run `body` in a child; it ends well.
static void in_child(const parent* p, void (*body)(const parent* p)) {
  int state = 0;
  const pid_t pid = fork();
  MUST(pid >= 0);
  if (pid == 0) {
    body(p);
    exit(0);  // with all that runs at exit
  }
  MUST(waitpid(pid, &state, 0) == pid);
  MUST(state == 0);
}

static void do_nothing(const parent* p) { (void)p; }

/// Every handle of the parent is refused, and nothing of the parent's is touched.
static void use_everything(const parent* p) {
  parley_txn* txn = NULL;
  parley_query* q = NULL;
  parley_stats stats = {.size = sizeof stats};
  MUST(parley_begin(p->store, 0, &txn) == PARLEY_MISUSE && !txn);
  MUST(parley_begin(p->store, 1, &txn) == PARLEY_MISUSE && !txn);
  MUST(parley_prepare(p->store, "match ?s ?p ?o", SIZE_MAX, &q, NULL) == PARLEY_MISUSE);
  parley_finalize(q);
  MUST(parley_step(p->rest) == PARLEY_MISUSE);
  MUST(parley_step(p->query) == PARLEY_MISUSE);
  MUST(parley_get_stats(p->store, &stats) == PARLEY_MISUSE);
  MUST(add(p->txn, FACTS + 1000) == PARLEY_MISUSE);
  MUST(parley_commit(p->txn) == PARLEY_MISUSE);
  parley_finalize(p->query);
  parley_finalize(p->rest);
}

static void read_anew(const parent* p) {
  (void)p;
  parley* const store = place_open(0, PARLEY_OPEN_READONLY);
  MUST(count(store) >= FACTS);
  MUST(parley_close(store) == PARLEY_OK);
}

static void write_anew(const parent* p) {
  (void)p;
  parley_txn* txn = NULL;
  parley* const store = place_open(0, 0);
  const int64_t before = count(store);
  for (int i = 0; i < 20; i++) {  // enough to use pages again, if the parent's snapshot did not hold them
    MUST(parley_begin(store, 1, &txn) == PARLEY_OK);
    MUST(add(txn, before + i) == PARLEY_OK);
    MUST(parley_commit(txn) == PARLEY_OK);
  }
  MUST(parley_close(store) == PARLEY_OK);
}

static parent begin(int write) {
  parent p = {.store = place_open(0, 0)};
  MUST(parley_prepare(p.store, "match root member ?n return ?n", SIZE_MAX, &p.rest, NULL) == PARLEY_OK);
  MUST(rows_of(p.rest) >= FACTS);
  MUST(parley_reset(p.rest) == PARLEY_OK);
  MUST(parley_prepare(p.store, "match root member ?n return ?n", SIZE_MAX, &p.query, NULL) == PARLEY_OK);
  MUST(parley_step(p.query) == PARLEY_ROW);
  MUST(parley_begin(p.store, write, &p.txn) == PARLEY_OK);
  return p;
}

static void end(parent* p, int64_t rows) {
  MUST(rows_of(p->query) == rows - 1);
  parley_finalize(p->query);
  parley_finalize(p->rest);
  MUST(parley_close(p->store) == PARLEY_OK);
}

static void the_parent_reads_on(void) {
  parent p = begin(0);
  const int64_t rows = count(p.store);
  in_child(&p, do_nothing);
  in_child(&p, use_everything);
  in_child(&p, read_anew);
  in_child(&p, write_anew);
  in_child(&p, use_everything);
  MUST(parley_commit(p.txn) == PARLEY_OK);
  MUST(rows_of(p.rest) == rows + 20);
  end(&p, rows);
}

static void the_parent_writes_on(void) {
  parent p = begin(1);
  const int64_t rows = count(p.store);
  MUST(add(p.txn, rows) == PARLEY_OK);
  in_child(&p, do_nothing);
  in_child(&p, use_everything);
  in_child(&p, read_anew);
  MUST(add(p.txn, rows + 1) == PARLEY_OK);
  MUST(parley_commit(p.txn) == PARLEY_OK);
  MUST(count(p.store) == rows + 2);
  MUST(parley_begin(p.store, 1, &p.txn) == PARLEY_OK);  // no child kept the lock
  parley_rollback(p.txn);
  end(&p, rows);
}

int main(void) {
  parley_txn* txn = NULL;
  place_make();
  parley* const store = place_open(0, PARLEY_OPEN_CREATE);
  MUST(parley_begin(store, 1, &txn) == PARLEY_OK);
  for (int i = 0; i < FACTS; i++) {
    MUST(add(txn, i) == PARLEY_OK);
  }
  MUST(parley_commit(txn) == PARLEY_OK);
  MUST(parley_close(store) == PARLEY_OK);
  the_parent_reads_on();
  the_parent_writes_on();
  return place_end();
}
