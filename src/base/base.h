/// Statuses, slices and small helpers that every layer uses. No domain knowledge lives here.
#ifndef PL_BASE_BASE_H
#define PL_BASE_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// Outcome of every function that can fail. Values are those of `parley_status` in parley.h (asserted in src/api).
typedef enum pl_status {
  PL_OK = 0,                ///< success
  PL_ROW = 1,               ///< a row is ready (stepping only)
  PL_DONE = 2,              ///< the end was reached; not an error
  PL_NOT_FOUND = 3,         ///< the thing asked for is not there; an error only where a caller says so
  PL_ERR_NOMEM = 10,        ///< an allocation failed
  PL_ERR_LIMIT = 11,        ///< a documented limit (memory, time, rows, nesting, length) was reached
  PL_ERR_INTERRUPTED = 12,  ///< stopped by parley_interrupt or Ctrl-C
  PL_ERR_MISUSE = 13,       ///< the caller broke a contract (bad argument, wrong state)
  PL_ERR_SYNTAX = 20,       ///< query text that does not parse
  PL_ERR_BIND = 21,         ///< query text that parses but has no meaning (unbound variable, wrong argument count)
  PL_ERR_EVAL = 22,         ///< error while a query runs that is not a null
  PL_ERR_FORMAT = 30,       ///< bad row or document in an input file
  PL_ERR_IO = 31,           ///< the operating system refused a read or write; also a full disk
  PL_ERR_CANTOPEN = 32,     ///< file missing, unreadable, a directory, or not a store
  PL_ERR_CORRUPT = 33,      ///< the store file is damaged
  PL_ERR_VERSION = 34,      ///< the store was written by a newer format
  PL_ERR_BUSY = 35,         ///< another writer holds the store and the caller asked not to wait
  PL_ERR_READONLY = 36,     ///< a write through a read-only handle or transaction
  PL_ERR_FULL = 37,         ///< map or disk full
} pl_status;

/// Pass a failure up. For functions that hold nothing to release; others `goto out`.
#define PL_TRY(call)                         \
  do {                                       \
    const pl_status pl_try_status_ = (call); \
    if (pl_try_status_ != PL_OK) {           \
      return pl_try_status_;                 \
    }                                        \
  } while (0)

#define PL_UNUSED(x) ((void)(x))
#define PL_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define PL_LIKELY(x) __builtin_expect(!!(x), 1)
#define PL_UNLIKELY(x) __builtin_expect(!!(x), 0)
#if defined(__GNUC__)
#define PL_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define PL_NODISCARD __attribute__((warn_unused_result))
#else
#define PL_PRINTF(f, a)
#define PL_NODISCARD
#endif

/// Borrowed bytes: never terminated, never owned. `data` may be NULL when `len` is 0.
typedef struct pl_str {
  const char* data;  ///< first byte
  size_t len;        ///< bytes
} pl_str;

#define PL_STR(literal) ((pl_str){"" literal, sizeof(literal) - 1})

static inline pl_str pl_str_c(const char* s) { return (pl_str){s, s ? strlen(s) : 0}; }
static inline bool pl_str_eq(pl_str a, pl_str b) {
  return a.len == b.len && (a.len == 0 || !memcmp(a.data, b.data, a.len));
}
static inline bool pl_str_starts(pl_str a, pl_str prefix) {
  return a.len >= prefix.len && (prefix.len == 0 || !memcmp(a.data, prefix.data, prefix.len));
}
/// Byte order; a prefix sorts first.
static inline int pl_str_cmp(pl_str a, pl_str b) {
  const size_t n = a.len < b.len ? a.len : b.len;
  const int c = n ? memcmp(a.data, b.data, n) : 0;
  return c ? c : (a.len > b.len) - (a.len < b.len);
}

/// Half-open byte range in a source text.
typedef struct pl_span {
  uint32_t start;  ///< offset of the first byte
  uint32_t end;    ///< offset after the last byte
} pl_span;

#endif
