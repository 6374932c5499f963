/// JSON Lines: what each key becomes, labels, types, and every way in which a row can be wrong.
#include "load_help.h"

static const pl_load_options no_options;
#define XSD "^^<http://www.w3.org/2001/XMLSchema#"

static void check(const char* text, const char* expected) {
  help_check(&pl_reader_jsonl, &no_options, pl_str_c(text), expected);
}

/// One row with this object and these further keys, whose labels are not looked at.
static void check_object(const char* object, const char* expected) {
  char text[512];
  char wanted[512];
  (void)snprintf(text, sizeof(text), "{\"subject\": {\"iri\": \"x:s\"}, \"predicate\": \"p\", \"object\": %s}", object);
  (void)snprintf(wanted, sizeof(wanted), "<x:s> <urn:b:p> %s . #1\n", expected);
  check(text, wanted);
}

static void check_key(const char* key, const char* expected) {
  char text[512];
  char wanted[512];
  (void)snprintf(text, sizeof(text), "{\"subject\": {\"iri\": \"x:s\"}, \"predicate\": \"p\", \"object\": 1, %s}", key);
  (void)snprintf(wanted, sizeof(wanted), "<x:s> <urn:b:p> \"1\"" XSD "integer> { %s; } . #1\n", expected);
  check(text, wanted);
}

static void check_bad(const char* rest, const char* expected) {
  char text[512];
  (void)snprintf(text, sizeof(text), "{\"subject\": {\"iri\": \"x:s\"}, \"predicate\": \"p\", %s}", rest);
  check(text, expected);
}

static void test_names_and_labels(void** state) {
  PL_UNUSED(state);
  check(
      "{\"subject\": \"A B\", \"predicate\": \"knows well\", \"object\": \"C\"}\n\n"
      "{\"subject\": \"C\", \"predicate\": \"http://x/p\", \"object\": \"A B\"}",
      "<urn:b:A_B> <urn:b:label> \"A B\" . #1\n<urn:b:C> <urn:b:label> \"C\" . #1\n"
      "<urn:b:A_B> <urn:b:knows_well> <urn:b:C> . #1\n<urn:b:C> <http://x/p> <urn:b:A_B> . #3\n");
}

static void test_objects(void** state) {
  PL_UNUSED(state);
  check_object("42", "\"42\"" XSD "integer>");
  check_object("3.25", "\"3.25\"" XSD "decimal>");
  check_object("0.05", "\"0.05\"" XSD "decimal>");
  check_object("-12.0", "\"-12.0\"" XSD "decimal>");
  check_object("0.1234567890123456", "\"1.234567890123456E-1\"" XSD "double>");
  check_object("1e30", "\"1.0E30\"" XSD "double>");
  check_object("true", "\"true\"" XSD "boolean>");
  check_object("{\"iri\": \"http://x/y\"}", "<http://x/y>");
  check_object("{\"blank\": \"b\"}", "_:" TEST_SCOPE "b");
  check_object("{\"value\": \"x\", \"lang\": \"EN\"}", "\"x\"@en");
  check_object("{\"value\": \"x\"}", "\"x\"");
  check_object("{\"value\": \"2023-09-05\", \"type\": \"date\"}", "\"2023-09-05\"" XSD "date>");
  check_object("{\"value\": \"2023-09\", \"type\": \"date\"}", "\"2023-09\"" XSD "gYearMonth>");
  check_object("{\"value\": \"2023\", \"type\": \"year\"}", "\"2023\"" XSD "gYear>");
  check_object("{\"value\": 5, \"type\": \"double\"}", "\"5.0E0\"" XSD "double>");
  check_object("{\"value\": \"5\", \"type\": \"xsd:byte\"}", "\"5\"" XSD "byte>");
  check_object("{\"value\": \"2021..2025\", \"type\": \"interval\"}", "\"2021/2025\"^^<urn:parley:type:interval>");
  check_object("{\"value\": \"abc\", \"type\": \"http://www.w3.org/2001/XMLSchema#integer\"}",
               "\"abc\"" XSD "integer>");
  check_object("{\"value\": \"5 km\", \"type\": \"distance\"}", "\"5 km\"^^<urn:b:distance>");
  check_object("{\"value\": \"x\", \"type\": \"<mailto:t>\"}", "\"x\"^^<mailto:t>");
  check_object("{\"value\": \"x\", \"type\": \"urn:t\"}", "\"x\"^^<urn:t>");
  check_object("{\"value\": \"x\", \"type\": \"<\"}", "\"x\"^^<urn:b:%3C>");
  check_object("false", "\"false\"" XSD "boolean>");
  check_object("-0.0", "\"0.0\"" XSD "decimal>");
  check_object("1e-7", "\"1.0E-7\"" XSD "double>");
  check_object("123456789012345678.5", "\"1.2345678901234568E17\"" XSD "double>");
  check_object("{\"value\": true, \"type\": \"boolean\"}", "\"true\"" XSD "boolean>");
  check_object("{\"value\": 5, \"type\": \"integer\"}", "\"5\"" XSD "integer>");
  check_object("{\"value\": 0.5, \"type\": \"decimal\"}", "\"0.5\"" XSD "decimal>");
  check_object("{\"value\": 5, \"type\": \"float\"}", "\"5.0E0\"" XSD "float>");
  check_object("{\"value\": 5, \"type\": \"xsd:double\"}", "\"5.0E0\"" XSD "double>");
  check_object("{\"value\": 5, \"type\": \"xsd:float\"}", "\"5.0E0\"" XSD "float>");
  check_object("{\"value\": \"x\", \"type\": \"string\"}", "\"x\"");
  check_object("{\"value\": \"x\", \"type\": \"string\", \"lang\": \"zh-Hans-2\"}", "\"x\"@zh-hans-2");
  check_object("{\"value\": \"2021-05\", \"type\": \"month\"}", "\"2021-05\"" XSD "gYearMonth>");
  check_object("{\"value\": \"2021/2025\", \"type\": \"period\"}", "\"2021/2025\"^^<urn:parley:type:interval>");
}

static void test_annotations(void** state) {
  PL_UNUSED(state);
  check_key("\"source\": {\"iri\": \"x:d\"}", "<urn:b:source> <x:d> ");
  check_key("\"span\": [3, 9]", "<urn:b:span> \"char=3,9\" ");
  check_key("\"confidence\": 0.97", "<urn:b:confidence> \"0.97\"" XSD "decimal> ");
  check_key("\"from\": \"2023\"", "<urn:b:from> \"2023\"" XSD "gYear> ");
  check_key("\"until\": \"2023-01-01T10:30\"", "<urn:b:until> \"2023-01-01T10:30:00\"" XSD "dateTime> ");
  check_key("\"on\": \"2021/2025\"", "<urn:b:on> \"2021/2025\"^^<urn:parley:type:interval> ");
  check_key("\"span\": [[3, 9], [12, 14]]", "<urn:b:span> \"char=3,9\" ; <urn:b:span> \"char=12,14\" ");
  check_key("\"span\": {\"value\": \"line 5\"}", "<urn:b:span> \"line 5\" ");
  check_key("\"span\": [{\"value\": \"line 5\"}], \"source\": null", "<urn:b:span> \"line 5\" ");
  check_key("\"confidence\": {\"value\": \"high\"}, \"span\": null", "<urn:b:confidence> \"high\" ");
  check_key("\"from\": {\"value\": \"spring\"}", "<urn:b:from> \"spring\" ");
  check_key("\"k\": {\"iri\": \"x:v\"}", "<urn:b:k> <x:v> ");
  check_key("\"urn:k\": \"v\", \"https://x/k\": \"w\"", "<urn:k> \"v\" ; <https://x/k> \"w\" ");
  check_key("\"method\": [\"a\", null, 2]", "<urn:b:method> \"a\" ; <urn:b:method> \"2\"" XSD "integer> ");
  check_key("\"http://x/k\": true", "<http://x/k> \"true\"" XSD "boolean> ");
  check_key("\"<x:k>\": \"v\", \"z\": null", "<x:k> \"v\" ");
}

static void test_types(void** state) {
  PL_UNUSED(state);
  check(
      "{\"subject\": \"A\", \"subject_type\": \"T\", \"predicate\": \"p\", \"object\": {\"iri\": \"x:o\"}, "
      "\"object_type\": [\"U\"], \"source\": \"D\", \"confidence\": 1}",
      "<urn:b:A> <urn:b:label> \"A\" . #1\n<urn:b:T> <urn:b:label> \"T\" . #1\n<urn:b:U> <urn:b:label> \"U\" . #1\n"
      "<urn:b:D> <urn:b:label> \"D\" . #1\n"
      "<urn:b:A> <urn:b:p> <x:o> { <urn:b:source> <urn:b:D> ; <urn:b:confidence> \"1\"" XSD
      "integer> ; } . #1\n"
      "<urn:b:A> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:b:T> { <urn:b:source> <urn:b:D> ; } . #1\n"
      "<x:o> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:b:U> { <urn:b:source> <urn:b:D> ; } . #1\n");
}

static void test_graph(void** state) {
  PL_UNUSED(state);
  check("{\"subject\": {\"iri\": \"x:s\"}, \"predicate\": \"p\", \"object\": 1, \"graph\": {\"iri\": \"x:g\"}}",
        "<x:s> <urn:b:p> \"1\"" XSD "integer> <x:g> . #1\n");
}

#define LITERAL_FORM \
  "#1:48 `object` must be written {\"value\": ..., \"type\": \"...\"} or {\"value\": ..., \"lang\": \"...\"}"
#define OBJECT_FORM \
  "#1:48 `object` must be written {\"node\": \"...\"}, {\"iri\": \"...\"}, {\"blank\": \"...\"} or {\"value\": ...}"
#define SPAN_FORM "#1:61 `span` must be [start, end], two integers with 0 <= start <= end"
#define LANG(column) "#1:" column " `object` must be given a language tag such as \"en\" or \"zh-hans\""

static void test_bad(void** state) {
  PL_UNUSED(state);
  check("{", "bad #1:1 not valid JSON: string or '}' expected near end of file\n");
  check("[1]", "bad #1:1 a row must be a JSON object\n");
  check("{\"subject\": \"never labelled\", \"predicate\": \"p\"}", "bad #1:1 the row has no `object`\n");
  check_bad("\"object\": 1, \"object\": 2", "bad #1:67 not valid JSON: duplicate object key\n");
  check_bad("\"object\": [1]", "bad #1:48 `object` must be given a text, number or boolean as \"value\"\n");
  check_bad("\"object\": \"\"", "bad #1:48 `object` must be a text that is not empty\n");
  check_bad("\"object\": {\"iri\": \"no scheme\"}", "bad #1:66 `object` must be an absolute IRI\n");
  check_bad("\"object\": {\"value\": \"x\", \"type\": \"integer\"}", "bad #1:68 \"x\" is not a valid integer\n");
  check_bad("\"object\": {\"value\": \"x\", \"type\": \"zz:t\"}", "bad #1:81 unknown type prefix in \"zz:t\"\n");
  check_bad("\"object\": 123456789012345678901234567890", "bad #1:86 not valid JSON: too big integer\n");
  check_bad("\"object\": 1, \"confidence\": 1.5", "bad #1:61 `confidence` must be a number from 0 to 1\n");
  check_bad("\"object\": 1, \"span\": [5, 3]",
            "bad #1:61 `span` must be [start, end], two integers with 0 <= start <= end\n");
  check_bad("\"object\": 1, \"on\": \"Tuesday\"", "bad #1:67 \"Tuesday\" is not a valid date or interval\n");
  check_bad("\"object\": 1, \"object_type\": \"T\"", "bad #1:61 `object_type` needs a node as object\n");
  check_bad("\"object\": 1, \"k\": 1, \"graph\": {\"iri\": \"x:g\"}",
            "bad #1:69 a row of a named graph cannot have annotations of its own\n");
}

/// The forms of a value that are none, one by one.
static void test_bad_values(void** state) {
  PL_UNUSED(state);
  static const struct {
    const char* rest;  ///< of the row
    const char* what;  ///< is told
  } rows[] = {
      {"\"object\": null", "#1:48 `object` must be given a text, number or boolean as \"value\""},
      {"\"object\": {\"value\": null}", "#1:48 `object` must be given a text, number or boolean as \"value\""},
      {"\"object\": {\"value\": {}}", "#1:48 `object` must be given a text, number or boolean as \"value\""},
      {"\"object\": {\"value\": null, \"type\": \"integer\"}",
       "#1:48 `object` must be given a text, number or boolean as \"value\""},
      {"\"object\": {\"value\": 1, \"type\": \"integer\", \"x\": 1}", LITERAL_FORM},
      {"\"object\": {\"value\": 1, \"type\": 5}", LITERAL_FORM},
      {"\"object\": {\"value\": \"x\", \"lang\": 5}", LITERAL_FORM},
      {"\"object\": {\"value\": \"x\", \"lang\": \"en\", \"type\": \"integer\"}",
       "#1:48 `object` must be a text without other type if it has a language"},
      {"\"object\": {\"value\": 5, \"lang\": \"en\"}",
       "#1:48 `object` must be a text without other type if it has a language"},
      {"\"object\": {\"value\": \"x\", \"lang\": \"\"}",
       "#1:48 `object` must be given a language tag that is not empty"},
      {"\"object\": {\"value\": \"x\", \"lang\": \"en-\"}", LANG("81")},
      {"\"object\": {\"value\": \"x\", \"lang\": \"e1\"}", LANG("81")},
      {"\"object\": {\"value\": \"x\", \"lang\": \"en-[\"}", LANG("81")},
      {"\"object\": {\"value\": \"x\", \"lang\": \"en-{\"}", LANG("81")},
      {"\"object\": {\"value\": \"x\", \"lang\": \"en-:\"}", LANG("81")},
      {"\"object\": {\"node\": 5}", OBJECT_FORM},
      {"\"object\": {\"node\": \"A\", \"iri\": \"x:a\"}", OBJECT_FORM},
      {"\"object\": {}", OBJECT_FORM},
      {"\"object\": {\"iri\": \"\"}", "#1:48 `object` must be an absolute IRI"},
      {"\"object\": {\"blank\": \"\"}", "#1:48 `object` must be a blank node label"},
      {"\"object\": {\"blank\": \"a b\"}", "#1:68 `object` must be a blank node label"},
      {"\"object\": {\"value\": \"x\", \"type\": \"\"}", "#1:48 `object` must be given a type that is not empty"},
      {"\"object\": {\"value\": \"x\", \"type\": \"date\"}", "#1:68 \"x\" is not a valid date"},
      {"\"object\": {\"value\": \"x\", \"type\": \"interval\"}", "#1:68 \"x\" is not a valid interval"},
      {"\"object\": {\"value\": \"x\", \"type\": \"<no scheme>\"}", "#1:82 `object` must be an absolute IRI"},
      {"\"object\": 1, \"subject_type\": 5",
       "#1:61 `subject_type` must be a node: a text, {\"iri\": \"...\"} or {\"blank\": \"...\"}"},
      {"\"object\": 1, \"subject_type\": {\"value\": 5}",
       "#1:61 `subject_type` must be a node: a text, {\"iri\": \"...\"} or {\"blank\": \"...\"}"},
      {"\"object\": 1, \"source\": 5", "#1:61 `source` must be a node: a text, {\"iri\": \"...\"} or a list of them"},
      {"\"object\": 1, \"source\": [[5]]", "#1:61 `source` must be a value or a list of values"},
      {"\"object\": 1, \"confidence\": -0.5", "#1:61 `confidence` must be a number from 0 to 1"},
      {"\"object\": 1, \"confidence\": \"high\"", "#1:61 `confidence` must be a number from 0 to 1"},
      {"\"object\": 1, \"from\": 2023",
       "#1:61 `from` must be a text such as \"2023-09-05\", \"2023-09\" or \"2021/2025\""},
      {"\"object\": 1, \"span\": [1, 2, 3]", SPAN_FORM},
      {"\"object\": 1, \"span\": [1.5, 2]", SPAN_FORM},
      {"\"object\": 1, \"span\": [1, \"2\"]", SPAN_FORM},
      {"\"object\": 1, \"span\": [-1, 2]", SPAN_FORM},
      {"\"object\": 1, \"span\": \"1-2\"", SPAN_FORM},
      {"\"object\": 1, \"span\": [[1, 2], 5]", SPAN_FORM},
      {"\"object\": 1, \"\": 5", "#1:1 `` must be a text that is not empty"},
      {"\"object\": {\"value\": 0.5, \"type\": \"date\"}", "#1:67 \"0.5\" is not a valid date"},
  };
  for (size_t i = 0; i < PL_COUNT_OF(rows); i++) {
    char expected[256];
    (void)snprintf(expected, sizeof(expected), "bad %s\n", rows[i].what);
    check_bad(rows[i].rest, expected);
  }
}

static void test_bad_predicates(void** state) {
  PL_UNUSED(state);
  static const char* const predicates[] = {"5", "{\"x\": 1}", "{\"iri\": 5}", "{\"iri\": \"x:p\", \"k\": 1}", "null"};
  for (size_t i = 0; i < PL_COUNT_OF(predicates); i++) {
    char text[128];
    (void)snprintf(text, sizeof(text), "{\"subject\": {\"iri\": \"x:s\"}, \"predicate\": %s, \"object\": 1}",
                   predicates[i]);
    check(text, "bad #1:30 `predicate` must be a text or {\"iri\": \"...\"}\n");
  }
  check("{\"predicate\": \"\", \"subject\": \"A\", \"object\": 1}",
        "bad #1:3 `predicate` must be a text that is not empty\n");
  check("{\"subject\": \"A\", \"object\": 1}", "bad #1:1 the row has no `predicate`\n");
  check("{\"predicate\": \"A\", \"object\": 1}", "bad #1:1 the row has no `subject`\n");
}

/// Carets point at the key as a whole quoted word, not at text that merely holds it.
static void test_places(void** state) {
  PL_UNUSED(state);
  check("{\"predicate\": \"on so on\", \"subject\": \"on\", \"object\": 1, \"on\": \"never\"}",
        "bad #1:64 \"never\" is not a valid date or interval\n");
  check("{\"predicate\": \"p\", \"subject\": \"s\", \"object\": 1, \"o\\u006e\": \"never\"}",
        "bad #1:61 \"never\" is not a valid date or interval\n");
  check("{\"predicate\": \"p\", \"subject\": \"s\", \"object\": 1, \"on\": \"n\\u0065ver\"}",
        "bad #1:1 \"never\" is not a valid date or interval\n");
}

/// Rows beyond a batch wait for the next one; a row that is too long is one bad row.
static void test_many_and_long(void** state) {
  PL_UNUSED(state);
  enum { ROWS = 5000, LONG = 400000 };
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error err;
  pl_error_init(&err, &mem);
  pl_buf text;
  pl_buf_init(&text, &mem, SIZE_MAX / 2);
  for (int i = 0; i < ROWS; i++) {
    (void)pl_buf_printf(&text, "{\"subject\": {\"iri\": \"x:s\"}, \"predicate\": \"p\", \"object\": %d}\n", i);
    if (i == ROWS / 2) {
      (void)pl_buf_printf(&text, " \t\r\n%*s\n", LONG, "x");
    }
  }
  const pl_load_options limited = {.literal_bytes_max = 1000};
  const pl_input input = {.memory = pl_buf_view(&text), .name = "test"};
  read_result result = help_read_input(&pl_reader_jsonl, &input, &limited, &mem, &err, false);
  assert_int_equal(result.status, PL_DONE);
  assert_int_equal(result.statements, ROWS);
  assert_int_equal(result.bad, 1);
  assert_int_equal(result.rows, ROWS + 2);
  pl_buf_free(&result.text);
  pl_buf_free(&text);
  assert_int_equal(mem.bytes_used, 0);
}

/// A label that a bad row would have stated is stated by the next good one.
static void test_bad_row_leaves_no_label(void** state) {
  PL_UNUSED(state);
  check("{\"subject\": \"A\", \"predicate\": \"p\"}\n{\"subject\": \"A\", \"predicate\": \"p\", \"object\": 1}",
        "<urn:b:A> <urn:b:label> \"A\" . #2\n<urn:b:A> <urn:b:p> \"1\"" XSD
        "integer> . #2\n"
        "bad #1:1 the row has no `object`\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names_and_labels),
      cmocka_unit_test(test_objects),
      cmocka_unit_test(test_annotations),
      cmocka_unit_test(test_types),
      cmocka_unit_test(test_graph),
      cmocka_unit_test(test_bad),
      cmocka_unit_test(test_bad_values),
      cmocka_unit_test(test_bad_predicates),
      cmocka_unit_test(test_places),
      cmocka_unit_test(test_many_and_long),
      cmocka_unit_test(test_bad_row_leaves_no_label),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
