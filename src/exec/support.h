/// Why a row is there: the facts behind it, kept only when a query asks (`why`, `return graph`, `describe`).
///
/// Each row then carries one more id, in slot plan->why: a node of an immutable graph that the run owns. 0 is no support; a FACT is
/// one match of a pattern; a JOIN holds two supports; a STATED the statements of one fact, as they are found; a GROUP those of the rows that were grouped, up to a limit; an ANY those of rows that
/// became one, each of which alone would do. Rows so hand on their support like any other column: an operator that makes rows extends it, all
/// others carry it. Nothing of this is made when plan->why is PL_SLOT_NONE, nor by operators whose rows nobody asks for support.
///
/// The nodes lie in one array of words; a support is the number of its first word:
///
///   FACT, IDENTITY   | head | s | p | o | c |      head: kind, lens, place of the pattern in the query text
///   JOIN, STATED     | head | a | b |
///   ABSENT           | head | span |
///   GROUP, ANY       | head | list |               the list of parts grows beside the array
///
/// Reading is separate: pl_why_read() gives what one row or member rests on, equal facts once, in the order in which the query names them.
#ifndef PL_EXEC_SUPPORT_H
#define PL_EXEC_SUPPORT_H

#include "exec/lookup.h"

#define PL_WHY_MEMBERS_DEFAULT 10u  ///< rows of a group whose support is kept
#define PL_WHY_PLAIN UINT64_MAX     ///< as c: the plain statement of the fact, no assertion
/// As c of a fact: what was stored with the one row that counts.
static inline pl_id pl_why_said(pl_id c) { return c ? c : PL_WHY_PLAIN; }

typedef pl_id pl_why;  ///< number of a node; 0 = nothing

typedef enum pl_why_kind {
  PL_WHY_FACT,      ///< a fact that a pattern matched: by one assertion (c) or by any that passes the lens (c = 0)
  PL_WHY_IDENTITY,  ///< a same_as fact that was followed
  PL_WHY_JOIN,      ///< all of its parts
  PL_WHY_STATED,  ///< statements of one fact (or pair of ends): all of its parts, more of which may come when rows rest on it already
  PL_WHY_GROUP,  ///< rows of a group: each a part; some may have been left out
  PL_WHY_ANY,    ///< equal rows that became one: each a part that would do alone; some may have been left out
  PL_WHY_ABSENT  ///< `not`: a pattern that found nothing
} pl_why_kind;

/// A node as read: see pl_why_get.
typedef struct pl_why_node {
  pl_why_kind kind;
  pl_id s, p, o, c;     ///< FACT, IDENTITY
  uint32_t lens;        ///< FACT, IDENTITY: which assertions count; or PL_LENS_NONE
  uint32_t position;    ///< FACT, IDENTITY: of the pattern in the query text
  pl_span span;         ///< ABSENT: the pattern in the query text
  const pl_why* parts;  ///< JOIN, STATED, GROUP, ANY
  uint32_t part_count;  ///< used
  uint64_t left_out;    ///< GROUP, ANY: rows beyond the limit
} pl_why_node;

pl_status pl_why_fact(pl_run* run, pl_why_kind kind, pl_id s, pl_id p, pl_id o, pl_id c, uint32_t lens, pl_why* out);
/// Both; either may be 0.
pl_status pl_why_join(pl_run* run, pl_why a, pl_why b, pl_why* out);
/// Another statement of a fact, which is a FACT: *stated is 0 at first, and stays what it is for the rows that rest on it.
pl_status pl_why_state(pl_run* run, pl_why* stated, pl_why fact);
pl_status pl_why_absent(pl_run* run, pl_span span, pl_why* out);
/// Another row of a group: *group is 0 at first.
pl_status pl_why_member(pl_run* run, pl_why* group, pl_why row);
/// Another of the rows that became one: *any is 0 at first.
pl_status pl_why_alternative(pl_run* run, pl_why* any, pl_why row);
/// Look at a node; borrowed until the next call that makes one.
void pl_why_get(const pl_run* run, pl_why why, pl_why_node* out);
void pl_why_clear(pl_run* run);  ///< for another run
void pl_why_free(pl_run* run);

static inline bool pl_why_asked(const pl_run* run) { return run->plan->why != PL_SLOT_NONE; }
/// Column of the supports of a chunk that an operator fills; NULL if nobody asks for it.
static inline pl_id* pl_why_column(const pl_run* run, const pl_chunk* out) {
  return pl_why_asked(run) ? out->columns[run->plan->why] : NULL;
}
static inline pl_why pl_why_of(const pl_run* run, const pl_chunk* chunk, uint32_t row) {
  return pl_why_asked(run) ? pl_chunk_id(chunk, run->plan->why, row) : 0;
}
/// For operators that put a column of supports into the chunk of their input: take it away again where the input has none itself.
static inline void pl_why_renew(const pl_op* op, pl_chunk* chunk) {
  if (pl_why_asked(op->run) && !pl_slots_has(op->node->inputs[0]->out, op->run->plan->why)) {
    chunk->columns[op->run->plan->why] = NULL;
  }
}
/// For operators that make rows: rows [at, at + count) of `out` have the support of in's row and `more`. Does nothing unless it is asked for.
pl_status pl_why_extend(pl_run* run, const pl_chunk* in, uint32_t row, pl_chunk* out, uint32_t at, uint32_t count,
                        pl_why more);
/// For constructors of operators that extend the support: declare the slot.
static inline void pl_why_declare(pl_planner* planner, pl_node* node) {
  if (planner->plan->why != PL_SLOT_NONE) {
    pl_slots_add(node->out, planner->plan->why);
  }
}
/// Read all rows of the matches of a leaf, with all that later ones add to their support, before the first is handed on. `row`: which hidden
/// slot numbers the input rows (PL_HIDDEN_...).
pl_status pl_node_gather(pl_planner* planner, pl_node* input, uint32_t row, pl_node** out);
static inline bool pl_why_in(const pl_planner* planner, pl_slots set) {
  return planner->plan->why != PL_SLOT_NONE && pl_slots_has(set, planner->plan->why);
}

// ---- reading ------------------------------------------------------------------------------------------------------

typedef PL_VEC(pl_why) pl_whys;

/// What a support holds, joins taken apart: facts in the order in which the query names their patterns, equal ones side by side (they differ in
/// what counts as said); then identity facts; then what is absent; then groups, and those ANYs that are more than a choice of single facts.
/// Free with pl_vec_free.
pl_status pl_why_read(pl_run* run, pl_why why, pl_whys* out);
/// Do two nodes speak of the same fact?
bool pl_why_same_fact(const pl_run* run, pl_why a, pl_why b);
/// Are the parts of this ANY listed as facts beside those of the row?
bool pl_why_is_plain_choice(const pl_run* run, const pl_why_node* node);

/// Assertions (0: plainly stated) of the fact that `asks` all speak of, which one of them lets count; in order of ids.
pl_status pl_why_assertions(pl_run* run, const pl_why* asks, size_t count, pl_ids* out);

typedef enum pl_why_note {
  PL_NOTE_SOURCE,
  PL_NOTE_SPAN,
  PL_NOTE_CONFIDENCE,
  PL_NOTE_FROM,
  PL_NOTE_UNTIL,
  PL_NOTE_ON,
  PL_NOTE_COUNT
} pl_why_note;
/// Annotations of an assertion or named graph: of several values the smallest; 0 = none.
pl_status pl_why_notes(pl_run* run, pl_id c, pl_id notes[PL_NOTE_COUNT]);
/// Every source of an assertion or named graph, in order of ids.
pl_status pl_why_sources(pl_run* run, pl_id c, pl_ids* out);
/// Product over the distinct facts of the best confidence among the assertions that count; of an ANY the best part.
pl_status pl_why_confidence(pl_run* run, pl_why why, double* out);

#endif
