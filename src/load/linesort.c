/// Memory: one buffer of texts and an array of places in it. A run in its file: length (4 bytes, native) and bytes, again
/// and again. Merging looks at the head of every run; there is one run for each 256 MiB, so there are few.
#include "load/linesort.h"

#include "base/sort.h"
#include "base/tempfile.h"

#include <errno.h>
#include <unistd.h>

enum { RUN_BUFFER = 256 << 10 };
static const size_t BYTES_DEFAULT = (size_t)256 << 20;

typedef struct line_place {
  size_t start;  ///< in the text buffer
  uint32_t len;  ///< bytes
} line_place;

typedef struct line_run {
  int fd;           ///< its file
  char* buffer;     ///< bytes read ahead
  size_t capacity;  ///< of buffer
  size_t pos;       ///< used up
  size_t len;       ///< valid
  pl_str head;      ///< its next text, in buffer
  bool done;        ///< nothing left
} line_run;

struct pl_linesort {
  pl_mem* mem;                ///< account
  pl_guard* guard;            ///< asked; may be NULL
  pl_error* err;              ///< for failures
  size_t bytes_max;           ///< budget
  pl_buf text;                ///< texts in memory
  PL_VEC(line_place) places;  ///< of them
  PL_VEC(line_run) runs;      ///< on disk
  size_t next;                ///< next place to deliver, when there are no runs
  pl_buf last;                ///< the last text delivered
  bool any;                   ///< one was delivered
};

static pl_status nomem(const pl_linesort* s) { return pl_fail(s->err, PL_MSG_NOMEM); }

pl_status pl_linesort_new(pl_mem* mem, size_t bytes_max, pl_guard* guard, pl_error* err, pl_linesort** out) {
  pl_linesort* const s = pl_mem_calloc(mem, 1, sizeof(*s));
  *out = s;
  if (!s) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  s->mem = mem;
  s->guard = guard;
  s->err = err;
  s->bytes_max = bytes_max ? bytes_max : BYTES_DEFAULT;
  pl_buf_init(&s->text, mem, SIZE_MAX / 2);
  pl_buf_init(&s->last, mem, SIZE_MAX / 2);
  return PL_OK;
}

void pl_linesort_free(pl_linesort* s) {
  if (!s) {
    return;
  }
  for (size_t i = 0; i < s->runs.count; i++) {
    (void)close(s->runs.data[i].fd);  // a temporary file
    pl_mem_free(s->mem, s->runs.data[i].buffer, s->runs.data[i].capacity);
  }
  pl_vec_free(s->mem, &s->runs);
  pl_vec_free(s->mem, &s->places);
  pl_buf_free(&s->text);
  pl_buf_free(&s->last);
  pl_mem_free(s->mem, s, sizeof(*s));
}

static pl_str place_text(const pl_linesort* s, size_t i) {
  return (pl_str){s->text.data + s->places.data[i].start, s->places.data[i].len};
}

static int compare_places(const void* a, const void* b, void* user) {
  const char* const text = user;
  const line_place* const x = a;
  const line_place* const y = b;
  return pl_str_cmp((pl_str){text + x->start, x->len}, (pl_str){text + y->start, y->len});
}

static pl_status sort_places(pl_linesort* s) {
  const pl_sort_order order = {compare_places, s->text.data};
  const pl_status status =
      pl_sort(s->places.data, s->places.count, sizeof(line_place), &order, s->mem, s->guard, s->err);
  return status == PL_ERR_NOMEM ? nomem(s) : status;
}

static pl_status write_all(pl_linesort* s, int fd, const char* data, size_t len) {
  while (len) {
    const ssize_t n = write(fd, data, len);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return pl_fail(s->err, PL_MSG_TEMP_WRITE, strerror(n < 0 ? errno : ENOSPC));
    }
    data += n;
    len -= (size_t)n;
  }
  return PL_OK;
}

static pl_status write_run(pl_linesort* s, int fd) {
  pl_buf out;
  pl_buf_init(&out, s->mem, SIZE_MAX / 2);
  pl_status status = PL_OK;
  for (size_t i = 0; i < s->places.count && status == PL_OK; i++) {
    const pl_str text = place_text(s, i);
    const uint32_t len = (uint32_t)text.len;
    if (pl_buf_append(&out, &len, sizeof(len)) != PL_OK || pl_buf_str(&out, text) != PL_OK) {
      status = nomem(s);
    } else if (out.len >= RUN_BUFFER || i + 1 == s->places.count) {
      status = write_all(s, fd, out.data, out.len);
      status = status == PL_OK ? pl_guard_check(s->guard, s->err) : status;
      pl_buf_clear(&out);
    }
  }
  pl_buf_free(&out);
  return status;
}

static pl_status spill(pl_linesort* s) {
  line_run run = {.fd = -1};
  PL_TRY(pl_tempfile_open(NULL, &run.fd, s->err));
  pl_status status = sort_places(s);
  status = status == PL_OK ? write_run(s, run.fd) : status;
  if (status == PL_OK && lseek(run.fd, 0, SEEK_SET) != 0) {
    status = pl_fail(s->err, PL_MSG_TEMP_READ, strerror(errno));
  }
  if (status == PL_OK && pl_vec_push(s->mem, &s->runs, run) != PL_OK) {
    status = nomem(s);
  }
  if (status != PL_OK) {
    (void)close(run.fd);
    return status;
  }
  pl_buf_clear(&s->text);
  s->places.count = 0;
  return PL_OK;
}

pl_status pl_linesort_add(pl_linesort* s, pl_str text) {
  if (text.len > UINT32_MAX) {
    return pl_fail(s->err, PL_MSG_NOMEM);
  }
  const size_t used = s->text.len + s->places.count * sizeof(line_place);
  if (s->places.count && used + text.len > s->bytes_max) {
    PL_TRY(spill(s));
  }
  const line_place place = {s->text.len, (uint32_t)text.len};
  if (pl_buf_str(&s->text, text) != PL_OK || pl_vec_push(s->mem, &s->places, place) != PL_OK) {
    return nomem(s);
  }
  return PL_OK;
}

static pl_status run_grow(pl_linesort* s, line_run* run, size_t wanted) {
  const size_t capacity = wanted > RUN_BUFFER ? wanted : RUN_BUFFER;
  if (capacity <= run->capacity) {
    return PL_OK;
  }
  char* const buffer = pl_mem_realloc(s->mem, run->buffer, run->capacity, capacity);
  if (!buffer) {
    return nomem(s);
  }
  run->buffer = buffer;
  run->capacity = capacity;
  return PL_OK;
}

/// Have at least `wanted` bytes at pos. PL_DONE if the file has no more at all.
static pl_status run_need(pl_linesort* s, line_run* run, size_t wanted) {
  if (run->len - run->pos >= wanted) {
    return PL_OK;
  }
  if (run->pos) {
    memmove(run->buffer, run->buffer + run->pos, run->len - run->pos);
    run->len -= run->pos;
    run->pos = 0;
  }
  PL_TRY(run_grow(s, run, wanted));
  while (run->len < wanted) {
    const ssize_t n = read(run->fd, run->buffer + run->len, run->capacity - run->len);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n == 0 && run->len == 0) {
      return PL_DONE;
    }
    if (n <= 0) {
      return pl_fail(s->err, PL_MSG_TEMP_READ, n < 0 ? strerror(errno) : "it ended early");
    }
    run->len += (size_t)n;
  }
  return PL_OK;
}

static pl_status run_advance(pl_linesort* s, line_run* run) {
  uint32_t len;
  const pl_status status = run_need(s, run, sizeof(len));
  if (status == PL_DONE) {
    run->done = true;
    return PL_OK;
  }
  PL_TRY(status);
  memcpy(&len, run->buffer + run->pos, sizeof(len));
  PL_TRY(run_need(s, run, sizeof(len) + (size_t)len));
  run->head = (pl_str){run->buffer + run->pos + sizeof(len), len};
  run->pos += sizeof(len) + (size_t)len;
  return PL_OK;
}

pl_status pl_linesort_finish(pl_linesort* s) {
  if (s->runs.count == 0) {
    return sort_places(s);
  }
  PL_TRY(s->places.count ? spill(s) : PL_OK);
  pl_buf_free(&s->text);
  for (size_t i = 0; i < s->runs.count; i++) {
    PL_TRY(run_advance(s, &s->runs.data[i]));
  }
  return PL_OK;
}

/// The smallest text of all runs; its run goes on. It is copied to `last`, which tells duplicates too.
static pl_status merge_next(pl_linesort* s, pl_str* text) {
  for (;;) {
    line_run* least = NULL;
    for (size_t i = 0; i < s->runs.count; i++) {
      line_run* const run = &s->runs.data[i];
      if (!run->done && (!least || pl_str_cmp(run->head, least->head) < 0)) {
        least = run;
      }
    }
    if (!least) {
      return PL_DONE;
    }
    const bool again = s->any && pl_str_eq(least->head, pl_buf_view(&s->last));
    if (!again) {
      pl_buf_clear(&s->last);
      if (pl_buf_str(&s->last, least->head) != PL_OK) {
        return nomem(s);
      }
    }
    PL_TRY(run_advance(s, least));
    if (!again) {
      s->any = true;
      *text = pl_buf_view(&s->last);
      return PL_OK;
    }
  }
}

pl_status pl_linesort_next(pl_linesort* s, pl_str* text) {
  if (s->runs.count) {
    return merge_next(s, text);
  }
  while (s->next < s->places.count) {
    const size_t i = s->next++;
    *text = place_text(s, i);
    if (i == 0 || !pl_str_eq(*text, place_text(s, i - 1))) {
      return PL_OK;
    }
  }
  return PL_DONE;
}
