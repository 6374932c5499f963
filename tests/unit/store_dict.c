/// The dictionary: ids and terms agree through commits, for every kind of term; hostile and damaged input gives errors.
#include "store/dict_internal.h"

#include "store_fixture.h"

enum { TERM_KINDS = 12, LONG_BYTES = 5000 };

static char long_text[LONG_BYTES + 1];

/// The i-th test term. Texts live in buf (200 bytes) or are static.
static pl_term term_at(unsigned i, char* buf) {
  const unsigned n = i / TERM_KINDS;
  memset(long_text, 'x', LONG_BYTES);
  switch (i % TERM_KINDS) {
    case 0:
      return pl_term_iri((pl_str){buf, (size_t)sprintf(buf, "http://example.org/resource/Entity_%u", n)});
    case 1:
      return pl_term_iri((pl_str){buf, (size_t)sprintf(buf, "urn:%u", n)});
    case 2:
      return pl_term_iri((pl_str){buf, (size_t)sprintf(buf, "http://space%u.example/#", n)});
    case 3:
      return (pl_term){.kind = PL_TERM_BLANK, .text = {buf, (size_t)sprintf(buf, "x0123456789abcdef_b%u", n)}};
    case 4:
      return (pl_term){.kind = PL_TERM_BLANK, .text = {buf, (size_t)sprintf(buf, "b%u", n)}};
    case 5:
      return pl_term_string((pl_str){buf, (size_t)sprintf(buf, "a longer string, number %u", n)});
    case 6:
      return (pl_term){.kind = PL_TERM_LITERAL,
                       .text = {buf, (size_t)sprintf(buf, "b%u", n)},
                       .lang = n % 2 ? PL_STR("vi") : PL_STR("en")};
    case 7:
      return pl_term_typed((pl_str){buf, (size_t)sprintf(buf, "00%u", n)}, PL_STR(PL_XSD "integer"));
    case 8:
      return pl_term_typed((pl_str){buf, (size_t)sprintf(buf, "%u", n)}, PL_STR("http://example.org/type"));
    case 9:
      return pl_term_typed((pl_str){buf, (size_t)sprintf(buf, "%u", n)}, (pl_str){long_text, 600 + n % 7});
    case 10:
      return pl_term_string((pl_str){long_text, 1500 + n % (LONG_BYTES - 1500)});
    default:
      return pl_term_typed((pl_str){buf, (size_t)sprintf(buf, "%u", n)}, PL_STR(PL_XSD "integer"));
  }
}

static void assert_term_is(fixture* f, pl_id id, const pl_term* term) {
  pl_arena arena;
  pl_arena_init(&arena, &f->mem);
  pl_term back;
  CHECK_OK(f, pl_dict_term(f->txn, id, &arena, &back));
  assert_true(pl_term_eq(&back, term));
  pl_arena_free(&arena);
}

static void assert_sound(fixture* f) {
  f->damage = 0;
  const pl_verifier verifier = {.on_damage = fixture_on_damage, .user = f};
  CHECK_OK(f, pl_dict_verify(f->txn, true, &verifier));
  assert_int_equal(f->damage, 0);
}

static void intern_range(fixture* f, unsigned first, unsigned end, pl_id* ids) {
  char buf[200];
  for (unsigned i = first; i < end; i++) {
    const pl_term term = term_at(i, buf);
    CHECK_OK(f, pl_dict_intern(f->txn, &term, &ids[i]));
    pl_id again;
    CHECK_OK(f, pl_dict_intern(f->txn, &term, &again));
    assert_int_equal(again, ids[i]);
    assert_term_is(f, ids[i], &term);
  }
}

static void assert_all(fixture* f, unsigned count, const pl_id* ids) {
  char buf[200];
  for (unsigned i = 0; i < count; i++) {
    const pl_term term = term_at(i, buf);
    pl_id id;
    CHECK_OK(f, pl_dict_find(f->txn, &term, &id));
    assert_int_equal(id, ids[i]);
    assert_term_is(f, id, &term);
  }
}

static void test_round_trip(void** state) {
  enum { COUNT = 3000 };
  fixture* const f = *state;
  pl_id* const ids = calloc(COUNT, sizeof *ids);
  fixture_open(f, (pl_str){0});
  unsigned done = 0;
  for (unsigned step = 1; done < COUNT; step = step * 3 + 1) {  // from one new term a transaction to many
    const unsigned end = done + step < COUNT ? done + step : COUNT;
    fixture_begin(f, true);
    intern_range(f, done, end, ids);
    assert_all(f, end, ids);
    fixture_commit(f);
    done = end;
  }
  pl_store_close(f->store);
  fixture_open(f, (pl_str){0});
  fixture_begin(f, false);
  assert_all(f, COUNT, ids);
  assert_sound(f);
  free(ids);
}

static void test_many_small_transactions(void** state) {
  enum { COUNT = 600 };
  fixture* const f = *state;
  pl_id ids[COUNT];
  fixture_open(f, (pl_str){0});
  for (unsigned i = 0; i < COUNT; i++) {
    fixture_begin(f, true);
    intern_range(f, i, i + 1, ids);
    fixture_commit(f);
  }
  fixture_begin(f, false);
  assert_all(f, COUNT, ids);
  assert_sound(f);
}

static void test_known_terms(void** state) {
  fixture* const f = *state;
  fixture_open(f, (pl_str){0});
  fixture_begin(f, false);
  const pl_term type = pl_term_iri(PL_STR(PL_RDF "type")), source = pl_term_iri(PL_STR(PL_BASE_DEFAULT "source"));
  pl_id id;
  CHECK_OK(f, pl_dict_find(f->txn, &type, &id));
  assert_int_equal(id, PL_KNOWN(TYPE));
  CHECK_OK(f, pl_dict_find(f->txn, &source, &id));
  assert_int_equal(id, PL_KNOWN(SOURCE));
  assert_sound(f);
}

/// With this base `name` and schema:name are one text; ids of the known terms must not shift.
static void test_base_that_meets_known_terms(void** state) {
  fixture* const f = *state;
  fixture_open(f, PL_STR("http://schema.org/"));
  fixture_begin(f, true);
  const pl_term name = pl_term_iri(PL_STR("http://schema.org/name")), reifies = pl_term_iri(PL_STR(PL_RDF "reifies"));
  pl_id id;
  CHECK_OK(f, pl_dict_intern(f->txn, &name, &id));
  assert_int_equal(id, PL_KNOWN(NAME));
  CHECK_OK(f, pl_dict_intern(f->txn, &reifies, &id));
  assert_int_equal(id, PL_KNOWN(REIFIES));
  assert_term_is(f, PL_KNOWN(SCHEMA_NAME), &name);
  assert_sound(f);
}

static void test_abort_and_absent(void** state) {
  fixture* const f = *state;
  fixture_open(f, (pl_str){0});
  const pl_term term = pl_term_iri(PL_STR("http://example.org/never"));
  pl_id id;
  fixture_begin(f, true);
  CHECK_OK(f, pl_dict_intern(f->txn, &term, &id));
  fixture_abort(f);
  fixture_begin(f, false);
  assert_int_equal(pl_dict_find(f->txn, &term, &id), PL_NOT_FOUND);
  assert_int_equal(f->err.count, 0);
  pl_arena arena;
  pl_arena_init(&arena, &f->mem);
  pl_term out;
  assert_int_equal(pl_dict_term(f->txn, pl_id_make(PL_TAG_IRI, 12345678), &arena, &out), PL_ERR_CORRUPT);
  assert_int_equal(pl_dict_term(f->txn, pl_id_make(PL_TAG_STRING, 1), &arena, &out), PL_ERR_CORRUPT);
  pl_arena_free(&arena);
}

/// More namespaces than are kept: terms stay right.
static void test_affix_limit(void** state) {
  enum { COUNT = PL_AFFIX_COUNT_MAX + 2000 };
  fixture* const f = *state;
  fixture_open(f, (pl_str){0});
  fixture_begin(f, true);
  pl_id first = 0, last = 0;
  char buf[64];
  for (unsigned i = 0; i < COUNT; i++) {
    const pl_term term = pl_term_iri((pl_str){buf, (size_t)sprintf(buf, "http://n%u.example/a", i)});
    CHECK_OK(f, pl_dict_intern(f->txn, &term, &last));
    first = first ? first : last;
  }
  fixture_commit(f);
  fixture_begin(f, false);
  const pl_term low = pl_term_iri(PL_STR("http://n0.example/a"));
  const pl_term high = pl_term_iri((pl_str){buf, strlen(buf)});
  assert_term_is(f, first, &low);
  assert_term_is(f, last, &high);
  assert_sound(f);
}

typedef struct walk {
  fixture* f;      ///< store
  uint64_t count;  ///< terms met
} walk;

static pl_status on_term(void* user, pl_id id, const pl_term* term) {
  walk* const w = user;
  assert_int_equal(pl_id_payload(id), ++w->count);
  assert_true(term->text.data != NULL);
  return PL_OK;
}

/// The in-memory dictionary gives the ids that interning one by one gives, and writes an equal dictionary.
static void test_build(void** state) {
  enum { COUNT = 20000, BATCH = 700 };
  fixture* const f = *state;
  fixture_open(f, (pl_str){0});
  pl_dict_build* build;
  CHECK_OK(f, pl_dict_build_new(&f->mem, &f->err, &build));
  CHECK_OK(f, pl_dict_build_seed(build, (pl_str){0}));
  pl_id* const ids = calloc(COUNT, sizeof *ids);
  char(*const bufs)[200] = calloc(BATCH, sizeof *bufs);
  pl_term* const terms = calloc(BATCH, sizeof *terms);
  for (unsigned first = 0; first < COUNT; first += BATCH) {
    const unsigned count = first + BATCH < COUNT ? BATCH : COUNT - first;
    for (unsigned i = 0; i < count; i++) {
      terms[i] = term_at((first + i) / 2, bufs[i]);  // every term twice
    }
    CHECK_OK(f, pl_dict_build_intern(build, terms, count, ids + first));
  }
  fixture_begin(f, true);
  CHECK_OK(f, pl_dict_build_write(build, f->txn));
  fixture_commit(f);
  fixture_begin(f, true);
  for (unsigned i = 0; i < COUNT; i++) {
    const pl_term term = term_at(i / 2, bufs[0]);
    pl_id id;
    CHECK_OK(f, pl_dict_intern(f->txn, &term, &id));
    assert_int_equal(id, ids[i]);
    assert_term_is(f, id, &term);
  }
  assert_sound(f);
  walk w = {.f = f};
  CHECK_OK(f, pl_dict_each(f->txn, on_term, &w));
  assert_int_equal(w.count, f->txn->next_key - 1);
  pl_dict_build_free(build);
  free(terms);
  free(bufs);
  free(ids);
}

/// Any byte of a group changed: an error or another text, never a crash; and what cannot be right is reported.
static void test_damage(void** state) {
  enum { COUNT = 300 };
  fixture* const f = *state;
  pl_id ids[COUNT];
  fixture_open(f, (pl_str){0});
  fixture_begin(f, true);
  intern_range(f, 0, COUNT, ids);
  fixture_commit(f);
  unsigned reported = 0;
  for (unsigned round = 0; round < 60; round++) {
    fixture_begin(f, true);
    uint8_t all[8], copy[PL_GROUP_BYTES_MAX];
    pl_key_put(all, UINT64_MAX);
    MDB_val key = {sizeof all, all}, value;
    assert_int_equal(mdb_get(f->txn->mdb, f->store->dbs[PL_DB_TERM], &key, &value), 0);
    memcpy(copy, value.mv_data, value.mv_size);
    copy[round * 67 % value.mv_size] ^= (uint8_t)(1 + round);
    value.mv_data = copy;
    assert_int_equal(mdb_put(f->txn->mdb, f->store->dbs[PL_DB_TERM], &key, &value, 0), 0);
    pl_arena arena;
    pl_arena_init(&arena, &f->mem);
    for (unsigned i = 0; i < COUNT; i++) {
      pl_term out;
      (void)pl_dict_term(f->txn, ids[i], &arena, &out);
      pl_error_clear(&f->err);
    }
    pl_arena_free(&arena);
    f->damage = 0;
    (void)pl_dict_verify(f->txn, true, &(pl_verifier){.on_damage = fixture_on_damage, .user = f});
    pl_error_clear(&f->err);
    reported += f->damage > 0;
    fixture_abort(f);
  }
  assert_int_equal(reported, 60);
}

typedef struct scarce {
  long left;  ///< allocations until one fails; negative: none fails
} scarce;

static void* scarce_realloc(void* user, void* ptr, size_t size_old, size_t size_new) {
  scarce* const s = user;
  PL_UNUSED(size_old);
  if (size_new == 0) {
    free(ptr);
    return NULL;
  }
  if (s->left == 0) {
    s->left = -1;
    return NULL;
  }
  s->left -= s->left > 0;
  return realloc(ptr, size_new);
}

/// An allocation that fails while a term is added takes no id with it: the term again, and another, are two terms.
static void test_failed_allocation(void** state) {
  fixture* const f = *state;
  scarce s = {-1};
  const pl_store_options options = {
      .create = true, .durability = PL_SYNC_NONE, .realloc_fn = scarce_realloc, .realloc_user = &s};
  CHECK_OK(f, pl_store_open(f->path, &options, &f->err, &f->store));
  unsigned failures = 0;
  pl_status status = PL_ERR_NOMEM;
  for (long n = 0; n < 50 && (n < 2 || status != PL_OK); n++) {
    char one[64], two[64];
    pl_id a, b;
    const pl_term first = pl_term_iri((pl_str){one, (size_t)sprintf(one, "http://example.org/first%ld", n)});
    const pl_term second = pl_term_iri((pl_str){two, (size_t)sprintf(two, "http://example.org/second%ld", n)});
    fixture_begin(f, true);
    s.left = n;
    status = pl_dict_intern(f->txn, &first, &a);
    s.left = -1;
    failures += status != PL_OK;
    assert_true(status == PL_OK || (status == PL_ERR_NOMEM && f->err.count > 0));
    pl_error_clear(&f->err);
    CHECK_OK(f, pl_dict_intern(f->txn, &first, &a));
    CHECK_OK(f, pl_dict_intern(f->txn, &second, &b));
    assert_true(a != b);
    pl_txn* const txn = f->txn;
    f->txn = NULL;
    assert_int_equal(pl_txn_commit(txn), status == PL_OK ? PL_OK : PL_ERR_MISUSE);
    pl_error_clear(&f->err);
  }
  assert_int_equal(status, PL_OK);
  assert_true(failures >= 3);
  fixture_begin(f, false);
  assert_sound(f);
  fixture_abort(f);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_round_trip),
      TEST(test_many_small_transactions),
      TEST(test_known_terms),
      TEST(test_base_that_meets_known_terms),
      TEST(test_abort_and_absent),
      TEST(test_affix_limit),
      TEST(test_build),
      TEST(test_failed_allocation),
      TEST(test_damage),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
