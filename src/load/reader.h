/// Readers: one per format, all pull statements in batches from a byte source.
#ifndef PL_LOAD_READER_H
#define PL_LOAD_READER_H

#include "load/load.h"

/// Raw and decompressed bytes. gzip and zstd are recognised by magic bytes; decompression output is bounded by
/// streaming.
typedef struct pl_bytes pl_bytes;
pl_status pl_bytes_open(const pl_input* input, pl_mem* mem, pl_error* err, pl_bytes** out);
void pl_bytes_close(pl_bytes* bytes);
/// Read up to size bytes; *len = 0 at the end. A leading UTF-8 byte order mark is dropped.
pl_status pl_bytes_read(pl_bytes* bytes, char* buf, size_t size, size_t* len);
uint64_t pl_bytes_raw(const pl_bytes* bytes);    ///< raw bytes read so far
uint64_t pl_bytes_total(const pl_bytes* bytes);  ///< raw size; 0 if unknown
const char* pl_bytes_name(const pl_bytes* bytes);

/// What all readers share.
typedef struct pl_reader_context {
  pl_mem* mem;           ///< account
  pl_error* err;         ///< for failures that end the load
  pl_bytes* bytes;       ///< input
  pl_str base;           ///< base IRI of bare names in JSON Lines and CSV: the store's
  pl_str document_base;  ///< base for relative IRIs in Turtle and TriG
  const pl_load_options* options;
  pl_str blank_scope;  ///< prefix for blank node labels of this document (see scope.h)
  pl_status (*on_prefix)(void* user, pl_str prefix, pl_str iri);  ///< Turtle/TriG prefixes; may be NULL
  void* on_prefix_user;                                           ///< for it
  /// Called by a reader that meets a document statement with more triples than a batch holds (a long graph of TriG):
  /// hand the batch on and give another, empty one. May be NULL: then the batch grows.
  pl_status (*on_full)(void* user, pl_batch** batch);
  void* on_full_user;  ///< for it
} pl_reader_context;

/// A reader class, as a table of functions (style.md: operator class and two structs).
typedef struct pl_reader pl_reader;
typedef struct pl_reader_class {
  const char* name;
  pl_status (*open)(const pl_reader_context* context, pl_reader** out);
  /// Append statements (whole rows) and bad rows to the batch until it is nearly full; PL_DONE at the end of input (the
  /// batch may hold the last statements). Bad rows are reported in the batch, never as a failure, and reading goes on
  /// at the next row.
  pl_status (*next)(pl_reader* reader, pl_batch* batch);
  void (*close)(pl_reader* reader);
} pl_reader_class;
struct pl_reader {
  const pl_reader_class* class_;
};

extern const pl_reader_class
    pl_reader_ntriples;  ///< N-Triples and N-Quads (RDF 1.1, and RDF 1.2 reifiers as Parley exports them)
extern const pl_reader_class pl_reader_nquads;
extern const pl_reader_class pl_reader_turtle;  ///< serd
extern const pl_reader_class pl_reader_trig;
extern const pl_reader_class pl_reader_jsonl;
extern const pl_reader_class pl_reader_csv;
extern const pl_reader_class pl_reader_tsv;

pl_status pl_batch_init(pl_batch* batch, pl_mem* mem);
void pl_batch_clear(pl_batch* batch);
void pl_batch_free(pl_batch* batch);

#endif
