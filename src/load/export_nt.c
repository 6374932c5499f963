/// N-Triples and N-Quads. An assertion is one record of several lines, so that its annotations follow its reifier.
#include <stdlib.h>

#include "load/export_internal.h"

#define REIFIES "<" PL_RDF "reifies>"

/// Failures stick in the record and are looked at once, when it is done.
static void put_term(pl_export_run* run, const pl_term* term) { (void)pl_term_write_nt(&run->record, term); }
static void put(pl_export_run* run, pl_str text) { (void)pl_buf_str(&run->record, text); }

static void put_triple(pl_export_run* run, const pl_term* s, const pl_term* p, const pl_term* o) {
  put_term(run, s);
  put(run, PL_STR(" "));
  put_term(run, p);
  put(run, PL_STR(" "));
  put_term(run, o);
}

static int compare_texts(const void* a, const void* b) {
  const pl_str* const x = a;
  const pl_str* const y = b;
  return pl_str_cmp(*x, *y);
}

/// The annotations as lines, sorted, each in the row's arena.
static pl_status annotation_lines(pl_export_run* run, const char* label, pl_str** out, size_t* count) {
  pl_annotation_row* rows;
  PL_TRY(pl_export_annotations(run, run->row.ids[PL_C], &rows, count));
  pl_str* const lines = PL_ARENA_ARRAY(&run->arena, pl_str, *count);
  if (!lines) {
    return pl_export_nomem(run);
  }
  const pl_term node = {.kind = PL_TERM_BLANK, .text = pl_str_c(label)};
  for (size_t i = 0; i < *count; i++) {
    pl_buf_clear(&run->record);
    put_triple(run, &node, &rows[i].terms.predicate, &rows[i].terms.object);
    put(run, PL_STR(" .\n"));
    lines[i] = pl_arena_str(&run->arena, pl_buf_view(&run->record));
    if (run->record.status != PL_OK || !lines[i].data) {
      return pl_export_nomem(run);
    }
  }
  qsort(lines, *count, sizeof(*lines), compare_texts);
  pl_buf_clear(&run->record);
  *out = lines;
  return PL_OK;
}

static pl_status reifier_record(pl_export_run* run) {
  char label[34];
  pl_str* lines = NULL;
  size_t count = 0;
  PL_TRY(pl_export_label(run, run->row.ids[PL_C], label));
  PL_TRY(annotation_lines(run, label, &lines, &count));
  const pl_export_row* const row = &run->row;
  (void)pl_buf_printf(&run->record, "_:%s " REIFIES " <<( ", label);
  put_triple(run, &row->terms[0], &row->terms[1], &row->terms[2]);
  put(run, PL_STR(" )>> .\n"));
  for (size_t i = 0; i < count; i++) {
    put(run, lines[i]);
  }
  return PL_OK;
}

pl_status pl_export_nt_record(pl_export_run* run) {
  const pl_export_row* const row = &run->row;
  if (row->asserted && run->options->assertions) {
    return reifier_record(run);
  }
  put_triple(run, &row->terms[0], &row->terms[1], &row->terms[2]);
  if (row->graph.kind != PL_TERM_NONE && run->options->format == PL_FORMAT_NQ) {
    put(run, PL_STR(" "));
    put_term(run, &row->graph);
  }
  put(run, PL_STR(" .\n"));
  return PL_OK;
}
