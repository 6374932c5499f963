/// Repair: a sound store comes out equal; of a damaged one nothing is invented, and little is lost.
///
/// A store is made once; for each seed some pages of a copy are damaged, all kinds alike, and the copy is repaired. The
/// new store must check deep, and each of its statements must be one of the original's.
#include "store_statements.h"

#include "store/assertion.h"
#include "store/repair.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { PAGE = 4096, BATCHES = 5, BATCH = 5000, ROUNDS = 60 };

/// Hashes of statements, sorted: an assertion with its whole set of annotations is one.
typedef struct said {
  uint64_t* hashes;  ///< sorted
  size_t count;      ///< used
} said;

typedef struct scene {
  fixture* f;         ///< folder, errors
  char whole[96];     ///< the sound store
  char hurt[96];      ///< a damaged copy
  char mended[96];    ///< what repair makes
  said original;      ///< of the sound store, and each annotation left out
  uint8_t* bytes;     ///< of the sound store
  size_t size;        ///< of bytes
  uint64_t findings;  ///< told by the last repair
} scene;

static int by_value(const void* a, const void* b) {
  const uint64_t x = *(const uint64_t*)a, y = *(const uint64_t*)b;
  return (x > y) - (x < y);
}

static uint64_t term_hash(fixture* f, pl_id id, pl_arena* arena) {
  pl_term term;
  CHECK_OK(f, pl_dict_term(f->txn, id, arena, &term));
  return pl_term_fingerprint(&term).low;
}

/// One hash a row, with whether it is plainly stated; of assertions without what they are annotated with: an annotation
/// may be lost, a fact not changed.
static said read_said(fixture* f, const char* path) {
  const pl_store_options options = {.readonly = true, .map_bytes = (size_t)1 << 30, .threads = 1};
  pl_id ids[4][512];
  pl_id* const out[4] = {ids[0], ids[1], ids[2], ids[3]};
  pl_scan* scan;
  pl_totals totals;
  size_t count;
  CHECK_OK(f, pl_store_open(path, &options, &f->err, &f->store));
  fixture_begin(f, false);
  assert_int_equal(fixture_check(f, true), 0);
  CHECK_OK(f, pl_stats_totals(f->txn, &totals));
  said s = {.hashes = calloc(totals.rows + 1, sizeof *s.hashes)};
  assert_non_null(s.hashes);
  CHECK_OK(f, pl_scan_open(f->txn, PL_ORDER_SPO, PL_SCAN_ROWS, NULL, &f->mem, &scan));
  CHECK_OK(f, pl_scan_range(scan, NULL, 0, 0, UINT64_MAX));
  do {
    pl_arena arena;
    pl_arena_init(&arena, &f->mem);
    CHECK_OK(f, pl_scan_fill(scan, out, PL_COUNT_OF(ids[0]), &count));
    for (size_t i = 0; i < count; i++) {
      uint64_t hash = ids[3][i] == 0 ? 7 : 8;
      for (unsigned k = 0; k < 3; k++) {
        hash = (hash ^ term_hash(f, ids[k][i], &arena)) * 0x9e3779b97f4a7c15u;
      }
      s.hashes[s.count++] = hash;
    }
    pl_arena_free(&arena);
  } while (count > 0);
  pl_scan_close(scan);
  fixture_abort(f);
  pl_store_close(f->store);
  f->store = NULL;
  qsort(s.hashes, s.count, sizeof *s.hashes, by_value);
  return s;
}

static void build_whole(scene* s) {
  fixture* const f = s->f;
  uint64_t state = 11;
  pl_bulk* bulk;
  CHECK_OK(f, pl_bulk_open(s->whole, &(pl_bulk_options){.threads = 1}, &f->err, &bulk));
  for (int i = 0; i < BATCHES; i++) {
    pl_batch batch;
    batch_make(&batch, &f->mem, BATCH, &state);
    for (size_t k = 0; k < batch.count; k++) {  // more nodes than the statements of other tests have
      batch.statements[k].subject = make_iri(&batch.arena, "node", next_random(&state) % 6000);
    }
    CHECK_OK(f, pl_bulk_batch(bulk, &batch));
    batch_free(&batch);
  }
  CHECK_OK(f, pl_bulk_set_prefix(bulk, PL_STR("ex"), PL_STR("http://example.org/")));
  CHECK_OK(f, pl_bulk_finish(bulk, NULL));
}

static void write_file(const char* path, const void* bytes, size_t size) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, bytes, size), size);
  close(fd);
}

static void scene_open(scene* s, fixture* f) {
  struct stat info;
  *s = (scene){.f = f};
  snprintf(s->whole, sizeof s->whole, "%s/whole", f->folder);
  snprintf(s->hurt, sizeof s->hurt, "%s/hurt", f->folder);
  snprintf(s->mended, sizeof s->mended, "%s/mended", f->folder);
  build_whole(s);
  s->original = read_said(f, s->whole);
  assert_int_equal(stat(s->whole, &info), 0);
  s->size = (size_t)info.st_size;
  s->bytes = malloc(s->size);
  assert_non_null(s->bytes);
  const int fd = open(s->whole, O_RDONLY);
  assert_int_equal(read(fd, s->bytes, s->size), s->size);
  close(fd);
}

static void drop_file(const char* path) {
  char lock[128];
  snprintf(lock, sizeof lock, "%s-lock", path);
  (void)unlink(path);
  (void)unlink(lock);
}

static void scene_close(scene* s) {
  drop_file(s->whole);
  drop_file(s->hurt);
  drop_file(s->mended);
  free(s->original.hashes);
  free(s->bytes);
}

static void on_finding(void* user, const char* text) {
  scene* const s = user;
  s->findings++;
  if (getenv("SHOW_DAMAGE")) {
    print_message("%s\n", text);
  }
}

static pl_status repair(scene* s, const char* path, pl_repair_report* report) {
  const pl_repair_options options = {.threads = 1, .on_finding = on_finding, .user = s};
  s->findings = 0;
  drop_file(s->mended);
  return pl_repair(path, s->mended, &options, &s->f->err, report);
}

/// How many statements the new store has; each must be one of the original's.
static size_t compare(scene* s) {
  said found = read_said(s->f, s->mended);
  size_t at = 0;
  for (size_t i = 0; i < found.count; i++) {
    while (at < s->original.count && s->original.hashes[at] < found.hashes[i]) {
      at++;
    }
    assert_true(at < s->original.count && s->original.hashes[at] == found.hashes[i]);
  }
  const size_t count = found.count;
  free(found.hashes);
  return count;
}

static void test_sound(void** state) {
  scene s;
  pl_repair_report report;
  scene_open(&s, *state);
  CHECK_OK(s.f, repair(&s, s.whole, &report));
  assert_int_equal(s.findings, 0);
  assert_int_equal(report.rows_lost + report.terms_lost, 0);
  assert_int_equal(compare(&s), s.original.count);
  scene_close(&s);
}

static unsigned kind_of(const uint8_t* page) { return page[10] & 7u; }

/// Damage one page in one of several ways.
static void damage(uint8_t* page, uint64_t* state) {
  const uint64_t how = next_random(state) % 4;
  if (how == 0) {
    memset(page, 0, PAGE);
  } else if (how == 1) {
    for (size_t i = 0; i < PAGE; i++) {
      page[i] = (uint8_t)next_random(state);
    }
  } else {
    for (uint64_t i = 0; i <= next_random(state) % 4; i++) {
      page[next_random(state) % (how == 2 ? 64 : PAGE)] ^= (uint8_t)(1 + next_random(state) % 255);
    }
  }
}

static void test_random_pages(void** state) {
  const unsigned rounds = getenv("REPAIR_ROUNDS") ? (unsigned)atoi(getenv("REPAIR_ROUNDS")) : ROUNDS;
  scene s;
  scene_open(&s, *state);
  uint8_t* const copy = malloc(s.size);
  assert_non_null(copy);
  uint64_t saved = 0, repaired = 0;
  for (unsigned round = 0; round < rounds; round++) {
    uint64_t random = 1000 + round;
    const uint64_t pages = 1 + next_random(&random) % 4;
    pl_repair_report report;
    memcpy(copy, s.bytes, s.size);
    for (uint64_t i = 0; i < pages; i++) {
      size_t page = next_random(&random) % (s.size / PAGE);
      const bool tree = round % 2 && i == 0;  // branch and leaf pages are few: aim at them
      for (unsigned k = 0; tree && k < s.size / PAGE && kind_of(copy + page * PAGE) == 4; k++) {
        page = (page + 1) % (s.size / PAGE);
      }
      damage(copy + page * PAGE, &random);
    }
    write_file(s.hurt, copy, s.size);
    const pl_status status = repair(&s, s.hurt, &report);
    assert_true(status == PL_OK || status == PL_ERR_CORRUPT || status == PL_ERR_CANTOPEN || status == PL_ERR_VERSION);
    pl_error_clear(&s.f->err);
    if (status == PL_OK) {
      saved += compare(&s);
      repaired++;
    }
  }
  print_message("%llu of %u repaired; %.2f %% of the statements saved\n", (unsigned long long)repaired, rounds,
                repaired ? 100.0 * (double)saved / (double)(repaired * s.original.count) : 0.0);
  assert_true(repaired * 10 >= (uint64_t)rounds * 8);
  free(copy);
  scene_close(&s);
}

/// Each block of one order lost, or each leaf page: nothing is lost, because the other orders have it.
static void test_one_order(void** state) {
  scene s;
  scene_open(&s, *state);
  uint8_t* const copy = malloc(s.size);
  assert_non_null(copy);
  unsigned tried = 0;
  for (size_t page = 2; page < s.size / PAGE; page++) {
    const uint8_t* const value = s.bytes + page * PAGE + 16;
    // A block of four columns, in the middle of the file every hundredth.
    if (kind_of(s.bytes + page * PAGE) != 4 || value[0] != 1 || value[1] != 4 || page % 101 != 0) {
      continue;
    }
    pl_repair_report report;
    memcpy(copy, s.bytes, s.size);
    memset(copy + page * PAGE + 16, 0xee, PAGE - 16);
    write_file(s.hurt, copy, s.size);
    CHECK_OK(s.f, repair(&s, s.hurt, &report));
    assert_true(report.findings > 0);
    assert_int_equal(report.rows_lost, 0);
    assert_int_equal(compare(&s), s.original.count);
    tried++;
  }
  assert_true(tried > 0);
  free(copy);
  scene_close(&s);
}

/// Damage that hinders no reading is told too: the header of an overflow page, the list of free pages, and a row that
/// one order lost with its block whole.
static void test_harmless(void** state) {
  scene s;
  pl_repair_report report;
  scene_open(&s, *state);
  uint8_t* const copy = malloc(s.size);
  assert_non_null(copy);
  size_t page = 2;
  while (kind_of(s.bytes + page * PAGE) != 4) {
    page++;
  }
  memcpy(copy, s.bytes, s.size);
  copy[page * PAGE + 12] ^= 1;
  write_file(s.hurt, copy, s.size);
  CHECK_OK(s.f, repair(&s, s.hurt, &report));
  assert_int_equal(report.findings, 1);
  assert_int_equal(report.rows_lost, 0);
  assert_int_equal(compare(&s), s.original.count);
  unsigned told = 0, tried = 0;
  for (; page < s.size / PAGE; page++) {
    uint8_t* const value = copy + page * PAGE + 16;
    if (kind_of(s.bytes + page * PAGE) != 4 || value[0] != 1 || value[1] != 3 || page % 7 != 0) {
      continue;
    }
    memcpy(copy, s.bytes, s.size);  // a byte within a block of annotations or identities
    value[2000] ^= 1;
    write_file(s.hurt, copy, s.size);
    CHECK_OK(s.f, repair(&s, s.hurt, &report));
    assert_int_equal(compare(&s), s.original.count);
    told += report.findings > 0;
    tried++;
  }
  assert_true(tried > 0);
  assert_int_equal(told, tried);
  free(copy);
  scene_close(&s);
}

/// All blocks of annotations and identities lost: an assertion without its source does not become a plain fact.
static void test_no_annotations(void** state) {
  scene s;
  pl_repair_report report;
  scene_open(&s, *state);
  uint8_t* const copy = malloc(s.size);
  assert_non_null(copy);
  memcpy(copy, s.bytes, s.size);
  for (size_t page = 2; page < s.size / PAGE; page++) {
    uint8_t* const value = copy + page * PAGE + 16;
    if (kind_of(copy + page * PAGE) == 4 && value[0] == 1 && value[1] == 3) {
      memset(value, 0xee, PAGE - 16);
    }
  }
  write_file(s.hurt, copy, s.size);
  CHECK_OK(s.f, repair(&s, s.hurt, &report));
  const size_t kept = compare(&s);
  assert_true(kept > 0 && report.rows_lost > 0);
  assert_true(kept < s.original.count);
  free(copy);
  scene_close(&s);
}

static void test_refusals(void** state) {
  scene s;
  pl_repair_report report;
  char missing[128];
  scene_open(&s, *state);
  fixture* const f = s.f;
  snprintf(missing, sizeof missing, "%s/missing", f->folder);
  assert_int_equal(repair(&s, missing, &report), PL_ERR_CANTOPEN);
  pl_error_clear(&f->err);
  assert_int_equal(repair(&s, f->folder, &report), PL_ERR_CANTOPEN);
  pl_error_clear(&f->err);
  // Both meta pages gone: nothing leads anywhere.
  uint8_t* const copy = malloc(s.size);
  assert_non_null(copy);
  memcpy(copy, s.bytes, s.size);
  memset(copy, 0xab, (size_t)2 * PAGE);
  write_file(s.hurt, copy, s.size);
  assert_int_equal(repair(&s, s.hurt, &report), PL_ERR_CORRUPT);
  assert_non_null(strstr(f->err.items[0].text, "no page leads to any data"));
  pl_error_clear(&f->err);
  assert_int_not_equal(access(s.mended, F_OK), 0);
  free(copy);
  const pl_repair_options options = {.threads = 1};
  assert_int_equal(pl_repair(s.whole, s.whole, &options, &f->err, &report), PL_ERR_MISUSE);
  pl_error_clear(&f->err);
  atomic_int interrupt = 1;
  pl_guard guard;
  pl_guard_init(&guard, &interrupt, 0);
  const pl_repair_options stopped = {.threads = 1, .guard = &guard};
  assert_int_equal(pl_repair(s.whole, s.mended, &stopped, &f->err, &report), PL_ERR_INTERRUPTED);
  pl_error_clear(&f->err);
  assert_int_not_equal(access(s.mended, F_OK), 0);
  scene_close(&s);
}

/// An allocator that fails once, at the n-th call.
static void* fail_at(void* user, void* ptr, size_t size_old, size_t size_new) {
  unsigned* const left = user;
  PL_UNUSED(size_old);
  if (size_new == 0) {
    free(ptr);
    return NULL;
  }
  return *left > 0 && --*left == 0 ? NULL : realloc(ptr, size_new);
}

static void test_no_memory(void** state) {
  scene s;
  scene_open(&s, *state);
  for (unsigned n = 1; n < 4000; n += 1 + n / 8) {
    unsigned left = n;
    pl_repair_report report;
    const pl_repair_options options = {.threads = 1, .realloc_fn = fail_at, .realloc_user = &left};
    drop_file(s.mended);
    const pl_status status = pl_repair(s.whole, s.mended, &options, &s.f->err, &report);
    assert_true(status == PL_OK || status == PL_ERR_NOMEM);
    assert_true(status == PL_OK || access(s.mended, F_OK) != 0);
    pl_error_clear(&s.f->err);
  }
  scene_close(&s);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_sound),    TEST(test_one_order), TEST(test_no_annotations), TEST(test_harmless),
      TEST(test_refusals), TEST(test_no_memory), TEST(test_random_pages),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
