/// Inside of the result printers: printer.c drives, table.c lays out tables.
#ifndef CLI_PRINTER_H
#define CLI_PRINTER_H

#include "cli.h"

/// A cell of a table that is held back until the widths are known.
typedef struct table_cell {
  char* text;    ///< owned copy
  size_t len;    ///< its bytes, which may hold U+0000
  size_t cells;  ///< display width
  bool number;   ///< right-aligned
  bool null;     ///< shown dim and empty
} table_cell;

/// A text of a row, borrowed like the row; data is NULL where the library could not make it.
typedef struct cell_text {
  const char* data;  ///< bytes
  size_t len;        ///< of them, U+0000 included
} cell_text;

typedef struct printer {
  parley_query* query;
  cli_format format;
  FILE* out;
  size_t width;       ///< of the terminal, 0 if `out` is none
  size_t rows;        ///< printed so far
  table_cell* held;   ///< table: rows kept back, row after row
  size_t held_rows;   ///< used
  size_t held_bytes;  ///< of their texts
  size_t* widths;     ///< table: cells of each column once known
  bool* right;        ///< table: column of numbers
  bool begun;         ///< table: header printed
} printer;

void cli_json_string(FILE* out, const char* text);
/// Value and text of a column of the current row.
parley_status cli_column(parley_query* query, size_t column, parley_value* v, cell_text* text);
parley_status table_row(printer* p);     ///< take the query's current row
void table_end(printer* p, bool print);  ///< print what is held (if wanted) and free

#endif
