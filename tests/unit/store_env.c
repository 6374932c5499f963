/// Opening, refusing and sharing store files; settings; what a second writer meets.
#include "base/diag.h"
#include "store/dict.h"
#include "store/env.h"
#include "store/meta.h"
#include "store/writer.h"

// cmocka wants these before its own header
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct place {
  char folder[64];  ///< made for the test
  char path[96];    ///< of the store
  char lock[96];    ///< LMDB's lock file
  pl_mem mem;       ///< account of the error object
  pl_error err;     ///< of all calls
} place;

static int setup(void** state) {
  place* const p = calloc(1, sizeof *p);
  assert_non_null(p);
  (void)snprintf(p->folder, sizeof p->folder, "/tmp/parley-env-XXXXXX");
  assert_non_null(mkdtemp(p->folder));
  (void)snprintf(p->path, sizeof p->path, "%s/store", p->folder);
  (void)snprintf(p->lock, sizeof p->lock, "%s/store-lock", p->folder);
  pl_mem_init(&p->mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&p->err, &p->mem);
  *state = p;
  return 0;
}

static int teardown(void** state) {
  place* const p = *state;
  pl_error_clear(&p->err);
  (void)unlink(p->path);
  (void)unlink(p->lock);
  (void)rmdir(p->folder);
  assert_int_equal(p->mem.bytes_used, 0);
  free(p);
  return 0;
}

static pl_store* open_ok(place* p, pl_store_options options) {
  pl_store* store = NULL;
  const pl_status status = pl_store_open(p->path, &options, &p->err, &store);
  if (status != PL_OK) {
    print_error("open: %s\n", p->err.items[0].text);
  }
  assert_int_equal(status, PL_OK);
  return store;
}

static pl_store* create_ok(place* p) {
  return open_ok(p, (pl_store_options){.create = true, .durability = PL_SYNC_NONE});
}

static void open_fails(place* p, pl_store_options options, pl_status status, pl_msg number) {
  pl_store* store = NULL;
  assert_int_equal(pl_store_open(p->path, &options, &p->err, &store), status);
  assert_null(store);
  assert_int_equal(p->err.items[0].number, number);
  pl_error_clear(&p->err);
}

static void write_file(const place* p, const void* data, size_t size) {
  FILE* const f = fopen(p->path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(data, 1, size, f), size);
  assert_int_equal(fclose(f), 0);
}

static pl_txn* begin(place* p, pl_store* store, bool write) {
  pl_txn* txn = NULL;
  assert_int_equal(pl_txn_begin(store, write, &p->err, &txn), PL_OK);
  return txn;
}

static void test_create_and_reopen(void** state) {
  place* const p = *state;
  pl_store* store = open_ok(p, (pl_store_options){.create = true, .base = PL_STR("http://example.org/")});
  pl_txn* txn = begin(p, store, false);
  const uint64_t terms = txn->totals.terms;
  assert_int_equal(terms, PL_KNOWN_END_ - 1);
  pl_txn_abort(txn);
  pl_store_close(store);
  store = open_ok(p, (pl_store_options){0});
  txn = begin(p, store, false);
  pl_totals totals;
  assert_int_equal(pl_stats_totals(txn, &totals), PL_OK);
  assert_int_equal(totals.terms, terms);
  assert_int_equal(totals.facts, 0);
  const pl_settings* const settings = pl_txn_settings(txn);
  assert_true(pl_str_eq(settings->names.base, PL_STR("http://example.org/")));
  assert_int_equal(settings->label_predicate_count, 8);
  assert_true(settings->label_predicates[0] == PL_KNOWN(LABEL));
  pl_txn_abort(txn);
  pl_store_close(store);
}

static void test_refusals(void** state) {
  place* const p = *state;
  const pl_store_options plain = {0};
  char junk[9000];
  memset(junk, 'x', sizeof junk);
  open_fails(p, plain, PL_ERR_CANTOPEN, PL_MSG_STORE_MISSING);
  open_fails(p, (pl_store_options){.create = true, .base = PL_STR("no base")}, PL_ERR_MISUSE, PL_MSG_STORE_BASE);
  assert_int_equal(access(p->path, F_OK), -1);
  write_file(p, "", 0);
  open_fails(p, plain, PL_ERR_CANTOPEN, PL_MSG_STORE_EMPTY);
  write_file(p, junk, sizeof junk);
  open_fails(p, plain, PL_ERR_CANTOPEN, PL_MSG_STORE_FOREIGN);
  open_fails(p, (pl_store_options){.create = true}, PL_ERR_CANTOPEN, PL_MSG_STORE_FOREIGN);
  write_file(p, junk, 10);
  open_fails(p, plain, PL_ERR_CANTOPEN, PL_MSG_STORE_FOREIGN);
  assert_int_equal(unlink(p->path), 0);
  assert_int_equal(mkdir(p->path, 0777), 0);
  open_fails(p, plain, PL_ERR_CANTOPEN, PL_MSG_STORE_NOT_FILE);
  assert_int_equal(rmdir(p->path), 0);
  assert_int_equal(mkfifo(p->path, 0666), 0);
  open_fails(p, plain, PL_ERR_CANTOPEN, PL_MSG_STORE_NOT_FILE);
}

static void test_create_into_empty_file(void** state) {
  place* const p = *state;
  write_file(p, "", 0);
  pl_store_close(create_ok(p));
  pl_store_close(open_ok(p, (pl_store_options){0}));
  open_fails(p, (pl_store_options){.create = true, .exclusive = true}, PL_ERR_CANTOPEN, PL_MSG_STORE_EXISTS);
}

static void test_foreign_lmdb(void** state) {
  place* const p = *state;
  MDB_env* env;
  MDB_txn* txn;
  MDB_dbi dbi;
  MDB_val key = {1, (void*)(uintptr_t) "k"}, value = {1, (void*)(uintptr_t) "v"};
  assert_int_equal(mdb_env_create(&env), 0);
  assert_int_equal(mdb_env_open(env, p->path, MDB_NOSUBDIR, 0666), 0);
  assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
  assert_int_equal(mdb_txn_commit(txn), 0);
  mdb_env_close(env);
  open_fails(p, (pl_store_options){0}, PL_ERR_CANTOPEN, PL_MSG_STORE_EMPTY);
  assert_int_equal(mdb_env_create(&env), 0);
  assert_int_equal(mdb_env_open(env, p->path, MDB_NOSUBDIR, 0666), 0);
  assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
  assert_int_equal(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
  assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
  assert_int_equal(mdb_txn_commit(txn), 0);
  mdb_env_close(env);
  open_fails(p, (pl_store_options){0}, PL_ERR_CANTOPEN, PL_MSG_STORE_FOREIGN);
  open_fails(p, (pl_store_options){.create = true}, PL_ERR_CANTOPEN, PL_MSG_STORE_FOREIGN);
}

/// Change one byte of the header record behind the store's back.
static void edit_header(place* p, size_t offset, uint8_t value) {
  pl_store* const store = open_ok(p, (pl_store_options){0});
  pl_txn* const txn = begin(p, store, true);
  MDB_val key = {6, (void*)(uintptr_t) "header"}, old;
  uint8_t record[256];
  assert_int_equal(mdb_get(txn->mdb, store->dbs[PL_DB_META], &key, &old), 0);
  assert_true(old.mv_size <= sizeof record);
  memcpy(record, old.mv_data, old.mv_size);
  record[offset] = value;
  MDB_val fresh = {old.mv_size, record};
  assert_int_equal(mdb_put(txn->mdb, store->dbs[PL_DB_META], &key, &fresh, 0), 0);
  assert_int_equal(pl_txn_commit(txn), PL_OK);
  pl_store_close(store);
}

static void test_newer_format(void** state) {
  place* const p = *state;
  pl_store_close(create_ok(p));
  edit_header(p, 8, PL_FORMAT_VERSION + 1);
  open_fails(p, (pl_store_options){0}, PL_ERR_VERSION, PL_MSG_STORE_NEWER);
}

static void test_damaged_header(void** state) {
  place* const p = *state;
  pl_store_close(create_ok(p));
  edit_header(p, 33, 'X');
  open_fails(p, (pl_store_options){0}, PL_ERR_CORRUPT, PL_MSG_STORE_DAMAGED);
}

static void test_truncated(void** state) {
  place* const p = *state;
  struct stat st;
  pl_store_close(create_ok(p));
  assert_int_equal(stat(p->path, &st), 0);
  int refused = 0;
  for (off_t size = st.st_size - 1; size > 0; size -= 1500) {
    assert_int_equal(truncate(p->path, size), 0);
    pl_store* store = NULL;
    const pl_status status = pl_store_open(p->path, &(pl_store_options){.readonly = true}, &p->err, &store);
    assert_true(status == PL_OK || status == PL_ERR_CORRUPT || (status == PL_ERR_CANTOPEN && size < 4096));
    refused += status != PL_OK;
    pl_store_close(store);
    pl_error_clear(&p->err);
    if (status == PL_OK) {
      assert_int_equal(stat(p->path, &st), 0);  // a whole store was completed: cut it again
    }
  }
  assert_true(refused > 0);
}

/// Add and take back rows in one transaction.
static bool churn(pl_store* store, pl_error* err, uint64_t count) {
  pl_txn* txn;
  pl_writer* writer;
  const pl_id type = PL_KNOWN(TYPE);
  if (pl_txn_begin(store, true, err, &txn) != PL_OK || pl_writer_open(txn, 0, NULL, &writer) != PL_OK) {
    return false;
  }
  pl_status status = PL_OK;
  for (uint64_t i = 0; status == PL_OK && i < count; i++) {
    status = pl_writer_fact(writer, type, type, pl_id_make(PL_TAG_INTEGER, i * 7919), 0);
  }
  for (uint64_t i = 0; status == PL_OK && i < count; i++) {
    status = pl_writer_delete(writer, type, type, pl_id_make(PL_TAG_INTEGER, i * 7919));
  }
  status = status == PL_OK ? pl_writer_flush(writer, NULL) : status;
  pl_writer_close(writer);
  return pl_txn_commit(txn) == PL_OK && status == PL_OK;
}

/// Pages at the end that are free are missed by nobody: LMDB itself counts pages that it took and gave back but never
/// wrote.
static void test_short_but_whole(void** state) {
  place* const p = *state;
  const off_t page = sysconf(_SC_PAGESIZE);
  struct stat st;
  pl_store* store = create_ok(p);
  for (uint64_t round = 1; round <= 6; round++) {
    assert_true(churn(store, &p->err, 3000));
  }
  pl_store_close(store);
  assert_int_equal(stat(p->path, &st), 0);
  const off_t whole = st.st_size;
  assert_int_equal(truncate(p->path, whole - page), 0);
  pl_store_close(open_ok(p, (pl_store_options){.readonly = true}));
  assert_int_equal(stat(p->path, &st), 0);
  assert_int_equal(st.st_size, whole - page);  // who only reads completes nothing
  int whole_count = 0;
  pl_status status = PL_OK;
  for (off_t size = whole - page; status == PL_OK && size > 0; size -= page) {
    assert_int_equal(truncate(p->path, size), 0);
    status = pl_store_open(p->path, &(pl_store_options){0}, &p->err, &store);
    assert_true(status == PL_OK || status == PL_ERR_CORRUPT);
    pl_store_close(store);
    whole_count += status == PL_OK;
    assert_int_equal(stat(p->path, &st), 0);
    assert_int_equal(st.st_size, status == PL_OK ? whole : size);  // completed when closed
  }
  assert_true(whole_count > 0);
  assert_int_equal(status, PL_ERR_CORRUPT);
  pl_error_clear(&p->err);
  pl_error_clear(&p->err);
}

static void put(uint8_t* to, uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; i++) {
    to[i] = (uint8_t)(value >> (8 * i));
  }
}

/// Branch pages whose children are all the next page: 60 to the power of 28 ways through a file of 30 pages.
static void test_endless_tree(void** state) {
  enum { PAGE = 4096, LEVELS = 28, CHILDREN = 60, NODE = 10 };
  place* const p = *state;
  uint8_t* const file = calloc(LEVELS + 2, PAGE);
  assert_non_null(file);
  for (unsigned i = 0; i < 2; i++) {
    uint8_t* const meta = file + i * PAGE;
    put(meta, i, 8);
    put(meta + 10, 0x08, 2);
    put(meta + 16, 0xBEEFC0DE, 4);
    put(meta + 20, 1, 4);
    put(meta + 16 + 24, PAGE, 4);
    put(meta + 16 + 24 + 4, 0x08, 2);
    put(meta + 16 + 24 + 40, UINT64_MAX, 8);  // no free list
    put(meta + 16 + 72 + 6, LEVELS, 2);
    put(meta + 16 + 72 + 40, 2, 8);  // root of the main tree
    put(meta + 16 + 120, 1000, 8);   // last page: beyond the end
    put(meta + 16 + 128, i, 8);
  }
  for (unsigned level = 0; level < LEVELS; level++) {
    uint8_t* const page = file + (level + 2) * PAGE;
    const bool last = level + 1 == LEVELS;
    put(page, level + 2, 8);
    put(page + 10, last ? 0x02 : 0x01, 2);
    put(page + 12, last ? 16 : 16 + 2 * CHILDREN, 2);
    put(page + 14, last ? PAGE : PAGE - NODE * CHILDREN, 2);
    for (unsigned i = 0; i < CHILDREN && !last; i++) {
      const unsigned at = PAGE - NODE * (i + 1);
      put(page + 16 + 2 * i, at, 2);
      put(page + at, level + 3, 4);
      put(page + at + 6, 2, 2);
      put(page + at + 8, ' ' + i, 1);
    }
  }
  write_file(p, file, (size_t)(LEVELS + 2) * PAGE);
  free(file);
  open_fails(p, (pl_store_options){0}, PL_ERR_CORRUPT, PL_MSG_STORE_PAGES);
}

static void test_shared_handles(void** state) {
  place* const p = *state;
  pl_store* const first = create_ok(p);
  pl_store* const second = open_ok(p, (pl_store_options){.readonly = true});
  assert_ptr_equal(first->env, second->env);
  pl_txn* txn = NULL;
  assert_int_equal(pl_txn_begin(second, true, &p->err, &txn), PL_ERR_READONLY);
  pl_error_clear(&p->err);
  pl_store_close(first);
  txn = begin(p, second, false);
  pl_txn_abort(txn);
  pl_store_close(second);
  pl_store_close(NULL);
}

static void test_two_stores(void** state) {
  place* const p = *state;
  char other[128];
  (void)snprintf(other, sizeof other, "%s2", p->path);
  pl_store* const first = create_ok(p);
  pl_store* second = NULL;
  assert_int_equal(pl_store_open(other, &(pl_store_options){.create = true}, &p->err, &second), PL_OK);
  pl_txn* const a = begin(p, first, true);
  pl_txn* const b = begin(p, second, true);
  assert_ptr_not_equal(first->env, second->env);
  pl_txn_abort(b);
  pl_txn_abort(a);
  pl_store_close(second);
  pl_store_close(first);
  assert_int_equal(unlink(other), 0);
  (void)strncat(other, "-lock", sizeof other - strlen(other) - 1);
  (void)unlink(other);
}

static void test_links(void** state) {
  place* const p = *state;
  char other[128];
  (void)snprintf(other, sizeof other, "%s2", p->path);
  pl_store_close(create_ok(p));
  assert_int_equal(link(p->path, other), 0);
  open_fails(p, (pl_store_options){0}, PL_ERR_CANTOPEN, PL_MSG_STORE_LINKED);
  assert_int_equal(unlink(other), 0);
  assert_int_equal(rename(p->path, other), 0);
  assert_int_equal(symlink("nowhere", p->path), 0);
  open_fails(p, (pl_store_options){.create = true}, PL_ERR_CANTOPEN, PL_MSG_STORE_CANTOPEN);
  assert_int_equal(unlink(p->path), 0);
  assert_int_equal(symlink("store2", p->path), 0);
  pl_store* const store = open_ok(p, (pl_store_options){0});
  assert_string_equal(pl_store_path(store), p->path);
  pl_store_close(store);
  assert_int_equal(unlink(other), 0);
  (void)strncat(other, "-lock", sizeof other - strlen(other) - 1);
  assert_int_equal(unlink(other), 0);
}

/// The lock file of a removed store that is still open somewhere is not the new store's.
static void test_new_file_new_lock(void** state) {
  place* const p = *state;
  pl_store* const old = create_ok(p);
  for (uint64_t round = 0; round < 9; round++) {
    assert_true(churn(old, &p->err, 1));
  }
  assert_int_equal(unlink(p->path), 0);
  pl_store* const new = create_ok(p);
  pl_txn* txn = begin(p, new, false);
  assert_int_equal(pl_txn_snapshot(txn), 1);
  pl_txn_abort(txn);
  txn = begin(p, old, false);
  assert_true(pl_txn_snapshot(txn) > 9);
  pl_txn_abort(txn);
  pl_store_close(new);
  pl_store_close(old);
}

static void test_prefixes(void** state) {
  place* const p = *state;
  pl_store* const store = create_ok(p);
  pl_txn* txn = begin(p, store, true);
  assert_int_equal(pl_txn_settings(txn)->names.prefix_count, 0);
  assert_int_equal(pl_txn_set_prefix(txn, PL_STR("ex"), PL_STR("http://one.example/")), PL_OK);
  assert_int_equal(pl_txn_set_prefix(txn, PL_STR("ex"), PL_STR("http://example.org/")), PL_OK);
  assert_int_equal(pl_txn_set_prefix(txn, PL_STR(""), PL_STR("urn:x:")), PL_OK);
  assert_int_equal(pl_txn_set_prefix(txn, PL_STR("bad"), PL_STR("not an iri")), PL_ERR_MISUSE);
  char name[PL_PREFIX_BYTES_MAX + 1];
  memset(name, 'a', sizeof name);
  assert_int_equal(pl_txn_set_prefix(txn, (pl_str){name, sizeof name}, PL_STR("urn:x:")), PL_ERR_MISUSE);
  pl_error_clear(&p->err);
  assert_int_equal(pl_txn_commit(txn), PL_OK);
  txn = begin(p, store, false);
  const pl_names* const names = &pl_txn_settings(txn)->names;
  assert_int_equal(names->prefix_count, 2);
  assert_int_equal(names->prefixes[0].prefix.len, 0);
  assert_true(pl_str_eq(names->prefixes[1].iri, PL_STR("http://example.org/")));
  assert_int_equal(pl_txn_set_prefix(txn, PL_STR("ex"), PL_STR("urn:y:")), PL_ERR_READONLY);
  pl_error_clear(&p->err);
  pl_txn_abort(txn);
  pl_store_close(store);
}

static void count_wait(void* user) { (*(int*)user)++; }

static void* begin_in_thread(void* user) {
  pl_store* const store = user;
  pl_mem mem;
  pl_error err;
  pl_txn* txn = NULL;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&err, &mem);
  const pl_status status = pl_txn_begin(store, true, &err, &txn);
  pl_txn_abort(txn);
  pl_error_clear(&err);
  return (void*)(intptr_t)status;
}

static pl_status begin_elsewhere(pl_store* store) {
  pthread_t thread;
  void* result = NULL;
  assert_int_equal(pthread_create(&thread, NULL, begin_in_thread, store), 0);
  assert_int_equal(pthread_join(thread, &result), 0);
  return (pl_status)(intptr_t)result;
}

static void test_one_writer(void** state) {
  place* const p = *state;
  int waits = 0;
  atomic_int interrupt = 1;
  pl_store* const store = create_ok(p);
  pl_store* const hasty = open_ok(p, (pl_store_options){.no_wait = true});
  pl_store* const patient =
      open_ok(p, (pl_store_options){.on_wait = count_wait, .on_wait_user = &waits, .interrupt = &interrupt});
  pl_txn* txn = begin(p, store, true);
  pl_txn* nested = NULL;
  assert_int_equal(pl_txn_begin(store, true, &p->err, &nested), PL_ERR_MISUSE);
  pl_error_clear(&p->err);
  assert_int_equal(begin_elsewhere(hasty), PL_ERR_BUSY);
  assert_int_equal(begin_elsewhere(patient), PL_ERR_INTERRUPTED);
  assert_int_equal(waits, 0);  // the interrupt came first
  pl_txn_abort(txn);
  assert_int_equal(begin_elsewhere(hasty), PL_OK);
  atomic_store(&interrupt, 0);
  assert_int_equal(begin_elsewhere(patient), PL_OK);
  pl_store_close(patient);
  pl_store_close(hasty);
  pl_store_close(store);
}

/// PLY-0559: a store over which another file was moved is still read, but takes no more writes.
static void test_replaced_while_open(void** state) {
  place* const p = *state;
  pl_txn* txn = NULL;
  pl_store* const store = create_ok(p);
  char other[128];
  (void)snprintf(other, sizeof other, "%s/other", p->folder);
  FILE* const file = fopen(other, "wb");
  assert_true(file && fclose(file) == 0 && rename(other, p->path) == 0);
  for (int i = 0; i < 2; i++) {  // the second time no lock of the first is in the way
    assert_int_equal(pl_txn_begin(store, true, &p->err, &txn), PL_ERR_IO);
    assert_int_equal(p->err.items[0].number, PL_MSG_STORE_REPLACED);
    pl_error_clear(&p->err);
  }
  pl_txn_abort(begin(p, store, false));
  pl_store_close(store);
}

static void interrupt_on_wait(void* user) { atomic_store((atomic_int*)user, 1); }

static void test_wait_is_announced(void** state) {
  place* const p = *state;
  atomic_int interrupt = 0;
  pl_store* const store = create_ok(p);
  pl_store* const patient =
      open_ok(p, (pl_store_options){.on_wait = interrupt_on_wait, .on_wait_user = &interrupt, .interrupt = &interrupt});
  pl_txn* const txn = begin(p, store, true);
  pthread_t thread;
  void* result = NULL;
  assert_int_equal(pthread_create(&thread, NULL, begin_in_thread, patient), 0);
  assert_int_equal(pthread_join(thread, &result), 0);
  assert_int_equal((pl_status)(intptr_t)result, PL_ERR_INTERRUPTED);
  assert_int_equal(atomic_load(&interrupt), 1);
  pl_txn_abort(txn);
  pl_store_close(patient);
  pl_store_close(store);
}

typedef struct waiting {
  int lock_fd;        ///< holds the writer's lock
  const char* other;  ///< another store to open meanwhile
  bool opened;        ///< it could be
} waiting;

static void open_while_waiting(void* user) {
  waiting* const w = user;
  pl_store* store = NULL;
  pl_error err;
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&err, &mem);
  w->opened = pl_store_open(w->other, &(pl_store_options){.create = true}, &err, &store) == PL_OK;
  pl_store_close(store);
  pl_error_clear(&err);
  (void)close(w->lock_fd);
}

/// Who waits to make a store does not keep others from opening theirs, not even its own callback.
static void test_open_while_waiting(void** state) {
  place* const p = *state;
  char other[128];
  (void)snprintf(other, sizeof other, "%s2", p->path);
  write_file(p, "", 0);
  waiting w = {.lock_fd = open(p->path, O_RDWR | O_CLOEXEC), .other = other};
  struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)1 << 62, .l_len = 1};
  assert_int_equal(fcntl(w.lock_fd, F_OFD_SETLK, &range), 0);
  pl_store_close(open_ok(p, (pl_store_options){.create = true, .on_wait = open_while_waiting, .on_wait_user = &w}));
  assert_true(w.opened);
  assert_int_equal(unlink(other), 0);
  (void)strncat(other, "-lock", sizeof other - strlen(other) - 1);
  assert_int_equal(unlink(other), 0);
}

typedef struct forking {
  const char* other;  ///< a store for the children
  unsigned children;  ///< forked
  unsigned failures;  ///< children that could not open it
} forking;

static int child_opens(const char* path) {
  pl_store* store = NULL;
  (void)alarm(20);  // instead of hanging
  const pl_status status = pl_store_open(path, &(pl_store_options){.readonly = true}, NULL, &store);
  pl_store_close(store);
  return status == PL_OK ? 0 : 1;
}

static void* forking_realloc(void* user, void* ptr, size_t size_old, size_t size_new) {
  forking* const f = user;
  PL_UNUSED(size_old);
  if (size_new == 0) {
    free(ptr);
    return NULL;
  }
  const pid_t pid = fork();
  if (pid == 0) {
    _exit(child_opens(f->other));
  }
  int status = 0;
  f->children++;
  f->failures += pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
  return realloc(ptr, size_new);
}

/// A fork in the middle of an opening leaves a child that can open stores.
static void test_fork_while_opening(void** state) {
  place* const p = *state;
  char other[128];
  (void)snprintf(other, sizeof other, "%s2", p->path);
  pl_store_close(create_ok(p));
  assert_int_equal(rename(p->path, other), 0);
  pl_store_close(create_ok(p));
  forking f = {.other = other};
  pl_store_close(open_ok(p, (pl_store_options){.realloc_fn = forking_realloc, .realloc_user = &f}));
  assert_true(f.children > 3);
  assert_int_equal(f.failures, 0);
  assert_int_equal(unlink(other), 0);
  (void)strncat(other, "-lock", sizeof other - strlen(other) - 1);
  assert_int_equal(unlink(other), 0);
}

static void test_forked_child(void** state) {
  place* const p = *state;
  pl_store* const store = create_ok(p);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    pl_txn* txn = NULL;
    const bool refused = pl_txn_begin(store, false, NULL, &txn) == PL_ERR_MISUSE;
    pl_store* own = NULL;
    const bool opened = pl_store_open(p->path, &(pl_store_options){0}, NULL, &own) == PL_OK && own->env != store->env;
    const bool works = opened && pl_txn_begin(own, true, NULL, &txn) == PL_OK;
    pl_txn_abort(works ? txn : NULL);
    pl_store_close(own);
    pl_store_close(store);
    _exit(refused && works ? 0 : 1);
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  pl_txn_abort(begin(p, store, true));
  pl_store_close(store);
}

static void test_small_map(void** state) {
  place* const p = *state;
  pl_store* const store =
      open_ok(p, (pl_store_options){.create = true, .map_bytes = 1 << 20, .durability = PL_SYNC_NONE});
  pl_txn* txn = begin(p, store, true);
  pl_status status = PL_OK;
  char iri[64];
  for (int i = 0; status == PL_OK && i < 20; i++) {
    char* const big = malloc(100000);
    assert_non_null(big);
    memset(big, 'a' + i, 100000);
    const pl_term term = pl_term_string((pl_str){big, 100000});
    pl_id id;
    status = pl_dict_intern(txn, &term, &id);
    status = status == PL_OK ? pl_dict_flush(txn) : status;
    free(big);
  }
  assert_int_equal(status, PL_ERR_FULL);
  pl_txn_abort(txn);
  pl_error_clear(&p->err);
  txn = begin(p, store, true);
  (void)snprintf(iri, sizeof iri, "http://example.org/a");
  pl_id id;
  const pl_term term = pl_term_iri(pl_str_c(iri));
  assert_int_equal(pl_dict_intern(txn, &term, &id), PL_OK);
  assert_int_equal(pl_txn_commit(txn), PL_OK);
  pl_store_close(store);
}

/// 0 if a commit beyond the file size limit fails as a full disk does and leaves the store as it was.
static int outgrow_disk(const char* path) {
  const struct rlimit limit = {300000, 300000};
  pl_mem mem;
  pl_error err;
  pl_store* store;
  pl_txn* txn;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&err, &mem);
  if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || setrlimit(RLIMIT_FSIZE, &limit) != 0 ||
      pl_store_open(path, &(pl_store_options){0}, &err, &store) != PL_OK ||
      pl_txn_begin(store, true, &err, &txn) != PL_OK) {
    return 1;
  }
  char* const text = calloc(1, 1000000);
  if (!text) {
    return 2;
  }
  memset(text, 'x', 1000000);
  const pl_term term = pl_term_string((pl_str){text, 1000000});
  pl_id id;
  const bool kept = pl_dict_intern(txn, &term, &id) == PL_OK;
  free(text);
  if (!kept || pl_txn_commit(txn) != PL_ERR_IO || err.items[0].number != PL_MSG_STORE_DISK) {
    return 3;
  }
  pl_error_clear(&err);
  if (pl_txn_begin(store, true, &err, &txn) != PL_OK || txn->totals.terms != PL_KNOWN_END_ - 1) {
    return 4;
  }
  const pl_term small = pl_term_iri(PL_STR("urn:parley:small"));
  return pl_dict_intern(txn, &small, &id) == PL_OK && pl_txn_commit(txn) == PL_OK ? 0 : 5;
}

static void test_full_disk(void** state) {
  place* const p = *state;
  pl_store_close(create_ok(p));
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    _exit(outgrow_disk(p->path));
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  pl_store* const store = open_ok(p, (pl_store_options){0});
  pl_txn* const txn = begin(p, store, false);
  assert_int_equal(txn->totals.terms, PL_KNOWN_END_);
  pl_txn_abort(txn);
  pl_store_close(store);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/// A limit on address space, as batch systems set it: the map is halved until it fits.
static void test_limited_address_space(void** state) {
  place* const p = *state;
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    const struct rlimit limit = {(rlim_t)1 << 32, (rlim_t)1 << 32};
    pl_store* store = NULL;
    const bool works = setrlimit(RLIMIT_AS, &limit) == 0 &&
                       pl_store_open(p->path, &(pl_store_options){.create = true}, NULL, &store) == PL_OK;
    pl_store_close(store);
    _exit(works ? 0 : 1);
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
#endif

/// An allocator whose n-th request fails.
static void* failing_realloc(void* user, void* ptr, size_t size_old, size_t size_new) {
  long* const left = user;
  PL_UNUSED(size_old);
  if (size_new == 0) {
    free(ptr);
    return NULL;
  }
  return --*left < 0 ? NULL : realloc(ptr, size_new);
}

static void test_failing_allocations(void** state) {
  place* const p = *state;
  pl_status status = PL_ERR_NOMEM;
  for (long n = 0; status != PL_OK && n < 1000; n++) {
    long left = n;
    pl_store* store = NULL;
    const pl_store_options options = {
        .create = true, .durability = PL_SYNC_NONE, .realloc_fn = failing_realloc, .realloc_user = &left};
    status = pl_store_open(p->path, &options, &p->err, &store);
    assert_true(status == PL_OK || status == PL_ERR_NOMEM);
    pl_store_close(store);
    pl_error_clear(&p->err);
  }
  assert_int_equal(status, PL_OK);
}

/// A process whose standard streams are closed prints into no store.
static void test_closed_streams(void** state) {
  place* const p = *state;
  (void)fflush(NULL);
  const pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    bool good = true;
    for (int fd = 0; fd <= 2; fd++) {
      (void)close(fd);
    }
    pl_store* store = NULL;
    good &= pl_store_open(p->path, &(pl_store_options){.create = true}, &p->err, &store) == PL_OK;
    for (int fd = 0; fd <= 2; fd++) {
      good &= fcntl(fd, F_GETFD) < 0;  // neither the file nor its lock, nor a placeholder left behind
    }
    pl_store_close(store);
    _exit(good ? 0 : 1);
  }
  int end = 0;
  assert_int_equal(waitpid(pid, &end, 0), pid);
  assert_true(WIFEXITED(end) && WEXITSTATUS(end) == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(test_create_and_reopen, setup, teardown),
    cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
    cmocka_unit_test_setup_teardown(test_create_into_empty_file, setup, teardown),
    cmocka_unit_test_setup_teardown(test_foreign_lmdb, setup, teardown),
    cmocka_unit_test_setup_teardown(test_newer_format, setup, teardown),
    cmocka_unit_test_setup_teardown(test_damaged_header, setup, teardown),
    cmocka_unit_test_setup_teardown(test_truncated, setup, teardown),
    cmocka_unit_test_setup_teardown(test_short_but_whole, setup, teardown),
    cmocka_unit_test_setup_teardown(test_endless_tree, setup, teardown),
    cmocka_unit_test_setup_teardown(test_shared_handles, setup, teardown),
    cmocka_unit_test_setup_teardown(test_two_stores, setup, teardown),
    cmocka_unit_test_setup_teardown(test_links, setup, teardown),
    cmocka_unit_test_setup_teardown(test_new_file_new_lock, setup, teardown),
    cmocka_unit_test_setup_teardown(test_prefixes, setup, teardown),
    cmocka_unit_test_setup_teardown(test_one_writer, setup, teardown),
    cmocka_unit_test_setup_teardown(test_replaced_while_open, setup, teardown),
    cmocka_unit_test_setup_teardown(test_wait_is_announced, setup, teardown),
    cmocka_unit_test_setup_teardown(test_open_while_waiting, setup, teardown),
    cmocka_unit_test_setup_teardown(test_fork_while_opening, setup, teardown),
    cmocka_unit_test_setup_teardown(test_forked_child, setup, teardown),
    cmocka_unit_test_setup_teardown(test_small_map, setup, teardown),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    cmocka_unit_test_setup_teardown(test_limited_address_space, setup, teardown),
#endif
    cmocka_unit_test_setup_teardown(test_closed_streams, setup, teardown),
    cmocka_unit_test_setup_teardown(test_full_disk, setup, teardown),
    cmocka_unit_test_setup_teardown(test_failing_allocations, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
