/// The account: every block of the library is asked for here, counted, and refused past the limit. Frees are sized, so
/// that counting costs one addition and no header per block.
#include "base/mem.h"

#include <stdlib.h>

static void* heap_realloc(void* user, void* ptr, size_t size_old, size_t size_new) {
  PL_UNUSED(user);
  PL_UNUSED(size_old);
  if (size_new == 0) {
    free(ptr);
    return NULL;
  }
  return realloc(ptr, size_new);
}

void pl_mem_init(pl_mem* mem, pl_realloc_fn fn, void* user, size_t bytes_max) {
  *mem = (pl_mem){.fn = fn ? fn : heap_realloc, .user = user, .bytes_max = bytes_max};
}

void* pl_mem_realloc(pl_mem* mem, void* ptr, size_t size_old, size_t size_new) {
  assert(ptr || size_old == 0);
  assert(mem->bytes_used >= size_old);
  if (size_new == 0) {
    pl_mem_free(mem, ptr, size_old);
    return NULL;
  }
  if (size_new > PTRDIFF_MAX) {
    return NULL;
  }
  const size_t bytes_other = mem->bytes_used - size_old;
  // Shrinking is always allowed, even when the limit was lowered below what is in use.
  if (size_new > size_old && (bytes_other > mem->bytes_max || size_new > mem->bytes_max - bytes_other)) {
    mem->limit_hit = true;
    return NULL;
  }
  void* const moved = mem->fn(mem->user, ptr, size_old, size_new);
  if (!moved) {
    return NULL;
  }
  mem->bytes_used = bytes_other + size_new;
  if (mem->bytes_used > mem->bytes_peak) {
    mem->bytes_peak = mem->bytes_used;
  }
  return moved;
}

void* pl_mem_alloc(pl_mem* mem, size_t size) { return pl_mem_realloc(mem, NULL, 0, size); }

void* pl_mem_calloc(pl_mem* mem, size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    return NULL;
  }
  void* const ptr = pl_mem_alloc(mem, bytes);
  return ptr ? memset(ptr, 0, bytes) : NULL;
}

void pl_mem_free(pl_mem* mem, void* ptr, size_t size) {
  if (!ptr) {
    return;
  }
  assert(mem->bytes_used >= size);
  mem->bytes_used -= size;
  (void)mem->fn(mem->user, ptr, size, 0);
}

pl_status pl_mem_status(const pl_mem* mem) { return mem->limit_hit ? PL_ERR_LIMIT : PL_ERR_NOMEM; }

pl_status pl_vec_grow(pl_mem* mem, void** data, size_t* capacity, size_t count_min, size_t item_size) {
  size_t grown;
  size_t bytes;
  if (__builtin_add_overflow(*capacity, *capacity / 2, &grown)) {
    return PL_ERR_NOMEM;
  }
  grown = grown < count_min ? count_min : grown;
  grown = grown < 8 ? 8 : grown;
  if (__builtin_mul_overflow(grown, item_size, &bytes)) {
    return PL_ERR_NOMEM;
  }
  // `data` is really a T**: copying the pointer's bytes keeps strict aliasing.
  void* old;
  memcpy(&old, data, sizeof(old));
  void* const moved = pl_mem_realloc(mem, old, *capacity * item_size, bytes);
  if (!moved) {
    return pl_mem_status(mem);
  }
  memcpy(data, &moved, sizeof(moved));
  *capacity = grown;
  return PL_OK;
}
