/// CSV and TSV (RFC 4180 quoting for both). A row ends at a line end outside quotes; its cells are taken apart by
/// libcsv in strict mode and handed to the maker by column (csv_columns.h). An empty cell is as if the key were absent.
/// When the quotes of a row do not balance, only its first line is given up and reading goes on with the next.
#include <csv.h>

#include "base/utf8.h"
#include "load/csv_columns.h"
#include "load/lines.h"

enum { READ_BYTES = 256 << 10 };

typedef struct csv_reader {
  pl_reader base;             ///< class
  pl_reader_context context;  ///< copy
  pl_maker maker;             ///< of the row at hand
  pl_arena arena;             ///< columns
  struct csv_parser parser;   ///< libcsv
  bool parser_open;           ///< it was initialised
  char delimiter;             ///< , or tab
  pl_columns columns;         ///< known after the header
  PL_VEC(char) window;        ///< bytes read
  size_t pos;                 ///< where the next row begins
  uint64_t offset;            ///< of window.data[0] in the document
  bool end;                   ///< the input has ended
  bool eager;                 ///< hand over what has arrived
  uint64_t line;              ///< of the next row
  uint64_t row;               ///< rows begun (the header is none)
  size_t row_bytes_max;       ///< longest row
  PL_VEC(pl_str) cells;       ///< of the row at hand, in cell_text
  PL_VEC(size_t) cell_ends;   ///< where each ends in cell_text
  pl_buf cell_text;           ///< text of the cells
  bool failed;                ///< memory ran out inside a callback
} csv_reader;

typedef struct csv_row {
  pl_str text;     ///< without the line end
  size_t next;     ///< where the next row begins in the window
  uint64_t lines;  ///< line ends it spans
  pl_msg msg;      ///< what is wrong with it as a whole, or 0
} csv_row;

static int no_space(unsigned char c) {
  PL_UNUSED(c);
  return 0;
}

static pl_status nomem(const csv_reader* r) { return pl_fail(r->context.err, PL_MSG_NOMEM); }

static pl_status open_as(const pl_reader_context* context, char delimiter, const pl_reader_class* class_,
                         pl_reader** out) {
  csv_reader* const r = pl_mem_calloc(context->mem, 1, sizeof(*r));
  if (!r) {
    return pl_fail(context->err, PL_MSG_NOMEM);
  }
  r->base.class_ = class_;
  r->context = *context;
  r->delimiter = delimiter;
  r->line = 1;
  r->row_bytes_max = pl_row_bytes_max(context);
  r->eager = context->options && context->options->commit_every > 0;
  pl_arena_init(&r->arena, context->mem);
  pl_buf_init(&r->cell_text, context->mem, SIZE_MAX / 2);
  *out = &r->base;
  r->parser_open = csv_init(&r->parser, CSV_STRICT | CSV_STRICT_FINI) == 0;
  if (!r->parser_open) {
    return nomem(r);
  }
  csv_set_delim(&r->parser, (unsigned char)delimiter);
  csv_set_space_func(&r->parser, no_space);
  return pl_maker_init(&r->maker, &r->context);
}

static pl_status csv_open(const pl_reader_context* context, pl_reader** out) {
  return open_as(context, ',', &pl_reader_csv, out);
}

static pl_status tsv_open(const pl_reader_context* context, pl_reader** out) {
  return open_as(context, '\t', &pl_reader_tsv, out);
}

static void csv_close(pl_reader* reader) {
  csv_reader* const r = (csv_reader*)reader;
  if (!r) {
    return;
  }
  pl_mem* const mem = r->context.mem;
  if (r->parser_open) {
    csv_free(&r->parser);
  }
  pl_maker_free(&r->maker);
  pl_vec_free(mem, &r->window);
  pl_vec_free(mem, &r->cells);
  pl_vec_free(mem, &r->cell_ends);
  pl_buf_free(&r->cell_text);
  pl_arena_free(&r->arena);
  pl_mem_free(mem, r, sizeof(*r));
}

/// Read more behind what is there, moving the unread part to the front.
static pl_status fill(csv_reader* r) {
  if (r->pos) {
    r->window.count -= r->pos;
    memmove(r->window.data, r->window.data + r->pos, r->window.count);
    r->offset += r->pos;
    r->pos = 0;
  }
  if (pl_vec_reserve(r->context.mem, &r->window, r->window.count + READ_BYTES) != PL_OK) {
    return nomem(r);
  }
  size_t len;
  PL_TRY(pl_bytes_read(r->context.bytes, r->window.data + r->window.count, READ_BYTES, &len));
  r->window.count += len;
  r->end = len == 0;
  return PL_OK;
}

/// The first line of a row that does not end as a row.
static void first_line(const csv_reader* r, pl_msg msg, csv_row* row) {
  const char* const data = r->window.data + r->pos;
  const char* const newline = memchr(data, '\n', r->window.count - r->pos);
  const size_t len = newline ? (size_t)(newline - data) : r->window.count - r->pos;
  *row = (csv_row){.text = {data, len}, .next = r->pos + len + (newline != NULL), .lines = newline != NULL, .msg = msg};
}

/// Find the row that begins at pos. PL_DONE at the end of the document.
static pl_status find_row(csv_reader* r, csv_row* row) {
  size_t i = r->pos;
  uint64_t lines = 0;
  bool quoted = false;
  for (;; i++) {
    // After CR one byte more is needed, for CRLF. After LF it is not: a pipe may keep it back for long.
    const size_t needed = i + (i < r->window.count && r->window.data[i] == '\r');
    if (needed >= r->window.count && !r->end) {
      const size_t done = i - r->pos;
      PL_TRY(fill(r));
      i = r->pos + done;
      i--;
      continue;
    }
    if (i >= r->window.count) {
      break;
    }
    if (i - r->pos > r->row_bytes_max) {
      first_line(r, PL_MSG_ROW_TOO_LONG, row);
      return PL_OK;
    }
    const char c = r->window.data[i];
    quoted ^= c == '"';
    lines += c == '\n';
    if (!quoted && (c == '\n' || c == '\r')) {
      const bool crlf = c == '\r' && i + 1 < r->window.count && r->window.data[i + 1] == '\n';
      *row =
          (csv_row){.text = {r->window.data + r->pos, i - r->pos}, .next = i + 1 + crlf, .lines = lines + (c == '\r')};
      return PL_OK;
    }
  }
  if (quoted) {
    first_line(r, PL_MSG_CSV_SYNTAX, row);
    return PL_OK;
  }
  *row = (csv_row){.text = {r->window.data + r->pos, i - r->pos}, .next = i, .lines = lines};
  return i == r->pos ? PL_DONE : PL_OK;
}

static void on_cell(void* text, size_t len, void* user) {
  csv_reader* const r = user;
  r->failed |= pl_buf_append(&r->cell_text, text, len) != PL_OK;
  r->failed |= pl_vec_push(r->context.mem, &r->cell_ends, r->cell_text.len) != PL_OK;
}

static void on_row(int c, void* user) {
  PL_UNUSED(c);
  PL_UNUSED(user);
}

/// Take the row apart into cells. PL_ERR_FORMAT: its quotes are wrong.
static pl_status split(csv_reader* r, pl_str text) {
  pl_buf_clear(&r->cell_text);
  r->cell_ends.count = r->cells.count = 0;
  const size_t parsed = csv_parse(&r->parser, text.data, text.len, on_cell, on_row, r);
  const bool finished = csv_fini(&r->parser, on_cell, on_row, r) == 0;
  const bool good = parsed == text.len && finished;
  if (r->failed || csv_error(&r->parser) == CSV_ENOMEM) {
    return nomem(r);
  }
  if (!good) {
    csv_free(&r->parser);  // its state is inside the broken row
    r->parser_open = csv_init(&r->parser, CSV_STRICT | CSV_STRICT_FINI) == 0;
    csv_set_delim(&r->parser, (unsigned char)r->delimiter);
    csv_set_space_func(&r->parser, no_space);
    return PL_ERR_FORMAT;
  }
  if (pl_vec_reserve(r->context.mem, &r->cells, r->cell_ends.count + 1) != PL_OK) {
    return nomem(r);
  }
  size_t start = 0;
  for (size_t i = 0; i < r->cell_ends.count; i++) {
    r->cells.data[r->cells.count++] =
        (pl_str){r->cell_text.data ? r->cell_text.data + start : "", r->cell_ends.data[i] - start};
    start = r->cell_ends.data[i];
  }
  return PL_OK;
}

static void step_over(csv_reader* r, const csv_row* row) {
  r->pos = row->next;
  r->line += row->lines;
}

/// Columns from the options or from the first row.
static pl_status read_header(csv_reader* r) {
  const pl_load_options* const options = r->context.options;
  const pl_str given = options ? options->csv_columns : (pl_str){NULL, 0};
  const pl_str map = options ? options->csv_map : (pl_str){NULL, 0};
  const char* const name = pl_bytes_name(r->context.bytes);
  csv_row row = {.text = given};
  pl_status status = PL_OK;
  if (given.len) {
    csv_set_delim(&r->parser, ',');
  } else {
    status = find_row(r, &row);
  }
  if (status == PL_OK) {
    status = row.msg ? PL_ERR_FORMAT : split(r, row.text);
  }
  csv_set_delim(&r->parser, (unsigned char)r->delimiter);
  if (status == PL_DONE) {
    return PL_DONE;
  }
  if (status == PL_ERR_FORMAT || (status == PL_OK && pl_utf8_check(row.text) < row.text.len)) {
    const pl_source source = {name, row.text, r->line, 0};
    return pl_fail_at(r->context.err, &source, (pl_span){0, 1}, status == PL_OK ? PL_MSG_ROW_UTF8 : PL_MSG_CSV_SYNTAX);
  }
  PL_TRY(status);
  PL_TRY(pl_columns_make(&r->arena, r->cells.data, r->cells.count, map, name, r->context.err, &r->columns));
  if (!given.len) {
    step_over(r, &row);
  }
  return PL_OK;
}

static pl_status take_cells(csv_reader* r) {
  pl_maker* const m = &r->maker;
  if (r->cells.count != r->columns.count) {
    return PL_ROW_FAIL(m, m->text, PL_MSG_CSV_CELLS, r->cells.count, r->columns.count);
  }
  for (size_t i = 0; i < r->cells.count; i++) {
    if (r->cells.data[i].len) {
      PL_TRY(pl_column_take(m, &r->columns.items[i], r->cells.data[i]));
    }
  }
  return pl_maker_end(m);
}

static pl_status take_row(csv_reader* r, csv_row* row) {
  pl_maker* const m = &r->maker;
  const size_t valid = pl_utf8_check(row->text);
  if (row->msg) {
    return PL_ROW_FAIL(m, PL_STR("\""), row->msg, r->row_bytes_max);
  }
  if (valid < row->text.len) {
    return PL_ROW_FAIL(m, ((pl_str){row->text.data + valid, 1}), PL_MSG_ROW_UTF8);
  }
  const pl_status status = split(r, row->text);
  if (status == PL_ERR_FORMAT) {
    first_line(r, PL_MSG_CSV_SYNTAX, row);
    return PL_ROW_FAIL(m, PL_STR("\""), PL_MSG_CSV_SYNTAX);
  }
  PL_TRY(status);
  return take_cells(r);
}

static pl_status read_row(csv_reader* r, pl_batch* batch, csv_row* row) {
  if (row->text.len > 0) {
    r->row++;
    batch->rows++;
    pl_maker_begin(&r->maker, row->text, r->row, r->line, r->offset + r->pos);
    const pl_status status = take_row(r, row);
    PL_TRY(status == PL_ERR_FORMAT ? pl_maker_bad(&r->maker) : status);
  }
  step_over(r, row);
  return PL_OK;
}

static pl_status csv_next(pl_reader* reader, pl_batch* batch) {
  csv_reader* const r = (csv_reader*)reader;
  if (!r->columns.items) {
    PL_TRY(read_header(r));
  }
  PL_TRY(pl_maker_batch(&r->maker, batch));
  while (!pl_batch_full(batch)) {
    if (r->eager && batch->rows && !memchr(r->window.data + r->pos, '\n', r->window.count - r->pos)) {
      break;
    }
    csv_row row;
    PL_TRY(find_row(r, &row));
    PL_TRY(read_row(r, batch, &row));
  }
  batch->bytes_offset = r->offset + r->pos;
  return PL_OK;
}

const pl_reader_class pl_reader_csv = {.name = "CSV", .open = csv_open, .next = csv_next, .close = csv_close};
const pl_reader_class pl_reader_tsv = {.name = "TSV", .open = tsv_open, .next = csv_next, .close = csv_close};
