/// What is stopped: one case for every operator, loader, search and command of the library, over a store of any size.
#ifndef TESTS_STOP_CASES_H
#define TESTS_STOP_CASES_H

#include <parley.h>

#include <stdbool.h>
#include <stddef.h>

/// Where the cases work: a folder with a store and inputs of every format, all made from one generated graph.
typedef struct stop_place {
  char folder[256];         ///< temporary
  parley* store;            ///< of the graph; open
  size_t nodes;             ///< of the graph; about nine rows each
  size_t text_bytes;        ///< of each huge text
  char* text;               ///< words; a parameter
  char* text_other;         ///< the same number of bytes, other words
  char* a_text;             ///< one letter again and again
  volatile int stop_build;  ///< read by parley_build()
} stop_place;

typedef struct stop_case stop_case;
typedef parley_status (*stop_fn)(stop_place* place, const stop_case* c, const parley_limits* limits);

struct stop_case {
  const char* name;  ///< of the case
  stop_fn run;       ///< does it once; gives the status of the call that ended it
  const char* text;  ///< of a query; else what `run` takes
  bool limits;       ///< it is a query: limits on time and memory hold for it
  bool writes;       ///< it changes the store when it is not stopped, and takes that back itself
};

extern const stop_case stop_cases[];
extern const size_t stop_case_count;

/// Make the place; false (and a message) if that fails.
bool stop_place_make(stop_place* place, size_t nodes, size_t text_bytes);
void stop_place_free(stop_place* place);
/// Ask everything that runs in the place to stop. Safe from any thread.
void stop_now(void* place);
void stop_clear(stop_place* place);
/// The message of the last failure of a case ("" for none).
const char* stop_message(void);

#endif
