// Tables: the first rows are held back to find the widths, the rest streams. On a terminal the table is made to fit:
// the widest columns give way first, long cells are elided. Elsewhere nothing is cut.
#include "printer.h"
#include "why.h"

#include <stdlib.h>
#include <string.h>

#define HELD_ROWS_MAX 1000
#define HELD_BYTES_MAX ((size_t)16 << 20)
#define COLUMN_CELLS_MIN 6

// Narrow the widest column until everything fits the terminal.
static void fit(size_t* widths, size_t columns, size_t room) {
  for (;;) {
    size_t total = columns ? (columns - 1) * 2 : 0, widest = 0;
    for (size_t i = 0; i < columns; i++) {
      total += widths[i];
      widest = widths[i] > widths[widest] ? i : widest;
    }
    if (total <= room || columns == 0 || widths[widest] <= COLUMN_CELLS_MIN) {
      return;
    }
    const size_t over = total - room;
    size_t second = COLUMN_CELLS_MIN;
    for (size_t i = 0; i < columns; i++) {
      second = i != widest && widths[i] > second && widths[i] < widths[widest] ? widths[i] : second;
    }
    const size_t step = widths[widest] - second;
    widths[widest] -= step == 0 ? 1 : step < over ? step : over;
  }
}

static void pad(FILE* out, size_t cells) {
  for (; cells > 0; cells--) {
    fputc(' ', out);
  }
}

static void print_cell(FILE* out, const char* text, size_t len, size_t cells, size_t width, bool right, bool last,
                       bool cut) {
  const size_t shown = cut && cells > width ? width : cells;
  const size_t space = width > shown ? width - shown : 0;
  if (right) {
    pad(out, space);
  }
  const size_t used = cli_text_print(out, text, len, cut && cells > width ? width : 0);
  if (!right && !last) {
    pad(out, space + (shown > used ? shown - used : 0));
  }
  if (!last) {
    fputs("  ", out);
  }
}

static void print_rule(FILE* out, const size_t* widths, size_t columns) {
  for (size_t i = 0; i < columns; i++) {
    for (size_t j = 0; j < widths[i]; j++) {
      fputc('-', out);
    }
    fputs(i + 1 < columns ? "  " : "\n", out);
  }
}

static void print_held_row(printer* p, const table_cell* cells, size_t columns, bool cut) {
  while (columns > 0 && cells[columns - 1].cells == 0) {
    columns--;  // no spaces at the end of a line
  }
  for (size_t i = 0; i < columns; i++) {
    print_cell(p->out, cells[i].text, cells[i].len, cells[i].cells, p->widths[i], p->right[i], i + 1 == columns, cut);
  }
  fputc('\n', p->out);
}

static void print_header(printer* p, size_t columns, bool cut) {
  const bool color = cli_color(p->out);
  fputs(color ? "\033[1m" : "", p->out);
  for (size_t i = 0; i < columns; i++) {
    const char* name = printer_column_name(p, i);
    print_cell(p->out, name, strlen(name), cli_text_width(name, strlen(name)), p->widths[i], p->right[i],
               i + 1 == columns, cut);
  }
  fputs(color ? "\033[0m\n" : "\n", p->out);
  print_rule(p->out, p->widths, columns);
}

// The support below a held row.
static void print_note(printer* p, size_t row) {
  if (p->notes && p->notes[row]) {
    fputs(p->notes[row], p->out);
    free(p->notes[row]);
    p->notes[row] = NULL;
  }
}

// Keep the support of the current row as the note of a held one.
static parley_status take_note(printer* p, size_t row) {
  size_t len = 0;
  FILE* const note = cli_need(open_memstream(&p->notes[row], &len));
  const parley_status status = cli_why_tree(note, p->names, p->query, 2, p->width);
  fclose(note);
  cli_need(p->notes[row]);
  p->held_bytes += len;
  return status;
}

// Find widths and alignment from the rows held, print the header and them.
static void table_begin(printer* p) {
  const size_t columns = p->columns;
  p->widths = cli_need(calloc(columns + 1, sizeof *p->widths));
  p->right = cli_need(calloc(columns + 1, sizeof *p->right));
  for (size_t i = 0; i < columns; i++) {
    const char* name = printer_column_name(p, i);
    bool number = false, other = false;
    p->widths[i] = cli_text_width(name, strlen(name));
    for (size_t r = 0; r < p->held_rows; r++) {
      const table_cell* cell = &p->held[r * columns + i];
      p->widths[i] = cell->cells > p->widths[i] ? cell->cells : p->widths[i];
      number = number || cell->number;
      other = other || (!cell->number && !cell->null);
    }
    p->right[i] = number && !other;
  }
  if (p->width) {
    fit(p->widths, columns, p->width);
  }
  print_header(p, columns, p->width > 0);
  for (size_t r = 0; r < p->held_rows; r++) {
    print_held_row(p, &p->held[r * columns], columns, p->width > 0);
    print_note(p, r);
  }
  p->begun = true;
}

static void free_cells(table_cell* cells, size_t count) {
  for (size_t i = 0; i < count; i++) {
    free(cells[i].text);
  }
}

parley_status table_row(printer* p) {
  const size_t columns = p->columns;
  if (!p->held) {
    p->held = cli_need(calloc(HELD_ROWS_MAX * (columns ? columns : 1), sizeof *p->held));
    p->notes = p->why ? cli_need(calloc(HELD_ROWS_MAX, sizeof *p->notes)) : NULL;
  }
  if (!p->begun && (p->held_rows == HELD_ROWS_MAX || p->held_bytes > HELD_BYTES_MAX)) {
    table_begin(p);
    free_cells(p->held, p->held_rows * columns);
    p->held_rows = 0;
  }
  table_cell* cells = &p->held[p->begun ? 0 : p->held_rows * columns];
  for (size_t i = 0; i < columns; i++) {
    parley_value v;
    cell_text text;
    char buf[32];
    const parley_status status = printer_column(p, i, &v, &text, buf);
    if (status != PARLEY_OK) {
      free_cells(cells, i);
      return status;
    }
    cells[i] = (table_cell){.text = cli_need(malloc(text.len + 1)), .len = text.len};
    memcpy(cells[i].text, text.data, text.len);
    cells[i].text[text.len] = '\0';
    cells[i].cells = cli_text_width(text.data, text.len);
    cells[i].number = v.type == PARLEY_INTEGER || v.type == PARLEY_DECIMAL || v.type == PARLEY_DOUBLE;
    cells[i].null = v.type == PARLEY_NULL;
    p->held_bytes += text.len;
  }
  const size_t at = p->begun ? 0 : p->held_rows;
  const parley_status status = p->why ? take_note(p, at) : PARLEY_OK;
  if (p->begun) {
    print_held_row(p, cells, columns, p->width > 0);
    print_note(p, at);
    free_cells(cells, columns);
  } else {
    p->held_rows++;
  }
  return status;
}

void table_end(printer* p, bool print) {
  const size_t columns = p->columns;
  if (!p->begun && (print || p->held_rows) && columns) {
    table_begin(p);
  }
  if (p->held) {
    free_cells(p->held, p->held_rows * columns);
  }
  for (size_t i = 0; p->notes && i < p->held_rows; i++) {
    free(p->notes[i]);
  }
  free(p->notes);
  free(p->held);
  free(p->widths);
  free(p->right);
}

void cli_print_grid(FILE* out, const char* const* header, const bool* right, size_t columns, const char* const* cells,
                    size_t rows) {
  const int terminal = cli_width(out);
  size_t* widths = cli_need(calloc(columns, sizeof *widths));
  for (size_t i = 0; i < columns; i++) {
    widths[i] = strlen(header[i]);
    for (size_t r = 0; r < rows; r++) {
      const char* text = cells[r * columns + i];
      const size_t width = cli_text_width(text, strlen(text));
      widths[i] = width > widths[i] ? width : widths[i];
    }
  }
  if (terminal > 0) {
    fit(widths, columns, (size_t)terminal);
  }
  for (size_t i = 0; i < columns; i++) {
    print_cell(out, header[i], strlen(header[i]), strlen(header[i]), widths[i], right[i], i + 1 == columns,
               terminal > 0);
  }
  fputc('\n', out);
  print_rule(out, widths, columns);
  for (size_t r = 0; r < rows; r++) {
    size_t last = columns;
    while (last > 0 && !*cells[r * columns + last - 1]) {
      last--;  // no spaces at the end of a line
    }
    for (size_t i = 0; i < last; i++) {
      const char* text = cells[r * columns + i];
      print_cell(out, text, strlen(text), cli_text_width(text, strlen(text)), widths[i], right[i], i + 1 == last,
                 terminal > 0);
    }
    fputc('\n', out);
  }
  free(widths);
}
