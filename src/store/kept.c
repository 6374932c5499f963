/// What is costly to make from one snapshot and may serve several runs (classes of nodes, compiled lenses): kept on the transaction under a
/// key of bytes, dropped with the snapshot or at the next write. A short list, newest first; the oldest goes when it grows too long.
#include "store/env.h"

enum { KEPT_MAX = 64 };

struct pl_kept {
  struct pl_kept* next;           ///< older one
  void* object;                   ///< the maker's
  void (*release)(void* object);  ///< ends it
  size_t bytes;                   ///< of the object, about
  size_t key_len;                 ///< bytes of the key, which follow
};

static char* key_of(struct pl_kept* kept) { return (char*)(kept + 1); }

static void drop(pl_txn* txn, struct pl_kept** at) {
  struct pl_kept* const kept = *at;
  *at = kept->next;
  txn->kept_bytes -= kept->bytes;
  kept->release(kept->object);
  pl_mem_free(&txn->mem, kept, sizeof *kept + kept->key_len);
}

void* pl_txn_kept(pl_txn* txn, pl_str key) {
  for (struct pl_kept* kept = txn->kept; kept; kept = kept->next) {
    if (kept->key_len == key.len && memcmp(key_of(kept), key.data, key.len) == 0) {
      return kept->object;
    }
  }
  return NULL;
}

static void drop_oldest(pl_txn* txn) {
  struct pl_kept** at = &txn->kept;
  for (int i = 1; *at && i < KEPT_MAX; i++) {
    at = &(*at)->next;
  }
  while (*at) {
    drop(txn, at);
  }
}

pl_status pl_txn_keep(pl_txn* txn, pl_str key, void* object, size_t bytes, void (*release)(void* object)) {
  assert(key.len > 0);
  struct pl_kept* const kept = pl_mem_alloc(&txn->mem, sizeof *kept + key.len);
  if (!kept) {
    return pl_mem_status(&txn->mem);
  }
  drop_oldest(txn);
  *kept = (struct pl_kept){.next = txn->kept, .object = object, .release = release, .bytes = bytes, .key_len = key.len};
  txn->kept_bytes += bytes;
  memcpy(key_of(kept), key.data, key.len);
  txn->kept = kept;
  return PL_OK;
}

void pl_txn_forget(pl_txn* txn) {
  while (txn->kept) {
    drop(txn, &txn->kept);
  }
}
