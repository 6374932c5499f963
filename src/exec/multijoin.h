/// A join of relations that form a cycle, all at once (worst-case optimal; Ngo, Ré, Rudra 2013).
///
/// A relation is a set of pairs: the facts of a pattern between two variables. The variables are in two parts:
///
///   walked:   one after the other takes each value that all relations to the walked ones before it allow;
///   counted:  the rest. No column of theirs is needed, and without the walked ones they form trees. For given values of the walked ones a tree is
///             counted from its leaves to its root, each value carrying in how many ways it was reached.
///
///   triangle ?a ?b ?c, count(*):      walk ?a; tree ?b -> ?c: for each ?b beside ?a count those beside it that are beside ?a
///   square ?a ?b ?c ?d, count(*):     walk ?a; tree ?b -> ?c <- ?d: nodes two steps away, each with the square of the ways to it
///   triangle, all columns:            walk ?a, ?b, ?c
///
/// Values are numbered densely, so that a set of them is a bitmap, and a relation an array of sorted neighbours for each value.
#ifndef PL_EXEC_MULTIJOIN_H
#define PL_EXEC_MULTIJOIN_H

#include "base/guard.h"
#include "base/mem.h"
#include "expr/chunk.h"
#include "opt/multijoin.h"

#define PL_MJ_NONE UINT8_MAX

/// The numbers that one given value of a relation goes with: its column that is given, and the place of its variable in the walk.
typedef struct pl_mj_list {
  uint8_t table;   ///< which relation is read
  uint8_t column;  ///< the given one, 0 or 1
  uint8_t level;   ///< of the given variable in the walk
} pl_mj_list;

typedef struct pl_mj_var {
  pl_slot slot;                           ///< that it stands for
  bool needed;                            ///< its column is
  uint8_t level;                          ///< in the walk; PL_MJ_NONE: counted
  uint8_t list_count;                     ///< used
  pl_mj_list lists[PL_MJ_RELATIONS_MAX];  ///< what the walked variables before it allow, by level
  uint8_t shares;                         ///< first variable with the same lists; itself if it is that
  uint8_t parent;                         ///< in its tree; PL_MJ_NONE for a root
  pl_mj_list up;                          ///< from here to the parent
  uint8_t child_count;                    ///< used
  uint8_t children[PL_MJ_VARS_MAX];       ///< in the tree
} pl_mj_var;

typedef struct pl_mj_relation {
  uint8_t table;   ///< what is read
  uint8_t var[2];  ///< variables of its two columns
} pl_mj_relation;

/// Which variables are walked and which counted.
typedef struct pl_mj_shape {
  uint8_t var_count;                              ///< used
  uint8_t relation_count;                         ///< used
  uint8_t walk_count;                             ///< used
  uint8_t root_count;                             ///< used
  pl_mj_var vars[PL_MJ_VARS_MAX];                 ///< set slot and needed
  pl_mj_relation relations[PL_MJ_RELATIONS_MAX];  ///< set; they connect all variables
  uint8_t walk[PL_MJ_VARS_MAX];                   ///< variables in order
  uint8_t roots[PL_MJ_VARS_MAX];                  ///< of the trees
} pl_mj_shape;
/// Choose the fewest variables to walk: connected, all that are needed, and trees are left. Fills all but what is said to be set.
void pl_mj_shape_make(pl_mj_shape* shape);

// ---- relations in memory ------------------------------------------------------------------------------------------

/// Sorted neighbours: those of number n are values[starts[n]] to values[starts[n + 1] - 1].
typedef struct pl_mj_lists {
  uint32_t* starts;  ///< one more than there are numbers; NULL = not made
  uint32_t* values;  ///< as many as pairs
  uint32_t longest;  ///< most neighbours of one number
} pl_mj_lists;

typedef struct pl_mj_table {
  PL_VEC(pl_id) ids[2];    ///< pairs as read, by column; freed when they were numbered
  PL_VEC(uint32_t) at[2];  ///< their numbers; freed when the lists were made
  size_t count;            ///< pairs
  pl_mj_lists lists[2];    ///< by given column
  bool wanted[2];          ///< lists that are needed
} pl_mj_table;

typedef struct pl_mj_data {
  pl_mem* mem;                              ///< pays
  pl_guard* guard;                          ///< asked; may be NULL
  pl_error* err;                            ///< told by it
  pl_mj_table tables[PL_MJ_RELATIONS_MAX];  ///< relations that are read
  uint32_t table_count;                     ///< used
  uint32_t numbers;                         ///< distinct values
  pl_id* ids;                               ///< by number
} pl_mj_data;

/// Append the pairs of a chunk, columns `slots`; pairs with a null are left out. PL_ERR_LIMIT beyond 2^32 - 2 pairs.
pl_status pl_mj_add(pl_mj_data* data, uint32_t table, const pl_chunk* chunk, const pl_slot slots[2]);
/// All pairs were added: number them and make the wanted lists. Equal pairs are an internal error.
pl_status pl_mj_seal(pl_mj_data* data);
void pl_mj_free(pl_mj_data* data);

// ---- walking ------------------------------------------------------------------------------------------------------

/// A sorted set of numbers, borrowed or in a buffer.
typedef struct pl_mj_set {
  const uint32_t* values;  ///< sorted
  uint32_t count;          ///< used
} pl_mj_set;

/// What one variable's lists allow, after the first, the second ... of them.
typedef struct pl_mj_room {
  pl_mj_set sets[PL_MJ_RELATIONS_MAX];     ///< by list
  uint32_t* buffers[PL_MJ_RELATIONS_MAX];  ///< hold the sets after the second list on
  uint64_t* bits[PL_MJ_RELATIONS_MAX];     ///< the sets as bitmaps, where somebody tests them; else NULL
  uint32_t lengths[PL_MJ_RELATIONS_MAX];   ///< of the buffers
  uint64_t* ways;  ///< by number: ways to reach it from below, where it has children whose sums are kept; else NULL
  uint64_t* more_ways;     ///< of one further child
  uint32_t* reached;       ///< numbers whose ways are not 0
  uint32_t reached_count;  ///< used
} pl_mj_room;

/// The state of one thread that walks.
typedef struct pl_mj_walker {
  const pl_mj_shape* shape;
  const pl_mj_data* data;
  pl_mem* mem;                       ///< paid for the rooms; not used while walking
  pl_guard* guard;                   ///< asked now and then; may be NULL
  pl_error* err;                     ///< told by it; may be NULL
  uint64_t steps;                    ///< since the guard was asked
  pl_status failed;                  ///< what it said
  pl_mj_room rooms[PL_MJ_VARS_MAX];  ///< by variable; those of variables that share are not used
  uint32_t given[PL_MJ_VARS_MAX];    ///< number of each walked variable, by level
  uint64_t total;                    ///< rows counted by pl_mj_count
} pl_mj_walker;

pl_status pl_mj_walker_init(pl_mj_walker* walker, const pl_mj_shape* shape, const pl_mj_data* data, pl_mem* mem,
                            pl_guard* guard, pl_error* err);
void pl_mj_walker_free(pl_mj_walker* walker);
/// The walked variable of `level` takes `number`: narrow the sets of later ones. False if one of them is empty now.
bool pl_mj_give(pl_mj_walker* walker, uint8_t level, uint32_t number);
/// What the variable of `level` (not 0) may be, after all before it were given.
pl_mj_set pl_mj_allowed(const pl_mj_walker* walker, uint8_t level);
/// In how many ways the counted variables fit; 1 if there are none; anything after walker->failed was set.
uint64_t pl_mj_ways(pl_mj_walker* walker);
/// Add to walker->total the rows in which the first walked variable is one of these numbers. Returns walker->failed: the guard ended it.
pl_status pl_mj_count(pl_mj_walker* walker, const uint32_t* numbers, size_t count);
/// Numbers that the first walked variable may be: those that have neighbours in each of its relations. Returns how many; `out` has room for all.
uint32_t pl_mj_first(const pl_mj_shape* shape, const pl_mj_data* data, uint32_t* out);

#endif
