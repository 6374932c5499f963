/// The reading side of a load: inputs one after the other, each through its reader, as a stream of batches.
///
/// With a thread of its own it runs ahead by a few batches, which go round: reader -> filled -> writer -> free ->
/// reader. Each batch pays from its own account, so that no account is ever used by two threads at once.
#ifndef PL_LOAD_FEED_H
#define PL_LOAD_FEED_H

#include "load/reader.h"

#include <pthread.h>

#define PL_FEED_SLOTS 4

typedef struct pl_slot {
  pl_mem mem;          ///< pays for the batch
  pl_batch batch;      ///< statements
  size_t input;        ///< index of the input it came from
  uint64_t raw_bytes;  ///< raw bytes of all inputs read when it was done
} pl_slot;

typedef struct pl_feed_prefix {
  pl_str prefix;  ///< in the feed's arena
  pl_str iri;     ///< in the feed's arena
} pl_feed_prefix;

typedef struct pl_feed {
  // Set by pl_feed_open, then constant.
  const pl_input* inputs;          ///< borrowed
  size_t input_count;              ///< used
  const pl_load_options* options;  ///< borrowed
  pl_str base;                     ///< base of bare names
  bool threaded;                   ///< a thread reads ahead
  pthread_t thread;                ///< it
  // Belongs to the reading side.
  pl_mem mem;                 ///< its account
  pl_error err;               ///< its failures
  pl_arena arena;             ///< prefixes, document bases
  pl_slot* slot;              ///< being filled
  size_t input;               ///< index of the input at hand
  pl_bytes* bytes;            ///< open input, or NULL
  pl_reader* reader;          ///< open reader, or NULL
  pl_reader_context context;  ///< of the reader
  uint64_t raw_bytes;         ///< of inputs already closed
  // Shared, under the lock.
  pthread_mutex_t lock;             ///< guards what follows
  pthread_cond_t changed;           ///< something of it changed
  pl_slot slots[PL_FEED_SLOTS];     ///< all batches
  pl_slot* filled[PL_FEED_SLOTS];   ///< queue of those to be written, oldest first
  size_t filled_count;              ///< used
  pl_slot* free[PL_FEED_SLOTS];     ///< stack of those to be filled
  size_t free_count;                ///< used
  PL_VEC(pl_feed_prefix) prefixes;  ///< met so far
  bool ended;                       ///< nothing more comes
  pl_status status;                 ///< why it ended: PL_DONE or a failure
  atomic_int stop;                  ///< non-zero asks the thread to end
} pl_feed;

/// Start. `base` is borrowed. `account` gives the allocator.
pl_status pl_feed_open(pl_feed* feed, const pl_mem* account, const pl_input* inputs, size_t count,
                       const pl_load_options* options, pl_str base, bool threaded, pl_error* err);
/// Next batch; give it back with pl_feed_give. PL_NOT_FOUND: none within wait_ms. PL_DONE: no more. A failure is moved
/// to err.
pl_status pl_feed_take(pl_feed* feed, unsigned wait_ms, pl_error* err, pl_slot** out);
void pl_feed_give(pl_feed* feed, pl_slot* slot);
/// Call fn for each prefix not yet told.
pl_status pl_feed_prefixes(pl_feed* feed, size_t* told, pl_status (*fn)(void* user, pl_str prefix, pl_str iri),
                           void* user);
void pl_feed_close(pl_feed* feed);  ///< stops the thread and frees all

#endif
