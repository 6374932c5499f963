/// Columns of the current row: ids become values and texts here, once each, in the arena of the row.
#include "api/api.h"

// ---- which --------------------------------------------------------------------------------------------------------

static pl_status cell_of(parley_query* q, size_t column, pl_api_cell** out) {
  *out = NULL;
  if (!q->has_row) {
    return pl_fail(pl_api_query_misuse(q), PL_MSG_QUERY_NO_ROW);
  }
  if (column >= q->column_count) {
    return pl_fail(pl_api_query_misuse(q), PL_MSG_QUERY_COLUMN, column, q->column_count);
  }
  *out = &q->cells[column];
  return PL_OK;
}

static bool is_line(const parley_query* q) { return pl_api_query_lines(q); }

static pl_str line_of(const parley_query* q) {
  return (pl_str){q->lines.data + q->line_start, q->line_next - 1 - q->line_start};
}

static pl_id id_of(const parley_query* q, size_t column) {
  return pl_chunk_id(q->chunk, pl_run_slot(q->run, (uint32_t)column), q->row);
}

static const pl_names* names_of(const parley_query* q) {
  return &pl_txn_settings(q->txn ? q->txn->txn : q->own)->names;
}

static pl_status term_of(parley_query* q, pl_id id, pl_term* out) {
  *out = (pl_term){.kind = PL_TERM_NONE};
  const pl_status status = id == PL_ID_NULL ? PL_OK : pl_termpool_term(pl_run_pool(q->run), id, out);
  return status == PL_NOT_FOUND ? PL_OK : status;
}

// ---- texts --------------------------------------------------------------------------------------------------------

typedef pl_status (*write_fn)(pl_buf* out, const pl_names* names, const pl_term* term);

/// A text being written.
typedef struct writer {
  parley_query* q;     ///< whose row
  pl_buf out;          ///< as long as a term may be; paid from the account of the row
  write_fn fn;         ///< how terms are written
  uint32_t unchecked;  ///< elements since the guard was asked
} writer;

/// Labels of a path's nodes.
static pl_status write_path(writer* w, const pl_path_value* path) {
  for (size_t i = 0; i <= path->length; i++) {
    pl_str label;
    PL_TRY(pl_termpool_label(pl_run_pool(w->q->run), path->nodes[i], &label));
    PL_TRY(pl_buf_str(&w->out, i ? PL_STR(" > ") : PL_STR("")));
    PL_TRY(pl_buf_str(&w->out, label));
  }
  return PL_OK;
}

/// A term, a path as its chain, or a list in brackets. A list that holds one list twice, which holds one twice, has an endless text in no time: the buffer and the
/// guard end it.
static pl_status write_id(writer* w, pl_id id, unsigned depth) {
  const pl_id* items;
  size_t count;
  pl_term term;
  pl_path_value path;
  pl_buf* const out = &w->out;
  parley_query* const q = w->q;
  if (w->fn == pl_api_write_text && id != PL_ID_NULL && pl_termpool_path(pl_run_pool(q->run), id, &path)) {
    return write_path(w, &path);
  }
  if (depth < PL_NESTING_MAX && id != PL_ID_NULL && pl_termpool_list(pl_run_pool(q->run), id, &items, &count)) {
    PL_TRY(pl_buf_char(out, '['));
    for (size_t i = 0; i < count; i++) {
      if (++w->unchecked % 1024 == 0) {
        PL_TRY(pl_guard_check(&q->guard, &q->error.diags));
      }
      PL_TRY(pl_buf_str(out, i ? PL_STR(", ") : PL_STR("")));
      PL_TRY(write_id(w, items[i], depth + 1));
    }
    return pl_buf_char(out, ']');
  }
  PL_TRY(term_of(q, id, &term));
  return w->fn(out, names_of(q), &term);
}

/// A failure gets its message: only reading or keeping a term reaches a limit without one.
static void tell(parley_query* q, pl_status status) {
  if (status == PL_ERR_LIMIT && q->error.diags.error_count == 0) {
    (void)pl_fail_memory(&q->error.diags, "the text of a column", q->limits.memory_bytes);
  }
  pl_api_error_complete(&q->error.diags, status);
}

/// Keep what was written, or say why it could not be.
static pl_status writer_end(writer* w, pl_status status, pl_str* out) {
  const pl_mem* const mem = w->out.mem;
  pl_error* const err = &w->q->error.diags;
  pl_str kept = {NULL, 0};
  if (status == PL_OK) {
    kept = pl_arena_str(&w->q->arena_row, pl_buf_view(&w->out));
    status = kept.data ? PL_OK : pl_mem_status(mem);
  }
  if (status == PL_ERR_LIMIT) {
    status = mem->limit_hit ? pl_fail_memory(err, "the text of a column", mem->bytes_max)
                            : pl_fail(err, PL_MSG_TEXT_LONG, PL_TERM_BYTES_MAX);
  }
  pl_buf_free(&w->out);
  *out = kept;
  return status;
}

static void writer_begin(writer* w, parley_query* q, write_fn fn) {
  *w = (writer){.q = q, .fn = fn};
  pl_buf_init(&w->out, &q->mem_row, PL_TERM_BYTES_MAX);
}

static pl_status text_of(parley_query* q, write_fn fn, pl_id id, pl_str* out) {
  writer w;
  writer_begin(&w, q, fn);
  return writer_end(&w, write_id(&w, id, 0), out);
}

static pl_status line_text(parley_query* q, write_fn fn, pl_str* out) {
  writer w;
  const pl_term term = pl_term_string(line_of(q));
  writer_begin(&w, q, fn);
  return writer_end(&w, fn(&w.out, NULL, &term), out);
}

static pl_status make_text(parley_query* q, size_t column, bool source, pl_str* text) {
  const write_fn fn = source ? pl_api_write_source : pl_api_write_text;
  return is_line(q) ? line_text(q, fn, text) : text_of(q, fn, id_of(q, column), text);
}

/// Text of a column, made when it is first asked for; data is NULL on failure.
static pl_str column_text(parley_query* q, size_t column, bool source) {
  static const pl_str none = {NULL, 0};
  pl_api_cell* cell;
  if (!q || cell_of(q, column, &cell) != PL_OK) {
    return none;
  }
  pl_str* const text = source ? &cell->source : &cell->text;
  const pl_status status = text->data ? PL_OK : make_text(q, column, source, text);
  if (status != PL_OK) {
    tell(q, status);
    return none;
  }
  return *text;
}

const char* parley_column_text(parley_query* query, size_t column) { return column_text(query, column, false).data; }
size_t parley_column_text_len(parley_query* query, size_t column) { return column_text(query, column, false).len; }
const char* parley_column_source(parley_query* query, size_t column) { return column_text(query, column, true).data; }

static pl_status item_text(parley_query* q, size_t column, size_t item, pl_str* text) {
  pl_api_cell* cell;
  const pl_id* ids;
  size_t count;
  PL_TRY(cell_of(q, column, &cell));
  if (is_line(q) || !pl_termpool_list(pl_run_pool(q->run), id_of(q, column), &ids, &count)) {
    return pl_fail(pl_api_query_misuse(q), PL_MSG_QUERY_NOT_LIST, column);
  }
  if (item >= count) {
    return pl_fail(pl_api_query_misuse(q), PL_MSG_QUERY_ITEM, item, count);
  }
  return text_of(q, pl_api_write_text, ids[item], text);
}

const char* parley_column_item_text(parley_query* query, size_t column, size_t item, size_t* len) {
  pl_str text = {NULL, 0};
  const pl_status status = query ? item_text(query, column, item, &text) : PL_ERR_MISUSE;
  if (query && status != PL_OK) {
    tell(query, status);
  }
  if (len) {
    *len = text.len;
  }
  return text.data;
}

// ---- values -------------------------------------------------------------------------------------------------------

static pl_status value_of(parley_query* q, pl_id id, parley_value* out) {
  pl_term term;
  if (id != PL_ID_NULL && pl_termpool_is_list(pl_run_pool(q->run), id)) {
    *out = (parley_value){.type = PARLEY_LIST};
    pl_str text;
    PL_TRY(text_of(q, pl_api_write_text, id, &text));
    out->text = text.data;
    out->text_len = text.len;
    return PL_OK;
  }
  PL_TRY(term_of(q, id, &term));
  return pl_api_value_out(&term, &q->arena_row, out);
}

static pl_status make_value(parley_query* q, size_t column, pl_api_cell* cell) {
  if (cell->has_value) {
    return PL_OK;
  }
  if (is_line(q)) {
    const pl_term term = pl_term_string(line_of(q));
    PL_TRY(pl_api_value_out(&term, &q->arena_row, &cell->value));
  } else {
    PL_TRY(value_of(q, id_of(q, column), &cell->value));
  }
  cell->has_value = true;
  return PL_OK;
}

parley_status parley_column(parley_query* query, size_t column, parley_value* value) {
  pl_api_cell* cell;
  if (!query) {
    return PARLEY_MISUSE;
  }
  if (!value) {
    return pl_api_status(pl_fail(pl_api_query_misuse(query), PL_MSG_API_NULL, "parley_column", "value"));
  }
  pl_status status = cell_of(query, column, &cell);
  if (status == PL_OK) {
    status = make_value(query, column, cell);
    if (status == PL_OK) {
      *value = cell->value;
    } else {
      tell(query, status);
    }
  }
  return pl_api_status(status);
}

static pl_status make_items(parley_query* q, size_t column, pl_api_cell* cell) {
  const pl_id* ids;
  size_t count;
  if (is_line(q) || !pl_termpool_list(pl_run_pool(q->run), id_of(q, column), &ids, &count)) {
    return pl_fail(pl_api_query_misuse(q), PL_MSG_QUERY_NOT_LIST, column);
  }
  parley_value* const items = PL_ARENA_ARRAY(&q->arena_row, parley_value, count + 1);
  if (!items) {
    return PL_ERR_NOMEM;
  }
  for (size_t i = 0; i < count; i++) {
    PL_TRY(value_of(q, ids[i], &items[i]));
  }
  cell->items = items;
  cell->item_count = count;
  return PL_OK;
}

parley_status parley_column_list(parley_query* query, size_t column, const parley_value** values, size_t* count) {
  pl_api_cell* cell;
  if (!query) {
    return PARLEY_MISUSE;
  }
  if (!values || !count) {
    return pl_api_status(pl_fail(pl_api_query_misuse(query), PL_MSG_API_NULL, "parley_column_list", "values"));
  }
  pl_status status = cell_of(query, column, &cell);
  if (status == PL_OK && !cell->items) {
    status = make_items(query, column, cell);
  }
  if (status != PL_OK) {
    tell(query, status);
    return pl_api_status(status);
  }
  *values = cell->items;
  *count = cell->item_count;
  return PARLEY_OK;
}
