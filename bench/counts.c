// Ten small pieces of work whose instructions are counted (counts.sh): each is one call of `measured`, where callgrind's figures begin and end.
//
//   counts FOLDER      builds its store in FOLDER (removed again) and does each piece once; prints one name a line, in the order of the work
//
// Seeded, one thread, only parley.h: two runs of one build count nearly the same. Answers are checked, so it is a small test as well.
#include "bench.h"

#include <string.h>
#include <unistd.h>

enum { NODES = 2000, EDGES = 12000, TEXT_MAX = 8 << 20, LINES = 10000, BATCH = 1000 };

typedef struct bench {
  parley* store;
  char store_path[4096];  ///< of the store that is asked
  char build_path[4096];  ///< of the one that is built
  char* text;             ///< documents are made here
  size_t len;             ///< used
} bench;

static void expect(int holds, const char* what) {
  if (!holds) {
    die(what, NULL);
  }
}

// ---- data ----------------------------------------------------------------------------------------------------------

static unsigned draw(unsigned* seed, unsigned below) {
  *seed = *seed * 1664525u + 1013904223u;
  return (unsigned)((unsigned long long)(*seed >> 8) * below >> 24);
}

#define LINE(b, ...) ((b)->len += (size_t)snprintf((b)->text + (b)->len, TEXT_MAX - (b)->len, __VA_ARGS__))

/// Assertions of the graph that is asked: who knows whom, with source and confidence; of each a label, an age and a town.
static void make_graph(bench* b) {
  unsigned seed = 1;
  b->len = 0;
  for (unsigned i = 0; i < NODES; i++) {
    LINE(b, "{\"subject\":\"n%u\",\"predicate\":\"label\",\"object\":{\"value\":\"Person %u of place %u\"}}\n", i, i,
         i % 77);
    LINE(b, "{\"subject\":\"n%u\",\"predicate\":\"age\",\"object\":%u}\n", i, 18 + draw(&seed, 70));
    LINE(b, "{\"subject\":\"n%u\",\"predicate\":\"lives_in\",\"object\":\"town%u\"}\n", i, draw(&seed, 40));
  }
  for (unsigned i = 0; i < EDGES; i++) {
    const unsigned from = draw(&seed, NODES), to = draw(&seed, 1 + draw(&seed, NODES));
    LINE(b,
         "{\"subject\":\"n%u\",\"predicate\":\"knows\",\"object\":\"n%u\",\"source\":\"article%u\",\"confidence\":0.%u}"
         "\n",
         from, to, draw(&seed, 300), 1 + draw(&seed, 9));
  }
}

static void make_lines(bench* b) {
  unsigned seed = 2;
  b->len = 0;
  for (unsigned i = 0; i < LINES; i++) {
    LINE(b, "<urn:x:s%u> <urn:x:p%u> <urn:x:o%u> .\n", draw(&seed, 3000), draw(&seed, 12), draw(&seed, 5000));
  }
}

static const parley_options one_thread = {.size = sizeof one_thread, .threads = 1, .map_bytes = (size_t)1 << 30};

static void build(bench* b, const char* path, const char* format) {
  const parley_input input = {.memory = b->text, .memory_len = b->len, .name = "generated", .format = format};
  parley_error_object* error = NULL;
  if (parley_build(path, &one_thread, &input, 1, NULL, NULL, NULL, &error) != PARLEY_OK) {
    die("build", error);
  }
}

static void open_graph(bench* b) {
  parley_error_object* error = NULL;
  parley_options options = one_thread;
  options.flags = PARLEY_OPEN_NO_SYNC;
  make_graph(b);
  build(b, b->store_path, "jsonl");
  if (parley_open(b->store_path, &options, &b->store, &error) != PARLEY_OK) {
    die("open", error);
  }
  const parley_value label = parley_name("label");
  if (parley_set_property(b->store, PARLEY_PROPERTY_TEXT, &label, 1) != PARLEY_OK) {
    die("text index", parley_error(b->store));
  }
  make_lines(b);
}

// ---- queries -------------------------------------------------------------------------------------------------------

static parley_query* prepare(bench* b, const char* text) {
  parley_query* q = NULL;
  if (parley_prepare(b->store, text, SIZE_MAX, &q, NULL) != PARLEY_OK) {
    die(text, q ? parley_query_error(q) : parley_error(b->store));
  }
  return q;
}

/// Read all rows as text; the number of rows.
static size_t read_rows(parley_query* q) {
  size_t rows = 0;
  parley_status status;
  while ((status = parley_step(q)) == PARLEY_ROW) {
    parley_value v;
    rows++;
    for (size_t i = 0; i < parley_column_count(q); i++) {
      expect(parley_column(q, i, &v) == PARLEY_OK, "column");
    }
  }
  if (status != PARLEY_DONE) {
    die("step", parley_query_error(q));
  }
  return rows;
}

static void ask(bench* b, const char* text, size_t least) {
  parley_query* q = prepare(b, text);
  expect(read_rows(q) >= least, text);
  parley_finalize(q);
}

static void do_prepare(bench* b) {
  for (int i = 0; i < 20; i++) {
    parley_finalize(
        prepare(b, "match ?a knows ?b . ?b lives_in ?t . ?b age ?g . ?a lives_in ?t where ?g > 30 return ?a, ?b"));
  }
}

static void do_lookup(bench* b) {
  unsigned seed = 3;
  parley_query* q = prepare(b, "match $s age ?o return ?o");
  for (int i = 0; i < 500; i++) {
    char name[16];
    snprintf(name, sizeof name, "n%u", draw(&seed, NODES));
    const parley_value s = parley_name(name);
    expect(parley_bind(q, "s", &s) == PARLEY_OK && read_rows(q) == 1 && parley_reset(q) == PARLEY_OK, "look-up");
  }
  parley_finalize(q);
}

static void do_star(bench* b) {
  for (int i = 0; i < 20; i++) {
    ask(b, "match ?x lives_in town7 . ?x age ?a . ?x label ?l . ?x knows ?y return ?x, ?a, ?l, ?y", 100);
  }
}

static void do_two_hop(bench* b) { ask(b, "match ?a knows ?b . ?b knows ?c return count(*)", 1); }

static void do_triangle(bench* b) { ask(b, "match ?a knows ?b . ?b knows ?c . ?c knows ?a return count(*)", 1); }

static void do_aggregate(bench* b) {
  ask(b, "match ?x lives_in ?t . ?x age ?a return ?t, count(*), avg(?a), max(?a) order by ?t", 40);
}

static void do_lens(bench* b) {
  ask(b, "trust 0.5 match ?a knows ?b return count(*)", 1);
  ask(b, "trust 0.5 match n5 knows ?b return ?b", 0);
  ask(b, "according to article7 match ?a knows ?b return ?a, ?b", 1);
}

static void do_load(bench* b) { build(b, b->build_path, "nt"); }

static void do_insert(bench* b) {
  parley_txn* txn = NULL;
  expect(parley_begin(b->store, 1, &txn) == PARLEY_OK, "begin");
  const parley_value p = parley_name("met");
  for (unsigned i = 0; i < BATCH; i++) {
    char subject[16], object[16];
    snprintf(subject, sizeof subject, "n%u", i * 7 % NODES);
    snprintf(object, sizeof object, "guest%u", i);
    const parley_value s = parley_name(subject), o = parley_name(object);
    expect(parley_add(txn, &s, &p, &o, NULL, 0, NULL) == PARLEY_OK, "add");
  }
  expect(parley_commit(txn) == PARLEY_OK, "commit");
}

static void do_text(bench* b) {
  ask(b, "match ?x label ~ \"place 33\" return ?x, label(?x)", 10);
  ask(b, "match @\"Person 1234 of place 2\" ?p ?o return ?p, ?o", 3);
}

// ---- all -----------------------------------------------------------------------------------------------------------

static const struct {
  const char* name;
  void (*run)(bench* b);
} pieces[] = {{"prepare", do_prepare}, {"look-up", do_lookup},    {"star", do_star},
              {"two-hop", do_two_hop}, {"triangle", do_triangle}, {"aggregate", do_aggregate},
              {"lens", do_lens},       {"load", do_load},         {"insert", do_insert},
              {"text", do_text}};

/// callgrind counts inside of this function only, and writes its figures when it is left.
__attribute__((noinline)) static void measured(bench* b, void (*run)(bench* b)) {
  run(b);
  __asm__ volatile("");  // not a tail call: what runs is inside
}

static void remove_store(const char* path) {
  char lock[4200];
  snprintf(lock, sizeof lock, "%s-lock", path);
  unlink(path);
  unlink(lock);
}

int main(int argc, char** argv) {
  bench b = {.text = malloc(TEXT_MAX)};
  if (argc != 2 || !b.text) {
    fprintf(stderr, "usage: counts FOLDER\n");
    return 2;
  }
  snprintf(b.store_path, sizeof b.store_path, "%s/counts-%ld.parley", argv[1], (long)getpid());
  snprintf(b.build_path, sizeof b.build_path, "%s/counts-%ld-built.parley", argv[1], (long)getpid());
  open_graph(&b);
  for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
    measured(&b, pieces[i].run);
    printf("%s\n", pieces[i].name);
  }
  expect(parley_close(b.store) == PARLEY_OK, "close");
  remove_store(b.store_path);
  remove_store(b.build_path);
  free(b.text);
  return 0;
}
