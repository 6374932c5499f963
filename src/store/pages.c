/// The walk. Each tree is walked depth first with one buffer a level; every page has one bit, which is set when it has
/// found its place: a page belongs to one place only, which also ends walks in circles.
///
/// Without a receiver of damage the first finding ends the walk. With one, what is around the damage is visited: the
/// other children of a branch page, the entries of a damaged leaf that lie whole in it. Such entries are marked as
/// doubtful, and so are all below a page that is out of its place.
#include "store/pages.h"

#include "store/env.h"
#include "store/pages_internal.h"

#include <stdio.h>
#include <sys/stat.h>

enum { LIST_CHUNK = 512 };

typedef struct walk {
  const pl_pages_options* options;    ///< the caller's
  pl_pages_report* report;            ///< result
  pl_error* err;                      ///< of an allocation that failed
  uint32_t page_bytes;                ///< page size
  uint64_t pages;                     ///< 0 .. last page
  uint64_t file_bytes;                ///< length of the file
  uint8_t* claimed;                   ///< one bit a page
  size_t claimed_bytes;               ///< its length
  uint16_t* tiles;                    ///< see pl_page_fault
  uint8_t* levels[PL_DEPTH_MAX + 1];  ///< buffers by level, from 1
  bool has[PL_DB_COUNT];              ///< databases found in the main tree
  pl_tree_head heads[PL_DB_COUNT];    ///< their heads
  uint64_t stranger;                  ///< page of the main tree with an entry that is no database of a store; or 0
  pl_status status;                   ///< of the walk: a callback's, or PL_ERR_NOMEM
  bool stopped;                       ///< the first finding was enough, or status is not PL_OK
} walk;

typedef struct tree {
  const char* name;                          ///< of the database; NULL = main tree
  const pl_tree_head* head;                  ///< depth
  bool free_list;                            ///< see PL_PAGES_FREE
  bool silent;                               ///< nobody is told of its entries
  uint64_t branch, leaf, overflow, entries;  ///< counted
  uint64_t list_last;                        ///< page met last in an entry of the free list
} tree;

/// One finding. Returns false, as what is damaged is.
static bool damaged(walk* w, uint64_t page, const char* text) {
  pl_pages_report* const report = w->report;
  if (report->damage++ == 0) {
    (void)snprintf(report->first, sizeof report->first, "page %llu %s", (unsigned long long)page, text);
  }
  if (!w->options->on_damage || !w->options->on_damage(w->options->user, page, text)) {
    w->stopped = true;
  }
  return false;
}

static void stop(walk* w, pl_status status) {
  w->status = status;
  w->stopped = true;
}

// ---- pages and their owners ---------------------------------------------------------------------------------------

static bool is_claimed(const walk* w, uint64_t page) { return (w->claimed[page / 8] >> (page % 8) & 1) != 0; }

/// `count` pages from `first` are counted by the meta page, and there.
static bool in_file(walk* w, uint64_t first, uint64_t count) {
  if (first < 2 || first >= w->pages || count > w->pages - first) {
    return damaged(w, first, "is named but is not in the file");
  }
  if ((first + count) * w->page_bytes > w->file_bytes) {
    w->report->missing = true;
    return damaged(w, first, "is missing at the end of the file");
  }
  return true;
}

/// The pages belong to whoever asks, if they are nobody else's.
static bool claim(walk* w, uint64_t first, uint64_t count) {
  if (first < 2 || first >= w->pages || count > w->pages - first) {
    return damaged(w, first, "is named but is not in the file");
  }
  if (count == 1 && !is_claimed(w, first)) {
    w->claimed[first / 8] |= (uint8_t)(1u << first % 8);
    return true;
  }
  for (uint64_t page = first; page < first + count; page++) {
    if (is_claimed(w, page)) {
      return damaged(w, page, "is used twice");
    }
  }
  for (uint64_t page = first; page < first + count; page++) {
    w->claimed[page / 8] |= (uint8_t)(1u << page % 8);
  }
  return true;
}

// ---- values -------------------------------------------------------------------------------------------------------

static bool overflow_header(walk* w, uint64_t first, uint64_t count) {
  uint8_t header[PL_PAGE_HEADER];
  if (!pl_pages_read_at(w->options->fd, header, sizeof header, first * w->page_bytes)) {
    return damaged(w, first, "cannot be read");
  }
  return (pl_load64(header) == first && pl_load16(header + 10) == PL_PAGE_OVERFLOW &&
          pl_load32(header + 12) == count) ||
         damaged(w, first, "is no overflow page of its size");
}

/// Overflow pages of a value: in the file, and nobody else's.
static bool walk_overflow(walk* w, tree* t, uint64_t first, uint64_t bytes) {
  const uint64_t count = pl_page_overflow_count(w->page_bytes, bytes);
  if (!in_file(w, first, count)) {
    return false;
  }
  if ((t->free_list || w->options->flags & PL_PAGES_OVERFLOW) && !overflow_header(w, first, count)) {
    return false;
  }
  t->overflow += count;
  w->report->values_pages += count;
  return claim(w, first, count);
}

/// What a doubtful leaf names belongs to another, perhaps: it is looked at, not claimed.
static bool doubtful_overflow(const walk* w, uint64_t first, uint64_t bytes) {
  const uint64_t count = pl_page_overflow_count(w->page_bytes, bytes);
  return first >= 2 && first < w->report->file_pages && count <= w->report->file_pages - first;
}

/// The page numbers of one entry of the free list: descending, in the file, nobody's.
static bool walk_numbers(walk* w, tree* t, uint64_t page, const uint8_t* numbers, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const uint64_t number = pl_load64(numbers + 8 * i);
    if (number >= t->list_last) {
      return damaged(w, page, "lists free pages out of order");
    }
    t->list_last = number;
    if (!claim(w, number, 1)) {
      return false;
    }
  }
  w->report->free_pages += count;
  return true;
}

/// An entry of the free list: a count and as many page numbers; in the leaf, or at `offset` of the file.
static bool walk_list(walk* w, tree* t, uint64_t page, const pl_page_entry* entry) {
  uint8_t chunk[8 * LIST_CHUNK];
  uint64_t count = 0;
  pl_page_entry part = *entry;
  const uint64_t number = pl_load64(entry->key);
  if (number == 0 || number > w->options->meta->number || entry->value_bytes < 8 || entry->value_bytes % 8 != 0) {
    return damaged(w, page, "holds a wrong entry of the list of free pages");
  }
  t->list_last = UINT64_MAX;
  for (uint64_t at = 0; at < 8 * count + 8; at += part.value_bytes) {
    const uint64_t left = (at == 0 ? entry->value_bytes : 8 * count + 8) - at;
    part.value_bytes = left < sizeof chunk ? left : sizeof chunk;
    part.value = entry->value ? entry->value + at : NULL;
    part.offset = entry->offset + at;
    if (!pl_page_value(w->options->fd, &part, chunk)) {
      return damaged(w, page, "lists free pages where nothing can be read");
    }
    if (at == 0) {
      count = pl_load64(chunk);
      if (count > entry->value_bytes / 8 - 1) {
        return damaged(w, page, "lists more free pages than it has room for");
      }
    }
    const size_t skip = at == 0 ? 8 : 0;
    const uint64_t listed = 8 * count + 8 - at < part.value_bytes ? 8 * count + 8 - at : part.value_bytes;
    if (!walk_numbers(w, t, page, chunk + skip, (size_t)(listed - skip) / 8)) {
      return false;
    }
  }
  return true;
}

// ---- entries ------------------------------------------------------------------------------------------------------

/// An entry of the main tree: the head of a database is kept and walked later. Anything else is a stranger; whether the
/// file is another program's or a damaged store is told by the whole.
static bool note_tree(walk* w, uint64_t page, const pl_page_entry* entry, uint32_t flags) {
  unsigned db = 0;
  while (db < PL_DB_COUNT &&
         (strlen(pl_db_names[db]) != entry->key_bytes || memcmp(pl_db_names[db], entry->key, entry->key_bytes) != 0)) {
    db++;
  }
  if (db == PL_DB_COUNT) {
    w->stranger = page;
    return false;
  }
  if (flags != PL_NODE_TREE || entry->value_bytes != PL_TREE_BYTES || w->has[db]) {
    return damaged(w, page, "holds a wrong entry");
  }
  const pl_tree_head head = pl_tree_head_read(entry->value);
  const char* const why = pl_tree_head_fault(&head, w->options->meta->last_page, false);
  w->has[db] = true;
  w->heads[db] = why ? (pl_tree_head){.root = PL_NO_PAGE} : head;
  return !why || damaged(w, page, why);
}

static void give_entry(walk* w, const tree* t, const pl_page_entry* entry) {
  if (!t->silent && w->options->on_entry) {
    const pl_status status = w->options->on_entry(w->options->user, entry);
    if (status != PL_OK) {
      stop(w, status);
    }
  }
}

/// A leaf's node that lies in its page.
static bool walk_entry(walk* w, tree* t, const uint8_t* page, uint64_t number, const uint8_t* node, bool doubtful) {
  const uint32_t flags = pl_node_flags(node);
  const uint8_t* const data = node + PL_NODE_HEADER + pl_node_key_bytes(node);
  pl_page_entry entry = {.db = t->name,
                         .key = node + PL_NODE_HEADER,
                         .key_bytes = pl_node_key_bytes(node),
                         .value = data,
                         .value_bytes = pl_node_size(node),
                         .offset = number * w->page_bytes + (uint64_t)(data - page),
                         .page = number,
                         .doubtful = doubtful};
  t->entries++;
  const bool tree_node = (flags & PL_NODE_TREE) != 0;
  const bool main_tree = !t->name && !t->free_list;
  if (main_tree) {
    return note_tree(w, number, &entry, flags);
  }
  if (tree_node) {
    return doubtful ? false : damaged(w, number, "holds a wrong entry");
  }
  if (flags & PL_NODE_BIG) {
    const uint64_t first = pl_load64(data);
    if (!(doubtful ? doubtful_overflow(w, first, entry.value_bytes) : walk_overflow(w, t, first, entry.value_bytes))) {
      return false;
    }
    entry.value = NULL;
    entry.offset = first * w->page_bytes + PL_PAGE_HEADER;
  }
  if (t->free_list) {
    return walk_list(w, t, number, &entry);
  }
  give_entry(w, t, &entry);
  return true;
}

// ---- trees --------------------------------------------------------------------------------------------------------

/// What is known of the place of a page: its number and level, and between which nodes of the levels above it hangs.
typedef struct place {
  uint64_t number;      ///< page
  uint32_t level;       ///< from 1
  const uint8_t* low;   ///< see pl_page_place
  const uint8_t* high;  ///< see pl_page_place
  bool doubtful;        ///< above it something is damaged
} place;

static void walk_page(walk* w, tree* t, place at);

static bool level_buffer(walk* w, uint32_t level) {
  if (!w->levels[level]) {
    w->levels[level] = pl_mem_alloc(w->options->mem, w->page_bytes);
  }
  if (!w->levels[level]) {
    stop(w, pl_fail(w->err, PL_MSG_NOMEM));
  }
  return w->levels[level] != NULL;
}

/// The entries of a sound leaf that nobody is told of: only where their overflow pages lie.
static void walk_silent(walk* w, tree* t, const uint8_t* page, uint64_t number) {
  const uint32_t count = pl_page_nodes(page);
  for (uint32_t i = 0; i < count && !w->stopped; i++) {
    const uint8_t* const node = pl_page_node(page, i);
    const uint32_t flags = pl_node_flags(node);
    t->entries++;
    if (flags & PL_NODE_TREE) {
      (void)damaged(w, number, "holds a wrong entry");
    } else if (flags & PL_NODE_BIG) {
      const uint8_t* const data = node + PL_NODE_HEADER + pl_node_key_bytes(node);
      (void)walk_overflow(w, t, pl_load64(data), pl_node_size(node));
    }
  }
}

static void walk_nodes(walk* w, tree* t, const uint8_t* page, place at, const pl_page_place* sound, bool doubtful) {
  const uint32_t count = pl_page_nodes(page);
  if (sound->leaf && t->silent && !doubtful && !at.doubtful) {
    walk_silent(w, t, page, at.number);
    return;
  }
  for (uint32_t i = 0; i < count && !w->stopped; i++) {
    if (doubtful && !pl_page_node_fits(sound, page, i)) {
      continue;  // reported with its page
    }
    const uint8_t* const node = pl_page_node(page, i);
    if (sound->leaf) {
      (void)walk_entry(w, t, page, at.number, node, doubtful || at.doubtful);
      continue;
    }
    const bool bounded = !doubtful;  // keys of a damaged page are no bounds for others
    walk_page(w, t,
              (place){.number = pl_node_child(node),
                      .level = at.level + 1,
                      .low = !bounded ? NULL
                             : i > 0  ? node
                                      : at.low,
                      .high = !bounded        ? NULL
                              : i + 1 < count ? pl_page_node(page, i + 1)
                                              : at.high,
                      .doubtful = doubtful || at.doubtful});
  }
}

static void walk_page(walk* w, tree* t, place at) {
  const bool leaf = at.level == t->head->depth;
  const pl_page_place sound = {at.number, w->page_bytes, leaf, t->free_list, at.low, at.high};
  const pl_pages_options* const options = w->options;
  if (options->on_page) {
    const pl_status status = options->on_page(options->user, w->report->tree_pages, w->pages);
    if (status != PL_OK) {
      stop(w, status);
      return;
    }
  }
  if (!in_file(w, at.number, 1) || !level_buffer(w, at.level)) {
    return;
  }
  uint8_t* const page = w->levels[at.level];
  w->report->tree_pages++;
  if (!pl_pages_read_at(options->fd, page, w->page_bytes, at.number * w->page_bytes)) {
    (void)damaged(w, at.number, "cannot be read");
    return;
  }
  bool misplaced;
  const char* const why = pl_page_fault(&sound, page, w->tiles, &misplaced);
  if (why) {
    (void)damaged(w, at.number, why);
  }
  // A page that is out of its place is not claimed: its owner may come yet, or it is an orphan.
  if (w->stopped || misplaced || !claim(w, at.number, 1)) {
    return;
  }
  t->leaf += leaf;
  t->branch += !leaf;
  walk_nodes(w, t, page, at, &sound, why != NULL);
}

static void walk_tree(walk* w, const char* name, const pl_tree_head* head, bool free_list) {
  const pl_pages_options* const options = w->options;
  const bool told = options->on_entry && (!options->only || options->only == name);
  tree t = {.name = name, .head = head, .free_list = free_list, .silent = name && !told};
  const uint64_t before = w->report->damage;
  if (head->root != PL_NO_PAGE) {
    walk_page(w, &t, (place){.number = head->root, .level = 1});
  }
  const bool agree =
      t.branch == head->branch && t.leaf == head->leaf && t.overflow == head->overflow && t.entries == head->entries;
  if (!w->stopped && (w->options->flags & PL_PAGES_COUNTS) && w->report->damage == before && !agree) {
    (void)damaged(w, head->root == PL_NO_PAGE ? 0 : head->root, "begins a tree whose counts are wrong");
  }
}

/// Every sound leaf that belongs to nobody.
static void walk_orphans(walk* w) {
  static const pl_tree_head none = {.depth = 1};
  tree t = {.name = "", .head = &none};
  if (!level_buffer(w, 1)) {
    return;
  }
  for (uint64_t number = 2; number < w->report->file_pages && !w->stopped; number++) {
    const bool owned = number < w->pages && is_claimed(w, number);
    uint8_t* const page = w->levels[1];
    bool misplaced;
    const pl_page_place sound = {.number = number, .page_bytes = w->page_bytes, .leaf = true};
    if (!owned && pl_pages_read_at(w->options->fd, page, w->page_bytes, number * w->page_bytes) &&
        !pl_page_fault(&sound, page, w->tiles, &misplaced)) {
      w->report->tree_pages++;
      walk_nodes(w, &t, page, (place){.number = number, .level = 1, .doubtful = true}, &sound, true);
    }
  }
}

// ---- the whole ----------------------------------------------------------------------------------------------------

static void walk_all(walk* w) {
  const pl_page_meta* const meta = w->options->meta;
  walk_tree(w, NULL, &meta->main, false);
  if (w->stopped) {
    return;
  }
  w->report->foreign = meta->main.root != PL_NO_PAGE && w->report->damage == 0 && !w->has[PL_DB_META];
  if (w->report->foreign || w->stranger != 0) {
    (void)damaged(w, w->stranger ? w->stranger : meta->main.root, "holds what is not a database of a store");
  }
  for (unsigned db = 0; db < PL_DB_COUNT && !w->stopped; db++) {
    if (w->has[db]) {
      walk_tree(w, pl_db_names[db], &w->heads[db], false);
    }
  }
  if (!w->stopped && w->options->flags & PL_PAGES_FREE) {
    walk_tree(w, NULL, &meta->free, true);
  }
  if (!w->stopped && w->options->flags & PL_PAGES_ORPHANS) {
    walk_orphans(w);
  }
}

static pl_status walk_start(walk* w) {
  const pl_pages_options* const options = w->options;
  struct stat st;
  if (fstat(options->fd, &st) != 0) {
    (void)damaged(w, 0, "cannot be read");
    return PL_OK;
  }
  w->file_bytes = (uint64_t)st.st_size;
  w->report->file_pages = w->file_bytes / w->page_bytes;
  if (!pl_page_count_possible(options->meta, w->report->file_pages)) {
    w->report->missing = true;
    (void)damaged(w, w->pages - 1, "is missing at the end of the file");
    w->pages = w->report->file_pages;  // what is there may still be visited
  }
  w->claimed_bytes = (size_t)(w->pages / 8 + 1);
  w->claimed = pl_mem_calloc(options->mem, w->claimed_bytes, 1);
  w->tiles = pl_mem_alloc(options->mem, w->page_bytes);
  return w->claimed && w->tiles ? PL_OK : pl_fail(w->err, PL_MSG_NOMEM);
}

pl_status pl_pages_walk(const pl_pages_options* options, pl_pages_report* report, pl_error* err) {
  walk w = {.options = options,
            .report = report,
            .err = err,
            .page_bytes = options->meta->page_bytes,
            .pages = options->meta->last_page + 1};
  memset(report, 0, sizeof *report);
  w.status = walk_start(&w);
  if (w.status == PL_OK && !w.stopped) {
    walk_all(&w);
  }
  for (size_t i = 0; i < PL_COUNT_OF(w.levels); i++) {
    pl_mem_free(options->mem, w.levels[i], w.page_bytes);
  }
  pl_mem_free(options->mem, w.tiles, w.page_bytes);
  pl_mem_free(options->mem, w.claimed, w.claimed_bytes);
  return w.status;
}

bool pl_page_value(int fd, const pl_page_entry* entry, uint8_t* out) {
  if (entry->value) {
    memcpy(out, entry->value, (size_t)entry->value_bytes);
    return true;
  }
  return pl_pages_read_at(fd, out, (size_t)entry->value_bytes, entry->offset);
}
