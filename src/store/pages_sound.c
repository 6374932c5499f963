/// One page, one tree head, the two meta pages: what can be told from their bytes alone.
#include "store/pages_internal.h"

#include <errno.h>
#include <unistd.h>

#define LMDB_VERSION 1u

bool pl_pages_read_at(int fd, uint8_t* to, size_t count, uint64_t offset) {
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

// ---- branch and leaf pages ----------------------------------------------------------------------------------------

static const char* header_fault(const pl_page_place* place, const uint8_t* page) {
  const uint32_t lower = pl_load16(page + 12);
  const uint32_t upper = pl_load16(page + 14);
  if (pl_load64(page) != place->number) {
    return "has the number of another page";
  }
  if (pl_load16(page + 10) != (place->leaf ? PL_PAGE_LEAF : PL_PAGE_BRANCH)) {
    return "is not of the kind that belongs there";
  }
  // While LMDB rebalances its list of free pages, a branch page with one entry may stay.
  const uint32_t entries_min = place->leaf || place->integers ? 1 : 2;
  if (lower % 2 != 0 || upper % 2 != 0 || lower < PL_PAGE_HEADER + 2 * entries_min || lower > upper ||
      upper > place->page_bytes) {
    return "has a wrong header";
  }
  return NULL;
}

/// Bytes of the node with its padding; more than a page if its data claims so.
static uint64_t node_bytes(const pl_page_place* place, const uint8_t* node) {
  uint64_t bytes = PL_NODE_HEADER + pl_node_key_bytes(node);
  if (place->leaf) {
    bytes += pl_node_flags(node) & PL_NODE_BIG ? 8 : pl_node_size(node);
  }
  return bytes + bytes % 2;
}

static inline bool node_fits(const pl_page_place* place, const uint8_t* page, uint32_t i) {
  const uint32_t at = pl_load16(page + PL_PAGE_HEADER + 2 * i);
  if (at % 2 != 0 || at < pl_load16(page + 14) || at + PL_NODE_HEADER > place->page_bytes) {
    return false;
  }
  const uint8_t* const node = page + at;
  if (node_bytes(place, node) > place->page_bytes - at || pl_node_key_bytes(node) > PL_KEY_BYTES_MAX) {
    return false;
  }
  if (place->leaf && (pl_node_flags(node) & ~(uint32_t)(PL_NODE_BIG | PL_NODE_TREE)) != 0) {
    return false;
  }
  // The first key of a branch page stands for all that is smaller; nobody looks at it.
  const bool has_key = place->leaf || i > 0;
  return !has_key || (place->integers ? pl_node_key_bytes(node) == 8 : pl_node_key_bytes(node) > 0);
}

bool pl_page_node_fits(const pl_page_place* place, const uint8_t* page, uint32_t i) {
  return node_fits(place, page, i);
}

/// Keys of equal length are mostly those of our indexes, words that are compared as bytes.
static inline int compare_words(const uint8_t* a, const uint8_t* b, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; i += 8) {
    uint64_t x;
    uint64_t y;
    memcpy(&x, a + i, 8);
    memcpy(&y, b + i, 8);
    if (x != y) {
      return be64toh(x) < be64toh(y) ? -1 : 1;
    }
  }
  return 0;
}

static inline int compare(const pl_page_place* place, const uint8_t* a, const uint8_t* b) {
  if (place->integers) {
    const uint64_t x = pl_load64(a + PL_NODE_HEADER);
    const uint64_t y = pl_load64(b + PL_NODE_HEADER);
    return (x > y) - (x < y);
  }
  const uint32_t a_bytes = pl_node_key_bytes(a);
  const uint32_t b_bytes = pl_node_key_bytes(b);
  if (a_bytes == b_bytes && a_bytes % 8 == 0) {
    return compare_words(a + PL_NODE_HEADER, b + PL_NODE_HEADER, a_bytes);
  }
  const int c = memcmp(a + PL_NODE_HEADER, b + PL_NODE_HEADER, a_bytes < b_bytes ? a_bytes : b_bytes);
  return c != 0 ? c : (a_bytes > b_bytes) - (a_bytes < b_bytes);
}

/// Nodes of a page that was filled in order stand one before the other, the first at the end. Stops at the first that does not fit.
static bool tiled_in_order(const pl_page_place* place, const uint8_t* page, uint32_t* fit) {
  const uint32_t count = pl_page_nodes(page);
  uint32_t end = place->page_bytes;
  uint32_t i = 0;
  for (; i < count && node_fits(place, page, i); i++) {
    const uint32_t at = pl_load16(page + PL_PAGE_HEADER + 2 * i);
    if (at + node_bytes(place, page + at) != end) {
      break;
    }
    end = at;
  }
  *fit = i;
  return i == count && end == pl_load16(page + 14);
}

/// The nodes cover the page from upper to its end, each byte once: LMDB moves them by that when it deletes one.
static bool tiled(const pl_page_place* place, const uint8_t* page, uint16_t* tiles) {
  const uint32_t count = pl_page_nodes(page);
  memset(tiles, 0, place->page_bytes);
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t at = pl_load16(page + PL_PAGE_HEADER + 2 * i);
    tiles[at / 2] = (uint16_t)node_bytes(place, page + at);
  }
  uint32_t at = pl_load16(page + 14);
  uint32_t met = 0;
  while (at < place->page_bytes && tiles[at / 2] != 0) {
    at += tiles[at / 2];
    met++;
  }
  return at == place->page_bytes && met == count;
}

static bool ordered(const pl_page_place* place, const uint8_t* page) {
  const uint32_t count = pl_page_nodes(page);
  for (uint32_t i = place->leaf ? 1 : 2; i < count; i++) {
    if (compare(place, pl_page_node(page, i - 1), pl_page_node(page, i)) >= 0) {
      return false;
    }
  }
  return true;
}

static bool within_bounds(const pl_page_place* place, const uint8_t* page) {
  const uint32_t count = pl_page_nodes(page);
  const uint32_t first = place->leaf ? 0 : 1;
  return first >= count || ((!place->low || compare(place, place->low, pl_page_node(page, first)) <= 0) &&
                            (!place->high || compare(place, pl_page_node(page, count - 1), place->high) < 0));
}

const char* pl_page_fault(const pl_page_place* place, const uint8_t* page, uint16_t* tiles, bool* misplaced) {
  const char* const why = header_fault(place, page);
  *misplaced = why != NULL;
  if (why) {
    return why;
  }
  const uint32_t count = pl_page_nodes(page);
  uint32_t fit;
  const bool in_order = tiled_in_order(place, page, &fit);
  for (uint32_t i = fit; i < count; i++) {
    if (!node_fits(place, page, i)) {
      return "holds a wrong entry";
    }
  }
  if (!in_order && !tiled(place, page, tiles)) {
    return "has entries that overlap or leave gaps";
  }
  if (!ordered(place, page)) {
    return "has keys out of order";
  }
  *misplaced = !within_bounds(place, page);
  return *misplaced ? "has keys that do not belong there" : NULL;
}

// ---- heads and meta pages -----------------------------------------------------------------------------------------

pl_tree_head pl_tree_head_read(const uint8_t* bytes) {
  return (pl_tree_head){.flags = pl_load16(bytes + 4),
                        .depth = pl_load16(bytes + 6),
                        .branch = pl_load64(bytes + 8),
                        .leaf = pl_load64(bytes + 16),
                        .overflow = pl_load64(bytes + 24),
                        .entries = pl_load64(bytes + 32),
                        .root = pl_load64(bytes + 40)};
}

const char* pl_tree_head_fault(const pl_tree_head* head, uint64_t last_page, bool free_list) {
  // The flags of the free list also keep those of the environment; none of ours but one has a place there.
  const uint32_t flags = free_list ? head->flags & ~(uint32_t)PL_ENV_NOSUBDIR : head->flags;
  if (flags != (free_list ? PL_TREE_INTEGER : 0u)) {
    return "has a tree of a wrong kind";
  }
  if (head->depth > PL_DEPTH_MAX || (head->root == PL_NO_PAGE) != (head->depth == 0)) {
    return "has a tree of a wrong depth";
  }
  if (head->root != PL_NO_PAGE && (head->root < 2 || head->root > last_page)) {
    return "has a tree that begins outside of the file";
  }
  return NULL;
}

static bool power_of_two(uint32_t n) { return n != 0 && (n & (n - 1)) == 0; }

/// Read the meta page at `offset`; what is wrong with it, or NULL.
static const char* meta_read(int fd, uint64_t offset, pl_page_meta* out) {
  uint8_t page[PL_META_BYTES];
  *out = (pl_page_meta){0};
  if (!pl_pages_read_at(fd, page, sizeof page, offset)) {
    return "cannot be read";
  }
  const uint8_t* const m = page + PL_PAGE_HEADER;
  if (pl_load16(page + 10) != PL_PAGE_META || pl_load32(m) != PL_LMDB_MAGIC || pl_load32(m + 4) != LMDB_VERSION) {
    return "is not a meta page";
  }
  *out = (pl_page_meta){.page_bytes = pl_load32(m + 24),
                        .map_bytes = pl_load64(m + 16),
                        .last_page = pl_load64(m + 120),
                        .number = pl_load64(m + 128),
                        .free = pl_tree_head_read(m + 24),
                        .main = pl_tree_head_read(m + 24 + PL_TREE_BYTES)};
  if (!power_of_two(out->page_bytes) || out->page_bytes < PL_PAGE_BYTES_MIN || out->page_bytes > PL_PAGE_BYTES_MAX) {
    out->page_bytes = 1;  // a meta page, but none to count by
    return "names a page size that cannot be";
  }
  if (out->last_page < 1 || out->last_page > (UINT64_C(1) << 47) / out->page_bytes || out->number > UINT64_MAX / 2) {
    return "names a last page or transaction that cannot be";
  }
  // Transactions write the two pages by turns; in a new file both have number 0.
  if (out->number % 2 != (offset > 0) && out->number != 0) {
    return "has a transaction number of the other one";
  }
  return NULL;
}

void pl_page_meta_draw(uint8_t* page, uint64_t number, uint32_t page_bytes) {
  const uint16_t page_flags = PL_PAGE_META, free_flags = PL_TREE_INTEGER | PL_ENV_NOSUBDIR;
  const uint32_t magic = PL_LMDB_MAGIC, version = LMDB_VERSION;
  const uint64_t map_bytes = 1 << 20, no_page = PL_NO_PAGE, last_page = 1;
  uint8_t* const m = page + PL_PAGE_HEADER;
  memcpy(page, &number, sizeof number);
  memcpy(page + 10, &page_flags, sizeof page_flags);
  memcpy(m, &magic, sizeof magic);
  memcpy(m + 4, &version, sizeof version);
  memcpy(m + 16, &map_bytes, sizeof map_bytes);
  memcpy(m + 24, &page_bytes, sizeof page_bytes);
  memcpy(m + 28, &free_flags, sizeof free_flags);
  memcpy(m + 24 + 40, &no_page, sizeof no_page);                  // root of the free list
  memcpy(m + 24 + PL_TREE_BYTES + 40, &no_page, sizeof no_page);  // root of the main tree
  memcpy(m + 120, &last_page, sizeof last_page);
}

static const char* trees_fault(const pl_page_meta* meta) {
  const char* const why = pl_tree_head_fault(&meta->free, meta->last_page, true);
  return why ? why : pl_tree_head_fault(&meta->main, meta->last_page, false);
}

/// Page 1, where page 0 does not tell its place.
static const char* meta_search(int fd, pl_page_meta* out) {
  for (uint32_t bytes = PL_PAGE_BYTES_MIN; bytes <= PL_PAGE_BYTES_MAX; bytes *= 2) {
    if (meta_read(fd, bytes, out) == NULL && out->page_bytes == bytes && !trees_fault(out)) {
      return NULL;
    }
  }
  return "is not a meta page";
}

bool pl_page_metas(int fd, pl_page_meta out[2], const char* why[2]) {
  why[0] = meta_read(fd, 0, &out[0]);
  why[1] = out[0].page_bytes > 1 ? meta_read(fd, out[0].page_bytes, &out[1]) : meta_search(fd, &out[1]);
  if (!why[0] && !why[1] && out[0].page_bytes != out[1].page_bytes) {
    why[1] = "names another page size than page 0";
  }
  // A commit that could not write its meta page leaves the new trees in it under the old number: LMDB puts back no more
  // than that. Nobody follows them, and the next commit writes over them.
  const int newer = out[1].number > out[0].number;
  if (!why[0] && !why[1] && !trees_fault(&out[newer]) && trees_fault(&out[!newer])) {
    out[!newer].free.root = out[!newer].main.root = PL_NO_PAGE;
    out[!newer].free.depth = out[!newer].main.depth = 0;
  }
  for (int i = 0; i < 2; i++) {
    why[i] = why[i] ? why[i] : trees_fault(&out[i]);
  }
  return !why[0] && !why[1];
}

bool pl_page_count_possible(const pl_page_meta* meta, uint64_t file_pages) {
  return meta->last_page < file_pages + file_pages * (meta->page_bytes / 8);
}
