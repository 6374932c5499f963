/// Where a store file is made: in a folder of its own beside its place, moved to its name when it is whole and synced.
#ifndef PL_STORE_PLACE_H
#define PL_STORE_PLACE_H

#include "store/env.h"

/// The folder in which a store is built.
typedef struct pl_build_place {
  const char* path;        ///< the store's future name
  const char* parent;      ///< folder that holds it
  const char* folder;      ///< building folder beside it; NULL until made
  const char* store_path;  ///< the store in the building folder
  int lock_fd;             ///< locked while the build lives; -1 = none
} pl_build_place;

/// Remove leftovers of killed builds of the same store, make and lock a folder; nothing may stand under `path`. Strings
/// come from the arena.
pl_status pl_place_open(pl_build_place* place, const char* path, pl_arena* arena, pl_error* err);
/// The same for a file that shall take the place of an existing one.
pl_status pl_place_open_beside(pl_build_place* place, const char* path, pl_arena* arena, pl_error* err);
/// Let the disk begin with what was committed; only how long the last sync takes depends on it.
void pl_place_start_writing(const pl_store* store);
/// Sync the store, move it to its name (never over an existing file), sync the folder. No process has the store open.
pl_status pl_place_publish(pl_build_place* place, pl_error* err);
/// Sync the store, put it in the place of the file of that name, of which the caller is the only user, sync the folder.
/// *replaced: it stands there, also when the last step failed.
pl_status pl_place_replace(pl_build_place* place, bool* replaced, pl_error* err);
void pl_place_discard(pl_build_place* place);  ///< remove the building folder and all in it; may be called twice

#endif
