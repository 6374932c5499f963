/// One step fills one batch. Without a thread the taker runs the step itself.
#include "load/feed.h"

#include "load/bytes.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const pl_reader_class* class_of(pl_format format) {
  switch (format) {
    case PL_FORMAT_NT:
      return &pl_reader_ntriples;
    case PL_FORMAT_NQ:
      return &pl_reader_nquads;
    case PL_FORMAT_TTL:
      return &pl_reader_turtle;
    case PL_FORMAT_TRIG:
      return &pl_reader_trig;
    case PL_FORMAT_JSONL:
      return &pl_reader_jsonl;
    case PL_FORMAT_CSV:
      return &pl_reader_csv;
    case PL_FORMAT_TSV:
      return &pl_reader_tsv;
    case PL_FORMAT_AUTO:
      break;
  }
  return NULL;
}

static pl_format input_format(const pl_input* input) {
  if (input->format != PL_FORMAT_AUTO) {
    return input->format;
  }
  const pl_format format = pl_format_from_name(pl_str_c(input->path));
  return format != PL_FORMAT_AUTO ? format : pl_format_from_name(pl_str_c(input->name));
}

static pl_status lock(pl_feed* f) {
  return pthread_mutex_lock(&f->lock) == 0 ? PL_OK : pl_fail(NULL, PL_MSG_INTERNAL, "lock");
}

static void unlock(pl_feed* f) {
  (void)pthread_cond_broadcast(&f->changed);  // fails only for an invalid object
  (void)pthread_mutex_unlock(&f->lock);
}

static pl_status on_prefix(void* user, pl_str prefix, pl_str iri) {
  pl_feed* const f = user;
  PL_TRY(lock(f));
  const pl_feed_prefix one = {pl_arena_str(&f->arena, prefix), pl_arena_str(&f->arena, iri)};
  const bool good = one.prefix.data && one.iri.data && pl_vec_push(&f->mem, &f->prefixes, one) == PL_OK;
  unlock(f);
  return good ? PL_OK : pl_fail(&f->err, PL_MSG_NOMEM);
}

/// Hand on the slot at hand and wait for a free one. PL_ERR_INTERRUPTED when asked to stop.
static pl_status exchange(pl_feed* f) {
  PL_TRY(lock(f));
  if (f->slot) {
    f->slot->raw_bytes = f->raw_bytes + (f->bytes ? pl_bytes_raw(f->bytes) : 0);
    f->filled[f->filled_count++] = f->slot;
    f->slot = NULL;
    (void)pthread_cond_broadcast(&f->changed);
  }
  while (f->free_count == 0 && !atomic_load(&f->stop)) {
    (void)pthread_cond_wait(&f->changed, &f->lock);
  }
  if (f->free_count) {
    f->slot = f->free[--f->free_count];
  }
  unlock(f);
  if (!f->slot) {
    return pl_fail(&f->err, PL_MSG_INTERRUPTED);
  }
  pl_batch_clear(&f->slot->batch);
  f->slot->input = f->input;
  return PL_OK;
}

static pl_status on_full(void* user, pl_batch** batch) {
  pl_feed* const f = user;
  PL_TRY(exchange(f));
  *batch = &f->slot->batch;
  return PL_OK;
}

/// "file://" and the percent-encoded absolute path.
static pl_status file_base(pl_feed* f, const char* path, pl_str* out) {
  static const char hex[] = "0123456789ABCDEF";
  char real[PATH_MAX];
  *out = (pl_str){NULL, 0};
  if (!path || !strcmp(path, "-") || !realpath(path, real)) {
    return PL_OK;
  }
  char* const text = pl_arena_alloc(&f->arena, 7 + 3 * strlen(real));
  if (!text) {
    return pl_fail(&f->err, PL_MSG_NOMEM);
  }
  memcpy(text, "file://", 7);
  size_t len = 7;
  for (const char* p = real; *p; p++) {
    const bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
                       strchr("/-._~!$&'()*+,;=:@", *p) || (unsigned char)*p >= 0x80;
    if (plain) {
      text[len++] = *p;
    } else {
      text[len++] = '%';
      text[len++] = hex[(unsigned char)*p >> 4];
      text[len++] = hex[(unsigned char)*p & 15];
    }
  }
  *out = (pl_str){text, len};
  return PL_OK;
}

static pl_status input_open(pl_feed* f) {
  const pl_input* const input = &f->inputs[f->input];
  PL_TRY(pl_bytes_open(input, &f->mem, &f->err, &f->bytes));
  pl_bytes_limit(f->bytes, f->options->document_bytes_max);
  pl_bytes_set_stop(f->bytes, &f->stop, f->options->interrupt);
  const pl_reader_class* const class_ = class_of(input_format(input));
  if (!class_) {
    return pl_fail(&f->err, PL_MSG_FORMAT_UNKNOWN, pl_bytes_name(f->bytes));
  }
  f->context = (pl_reader_context){.mem = &f->mem,
                                   .err = &f->err,
                                   .bytes = f->bytes,
                                   .base = f->base,
                                   .document_base = f->options->base,
                                   .options = f->options,
                                   .on_prefix = on_prefix,
                                   .on_prefix_user = f,
                                   .on_full = f->threaded ? on_full : NULL,
                                   .on_full_user = f};
  if (!f->context.document_base.len) {
    PL_TRY(file_base(f, input->path, &f->context.document_base));
  }
  return class_->open(&f->context, &f->reader);
}

static void input_close(pl_feed* f) {
  if (f->reader) {
    f->reader->class_->close(f->reader);
    f->reader = NULL;
  }
  if (f->bytes) {
    f->raw_bytes += pl_bytes_raw(f->bytes);
    pl_bytes_close(f->bytes);
    f->bytes = NULL;
  }
}

/// Fill the slot at hand. PL_DONE after the last input.
static pl_status step(pl_feed* f) {
  if (f->input == f->input_count) {
    return PL_DONE;
  }
  if (!f->reader) {
    PL_TRY(input_open(f));
    f->slot->input = f->input;
  }
  const pl_status status = f->reader->class_->next(f->reader, &f->slot->batch);
  if (status == PL_DONE) {
    input_close(f);
    f->input++;
    return PL_OK;
  }
  return status;
}

static pl_status run_all(pl_feed* f) {
  pl_status status = PL_OK;
  while (status == PL_OK) {
    status = exchange(f);
    if (status == PL_OK) {
      status = step(f);
    }
  }
  return status;
}

static void* run(void* user) {
  pl_feed* const f = user;
  const pl_status status = run_all(f);
  input_close(f);
  if (lock(f) == PL_OK) {
    f->ended = true;
    f->status = status;
    unlock(f);
  }
  return NULL;
}

static void slots_init(pl_feed* f, const pl_mem* account, size_t count) {
  for (size_t i = 0; i < count; i++) {
    pl_mem_init(&f->slots[i].mem, account->fn, account->user, SIZE_MAX);
    if (pl_batch_init(&f->slots[i].batch, &f->slots[i].mem) == PL_OK) {
      f->free[f->free_count++] = &f->slots[i];
    }
  }
}

static void feed_free(pl_feed* f) {
  input_close(f);
  for (size_t i = 0; i < PL_FEED_SLOTS; i++) {
    pl_batch_free(&f->slots[i].batch);
  }
  pl_vec_free(&f->mem, &f->prefixes);
  pl_arena_free(&f->arena);
  pl_error_clear(&f->err);
  (void)pthread_cond_destroy(&f->changed);
  (void)pthread_mutex_destroy(&f->lock);
}

static bool init_changed(pl_feed* f) {
  pthread_condattr_t attr;
  if (pthread_condattr_init(&attr) != 0) {
    return false;
  }
  const bool good =
      pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 && pthread_cond_init(&f->changed, &attr) == 0;
  (void)pthread_condattr_destroy(&attr);
  return good;
}

pl_status pl_feed_open(pl_feed* f, const pl_mem* account, const pl_input* inputs, size_t count,
                       const pl_load_options* options, pl_str base, bool threaded, pl_error* err) {
  *f = (pl_feed){.inputs = inputs, .input_count = count, .options = options, .base = base, .status = PL_DONE};
  pl_mem_init(&f->mem, account->fn, account->user, SIZE_MAX);
  pl_error_init(&f->err, &f->mem);
  pl_arena_init(&f->arena, &f->mem);
  atomic_init(&f->stop, 0);
  if (pthread_mutex_init(&f->lock, NULL) != 0) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  if (!init_changed(f)) {
    (void)pthread_mutex_destroy(&f->lock);
    return pl_fail(err, PL_MSG_NOMEM);
  }
  const size_t slot_count = threaded ? PL_FEED_SLOTS : 1;
  slots_init(f, account, slot_count);
  pl_status status = f->free_count == slot_count ? PL_OK : pl_fail(err, PL_MSG_NOMEM);
  f->threaded = threaded;
  if (status == PL_OK && threaded) {
    const int rc = pthread_create(&f->thread, NULL, run, f);
    status = rc == 0 ? PL_OK : pl_fail(err, PL_MSG_LOAD_THREAD, strerror(rc));
  }
  if (status != PL_OK) {
    feed_free(f);
  }
  return status;
}

/// Without a thread: the only slot goes back and forth.
static pl_status take_here(pl_feed* f, pl_error* err, pl_slot** out) {
  f->slot = f->free[0];
  pl_batch_clear(&f->slot->batch);
  const pl_status status = step(f);
  f->slot->raw_bytes = f->raw_bytes + (f->bytes ? pl_bytes_raw(f->bytes) : 0);
  if (status != PL_OK) {
    pl_error_move(err, &f->err);
    return status;
  }
  *out = f->slot;
  return PL_OK;
}

static struct timespec deadline_after(unsigned wait_ms) {
  struct timespec t = {0};
  (void)clock_gettime(CLOCK_MONOTONIC, &t);  // cannot fail with this clock
  const long ns = t.tv_nsec + (long)(wait_ms % 1000) * 1000000;
  t.tv_sec += (time_t)(wait_ms / 1000) + ns / 1000000000;
  t.tv_nsec = ns % 1000000000;
  return t;
}

pl_status pl_feed_take(pl_feed* f, unsigned wait_ms, pl_error* err, pl_slot** out) {
  *out = NULL;
  if (!f->threaded) {
    return take_here(f, err, out);
  }
  const struct timespec deadline = deadline_after(wait_ms);
  PL_TRY(lock(f));
  int rc = 0;
  while (f->filled_count == 0 && !f->ended && rc == 0) {
    rc = pthread_cond_timedwait(&f->changed, &f->lock, &deadline);
  }
  pl_status status = PL_NOT_FOUND;
  if (f->filled_count) {
    *out = f->filled[0];
    f->filled_count--;
    memmove(f->filled, f->filled + 1, f->filled_count * sizeof(f->filled[0]));
    status = PL_OK;
  } else if (f->ended) {
    status = f->status;
    if (status != PL_DONE) {
      pl_error_move(err, &f->err);  // the thread has ended: its account is ours
    }
  }
  unlock(f);
  return status;
}

void pl_feed_give(pl_feed* f, pl_slot* slot) {
  if (f->threaded && lock(f) == PL_OK) {
    f->free[f->free_count++] = slot;
    unlock(f);
  }
}

pl_status pl_feed_prefixes(pl_feed* f, size_t* told, pl_status (*fn)(void* user, pl_str prefix, pl_str iri),
                           void* user) {
  for (;;) {
    PL_TRY(lock(f));
    const bool more = *told < f->prefixes.count;
    const pl_feed_prefix one = more ? f->prefixes.data[*told] : (pl_feed_prefix){{NULL, 0}, {NULL, 0}};
    unlock(f);
    if (!more) {
      return PL_OK;
    }
    PL_TRY(fn(user, one.prefix, one.iri));
    ++*told;
  }
}

void pl_feed_close(pl_feed* f) {
  if (f->threaded) {
    atomic_store(&f->stop, 1);
    if (lock(f) == PL_OK) {
      unlock(f);
    }
    (void)pthread_join(f->thread, NULL);
  }
  feed_free(f);
}
