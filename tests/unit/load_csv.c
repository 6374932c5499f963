/// CSV and TSV: columns, mappings, types of cells, quoting, line ends, and rows that are wrong.
#include "load_help.h"

static const pl_load_options no_options;
#define XSD "^^<http://www.w3.org/2001/XMLSchema#"

static void check(const char* text, const char* expected) {
  help_check(&pl_reader_csv, &no_options, pl_str_c(text), expected);
}

static void test_rows(void** state) {
  PL_UNUSED(state);
  check("subject,predicate,object\nA b,knows,C\n",
        "<urn:b:A_b> <urn:b:label> \"A b\" . #1\n<urn:b:C> <urn:b:label> \"C\" . #1\n"
        "<urn:b:A_b> <urn:b:knows> <urn:b:C> . #1\n");
  check("subject,predicate,object:string\r\nA,p,\"x \"\"y\"\"\r\nz, \"\r\n\r\nA,p, w",
        "<urn:b:A> <urn:b:label> \"A\" . #1\n<urn:b:A> <urn:b:p> \"x \\\"y\\\"\\r\\nz, \" . #1\n"
        "<urn:b:A> <urn:b:p> \" w\" . #2\n");
  check("", "");
  check("subject,predicate,object\n", "");
}

static void test_annotations(void** state) {
  PL_UNUSED(state);
  check("subject,predicate,object:integer,span,confidence,on,n,d,s,e:node\nA,p,5,\"1,2\",0.5,2023,7,2023-01,x,\n",
        "<urn:b:A> <urn:b:label> \"A\" . #1\n<urn:b:A> <urn:b:p> \"5\"" XSD
        "integer> { <urn:b:span> \"char=1,2\" ; "
        "<urn:b:confidence> \"0.5\"" XSD "decimal> ; <urn:b:on> \"2023\"" XSD "gYear> ; <urn:b:n> \"7\"" XSD
        "integer> ; <urn:b:d> \"2023-01\"" XSD "gYearMonth> ; <urn:b:s> \"x\" ; } . #1\n");
}

static void test_map(void** state) {
  PL_UNUSED(state);
  const pl_load_options mapped = {.csv_map = PL_STR("subject=head,predicate=rel,object=tail:string")};
  help_check(&pl_reader_tsv, &mapped, PL_STR("head\trel\ttail\nA\tp\tx\n"),
             "<urn:b:A> <urn:b:label> \"A\" . #1\n<urn:b:A> <urn:b:p> \"x\" . #1\n");
  const pl_load_options named = {.csv_columns = PL_STR("subject,predicate,object:string")};
  help_check(&pl_reader_tsv, &named, PL_STR("A\tp\tx\n"),
             "<urn:b:A> <urn:b:label> \"A\" . #1\n<urn:b:A> <urn:b:p> \"x\" . #1\n");
}

static void test_nodes(void** state) {
  PL_UNUSED(state);
  check("subject:iri,predicate,object:iri,_,_,source:iri\nhttp://x/a,p,urn:b,left,out,http://x/s\nno iri,p,urn:b,,,\n",
        "<http://x/a> <urn:b:p> <urn:b> { <urn:b:source> <http://x/s> ; } . #1\n"
        "bad #2:1 `subject` must be an absolute IRI\n");
  const pl_load_options mapped = {.csv_map = PL_STR("subject=head,_=weight,predicate=rel,object=tail")};
  help_check(&pl_reader_csv, &mapped, PL_STR("head,rel,tail,weight\nA,p,A,5\n"),
             "<urn:b:A> <urn:b:label> \"A\" . #1\n<urn:b:A> <urn:b:p> <urn:b:A> . #1\n");
}

static void test_bad(void** state) {
  PL_UNUSED(state);
  check("subject,predicate,object:integer\nA,p,x\nA,p\nA,p,5\nA,p,\"5\nA,p,6\n",
        "<urn:b:A> <urn:b:label> \"A\" . #3\n<urn:b:A> <urn:b:p> \"5\"" XSD
        "integer> . #3\n"
        "<urn:b:A> <urn:b:p> \"6\"" XSD
        "integer> . #5\n"
        "bad #1:5 \"x\" is not a valid integer\nbad #2:1 the row has 2 cells but there are 3 columns\n"
        "bad #4:5 quotes are not balanced in this row\n");
}

/// A span, a confidence, a time: each in all its forms.
static void test_cells(void** state) {
  PL_UNUSED(state);
#define ONE "subject:iri,predicate,object:integer,"
#define ROW "<x:a> <urn:b:p> \"5\"" XSD "integer> { "
  check(ONE "span\nx:a,p,5,10-42\nx:a,p,5,\"[10, 42]\"\nx:a,p,5,\"char=1,1\"\n",
        ROW "<urn:b:span> \"char=10,42\" ; } . #1\n" ROW "<urn:b:span> \"char=10,42\" ; } . #2\n" ROW
            "<urn:b:span> \"char=1,1\" ; } . #3\n");
  static const char* const spans[] = {"q", "8", "8-", "8q9", "9-8", "8-9q", "8-9:", "1234567890123456789-9"};
  for (size_t i = 0; i < PL_COUNT_OF(spans); i++) {
    char text[128];
    (void)snprintf(text, sizeof(text), ONE "span\nx:a,p,5,%s\n", spans[i]);
    check(text, "bad #1:9 `span` must be \"start,end\" with 0 <= start <= end\n");
  }
  check(ONE "confidence\nx:a,p,5,1\nx:a,p,5,5e-1\nx:a,p,5,high\nx:a,p,5,1.5\nx:a,p,5,-1\n",
        ROW "<urn:b:confidence> \"1\"" XSD "integer> ; } . #1\n" ROW "<urn:b:confidence> \"0.5\"" XSD
            "decimal> ; } . #2\nbad #3:9 `confidence` must be a number from 0 to 1\n"
            "bad #4:9 `confidence` must be a number from 0 to 1\nbad #5:9 `confidence` must be a number from 0 to 1\n");
  check(ONE "from,until\nx:a,p,5,2023,2024\nx:a,p,5,soon,\nx:a,p,5,,never\n",
        ROW "<urn:b:from> \"2023\"" XSD "gYear> ; <urn:b:until> \"2024\"" XSD
            "gYear> ; } . #1\nbad #2:9 \"soon\" is not a valid date or interval\n"
            "bad #3:10 \"never\" is not a valid date or interval\n");
  check(ONE "k,i:iri,m:month,<x:k>\nx:a,p,5,2021/2025,x:i,2021-05,true\n",
        ROW "<urn:b:k> \"2021/2025\"^^<urn:parley:type:interval> ; <urn:b:i> <x:i> ; <urn:b:m> \"2021-05\"" XSD
            "gYearMonth> ; <x:k> \"true\"" XSD "boolean> ; } . #1\n");
}

static void test_graphs_and_types(void** state) {
  PL_UNUSED(state);
  check("subject:iri,predicate,object:iri,graph:iri\nx:a,p,x:o,x:g\n", "<x:a> <urn:b:p> <x:o> <x:g> . #1\n");
  check("subject:iri,predicate,object:iri,subject_type:iri,object_type:iri\nx:a,p,x:o,x:t,x:u\n",
        "<x:a> <urn:b:p> <x:o> . #1\n<x:a> <" PL_RDF "type> <x:t> . #1\n<x:o> <" PL_RDF "type> <x:u> . #1\n");
  check("subject:iri,predicate,object:iri,subject_type:iri\nx:a,p,x:o,no iri\n",
        "bad #1:11 `subject_type` must be an absolute IRI\n");
}

/// Line ends of all kinds, a byte that is no text, quotes that go wrong in the middle.
static void test_lines(void** state) {
  PL_UNUSED(state);
  check("subject:iri,predicate,object:iri\rx:a,p,x:b\rx:a,p,x:c\r",
        "<x:a> <urn:b:p> <x:b> . #1\n<x:a> <urn:b:p> <x:c> . #2\n");
  check("subject:iri,predicate,object:iri\nx:a,p,x:\xFF\nx:a,p,x:d",
        "<x:a> <urn:b:p> <x:d> . #2\nbad #1:9 invalid UTF-8\n");
  check("subject:iri,predicate,object:string\nx:a,p,\"x\"y\"\"\nx:a,p,z\nx:a,p,\"no end",
        "<x:a> <urn:b:p> \"z\" . #2\nbad #1:7 quotes are not balanced in this row\n"
        "bad #3:7 quotes are not balanced in this row\n");
}

static void check_limited(const char* head, size_t len, const char* tail, pl_status expected, size_t statements) {
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error err;
  pl_error_init(&err, &mem);
  pl_buf text;
  pl_buf_init(&text, &mem, SIZE_MAX / 2);
  assert_int_equal(pl_buf_printf(&text, "%s%*s%s", head, (int)len, "", tail), PL_OK);
  const pl_load_options limited = {.literal_bytes_max = 1000};
  const pl_input input = {.memory = pl_buf_view(&text), .name = "test"};
  read_result result = help_read_input(&pl_reader_csv, &input, &limited, &mem, &err, false);
  assert_int_equal(result.status, expected);
  assert_int_equal(result.statements, statements);
  assert_int_equal(result.bad, expected == PL_DONE);
  pl_buf_free(&result.text);
  pl_buf_free(&text);
  pl_error_clear(&err);
  assert_int_equal(mem.bytes_used, 0);
}

/// A row longer than the limit is one bad row; a header cannot be done without.
static void test_too_long(void** state) {
  PL_UNUSED(state);
  check_limited("subject:iri,predicate,object:string\nx:a,p,", 100000, "\nx:a,p,y\n", PL_DONE, 1);
  check_limited("subject:iri,predicate,object:string\nx:a,p,", 100000, "", PL_DONE, 0);
  check_limited("subject:iri,predicate,", 100000, "\nx:a,p,y\n", PL_ERR_FORMAT, 0);
}

static void check_header(const pl_load_options* options, const char* text, const char* expected, const char* hint) {
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error err;
  pl_error_init(&err, &mem);
  const pl_input input = {.memory = pl_str_c(text), .name = "test"};
  read_result result = help_read_input(&pl_reader_csv, &input, options, &mem, &err, true);
  assert_true(result.status != PL_DONE);
  assert_string_equal(err.items[0].text, expected);
  assert_string_equal(err.items[0].hint ? err.items[0].hint : "", hint);
  pl_error_clear(&err);
  pl_buf_free(&result.text);
  assert_int_equal(mem.bytes_used, 0);
}

static void test_header(void** state) {
  PL_UNUSED(state);
  check_header(&no_options, "subject,object\na,b\n", "test has no column `predicate`",
               "its columns are subject, object; map one of them, as in predicate=subject");
  check_header(
      &no_options,
      "subject,object,a column with quite a long name that takes much room,another column with quite a long name "
      "that takes much room,and a third that is the last straw\na,b\n",
      "test has no column `predicate`",
      "its columns are subject, object, a column with quite a long name that takes much room, another column with "
      "quite a long name that takes much room, ...; map one of them, as in predicate=subject");
  check_header(&no_options, "subject,object,subject\n", "test has two columns `subject`", "");
  check_header(&no_options, "subject,object,\"predi\"cate\"\"\n", "quotes are not balanced in this row", "");
  check_header(&no_options, "subject,object,\"predicate\n", "quotes are not balanced in this row", "");
  check_header(&no_options, "subject,object,predicat\xE9\n", "invalid UTF-8", "");
  static const char* const maps[] = {"subject", "=head", "subject=", "subject=head,,"};
  static const char* const shown[] = {"subject", "=head", "subject=", ""};
  for (size_t i = 0; i < PL_COUNT_OF(maps); i++) {
    char expected[128];
    (void)snprintf(expected, sizeof(expected),
                   "`%s` is not a column mapping: write subject=head,predicate=rel,object=tail", shown[i]);
    const pl_load_options mapped = {.csv_map = pl_str_c(maps[i])};
    check_header(&mapped, "head,rel,tail\n", expected, "");
  }
}

/// A mapping gives columns of the file their names and types; a type of the file's own stands unless it gives another.
static void test_map_types(void** state) {
  PL_UNUSED(state);
  const pl_load_options mapped = {.csv_map =
                                      PL_STR("subject:iri=head,predicate=rel,object=tail:integer,note:string=n")};
  help_check(&pl_reader_csv, &mapped, PL_STR("head,rel,tail,n\nx:a,p,5,7\n"),
             "<x:a> <urn:b:p> \"5\"" XSD "integer> { <urn:b:note> \"7\" ; } . #1\n");
  help_check(&pl_reader_csv, &mapped, PL_STR("head,rel,tail:integer,n\nx:a,p,5,7\n"),
             "<x:a> <urn:b:p> \"5\"" XSD "integer> { <urn:b:note> \"7\" ; } . #1\n");
}

/// Rows that arrive one by one are handed over as they come.
static void test_eager(void** state) {
  PL_UNUSED(state);
  const pl_load_options eager = {.commit_every = 1};
  help_check(&pl_reader_csv, &eager, PL_STR("subject:iri,predicate,object:iri\nx:a,p,x:b\nx:a,p,x:c"),
             "<x:a> <urn:b:p> <x:b> . #1\n<x:a> <urn:b:p> <x:c> . #2\n");
}

static void test_many(void** state) {
  PL_UNUSED(state);
  enum { ROWS = 40000 };
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error err;
  pl_error_init(&err, &mem);
  pl_buf text;
  pl_buf_init(&text, &mem, SIZE_MAX / 2);
  (void)pl_buf_str(&text, PL_STR("subject:iri,predicate,object:integer\n"));
  for (int i = 0; i < ROWS; i++) {
    (void)pl_buf_printf(&text, "x:a,p,%d\n", i);
  }
  const pl_input input = {.memory = pl_buf_view(&text), .name = "test"};
  read_result result = help_read_input(&pl_reader_csv, &input, &no_options, &mem, &err, false);
  assert_int_equal(result.status, PL_DONE);
  assert_int_equal(result.statements, ROWS);
  assert_int_equal(result.rows, ROWS);
  pl_buf_free(&text);
  assert_int_equal(mem.bytes_used, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),      cmocka_unit_test(test_annotations),
      cmocka_unit_test(test_map),       cmocka_unit_test(test_nodes),
      cmocka_unit_test(test_bad),       cmocka_unit_test(test_header),
      cmocka_unit_test(test_cells),     cmocka_unit_test(test_graphs_and_types),
      cmocka_unit_test(test_lines),     cmocka_unit_test(test_too_long),
      cmocka_unit_test(test_map_types), cmocka_unit_test(test_eager),
      cmocka_unit_test(test_many),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
