/// Indexes against a sorted array: batches of any size in and out, what rows have in common with their neighbours, and
/// verification.
#include "store_raw.h"

#define MODEL_ROWS 60000u
#define BATCH_ROWS 6000u

static raw_store raw;
static raw_row batch[BATCH_ROWS];
static uint64_t flat[BATCH_ROWS * 4];
static uint8_t shared[BATCH_ROWS];

/// How rows are drawn in a phase.
typedef enum spread { SPREAD_DENSE, SPREAD_WIDE, SPREAD_EXTREME, SPREAD_KINDS } spread;

static uint64_t draw_value(spread s, uint32_t column) {
  const uint64_t r = raw_draw(&raw);
  switch (s) {
    case SPREAD_DENSE:
      return 0x2800000000000000u + (r >> 16) % (column == 0 ? 3000 : column == 3 ? 3 : 40);
    case SPREAD_WIDE:
      return r >> (column == 0 ? 20 : r % 64);
    case SPREAD_EXTREME:
      return r % 4 == 0 ? 0 : r % 4 == 1 ? UINT64_MAX : r % 4 == 2 ? UINT64_MAX - r % 7 : r >> 32;
    default:
      return column == 3 ? (r % 5 ? 0 : 3ull << 59 | r % 100) : (r % 2 ? 5ull : 19ull) << 59 | (r >> 8) % 2000;
  }
}

static void draw_batch(const raw_model* model, spread s, size_t count, bool mostly_known) {
  memset(batch, 0, count * sizeof(raw_row));
  for (size_t i = 0; i < count; i++) {
    if (mostly_known && model->count > 0 && raw_draw(&raw) % 8) {
      memcpy(batch[i], model->rows[raw_draw(&raw) % model->count], sizeof(raw_row));
      continue;
    }
    for (uint32_t k = 0; k < model->columns; k++) {
      batch[i][k] = draw_value(s, k);
    }
  }
}

typedef struct compare_state {
  const raw_model* model;  ///< expected
  size_t at;               ///< next row
} compare_state;

static pl_status compare_rows(void* user, const uint64_t* rows, size_t count) {
  compare_state* state = user;
  for (size_t i = 0; i < count; i++) {
    assert_true(state->at < state->model->count);
    assert_memory_equal(rows + i * state->model->columns, state->model->rows[state->at++], state->model->columns * 8);
  }
  return PL_OK;
}

static void check_all(pl_index index, const raw_model* model) {
  compare_state state = {.model = model};
  const pl_verifier verifier = {.on_damage = raw_no_damage, .on_rows = compare_rows, .user = &state};
  assert_int_equal(pl_index_verify(index, &raw.txn.mem, &verifier), PL_OK);
  assert_int_equal(state.at, model->count);
  pl_index_size size;
  assert_int_equal(pl_index_measure(index, &size), PL_OK);
  assert_int_equal(size.rows, model->count);
  assert_int_equal(size.blocks == 0, model->count == 0);
}

static void check_lookups(pl_index index, const raw_model* model, spread s) {
  for (int round = 0; round < 50; round++) {
    uint64_t row[4] = {0};
    uint64_t got[4] = {0};
    draw_batch(model, s, 1, round % 2);
    bool found;
    assert_int_equal(pl_index_contains(index, batch[0], &found), PL_OK);
    const size_t at = raw_lower(model, batch[0]);
    assert_int_equal(found, at < model->count && raw_by_row(model->rows[at], batch[0]) == 0);
    const unsigned n = (unsigned)(raw_draw(&raw) % (model->columns + 1));
    memcpy(row, batch[0], n * sizeof(*row));
    const size_t first = raw_lower(model, row);
    const bool expected = first < model->count && memcmp(model->rows[first], row, n * sizeof(*row)) == 0;
    assert_int_equal(pl_index_first(index, row, n, got), expected ? PL_OK : PL_NOT_FOUND);
    if (expected) {
      assert_memory_equal(got, model->rows[first], model->columns * sizeof(*got));
    }
  }
}

static void change(pl_index index, raw_model* model, spread s, bool insert, size_t rows) {
  draw_batch(model, s, rows, !insert || raw_draw(&raw) % 4 == 0);
  const size_t count = raw_pack(batch, rows, model->columns, flat);
  const bool tell = raw_draw(&raw) % 8;
  assert_int_equal((insert ? pl_index_insert : pl_index_delete)(index, flat, count, tell ? shared : NULL), PL_OK);
  for (size_t i = 0; i < count; i++) {
    const uint8_t expected = (insert ? raw_model_insert : raw_model_delete)(model, batch[i]);
    if (tell) {
      assert_int_equal(shared[i], expected);
    }
  }
}

static void run_phase(pl_db db, spread s) {
  raw_model model;
  raw_begin(&raw, true);
  const pl_index index = pl_index_of(&raw.txn, db);
  raw_model_init(&model, index.columns, MODEL_ROWS);
  static const size_t sizes[] = {1, 3, 40, 700, 5000};
  for (int round = 0; round < 80; round++) {
    const bool insert = round < 50 ? raw_draw(&raw) % 5 != 0 : raw_draw(&raw) % 4 == 0;
    const size_t rows = 1 + raw_draw(&raw) % sizes[raw_draw(&raw) % PL_COUNT_OF(sizes)];
    change(index, &model, s, insert && model.count + rows < MODEL_ROWS, rows);
    if (round % 10 == 0) {
      check_all(index, &model);
      check_lookups(index, &model, s);
    }
  }
  while (model.count > 0) {
    change(index, &model, s, false, BATCH_ROWS);
  }
  check_all(index, &model);
  free(model.rows);
  raw_commit(&raw);
}

static void test_model(void** state) {
  (void)state;
  static const pl_db dbs[] = {PL_DB_HASH, PL_DB_IDENTITY, PL_DB_SPO};
  for (size_t i = 0; i < PL_COUNT_OF(dbs); i++) {
    for (int s = SPREAD_DENSE; s <= SPREAD_KINDS; s++) {
      run_phase(dbs[i], (spread)s);
    }
  }
}

/// Rows one at a time, in order and not, as one-statement transactions write them.
static void test_single_rows(void** state) {
  (void)state;
  raw_model model;
  raw_model_init(&model, 4, MODEL_ROWS);
  raw_begin(&raw, true);
  const pl_index index = pl_index_of(&raw.txn, PL_DB_POS);
  for (int i = 0; i < 6000; i++) {
    change(index, &model, i % 2 ? SPREAD_DENSE : SPREAD_KINDS, i < 4000, 1);
  }
  check_all(index, &model);
  free(model.rows);
  raw_commit(&raw);
}

static void append(pl_index index, const raw_model* model, unsigned fill_percent) {
  pl_index_append* a;
  assert_int_equal(pl_index_append_open(index, fill_percent, &raw.txn.mem, &a), PL_OK);
  for (size_t i = 0; i < model->count;) {
    const size_t n = 1 + raw_draw(&raw) % 3000;
    const size_t count = n < model->count - i ? n : model->count - i;
    assert_int_equal(pl_index_append_rows(a, &model->rows[i][0], count), PL_OK);
    i += count;
  }
  assert_int_equal(pl_index_append_finish(a), PL_OK);
}

static void test_append(void** state) {
  (void)state;
  raw_model model;
  raw_model_init(&model, 4, MODEL_ROWS);
  raw_begin(&raw, true);
  const pl_index index = pl_index_of(&raw.txn, PL_DB_OSP);
  append(index, &model, 85);
  check_all(index, &model);
  for (size_t i = 0; i < 50000; i++) {
    const raw_row row = {i / 7, i % 7, raw_draw(&raw) % 100, i % 3};
    memcpy(model.rows[model.count++], row, sizeof(row));
  }
  append(index, &model, 85);
  check_all(index, &model);
  pl_index_append* a;
  assert_int_equal(pl_index_append_open(index, 85, &raw.txn.mem, &a), PL_ERR_MISUSE);
  const pl_index empty = pl_index_of(&raw.txn, PL_DB_CSPO);
  assert_int_equal(pl_index_append_open(empty, 85, &raw.txn.mem, &a), PL_OK);
  assert_int_equal(pl_index_append_rows(a, &model.rows[5][0], 1), PL_OK);
  assert_int_equal(pl_index_append_rows(a, &model.rows[5][0], 1), PL_ERR_MISUSE);
  pl_index_append_abort(a);
  free(model.rows);
  raw_commit(&raw);
}

static void count_damage(void* user, const char* text) {
  assert_non_null(text);
  ++*(int*)user;
}

static void test_damage(void** state) {
  (void)state;
  raw_begin(&raw, true);
  const pl_index index = pl_index_of(&raw.txn, PL_DB_PSO);
  uint64_t rows[300][4];
  for (uint64_t i = 0; i < 300; i++) {
    const raw_row row = {1, i, i * i, 0};
    memcpy(rows[i], row, sizeof(row));
  }
  assert_int_equal(pl_index_insert(index, rows[0], 300, NULL), PL_OK);
  uint8_t last[32];
  memset(last, 0xff, sizeof(last));
  MDB_val key = {sizeof(last), last};
  MDB_val data;
  const MDB_dbi dbi = raw.store.dbs[PL_DB_PSO];
  assert_int_equal(mdb_get(raw.txn.mdb, dbi, &key, &data), 0);
  uint8_t copy[4080];
  memcpy(copy, data.mv_data, data.mv_size);
  copy[0] = 9;
  data.mv_data = copy;
  assert_int_equal(mdb_put(raw.txn.mdb, dbi, &key, &data, 0), 0);
  bool found;
  assert_int_equal(pl_index_contains(index, rows[0], &found), PL_ERR_CORRUPT);
  assert_int_equal(pl_index_insert(index, rows[0], 1, NULL), PL_ERR_CORRUPT);
  assert_int_equal(pl_index_delete(index, rows[0], 1, NULL), PL_ERR_CORRUPT);
  assert_non_null(strstr(raw.err.items[0].text, "index `pso`, block the last one: its header is wrong"));
  pl_error_clear(&raw.err);
  int damage = 0;
  const pl_verifier verifier = {.on_damage = count_damage, .user = &damage};
  assert_int_equal(pl_index_verify(index, &raw.txn.mem, &verifier), PL_OK);
  assert_int_equal(damage, 1);
  copy[0] = 1;
  assert_int_equal(mdb_del(raw.txn.mdb, dbi, &key, NULL), 0);
  memset(last, 0, sizeof(last));
  assert_int_equal(mdb_put(raw.txn.mdb, dbi, &key, &data, 0), 0);
  damage = 0;
  assert_int_equal(pl_index_verify(index, &raw.txn.mem, &verifier), PL_OK);
  assert_int_equal(damage, 2);  // rows beyond the bound, and no last block
  raw_commit(&raw);
}

/// Too little memory is an error at every step, and nothing stays allocated.
static void test_no_memory(void** state) {
  (void)state;
  raw_begin(&raw, true);
  const pl_index index = pl_index_of(&raw.txn, PL_DB_SPO);
  const raw_row row = {1, 2, 3, 0};
  for (size_t limit = 0; limit < 400000; limit += 7000) {
    raw.txn.mem.bytes_max = limit;
    const pl_status inserted = pl_index_insert(index, row, 1, NULL);
    const pl_status deleted = pl_index_delete(index, row, 1, NULL);
    const pl_status verified = pl_index_verify(index, &raw.txn.mem, &(pl_verifier){.on_damage = raw_no_damage});
    assert_true(inserted == PL_OK || inserted == PL_ERR_LIMIT);
    assert_true(deleted == PL_OK || deleted == PL_ERR_LIMIT);
    assert_true(verified == PL_OK || verified == PL_ERR_LIMIT);
    assert_int_equal(raw.txn.mem.bytes_used, 0);
    pl_error_clear(&raw.err);
  }
  raw.txn.mem.bytes_max = SIZE_MAX;
  assert_int_equal(pl_index_insert(index, row, 1, NULL), PL_OK);
  raw_commit(&raw);
}

static int setup(void** state) {
  (void)state;
  raw_open(&raw);
  return 0;
}

static int teardown(void** state) {
  (void)state;
  raw_close(&raw);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_model, setup, teardown),
      cmocka_unit_test_setup_teardown(test_single_rows, setup, teardown),
      cmocka_unit_test_setup_teardown(test_append, setup, teardown),
      cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
      cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
