/// Every allocation of a small piece of work fails once: each call then fails cleanly, and all memory comes back.
#include "../tools/failing.h"
#include "help.h"

/// Open, insert, ask, look at errors, close. True if nothing failed.
static int work(const char* path, failing* h) {
  static const char* const texts[] = {"insert ( Ann knows Bob { source one } )",
                                      "match ?a knows ?b where ?a != ?b return label(?a) as ?l, collect(?b) as ?c",
                                      "delete ( Ann knows Bob )", "match match"};
  const parley_options options = {
      .size = sizeof options, .flags = PARLEY_OPEN_NO_SYNC, .threads = 1, .reallocate = failing_reallocate, .user = h};
  parley* store = NULL;
  parley_error_object* error = NULL;
  int good = parley_open(path, &options, &store, &error) == PARLEY_OK;
  assert_true(good || parley_error_count(error) > 0);
  parley_error_free(error);
  for (size_t i = 0; good && i < sizeof texts / sizeof *texts; i++) {
    parley_query* q = NULL;
    parley_status status = parley_prepare(store, texts[i], SIZE_MAX, &q, NULL);
    while (status == PARLEY_OK || status == PARLEY_ROW) {
      status = parley_step(q);
      if (status == PARLEY_ROW && (!parley_column_text(q, 0) || !parley_column_source(q, 1))) {
        status = PARLEY_NOMEM;
      }
    }
    assert_true(parley_error_message(parley_query_error(q)) != NULL);
    parley_finalize(q);
    assert_true(status == PARLEY_DONE || status == PARLEY_NOMEM || (i == 3 && status == PARLEY_SYNTAX));
    good = status != PARLEY_NOMEM;
  }
  assert_int_equal(parley_close(store), PARLEY_OK);
  return good;
}

static void survives_every_failure(void** state) {
  fixture* const f = *state;
  long n = 0;
  int good = 0;
  help_load(f->store, "nt", "<urn:parley:Ann> <urn:parley:knows> <urn:parley:Cyd> .\n");
  for (; !good; n++) {
    failing h = {.left = -1};
    atomic_init(&h.left, n);
    atomic_init(&h.bytes, 0);
    good = work(f->path, &h) && atomic_load(&h.left) >= 0;
    assert_int_equal(atomic_load(&h.bytes), 0);
    assert_true(n < 100000);
  }
  help_expect(f->store, "match ?a knows ?b return ?b", "Cyd");
}

/// A build takes its memory from the caller's allocator, on all its threads, and gives all of it back.
static void builds_with_the_allocator(void** state) {
  fixture* const f = *state;
  static const char text[] = "_:a <urn:b> <urn:c> .\n<urn:a> <urn:b> \"a text of some length\" .\n";
  char path[128];
  int good = 0;
  (void)snprintf(path, sizeof path, "%s/built", f->folder);
  for (long n = 0; !good; n += 1 + n / 8) {
    failing h = {.left = -1};
    atomic_init(&h.left, n);
    atomic_init(&h.bytes, 0);
    const parley_input input = {.memory = text, .memory_len = sizeof text - 1, .format = "nt"};
    const parley_options options = {.size = sizeof options, .threads = 2, .reallocate = failing_reallocate, .user = &h};
    const parley_status status = parley_build(path, &options, &input, 1, NULL, NULL, NULL, NULL);
    assert_true(status == PARLEY_OK || status == PARLEY_NOMEM);
    assert_int_equal(atomic_load(&h.bytes), 0);
    good = status == PARLEY_OK && atomic_load(&h.left) >= 0;
    assert_int_equal(status == PARLEY_OK, access(path, F_OK) == 0);
    assert_true(n < 100000);
    (void)unlink(path);
    assert_true(n > 0 || !good);  // the first allocation failed, so there was one
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {HELP_TEST(survives_every_failure), HELP_TEST(builds_with_the_allocator)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
