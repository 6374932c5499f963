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

static void test_header(void** state) {
  PL_UNUSED(state);
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error err;
  pl_error_init(&err, &mem);
  const pl_input input = {.memory = PL_STR("subject,object\na,b\n"), .name = "test"};
  read_result result = help_read_input(&pl_reader_csv, &input, &no_options, &mem, &err, true);
  assert_int_equal(result.status, PL_ERR_FORMAT);
  assert_string_equal(err.items[0].text, "test has no column `predicate`");
  pl_error_clear(&err);
  assert_int_equal(mem.bytes_used, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),  cmocka_unit_test(test_annotations), cmocka_unit_test(test_map),
      cmocka_unit_test(test_nodes), cmocka_unit_test(test_bad),         cmocka_unit_test(test_header),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
