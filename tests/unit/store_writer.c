/// The writer against a naive model: after every commit all orders, counters, totals and identities must say what a
/// list of rows says.
#include "store/assertion.h"
#include "store/index.h"
#include "store/writer.h"
#include "store_fixture.h"

#define ROWS_MAX 4096
#define NOTES_MAX 4
#define NODES 10
#define PREDICATES 4
#define OBJECTS 12

typedef struct model_row {
  uint64_t row[4];               ///< s, p, o, c
  uint64_t notes[NOTES_MAX][2];  ///< annotations of an assertion, sorted and distinct
  size_t note_count;             ///< used
} model_row;

typedef struct model {
  model_row rows[ROWS_MAX];  ///< in no order
  size_t count;              ///< used
  pl_write_counts counts;    ///< of the transaction
} model;

typedef struct world {
  fixture* f;                    ///< store
  model now;                     ///< what the store must hold
  model before;                  ///< at begin of the transaction
  pl_id nodes[NODES];            ///< subjects
  pl_id predicates[PREDICATES];  ///< of facts and annotations
  pl_id objects[OBJECTS];        ///< of both
  uint64_t random;               ///< state
} world;

static uint64_t draw(world* w, uint64_t below) {
  w->random ^= w->random << 13;
  w->random ^= w->random >> 7;
  w->random ^= w->random << 17;
  return (w->random >> 11) % below;
}

// ---- the model ----------------------------------------------------------------------------------------------------

static bool has_fact(const model* m, const uint64_t fact[3]) {
  for (size_t i = 0; i < m->count; i++) {
    if (memcmp(m->rows[i].row, fact, 24) == 0) {
      return true;
    }
  }
  return false;
}

static model_row* find_row(model* m, const uint64_t row[4]) {
  for (size_t i = 0; i < m->count; i++) {
    if (memcmp(m->rows[i].row, row, 32) == 0) {
      return &m->rows[i];
    }
  }
  return NULL;
}

static model_row* find_assertion(model* m, const model_row* like) {
  for (size_t i = 0; i < m->count; i++) {
    const model_row* const r = &m->rows[i];
    if (pl_id_tag(r->row[3]) == PL_TAG_ASSERTION && memcmp(r->row, like->row, 24) == 0 &&
        r->note_count == like->note_count && memcmp(r->notes, like->notes, like->note_count * 16) == 0) {
      return &m->rows[i];
    }
  }
  return NULL;
}

static void model_add(model* m, const model_row* row) {
  assert_true(m->count < ROWS_MAX);
  m->counts.facts_new += !has_fact(m, row->row);
  m->counts.assertions_new += row->row[3] != 0;
  m->rows[m->count++] = *row;
}

static void model_remove(model* m, model_row* row) {
  const model_row gone = *row;
  *row = m->rows[--m->count];
  m->counts.facts_gone += !has_fact(m, gone.row);
  m->counts.assertions_gone += gone.row[3] != 0;
}

// ---- random changes -----------------------------------------------------------------------------------------------

static void draw_fact(world* w, uint64_t fact[3]) {
  fact[0] = w->nodes[draw(w, NODES)];
  fact[1] = w->predicates[draw(w, PREDICATES)];
  fact[2] = w->objects[draw(w, OBJECTS)];
}

static void do_fact(world* w, pl_writer* writer) {
  model_row row = {.note_count = 0};
  draw_fact(w, row.row);
  row.row[3] = draw(w, 3) ? 0 : w->nodes[draw(w, 2)];
  CHECK_OK(w->f, pl_writer_fact(writer, row.row[0], row.row[1], row.row[2], row.row[3]));
  if (!find_row(&w->now, row.row)) {
    model_add(&w->now, &row);
  }
}

static int note_cmp(const void* a, const void* b) {
  const uint64_t* const x = a;
  const uint64_t* const y = b;
  return x[0] != y[0] ? (x[0] > y[0]) - (x[0] < y[0]) : (x[1] > y[1]) - (x[1] < y[1]);
}

static void do_assert(world* w, pl_writer* writer) {
  model_row row = {.note_count = 0};
  pl_annotation_id notes[NOTES_MAX];
  const size_t count = 1 + draw(w, NOTES_MAX);
  draw_fact(w, row.row);
  for (size_t i = 0; i < count; i++) {
    notes[i] = (pl_annotation_id){w->predicates[draw(w, 2)], w->objects[draw(w, 3)]};
    row.notes[i][0] = notes[i].predicate;
    row.notes[i][1] = notes[i].object;
  }
  qsort(row.notes, count, 16, note_cmp);
  for (size_t i = 0; i < count; i++) {
    if (i == 0 || note_cmp(row.notes[i], row.notes[row.note_count - 1]) != 0) {
      memmove(row.notes[row.note_count++], row.notes[i], 16);
    }
  }
  pl_id c = 0;
  CHECK_OK(w->f, pl_writer_assert(writer, row.row[0], row.row[1], row.row[2], notes, count, &c));
  assert_int_equal(pl_id_tag(c), PL_TAG_ASSERTION);
  const model_row* const known = find_assertion(&w->now, &row);
  if (known) {
    assert_true(known->row[3] == c);
    return;
  }
  row.row[3] = c;
  model_add(&w->now, &row);
}

static void do_delete(world* w, pl_writer* writer) {
  uint64_t fact[3];
  draw_fact(w, fact);
  const bool there = has_fact(&w->now, fact);
  assert_int_equal(pl_writer_delete(writer, fact[0], fact[1], fact[2]), there ? PL_OK : PL_NOT_FOUND);
  for (size_t i = 0; i < w->now.count;) {
    if (memcmp(w->now.rows[i].row, fact, 24) == 0) {
      model_remove(&w->now, &w->now.rows[i]);
    } else {
      i++;
    }
  }
}

static void do_retract(world* w, pl_writer* writer) {
  uint64_t row[4];
  draw_fact(w, row);
  row[3] = 0;
  if (w->now.count > 0 && draw(w, 4) > 0) {
    memcpy(row, w->now.rows[draw(w, w->now.count)].row, sizeof row);
  }
  model_row* const known = find_row(&w->now, row);
  assert_int_equal(pl_writer_retract(writer, row[0], row[1], row[2], row[3]), known ? PL_OK : PL_NOT_FOUND);
  if (known) {
    model_remove(&w->now, known);
  }
}

static void do_anything(world* w, pl_writer* writer) {
  const uint64_t kind = draw(w, 100);
  if (kind < 40) {
    do_fact(w, writer);
  } else if (kind < 70) {
    do_assert(w, writer);
  } else if (kind < 82) {
    do_delete(w, writer);
  } else if (kind < 97) {
    do_retract(w, writer);
  } else {
    CHECK_OK(w->f, pl_writer_flush(writer, NULL));
  }
}

// ---- comparison ---------------------------------------------------------------------------------------------------

static int row_cmp(const void* a, const void* b) {
  const uint64_t* const x = a;
  const uint64_t* const y = b;
  for (unsigned i = 0; i < 4; i++) {
    if (x[i] != y[i]) {
      return x[i] > y[i] ? 1 : -1;
    }
  }
  return 0;
}

/// Rows of an order as the model has them, padded to four columns.
static size_t model_order(const model* m, pl_order order, uint64_t (*out)[4]) {
  size_t n = 0;
  for (size_t i = 0; i < m->count; i++) {
    const model_row* const r = &m->rows[i];
    if (order == PL_ORDER_CPO || order == PL_ORDER_POC) {
      for (size_t k = 0; k < r->note_count; k++) {
        const uint64_t cpo[4] = {r->row[3], r->notes[k][0], r->notes[k][1], 0};
        const uint64_t poc[4] = {r->notes[k][0], r->notes[k][1], r->row[3], 0};
        memcpy(out[n++], order == PL_ORDER_CPO ? cpo : poc, 32);
      }
    } else if (order != PL_ORDER_CSPO || r->row[3] != 0) {
      for (unsigned k = 0; k < 4; k++) {
        out[n][k] = r->row[pl_order_columns[order][k]];
      }
      n++;
    }
  }
  qsort(out, n, 32, row_cmp);
  return n;
}

static void compare_order(world* w, pl_order order) {
  static uint64_t expected[ROWS_MAX * NOTES_MAX][4];
  const size_t count = model_order(&w->now, order, expected);
  pl_scan* scan;
  CHECK_OK(w->f, pl_scan_open(w->f->txn, order, PL_SCAN_ROWS, NULL, &w->f->mem, &scan));
  CHECK_OK(w->f, pl_scan_range(scan, NULL, 0, 0, UINT64_MAX));
  size_t seen = 0;
  for (;;) {
    pl_id columns[4][100];
    pl_id* const out[4] = {columns[0], columns[1], columns[2], pl_order_width[order] == 4 ? columns[3] : NULL};
    size_t n = 0;
    CHECK_OK(w->f, pl_scan_fill(scan, out, 100, &n));
    if (n == 0) {
      break;
    }
    for (size_t i = 0; i < n; i++, seen++) {
      assert_true(seen < count);
      for (unsigned k = 0; k < pl_order_width[order]; k++) {
        assert_true(columns[k][i] == expected[seen][k]);
      }
    }
  }
  assert_int_equal(seen, count);
  pl_scan_close(scan);
}

/// Distinct values of the first `columns` of sorted rows with the given first column.
static uint64_t distinct(uint64_t (*rows)[4], size_t count, uint64_t first, unsigned columns) {
  uint64_t n = 0;
  const uint64_t* last = NULL;
  for (size_t i = 0; i < count; i++) {
    if (rows[i][0] == first && (!last || memcmp(rows[i], last, columns * 8) != 0)) {
      last = rows[i];
      n++;
    }
  }
  return n;
}

static uint64_t compare_predicate(world* w, pl_id p) {
  static uint64_t rows[ROWS_MAX * NOTES_MAX][4];
  pl_predicate_stats stats;
  CHECK_OK(w->f, pl_stats_predicate(w->f->txn, p, &stats));
  size_t count = model_order(&w->now, PL_ORDER_PSO, rows);
  assert_int_equal(stats.rows, distinct(rows, count, p, 4));
  assert_int_equal(stats.facts, distinct(rows, count, p, 3));
  assert_int_equal(stats.subjects, distinct(rows, count, p, 2));
  const uint64_t facts = stats.facts;
  count = model_order(&w->now, PL_ORDER_POS, rows);
  assert_int_equal(stats.objects, distinct(rows, count, p, 2));
  CHECK_OK(w->f, pl_stats_annotation(w->f->txn, p, &stats));
  count = model_order(&w->now, PL_ORDER_POC, rows);
  assert_int_equal(stats.rows, distinct(rows, count, p, 3));
  assert_int_equal(stats.subjects, stats.rows);
  assert_int_equal(stats.objects, distinct(rows, count, p, 2));
  return facts;
}

static void compare_totals(world* w) {
  uint64_t facts = 0, used = 0, plain = 0, assertions = 0, notes = 0;
  for (unsigned i = 0; i < PREDICATES; i++) {
    const uint64_t n = compare_predicate(w, w->predicates[i]);
    facts += n;
    used += n > 0;
  }
  for (size_t i = 0; i < w->now.count; i++) {
    plain += w->now.rows[i].row[3] == 0;
    assertions += pl_id_tag(w->now.rows[i].row[3]) == PL_TAG_ASSERTION;
    notes += w->now.rows[i].note_count;
  }
  pl_totals totals;
  CHECK_OK(w->f, pl_stats_totals(w->f->txn, &totals));
  assert_int_equal(totals.facts, facts);
  assert_int_equal(totals.rows, w->now.count);
  assert_int_equal(totals.plain, plain);
  assert_int_equal(totals.assertions, assertions);
  assert_int_equal(totals.annotations, notes);
  assert_int_equal(totals.predicates, used);
  pl_arena arena;
  pl_predicate_stats* all;
  size_t count;
  pl_arena_init(&arena, &w->f->mem);
  CHECK_OK(w->f, pl_stats_predicates(w->f->txn, &arena, &all, &count));
  assert_int_equal(count, used);
  pl_arena_free(&arena);
}

static void compare_identities(world* w) {
  uint64_t found = 0;
  for (size_t i = 0; i < w->now.count; i++) {
    const pl_id c = w->now.rows[i].row[3];
    if (pl_id_tag(c) == PL_TAG_ASSERTION) {
      pl_identity identity;
      pl_id back = 0;
      CHECK_OK(w->f, pl_assertion_identity_of(w->f->txn, c, &identity));
      CHECK_OK(w->f, pl_assertion_find(w->f->txn, identity, &back));
      assert_true(back == c);
      found++;
    }
  }
  pl_index_size size;
  CHECK_OK(w->f, pl_index_measure(pl_index_of(w->f->txn, PL_DB_IDENTITY), &size));
  assert_int_equal(size.rows, found);
}

static void compare(world* w) {
  fixture_begin(w->f, false);
  for (int order = 0; order < PL_ORDER_COUNT; order++) {
    compare_order(w, (pl_order)order);
  }
  compare_totals(w);
  compare_identities(w);
  fixture_abort(w->f);
}

// ---- tests --------------------------------------------------------------------------------------------------------

static pl_id intern(world* w, pl_writer* writer, const pl_term* term) {
  pl_id id = 0;
  CHECK_OK(w->f, pl_writer_term(writer, term, &id));
  return id;
}

static pl_id intern_name(world* w, pl_writer* writer, const char* stem, unsigned i) {
  char text[64];
  snprintf(text, sizeof text, "urn:parley:%s%u", stem, i);
  const pl_term term = pl_term_iri(pl_str_c(text));
  return intern(w, writer, &term);
}

static void world_open(world* w, fixture* f, uint64_t seed) {
  w->f = f;
  w->random = seed * 0x9E3779B97F4A7C15u + 1;
  fixture_open(f, (pl_str){NULL, 0});
  fixture_begin(f, true);
  pl_writer* writer;
  CHECK_OK(f, pl_writer_open(f->txn, 0, NULL, &writer));
  for (unsigned i = 0; i < NODES; i++) {
    w->nodes[i] = intern_name(w, writer, "node", i);
  }
  for (unsigned i = 0; i < PREDICATES; i++) {
    w->predicates[i] = intern_name(w, writer, "predicate", i);
  }
  for (unsigned i = 0; i < OBJECTS; i++) {
    char text[64];
    snprintf(text, sizeof text, i % 2 ? "%u" : "a text that is not short %u", i);
    const pl_term literal =
        i % 2 ? pl_term_typed(pl_str_c(text), PL_STR(PL_XSD "integer")) : pl_term_string(pl_str_c(text));
    w->objects[i] = i % 3 == 0 ? w->nodes[i % NODES] : intern(w, writer, &literal);
  }
  pl_writer_close(writer);
  fixture_commit(f);
}

static void reopen(world* w) {
  pl_store_close(w->f->store);
  w->f->store = NULL;
  fixture_open(w->f, (pl_str){NULL, 0});
}

static void random_transaction(world* w) {
  static const size_t budgets[] = {0, 1, 20000};
  pl_writer* writer;
  fixture_begin(w->f, true);
  CHECK_OK(w->f, pl_writer_open(w->f->txn, budgets[draw(w, 3)], NULL, &writer));
  w->before = w->now;
  w->now.counts = (pl_write_counts){0, 0, 0, 0};
  const uint64_t steps = draw(w, 3) ? draw(w, 12) : draw(w, 300);
  for (uint64_t i = 0; i < steps; i++) {
    do_anything(w, writer);
  }
  pl_write_counts counts;
  CHECK_OK(w->f, pl_writer_flush(writer, &counts));
  pl_writer_close(writer);
  assert_memory_equal(&counts, &w->now.counts, sizeof counts);
  if (draw(w, 8) == 0) {
    fixture_abort(w->f);
    w->now = w->before;
  } else {
    fixture_commit(w->f);
  }
}

static void test_against_model(void** state) {
  world* const w = calloc(1, sizeof *w);
  assert_non_null(w);
  world_open(w, *state, 1);
  for (int round = 0; round < 200; round++) {
    random_transaction(w);
    if (round % 10 == 9) {
      reopen(w);
    }
    compare(w);
  }
  free(w);
}

/// Enough rows for temporary files; stated twice they change nothing; deleted they leave nothing.
static void test_many_rows(void** state) {
  enum { MANY = 30000 };
  fixture* const f = *state;
  world* const w = calloc(1, sizeof *w);
  assert_non_null(w);
  world_open(w, f, 2);
  for (int round = 0; round < 3; round++) {
    pl_writer* writer;
    pl_write_counts counts;
    fixture_begin(f, true);
    CHECK_OK(f, pl_writer_open(f->txn, 1 << 16, NULL, &writer));
    for (uint64_t i = 0; i < MANY; i++) {
      const pl_id o = pl_id_make(PL_TAG_INTEGER, i * 7919 % MANY);
      const pl_id s = w->nodes[i % NODES], p = w->predicates[i % 3];
      CHECK_OK(f, round < 2 ? pl_writer_fact(writer, s, p, o, 0) : pl_writer_delete(writer, s, p, o));
    }
    CHECK_OK(f, pl_writer_flush(writer, &counts));
    pl_writer_close(writer);
    assert_int_equal(counts.facts_new, round == 0 ? MANY : 0);
    assert_int_equal(counts.facts_gone, round == 2 ? MANY : 0);
    fixture_commit(f);
    fixture_begin(f, false);
    pl_totals totals;
    CHECK_OK(f, pl_stats_totals(f->txn, &totals));
    assert_int_equal(totals.facts, round < 2 ? MANY : 0);
    assert_int_equal(totals.predicates, round < 2 ? 3 : 0);
    fixture_abort(f);
  }
  compare(w);
  free(w);
}

static pl_statement statement_of(const char* s, const char* p, pl_term o) {
  return (pl_statement){.subject = pl_term_iri(pl_str_c(s)), .predicate = pl_term_iri(pl_str_c(p)), .object = o};
}

static pl_write_counts write_batch(fixture* f, pl_statement* statements, size_t count) {
  pl_writer* writer;
  pl_write_counts counts;
  const pl_batch batch = {.statements = statements, .count = count};
  fixture_begin(f, true);
  CHECK_OK(f, pl_writer_open(f->txn, 0, NULL, &writer));
  CHECK_OK(f, pl_writer_batch(writer, &batch));
  CHECK_OK(f, pl_writer_flush(writer, &counts));
  pl_writer_close(writer);
  fixture_commit(f);
  return counts;
}

static void test_batch(void** state) {
  fixture* const f = *state;
  fixture_open(f, (pl_str){NULL, 0});
  const pl_annotation source = {pl_term_iri(PL_STR("urn:parley:source")), pl_term_iri(PL_STR("urn:parley:article1"))};
  const pl_annotation sure = {pl_term_iri(PL_STR("urn:parley:confidence")),
                              pl_term_typed(PL_STR("0.9"), PL_STR(PL_XSD "decimal"))};
  const pl_annotation one[] = {source, sure, source};
  const pl_annotation other[] = {sure, source};
  const pl_term text = {.kind = PL_TERM_LITERAL, .text = PL_STR("xin chao"), .lang = PL_STR("vi")};
  pl_statement statements[] = {
      statement_of("urn:parley:a", "urn:parley:knows", pl_term_iri(PL_STR("urn:parley:b"))),
      statement_of("urn:parley:a", "urn:parley:label", text),
      statement_of("urn:parley:a", "urn:parley:knows", pl_term_iri(PL_STR("urn:parley:b"))),
      statement_of("urn:parley:a", "urn:parley:says", text),
      statement_of("urn:parley:a", "urn:parley:says", text),
      statement_of("urn:parley:a", "urn:parley:in_graph", text),
  };
  statements[3].asserted = statements[4].asserted = true;
  statements[3].annotations = one;
  statements[3].annotation_count = 3;
  statements[4].annotations = other;
  statements[4].annotation_count = 2;
  statements[5].graph = pl_term_iri(PL_STR("urn:parley:g"));
  pl_write_counts counts = write_batch(f, statements, 6);
  assert_int_equal(counts.facts_new, 4);
  assert_int_equal(counts.assertions_new, 2);
  counts = write_batch(f, statements, 6);
  assert_int_equal(counts.facts_new, 0);
  assert_int_equal(counts.assertions_new, 0);
}

/// By ids and by text the same assertion comes out.
static void test_ids_and_texts_agree(void** state) {
  fixture* const f = *state;
  fixture_open(f, (pl_str){NULL, 0});
  const pl_annotation note = {pl_term_iri(PL_STR("urn:parley:on")),
                              pl_term_typed(PL_STR("2023-09"), PL_STR(PL_XSD "gYearMonth"))};
  pl_statement st =
      statement_of("urn:parley:a", "urn:parley:b", pl_term_typed(PL_STR("text"), PL_STR(PL_XSD "string")));
  st.asserted = true;
  st.annotations = &note;
  st.annotation_count = 1;
  (void)write_batch(f, &st, 1);
  pl_writer* writer;
  pl_write_counts counts;
  pl_id s, p, o, c;
  pl_annotation_id id;
  fixture_begin(f, true);
  CHECK_OK(f, pl_writer_open(f->txn, 0, NULL, &writer));
  CHECK_OK(f, pl_writer_term(writer, &st.subject, &s));
  CHECK_OK(f, pl_writer_term(writer, &st.predicate, &p));
  CHECK_OK(f, pl_writer_term(writer, &st.object, &o));
  CHECK_OK(f, pl_writer_term(writer, &note.predicate, &id.predicate));
  CHECK_OK(f, pl_writer_term(writer, &note.object, &id.object));
  CHECK_OK(f, pl_writer_assert(writer, s, p, o, &id, 1, &c));
  CHECK_OK(f, pl_writer_flush(writer, &counts));
  assert_int_equal(counts.assertions_new, 0);
  assert_true(c == pl_id_make(PL_TAG_ASSERTION, 1));
  pl_writer_close(writer);
  fixture_abort(f);
}

static void refused(fixture* f, pl_status status) {
  assert_int_equal(status, PL_ERR_MISUSE);
  assert_int_equal(f->err.items[0].number, PL_MSG_STATEMENT_TERM);
  pl_error_clear(&f->err);
}

static void test_refused_terms(void** state) {
  world* const w = calloc(1, sizeof *w);
  fixture* const f = *state;
  assert_non_null(w);
  world_open(w, f, 3);
  const pl_id s = w->nodes[0], p = w->predicates[0], c = pl_id_make(PL_TAG_ASSERTION, 1);
  const pl_id number = pl_id_make(PL_TAG_INTEGER, 1), temp = pl_id_make(PL_TAG_TEMP, 1);
  const pl_annotation_id good = {p, number}, bad = {number, number}, nested = {p, c};
  pl_writer* writer;
  fixture_begin(f, true);
  CHECK_OK(f, pl_writer_open(f->txn, 0, NULL, &writer));
  refused(f, pl_writer_fact(writer, number, p, s, 0));
  refused(f, pl_writer_fact(writer, c, p, s, 0));
  refused(f, pl_writer_fact(writer, s, number, s, 0));
  refused(f, pl_writer_fact(writer, s, p, 0, 0));
  refused(f, pl_writer_fact(writer, s, p, temp, 0));
  refused(f, pl_writer_fact(writer, s, p, s, number));
  refused(f, pl_writer_assert(writer, s, p, s, &good, 0, NULL));
  refused(f, pl_writer_assert(writer, s, p, s, &bad, 1, NULL));
  refused(f, pl_writer_assert(writer, s, p, s, &nested, 1, NULL));
  CHECK_OK(f, pl_writer_assert(writer, s, p, s, &good, 1, NULL));  // what is refused leaves the transaction usable
  CHECK_OK(f, pl_writer_flush(writer, NULL));
  pl_writer_close(writer);
  fixture_commit(f);
  fixture_begin(f, false);
  assert_int_equal(pl_writer_open(f->txn, 0, NULL, &writer), PL_ERR_READONLY);
  assert_null(writer);
  pl_error_clear(&f->err);
  free(w);
}

/// An interrupted flush leaves a transaction that refuses to commit.
static void test_interrupted_flush(void** state) {
  world* const w = calloc(1, sizeof *w);
  fixture* const f = *state;
  assert_non_null(w);
  world_open(w, f, 4);
  const atomic_int interrupt = 1;
  pl_guard guard;
  pl_writer* writer;
  pl_guard_init(&guard, &interrupt, 0);
  fixture_begin(f, true);
  CHECK_OK(f, pl_writer_open(f->txn, 0, &guard, &writer));
  CHECK_OK(f, pl_writer_fact(writer, w->nodes[0], w->predicates[0], w->nodes[1], 0));
  assert_int_equal(pl_writer_flush(writer, NULL), PL_ERR_INTERRUPTED);
  pl_writer_close(writer);
  pl_error_clear(&f->err);
  pl_txn* const txn = f->txn;
  f->txn = NULL;
  assert_int_equal(pl_txn_commit(txn), PL_ERR_MISUSE);
  pl_error_clear(&f->err);
  compare(w);
  free(w);
}

typedef struct allocator {
  long left;  ///< requests until one fails
  long live;  ///< blocks not freed
} allocator;

static void* failing_realloc(void* user, void* ptr, size_t size_old, size_t size_new) {
  allocator* const a = user;
  PL_UNUSED(size_old);
  if (size_new == 0) {
    a->live -= ptr != NULL;
    free(ptr);
    return NULL;
  }
  if (--a->left < 0) {
    return NULL;
  }
  a->live += ptr == NULL;
  return realloc(ptr, size_new);
}

static pl_status one_transaction(fixture* f) {
  const pl_term s = pl_term_iri(PL_STR("urn:parley:s")), o = pl_term_string(PL_STR("a text of some length"));
  pl_txn* txn;
  pl_writer* writer = NULL;
  pl_id subject, object;
  PL_TRY(pl_txn_begin(f->store, true, &f->err, &txn));
  pl_status status = pl_writer_open(txn, 0, NULL, &writer);
  status = status ? status : pl_writer_term(writer, &s, &subject);
  status = status ? status : pl_writer_term(writer, &o, &object);
  const pl_annotation_id note = {PL_KNOWN(SOURCE), status ? 0 : subject};
  status = status ? status : pl_writer_assert(writer, subject, PL_KNOWN(TYPE), object, &note, 1, NULL);
  status = status ? status : pl_writer_flush(writer, NULL);
  status = status ? status : pl_writer_delete(writer, subject, PL_KNOWN(TYPE), object);
  status = status ? status : pl_writer_flush(writer, NULL);
  status = status ? status : pl_writer_fact(writer, subject, PL_KNOWN(TYPE), object, 0);
  status = status ? status : pl_writer_flush(writer, NULL);
  pl_writer_close(writer);
  if (status == PL_OK) {
    return pl_txn_commit(txn);
  }
  pl_txn_abort(txn);
  return status;
}

static void test_failing_allocations(void** state) {
  fixture* const f = *state;
  allocator a = {.left = 1000000};
  const pl_store_options options = {
      .create = true, .durability = PL_SYNC_NONE, .realloc_fn = failing_realloc, .realloc_user = &a};
  CHECK_OK(f, pl_store_open(f->path, &options, &f->err, &f->store));
  const long live = a.live;
  pl_status status = PL_ERR_NOMEM;
  for (long n = 0; status != PL_OK && n < 10000; n++) {
    a.left = n;
    status = one_transaction(f);
    assert_true(status == PL_OK || status == PL_ERR_NOMEM);
    assert_int_equal(a.live, live);
    pl_error_clear(&f->err);
    a.left = 1000000;
    fixture_begin(f, false);
    pl_totals totals;
    CHECK_OK(f, pl_stats_totals(f->txn, &totals));
    assert_int_equal(totals.facts, status == PL_OK ? 1 : 0);
    fixture_abort(f);
  }
  assert_int_equal(status, PL_OK);
  pl_store_close(f->store);
  f->store = NULL;
  assert_int_equal(a.live, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_against_model, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_many_rows, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_batch, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_ids_and_texts_agree, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_refused_terms, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_interrupted_flush, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_failing_allocations, fixture_setup, fixture_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
