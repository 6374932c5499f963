/// What the files of lenses share.
#ifndef PL_EXEC_LENS_INTERNAL_H
#define PL_EXEC_LENS_INTERNAL_H

#include "exec/lens.h"

/// Annotations that say when. An assertion's validity counts when it has `from` or `until`, its attestation when it has `on`.
typedef enum pl_lens_time { PL_TIME_FROM, PL_TIME_UNTIL, PL_TIME_ON, PL_TIME_COUNT } pl_lens_time;
extern const pl_id pl_lens_time_predicates[PL_TIME_COUNT];

/// Does annotation value `id` satisfy the part? `kind` is read for AT and DURING.
pl_status pl_lens_value_fits(pl_run* run, const pl_lens_part* part, const pl_lens_args* args, pl_lens_time kind,
                             pl_id id, bool* fits);

#endif
