/// Bump arena: a list of blocks that double in size, and a list of releases for what is not memory.
///
///     arena -> block (newest) -> block -> ... -> NULL        block: | header (32 B) | used ... | free ... |
///
/// A request that the newest block cannot hold opens a new one. A request larger than a usual block gets a block of
/// exactly its size, linked behind the newest so that the room left there is not lost.
#include "base/mem.h"

#include <stdio.h>

#ifndef PL_ARENA_BLOCK
#define PL_ARENA_BLOCK 4096  // 0: every request gets a block of its own, so that tests see each of them
#endif

enum { ARENA_ALIGN = 16, ARENA_BLOCK_MIN = PL_ARENA_BLOCK, ARENA_BLOCK_MAX = PL_ARENA_BLOCK ? 1 << 20 : 0 };

typedef struct pl_arena_block {
  struct pl_arena_block* older;  ///< next older block
  size_t size;                   ///< bytes of the whole block, header included
  size_t used;                   ///< bytes handed out, header included; always a multiple of ARENA_ALIGN
  size_t reserved;               ///< keeps the header a multiple of ARENA_ALIGN
} arena_block;

_Static_assert(sizeof(arena_block) % ARENA_ALIGN == 0, "the first allocation must be aligned");

typedef struct pl_arena_release {
  struct pl_arena_release* older;  ///< registered before this one
  void (*fn)(void*);               ///< called once
  void* user;                      ///< its argument
} arena_release;

void pl_arena_init(pl_arena* arena, pl_mem* mem) { *arena = (pl_arena){.mem = mem}; }

static arena_block* block_new(pl_mem* mem, size_t size) {
  arena_block* const block = pl_mem_alloc(mem, size);
  if (block) {
    *block = (arena_block){.size = size, .used = sizeof(*block)};
  }
  return block;
}

static void* block_take(arena_block* block, size_t size) {
  void* const ptr = (char*)block + block->used;
  block->used += size;
  return ptr;
}

static void* alloc_slow(pl_arena* arena, size_t size) {
  arena_block* const newest = arena->block;
  size_t usual = newest ? newest->size * 2 : ARENA_BLOCK_MIN;
  usual = usual > ARENA_BLOCK_MAX ? ARENA_BLOCK_MAX : usual;
  const bool oversized = size + sizeof(arena_block) > usual;
  arena_block* const block = block_new(arena->mem, oversized ? size + sizeof(arena_block) : usual);
  if (!block) {
    return NULL;
  }
  if (oversized && newest) {
    block->older = newest->older;
    newest->older = block;
  } else {
    block->older = newest;
    arena->block = block;
  }
  return block_take(block, size);
}

void* pl_arena_alloc(pl_arena* arena, size_t size) {
  if (size > SIZE_MAX / 2) {
    return NULL;
  }
  size = size ? (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1) : ARENA_ALIGN;
  arena_block* const block = arena->block;
  if (PL_LIKELY(block && block->size - block->used >= size)) {
    return block_take(block, size);
  }
  return alloc_slow(arena, size);
}

void* pl_arena_calloc(pl_arena* arena, size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    return NULL;
  }
  void* const ptr = pl_arena_alloc(arena, bytes);
  return ptr ? memset(ptr, 0, bytes) : NULL;
}

pl_str pl_arena_str(pl_arena* arena, pl_str s) {
  char* const copy = s.len < SIZE_MAX ? pl_arena_alloc(arena, s.len + 1) : NULL;
  if (!copy) {
    return (pl_str){NULL, 0};
  }
  if (s.len) {
    memcpy(copy, s.data, s.len);
  }
  copy[s.len] = '\0';
  return (pl_str){copy, s.len};
}

pl_str pl_arena_printf(pl_arena* arena, const char* format, ...) {
  va_list args;
  va_start(args, format);
  const int len = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char* const text = len < 0 ? NULL : pl_arena_alloc(arena, (size_t)len + 1);
  if (!text) {
    return (pl_str){NULL, 0};
  }
  va_start(args, format);
  (void)vsnprintf(text, (size_t)len + 1, format, args);
  va_end(args);
  return (pl_str){text, (size_t)len};
}

pl_status pl_arena_on_release(pl_arena* arena, void (*fn)(void*), void* user) {
  arena_release* const release = pl_arena_alloc(arena, sizeof(*release));
  if (!release) {
    return pl_mem_status(arena->mem);
  }
  *release = (arena_release){.older = arena->releases, .fn = fn, .user = user};
  arena->releases = release;
  return PL_OK;
}

/// A release lives in the arena itself, so all of them run before any block goes. One that registers another is served
/// too.
static void run_releases(pl_arena* arena) {
  while (arena->releases) {
    const arena_release release = *arena->releases;
    arena->releases = release.older;
    release.fn(release.user);
  }
}

static void free_blocks(pl_mem* mem, arena_block* block) {
  while (block) {
    arena_block* const older = block->older;
    pl_mem_free(mem, block, block->size);
    block = older;
  }
}

void pl_arena_reset(pl_arena* arena) {
  run_releases(arena);
  arena_block* const kept = arena->block;
  if (!kept) {
    return;
  }
  if (kept->size > ARENA_BLOCK_MAX) {  // one huge request must not stay paid for
    pl_arena_free(arena);
    return;
  }
  free_blocks(arena->mem, kept->older);
  kept->older = NULL;
  kept->used = sizeof(*kept);
}

bool pl_arena_move(pl_arena* from, pl_arena* to) {
  arena_block* const block = from->block;
  pl_mem* const pays = to->mem;
  if (!block || block->size > ARENA_BLOCK_MAX || to->block || pays->bytes_used > pays->bytes_max ||
      block->size > pays->bytes_max - pays->bytes_used) {
    return false;
  }
  run_releases(from);
  from->block = block->older;
  from->mem->bytes_used -= block->size;
  pays->bytes_used += block->size;
  pays->bytes_peak = pays->bytes_used > pays->bytes_peak ? pays->bytes_used : pays->bytes_peak;
  *block = (arena_block){.size = block->size, .used = sizeof(*block)};
  to->block = block;
  return true;
}

void pl_arena_free(pl_arena* arena) {
  run_releases(arena);
  free_blocks(arena->mem, arena->block);
  arena->block = NULL;
}
