// Runs golden files: records of text separated by blank lines, each a statement and, after `----`, what it must give.
//
//   # comment
//   data FILE [FILE...]        a fresh store with these files (from the golden file's folder, tests/data, examples, or
//   $PARLEY_SHARED_DATA) shared FILE [FILE...]      the same, but the file is skipped by name when $PARLEY_SHARED_DATA
//   is not set exec                       statements that must succeed, in a transaction of their own each query
//   [ordered] [same=L]   rows: one line each, columns joined by " | ", null as NULL; unordered unless said; same=L:
//   equal to other records of L error                      the whole report that the statement gives (prepare or run)
//   warn                       rows, then the warnings' reports
//   why [ordered] [members=N] [plain]   rows with their confidence and, indented below each, their support; plain: only in
//   mode plain, for answers that keep the first rows they meet
//   algebra | explain | ast | tokens     the text of that stage
//   param NAME VALUE           binds $NAME for the next record (VALUE as N-Triples-like: "text", 42, <iri>, 2023-09-05,
//   name)
//
// Modes (--mode): plain; rules (each rewrite rule off in turn, then all); order (join order as written); reopen (store
// closed and opened before each record); memory (each record again and again with another allocation failing, every
// --stride N-th, beginning with another one for each record: an error that says so, or the same answer, and nothing
// kept). Stage and error records are compared in mode plain only. --update rewrites the expected parts in mode plain.
#include "failing.h"

#include <parley.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct text {
  char* data;
  size_t len, capacity;
} text;

static void die(const char* what) {
  fprintf(stderr, "golden: %s: %s\n", what, strerror(errno));
  exit(2);
}

static void text_add(text* t, const char* s, size_t n) {
  if (t->len + n + 1 > t->capacity) {
    t->capacity = (t->len + n + 1) * 2;
    t->data = realloc(t->data, t->capacity);
    if (!t->data) {
      die("realloc");
    }
  }
  memcpy(t->data + t->len, s, n);
  t->len += n;
  t->data[t->len] = '\0';
}
static void text_puts(text* t, const char* s) { text_add(t, s, strlen(s)); }
static void text_clear(text* t) {
  t->len = 0;
  text_add(t, "", 0);
}

typedef struct label {
  char name[64];
  char* rows;
} label;

static struct {
  const char* file;   // golden file
  char folder[4096];  // its folder
  const char* data;   // tests/data and examples are found from here
  char store[4096];   // temporary store
  parley* db;
  text out;  // rewritten file
  bool update;
  uint64_t rules_off;
  bool join_off, reopen, plain;
  long stride;  // mode memory: between two allocations that fail; 0 = other modes
  long sweeps;  // records swept, faults injected
  size_t faults;
  failing heap;
  parley_txn* txn;     // statements run in it; NULL = each for itself
  bool why;            // rows with their support
  size_t why_members;  // of groups; 0 = default
  size_t passed, failed, skipped;
  label labels[256];
  size_t label_count;
  struct {
    char name[64];
    char value[1024];
  } params[16];
  size_t param_count;
} g;

static void close_store(void) {
  if (g.db && (parley_close(g.db) != PARLEY_OK || atomic_load(&g.heap.bytes) != 0)) {
    fprintf(stderr, "%s: the store could not be closed, or kept memory: %ld bytes\n", g.file,
            atomic_load(&g.heap.bytes));
    exit(2);
  }
  g.db = NULL;
}

static void open_store(void) {
  parley_options options = {.size = sizeof options,
                            .flags = PARLEY_OPEN_CREATE | PARLEY_OPEN_NO_SYNC,
                            .reallocate = failing_reallocate,
                            .user = &g.heap};
  parley_error_object* error = NULL;
  if (parley_open(g.store, &options, &g.db, &error) != PARLEY_OK) {
    fprintf(stderr, "%s: %s\n", g.file, parley_error_message(error));
    exit(2);
  }
}

static void drop_store(void) {
  char lock[4200];
  close_store();
  snprintf(lock, sizeof lock, "%s-lock", g.store);
  unlink(g.store);
  unlink(lock);
}

static bool find_file(const char* name, char* out, size_t size) {
  const char* shared = getenv("PARLEY_SHARED_DATA");
  const char* roots[] = {g.folder, "tests/data", "examples", ""};
  for (size_t i = 0; i < 4; i++) {
    snprintf(out, size, "%s%s%s/%s", i ? g.data : "", i ? "/" : "", roots[i], name);
    if (access(out, R_OK) == 0) {
      return true;
    }
  }
  if (shared) {
    snprintf(out, size, "%s/%s", shared, name);
    return access(out, R_OK) == 0;
  }
  return false;
}

// Load the files of a `data` line into a fresh store. False if one is missing.
static bool load_data(const char* names) {
  char line[4096], path[8192];
  drop_store();
  open_store();
  snprintf(line, sizeof line, "%s", names);
  for (char* name = strtok(line, " "); name; name = strtok(NULL, " ")) {
    if (!find_file(name, path, sizeof path)) {
      return false;
    }
    const parley_input input = {.path = path};
    if (parley_load(g.db, &input, 1, NULL, NULL) != PARLEY_OK) {
      parley_diagnostic d;
      fprintf(stderr, "%s: cannot load %s: %s\n", g.file, path,
              parley_error_get(parley_error(g.db), 0, &d) == PARLEY_OK ? d.text : "?");
      exit(2);
    }
  }
  return true;
}

static parley_value param_value(const char* v) {
  static char buffer[1024];
  snprintf(buffer, sizeof buffer, "%s", v);
  const size_t n = strlen(buffer);
  if (n >= 2 && buffer[0] == '"' && buffer[n - 1] == '"') {
    buffer[n - 1] = '\0';
    return parley_string(buffer + 1);
  }
  if (n >= 2 && buffer[0] == '<' && buffer[n - 1] == '>') {
    buffer[n - 1] = '\0';
    return parley_iri(buffer + 1);
  }
  if (isdigit((unsigned char)buffer[0])) {
    return strchr(buffer, '-') ? parley_date(buffer) : parley_integer(strtoll(buffer, NULL, 10));
  }
  return parley_name(buffer);
}

static parley_status bind_params(parley_query* query) {
  parley_status status = PARLEY_OK;
  for (size_t i = 0; status == PARLEY_OK && i < g.param_count; i++) {
    const parley_value v = param_value(g.params[i].value);
    status = parley_bind(query, g.params[i].name, &v);
  }
  return status;
}

static parley_status prepare(const char* statement, size_t len, parley_query** query) {
  return g.txn ? parley_prepare_in(g.txn, statement, len, query, NULL)
               : parley_prepare(g.db, statement, len, query, NULL);
}

// Why preparing or running failed; without memory there may be no query to ask.
static const parley_error_object* failure(const parley_query* query) {
  return query ? parley_query_error(query) : g.txn ? parley_txn_error(g.txn) : parley_error(g.db);
}

static void reports(const parley_error_object* error, text* out) {
  parley_diagnostic d;
  for (size_t i = 0; parley_error_get(error, i, &d) == PARLEY_OK; i++) {
    text_puts(out, d.text);
    if (out->len && out->data[out->len - 1] != '\n') {
      text_puts(out, "\n");
    }
  }
}

static int by_text(const void* a, const void* b) { return strcmp(*(char* const*)a, *(char* const*)b); }

// Sort the lines of a text, so that unordered answers compare as multisets.
static void sort_lines(text* t) {
  size_t count = 0;
  char** lines = malloc((t->len + 1) * sizeof *lines);
  char* copy = strdup(t->data ? t->data : "");
  if (!lines || !copy) {
    die("malloc");
  }
  for (char *p = copy, *end; *p; p = end + 1) {
    end = strchr(p, '\n');
    *end = '\0';
    lines[count++] = p;
  }
  qsort(lines, count, sizeof *lines, by_text);
  text_clear(t);
  for (size_t i = 0; i < count; i++) {
    text_puts(t, lines[i]);
    text_puts(t, "\n");
  }
  free(lines);
  free(copy);
}

static parley_status add_row(parley_query* query, text* out) {
  const size_t columns = parley_column_count(query);
  for (size_t c = 0; c < columns; c++) {
    parley_value v;
    text_puts(out, c ? " | " : "");
    const parley_status status = parley_column(query, c, &v);
    const char* const cell = status != PARLEY_OK ? NULL : v.type ? parley_column_text(query, c) : "NULL";
    if (!cell) {
      return status != PARLEY_OK ? status : PARLEY_NOMEM;
    }
    text_puts(out, cell);
  }
  text_puts(out, "\n");
  return PARLEY_ROW;
}

static void add_note(text* out, const char* name, const parley_value* value) {
  if (value->type != PARLEY_NULL) {
    text_puts(out, " ");
    text_puts(out, name);
    text_puts(out, " ");
    text_add(out, value->text, value->text_len);
  }
}

static void add_support_line(const parley_support* s, text* out) {
  char number[32];
  for (unsigned i = 0; i <= s->depth; i++) {
    text_puts(out, "  ");
  }
  snprintf(number, sizeof number, "%" PRIu64, s->count);
  switch (s->kind) {
    case PARLEY_SUPPORT_ASSERTION:
      text_puts(out, s->assertion.type == PARLEY_IRI ? "- graph" : "- assertion");
      add_note(out, "source", &s->source);
      add_note(out, "span", &s->span);
      add_note(out, "confidence", &s->confidence);
      add_note(out, "from", &s->from);
      add_note(out, "until", &s->until);
      add_note(out, "on", &s->on);
      break;
    case PARLEY_SUPPORT_PLAIN:
      text_puts(out, "- plain");
      break;
    case PARLEY_SUPPORT_MEMBER:
      text_puts(out, "row ");
      text_puts(out, number);
      break;
    case PARLEY_SUPPORT_MORE:
      text_puts(out, number);
      text_puts(out, " more");
      break;
    default:
      text_puts(out, s->kind == PARLEY_SUPPORT_IDENTITY ? "same: "
                     : s->kind == PARLEY_SUPPORT_ABSENT ? "absent: "
                                                        : "");
      text_puts(out, s->text);
  }
  text_puts(out, "\n");
}

// The support of a row under it.
static parley_status add_support(parley_query* query, text* out) {
  parley_support s = {.size = sizeof s};
  double confidence = -1;
  char number[32];
  parley_status status = parley_why_confidence(query, &confidence);
  if (status != PARLEY_OK) {
    return status;
  }
  snprintf(number, sizeof number, "  confidence %g\n", confidence);
  text_puts(out, number);
  while ((status = parley_why_next(query, &s)) == PARLEY_OK) {
    add_support_line(&s, out);
  }
  return status == PARLEY_NOT_FOUND ? PARLEY_ROW : status;
}

// Rows with their support are lines while they are sorted: every end of line inside is written as 1.
static void join_blocks(text* t) {
  for (size_t i = 0; i + 1 < t->len; i++) {
    if (t->data[i] == '\n' && t->data[i + 1] == ' ') {
      t->data[i] = 1;
    }
  }
}

static void split_blocks(text* t) {
  for (size_t i = 0; i < t->len; i++) {
    t->data[i] = t->data[i] == 1 ? '\n' : t->data[i];
  }
}

static void sort_blocks(text* t) {
  join_blocks(t);
  sort_lines(t);
  split_blocks(t);
}

// Run one statement; rows or reports are appended. Returns its last status.
static parley_status run(const char* statement, size_t len, text* rows, text* errors, bool warnings) {
  parley_query* query = NULL;
  parley_status status = prepare(statement, len, &query);
  if (status == PARLEY_OK && query) {
    status = bind_params(query);
    if (status == PARLEY_OK && (g.rules_off || g.join_off)) {
      status = parley_query_set_rules(query, g.rules_off, g.join_off);
    }
    if (g.why && status == PARLEY_OK && (!parley_query_is_why(query) || g.why_members)) {
      status = parley_query_ask_why(query, g.why_members);
    }
    while (status == PARLEY_OK || status == PARLEY_ROW) {
      status = parley_step(query);
      if (status == PARLEY_ROW) {
        status = add_row(query, rows);
      }
      if (status == PARLEY_ROW && g.why) {
        status = add_support(query, rows);
      }
    }
  }
  if (warnings || (status != PARLEY_DONE && status != PARLEY_OK)) {
    reports(failure(query), errors);
  }
  if (g.stride && query && status != PARLEY_DONE) {
    (void)parley_step(query);  // a query that failed may be asked again
  }
  parley_finalize(query);
  return status == PARLEY_DONE ? PARLEY_OK : status;
}

static parley_stage stage_of(const char* kind) {
  return !strcmp(kind, "tokens")    ? PARLEY_STAGE_TOKENS
         : !strcmp(kind, "ast")     ? PARLEY_STAGE_AST
         : !strcmp(kind, "algebra") ? PARLEY_STAGE_ALGEBRA
                                    : PARLEY_STAGE_PLAN;
}

static parley_status get_stage(const char* kind, const char* statement, text* out, text* errors) {
  parley_query* query = NULL;
  const char* s = NULL;
  const parley_status status = prepare(statement, SIZE_MAX, &query);
  if (status == PARLEY_OK) {
    s = parley_query_stage(query, stage_of(kind));
    text_puts(out, s ? s : "");
    if (out->len && out->data[out->len - 1] != '\n') {
      text_puts(out, "\n");
    }
  }
  if (!s) {
    reports(failure(query), errors);
  }
  parley_finalize(query);
  return s ? PARLEY_OK : status == PARLEY_OK ? PARLEY_NOMEM : status;
}

// ---- mode memory --------------------------------------------------------------------------------------------------

typedef struct attempt {
  parley_status status;
  text seen;     // rows in order of their text
  text reports;  // errors and warnings
} attempt;

static bool is_stage(const char* kind) {
  return !strcmp(kind, "algebra") || !strcmp(kind, "explain") || !strcmp(kind, "ast") || !strcmp(kind, "tokens");
}

// The statement in a transaction that is undone if it changes the store, with the n-th allocation failing unless n is
// negative. Returns whether one failed.
static bool try_once(const char* kind, bool update, const char* statement, size_t len, long n, attempt* out) {
  text_clear(&out->seen);
  text_clear(&out->reports);
  if (update && parley_begin(g.db, 1, &g.txn) != PARLEY_OK) {
    die("parley_begin");
  }
  failing_arm(&g.heap, n);
  out->status = is_stage(kind) ? get_stage(kind, statement, &out->seen, &out->reports)
                               : run(statement, len, &out->seen, &out->reports, !strcmp(kind, "warn"));
  const bool failed = failing_disarm(&g.heap);
  parley_rollback(g.txn);
  g.txn = NULL;
  if (out->status == PARLEY_OK) {
    sort_blocks(&out->seen);
  }
  return failed;
}

static bool changes_store(const char* statement, size_t len) {
  parley_query* query = NULL;
  const bool update = parley_prepare(g.db, statement, len, &query, NULL) == PARLEY_OK && parley_query_is_update(query);
  parley_finalize(query);
  return update;
}

// A failed allocation gives an error that says so, or all is as without it; a report may be shorter.
static void sweep(const char* head, const char* statement, size_t len) {
  char kind[32] = "";
  attempt whole = {0}, now = {0};
  sscanf(head, "%31s", kind);
  g.why = !strcmp(kind, "why");
  const bool update = changes_store(statement, len);
  (void)try_once(kind, update, statement, len, -1, &whole);
  for (long n = g.sweeps++ % g.stride; try_once(kind, update, statement, len, n, &now); n += g.stride) {
    const bool told = now.status == PARLEY_NOMEM && now.reports.data[0];
    const bool same =
        now.status == whole.status && (update || now.status != PARLEY_OK || !strcmp(now.seen.data, whole.seen.data));
    g.faults++;
    if (!told && !same) {
      g.failed++;
      fprintf(stderr, "FAIL %s\n%s\n%.*s\nallocation %ld failed: %s\n%s--- without\n%s\n", g.file, head,
              (int)(len == SIZE_MAX ? strlen(statement) : len), statement, n, parley_status_name(now.status),
              now.status == PARLEY_OK ? now.seen.data : now.reports.data, whole.seen.data);
    }
  }
  g.why = false;
  free(whole.seen.data);
  free(whole.reports.data);
  free(now.seen.data);
  free(now.reports.data);
}

static void check_label(const char* head, const text* rows) {
  const char* at = strstr(head, "same=");
  if (!at) {
    return;
  }
  char name[64];
  snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 5, " \n"), at + 5);
  for (size_t i = 0; i < g.label_count; i++) {
    if (!strcmp(g.labels[i].name, name)) {
      if (strcmp(g.labels[i].rows, rows->data ? rows->data : "")) {
        fprintf(stderr, "%s: records labelled same=%s differ\n", g.file, name);
        g.failed++;
      }
      return;
    }
  }
  if (g.label_count < 256) {
    snprintf(g.labels[g.label_count].name, 64, "%s", name);
    g.labels[g.label_count++].rows = strdup(rows->data ? rows->data : "");
  }
}

static void compare(const char* head, const char* statement, text* expected, text* seen, bool sorted) {
  text raw = {0};
  text_puts(&raw, seen->data ? seen->data : "");
  if (sorted) {
    sort_lines(expected);
    sort_lines(seen);
  }
  const char* want = expected->data ? expected->data : "";
  const char* got = seen->data ? seen->data : "";
  if (!strcmp(want, got)) {
    g.passed++;
  } else {
    g.failed++;
    fprintf(stderr, "FAIL %s\n%s\n%s--- expected\n%s--- seen\n%s\n", g.file, head, statement, want, got);
  }
  if (g.update) {
    text_puts(&g.out, strcmp(want, got) ? raw.data : expected->data ? expected->data : "");
  }
  free(raw.data);
}

static void why_record(const char* head, text* statement, text* expected) {
  text seen = {0};
  const char* members = strstr(head, "members=");
  g.why = true;
  g.why_members = members ? strtoull(members + 8, NULL, 10) : 0;
  if (run(statement->data, SIZE_MAX, &seen, &seen, false) == PARLEY_OK && !strstr(head, " ordered")) {
    sort_blocks(&seen);
    sort_blocks(expected);
  }
  g.why = false;
  compare(head, statement->data, expected, &seen, false);
  free(seen.data);
}

// One record: head line, statement text, expected text (all zero-terminated, lines ended by \n).
static void record(char* head, text* statement, text* expected, text* expected_raw) {
  char kind[32] = "";
  sscanf(head, "%31s", kind);
  const bool stage = is_stage(kind);
  const bool error = !strcmp(kind, "error") || !strcmp(kind, "warn");
  text seen = {0}, errors = {0};
  if (g.reopen) {
    close_store();
    open_store();
  }
  if (g.stride && strcmp(kind, "exec") != 0) {
    sweep(head, statement->data, SIZE_MAX);
  }
  if (!strcmp(kind, "exec")) {
    const char* p = statement->data;
    while (*p) {
      int complete;
      const size_t n = parley_statement_length(p, strlen(p), &complete);
      if (n == 0) {
        break;
      }
      if (g.stride) {
        sweep(head, p, n);
      }
      if (run(p, n, &seen, &errors, false) != PARLEY_OK) {
        g.failed++;
        fprintf(stderr, "FAIL %s\n%s\n%s\n", g.file, head, errors.data ? errors.data : "");
      }
      p += n;
    }
  } else if ((stage || error || strstr(head, " plain")) && !g.plain) {
    // Texts of stages and errors may differ between modes.
  } else if (stage) {
    (void)get_stage(kind, statement->data, &seen, &seen);
    compare(head, statement->data, expected, &seen, false);
  } else if (!strcmp(kind, "error")) {
    text ignored = {0};
    if (run(statement->data, SIZE_MAX, &ignored, &errors, false) == PARLEY_OK) {
      text_puts(&errors, "(no error)\n");
    }
    compare(head, statement->data, expected, &errors, false);
    free(ignored.data);
  } else if (!strcmp(kind, "why")) {
    why_record(head, statement, expected);
  } else if (!strcmp(kind, "query") || !strcmp(kind, "warn")) {
    const parley_status status = run(statement->data, SIZE_MAX, &seen, &errors, !strcmp(kind, "warn"));
    if (status != PARLEY_OK || !strcmp(kind, "warn")) {
      text_puts(&seen, errors.data ? errors.data : "");
    }
    const bool sorted = !strcmp(kind, "query") && !strstr(head, " ordered");
    if (g.update && sorted) {
      text plain = {0};
      text_puts(&plain, expected_raw->data ? expected_raw->data : "");
      sort_lines(&plain);
      text copy = {0};
      text_puts(&copy, seen.data ? seen.data : "");
      sort_lines(&copy);
      if (!strcmp(plain.data, copy.data)) {
        text_puts(&g.out, expected_raw->data ? expected_raw->data : "");
        g.passed++;
      } else {
        text_puts(&g.out, copy.data);
        g.failed++;
      }
      free(plain.data);
      free(copy.data);
    } else {
      compare(head, statement->data, expected, &seen, sorted);
    }
    sort_lines(&seen);
    check_label(head, &seen);
  } else {
    fprintf(stderr, "%s: unknown record `%s`\n", g.file, head);
    g.failed++;
  }
  free(seen.data);
  free(errors.data);
}

static void emit(const char* s) {
  if (g.update) {
    text_puts(&g.out, s);
  }
}

static bool directive(char* line) {
  line[strcspn(line, "\n")] = '\0';
  if (!strncmp(line, "data ", 5)) {
    if (!load_data(line + 5)) {
      fprintf(stderr, "%s: cannot find %s\n", g.file, line + 5);
      exit(2);
    }
  } else if (!strncmp(line, "shared ", 7)) {
    if (!load_data(line + 7)) {
      printf("skipped %s: no %s\n", g.file, line + 7);
      exit(77);
    }
  } else if (!strncmp(line, "param ", 6) && g.param_count < 16) {
    sscanf(line + 6, "%63s %1023[^\n]", g.params[g.param_count].name, g.params[g.param_count].value);
    g.param_count++;
  } else {
    return false;
  }
  return true;
}

static void run_file(void) {
  FILE* in = fopen(g.file, "r");
  if (!in) {
    die(g.file);
  }
  char* line = NULL;
  size_t size = 0;
  char head[512] = "";
  text statement = {0}, expected = {0}, raw = {0};
  int part = 0;  // 0 between records, 1 statement, 2 expected
  ssize_t n;
  do {
    n = getline(&line, &size, in);
    const bool blank = n <= 0 || line[0] == '\n';
    if (part && blank) {
      text_add(&statement, "", 0);
      record(head, &statement, &expected, &raw);
      part = 0;
      g.param_count = 0;
    }
    if (part == 0) {
      if (n > 0) {
        emit(line);
      }
      if (blank || line[0] == '#') {
        continue;
      }
      char copy[4096];
      snprintf(copy, sizeof copy, "%s", line);
      if (directive(copy)) {
        continue;
      }
      snprintf(head, sizeof head, "%.*s", (int)strcspn(line, "\n"), line);
      text_clear(&statement);
      text_clear(&expected);
      text_clear(&raw);
      part = 1;
    } else if (part == 1 && !strcmp(line, "----\n")) {
      emit(line);
      part = 2;
    } else {
      if (part == 1) {
        emit(line);
      } else {
        text_add(&raw, line, (size_t)n);
      }
      text_add(part == 1 ? &statement : &expected, line, (size_t)n);
    }
  } while (n > 0);
  free(line);
  free(statement.data);
  free(expected.data);
  free(raw.data);
  fclose(in);
}

static void forget_labels(void) {
  for (size_t i = 0; i < g.label_count; i++) {
    free(g.labels[i].rows);
  }
  g.label_count = 0;
}

int main(int argc, char** argv) {
  const char* mode = "plain";
  long stride = 1;
  g.data = ".";
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--update")) {
      g.update = true;
    } else if (!strcmp(argv[i], "--mode") && i + 1 < argc) {
      mode = argv[++i];
    } else if (!strcmp(argv[i], "--stride") && i + 1 < argc) {
      stride = atol(argv[++i]);
    } else if (!strcmp(argv[i], "--root") && i + 1 < argc) {
      g.data = argv[++i];
    } else {
      g.file = argv[i];
    }
  }
  if (!g.file) {
    fputs("usage: golden [--update] [--root SOURCE] [--mode plain|rules|order|reopen|memory] [--stride N] FILE\n",
          stderr);
    return 2;
  }
  snprintf(g.folder, sizeof g.folder, "%s", g.file);
  char* slash = strrchr(g.folder, '/');
  snprintf(slash ? slash : g.folder, 2, "%s", slash ? "" : ".");
  const char* tmp = getenv("TMPDIR");
  snprintf(g.store, sizeof g.store, "%s/golden-XXXXXX", tmp ? tmp : "/tmp");
  const int fd = mkstemp(g.store);
  if (fd < 0) {
    die("mkstemp");
  }
  close(fd);
  unlink(g.store);
  g.plain = !strcmp(mode, "plain");
  g.stride = strcmp(mode, "memory") != 0 ? 0 : stride > 0 ? stride : 1;
  (void)failing_disarm(&g.heap);
  g.join_off = !strcmp(mode, "order");
  g.reopen = !strcmp(mode, "reopen");
  const int rounds = !strcmp(mode, "rules") ? 17 : 1;
  for (int i = 0; i < rounds; i++) {
    g.rules_off = rounds == 1 ? 0 : i == 16 ? UINT64_MAX : (uint64_t)1 << i;
    drop_store();
    open_store();
    run_file();
    forget_labels();
  }
  drop_store();
  if (g.update && g.out.data) {
    FILE* out = fopen(g.file, "w");
    if (!out || fwrite(g.out.data, 1, g.out.len, out) != g.out.len || fclose(out)) {
      die(g.file);
    }
  }
  free(g.out.data);
  printf("%s (%s): %zu passed, %zu failed", g.file, mode, g.passed, g.failed);
  printf(g.stride ? ", %zu faults injected\n" : "\n", g.faults);
  return g.failed ? 1 : 0;
}
