/// Patterns under identity (same N): two operators around an ordinary lookup.
///
///   Same      maps the places of each match to shown nodes, compares repeated slots as classes, drops repeats per input row
///     Lookup    reads the members' matches; a constant stands for its class
///       Members   repeats each input row for all combinations of the members that its nodes stand for
///         ...       the rows so far
///
/// A row that touches no class goes through both as it is.
#ifndef PL_EXEC_SAME_H
#define PL_EXEC_SAME_H

#include "exec/classes.h"
#include "opt/identity.h"

enum { PL_SAME_PLACES = 3 };  ///< A, P, B: assertions are themselves

typedef struct pl_members {
  uint32_t lens;    ///< whose identity holds
  bool correlated;  ///< classes differ from row to row; slot PL_HIDDEN_CLASSES tells which
  pl_slot keys
      [PL_SAME_PLACES];  ///< slot at each place whose members are wanted, in slot PL_HIDDEN_KEY + place; PL_SLOT_NONE = none
} pl_members;

/// Repeat rows for members; every row carries the number of its input row in slot PL_HIDDEN_SAME_ROW.
pl_status pl_node_members(pl_planner* planner, pl_node* input, const pl_members* members, pl_node** out);

/// Print the classes of each lens with identity: below a plan, or as further children of its JSON. Without a run they are computed, unless
/// the lens depends on parameters or rows, in a run `within` limits (may be NULL).
pl_status pl_explain_classes(const pl_plan* plan, const pl_run* run, pl_txn* txn, const pl_explain_within* within,
                             bool json, pl_buf* out);

#endif
