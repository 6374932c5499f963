/// Provokes messages that no query of the golden files can give - of the interface, of files, of inputs, of limits - and prints each
/// report under the call that gave it. tests/messages/check.sh compares the whole with messages.txt.
///
/// Only parley.h is used. The folder of the stores is printed as FOLDER.
#include <parley.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static parley* store;

static void fail(const char* what) {
  (void)fprintf(stderr, "messages: %s\n", what);
  exit(1);
}

static void need(int condition, const char* what) {
  if (!condition) {
    fail(what);
  }
}

/// Text of a report with the folder's name taken out.
static void print_text(const char* text) {
  const size_t len = strlen(folder);
  while (*text) {
    if (!strncmp(text, folder, len)) {
      (void)printf("FOLDER");
      text += len;
    } else {
      (void)putchar(*text++);
    }
  }
}

static void say(const char* title, const parley_error_object* error) {
  parley_diagnostic d;
  (void)printf("## %s\n", title);
  for (size_t i = 0; parley_error_get(error, i, &d) == PARLEY_OK; i++) {
    // Long lines of generated queries say nothing: the message and the hint do.
    if (strlen(d.text) < 600) {
      print_text(d.text);
    } else {
      (void)printf("PLY-%04d: ", d.code);
      print_text(d.message);
      (void)printf(d.hint ? "\nhint: %s" : "", d.hint);
    }
    const size_t len = strlen(d.text);
    (void)printf(len && d.text[len - 1] == '\n' ? "" : "\n");
  }
  (void)putchar('\n');
}

static char* path_of(const char* name) {
  char* path = NULL;
  need(asprintf(&path, "%s/%s", folder, name) > 0, "no memory");
  return path;
}

// ---- queries --------------------------------------------------------------------------------------------------------

/// Run a statement to its end and print what was reported.
static void query(const char* title, const char* text, size_t len) {
  parley_query* q = NULL;
  parley_status status = parley_prepare(store, text, len, &q, NULL);
  need(q != NULL, title);
  while (status == PARLEY_OK || status == PARLEY_ROW) {
    status = parley_step(q);
  }
  say(title, parley_query_error(q));
  parley_finalize(q);
}

/// `head`, then `count` times `part` (with two numbers in it, if it wants them), then `tail`.
static void query_long(const char* title, const char* head, const char* part, unsigned count, const char* tail) {
  char* text = NULL;
  size_t len = 0;
  FILE* out = open_memstream(&text, &len);
  need(out != NULL, "no memory");
  (void)fputs(head, out);
  for (unsigned i = 0; i < count; i++) {
    for (const char* c = part; *c; c++) {
      if (*c == '#') {
        (void)fprintf(out, "%u", i);
      } else {
        (void)fputc(*c, out);
      }
    }
  }
  (void)fputs(tail, out);
  need(fclose(out) == 0, "no memory");
  query(title, text, len);
  free(text);
}

static void lists_that_multiply(void) {
  parley_query* q = NULL;
  parley_value values[1100];
  char names[1100][16];
  need(parley_prepare(store, "match $a p $b return 1", SIZE_MAX, &q, NULL) == PARLEY_OK, "prepare");
  for (size_t i = 0; i < 1100; i++) {
    (void)snprintf(names[i], sizeof names[i], "n%zu", i);
    values[i] = parley_name(names[i]);
    parley_txn* txn = NULL;
    need(parley_begin(store, 1, &txn) == PARLEY_OK, "begin");
    const parley_value p = parley_name("p");
    need(parley_add(txn, &values[i], &p, &values[i], NULL, 0, NULL) == PARLEY_OK, "add");
    need(parley_commit(txn) == PARLEY_OK, "commit");
  }
  need(parley_bind_list(q, "a", values, 1100) == PARLEY_OK && parley_bind_list(q, "b", values, 1100) == PARLEY_OK,
       "bind");
  (void)parley_step(q);
  say("match $a p $b with two lists of 1100", parley_query_error(q));
  parley_finalize(q);
}

static void queries(void) {
  query("text that is not UTF-8", "match ?x \xff ?y return ?x", SIZE_MAX);
  query_long("17 MiB of text", "", "                ", 1100000, "return 1");
  query_long("300 parentheses", "return ", "(", 300, "1");
  query_long("5000 variables", "match ", "?a# p ?b# . ", 2500, "?x p ?y return ?x");
  query_long("a list of 100001", "return size([", "#,", 100000, "1])");
  query_long("5000 prefixes", "", "prefix p#: <urn:p#:> ", 5000, "return 1");
  query_long("2100 clauses", "match ?x p ?y ", "let ?v# = # ", 2100, "return ?x");
  query_long("a sum of 3000", "return 1", " + (#", 3000, "");
  query("a union with an update", "match ?x p ?y return ?x union insert ( A p B )", SIZE_MAX);
  query("exists in a lens", "trust abs(exists ( A p B )) match ?x p ?y return ?x", SIZE_MAX);
  query("delete as a value", "match ?x p ?y delete ( ?x p ?y as ?y )", SIZE_MAX);
  query("a pattern that backtracks", "return matches(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\", \"^(a+)+$\")",
        SIZE_MAX);
  query("a bad replacement", "return replace(\"abc\", \"b\", \"${1\")", SIZE_MAX);
  query("a literal as the subject of an insert", "let ?x = 3 insert ( ?x p A )", SIZE_MAX);
  lists_that_multiply();
  const parley_limits limits = {.size = sizeof limits, .seconds = 1e-9};
  parley_query* q = NULL;
  need(parley_prepare(store, "match ?a p ?b . ?c p ?d return count(*)", SIZE_MAX, &q, NULL) == PARLEY_OK, "prepare");
  need(parley_query_set_limits(q, &limits) == PARLEY_OK, "limits");
  (void)parley_step(q);
  say("a limit of a nanosecond", parley_query_error(q));
  parley_query_interrupt(q);
  need(parley_reset(q) == PARLEY_OK, "reset");
  parley_query_interrupt(q);
  (void)parley_step(q);
  say("an interrupted query", parley_query_error(q));
  parley_finalize(q);
}

// ---- stores -----------------------------------------------------------------------------------------------------------

static void open_fails(const char* title, const char* name, unsigned flags, const char* base) {
  char* const path = path_of(name);
  const parley_options options = {.size = sizeof options, .flags = flags, .base = base};
  parley* other = NULL;
  parley_error_object* error = NULL;
  need(parley_open(path, &options, &other, &error) != PARLEY_OK, title);
  say(title, error);
  parley_error_free(error);
  free(path);
}

static void write_file(const char* name, const char* text) {
  char* const path = path_of(name);
  FILE* const file = fopen(path, "w");
  need(file && fputs(text, file) >= 0 && fclose(file) == 0, "cannot write a file");
  free(path);
}

static void small_map(void) {
  char* const path = path_of("small");
  const parley_options options = {
      .size = sizeof options, .flags = PARLEY_OPEN_CREATE | PARLEY_OPEN_NO_SYNC, .map_bytes = 2 << 20};
  parley* small = NULL;
  need(parley_open(path, &options, &small, NULL) == PARLEY_OK, "open");
  char* text = NULL;
  size_t len = 0;
  FILE* const out = open_memstream(&text, &len);
  need(out != NULL, "no memory");
  for (int i = 0; i < 200000; i++) {
    (void)fprintf(out, "<urn:x:%d> <urn:p> <urn:y:%d> .\n", i, i * 7);
  }
  need(fclose(out) == 0, "no memory");
  const parley_input input = {.memory = text, .memory_len = len, .name = "many.nt", .format = "nt"};
  need(parley_load(small, &input, 1, NULL, NULL) == PARLEY_FULL, "a small map");
  say("a load beyond the map", parley_error(small));
  free(text);
  need(parley_close(small) == PARLEY_OK, "close");
  free(path);
}

static void* end_elsewhere(void* txn) { return parley_commit(txn) == PARLEY_MISUSE ? NULL : txn; }

static void transactions(void) {
  parley_txn *write = NULL, *second = NULL, *read = NULL;
  const parley_value a = parley_name("A"), p = parley_name("p"), text = parley_string("x");
  need(parley_begin(store, 1, &write) == PARLEY_OK, "begin");
  need(parley_begin(store, 1, &second) != PARLEY_OK, "nested");
  say("a second write transaction of one thread", parley_error(store));
  pthread_t thread;
  void* wrong = NULL;
  need(pthread_create(&thread, NULL, end_elsewhere, write) == 0 && pthread_join(thread, &wrong) == 0 && !wrong,
       "thread");
  say("a commit from another thread", parley_error(store));
  need(parley_add(write, &text, &p, &a, NULL, 0, NULL) == PARLEY_MISUSE, "literal subject");
  say("parley_add with a literal subject", parley_txn_error(write));
  const parley_value space = parley_iri("no scheme");
  need(parley_add(write, &space, &p, &a, NULL, 0, NULL) == PARLEY_MISUSE, "bad IRI");
  say("parley_iri(\"no scheme\")", parley_txn_error(write));
  const parley_value date = parley_date("2023-13-01"), lang = parley_lang_string("x", "not a tag");
  need(parley_add(write, &a, &p, &date, NULL, 0, NULL) == PARLEY_MISUSE, "bad date");
  say("parley_date(\"2023-13-01\")", parley_txn_error(write));
  need(parley_add(write, &a, &p, &lang, NULL, 0, NULL) == PARLEY_MISUSE, "bad tag");
  say("parley_lang_string(\"x\", \"not a tag\")", parley_txn_error(write));
  const parley_value bytes = parley_string("\xff"), none = {.type = PARLEY_STRING},
                     blank = {.type = PARLEY_BLANK, .text = "a b", .text_len = 3};
  need(parley_add(write, &a, &p, &bytes, NULL, 0, NULL) == PARLEY_MISUSE, "bad UTF-8");
  say("parley_string with a byte of no character", parley_txn_error(write));
  need(parley_add(write, &a, &p, &none, NULL, 0, NULL) == PARLEY_MISUSE, "no text");
  say("a string value without text", parley_txn_error(write));
  need(parley_add(write, &blank, &p, &a, NULL, 0, NULL) == PARLEY_MISUSE, "bad label");
  say("a blank node \"a b\"", parley_txn_error(write));
  parley_rollback(write);
  need(parley_begin(store, 0, &read) == PARLEY_OK, "begin");
  need(parley_add(read, &a, &p, &a, NULL, 0, NULL) == PARLEY_READONLY, "read only");
  say("parley_add in a read transaction", parley_txn_error(read));
  parley_query* q = NULL;
  need(parley_prepare_in(read, "return 1", SIZE_MAX, &q, NULL) == PARLEY_OK, "prepare");
  parley_rollback(read);
  (void)parley_step(q);
  say("a step after the end of the transaction", parley_query_error(q));
  parley_finalize(q);
}

static void reading_in_write(void) {
  parley_txn* write = NULL;
  parley_query* q = NULL;
  const parley_value a = parley_name("A"), p = parley_name("p");
  need(parley_begin(store, 1, &write) == PARLEY_OK, "begin");
  need(parley_prepare_in(write, "match ?x p ?y return ?x", SIZE_MAX, &q, NULL) == PARLEY_OK, "prepare");
  need(parley_step(q) == PARLEY_ROW, "step");
  need(parley_add(write, &a, &p, &a, NULL, 0, NULL) == PARLEY_MISUSE, "reading");
  say("parley_add while a query of the transaction reads", parley_txn_error(write));
  parley_finalize(q);
  parley_rollback(write);
}

static void many_readers(void) {
  enum { MANY = 1100 };
  parley_txn* readers[MANY];
  size_t count = 0;
  while (count < MANY && parley_begin(store, 0, &readers[count]) == PARLEY_OK) {
    count++;
  }
  need(count < MANY, "a limit of readers");
  say("1025 readers", parley_error(store));
  while (count) {
    parley_rollback(readers[--count]);
  }
}

static void forked(void) {
  (void)fflush(stdout);
  const pid_t child = fork();
  need(child >= 0, "fork");
  if (child == 0) {
    parley_txn* txn = NULL;
    (void)parley_begin(store, 0, &txn);
    say("a child that uses the handle of its parent", parley_error(store));
    (void)fflush(stdout);
    _exit(0);
  }
  int status = 0;
  need(waitpid(child, &status, 0) == child && status == 0, "child");
}

static void readonly_handle(void) {
  char* const path = path_of("plain");
  const parley_options make = {.size = sizeof make, .flags = PARLEY_OPEN_CREATE};
  const parley_options look = {.size = sizeof look, .flags = PARLEY_OPEN_READONLY};
  parley* first = NULL;
  parley_txn* txn = NULL;
  need(parley_open(path, &make, &first, NULL) == PARLEY_OK && parley_close(first) == PARLEY_OK, "make");
  need(parley_open(path, &look, &first, NULL) == PARLEY_OK, "look");
  need(parley_begin(first, 1, &txn) == PARLEY_READONLY, "write");
  say("a write through a read-only handle", parley_error(first));
  need(parley_close(first) == PARLEY_OK, "close");
  free(path);
}

static void stores(void) {
  write_file("empty", "");
  open_fails("an empty file", "empty", 0, NULL);
  open_fails("a file below a file", "empty/x", PARLEY_OPEN_CREATE, NULL);
  open_fails("a base that is no IRI", "new", PARLEY_OPEN_CREATE, "no base");
  open_fails("flags that contradict", "new", PARLEY_OPEN_CREATE | PARLEY_OPEN_READONLY, NULL);
  parley_error_object* error = NULL;
  parley* other = NULL;
  need(parley_open("x", &(parley_options){.flags = 0}, &other, &error) == PARLEY_MISUSE, "size");
  say("parley_options without size", error);
  parley_error_free(error);
  need(parley_open(NULL, NULL, &other, &error) == PARLEY_MISUSE, "path");
  say("parley_open without a path", error);
  parley_error_free(error);
  small_map();
  transactions();
  reading_in_write();
  many_readers();
  readonly_handle();
  forked();
}

// ---- queries through the interface -----------------------------------------------------------------------------------

static void columns(void) {
  parley_query* q = NULL;
  parley_value value;
  const parley_value* items = NULL;
  size_t count = 0;
  need(parley_prepare(store, "for ?x in [1, 2] return ?x, [?x] as ?list, $p as ?p", SIZE_MAX, &q, NULL) == PARLEY_OK,
       "prepare");
  need(parley_column(q, 0, &value) == PARLEY_MISUSE, "no row");
  say("a column before a row", parley_query_error(q));
  value = parley_integer(1);
  need(parley_bind(q, "none", &value) == PARLEY_NOT_FOUND, "parameter");
  say("a parameter that is not there", parley_query_error(q));
  need(parley_step(q) == PARLEY_ROW, "step");
  need(parley_column(q, 7, &value) == PARLEY_MISUSE, "column");
  say("column 7 of 3", parley_query_error(q));
  need(parley_column_list(q, 0, &items, &count) == PARLEY_MISUSE, "list");
  say("the elements of a number", parley_query_error(q));
  need(parley_column_item_text(q, 1, 5, NULL) == NULL, "item");
  say("element 5 of 1", parley_query_error(q));
  value = parley_integer(1);
  need(parley_bind(q, "p", &value) == PARLEY_MISUSE, "bind");
  say("binding while rows are read", parley_query_error(q));
  need(parley_query_stage(q, (parley_stage)99) == NULL, "stage");
  say("stage 99", parley_query_error(q));
  need(parley_close(store) == PARLEY_MISUSE, "close");
  say("closing with a query open", parley_error(store));
  parley_finalize(q);
  need(parley_set_limits(store, &(parley_limits){.size = sizeof(parley_limits), .seconds = -1}) == PARLEY_MISUSE,
       "limit");
  say("a limit of minus one second", parley_error(store));
}

// ---- inputs -----------------------------------------------------------------------------------------------------------

static int read_nothing(void* user, char* buf, size_t size, size_t* len) {
  (void)user;
  (void)buf;
  (void)size;
  *len = 0;
  return 1;
}

static int write_nothing(void* user, const char* data, size_t len) {
  (void)user;
  (void)data;
  (void)len;
  return 1;
}

static void load(const char* title, const char* format, const char* text) {
  const parley_input input = {.memory = text, .memory_len = strlen(text), .name = "input", .format = format};
  need(parley_load(store, &input, 1, NULL, NULL) != PARLEY_OK, title);
  say(title, parley_error(store));
}

static void inputs(void) {
  load("a triple term as an object", "nt", "<urn:a> <urn:p> <<( <urn:s> <urn:p> <urn:o> )>> .\n");
  load("an unknown type", "jsonl",
       "{\"subject\":\"A\",\"predicate\":\"p\",\"object\":{\"value\":\"x\",\"type\":\"zz:y\"}}\n");
  load("an annotated row of a named graph", "jsonl",
       "{\"subject\":\"A\",\"predicate\":\"p\",\"object\":\"B\",\"graph\":\"g\",\"confidence\":0.5}\n");
  load("a class for a literal", "jsonl",
       "{\"subject\":\"A\",\"predicate\":\"p\",\"object\":{\"value\":\"x\"},\"object_type\":\"C\"}\n");
  char nested[8192] = "<urn:a> <urn:p> ";
  for (int i = 0; i < 1200; i++) {
    strcat(nested, "[<x:>");
  }
  load("brackets 1200 deep", "ttl", nested);
  const parley_input broken = {.read = read_nothing, .name = "callback", .format = "nt"};
  need(parley_load(store, &broken, 1, NULL, NULL) == PARLEY_IO, "callback");
  say("a read callback that fails", parley_error(store));
  const parley_input none = {.name = "none", .format = "nt"};
  need(parley_load(store, &none, 1, NULL, NULL) == PARLEY_MISUSE, "none");
  say("an input that is nothing", parley_error(store));
  parley_txn* txn = NULL;
  const parley_input one = {.memory = "", .memory_len = 0, .name = "one", .format = "nt"};
  const parley_load_options steps = {.size = sizeof steps, .commit_every = 10};
  need(parley_begin(store, 1, &txn) == PARLEY_OK && parley_load_in(txn, &one, 1, &steps, NULL) == PARLEY_MISUSE,
       "steps");
  say("commit_every inside a transaction", parley_txn_error(txn));
  parley_rollback(txn);
  const parley_export_options no_format = {.size = sizeof no_format, .format = "xml", .write = write_nothing};
  need(parley_export(store, &no_format) == PARLEY_MISUSE, "format");
  say("an export as xml", parley_error(store));
  const parley_export_options no_room = {.size = sizeof no_room, .format = "nt", .write = write_nothing};
  need(parley_export(store, &no_room) == PARLEY_IO, "write");
  say("an export that cannot be written", parley_error(store));
  char* const there = path_of("store");
  parley_error_object* error = NULL;
  need(parley_build(there, NULL, &one, 1, NULL, NULL, NULL, &error) != PARLEY_OK, "build");
  say("a build over a store", error);
  parley_error_free(error);
  free(there);
}

int main(void) {
  (void)strcpy(folder, "/tmp/parley-messages-XXXXXX");
  need(mkdtemp(folder) != NULL, "no folder");
  char* const path = path_of("store");
  const parley_options options = {.size = sizeof options, .flags = PARLEY_OPEN_CREATE | PARLEY_OPEN_NO_SYNC};
  need(parley_open(path, &options, &store, NULL) == PARLEY_OK, "open");
  queries();
  columns();
  inputs();
  stores();
  need(parley_close(store) == PARLEY_OK, "close");
  free(path);
  char command[128];
  (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command) == 0 ? 0 : 1;
}
