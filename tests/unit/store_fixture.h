/// A store in a folder of its own, for the tests of the dictionary, the bulk build and the check.
#ifndef PL_TESTS_STORE_FIXTURE_H
#define PL_TESTS_STORE_FIXTURE_H

#include "store/bulk.h"
#include "store/check.h"
#include "store/dict.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
// cmocka wants the four above first
#include <cmocka.h>

typedef struct fixture {
  char folder[64];  ///< temporary folder
  char path[80];    ///< store in it
  pl_mem mem;       ///< account
  pl_error err;     ///< of all calls
  pl_store* store;  ///< open store, or NULL
  pl_txn* txn;      ///< open transaction, or NULL
  unsigned damage;  ///< findings of a verification
} fixture;

static inline void fixture_fail(const fixture* f, const char* what) {
  fail_msg("%s: %s", what, f->err.count ? f->err.items[0].text : "no message");
}
#define CHECK_OK(f, call)     \
  do {                        \
    if ((call) != PL_OK) {    \
      fixture_fail(f, #call); \
    }                         \
  } while (0)

static inline void fixture_open(fixture* f, pl_str base) {
  const pl_store_options options = {
      .create = true, .durability = PL_SYNC_NONE, .base = base, .map_bytes = (size_t)1 << 32};
  CHECK_OK(f, pl_store_open(f->path, &options, &f->err, &f->store));
}

static inline int fixture_setup(void** state) {
  fixture* const f = calloc(1, sizeof *f);
  assert_non_null(f);
  snprintf(f->folder, sizeof f->folder, "/tmp/parley-test-XXXXXX");
  assert_non_null(mkdtemp(f->folder));
  snprintf(f->path, sizeof f->path, "%s/store", f->folder);
  pl_mem_init(&f->mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&f->err, &f->mem);
  *state = f;
  return 0;
}

/// Files in the fixture's folder.
static inline unsigned fixture_file_count(const fixture* f) {
  DIR* const dir = opendir(f->folder);
  assert_non_null(dir);
  unsigned count = 0;
  for (const struct dirent* entry = readdir(dir); entry; entry = readdir(dir)) {
    count += entry->d_name[0] != '.';
  }
  closedir(dir);
  return count;
}

static inline int fixture_teardown(void** state) {
  fixture* const f = *state;
  pl_txn_abort(f->txn);
  pl_store_close(f->store);
  pl_error_clear(&f->err);
  char lock[96];
  snprintf(lock, sizeof lock, "%s-lock", f->path);
  (void)unlink(f->path);
  (void)unlink(lock);
  const int left = rmdir(f->folder);
  const size_t bytes = f->mem.bytes_used;
  free(f);
  return left == 0 && bytes == 0 ? 0 : -1;
}

static inline void fixture_begin(fixture* f, bool write) {
  CHECK_OK(f, pl_txn_begin(f->store, write, &f->err, &f->txn));
}
static inline void fixture_commit(fixture* f) {
  pl_txn* const txn = f->txn;
  f->txn = NULL;
  CHECK_OK(f, pl_txn_commit(txn));
}
static inline void fixture_abort(fixture* f) {
  pl_txn_abort(f->txn);
  f->txn = NULL;
}

static inline void fixture_on_damage(void* user, const char* text) {
  fixture* const f = user;
  if (f->damage++ < 5 && getenv("SHOW_DAMAGE")) {
    print_message("%s\n", text);
  }
}

/// Findings of a check of the open transaction.
static inline uint64_t fixture_check(fixture* f, bool deep) {
  const pl_check_options options = {.deep = deep, .on_damage = fixture_on_damage, .user = f};
  pl_check_report report;
  f->damage = 0;
  CHECK_OK(f, pl_check(f->txn, &options, &report));
  assert_true(report.damage_count >= f->damage);
  return report.damage_count;
}

#endif
