/// The check finds damage of LMDB's own pages before LMDB meets it: every page of a store is damaged in turn, in each
/// of its fields.
#include "store_statements.h"

#include "store/writer.h"

static void fill(fixture* f) {
  fixture_open(f, (pl_str){0});
  uint64_t state = 3;
  for (int round = 0; round < 3; round++) {
    pl_writer* writer;
    pl_batch batch;
    fixture_begin(f, true);
    CHECK_OK(f, pl_writer_open(f->txn, 0, NULL, &writer));
    batch_make(&batch, &f->mem, 800, &state);
    CHECK_OK(f, pl_writer_batch(writer, &batch));
    CHECK_OK(f, pl_writer_flush(writer, NULL));
    batch_free(&batch);
    pl_writer_close(writer);
    fixture_commit(f);
  }
  fixture_begin(f, false);
}

static uint64_t findings(fixture* f) { return fixture_check(f, true); }

/// Findings with `count` bytes at `offset` turned over; the file is mended again. LMDB's own descriptor is written to:
/// another one would drop its locks when closed.
static uint64_t findings_with(fixture* f, int fd, off_t offset, size_t count) {
  uint8_t sound[8];
  uint8_t damaged[8];
  assert_int_equal(pread(fd, sound, count, offset), count);
  for (size_t i = 0; i < count; i++) {
    damaged[i] = (uint8_t)~sound[i];
  }
  assert_int_equal(pwrite(fd, damaged, count, offset), count);
  const uint64_t found = findings(f);
  assert_int_equal(pwrite(fd, sound, count, offset), count);
  return found;
}

static void test_every_page(void** state) {
  static const struct { unsigned at, count; } fields[] = {{0, 8}, {10, 2}, {12, 2}, {14, 2}};
  fixture* const f = *state;
  fill(f);
  assert_int_equal(findings(f), 0);
  mdb_filehandle_t fd;
  MDB_stat stat;
  MDB_envinfo info;
  assert_int_equal(mdb_env_get_fd(f->store->env, &fd), 0);
  assert_int_equal(mdb_env_stat(f->store->env, &stat), 0);
  assert_int_equal(mdb_env_info(f->store->env, &info), 0);
  unsigned used = 0;
  for (size_t page = 2; page <= info.me_last_pgno; page++) {
    uint8_t header[16];
    const off_t offset = (off_t)(page * stat.ms_psize);
    assert_int_equal(pread(fd, header, sizeof header, offset), sizeof header);
    const unsigned kind = header[10] & 7u;
    // A page that is free has no findings, whatever it holds; one that is used has them for every field.
    const bool is_used = (kind == 1 || kind == 2) && findings_with(f, fd, offset, 8) > 0;
    for (size_t i = 1; is_used && i < PL_COUNT_OF(fields); i++) {
      assert_true(findings_with(f, fd, offset + (off_t)fields[i].at, fields[i].count) > 0);
    }
    used += is_used;
  }
  assert_true(used >= 14);  // each database has a page at least
  assert_int_equal(findings(f), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_every_page, fixture_setup, fixture_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
