/// Verification of LMDB's own pages. LMDB believes what its trees say: a damaged page would end the process in the
/// middle of the check, so the trees are walked first, with pread, trusting nothing.
///
///     page          0 page number (8)  8 pad (2)  10 flags (2)  12 lower (2)  14 upper (2), or page count (4) of an
///                   overflow page  16 node offsets (2 each) up to lower; the nodes fill the page from its end to upper
///     node          0 size of the data, or child page (4)  4 flags, or page bits 32..47 (2)  6 key size (2)  8 key, data
///     tree          4 flags (2)  6 depth (2)  8 branch pages (8)  16 leaf pages (8)  24 overflow pages (8)
///                   32 entries (8)  40 root page (8)
///     meta page     40 tree of free pages (48)  88 main tree (48)  136 last page (8)  144 transaction number (8)
///
/// The main tree's entries are the trees of the named databases. Every page belongs to one place only, which also ends
/// walks in circles.
#include "store/block_internal.h"
#include "store/check_internal.h"

#include <unistd.h>

#define TREE_BYTES 48u
#define PAGE_HEADER 16u
#define NODE_HEADER 8u
#define KEY_BYTES_MAX 511u
#define DEPTH_MAX 32u
#define NO_PAGE UINT64_MAX

enum { PAGE_BRANCH = 0x01, PAGE_LEAF = 0x02, PAGE_OVERFLOW = 0x04, PAGE_DIRTY = 0x10 };
enum { NODE_BIG = 0x01, NODE_TREE = 0x02 };
enum { TREE_REVERSE = 0x02, TREE_DUPLICATES = 0x04, TREE_INTEGER = 0x08 };

typedef struct page_walk {
  pl_checker* check;    ///< receives findings
  int fd;               ///< LMDB's own
  uint32_t page_bytes;  ///< page size
  uint64_t pages;       ///< in use, by the meta page
  uint8_t* seen;        ///< one bit a page
} page_walk;

typedef struct tree {
  bool main;                               ///< entries are trees
  bool integers;                           ///< keys are numbers, not texts
  unsigned depth;                          ///< levels
  uint64_t branch, leaf, overflow, nodes;  ///< counted
} tree;

static bool walk_tree(page_walk* w, const uint8_t* head, bool is_main);
static bool walk_page(page_walk* w, tree* t, uint64_t number, unsigned level);

static bool wrong(page_walk* w, uint64_t number, const char* what) {
  pl_check_damage(w->check, "pages: page %llu %s", (unsigned long long)number, what);
  return false;
}

static bool read_page(page_walk* w, uint64_t number, uint8_t* out, size_t bytes) {
  const ssize_t n = pread(w->fd, out, bytes, (off_t)(number * w->page_bytes));
  return n == (ssize_t)bytes || wrong(w, number, "cannot be read");
}

static bool claim(page_walk* w, uint64_t number) {
  if (number < 2 || number >= w->pages) {
    return wrong(w, number, "is named but not in the file");
  }
  uint8_t* const byte = &w->seen[number / 8];
  const uint8_t bit = (uint8_t)(1u << number % 8);
  if (*byte & bit) {
    return wrong(w, number, "is used twice");
  }
  *byte |= bit;
  w->check->report.pages_checked++;
  return true;
}

static bool walk_overflow(page_walk* w, tree* t, uint64_t first, uint64_t bytes) {
  const uint64_t count = (PAGE_HEADER - 1 + bytes) / w->page_bytes + 1;
  uint8_t header[PAGE_HEADER];
  for (uint64_t i = 0; i < count; i++) {
    if (!claim(w, first + i)) {
      return false;
    }
  }
  t->overflow += count;
  if (!read_page(w, first, header, sizeof header)) {
    return false;
  }
  const bool good = pl_load64(header) == first && (pl_load16(header + 10) & ~PAGE_DIRTY) == PAGE_OVERFLOW &&
                    (pl_load64(header + 8) >> 32) == count;
  return good || wrong(w, first, "is no overflow page of its size");
}

static bool walk_entry(page_walk* w, tree* t, uint64_t number, const uint8_t* node, size_t room) {
  const uint64_t size = (uint64_t)pl_load16(node) | (uint64_t)pl_load16(node + 2) << 16;
  const unsigned flags = pl_load16(node + 4);
  const size_t key_bytes = pl_load16(node + 6);
  const uint8_t* const data = node + NODE_HEADER + key_bytes;
  const size_t stored = flags & NODE_BIG ? 8 : size;
  t->nodes++;
  if (flags & ~(unsigned)(NODE_BIG | NODE_TREE) || key_bytes == 0 || NODE_HEADER + key_bytes + stored > room) {
    return wrong(w, number, "holds a wrong entry");
  }
  if (flags & NODE_BIG) {
    return walk_overflow(w, t, pl_load64(data), size);
  }
  if (!(flags & NODE_TREE)) {
    return true;
  }
  return t->main && size == TREE_BYTES ? walk_tree(w, data, false) : wrong(w, number, "holds a wrong entry");
}

static bool in_order(const uint8_t* a, const uint8_t* b) {
  const size_t a_bytes = pl_load16(a + 6);
  const size_t b_bytes = pl_load16(b + 6);
  const int c = memcmp(a + NODE_HEADER, b + NODE_HEADER, a_bytes < b_bytes ? a_bytes : b_bytes);
  return c < 0 || (c == 0 && a_bytes < b_bytes);
}

static bool walk_nodes(page_walk* w, tree* t, uint64_t number, const uint8_t* page, unsigned level) {
  const bool leaf = level == t->depth;
  const unsigned count = (pl_load16(page + 12) - PAGE_HEADER) / 2;
  const uint8_t* last = NULL;
  for (unsigned i = 0; i < count; i++) {
    const size_t at = pl_load16(page + PAGE_HEADER + 2 * i);
    const size_t room = at < w->page_bytes ? w->page_bytes - at : 0;
    const uint8_t* const node = page + at;
    if (at < pl_load16(page + 14) || room < NODE_HEADER || pl_load16(node + 6) > KEY_BYTES_MAX ||
        (size_t)pl_load16(node + 6) + NODE_HEADER > room) {
      return wrong(w, number, "has an entry outside of itself");
    }
    // The first key of a branch page stands for all that is smaller; it is not looked at.
    if (last && !t->integers && !in_order(last, node)) {
      return wrong(w, number, "has keys out of order");
    }
    last = leaf || i > 0 ? node : NULL;
    const uint64_t child = (pl_load64(node) & UINT64_C(0xFFFFFFFFFFFF));
    if (leaf ? !walk_entry(w, t, number, node, room) : !walk_page(w, t, child, level + 1)) {
      return false;
    }
  }
  return true;
}

static bool page_header(page_walk* w, const tree* t, uint64_t number, const uint8_t* page, unsigned level) {
  const bool leaf = level == t->depth;
  const unsigned kind = pl_load16(page + 10) & ~(unsigned)PAGE_DIRTY;
  const unsigned lower = pl_load16(page + 12);
  const unsigned upper = pl_load16(page + 14);
  if (pl_load64(page) != number || kind != (leaf ? PAGE_LEAF : PAGE_BRANCH)) {
    return wrong(w, number, "is not the page that belongs there");
  }
  const unsigned entries_min = leaf || t->integers ? 1 : 2;
  if (lower % 2 || lower < PAGE_HEADER + 2 * entries_min || lower > upper || upper > w->page_bytes) {
    return wrong(w, number, "has a wrong header");
  }
  return true;
}

static bool walk_page(page_walk* w, tree* t, uint64_t number, unsigned level) {
  if (!claim(w, number)) {
    return false;
  }
  uint8_t* const page = pl_mem_alloc(&w->check->txn->mem, w->page_bytes);
  const bool good = page && read_page(w, number, page, w->page_bytes) && page_header(w, t, number, page, level) &&
                    walk_nodes(w, t, number, page, level);
  pl_mem_free(&w->check->txn->mem, page, w->page_bytes);
  t->leaf += level == t->depth;
  t->branch += level < t->depth;
  return good;
}

/// A tree by its 48 bytes.
static bool walk_tree(page_walk* w, const uint8_t* head, bool is_main) {
  const unsigned flags = pl_load16(head + 4);
  const uint64_t root = pl_load64(head + 40);
  tree t = {.main = is_main, .integers = flags & TREE_INTEGER, .depth = pl_load16(head + 6)};
  if ((flags & (TREE_REVERSE | TREE_DUPLICATES)) || t.depth > DEPTH_MAX || (root == NO_PAGE) != (t.depth == 0)) {
    pl_check_damage(w->check, "pages: the head of a tree is wrong");
    return false;
  }
  if (root != NO_PAGE && !walk_page(w, &t, root, 1)) {
    return false;
  }
  if (t.branch != pl_load64(head + 8) || t.leaf != pl_load64(head + 16) || t.overflow != pl_load64(head + 24) ||
      t.nodes != pl_load64(head + 32)) {
    pl_check_damage(w->check, "pages: the counts of a tree are wrong");
    return false;
  }
  return true;
}

/// The meta page of this transaction; a writer may have replaced it since.
static bool read_meta(page_walk* w, uint8_t meta[152]) {
  for (uint64_t i = 0; i < 2; i++) {
    if (read_page(w, i, meta, 152) && pl_load64(meta + 144) == mdb_txn_id(w->check->txn->mdb)) {
      return true;
    }
  }
  return false;
}

bool pl_check_pages(pl_checker* check) {
  uint8_t meta[152];
  page_walk w = {.check = check};
  MDB_stat stat;
  MDB_env* const env = check->txn->store->env;
  if (check->txn->write || mdb_env_get_fd(env, &w.fd) != 0 || mdb_env_stat(env, &stat) != 0) {
    return true;
  }
  w.page_bytes = stat.ms_psize;
  if (!read_meta(&w, meta)) {
    return check->report.damage_count == 0;
  }
  w.pages = pl_load64(meta + 136) + 1;
  const size_t bytes = w.pages / 8 + 1;
  w.seen = pl_mem_calloc(&check->txn->mem, bytes, 1);
  const bool good = w.seen && walk_tree(&w, meta + 40, false) && walk_tree(&w, meta + 88, true);
  const bool enough = w.seen != NULL;
  pl_mem_free(&check->txn->mem, w.seen, bytes);
  if (enough && !good) {
    pl_check_damage(check, "pages: what they hold was not checked");
  }
  return good || !enough;
}
