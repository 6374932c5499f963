/// A small world whose every state can prove that it is whole: accounts whose balances always have the same sum, things
/// whose number stands beside them, and the number of the commit that made the state. A writer moves it on in
/// transactions of all kinds; a reader looks at one snapshot through plans that have nothing in common.
///
/// The processes of a campaign share a board of counters in memory: what was acknowledged, and the first violation.
#ifndef TESTS_STRESS_WORLD_H
#define TESTS_STRESS_WORLD_H

#include <parley.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct board {
  atomic_ullong acknowledged;  ///< number of the last commit that parley_commit() said is done
  atomic_ullong commits;       ///< transactions committed
  atomic_ullong rollbacks;     ///< transactions given up
  atomic_ullong snapshots;     ///< snapshots proved whole
  atomic_ullong backups;       ///< copies made and proved whole
  atomic_ullong violations;    ///< proofs that failed, and calls that should not have failed
  atomic_int stop;             ///< readers end when they have read enough
  char first[512];             ///< the first violation, in words
} board;

/// What a process of the campaign works with.
typedef struct world {
  board* board;   ///< shared with all processes
  parley* store;  ///< this process's handle
} world;

/// One reader: a thread with the last commit number it saw, which may never fall.
typedef struct reader {
  world* world;             ///< its process
  parley_query* resting;    ///< prepared once, used between transactions
  unsigned long long last;  ///< commit number seen last
} reader;

/// Map the board in file `path`; made if missing. NULL on failure.
board* board_open(const char* path);
/// Count a violation and keep its words if it is the first.
__attribute__((format(printf, 2, 3))) void violation(board* b, const char* format, ...);
/// Deterministic random numbers: below `n`, from a state that must not be 0.
uint64_t draw(uint64_t* state, uint64_t n);

/// Open the store; flags as parley_open(). False, and a violation, on failure.
bool world_open(world* w, const char* path, unsigned flags);
/// Fill a new store with commit 1.
bool world_create(world* w);
/// One transaction of the writer, of a kind drawn from `seed`: commit and acknowledge, or (one in eight) roll back. `before_end` is called in the
/// middle of it, `before_acknowledge` between commit and acknowledgement; both may be NULL.
bool world_step(world* w, uint64_t* seed, void (*before_end)(void), void (*before_acknowledge)(void));

/// Begin to read; false on failure.
bool reader_open(reader* r, world* w);
/// Prove one snapshot. `inside` (may be NULL) is called while it is open.
bool reader_look(reader* r, void (*inside)(void));
void reader_close(reader* r);
/// Prove the store in file `path`, a copy made after `acknowledged`.
bool world_prove(board* b, const char* path, unsigned long long acknowledged);

#endif
