/// Opening a store file: one LMDB environment in one file, its named databases, its header.
///
/// `STORE` is the data file, `STORE-lock` LMDB's lock file beside it. LMDB rules: architecture notes in src/README.md.
#ifndef PL_STORE_ENV_H
#define PL_STORE_ENV_H

#include "store/dataset.h"
#include "store/pages.h"

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>

#define PL_FORMAT_VERSION 1u  ///< of the file; a higher one is PL_ERR_VERSION, never a guess

/// The databases of a store; the first PL_ORDER_COUNT are the orders of dataset.h.
typedef enum pl_db {
  PL_DB_SPO = PL_ORDER_SPO,
  PL_DB_POS,
  PL_DB_OSP,
  PL_DB_PSO,
  PL_DB_CSPO,
  PL_DB_CPO,
  PL_DB_POC,
  PL_DB_IDENTITY,  ///< assertion identity: blocks of rows (hash high, hash low, c)
  PL_DB_HASH,      ///< dictionary: blocks of rows (40-bit hash, id)
  PL_DB_TERM,      ///< dictionary: groups of term texts by key (dict.h)
  PL_DB_LONG,      ///< dictionary: texts too long for a group, one value each, by key
  PL_DB_AFFIX,     ///< dictionary: namespaces, datatypes, languages held once
  PL_DB_STATS,     ///< counters per predicate (stats.h)
  PL_DB_META,      ///< header, settings, totals
  PL_DB_TEXT,      ///< text index: blocks of rows (see text.h); its handle is 0 in a file from before it
  PL_DB_COUNT
} pl_db;
extern const char* const pl_db_names[PL_DB_COUNT];

typedef enum pl_durability {
  PL_SYNC_FULL = 0,  ///< every commit is on the disk when it returns
  PL_SYNC_FAST,      ///< MDB_NOMETASYNC: integrity kept, the last commit may be lost with the power
  PL_SYNC_NONE  ///< MDB_NOSYNC: integrity kept against a killed process, not against lost power; benchmarks, bulk builds of new files
} pl_durability;

typedef struct pl_store_options {
  bool readonly;        ///< never writes to the store; the lock file beside it is made and used where that is allowed
  bool create;          ///< make the file if it is missing (with the known terms and base in it)
  bool exclusive;       ///< with create: fail if it exists
  bool private_folder;  ///< nobody else knows the folder, so nobody else makes the file
  bool unlocked;  ///< with readonly: the caller holds the store exclusively (pl_env_exclusive_begin); no lock file
  bool trusted;   ///< the file's pages are not walked before LMDB follows them
  bool no_wait;   ///< a write transaction fails with PL_ERR_BUSY instead of waiting
  void (*on_wait)(void* user);  ///< called once before waiting for another writer; may be NULL
  void* on_wait_user;           ///< passed to it
  const atomic_int* interrupt;  ///< non-zero ends the waiting for another writer (PL_ERR_INTERRUPTED); may be NULL
  pl_durability durability;     ///< see above
  pl_str base;                  ///< base IRI of a new store; empty = PL_BASE_DEFAULT
  size_t map_bytes;             ///< address space to reserve; 0 = 1 TiB, halved on ENOMEM
  unsigned threads;             ///< worker threads; 0 = processors
  pl_realloc_fn realloc_fn;     ///< allocator; NULL = C heap
  void* realloc_user;           ///< passed to it
} pl_store_options;

/// Open or create. Validates magic, format version and header checksum before anything else is read. The same file opened twice in one
/// process shares the environment (a process-wide lock table is the one thing LMDB forces on us; see env.c) or fails with PL_ERR_MISUSE.
pl_status pl_store_open(const char* path, const pl_store_options* options, pl_error* err, pl_store** out);
void pl_store_close(pl_store* store);  ///< all transactions must have ended; accepts NULL
/// True in a child of the process that opened the store: what it inherited belongs to its parent and must not be used.
bool pl_store_forked(const pl_store* store);
const char* pl_store_path(const pl_store* store);
pl_mem* pl_store_mem(
    pl_store* store);  ///< account of the handle; take pl_store_lock_mem around use from several threads

struct pl_store {
  pl_mem mem;                    ///< account of long-lived parts
  pthread_mutex_t lock;          ///< guards mem, pool and the snapshot of settings
  struct pl_env_shared* shared;  ///< what all handles of this process on the file share (env_internal.h)
  MDB_env* env;                  ///< the environment
  MDB_dbi dbs[PL_DB_COUNT];      ///< opened once
  char* path;                    ///< as given, for messages
  char* file;                    ///< the file's one name, for LMDB (env_name.c)
  pl_store_options options;      ///< copies of what matters
  pl_pool* pool;                 ///< NULL until needed
};

struct pl_txn {
  pl_store* store;             ///< owner
  MDB_txn* mdb;                ///< LMDB's
  pl_error* err;               ///< borrowed from the caller
  pl_mem mem;                  ///< account of the transaction
  pl_arena arena;              ///< lives as long as the transaction
  bool write;                  ///< kind
  pl_settings* settings;       ///< loaded on first use
  pl_totals totals;            ///< counters as of begin plus own changes; written back at commit when totals_dirty
  bool totals_dirty;           ///< totals or next_* changed
  uint64_t next_key;           ///< next dictionary key
  uint64_t next_assertion;     ///< next assertion counter
  bool failed;                 ///< a change failed half way: commit refuses
  bool told;                   ///< its settings are damaged, which whoever begins anew is to hear as well
  bool resting;                ///< a read transaction without a snapshot, kept for pl_txn_renew
  uint64_t renewals;           ///< times it was renewed: a cursor of an earlier time must be renewed too
  bool has_meta;               ///< meta is known; see pl_txn_begin_walkable
  pl_page_meta meta;           ///< of its snapshot, for a walk over the pages
  uint64_t snapshot;           ///< at begin or the last renewal, for read transactions
  pl_arena room;               ///< memory that the last run left; see pl_txn_lend_room
  struct pl_memo* stats;       ///< counters read lately (stats.c); NULL in a write transaction
  struct pl_kept* kept;        ///< see pl_txn_keep; newest first
  size_t kept_bytes;           ///< memory of what is kept
  struct pl_dict_cache* dict;  ///< dict.c's caches and pending terms of this transaction; NULL until used
};

/// Record an LMDB failure with what was being done, and give its status (EIO and ENOSPC both name a full disk).
pl_status pl_mdb_fail(pl_error* err, int rc, const char* doing);
/// LMDB's put, del and drop (to empty) for values that stand in a file which may be damaged (env_value.c); LMDB's codes,
/// MDB_CORRUPTED for a damaged header of overflow pages.
int pl_mdb_put(const pl_txn* txn, MDB_dbi dbi, MDB_val* key, MDB_val* value, unsigned flags);
int pl_mdb_del(const pl_txn* txn, MDB_dbi dbi, MDB_val* key);
int pl_mdb_clear(const pl_txn* txn, MDB_dbi dbi);
/// Begin a read transaction that remembers its meta page, so that the trees of its snapshot can be walked however much is
/// committed meanwhile. `bare`: only LMDB's part, for a store whose databases are not open yet.
pl_status pl_txn_begin_walkable(pl_store* store, bool bare, pl_error* err, pl_txn** out);

/// Called by commit before LMDB's: flush pending dictionary terms (dict.c). Called by abort/commit at the end: free caches.
pl_status pl_dict_flush(pl_txn* txn);
void pl_dict_release(pl_txn* txn);
/// Write the known terms of dataset.h into a new, empty store (dict.c; called by create and by the bulk build).
pl_status pl_dict_seed(pl_txn* txn, pl_str base);

#endif
