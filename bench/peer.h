// The protocol of bench/README.md for peers in C: reads requests, times runs, answers. A peer fills in a peer_class and calls peer_main().
#pragma once
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/// A JSON value; members and elements hang on `child` in order. Freed with the request it belongs to.
typedef struct json {
  enum { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_TEXT, JSON_LIST, JSON_OBJECT } kind;
  char* key;           // of a member of an object, else NULL
  char* text;          // JSON_TEXT
  double number;       // JSON_NUMBER
  size_t count;        // elements or members
  struct json* child;  // first element or member
  struct json* next;   // beside it
} json;

/// Member `key` of an object, or NULL.
const json* json_get(const json* object, const char* key);
/// Text of a member, or `otherwise`.
const char* json_text(const json* object, const char* key, const char* otherwise);
/// Number of a member (true is 1), or `otherwise`.
double json_number(const json* object, const char* key, double otherwise);

/// Read a line, which is changed; *v is zeroed by the caller and its parts freed with json_drop().
void json_read(char* line, json* v);
void json_drop(json* v);
/// The elements of a list as an array, so that run i finds its own at once; empty for NULL. Caller frees.
const json** json_elements(const json* list);

/// Receives the columns of one row. Texts are borrowed for the call.
typedef struct peer_row {
  char* text;        // canonical text so far
  size_t len, room;  // its bytes and space
  size_t columns;    // columns so far
} peer_row;

/// Add a column to a row's canonical text. A NULL text is null.
void peer_column(peer_row* row, const char* text, size_t len);
/// The same for a number: whole ones in decimal digits.
void peer_column_real(peer_row* row, double value);

/// What becomes of the rows of a run.
typedef struct peer_sink {
  int fetch;       // texts of all columns are to be fetched
  int sum;         // rows are to be given to peer_sink_row(); only in the untimed round
  uint64_t rows;   // counted by peer_sink_row() or by the peer itself
  uint64_t total;  // the sum
  peer_row row;    // being made
} peer_sink;

/// The row in sink->row is complete: count and sum it.
void peer_sink_row(peer_sink* sink);

/// A failure: one line into the peer's message. Returns -1.
int peer_fail(const char* format, ...) __attribute__((format(printf, 1, 2)));
/// The same, for what this peer can never do.
int peer_cannot(const char* format, ...) __attribute__((format(printf, 1, 2)));
/// Seconds of a monotonic clock.
double peer_now(void);

/// A statement of an N-Triples line; every part points into the line, which is changed (unescaped).
typedef struct peer_term {
  char* text;        // IRI without <>, label with _:, or lexical form
  size_t len;        // its bytes
  char kind;         // 'i', 'b', 's' plain, 'l' with language, 't' with datatype
  const char* type;  // language or datatype, else ""
} peer_term;
/// Parse one term; returns a pointer behind it, or NULL. For tokens that parameters hold as well.
char* peer_parse_term(char* at, peer_term* term);

/// What a peer can do. All return 0, or what peer_fail() and peer_cannot() return. `self` is the peer's own.
typedef struct peer_class {
  int (*open)(void* self, const char* store, const json* settings, const char** version, const char** told);
  int (*load)(void* self, char** files, size_t count, const char* format, uint64_t* triples);
  int (*prepare)(void* self, const char* text);  // keep one prepared query; NULL drops it
  int (*run)(void* self, const char* text, const json* parameters, peer_sink* sink);  // text NULL: the prepared one
  int (*insert)(void* self, uint64_t first, unsigned size, int durable);              // one transaction
  int (*reader)(void* self, const char* text, const json* parameters, const atomic_int* stop, uint64_t* runs,
                double* ms, size_t ms_max);
  int (*index)(void* self, const json* predicates);  // text index of predicates; NULL: none
  int (*close)(void* self);
} peer_class;

/// Answer requests until the input ends.
int peer_main(const peer_class* class, void* self);
