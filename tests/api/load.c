/// Loading, building, exporting and inspecting through parley.h.
#include "help.h"

#include <sys/stat.h>

static const char facts[] =
    "{\"subject\":\"Ann\",\"predicate\":\"knows\",\"object\":\"Bob\",\"source\":\"one\",\"subject_type\":\"Person\"}\n"
    "{\"subject\":\"Bob\",\"predicate\":\"knows\",\"object\":\"Ann\",\"source\":\"one\",\"object_type\":\"Person\"}\n"
    "{\"subject\":\"Ann\",\"predicate\":\"age\",\"object\":41,\"source\":\"two\"}\n";

typedef struct reader {
  const char* text;  ///< what is left
  int calls;         ///< so far
} reader;

static int read_some(void* user, char* buf, size_t size, size_t* len) {
  reader* const r = user;
  const size_t left = strlen(r->text);
  *len = left < 7 ? left : 7;
  *len = *len < size ? *len : size;
  memcpy(buf, r->text, *len);
  r->text += *len;
  r->calls++;
  return 0;
}

static int read_nothing(void* user, char* buf, size_t size, size_t* len) {
  (void)user;
  (void)buf;
  (void)size;
  *len = 0;
  return 1;
}

static void loads_memory_and_callbacks(void** state) {
  fixture* const f = *state;
  parley_load_summary summary;
  reader r = {.text = facts};
  const parley_input memory = {.memory = facts, .memory_len = sizeof facts - 1, .format = "jsonl"};
  const parley_input callback = {.read = read_some, .user = &r, .format = "jsonl"};
  assert_int_equal(parley_load(f->store, &memory, 1, NULL, &summary), PARLEY_OK);
  assert_int_equal(summary.rows, 3);
  assert_true(summary.changes.facts_new >= 5);
  assert_true(summary.changes.assertions_new >= 3);
  assert_int_equal(parley_load(f->store, &callback, 1, NULL, &summary), PARLEY_OK);
  assert_int_equal(summary.rows, 3);
  assert_int_equal(summary.changes.facts_new, 0);
  assert_int_equal(summary.changes.assertions_new, 0);
  assert_true(r.calls > 3);
}

static void loads_in_transactions(void** state) {
  fixture* const f = *state;
  parley_txn* txn = NULL;
  parley_load_summary summary;
  const parley_input input = {.memory = facts, .memory_len = sizeof facts - 1, .format = "jsonl"};
  const parley_value ann = parley_name("Ann");
  const parley_value knows = parley_name("knows");
  const parley_value bob = parley_name("Bob");
  assert_int_equal(parley_begin(f->store, 1, &txn), PARLEY_OK);
  assert_int_equal(help_add(txn, "Ann", "knows", "Bob"), PARLEY_OK);
  assert_int_equal(parley_load_in(txn, &input, 1, NULL, &summary), PARLEY_OK);
  assert_int_equal(parley_contains(txn, &bob, &knows, &ann), PARLEY_OK);
  parley_load_options steps = {.size = sizeof steps, .commit_every = 1};
  assert_int_equal(parley_load_in(txn, &input, 1, &steps, &summary), PARLEY_MISUSE);
  parley_rollback(txn);
  assert_int_equal(parley_begin(f->store, 0, &txn), PARLEY_OK);
  assert_int_equal(parley_contains(txn, &ann, &knows, &bob), PARLEY_NOT_FOUND);
  assert_int_equal(parley_load_in(txn, &input, 1, NULL, &summary), PARLEY_READONLY);
  parley_rollback(txn);
}

static void refuses_bad_inputs(void** state) {
  fixture* const f = *state;
  const parley_input none = {.format = "nt"};
  const parley_input both = {.path = "x.nt", .memory = "", .format = "nt"};
  const parley_input odd = {.memory = "", .format = "docx"};
  const parley_input unknown = {.memory = "", .name = "thing"};
  const parley_input missing = {.path = "/nowhere/at/all.nt"};
  const parley_input broken = {.read = read_nothing, .format = "nt"};
  const parley_load_options unsized = {.skip_bad = 1};
  assert_int_equal(parley_load(f->store, &none, 1, NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_load(f->store, &both, 1, NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_load(f->store, &odd, 1, NULL, NULL), PARLEY_FORMAT);
  assert_int_equal(parley_load(f->store, &unknown, 1, NULL, NULL), PARLEY_FORMAT);
  assert_int_equal(parley_load(f->store, &missing, 1, NULL, NULL), PARLEY_CANTOPEN);
  assert_non_null(strstr(parley_error_message(parley_error(f->store)), "/nowhere/at/all.nt"));
  assert_int_equal(parley_load(f->store, &broken, 1, NULL, NULL), PARLEY_IO);
  assert_int_equal(parley_load(f->store, NULL, 1, NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_load(f->store, &none, 1, &unsized, NULL), PARLEY_MISUSE);
}

typedef struct bad_seen {
  int count;         ///< rows given
  uint64_t row;      ///< of the last one
  char text[64];     ///< of the last one
  char report[512];  ///< of the last one
} bad_seen;

static void see_bad(void* user, const parley_bad_row* bad) {
  bad_seen* const seen = user;
  seen->count++;
  seen->row = bad->row;
  (void)snprintf(seen->text, sizeof seen->text, "%.*s", (int)bad->text_len, bad->text);
  (void)snprintf(seen->report, sizeof seen->report, "%s", bad->diagnostic->text);
}

static void skips_bad_rows(void** state) {
  fixture* const f = *state;
  static const char text[] = "<urn:a> <urn:b> <urn:c> .\nnonsense\n<urn:a> <urn:b> <urn:d> .\n";
  const parley_input input = {.memory = text, .memory_len = sizeof text - 1, .format = "nt", .name = "rows.nt"};
  parley_load_summary summary;
  parley_diagnostic d;
  assert_int_equal(parley_load(f->store, &input, 1, NULL, &summary), PARLEY_FORMAT);
  assert_int_equal(summary.changes.facts_new, 0);
  assert_int_equal(parley_error_get(parley_error(f->store), 0, &d), PARLEY_OK);
  assert_int_equal(d.line, 2);
  assert_string_equal(d.source, "rows.nt");
  bad_seen seen = {0};
  const parley_load_options options = {.size = sizeof options, .skip_bad = 1, .on_bad_row = see_bad, .user = &seen};
  assert_int_equal(parley_load(f->store, &input, 1, &options, &summary), PARLEY_OK);
  assert_int_equal(summary.rows, 3);
  assert_int_equal(summary.rows_bad, 1);
  assert_int_equal(summary.changes.facts_new, 2);
  assert_int_equal(seen.count, 1);
  assert_int_equal(seen.row, 2);
  assert_string_equal(seen.text, "nonsense");
  assert_non_null(strstr(seen.report, "rows.nt:2"));
}

static void stops_when_asked(void** state) {
  fixture* const f = *state;
  const parley_input input = {.memory = facts, .memory_len = sizeof facts - 1, .format = "jsonl"};
  parley_load_summary summary;
  parley_interrupt(f->store);
  assert_int_equal(parley_load(f->store, &input, 1, NULL, &summary), PARLEY_INTERRUPTED);
  assert_int_equal(parley_check(f->store, NULL, NULL), PARLEY_INTERRUPTED);
  parley_clear_interrupt(f->store);
  parley_stats stats = {.size = sizeof stats};
  assert_int_equal(parley_get_stats(f->store, &stats), PARLEY_OK);
  assert_int_equal(stats.facts, 0);
}

typedef struct pipe_end {
  parley* store;            ///< asked to stop at the end; may be NULL
  volatile int* interrupt;  ///< set at the end; may be NULL
  int ended;                ///< the end was read
} pipe_end;

/// One fact and the end, both by the same Ctrl-C.
static int read_and_interrupt(void* user, char* buf, size_t size, size_t* len) {
  static const char fact[] = "<urn:a> <urn:b> <urn:c> .\n";
  pipe_end* const end = user;
  *len = 0;
  if (!end->ended) {
    assert_true(size >= sizeof fact);
    memcpy(buf, fact, sizeof fact - 1);
    *len = sizeof fact - 1;
  } else if (end->store) {
    parley_interrupt(end->store);
  } else if (end->interrupt) {
    *end->interrupt = 1;
  }
  end->ended = 1;
  return 0;
}

static int stop_at_the_end(void* user, const parley_progress* progress) {
  (void)progress;
  return ((const pipe_end*)user)->ended;
}

/// Input that ends because of the interrupt is not taken for whole.
static void stops_at_the_end(void** state) {
  fixture* const f = *state;
  char path[128];
  volatile int interrupt = 0;
  pipe_end end = {.store = f->store};
  const parley_input input = {.read = read_and_interrupt, .user = &end, .format = "nt"};
  assert_int_equal(parley_load(f->store, &input, 1, NULL, NULL), PARLEY_INTERRUPTED);
  parley_clear_interrupt(f->store);
  const parley_load_options options = {.size = sizeof options, .on_progress = stop_at_the_end, .user = &end};
  end = (pipe_end){.ended = 0};
  assert_int_equal(parley_load(f->store, &input, 1, &options, NULL), PARLEY_INTERRUPTED);
  parley_stats stats = {.size = sizeof stats};
  assert_int_equal(parley_get_stats(f->store, &stats), PARLEY_OK);
  assert_int_equal(stats.facts, 0);
  (void)snprintf(path, sizeof path, "%s/never", f->folder);
  end = (pipe_end){.interrupt = &interrupt};
  assert_int_equal(parley_build(path, NULL, &input, 1, NULL, &interrupt, NULL, NULL), PARLEY_INTERRUPTED);
  assert_int_not_equal(access(path, F_OK), 0);
}

typedef struct output {
  char text[8192];  ///< zero-terminated
  size_t len;       ///< used
} output;

static int collect(void* user, const char* data, size_t len) {
  output* const out = user;
  if (out->len + len >= sizeof out->text) {
    return 1;
  }
  memcpy(out->text + out->len, data, len);
  out->len += len;
  out->text[out->len] = '\0';
  return 0;
}

static int refuse(void* user, const char* data, size_t len) {
  (void)user;
  (void)data;
  (void)len;
  return 1;
}

static void builds_and_exports(void** state) {
  fixture* const f = *state;
  char path[128];
  output first = {.len = 0}, second = {.len = 0};
  parley* built = NULL;
  parley_error_object* error = NULL;
  parley_load_summary summary;
  const parley_input input = {.memory = facts, .memory_len = sizeof facts - 1, .format = "jsonl"};
  const parley_options open = {.size = sizeof open};
  (void)snprintf(path, sizeof path, "%s/built", f->folder);
  assert_int_equal(parley_build(path, &open, &input, 1, NULL, NULL, &summary, &error), PARLEY_OK);
  assert_null(error);
  assert_int_equal(summary.rows, 3);
  assert_int_not_equal(parley_build(path, NULL, &input, 1, NULL, NULL, NULL, &error), PARLEY_OK);
  assert_non_null(strstr(parley_error_message(error), "exists"));
  parley_error_free(error);
  (void)snprintf(path, sizeof path, "%s/never", f->folder);
  const volatile int interrupt = 1;
  assert_int_equal(parley_build(path, NULL, &input, 1, NULL, &interrupt, NULL, NULL), PARLEY_INTERRUPTED);
  assert_int_not_equal(access(path, F_OK), 0);
  assert_int_equal(parley_build(NULL, NULL, &input, 1, NULL, NULL, NULL, NULL), PARLEY_MISUSE);

  (void)snprintf(path, sizeof path, "%s/built", f->folder);
  assert_int_equal(parley_open(path, NULL, &built, NULL), PARLEY_OK);
  help_load(f->store, "jsonl", facts);
  parley_export_options options = {.size = sizeof options, .write = collect, .user = &first};
  assert_int_equal(parley_export(f->store, &options), PARLEY_OK);
  options.user = &second;
  assert_int_equal(parley_export(built, &options), PARLEY_OK);
  assert_string_equal(first.text, second.text);
  assert_true(first.len > 0);
  options.write = refuse;
  assert_int_equal(parley_export(built, &options), PARLEY_IO);
  options.write = NULL;
  assert_int_equal(parley_export(built, &options), PARLEY_MISUSE);
  options.write = collect;
  options.format = "trig";
  assert_int_equal(parley_export(built, &options), PARLEY_MISUSE);
  assert_int_equal(parley_close(built), PARLEY_OK);
}

static void see_class(void* user, const parley_schema_class* row) {
  output* const out = user;
  char line[128];
  const int len = snprintf(line, sizeof line, "%s %d\n", row->name, (int)row->count);
  assert_int_equal(collect(out, line, (size_t)len), 0);
}

static void see_link(void* user, const parley_schema_link* row) {
  output* const out = user;
  char line[256];
  if (strcmp(row->predicate, "label") == 0) {
    return;
  }
  const int len = snprintf(line, sizeof line, "%s %d/%d/%d: %s -> %s %d%s (%s)\n", row->predicate, (int)row->facts,
                           (int)row->subjects, (int)row->objects, row->from, row->to, (int)row->link_facts,
                           row->exact ? "" : "~", row->example);
  assert_int_equal(collect(out, line, (size_t)len), 0);
}

static void describes_itself(void** state) {
  fixture* const f = *state;
  output out = {.len = 0};
  const parley_schema_options options = {
      .size = sizeof options, .on_class = see_class, .on_link = see_link, .user = &out};
  assert_int_equal(parley_schema(f->store, &options), PARLEY_OK);
  assert_string_equal(out.text, "");
  help_load(f->store, "jsonl", facts);
  help_load(f->store, "nt",
            "<urn:parley:Ann> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:parley:Singer> .\n"
            "<urn:parley:Cyd> <urn:parley:knows> <urn:parley:Ann> .\n");
  assert_int_equal(parley_schema(f->store, &options), PARLEY_OK);
  assert_string_equal(out.text,
                      "Person 1\nSinger 1\n"
                      "knows 3/3/2: - -> Person 2 (Bob knows Ann)\n"
                      "knows 3/3/2: Person -> - 1 (Ann knows Bob)\n"
                      "age 1/1/1: Person -> integer 1 (Ann age 41)\n");
  assert_int_equal(parley_schema(f->store, NULL), PARLEY_MISUSE);
}

static void measures_and_checks(void** state) {
  fixture* const f = *state;
  help_load(f->store, "jsonl", facts);
  parley_stats stats = {.size = sizeof stats};
  parley_part part;
  uint64_t bytes = 0;
  size_t parts = 0;
  assert_int_equal(parley_get_stats(f->store, &stats), PARLEY_OK);
  assert_true(stats.facts >= 5 && stats.rows >= stats.facts && stats.predicates >= 3 && stats.terms > 5);
  assert_int_equal(stats.format_version, 1);
  assert_int_equal(stats.readers, 0);
  struct stat st;
  assert_int_equal(stat(f->path, &st), 0);
  assert_int_equal(stats.file_bytes, st.st_size);
  assert_true(stats.used_bytes > 0 && stats.used_bytes <= stats.file_bytes);
  while (parley_get_part(f->store, parts, &part) == PARLEY_OK) {
    assert_non_null(part.name);
    bytes += part.bytes;
    parts++;
  }
  assert_true(parts > 8 && bytes > 0 && bytes < stats.used_bytes);
  assert_int_equal(parley_get_part(f->store, parts, &part), PARLEY_NOT_FOUND);
  parley_txn* txn = NULL;
  assert_int_equal(parley_begin(f->store, 0, &txn), PARLEY_OK);
  assert_int_equal(parley_get_stats(f->store, &stats), PARLEY_OK);
  assert_int_equal(stats.readers, 1);
  parley_rollback(txn);
  const parley_check_options deep = {.size = sizeof deep, .deep = 1};
  parley_check_report report = {.size = sizeof report};
  assert_int_equal(parley_check(f->store, &deep, &report), PARLEY_OK);
  assert_int_equal(report.findings, 0);
  stats.size = 0;
  assert_int_equal(parley_get_stats(f->store, &stats), PARLEY_MISUSE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      HELP_TEST(loads_memory_and_callbacks), HELP_TEST(loads_in_transactions),
      HELP_TEST(refuses_bad_inputs),         HELP_TEST(skips_bad_rows),
      HELP_TEST(stops_at_the_end),           HELP_TEST(stops_when_asked),
      HELP_TEST(builds_and_exports),         HELP_TEST(describes_itself),
      HELP_TEST(measures_and_checks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
