/// A look at an LMDB file before it is mapped.
///
/// LMDB believes its file: a page that lies beyond the end of a truncated file is a SIGBUS in the middle of a query.
/// The file starts with two meta pages, and the one with the larger transaction number tells the last page in use:
///
///     page header   0 page number (8)  8 pad (2)  10 flags (2)  12 lower (2), upper (2), or page count (4) of an
///     overflow page meta         16 magic (4)  20 version (4)  24 address (8)  32 map size (8)  40 free list db (48)
///     88 main db (48)
///                 136 last page (8)  144 transaction number (8)
///     db            0 page size (4, in the free list db)  4 flags (2)  6 depth (2) ... 40 root page (8)
///     node          0 low size or page (4)  4 flags or page bits 32..47 (2)  6 key size (2)  8 key, then data
///
/// A whole file may still be shorter than that: pages that were taken and given back within the last transaction are
/// counted but never written. So for a short file the trees are walked, and only a page in use that is missing is
/// damage.
#include "store/env_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define META_OFFSET 16u
#define META_BYTES 152u
#define DB_BYTES 48u
#define PAGE_BYTES_MAX 65536u
#define LMDB_MAGIC 0xBEEFC0DEu
#define LMDB_VERSION 1u
#define NO_PAGE UINT64_MAX
#define DEPTH_MAX 32u
#define ATTEMPTS 8

enum { PAGE_BRANCH = 0x01, PAGE_LEAF = 0x02, PAGE_META = 0x08, NODE_BIG = 0x01, NODE_SUB = 0x02 };

typedef struct meta {
  uint32_t page_bytes;  ///< page size
  uint64_t roots[2];    ///< free list and main tree
  uint64_t last_page;   ///< last page ever taken
  uint64_t number;      ///< transaction
} meta;

typedef struct walk {
  int fd;               ///< the file
  uint64_t pages;       ///< whole pages present
  uint32_t page_bytes;  ///< page size
  pl_mem* mem;          ///< pays for one page per level
  uint64_t left;        ///< pages that may still be visited: in a tree no page is met twice
} walk;

static uint16_t get16(const uint8_t* p) { return (uint16_t)(p[0] | p[1] << 8); }
static uint32_t get32(const uint8_t* p) { return (uint32_t)get16(p) | (uint32_t)get16(p + 2) << 16; }
static uint64_t get64(const uint8_t* p) { return (uint64_t)get32(p) | (uint64_t)get32(p + 4) << 32; }

static bool read_at(int fd, uint8_t* to, size_t count, uint64_t offset) {
  while (count > 0) {
    const ssize_t n = pread(fd, to, count, (off_t)offset);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return false;
    }
    to += n;
    offset += (uint64_t)n;
    count -= (size_t)n;
  }
  return true;
}

static bool meta_read(int fd, uint64_t offset, meta* out) {
  uint8_t page[META_BYTES];
  if (!read_at(fd, page, sizeof page, offset)) {
    return false;
  }
  const uint8_t* const m = page + META_OFFSET;
  const uint32_t size = get32(m + 24);
  if (!(get16(page + 10) & PAGE_META) || get32(m) != LMDB_MAGIC || get32(m + 4) != LMDB_VERSION || size < 512 ||
      size > PAGE_BYTES_MAX || (size & (size - 1)) != 0) {
    return false;
  }
  *out = (meta){.page_bytes = size,
                .roots = {get64(m + 24 + 40), get64(m + 24 + DB_BYTES + 40)},
                .last_page = get64(m + 120),
                .number = get64(m + 128)};
  return true;
}

/// The newer of the two meta pages; LMDB wants both.
static bool meta_newest(int fd, meta* out) {
  meta first, second;
  if (!meta_read(fd, 0, &first) || !meta_read(fd, first.page_bytes, &second)) {
    return false;
  }
  *out = second.number > first.number ? second : first;
  return true;
}

static bool tree_present(walk* w, uint64_t root, unsigned depth);

/// The data of a leaf node: overflow pages or the root of a named database.
static bool node_present(walk* w, const uint8_t* node, const uint8_t* end, unsigned depth) {
  const unsigned flags = get16(node + 4);
  const uint8_t* const data = node + 8 + get16(node + 6);
  if ((flags & NODE_BIG) != 0) {
    const uint64_t bytes = get32(node);
    const uint64_t count = (16 + bytes + w->page_bytes - 1) / w->page_bytes;
    return data + 8 <= end && get64(data) < w->pages && count <= w->pages - get64(data);
  }
  if ((flags & NODE_SUB) != 0) {
    return data + DB_BYTES <= end && tree_present(w, get64(data + 40), depth + 1);
  }
  return true;
}

static bool page_present(walk* w, const uint8_t* page, unsigned depth) {
  const unsigned flags = get16(page + 10);
  const size_t lower = get16(page + 12);
  if ((flags & (PAGE_BRANCH | PAGE_LEAF)) == 0 || lower < 16 || lower > w->page_bytes) {
    return false;
  }
  const uint8_t* const end = page + w->page_bytes;
  for (size_t at = 16; at < lower; at += 2) {
    const uint8_t* const node = page + get16(page + at);
    if (node + 8 > end) {
      return false;
    }
    const bool good = (flags & PAGE_BRANCH) != 0
                          ? tree_present(w, get32(node) | (uint64_t)get16(node + 4) << 32, depth + 1)
                          : node_present(w, node, end, depth);
    if (!good) {
      return false;
    }
  }
  return true;
}

/// True if every page reachable from `root` lies in the file.
static bool tree_present(walk* w, uint64_t root, unsigned depth) {
  if (root == NO_PAGE) {
    return true;
  }
  if (root >= w->pages || depth > 2 * DEPTH_MAX || w->left == 0) {
    return false;
  }
  w->left--;
  uint8_t* const page = pl_mem_alloc(w->mem, w->page_bytes);
  const bool good = page && read_at(w->fd, page, w->page_bytes, root * w->page_bytes) && page_present(w, page, depth);
  pl_mem_free(w->mem, page, w->page_bytes);
  return good;
}

/// A writer may reuse pages while we walk; then the meta page has moved on and the walk starts again.
static pl_status check_pages(int fd, const char* path, pl_mem* mem, pl_error* err) {
  uint64_t missing = 0;
  uint64_t number = 0;
  for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
    struct stat st;
    meta m;
    if (!meta_read(fd, 0, &m) || fstat(fd, &st) != 0) {
      return pl_fail(err, PL_MSG_STORE_FOREIGN, path);
    }
    if (!meta_newest(fd, &m)) {
      return pl_fail(err, PL_MSG_STORE_SHORT, path, (unsigned long long)m.page_bytes);
    }
    const uint64_t pages = (uint64_t)st.st_size / m.page_bytes;
    if (m.last_page < pages) {
      return PL_OK;
    }
    walk w = {.fd = fd, .pages = pages, .page_bytes = m.page_bytes, .mem = mem, .left = pages};
    if (tree_present(&w, m.roots[0], 0) && tree_present(&w, m.roots[1], 0)) {
      return PL_OK;
    }
    missing = (m.last_page + 1) * m.page_bytes - (uint64_t)st.st_size;
    if (attempt > 0 && m.number == number) {
      break;
    }
    number = m.number;
  }
  return pl_fail(err, PL_MSG_STORE_SHORT, path, (unsigned long long)missing);
}

static pl_status check_open_file(int fd, const char* path, pl_mem* mem, bool* empty, pl_error* err) {
  struct stat st;
  if (fstat(fd, &st) != 0) {
    return pl_fail(err, PL_MSG_STORE_CANTOPEN, path, strerror(errno));
  }
  if (!S_ISREG(st.st_mode)) {
    return pl_fail(err, PL_MSG_STORE_NOT_FILE, path, S_ISDIR(st.st_mode) ? "a directory" : "a device or pipe");
  }
  *empty = st.st_size == 0;
  return *empty ? PL_OK : check_pages(fd, path, mem, err);
}

pl_status pl_env_file_check(const char* path, pl_mem* mem, bool* empty, pl_error* err) {
  // O_NONBLOCK: a pipe without a writer must not hang us.
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) {
    return errno == ENOENT ? pl_fail(err, PL_MSG_STORE_MISSING, path)
                           : pl_fail(err, PL_MSG_STORE_CANTOPEN, path, strerror(errno));
  }
  const pl_status status = check_open_file(fd, path, mem, empty, err);
  (void)close(fd);  // read only: nothing can be lost
  return status;
}

bool pl_env_streams_hold(unsigned* held) {
  *held = 0;
  for (;;) {
    const int fd = open("/", O_PATH | O_CLOEXEC);
    if (fd < 0) {
      return false;
    }
    if (fd > STDERR_FILENO) {
      return close(fd) == 0;
    }
    *held |= 1U << fd;
  }
}

void pl_env_streams_release(unsigned held) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if ((held & 1U << fd) != 0) {
      (void)close(fd);  // refers to no file's content
    }
  }
}
