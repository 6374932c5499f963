/// Backup and compact: what they make equals the store, appears whole or not at all, and compact has the store for
/// itself.
///
/// Children run this program again (fork and exec, so that nothing is inherited).
#include "../tools/failing.h"
#include "store/copy.h"
#include "store/env_internal.h"
#include "store/index.h"
#include "store/writer.h"
#include "store_statements.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { BATCHES = 12, BATCH = 500 };

static char copy_path[96];

static int setup(void** state) {
  const int rc = fixture_setup(state);
  const fixture* const f = *state;
  snprintf(copy_path, sizeof copy_path, "%s/copy", f->folder);
  return rc;
}

static int teardown(void** state) {
  char lock[112];
  snprintf(lock, sizeof lock, "%s-lock", copy_path);
  (void)unlink(copy_path);
  (void)unlink(lock);
  return fixture_teardown(state);
}

/// Write batches, each in a transaction of its own, so that blocks are half full and pages become free.
static void fill(fixture* f, unsigned batches) {
  uint64_t seed = 7;
  fixture_open(f, (pl_str){0});
  for (unsigned i = 0; i < batches; i++) {
    pl_writer* writer;
    pl_batch batch;
    batch_make(&batch, &f->mem, BATCH, &seed);
    fixture_begin(f, true);
    CHECK_OK(f, pl_writer_open(f->txn, 0, NULL, &writer));
    CHECK_OK(f, pl_writer_batch(writer, &batch));
    CHECK_OK(f, pl_writer_flush(writer, NULL));
    pl_writer_close(writer);
    fixture_commit(f);
    batch_free(&batch);
  }
}

/// Put the texts of one predicate into the text index.
static void index_texts(fixture* f) {
  const pl_term predicate = pl_term_iri(PL_STR("http://example.org/p/1"));
  pl_id id;
  fixture_begin(f, true);
  CHECK_OK(f, pl_dict_find(f->txn, &predicate, &id));
  CHECK_OK(f, pl_txn_set_property(f->txn, PL_PROPERTY_TEXT, &id, 1, NULL));
  fixture_commit(f);
}

static void close_store(fixture* f) {
  pl_store_close(f->store);
  f->store = NULL;
}

static pl_status backup(fixture* f, const pl_copy_options* options) {
  static const pl_copy_options plain = {.skip_check = false};
  pl_txn* txn;
  PL_TRY(pl_txn_begin(f->store, false, &f->err, &txn));
  const pl_status status = pl_copy_backup(txn, copy_path, options ? options : &plain);
  pl_txn_abort(txn);
  return status;
}

static pl_status compact(fixture* f, pl_compact_summary* summary) {
  static const pl_copy_options plain = {.skip_check = false};
  static const pl_store_options open = {.map_bytes = (size_t)1 << 32};
  return pl_copy_compact(f->path, &open, &plain, &f->err, summary);
}

static void assert_fails(fixture* f, pl_status status, pl_status expected, unsigned code) {
  assert_int_equal(status, expected);
  assert_int_equal(f->err.items[0].number, code);
  pl_error_clear(&f->err);
}

static bool exists(const char* path) { return access(path, F_OK) == 0; }

// ---- equal stores -------------------------------------------------------------------------------------------------

/// Everything that does not depend on how rows lie in blocks: the sum of a hash over all rows or entries of a database.
typedef struct content {
  uint64_t sums[PL_DB_COUNT];    ///< of each database
  uint64_t counts[PL_DB_COUNT];  ///< rows or entries
  pl_totals totals;              ///< counters
  uint64_t next_key, next_assertion;
} content;

static uint64_t hash_bytes(const void* data, size_t len, uint64_t seed) {
  const uint8_t* const bytes = data;
  for (size_t i = 0; i < len; i++) {
    seed = (seed ^ bytes[i]) * 0x100000001b3u;
  }
  return seed;
}

typedef struct row_sum {
  content* all;      ///< sums
  pl_db db;          ///< of this
  uint32_t columns;  ///< of its rows
} row_sum;

static pl_status on_rows(void* user, const uint64_t* rows, size_t count) {
  const row_sum* const to = user;
  for (size_t i = 0; i < count; i++) {
    to->all->sums[to->db] += hash_bytes(rows + i * to->columns, to->columns * sizeof *rows, 1);
  }
  to->all->counts[to->db] += count;
  return PL_OK;
}

static void on_damage(void* user, const char* text) {
  PL_UNUSED(user);
  fail_msg("%s", text);
}

static void read_values(pl_txn* txn, pl_db db, content* out) {
  MDB_cursor* cursor;
  MDB_val key, value;
  assert_int_equal(mdb_cursor_open(txn->mdb, txn->store->dbs[db], &cursor), 0);
  while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
    out->sums[db] += hash_bytes(value.mv_data, value.mv_size, hash_bytes(key.mv_data, key.mv_size, 1));
    out->counts[db]++;
  }
  mdb_cursor_close(cursor);
}

static void read_content(fixture* f, const char* path, content* out) {
  const pl_store_options options = {.readonly = true, .map_bytes = (size_t)1 << 32};
  pl_store* store;
  pl_txn* txn;
  memset(out, 0, sizeof *out);
  CHECK_OK(f, pl_store_open(path, &options, &f->err, &store));
  CHECK_OK(f, pl_txn_begin(store, false, &f->err, &txn));
  for (pl_db db = 0; db < PL_DB_COUNT; db++) {
    row_sum sum = {out, db, pl_db_columns(db)};
    const pl_verifier verifier = {.on_damage = on_damage, .on_rows = on_rows, .user = &sum};
    if (sum.columns) {
      CHECK_OK(f, pl_index_verify(pl_index_of(txn, db), &f->mem, &verifier));
    } else {
      read_values(txn, db, out);
    }
  }
  out->totals = txn->totals;
  out->next_key = txn->next_key;
  out->next_assertion = txn->next_assertion;
  pl_check_report report;
  const pl_check_options checking = {.deep = true, .on_damage = on_damage};
  CHECK_OK(f, pl_check(txn, &checking, &report));
  assert_int_equal(report.damage_count, 0);
  pl_txn_abort(txn);
  pl_store_close(store);
}

static uint64_t size_of(const char* path) {
  struct stat st;
  assert_int_equal(stat(path, &st), 0);
  return (uint64_t)st.st_size;
}

static void test_backup_equals(void** state) {
  fixture* const f = *state;
  content before, after;
  fill(f, BATCHES);
  index_texts(f);
  CHECK_OK(f, backup(f, NULL));
  close_store(f);
  read_content(f, f->path, &before);
  read_content(f, copy_path, &after);
  assert_memory_equal(&before, &after, sizeof before);
  assert_true(before.totals.assertions > 0 && before.counts[PL_DB_TEXT] > 0);
  assert_true(size_of(copy_path) < size_of(f->path));
}

/// Nothing is in it but the known terms.
static void test_backup_of_empty_store(void** state) {
  fixture* const f = *state;
  content before, after;
  fixture_open(f, (pl_str){0});
  CHECK_OK(f, backup(f, NULL));
  close_store(f);
  read_content(f, f->path, &before);
  read_content(f, copy_path, &after);
  assert_memory_equal(&before, &after, sizeof before);
}

/// Delete all facts of most subjects: half-full blocks and free pages.
static void thin_out(fixture* f) {
  pl_writer* writer;
  uint64_t seed = 7;
  for (unsigned b = 0; b < BATCHES; b++) {
    pl_batch batch;
    batch_make(&batch, &f->mem, BATCH, &seed);
    fixture_begin(f, true);
    CHECK_OK(f, pl_writer_open(f->txn, 0, NULL, &writer));
    for (size_t i = 0; i < BATCH; i++) {
      const pl_statement* const st = &batch.statements[i];
      pl_id ids[3];
      if (i % 10) {
        CHECK_OK(f, pl_writer_term(writer, &st->subject, &ids[0]));
        CHECK_OK(f, pl_writer_term(writer, &st->predicate, &ids[1]));
        CHECK_OK(f, pl_writer_term(writer, &st->object, &ids[2]));
        const pl_status status = pl_writer_delete(writer, ids[0], ids[1], ids[2]);
        assert_true(status == PL_OK || status == PL_NOT_FOUND);  // batches repeat themselves
      }
    }
    CHECK_OK(f, pl_writer_flush(writer, NULL));
    pl_writer_close(writer);
    fixture_commit(f);
    batch_free(&batch);
  }
}

static void test_compact_equals_and_is_smaller(void** state) {
  fixture* const f = *state;
  content before, after;
  pl_compact_summary summary;
  struct stat st;
  fill(f, BATCHES);
  index_texts(f);
  thin_out(f);
  close_store(f);
  assert_int_equal(chmod(f->path, 0640), 0);
  read_content(f, f->path, &before);
  CHECK_OK(f, compact(f, &summary));
  read_content(f, f->path, &after);
  assert_memory_equal(&before, &after, sizeof before);
  assert_true(summary.bytes_after * 2 < summary.bytes_before);
  assert_int_equal(summary.bytes_after, size_of(f->path));
  assert_int_equal(stat(f->path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0640);
  CHECK_OK(f, compact(f, &summary));  // a second time there is nothing to gain
  assert_int_equal(summary.bytes_after, summary.bytes_before);
  fixture_open(f, (pl_str){0});  // and it can be written to
  fixture_begin(f, true);
  CHECK_OK(f, pl_txn_set_prefix(f->txn, PL_STR("ex"), PL_STR("http://example.org/")));
  fixture_commit(f);
}

/// The link stays a link, and the file behind it is replaced.
static void test_compact_follows_links(void** state) {
  fixture* const f = *state;
  pl_compact_summary summary;
  struct stat st;
  char link[112];
  snprintf(link, sizeof link, "%s/link", f->folder);
  fill(f, BATCHES);
  close_store(f);
  assert_int_equal(symlink("store", link), 0);
  static const pl_copy_options plain = {.skip_check = false};
  static const pl_store_options open = {.map_bytes = (size_t)1 << 32};
  CHECK_OK(f, pl_copy_compact(link, &open, &plain, &f->err, &summary));
  assert_true(summary.bytes_after < summary.bytes_before);
  assert_int_equal(lstat(link, &st), 0);
  assert_true(S_ISLNK(st.st_mode));
  assert_int_equal(size_of(f->path), summary.bytes_after);
  assert_int_equal(unlink(link), 0);
}

// ---- failures -----------------------------------------------------------------------------------------------------

static void test_backup_refusals(void** state) {
  fixture* const f = *state;
  fill(f, 1);
  snprintf(copy_path, sizeof copy_path, "%s/missing/copy", f->folder);
  assert_fails(f, backup(f, NULL), PL_ERR_CANTOPEN, PL_MSG_BUILD_FOLDER);
  snprintf(copy_path, sizeof copy_path, "%s", f->path);
  assert_fails(f, backup(f, NULL), PL_ERR_MISUSE, PL_MSG_BUILD_EXISTS);
  close_store(f);
  content after;
  read_content(f, f->path, &after);
  snprintf(copy_path, sizeof copy_path, "%s/copy", f->folder);
}

static void put_raw(fixture* f, pl_db db, const void* key, size_t key_len, const void* data, size_t len) {
  MDB_val at = {key_len, (void*)(uintptr_t)key}, value = {len, (void*)(uintptr_t)data};
  fixture_begin(f, true);
  assert_int_equal(mdb_put(f->txn->mdb, f->store->dbs[db], &at, &value, 0), 0);
  fixture_commit(f);
}

/// PLY-0741: what is no block is not copied. PLY-0740: what does not hold together gets no name.
static void test_damage_is_not_copied(void** state) {
  fixture* const f = *state;
  static const uint8_t key[32] = {0};
  pl_compact_summary summary;
  fill(f, 2);
  fixture_begin(f, true);
  f->txn->totals.facts++;
  f->txn->totals_dirty = true;
  f->txn->totals.rows++;
  fixture_commit(f);
  assert_fails(f, backup(f, NULL), PL_ERR_CORRUPT, PL_MSG_COPY_DAMAGED);
  assert_false(exists(copy_path));
  const pl_copy_options unchecked = {.skip_check = true};
  CHECK_OK(f, backup(f, &unchecked));
  assert_int_equal(unlink(copy_path), 0);
  put_raw(f, PL_DB_SPO, key, sizeof key, "no block", 8);
  assert_fails(f, backup(f, &unchecked), PL_ERR_CORRUPT, PL_MSG_COPY_VALUE);
  close_store(f);
  const uint64_t size = size_of(f->path);
  assert_fails(f, compact(f, &summary), PL_ERR_CORRUPT, PL_MSG_BLOCK_DAMAGED);
  assert_int_equal(size_of(f->path), size);
  assert_int_equal(fixture_file_count(f), 2);  // the store and its lock file
}

static void test_interrupt(void** state) {
  fixture* const f = *state;
  atomic_int interrupt = 1;
  pl_guard guard;
  pl_guard_init(&guard, &interrupt, 0);
  const pl_copy_options options = {.guard = &guard};
  fill(f, 1);
  assert_fails(f, backup(f, &options), PL_ERR_INTERRUPTED, PL_MSG_INTERRUPTED);
  assert_int_equal(fixture_file_count(f), 2);
}

/// A limit on file sizes stands for a full disk.
static void test_full_disk(void** state) {
  fixture* const f = *state;
  struct rlimit old;
  pl_compact_summary summary;
  content before, after;
  fill(f, BATCHES);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
  const struct rlimit small = {.rlim_cur = 128 << 10, .rlim_max = old.rlim_max};
  void (*const handler)(int) = signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  const pl_status backed = backup(f, NULL);
  pl_error_clear(&f->err);
  close_store(f);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
  read_content(f, f->path, &before);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  const pl_status compacted = compact(f, &summary);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
  (void)signal(SIGXFSZ, handler);
  assert_int_equal(backed, PL_ERR_IO);
  assert_fails(f, compacted, PL_ERR_IO, PL_MSG_STORE_DISK);
  read_content(f, f->path, &after);
  assert_memory_equal(&before, &after, sizeof before);
  assert_int_equal(fixture_file_count(f), 2);
}

/// Every allocation of a backup and of a compact fails once: an error, nothing left, all memory back.
static void test_without_memory(void** state) {
  fixture* const f = *state;
  static const pl_copy_options plain = {.skip_check = false};
  bool done = false;
  fill(f, 2);
  close_store(f);
  for (long n = 0; !done; n += 1 + n / 16) {
    failing h = {.left = -1};
    atomic_init(&h.left, n);
    atomic_init(&h.bytes, 0);
    const pl_store_options open = {
        .threads = 1, .map_bytes = (size_t)1 << 32, .realloc_fn = failing_reallocate, .realloc_user = &h};
    pl_compact_summary summary;
    pl_store* store;
    pl_status status = pl_store_open(f->path, &open, &f->err, &store);
    if (status == PL_OK) {
      pl_txn* txn;
      status = pl_txn_begin(store, false, &f->err, &txn);
      if (status == PL_OK) {
        status = pl_copy_backup(txn, copy_path, &plain);
        pl_txn_abort(txn);
      }
      pl_store_close(store);
    }
    if (status == PL_OK) {
      assert_int_equal(unlink(copy_path), 0);
      status = pl_copy_compact(f->path, &open, &plain, &f->err, &summary);
    }
    done = status == PL_OK && atomic_load(&h.left) >= 0;
    if (status != PL_OK && status != PL_ERR_NOMEM) {  // an allocation that fails may also cost nothing
      fail_msg("allocation %ld: %s", n, f->err.count ? f->err.items[0].text : "no message");
    }
    assert_int_equal(atomic_load(&h.bytes), 0);
    assert_true(fixture_file_count(f) <= 2);
    pl_error_clear(&f->err);
  }
}

// ---- compact and other processes ----------------------------------------------------------------------------------

static pid_t start(const char* mode, const char* path, int* from) {
  int up[2];
  assert_int_equal(pipe2(up, O_CLOEXEC), 0);
  const pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    (void)dup2(up[1], 1);
    (void)execl("/proc/self/exe", "store_copy", mode, path, (char*)NULL);
    _exit(127);
  }
  (void)close(up[1]);
  *from = up[0];
  return pid;
}

static void finish(pid_t pid, int from, int expected) {
  int status = 0;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  (void)close(from);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), expected);
}

/// Hold the store open until killed.
static int child_reads(const char* path) {
  pl_mem mem;
  pl_error err;
  pl_store* store;
  pl_txn* txn;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&err, &mem);
  const pl_store_options options = {.readonly = true, .map_bytes = (size_t)1 << 32};
  if (pl_store_open(path, &options, &err, &store) != PL_OK || pl_txn_begin(store, false, &err, &txn) != PL_OK ||
      write(1, "r", 1) != 1) {
    return 1;
  }
  (void)pause();
  return 2;
}

enum { OPENINGS = 60 };

/// Open, write one fact, close, again and again, while the parent compacts: nothing may be lost.
static int child_writes(const char* path) {
  pl_mem mem;
  pl_error err;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&err, &mem);
  for (int i = 0; i < OPENINGS; i++) {
    const pl_store_options options = {.map_bytes = (size_t)1 << 32, .durability = PL_SYNC_NONE, .threads = 1};
    char name[64];
    pl_store* store;
    pl_txn* txn;
    snprintf(name, sizeof name, "p%ldx%d", (long)getpid(), i);
    if (pl_store_open(path, &options, &err, &store) != PL_OK) {
      fprintf(stderr, "open: %s\n", err.items[0].text);
      return 1;
    }
    pl_status status = pl_txn_begin(store, true, &err, &txn);
    if (status == PL_OK) {
      status = pl_txn_set_prefix(txn, pl_str_c(name), PL_STR("http://example.org/"));
      if (status == PL_OK) {
        status = pl_txn_commit(txn);
      } else {
        pl_txn_abort(txn);
      }
    }
    pl_store_close(store);
    if (status != PL_OK) {
      fprintf(stderr, "write: %s\n", err.items[0].text);
      return 1;
    }
  }
  return write(1, "w", 1) == 1 ? 0 : 1;
}

/// PLY-0742: a user who may not write the file.
static int child_compacts_readonly(const char* path) {
  static const pl_copy_options plain = {.skip_check = false};
  static const pl_store_options open = {.map_bytes = (size_t)1 << 32};
  pl_mem mem;
  pl_error err;
  pl_compact_summary summary;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&err, &mem);
  if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) {
    return 77;
  }
  const pl_status status = pl_copy_compact(path, &open, &plain, &err, &summary);
  const bool good = status == PL_ERR_READONLY && err.items[0].number == PL_MSG_COMPACT_READONLY;
  pl_error_clear(&err);
  return good ? 0 : 1;
}

/// PLY-0574: somebody has it open.
static void test_compact_needs_the_store_for_itself(void** state) {
  fixture* const f = *state;
  pl_compact_summary summary;
  int from;
  char word;
  fill(f, 2);
  assert_fails(f, compact(f, &summary), PL_ERR_BUSY, PL_MSG_STORE_IN_USE);  // this process
  close_store(f);
  const pid_t pid = start("reads", f->path, &from);
  assert_int_equal(read(from, &word, 1), 1);
  assert_fails(f, compact(f, &summary), PL_ERR_BUSY, PL_MSG_STORE_IN_USE);
  assert_int_equal(kill(pid, SIGKILL), 0);
  assert_int_equal(waitpid(pid, NULL, 0), pid);
  (void)close(from);
  CHECK_OK(f, compact(f, &summary));
}

static void test_compact_of_a_readonly_file(void** state) {
  fixture* const f = *state;
  int from;
  fill(f, 1);
  close_store(f);
  assert_int_equal(chmod(f->path, 0444), 0);
  assert_int_equal(chmod(f->folder, 0777), 0);
  const pid_t pid = start("readonly", f->path, &from);
  finish(pid, from, 0);
  assert_int_equal(chmod(f->path, 0644), 0);
}

/// Writers come and go while the store is replaced under them, over and over.
static void test_openers_while_compacting(void** state) {
  fixture* const f = *state;
  enum { WRITERS = 3 };
  pid_t pids[WRITERS];
  int from[WRITERS];
  unsigned done = 0, running = WRITERS;
  fill(f, 4);
  close_store(f);
  for (int i = 0; i < WRITERS; i++) {
    pids[i] = start("writes", f->path, &from[i]);
  }
  int codes[WRITERS] = {0};
  while (running > 0) {
    pl_compact_summary summary;
    const pl_status status = compact(f, &summary);
    assert_true(status == PL_OK || status == PL_ERR_BUSY);
    done += status == PL_OK;
    pl_error_clear(&f->err);
    for (int i = 0; i < WRITERS; i++) {
      int code;
      if (pids[i] && waitpid(pids[i], &code, WNOHANG) == pids[i]) {
        codes[i] = code;
        pids[i] = 0;
        running--;
        (void)close(from[i]);
      }
    }
  }
  for (int i = 0; i < WRITERS; i++) {
    assert_int_equal(codes[i], 0);
  }
  fixture_open(f, (pl_str){0});
  fixture_begin(f, false);
  assert_int_equal(pl_txn_settings(f->txn)->names.prefix_count, WRITERS * OPENINGS);
  fixture_abort(f);
  close_store(f);
  if (getenv("SHOW_COMPACTS")) {
    print_message("%u compacts between %d openings\n", done, WRITERS * OPENINGS);
  }
  content after;
  read_content(f, f->path, &after);
}

int main(int argc, char** argv) {
  if (argc == 3) {
    return !strcmp(argv[1], "reads")    ? child_reads(argv[2])
           : !strcmp(argv[1], "writes") ? child_writes(argv[2])
                                        : child_compacts_readonly(argv[2]);
  }
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_backup_equals),
      TEST(test_backup_of_empty_store),
      TEST(test_compact_equals_and_is_smaller),
      TEST(test_compact_follows_links),
      TEST(test_backup_refusals),
      TEST(test_damage_is_not_copied),
      TEST(test_interrupt),
      TEST(test_full_disk),
      TEST(test_without_memory),
      TEST(test_compact_needs_the_store_for_itself),
      TEST(test_compact_of_a_readonly_file),
      TEST(test_openers_while_compacting),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
