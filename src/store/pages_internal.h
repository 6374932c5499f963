/// Inside of the page walk: LMDB's layout, and one page judged by itself.
///
///     page          0 page number (8)  8 pad (2)  10 kind (2)  12 lower (2)  14 upper (2), or page count (4) of an
///                   overflow page  16 node offsets (2 each) up to lower; the nodes fill the page from its end to upper
///     node          0 size of the data, or child page (4)  4 flags, or page bits 32..47 (2)  6 key size (2)  8 key, data;
///                   padded to an even length
///     data          the value; if big, the number of its first overflow page (8); in the main tree a tree head
///     tree head     0 page size (4, in the free list)  4 flags (2)  6 depth (2)  8 branch pages (8)  16 leaf pages (8)
///                   24 overflow pages (8)  32 entries (8)  40 root page (8)
///     meta page     page header, then  16 magic (4)  20 version (4)  24 address (8)  32 map size (8)  40 tree of free
///                   pages (48)  88 main tree (48)  136 last page (8)  144 transaction number (8)
#ifndef PL_STORE_PAGES_INTERNAL_H
#define PL_STORE_PAGES_INTERNAL_H

#include "store/block_internal.h"
#include "store/pages.h"

#define PL_NO_PAGE UINT64_MAX
#define PL_LMDB_MAGIC 0xBEEFC0DEu  ///< in meta pages and in the lock file

enum {
  PL_PAGE_HEADER = 16,
  PL_NODE_HEADER = 8,
  PL_TREE_BYTES = 48,
  PL_META_BYTES = 152,
  PL_KEY_BYTES_MAX = 511,
  PL_DEPTH_MAX = 30,  ///< LMDB's cursors hold 32 levels, and a write may add one
  PL_PAGE_BYTES_MIN = 512,
  PL_PAGE_BYTES_MAX = 32768
};
enum { PL_PAGE_BRANCH = 0x01, PL_PAGE_LEAF = 0x02, PL_PAGE_OVERFLOW = 0x04, PL_PAGE_META = 0x08 };
enum { PL_NODE_BIG = 0x01, PL_NODE_TREE = 0x02 };
enum { PL_TREE_INTEGER = 0x08, PL_ENV_NOSUBDIR = 0x4000 };

/// Where a page stands in its tree.
typedef struct pl_page_place {
  uint64_t number;      ///< of the page
  uint32_t page_bytes;  ///< page size
  bool leaf;            ///< on the lowest level
  bool integers;        ///< keys are numbers of 8 bytes (the list of free pages)
  const uint8_t* low;   ///< node with the least key it may hold; NULL = none
  const uint8_t* high;  ///< node with the key that all of its keys are below; NULL = none
} pl_page_place;

static inline uint32_t pl_page_nodes(const uint8_t* page) { return (pl_load16(page + 12) - PL_PAGE_HEADER) / 2; }
static inline const uint8_t* pl_page_node(const uint8_t* page, uint32_t i) {
  return page + pl_load16(page + PL_PAGE_HEADER + 2 * i);
}
static inline uint32_t pl_node_key_bytes(const uint8_t* node) { return pl_load16(node + 6); }
static inline uint32_t pl_node_flags(const uint8_t* node) { return pl_load16(node + 4); }
static inline uint64_t pl_node_size(const uint8_t* node) { return pl_load32(node); }
static inline uint64_t pl_node_child(const uint8_t* node) { return pl_load64(node) & UINT64_C(0xFFFFFFFFFFFF); }

/// Overflow pages of a value so long.
static inline uint64_t pl_page_overflow_count(uint32_t page_bytes, uint64_t bytes) {
  return bytes <= page_bytes - PL_PAGE_HEADER ? 1 : (PL_PAGE_HEADER - 1 + bytes) / page_bytes + 1;
}

/// Whether node `i` lies in the page with its key and what stands behind it. The header is sound.
bool pl_page_node_fits(const pl_page_place* place, const uint8_t* page, uint32_t i);
/// What is wrong with a page (static text), or NULL: its header, its nodes, which must tile the page in order, its keys,
/// which must lie within its place. Only if it is NULL are all nodes safe to look at. *misplaced: it is not the page that
/// belongs there; else its header is sound. `tiles` has room for a page's half in 16-bit numbers.
const char* pl_page_fault(const pl_page_place* place, const uint8_t* page, uint16_t* tiles, bool* misplaced);
/// What is wrong with a tree's head, or NULL.
const char* pl_tree_head_fault(const pl_tree_head* head, uint64_t last_page, bool free_list);
pl_tree_head pl_tree_head_read(const uint8_t* bytes);
/// Draw meta page 0 or 1 of a file without any commit, as LMDB writes it, on zeros.
void pl_page_meta_draw(uint8_t* page, uint64_t number, uint32_t page_bytes);
bool pl_pages_read_at(int fd, uint8_t* to, size_t count, uint64_t offset);

#endif
