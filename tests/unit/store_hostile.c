/// Files that LMDB must not be let at: damaged trees, a damaged list of free pages, damaged headers of values, lock files
/// that are something else; and a store that somebody has for himself, or replaces.
#include "store/env_internal.h"
#include "store/pages_internal.h"
#include "store/space.h"
#include "store/writer.h"

// cmocka wants these before its own header
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE_MAX = 4096 };

typedef struct place {
  char folder[64];      ///< made for the test
  char path[PATH_MAX];  ///< of the store, its one name
  char lock[96];        ///< LMDB's lock file
  char other[96];       ///< of a second file
  pl_mem mem;           ///< account of the error object
  pl_error err;         ///< of all calls
} place;

static int setup(void** state) {
  place* const p = calloc(1, sizeof *p);
  assert_non_null(p);
  (void)snprintf(p->folder, sizeof p->folder, "/tmp/parley-hostile-XXXXXX");
  assert_non_null(mkdtemp(p->folder));
  (void)snprintf(p->path, sizeof p->path, "%s/store", p->folder);
  (void)snprintf(p->lock, sizeof p->lock, "%s/store-lock", p->folder);
  (void)snprintf(p->other, sizeof p->other, "%s/other", p->folder);
  pl_mem_init(&p->mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&p->err, &p->mem);
  *state = p;
  return 0;
}

static int teardown(void** state) {
  place* const p = *state;
  char other_lock[128];
  pl_error_clear(&p->err);
  (void)snprintf(other_lock, sizeof other_lock, "%s-lock", p->other);
  (void)unlink(p->path);
  (void)unlink(p->lock);
  (void)rmdir(p->lock);
  (void)unlink(p->other);
  (void)unlink(other_lock);
  assert_int_equal(rmdir(p->folder), 0);
  assert_int_equal(p->mem.bytes_used, 0);
  free(p);
  return 0;
}

static pl_status open_at(place* p, const char* path, pl_store_options options, pl_store** store) {
  return pl_store_open(path, &options, &p->err, store);
}

static void fails(place* p, pl_status got, pl_status status, pl_msg number) {
  assert_int_equal(got, status);
  assert_int_equal(p->err.items[0].number, number);
  pl_error_clear(&p->err);
}

static void open_fails(place* p, pl_status status, pl_msg number) {
  pl_store* store = NULL;
  fails(p, open_at(p, p->path, (pl_store_options){.durability = PL_SYNC_NONE}, &store), status, number);
  assert_null(store);
}

static pl_store* open_ok(place* p, const char* path) {
  pl_store* store = NULL;
  assert_int_equal(open_at(p, path, (pl_store_options){.create = true, .durability = PL_SYNC_NONE}, &store), PL_OK);
  return store;
}

static pl_status add(place* p, pl_store* store, uint64_t first, uint64_t count) {
  pl_txn* txn;
  pl_writer* writer;
  const pl_id type = PL_KNOWN(TYPE);
  PL_TRY(pl_txn_begin(store, true, &p->err, &txn));
  assert_int_equal(pl_writer_open(txn, 0, NULL, &writer), PL_OK);
  pl_status status = PL_OK;
  for (uint64_t i = first; status == PL_OK && i < first + count; i++) {
    status = pl_writer_fact(writer, type, type, pl_id_make(PL_TAG_INTEGER, i * 7919), 0);
  }
  status = status == PL_OK ? pl_writer_flush(writer, NULL) : status;
  pl_writer_close(writer);
  if (status != PL_OK) {
    pl_txn_abort(txn);
    return status;
  }
  return pl_txn_commit(txn);
}

/// A store with several commits behind it, so that it has a list of free pages.
static void make(place* p) {
  pl_store* const store = open_ok(p, p->path);
  for (uint64_t i = 0; i < 4; i++) {
    assert_int_equal(add(p, store, i * 3000, 3000), PL_OK);
  }
  pl_store_close(store);
}

static pl_page_meta newest(const place* p, int fd) {
  pl_page_meta metas[2];
  const char* why[2];
  PL_UNUSED(p);
  assert_true(pl_page_metas(fd, metas, why));
  return metas[metas[1].number > metas[0].number];
}

static void put(int fd, uint64_t offset, uint64_t value, size_t bytes) {
  uint8_t le[8];
  for (size_t i = 0; i < 8; i++) {
    le[i] = (uint8_t)(value >> (8 * i));
  }
  assert_int_equal(pwrite(fd, le, bytes, (off_t)offset), bytes);
}

// ---- numbers ------------------------------------------------------------------------------------------------------

/// Ids are made of the next key and the next assertion: a record of totals with a good checksum may still hold any.
static void test_impossible_totals(void** state) {
  static const uint64_t pairs[][2] = {{0, 1}, {UINT64_MAX, 1}, {PL_ID_PAYLOAD_MAX, 1},
                                      {1, 0}, {1, UINT64_MAX}, {1, (uint64_t)UINT32_MAX + 2}};
  place* const p = *state;
  for (size_t i = 0; i < PL_COUNT_OF(pairs); i++) {
    pl_store* store = open_ok(p, p->path);
    pl_txn* txn;
    assert_int_equal(pl_txn_begin(store, true, &p->err, &txn), PL_OK);
    txn->next_key = pairs[i][0];
    txn->next_assertion = pairs[i][1];
    txn->totals_dirty = true;
    assert_int_equal(pl_txn_commit(txn), PL_OK);
    pl_store_close(store);
    open_fails(p, PL_ERR_CORRUPT, PL_MSG_STORE_DAMAGED);
    assert_int_equal(unlink(p->path), 0);
  }
}

// ---- trees --------------------------------------------------------------------------------------------------------

/// Every page of a tree that is wrong in any field of its header is refused at opening; the sound file opens again.
static void test_damaged_trees(void** state) {
  static const struct { unsigned at, bytes; } fields[] = {{0, 8}, {10, 2}, {12, 2}, {14, 2}, {16, 2}};
  place* const p = *state;
  make(p);
  const int fd = open(p->path, O_RDWR);
  const pl_page_meta meta = newest(p, fd);
  unsigned refused = 0;
  for (uint64_t page = 2; page <= meta.last_page; page++) {
    uint8_t sound[32];
    const uint64_t at = page * meta.page_bytes;
    assert_int_equal(pread(fd, sound, sizeof sound, (off_t)at), sizeof sound);
    for (size_t i = 0; i < PL_COUNT_OF(fields); i++) {
      pl_store* store = NULL;
      put(fd, at + fields[i].at, ~pl_load64(sound + fields[i].at), fields[i].bytes);
      const pl_status status = open_at(p, p->path, (pl_store_options){.readonly = true}, &store);
      pl_store_close(store);
      assert_true(status == PL_OK || status == PL_ERR_CORRUPT);
      if (status != PL_OK) {
        refused++;
        assert_int_equal(p->err.items[0].number, PL_MSG_STORE_PAGES);
        pl_error_clear(&p->err);
      }
      assert_int_equal(pwrite(fd, sound, sizeof sound, (off_t)at), sizeof sound);
    }
  }
  assert_true(refused >= 50);  // each database with anything in it has a page at least
  pl_store_close(open_ok(p, p->path));
  (void)close(fd);
}

typedef struct leaf {
  pl_db db;       ///< whose
  uint64_t page;  ///< the last that was met
} leaf;

static pl_status note_leaf(void* user, const pl_page_entry* entry) {
  leaf* const found = user;
  found->page = strcmp(entry->db, pl_db_names[found->db]) == 0 ? entry->page : found->page;
  return PL_OK;
}

static uint64_t leaf_of(place* p, int fd, const pl_page_meta* meta, pl_db db) {
  pl_pages_report report;
  leaf found = {.db = db};
  const pl_pages_options options = {.fd = fd, .meta = meta, .mem = &p->mem, .on_entry = note_leaf, .user = &found};
  assert_int_equal(pl_pages_walk(&options, &report, &p->err), PL_OK);
  assert_true(found.page > 1);
  return found.page;
}

static uint64_t rows_of(place* p, pl_store* store, pl_order order) {
  pl_txn* txn;
  pl_scan* scan;
  uint64_t count = 0;
  assert_int_equal(pl_txn_begin(store, false, &p->err, &txn), PL_OK);
  assert_int_equal(pl_scan_open(txn, order, PL_SCAN_ROWS, NULL, &p->mem, &scan), PL_OK);
  assert_int_equal(pl_scan_range(scan, NULL, 0, 0, UINT64_MAX), PL_OK);
  assert_int_equal(pl_scan_count(scan, &count), PL_OK);
  pl_scan_close(scan);
  pl_txn_abort(txn);
  return count;
}

/// A file that is trusted is not walked: damage that no reader comes to stands in nobody's way, for reading and for
/// writing.
static void test_trusted(void** state) {
  place* const p = *state;
  make(p);
  const int fd = open(p->path, O_RDWR);
  const pl_page_meta meta = newest(p, fd);
  put(fd, leaf_of(p, fd, &meta, PL_DB_PSO) * meta.page_bytes + 10, 0x04, 2);
  assert_int_equal(close(fd), 0);
  open_fails(p, PL_ERR_CORRUPT, PL_MSG_STORE_PAGES);
  pl_store* store = NULL;
  pl_txn* txn = NULL;
  assert_int_equal(open_at(p, p->path, (pl_store_options){.trusted = true, .durability = PL_SYNC_NONE}, &store), PL_OK);
  assert_int_equal(rows_of(p, store, PL_ORDER_SPO), 12000);
  assert_int_equal(pl_txn_begin(store, true, &p->err, &txn), PL_OK);
  assert_int_equal(pl_txn_set_prefix(txn, PL_STR("ex"), PL_STR("http://example.org/")), PL_OK);
  assert_int_equal(pl_txn_commit(txn), PL_OK);
  pl_store_close(store);
  open_fails(p, PL_ERR_CORRUPT, PL_MSG_STORE_PAGES);
}

static pl_id add_long_text(place* p) {
  char text[4000];
  pl_txn* txn;
  pl_writer* writer;
  pl_id id;
  memset(text, 'x', sizeof text);
  const pl_term term = {.kind = PL_TERM_LITERAL, .text = {text, sizeof text}, .datatype = PL_STR(PL_XSD "string")};
  pl_store* const store = open_ok(p, p->path);
  assert_int_equal(pl_txn_begin(store, true, &p->err, &txn), PL_OK);
  assert_int_equal(pl_writer_open(txn, 0, NULL, &writer), PL_OK);
  assert_int_equal(pl_writer_term(writer, &term, &id), PL_OK);
  pl_writer_close(writer);
  assert_int_equal(pl_txn_commit(txn), PL_OK);
  pl_store_close(store);
  return id;
}

/// A value that claims more bytes than a term may have is not read, even where the walk was left out.
static void test_endless_text(void** state) {
  place* const p = *state;
  const pl_id id = add_long_text(p);
  const int fd = open(p->path, O_RDWR);
  const pl_page_meta meta = newest(p, fd);
  uint8_t page[PAGE_MAX];
  const uint64_t at = leaf_of(p, fd, &meta, PL_DB_LONG) * meta.page_bytes;
  assert_int_equal(pread(fd, page, meta.page_bytes, (off_t)at), meta.page_bytes);
  put(fd, at + (uint64_t)(pl_page_node(page, 0) - page), UINT32_MAX, 4);
  assert_int_equal(close(fd), 0);
  open_fails(p, PL_ERR_CORRUPT, PL_MSG_STORE_PAGES);
  pl_store* store = NULL;
  pl_txn* txn = NULL;
  pl_term term;
  assert_int_equal(open_at(p, p->path, (pl_store_options){.trusted = true, .readonly = true}, &store), PL_OK);
  assert_int_equal(pl_txn_begin(store, false, &p->err, &txn), PL_OK);
  fails(p, pl_dict_term(txn, id, &txn->arena, &term), PL_ERR_CORRUPT, PL_MSG_DICT_DAMAGED);
  pl_txn_abort(txn);
  pl_store_close(store);
}

static void test_damaged_metas(void** state) {
  static const struct {
    unsigned at, bytes;
    uint64_t value;
  } fields[] = {{10, 2, 0},  {16, 4, 7},         {20, 4, 2},         {24 + 16, 4, 8192},   {44, 2, 0},  {92, 2, 4},
                {94, 2, 31}, {128, 8, 1u << 30}, {136, 8, 1u << 30}, {136, 8, UINT64_MAX}, {144, 8, 2}, {40, 4, 3}};
  place* const p = *state;
  make(p);
  const int fd = open(p->path, O_RDWR);
  const pl_page_meta meta = newest(p, fd);
  const uint64_t at = meta.number % 2 * meta.page_bytes;
  uint8_t sound[PL_META_BYTES];
  assert_int_equal(pread(fd, sound, sizeof sound, (off_t)at), sizeof sound);
  for (size_t i = 0; i < PL_COUNT_OF(fields); i++) {
    pl_store* store = NULL;
    put(fd, at + fields[i].at, fields[i].value, fields[i].bytes);
    const pl_status status = open_at(p, p->path, (pl_store_options){0}, &store);
    // A transaction number that is only too small makes the other page the newer one: an older state, or none.
    assert_true(status == PL_ERR_CORRUPT || status == PL_ERR_CANTOPEN || fields[i].at == 144);
    pl_store_close(store);
    pl_error_clear(&p->err);
    assert_int_equal(pwrite(fd, sound, sizeof sound, (off_t)at), sizeof sound);
  }
  (void)close(fd);
  pl_store_close(open_ok(p, p->path));
}

/// The list of free pages is looked at before the first write: what only reads goes on.
static void test_damaged_free_list(void** state) {
  place* const p = *state;
  make(p);
  const int fd = open(p->path, O_RDWR);
  const pl_page_meta meta = newest(p, fd);
  assert_true(meta.free.depth == 1);
  uint8_t page[PAGE_MAX];
  assert_int_equal(pread(fd, page, meta.page_bytes, (off_t)(meta.free.root * meta.page_bytes)), meta.page_bytes);
  const uint8_t* const node = pl_page_node(page, 0);
  assert_int_equal(pl_node_flags(node), 0);
  const uint64_t list = meta.free.root * meta.page_bytes + (uint64_t)(node - page) + 16;
  const uint64_t count = pl_load64(node + 16);
  const uint64_t first = pl_load64(node + 24);
  assert_true(count > 0);
  const struct {
    uint64_t at, value, sound;
  } damage[] = {{list, UINT64_MAX / 8, count},
                {list, 1u << 20, count},
                {list + 8, meta.main.root, first},
                {list + 8, 1, first},
                {list + 8, meta.last_page + 1, first}};
  for (size_t i = 0; i < PL_COUNT_OF(damage); i++) {
    put(fd, damage[i].at, damage[i].value, 8);
    pl_store* const store = open_ok(p, p->path);
    pl_txn* txn = NULL;
    fails(p, pl_txn_begin(store, true, &p->err, &txn), PL_ERR_CORRUPT, PL_MSG_STORE_PAGES);
    assert_null(txn);
    assert_int_equal(pl_txn_begin(store, false, &p->err, &txn), PL_OK);
    pl_txn_abort(txn);
    pl_store_close(store);
    put(fd, damage[i].at, damage[i].sound, 8);
  }
  (void)close(fd);
  pl_store* const store = open_ok(p, p->path);
  assert_int_equal(add(p, store, 1u << 20, 10), PL_OK);
  pl_store_close(store);
}

static pl_status measure(place* p, pl_space* out) {
  pl_txn* txn;
  pl_store* const store = open_ok(p, p->path);
  assert_int_equal(pl_txn_begin(store, false, &p->err, &txn), PL_OK);
  const pl_status status = pl_space_measure(txn, NULL, out);
  pl_txn_abort(txn);
  pl_store_close(store);
  pl_error_clear(&p->err);
  return status;
}

/// Opening does not look at the list of free pages; who measures the file does, before LMDB reads it.
static void test_measure_damaged(void** state) {
  static const uint8_t fills[] = {0x00, 0x01, 0xff};
  place* const p = *state;
  pl_space space;
  make(p);
  assert_int_equal(measure(p, &space), PL_OK);
  assert_true(space.free_pages > 0);
  const int fd = open(p->path, O_RDWR);
  const pl_page_meta meta = newest(p, fd);
  for (size_t i = 0; i < sizeof fills; i++) {
    uint8_t bytes[512];
    memset(bytes, fills[i], sizeof bytes);
    assert_int_equal(pwrite(fd, bytes, sizeof bytes, (off_t)(meta.free.root * meta.page_bytes)), sizeof bytes);
    assert_int_equal(measure(p, &space), PL_ERR_CORRUPT);
  }
  (void)close(fd);
}

/// Headers of overflow pages, by which LMDB replaces and frees values: told when a value is changed.
static void test_damaged_values(void** state) {
  static const struct {
    unsigned at, bytes;
    uint64_t value;
  } fields[] = {{10, 2, 0x14}, {12, 4, 1000}, {0, 8, 3}};
  place* const p = *state;
  make(p);
  const int fd = open(p->path, O_RDWR);
  const pl_page_meta meta = newest(p, fd);
  for (size_t i = 0; i < PL_COUNT_OF(fields); i++) {
    for (uint64_t page = 2; page <= meta.last_page; page++) {
      uint8_t header[PL_PAGE_HEADER];
      assert_int_equal(pread(fd, header, sizeof header, (off_t)(page * meta.page_bytes)), sizeof header);
      if (pl_load16(header + 10) == PL_PAGE_OVERFLOW) {
        put(fd, page * meta.page_bytes + fields[i].at, fields[i].value, fields[i].bytes);
      }
    }
    pl_store* const store = open_ok(p, p->path);
    fails(p, add(p, store, 100000, 50), PL_ERR_CORRUPT, PL_MSG_STORE_DAMAGED);
    pl_store_close(store);
  }
  (void)close(fd);
}

// ---- lock files ---------------------------------------------------------------------------------------------------

static void write_lock(const place* p, const void* data, size_t size) {
  FILE* const f = fopen(p->lock, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(data, 1, size, f), size);
  assert_int_equal(fclose(f), 0);
}

static void test_lock_files(void** state) {
  place* const p = *state;
  char zeros[512] = {0};
  struct stat st;
  pl_store_close(open_ok(p, p->path));
  write_lock(p, "somebody's notes", 16);
  open_fails(p, PL_ERR_CANTOPEN, PL_MSG_STORE_LOCK_FILE);
  assert_int_equal(stat(p->lock, &st), 0);
  assert_int_equal(st.st_size, 16);  // left alone
  write_lock(p, "", 0);
  pl_store_close(open_ok(p, p->path));
  write_lock(p, zeros, sizeof zeros);
  pl_store_close(open_ok(p, p->path));
  assert_int_equal(truncate(p->lock, 40), 0);  // cut, but nobody uses it
  pl_store_close(open_ok(p, p->path));
  assert_int_equal(unlink(p->lock), 0);
  assert_int_equal(mkdir(p->lock, 0700), 0);
  open_fails(p, PL_ERR_CANTOPEN, PL_MSG_STORE_LOCK_FILE);
  assert_int_equal(rmdir(p->lock), 0);
  assert_int_equal(symlink(p->other, p->lock), 0);
  open_fails(p, PL_ERR_CANTOPEN, PL_MSG_STORE_LOCK_FILE);
  assert_int_equal(access(p->other, F_OK), -1);  // not made through the link
}

/// Run `body` in a child that tells through a pipe when it is ready and ends when the parent closes the other pipe.
typedef struct child {
  pid_t pid;      ///< of the process
  int go, ready;  ///< ends of pipes: closing go lets it end
} child;

static child start(place* p, void (*body)(place* p, int ready, int go)) {
  int ready[2], go[2];
  char byte;
  assert_int_equal(pipe(ready) | pipe(go), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    (void)close(ready[0]);
    (void)close(go[1]);
    body(p, ready[1], go[0]);
    _exit(0);
  }
  (void)close(ready[1]);
  (void)close(go[0]);
  assert_int_equal(read(ready[0], &byte, 1), 1);
  return (child){.pid = pid, .go = go[1], .ready = ready[0]};
}

static void finish(child c) {
  int status;
  (void)close(c.go);
  assert_int_equal(waitpid(c.pid, &status, 0), c.pid);
  (void)close(c.ready);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void say_and_wait(int ready, int go) {
  char byte = 1;
  if (write(ready, &byte, 1) != 1 || read(go, &byte, 1) != 0) {
    _exit(3);
  }
}

static void hold_lock(place* p, int ready, int go) {
  struct flock range = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
  const int fd = open(p->lock, O_RDWR);
  if (fd < 0 || fcntl(fd, F_SETLK, &range) != 0) {
    _exit(2);
  }
  say_and_wait(ready, go);
}

/// A lock file that was cut or overwritten while another process uses it: LMDB would meet it as SIGBUS.
static void test_lock_file_in_use(void** state) {
  place* const p = *state;
  pl_store_close(open_ok(p, p->path));
  const child c = start(p, hold_lock);
  assert_int_equal(truncate(p->lock, 16), 0);
  open_fails(p, PL_ERR_CANTOPEN, PL_MSG_STORE_LOCK_FILE);
  assert_int_equal(truncate(p->lock, 0), 0);
  open_fails(p, PL_ERR_CANTOPEN, PL_MSG_STORE_LOCK_FILE);
  finish(c);
  pl_store_close(open_ok(p, p->path));
}

// ---- exclusive use ------------------------------------------------------------------------------------------------

static void hold_store(place* p, int ready, int go) {
  pl_store* store = NULL;
  if (pl_store_open(p->path, NULL, &p->err, &store) != PL_OK) {
    _exit(2);
  }
  say_and_wait(ready, go);
  pl_store_close(store);
}

static void test_exclusive(void** state) {
  place* const p = *state;
  pl_env_exclusive* held = NULL;
  fails(p, pl_env_exclusive_begin(p->path, p->path, &p->err, &held), PL_ERR_CANTOPEN, PL_MSG_STORE_MISSING);
  pl_store* store = open_ok(p, p->path);
  fails(p, pl_env_exclusive_begin(p->path, p->path, &p->err, &held), PL_ERR_BUSY, PL_MSG_STORE_IN_USE);
  pl_store_close(store);
  const child c = start(p, hold_store);
  fails(p, pl_env_exclusive_begin(p->path, p->path, &p->err, &held), PL_ERR_BUSY, PL_MSG_STORE_IN_USE);
  assert_null(held);
  finish(c);
  assert_int_equal(pl_env_exclusive_begin(p->path, p->path, &p->err, &held), PL_OK);
  pl_env_exclusive* second = NULL;
  fails(p, pl_env_exclusive_begin(p->path, p->path, &p->err, &second), PL_ERR_BUSY, PL_MSG_STORE_IN_USE);
  open_fails(p, PL_ERR_BUSY, PL_MSG_STORE_IN_USE);  // this process: it would have to wait for itself
  pl_env_exclusive_end(held);
  pl_env_exclusive_end(NULL);
  pl_store_close(open_ok(p, p->path));
}

/// The same file under another name, by a link or renamed: one environment.
static void test_two_names(void** state) {
  place* const p = *state;
  pl_store* const first = open_ok(p, p->path);
  assert_int_equal(symlink(p->path, p->other), 0);
  pl_store* const second = open_ok(p, p->other);
  assert_ptr_equal(first->env, second->env);
  pl_store_close(second);
  assert_int_equal(unlink(p->other), 0);
  assert_int_equal(rename(p->path, p->other), 0);
  pl_store* const third = open_ok(p, p->other);
  assert_ptr_equal(first->env, third->env);
  pl_store_close(first);
  assert_int_equal(add(p, third, 0, 5), PL_OK);
  pl_store_close(third);
}

static void tell(void* user) {
  const char byte = 1;
  if (write(*(int*)user, &byte, 1) != 1) {
    _exit(4);
  }
}

/// Opens while another has the store for itself: waits, and finds the file that stands there then.
static void open_waiting(place* p, int ready, int go) {
  pl_store* store = NULL;
  pl_txn* txn = NULL;
  const pl_store_options options = {.on_wait = tell, .on_wait_user = &ready};
  PL_UNUSED(go);
  if (pl_store_open(p->path, &options, &p->err, &store) != PL_OK ||
      pl_txn_begin(store, false, &p->err, &txn) != PL_OK) {
    _exit(2);
  }
  if (txn->totals.facts != 7) {
    _exit(5);
  }
  pl_txn_abort(txn);
  pl_store_close(store);
}

static void test_replaced_while_waiting(void** state) {
  place* const p = *state;
  pl_env_exclusive* held = NULL;
  make(p);
  pl_store* const other = open_ok(p, p->other);
  assert_int_equal(add(p, other, 0, 7), PL_OK);
  pl_store_close(other);
  assert_int_equal(pl_env_exclusive_begin(p->path, p->path, &p->err, &held), PL_OK);
  const child c = start(p, open_waiting);
  pl_store* store = NULL;
  fails(p, open_at(p, p->path, (pl_store_options){.no_wait = true}, &store), PL_ERR_BUSY, PL_MSG_STORE_IN_USE);
  assert_int_equal(rename(p->other, p->path), 0);
  pl_env_exclusive_end(held);
  finish(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_impossible_totals, setup, teardown),
      cmocka_unit_test_setup_teardown(test_damaged_trees, setup, teardown),
      cmocka_unit_test_setup_teardown(test_trusted, setup, teardown),
      cmocka_unit_test_setup_teardown(test_endless_text, setup, teardown),
      cmocka_unit_test_setup_teardown(test_damaged_metas, setup, teardown),
      cmocka_unit_test_setup_teardown(test_damaged_free_list, setup, teardown),
      cmocka_unit_test_setup_teardown(test_measure_damaged, setup, teardown),
      cmocka_unit_test_setup_teardown(test_damaged_values, setup, teardown),
      cmocka_unit_test_setup_teardown(test_lock_files, setup, teardown),
      cmocka_unit_test_setup_teardown(test_lock_file_in_use, setup, teardown),
      cmocka_unit_test_setup_teardown(test_exclusive, setup, teardown),
      cmocka_unit_test_setup_teardown(test_two_names, setup, teardown),
      cmocka_unit_test_setup_teardown(test_replaced_while_waiting, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
