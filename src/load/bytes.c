/// The byte source: file, descriptor, memory or callback; unpacked when its first bytes are those of gzip or zstd.
///
///   raw_read -> unpack -> head (the first 64 KiB, kept for the document's fingerprint) -> caller
///
/// A read gives what is there: it is short when a pipe has no more at the moment, so that rows are not held back. It
/// waits in slices of 50 ms, so that an interrupt is seen in time.
#include "load/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { RAW_BYTES = 128 << 10, WAIT_MS = 50, READ_MAX = 1 << 26 };

typedef enum codec { CODEC_UNKNOWN, CODEC_NONE, CODEC_GZIP, CODEC_ZSTD } codec;

struct pl_bytes {
  pl_mem* mem;                  ///< account
  pl_error* err;                ///< for failures
  pl_input input;               ///< what to read
  const char* name;             ///< for messages
  int fd;                       ///< open file, or -1
  bool fd_owned;                ///< close it
  bool fd_waits;                ///< poll before reading
  bool raw_end;                 ///< the raw input has ended
  bool unit_open;               ///< inside a gzip member or zstd frame
  bool started;                 ///< the byte order mark was looked for
  bool end;                     ///< the document has ended
  codec codec;                  ///< how it is packed
  uint64_t raw_bytes;           ///< raw bytes read
  uint64_t raw_total;           ///< 0 = unknown
  uint64_t document_bytes;      ///< unpacked bytes so far
  uint64_t document_bytes_max;  ///< 0 = no limit
  size_t memory_pos;            ///< bytes of input.memory delivered
  const atomic_int* stop;       ///< see bytes.h
  const atomic_int* interrupt;  ///< see bytes.h
  char* raw;                    ///< raw bytes not yet unpacked: RAW_BYTES
  size_t raw_pos;               ///< used up
  size_t raw_len;               ///< valid
  char* head;                   ///< PL_HEAD_BYTES
  size_t head_pos;              ///< delivered
  size_t head_len;              ///< valid
  z_stream gzip;                ///< valid if gzip_ready
  bool gzip_ready;              ///< inflateInit was called
  ZSTD_DStream* zstd;           ///< NULL unless in use
};

static bool asked_to_stop(const pl_bytes* b) {
  return (b->stop && atomic_load_explicit(b->stop, memory_order_relaxed)) ||
         (b->interrupt && atomic_load_explicit(b->interrupt, memory_order_relaxed));
}

/// Wait until the descriptor has something, looking at the flags every 50 ms.
static pl_status wait_readable(const pl_bytes* b) {
  for (;;) {
    if (asked_to_stop(b)) {
      return pl_fail(b->err, PL_MSG_INTERRUPTED);
    }
    struct pollfd p = {.fd = b->fd, .events = POLLIN};
    const int n = poll(&p, 1, WAIT_MS);
    if (n > 0) {
      return PL_OK;
    }
    if (n < 0 && errno != EINTR) {
      return pl_fail(b->err, PL_MSG_INPUT_READ, b->name, strerror(errno));
    }
  }
}

static pl_status fd_read(pl_bytes* b, char* buf, size_t size, size_t* len) {
  for (;;) {
    if (b->fd_waits) {
      PL_TRY(wait_readable(b));
    } else if (asked_to_stop(b)) {
      return pl_fail(b->err, PL_MSG_INTERRUPTED);
    }
    const ssize_t n = read(b->fd, buf, size > READ_MAX ? READ_MAX : size);
    if (n >= 0) {
      *len = (size_t)n;
      return PL_OK;
    }
    if (errno == EAGAIN) {
      b->fd_waits = true;
    } else if (errno != EINTR) {
      return pl_fail(b->err, errno == EISDIR ? PL_MSG_INPUT_DIRECTORY : PL_MSG_INPUT_READ, b->name, strerror(errno));
    }
  }
}

static pl_status raw_read(pl_bytes* b, char* buf, size_t size, size_t* len) {
  *len = 0;
  if (b->raw_end) {
    return PL_OK;
  }
  if (b->fd >= 0) {
    PL_TRY(fd_read(b, buf, size, len));
  } else if (b->input.read) {
    if (b->input.read(b->input.user, buf, size, len) != 0 || *len > size) {
      *len = 0;
      return pl_fail(b->err, PL_MSG_INPUT_CALLBACK, b->name);
    }
  } else {
    const size_t rest = b->input.memory.len - b->memory_pos;
    *len = rest < size ? rest : size;
    if (*len) {
      memcpy(buf, b->input.memory.data + b->memory_pos, *len);
    }
    b->memory_pos += *len;
  }
  b->raw_bytes += *len;
  b->raw_end = *len == 0;
  return PL_OK;
}

/// More raw bytes behind those not yet used.
static pl_status raw_fill(pl_bytes* b) {
  if (b->raw_pos == b->raw_len) {
    b->raw_pos = b->raw_len = 0;
  }
  size_t len;
  PL_TRY(raw_read(b, b->raw + b->raw_len, RAW_BYTES - b->raw_len, &len));
  b->raw_len += len;
  return PL_OK;
}

static pl_status codec_open(pl_bytes* b) {
  while (b->raw_len < 4 && !b->raw_end) {
    PL_TRY(raw_fill(b));
  }
  const unsigned char* const m = (const unsigned char*)b->raw;
  b->codec = CODEC_NONE;
  if (b->raw_len >= 2 && m[0] == 0x1F && m[1] == 0x8B) {
    b->codec = CODEC_GZIP;
    b->gzip_ready = inflateInit2(&b->gzip, 15 + 16) == Z_OK;
    return b->gzip_ready ? PL_OK : pl_fail(b->err, PL_MSG_NOMEM);
  }
  if (b->raw_len >= 4 && m[0] == 0x28 && m[1] == 0xB5 && m[2] == 0x2F && m[3] == 0xFD) {
    b->codec = CODEC_ZSTD;
    b->zstd = ZSTD_createDStream();
    return b->zstd ? PL_OK : pl_fail(b->err, PL_MSG_NOMEM);
  }
  return PL_OK;
}

/// One call of zlib; sets *len.
static pl_status gzip_step(pl_bytes* b, char* buf, size_t size, size_t* len) {
  b->gzip.next_in = (unsigned char*)b->raw + b->raw_pos;
  b->gzip.avail_in = (unsigned)(b->raw_len - b->raw_pos);
  b->gzip.next_out = (unsigned char*)buf;
  b->gzip.avail_out = (unsigned)(size > READ_MAX ? READ_MAX : size);
  const unsigned wanted = b->gzip.avail_out;
  if (!b->unit_open && inflateReset(&b->gzip) != Z_OK) {
    return pl_fail(b->err, PL_MSG_NOMEM);
  }
  b->unit_open = true;
  const int rc = inflate(&b->gzip, Z_NO_FLUSH);
  b->raw_pos = b->raw_len - b->gzip.avail_in;
  *len = wanted - b->gzip.avail_out;
  if (rc == Z_STREAM_END) {
    b->unit_open = false;
  } else if (rc == Z_MEM_ERROR) {
    return pl_fail(b->err, PL_MSG_NOMEM);
  } else if (rc != Z_OK && rc != Z_BUF_ERROR) {
    return pl_fail(b->err, PL_MSG_INPUT_DAMAGED, b->name, "gzip", b->gzip.msg ? b->gzip.msg : "bad data");
  }
  return PL_OK;
}

static pl_status zstd_step(pl_bytes* b, char* buf, size_t size, size_t* len) {
  ZSTD_inBuffer in = {b->raw, b->raw_len, b->raw_pos};
  ZSTD_outBuffer out = {buf, size, 0};
  const size_t rc = ZSTD_decompressStream(b->zstd, &out, &in);
  if (ZSTD_isError(rc)) {
    return pl_fail(b->err, PL_MSG_INPUT_DAMAGED, b->name, "zstd", ZSTD_getErrorName(rc));
  }
  b->raw_pos = in.pos;
  *len = out.pos;
  b->unit_open = rc != 0;
  return PL_OK;
}

static pl_status unpack(pl_bytes* b, char* buf, size_t size, size_t* len) {
  const char* const kind = b->codec == CODEC_GZIP ? "gzip" : "zstd";
  *len = 0;
  while (*len == 0) {
    // A codec may still hold output when its input is used up, so it is asked before more is read.
    if (b->raw_pos < b->raw_len || b->unit_open) {
      const size_t raw_pos = b->raw_pos;
      PL_TRY(b->codec == CODEC_GZIP ? gzip_step(b, buf, size, len) : zstd_step(b, buf, size, len));
      if (*len || b->raw_pos != raw_pos) {
        continue;
      }
    }
    PL_TRY(raw_fill(b));
    if (b->raw_end && b->raw_pos == b->raw_len) {
      return b->unit_open ? pl_fail(b->err, PL_MSG_INPUT_TRUNCATED, b->name, kind) : PL_OK;
    }
  }
  return PL_OK;
}

/// Document bytes, before the head and without regard to the byte order mark.
static pl_status document_read(pl_bytes* b, char* buf, size_t size, size_t* len) {
  if (b->codec == CODEC_UNKNOWN) {
    PL_TRY(codec_open(b));
  }
  if (b->codec != CODEC_NONE) {
    return unpack(b, buf, size, len);
  }
  const size_t rest = b->raw_len - b->raw_pos;
  if (rest == 0) {
    return raw_read(b, buf, size, len);
  }
  *len = rest < size ? rest : size;
  memcpy(buf, b->raw + b->raw_pos, *len);
  b->raw_pos += *len;
  return PL_OK;
}

/// The same, counted against the limit of the document. The flags are asked here too: rows that hold nothing never reach the one who reads.
static pl_status limited_read(pl_bytes* b, char* buf, size_t size, size_t* len) {
  if (asked_to_stop(b)) {
    return pl_fail(b->err, PL_MSG_INTERRUPTED);
  }
  PL_TRY(document_read(b, buf, size, len));
  b->document_bytes += *len;
  if (b->document_bytes_max && b->document_bytes > b->document_bytes_max) {
    *len = 0;
    return pl_fail(b->err, PL_MSG_DOCUMENT_LIMIT, b->name, (unsigned long long)b->document_bytes_max);
  }
  return PL_OK;
}

/// One read into the head's free room.
static pl_status head_read(pl_bytes* b) {
  size_t len;
  PL_TRY(limited_read(b, b->head + b->head_len, PL_HEAD_BYTES - b->head_len, &len));
  b->head_len += len;
  b->end = len == 0;
  return PL_OK;
}

static pl_status start(pl_bytes* b) {
  static const char mark[3] = {'\xEF', '\xBB', '\xBF'};
  while (!b->started) {
    PL_TRY(head_read(b));
    const size_t n = b->head_len < sizeof(mark) ? b->head_len : sizeof(mark);
    const bool may_be_mark = n == 0 || memcmp(b->head, mark, n) == 0;
    if (may_be_mark && n < sizeof(mark) && !b->end) {
      continue;
    }
    b->started = true;
    if (may_be_mark && n == sizeof(mark)) {
      b->head_len -= n;
      memmove(b->head, b->head + n, b->head_len);
    }
  }
  return PL_OK;
}

pl_status pl_bytes_head(pl_bytes* b, bool arrived, pl_str* head) {
  PL_TRY(start(b));
  while (!arrived && b->head_len < PL_HEAD_BYTES && !b->end) {
    PL_TRY(head_read(b));
  }
  *head = (pl_str){b->head, b->head_len};
  return PL_OK;
}

pl_status pl_bytes_read(pl_bytes* b, char* buf, size_t size, size_t* len) {
  *len = 0;
  PL_TRY(start(b));
  if (b->head_pos == b->head_len && b->head_len < PL_HEAD_BYTES && !b->end) {
    PL_TRY(head_read(b));
  }
  const size_t rest = b->head_len - b->head_pos;
  if (rest) {
    *len = rest < size ? rest : size;
    memcpy(buf, b->head + b->head_pos, *len);
    b->head_pos += *len;
    return PL_OK;
  }
  if (b->end) {
    return PL_OK;
  }
  PL_TRY(limited_read(b, buf, size, len));
  b->end = *len == 0;
  return PL_OK;
}

void pl_bytes_limit(pl_bytes* b, uint64_t document_bytes_max) { b->document_bytes_max = document_bytes_max; }

static pl_status fd_open(pl_bytes* b) {
  const pl_input* const in = &b->input;
  if (in->use_fd) {
    b->fd = in->fd;
  } else if (strcmp(in->path, "-") == 0) {
    b->fd = STDIN_FILENO;
  } else {
    b->fd = open(in->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    b->fd_owned = true;
  }
  struct stat info;
  if (b->fd < 0 || fstat(b->fd, &info) != 0) {
    return pl_fail(b->err, PL_MSG_INPUT_OPEN, b->name, strerror(errno));
  }
  if (S_ISDIR(info.st_mode)) {
    return pl_fail(b->err, PL_MSG_INPUT_DIRECTORY, b->name);
  }
  b->fd_waits = !S_ISREG(info.st_mode);
  b->raw_total = S_ISREG(info.st_mode) && info.st_size > 0 ? (uint64_t)info.st_size : 0;
  (void)posix_fadvise(b->fd, 0, 0, POSIX_FADV_SEQUENTIAL);  // only a hint
  return PL_OK;
}

static const char* input_name(const pl_input* in) {
  if (in->name) {
    return in->name;
  }
  if (in->path) {
    return strcmp(in->path, "-") == 0 ? "standard input" : in->path;
  }
  return in->use_fd ? "input" : "memory";
}

pl_status pl_bytes_open(const pl_input* input, pl_mem* mem, pl_error* err, pl_bytes** out) {
  *out = NULL;
  const int sources = (input->path != NULL) + input->use_fd + (input->memory.data != NULL) + (input->read != NULL);
  if (sources != 1) {
    return pl_fail(err, PL_MSG_INPUT_NONE);
  }
  pl_bytes* const b = pl_mem_calloc(mem, 1, sizeof(*b));
  if (!b) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  *b = (pl_bytes){.mem = mem, .err = err, .input = *input, .name = input_name(input), .fd = -1};
  pl_status status = input->path || input->use_fd ? fd_open(b) : PL_OK;
  b->raw_total = input->memory.data ? input->memory.len : b->raw_total;
  b->raw = status == PL_OK ? pl_mem_alloc(mem, RAW_BYTES) : NULL;
  b->head = b->raw ? pl_mem_alloc(mem, PL_HEAD_BYTES) : NULL;
  if (status == PL_OK && !b->head) {
    status = pl_fail(err, PL_MSG_NOMEM);
  }
  if (status != PL_OK) {
    pl_bytes_close(b);
    return status;
  }
  *out = b;
  return PL_OK;
}

void pl_bytes_close(pl_bytes* b) {
  if (!b) {
    return;
  }
  if (b->fd_owned && b->fd >= 0) {
    (void)close(b->fd);  // only read from
  }
  if (b->gzip_ready) {
    (void)inflateEnd(&b->gzip);
  }
  if (b->zstd) {
    (void)ZSTD_freeDStream(b->zstd);
  }
  pl_mem_free(b->mem, b->raw, RAW_BYTES);
  pl_mem_free(b->mem, b->head, PL_HEAD_BYTES);
  pl_mem_free(b->mem, b, sizeof(*b));
}

void pl_bytes_set_stop(pl_bytes* b, const atomic_int* stop, const atomic_int* interrupt) {
  b->stop = stop;
  b->interrupt = interrupt;
}

uint64_t pl_bytes_raw(const pl_bytes* b) { return b->raw_bytes; }
uint64_t pl_bytes_total(const pl_bytes* b) { return b->raw_total; }
const char* pl_bytes_name(const pl_bytes* b) { return b->name; }
