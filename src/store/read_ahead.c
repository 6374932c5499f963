/// Sequential reading made known to the system (read_ahead.h). Advice cannot fail in a way that matters: a range that goes
/// beyond the file or the map is read as far as it is there.
#include "store/read_ahead.h"

#include <sys/mman.h>

enum { PAGE_BYTES = 4096, NEAR_BYTES = 1 << 16, AHEAD_BYTES = 1 << 19, PAGES_BEFORE = 4 };

void pl_read_ahead_at(pl_read_ahead* r, const void* value) {
  const uintptr_t page = (uintptr_t)value & ~(uintptr_t)(PAGE_BYTES - 1);
  if (page == r->page) {
    return;
  }
  r->in_order = page > r->page && page - r->page < NEAR_BYTES ? r->in_order + 1 : 0;
  r->page = page;
  if (r->in_order == 0) {
    r->ahead = page;  // elsewhere: what was asked for there says nothing about here
  } else if (r->in_order >= PAGES_BEFORE && page + AHEAD_BYTES / 2 >= r->ahead) {
    const uintptr_t start = page > r->ahead ? page : r->ahead;
    (void)madvise((void*)start, AHEAD_BYTES, MADV_WILLNEED);
    r->ahead = start + AHEAD_BYTES;
  }
}
