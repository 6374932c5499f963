/// The driver end to end: into a store, into a new file, bad rows, commits in steps, interrupts, and inputs that are
/// not what they say.
#include "load_help.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

typedef struct fixture {
  char folder[64];  ///< temporary
  char path[96];    ///< of the store
  char file[96];    ///< of an input
  pl_mem mem;       ///< account
  pl_error err;     ///< errors
  pl_store* store;  ///< open store
} fixture;

static int setup(void** state) {
  static fixture f;
  f = (fixture){.folder = "/tmp/parley-load-XXXXXX"};
  assert_non_null(mkdtemp(f.folder));
  (void)snprintf(f.path, sizeof(f.path), "%s/store", f.folder);
  (void)snprintf(f.file, sizeof(f.file), "%s/input", f.folder);
  pl_mem_init(&f.mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&f.err, &f.mem);
  const pl_store_options options = {.create = true, .durability = PL_SYNC_NONE, .threads = 1};
  assert_int_equal(pl_store_open(f.path, &options, &f.err, &f.store), PL_OK);
  *state = &f;
  return 0;
}

static int teardown(void** state) {
  fixture* const f = *state;
  char lock[128];
  (void)snprintf(lock, sizeof(lock), "%s-lock", f->path);
  pl_store_close(f->store);
  pl_error_clear(&f->err);
  assert_int_equal(f->mem.bytes_used, 0);
  (void)unlink(f->path);
  (void)unlink(lock);
  (void)unlink(f->file);
  return rmdir(f->folder);
}

static uint64_t facts(fixture* f) {
  pl_txn* txn;
  pl_totals totals;
  assert_int_equal(pl_txn_begin(f->store, false, &f->err, &txn), PL_OK);
  assert_int_equal(pl_stats_totals(txn, &totals), PL_OK);
  pl_txn_abort(txn);
  return totals.facts;
}

static pl_input text_input(const char* text, pl_format format) {
  return (pl_input){.memory = pl_str_c(text), .name = "test", .format = format};
}

static pl_status load(fixture* f, const pl_input* input, const pl_load_options* options, pl_load_summary* summary) {
  pl_error_clear(&f->err);
  return pl_load_into(f->store, input, 1, options, &f->err, summary);
}

#define THREE "<a:b> <c:d> <e:f> .\n<a:b> <c:d> <e:g> .\nbad\n<a:b> <c:d> _:x .\n"

static void test_into(void** state) {
  fixture* const f = *state;
  pl_load_summary summary;
  const pl_input input =
      text_input("{\"subject\":\"A\",\"predicate\":\"p\",\"object\":\"B\",\"source\":\"D\"}\n", PL_FORMAT_JSONL);
  for (unsigned threads = 0; threads < 2; threads++) {
    const pl_load_options options = {.threads = threads};
    assert_int_equal(load(f, &input, &options, &summary), PL_OK);
    assert_int_equal(summary.rows, 1);
    assert_int_equal(summary.committed_row, 1);
    assert_int_equal(summary.counts.facts_new, threads ? 0 : 4);
    assert_int_equal(summary.counts.assertions_new, threads ? 0 : 1);
  }
  assert_int_equal(facts(f), 4);
}

static void test_bad_rows(void** state) {
  fixture* const f = *state;
  pl_load_summary summary;
  const pl_input input = text_input(THREE, PL_FORMAT_NT);
  assert_int_equal(load(f, &input, NULL, &summary), PL_ERR_FORMAT);
  assert_int_equal(f->err.items[0].line, 3);
  assert_string_equal(f->err.items[0].source_line, "bad");
  assert_int_equal(facts(f), 0);
  const pl_load_options skip = {.skip_bad = 1};
  assert_int_equal(load(f, &input, &skip, &summary), PL_OK);
  assert_int_equal(summary.rows, 4);
  assert_int_equal(summary.rows_bad, 1);
  assert_int_equal(facts(f), 3);
}

static void test_commit_every(void** state) {
  fixture* const f = *state;
  pl_load_summary summary;
  const pl_load_options every = {.commit_every = 1};
  pl_input input = text_input("<a:b> <c:d> <e:1> .\n<a:b> <c:d> <e:2> .\n<a:b> <c:d> <e:3> .\n", PL_FORMAT_NT);
  assert_int_equal(load(f, &input, &every, &summary), PL_OK);
  assert_int_equal(summary.committed_row, 3);
  assert_int_equal(summary.counts.facts_new, 3);
  assert_int_equal(facts(f), 3);
}

/// A bad third row stops the load after the steps that were due before it, however the rows came.
static void test_commit_before_bad(void** state) {
  fixture* const f = *state;
  static const uint64_t committed[] = {0, 2, 2, 0};
  const pl_input input = text_input(THREE, PL_FORMAT_NT);
  for (uint64_t every = 3; every > 0; every--) {
    const pl_load_options options = {.commit_every = every};
    pl_load_summary summary;
    assert_int_equal(load(f, &input, &options, &summary), PL_ERR_FORMAT);
    assert_int_equal(summary.committed_row, committed[every]);
    assert_int_equal(facts(f), committed[every]);
  }
}

#define REIFIES "<http://www.w3.org/1999/02/22-rdf-syntax-ns#reifies>"

/// A reifier waits for its annotations, so its row, and those behind it, are not told as committed before it is written.
static void test_commit_waiting(void** state) {
  fixture* const f = *state;
  const pl_input input = text_input("<a:b> <c:d> <e:1> .\n_:r " REIFIES
                                    " <<( <a:b> <c:d> <e:2> )>> .\n"
                                    "<a:b> <c:d> <e:3> .\n<a:b> <c:d> <e:4> .\nbad\n",
                                    PL_FORMAT_NT);
  for (uint64_t every = 1; every < 3; every++) {
    const pl_load_options options = {.commit_every = every};
    pl_load_summary summary;
    assert_int_equal(load(f, &input, &options, &summary), PL_ERR_FORMAT);
    assert_int_equal(summary.committed_row, 1);
    assert_int_equal(facts(f), 3);
    const pl_load_options skip = {.commit_every = every, .skip_bad = 1};
    assert_int_equal(load(f, &input, &skip, &summary), PL_OK);
    assert_int_equal(summary.committed_row, 5);
    assert_int_equal(facts(f), 4);
    pl_store_close(f->store);
    assert_int_equal(unlink(f->path), 0);
    const pl_store_options again = {.create = true};
    assert_int_equal(pl_store_open(f->path, &again, &f->err, &f->store), PL_OK);
  }
}

static int stop_when_committed(void* user, const pl_load_progress* progress) {
  PL_UNUSED(user);
  return progress->committed_row > 0;
}

/// A row with a blank node is committed in its step: it does not wait for the stream to go on.
static void test_commit_blank(void** state) {
  fixture* const f = *state;
  int pipe_ends[2];
  assert_int_equal(pipe(pipe_ends), 0);
  assert_int_equal(write(pipe_ends[1], "_:a <c:d> <e:f> .\n", 18), 18);
  const pl_input input = {.use_fd = true, .fd = pipe_ends[0], .format = PL_FORMAT_NT};  // never ends
  const pl_load_options options = {.commit_every = 1, .on_progress = stop_when_committed};
  assert_int_equal(load(f, &input, &options, NULL), PL_ERR_INTERRUPTED);
  assert_int_equal(facts(f), 1);
  (void)close(pipe_ends[0]);
  (void)close(pipe_ends[1]);
}

/// A load inside a transaction that fails when a part of it was applied takes the transaction with it.
static void test_txn_in_parts(void** state) {
  enum { ROWS = 20000 };
  fixture* const f = *state;
  pl_buf text;
  pl_buf_init(&text, &f->mem, SIZE_MAX / 2);
  for (unsigned i = 0; i < ROWS; i++) {
    assert_int_equal(
        pl_buf_printf(&text, "{\"subject\":\"s%u\",\"predicate\":\"p\",\"object\":\"o\",\"source\":\"D\"}\n", i),
        PL_OK);
  }
  assert_int_equal(pl_buf_str(&text, PL_STR("bad\n")), PL_OK);
  const size_t bytes_max[] = {(size_t)1 << 18, (size_t)1 << 30};
  for (unsigned i = 0; i < 2; i++) {
    const pl_input input = {.memory = pl_buf_view(&text), .format = PL_FORMAT_JSONL};
    const pl_load_options options = {.bytes_max = bytes_max[i]};
    pl_txn* txn;
    assert_int_equal(pl_txn_begin(f->store, true, &f->err, &txn), PL_OK);
    assert_int_equal(pl_load_txn(txn, &input, 1, &options, NULL), PL_ERR_FORMAT);
    pl_error_clear(&f->err);
    assert_int_equal(pl_txn_commit(txn), i == 0 ? PL_ERR_MISUSE : PL_OK);
    pl_error_clear(&f->err);
    assert_int_equal(facts(f), 0);
  }
  pl_buf_free(&text);
}

static int stop_at_once(void* user, const pl_load_progress* progress) {
  PL_UNUSED(user);
  PL_UNUSED(progress);
  return 1;
}

static void test_interrupt(void** state) {
  fixture* const f = *state;
  int pipe_ends[2];
  assert_int_equal(pipe(pipe_ends), 0);
  assert_int_equal(write(pipe_ends[1], "<a:b> <c:d> <e:f> .\n", 20), 20);
  const pl_input input = {.use_fd = true, .fd = pipe_ends[0], .format = PL_FORMAT_NT};  // never ends
  const pl_load_options options = {.on_progress = stop_at_once};
  pl_load_summary summary;
  assert_int_equal(load(f, &input, &options, &summary), PL_ERR_INTERRUPTED);
  assert_int_equal(facts(f), 0);
  const atomic_int asked = 1;
  const pl_load_options flagged = {.interrupt = &asked, .threads = 1};
  assert_int_equal(load(f, &input, &flagged, &summary), PL_ERR_INTERRUPTED);
  (void)close(pipe_ends[0]);
  (void)close(pipe_ends[1]);
}

static void write_file(const char* path, const void* data, size_t len) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, data, len), (ssize_t)len);
  assert_int_equal(close(fd), 0);
}

static void test_compressed(void** state) {
  fixture* const f = *state;
  char zst[512];
  const size_t zst_len = ZSTD_compress(zst, sizeof(zst), "<a:b> <c:d> <e:f> .\n", 20, 1);
  assert_false(ZSTD_isError(zst_len));
  const pl_input input = {.path = f->file, .format = PL_FORMAT_NT};
  write_file(f->file, zst, zst_len);
  assert_int_equal(load(f, &input, NULL, NULL), PL_OK);
  assert_int_equal(facts(f), 1);
  write_file(f->file, zst, zst_len - 3);
  assert_int_equal(load(f, &input, NULL, NULL), PL_ERR_FORMAT);
  gzFile gz = gzopen(f->file, "wb");
  assert_non_null(gz);
  assert_int_equal(gzwrite(gz, "<a:b> <c:d> <e:g> .\n", 20), 20);
  assert_int_equal(gzclose(gz), Z_OK);
  assert_int_equal(load(f, &input, NULL, NULL), PL_OK);
  assert_int_equal(facts(f), 2);
  struct stat info;
  assert_int_equal(stat(f->file, &info), 0);
  assert_int_equal(truncate(f->file, info.st_size - 4), 0);
  assert_int_equal(load(f, &input, NULL, NULL), PL_ERR_FORMAT);
  assert_int_equal(f->err.items[0].number, PL_MSG_INPUT_TRUNCATED);
}

/// Relative IRIs of a file are its own place, percent-encoded where a path is no IRI.
static void test_file_base(void** state) {
  fixture* const f = *state;
  char name[128];
  (void)snprintf(name, sizeof(name), "%s/a b%%{~\xC3\xA9}-Z9.ttl", f->folder);
  write_file(name, "<> <p:q> <x> .", 14);
  const pl_input input = {.path = name};
  assert_int_equal(load(f, &input, NULL, NULL), PL_OK);
  assert_int_equal(unlink(name), 0);
  char iri[192];
  (void)snprintf(iri, sizeof(iri), "file://%s/a%%20b%%25%%7B~\xC3\xA9%%7D-Z9.ttl", f->folder);
  const pl_term wanted = pl_term_iri(pl_str_c(iri));
  pl_txn* txn;
  pl_id id;
  assert_int_equal(pl_txn_begin(f->store, false, &f->err, &txn), PL_OK);
  assert_int_equal(pl_dict_find(txn, &wanted, &id), PL_OK);
  pl_txn_abort(txn);
}

/// Nothing to commit in steps in a transaction of the caller or in a new store.
static void test_steps_refused(void** state) {
  fixture* const f = *state;
  const pl_input input = text_input("<a:b> <c:d> <e:f> .", PL_FORMAT_NT);
  const pl_load_options every = {.commit_every = 1};
  pl_txn* txn;
  assert_int_equal(pl_txn_begin(f->store, true, &f->err, &txn), PL_OK);
  assert_int_equal(pl_load_txn(txn, &input, 1, &every, NULL), PL_ERR_MISUSE);
  assert_int_equal(f->err.items[0].number, PL_MSG_LOAD_COMMIT_EVERY);
  pl_error_clear(&f->err);
  assert_int_equal(pl_load_txn(txn, &input, 1, NULL, NULL), PL_OK);
  assert_int_equal(pl_txn_commit(txn), PL_OK);
  assert_int_equal(facts(f), 1);
  assert_int_equal(pl_load_new(f->file, NULL, &input, 1, &every, &f->err, NULL), PL_ERR_MISUSE);
  assert_int_equal(f->err.items[0].number, PL_MSG_LOAD_COMMIT_EVERY);
  assert_int_equal(access(f->file, F_OK), -1);
}

static void test_odd_inputs(void** state) {
  fixture* const f = *state;
  pl_input input = {.path = f->folder, .format = PL_FORMAT_NT};
  assert_int_equal(load(f, &input, NULL, NULL), PL_ERR_CANTOPEN);
  input.path = f->file;
  assert_int_equal(load(f, &input, NULL, NULL), PL_ERR_CANTOPEN);
  write_file(f->file, "", 0);
  assert_int_equal(load(f, &input, NULL, NULL), PL_OK);
  input.format = PL_FORMAT_AUTO;
  assert_int_equal(load(f, &input, NULL, NULL), PL_ERR_FORMAT);
}

static void test_new(void** state) {
  fixture* const f = *state;
  char path[128];
  (void)snprintf(path, sizeof(path), "%s/new", f->folder);
  const pl_input input = text_input("@prefix e: <http://e/> . e:a e:b e:c .", PL_FORMAT_TTL);
  pl_load_summary summary;
  assert_int_equal(pl_load_new(path, NULL, &input, 1, NULL, &f->err, &summary), PL_OK);
  assert_int_equal(summary.counts.facts_new, 1);
  pl_store* store;
  pl_txn* txn;
  const pl_store_options options = {.threads = 1};
  assert_int_equal(pl_store_open(path, &options, &f->err, &store), PL_OK);
  assert_int_equal(pl_txn_begin(store, false, &f->err, &txn), PL_OK);
  assert_int_equal(pl_txn_settings(txn)->names.prefix_count, 1);
  pl_txn_abort(txn);
  pl_store_close(store);
  (void)unlink(path);
  (void)strcat(path, "-lock");
  (void)unlink(path);
}

static void test_formats(void** state) {
  PL_UNUSED(state);
  assert_int_equal(pl_format_from_name(PL_STR("a/b.NT.gz")), PL_FORMAT_NT);
  assert_int_equal(pl_format_from_name(PL_STR("a.ttl/b")), PL_FORMAT_AUTO);
  assert_int_equal(pl_format_from_name(PL_STR("x.ndjson.zst")), PL_FORMAT_JSONL);
  pl_format format;
  assert_true(pl_format_parse(PL_STR("turtle"), &format));
  assert_string_equal(pl_format_name(format), "ttl");
  assert_false(pl_format_parse(PL_STR("xml"), &format));
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_STORE(test_into),
      WITH_STORE(test_bad_rows),
      WITH_STORE(test_commit_every),
      WITH_STORE(test_commit_before_bad),
      WITH_STORE(test_interrupt),
      WITH_STORE(test_compressed),
      WITH_STORE(test_commit_waiting),
      WITH_STORE(test_commit_blank),
      WITH_STORE(test_txn_in_parts),
      WITH_STORE(test_odd_inputs),
      WITH_STORE(test_new),
      WITH_STORE(test_file_base),
      WITH_STORE(test_steps_refused),
      cmocka_unit_test(test_formats),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
