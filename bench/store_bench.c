/// store_bench [TRIPLES [FOLDER [MIB]]]: the storage figures, measured through the store layer, as a table on standard
/// output.
///
///     build      statements in memory, in batches, to a synced store: interning on one thread, the rest of the program
///     on another scan       three columns of every row of one order look-up    (s, ?, ?) in spo and (?, ?, o) in osp
///     for random ids; term -> id -> term write      one-statement transactions, without and with sync; batches of 10
///     000 statements
#include "kg.h"
#include "store/bulk.h"
#include "store/check.h"
#include "store/index.h"
#include "store/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCAN_ROWS = 2048, LOOKUPS = 300000, TRANSACTIONS = 20000, SYNCED = 300, BATCH_TRIPLES = 10000, BATCHES = 20 };

typedef struct bench {
  const char* path;  ///< store
  uint64_t triples;  ///< asked for
  size_t bytes_max;  ///< memory for rows; 0 = default
  pl_mem mem;        ///< account
  pl_error err;      ///< of all calls
  pl_store* store;   ///< open
  pl_txn* txn;       ///< open
  uint64_t state;    ///< of random numbers
} bench;

static void die(const bench* b, const char* what) {
  fprintf(stderr, "store_bench: %s: %s\n", what, b->err.count ? b->err.items[0].text : "failed");
  exit(1);
}
#define MUST(b, call)      \
  do {                     \
    if ((call) != PL_OK) { \
      die((b), #call);     \
    }                      \
  } while (0)

static void row(const char* what, double value, const char* unit) {
  printf("| %-52s | %12.2f | %-14s |\n", what, value, unit);
}
static double seconds_since(uint64_t start) { return (double)(pl_clock_ns() - start) / 1e9; }

static uint64_t random_next(bench* b) {
  b->state = b->state * 6364136223846793005u + 1442695040888963407u;
  return b->state >> 17;
}

// ---- building -----------------------------------------------------------------------------------------------------

static void copy_term(pl_arena* arena, const pl_term* from, pl_term* to) {
  *to = *from;
  to->text = pl_arena_str(arena, from->text);
}

static void fill_batch(bench* b, kg* g, pl_batch* batch, size_t count) {
  pl_arena_reset(&batch->arena);
  batch->statements = PL_ARENA_ARRAY(&batch->arena, pl_statement, count);
  if (!batch->statements) {
    die(b, "out of memory");
  }
  for (size_t i = 0; i < count; i++) {
    pl_term terms[3];
    kg_next(g, terms);
    copy_term(&batch->arena, &terms[0], &batch->statements[i].subject);
    copy_term(&batch->arena, &terms[1], &batch->statements[i].predicate);
    copy_term(&batch->arena, &terms[2], &batch->statements[i].object);
  }
  batch->count = batch->capacity = count;
}

static void build(bench* b) {
  pl_bulk* bulk;
  pl_write_counts counts;
  pl_batch batch = {0};
  kg g;
  double interning = 0;
  pl_arena_init(&batch.arena, &b->mem);
  kg_start(&g, 1, b->triples);
  const pl_bulk_options options = {.bytes_max = b->bytes_max};
  MUST(b, pl_bulk_open(b->path, &options, &b->err, &bulk));
  for (uint64_t done = 0; done < b->triples; done += batch.count) {
    const uint64_t left = b->triples - done;
    fill_batch(b, &g, &batch, left < PL_BATCH_STATEMENTS ? (size_t)left : PL_BATCH_STATEMENTS);
    const uint64_t start = pl_clock_ns();
    MUST(b, pl_bulk_batch(bulk, &batch));
    interning += seconds_since(start);
  }
  pl_arena_free(&batch.arena);
  const uint64_t start = pl_clock_ns();
  MUST(b, pl_bulk_finish(bulk, &counts));
  const double finishing = seconds_since(start);
  struct rusage usage;
  struct stat st;
  if (stat(b->path, &st) != 0 || getrusage(RUSAGE_SELF, &usage) != 0) {
    die(b, "cannot measure");
  }
  row("statements generated", (double)b->triples / 1e6, "M");
  row("distinct facts", (double)counts.facts_new / 1e6, "M");
  row("build: interning and collecting", interning, "s");
  row("build: sorting, writing, syncing", finishing, "s");
  row("build: all but making the statements", (double)b->triples / (interning + finishing) / 1e6, "M triples/s");
  row("size on disk, four orders and dictionary", (double)st.st_size / (double)counts.facts_new, "B/triple");
  row("peak memory of the build", (double)usage.ru_maxrss / 1024, "MiB");
}

// ---- reading ------------------------------------------------------------------------------------------------------

static void sizes(bench* b) {
  for (pl_db db = PL_DB_SPO; db <= PL_DB_HASH; db++) {
    pl_index_size size;
    MUST(b, pl_index_measure(pl_index_of(b->txn, db), &size));
    if (size.rows > 0) {
      char text[64];
      snprintf(text, sizeof text, "  %s: block bytes per row", pl_db_names[db]);
      row(text, (double)size.bytes / (double)size.rows, "B");
    }
  }
  pl_totals totals;
  MDB_stat stat;
  MUST(b, pl_stats_totals(b->txn, &totals));
  if (mdb_stat(b->txn->mdb, b->store->dbs[PL_DB_TERM], &stat) != 0) {
    die(b, "cannot measure");
  }
  row("  terms", (double)totals.terms / 1e6, "M");
  row("  term groups: page bytes per term",
      (double)(stat.ms_overflow_pages + stat.ms_leaf_pages + stat.ms_branch_pages) * stat.ms_psize /
          (double)totals.terms,
      "B");
}

static void scan_order(bench* b, pl_order order) {
  pl_id columns[3][SCAN_ROWS];
  pl_id* const out[4] = {columns[0], columns[1], columns[2], NULL};
  pl_scan* scan;
  uint64_t rows = 0;
  size_t count;
  MUST(b, pl_scan_open(b->txn, order, PL_SCAN_FACTS, NULL, &b->mem, &scan));
  MUST(b, pl_scan_range(scan, NULL, 0, 0, UINT64_MAX));
  const uint64_t start = pl_clock_ns();
  do {
    MUST(b, pl_scan_fill(scan, out, SCAN_ROWS, &count));
    rows += count;
  } while (count > 0);
  const double seconds = seconds_since(start);
  pl_scan_close(scan);
  char text[64];
  snprintf(text, sizeof text, "full scan of %s", pl_order_names[order]);
  row(text, (double)rows / seconds / 1e6, "M rows/s");
}

/// Ids that occur in the first column of an order, at random.
static void sample(bench* b, pl_order order, pl_id* ids, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const pl_id key = pl_id_make(PL_TAG_IRI, 1 + random_next(b) % (b->txn->next_key - 1));
    uint64_t found[4];
    const pl_status status = pl_index_first(pl_index_of(b->txn, (pl_db)order), &key, 1, found);
    if (status != PL_OK && status != PL_NOT_FOUND) {
      die(b, "look-up");
    }
    ids[i] = status == PL_OK ? key : (i ? ids[i - 1] : PL_KNOWN(TYPE));
  }
}

static void look_up(bench* b, pl_order order) {
  pl_id* const ids = calloc(LOOKUPS, sizeof *ids);
  pl_id columns[3][64];
  pl_id* const out[4] = {columns[0], columns[1], columns[2], NULL};
  pl_scan* scan;
  if (!ids) {
    die(b, "out of memory");
  }
  sample(b, order, ids, LOOKUPS);
  MUST(b, pl_scan_open(b->txn, order, PL_SCAN_FACTS, NULL, &b->mem, &scan));
  const uint64_t start = pl_clock_ns();
  for (size_t i = 0; i < LOOKUPS; i++) {
    size_t count;
    MUST(b, pl_scan_range(scan, &ids[i], 1, 0, UINT64_MAX));
    MUST(b, pl_scan_fill(scan, out, 64, &count));
  }
  const double seconds = seconds_since(start);
  pl_scan_close(scan);
  free(ids);
  char text[64];
  snprintf(text, sizeof text, "look-ups by the first column of %s", pl_order_names[order]);
  row(text, LOOKUPS / seconds / 1e6, "M/s");
}

typedef struct all_ids {
  pl_id* ids;    ///< by key - 1
  size_t count;  ///< filled
} all_ids;

static pl_status on_term(void* user, pl_id id, const pl_term* term) {
  all_ids* const all = user;
  PL_UNUSED(term);
  all->ids[all->count++] = id;
  return PL_OK;
}

static void terms(bench* b) {
  all_ids all = {.ids = calloc(b->txn->next_key, sizeof(pl_id))};
  pl_term* const found = calloc(LOOKUPS, sizeof *found);
  pl_arena arena;
  if (!all.ids || !found) {
    die(b, "out of memory");
  }
  pl_arena_init(&arena, &b->mem);
  uint64_t start = pl_clock_ns();
  MUST(b, pl_dict_each(b->txn, on_term, &all));
  row("dictionary: walk over all terms", (double)all.count / seconds_since(start) / 1e6, "M/s");
  start = pl_clock_ns();
  for (size_t i = 0; i < LOOKUPS; i++) {
    MUST(b, pl_dict_term(b->txn, all.ids[random_next(b) % all.count], &arena, &found[i]));
  }
  row("dictionary: id to term (random)", LOOKUPS / seconds_since(start) / 1e6, "M/s");
  start = pl_clock_ns();
  for (size_t i = 0; i < LOOKUPS; i++) {
    pl_id id;
    MUST(b, pl_dict_find(b->txn, &found[i], &id));
  }
  row("dictionary: term to id (random)", LOOKUPS / seconds_since(start) / 1e6, "M/s");
  pl_arena_free(&arena);
  free(found);
  free(all.ids);
}

// ---- writing ------------------------------------------------------------------------------------------------------

static void reopen(bench* b, pl_durability durability) {
  pl_store_close(b->store);
  const pl_store_options options = {.durability = durability};
  MUST(b, pl_store_open(b->path, &options, &b->err, &b->store));
}

/// Transactions of `count` statements each: entities of the graph, about one new term a statement.
static double write_some(bench* b, unsigned transactions, size_t count) {
  kg g;
  pl_batch batch = {0};
  pl_arena_init(&batch.arena, &b->mem);
  kg_start(&g, 99 + transactions, b->triples);
  double seconds = 0;
  for (unsigned i = 0; i < transactions; i++) {
    pl_txn* txn;
    pl_writer* writer;
    fill_batch(b, &g, &batch, count);
    const uint64_t start = pl_clock_ns();
    MUST(b, pl_txn_begin(b->store, true, &b->err, &txn));
    MUST(b, pl_writer_open(txn, 0, NULL, &writer));
    MUST(b, pl_writer_batch(writer, &batch));
    MUST(b, pl_writer_flush(writer, NULL));
    pl_writer_close(writer);
    MUST(b, pl_txn_commit(txn));
    seconds += seconds_since(start);
  }
  pl_arena_free(&batch.arena);
  return seconds;
}

static void writing(bench* b) {
  reopen(b, PL_SYNC_NONE);
  row("one-statement transactions, no sync", TRANSACTIONS / write_some(b, TRANSACTIONS, 1) / 1e3, "k/s");
  row("batches of 10 000 statements, no sync",
      (double)BATCHES * BATCH_TRIPLES / write_some(b, BATCHES, BATCH_TRIPLES) / 1e3, "k triples/s");
  reopen(b, PL_SYNC_FULL);
  row("one-statement transactions, synced", SYNCED / write_some(b, SYNCED, 1) / 1e3, "k/s");
}

static void reading(bench* b) {
  MUST(b, pl_txn_begin(b->store, false, &b->err, &b->txn));
  sizes(b);
  for (pl_order order = PL_ORDER_SPO; order <= PL_ORDER_PSO; order++) {
    scan_order(b, order);
    scan_order(b, order);
  }
  look_up(b, PL_ORDER_SPO);
  look_up(b, PL_ORDER_OSP);
  terms(b);
  pl_txn_abort(b->txn);
}

static void on_damage(void* user, const char* text) {
  PL_UNUSED(user);
  printf("damage: %s\n", text);
}

static void checking(bench* b) {
  for (int deep = 0; deep < 2; deep++) {
    const pl_check_options options = {.deep = deep, .on_damage = on_damage};
    pl_check_report report;
    const uint64_t start = pl_clock_ns();
    MUST(b, pl_txn_begin(b->store, false, &b->err, &b->txn));
    MUST(b, pl_check(b->txn, &options, &report));
    pl_txn_abort(b->txn);
    row(deep ? "check, deep" : "check, fast", seconds_since(start), "s");
    row("  findings", (double)report.damage_count, "");
  }
}

int main(int argc, char** argv) {
  char path[4096], lock[4200];
  bench b = {.path = path, .triples = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000, .state = 42};
  snprintf(path, sizeof path, "%s/store_bench.parley", argc > 2 ? argv[2] : ".");
  b.bytes_max = argc > 3 ? (size_t)strtoull(argv[3], NULL, 10) << 20 : 0;
  snprintf(lock, sizeof lock, "%s-lock", path);
  pl_mem_init(&b.mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&b.err, &b.mem);
  (void)unlink(path);  // of an earlier run
  build(&b);
  reopen(&b, PL_SYNC_FULL);
  reading(&b);
  checking(&b);
  writing(&b);
  checking(&b);
  pl_store_close(b.store);
  (void)unlink(path);
  (void)unlink(lock);
  return 0;
}
