/// Generated knowledge-graph-like statements: the data of the benchmarks and of gen_kg.
///
/// Statement i of a seed is the same in every run. Subjects come in order, a few statements each, as files of real
/// graphs have them; objects and predicates are skewed. Sixty predicates: half link entities, the others hold names
/// with a language, strings, dates, integers and decimals. About a third of the terms of a large file are new ones.
#ifndef PL_BENCH_KG_H
#define PL_BENCH_KG_H

#include "term/term.h"

typedef struct kg {
  uint64_t state;      ///< of the random numbers
  uint64_t entities;   ///< how many subjects and objects there are
  uint64_t subject;    ///< of the statement at hand
  uint32_t left;       ///< statements left of this subject
  char texts[3][200];  ///< subject, predicate, object
} kg;

void kg_start(kg* g, uint64_t seed, uint64_t triples);
/// The next statement; slices live in g until the next call.
void kg_next(kg* g, pl_term terms[3]);
uint64_t kg_random(kg* g);

#endif
