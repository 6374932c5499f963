/// Scans against a sorted array: every mode, lens, range, seek and fill size delivers exactly the rows, or the runs of rows, that a plain
/// loop does.
#include "store_raw.h"

#define MODEL_ROWS 40000u
#define OUT_ROWS 3000u

static raw_store raw;
static raw_model model;
static pl_id out[4][OUT_ROWS];
static uint64_t times[OUT_ROWS];

/// Assertions, named graphs, and, where `plain`, plain statements.
static pl_id draw_c(bool plain) {
  const uint64_t r = raw_draw(&raw);
  if (plain && r % 3 == 0) {
    return 0;
  }
  return r % 3 == 1 ? pl_id_make(PL_TAG_IRI, (r >> 8) % 20) : pl_id_make(PL_TAG_ASSERTION, 1 + (r >> 8) % 50);
}

/// Fill one order with rows. In half of the id range c stays 0, so that blocks of all kinds come about.
static void make_store(pl_order order, size_t rows) {
  raw_model_init(&model, pl_order_width[order], MODEL_ROWS);
  uint64_t* flat = calloc(rows, sizeof(raw_row));
  raw_row* batch = calloc(rows, sizeof(raw_row));
  assert_true(flat && batch);
  for (size_t i = 0; i < rows; i++) {
    for (uint32_t k = 0; k < model.columns; k++) {
      const uint64_t r = raw_draw(&raw);
      const bool sparse = i % 3 == 0;
      if (pl_order_columns[order][k] == PL_C) {
        batch[i][k] = k == 3 && batch[i][0] % 97 < 48 ? 0 : draw_c(k == 3);
      } else {
        batch[i][k] = pl_id_make(k == 2 && r % 2 ? PL_TAG_STRING : PL_TAG_IRI, (r >> 8) % (sparse   ? 2000
                                                                                           : k == 0 ? 300
                                                                                                    : 6));
      }
    }
  }
  model.count = raw_pack(batch, rows, model.columns, flat);
  memcpy(model.rows, batch, model.count * sizeof(raw_row));
  raw_begin(&raw, true);
  assert_int_equal(pl_index_insert(pl_index_of(&raw.txn, (pl_db)order), flat, model.count, NULL), PL_OK);
  raw_commit(&raw);
  free(flat);
  free(batch);
}

static uint32_t c_column_of(pl_order order) {
  uint32_t k = 0;
  while (pl_order_columns[order][k] != PL_C) {
    k++;
  }
  return k;
}

/// The model's side of a scan: next row to deliver from *at on, or SIZE_MAX.
typedef struct expect {
  size_t at;            ///< next model row to look at
  size_t end;           ///< range end
  uint32_t c_column;    ///< of the order
  pl_scan_mode mode;    ///< of the scan
  const pl_pass* pass;  ///< of the scan
  raw_row last;         ///< fact delivered last
  bool started;         ///< there is one
} expect;

static size_t expect_next(expect* e) {
  for (; e->at < e->end; e->at++) {
    const uint64_t* row = model.rows[e->at];
    const pl_id c = row[e->c_column];
    if ((e->pass && !pl_pass_c(e->pass, c)) || (e->mode == PL_SCAN_ASSERTIONS && c == 0)) {
      continue;
    }
    if (e->mode == PL_SCAN_FACTS) {
      if (e->started && memcmp(e->last, row, 24) == 0) {
        continue;
      }
      memcpy(e->last, row, sizeof(e->last));
      e->started = true;
    }
    return e->at++;
  }
  return SIZE_MAX;
}

static expect expect_range(const expect* kind, const pl_id* prefix, unsigned n, pl_id low, pl_id high) {
  expect e = *kind;
  raw_row from = {0};
  raw_row to;
  memset(to, 0xff, sizeof(to));
  for (unsigned k = 0; k < n; k++) {
    from[k] = to[k] = prefix[k];
  }
  if (n < model.columns) {
    from[n] = low;
    to[n] = high;
  }
  e.at = e.end = raw_lower(&model, from);
  while (e.end < model.count && raw_by_row(model.rows[e.end], to) <= 0) {
    e.end++;
  }
  e.started = false;
  return e;
}

static void draw_range(pl_id* prefix, unsigned* n, pl_id* low, pl_id* high) {
  const uint64_t* row = model.rows[raw_draw(&raw) % model.count];
  const uint64_t* other = model.rows[raw_draw(&raw) % model.count];
  *n = (unsigned)(raw_draw(&raw) % (model.columns + 1));
  memcpy(prefix, row, *n * sizeof(*prefix));
  if (*n > 0 && raw_draw(&raw) % 10 == 0) {
    prefix[*n - 1] ^= 3;
  }
  *low = 0;
  *high = UINT64_MAX;
  if (*n < model.columns && raw_draw(&raw) % 2) {
    *low = row[*n];
    *high = other[*n];
  }
}

/// Fill to the end, with now and then a seek, comparing row by row.
static void compare_scan(pl_scan* scan, expect* e, bool seeks, uint32_t wanted) {
  size_t count = 1;
  while (count > 0) {
    const size_t max = 1 + raw_draw(&raw) % (raw_draw(&raw) % 2 ? 20 : OUT_ROWS);
    pl_id* columns[4];
    for (uint32_t k = 0; k < 4; k++) {
      columns[k] = wanted >> k & 1 && k < model.columns ? out[k] : NULL;
    }
    assert_int_equal(pl_scan_fill(scan, columns, max, &count), PL_OK);
    for (size_t i = 0; i < count; i++) {
      const size_t row = expect_next(e);
      assert_true(row != SIZE_MAX);
      for (uint32_t k = 0; k < model.columns; k++) {
        // Of a fact any of its rows may stand for c.
        assert_true(!columns[k] || (k == 3 && e->mode == PL_SCAN_FACTS) || columns[k][i] == model.rows[row][k]);
      }
    }
    if (count < max) {
      assert_true(expect_next(e) == SIZE_MAX);
    }
    if (seeks && raw_draw(&raw) % 3 == 0) {
      raw_row key = {0};
      const unsigned n = (unsigned)(1 + raw_draw(&raw) % (e->mode == PL_SCAN_FACTS ? 3 : model.columns));
      const size_t ahead = e->at + raw_draw(&raw) % (raw_draw(&raw) % 2 ? 30 : 3000);
      memcpy(key, model.rows[ahead < model.count ? ahead : model.count - 1], n * sizeof(*key));
      key[n - 1] += raw_draw(&raw) % 2;
      assert_int_equal(pl_scan_seek(scan, key, n), PL_OK);
      const size_t at = raw_lower(&model, key);
      e->at = at > e->at ? at : e->at;
      e->at = e->at < e->end ? e->at : e->end;
    }
  }
}

/// The run that begins with the next row: its length, and its first row in *row.
static uint64_t expect_run(expect* e, unsigned n, size_t* row) {
  *row = expect_next(e);
  uint64_t rows = *row != SIZE_MAX;
  for (;;) {
    const expect before = *e;
    const size_t next = expect_next(e);
    if (next == SIZE_MAX || memcmp(model.rows[next], model.rows[*row], n * sizeof(pl_id)) != 0) {
      *e = before;
      return rows;
    }
    rows++;
  }
}

/// Runs to the end, in calls of any size, now and then with rows read between them.
static void compare_runs(pl_scan* scan, expect* e, unsigned n, uint32_t wanted) {
  size_t count = 1;
  while (count > 0) {
    const size_t max = 1 + raw_draw(&raw) % (raw_draw(&raw) % 2 ? 5 : OUT_ROWS);
    pl_id* columns[4];
    for (uint32_t k = 0; k < 4; k++) {
      columns[k] = wanted >> k & 1 ? out[k] : NULL;
    }
    assert_int_equal(pl_scan_fill_runs(scan, n, columns, times, max, &count), PL_OK);
    for (size_t i = 0; i < count; i++) {
      size_t row;
      assert_int_equal(times[i], expect_run(e, n, &row));
      for (uint32_t k = 0; k < n; k++) {
        assert_true(!columns[k] || columns[k][i] == model.rows[row][k]);
      }
    }
    if (count < max) {
      assert_true(expect_next(e) == SIZE_MAX);
    }
    for (uint64_t rows = raw_draw(&raw) % 8; rows > 5 && count > 0; rows--) {
      pl_id* const nothing[4] = {NULL, NULL, NULL, NULL};
      size_t one;
      assert_int_equal(pl_scan_fill(scan, nothing, 1, &one), PL_OK);
      assert_int_equal(one, expect_next(e) != SIZE_MAX);
    }
  }
}

static void compare_count(pl_scan* scan, expect* e) {
  uint64_t expected = 0;
  uint64_t count;
  while (expect_next(e) != SIZE_MAX) {
    expected++;
  }
  assert_int_equal(pl_scan_count(scan, &count), PL_OK);
  assert_int_equal(count, expected);
  assert_int_equal(pl_scan_count(scan, &count), PL_OK);
  assert_int_equal(count, 0);
}

static void run_scans(pl_order order, pl_scan_mode mode, const pl_pass* pass, int rounds) {
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  const expect kind = {.c_column = c_column_of(order), .mode = mode, .pass = pass, .end = model.count};
  pl_scan* scan;
  raw_begin(&raw, false);
  assert_int_equal(pl_scan_open(&raw.txn, order, mode, pass, &mem, &scan), PL_OK);
  expect whole = kind;
  compare_scan(scan, &whole, false, 15);
  for (unsigned k = 1; k <= (mode == PL_SCAN_FACTS ? 3 : model.columns); k++) {
    whole = kind;
    assert_int_equal(pl_scan_range(scan, NULL, 0, 0, UINT64_MAX), PL_OK);
    compare_runs(scan, &whole, k, 15);
  }
  for (int round = 0; round < rounds; round++) {
    pl_id prefix[4];
    unsigned n;
    pl_id low;
    pl_id high;
    draw_range(prefix, &n, &low, &high);
    expect e = expect_range(&kind, prefix, n, low, high);
    assert_int_equal(pl_scan_range(scan, prefix, n, low, high), PL_OK);
    if (round % 4 == 0) {
      compare_count(scan, &e);
    } else if (round % 4 == 2) {
      const unsigned columns = mode == PL_SCAN_FACTS ? 3 : model.columns;
      const unsigned most = n < columns ? columns : 0;
      if (most > 0) {
        compare_runs(scan, &e, n + 1 + (unsigned)(raw_draw(&raw) % (most - n)), (uint32_t)(raw_draw(&raw) % 16));
      }
    } else {
      compare_scan(scan, &e, round % 2, (uint32_t)(raw_draw(&raw) % 16));
    }
  }
  pl_scan_close(scan);
  raw_commit(&raw);
  assert_int_equal(mem.bytes_used, 0);
}

static void run_lenses(pl_order order, pl_scan_mode mode) {
  static const uint64_t some[] = {(uint64_t)1 << 3 | (uint64_t)1 << 7 | (uint64_t)1 << 20 | (uint64_t)1 << 41};
  const pl_id graphs[] = {pl_id_make(PL_TAG_IRI, 2), pl_id_make(PL_TAG_IRI, 9)};
  const pl_pass passes[] = {
      {.all_graphs = true, .plain = true},
      {.assertions = some, .assertion_count = 42, .plain = true},
      {.assertions = some, .assertion_count = 42, .graphs = graphs, .graph_count = 2},
      {.assertions = some, .assertion_count = 42, .all_graphs = true, .plain = false},
      {.plain = true, .graphs = graphs, .graph_count = 2},
  };
  run_scans(order, mode, NULL, 400);
  for (size_t i = 0; i < PL_COUNT_OF(passes); i++) {
    run_scans(order, mode, &passes[i], 150);
  }
}

static void test_fact_orders(void** state) {
  (void)state;
  make_store(PL_ORDER_POS, 30000);
  run_lenses(PL_ORDER_POS, PL_SCAN_ROWS);
  run_lenses(PL_ORDER_POS, PL_SCAN_FACTS);
  run_lenses(PL_ORDER_POS, PL_SCAN_ASSERTIONS);
  free(model.rows);
}

static void test_other_orders(void** state) {
  (void)state;
  static const pl_order orders[] = {PL_ORDER_CSPO, PL_ORDER_CPO, PL_ORDER_POC};
  for (size_t i = 0; i < PL_COUNT_OF(orders); i++) {
    make_store(orders[i], 10000);
    run_lenses(orders[i], PL_SCAN_ROWS);
    run_lenses(orders[i], PL_SCAN_ASSERTIONS);
    free(model.rows);
  }
}

static void test_empty(void** state) {
  (void)state;
  raw_begin(&raw, false);
  pl_scan* scan;
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_id* const columns[4] = {out[0], out[1], out[2], out[3]};
  size_t count;
  uint64_t rows;
  const pl_id key[4] = {1, 2, 3, 4};
  assert_int_equal(pl_scan_open(&raw.txn, PL_ORDER_SPO, PL_SCAN_FACTS, NULL, &mem, &scan), PL_OK);
  assert_int_equal(pl_scan_fill(scan, columns, 10, &count), PL_OK);
  assert_int_equal(count, 0);
  assert_int_equal(pl_scan_range(scan, key, 4, 0, 0), PL_OK);
  assert_int_equal(pl_scan_seek(scan, key, 2), PL_OK);
  assert_int_equal(pl_scan_count(scan, &rows), PL_OK);
  assert_int_equal(rows, 0);
  assert_int_equal(pl_scan_range(scan, key, 1, 9, 8), PL_OK);
  assert_int_equal(pl_scan_fill(scan, columns, 10, &count), PL_OK);
  assert_int_equal(count, 0);
  assert_int_equal(pl_stats_range(&raw.txn, PL_ORDER_SPO, key, 0, 0, UINT64_MAX, &rows), PL_OK);
  assert_int_equal(rows, 0);
  pl_scan_close(scan);
  raw_commit(&raw);
}

/// Exact in small ranges, within a factor of two in large ones where ids are spread evenly.
static void test_estimates(void** state) {
  (void)state;
  raw_begin(&raw, true);
  const pl_index index = pl_index_of(&raw.txn, PL_DB_SPO);
  pl_index_append* a;
  assert_int_equal(pl_index_append_open(index, 85, &raw.txn.mem, &a), PL_OK);
  const uint64_t rows_all = 1500000;
  for (uint64_t i = 0; i < rows_all; i++) {
    const uint64_t row[4] = {pl_id_make(PL_TAG_IRI, i / 5), i % 5, raw_draw(&raw) >> 24, 0};
    assert_int_equal(pl_index_append_rows(a, row, 1), PL_OK);
  }
  assert_int_equal(pl_index_append_finish(a), PL_OK);
  uint64_t rows;
  const pl_id key[4] = {pl_id_make(PL_TAG_IRI, 1000), 2};
  assert_int_equal(pl_stats_range(&raw.txn, PL_ORDER_SPO, key, 1, 0, UINT64_MAX, &rows), PL_OK);
  assert_int_equal(rows, 5);
  assert_int_equal(pl_stats_range(&raw.txn, PL_ORDER_SPO, key, 2, 0, UINT64_MAX, &rows), PL_OK);
  assert_int_equal(rows, 1);
  assert_int_equal(pl_stats_range(&raw.txn, PL_ORDER_SPO, key, 0, key[0], key[0] + 199, &rows), PL_OK);
  assert_int_equal(rows, 1000);
  assert_int_equal(pl_stats_range(&raw.txn, PL_ORDER_SPO, key, 0, 0, UINT64_MAX, &rows), PL_OK);
  assert_in_range(rows, rows_all / 2, rows_all * 2);
  assert_int_equal(pl_stats_range(&raw.txn, PL_ORDER_SPO, key, 0, key[0], key[0] + 199999, &rows), PL_OK);
  assert_in_range(rows, 500000, 2000000);
  assert_int_equal(pl_stats_range(&raw.txn, PL_ORDER_SPO, key, 0, key[0], key[0] + 19999, &rows), PL_OK);
  assert_in_range(rows, 80000, 120000);
  pl_id ends[16];
  size_t count;
  const pl_id last = key[0] + 199999;
  assert_int_equal(pl_stats_split(&raw.txn, PL_ORDER_SPO, key, 0, key[0], last, 8, ends, 16, &count), PL_OK);
  assert_in_range(count, 7, 15);
  for (size_t i = 0; i <= count; i++) {
    const pl_id from = i == 0 ? key[0] : ends[i - 1] + 1;
    const pl_id to = i == count ? last : ends[i];
    assert_true(from <= to);
    assert_true(i == count || (to - from >= 199999 / 32 && to - from <= 199999 / 4));
  }
  assert_int_equal(pl_stats_split(&raw.txn, PL_ORDER_SPO, key, 1, 0, UINT64_MAX, 1, ends, 16, &count), PL_OK);
  assert_int_equal(count, 0);
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
      cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
      cmocka_unit_test_setup_teardown(test_fact_orders, setup, teardown),
      cmocka_unit_test_setup_teardown(test_other_orders, setup, teardown),
      cmocka_unit_test_setup_teardown(test_estimates, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
