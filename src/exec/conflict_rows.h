/// What a conflict may be between: all statements of one subject and predicate, with their sources and times.
///
/// Rows are sorted by object, source and times, and rows equal in these are one (of them the most confident). Objects, so, are groups of rows.
#ifndef PL_EXEC_CONFLICT_ROWS_H
#define PL_EXEC_CONFLICT_ROWS_H

#include "exec/classes.h"
#include "exec/sort.h"

/// Columns of a row. The first PL_SAID_EQUAL tell rows apart.
enum {
  PL_SAID_OBJECT,
  PL_SAID_SOURCE,
  PL_SAID_FROM,
  PL_SAID_UNTIL,
  PL_SAID_ON,
  PL_SAID_EQUAL,
  PL_SAID_SURE = PL_SAID_EQUAL,  ///< set where no confidence is given, which counts as 1
  PL_SAID_CONFIDENCE,
  PL_SAID_KEYS,
  PL_SAID_SUBJECT = PL_SAID_KEYS,  ///< as stored: the object and subject shown may stand for it
  PL_SAID_STORED_OBJECT,
  PL_SAID_C,
  PL_SAID_TIMES,       ///< first of its extents
  PL_SAID_TIME_COUNT,  ///< how many; 0: any time
  PL_SAID_WIDTH
};

typedef struct pl_said {
  pl_run* run;
  const pl_pass* pass;        ///< which statements count; NULL = all
  const pl_classes* classes;  ///< identity; may be NULL
  pl_scan* facts;             ///< over pso
  pl_scan* annotations;       ///< over cpo
  pl_scan* about;             ///< over spo: what is said of a named graph
  pl_sorter sorter;           ///< rows
  PL_VEC(pl_extent) times;    ///< of the rows
  PL_VEC(size_t) rows;        ///< places in the sorter's order that count
} pl_said;

pl_status pl_said_open(pl_said* said, pl_run* run, const pl_pass* pass, const pl_classes* classes);
void pl_said_close(pl_said* said);
/// Read all that is said of a subject (as shown) with a predicate.
pl_status pl_said_read(pl_said* said, pl_id subject, pl_id predicate);
static inline const pl_id* pl_said_row(const pl_said* said, size_t i) {
  return pl_sorter_row(&said->sorter, said->rows.data[i]);
}
/// Do the times of two rows overlap? A row without any overlaps all.
bool pl_said_overlap(const pl_said* said, const pl_id* a, const pl_id* b);

#endif
