/// What the two crash campaigns share: the model of what a store must hold, the work that is cut short, and the look at
/// what is left.
///
/// A life is one folder with one store. A worker process does a job in it, commit after commit, and tells in memory
/// shared with the campaign how many commits it was told are done. Whatever stops the worker, the store must then hold
/// the state after exactly that many commits, or after one more: the one that was under way.
#ifndef TESTS_CRASH_H
#define TESTS_CRASH_H

#include <parley.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// ---- model ----------------------------------------------------------------------------------------------------------

enum {
  MODEL_BASE = 600,                ///< statements that jobs write themselves
  MODEL_ALL = 2 * MODEL_BASE,      ///< and for each one that updates derive from it
  MODEL_WAITING = MODEL_BASE - 4,  ///< written by a process that waited for the worker
  MODEL_SECOND = MODEL_BASE - 8,   ///< written when a store is opened again
  MODEL_FREE = MODEL_BASE - 8,     ///< jobs use those below
  LINE_BYTES = 4096                ///< of a statement as a line of JSON
};

/// What a store holds: which statements of a fixed universe, and whether names are in the text index.
typedef struct model {
  bool absent;                   ///< there is no store
  bool text;                     ///< the text index is on
  unsigned char has[MODEL_ALL];  ///< by number
} model;

/// A state of a store in short: what an export adds up to.
typedef struct state {
  uint64_t hash, lines;  ///< sum of the hashes of the lines; their number
  bool absent, text;     ///< as in the model
} state;

/// Pseudo random numbers (splitmix64): the same for the same seed everywhere.
uint64_t crash_random(uint64_t* seed);
uint64_t crash_hash(const void* data, size_t len, uint64_t start);  ///< start 0 = none before it
state model_state(const model* m);
/// The statement as an export to JSON Lines shows it; length without the line's end.
size_t model_line(unsigned number, char line[LINE_BYTES]);
parley_status model_add(parley_txn* txn, unsigned number);
parley_status model_remove(parley_txn* txn, unsigned number);
/// State of an open store, from its export and its lists. False if it cannot be read.
bool model_read(parley* store, state* out);
bool model_same(const state* a, const state* b);

// ---- jobs -----------------------------------------------------------------------------------------------------------

enum { COMMITS_MAX = 16 };

/// Between the campaign and its worker; shared memory.
typedef struct mailbox {
  volatile uint64_t started;   ///< the worker is at its job
  volatile uint64_t acked;     ///< commits the worker was told are done
  volatile uint64_t finished;  ///< the job is done
  volatile uint64_t found;     ///< by a look: number of commits in the store
  volatile uint64_t waited;    ///< the waiting process is open and may be counted on
} mailbox;

typedef struct life {
  const struct job* job;  ///< what is done
  uint64_t seed;          ///< of its data
  mailbox* box;           ///< shared with the worker
  char folder[96];        ///< of this life
  char store[112];        ///< the store's path in it
  char other[112];        ///< path of a second store: the destination of a backup
} life;

typedef struct job {
  const char* name;
  unsigned commits;                                        ///< how many it makes
  unsigned initial;                                        ///< statements in the store before; 0 = no store
  unsigned flags;                                          ///< parley_open_flags of the worker
  void (*run)(const life* l);                              ///< in the worker; ends the process with 3 on failure
  void (*step)(model* m, const life* l, unsigned commit);  ///< what commit number `commit` (from 0) does
  bool loose;                   ///< acknowledged by progress only: the store may be any number of commits ahead
  bool threads;                 ///< the worker has several threads
  bool makes;                   ///< makes the store: it may be missing before the first commit
  bool waiting;                 ///< another process waits to write one statement
  bool reader;                  ///< a process that keeps the store open stands by
  bool power;                   ///< part of the power-loss campaign
  bool (*look)(const life* l);  ///< more to look at afterwards; may be NULL
} job;

extern const job jobs[];
extern const size_t jobs_count;

/// The states after 0 .. commits commits.
void job_states(const life* l, state states[COMMITS_MAX + 1]);
/// Make the store that the job begins with at `path`; false on failure.
bool job_prepare(const life* l, const char* path);
/// Entry of a worker process: does the job and never returns.
void job_worker(const life* l) __attribute__((noreturn));
/// Entry of a process that waits to write MODEL_WAITING; never returns.
void job_waiter(const life* l) __attribute__((noreturn));
/// Entry of a process that keeps the store open until the descriptor `until` ends; never returns.
void job_bystander(const life* l, int until) __attribute__((noreturn));

// ---- looking --------------------------------------------------------------------------------------------------------

/// What a store may be found as.
typedef struct promise {
  unsigned least, most;  ///< commits it must and may hold
  bool may_wait;         ///< MODEL_WAITING may be there as well
  bool must_wait;        ///< and must be
  bool nothing;          ///< nothing is promised: it may be refused or damaged, but nobody may crash
} promise;

enum { LOOK_OK = 0, LOOK_FAILED = 1, LOOK_REFUSED = 10, LOOK_DAMAGED = 11 };

/// Open, check deep, compare with the promise, write on. To be called in a process of its own; tells on stderr what is
/// wrong. The number of commits found goes to the mailbox.
int look_at(const life* l, const state states[COMMITS_MAX + 1], const promise* p);
/// The same in a new process with a time limit. A signal that ends it is LOOK_FAILED.
int look_apart(const life* l, const state states[COMMITS_MAX + 1], const promise* p);

// ---- folders --------------------------------------------------------------------------------------------------------

/// Make the campaign's own folder, in $TMPDIR or /dev/shm or /tmp.
bool folder_root(char root[64]);
bool folder_make(life* l, const char* root, unsigned number);
void folder_remove(const char* path);  ///< with all that is in it
bool file_copy(const char* from, const char* to);
bool file_exists(const char* path);
/// True if a folder `NAME.building-...` is left beside the store.
bool folder_leftover(const life* l, const char* path);

#endif
