/// Loading: byte source -> reader (one per format) -> batches -> writer of an open store, or bulk build of a new one.
///
/// Reading runs on one thread and interning/writing on another, joined by a short queue of batches.
#ifndef PL_LOAD_LOAD_H
#define PL_LOAD_LOAD_H

#include "store/bulk.h"
#include "store/writer.h"

typedef enum pl_format {
  PL_FORMAT_AUTO = 0,  ///< from the name: .nt .nq .ttl .trig .jsonl .ndjson .csv .tsv, each also with .gz or .zst
  PL_FORMAT_NT,
  PL_FORMAT_NQ,
  PL_FORMAT_TTL,
  PL_FORMAT_TRIG,
  PL_FORMAT_JSONL,
  PL_FORMAT_CSV,
  PL_FORMAT_TSV
} pl_format;

/// PL_FORMAT_AUTO if the name (or extension) says nothing.
pl_format pl_format_from_name(pl_str file_name);
bool pl_format_parse(pl_str word, pl_format* out);  ///< "nt", "nq", "ttl"/"turtle", "trig", "jsonl", "csv", "tsv"
const char* pl_format_name(pl_format format);

/// One input: exactly one of path, fd, memory, callback.
typedef struct pl_input {
  const char* path;  ///< file; "-" is standard input
  const char* name;  ///< shown in messages; NULL = path
  bool use_fd;       ///< read `fd` (not closed)
  int fd;            ///< open file descriptor
  pl_str memory;     ///< whole document, borrowed
  /// Fill buf with up to size bytes; set *len (0 = end); non-zero return stops the load with PL_ERR_IO.
  int (*read)(void* user, char* buf, size_t size, size_t* len);
  void* user;        ///< for read
  pl_format format;  ///< AUTO: from path or name, else an error
} pl_input;

typedef struct pl_load_progress {
  uint64_t bytes_read;     ///< raw bytes of all inputs so far
  uint64_t bytes_total;    ///< 0 if unknown
  uint64_t rows;           ///< input rows so far
  uint64_t committed_row;  ///< last row made durable (commit_every), 0 = none
  const char* phase;       ///< "reading" or "writing"
} pl_load_progress;

typedef struct pl_load_options {
  pl_str base;        ///< resolves relative IRIs in Turtle/TriG when the document has none; empty = the file's own URI
  uint64_t skip_bad;  ///< bad rows allowed; 0 = stop at the first
  void (*on_bad)(void* user, const pl_bad_row* bad, const char* input_name);  ///< each skipped row; may be NULL
  uint64_t commit_every;  ///< rows between commits (and at least once a second while rows come); 0 = atomic
  int (*on_progress)(void* user,
                     const pl_load_progress* progress);  ///< about 10 times a second; non-zero interrupts; may be NULL
  void* user;                                            ///< for both callbacks
  const atomic_int* interrupt;                           ///< may be NULL
  pl_str csv_map;  ///< "subject=head,predicate=rel,..."; empty = columns named as the JSON keys
  pl_str
      csv_columns;   ///< "subject,predicate,object,..." for files without a header row; empty = first row is the header
  unsigned threads;  ///< 1 = everything on the caller
  size_t bytes_max;  ///< memory for sorting; 0 = default
  uint64_t document_bytes_max;  ///< longest document, unpacked; 0 = no limit
  uint64_t literal_bytes_max;   ///< longest term accepted; 0 = PL_TERM_BYTES_MAX
} pl_load_options;

typedef struct pl_load_summary {
  uint64_t rows;           ///< input rows read (bad ones included)
  uint64_t rows_bad;       ///< skipped
  uint64_t committed_row;  ///< last row made durable over all inputs (equals rows after success)
  pl_write_counts counts;  ///< what changed
  double seconds;          ///< wall time
} pl_load_summary;

/// Load into an open store: one transaction, or several with commit_every. On failure nothing of the open transaction
/// remains; summary->committed_row says what earlier ones made durable.
pl_status pl_load_into(pl_store* store, const pl_input* inputs, size_t count, const pl_load_options* options,
                       pl_error* err, pl_load_summary* summary);
/// The same inside a write transaction of the caller (no commit; commit_every must be 0). A load that fails after a part
/// of it was applied leaves a transaction that can only be aborted: its commit fails.
pl_status pl_load_txn(pl_txn* txn, const pl_input* inputs, size_t count, const pl_load_options* options,
                      pl_load_summary* summary);
/// Build a new store at `path` (which must not exist) with the bulk path. commit_every must be 0.
pl_status pl_load_new(const char* path, const pl_bulk_options* bulk, const pl_input* inputs, size_t count,
                      const pl_load_options* options, pl_error* err, pl_load_summary* summary);

#endif
