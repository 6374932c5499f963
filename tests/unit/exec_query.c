/// Queries from text to rows: every clause and lens on a small store, updates, limits. Rows are printed as names,
/// sorted unless the query orders them; each query runs with all rules, without any, and in order of writing.
#include "store_fixture.h"

#include "exec/run.h"
#include "lang/lang.h"

typedef struct answer {
  char rows[64][256];  ///< printed
  size_t count;        ///< used
} answer;

static void compile(fixture* f, const char* text, pl_arena* arena, pl_query** query) {
  const pl_lang_context context = {.names = &pl_txn_settings(f->txn)->names, .txn = f->txn, .err = &f->err};
  if (pl_lang_compile(&context, pl_str_c(text), arena, query) != PL_OK) {
    fail_msg("%s: %s", text, f->err.count ? f->err.items[0].text : "no message");
  }
}

// Text of one term or list; under a memory limit the term's text may be what does not fit.
static pl_status print_cell(pl_run* run, pl_id id, pl_buf* buf) {
  pl_termpool* pool = pl_run_pool(run);
  pl_term term = {.kind = PL_TERM_NONE};
  pl_str text = {0};
  if (id == PL_ID_NULL) {
    return pl_buf_str(buf, PL_STR("null"));
  }
  if (pl_termpool_is_list(pool, id)) {
    PL_TRY(pl_termpool_label(pool, id, &text));
    return pl_buf_str(buf, text);
  }
  PL_TRY(pl_termpool_term(pool, id, &term));
  return pl_term_write_name(buf, &pl_txn_settings(pl_termpool_txn(pool))->names, NULL, &term);
}

static pl_status print_row(pl_run* run, const pl_query* query, const pl_chunk* chunk, uint32_t row, char* out) {
  pl_mem mem;
  pl_buf buf;
  pl_status status = PL_OK;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_buf_init(&buf, &mem, 4096);
  for (uint32_t c = 0; c < query->column_count && status == PL_OK; c++) {
    (void)pl_buf_str(&buf, pl_str_c(c ? " | " : ""));
    status = print_cell(run, pl_chunk_id(chunk, pl_run_slot(run, c), row), &buf);
  }
  snprintf(out, 256, "%s", buf.data ? buf.data : "");
  pl_buf_free(&buf);
  return status;
}

static int compare_text(const void* a, const void* b) { return strcmp(a, b); }

static pl_status run_text(fixture* f, const char* text, const pl_plan_options* options, const pl_param* params,
                          const pl_run_limits* limits, answer* out) {
  pl_arena arena;
  pl_query* query = NULL;
  pl_plan* plan = NULL;
  pl_run* run = NULL;
  const pl_chunk* chunk = NULL;
  out->count = 0;
  pl_arena_init(&arena, &f->mem);
  compile(f, text, &arena, &query);
  pl_status status = pl_plan_make(query, f->txn, options, &arena, &f->err, &plan);
  if (status == PL_OK) {
    status = pl_run_open(plan, f->txn, params, limits, NULL, &f->err, &run);
  }
  if (status == PL_OK && query->kind == PL_QUERY_UPDATE) {
    pl_write_counts counts = {0};
    status = pl_run_update(run, &counts);
    snprintf(out->rows[out->count++], 256, "+%llu -%llu facts, +%llu -%llu assertions",
             (unsigned long long)counts.facts_new, (unsigned long long)counts.facts_gone,
             (unsigned long long)counts.assertions_new, (unsigned long long)counts.assertions_gone);
  }
  while (status == PL_OK && query->kind != PL_QUERY_UPDATE && (status = pl_run_next(run, &chunk)) == PL_OK) {
    for (uint32_t i = 0; i < chunk->selected && status == PL_OK; i++) {
      const uint32_t row = pl_chunk_row(chunk, i);
      uint64_t times = chunk->multiplicity ? chunk->multiplicity[row] : 1;
      for (; times > 0 && out->count < 64 && status == PL_OK; times--) {
        status = print_row(run, query, chunk, row, out->rows[out->count++]);
      }
    }
  }
  pl_run_close(run);
  pl_arena_free(&arena);
  if (!strstr(text, "order by")) {
    qsort(out->rows, out->count, sizeof out->rows[0], compare_text);
  }
  return status == PL_DONE ? PL_OK : status;
}

static void join_rows(const answer* a, char* out, size_t size) {
  size_t used = 0;
  out[0] = 0;
  for (size_t i = 0; i < a->count; i++) {
    used += (size_t)snprintf(out + used, size - used, "%s%s", i ? "; " : "", a->rows[i]);
    assert_true(used < size);
  }
}

static void expect_with(fixture* f, const char* text, const pl_param* params, const char* rows) {
  const pl_plan_options options[] = {
      {0}, {.rules_off = UINT64_MAX}, {.join_order_off = true}, {.rules_off = UINT64_MAX, .join_order_off = true}};
  for (size_t i = 0; i < PL_COUNT_OF(options); i++) {
    answer got;
    char joined[8192];
    if (run_text(f, text, &options[i], params, NULL, &got) != PL_OK) {
      fail_msg("%s: %s", text, f->err.count ? f->err.items[f->err.count - 1].text : "no message");
    }
    join_rows(&got, joined, sizeof joined);
    if (strcmp(joined, rows) != 0) {
      fail_msg("%s\n  gave     %s\n  expected %s\n  (options %zu)", text, joined, rows, i);
    }
  }
  pl_error_clear(&f->err);
}
static void expect(fixture* f, const char* text, const char* rows) { expect_with(f, text, NULL, rows); }

static void update(fixture* f, const char* text, const char* counts) {
  answer got;
  CHECK_OK(f, run_text(f, text, NULL, NULL, NULL, &got));
  if (strcmp(got.rows[0], counts) != 0) {
    fail_msg("%s\n  gave     %s\n  expected %s", text, got.rows[0], counts);
  }
  pl_error_clear(&f->err);
}

static int setup(void** state) {
  fixture_setup(state);
  fixture* f = *state;
  fixture_open(f, (pl_str){0});
  fixture_begin(f, true);
  update(
      f,
      "insert ( ada knows max, eve ; age 41 ; a Person . max knows eve ; age 30 ; a Person . eve a Person ; age 30.0 "
      "; born 1990-05 . m1 a Meeting ; date 2023-01-10 ; joins ada, max . m2 a Meeting ; date 2023-06-01 ; joins eve )",
      "+17 -0 facts, +0 -0 assertions");
  update(f,
         "insert ( ada holds mayor { source art1 ; from 2020 ; until 2022 } . ada holds judge { source art2 ; from "
         "2023-02 ; confidence 0.6 } . max holds mayor { source art2 ; on 2023-06-01 ; confidence 0.9 } )",
         "+3 -0 facts, +3 -0 assertions");
  update(f, "insert ( ada holds mayor { source art3 ; confidence 0.3 } . max holds clerk . art1 published 2021 )",
         "+2 -0 facts, +1 -0 assertions");
  return 0;
}

static void test_patterns(void** state) {
  fixture* f = *state;
  expect(f, "match ?a knows ?b return ?a, ?b", "ada | eve; ada | max; max | eve");
  expect(f, "match ?a knows ?b . ?b knows ?c return ?a, ?c", "ada | eve");
  expect(f, "match ?a knows ?b . ?b age 30 return ?a, ?b", "ada | eve; ada | max; max | eve");
  expect(f, "match ?a age ?n where ?n > 30 return ?a", "ada");
  expect(f, "match ?a a Person . optional ( ?a knows ?b ) return ?a, ?b",
         "ada | eve; ada | max; eve | null; max | eve");
  expect(f, "match ?a a Person . not ( ?a knows ?b ) return ?a", "eve");
  expect(f, "match ?a ^knows ?b return ?a, ?b", "eve | ada; eve | max; max | ada");
  expect(f, "match ada knows|^knows ?b return ?b", "eve; max");
  expect(f, "match ada _ ?x where is_number(?x) return ?x", "41");
  expect(f, "match either ( ?a knows max ) or ( ?a age 30 ) return ?a", "ada; eve; max");
  expect(f, "match ?m joins ?x, ?y where ?x != ?y return ?m, ?x, ?y", "m1 | ada | max; m1 | max | ada");
  expect(f, "match ?a a Person where exists ( ?a knows eve ) return ?a", "ada; max");
  expect(f, "match ?a a Person where not exists ( ?a knows eve ) return ?a", "eve");
  expect(f, "exists ( ada knows max )", "true");
  expect(f, "exists ( max knows ada )", "false");
  expect(f, "match ?a unheard_of ?b return ?a", "");
}

static void test_annotations(void** state) {
  fixture* f = *state;
  expect(f, "match ?a holds ?p { source ?s } return ?a, ?p, ?s",
         "ada | judge | art2; ada | mayor | art1; ada | mayor | art3; max | mayor | art2");
  expect(f, "match ?a holds ?p { source art2 ; confidence >= 0.8 } return ?a, ?p", "max | mayor");
  expect(f, "match ?a holds ?p as ?st . optional ( ?st from ?d ) return ?a, ?p, ?d",
         "ada | judge | 2023-02; ada | mayor | 2020; ada | mayor | null; max | mayor | null");
  expect(f, "match ?a holds ?p { from|on ?d } return ?a, ?p, ?d",
         "ada | judge | 2023-02; ada | mayor | 2020; max | mayor | 2023-06-01");
  expect(f, "match ?a holds mayor as ?st return ?a, count(?st) as ?n", "ada | 2; max | 1");
}

static void test_lenses(void** state) {
  fixture* f = *state;
  expect(f, "at 2021-05-01 match ?a holds ?p return ?a, ?p", "ada | mayor; max | clerk");
  expect(f, "at 2023-06-01 match ?a holds ?p return ?a, ?p", "ada | judge; ada | mayor; max | clerk; max | mayor");
  expect(f, "during 2022..2023-03 match ada holds ?p return ?p", "judge; mayor");
  expect(f, "trust 0.8 match ?a holds ?p return ?a, ?p", "ada | mayor; max | clerk; max | mayor");
  expect(f, "according to art2 match ?a holds ?p return ?a, ?p", "ada | judge; max | mayor");
  expect(f, "not according to art2 match ?a holds ?p return ?a, ?p", "ada | mayor; max | clerk");
  expect(f, "according to ( ?art published <= 2022 ) match ?a holds ?p return ?a, ?p", "ada | mayor");
  expect(f, "at 2023-06-01 trust 0.5 match ?a holds ?p as ?st return ?a, ?p", "ada | judge; max | mayor");
  expect(f, "match ?m a Meeting ; date ?d . given at ?d ( ?a holds ?p ) return ?m, ?a, ?p",
         "m1 | ada | mayor; m1 | max | clerk; m2 | ada | judge; m2 | ada | mayor; m2 | max | clerk; m2 | max | mayor");
  expect(f, "match ?s published 2021 . given according to ?s ( ?a holds ?p as ?st ) return ?s, ?a, ?p",
         "art1 | ada | mayor");
}

static void test_clauses(void** state) {
  fixture* f = *state;
  expect(f, "match ?a knows ?b with ?a, count(*) as ?n where ?n > 1 match ?a age ?y return ?a, ?n, ?y", "ada | 2 | 41");
  expect(f, "match ?a age ?n return count(*) as ?c, sum(?n) as ?s, min(?n) as ?lo, max(?n) as ?hi",
         "3 | 101.0 | 30 | 41");
  expect(f, "match _ knows ?b . ?b knows _ return count(*) as ?n", "1");
  expect(f, "match ?x knows ?y . ?x a ?t return count(*) as ?n", "3");
  expect(f, "match ?a unheard_of ?b return count(*) as ?n", "0");
  expect(f, "match ?a age ?n return ?a order by ?n desc, ?a limit 2", "ada; eve");
  expect(f, "match ?a age ?n return ?a order by ?a skip 1 limit 1", "eve");
  expect(f, "match _ knows ?b return distinct ?b", "eve; max");
  expect(f, "for ?x in [3, 1, 2] let ?y = ?x * 2 return ?x, ?y", "1 | 2; 2 | 4; 3 | 6");
  expect(f, "for ?x in [1, 2, 4] with ?x order by ?x return ?x, ?x - prior(?x) as ?d order by ?x",
         "1 | null; 2 | 1; 4 | 2");
  expect(f, "match ?a knows ?b return ?a union match ?a age 41 return ?a", "ada; max");
  expect(f, "match ?a knows ?b return ?a union all match ?a age 41 return ?a", "ada; ada; ada; max");
  expect(f, "match ?a knows ?b with ?a, collect(?b) as ?l return ?a, size(?l) as ?n", "ada | 2; max | 1");
  expect(f, "return 1 + 1 as ?x", "2");
  const pl_term list[2] = {pl_term_iri(PL_STR("urn:parley:max")), pl_term_iri(PL_STR("urn:parley:nobody"))};
  const pl_param params[1] = {{.list = list, .list_count = 2}};
  expect_with(f, "match ?a knows $x return ?a", params, "ada");
  expect_with(f, "for ?x in $x return ?x", params, "max; nobody");
}

static void test_updates(void** state) {
  fixture* f = *state;
  update(f, "match ?a knows ?b delete ( ?a knows ?b ) insert ( ?b known_by ?a )", "+3 -3 facts, +0 -0 assertions");
  expect(f, "match ?a known_by ?b return ?a, ?b", "eve | ada; eve | max; max | ada");
  update(f, "match ada holds ?p { source art3 } as ?st delete ( ada holds ?p as ?st )",
         "+0 -0 facts, +0 -1 assertions");
  update(f, "according to art2 delete ( ada holds judge )", "+0 -1 facts, +0 -1 assertions");
  expect(f, "match ada holds ?p return ?p", "mayor");
  update(f, "match ?a a Person insert ( ?a has [ kind thing ] )", "+6 -0 facts, +0 -0 assertions");
  expect(f, "match ?a has ?x . ?x kind thing return count(distinct ?x) as ?n", "3");
  update(f, "delete ( max age 30 )", "+0 -1 facts, +0 -0 assertions");
}

static void test_failures(void** state) {
  fixture* f = *state;
  answer got;
  assert_int_equal(run_text(f, "match ?a age ?n insert ( ?n knows ?a )", NULL, NULL, NULL, &got), PL_ERR_EVAL);
  pl_error_clear(&f->err);
  const pl_param params[1] = {{.term = pl_term_string(PL_STR("x"))}};
  assert_int_equal(run_text(f, "match ?a age ?n return ?a limit $k", NULL, params, NULL, &got), PL_ERR_EVAL);
  pl_error_clear(&f->err);
  assert_int_equal(run_text(f, "at $k match ?a age ?n return ?a", NULL, params, NULL, &got), PL_ERR_EVAL);
  pl_error_clear(&f->err);
  const pl_run_limits rows = {.rows = 2};
  assert_int_equal(run_text(f, "match ?a age ?n return ?a", NULL, NULL, &rows, &got), PL_ERR_LIMIT);
  assert_int_equal(f->err.items[0].number, PL_MSG_ROW_LIMIT);
  pl_error_clear(&f->err);
  const pl_run_limits memory = {.memory_bytes = 1 << 20};
  assert_int_equal(
      run_text(
          f,
          "match ?a ?p ?b . ?c ?q ?d . ?e ?r ?g . ?h ?s ?i return ?a, ?p, ?c, ?q, ?e, ?r, ?h, ?s, ?i order by ?a, ?i",
          NULL, NULL, &memory, &got),
      PL_ERR_LIMIT);
  assert_int_equal(f->err.items[0].number, PL_MSG_MEMORY_LIMIT);
  pl_error_clear(&f->err);
}

/// Every operator gives up cleanly wherever memory ends.
static void test_memory(void** state) {
  fixture* f = *state;
  static const char* const texts[] = {
      "match ?a knows ?b . optional ( ?b age ?n ) . not ( ?b knows ?a ) with ?a, collect(?n) as ?l order by ?a limit 3 "
      "return ?a, ?l",
      "at 2021 match ?a holds ?p { source ?s } . either ( ?a age ?n ) or ( ?a knows ?n ) return distinct ?a, ?n",
      "match ?m date ?d . given at ?d ( ?a holds ?p ) return ?m, ?a union all for ?m in [1, 2] let ?a = ?m return ?m, "
      "?a",
      "match ?a _ ?b where exists ( ?b _ ?a ) return ?a order by ?b"};
  for (size_t t = 0; t < PL_COUNT_OF(texts); t++) {
    size_t limited = 0;
    pl_status status = PL_ERR_LIMIT;
    for (size_t bytes = 1000; status != PL_OK && bytes < ((size_t)1 << 30); bytes += bytes / 16) {
      answer got;
      const pl_run_limits limits = {.memory_bytes = bytes};
      status = run_text(f, texts[t], NULL, NULL, &limits, &got);
      assert_true(status == PL_OK || status == PL_ERR_LIMIT);
      limited += status == PL_ERR_LIMIT;
      pl_error_clear(&f->err);
    }
    assert_true(limited > 10);
    assert_int_equal(status, PL_OK);
  }
}

/// Planning asks the guard, also where there is much to order.
static void test_planning_ends(void** state) {
  fixture* f = *state;
  const atomic_int interrupt = 1;
  pl_guard guard;
  pl_guard_init(&guard, &interrupt, 0);
  answer got;
  const pl_plan_options options = {.guard = &guard};
  assert_int_equal(run_text(f, "match ?x knows ?y . ?y knows ?z return ?x", &options, NULL, NULL, &got),
                   PL_ERR_INTERRUPTED);
  pl_error_clear(&f->err);
}

/// Hundreds of parts that wait for each other are ordered at once: it would take minutes to look at all of them at each step.
static void test_many_parts(void** state) {
  fixture* f = *state;
  pl_buf text;
  answer got;
  pl_buf_init(&text, &f->mem, SIZE_MAX);
  assert_int_equal(pl_buf_str(&text, PL_STR("match a knows ?y")), PL_OK);
  for (int i = 0; i < 1200; i++) {
    assert_int_equal(pl_buf_printf(&text, " . @\"nobody %d\" knows ?y", i), PL_OK);
  }
  assert_int_equal(pl_buf_printf(&text, " return ?%s", "y"), PL_OK);
  assert_int_equal(run_text(f, text.data, NULL, NULL, NULL, &got), PL_OK);
  assert_int_equal(got.count, 0);
  pl_buf_free(&text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_patterns, setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_annotations, setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_lenses, setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_clauses, setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_updates, setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_failures, setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_memory, setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_planning_ends, setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_many_parts, setup, fixture_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
