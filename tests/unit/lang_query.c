/// Queries and what they mean, and errors and what they say, character for character.
#include "lang/lang.h"
#include "store_fixture.h"

typedef struct example {
  const char* query;   ///< text
  const char* wanted;  ///< printed algebra, or printed errors
} example;

/// Compile and compare the algebra followed by the messages.
static void expect(const example* e) {
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_arena arena;
  pl_arena_init(&arena, &mem);
  pl_error err;
  pl_error_init(&err, &mem);
  pl_buf out;
  pl_buf_init(&out, &mem, SIZE_MAX);
  const pl_names names = {.base = PL_STR("urn:parley:")};
  const pl_lang_context context = {.names = &names, .err = &err};
  pl_query* query;
  const pl_status status = pl_lang_compile(&context, pl_str_c(e->query), &arena, &query);
  assert_int_equal(status, err.status);
  if (status == PL_OK) {
    const char* broken = NULL;
    assert_true(pl_query_verify(query, &broken));
    assert_int_equal(pl_query_print(query, &names, &out), PL_OK);
  }
  assert_int_equal(pl_error_print(&err, &out), PL_OK);
  assert_string_equal(out.data, e->wanted);
  pl_buf_free(&out);
  pl_error_clear(&err);
  pl_arena_free(&arena);
  assert_int_equal(mem.bytes_used, 0);
}

static const example meanings[] = {
    {"match ?m a Meeting ; date ?day >= 2023 ; participant ?w, ?o . optional ( ?m place ?p where ?p != Hanoi ) . not ( "
     "?m status ?s ) return ?m, ?p",
     "Columns m = ?m, p = ?p\n"
     "Project ?m ?p\n"
     "Group\n"
     "  Scan ?m rdf:type Meeting\n"
     "  Scan ?m date ?day\n"
     "  Scan ?m participant ?w\n"
     "  Scan ?m participant ?o\n"
     "  Optional\n"
     "    Group\n"
     "      Scan ?m place ?p\n"
     "      Filter (?p != Hanoi)\n"
     "  Not\n"
     "    Group\n"
     "      Scan ?m status ?s\n"
     "  Filter (?day >= 2023)\n"},
    {"match ?a holds ?b { source ?s ; optional confidence >= 0.8 } as ?st . ?st on|from ?d return *",
     "Columns a = ?a, b = ?b, s = ?s, st = ?st, d = ?d\n"
     "Project ?a ?b ?s ?st ?d\n"
     "Group\n"
     "  Scan ?a holds ?b as ?st\n"
     "  Annotation ?st source ?s\n"
     "  Annotation ?st on|from ?d\n"
     "  Optional\n"
     "    Group\n"
     "      Annotation ?st confidence ?_5\n"
     "      Filter (?_5 >= 0.8)\n"},
    {"match ?m a Meeting ; date ?d with year(?d) as ?y, count(*) * 2 + year(?d) as ?n, max(?d) as ?last order by ?n "
     "desc where ?n > 1 return ?y, ?n, prior(?n) as ?before order by ?y skip 1 limit $k",
     "Columns y = ?y, n = ?n, before = ?before\n"
     "Slice skip 1 limit $k\n"
     "Project ?y ?n ?before\n"
     "Prior ?before = ?n\n"
     "Order ?y\n"
     "Filter (?n > 1)\n"
     "Project ?y ?n ?last\n"
     "Order ?n desc\n"
     "Extend ?n = ((?_3 * 2) + ?y)\n"
     "Aggregate ?y = year(?d); ?_3 = count(*); ?last = max(?d)\n"
     "Group\n"
     "  Scan ?m rdf:type Meeting\n"
     "  Scan ?m date ?d\n"},
    {"match ?a p ?b with ?a, collect(?b) as ?l let ?f = first(?l) for ?e in ?l return first(?e) as ?x, join(?e, \";\") "
     "as ?j",
     "Columns x = ?x, j = ?j\n"
     "Project ?x ?j\n"
     "Aggregate in row order ?x = first(?e); ?j = join(?e, \";\")\n"
     "Unnest ?e in ?l\n"
     "Extend ?f = first of a list(?l)\n"
     "Project ?a ?l\n"
     "Aggregate ?a = ?a; ?l = collect(?b)\n"
     "Group\n"
     "  Scan ?a p ?b\n"},
    {"match either ( ?a p ?b where ?b > ?c ) or ( ?a q ?b ) . ?a r ?c return distinct ?a order by ?a",
     "Columns a = ?a\n"
     "Project ?a\n"
     "Order ?a\n"
     "Distinct ?a\n"
     "Group\n"
     "  Either\n"
     "    Group\n"
     "      Scan ?a p ?b\n"
     "      Filter (?b > ?c)\n"
     "    Group\n"
     "      Scan ?a q ?b\n"
     "  Scan ?a r ?c\n"},
    {"at 2023-09-05 according to ( ?article published_on <= 2023-12-31 ) match ?d signs ?x . given at ?d trust $t ( "
     "?who holds ?post where ?post != Z ) return ?who",
     "Lens 0\n"
     "  at 2023-09-05\n"
     "  according to ?article\n"
     "    Group\n"
     "      Scan ?article published_on ?_1\n"
     "      Filter (?_1 <= 2023-12-31)\n"
     "Lens 1 per row\n"
     "  at ?d\n"
     "  trust $t\n"
     "  according to ?article\n"
     "    Group\n"
     "      Scan ?article published_on ?_1\n"
     "      Filter (?_1 <= 2023-12-31)\n"
     "Columns who = ?who\n"
     "Project ?who\n"
     "Group\n"
     "  Scan ?d signs ?x lens 0\n"
     "  Scan ?who holds ?post lens 1\n"
     "  Filter (?post != Z)\n"},
    {"match ?a ~knows|^likes ?b . [ a Person ; name \"x\"@en ] knows ?a . ?a _ ?b . _:x ^p -5 return ?b",
     "Columns b = ?b\n"
     "Project ?b\n"
     "Group\n"
     "  Scan ?a knows|^knows|^likes ?b\n"
     "  Scan ?_2 rdf:type Person\n"
     "  Scan ?_2 name \"x\"@en\n"
     "  Scan ?_2 knows ?a\n"
     "  Scan ?a _ ?b\n"
     "  Scan _:x ^p -5\n"},
    {"match ?a p ?b return ?a union match ?a q ?b return ?a union all match ?a r ?b return ?a",
     "Columns a = ?a\n"
     "Union all ?a\n"
     "  Branch\n"
     "    Union ?a\n"
     "      Branch\n"
     "        Project ?a\n"
     "        Group\n"
     "          Scan ?a p ?b\n"
     "      Branch\n"
     "        Project ?a\n"
     "        Group\n"
     "          Scan ?a q ?b\n"
     "  Branch\n"
     "    Project ?a\n"
     "    Group\n"
     "      Scan ?a r ?b\n"},
    {"exists ( ?a p 2021..2025 . not ( ?a q ?z ) )",
     "Exists\n"
     "Group\n"
     "  Scan ?a p \"2021/2025\"^^<urn:parley:type:interval>\n"
     "  Not\n"
     "    Group\n"
     "      Scan ?a q ?z\n"},
    {"match ?a p ?b where exists ( ?a q ?c ) or ?b in [1, 2, 2023-05] let ?e = exists ( ?b r _ ) return if ?e then ?a "
     "else null as ?x",
     "Columns x = ?x\n"
     "Project ?x\n"
     "Extend ?x = if(?e, ?a, null)\n"
     "Extend ?e = ?_4\n"
     "Mark ?_4\n"
     "  Group\n"
     "    Scan ?b r _\n"
     "Filter (?_2 or (?b in [](1, 2, 2023-05)))\n"
     "Mark ?_2\n"
     "  Group\n"
     "    Scan ?a q ?c\n"
     "Group\n"
     "  Scan ?a p ?b\n"},
    {"insert ( Bob knows [ a Person ] . _:n p _:n, 007 { source S ; confidence 0.90 } )",
     "Insert ?_0 rdf:type Person\n"
     "Insert Bob knows ?_0\n"
     "Insert ?_1 p ?_1\n"
     "Insert ?_1 p 7 { source S ; confidence 0.9 }\n"
     "Unit\n"},
    {"trust 0.5 match ?s p ?o delete ( ?s p ?o . ?s q ?x { source Bad } ) insert ( ?s p2 ?o )",
     "Lens 0\n"
     "  trust 0.5\n"
     "Delete ?s p ?o lens 0\n"
     "Delete ?s q ?x as ?_3 lens 0\n"
     "Insert ?s p2 ?o\n"
     "Group\n"
     "  Optional\n"
     "    Group\n"
     "      Annotation ?_3 source Bad\n"
     "      Scan ?s q ?x as ?_3 lens 0\n"
     "Group\n"
     "  Scan ?s p ?o lens 0\n"},
};

static const example errors[] = {
    {"match ?m a Meeting\n"
     "return ?mm",
     "PLY-0201: variable `?mm` is used here but never bound\n"
     "  --> query:2:8\n"
     "2 | return ?mm\n"
     "  |        ^~~\n"
     "hint: did you mean `?m` (bound at 1:7)?\n"},
    {"match ?m a X . not ( ?m p ?z ) return ?z",
     "PLY-0201: variable `?z` is used here but never bound\n"
     "  --> query:1:39\n"
     "1 | match ?m a X . not ( ?m p ?z ) return ?z\n"
     "  |                                       ^~\n"},
    {"match ?a p ?b return sum(count(?a)), foo(?x), substr(?a), Bob + 1, ?a = null",
     "PLY-0206: the aggregate `count` cannot stand here\n"
     "  --> query:1:26\n"
     "1 | match ?a p ?b return sum(count(?a)), foo(?x), substr(?a), Bob + 1, ?a = null\n"
     "  |                          ^~~~~~~~~\n"
     "hint: compute it in a `with` first: `with ?key, count(...) as ?value where ?value > 1`\n"
     "PLY-0204: there is no function `foo`\n"
     "  --> query:1:38\n"
     "1 | match ?a p ?b return sum(count(?a)), foo(?x), substr(?a), Bob + 1, ?a = null\n"
     "  |                                      ^~~\n"
     "PLY-0205: `substr` takes 2 to 3 arguments, not 1\n"
     "  --> query:1:47\n"
     "1 | match ?a p ?b return sum(count(?a)), foo(?x), substr(?a), Bob + 1, ?a = null\n"
     "  |                                               ^~~~~~~~~~\n"
     "PLY-0221: `Bob` is a name, and names cannot be computed with\n"
     "  --> query:1:59\n"
     "1 | match ?a p ?b return sum(count(?a)), foo(?x), substr(?a), Bob + 1, ?a = null\n"
     "  |                                                           ^~~\n"
     "hint: a variable begins with `?`, a text stands in quotes\n"},
    {"match ?a p ?b return ?a, count(*) + ?b as ?n",
     "PLY-0207: `?b` is neither inside an aggregate nor a key of the group\n"
     "  --> query:1:37\n"
     "1 | match ?a p ?b return ?a, count(*) + ?b as ?n\n"
     "  |                                     ^~\n"
     "hint: make it an item of its own, or put it in an aggregate such as any(...)\n"},
    {"match ?x a sksos:Concept return ?x",
     "PLY-0203: prefix `sksos:` is not known\n"
     "  --> query:1:12\n"
     "1 | match ?x a sksos:Concept return ?x\n"
     "  |            ^~~~~~~~~~~~~\n"
     "hint: did you mean `skos:`?\n"},
    {"match ?a p/q ?b as ?st return ?a",
     "PLY-0233: `{ }` and `as` cannot follow a path\n"
     "  --> query:1:17\n"
     "1 | match ?a p/q ?b as ?st return ?a\n"
     "  |                 ^~~~~~\n"
     "hint: write the steps as patterns: `?a p ?x { ... } . ?x q ?b`\n"},
    {"match ?x p ?y let ?x = 1 return ?x, ?y, ?y",
     "PLY-0202: variable `?x` already has values here\n"
     "  --> query:1:19\n"
     "1 | match ?x p ?y let ?x = 1 return ?x, ?y, ?y\n"
     "  |                   ^~\n"
     "hint: use another name, or `with ... as ?x`\n"
     "PLY-0208: two columns are named `y`\n"
     "  --> query:1:41\n"
     "1 | match ?x p ?y let ?x = 1 return ?x, ?y, ?y\n"
     "  |                                         ^~\n"
     "hint: name one of them with `as ?name`\n"},
    {"match ?a p ?b return ?a union match ?a p ?b return ?b",
     "PLY-0214: this part of the union has other columns than the first\n"
     "  --> query:1:45\n"
     "1 | match ?a p ?b return ?a union match ?a p ?b return ?b\n"
     "  |                                             ^~~~~~~~~\n"},
    {"insert ( ?x p ?y . optional ( A p B ) )",
     "PLY-0201: variable `?x` is used here but never bound\n"
     "  --> query:1:10\n"
     "1 | insert ( ?x p ?y . optional ( A p B ) )\n"
     "  |          ^~\n"
     "hint: a new node is written `[ ... ]` or `_:x`\n"
     "PLY-0201: variable `?y` is used here but never bound\n"
     "  --> query:1:15\n"
     "1 | insert ( ?x p ?y . optional ( A p B ) )\n"
     "  |               ^~\n"
     "hint: a new node is written `[ ... ]` or `_:y`\n"
     "PLY-0224: `optional` cannot stand in `insert ( ... )`\n"
     "  --> query:1:20\n"
     "1 | insert ( ?x p ?y . optional ( A p B ) )\n"
     "  |                    ^~~~~~~~~~~~~~~~~~\n"},
    {"match ?x a Y where ?x == 3 && ?y return ?x",
     "PLY-0110: `==` is not an operator of this language\n"
     "  --> query:1:23\n"
     "1 | match ?x a Y where ?x == 3 && ?y return ?x\n"
     "  |                       ^~\n"
     "hint: write `=`\n"
     "PLY-0110: `&&` is not an operator of this language\n"
     "  --> query:1:28\n"
     "1 | match ?x a Y where ?x == 3 && ?y return ?x\n"
     "  |                            ^~\n"
     "hint: write `and`\n"},
    {"match ?x label “Le Trung” return ?x",
     "PLY-0107: the character `“` cannot stand in a name\n"
     "  --> query:1:16\n"
     "1 | match ?x label “Le Trung” return ?x\n"
     "  |                ^\n"
     "hint: strings are written with straight quotes: \"...\"\n"
     "PLY-0107: the character `”` cannot stand in a name\n"
     "  --> query:1:25\n"
     "1 | match ?x label “Le Trung” return ?x\n"
     "  |                         ^\n"
     "hint: strings are written with straight quotes: \"...\"\n"},
    {"match ?x a Y retrun ?x",
     "PLY-0100: unexpected `retrun`; expected a clause such as `match` or `return`, `as`, `;`, `,` or `.`\n"
     "  --> query:1:14\n"
     "1 | match ?x a Y retrun ?x\n"
     "  |              ^~~~~~\n"
     "hint: did you mean `return`?\n"},
    {"match ?x p [ q ?y return ?x",
     "PLY-0100: unexpected `return`; expected `as`, `;`, `,`, `]` or `{`\n"
     "  --> query:1:19\n"
     "1 | match ?x p [ q ?y return ?x\n"
     "  |                   ^~~~~~\n"
     "hint: the `[` at 1:12 is not closed\n"},
    {"match ?x p \"abc\n"
     "return ?x",
     "PLY-0104: this string never ends: its closing \" is missing\n"
     "  --> query:1:12\n"
     "1 | match ?x p \"abc\n"
     "  |            ^\n"},
    {"match ?x p \"a\\q\" return ?x",
     "PLY-0105: `\\q` is not an escape\n"
     "  --> query:1:14\n"
     "1 | match ?x p \"a\\q\" return ?x\n"
     "  |              ^~\n"
     "hint: write `\\\\` for a backslash\n"},
    {"match ?x p 2023-13 return ?x",
     "PLY-0109: `2023-13` is not a date\n"
     "  --> query:1:12\n"
     "1 | match ?x p 2023-13 return ?x\n"
     "  |            ^~~~~~~\n"
     "hint: dates are written 2023-09, 2023-09-05 or 2023-09-05T10:30:00Z; for a difference put spaces around `-`\n"},
    {"match ?x a Y where ?x.name = 3 return ?x",
     "PLY-0100: unexpected `.`; expected a clause such as `match` or `return` or an operator\n"
     "  --> query:1:22\n"
     "1 | match ?x a Y where ?x.name = 3 return ?x\n"
     "  |                      ^\n"
     "hint: a property is read by matching it: `match ?x name ?value`\n"},
    {"SELECT ?x",
     "PLY-0100: unexpected `SELECT`; expected a clause such as `match` or `return`, `according`, `at`, `base` or "
     "`conflicts`\n"
     "  --> query:1:1\n"
     "1 | SELECT ?x\n"
     "  | ^~~~~~\n"
     "hint: a query says first what to find, then what to show: `match ?x verb ?y return ?x`\n"},
    {"match ?x p return ?x\n"
     "where 1 + return 3 let = 4 return ?y",
     "PLY-0100: unexpected `return`; expected a variable, name or value, `{`, `|`, `?` or an operator\n"
     "  --> query:1:12\n"
     "1 | match ?x p return ?x\n"
     "  |            ^~~~~~\n"
     "PLY-0100: unexpected `return`; expected a variable, name or value\n"
     "  --> query:2:11\n"
     "2 | where 1 + return 3 let = 4 return ?y\n"
     "  |           ^~~~~~\n"},
    {"match ?x p ?y return ?x ; match ?z",
     "PLY-0112: a second statement begins here\n"
     "  --> query:1:27\n"
     "1 | match ?x p ?y return ?x ; match ?z\n"
     "  |                           ^~~~~\n"},
};

static void test_meanings(void** state) {
  PL_UNUSED(state);
  for (size_t i = 0; i < PL_COUNT_OF(meanings); i++) {
    expect(&meanings[i]);
  }
}

static void test_errors(void** state) {
  PL_UNUSED(state);
  for (size_t i = 0; i < PL_COUNT_OF(errors); i++) {
    expect(&errors[i]);
  }
}

/// A query of `count` times `part` between two others gives `wanted`.
static void expect_repeated(const char* before, const char* part, size_t count, const char* after, pl_status wanted) {
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_arena arena;
  pl_arena_init(&arena, &mem);
  pl_error err;
  pl_error_init(&err, &mem);
  pl_buf text;
  pl_buf_init(&text, &mem, SIZE_MAX);
  assert_int_equal(pl_buf_str(&text, pl_str_c(before)), PL_OK);
  for (size_t i = 0; i < count; i++) {
    assert_int_equal(pl_buf_str(&text, pl_str_c(part)), PL_OK);
  }
  assert_int_equal(pl_buf_str(&text, pl_str_c(after)), PL_OK);
  const pl_lang_context context = {.err = &err};
  pl_query* query;
  assert_int_equal(pl_lang_compile(&context, pl_buf_view(&text), &arena, &query), wanted);
  assert_true(wanted == PL_OK || (err.error_count >= 1 && err.error_count <= PL_DIAG_ERRORS_MAX &&
                                  (err.items[0].column || err.items[0].number == PL_MSG_QUERY_BYTES)));
  pl_buf_free(&text);
  pl_error_clear(&err);
  pl_arena_free(&arena);
  assert_int_equal(mem.bytes_used, 0);
}

/// Deep and long texts end in an answer or an error, whatever is repeated.
static void test_hostile(void** state) {
  PL_UNUSED(state);
  const char* const end = " return ?x";
  expect_repeated("match ?x p ?y where ?x = 1", " or ?x = 2", 100000, end, PL_OK);
  expect_repeated("match ?x p ?y", " . ?x p ?y", 50000, end, PL_OK);
  expect_repeated("match ?x p 1", ", 2", 100000, end, PL_OK);
  expect_repeated("match ?x p ?y where ?x in [1", ", 2", 99999, "] return ?x", PL_OK);
  expect_repeated("match ?x p ?y where ?x in [1", ", 2", 100000, "] return ?x", PL_ERR_LIMIT);
  expect_repeated("match ?x p ?y where ?x = 1", " + 2", 10000, end, PL_ERR_LIMIT);
  const char* const deep[] = {"(", "not ", "- ", "[", "if 1 then 2 else ", "exists ( ?x p ?y where ", "lower("};
  for (size_t i = 0; i < PL_COUNT_OF(deep); i++) {
    expect_repeated("match ?x p ?y where ", deep[i], 10000, " 1 return ?x", PL_ERR_LIMIT);
  }
  expect_repeated("match ?x ", "^ ", 10000, "p ?y return ?x", PL_ERR_LIMIT);
  expect_repeated("match ?x p ", "[ q ", 10000, " ?y return ?x", PL_ERR_LIMIT);
  expect_repeated("match ?x p ?y . ", "optional ( ", 10000, " ?y p ?x", PL_ERR_LIMIT);
  const char* const long_texts[] = {"? ", "\"",   "`", "<a",    "match ",  "return ?x ", "( ) ",
                                    "\\", "{ } ", "@", "2023-", "\"\"\"x", "'"};
  for (size_t i = 0; i < PL_COUNT_OF(long_texts); i++) {
    expect_repeated("match ?x p ?y where ", long_texts[i], 200000, "", PL_ERR_SYNTAX);
  }
  expect_repeated("match ?x p ?y", " with *", 5000, end, PL_OK);
  expect_repeated("match ?x p ?y return ?x", " union match ?x p ?y return ?x", 500, "", PL_OK);
}

static void test_text_limits(void** state) {
  PL_UNUSED(state);
  expect_repeated("match ?x p \"", "0123456789", 400000, "\" return ?x", PL_OK);
  expect_repeated("match ?x p \"", "0123456789abcdef", (PL_QUERY_BYTES_MAX >> 4), "\" return ?x", PL_ERR_LIMIT);
  expect_repeated("match ?x p \"\xff\" return ?x", "", 0, "", PL_ERR_SYNTAX);
  expect_repeated("match _ p ?y", " . _ p >= 1", PL_SLOTS_MAX, " return ?y", PL_ERR_LIMIT);
}

/// As many parameters as may be, and one more.
static void expect_params(uint32_t count, pl_status expected) {
  char* const text = malloc(64 + (size_t)count * 16);
  assert_non_null(text);
  size_t len = (size_t)sprintf(text, "match ?x p ?y where ?x in [0");
  for (uint32_t i = 0; i < count; i++) {
    len += (size_t)sprintf(text + len, ", $p%u, $p%u", (unsigned)(i / 2), (unsigned)i);
  }
  (void)sprintf(text + len, "] return ?x");
  expect_repeated(text, "", 0, "", expected);
  free(text);
}

static void test_part_limits(void** state) {
  PL_UNUSED(state);
  expect_repeated("", "prefix a: <http://a/> ", PL_PARTS_MAX, "match ?x a:p ?y return ?x", PL_OK);
  expect_repeated("", "prefix a: <http://a/> ", PL_PARTS_MAX + 1, "match ?x a:p ?y return ?x", PL_ERR_LIMIT);
  expect_repeated("match ?x p ?y return ?y", ", ?x", PL_PARTS_MAX, "", PL_ERR_LIMIT);
  expect_repeated("describe a", ", b", 600, "", PL_OK);
  expect_repeated("describe a", ", b", PL_SLOTS_MAX / 6, "", PL_ERR_LIMIT);
  expect_repeated("match ?x p ?y return ?x order by ?x", ", ?x", PL_PARTS_MAX - 1, "", PL_OK);
  expect_repeated("match ?x p ?y return ?x order by ?x", ", ?x", PL_PARTS_MAX, "", PL_ERR_LIMIT);
  expect_repeated("match ?x ~(p", "|p", 200, ") ?y return ?x", PL_OK);
  expect_repeated("match ?x ~(p", "|p", PL_VERBS_MAX, ") ?y return ?x", PL_ERR_LIMIT);
  expect_params(PL_PARTS_MAX, PL_OK);
  expect_params(PL_PARTS_MAX + 1, PL_ERR_LIMIT);
}

/// Every part of a query cut off somewhere is read without harm.
static void test_cut(void** state) {
  PL_UNUSED(state);
  for (size_t i = 0; i < PL_COUNT_OF(meanings); i++) {
    const size_t len = strlen(meanings[i].query);
    for (size_t cut = 0; cut < len; cut++) {
      pl_mem mem;
      pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
      pl_arena arena;
      pl_arena_init(&arena, &mem);
      pl_error err;
      pl_error_init(&err, &mem);
      const pl_lang_context context = {.err = &err};
      pl_query* query;
      const pl_status status = pl_lang_compile(&context, (pl_str){meanings[i].query, cut}, &arena, &query);
      assert_true(status == PL_OK || status == PL_NOT_FOUND || err.error_count > 0);
      pl_error_clear(&err);
      pl_arena_free(&arena);
    }
  }
}

typedef struct failing {
  size_t left;  ///< allocations that succeed
} failing;

static void* failing_realloc(void* user, void* ptr, size_t size_old, size_t size_new) {
  failing* const f = user;
  PL_UNUSED(size_old);
  if (size_new == 0) {
    free(ptr);
    return NULL;
  }
  return f->left && f->left-- ? realloc(ptr, size_new) : NULL;
}

/// Compile `text` with allocation `n` failing.
static pl_status compile_failing(pl_str text, size_t n) {
  failing f = {n};
  pl_mem mem;
  pl_mem_init(&mem, failing_realloc, &f, SIZE_MAX);
  pl_arena arena;
  pl_arena_init(&arena, &mem);
  pl_query* query;
  const pl_status status = pl_lang_compile(&(pl_lang_context){0}, text, &arena, &query);
  pl_arena_free(&arena);
  assert_int_equal(mem.bytes_used, 0);
  return status;
}

/// The n-th allocation fails, for each n until none does.
static void test_allocations(void** state) {
  PL_UNUSED(state);
  for (size_t i = 0; i < PL_COUNT_OF(meanings); i++) {
    pl_status status = PL_ERR_NOMEM;
    for (size_t n = 0; status != PL_OK; n++) {
      status = compile_failing(pl_str_c(meanings[i].query), n);
      assert_true(status == PL_OK || status == PL_ERR_NOMEM);
    }
  }
}

/// The same wherever a text of any length leaves the block of memory at hand: the scanner ends no process.
static void test_allocations_of_the_scanner(void** state) {
  PL_UNUSED(state);
  char text[4500];
  static const char query[] = "match ?x p ?y return ?x #";
  memset(text, '-', sizeof text);
  memcpy(text, query, sizeof query - 1);
  for (size_t len = sizeof query; len < sizeof text; len += 16) {
    pl_status status = PL_ERR_NOMEM;
    for (size_t n = 0; status != PL_OK; n++) {
      status = compile_failing((pl_str){text, len}, n);
      assert_true(status == PL_OK || status == PL_ERR_NOMEM);
    }
  }
}

static void expect_statement(const char* script, size_t end, bool complete) {
  bool found;
  assert_int_equal(pl_lang_statement(pl_str_c(script), &found), complete ? end : strlen(script));
  assert_int_equal(found, complete);
}

static void test_statement(void** state) {
  PL_UNUSED(state);
  expect_statement("match ?x p ?y ; q 3 return ?x ; match", 31, true);
  expect_statement("match ?x p \";\" return ?x # ;\n", 0, false);
  expect_statement("insert ( a p b ; q c ) ; x", 24, true);
  expect_statement("  ; x", 3, true);
  expect_statement("", 0, false);
  expect_statement("match ?x p <http://a;b> ; q ?z", 0, false);
}

/// A long script is read through windows: the end is the same as if it were read at once.
static void test_statement_windows(void** state) {
  PL_UNUSED(state);
  enum { SIZE = 300000 };
  char* const script = malloc(SIZE + 1);
  bool complete;
  assert_non_null(script);
  for (size_t len = 1000; len < 200000; len = len * 3 / 2) {
    memset(script, 'x', SIZE);
    script[SIZE] = '\0';
    memcpy(script, "insert ( A p \"", 14);
    memcpy(script + len, "\" ) ;", 5);
    assert_int_equal(pl_lang_statement((pl_str){script, SIZE}, &complete), len + 5);
    assert_true(complete);
    memset(script + len, 'x', 5);
    assert_int_equal(pl_lang_statement((pl_str){script, SIZE}, &complete), SIZE);
    assert_false(complete);
  }
  free(script);
}

/// What the shell shows of a text, with allocation `n` failing.
static pl_status show_failing(pl_str text, int stage, size_t n) {
  failing f = {n};
  pl_mem mem;
  pl_mem_init(&mem, failing_realloc, &f, SIZE_MAX);
  pl_arena arena;
  pl_arena_init(&arena, &mem);
  pl_buf out;
  pl_buf_init(&out, &mem, SIZE_MAX);
  pl_str* words = NULL;
  size_t count = 0;
  const pl_lang_context context = {0};
  const pl_status status = stage == 0   ? pl_lang_print_tokens(&context, text, &out)
                           : stage == 1 ? pl_lang_print_ast(&context, text, &arena, &out)
                                        : pl_lang_expected(text, &arena, &words, &count);
  assert_true(status != PL_OK || stage == 2 || out.len > 0);
  assert_true(status == PL_OK || count == 0);
  pl_buf_free(&out);
  pl_arena_free(&arena);
  assert_int_equal(mem.bytes_used, 0);
  return status;
}

static void test_stages(void** state) {
  PL_UNUSED(state);
  const pl_str query = PL_STR("match ?x p \"a\\n\" ; q <http://a/\\u00e9> where ?x in [1, 2] ");
  for (int stage = 0; stage < 3; stage++) {
    const pl_str text = stage == 1 ? PL_STR("match ?x p ?y where ?y in [1, \"\\n\"] return ?x") : query;
    pl_status status = PL_ERR_NOMEM;
    for (size_t n = 0; status != PL_OK; n++) {
      status = show_failing(text, stage, n);
      assert_true(status == PL_OK || status == PL_ERR_NOMEM);
    }
    assert_int_equal(show_failing(PL_STR("match \xff"), stage, SIZE_MAX), stage == 2 ? PL_OK : PL_ERR_SYNTAX);
  }
  assert_int_equal(show_failing(PL_STR(" # nothing"), 1, SIZE_MAX), PL_NOT_FOUND);
  assert_int_equal(show_failing(PL_STR(" ; ; "), 1, SIZE_MAX), PL_NOT_FOUND);
}

static bool has_word(pl_str text, const char* wanted) {
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_arena arena;
  pl_arena_init(&arena, &mem);
  pl_str* words;
  size_t count;
  assert_int_equal(pl_lang_expected(text, &arena, &words, &count), PL_OK);
  bool found = false;
  for (size_t i = 0; i < count; i++) {
    found |= pl_str_eq(words[i], pl_str_c(wanted));
  }
  pl_arena_free(&arena);
  return found;
}

static void test_expected(void** state) {
  PL_UNUSED(state);
  assert_true(has_word(PL_STR(""), "match"));
  assert_true(has_word(PL_STR("match "), "?"));
  assert_true(has_word(PL_STR("match ?x p ?y "), "return"));
  assert_false(has_word(PL_STR("match ?x p "), "return"));
  assert_true(has_word(PL_STR("match ?x p ?y return ?x "), "order"));
  assert_false(has_word(PL_STR("match ) "), "return"));
}

static void test_reserved(void** state) {
  PL_UNUSED(state);
  assert_true(pl_lang_reserved(PL_STR("match")));
  assert_false(pl_lang_reserved(PL_STR("source")));
  assert_false(pl_lang_reserved(PL_STR("at")));
  assert_false(pl_lang_reserved(PL_STR("")));
  expect(&(example){"match at trust to . all desc asc . graph according during return (graph) as ?x",
                    "Columns x = ?x\nProject ?x\nExtend ?x = graph\nGroup\n  Scan at trust to\n"
                    "  Scan all desc asc\n  Scan graph according during\n"});
}

/// Compile with definitions in a store.
static void expect_defined(fixture* f, const char* query, const char* wanted) {
  pl_arena arena;
  pl_arena_init(&arena, &f->mem);
  pl_error err;
  pl_error_init(&err, &f->mem);
  pl_buf out;
  pl_buf_init(&out, &f->mem, SIZE_MAX);
  const pl_names names = {.base = PL_STR("urn:parley:")};
  const pl_lang_context context = {.names = &names, .err = &err, .txn = f->txn};
  pl_query* made;
  if (pl_lang_compile(&context, pl_str_c(query), &arena, &made) == PL_OK) {
    assert_int_equal(pl_query_print(made, &names, &out), PL_OK);
  } else {
    assert_int_equal(pl_error_print(&err, &out), PL_OK);
  }
  assert_string_equal(out.data, wanted);
  pl_buf_free(&out);
  pl_error_clear(&err);
  pl_arena_free(&arena);
}

static void test_definitions(void** state) {
  fixture* const f = *state;
  fixture_open(f, PL_STR("urn:parley:"));
  CHECK_OK(f, pl_txn_begin(f->store, true, &f->err, &f->txn));
  CHECK_OK(f, pl_txn_set_definition(f->txn, PL_STR("urn:parley:up"), PL_STR("<urn:parley:source>|^<urn:parley:on>")));
  CHECK_OK(f, pl_txn_set_definition(f->txn, PL_STR("urn:parley:on"), PL_STR("<urn:parley:on>+")));
  CHECK_OK(f, pl_txn_set_definition(f->txn, PL_STR("urn:parley:bad"), PL_STR("<urn:parley:on>/")));
  CHECK_OK(f, pl_txn_set_definition(f->txn, PL_STR("urn:parley:none"), PL_STR("null")));
  // What a definition holds is not looked up again: `on` inside `up` is the predicate.
  expect_defined(f, "define x = ^up|on",
                 "Define urn:parley:x = (^<urn:parley:source>|<urn:parley:on>)|<urn:parley:on>+\n");
  expect_defined(f, "match ?a bad ?b return ?a",
                 "PLY-0242: the store's definition of <urn:parley:bad> cannot be read\n");
  expect_defined(f, "match ?a none ?b return ?a",
                 "PLY-0242: the store's definition of <urn:parley:none> cannot be read\n");
}

/// A query that has not enough memory says so, wherever it ends, and blames no definition of the store.
static void test_definitions_limited(void** state) {
  fixture* const f = *state;
  fixture_open(f, PL_STR("urn:parley:"));
  CHECK_OK(f, pl_txn_begin(f->store, true, &f->err, &f->txn));
  CHECK_OK(f, pl_txn_set_definition(f->txn, PL_STR("urn:parley:up"),
                                    PL_STR("<urn:parley:source>|^<urn:parley:on>|<urn:parley:p>/<urn:parley:q>+")));
  pl_status status = PL_ERR_LIMIT;
  for (size_t bytes = 512; status != PL_OK; bytes += 512) {
    pl_mem mem;
    pl_mem_init(&mem, NULL, NULL, bytes);
    pl_arena arena;
    pl_arena_init(&arena, &mem);
    pl_error err;
    pl_error_init(&err, &f->mem);
    const pl_lang_context context = {.err = &err, .txn = f->txn};
    pl_query* made;
    status = pl_lang_compile(&context, PL_STR("match ?a up ?b return ?a"), &arena, &made);
    assert_true(status == PL_OK || status == PL_ERR_LIMIT);
    assert_int_equal(err.error_count, 0);
    pl_error_clear(&err);
    pl_arena_free(&arena);
    assert_int_equal(mem.bytes_used, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_meanings),
      cmocka_unit_test(test_errors),
      cmocka_unit_test(test_hostile),
      cmocka_unit_test(test_text_limits),
      cmocka_unit_test(test_part_limits),
      cmocka_unit_test(test_cut),
      cmocka_unit_test(test_allocations),
      cmocka_unit_test(test_allocations_of_the_scanner),
      cmocka_unit_test(test_statement),
      cmocka_unit_test(test_statement_windows),
      cmocka_unit_test(test_stages),
      cmocka_unit_test(test_expected),
      cmocka_unit_test(test_reserved),
      cmocka_unit_test_setup_teardown(test_definitions, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_definitions_limited, fixture_setup, fixture_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
