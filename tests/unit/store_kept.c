/// What is kept on a transaction: found by its key, released by writes, renewals and the end, never twice.
#include "store_fixture.h"

#include "store/writer.h"

typedef struct thing {
  int released;
} thing;

enum { BYTES = 1000 };

static void release(void* object) { ((thing*)object)->released++; }

static void keep(fixture* f, const char* key, thing* object) {
  CHECK_OK(f, pl_txn_keep(f->txn, pl_str_c(key), object, BYTES, release));
}

static void test_key(void** state) {
  fixture* const f = *state;
  thing a = {0}, b = {0};
  fixture_open(f, PL_STR("urn:x:"));
  CHECK_OK(f, pl_txn_begin(f->store, false, &f->err, &f->txn));
  const size_t bytes = pl_txn_bytes(f->txn);
  keep(f, "a", &a);
  keep(f, "ab", &b);
  assert_true(pl_txn_bytes(f->txn) >= bytes + 2 * BYTES);
  assert_ptr_equal(pl_txn_kept(f->txn, PL_STR("a")), &a);
  assert_ptr_equal(pl_txn_kept(f->txn, PL_STR("ab")), &b);
  assert_null(pl_txn_kept(f->txn, PL_STR("b")));
  pl_txn_abort(f->txn);
  f->txn = NULL;
  assert_int_equal(a.released, 1);
  assert_int_equal(b.released, 1);
}

static void test_many(void** state) {
  fixture* const f = *state;
  thing things[200] = {{0}};
  int released = 0;
  fixture_open(f, PL_STR("urn:x:"));
  CHECK_OK(f, pl_txn_begin(f->store, false, &f->err, &f->txn));
  for (int i = 0; i < 200; i++) {
    char key[16];
    snprintf(key, sizeof key, "%d", i);
    keep(f, key, &things[i]);
  }
  for (int i = 0; i < 200; i++) {
    released += things[i].released;
  }
  assert_in_range(released, 100, 199);
  assert_ptr_equal(pl_txn_kept(f->txn, PL_STR("199")), &things[199]);
  pl_txn_abort(f->txn);
  f->txn = NULL;
  for (int i = 0; i < 200; i++) {
    assert_int_equal(things[i].released, 1);
  }
}

static void write_fact(fixture* f, pl_txn* txn, const char* name) {
  pl_writer* writer = NULL;
  pl_id id = 0;
  const pl_term term = {.kind = PL_TERM_IRI, .text = pl_str_c(name)};
  CHECK_OK(f, pl_writer_open(txn, 0, NULL, &writer));
  CHECK_OK(f, pl_writer_term(writer, &term, &id));
  CHECK_OK(f, pl_writer_fact(writer, id, id, id, 0));
  CHECK_OK(f, pl_writer_flush(writer, NULL));
  pl_writer_close(writer);
}

static void test_write(void** state) {
  fixture* const f = *state;
  thing a = {0};
  fixture_open(f, PL_STR("urn:x:"));
  CHECK_OK(f, pl_txn_begin(f->store, true, &f->err, &f->txn));
  keep(f, "a", &a);
  write_fact(f, f->txn, "urn:x:1");
  assert_int_equal(a.released, 1);
  assert_null(pl_txn_kept(f->txn, PL_STR("a")));
  CHECK_OK(f, pl_txn_commit(f->txn));
  f->txn = NULL;
}

static void test_renew(void** state) {
  fixture* const f = *state;
  thing a = {0};
  pl_txn* writer = NULL;
  fixture_open(f, PL_STR("urn:x:"));
  CHECK_OK(f, pl_txn_begin(f->store, false, &f->err, &f->txn));
  const size_t bytes = pl_txn_bytes(f->txn);
  keep(f, "a", &a);
  assert_true(pl_txn_rest(f->txn));
  CHECK_OK(f, pl_txn_renew(f->txn));
  assert_ptr_equal(pl_txn_kept(f->txn, PL_STR("a")), &a);
  assert_true(pl_txn_rest(f->txn));
  CHECK_OK(f, pl_txn_begin(f->store, true, &f->err, &writer));
  write_fact(f, writer, "urn:x:1");
  CHECK_OK(f, pl_txn_commit(writer));
  CHECK_OK(f, pl_txn_renew(f->txn));
  assert_int_equal(a.released, 1);
  assert_true(pl_txn_bytes(f->txn) < bytes + BYTES);
  pl_txn_abort(f->txn);
  f->txn = NULL;
  assert_int_equal(a.released, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_key, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_many, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_write, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(test_renew, fixture_setup, fixture_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
