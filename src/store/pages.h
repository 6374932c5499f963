/// The walk over the pages of a store file, trusting nothing.
///
/// LMDB believes its pages: a wrong offset, size or page number is a read or write outside of the file's memory. Whoever
/// lets LMDB touch a file that may be damaged walks its trees here first: opening (what LMDB reads), the first write
/// (also what it writes by), the check (everything), repair (which never lets LMDB see the file). Pages are read with
/// pread: a file that another process cuts short meanwhile is an error, not a SIGBUS.
///
/// The trees as of one meta page are stable while a read transaction of that number is open, or nobody writes.
#ifndef PL_STORE_PAGES_H
#define PL_STORE_PAGES_H

#include "base/diag.h"
#include "base/mem.h"

/// One tree, as its 48 bytes in the meta page or in the main tree say.
typedef struct pl_tree_head {
  uint32_t flags;     ///< LMDB's
  uint32_t depth;     ///< levels; 0 = empty
  uint64_t branch;    ///< pages of each kind
  uint64_t leaf;      ///< see branch
  uint64_t overflow;  ///< see branch
  uint64_t entries;   ///< keys
  uint64_t root;      ///< page number; UINT64_MAX = empty
} pl_tree_head;

/// What a meta page says. A commit writes page 0 or 1, by turns.
typedef struct pl_page_meta {
  uint32_t page_bytes;  ///< page size
  uint64_t map_bytes;   ///< address space of the last writer
  uint64_t last_page;   ///< last page ever taken
  uint64_t number;      ///< transaction
  pl_tree_head free;    ///< free pages by transaction
  pl_tree_head main;    ///< heads of the named databases
} pl_page_meta;

/// Read both meta pages. why[i] is NULL where out[i] is sound, else what is wrong (static text); out[i].page_bytes is 0 where there is no meta page at all. Where page 0 is
/// damaged, page 1 is looked for behind every page size. True if both are sound and agree; the newer is the one with
/// the larger number.
bool pl_page_metas(int fd, pl_page_meta out[2], const char* why[2]);

/// Whether a file of so many whole pages may count that many. Pages that were taken and given back within one transaction
/// are counted and never written, so a whole file may be shorter than its last page; but all pages that are not there
/// are listed as free, and the list is in the file.
bool pl_page_count_possible(const pl_page_meta* meta, uint64_t file_pages);

/// A leaf's entry. Everything is borrowed for the call.
typedef struct pl_page_entry {
  const char* db;        ///< the database; "" for an entry of an orphan (PL_PAGES_ORPHANS)
  const uint8_t* key;    ///< bytes
  size_t key_bytes;      ///< 1 to 511
  const uint8_t* value;  ///< the value where it lies in the leaf; NULL: read it with pl_page_value
  uint64_t value_bytes;  ///< its length
  uint64_t offset;       ///< where it begins in the file; all of it lies in the file
  uint64_t page;         ///< of the leaf
  bool doubtful;         ///< the page is damaged or not where its keys belong (perhaps another database's, perhaps an
                         ///< old one): believe nothing that cannot be proved
} pl_page_entry;

/// Copy the value, value_bytes long. False if it cannot be read (errno).
bool pl_page_value(int fd, const pl_page_entry* entry, uint8_t* out);

/// How much is walked, besides the branch and leaf pages of the main tree and of all named databases and the places of
/// their overflow pages.
typedef enum pl_pages_flags {
  PL_PAGES_FREE = 1,      ///< the list of free pages: LMDB takes pages from it when it writes
  PL_PAGES_OVERFLOW = 2,  ///< headers of overflow pages: LMDB reads them when it replaces or deletes a value
  PL_PAGES_COUNTS = 4,    ///< pages and entries counted against the heads of the trees
  PL_PAGES_ORPHANS = 8  ///< at the end, entries of all sound leaves that belong to no tree: what a lost branch page led
                        ///< to, and what is free by now (stale!)
} pl_pages_flags;

typedef struct pl_pages_options {
  int fd;                    ///< the file, open for reading
  const pl_page_meta* meta;  ///< as of which transaction
  pl_mem* mem;               ///< pays for a page per level and one or two bits a page
  unsigned flags;            ///< pl_pages_flags
  /// Told of every damage. True: go on; what can be read beside and below it is visited. NULL: the walk ends at the
  /// first, which is in the report.
  bool (*on_damage)(void* user, uint64_t page, const char* text);
  pl_status (*on_entry)(void* user, const pl_page_entry* entry);  ///< of the named databases; may be NULL
  const char* only;  ///< database (of pl_db_names) whose entries alone on_entry is told; NULL = all
  pl_status (*on_page)(void* user, uint64_t pages_done, uint64_t pages);  ///< before each tree page; may be NULL
  void* user;                                                             ///< passed to all three
} pl_pages_options;

typedef struct pl_pages_report {
  uint64_t damage;        ///< findings
  uint64_t tree_pages;    ///< branch and leaf pages walked
  uint64_t values_pages;  ///< overflow pages in use
  uint64_t free_pages;    ///< on the free list (PL_PAGES_FREE)
  uint64_t file_pages;    ///< whole pages in the file
  bool missing;           ///< a page in use lies behind the end of the file
  bool foreign;           ///< the main tree is sound, not empty and without the database `meta`: another program's file
  char first[160];        ///< the first finding, with its page; "" if there is none
} pl_pages_report;

/// Walk. PL_OK also with damage (see the report); else PL_ERR_NOMEM with err set, or what a callback returned.
pl_status pl_pages_walk(const pl_pages_options* options, pl_pages_report* report, pl_error* err);

#endif
