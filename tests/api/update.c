/// Random updates, four properties each: a preview lists exactly what the update then does (as the difference of the store before and after),
/// writes nothing, the counters are those of a store built anew from the same statements, and queries of the same transaction see the change.
#include "help.h"

enum { ROUNDS = 200, LINES = 512, LINE = 160 };

typedef struct lines {
  char text[LINES][LINE];  ///< sorted once complete
  size_t count;            ///< used
} lines;

static uint32_t next_random(uint32_t* seed) { return *seed = *seed * 1664525u + 1013904223u, *seed >> 16; }

static void add_line(lines* l, const char* text) {
  assert_true(l->count < LINES);
  (void)snprintf(l->text[l->count++], LINE, "%s", text);
}

static int compare_lines(const void* a, const void* b) { return strcmp(a, b); }

static void expect_same(lines* a, lines* b, const char* statement) {
  qsort(a->text, a->count, LINE, compare_lines);
  qsort(b->text, b->count, LINE, compare_lines);
  for (size_t i = 0; i < a->count || i < b->count; i++) {
    const char* const x = i < a->count ? a->text[i] : "";
    const char* const y = i < b->count ? b->text[i] : "";
    if (strcmp(x, y) != 0) {
      print_error("%s\n", statement);
    }
    assert_string_equal(x, y);
  }
}

// ---- the store before, and differences ----------------------------------------------------------------------------

typedef struct document {
  char* data;  ///< an export
  size_t len;  ///< its bytes
} document;

static int keep_document(void* user, const char* data, size_t len) {
  document* const d = user;
  d->data = realloc(d->data, d->len + len + 1);
  assert_non_null(d->data);
  memcpy(d->data + d->len, data, len);
  d->len += len;
  d->data[d->len] = '\0';
  return 0;
}

static document export_of(parley* store) {
  document d = {NULL, 0};
  const parley_export_options options = {.size = sizeof options, .write = keep_document, .user = &d};
  assert_int_equal(parley_export(store, &options), PARLEY_OK);
  return d;
}

/// Another store with the same statements.
static parley* twin_of(const fixture* f, const char* name) {
  fixture twin = *f;
  (void)snprintf(twin.path, sizeof twin.path, "%s/%s", f->folder, name);
  char lock[128];
  (void)snprintf(lock, sizeof lock, "%s-lock", twin.path);
  (void)unlink(twin.path);
  (void)unlink(lock);
  help_open(&twin, PARLEY_OPEN_CREATE);
  document d = export_of(f->store);
  if (d.data) {
    help_load(twin.store, "jsonl", d.data);
  }
  free(d.data);
  return twin.store;
}

/// `+ a knows b`, and `+! a knows b` once more for the first statement of a fact that the other side lacks.
static int keep_difference(void* user, const parley_difference* d) {
  char line[LINE];
  const char* const end = strstr(d->text, " {");
  const int len = (int)(end ? (size_t)(end - d->text) : strlen(d->text));
  (void)snprintf(line, sizeof line, "%c %.*s", d->side < 0 ? '-' : '+', len, d->text);
  add_line(user, line);
  if (!d->assertion) {
    (void)snprintf(line, sizeof line, "%c! %.*s", d->side < 0 ? '-' : '+', len, d->text);
    add_line(user, line);
  }
  return 0;
}

static void difference(parley* before, parley* after, lines* out) {
  const parley_diff_options options = {.size = sizeof options, .on_difference = keep_difference, .user = out};
  out->count = 0;
  assert_int_equal(parley_diff(before, after, &options), PARLEY_OK);
}

/// The same lines from the rows of a preview.
static void preview(parley* store, const char* statement, lines* out) {
  char text[512];
  char fact[LINE] = "";
  (void)snprintf(text, sizeof text, "preview %s", statement);
  parley_query* const q = help_prepare(store, text);
  assert_int_equal(parley_column_count(q), 5);
  assert_false(parley_query_is_update(q));
  out->count = 0;
  while (parley_step(q) == PARLEY_ROW) {
    char line[LINE];
    const char* const change = parley_column_text(q, 0);
    const char side = strstr(change, "gone") ? '-' : '+';
    (void)snprintf(line, sizeof line, "%c %s %s %s", side, parley_column_source(q, 1), parley_column_source(q, 2),
                   parley_column_source(q, 3));
    add_line(out, line);
    if (strncmp(change, "fact", 4) == 0 && strcmp(fact, line) != 0) {
      (void)snprintf(fact, sizeof fact, "%s", line);
      (void)snprintf(line, sizeof line, "%c! %.150s", side, fact + 2);
      add_line(out, line);
    }
  }
  assert_int_equal(parley_step(q), PARLEY_DONE);
  parley_finalize(q);
}

// ---- statements ---------------------------------------------------------------------------------------------------

/// A name out of a few, so that statements meet each other.
static const char* name(uint32_t* seed) {
  static const char* const names[] = {"a", "b", "c", "d"};
  return names[next_random(seed) % 4];
}

static void make_statement(uint32_t* seed, char* out, size_t size) {
  static const char* const forms[] = {
      "insert ( %s p %s . %s q %s )",
      "insert ( %s p %s { source %s ; confidence 0.5 } . %s q 17 )",
      "delete ( %s p %s ) insert ( %s p %s { source z } )",
      "match %s ?p ?o where is_node(?o) delete ( %s ?p ?o ) insert ( ?o r %s . %s ?p ?o )",
      "match ?s p ?o { source %s } delete ( ?s p ?o { source %s } ) insert ( ?s q ?o { source %s ; source %s } )",
      "match ?s ?p ?o where ?s = %s delete ( ?s ?p ?o { source %s } ) insert ( %s t \"a text beyond seven %s\" )",
      "match ?s p ?o as ?st where ?o = %s delete ( ?s p ?o as ?st ) insert ( %s u %s . %s u 1.5 )",
      "match ?s ?p %s delete ( ?s ?p %s ) insert ( %s p %s )"};
  const char* const form = forms[next_random(seed) % (sizeof forms / sizeof forms[0])];
  const char* const n[4] = {name(seed), name(seed), name(seed), name(seed)};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  (void)snprintf(out, size, form, n[0], n[1], n[2], n[3]);
#pragma GCC diagnostic pop
}

static uint64_t count_facts(parley_txn* txn) {
  parley_query* q = NULL;
  parley_value value;
  assert_int_equal(parley_prepare_in(txn, "match ?s ?p ?o return count(*)", SIZE_MAX, &q, NULL), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_ROW);
  assert_int_equal(parley_column(q, 0, &value), PARLEY_OK);
  parley_finalize(q);
  return (uint64_t)value.integer;
}

/// Run it in a transaction whose queries see it at once.
static void run(parley* store, const char* statement) {
  parley_txn* txn = NULL;
  parley_query* q = NULL;
  assert_int_equal(parley_begin(store, 1, &txn), PARLEY_OK);
  const uint64_t before = count_facts(txn);
  assert_int_equal(parley_prepare_in(txn, statement, SIZE_MAX, &q, NULL), PARLEY_OK);
  assert_int_equal(parley_step(q), PARLEY_DONE);
  const parley_changes changes = parley_query_changes(q);
  parley_finalize(q);
  assert_int_equal(count_facts(txn), before + changes.facts_new - changes.facts_gone);
  assert_int_equal(parley_commit(txn), PARLEY_OK);
}

/// Counters are exact: those of a store that was never changed.
static void expect_counters(const fixture* f) {
  parley_stats have = {.size = sizeof have};
  parley_stats want = {.size = sizeof want};
  parley* const twin = twin_of(f, "rebuilt");
  assert_int_equal(parley_get_stats(f->store, &have), PARLEY_OK);
  assert_int_equal(parley_get_stats(twin, &want), PARLEY_OK);
  assert_int_equal(have.facts, want.facts);
  assert_int_equal(have.rows, want.rows);
  assert_int_equal(have.plain, want.plain);
  assert_int_equal(have.assertions, want.assertions);
  assert_int_equal(have.annotations, want.annotations);
  assert_int_equal(have.predicates, want.predicates);
  const parley_check_options deep = {.size = sizeof deep, .deep = 1};
  parley_check_report report = {.size = sizeof report};
  assert_int_equal(parley_check(f->store, &deep, &report), PARLEY_OK);
  assert_int_equal(report.findings, 0);
  assert_int_equal(parley_close(twin), PARLEY_OK);
}

static void test_random(void** state) {
  fixture* const f = *state;
  lines* const listed = calloc(2, sizeof *listed);
  assert_non_null(listed);
  lines* const done = listed + 1;
  uint32_t seed = 20231114;
  for (int i = 0; i < ROUNDS; i++) {
    char statement[256];
    make_statement(&seed, statement, sizeof statement);
    parley* const before = twin_of(f, "before");
    preview(f->store, statement, listed);
    difference(before, f->store, done);
    assert_int_equal(done->count, 0);
    run(f->store, statement);
    difference(before, f->store, done);
    expect_same(listed, done, statement);
    assert_int_equal(parley_close(before), PARLEY_OK);
    if (i % 10 == 9) {
      expect_counters(f);
    }
  }
  free(listed);
}

/// A preview needs no write transaction: it runs while another writes, and in one it sees what was written.
static void test_readers(void** state) {
  fixture* const f = *state;
  parley_txn* txn = NULL;
  parley_query* q = NULL;
  assert_int_equal(parley_begin(f->store, 1, &txn), PARLEY_OK);
  assert_int_equal(help_add(txn, "a", "p", "b"), PARLEY_OK);
  help_expect(f->store, "preview delete ( a p b )", "");
  assert_int_equal(parley_prepare_in(txn, "preview delete ( a p b )", SIZE_MAX, &q, NULL), PARLEY_OK);
  char* const rows = help_rows(q);
  assert_string_equal(rows, "fact gone|a|p|b|");
  free(rows);
  parley_finalize(q);
  parley_rollback(txn);
}

int main(void) {
  const struct CMUnitTest tests[] = {HELP_TEST(test_random), HELP_TEST(test_readers)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
