/// The command line tool: what its files share. It is a user of parley.h only; nothing here knows the library's
/// insides.
#ifndef CLI_H
#define CLI_H

#include <parley.h>
#include <stdbool.h>
#include <stdio.h>

/// Exit codes; documented in `parley help` and the man page.
typedef enum cli_exit {
  CLI_OK = 0,      ///< done
  CLI_ERROR = 1,   ///< a wrong query, a bad row, a refused change
  CLI_USAGE = 2,   ///< wrong command line
  CLI_IO = 3,      ///< a file cannot be opened, read or written; another writer holds the store
  CLI_DAMAGE = 4,  ///< the store is damaged
  CLI_STOPPED = 5  ///< interrupted, or a limit was reached
} cli_exit;

/// Forms of answers. From CLI_TTL on they are for graphs only (`return graph`, `describe`).
typedef enum cli_format {
  CLI_TABLE,
  CLI_CSV,
  CLI_TSV,
  CLI_JSON,
  CLI_JSONL,
  CLI_MARKDOWN,
  CLI_TTL,
  CLI_NT,
  CLI_NQ,
  CLI_DOT,
  CLI_MERMAID,
  CLI_SVG,
  CLI_PNG
} cli_format;

/// `--param` values: repeated names make a list.
typedef struct cli_param {
  const char* name;    ///< without `$`
  parley_value value;  ///< texts borrowed from argv
  bool used;           ///< some statement has it
} cli_param;

/// What a run of statements needs, in `parley query` and in the shell.
typedef struct cli_session {
  const char* path;         ///< store file
  parley* db;               ///< open store, or NULL
  bool writable;            ///< db was opened for writing
  bool no_wait;             ///< do not wait for another writer
  bool read_only;           ///< changes are refused
  parley_txn* txn;          ///< begun by `begin`: every statement runs in it; else NULL
  bool prompting;           ///< a person is typing: a failure leaves the transaction open
  cli_format format;        ///< of results
  bool assertions;          ///< graphs as ttl, nt, nq: with their assertions
  bool printed;             ///< something stands above the next table
  const char* text;         ///< the statement at hand, borrowed
  size_t text_len;          ///< its bytes
  bool profiling;           ///< the statement at hand begins with `profile`
  uint64_t rows;            ///< printed by the last statement, or what it changed
  bool timer;               ///< always say how long
  FILE* out;                ///< where results go
  const char* source_name;  ///< file that the text is from, or NULL
  uint64_t source_line;     ///< lines of that file before the text
  parley_limits limits;     ///< of every query
  cli_param* params;        ///< bound where a statement uses them
  size_t param_count;       ///< used
  parley_query* then;       ///< whose rows, with the same columns, are printed behind those of a query; or NULL
} cli_session;

/// A command of the tool.
typedef struct cli_command {
  const char* name;                        ///< first word
  const char* summary;                     ///< one line
  const char* help;                        ///< text of --help, at most 24 lines
  cli_exit (*run)(int argc, char** argv);  ///< argv[0] is the command's name
} cli_command;
extern const cli_command cli_commands[];
const cli_command* cli_command_find(const char* name);  ///< NULL if there is none

// ---- commands ----
cli_exit cli_query(int argc, char** argv);
cli_exit cli_load(int argc, char** argv);
cli_exit cli_export(int argc, char** argv);
cli_exit cli_check(int argc, char** argv);
cli_exit cli_repair(int argc, char** argv);
cli_exit cli_stats(int argc, char** argv);
cli_exit cli_schema(int argc, char** argv);
cli_exit cli_backup(int argc, char** argv);
cli_exit cli_compact(int argc, char** argv);
cli_exit cli_shell(int argc, char** argv);
cli_exit cli_set(int argc, char** argv);
cli_exit cli_diff(int argc, char** argv);
cli_exit cli_remove(int argc, char** argv);
cli_exit cli_describe(int argc, char** argv);

// ---- param.c ----
/// Add `name=value` (cut in place, borrowed) to the session's parameters; with `node` the value is the name of a node.
cli_exit cli_param_add(cli_session* session, char* text, bool node);
/// A node as it is named on a command line: a full IRI, with or without <>, or a name.
parley_value cli_node_value(char* text);

// ---- session.c ----
/// Open the session's store if it is not open, or open it again for writing when `write` is set. Prints the error.
cli_exit cli_session_open(cli_session* session, bool write);
void cli_session_close(cli_session* session);
/// Run every statement of a text and print the answers. Stops at the first failure unless `go_on`, and at an interrupt.
/// *updated (may be NULL) is set by changes.
cli_exit cli_session_run(cli_session* session, const char* text, size_t len, bool go_on, bool* updated);
/// Prepare in the session's transaction if one is open, else on its store.
parley_status cli_session_prepare(cli_session* session, const char* text, size_t len, parley_query** query);
/// What the last failed preparation without a query left behind.
const parley_error_object* cli_session_error(const cli_session* session);
/// Bytes of space and comments before a statement.
size_t cli_leading(const char* text, size_t len);

// ---- transaction.c: begin, commit, rollback ----
/// Bytes of a `begin`, `commit` or `rollback` at the start of `text`, ended by `;` or the end of its line; 0 if there is
/// none.
size_t cli_transaction_length(const char* text, size_t len);
/// Run such a statement.
cli_exit cli_transaction_run(cli_session* session, const char* text, size_t len);
/// Roll back what is still open, and say so. CLI_ERROR if there was something, else CLI_OK.
cli_exit cli_transaction_abandon(cli_session* session);

// ---- printer.c ----
bool cli_format_parse(const char* word, cli_format* out);
extern const char* const cli_format_names[];  ///< by cli_format; NULL ends
/// Step a query to its end and print its rows. Returns the last status: PARLEY_DONE on success, PARLEY_ROW when the
/// output takes no more.
parley_status cli_print_rows(cli_session* session, parley_query* query);
/// The same plain table for rows that are at hand (stats, schema): cells[row * columns + column]; numbers right-aligned
/// where right[column].
void cli_print_grid(FILE* out, const char* const* header, const bool* right, size_t columns, const char* const* cells,
                    size_t rows);

// ---- inspect.c, check.c: what `.schema .stats .check` share with the commands ----
cli_exit cli_print_stats(parley* db, const char* path, cli_format format, FILE* out);
cli_exit cli_print_schema(parley* db, cli_format format, FILE* out);
/// Check and print what is found; CLI_DAMAGE if there is something.
cli_exit cli_print_check(parley* db, const char* path, bool deep, bool json, FILE* out);

// ---- keep.c ----
/// Copy the open store to a new file and say so; `store` is its name for people.
cli_exit cli_backup_file(parley* db, const char* store, const char* path);

// ---- property.c: lists of predicates that belong to the store ----
/// A change of a list: `+` adds, `-` drops, `=` puts in place of everything (all that are given so together).
typedef struct cli_property_edit {
  char op;           ///< one of these
  const char* name;  ///< of the predicate, as a query writes it
} cli_property_edit;
extern const char* const cli_property_names[];  ///< by parley_property: labels, text, single; NULL ends
/// Change a list, or print it if there is nothing to change.
cli_exit cli_property_run(cli_session* session, parley_property property, const cli_property_edit* edits, size_t count);
/// What `define` has named.
cli_exit cli_print_definitions(cli_session* session);

// ---- remove.c ----
/// Take back everything that a source said, keeping what others said; with `dry_run` only list it.
cli_exit cli_remove_source(cli_session* session, const char* source, bool dry_run);

// ---- facts.c ----
/// Run `conflicts` and print what it finds; CLI_ERROR if there is something.
cli_exit cli_print_conflicts(cli_session* session);
/// Print what only one side has. CLI_OK: equal, CLI_ERROR: different, CLI_USAGE: trouble, as diff(1).
cli_exit cli_print_differences(parley* a, parley* b, char* source_a, char* source_b, bool json);

// ---- transfer.c: loading and export ----
/// Settings of a load, from the command line or `.load`.
typedef struct cli_load_settings {
  parley_load_options options;  ///< callbacks are set by cli_load_files
  const char* format;           ///< NULL = from names
  const char* bad_rows_path;    ///< file for skipped rows, or NULL
  const char* base;             ///< base of a new store
  bool quiet;                   ///< no progress, no summary
  bool no_wait;                 ///< do not wait for another writer
} cli_load_settings;
/// Load files into a store (built when it does not exist). `db` may be an open writable store, else NULL.
cli_exit cli_load_files(const char* store, parley* db, char** files, size_t count, const cli_load_settings* settings);
/// Export to a stream, or to `path` through a temporary file beside it.
cli_exit cli_export_to(parley* db, const char* format, bool assertions, const char* path, FILE* out);

// ---- terminal.c ----
bool cli_color(FILE* stream);  ///< colour wanted: a terminal, and NO_COLOR is not set
int cli_width(FILE* stream);   ///< columns of the terminal, 0 if it is none
/// Cells that `len` bytes of text take (control and format characters as they are shown escaped).
size_t cli_text_width(const char* text, size_t len);
/// The character at the start of `text`: its length in bytes; *escape (12 bytes) how it is shown when it may not reach a
/// terminal as it is, else "".
size_t cli_text_next(const char* text, size_t len, char* escape);
/// Print text safely: control characters and invalid bytes as escapes, at most `cells` cells (0 = all), an ellipsis
/// when cut. Returns cells used.
size_t cli_text_print(FILE* out, const char* text, size_t len, size_t cells);
/// 1234567 as "1,234,567" in buf (32 bytes).
const char* cli_thousands(uint64_t n, char* buf);
/// 1234567, "new fact" as "1,234,567 new facts" in buf (64 bytes).
const char* cli_count(uint64_t n, const char* noun, char* buf);
/// 123456789 bytes as "117.7 MiB" in buf (32 bytes).
const char* cli_size(uint64_t bytes, char* buf);

// ---- report.c ----
/// Print all errors and warnings with carets to stderr, in colour on a terminal.
void cli_report(const parley_error_object* error);
/// Print one finished report (message, source line, caret, hint) to stderr the same way.
void cli_report_text(const char* text, bool warning);
/// The exit code for a status.
cli_exit cli_exit_of(parley_status status);
/// `p`; or, where it is NULL, the end of the process with a message: the tool has nothing to do without memory.
void* cli_need(void* p);
/// "parley: ..." to stderr; returns CLI_USAGE.
cli_exit cli_usage(const char* format, ...) __attribute__((format(printf, 1, 2)));
/// "parley: ..." with errno's text to stderr; returns CLI_IO.
cli_exit cli_system_error(const char* what);
/// Flush a stream of answers. A pipe whose reader has left is no error to speak of; anything else is reported. `code` is
/// returned if it is a failure already.
cli_exit cli_flush(FILE* out, const char* what, cli_exit code);
/// Closest of a NULL-terminated list to word, or NULL if none is near.
const char* cli_closest(const char* word, const char* const* words);

// ---- interrupt.c: Ctrl-C ----
extern volatile int cli_interrupted;  ///< set by SIGINT, SIGTERM and SIGHUP
extern volatile int cli_terminated;   ///< set by SIGTERM and SIGHUP: the shell leaves too
/// Route signals to `db` (NULL: only the flags). A signal that has come already stops it at once.
void cli_interrupt_route(parley* db);
/// A new prompt: forget an earlier Ctrl-C. `db` may be NULL.
void cli_interrupt_clear(parley* db);
void cli_interrupt_setup(void);  ///< install the handlers, ignore SIGPIPE

#endif
