/// A bare LMDB environment dressed as a store, for tests of indexes and scans alone: databases are empty, nothing is
/// seeded.
#ifndef PL_TESTS_STORE_RAW_H
#define PL_TESTS_STORE_RAW_H

#include "store/env.h"
#include "store/index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct raw_store {
  char path[64];   ///< of the data file
  pl_store store;  ///< by hand
  pl_txn txn;      ///< by hand
  pl_error err;    ///< of the transaction
  uint64_t seed;   ///< of raw_draw
} raw_store;

static inline void raw_begin(raw_store* raw, bool write) {
  raw->txn = (pl_txn){.store = &raw->store, .err = &raw->err, .write = write};
  pl_mem_init(&raw->txn.mem, NULL, NULL, SIZE_MAX);
  assert_int_equal(mdb_txn_begin(raw->store.env, NULL, write ? 0 : MDB_RDONLY, &raw->txn.mdb), 0);
}

static inline void raw_commit(raw_store* raw) {
  assert_int_equal(raw->txn.mem.bytes_used, 0);
  assert_int_equal(mdb_txn_commit(raw->txn.mdb), 0);
}

static inline void raw_open(raw_store* raw) {
  memset(raw, 0, sizeof(*raw));
  snprintf(raw->path, sizeof(raw->path), "parley-raw-%ld", (long)getpid());
  pl_mem_init(&raw->store.mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&raw->err, &raw->store.mem);
  raw->seed = 88172645463325252u;
  assert_int_equal(mdb_env_create(&raw->store.env), 0);
  assert_int_equal(mdb_env_set_maxdbs(raw->store.env, PL_DB_COUNT), 0);
  assert_int_equal(mdb_env_set_mapsize(raw->store.env, (size_t)1 << 30), 0);
  assert_int_equal(mdb_env_open(raw->store.env, raw->path, MDB_NOSUBDIR | MDB_NOSYNC | MDB_NOTLS, 0600), 0);
  raw_begin(raw, true);
  for (int db = 0; db < PL_DB_COUNT; db++) {
    assert_int_equal(mdb_dbi_open(raw->txn.mdb, pl_db_names[db], MDB_CREATE, &raw->store.dbs[db]), 0);
  }
  raw_commit(raw);
}

static inline void raw_close(raw_store* raw) {
  char lock[80];
  pl_error_clear(&raw->err);
  mdb_env_close(raw->store.env);
  snprintf(lock, sizeof(lock), "%s-lock", raw->path);
  assert_int_equal(unlink(raw->path), 0);
  assert_int_equal(unlink(lock), 0);
}

static inline uint64_t raw_draw(raw_store* raw) {
  raw->seed ^= raw->seed << 13;
  raw->seed ^= raw->seed >> 7;
  raw->seed ^= raw->seed << 17;
  return raw->seed;
}

static inline void raw_no_damage(void* user, const char* text) {
  (void)user;
  fail_msg("%s", text);
}

/// The model: all rows of an index, four columns each (unused ones 0), sorted.
typedef uint64_t raw_row[4];
typedef struct raw_model {
  raw_row* rows;     ///< sorted, distinct
  size_t count;      ///< used
  size_t capacity;   ///< allocated
  uint32_t columns;  ///< 2 to 4
} raw_model;

static inline int raw_by_row(const void* a, const void* b) {
  const uint64_t* x = a;
  const uint64_t* y = b;
  for (int k = 0; k < 4; k++) {
    if (x[k] != y[k]) {
      return x[k] < y[k] ? -1 : 1;
    }
  }
  return 0;
}

static inline void raw_model_init(raw_model* model, uint32_t columns, size_t capacity) {
  *model = (raw_model){.capacity = capacity, .columns = columns};
  model->rows = calloc(capacity, sizeof(raw_row));
  assert_non_null(model->rows);
}

/// First model row >= row.
static inline size_t raw_lower(const raw_model* model, const uint64_t* row) {
  size_t low = 0;
  size_t high = model->count;
  while (low < high) {
    const size_t mid = (low + high) / 2;
    if (raw_by_row(model->rows[mid], row) < 0) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return low;
}

static inline uint8_t raw_common(const raw_model* model, const uint64_t* a, const uint64_t* b) {
  uint8_t k = 0;
  while (k < model->columns && a[k] == b[k]) {
    k++;
  }
  return k;
}

/// What `row`, which would stand at `at`, has in common with the rows around it.
static inline uint8_t raw_shared(const raw_model* model, size_t before_end, size_t after, const uint64_t* row) {
  uint8_t shared = 0;
  if (before_end > 0) {
    shared = raw_common(model, model->rows[before_end - 1], row);
  }
  if (after < model->count) {
    const uint8_t n = raw_common(model, model->rows[after], row);
    shared = n > shared ? n : shared;
  }
  return shared;
}

static inline uint8_t raw_model_insert(raw_model* model, const uint64_t* row) {
  const size_t at = raw_lower(model, row);
  if (at < model->count && raw_by_row(model->rows[at], row) == 0) {
    return (uint8_t)model->columns;
  }
  assert_true(model->count < model->capacity);
  const uint8_t shared = raw_shared(model, at, at, row);
  memmove(model->rows + at + 1, model->rows + at, (model->count - at) * sizeof(raw_row));
  memcpy(model->rows[at], row, sizeof(raw_row));
  model->count++;
  return shared;
}

static inline uint8_t raw_model_delete(raw_model* model, const uint64_t* row) {
  const size_t at = raw_lower(model, row);
  if (at == model->count || raw_by_row(model->rows[at], row) != 0) {
    return UINT8_MAX;
  }
  const uint8_t shared = raw_shared(model, at, at + 1, row);
  memmove(model->rows + at, model->rows + at + 1, (model->count - at - 1) * sizeof(raw_row));
  model->count--;
  return shared;
}

/// Sort a batch, drop duplicates, pack it to `columns` values a row. Returns the rows left.
static inline size_t raw_pack(raw_row* batch, size_t count, uint32_t columns, uint64_t* flat) {
  size_t kept = 0;
  qsort(batch, count, sizeof(raw_row), raw_by_row);
  for (size_t i = 0; i < count; i++) {
    if (kept == 0 || raw_by_row(batch[kept - 1], batch[i]) != 0) {
      memmove(batch[kept], batch[i], sizeof(raw_row));
      memcpy(flat + kept * columns, batch[kept], columns * sizeof(*flat));
      kept++;
    }
  }
  return kept;
}

#endif
