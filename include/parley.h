/*
 * parley.h - the public interface of Parley, an embeddable knowledge-graph store with a query language of its own.
 *
 * One store is one file. Many processes may read it while one writes. Statements are facts (subject, predicate, object), each said
 * by any number of assertions with a source, a span, a confidence and dates; the language is described in docs/language.md.
 *
 * Conventions that hold for every function here:
 *
 *  - Functions that can fail return a parley_status; PARLEY_OK is 0. Results go out through pointers and are meaningful only on success.
 *  - Ownership is said in fixed words: "borrowed until ..." (do not free), "caller frees with ...", "copies".
 *  - Text is UTF-8. A `const char*` argument is zero-terminated unless a length stands beside it. Returned texts are zero-terminated,
 *    and their length in bytes, where a length is given, does not count the terminator.
 *  - Details of a failure are in the error object of the handle that failed: parley_error() of a store, parley_query_error() of a query.
 *    parley_open() and parley_build(), which have no handle yet when they fail, take an error out-parameter.
 *  - There is no global state. Two stores in one process do not know of each other. The same file may be opened twice in one process.
 *  - Threads: a parley* may be used by any number of threads at once; each transaction and each query belongs to one thread at a time,
 *    and a write transaction is ended by the thread that began it.
 *    parley_interrupt() and parley_query_interrupt() may be called from any thread and from a signal handler.
 *  - After fork() the child must not use handles of its parent (PARLEY_MISUSE) nor close them; it opens the store anew.
 */
#ifndef PARLEY_H
#define PARLEY_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#  define PARLEY_API __attribute__((visibility("default")))
#else
#  define PARLEY_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- version ------------------------------------------------------------------------------------------------------------------ */

#define PARLEY_VERSION "0.1.0"    /* of this header */
#define PARLEY_VERSION_NUMBER 100 /* major * 10000 + minor * 100 + patch */

/** Version of the library in use, e.g. "0.1.0". Static text. @since 0.1 */
PARLEY_API const char* parley_version(void);
/** Version of the library in use as a number, comparable with PARLEY_VERSION_NUMBER. @since 0.1 */
PARLEY_API int parley_version_number(void);

/* ---- status and errors --------------------------------------------------------------------------------------------------------- */

/** Outcome of a call. Values never change; new ones may be added. */
typedef enum parley_status {
  PARLEY_OK = 0,            /**< success */
  PARLEY_ROW = 1,           /**< parley_query_step(): a row is ready */
  PARLEY_DONE = 2,          /**< parley_query_step(): no more rows */
  PARLEY_NOT_FOUND = 3,     /**< the thing asked for is not there */
  PARLEY_NOMEM = 10,        /**< an allocation failed */
  PARLEY_LIMIT = 11,        /**< a limit on memory, time, rows, nesting or length was reached */
  PARLEY_INTERRUPTED = 12,  /**< stopped by an interrupt or by a progress callback */
  PARLEY_MISUSE = 13,       /**< the call broke a rule of this header */
  PARLEY_SYNTAX = 20,       /**< query text that does not parse */
  PARLEY_BIND = 21,         /**< query text without meaning: unbound variable, wrong argument count, ... */
  PARLEY_EVAL = 22,         /**< an error while a query ran */
  PARLEY_FORMAT = 30,       /**< a bad row or document in an input */
  PARLEY_IO = 31,           /**< the operating system refused a read or a write; also a full disk */
  PARLEY_CANTOPEN = 32,     /**< file missing, unreadable, a directory, or not a store */
  PARLEY_CORRUPT = 33,      /**< the store file is damaged */
  PARLEY_NEWER = 34,        /**< the store was written by a newer format */
  PARLEY_BUSY = 35,         /**< another writer holds the store and waiting was not wanted */
  PARLEY_READONLY = 36,     /**< a write through a read-only handle or transaction */
  PARLEY_FULL = 37          /**< the store's address space is used up */
} parley_status;

/** Short English name of a status, e.g. "read-only". Static text. @since 0.1 */
PARLEY_API const char* parley_status_name(parley_status status);

/** Errors and warnings of one call, in the order they were found. */
typedef struct parley_error parley_error_object;

/** One error or warning. All texts are borrowed as long as the object it came from. */
typedef struct parley_diagnostic {
  int code;             /**< message number as printed: 214 for PLY-0214; stable */
  parley_status status; /**< PARLEY_OK for a warning */
  const char* message;  /**< one line, never NULL */
  const char* hint;     /**< what to write instead, or NULL */
  const char* source;   /**< "query", a file's name, or NULL */
  uint64_t line;        /**< from 1; 0 = no place */
  uint32_t column;      /**< from 1, in code points; 0 = no place */
  uint32_t length;      /**< code points concerned */
  uint64_t offset;      /**< byte offset in the source */
  const char* text;     /**< the whole report as the shell prints it: message, source line, caret, hint */
} parley_diagnostic;

/** Number of errors and warnings held. 0 for NULL. @since 0.1 */
PARLEY_API size_t parley_error_count(const parley_error_object* error);
/** Copy the i-th (from 0; errors and warnings in the order found) into *out. PARLEY_NOT_FOUND if there are fewer. @since 0.1 */
PARLEY_API parley_status parley_error_get(const parley_error_object* error, size_t i, parley_diagnostic* out);
/** The message of the first error, or "" if there is none. Borrowed as long as the error object. @since 0.1 */
PARLEY_API const char* parley_error_message(const parley_error_object* error);
/** Free an error object that parley_open() or parley_build() gave out. Accepts NULL. @since 0.1 */
PARLEY_API void parley_error_free(parley_error_object* error);
/** The explanation of a message number, for people: borrowed static text, or NULL if there is no such number. @since 0.1 */
PARLEY_API const char* parley_message_explain(int code);

/* ---- opening a store ------------------------------------------------------------------------------------------------------------ */

typedef struct parley parley;

typedef enum parley_open_flags {
  PARLEY_OPEN_READONLY = 1, /**< never writes to the file, which must exist; makes and uses the lock file beside it, but for a read-only place */
  PARLEY_OPEN_CREATE = 2,   /**< make the store if it is missing */
  PARLEY_OPEN_NO_WAIT = 4,  /**< a write gives PARLEY_BUSY at once instead of waiting for another writer */
  PARLEY_OPEN_FAST = 8,     /**< commits keep integrity but the last one may be lost with the power (LMDB: MDB_NOMETASYNC) */
  PARLEY_OPEN_NO_SYNC = 16, /**< commits survive a killed process, not lost power; for scratch data and benchmarks */
  PARLEY_OPEN_TRUSTED = 32  /**< the file comes from a hand that is trusted and is not damaged: its pages are not walked before they are followed */
} parley_open_flags;

/** Settings for parley_open(). Zero the struct, then set `size` = sizeof(parley_options) and what you need. */
typedef struct parley_options {
  size_t size;          /**< sizeof(parley_options): lets later versions add fields */
  unsigned flags;       /**< parley_open_flags */
  const char* base;     /**< base IRI of a new store; NULL = "urn:parley:" */
  unsigned threads;     /**< worker threads of this handle; 0 = processors */
  size_t map_bytes;     /**< address space to reserve; 0 = 1 TiB */
  /** Allocator of everything but third-party libraries: like realloc with the old size; size_new 0 frees. NULL = the C heap. Worker and
   *  reader threads call it too, at the same time as the caller's thread: it must be safe for that. */
  void* (*reallocate)(void* user, void* ptr, size_t size_old, size_t size_new);
  /** Called once before a write waits for another writer. NULL = nothing. */
  void (*on_wait)(void* user);
  void* user;           /**< passed to reallocate and on_wait */
} parley_options;

/**
 * Open the store in file `path`. `options` may be NULL: read and write, must exist. The header, and all pages by which the storage layer
 * finds its way, are validated before anything else is used (well below a millisecond for a million facts; PARLEY_OPEN_TRUSTED skips it).
 * On failure *store is NULL and, if `error` is not NULL, *error tells why (caller frees with parley_error_free()).
 * Errors: PARLEY_CANTOPEN, PARLEY_CORRUPT, PARLEY_NEWER, PARLEY_IO, PARLEY_NOMEM, PARLEY_MISUSE.
 * Close with parley_close(). @since 0.1
 */
PARLEY_API parley_status parley_open(const char* path, const parley_options* options, parley** store, parley_error_object** error);
/** Close a store. All queries must be finalised and transactions ended before (else PARLEY_MISUSE and nothing is done). Accepts NULL. @since 0.1 */
PARLEY_API parley_status parley_close(parley* store);
/** The error object of the last failed call on this store in the calling thread's view; borrowed until the next call on the store. Calls on one
 *  store from several threads share it: a thread that needs its own error uses queries and transactions of its own. Never NULL. @since 0.1 */
PARLEY_API const parley_error_object* parley_error(const parley* store);
/** Ask every query, load and check running on this store to stop (PARLEY_INTERRUPTED). Async-signal-safe. It stays asked until
 *  parley_clear_interrupt(). @since 0.1 */
PARLEY_API void parley_interrupt(parley* store);
PARLEY_API void parley_clear_interrupt(parley* store);
/** Base IRI of the store's bare names. Borrowed until close. @since 0.1 */
PARLEY_API const char* parley_base(const parley* store);

/* ---- values --------------------------------------------------------------------------------------------------------------------- */

/** What a column value is. */
typedef enum parley_type {
  PARLEY_NULL = 0,
  PARLEY_IRI,       /**< a node with an IRI */
  PARLEY_BLANK,     /**< a blank node or an assertion */
  PARLEY_BOOLEAN, PARLEY_INTEGER, PARLEY_DECIMAL, PARLEY_DOUBLE,
  PARLEY_DATE,      /**< date or time of any precision */
  PARLEY_INTERVAL,
  PARLEY_STRING,    /**< string, with or without language */
  PARLEY_LITERAL,   /**< any other typed literal */
  PARLEY_LIST
} parley_type;

/** A term: a column of a row, or a value to bind or to add. */
typedef struct parley_value {
  parley_type type;
  const char* text;     /**< IRI, label (without "_:"), or lexical form; a list as text */
  size_t text_len;      /**< bytes of text */
  const char* datatype; /**< datatype IRI of a literal, or NULL */
  const char* lang;     /**< language tag, or NULL */
  int64_t integer;      /**< PARLEY_INTEGER (if it fits) and PARLEY_BOOLEAN */
  double real;          /**< PARLEY_INTEGER, PARLEY_DECIMAL and PARLEY_DOUBLE, nearest */
} parley_value;

/* Values for parameters and statements. Texts are borrowed until the call that takes the value returns. */
PARLEY_API parley_value parley_iri(const char* iri);            /**< an exact IRI */
PARLEY_API parley_value parley_string(const char* text);
PARLEY_API parley_value parley_integer(int64_t i);
PARLEY_API parley_value parley_double(double d);
PARLEY_API parley_value parley_boolean(int b);
PARLEY_API parley_value parley_date(const char* text);          /**< "2023", "2023-09", "2023-09-05", "2023-09-05T10:30:00Z", "2021/2025" */
PARLEY_API parley_value parley_typed(const char* text, const char* datatype_iri);
PARLEY_API parley_value parley_lang_string(const char* text, const char* lang);
/** A node named as the query language names it: base of the store + text, spaces as `_`, percent-encoded where needed. @since 0.1 */
PARLEY_API parley_value parley_name(const char* text);

/* ---- transactions --------------------------------------------------------------------------------------------------------------- */

typedef struct parley_txn parley_txn;

/** Begin a transaction: a read transaction sees the store as of now until it ends; a write transaction is the only one of the store and
 *  waits for others unless PARLEY_OPEN_NO_WAIT. End it with parley_commit() or parley_rollback(): a read transaction from any
 *  thread, a write transaction from the thread that began it. Errors: PARLEY_BUSY, PARLEY_READONLY, ... @since 0.1 */
PARLEY_API parley_status parley_begin(parley* store, int write, parley_txn** txn);
/** Make a write transaction's changes durable and visible, or end a read transaction. The handle is gone whatever is returned,
 *  but for one case: a write transaction of another thread gives PARLEY_MISUSE and stays open. @since 0.1 */
PARLEY_API parley_status parley_commit(parley_txn* txn);
/** End a transaction, undoing what it wrote. Accepts NULL. A write transaction of another thread stays open; parley_error(store) says so. @since 0.1 */
PARLEY_API void parley_rollback(parley_txn* txn);
/** Errors of the last failed call on this transaction. Borrowed until the next call on it. @since 0.1 */
PARLEY_API const parley_error_object* parley_txn_error(const parley_txn* txn);

/* ---- statements without the language ---------------------------------------------------------------------------------------------- */

typedef struct parley_annotation {
  const char* key;      /**< name below the store's base ("source", "confidence", ...), or a full IRI when it contains "://" or begins "urn:" */
  parley_value value;
} parley_annotation;

/** What a change did. */
typedef struct parley_changes {
  uint64_t facts_new, facts_gone;           /**< facts that did not exist before / do not exist now */
  uint64_t assertions_new, assertions_gone; /**< the same for assertions */
} parley_changes;

/** Add one statement: a plain fact, or with annotations an assertion of it. Adding what is there changes nothing. `txn` is a write transaction.
 *  `changes` may be NULL; counts are those of this call. Errors: PARLEY_MISUSE for a literal subject or a predicate that is no IRI. @since 0.1 */
PARLEY_API parley_status parley_add(parley_txn* txn, const parley_value* subject, const parley_value* predicate, const parley_value* object,
                                    const parley_annotation* annotations, size_t annotation_count, parley_changes* changes);
/** Remove: without annotations the fact with all its assertions; with annotations only the assertion with exactly that set.
 *  PARLEY_NOT_FOUND if it is not there. @since 0.1 */
PARLEY_API parley_status parley_remove(parley_txn* txn, const parley_value* subject, const parley_value* predicate, const parley_value* object,
                                       const parley_annotation* annotations, size_t annotation_count, parley_changes* changes);
/** PARLEY_OK if the fact exists (stated in any way), else PARLEY_NOT_FOUND. @since 0.1 */
PARLEY_API parley_status parley_contains(parley_txn* txn, const parley_value* subject, const parley_value* predicate, const parley_value* object);

/* ---- queries -------------------------------------------------------------------------------------------------------------------- */

typedef struct parley_query parley_query;

/**
 * Compile the first statement of `text` (`len` bytes, or SIZE_MAX for zero-terminated). *tail (may be NULL) receives a pointer behind it, for scripts.
 * The query is always created unless memory fails, also when the text is wrong: parley_query_error() then tells why. An empty text gives *query = NULL
 * and PARLEY_OK. Copies the text. Finalise with parley_finalize(). Reading the text and planning end after the store's time limit and when interrupted.
 * A query keeps the prefixes and definitions that the store had when it was prepared. Errors: PARLEY_SYNTAX, PARLEY_BIND, PARLEY_LIMIT,
 * PARLEY_INTERRUPTED, PARLEY_NOMEM, ... @since 0.1
 */
PARLEY_API parley_status parley_prepare(parley* store, const char* text, size_t len, parley_query** query, const char** tail);
/** The same, seeing and changing the state of a transaction. Finalise the query before the transaction ends: after that its steps give
 *  PARLEY_MISUSE. While it is in the middle of its rows nothing can be written in the transaction (PARLEY_MISUSE): step to the end, or reset. @since 0.1 */
PARLEY_API parley_status parley_prepare_in(parley_txn* txn, const char* text, size_t len, parley_query** query, const char** tail);
/** Bind `$name` (name without `$`) to a value; copies it. Unbound parameters are null. Bindings survive parley_reset(). PARLEY_NOT_FOUND if the query
 *  has no such parameter; PARLEY_MISUSE while rows are being read. @since 0.1 */
PARLEY_API parley_status parley_bind(parley_query* query, const char* name, const parley_value* value);
/** Bind `$name` to a list, for `for ?x in $name` and `in $name`; copies. @since 0.1 */
PARLEY_API parley_status parley_bind_list(parley_query* query, const char* name, const parley_value* values, size_t count);
PARLEY_API size_t parley_param_count(const parley_query* query);
PARLEY_API const char* parley_param_name(const parley_query* query, size_t i); /**< borrowed until finalize; NULL if out of range */
/**
 * Run to the next row. Returns PARLEY_ROW, PARLEY_DONE, or an error. The first step begins a read transaction that ends with PARLEY_DONE, an error,
 * parley_reset() or parley_finalize(); an insert or delete statement is one write transaction, done whole in one step. Values of the row before become invalid.
 * After PARLEY_DONE or an error every further step gives the same again, until parley_reset(). @since 0.1
 */
PARLEY_API parley_status parley_step(parley_query* query);
/** Make the query ready to run again with the same bindings. @since 0.1 */
PARLEY_API parley_status parley_reset(parley_query* query);
/** End a query and free it. Accepts NULL. @since 0.1 */
PARLEY_API void parley_finalize(parley_query* query);

PARLEY_API size_t parley_column_count(const parley_query* query);                       /**< 0 for updates */
PARLEY_API const char* parley_column_name(const parley_query* query, size_t column);     /**< borrowed until finalize; NULL if out of range */
/** Column `column` of the current row. Texts are borrowed until the next step, reset or finalize. @since 0.1 */
PARLEY_API parley_status parley_column(parley_query* query, size_t column, parley_value* value);
/** Elements of a list column: *count of them, borrowed like the column. PARLEY_MISUSE if it is no list. @since 0.1 */
PARLEY_API parley_status parley_column_list(parley_query* query, size_t column, const parley_value** values, size_t* count);
/** The column as text: names as a query would write them, strings bare, dates and numbers plain (doubles without exponent where that is short), null as "" - what a table shows. Borrowed like the column. @since 0.1 */
PARLEY_API const char* parley_column_text(parley_query* query, size_t column);
/** Bytes of that text, which may hold U+0000; a zero follows them. 0 if there is none. @since 0.1 */
PARLEY_API size_t parley_column_text_len(parley_query* query, size_t column);
/** Element `item` (from 0) of a list column as text, as a table shows it; *len (may be NULL) receives its bytes. Borrowed like the column. NULL if the
 *  column is no list or has no such element. @since 0.1 */
PARLEY_API const char* parley_column_item_text(parley_query* query, size_t column, size_t item, size_t* len);
/** The column as the query language writes it (quoted, typed): can be pasted into a query. Borrowed like the column. @since 0.1 */
PARLEY_API const char* parley_column_source(parley_query* query, size_t column);

/** Errors and warnings of the query so far (warnings also after success). Borrowed until the next call on the query. @since 0.1 */
PARLEY_API const parley_error_object* parley_query_error(const parley_query* query);
/** True for insert and delete statements. @since 0.1 */
PARLEY_API int parley_query_is_update(const parley_query* query);
/** True for statements that begin with explain or profile: their rows are lines of text in one column, "plan". @since 0.1 */
PARLEY_API int parley_query_is_explain(const parley_query* query);
/** What the last step of an update did. @since 0.1 */
PARLEY_API parley_changes parley_query_changes(const parley_query* query);
/* why: the statements behind a row. Asked for by a query that begins with `why`, or by parley_query_ask_why(); costs nothing otherwise. */

typedef enum parley_support_kind {
  PARLEY_SUPPORT_FACT,      /**< a fact that a pattern matched; its assertions follow one level deeper */
  PARLEY_SUPPORT_IDENTITY,  /**< a same_as fact that was followed; its assertions follow one level deeper */
  PARLEY_SUPPORT_ASSERTION, /**< one assertion of the fact above (for a named graph, that graph): a line for each of its sources */
  PARLEY_SUPPORT_PLAIN,     /**< the fact above is stated plainly, without an assertion */
  PARLEY_SUPPORT_MEMBER,    /**< a row of a group; its support follows one level deeper */
  PARLEY_SUPPORT_ABSENT,    /**< `not`: a pattern that found nothing */
  PARLEY_SUPPORT_MORE       /**< `count` further rows of the group are left out: beyond the limit, or listed for this row before */
} parley_support_kind;

/** One line of a row's support, in the order of a tree read from the top. Texts are borrowed until the next call on the query. */
typedef struct parley_support {
  size_t size;                              /**< in: sizeof(parley_support) */
  parley_support_kind kind;
  unsigned depth;                           /**< 0 = directly behind the row */
  const char* text;                         /**< the fact or pattern as a query writes it; else "" */
  parley_value subject, predicate, object;  /**< FACT, IDENTITY */
  /** ASSERTION: its node and annotations; PARLEY_NULL where it has none; of several sources one a line, of
   *  anything else the smallest */
  parley_value assertion, source, span, confidence, from, until, on;
  uint64_t count;                           /**< MORE; MEMBER: number of the row in its group, from 1 */
} parley_support;

/** Ask for the support of each row, as `why` before the query does. `members`: rows of a group whose support is kept; 0 = 10.
 *  Before the first step; replans. @since 0.1 */
PARLEY_API parley_status parley_query_ask_why(parley_query* query, size_t members);
/** True if the rows of this query have support. @since 0.1 */
PARLEY_API int parley_query_is_why(const parley_query* query);
/** The next line of the current row's support. PARLEY_NOT_FOUND at the end; PARLEY_MISUSE if support was not asked for. A new row
 *  begins a new walk. @since 0.1 */
PARLEY_API parley_status parley_why_next(parley_query* query, parley_support* out);
/** Begin the walk over the current row's support anew. @since 0.1 */
PARLEY_API parley_status parley_why_rewind(parley_query* query);
/** The current row's own confidence: the product over its facts of the best assertion of each. @since 0.1 */
PARLEY_API parley_status parley_why_confidence(parley_query* query, double* confidence);
/** True for `return graph` and `describe`: columns subject, predicate, object; one row per fact, whose assertions parley_why_next() gives
 *  (such a query is always asked why). @since 0.1 */
PARLEY_API int parley_query_is_graph(const parley_query* query);
/** True for `describe`. @since 0.1 */
PARLEY_API int parley_query_is_describe(const parley_query* query);

/** Stop this query from any thread: its run, or the next one, ends with PARLEY_INTERRUPTED. parley_reset() takes it back. Async-signal-safe. @since 0.1 */
PARLEY_API void parley_query_interrupt(parley_query* query);

typedef enum parley_stage { PARLEY_STAGE_TOKENS, PARLEY_STAGE_AST, PARLEY_STAGE_ALGEBRA, PARLEY_STAGE_PLAN, PARLEY_STAGE_PROFILE,
  PARLEY_STAGE_PLAN_JSON, PARLEY_STAGE_PROFILE_JSON } parley_stage;
/** Text of a stage of the compiled query (PROFILE: after it ran). Borrowed until the next call. NULL on failure. @since 0.1 */
PARLEY_API const char* parley_query_stage(parley_query* query, parley_stage stage);

typedef struct parley_limits {
  size_t size;            /**< sizeof(parley_limits) */
  size_t memory_bytes;    /**< per run, and again for the texts and values made of one row; 0 = none */
  double seconds;         /**< wall time of one run; 0 = none */
  uint64_t rows;          /**< result rows; 0 = none */
} parley_limits;
/** Limits for queries prepared on this store from now on. @since 0.1 */
PARLEY_API parley_status parley_set_limits(parley* store, const parley_limits* limits);
/** Limits of one query, for its next run and those after it; PARLEY_MISUSE while rows are being read. @since 0.1 */
PARLEY_API parley_status parley_query_set_limits(parley_query* query, const parley_limits* limits);
/** Call fn about every 50 ms while a query runs; non-zero stops it (PARLEY_INTERRUPTED). NULL ends it. @since 0.1 */
PARLEY_API parley_status parley_query_on_progress(parley_query* query, int (*fn)(void* user), void* user);
/** Switches for tests: rewrite rules off by bit, join order as written. Answers never depend on them. Before the first step: replans. @since 0.1 */
PARLEY_API parley_status parley_query_set_rules(parley_query* query, uint64_t rules_off, int join_order_off);

/** Length in bytes of the first statement of a script, its `;` included; *complete = 0 if it is not ended by `;`. @since 0.1 */
PARLEY_API size_t parley_statement_length(const char* text, size_t len, int* complete);
/** For completion: words that could stand after `text`. Calls fn for each word. @since 0.1 */
PARLEY_API parley_status parley_expected(const char* text, size_t len, void (*fn)(void* user, const char* word), void* user);
/** The words of the language: i from 0; NULL after the last. *help (may be NULL) receives a one-line explanation. Static texts. @since 0.1 */
PARLEY_API const char* parley_keyword(size_t i, int* reserved, const char** help);

/* ---- loading and export ------------------------------------------------------------------------------------------------------------ */

/** One input: set exactly one of path, memory, read. */
typedef struct parley_input {
  const char* path;        /**< file; "-" is standard input */
  const void* memory;      /**< a whole document, borrowed for the call */
  size_t memory_len;       /**< its bytes */
  /** Fill buf with up to size bytes and set *len (0 = end). Non-zero stops the load with PARLEY_IO. Called on a thread that reads ahead, never
   *  on two at once, unless the store has one thread and nothing is committed in steps; no longer called once the load has returned. */
  int (*read)(void* user, char* buf, size_t size, size_t* len);
  void* user;              /**< passed to read */
  const char* name;        /**< shown in messages; NULL = path */
  const char* format;      /**< "nt" "nq" "ttl" "trig" "jsonl" "csv" "tsv"; NULL = from the name */
} parley_input;

typedef struct parley_progress {
  uint64_t bytes_read, bytes_total; /**< raw bytes; total 0 = unknown */
  uint64_t rows;                    /**< input rows so far */
  uint64_t committed_row;           /**< last row made durable, with commit_every */
  const char* phase;                /**< "reading", "writing" */
} parley_progress;

/** A skipped row. Texts are borrowed for the call. */
typedef struct parley_bad_row {
  const char* input;               /**< name of the input */
  uint64_t row;                    /**< from 1 */
  const parley_diagnostic* diagnostic; /**< file, line, column, text, reason */
  const char* text;                /**< the raw row (shortened to 64 KiB) */
  size_t text_len;
} parley_bad_row;

/** Settings for loading. Zero the struct, then set `size`. */
typedef struct parley_load_options {
  size_t size;             /**< sizeof(parley_load_options) */
  const char* base;        /**< for relative IRIs in Turtle and TriG; NULL = the document's own address */
  uint64_t skip_bad;       /**< bad rows to skip; 0 = stop at the first, changing nothing */
  void (*on_bad_row)(void* user, const parley_bad_row* row); /**< each skipped row; may be NULL */
  uint64_t commit_every;   /**< rows between commits (and at least once a second while rows come); 0 = all or nothing */
  int (*on_progress)(void* user, const parley_progress* progress); /**< about 10 times a second; non-zero stops; may be NULL */
  void* user;              /**< passed to the callbacks */
  const char* csv_map;     /**< "subject=head,predicate=rel,object=tail"; NULL = columns named as the JSON keys */
  const char* csv_columns; /**< names of the columns of a file without header; NULL = the first row is the header */
  size_t memory_bytes;     /**< for sorting; 0 = 1 GiB where a new store is built, else 256 MiB; more goes to temporary files */
  /** Longest document in bytes, unpacked if it is packed (a few bytes of gzip or zstd can stand for any number): PARLEY_LIMIT; 0 = no limit.
   *  Without it memory is bounded all the same, by the longest row. */
  uint64_t document_bytes_max;
} parley_load_options;

typedef struct parley_load_summary {
  uint64_t rows;           /**< input rows read */
  uint64_t rows_bad;       /**< skipped */
  uint64_t committed_row;  /**< last row made durable */
  parley_changes changes;
  double seconds;          /**< wall time */
} parley_load_summary;

/** Load inputs into an open store. All or nothing unless commit_every is set. `options` and `summary` may be NULL; the summary is filled on failure
 *  too. Errors: PARLEY_FORMAT (bad row), PARLEY_IO, PARLEY_CANTOPEN, PARLEY_INTERRUPTED, PARLEY_BUSY, ... in parley_error(store). @since 0.1 */
PARLEY_API parley_status parley_load(parley* store, const parley_input* inputs, size_t count, const parley_load_options* options,
                                     parley_load_summary* summary);
/** The same inside a write transaction (commit_every must be 0). After a failure roll the transaction back: a part of a large input may have
 *  been applied, and then parley_commit() fails (PARLEY_MISUSE). @since 0.1 */
PARLEY_API parley_status parley_load_in(parley_txn* txn, const parley_input* inputs, size_t count, const parley_load_options* options,
                                        parley_load_summary* summary);
/** Build a new store at `path`, which must not exist, at full speed: it appears whole, or not at all. `open_options` gives base, threads and
 *  allocator; may be NULL. `interrupt` (may be NULL) is read like parley_interrupt(): non-zero stops. *error as in parley_open(). @since 0.1 */
PARLEY_API parley_status parley_build(const char* path, const parley_options* open_options, const parley_input* inputs, size_t count,
                                      const parley_load_options* options, const volatile int* interrupt, parley_load_summary* summary,
                                      parley_error_object** error);

typedef struct parley_export_options {
  size_t size;             /**< sizeof(parley_export_options) */
  const char* format;      /**< "nt", "nq", "ttl" or "jsonl" (NULL) */
  int assertions;          /**< nt, nq, ttl: write assertions as RDF 1.2 reifiers; jsonl always keeps them */
  int (*write)(void* user, const char* data, size_t len); /**< receives the output; non-zero stops with PARLEY_IO */
  void* user;              /**< passed to write */
} parley_export_options;
/** Export the whole store, sorted: equal stores give equal bytes. @since 0.1 */
PARLEY_API parley_status parley_export(parley* store, const parley_export_options* options);

/* ---- properties of a store ------------------------------------------------------------------------------------------------------------ */

/** Lists of predicates that belong to the store. */
typedef enum parley_property {
  PARLEY_PROPERTY_LABELS, /**< label predicates in order of preference: what label() and @"..." read */
  PARLEY_PROPERTY_TEXT,   /**< predicates in the text index */
  PARLEY_PROPERTY_SINGLE  /**< single-valued predicates: what `conflicts` looks at */
} parley_property;
/** Call fn for each predicate of the list, named as a query names it. @since 0.1 */
PARLEY_API parley_status parley_get_property(parley* store, parley_property property, void (*fn)(void* user, const char* name), void* user);
/** Replace the list (parley_name() or parley_iri() values), in one write transaction. TEXT builds the index of predicates new in the list and
 *  drops that of the others. Stops at parley_interrupt(). @since 0.1 */
PARLEY_API parley_status parley_set_property(parley* store, parley_property property, const parley_value* predicates, size_t count);
/** Call fn for each definition (`define NAME = PATH`). @since 0.1 */
PARLEY_API parley_status parley_definitions(parley* store, void (*fn)(void* user, const char* name, const char* path), void* user);

/* ---- differences ------------------------------------------------------------------------------------------------------------------------ */

/** One difference. Texts are borrowed for the call. */
typedef struct parley_difference {
  int side;         /**< -1: only in the first; +1: only in the second */
  int assertion;    /**< 0: a fact that the other side does not have at all (its first statement); 1: a further statement of a fact */
  const char* json; /**< as a line of JSON Lines, loadable, without the line's end */
  size_t json_len;  /**< its bytes */
  const char* text; /**< the fact as a query writes it, with { annotations } of an assertion */
} parley_difference;
typedef struct parley_diff_options {
  size_t size;                /**< sizeof(parley_diff_options) */
  const parley_value* source_a; /**< compare only what this source says, of each store; NULL = everything */
  const parley_value* source_b; /**< the same for the second side */
  int (*on_difference)(void* user, const parley_difference* difference); /**< in order of the facts; non-zero stops (PARLEY_INTERRUPTED) */
  void* user;                 /**< passed to it */
} parley_diff_options;
/** List the facts and assertions that only one side has. Stores are compared by their terms, so they may differ in everything else; `a` and `b`
 *  may be the same store (two sources of one store). Between two sources neither the source nor the span in it is compared. Errors are in parley_error(a). @since 0.1 */
PARLEY_API parley_status parley_diff(parley* a, parley* b, const parley_diff_options* options);

/* ---- looking at a store ------------------------------------------------------------------------------------------------------------- */

/** How far a long operation is. */
typedef struct parley_work {
  const char* phase;    /**< what is being done, one word or two; static text */
  uint64_t done, total; /**< units over all phases; total 0 = unknown */
} parley_work;

/** One thing that is wrong with a store. Texts are borrowed for the call. */
typedef struct parley_finding {
  const char* part; /**< of the store: "pages", "index spo", "dictionary", "facts", "assertions", "orders", "counters", "totals", ... */
  const char* text; /**< what is wrong, one line */
} parley_finding;

/** Settings for parley_check(). Zero the struct, then set `size`. */
typedef struct parley_check_options {
  size_t size;                                                    /**< sizeof(parley_check_options) */
  int deep;                                                       /**< 0: every page, block and term on its own; 1: all of them against each other too */
  void (*on_finding)(void* user, const parley_finding* finding);  /**< each finding, on the calling thread; at most about 1000; may be NULL */
  int (*on_progress)(void* user, const parley_work* work);        /**< about 10 times a second, from any thread but never from two at once; non-zero
                                                                       stops (PARLEY_INTERRUPTED); may be NULL */
  void* user;                                                     /**< passed to the callbacks */
} parley_check_options;

typedef struct parley_check_report {
  size_t size;       /**< in: sizeof(parley_check_report) */
  uint64_t findings; /**< things that are wrong; 0 = the store is sound */
  uint64_t pages;    /**< pages of the file that are in use and were looked at */
  uint64_t rows;     /**< rows read, over all orders */
  uint64_t terms;    /**< dictionary entries read */
} parley_check_report;

/** Verify a store as of now; readers and writers go on. The fast form reads everything once: pages, header and settings, every block and term
 *  on its own, and the counts of all. The deep form also compares: the orders with each other, the dictionary in both directions, assertions
 *  with their identities, the text index, the counters of each predicate. `options` (NULL: fast) and `report` may be NULL. PARLEY_OK also when
 *  damage was found: report->findings tells. Errors: PARLEY_CORRUPT when checking could not go on, PARLEY_INTERRUPTED, PARLEY_NOMEM, PARLEY_MISUSE;
 *  the report holds what was done until then. @since 0.1 */
PARLEY_API parley_status parley_check(parley* store, const parley_check_options* options, parley_check_report* report);

typedef struct parley_stats {
  size_t size;             /**< in: sizeof(parley_stats) */
  uint64_t facts, rows, plain, assertions, annotations, terms, predicates;
  uint64_t file_bytes;     /**< size of the file */
  uint64_t used_bytes;     /**< pages in use, in bytes */
  uint64_t readers;        /**< reader slots in use */
  uint32_t format_version;
  uint32_t page_bytes;     /**< size of a page of the file */
  uint64_t free_bytes;     /**< pages that are free, in bytes: used again by later writes, given back by parley_compact() */
  uint64_t held_bytes;     /**< of these, kept from being used again by the oldest reader */
  uint64_t map_bytes;      /**< address space reserved */
  uint64_t last_transaction;          /**< number of the newest commit */
  uint64_t oldest_reader_pid;         /**< process whose snapshot is the oldest; 0 = nobody reads */
  uint64_t oldest_reader_transaction; /**< that snapshot: last_transaction less this is how far it lies behind */
} parley_stats;
PARLEY_API parley_status parley_get_stats(parley* store, parley_stats* out);
/** One part of the file. Its blocks are values of the database; block_bytes of bytes says how full its pages are, entries of blocks how many rows
 *  or terms one holds (where an entry is not a block itself). */
typedef struct parley_part {
  const char* name;     /**< for people; static text */
  uint64_t entries;     /**< rows, terms or records */
  uint64_t bytes;       /**< of its pages */
  uint64_t pages;       /**< of the file */
  uint64_t blocks;      /**< values that hold the entries */
  uint64_t block_bytes; /**< of these */
} parley_part;
/** Size of one part of the file; i from 0; PARLEY_NOT_FOUND after the last. Reads about one page in eighty of the part. @since 0.1 */
PARLEY_API parley_status parley_get_part(parley* store, size_t i, parley_part* out);

/** Callbacks for parley_schema(); texts are names as a query writes them, borrowed for the call. */
typedef struct parley_schema_class { const char* name; uint64_t count; } parley_schema_class;
typedef struct parley_schema_link {
  const char* predicate;   /**< name */
  uint64_t facts;          /**< with it */
  uint64_t subjects, objects; /**< distinct */
  const char* from;        /**< class of the subjects of this kind of link, or "-" for none */
  const char* to;          /**< class of the objects, or a literal kind such as "string", "date" */
  uint64_t link_facts;     /**< facts of this kind of link (sampled when the store is large: see exact) */
  int exact;               /**< link_facts counts all facts, not a sample */
  const char* example;     /**< "subject predicate object" as a query would write it */
} parley_schema_link;
typedef struct parley_schema_options {
  size_t size;
  void (*on_class)(void* user, const parley_schema_class* row);  /**< most instances first */
  void (*on_link)(void* user, const parley_schema_link* row);    /**< by predicate (most facts first), then link (most facts first) */
  void* user;
} parley_schema_options;
/** What a stranger needs first: classes with counts, predicates with counts, and what each links. A node of several classes counts for the one
 *  whose name is smallest; rdf:type itself is told by the classes and not among the links. @since 0.1 */
PARLEY_API parley_status parley_schema(parley* store, const parley_schema_options* options);

/* ---- keeping a store ------------------------------------------------------------------------------------------------------------------- */

/** Settings for parley_backup() and parley_compact(). Zero the struct, then set `size`. */
typedef struct parley_copy_options {
  size_t size;    /**< sizeof(parley_copy_options) */
  int skip_check; /**< 1: do not verify the copy (as parley_check() in its fast form) before it gets its name */
  int (*on_progress)(void* user, const parley_work* work); /**< about 10 times a second, from any thread but never from two at once;
                                                                non-zero stops (PARLEY_INTERRUPTED); may be NULL */
  void* user;     /**< passed to on_progress */
} parley_copy_options;

/** Copy the store as of now to the file `path`, which must not exist, while readers and writers go on. The copy is a store like any other; it
 *  appears whole, verified and on the disk, or not at all. Its mode is that of the store less the umask. `options` may be NULL. Stops at
 *  parley_interrupt(). Errors: PARLEY_MISUSE (`path` exists), PARLEY_CANTOPEN (its folder), PARLEY_CORRUPT (the store is damaged),
 *  PARLEY_IO, PARLEY_NOMEM, PARLEY_INTERRUPTED. @since 0.1 */
PARLEY_API parley_status parley_backup(parley* store, const char* path, const parley_copy_options* options);

typedef struct parley_compact_summary {
  size_t size;           /**< in: sizeof(parley_compact_summary) */
  uint64_t bytes_before; /**< size of the file */
  uint64_t bytes_after;  /**< the same if there was nothing to gain: then the file was left alone */
} parley_compact_summary;

/** Replace the store in file `path` by a copy with full blocks and without free pages, atomically: whatever stops it, a lost power included,
 *  the file is the old store or the new one. Nothing that a program can see changes. Needs the store for itself and as much disk again as the
 *  result takes. Mode and owner of the file are kept as far as the process may; symbolic links are followed. `open_options` gives threads,
 *  address space and allocator; it, `options`, `interrupt` (read like parley_interrupt()) and `summary` may be NULL. *error as in parley_open().
 *  Errors: PARLEY_BUSY (some process, this one included, has the store open), PARLEY_READONLY, PARLEY_CANTOPEN, PARLEY_CORRUPT,
 *  PARLEY_NEWER, PARLEY_IO, PARLEY_NOMEM, PARLEY_INTERRUPTED. @since 0.1 */
PARLEY_API parley_status parley_compact(const char* path, const parley_options* open_options, const parley_copy_options* options,
                                        const volatile int* interrupt, parley_compact_summary* summary, parley_error_object** error);

/** Settings for parley_repair(). Zero the struct, then set `size`. */
typedef struct parley_repair_options {
  size_t size;         /**< sizeof(parley_repair_options) */
  size_t memory_bytes; /**< for sorting rows; 0 = 256 MiB; more goes to temporary files */
  void (*on_finding)(void* user, const parley_finding* finding); /**< what is damaged or lost; at most about 1000; may be NULL */
  int (*on_progress)(void* user, const parley_work* work); /**< about 10 times a second; non-zero stops (PARLEY_INTERRUPTED); may be NULL */
  void* user;          /**< passed to the callbacks */
} parley_repair_options;

typedef struct parley_repair_summary {
  size_t size;                                   /**< in: sizeof(parley_repair_summary) */
  uint64_t facts, assertions, annotations, terms; /**< saved; rows of named graphs count as assertions */
  uint64_t rows_lost;                            /**< statements that could not be saved, as far as can be known */
  uint64_t terms_lost;                           /**< dictionary entries that could not be read or proved */
  uint64_t findings;                             /**< 0 = no damage was met */
} parley_repair_summary;

/** Save what is readable of the store in file `path`, however damaged, into a new store `dest`, which must not exist and appears whole or not at
 *  all. `path` is only read and needs no process to have it open. Nothing is invented: a row must stand in two orders, or in the only one that is
 *  readable there; a term must have its hash, or where that is lost too is taken as it stands, which is a finding. `open_options` gives threads and allocator; it, `options`, `interrupt` (read like
 *  parley_interrupt()) and `summary` may be NULL. *error as in parley_open(). PARLEY_OK also when something was lost: the summary tells, on
 *  failure too. Errors: PARLEY_CORRUPT (no page leads to any data), PARLEY_NEWER, PARLEY_CANTOPEN, PARLEY_BUSY (some process has it open),
 *  PARLEY_MISUSE (`dest` exists), PARLEY_IO, PARLEY_NOMEM, PARLEY_INTERRUPTED. @since 0.1 */
PARLEY_API parley_status parley_repair(const char* path, const char* dest, const parley_options* open_options,
                                       const parley_repair_options* options, const volatile int* interrupt,
                                       parley_repair_summary* summary, parley_error_object** error);

#ifdef __cplusplus
}
#endif

#endif /* PARLEY_H */
