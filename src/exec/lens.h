/// Lenses at run time (language.md, section 4).
///
/// A lens without variables becomes a pl_pass: a set of assertions from walks over the annotation order `poc`, the passing named graphs, and
/// whether plain facts pass. It is kept on the transaction for other runs on the same snapshot. A lens with variables is checked row by row, for one assertion at a time.
#ifndef PL_EXEC_LENS_H
#define PL_EXEC_LENS_H

#include "exec/lookup.h"

/// What one part of a lens compares with, its arguments evaluated.
typedef struct pl_lens_args {
  pl_extent extent;  ///< AT and DURING
  pl_value number;   ///< TRUST and SAME
  pl_ids sources;    ///< ACCORDING: sorted
  bool null;         ///< an argument is null or of the wrong kind: nothing passes
} pl_lens_args;

/// The read-only part of one part of a lens.
typedef struct pl_lens_plan {
  pl_program* low;   ///< compiled arguments; NULL = none
  pl_program* high;  ///< see pl_lens_part
  pl_node* root;     ///< `according to ( pattern )` without variables of the row: its plan; else NULL
} pl_lens_plan;

/// Compile the lens parts of a query into plan->lens_parts.
pl_status pl_plan_lenses(pl_planner* planner);

struct pl_lens_state {
  pl_pass pass;             ///< valid while there is a set; its address stays from run to run
  struct pl_lens_set* set;  ///< compiled, shared with the transaction; NULL = not yet asked for
  pl_lens_args* args;       ///< space, by part
};

/// Does a lens hold another part than identity?
bool pl_lens_restricts(const pl_query* query, uint32_t lens);
/// The pass of an uncorrelated lens, computed on first use in a run; NULL if the lens does not restrict anything.
pl_status pl_lens_pass(pl_run* run, uint32_t lens, const pl_pass** out);
/// Let go of all passes, at the end of a run; another run asks for them again.
void pl_lens_free(pl_run* run);
/// Can a run with these lenses be run again? Those of identity, with variables or with patterns keep more than their passes.
bool pl_lens_stays(const pl_query* query);
/// Append to `key` what a part depends on beside the snapshot.
void pl_lens_key(pl_buf* key, const pl_lens_part* part, const pl_lens_args* args);

/// Does assertion or graph `c` (0: a plain fact) pass a part with these arguments? `cpo` and `spo` are open scans over those orders.
pl_status pl_lens_check(pl_run* run, const pl_lens_part* part, const pl_lens_args* args, pl_scan* cpo, pl_scan* spo,
                        pl_id c, bool* passes);
/// Has `c` a confidence of at least args->number? A plain fact's, and a missing one, is 1.
pl_status pl_lens_confident(pl_run* run, const pl_lens_args* args, pl_scan* cpo, pl_scan* spo, pl_id c, bool* passes);
/// Arguments of all parts of an uncorrelated lens, sources as they are written; free each `sources` with pl_vec_free.
pl_status pl_lens_args_const(pl_run* run, uint32_t lens, pl_lens_args* out);
/// Set extent or number from values (`high` may be NULL).
void pl_lens_args_set(const pl_lens_part* part, const pl_value* low, const pl_value* high, pl_lens_args* out);
/// Number of a part over all lenses of the query: index into plan->lens_parts.
uint32_t pl_lens_part_number(const pl_query* query, uint32_t lens, uint32_t part);

#endif
