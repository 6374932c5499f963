// Records are the key, then the ids of the row (32 bytes); texts are made of the ids again where there is a difference. See diff.h.
#include "load/diff.h"

#include "load/export_internal.h"

#include <stdlib.h>

enum { SCAN_ROWS = 1024, IDS_BYTES = 4 * sizeof(pl_id) };
static const size_t SORT_BYTES_DEFAULT = (size_t)32 << 20;

typedef struct diff_side {
  pl_export_run run;  ///< reads terms and annotations, sorts
  bool anonymous;     ///< source, span and graph are not compared
  bool ended;         ///< no record left
  pl_str key;         ///< of the record at hand, in `record`
  size_t fact_len;    ///< of the key, its part that names the fact
  pl_id ids[4];       ///< of the record at hand
  pl_buf record;      ///< the record at hand
  pl_buf fact;        ///< key of the last fact that only this side has
} diff_side;

typedef struct differ {
  const pl_diff_options* options;
  pl_error* err;
  diff_side sides[2];
  pl_buf text;  ///< a difference as text
} differ;

// ---- records ------------------------------------------------------------------------------------------------------

static int compare_texts(const void* a, const void* b) { return pl_str_cmp(*(const pl_str*)a, *(const pl_str*)b); }

static bool is_place(const pl_annotation_row* row) {
  return row->predicate == PL_KNOWN(SOURCE) || row->predicate == PL_KNOWN(SPAN);
}

/// Append the annotations of the row at hand to its record.
static pl_status put_annotations(diff_side* side) {
  pl_export_run* const run = &side->run;
  pl_annotation_row* rows = NULL;
  size_t count = 0;
  size_t used = 0;
  PL_TRY(pl_export_annotations(run, run->row.ids[PL_C], &rows, &count));
  pl_str* const texts = PL_ARENA_ARRAY(&run->arena, pl_str, count + 1);
  const size_t start = run->record.len;
  for (size_t i = 0; texts && i < count; i++) {
    if (side->anonymous && is_place(&rows[i])) {
      continue;
    }
    (void)pl_term_write_nt(&run->record, &rows[i].terms.predicate);
    (void)pl_buf_char(&run->record, ' ');
    (void)pl_term_write_nt(&run->record, &rows[i].terms.object);
    (void)pl_buf_char(&run->record, '\1');
    texts[used] = (pl_str){NULL, 0};
    if (run->record.status == PL_OK) {
      texts[used] = pl_arena_str(&run->arena, (pl_str){run->record.data + start, run->record.len - start});
      run->record.len = start;
    }
    if (!texts[used++].data) {
      return pl_export_nomem(run);
    }
  }
  if (!texts) {
    return pl_export_nomem(run);
  }
  qsort(texts, used, sizeof(*texts), compare_texts);
  for (size_t i = 0; i < used; i++) {
    (void)pl_buf_str(&run->record, texts[i]);
  }
  return PL_OK;
}

static pl_status add_row(diff_side* side, const pl_id ids[4]) {
  pl_export_run* const run = &side->run;
  PL_TRY(pl_export_read(run, ids));
  pl_buf_clear(&run->record);
  for (int i = 0; i < 3; i++) {
    (void)pl_term_write_nt(&run->record, &run->row.terms[i]);
    (void)pl_buf_char(&run->record, '\1');
  }
  if (run->row.asserted) {
    PL_TRY(put_annotations(side));
  } else if (run->row.graph.kind != PL_TERM_NONE && !side->anonymous) {
    (void)pl_term_write_nt(&run->record, &run->row.graph);
    (void)pl_buf_char(&run->record, '\1');
  }
  (void)pl_buf_char(&run->record, '\0');
  if (pl_buf_append(&run->record, ids, IDS_BYTES) != PL_OK) {
    return pl_export_nomem(run);
  }
  return pl_linesort_add(run->sort, pl_buf_view(&run->record));
}

/// Add the rows of a range. `columns[i]` receives column i of the order.
static pl_status add_range(differ* d, diff_side* side, pl_scan* scan, pl_order order, const pl_id* prefix, unsigned n) {
  pl_id columns[4][SCAN_ROWS];
  pl_id* const out[4] = {columns[0], columns[1], columns[2], columns[3]};
  PL_TRY(pl_scan_range(scan, prefix, n, 0, UINT64_MAX));
  for (;;) {
    size_t count = 0;
    PL_TRY(pl_scan_fill(scan, out, SCAN_ROWS, &count));
    for (size_t i = 0; i < count; i++) {
      pl_id ids[4];
      for (int k = 0; k < 4; k++) {
        ids[pl_order_columns[order][k]] = columns[k][i];
      }
      PL_TRY(i % 64 == 0 ? pl_guard_check(d->options->guard, d->err) : PL_OK);
      PL_TRY(add_row(side, ids));
    }
    if (count == 0) {
      return PL_OK;
    }
  }
}

static pl_status add_all(differ* d, diff_side* side, pl_order order, const pl_id* prefix, unsigned n) {
  pl_scan* scan = NULL;
  PL_TRY(pl_scan_open(side->run.txn, order, PL_SCAN_ROWS, NULL, &side->run.mem, &scan));
  const pl_status status = add_range(d, side, scan, order, prefix, n);
  pl_scan_close(scan);
  return status;
}

/// Add what the assertions, or graphs, of one list say: column `at` of the range's rows names them.
static pl_status add_said(differ* d, diff_side* side, pl_order order, pl_id source, int at) {
  pl_scan* list = NULL;
  pl_scan* rows = NULL;
  pl_mem* const mem = &side->run.mem;
  const pl_id prefix[2] = {PL_KNOWN(SOURCE), source};
  pl_status status =
      pl_scan_open(side->run.txn, order, order == PL_ORDER_POC ? PL_SCAN_ROWS : PL_SCAN_FACTS, NULL, mem, &list);
  if (status == PL_OK) {
    status = pl_scan_open(side->run.txn, PL_ORDER_CSPO, PL_SCAN_ROWS, NULL, mem, &rows);
  }
  if (status == PL_OK) {
    status = pl_scan_range(list, prefix, 2, 0, UINT64_MAX);
  }
  while (status == PL_OK) {
    pl_id cs[256];
    pl_id* out[4] = {NULL, NULL, NULL, NULL};
    size_t count = 0;
    out[at] = cs;
    status = pl_scan_fill(list, out, PL_COUNT_OF(cs), &count);
    for (size_t i = 0; i < count && status == PL_OK; i++) {
      status = add_range(d, side, rows, PL_ORDER_CSPO, &cs[i], 1);
    }
    if (count == 0) {
      break;
    }
  }
  pl_scan_close(rows);
  pl_scan_close(list);
  return status;
}

static pl_status collect(differ* d, diff_side* side, const pl_term* source) {
  pl_id id = PL_ID_NULL;
  if (source) {
    const pl_status found = pl_dict_find(side->run.txn, source, &id);
    if (found != PL_OK) {
      return found == PL_NOT_FOUND ? PL_OK : found;
    }
    PL_TRY(add_said(d, side, PL_ORDER_POC, id, 2));
    PL_TRY(add_said(d, side, PL_ORDER_POS, id, 2));
    return add_all(d, side, PL_ORDER_CSPO, &id, 1);  // a named graph is a source itself
  }
  return add_all(d, side, PL_ORDER_SPO, NULL, 0);
}

// ---- comparing ----------------------------------------------------------------------------------------------------

/// Length of the part of a key that names the fact: behind its third 01.
static size_t fact_length(pl_str key) {
  size_t at = 0;
  for (int k = 0; k < 3; k++) {
    const char* const end = memchr(key.data + at, '\1', key.len - at);
    assert(end);
    at = (size_t)(end - key.data) + 1;
  }
  return at;
}

/// Next record whose key differs from the one at hand (two sources may leave equal ones).
static pl_status advance(diff_side* side) {
  for (;;) {
    pl_str next;
    const pl_status status = pl_linesort_next(side->run.sort, &next);
    if (status != PL_OK) {
      side->ended = status == PL_DONE;
      return side->ended ? PL_OK : status;
    }
    const pl_str key = {next.data, next.len - IDS_BYTES};
    if (side->key.data && pl_str_eq(key, side->key)) {
      continue;
    }
    pl_buf_clear(&side->record);
    if (pl_buf_str(&side->record, next) != PL_OK) {
      return pl_export_nomem(&side->run);
    }
    side->key = (pl_str){side->record.data, key.len};
    side->fact_len = fact_length(side->key);
    memcpy(side->ids, side->record.data + key.len, IDS_BYTES);
    return PL_OK;
  }
}

static void put_name(differ* d, const diff_side* side, const pl_term* term) {
  (void)pl_term_write_name(&d->text, &pl_txn_settings(side->run.txn)->names, d->options->reserved, term);
}

/// The row at hand as a query writes it: `s p o { source x ; confidence 0.9 }`.
static pl_status make_text(differ* d, diff_side* side) {
  pl_export_run* const run = &side->run;
  pl_buf_clear(&d->text);
  for (int i = 0; i < 3; i++) {
    (void)(i ? pl_buf_char(&d->text, ' ') : PL_OK);
    put_name(d, side, &run->row.terms[i]);
  }
  if (run->row.asserted) {
    pl_annotation_row* rows = NULL;
    size_t count = 0;
    PL_TRY(pl_export_annotations(run, run->row.ids[PL_C], &rows, &count));
    for (size_t i = 0; i < count; i++) {
      (void)pl_buf_str(&d->text, pl_str_c(i ? " ; " : " { "));
      put_name(d, side, &rows[i].terms.predicate);
      (void)pl_buf_char(&d->text, ' ');
      put_name(d, side, &rows[i].terms.object);
    }
    (void)pl_buf_str(&d->text, pl_str_c(count ? " }" : ""));
  } else if (run->row.graph.kind != PL_TERM_NONE) {
    (void)pl_buf_str(&d->text, PL_STR(" as "));
    put_name(d, side, &run->row.graph);
  }
  return d->text.status == PL_OK ? PL_OK : pl_export_nomem(run);
}

/// Report this side's record. `both` is the last fact that both sides have.
static pl_status report(differ* d, int at, pl_str both) {
  diff_side* const side = &d->sides[at];
  pl_export_run* const run = &side->run;
  const pl_str fact = {side->key.data, side->fact_len};
  pl_difference difference = {.side = at ? 1 : -1};
  difference.fact_kept = pl_str_eq(both, fact) || pl_str_eq(pl_buf_view(&side->fact), fact);
  pl_buf_clear(&side->fact);
  if (pl_buf_str(&side->fact, fact) != PL_OK) {
    return pl_export_nomem(run);
  }
  PL_TRY(pl_export_read(run, side->ids));
  PL_TRY(make_text(d, side));
  pl_buf_clear(&run->record);
  PL_TRY(pl_export_jsonl_record(run));
  if (run->record.status != PL_OK) {
    return pl_export_nomem(run);
  }
  run->record.data[--run->record.len] = '\0';
  difference.json = pl_buf_view(&run->record);
  difference.text = pl_buf_view(&d->text);
  return d->options->write(d->options->user, &difference) == 0 ? PL_OK : pl_fail(d->err, PL_MSG_INTERRUPTED);
}

/// A fact that both sides have is met on both at once, before any statement of it that only one of them has: `both` keeps it.
static pl_status compare(differ* d, pl_buf* both) {
  diff_side* const a = &d->sides[0];
  diff_side* const b = &d->sides[1];
  PL_TRY(advance(a));
  PL_TRY(advance(b));
  for (uint64_t i = 0; !a->ended || !b->ended; i++) {
    PL_TRY(i % 64 == 0 ? pl_guard_check(d->options->guard, d->err) : PL_OK);
    const bool same_fact =
        !a->ended && !b->ended && a->fact_len == b->fact_len && memcmp(a->key.data, b->key.data, a->fact_len) == 0;
    if (same_fact) {
      pl_buf_clear(both);
      if (pl_buf_append(both, a->key.data, a->fact_len) != PL_OK) {
        return pl_fail(d->err, PL_MSG_NOMEM);
      }
    }
    const int c = a->ended ? 1 : b->ended ? -1 : pl_str_cmp(a->key, b->key);
    if (c != 0) {
      PL_TRY(report(d, c > 0, pl_buf_view(both)));
    }
    PL_TRY(c <= 0 ? advance(a) : PL_OK);
    PL_TRY(c >= 0 ? advance(b) : PL_OK);
  }
  return PL_OK;
}

static pl_status side_begin(differ* d, int at, pl_txn* txn) {
  diff_side* const side = &d->sides[at];
  const size_t bytes = d->options->sort_bytes ? d->options->sort_bytes : SORT_BYTES_DEFAULT;
  side->anonymous = d->options->source[0] && d->options->source[1];
  const pl_status status = pl_export_begin(&side->run, txn, bytes, d->options->guard);
  pl_buf_init(&side->record, &side->run.mem, SIZE_MAX / 2);
  pl_buf_init(&side->fact, &side->run.mem, SIZE_MAX / 2);
  return status;
}

static void side_end(diff_side* side) {
  pl_buf_free(&side->record);
  pl_buf_free(&side->fact);
  pl_export_end(&side->run);
}

pl_status pl_diff(pl_txn* a, pl_txn* b, const pl_diff_options* options, pl_error* err) {
  differ d = {.options = options, .err = err};
  pl_txn* const txns[2] = {a, b};
  pl_buf both;
  pl_mem mem;
  pl_txn_mem_init(a, &mem, SIZE_MAX);
  pl_buf_init(&d.text, &mem, SIZE_MAX / 2);
  pl_buf_init(&both, &mem, SIZE_MAX / 2);
  pl_status status = PL_OK;
  for (int i = 0; i < 2; i++) {
    const pl_status begun = side_begin(&d, i, txns[i]);
    status = status == PL_OK ? begun : status;
  }
  for (int i = 0; i < 2 && status == PL_OK; i++) {
    status = collect(&d, &d.sides[i], options->source[i]);
    status = status == PL_OK ? pl_linesort_finish(d.sides[i].run.sort) : status;
  }
  if (status == PL_OK) {
    status = compare(&d, &both);
  }
  for (int i = 0; i < 2; i++) {
    side_end(&d.sides[i]);
  }
  pl_buf_free(&d.text);
  pl_buf_free(&both);
  return status;
}
