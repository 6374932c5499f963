/// The data of the physical reference (reference.c): terms numbered as they are met, triples as columns of numbers.
#ifndef PL_BENCH_REFERENCE_H
#define PL_BENCH_REFERENCE_H

#include "peer.h"

#include <stdbool.h>

#define NO_TERM UINT32_MAX

enum { PATH_BYTES = 4096 };

/// Texts of terms as N-Triples writes them, and a hash table of their numbers.
typedef struct terms {
  char* bytes;        ///< all texts, one behind the other
  size_t bytes_len;   ///< used
  size_t bytes_max;   ///< space
  size_t* ends;       ///< of text i in bytes; text i begins at the end before
  uint32_t* table;    ///< number + 1, or 0
  size_t table_size;  ///< a power of two
  uint32_t count;     ///< terms
  size_t ends_max;    ///< space
} terms;

typedef struct triples {
  terms terms;      ///< what the numbers stand for
  uint32_t* p;      ///< columns as read, later sorted by p, s, o
  uint32_t* pso_s;  ///< subjects in order p, s, o
  uint32_t* pso_o;  ///< objects in that order
  uint32_t* pos_o;  ///< objects in order p, o, s
  uint32_t* pos_s;  ///< subjects in that order
  size_t* start;    ///< triples of predicate p: from start[p] to start[p + 1]
  size_t count;     ///< triples, each once after sorting
  size_t max;       ///< space
} triples;

/// Where the triples of each node begin in an order of one predicate.
typedef struct places {
  uint32_t* first;  ///< of node n: from first[n] to first[n + 1]
} places;

/// Number of a term written as in N-Triples, or NO_TERM.
uint32_t terms_find(const terms* t, const char* text, size_t len);
/// Add the term's canonical text to a row.
void terms_column(const terms* t, uint32_t term, peer_row* row);

/// Append the triples of an N-Triples file. Returns 0 or what peer_fail() returns.
int triples_read(triples* d, const char* path);
/// Bring them into both orders, without repetitions.
void triples_sort(triples* d);
/// Count where each node's triples begin among keys[start ... end), sorted; nodes are numbered below `nodes`.
void places_make(places* all, const uint32_t* keys, size_t start, size_t end, uint32_t nodes);

#endif
