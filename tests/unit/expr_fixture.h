/// A small store and what evaluation needs, for the tests of layer expr. Terms are written as a query would write them:
/// 42, 1.5, 2e0, true, 2023-09, 2023/2024 (an interval), "text", "text"@vi, "1"^^<type>, <iri>, name (below the base),
/// null.
#ifndef PL_TESTS_EXPR_FIXTURE_H
#define PL_TESTS_EXPR_FIXTURE_H

#include "store_fixture.h"

#include "expr/aggregate.h"
#include "store/writer.h"

typedef struct expr_fixture {
  fixture* store;      ///< store and transaction
  pl_mem mem;          ///< account of the run
  pl_arena plan;       ///< expressions, programs
  pl_arena scratch;    ///< of evaluation
  pl_error err;        ///< of evaluation
  pl_termpool* pool;   ///< of the run
  pl_query query;      ///< constants
  pl_term terms[256];  ///< of the query
  pl_id ids[256];      ///< of the run
  pl_eval eval;        ///< the run
} expr_fixture;

static inline pl_term parse_number_or_date(pl_str s) {
  const bool date = s.len > 4 && memchr(s.data + 1, '-', s.len - 1) && !memchr(s.data, 'e', s.len);
  pl_date d;
  if (memchr(s.data, '/', s.len)) {
    return pl_term_typed(s, PL_STR(PL_INTERVAL_TYPE));
  }
  if (date) {
    assert_true(pl_date_parse(s, &d));
    return pl_term_typed(s, pl_date_datatype(d.precision));
  }
  return pl_term_typed(s, memchr(s.data, 'e', s.len) || memchr(s.data, 'E', s.len) ? PL_STR(PL_XSD "double")
                          : memchr(s.data, '.', s.len)                             ? PL_STR(PL_XSD "decimal")
                                                                                   : PL_STR(PL_XSD "integer"));
}

/// Next term of a text; spaces stand between.
static inline pl_term parse_term(expr_fixture* f, pl_str s, size_t* pos) {
  while (*pos < s.len && s.data[*pos] == ' ') {
    ++*pos;
  }
  pl_term term = {.kind = PL_TERM_NONE};
  const char* reason = NULL;
  const char c = s.data[*pos];
  if (c == '"' || c == '<' || (c == '_' && s.data[*pos + 1] == ':')) {
    assert_int_equal(pl_term_parse_nt(&f->plan, s, pos, &term, &reason), PL_OK);
    return term;
  }
  const size_t start = *pos;
  while (*pos < s.len && s.data[*pos] != ' ') {
    ++*pos;
  }
  const pl_str word = {s.data + start, *pos - start};
  if (pl_str_eq(word, PL_STR("null"))) {
    return term;
  }
  if (pl_str_eq(word, PL_STR("true")) || pl_str_eq(word, PL_STR("false"))) {
    return pl_term_typed(word, PL_STR(PL_XSD "boolean"));
  }
  if ((c >= '0' && c <= '9') || c == '-') {
    return parse_number_or_date(word);
  }
  return pl_term_iri(pl_name_to_iri(&f->plan, PL_STR(PL_BASE_DEFAULT), word));
}

static inline pl_term term_of(expr_fixture* f, const char* text) {
  size_t pos = 0;
  return parse_term(f, pl_str_c(text), &pos);
}

static inline pl_id id_of(expr_fixture* f, const char* text) {
  const pl_term term = term_of(f, text);
  pl_id id;
  assert_int_equal(pl_termpool_put_term(f->pool, &term, &id), PL_OK);
  return id;
}

/// Text of an id in the same notation; lists in brackets. Valid until the plan arena ends.
static inline const char* text_of(expr_fixture* f, pl_id id) {
  const pl_id* items;
  size_t count;
  if (id == PL_ID_NULL) {
    return "null";
  }
  if (pl_termpool_list(f->pool, id, &items, &count)) {
    pl_str list = pl_arena_str(&f->plan, PL_STR("["));
    for (size_t i = 0; i < count; i++) {
      list = pl_arena_printf(&f->plan, "%s%s%s", list.data, i ? " " : "", text_of(f, items[i]));
    }
    return pl_arena_printf(&f->plan, "%s]", list.data).data;
  }
  pl_term term;
  pl_buf buf;
  const pl_names names = {.base = PL_STR(PL_BASE_DEFAULT)};
  pl_buf_init(&buf, &f->mem, SIZE_MAX);
  assert_int_equal(pl_termpool_term(f->pool, id, &term), PL_OK);
  assert_int_equal(pl_term_write_name(&buf, &names, NULL, &term), PL_OK);
  const pl_str text = pl_arena_str(&f->plan, pl_buf_view(&buf));
  pl_buf_free(&buf);
  return text.data;
}

/* --- expressions --- */

static inline pl_expr* slot_expr(expr_fixture* f, uint32_t slot) {
  pl_expr* const e = PL_ARENA_NEW(&f->plan, pl_expr);
  *e = (pl_expr){.kind = PL_EXPR_SLOT, .index = slot};
  return e;
}

static inline pl_expr* term_expr(expr_fixture* f, const char* text) {
  pl_expr* const e = PL_ARENA_NEW(&f->plan, pl_expr);
  const uint32_t at = f->query.term_count++;
  assert_true(at < PL_COUNT_OF(f->terms));
  f->terms[at] = term_of(f, text);
  assert_int_equal(pl_termpool_put_term(f->pool, &f->terms[at], &f->ids[at]), PL_OK);
  *e = (pl_expr){.kind = PL_EXPR_TERM, .index = at};
  return e;
}

static inline pl_expr* call_expr(expr_fixture* f, pl_fn fn, uint32_t count, pl_expr* const* args) {
  pl_expr* const e = PL_ARENA_NEW(&f->plan, pl_expr);
  *e = (pl_expr){.kind = PL_EXPR_CALL, .fn = fn, .arg_count = count};
  e->args = PL_ARENA_ARRAY(&f->plan, pl_expr*, count);
  for (uint32_t i = 0; i < count; i++) {
    e->args[i] = args[i];
  }
  return e;
}
#define CALL(f, fn, ...) \
  call_expr((f), (fn), sizeof((pl_expr*[]){__VA_ARGS__}) / sizeof(pl_expr*), (pl_expr*[]){__VA_ARGS__})

static inline pl_program* compile_expr(expr_fixture* f, const pl_expr* expr) {
  pl_program* program = NULL;
  assert_int_equal(pl_expr_compile(&f->query, expr, &f->plan, &f->err, &program), PL_OK);
  return program;
}

/// Evaluate an expression without slots.
static inline const char* value_of(expr_fixture* f, const pl_expr* expr) {
  pl_id id;
  assert_int_equal(pl_program_eval_const(compile_expr(f, expr), &f->eval, &id), PL_OK);
  return text_of(f, id);
}

/* --- the store --- */

static inline void add_fact(expr_fixture* f, pl_writer* writer, const char* text, const char* annotations) {
  pl_id ids[3];
  pl_annotation_id pairs[8];
  size_t count = 0;
  size_t pos = 0;
  for (size_t i = 0; i < 3; i++) {
    const pl_term term = parse_term(f, pl_str_c(text), &pos);
    CHECK_OK(f->store, pl_writer_term(writer, &term, &ids[i]));
  }
  for (pos = 0; annotations && pos < strlen(annotations); count++) {
    const pl_term p = parse_term(f, pl_str_c(annotations), &pos);
    const pl_term o = parse_term(f, pl_str_c(annotations), &pos);
    CHECK_OK(f->store, pl_writer_term(writer, &p, &pairs[count].predicate));
    CHECK_OK(f->store, pl_writer_term(writer, &o, &pairs[count].object));
  }
  CHECK_OK(f->store, annotations ? pl_writer_assert(writer, ids[0], ids[1], ids[2], pairs, count, NULL)
                                 : pl_writer_fact(writer, ids[0], ids[1], ids[2], PL_ID_NULL));
}

static inline void fill_store(expr_fixture* f) {
  pl_writer* writer = NULL;
  fixture_open(f->store, (pl_str){NULL, 0});
  fixture_begin(f->store, true);
  CHECK_OK(f->store, pl_writer_open(f->store->txn, 0, NULL, &writer));
  add_fact(f, writer, "Trung label \"Lê Hoài Trung\"", NULL);
  add_fact(f, writer, "Trung label \"Trung\"@vi", NULL);
  add_fact(f, writer, "Trung name \"another name\"", NULL);
  add_fact(f, writer, "Hanoi alias \"Thăng Long\"", NULL);
  add_fact(f, writer, "Trung attended M1", "source a2 source a1 confidence 0.9 from 2023 until 2023-05-06");
  add_fact(f, writer, "Trung attended M2", "on 2023-09");
  add_fact(f, writer, "graph1 published_on 2023-01-01", NULL);
  add_fact(f, writer, "graph1 on 2024-05-12/2024-05-13", NULL);
  add_fact(f, writer, "Trung says \"a text that is longer than seven bytes\"", NULL);
  CHECK_OK(f->store, pl_writer_flush(writer, NULL));
  pl_writer_close(writer);
  fixture_commit(f->store);
  fixture_begin(f->store, false);
}

static inline int expr_setup(void** state) {
  expr_fixture* const f = calloc(1, sizeof *f);
  assert_non_null(f);
  assert_int_equal(fixture_setup(state), 0);
  f->store = *state;
  *state = f;
  pl_mem_init(&f->mem, NULL, NULL, SIZE_MAX);
  pl_arena_init(&f->plan, &f->mem);
  pl_arena_init(&f->scratch, &f->mem);
  pl_error_init(&f->err, &f->mem);
  fill_store(f);
  f->query = (pl_query){.text = PL_STR("return 1"), .terms = f->terms};
  CHECK_OK(f->store, pl_termpool_new(f->store->txn, &f->mem, &f->err, &f->pool));
  f->eval = (pl_eval){.txn = f->store->txn,
                      .pool = f->pool,
                      .mem = &f->mem,
                      .scratch = &f->scratch,
                      .err = &f->err,
                      .query = &f->query,
                      .terms = f->ids,
                      .now_ms = 1694000000123};  // 2023-09-06T11:33:20.123Z
  return 0;
}

static inline int expr_teardown(void** state) {
  expr_fixture* const f = *state;
  void* store = f->store;
  pl_termpool_free(f->pool);
  pl_arena_free(&f->plan);
  pl_arena_free(&f->scratch);
  pl_error_clear(&f->err);
  const size_t bytes = f->mem.bytes_used;
  const int left = fixture_teardown(&store);
  free(f);
  return left == 0 && bytes == 0 ? 0 : -1;
}

#endif
