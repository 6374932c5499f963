#include "world.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ACCOUNTS = 32, BALANCE = 100, BATCHES = 16, BATCH_MAX = 30, TEXT_BYTES = 16384 };

// ---- the board ----------------------------------------------------------------------------------------------------

board* board_open(const char* path) {
  const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ftruncate(fd, sizeof(board)) != 0) {
    return NULL;
  }
  void* const at = mmap(NULL, sizeof(board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  (void)close(fd);
  return at == MAP_FAILED ? NULL : at;
}

void violation(board* b, const char* format, ...) {
  char text[sizeof b->first];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (atomic_fetch_add(&b->violations, 1) == 0) {
    memcpy(b->first, text, sizeof text);
  }
  (void)fprintf(stderr, "stress: %s\n", text);
}

uint64_t draw(uint64_t* state, uint64_t n) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state % n;
}

// ---- calls that must succeed --------------------------------------------------------------------------------------

static bool good(world* w, parley_status status, const char* what, const parley_error_object* error) {
  if (status != PARLEY_OK) {
    violation(w->board, "%s: %s: %s", what, parley_status_name(status), parley_error_message(error));
  }
  return status == PARLEY_OK;
}

bool world_open(world* w, const char* path, unsigned flags) {
  const parley_options options = {.size = sizeof options, .flags = flags | PARLEY_OPEN_NO_SYNC, .threads = 2};
  parley_error_object* error = NULL;
  const parley_status status = parley_open(path, &options, &w->store, &error);
  const bool ok = good(w, status, "open", error);
  parley_error_free(error);
  return ok;
}

static bool begin(world* w, int write, parley_txn** txn) {
  return good(w, parley_begin(w->store, write, txn), "begin", parley_error(w->store));
}

static bool add(world* w, parley_txn* txn, const char* s, const char* p, int64_t n) {
  const parley_value subject = parley_name(s), predicate = parley_name(p), object = parley_integer(n);
  return good(w, parley_add(txn, &subject, &predicate, &object, NULL, 0, NULL), "add", parley_txn_error(txn));
}

static bool take(world* w, parley_txn* txn, const char* s, const char* p, int64_t n) {
  const parley_value subject = parley_name(s), predicate = parley_name(p), object = parley_integer(n);
  return good(w, parley_remove(txn, &subject, &predicate, &object, NULL, 0, NULL), "remove", parley_txn_error(txn));
}

/// The one number that a query gives, with `$who` bound to a name (NULL: none). `plain`: rules off, joins as written.
static bool ask(world* w, parley_txn* txn, const char* text, const char* who, bool plain, int64_t* out) {
  parley_query* q = NULL;
  bool ok = good(w, parley_prepare_in(txn, text, SIZE_MAX, &q, NULL), text, parley_txn_error(txn));
  if (ok && who) {
    const parley_value name = parley_name(who);
    ok = good(w, parley_bind(q, "who", &name), text, parley_query_error(q));
  }
  if (ok && plain) {
    ok = good(w, parley_query_set_rules(q, UINT64_MAX, 1), text, parley_query_error(q));
  }
  parley_value value = {.type = PARLEY_NULL};
  if (ok && (parley_step(q) != PARLEY_ROW || parley_column(q, 0, &value) != PARLEY_OK || value.type != PARLEY_INTEGER ||
             (*out = value.integer, parley_step(q) != PARLEY_DONE))) {
    violation(w->board, "`%s` gave no one number: %s", text, parley_error_message(parley_query_error(q)));
    ok = false;
  }
  parley_finalize(q);
  return ok;
}

static bool run(world* w, parley_txn* txn, const char* text) {
  parley_query* q = NULL;
  bool ok = good(w, parley_prepare_in(txn, text, SIZE_MAX, &q, NULL), text, parley_txn_error(txn));
  ok = ok && good(w, parley_step(q) == PARLEY_DONE ? PARLEY_OK : PARLEY_EVAL, text, parley_query_error(q));
  parley_finalize(q);
  return ok;
}

// ---- the writer ---------------------------------------------------------------------------------------------------

#define ASK_COMMIT "match ledger commit ?n return ?n"
#define ASK_COUNT "match ledger count ?n return ?n"

static bool set_number(world* w, parley_txn* txn, const char* p, int64_t from, int64_t to) {
  return from == to || (take(w, txn, "ledger", p, from) && add(w, txn, "ledger", p, to));
}

static bool transfer(world* w, parley_txn* txn, uint64_t* seed, bool by_query) {
  const uint64_t from = draw(seed, ACCOUNTS), to = (from + 1 + draw(seed, ACCOUNTS - 1)) % ACCOUNTS;
  char a[32], b[32], text[512];
  int64_t has_a = 0, has_b = 0;
  const int64_t n = (int64_t)draw(seed, 9) + 1;
  (void)snprintf(a, sizeof a, "account%u", (unsigned)from);
  (void)snprintf(b, sizeof b, "account%u", (unsigned)to);
  if (by_query) {
    (void)snprintf(text, sizeof text,
                   "match %s balance ?a . %s balance ?b let ?x = ?a - %d, ?y = ?b + %d "
                   "delete ( %s balance ?a . %s balance ?b ) insert ( %s balance ?x . %s balance ?y )",
                   a, b, (int)n, (int)n, a, b, a, b);
    return run(w, txn, text);
  }
  return ask(w, txn, "match $who balance ?n return ?n", a, false, &has_a) &&
         ask(w, txn, "match $who balance ?n return ?n", b, false, &has_b) && take(w, txn, a, "balance", has_a) &&
         take(w, txn, b, "balance", has_b) && add(w, txn, a, "balance", has_a - n) &&
         add(w, txn, b, "balance", has_b + n);
}

/// Things of one batch as JSON Lines, each said by a source; their names become their labels.
static size_t batch_text(char* text, uint64_t batch, int64_t commit, uint64_t count) {
  size_t len = 0;
  for (uint64_t i = 0; i < count; i++) {
    char item[64];
    (void)snprintf(item, sizeof item, "item %u of %u in commit %lld", (unsigned)i, (unsigned)batch, (long long)commit);
    len += (size_t)snprintf(text + len, TEXT_BYTES - len,
                            "{\"subject\":\"%s\",\"predicate\":\"kind\",\"object\":\"thing\",\"source\":\"batch%u\"}\n"
                            "{\"subject\":\"%s\",\"predicate\":\"in_batch\",\"object\":\"batch%u\"}\n",
                            item, (unsigned)batch, item, (unsigned)batch);
  }
  return len;
}

/// Load a batch of things if its place is empty, else delete the batch by a query; the count follows.
static bool turn_batch(world* w, parley_txn* txn, uint64_t* seed, int64_t commit) {
  char name[32], text[TEXT_BYTES];
  int64_t present = 0, count = 0;
  const uint64_t batch = draw(seed, BATCHES), wanted = draw(seed, BATCH_MAX) + 1;
  (void)snprintf(name, sizeof name, "batch%u", (unsigned)batch);
  if (!ask(w, txn, "match ?i in_batch $who return count(*)", name, false, &present) ||
      !ask(w, txn, ASK_COUNT, NULL, false, &count)) {
    return false;
  }
  if (present > 0) {
    (void)snprintf(text, sizeof text, "match ?i in_batch %s ; ?p ?o delete ( ?i ?p ?o )", name);
    return run(w, txn, text) && set_number(w, txn, "count", count, count - present);
  }
  const parley_input input = {.memory = text, .memory_len = batch_text(text, batch, commit, wanted), .format = "jsonl"};
  return good(w, parley_load_in(txn, &input, 1, NULL, NULL), "load", parley_txn_error(txn)) &&
         set_number(w, txn, "count", count, count + (int64_t)wanted);
}

bool world_create(world* w) {
  const parley_value label = parley_name("label");
  parley_txn* txn = NULL;
  if (!good(w, parley_set_property(w->store, PARLEY_PROPERTY_TEXT, &label, 1), "text", parley_error(w->store)) ||
      !begin(w, 1, &txn)) {
    return false;
  }
  bool ok = add(w, txn, "ledger", "commit", 1) && add(w, txn, "ledger", "count", 0);
  for (unsigned i = 0; ok && i < ACCOUNTS; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "account%u", i);
    ok = add(w, txn, name, "balance", BALANCE);
  }
  ok = good(w, parley_commit(txn), "commit", parley_error(w->store)) && ok;
  atomic_store(&w->board->acknowledged, 1);
  return ok;
}

bool world_step(world* w, uint64_t* seed, void (*before_end)(void), void (*before_acknowledge)(void)) {
  parley_txn* txn = NULL;
  int64_t commit = 0;
  if (!begin(w, 1, &txn)) {
    return false;
  }
  bool ok = ask(w, txn, ASK_COMMIT, NULL, false, &commit) && set_number(w, txn, "commit", commit, commit + 1);
  if (ok && (unsigned long long)commit < atomic_load(&w->board->acknowledged)) {
    violation(w->board, "commit %lld follows the acknowledged %llu", (long long)commit,
              atomic_load(&w->board->acknowledged));
    ok = false;
  }
  for (uint64_t moves = draw(seed, 4) + 1; ok && moves > 0; moves--) {
    const uint64_t kind = draw(seed, 3);
    ok = kind == 0 ? turn_batch(w, txn, seed, commit) : transfer(w, txn, seed, kind == 1);
  }
  if (ok && before_end) {
    before_end();
  }
  if (!ok || draw(seed, 8) == 0) {
    parley_rollback(txn);
    (void)atomic_fetch_add(&w->board->rollbacks, 1);
    return ok;
  }
  ok = good(w, parley_commit(txn), "commit", parley_error(w->store));
  if (ok && before_acknowledge) {
    before_acknowledge();
  }
  if (ok) {
    atomic_store(&w->board->acknowledged, (unsigned long long)commit + 1);
    (void)atomic_fetch_add(&w->board->commits, 1);
  }
  return ok;
}

// ---- readers ------------------------------------------------------------------------------------------------------

static bool same(reader* r, const char* what, int64_t got, int64_t wanted) {
  if (got != wanted) {
    violation(r->world->board, "%s: %lld, not %lld", what, (long long)got, (long long)wanted);
  }
  return got == wanted;
}

/// The commit number may never fall, nor be older than what was acknowledged before the snapshot was taken.
static bool forward(reader* r, int64_t commit, unsigned long long acknowledged) {
  const unsigned long long now = (unsigned long long)commit;
  if (now < r->last || now < acknowledged) {
    violation(r->world->board, "snapshot %llu after %llu was seen and %llu acknowledged", now, r->last, acknowledged);
    return false;
  }
  r->last = now;
  return true;
}

/// Every way to count the things gives the number that stands beside them.
static bool counts_agree(reader* r, parley_txn* txn) {
  static const struct {
    const char* text;
    bool plain;
  } ways[] = {{"match ?i kind thing return count(*)", false},
              {"match ?i in_batch ?b ; kind thing ; label ?l return count(*)", false},
              {"match ?i in_batch ?b ; kind thing ; label ?l return count(*)", true},
              {"match ?i label ~ \"item\" return count(*)", false},
              {"match ?i label ~ \"item\" return count(*)", true},
              {"match ?i kind thing { source ?s } return count(*)", false},
              {"match ?i kind/^kind ?i return count(distinct ?i)", false}};
  int64_t count = 0, got = 0;
  bool ok = ask(r->world, txn, ASK_COUNT, NULL, false, &count);
  for (size_t i = 0; ok && i < sizeof ways / sizeof ways[0]; i++) {
    ok = ask(r->world, txn, ways[i].text, NULL, ways[i].plain, &got) && same(r, ways[i].text, got, count);
  }
  return ok;
}

/// Two reads of one transaction see the same, and what they see is whole.
static bool look_inside(reader* r, parley_txn* txn, unsigned long long acknowledged, void (*inside)(void)) {
  world* const w = r->world;
  int64_t commit = 0, sum = 0, accounts = 0, again = 0;
  bool ok = ask(w, txn, ASK_COMMIT, NULL, false, &commit) && forward(r, commit, acknowledged) &&
            ask(w, txn, "match ?a balance ?b return sum(?b)", NULL, false, &sum) &&
            same(r, "sum of the balances", sum, (int64_t)ACCOUNTS * BALANCE) &&
            ask(w, txn, "match ?a balance ?b return count(*)", NULL, true, &accounts) &&
            same(r, "accounts", accounts, ACCOUNTS) && counts_agree(r, txn);
  if (ok && inside) {
    inside();
  }
  return ok && ask(w, txn, ASK_COMMIT, NULL, true, &again) &&
         same(r, "commit number later in the transaction", again, commit);
}

bool reader_open(reader* r, world* w) {
  *r = (reader){.world = w};
  return good(w, parley_prepare(w->store, ASK_COMMIT, SIZE_MAX, &r->resting, NULL), "prepare", parley_error(w->store));
}

/// A prepared query that is used again takes a new snapshot each time.
static bool look_resting(reader* r) {
  const unsigned long long acknowledged = atomic_load(&r->world->board->acknowledged);
  parley_value n = {.type = PARLEY_NULL};
  if (parley_step(r->resting) != PARLEY_ROW || parley_column(r->resting, 0, &n) != PARLEY_OK) {
    violation(r->world->board, "no commit number: %s", parley_error_message(parley_query_error(r->resting)));
    return false;
  }
  return forward(r, n.integer, acknowledged) &&
         good(r->world, parley_reset(r->resting), "reset", parley_query_error(r->resting));
}

bool reader_look(reader* r, void (*inside)(void)) {
  parley_txn* txn = NULL;
  const unsigned long long acknowledged = atomic_load(&r->world->board->acknowledged);
  if (!look_resting(r) || !begin(r->world, 0, &txn)) {
    return false;
  }
  bool ok = look_inside(r, txn, acknowledged, inside);
  ok = good(r->world, parley_commit(txn), "end", parley_error(r->world->store)) && ok;
  if (ok) {
    (void)atomic_fetch_add(&r->world->board->snapshots, 1);
  }
  return ok;
}

void reader_close(reader* r) {
  parley_finalize(r->resting);
  r->resting = NULL;
}

bool world_prove(board* b, const char* path, unsigned long long acknowledged) {
  world w = {.board = b};
  parley_txn* txn = NULL;
  if (!world_open(&w, path, PARLEY_OPEN_READONLY)) {
    return false;
  }
  reader r = {.world = &w};
  bool ok = begin(&w, 0, &txn) && look_inside(&r, txn, acknowledged, NULL);
  parley_rollback(txn);
  ok = parley_close(w.store) == PARLEY_OK && ok;
  return ok;
}
