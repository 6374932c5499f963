/// The edges of the interface: names of every status, handles that are NULL, values at the border of their types, words of
/// an error without memory.
#include "help.h"

static void names_every_status(void** state) {
  static const struct {
    int status;
    const char* name;
  } all[] = {
      {PARLEY_OK, "ok"},
      {PARLEY_ROW, "row"},
      {PARLEY_DONE, "done"},
      {PARLEY_NOT_FOUND, "not found"},
      {PARLEY_NOMEM, "out of memory"},
      {PARLEY_LIMIT, "limit reached"},
      {PARLEY_INTERRUPTED, "interrupted"},
      {PARLEY_MISUSE, "misuse"},
      {PARLEY_SYNTAX, "syntax error"},
      {PARLEY_BIND, "meaningless query"},
      {PARLEY_EVAL, "evaluation error"},
      {PARLEY_FORMAT, "bad format"},
      {PARLEY_IO, "input/output error"},
      {PARLEY_CANTOPEN, "cannot open"},
      {PARLEY_CORRUPT, "damaged store"},
      {PARLEY_NEWER, "newer format"},
      {PARLEY_BUSY, "busy"},
      {PARLEY_READONLY, "read-only"},
      {PARLEY_FULL, "full"},
      {99, "unknown status"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    assert_string_equal(parley_status_name((parley_status)all[i].status), all[i].name);
  }
}

// ---- no handle ----------------------------------------------------------------------------------------------------

/// A failed parley_prepare() leaves NULL behind: a program that goes on with it gets an answer and no crash.
static void takes_no_query(void** state) {
  const parley_value v = parley_integer(1), *items;
  const parley_limits limits = {.size = sizeof limits};
  parley_value out;
  parley_support support;
  double confidence;
  size_t count;
  (void)state;
  assert_int_equal(parley_step(NULL), PARLEY_MISUSE);
  assert_int_equal(parley_reset(NULL), PARLEY_MISUSE);
  assert_int_equal(parley_bind(NULL, "a", &v), PARLEY_MISUSE);
  assert_int_equal(parley_bind_list(NULL, "a", &v, 1), PARLEY_MISUSE);
  assert_int_equal(parley_column(NULL, 0, &out), PARLEY_MISUSE);
  assert_int_equal(parley_column_list(NULL, 0, &items, &count), PARLEY_MISUSE);
  assert_int_equal(parley_query_set_limits(NULL, &limits), PARLEY_MISUSE);
  assert_int_equal(parley_query_set_rules(NULL, 0, 0), PARLEY_MISUSE);
  assert_int_equal(parley_query_on_progress(NULL, NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_query_ask_why(NULL, 1), PARLEY_MISUSE);
  assert_int_equal(parley_why_next(NULL, &support), PARLEY_MISUSE);
  assert_int_equal(parley_why_rewind(NULL), PARLEY_MISUSE);
  assert_int_equal(parley_why_confidence(NULL, &confidence), PARLEY_MISUSE);
  assert_int_equal(parley_param_count(NULL), 0);
  assert_int_equal(parley_column_count(NULL), 0);
  assert_null(parley_param_name(NULL, 0));
  assert_null(parley_column_name(NULL, 0));
  assert_null(parley_column_text(NULL, 0));
  assert_int_equal(parley_column_text_len(NULL, 0), 0);
  assert_null(parley_column_item_text(NULL, 0, 0, &count));
  assert_null(parley_column_source(NULL, 0));
  assert_null(parley_query_stage(NULL, PARLEY_STAGE_PLAN));
  assert_false(parley_query_is_update(NULL) || parley_query_is_explain(NULL) || parley_query_is_why(NULL));
  assert_false(parley_query_is_graph(NULL) || parley_query_is_describe(NULL));
  assert_int_equal(parley_query_changes(NULL).facts_new, 0);
  parley_query_interrupt(NULL);
  parley_finalize(NULL);
}

static void takes_no_store(void** state) {
  const parley_value v = parley_name("a");
  parley_query* query = NULL;
  parley_txn* txn = NULL;
  parley_stats stats = {.size = sizeof stats};
  parley_part part;
  (void)state;
  assert_int_equal(parley_close(NULL), PARLEY_OK);
  assert_int_equal(parley_begin(NULL, 0, &txn), PARLEY_MISUSE);
  assert_int_equal(parley_prepare(NULL, "return 1 as ?a", SIZE_MAX, &query, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_prepare_in(NULL, "return 1 as ?a", SIZE_MAX, &query, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_load(NULL, NULL, 0, NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_load_in(NULL, NULL, 0, NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_export(NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_get_stats(NULL, &stats), PARLEY_MISUSE);
  assert_int_equal(parley_get_part(NULL, 0, &part), PARLEY_MISUSE);
  assert_int_equal(parley_schema(NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_diff(NULL, NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_set_property(NULL, PARLEY_PROPERTY_LABELS, &v, 1), PARLEY_MISUSE);
  assert_int_equal(parley_definitions(NULL, NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_check(NULL, NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_backup(NULL, "/tmp/nowhere", NULL), PARLEY_MISUSE);
  assert_int_equal(parley_set_limits(NULL, NULL), PARLEY_MISUSE);
  assert_string_equal(parley_base(NULL), "");
  parley_interrupt(NULL);
  parley_clear_interrupt(NULL);
}

static void takes_no_transaction(void** state) {
  const parley_value v = parley_name("a");
  parley_diagnostic d;
  (void)state;
  assert_int_equal(parley_commit(NULL), PARLEY_MISUSE);
  parley_rollback(NULL);
  assert_int_equal(parley_add(NULL, &v, &v, &v, NULL, 0, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_remove(NULL, &v, &v, &v, NULL, 0, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_contains(NULL, &v, &v, &v), PARLEY_MISUSE);
  assert_int_equal(parley_error_get(parley_txn_error(NULL), 9, &d), PARLEY_NOT_FOUND);
  assert_int_equal(parley_error_count(NULL), 0);
  assert_int_equal(parley_error_get(NULL, 0, &d), PARLEY_NOT_FOUND);
  assert_int_equal(parley_error_get(NULL, 0, NULL), PARLEY_MISUSE);
  assert_string_equal(parley_error_message(NULL), "");
  parley_error_free(NULL);
}

/// Places for results that are NULL.
static void names_what_is_null(void** state) {
  fixture* const f = *state;
  parley_query* const q = help_prepare(f->store, "return 1 as ?a, [1, 2] as ?l");
  parley_value v;
  const parley_value* items;
  size_t count;
  assert_int_equal(parley_prepare(f->store, "return 1 as ?a", SIZE_MAX, NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_prepare(f->store, NULL, 0, NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_get_stats(f->store, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_get_part(f->store, 0, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_load(f->store, NULL, 1, NULL, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_step(q), PARLEY_ROW);
  assert_int_equal(parley_column(q, 0, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_column_list(q, 1, NULL, &count), PARLEY_MISUSE);
  assert_int_equal(parley_column_list(q, 1, &items, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_column_list(q, 0, &items, &count), PARLEY_MISUSE);  // no list
  assert_int_equal(parley_column(q, 0, &v), PARLEY_OK);
  assert_int_equal(parley_column(q, 0, &v), PARLEY_OK);  // again
  assert_int_equal(v.integer, 1);
  assert_int_equal(parley_bind_list(q, "a", NULL, 1), PARLEY_MISUSE);
  // While rows come nothing may be set.
  assert_int_equal(parley_query_set_rules(q, 1, 1), PARLEY_MISUSE);
  assert_int_equal(parley_query_on_progress(q, NULL, NULL), PARLEY_MISUSE);
  assert_null(parley_query_stage(q, PARLEY_STAGE_PROFILE));
  parley_finalize(q);
  assert_int_equal(parley_expected(NULL, 0, NULL, NULL), PARLEY_MISUSE);
  assert_non_null(parley_keyword(0, NULL, NULL));
}

/// Repair and compact say which argument is missing.
static void names_what_repair_lacks(void** state) {
  fixture* const f = *state;
  parley_error_object* error = NULL;
  assert_int_equal(parley_repair(NULL, "/tmp/x", NULL, NULL, NULL, NULL, &error), PARLEY_MISUSE);
  assert_non_null(strstr(parley_error_message(error), "path"));
  parley_error_free(error);
  assert_int_equal(parley_repair(f->path, NULL, NULL, NULL, NULL, NULL, &error), PARLEY_MISUSE);
  assert_non_null(strstr(parley_error_message(error), "dest"));
  parley_error_free(error);
  assert_int_equal(parley_repair(f->path, NULL, NULL, NULL, NULL, NULL, NULL), PARLEY_MISUSE);
}

// ---- values -------------------------------------------------------------------------------------------------------

/// The one value of `return $v as ?v`, and its text.
static parley_status echo(parley* store, const parley_value* value, parley_value* out, char text[128]) {
  parley_query* const q = help_prepare(store, "return $v as ?v");
  parley_status status = parley_bind(q, "v", value);
  if (status == PARLEY_OK) {
    status = parley_step(q) == PARLEY_ROW ? parley_column(q, 0, out) : PARLEY_EVAL;
    (void)snprintf(text, 128, "%s", status == PARLEY_OK ? parley_column_text(q, 0) : "");
  }
  parley_finalize(q);
  return status;
}

static parley_value text_of_type(parley_type type, const char* text) {
  return (parley_value){.type = type, .text = text, .text_len = strlen(text)};
}

static void keeps_values(void** state) {
  fixture* const f = *state;
  const struct {
    parley_value value;
    parley_type type;
    const char* text;
  } all[] = {
      {parley_boolean(1), PARLEY_BOOLEAN, "true"},
      {text_of_type(PARLEY_BOOLEAN, "false"), PARLEY_BOOLEAN, "false"},
      {text_of_type(PARLEY_INTEGER, "7"), PARLEY_INTEGER, "7"},
      {text_of_type(PARLEY_DECIMAL, "2.5"), PARLEY_DECIMAL, "2.5"},
      {text_of_type(PARLEY_DOUBLE, "1.5E0"), PARLEY_DOUBLE, "1.5"},
      {parley_double(-1234567.25), PARLEY_DOUBLE, "-1234567.25"},
      {parley_double(0.000001), PARLEY_DOUBLE, "0.000001"},
      {parley_double(1e-7), PARLEY_DOUBLE, "1.0E-7"},
      {parley_double(1e15), PARLEY_DOUBLE, "1000000000000000"},
      {parley_double(1e16), PARLEY_DOUBLE, "1.0E16"},
      {parley_double(1.0 / 0.0), PARLEY_DOUBLE, "INF"},
      {parley_date("2023-09"), PARLEY_DATE, "2023-09"},
      {parley_date("2021/2025"), PARLEY_INTERVAL, "2021/2025"},
      {parley_typed("99999999999999999999", "http://www.w3.org/2001/XMLSchema#integer"), PARLEY_INTEGER,
       "99999999999999999999"},
      {parley_typed("200", "http://www.w3.org/2001/XMLSchema#byte"), PARLEY_LITERAL, "200"},
      {parley_typed("x", "urn:x:type"), PARLEY_LITERAL, "x"},
      {parley_lang_string("cat", "EN-gb-1996"), PARLEY_STRING, "cat"},
      {text_of_type(PARLEY_BLANK, "b1"), PARLEY_BLANK, "_:b1"},
      {parley_iri("http://example.org/a b"), PARLEY_NULL, NULL},
      {parley_iri(NULL), PARLEY_NULL, ""},
      {text_of_type(PARLEY_BLANK, "b 1"), PARLEY_NULL, NULL},
      {text_of_type(PARLEY_BLANK, ""), PARLEY_NULL, NULL},
      {text_of_type(PARLEY_STRING, "\xff"), PARLEY_NULL, NULL},
      {text_of_type(PARLEY_IRI, "\xc3"), PARLEY_NULL, NULL},
      {parley_date("yesterday"), PARLEY_NULL, NULL},
      {parley_date(NULL), PARLEY_NULL, ""},
      {parley_lang_string("cat", ""), PARLEY_NULL, NULL},
      {parley_lang_string("cat", "-en"), PARLEY_NULL, NULL},
      {parley_lang_string("cat", "en-"), PARLEY_NULL, NULL},
      {parley_lang_string("cat", "en--gb"), PARLEY_NULL, NULL},
      {parley_lang_string("cat", "1en"), PARLEY_NULL, NULL},
      {parley_lang_string("cat", "e{n"), PARLEY_NULL, NULL},
      {parley_lang_string("cat", "e:n"), PARLEY_NULL, NULL},
      {parley_typed("x", "no iri"), PARLEY_NULL, NULL},
      {{.type = PARLEY_DECIMAL}, PARLEY_NULL, NULL},
      {{.type = PARLEY_IRI}, PARLEY_NULL, NULL},
      {{.type = (parley_type)99}, PARLEY_NULL, NULL},
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    parley_value out = {.type = PARLEY_NULL};
    char text[128] = "";
    const parley_status status = echo(f->store, &all[i].value, &out, text);
    if (!all[i].text) {
      if (status != PARLEY_MISUSE) {
        fail_msg("value %zu was taken: %s", i, text);
      }
      continue;
    }
    if (status != PARLEY_OK || out.type != all[i].type || strcmp(text, all[i].text) != 0) {
      fail_msg("value %zu: status %d, type %d, text `%s`, not `%s`", i, (int)status, (int)out.type, text, all[i].text);
    }
  }
}

/// What a statement may have in which place.
static void refuses_statements(void** state) {
  fixture* const f = *state;
  const parley_value name = parley_name("a"), text = parley_string("t"), null = {.type = PARLEY_NULL};
  const parley_value blank = text_of_type(PARLEY_BLANK, "b");
  const parley_annotation nameless[] = {{.key = NULL, .value = name}};
  const parley_annotation full[] = {{.key = "urn:x:said", .value = text}, {.key = "http://x.org/by", .value = name}};
  const struct {
    const parley_value *s, *p, *o;
    const char* why;
  } bad[] = {{NULL, &name, &name, "subject"},    {&name, NULL, &name, "predicate"},      {&name, &name, NULL, "object"},
             {&text, &name, &name, "a literal"}, {&name, &blank, &name, "a blank node"}, {&name, &name, &null, "null"},
             {&name, &text, &name, "a literal"}};
  parley_txn* txn;
  assert_int_equal(parley_begin(f->store, 1, &txn), PARLEY_OK);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(parley_contains(txn, bad[i].s, bad[i].p, bad[i].o), PARLEY_MISUSE);
    assert_non_null(strstr(parley_error_message(parley_txn_error(txn)), bad[i].why));
  }
  assert_int_equal(parley_add(txn, &name, &name, &text, NULL, 1, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_add(txn, &name, &name, &text, nameless, 1, NULL), PARLEY_MISUSE);
  assert_int_equal(parley_add(txn, &blank, &name, &text, full, 2, NULL), PARLEY_OK);
  assert_int_equal(parley_contains(txn, &name, &name, &text), PARLEY_NOT_FOUND);
  assert_int_equal(parley_commit(txn), PARLEY_OK);
}

// ---- no memory ----------------------------------------------------------------------------------------------------

static void* no_memory(void* user, void* ptr, size_t size_old, size_t size_new) {
  (void)user;
  (void)size_old;
  if (size_new == 0) {
    free(ptr);
  }
  return NULL;
}

/// Not even the error object can be had: there is one that needs no memory.
static void tells_that_memory_is_out(void** state) {
  fixture* const f = *state;
  const parley_options options = {.size = sizeof options, .reallocate = no_memory};
  parley_error_object* error = NULL;
  parley_diagnostic d;
  parley* store = NULL;
  assert_int_equal(parley_open(f->path, &options, &store, &error), PARLEY_NOMEM);
  assert_null(store);
  assert_int_equal(parley_error_count(error), 1);
  assert_int_equal(parley_error_get(error, 0, &d), PARLEY_OK);
  assert_int_equal(d.status, PARLEY_NOMEM);
  assert_string_equal(d.message, parley_error_message(error));
  assert_int_equal(parley_error_get(error, 1, &d), PARLEY_NOT_FOUND);
  parley_error_free(error);
}

/// Flags that contradict each other.
static void refuses_flags(void** state) {
  fixture* const f = *state;
  const unsigned bad[] = {PARLEY_OPEN_FAST | PARLEY_OPEN_NO_SYNC, PARLEY_OPEN_CREATE | PARLEY_OPEN_READONLY};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const parley_options options = {.size = sizeof options, .flags = bad[i]};
    parley_error_object* error = NULL;
    parley* store = NULL;
    assert_int_equal(parley_open(f->path, &options, &store, &error), PARLEY_MISUSE);
    assert_true(parley_error_message(error)[0] != '\0');
    parley_error_free(error);
  }
  const parley_options fast = {.size = sizeof fast, .flags = PARLEY_OPEN_FAST};
  parley* store = NULL;
  assert_int_equal(parley_open(f->path, &fast, &store, NULL), PARLEY_OK);
  help_load(store, "nt", "<urn:a:b> <urn:a:b> <urn:a:b> .\n");
  assert_int_equal(parley_close(store), PARLEY_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_every_status),
      cmocka_unit_test(takes_no_query),
      cmocka_unit_test(takes_no_store),
      cmocka_unit_test(takes_no_transaction),
      HELP_TEST(names_what_is_null),
      HELP_TEST(names_what_repair_lacks),
      HELP_TEST(keeps_values),
      HELP_TEST(refuses_statements),
      HELP_TEST(tells_that_memory_is_out),
      HELP_TEST(refuses_flags),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
