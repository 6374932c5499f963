/// The bytes that serd reads: a window over the input that can be looked at again (to show a line) and gone back in (to
/// recover).
///
/// serd recurses on nested brackets, so the bytes are also watched for depth; and it takes a zero byte for the end, so
/// one ends the statement with an error instead.
#ifndef PL_LOAD_TURTLE_SOURCE_H
#define PL_LOAD_TURTLE_SOURCE_H

#include "load/reader.h"

#define PL_TURTLE_NESTING_MAX 1000

typedef enum pl_turtle_stop { PL_TURTLE_FINE, PL_TURTLE_DEEP, PL_TURTLE_ZERO, PL_TURTLE_IO } pl_turtle_stop;

typedef struct pl_turtle_source {
  pl_mem* mem;           ///< account
  pl_error* err;         ///< for failures
  pl_bytes* bytes;       ///< input
  char* window;          ///< bytes around the place that serd reads
  size_t capacity;       ///< of window
  size_t len;            ///< valid
  size_t pos;            ///< given to serd
  uint64_t offset;       ///< of window[0] in the document
  uint64_t line;         ///< of window[0], from 1
  uint64_t stream_line;  ///< line on which the present stream of serd began
  bool end;              ///< the input has ended
  pl_status status;      ///< failure of a read
  pl_turtle_stop stop;   ///< why no more is given
  int state;             ///< of the bracket watch
  char quote;            ///< open quote
  bool escaped;          ///< after a backslash
  uint32_t depth;        ///< open [ and (
  uint32_t braces;       ///< open {
} pl_turtle_source;

pl_status pl_turtle_source_init(pl_turtle_source* source, const pl_reader_context* context);
void pl_turtle_source_free(pl_turtle_source* source);
/// For serd (SerdSource, SerdStreamErrorFunc).
size_t pl_turtle_source_read(void* buf, size_t size, size_t count, void* source);
int pl_turtle_source_error(void* source);
/// Nothing more has been read than was given to serd.
static inline bool pl_turtle_source_drained(const pl_turtle_source* source) { return source->pos == source->len; }
/// The window's line with this number; empty if it is not there. *offset gets where it begins in the document.
pl_str pl_turtle_source_line(const pl_turtle_source* source, uint64_t line, uint64_t* offset);
/// Go behind the statement that failed on `line`: to the line after the next one that ends with `.` (`}` inside a
/// graph).
pl_status pl_turtle_source_recover(pl_turtle_source* source, uint64_t line);

#endif
