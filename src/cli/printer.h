/// Inside of the result printers: printer.c drives, table.c lays out tables.
#ifndef CLI_PRINTER_H
#define CLI_PRINTER_H

#include "cli.h"
#include "graph.h"

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
  cli_session* session;
  parley_query* query;
  size_t columns;    ///< of the query, and one for the row's own confidence where support was asked for
  bool why;          ///< rows have support
  cli_names* names;  ///< with `why`, else NULL
  graph* graph;      ///< of a graph, whose rows are facts; else NULL
  graph_fact fact;   ///< of a graph: the current row
  char* sources;     ///< of a graph: names of the fact's sources, each once
  cli_format format;
  FILE* out;
  size_t width;       ///< of the terminal, 0 if `out` is none
  size_t rows;        ///< printed so far
  table_cell* held;   ///< table: rows kept back, row after row
  char** notes;       ///< table with `why`: the support below each row held
  size_t held_rows;   ///< used
  size_t held_bytes;  ///< of their texts
  size_t* widths;     ///< table: cells of each column once known
  bool* right;        ///< table: column of numbers
  bool begun;         ///< table: header printed
} printer;

void cli_json_string(FILE* out, const char* text);
void cli_json_text(FILE* out, const char* text, size_t len);
/// A term as answers write it: numbers, booleans and null as such, anything else as the text.
void cli_json_value(FILE* out, const parley_value* v, const char* text);
/// Name of a column; behind the last stands the row's confidence.
const char* printer_column_name(const printer* p, size_t column);
/// Value and text of a column, the confidence included. `buf` (32 bytes) may hold the text.
parley_status printer_column(printer* p, size_t column, parley_value* v, cell_text* text, char* buf);
/// Value and text of a column of the current row.
parley_status cli_column(parley_query* query, size_t column, parley_value* v, cell_text* text);
/// Print a query's rows one after the other; of a graph (NULL: none) with the fact's confidence and sources.
parley_status printer_run(cli_session* session, parley_query* query, graph* g);
parley_status table_row(printer* p);     ///< take the query's current row
void table_end(printer* p, bool print);  ///< print what is held (if wanted) and free

#endif
