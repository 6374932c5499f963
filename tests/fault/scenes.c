/// The scenes: every part of the public interface at least once, small, on the template store of scene.c.
#include "scene.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- queries ------------------------------------------------------------------------------------------------------

static void see_value(scene_run* run, const parley_value* v) {
  scene_see(run, &v->type, sizeof v->type);
  scene_see(run, v->text ? v->text : "", v->text ? v->text_len : 0);
  scene_see_text(run, v->datatype);
  scene_see_text(run, v->lang);
}

/// One column in all the forms that the interface has.
static bool see_column(scene_run* run, parley_query* q, size_t c) {
  parley_value v;
  const parley_value* items = NULL;
  size_t count = 0;
  if (!scene_note(run, parley_column(q, c, &v), parley_query_error(q))) {
    return false;
  }
  see_value(run, &v);
  if (v.type == PARLEY_LIST) {
    if (!scene_note(run, parley_column_list(q, c, &items, &count), parley_query_error(q))) {
      return false;
    }
    for (size_t i = 0; i < count; i++) {
      see_value(run, &items[i]);
      const char* const text = parley_column_item_text(q, c, i, NULL);
      if (!text) {
        return scene_note(run, PARLEY_NOMEM, parley_query_error(q));
      }
      scene_see_text(run, text);
    }
  }
  const char* const text = parley_column_text(q, c);
  const char* const source = text ? parley_column_source(q, c) : NULL;
  if (!text || !source) {
    return scene_note(run, PARLEY_NOMEM, parley_query_error(q));
  }
  scene_see_text(run, text);
  scene_see_text(run, source);
  return true;
}

static bool see_why(scene_run* run, parley_query* q) {
  parley_support s = {.size = sizeof s};
  double confidence = 0;
  parley_status status;
  while ((status = parley_why_next(q, &s)) == PARLEY_OK) {
    scene_see(run, &s.kind, sizeof s.kind);
    scene_see_text(run, s.text);
    see_value(run, &s.subject);
    see_value(run, &s.object);
    see_value(run, &s.source);
    see_value(run, &s.span);
  }
  return scene_note(run, status, parley_query_error(q)) &&
         scene_note(run, parley_why_confidence(q, &confidence), parley_query_error(q));
}

/// All rows of a query that is ready.
static bool see_rows(scene_run* run, parley_query* q, bool compare) {
  parley_status status;
  while ((status = parley_step(q)) == PARLEY_ROW) {
    const unsigned long long before = run->seen;
    for (size_t c = 0; c < parley_column_count(q); c++) {
      if (!see_column(run, q, c)) {
        return false;
      }
    }
    if (parley_query_is_why(q) && !see_why(run, q)) {
      return false;
    }
    run->seen = compare ? run->seen : before;
  }
  if (!scene_note(run, status, parley_query_error(q))) {
    return false;
  }
  const parley_changes changes = parley_query_changes(q);
  if (parley_query_is_update(q)) {
    scene_see(run, &changes, sizeof changes);
  }
  return true;
}

static bool bind_all(scene_run* run, parley_query* q) {
  const parley_value list[] = {parley_string("Ada"), parley_string("Max"), parley_integer(3)};
  for (size_t i = 0; i < parley_param_count(q); i++) {
    const char* const name = parley_param_name(q, i);
    const parley_value one = parley_name("Ada");
    const parley_status status = name[0] == 'l' ? parley_bind_list(q, name, list, 3) : parley_bind(q, name, &one);
    if (!scene_note(run, status, parley_query_error(q))) {
      return false;
    }
  }
  return true;
}

/// Prepare, bind, run, run again.
static void query(scene_run* run, const char* text) {
  parley_query* q = NULL;
  const bool compare = strncmp(text, "profile", 7) != 0;
  const parley_status status = parley_prepare(run->db, text, SIZE_MAX, &q, NULL);
  if (scene_note(run, status, q ? parley_query_error(q) : parley_error(run->db)) && bind_all(run, q) &&
      see_rows(run, q, compare) && !parley_query_is_update(q)) {
    (void)(scene_note(run, parley_reset(q), parley_query_error(q)) && see_rows(run, q, compare));
  }
  parley_finalize(q);
}

/// A text that is wrong: its report, hints and all, costs memory too, but never more than the error itself.
static void wrong(scene_run* run, const char* text) {
  parley_query* q = NULL;
  const parley_status status = parley_prepare(run->db, text, SIZE_MAX, &q, NULL);
  if (status != PARLEY_SYNTAX && status != PARLEY_BIND) {
    (void)scene_note(run, status == PARLEY_OK ? PARLEY_MISUSE : status,
                     q ? parley_query_error(q) : parley_error(run->db));
  }
  parley_diagnostic d;
  for (size_t i = 0; parley_error_get(parley_query_error(q), i, &d) == PARLEY_OK; i++) {
    (void)strlen(d.text);
  }
  parley_finalize(q);
}

static void stages(scene_run* run, const char* text) {
  parley_query* q = NULL;
  const parley_status status = parley_prepare(run->db, text, SIZE_MAX, &q, NULL);
  if (scene_note(run, status, q ? parley_query_error(q) : parley_error(run->db)) &&
      scene_note(run, parley_query_set_rules(q, 1, 1), parley_query_error(q)) &&
      scene_note(run, parley_query_ask_why(q, 3), parley_query_error(q)) && see_rows(run, q, true)) {
    for (int s = PARLEY_STAGE_TOKENS; s <= PARLEY_STAGE_PROFILE_JSON; s++) {
      const char* const stage = parley_query_stage(q, (parley_stage)s);
      if (!stage) {
        parley_diagnostic why = {.status = PARLEY_NOMEM};
        (void)parley_error_get(parley_query_error(q), 0, &why);
        (void)scene_note(run, why.status, parley_query_error(q));
        break;
      }
      if (s != PARLEY_STAGE_PROFILE && s != PARLEY_STAGE_PROFILE_JSON && s != PARLEY_STAGE_PLAN &&
          s != PARLEY_STAGE_PLAN_JSON) {
        scene_see_text(run, stage);
      }
    }
  }
  parley_finalize(q);
}

static void see_word(void* user, const char* word) { scene_see_text(user, word); }

static void expected(scene_run* run, const char* text) {
  (void)scene_note(run, parley_expected(text, strlen(text), see_word, run), NULL);
  int complete = 0;
  const size_t len = parley_statement_length(text, strlen(text), &complete);
  scene_see(run, &len, sizeof len);
}

// ---- opening ------------------------------------------------------------------------------------------------------

static void open_close(scene_run* run, const char* text) {
  (void)text;
  if (scene_open(run)) {
    scene_see_text(run, parley_base(run->db));
    (void)scene_close(run);
  }
}

static void open_readonly(scene_run* run, const char* text) {
  run->options.flags |= PARLEY_OPEN_READONLY;
  open_close(run, text);
  run->options.flags &= ~(unsigned)PARLEY_OPEN_READONLY;
}

static void create(scene_run* run, const char* text) {
  run->options.flags |= PARLEY_OPEN_CREATE;
  run->options.base = text;
  open_close(run, text);
  run->options.base = NULL;
  run->options.flags &= ~(unsigned)PARLEY_OPEN_CREATE;
}

// ---- transactions -------------------------------------------------------------------------------------------------

static bool add(scene_run* run, parley_txn* txn, int i) {
  char name[64], body[64];
  snprintf(name, sizeof name, "node number %d", i);
  snprintf(body, sizeof body, "a literal of some length, number %d", i);
  const parley_value s = parley_name(name), p = parley_name(i % 2 ? "knows" : "label");
  const parley_value o = i % 2 ? parley_name("Ada") : parley_lang_string(body, "en");
  const parley_annotation notes[] = {{"source", parley_name("doc7")}, {"confidence", parley_double(0.25)}};
  return scene_note(run, parley_add(txn, &s, &p, &o, notes, i % 3 ? 2 : 0, NULL), parley_txn_error(txn));
}

/// Statements by hand: add, look, remove; then commit, or roll back when there is a text.
static void statements(scene_run* run, const char* text) {
  parley_txn* txn = NULL;
  if (!scene_note(run, parley_begin(run->db, 1, &txn), parley_error(run->db))) {
    return;
  }
  const parley_value s = parley_name("Ada"), p = parley_name("age"), o = parley_integer(41);
  bool good = true;
  for (int i = 0; good && i < 6; i++) {
    good = add(run, txn, i);
  }
  good = good && scene_note(run, parley_contains(txn, &s, &p, &o), parley_txn_error(txn));
  good = good && scene_note(run, parley_remove(txn, &s, &p, &o, NULL, 0, NULL), parley_txn_error(txn));
  if (!good || text) {
    parley_rollback(txn);
  } else {
    (void)scene_note(run, parley_commit(txn), parley_error(run->db));
  }
}

/// A query in a write transaction sees its changes.
static void query_in(scene_run* run, const char* text) {
  parley_txn* txn = NULL;
  parley_query* q = NULL;
  if (!scene_note(run, parley_begin(run->db, 1, &txn), parley_error(run->db))) {
    return;
  }
  bool good = add(run, txn, 1);
  if (good) {
    const parley_status status = parley_prepare_in(txn, text, SIZE_MAX, &q, NULL);
    good = scene_note(run, status, q ? parley_query_error(q) : parley_txn_error(txn)) && see_rows(run, q, true);
  }
  parley_finalize(q);
  if (good) {
    (void)scene_note(run, parley_commit(txn), parley_error(run->db));
  } else {
    parley_rollback(txn);
  }
}

/// A single durable insert that has returned is there whatever comes later.
static void inserts(scene_run* run, const char* text) {
  static const char* const inserts[] = {"insert ( one two three )", "insert ( two three four { source doc8 } )",
                                        "insert ( three four five )"};
  (void)text;
  for (size_t i = 0; i < 3; i++) {
    parley_query* q = NULL;
    const parley_status status = parley_prepare(run->db, inserts[i], SIZE_MAX, &q, NULL);
    const bool good = scene_note(run, status, q ? parley_query_error(q) : parley_error(run->db)) &&
                      scene_note(run, parley_step(q), parley_query_error(q));
    run->acknowledged += good ? parley_query_changes(q).facts_new : 0;
    parley_finalize(q);
    if (!good) {
      return;
    }
  }
}

// ---- loading ------------------------------------------------------------------------------------------------------

static const char nt_text[] =
    "<urn:parley:x> <urn:parley:p> <urn:parley:y> .\n"
    "<urn:parley:x> <urn:parley:p> \"a text of some length\\u00e9\"@fr .\n"
    "_:b <urn:parley:q> \"12\"^^<http://www.w3.org/2001/XMLSchema#byte> .\n"
    "_:r <http://www.w3.org/1999/02/22-rdf-syntax-ns#reifies> <<( <urn:parley:x> <urn:parley:p> <urn:parley:y> )>> .\n"
    "_:r <urn:parley:source> <urn:parley:doc4> .\n";
static const char nq_text[] =
    "<urn:parley:x> <urn:parley:p> <urn:parley:y> <urn:parley:g> .\n<urn:parley:x> <urn:parley:p> \"z\" <urn:parley:g> "
    ".\n";
static const char ttl_text[] =
    "@prefix : <urn:parley:> . @base <urn:b:> .\n:x :p :y , \"long enough to be kept\"@en ; :q [ :r 12 , 3.5 , true ] "
    ".\n:l :is ( 1 2 <z> ) .\n";
static const char trig_text[] = "@prefix : <urn:parley:> .\n:g { :x :p :y . :y :p :z }\n:a :b :c .\n";
static const char jsonl_text[] =
    "{\"subject\":\"New "
    "One\",\"subject_type\":[\"Person\",\"Judge\"],\"predicate\":\"knows\",\"object\":\"Ada\",\"source\":\"doc5\","
    "\"note\":[\"a\",\"a longer note than that\"],\"span\":[1,2]}\n{\"subject\":\"New "
    "One\",\"predicate\":\"age\",\"object\":77}\n";
static const char csv_text[] =
    "subject,predicate,object,source,confidence\nnew two,knows,Ada,doc6,0.5\n\"new \"\"three\"\"\",knows,\"a, "
    "b\",doc6,\n";
static const unsigned char gzip_text[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xb3, 0x29, 0x2d, 0xca, 0xb3, 0x4a, 0xb4,
    0x53, 0xb0, 0x01, 0xd1, 0x49, 0x76, 0x0a, 0x4a, 0x89, 0x0a, 0x05, 0x89, 0xc9, 0xd9, 0xa9, 0x29, 0x0a,
    0x25, 0xa9, 0x15, 0x25, 0x0a, 0xf9, 0x69, 0x0a, 0xc5, 0xf9, 0xb9, 0xa9, 0x0a, 0x39, 0xa9, 0x79, 0xe9,
    0x25, 0x19, 0x4a, 0x0a, 0x7a, 0x5c, 0x00, 0x78, 0x54, 0x8d, 0x72, 0x31, 0x00, 0x00, 0x00};
static const unsigned char zstd_text[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 0x89, 0x01, 0x00, 0x3c, 0x75, 0x72,
                                          0x6e, 0x3a, 0x61, 0x3e, 0x20, 0x3c, 0x75, 0x72, 0x6e, 0x3a, 0x62, 0x3e,
                                          0x20, 0x22, 0x61, 0x20, 0x70, 0x61, 0x63, 0x6b, 0x65, 0x64, 0x20, 0x74,
                                          0x65, 0x78, 0x74, 0x20, 0x6f, 0x66, 0x20, 0x73, 0x6f, 0x6d, 0x65, 0x20,
                                          0x6c, 0x65, 0x6e, 0x67, 0x74, 0x68, 0x22, 0x20, 0x2e, 0x0a};

static void on_bad(void* user, const parley_bad_row* row) {
  scene_see(user, &row->row, sizeof row->row);  // its message may be lost without memory, never the row
  scene_see(user, row->text, row->text_len);
}

/// The document that a scene's text names by its format.
static parley_input document(const char* format) {
  parley_input in = {.format = format};
#define DOCUMENT(name, bytes, as)                     \
  if (strcmp(format, name) == 0) {                    \
    in.memory = bytes;                                \
    in.memory_len = sizeof bytes - !strcmp(as, name); \
    in.format = as;                                   \
  }
  DOCUMENT("nt", nt_text, "nt")
  DOCUMENT("nq", nq_text, "nq")
  DOCUMENT("ttl", ttl_text, "ttl")
  DOCUMENT("trig", trig_text, "trig")
  DOCUMENT("jsonl", jsonl_text, "jsonl")
  DOCUMENT("csv", csv_text, "csv")
  DOCUMENT("gzip", gzip_text, "nt")
  DOCUMENT("zstd", zstd_text, "nt")
#undef DOCUMENT
  return in;
}

static void load(scene_run* run, const char* format) {
  const parley_input input = document(format);
  const parley_load_options options = {.size = sizeof options, .on_bad_row = on_bad, .user = run};
  parley_load_summary summary;
  if (scene_note(run, parley_load(run->db, &input, 1, &options, &summary), parley_error(run->db))) {
    scene_see(run, &summary.changes, sizeof summary.changes);
  }
}

static void load_file(scene_run* run, const char* text) {
  const parley_input input = {.path = run->input};
  (void)text;
  (void)scene_note(run, parley_load(run->db, &input, 1, NULL, NULL), parley_error(run->db));
}

static void load_in(scene_run* run, const char* format) {
  const parley_input input = document(format);
  parley_txn* txn = NULL;
  if (!scene_note(run, parley_begin(run->db, 1, &txn), parley_error(run->db))) {
    return;
  }
  if (scene_note(run, parley_load_in(txn, &input, 1, NULL, NULL), parley_txn_error(txn))) {
    (void)scene_note(run, parley_commit(txn), parley_error(run->db));
  } else {
    parley_rollback(txn);
  }
}

static void load_bad(scene_run* run, const char* format) {
  static const char text[] =
      "<urn:parley:x> <urn:parley:p> <urn:parley:y> .\nnot a line\n<urn:parley:x> <relative> <urn:a> .\n<urn:parley:x> "
      "<urn:parley:q> 1 .\n";
  static const char json[] =
      "{\"subject\":\"x\",\"predicate\":\"p\",\"object\":3}\n{\"subject\":3}\n{\"subject\":\n[]\n";
  const bool lines = strcmp(format, "nt") == 0;
  const parley_input input = {
      .memory = lines ? text : json, .memory_len = lines ? sizeof text - 1 : sizeof json - 1, .format = format};
  const parley_load_options options = {.size = sizeof options, .skip_bad = 10, .on_bad_row = on_bad, .user = run};
  (void)scene_note(run, parley_load(run->db, &input, 1, &options, NULL), parley_error(run->db));
}

enum { MANY_ROWS = 6000, STEP_ROWS = 1000 };

/// Rows of a made-up file, a few thousand; `cursor` counts them.
static int give_rows(void* user, char* buf, size_t size, size_t* len) {
  int* const row = user;
  *len = 0;
  for (; *row < MANY_ROWS && *len + 128 < size; ++*row) {
    *len += (size_t)snprintf(buf + *len, 128, "<urn:parley:s%d> <urn:parley:p%d> \"a text of row %d\" .\n", *row / 3,
                             *row % 7, *row);
  }
  return 0;
}

/// Rows committed in steps.
static void load_steps(scene_run* run, const char* text) {
  int row = 0;
  const parley_input input = {.read = give_rows, .user = &row, .format = "nt", .name = "rows"};
  const parley_load_options options = {.size = sizeof options, .commit_every = STEP_ROWS};
  parley_load_summary summary;
  (void)text;
  (void)scene_note(run, parley_load(run->db, &input, 1, &options, &summary), parley_error(run->db));
  run->acknowledged = summary.committed_row;
}

static void load_many(scene_run* run, const char* text) {
  int row = 0;
  const parley_input input = {.read = give_rows, .user = &row, .format = "nt", .name = "rows"};
  (void)text;
  (void)scene_note(run, parley_load(run->db, &input, 1, NULL, NULL), parley_error(run->db));
}

/// A new store. Many rows and little memory: sorted on the disk.
static void build(scene_run* run, const char* format) {
  int row = 0;
  const bool many = strcmp(format, "many") == 0;
  const parley_input rows = {.read = give_rows, .user = &row, .format = "nt", .name = "rows"};
  const parley_input input = many ? rows : document(format);
  const parley_load_options options = {.size = sizeof options, .memory_bytes = many ? 64 << 10 : 0};
  parley_error_object* error = NULL;
  const parley_status status = parley_build(run->store, &run->options, &input, 1, &options, NULL, NULL, &error);
  (void)scene_note(run, status, error);
  parley_error_free(error);
}

// ---- whole stores -------------------------------------------------------------------------------------------------

static int see_bytes(void* user, const char* data, size_t len) {
  scene_see(user, data, len);
  return 0;
}

static void export_all(scene_run* run, const char* format) {
  for (int assertions = 0; assertions < 2; assertions++) {
    const parley_export_options options = {
        .size = sizeof options, .format = format, .assertions = assertions, .write = see_bytes, .user = run};
    if (!scene_note(run, parley_export(run->db, &options), parley_error(run->db))) {
      return;
    }
  }
}

static int see_difference(void* user, const parley_difference* d) {
  scene_see(user, &d->side, sizeof d->side);
  scene_see_text(user, d->json);
  scene_see_text(user, d->text);
  return 0;
}

static void diff_stores(scene_run* run, const char* text) {
  parley* other = NULL;
  parley_error_object* error = NULL;
  const parley_diff_options options = {.size = sizeof options, .on_difference = see_difference, .user = run};
  (void)text;
  const parley_status status = parley_open(run->second, &run->options, &other, &error);
  if (scene_note(run, status, error)) {
    (void)scene_note(run, parley_diff(run->db, other, &options), parley_error(run->db));
  }
  parley_error_free(error);
  (void)parley_close(other);
}

static void diff_sources(scene_run* run, const char* text) {
  const parley_value a = parley_name("doc1"), b = parley_name("doc2");
  const parley_diff_options options = {
      .size = sizeof options, .source_a = &a, .source_b = &b, .on_difference = see_difference, .user = run};
  (void)text;
  (void)scene_note(run, parley_diff(run->db, run->db, &options), parley_error(run->db));
}

/// A page that the disk does not give is a finding; its reason is told there.
static void see_finding(void* user, const parley_finding* finding) {
  scene_run* const run = user;
  scene_see_text(run, finding->text);
  if (!run->message[0]) {
    snprintf(run->message, sizeof run->message, "%s", finding->text);
  }
}

static void check(scene_run* run, const char* text) {
  const parley_check_options options = {.size = sizeof options, .deep = 1, .on_finding = see_finding, .user = run};
  parley_check_report report = {.size = sizeof report};
  (void)text;
  if (scene_note(run, parley_check(run->db, &options, &report), parley_error(run->db)) && report.findings > 0) {
    run->status = PARLEY_CORRUPT;
  }
}

static void backup(scene_run* run, const char* text) {
  (void)text;
  (void)scene_note(run, parley_backup(run->db, run->output, NULL), parley_error(run->db));
}

static void compact(scene_run* run, const char* text) {
  parley_error_object* error = NULL;
  (void)text;
  const parley_status status = parley_compact(run->store, &run->options, NULL, NULL, NULL, &error);
  (void)scene_note(run, status, error);
  parley_error_free(error);
}

static void repair(scene_run* run, const char* text) {
  parley_error_object* error = NULL;
  const parley_repair_options options = {.size = sizeof options, .memory_bytes = 1};
  parley_repair_summary summary = {.size = sizeof summary};
  (void)text;
  const parley_status status = parley_repair(run->store, run->output, &run->options, &options, NULL, &summary, &error);
  if (scene_note(run, status, error)) {
    scene_see(run, &summary, sizeof summary);
  }
  parley_error_free(error);
}

static void see_class(void* user, const parley_schema_class* row) { scene_see_text(user, row->name); }
static void see_link(void* user, const parley_schema_link* row) {
  scene_see_text(user, row->predicate);
  scene_see_text(user, row->from);
  scene_see_text(user, row->to);
  scene_see_text(user, row->example);
}

static void schema(scene_run* run, const char* text) {
  const parley_schema_options options = {
      .size = sizeof options, .on_class = see_class, .on_link = see_link, .user = run};
  (void)text;
  (void)scene_note(run, parley_schema(run->db, &options), parley_error(run->db));
}

static void stats(scene_run* run, const char* text) {
  parley_stats s = {.size = sizeof s};
  parley_part part;
  (void)text;
  if (scene_note(run, parley_get_stats(run->db, &s), parley_error(run->db))) {
    scene_see(run, &s.facts, sizeof s.facts);
    parley_status status = PARLEY_OK;
    for (size_t i = 0; status == PARLEY_OK; i++) {
      status = parley_get_part(run->db, i, &part);
      scene_see_text(run, status == PARLEY_OK ? part.name : "");
    }
    (void)scene_note(run, status, parley_error(run->db));
  }
}

static void properties(scene_run* run, const char* text) {
  (void)text;
  for (int p = PARLEY_PROPERTY_LABELS; p <= PARLEY_PROPERTY_SINGLE; p++) {
    if (!scene_note(run, parley_get_property(run->db, (parley_property)p, see_word, run), parley_error(run->db))) {
      return;
    }
  }
}

/// The text index of a predicate is built.
static void set_text(scene_run* run, const char* text) {
  const parley_value list[] = {parley_name("label"), parley_name("says")};
  (void)text;
  (void)scene_note(run, parley_set_property(run->db, PARLEY_PROPERTY_TEXT, list, 2), parley_error(run->db));
}

static void see_definition(void* user, const char* name, const char* path) {
  scene_see_text(user, name);
  scene_see_text(user, path);
}

static void define(scene_run* run, const char* text) {
  query(run, text);
  if (run->status == PARLEY_OK) {
    (void)scene_note(run, parley_definitions(run->db, see_definition, run), parley_error(run->db));
  }
}

// ---- the list -----------------------------------------------------------------------------------------------------

#define OWN_NEW (SCENE_OWN | SCENE_NEW | SCENE_WRITES)

const scene scene_list[] = {
    {"open", open_close, NULL, SCENE_OWN | SCENE_SMALL},
    {"open read-only", open_readonly, NULL, SCENE_OWN | SCENE_SMALL},
    {"create", create, "http://example.org/", OWN_NEW},
    {"statements", statements, NULL, SCENE_WRITES},
    {"statements rolled back", statements, "back", SCENE_WRITES},
    {"query in a transaction", query_in, "match ?a knows ?b return ?a, ?b order by ?a, ?b", SCENE_WRITES},
    {"update in a transaction", query_in, "match ?a knows Max delete ( ?a knows Max ) insert ( ?a met Max )",
     SCENE_WRITES},
    {"single inserts", inserts, NULL, SCENE_WRITES | SCENE_STEPS},
    {"scan", query, "match ?s ?p ?o return ?s, ?p, ?o order by ?s, ?p, ?o", 0},
    {"join", query,
     "match ?a knows ?b . ?b knows ?c . ?c age ?n where ?n > 20 return ?a, ?c, ?n order by ?a, ?c limit 3", 0},
    {"annotations", query,
     "match ?a knows ?b { source ?s ; optional confidence ?c } as ?st return ?a, ?b, ?s, ?c, start(?st) as ?f order by "
     "?a, ?s",
     0},
    {"optional", query, "match ?a knows ?b . optional ( ?b age ?n where ?n > 30 ) return ?a, ?b, ?n order by ?a, ?b",
     0},
    {"either", query, "match either ( ?a knows ?x ) or ( ?a holds ?x ) return ?a, ?x order by ?a, ?x", 0},
    {"not and exists", query,
     "match ?a knows ?b . not ( ?b holds Clerk ) where exists ( ?a age ?n ) return distinct ?a, ?b order by ?a", 0},
    {"groups", query,
     "match ?a knows ?b with ?a, count(distinct ?b) as ?n, collect(?b) as ?l, join(str(?b), \";\") as ?j "
     "return ?a, ?n, ?l, ?j, ?n - prior(?n) as ?d order by ?n desc, ?a",
     0},
    {"union", query, "match ?a knows ?b return ?a as ?x union match ?a holds ?b return ?b as ?x order by ?x", 0},
    {"path", query, "match Ada knows+ ?x return ?x order by ?x", 0},
    {"path of both ends", query, "match ?a (knows|^knows)/knows* ?b return ?a, ?b order by ?a, ?b", 0},
    {"shortest", query,
     "match all shortest Ada (~knows|~holds)+ Clerk as ?p return chain(?p) as ?c, length(?p) as ?n, nodes(?p) as ?l, "
     "facts(?p) as ?f",
     0},
    {"lens", query, "at 2020-06-01 according to ( ?d published_on < 2022 ) trust 0.5 match ?a knows ?b return ?a, ?b",
     0},
    {"given", query,
     "match ?a holds ?b . given at 2019 same 0.5 ( ?x holds ?post ) return ?a, ?x, ?post order by ?a, ?x, ?post", 0},
    {"same", query, "same 0.5 match ?a holds ?x . ?a knows ?b return ?a, ?x, ?b order by ?x, ?b", 0},
    {"why", query, "why match ?a knows ?b . not ( ?b holds Judge ) return ?a, count(*) as ?n order by ?a", 0},
    {"why same", query, "why same 0.5 match ?a holds ?x return ?a, ?x order by ?x", 0},
    {"why path", query, "why match Ada knows+ ?x return ?x order by ?x", 0},
    {"describe", query, "describe Ada, @\"Max\"", 0},
    {"graph", query, "match ?a knows ?b return graph", 0},
    {"built graph", query, "match ?a knows ?b return graph ( ?b known_by ?a )", 0},
    {"conflicts", query, "same 0.5 conflicts holds, age", 0},
    {"exists", query, "exists ( Ada knows _ )", SCENE_SMALL},
    {"preview", query, "preview match ?a knows ?b delete ( ?a knows ?b ) insert ( ?b met ?a )", 0},
    {"labels", query,
     "match @\"ada\" knows ?x . ?y says ?t where ?t ~ \"digital econ\" return label(?x) as ?l, ?t, @\"max\" as ?m", 0},
    {"label unknown", query, "match @\"adda\" knows ?x return ?x", 0},
    {"parameters", query, "for ?n in $list match @?n knows ?b where ?b != $one return ?n, ?b order by ?n, ?b", 0},
    {"functions", query,
     "let ?t = \"Hà Nội\" return upper(?t) as ?a, replace(?t, \"(.)\", \"$1$1\") as ?b, matches(?t, \"^H.*i$\") as ?c, "
     "split(\"a,b\", \",\") as ?d, fold(?t) as ?e, format(2023-09-05, \"%A\") as ?f, hash(?t) as ?g, 1/3 as ?h, [1, "
     "2.5, \"x\"] as ?i, iri(\"urn:x:long:name\") as ?k, date(\"2021/2025\") as ?m",
     0},
    {"explain", query, "explain match ?a knows ?b . ?b age ?n return ?a, ?n", 0},
    {"profile", query, "profile match ?a knows ?b . ?b age ?n return ?a, ?n", 0},
    {"stages", stages, "match ?a knows ?b . optional ( ?b age ?n ) return ?a, max(?n) as ?m", 0},
    {"a wrong text", wrong, "match ?a knows ?b where ?c > coun(?b) retrun ?a", SCENE_SMALL},
    {"an unbound variable", wrong, "match ?a knows ?b return ?c, lenght(?a)", SCENE_SMALL},
    {"expected words", expected, "match ?a ", SCENE_SMALL},
    {"insert", query,
     "insert ( Zed knows Ada { source doc1 ; confidence 0.3 } . Zed label \"the name of Zed, at length\" )",
     SCENE_WRITES},
    {"delete and insert", query,
     "match ?a knows ?b { source doc1 } as ?st delete ( ?a knows ?b as ?st ) insert ( ?a met [ a Meeting ; held_by ?b "
     "] )",
     SCENE_WRITES | SCENE_FRESH},
    {"define", define, "define reach = knows/(holds|^knows)", SCENE_WRITES},
    {"load nt", load, "nt", SCENE_WRITES},
    {"load nq", load, "nq", SCENE_WRITES},
    {"load ttl", load, "ttl", SCENE_WRITES | SCENE_FRAIL},
    {"load trig", load, "trig", SCENE_WRITES | SCENE_FRAIL},
    {"load jsonl", load, "jsonl", SCENE_WRITES},
    {"load csv", load, "csv", SCENE_WRITES},
    {"load gzip", load, "gzip", SCENE_WRITES},
    {"load zstd", load, "zstd", SCENE_WRITES},
    {"load bad nt", load_bad, "nt", SCENE_WRITES},
    {"load bad jsonl", load_bad, "jsonl", SCENE_WRITES},
    {"load a file", load_file, NULL, SCENE_WRITES},
    {"load in a transaction", load_in, "jsonl", SCENE_WRITES},
    {"load many", load_many, NULL, SCENE_WRITES},
    {"load in steps", load_steps, NULL, SCENE_WRITES | SCENE_STEPS},
    {"build", build, "jsonl", OWN_NEW},
    {"build sorting on disk", build, "many", OWN_NEW},
    {"export nt", export_all, "nt", 0},
    {"export nq", export_all, "nq", 0},
    {"export ttl", export_all, "ttl", 0},
    {"export jsonl", export_all, "jsonl", 0},
    {"diff of stores", diff_stores, NULL, 0},
    {"diff of sources", diff_sources, NULL, 0},
    {"check", check, NULL, 0},
    {"backup", backup, NULL, SCENE_COPY},
    {"compact", compact, NULL, SCENE_OWN | SCENE_WRITES},
    {"repair", repair, NULL, SCENE_OWN | SCENE_COPY | SCENE_SAVES},
    {"schema", schema, NULL, 0},
    {"stats", stats, NULL, SCENE_SMALL},
    {"properties", properties, NULL, SCENE_SMALL},
    {"text index", set_text, NULL, SCENE_WRITES},
};
const size_t scene_count = sizeof scene_list / sizeof *scene_list;
