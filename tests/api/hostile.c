/// Small inputs that ask for endless work: each ends, within the limits that were set, with a message that says what was going on.
///
/// Memory is what the library takes through the allocator hook; nothing is asserted on time. PARLEY_LONG in the environment makes the
/// graph of the paths one of a million edges.
#include "help.h"

#include <stdatomic.h>

enum { RING = 20000, RING_LONG = 1000000, DEEP = 100000, MIB = 1 << 20, SLACK_MIB = 24 };

typedef struct heap {
  atomic_long bytes;  ///< live
  atomic_long peak;   ///< highest
} heap;

typedef struct hostile {
  char folder[64];  ///< temporary
  char path[96];    ///< of the store in it
  parley* store;    ///< open
  heap heap;        ///< what it took
} hostile;

static void* reallocate(void* user, void* ptr, size_t size_old, size_t size_new) {
  heap* const h = user;
  void* const moved = size_new ? realloc(ptr, size_new) : (free(ptr), NULL);
  if (moved || size_new == 0) {
    const long now = atomic_fetch_add(&h->bytes, (long)size_new - (long)size_old) + (long)size_new - (long)size_old;
    long peak = atomic_load(&h->peak);
    while (now > peak && !atomic_compare_exchange_weak(&h->peak, &peak, now)) {
    }
  }
  return moved;
}

static int setup(void** state) {
  hostile* const h = calloc(1, sizeof *h);
  assert_non_null(h);
  strcpy(h->folder, "/tmp/parley-hostile-XXXXXX");
  assert_non_null(mkdtemp(h->folder));
  (void)snprintf(h->path, sizeof h->path, "%s/store", h->folder);
  const parley_options options = {.size = sizeof options,
                                  .flags = PARLEY_OPEN_CREATE | PARLEY_OPEN_NO_SYNC,
                                  .reallocate = reallocate,
                                  .user = &h->heap};
  assert_int_equal(parley_open(h->path, &options, &h->store, NULL), PARLEY_OK);
  *state = h;
  return 0;
}

static int teardown(void** state) {
  hostile* const h = *state;
  char command[128];
  assert_int_equal(parley_close(h->store), PARLEY_OK);
  assert_int_equal(atomic_load(&h->heap.bytes), 0);
  (void)snprintf(command, sizeof command, "rm -rf '%s'", h->folder);
  assert_int_equal(system(command), 0);
  free(h);
  return 0;
}

#define HOSTILE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void peak_begin(hostile* h) { atomic_store(&h->heap.peak, atomic_load(&h->heap.bytes)); }

/// No more than so many bytes above what was there, with room for what is not a query's own.
static void peak_end(const hostile* h, long before, size_t bytes) {
  assert_true(atomic_load(&h->heap.peak) - before <= (long)bytes + (long)SLACK_MIB * MIB);
}

/// `count` copies of text between head and tail; the caller frees.
static char* repeated(const char* head, const char* text, size_t count, const char* tail) {
  const size_t len = strlen(text);
  char* const out = malloc(strlen(head) + len * count + strlen(tail) + 1);
  assert_non_null(out);
  char* at = stpcpy(out, head);
  for (size_t i = 0; i < count; i++) {
    at = stpcpy(at, text);
  }
  strcpy(at, tail);
  return out;
}

// ---- bombs --------------------------------------------------------------------------------------------------------------

/// A zstd frame whose every four bytes stand for 128 KiB of one character.
static size_t bomb(unsigned char* out, size_t blocks, char c) {
  static const unsigned char head[] = {0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x38};
  memcpy(out, head, sizeof head);
  size_t len = sizeof head;
  for (size_t i = 0; i < blocks; i++) {
    const unsigned char block[] = {(unsigned char)(i + 1 == blocks ? 3 : 2), 0x00, 0x10, (unsigned char)c};
    memcpy(out + len, block, sizeof block);
    len += sizeof block;
  }
  return len;
}

static void bombs_are_read_in_pieces(void** state) {
  hostile* const h = *state;
  static const char* const formats[] = {"nt", "nq", "ttl", "trig", "jsonl", "tsv"};
  unsigned char data[4096];
  const size_t len = bomb(data, 400, '\n');  // 50 MiB
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    const parley_input input = {.memory = data, .memory_len = len, .format = formats[i], .name = "bomb"};
    const long before = atomic_load(&h->heap.bytes);
    peak_begin(h);
    const parley_status status = parley_load(h->store, &input, 1, NULL, NULL);
    assert_true(status == PARLEY_OK || status == PARLEY_FORMAT);
    peak_end(h, before, 0);
  }
}

/// With a limit on the document a bomb ends early, whatever it holds; a document of just that size is read.
static void bombs_have_a_limit(void** state) {
  hostile* const h = *state;
  unsigned char data[64];
  parley_diagnostic d;
  parley_load_options options = {.size = sizeof options, .document_bytes_max = MIB};
  for (size_t blocks = 8; blocks <= 9; blocks++) {
    const parley_input input = {.memory = data, .memory_len = bomb(data, blocks, '\n'), .format = "nt", .name = "bomb"};
    assert_int_equal(parley_load(h->store, &input, 1, &options, NULL), blocks == 8 ? PARLEY_OK : PARLEY_LIMIT);
  }
  assert_int_equal(parley_error_get(parley_error(h->store), 0, &d), PARLEY_OK);
  assert_int_equal(d.code, 7);
  assert_non_null(strstr(d.text, "PLY-0007: bomb is longer than the limit of 1048576 bytes, unpacked"));
}

// ---- nesting ------------------------------------------------------------------------------------------------------------

static void deep_queries_end(void** state) {
  hostile* const h = *state;
  static const char* const parts[] = {"(", "[", "not ", "-", "((", "match (", "exists (", "if(", "f(", "{ a ", "[ a "};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    char* const text = repeated("return ", parts[i], DEEP, "1");
    parley_query* q = NULL;
    const parley_status status = parley_prepare(h->store, text, SIZE_MAX, &q, NULL);
    assert_true(status == PARLEY_LIMIT || status == PARLEY_SYNTAX);
    parley_finalize(q);
    free(text);
  }
}

static void deep_documents_are_bad_rows(void** state) {
  hostile* const h = *state;
  static const struct {
    const char* format;
    const char* head;
    const char* part;
    const char* tail;
  } cases[] = {
      {"ttl", "<urn:a> <urn:p> ", "[ <urn:p> ", " ."},
      {"ttl", "<urn:a> <urn:p> ", "( ", " ."},
      {"ttl", "<urn:a> <urn:p> ", "<< ", " ."},
      {"trig", "<urn:g> ", "{ ", " }"},
      {"nt", "_:r <http://www.w3.org/1999/02/22-rdf-syntax-ns#reifies> ", "<<( <urn:a> <urn:p> ", " .\n"},
      {"nt", "<urn:a> <urn:p> ", "<urn:", " .\n"},
      {"jsonl", "{\"subject\":\"a\",\"predicate\":\"p\",\"object\":", "[", "}\n"},
      {"jsonl", "{\"subject\":\"a\",\"predicate\":\"p\",\"object\":\"o\",\"annotations\":", "{\"a\":", "}\n"},
      {"jsonl", "", "{\"subject\":", "}\n"},
      {"csv", "subject,predicate,object\n", "\"\"\"", "\n"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char* const text = repeated(cases[i].head, cases[i].part, DEEP, cases[i].tail);
    const parley_input input = {.memory = text, .memory_len = strlen(text), .format = cases[i].format, .name = "deep"};
    assert_int_equal(parley_load(h->store, &input, 1, NULL, NULL), PARLEY_FORMAT);
    free(text);
  }
  help_expect(h->store, "match ?s ?p ?o return count(*)", "0");
}

// ---- regular expressions --------------------------------------------------------------------------------------------------

static void deep_patterns_are_refused(void** state) {
  hostile* const h = *state;
  static const char* const parts[] = {"(", "(?:", "[[:alpha:]", "(?=", "(a|", "(a{1000}){1000}"};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    char* const pattern = repeated("", parts[i], 5000, "");
    const parley_value value = parley_string(pattern);
    parley_query* const q = help_prepare(h->store, "return matches(\"aaaa\", $p)");
    assert_int_equal(parley_bind(q, "p", &value), PARLEY_OK);
    const parley_status status = parley_step(q);
    assert_true(status == PARLEY_EVAL || status == PARLEY_LIMIT || status == PARLEY_ROW);
    parley_finalize(q);
    free(pattern);
  }
}

/// Run `text` to its end within limits. Gives the code of the first error, 0 if there is none; the message in `d`.
static int run_within(const hostile* h, const char* text, size_t memory, double seconds, parley_diagnostic* d) {
  static char kept[512];
  const parley_limits limits = {.size = sizeof limits, .memory_bytes = memory, .seconds = seconds};
  parley_query* const q = help_prepare(h->store, text);
  assert_int_equal(parley_query_set_limits(q, &limits), PARLEY_OK);
  parley_status status;
  while ((status = parley_step(q)) == PARLEY_ROW) {
  }
  *d = (parley_diagnostic){.code = 0, .message = ""};
  for (size_t i = 0; status != PARLEY_DONE && parley_error_get(parley_query_error(q), i, d) == PARLEY_OK; i++) {
    if (d->status == status) {
      break;
    }
  }
  (void)snprintf(kept, sizeof kept, "%s", d->message);
  d->message = kept;
  parley_finalize(q);
  return d->code;
}

/// Each text alone stays below the limit of steps: the time limit ends what they take together.
static void patterns_over_many_texts_end(void** state) {
  hostile* const h = *state;
  parley_diagnostic d;
  static const char list[] =
      "for ?a in [1,2,3,4,5,6,7,8,9,10] for ?b in [1,2,3,4,5,6,7,8,9,10] for ?c in [1,2,3,4,5,6,7,8,9,10] "
      "for ?d in [1,2,3,4,5,6,7,8,9,10] for ?e in [1,2,3,4,5,6,7,8,9,10] for ?f in [1,2,3,4,5,6,7,8,9,10] "
      "for ?g in [1,2,3,4,5,6,7,8,9,10] for ?h in [1,2,3,4,5,6,7,8,9,10] "
      "where matches(string(?a + ?b * 10 + ?c * 100 + ?d * 1000 + ?e * 10000) + \"%s!\", \"%s\") return ?a";
  char text[1024];
  (void)snprintf(text, sizeof text, list, "aaaaaaaaaaaaaaaa", "(a+)+$");
  assert_int_equal(run_within(h, text, 0, 0.05, &d), 3);
  assert_non_null(strstr(d.message, ": stopped after the time limit of 0.05 s"));
}

/// matches(text, pattern) within a time limit; the text is the caller's.
static parley_status match_within(const hostile* h, const char* text, const char* pattern, double seconds, int* code,
                                  int* found) {
  const parley_value values[] = {parley_string(text), parley_string(pattern)};
  const parley_limits limits = {.size = sizeof limits, .seconds = seconds};
  parley_value v = {.type = PARLEY_NULL};
  parley_diagnostic d = {.code = 0};
  parley_query* const q = help_prepare(h->store, "return matches($t, $p)");
  assert_int_equal(parley_query_set_limits(q, &limits), PARLEY_OK);
  assert_int_equal(parley_bind(q, "t", &values[0]), PARLEY_OK);
  assert_int_equal(parley_bind(q, "p", &values[1]), PARLEY_OK);
  const parley_status status = parley_step(q);
  if (status == PARLEY_ROW) {
    assert_int_equal(parley_column(q, 0, &v), PARLEY_OK);
  } else {
    (void)parley_error_get(parley_query_error(q), 0, &d);
  }
  *code = d.code;
  *found = (int)v.integer;
  parley_finalize(q);
  return status;
}

/// A match that takes many steps from one place of a long text is found; steps at every place of it end with the time.
static void patterns_over_a_long_text_end(void** state) {
  hostile* const h = *state;
  int code = 0;
  int found = 0;
  char* text = repeated("x", "h\xE1\xBA\xBF ", 5000, ".");
  assert_int_equal(match_within(h, text, "(h(\xE1\xBA\xBF|e) )+\\.$", 0, &code, &found), PARLEY_ROW);
  assert_int_equal(found, 1);
  free(text);
  text = repeated("", "a", 100000, "");
  assert_int_equal(match_within(h, text, "(a?){18}[bc]", 0.05, &code, &found), PARLEY_LIMIT);
  assert_int_equal(code, 3);
  free(text);
}

// ---- queries --------------------------------------------------------------------------------------------------------------

/// A ring of `knows`, an age for each.
static void load_ring(hostile* h, int count) {
  char* const text = malloc((size_t)count * 160 + 1);
  assert_non_null(text);
  char* at = text;
  for (int i = 0; i < count; i++) {
    at += sprintf(
        at, "<urn:parley:n%d> <urn:parley:knows> <urn:parley:n%d> .\n<urn:parley:n%d> <urn:parley:age> \"%d\" .\n", i,
        (i + 1) % count, i, i);
  }
  help_load(h->store, "nt", text);
  free(text);
}

static int ring_size(void) { return getenv("PARLEY_LONG") ? RING_LONG : RING; }

static void cyclic_paths_end(void** state) {
  hostile* const h = *state;
  char rows[32];
  parley_diagnostic d;
  const int count = ring_size();
  load_ring(h, count);
  (void)snprintf(rows, sizeof rows, "%d", count);
  help_expect(h->store, "match n0 knows+ ?x return count(*)", rows);
  help_expect(h->store, "match n0 knows+ n0 return count(*)", "1");
  help_expect(h->store, "match shortest n0 knows+ n7 as ?p return length(?p)", "7");
  assert_int_equal(run_within(h, "match ?x knows+ ?y return ?x, ?y order by ?y", MIB, 0, &d), 2);
  assert_non_null(strstr(d.message, " needs more than the memory limit of 1 MiB"));
  assert_int_equal(run_within(h, "match ?x knows+ ?y return count(*)", 0, 0.05, &d), 3);
  assert_non_null(strstr(d.message, ": stopped after the time limit of 0.05 s"));
}

static void huge_answers_end(void** state) {
  hostile* const h = *state;
  static const char cross[] = "match ?a knows ?b . ?c knows ?d . ?e knows ?f ";
  static const struct {
    const char* rest;
    int code_memory;  ///< within 4 MiB; 0 = streams, so time ends it
  } cases[] = {
      {"return ?a, ?c, ?e order by ?e, ?a", 2},
      {"return distinct ?a, ?c, ?e", 2},
      {"return ?a, ?c, count(*)", 2},
      {"return collect(?a)", 2},
      {"return ?a, collect(?c)", 2},
      {"return join(string(?a), \", \")", 2},
      {"return count(distinct ?a + ?c)", 0},
      {"where ?a = ?f return ?a, ?c, ?e", 0},
      {"return graph", 0},
      {"insert ( ?a meets ?d )", 2},
      {"delete ( ?a knows ?d )", 2},
  };
  parley_diagnostic d;
  char text[256];
  load_ring(h, RING);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    (void)snprintf(text, sizeof text, "%s%s", cross, cases[i].rest);
    const long before = atomic_load(&h->heap.bytes);
    peak_begin(h);
    const int code = run_within(h, text, (size_t)4 * MIB, 0.3, &d);
    if (code != 2 && code != 3) {
      print_error("%s: %d %s\n", text, code, d.message);
    }
    assert_true(code == 2 || code == 3);
    assert_non_null(code == 2 ? strstr(d.message, " needs more than the memory limit of 4 MiB")
                              : strstr(d.message, ": stopped after the time limit of 0.3 s"));
    peak_end(h, before, (size_t)8 * MIB);
  }
  help_expect(h->store, "match ?a knows ?b return count(*)", "20000");
}

/// Whole-store statements within little memory: refused as a whole, and nothing is changed.
static void updates_of_everything_end(void** state) {
  hostile* const h = *state;
  static const char* const texts[] = {
      "match ?s ?p ?o delete ( ?s ?p ?o )", "match ?s age ?o insert ( ?s years ?o { source census } )",
      "preview match ?s ?p ?o delete ( ?s ?p ?o )", "why match ?s ?p ?o return ?p, collect(?s)"};
  parley_diagnostic d;
  load_ring(h, RING);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    const long before = atomic_load(&h->heap.bytes);
    peak_begin(h);
    assert_int_equal(run_within(h, texts[i], (size_t)300 << 10, 0, &d), 2);
    assert_non_null(strstr(d.message, " needs more than the memory limit of 300 KiB"));
    peak_end(h, before, MIB);
  }
  help_expect(h->store, "match ?s ?p ?o return count(*)", "40000");
}

/// A text that doubles sixty times.
static void doubled_texts_end(void** state) {
  hostile* const h = *state;
  char text[4096];
  parley_diagnostic d;
  size_t len = (size_t)sprintf(text, "let ?t0 = \"0123456789\" ");
  for (int i = 1; i < 60; i++) {
    len += (size_t)snprintf(text + len, sizeof text - len, "let ?t%d = concat(?t%d, ?t%d) ", i, i - 1, i - 1);
  }
  (void)snprintf(text + len, sizeof text - len, "return length(?t59)");
  const long before = atomic_load(&h->heap.bytes);
  peak_begin(h);
  assert_int_equal(run_within(h, text, (size_t)4 * MIB, 0, &d), 2);
  peak_end(h, before, (size_t)4 * MIB);
}

/// One row of `exists` may have any number of matches: the first is enough.
static void exists_stops_at_the_first(void** state) {
  hostile* const h = *state;
  load_ring(h, RING);
  help_expect(h->store,
              "match ?x age ?n where exists ( ?x knows ?y . ?a knows ?b . ?c knows ?d . ?e knows ?f ) and ?n < \"10\" "
              "return count(*)",
              "2");
  help_expect(h->store, "match ?x age \"7\" . not ( ?x knows ?y . ?a knows ?b . ?c knows ?d . ?e knows ?f ) return ?x",
              "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      HOSTILE_TEST(bombs_are_read_in_pieces),
      HOSTILE_TEST(bombs_have_a_limit),
      HOSTILE_TEST(deep_queries_end),
      HOSTILE_TEST(deep_documents_are_bad_rows),
      HOSTILE_TEST(deep_patterns_are_refused),
      HOSTILE_TEST(patterns_over_many_texts_end),
      HOSTILE_TEST(patterns_over_a_long_text_end),
      HOSTILE_TEST(cyclic_paths_end),
      HOSTILE_TEST(huge_answers_end),
      HOSTILE_TEST(updates_of_everything_end),
      HOSTILE_TEST(doubled_texts_end),
      HOSTILE_TEST(exists_stops_at_the_first),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
