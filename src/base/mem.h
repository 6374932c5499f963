/// Memory: the allocator hook, accounting with a limit, arenas by lifetime, growable buffers and vectors.
///
/// All allocation of the library goes through a `pl_mem`, which counts bytes and refuses to pass its limit, so that a
/// query's memory limit needs no further bookkeeping and a test can fail the n-th allocation. Frees are sized.
/// A `pl_mem` belongs to one thread at a time; parallel workers use one each.
#ifndef PL_BASE_MEM_H
#define PL_BASE_MEM_H

#include "base/base.h"

#include <stdarg.h>

/// The hook: like realloc with the old size; new size 0 frees and returns NULL. Called from any thread.
typedef void* (*pl_realloc_fn)(void* user, void* ptr, size_t size_old, size_t size_new);

typedef struct pl_mem {
  pl_realloc_fn fn;   ///< never NULL after init
  void* user;         ///< passed to fn
  size_t bytes_used;  ///< live bytes
  size_t bytes_peak;  ///< highest bytes_used
  size_t bytes_max;   ///< limit; SIZE_MAX means none
  bool limit_hit;     ///< true once a request was refused for the limit (PL_ERR_LIMIT rather than NOMEM)
} pl_mem;

/// Start an account. `fn` NULL means the C heap.
void pl_mem_init(pl_mem* mem, pl_realloc_fn fn, void* user, size_t bytes_max);
void* pl_mem_alloc(pl_mem* mem, size_t size) PL_NODISCARD;                 ///< uninitialised; NULL on failure or size 0
void* pl_mem_calloc(pl_mem* mem, size_t count, size_t size) PL_NODISCARD;  ///< zeroed; overflow-checked
void* pl_mem_realloc(pl_mem* mem, void* ptr, size_t size_old,
                     size_t size_new) PL_NODISCARD;     ///< old block survives failure
void pl_mem_free(pl_mem* mem, void* ptr, size_t size);  ///< accepts NULL
/// The status that a NULL from this account means: PL_ERR_LIMIT or PL_ERR_NOMEM.
pl_status pl_mem_status(const pl_mem* mem);

/// Bump allocator. Everything in it ends together; registered releases run in reverse order at reset or free.
typedef struct pl_arena {
  pl_mem* mem;                        ///< account that pays
  struct pl_arena_block* block;       ///< newest block, linked to older ones
  struct pl_arena_release* releases;  ///< newest first
} pl_arena;

void pl_arena_init(pl_arena* arena, pl_mem* mem);
void* pl_arena_alloc(pl_arena* arena, size_t size) PL_NODISCARD;  ///< 16-byte aligned, uninitialised; NULL on failure
void* pl_arena_calloc(pl_arena* arena, size_t count, size_t size) PL_NODISCARD;
/// Copy bytes and add a terminator (not counted). On failure returns a slice with data NULL.
pl_str pl_arena_str(pl_arena* arena, pl_str s) PL_NODISCARD;
pl_str pl_arena_printf(pl_arena* arena, const char* format, ...) PL_PRINTF(2, 3);
pl_status pl_arena_on_release(pl_arena* arena, void (*fn)(void*), void* user);
void pl_arena_reset(pl_arena* arena);  ///< runs releases, keeps one block for reuse
void pl_arena_free(pl_arena* arena);   ///< runs releases, frees all; the arena may be used again
/// Move the newest block of `from`, which is freed next, to `to`, which has none yet and an account of the same allocator. False if there is none
/// worth it, or no room in the account.
bool pl_arena_move(pl_arena* from, pl_arena* to);

#define PL_ARENA_NEW(arena, type) ((type*)pl_arena_calloc((arena), 1, sizeof(type)))
#define PL_ARENA_ARRAY(arena, type, count) ((type*)pl_arena_calloc((arena), (count), sizeof(type)))

/// Growable bytes with a ceiling set at creation. Always zero-terminated once anything was written (not counted in len).
/// Errors stick: after a failed append every later one fails too, so a writer may check once at the end.
typedef struct pl_buf {
  pl_mem* mem;       ///< account that pays
  char* data;        ///< bytes; NULL until the first append
  size_t len;        ///< bytes used
  size_t capacity;   ///< bytes allocated
  size_t bytes_max;  ///< ceiling; passing it is PL_ERR_LIMIT
  pl_status status;  ///< first failure
} pl_buf;

void pl_buf_init(pl_buf* buf, pl_mem* mem, size_t bytes_max);
void pl_buf_free(pl_buf* buf);
void pl_buf_clear(pl_buf* buf);  ///< len = 0, status = PL_OK, memory kept
pl_status pl_buf_reserve(pl_buf* buf, size_t extra);
pl_status pl_buf_append(pl_buf* buf, const void* data, size_t len);
pl_status pl_buf_char(pl_buf* buf, char c);
pl_status pl_buf_str(pl_buf* buf, pl_str s);
pl_status pl_buf_printf(pl_buf* buf, const char* format, ...) PL_PRINTF(2, 3);
pl_status pl_buf_vprintf(pl_buf* buf, const char* format, va_list args);
static inline pl_str pl_buf_view(const pl_buf* buf) { return (pl_str){buf->data, buf->len}; }

/// Typed vector: declare with PL_VEC(T), grow with pl_vec_push/pl_vec_reserve, free with pl_vec_free.
#define PL_VEC(T)    \
  struct {           \
    T* data;         \
    size_t count;    \
    size_t capacity; \
  }
pl_status pl_vec_grow(pl_mem* mem, void** data, size_t* capacity, size_t count_min, size_t item_size);
#define pl_vec_reserve(mem, v, n) \
  ((v)->capacity >= (n) ? PL_OK : pl_vec_grow((mem), (void**)&(v)->data, &(v)->capacity, (n), sizeof(*(v)->data)))
#define pl_vec_push(mem, v, item) \
  (pl_vec_reserve((mem), (v), (v)->count + 1) == PL_OK ? ((v)->data[(v)->count++] = (item), PL_OK) : pl_mem_status(mem))
#define pl_vec_free(mem, v) \
  (pl_mem_free((mem), (v)->data, (v)->capacity * sizeof(*(v)->data)), (v)->data = NULL, (v)->count = (v)->capacity = 0)

#endif
