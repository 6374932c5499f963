/// Growable bytes. The first failure sticks in `status`, so a printer may append freely and look once at the end.
#include "base/mem.h"

#include <stdio.h>

enum { BUF_CAPACITY_MIN = 64 };

void pl_buf_init(pl_buf* buf, pl_mem* mem, size_t bytes_max) { *buf = (pl_buf){.mem = mem, .bytes_max = bytes_max}; }

void pl_buf_free(pl_buf* buf) {
  pl_mem_free(buf->mem, buf->data, buf->capacity);
  buf->data = NULL;
  buf->len = buf->capacity = 0;
  buf->status = PL_OK;
}

void pl_buf_clear(pl_buf* buf) {
  buf->len = 0;
  buf->status = PL_OK;
  if (buf->data) {
    buf->data[0] = '\0';
  }
}

static pl_status fail(pl_buf* buf, pl_status status) {
  buf->status = status;
  return status;
}

static pl_status grow(pl_buf* buf, size_t needed) {
  size_t capacity = buf->capacity ? buf->capacity : BUF_CAPACITY_MIN;
  while (capacity < needed) {
    capacity = capacity > SIZE_MAX / 2 ? needed : capacity + capacity / 2;
  }
  char* const moved = pl_mem_realloc(buf->mem, buf->data, buf->capacity, capacity);
  if (!moved) {
    return fail(buf, pl_mem_status(buf->mem));
  }
  buf->data = moved;
  buf->capacity = capacity;
  return PL_OK;
}

pl_status pl_buf_reserve(pl_buf* buf, size_t extra) {
  if (buf->status != PL_OK) {
    return buf->status;
  }
  if (extra > buf->bytes_max - buf->len || extra >= SIZE_MAX - buf->len) {
    return fail(buf, PL_ERR_LIMIT);
  }
  const size_t needed = buf->len + extra + 1;  // one more for the terminator
  return needed <= buf->capacity ? PL_OK : grow(buf, needed);
}

pl_status pl_buf_append(pl_buf* buf, const void* data, size_t len) {
  PL_TRY(pl_buf_reserve(buf, len));
  if (len) {
    memcpy(buf->data + buf->len, data, len);
  }
  buf->len += len;
  buf->data[buf->len] = '\0';
  return PL_OK;
}

pl_status pl_buf_char(pl_buf* buf, char c) { return pl_buf_append(buf, &c, 1); }

pl_status pl_buf_str(pl_buf* buf, pl_str s) { return pl_buf_append(buf, s.data, s.len); }

pl_status pl_buf_vprintf(pl_buf* buf, const char* format, va_list args) {
  va_list again;
  va_copy(again, args);
  const int len = vsnprintf(NULL, 0, format, args);
  pl_status status = len < 0 ? fail(buf, PL_ERR_MISUSE) : pl_buf_reserve(buf, (size_t)len);
  if (status == PL_OK) {
    (void)vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
    buf->len += (size_t)len;
  }
  va_end(again);
  return status;
}

pl_status pl_buf_printf(pl_buf* buf, const char* format, ...) {
  va_list args;
  va_start(args, format);
  const pl_status status = pl_buf_vprintf(buf, format, args);
  va_end(args);
  return status;
}
