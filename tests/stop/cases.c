/// See cases.h. A case runs as a program would: it reads every row and every text of an answer.
#include "cases.h"

#include "data.h"
#include "watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MESSAGE_BYTES = 512, LIST_VALUES_MAX = 20000 };

static char message[MESSAGE_BYTES];

const char* stop_message(void) { return message; }

static void keep_message(const parley_error_object* error) {
  (void)snprintf(message, sizeof message, "%s", parley_error_message(error));
}

void stop_now(void* user) {
  stop_place* const place = user;
  place->stop_build = 1;
  parley_interrupt(place->store);
}

void stop_clear(stop_place* place) {
  place->stop_build = 0;
  parley_clear_interrupt(place->store);
}

// ---- queries ----------------------------------------------------------------------------------------------------------

static parley_status bind_all(const stop_place* place, parley_query* q) {
  const struct {
    const char* name;
    const char* text;
  } texts[] = {{"words", place->text}, {"others", place->text_other}, {"letters", place->a_text}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    const parley_value v = parley_string(texts[i].text);
    const parley_status status = parley_bind(q, texts[i].name, &v);
    if (status != PARLEY_OK && status != PARLEY_NOT_FOUND) {
      return status;
    }
  }
  const size_t count = place->nodes / 10 < LIST_VALUES_MAX ? place->nodes / 10 : LIST_VALUES_MAX;
  parley_value* const list = calloc(count, sizeof *list);
  if (!list) {
    return PARLEY_NOMEM;
  }
  for (size_t i = 0; i < count; i++) {
    list[i] = parley_integer((int64_t)(i * 7919 % count));
  }
  const parley_status status = parley_bind_list(q, "list", list, count);
  free(list);
  return status == PARLEY_NOT_FOUND ? PARLEY_OK : status;
}

static parley_status why_all(parley_query* q) {
  parley_support line = {.size = sizeof line};
  parley_status status = PARLEY_OK;
  double confidence = 0;
  while ((status = parley_why_next(q, &line)) == PARLEY_OK) {
    watch_pulse();
  }
  return status == PARLEY_NOT_FOUND ? parley_why_confidence(q, &confidence) : status;
}

static parley_status columns(parley_query* q) {
  parley_value v;
  for (size_t c = 0; c < parley_column_count(q); c++) {
    const parley_status status = parley_column(q, c, &v);
    watch_pulse();
    if (status != PARLEY_OK) {
      return status;
    }
  }
  return PARLEY_OK;
}

static parley_status rows(parley_query* q) {
  parley_status status = PARLEY_OK;
  while ((status = parley_step(q)) == PARLEY_ROW) {
    watch_pulse();
    status = columns(q);
    if (status == PARLEY_OK && parley_query_is_why(q)) {
      status = why_all(q);
    }
    if (status != PARLEY_OK) {
      return status;
    }
  }
  return status == PARLEY_DONE ? PARLEY_OK : status;
}

static parley_status run_prepared(const stop_place* place, parley_query* q, const parley_limits* limits) {
  parley_status status = limits ? parley_query_set_limits(q, limits) : PARLEY_OK;
  status = status == PARLEY_OK ? bind_all(place, q) : status;
  watch_pulse();
  status = status == PARLEY_OK ? rows(q) : status;
  if (status != PARLEY_OK) {
    keep_message(parley_query_error(q));
  }
  return status;
}

static parley_status run_query(stop_place* place, const stop_case* c, const parley_limits* limits) {
  parley_query* q = NULL;
  parley_status status = parley_prepare(place->store, c->text, SIZE_MAX, &q, NULL);
  if (status == PARLEY_OK) {
    status = run_prepared(place, q, limits);
  } else {
    keep_message(parley_query_error(q));
  }
  parley_finalize(q);
  return status;
}

/// An update in a transaction that is rolled back, however it ends.
static parley_status run_update(stop_place* place, const stop_case* c, const parley_limits* limits) {
  parley_txn* txn = NULL;
  parley_query* q = NULL;
  parley_status status = parley_begin(place->store, 1, &txn);
  if (status != PARLEY_OK) {
    keep_message(parley_error(place->store));
    return status;
  }
  status = parley_prepare_in(txn, c->text, SIZE_MAX, &q, NULL);
  if (status == PARLEY_OK) {
    status = run_prepared(place, q, limits);
  } else {
    keep_message(parley_query_error(q));
  }
  parley_finalize(q);
  parley_rollback(txn);
  return status;
}

/// Reading and planning of a long text: `piece` again and again.
static parley_status run_long_text(stop_place* place, const stop_case* c, const parley_limits* limits) {
  const size_t count = c->text[0] == '.' ? 15 : place->text_bytes / 40 < 90000 ? place->text_bytes / 40 : 90000;
  char* text = NULL;
  size_t len = 0;
  FILE* const f = open_memstream(&text, &len);
  if (!f) {
    return PARLEY_NOMEM;
  }
  (void)fputs(c->text[0] == '.' ? "match ?x0 ?p0 ?x1" : "return 1 in [0", f);
  for (size_t i = 1; i < count; i++) {
    (void)(c->text[0] == '.' ? fprintf(f, " . ?x%zu ?p%zu ?x%zu", i, i, i + 1)
                             : fprintf(f, ",\n  \"text number %zu\"", i));
  }
  (void)fputs(c->text[0] == '.' ? " return ?x0 limit 1" : "]", f);
  if (fclose(f) != 0) {
    return PARLEY_NOMEM;
  }
  const stop_case query = {.text = text};
  const parley_status status = run_query(place, &query, limits);
  free(text);
  return status;
}

// ---- loads --------------------------------------------------------------------------------------------------------------

static void path_of(const stop_place* place, const char* name, char path[512]) {
  (void)snprintf(path, 512, "%s/%s", place->folder, name);
}

/// Load a file (`text`) in a transaction, which is rolled back.
static parley_status run_load(stop_place* place, const stop_case* c, const parley_limits* limits) {
  (void)limits;
  char path[512];
  parley_txn* txn = NULL;
  path_of(place, c->text, path);
  const parley_input input = {.path = path};
  const parley_load_options options = {.size = sizeof options, .memory_bytes = (size_t)16 << 20};
  parley_status status = parley_begin(place->store, 1, &txn);
  watch_pulse();
  status = status == PARLEY_OK ? parley_load_in(txn, &input, 1, &options, NULL) : status;
  if (status != PARLEY_OK) {
    keep_message(txn ? parley_txn_error(txn) : parley_error(place->store));
  }
  parley_rollback(txn);
  return status;
}

/// Build a new store from a file (`text`); nothing may be left of one that was stopped.
static parley_status run_build(stop_place* place, const stop_case* c, const parley_limits* limits) {
  (void)limits;
  char from[512], to[512];
  parley_error_object* error = NULL;
  path_of(place, c->text, from);
  path_of(place, "built", to);
  const parley_input input = {.path = from};
  const parley_load_options options = {.size = sizeof options, .memory_bytes = (size_t)16 << 20};
  const parley_options open_options = {.size = sizeof open_options, .flags = PARLEY_OPEN_NO_SYNC, .threads = 2};
  const parley_status status = parley_build(to, &open_options, &input, 1, &options, &place->stop_build, NULL, &error);
  watch_pulse();
  keep_message(error);
  parley_error_free(error);
  if (status == PARLEY_OK) {
    (void)unlink(to);
    strcat(to, "-lock");
    (void)unlink(to);
  } else if (access(to, F_OK) == 0 || errno != ENOENT) {
    (void)snprintf(message, sizeof message, "a stopped build left a store");
    return PARLEY_MISUSE;
  }
  return status;
}

// ---- the rest -------------------------------------------------------------------------------------------------------------

static parley_status ended(const stop_place* place, parley_status status) {
  watch_pulse();
  if (status != PARLEY_OK) {
    keep_message(parley_error(place->store));
  }
  return status;
}

static int swallow(void* user, const char* data, size_t len) {
  (void)user, (void)data, (void)len;
  return 0;
}

static parley_status run_export(stop_place* place, const stop_case* c, const parley_limits* limits) {
  (void)limits;
  const parley_export_options options = {
      .size = sizeof options, .format = c->text, .assertions = strcmp(c->text, "jsonl") != 0, .write = swallow};
  return ended(place, parley_export(place->store, &options));
}

static parley_status run_check(stop_place* place, const stop_case* c, const parley_limits* limits) {
  (void)limits;
  const parley_check_options options = {.size = sizeof options, .deep = strcmp(c->text, "deep") == 0};
  return ended(place, parley_check(place->store, &options, NULL));
}

static parley_status run_backup(stop_place* place, const stop_case* c, const parley_limits* limits) {
  (void)c, (void)limits;
  char to[512];
  path_of(place, "copy", to);
  const parley_status status = parley_backup(place->store, to, NULL);
  watch_pulse();
  if (status == PARLEY_OK) {
    (void)unlink(to);
  } else if (access(to, F_OK) == 0) {
    (void)snprintf(message, sizeof message, "a stopped backup left a store");
    return PARLEY_MISUSE;
  }
  return ended(place, status);
}

/// Of a second store, which nobody has open.
static parley_status run_compact(stop_place* place, const stop_case* c, const parley_limits* limits) {
  (void)c, (void)limits;
  char path[512];
  parley_error_object* error = NULL;
  path_of(place, "second", path);
  const parley_status status = parley_compact(path, NULL, NULL, &place->stop_build, NULL, &error);
  watch_pulse();
  keep_message(error);
  parley_error_free(error);
  return status;
}

/// Of the second store into a new one; nothing may be left of one that was stopped.
static parley_status run_repair(stop_place* place, const stop_case* c, const parley_limits* limits) {
  (void)c, (void)limits;
  char from[512], to[512];
  parley_error_object* error = NULL;
  path_of(place, "second", from);
  path_of(place, "saved", to);
  const parley_repair_options options = {.size = sizeof options, .memory_bytes = (size_t)16 << 20};
  const parley_status status = parley_repair(from, to, NULL, &options, &place->stop_build, NULL, &error);
  watch_pulse();
  keep_message(error);
  parley_error_free(error);
  if (status == PARLEY_OK) {
    (void)unlink(to);
  } else if (access(to, F_OK) == 0) {
    (void)snprintf(message, sizeof message, "a stopped repair left a store");
    return PARLEY_MISUSE;
  }
  return status;
}

static int ignore_difference(void* user, const parley_difference* difference) {
  (void)user, (void)difference;
  return 0;
}

static parley_status run_diff(stop_place* place, const stop_case* c, const parley_limits* limits) {
  (void)limits;
  const parley_value a = parley_name("s1");
  const parley_value b = parley_name("s2");
  const bool sources = strcmp(c->text, "sources") == 0;
  const parley_diff_options options = {.size = sizeof options,
                                       .source_a = sources ? &a : NULL,
                                       .source_b = sources ? &b : NULL,
                                       .on_difference = ignore_difference};
  return ended(place, parley_diff(place->store, place->store, &options));
}

static void ignore_class(void* user, const parley_schema_class* row) { (void)user, (void)row; }
static void ignore_link(void* user, const parley_schema_link* row) { (void)user, (void)row; }

static parley_status run_schema(stop_place* place, const stop_case* c, const parley_limits* limits) {
  (void)c, (void)limits;
  const parley_schema_options options = {.size = sizeof options, .on_class = ignore_class, .on_link = ignore_link};
  return ended(place, parley_schema(place->store, &options));
}

static parley_status run_stats(stop_place* place, const stop_case* c, const parley_limits* limits) {
  (void)c, (void)limits;
  parley_stats stats = {.size = sizeof stats};
  parley_part part;
  parley_status status = parley_get_stats(place->store, &stats);
  for (size_t i = 0; status == PARLEY_OK; i++) {
    status = parley_get_part(place->store, i, &part);
  }
  return ended(place, status == PARLEY_NOT_FOUND ? PARLEY_OK : status);
}

/// Index the texts of the notes, and take that back.
static parley_status run_text_index(stop_place* place, const stop_case* c, const parley_limits* limits) {
  (void)c, (void)limits;
  const parley_value names[] = {parley_name("label"), parley_name("note"), parley_name("huge")};
  const parley_status status = parley_set_property(place->store, PARLEY_PROPERTY_TEXT, names, 3);
  if (status != PARLEY_OK) {
    return ended(place, status);
  }
  stop_clear(place);
  return ended(place, parley_set_property(place->store, PARLEY_PROPERTY_TEXT, names, 1));
}

#define QUERY(label, query) \
  { .name = label, .run = run_query, .text = query, .limits = true }
#define UPDATE(label, query) \
  { .name = label, .run = run_update, .text = query, .limits = true, .writes = true }
#define LOAD(file) \
  { .name = "load " file, .run = run_load, .text = "in." file, .writes = true }
#define BUILD(file) \
  { .name = "build " file, .run = run_build, .text = "in." file }
#define EXPORT(format) \
  { .name = "export " format, .run = run_export, .text = format }

const stop_case stop_cases[] = {
#include "cases.def"
};
const size_t stop_case_count = sizeof stop_cases / sizeof *stop_cases;
