/// The dictionary's writing side (reading: dataset.h) and its file formats.
///
/// Keys are dense, given in first-seen order from 1, never reused; an id is the term's tag and its key. Both directions use blocks:
///   PL_DB_HASH   rows (hash: top 40 bits of XXH3-64 of tag, text, datatype, language; id): candidates, verified against the text
///   PL_DB_TERM   groups of consecutive keys, at most 4080 bytes a value, under the big-endian upper-bound key: drawing in dict_group.h
///   PL_DB_LONG   key -> text of literals too long for a group
///   PL_DB_AFFIX  number -> namespace, datatype or language, each held once
#ifndef PL_STORE_DICT_H
#define PL_STORE_DICT_H

#include "store/env.h"
#include "store/index.h"

/// Id of a term in a write transaction, giving it the next key if it is new. New terms are kept in memory and written in sorted batches
/// (pl_dict_flush, also at commit, and by itself past a memory budget); pl_dict_find and pl_dict_term see them at once.
pl_status pl_dict_intern(pl_txn* txn, const pl_term* term, pl_id* id);

/// Dictionary of a new, empty store built in memory for speed: open addressing on 64-bit hashes with prefetched batches.
typedef struct pl_dict_build pl_dict_build;
pl_status pl_dict_build_new(pl_mem* mem, pl_error* err, pl_dict_build** out);
void pl_dict_build_free(pl_dict_build* build);
/// Ids for `count` terms (batched look-ups with prefetching).
pl_status pl_dict_build_intern(pl_dict_build* build, const pl_term* terms, size_t count, pl_id* ids);
/// Write everything into an empty store's dictionary databases (the known terms are already its first keys).
pl_status pl_dict_build_write(pl_dict_build* build, pl_txn* txn);

/// Verify that groups hold all keys in order and every term can be decoded; with `deep` also both directions against each other. on_rows is
/// not called.
pl_status pl_dict_verify(pl_txn* txn, bool deep, const pl_verifier* verifier);

#endif
