/// What an update is to do, worked out row by row: shared by running it (run_update.c) and by listing what it would do (run_preview.c).
#ifndef PL_EXEC_UPDATE_H
#define PL_EXEC_UPDATE_H

#include "exec/lens.h"
#include "store/writer.h"

typedef struct pl_preview pl_preview;

/// A row of the store to take back.
typedef struct pl_retraction {
  pl_id s, p, o;
  pl_id c;
  bool whole;  ///< the fact with all that states it; c does not matter
} pl_retraction;

typedef struct pl_updater {
  pl_run* run;
  pl_writer* writer;                     ///< NULL: nothing is written, `preview` takes what would be
  pl_preview* preview;                   ///< NULL when there is a writer
  pl_carry slots;                        ///< slots that templates read
  PL_VEC(pl_id) rows;                    ///< their values, row after row
  size_t row_count;                      ///< rows collected
  bool makes_blanks;                     ///< an insert makes new blank nodes: equal rows write different things
  PL_VEC(pl_retraction) retractions;     ///< worked out before anything is written
  pl_ids subjects, predicates, objects;  ///< ids of a delete template's places
  pl_id* values;                         ///< by slot: the current row, fresh blank nodes included
} pl_updater;

/// Run the query and keep its rows.
pl_status pl_updater_collect(pl_updater* u);
/// List the retractions of all rows.
pl_status pl_updater_deletes(pl_updater* u);
/// Hand what all rows insert to the writer or to the preview.
pl_status pl_updater_inserts(pl_updater* u);
void pl_updater_free(pl_updater* u);

/// A statement that would be inserted: plain if `count` is 0. Ids may be of computed terms.
pl_status pl_preview_insert(pl_preview* preview, const pl_id fact[3], const pl_annotation_id* annotations,
                            size_t count);
/// A blank node that no store knows.
pl_status pl_preview_blank(pl_preview* preview, pl_id* id);
/// pl_run_next of a preview.
pl_status pl_run_preview(pl_run* run, const pl_chunk** out);
void pl_preview_free(pl_run* run);

#endif
