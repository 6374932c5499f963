/// The check finds damage of LMDB's own pages before LMDB meets it: every page of a store is damaged in turn, in each
/// of its fields. A leaf judged by itself: its nodes tile it in any order, its keys ascend.
#include "store_statements.h"

#include "store/pages_internal.h"
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

enum { PAGE_BYTES = 512, NODES = 6, VALUE_BYTES = 6 };

/// A leaf of page 7 with a value a node. Keys of `key_bytes` bytes ascend, in their last byte; node i stands at place order[i] from the end.
static void leaf_draw(uint8_t* page, uint32_t key_bytes, const uint8_t order[NODES]) {
  const uint32_t node_bytes = PL_NODE_HEADER + key_bytes + key_bytes % 2 + VALUE_BYTES;
  memset(page, 0, PAGE_BYTES);
  page[0] = 7;
  pl_store16(page + 10, PL_PAGE_LEAF);
  pl_store16(page + 12, PL_PAGE_HEADER + 2 * NODES);
  pl_store16(page + 14, PAGE_BYTES - NODES * node_bytes);
  for (uint32_t i = 0; i < NODES; i++) {
    const uint32_t at = PAGE_BYTES - (order[i] + 1u) * node_bytes;
    pl_store16(page + PL_PAGE_HEADER + 2 * i, at);
    pl_store16(page + at, VALUE_BYTES);
    pl_store16(page + at + 6, key_bytes);
    memset(page + at + PL_NODE_HEADER, 0x80, key_bytes);
    page[at + PL_NODE_HEADER + key_bytes - 1] = (uint8_t)(0x7c + i);
  }
}

static const char* leaf_fault(const uint8_t* page) {
  static const pl_page_place place = {.number = 7, .page_bytes = PAGE_BYTES, .leaf = true};
  uint16_t tiles[PAGE_BYTES / 2];
  bool misplaced;
  const char* const why = pl_page_fault(&place, page, tiles, &misplaced);
  return why ? why : "sound";
}

static void exchange(uint8_t* page, uint32_t i, uint32_t j) {
  uint8_t kept[2];
  uint8_t* const a = page + PL_PAGE_HEADER + 2 * i;
  uint8_t* const b = page + PL_PAGE_HEADER + 2 * j;
  memcpy(kept, a, 2);
  memcpy(a, b, 2);
  memcpy(b, kept, 2);
}

static void test_leaf(void** state) {
  (void)state;
  static const uint8_t orders[][NODES] = {{0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0}, {0, 1, 2, 4, 3, 5}};
  static const uint32_t keys[] = {1, 8, 13, 16, 32};  // words and others
  uint8_t page[PAGE_BYTES];
  for (size_t k = 0; k < PL_COUNT_OF(keys); k++) {
    for (size_t o = 0; o < PL_COUNT_OF(orders); o++) {
      leaf_draw(page, keys[k], orders[o]);
      assert_string_equal(leaf_fault(page), "sound");
      exchange(page, 2, 3);
      assert_string_equal(leaf_fault(page), "has keys out of order");
      exchange(page, 2, 3);
      memcpy(page + PL_PAGE_HEADER + 2 * 4, page + PL_PAGE_HEADER + 2 * 3, 2);
      assert_string_equal(leaf_fault(page), "has entries that overlap or leave gaps");
      leaf_draw(page, keys[k], orders[o]);
      pl_store16(page + 14, pl_load16(page + 14) - 2);
      assert_string_equal(leaf_fault(page), "has entries that overlap or leave gaps");
      leaf_draw(page, keys[k], orders[o]);
      pl_store16(page + PL_PAGE_HEADER + 2 * (NODES - 1), PAGE_BYTES - 2);
      assert_string_equal(leaf_fault(page), "holds a wrong entry");
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_every_page, fixture_setup, fixture_teardown),
      cmocka_unit_test(test_leaf),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
