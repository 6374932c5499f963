/// A lens with variables, for one row at a time: its arguments, and whether an assertion passes. For operators that read many assertions for each
/// row of their input, as a path does.
#ifndef PL_EXEC_LENS_ROW_H
#define PL_EXEC_LENS_ROW_H

#include "exec/classes.h"

/// The read-only part: plans of `according to ( pattern )` under the rows of an operator's input.
typedef struct pl_lens_row_plan {
  uint32_t lens;        ///< which
  pl_node** arguments;  ///< by part with a pattern: the leaf of its plan; else NULL
  uint32_t* inputs;     ///< by part: number of the plan among the operator's inputs; 0 = none
} pl_lens_row_plan;

/// Plan the patterns of a correlated lens; `inputs` has space for one per part and gets them from *count on.
pl_status pl_lens_row_make(pl_planner* planner, pl_node* input, uint32_t lens, pl_lens_row_plan* plan, pl_node** inputs,
                           uint32_t* count);
/// Prune the patterns of `node`, and add to `uses` what the lens reads from the input.
pl_status pl_lens_row_prune(pl_planner* planner, pl_node* node, const pl_lens_row_plan* plan, pl_slots uses);

typedef struct pl_lens_row {
  const pl_lens_row_plan* plan;
  pl_op* op;           ///< whose inputs the patterns are
  pl_lens_args* args;  ///< by part, of the current row
  pl_id* column;       ///< working space
  pl_scan* cpo;        ///< annotations of assertions
  pl_scan* spo;        ///< facts about named graphs
  pl_idmap verdicts;   ///< assertion -> passes, for the current row
  uint8_t plain;       ///< verdict on plain facts: 0 = not known, 1 = no, 2 = yes
  pl_id classes;       ///< number of the row's classes in the run; 0 = none
} pl_lens_row;

pl_status pl_lens_row_open(pl_lens_row* row, const pl_lens_row_plan* plan, pl_op* op);
void pl_lens_row_close(pl_lens_row* row);
/// Compute the arguments for a row of a chunk of the input, and its classes (NULL without identity).
pl_status pl_lens_row_set(pl_lens_row* row, const pl_chunk* chunk, uint32_t number, const pl_classes** classes);
/// Does assertion or graph `c` (0: a plain fact) pass? `user` is the pl_lens_row.
pl_status pl_lens_row_check(void* user, pl_id c, bool* passes);

#endif
