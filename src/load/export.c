/// Rows in id order -> one record of text each -> sorted, duplicates removed -> out. Ids differ between equal stores, texts
/// do not.
#include "load/export.h"

#include "load/export_internal.h"
#include "store/assertion.h"

enum { SCAN_ROWS = 1024, OUT_BYTES = 64 << 10 };

pl_status pl_export_nomem(pl_export_run* run) { return pl_fail(run->err, PL_MSG_NOMEM); }

static pl_status put_flush(pl_export_run* run) {
  if (run->out.len && run->options->write(run->options->user, run->out.data, run->out.len) != 0) {
    return pl_fail(run->err, PL_MSG_EXPORT_WRITE);
  }
  pl_buf_clear(&run->out);
  return PL_OK;
}

pl_status pl_export_put(pl_export_run* run, pl_str text) {
  if (pl_buf_str(&run->out, text) != PL_OK) {
    return pl_export_nomem(run);
  }
  return run->out.len >= OUT_BYTES ? put_flush(run) : PL_OK;
}

pl_status pl_export_label(pl_export_run* run, pl_id c, char label[34]) {
  pl_identity identity;
  PL_TRY(pl_assertion_identity_of(run->txn, c, &identity));
  pl_assertion_label(identity, label);
  return PL_OK;
}

pl_status pl_export_annotations(pl_export_run* run, pl_id c, pl_annotation_row** out, size_t* count) {
  PL_VEC(pl_annotation_row) rows = {0};
  PL_TRY(pl_scan_range(run->annotations, &c, 1, 0, UINT64_MAX));
  pl_status status = PL_OK;
  for (;;) {
    pl_id p[64];
    pl_id o[64];
    pl_id* const columns[4] = {NULL, p, o, NULL};
    size_t got = 0;
    status = pl_scan_fill(run->annotations, columns, PL_COUNT_OF(p), &got);
    for (size_t i = 0; i < got && status == PL_OK; i++) {
      pl_annotation_row row = {.predicate = p[i]};
      status = pl_dict_term(run->txn, p[i], &run->arena, &row.terms.predicate);
      status = status == PL_OK ? pl_dict_term(run->txn, o[i], &run->arena, &row.terms.object) : status;
      if (status == PL_OK && pl_vec_push(&run->mem, &rows, row) != PL_OK) {
        status = pl_export_nomem(run);
      }
    }
    if (status != PL_OK || got == 0) {
      break;
    }
  }
  *count = rows.count;
  *out = NULL;
  if (status == PL_OK) {
    *out = PL_ARENA_ARRAY(&run->arena, pl_annotation_row, rows.count);
    status = *out ? PL_OK : pl_export_nomem(run);
  }
  if (status == PL_OK && rows.count) {
    memcpy(*out, rows.data, rows.count * sizeof(rows.data[0]));
  }
  pl_vec_free(&run->mem, &rows);
  return status;
}

pl_status pl_export_read(pl_export_run* run, const pl_id ids[4]) {
  pl_export_row* const row = &run->row;
  pl_arena_reset(&run->arena);
  if (ids[PL_S] != row->ids[PL_S]) {
    pl_arena_reset(&run->arena_fact);
    row->ids[PL_P] = PL_ID_NULL;
    PL_TRY(pl_dict_term(run->txn, ids[PL_S], &run->arena_fact, &row->terms[PL_S]));
  }
  if (ids[PL_P] != row->ids[PL_P]) {
    PL_TRY(pl_dict_term(run->txn, ids[PL_P], &run->arena_fact, &row->terms[PL_P]));
  }
  memcpy(row->ids, ids, sizeof(row->ids));
  PL_TRY(pl_dict_term(run->txn, ids[PL_O], &run->arena, &row->terms[PL_O]));
  row->asserted = pl_id_tag(ids[PL_C]) == PL_TAG_ASSERTION;
  row->graph = (pl_term){.kind = PL_TERM_NONE};
  return row->asserted || ids[PL_C] == PL_ID_NULL ? PL_OK : pl_dict_term(run->txn, ids[PL_C], &run->arena, &row->graph);
}

static pl_status make_record(pl_export_run* run) {
  pl_buf_clear(&run->record);
  switch (run->options->format) {
    case PL_FORMAT_NT:
    case PL_FORMAT_NQ:
      PL_TRY(pl_export_nt_record(run));
      break;
    case PL_FORMAT_TTL:
      PL_TRY(pl_export_ttl_record(run));
      break;
    default:
      PL_TRY(pl_export_jsonl_record(run));
      break;
  }
  if (run->record.status != PL_OK) {
    return pl_export_nomem(run);
  }
  return pl_linesort_add(run->sort, pl_buf_view(&run->record));
}

static pl_status collect(pl_export_run* run, pl_scan* scan) {
  pl_id columns[4][SCAN_ROWS];
  pl_id* const out[4] = {columns[0], columns[1], columns[2], columns[3]};
  PL_TRY(pl_scan_range(scan, NULL, 0, 0, UINT64_MAX));
  for (;;) {
    size_t count;
    PL_TRY(pl_scan_fill(scan, out, SCAN_ROWS, &count));
    if (count == 0) {
      return pl_linesort_finish(run->sort);
    }
    for (size_t i = 0; i < count; i++) {
      const pl_id ids[4] = {columns[0][i], columns[1][i], columns[2][i], columns[3][i]};
      PL_TRY(i % 64 == 0 ? pl_guard_check(run->options->guard, run->err) : PL_OK);
      PL_TRY(pl_export_read(run, ids));
      PL_TRY(make_record(run));
    }
  }
}

static pl_status write_records(pl_export_run* run) {
  if (run->options->format == PL_FORMAT_TTL) {
    return pl_export_ttl_write(run);
  }
  for (;;) {
    pl_str text;
    const pl_status status = pl_linesort_next(run->sort, &text);
    if (status != PL_OK) {
      return status == PL_DONE ? PL_OK : status;
    }
    PL_TRY(pl_export_put(run, text));
    PL_TRY(pl_guard_check(run->options->guard, run->err));
  }
}

pl_status pl_export_begin(pl_export_run* run, pl_txn* txn, size_t sort_bytes, pl_guard* guard) {
  *run = (pl_export_run){.txn = txn, .err = pl_txn_error(txn)};
  pl_txn_mem_init(txn, &run->mem, SIZE_MAX);
  pl_arena_init(&run->arena, &run->mem);
  pl_arena_init(&run->arena_fact, &run->mem);
  pl_buf_init(&run->record, &run->mem, SIZE_MAX / 2);
  pl_buf_init(&run->out, &run->mem, SIZE_MAX / 2);
  PL_TRY(pl_linesort_new(&run->mem, sort_bytes, guard, run->err, &run->sort));
  return pl_scan_open(txn, PL_ORDER_CPO, PL_SCAN_ROWS, NULL, &run->mem, &run->annotations);
}

void pl_export_end(pl_export_run* run) {
  pl_scan_close(run->annotations);
  pl_linesort_free(run->sort);
  pl_export_jsonl_free(run);
  pl_buf_free(&run->out);
  pl_buf_free(&run->record);
  pl_arena_free(&run->arena_fact);
  pl_arena_free(&run->arena);
}

pl_status pl_export(pl_txn* txn, const pl_export_options* options) {
  const pl_format format = options->format;
  if (format != PL_FORMAT_NT && format != PL_FORMAT_NQ && format != PL_FORMAT_TTL && format != PL_FORMAT_JSONL) {
    return pl_fail(pl_txn_error(txn), PL_MSG_EXPORT_FORMAT, pl_format_name(format));
  }
  pl_export_run run;
  pl_scan* scan = NULL;
  pl_status status = pl_export_begin(&run, txn, 0, options->guard);
  run.options = options;
  if (status == PL_OK) {
    status = pl_scan_open(txn, PL_ORDER_SPO, PL_SCAN_ROWS, NULL, &run.mem, &scan);
  }
  if (status == PL_OK) {
    status = collect(&run, scan);
  }
  if (status == PL_OK) {
    status = write_records(&run);
  }
  if (status == PL_OK) {
    status = put_flush(&run);
  }
  pl_scan_close(scan);
  pl_export_end(&run);
  return status;
}
