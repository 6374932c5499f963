/// The text index: kept in step with the facts whatever is inserted and deleted, found by words and as a whole, built by the bulk build as by
/// single writes, and following the list of indexed predicates.
#include "store_statements.h"

#include "store/index.h"
#include "store/meta.h"
#include "store/text.h"
#include "store/writer.h"
#include "text/fold.h"
#include "text/token.h"

enum { NODES = 12, LABELS = 24, ROUNDS = 60, CHANGES = 30 };

static const char* const labels[LABELS] = {"Hà Nội",
                                           "Ha Noi",
                                           "Thành phố Hồ Chí Minh",
                                           "Nguyễn Phú Trọng",
                                           "Nguyen Van Trung",
                                           "Lê Hoài Trung",
                                           "中华人民共和国",
                                           "中国",
                                           "東京タワー",
                                           "محمد بن سلمان",
                                           "Straße",
                                           "Strasse des 17. Juni",
                                           "İstanbul",
                                           "ISTANBUL 2",
                                           "Ὀδυσσεύς",
                                           "οδυσσεας",
                                           "a",
                                           "A!",
                                           "!?",
                                           "",
                                           "internationalisation",
                                           "internationalization of internationals",
                                           "O'Brien",
                                           "O’Brien & sons"};
static const char* const queries[] = {
    "trung",         "Nguyen Tr", "ha", "中", "人民",    "国",   "東京タ", "strasse", "istan", "οδυσσε",
    "international", "a",         "",   "!",  "O'Brien", "محمد", "17",     "xyz",     "noi ha"};

typedef struct model {
  bool fact[2][NODES][LABELS];  ///< of an indexed predicate and another one
  pl_id label[LABELS];          ///< ids
  pl_id node[NODES];            ///< ids
  pl_id predicate[2];           ///< label, and one that is not indexed at first
  bool indexed[2];              ///< as set
  bool found[LABELS];           ///< by the query at hand
} model;

static pl_status on_literal(void* user, pl_id literal) {
  model* const m = user;
  for (size_t i = 0; i < LABELS; i++) {
    if (m->label[i] == literal) {
      assert_false(m->found[i]);
      m->found[i] = true;
      return PL_OK;
    }
  }
  fail_msg("an unknown literal");
  return PL_OK;
}

static pl_status stop_at_once(void* user, pl_id literal) {
  PL_UNUSED(user);
  PL_UNUSED(literal);
  return PL_DONE;
}

static bool in_index(const model* m, size_t label) {
  for (unsigned p = 0; p < 2; p++) {
    for (size_t n = 0; n < NODES && m->indexed[p]; n++) {
      if (m->fact[p][n][label]) {
        return true;
      }
    }
  }
  return false;
}

static void check_queries(fixture* f, model* m) {
  pl_words words;
  pl_buf a, b;
  pl_words_init(&words, &f->mem);
  pl_buf_init(&a, &f->mem, SIZE_MAX);
  pl_buf_init(&b, &f->mem, SIZE_MAX);
  for (size_t q = 0; q < PL_COUNT_OF(queries); q++) {
    memset(m->found, 0, sizeof m->found);
    CHECK_OK(f, pl_text_match(f->txn, &f->mem, pl_str_c(queries[q]), NULL, on_literal, m));
    assert_int_equal(pl_words_set(&words, pl_str_c(queries[q]), NULL, NULL), PL_OK);
    for (size_t i = 0; i < LABELS; i++) {
      pl_buf_clear(&a);
      assert_int_equal(pl_fold(pl_str_c(labels[i]), &a), PL_OK);
      bool found;
      assert_int_equal(pl_words_match(&words, pl_buf_view(&a), NULL, NULL, &found), PL_OK);
      assert_int_equal(m->found[i], in_index(m, i) && found);
    }
  }
  for (size_t q = 0; q < LABELS; q++) {
    memset(m->found, 0, sizeof m->found);
    pl_buf_clear(&a);
    assert_int_equal(pl_fold(pl_str_c(labels[q]), &a), PL_OK);
    CHECK_OK(f, pl_text_equal(f->txn, &f->mem, pl_str_c(labels[q]), NULL, on_literal, m));
    for (size_t i = 0; i < LABELS; i++) {
      pl_buf_clear(&b);
      assert_int_equal(pl_fold(pl_str_c(labels[i]), &b), PL_OK);
      assert_int_equal(m->found[i], in_index(m, i) && pl_str_eq(pl_buf_view(&a), pl_buf_view(&b)));
    }
  }
  pl_words_free(&words);
  pl_buf_free(&a);
  pl_buf_free(&b);
}

static void check_sound(fixture* f) { assert_int_equal(fixture_check(f, true), 0); }

static void take_ids(fixture* f, model* m, pl_writer* writer) {
  char name[32];
  for (size_t i = 0; i < LABELS; i++) {
    const pl_term term = {.kind = PL_TERM_LITERAL, .text = pl_str_c(labels[i]), .lang = PL_STR("vi")};
    const pl_term plain = pl_term_string(pl_str_c(labels[i]));
    CHECK_OK(f, pl_writer_term(writer, i % 3 == 0 ? &term : &plain, &m->label[i]));
  }
  for (size_t i = 0; i < NODES; i++) {
    snprintf(name, sizeof name, "urn:x:%zu", i);
    const pl_term term = pl_term_iri(pl_str_c(name));
    CHECK_OK(f, pl_writer_term(writer, &term, &m->node[i]));
  }
  const pl_term comment = pl_term_iri(PL_STR("urn:x:comment"));
  m->predicate[0] = PL_KNOWN(LABEL);
  CHECK_OK(f, pl_writer_term(writer, &comment, &m->predicate[1]));
}

static void change(fixture* f, model* m, pl_writer* writer, uint64_t* state) {
  for (unsigned i = 0; i < CHANGES; i++) {
    const unsigned p = (unsigned)(next_random(state) % 2);
    const size_t n = next_random(state) % NODES, l = next_random(state) % LABELS;
    bool* const fact = &m->fact[p][n][l];
    if (*fact) {
      CHECK_OK(f, pl_writer_delete(writer, m->node[n], m->predicate[p], m->label[l]));
    } else {
      CHECK_OK(f, pl_writer_fact(writer, m->node[n], m->predicate[p], m->label[l],
                                 next_random(state) % 3 == 0 ? m->node[0] : PL_ID_NULL));
    }
    *fact = !*fact;
  }
}

static void test_changes(void** state) {
  fixture* const f = *state;
  static model m;
  uint64_t seed = 11;
  m.indexed[0] = true;
  fixture_open(f, (pl_str){0});
  for (unsigned round = 0; round < ROUNDS; round++) {
    pl_writer* writer;
    fixture_begin(f, true);
    CHECK_OK(f, pl_writer_open(f->txn, 0, NULL, &writer));
    take_ids(f, &m, writer);
    change(f, &m, writer, &seed);
    CHECK_OK(f, pl_writer_flush(writer, NULL));
    check_queries(f, &m);
    pl_writer_close(writer);
    if (round % 10 == 5) {
      m.indexed[1] = round % 20 == 5;
      m.indexed[0] = round % 40 != 15;
      pl_id list[2];
      size_t count = 0;
      for (unsigned p = 2; p-- > 0;) {
        list[count] = m.predicate[p];
        count += m.indexed[p];
      }
      CHECK_OK(f, pl_txn_set_property(f->txn, PL_PROPERTY_TEXT, list, count, NULL));
      check_queries(f, &m);
      assert_int_equal(pl_text_indexed(f->txn, m.predicate[1]), m.indexed[1]);
    }
    fixture_commit(f);
    if (round % 7 == 0) {
      pl_store_close(f->store);
      f->store = NULL;
      fixture_open(f, (pl_str){0});
    }
    fixture_begin(f, false);
    check_queries(f, &m);
    check_sound(f);
    fixture_abort(f);
  }
}

// ---- words of a text, proven by the index or on the text ------------------------------------------------------------

enum { TEXTS = 600, ASKED = 400 };
static const char* const vocabulary[] = {
    "sol",           "solar",          "solarium", "solariums", "solarisation", "international",
    "internat",      "internationals", "internet", "a",         "ab",           "Nguyễn",
    "中华人民",      "o'brien",        "17",       "175",       "x.y",          "İstanbul",
    "supercalifrag", "supercali"};

typedef struct id_rows {
  pl_id ids[TEXTS];  ///< as they came
  size_t count;      ///< of them
} id_rows;

static pl_status take_id(void* user, pl_id literal) {
  id_rows* const rows = user;
  assert_true(rows->count < TEXTS);
  rows->ids[rows->count++] = literal;
  return PL_OK;
}

/// One to four words, or beginnings of them.
static pl_str some_words(uint64_t* state, bool cut, char* out, size_t room) {
  const unsigned count = 1 + (unsigned)(next_random(state) % 4);
  size_t len = 0;
  for (unsigned i = 0; i < count; i++) {
    const pl_str word = pl_str_c(vocabulary[next_random(state) % PL_COUNT_OF(vocabulary)]);
    size_t bytes = cut ? 1 + next_random(state) % word.len : word.len;
    while (bytes < word.len && ((uint8_t)word.data[bytes] & 0xc0) == 0x80) {
      bytes++;
    }
    len += (size_t)snprintf(out + len, room - len, "%.*s ", (int)bytes, word.data);
  }
  return (pl_str){out, len};
}

static int by_id(const void* a, const void* b) {
  const pl_id x = *(const pl_id*)a, y = *(const pl_id*)b;
  return (x > y) - (x < y);
}

/// What the index finds is what a look at every text finds, in the same order.
static void test_proof(void** state) {
  fixture* const f = *state;
  static id_rows all, by_index, by_text;
  char room[256];
  uint64_t seed = 5;
  pl_writer* writer;
  all.count = 0;
  fixture_open(f, (pl_str){0});
  fixture_begin(f, true);
  CHECK_OK(f, pl_writer_open(f->txn, 0, NULL, &writer));
  for (size_t i = 0; i < TEXTS; i++) {
    const pl_term term = pl_term_string(some_words(&seed, false, room, sizeof room));
    CHECK_OK(f, pl_writer_term(writer, &term, &all.ids[all.count]));
    CHECK_OK(f, pl_writer_fact(writer, PL_KNOWN(NAME), PL_KNOWN(RDFS_LABEL), all.ids[all.count++], PL_ID_NULL));
  }
  CHECK_OK(f, pl_writer_flush(writer, NULL));
  pl_writer_close(writer);
  fixture_commit(f);
  fixture_begin(f, false);
  qsort(all.ids, all.count, sizeof *all.ids, by_id);
  size_t found = 0;
  for (unsigned i = 0; i < ASKED; i++) {
    const pl_str text = some_words(&seed, true, room, sizeof room);
    by_index.count = by_text.count = 0;
    CHECK_OK(f, pl_text_match(f->txn, &f->mem, text, NULL, take_id, &by_index));
    CHECK_OK(f, pl_text_among(f->txn, &f->mem, text, all.ids, all.count, NULL, take_id, &by_text));
    size_t kept = 0;
    for (size_t k = 0; k < by_text.count; k++) {
      if (kept == 0 || by_text.ids[kept - 1] != by_text.ids[k]) {
        by_text.ids[kept++] = by_text.ids[k];
      }
    }
    assert_int_equal(by_index.count, kept);
    assert_memory_equal(by_index.ids, by_text.ids, kept * sizeof(pl_id));
    found += kept;
  }
  assert_true(found > ASKED);
  fixture_abort(f);
}

/// Rows of the index as text, for comparison.
static pl_status hash_rows(void* user, const uint64_t* rows, size_t count) {
  uint64_t* const sum = user;
  for (size_t i = 0; i < count; i++) {
    *sum = *sum * 31 + rows[2 * i];
  }
  *sum += count;
  return PL_OK;
}

static uint64_t words_of_store(fixture* f) {
  uint64_t sum = 0;
  fixture_begin(f, false);
  const pl_verifier verifier = {.on_rows = hash_rows, .user = &sum};
  CHECK_OK(f, pl_index_verify(pl_index_of(f->txn, PL_DB_TEXT), &f->mem, &verifier));
  check_sound(f);
  fixture_abort(f);
  return sum;
}

static void make_batch(pl_batch* batch, pl_statement* statements, char (*names)[16]) {
  for (size_t i = 0; i < LABELS; i++) {
    snprintf(names[i], sizeof names[i], "urn:x:%zu", i);
    statements[i] = (pl_statement){.subject = pl_term_iri(pl_str_c(names[i])),
                                   .predicate = pl_term_iri(PL_STR(PL_RDFS "label")),
                                   .object = pl_term_string(pl_str_c(labels[i]))};
  }
  *batch = (pl_batch){.statements = statements, .count = LABELS};
}

static void test_bulk(void** state) {
  fixture* const f = *state;
  static pl_statement statements[LABELS];
  static char names[LABELS][16];
  pl_batch batch;
  pl_bulk* bulk;
  make_batch(&batch, statements, names);
  const pl_bulk_options options = {.threads = 1};
  CHECK_OK(f, pl_bulk_open(f->path, &options, &f->err, &bulk));
  CHECK_OK(f, pl_bulk_batch(bulk, &batch));
  CHECK_OK(f, pl_bulk_finish(bulk, NULL));
  fixture_open(f, (pl_str){0});
  const uint64_t built = words_of_store(f);
  pl_store_close(f->store);
  f->store = NULL;
  assert_int_equal(unlink(f->path), 0);
  fixture_open(f, (pl_str){0});
  pl_writer* writer;
  fixture_begin(f, true);
  CHECK_OK(f, pl_writer_open(f->txn, 0, NULL, &writer));
  CHECK_OK(f, pl_writer_batch(writer, &batch));
  CHECK_OK(f, pl_writer_flush(writer, NULL));
  pl_writer_close(writer);
  fixture_commit(f);
  assert_true(built != 0);
  assert_true(words_of_store(f) == built);
  static model m;
  bool all = true;
  fixture_begin(f, false);
  CHECK_OK(f, pl_text_sample(f->txn, &f->mem, PL_STR("xyz"), 1, NULL, on_literal, &m, &all));
  assert_true(all);
  CHECK_OK(f, pl_text_sample(f->txn, &f->mem, PL_STR("xyz nguyen"), 1, NULL, on_literal, &m, &all));
  assert_true(all);
  assert_int_equal(pl_text_sample(f->txn, &f->mem, PL_STR(""), 1, NULL, stop_at_once, NULL, &all), PL_DONE);
  assert_false(all);
  fixture_abort(f);
}

static void test_check(void** state) {
  fixture* const f = *state;
  uint8_t shared;
  test_bulk(state);
  fixture_begin(f, true);
  uint64_t row[2] = {0};
  CHECK_OK(f, pl_index_first(pl_index_of(f->txn, PL_DB_TEXT), row, 0, row));
  CHECK_OK(f, pl_index_delete(pl_index_of(f->txn, PL_DB_TEXT), row, 1, &shared));
  assert_int_equal(fixture_check(f, true), 1);
  row[0] = 12345;
  CHECK_OK(f, pl_index_insert(pl_index_of(f->txn, PL_DB_TEXT), row, 1, &shared));
  assert_int_equal(fixture_check(f, true), 1);
}

static void test_settings(void** state) {
  fixture* const f = *state;
  char name[PL_DEFINE_BYTES_MAX + 1];
  memset(name, 'a', sizeof name);
  fixture_open(f, (pl_str){0});
  fixture_begin(f, true);
  assert_int_equal(pl_txn_settings(f->txn)->text_predicate_count, 8);
  const pl_id ids[] = {PL_KNOWN(NAME), PL_KNOWN(LABEL), PL_KNOWN(NAME)};
  CHECK_OK(f, pl_txn_set_property(f->txn, PL_PROPERTY_LABELS, ids, 3, NULL));
  CHECK_OK(f, pl_txn_set_property(f->txn, PL_PROPERTY_SINGLE, ids, 3, NULL));
  CHECK_OK(f, pl_txn_set_definition(f->txn, PL_STR("urn:b"), PL_STR("<urn:x>+")));
  CHECK_OK(f, pl_txn_set_definition(f->txn, PL_STR("urn:a"), PL_STR("<urn:y>*")));
  CHECK_OK(f, pl_txn_set_definition(f->txn, PL_STR("urn:b"), PL_STR("<urn:z>+")));
  assert_int_equal(pl_txn_set_definition(f->txn, PL_STR("urn:c"), (pl_str){0}), PL_NOT_FOUND);
  assert_int_equal(pl_txn_set_definition(f->txn, (pl_str){name, sizeof name}, PL_STR("x")), PL_ERR_LIMIT);
  pl_error_clear(&f->err);
  fixture_commit(f);
  fixture_begin(f, false);
  const pl_settings* const s = pl_txn_settings(f->txn);
  assert_int_equal(s->label_predicate_count, 2);
  assert_true(s->label_predicates[0] == PL_KNOWN(NAME) && s->label_predicates[1] == PL_KNOWN(LABEL));
  assert_int_equal(s->single_predicate_count, 2);
  assert_true(s->single_predicates[0] == PL_KNOWN(LABEL) && s->single_predicates[1] == PL_KNOWN(NAME));
  assert_int_equal(s->definition_count, 2);
  assert_true(pl_str_eq(s->definitions[0].name, PL_STR("urn:a")));
  assert_true(pl_str_eq(s->definitions[1].path, PL_STR("<urn:z>+")));
  assert_int_equal(pl_txn_set_property(f->txn, PL_PROPERTY_SINGLE, ids, 1, NULL), PL_ERR_READONLY);
  fixture_abort(f);
  pl_error_clear(&f->err);
  fixture_begin(f, true);
  const pl_id literal = pl_id_make(PL_TAG_SHORT, 0);
  assert_int_equal(pl_txn_set_property(f->txn, PL_PROPERTY_SINGLE, &literal, 1, NULL), PL_ERR_MISUSE);
  CHECK_OK(f, pl_txn_set_definition(f->txn, PL_STR("urn:b"), (pl_str){0}));
  assert_int_equal(pl_txn_settings(f->txn)->definition_count, 1);
  fixture_abort(f);
}

/// A file from before there was a text index: read without it, and given one when it is opened for writing.
static void test_older_file(void** state) {
  fixture* const f = *state;
  test_bulk(state);
  fixture_begin(f, true);
  assert_int_equal(mdb_drop(f->txn->mdb, f->store->dbs[PL_DB_TEXT], 1), 0);
  fixture_commit(f);
  pl_store_close(f->store);
  const pl_store_options readonly = {.readonly = true, .map_bytes = (size_t)1 << 32};
  CHECK_OK(f, pl_store_open(f->path, &readonly, &f->err, &f->store));
  static model m;
  memset(&m, 0, sizeof m);
  fixture_begin(f, false);
  assert_false(pl_text_indexed(f->txn, PL_KNOWN(RDFS_LABEL)));
  CHECK_OK(f, pl_text_match(f->txn, &f->mem, PL_STR("trung"), NULL, on_literal, &m));
  check_sound(f);
  fixture_abort(f);
  pl_store_close(f->store);
  fixture_open(f, (pl_str){0});
  fixture_begin(f, true);
  const pl_id label = PL_KNOWN(RDFS_LABEL);
  CHECK_OK(f, pl_txn_set_property(f->txn, PL_PROPERTY_TEXT, NULL, 0, NULL));
  CHECK_OK(f, pl_txn_set_property(f->txn, PL_PROPERTY_TEXT, &label, 1, NULL));
  check_sound(f);
  fixture_commit(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_changes, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_proof, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_bulk, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_check, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_settings, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_older_file, fixture_setup, fixture_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
